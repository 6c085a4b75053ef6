"""Fit the constants of ``pincite/fitted.py`` on labelled questions.

    python scripts/fit_constants.py COLLECTION...

A collection is a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv`` as in BEIR. Where queries say
whether they are ``answerable``, that is the label; elsewhere every question counts twice, once as it is (answered) and
once with its relevant documents, and others of the same ``article``, taken out of the ranking (not answered).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pincite import Hit, Index
from pincite.assistant import features
from pincite.evaluation import index_collection, read_questions
from pincite.index import Ranking

TARGET = Path(__file__).parent.parent / "src" / "pincite" / "fitted.py"
Example = tuple[tuple[float, ...], bool]


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--indexes", type=Path, metavar="DIR", help="keep the collections' indexes here between runs")
    options = parser.parse_args()
    folders = options.collections
    with tempfile.TemporaryDirectory() as place:
        examples = [list(_examples(folder, options.indexes or Path(place))) for folder in folders]
    bias, weights = _fit(examples)
    TARGET.write_text(_module(bias, weights, folders), "utf-8")
    print(f"bias {bias:.3f}, weights {weights}; wrote {TARGET.name}")


def _examples(folder: Path, indexes: Path) -> Iterator[Example]:
    with Index.open(indexes / folder.name / "index") as index:
        index_collection(folder, index, indexes / folder.name / "corpus")
        for question in read_questions(folder):
            ranking = index.rank([(question.text, 1.0)], passages=20, documents=10)
            yield features(ranking), question.answerable is not False
            if question.answerable is None:
                relevant = {doc_id for doc_id, grade in question.relevant.items() if grade > 0}
                yield features(_without(ranking, relevant)), False


def _without(ranking: Ranking, documents: set[str]) -> Ranking:
    """The ranking as if the corpus had neither these documents nor others of the same article."""
    articles = {_article(hit) for hit in ranking.hits if hit.document.doc_id.partition("#")[2] in documents}
    kept = [place for place, hit in enumerate(ranking.hits) if _article(hit) not in articles]
    hits = tuple(ranking.hits[place] for place in kept)
    return replace(ranking, hits=hits, sentences=tuple(ranking.sentences[place] for place in kept))


def _article(hit: Hit) -> str:
    return str(hit.document.metadata.get("article", hit.document.doc_id))


def _fit(collections: list[list[Example]]) -> tuple[float, list[float]]:
    """Logistic regression; each collection and each label weighs the same, so that none of them decides the level."""
    from sklearn.linear_model import LogisticRegression

    values, labels, weights = list[tuple[float, ...]](), list[bool](), list[float]()
    for examples in collections:
        answered = np.array([label for _, label in examples])
        values.extend(each for each, _ in examples)
        labels.extend(answered)
        weights.extend(np.where(answered, 0.5 / answered.sum(), 0.5 / (~answered).sum()) * 1000)
    model = LogisticRegression(C=100.0).fit(np.array(values), labels, sample_weight=weights)
    return float(model.intercept_[0]), [round(float(each), 4) for each in model.coef_[0]]


def _module(bias: float, weights: list[float], folders: list[Path]) -> str:
    sources = "\n".join(f"- {_origin(folder)}" for folder in folders)
    return f'''"""Constants fitted on labelled questions; written by scripts/fit_constants.py, not by hand.

{sources}
"""

CONFIDENCE_BIAS = {bias:.4f}
CONFIDENCE_WEIGHTS = ({", ".join(f"{each:.4f}" for each in weights)})
"""Logistic regression of "the articles answer this" on the features of `pincite.assistant.features`."""
'''


def _origin(folder: Path) -> str:
    """A collection's public name, its commit and the hash of its questions."""
    source = (folder / "SOURCE.md").read_text("utf-8")
    commit = re.search(r"Repository: (\S+), commit ([0-9a-f]{40})", source)
    named = f"{commit[1]} {commit[2][:12]}" if commit else source.splitlines()[0].lstrip("# ")
    digest = hashlib.sha256((folder / "queries.jsonl").read_bytes()).hexdigest()[:16]
    return f"{named}, queries sha256 {digest}"


if __name__ == "__main__":
    main()
