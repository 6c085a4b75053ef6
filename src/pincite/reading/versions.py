"""Questions on one version of a thing, as changelogs divide what they tell: "What was changed in version 2.3.1?".

The number stands in a line above a section, and no sentence below repeats it, so that all sections read alike.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from pincite.analysis.terms import MONTHS, analyse, only_stop_words, query_terms
from pincite.datatypes import Document, Span, Table, table_of
from pincite.parsers.headings import is_version
from pincite.parsers.metadata import find_date
from pincite.reading.sentence import NEARLY_AS_SURE, SURE, Sentence

VERSION = re.compile(
    r"(?<![\w.])(?:v(?=\d)|(?<=version )|(?<=release )|(?=\d{1,4}\.\d))(\d{1,4}(?:\.\d{1,5}){0,4})(?!\.?\w)",
    re.IGNORECASE,
)
"""A version: behind a "v" or the word, or with a point in it."""
_WHOLE = re.compile(
    rf"(?<=\s)(?<!\A)(?!(?i:{'|'.join(month[:3] for month in MONTHS)}))[A-Z][\w-]{{1,30}}\s(\d{{1,3}})(?![\w,:%-]|\.\d)"
)
"""A whole number behind a name, "Fennec 2", which is a version where the text has sections that are called so."""
_CALLED = re.compile(r"([^\W\d][^\d\n]{0,40}?)[ ]v?(\d{1,3})(?:,| \(|:| [–—-] |\Z)")
_DIGITS = re.compile(r"\d\.\d")
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
_TELLS = re.compile(r"\b(?:changes|news|new|noteworthy|release notes)\b", re.IGNORECASE)
"""What a line says that needs no date to be above what a version brought."""
_COLUMN = re.compile(r"\s*(?:version|release|tag)s?(?: (?:number|no\.))?\s*", re.IGNORECASE)
"""The name of a column of versions."""
_CELL = re.compile(
    r"(?:[a-z][\w.+-]{0,30} )?v?\d{1,4}(?:\.\d{1,5}){0,4}[\w+~-]{0,20}(?: \([^()]{1,30}\))?", re.IGNORECASE
)
"""All of a cell that names a version, in a column of versions."""
_FIELD = re.compile(r"^([^:\n]{1,40}): (.{1,100})$", re.MULTILINE)
_WHICH_VERSION = re.compile(r"\b(?:which|what)\b[^?]{0,30}?\b(?:version|release)\b", re.IGNORECASE)
_WHICH = re.compile(rf"\bwhen\b|{_WHICH_VERSION.pattern}", re.IGNORECASE)
"""Asks in which version something came, or when."""
_ENDS = frozenset(analyse("latest newest last current recent first oldest earliest next number many"))
"""Terms of a question for a version itself, and not for what it brought."""
_ASIDE = re.compile(r"\"[^\"\n]{0,60}\"|\[[^\[\]\n]{0,60}\]")
"""The name of a release, or its state."""
_CHANGES = frozenset(
    analyse(
        "version release change changelog history news note noteworthy new happen come bring came brought differ "
        "different update include list thing main important out publish appear date overview major"
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
_HALF = 0.5
"""The share of what is asked above which a sentence in a section is taken to speak of it."""


class Section(NamedTuple):
    """What stands below a line that names a version, or a row of a table of versions.

    Attributes:
        start, end: the range of the line in the document's text.
        below: where the next such line begins; of a row its end.
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
    """The versions that a question names; a time, a date or a measure is none.

    In "Which version supports Python 3?" the whole number is that of something else.
    """
    named = versions(_NO_VERSION.sub(" ", question))
    return named if _WHICH_VERSION.search(question) else named.union(_WHOLE.findall(question))


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
                here = [each.at_least(SURE) if asked.kinds <= {*analyse(each.text)} else each for each in here]
            if asked.kinds or (asked.when and here and not named & versions(here[0].text)):
                return sorted([*here, *apart], key=lambda each: -each.order), True
            return [*_as_sure(here, rated[0]), *apart], True
    fitting = [
        each for each, section in below if not section.numbers or named & section.numbers or named & versions(each.text)
    ]
    sure = bool(fitting) and fitting[0].confidence >= NEARLY_AS_SURE * rated[0].confidence
    return fitting if sure else list(rated), False


def _here(below: Sequence[tuple[Sentence, Section]], named: frozenset[str], asked: _Asked) -> list[Sentence]:
    """The sentences of the section asked for; its line alone where that says when the version came."""
    theirs = [(each, section) for each, section in below if _is_of(section, named, asked.thing)]
    lines = [each for each, section in theirs if each.span[0] <= section.end]
    if asked.when and lines:
        return lines
    return [each for each, section in theirs if each.span[0] > section.end or section.below == section.end]


def _apart(
    below: Sequence[tuple[Sentence, Section]], named: frozenset[str], question: str, here: Sequence[Sentence]
) -> list[Sentence]:
    """The sentences in no section: those that name the version, where the question says that it is one."""
    outside = [each for each, section in below if not section.numbers]
    if not _WORDED.search(question):
        return outside
    return [each for each in outside if named & versions(_said(each, bool(here)))]


def without_lines(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences without lines above sections, where a question asks in which version, or when, something came.

    A line that says something of that stays. What a reader sees in one of the others, it sees in that it is a version:
    a sentence in a section that has more than half of what was asked is as sure. One that has all of it is sure where
    a version is asked for.
    """
    asked = _came(question)
    of = [(each, _section(sections(each.hit.document), each.span[0])) for each in rated] if asked else []
    shares = {id(each): _share(asked, each, section) for each, section in of}
    lines = {id(each) for each, section in of if each.span[0] <= section.end < section.below and not shares[id(each)]}
    told = SURE if asked and _WORDED.search(question) else 0.0
    if not lines and not told:
        return list(rated)
    sure = max((each.confidence for each in rated if id(each) in lines), default=0.0)
    kept: list[Sentence] = []
    for each, section in of:
        has_all = shares[id(each)] == 1 and not asked <= section.subject
        least = max(sure, told) if has_all else sure
        if id(each) not in lines:
            kept.append(each.at_least(least) if section.numbers and shares[id(each)] > _HALF else each)
    return sorted(kept, key=lambda each: -each.order)


def _share(asked: frozenset[str], sentence: Sentence, section: Section) -> float:
    """Of the terms that are asked, and are no name of what the section is on, the share that a sentence has."""
    left = asked - section.subject
    return len(left & {*analyse(sentence.text)}) / len(left) if left else 1.0


def whence(question: str, document: Document, at: int) -> str | None:
    """The line above what is quoted, where a question asks in which version, or when, that came."""
    section = _section(sections(document), at) if _came(question) else _NONE
    if not section.start < section.end < at:
        return None
    line = document.text[section.start : section.end].strip("*#=• \t")
    return f"Below “{line}”."


def _came(question: str) -> frozenset[str]:
    """The terms of what a question asks in which version, or when, it came."""
    if asked_versions(question) or not _WHICH.search(question) or only_stop_words(question):
        return frozenset()
    return frozenset(query_terms(question)) - _CHANGES - _KINDS - _ENDS


def asked_place(question: str, documents: Sequence[Document]) -> tuple[Document, Span] | None:
    """Where the section begins that answers what a question asks of a version.

    Args:
        question: in natural language.
        documents: those found, best first.

    Returns:
        One of the documents, and the range of the line above the section; None where there is none.
    """
    named, asked = asked_versions(question), _asked(question)
    if len(named) != 1 or asked is None:
        return None
    for document in documents:
        for section in sections(document):
            if _is_of(section, named, asked.thing):
                return document, (section.start, section.end)
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
    rest = VERSION.sub(" ", _WHOLE.sub(lambda named: named[0].removesuffix(named[1]), question))
    terms = frozenset() if only_stop_words(rest) else frozenset(query_terms(rest))
    return _Asked(terms - _CHANGES - _KINDS, terms & _KINDS, when)


def _is_of(section: Section, named: frozenset[str], thing: frozenset[str]) -> bool:
    return bool(named & section.numbers) and thing <= section.subject


def _as_sure(here: Sequence[Sentence], first: Sentence) -> list[Sentence]:
    """The sentences of a section, sure enough and before the first one found; what stands together as one."""
    if not here:
        return []
    lead = here[0].hit
    raised = [each.ahead_of(first, SURE) if each.hit is lead else each for each in here]
    return sorted(raised, key=lambda each: -each.order)


def sections(document: Document) -> Sequence[Section]:
    """The lines of a document that name a version above what it brought, and rows of tables of versions, in order."""
    is_row = table_of(document.doc_id) is not None
    return _sections(document.text, document.headings, document.tables, f"{document.title}\n{document.doc_id}", is_row)


@lru_cache(maxsize=64)  # a question is asked in several wordings, and a log may have thousands of lines
def _sections(
    text: str, headings: tuple[Span, ...], tables: tuple[Table, ...], name: str, is_row: bool
) -> tuple[Section, ...]:
    subject = frozenset(analyse(name))
    if is_row:
        return _of_fields(text, subject)
    starts = {text.rfind("\n", 0, start) + 1 for start, _ in headings}
    of_tables = {each.start: each for each in _rows_of_tables(text, tables, subject)}
    rows = of_tables | {each.start: each for each in _rows_of_lines(text, tables, subject)}
    found = list[Section]()
    for line in _LINE.finditer(text):
        start, said = line.start(), line[0].strip(_MARKS)
        numbers = _numbers(said) or (_whole(said, subject) if start in starts else frozenset())
        alone = start in starts or not text[text.rfind("\n", 0, max(0, start - 1)) + 1 : start].strip()
        if start in rows:
            # A table of other versions is part of what a version brought.
            if start not in of_tables or all(each.below == each.end for each in found):
                found.append(rows[start])
        elif numbers and alone and (_is_above(said, subject, start in starts) or numbers == _whole(said, subject)):
            found.append(Section(start, line.end(), len(text), numbers, subject.union(analyse(said))))
    followed = (one if one.below == one.end else one._replace(below=after.start) for one, after in pairwise(found))
    return (*followed, *found[-1:])


def _numbers(line: str) -> frozenset[str]:
    return versions(line) if "." in line or "ersion" in line or "elease" in line else frozenset()


def _whole(line: str, subject: frozenset[str]) -> frozenset[str]:
    """The whole number of a heading that is it and the name of what its document is on: ``Fennec 2``."""
    called = _CALLED.match(line)
    return frozenset([called[2]]) if called and subject.issuperset(analyse(called[1])) else frozenset()


def _of_fields(text: str, subject: frozenset[str]) -> tuple[Section, ...]:
    """The row that a document is, if one of its columns is called so and holds a version."""
    named = (_in_cell(value) for column, value in _FIELD.findall(text) if _COLUMN.fullmatch(column))
    numbers = next(filter(None, named), frozenset[str]())
    return (Section(0, len(text), len(text), numbers, subject.union(analyse(text))),) if numbers else ()


def _in_cell(cell: str) -> frozenset[str]:
    """The version that a cell is, in which the word need not stand."""
    if not _CELL.fullmatch(cell.strip()) or find_date(cell):
        return frozenset()
    return versions(f"version {cell}") or versions(cell)


def _rows_of_tables(text: str, tables: Sequence[Table], subject: frozenset[str]) -> Iterator[Section]:
    """The rows of tables that have a column of versions."""
    for table in tables:
        names = text[slice(*table.header)].split("\n")[-1].split("|")
        at = next((at for at, name in enumerate(names) if _COLUMN.fullmatch(name)), None)
        if at is None:
            continue
        about = subject.union(analyse(text[slice(*table.header)]))
        for line in _LINE.finditer(text, *table.body):
            cells = line[0].split("|")
            numbers = _in_cell(cells[at].strip()) if at < len(cells) else frozenset[str]()
            if numbers:
                yield Section(line.start(), line.end(), line.end(), numbers, about.union(analyse(line[0])))


def _rows_of_lines(text: str, tables: Sequence[Table], subject: frozenset[str]) -> Iterator[Section]:
    """Lines below each other, outside of tables, that each say no more than a version and its date."""
    said = [(line, line[0].strip(_MARKS)) for line in _LINE.finditer(text) if _DIGITS.search(line[0])]
    dated = [
        Section(line.start(), line.end(), line.end(), numbers, subject.union(analyse(line[0])))
        for line, row in said
        if not _in_table(tables, line.start())
        and (numbers := _numbers(row))
        and find_date(row)
        and _is_above(row, subject, is_heading=False)
    ]
    ends, starts = {each.end for each in dated}, {each.start for each in dated}
    yield from (each for each in dated if each.start - 1 in ends or each.end + 1 in starts)


def _in_table(tables: Sequence[Table], at: int) -> bool:
    before = bisect_right(tables, at, key=lambda table: table.body[0])
    return before > 0 and at < tables[before - 1].body[1]


def _is_above(line: str, subject: frozenset[str], is_heading: bool) -> bool:
    """Whether a line says no more than a version, a date, and whose they are; as a heading, or with the date.

    "Changes in" may stand for both.
    """
    if _MERELY_NAMED.search(line):
        return False
    if is_heading and is_version(line):
        return True
    date = find_date(line)
    if not is_heading and ((date is None and not _TELLS.search(line)) or line[-1] in ".,;:?"):
        return False
    rest = VERSION.sub(" ", f"{line[: date[1]]} {line[date[2] :]}" if date else line)
    rest = _ASIDE.sub(" ", rest)
    more = set() if only_stop_words(rest) else set(query_terms(rest)) - _CHANGES - subject
    return len(more) <= (2 if date else 0)


def _section(found: Sequence[Section], at: int) -> Section:
    place = bisect_right(found, at, key=lambda section: section.start) - 1
    return found[place] if place >= 0 and at < found[place].below else _NONE


def says_when(line: str) -> bool:
    """Whether a heading is a version and its date, in any order."""
    return bool(_numbers(line)) and find_date(line) is not None and _is_above(line, frozenset(), is_heading=True)
