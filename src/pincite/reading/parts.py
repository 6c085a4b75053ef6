"""Questions on several things, each of which has to be found: "Compare A with B", "When did A and B burn down?".

And those that no one passage answers: "Which mills burned down?", "What do the articles say about talent?".
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r"(?:the\s+)?[A-Z][\w'’-]*(?:\s+(?:(?:of|the|de|van|von)\s+)*[A-Z][\w'’-]*){0,4}"
_THING = r"[^?,;]{2,60}?"
_COMPARED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\W*(?:please\s+)?(?:compare|contrast)\s+(?P<one>{_THING})\s+(?:with|to|and|against|versus|vs\.?)\s+(?P<other>{_THING})\W*",
        rf"\W*(?:what|which)\s+(?:is|are|was|were)\s+the\s+(?:main\s+)?differences?\s+between\s+(?P<one>{_THING})\s+and\s+(?P<other>{_THING})\W*",
        rf"\W*how\s+(?:do|does|did)\s+(?P<one>{_THING})\s+(?:differ\s+from|compare\s+(?:with|to))\s+(?P<other>{_THING})\W*",
        rf"\W*(?P<one>{_THING})\s+(?:versus|vs\.?)\s+(?P<other>{_THING})\W*",
    )
]
_BOTH = re.compile(rf"(?<!between\s)\b(?:both\s+)?(?P<one>{_NAME})\s+(?:and|or)\s+(?P<other>{_NAME})")
_OF = re.compile(r"(?P<what>.+\s(?:of|in|at|on|for)\s+)(?P<one>.+)", re.IGNORECASE)
_THAT_OF = re.compile(r"(?:that|those|the one|the ones)\s+(?:of|in|at|on|for)\s+", re.IGNORECASE)
_NO_PLURAL = r"(?!(?:was|is|has|does)\s)[\w-]+"
_ENUMERATES = re.compile(
    rf"\W*(?:(?:which|what)\s+(?:{_NO_PLURAL}\s+){{0,2}}?{_NO_PLURAL}(?<=[^su']s)\s"
    r"|(?:list|name|enumerate)\s|who\s+(?:all|were|are)\s)",
    re.IGNORECASE,
)

_TEXTS = (
    r"(?:(?:the|these|those|your|all|my|different)\s+){0,2}"
    r"(?:articles?|texts?|documents?|files?|papers?|sources?|authors?)"
)
_BROAD = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\W*what\s+(?:do|does|did|can|have)\s+{_TEXTS}\s+(?:say|said|tell\s+(?:us|me)|write|report|state|know)\s+"
        r"(?:about|on|of)\s+(?P<topic>[^?]+?)\W*",
        r"\W*what(?:\s+is|\s+was|'s|’s)\s+(?:said|written|reported|told|known)\s+(?:about|on|of)\s+(?P<topic>[^?]+?)\W*",
        rf"\W*(?:(?:which|what)\s+)?{_TEXTS}\s+(?:are\s+)?(?:(?:that|which)\s+)?(?:about|on|mention|discuss|cover|"
        r"speak\s+(?:of|about)|talk\s+about|deal\s+with)\s+(?P<topic>[^?]+?)\W*",
        r"\W*(?:what\s+are\s+)?(?P<topic>(?:(?:all|the)\s+){0,2}(?:[a-z-]+\s+){0,2}[a-z-]+(?<![su'])s\s+"
        r"(?:of|in|for|by|from)\s+(?:(?:all|the|each|every|different|various)\s+){1,3}(?:[a-z-]+\s+){0,2}[a-z-]+s)\W*",
    )
]
"""What asks for the articles on something, or for the many things of many."""


class Asked(NamedTuple):
    """One part of a question: what it is about, and how it is asked alone."""

    name: str
    question: str


def parts(question: str) -> list[Asked]:
    """What a question asks of each of two things; nothing for a question on one."""
    for pattern in _COMPARED:
        if found := pattern.fullmatch(question):
            return _compared(found["one"].strip(), found["other"].strip())
    found = _BOTH.search(question)
    if not found or found.start() == 0:  # a name alone, as of a firm
        return []
    before, after = question[: found.start()], question[found.end() :]
    return [Asked(name, f"{before}{name}{after}") for name in (found["one"], found["other"])]


def _compared(one: str, other: str) -> list[Asked]:
    """What is asked of each: of "the rent of Asker" and "(that of) Brevik" the rent."""
    shared = _OF.fullmatch(one)
    short = _THAT_OF.match(other)
    if shared and (short or not _OF.fullmatch(other)):
        name = other[short.end() :] if short else other
        return [Asked(each, f"What is {shared['what']}{each}?") for each in (shared["one"], name)]
    return [Asked(each, f"What is {each}?") for each in (one, other)]


def enumerates(question: str) -> bool:
    """Whether a question asks for all of some things: "Which mills burned down?"."""
    return _ENUMERATES.match(question) is not None


def topic(question: str) -> str | None:
    """What a broad question asks the articles about, each of which may say something; None for other questions."""
    found = next(filter(None, (pattern.fullmatch(question) for pattern in _BROAD)), None)
    return found["topic"].strip() if found else None
