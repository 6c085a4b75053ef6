"""Everything that can be checked of a local index: that it is what was written, and that its parts agree."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Document
from pincite.errors import DamagedIndex
from pincite.stores.local import files
from pincite.stores.local.catalog import SEALED, Catalog, Row
from pincite.stores.local.generation import GENERATIONS, Generation

_DOCUMENTS = 64
"""Documents looked through at a time; they bound the memory."""

_OF_THEIR_DOCUMENT = "JOIN documents d ON d.id = p.document"

_ROUNDING = 0.01
"""Vectors of length 1 are kept in float16."""


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
                found = self._passages(document)
                passages += len(found)
                if hashlib.sha256(document.text.encode()).hexdigest() != document.digest:
                    yield f"{document.doc_id}: its text is not what was read (SHA-256 differs)"
                yield from _wrong_passages(document, found)
        yield from self._unsealed()
        if self.count() != (len(ids), passages):
            yield f"the catalogue: holds {len(ids)} documents and {passages} passages, and says it were {self.count()}"

    def _unsealed(self) -> Iterator[str]:
        """Rows that are not what was written, though they may agree with each other."""
        for what, table, joined in (
            ("its title, date or other facts are", "documents", "documents t JOIN documents d ON d.id = t.id"),
            ("a passage is", "passages", "passages t JOIN documents d ON d.id = t.document"),
            ("vectors are", "vectors", f"vectors t JOIN passages p ON p.key = t.key {_OF_THEIR_DOCUMENT}"),
        ):
            columns = ", ".join(f"t.{name}" for name in SEALED[table].split(", "))
            sql = f"SELECT DISTINCT d.doc_id FROM {joined} WHERE t.seal IS NOT seal({columns}) ORDER BY d.doc_id"
            yield from (f"{doc_id}: {what} not what was written" for (doc_id,) in self.db.execute(sql))

    def _passages(self, document: Document) -> list[Row]:
        """The passages of a document, in order, each with its vectors."""
        sql = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE d.doc_id = ? ORDER BY p.start"
        numbers = [row[0] for row in self.db.execute(sql, (document.doc_id,))]
        rows = self.rows(numbers)
        return [rows[number] for number in numbers if number in rows]

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


def _wrong_passages(document: Document, passages: Iterable[Row]) -> Iterator[str]:
    for passage, vectors in passages:
        if document.text[passage.start : passage.end] != passage.text:
            yield f"{passage.passage_id}: is not the text at {passage.start}-{passage.end}"
        ends = [passage.start, *(at for span in passage.sentences for at in span), passage.end]
        if ends != sorted(ends):
            yield f"{passage.passage_id}: has sentences that lie outside or across each other"
        if len(vectors) != 1 + len(passage.sentences):
            yield f"{passage.passage_id}: has {len(vectors)} vectors for {len(passage.sentences)} sentences"
        elif not np.allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=_ROUNDING):
            yield f"{passage.passage_id}: has vectors whose length is not 1"
