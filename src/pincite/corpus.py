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
    start = os.path.join(folder, "")  # noqa: PTH118 - keeps the folder as the caller wrote it
    files: dict[str, FileStat] = {}
    skipped: dict[str, str] = {}
    errors: list[OSError] = []
    for place, folders, names in os.walk(root, onerror=errors.append):
        prefix = place[len(root) :].lstrip("/") + "/" * (place != root)
        problems = {name: _name_problem(name) or _link_problem(f"{place}/{name}", root) for name in folders}
        folders[:] = [name for name, problem in problems.items() if problem is None]
        skipped |= {_shown(f"{prefix}{name}/"): problem for name, problem in problems.items() if problem}
        for name in names:
            found = _looked_at(f"{place}/{name}", root)
            if isinstance(found, str):
                skipped[_shown(prefix + name)] = found
            else:
                files[prefix + name] = FileStat(f"{start}{prefix}{name}", found)
    unlisted = {f"{error.filename[len(root) + 1 :]}/": f"cannot be listed: {error.strerror}" for error in errors}
    return Scan(dict(sorted(files.items())), dict(sorted((skipped | unlisted).items())), tuple(sorted(unlisted)))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _looked_at(path: str, root: str) -> Stamp | str:
    """The stamp of a file, or why it is not read."""
    name = path.rpartition("/")[2]
    problem = _name_problem(name) or _link_problem(path, root)
    if problem is None and suffix_of(name) is None:
        problem = unknown_kind(name)
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path a file is slow
    except OSError as error:
        return problem or str(error.strerror)
    if problem is None and not stat.S_ISREG(status.st_mode):
        problem = "not a regular file"
    return problem or (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _name_problem(name: str) -> str | None:
    if name != _shown(name):
        return "its name is not UTF-8: rename it"
    return "hidden" if name.startswith(".") else None


def _shown(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")


def _link_problem(path: str, root: str) -> str | None:
    """Why a symbolic link is not followed; None where it leads to a file within the folder, and for any other path."""
    if not os.path.islink(path):  # noqa: PTH114
        return None
    try:
        target = os.path.realpath(path, strict=True)
    except OSError as error:
        return f"a broken link: {error.strerror}"
    if os.path.commonpath([root, target]) != root:
        return "a link that leaves the folder"
    return "a link to a folder" if os.path.isdir(target) else None  # noqa: PTH112
