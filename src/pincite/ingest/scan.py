"""The folder of articles: which files it holds, which of them are not read, and why."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pincite.errors import CorpusError
from pincite.parsers import suffix_of, unknown_kind

Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode: a file whose stamp is as before is taken to be unchanged."""


class FileStat(NamedTuple):
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

    def digest(self) -> str:
        """A hash of everything seen: two scans with the same one found the same files, untouched."""
        seen = [f"{name} {found.stamp}" for name, found in self.files.items()]
        seen += [f"{name} {why}" for name, why in self.skipped.items()]
        return hashlib.blake2b("\n".join(seen).encode(errors="surrogateescape"), digest_size=16).hexdigest()


def list_files(folder: Path) -> Scan:
    """What lies in ``folder`` and the folders below it; no file is opened, no link to another folder is followed.

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
    found = _Found(root, os.path.join(folder, ""))  # noqa: PTH118 - keeps the folder as the caller wrote it
    waiting = [""]
    while waiting:
        waiting += found.look_into(waiting.pop())
    return Scan(dict(sorted(found.files.items())), dict(sorted(found.skipped.items())), tuple(sorted(found.unlisted)))


class _Found:
    """What was found so far, below ``root``."""

    def __init__(self, root: str, start: str) -> None:
        self._root = root
        self._start = start
        self.files: dict[str, FileStat] = {}
        self.skipped: dict[str, str] = {}
        self.unlisted: list[str] = []

    def look_into(self, prefix: str) -> list[str]:
        """Note what lies in one folder; returns the folders in it, each as a path from the root with ``/`` behind."""
        try:
            with os.scandir(f"{self._root}/{prefix}") as entries:
                return [f"{prefix}{entry.name}/" for entry in entries if self._is_folder(entry, prefix)]
        except OSError as error:
            self.unlisted.append(prefix)
            self.skipped[prefix] = f"cannot be listed: {error.strerror}"
            return []

    def _is_folder(self, entry: os.DirEntry[str], prefix: str) -> bool:
        """Whether this is a folder to look into; anything else is noted."""
        folder = _leads_to_folder(entry)
        name = f"{prefix}{entry.name}{'/' * folder}"
        seen = _entry_problem(entry, self._root) if folder else _looked_at(entry, self._root)
        if isinstance(seen, str):
            self.skipped[_shown(name)] = seen
        elif seen:
            self.files[name] = FileStat(f"{self._start}{name}", seen)
        return seen is None


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _entry_problem(entry: os.DirEntry[str], root: str) -> str | None:
    """Why neither a folder nor a file of this name and place is looked into."""
    return _name_problem(entry.name) or _link_problem(entry, root)


def _looked_at(entry: os.DirEntry[str], root: str) -> Stamp | str:
    """The stamp of a file, or why it is not read."""
    problem = _entry_problem(entry, root)
    if problem is None and suffix_of(entry.name) is None:
        problem = unknown_kind(entry.name)
    try:
        status = entry.stat()
    except OSError as error:
        return problem or str(error.strerror)
    if problem is None and not stat.S_ISREG(status.st_mode):
        problem = "not a regular file"
    return problem or (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _name_problem(name: str) -> str | None:
    if name[0] == ".":
        return "hidden"
    return None if name.isascii() or name == _shown(name) else "its name is not UTF-8: rename it"


def _shown(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")


def _link_problem(entry: os.DirEntry[str], root: str) -> str | None:
    """Why a symbolic link is not followed; None where it leads to a file within the folder, and for anything else."""
    if not entry.is_symlink():
        return None
    try:
        target = os.path.realpath(entry.path, strict=True)
    except OSError as error:
        return f"a broken link: {error.strerror}"
    if os.path.commonpath([root, target]) != root:
        return "a link that leaves the folder"
    return "a link to a folder" if _leads_to_folder(entry) else None


def scan_corpus(folder: Path, owned_paths: Iterable[Path], *, may_be_empty: bool, quiet: float = 0.0) -> Scan:
    """Look through the folder, but not into the index, should some of that lie within.

    Args:
        folder: of articles.
        owned_paths: folders of the index.
        may_be_empty: whether that is no error.
        quiet: seconds; what changes within them is skipped.

    Raises:
        CorpusError: there is no such folder, or nothing in it that Pincite reads and that may not be.
    """
    scan = list_files(folder)
    if quiet:
        time.sleep(quiet)
        scan = _at_rest(scan, list_files(folder))
    root = folder.resolve()
    for place in map(Path.resolve, owned_paths):
        if place.is_relative_to(root):
            scan = _outside(scan, place.relative_to(root).as_posix())
    if not scan.files and not scan.unlisted and not may_be_empty:
        raise CorpusError(f"{folder}: no file that Pincite reads; put articles there, or name another folder")
    return scan


def _at_rest(before: Scan, scan: Scan) -> Scan:
    """Without the files that have changed since the look before."""
    restless = {name for name, found in scan.files.items() if before.files.get(name) != found}
    files = {name: found for name, found in scan.files.items() if name not in restless}
    skipped = scan.skipped | dict.fromkeys(restless, "still being written; the next update reads it")
    return replace(scan, files=files, skipped=skipped)


def _outside(scan: Scan, place: str) -> Scan:
    """Without what lies at a place, be it a file or a folder."""
    inside = {name for name in (*scan.files, *scan.skipped) if name == place or name.startswith(f"{place}/")}
    files = {name: stat for name, stat in scan.files.items() if name not in inside}
    return replace(scan, files=files, skipped={name: why for name, why in scan.skipped.items() if name not in inside})
