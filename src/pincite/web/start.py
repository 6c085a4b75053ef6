"""The page before the first question as HTML, and what is said where nothing can be answered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pincite.datatypes import Status, count
from pincite.web.answers import examples as buttons
from pincite.web.markup import literal

_NUMBER = re.compile(r"\s*\(?(?:FAQ )?(?:\d+(?:\.\d+)*[.)]|\d+(?:\.\d+)+|Q\d*[.:])\s+")
_HOW_TO = re.compile(r"How to (?=[a-z])", re.IGNORECASE)


def masthead(status: Status | None, held: str = "", changed: int = 0) -> str:
    """The name, how many articles there are in words, how fresh the index is (None while that is unknown)."""
    facts = []
    if status is not None:
        facts.append(held)
        if status.updated:
            facts.append(f"updated <time datetime='{literal(status.updated)}'>{literal(status.updated)}</time>")
        if changed:
            facts.append(f"<button type='button' data-act='library'>{count(changed, 'change')} on disk</button>")
    return f"<h1 class='name'>Pincite</h1><p class='size'>{' · '.join(facts)}</p>"


def question_of(line: str) -> str | None:
    """The question that a title or heading is, without its number; "How to add texts" asks how. None for another."""
    number = _NUMBER.match(line)
    line = line[number.end() if number else 0 :].strip()
    if line.endswith("？") or (line.endswith("?") and not line.endswith(("!?", "??")) and " " in line):
        return line
    how = _HOW_TO.match(line)
    return f"How do I {line[how.end() :]}?" if how else None


def start(held: str, examples: Iterable[str] = ()) -> str:
    """What this is, before the first question."""
    return (
        "<section class='start'><h2>Ask the articles</h2>"
        f"<p>The answer is quoted word for word from {held}, "
        "each quote with its exact place. Nothing is made up, and nothing leaves this machine.</p>"
        f"<div class='examples'>{buttons(examples)}</div></section>"
    )


def _notice(kind: str, title: str, said: str, role: str = "") -> str:
    live = f" role='{role}'" if role else ""
    return f"<section class='notice {kind}'{live}><h3>{title}</h3>{said}</section>"


def empty(reason: str) -> str:
    """No article is indexed: what to do about it."""
    return _notice(
        "empty",
        "No articles yet",
        "<p>Add some under <button type='button' class='plain' data-act='library'>Library</button>, or put texts "
        "(.txt, .md, .html, .pdf, .docx, .csv and more) into a folder and run <code>pincite update FOLDER</code>.</p>"
        f"<p class='reason'>{literal(reason)}</p>",
    )


def building() -> str:
    """The first update has not ended: nothing can be said about the articles yet."""
    said = (
        "<p>Questions can be asked as soon as the first update has ended; this page looks every few seconds. "
        "If no update is running any more, run <code>pincite update</code>: it goes on where it stopped.</p>"
    )
    return _notice("building", "The index is still being built", said, "status")


def nothing_fits(reason: str) -> str:
    """The filters leave no article, and why."""
    said = f"<p>{literal(reason[0].upper() + reason[1:])}. Nothing was searched; clear or widen the filters.</p>"
    return _notice("nothing", "No article fits these filters.", said)


def failure(reason: str) -> str:
    """Something broke, which says nothing about what the articles hold."""
    said = f"<p>{literal(reason)}</p><p>This says nothing about what the articles hold.</p>"
    return _notice("failed", "That did not work", said, "alert")
