"""What kind of thing a question asks for, and whether a sentence has one: a number, a date, a name."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万亿]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"forty|fifty|hundred|thousand|million|billion|half|third|quarter|dozen|double|twice)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1\d|20)\d\d\b|\d{1,2}:\d\d|\d\s*[年月日号]|\b(?:[ap]\.m|century|spring|summer|autumn|winter|noon|midnight|"
    r"(?:Jan|Febr?)(?:uary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"(?:Nov|Dec)(?:ember)?|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
)
_NAME = re.compile(r"(?<=[\w,;:(“\"] )[A-Z][\w’'-]+")
"""A capitalised word that does not begin the sentence."""

_ASKED = (
    (re.compile(r"\bhow (?:many|much|old|long|far|tall|high|large|big|often|deep|wide)\b|"
                r"\bwhat (?:percent|number|share|amount)|多少|几"), _NUMBER),
    (re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|time)\b|何时|什么时候|哪年"), _DATE),
    (re.compile(r"\bwho(?:m|se)?\b|\bwhere\b|\b(?:what|which) (?:city|country|town|place|person)\b"), _NAME),
)  # fmt: skip


def fits(question: str, sentence: str) -> bool:
    """Whether ``sentence`` has the kind of thing that ``question`` asks for, and a name that is not in it already.

    A question that asks for none of these kinds fits nothing, so that no sentence is preferred.
    """
    asked = question.casefold()
    kind = next((pattern for words, pattern in _ASKED if words.search(asked)), None)
    return kind is not None and any(kind is not _NAME or f[0].casefold() not in asked for f in kind.finditer(sentence))
