"""The SQLite catalogue: the one truth of a local index, from which everything else can be made again."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pincite import names
from pincite.datatypes import Document, Filter, Listed, Passage, Span, passage_id, tables_of
from pincite.errors import DamagedCatalogue, DamagedIndex, IndexBusy, IndexProblem, NoIndex, OtherFormat
from pincite.stores.base import Content, DocumentRecord, FileRecord, Manifest, Vectors, problems
from pincite.stores.local.dense import Block
from pincite.stores.local.files import MEND, Written
from pincite.stores.local.lexical import Entry

FORMAT = 2
"""Counts up when tables or what they hold change; an index of another is made anew from the articles."""

FILE = "catalog.sqlite"
CREATE, IMMUTABLE = "mode=rwc", "immutable=1"
"""How a catalogue is opened that may have to be made, and one that nobody writes."""

PATIENCE = 60
"""Seconds to wait for another connection's transaction."""

DOCUMENT_COLUMNS = (
    "doc_id, path, state, digest, title, title_is_name, url, source, author, date, first_day, last_day, metadata, "
    "headings, tables, page_starts, text"
)
PASSAGE_COLUMNS = "start, end, heading, columns, page, key, sentences, text"

# Text stands last in a row: SQLite reads no further than the columns asked for, and long rows run over many pages.
# Numbers are private and never used again.
TABLES = {
    "documents": """id INTEGER PRIMARY KEY AUTOINCREMENT, doc_id TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
        state TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL, title_is_name INTEGER NOT NULL, url TEXT,
        source TEXT, author TEXT, date TEXT, first_day INTEGER, last_day INTEGER, metadata TEXT NOT NULL,
        headings TEXT NOT NULL, tables TEXT NOT NULL, page_starts TEXT NOT NULL, text TEXT NOT NULL""",
    "passages": """id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL, start INTEGER NOT NULL,
        end INTEGER NOT NULL, heading TEXT, columns TEXT, page INTEGER, key BLOB NOT NULL,
        sentences TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (document, start)""",
    "vectors": "id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL",
    # Keys of vectors put since the last commit: what of these no passage took over goes with the next one.
    "orphaned": "key BLOB PRIMARY KEY",
    "files": """path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL, scanned_ns INTEGER NOT NULL,
        problem TEXT, skipped TEXT NOT NULL""",
    "meta": "key TEXT PRIMARY KEY, value TEXT NOT NULL",
}
_SCHEMA = f"""
BEGIN IMMEDIATE;
{"".join(f"CREATE TABLE {name} ({columns});" for name, columns in TABLES.items())}
CREATE INDEX passages_key ON passages (key);
CREATE INDEX documents_digest ON documents (digest);
PRAGMA user_version = {FORMAT};
COMMIT;
"""
_DISK_CODES = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}
_BLOCK = 8192
_WORTH_SHRINKING = 4 << 20  # bytes

Row = tuple[Passage, npt.NDArray[np.float16]]
"""A passage and its vector, of shape (dimension,)."""

_MEND = "`pincite update CORPUS` makes it anew from the articles"
_AMONG = "IN (SELECT value FROM json_each(?))"
JOINED = "passages p JOIN documents d ON d.id = p.document"


def of_the_disk(error: BaseException | None) -> bool:
    """Whether an error of SQLite or the system is the disk's, not the data's."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_CODES or isinstance(error, OSError)


def _translated(path: Path, error: BaseException) -> BaseException:
    """Pincite's error for one of SQLite's or the system's; any other itself."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    # Text that is no UTF-8 has no code of its own, and where it stands in SQLite's own message not even an error.
    garbled = isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error)
    if garbled or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DamagedCatalogue(f"{path}: the catalogue is damaged ({error}); {_MEND}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return IndexBusy(f"{path}: {error}: another process has been writing for {PATIENCE} s; try again")
    if of_the_disk(error):
        return IndexProblem(f"{path}: {error}; is the folder writable and the disk not full?")
    return IndexProblem(f"{path}: {error}") if isinstance(error, sqlite3.OperationalError) else error


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raise Pincite's errors in the place of SQLite's and the system's."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        if (problem := _translated(path, error)) is error:
            raise
        raise problem from error


def connect(path: Path, mode: str | None = None) -> sqlite3.Connection:
    """Open the catalogue, in autocommit mode: every transaction is begun by name.

    Args:
        path: the file.
        mode: `CREATE` makes one where there is none, `IMMUTABLE` takes no locks; by default whatever this process may.

    Raises:
        NoIndex: there is none, and none is to be made.
        OtherFormat: another Pincite wrote it.
        DamagedCatalogue: it is not a catalogue.
        IndexProblem: it cannot be opened or written.
    """
    if mode is None and not path.is_file():
        raise NoIndex(f"{path.parent}: no index here; make one with `pincite update CORPUS --index {path.parent}`")
    uri = f"{path.absolute().as_uri()}?{mode or _mode(path)}"
    with translating(path), ExitStack() as opening:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=PATIENCE)
        opening.callback(connection.close)
        _prepare(connection, path, mode == CREATE)
        connection.create_function("name_key", 1, lambda name: names.key(name or ""), deterministic=True)
        connection.create_function("is_by", 2, _is_by, deterministic=True)
        opening.pop_all()
    return connection


def may_be_written(path: Path) -> bool:
    """Whether this process may write a catalogue, and the files that SQLite makes beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _mode(path: Path) -> str:
    if may_be_written(path):
        return "mode=rw"
    # SQLite keeps readers apart from a writer by files beside a catalogue. Where there are none, nobody writes.
    return "mode=ro" if path.with_name(f"{path.name}-wal").exists() else IMMUTABLE


def shrink(connection: sqlite3.Connection) -> None:
    """Give the space of deleted rows back, once it is most of the file."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    if free > pages / 2 and free * size > _WORTH_SHRINKING:
        connection.execute("VACUUM")


def _prepare(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, FORMAT):
        mend = f"`pincite update CORPUS --index {path.parent} --rebuild` makes it anew from the articles"
        raise OtherFormat(f"{path}: format {version}, this Pincite reads format {FORMAT}; {mend}")
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise IndexProblem(f"{path}: a database of something else; move it away, or name another folder with --index")
    if version == 0:
        if not create:
            raise DamagedCatalogue(f"{path}: not a Pincite catalogue; {_MEND}")
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_SCHEMA)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


class Catalog:
    """Queries over one connection; what they see is decided by the transaction that the caller began."""

    db: sqlite3.Connection

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = ExitStack()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Close it; errors of the system are left alone, since they may be the caller's own."""
        self._open.close()
        if isinstance(error, sqlite3.Error) and (problem := _translated(self._path, error)) is not error:
            raise problem from error

    @property
    def generation(self) -> int:
        """The generation whose derived files belong to this state; 0 before the first commit."""
        with _readable():
            return int(self.meta("generation", 0))

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""
        with _readable():
            return Manifest(**self.meta("manifest", {"settings": {}}))

    def meta(self, key: str, default: object) -> Any:  # noqa: ANN401 (JSON)
        """A value of the catalogue's own table; raises `DamagedCatalogue` where it cannot be read."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        with _readable():
            return default if row is None else json.loads(row[0])

    def put_meta(self, key: str, value: object) -> None:
        """Set a value of that table."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def derived(self) -> dict[str, Written]:
        """The derived files of the generation, and what was written; raises `DamagedIndex` where that is unknown."""
        try:
            return {name: Written(*file) for name, file in self.meta("derived", {}).items()}
        except (DamagedCatalogue, AttributeError, TypeError) as error:
            raise DamagedIndex(f"the list of derived files cannot be read ({error}); {MEND}") from error

    def files(self) -> dict[str, FileRecord]:
        """The corpus files."""
        rows = self.db.execute("SELECT path, stamp, digest, scanned_ns, problem, skipped FROM files")
        with _readable():
            return {
                path: FileRecord._make((path, tuple(json.loads(stamp)), *seen, json.loads(skipped)))
                for path, stamp, *seen, skipped in rows
            }

    def doc_ids(self) -> list[str]:
        """The ids of all documents, in order."""
        return [row[0] for row in self.db.execute("SELECT doc_id FROM documents ORDER BY doc_id")]

    def records(self, ids: Collection[str] | None = None) -> dict[str, DocumentRecord]:
        """Documents' records, of all or by id."""
        condition, values = ("1", []) if ids is None else (f"doc_id {_AMONG}", [json.dumps(list(ids))])
        rows = self.db.execute(f"SELECT doc_id, path, state, digest FROM documents WHERE {condition}", values)
        return {doc_id: DocumentRecord(*record) for doc_id, *record in rows}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id."""
        rows = self.db.execute(
            "SELECT doc_id, digest, title, title_is_name, url, source, author, date, metadata, headings, tables,"
            f" page_starts, text FROM documents WHERE doc_id {_AMONG}",
            (json.dumps(list(ids)),),
        )
        with _readable():
            return {row[0]: _document(row) for row in rows}

    def with_digest(self, prefix: str) -> Document | None:
        """A document by the beginning of its digest."""
        sql = "SELECT doc_id FROM documents WHERE digest >= ? AND digest < ? LIMIT 1"
        row = self.db.execute(sql, (prefix, f"{prefix}g")).fetchone()  # the digits end with f
        return self.documents(row)[row[0]] if row else None

    def listed(self, where: Filter | None = None) -> list[Listed]:
        """Documents without their texts, in order."""
        condition, values = _condition(where or Filter())
        names = [field.name for field in fields(Listed)]
        sql = f"SELECT {', '.join(names)} FROM documents d WHERE {condition} ORDER BY doc_id"
        return [Listed(**dict(zip(names, row, strict=True))) for row in self.db.execute(sql, values)]

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages fit; of all together the commit has kept count."""
        if where is None:
            with _readable():
                documents, passages = self.meta("counts", [0, 0])
                return int(documents), int(passages)
        condition, values = _condition(where)
        sql = "SELECT count(DISTINCT d.id), count(p.id) FROM documents d LEFT JOIN passages p ON p.document = d.id"
        documents, passages = self.db.execute(f"{sql} WHERE {condition}", values).fetchone()
        return documents, passages

    def numbers(self, ids: Collection[str]) -> dict[str, int]:
        """Private numbers by passage id; unknown ids are left out."""
        sql = f"SELECT p.id, d.digest FROM {JOINED} WHERE d.doc_id = ? AND p.start = ?"
        numbers = {}
        for passage in ids:
            name, _, start = passage.rpartition(":")
            doc_id, _, digest = name.rpartition("@")
            row = self.db.execute(sql, (doc_id, int(start) if start.isdigit() else -1)).fetchone()
            if row and row[1].startswith(digest):
                numbers[passage] = int(row[0])
        return numbers

    def rows(self, numbers: Collection[int]) -> dict[int, Row]:
        """Passages, each with its vector, by private number."""
        rows = self.db.execute(
            "SELECT p.id, v.vector, d.doc_id, d.digest, p.start, p.end, p.heading, p.columns, p.page, p.sentences,"
            f" p.text FROM {JOINED} JOIN vectors v ON v.key = p.key WHERE p.id {_AMONG}",
            (json.dumps(list(numbers)),),
        )
        with _readable():
            return {row[0]: _row(row[1:]) for row in rows}

    def contents(self) -> Iterator[Content]:
        """All documents, in the order of their ids, with what was made of them, passages without a vector aside."""
        sql = f"SELECT p.id, p.key FROM {JOINED} WHERE d.doc_id = ? ORDER BY p.start"
        for doc_id in self.doc_ids():
            keys = dict(self.db.execute(sql, (doc_id,)).fetchall())
            rows = self.rows(keys)
            keys = {number: key for number, key in keys.items() if number in rows}
            passages, vectors = [rows[number][0] for number in keys], [rows[number][1] for number in keys]
            document, record = self.documents([doc_id])[doc_id], self.records([doc_id])[doc_id]
            yield Content(document, record, passages, list(keys.values()), vectors)

    def problems(self) -> Iterator[str]:
        """What is wrong with the catalogue: its pages, and what its rows say of each other."""
        integrity = [str(row[0]) for row in self.db.execute("PRAGMA integrity_check(10)")]
        if integrity != ["ok"]:
            yield from (f"the catalogue: {problem}" for problem in integrity)
            return
        yield from problems(self)
        if self.generation and self.manifest == Manifest(settings={}):
            yield "the catalogue: what it says of itself is missing"

    def allowed(self, where: Filter) -> npt.NDArray[np.int64]:
        """Private numbers of the passages whose document fits ``where``, ascending."""
        condition, values = _condition(where)
        rows = self.db.execute(f"SELECT p.id FROM {JOINED} WHERE {condition} ORDER BY p.id", values)
        return np.fromiter((row[0] for row in rows), np.int64)

    def entries(self, numbers: Sequence[int] | None = None) -> Iterator[Entry]:
        """What the lexical index holds of each passage (with these numbers)."""
        condition, values = ("1", []) if numbers is None else (f"p.id {_AMONG}", [json.dumps(list(numbers))])
        rows = self.db.execute(
            "SELECT p.id, d.doc_id, d.title, coalesce(p.heading, '') || ' ' || coalesce(p.columns, ''), p.text,"
            f" coalesce(d.source, ''), coalesce(d.author, ''), d.first_day, d.last_day FROM {JOINED}"
            f" WHERE {condition} ORDER BY p.id",
            values,
        )
        return (Entry(*row) for row in rows)

    def dense_blocks(self, after: int = 0) -> Iterator[Block]:
        """Numbers above ``after`` and their vectors, in blocks, ascending."""
        sql = "SELECT p.id, v.vector FROM passages p JOIN vectors v ON v.key = p.key WHERE p.id > ? ORDER BY p.id"
        cursor = self.db.execute(sql, (after,))
        while block := cursor.fetchmany(_BLOCK):
            data = np.frombuffer(b"".join(row[1] for row in block), np.float16)
            yield np.array([row[0] for row in block], np.int64), data.reshape(len(block), -1)

    def some_vectors(self, n: int) -> Vectors:
        """The vectors of up to ``n`` passages, drawn anew in the same way each time."""
        numbers = np.array([row[0] for row in self.db.execute("SELECT id FROM passages")])
        drawn = np.random.default_rng(0).choice(numbers, min(n, len(numbers)), replace=False)
        sql = f"SELECT v.vector FROM passages p JOIN vectors v ON v.key = p.key WHERE p.id {_AMONG}"
        rows = self.db.execute(sql, (json.dumps(np.sort(drawn).tolist()),))
        return np.array([np.frombuffer(row[0], np.float16) for row in rows], np.float32)


@contextmanager
def opened(path: Path, mode: str | None = None) -> Iterator[Catalog]:
    """A catalogue alone, over a connection of its own; raises what `connect` does."""
    state = Catalog(path)
    with translating(path), closing(connect(path, mode)) as state.db:
        yield state


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


def _condition(where: Filter) -> tuple[str, list[Any]]:
    parts, values = ["1"], list[Any]()
    tests = {"source": f"name_key(d.source) {_AMONG}", "author": "is_by(d.author, ?)", "doc_id": f"d.doc_id {_AMONG}"}
    for name, allowed in where.allowed.items():
        if allowed is not None:
            parts.append(tests[name])
            values.append(json.dumps(list(allowed)))
    if where.beginnings is not None:
        # Of texts with this beginning, the next after all of them ends with 0, which comes after /.
        parts.append(f"({' OR '.join(['0', *('d.doc_id >= ? AND d.doc_id < ?' for _ in where.beginnings)])})")
        values += [bound for start in where.beginnings for bound in (start, f"{start[:-1]}0")]
    for bound, test in zip(where.days, ("d.last_day >= ?", "d.first_day <= ?"), strict=True):
        if bound is not None:
            parts.append(test)
            values.append(bound)
    return " AND ".join(parts), values


def _is_by(author: str | None, wanted: str) -> bool:
    """Whether one of the people whom an author's line names is wanted; the keys of those as JSON."""
    return not names.keys(author or "").isdisjoint(json.loads(wanted))


@contextmanager
def _readable() -> Iterator[None]:
    """Name a row that does not hold what it should as damage."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise DamagedCatalogue(f"the catalogue holds a row that cannot be read ({error}); {_MEND}") from error


def _spans(packed: str) -> tuple[Span, ...]:
    return tuple((start, end) for start, end in json.loads(packed))


def _document(row: Sequence[Any]) -> Document:
    doc_id, digest, title, is_name, url, source, author, date, metadata, headings, tables, page_starts, text = row
    return Document(
        doc_id=doc_id, digest=digest, title=title, title_is_name=bool(is_name), url=url, source=source, author=author,
        date=date, metadata=json.loads(metadata), headings=_spans(headings), tables=tables_of(json.loads(tables)),
        page_starts=tuple(json.loads(page_starts)), text=text,
    )  # fmt: skip


def _row(row: Sequence[Any]) -> Row:
    vector, doc_id, digest, start, end, heading, columns, page, sentences, text = row
    if not vector:
        raise ValueError("a vector is empty")
    passage = Passage(
        passage_id=passage_id(doc_id, digest, start), doc_id=doc_id, text=text, start=start, end=end, heading=heading,
        columns=columns, page=page, sentences=_spans(sentences),
    )  # fmt: skip
    return passage, np.frombuffer(vector, np.float16)
