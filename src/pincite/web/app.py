"""Serving the page: one port, this machine only unless told otherwise, no request to any other host."""

from __future__ import annotations

import errno
import socket
import threading
import webbrowser
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from pincite.errors import UsageError

if TYPE_CHECKING:
    from pincite.index import Index

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Addresses that only this machine reaches."""


def launch(
    index: Index,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    token: str | None = None,
    allow_hosts: Collection[str] = (),
    open_browser: bool = False,
    watch: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page over ``index``, with its HTTP and MCP interfaces, until Ctrl-C.

    Args:
        index: what is asked.
        host: the address to listen on; any but the default lets other machines ask.
        port: 1 to 65535, or 0 for one that is free.
        token: lets whoever sends it add files and update; without one only the page may, on this machine alone.
        allow_hosts: further names by which the page is reached, such as a proxy's; addresses in digits always are. With
            one, others are taken to come through a proxy, and the page itself may no longer add files.
        open_browser: whether to open the page in the default browser.
        watch: whether to update whenever the folder of articles changes.
        on_ready: called once with the page's address, as soon as it can be opened.

    Raises:
        UsageError: the port is in use, the address cannot be listened on, or the token cannot be sent.
    """
    with _listen(host, port) as listener:
        from pincite.web.page import Server, application

        names = {host, *allow_hosts, *(() if host in LOOPBACK else (socket.gethostname(),))}
        page = application(index, names, token=token, local=is_local(host, allow_hosts), watch=watch)
        if on_ready:
            on_ready(_address(host, listener))
        if open_browser:
            threading.Thread(target=webbrowser.open, args=[_address(host, listener)], daemon=True).start()
        with suppress(KeyboardInterrupt):
            Server(page).run(sockets=[listener])


def _address(host: str, listener: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def is_local(host: str, allow_hosts: Collection[str]) -> bool:
    """Whether only this machine reaches the page: a proxy, which has a name of its own, lets others in."""
    return host in LOOPBACK and not allow_hosts


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use: choose another with --port or PORT=...") from error
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {host}, port {port}: {reason}") from error
