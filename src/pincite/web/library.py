"""The folder of articles as the page changes it: files added to it, and one update at a time."""

from __future__ import annotations

import logging
import os
import re
import threading
import unicodedata
from collections.abc import AsyncIterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile

from anyio import to_thread

from pincite.datatypes import Progress, UpdateReport, digest_of
from pincite.errors import CorpusError, IndexBusy, PinciteError, UsageError
from pincite.index import Index
from pincite.readers import suffix_of, unknown_kind
from pincite.watching import QUIET, bursts

MOST_BYTES = 20_000_000
"""Of one file that is added."""

UPLOADS = "uploads"
UNEXPECTED = "An error inside Pincite. The log of the running program says what it was."
"""What is said of an error that is not ours; its own message may hold what is nobody's business."""

_log = logging.getLogger(__name__)
_BEGUN = Progress(stage="read", done=0)
_LONGEST_NAME = 180  # bytes; file systems take 255
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class TooLarge(UsageError):
    """A file has more than `MOST_BYTES`."""


@dataclass(frozen=True, slots=True)
class State:
    """What became of the update begun last.

    Attributes:
        running: how far it is; None when it has ended, or none was begun.
        report: what it did.
        problem: why it failed.
    """

    running: Progress | None = None
    report: UpdateReport | None = None
    problem: str | None = None


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
        self._again = False
        self.state = State()

    def start(self) -> None:
        """Begin an update in the background; one that is running is followed by another. `state` tells how it goes."""
        if self._begin(again=True):
            threading.Thread(target=self._run_all, daemon=True).start()

    def watch(self) -> None:
        """Update whenever the folder of articles changes; comes back only where there is none, which `state` tells."""
        try:
            for _ in bursts(self._index.folder(), self._index.places):
                self.start()
        except PinciteError as error:
            self.state = State(problem=str(error))

    def update(self) -> UpdateReport:
        """Update now, and come back when it is done.

        Raises:
            IndexBusy: an update is running.
            PinciteError: as for `Index.update`.
        """
        if not self._begin(again=False):
            raise IndexBusy("another update is running; wait for it to end")
        try:
            return self._run()
        finally:
            if self._wanted_again():
                threading.Thread(target=self._run_all, daemon=True).start()

    def _begin(self, *, again: bool) -> bool:
        """Whether no update is running, which then is noted as running."""
        with self._lock:
            free = self.state.running is None
            if free:
                self.state = State(running=_BEGUN)
            elif again:
                self._again = True
            return free

    def _run_all(self) -> None:
        wanted = True
        while wanted:
            with suppress(Exception):  # it was logged and stands in the state
                self._run()
            wanted = self._wanted_again()

    def _wanted_again(self) -> bool:
        """Whether another update was asked for meanwhile, which then is noted as running."""
        with self._lock:
            wanted, self._again = self._again, False
            if wanted:
                self.state = State(running=_BEGUN)
            return wanted

    def _run(self) -> UpdateReport:
        try:
            # Who watches has to follow what others begin, and meets files that are being written.
            quiet = QUIET if self._watching else 0.0
            report = self._index.update(progress=self._note, wait=self._watching, quiet=quiet)
        except PinciteError as error:
            self.state = State(problem=str(error))
            raise
        except Exception:
            _log.exception("the update failed unexpectedly")
            self.state = State(problem=UNEXPECTED)
            raise
        self.state = State(report=report)
        return report

    def _note(self, progress: Progress) -> None:
        self.state = State(running=progress)

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
            with NamedTemporaryFile(dir=folder, prefix=".") as file:  # hidden, so that no update reads half of it
                size = 0
                async for chunk in data:
                    size += len(chunk)
                    if size > MOST_BYTES:
                        raise TooLarge(f"{name}: more than {MOST_BYTES // 1_000_000} MB; copy it into the folder")
                    file.write(chunk)
                if not size:
                    raise UsageError(f"{name}: an empty file")
                file.flush()
                return f"{UPLOADS}/{await to_thread.run_sync(_place, Path(file.name), folder, name)}"
        except OSError as error:
            raise CorpusError(f"{folder}: {error.strerror}; {name} was not added") from error

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
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _names(name: str) -> Iterator[str]:
    suffix = suffix_of(name) or ""
    stem = name[: -len(suffix)]
    yield name
    yield from (f"{stem} ({number}){name[-len(suffix) :]}" for number in count(2))
