"""A catalogue in one file, from which an index can be made on another machine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from pincite.errors import DamagedCatalogue, DamagedIndex, IndexProblem, OtherFormat
from pincite.stores.local import catalog, files
from pincite.stores.local.verifying import Verification

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
            if wrong := _problem(made):
                raise DamagedCatalogue(f"{wrong}; nothing was written: see `pincite status --verify`")
        with catalog.translating(path):
            files.sync(made)
            made.replace(path)
            files.sync(path.parent)
    finally:
        for path in made.parent.glob(f"{made.name}*"):
            path.unlink()


def _problem(path: Path) -> str | None:
    """The first thing that is wrong with a catalogue."""
    with closing(catalog.connect(path)) as db:
        return next(Verification(path.parent, db).of_the_catalogue(), None)


@contextmanager
def opened(path: Path, index: Path) -> Iterator[Path]:
    """A copy of a backup, found whole.

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
        yield from _copied_into(path, index)
    finally:
        if new:
            with suppress(OSError):  # it holds an index now
                index.rmdir()


def _copied_into(path: Path, index: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=index, prefix=f"{COPY}{os.getpid()}-") as folder, catalog.translating(index):
        copy = Path(folder, catalog.FILE)
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
            _copied(source, target, path)
        _check(copy, path)
        yield copy


def _check(copy: Path, path: Path) -> None:
    """Look at all of a copy of a backup."""
    try:
        wrong = _problem(copy)
    except OtherFormat as error:
        wrong = str(error).replace(str(copy), str(path)).split("; `")[0]
        raise OtherFormat(f"{wrong}; restore it with the Pincite that wrote it") from error
    except (sqlite3.DatabaseError, IndexProblem, ValueError) as error:
        if catalog.of_the_disk(error) or catalog.of_the_disk(error.__cause__):
            raise
        wrong = str(error).replace(str(copy), str(path)).split("; `")[0]  # what to do about an index is no help here
    if wrong:
        raise DamagedIndex(f"{path}: damaged ({wrong}); use another")


def _copied(source: sqlite3.Connection, target: sqlite3.Connection, path: Path) -> None:
    try:
        source.backup(target)
        found = [str(row[0]) for row in target.execute("PRAGMA integrity_check(1)")]
        version = target.execute("PRAGMA user_version").fetchone()[0]
        version = version and target.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DamagedIndex(f"{path}: damaged, or no backup of Pincite ({error}); use another") from error
    if found != ["ok"] or not version:
        reason = f"damaged ({found[0]})" if version else "no backup of Pincite"
        raise DamagedIndex(f"{path}: {reason}; use another")
