"""The library as HTML: what is indexed, what changed on disk, how far an update is and what it skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from pincite.datatypes import Changes, Progress, Status
from pincite.web.answers import document_link
from pincite.web.library import State
from pincite.web.markup import count, literal

_MOST_LISTED = 200
_STAGES = {"read": "Reading files", "embed": "Embedding passages", "write": "Writing the index"}


def holdings(status: Status | None, titles: Mapping[str, str], changes: Changes | None, state: State) -> str:
    """What is indexed, what changed on disk, how far an update is and what the last one did.

    Args:
        status: None where there is no index to be read.
        titles: some of the documents, by id.
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
    return f"{progress(state.running)}{said}{report}{_holdings(status, titles, changes) if status else ''}"


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


def _holdings(status: Status, titles: Mapping[str, str], changes: Changes | None) -> str:
    changed = {name: word for word, names in asdict(changes).items() for name in names} if changes else {}
    skipped = len(status.stale) + len(status.skipped)
    facts = [count(status.documents, "article"), count(status.passages, "passage")]
    facts += [f"{count(len(changed), 'change')} on disk"] if changed else []
    facts += [f"{skipped} skipped"] if skipped else []
    return (
        f"<p class='facts'>{', '.join(facts)}</p>{_names('Changed on disk', changed)}"
        f"{_names('Keeps its last good version', status.stale)}{_names('Skipped', status.skipped)}"
        f"<p class='folder'>Folder: <code>{literal(status.corpus or '-')}</code></p>{_titles(status, titles)}"
    )


def _names(title: str, reasons: Mapping[str, str]) -> str:
    if not reasons:
        return ""
    rows = "".join(
        f"<li><b>{literal(name)}</b>: {literal(why)}</li>" for name, why in list(reasons.items())[:_MOST_LISTED]
    )
    more = f"<li>and {len(reasons) - _MOST_LISTED:,} more</li>" if len(reasons) > _MOST_LISTED else ""
    return f"<details open class='reasons'><summary>{title}</summary><ul>{rows}{more}</ul></details>"


def _titles(status: Status, titles: Mapping[str, str]) -> str:
    rows = "".join(f"<li>{document_link(doc_id, title)}</li>" for doc_id, title in titles.items())
    more = f"<li>and {status.documents - len(titles):,} more</li>" if status.documents > len(titles) else ""
    return f"<details class='titles'><summary>Articles</summary><ul>{rows}{more}</ul></details>"
