"""How far a list or a block of commands goes that a sentence announces.

Whoever quotes "three measures:" has to quote all three, and whoever quotes "To start it, run" has to quote what.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincite.analysis.sentences import LIST_ITEM
from pincite.datatypes import Span

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_MOST_LINES, _MOST_CHARACTERS = 20, 1500
"""Of a list: about what fits on a screen. A longer one is read in its article, which every quote opens."""

_ANNOUNCES = re.compile(r"[:：]\s?[-–—]?\Z")
_BREAKS_OFF = re.compile(
    r"(?:,|\b(?:run|running|type|typing|enter|entering|execute|executing|issue|use|using|with|via|as|like|do|try|call|calling|write"
    r"|add|adding|say|follows|commands?|lines?|example))\Z",
    re.IGNORECASE,
)
"""How a sentence ends that a block of commands goes on with."""
_GOES_ON = re.compile(r"[;；,，](?:\s+(?:and|or|and/or|nor|but|then))?\Z", re.IGNORECASE)
"""How a line ends behind which a list goes on, whatever space is between."""

_NUMBER = re.compile(r"([(（]?)(\d{1,3})([.)、）])(?=\s)")


def list_end(text: str, spans: Sequence[Span]) -> int:
    """The end of the list or block that a sentence announces; where it announces none, its own end.

    A sentence that breaks off at the end of its paragraph goes on with the next one, and with what in small letters
    ends it behind that. ``spans`` are ranges in ``text``: the sentence, and those after it in its passage.
    """
    end = spans[0][1]
    announces = _ANNOUNCES.search(text[slice(*spans[0])]) is not None
    if len(spans) < 2 or "\n" not in text[end : spans[1][0]]:
        return end
    if not announces:
        return _block_end(text, spans) if _BLANK_LINE.search(text, end, spans[1][0]) else end
    lines = _lines(text, spans[1:])
    marked = LIST_ITEM.match(text, lines[0][0]) is not None
    length = 1
    while length < len(lines):
        if _is_listed(text, lines[:length], lines[length], marked):
            length += 1
        elif further := _next_number(text, lines, length):
            length = further
        else:
            break
    if length == 1 and not marked:
        return spans[1][1]  # a paragraph: what somebody said, or an example
    ends = [stop for _, stop in lines[: min(length, _MOST_LINES)] if stop - end <= _MOST_CHARACTERS]
    return ends[-1] if ends else spans[1][1]


def _block_end(text: str, spans: Sequence[Span]) -> int:
    """The end of the paragraph behind a sentence that breaks off, and of what goes on with the sentence behind it."""
    end = spans[0][1]
    length = 1
    while length + 1 < len(spans) and not _BLANK_LINE.search(text, spans[length][1], spans[length + 1][0]):
        length += 1
    after = spans[length + 1 : length + 2]
    goes_on = bool(after) and text[after[0][0]].islower()
    breaks_off = _BREAKS_OFF.search(text, max(spans[0][0], end - 20), end) or (goes_on and text[end - 1].isalnum())
    stop = after[0][1] if goes_on else spans[length][1]
    return stop if breaks_off and length <= _MOST_LINES and stop - end <= _MOST_CHARACTERS else end


def _lines(text: str, spans: Sequence[Span]) -> list[Span]:
    """The lines that sentences stand on: those without a line break between are one."""
    lines = [spans[0]]
    for start, end in spans[1:]:
        begin, last = lines[-1]
        lines[-1:] = [(begin, last), (start, end)] if "\n" in text[last:start] else [(begin, end)]
    return lines


def _is_listed(text: str, lines: Sequence[Span], line: Span, marked: bool) -> bool:
    """Whether a list goes on behind its lines with another; ``marked``: the first begins with a sign or number."""
    start, last = lines[0][0], lines[-1][1]
    if _GOES_ON.search(text, max(start, last - 20), last) or _indent(text, line[0]) > _indent(text, start):
        return True
    tight = text.count("\n", last, line[0]) == 1
    if marked and not LIST_ITEM.match(text, line[0]):
        return tight and text[line[0]].islower()  # an item that was wrapped by hand
    return marked or tight or text[line[0]].islower()  # as no paragraph of prose begins


def _next_number(text: str, lines: Sequence[Span], length: int) -> int | None:
    """How many lines there are up to the item with the next number, written alike; None where it is not near.

    Between "1." and "2." may stand what is said of the first: up to four lines, for more have a matter of their own.
    """
    wanted = next((_numbered(text, line, 1) for line in reversed(lines[:length]) if _NUMBER.match(text, line[0])), None)
    near = range(length, min(length + 5, len(lines)))
    at = next((at for at in near if _numbered(text, lines[at])), None)
    return at + 1 if at is not None and _numbered(text, lines[at]) == wanted else None


def _numbered(text: str, line: Span, further: int = 0) -> tuple[str, int, str, int] | None:
    """The number of an item, or one further, with its signs and how far it is indented."""
    number = _NUMBER.match(text, line[0])
    return (number[1], int(number[2]) + further, number[3], _indent(text, line[0])) if number else None


def _indent(text: str, start: int) -> int:
    return start - text.rfind("\n", 0, start) - 1
