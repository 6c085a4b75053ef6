"""The numbers that Word shows before paragraphs: "1.", "1.1", "(a)". A file only says which list each belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from pincite.parsers.notation import letter, roman

_LEVEL = re.compile(r"%([1-9])")
_HIGHEST = 9999
"""What is numbered higher is no text that somebody wrote; its letters would be without end."""
_LONGEST_SHAPE = 100
_HAN = "零一二三四五六七八九"


@dataclass
class _Level:
    shape: str
    kind: str
    first: int
    is_legal: bool
    before: str


@dataclass
class Numbers:
    """Counts the numbered paragraphs of a text, in their order.

    Attributes:
        lists: the levels of each list, by the number that paragraphs know it by.
        shared: the definition behind each list; lists of one definition go on counting one after the other.
        restarts: the first number of the levels of a list that begins anew.
        styles: list and level of the paragraphs of a style.
    """

    lists: dict[str, dict[int, _Level]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    restarts: dict[str, dict[int, int]] = field(default_factory=dict)
    styles: dict[str, tuple[str, int]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def before(self, paragraph: Any) -> str:  # noqa: ANN401 - lxml has no types
        """What stands before the next paragraph; empty where that is nothing or a bullet."""
        number, at = self._place(paragraph)
        levels = self.lists.get(number, {})
        if at not in levels:
            return ""
        counts = self._counts.setdefault(self.shared[number], {})
        for level, first in self.restarts.pop(number, {}).items():
            counts[level] = first - 1
        for level in [each for each in counts if each > at]:
            del counts[level]
        for level in sorted(each for each in levels if each <= at):
            counts.setdefault(level, levels[level].first - (level == at))
        counts[at] += 1
        return _shown(levels, at, counts)

    def _place(self, paragraph: Any) -> tuple[str, int]:  # noqa: ANN401 - lxml has no types
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        of_style = self.styles.get("" if style is None else style.get(qn("w:val"), ""), ("", 0))
        number = _value(paragraph, "w:pPr", "w:numPr", "w:numId")
        level = _value(paragraph, "w:pPr", "w:numPr", "w:ilvl")
        return number or of_style[0], int(level) if level else 0 if number else of_style[1]


def numbers_of(numbering: Any, styles: Any) -> Numbers:  # noqa: ANN401 - lxml has no types
    """The lists of a file, by its part on numbering and its styles."""
    numbers = Numbers()
    definitions = {each.get(qn("w:abstractNumId")): each for each in numbering.iterfind(qn("w:abstractNum"))}
    linked = {_value(each, "w:styleLink"): each for each in definitions.values()}
    by_style: dict[tuple[str, str], int] = {}
    for each in numbering.iterfind(qn("w:num")):
        number, shared = each.get(qn("w:numId"), ""), _value(each, "w:abstractNumId")
        definition = definitions.get(shared)
        if definition is None:
            continue
        definition = linked.get(_value(definition, "w:numStyleLink") or "-", definition)
        overrides = list(each.iterfind(qn("w:lvlOverride")))
        changed = (level for override in overrides for level in override.iterfind(qn("w:lvl")))
        levels = [*definition.iterfind(qn("w:lvl")), *changed]
        numbers.lists[number] = {int(level.get(qn("w:ilvl"), "0")): _level(level) for level in levels}
        numbers.shared[number] = shared
        starts = ((each.get(qn("w:ilvl"), "0"), _value(each, "w:startOverride")) for each in overrides)
        numbers.restarts[number] = {int(at): int(start) for at, start in starts if start}
        by_style |= {(number, _value(level, "w:pStyle")): int(level.get(qn("w:ilvl"), "0")) for level in levels}
    for style, number, at in _numbered_styles(styles):
        numbers.styles[style] = (number, by_style.get((number, style), at))
    return numbers


def _numbered_styles(styles: Any) -> Iterator[tuple[str, str, int]]:  # noqa: ANN401 - lxml has no types
    """The styles with a list and level of their own, or of the style that they are based on."""
    by_id = {each.get(qn("w:styleId"), ""): each for each in styles.iterfind(qn("w:style"))}
    for name, style in by_id.items():
        chain = [style]
        while len(chain) < 10 and (base := by_id.get(_value(chain[-1], "w:basedOn"))) is not None:
            chain.append(base)
        stated = [[_value(each, "w:pPr", "w:numPr", key) for each in chain] for key in ("w:numId", "w:ilvl")]
        number, level = (next(filter(None, each), "") for each in stated)
        if number:
            yield name, number, int(level or 0)


def _level(element: Any) -> _Level:  # noqa: ANN401 - lxml has no types
    return _Level(
        shape=_value(element, "w:lvlText")[:_LONGEST_SHAPE],
        kind=_value(element, "w:numFmt"),
        first=int(_value(element, "w:start") or 1),
        is_legal=element.find(qn("w:isLgl")) is not None,
        before="" if _value(element, "w:suff") == "nothing" else " ",
    )


def _value(element: Any, *path: str) -> str:  # noqa: ANN401 - lxml has no types
    found = element.find("/".join(map(qn, path)))
    return "" if found is None else str(found.get(qn("w:val"), ""))


def _shown(levels: dict[int, _Level], at: int, counts: dict[int, int]) -> str:
    level = levels[at]
    if level.kind in ("bullet", "none"):
        return ""

    def number(found: re.Match[str]) -> str:
        shown = int(found[1]) - 1
        kind = levels[shown].kind if shown in levels and not level.is_legal else "decimal"
        count = counts.get(shown, 1)
        return _KINDS.get(kind, str)(count) if 0 < count <= _HIGHEST else str(count)

    text = _LEVEL.sub(number, level.shape)
    return text + level.before if text else ""


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number > 99:
        return str(number)
    return (_HAN[tens] if tens > 1 else "") + ("十" if tens else "") + (_HAN[ones] if ones else "")


_KINDS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": letter,
    "upperLetter": lambda number: letter(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
}
_KINDS |= dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"), _han)
