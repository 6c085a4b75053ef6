"""Questions on one of many alike entries, as manuals list settings: "What is the default of MaxStarts?".

The name stands above an entry, and no sentence below repeats it: "Defaults to 12." reads like that of any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from pincite.analysis.terms import analyse, only_stop_words, query_terms
from pincite.datatypes import Document, Span
from pincite.reading.sentence import SURE, UNSURE, Sentence

_IDENTIFIER = re.compile(
    r"(?<![\w.-])(?:--?[A-Za-z][\w-]{0,40}|-\d(?![.,]\d)|"
    r"(?=\w{0,60}(?:[^\W_]_[^\W_]|[a-z0-9][A-Z]|[A-Z]{2}[a-z]))[A-Za-z]\w{2,60})"
    r"(?![\w-])"
)
"""A name that is no word: ``--retries``, ``max_starts``, ``MaxStarts``."""
_JOINS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.-]")
"""Where the words of such a name meet."""
_VALUES = {
    "default": (
        re.compile(r"\bdefaults?\b", re.IGNORECASE),
        re.compile(
            r"\bdefaults?\b(?! unit)(?: \w+)? (?:to|is|are|was|of|for)\b|\bdefault ?[:=]|\(the default\)", re.IGNORECASE
        ),
        re.compile(r"\bdefaults?\b", re.IGNORECASE),
    ),
    "maximum": (
        re.compile(r"\bmax(?:imum|imal)?\b", re.IGNORECASE),
        re.compile(r"\bmax(?:imum|imal)?\b[^.]{0,30}\d|\d[^.]{0,15}\bmax(?:imum|imal)?\b", re.IGNORECASE),
        re.compile(
            r"\b(?:max(?:imum|imal)?|at most|(?:no|not)(?: be)? (?:more|larger|higher|greater) than|capped)\b",
            re.IGNORECASE,
        ),
    ),
    "minimum": (
        re.compile(r"\bmin(?:imum|imal)?\b", re.IGNORECASE),
        re.compile(r"\bmin(?:imum|imal)?\b[^.]{0,30}\d|\d[^.]{0,15}\bmin(?:imum|imal)?\b", re.IGNORECASE),
        re.compile(
            r"\b(?:min(?:imum|imal)?|at least|(?:no|not)(?: be)? (?:less|smaller|fewer|lower) than)\b", re.IGNORECASE
        ),
    ),
}
"""How a value is asked for, how a sentence states it, and how one may speak of it."""
_ASKING = frozenset(
    analyse(
        "default maximum maximal max minimum minimal min value setting option flag switch parameter argument variable "
        "number allow possible set mean do use explain describe effect purpose config configuration"
    )
)
_ASKS_ELSE = re.compile(r"\b(?:who|whom|whose|why|when|where|how (?:do|does|did|can|to|should))\b", re.IGNORECASE)
_NAMED = re.compile(r"[`*'\"]{0,3}(--?[A-Za-z][\w-]{0,40}|-\d|[A-Za-z][\w.-]{0,60}(?<!\.))[`*'\"]{0,3}(.*)", re.DOTALL)
_ARGUMENT = re.compile(r"\[?=\S{0,40}|\s?\([^()]{1,40}\)|\s?\[?<[^<>]{1,60}>\]?|\s\S{1,40}|")
"""What may stand behind a name above an entry: ``=SIZE``, ``(number)``, ``seconds``."""
_APART = re.compile(r",\s|\s(?:or|\|)\s")
_BEHIND = re.compile(r"\s{2,}|\t|:\s|\s[–—:]\s|:\Z")
"""What stands between a name and what is said of it, on one line."""
_MARK = re.compile(r"(?:[-*+•]|#{1,6})\s+")
_CLAUSE = re.compile(r"[,;.]\s|[.)\]]\Z")
_HYPHENATED = re.compile("\u2010\\s+")
_LONGEST_HEAD = 120
_ELSE = 0.1
"""The most of a sentence beside the entry that states the value asked for."""
_MOST_NAMES = 8
"""Lines of names that share what stands below them; more are a mere list."""
_SEARCHED = 250
"""Characters of an entry that are looked for, from a little before what states the value."""


class Asked(NamedTuple):
    """What a question asks of an entry.

    Attributes:
        name: the identifier; empty where words name the entry.
        words: those, or of whom the entry is.
        value: ``default``, ``maximum`` or ``minimum``; empty in "What does MaxStarts do?".
    """

    name: str
    words: frozenset[str]
    value: str


class Entry(NamedTuple):
    """What a document says below or behind some names: its range, and the names."""

    start: int
    end: int
    names: tuple[str, ...]


def asked_value(question: str) -> Asked | None:
    """What a question asks of an entry; None for other questions."""
    names, rest = {*_IDENTIFIER.findall(question)}, _IDENTIFIER.sub(" ", question)
    values = [value for value, (asks, _, _) in _VALUES.items() if asks.search(rest)]
    if len(names) > 1 or len(values) > 1 or _ASKS_ELSE.search(rest):
        return None
    words = frozenset[str]() if only_stop_words(rest) else frozenset(query_terms(rest)) - _ASKING
    name = next(iter(names), "")
    if values and (name or words):
        return Asked(name, words, values[0])
    return Asked(name, words, "") if name and name[0] != "-" and not words else None


def of_entry(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences, first the one that states the value asked for in the entry of the name asked for.

    Where none does, what stands in other entries, or where the name does not stand, is not sure.

    Returns:
        The sentences, best first, and whether the entry alone told which answer.
    """
    asked = asked_value(question)
    if asked is None or not rated:
        return list(rated), False
    documents = [each.hit.document for each in rated]
    asked = _meant(asked, documents)
    theirs = _entries_of(documents, asked)
    here = [each for each in rated if _place(each, theirs.get(each.hit.document.doc_id, ()))]
    if leading := _stating(here, theirs, asked) if asked.value else _beginning(here):
        first = [each.ahead_of(rated[0], SURE if alone else each.confidence) for each, alone in leading]
        led = {(each.hit.document.doc_id, each.span) for each in first}
        others = [each for each in rated if (each.hit.document.doc_id, each.span) not in led]
        return [*first, *(each.at_most(_ELSE) if asked.value else each for each in others)], True
    if not asked.name or not asked.value or not theirs:
        return list(rated), False
    doubtful = [each if _may_state(each, theirs, asked) else each.at_most(UNSURE) for each in rated]
    return sorted(doubtful, key=lambda each: -each.order), False


def asked_place(question: str, documents: Sequence[Document]) -> tuple[Document, Span] | None:
    """Where a document states what a question asks of an entry.

    Args:
        question: in natural language.
        documents: those found, best first.

    Returns:
        One of the documents, and a range in it; None where it is not there.
    """
    asked = asked_value(question)
    asked = _meant(asked, documents) if asked else None
    theirs = _entries_of(documents, asked) if asked else {}
    for document in documents:
        held = theirs.get(document.doc_id, ())
        for entry in held:
            if asked and asked.value and (found := _VALUES[asked.value][1].search(document.text, *entry[:2])):
                return document, (found.start(), min(found.start() + _SEARCHED, entry.end))
        for entry in held[:1]:
            return document, (entry.start, min(entry.start + _SEARCHED, entry.end))
    return None


def whence(question: str, document: Document, span: Span) -> str | None:
    """The name of the entry that a quote stands in without saying it, where a question asks for a value of it."""
    asked = asked_value(question)
    if not asked or not asked.value:
        return None
    held = _entries_of([document], _meant(asked, [document])).get(document.doc_id, ())
    inside = [each for each in held if each.start < span[0] < each.end]
    quoted = document.text[slice(*span)].casefold()
    if not inside or any(name.casefold() in quoted for name in inside[-1].names):
        return None
    return f"Below “{', '.join(inside[-1].names)}”."


def _meant(asked: Asked, documents: Sequence[Document]) -> Asked:
    """What is asked, where a name is that of a document: "the default of Compression in ssh_config"."""
    if not asked.words or not asked.name:
        return asked
    of_it, whose = asked._replace(name=""), any(_words(asked.name) <= _subject(document) for document in documents)
    # A manual's own name may stand above it as that of an entry: "kite_conf(5)".
    is_meant = whose and (_entries_of(documents, of_it) or not _entries_of(documents, asked))
    return of_it if is_meant else asked


def _subject(document: Document) -> frozenset[str]:
    return frozenset(analyse(f"{document.title}\n{document.doc_id}"))


def _entries_of(documents: Sequence[Document], asked: Asked) -> dict[str, tuple[Entry, ...]]:
    """By document the entries of the name asked for; of those whose it is said to be, where they have one."""
    found: dict[str, tuple[Entry, ...]] = {}
    whose = set[str]()
    for document in {each.doc_id: each for each in documents}.values():
        words = asked.words - _subject(document)
        if not asked.name:
            fitting = [each for each in entries(document) if words and words in map(_words, each.names)]
        else:
            fitting = [each for each in entries(document) if _key(asked.name) in map(_key, each.names)]
        if fitting:
            found[document.doc_id] = tuple(fitting)
            whose |= {document.doc_id} if not words or not asked.name else set()
    strict = bool(whose) or asked.name.startswith("-")
    return {name: held for name, held in found.items() if name in whose or not strict}


def _key(name: str) -> str:
    """A name without its signs and capitals; ``-v`` and ``-V`` are two, as are ``--max-boats`` and ``maxBoats``."""
    if len(name) == 2 and name[0] == "-":
        return name
    return ("-" if name[0] == "-" else "") + re.sub(r"[\W_]", "", name).casefold()


def _words(name: str) -> frozenset[str]:
    return frozenset(analyse(_JOINS.sub(" ", name)))


def _place(sentence: Sentence, held: Sequence[Entry]) -> Entry | None:
    """The innermost of the entries that a sentence touches."""
    touched = [each for each in held if each.start < sentence.span[1] and sentence.span[0] < each.end]
    return touched[-1] if touched else None


def _stating(
    here: Sequence[Sentence], theirs: dict[str, tuple[Entry, ...]], asked: Asked
) -> list[tuple[Sentence, bool]]:
    """The best sentence of each document that states the value in the entry asked for, or else speaks of it.

    Returns:
        The sentences, best first, each with whether no other one of the entry does.
    """
    _, *forms = _VALUES[asked.value]
    found: dict[str, tuple[Sentence, bool]] = {}
    for form in forms:
        for names_it in (True, None):
            for doc_id in theirs.keys() - found.keys():
                held = [each for each in here if each.hit.document.doc_id == doc_id]
                fitting = [
                    each
                    for each in held
                    if form.search(_said(each, asked))
                    and _named_first(each, _place(each, theirs[doc_id]), asked) is names_it
                ]
                if fitting:
                    found[doc_id] = _marked(fitting[0], asked.value), len({each.span for each in fitting}) == 1
    return sorted(found.values(), key=lambda each: -each[0].order)


def _beginning(here: Sequence[Sentence]) -> list[tuple[Sentence, bool]]:
    """The first sentence of the entry below its name, of the document with the best one."""
    said = [each for each in here if not (head := _head(each.text, is_heading=False)) or head.says]
    theirs = [each for each in said if each.hit.document.doc_id == said[0].hit.document.doc_id]
    return [(min(theirs, key=lambda each: each.span), True)] if theirs else []


def only_names(line: str) -> bool:
    """Whether a line is no more than the options above what they do: ``-j N, --jobs N``."""
    head = _head(line, is_heading=False)
    return head is not None and not head.says and head.names[0].startswith("-")


def _marked(sentence: Sentence, value: str) -> Sentence:
    """The sentence; where it states several values, with the clause that states the one asked for as what answers."""
    text, (_, end) = sentence.hit.document.text, sentence.span
    stated = {name: found for name, (asks, _, _) in _VALUES.items() if (found := asks.search(text, *sentence.span))}
    if len(stated) < 2 or value not in stated:
        return sentence
    start = stated[value].start()
    stop = _CLAUSE.search(text, start, end)
    return replace(sentence, answer=(start, stop.start() if stop else end))


def _said(sentence: Sentence, asked: Asked) -> str:
    """The sentence on one line, without the name, which may hold "max"."""
    said = " ".join(_HYPHENATED.sub("", sentence.text).split())
    return said.replace(asked.name, " ") if asked.name else said


def _named_first(sentence: Sentence, entry: Entry | None, asked: Asked) -> bool | None:
    """Whether a sentence of an entry of several names is on the one asked for; None where that is not told.

    It is on what it names before the value, or behind a "for"; or else on what its paragraph names first.
    """
    if not entry or not asked.name or len(entry.names) < 2:
        return None
    text, (start, end) = sentence.hit.document.text, sentence.span
    value = _VALUES[asked.value][0].search(text, start, end)
    own = _first_of(entry.names, text[start : value.start() if value else end])
    own = own or [name for name in entry.names if f" for {name}" in " ".join(sentence.text.split())]
    body = entry.start
    while body < start and _head(text[body : _end_of_line(text, body)].strip(), is_heading=False):
        body = _end_of_line(text, body) + 1
    paragraph = text[max(body, text.rfind("\n\n", body, start) + 2 if body < start else body) : start]
    named = own or [name for name in entry.names if name in paragraph.partition(". ")[0]]
    return any(_key(name) == _key(asked.name) for name in named) if named else None


def _first_of(names: Sequence[str], text: str) -> list[str]:
    """The name that a text has first; none where it has none."""
    places = {name: at for name in names if (at := text.find(name)) >= 0}
    return [min(places, key=lambda name: places[name])] if places else []


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _may_state(sentence: Sentence, theirs: dict[str, tuple[Entry, ...]], asked: Asked) -> bool:
    """Whether a sentence that states nothing in the entry asked for may yet answer; a name alone does not."""
    if _head(sentence.text, is_heading=False):
        return False
    if _place(sentence, theirs.get(sentence.hit.document.doc_id, ())):
        others = (states for value, (_, states, _) in _VALUES.items() if value != asked.value)
        return not any(states.search(_said(sentence, asked)) for states in others)
    if asked.name.casefold() in sentence.text.casefold():
        return True
    hit = sentence.hit
    about = f"{hit.document.title}\n{hit.passage.heading or ''}\n{hit.passage.text}"
    inside = _place(sentence, entries(hit.document))
    return inside is None and asked.name.casefold() in about.casefold()


# ---------------------------------------------------------------- where entries are


class _Head(NamedTuple):
    """A line that may begin an entry; ``plain``: its name may be any word; ``says``: what it is stands behind it."""

    names: tuple[str, ...]
    plain: bool
    says: bool


@dataclass(slots=True)
class _Open:
    """An entry whose end is not reached: how far it is indented, and where a line right below its names begins."""

    column: int
    start: int
    head: _Head
    below: int
    has_body: bool

    @property
    def counts(self) -> bool:
        """Whether it is an entry: a word alone is one only above what is indented further."""
        return self.has_body or not self.head.plain

    @property
    def alone(self) -> bool:
        """Whether nothing but an identifier stands on its line, and nothing is indented below it."""
        return not (self.has_body or self.head.plain or self.head.says)


def entries(document: Document) -> tuple[Entry, ...]:
    """What stands below or behind the names that a document lists, in its order."""
    return _divided(document.text, document.headings)


@lru_cache(maxsize=64)
def _divided(text: str, headings: tuple[Span, ...]) -> tuple[Entry, ...]:
    starts = {text.rfind("\n", 0, start) + 1 for start, _ in headings}
    found, held, at = list[Entry](), list[_Open](), 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if not line.strip():
            continue
        is_heading = start in starts
        spaced = line.expandtabs()
        column = -1 if is_heading else len(spaced) - len(spaced.lstrip())
        head = _head(line.strip(), is_heading)
        beside = sum(each.column == column for each in held)
        kept = []
        for each in held:
            # "-j" and "--jobs" below each other share what is below them.
            shares = head and each.column == column and each.below == start and not each.has_body
            # What is no name stands below one that is alone on its line, indented or not.
            inside = each.column < column or (each.column == column and not head and each.alone)
            if inside or (shares and beside < _MOST_NAMES):
                each.has_body |= each.column < column
                each.below = at
                kept.append(each)
            elif each.counts:
                found.append(Entry(each.start, start, each.head.names))
        held = [*kept, *([_Open(column, start, head, at, head.says)] if head else [])]
    found += [Entry(each.start, len(text), each.head.names) for each in held if each.counts]
    return tuple(sorted(found))


def _head(line: str, is_heading: bool) -> _Head | None:
    """The names that a line begins an entry with, if it does."""
    before, *behind = _BEHIND.split(_MARK.sub("", line, count=1), maxsplit=1)
    if len(before) > _LONGEST_HEAD:
        return None
    pieces = [_NAMED.fullmatch(piece) for piece in _APART.split(before.rstrip(","))]
    names = tuple(piece[1] for piece in pieces if piece and _ARGUMENT.fullmatch(piece[2]))
    if len(names) < len(pieces):
        return None
    signs = any(piece and piece[2].lstrip(" [").startswith(("=", "(")) for piece in pieces)
    plain = not (signs or any(_IDENTIFIER.fullmatch(name) for name in names))
    return None if is_heading and plain else _Head(names, plain, any(behind))
