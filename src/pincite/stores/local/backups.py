"""A catalogue in one file, from which an index can be made on another machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pincite.errors import DamagedCatalogue, DamagedIndex, IndexProblem, OtherFormat
from pincite.stores.base import State, pour
from pincite.stores.local import catalog, files
from pincite.stores.local.catalog import Catalog
from pincite.stores.local.writer import LocalWriter


def write(source: sqlite3.Connection, path: Path) -> None:
    """Copy the state that ``source`` sees to ``path``, all of it or nothing; raises `IndexProblem` if it cannot."""
    if path.is_dir():
        raise IndexProblem(f"{path}: a folder; name a file")
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with catalog.translating(path):
            with closing(sqlite3.connect(temporary)) as target:
                source.backup(target)
                target.execute("PRAGMA journal_mode = DELETE")
                catalog.shrink(target)
            with catalog.opened(temporary) as copied:
                for wrong in copied.problems():
                    raise DamagedCatalogue(f"{wrong}; nothing was written: see `pincite status --verify`")
            files.sync(temporary)
            temporary.replace(path)
            files.sync(path.parent)
    finally:
        for path in temporary.parent.glob(f"{temporary.name}*"):
            path.unlink()


class _CatalogueWriter(LocalWriter):
    """Writes a catalogue without what is derived from it."""

    def _publish(self, old: int, new: int, removed: Sequence[int], last: int, *, damaged: bool) -> None:
        """Nobody searches it."""


def write_all(state: State, name: str, path: Path) -> None:
    """Write all of a state of a store of another kind, called ``name`` in errors, to ``path``."""
    with TemporaryDirectory() as folder, _CatalogueWriter(Path(folder), fresh=True) as writer:
        pour(state, name, writer)
        write(writer.db, path)


@contextmanager
def opened(path: Path) -> Iterator[Catalog]:
    """What a backup holds, looked through and whole.

    Raises:
        DamagedIndex: it is no backup, or is damaged.
        OtherFormat: another Pincite wrote it.
    """
    if not path.is_file():
        raise IndexProblem(f"{path}: no such file; name one that `pincite backup` wrote")
    with ExitStack() as opening:
        try:
            state = opening.enter_context(catalog.opened(path, catalog.IMMUTABLE))
            wrong = next(state.problems(), None)
        except (sqlite3.DatabaseError, IndexProblem, ValueError) as error:
            if catalog.of_the_disk(error) or catalog.of_the_disk(error.__cause__):
                raise
            reason = str(error).partition("; `")[0]  # what to do about an index is no help here
            if isinstance(error, OtherFormat):
                raise OtherFormat(f"{reason}; restore it with the Pincite that wrote it") from error
            raise DamagedIndex(f"{path}: damaged, or no backup of Pincite ({reason}); use another") from error
        if wrong:
            raise DamagedIndex(f"{path}: damaged ({wrong}); use another")
        yield state
