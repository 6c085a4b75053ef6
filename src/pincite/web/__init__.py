"""The chat page: a question, an answer made of quotes, and beside it the passages that they come from."""

from pincite.web.app import build, launch

__all__ = ["build", "launch"]
