"""The articles as the page lists them to be chosen: searched, filtered, in some order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pincite import listing, names
from pincite.datatypes import Filter, Listed
from pincite.errors import QueryError
from pincite.index import Index
from pincite.parsers import kind_of


@dataclass(frozen=True, slots=True)
class Article:
    """An article as it is listed.

    Attributes:
        file: its path in the folder of articles; several articles may share one.
        added: when that file was put there or last changed, in nanoseconds since the epoch; 0 where that is not known.
    """

    listed: Listed
    file: str
    added: int


_ORDERS: Mapping[str, tuple[Callable[[Article], Any], bool]] = {
    "title": (lambda each: names.folded(each.listed.title), False),
    "newest": (lambda each: each.listed.date or "", True),
    "oldest": (lambda each: each.listed.date or "~", False),  # those without a date come last
    "added": (lambda each: each.added, True),
    "file": (lambda each: each.file, False),
}
"""For each order by what is sorted, and whether the greatest comes first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles are to be listed, as it was typed; empty for any.

    Attributes:
        search: words, each of which stands in the title, author, source or path.
        kind: what the files are read as.
        sort: one of ``title``, ``newest``, ``oldest``, ``added``, ``file``.
    """

    search: str = ""
    kind: str = ""
    folder: str = ""
    after: str = ""
    before: str = ""
    sort: str = "title"

    @classmethod
    def parse(cls, values: object) -> Wanted:
        """What a page sent.

        Raises:
            QueryError: something else.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or any(
            name not in known or not isinstance(value, str) for name, value in values.items()
        ):
            raise QueryError("not a list that this page asks for; load the page again")
        wanted = cls(**values)
        if wanted.sort not in _ORDERS:
            raise QueryError(f"sort={wanted.sort!r}: there is {', '.join(_ORDERS)}")
        return wanted


def found(index: Index, wanted: Wanted) -> list[Article]:
    """The articles that are wanted, in the order that is.

    Raises:
        FilterError: a date that is none.
        IndexProblem: there is no index, or it is damaged.
    """
    where = Filter(
        folders=wanted.folder or None, after=wanted.after.strip() or None, before=wanted.before.strip() or None
    )
    listed = index.listed(None if where == Filter() else where)
    words, files = names.folded(wanted.search).split(), index.files()
    articles = [
        Article(each, record.path, record.stamp[2] if record.stamp else 0)
        for each in listed
        if (record := files.get(each.doc_id)) and _holds(each, words)
    ]
    if wanted.kind:
        articles = [each for each in articles if kind_of(each.file) == wanted.kind]
    key, descending = _ORDERS[wanted.sort]
    return sorted(articles, key=key, reverse=descending)


def _holds(listed: Listed, words: list[str]) -> bool:
    if not words:
        return True
    stated = names.folded(f"{listed.title} {listed.author or ''} {listed.source or ''} {listed.doc_id}")
    return all(word in stated for word in words)


def choices(index: Index) -> dict[str, list[tuple[str, int]]]:
    """What one can choose by, each with the number of its articles: sources, single authors, folders, kinds of files.

    Raises:
        IndexProblem: there is no index, or it is damaged.
    """
    listed = index.listed()
    authors = Counter(name for each in listed for name in names.split(each.author or ""))
    kinds = Counter(kind_of(record.path) for record in index.files().values())
    counted = {
        "sources": listing.counts("sources", listed),
        "authors": dict(sorted(authors.items())),
        "folders": listing.counts("folders", listed),
        "kinds": dict(sorted(kinds.items())),
    }
    return {name: list(values.items()) for name, values in counted.items()}
