"""What is refused, and what the browser is told to refuse, before a request reaches Gradio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Routes of Gradio that fetch any address the caller names, or hand out or take in files; the page uses none.
_REFUSED = ("/gradio_api/file", "/gradio_api/proxy", "/gradio_api/upload")

_HEADERS = {
    # Gradio compiles its templates with Function() and marks up with inline styles and scripts.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware: no route that fetches or hands out files, and a policy that keeps the page at home."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or pass on one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        if scope["type"] == "http" and scope["path"].startswith(_REFUSED):
            await PlainTextResponse("not served here", status_code=404)(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)
