"""Which rows of a table a question asks for: by their name, a value in a column, or the most of what a column counts.

No row says by itself that it has the most, or shares a word with "Which houses are closed on Monday?" but "closed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Document, Span, Table
from pincite.reading.quotes import Sentence
from pincite.reading.rows import BETWEEN, names_of

MOST = re.compile(
    r"\b(?:most|highest|largest|biggest|greatest|longest|tallest|deepest|widest|heaviest|fastest|strongest|dearest|"
    r"maximum)\b",
    re.IGNORECASE,
)
LEAST = re.compile(
    r"\b(?:least|lowest|fewest|smallest|shortest|shallowest|narrowest|lightest|slowest|weakest|cheapest|minimum)\b",
    re.IGNORECASE,
)
_ASKING = frozenset(analyse("many much number row table list show"))
"""Terms that need not stand in a table."""
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,18})(?:\.\d{1,9})?")
_NOTHING = re.compile(r"\W*(?:free|none|nil)\W*", re.IGNORECASE)
_OF_ALL = re.compile(r"\W*(?:(?:grand )?total|sum|all|average|mean|median)\b", re.IGNORECASE)
_SURE = 0.5
"""The least confidence of a row that is told by the names of columns and its values."""


class Row(NamedTuple):
    """A row of a table: its range in the document's text, and its cells."""

    span: Span
    cells: tuple[str, ...]


def rows_asked_for(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, of the surest table without rows other than those asked for; all, where no table tells.

    Returns:
        The sentences, best first, and whether a table told which answer.
    """
    asked = frozenset(query_terms(question))
    for document, table in _tables(rated):
        names, rows = [*map(analyse, names_of(document, table.body[0]))], _rows(document, table)
        if len(names) > 1 and len(rows) > 1 and all(len(row.cells) == len(names) for row in rows):
            about = frozenset(analyse(document.title))
            chosen = _with_most(names, rows, question, about) or _with_value(names, rows, asked, about)
            if chosen := chosen or _with_name(names, rows, asked, about):
                return _of_rows(rated, document, table, [row.span for row in chosen]), True
    return list(rated), False


def _tables(rated: Sequence[Sentence]) -> list[tuple[Document, Table]]:
    """The tables that sentences stand in, the surest first."""
    found: dict[tuple[str, Span], tuple[Document, Table]] = {}
    for sentence in rated:
        document = sentence.hit.document
        for table in document.tables:
            if table.body[0] <= sentence.span[0] < table.body[1]:
                found.setdefault((document.doc_id, table.body), (document, table))
    return list(found.values())


def _rows(document: Document, table: Table) -> list[Row]:
    start, rows = table.body[0], []
    for line in document.text[slice(*table.body)].split("\n"):
        if line.strip():
            rows.append(Row((start, start + len(line)), tuple(line.split(BETWEEN))))
        start += len(line) + 1
    return rows


def _with_most(names: Sequence[list[str]], rows: Sequence[Row], question: str, about: frozenset[str]) -> list[Row]:
    """The rows with the most, or least, in the one column of numbers that a question names, if it names no row."""
    most, least = MOST.search(question), LEAST.search(question)
    if bool(most) == bool(least):
        return []
    asked = frozenset(query_terms(LEAST.sub(" ", MOST.sub(" ", question)))) - _ASKING
    known = about.union(*names)
    counted = [at for at, name in enumerate(names) if at and asked.intersection(name)]
    columns = [(at, numbers) for at in counted if (numbers := _numbers(rows, at))]
    if not asked <= known or len(columns) != 1:
        return []
    ((_, numbers),) = columns
    end = (max if most else min)(numbers.values())
    return [row for place, row in enumerate(rows) if numbers.get(place) == end]


def _numbers(rows: Sequence[Row], at: int) -> dict[int, Decimal]:
    """The numbers of a column by row; none where some are of another unit than others, or most cells have none."""
    found, units = dict[int, Decimal](), set[str]()
    for place, row in enumerate(rows):
        cell = row.cells[at]
        if _OF_ALL.match(row.cells[0]):
            continue
        if _NOTHING.fullmatch(cell):
            found[place] = Decimal(0)
        elif len(numbers := _NUMBER.findall(cell)) == 1:
            found[place] = Decimal(numbers[0].replace(",", ""))
            units.add(_NUMBER.sub("", cell).strip(" .~").casefold())
    return found if len(units) == 1 and 2 * len(found) > len(rows) else {}


def _with_value(
    names: Sequence[list[str]], rows: Sequence[Row], asked: frozenset[str], about: frozenset[str]
) -> list[Row]:
    """The rows that have in a column what a question names beside it: "What is closed on Monday?"."""
    columns = [at for at, name in enumerate(names) if at and name and asked.issuperset(name)]
    values = asked.difference(about, _ASKING, *names)
    if not columns or not values:
        return []
    held = [[set(analyse(row.cells[at])) for at in columns] for row in rows]
    return [row for row, cells in zip(rows, held, strict=True) if any(values <= cell for cell in cells)]


def _with_name(
    names: Sequence[list[str]], rows: Sequence[Row], asked: frozenset[str], about: frozenset[str]
) -> list[Row]:
    """The rows that a question names with one of the columns, and hardly anything else: "The entry to the bath?"."""
    called = [(row, frozenset(analyse(row.cells[0]))) for row in rows]
    found = {row: name for row, name in called if name and name <= asked}
    rest = asked.difference(about, _ASKING, *names, *found.values())
    has_column = any(at and name and asked.issuperset(name) for at, name in enumerate(names))
    return [*found] if has_column and len(rest) <= 1 else []


def _of_rows(rated: Sequence[Sentence], document: Document, table: Table, chosen: Sequence[Span]) -> list[Sentence]:
    """The sentences without those of other rows; those of the rows chosen lead, at least as sure as any."""
    sure, first = max(_SURE, rated[0].confidence), rated[0].order
    kept = []
    for sentence in rated:
        start = sentence.span[0]
        if sentence.hit.document.doc_id != document.doc_id or not table.body[0] <= start < table.body[1]:
            kept.append(sentence)
        elif any(a <= start < b for a, b in chosen):
            raised = sentence.at_least(sure)
            kept.append(replace(raised, order=max(first + 0.01, raised.order)))
    return sorted(kept, key=lambda sentence: -sentence.order)
