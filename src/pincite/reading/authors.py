"""Questions on what somebody wrote, which the articles' own texts do not answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from pincite.analysis.terms import query_terms
from pincite.reading.conditions import named_period

_TEXTS = r"(?:articles?|texts?|papers?|pieces?|posts?|essays?|stories|story|reports?|anything|something|everything)"
_WRITES = r"(?:write|wrote|written|writes|publish(?:ed|es)?)"
_LISTS = (
    r"(?:(?:please|can|could|would) (?:you )?)?"
    r"(?:(?:list|show|find|give|name|tell|are there|is there|do you have|have you got|which are|what (?:is|are)) )?"
    r"(?:(?:which|what|any|all|the|of|some|other|more|every|me|us|latest|newest|recent|first|last|your) ){0,4}"
)
"""Nothing that says what was done with the texts: "Who withdrew the report by Ane Holt?" is no question for them."""
_THEIR = r"(?: (?:that |which )?(?:(?:are|is|was|were|has been|have been) )?| do you have | are there )"
_AUTHOR, _END = r"(?P<author>[^?]*?\w\.?)", r"(?: (?:about|on)(?: (?P<topic>[^?]*\w))?)?\W*"
_HAVE = r"(?: (?:do you have|have you got|are there))?"
_ASKED = [
    re.compile(rf"\W*+{pattern}{_END}", re.IGNORECASE)
    for pattern in (
        rf"(?:what|which)(?: {_TEXTS})? (?:did|does|do|has|have|had) {_AUTHOR} {_WRITES}",
        rf"what (?:was|is|were|has been) {_WRITES} by {_AUTHOR}",
        rf"{_LISTS}{_TEXTS}{_THEIR}(?:written |published )?by {_AUTHOR}{_HAVE}",
    )
]
_FROM = re.compile(rf"\W*+{_LISTS}{_TEXTS} from {_AUTHOR} (?:do you have|have you got|are there)\W*", re.IGNORECASE)
"""Without the end, "texts from Ane Holt" may be what she sent."""
_IN_TIME = re.compile(r" (?:in|of|from|during) (?:\w+ ){0,2}(?:19|20)\d\d\W*\Z", re.IGNORECASE)
_WHO = [
    re.compile(rf"\W*+{pattern}(?P<topic>[^?]*\w)\W*", re.IGNORECASE)
    for pattern in (
        rf"(?:who|(?:which|what) authors?) (?:has |have |had )?{_WRITES} "
        rf"(?:(?:(?:an?|the|any|some) )?(?:\w+ )?{_TEXTS} )?(?:about|on) ",
        rf"who (?:is|was|are|were) the (?:authors?|writers?) of (?:an?|the) (?:\w+ )?{_TEXTS} (?:about|on) ",
        rf"by whom (?:is|was|are|were) the (?:\w+ )?{_TEXTS} (?:about|on) ",
    )
]
_WRITTEN = re.compile(r"\b(?:wr(?:ote|ites?|itten|iter)|authors?|publish(?:ed|es))\b", re.IGNORECASE)


class Asked(NamedTuple):
    """Whose articles are asked for, and what about; the author is a guess until an article is found."""

    author: str
    topic: str | None


def by_author(question: str) -> Asked | None:
    """Whose articles a question asks for: "What did Ane Holt write about?", "articles by Ane Holt on eels".

    Args:
        question: with single spaces between its words.
    """
    found = next((found for pattern in (*_ASKED, _FROM) if (found := pattern.fullmatch(question))), None)
    return found and Asked(found["author"].strip(" .,"), found.groupdict().get("topic"))


def without_time(question: str) -> tuple[str, str | None]:
    """A question without the time at its end, and that time: "What did Ane Holt write in 2024?"."""
    found = _IN_TIME.search(question)
    return (question[: found.start()], named_period(found[0])) if found else (question, None)


def named_sources(name: str, sources: Iterable[str]) -> list[str]:
    """Those of the sources that have all words of a name: "the Echo" of "Borre Echo"."""
    asked = {*query_terms(name)}
    return [each for each in dict.fromkeys(sources) if asked and asked <= {*query_terms(each)}]


def who_wrote(question: str) -> str | None:
    """What the articles are about whose authors a question asks for: "Who wrote about eels?".

    Args:
        question: with single spaces between its words.
    """
    found = next((found for pattern in _WHO if (found := pattern.fullmatch(question))), None)
    return found and found["topic"]


def tells_who_wrote(text: str) -> bool:
    """Whether a text itself speaks of somebody who wrote."""
    return _WRITTEN.search(text) is not None
