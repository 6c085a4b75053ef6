"""What an index holds: its sources, authors and folders, and which of these a name that is none of them may mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import nlargest
from itertools import pairwise
from typing import Literal

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
    else:
        name = {"sources": document.source, "authors": document.author, "documents": document.doc_id}[kind]
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


def with_whole_names(where: Filter, listed: Iterable[Listed]) -> Filter:
    """The filter with the names of authors in the place of parts of them: ``Holt`` as ``Ane Marie Holt``.

    A part is some whole words of a name; what is an author's whole name stays.
    """
    known = {name for document in listed for name in (names.split(document.author) if document.author else ())}
    found = []
    for asked in where.author or ():
        words = set(names.key(asked).split())
        whole = sorted(name for name in known if words and words <= set(names.key(name).split()))
        found += whole or [asked]
    return replace(where, author=tuple(found)) if found else where


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
