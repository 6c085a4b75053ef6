"""What is refused, and what the browser is told to refuse, before a request reaches Gradio; and who may write."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from inspect import Signature
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from pincite.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# All of Gradio's routes that the page and its client need. It has others: some fetch any address the caller names, some
# hand out or take in files, some only make sense where the page is developed.
_SERVED_BY_GRADIO = re.compile(
    r"/|/(?:config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)|/(?:assets|static|svelte)/.+"
    r"|/gradio_api/(?:info|openapi\.json|startup-events|heartbeat/[^/]+|queue/join|queue/data|cancel|reset"
    r"|run/predict|call/.+)/?"
)

_Refusal = tuple[int, str]

_MOST_BYTES = 1_000_000  # of the body of a request
_ADDS_A_FILE = "/library/uploads"  # whose bytes `Library.add` counts as they come

_HEADERS = {
    # Gradio compiles its templates with Function() and marks up with inline styles and scripts.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Access:
    """Who may add files and update: whoever sends ``Authorization: Bearer TOKEN``.

    Args:
        token: the token that was chosen when the page was served, printable ASCII, or None.
        local: whether only this machine reaches the page; it then holds a token of its own, which pages of other
            sites cannot read.

    Raises:
        UsageError: a token that no header can carry.
    """

    def __init__(self, token: str | None, *, local: bool) -> None:
        if token is not None and not (token.isascii() and token.isprintable() and token.strip() == token != ""):
            raise UsageError("token: give one of printable ASCII characters, the kind that a header can carry")
        self.page_token = secrets.token_urlsafe(24) if local else None
        self._tokens = [known for known in (token, self.page_token) if known]
        self.asks = bool(token) and not local

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may write."""
        given = headers.get("authorization", "").removeprefix("Bearer ").encode()
        return any(hmac.compare_digest(given, token.encode()) for token in self._tokens)

    @property
    def refusal(self) -> str:
        """Why a request may not write, and what would let it."""
        if self._tokens and not (self.page_token and len(self._tokens) == 1):
            return 'wrong or missing token: send the header "Authorization: Bearer TOKEN"'
        return (
            "not allowed: load the page again, or start `pincite chat --token TOKEN` and send the header "
            "`Authorization: Bearer TOKEN`"
        )


class Guard:
    """ASGI middleware: only what is served, nothing from other sites, no file that would have to be fetched.

    Args:
        app: what is guarded.
        paths: our own routes.
        functions: what may be called by name, with the arguments each takes; Gradio answers wrong ones with status 500.
        hosts: the names that are answered to. A page on the web may point its own name at this machine, which would
            let it read what is answered; an address in digits cannot be pointed elsewhere.
    """

    def __init__(
        self, app: ASGIApp, paths: Iterable[str], functions: Mapping[str, Signature], hosts: Iterable[str]
    ) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._functions = functions
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._handle(scope, receive, send)

    def _refusal(self, scope: Scope) -> _Refusal | None:
        headers = Headers(scope=scope)
        name = re.sub(r":\d+$", "", headers.get("host", "")).strip("[]").lower()
        if name not in self._hosts and not _is_address(name):
            names = ", ".join(sorted(self._hosts))
            return 400, f"asked for under another name: use one of {names}, or --allow-host NAME"
        if scope["path"] not in self._paths and not _SERVED_BY_GRADIO.fullmatch(scope["path"]):
            return 404, "not served here"
        origin = headers.get("origin")
        if origin and origin.partition("://")[2] != headers.get("host"):
            return 403, "asked by a page of another site"
        return None

    def _check_body(self, path: str, body: bytes) -> tuple[_Refusal | None, bytes]:
        """The refusal of a body for Gradio, if there is one, and the body to be passed on.

        Gradio fetches the address in whatever looks like one of its files, wherever it stands in the arguments.
        """
        try:
            read = json.loads(body or b"{}", object_pairs_hook=_refuse_files)
        except _FileArgument:
            return (400, "files are not taken here"), body
        except (ValueError, RecursionError):
            return (400, "not JSON"), body
        # What was checked is passed on, not what another parser may read otherwise.
        return self._check_call(path, read), json.dumps(read).encode()

    def _check_call(self, path: str, arguments: object) -> _Refusal | None:
        called = re.fullmatch(r"/gradio_api/call/v2/([^/]+)/?", path)
        if called is None:
            return None
        function = self._functions.get(called[1])
        if function is None:
            return 404, f"{called[1]}: there is {', '.join(self._functions)}"
        try:
            function.bind(**arguments if isinstance(arguments, dict) else {"arguments": arguments})
        except TypeError as error:
            return 400, f"{called[1]}: {error}; give an object with {function}"
        return None

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]  # Gradio lets pages of other sites read from this machine's names
                if scope["path"] == "/":
                    headers["Cache-Control"] = "no-store"  # it holds the page's token
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None and scope["path"] != _ADDS_A_FILE:
            body = await _body(receive)
            if len(body) > _MOST_BYTES:
                refusal = 413, f"more than {_MOST_BYTES:,} bytes"
            elif scope["method"] == "POST" and scope["path"].startswith("/gradio_api/"):
                refusal, body = self._check_body(scope["path"], body)
            receive = _replay(body, receive)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            status, reason = refusal
            await JSONResponse({"error": reason}, status)(scope, receive, send_guarded)


async def _body(receive: Receive) -> bytes:
    """The body of a request, or the first part of one that is too large."""
    body, more = b"", True
    while more and len(body) <= _MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class _FileArgument(Exception):
    """An argument describes a file."""


def _refuse_files(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if made.get("_type") == "gradio.FileData":
        raise _FileArgument
    return made


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again
