"""A text as HTML with what of it is marked: line by line where its white space says something.

That is in columns, manuals and code, shown in letters of one width ("typed"), and in verses and lists that are indented
("lined"). Prose that was justified with spaces flows. What an element holds is the text to the letter: white space
between lines is there, and hidden.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from threading import Lock
from typing import NamedTuple

from cachetools import LRUCache, cached

from pincite.datatypes import Document, Span
from pincite.web.markup import literal

_TAB = 8
_GAP = re.compile(r"[^\s.!?:;,|\"'”’)] {2,}\S|\S\t")  # two spaces after a sentence are a habit
_TYPED = 2  # lines with a gap, from which on lines that follow each other are columns
_MANUAL, _INDENTED = 0.2, 0.5  # of all lines, from which on a whole text is typed: that have a gap; that are indented
_MOST_REMEMBERED = 10_000  # stretches of the articles shown last
_WIDE = re.compile(r"(?<=\S) {2,}(?=\S)")
_WIDEST, _FEWEST_WORDS = 4, 5  # spaces between words of a justified line, and how many words such lines have
_ENDING_AT = 3  # lines with gaps, from which on a column is a margin
_BEHIND_HYPHEN = re.compile(r"(?<=\w[-\u2010])[^\S\n]*\n\s*")

Mark = tuple[int, int, str]
"""Start, end, and the element that it becomes, with its attributes."""


class Setting(NamedTuple):
    """A stretch of a text that is shown line by line: ``typed`` or ``lined``, less the indentation of all its lines."""

    start: int
    end: int
    kind: str
    base: int


class _Line(NamedTuple):
    start: int
    text: str

    @property
    def indent(self) -> int:
        bare = len(self.text) - len(self.text.lstrip())
        return len(self.text[:bare].expandtabs(_TAB))

    @property
    def has_gap(self) -> bool:
        return bool(_GAP.search(self.text))

    @property
    def drawn(self) -> str:
        """As it stands on a screen of letters of one width."""
        return self.text.expandtabs(_TAB).rstrip()


class _Shown(NamedTuple):
    """A line as it is shown, or several that flow together."""

    start: int
    end: int
    indent: int
    flows: bool = False

    def inside(self, text: str, marks: Sequence[Mark]) -> str:
        """Its text; a hyphen that ends a line of what flows stands beside what follows."""
        made, at = "", self.start
        for found in _BEHIND_HYPHEN.finditer(text, self.start, self.end) if self.flows else ():
            made += marked(text, at, found.start(), marks) + gap(text, *found.span(), marks)
            at = found.end()
        return made + marked(text, at, self.end, marks)


def setting(document: Document, span: Span) -> Setting | None:
    """How a part of a text is set, if white space sets it."""
    found = _layout(document).settings
    at = bisect_right(found, span[0], key=lambda each: each.start) - 1
    return found[at] if at >= 0 and span[1] <= found[at].end else None


class _Layout(NamedTuple):
    """How the parts of a text are set, and its paragraphs whose lines all end at one column, by strewn spaces."""

    settings: tuple[Setting, ...]
    justified: tuple[Span, ...]


@cached(
    LRUCache(_MOST_REMEMBERED, getsizeof=lambda found: len(found.settings) + len(found.justified) + 1),
    key=lambda document: (document.doc_id, document.digest),
    lock=Lock(),
)
def _layout(document: Document) -> _Layout:
    lines = list(_lines(document.text, 0, len(document.text)))
    return _Layout(_settings(lines, len(document.text)), _justified(lines))


def _settings(lines: Sequence[_Line], length: int) -> tuple[Setting, ...]:
    whole = [line for line in lines if line.text.strip()]
    indents = sorted(line.indent for line in whole)
    if sum(line.has_gap for line in whole) > _MANUAL * len(whole) and sum(map(bool, indents)) > _INDENTED * len(whole):
        return (Setting(0, length, "typed", indents[len(indents) // 10]),)
    stretches = (list(each) for filled, each in groupby(lines, lambda line: bool(line.text.strip())) if filled)
    return tuple(found for found in map(_setting, stretches) if found)


def _justified(lines: Sequence[_Line]) -> tuple[Span, ...]:
    ends = Counter(len(line.drawn) for line in lines if line.has_gap)
    margins = {end for end, count in ends.items() if count >= _ENDING_AT}
    runs = (list(run) for _, run in groupby(lines, lambda line: bool(line.text.strip()) and line.indent))
    return tuple((run[0].start, run[-1].start + len(run[-1].text)) for run in runs if _is_justified(run, margins))


def _is_justified(run: Sequence[_Line], margins: Container[int]) -> bool:
    *full, last = (line.drawn for line in run)
    if len({len(line) for line in full}) != 1 or len(full[0]) not in margins or len(last) > len(full[0]):
        return False
    gaps = [[found.span() for found in _WIDE.finditer(line)] for line in (*full, last)]
    columns = [{end for _, end in line} for line in gaps]
    below = sum(len(one & other) for one, other in pairwise(columns))
    words = sum(len(line.split()) for line in full) >= _FEWEST_WORDS * len(full)
    narrow = all(end - start <= _WIDEST for line in gaps for start, end in line)
    return words and narrow and 2 * below <= sum(map(len, columns[1:]))


def _setting(lines: Sequence[_Line]) -> Setting | None:
    """Of lines between blank ones."""
    base = min(line.indent for line in lines)
    typed = sum(line.has_gap for line in lines) >= _TYPED
    if not typed and all(line.indent == base for line in lines):
        return None
    end = lines[-1].start + len(lines[-1].text)
    return Setting(lines[0].start, end, "typed" if typed else "lined", base)


def _lines(text: str, start: int, end: int) -> Iterator[_Line]:
    """The lines that a part of a text touches, whole."""
    start = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    for line in text[start : stop if stop >= 0 else len(text)].split("\n"):
        yield _Line(start, line)
        start += len(line) + 1


def shown(document: Document, span: Span, marks: Sequence[Mark] = (), base: int | None = None) -> str:
    """A part of a text; what white space sets in it each line by itself.

    Args:
        document: whose text it is.
        span: the part.
        marks: of two that overlap, the last counts.
        base: the indentation that is left out; None for what all lines have in common.
    """
    text, made, at = document.text, "", span[0]
    for each in _layout(document).settings[_before(document, span[0]) :]:
        if each.start >= span[1]:
            break
        start, end = max(each.start, span[0]), min(each.end, span[1])
        lines = list(_flowing(document, _stripped(text, start, end)))
        if not lines:
            continue
        start, end = lines[0].start, lines[-1].end
        left = min(line.indent for line in lines) if base is None else base
        goes_on = len(lines) == 1 and start == at and lines[0].indent <= left  # in the line of what comes next
        inside = lines[0].inside(text, marks) if goes_on else _by_line(text, lines, left, marks)
        flows = " flows" if goes_on and lines[0].flows else ""
        made += f"{_apart(text, at, start, marks)}<span class='{each.kind}{flows}'>{inside}</span>"
        at = end
    return made + _apart(text, at, span[1], marks)


def _before(document: Document, at: int) -> int:
    """The number of the first stretch that ends behind a place."""
    return bisect_right(_layout(document).settings, at, key=lambda each: each.end)


def _flowing(document: Document, lines: Iterable[_Shown]) -> Iterator[_Shown]:
    """These lines; those of one justified paragraph as one that flows."""
    spans = _layout(document).justified
    for at, group in groupby(lines, lambda line: bisect_right(spans, line.start, key=lambda span: span[0]) - 1):
        first, *others = group
        if at >= 0 and first.start < spans[at][1]:
            inside = [first, *(line for line in others if line.start < spans[at][1])]
            yield first._replace(end=inside[-1].end, flows=True)
            yield from others[len(inside) - 1 :]
        else:
            yield from (first, *others)


def _stripped(text: str, start: int, end: int) -> Iterator[_Shown]:
    """The lines in a part of a text, without the blank ones, stripped."""
    for line in _lines(text, start, end):
        first = max(start, line.start)
        part = text[first : min(end, line.start + len(line.text))]
        if part.strip():
            first += len(part) - len(part.lstrip())
            yield _Shown(first, first + len(part.strip()), line.indent)


def _by_line(text: str, lines: Sequence[_Shown], left: int, marks: Sequence[Mark]) -> str:
    made, at = "", lines[0].start
    for line in lines:
        inside, kind = line.inside(text, marks), "line flows" if line.flows else "line"
        inside = inside if line.flows else _with_tabs(inside, text[line.start : line.end], line.indent)
        made += gap(text, at, line.start, marks)
        made += f"<span class='{kind}' style='--in:{max(0, line.indent - left)}'>{inside}</span>"
        at = line.end
    return made


def _with_tabs(html: str, line: str, indent: int) -> str:
    """Each tab as wide as where the line begins with all its indentation."""
    columns = accumulate(line, lambda at, each: at + _TAB - at % _TAB if each == "\t" else at + 1, initial=indent)
    widths = iter(
        [after - before for (before, after), each in zip(pairwise(columns), line, strict=True) if each == "\t"]
    )
    return re.sub("\t", lambda _: f"<span class='tab' style='--in:{next(widths)}'>\t</span>", html)


def _apart(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """What stands between stretches that are set line by line, whose own breaks part it from them."""
    bare = text[start:end].strip()
    first = text.index(bare, start) if bare else end
    last = first + len(bare)
    return gap(text, start, first, marks) + marked(text, first, last, marks) + gap(text, last, end, marks)


def gap(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """White space that is not shown, and is there for those who count."""
    return f"<span class='gap'>{marked(text, start, end, marks)}</span>" if end > start else ""


def marked(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """A part of the text with what of the marks stands in it; where two overlap, the last counts."""
    edges = sorted({start, end, *(edge for mark in marks for edge in mark[:2] if start < edge < end)})
    made = ""
    for a, b in pairwise(edges):
        element = next((element for first, last, element in reversed(marks) if first <= a and b <= last), None)
        inside = literal(text[a:b])
        made += f"<{element}>{inside}</{element.split()[0]}>" if element else inside
    return made
