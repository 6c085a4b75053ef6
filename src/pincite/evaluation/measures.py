"""What is measured of answers to judged questions: retrieval, quotes and confidence; and how two measurings differ."""

from __future__ import annotations

import random
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean

from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Answer, Document, Hit, Passage, Span
from pincite.errors import UsageError
from pincite.evaluation.questions import Question

Values = dict[str, float]
"""Measures by name; those with ``#`` in front are facts of one question, whose mean is no measure."""


def measure(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Values:
    """The measures of one answer that the judgements allow; `means` sums them up.

    A duplicate that another stands for counts as found for its document, but not as a quote of it.

    Args:
        question: as it was asked.
        answer: to it.
        gold: the question's documents, by id.
    """
    values = {"#confidence": answer.confidence, "#answered": float(answer.answered)}
    if question.has_answer is not None:
        values["#answerable"] = float(question.has_answer)
    if any(grade > 0 for grade in question.relevant.values()):
        values |= _ranking(question, answer.hits)
    cited = [(each.document.doc_id, each.start, each.end) for each in answer.citations]
    if question.wrong:
        still = [question.are_wrong(*place) for place in cited]
        values |= {"#wrong": len(question.wrong), "#wrong quoted": len(set().union(*still))}
        values["#wrong first"] = float(any(still[:1]))
    if question.spans is not None:
        # The five best, as in the Chroma report on chunking.
        values |= characters(question.spans, [hit.passage for hit in answer.hits[:5]])
        wanted = _words(gold, {_whole(name, span, gold) for name in gold for span in question.spans.get(name, ())})
        said = _words({each.document.doc_id: each.document for each in answer.citations}, cited)
        values |= {"#shared": len(wanted & said), "#wanted": len(wanted), "#said": len(said)}
    if question.spans:
        right = [question.is_right(*place) for place in cited]
        first = [question.is_right(each.document.doc_id, *each.best) for each in answer.citations[:1]]
        values |= {"first citation": float(any(right[:1])), "first sentence": float(any(first))}
        values["quotes hold"] = float(any(right))
    return values


def _ranking(question: Question, hits: Sequence[Hit]) -> Values:
    import ir_measures
    from ir_measures import RR, R, nDCG

    scores: dict[str, float] = {}
    for hit in hits:
        for doc_id in (hit.document.doc_id, *(copy.doc_id for copy in hit.duplicates)):
            scores.setdefault(doc_id, -hit.rank)
    measures = [nDCG @ 10, R @ 5, R @ 100, RR @ 10]
    qrels, run = {question.query_id: question.relevant}, {question.query_id: scores}
    aggregated = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(each): float(aggregated[each]) for each in measures}


def characters(spans: Mapping[str, Sequence[Span]], passages: Sequence[Passage]) -> Values:
    """Recall, precision and IoU of the characters of the best five passages; nothing where no span is known.

    As in "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024): what is retrieved twice counts twice in the
    retrieved length, and passages of other documents count too.
    """
    gold = {(doc_id, place) for doc_id, ranges in spans.items() for span in ranges for place in range(*span)}
    if not gold:
        return {}
    found = {(passage.doc_id, place) for passage in passages for place in range(passage.start, passage.end)}
    retrieved = sum(passage.end - passage.start for passage in passages)
    shared = len(gold & found)
    union = retrieved + len(gold) - shared
    return {"span R@5": shared / len(gold), "span P@5": shared / max(retrieved, 1), "span IoU@5": shared / union}


def _whole(name: str, span: Span, documents: Mapping[str, Document]) -> tuple[str, int, int]:
    """The sentences that hold a span which is shorter than one of them, otherwise the span."""
    document, (start, end) = documents[name], span
    sentences = sentence_spans(document.text, document.headings, document.tables)
    holding = [each for each in sentences if each[0] < end and start < each[1]]
    if any(end - start < last - first for first, last in holding):
        return name, min(start, holding[0][0]), max(end, holding[-1][1])
    return name, start, end


def _words(texts: Mapping[str, Document], places: Iterable[tuple[str, int, int]]) -> set[tuple[str, int]]:
    """The words, runs without white space, that the places touch."""
    return {
        (name, word.start())
        for name, start, end in places
        for word in re.finditer(r"\S+", texts[name].text)
        if word.start() < end and start < word.end()
    }


# ---------------------------------------------------------------- over all questions


def kinds(measured: Collection[Values]) -> dict[str, int]:
    """How many questions have an answer, have none, or do not say."""
    counts = Counter(values.get("#answerable") for values in measured)
    return {"answerable": counts[1.0], "unanswerable": counts[0.0], "unlabelled": counts[None]}


def means(measured: Collection[Values]) -> Values:
    """The means over the questions; of words, refusals and wrong quotes, the value over all of them at once."""
    names = dict.fromkeys(name for values in measured for name in values if not name.startswith("#"))
    found = {name: fmean(values[name] for values in measured if name in values) for name in names}
    # The micro F1 of the words that the quotes share with the gold, questions without an answer included.
    shared, wanted, said = (sum(v.get(name, 0.0) for v in measured) for name in ("#shared", "#wanted", "#said"))
    if wanted:
        found["word F1"] = 2 * shared / (wanted + said)
    found |= _refusals([values for values in measured if "#answerable" in values])
    if judged := [values for values in measured if "#wrong" in values]:
        found["wrong quoted"] = sum(v["#wrong quoted"] for v in judged) / sum(v["#wrong"] for v in judged)
        found["wrong first"] = fmean(values["#wrong first"] for values in judged)
    return found


def _refusals(labelled: Sequence[Values]) -> Values:
    """AUROC of the confidence, accuracy of answering or not, shares of false refusals and false answers."""
    right = [values for values in labelled if values["#answerable"]]
    wrong = [values for values in labelled if not values["#answerable"]]
    rates: Values = {}
    if right and wrong:
        rates["AUROC"] = auroc(*([values["#confidence"] for values in each] for each in (right, wrong)))
        rates["accuracy"] = fmean(values["#answerable"] == values["#answered"] for values in labelled)
    if right:
        rates["false refusals"] = fmean(1 - values["#answered"] for values in right)
    if wrong:
        rates["false answers"] = fmean(values["#answered"] for values in wrong)
    return rates


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The share of pairs in which the right one's value is higher, ties by half (Mann-Whitney); neither is empty."""
    below = sorted(wrong)
    won = sum(bisect_left(below, value) + bisect_right(below, value) for value in right) / 2
    return won / len(right) / len(wrong)


def compare(old: Mapping[str, Values], new: Mapping[str, Values], *, resamples: int = 1000) -> dict[str, Values]:
    """What changed between two evaluations, over the questions that both have, by the paired bootstrap.

    Turns of one conversation are drawn as if they were independent.

    Args:
        old: the measures before, by question.
        new: those after.
        resamples: how often the questions are drawn anew.

    Returns:
        By measure ``old``, ``new``, and ``low`` and ``high``: the middle 95 % of the differences.

    Raises:
        UsageError: no question is in both.
    """
    shared = sorted(old.keys() & new.keys())
    if not shared:
        raise UsageError("nothing to compare: the two evaluations have no question in common")
    generator = random.Random(0)
    draws = [generator.choices(shared, k=len(shared)) for _ in range(resamples)]
    drawn = [(means([old[name] for name in draw]), means([new[name] for name in draw])) for draw in draws]
    before, after = means([old[name] for name in shared]), means([new[name] for name in shared])
    compared = {}
    for name in (name for name in before if name in after):
        changes = sorted(b[name] - a[name] for a, b in drawn if name in a and name in b) or [0.0]
        low, high = changes[int(0.025 * len(changes))], changes[int(0.975 * len(changes))]
        compared[name] = {"old": before[name], "new": after[name], "low": low, "high": high}
    return compared
