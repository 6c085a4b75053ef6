"""The folder of articles: which files it holds, which of them are not read, and why."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pincite.errors import CorpusError
from pincite.parsers import suffix_of, unknown_kind

Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, ctime_ns and inode: a file whose stamp is as before is taken to be unchanged."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What lies in a folder.

    Attributes:
        files: the stamps of the files to read by name (the path relative to the folder, ``/`` between parts), in order
            of name.
        skipped: what is not read to the reason: files by name, folders with ``/`` behind it.
        unlisted: folders (with ``/`` behind) that could not be listed; what they hold is unknown, not removed. The
            reason is in ``skipped``.
    """

    folder: Path
    files: dict[str, Stamp]
    skipped: dict[str, str]
    unlisted: tuple[str, ...]

    def digest(self) -> str:
        """A hash of everything seen: two scans with the same one found the same files, untouched."""
        seen = [f"{name} {said}" for each in (self.files, self.skipped) for name, said in each.items()]
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
    files: dict[str, Stamp] = {}
    skipped: dict[str, str] = {}
    unlisted: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(f"{root}/{prefix}") as entries:
                for entry in entries:
                    is_folder = _leads_to_folder(entry)
                    name = f"{prefix}{entry.name}{'/' * is_folder}"
                    seen = _problem(entry, root) or (None if is_folder else _stamp(entry))
                    if seen is None:
                        waiting.append(name)
                    elif isinstance(seen, str):
                        skipped[_shown(name)] = seen
                    else:
                        files[name] = seen
        except OSError as error:
            unlisted.append(prefix)
            skipped[prefix] = f"cannot be listed: {error.strerror}"
    return Scan(folder, dict(sorted(files.items())), dict(sorted(skipped.items())), tuple(sorted(unlisted)))


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _problem(entry: os.DirEntry[str], root: str) -> str | None:
    """Why neither a folder nor a file of this name and place is looked into; links to files within it are followed."""
    if entry.name[0] == ".":
        return "hidden"
    if not entry.name.isascii() and entry.name != _shown(entry.name):
        return "its name is not UTF-8: rename it"
    if not entry.is_symlink():
        return None
    try:
        target = os.path.realpath(entry.path, strict=True)
    except OSError as error:
        return f"a broken link: {error.strerror}"
    if os.path.commonpath([root, target]) != root:
        return "a link that leaves the folder"
    return "a link to a folder" if _leads_to_folder(entry) else None


def _stamp(entry: os.DirEntry[str]) -> Stamp | str:
    """The stamp of a file, or why it is not read."""
    if suffix_of(entry.name) is None:
        return unknown_kind(entry.name)
    try:
        status = entry.stat()
    except OSError as error:
        return str(error.strerror)
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _shown(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")


def scan_corpus(folder: Path, owned_paths: Iterable[Path], *, may_be_empty: bool, quiet: float = 0.0) -> Scan:
    """Look through the folder, but not into the index, should some of that lie within.

    Args:
        folder: of articles.
        owned_paths: files and folders of the index.
        may_be_empty: whether that is no error.
        quiet: seconds; what changes within them is skipped.

    Raises:
        CorpusError: there is no such folder, or nothing in it that Pincite reads and that may not be.
    """
    scan = list_files(folder)
    files, skipped = scan.files, scan.skipped
    if quiet:
        time.sleep(quiet)
        before, scan = files, list_files(folder)
        files = {name: stamp for name, stamp in scan.files.items() if before.get(name) == stamp}
        restless = scan.files.keys() - files.keys()
        skipped = scan.skipped | dict.fromkeys(restless, "still being written; the next update reads it")
    root = folder.resolve()
    own = [place.relative_to(root).as_posix() for place in map(Path.resolve, owned_paths) if place.is_relative_to(root)]
    for name in [name for name in (*files, *skipped) if any(f"{name}/".startswith(f"{place}/") for place in own)]:
        files.pop(name, None)
        skipped.pop(name, None)
    if not files and not scan.unlisted and not may_be_empty:
        raise CorpusError(f"{folder}: {_nothing(skipped)}; put articles there, or name another folder")
    return Scan(folder, files, skipped, scan.unlisted)


def _nothing(skipped: dict[str, str]) -> str:
    """That a folder has nothing to read, and of what it has the first file and why that is not read."""
    nothing = "no file that Pincite reads"
    if not skipped:
        return nothing
    name, reason = min(skipped.items(), key=lambda each: (each[1] == "hidden", each[0]))
    among = f"among {len(skipped)}, such as " if len(skipped) > 1 else ""
    return f"{nothing} ({among}{name}: {reason})"
