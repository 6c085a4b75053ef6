"""The page itself: what is on it, and what happens when somebody asks."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any

import gradio as gr

from pincite.assistant import Assistant
from pincite.errors import EmptyIndex, NoIndex, PinciteError
from pincite.index import Index
from pincite.web import render

_log = logging.getLogger(__name__)
_EXAMPLES = 4
_TITLES_TRIED = 12
_LONGEST_TITLE = 70
_UNEXPECTED = "An error inside Pincite. The log of the running program says what it was."
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what came of it: the text for the history and the HTML, sources included, for the page."""

    question: str
    reply: str
    html: str


def theme() -> gr.Theme:
    """Gradio's plainest theme in fonts that every system has: a named web font would be fetched."""
    return gr.themes.Base(font=_FONTS, font_mono=_MONO)


def head() -> str:
    """The style sheet as an element of the head: Gradio rewrites what it is given as ``css``."""
    return f"<style>{_read('page.css')}</style>"


def build_page(index: Index) -> gr.Blocks:
    """The page over ``index``; the events are bound here and nowhere else."""
    chat = Chat(index)
    blocks = gr.Blocks(title="Pincite", fill_width=True, fill_height=True, analytics_enabled=False)
    with blocks:
        turns = gr.State([])
        with gr.Row(elem_id="top"):
            masthead = _html(render.masthead(None), "masthead")
            clear = gr.Button("New chat", elem_id="new-chat", size="sm")
        start, talk = _html("", "start"), _html(render.conversation([]), "talk")
        box = _question_box()
        outputs = [box, turns, talk]
        # What is sent while it works is asked afterwards: two at once would each start from the same turns.
        asked = box.submit(chat.ask, [box, turns], outputs, trigger_mode="always_last", **_QUIET)
        clear.click(lambda: ("", [], render.conversation([])), None, outputs, cancels=asked, queue=False, **_QUIET)
        blocks.load(chat.open, None, [masthead, start], **_QUIET)
    blocks.queue(max_size=64, default_concurrency_limit=4, api_open=False)
    return blocks


def _html(value: str, elem_id: str) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=_read("page.js"))


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        placeholder="Ask the articles",
        elem_id="ask",
        max_lines=6,
        submit_btn="Ask",
        autofocus=True,
        container=False,
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


class Chat:
    """Questions put to one index. Holds no conversation: each belongs to its visitor's page."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._assistant = Assistant(index)
        self._examples: list[str] = []
        self._examples_of = 0

    def open(self) -> Iterator[tuple[str, str]]:
        """Masthead and start; the examples come second, since the search for them may have to load the model."""
        masthead = render.masthead(None)
        try:
            status = self._index.status()
            masthead = render.masthead(status.documents)
            if status.documents:
                yield masthead, render.start(status.documents)
            if status.generation != self._examples_of:  # asked once for each state of the index, not for each visitor
                self._examples, self._examples_of = self._find_examples(), status.generation
            yield masthead, render.start(status.documents, self._examples)
        except Exception as error:  # noqa: BLE001 - whatever broke is shown, not left as a blank page
            yield masthead, _trouble(error)

    def ask(self, question: str, turns: Sequence[Turn]) -> Iterator[tuple[Any, list[Turn], str]]:
        """Box, turns and their HTML: first with the question alone, then with what came of it."""
        done = list(turns)
        if not question.strip():
            yield "", done, render.conversation(turn.html for turn in done)
            return
        number = len(done) + 1
        html = [turn.html for turn in done]
        yield "", done, render.conversation([*html, render.turn(number, question, render.pending())])
        done.append(self._answer(number, question, done))
        # By now the next question may stand in the box.
        yield gr.skip(), done, render.conversation(turn.html for turn in done)

    def _answer(self, number: int, question: str, turns: Sequence[Turn]) -> Turn:
        began = time.perf_counter()
        try:
            answer = self._assistant.ask(question, history=_history(turns))
        except Exception as error:  # noqa: BLE001 - a failure must never look like "nothing found"
            return Turn(question, "", render.turn(number, question, _trouble(error)))
        said, sources = render.answer(number, answer, round(1000 * (time.perf_counter() - began)))
        return Turn(question, answer.text, render.turn(number, question, said, sources))

    def _find_examples(self) -> list[str]:
        """Questions made of titles, and only such as are answered."""
        documents = [hit.document for hit in self._index.search("main findings", k=_TITLES_TRIED)]
        titles = dict.fromkeys(each.title for each in documents if not each.title_is_name)
        questions = (render.example(title) for title in titles if len(title) <= _LONGEST_TITLE)
        return list(islice((each for each in questions if self._assistant.ask(each).answered), _EXAMPLES))


def _trouble(error: Exception) -> str:
    if isinstance(error, NoIndex | EmptyIndex):
        return render.empty(str(error))
    if isinstance(error, PinciteError):
        return render.failure(str(error))
    _log.error("the page failed unexpectedly", exc_info=error)
    return render.failure(_UNEXPECTED)


def _history(turns: Sequence[Turn]) -> list[dict[str, str]]:
    said = ((("user", turn.question), ("assistant", turn.reply)) for turn in turns)
    return [{"role": role, "content": content} for pair in said for role, content in pair]
