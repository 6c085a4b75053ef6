"""The library on the page: which articles it lists, what changed on disk, how far an update is and what it skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from pincite import listing, names
from pincite.datatypes import Changes, Listed, Progress, Status, count
from pincite.index import Index
from pincite.parsers import kind_of
from pincite.web.answers import document_link
from pincite.web.articles import ask_only
from pincite.web.library import UPLOADS, State
from pincite.web.markup import literal, many
from pincite.web.service import filter_of

_MOST_LISTED, _FEW = 200, 5  # reasons why files were left out, and how many are shown without being asked for
_STAGES = {"read": "Reading files", "embed": "Embedding passages", "write": "Writing the index"}


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


class Wanted(BaseModel):
    """Which articles are to be listed, as it was typed; empty for any.

    Attributes:
        search: words, each of which stands in the title, author, source or path.
        kind: what the files are read as.
    """

    model_config = ConfigDict(extra="forbid")
    search: str = ""
    kind: str = ""
    folder: str = ""
    after: str = ""
    before: str = ""
    sort: Literal["title", "newest", "oldest", "added", "file"] = "title"


def found(index: Index, wanted: Wanted) -> list[Article]:
    """The articles that are wanted, in the order that is.

    Raises:
        FilterError: a date that is none.
        IndexProblem: there is no index, or it is damaged.
    """
    where = filter_of(folders=wanted.folder, after=wanted.after.strip(), before=wanted.before.strip())
    words, files = names.folded(wanted.search).split(), index.files()
    articles = []
    for each in index.listed(where):
        record = files.get(each.doc_id)
        stated = names.folded(f"{each.title} {each.author or ''} {each.source or ''} {each.doc_id}") if words else ""
        if record and all(word in stated for word in words) and wanted.kind in ("", kind_of(record.path)):
            articles.append(Article(each, record.path, record.stamp[2] if record.stamp else 0))
    key, descending = _ORDERS[wanted.sort]
    return sorted(articles, key=key, reverse=descending)


def choices(index: Index) -> dict[str, list[tuple[str, int]]]:
    """What one can choose by, each with the number of its articles: sources, single authors, folders, kinds of files.

    Raises:
        IndexProblem: there is no index, or it is damaged.
    """
    listed = index.listed()
    authors = Counter(name for each in listed for name in names.split(each.author or ""))
    kinds = Counter(kind_of(record.path) for record in index.files().values())
    return {
        "sources": list(listing.counts("sources", listed).items()),
        "authors": sorted(authors.items()),
        "folders": list(listing.counts("folders", listed).items()),
        "kinds": sorted(kinds.items()),
    }


def holdings(status: Status | None, held: str, changes: Changes | None, state: State) -> str:
    """What is ``held`` in words, what changed on disk, how far an update is; None for what is unknown."""
    report = ""
    if state.report:
        counts = [f"{len(getattr(state.report, name))} {name}" for name in ("added", "changed", "removed", "unchanged")]
        report = f"<p class='report' role='status'>Last update: {', '.join(counts)}.</p>"
    problems = [f"Not watched: {state.unwatched}"] if state.unwatched else []
    problems += [state.problem] if state.problem else []
    said = "".join(f"<p class='problem' role='alert'>{literal(problem)}</p>" for problem in problems)
    return f"{progress(state.running)}{said}{report}{_holdings(status, held, changes) if status else ''}"


def progress(running: Progress | None) -> str:
    """How far an update is; nothing when none is going on."""
    if running is None:
        return ""
    total = running.total
    share = f" value='{running.done}' max='{max(total, 1)}'" if total is not None else ""
    count = f"{running.done:,} of {total:,}" if total is not None else f"{running.done:,}"
    return (
        f"<section class='running'><p>{_STAGES[running.stage]} <span>{count}</span></p>"
        f"<progress{share} aria-label='{_STAGES[running.stage]}'></progress>"
        "<p>Questions are answered from the old state meanwhile.</p></section>"
    )


def rows(articles: Iterable[Article], lengths: Mapping[str, int]) -> str:
    """Articles to be read, to be asked alone and, where they were added on the page, to be deleted.

    Args:
        articles: in the order of the list.
        lengths: characters of their texts, by id; those that went meanwhile have none.
    """
    return "".join(_row(article, lengths.get(article.listed.doc_id)) for article in articles)


def _row(article: Article, length: int | None) -> str:
    listed = article.listed
    size = None if length is None else count(length, "character")
    facts = filter(None, [listed.author, listed.source, listed.date, article.file, size])
    return (
        f"<li>{document_link(listed.doc_id, listed.title)}<p class='where'>{many(facts)}</p>"
        f"<p class='ways'>{ask_only(listed, 'Ask only this')}{_delete(article.file)}</p></li>"
    )


def _delete(path: str) -> str:
    """A button that deletes a file, where it is one that was added on the page and no part of one."""
    if not path.startswith(f"{UPLOADS}/") or ":" in path or path.endswith("/"):
        return ""
    name = literal(path)
    return f"<button type='button' data-act='erase' data-file='{name}' aria-label='Delete: {name}'>Delete</button>"


def _holdings(status: Status, held: str, changes: Changes | None) -> str:
    changed = {name: word for word, names in asdict(changes).items() for name in names} if changes else {}
    skipped = len(status.stale) + len(status.skipped)
    facts = [held, count(status.passages, "passage")]
    facts += [f"{count(len(changed), 'change')} on disk"] if changed else []
    facts += [f"{skipped} skipped"] if skipped else []
    return (
        f"<p class='facts'>{', '.join(facts)}</p>{_names('Changed on disk', changed)}"
        f"{_names('Keeps its last good version', status.stale)}{_names('Skipped', status.skipped)}"
        f"<p class='folder'>Folder: <code>{literal(status.corpus or '-')}</code></p>"
    )


def _names(title: str, reasons: Mapping[str, str]) -> str:
    if not reasons:
        return ""
    rows = "".join(
        f"<li><b>{literal(name)}</b>: {literal(why)} {_delete(name)}</li>"
        for name, why in list(reasons.items())[:_MOST_LISTED]
    )
    more = f"<li>and {len(reasons) - _MOST_LISTED:,} more</li>" if len(reasons) > _MOST_LISTED else ""
    shown = " open" if len(reasons) <= _FEW else ""
    return (
        f"<details{shown} class='reasons'><summary>{title} ({len(reasons):,})</summary><ul>{rows}{more}</ul></details>"
    )
