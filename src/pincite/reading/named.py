"""Questions for who or what a name is: "Who is Ane Holt?".

Articles say it beside the name, in passing: "Ane Holt, the mayor, warned of the flood." To a reader that is a sentence
about a flood.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pincite.analysis.terms import MONTHS, analyse, is_stop_word, query_terms
from pincite.reading.sentence import LEANS, SURE, UNSURE, Sentence

_ASKS = re.compile(
    r"\W*+(?:who|what)(?:['’]s| is| was| are| were) (?:the )?(?P<name>[^\W\d_][^\s?,;:]*(?: [^\s?,;:]+){0,4}?)[\s?.!]*",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"\b[A-Z][\w'’-]+")
_KIND = re.compile(
    r"\W*+what(?:['’]s| is| are) (?:an? )?(?!the )(?P<kind>[^\s?,;:]+(?: [^\s?,;:]+)?)[\s?.!]*", re.IGNORECASE
)
_NO_KIND = (
    "(?:[a-z]+(?:ed|ing|s)|and|or|of|to|in|on|at|by|for|from|with|as|that|who|when|while|between|near|over|under|past|"
    "behind|beyond|beside|around|about|after|before|than|like|not|bit|met|saw|beat|told|gave|left|hit|led|won|lost|"
    "knew|found|took|sent|made|said|had|bought|sold|caught|fought|thought|heard|held|paid|drove|wrote|chose|shot|"
    "day|week|month|year|morning|evening|night|time|spring|summer|autumn|winter)"
)
_BEFORE = re.compile(
    rf"(?:(?:\A|[.;:,“\"]\s|\b(?:is|was|by|with|and|of|to|for)\s)(?i:an?|the|its|his|her|their|our)\s"
    rf"(?:[a-z][\w-]*\s){{0,3}}?(?!{_NO_KIND}\b)[a-z][\w-]*,?\s(?:[A-Z][\w'’-]+\s)?"
    r"|\b(?:is|was|named|nicknamed|called)\s(?:the\s)?)(?:(?:Dr|Prof|Mrs?|Ms|Sir|Lady|Lord)\.?\s|[A-Z]\.\s){0,4}\Z"
)
"""What says it in front of a name: "the mayor Ane Holt", "the mayor is Ane Holt", "the mayor, Dr. A. Holt"."""
_A_KIND = r"(?:an?|the|its|his|her|their|our|one of)\s"
_BEHIND = re.compile(
    rf"(?:\s\([^()]{{1,80}}\))?(?:,\swh(?:o|ich)\s(?:is|was|has been|had been|became)\b"
    rf"|,\s{_A_KIND}(?:[a-z][\w-]*[ ,.;)]){{1,6}}"
    rf"|,\s(?!{_NO_KIND}\b)[a-z][\w-]*\s(?:[a-z][\w-]*\s)?(?:since|of|from|at|for|in)\b"
    rf"|\s(?:is|was|are|were|remains)\s(?:(?:still|now|once|also)\s)?(?:{_A_KIND}|appointed|elected|named|made|born|known)"
    rf"|\sbecame\s[a-z]|\s[–—]\s{_A_KIND})"
)
"""What says it behind a name: "Ane Holt, mayor since 2011,", "Ane Holt was the mayor"."""
_SUBORDINATE = re.compile(
    r"\A(?:When|Whenever|After|Before|While|If|As|Since|Until|Because|Although|Though|In|On|At|By|For|From|With|Near|Past|"
    r"Behind|Over|Under|Without|Despite|During|[A-Z][a-z]+ing)\b[^,]*\Z"
)
"""How a sentence begins of which a comma ends the first part: "When she left Hesta, the boat sank"."""
_PERSON = r"[A-Z][\w'’-]+(?: (?:(?:de|van|von|der) ){0,2}[A-Z][\w'’.-]*){0,3}"
_HELD = re.compile(
    rf"(?P<name>{_PERSON})(?: \((?P<within>[^()]{{1,60}})\)|, (?P<behind>[a-z][^,;.()A-Z]{{1,60}})(?=[,;.]|\Z))"
)
"""One of several people with their offices: "Ane Holt (chair)", "Ane Holt, chair"."""
_OFFICE = re.compile(
    r"\W*+who(?:['’]s| is| was) (?:the )?(?P<office>[\w-]+(?: [\w-]+){0,2}?)(?: (?:of|at|in|for)\b[^?]*)?[\s?.!]*",
    re.IGNORECASE,
)
_QUALITY = re.compile(rf"\W*+(?i:is|was|are|were) (?:{_PERSON}) (?P<quality>[a-z]{{3,}})[\s?.!]*")
_NUMBERED = re.compile(r"\b(?P<kind>[A-Za-z][a-z'’-]+)(?P<joint> )(?P<number>\d{1,3}|[03-9]\d{3})\b(?![.,]?\d|%)")
_OF_NAME = re.compile(r"\b(?P<kind>[a-z][\w'’-]+)(?P<joint> (?:of|in|at) )(?:the )?(?P<name>[A-Z][\w'’-]+)")
_LONG_QUESTION = 20  # words from which on a question has several parts
_NO_ONE = {*MONTHS, *(month.capitalize() for month in MONTHS), "than", "least", "most", "under", "over", "about"}
"""Words before a number that it is not the number of."""
_NEARLY = 0.9  # the share of a confidence from which on another sentence is taken to say the same of something else
_LONG = 400  # characters of a sentence that may be a list
_ELSE = 0.1
"""The most of a sentence without the word, where another says what that is."""
_DEFINES = re.compile(
    r"(?:An?\s(?:[\w'’-]+\s){1,3}?(?:is|means|[a-z]{3,}s)\b|(?:[\w'’-]+\s){1,3}?are\s(?![a-z]+(?:ed|en|t)\b))",
    re.IGNORECASE,
)
"""How a sentence begins that says what a thing is: "A cache keeps …", "Caches are …", not "Caches were sold"."""


def asked_name(question: str, *, typed: bool = False) -> str | None:
    """The name that a question asks about; None for other questions.

    Args:
        question: with single spaces between its words.
        typed: only what has capitals; whether something else is a name, the texts have to tell.

    Examples:
        >>> asked_name("Who was Ane Holt?")
        'Ane Holt'
    """
    asked = _ASKS.fullmatch(question)
    if not asked or is_stop_word(asked["name"].split()[0].casefold()):
        return None
    return asked["name"] if not typed or _has_capitals(asked["name"]) else None


def of_name(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first those that say who or what a name is, where a question asks that and a reader sees none.

    What speaks of others, neither naming it nor leaning on what does, is not sure.

    Returns:
        The sentences, best first, and whether the name alone told which answer.
    """
    asked = asked_name(question)
    naming = [each for each in rated if _places(each.text, asked)] if asked else []
    if asked and not naming and (titles := _titles(rated, asked)):
        return _led_by(titles[:1], rated, SURE)
    if asked and not naming and (titled := [each for each in rated if _tells(each.hit.document.title, asked)]):
        theirs = (each for each in titled if each.hit.document is titled[0].hit.document)
        first = min(theirs, key=lambda each: each.span)
        return _led_by([replace(first, answer=(first.span[0], first.span[0]))], rated, UNSURE)
    if not asked or not naming:
        return _of_kind(rated, question)
    terms = {*analyse(asked)}
    heeded = [each if terms.intersection(analyse(each.with_headings)) else each.at_most(UNSURE) for each in rated]
    heeded.sort(key=lambda each: -each.order)
    if max(each.confidence for each in heeded) >= SURE:
        return heeded, False
    here = {each.hit.rank for each in naming}
    names = (asked, asked.split()[-1])
    telling = [each for each in heeded if each.hit.rank in here and any(_tells(each.text, name) for name in names)]
    if telling:
        return _led_by(telling, heeded, SURE)
    return _led_by(naming[: " " in asked], heeded, UNSURE)[0], False


def said_by_title(question: str, title: str, quote: str) -> str | None:
    """What has to be said of a quote without the name that a question asks about, where the title says who that is."""
    asked = asked_name(question)
    says = asked and not _places(quote, asked) and _tells(title, asked)
    return f"The title of the first quote says it: “{title}”." if says else None


def of_names(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences, those on another name after the one of the same text that has the name a question asks of.

    "How many passengers did the Agnes Rowe carry?" is not answered by what the Corvina carried, of which the text tells
    in the same words. What leans on a sentence is on the names in that.
    """
    asked = {*analyse(" ".join(_CAPITAL.findall(question, 1)))}
    if not asked:
        return list(rated)
    held = [{*analyse(each.text)} & asked for each in rated]
    heeded = list[Sentence]()
    for each in rated:
        said = " ".join(each.leant_on)
        named, others = asked.intersection(analyse(said)), {*analyse(" ".join(_CAPITAL.findall(said, 1)))} - asked
        rivals = [
            other.confidence
            for other, holds in zip(rated, held, strict=True)
            if named < holds and other.hit.document is each.hit.document
        ]
        surest = max(rivals, default=0.0)
        heeded.append(each.at_most(0.9 * surest) if others and surest >= _NEARLY * each.confidence else each)
    return sorted(heeded, key=lambda each: -each.order)


def of_one_named(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; none is sure that is on another one of the kind than a question names, and has nothing of that.

    "Hall 3 holds 240 people" does not say what Hall 4 holds, nor the bell of Borre church how old that of Hesta is.
    """
    asked: dict[tuple[str, str], list[str]] = {}
    for pattern in (_NUMBERED, _OF_NAME):
        for found in pattern.finditer(question):
            kind, joint, one = found.groups()
            if not is_stop_word(kind.casefold()) and kind not in _NO_ONE:
                asked.setdefault((kind, joint), []).append(re.escape(re.sub(r"['’]s\Z", "", one)))
    for (kind, joint), ones in asked.items() if len(question.split()) <= _LONG_QUESTION else ():
        value = r"(?:the )?[A-Z]\w" if joint.strip() else r"\d{1,4}\b(?! ?(?:to|and|[-–]) ?\d)"
        other = re.compile(rf"\b{re.escape(kind)}s?{joint}{value}", 0 if joint.strip() else re.IGNORECASE)
        these = re.compile(rf"\b(?:{'|'.join(ones)})\b", re.IGNORECASE)
        in_passage = kind[0].isupper()  # "Lift 5" is a name: a passage on Lift 3 is on others
        rated = [
            each.at_most(UNSURE)
            if other.search(each.hit.passage.text if in_passage else " ".join(each.leant_on))
            and not these.search("\n".join([each.with_headings, each.hit.passage.text if in_passage else ""]))
            else each
            for each in rated
        ]
    return sorted(rated, key=lambda each: -each.order) if asked else list(rated)


def _titles(rated: Sequence[Sentence], name: str) -> list[Sentence]:
    """Where a text begins with its title, and that says who or what a name is: that, which is else no sentence."""
    found = dict[str, Sentence]()
    for each in rated:
        document = each.hit.document
        for place, span in enumerate(each.hit.passage.sentences):
            if document.text[slice(*span)] == document.title and _tells(document.title, name):
                title = replace(each, place=place, span=span, answer=(span[0], span[0]), begins=span[0], bare=False)
                found.setdefault(document.doc_id, title)
    return [*found.values()]


def of_quality(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; none is sure that lacks what "Was Ane Holt ill?" asks of a name, as "Holt was blind" does."""
    asked = _QUALITY.fullmatch(question)
    terms = {*analyse(asked["quality"])} if asked else set[str]()
    if not terms:
        return list(rated)
    heeded = [each if terms.intersection(analyse(" ".join(each.leant_on))) else each.at_most(UNSURE) for each in rated]
    return sorted(heeded, key=lambda each: -each.order)


def with_holders(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; of a list of people with their offices the one is marked who has the office asked for."""
    asked = _OFFICE.fullmatch(question)
    office = {*query_terms(asked["office"])} if asked else set[str]()
    return [_with_holder(each, office) if office else each for each in rated]


def _with_holder(sentence: Sentence, office: set[str]) -> Sentence:
    held = [
        (found.span("name"), {*query_terms(found["within"] or found["behind"])})
        for found in _HELD.finditer(sentence.text)
    ]
    fitting = [name for name, theirs in held if theirs == office] or [name for name, theirs in held if office <= theirs]
    if len(held) < 2 or not fitting:
        return sentence
    start, (first, last) = sentence.span[0], fitting[0] if len(fitting) == 1 else (0, 0)
    return replace(sentence, answer=(start + first, start + last))


def _of_kind(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first what says "A cache keeps …", where "What is a cache?" seems answered without the word."""
    asked = _KIND.fullmatch(question)
    terms = query_terms(asked["kind"]) if asked else []
    if not terms or not rated or _is_on(rated[0], terms):
        return list(rated), False
    begins = (each for each in rated if query_terms(each.text)[: len(terms)] == terms)
    saying = [each for each in begins if _DEFINES.match(each.text)]
    others = [each if _is_on(each, terms) else each.at_most(_ELSE) for each in rated]
    return _led_by(saying[:1], others if saying else rated, SURE)


def _is_on(sentence: Sentence, terms: Sequence[str]) -> bool:
    return not {*terms}.isdisjoint(analyse(sentence.text)) or LEANS.match(sentence.text) is not None


def _led_by(leading: Sequence[Sentence], rated: Sequence[Sentence], sure: float) -> tuple[list[Sentence], bool]:
    led = [each.ahead_of(rated[0], sure) for each in leading]
    places = {(each.hit.rank, each.span) for each in led}
    return [*led, *(each for each in rated if (each.hit.rank, each.span) not in places)], bool(led)


def _places(text: str, name: str) -> list[tuple[int, int]]:
    """Where a text has a name: each word of it with a capital, which alone must not be that of a sentence."""
    words = r"\s+".join(map(re.escape, name.split()))
    pattern = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    typed = " " in name or name != name.lower()
    return [found.span() for found in pattern.finditer(text) if (typed or found.start()) and _has_capitals(found[0])]


def _has_capitals(name: str) -> bool:
    return all(is_stop_word(word) or not word[0].islower() for word in name.split())


def _tells(text: str, name: str) -> bool:
    """Whether a text says beside a name who or what it is."""
    if len(text) > _LONG:
        return False
    places = [(start, end) for start, end in _places(text, name) if not _SUBORDINATE.match(text[:end])]
    return any(_BEFORE.search(text, 0, start) or _BEHIND.match(text, end) for start, end in places)
