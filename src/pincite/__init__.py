"""Answers questions about a folder of articles by quoting them, every quote pinned to its exact place."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pincite.assistant import Assistant as Assistant
    from pincite.datatypes import Answer as Answer
    from pincite.datatypes import Citation as Citation
    from pincite.datatypes import Document as Document
    from pincite.datatypes import Filter as Filter
    from pincite.datatypes import Hit as Hit
    from pincite.datatypes import Passage as Passage
    from pincite.datatypes import Progress as Progress
    from pincite.datatypes import Status as Status
    from pincite.datatypes import UpdateReport as UpdateReport
    from pincite.errors import PinciteError as PinciteError
    from pincite.index import Index as Index
    from pincite.settings import Settings as Settings

# Imported when first asked for, so that `import pincite` costs next to nothing.
_HOME = {
    "Answer": "datatypes",
    "Assistant": "assistant",
    "Citation": "datatypes",
    "Document": "datatypes",
    "Filter": "datatypes",
    "Hit": "datatypes",
    "Index": "index",
    "Passage": "datatypes",
    "PinciteError": "errors",
    "Progress": "datatypes",
    "Settings": "settings",
    "Status": "datatypes",
    "UpdateReport": "datatypes",
}
__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:  # noqa: ANN401 (any of the names above)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
