"""How numbers are written other than on the line in digits: raised, lowered, as letters, as Roman numerals."""

from __future__ import annotations

import re

RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
LOWERED = str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
"""For `str.translate`."""
SIGNS = re.compile(r"[-+\u2212]?\d+[-+\u2212]?")
"""What Unicode can raise and lower: numbers and charges, but few letters."""

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
