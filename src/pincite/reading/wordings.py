"""Other wordings of a question, as the passages found for it spell what it names: acronyms, initials, numbers, days.

Acronyms are those that a passage defines, "Northern Tidal Survey (NTS)" or "NTS (Northern Tidal Survey)", after
Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text" (2003). They are
looked for in what was found, so that no store has to keep them and none outlives its passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pincite.analysis.terms import MONTHS, NUMBER_WORDS, analyse, is_stop_word
from pincite.datatypes import Span
from pincite.parsers.metadata import find_date
from pincite.reading.sentence import SURE, Sentence

_SHORT = r"[^\W_][^\s()\[\]]{0,8}[^\W_]"
_IN_BRACKETS = re.compile(r"(?:(?<=\s)|^)([^\s()]+ )?\(([^()\n]{2,100})\)")
_IS_SHORT = re.compile(rf"(?=(?:.*[A-Z]){{2}}){_SHORT}")
"""Two capitals at least: of other words in brackets most stand for nothing."""
_NAMED_SHORT = re.compile(rf"(?<!\w)(?=\w*[A-Z]\w*[A-Z]){_SHORT}(?!\w)")
_STANDS_FOR = re.compile(
    r"\b(?:stands? for|short for|abbreviat\w{1,6}|acronym|what do(?:es)? \S{2,12} mean|the meaning of)\b"
    r"|\A\W*what(?:['’]s| is| are)(?: the| an?)? [A-Z]\S{1,11}\Z",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"(?<!\w)(?P<short>{_SHORT})(?:,? (?:stands for|is short for|means)|:| [–—=-])\s(?:the\s)?"
    r"(?P<long>[^.;:()\n]{4,100})"
)
"""An acronym in front of what it is short for, without brackets."""
_LETTERS = r"(?:[A-Z]\.?\s?-?){1,3}"
_NAME = r"[A-Z][^\W\d_]+(?:[-'’][^\W\d_]+)?"
_INITIALS = re.compile(
    rf"\b(?P<letters>{_LETTERS})(?<=[A-Z.\s])\s?(?P<name>{_NAME})|\b(?P<last>{_NAME}), (?P<first>{_LETTERS})"
)
_WORD = "|".join(NUMBER_WORDS)
_NUMBER = re.compile(
    rf"(?<![\w.,-])(?:(?:\d{{1,3}}(?:,\d{{3}}){{1,4}}|\d{{1,15}}+)(?:\.\d{{1,6}})?|(?:{_WORD})(?:[ -](?:{_WORD}))?)"
    r"(?: (?:hundred|thousand|million|billion))?(?: ?%| per ?cent\b)?(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_KINDS = (
    "hall|room|gate|line|bus|tram|platform|house|chapter|section|page|article|version|number|route|floor|track|class|level|"
    "building|lift|table|step|part|volume|issue"
)
_IN_NAME = re.compile(rf"(?:[A-Z][\w'’-]*|\b(?:{_KINDS}))\s\Z")
"""What stands before a number that is a part of a name: "Apollo 11", "room 12"."""
_OF_MONTH = re.compile(rf"(?:st|nd|rd|th)?\s(?:of\s)?(?:{'|'.join(MONTHS)})\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_DAY = 16  # characters beside the year: "30 September"


def other_wordings(question: str, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Up to three wordings that a question may mean, by the texts found for it, each with what is to be said of it."""
    held = list(texts)
    found = (spelling(question, held) for spelling in (_by_initials, _by_acronyms, _by_numbers, _by_days))
    return list({wording: note for each in found for wording, note in each.items()}.items())[:3]


def _by_initials(question: str, texts: Iterable[str]) -> dict[str, str]:
    """Names with initials as passages punctuate them: "JR Halden" as "J. R. Halden"."""
    found: dict[str, str] = {}
    for name in _INITIALS.finditer(question):
        letters, last = name["letters"] or name["first"], name["name"] or name["last"]
        initials = re.findall("[A-Z]", letters)
        pattern = re.compile(rf"\b{'[. ]{0,2}-?'.join(initials)}[. ]{{1,2}}{last}\b")
        spelt = {match[0] for text in texts if last in text for match in pattern.finditer(text)}
        for other in sorted(spelt - {name[0].strip()}):
            found[f"{question[: name.start()]}{other}{question[name.end() :]}"] = f"Searched for “{other}” as well."
    return found


def _by_acronyms(question: str, texts: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    asked = question.casefold()
    for short, long in dict.fromkeys(pair for text in texts if "(" in text for pair in definitions(text)):
        for one, other in ((long, short), (short, long)):
            if one.casefold() not in asked or other.casefold() in asked:
                continue
            pattern = re.compile(rf"\b{re.escape(one)}(?!\w)", re.IGNORECASE if one is long else 0)
            if pattern.search(question):
                found.setdefault(
                    other.join(pattern.split(question)), f"Searched for “{other}” as well: {short} is short for {long}."
                )
    return found


def _by_numbers(question: str, texts: Iterable[str]) -> dict[str, str]:
    """Numbers as passages write them: "forty per cent" as "40%"."""
    numbers = [number for number in _NUMBER.finditer(question) if _is_amount(question, number)]
    asked = {amount: number for number in numbers if (amount := _amount(number[0]))}
    if not asked:
        return {}
    found: dict[str, str] = {}
    for text in texts:
        for other in _NUMBER.finditer(text):
            number = asked.get(_amount(other[0]) or ("", False))
            if number and number[0].casefold() != other[0].casefold():
                found.setdefault(*_spelt(question, number.span(), other[0]))
    return found


def _is_amount(question: str, number: re.Match[str]) -> bool:
    """Whether a number counts something, and is no year, no day of a month and no part of a name."""
    in_name = _IN_NAME.search(question, max(0, number.start() - 40), number.start())
    return not (_YEAR.fullmatch(number[0]) or in_name or _OF_MONTH.match(question, number.end()))


def _amount(number: str) -> tuple[str, bool] | None:
    """What a number comes to, and whether that is percent."""
    terms = analyse(number)
    whole = [term for term in terms if term.isdecimal()]
    return (whole[-1], "percent" in terms) if whole else None


def _by_days(question: str, texts: Iterable[str]) -> dict[str, str]:
    """A day as passages write it: "2022-05-04" as "4 May 2022"."""
    asked, found = find_date(question), dict[str, str]()
    if not asked or len(asked[0]) != len("2022-05-04"):
        return found
    for text in texts:
        for year in re.finditer(asked[0][:4], text):
            around = text[max(0, year.start() - _LONGEST_DAY) : year.end() + _LONGEST_DAY]
            day = find_date(around)
            if day and day[0] == asked[0] and (other := around[slice(*day[1:])]) != question[slice(*asked[1:])]:
                found.setdefault(*_spelt(question, asked[1:], other))
    return found


def _spelt(question: str, span: Span, other: str) -> tuple[str, str]:
    """A question with other letters in a place, and what is to be said of that."""
    return f"{question[: span[0]]}{other}{question[span[1] :]}", f"Searched for “{other}” as well."


def of_acronym(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first those that say what an acronym is short for, where a question asks that.

    Returns:
        The sentences, best first, and whether that alone told which answer.
    """
    shorts = set(_NAMED_SHORT.findall(question)) if _STANDS_FOR.search(question) else set()
    saying = [each for each in rated if shorts.intersection(short for short, _ in definitions(each.text))]
    if not saying or question.isupper():
        return list(rated), False
    leading = [each.ahead_of(rated[0], max(SURE, rated[0].confidence)) for each in saying]
    return [*leading, *(each for each in rated if each not in saying)], True


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """The acronyms that a text defines, each with what it is short for."""
    for match in _IN_BRACKETS.finditer(text):
        inside = match[2].strip()
        before = " ".join(text[max(0, match.start() - 200) : match.end(1) if match[1] else match.start()].split())
        if _IS_SHORT.fullmatch(inside):
            words = before.split(" ")[-min(len(inside) + 5, 2 * len(inside)) :]
            short, long = inside, _long_form(inside, " ".join(words))
        else:
            short = (match[1] or "").strip()
            long = _long_form(short, inside) if _IS_SHORT.fullmatch(short) else None
        if long and " " in long and short not in long.split():
            yield short, long
    for match in _SAID.finditer(text):
        words = match["long"].split()[:8]
        begun = (words[:length] for length in range(2, len(words) + 1))
        if said := next((long for long in begun if match["short"].lower() in _initials(long)), None):
            yield match["short"], " ".join(said).rstrip(",")


def _initials(words: Sequence[str]) -> tuple[str, str]:
    """The first letters of all words, and of those but "of", "and" and the like."""
    first = [word[0].lower() for word in words]
    return "".join(first), "".join(one for one, word in zip(first, words, strict=True) if not is_stop_word(word))


def _long_form(short: str, text: str) -> str | None:
    """The shortest end of a text that has the letters of an acronym in their order, the first at a word's start."""
    at = len(text)
    for i in range(len(short) - 1, -1, -1):
        letter = short[i].lower()
        if not letter.isalnum():
            continue
        at -= 1
        while at >= 0 and (text[at].lower() != letter or (i == 0 and at > 0 and text[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    return text[text.rfind(" ", 0, at) + 1 :]
