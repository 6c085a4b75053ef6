"""The work of an update on the workers of a Dask cluster.

Files are sent to the workers, so that they need no access to the folder, and come back as documents already divided;
batches of texts are sent and come back as vectors. Whoever updates commits alone. A worker that is lost costs what it
had in hand: the scheduler gives that to another.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pincite import __version__
from pincite.datatypes import Document
from pincite.embedder import Embedder
from pincite.errors import ClusterError, PinciteError, UsageError
from pincite.readers.pool import Event, FileDone, read_files
from pincite.settings import Settings
from pincite.stores.base import Vectors
from pincite.work import Pending, Prepared, divide

if TYPE_CHECKING:
    from distributed import Client, Future

_GROUP_FILES, _GROUP_BYTES = 64, 8 << 20
"""Files that are sent to a worker together: more would be lost with it, fewer would start more readers."""

_RETRIES = 3
_CONNECTING = 15.0
"""Seconds to wait for the scheduler."""

_PATIENCE = 60.0
"""Seconds to wait for a worker when there is none any more."""

_LOOK = 5.0

Answer = tuple[str, Event | Prepared]


class Cluster:
    """See `pincite.work.Work`.

    Args:
        scheduler: its address, such as ``tcp://10.0.0.1:8786``.
        embedder: is pickled; one of sentence-transformers loads its model once in each worker.
        settings: by which texts are divided.

    Raises:
        UsageError: on entering, an address that is none.
        ClusterError: on entering and later: nobody answers there, or no worker, or one with another Pincite.
    """

    def __init__(self, scheduler: str, embedder: Embedder, settings: Settings) -> None:
        self._scheduler = scheduler
        self._embedder = embedder
        self._settings = settings
        self.ahead = 4

    def __enter__(self) -> Self:
        self._client = _connected(self._scheduler)
        try:
            workers = len(self._client.nthreads())  # type: ignore[no-untyped-call]
            if not workers:
                raise ClusterError(
                    f"{self._scheduler}: has no workers; start some with `dask worker {self._scheduler}`"
                )
        except BaseException:
            self._client.close()  # type: ignore[no-untyped-call]
            raise
        self.ahead = 2 + 2 * workers
        return self

    def __exit__(self, *problem: object) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    @property
    def _expected(self) -> tuple[str, str]:
        """What each worker has to have: this version, and the same model."""
        return __version__, self._embedder.fingerprint

    def read(self, jobs: Iterable[tuple[str, Path]]) -> Generator[Answer, None, None]:
        """Send files, as many as the workers can take, and give what came out of them in order."""
        running: deque[_Promised] = deque()
        for group in _groups(jobs):
            running.append(self._submit(_read, group, self._embedder, self._expected, self._settings))
            while len(running) >= self.ahead:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()

    def embed(self, batch: list[str]) -> Pending:
        """Have a batch embedded."""
        return self._submit(_embed, batch, self._embedder, self._expected)

    def _submit(self, work: Any, *arguments: Any) -> _Promised:  # noqa: ANN401 - any function of this module
        with _translating(self._scheduler), _sending():
            return _Promised(self._client.submit(work, *arguments, pure=False, retries=_RETRIES), self._scheduler)


class _Promised:
    """What a worker has in hand."""

    def __init__(self, future: Future[Any], scheduler: str) -> None:
        self._future = future
        self._scheduler = scheduler

    def done(self) -> bool:
        """Whether `result` returns at once."""
        return bool(self._future.done())  # type: ignore[no-untyped-call]

    def result(self) -> Any:  # noqa: ANN401 - what the function returns
        """What came out of it; a worker that is lost meanwhile is replaced by another."""
        alone_since = None
        while True:
            with _translating(self._scheduler):
                try:
                    return self._future.result(timeout=_LOOK)
                except TimeoutError:
                    # Either nothing has come yet, or this is what the task itself has raised.
                    if self._future.status == "error":
                        return self._future.result(timeout=_LOOK)
                    if self._future.client.nthreads():
                        alone_since = None
                        continue
                    alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > _PATIENCE:
                raise ClusterError(f"{self._scheduler}: has had no worker for {_PATIENCE:g} s; what is done is kept")


def _connected(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"{scheduler}: needs Dask: run `pip install 'pincite[dask]'`") from error
    if not re.fullmatch(r"(tcp|tls|ws|wss)://[^/\s]+:\d+", scheduler):
        raise UsageError(f"{scheduler}: not the address of a scheduler; write tcp://HOST:PORT")
    with _translating(scheduler):
        return Client(scheduler, timeout=_CONNECTING, set_as_default=False)  # type: ignore[no-untyped-call]


@contextmanager
def _sending() -> Iterator[None]:
    try:
        yield
    except TypeError as error:
        raise ClusterError("the embedder cannot be sent to workers: give it a `__reduce__`, or update here") from error


@contextmanager
def _translating(scheduler: str) -> Iterator[None]:
    try:
        yield
    except PinciteError:
        raise
    except (OSError, TimeoutError, CancelledError) as error:
        raise ClusterError(
            f"{scheduler}: {_reason(error)}; is the scheduler running there? What is done is kept"
        ) from error
    except Exception as error:  # whatever a task or Dask itself raises ends the update in one line
        hint = "do its workers have the same packages as here?"
        raise ClusterError(f"{scheduler}: {_reason(error)}; {hint}") from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__


def _groups(jobs: Iterable[tuple[str, Path]]) -> Iterator[list[tuple[str, bytes | str]]]:
    """Files with their bytes, or why these cannot be had."""
    group: list[tuple[str, bytes | str]] = []
    size = 0
    for name, path in jobs:
        try:
            content: bytes | str = path.read_bytes()
        except OSError as error:
            content = error.strerror or str(error)
        group.append((name, content))
        size += len(content)
        if len(group) >= _GROUP_FILES or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


# ---------------------------------------------------------------- on a worker


def _read(
    group: list[tuple[str, bytes | str]], embedder: Embedder, expected: tuple[str, str], settings: Settings
) -> list[Answer]:
    _check(embedder, expected)
    with tempfile.TemporaryDirectory() as folder:
        jobs, answers = [], list[Answer]()
        for number, (name, content) in enumerate(group):
            if isinstance(content, str):
                answers.append((name, FileDone(content, again=True)))
                continue
            path = Path(folder, str(number))
            path.write_bytes(content)
            jobs.append((name, path))
        read = read_files(jobs, workers=1)
        return answers + [(name, _divided(event, embedder, settings)) for name, event in read]


def _divided(event: Event, embedder: Embedder, settings: Settings) -> Event | Prepared:
    return Prepared(event, divide(event, embedder, settings)) if isinstance(event, Document) else event


def _embed(batch: list[str], embedder: Embedder, expected: tuple[str, str]) -> Vectors:
    _check(embedder, expected)
    return embedder.encode_document(batch)


def _check(embedder: Embedder, expected: tuple[str, str]) -> None:
    """Workers may join at any time."""
    version, fingerprint = expected
    if version != __version__:
        raise ClusterError(f"a worker has pincite {__version__}, here it is {version}: install the same")
    if embedder.fingerprint != fingerprint:
        raise ClusterError(f"a worker has another model: {embedder.fingerprint} instead of {fingerprint}")
