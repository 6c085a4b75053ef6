"""Tables in text files (``.csv``, ``.tsv``): a row is a document of lines such as ``Volume: 8.4 million m3``.

A row's id is its number as a spreadsheet counts: the first is 1. Columns by the names that documents have (``title``,
``date``, ``author``, ``url``) are what the row states of itself; all stand in its text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import MOST_CHARACTERS, Skipped, check_text
from pincite.parsers.decoding import decode
from pincite.parsers.markup import names_columns
from pincite.parsers.metadata import document

_MOST_WRITTEN = 256 << 20
"""Characters of all rows together: the names of columns stand in each, so that a file gives more than it holds."""


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The documents of a table; a row that is too long is skipped by itself, an empty one has nothing to say."""
    text = decode(path.read_bytes())
    csv.field_size_limit(MOST_CHARACTERS)
    rows = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, name)), 1)
    first = next(((number, row) for number, row in rows if any(map(str.strip, row))), None)
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


def _delimiter(text: str, name: str) -> str:
    if name.lower().endswith(".tsv"):
        return "\t"
    sample = text[: 1 << 13]
    with suppress(csv.Error):
        return csv.Sniffer().sniff(sample.rpartition("\n")[0] or sample, ",;\t|").delimiter
    return ","
