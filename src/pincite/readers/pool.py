"""Reads files in worker processes, so that a parser which hangs or crashes costs one file.

The workers are started as ``python -m pincite.readers`` and not by :mod:`multiprocessing`, which would run the user's
own script again or fork a process that has threads. There is no thread here either: everything happens while the
caller asks for the next event, and a worker that runs ahead of the caller waits at its full pipe.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from pincite.datatypes import Document
from pincite.errors import DuplicateIdError, PinciteError
from pincite.readers import Skipped

_CHUNK = 1 << 18
_LONGEST_START = 60.0
_BEFORE_ANOTHER = 0.3
"""Seconds after which a further worker is started: a small batch is done before that with one."""


@dataclass(frozen=True, slots=True)
class FileDone:
    """A file has been read to its end, or could not be: ``problem`` says why."""

    problem: str | None = None


Event = Document | Skipped | FileDone


def read_files(
    jobs: Iterable[tuple[str, Path]], *, workers: int, timeout: float = 60.0
) -> Generator[tuple[str, Event], None, None]:
    """Read files side by side: pairs of a file's name and what came out of it.

    Every file ends with exactly one ``FileDone``; the events of different files may come in turns. A file that
    fails half-way has given documents before its problem.

    Args:
        jobs: name and path of each file; taken one by one, as workers become free.
        workers: the most processes, 1 or more; none is started without a job.
        timeout: seconds a file may take for its next document before its worker is ended.

    Raises:
        DuplicateIdError: two lines of a ``.jsonl`` have the same id.
        PinciteError: a worker process cannot be started.
    """
    pool = _Pool(workers, timeout)
    try:
        waiting, heard = iter(jobs), list[tuple[str, Event]]()
        job = next(waiting, None)
        while job is not None or pool.busy or heard:
            while job is not None and (worker := pool.free_worker()) is not None:
                worker.begin(*job)
                job = next(waiting, None)
            yield from heard  # after the workers have got their next files, which they read meanwhile
            heard = pool.listen(more=job is not None) if pool.busy else []
    finally:
        pool.close()


class _Pool:
    def __init__(self, workers: int, timeout: float) -> None:
        self.most = workers
        self.timeout = timeout
        self.workers: list[_Worker] = []
        self.selector = selectors.DefaultSelector()

    @property
    def busy(self) -> list[_Worker]:
        return [worker for worker in self.workers if worker.name is not None]

    def free_worker(self) -> _Worker | None:
        """A worker without a file; a new one where there may be more and the last has been at work for a while."""
        for worker in [each for each in self.workers if each.name is None]:
            if worker.process.poll() is None:
                return worker
            self._drop(worker)
        if len(self.workers) == self.most or self._until_another() > 0:
            return None
        self.workers.append(_Worker())
        self.selector.register(self.workers[-1].answers, selectors.EVENT_READ, self.workers[-1])
        return self.workers[-1]

    def _until_another(self) -> float:
        newest = max((worker.started for worker in self.workers), default=0.0)
        return newest + _BEFORE_ANOTHER - time.monotonic()

    def listen(self, *, more: bool) -> list[tuple[str, Event]]:
        """Wait for the workers and take what they answer, a chunk of each; end those that have hung."""
        wait = min(worker.deadline(self.timeout) for worker in self.busy) - time.monotonic()
        if more and len(self.workers) < self.most:
            wait = min(wait, self._until_another())
        heard: list[tuple[str, Event]] = []
        for key, _ in self.selector.select(max(0.0, wait)):
            heard += key.data.hear()
            if key.data.ended:
                self._drop(key.data)
        for worker in self.busy:
            if time.monotonic() > worker.deadline(self.timeout):
                self._drop(worker)
                heard.append((str(worker.name), FileDone(f"took longer than {self.timeout:g} s")))
        return heard

    def _drop(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        self.selector.unregister(worker.answers)
        worker.close()

    def close(self) -> None:
        for worker in [*self.workers]:
            self._drop(worker)
        self.selector.close()


class _Worker:
    """One process, and the file that it reads just now."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "pincite.readers"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        self.requests = cast("IO[bytes]", self.process.stdin)
        self.answers = cast("IO[bytes]", self.process.stdout)
        self.errors = cast("IO[bytes]", self.process.stderr)
        self.started = self.heard = time.monotonic()
        self.name: str | None = None
        self.ready = self.ended = False
        self.pending = bytearray()

    def deadline(self, timeout: float) -> float:
        """When the worker counts as hung; a busy machine may need long to start it."""
        return self.heard + (timeout if self.ready else max(timeout, _LONGEST_START))

    def begin(self, name: str, path: Path) -> None:
        """Hand over a file. Should the worker have died, its silence tells."""
        self.name, self.heard = name, time.monotonic()
        request = json.dumps({"path": str(path), "name": name}).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            self.requests.write(request)

    def hear(self) -> list[tuple[str, Event]]:
        """What the worker has answered since; with its last words, what became of its file."""
        chunk = os.read(self.answers.fileno(), _CHUNK)
        self.heard = time.monotonic()
        if not chunk:
            return self._ending()
        self.pending += chunk
        if b"\n" not in chunk:
            return []
        *lines, rest = self.pending.split(b"\n")
        self.pending = bytearray(rest)
        name = str(self.name)
        return [(name, event) for line in lines if (event := self._event(json.loads(line))) is not None]

    def _event(self, answer: dict[str, Any]) -> Event | None:
        match answer:
            case {"document": stated}:
                return _document(stated)
            case {"skipped": stated}:
                return Skipped(**stated)
            case {"duplicate": message}:
                raise DuplicateIdError(message)
            case {"done": problem}:
                self.name = None
                return FileDone(problem)
        self.ready = True
        return None

    def _ending(self) -> list[tuple[str, Event]]:
        self.ended = True
        status = self.process.wait()
        cause = f"signal {-status}" if status < 0 else f"exit status {status}"
        if not self.ready and status >= 0:
            said = self.errors.read().decode(errors="replace").split("\n")
            raise PinciteError(f"a reader process cannot start ({cause}): {' '.join(said[-2:]).strip()}")
        return [] if self.name is None else [(self.name, FileDone(f"the reader crashed on it ({cause})"))]

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.requests, self.answers, self.errors):
            pipe.close()


def _document(stated: dict[str, Any]) -> Document:
    headings = tuple((start, end) for start, end in stated.pop("headings"))
    return Document(**stated | {"headings": headings, "page_starts": tuple(stated["page_starts"])})
