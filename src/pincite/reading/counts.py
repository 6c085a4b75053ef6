"""Which of several numbers a question asks for: "How many crew did she carry?" of "40 passengers and a crew of 12"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from pincite.analysis.terms import NUMBER_WORDS, analyse, is_stop_word, query_terms
from pincite.datatypes import Span
from pincite.reading.sentence import Sentence

_ASKS = re.compile(r"\bhow many (?P<what>(?:[\w'’-]+ ?){1,4})", re.IGNORECASE)
_ONE = (
    rf"(?:\d{{1,3}}(?:[,.]\d{{3}})+|\d+(?:\.\d+)?|{'|'.join(NUMBER_WORDS)})"
    r"(?: ?%| (?:percent|dozen|hundred|thousand|million|billion|trillion)\b){0,2}"
)
_NUMBER = re.compile(
    rf"(?<![\w.,-])(?:(?:between|from) {_ONE} (?:and|to) {_ONE}|{_ONE}(?:–{_ONE})?)(?![\w-]|[.,]\d)", re.IGNORECASE
)
"""With what says how large it is, and both ends of a range."""
_NONE_OR_ALL = re.compile(
    r"\b(?:none|both|no(?!\.| (?:longer|more|less|fewer|other)\b)|all(?! (?:of )?(?:the )?\d))\b", re.IGNORECASE
)
"""Words that count: "none of the 12 boats"."""
_WHOSE = r"(?:(?:the|these|those|its|their|all|his|her|our) ){0,2}"
_OF_THESE = re.compile(rf" of {_WHOSE}(?=\d|[a-z])", re.IGNORECASE)
_OF = re.compile(rf"\bof {_WHOSE}\Z", re.IGNORECASE)
_MANY = frozenset(analyse("how many"))
_BEHIND = re.compile(rf"(?:[ \n](?!(?:and|or|with|{'|'.join(NUMBER_WORDS)})\b)[^\s\d,.;:()]+){{1,4}}")
_BEFORE = re.compile(
    r"([^\s\d,.;()]+)(?: of|:| was| were| is| are| numbered| rose to| fell to)(?: about| only| some)? \Z"
)
"""What is counted stands behind a number, or before it: "12 of the crew", "a crew of 12"."""
_NAME = re.compile(r"[A-Z][\w'’-]+")


def with_counts(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences, where one has several numbers with the one marked that counts what a question asks for.

    None is marked where that is not told, or the number is said of another than the question names. In a row of a table
    the name of its column tells.
    """
    asked = _ASKS.search(question)
    if not asked:
        return list(rated)
    counted = {*analyse(" ".join(takewhile(lambda word: not is_stop_word(word.casefold()), asked["what"].split())))}
    names = set(_NAME.findall(question[1:]))
    rest = {*query_terms(question)}.difference(analyse(asked["what"].split()[0]), analyse(" ".join(names)), _MANY)
    numbers = [_numbers(each.text, counted) for each in rated]
    fitting = [_fitting(each, found, counted, names, rest) for each, found in zip(rated, numbers, strict=True)]
    told = {each.hit.rank for each, spans in zip(rated, fitting, strict=True) if spans}
    return [
        each if each.hit.document.columns_at(each.span[0]) else _marked(each, found, spans, each.hit.rank in told)
        for each, found, spans in zip(rated, numbers, fitting, strict=True)
    ]


def _numbers(text: str, counted: set[str]) -> list[Span]:
    """The numbers of a text, and the words of it that count what is asked for as one does: "none of the 12 boats"."""
    numbers = [found.span() for found in _NUMBER.finditer(text)]
    words = (found.span() for found in _NONE_OR_ALL.finditer(text))
    return sorted([*numbers, *(each for each in words if _whole(text, each, numbers) or _counts(text, each, counted))])


def _fitting(
    sentence: Sentence, numbers: Sequence[Span], counted: set[str], names: set[str], rest: set[str]
) -> list[Span]:
    """The numbers that count what is asked for; of "3 of the 12 boats" the 3, where the sentence has more of that."""
    text = sentence.text
    wholes = {
        span: whole for span in numbers if (whole := _whole(text, span, numbers)) and _counts(text, whole, counted)
    }
    fitting = [span for span in numbers if span not in wholes.values() and _counts(text, span, counted)]
    if rest.intersection(analyse(text)):
        fitting = sorted({*fitting, *wholes})
    return [span for span in fitting if _is_of(text, span, names)]


def _whole(text: str, number: Span, numbers: Sequence[Span]) -> Span | None:
    """The number of which another is said to be a part: 12 of "three of the 12 boats" and "of the 12 boats, three"."""
    if of := _OF_THESE.match(text, number[1]):
        return next((span for span in numbers if span[0] == of.end()), None)
    before = max((span for span in numbers if span[1] <= number[0]), default=None)
    if before and "," in text[before[1] : number[0]] and _OF.search(text, 0, before[0]):
        return before
    return None


def _marked(sentence: Sentence, numbers: Sequence[Span], fitting: Sequence[Span], told: bool) -> Sentence:
    """The sentence with the one number that fits as what answers; ``told``: one of its passage does."""
    start = sentence.span[0]
    a, b = (at - start for at in sentence.answer)
    within = [span for span in numbers if a < span[1] and span[0] < b]
    if not told and (not within or len(numbers) < 2):
        return sentence
    chosen = [span for span in fitting if span in within] if len(fitting) > 1 else fitting
    first, last = chosen[0] if len(chosen) == 1 else (0, 0)
    return replace(sentence, answer=(start + first, start + last))


def _counts(text: str, number: Span, counted: set[str]) -> bool:
    """Whether what is asked for stands beside a number."""
    behind, before = _BEHIND.match(text, number[1]), _BEFORE.search(text, 0, number[0])
    said = (behind[0] if behind else "") + (f" {before[1]}" if before else "")
    return not counted.isdisjoint(analyse(said))


def _is_of(text: str, number: Span, names: set[str]) -> bool:
    """Whether the last names before a number are those of a question, or one of the two has none."""
    clauses = (set(_NAME.findall(clause)) for clause in reversed(re.split("[,;]", text[1 : number[0]])))
    said = next(filter(None, clauses), set[str]())
    return not (said and names) or not said.isdisjoint(names)
