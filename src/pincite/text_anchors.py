"""Links to a quote: a text anchor, by which it is found again in the index, and an address on the web that marks it.

An anchor names a document, its text and a range in it, and holds a fingerprint of the quote but none of its words, so
that it cannot claim a quote that is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote as percent_encoded

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Document, Span
from pincite.errors import UnknownDocument, UsageError
from pincite.index import Index

_ANCHOR = re.compile(r"(.+)@([0-9a-f]{16}):(\d{1,12})-(\d{1,12}):([0-9a-f]{16})", re.DOTALL)

_ON_THE_WEB = re.compile(r"https?://[^\s/?#\\]+", re.IGNORECASE)

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_AT_ONCE = 1 << 18
"""Runs of characters that are compared at once, so that a long text takes little memory."""

_LONG, _PIECE = 300, 60
"""Characters of a quote that is marked from its first words to its last, and of these."""
_CONTEXT = (32, 64, 128, 256)
"""Characters of what stands around a quote that occurs twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedAnchor:
    """Where a text anchor leads now.

    Attributes:
        span: the range of the quote in the document's text; None where it no longer stands there to the letter.
        same: the text is the one that was quoted; otherwise the article was edited since.
    """

    document: Document
    span: Span | None
    same: bool


def text_anchor(document: Document, start: int, end: int) -> str:
    """A name for a range of a document's text: ``doc_id@digest:start-end:fingerprint``."""
    return f"{document.doc_id}@{document.digest[:16]}:{start}-{end}:{_fingerprint(document.text[start:end]):016x}"


def resolve(index: Index, anchor: str) -> ResolvedAnchor:
    """Where a text anchor leads: its range if the text is as it was, else where the quote stands now to the letter.

    A document is found under another id too, if its text is the same.

    Raises:
        UsageError: it is no such anchor.
        UnknownDocument: the document is not indexed any more.
    """
    found = _ANCHOR.fullmatch(anchor)
    if found is None:
        raise UsageError(f"{anchor[:80]!r}: not a link to a quote; copy it again from where it was made")
    doc_id, digest, (start, end), fingerprint = found[1], found[2], map(int, found.group(3, 4)), int(found[5], 16)
    document = index.documents([doc_id]).get(doc_id)
    if document is None or not document.digest.startswith(digest):
        document = index.with_digest(digest) or document
    if document is None:
        raise UnknownDocument(f"{doc_id}: not in the index any more")
    same, span = document.digest.startswith(digest), None
    if not same:
        span = _found(document.text, start, end - start, np.uint64(fingerprint))
    elif start < end <= len(document.text) and _fingerprint(document.text[start:end]) == fingerprint:
        span = start, end
    return ResolvedAnchor(document=document, span=span, same=same)


def _found(text: str, start: int, length: int, fingerprint: np.uint64) -> Span | None:
    """Where the quote stands in a text that was edited; of several places the nearest to where it stood."""
    if length <= 0:
        return None
    places = [
        at + int(offset)
        for at in range(0, len(text) - length + 1, _AT_ONCE)
        for offset in np.flatnonzero(_fingerprints(text[at : at + _AT_ONCE + length - 1], length) == fingerprint)
    ]
    nearest = min(places, key=lambda at: abs(at - start), default=None)
    return None if nearest is None else (nearest, nearest + length)


def _fingerprint(text: str) -> int:
    return int(_fingerprints(text, len(text))[0]) if text else 0


def _fingerprints(text: str, length: int) -> npt.NDArray[np.uint64]:
    """A fingerprint of every run of ``length`` characters, as Karp and Rabin do it (1987), modulo 2**64."""
    if not 0 < length <= len(text):
        return np.empty(0, np.uint64)
    characters = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(characters * _powers(_BASE, len(text)), dtype=np.uint64)])
    runs: npt.NDArray[np.uint64] = sums[length:] - sums[:-length]
    return runs * _powers(pow(_BASE, -1, 1 << 64), len(runs))


def _powers(base: int, n: int) -> npt.NDArray[np.uint64]:
    """The powers of ``base`` from 0 on, shape (n,)."""
    factors = np.full(n, np.uint64(base))
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def on_the_web(document: Document, span: Span | None) -> str | None:
    """The article's own address, with a fragment by which a browser marks the quote; None without such an address.

    Only an address of ``http`` or ``https`` is taken; without a ``span`` nothing is marked. The fragment is of the form
    ``#:~:text=[prefix-,]start[,end][,-suffix]`` (WICG, URL Fragment Text Directives);
    prefix and suffix are there where the quote would be found more than once.
    """
    url = document.url or ""
    if not _ON_THE_WEB.match(url):
        return None
    if span is None:
        return url
    url = url.partition(":~:")[0].rstrip("#")
    first, last = _ends(document.text[slice(*span)])
    before, after = _context(document.text, *span, first)
    parts = (before and f"{_encoded(before)}-", _encoded(first), _encoded(last), after and f"-{_encoded(after)}")
    return f"{url}{'' if '#' in url else '#'}:~:text={','.join(filter(None, parts))}"


def _ends(quote: str) -> tuple[str, str]:
    """A short quote whole and nothing, otherwise its first and its last words."""
    if len(quote) <= _LONG and "\n" not in quote:
        return quote, ""
    first, last = quote.splitlines()[0], quote.splitlines()[-1]
    head, tail = first[:_PIECE], last[-_PIECE:]
    if len(first) > _PIECE and " " in head:
        head = head.rpartition(" ")[0]
    if len(last) > _PIECE and " " in tail:
        tail = tail.partition(" ")[2]
    return head, tail


def _context(text: str, start: int, end: int, first: str) -> tuple[str, str]:
    """The words before and after, as many as tell the quote from where its words stand otherwise."""
    if _is_once(first, text):
        return "", ""
    begin, stop = start, end
    for size in _CONTEXT:
        begin = max(0, start - size)
        begin = begin and (text.find(" ", begin, start) + 1 or begin)
        stop = max(text.rfind(" ", end, end + size), end) if end + size < len(text) else len(text)
        if _is_once(text[begin:start] + first, text):
            break
    return text[begin:start].strip(), text[end:stop].strip()


def _is_once(words: str, text: str) -> bool:
    return text.find(words) == text.rfind(words)


def _encoded(text: str) -> str:
    """Percent-encoded; a hyphen too, which means something in a directive."""
    return percent_encoded(" ".join(text.split()), safe="").replace("-", "%2D")
