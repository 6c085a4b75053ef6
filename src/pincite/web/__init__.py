"""The chat page, and the same over HTTP and MCP: a question, an answer made of quotes, the passages they come from."""

from pincite.web.app import is_local, launch

__all__ = ["is_local", "launch"]
