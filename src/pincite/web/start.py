"""The page before the first question as HTML, and what is said where nothing can be answered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pincite.datatypes import Status
from pincite.web.answers import examples as buttons
from pincite.web.markup import count, literal

_NUMBER = re.compile(r"\s*(?:\d+(?:\.\d+)*[.)]|\d+(?:\.\d+)+|Q\d*[.:])\s+")
_HOW_TO = re.compile(r"How to (?=[a-z])", re.IGNORECASE)


def masthead(status: Status | None, changed: int = 0) -> str:
    """The name, how many articles there are, how fresh the index is (None while that is unknown)."""
    facts = []
    if status is not None:
        facts.append(count(status.documents, "article"))
        if status.updated:
            facts.append(f"updated <time datetime='{literal(status.updated)}'>{literal(status.updated)}</time>")
        if changed:
            facts.append(f"<button type='button' data-act='library'>{count(changed, 'change')} on disk</button>")
    return f"<h1 class='name'>Pincite</h1><p class='size'>{' · '.join(facts)}</p>"


def question_of(line: str) -> str | None:
    """The question that a title or heading is, without its number; "How to add texts" asks how. None for another."""
    line = _NUMBER.sub("", line).strip()
    if line.endswith("？") or (line.endswith("?") and " " in line):
        return line
    how = _HOW_TO.match(line)
    return f"How do I {line[how.end() :]}?" if how else None


def example(title: str) -> str:
    """A question that an article of this title should answer."""
    return question_of(title) or f"What about “{title}”?"


def start(documents: int, examples: Iterable[str] = ()) -> str:
    """What this is, before the first question."""
    return (
        "<section class='start'><h2>Ask the articles</h2>"
        f"<p>The answer is quoted word for word from {count(documents, 'article')}, "
        "each quote with its exact place. Nothing is made up, and nothing leaves this machine.</p>"
        f"<div class='examples'>{buttons(examples)}</div></section>"
    )


def empty(reason: str) -> str:
    """No article is indexed: what to do about it."""
    return (
        "<section class='notice empty'><h3>No articles yet</h3>"
        "<p>Add some under <button type='button' class='plain' data-act='library'>Library</button>, or put texts "
        "(.txt, .md, .html, .pdf, .docx, .csv and more) into a folder and run <code>pincite update FOLDER</code>.</p>"
        f"<p class='reason'>{literal(reason)}</p></section>"
    )


def building() -> str:
    """The first update has not ended: nothing can be said about the articles yet."""
    return (
        "<section class='notice building' role='status'><h3>The index is still being built</h3>"
        "<p>Questions can be asked as soon as the first update has ended; this page looks every few seconds. "
        "If no update is running any more, run <code>pincite update</code>: it goes on where it stopped.</p></section>"
    )


def nothing_fits(reason: str) -> str:
    """The filters leave no article, and why."""
    said = f"<p>{literal(reason[0].upper() + reason[1:])}. Nothing was searched; clear or widen the filters.</p>"
    return f"<section class='notice nothing'><h3>No article fits these filters.</h3>{said}</section>"


def failure(reason: str) -> str:
    """Something broke, which says nothing about what the articles hold."""
    return (
        "<section class='notice failed' role='alert'><h3>That did not work</h3>"
        f"<p>{literal(reason)}</p><p>This says nothing about what the articles hold.</p></section>"
    )
