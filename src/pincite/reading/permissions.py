"""Questions on what one may do, or has to: "May I bring my dog?", "Do I have to wear a cap?".

Rules are stated of things and not of those who ask: "Dogs are not admitted." A reader sees little of the one in the
other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincite.analysis.terms import analyse, only_stop_words, query_terms
from pincite.reading.sentence import SURE, Sentence

_WHO = r"(?:i|we|one|you|people|visitors|guests)"
_ALLOWED = r"allowed|permitted|admitted|forbidden|prohibited|banned|welcome"
_NEEDED = r"required|needed|necessary|compulsory|mandatory|obligatory"
_DONE = {
    "bring": "brought", "take": "taken", "carry": "carried", "use": "used", "wear": "worn", "drive": "driven",
    "ride": "ridden", "park": "parked", "moor": "moored", "fly": "flown", "light": "lit", "need": "needed",
}  # fmt: skip
"""What says of a thing only that somebody has it there, and how a rule says it: "must be worn"."""
_WHAT = (
    rf"(?:(?P<verb>{'|'.join(_DONE)}) )?(?!(?:tell|show|give|list|explain|find|help|say) )"
    r"(?P<what>(?!(?:to|in|into|on|at|from|over|here|there)\b)[^?]*\w)\W*"
)
_MAY = re.compile(
    rf"\W*(?:(?:may|can|could) {_WHO} |(?:am|are|is) {_WHO} (?:{_ALLOWED}) to "
    rf"|is it (?:{_ALLOWED}|ok|okay|fine|legal) to ){_WHAT}",
    re.IGNORECASE,
)
_MUST = re.compile(
    rf"\W*(?:(?:do|does) {_WHO} (?:(?:have|need) to |(?=need (?:an?|the|any|my)\b))|(?:must|should) {_WHO} "
    rf"|(?:am|are|is) {_WHO} (?:{_NEEDED}|obliged) to |is it (?:{_NEEDED}) to ){_WHAT}",
    re.IGNORECASE,
)
_THING = re.compile(
    rf"\W*(?:is|are) (?!(?:it|i|we|one|you|there) )(?P<what>(?:\w[\w'’-]* ){{1,4}}?)"
    rf"(?:(?P<may>{_ALLOWED})|(?:{_NEEDED}))(?P<rest> [^?]*)?\W*",
    re.IGNORECASE,
)
"""The same of a thing: "Are dogs allowed on the pier?"."""
_PLACE = re.compile(r"\b(?:to|in|into|on|onto|at|over|from|inside|during|for|along|across|through|before|after|when)\b")
_AND = re.compile(r",| and | or ")
_MORE = re.compile(
    r"\b(?:of|in|on|at|over|under|for|from|to|with|without|by|that|which|who|whose|if|when|unless)\b", re.IGNORECASE
)
"""What stands behind the thing that a rule is on: "Vans over two tonnes"."""
_SIGN = re.compile(
    r"\W*No (?P<what>[\w' -]{1,40}?)(?: (?:in|on|at|inside|to|into) (?:the |this |our )?[\w-]+){0,2}[.!]?"
)
"""How a sign states it: "No dogs on the pier"."""


def of_permission(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first those that state the rule which a question asks for, where one has all that it names.

    Only what is said of the thing itself is a rule on it: "Dogs are not admitted", "Caps must be worn"; no "Dogs may
    slip on ice", and none on guide dogs.

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
    """The terms of the thing that a question asks of, all its terms, and what a sentence says that states the rule."""
    if of_thing := _THING.fullmatch(question):
        thing, rest = of_thing["what"], _PLACE.sub("", of_thing["rest"] or "", count=1)
        words, verb = _ALLOWED if of_thing["may"] else _NEEDED, None
    elif asked := _MAY.fullmatch(question) or _MUST.fullmatch(question):
        words, verb, what = _ALLOWED if asked.re is _MAY else _NEEDED, asked["verb"], asked["what"]
        place = _PLACE.search(what)
        thing, rest = (what[: place.start()], what[place.end() :]) if place else (what, "")
    else:
        return None
    done = rf"|(?:may|must|can|cannot|should) (?:not |only )?be {_DONE[verb.lower()]}\b" if verb else ""
    says = re.compile(rf"\b(?:(?:is|are|may be|must be) (?:not |only |now |no longer )?(?:{words})\b{done})")
    terms = _terms(thing)
    return (terms, terms | _terms(rest), says) if terms else None


def _states(text: str, thing: frozenset[str], says: re.Pattern[str]) -> bool:
    """Whether a sentence says it of the thing: of what stands right before, and not of what only mentions it."""
    if (sign := _SIGN.fullmatch(text)) and _terms(sign["what"]) == thing:
        return True
    before = (re.split(r"[;:]", text[: found.start()])[-1] for found in says.finditer(text))
    return any(_terms(_MORE.split(each)[0]) == thing for subject in before for each in _AND.split(subject))


def _terms(words: str) -> frozenset[str]:
    return frozenset() if only_stop_words(words) else frozenset(query_terms(words))
