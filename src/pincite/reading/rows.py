"""Rows of tables as they are read: each value with the name of its column, ``Codec: zlib; Ratio: 2.7``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from pincite.datatypes import Document, Passage, Span
from pincite.reading.reader import Reading

BETWEEN = " | "
"""What parts the cells of a row."""


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
    names, cells = names_of(document, start), document.text[start:end].split(BETWEEN)
    if len(cells) != len(names) or len(cells) == 1:
        yield "", start, end
        return
    for at, (name, cell) in enumerate(zip(names, cells, strict=True)):
        yield f"{'; ' if at else ''}{name}: ", start, start + len(cell)
        start += len(cell) + len(BETWEEN)


def names_of(document: Document, start: int) -> list[str]:
    """The names of the columns of the row that begins there; none where the lines that name them differ."""
    named = [line.split(BETWEEN) for line in (document.columns_at(start) or "").split("\n")]
    return [" ".join(names).strip(" |") for names in zip(*named, strict=True)] if len({*map(len, named)}) == 1 else []
