"""The SQLite catalogue: the one truth of a local index, from which everything else can be made again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Document, Filter, Passage, parse_date
from pincite.errors import DamagedIndex, FormatTooNew, IndexProblem
from pincite.stores.base import DocumentRecord, FileRecord, Manifest, Vectors
from pincite.stores.local.lexical import Entry

FORMAT = 1
FILE = "catalog.sqlite"

# Text stands last in a row: SQLite reads no further than the columns asked for, and long rows run over many pages.
_DOCUMENTS = """(id INTEGER PRIMARY KEY AUTOINCREMENT, doc_id TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
    state TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL, title_is_name INTEGER NOT NULL, url TEXT,
    source TEXT, author TEXT, date TEXT, first_day INTEGER, last_day INTEGER, metadata TEXT NOT NULL,
    headings TEXT NOT NULL, page_starts TEXT NOT NULL, text TEXT NOT NULL)"""
_PASSAGES = """(id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, start INTEGER NOT NULL,
    end INTEGER NOT NULL, heading TEXT, page INTEGER, key BLOB NOT NULL, sentences TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (document, start))"""
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL, scanned_ns INTEGER NOT NULL,
    problem TEXT) WITHOUT ROWID;
CREATE TABLE documents {_DOCUMENTS};
CREATE INDEX documents_path ON documents (path);
CREATE TABLE passages {_PASSAGES};
CREATE INDEX passages_key ON passages (key);
CREATE TABLE vectors (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, passage BLOB NOT NULL,
    sentences BLOB NOT NULL);
PRAGMA user_version = {FORMAT};
"""
# Staged rows live in SQLite's temporary database: they bound the memory of an update and lock nobody out.
_STAGE = f"""
CREATE TEMP TABLE staged_documents {_DOCUMENTS};
CREATE TEMP TABLE staged_passages {_PASSAGES};
CREATE TEMP TABLE removed (doc_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_DOCUMENT_COLUMNS = (
    "doc_id, path, state, digest, title, title_is_name, url, source, author, date, first_day, last_day, metadata, "
    "headings, page_starts, text"
)
_PASSAGE_COLUMNS = "start, end, heading, page, key, sentences, text"


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into Pincite's, with the mend in the message."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise IndexProblem(f"{path}: {error}; is the folder writable and the disk not full?") from error
    except sqlite3.DatabaseError as error:
        raise DamagedIndex(f"{path}: damaged ({error}); delete the index folder and run `pincite update`") from error


def connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open the catalogue, in autocommit mode: every transaction is begun by name.

    Raises:
        FormatTooNew: a newer Pincite wrote it.
        DamagedIndex: it is not a catalogue.
        IndexProblem: it cannot be opened or written.
    """
    with _translated(path):
        uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=60)
        try:
            _prepare(connection, path, create)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise FormatTooNew(f"{path}: format {version}, this Pincite reads up to {FORMAT}; install a newer pincite")
    if version == 0 and create:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    elif version == 0:
        raise DamagedIndex(f"{path}: not a Pincite catalogue; delete the index folder and run `pincite update`")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


class Catalog:
    """Queries over one connection; what they see is decided by the transaction that the caller began."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    # ------------------------------------------------------------ what the index says of itself

    def generation(self) -> int:
        """The generation whose derived files belong to this state; 0 before the first commit."""
        return int(self.meta("generation") or 0)

    def manifest(self) -> Manifest:
        """What the index says of itself."""
        value = self.meta("manifest")
        return Manifest(**json.loads(value)) if value else Manifest(settings={})

    def derived(self) -> dict[str, int]:
        """The derived files of the generation and their sizes in bytes."""
        return dict(json.loads(self.meta("derived") or "{}"))

    def meta(self, key: str) -> str | None:
        """A value of the catalogue's own table."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put_meta(self, **values: str) -> None:
        """Set values of the catalogue's own table."""
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def put_manifest(self, manifest: Manifest) -> None:
        """Say what the index is now."""
        self.put_meta(manifest=json.dumps(asdict(manifest)))

    # ------------------------------------------------------------ documents and passages

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id."""
        rows = self._db.execute(
            "SELECT doc_id, title, title_is_name, url, source, author, date, metadata, headings, page_starts, text"
            " FROM documents WHERE doc_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {row[0]: _document(row) for row in rows}

    def passages(self, numbers: Collection[int]) -> list[tuple[int, Passage]]:
        """Passages with their private numbers."""
        return self._passages("p.id IN (SELECT value FROM json_each(?))", json.dumps(list(numbers)))

    def passages_of(self, doc_id: str) -> list[Passage]:
        """A document's passages in order."""
        return [passage for _, passage in self._passages("d.doc_id = ?", doc_id)]

    def _passages(self, condition: str, value: str) -> list[tuple[int, Passage]]:
        rows = self._db.execute(
            "SELECT p.id, d.doc_id, d.digest, p.start, p.end, p.heading, p.page, p.sentences, p.text FROM passages p"
            f" JOIN documents d ON d.id = p.document WHERE {condition} ORDER BY p.document, p.start",
            (value,),
        )
        return [(row[0], _passage(row[1:])) for row in rows]

    def names(self, numbers: Collection[int]) -> dict[int, str]:
        """Passage ids by private number."""
        rows = self._db.execute(
            "SELECT p.id, d.doc_id, d.digest, p.start FROM passages p JOIN documents d ON d.id = p.document"
            " WHERE p.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {number: passage_id(doc_id, digest, start) for number, doc_id, digest, start in rows}

    def numbers(self, ids: Collection[str]) -> dict[str, int]:
        """Private numbers by passage id; unknown ids are left out."""
        found = {}
        for each in ids:
            doc_id, digest, start = _parts(each)
            row = self._db.execute(
                "SELECT p.id, d.digest FROM documents d JOIN passages p ON p.document = d.id"
                " WHERE d.doc_id = ? AND p.start = ?",
                (doc_id, start),
            ).fetchone()
            if row and row[1].startswith(digest):
                found[each] = int(row[0])
        return found

    def allowed(self, where: Filter) -> npt.NDArray[np.int64]:
        """Private numbers of the passages whose document fits ``where``, ascending."""
        condition, values = _condition(where)
        rows = self._db.execute(
            f"SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {condition} ORDER BY p.id", values
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def count(self, where: Filter | None) -> tuple[int, int]:
        """How many documents and passages fit; of all together the commit has kept count."""
        if where is None:
            documents, passages = json.loads(self.meta("counts") or "[0, 0]")
            return documents, passages
        condition, values = _condition(where)
        sql = "SELECT count(DISTINCT d.id), count(p.id) FROM documents d LEFT JOIN passages p ON p.document = d.id"
        documents, passages = self._db.execute(f"{sql} WHERE {condition}", values).fetchone()
        return documents, passages

    def entries(self, numbers: Sequence[int] | None = None) -> Iterator[Entry]:
        """What the lexical index holds of each passage (with these numbers)."""
        condition = "1" if numbers is None else "p.id IN (SELECT value FROM json_each(?))"
        rows = self._db.execute(
            "SELECT p.id, d.doc_id, d.title, coalesce(p.heading, ''), p.text, d.source, d.author, d.date"
            f" FROM passages p JOIN documents d ON d.id = p.document WHERE {condition} ORDER BY p.id",
            [] if numbers is None else [json.dumps(list(numbers))],
        )
        return (Entry(*row) for row in rows)

    def records(self) -> dict[str, DocumentRecord]:
        """Every document's record."""
        rows = self._db.execute("SELECT doc_id, path, state, digest FROM documents")
        return {row[0]: DocumentRecord(path=row[1], state=row[2], digest=row[3]) for row in rows}

    def files(self) -> dict[str, FileRecord]:
        """The corpus files."""
        rows = self._db.execute("SELECT path, stamp, digest, scanned_ns, problem FROM files ORDER BY path")
        return {row[0]: FileRecord(**_file(row)) for row in rows}

    def put_files(self, records: Iterable[FileRecord]) -> None:
        """Add files, or say what they are now."""
        self._db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
            ((r.path, json.dumps(r.stamp), r.digest, r.scanned_ns, r.problem) for r in records),
        )

    def drop_files(self, paths: Iterable[str]) -> None:
        """Forget files."""
        self._db.executemany("DELETE FROM files WHERE path = ?", ((path,) for path in paths))

    # ------------------------------------------------------------ vectors

    def missing(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vectors."""
        have = (self._db.execute("SELECT 1 FROM vectors WHERE key = ?", (key,)).fetchone() for key in keys)
        return {key for key, row in zip(keys, have, strict=True) if row is None}

    def put_vectors(self, keys: Sequence[bytes], rows: Sequence[Vectors]) -> None:
        """Keep vectors, in a transaction of their own."""
        halves = (np.asarray(row, np.float16) for row in rows)
        values = [(key, half[0].tobytes(), half[1:].tobytes()) for key, half in zip(keys, halves, strict=True)]
        with transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO vectors (key, passage, sentences) VALUES (?, ?, ?)", values)

    def vectors(self, numbers: Collection[int]) -> dict[int, Vectors]:
        """Each passage's own vector and its sentences', as float32."""
        rows = self._db.execute(
            "SELECT p.id, v.passage, v.sentences FROM passages p JOIN vectors v ON v.key = p.key"
            " WHERE p.id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {number: _rows(passage, sentences) for number, passage, sentences in rows}

    def dense_blocks(self, size: int = 8192) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float16]]]:
        """Numbers and passage vectors of everything, in blocks, ascending."""
        cursor = self._db.execute(
            "SELECT p.id, v.passage FROM passages p JOIN vectors v ON v.key = p.key ORDER BY p.id"
        )
        while block := cursor.fetchmany(size):
            data = np.frombuffer(b"".join(row[1] for row in block), np.float16)
            yield np.array([row[0] for row in block], np.int64), data.reshape(len(block), -1)

    # ------------------------------------------------------------ staging and applying an update

    def begin_staging(self) -> None:
        """Make the temporary tables of an update."""
        self._db.executescript(_STAGE)

    def stage(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Keep a document aside until the commit."""
        marks = ", ".join("?" * 16)
        sql = f"INSERT INTO staged_documents ({_DOCUMENT_COLUMNS}) VALUES ({marks})"
        number = self._db.execute(sql, _document_row(document, record)).lastrowid
        self._db.executemany(
            f"INSERT INTO staged_passages (document, {_PASSAGE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            ((number, *_passage_row(passage, key)) for passage, key in zip(passages, keys, strict=True)),
        )

    def stage_removal(self, doc_ids: Iterable[str]) -> None:
        """Keep ids aside that the commit will remove."""
        self._db.executemany("INSERT OR IGNORE INTO removed VALUES (?)", ((each,) for each in doc_ids))

    def staged(self) -> bool:
        """Whether the commit has anything to change."""
        sql = "SELECT EXISTS (SELECT 1 FROM staged_documents) OR EXISTS (SELECT 1 FROM removed)"
        return bool(self._db.execute(sql).fetchone()[0])

    def apply(self, *, fresh: bool) -> tuple[list[int], list[int]]:
        """Put the staged documents in place; the passage numbers that went and that came."""
        everything = "SELECT id FROM documents"
        replaced = (
            f"{everything} WHERE doc_id IN (SELECT doc_id FROM staged_documents UNION SELECT doc_id FROM removed)"
        )
        gone = everything if fresh else replaced
        removed = [row[0] for row in self._db.execute(f"SELECT id FROM passages WHERE document IN ({gone})")]
        self._db.execute(f"DELETE FROM passages WHERE document IN ({gone})")
        self._db.execute(f"DELETE FROM documents WHERE id IN ({gone})")
        if fresh:
            self._db.execute("DELETE FROM files")
        last = self._db.execute("SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'passages'").fetchone()
        self._move_staged()
        added = [row[0] for row in self._db.execute("SELECT id FROM passages WHERE id > ?", (last[0] if last else 0,))]
        counts = self._db.execute("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)").fetchone()
        self.put_meta(counts=json.dumps(counts))
        self._db.execute("DELETE FROM vectors WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.key = vectors.key)")
        return removed, added

    def _move_staged(self) -> None:
        self._db.execute(
            f"INSERT INTO documents ({_DOCUMENT_COLUMNS}) SELECT {_DOCUMENT_COLUMNS} FROM staged_documents ORDER BY id"
        )
        self._db.execute(
            f"INSERT INTO passages (document, {_PASSAGE_COLUMNS})"
            f" SELECT d.id, {', '.join('p.' + name for name in _PASSAGE_COLUMNS.split(', '))} FROM staged_passages p"
            " JOIN staged_documents s ON s.id = p.document JOIN documents d ON d.doc_id = s.doc_id ORDER BY p.id"
        )

    def end_staging(self) -> None:
        """Empty the temporary tables."""
        for table in ("staged_documents", "staged_passages", "removed"):
            self._db.execute(f"DELETE FROM temp.{table}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction, rolled back when the block raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def passage_id(doc_id: str, digest: str, start: int) -> str:
    """The id of the passage of a document that begins at ``start``."""
    return f"{doc_id}@{digest[:16]}:{start}"


def _parts(each: str) -> tuple[str, str, int]:
    name, _, start = each.rpartition(":")
    doc_id, _, digest = name.rpartition("@")
    return doc_id, digest, int(start) if start.isdigit() else -1


def _condition(where: Filter) -> tuple[str, list[Any]]:
    parts, values = ["1"], list[Any]()
    for name, allowed in (("source", where.source), ("author", where.author), ("doc_id", where.doc_ids)):
        if allowed is not None:
            parts.append(f"d.{name} IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(list(allowed)))
    first, last = where.days
    for bound, test in ((first, "d.last_day >= ?"), (last, "d.first_day <= ?")):
        if bound is not None:
            parts.append(test)
            values.append(bound)
    return " AND ".join(parts), values


def _document_row(document: Document, record: DocumentRecord) -> tuple[Any, ...]:
    d = document
    first, last = (parse_date(d.date) if d.date else None) or (None, None)
    packed = (json.dumps(d.metadata, ensure_ascii=False), json.dumps(d.headings), json.dumps(d.page_starts))
    named = (d.doc_id, record.path, record.state, d.digest, d.title, d.title_is_name)
    return (*named, d.url, d.source, d.author, d.date, first, last, *packed, d.text)


def _document(row: Sequence[Any]) -> Document:
    doc_id, title, is_name, url, source, author, date, metadata, headings, page_starts, text = row
    return Document(
        doc_id=doc_id, title=title, title_is_name=bool(is_name), url=url, source=source, author=author, date=date,
        metadata=json.loads(metadata), headings=_spans(headings), page_starts=tuple(json.loads(page_starts)), text=text,
    )  # fmt: skip


def _passage_row(p: Passage, key: bytes) -> tuple[Any, ...]:
    return (p.start, p.end, p.heading, p.page, key, json.dumps(p.sentences), p.text)


def _passage(row: Sequence[Any]) -> Passage:
    doc_id, digest, start, end, heading, page, sentences, text = row
    return Passage(
        passage_id=passage_id(doc_id, digest, start), doc_id=doc_id, text=text, start=start, end=end, heading=heading,
        page=page, sentences=_spans(sentences),
    )  # fmt: skip


def _spans(packed: str) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in json.loads(packed))


def _file(row: Sequence[Any]) -> dict[str, Any]:
    path, stamp, digest, scanned_ns, problem = row
    return {
        "path": path,
        "stamp": tuple(json.loads(stamp)),
        "digest": digest,
        "scanned_ns": scanned_ns,
        "problem": problem,
    }


def _rows(passage: bytes, sentences: bytes) -> Vectors:
    first = np.frombuffer(passage, np.float16)
    rest = np.frombuffer(sentences, np.float16).reshape(-1, len(first))
    return np.vstack([first[np.newaxis, :], rest]).astype(np.float32)
