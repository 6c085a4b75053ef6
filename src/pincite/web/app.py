"""Serving the page: one port, this machine only unless told otherwise, no request to any other host."""

from __future__ import annotations

import errno
import os
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

from pincite.errors import PinciteError, UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from pincite.index import Index
    from pincite.web.chat import Chat
    from pincite.web.guard import Access
    from pincite.web.service import Service

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine reaches."""


def launch(
    index: Index,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    token: str | None = None,
    allow_hosts: Iterable[str] = (),
    open_browser: bool = False,
    watch: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page over ``index``, with its HTTP and MCP interfaces, until Ctrl-C.

    Args:
        index: what is asked.
        host: the address to listen on; any but the default lets other machines ask.
        port: 1 to 65535, or 0 for one that is free.
        token: lets whoever sends it add files and update the index; without one only the page itself may, and only
            where nobody but this machine reaches it.
        allow_hosts: further names by which the page is reached, such as a proxy's; addresses in digits always are.
        open_browser: whether to open the page in the default browser.
        watch: whether to update whenever the folder of articles changes.
        on_ready: called once with the page's address, as soon as it can be opened.

    Raises:
        UsageError: the port is in use, the address cannot be listened on, or the token cannot be sent.
    """
    # Gradio reads this when it is imported, and would otherwise report its use over the network.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with _listen(host, port) as listener:
        app = _application(index, host, token, allow_hosts, watch)
        _serve(app, listener, _address(host, listener), open_browser, on_ready)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use: choose another with --port or PORT=...") from error
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {host}, port {port}: {reason}") from error


def _address(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def _application(index: Index, host: str, token: str | None, allow_hosts: Iterable[str], watch: bool) -> FastAPI:
    """Everything in an application of our own: Gradio's ``launch`` probes itself through whatever proxy is set."""
    from fastapi import FastAPI, HTTPException
    from fastapi.exceptions import RequestValidationError
    from starlette.middleware import Middleware
    from starlette.routing import Route

    from pincite.assistant import Assistant
    from pincite.web import routes, tools
    from pincite.web.chat import Chat
    from pincite.web.guard import Access, Guard
    from pincite.web.library import Library
    from pincite.web.service import Service

    local = host in LOOPBACK
    access, assistant, library = Access(token, local=local), Assistant(index), Library(index, watching=watch)
    service, chat = Service(index, assistant, library), Chat(index, assistant, library)
    server = tools.build(service, access)
    interface = server.streamable_http_app()  # makes the session manager
    own = routes.build(index, library, access)
    paths = [route.path for route in (*interface.routes, *own.routes) if isinstance(route, Route)]
    names = {"localhost", host, *allow_hosts, *(() if local else (socket.gethostname(),))}
    app = FastAPI(
        openapi_url=None,
        middleware=[
            Middleware(
                Guard,
                paths=paths,
                functions=service.signatures,
                hosts={name.lower() for name in names},
            )
        ],
        lifespan=lambda _: server.session_manager.run(),
    )
    app.add_exception_handler(PinciteError, routes.handle_our_error)
    app.add_exception_handler(HTTPException, routes.handle_http_exception)
    app.add_exception_handler(RequestValidationError, routes.handle_invalid_arguments)
    app.router.routes.extend(interface.routes)
    app.include_router(own)
    _mount(app, chat, service, access)
    threading.Thread(target=chat.prepare, daemon=True).start()
    if watch:
        threading.Thread(target=library.watch, daemon=True).start()
    return app


def _mount(app: FastAPI, chat: Chat, service: Service, access: Access) -> None:
    import gradio as gr

    from pincite.web.page import build_page, head, theme

    gr.mount_gradio_app(
        app,
        build_page(chat, service, access),
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=0,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        favicon_path=str(files(__package__) / "icon.svg"),
        theme=theme(),
        head=head(access.page_token or ("ask" if access.asks else "none")),
    )


def _serve(
    app: FastAPI,
    listener: socket.socket,
    address: str,
    open_browser: bool,
    on_ready: Callable[[str], None] | None,
) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            _end_heartbeats(app)
            await super().shutdown(sockets)

    server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
    if on_ready is not None:
        on_ready(address)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def _end_heartbeats(app: FastAPI) -> None:
    """End the connection that each open page holds, which would otherwise be waited for."""
    from gradio.routes import App
    from starlette.routing import Mount

    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.stop_event.set()
