"""Gradio, as the page imports it: without reports on its use, and without the type stubs that take half of the time."""

from __future__ import annotations

import inspect
import os

_file_of = inspect.getfile


def _file_of_others(what: type) -> str:
    if str(getattr(what, "__module__", "")).startswith("gradio."):
        raise OSError("no stubs for editors are made for a class without a file")  # by gradio.component_meta
    return _file_of(what)


os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when it is imported
inspect.getfile = _file_of_others  # type: ignore[assignment]
try:
    import gradio as gr
    from gradio.events import api
    from gradio.routes import App
finally:
    inspect.getfile = _file_of

__all__ = ["App", "api", "gr"]
