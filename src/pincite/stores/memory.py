"""What readers of one state have in memory, so that it is not read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from cachetools import FIFOCache

from pincite.datatypes import Document, Passage
from pincite.stores.base import Kept

BYTES = 64 << 20
"""Of passages with their vectors, and again of documents."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Memory(Generic[_Key, _Value]):
    """What was read, bounded by bytes. Safe to use from several threads."""

    def __init__(self, size: Callable[[_Value], int]) -> None:
        self._lock = threading.Lock()
        self._cache: FIFOCache[_Key, _Value] = FIFOCache(BYTES, size)

    def __len__(self) -> int:
        return len(self._cache)

    def read(self, keys: Collection[_Key], load: Callable[[list[_Key]], Mapping[_Key, _Value]]) -> dict[_Key, _Value]:
        """What was read already; the rest is loaded, and kept for others."""
        with self._lock:
            values = {key: self._cache[key] for key in keys if key in self._cache}
        if missing := [key for key in keys if key not in values]:
            loaded = load(missing)
            with self._lock:
                for key, value in loaded.items():
                    with suppress(ValueError):  # larger than all that is kept
                        self._cache[key] = value
            values |= loaded
        return values


def row_size(row: tuple[Passage, Kept]) -> int:
    """Bytes that a row takes in memory, about: text, spans and vector."""
    passage, vector = row
    return 1000 + 2 * len(passage.text) + 200 * len(passage.sentences) + vector.nbytes


def document_size(document: Document) -> int:
    """Bytes that a document takes in memory, about."""
    return 2000 + 2 * len(document.text) + 200 * (len(document.headings) + 2 * len(document.tables))
