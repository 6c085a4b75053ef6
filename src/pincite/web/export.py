"""An answer to take along: as Markdown and as one HTML file, with quotes, places and the digests of the texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from pincite.datatypes import Answer, Citation, Document, Span
from pincite.web.locations import where

_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([-+=.)])", re.MULTILINE)
_STYLE = (
    "body{max-width:44rem;margin:3rem auto;padding:0 1.5rem;font:1.0625rem/1.6 Georgia,serif;color:#1b211f}"
    "blockquote{margin:0 0 1rem;white-space:pre-line}li{margin:0 0 1rem}small{color:#59635f;overflow-wrap:anywhere}"
)


def citation(document: Document, span: Span) -> str:
    """One citation as plain text."""
    columns = document.columns_at(span[0])
    about = [f"“{document.title}”", document.author, *where(document, [span]), document.url or document.doc_id]
    about.append(columns and f"columns: {' '.join(columns.split())}")
    return f"“{document.text[slice(*span)]}” ({', '.join(part for part in about if part)})"


def markdown(question: str, answer: Answer) -> str:
    """An answer as Markdown that shows every text to the letter."""
    quotes = "\n\n".join(_quote(citation) for citation in answer.citations)
    places = "\n".join(f"{citation.label}. {', '.join(map(_line, _facts(citation)))}" for citation in answer.citations)
    said = f"{_line(answer.reply)}\n\n" if answer.reply else ""
    return f"# {_line(question)}\n\n{said}{quotes}\n\n## Sources\n\n{places}\n"


def _quote(citation: Citation) -> str:
    lines = f"{_plain(citation.quote)} \\[{citation.label}\\]".split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _line(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    lines = "\n".join(line.strip() for line in _MARKUP.sub(r"\\\g<0>", text).split("\n"))
    return _BEGINS_A_BLOCK.sub(r"\1\\\2", lines)


def html(question: str, answer: Answer) -> str:
    """An answer as one HTML file that needs nothing else and runs nothing."""
    title = escape(question)
    quotes = "".join(
        f"<blockquote dir='auto'><span class='quote'>{escape(citation.quote)}</span> [{citation.label}]</blockquote>"
        for citation in answer.citations
    )
    said = f"<p>{escape(answer.reply)}</p>" if answer.reply else ""
    places = "".join(
        f"<li value='{citation.label}'>{'<br>'.join(map(escape, _facts(citation)))}</li>"
        for citation in answer.citations
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<meta name='viewport' content='width=device-width'><title>{title}</title><style>{_STYLE}</style>"
        f"<h1 dir='auto'>{title}</h1>{said}{quotes}<h2>Sources</h2><ol>{places}</ol>"
        "<p><small>Quoted word for word by Pincite; characters count from 0 in the text with that SHA-256.</small></p>"
        "</html>"
    )


def _facts(citation: Citation) -> Iterator[str]:
    document = citation.document
    yield f"“{document.title}”"
    if document.author:
        yield document.author
    yield " · ".join(where(document, [(citation.start, citation.end)]))
    if citation.columns:
        yield f"columns: {' '.join(citation.columns.split())}"
    if document.url:
        yield document.url
    yield f"file {document.doc_id}"
    yield f"SHA-256 {document.digest}"
