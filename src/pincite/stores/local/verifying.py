"""Everything that can be checked of a local index: that it is what was written, and that its parts agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from pincite.errors import DamagedIndex
from pincite.stores import checks
from pincite.stores.base import Manifest
from pincite.stores.local import catalog, files
from pincite.stores.local.catalog import Catalog
from pincite.stores.local.generation import GENERATIONS, Generation


def first_problem(path: Path) -> str | None:
    """The first thing that is wrong with a catalogue.

    Raises:
        DamagedCatalogue, sqlite3.Error: it cannot be read at all.
        OtherFormat: another Pincite wrote it.
    """
    with closing(catalog.connect(path)) as db:
        return next(Verification(path.parent, db).of_the_catalogue(), None)


class Verification(Catalog):
    """The checks of one state of an index, over a connection in a read transaction."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self.db = db

    def of_the_catalogue(self) -> Iterator[str]:
        """What is wrong with the catalogue: its pages, and what its rows say of each other."""
        integrity = [str(row[0]) for row in self.db.execute("PRAGMA integrity_check(10)")]
        if integrity != ["ok"]:
            yield from (f"the catalogue: {problem}" for problem in integrity)
            return
        yield from checks.problems(self)
        if self.generation and self.manifest == Manifest(settings={}):
            yield "the catalogue: what it says of itself is missing"

    def of_the_derived_files(self) -> Iterator[str]:
        """What is wrong with the files of FAISS and Tantivy."""
        if not self.generation:
            return
        folder = self._folder / GENERATIONS / str(self.generation)
        known = self.derived()
        wrong = list(files.problems(folder, known, read=True))
        if wrong or not known:
            yield from wrong or [f"{folder}: the list of its files is missing"]
            return
        try:
            generation = Generation(folder, known)
        except DamagedIndex as error:
            yield str(error)
            return
        expected = np.fromiter((row[0] for row in self.db.execute("SELECT id FROM passages ORDER BY id")), np.int64)
        for name, numbers in (("FAISS", generation.dense.numbers()), ("Tantivy", generation.lexical.numbers())):
            if not np.array_equal(np.sort(numbers), expected):
                more, fewer = len(np.setdiff1d(numbers, expected)), len(np.setdiff1d(expected, numbers))
                yield f"{folder}: {name} has {more} passages that the catalogue lacks, and lacks {fewer} that it holds"
