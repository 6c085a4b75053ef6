"""Settings that decide what an index holds; stored in it and checked when it is opened."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from pincite.errors import UsageError

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_READER = "default"
DEFAULT_THRESHOLD = 0.25
"""Of questions held out whose text is there, one in fifteen is refused."""


def cache_folder() -> Path:
    """What can be made again for this user lies below it; the variable ``PINCITE_CACHE`` names another."""
    home = os.environ.get("PINCITE_CACHE")
    return Path(home).expanduser().absolute() if home else user_cache_path("pincite", appauthor=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an index is built and questioned.

    Args:
        model: a sentence-transformers model: its name, or the path of its folder.
        passage_tokens: the most tokens of text in a passage, from 16; a model that takes less lowers it.
        threshold: the confidence, 0 to 1, below which a question counts as not answered.
        reader: what reads the passages found: ``default``, the folder of another reader, or None, where sentences are
            compared with the question instead.

    Raises:
        UsageError: a value outside these ranges.

    Examples:
        >>> Settings(threshold=0.4).as_dict()["threshold"]
        0.4
    """

    model: str = DEFAULT_MODEL
    passage_tokens: int = 200
    threshold: float = DEFAULT_THRESHOLD
    reader: str | None = DEFAULT_READER

    def __post_init__(self) -> None:
        if not self.model or not isinstance(self.model, str):
            raise UsageError(f"model={self.model!r}: give a model's name or its folder")
        if self.model != DEFAULT_MODEL and Path(self.model).is_dir():
            object.__setattr__(self, "model", str(Path(self.model).resolve()))
        if not isinstance(self.passage_tokens, int) or self.passage_tokens < 16:
            raise UsageError(f"passage_tokens={self.passage_tokens!r}: give a whole number from 16")
        if not isinstance(self.threshold, int | float) or not 0 <= self.threshold <= 1:
            raise UsageError(f"threshold={self.threshold!r}: give a number from 0 to 1")
        if self.reader is not None and (not self.reader or not isinstance(self.reader, str)):
            raise UsageError(f"reader={self.reader!r}: give {DEFAULT_READER!r}, a reader's folder or None")
        if self.reader and self.reader != DEFAULT_READER:
            object.__setattr__(self, "reader", str(Path(self.reader).resolve()))

    def as_dict(self) -> dict[str, Any]:
        """The settings as JSON values; defaults that belong to the version that answers are left out."""
        values = asdict(self)
        if self.threshold == DEFAULT_THRESHOLD:
            del values["threshold"]
        if self.reader == DEFAULT_READER:
            del values["reader"]
        return values
