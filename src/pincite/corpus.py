"""The folder of articles: which files it holds, which of them are not read, and why."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pincite.errors import CorpusError
from pincite.readers import suffix_of, unknown_kind

Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode: a file whose stamp is as before is taken to be unchanged."""


@dataclass(frozen=True, slots=True)
class FileStat:
    """Where a file lies, and its stamp."""

    place: str
    stamp: Stamp

    @property
    def path(self) -> Path:
        """Its place as a path; made when asked for, since that takes longer than the look at the file."""
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies in a folder.

    Attributes:
        files: the files to read by name (the path relative to the folder, ``/`` between parts), in order of name.
        skipped: what is not read to the reason: files by name, folders with ``/`` behind it.
        unlisted: folders (with ``/`` behind) that could not be listed; what they hold is unknown, not removed. The
            reason is in ``skipped``.
    """

    files: dict[str, FileStat]
    skipped: dict[str, str]
    unlisted: tuple[str, ...]


def scan(folder: Path) -> Scan:
    """What lies in ``folder`` and the folders below it; no file is opened.

    Raises:
        CorpusError: ``folder`` is missing, not a folder, or cannot be listed.
    """
    try:
        root = os.path.realpath(folder, strict=True)
        os.scandir(root).close()
    except NotADirectoryError as error:
        raise CorpusError(f"{folder} is a file: give the folder that holds the articles") from error
    except OSError as error:
        raise CorpusError(f"{folder}: {error.strerror}: give the folder that holds the articles") from error
    walk = _Walk(root)
    walk.run()
    start = os.path.join(folder, "")  # noqa: PTH118 - keeps the folder as the caller wrote it
    files = {name: FileStat(start + name, stamp) for name, stamp in sorted(walk.files.items())}
    return Scan(files, dict(sorted(walk.skipped.items())), tuple(sorted(walk.unlisted)))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Walk:
    """A walk through a folder that follows no link to another folder, and so cannot run in circles."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: dict[str, Stamp] = {}
        self.skipped: dict[str, str] = {}
        self.unlisted: list[str] = []

    def run(self) -> None:
        folders = [""]
        while folders:
            prefix = folders.pop()
            try:
                with os.scandir(os.path.join(self.root, prefix)) as entries:  # noqa: PTH118 - a Path a file is slow
                    for entry in entries:
                        name = prefix + entry.name
                        if self._is_folder_to_enter(entry, name):
                            folders.append(name + "/")
            except OSError as error:
                self.unlisted.append(prefix)
                self.skipped[prefix] = f"cannot be listed: {error.strerror}"

    def _is_folder_to_enter(self, entry: os.DirEntry[str], name: str) -> bool:
        """Whether the entry is a folder to go on with; a file is put where it belongs."""
        if not _is_utf8(entry.name):
            self.skipped[os.fsencode(name).decode(errors="replace")] = "its name is not UTF-8: rename it"
        elif entry.name.startswith("."):
            self.skipped[name + "/" * entry.is_dir(follow_symlinks=False)] = "hidden"
        elif entry.is_dir(follow_symlinks=False):
            return True
        else:
            self._file(entry, name)
        return False

    def _file(self, entry: os.DirEntry[str], name: str) -> None:
        reason = self._link_problem(entry) if entry.is_symlink() else None
        if reason is None and suffix_of(entry.name) is None:
            reason = unknown_kind(entry.name)
        try:
            status = entry.stat()
        except OSError as error:
            reason = reason or str(error.strerror)
        if reason is None and not stat.S_ISREG(status.st_mode):
            reason = "not a regular file"
        if reason is None:
            self.files[name] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        else:
            self.skipped[name] = reason

    def _link_problem(self, entry: os.DirEntry[str]) -> str | None:
        """Why a symbolic link is not followed; None where it leads to a file within the folder."""
        try:
            target = os.path.realpath(entry.path, strict=True)
        except FileNotFoundError:
            return "a broken link"
        except OSError as error:
            return f"a link that leads nowhere: {error.strerror}"
        if os.path.commonpath([self.root, target]) != self.root:
            return "a link that leaves the folder"
        return "a link to a folder" if entry.is_dir() else None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
