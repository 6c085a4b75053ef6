"""Tables in text files (``.csv``, ``.tsv``): a row is a document of lines such as ``Volume: 8.4 million m3``.

A row's id is its number as a spreadsheet counts: the first is 1. Columns by the names that documents have (``title``,
``date``, ``author``, ``url``) are what the row states of itself; all stand in its text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import MOST_CHARACTERS, Skipped, check_text
from pincite.parsers.decoding import decode
from pincite.parsers.markup import names_columns
from pincite.parsers.metadata import document

_Row = tuple[int, list[str]]
_SEPARATOR = re.compile(r"sep=(.)[ \t]*\n", re.IGNORECASE)
"""What Excel writes into the first line."""
_MOST_TITLES = 4
_MOST_LINES = 10
"""Of a row with a quotation mark amiss, unless it shows only in a later one."""
_MOST_WRITTEN = 256 << 20
"""Characters of all rows together: the names of columns stand in each, so that a file gives more than it holds."""


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The documents of a table; a row that is too long is skipped by itself, an empty one has nothing to say."""
    text = decode(path.read_bytes())
    csv.field_size_limit(MOST_CHARACTERS)
    separator = _SEPARATOR.match(text)
    delimiter = separator[1] if separator else _delimiter(text, name)
    numbered = enumerate(_rows(text, delimiter), 1)
    rows: Iterator[_Row] = (
        (number, row) for number, row in numbered if any(map(str.strip, row)) and not (separator and number == 1)
    )
    first, rows = _first(rows)
    if first is None:
        raise UnreadableFile("empty")
    columns = dict(enumerate(map(str.strip, first[1]))) if names_columns(first[1]) else {}
    if [column.lower() for column in columns.values()] == ["query-id", "corpus-id", "score"]:
        raise UnreadableFile("no articles but judgements of questions, as BEIR has them")
    empty, written = True, 0
    for number, row in rows if columns else chain([first], rows):
        filled = ((at, cell.strip()) for at, cell in enumerate(row) if cell.strip())
        cells = [(columns.get(at) or f"Column {at + 1}", cell) for at, cell in filled]
        if not cells:
            continue
        stated = {column.lower(): cell for column, cell in cells}
        words = "\n".join(f"{column}: {cell}" for column, cell in cells)
        found = document(f"{name}#{number}", words, stated=stated, fallback=f"{path.stem}, row {number}")
        written += len(found.text)
        if written > _MOST_WRITTEN:
            raise UnreadableFile(f"its rows have more than {_MOST_WRITTEN >> 20} million characters: divide it")
        empty = False
        try:
            check_text(found.text)
            yield found
        except UnreadableFile as error:
            yield Skipped(f"{name}:{number}", str(error))
    if empty:
        raise UnreadableFile("no row below the names of its columns")


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of a table; a quotation mark that is never closed, or closed in another row, is a sign of its own row.

    It shows where something follows the mark that closes, and in a row of several lines that has fewer cells than the
    row above, though each of its lines has as many.
    """
    lines = io.StringIO(text).readlines()
    field = _field(delimiter)
    start, columns = 0, 0
    while start < len(lines):
        before = start
        reader = csv.reader((lines[at] for at in range(before, len(lines))), delimiter=delimiter, strict=True)
        with suppress(csv.Error):
            for row in reader:
                end = before + reader.line_num
                spans = end - start > 1 and len(row) < columns
                if spans and all(len(_cells(line, field)) == columns for line in lines[start:end]):
                    break
                columns = len(row) or columns
                yield row
                start = end
        if start < len(lines):
            ends = [*range(start + 1, min(start + _MOST_LINES, len(lines)) + 1), before + reader.line_num]
            rows = (_cells("".join(lines[start:end]), field) for end in ends)
            fitting = ((end, cells) for end, cells in zip(ends, rows, strict=True) if len(cells) == columns)
            end, cells = next(fitting, (start + 1, _cells(lines[start], field)))
            yield cells
            start = end


def _field(delimiter: str) -> re.Pattern[str]:
    """A cell: in quotation marks, of which only one before the next cell closes, or as it stands."""
    between = re.escape(delimiter)
    return re.compile(rf'"(?P<quoted>(?:[^"]|""|"(?!{between}|\n|\Z))*+)"(?={between}|\n|\Z)|(?P<plain>[^{between}]*)')


def _cells(line: str, field: re.Pattern[str]) -> list[str]:
    cells, at, line = list[str](), 0, line.rstrip("\n")
    while at <= len(line) and (found := field.match(line, at)):
        cells.append(found["plain"] if found["quoted"] is None else found["quoted"].replace('""', '"'))
        at = found.end() + 1
    return cells


def _first(rows: Iterator[_Row]) -> tuple[_Row | None, Iterator[_Row]]:
    """The first row and those below it; titles of the table, alone in rows of their own, stand above it."""
    above = list(islice(rows, _MOST_TITLES + 1))
    filled = [sum(map(bool, map(str.strip, row))) for _, row in above]
    at = next((at for at, number in enumerate(filled) if number > 2), 0)
    is_title = all(number == 1 for number in filled[:at]) and names_columns(above[at][1]) if above else False
    at = at if is_title else 0
    return next(iter(above[at:]), None), chain(above[at + 1 :], rows)


def _delimiter(text: str, name: str) -> str:
    if name.lower().endswith(".tsv"):
        return "\t"
    sample = text[: 1 << 13]
    with suppress(csv.Error):
        return csv.Sniffer().sniff(sample.rpartition("\n")[0] or sample, ",;\t|").delimiter
    return max(",;\t|", key=lambda mark: sum(mark in line for line in sample.split("\n")))
