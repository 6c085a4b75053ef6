"""Fit the constants of ``pincite/fitted.py`` on labelled questions.

    python scripts/fit_constants.py COLLECTION[=WEIGHT]... [--quotes-only COLLECTION...] [--halves COLLECTION]

A collection is a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv`` as in BEIR. Where queries say
whether they are ``answerable``, that is the label; elsewhere every question counts twice, once as it is (answered) and
once with its relevant documents, and others of the same ``article``, taken out of the ranking (not answered). Each
collection weighs the same unless a weight is given; ``--quotes-only`` names those whose questions assume their article
and so say nothing about confidence. ``--halves`` writes nothing: it fits on one half of a collection's questions and
scores the words quoted on the other, over several random divisions.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from pincite import Hit, Index, Settings, evidence, fitted
from pincite.datatypes import Span
from pincite.evaluation import Question, index_collection, name_of, read_questions
from pincite.evidence import Sentence
from pincite.index import Ranking

TARGET = Path(__file__).parent.parent / "src" / "pincite" / "fitted.py"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the sentences found for it; arrays of shape (sentences,), or (sentences, values).

    Attributes:
        answered: whether the documents left in answer it.
        gold: which sentences are part of the answer.
        words: how many words each has.
        wanted: words of all gold sentences in the ranking.
    """

    found: list[Sentence]
    answered: bool
    gold: npt.NDArray[np.bool_]
    words: Floats
    wanted: int


@dataclass(slots=True)
class Constants:
    """What is fitted."""

    bias: float
    confidence: list[float]
    sentence: list[float]
    quote_bias: float
    quote: list[float]
    quote_from: float = 0.0


def main() -> None:
    """Fit and write, or score on halves."""
    options = _options()
    folders = {
        Path(name): float(weight or 1) for name, _, weight in (each.partition("=") for each in options.collections)
    }
    with tempfile.TemporaryDirectory() as place:
        indexes = options.indexes or Path(place)
        if options.halves:
            _report_halves(list(examples_of(options.halves, indexes)))
            return
        both = {folder: list(examples_of(folder, indexes)) for folder in [*folders, *options.quotes_only]}
    weights = [folders.get(folder, 1.0) for folder in both]
    constants = fit(list(both.values()), weights, sure=len(folders))
    roles = [f"weight {folders[f]:g}" if f in folders else "quotes only" for f in both]
    TARGET.write_text(_module(constants, list(both), roles), "utf-8")
    print(f"{constants}\nwrote {TARGET.name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("collections", nargs="*", metavar="COLLECTION[=WEIGHT]")
    parser.add_argument("--quotes-only", nargs="+", type=Path, default=[], metavar="COLLECTION")
    parser.add_argument("--halves", type=Path, metavar="COLLECTION")
    parser.add_argument("--indexes", type=Path, metavar="DIR", help="keep the collections' indexes here between runs")
    return parser.parse_args()


# ---------------------------------------------------------------- examples


def examples_of(folder: Path, indexes: Path) -> Iterator[Example]:
    """The labelled questions of a collection, each with what was found for it."""
    with Index.open(indexes / folder.name / "index") as index:
        index_collection(folder, index, indexes / folder.name / "corpus")
        for question in read_questions(folder):
            ranking = index.rank([(question.text, 1.0)], passages=20, documents=10)
            yield _example(question, ranking, answered=question.answerable is not False)
            if question.answerable is None:
                relevant = {doc_id for doc_id, grade in question.relevant.items() if grade > 0}
                yield _example(question, _without(ranking, relevant), answered=False)


def _example(question: Question, ranking: Ranking, *, answered: bool) -> Example:
    found = evidence.sentences(question.text, ranking)
    spans = (question.spans or {}) if answered else {}
    words = np.array([len(each.text.split()) for each in found], float)
    gold = np.array([_is_gold(each.hit, each.span, spans) for each in found], bool)
    everywhere = {
        (hit.document.doc_id, span): len(hit.document.text[slice(*span)].split())
        for hit in ranking.hits
        for span in hit.passage.sentences
        if _is_gold(hit, span, spans)
    }
    return Example(found, answered, gold, words, sum(everywhere.values()))


def _is_gold(hit: Hit, span: Span, spans: dict[str, list[Span]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in spans.get(name_of(hit.document.doc_id), []))


def _without(ranking: Ranking, documents: set[str]) -> Ranking:
    """The ranking as if the corpus had neither these documents nor others of the same article."""
    articles = {_article(hit) for hit in ranking.hits if name_of(hit.document.doc_id) in documents}
    kept = [place for place, hit in enumerate(ranking.hits) if _article(hit) not in articles]
    hits = tuple(ranking.hits[place] for place in kept)
    cosines, in_context = (tuple(each[i] for i in kept) for each in (ranking.cosines, ranking.in_context))
    return replace(ranking, hits=hits, cosines=cosines, in_context=in_context)


def _article(hit: Hit) -> str:
    return str(hit.document.metadata.get("article", hit.document.doc_id))


# ---------------------------------------------------------------- fitting


def fit(collections: Sequence[Sequence[Example]], weights: Sequence[float], *, sure: int) -> Constants:
    """Fit everything; confidence on the first ``sure`` collections, quotes on all."""
    bias, confidence = _fit_confidence(collections[:sure])
    sentence = _fit_sentence(collections)
    # What follows depends on which sentence is best, and so on the weights just found.
    fitted.SENTENCE_WEIGHTS, fitted.CONFIDENCE_BIAS, fitted.CONFIDENCE_WEIGHTS = (
        tuple(sentence),
        bias,
        tuple(confidence),
    )
    tables = [[_table(each) for each in examples] for examples in collections]
    quote_bias, quote = _fit_quote(tables, weights)
    constants = Constants(bias, confidence, sentence, quote_bias, quote)
    constants.quote_from = _best_threshold(tables, weights, constants, Settings().threshold)
    return constants


def _fit_confidence(collections: Sequence[Sequence[Example]]) -> tuple[float, list[float]]:
    """Logistic regression; each collection and each label weighs the same, so that none of them decides the level."""
    values, labels, weights = list[tuple[float, ...]](), list[bool](), list[float]()
    for examples in collections:
        answered = np.array([each.answered for each in examples])
        values.extend(evidence.features(each.found) for each in examples)
        labels.extend(answered)
        weights.extend(np.where(answered, 0.5 / answered.sum(), 0.5 / (~answered).sum()) * 1000)
    model = LogisticRegression(C=100.0).fit(np.array(values), labels, sample_weight=weights)
    return float(model.intercept_[0]), [float(each) for each in model.coef_[0]]


def _fit_sentence(collections: Sequence[Sequence[Example]]) -> list[float]:
    """Conditional logit (McFadden, 1974): the weights under which a gold sentence is likeliest to come first."""
    groups = [
        [(np.array([s.clues for s in each.found]), each.gold) for each in examples if each.gold.any()]
        for examples in collections
    ]
    scale = np.concatenate([clues for group in groups for clues, _ in group]).std(axis=0) + 1e-9

    def loss(weights: Floats) -> float:
        lost = [np.mean([_surprise(clues / scale @ weights, gold) for clues, gold in group]) for group in groups]
        return float(np.mean(lost) + 1e-3 * weights @ weights)

    found = minimize(loss, np.ones(len(scale)), method="L-BFGS-B").x / scale
    return [float(each) for each in found / found[0]]


def _surprise(scores: Floats, gold: npt.NDArray[np.bool_]) -> float:
    likely = np.exp(scores - scores.max())
    return float(-np.log(likely[gold].sum() / likely.sum()))


@dataclass(frozen=True, slots=True)
class Table:
    """An example's values for the quote's model."""

    signs: Floats
    best: int
    example: Example
    confidence: float


def _table(example: Example) -> Table:
    found = example.found
    signs = np.array(evidence.signs(found)).reshape(len(found), -1)
    best = max(range(len(found)), key=lambda i: found[i].score, default=0)
    return Table(signs, best, example, evidence.confidence(found))


def _fit_quote(collections: Sequence[Sequence[Table]], weights: Sequence[float]) -> tuple[float, list[float]]:
    """Logistic regression of "this sentence is part of the answer"; a sentence counts by its words."""
    values, labels, counts = [], [], []
    for tables, weight in zip(collections, weights, strict=True):
        words = np.concatenate([each.example.words for each in tables])
        values += [each.signs for each in tables if len(each.signs)]
        labels.append(np.concatenate([each.example.gold for each in tables]))
        counts.append(words / words.sum() * 5000 * weight)
    x = np.concatenate(values)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit((x - mean) / scale, np.concatenate(labels), sample_weight=np.concatenate(counts))
    coefficients = model.coef_[0] / scale
    return float(model.intercept_[0] - coefficients @ mean), [float(each) for each in coefficients]


def _best_threshold(
    collections: Sequence[Sequence[Table]], weights: Sequence[float], constants: Constants, least: float
) -> float:
    """The probability from which on quoting gives the best mean F1 of words."""
    choices = np.arange(0.1, 0.7, 0.02)
    means = [
        np.average([words_f1(tables, constants, float(choice), least) for tables in collections], weights=weights)
        for choice in choices
    ]
    return float(choices[int(np.argmax(means))])


def words_f1(
    tables: Sequence[Table], constants: Constants, quote_from: float, least: float, *, always_best: bool = True
) -> float:
    """Micro F1 of the words quoted, where answers of less than the ``least`` confidence are refused.

    The best sentence is quoted whatever its probability if ``always_best``, as in an answer. What an answer adds for
    pronouns and leaves out for being said already is not counted; nor are gold sentences that no passage found has.
    """
    shared = said = 0.0
    for each in tables:
        if each.confidence >= least and len(each.signs):
            chosen = _likely(each, constants) >= quote_from
            chosen[each.best] |= always_best
            said += float(each.example.words[chosen].sum())
            shared += float(each.example.words[chosen & each.example.gold].sum())
    return 2 * shared / (said + sum(each.example.wanted for each in tables))


def _likely(table: Table, constants: Constants) -> Floats:
    likely: Floats = 1 / (1 + np.exp(-constants.quote_bias - table.signs @ np.array(constants.quote)))
    return likely


def _report_halves(examples: list[Example], divisions: int = 6) -> None:
    """Print the mean over random divisions and its deviation between them."""
    scores = []
    for seed in range(divisions):
        order = np.random.default_rng(seed).permutation(len(examples))
        halves = [[examples[i] for i in part] for part in np.array_split(order, 2)]
        scores += [_on_the_other(*halves), _on_the_other(*reversed(halves))]
    (sentences, answers), (spread, other) = np.mean(scores, axis=0), np.std(scores, axis=0)
    print("word F1, weights and thresholds learnt on one half, scored on the other:")
    print(f"  every sentence by its own probability   {sentences:.3f} ± {spread:.3f}")
    print(f"  as in answers: refused by confidence, the best sentence always quoted   {answers:.3f} ± {other:.3f}")


def _on_the_other(learnt: Sequence[Example], scored: Sequence[Example]) -> tuple[float, float]:
    constants = fit([learnt], [1.0], sure=1)
    tables, others = ([_table(each) for each in half] for half in (learnt, scored))
    choices = [float(q) for q in np.arange(0.1, 0.6, 0.02)]
    alone = max(choices, key=lambda q: words_f1(tables, constants, q, 0.0, always_best=False))
    pairs = [(q, float(least)) for q in choices for least in np.arange(0.2, 0.9, 0.05)]
    both = max(pairs, key=lambda pair: words_f1(tables, constants, *pair))
    return words_f1(others, constants, alone, 0.0, always_best=False), words_f1(others, constants, *both)


# ---------------------------------------------------------------- writing


def _module(constants: Constants, folders: list[Path], roles: list[str]) -> str:
    sources = "\n".join(f"- {_origin(folder)}; {role}" for folder, role in zip(folders, roles, strict=True))
    return f'''"""Constants fitted on labelled questions; written by scripts/fit_constants.py, not by hand.

{sources}
"""

COVERED_WEIGHT = {fitted.COVERED_WEIGHT}
"""What the covered share of the question's words counts for in `pincite.evidence.Sentence.match`; set, not fitted."""

CONFIDENCE_BIAS = {constants.bias:.4f}
CONFIDENCE_WEIGHTS: tuple[float, ...] = {_tuple(constants.confidence)}
"""Logistic regression of "the articles answer this" on `pincite.evidence.features`."""

SENTENCE_WEIGHTS: tuple[float, ...] = {_tuple(constants.sentence)}
"""Conditional logit of "this sentence comes first" on the clues of `pincite.evidence.Sentence`."""

QUOTE_BIAS = {constants.quote_bias:.4f}
QUOTE_WEIGHTS: tuple[float, ...] = {_tuple(constants.quote)}
"""Logistic regression of "this sentence is part of the answer" on `pincite.evidence.signs`."""

QUOTE_FROM = {constants.quote_from:.2f}
"""The probability from which on a sentence is quoted: the best mean F1 of words."""
'''


def _tuple(values: Sequence[float]) -> str:
    return f"({', '.join(f'{each:.4f}' for each in values)})"


def _origin(folder: Path) -> str:
    """A collection's public name, its commit and the hash of its questions."""
    source = (folder / "SOURCE.md").read_text("utf-8")
    commit = re.search(r"Repository: (\S+), commit ([0-9a-f]{40})", source)
    named = f"{commit[1]} {commit[2][:12]}" if commit else source.splitlines()[0].lstrip("# ")
    digest = hashlib.sha256((folder / "queries.jsonl").read_bytes()).hexdigest()[:16]
    return f"{named}, queries sha256 {digest}"


if __name__ == "__main__":
    main()
