"""No text makes a regular expression work for ever: what each costs is counted, step by step, and may only grow as
the text does."""

from __future__ import annotations

import ast
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

from pincite import text_anchors
from pincite.analysis import intents, questions, sentences, terms
from pincite.ingest import chunking, scan
from pincite.parsers import (
    decoding,
    docx,
    eml,
    epub,
    headings,
    html,
    html_article,
    markdown,
    markup,
    metadata,
    notation,
    office,
    pdf,
    pdf_layout,
    rst,
    rtf,
    subtitles,
    table,
    text,
)
from pincite.reading import (
    authors,
    conditions,
    entries,
    evidence,
    key_sentences,
    lists,
    options,
    parts,
    rows,
    spelling,
    tables,
    versions,
    wordings,
)
from pincite.retrieval import deduplication, follow_ups, ranking

MODULES = [
    chunking,
    decoding,
    deduplication,
    docx,
    epub,
    follow_ups,
    headings,
    html,
    html_article,
    markdown,
    markup,
    metadata,
    pdf,
    pdf_layout,
    ranking,
    scan,
]
MODULES += [conditions, eml, notation, office, rst, rtf, subtitles, table]
MODULES += [authors, entries, options, parts, rows, spelling, tables, versions, wordings]
MODULES += [evidence, intents, key_sentences, lists, questions, sentences, terms, text, text_anchors]
"""Those that meet texts of others."""

REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
MOST = 300_000
SHORT, LONG, MOST_GROWTH = 12, 24, 2.4
"""How often what a pattern repeats is repeated, and by how much work may grow from the one to the other: in proportion,
and a little for what stands around it."""

Then = Callable[[int], bool]


class TooManySteps(Exception):
    pass


def noted(ends: list[int]) -> Then:
    """Keeps where something ends, which is then enough."""

    def note(end: int) -> bool:
        ends.append(end)
        return True

    return note


class Matcher:
    """A regular expression as a backtracking engine goes about it, each step counted."""

    def __init__(self, pattern: re.Pattern[Any], subject: Any) -> None:  # noqa: ANN401 - text or bytes
        self._flags = pattern.flags
        self._tree = _parser.parse(pattern.pattern, pattern.flags)
        self._subject = subject
        self._simple: dict[int, re.Pattern[Any]] = {}
        self._groups: dict[int, tuple[int, int]] = {}
        self.steps = 0

    def at(self, start: int) -> int | None:
        """The end of the match that begins there."""
        ends: list[int] = []
        self._run(list(self._tree), 0, start, noted(ends))
        return ends[0] if ends else None

    def whole(self) -> bool:
        """Whether the subject matches as a whole."""
        return self._run(list(self._tree), 0, 0, lambda end: end == len(self._subject))

    def _run(self, nodes: Sequence[Any], place: int, at: int, then: Then) -> bool:
        if place == len(nodes):
            return then(at)
        self.steps += 1
        if self.steps > MOST:
            raise TooManySteps
        op, value = nodes[place]

        def further(end: int) -> bool:
            return self._run(nodes, place + 1, end, then)

        if op in REPEATS:
            low, high, inner = value
            return self._repeat(op, low, high, inner, at, further)
        if op is _constants.BRANCH:
            return any(self._run(list(branch), 0, at, further) for branch in value[1])
        if op is _constants.SUBPATTERN:
            return self._group(value, at, further)
        if op is _constants.GROUPREF:
            start, end = self._groups[value]
            same = self._subject.startswith(self._subject[start:end], at)
            return same and further(at + end - start)
        if op in (_constants.ASSERT, _constants.ASSERT_NOT) and value[0] > 0:
            ahead = self._run(list(value[1]), 0, at, lambda _: True)
            return ahead is (op is _constants.ASSERT) and further(at)
        found = self._one(nodes[place]).match(self._subject, at)
        return found is not None and further(found.end())

    def _group(self, value: Any, at: int, then: Then) -> bool:  # noqa: ANN401 - the parser has no types
        number, _, _, inner = value

        def leave(end: int) -> bool:
            before = self._groups.get(number, (at, end))
            self._groups[number] = (at, end)
            if then(end):
                return True
            self._groups[number] = before
            return False

        return self._run(list(inner), 0, at, leave)

    def _repeat(self, op: object, low: int, high: Any, inner: Any, at: int, then: Then) -> bool:  # noqa: ANN401
        nodes = list(inner)

        def more(count: int, at: int) -> bool:
            if count == high:
                return False
            return self._run(nodes, 0, at, lambda end: (end > at or count < low) and attempt(count + 1, end))

        def attempt(count: int, at: int) -> bool:
            if op is _constants.MIN_REPEAT:
                return (count >= low and last(at)) or more(count, at)
            return more(count, at) or (count >= low and last(at))

        if op is not _constants.POSSESSIVE_REPEAT:
            last = then
            return attempt(0, at)
        ends: list[int] = []
        last = noted(ends)
        return attempt(0, at) and then(ends[0])

    def _one(self, node: Any) -> re.Pattern[Any]:  # noqa: ANN401
        """What takes no more than a character, or looks back, as the engine itself has it."""
        if id(node) not in self._simple:
            tree = _parser.SubPattern(self._tree.state, [node])
            self._simple[id(node)] = _compiler.compile(tree, self._flags)
        return self._simple[id(node)]


SEARCHES = ("search", "finditer", "findall", "sub", "split")


def patterns(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """The patterns of a module: what it keeps, alone or in lists, and what it writes where it is used.

    Each with its name or place, and whether it is looked for, at every place of a text.
    """
    source = inspect.getsource(module)
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for node in calls:
        match node:
            case ast.Call(ast.Attribute(ast.Name("re"), verb), [ast.Constant(str(written)), *_]) if verb != "compile":
                yield f"line {node.lineno}", re.compile(written), verb in SEARCHES
    for name, value in vars(module).items():
        searched = any(f"{name}.{verb}(" in source for verb in SEARCHES) or name in LOOKED_FOR
        yield from ((name, pattern, searched) for pattern in compiled(value, name == "_PATTERNS"))


LOOKED_FOR = ("_BLANK_LINE", "_LINE_BREAK", "_CUTS", "_DATES")
"""Patterns that are handed on to what looks for them."""


def compiled(value: object, written: bool) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif written and isinstance(value, str):
        yield re.compile(value, re.IGNORECASE)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from compiled(item, written)


def samples(nodes: Iterable[Any], draw: random.Random) -> str:
    """Some text that these parts of a pattern match, or nearly."""
    made = ""
    for op, value in nodes:
        if op in REPEATS:
            low, high, inner = value
            made += "".join(samples(inner, draw) for _ in range(draw.randint(low, max(low, min(high, low + 2)))))
        elif op is _constants.BRANCH:
            made += samples(draw.choice(value[1]), draw)
        elif op is _constants.SUBPATTERN:
            made += samples(value[3], draw)
        elif op is _constants.LITERAL:
            made += chr(value)
        elif op is _constants.IN:
            made += sample_of_class(value, draw)
        elif op in (_constants.ANY, _constants.NOT_LITERAL):
            made += draw.choice("a \t")
    return made


KINDS = {"DIGIT": "17", "SPACE": " \t", "WORD": "a1", "NOT_WORD": " -!", "NOT_DIGIT": "a ", "NOT_SPACE": "a1-"}


def sample_of_class(items: Sequence[Any], draw: random.Random) -> str:
    if items[0][0] is _constants.NEGATE:
        one = _compiler.compile(_parser.SubPattern(_parser.State(), [(_constants.IN, items)]), 0)
        return draw.choice([char for char in "aB1 \t-.,!<'" if one.match(char)] or ["é"])
    op, value = draw.choice(items)
    if op is _constants.CATEGORY:
        return draw.choice(KINDS[str(value).removeprefix("CATEGORY_")])
    return chr(draw.choice(value) if op is _constants.RANGE else value)


def repeats(nodes: Iterable[Any], before: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each part that may be repeated often, with what stands before it."""
    for op, value in nodes:
        if op in REPEATS:
            if value[1] >= SHORT:
                yield from ((before, way) for way in ways(value[2]))
            yield from repeats(value[2], before)
        elif op in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from repeats(value[1], before)
        elif op is _constants.BRANCH:
            for branch in value[1]:
                yield from repeats(branch, before)
        elif op is _constants.SUBPATTERN:
            yield from repeats(value[3], before)
        before = (*before, (op, value))


def ways(inner: Any) -> list[Any]:  # noqa: ANN401
    """The branches, where a part is nothing but branches."""
    [(op, value), *others] = inner
    if op is _constants.SUBPATTERN and not others:
        return ways(value[3])
    return list(value[1]) if op is _constants.BRANCH and not others else [inner]


def attacks(pattern: re.Pattern[Any], draw: random.Random) -> set[tuple[str, str, str]]:
    """What comes before, what is repeated, and what comes after and may spoil the match."""
    made = set()
    for before, inner in repeats(_parser.parse(pattern.pattern, pattern.flags)):
        for _ in range(3):
            begin = samples(before, draw) if draw.random() < 0.7 else ""
            made |= {(begin, samples(inner, draw), end) for end in ("!", "\n")}
    return made


def work(pattern: re.Pattern[Any], subject: str, searched: bool) -> int:
    matcher = Matcher(pattern, subject.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else subject)
    start, length = 0, len(matcher._subject)
    while searched and start <= length:
        end = matcher.at(start)
        start = start + 1 if end is None else max(end, start + 1)
    return matcher.steps if searched else (matcher.at(0), matcher.whole(), matcher.steps)[2]


def growth(pattern: re.Pattern[Any], searched: bool, attack: tuple[str, str, str]) -> float:
    begin, unit, end = attack
    try:
        short, long = (work(pattern, begin + unit * n + end, searched) for n in (SHORT, LONG))
    except TooManySteps:
        return float("inf")
    return long / short


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


CASES: list[tuple[str, re.Pattern[Any], bool]] = [
    (f"{m.__name__} {name}", pattern, searched) for m in MODULES for name, pattern, searched in patterns(m)
]


@pytest.mark.parametrize(
    ("pattern", "searched"), [(pattern, searched) for _, pattern, searched in CASES], ids=[name for name, *_ in CASES]
)
def test_work_grows_as_the_text_does(pattern: re.Pattern[Any], searched: bool) -> None:
    for attack in sorted(attacks(pattern, random.Random(1))):
        assert growth(pattern, searched, attack) < MOST_GROWTH, attack


def test_what_grows_faster_is_found() -> None:
    for pattern, searched in (
        (r"(?:ab|\w\w)*!", False),
        (r"(?:\d|-\d\d|-)*", False),
        (r"\s+x", True),
        (r"a\s*\s*x", False),
    ):
        known = re.compile(pattern)
        tries = (growth(known, searched, attack) for attack in sorted(attacks(known, random.Random(1))))
        assert any(grown > MOST_GROWTH for grown in tries), pattern


@pytest.mark.parametrize(
    ("pattern", "searched"), [(pattern, searched) for _, pattern, searched in CASES], ids=[name for name, *_ in CASES]
)
def test_the_steps_are_those_of_the_engine(pattern: re.Pattern[Any], searched: bool) -> None:
    for begin, unit, end in sorted(attacks(pattern, random.Random(1)))[:5]:
        subject: Any = f"{begin}{unit}{unit}{end}"
        if isinstance(pattern.pattern, bytes):
            subject = subject.encode("utf-8", "replace")
        found = pattern.match(subject)
        assert Matcher(pattern, subject).at(0) == (found and found.end())
        assert Matcher(pattern, subject).whole() == (pattern.fullmatch(subject) is not None)
