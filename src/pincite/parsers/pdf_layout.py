"""From pieces of lines on pages to flowing text.

A PDF knows no paragraphs and no columns, only where characters stand. What is done here, in order: leave out running
headers, footers and page numbers; put each page into reading order; find the paragraphs; join their lines and the
words divided at line ends. All numbers below are in units of the font size unless they say otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from statistics import median
from typing import NamedTuple

_RUNNING_ON = 0.25
"""On so many of the pages (on two at least, and three are enough, as of a chapter in a book) the same line at the same
height of the top or bottom is a running header or footer."""

_LEADERS = re.compile(r"(?:\.\s?){6}\s?[\w-]{0,6}\Z")
"""How lines of a list of contents end, which answer nothing."""

_COLUMN_LINES = 4
_FEWEST_LINES = 2
"""Of columns that are so few lines long that they could be rows of a table: see :func:`_flow_apart`."""
_FEWEST_CELLS = 4
_MOST_TURNS, _MOST_ACROSS, _LEVEL_AS_ROWS, _LEVEL = 3, 0.1, 0.85, 0.15
"""Between columns that were drawn one after the other, where a title may come first and a line at the foot last; the
share of lines across them; the share of lines that stand beside others where these are rows, and how exactly."""
_NOTE_HEIGHT = 0.95
"""Of the usual font size: how high the lines of notes are at most."""
_LINE_DISTANCE = 1.8
"""In units of the font size: the longest between two lines of a sentence."""
_FEWEST_NUMBERS, _LONGEST_NUMBER, _WIDE_LINE = 4, 4, 18
_SLUG = re.compile(
    r"\S+\.(?:indd|qx[dp])\b.*\d|VerDate\s|\d{1,2}/\d{1,2}/\d\d, \d{1,2}:\d\d [AP]M\b|(?:https?|file)://\S+\s\d{1,4}/\d{1,4}$"
)
"""What programs print around a page: the file, when it was printed, where it is from."""
_GAP = "\N{EM SPACE}"
"""Between pieces of one line, as between the cells of a table row."""
_CELL_GAP, _NUMBER_GAP = 1.2, 2.5
_PROSE_CELL = 8
"""As wide are lines of prose, where cells of values are not."""
_NUMBER = re.compile(r"\W?(?:\d{1,3}|[A-Za-z])(?:\.\d{1,3}){0,4}[.):\]]?|\W")
"""Of a heading, an item or a line of code, which is no cell."""

_PARAGRAPH_GAP = 1.3
"""In units of the usual distance between lines."""

_END = re.compile(r"[.!?:;。！？：；…]['\"”’»)\]」』）]*$")
_ADDRESS = re.compile(r"\W?https?://")
_RANGE = re.compile(r"\w–$")
_FULL_STOP = re.compile(r"\w[.!?]$")
_ITEM = re.compile(r"[•‣▪●◦■▶►▸➢➤❖✓✔◆◇○□–—*-]\s|\(?(?:\d{1,2}|[a-z])[.)]\s|[①-⑳]")
_BULLET = re.compile(r"[•‣▪●◦■▶►▸➢➤❖✓✔◆◇○□]\s|[①-⑳]")
"""No sentence goes on with these."""
_NOTE = re.compile(r"(?:\d{1,3}|\[\d{1,3}\]|[*†‡§¶]{1,3}) ?[^\W\d_]")
"""How a note at the foot of a page begins."""
_LEADER = re.compile(r"(?<!\.)(?<!\. )(?:\. ?){4,}+\s*+\w+(?:(?:, |[–-])\w+)*+$")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_SHORT, _HEADING_HEIGHT = 0.6, 1.15
"""Of the usual width, below which a line may be an entry of a list; of the usual height, that of a heading."""
_PROSE, _GOES_ON = (
    re.compile(r"\b(?:[^\W\d_]{1,30}+[,;.]? ){4}[^\W\d_]"),
    re.compile(r"[^\W\d_]+[,;.]?(?:\s[^\W\d_]|\Z)"),
)
_ENDS_CODE = ".:;!?/\\{}>#%"
"""What words set as code have, whose lines belong together, and what their lines do not end with."""
_UNFINISHED = re.compile(r"(?:[,(\[–—=-]|\s(?:the|an?|of|and|or|in|to|by|for|with|at|from|on))\Z")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SUSPENDED = frozenset({"and", "or", "nor", "to", "und", "oder", "bis", "et", "ou", "y", "o", "e"})
"""Before these a hyphen is neither dropped nor closed up: ``short- and long-term``."""

_FIRST_PARTS = frozenset(
    {"all", "cross", "ever", "full", "half", "high", "long", "low", "non", "self", "short", "well"}
)
"""First parts of English compounds that are written with a hyphen."""
_LAST_PARTS = re.compile(
    r"\w{2,}ed|aware|bound|dependent|driven|independent|level|like|only|oriented|related|running|specific|wide"
)
"""Last parts of such compounds: "network-mounted", "platform-specific"; two nouns are mostly written as one word."""
_DIVIDED = re.compile(r"(?<![^\W\d_])[^\W\d_]++[-\u2010]\n[^\W\d_]++")
"""A word at the end of a line and in the next, whose halves are no words."""


class Line(NamedTuple):
    """A line of text, or a piece of one between wide gaps, in a box in points; y grows upwards."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    page: int = 0
    is_aside: bool = False
    """Turned against the text of its page: a stamp on the margin, a heading beside a table."""
    is_code: bool = False
    """All its letters are as wide as each other."""

    @property
    def height(self) -> float:
        """About the font size."""
        return max(1.0, self.top - self.bottom)

    @classmethod
    def joined(cls, text: str, pieces: Sequence[Line]) -> Line:
        """The line that these pieces make, around them all."""
        _, lefts, bottoms, rights, tops, pages, are_aside, are_code = zip(*pieces, strict=True)
        return cls(text, min(lefts), min(bottoms), max(rights), max(tops), pages[0], are_aside[0], all(are_code))


def in_reading_order(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines of the pages as they are read, without running headers and footers."""
    numbered = [[line._replace(page=number) for line in page] for number, page in enumerate(pages)]
    upright = [_without_margin([line for line in page if not line.is_aside]) for page in numbered]
    upright = _without_running_lines(upright)
    if sum(len(line.text) * (2 * line.is_code - 1) for page in upright for line in page) > 0:  # a typescript
        upright = [[line._replace(is_code=False) for line in page] for page in upright]
    stamps = Counter(text for page in numbered for text in {line.text for line in page if line.is_aside})
    aside = [[line for line in page if line.is_aside and stamps[line.text] == 1] for page in numbered]
    usual = usual_height(line for page in upright for line in page)
    ordered: list[Line] = []
    for page, beside in zip(upright, aside, strict=True):
        text, margin = _without_notes_beside(page, usual)
        ordered += (*_notes_aside(_ordered(text), usual), *_ordered(margin), *_ordered(beside))
    return ordered


def usual_height(lines: Iterable[Line]) -> float:
    """How high the lines are that have the most characters."""
    heights: Counter[float] = Counter()
    for line in lines:
        heights[round(line.height, 1)] += len(line.text)
    return max(heights, key=lambda height: heights[height], default=0.0)


def _without_notes_beside(lines: Sequence[Line], usual: float) -> tuple[list[Line], list[Line]]:
    """The lines of a page without the small ones in the margin beside its prose, and these, set aside."""
    wide = [line for line in lines if line.right - line.left > _WIDE_LINE * line.height > 0.95 * _WIDE_LINE * usual]
    if len(wide) < _COLUMN_LINES:
        return list(lines), []
    left, right = min(line.left for line in wide), max(line.right for line in wide)
    bottom, top = min(line.bottom for line in wide), max(line.top for line in wide)
    notes = {
        line
        for line in lines
        if (line.right < left or line.left > right) and bottom < line.top <= top and line.height < _NOTE_HEIGHT * usual
    }
    text = [line for line in lines if line not in notes]
    return text, [line._replace(is_aside=True) for line in lines if line in notes]


def _notes_aside(lines: Sequence[Line], usual: float) -> list[Line]:
    """The lines of a page, the small ones of notes at the foot of a column set aside, since the text goes on behind."""
    column: list[Line] = []
    found: list[Line] = []
    for line, after in zip(lines, [*lines[1:], None], strict=False):
        column.append(line)
        if after is None or after.bottom > line.top:
            foot = len(column)
            while foot and column[foot - 1].height < _NOTE_HEIGHT * usual:
                foot -= 1
            if not foot or (foot < len(column) and not _NOTE.match(column[foot].text)):
                foot = len(column)
            found += [*column[:foot], *(each._replace(is_aside=True) for each in column[foot:])]
            column = []
    return found


def flow(lines: Sequence[Line], pages: int, alone: Container[Line] = ()) -> tuple[str, tuple[int, ...]]:
    """The text of lines in reading order, and the offset in it at which each page begins.

    Lines that are to stand ``alone`` are no part of the paragraphs beside them.
    """
    words = Counter(_WORD.findall(_DIVIDED.sub("\n", "\n".join(line.text for line in lines).lower())))
    parts: list[str] = []
    starts: dict[int, int] = {}
    length = 0
    for paragraph in _paragraphs(lines, alone):
        text = ""
        for line in paragraph:
            text = _seamed(text, line.text, words)
            starts.setdefault(line.page, length + len(text))
            text += line.text
        parts.append(text)
        length += len(text) + len("\n\n")
    whole = "\n\n".join(parts)
    for page in reversed(range(pages)):
        starts.setdefault(page, starts.get(page + 1, len(whole)))
    return whole, tuple(starts[page] for page in range(pages))


def _without_margin(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page without those that programs print around it, and without the numbers of its lines."""
    rows = _rows(lines)
    slugs = [line for row in (*rows[:1], *rows[-1:]) if _SLUG.match(_joined(row).text) for line in row]
    lines = [line for line in lines if line not in slugs]
    decimal = [line for line in lines if line.text.isdecimal() and len(line.text) <= _LONGEST_NUMBER]
    words = [line for line in lines if not line.text.isdecimal()]
    # Only beside lines as long as those of a text without columns, and not as the rows of a ranking.
    if not words or median((line.right - line.left) / line.height for line in words) <= _WIDE_LINE:
        return lines
    left, right = min(line.left for line in words), max(line.right for line in words)
    for numbers in ([line for line in decimal if line.right < left], [line for line in decimal if line.left > right]):
        numbers.sort(key=lambda line: -line.bottom)
        steps = Counter(int(after.text) - int(before.text) for before, after in pairwise(numbers))
        [(step, count)] = steps.most_common(1) or [(0, 0)]
        if count >= max(_FEWEST_NUMBERS - 1, 0.8 * len(numbers) - 1) and step in {1, 2, 5, 10}:
            lines = [line for line in lines if line not in numbers]
    return lines


def _without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    rows = [_rows(page) for page in pages]
    usual = _usual_distance([row[0] for page in rows for row in page])
    edges = {line for page in rows for end in (page, page[::-1]) for line in _set_apart(end, usual)}
    counts = Counter(key for line in edges for key in _keys(line))
    least = min(3, max(2, _RUNNING_ON * len(pages)))
    running = {line for line in edges if any(counts[key] >= least for key in _keys(line))}
    # The name of a chapter of few pages, beside the number of the page.
    numbered = [row for page in rows for row in (*page[:1], *page[-1:]) if any(line in running for line in row)]
    numbered = [row for row in numbered if any(each.text.isdecimal() for each in row)]
    running.update(
        line for row in numbered for line in row if line in edges and any(counts[key] > 1 for key in _keys(line))
    )
    for row in (row for page in rows for row in page):
        running.update(line for line in row if _LEADERS.search(line.text))
        numbers = (pair for pair in pairwise(row) if len(pair[1].text) <= _LONGEST_NUMBER)
        running.update(number for leading, number in numbers if _LEADERS.search(leading.text))
    return [[line for line in page if line not in running] for page in pages]


def _set_apart(rows: Sequence[list[Line]], usual: float) -> list[Line]:
    """The first row, or the first two, where a gap parts them from the text."""
    for count in range(1, min(3, (len(rows) + 1) // 2)):
        if abs(_distance(rows[count - 1][0], rows[count][0])) > _PARAGRAPH_GAP * usual:
            return [line for row in rows[:count] for line in row]
    return []


def _keys(line: Line) -> set[tuple[str, int]]:
    """What a running line has in common on all pages: its height and words, its number less that of the page."""
    first_and_last = (r"\d{1,4}", r"\d{1,4}(?=\D*$)")
    texts = (re.sub(at, lambda found: f"#{int(found[0]) - line.page}", line.text, count=1) for at in first_and_last)
    return {(text, round(line.bottom / 8)) for text in (line.text, *texts)}


def _ordered(lines: Sequence[Line]) -> list[Line]:
    """From top to bottom; columns one after the other, down to the next line that runs across both."""
    gutter = _gutter(lines)
    if gutter is None:
        return [_joined(row) for row in _with_cells(_rows(lines))]
    ordered: list[Line] = []
    others: list[Line] = []
    prevails, _, x = gutter
    for beside, across in _bands(lines, x):
        if prevails == 2 or (prevails and not _is_table(beside)) or (not prevails and _flow_apart(beside, x)):
            left, _, right = _parted(beside, x)
            below = [] if prevails else _below_columns(left, right)
            left = [line for line in left if line not in below]
            ordered += [line for part in (others, left, right) for line in _ordered(part)]
            others = [*below, *across]
        else:
            others += [*beside, *across]
    return ordered + _ordered(others)


def _is_table(lines: Sequence[Line]) -> bool:
    """Whether most rows have more cells than two columns of prose have pieces."""
    rows = _rows(lines)
    return len(rows) > _FEWEST_LINES and not _is_prose(lines) and median(map(len, rows)) >= _FEWEST_CELLS


def _bands(lines: Sequence[Line], x: float) -> Iterator[tuple[list[Line], list[Line]]]:
    """The lines on both sides of ``x`` down to the next row that runs across it, and that row."""
    rest = [line for line in lines if line.right <= x or line.left >= x - 1]
    for row in [*_rows(_parted(lines, x)[1]), []]:
        floor = row[0].bottom if row else float("-inf")
        yield [line for line in rest if line.bottom > floor], row
        rest = [line for line in rest if line.bottom <= floor]


def _below_columns(left: Sequence[Line], right: Sequence[Line]) -> list[Line]:
    """What stands on the left by itself, set apart, below the end of the column on the right."""
    end = min(line.bottom for line in right)
    column = sorted(left, key=lambda line: -line.bottom)
    distances = [_distance(before, after) for before, after in pairwise(column)]
    for at, distance in enumerate(distances, 1):
        if column[at].top < end and distance > _PARAGRAPH_GAP * min(distances):
            return column[at:]
    return []


def _rows(lines: Iterable[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.bottom):
        first = rows[-1][0] if rows else line
        shared = min(first.top, line.top) - max(first.bottom, line.bottom)
        if not rows or shared <= 0.5 * min(first.height, line.height):
            rows.append([])
        rows[-1].append(line)
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _with_cells(rows: Sequence[list[Line]]) -> list[list[Line]]:
    """The rows, those of tables together with the further lines of their cells."""
    found: list[list[Line]] = []
    for row in _centred(rows):
        cells = _continued(found[-1], row) if found else []
        found[-1:] = [cells] if cells else [*found[-1:], row]
    return found


def _centred(rows: Sequence[list[Line]]) -> Iterator[list[Line]]:
    """The rows; cells of two lines of prose, between which stand cells of one line, are in one row with these."""
    at = 0
    while at < len(rows):
        cells = _around(*rows[at : at + 3]) if at + 2 < len(rows) else []
        yield cells or rows[at]
        at += 3 if cells else 1


def _around(above: Sequence[Line], middle: Sequence[Line], below: Sequence[Line]) -> list[Line]:
    """The cells of a row of a table if what stands in the middle of it does so between the lines of others."""
    distances = _distance(above[0], middle[0]), _distance(middle[0], below[0])
    if len(above) != len(below) or not 0.3 < min(distances) <= max(distances) < 0.9:
        return []
    pairs = list(zip(above, below, strict=True))
    if any(abs(a.left - b.left) > 1 or a.right - a.left < _PROSE_CELL * a.height for a, b in pairs):
        return []
    cells = [Line.joined(_seamed(a.text, b.text, Counter()) + b.text, (a, b)) for a, b in pairs]
    if any(cell.left < line.right and line.left < cell.right for cell in cells for line in middle):
        return []
    bottom, top = middle[0].bottom, middle[0].top
    cells = [cell._replace(bottom=bottom, top=top) for cell in cells]
    return sorted([*cells, *middle], key=lambda line: line.left)


def _continued(row: Sequence[Line], below: Sequence[Line]) -> list[Line]:
    """The cells of a table's row with their further lines; none unless words go on in each that has one below."""
    if len(row) < _FEWEST_CELLS - 1 or len(below) >= len(row) or _distance(row[0], below[0]) > _LINE_DISTANCE:
        return []
    cells = list(row)
    for piece in below:
        at = max((at for at, cell in enumerate(cells) if cell.left <= piece.left + 1), default=0)
        cell, end = cells[at], cells[at + 1].left if at + 1 < len(cells) else max(cells[at].right, piece.right)
        is_full = end - cell.right < min(_first_word_width(piece) + _CELL_GAP * cell.height, 3 * cell.height)
        # A column may be wider than what stands in it.
        is_full |= abs(piece.left - cell.left) < 1 and cell.right - cell.left > _PROSE_CELL * cell.height
        goes_on = is_full and piece.text[0].islower() and (cell.text[-1].isalpha() or cell.text[-1] in ",-")
        if not goes_on or piece.right > end or piece.left >= cell.right or cell.is_code:
            return []
        text = _seamed(cell.text, piece.text, Counter()) + piece.text
        cells[at] = Line.joined(text, [cell, piece])._replace(right=piece.right)
    bottom = below[0].bottom
    return [cell._replace(bottom=bottom, top=bottom + old.height) for cell, old in zip(cells, row, strict=True)]


def _joined(row: Sequence[Line]) -> Line:
    text = row[0].text
    for before, after in pairwise(row):
        widest = _NUMBER_GAP if len(row) == 2 and _NUMBER.fullmatch(before.text) else _CELL_GAP
        text += (_GAP if after.left - before.right > widest * before.height else " ") + after.text
    return Line.joined(text, row)


def _gutter(lines: Sequence[Line]) -> tuple[int, int, int] | None:
    """The best gutter between columns of prose; None for a page without columns.

    Whether all of the page stands in these two (2 where that is certain), how good it is, and where the column begins
    that has another to its left.
    """
    gutters: list[tuple[int, int, int]] = []
    for edge in {round(line.left) - 1 for line in lines}:
        left, across, right = _parted(lines, edge)
        fewer = min(len(left), len(right))
        if fewer < _FEWEST_LINES:
            continue
        are_columns = fewer >= _COLUMN_LINES and len(across) <= min(0.4 * len(lines), 2 * fewer)
        if are_columns and _are_set_apart(lines, edge):
            gutters.append((2, fewer - len(across), edge))
        elif are_columns and _is_prose(left) and _is_prose(right) and not _is_drawn_in_rows(lines, edge):
            gutters.append((1, fewer - len(across), edge))
        elif beside := [band for band, _ in _bands(lines, edge) if _flow_apart(band, edge)]:
            gutters.append((0, sum(map(len, beside)), edge))
    return max(gutters, default=None)


def _flow_apart(lines: Sequence[Line], x: float) -> bool:
    """Whether what stands on both sides of ``x`` are columns for certain, and no rows of a table.

    They were drawn one after the other, or sentences run on from line to line in both, or their lines stand at
    heights of their own.
    """
    left, _, right = _parted(lines, x)
    if min(len(left), len(right)) < _FEWEST_LINES or _is_drawn_in_rows(lines, x):
        return False
    top = min(max(line.bottom for line in column) for column in (left, right)) + 2
    bottom = max(min(line.bottom for line in column) for column in (left, right)) - 2
    both = [line for line in lines if bottom < line.bottom < top]
    left, _, right = ([row[at] for row in _rows(part)] for at, part in zip((-1, 0, 0), _parted(both, x), strict=True))
    if not (_is_column(left) and _is_column(right)):
        return False
    fewer = min(len(left), len(right))
    level = sum(any(abs(line.bottom - other.bottom) < 2 for other in left) for line in right)
    if fewer > _FEWEST_LINES and level < 0.5 * fewer and (_is_prose(left) or _is_prose(right)):
        return True
    sides = [line.left >= x - 1 for line in both]
    drawn_apart = sum(before != after for before, after in pairwise(sides)) == 1
    return _is_prose(left) and _is_prose(right) and (drawn_apart or (_runs_on(left) and _runs_on(right)))


def _are_set_apart(lines: Sequence[Line], x: float) -> bool:
    """Whether what stands left and right of ``x`` was drawn one after the other, each side in rows of its own.

    So are the columns of a reference card, whose lines are no prose, but not those of a table.
    """
    left, across, right = _parted(lines, x)
    if min(len(left), len(right)) < 2 * _COLUMN_LINES or len(across) > _MOST_ACROSS * len(lines):
        return False
    sides = [line.left >= x - 1 for line in lines if line.right <= x or line.left >= x - 1]
    turns = sum(before != after for before, after in pairwise(sides))
    if turns > _MOST_TURNS or not (_has_rows(left) and _has_rows(right)):
        return False
    fewer, more = sorted((left, right), key=len)
    heights = sorted(line.bottom for line in more)
    steps = [_nearest(heights, line.bottom) - line.bottom for line in fewer]
    level = sum(abs(step - median(steps)) < _LEVEL * line.height for step, line in zip(steps, fewer, strict=True))
    return level < (_LEVEL_AS_ROWS if turns == 1 and not across else 0.5) * len(fewer)


def _has_rows(drawn: Sequence[Line]) -> bool:
    """Whether most pieces were drawn right before or behind one beside them."""
    near = [abs(a.bottom - b.bottom) < _LEVEL * a.height and a.right < b.left for a, b in pairwise(drawn)]
    return sum(map(max, zip([False, *near], [*near, False], strict=True))) > len(drawn) / 2


def _nearest(heights: Sequence[float], height: float) -> float:
    at = bisect_left(heights, height)
    return min(heights[max(0, at - 1) : at + 1], key=lambda other: abs(other - height))


def _is_drawn_in_rows(lines: Sequence[Line], x: float) -> bool:
    """Whether what stands left and right of ``x`` was drawn by turns, as a table is, and does not fill its lines."""
    parts = _parted(lines, x)
    drawn = [line for line in lines if line.right <= x or line.left >= x - 1]
    turns = sum((before.left >= x - 1) != (line.left >= x - 1) for before, line in pairwise(drawn))
    by_turns = turns > min(len(parts[0]), len(parts[2])) or _is_drawn_row_by_row(drawn, x)
    return by_turns and not (_is_filled(parts[0]) and _is_filled(parts[2]))


def _is_drawn_row_by_row(drawn: Sequence[Line], x: float) -> bool:
    """Whether most lines that stand beside one on the other side of ``x`` were drawn right before or behind it."""
    places = {line: at for at, line in enumerate(drawn)}
    pairs = [pair for row in _rows(drawn) for pair in pairwise(row) if pair[0].left < x - 1 <= pair[1].left]
    return 2 * sum(abs(places[a] - places[b]) == 1 for a, b in pairs) > len(pairs)


def _is_filled(lines: Sequence[Line]) -> bool:
    """Whether most lines end where the next word has no room, as in prose."""
    right = max(line.right for line in lines)
    rows = [row[-1] for row in _rows(lines)]
    full = sum(right - line.right < _first_word_width(after) + 0.5 * line.height for line, after in pairwise(rows))
    # Of many labels of a list, some end at the edge by chance.
    of_words = 2 * sum(_PROSE.search(row.text) is not None for row in rows) > len(rows)
    return full >= (0.5 if of_words or len(rows) <= 2 * _COLUMN_LINES else 0.8) * (len(rows) - 1)


def _is_column(lines: Sequence[Line]) -> bool:
    """Whether lines stand below each other at one left edge and at one distance."""
    edge = median(line.left for line in lines) if lines else 0.0
    distances = [_distance(*pair) for pair in pairwise(sorted(lines, key=lambda line: -line.bottom))]
    if len(lines) < _FEWEST_LINES or min(distances) < 0.5 or max(distances) > _LINE_DISTANCE:
        return False
    at_edge = sum(abs(line.left - edge) < 3 for line in lines)
    return at_edge >= 0.7 * len(lines) and max(distances) < _PARAGRAPH_GAP * min(distances)


def _runs_on(column: Sequence[Line]) -> bool:
    """Whether a sentence begins in a column, goes on from one of its lines to the next, and ends."""
    goes_on = any(line.text[0].islower() and not _END.search(before.text) for before, line in pairwise(column))
    return (
        goes_on
        and any(line.text[0].isupper() for line in column)
        and any(_FULL_STOP.search(line.text) for line in column)
    )


def _parted(lines: Iterable[Line], x: float) -> tuple[list[Line], list[Line], list[Line]]:
    """The lines to the left of ``x``, across it, and to its right."""
    parts: tuple[list[Line], list[Line], list[Line]] = [], [], []
    for line in lines:
        parts[0 if line.right <= x else 2 if line.left >= x - 1 else 1].append(line)
    return parts


def _is_prose(lines: Sequence[Line]) -> bool:
    """Whether most of the text stands in lines longer than the cells of a table, whatever formulas are between them."""
    wide = sum(len(line.text) for line in lines if line.right - line.left > _PROSE_CELL * line.height)
    return wide > sum(len(line.text) for line in lines) / 2


class _Usual(NamedTuple):
    """What most of a text has: the distance between lines, how wide they are, and how high."""

    distance: float
    width: float
    height: float

    @classmethod
    def of(cls, lines: Sequence[Line]) -> _Usual:
        by_width = sorted(lines, key=lambda line: line.right - line.left)
        lengths = list(accumulate(len(line.text) for line in by_width))
        middle = by_width[bisect_left(lengths, lengths[-1] / 2)] if lines else Line("", 0, 0, 0, 0)
        return cls(_usual_distance(lines), middle.right - middle.left, middle.height)


def _usual_distance(lines: Sequence[Line]) -> float:
    distances = [_distance(before, after) for before, after in pairwise(lines)]
    return median([each for each in distances if 0.5 < each < 2.5] or [1.2])


def _distance(before: Line, after: Line) -> float:
    return (before.bottom - after.bottom) / before.height


def _paragraphs(lines: Sequence[Line], alone: Container[Line]) -> list[list[Line]]:
    """Those of the text, and what stands aside on a page before or behind that in which the page ends."""
    upright = [line for line in lines if not line.is_aside]
    usual = _Usual.of(upright)
    paragraphs = _grouped(upright, alone, usual)
    for page, aside in groupby((line for line in lines if line.is_aside), lambda line: line.page):
        at = sum(paragraph[-1].page <= page for paragraph in paragraphs)
        paragraphs[at:at] = _grouped(list(aside), alone, usual)
    return paragraphs


def _grouped(lines: Sequence[Line], alone: Container[Line], usual: _Usual) -> list[list[Line]]:
    paragraphs: list[list[Line]] = []
    for line, below in zip(lines, [*lines[1:], None], strict=False):
        parted = not paragraphs or line in alone or paragraphs[-1][-1] in alone
        if parted or not _goes_on(paragraphs[-1], line, below, usual):
            paragraphs.append([])
        paragraphs[-1].append(line)
    return paragraphs


def _goes_on(paragraph: Sequence[Line], after: Line, below: Line | None, usual: _Usual) -> bool:
    """Whether a paragraph goes on with a line: below the last, in the next column, or on the next page."""
    if _parts_code(paragraph, after, usual):
        return False
    before, right = paragraph[-1], max(line.right for line in paragraph[-3:])
    complete, is_item = bool(_END.search(before.text)), _is_item(after, paragraph)
    differ = abs(before.height - after.height) / before.height
    is_next = _distance(before, after) < 1.1 * usual.distance and before.right >= right > after.right
    if differ > (0.3 if is_next and after.left <= min(line.left for line in paragraph) + 1.5 * before.height else 0.15):
        return False
    gaps = before.text.count(_GAP), after.text.count(_GAP)
    if before.page != after.page or after.bottom > before.top:
        full = len(paragraph) > 1 and before.right > right - 2 * before.height
        return not (complete or all(gaps)) and (after.text[0].islower() or (full and not is_item))
    room = max(right, after.right) - before.right - _first_word_width(after)
    if _distance(before, after) > _PARAGRAPH_GAP * usual.distance or (
        is_item and (complete or room > before.height or _BULLET.match(after.text))
    ):
        return False
    if all(gaps) or max(gaps) > 1 or _LEADER.search(before.text):
        return False
    hangs = bool(gaps[1]) and before.left - after.left > 0.8 * before.height
    ends = complete or (room > 0 and not _UNFINISHED.search(before.text))
    if hangs or (any(gaps) and ends and not after.text[0].islower()) or _parts_rows(before, after, gaps, room):
        return False
    if not complete:
        width = max(right, after.right) - before.left
        return after.text[0].islower() or (room < 0.25 * width and not _are_entries(paragraph, after, below, usual))
    is_indented = after.left - before.left > 0.8 * before.height and not _ITEM.match(paragraph[0].text)
    return room < 1.5 * before.height and not is_indented


def _parts_rows(before: Line, after: Line, gaps: tuple[int, int], room: float) -> bool:
    """Whether a row of cells ends above a line that begins at its edge, or begins below a line that is not full."""
    if gaps[0]:
        return after.text[0].isupper() and after.left <= before.left + 1
    return gaps[1] > 0 and room > 2 * before.height and not _UNFINISHED.search(before.text)


def _is_item(line: Line, paragraph: Sequence[Line]) -> bool:
    """Whether a line begins an item of a list, and not with a bracket that closes what was opened before."""
    mark = _ITEM.match(line.text)
    if mark is None or not mark[0].endswith(") ") or mark[0].startswith("("):
        return mark is not None
    before = "".join(each.text for each in paragraph[-3:])
    return before.count("(") <= before.count(")")


def _parts_code(paragraph: Sequence[Line], after: Line, usual: _Usual) -> bool:
    """Whether a line of code begins or ends between a paragraph and a line; words of prose may be set alike."""
    before = paragraph[-1]
    if all(line.is_code for line in paragraph) or (before.is_code and after.is_code):
        is_prose = before.text[0].isalnum() and before.text[-1] not in _ENDS_CODE and _PROSE.search(before.text)
        return not (is_prose and _GOES_ON.match(after.text))
    is_short = before.right - before.left < _SHORT * usual.width
    return after.is_code and (is_short or after.left - before.left > 0.8 * before.height)


def _are_entries(paragraph: Sequence[Line], after: Line, below: Line | None, usual: _Usual) -> bool:
    """Whether short lines are entries of a list, a table or code: none shows that a sentence goes on in the next."""
    before = paragraph[-1]
    if max(line.right for line in (*paragraph, after)) - before.left > _SHORT * usual.width:
        return False
    is_large = after.height > _HEADING_HEIGHT * usual.height
    if is_large or _UNFINISHED.search(before.text) or not (after.text[0].isupper() or not after.text[0].isalpha()):
        return False
    near = [*paragraph[1:], *([below] if below and below.bottom < after.bottom else [])]
    return not any(line.text[0].islower() for line in near)


def _first_word_width(line: Line) -> float:
    """About how much room the first word of a line takes with the space before it; of Chinese, one character."""
    letters = 1 if _WIDE.match(line.text) else len(line.text.split(" ", 1)[0]) + 1
    return letters * (line.right - line.left) / len(line.text)


def _seamed(text: str, after: str, words: Counter[str]) -> str:
    """The text so far, ready for the next line: with a space behind it, or without the hyphen of a divided word."""
    last = text.rpartition(" ")[2]
    tail = re.match(r"[^\W_]+", after)
    if tail and (_RANGE.search(last) or _is_divided_address(last, after)):
        return text
    if last.endswith(("-", "\u2010")) and tail and (head := _last_word(last[:-1])):
        if tail[0].lower() in _SUSPENDED and not _ADDRESS.match(last):
            return text + " "
        return text if _is_compound(head, tail[0], words) else text[:-1]
    if last.endswith("\xad"):
        return text[:-1]
    return text if not text or text[-1] == "—" or (_WIDE.match(text[-1]) and _WIDE.match(after)) else text + " "


def _is_divided_address(last: str, after: str) -> bool:
    """Whether an address that ends a line goes on in the next: behind ``//``, or with more of its signs."""
    if not _ADDRESS.match(last) or _ADDRESS.match(after):
        return False
    return last.endswith("//") or (last[-1] in "/?&=#_%" and "/" in after.split(" ", 1)[0])


def _last_word(text: str) -> str:
    """Hyphens within it included; looked for from the end, since a text without spaces is long."""
    backwards = re.match(r"[\w-]*", text[::-1])
    return backwards[0][::-1].lstrip("_-") if backwards else ""


def _is_compound(head: str, tail: str, words: Counter[str]) -> bool:
    """Whether the hyphen belongs to the word: by its letters, by the rest of the text, by common first parts."""
    if not head.isalpha() or not tail[0].islower() or not head[1:].islower():
        return True
    head, tail = head.lower(), tail.lower()
    closed, hyphened = words[head + tail], words[f"{head}-{tail}"]
    return hyphened > closed or (hyphened == closed and (head in _FIRST_PARTS or _are_two_words(head, tail, words)))


def _are_two_words(head: str, tail: str, words: Counter[str]) -> bool:
    """Whether both parts are words of an English text, and the last ends compounds; its kin write two words as one."""
    is_english = words["the"] > words["die"] + words["de"] + words["det"]
    may_be_first = len(head) > 3 and head not in ("over", "under")  # "overloaded"
    return is_english and may_be_first and bool(_LAST_PARTS.fullmatch(tail)) and min(words[head], words[tail]) > 0
