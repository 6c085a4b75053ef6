"""Measuring retrieval, quotes and confidence on a collection with judgements.

A collection is a folder with ``corpus.jsonl`` and ``queries.jsonl`` as in BEIR (``_id`` or ``id``), and the judgements
in ``qrels.tsv`` or ``qrels/test.tsv``. Where it has them, these are used as well: ``spans.jsonl`` (``query_id, doc_id,
start, end``: what answers the question), and in the queries ``answerable`` and ``user_turns`` (up to the question).
"""

from __future__ import annotations

import json
import random
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from pincite.assistant import Assistant
from pincite.datatypes import Answer, Document, Hit, Passage, Progress, Span
from pincite.errors import PinciteError, UsageError
from pincite.index import Index
from pincite.splitting import sentence_spans

Values = dict[str, float]
"""Measures by name; those with ``#`` in front are facts of one question, whose mean is no measure."""

_FILE = "corpus.jsonl"
_TOP = 5
"""Passages whose characters are compared with the gold spans, as in the Chroma report on chunking."""

_DEEP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query and what is known of its answer.

    Attributes:
        spans: by document the ranges that answer it; None where the collection has none for any question.
        answerable: whether the corpus answers it, or None where that is not said.
        earlier: the user's turns before it.
    """

    query_id: str
    text: str
    relevant: dict[str, int] = field(default_factory=dict)
    spans: dict[str, list[Span]] | None = None
    answerable: bool | None = None
    earlier: tuple[str, ...] = ()


def check_extra() -> None:
    """Measuring needs an extra; to be asked before anything that takes long.

    Raises:
        PinciteError: it is not installed.
    """
    try:
        import ir_measures  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise PinciteError("evaluate: needs ir_measures: run `pip install 'pincite[evaluation]'`") from error


def read_questions(folder: Path) -> list[Question]:
    """The questions of a collection, with their judgements.

    Raises:
        UsageError: the folder is not a collection.
    """
    for name in (_FILE, "queries.jsonl"):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name}: missing; a collection has corpus.jsonl, queries.jsonl and qrels")
    relevant, spans = _relevant(folder), _spans(folder)
    questions = []
    for line in _lines(folder / "queries.jsonl"):
        query_id = str(line.get("_id", line.get("id")))
        if query_id in relevant or line.get("answerable") is False:
            questions.append(
                Question(
                    query_id=query_id,
                    text=line["text"],
                    relevant=relevant.get(query_id, {}),
                    spans=None if spans is None else spans.get(query_id, {}),
                    answerable=line.get("answerable"),
                    earlier=tuple(line.get("user_turns") or ())[:-1],
                )
            )
    return questions


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    found = json.loads(line)
                except ValueError as error:
                    raise UsageError(f"{path}:{number}: not JSON ({error}); write one object a line") from error
                if not isinstance(found, dict):
                    raise UsageError(f"{path}:{number}: not an object; write one a line, in braces")
                yield _Line(found, place=f"{path}:{number}")


class _Line(dict[str, Any]):
    """An object of a ``.jsonl`` that names its place when a key is missing."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        super().__init__(values)
        self.place = place

    def __missing__(self, key: str) -> NoReturn:
        raise UsageError(f"{self.place}: no {key!r}; it has {', '.join(self) or 'nothing'}")


def _relevant(folder: Path) -> dict[str, dict[str, int]]:
    path = next((p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.is_file()), None)
    if path is None:
        raise UsageError(f"{folder}: neither qrels.tsv nor qrels/test.tsv; a collection has one of them")
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split("\t")
        if len(cells) == 3 and re.fullmatch(r"-?\d+", cells[2]):
            relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
        elif number > 1 and line.strip():
            raise UsageError(f"{path}:{number}: {line!r} is not query id, document id and grade, with tabs between")
    return relevant


def _spans(folder: Path) -> dict[str, dict[str, list[Span]]] | None:
    if not (folder / "spans.jsonl").is_file():
        return None
    spans: dict[str, dict[str, list[Span]]] = {}
    for line in _lines(folder / "spans.jsonl"):
        of_query = spans.setdefault(str(line["query_id"]), {})
        of_query.setdefault(str(line["doc_id"]), []).append((line["start"], line["end"]))
    return spans


def index_collection(
    folder: Path, index: Index, place: Path, progress: Callable[[Progress], None] | None = None
) -> None:
    """Bring an index up to date with a collection's corpus; what was indexed before is kept.

    Args:
        folder: the collection.
        index: where its corpus is indexed.
        place: a folder for a copy of the corpus alone, beside which the questions do not lie.
        progress: as for `Index.update`.
    """
    place.mkdir(parents=True, exist_ok=True)
    content = (folder / _FILE).read_bytes()
    if not (place / _FILE).is_file() or (place / _FILE).read_bytes() != content:
        (place / _FILE).write_bytes(content)
    index.update(place, progress=progress)


# ---------------------------------------------------------------- measuring


def evaluate(
    questions: Sequence[Question],
    assistant: Assistant,
    *,
    history: bool = True,
    done: Callable[[], object] = lambda: None,
) -> dict[str, Values]:
    """The measures of each question that its judgements allow, by query id; `means` sums them up.

    A copy that was folded counts as found for its document, but not as a quote of it.

    Args:
        questions: those of one collection.
        assistant: answers them, from an index of that collection.
        history: ask with the turns before each question, where it has some.
        done: called after each question.
    """
    each: dict[str, Values] = {}
    for question in questions:
        each[question.query_id] = _measure(assistant, question, history)
        done()
    return each


def _measure(assistant: Assistant, question: Question, history: bool) -> Values:
    turns = [{"role": "user", "content": turn} for turn in question.earlier] if history else []
    answer = assistant.ask(question.text, history=turns)
    values = {"#confidence": answer.confidence, "#answered": float(answer.answered)}
    if question.answerable is not None:
        values["#answerable"] = float(question.answerable)
    if any(grade > 0 for grade in question.relevant.values()):
        values |= _ranking(question, answer.hits)
    if question.spans is not None:
        gold = assistant.index.documents([f"{_FILE}#{name}" for name in question.spans])
        by_name = {name_of(doc_id): document for doc_id, document in gold.items()}
        values |= characters(question.spans, [hit.passage for hit in answer.hits[:_TOP]]) | _quoted(
            question, answer, by_name
        )
    return values


def means(each: Collection[Values]) -> Values:
    """The means over the questions; for the F1 of words and for refusals, the value over all of them at once."""
    names = dict.fromkeys(name for values in each for name in values if not name.startswith("#"))
    return {name: _mean([v[name] for v in each if name in v]) for name in names} | _words_f1(each) | _refusals(each)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def compare(old: Mapping[str, Values], new: Mapping[str, Values], *, resamples: int = 1000) -> dict[str, Values]:
    """What changed between two evaluations, over the questions that both have, by the paired bootstrap.

    Turns of one conversation are drawn as if they were independent.

    Args:
        old: what `evaluate` returned before.
        new: what it returned after.
        resamples: how often the questions are drawn anew.

    Returns:
        By measure ``old``, ``new``, and ``low`` and ``high``: the middle 95 % of the differences.

    Raises:
        UsageError: no question is in both.
    """
    shared = sorted(old.keys() & new.keys())
    if not shared:
        raise UsageError("nothing to compare: the two evaluations have no question in common")
    before, after = [old[name] for name in shared], [new[name] for name in shared]
    generator = random.Random(0)
    draws = [generator.choices(range(len(shared)), k=len(shared)) for _ in range(resamples)]
    differences = [_difference(means([before[i] for i in d]), means([after[i] for i in d])) for d in draws]
    first, second = means(before), means(after)
    return {
        name: {"old": first[name], "new": second[name], **_interval([d[name] for d in differences if name in d])}
        for name in first
        if name in second
    }


def _difference(old: Values, new: Values) -> Values:
    return {name: new[name] - value for name, value in old.items() if name in new}


def _interval(values: list[float]) -> Values:
    ordered = sorted(values) or [0.0]
    return {"low": ordered[int(0.025 * len(ordered))], "high": ordered[int(0.975 * len(ordered))]}


def name_of(doc_id: str) -> str:
    """What the collection calls a document that is indexed by this id."""
    return doc_id.partition("#")[2]


def _ranking(question: Question, hits: Sequence[Hit]) -> Values:
    import ir_measures
    from ir_measures import RR, R, nDCG

    scores: dict[str, float] = {}
    for hit in hits:
        for doc_id in (hit.document.doc_id, *(copy.doc_id for copy in hit.copies)):
            scores.setdefault(name_of(doc_id), -hit.rank)
    measures = [nDCG @ 10, R @ 5, R @ _DEEP, RR @ 10]
    qrels, run = {question.query_id: question.relevant}, {question.query_id: scores}
    found = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(found[measure]) for measure in measures}


def characters(spans: Mapping[str, Sequence[Span]], passages: Sequence[Passage]) -> Values:
    """Recall, precision and IoU of the characters of the best five passages; nothing where no span is known.

    As in "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024): what is retrieved twice counts twice in the
    retrieved length, and passages of other documents count too.
    """
    gold = {(doc_id, place) for doc_id, ranges in spans.items() for span in ranges for place in range(*span)}
    if not gold:
        return {}
    found = {(name_of(each.doc_id), place) for each in passages for place in range(each.start, each.end)}
    retrieved = sum(each.end - each.start for each in passages)
    shared = len(gold & found)
    union = retrieved + len(gold) - shared
    return {"span R@5": shared / len(gold), "span P@5": shared / max(retrieved, 1), "span IoU@5": shared / union}


def _quoted(question: Question, answer: Answer, documents: Mapping[str, Document]) -> Values:
    """Whether the first citation touches a gold span, and the counts for the F1 of words."""
    gold = {(name, *span) for name, ranges in (question.spans or {}).items() for span in ranges}
    quotes = [(name_of(each.document.doc_id), each.start, each.end) for each in answer.citations]
    right = any(_touch(first, each) for first in quotes[:1] for each in gold)
    texts = dict(documents) | {name_of(each.document.doc_id): each.document for each in answer.citations}
    wanted = _words(texts, {_whole(span, documents[span[0]]) for span in gold if span[0] in documents})
    said = _words(texts, quotes)
    values: Values = {"first citation": float(right)} if gold else {}
    return values | {"#shared": len(wanted & said), "#wanted": len(wanted), "#said": len(said)}


_Place = tuple[str, int, int]


def _touch(one: _Place, other: _Place) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _whole(span: _Place, document: Document) -> _Place:
    """The sentences that hold a span which is shorter than one of them, otherwise the span."""
    name, start, end = span
    holding = [s for s in sentence_spans(document.text, document.headings) if s[0] < end and start < s[1]]
    if not any(end - start < s[1] - s[0] for s in holding):
        return span
    return name, min(start, holding[0][0]), max(end, holding[-1][1])


def _words(texts: Mapping[str, Document], places: Iterable[_Place]) -> set[tuple[str, int]]:
    """The words, runs without white space, that the places touch."""
    return {
        (name, word.start())
        for name, start, end in places
        for word in re.finditer(r"\S+", texts[name].text)
        if word.start() < end and start < word.end()
    }


def _words_f1(each: Collection[Values]) -> Values:
    """The micro F1 of the words that the quotes share with the gold, questions without an answer included."""
    shared, wanted, said = (sum(v.get(name, 0.0) for v in each) for name in ("#shared", "#wanted", "#said"))
    return {"word F1": 2 * shared / (wanted + said)} if wanted + said else {}


def _refusals(each: Collection[Values]) -> Values:
    """AUROC of the confidence, accuracy of answering or not, share of false refusals."""
    labelled = [values for values in each if "#answerable" in values]
    right = [values["#confidence"] for values in labelled if values["#answerable"]]
    wrong = [values["#confidence"] for values in labelled if not values["#answerable"]]
    if not right or not wrong:
        return {}
    return {
        "AUROC": auroc(right, wrong),
        "accuracy": _mean([float(values["#answerable"] == values["#answered"]) for values in labelled]),
        "false refusals": _mean([1 - values["#answered"] for values in labelled if values["#answerable"]]),
    }


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The share of pairs in which the right one's value is higher, ties by half (Mann-Whitney); neither is empty."""
    below = sorted(wrong)
    won = sum(bisect_left(below, value) + bisect_right(below, value) for value in right) / 2
    return won / len(right) / len(wrong)


# ---------------------------------------------------------------- losses


def worst(questions: Sequence[Question], each: Mapping[str, Values], n: int) -> list[tuple[Question, Values]]:
    """The ``n`` questions that came out worst: by nDCG@10, then by the first citation."""
    pairs = [(question, each[question.query_id]) for question in questions]
    judged = [pair for pair in pairs if "nDCG@10" in pair[1]]
    return sorted(judged, key=lambda pair: (pair[1]["nDCG@10"], pair[1].get("first citation", 1.0)))[:n]
