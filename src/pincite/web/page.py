"""The page: a frame that Gradio serves, with the functions that its own script and other programs call."""

from __future__ import annotations

import inspect
import json
import socket
import threading
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from pincite.assistant import Assistant
from pincite.errors import PinciteError
from pincite.index import Index
from pincite.parsers import SUFFIXES
from pincite.parsers.pool import IDLE
from pincite.web import routes, tools
from pincite.web.chat import Chat
from pincite.web.framework import App, api, gr
from pincite.web.guard import Access, Guard
from pincite.web.library import MOST_BYTES, Library
from pincite.web.service import MOST_CHARACTERS, Service, translate_errors

_WORKERS_STAY = 60.0  # seconds, in which the next file that is added is read at once
_LOOKS_AFTER, _NOTHING_COMES_AFTER = 0.02, 1.0  # seconds


def application(index: Index, names: Iterable[str], *, token: str | None, local: bool, watch: bool) -> FastAPI:
    """Everything in an application of our own: Gradio's ``launch`` probes itself through whatever proxy is set.

    Args:
        index: what is asked.
        names: by which the page is reached.
        token: as for `launch`.
        local: whether only this machine reaches the page.
        watch: whether to update whenever the folder of articles changes.
    """
    access, assistant, library = Access(token, local=local), Assistant(index), Library(index, watching=watch)
    service, chat = Service(index, assistant, library), Chat(index, assistant, library)
    server = tools.build(service, access)
    interface = server.streamable_http_app()  # makes the session manager
    own = routes.build(index, library, access)
    guard = Middleware(
        Guard,
        paths=[route.path for route in (*interface.routes, *own.routes) if isinstance(route, Route)],
        functions=service.signatures,
        hosts={"localhost", *(name.lower() for name in names)},
    )
    app = FastAPI(openapi_url=None, middleware=[guard], lifespan=lambda _: server.session_manager.run())
    for kind in (PinciteError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, routes.handle)
    app.router.routes.extend(interface.routes)
    app.include_router(own)
    _mount(app, _blocks(chat, service, access), access.page_token or ("ask" if access.asks else "none"))
    for background in (chat.prepare, *((library.watch,) if watch else ())):
        threading.Thread(target=background, daemon=True).start()
    return app


def _mount(app: FastAPI, blocks: gr.Blocks, given: str) -> None:
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=0,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        favicon_path=str(files(__package__) / "icon.svg"),
        # Gradio's plainest theme in fonts that every system has: a named web font would be fetched.
        theme=gr.themes.Base(
            font=("-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"),
            font_mono=("ui-monospace", "Menlo", "Consolas", "monospace"),
        ),
        head=head(given),
    )


class Server(uvicorn.Server):
    """A server that ends at once, without waiting for the connection that each open page holds."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
        IDLE.seconds = _WORKERS_STAY
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        for route in self._app.routes:
            if isinstance(route, Mount) and isinstance(route.app, App):
                route.app.stop_event.set()
        await super().shutdown(sockets)


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


def _blocks(chat: Chat, service: Service, access: Access) -> gr.Blocks:
    """The page and its functions; they are bound here and nowhere else."""

    def update(request: gr.Request) -> dict[str, Any]:
        if not access.allows(request.headers):
            raise _error(access.refusal)
        return translate_errors(service.update, _error)()

    blocks = gr.Blocks(title="Pincite", fill_width=True, fill_height=True, analytics_enabled=False)
    with blocks:
        # The rest is done by the page's script, which needs no session on the server: it outlives a restart.
        gr.HTML(frame(), elem_id="pincite", apply_default_css=False, js_on_load=None)
        for function in chat.functions:
            api(translate_errors(function, _error), api_name=function.__name__, api_visibility="undocumented")
        for function in service.reading:
            said = inspect.getdoc(function)
            api(translate_errors(function, _error), api_name=function.__name__, api_description=said)
        api(update, api_name="update", api_description=inspect.getdoc(service.update))
    blocks.queue(max_size=64, default_concurrency_limit=4, api_open=False)
    # By default it looks a thousand times a second whether somebody has asked something.
    blocks._queue.sleep_when_free = _LOOKS_AFTER
    # And a hundred times how far a function is by Gradio's own measure, which none of ours uses.
    blocks._queue.progress_update_sleep_when_free = _NOTHING_COMES_AFTER
    return blocks


def _error(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)


def frame() -> str:
    """What the page consists of before the script fills it."""
    html = _read("frame.html").replace("MOST_MEGABYTES", f"{MOST_BYTES // 1_000_000}")
    html = html.replace("SUFFIXES", ",".join([*SUFFIXES, ".gz"]))  # browsers go by the last one
    return html.replace("MOST_CHARACTERS", f"{MOST_CHARACTERS}")


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
