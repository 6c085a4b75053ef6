"""Questions on one version of a thing, as changelogs divide what they tell: "What was changed in version 2.3.1?".

The number stands in a line above a section, and no sentence below repeats it, so that all sections read alike.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pincite.analysis.terms import analyse, only_stop_words, query_terms
from pincite.datatypes import Document, Hit, Span
from pincite.parsers.headings import is_version
from pincite.parsers.metadata import find_date

if TYPE_CHECKING:  # quotes need versions
    from pincite.reading.quotes import Sentence

VERSION = re.compile(
    r"(?<![\w.])(?:v(?=\d)|(?<=version )|(?<=release )|(?=\d{1,4}\.\d))(\d{1,4}(?:\.\d{1,5}){0,4})(?!\.?\w)",
    re.IGNORECASE,
)
"""A version: behind a "v" or the word, or with a point in it."""
_LINE = re.compile(r"^[^\n]{1,100}$", re.MULTILINE)
_MARKS = "*#=•-[]() \t"
_WORDED = re.compile(r"\b(?:versions?|releases?|v(?=\d))(?:\b|(?<=v))", re.IGNORECASE)
"""What says that a number is a version."""
_NO_VERSION = re.compile(
    r"\bat\s\d{1,4}(?:\.\d{1,5}){1,4}|(?<![\w.])(?<!version )(?<!release )"
    r"(?:\d{1,2}\.\d{1,2}\.(?:19|20)\d\d|(?:19|20)\d\d\.\d{1,2}\.\d{1,2}"
    r"|\d{1,4}\.\d{1,5}\s?(?:o['’]clock|[ap]\.?m\b|h\b|hours?|minutes?|seconds?|[mck]?m\b|met(?:re|er)s?|kg|tons?\b"
    r"|tonnes|lit(?:re|er)s?|percent|per\s|%|€|euros?|dollars?|pounds?|miles?|knots?|degrees?|°|million|billion))",
    re.IGNORECASE,
)
"""Times, dates and measures."""
_MERELY_NAMED = re.compile(
    r"\b(?:from|to|before|until|since|with|for|than|needs?|requires?)\s(?:[^\s\d]{1,30}\s){0,2}v?\d", re.IGNORECASE
)
"""The version is another than the one that the section is on."""
_ASIDE = re.compile(r"\"[^\"\n]{0,60}\"|\[[^\[\]\n]{0,60}\]")
"""The name of a release, or its state."""
_CHANGES = frozenset(
    analyse(
        "version release change changelog history news note noteworthy new happen come bring came brought differ "
        "different update include list thing main important out publish appear date"
    )
)
"""Terms of a question for all that a version changed, beside its number and the name of the thing."""
_KINDS = frozenset(
    analyse(
        "add addition introduce fix bug problem error vulnerability remove removal drop deprecate deprecation improve "
        "improvement performance security feature behaviour behavior break breaking"
    )
)
"""Terms of a question for some of what a version changed: only a sentence itself can tell that it is of that kind."""
_ASKS_ELSE = re.compile(
    r"\W*(?:is|are|was|were|do|does|did|can|could|has|have)\b|.*\b(?:when|who|whom|whose|why|where|how|date|year)\b",
    re.IGNORECASE,
)
_CAME = re.compile(
    r"\bwhen\b(?:\s[^\s?]{1,40}){1,8}\s(?:released?|published|come|came|out|appear(?:ed)?)\b|\brelease date\b",
    re.IGNORECASE,
)
_SURE = 0.5
"""The least confidence of the section of the version all of whose changes are asked for; and the share of
the first one's from which on a sentence says as much of what is asked."""


class Section(NamedTuple):
    """What stands below a line that names a version.

    Attributes:
        start, end: the range of the line in the document's text.
        below: where the next such line begins.
        numbers: the versions.
        subject: the terms of the line, and of the document's title and path.
    """

    start: int
    end: int
    below: int
    numbers: frozenset[str]
    subject: frozenset[str]


_NONE = Section(-1, -1, -1, frozenset(), frozenset())


def versions(text: str) -> frozenset[str]:
    """The versions that a text names, without ".0" at their ends: ``2.3.1``, ``v2.3``, ``version 5``."""
    return frozenset(re.sub(r"(?:\.0){1,4}\Z", "", number) for number in VERSION.findall(text))


def asked_versions(question: str) -> frozenset[str]:
    """The versions that a question names; a time, a date or a measure is none."""
    return versions(_NO_VERSION.sub(" ", question))


def of_version(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences without those on other versions than the one that a question names.

    Where all that a version changed is asked for, its section answers, whatever a reader says of it; where some of it
    is, those sentences that say the same or that a reader trusts; where no section is that version's, none does. For
    other questions they are left out where the rest says nearly as much.

    Returns:
        The sentences, best first, and whether the version alone told which answer.
    """
    named = asked_versions(question)
    if len(named) != 1:
        return list(rated), False
    documents = {each.hit.document.doc_id: each.hit.document for each in rated}
    found = {name: sections(document) for name, document in documents.items()}
    below = [(each, _section(found[each.hit.document.doc_id], each.span[0])) for each in rated]
    asked = _asked(question)
    if asked and any(section.numbers and asked.thing <= section.subject for _, section in below):
        holders = [name for name in found if any(_is_of(section, named, asked.thing) for section in found[name])]
        here = _here(below, named, asked)
        if bool(here) == bool(holders) and (asked.thing or len(holders) < 2):
            apart = _apart(below, named, question, here)
            if here and not asked.thing and _WORDED.search(question):
                apart = []
            if asked.kinds:
                here = [each.at_least(_SURE) if asked.kinds <= {*analyse(each.text)} else each for each in here]
            if asked.kinds or (asked.when and here and not named & versions(here[0].text)):
                return sorted([*here, *apart], key=lambda each: -each.order), True
            return [*_as_sure(here, rated[0]), *apart], True
    fitting = [
        each for each, section in below if not section.numbers or named & section.numbers or named & versions(each.text)
    ]
    sure = bool(fitting) and fitting[0].confidence >= _SURE * rated[0].confidence
    return fitting if sure else list(rated), False


def _here(below: Sequence[tuple[Sentence, Section]], named: frozenset[str], asked: _Asked) -> list[Sentence]:
    """The sentences of the section asked for; its line alone where that says when the version came."""
    theirs = [(each, each.span[0] <= section.end) for each, section in below if _is_of(section, named, asked.thing)]
    lines = [each for each, is_line in theirs if is_line]
    return lines if asked.when and lines else [each for each, is_line in theirs if not is_line]


def _apart(
    below: Sequence[tuple[Sentence, Section]], named: frozenset[str], question: str, here: Sequence[Sentence]
) -> list[Sentence]:
    """The sentences in no section: those that name the version, where the question says that it is one."""
    outside = [each for each, section in below if not section.numbers]
    if not _WORDED.search(question):
        return outside
    return [each for each in outside if named & versions(_said(each, bool(here)))]


def missed(question: str, hits: Sequence[Hit], read: int) -> tuple[Document, str] | None:
    """The section that answers what a question asks of a version, where it is not among what will be read.

    Args:
        question: in natural language.
        hits: what was found, best first.
        read: how many of them are read.

    Returns:
        The document, one of those found, and the line above the section; None where there is no such section.
    """
    named, asked = asked_versions(question), _asked(question)
    if len(named) != 1 or asked is None:
        return None
    for document in {hit.document.doc_id: hit.document for hit in hits}.values():
        for section in sections(document):
            if _is_of(section, named, asked.thing):
                places = (hit.passage for hit in hits[:read] if hit.document.doc_id == document.doc_id)
                held = any(place.start < section.below and section.end < place.end for place in places)
                return None if held else (document, document.text[section.start : section.end])
    return None


def _said(sentence: Sentence, alone: bool) -> str:
    """A sentence alone, or with its passage and what stands above that: release notes of one version have it there."""
    hit = sentence.hit
    return sentence.text if alone else f"{hit.document.title}\n{hit.passage.heading or ''}\n{hit.passage.text}"


class _Asked(NamedTuple):
    """Of what thing a question asks for all that a version changed, for changes of some kinds, or when it came."""

    thing: frozenset[str]
    kinds: frozenset[str]
    when: bool


def _asked(question: str) -> _Asked | None:
    """What a question asks of a version; None for what only its text can tell."""
    when = _CAME.search(question) is not None
    if not when and _ASKS_ELSE.match(question):
        return None
    rest = VERSION.sub(" ", question)
    terms = frozenset() if only_stop_words(rest) else frozenset(query_terms(rest))
    return _Asked(terms - _CHANGES - _KINDS, terms & _KINDS, when)


def _is_of(section: Section, named: frozenset[str], thing: frozenset[str]) -> bool:
    return bool(named & section.numbers) and thing <= section.subject


def _as_sure(here: Sequence[Sentence], first: Sentence) -> list[Sentence]:
    """The sentences of a section, sure enough and before the first one found; what stands together as one."""
    if not here:
        return []
    lead = here[0].hit
    raised = [each.ahead_of(first, _SURE) if each.hit is lead else each for each in here]
    return sorted(raised, key=lambda each: -each.order)


def sections(document: Document) -> Sequence[Section]:
    """The lines of a document that name a version above what it brought, in order."""
    return _sections(document.text, document.headings, f"{document.title}\n{document.doc_id}")


@lru_cache(maxsize=64)  # a question is asked in several wordings, and a log may have thousands of lines
def _sections(text: str, headings: tuple[Span, ...], name: str) -> tuple[Section, ...]:
    starts = {text.rfind("\n", 0, start) + 1 for start, _ in headings}
    subject = frozenset(analyse(name))
    found = []
    for line in _LINE.finditer(text):
        said, start = line[0].strip(_MARKS), line.start()
        numbers = versions(said) if "." in said or "ersion" in said or "elease" in said else frozenset()
        alone = start in starts or not text[text.rfind("\n", 0, max(0, start - 1)) + 1 : start].strip()
        if numbers and alone and _is_above(said, subject, start in starts):
            found.append(Section(start, line.end(), len(text), numbers, subject.union(analyse(said))))
    return (*(each._replace(below=after.start) for each, after in pairwise(found)), *found[-1:])


def _is_above(line: str, subject: frozenset[str], is_heading: bool) -> bool:
    """Whether a line says no more than a version, a date, and whose they are; as a heading, or with the date."""
    if _MERELY_NAMED.search(line):
        return False
    if is_heading and is_version(line):
        return True
    date = find_date(line)
    if not is_heading and (date is None or line[-1] in ".,;:?"):
        return False
    rest = VERSION.sub(" ", f"{line[: date[1]]} {line[date[2] :]}" if date else line)
    rest = _ASIDE.sub(" ", rest)
    more = set() if only_stop_words(rest) else set(query_terms(rest)) - _CHANGES - subject
    return len(more) <= (2 if date else 0)


def _section(found: Sequence[Section], at: int) -> Section:
    place = bisect_right(found, at, key=lambda section: section.start) - 1
    return found[place] if place >= 0 else _NONE
