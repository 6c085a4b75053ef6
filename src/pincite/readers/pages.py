"""From pieces of lines on pages to flowing text.

A PDF knows no paragraphs and no columns, only where characters stand. What is done here, in order: leave out running
headers, footers and page numbers; put each page into reading order; find the paragraphs; join their lines and the
words divided at line ends. All numbers below are in units of the font size unless they say otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

_RUNNING_ON = 0.25
"""On so many of the pages (and on two at least) a line at the top or bottom is a running header or footer."""

_EDGE_ROWS = 2
_COLUMN_LINES = 4
_CELL_GAP = 2.0
_SAME_SIZE = 0.15
_PARAGRAPH_GAP = 1.3
"""In units of the usual distance between lines."""

_PAGE_LABEL = re.compile(
    r"\W*(?:page|pp?\b\.?|pg\.?|seite|p[aá]gina|第)?\W*(\d{1,4})\W*(?:(?:of|von|de|sur|共|页|頁)?\W*\d{0,4}\W*[页頁]?)",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?:;。！？：；…]['\"”’»)\]」』）]*$")
_ITEM = re.compile(r"[•‣▪●◦■–—*-]\s|\(?(?:\d{1,2}|[a-z])[.)]\s")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LEADER = re.compile(r"(?:\. ?){4,}\s*\w+$")
_HYPHENS = ("-", "\u2010", "\xad")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class Box(NamedTuple):
    """A rectangle on a page in points, y growing upwards."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        """Of a line: about the font size."""
        return self.top - self.bottom

    @classmethod
    def around(cls, boxes: Sequence[Box]) -> Box:
        """The smallest box that holds all."""
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        return cls(min(lefts), min(bottoms), max(rights), max(tops))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or a piece of one between wide gaps; ``cells``: of how many table cells it was put together."""

    text: str
    box: Box
    page: int = 0
    cells: int = 1


def flow(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[int, ...]]:
    """The text of the pages, and the offset in it at which each page begins."""
    kept = _without_running_lines(pages)
    lines = [
        Line(line.text, line.box, number, line.cells) for number, page in enumerate(kept) for line in _ordered(page)
    ]
    paragraphs = [paragraph for run in _runs(lines) for paragraph in _paragraphs(run)]
    return _written(_continued(paragraphs), _words(lines), len(pages))


# ---------------------------------------------------------------- running headers and footers


def _without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without what is repeated at their edges; as they are, where that would leave nothing of most."""
    usual = _usual_distance([row[0] for page in pages for row in _by_rows(page)])
    edges = [_edges(page, usual) for page in pages]
    counts = Counter(key for number, lines in enumerate(edges) for key in {_key(line, number) for line in lines})
    running = {key for key, count in counts.items() if count >= max(2, _RUNNING_ON * len(pages))}
    kept = []
    for number, (page, lines) in enumerate(zip(pages, edges, strict=True)):
        left_out = [line for line in lines if _key(line, number) in running]
        kept.append([line for line in page if line not in left_out])
    emptied = sum(1 for page, rest in zip(pages, kept, strict=True) if page and not rest)
    return kept if 2 * emptied < len(pages) else [list(page) for page in pages]


def _edges(page: Sequence[Line], usual: float) -> list[Line]:
    """One or two rows at the top and at the bottom that are set apart from the text."""
    rows = _by_rows(page)
    return [line for each in (rows, rows[::-1]) for row in _set_apart(each, usual) for line in row]


def _set_apart(rows: Sequence[list[Line]], usual: float) -> Sequence[list[Line]]:
    for count in range(1, min(_EDGE_ROWS + 1, len(rows))):
        if abs(_distance(rows[count - 1][0], rows[count][0])) > _PARAGRAPH_GAP * usual:
            return rows[:count]
    return []


def _key(line: Line, page: int) -> tuple[object, ...]:
    """What a running line has in common on all its pages: height and words, page numbers counted from the page's."""
    label = _PAGE_LABEL.fullmatch(line.text)
    if label:
        return "page number", int(label[1]) - page
    text = line.text
    if len(re.findall(r"[^\W\d]{2,}", text)) > 1:
        text = re.sub(r"^\d{1,3}\b|\b\d{1,3}$", lambda number: f"#{int(number[0]) - page}", text)
    return text, round(line.box.bottom / 8)


# ---------------------------------------------------------------- reading order


def _ordered(lines: Sequence[Line]) -> list[Line]:
    """A page in reading order, the pieces of each row put together.

    The order in which the file draws is right as a rule, and for pictures with labels there is no better one. It is
    replaced for columns of prose, and where it jumps back up over its own text.
    """
    gutter = _gutter(lines)
    if gutter is not None:
        return list(_by_columns(lines, gutter))
    if any(_is_above(after.box, before.box) for before, after in pairwise(lines)):
        lines = [line for row in _by_rows(lines) for line in row]
    return _with_rows_joined(lines)


def _is_above(box: Box, other: Box) -> bool:
    middle = (box.bottom + box.top) / 2
    return middle > other.top and box.left < other.right and other.left < box.right


def _in_one_row(box: Box, other: Box) -> bool:
    shared = min(box.top, other.top) - max(box.bottom, other.bottom)
    return shared > 0.5 * min(box.height, other.height)


def _by_rows(lines: Iterable[Line]) -> list[list[Line]]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.box.bottom):
        if rows and _in_one_row(rows[-1][0].box, line.box):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.box.left) for row in rows]


def _with_rows_joined(lines: Iterable[Line]) -> list[Line]:
    joined: list[Line] = []
    for line in lines:
        before = joined[-1] if joined else None
        if before and _in_one_row(before.box, line.box) and line.box.left > before.box.right - 0.3 * before.box.height:
            gap = (line.box.left - before.box.right) / before.box.height
            text = before.text + (" " if gap > 0.1 else "") + line.text
            joined[-1] = Line(text, Box.around([before.box, line.box]), cells=before.cells + (gap > _CELL_GAP))
        else:
            joined.append(line)
    return joined


def _gutter(lines: Sequence[Line]) -> float | None:
    """The left edge of a column of prose that has another to its left; None for a page without columns."""
    best, most = None, 0
    for edge, count in Counter(round(line.box.left) for line in lines).items():
        if count < _COLUMN_LINES:
            continue
        left, right, across = _parted(lines, edge - 1)
        fewer = min(len(left), len(right))
        beside = fewer > most and len(across) <= 0.4 * len(lines) and _side_by_side(left, right)
        if beside and _is_column(left) and _is_column(right):
            best, most = edge - 1, fewer
    return best


def _parted(lines: Iterable[Line], x: float) -> tuple[list[Line], list[Line], list[Line]]:
    """The lines to the left of ``x``, to its right, and across it."""
    left: list[Line] = []
    right: list[Line] = []
    across: list[Line] = []
    for line in lines:
        (left if line.box.right <= x else right if line.box.left >= x - 1 else across).append(line)
    return left, right, across


def _side_by_side(left: Sequence[Line], right: Sequence[Line]) -> bool:
    if not left or not right:
        return False
    one, other = (Box.around([line.box for line in side]) for side in (left, right))
    return min(one.top, other.top) - max(one.bottom, other.bottom) > 0.5 * min(one.height, other.height)


def _is_column(lines: Sequence[Line]) -> bool:
    """Whether most lines fill the width, as prose does and the cells of a table do not; or columns again."""
    if len(lines) < _COLUMN_LINES:
        return False
    width = max(line.box.right for line in lines) - min(line.box.left for line in lines)
    full = sum(1 for line in lines if line.box.right - line.box.left > 0.65 * width and len(line.text) > 12)
    return full >= 0.6 * len(lines) or _gutter(lines) is not None


def _by_columns(lines: Sequence[Line], gutter: float) -> Iterator[Line]:
    """Column by column, down to the next line that runs across both."""
    band: list[Line] = []
    for line in [line for row in _by_rows(lines) for line in row]:
        if line.box.left < gutter - 1 and line.box.right > gutter:
            yield from _band(band, gutter)
            yield line
            band = []
        else:
            band.append(line)
    yield from _band(band, gutter)


def _band(lines: Sequence[Line], gutter: float) -> Iterator[Line]:
    left, right, _ = _parted(lines, gutter)
    yield from _ordered(left)
    yield from _ordered(right)


# ---------------------------------------------------------------- paragraphs


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines of one size, each at the usual distance below the one before."""
    usual = _usual_distance(lines)
    run: list[Line] = []
    for line in lines:
        if run and not _follows(run[-1], line, usual):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _usual_distance(lines: Sequence[Line]) -> float:
    distances = [_distance(before, after) for before, after in pairwise(lines)]
    return median([each for each in distances if 0.5 < each < 2.5] or [1.2])


def _distance(before: Line, after: Line) -> float:
    return (before.box.bottom - after.box.bottom) / max(1.0, before.box.height)


def _follows(before: Line, after: Line, usual: float) -> bool:
    overlaps = after.box.left < before.box.right and before.box.left < after.box.right
    near = 0 < _distance(before, after) <= _PARAGRAPH_GAP * usual
    return before.page == after.page and overlaps and near and _same_size(before, after)


def _same_size(before: Line, after: Line) -> bool:
    return abs(before.box.height - after.box.height) <= _SAME_SIZE * before.box.height


def _paragraphs(run: Sequence[Line]) -> Iterator[list[Line]]:
    around = Box.around([line.box for line in run])
    paragraph = [run[0]]
    for before, after in pairwise(run):
        if _ends(before, after, around):
            yield paragraph
            paragraph = []
        paragraph.append(after)
    yield paragraph


def _ends(before: Line, after: Line, around: Box) -> bool:
    """Whether a paragraph ends between two lines of a run: by a table row, an item, room left over, an indent."""
    if (before.cells > 1 and after.cells > 1) or _LEADER.search(before.text):
        return True
    if before.text.endswith(_HYPHENS):
        return False
    complete = bool(_END.search(before.text))
    room = around.right - before.box.right - _first_word_width(after)
    if _ITEM.match(after.text) and (complete or room > before.box.height or _ITEM.match(before.text)):
        return True
    if not complete:
        return room > 0.25 * (around.right - around.left) and not after.text[0].islower()
    indent = after.box.left - around.left > 0.8 * after.box.height >= before.box.left - around.left
    return indent or room > 1.5 * before.box.height


def _first_word_width(line: Line) -> float:
    """About how much room the first word of a line takes with the space before it; of Chinese, one character."""
    letters = 1 if _WIDE.match(line.text) else len(line.text.split(" ", 1)[0]) + 1
    return letters * (line.box.right - line.box.left) / len(line.text)


def _continued(paragraphs: Iterable[list[Line]]) -> list[list[Line]]:
    """The paragraphs, with those joined that run on in the next column or on the next page."""
    joined: list[list[Line]] = []
    for paragraph in paragraphs:
        if joined and _runs_on(joined[-1], paragraph[0]):
            joined[-1] = joined[-1] + paragraph
        else:
            joined.append(paragraph)
    return joined


def _runs_on(paragraph: Sequence[Line], after: Line) -> bool:
    before = paragraph[-1]
    jumps = before.page != after.page or after.box.bottom > before.box.top
    if not jumps or min(before.cells, after.cells) > 1 or not _same_size(before, after) or _END.search(before.text):
        return False
    full = len(paragraph) > 1 and before.box.right > max(line.box.right for line in paragraph) - 2 * before.box.height
    return after.text[0].islower() or (full and not _ITEM.match(after.text))


# ---------------------------------------------------------------- writing it down


def _written(paragraphs: Iterable[list[Line]], words: Counter[str], pages: int) -> tuple[str, tuple[int, ...]]:
    text = _Text(pages)
    alone = False
    for paragraph in paragraphs:
        was_alone, alone = alone, _stands_alone(paragraph)
        text.add("\n" if alone and was_alone else "\n\n", paragraph[0])
        for line in paragraph[1:]:
            hyphen, glue = _seam(text.last, line.text, words)
            text.take_back(hyphen)
            text.add(glue, line)
    return "".join(text.parts), tuple(text.starts)


def _stands_alone(paragraph: Sequence[Line]) -> bool:
    """Whether it is a table row or an item, before and behind which no blank line is due."""
    is_row = len(paragraph) == 1 and paragraph[0].cells > 1
    return is_row or bool(_ITEM.match(paragraph[0].text))


class _Text:
    """The text as it grows, and where the pages begin in it."""

    def __init__(self, pages: int) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.starts = [0] * pages
        self.page = 0

    @property
    def last(self) -> str:
        return self.parts[-1]

    def take_back(self, characters: int) -> None:
        if characters:
            self.parts[-1] = self.parts[-1][:-characters]
            self.length -= characters

    def add(self, glue: str, line: Line) -> None:
        glue = glue if self.parts else ""
        self.length += len(glue)
        if line.page > self.page:
            self.starts[self.page + 1 :] = [self.length] * (len(self.starts) - self.page - 1)
            self.page = line.page
        self.parts += glue, line.text
        self.length += len(line.text)


# ---------------------------------------------------------------- words divided at line ends

_SUSPENDED = frozenset({"and", "or", "nor", "to", "und", "oder", "bis", "et", "ou", "y", "o", "e"})
"""Before these a hyphen is neither dropped nor closed up: ``short- and long-term``."""

_FIRST_PARTS = {"all", "cross", "ever", "full", "half", "high", "ill", "long", "low", "much", "self", "short", "well"}
_FIRST_PARTS |= {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
"""First parts of English compounds that are written with a hyphen."""

_PREFIXES = frozenset({"back", "fore", "hand", "inter", "over", "some", "under", "with"})


def _words(lines: Iterable[Line]) -> Counter[str]:
    """How often each word stands in the text undivided."""
    words: Counter[str] = Counter()
    divided = False
    for line in lines:
        text = line.text.partition(" ")[2] if divided else line.text
        divided = line.text.endswith(_HYPHENS)
        words.update(word.lower() for word in _WORD.findall(text.rpartition(" ")[0] if divided else text))
    return words


def _seam(before: str, after: str, words: Counter[str]) -> tuple[int, str]:
    """How two lines are joined: how many characters of the first go, and what comes between."""
    if before.endswith("\xad"):
        return 1, ""
    head, tail = re.search(r"([^\W_]+(?:-[^\W_]+)*)[-\u2010]$", before), re.match(r"[^\W_]+", after)
    if head and tail:
        if tail[0].lower() in _SUSPENDED:
            return 0, " "
        return (0, "") if _is_compound(head[1], tail[0], words) else (1, "")
    dash = before.endswith("—") and not before.endswith(" —")
    closed_up = dash or (_is_wide(before[-1]) and _is_wide(after[0]))
    return 0, "" if closed_up else " "


def _is_compound(head: str, tail: str, words: Counter[str]) -> bool:
    """Whether the hyphen belongs to the word: by its letters, by the rest of the text, by common first parts."""
    if not (head.isalpha() and tail[0].islower()) or len(head) == 1 or not head[1:].islower():
        return True
    head, tail = head.lower(), tail.lower()
    closed, hyphened = words[head + tail], words[f"{head}-{tail}"]
    if closed != hyphened:
        return hyphened > closed
    if head in _FIRST_PARTS:
        return len(tail) > 3
    both_are_words = words[head] and words[tail] and min(len(head), len(tail)) > 3
    return bool(both_are_words and head not in _PREFIXES)


def _is_wide(char: str) -> bool:
    return bool(_WIDE.match(char))
