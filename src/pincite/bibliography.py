"""Cited articles for the bibliographies of others: BibTeX and CSL-JSON, an entry for each article."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from pincite import names
from pincite.datatypes import Citation, Document

_UNSEEN = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""White space, and what has no place in a line: control characters, changes of direction."""

_ESCAPED = {sign: f"\\{sign}" for sign in "#$%&_"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\textbraceleft{}",  # BibTeX counts braces, also behind a backslash
    "}": r"\textbraceright{}",
}
_IN_ADDRESSES = "".join(chr(code) for code in range(33, 127) if chr(code) not in "{}\\^`|<>\"'~")
_PARTS = re.compile(r",|\band\b", re.IGNORECASE)
"""What BibTeX takes a field of authors apart by."""
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibtex(citations: Iterable[Citation]) -> str:
    """The articles cited as entries of BibTeX, in the order in which they are first cited, a blank line between them.

    Texts are escaped for TeX and stay in Unicode. ``note`` holds the document's id and the ranges quoted.

    Examples:
        >>> print(bibtex(answer.citations))
        @misc{harbour-dcc8ca34,
          title = {{Night ferry}},
          year = {2021},
          month = mar,
          date = {2021-03-04},
          note = {harbour.txt, characters 0--37}
        }
    """
    return "\n\n".join(_entry(document, cited) for document, cited in _by_article(citations))


def csl_json(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    """The articles cited as items of CSL-JSON, which Zotero, pandoc and citeproc read.

    An author is taken apart where a comma says how; otherwise the name is ``literal``.
    """
    return [_item(document, cited) for document, cited in _by_article(citations)]


def _by_article(citations: Iterable[Citation]) -> list[tuple[Document, list[Citation]]]:
    found: dict[str, tuple[Document, list[Citation]]] = {}
    for citation in citations:
        found.setdefault(citation.document.doc_id, (citation.document, []))[1].append(citation)
    return list(found.values())


def _entry(document: Document, cited: list[Citation]) -> str:
    year, month, *_ = *(document.date or "").split("-"), ""
    fields = {
        "author": " and ".join(_in_bibtex(*name) for name in _authors(document)),
        "title": f"{{{_tex(document.title)}}}",  # once more in braces, so that its capitals stay
        "howpublished": _tex(document.source or ""),
        "year": year,
        "month": _MONTHS[int(month) - 1] if month else "",
        "date": document.date or "",
        "url": _address(document),
        "note": _tex(_note(document, cited)).replace("–", "--"),
    }
    lines = (f"  {name} = {value if name == 'month' else f'{{{value}}}'}" for name, value in fields.items() if value)
    return f"@misc{{{_key(document)},\n" + ",\n".join(lines) + "\n}"


def _item(document: Document, cited: list[Citation]) -> dict[str, Any]:
    date = [int(part) for part in document.date.split("-")] if document.date else None
    item = {
        "id": _key(document),
        "type": "webpage" if document.url else "document",
        "title": _line(document.title),
        "author": [
            {"family": family, "given": given} if given else {"literal": family} for family, given in _authors(document)
        ],
        "container-title": _line(document.source or ""),
        "issued": date and {"date-parts": [date]},
        "URL": _address(document),
        "note": _line(_note(document, cited)),
    }
    return {name: value for name, value in item.items() if value}


def _authors(document: Document) -> list[tuple[str, str]]:
    """Family and given name of each author; where the second is empty, the first is all of it."""
    named = ((_line(family), _line(given)) for family, given in names.parted(document.author or ""))
    return [name for name in named if name[0]]


def _in_bibtex(family: str, given: str) -> str:
    """A name as BibTeX reads it: one of an organisation in braces, or its "and" and commas would part it."""
    if given:
        return _tex(f"{family}, {given}")
    return f"{{{_tex(family)}}}" if names.is_body(family) or _PARTS.search(family) else _tex(family)


def _note(document: Document, cited: list[Citation]) -> str:
    return f"{document.doc_id}, characters {', '.join(f'{each.start}–{each.end}' for each in cited)}"


def _key(document: Document) -> str:
    """A name of the kind that TeX takes; no two documents have the same."""
    name = document.doc_id.rpartition("/")[2].partition(".")[0]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", plain.lower())
    return "-".join([*(words or ["article"]), hashlib.sha256(document.doc_id.encode()).hexdigest()[:8]])


def _address(document: Document) -> str:
    """The URL, which BibTeX takes to the letter, with what would end or split it written as %7B."""
    return quote(_line(document.url or ""), safe=_IN_ADDRESSES)


def _line(text: str) -> str:
    return _UNSEEN.sub(" ", text).strip()


def _tex(text: str) -> str:
    return "".join(_ESCAPED.get(sign, sign) for sign in _line(text))
