"""The library as HTML: its articles, what changed on disk, how far an update is and what it skipped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from pincite.datatypes import Changes, Progress, Status
from pincite.web.answers import document_link
from pincite.web.articles import ask_only
from pincite.web.library import UPLOADS, State
from pincite.web.markup import count, literal, many
from pincite.web.shelf import Article

_MOST_LISTED = 200
_FEW = 5
"""Reasons that are shown without being asked for."""

_STAGES = {"read": "Reading files", "embed": "Embedding passages", "write": "Writing the index"}


def holdings(status: Status | None, changes: Changes | None, state: State) -> str:
    """What is indexed, what changed on disk, how far an update is and what the last one did.

    Args:
        status: None where there is no index to be read.
        changes: None where they are not known.
        state: of the update begun last.
    """
    report = ""
    if state.report:
        counts = [f"{len(getattr(state.report, name))} {name}" for name in ("added", "changed", "removed", "unchanged")]
        report = f"<p class='report' role='status'>Last update: {', '.join(counts)}.</p>"
    problems = [f"Not watched: {state.unwatched}"] if state.unwatched else []
    problems += [state.problem] if state.problem else []
    said = "".join(f"<p class='problem' role='alert'>{literal(problem)}</p>" for problem in problems)
    return f"{progress(state.running)}{said}{report}{_holdings(status, changes) if status else ''}"


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


def _holdings(status: Status, changes: Changes | None) -> str:
    changed = {name: word for word, names in asdict(changes).items() for name in names} if changes else {}
    skipped = len(status.stale) + len(status.skipped)
    facts = [count(status.documents, "article"), count(status.passages, "passage")]
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
