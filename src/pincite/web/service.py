"""What other programs may ask over HTTP and MCP. Arguments and results are JSON; docstrings are the documentation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Parameter, Signature, getdoc, signature
from typing import Any, ParamSpec, TypeVar, get_args

from pincite import as_json
from pincite.assistant import Assistant
from pincite.datatypes import Filter, replace_surrogates
from pincite.errors import PinciteError, QueryError, UsageError
from pincite.index import Index
from pincite.listing import Kind
from pincite.web.library import UNEXPECTED, Library

MOST_CHARACTERS = 4000
"""Of a question."""

_log = logging.getLogger(__name__)

_MOST_HITS = 100
_MOST_LISTED = 1000
_MOST_TURNS = 50
_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")
_Names = str | Sequence[str] | None

_FILTERS: dict[str, tuple[Any, str]] = {
    "sources": (list[str] | None, "only articles from one of these sources; case and accents do not count."),
    "authors": (list[str] | None, "only articles by one of these authors; case and accents do not count."),
    "doc_ids": (list[str] | None, "only these articles."),
    "folders": (list[str] | None, 'only articles in one of these folders, such as "news/2022".'),
    "after": (str | None, "only articles of this day or later, YYYY, YYYY-MM or YYYY-MM-DD."),
    "before": (str | None, "only articles of this day or earlier, YYYY, YYYY-MM or YYYY-MM-DD."),
}
"""The parts of a filter, each with its type and what is said of it."""


def filter_of(
    sources: _Names = None, authors: _Names = None, doc_ids: _Names = None, **others: _Names
) -> Filter | None:
    """The filter that these parts make, if there is any: what is left empty asks for nothing."""
    parts: dict[str, Any] = {"source": sources, "author": authors, "doc_ids": doc_ids, **others}
    where = Filter(**{name: value or None for name, value in parts.items()})
    return None if where == Filter() else where


def _filtered(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """``method`` with a parameter for each part of a filter, and what is said of it, in the place of ``where``."""
    of_method = signature(method, eval_str=True)
    parts = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=kind)
        for name, (kind, _) in _FILTERS.items()
    ]
    parameters = [*(each for name, each in of_method.parameters.items() if name != "where"), *parts]
    # Gradio would describe a return type that is not a name as a format of its own.
    shown = of_method.replace(parameters=parameters, return_annotation="dict[str, Any]")

    @wraps(method)
    def called(*args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 (the method's)
        given = shown.bind(*args, **kwargs).arguments
        where = filter_of(**{name: given.pop(name) for name in _FILTERS if name in given})
        return method(**given, where=given["self"]._index.check_fits(where))

    called.__dict__["__signature__"] = shown
    called.__annotations__ = {each.name: each.annotation for each in parameters[1:]} | {"return": dict[str, Any]}
    called.__doc__ = "\n".join([getdoc(method) or "", *(f"    {name}: {said}" for name, (_, said) in _FILTERS.items())])
    return called


class Service:
    """The functions that are offered; each raises `PinciteError` with a message that says what is allowed."""

    def __init__(self, index: Index, assistant: Assistant, library: Library) -> None:
        self._index = index
        self._assistant = assistant
        self._library = library

    @property
    def reading(self) -> tuple[Callable[..., dict[str, Any]], ...]:
        """The functions that anyone may call."""
        return self.search, self.ask, self.document, self.documents, self.status

    @property
    def signatures(self) -> dict[str, Signature]:
        """The arguments of all functions, by name."""
        functions = (*self.reading, self.update)
        return {
            function.__name__: signature(function, eval_str=True).replace(return_annotation=Signature.empty)
            for function in functions
        }

    @_filtered
    def search(self, question: str, k: int = 10, *, where: Filter | None) -> dict[str, Any]:  # noqa: D417 (callers see the filters)
        """Find the passages of the articles that fit a question best, best first, each with its exact place.

        Args:
            question: a question or words, up to 4000 characters.
            k: how many passages, 1 to 100.
        """
        _check_number("k", k, 1, _MOST_HITS)
        question = _checked(question)
        return as_json.hits(question, self._index.search(question, k=k, where=where))

    @_filtered
    def ask(  # noqa: D417
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        hits: int | None = None,
        texts: bool = False,
        threshold: float | None = None,
        *,
        where: Filter | None,
    ) -> dict[str, Any]:
        """Answer a question with verbatim quotes from the articles, or say that they do not answer it.

        Every quote comes with its article, date, exact range of characters and the SHA-256 of the text that the range
        counts in. With "answered": false there are no quotes, and the hits are only the nearest passages. What is no
        question to the articles has a "reply": "What articles do you have?", "What is new?", "Summarise the article
        about X".

        Args:
            question: in natural language, up to 4000 characters.
            history: the earlier turns of the conversation, oldest first, each {"role": "user" or "assistant",
                "content": text}; up to 50.
            hits: how many of the best passages to add to the answer, 0 to 100; by default one, or the nearest three
                where nothing answers.
            texts: add their whole texts, not the beginnings.
            threshold: the least confidence of an answer, 0 to 1; by default the index's.
        """
        turns = history or []
        if not isinstance(turns, list) or len(turns) > _MOST_TURNS:
            raise QueryError(f"history: give a list of up to {_MOST_TURNS} turns")
        if hits is not None:
            _check_number("hits", hits, 0, _MOST_HITS)
        if not isinstance(texts, bool):
            raise QueryError(f"texts={texts!r}: give true or false")
        question = _checked(question)
        assistant = self._assistant if threshold is None else Assistant(self._index, threshold=threshold)
        return as_json.answer(question, assistant.ask(question, history=turns, where=where), most=hits, texts=texts)

    def document(self, doc_id: str, around: int | None = None) -> dict[str, Any]:
        """One article: its text, in which the ranges of quotes and passages count, and what is known of it.

        Args:
            doc_id: as in the results of search, ask and documents.
            around: a place in the text: only the thousand characters before and after it.
        """
        return as_json.document(self._index.document(doc_id), around)

    @_filtered
    def documents(  # noqa: D417
        self, kind: Kind = "documents", k: int = 100, first: int = 0, *, where: Filter | None
    ) -> dict[str, Any]:
        """List the articles without their texts, or their sources, authors or folders with how many articles each has.

        Args:
            kind: what to list.
            k: how many, 1 to 1000; "total" says how many there are.
            first: how many to leave out before, from 0.
        """
        if kind not in get_args(Kind):
            raise UsageError(f"kind={kind!r}: give one of {', '.join(get_args(Kind))}")
        _check_number("k", k, 1, _MOST_LISTED)
        _check_number("first", first, 0)
        return as_json.listed(kind, self._index.listed(where), most=k, first=first)

    def status(self) -> dict[str, Any]:
        """What the index holds, when it was updated, and which files changed on disk since."""
        status = self._index.status()
        fields = as_json.status(status, self._library.changes(status.generation))
        # Gradio's client takes whatever has a "path" for a file to be fetched.
        return {"index": fields.pop("path")} | fields

    def update(self) -> dict[str, Any]:
        """Bring the index up to date with its folder of articles; comes back when that is done.

        Needs the header "Authorization: Bearer TOKEN" with the token that `pincite chat --token` was given.
        """
        return as_json.report(self._library.update())


def translate_errors(function: Callable[_Args, _Result], kind: Callable[[str], Exception]) -> Callable[_Args, _Result]:
    """``function`` with all errors raised as of another kind: ours of their message, others of none, and logged."""

    @wraps(function, updated=())  # a signature that is kept in its dictionary has a self
    def called(*args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except PinciteError as error:
            raise kind(str(error)) from error
        except Exception as error:
            _log.exception("%s failed unexpectedly", function.__name__)
            raise kind(UNEXPECTED) from error

    return called


def _checked(question: str) -> str:
    if isinstance(question, str) and len(question) > MOST_CHARACTERS:
        raise QueryError(f"question: {len(question):,} characters; give up to {MOST_CHARACTERS:,}")
    return replace_surrogates(question) if isinstance(question, str) else question


def _check_number(name: str, value: object, least: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= (most or value):
        raise QueryError(f"{name}={value!r}: give a whole number from {least}{'' if most is None else f' to {most}'}")
