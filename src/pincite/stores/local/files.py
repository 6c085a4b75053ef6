"""The files of a generation: taken over from the one before, synced, and checked by name, size and SHA-256."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pincite.datatypes import count, digest_of

WINDOWS = os.name == "nt"
"""Where only what was opened for writing can be synced."""

MEND = "run `pincite update` to make it again from the catalogue"
VERIFY = "`pincite status --verify` looks for the damage, `pincite update` then mends it"
"""What to do about a file that is known to be damaged, and about one that may be."""


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


def written(folder: Path, base: Path, known: Mapping[str, Written]) -> dict[str, Written]:
    """What lies below a folder, by path from there; locks aside, which are empty.

    Files that are linked to those ``known`` of ``base``, the generation before, are not read again.
    """
    listed = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            name = path.relative_to(folder).as_posix()
            if name in known and path.samefile(base / name):
                listed[name] = known[name]
            else:
                listed[name] = Written(path.stat().st_size, digest_of(path))
    return listed


def problems(folder: Path, known: Mapping[str, Written], *, read: bool) -> Iterator[str]:
    """What is wrong with the files of a generation: names and sizes, and every byte where they are ``read``."""
    for name, file in known.items():
        path = folder / name
        try:
            size = path.stat().st_size  # in one step: an update may take it away at any moment
            if size != file.size:
                yield f"{path}: {count(size, 'byte')}, {count(file.size, 'byte')} when written"
            elif read and digest_of(path) != file.digest:
                yield f"{path}: not what was written (SHA-256 differs)"
        except OSError as error:
            yield f"{path}: {'missing' if isinstance(error, FileNotFoundError) else error.strerror}"


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    if WINDOWS and path.is_dir():
        return  # no program may open a folder there
    descriptor = os.open(path, os.O_RDWR if WINDOWS else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
