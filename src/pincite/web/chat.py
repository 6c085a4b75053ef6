"""Conversations with one index: from a question to the HTML of its turn. Knows nothing of Gradio."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice

from cachetools import LRUCache, cachedmethod

from pincite.analysis.terms import only_stop_words
from pincite.assistant import Assistant
from pincite.datatypes import Answer, Filter, Hit
from pincite.errors import EmptyIndex, FilterError, NoIndex, NothingFits, PinciteError, QueryError
from pincite.index import Index
from pincite.web import render
from pincite.web.library import UNEXPECTED, Library
from pincite.web.service import MOST_CHARACTERS

_log = logging.getLogger(__name__)
_EXAMPLES, _FOLLOW_UPS = 4, 2
_MOST_TRIED = 12
_NEAR_COSINE = 0.3
"""The cosine from which on a passage is near enough to a question to be asked about next."""

_LONGEST_TITLE, _SHORTEST_NAME = 70, 4
_NAME = re.compile(
    r"[“\"《「]([^“”\"《》「」\n]{4,50})[”\"》」]|\b[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,4}",
)
_MOST_RESTORED = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the filters it was asked with; dates are as they were typed, empty for none."""

    question: str
    sources: tuple[str, ...] = ()
    after: str = ""
    before: str = ""

    @property
    def where(self) -> Filter | None:
        """The filter, if there is any."""
        if not self.only:
            return None
        return Filter(source=self.sources or None, after=self.after or None, before=self.before or None)

    @property
    def only(self) -> list[str]:
        """The filters in words."""
        dates = (("from", self.after), ("until", self.before))
        return [*self.sources, *(f"{word} {date}" for word, date in dates if date)]


@dataclass(frozen=True, slots=True)
class Turn:
    """What was asked, and the text of what was answered."""

    asked: Asked
    reply: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one conversation, and the name that the page has given it."""

    name: str = ""
    turns: tuple[Turn, ...] = ()


class Chat:
    """Questions put to one index. Holds no conversation: each belongs to its visitor's page."""

    def __init__(self, index: Index, assistant: Assistant, library: Library) -> None:
        self._index = index
        self._assistant = assistant
        self._library = library
        self._examples_lock = threading.Condition()
        self._examples: LRUCache[Hashable, list[str]] = LRUCache(1)

    # ------------------------------------------------------------ before the first question

    def welcome(self) -> Iterator[tuple[str, str]]:
        """Masthead and start; once more with what takes longer: the examples, for which the model may have to load."""
        masthead = render.masthead(None)
        try:
            status = self._index.status()
            masthead = render.masthead(status)
            if status.documents:
                yield masthead, render.start(status.documents)
                masthead = self.masthead()
                yield masthead, render.start(status.documents, self.examples(status.generation))
            elif status.generation:
                yield masthead, render.empty(f"{status.path} holds no article.")
            else:
                yield masthead, render.building()
        except Exception as error:  # noqa: BLE001 - whatever broke is shown, not left as a blank page
            yield masthead, self._failure(error)

    def masthead(self) -> str:
        """The masthead as the index and its folder are now."""
        try:
            status = self._index.status()
            changes = self._library.changes(status.generation)
        except PinciteError:  # the answer has said what is wrong
            return render.masthead(None)
        changed = sum(map(len, asdict(changes).values())) if changes else 0
        return render.masthead(status, changed)

    def prepare(self) -> None:
        """Load the model and find the examples, so that the first visitor need not wait for it."""
        for _ in self.welcome():
            pass

    @cachedmethod(lambda self: self._examples, condition=lambda self: self._examples_lock)
    def examples(self, generation: int) -> list[str]:
        """Questions made of titles and names, only such as are answered; found once for each state of the index."""
        del generation  # names what is remembered
        hits = self._index.search("main findings", k=_MOST_TRIED)
        questions = map(render.example, dict.fromkeys([*_titles(hits), *_names(hits)]))
        answered = (text for text in islice(questions, _MOST_TRIED) if self._assistant.ask(text).answered)
        return list(islice(answered, _EXAMPLES))

    def sources(self) -> list[str]:
        """What the articles name as their sources; none while that cannot be known."""
        try:
            return list(self._index.sources())
        except PinciteError:
            return []

    # ------------------------------------------------------------ a question

    def ask(self, asked: Asked, kept: str, now: Conversation) -> Iterator[tuple[Conversation, str]]:
        """The conversation and, as HTML, its turns that are new to the page: the question alone, then with its answer.

        Args:
            asked: the question.
            kept: the conversation as the page has kept it, as JSON; what of it is missing in ``now`` is asked first.
            now: the conversation as it is known here.
        """
        html = ""
        for restored, html in self.restore(kept, now):
            now = restored
            yield now, html
        if not asked.question.strip():
            return
        yield now, html + _turn(len(now.turns) + 1, asked, render.pending())
        turn, said = self._answered(asked, now.turns)
        yield replace(now, turns=(*now.turns, turn)), html + said

    def restore(self, kept: str, now: Conversation) -> Iterator[tuple[Conversation, str]]:
        """The conversation that the page has kept; its missing questions are asked again one by one."""
        name, asked = _parse_kept(kept)
        turns = now.turns if now.name == name else ()
        known = [turn.asked for turn in turns]
        if known[-len(asked) :] == asked:  # of a long conversation the page keeps the end
            asked = known
        elif known != asked[: len(known)]:  # the page missed an answer: what it shows counts
            turns = ()
        html = render.conversation(name)
        yield Conversation(name, turns), html
        for number in range(len(turns), len(asked)):
            turn, said = self._answered(asked[number], turns, more=number == len(asked) - 1)
            turns, html = (*turns, turn), html + said
            yield Conversation(name, turns), html

    def _answered(self, asked: Asked, turns: Sequence[Turn], *, more: bool = True) -> tuple[Turn, str]:
        """A turn and its HTML, sources included."""
        began, number = time.perf_counter(), len(turns) + 1
        try:
            if len(asked.question) > MOST_CHARACTERS:
                raise QueryError(f"Ask in up to {MOST_CHARACTERS:,} characters.")
            said = ((("user", turn.asked.question), ("assistant", turn.reply)) for turn in turns)
            history = [{"role": role, "content": content} for pair in said for role, content in pair]
            answer = self._assistant.ask(asked.question, history=history, where=asked.where)
            milliseconds = round(1000 * (time.perf_counter() - began))
            html, sources = render.answer(number, asked.question, answer, milliseconds, filtered=bool(asked.only))
            if answer.answered:
                html += render.follow_ups(islice(_follow_ups(answer), _FOLLOW_UPS if more else 0))
            return Turn(asked, answer.text), _turn(number, asked, html, sources)
        except Exception as error:  # noqa: BLE001 - a failure must never look like "nothing found"
            return Turn(asked, ""), _turn(number, asked, self._failure(error))

    def _failure(self, error: Exception) -> str:
        if isinstance(error, NoIndex | EmptyIndex):
            return render.building() if self._library.state.running else render.empty(str(error))
        if isinstance(error, FilterError):
            said = str(error).replace("after=", "From ").replace("before=", "Until ")
            return render.nothing_fits(said) if isinstance(error, NothingFits) else render.failure(said)
        if isinstance(error, PinciteError):
            return render.failure(str(error))
        _log.error("the page failed unexpectedly", exc_info=error)
        return render.failure(UNEXPECTED)


def _follow_ups(answer: Answer) -> Iterator[str]:
    """Headings and titles near to the question that are questions themselves; nothing is asked for them."""
    cited = {citation.passage.passage_id for citation in answer.citations}
    near = (hit for hit in answer.hits if hit.scores["dense"] >= _NEAR_COSINE and hit.passage.passage_id not in cited)
    lines = (line for hit in near for line in (hit.passage.heading, hit.document.title) if line)
    yield from (
        line for line in dict.fromkeys(lines) if line.rstrip().endswith(("?", "？")) and len(line) <= _LONGEST_TITLE
    )


def _titles(hits: Iterable[Hit]) -> Iterator[str]:
    documents = [hit.document for hit in hits if not hit.document.title_is_name]
    return (title for title in dict.fromkeys(document.title for document in documents) if len(title) <= _LONGEST_TITLE)


def _names(hits: Iterable[Hit]) -> Iterator[str]:
    """The first name in each passage: words in quotation marks, or several that begin with a capital."""
    for hit in hits:
        names = (_without_stop_words(match[1] or match[0]) for match in _NAME.finditer(hit.passage.text))
        yield from islice((name for name in names if len(name) >= _SHORTEST_NAME), 1)


def _without_stop_words(name: str) -> str:
    """Without the stop words in front, which have a capital only where a sentence begins."""
    while " " in name and only_stop_words(name.partition(" ")[0]):
        name = name.partition(" ")[2]
    return name if " " in name or not name.isascii() else ""


def _turn(number: int, asked: Asked, said: str, sources: str = "") -> str:
    return render.turn(number, asked.question, asked.only, json.dumps(asdict(asked)), said, sources)


def _parse_kept(kept: str) -> tuple[str, list[Asked]]:
    """Name and questions of a conversation as a page has kept it; what is none is left out."""
    try:
        values = json.loads(kept or "{}")
        questions = [_parse_asked(**question) for question in values.get("asked", [])]
        return str(values.get("name", "")), questions[-_MOST_RESTORED:]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "", []


def _parse_asked(**values: object) -> Asked:
    sources = values.pop("sources", ())
    if not isinstance(sources, list | tuple) or not all(isinstance(text, str) for text in [*sources, *values.values()]):
        raise TypeError("not a question")
    known = {field.name for field in fields(Asked)}
    texts = {name: str(value) for name, value in values.items() if name in known}
    return Asked(sources=tuple(sources), **texts)
