"""What the interfaces say in JSON. The keys are stable: some may be added, none goes or changes its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pincite.datatypes import Answer, Changes, Citation, Document, Hit, Passage, Span, Status, UpdateReport


def _about(document: Document) -> dict[str, Any]:
    names = ("doc_id", "title", "source", "author", "date", "url", "digest")
    return {name: getattr(document, name) for name in names}


def _place(passage: Passage) -> dict[str, Any]:
    return {"passage_id": passage.passage_id, "heading": passage.heading, "page": passage.page}


def hit(each: Hit) -> dict[str, Any]:
    """A hit: ``rank, score, scores, doc_id, title, ..., passage_id, start, end, text, duplicates``."""
    passage = each.passage
    return {
        "rank": each.rank,
        "score": each.score,
        "scores": dict(each.scores),
        **_about(each.document),
        **_place(passage),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "duplicates": _duplicates(each.duplicates),
    }


def _duplicates(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [{"doc_id": each.doc_id, "start": each.start, "end": each.end} for each in passages]


def _range(span: Span) -> dict[str, int]:
    return {"start": span[0], "end": span[1]}


def hits(question: str, found: list[Hit]) -> dict[str, Any]:
    """A search: ``question, hits``."""
    return {"question": question, "hits": [hit(each) for each in found]}


def citation(each: Citation) -> dict[str, Any]:
    """A citation: ``label, quote, start, end, best, doc_id, ..., digest`` (of the text that the range counts in)."""
    from pincite import text_anchors  # not before: it loads what an index needs

    place = {"label": each.label, "quote": each.quote, "start": each.start, "end": each.end}
    place["best"] = _range(each.best)
    place["highlights"] = [_range(span) for span in each.highlights]
    place |= {
        "confidence": each.confidence,
        "text_anchor": text_anchors.text_anchor(each.document, each.start, each.end),
    }
    where = _place(each.passage) | {"page": each.page}
    return place | _about(each.document) | where | {"duplicates": _duplicates(each.duplicates)}


def answer(question: str, found: Answer) -> dict[str, Any]:
    """An answer: ``question, read, answered, confidence, text, citations, hits``."""
    return {
        "question": question,
        "read": found.question,
        "answered": found.answered,
        "confidence": found.confidence,
        "text": found.text,
        "citations": [citation(each) for each in found.citations],
        "hits": [hit(each) for each in found.hits],
    }


def document(found: Document) -> dict[str, Any]:
    """A whole article: ``doc_id, title, ..., digest, text, metadata, headings, page_starts``."""
    return _about(found) | {
        "text": found.text,
        "metadata": dict(found.metadata),
        "headings": found.headings,
        "page_starts": found.page_starts,
    }


def status(found: Status, changes: Changes | None) -> dict[str, Any]:
    """The fields of `pincite.Status`, and ``changes``: those of `pincite.datatypes.Changes`, null where unknown."""
    return asdict(found) | {"changes": changes and asdict(changes)}


def report(found: UpdateReport) -> dict[str, Any]:
    """The fields of `pincite.UpdateReport`."""
    return asdict(found)
