"""What other programs may ask over HTTP and MCP. Arguments and results are JSON; docstrings are the documentation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from typing import Any, ParamSpec, TypeVar

from pincite import as_json
from pincite.assistant import Assistant
from pincite.datatypes import Filter, replace_surrogates
from pincite.errors import PinciteError, QueryError, UnknownDocument
from pincite.index import Index
from pincite.web.library import UNEXPECTED, Library

MOST_CHARACTERS = 4000
"""Of a question."""

_log = logging.getLogger(__name__)

_MOST_HITS = 100
_MOST_TURNS = 50
_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


class Service:
    """The functions that are offered; each raises `PinciteError` with a message that says what is allowed."""

    def __init__(self, index: Index, assistant: Assistant, library: Library) -> None:
        self._index = index
        self._assistant = assistant
        self._library = library

    @property
    def reading(self) -> tuple[Callable[..., dict[str, Any]], ...]:
        """The functions that anyone may call."""
        return self.search, self.ask, self.document, self.status

    @property
    def signatures(self) -> dict[str, Signature]:
        """The arguments of all functions, by name."""
        functions = (*self.reading, self.update)
        return {
            function.__name__: signature(function, eval_str=True).replace(return_annotation=Signature.empty)
            for function in functions
        }

    def search(
        self,
        question: str,
        k: int = 10,
        sources: list[str] | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> dict[str, Any]:
        """Find the passages of the articles that fit a question best, best first, each with its exact place.

        Args:
            question: a question or words, up to 4000 characters.
            k: how many passages, 1 to 100.
            sources: only articles from one of these sources, to the letter.
            after: only articles of this day or later, YYYY, YYYY-MM or YYYY-MM-DD.
            before: only articles of this day or earlier, YYYY, YYYY-MM or YYYY-MM-DD.
        """
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= _MOST_HITS:
            raise QueryError(f"k={k!r}: give a whole number from 1 to {_MOST_HITS}")
        question = _check_question(question)
        hits = self._index.search(question, k=k, where=_filter(sources, after, before))
        return as_json.hits(question, hits)

    def ask(
        self,
        question: str,
        history: list[dict[str, str]] | None = None,
        sources: list[str] | None = None,
        after: str | None = None,
        before: str | None = None,
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
            sources: only articles from one of these sources, to the letter.
            after: only articles of this day or later, YYYY, YYYY-MM or YYYY-MM-DD.
            before: only articles of this day or earlier, YYYY, YYYY-MM or YYYY-MM-DD.
        """
        turns = history or []
        if not isinstance(turns, list) or len(turns) > _MOST_TURNS:
            raise QueryError(f"history: give a list of up to {_MOST_TURNS} turns")
        question, where = _check_question(question), _filter(sources, after, before)
        return as_json.answer(question, self._assistant.ask(question, history=turns, where=where))

    def document(self, doc_id: str) -> dict[str, Any]:
        """One whole article: its text, in which the ranges of quotes and passages count, and what is known of it.

        Args:
            doc_id: as in the results of search and ask.
        """
        documents = self._index.documents([doc_id]) if isinstance(doc_id, str) else {}
        if doc_id not in documents:
            raise UnknownDocument(f"doc_id={doc_id!r}: not in the index; give one that a search or answer named")
        return as_json.document(documents[doc_id])

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

    @wraps(function)
    def called(*args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except PinciteError as error:
            raise kind(str(error)) from error
        except Exception as error:
            _log.exception("%s failed unexpectedly", function.__name__)
            raise kind(UNEXPECTED) from error

    return called


def _check_question(question: str) -> str:
    if isinstance(question, str) and len(question) > MOST_CHARACTERS:
        raise QueryError(f"question: {len(question):,} characters; give up to {MOST_CHARACTERS:,}")
    return replace_surrogates(question) if isinstance(question, str) else question


def _filter(sources: list[str] | None, after: str | None, before: str | None) -> Filter | None:
    return Filter(source=sources, after=after, before=before) if sources or after or before else None
