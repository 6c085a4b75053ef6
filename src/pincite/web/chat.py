"""Conversations with one index: from what a page asks and keeps to the HTML of its turns. Holds no conversation."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from itertools import chain, islice, zip_longest
from typing import Annotated, Any, TypeVar

from cachetools import LRUCache, cachedmethod
from pydantic import BaseModel, BeforeValidator, ValidationError

from pincite import replies, text_anchors
from pincite.analysis.intents import intent
from pincite.assistant import Assistant, what_is_asked
from pincite.datatypes import Answer, Document, Filter, Listed, Part, Span, replace_surrogates
from pincite.errors import EmptyIndex, FilterError, NoIndex, NothingFits, PinciteError, QueryError, UsageError
from pincite.index import Index
from pincite.listing import folder_of, in_words
from pincite.retrieval.follow_ups import needs_context, subject
from pincite.text_anchors import ResolvedAnchor
from pincite.web import answers, export, shelf, start
from pincite.web.answers import ANSWERS, Quote, Reply
from pincite.web.library import UNEXPECTED, Library
from pincite.web.service import MOST_CHARACTERS, filter_of
from pincite.web.shelf import Wanted

_log = logging.getLogger(__name__)
_EXAMPLES, _FOLLOW_UPS = 4, 2
_MOST_READ, _MOST_TRIED = 50, 12  # articles in which questions are looked for, and how many of these are asked
_OF_ALL, _ANYTHING = ("What articles do you have?", "What is new?"), "main findings"
_ROWS, _OFFERED = 100, 20  # articles that are listed at a time, and of which one can be chosen while typing
_NEAR_COSINE = 0.3  # from which on a passage is near enough to a question to be asked about next
_LONGEST_TITLE = 70
_MOST_TURNS, _MOST_QUOTES, _MOST_NOTES = 100, 50, 20  # of a conversation that a page keeps, and of one of its turns
_LEANS_ON, _REPLY_LEANS_ON = 20, 5  # turns that a question may lean on, and that a reply is restored with
_KEY_SENTENCES = "Key sentences of the article, in the order of its text."
_DATES, _DATE = {"after": "From ", "before": "Until "}, re.compile(r"\b(after|before)=")
_FAILED_THEN = Reply(kind="failed", text=start.failure(export.FAILED))

Resolve = Callable[[str], ResolvedAnchor | None]  # where anchors lead; each is looked for once a request


def _first(most: int) -> BeforeValidator:
    return BeforeValidator(lambda values: values[:most] if isinstance(values, list | str) else values)


_Text = Annotated[str, BeforeValidator(lambda text: replace_surrogates(text) if isinstance(text, str) else text)]
_Texts = tuple[_Text, ...]
_Model = TypeVar("_Model", bound=BaseModel)


class Asked(BaseModel):
    """A question and the filters it was asked with; dates are as they were typed, empty for none."""

    question: _Text
    sources: _Texts = ()
    authors: _Texts = ()
    folders: _Texts = ()
    documents: _Texts = ()
    after: _Text = ""
    before: _Text = ""

    @property
    def where(self) -> Filter | None:
        """The filter, if there is any."""
        dates = {"after": self.after.strip(), "before": self.before.strip()}
        return filter_of(self.sources, self.authors, self.documents, folders=self.folders, **dates)

    def only(self, titles: Mapping[str, str] | None = None) -> list[str]:
        """The filters in words; single articles by their titles, as far as these are known."""
        after, before = self.after.strip(), self.before.strip()
        dates = f"{after}–{before}" if after and before else f"from {after}" if after else before and f"until {before}"
        documents = ((titles or {}).get(each, each) for each in self.documents)
        return [*self.folders, *self.sources, *self.authors, *documents, *filter(None, [dates])]


class Kept(BaseModel):
    """A turn as a page keeps it: what was asked, and where what was quoted stands, without a word of the articles.

    Attributes:
        quotes: the anchor of each, and the ranges in it that answer.
        parts: the name of each thing that was asked of, and the labels of its quotes.
    """

    asked: Asked
    kind: _Text
    quotes: Annotated[tuple[tuple[_Text, tuple[Span, ...]], ...], _first(_MOST_QUOTES)]
    parts: Annotated[tuple[tuple[_Text, tuple[int, ...]], ...], _first(_MOST_QUOTES)] = ()
    notes: Annotated[tuple[Annotated[_Text, _first(MOST_CHARACTERS)], ...], _first(_MOST_NOTES)] = ()


def _sent(kind: type[_Model], values: object) -> _Model:
    """What a page sent.

    Raises:
        QueryError: something else.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(map(str, wrong["loc"])) or kind.__name__
        said = "missing" if wrong["type"] == "missing" else f"{wrong['input']!r:.200}: {wrong['msg']}"
        raise QueryError(f"{name}: {said}; this is not as the page keeps it, load it again") from error


class Chat:
    """What the page asks of one index. The functions that it offers take and return JSON."""

    def __init__(self, index: Index, assistant: Assistant, library: Library) -> None:
        self._index = index
        self._assistant = assistant
        self._library = library
        self._examples_lock = threading.Condition()
        self._examples: LRUCache[Hashable, list[str]] = LRUCache(1)

    @property
    def functions(self) -> tuple[Callable[..., dict[str, Any]], ...]:
        """The functions that the page calls."""
        return self.welcome, self.turn, self.turns, self.export, self.choices, self.find, self.fits, self.articles

    # ------------------------------------------------------------ before the first question

    def welcome(self, examples: bool = False) -> dict[str, Any]:
        """Masthead and start as HTML; with ``examples`` it takes longer: the model may have to load."""
        masthead = start.masthead(None)
        try:
            status = self._index.status()
            changes = self._library.changes(status.generation)
            held = self._index.holdings()
            masthead = start.masthead(status, held, sum(map(len, asdict(changes).values())) if changes else 0)
            if status.documents:
                questions = self.examples(status.generation) if examples else ()
                said = start.start(held, questions)
            else:
                said = start.empty(f"{status.path} holds no article.") if status.generation else start.building()
        except Exception as error:  # noqa: BLE001 - whatever broke is shown, not left as a blank page
            said = self._failure(error)
        return {"masthead": masthead, "start": said}

    def prepare(self) -> None:
        """Load the model and find the examples, so that the first visitor need not wait for it."""
        self.welcome(examples=True)
        with suppress(PinciteError):
            self._assistant.ask(_ANYTHING)  # there may be no example

    @cachedmethod(lambda self: self._examples, condition=lambda self: self._examples_lock)
    def examples(self, generation: int) -> list[str]:
        """Questions that articles ask, of each folder by turns, then of all articles; found once for each state."""
        del generation  # names what is remembered
        ids = list(islice(_by_turns(self._index.listed()), _MOST_READ))
        documents = self._index.documents(ids)
        offered = dict.fromkeys(filter(None, (_offered(documents[each]) for each in ids if each in documents)))
        answered = (text for text in islice(offered, _MOST_TRIED) if self._assistant.ask(text).answered)
        listing = (text for text in _OF_ALL if self._assistant.ask(text).documents)
        return list(islice(chain(answered, listing), _EXAMPLES))

    # ------------------------------------------------------------ what can be chosen

    def choices(self) -> dict[str, Any]:
        """What one can choose by, each with the number of its articles."""
        try:
            return dict(shelf.choices(self._index))
        except PinciteError:  # the page says elsewhere what is wrong
            return {}

    def find(self, search: str) -> dict[str, Any]:
        """The first articles in whose title, author, source or path these words stand: id, title and path of each."""
        try:
            found = shelf.found(self._index, _sent(Wanted, {"search": search}))
        except PinciteError:  # as above
            found = []
        return {"articles": [(each.listed.doc_id, each.listed.title, each.file) for each in found[:_OFFERED]]}

    def fits(self, asked: dict[str, Any]) -> dict[str, Any]:
        """How many articles the filters of a question leave, in words, and the titles of those that they name."""
        try:
            filters = _sent(Asked, {"question": "", **asked})
            fitting = self._index.holdings(filters.where)
            is_one = fitting.startswith("1 ") and " and " not in fitting
            said = f"{fitting} {'fits' if is_one else 'fit'}"
            return {"said": said, "titles": self._titles(filters.documents)}
        except PinciteError as error:
            return {"problem": _in_the_words_of_the_page(error)}

    def articles(self, wanted: dict[str, Any], first: int) -> dict[str, Any]:
        """A hundred rows of the library's list as HTML, those from ``first`` on, and how many there are."""
        try:
            found = shelf.found(self._index, _sent(Wanted, wanted))
            part = found[first : first + _ROWS]
            texts = self._index.documents([each.listed.doc_id for each in part])
        except PinciteError as error:
            return {"problem": _in_the_words_of_the_page(error)}
        lengths = {doc_id: len(document.text) for doc_id, document in texts.items()}
        said = in_words(each.listed.doc_id for each in found)
        return {"html": shelf.rows(part, lengths), "total": len(found), "said": said}

    # ------------------------------------------------------------ a conversation

    def turn(self, number: int, asked: dict[str, Any], before: list[dict[str, Any]]) -> dict[str, Any]:
        """The answer to a question as HTML.

        Args:
            number: of the turn in its conversation, from 1.
            asked: the question with its filters.
            before: the turns before it as the page keeps them.
        """
        if type(number) is not int or number < 1:
            raise QueryError(f"number={number!r}: give that of the turn, from 1")
        question = _sent(Asked, asked)
        reply = self._answered(question, list(filter(None, _turns(before)))[-_LEANS_ON:])
        return {"html": self._html(number, question, reply)}

    def turns(self, kept: list[dict[str, Any]]) -> dict[str, Any]:
        """A conversation that a page has kept as HTML: every quote where it stands now, or that it is gone.

        None for what is no turn as this page keeps it.
        """
        turns, resolve = _turns(kept), cache(self._resolved)
        html: list[str | None] = []
        for at, turn in enumerate(turns):
            before = [each for each in turns[max(0, at - _REPLY_LEANS_ON) : at] if each]
            html.append(self._html(at + 1, turn.asked, self._restored(turn, before, resolve)) if turn else None)
        return {"html": html}

    def export(self, kept: list[dict[str, Any]], form: str) -> dict[str, Any]:
        """Turns that a page has kept, to take along as ``text``, ``markdown`` or ``html``."""
        if form not in tuple(export.FORMATS):
            raise QueryError(f"form={form!r}: there is {', '.join(export.FORMATS)}")
        resolve = cache(self._resolved)
        turns = [(turn.asked.question, self._restored(turn, (), resolve)) for turn in filter(None, _turns(kept))]
        return {"text": export.FORMATS[form](turns)}

    def _answered(self, asked: Asked, before: Sequence[Kept]) -> Reply:
        began = time.perf_counter()
        try:
            if len(asked.question) > MOST_CHARACTERS:
                raise QueryError(f"Ask in up to {MOST_CHARACTERS:,} characters.")
            where = self._index.check_fits(asked.where)
            resolve = cache(self._resolved)
            history = [message for turn in before for message in _messages(turn, resolve)]
            answer = self._assistant.ask(asked.question, history=history, where=where)
        except Exception as error:  # noqa: BLE001 - a failure must never look like "nothing found"
            return Reply(kind="failed", text=self._failure(error))
        return answers.reply_of(
            answer,
            milliseconds=round(1000 * (time.perf_counter() - began)),
            follow_ups=tuple(islice(_follow_ups(answer, asked.question, before), _FOLLOW_UPS)),
            limited=bool(asked.only()),
        )

    def _restored(self, turn: Kept, before: Sequence[Kept], resolve: Resolve) -> Reply:
        """What was said: quotes where they stand now, and what Pincite said itself as it would say it now."""
        if turn.kind == "failed":
            return _FAILED_THEN
        if turn.kind == "reply":
            return self._replied(turn.asked, before)
        quotes = tuple(_found(resolve, label, *quote) for label, quote in enumerate(turn.quotes, 1))
        if turn.kind == "summary":
            return Reply(
                kind="summary",
                quotes=quotes,
                text=_KEY_SENTENCES,
                notes=turn.notes,
            )
        kinds: dict[str, answers.Kind] = {"quotes": "quotes", "weak": "weak"}
        kind = kinds.get(turn.kind, "near") if quotes else "near"
        parts = tuple(Part(name=name, question=name, labels=labels) for name, labels in turn.parts)
        return Reply(kind=kind, quotes=quotes, parts=parts, notes=turn.notes, limited=bool(turn.asked.only()))

    def _replied(self, asked: Asked, before: Sequence[Kept]) -> Reply:
        """What Pincite says itself, without looking for an article to be summarised: that would be another search."""
        try:
            question = what_is_asked(asked.question[:MOST_CHARACTERS])
            history = [{"role": "user", "content": turn.asked.question[:MOST_CHARACTERS]} for turn in before]
            wanted = intent(question, later=bool(history), about=bool(subject(history)))
            if wanted and wanted.kind == "summary":
                return Reply(kind="reply", text="No article was summarised then.")
            answer = wanted and replies.reply(self._index, wanted, question, asked.where)
        except Exception as error:  # noqa: BLE001 - as above
            return Reply(kind="failed", text=self._failure(error))
        return answers.reply_of(answer, limited=bool(asked.only())) if answer else _FAILED_THEN

    def _html(self, number: int, asked: Asked, reply: Reply) -> str:
        only = asked.only(self._titles(asked.documents))
        return answers.turn(number, asked.question, only, _kept(asked, reply), reply)

    def _titles(self, doc_ids: Sequence[str]) -> dict[str, str]:
        """The titles of the first of these articles, by id."""
        try:
            named = self._index.listed(Filter(doc_ids=doc_ids[:_OFFERED])) if doc_ids else []
        except PinciteError:  # the page says elsewhere what is wrong
            named = []
        return {each.doc_id: each.title for each in named}

    def _resolved(self, anchor: str) -> ResolvedAnchor | None:
        """Where an anchor leads; None where its article is gone, or it is none."""
        try:
            return text_anchors.resolve(self._index, anchor)
        except UsageError:
            return None

    def _failure(self, error: Exception) -> str:
        if isinstance(error, NoIndex | EmptyIndex):
            return start.building() if self._library.state.running else start.empty(str(error))
        if isinstance(error, NothingFits):
            return start.nothing_fits(_in_the_words_of_the_page(error))
        if isinstance(error, PinciteError):
            return start.failure(_in_the_words_of_the_page(error))
        _log.error("the page failed unexpectedly", exc_info=error)
        return start.failure(UNEXPECTED)


def _in_the_words_of_the_page(error: PinciteError) -> str:
    """A message with the names of dates as they stand on the page, and what a visitor typed to the letter."""
    said = str(error)
    if not isinstance(error, FilterError) or not said.startswith(("after=", "before=", "no article fits ")):
        return said
    # What is no date may hold anything; dates do not.
    return _DATE.sub(lambda found: _DATES[found[1]], said, count=" is not a date: " in said)


def _turns(kept: object) -> list[Kept | None]:
    """The turns of a conversation, each in its place: None for what is none, and for those before the last hundred."""
    if not isinstance(kept, list):
        raise QueryError("not a conversation as this page keeps it; load the page again")
    turns: list[Kept | None] = [None] * len(kept)
    for at in range(max(0, len(kept) - _MOST_TURNS), len(kept)):
        with suppress(ValidationError):
            turns[at] = Kept.model_validate(kept[at])
    return turns


def _messages(turn: Kept, resolve: Resolve) -> Iterator[dict[str, str]]:
    """A turn as the assistant takes it: of an answer, what of it still stands."""
    found = [(label, resolve(anchor)) for label, (anchor, _) in enumerate(turn.quotes, 1) if turn.kind in ANSWERS]
    texts = (f"{each.document.text[slice(*each.span)]} [{label}]" for label, each in found if each and each.span)
    yield {"role": "user", "content": turn.asked.question[:MOST_CHARACTERS]}
    yield {"role": "assistant", "content": " ".join(texts)}


def _found(resolve: Resolve, label: int, anchor: str, highlights: Sequence[Span]) -> Quote:
    resolved = resolve(anchor)
    document, span = (resolved.document, resolved.span) if resolved else (None, None)
    inside = tuple((span[0] + a, span[0] + b) for a, b in sorted(highlights)) if span else ()
    edges = [*span[:1], *chain.from_iterable(inside), *span[1:]] if span else []
    apart = edges == sorted(edges) and all(a < b for a, b in inside)
    return Quote(
        label=label,
        anchor=anchor,
        document=document,
        span=span,
        highlights=inside if apart else (),
        edited=resolved is not None and not (span and resolved.same),
    )


def _kept(asked: Asked, reply: Reply) -> str:
    """A turn as the page keeps it."""
    quotes = [
        (quote.anchor, [(a - quote.span[0], b - quote.span[0]) for a, b in quote.highlights] if quote.span else [])
        for quote in reply.quotes
    ]
    parts = [(part.name, part.labels) for part in reply.parts]
    kept = {"asked": asked.model_dump(), "kind": reply.kind, "quotes": quotes, "parts": parts, "notes": reply.notes}
    return json.dumps(kept)


def _follow_ups(answer: Answer, asked: str, before: Sequence[Kept]) -> Iterator[str]:
    """Headings and titles in the articles quoted that are questions themselves, and near to the one asked."""
    cited = {citation.passage.passage_id for citation in answer.citations}
    quoted = {citation.document.doc_id for citation in answer.citations}
    near = (hit for hit in answer.hits if hit.document.doc_id in quoted and hit.passage.passage_id not in cited)
    lines = [
        line
        for hit in near
        if hit.scores.get("dense", 0.0) >= _NEAR_COSINE
        for line in (hit.passage.heading, hit.document.title)
    ]
    said = {text.casefold() for text in (asked, *(turn.asked.question for turn in before))}
    for question in dict.fromkeys(filter(None, map(start.question_of, filter(None, lines)))):
        if question.casefold() not in said and len(question) <= _LONGEST_TITLE and not needs_context(question):
            yield question


def _by_turns(listed: Iterable[Listed]) -> Iterator[str]:
    """The ids of articles, one of each folder after the other; in each those first whose title asks something."""
    folders: dict[str, list[Listed]] = {}
    for each in listed:
        folders.setdefault(folder_of(each.doc_id), []).append(each)
    ordered = (sorted(each, key=lambda one: start.question_of(one.title) is None) for each in folders.values())
    return (each.doc_id for row in zip_longest(*ordered) for each in row if each)


def _offered(document: Document) -> str | None:
    """A question to begin with: the first that the article itself asks."""
    lines = [document.title, *(document.text[a:b] for a, b in document.headings)]
    asked = (question for question in map(start.question_of, lines) if question)
    return next((each for each in asked if len(each) <= _LONGEST_TITLE and not needs_context(each)), None)
