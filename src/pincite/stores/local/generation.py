"""One generation of derived files, opened for reading and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pincite.datatypes import Document, count
from pincite.errors import DamagedIndex, PinciteError
from pincite.stores.local import dense, files, lexical
from pincite.stores.local.catalog import Catalog, Row
from pincite.stores.local.files import Written
from pincite.stores.memory import Memory, document_size, row_size

GENERATIONS = "generations"
"""The folder in an index that holds a folder for each generation."""


class Generation:
    """The derived indexes of one generation, and what was read of its catalogue, shared by its snapshots.

    Raises:
        DamagedIndex: a file is missing, has another size, or cannot be opened.
    """

    def __init__(self, folder: Path, known: Mapping[str, Written]) -> None:
        self._folder = folder
        self.known = known
        for problem in files.problems(folder, known, read=False):
            raise DamagedIndex(f"{problem}; {files.MEND}")
        with self.reading():
            self.dense = dense.DenseIndex(folder)
            self.lexical = lexical.LexicalIndex(folder)
        self.rows = Memory[int, Row](row_size)
        self.documents = Memory[str, Document](document_size)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Name damage as such: numpy, FAISS and Tantivy raise what they will over bytes that they did not write."""
        try:
            yield
        except PinciteError:
            raise
        except BaseException as error:
            # When Tantivy's own code gives up: that class has no name to import, and is no `Exception`.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            reason = " ".join(str(error).split())[:200]
            raise DamagedIndex(f"{self._folder}: cannot be read ({reason}); {files.VERIFY}") from error


def problems(index: Path, state: Catalog) -> Iterator[str]:
    """What is wrong with the files of FAISS and Tantivy that belong to a state of the catalogue."""
    if not state.generation:
        return
    folder, known = index / GENERATIONS / str(state.generation), state.derived()
    wrong = list(files.problems(folder, known, read=True))
    if wrong or not known:
        yield from wrong or [f"{folder}: the list of its files is missing"]
        return
    try:
        generation = Generation(folder, known)
    except DamagedIndex as error:
        yield str(error)
        return
    expected = np.fromiter((row[0] for row in state.db.execute("SELECT id FROM passages ORDER BY id")), np.int64)
    for name, numbers in (("FAISS", generation.dense.numbers()), ("Tantivy", generation.lexical.numbers())):
        if not np.array_equal(np.sort(numbers), expected):
            more, fewer = len(np.setdiff1d(numbers, expected)), len(np.setdiff1d(expected, numbers))
            has = f"has {count(more, 'passage')} that the catalogue lacks"
            yield f"{folder}: {name} {has}, and lacks {fewer} that it holds"
