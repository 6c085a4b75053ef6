"""Importing Gradio: without reports on its use, and without the type stubs that take half of the time."""

from __future__ import annotations

import inspect
import os


def import_gradio() -> None:
    """Import Gradio before the modules that use it are."""
    # It reads this when it is imported, and would otherwise report its use over the network.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    file_of = inspect.getfile

    def file_of_others(what: type) -> str:
        if getattr(what, "__module__", "").startswith("gradio."):
            raise OSError("no stubs for editors are made for a class without a file")  # by gradio.component_meta
        return file_of(what)

    inspect.getfile = file_of_others  # type: ignore[assignment]
    try:
        import gradio  # noqa: F401 (only that it is imported counts)
    finally:
        inspect.getfile = file_of
