"""Mail (RFC 5322): its subject, sender and day are stated, its body is the text, what is attached is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from pincite.datatypes import Document, Span, Table
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import decode, storable
from pincite.parsers.headings import with_headings
from pincite.parsers.markup import blocks_of, lay_out, parse_html
from pincite.parsers.metadata import document


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a mail."""
    data = path.read_bytes()
    if not data.strip():
        raise UnreadableFile("empty")
    yield mail(data, name)


def mail(data: bytes, name: str) -> Document:
    """A mail as a document.

    Raises:
        UnreadableFile: it is none, or has no text.
    """
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(data)
    if not any(header in message for header in ("From", "To", "Subject", "Date", "Message-ID", "Received")):
        raise UnreadableFile("not a mail: it has no line such as From, Date or Subject")
    attached = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    stated = {
        "title": _header(message, "Subject"),
        "author": _names(message, "From") or _header(message, "From"),
        "date": _header(message, "Date") or _header(message, "Sent"),
        "to": _names(message, "To"),
        "cc": _names(message, "Cc"),
        "attachments": attached,
    }
    return document(name, *_body(message, attached), stated=stated)


def _header(mail: EmailMessage, key: str) -> str:
    """A header's value; the library fails at some that are malformed, which must cost that header alone."""
    with suppress(Exception):
        return storable(str(mail.get(key, "")))
    return ""


def _names(mail: EmailMessage, key: str) -> list[str]:
    """The people that a header names, those without a name by their address."""
    with suppress(Exception):
        return [(each.display_name or each.addr_spec).strip('"') for each in mail[key].addresses]
    return []


def _body(mail: EmailMessage, attached: list[str]) -> tuple[str, tuple[Span, ...], tuple[Table, ...]]:
    """The text as its author wrote it, else that of the page beside it, its headings and its tables."""
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        content = part.get_payload(decode=True) if part is not None else None
        if part is None or not isinstance(content, bytes) or not content.strip():
            continue
        text = decode(content, part.get_content_charset("utf-8"))
        return (*with_headings(text), ()) if kind == "plain" else lay_out(blocks_of(parse_html(text)))
    raise UnreadableFile(f"no text in it, but what is attached: {', '.join(attached)}" if attached else "no text in it")
