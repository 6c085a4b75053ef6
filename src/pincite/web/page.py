"""The page itself: what is on it, and which events are bound to what."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import gradio as gr
from gradio.events import api

from pincite.web import render
from pincite.web.chat import Asked, Chat, Conversation
from pincite.web.guard import Access
from pincite.web.library import MOST_BYTES
from pincite.web.service import MOST_CHARACTERS, Service, translate_errors

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")


def theme() -> gr.Theme:
    """Gradio's plainest theme in fonts that every system has: a named web font would be fetched."""
    return gr.themes.Base(font=_FONTS, font_mono=_MONO)


def head(access: str) -> str:
    """Style and script as elements of the head, since Gradio rewrites what it is given as such.

    Args:
        access: the page's own token, ``ask`` where the visitor has to give one, or ``none`` where nobody may write.
    """
    panels = _read("panels.html").replace("MOST_MEGABYTES", str(MOST_BYTES // 1_000_000))
    given = json.dumps({"access": access, "panels": panels, "most_bytes": MOST_BYTES}).replace("<", "\\u003c")
    return f"<style>{_read('page.css')}</style><script>{_read('page.js').replace('GIVEN', given)}</script>"


_LOOKS_AFTER, _NOTHING_COMES_AFTER = 0.02, 1.0  # seconds
_SESSIONS = 256
"""Of which Gradio keeps the state; each call over HTTP makes one. A page whose state is gone restores its own."""


def build_page(chat: Chat, service: Service, access: Access) -> gr.Blocks:
    """The page; the events are bound here and nowhere else."""
    blocks = gr.Blocks(title="Pincite", fill_width=True, fill_height=True, analytics_enabled=False)
    with blocks:
        now = gr.State(Conversation())
        with gr.Row(elem_id="top"):
            masthead = _html(render.masthead(None), "masthead")
            _html(_read("tools.html"), "tools")
            clear = gr.Button("New chat", elem_id="new-chat", size="sm")
        start = _html("", "start")
        _html(render.talk(), "talk")
        arriving = _html("", "arriving")
        with gr.Column(elem_id="composer"):
            filters = _filters()
            box = _question_box()
        kept = gr.Textbox(visible="hidden", elem_id="kept", label="Conversation")
        refresh = gr.Button(visible="hidden", elem_id="refresh")
        opened = [masthead, start, filters[0]]
        given = [box, now, *filters, kept]
        box.submit(
            _answer(chat), given, [now, arriving, masthead], js=_js("sent"), trigger_mode="always_last", **_QUIET
        )
        # Nothing is cancelled: what still comes of the conversation that was left bears its name.
        clear.click(_clear, kept, [now, *filters], js=_js("fresh"), queue=False, **_QUIET)
        refresh.click(_welcome(chat), None, opened, **_QUIET)
        # One after the other: of two events at once Gradio may lose one.
        restored = blocks.load(_restore(chat), [kept, now], [now, arriving, *filters], js=_js("kept"), **_QUIET)
        restored.then(_welcome(chat), None, opened, **_QUIET)
        for function in service.reading:
            api(
                translate_errors(function, _error), api_name=function.__name__, api_description=inspect.getdoc(function)
            )
        api(_update(service, access), api_name="update", api_description=inspect.getdoc(service.update))
    blocks.queue(max_size=64, default_concurrency_limit=4, api_open=False)
    blocks.state_session_capacity = _SESSIONS
    # By default it looks a thousand times a second whether somebody has asked something.
    blocks._queue.sleep_when_free = _LOOKS_AFTER
    # And a hundred times how far a function is by Gradio's own measure, which none of ours uses.
    blocks._queue.progress_update_sleep_when_free = _NOTHING_COMES_AFTER
    return blocks


def _update(service: Service, access: Access) -> Callable[[gr.Request], dict[str, Any]]:
    update = translate_errors(service.update, _error)

    def permitted(request: gr.Request) -> dict[str, Any]:
        if not access.allows(request.headers):
            raise _error(access.refusal)
        return update()

    return permitted


def _error(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)


def _js(name: str) -> str:
    """A function of the page's own script that looks at an event's inputs first."""
    return f"(...given) => window.pincite.{name}(given)"


def _html(value: str, elem_id: str) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        label="Your question",
        placeholder="Ask the articles",
        elem_id="ask",
        max_lines=6,
        max_length=MOST_CHARACTERS,
        submit_btn="Ask",
        autofocus=True,
        container=False,
    )


def _filters() -> list[Any]:
    """Sources, first and last date."""
    with gr.Accordion("Filters", open=False, elem_id="filters"), gr.Row():
        return [
            gr.Dropdown([], label="Sources", multiselect=True, elem_id="sources", scale=2),
            gr.Textbox(label="From", placeholder="2021 or 2021-03-04", elem_id="after", min_width=110),
            gr.Textbox(label="Until", placeholder="2021 or 2021-03-04", elem_id="before", min_width=110),
        ]


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


# ---------------------------------------------------------------- events


def _answer(chat: Chat) -> Any:  # noqa: ANN401 (a function for Gradio)
    def answer(
        question: str, now: Conversation, sources: list[str], after: str, before: str, kept: str
    ) -> Iterator[Any]:
        # What stands in filters that were never unfolded comes as None.
        asked = Asked(question, tuple(sources or ()), (after or "").strip(), (before or "").strip())
        for conversation, html in chat.ask(asked, kept, now):
            yield conversation, html, gr.skip()
        # Not by an event of its own: Gradio may lose one that begins while the stream of another ends.
        yield gr.skip(), gr.skip(), chat.masthead()

    return answer


def _restore(chat: Chat) -> Any:  # noqa: ANN401 (a function for Gradio)
    def restore(kept: str, now: Conversation) -> Iterator[Any]:
        for conversation, html in chat.restore(kept, now):
            asked = conversation.turns[-1].asked if conversation.turns else Asked("")
            yield conversation, html, gr.update(value=list(asked.sources)), asked.after, asked.before

    return restore


def _clear(kept: str) -> tuple[Any, ...]:
    """An empty conversation of the name that the page has given it, and no filters."""
    return Conversation(json.loads(kept)["name"]), gr.update(value=[]), "", ""


def _welcome(chat: Chat) -> Any:  # noqa: ANN401 (a function for Gradio)
    def welcome() -> Iterator[Any]:
        for masthead, start in chat.welcome():
            yield masthead, start, gr.update(choices=chat.sources())

    return welcome
