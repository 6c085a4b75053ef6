"""What becomes of a judged question, and where its answer is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pincite.datatypes import Answer, Document
from pincite.evaluation.measures import Values
from pincite.evaluation.questions import Question

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


Outcome = dict[str, Any]
"""What became of a question: its ``id``, ``question`` and ``history``; its ``outcome``, one of `OUTCOMES`; the ``rank``
of the first hit that holds something right, from 1, or None; the ``confidence``; and what was ``quoted`` and should be
(``right``), each with ``doc_id``, and ``quote`` and ``label`` or None for what is not known."""


def outcome_of(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Outcome | None:
    """What became of a question; None where nothing says what is right.

    Args:
        question: as it was asked.
        answer: to it.
        gold: the question's documents, by id.
    """
    holding = (
        hit.rank
        for hit in answer.hits
        if any(question.is_right(each.doc_id, each.start, each.end) for each in (hit.passage, *hit.duplicates))
    )
    rank = next(holding, None)
    outcome = _outcome(question, answer, rank)
    if outcome is None:
        return None
    right = [
        {"doc_id": doc_id, "quote": span and gold[doc_id].text[slice(*span)], "label": None}
        for doc_id in (question.documents if question.has_answer else ())
        for span in (doc_id in gold and (question.spans or {}).get(doc_id)) or (None,)
    ]
    return {
        "id": question.query_id,
        "question": question.text,
        "history": question.earlier,
        "outcome": outcome,
        "rank": rank,
        "confidence": answer.confidence,
        "quoted": [{"doc_id": c.document.doc_id, "quote": c.quote, "label": c.label} for c in answer.citations],
        "right": right,
    }


def _outcome(question: Question, answer: Answer, rank: int | None) -> str | None:
    cited = [(each.document.doc_id, each.start, each.end) for each in answer.citations]
    if question.has_answer is None or (question.has_answer and not question.documents):
        return "wrong quote" if any(question.are_wrong(*place) for place in cited[:1]) else None
    if not question.has_answer:
        return "wrongly answered" if answer.answered else "rightly refused"
    if rank is None:
        return "not retrieved"
    if not answer.answered:
        return "wrongly refused"
    right = [question.is_right(*place) for place in cited]
    return "first quote right" if right[0] else "another quote right" if any(right) else "wrong quote"


def worst(outcomes: Sequence[Outcome], measured: Mapping[str, Values], n: int) -> list[Outcome]:
    """The ``n`` questions that came out worst: those that were lost, the earliest loss first, then by nDCG@10."""
    return sorted(outcomes, key=lambda o: (OUTCOMES.index(o["outcome"]), measured[o["id"]].get("nDCG@10", 1.0)))[:n]
