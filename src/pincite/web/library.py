"""The folder of articles as the page changes it: files added to it, and one update at a time."""

from __future__ import annotations

import logging
import os
import re
import threading
import unicodedata
from collections.abc import AsyncIterable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from anyio import to_thread
from cachetools import TTLCache, cachedmethod

from pincite.datatypes import Changes, Progress, UpdateReport, digest_of
from pincite.errors import CorpusError, IndexBusy, PinciteError, UsageError
from pincite.index import Index
from pincite.ingest.watch import QUIET, bursts
from pincite.parsers import suffix_of, unknown_kind
from pincite.stores.local.files import sync

MOST_BYTES = 20_000_000  # of one file that is added
UPLOADS = "uploads"
UNEXPECTED = "An error inside Pincite. The log of the running program says what it was."
"""What is said of an error that is not ours; its own message may hold what is nobody's business."""

_log = logging.getLogger(__name__)
_REMEMBERED, _TRIES_AGAIN = 5.0, 5.0  # seconds
_LONGEST_NAME = 180  # bytes; file systems take 255
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class TooLarge(UsageError):
    """A file has more than `MOST_BYTES`."""


@dataclass(frozen=True, slots=True)
class State:
    """What became of the update begun last.

    Attributes:
        running: how far it is; None when it has ended and none follows, or none was begun.
        report: what it did.
        problem: why it failed.
        unwatched: why the folder of articles, which should be watched, is not.
    """

    running: Progress | None = None
    report: UpdateReport | None = None
    problem: str | None = None
    unwatched: str | None = None


class Library:
    """Adds files to the folder of one index and updates it. Safe to use from several threads.

    Args:
        index: what is updated.
        watching: whether `watch` is called, too.
    """

    def __init__(self, index: Index, *, watching: bool = False) -> None:
        self._index = index
        self._watching = watching
        self._lock = threading.Lock()
        self._repeat = False
        self._deleted: set[str] = set()
        self._changes_lock = threading.Condition()
        self._known_changes: TTLCache[Hashable, Changes | None] = TTLCache(1, _REMEMBERED)
        self.state = State()

    def start(self) -> None:
        """Begin an update in the background; one that is running is followed by another. `state` tells how it goes."""
        with self._lock:
            if self.state.running is None:
                self._begin()
            else:
                self._repeat = True

    def update(self) -> UpdateReport:
        """Update now, and come back when it is done.

        Raises:
            IndexBusy: an update is running.
            PinciteError: as for `Index.update`.
        """
        with self._lock:
            if self.state.running is not None:
                raise IndexBusy("another update is running; wait for it to end")
            self._set_begun()
        return self._run()

    def watch(self, stop: threading.Event | None = None) -> None:
        """Update whenever the folder of articles changes; while it cannot be watched, `state` tells why.

        Args:
            stop: ends the watch, within a second.
        """
        stop = stop or threading.Event()
        while not stop.is_set():
            try:
                for _ in bursts(self._index.folder(), self._index.owned_paths, stop):
                    self._set(unwatched=None)
                    self.start()
            except PinciteError as error:
                self._set(unwatched=str(error))
                stop.wait(_TRIES_AGAIN)

    def _begin(self) -> None:
        """Begin an update in a thread of its own; with the lock held."""
        self._set_begun()
        threading.Thread(target=self._run_in_thread, daemon=True).start()

    def _set_begun(self) -> None:
        self.state = State(running=Progress(stage="read", done=0), unwatched=self.state.unwatched)

    def _run_in_thread(self) -> None:
        with suppress(Exception):  # it was logged and stands in the state
            self._run()

    def _run(self) -> UpdateReport:
        problem: str | None = UNEXPECTED
        report = None
        try:
            # Who watches has to follow what others begin, and meets files that are being written.
            quiet = QUIET if self._watching else 0.0
            deleted = set(self._deleted)
            # Nothing is gone from the folder but what was deleted here, and so on purpose.
            changes = self._index.changes() if deleted else None
            report = self._index.update(
                progress=lambda progress: self._set(running=progress),
                wait=self._watching,
                quiet=quiet,
                allow_removals=changes is not None and deleted.issuperset(changes.gone),
            )
            self._deleted -= deleted
            problem = None
            return report
        except PinciteError as error:
            problem = str(error)
            raise
        except Exception:
            _log.exception("the update failed unexpectedly")
            raise
        finally:
            self._end(report, problem)

    def _end(self, report: UpdateReport | None, problem: str | None) -> None:
        """Note what came of an update, or begin the one that was asked for meanwhile: no other comes between."""
        with self._changes_lock:
            self._known_changes.clear()
        with self._lock:
            if self._repeat:
                self._repeat = False
                self._begin()
            else:
                self.state = State(report=report, problem=problem, unwatched=self.state.unwatched)

    def _set(self, **news: Any) -> None:  # noqa: ANN401 (fields of the state)
        with self._lock:
            self.state = replace(self.state, **news)

    @cachedmethod(lambda self: self._known_changes, condition=lambda self: self._changes_lock)
    def changes(self, generation: int) -> Changes | None:
        """How the folder differs from the index of a generation; looked up once in a while for all who ask."""
        del generation  # names what is remembered
        return self._index.changes()

    # ------------------------------------------------------------ adding files

    async def add(self, name: str, data: AsyncIterable[bytes]) -> str:
        """Put a file into the folder's ``uploads``; nothing there is overwritten.

        Args:
            name: as its owner calls it; a path in front of it is dropped.
            data: its bytes.

        Returns:
            Its path in the folder: with a number where another file has the name, the old one where it is the same.

        Raises:
            UsageError: not a kind that Pincite reads, no usable name, too large, or empty.
            CorpusError: the folder is gone, or cannot be written to.
        """
        name = _clean(name)
        folder = await to_thread.run_sync(self._folder)
        try:
            # Hidden, so that no update reads half of it; closed before it gets its name, which Windows wants.
            with NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file, _deleted(Path(file.name)) as made:
                size = 0
                async for chunk in data:
                    size += len(chunk)
                    if size > MOST_BYTES:
                        raise TooLarge(f"{name}: more than {MOST_BYTES // 1_000_000} MB; copy it into the folder")
                    file.write(chunk)
                if not size:
                    raise UsageError(f"{name}: an empty file")
                file.close()
                return f"{UPLOADS}/{await to_thread.run_sync(_place, made, folder, name)}"
        except OSError as error:
            raise CorpusError(f"{folder}: {error.strerror}; {name} was not added") from error

    def remove(self, path: str) -> None:
        """Delete a file that was added; its articles go with the next update, be they most of the index or all.

        Args:
            path: as `add` returned it.

        Raises:
            UsageError: no file of ``uploads``.
            CorpusError: it cannot be deleted.
        """
        file = self._folder() / Path(path).name
        if path != f"{UPLOADS}/{file.name}" or not file.is_file():
            raise UsageError(f"{path}: no file that was added here; load the list again")
        self._deleted.add(path)  # first, since who watches the folder sees at once that it is gone
        try:
            file.unlink()
        except OSError as error:
            raise CorpusError(f"{path}: {error.strerror}; it was not deleted") from error

    def _folder(self) -> Path:
        corpus = self._index.status().corpus
        if corpus is None or not Path(corpus).is_dir():
            raise CorpusError(f"{corpus}: the folder of articles is gone; run `pincite update CORPUS`")
        folder = Path(corpus, UPLOADS)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CorpusError(f"{folder}: {error.strerror}; nothing was added") from error
        if not folder.resolve().is_relative_to(Path(corpus).resolve()):
            raise CorpusError(f"{folder}: a link that leaves the folder of articles; nothing was added")
        return folder


@contextmanager
def _deleted(path: Path) -> Iterator[Path]:
    """A file that is deleted in the end."""
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _clean(name: str) -> str:
    """A name that is safe on every system, of a kind that is read."""
    name = "".join(letter for letter in re.split(r"[/\\]", name)[-1] if unicodedata.category(letter) != "Cf")
    name = _NOT_IN_NAMES.sub("_", name).rstrip(" .")
    suffix = suffix_of(name)
    if suffix is None:
        raise UsageError(f"{name[:80] or 'a file without a name'}: {unknown_kind(name)}")
    stem = name[: -len(suffix)].encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    return f"{stem or 'article'}{name[-len(suffix) :]}"


def _place(made: Path, folder: Path, name: str) -> str:
    """Give a finished file its name, or another where that is taken by another file."""
    made.chmod(0o644)
    digest = digest_of(made)
    for candidate in _names(name):
        target = folder / candidate
        try:
            _link(made, target)
        except FileExistsError:
            if target.is_file() and digest_of(target) == digest:
                return candidate
        else:
            return candidate
    raise AssertionError("names do not end")


def _link(made: Path, target: Path) -> None:
    """Name a file; unlike a renaming this fails where the name is taken."""
    try:
        os.link(made, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with target.open("xb") as file:
            file.write(made.read_bytes())
    sync(target)


def _names(name: str) -> Iterator[str]:
    suffix = suffix_of(name) or ""
    stem = name[: -len(suffix)]
    yield name
    yield from (f"{stem} ({number}){name[-len(suffix) :]}" for number in count(2))
