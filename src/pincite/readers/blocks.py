"""How text that had markup is laid out: blocks on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pincite.datatypes import Span
from pincite.readers.decoding import clean

CELL_MARK = " | "
"""Between the cells of a table row: unlike a tab it survives being shown on a page or in a terminal."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, or a ``line``: a list item or table row, with no blank line before the next one."""

    text: str
    kind: Literal["paragraph", "heading", "line"] = "paragraph"


def lay_out(blocks: Iterable[Block]) -> tuple[str, tuple[Span, ...]]:
    """The text of the blocks and the ranges of its heading lines."""
    parts: list[str] = []
    headings: list[Span] = []
    length, before = 0, ""
    for block in blocks:
        text = clean(block.text)
        gap = "" if not parts else "\n" if block.kind == before == "line" else "\n\n"
        length += len(gap) + len(text)
        parts += gap, text
        before = block.kind
        if before == "heading":
            headings.append((length - len(text), length))
    return "".join(parts), tuple(headings)


def collapse(text: str) -> str:
    """``text`` with each run of white space as one space; no-break spaces stay."""
    return re.sub(r"[ \t\n\r\f]+", " ", text).strip(" ")


def row(cells: Sequence[Sequence[Block]]) -> list[Block]:
    """A table row as one line. Where a single cell is filled, the table is there for looks: its blocks stay blocks."""
    filled = [cell for cell in cells if cell]
    if len(filled) < 2:
        return [block for cell in filled for block in cell]
    texts = (collapse(" ".join(block.text for block in cell)) for cell in cells)
    return [Block(CELL_MARK.join(texts), "line")]
