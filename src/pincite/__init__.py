"""Answers questions about a folder of articles by quoting them, every quote pinned to its exact place."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pincite.assistant import Assistant
    from pincite.datatypes import Answer, Citation, Document, Filter, Hit, Passage, Progress, Status, UpdateReport
    from pincite.errors import PinciteError
    from pincite.index import Index
    from pincite.settings import Settings

__all__ = [
    "Answer", "Assistant", "Citation", "Document", "Filter", "Hit", "Index", "Passage", "PinciteError", "Progress",
    "Settings", "Status", "UpdateReport",
]  # fmt: skip
__version__ = "0.2.0"

# ONNX Runtime would report each model that it loads over the network, unless it finds this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOME = {"Assistant": "assistant", "Index": "index", "PinciteError": "errors", "Settings": "settings"}
"""The modules of these; all others are in ``datatypes``."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 (any of the names above)
    """Imported when first asked for, so that ``import pincite`` costs next to nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'datatypes')}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
