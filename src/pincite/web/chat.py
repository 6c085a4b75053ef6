"""Conversations with one index: from a question to the HTML of its turn. Knows nothing of Gradio."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice

from pincite.analysis import only_stop_words
from pincite.assistant import Assistant
from pincite.datatypes import Answer, Filter, Hit, Status
from pincite.errors import EmptyIndex, FilterError, NoIndex, PinciteError
from pincite.index import Index
from pincite.web import render
from pincite.web.library import UNEXPECTED, Library
from pincite.web.service import MOST_CHARACTERS

_log = logging.getLogger(__name__)
_EXAMPLES, _FOLLOW_UPS = 4, 2
_TRIED = 12
_NEAR = 0.3
"""The cosine from which on a passage is near enough to a question to be asked about next."""

_LONGEST_TITLE, _SHORTEST_NAME = 70, 4
_NAME = re.compile(
    r"[“\"《「]([^“”\"《》「」\n]{4,50})[”\"》」]|\b[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,4}",
)
_MOST_RESTORED = 100
_REMEMBERED = 5.0  # seconds


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
    """What was asked and what came of it: the text for the history and the HTML, sources included, for the page."""

    asked: Asked
    reply: str
    html: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of one conversation, and the name that the page has given it."""

    name: str = ""
    turns: tuple[Turn, ...] = ()

    @property
    def html(self) -> str:
        """The turns for the page."""
        return render.conversation(self.name, (turn.html for turn in self.turns))


class Chat:
    """Questions put to one index. Holds no conversation: each belongs to its visitor's page."""

    def __init__(self, index: Index, assistant: Assistant, library: Library) -> None:
        self._index = index
        self._assistant = assistant
        self._library = library
        self._finding = threading.Lock()
        self._examples: list[str] = []
        self._examples_of: int | None = None
        self._looked = (-_REMEMBERED, 0, 0)

    # ------------------------------------------------------------ before the first question

    def welcome(self) -> Iterator[tuple[str, str]]:
        """Masthead and start; once more with what takes longer: the examples, for which the model may have to load."""
        masthead = render.masthead(None)
        try:
            status = self._index.status()
            masthead = render.masthead(status)
            yield masthead, _start(status)
            if status.documents:
                masthead = self._masthead(status)
                yield masthead, render.start(status.documents, self.examples(status.generation))
        except Exception as error:  # noqa: BLE001 - whatever broke is shown, not left as a blank page
            yield masthead, self._trouble(error)

    def masthead(self) -> str:
        """The masthead as the index is now."""
        try:
            return self._masthead(self._index.status())
        except PinciteError:  # the answer has said what is wrong
            return render.masthead(None)

    def _masthead(self, status: Status) -> str:
        return render.masthead(status, self._changes(status.generation))

    def prepare(self) -> None:
        """Load the model and find the examples, so that the first visitor need not wait for it."""
        for _ in self.welcome():
            pass

    def examples(self, generation: int) -> list[str]:
        """Questions made of titles and names, only such as are answered; found once for each state of the index."""
        with self._finding:
            if generation != self._examples_of:
                hits = self._index.search("main findings", k=_TRIED)
                questions = map(render.example, dict.fromkeys([*_titles(hits), *_names(hits)]))
                answered = (each for each in islice(questions, _TRIED) if self._assistant.ask(each).answered)
                self._examples, self._examples_of = list(islice(answered, _EXAMPLES)), generation
            return self._examples

    def sources(self) -> list[str]:
        """What the articles name as their sources; none while that cannot be known."""
        try:
            return list(self._index.sources())
        except PinciteError:
            return []

    def _changes(self, generation: int) -> int:
        """How many files changed on disk; looked up again after a while, since every visitor asks."""
        now = time.monotonic()
        if now - self._looked[0] >= _REMEMBERED or self._looked[1] != generation:
            changes = self._index.changes()
            count = len(changes.new) + len(changes.changed) + len(changes.gone) if changes else 0
            self._looked = (now, generation, count)
        return self._looked[2]

    # ------------------------------------------------------------ a question

    def ask(self, asked: Asked, kept: str, now: Conversation) -> Iterator[Conversation]:
        """The conversation: with the question alone, then with what came of it, then with questions to go on with.

        Args:
            asked: the question.
            kept: the conversation as the page has kept it, as JSON; what of it is missing in ``now`` is asked first.
            now: the conversation as it is known here.
        """
        for restored in self.restore(kept, now):
            now = restored
            yield now
        if not asked.question.strip():
            return
        yield replace(now, turns=(*now.turns, _turn(len(now.turns) + 1, asked, "", render.pending())))
        for turn in self._answered(asked, now.turns):
            yield replace(now, turns=(*now.turns, turn))

    def restore(self, kept: str, now: Conversation) -> Iterator[Conversation]:
        """The conversation that the page has kept, its missing questions asked again one by one."""
        name, asked = _read(kept)
        turns = now.turns if now.name == name else ()
        missing = asked[len(turns) :] if [turn.asked for turn in turns] == asked[: len(turns)] else []
        yield Conversation(name, turns)
        for each in missing:
            *_, turn = self._answered(each, turns, more=each is missing[-1])
            turns = (*turns, turn)
            yield Conversation(name, turns)

    def _answered(self, asked: Asked, turns: Sequence[Turn], *, more: bool = True) -> Iterator[Turn]:
        began, number = time.perf_counter(), len(turns) + 1
        try:
            if len(asked.question) > MOST_CHARACTERS:
                yield _turn(number, asked, "", render.failure(f"Ask in up to {MOST_CHARACTERS:,} characters."))
                return
            history, where = _history(turns), asked.where
            found = self._assistant.ask(asked.question, history=history, where=where)
            took = round(1000 * (time.perf_counter() - began))
            said, sources = render.answer(number, asked.question, found, took, filtered=bool(asked.only))
            offered = islice(_more(found), _FOLLOW_UPS if more else 0)
            yield _turn(number, asked, found.text, said + render.follow_ups(offered) * found.answered, sources)
        except Exception as error:  # noqa: BLE001 - a failure must never look like "nothing found"
            yield _turn(number, asked, "", self._trouble(error))

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, NoIndex | EmptyIndex):
            return render.building() if self._library.state.running else render.empty(str(error))
        if isinstance(error, FilterError):
            return render.failure(str(error).replace("after=", "From ").replace("before=", "Until "))
        if isinstance(error, PinciteError):
            return render.failure(str(error))
        _log.error("the page failed unexpectedly", exc_info=error)
        return render.failure(UNEXPECTED)


def _more(found: Answer) -> Iterator[str]:
    """Headings and titles near to the question that are questions themselves; nothing is asked for them."""
    cited = {each.passage.passage_id for each in found.citations}
    near = (hit for hit in found.hits if hit.scores["dense"] >= _NEAR and hit.passage.passage_id not in cited)
    lines = (line for hit in near for line in (hit.passage.heading, hit.document.title) if line)
    yield from (
        line for line in dict.fromkeys(lines) if line.rstrip().endswith(("?", "？")) and len(line) <= _LONGEST_TITLE
    )


def _titles(hits: Iterable[Hit]) -> Iterator[str]:
    documents = [hit.document for hit in hits if not hit.document.title_is_name]
    return (title for title in dict.fromkeys(each.title for each in documents) if len(title) <= _LONGEST_TITLE)


def _names(hits: Iterable[Hit]) -> Iterator[str]:
    """The first name in each passage: words in quotation marks, or several that begin with a capital."""
    for hit in hits:
        found = (_clean(each[1] or each[0]) for each in _NAME.finditer(hit.passage.text))
        yield from islice((name for name in found if len(name) >= _SHORTEST_NAME), 1)


def _clean(name: str) -> str:
    """Without the stop words in front, which have a capital only where a sentence begins."""
    while " " in name and only_stop_words(name.partition(" ")[0]):
        name = name.partition(" ")[2]
    return name if " " in name or not name.isascii() else ""


def _start(status: Status) -> str:
    if status.documents:
        return render.start(status.documents)
    return render.empty(f"{status.path} holds no article.") if status.generation else render.building()


def _turn(number: int, asked: Asked, reply: str, said: str, sources: str = "") -> Turn:
    return Turn(asked, reply, render.turn(number, asked.question, asked.only, json.dumps(asdict(asked)), said, sources))


def _history(turns: Sequence[Turn]) -> list[dict[str, str]]:
    said = ((("user", turn.asked.question), ("assistant", turn.reply)) for turn in turns)
    return [{"role": role, "content": content} for pair in said for role, content in pair]


def _read(kept: str) -> tuple[str, list[Asked]]:
    """Name and questions of a conversation as a page has kept it; what is none is left out."""
    try:
        values = json.loads(kept or "{}")
        return str(values.get("name", "")), [_asked(**each) for each in values.get("asked", [])][-_MOST_RESTORED:]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return "", []


def _asked(**values: object) -> Asked:
    sources = values.pop("sources", ())
    if not isinstance(sources, list | tuple) or not all(isinstance(each, str) for each in [*sources, *values.values()]):
        raise TypeError("not a question")
    known = {each.name for each in fields(Asked)}
    texts = {name: str(value) for name, value in values.items() if name in known}
    return Asked(sources=tuple(sources), **texts)
