"""The folder of articles as the page changes it: files added to it, and one update at a time."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import AsyncIterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile

from pincite.corpus import digest_of
from pincite.datatypes import Progress, UpdateReport
from pincite.errors import CorpusError, IndexBusy, PinciteError, UsageError
from pincite.index import Index
from pincite.readers import suffix_of, unknown_kind

MOST_BYTES = 20_000_000
"""Of one file that is added."""

UPLOADS = "uploads"
_log = logging.getLogger(__name__)
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
    """Adds files to the folder of one index and updates it. Safe to use from several threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._one = threading.Lock()
        self.state = State()

    def start(self) -> None:
        """Begin an update in the background, unless one is running; `state` tells how it goes."""
        if self._one.acquire(blocking=False):
            threading.Thread(target=self._run_and_tell, daemon=True).start()

    def update(self) -> UpdateReport:
        """Update now, and come back when it is done.

        Raises:
            IndexBusy: an update is running.
            PinciteError: as for `Index.update`.
        """
        if not self._one.acquire(blocking=False):
            raise IndexBusy("another update is running; wait for it to end")
        return self._run()

    def _run_and_tell(self) -> None:
        with suppress(PinciteError):  # it stands in the state
            self._run()

    def _run(self) -> UpdateReport:
        self.state = State(running=Progress(stage="read", done=0))
        problem = "An error inside Pincite. The log of the running program says what it was."
        try:
            report = self._index.update(progress=self._note)
            self.state = State(report=report)
            return report
        except PinciteError as error:
            problem = str(error)
            raise
        except Exception:
            _log.exception("the update failed unexpectedly")
            raise
        finally:
            if self.state.running is not None:
                self.state = State(problem=problem)
            self._one.release()

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
        folder = self._folder()
        try:
            with NamedTemporaryFile(dir=folder, prefix=".") as file:  # hidden, so that no update reads half of it
                size = 0
                async for chunk in data:
                    size += len(chunk)
                    if size > MOST_BYTES:
                        raise TooLarge(
                            f"{name}: more than {MOST_BYTES // 1_000_000} MB; put it into the folder by hand"
                        )
                    file.write(chunk)
                if not size:
                    raise UsageError(f"{name}: an empty file")
                file.flush()
                os.fsync(file.fileno())
                return f"{UPLOADS}/{_place(Path(file.name), folder, name)}"
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
    name = _NOT_IN_NAMES.sub("_", re.split(r"[/\\]", name)[-1]).rstrip(" .")
    suffix = suffix_of(name)
    if suffix is None:
        raise UsageError(f"{name[:80] or 'a file without a name'}: {unknown_kind(name)}")
    stem = name[: -len(suffix)].encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    return f"{stem or 'article'}{name[-len(suffix) :]}"


def _place(made: Path, folder: Path, name: str) -> str:
    """Give a finished file its name; a link, unlike a renaming, fails where the name is taken."""
    made.chmod(0o644)
    digest = digest_of(made)
    for candidate in _names(name):
        target = folder / candidate
        try:
            os.link(made, target)
        except FileExistsError:
            if target.is_file() and digest_of(target) == digest:
                return candidate
        else:
            return candidate
    raise AssertionError("names do not end")


def _names(name: str) -> Iterator[str]:
    suffix = suffix_of(name) or ""
    stem = name[: -len(suffix)]
    yield name
    yield from (f"{stem} ({number}){name[-len(suffix) :]}" for number in count(2))
