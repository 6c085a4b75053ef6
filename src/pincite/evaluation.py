"""Measuring retrieval, quotes and confidence on judged questions, and where answers are lost."""

from __future__ import annotations

import random
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pincite.analysis.sentences import sentence_spans
from pincite.assistant import Assistant
from pincite.datatypes import Answer, Document, Filter, Hit, Passage, Span
from pincite.errors import PinciteError, UsageError, installing
from pincite.judged import COLLECTION, Question

Values = dict[str, float]
"""Measures by name; those with ``#`` in front are facts of one question, whose mean is no measure."""

_TOP = 5
"""Passages whose characters are compared with the gold spans, as in the Chroma report on chunking."""

OUTCOMES = (
    "not retrieved",
    "wrong quote",
    "wrongly refused",
    "wrongly answered",
    "another quote right",
    "first quote right",
    "rightly refused",
)
"""What can become of a question, the earliest loss first: nothing that is right is among the hits; it is, but no quote
touches it, or the first of them is known to be wrong and nothing to be right; no answer, though there is one; an
answer, though there is none; a quote that touches it, but not the first of them; the first one does; or no answer, and
there is none."""


def check_extra() -> None:
    """Measuring needs an extra; to be asked before anything that takes long.

    Raises:
        PinciteError: it is not installed.
    """
    try:
        import ir_measures  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise PinciteError(f"evaluate: needs ir_measures; run {installing('pincite[evaluation]')}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of a document, with the label under which it was quoted; None for what is not known."""

    doc_id: str
    quote: str | None = None
    label: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a question.

    Attributes:
        outcome: one of `OUTCOMES`.
        rank: of the first hit that holds something right, from 1; None where there is none.
        quoted: what the answer quotes.
        right: what it should quote.
    """

    id: str
    question: str
    history: tuple[str, ...]
    outcome: str
    rank: int | None
    confidence: float
    quoted: tuple[Text, ...]
    right: tuple[Text, ...]


def evaluate(
    questions: Sequence[Question],
    assistant: Assistant,
    *,
    history: bool = True,
    done: Callable[[Outcome | None], object] = lambda _: None,
) -> dict[str, Values]:
    """The measures of each question that its judgements allow, by query id; `means` sums them up.

    A duplicate that another stands for counts as found for its document, but not as a quote of it.

    Args:
        questions: those of one collection.
        assistant: answers them, from an index of that collection.
        history: ask with the turns before each question, where it has some.
        done: called after each question, with what became of it, or None where nothing says what is right.
    """
    index = assistant.index
    ids = list(index.titles(index.status().documents)) if any(question.without for question in questions) else []
    measured: dict[str, Values] = {}
    for question in questions:
        turns = [{"role": "user", "content": turn} for turn in question.earlier] if history else []
        left = Filter(doc_ids=[name for name in ids if name not in question.without]) if question.without else None
        answer = assistant.ask(question.text, history=turns, where=left or question.where)
        gold = index.documents([f"{question.within}{name}" for name in question.documents])
        by_name = {question.name_of(doc_id): document for doc_id, document in gold.items()}
        measured[question.query_id] = _measure(question, answer, by_name)
        done(_outcome(question, answer, by_name))
    return measured


def _measure(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Values:
    values = {"#confidence": answer.confidence, "#answered": float(answer.answered)}
    if question.has_answer is not None:
        values["#answerable"] = float(question.has_answer)
    if any(grade > 0 for grade in question.relevant.values()):
        values |= _ranking(question, answer.hits)
    if question.wrong:
        still = [question.are_wrong(each.document.doc_id, each.start, each.end) for each in answer.citations]
        values |= {"#wrong": len(question.wrong), "#wrong quoted": len(set().union(*still))}
        values["#wrong first"] = float(any(still[:1]))
    if question.spans is not None:
        best = [hit.passage for hit in answer.hits[:_TOP]]
        values |= characters(question.spans, best, question.within) | _words_of(question, question.spans, answer, gold)
    if question.spans:
        right = _rightness(question, answer)
        first = [question.is_right(citation.document.doc_id, *citation.best) for citation in answer.citations[:1]]
        values |= {"first citation": float(any(right[:1])), "first sentence": float(any(first))}
        values["quotes hold"] = float(any(right))
    return values


def _rightness(question: Question, answer: Answer) -> list[bool]:
    """Of each quote whether it is right."""
    return [question.is_right(citation.document.doc_id, citation.start, citation.end) for citation in answer.citations]


def kinds(measured: Collection[Values]) -> dict[str, int]:
    """How many questions have an answer, have none, or do not say."""
    counts = Counter(values.get("#answerable") for values in measured)
    return {"answerable": counts[1.0], "unanswerable": counts[0.0], "unlabelled": counts[None]}


def means(measured: Collection[Values]) -> Values:
    """The means over the questions; for the F1 of words and for refusals, the value over all of them at once."""
    names = dict.fromkeys(name for values in measured for name in values if not name.startswith("#"))
    return (
        {name: _mean([v[name] for v in measured if name in v]) for name in names}
        | _words_f1(measured)
        | _refusals(measured)
        | _wrong_quotes(measured)
    )


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


def _ranking(question: Question, hits: Sequence[Hit]) -> Values:
    import ir_measures
    from ir_measures import RR, R, nDCG

    scores: dict[str, float] = {}
    for hit in hits:
        for doc_id in (hit.document.doc_id, *(copy.doc_id for copy in hit.duplicates)):
            scores.setdefault(question.name_of(doc_id), -hit.rank)
    measures = [nDCG @ 10, R @ 5, R @ 100, RR @ 10]
    qrels, run = {question.query_id: question.relevant}, {question.query_id: scores}
    aggregated = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(aggregated[measure]) for measure in measures}


def characters(spans: Mapping[str, Sequence[Span]], passages: Sequence[Passage], within: str = COLLECTION) -> Values:
    """Recall, precision and IoU of the characters of the best five passages; nothing where no span is known.

    As in "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024): what is retrieved twice counts twice in the
    retrieved length, and passages of other documents count too.
    """
    gold = {(doc_id, place) for doc_id, ranges in spans.items() for span in ranges for place in range(*span)}
    if not gold:
        return {}
    retrieved_characters = {
        (passage.doc_id.removeprefix(within), place)
        for passage in passages
        for place in range(passage.start, passage.end)
    }
    retrieved = sum(passage.end - passage.start for passage in passages)
    shared = len(gold & retrieved_characters)
    union = retrieved + len(gold) - shared
    return {"span R@5": shared / len(gold), "span P@5": shared / max(retrieved, 1), "span IoU@5": shared / union}


def _words_of(
    question: Question, spans: Mapping[str, Sequence[Span]], answer: Answer, documents: Mapping[str, Document]
) -> Values:
    """The counts for the F1 of words: in the sentences that answer, in the quotes, and in both."""
    places = [(name, *span) for name, ranges in spans.items() if name in documents for span in ranges]
    wanted = _words(documents, {_whole(place, documents[place[0]]) for place in places})
    quoted = {question.name_of(citation.document.doc_id): citation.document for citation in answer.citations}
    said = _words(quoted, [(question.name_of(c.document.doc_id), c.start, c.end) for c in answer.citations])
    return {"#shared": len(wanted & said), "#wanted": len(wanted), "#said": len(said)}


def _whole(span: tuple[str, int, int], document: Document) -> tuple[str, int, int]:
    """The sentences that hold a span which is shorter than one of them, otherwise the span."""
    name, start, end = span
    holding = [
        s for s in sentence_spans(document.text, document.headings, document.tables) if s[0] < end and start < s[1]
    ]
    if not any(end - start < s[1] - s[0] for s in holding):
        return span
    return name, min(start, holding[0][0]), max(end, holding[-1][1])


def _words(texts: Mapping[str, Document], places: Iterable[tuple[str, int, int]]) -> set[tuple[str, int]]:
    """The words, runs without white space, that the places touch."""
    return {
        (name, word.start())
        for name, start, end in places
        for word in re.finditer(r"\S+", texts[name].text)
        if word.start() < end and start < word.end()
    }


def _words_f1(measured: Collection[Values]) -> Values:
    """The micro F1 of the words that the quotes share with the gold, questions without an answer included."""
    shared, wanted, said = (sum(v.get(name, 0.0) for v in measured) for name in ("#shared", "#wanted", "#said"))
    return {"word F1": 2 * shared / (wanted + said)} if wanted else {}


def _refusals(measured: Collection[Values]) -> Values:
    """AUROC of the confidence, accuracy of answering or not, shares of false refusals and false answers."""
    labelled = [values for values in measured if "#answerable" in values]
    right = [values["#confidence"] for values in labelled if values["#answerable"]]
    wrong = [values["#confidence"] for values in labelled if not values["#answerable"]]
    rates: Values = {}
    if right and wrong:
        rates["AUROC"] = auroc(right, wrong)
        rates["accuracy"] = _mean([float(values["#answerable"] == values["#answered"]) for values in labelled])
    if right:
        rates["false refusals"] = _mean([1 - values["#answered"] for values in labelled if values["#answerable"]])
    if wrong:
        rates["false answers"] = _mean([values["#answered"] for values in labelled if not values["#answerable"]])
    return rates


def _wrong_quotes(measured: Collection[Values]) -> Values:
    """Of the quotes judged wrong the share still quoted; of their questions those in which one comes first."""
    judged = [values for values in measured if "#wrong" in values]
    if not judged:
        return {}
    quoted, all_of_them = (sum(values[name] for values in judged) for name in ("#wrong quoted", "#wrong"))
    return {"wrong quoted": quoted / all_of_them, "wrong first": _mean([values["#wrong first"] for values in judged])}


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The share of pairs in which the right one's value is higher, ties by half (Mann-Whitney); neither is empty."""
    below = sorted(wrong)
    won = sum(bisect_left(below, value) + bisect_right(below, value) for value in right) / 2
    return won / len(right) / len(wrong)


# ---------------------------------------------------------------- losses


def _outcome(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Outcome | None:
    """What became of a question; None where nothing says what is right."""
    first_is_wrong = any(
        question.are_wrong(each.document.doc_id, each.start, each.end) for each in answer.citations[:1]
    )
    unknown = question.has_answer is None or (question.has_answer and not question.documents)
    if unknown and not first_is_wrong:
        return None
    rank = next((hit.rank for hit in answer.hits if _holds(question, hit)), None)
    quoted = [
        Text(doc_id=citation.document.doc_id, quote=citation.quote, label=citation.label)
        for citation in answer.citations
    ]
    return Outcome(
        id=question.query_id,
        question=question.text,
        history=question.earlier,
        outcome="wrong quote" if unknown else _verdict(question, answer, rank),
        rank=rank,
        confidence=answer.confidence,
        quoted=tuple(quoted),
        right=tuple(_right(question, gold)) if question.has_answer else (),
    )


def _verdict(question: Question, answer: Answer, rank: int | None) -> str:
    if not question.has_answer:
        return "wrongly answered" if answer.answered else "rightly refused"
    if rank is None:
        return "not retrieved"
    if not answer.answered:
        return "wrongly refused"
    right = _rightness(question, answer)
    return "first quote right" if right[0] else "another quote right" if any(right) else "wrong quote"


def _holds(question: Question, hit: Hit) -> bool:
    return any(
        question.is_right(passage.doc_id, passage.start, passage.end) for passage in (hit.passage, *hit.duplicates)
    )


def _right(question: Question, gold: Mapping[str, Document]) -> Iterable[Text]:
    for name in question.documents:
        doc_id = f"{question.within}{name}"
        spans = (question.spans or {}).get(name, []) if name in gold else []
        yield from (Text(doc_id=doc_id, quote=gold[name].text[start:end]) for start, end in spans)
        if not spans:
            yield Text(doc_id=doc_id)


def worst(outcomes: Sequence[Outcome], measured: Mapping[str, Values], n: int) -> list[Outcome]:
    """The ``n`` questions that came out worst: those that were lost, the earliest loss first, then by nDCG@10."""
    return sorted(outcomes, key=lambda o: (OUTCOMES.index(o.outcome), measured[o.id].get("nDCG@10", 1.0)))[:n]
