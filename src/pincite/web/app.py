"""Serving the page: one port, this machine only unless told otherwise, no request to any other host."""

from __future__ import annotations

import errno
import os
import socket
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

from pincite.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from gradio import Blocks

    from pincite.index import Index

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def build(index: Index) -> Blocks:
    """The page over ``index``, to be mounted in an application of your own."""
    # Gradio reads this when it is imported, and would otherwise report its use over the network.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from pincite.web.page import build_page

    return build_page(index)


def launch(
    index: Index,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    open_browser: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page over ``index`` until Ctrl-C.

    Args:
        index: what is asked; it is opened for reading alone.
        host: the address to listen on; any but the default lets other machines ask.
        port: 1 to 65535, or 0 for one that is free.
        open_browser: whether to open the page in the default browser.
        on_ready: called once with the page's address, as soon as it can be opened.

    Raises:
        UsageError: the port is in use, or the address cannot be listened on.
    """
    with _listen(host, port) as listener:
        _serve(_application(build(index), host), listener, _address(host, listener), open_browser, on_ready)


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


def _application(blocks: Blocks, host: str) -> FastAPI:
    """``blocks`` in an application of our own: Gradio's ``launch`` probes itself through whatever proxy is set."""
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    from pincite.web.guard import Guard
    from pincite.web.page import head, theme

    # A page on the web may point its own host name at this machine; only our names are answered to.
    hosts = [*_LOOPBACK, "[::1]"] if host in _LOOPBACK else ["*"]
    guards = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts), Middleware(Guard)]
    app = FastAPI(openapi_url=None, middleware=guards)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size="20mb",
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        favicon_path=str(files(__package__) / "icon.svg"),
        theme=theme(),
        head=head(),
    )
    return app


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
