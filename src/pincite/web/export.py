"""Turns of a conversation to take along: as plain text, as Markdown, and as one HTML file, with quotes and places."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

from pincite.assistant import NO_ANSWER, NOT_SURE
from pincite.datatypes import Document, Hit, Span
from pincite.web import answers
from pincite.web.answers import ANSWERS, Reply
from pincite.web.markup import direction, where

Turns = Sequence[tuple[str, Reply]]  # questions, each with what was said to it

_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([-+=.)])", re.MULTILINE)
_STYLE = (
    "body{max-width:44rem;margin:3rem auto;padding:0 1.5rem;font:1.0625rem/1.6 Georgia,serif;color:#1b211f}"
    "blockquote{margin:0 0 1rem;white-space:pre-line}li{margin:0 0 1rem}small{color:#59635f;overflow-wrap:anywhere}"
)
FAILED = "It was not answered then."
"""What is said of a turn that failed."""


def citation(document: Document, span: Span) -> str:
    """One citation as plain text."""
    about = [f"“{document.title}”", document.author, *where(document, [span]), document.url or document.doc_id]
    about.append(_columns(document, span))
    return f"“{document.text[slice(*span)]}” ({', '.join(part for part in about if part)})"


def _told(reply: Reply) -> tuple[list[str], list[tuple[int, Document, Span]]]:
    """What Pincite says itself, also of quotes that are gone; and the quotes that still stand, by their labels."""
    quotes = reply.quotes if reply.kind in ANSWERS else ()
    standing = [(each.label, each.document, each.span) for each in quotes if each.document and each.span]
    if reply.kind == "failed":
        return [FAILED], standing
    nothing = {"weak": [NOT_SURE], "near": [f"{NO_ANSWER}."]}.get(reply.kind, [])
    gone = [f"{answers.gone(each)} [{each.label}]" for each in quotes if each.span is None]
    return [*reply.notes, *([reply.text] if reply.text else nothing), *gone], standing


def text(turns: Turns) -> str:
    """For Word and mail: questions, quotes and where they stand, without any markup."""
    made = []
    for question, reply in turns:
        said, standing = _told(reply)
        quotes = [f"{document.text[slice(*span)]} [{label}]" for label, document, span in standing]
        places = "\n".join(f"[{label}] {', '.join(_facts(document, span)[:-1])}" for label, document, span in standing)
        made.append("\n\n".join([question, *said, *quotes, *filter(None, [places])]))
    return "\n\n\n".join(made) + "\n"


def markdown(turns: Turns) -> str:
    """As Markdown that shows every text to the letter."""
    made = []
    for question, reply in turns:
        said, standing = _told(reply)
        quotes = [f"{_plain(document.text[slice(*span)])} \\[{label}\\]" for label, document, span in standing]
        quoted = ["\n".join(f"> {line}".rstrip() for line in quote.split("\n")) for quote in quotes]
        places = "\n".join(f"{label}. {', '.join(map(_line, _facts(at, span)))}" for label, at, span in standing)
        sources = ["## Sources", places] if places else []
        made.append("\n\n".join([f"# {_line(question)}", *map(_line, said), *quoted, *sources]) + "\n")
    return "\n".join(made)


def _line(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    lines = "\n".join(line.strip() for line in _MARKUP.sub(r"\\\g<0>", text).split("\n"))
    return _BEGINS_A_BLOCK.sub(r"\1\\\2", lines)


def html(turns: Turns) -> str:
    """As one HTML file that needs nothing else and runs nothing."""
    title = escape(turns[0][0]) if turns else "Pincite"
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<meta name='viewport' content='width=device-width'><title>{title}</title><style>{_STYLE}</style>"
        f"{''.join(html_turn(question, reply) for question, reply in turns)}"
        "<p><small>Quoted word for word by Pincite; characters count from 0 in the text with that SHA-256.</small></p>"
        "</html>"
    )


def html_turn(question: str, reply: Reply) -> str:
    """A turn as HTML that may stand in any page."""
    words, standing = _told(reply)
    quotes = "".join(
        f"<blockquote dir='{direction(document, span)}'>"
        f"<span class='quote'>{escape(document.text[slice(*span)])}</span> [{label}]</blockquote>"
        for label, document, span in standing
    )
    places = "".join(
        f"<li value='{label}'>{'<br>'.join(map(escape, _facts(document, span)))}</li>"
        for label, document, span in standing
    )
    said = "".join(f"<p>{escape(each)}</p>" for each in words)
    sources = f"<h2>Sources</h2><ol>{places}</ol>" if places else ""
    return f"<h1 dir='auto'>{escape(question)}</h1>{said}{quotes}{sources}"


def html_hit(hit: Hit) -> str:
    """A passage and where it stands, as HTML that may stand in any page."""
    span = (hit.passage.start, hit.passage.end)
    return (
        f"<blockquote dir='{direction(hit.document, span)}'>{escape(hit.passage.text)}"
        f"</blockquote><small>{'<br>'.join(map(escape, _facts(hit.document, span)))}</small>"
    )


def notebook(html: str) -> str:
    """HTML of this module for a notebook, which would take what stands between two dollars for a formula."""
    kept = html.replace("$", "<span>$</span>").replace("<blockquote ", "<blockquote style='white-space:pre-line' ")
    return f"<div class='tex2jax_ignore mathjax_ignore'>{kept}</div>"


def _facts(document: Document, span: Span) -> list[str]:
    known = [f"“{document.title}”", document.author, " · ".join(where(document, [span])), document.url]
    known.append(_columns(document, span))
    return [*filter(None, known), f"file {document.doc_id}", f"SHA-256 {document.digest}"]


def _columns(document: Document, span: Span) -> str:
    columns = document.columns_at(span[0])
    return f"columns: {' '.join(columns.split())}" if columns else ""


FORMATS: dict[str, Callable[[Turns], str]] = {"text": text, "markdown": markdown, "html": html}
"""What can be asked for, by name."""
