"""Embedding by any executor of ``concurrent.futures``: a thread of this process, or a Dask cluster's.

Files are read and divided here, and texts alone travel, in batches; whoever updates commits alone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Self

from pincite import __version__
from pincite.errors import ClusterError, PinciteError, UsageError, installing
from pincite.retrieval.embedding import Embedder
from pincite.stores.base import Vectors

_CONNECTING = 15.0
"""Seconds to wait for the scheduler."""

AHEAD_HERE, AHEAD_ELSEWHERE = 4, 64
"""Batches on their way at a time, some 300 KB each; 64 are enough for sixty workers."""


class Embedding:
    """Has batches of texts embedded, and keeps their vectors; a context manager.

    Args:
        embedder: is pickled where the executor has other processes; one of sentence-transformers loads its model once
            in each.
        executor: runs a function of this module, and is not shut down; without one, a thread of this process does.
        keep: takes the keys of a batch and its vectors.

    Raises:
        ClusterError: what the executor or a worker raises, such as one with another Pincite or model.
    """

    def __init__(
        self, embedder: Embedder, executor: Executor | None, keep: Callable[[list[bytes], Vectors], None]
    ) -> None:
        self._embedder = embedder
        self._is_here = executor is None
        self._executor = ThreadPoolExecutor(1, "embedding") if executor is None else executor
        self._errors = nullcontext if executor is None else _translating
        self._keep = keep
        self._running = deque[tuple[list[bytes], Future[Vectors]]]()
        self.ahead = AHEAD_HERE if executor is None else AHEAD_ELSEWHERE
        self.done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        # What is being embedded when something went wrong is of no use any more.
        for _, future in self._running:
            future.cancel()
        if self._is_here:
            self._executor.shutdown(wait=problem[0] is None)

    def begin(self, batch: dict[bytes, str]) -> None:
        """Embed texts by the keys of their vectors; waits while too many batches are on their way."""
        self.keep(self.ahead - 1)
        expected = __version__, self._embedder.fingerprint
        with self._errors():
            future = self._executor.submit(_embed, list(batch.values()), self._embedder, expected)
        self._running.append((list(batch), future))

    def keep(self, waiting: int) -> None:
        """Keep the vectors of the batches that are done, and wait until only so many are on their way."""
        while self._running and (len(self._running) > waiting or self._running[0][1].done()):
            keys, future = self._running.popleft()
            with self._errors():
                vectors = future.result()
            self._keep(keys, vectors)
            self.done += len(keys)


@contextmanager
def dask(scheduler: str) -> Iterator[Executor]:
    """The executor of a Dask cluster, whose workers do again what a lost one had in hand.

    Args:
        scheduler: its address, such as ``tcp://10.0.0.1:8786``.

    Raises:
        UsageError: an address that is none.
        ClusterError: nobody answers there, or there is no worker.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"{scheduler}: needs Dask; run {installing('pincite[dask]')}") from error
    if not re.fullmatch(r"(tcp|tls|ws|wss)://[^/\s]+:\d+", scheduler):
        raise UsageError(f"{scheduler}: not the address of a scheduler; write tcp://HOST:PORT")
    try:
        client = Client(scheduler, timeout=_CONNECTING, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise ClusterError(f"{scheduler}: {_reason(error)}; is the scheduler running there?") from error
    with client:
        if not client.nthreads():  # type: ignore[no-untyped-call]
            raise ClusterError(f"{scheduler}: has no workers; start some with `dask worker {scheduler}`")
        yield client.get_executor(pure=False, retries=3)  # type: ignore[no-untyped-call]  # Dask has no types


@contextmanager
def _translating() -> Iterator[None]:
    """Whatever a worker or the executor itself raises ends the update in one line."""
    try:
        yield
    except PinciteError:
        raise
    except CancelledError as error:
        gone = "the executor has let go of its work; is the scheduler still running? What is done is kept"
        raise ClusterError(gone) from error
    except Exception as error:
        hint = "can the embedder be pickled, and have its workers the same packages as here?"
        raise ClusterError(f"embedding elsewhere: {_reason(error)}; {hint} What is done is kept") from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__


def _embed(batch: list[str], embedder: Embedder, expected: tuple[str, str]) -> Vectors:
    """On a worker, which may have joined at any time."""
    version, fingerprint = expected
    if version != __version__:
        raise ClusterError(f"a worker has pincite {__version__}, here it is {version}: install the same")
    if embedder.fingerprint != fingerprint:
        raise ClusterError(f"a worker has another model: {embedder.fingerprint} instead of {fingerprint}")
    return embedder.encode_document(batch)
