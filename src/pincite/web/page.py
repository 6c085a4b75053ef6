"""The page: a frame that Gradio serves, with the functions that its own script and other programs call."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import gradio as gr
from gradio.events import api

from pincite.web.chat import Chat
from pincite.web.guard import Access
from pincite.web.library import MOST_BYTES
from pincite.web.service import MOST_CHARACTERS, Service, translate_errors

_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif")
_MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")
_LOOKS_AFTER, _NOTHING_COMES_AFTER = 0.02, 1.0  # seconds


def theme() -> gr.Theme:
    """Gradio's plainest theme in fonts that every system has: a named web font would be fetched."""
    return gr.themes.Base(font=_FONTS, font_mono=_MONO)


def head(access: str) -> str:
    """Style and script as elements of the head, since Gradio rewrites what it is given as such.

    Args:
        access: the page's own token, ``ask`` where the visitor has to give one, or ``none`` where nobody may write.
    """
    given = json.dumps({"access": access, "most_bytes": MOST_BYTES}).replace("<", "\\u003c")
    return (
        f"<style>{_read('page.css')}</style><script>window.pincite = {given}</script>"
        "<script type='module' src='script/main.js'></script>"
    )


def build_page(chat: Chat, service: Service, access: Access) -> gr.Blocks:
    """The page and its functions; they are bound here and nowhere else."""
    blocks = gr.Blocks(title="Pincite", fill_width=True, fill_height=True, analytics_enabled=False)
    with blocks:
        # The rest is done by the page's script, which needs no session on the server: it outlives a restart.
        gr.HTML(frame(), elem_id="pincite", apply_default_css=False, js_on_load=None)
        for function in chat.functions:
            api(translate_errors(function, _error), api_name=function.__name__, api_visibility="undocumented")
        for function in service.reading:
            api(
                translate_errors(function, _error), api_name=function.__name__, api_description=inspect.getdoc(function)
            )
        api(_update(service, access), api_name="update", api_description=inspect.getdoc(service.update))
    blocks.queue(max_size=64, default_concurrency_limit=4, api_open=False)
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


def frame() -> str:
    """What the page consists of before the script fills it."""
    sizes = {"MOST_MEGABYTES": f"{MOST_BYTES // 1_000_000}", "MOST_CHARACTERS": f"{MOST_CHARACTERS}"}
    html = _read("frame.html")
    for name, value in sizes.items():
        html = html.replace(name, value)
    return html


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
