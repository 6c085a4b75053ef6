"""What the interfaces say in JSON. The keys are stable: some may be added, none goes or changes its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pincite.datatypes import Answer, Changes, Citation, Document, Hit, Listed, Passage, Span, Status, UpdateReport
from pincite.listing import Kind, counts

_NEAREST = 3
"""Hits that come where nothing answers, unless another number is asked for; with an answer comes one."""
_BEGINNING = 300  # characters of a hit's text that come with an answer


def _about(document: Document | Listed) -> dict[str, Any]:
    names = ("doc_id", "title", "source", "author", "date", "url", "digest")
    return {name: getattr(document, name) for name in names}


def _place(passage: Passage) -> dict[str, Any]:
    return {name: getattr(passage, name) for name in ("passage_id", "heading", "columns", "page")}


def hit(retrieved: Hit) -> dict[str, Any]:
    """A hit: ``rank, score, scores, doc_id, title, ..., passage_id, start, end, text, duplicates``."""
    passage = retrieved.passage
    return {
        "rank": retrieved.rank,
        "score": retrieved.score,
        "scores": dict(retrieved.scores),
        **_about(retrieved.document),
        **_place(passage),
        "ocr": retrieved.document.is_by_ocr(passage.start, passage.end),
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
        "columns": cited.columns,
        "page": cited.page,
        "ocr": cited.document.is_by_ocr(cited.start, cited.end),
        "duplicates": _duplicates(cited.duplicates),
    }


def answer(question: str, given: Answer, *, most: int | None = None, texts: bool = False) -> dict[str, Any]:
    """An answer: ``question, read, answered, confidence, sure, text, kind, ..., parts, more, notes, citations, hits``.

    Args:
        question: as asked.
        given: to it.
        most: the number of hits, from 0; by default one, or where nothing answers the three that come nearest.
        texts: whole texts of hits, not their beginnings.
    """
    if most is None:
        most = 1 if given.answered else _NEAREST
    nearest = [hit(each) for each in given.hits[:most]]
    return {
        "question": question,
        "read": given.question,
        "answered": given.answered,
        "confidence": given.confidence,
        "sure": given.sure,
        "text": given.text,
        "kind": given.kind,
        "reply": given.reply,
        "documents": list(map(_about, given.documents)),
        "parts": [{"name": part.name, "question": part.question, "labels": list(part.labels)} for part in given.parts],
        "more": given.more,
        "notes": list(given.notes),
        "citations": list(map(citation, given.citations)),
        "hits": nearest if texts else [each | {"text": each["text"][:_BEGINNING]} for each in nearest],
    }


def document(article: Document, around: int | None = None) -> dict[str, Any]:
    """An article: ``doc_id, title, ..., digest, characters, start, end, text, metadata, headings, ..., page_starts``.

    Its text is all of it, or what stands ``around`` a place.

    Raises:
        UsageError: there is no such place.
    """
    start, end = (0, len(article.text)) if around is None else article.around(around)
    return _about(article) | {
        "characters": len(article.text),
        "start": start,
        "end": end,
        "text": article.text[start:end],
        "metadata": dict(article.metadata),
        "headings": article.headings,
        "tables": article.tables,
        "page_starts": article.page_starts,
    }


def listed(kind: Kind, documents: Sequence[Listed], *, most: int | None = None, first: int = 0) -> dict[str, Any]:
    """What an index holds: ``total``, and under the name of the kind documents, or names and how many documents each.

    The ``first`` of them are left out, and of the rest no more than ``most`` are given; by default all are.
    """
    last = None if most is None else first + most
    if kind == "documents":
        return {"total": len(documents), kind: list(map(_about, documents[first:last]))}
    names = counts(kind, documents)
    return {"total": len(names), kind: dict(list(names.items())[first:last])}


def status(held: Status, changes: Changes | None) -> dict[str, Any]:
    """The fields of `pincite.Status`, and ``changes``: those of `pincite.datatypes.Changes`, null where unknown."""
    return asdict(held) | {"changes": changes and asdict(changes)}


def report(done: UpdateReport) -> dict[str, Any]:
    """The fields of `pincite.UpdateReport`."""
    return asdict(done)
