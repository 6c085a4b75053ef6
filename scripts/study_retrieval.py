"""Measure what each part of the retrieval is worth.

    python scripts/study_retrieval.py --indexes DIR COLLECTION... [--rebuilt ...]

Writes ``docs/retrieval.json`` and its tables into ``docs/retrieval.md``. Collections are as for ``pincite evaluate``;
those ``--rebuilt`` are embedded anew with other passages. The variants are computed here over all passages at once,
with a BM25 of this script's own, so that what Tantivy fixes can vary; the row "as shipped, through Index" shows that
both agree. What is read of the passages found is measured by ``study_reading.py``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import numpy.typing as npt
from ir_measures import RR, nDCG
from scipy.sparse import csc_array

from pincite import Index, Settings
from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Passage
from pincite.evaluation.measures import characters
from pincite.evaluation.questions import Question, index_collection, read_questions
from pincite.ingest import chunking
from pincite.retrieval import ranking
from pincite.retrieval.follow_ups import query_variants

DOCS = Path(__file__).parent.parent / "docs"
Floats = npt.NDArray[np.float64]
Table = dict[str, dict[str, float]]
MOST_QUESTIONS = 250
"""Questions asked of each collection for the ablation, evenly spread; for the grid two fifths of that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to rank; the defaults are what is shipped."""

    dense_share: float = ranking.DENSE_SHARE
    title: float = 0.5
    heading: float = 0.5
    k1: float = 1.2
    b: float = 0.75
    candidates: int = ranking.CANDIDATES
    scale: str = "z"
    feedback: float = 0.35
    feedback_from: int = 3
    history: float | None = None
    """The weight of the joined wording; None: as shipped, by whether the turn leans."""


ABLATION = {
    "as shipped": Variant(),
    "passage cosine only": Variant(dense_share=1.0, feedback=0.0),
    "BM25 only": Variant(dense_share=0.0, feedback=0.0),
    "BM25 of the body only": Variant(dense_share=0.0, title=0.0, heading=0.0, feedback=0.0),
    "no feedback": Variant(feedback=0.0),
    "feedback .2": Variant(feedback=0.2),
    "feedback .5": Variant(feedback=0.5),
    "feedback from 5": Variant(feedback_from=5),
    "feedback from 10": Variant(feedback_from=10),
    "scaled by minimum and maximum": Variant(scale="minmax"),
    "by reciprocal ranks": Variant(scale="rank"),
    "dense share .5": Variant(dense_share=0.5),
    "dense share .6": Variant(dense_share=0.6),
    "dense share .75": Variant(dense_share=0.75),
    "title and heading 0": Variant(title=0.0, heading=0.0),
    "title and heading 1": Variant(title=1.0, heading=1.0),
    "title 2, heading 1.5": Variant(title=2.0, heading=1.5),
    "k1 .9, b .4": Variant(k1=0.9, b=0.4),
    "k1 1.5, b .75": Variant(k1=1.5),
    "k1 2, b .75": Variant(k1=2.0),
    "50 candidates": Variant(candidates=50),
    "200 candidates": Variant(candidates=200),
    "no history": Variant(history=0.0),
    "history .5 always": Variant(history=0.5),
}


# ---------------------------------------------------------------- one collection as matrices


class Lab:
    """All passages of a collection with their vectors and term counts."""

    def __init__(self, folder: Path, index: Index) -> None:
        self.name = folder.name
        self.questions = [q for q in read_questions(folder) if any(grade > 0 for grade in q.relevant.values())]
        self._read(index)
        self._count_terms()
        self._bm25: dict[tuple[int, int, str, float, float], Floats] = {}

    def _read(self, index: Index) -> None:
        embedder = index._embedder(index.settings.model)
        with index._store.snapshot() as snapshot:
            any_vector = embedder.encode_query(["any"])[0]
            ids = list(snapshot.dense(any_vector, snapshot.count()[1]))
            by_id, held = snapshot.passages(ids), snapshot.vectors(ids)
            ids.sort(key=lambda each: (by_id[each].doc_id, by_id[each].start))
            self.passages = [by_id[each] for each in ids]
            self.documents = snapshot.documents({each.doc_id for each in self.passages})
        self.held = np.array([held[each] for each in ids], np.float32)
        said = [[{"role": "user", "content": turn} for turn in question.earlier] for question in self.questions]
        self.asked = [query_variants(q.text, turns) for q, turns in zip(self.questions, said, strict=True)]
        vectors = iter(embedder.encode_query([text for each in self.asked for text, _ in each]))
        self.vectors = [[next(vectors) for _ in each] for each in self.asked]

    def _count_terms(self) -> None:
        titles = [self.documents[p.doc_id] for p in self.passages]
        texts = {
            "title": ["" if each.title_is_name else each.title for each in titles],
            "heading": [each.heading or "" for each in self.passages],
            "body": [each.text for each in self.passages],
        }
        self.vocabulary: dict[str, int] = {}
        counts = {name: [Counter(analyse(text)) for text in each] for name, each in texts.items()}
        for each in (term for field in counts.values() for passage in field for term in passage):
            self.vocabulary.setdefault(each, len(self.vocabulary))
        self.counts = {name: self._matrix(each) for name, each in counts.items()}

    def _matrix(self, counts: Sequence[Mapping[str, int]]) -> csc_array:
        cells = [(i, self.vocabulary[term], n) for i, each in enumerate(counts) for term, n in each.items()]
        rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
        return csc_array((values, (rows, columns)), shape=(len(counts), len(self.vocabulary)), dtype=float)

    def cosines(self, vector: npt.NDArray[np.float32]) -> Floats:
        """To every passage."""
        return np.asarray(self.held @ vector, np.float64)

    def bm25(self, text: str, field: str, k1: float, b: float) -> Floats:
        """As Lucene and Tantivy compute it, of one field."""
        counts = self.counts[field]
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        norm = k1 * (1 - b + b * lengths / max(lengths.mean(), 1e-9))
        scores = np.zeros(len(lengths))
        for term in query_terms(text):
            column = self.vocabulary.get(term)
            if column is not None:
                part = slice(counts.indptr[column], counts.indptr[column + 1])
                rows, n = counts.indices[part], counts.data[part]
                idf = math.log(1 + (len(lengths) - len(rows) + 0.5) / (len(rows) + 0.5))
                scores[rows] += idf * n * (k1 + 1) / (n + norm[rows])
        return scores

    def rank(self, number: int, variant: Variant) -> dict[int, float]:
        """Passage numbers to scores for one question."""
        queries = self._queries(number, variant)
        chosen = np.unique(np.concatenate([_proposed(d, s, variant.candidates) for _, _, d, s in queries]))
        first = self._fused(queries, chosen, variant)
        if variant.feedback:
            best = chosen[np.argsort(-first, kind="stable")[: variant.feedback_from]]
            mean = self.held[best].mean(axis=0)
            moved = [vector + variant.feedback * mean for vector in self.vectors[number]]
            again = [self.cosines(vector / np.linalg.norm(vector)) for vector in moved]
            queries = [(w, share, c, s) for (w, share, _, s), c in zip(queries, again, strict=False)]
            first = self._fused(queries, chosen, variant)
        return dict(zip(chosen.tolist(), first.tolist(), strict=True))

    def _queries(self, number: int, variant: Variant) -> list[tuple[float, float, Floats, Floats]]:
        queries = []
        for place, (_, weight) in enumerate(self.asked[number]):
            if place and variant.history is not None:
                weight = variant.history
            if weight:
                fields = {"title": variant.title, "heading": variant.heading, "body": 1.0}
                words = [w * self._cached(number, place, name, variant) for name, w in fields.items() if w]
                share = variant.dense_share
                queries.append((weight, share, self.cosines(self.vectors[number][place]), np.sum(words, axis=0)))
        return queries

    def _cached(self, number: int, place: int, field: str, variant: Variant) -> Floats:
        key = (number, place, field, variant.k1, variant.b)
        if key not in self._bm25:
            self._bm25[key] = self.bm25(self.asked[number][place][0], field, variant.k1, variant.b)
        return self._bm25[key]

    def _fused(self, queries: Sequence[Any], chosen: npt.NDArray[np.intp], variant: Variant) -> Floats:
        total = np.zeros(len(chosen))
        for weight, share, dense, words in queries:
            near = _scaled(dense[chosen], variant.scale)
            total += weight * (share * near + (1 - share) * _scaled(words[chosen], variant.scale))
        return total


def _proposed(dense: Floats, words: Floats, n: int) -> npt.NDArray[np.intp]:
    by_words = np.argsort(-words, kind="stable")[:n]
    return np.concatenate([np.argsort(-dense, kind="stable")[:n], by_words[words[by_words] > 0]])


def _scaled(values: Floats, how: str) -> Floats:
    if how == "rank":
        return 1 / (60 + 1 + np.argsort(np.argsort(-values, kind="stable"), kind="stable").astype(float))
    spread = values.std() if how == "z" else values.max() - values.min()
    return (
        (values - (values.mean() if how == "z" else values.min())) / spread if spread > 1e-9 else np.zeros(len(values))
    )


# ---------------------------------------------------------------- measures


def value(lab: Lab, rankings: Mapping[int, Mapping[int, float]]) -> float:
    """One figure for a collection.

    Recall of the gold characters in the best five passages for long articles, the reciprocal rank for questions with
    one right document, nDCG@10 for the rest.
    """
    if lab.name == "covidqa":
        return float(np.mean([_recall(lab, lab.questions[i], found) for i, found in rankings.items()]))
    measure = RR @ 10 if lab.name.startswith("xquad") else nDCG @ 10
    qrels = {lab.questions[i].query_id: lab.questions[i].relevant for i in rankings}
    run = {lab.questions[i].query_id: _by_document(lab, found) for i, found in rankings.items()}
    return float(ir_measures.calc_aggregate([measure], qrels, run)[measure])


def _by_document(lab: Lab, found: Mapping[int, float]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for place, score in sorted(found.items(), key=lambda pair: -pair[1]):
        scores.setdefault(lab.passages[place].doc_id, score)
    return scores


def _recall(lab: Lab, question: Question, found: Mapping[int, float]) -> float:
    best = [lab.passages[i] for i in sorted(found, key=lambda i: -found[i])[:5]]
    return characters(question.spans or {}, best)["span R@5"]


def ablation(labs: Sequence[Lab]) -> Table:
    """Every variant on every collection."""
    return {name: {lab.name: _of(lab, variant, MOST_QUESTIONS) for lab in labs} for name, variant in _said(ABLATION)}


def _of(lab: Lab, variant: Variant, most: int | None = None) -> float:
    return value(lab, {i: lab.rank(i, variant) for i in _asked(lab, most)})


def _asked(lab: Lab, most: int | None) -> range:
    """The numbers of so many questions, evenly spread."""
    return range(0, len(lab.questions), 1 if most is None else max(1, len(lab.questions) // most))


def _said(variants: Mapping[str, Variant]) -> Iterator[tuple[str, Variant]]:
    for name, variant in variants.items():
        print(name, file=sys.stderr, flush=True)
        yield name, variant


def left_out(labs: Sequence[Lab]) -> Table:
    """For each collection what the settings give that are best for the mean of the others."""
    grid = [
        Variant(dense_share=share, title=title, heading=title, feedback=feedback)
        for share, title, feedback in product((0.6, 0.67, 0.75), (0.5, 1.0), (0.0, 0.35))
    ]
    values = np.array([[_of(lab, each, 2 * MOST_QUESTIONS // 5) for lab in labs] for each in grid])
    shipped = np.array([_of(lab, Variant(), 2 * MOST_QUESTIONS // 5) for lab in labs])
    table: Table = {}
    for place, lab in enumerate(labs):
        chosen = int(np.argmax(np.delete(values, place, axis=1).mean(axis=1)))
        best = float(values[:, place].max())
        table[lab.name] = {
            "shipped": float(shipped[place]),
            "chosen without it": float(values[chosen, place]),
            "best for it": best,
            "worst of the grid": float(values[:, place].min()),
        }
        print(lab.name, grid[chosen], file=sys.stderr, flush=True)
    return table


def through_index(index: Index, lab: Lab) -> float:
    """The shipped ranking as users get it, duplicates kept."""
    number = {passage.passage_id: i for i, passage in enumerate(lab.passages)}
    rankings = {}
    for i in _asked(lab, MOST_QUESTIONS):
        hits = index.rank(lab.asked[i], passages=20, documents=10, deduplicated=False).hits
        rankings[i] = {number[hit.passage.passage_id]: hit.score for hit in hits}
    return value(lab, rankings)


# ---------------------------------------------------------------- other passages


def rebuilt(folder: Path, place: Path) -> Table:
    """Other sizes of passages, and nothing in front of them when they are embedded; shipped ranking otherwise."""
    table: Table = {}
    usual = chunking._CONTEXT_TOKENS
    for name, tokens, context in (
        ("100 tokens", 100, usual),
        ("150 tokens", 150, usual),
        ("no title in front", 200, 0),
    ):
        print(folder.name, name, file=sys.stderr, flush=True)
        chunking._CONTEXT_TOKENS = context
        path = place / f"{folder.name}-{tokens}-{context}"
        with Index.open(path / "index", settings=Settings(passage_tokens=tokens)) as index:
            index_collection(folder, index, path / "corpus")
            table[name] = _both(Lab(folder, index))
    chunking._CONTEXT_TOKENS = usual
    with Index.open(place / folder.name / "index") as index:
        lab = Lab(folder, index)
        table["200 tokens (shipped)"] = _both(lab)
        if any(question.spans for question in lab.questions):
            table["overlapping by half, cosine only"] = _overlapping(lab, index)
    return table


def _both(lab: Lab) -> dict[str, float]:
    figures = {"shipped ranking": _of(lab, Variant()), "cosine only": _of(lab, ABLATION["passage cosine only"])}
    if any(question.spans for question in lab.questions):
        for name, variant in (("", Variant()), (" by cosine", ABLATION["passage cosine only"])):
            found = [lab.rank(i, variant) for i in range(len(lab.questions))]
            best = [sorted(each, key=lambda i: -each[i])[:5] for each in found]
            figures |= _span_figures(lab, [[lab.passages[i] for i in each] for each in best], name)
    return figures


def _span_figures(lab: Lab, best: Sequence[Sequence[Passage]], suffix: str) -> dict[str, float]:
    each = [characters(q.spans, found) for q, found in zip(lab.questions, best, strict=True) if q.spans]
    return {f"{name}{suffix}": float(np.mean([v[name] for v in each])) for name in ("span R@5", "span IoU@5")}


def _overlapping(lab: Lab, index: Index) -> dict[str, float]:
    """Windows from the middle of one passage to the middle of the next, beside the passages."""
    between = []
    for one, other in zip(lab.passages, lab.passages[1:], strict=False):
        if one.doc_id == other.doc_id and one.sentences and other.sentences:
            start = one.sentences[len(one.sentences) // 2][0]
            end = other.sentences[len(other.sentences) // 2][1]
            text = lab.documents[one.doc_id].text[start:end]
            between.append(replace(one, text=text, start=start, end=end, sentences=()))
    embedder = index._embedder(index.settings.model)
    titles = [f"{lab.documents[p.doc_id].title}\n{p.text}" for p in between]
    extra = embedder.encode_document(titles) if between else np.zeros((0, lab.held.shape[1]), np.float32)
    passages, vectors = lab.passages + between, np.concatenate([lab.held, extra])
    cosines = np.array([each[0] for each in lab.vectors]) @ vectors.T
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :5]
    return _span_figures(lab, [[passages[i] for i in row] for row in best], " by cosine")


# ---------------------------------------------------------------- the document


def write_tables(result: Mapping[str, Any]) -> None:
    """Put the figures into ``docs/retrieval.md``, between the comments that name them."""
    path = DOCS / "retrieval.md"
    text = path.read_text("utf-8")
    tables = {
        "ablation": _table("ranking", result["ablation"], mean=True),
        "left out": _table("left out", result["left out"]),
        "passages": "\n\n".join(_table(name, each) for name, each in result["passages"].items()),
        "machine": f"{result['machine']}; {', '.join(f'{k} {v}' for k, v in result['versions'].items())}",
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        text = text[: text.index(begin) + len(begin)] + table + text[text.index(end) :]
    path.write_text(text, "utf-8")


def _table(corner: str, rows: Mapping[str, Mapping[str, float]], *, mean: bool = False) -> str:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    head = [corner, *columns, *(["mean"] if mean else [])]
    lines = [head, ["---"] * len(head)]
    for name, row in rows.items():
        cells = [f"{row[column]:.3f}" if column in row else "" for column in columns]
        lines.append([name, *cells, *([f"{np.mean(list(row.values())):.4f}"] if mean else [])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ---------------------------------------------------------------- all of it


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--rebuilt", nargs="+", type=Path, default=[])
    parser.add_argument("--indexes", type=Path, required=True, metavar="DIR", help="kept between runs")
    options = parser.parse_args()
    labs, shipped = [], {}
    for folder in options.collections:
        with Index.open(options.indexes / folder.name / "index") as index:
            index_collection(folder, index, options.indexes / folder.name / "corpus")
            labs.append(Lab(folder, index))
            shipped[folder.name] = through_index(index, labs[-1])
    table = {"as shipped, through Index": shipped} | ablation(labs)
    spread = left_out(labs)
    del labs
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {
            name: version(name) for name in ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "numpy")
        },
        "ablation": table,
        "left out": spread,
        "passages": {folder.name: rebuilt(folder, options.indexes) for folder in options.rebuilt},
    }
    (DOCS / "retrieval.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    write_tables(result)


if __name__ == "__main__":
    main()
