"""Rows of tables as they are read: each value with the name of its column, ``Codec: zlib; Ratio: 2.7``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from pincite.datatypes import Document, Passage, Span
from pincite.reading.reader import Reading

_BETWEEN = re.compile(r"(?<!\S)\|(?!\S)")
"""What parts the cells of a row; of two side by side, the cell between is empty."""


class Spelled:
    """A passage in which rows of tables are spelled out.

    Attributes:
        text: what is read.
        sentences: ranges in it, one for each of the passage's.
    """

    def __init__(self, document: Document, passage: Passage) -> None:
        self.text = ""
        self.sentences: list[Span] = []
        self._places: list[Span] = []  # in ``text`` and in the passage, where each copied piece begins
        last = passage.start
        for start, end in passage.sentences:
            self._copy(passage, last, start)
            begin = len(self.text)
            for name, cell_start, cell_end in _cells(document, start, end):
                self.text += name
                self._copy(passage, cell_start, cell_end)
            self.sentences.append((begin, len(self.text)))
            last = end

    def _copy(self, passage: Passage, start: int, end: int) -> None:
        self._places.append((len(self.text), start - passage.start))
        self.text += passage.text[start - passage.start : end - passage.start]

    def in_passage(self, reading: Reading) -> Reading:
        """What was read here, with its answers as ranges in the passage's text."""
        return replace(reading, answers=tuple((self.place(a), self.place(b)) for a, b in reading.answers))

    def place(self, at: int) -> int:
        """Where a character stands in the passage; of the name of a column, where the value before it ends."""
        found = bisect_right(self._places, at, key=lambda place: place[0]) - 1
        spelled, place = self._places[found]
        following = self._places[found + 1][1] if found + 1 < len(self._places) else place + at - spelled
        return min(place + at - spelled, following)


def _cells(document: Document, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """What stands before each value of a row, and the range of the value; of any other sentence all, after nothing."""
    names, cells = names_of(document, start), cells_of(document.text[start:end])
    filled = [(name, a, b) for name, (a, b) in zip(names, cells, strict=False) if a < b]
    if len(cells) != len(names) or len(cells) == 1 or not filled:
        yield "", start, end
        return
    for at, (name, a, b) in enumerate(filled):
        yield f"{'; ' if at else ''}{name}{': ' if name else ''}", start + a, start + b


def names_of(document: Document, start: int) -> list[str]:
    """The names of the columns of the row that begins there; none where the lines that name them differ."""
    lines = (document.columns_at(start) or "").split("\n")
    named = [[line[a:b] for a, b in cells_of(line)] for line in lines]
    return [" ".join(names).strip() for names in zip(*named, strict=True)] if len({*map(len, named)}) == 1 else []


def cells_of(line: str) -> list[Span]:
    """The ranges of the cells of a row, those of empty ones too."""
    bars = [bar.span() for bar in _BETWEEN.finditer(line)]
    found = []
    for start, end in zip([0, *(end for _, end in bars)], [*(start for start, _ in bars), len(line)], strict=True):
        text = line[start:end]
        start = end - len(text.lstrip())
        found.append((start, start + len(text.strip())))
    return found
