"""What a visitor judges of an answer: checked against the articles as they are now, and noted."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pincite import text_anchors
from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Document, Span
from pincite.errors import UsageError
from pincite.evaluation import judgements
from pincite.evaluation.judgements import Verdict
from pincite.index import Index
from pincite.web.chat import Asked
from pincite.web.service import MOST_CHARACTERS

_MOST_TURNS = 20
_MOST_QUOTED = 2000
_Text = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class Selected(BaseModel):
    """A part of an article as the page shows it: range in code points, and what stands there."""

    model_config = ConfigDict(extra="forbid")
    doc_id: str
    digest: str
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: str


class Judged(BaseModel):
    """A judgement as the page sends it.

    Attributes:
        history: the questions before it, oldest first.
        verdict: ``right`` and ``wrong`` are said of ``cite``, ``instead`` of ``selected``, ``nothing`` of the question.
        cite: the text anchor of a quote.
        selected: what was selected in the reader.
    """

    model_config = ConfigDict(extra="forbid")
    asked: Asked
    history: Annotated[list[_Text], Field(max_length=_MOST_TURNS)] = []
    verdict: Verdict
    cite: str | None = None
    selected: Selected | None = None


def note(index: Index, judged: Judged) -> dict[str, str]:
    """Note a judgement; a selection is widened to whole sentences.

    Returns:
        ``noted_in``, the file with its folder, and ``quote``, what was judged.

    Raises:
        UsageError: something is missing, too long, or no sentence.
        PinciteError: the article is not in the index any more, or the judgement cannot be written.
    """
    asked = judged.asked
    if not 0 < len(asked.question.strip()) <= len(asked.question) <= MOST_CHARACTERS:
        raise UsageError(f"question: give one of up to {MOST_CHARACTERS:,} characters")
    place = _place(index, judged)
    path = judgements.note(
        index, judged.verdict, asked.question, place=place, history=judged.history, where=asked.where
    )
    quote = place[0].text[slice(*place[1])] if place else ""
    return {"noted_in": f"{path.parent.name}/{path.name}", "quote": quote}


def _place(index: Index, judged: Judged) -> tuple[Document, Span] | None:
    needed = {"right": "cite", "wrong": "cite", "instead": "selected"}.get(judged.verdict)
    given = [name for name in ("cite", "selected") if getattr(judged, name) is not None]
    if given != ([needed] if needed else []):
        raise UsageError(
            f"verdict={judged.verdict!r}: give {needed or 'no place'}, not {' and '.join(given) or 'none'}"
        )
    if judged.cite is not None:
        found = text_anchors.resolve(index, judged.cite)
        if found.span is None:
            raise UsageError(f"{found.document.doc_id}: was changed, and no longer holds the quote; ask again")
        return found.document, found.span
    if judged.selected is not None:
        document = index.document(judged.selected.doc_id)
        return document, whole_sentences(document, judged.selected)
    return None


def whole_sentences(document: Document, selected: Selected) -> Span:
    """The range of the sentences that a selection touches, white space aside; `UsageError` where it touches none."""
    start, end = selected.start, selected.end
    if document.digest != selected.digest:
        raise UsageError(f"{document.doc_id}: was changed since it was opened; open it again")
    if document.text[start:end] != selected.text:
        raise UsageError(f"{document.doc_id}: holds something else at {start}-{end}; open it again and select anew")
    touched = [
        (a, b)
        for a, b in sentence_spans(document.text, document.headings, document.tables)
        if document.text[max(a, start) : min(b, end)].strip()
    ]
    if not touched:
        raise UsageError("no sentence is selected: select the one that answers")
    first, last = touched[0][0], touched[-1][1]
    if last - first > _MOST_QUOTED:
        raise UsageError(
            f"{last - first:,} characters are selected: select a sentence or a few, up to {_MOST_QUOTED:,}"
        )
    return first, last
