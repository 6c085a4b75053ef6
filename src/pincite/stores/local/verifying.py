"""Everything that can be checked of a local index: that it is what was written, and that its parts agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pincite.errors import DamagedIndex
from pincite.stores.checks import wrong_passages, wrong_text
from pincite.stores.local import files
from pincite.stores.local.catalog import JOINED, META, SEALED, Catalog
from pincite.stores.local.generation import GENERATIONS, Generation

_DOCUMENTS = 64
"""Documents looked through at a time; they bound the memory."""


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
        ids = self.doc_ids()
        passages = 0
        for at in range(0, len(ids), _DOCUMENTS):
            for document in self.documents(ids[at : at + _DOCUMENTS]).values():
                found = [(passage, vector) for _, passage, vector in self.keyed_passages(document.doc_id)]
                passages += len(found)
                yield from wrong_text(document)
                yield from wrong_passages(document, found)
        paths = {record.path for record in self.records().values()}
        yield from (f"{path}: what its file was like is missing" for path in sorted(paths - self.files().keys()))
        yield from self._unsealed()
        if self.count() != (len(ids), passages):
            stated = "{} documents and {} passages".format(*self.count())
            yield f"the catalogue: should hold {stated}; whole, vectors included, are {len(ids)} and {passages}"
        _ = self.manifest, self.derived()
        if self.db.execute(f"SELECT hex({META})").fetchone()[0] != self.meta("seal", ""):
            yield "the catalogue: what it says of itself or of the corpus files is not what was written"

    def _unsealed(self) -> Iterator[str]:
        """Rows that are not what was written, though they may agree with each other."""
        for what, table, joined in (
            ("its title, date or other facts are", "documents", "documents t JOIN documents d ON d.id = t.id"),
            ("a passage is", "passages", "passages t JOIN documents d ON d.id = t.document"),
            ("a vector is", "vectors", f"{JOINED} JOIN vectors t ON t.key = p.key"),
        ):
            columns = ", ".join(f"t.{name}" for name in SEALED[table].split(", "))
            sql = f"SELECT DISTINCT d.doc_id FROM {joined} WHERE t.seal IS NOT seal({columns}) ORDER BY d.doc_id"
            yield from (f"{doc_id}: {what} not what was written" for (doc_id,) in self.db.execute(sql))

    def of_the_derived_files(self) -> Iterator[str]:
        """What is wrong with the files of FAISS and Tantivy."""
        if not self.generation:
            return
        folder = self._folder / GENERATIONS / str(self.generation)
        wrong = files.problems(folder, self.derived())
        yield from wrong
        if wrong:
            return
        try:
            generation = Generation(folder, self.derived())
        except DamagedIndex as error:
            yield str(error)
            return
        expected = np.fromiter((row[0] for row in self.db.execute("SELECT id FROM passages ORDER BY id")), np.int64)
        for name, numbers in (("FAISS", generation.dense.numbers()), ("Tantivy", generation.lexical.numbers())):
            if not np.array_equal(np.sort(numbers), expected):
                yield f"{folder}: {name} holds {_differing(numbers, expected)} passages that the catalogue does not"


def _differing(numbers: npt.NDArray[np.int64], expected: npt.NDArray[np.int64]) -> str:
    return f"{len(np.setdiff1d(numbers, expected))}, and lacks {len(np.setdiff1d(expected, numbers))}, of the"
