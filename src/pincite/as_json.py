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


def hit(retrieved: Hit) -> dict[str, Any]:
    """A hit: ``rank, score, scores, doc_id, title, ..., passage_id, start, end, text, duplicates``."""
    passage = retrieved.passage
    return {
        "rank": retrieved.rank,
        "score": retrieved.score,
        "scores": dict(retrieved.scores),
        **_about(retrieved.document),
        **_place(passage),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "duplicates": _duplicates(retrieved.duplicates),
    }


def _duplicates(passages: Sequence[Passage]) -> list[dict[str, Any]]:
    return [{"doc_id": passage.doc_id, "start": passage.start, "end": passage.end} for passage in passages]


def _range(span: Span) -> dict[str, int]:
    return {"start": span[0], "end": span[1]}


def hits(question: str, retrieved: list[Hit]) -> dict[str, Any]:
    """A search: ``question, hits``."""
    return {"question": question, "hits": list(map(hit, retrieved))}


def citation(cited: Citation) -> dict[str, Any]:
    """A citation: ``label, quote, start, end, best, doc_id, ..., digest`` (of the text that the range counts in)."""
    from pincite import text_anchors  # not before: it loads what an index needs

    return {
        "label": cited.label,
        "quote": cited.quote,
        "start": cited.start,
        "end": cited.end,
        "best": _range(cited.best),
        "highlights": [_range(span) for span in cited.highlights],
        "confidence": cited.confidence,
        "text_anchor": text_anchors.text_anchor(cited.document, cited.start, cited.end),
        **_about(cited.document),
        **_place(cited.passage),
        "page": cited.page,
        "duplicates": _duplicates(cited.duplicates),
    }


def answer(question: str, given: Answer) -> dict[str, Any]:
    """An answer: ``question, read, answered, confidence, text, parts, more, notes, citations, hits``."""
    return {
        "question": question,
        "read": given.question,
        "answered": given.answered,
        "confidence": given.confidence,
        "text": given.text,
        "parts": [{"question": part.question, "labels": list(part.labels)} for part in given.parts],
        "more": given.more,
        "notes": list(given.notes),
        "citations": list(map(citation, given.citations)),
        "hits": list(map(hit, given.hits)),
    }


def document(article: Document) -> dict[str, Any]:
    """A whole article: ``doc_id, title, ..., digest, text, metadata, headings, page_starts``."""
    return _about(article) | {
        "text": article.text,
        "metadata": dict(article.metadata),
        "headings": article.headings,
        "page_starts": article.page_starts,
    }


def status(held: Status, changes: Changes | None) -> dict[str, Any]:
    """The fields of `pincite.Status`, and ``changes``: those of `pincite.datatypes.Changes`, null where unknown."""
    return asdict(held) | {"changes": changes and asdict(changes)}


def report(done: UpdateReport) -> dict[str, Any]:
    """The fields of `pincite.UpdateReport`."""
    return asdict(done)
