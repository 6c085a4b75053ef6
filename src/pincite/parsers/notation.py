"""How numbers are written other than on the line in digits: raised, lowered, as letters, as Roman numerals."""

from __future__ import annotations

import re

RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
LOWERED = str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
"""For `str.translate`."""
SIGNS = re.compile(r"[-+\u2212]?\d+[-+\u2212]?")
"""What Unicode can raise and lower: numbers and charges, but few letters."""
_POWER = re.compile(r"[-+\u2212]?[^\W_](?:\S*[^\W_])?")
_ABBREVIATION = re.compile(r"st|nd|rd|th|[aeo]|[ao]s|ers?|re|res|me|[eè]me|[èe]re|ter?|[A-Z]{2,}")
"""Raised letters behind a number that only shorten a word, in several languages, or are a trader's mark."""
_VARIABLE = re.compile(r"(?:\A|[\W_])[^\W\d_]\Z|\)\Z")
_EXPONENT = re.compile(r"[^\W\d_aceort]")
"""A raised letter behind another or a bracket; those left out shorten words, as in M\u1d9c, D\u02b3 and n\u1d52."""

_ROMAN = [(1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x")]
_ROMAN += [(9, "ix"), (5, "v"), (4, "iv"), (1, "i")]


def roman(number: int) -> str:
    """``iv`` for 4."""
    text = ""
    for value, letters in _ROMAN:
        times, number = divmod(number, value)
        text += letters * times
    return text


def letter(number: int) -> str:
    """A letter of a to z for 1 to 26, then aa, bb, as Word goes on."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def is_index_or_exponent(text: str, before: str, *, is_raised: bool) -> bool:
    """Whether raised or lowered signs change the value before them: ``1st``, ``Mme`` and a trader's mark do not."""
    if any(map(str.isdigit, text)):
        return text[0] not in "[("
    if before[-1:].isdigit():
        return _POWER.fullmatch(text) is not None and _ABBREVIATION.fullmatch(text) is None
    return is_raised and _VARIABLE.search(before[-2:]) is not None and _EXPONENT.fullmatch(text) is not None


def as_script(text: str, *, is_raised: bool) -> str:
    """Raised or lowered signs on the line: ``^n``, ``_(i+1)``."""
    return f"{'^' if is_raised else '_'}{text if len(text) == 1 else f'({text})'}"
