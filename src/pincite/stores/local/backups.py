"""A catalogue in one file, from which an index can be made on another machine."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pincite.errors import DamagedCatalogue, DamagedIndex, IndexProblem, OtherFormat
from pincite.stores.local import catalog, files
from pincite.stores.local.verifying import first_problem

COPY = "restoring-"
"""How the folder of a copy begins, then with the process that makes it; one that was killed leaves it to a writer."""


def write(source: sqlite3.Connection, path: Path) -> None:
    """Copy the state that ``source`` sees to ``path``, all of it or nothing.

    Raises:
        IndexProblem: the file cannot be written.
    """
    if path.is_dir():
        raise IndexProblem(f"{path}: a folder; name a file")
    made = path.with_name(f".{path.name}.tmp")
    try:
        with catalog.translating(path):
            with closing(sqlite3.connect(made)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
                catalog.shrink(target)
            if wrong := first_problem(made):
                raise DamagedCatalogue(f"{wrong}; nothing was written: see `pincite status --verify`")
        with catalog.translating(path):
            files.sync(made)
            made.replace(path)
            files.sync(path.parent)
    finally:
        for path in made.parent.glob(f"{made.name}*"):
            path.unlink()


@contextmanager
def opened(path: Path, index: Path) -> Iterator[Path]:
    """A copy of a backup, looked through and whole.

    Args:
        path: the backup.
        index: the folder in which the copy lies meanwhile, since there is room for it.

    Raises:
        DamagedIndex: it is no backup, or is damaged.
        OtherFormat: another Pincite wrote it.
    """
    if not path.is_file():
        raise IndexProblem(f"{path}: no such file; name one that `pincite backup` wrote")
    new = not index.exists()
    index.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=index, prefix=f"{COPY}{os.getpid()}-") as folder, catalog.translating(index):
            copy = Path(folder, catalog.FILE)
            shutil.copyfile(path, copy)
            _check(copy, path)
            yield copy
    finally:
        if new:
            with suppress(OSError):  # it holds an index now
                index.rmdir()


def _check(copy: Path, path: Path) -> None:
    """Look at all of a copy of a backup; what is said of it is said of the backup."""

    def said(error: object) -> str:  # what to do about an index is no help here
        return str(error).replace(str(copy), str(path)).split("; `")[0]

    try:
        wrong = first_problem(copy)
    except OtherFormat as error:
        raise OtherFormat(f"{said(error)}; restore it with the Pincite that wrote it") from error
    except (sqlite3.DatabaseError, IndexProblem, ValueError) as error:
        if catalog.of_the_disk(error) or catalog.of_the_disk(error.__cause__):
            raise
        raise DamagedIndex(f"{path}: damaged, or no backup of Pincite ({said(error)}); use another") from error
    if wrong:
        raise DamagedIndex(f"{path}: damaged ({wrong}); use another")
