"""The files of a generation: taken over from the one before, synced, and checked by name, size and SHA-256."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pincite.datatypes import digest_of
from pincite.errors import DamagedIndex

MEND = "run `pincite update` to make it again from the catalogue"


class Written(NamedTuple):
    """What was written of a file: its bytes and their SHA-256."""

    size: int
    digest: str


def take_over(path: Path, target: Path) -> None:
    """Have a file that is never written again in a second place: by hard link, or as a copy where there are none."""
    try:
        os.link(path, target)
    except OSError:  # some mounted folders have no links; a full disk fails the copy as well
        shutil.copyfile(path, target)


def written(folder: Path, base: Path | None = None, known: Mapping[str, Written] | None = None) -> dict[str, Written]:
    """What lies below a folder, by path from there; locks aside, which are empty.

    Args:
        folder: all of it is on disk.
        base: the generation from which files were taken over,
        known: and what was written there: what is linked to it is not read again.
    """
    listed = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            name = path.relative_to(folder).as_posix()
            before = (known or {}).get(name)
            linked = before is not None and base is not None and path.samefile(base / name)
            listed[name] = before if before and linked else Written(path.stat().st_size, digest_of(path))
    return listed


def check_sizes(folder: Path, known: Mapping[str, Written]) -> None:
    """Compare the names and sizes of a generation's files with what was written.

    Raises:
        DamagedIndex: a file is missing or has another size.
    """
    for problem in _wrong_sizes(folder, known):
        raise DamagedIndex(f"{problem}; {MEND}")


def problems(folder: Path, known: Mapping[str, Written]) -> list[str]:
    """What is wrong with the files of a generation, to the last byte."""
    wrong = list(_wrong_sizes(folder, known))
    return wrong or [problem for name, file in known.items() for problem in _wrong_bytes(folder / name, file)]


def _wrong_bytes(path: Path, file: Written) -> Iterator[str]:
    try:
        if digest_of(path) != file.digest:
            yield f"{path}: not what was written (SHA-256 differs)"
    except OSError as error:
        yield f"{path}: {error.strerror}"


def _wrong_sizes(folder: Path, known: Mapping[str, Written]) -> Iterator[str]:
    for name, file in known.items():
        path = folder / name
        try:
            size = path.stat().st_size  # in one step: an update may take it away at any moment
        except OSError as error:
            yield f"{path}: {'missing' if isinstance(error, FileNotFoundError) else error.strerror}"
            continue
        if size != file.size:
            yield f"{path}: {size} bytes, {file.size} were written"


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
