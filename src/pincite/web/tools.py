"""The service as tools of the Model Context Protocol, at ``/mcp``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any

from anyio import CapacityLimiter, to_thread
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations

from pincite import __version__
from pincite.datatypes import replace_surrogates
from pincite.web.guard import Access
from pincite.web.service import Service, translate_errors

_AT_ONCE = 4
_INSTRUCTIONS = (
    "Searches a folder of articles and answers from it with verbatim quotes only. Cite a quote with its title, date "
    "and range of characters. When `ask` says `answered: false` and has no `reply`, the articles do not answer: say so."
)


def build(service: Service, access: Access) -> FastMCP:
    """A server without sessions, whose results are JSON."""
    # Which hosts and sites may ask is decided for all routes alike, before a request gets here.
    elsewhere = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    server = FastMCP(
        "pincite",
        instructions=_INSTRUCTIONS,
        stateless_http=True,
        json_response=True,
        log_level="WARNING",
        transport_security=elsewhere,
    )
    server._mcp_server.version = __version__  # otherwise it names that of the mcp package
    limiter = CapacityLimiter(_AT_ONCE)
    reading = ToolAnnotations(readOnlyHint=True, openWorldHint=False)
    # Results go out once, as text, which every client reads; as structured content they would go out again.
    tool = partial(server.tool, structured_output=False)
    for function in service.reading:
        tool(annotations=reading, description=inspect.getdoc(function))(_in_thread(function, limiter))

    async def update(context: Context[Any, Any, Any]) -> str:
        request = context.request_context.request
        if request is None or not access.allows(request.headers):
            raise ToolError(access.refusal)
        return await _in_thread(service.update, limiter)()

    tool(annotations=ToolAnnotations(destructiveHint=False), description=inspect.getdoc(service.update))(update)
    return server


def _in_thread(function: Callable[..., Any], limiter: CapacityLimiter) -> Callable[..., Awaitable[str]]:
    """``function`` off the event loop, which a search would stop, and its result as JSON without spaces."""
    translated = translate_errors(function, ToolError)

    @wraps(function, updated=())  # as in `translate_errors`
    async def called(**kwargs: Any) -> str:  # noqa: ANN401 (the function's)
        result = await to_thread.run_sync(partial(translated, **kwargs), limiter=limiter)
        return replace_surrogates(json.dumps(result, ensure_ascii=False, separators=(",", ":")))

    return called
