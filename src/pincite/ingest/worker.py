"""The work of an update that can be done anywhere: reading files, dividing their texts, embedding.

`Here` does it on this machine; ``ingest/cluster.py`` has texts embedded by others.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from pincite.datatypes import Document, Passage
from pincite.ingest import chunking
from pincite.parsers.pool import Event, read_files
from pincite.retrieval.embedding import Embedder
from pincite.settings import Settings
from pincite.stores.base import Vectors

_CONTEXT_TOKENS = 48
"""The most tokens of title, heading and columns in front of a passage when it is embedded."""


class Piece(NamedTuple):
    """A passage, the key of its vector, and the text that is embedded for it: its own, with title, heading, columns."""

    passage: Passage
    key: bytes
    text: str


class Pending(Protocol):
    """Vectors that are being made."""

    def done(self) -> bool:
        """Whether `result` returns at once."""

    def result(self) -> Vectors:
        """One for each text of the batch, of shape (texts, dimension)."""


class Work(Protocol):
    """Where the work is done; a context manager.

    Attributes:
        ahead: how many batches may be on their way at a time.
    """

    ahead: int

    def __enter__(self) -> Self: ...

    def __exit__(self, *problem: object) -> None: ...

    def read(self, jobs: Iterable[tuple[str, Path]]) -> Generator[tuple[str, Event], None, None]:
        """Read files: pairs of a file's name and what came out of it, at last one ``FileDone``."""

    def embed(self, batch: list[str]) -> Pending:
        """Begin to embed the texts of some passages."""


class Here:
    """This machine: files are read in processes, texts embedded in a thread."""

    ahead = 4

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._pool = ThreadPoolExecutor(1, "embedding")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        # What is being embedded when something went wrong is of no use any more.
        self._pool.shutdown(wait=problem[0] is None, cancel_futures=True)

    def read(self, jobs: Iterable[tuple[str, Path]]) -> Generator[tuple[str, Event], None, None]:
        """Read files side by side."""
        with closing(read_files(jobs, workers=os.cpu_count() or 1)) as events:
            yield from events

    def embed(self, batch: list[str]) -> Pending:
        """Begin to embed the texts of some passages."""
        return self._pool.submit(self._embedder.encode_document, batch)


def divide(document: Document, embedder: Embedder, settings: Settings) -> list[Piece]:
    """The passages of a document, and what is embedded of them."""
    most = embedder.max_seq_length
    budget = min(settings.passage_tokens, most - min(_CONTEXT_TOKENS, most // 4))
    passages = chunking.split(document, passage_tokens=budget, tokens=embedder.token_starts)
    return [_piece(document, passage, embedder) for passage in passages]


def _piece(document: Document, passage: Passage, embedder: Embedder) -> Piece:
    text = _context(document, passage, embedder) + passage.text
    content = json.dumps([embedder.fingerprint, text])
    return Piece(passage, hashlib.blake2b(content.encode(), digest_size=16).digest(), text)


def _context(document: Document, passage: Passage, embedder: Embedder) -> str:
    """Title, heading and columns, which say what the passage is about, as far as it does not begin with them itself."""
    lines = [None if document.title_is_name else document.title, passage.heading, passage.columns]
    text = "".join(f"{line}\n" for line in lines if line and not passage.text.startswith(line))
    starts = embedder.token_starts(text)
    return text if len(starts) <= _CONTEXT_TOKENS else text[: starts[_CONTEXT_TOKENS]].rstrip() + "\n"
