"""Heading lines of plain text, as far as they can be told safely: what is taken for one is not quoted.

Titles with a line drawn below, or above and below; versions (``Version 2.3``, ``2.3 (2021-04-05)``) over what they
brought; titles alone below a line drawn from side to side, if there are several; and ``3.2 Limits``, ``Chapter 4`` and
lines in capitals where they stand alone between blank lines. The last also over indented text, as in manual pages; of
several words only if there are others, since a fact may be shouted (CLOSED ON SUNDAYS).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from pincite.datatypes import Span
from pincite.parsers.metadata import find_date

_DRAWN = re.compile(r"([=\-~^*#+_\"'`])\1{2,}")
_NO_TITLE = re.compile(r"[-*+•|>]\s|.*?\S(?:\s{2,}|\t)\S|.*?\||.*[.,;。，；、]\Z|[\W_]*\Z")
"""List items, cells in columns, what ends as a sentence does, lines without a word."""
_LONGEST = 100
_VERSION = re.compile(
    r"(?:(?P<word>(?:changes\s(?:in|since)\s)?(?:version|release)|changes\s(?:in|since))\s\d{1,4}|(?:[^\W\d_][\w+-]{0,30}+\s){0,2}+(?P<v>v?)[\[(]?(?:\d:)?\d{1,4}(?=\.\d))"
    r"(?:\.\d{1,5}){0,3}[\w.+~-]{0,24}[\])]?",
    re.IGNORECASE,
)
_BESIDE_DATE = re.compile(r"(?:[\s()\[\]:,/–—-]|released(?:\s(?:on|in))?\b)*+", re.IGNORECASE)
"""No bare "in": "Bread 2.50 in May 2021" is a price."""
_NOT_OUT = re.compile(r"\W*(?:unreleased|in development|dev|draft)\W*", re.IGNORECASE)
_OF_DEBIAN = re.compile(r"(?:\s[\w.+-]{1,30}){1,4};\surgency=\w{1,20}(?:\s.*|,.*)?")
"""What stands behind the version in a changelog of Debian (its policy, 4.4)."""
_NUMBERED = re.compile(r"(?:§\s?)?(?:\d{1,2}|[A-Z])(?:\.\d){1,3}\.?\s{1,4}(?P<title>[^\W\d_].{1,70})")
"""Of two levels and more: ``3. Limits`` may be an item of a list, and ``9.15 Lunch`` a time."""
_CHAPTER = re.compile(
    r"(?:chapter|part|section|appendix|article|book|act|kapitel|teil|chapitre|partie)\s(?:\d{1,3}|[ivxlc]{1,7}|[a-z])"
    r"(?:\s?[.:–—-]\s?\S.{1,70}|\.)?|第[\d一二三四五六七八九十百]{1,5}[章节回部篇編编](?:\s.{1,40})?",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"(?!(?:WHAT|WHO|WHERE|WHEN|WHY|HOW|WHICH)\b).*\b(?:IS|ARE|WAS|WERE|HAS|HAVE|SHALL|MUST)\b"
    r"|(?i:article\s).*\b(?:is|are|was|were|has|have|shall|must|may)\b"
)
"""What says something, though in capitals or behind the number of an article of a law, may be an answer."""
_FIGURE = re.compile(r".*[:=]\s*[^\s\w]*\d[\d.,]*\s?[\w%°]{0,3}")


def with_headings(text: str) -> tuple[str, tuple[Span, ...]]:
    """``text`` without the lines drawn above and below its titles, and the ranges of its heading lines."""
    lines = text.split("\n")
    titles: set[int] = set()
    drawn: set[int] = set()
    paragraphs = [*_paragraphs(lines), (len(lines), 0)]
    for (first, end), (below, _) in pairwise(paragraphs):
        for at in _underlined(lines, first, end, below):
            titles.add(at)
            drawn |= {at + 1} | ({first} if at == first + 1 else set())
        if first not in drawn and first not in titles and _stands_out(lines, first, end, below):
            titles.add(first)
    # Titles that stand alone below a line drawn from side to side; one of them is no custom.
    ruled = {
        title: rule
        for (rule, rule_end), (title, title_end) in pairwise(paragraphs[:-1])
        if rule_end - rule == title_end - title == 1
        and any(map(str.strip, lines[title_end : title_end + 3]))
        and _DRAWN.fullmatch(lines[rule].strip())
        and _may_be_title(lines[title])
    }
    if len(ruled) > 1:
        titles.update(ruled)
        drawn.update(ruled.values())
    in_capitals = {at for at in titles if at + 1 not in drawn and _is_in_capitals(lines[at].strip())}
    if len(in_capitals) == 1:  # headings come in numbers
        titles -= {at for at in in_capitals if " " in lines[at].strip() and not _CHAPTER.fullmatch(lines[at].strip())}
    return _laid_out(lines, titles, drawn)


def is_version(line: str) -> bool:
    """Whether a line is a version, with or without its date: ``Version 2.3``, ``Pumps 2.3 (5 April 2021)``."""
    found = _VERSION.match(line := line.strip())
    if found is None or len(line) > _LONGEST:
        return False
    rest = line[found.end() :]
    if not rest.strip(" :"):
        return bool(found["word"] or found["v"])
    _, start, end = find_date(rest) or ("", 0, 0)
    is_date = end > 0 and _BESIDE_DATE.fullmatch(rest[:start] + rest[end:]) is not None
    return is_date or (_NOT_OUT.fullmatch(rest) or _OF_DEBIAN.fullmatch(rest)) is not None


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of lines that are not blank: the first, and the one behind the last."""
    for is_blank, group in groupby(range(len(lines)), lambda at: not lines[at].strip()):
        first, *others = group
        if not is_blank:
            yield first, first + len(others) + 1


def _underlined(lines: Sequence[str], first: int, end: int, below: int) -> Iterator[int]:
    """The titles of a paragraph that have a line drawn below them.

    At the top of it, that may be as long as people draw them; further down, where it may belong to a table or part
    what others wrote, it is just as long as the title. What ends with a line is a table.
    """
    rules = [_DRAWN.fullmatch(line.rstrip()) is not None for line in lines[first:end]]
    is_boxed = end - first > 2 and rules[0] and lines[first].rstrip() == lines[first + 2].rstrip()
    top = first + 1 if is_boxed else first
    closed = rules[-1] and end - top > 2
    if closed or (top + 2 >= end and below == len(lines)):
        return
    for at in range(top, end - 1):
        title, rule = lines[at].rstrip(), lines[at + 1].rstrip()
        if rules[at - first] or not rules[at + 1 - first] or not _may_be_title(title):
            continue
        if title[0].isspace() and not (is_boxed and at == top):
            continue
        if rule[0] != "=" and _FIGURE.fullmatch(title) and not is_version(title):  # "Aske: 3": a row of a table
            continue
        ruled = [lines[k][0] for k in (at - 1, at + 3) if first <= k < end and rules[k - first]]
        if rule[0] in ruled and not is_boxed:  # a line under each: a table
            continue
        about_as_long = rule[0] == "=" or len(title) - 2 <= len(rule) <= 2 * len(title) + 4
        if about_as_long if at == top else len(title) == len(rule) > 3 and not title[0].islower():
            yield at


def _may_be_title(line: str) -> bool:
    return len(line.strip()) <= _LONGEST and not _NO_TITLE.match(line.strip())


def _stands_out(lines: Sequence[str], first: int, end: int, below: int) -> bool:
    """Whether the first line of a paragraph is a heading of what is below it though nothing is drawn there."""
    under = lines[first + 1] if end - first > 1 else lines[below] if below < len(lines) else ""
    line = lines[first].strip()
    if not under or not _may_be_title(line):
        return False
    if is_version(line):
        return not is_version(under)
    if _STATES.match(line):
        return False
    alone = end - first == 1
    over_indented = under[0].isspace() and not lines[first][0].isspace()
    if (alone or over_indented) and _is_in_capitals(line):
        return any(map(str.islower, under))
    numbered = _NUMBERED.fullmatch(line)
    return alone and (bool(numbered and not numbered["title"][0].islower()) or _CHAPTER.fullmatch(line) is not None)


def _is_in_capitals(line: str) -> bool:
    """Whether it is words in capitals and nothing that states a fact, as a number does."""
    letters = sum(map(str.isalpha, line))
    has_signs = any(not (char.isalpha() or char in " &/'’,()-–—") for char in line)
    return line.isupper() and letters >= 4 and not has_signs and len(line.split()) <= 6


def _laid_out(lines: Sequence[str], titles: set[int], drawn: set[int]) -> tuple[str, tuple[Span, ...]]:
    """The lines without those that are drawn, and where the titles stand, stripped."""
    spans: list[Span] = []
    kept: list[str] = []
    length = 0
    for at, line in enumerate(lines):
        if at in drawn:
            continue
        if at in titles:
            start = length + len(line) - len(line.lstrip())
            spans.append((start, start + len(line.strip())))
        kept.append(line)
        length += len(line) + 1
    return "\n".join(kept), tuple(spans)
