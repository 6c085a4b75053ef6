"""Reads files in worker processes, so that a parser which hangs or crashes costs one file.

The workers are started as ``python -m pincite.parsers`` and not by :mod:`multiprocessing`, which would run the user's
own script again or fork a process that has threads. Everything happens while the caller asks for the next event, and
a worker that runs ahead of the caller waits at its full pipe.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path

from pincite.datatypes import Document, tables_of
from pincite.parsers import Skipped

_MORE_SECONDS = 240.0
"""For a page read by OCR, which takes up to 10 s, four times that where it lies askew, more on a busy machine."""

_OLDEST_SECONDS = 600.0
"""A worker that is older reads no files of another update."""


@dataclass(frozen=True, slots=True)
class FileDone:
    """A file has been read to its end, or could not be.

    Attributes:
        problem: why it could not be read.
        again: the problem may go by itself (a crash, a file that cannot be opened): worth another try at the next
            update though the file has not changed.
    """

    problem: str | None = None
    again: bool = False


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
        timeout: seconds a file may take for its next document before its worker is ended; a page read by OCR has more.
    """
    free: list[_Worker] = []
    busy: list[_Worker] = []
    heard: list[tuple[str, Event]] = []
    waiting = iter(jobs)
    job = next(waiting, None)
    try:
        while job is not None or heard or busy:
            while job is not None and len(busy) < workers:
                busy.append(free.pop() if free else IDLE.take() or _Worker())
                busy[-1].begin(*job)
                job = next(waiting, None)
            yield from heard  # after the workers have got their next files, which they read meanwhile
            heard = _listen(busy, timeout)
            free += [worker for worker in busy if worker.name is None and not worker.pipe.closed]
            busy = [worker for worker in busy if worker.name is not None]
    finally:
        _close(busy)
        IDLE.keep(free)


def _listen(busy: list[_Worker], timeout: float) -> list[tuple[str, Event]]:
    """Wait for the workers and take an answer of each; end those that have hung."""
    due = min((worker.since + worker.more + timeout for worker in busy), default=0.0)
    answered = wait([worker.pipe for worker in busy], max(0.0, due - time.monotonic()))
    heard: list[tuple[str, Event]] = []
    for worker in busy:
        if worker.pipe in answered:
            heard += worker.hear()
        elif time.monotonic() > worker.since + (most := timeout + worker.more):
            heard.append(worker.end(f"took longer than {most:g} s: divide it, or try it again with --rebuild"))
    return heard


def _start(pipe: int) -> subprocess.Popen[bytes]:
    """A worker process that has inherited its end of a pipe, and nothing else."""
    null = subprocess.DEVNULL
    command = [sys.executable, "-P", "-m", "pincite.parsers", str(pipe)]
    if sys.platform == "win32":
        os.set_handle_inheritable(pipe, True)
        only = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [pipe]})
        return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, startupinfo=only)
    return subprocess.Popen(command, stdin=null, stdout=null, stderr=null, pass_fds=[pipe])


class _Worker:
    """One process, and the file that it reads just now."""

    def __init__(self) -> None:
        self.pipe, its_end = Pipe()
        with its_end:
            self.process = _start(its_end.fileno())
        self.name: str | None = None
        self.began = time.monotonic()
        self.since = self.more = 0.0  # seconds: when it was last heard, and what it may be silent for beyond any file

    def begin(self, name: str, path: Path) -> None:
        """Hand over a file. Should the worker have died, its silence tells."""
        self.name, self.since, self.more = name, time.monotonic(), 0.0
        with suppress(ConnectionError):
            self.pipe.send_bytes(json.dumps([str(path), name]).encode())

    def hear(self) -> Iterator[tuple[str, Event]]:
        """What the worker has answered; with its last words, what became of its file."""
        name, self.since, self.more = str(self.name), time.monotonic(), 0.0
        try:
            answer = json.loads(self.pipe.recv_bytes())
        except (EOFError, OSError):  # the one before an answer, the other within it
            status = self.process.wait()
            cause = f"signal {-status}" if status < 0 else f"exit status {status}"
            yield self.end(f"the reader crashed on it ({cause})", again=True)
            return
        match answer:
            case {"document": stated}:
                headings = tuple((start, end) for start, end in stated["headings"])
                spans = {"headings": headings, "tables": tables_of(stated["tables"])}
                yield name, Document(**stated | spans | {"page_starts": tuple(stated["page_starts"])})
            case {"skipped": stated}:
                yield name, Skipped(**stated)
            case {"working": _}:
                self.more = _MORE_SECONDS
            case {"done": stated}:
                self.name = None
                yield name, FileDone(**stated)

    def end(self, problem: str, *, again: bool = False) -> tuple[str, Event]:
        """Stop the process, and give its file up."""
        name, self.name = str(self.name), None
        self.close()
        return name, FileDone(problem, again)

    def close(self) -> None:
        """Stop the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.pipe.close()


class Idle:
    """Workers that wait for the files of another update, in programs that update again and again.

    There is one such place, `IDLE`. By default nobody waits there: a worker has the rights, the limits and the
    environment of the time when it was started, which another program than a server may change.

    Attributes:
        seconds: how long after an update its workers are ended; 0: with it.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []
        self._timer: threading.Timer | None = None

    def take(self) -> _Worker | None:
        """One that still runs."""
        with self._lock:
            while self._workers:
                worker = self._workers.pop()
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return None

    def keep(self, workers: list[_Worker]) -> None:
        """Have workers wait here; those that are old are ended, with whatever their parsers have left in memory."""
        young = [worker for worker in workers if self.seconds and time.monotonic() - worker.began < _OLDEST_SECONDS]
        _close([worker for worker in workers if worker not in young])
        if not young:
            return
        timer = threading.Timer(self.seconds, self.end)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # no more threads, or the program is ending
            _close(young)
            return
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = timer
            self._workers += young

    def end(self) -> None:
        """End all that wait."""
        with self._lock:
            _close(self._workers)
            self._workers = []


def _close(workers: Iterable[_Worker]) -> None:
    for worker in workers:
        worker.close()


IDLE = Idle()
