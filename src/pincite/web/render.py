"""Answers as HTML: strings in, strings out. Every word from outside passes through ``_literal``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from pincite.datatypes import Answer, Citation, Document, Hit, Passage, Span

_NEAREST = 3


def _literal(text: str) -> str:
    """``text`` so that the browser shows it to the letter: no element, no attribute, no template of Gradio's."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def masthead(documents: int | None) -> str:
    """The name, and how many articles there are (None while that is unknown)."""
    size = "" if documents is None else f"<span class='size'>{_count(documents, 'article')}</span>"
    return f"<h1 class='name'>Pincite</h1>{size}"


def example(title: str) -> str:
    """A question that an article of this title should answer."""
    return title if title.rstrip().endswith(("?", "？")) else f"What about “{title}”?"


def start(documents: int, examples: Iterable[str] = ()) -> str:
    """What this is, before the first question."""
    buttons = "".join(f"<button type='button' class='example'>{_literal(text)}</button>" for text in examples)
    return (
        "<section class='start'><h2>Ask the articles</h2>"
        f"<p>The answer is quoted word for word from {_count(documents, 'article')}, "
        "each quote with its exact place. Nothing is made up, and nothing leaves this machine.</p>"
        f"<div class='examples'>{buttons}</div></section>"
    )


def empty(reason: str) -> str:
    """No article is indexed: what to do about it."""
    return (
        "<section class='notice empty'><h3>No articles yet</h3>"
        "<p>Put texts (.txt, .md, .html, .pdf, .docx, .epub, .jsonl) into a folder, run "
        "<code>pincite update FOLDER</code>, and load this page again.</p>"
        f"<p class='reason'>{_literal(reason)}</p></section>"
    )


def failure(reason: str) -> str:
    """Something broke, which says nothing about what the articles hold."""
    return (
        "<section class='notice failed' role='alert'><h3>That did not work</h3>"
        f"<p>{_literal(reason)}</p><p>This says nothing about what the articles hold.</p></section>"
    )


def pending() -> str:
    """While the articles are searched."""
    return "<p class='pending' role='status'>Reading the articles<span>…</span></p>"


def conversation(turns: Iterable[str]) -> str:
    """The turns so far; a screen reader is told of each new one."""
    return f"<div class='turns' role='log' aria-label='Conversation'>{''.join(turns)}</div>"


def turn(number: int, question: str, said: str, sources: str = "") -> str:
    """One question with what was said to it on the left and its sources on the right."""
    return (
        f"<article class='turn' id='turn-{number}' aria-labelledby='question-{number}'>"
        f"<div class='said'><h2 class='question' id='question-{number}'>{_literal(question)}</h2>{said}</div>"
        f"<aside class='sources' aria-live='off' aria-label='Sources of answer {number}'>{sources}</aside></article>"
    )


def answer(number: int, found: Answer, milliseconds: int) -> tuple[str, str]:
    """What is said to turn ``number``, and its sources."""
    if not found.answered:
        return _nothing(milliseconds), _nearest(found.hits)
    articles = len({citation.document.doc_id for citation in found.citations})
    quotes = "".join(_quote(number, citation) for citation in found.citations)
    said = f"<div class='answer'>{quotes}</div><p class='meta'>{_count(articles, 'article')} · {milliseconds} ms</p>"
    return said, _cited(number, found)


def _quote(number: int, citation: Citation) -> str:
    place, title = f"cite-{number}-{citation.label}", _literal(citation.document.title)
    chip = f"<a class='chip' href='#{place}' aria-label='Source {citation.label}: {title}'>{citation.label}</a>"
    return f"<blockquote><span class='quote'>{_literal(citation.quote)}</span> {chip}</blockquote>"


def _nothing(milliseconds: int) -> str:
    return (
        "<section class='notice nothing'><h3>Nothing in these articles answers this.</h3>"
        "<p>Passages that come near are shown for you to judge; they are not an answer. "
        f"Other words may find more.</p></section><p class='meta'>{milliseconds} ms</p>"
    )


def _cited(number: int, found: Answer) -> str:
    """One card for each passage quoted, in the order of the labels."""
    groups: dict[str, list[Citation]] = {}
    for citation in found.citations:
        groups.setdefault(citation.passage.passage_id, []).append(citation)
    cards = "".join(_cited_card(number, group) for group in groups.values())
    return f"<h3 class='panel'>{_count(len(groups), 'source')}</h3>{cards}"


def _cited_card(number: int, citations: Sequence[Citation]) -> str:
    first = citations[0]
    badges = "".join(f"<span class='badge'>{citation.label}</span>" for citation in citations)
    spans = [(citation.start, citation.end) for citation in citations]
    return _card(badges, first.document, first.passage, spans, _marked(number, first.passage, citations), first.copies)


def _nearest(hits: Sequence[Hit]) -> str:
    if not hits:
        return ""
    cards = "".join(
        _card("", hit.document, hit.passage, [(hit.passage.start, hit.passage.end)], _literal(hit.passage.text))
        for hit in hits[:_NEAREST]
    )
    return f"<h3 class='panel'>Nearest passages, not an answer</h3><div class='nearest'>{cards}</div>"


def _card(
    badges: str,
    document: Document,
    passage: Passage,
    spans: Sequence[Span],
    text: str,
    copies: Sequence[Passage] = (),
) -> str:
    return (
        f"<section class='card'><header>{badges}<h4>{_literal(document.title)}</h4></header>"
        f"<p class='where'>{_literal(_where(document, passage.page, spans))}</p>{_heading(document, passage)}"
        f"<p class='passage'>{_headed(passage, text)}</p>{_copies(copies)}</section>"
    )


def _heading(document: Document, passage: Passage) -> str:
    """The heading that a passage stands under, unless it is there to be read already."""
    heading = passage.heading
    if heading is None or heading == document.title or passage.text.startswith(heading):
        return ""
    return f"<p class='heading'>{_literal(heading)}</p>"


def _headed(passage: Passage, text: str) -> str:
    """The passage with its first line set off where that is its heading."""
    heading = _literal(passage.heading or "")
    return f"<strong>{heading}</strong>{text.removeprefix(heading)}" if heading and text.startswith(heading) else text


def _where(document: Document, page: int | None, spans: Sequence[Span]) -> str:
    characters = ", ".join(f"{start}–{end}" for start, end in spans)
    parts = (document.source, document.date, page and f"page {page}", f"characters {characters}")
    return " · ".join(part for part in parts if part)


def _marked(number: int, passage: Passage, citations: Sequence[Citation]) -> str:
    """The passage's text with the quotes marked, each the target of its chip."""
    pieces, at = [], passage.start
    for citation in sorted(citations, key=lambda each: each.start):
        pieces.append(_literal(passage.text[at - passage.start : citation.start - passage.start]))
        quote = _literal(passage.text[citation.start - passage.start : citation.end - passage.start])
        pieces.append(f"<mark id='cite-{number}-{citation.label}' tabindex='-1'>{quote}</mark>")
        at = citation.end
    return "".join(pieces) + _literal(passage.text[at - passage.start :])


def _copies(copies: Sequence[Passage]) -> str:
    names = dict.fromkeys(copy.doc_id for copy in copies)
    return f"<p class='copies'>Also in: {_literal(', '.join(names))}</p>" if names else ""
