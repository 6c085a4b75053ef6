"""From text to the terms that the lexical search compares, the same for documents and questions.

Letters are folded (compatibility forms, case, the accents of Latin, Greek and Cyrillic), invisible characters dropped,
English words stemmed (Snowball). Compounds give their parts and the joined form, so that ``e-mail``, ``email`` and ``e
mail`` meet; numbers lose their thousands separators, dotted acronyms and initials their stops. What is written in two
ways meets: ``21`` and ``twenty-one``, ``21st`` and ``twenty-first``, ``40%`` and ``40 per cent``, ``1.2 million``,
``$1.2mn`` and ``1,200,000``, ``2022-06-09``, ``09.06.2022``, ``9 Jun 2022`` and ``9 June 2022``. Chinese, Japanese,
Korean, Thai, Lao, Khmer and Burmese, which put no spaces between words or hang particles on them, become overlapping
pairs of characters (as in Lucene's CJKAnalyzer); a lone character stays one. Signs and emoji give nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import chain, islice
from string import ascii_letters

import Stemmer

from pincite.names import folded

VERSION = 4
"""Changes whenever a text gives other terms; an index made by another version is made anew."""

LONGEST_TERM = 64
"""In characters; what is longer is cut. (Tantivy leaves out terms of 65,530 bytes or more.)"""
MISSPELT_FROM = 5
"""Letters from which on a word may be taken for a misspelt one."""
MOST_QUERY_TERMS = 256
"""Terms of a question: more than most passages have, and each costs a pass over its postings."""

_COMMON = (
    "a an the this that these those and or but if then so as of at by for with about from to in on "
    "i me my we our you your he him his she her it its they them their there here "
    "who whom whose what which when where why how is are was were be been being am do does did has have had having "
    "can could will would shall should might must tell please"
)
_STOP_WORDS = frozenset(_COMMON.split())
"""Articles, common prepositions, pronouns, question words, auxiliaries. Neither "us" (the U.S.) nor "may" (a month)."""

_PAIRED = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U000323af"
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e80-\u0eff\u1000-\u1049\u1050-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\u1780-\u17d3\u17dc-\u17ef"
)
"""Scripts that become pairs: Han, kana, bopomofo, Hangul; Thai, Lao, Burmese, Khmer (their signs left out)."""
_MARKS = (
    "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0900-\u0963\u0971-\u0df3\u0f71-\u0f84"
)
"""Signs within words that ``re`` takes for no letters: Hebrew and Arabic points, vowel signs of India and Tibet."""
_WORD = rf"[^\W_{_PAIRED}]+(?:[{_MARKS}]+[^\W_{_PAIRED}]*){{0,32}}"
_TOKEN = re.compile(rf"[{_PAIRED}]+|{_WORD}(?:[-'.,&_]{_WORD}){{0,15}}")
"""A run of paired script, or up to 16 words joined by single signs; bounded, for ``a-b-c-...`` may go on for ever."""

_LETTERS = re.compile(r"[^\W\d_]+")
_IS_PAIRED = re.compile(f"[{_PAIRED}]")
_DIGIT = re.compile(r"\d")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}")
_DECIMAL = re.compile(r"\d+\.\d+")
_HYPHENS = re.compile("[-_&]")
_ISO_DATE = re.compile(r"((?:1[5-9]|20)\d\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_INITIALS = re.compile(r"\b([A-Z])\.[ \u00a0](?=[A-Z]\.)")
_PER_CENT = re.compile(r"%|per cent\b(?<!\w.{8})")
_NARROW = re.compile(r"[\u00a0\u2009\u202f](?<=\d.)(?=\d{3}(?!\d))")
"""What many languages put between thousands; a plain space may part two numbers, unless the last is 000. As all
patterns here it begins with a sign and looks back from there: to look back from each sign of a text takes far longer.
"""
_APART = re.compile(r"\d(?<![\d.,'].)\d{0,2}(?:(?:'\d{3}){1,4}|(?: \d{3}){1,3} 000)(?![\d'])")
_DAY = re.compile(
    r"(?P<first>\d(?<![\d.].)\d{0,3})(?:\.(?P<month>[01]?\d)\.(?P<year>(?:1[5-9]|20)\d\d)(?!\.?\d)"
    r"|/(?P<then>[01]?\d)/(?P<last>[0-3]?\d)(?![\d/])|年(?P<moon>[01]?\d)月(?P<sun>[0-3]?\d)日)"
)
MONTHS = ["january", "february", "march", "april", "may", "june", "july"]
MONTHS += ["august", "september", "october", "november", "december"]
UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBERS = {word: str(number) for number, word in enumerate(UNITS[1:] + _TEENS, 2)}
_NUMBERS |= {word: str(number) for number, word in zip(range(20, 100, 10), _TENS, strict=True)}
_NUMBERS |= {f"{ten}-{unit}": str(int(_NUMBERS[ten]) + number) for ten in _TENS for number, unit in enumerate(UNITS, 1)}
NUMBER_WORDS = tuple(sorted(_NUMBERS, key=len, reverse=True))
"""Numbers in letters, the longest first."""
_NUMBERS |= {
    f"{ten}-{nth}": str(int(_NUMBERS[ten]) + number)
    for ten in _TENS
    for number, nth in enumerate(_ORDINALS, 1)
    if nth != "second"  # "a thirty-second pause"
}
_NUMBERS |= {f"{nth}{s}": str(number) for number, nth in enumerate(_ORDINALS[2:], 3) for s in ("", "s")}
_NUMBERS |= {
    f"{word.removesuffix('y')}{'ieth' if word[-1] == 'y' else 'th'}": _NUMBERS[word] for word in _TEENS + _TENS
}
_NUMBERS["twelfth"] = "12"
"""From two on, and from the third: "one", "first" and "second" mean other things as well. Thirds are fractions."""
_TWO_WORDS = re.compile(
    f"ty (?:{'|'.join(f'(?<={ten} )' for ten in _TENS)})" + rf"(?=(?:{'|'.join(UNITS + _ORDINALS[2:])})\b(?!-))"
)
"""Between the words of a number; not in "twenty five-year-olds"."""
_SCALES = {"dozen": 12, "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT_SCALES = {"mn": "million", "mln": "million", "bn": "billion", "tn": "trillion", "m": "million", "k": "thousand"}
_MONEY = re.compile(r"([$€£¥] ?\d{1,9}(?:[.,]\d{1,9})?)(?:([mk])| ?(mn|mln|bn|tn))\b")
"""Without a sign before the number, ``mn`` may be minutes, ``tn`` tons."""
_WRITTEN = {"half a": "0.5", "a": "1", "one": "1"} | {
    word: each for word, each in _NUMBERS.items() if word in UNITS + _TEENS + _TENS
}
_SCALE = re.compile(
    rf"[ -]({'|'.join(_SCALES)})\b"
    rf"(?! (?:and (?:\d|(?:{'|'.join(_WRITTEN)})\b)|hundred|thousand|million|billion))"
)
_AMOUNT = re.compile(
    rf"(?:(?<![\d,.])(?:\d{{1,3}}(?:,\d{{3}}){{1,4}}|\d{{1,12}}(?:\.\d{{1,6}})?)|\b(?:{'|'.join(_WRITTEN)}))\Z"
)
_LONGEST_AMOUNT = 24
_SHORT_MONTHS = {"sept": "september"} | {month[:3]: month for month in MONTHS if month != "may"}
_MONTH_BEHIND = re.compile(rf"(\d(?<![\w.,].)\d?)(?:st|nd|rd|th)? ({'|'.join(_SHORT_MONTHS)})\b")
_MONTH_BEFORE = re.compile(
    rf"({'|'.join(_SHORT_MONTHS)})(?=\.? (?:(?:[12]?\d|3[01])(?:st|nd|rd|th)?|(?:1[5-9]|20)\d\d)\b)"
)
_BILLION = re.compile(r"(\d) ?bn\b")
_UNIT = re.compile(r"(\d)(km|kg|cm|mm|kw|mw|gw|kwh|mwh|gwh|twh|ha|mb|gb|tb|mhz|ghz|ml|mg)\b")
_ACRONYM = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_SHORT_FORM = re.compile(r"[^\W\d_]{1,2}(?:\.[^\W\d_]{1,2})+")


def analyse(text: str) -> list[str]:
    """The terms of a text or question, in its order, for BM25: each of 1 to 64 characters, none of them white space."""
    return list(_terms(_tokens(text)))


def words(text: str) -> set[str]:
    """The folded words of a text that are long enough to be told from others when they are misspelt, not stemmed."""
    tokens = chain.from_iterable(map(_LETTERS.findall, _tokens(text)))
    return {token for token in tokens if MISSPELT_FROM <= len(token) <= LONGEST_TERM and not _IS_PAIRED.match(token)}


def query_terms(text: str) -> list[str]:
    """The terms to search a question by: at most 256, without stop words unless nothing else is there.

    A term that is said twice counts twice: what a long question returns to is what it is about.
    """
    tokens = _tokens(text)
    telling = [token for token in tokens if not is_stop_word(token)]
    return list(islice(_terms(telling or tokens), MOST_QUERY_TERMS))


def only_stop_words(text: str) -> bool:
    """Whether a text has words and all are stop words, as in "The Who": its meaning is then in its letters alone."""
    tokens = _tokens(text)
    return bool(tokens) and all(map(is_stop_word, tokens))


def mostly_latin(text: str) -> bool:
    """Whether no more than half of a text's letters are other than Latin ones."""
    letters = [each for each in folded(text) if each.isalpha()]
    return sum(each > "\u024f" for each in letters) <= len(letters) / 2


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_with_one_form(folded(_INITIALS.sub(r"\1.", _NARROW.sub("", text)))))


def _with_one_form(text: str) -> str:
    """A folded text whose numbers and days, where they are of several words, are in the form that all ways share."""
    text = _TWO_WORDS.sub("ty-", _PER_CENT.sub(" percent ", text))
    if _DIGIT.search(text):
        text = _DAY.sub(_as_iso, _APART.sub(lambda found: found[0].replace("'", "").replace(" ", ""), text))
        text = _MONTH_BEFORE.sub(_as_month, _MONTH_BEHIND.sub(_as_month, text))
        text = _MONEY.sub(lambda found: f"{found[1]} {_SHORT_SCALES[found[2] or found[3]]}", text)
        text = _UNIT.sub(r"\1 \2", _BILLION.sub(r"\1 billion", text))
    return _SCALE.sub(_with_zeros, text)


def _as_month(short: re.Match[str]) -> str:
    """``june`` for ``jun``, behind a day of the month or before it or a year."""
    *day, month = short.groups()
    is_part = not day and short.start() > 0 and short.string[short.start() - 1].isalnum()
    if is_part or any(not 0 < int(each) <= 31 for each in day):
        return short[0]
    return " ".join([*day, _SHORT_MONTHS[month]])


def _as_iso(day: re.Match[str]) -> str:
    """``2022-06-09`` for ``09.06.2022``; beside Chinese and Japanese characters, of which a question may have some."""
    year, month, number = (each for each in day.groups() if each)
    if day["year"]:
        year, number = number, year
    is_part = day.start() > 0 and day.string[day.start() - 1] in ascii_letters  # of a version: v1.2.2020
    if is_part or not (1500 <= int(year) < 2100 and 0 < int(month) <= 12 and 0 < int(number) <= 31):
        return day[0]
    iso = f"{int(year)}-{int(month):02}-{int(number):02}"
    return f"{day[0]} {iso} " if day["moon"] else iso


def _with_zeros(scale: re.Match[str]) -> str:
    """``million``, and 1200000 behind it where 1.2 stands before it, if that makes a whole number."""
    amount = _AMOUNT.search(scale.string[max(0, scale.start() - _LONGEST_AMOUNT) : scale.start()])
    if amount is None:
        return scale[0]
    value = Decimal(_WRITTEN.get(amount[0], amount[0]).replace(",", "")) * _SCALES[scale[1]]
    return f"{scale[0]} {value:.0f}" if value == value.to_integral_value() else scale[0]


def is_stop_word(token: str) -> bool:
    """Whether a folded word is one of English that says nothing by itself."""
    return token.removesuffix("'s") in _STOP_WORDS


def _terms(tokens: Iterable[str]) -> Iterator[str]:
    return chain.from_iterable(_known_terms(each) if len(each) <= 24 else _terms_of(each) for each in tokens)


class _Stemmer(threading.local):
    """One for each thread: a Snowball stemmer must not be used by two at once."""

    def __init__(self) -> None:
        self.stem = Stemmer.Stemmer("english").stemWord


_stemmer = _Stemmer()


def _terms_of(token: str) -> tuple[str, ...]:
    words = (word[:LONGEST_TERM] for word in _split(token))
    return tuple(str(_stemmer.stem(word)) if word.isascii() and word.isalpha() else word for word in words)


_known_terms = lru_cache(50_000)(_terms_of)
"""Remembers those of short tokens."""


def _split(token: str) -> Iterator[str]:
    """The words of a token, not yet stemmed."""
    if _IS_PAIRED.match(token):
        yield from (token[i : i + 2] for i in range(max(1, len(token) - 1)))
    elif token in _NUMBERS or token.isalnum():
        yield _number(token) or token
    elif day := _ISO_DATE.fullmatch(token):
        yield from (day[1], MONTHS[int(day[2]) - 1], str(int(day[3])), "".join(day.groups()))
    elif _GROUPED.fullmatch(token):
        yield token.replace("," if "," in token else ".", "")
    else:
        yield from chain.from_iterable(map(_compound, token.split(",")))


def _compound(token: str) -> Iterator[str]:
    """``e-mail``: its parts and the joined form; ``tenth-century``: its numbers in digits."""
    parts = _HYPHENS.split(token)
    if (number := _number("-".join(parts[:2]))) and len(parts) > 2:  # twenty-five-year-old
        yield number
        parts = parts[2:]
    for part in parts:
        number = _number(part)
        yield from _dotted(part) if number is None else (number,)
    if _HYPHENS.search(token):
        yield _HYPHENS.sub("", token).replace("'", "")


def _number(word: str) -> str | None:
    """The digits of a number in letters, or of ``21st``."""
    ordinal = _ORDINAL.fullmatch(word)
    return ordinal[1] if ordinal else _NUMBERS.get(word)


def _dotted(token: str) -> Iterator[str]:
    """``u.s``: us; ``3.5``: itself; ``1.2.3``, ``ph.d``: the whole and its parts; ``plans.a``: two words."""
    if _ACRONYM.fullmatch(token):
        yield token.replace(".", "")
    elif _DECIMAL.fullmatch(token):
        yield token
    else:
        parts = token.split(".")
        if len(parts) > 1 and any(map(str.isdecimal, parts)):
            yield token
        if _SHORT_FORM.fullmatch(token):
            yield token.replace(".", "")
        yield from chain.from_iterable(map(_without_apostrophe, parts))


def _without_apostrophe(word: str) -> Iterator[str]:
    """``cook's``: cook; ``don't``: dont; ``l'homme``, ``o'brien``: the joined form and what follows the apostrophe."""
    word = word.removesuffix("'s")
    yield word.replace("'", "")
    last = word.rpartition("'")[2]
    if last != word and len(last) > 2:
        yield last
