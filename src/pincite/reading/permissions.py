"""Questions on what one may do, or has to: "May I bring my dog?", "Do I have to wear a cap?".

Rules are stated of things and not of those who ask: "Dogs are not admitted." A reader sees little of the one in the
other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincite.analysis.terms import analyse, query_terms
from pincite.reading.sentence import SURE, Sentence

_WHO = r"(?:i|we|one|you|people|visitors|guests)"
_ALLOWED = r"allowed|permitted|admitted|forbidden|prohibited|banned|welcome"
_NEEDED = r"required|needed|necessary|compulsory|mandatory|obligatory"
_MAY = re.compile(
    rf"\W*(?:(?:may|can|could) {_WHO} |(?:am|are|is) {_WHO} (?:{_ALLOWED}) to "
    rf"|is it (?:{_ALLOWED}|ok|okay|fine|legal) to )(?P<what>[^?]*\w)\W*",
    re.IGNORECASE,
)
_MUST = re.compile(
    rf"\W*(?:(?:do|does|must|should) {_WHO} (?:(?:have|need) to )?|(?:am|are|is) {_WHO} (?:{_NEEDED}|obliged) to "
    rf"|is it (?:{_NEEDED}) to )(?P<what>[^?]*\w)\W*",
    re.IGNORECASE,
)
_THING = re.compile(
    rf"\W*(?:is|are) (?!(?:it|i|we|one|you|there) )(?P<what>(?:\w[\w'’-]* ){{1,4}}?)"
    rf"(?:(?P<may>{_ALLOWED})|(?:{_NEEDED}))(?P<rest> [^?]*)?\W*",
    re.IGNORECASE,
)
"""The same of a thing: "Are dogs allowed on the pier?"."""
_BRING = re.compile(
    r"(?:bring|take|carry|use|wear|drive|ride|park|keep|have|need|get|come with|enter with|walk|moor|fly|light) "
    r"(?!(?:to|in|into|on|at|from|over|here|there)\b)(?=\w)"
)
"""What says of a thing only that somebody has it there; "park in the street" is a matter of its own."""
_PLACE = re.compile(r"\b(?:to|in|into|on|onto|at|over|from|inside|during|for|along|across|through|before|after|when)\b")
_SAYS_MAY = re.compile(rf"\b(?:{_ALLOWED}|must|may|cannot|let in|excluded)\b")
_SAYS_MUST = re.compile(rf"\b(?:{_NEEDED}|must|needs?|ha(?:ve|s) to|optional|exempt|without)\b")
_NO = re.compile(r"\A\W*No\s")
"""How a sign states it: "No dogs on the pier"."""


def of_permission(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first those that state the rule which a question asks for, where one has all that it names.

    Returns:
        The sentences, best first, and whether that alone told which answer.
    """
    asked = _asked(question)
    if not asked:
        return list(rated), False
    thing, terms, says = asked
    stating = [
        each for each in rated if terms.issubset(analyse(each.with_headings)) and _states(each.text, thing, says)
    ]
    if not stating:
        return list(rated), False
    leading = [each.ahead_of(rated[0], SURE) for each in stating]
    return [*leading, *(each for each in rated if each not in stating)], True


def _asked(question: str) -> tuple[frozenset[str], frozenset[str], re.Pattern[str]] | None:
    """The terms of the thing that a question asks of, all its terms, and how a sentence states the rule."""
    if of_thing := _THING.fullmatch(question):
        thing, rest = of_thing["what"], _PLACE.sub("", of_thing["rest"] or "", count=1)
        says = _SAYS_MAY if of_thing["may"] else _SAYS_MUST
    elif asked := _MAY.fullmatch(question) or _MUST.fullmatch(question):
        says = _SAYS_MAY if asked.re is _MAY else _SAYS_MUST
        what = _BRING.sub("", asked["what"], count=1) if _BRING.match(asked["what"]) else asked["what"]
        place = _PLACE.search(what)
        thing, rest = (what[: place.start()], what[place.end() :]) if place else (what, "")
    else:
        return None
    terms = frozenset(query_terms(thing)) if thing.strip() else frozenset()
    return (terms, terms.union(query_terms(rest) if rest.strip() else ()), says) if terms else None


def _states(text: str, thing: frozenset[str], says: re.Pattern[str]) -> bool:
    """Whether a sentence states in one clause that the thing is allowed, required, or neither."""
    clauses = (clause for clause in re.split(r"[,;:]", text) if thing.issubset(analyse(clause)))
    return any(says.search(clause) or _NO.match(clause) for clause in clauses)
