"""What an index holds: its sources, authors and folders, and which of these a name that is none of them may mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from heapq import nlargest
from itertools import pairwise
from typing import Any, Literal

from pincite import names
from pincite.datatypes import Filter, Listed, count, shortened, table_of
from pincite.errors import NothingFits

Kind = Literal["documents", "sources", "authors", "folders"]

_PARTS: tuple[tuple[str, str, Kind], ...] = (
    ("source", "source", "sources"),
    ("author", "author", "authors"),
    ("doc_ids", "id", "documents"),
    ("folders", "folder", "folders"),
)
"""Of a filter what names something: the field, one of its values in words, and what there is of that kind."""

_NAMED = 3  # names that an error gives

_LINE = re.compile(r"\.jsonl(\.gz)?#.*", re.DOTALL)
"""What stands behind the folder and name of a file in the id of one of its lines."""


def in_words(doc_ids: Iterable[str]) -> str:
    """How many articles these are, rows of tables counted apart: ``3 articles and 240 rows of 2 tables``."""
    ids = list(doc_ids)
    tables = [found for found in map(table_of, ids) if found]
    said = [f"{count(len(tables), 'row')} of {count(len(set(tables)), 'table')}"] if tables else []
    articles = len(ids) - len(tables)
    return " and ".join([count(articles, "article"), *said] if articles or not said else said)


_INITIALS = re.compile(r"\b(?:[^\W\d_]\b|[A-Z]{2,3}\b)")
_BETWEEN_INITIALS = re.compile(r"(?<=\b\w) (?=\w\b)")


def counts(kind: Kind, listed: Iterable[Listed]) -> dict[str, int]:
    """Names in order (ids of ``documents``), each with the number of its documents, those in folders below included."""
    names = (name for document in listed for name in _names(kind, document))
    return dict(sorted(Counter(names).items()))


def folder_of(doc_id: str) -> str:
    """The folder of a document's file, with ``/`` between parts; empty where it lies in that of the articles."""
    return _LINE.sub("", doc_id).rpartition("/")[0]


def _names(kind: Kind, document: Listed) -> Iterator[str]:
    if kind == "folders":
        folder = folder_of(document.doc_id)
        yield from (folder[: slash.start()] for slash in re.finditer("/|$", folder) if folder)
    elif kind == "authors":
        yield from names.split(document.author or "")
    else:
        name = document.source if kind == "sources" else document.doc_id
        if name is not None:
            yield name


def there_are(name: str, names: Iterable[str]) -> str:
    """In words which names there are, those first that are nearest to one that is none of them."""
    known, wanted = list(names), _pairs(name)

    def likeness(other: str) -> float:
        held = _pairs(other)
        return len(wanted & held) / (len(wanted) + len(held))

    if not known:
        return "there is none"
    nearest = ", ".join(repr(shortened(each)) for each in nlargest(_NAMED, known, key=likeness))
    more = len(known) - _NAMED
    return f"there {'is' if len(known) == 1 else 'are'}: {nearest}{f' (and {more} more)' if more > 0 else ''}"


def _pairs(name: str) -> set[str]:
    """Its neighbouring letters, of which similar names share most; much faster than how they are aligned."""
    return {first + second for first, second in pairwise(f" {name.casefold()} ")}


def with_held_names(where: Filter, listed: Iterable[Listed]) -> Filter:
    """The filter with the names that there are in the place of those that are nearly so.

    Of an author all ways in which his initials are written, and where he is nobody, those whose name has these words:
    ``Holt`` as ``Ane Marie Holt``. Of a folder or an id that is none, those that are it but for case and accents.
    """
    documents = list(listed)
    authors = {name for each in documents for name in names.split(each.author or "")}
    held: dict[str, Iterable[str]] = {
        "author": _held_authors(where.author or (), authors),
        "doc_ids": _alike(where.doc_ids or (), [each.doc_id for each in documents]),
        "folders": _alike(where.folders or (), counts("folders", documents)),
    }
    meant: dict[str, Any] = {field: tuple(values) for field, values in held.items() if getattr(where, field)}
    return replace(where, **meant)


def _alike(asked: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """The names that are known, each in the place of one that is not and differs in case or accents alone."""
    for name in asked:
        alike = [] if name in known else [each for each in known if names.folded(each) == names.folded(name)]
        yield from alike or [name]


def _held_authors(asked: Iterable[str], known: set[str]) -> Iterator[str]:
    by_key: dict[str, list[str]] = {}
    for name in sorted(known):
        by_key.setdefault(_joined(name), []).append(name)
    for each in asked:
        words = set(names.key(each).split())
        parts = (name for name in sorted(known) if words and words <= set(names.key(name).split()))
        alike = by_key.get(_joined(each), [])
        written = [name for name in alike if has_initials(name) == has_initials(each)]  # "A. B. Lund" is not Ab Lund
        yield from written or list(parts) or [each]


def has_initials(author: str) -> bool:
    """Whether a name has initials, which are written in several ways: ``J. R. Halden``, ``JR Halden``."""
    return _INITIALS.search(author) is not None


def _joined(name: str) -> str:
    """A name in the form by which names are compared, ``Halden, J. R.`` as ``jr halden``."""
    split = names.split(name)
    return _BETWEEN_INITIALS.sub("", names.key(split[0] if len(split) == 1 else name))


def nothing_fits(where: Filter, listed: Iterable[Listed]) -> NothingFits:
    """Why none of all documents fits a filter, and what would."""
    documents = list(listed)
    for field, word, kind in _PARTS:
        values = getattr(where, field)
        if values and not any(map(replace(Filter(), **{field: values}).fits, documents)):
            asked = " or ".join(repr(shortened(value)) for value in values)
            return NothingFits(f"no article has the {word} {asked}; {there_are(values[0], counts(kind, documents))}")
    undated = replace(where, after=None, before=None)
    fitting = [document for document in documents if undated.fits(document)]
    if not fitting:
        return NothingFits("each part of the filter fits some article, and none fits all of them: leave one out")
    asked = " and ".join(f"{name}={getattr(where, name)!r}" for name in ("after", "before") if getattr(where, name))
    otherwise = undated != Filter()
    if len(fitting) == 1:
        there = f"the only one{' that fits otherwise' if otherwise else ''}"
        dated = f"is dated {fitting[0].date}" if fitting[0].date else "has no date"
    else:
        there = f"those{' that fit otherwise' if otherwise else ''}"
        dates = sorted(document.date for document in fitting if document.date)
        dated = f"are dated {dates[0]} to {dates[-1]}" if dates else "have no date"
    return NothingFits(f"no article fits {asked}; {there} {dated}")
