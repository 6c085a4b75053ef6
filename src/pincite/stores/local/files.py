"""The files of a generation: taken over from the one before, synced, and checked by name and size."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pincite.errors import DamagedIndex

MEND = "run `pincite update` to make it again from the catalogue"


def take_over(path: Path, target: Path) -> None:
    """Have a file that is never written again in a second place: by hard link, or as a copy where there are none."""
    try:
        os.link(path, target)
    except OSError:  # some mounted folders have no links; a full disk fails the copy as well
        shutil.copyfile(path, target)


def check(folder: Path, sizes: dict[str, int]) -> None:
    """Compare the names and sizes of a generation's files with what was written.

    Raises:
        DamagedIndex: a file is missing or has another size.
    """
    for name, size in sizes.items():
        path = folder / name
        if not path.is_file():
            raise DamagedIndex(f"{path}: missing; {MEND}")
        if path.stat().st_size != size:
            raise DamagedIndex(f"{path}: {path.stat().st_size} bytes, {size} were written; {MEND}")


def sizes(folder: Path) -> dict[str, int]:
    """The files below a folder, by path from there, and their bytes; locks aside, which are empty."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def sync(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
