"""The chat page, and the same over HTTP and MCP: a question, an answer made of quotes, the passages they come from."""

from pincite.web.app import LOOPBACK, launch

__all__ = ["LOOPBACK", "launch"]
