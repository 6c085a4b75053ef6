"""Questions on several things, each of which has to be found: "Compare A with B", "When did A and B burn down?".

And two in one: "How long is A, and who built B?".

And those that no one passage answers: "Which mills burned down?", "What do the articles say about talent?".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pincite.analysis.terms import query_terms
from pincite.retrieval.follow_ups import needs_context

_NAME = r"(?:the )?[A-Z][\w'’-]*(?: (?:(?:of|the|de|van|von) ){0,3}[A-Z][\w'’-]*){0,4}"
_NAMES = rf"{_NAME}(?:, {_NAME}){{0,7}}(?:,? (?:and|or) {_NAME}){{1,7}}"
_BOTH = re.compile(rf"\bbetween {_NAMES}|\b(?:both )?(?P<names>{_NAMES})")
"""Not "the war between Asker and Brevik", which is one."""
_IS_NAMES = re.compile(_NAMES)
_AND, _VERSUS = re.compile(",? and |,? or |, "), re.compile(r" (?:versus|vs\.?) ")
_COMPARED = [
    (re.compile(rf"\W*+{pattern}(?P<things>[^?;]*\w)\W*", re.IGNORECASE), separators)
    for pattern, separators in (
        ("(?:please )?(?:compare|contrast) ", (re.compile(" (?:with|against) "), _VERSUS, re.compile(" to "), _AND)),
        ("(?:what|which) (?:is|are|was|were) the (?:main )?differences? (?:between|among) ", (_AND,)),
        ("how (?:do|does|did) ", (re.compile(" (?:differ from|compare (?:with|to)) "),)),
        (
            r"(?!.*\b(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|be|do|does|did|has|have|had|can|"
            r"could|will|would|should|won|lost|beat|if)\b)",
            (_VERSUS,),
        ),
    )
]
"""What asks to compare, and what stands between the things; "A vs B" only alone, for in a sentence it is a match."""
_NAMED = rf"{_NAME}(?: (?!have |than )[a-z]+){{0,2}}?"
"""A name, also with what it is: "the Sarn hut"."""
_THAN = re.compile(
    rf"\W*(?P<does>is|are|was|were) (?P<one>{_NAMED}) (?:(?:more|less) (?P<long>[a-z]+)|(?P<short>[a-z]{{2,12}})er) "
    rf"than (?P<other>{_NAMED})\W*"
)
_WHEN = re.compile(
    rf"\W*(?P<does>is|are|was|were) (?P<one>{_NAMED}) (?P<what>[a-z]+(?: [a-z]+)?) "
    rf"(?:before|after|earlier than|later than) (?P<other>{_NAMED})\W*"
)
_MORE = re.compile(
    rf"\W*(?P<does>do|does|did) (?P<one>{_NAMED}) have (?:more|fewer|less) (?P<what>[a-z]+(?: [a-z]+)?) "
    rf"than (?P<other>{_NAMED})\W*"
)
_OF_EACH = (
    (_THAN, "How {2} {0} {1}?"),
    (_WHEN, "When {0} {1} {2}?"),
    (_MORE, "How many {2} {0} {1} have?"),
)
"""What asks to compare two names, and how each is asked for."""
_WITH_E = frozenset(
    ["larg", "wid", "lat", "clos", "saf", "rar", "simpl", "wis", "strang", "fre", "gentl", "brav", "nic"]
)
"""Adjectives that end in an "e", as they stand before "er"."""
_ASKS = re.compile(r"(?:who|whom|whose|what|when|where|why|how|which)\b", re.IGNORECASE)
_AND_ASKS = re.compile(rf",? and (?={_ASKS.pattern})", re.IGNORECASE)
_OF = re.compile(r"(?P<what>.+ (?:of|in|at|on|for) )(?P<one>.+)", re.IGNORECASE)
_WITH_OPTION = re.compile(r"(?P<of>[^-]+ )(?:--?[A-Za-z][\w-]{0,40}|-\d)")
_THAT_OF = re.compile(r"(?:that|those|the one|the ones) (?:of|in|at|on|for) ", re.IGNORECASE)
_NO_PLURAL = r"(?!(?:was|is|has|does) )[\w-]+"
_ENUMERATES = re.compile(
    rf"\W*+(?:(?:which|what) (?:{_NO_PLURAL} ){{0,2}}?{_NO_PLURAL}(?<=[^su']s) "
    r"|(?:list|name|enumerate) |who (?:all|were|are) )",
    re.IGNORECASE,
)

_THE = re.compile(r"the (?P<thing>[a-z][\w-]*)")

_TEXTS = (
    r"(?:(?:the|these|those|your|all|my|different) ){0,2}"
    r"(?:articles?|texts?|documents?|files?|papers?|sources?|authors?)"
)
_BROAD = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\W*+what (?:do|does|did|can|have) {_TEXTS} (?:say|said|tell (?:us|me)|write|report|state|know) "
        r"(?:about|on|of) (?P<topic>[^?]*\w)\W*",
        r"\W*+what(?: is| was|'s|’s) (?:said|written|reported|told|known) (?:about|on|of) (?P<topic>[^?]*\w)\W*",
        rf"\W*+(?:(?:which|what|list|show|show me|find|find me|give me) )?{_TEXTS} "
        r"(?:are |do you have )?(?:(?:that|which) )?(?:about|on|mention|discuss|cover|"
        r"speak (?:of|about)|talk about|deal with) (?P<topic>[^?]*\w)\W*",
        rf"\W*+(?:(?:do|have) you (?:have |got )?|is there |are there )(?:any |some )?(?:anything|something|{_TEXTS}) "
        r"(?:about|on) (?P<topic>[^?]*\w)\W*",
        r"\W*+(?:(?:please|(?:can|could|would|will) you) ){0,2}tell (?:me|us) "
        r"(?:(?:more|something|all|everything) )?about (?P<topic>[^?]*\w)\W*",
        r"\W*+(?:what are )?(?P<topic>(?:(?:all|the) ){0,2}(?:[a-z-]+ ){0,2}[a-z-]+(?<![su'])s "
        r"(?:of|in|for|by|from) (?:(?:all|the|each|every|different|various) ){1,3}(?:[a-z-]+ ){0,2}[a-z-]+s)\W*",
    )
]
"""What asks for the articles on something, or for the many things of many."""


class Asked(NamedTuple):
    """One part of a question: what it is about, and how it is asked alone; both the same for a question by itself."""

    name: str
    question: str


def parts(question: str, texts: Iterable[str] = ()) -> list[Asked]:
    """What a question asks of each of several things; nothing for a question on one.

    Args:
        question: with single spaces between its words.
        texts: what was found for it: "Marks and Spencer" is one thing, where they write it so.
    """
    held = [" ".join(text.split()).replace(" & ", " and ").casefold() for text in texts]
    for pattern, separators in _COMPARED:
        if (found := pattern.fullmatch(question)) and (things := _things(found["things"], separators, held)):
            return _compared(things)
    for pattern, form in _OF_EACH:
        if found := pattern.fullmatch(f"{question[:1].lower()}{question[1:]}"):
            what = found["what"] if pattern is not _THAN else found["long"] or _adjective(found["short"])
            return [Asked(found[each], form.format(found["does"], found[each], what)) for each in ("one", "other")]
    if several := _asked_together(question):
        return several
    found = next((each for each in _BOTH.finditer(question) if each["names"]), None)
    if not found or found.start() == 0:  # a name alone, as of a firm
        return []
    names = _apart(found["names"], held)
    before, after = question[: found.start()], question[found.end() :]
    return [Asked(name, f"{before}{name}{after}") for name in names if len(names) > 1]


def _adjective(stem: str) -> str:
    """What stands before the "er" of a comparison, as it is alone: "big" of "bigger", "heavy" of "heavier"."""
    if stem in _WITH_E:
        return f"{stem}e"
    if stem[-1] == "i":
        return f"{stem[:-1]}y"
    return stem[:-1] if stem[-1] == stem[-2] and stem[-1] not in "ls" else stem


def _asked_together(question: str) -> list[Asked]:
    """The questions that one joins by "and", where each says by itself what it asks; else none."""
    first, *others = _AND_ASKS.split(question.rstrip("? "))
    whole = all(_ASKS.match(each) and len(query_terms(each)) > 1 for each in (first, *others))
    if not others or not whole or any(needs_context(f"{each}?") for each in others):
        return []
    asked = [f"{each[0].upper()}{each[1:]}?" for each in (first, *others)]
    return [Asked(each, each) for each in asked]


def _things(compared: str, separators: Iterable[re.Pattern[str]], held: Sequence[str]) -> list[str]:
    """What is compared, two things at least; nothing where that is not plain."""
    for separator in separators:
        things = separator.split(compared)
        if len(things) > 1:
            apart = [name for each in ([compared] if separator is _AND else things) for name in _apart(each, held)]
            things = apart if len(apart) > 1 else things
            return things if all(1 < len(each) <= 60 and "," not in each for each in things) else []
    return []


def _apart(names: str, held: Sequence[str]) -> list[str]:
    """The names of a list, where those that a text joins by the same words stay together; what is no list as it is."""
    if not _IS_NAMES.fullmatch(names) or _holds(held, names):
        return [names]
    first, *rest = re.split(f"({_AND.pattern})", names)
    apart = [first]
    for separator, name in zip(rest[::2], rest[1::2], strict=True):
        joined = f"{apart[-1]}{separator}{name}"
        if _holds(held, joined):
            apart[-1] = joined
        else:
            apart.append(name)
    return apart


def _holds(held: Sequence[str], words: str) -> bool:
    """Whether a text holds these words to the letter."""
    pattern = re.compile(rf"\b{re.escape(words.casefold())}\b")
    return any(pattern.search(text) for text in held)


def _compared(things: Sequence[str]) -> list[Asked]:
    """What is asked of each: of "the rent of Asker" and "(that of) Brevik" the rent, of "winch -i" and "-v" winch."""
    one, *others = things
    if (command := _WITH_OPTION.fullmatch(one)) and all(other.startswith("-") for other in others):
        things = [one, *(f"{command['of']}{other}" for other in others)]
        return [Asked(each, f"What is {each}?") for each in things]
    shared = _OF.fullmatch(one)
    shorts = [_THAT_OF.match(other) for other in others]
    if shared and all(short or not _OF.fullmatch(other) for short, other in zip(shorts, others, strict=True)):
        names = [other[short.end() :] if short else other for short, other in zip(shorts, others, strict=True)]
        return [Asked(each, f"What is {shared['what']}{each}?") for each in (shared["one"], *names)]
    return [Asked(each, f"What is {each}?") for each in things]


def enumerates(question: str) -> bool:
    """Whether a question asks for all of some things: "Which mills burned down?"."""
    return _ENUMERATES.match(question) is not None


def topic(question: str) -> str | None:
    """What a broad question asks the articles about, each of which may say something; None for other questions."""
    found = next(filter(None, (pattern.fullmatch(question) for pattern in _BROAD)), None)
    return found["topic"].strip() if found else None


def is_one_of(topic: str, said: str) -> bool:
    """Whether a text says that something with a name of its own is one of what is asked for as the only one.

    "Quill, a library for queues" of "the library"; not "the Ostvik library", whose name has the word.
    """
    asked = _THE.fullmatch(topic)
    if not asked:
        return False
    name = r"^(?!the |an? )(?P<name>(?:[^\s,]+ ){0,5}[^\s,]+)"
    is_a = rf"{name}(?:,| is| are) an? (?:[\w-]+ ){{0,3}}{re.escape(asked['thing'])}\b"
    kinds = re.finditer(is_a, said, re.MULTILINE | re.IGNORECASE)
    return any(asked["thing"].lower() not in found["name"].lower() for found in kinds)
