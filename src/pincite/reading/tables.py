"""Which rows of a table a question asks for: by their name, a value in a column, or the most of what a column counts.

No row says by itself that it has the most, or shares a word with "Which houses are closed on Monday?" but "closed".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import inf
from typing import NamedTuple

from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Document, Span, Table, table_of
from pincite.reading.rows import cells_of, names_of
from pincite.reading.sentence import SURE, UNSURE, Sentence

MOST = re.compile(
    r"\b(?:most|highest|largest|biggest|greatest|longest|tallest|deepest|widest|heaviest|fastest|strongest|dearest|"
    r"maximum)\b",
    re.IGNORECASE,
)
LEAST = re.compile(
    r"\b(?:least|lowest|fewest|smallest|shortest|shallowest|narrowest|lightest|slowest|weakest|cheapest|minimum)\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(r"\b(?:most|least)\b[^\w?.!]{0,9}(\w{0,60})", re.IGNORECASE)
"""What is counted comes next: "most rooms", and not "most of the houses"."""
_ASKS_ELSE = re.compile(
    r"\b(?:[Ww](?:hom?(?! (?:has|had|have)\b)|hose|hy|hen|here)"
    r"|[Hh]ow\s{1,9}(?:long\s{1,9}ago|come|did|do|does|is|are|was|were|can|could))\b"
)
"""Asks for what a table hardly says, other than "Who has most seats?"; WHO is a name."""
_ASKING = frozenset(analyse("many much number row table list show"))
"""Terms that need not stand in a table."""
_ASKING_VALUE = frozenset(analyse("cost more less fewer"))
"""Those that need not beside the name of a row and of a column."""
_ASKS_PRICE = re.compile(r"\b(?:costs?|prices?|how much|pay|charged?|cheap|expensive|dear)(?:er|est)?\b", re.IGNORECASE)
_PRICES = frozenset(analyse("price cost fee rate charge fare rent toll eur usd gbp"))
"""What a column of prices may be called."""
_FIELD = re.compile(r"^(?P<name>[^\n:]{1,80}): (?P<value>[^\n]+)$", re.MULTILINE)
"""A value of a row that is a document, below the name of its column."""
_NUMBER = re.compile(r"(?:(?<!\w)[-+\u2212\u2013])?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,18})(?:\.\d{1,9})?")
_AS_TYPED = str.maketrans("\u2212\u2013", "--", ",")
_THOUSANDS = re.compile(r"\d\.\d{3}\b")
"""Or three decimals: whole numbers beside them make it doubtful."""
_ORDERS = re.compile(r"^\W*(?:place|year|#)\W*$|\b(?:rank|ranking|position|number|no|id)\W{0,9}$", re.IGNORECASE)
"""The name of a column whose numbers count nothing."""
_NOTHING = re.compile(r"\W*(?:free|none|nil)\W*", re.IGNORECASE)
_OF_ALL = re.compile(r"\W*(?:(?:grand )?total|sum|all|average|mean|median)\b", re.IGNORECASE)


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
    for document, table in [] if _ASKS_ELSE.search(question) else _tables(rated):
        called, about = names_of(document, table.body[0]), frozenset(analyse(document.title))
        rows = [row for row in _rows(document, table) if len(row.cells) == len(called)]
        if len(called) > 1 and len(rows) > 1:
            names = [*map(analyse, called)]
            chosen = _with_most(called, rows, question, about) or _with_value(names, rows, asked, about)
            if chosen := chosen or _with_name(names, rows, asked, about):
                return _of_rows(rated, document, table, [row.span for row in chosen]), True
    return list(rated), False


def rows_in_doubt(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; of rows that are documents none is surely that with the most: not all of them are read."""
    if not MOST.search(question) and not LEAST.search(question):
        return list(rated)
    doubted = [
        each.at_most(UNSURE)
        if table_of(each.hit.document.doc_id) and not MOST.search(each.text) and not LEAST.search(each.text)
        else each
        for each in rated
    ]
    return sorted(doubted, key=lambda each: -each.order)


def rows_named(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences without rows that are documents and lack a word of the question which another of their table has.

    Of "room: Elm; season: low" and "room: Elm; season: high" the second alone is asked for by "Elm in high season".
    """
    asked, tables = frozenset(query_terms(question)), dict[str, dict[str, frozenset[str]]]()
    for each in rated:
        document = each.hit.document
        if table := table_of(document.doc_id):
            tables.setdefault(table, {}).setdefault(document.doc_id, asked.intersection(analyse(document.text)))
    lacking = {
        row for rows in tables.values() for row, said in rows.items() if any(said < other for other in rows.values())
    }
    return [each for each in rated if each.hit.document.doc_id not in lacking]


def with_fields(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; of a row that is a document, with the value alone that a question asks for as what answers.

    Without one, a name is not marked, nor a value of the question's own.
    """
    asked = frozenset(query_terms(question))
    wanted = asked.union(_PRICES if _ASKS_PRICE.search(question) else ())
    surest, marked = dict[str, Sentence](), list[Sentence]()
    for each in rated:
        document = each.hit.document
        if table_of(document.doc_id):
            surest.setdefault(document.doc_id, each)
            first, (named, value) = surest[document.doc_id], _field(document.text, asked, wanted)
            each = _with_field(each, value, is_told=named)
            if named and each.answer == value and each.span != first.span:  # all of the row is quoted
                each = each.ahead_of(first, first.confidence)
        marked.append(each)
    return sorted(marked, key=lambda each: -each.order)


def _field(text: str, asked: frozenset[str], wanted: frozenset[str]) -> tuple[bool, Span | None]:
    """Whether a question names one of the columns whose value it does not tell, and the value in the one it names."""
    values = [
        (len(wanted.intersection(analyse(field["name"]))), field.span("value"))
        for field in _FIELD.finditer(text)
        if not asked.issuperset(analyse(field["value"]))
    ]
    most = max((shared for shared, _ in values), default=0)
    chosen = [span for shared, span in values if most and shared == most]
    return most > 0, chosen[0] if len(chosen) == 1 else None


def _with_field(sentence: Sentence, value: Span | None, *, is_told: bool) -> Sentence:
    """The sentence with that value of the row, if it is its own, as what answers; else without what is no value."""
    text, (start, end), (first, last) = sentence.hit.document.text, sentence.span, sentence.answer
    if value and start <= value[0] < value[1] <= end:
        return replace(sentence, answer=value)
    values = (field.span("value") for field in _FIELD.finditer(text))
    if not is_told and any(a <= first < last <= b for a, b in values):
        return sentence
    return replace(sentence, answer=(start, start))


def with_cells(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; of a row, with the cell in the one column that a question names as the words that answer."""
    asked, marked = frozenset(query_terms(question)), list[Sentence]()
    for each in rated:
        start, end = each.span
        names = [frozenset(analyse(name)) for name in names_of(each.hit.document, start)]
        cells = cells_of(each.hit.document.text[start:end])
        columns = [at for at, name in enumerate(names) if at and name and name <= asked]
        if len(columns) == 1 and len(cells) == len(names) > 1:
            a, b = cells[columns[0]]
            # "Which hotel is closed on Sunday?" asks for another cell.
            if not asked.issuperset(analyse(each.hit.document.text[start + a : start + b])):
                each = replace(each, answer=(start + a, start + b))
        marked.append(each)
    return marked


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
            rows.append(Row((start, start + len(line)), tuple(line[a:b] for a, b in cells_of(line))))
        start += len(line) + 1
    return rows


def _with_most(called: Sequence[str], rows: Sequence[Row], question: str, about: frozenset[str]) -> list[Row]:
    """The rows with the most, or least, in the one column of numbers that a question names, if it names no row."""
    most, least = MOST.search(question), LEAST.search(question)
    if bool(most) == bool(least):
        return []
    asked = frozenset(query_terms(LEAST.sub(" ", MOST.sub(" ", question)))) - _ASKING
    names = [*map(analyse, called)]
    counted = [
        at for at, name in enumerate(names) if at and asked.intersection(name) and not _ORDERS.search(called[at])
    ]
    columns = [(at, numbers) for at in counted if (numbers := _numbers(rows, at))]
    if not asked <= about.union(*names) or len(columns) != 1:
        return []
    ((at, numbers),) = columns
    if any(not set(names[at]).intersection(analyse(word)) for word in _COUNTS.findall(question)):
        return []
    end = (max if most else min)(numbers.values())
    return [row for place, row in enumerate(rows) if numbers.get(place) == end]


def _numbers(rows: Sequence[Row], at: int) -> dict[int, Decimal]:
    """The numbers of a column by row; none where a cell has several, or words alone, or the cells differ in kind."""
    found, units, written = dict[int, Decimal](), set[str](), list[str]()
    for place, row in enumerate(rows):
        cell = row.cells[at]
        if not cell or _OF_ALL.match(row.cells[0]):
            continue
        if _NOTHING.fullmatch(cell):
            found[place] = Decimal(0)
            continue
        numbers = _NUMBER.findall(cell)
        if len(numbers) != 1:
            return {}
        written += numbers
        found[place] = Decimal(numbers[0].translate(_AS_TYPED))
        units.add(_NUMBER.sub("", cell).strip(" .~").casefold())
    is_doubtful = any(map(_THOUSANDS.search, written)) and not all("." in number for number in written)
    return found if len(units) == 1 and 2 * len(found) > len(rows) and not is_doubtful else {}


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
    """The rows that a question names with one of the columns, and nothing else: "The entry to the bath?"."""
    columns = [at for at, name in enumerate(names) if at and name and asked.issuperset(name)]
    called = [(row, frozenset(analyse(row.cells[0]))) for row in rows if any(row.cells[at] for at in columns)]
    found = {row: name for row, name in called if name and name <= asked}
    rest = asked.difference(about, _ASKING, _ASKING_VALUE, *names, *found.values())
    return [] if rest else [*found]


def _of_rows(rated: Sequence[Sentence], document: Document, table: Table, chosen: Sequence[Span]) -> list[Sentence]:
    """The sentences without those of other rows; those of the rows chosen lead, but for surer ones."""
    others, rows = list[Sentence](), list[Sentence]()
    for sentence in rated:
        start = sentence.span[0]
        if sentence.hit.document.doc_id != document.doc_id or not table.body[0] <= start < table.body[1]:
            others.append(sentence)
        elif any(a <= start < b for a, b in chosen):
            rows.append(sentence)
    above = min((each.order for each in others if each.confidence > SURE), default=inf)
    below = max((each.order for each in others if each.confidence <= SURE), default=-inf)
    led = [row if row.confidence > SURE else _between(row.at_least(SURE), below, above) for row in rows]
    return sorted([*led, *others], key=lambda sentence: -sentence.order)


def _between(row: Sentence, below: float, above: float) -> Sentence:
    """The row after all surer sentences, and if it can be before the others."""
    return replace(row, order=min(max(row.order, below + 0.01), above - 0.01))
