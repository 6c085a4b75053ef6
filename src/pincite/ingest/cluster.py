"""Embedding by any executor of ``concurrent.futures``, and the one of a Dask cluster.

Files are read and divided here, and texts alone travel, in batches; whoever updates commits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager

from pincite import __version__
from pincite.errors import ClusterError, PinciteError, UsageError, installing
from pincite.ingest.worker import Here
from pincite.retrieval.embedding import Embedder
from pincite.stores.base import Vectors

_RETRIES = 3
_CONNECTING = 15.0
"""Seconds to wait for the scheduler."""


class Elsewhere(Here):
    """See `pincite.ingest.worker.Work`: texts are embedded by an executor, which is not shut down.

    Args:
        embedder: is pickled where the executor has other processes; one of sentence-transformers loads its model once
            in each.
        executor: runs a function of this module.

    Raises:
        ClusterError: what the executor or a worker raises, such as one with another Pincite or model.
    """

    ahead = 64
    """Batches on their way, some 300 KB each: enough for sixty workers."""

    def __init__(self, embedder: Embedder, executor: Executor) -> None:
        super().__init__(embedder)
        self._executor = executor
        self._sent = set[Future[Vectors]]()

    def __exit__(self, *problem: object) -> None:
        super().__exit__(*problem)
        for future in [*self._sent]:
            future.cancel()

    def embed(self, batch: list[str]) -> _Promised:
        """Have a batch embedded."""
        expected = __version__, self._embedder.fingerprint
        with _translating():
            future = self._executor.submit(_embed, batch, self._embedder, expected)
        self._sent.add(future)
        future.add_done_callback(self._sent.discard)
        return _Promised(future)


class _Promised:
    """Vectors that a worker has in hand."""

    def __init__(self, future: Future[Vectors]) -> None:
        self._future = future

    def done(self) -> bool:
        """Whether `result` returns at once."""
        return self._future.done()

    def result(self) -> Vectors:
        """What came out of it."""
        with _translating():
            return self._future.result()


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
        yield client.get_executor(pure=False, retries=_RETRIES)  # type: ignore[no-untyped-call]


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
