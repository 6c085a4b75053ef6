"""An article to be read as HTML: the whole text with the quotes marked, its facts and links."""

from __future__ import annotations

from collections.abc import Sequence

from pincite import text_anchors
from pincite.datatypes import Document, Listed, Span
from pincite.text_anchors import ResolvedAnchor
from pincite.web import export
from pincite.web.columns import gap, marked, setting, shown
from pincite.web.markup import address, direction, facts, literal, many, numbered_blocks, readable_parts, where

_BREAK = "<span class='break'></span>"


def article(resolved: ResolvedAnchor, anchor: str | None, others: Sequence[Span] = ()) -> str:
    """A whole article with quotes marked; what the elements of ``.text`` hold is its text to the letter.

    Args:
        resolved: the article, and where the quote stands in it.
        anchor: the quote's; None where only the article was asked for.
        others: ranges of other quotes in the text, marked more quietly.
    """
    document, span = resolved.document, resolved.span
    known = where(document, [span]) if span else facts(document)
    along = direction(document)
    still = "the quote still stands in it, word for word" if span else "the quote no longer stands in it"
    news = f"<p class='news' role='status'>This article was changed since the quote was taken: {still}.</p>"
    news = news if anchor and not (resolved.same and span) else ""
    name = f"data-doc='{literal(document.doc_id)}' data-digest='{document.digest}'"
    return (
        f"<header><h2 dir='{along}' tabindex='-1'>{literal(document.title)}</h2>"
        f"<p class='where' dir='{along}'>{many(known)}</p>"
        f"{news}{_links(document, span, anchor)}</header>{_picture(document, span, anchor)}"
        f"<div class='text' {name}>{_text(document, span, others)}</div>"
    )


def _links(document: Document, span: Span | None, anchor: str | None) -> str:
    """To the file, to the web, and the citation to copy."""
    href = f"original{address('doc', document.doc_id)}"
    if document.doc_id.lower().endswith(".pdf"):
        page = document.page_at(span[0]) if span else None
        file = f"<a href='{href}#page={page or 1}' target='_blank' rel='noopener'>Open original</a>"
    else:
        file = f"<a href='{href}' download>Download original</a>"
    web = text_anchors.on_the_web(document, span)
    out = f"<a href='{literal(web)}' target='_blank' rel='noopener noreferrer'>On the web</a>" if web else ""
    citation = literal(export.citation(document, span)) if span else ""
    copy = f"<button type='button' data-act='copy-text' data-text='{citation}'>Copy citation</button>" if span else ""
    target = f"data-cite='{literal(anchor)}'" if anchor else f"data-doc='{literal(document.doc_id)}'"
    link = f"<button type='button' data-act='copy-link' {target}>Copy link</button>"
    return f"<p class='ways'>{file}{out}{copy}{link}{ask_only(document, 'Ask only this article')}</p>"


def ask_only(document: Document | Listed, said: str) -> str:
    """A button by which only this article is asked from then on."""
    title = literal(document.title)
    return (
        f"<button type='button' data-act='ask-only' data-doc='{literal(document.doc_id)}' data-title='{title}' "
        f"aria-label='{literal(said)}: {title}'>{literal(said)}</button>"
    )


def _picture(document: Document, span: Span | None, anchor: str | None) -> str:
    """Of a PDF, the page as it looks; the text is one click away."""
    if not document.doc_id.lower().endswith(".pdf") or not document.page_starts:
        return ""
    page = document.page_at(span[0]) if span else 1
    name, value = ("cite", anchor) if anchor else ("doc", document.doc_id)
    return (
        f"<figure class='picture' data-page='{page}' data-pages='{len(document.page_starts)}' "
        f"data-address='page.png{address(name, value)}'>"
        "<figcaption><button type='button' data-act='turn-page' data-by='-1' aria-label='Page before'>←</button>"
        "<span class='page' role='status'></span>"
        "<button type='button' data-act='turn-page' data-by='1' aria-label='Next page'>→</button>"
        "<button type='button' data-act='zoom'></button>"
        "<button type='button' data-act='view'>Show the text</button></figcaption>"
        "<div class='sheet' tabindex='0' role='region' aria-label='Page'><img alt='' data-act='zoom' /></div></figure>"
    )


def _text(document: Document, span: Span | None, others: Sequence[Span]) -> str:
    marks = [(*other, "mark class='other'") for other in others if other != span]
    marks += [(*span, "mark class='current'")] if span else []
    pieces, at = [], 0
    for start, end, number in numbered_blocks(document):
        between = document.text[at:start]
        pieces.append(gap(document.text, at, start, marks))
        name, kind = (f" data-number='{number}'", "paragraph") if number else ("", "heading")
        here = " here" if span and span[0] < end and start < span[1] else ""
        along = direction(document, (start, end) if number else None)
        set_by = setting(document, (start, end)) if number else None
        if set_by:
            kind += f" {set_by.kind}{' goes-on' if between.count(chr(10)) == 1 else ''}"
            inside = shown(document, (start, end), marks, set_by.base)
        else:
            parts = readable_parts(document.text, start, end)
            inside = _BREAK.join(marked(document.text, *part, marks) for part in parts)
        pieces.append(f"<div class='{kind}{here}' dir='{along}'{name}>{inside}</div>")
        at = end
    return "".join(pieces) + gap(document.text, at, len(document.text), marks)
