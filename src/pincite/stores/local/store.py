"""The local store: a folder with the SQLite catalogue and, derived from it, FAISS and Tantivy files.

An update becomes visible at one point, the catalogue's COMMIT:

1. take the operating system's lock on the folder;
2. delete generations that are not the current one (a killed update's leavings);
3. commit vectors in small transactions as they are made, invisible to readers, so that a killed update loses none;
4. BEGIN IMMEDIATE; put documents and passages in place;
5. build ``generations/<n+1>.tmp`` from that connection, sync it, rename it, sync its parent;
6. COMMIT with generation n+1;
7. keep generation n for readers that still use it, until the next update; delete what is older.

So a kill leaves the old generation or the new one, never a mix.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from pincite.datatypes import Document, Filter, Passage
from pincite.errors import DamagedIndex, IndexBusy, IndexProblem, NoIndex
from pincite.stores.base import DocumentRecord, FileRecord, Manifest, Scored, Vectors
from pincite.stores.local import catalog, dense, lexical
from pincite.stores.local.catalog import Catalog

_GENERATIONS = "generations"
_LOCK = "update.lock"
_OPENINGS = 20
"""How often a reader starts over when updates take its generation's files away while it opens them."""

# Deleted documents still count in BM25. Up to here Tantivy is built whole, so that scores are those of a new index;
# above, an update adds a segment, and the whole is built again when too much of it is dead.
WHOLE_BELOW = 20_000
MOST_DEAD = 0.05


_MEND = "run `pincite update` to make it again from the catalogue"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


class _Generation:
    """The derived indexes of one generation, opened once and shared by its snapshots."""

    def __init__(self, folder: Path, sizes: dict[str, int]) -> None:
        check_files(folder, sizes)
        try:
            self.dense = dense.DenseIndex(folder)
            self.lexical = lexical.LexicalIndex(folder)
        except (OSError, ValueError, RuntimeError) as error:  # numpy, Tantivy, FAISS
            raise DamagedIndex(f"{folder}: cannot be opened ({_line(error)}); {_MEND}") from error


def check_files(folder: Path, sizes: dict[str, int]) -> None:
    """Compare names and sizes with what was written.

    Raises:
        DamagedIndex: a file is missing or has another size.
    """
    for name, size in sizes.items():
        path = folder / name
        if not path.is_file():
            raise DamagedIndex(f"{path}: missing; {_MEND}")
        if path.stat().st_size != size:
            raise DamagedIndex(f"{path}: {path.stat().st_size} bytes, {size} were written; {_MEND}")


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class LocalStore:
    """An index in a folder of this machine. Safe to use from several threads; one process writes at a time.

    Args:
        path: the folder; nothing is created in it before the first writer is entered.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._current: tuple[int, _Generation] | None = None

    @property
    def catalog_path(self) -> Path:
        """Where the catalogue lies."""
        return self.path / catalog.FILE

    def folder(self, generation: int) -> Path:
        """Where a generation's derived files lie."""
        return self.path / _GENERATIONS / str(generation)

    def exists(self) -> bool:
        """Whether there is a catalogue."""
        return self.catalog_path.is_file()

    def snapshot(self) -> LocalSnapshot:
        """The current state; enter it to use it.

        Raises:
            NoIndex: nothing was ever written here.
        """
        if not self.exists():
            raise NoIndex(f"{self.path}: no index here; make one with `pincite update CORPUS --index {self.path}`")
        return LocalSnapshot(self)

    def writer(self, *, fresh: bool = False) -> LocalWriter:
        """The writer; entering it takes the lock.

        Raises:
            IndexBusy: on entering, when another process writes.
        """
        return LocalWriter(self, fresh=fresh)

    def close(self) -> None:
        """Close what is not in use."""
        with self._lock:
            idle, self._idle, self._current = self._idle, [], None
        for connection in idle:
            connection.close()

    def borrow(self) -> sqlite3.Connection:
        """A connection for one snapshot; a pool, since a web server's threads come and go."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return catalog.connect(self.catalog_path)

    def give_back(self, connection: sqlite3.Connection) -> None:
        """End a snapshot's transaction and keep its connection."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            self._idle.append(connection)

    def opened(self, generation: int, sizes: dict[str, int]) -> _Generation:
        """The derived indexes of a generation, shared between its snapshots."""
        with self._lock:
            if self._current is None or self._current[0] != generation:
                self._current = (generation, _Generation(self.folder(generation), sizes))
            return self._current[1]


class LocalSnapshot:
    """One state of a local store; see `pincite.stores.base.Snapshot`."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._db = self._store.borrow()
        try:
            self._open()
        except BaseException:
            self._store.give_back(self._db)
            raise
        return self

    def _open(self) -> None:
        """Begin to read; when an update has taken the generation's files away meanwhile, start over."""
        self._catalog = Catalog(self._db)
        for attempt in range(1, _OPENINGS + 1):
            self._db.execute("BEGIN")
            self.generation = self._catalog.generation()
            self.manifest = self._catalog.manifest()
            if not self.generation:
                return
            try:
                self._files = self._store.opened(self.generation, self._catalog.derived())
            except DamagedIndex:
                if attempt == _OPENINGS or self._unchanged():
                    raise
            else:
                return

    def _unchanged(self) -> bool:
        """End the transaction; whether the newest generation is still the one that could not be opened."""
        self._db.execute("ROLLBACK")
        newest = self._catalog.generation()
        if newest == self.generation:
            self._db.execute("BEGIN")
        return newest == self.generation

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.give_back(self._db)

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector``."""
        allowed = self._catalog.allowed(where) if where else None
        numbers, scores = self._files.dense.search(vector, n, allowed)
        return self._named(list(zip(numbers.tolist(), scores.tolist(), strict=True)))

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by BM25."""
        numbers = None if only is None else list(self._numbered(only).values())
        return self._named(self._files.lexical.search(terms, n, where, numbers))

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each analysed term the number of passages that hold it."""
        return self._files.lexical.frequencies(terms)

    def vectors(self, ids: Collection[str]) -> dict[str, Vectors]:
        """Each passage's vector and its sentences'."""
        numbers = self._numbered(ids)
        rows = self._catalog.vectors(numbers.values())
        return {each: rows[number] for each, number in numbers.items() if number in rows}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        found = self._catalog.passages(self._numbered(ids).values())
        return {passage.passage_id: passage for _, passage in found}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id."""
        return self._catalog.documents(ids)

    def passages_of(self, doc_id: str) -> list[Passage]:
        """A document's passages in order."""
        return self._catalog.passages_of(doc_id)

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages fit."""
        return self._catalog.count(where)

    def files(self) -> dict[str, FileRecord]:
        """The corpus files."""
        return self._catalog.files()

    def records(self) -> dict[str, DocumentRecord]:
        """Every document's record."""
        return self._catalog.records()

    def _named(self, found: Sequence[tuple[int, float]]) -> Scored:
        names = self._catalog.names([number for number, _ in found])
        self._numbers.update((name, number) for number, name in names.items())
        return dict(sorted(((names[number], score) for number, score in found), key=lambda item: (-item[1], item[0])))

    def _numbered(self, ids: Collection[str]) -> dict[str, int]:
        unknown = [each for each in ids if each not in self._numbers]
        self._numbers.update(self._catalog.numbers(unknown))
        return {each: self._numbers[each] for each in ids if each in self._numbers}


class LocalWriter:
    """The writer of a local store; see `pincite.stores.base.Writer`."""

    def __init__(self, store: LocalStore, *, fresh: bool) -> None:
        self._store = store
        self._fresh = fresh
        self._files: list[FileRecord] = []
        self._gone_files: list[str] = []
        self._manifest: Manifest | None = None

    def __enter__(self) -> Self:
        self._take_lock()
        try:
            self._db = catalog.connect(self._store.catalog_path, create=True)
            try:
                self._catalog = Catalog(self._db)
                self._old = self._catalog.generation()
                self._sweep()
                self._catalog.begin_staging()
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._lock.release()

    def _take_lock(self) -> None:
        try:
            self._store.path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self._store.path / _LOCK)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise IndexBusy(f"{self._store.path}: another update is running; wait for it to end") from error
        except OSError as error:
            raise IndexProblem(f"{self._store.path}: cannot be written ({error.strerror})") from error

    def _sweep(self, *keep: int) -> None:
        """Delete the generations' folders but the current one's and those to ``keep``."""
        folders = self._store.path / _GENERATIONS
        kept = {str(number) for number in (self._old, *keep)}
        for path in folders.iterdir() if folders.is_dir() else ():
            if path.name not in kept:
                shutil.rmtree(path)

    @property
    def generation(self) -> int:
        """The generation that this writer started from."""
        return self._old

    @property
    def manifest(self) -> Manifest:
        """What the index said of itself."""
        return self._catalog.manifest()

    def files(self) -> dict[str, FileRecord]:
        """The corpus files of the state it started from."""
        return self._catalog.files()

    def records(self) -> dict[str, DocumentRecord]:
        """The documents of the state it started from."""
        return self._catalog.records()

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents of the state it started from."""
        return self._catalog.documents(ids)

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vectors yet."""
        return self._catalog.missing(list(keys))

    def put_vectors(self, keys: Sequence[bytes], rows: Sequence[Vectors]) -> None:
        """Keep vectors at once and for good."""
        self._catalog.put_vectors(keys, rows)

    def replace(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Add a document or put it in the place of the one with its id."""
        self._catalog.stage(document, passages, keys, record)

    def remove(self, doc_ids: Iterable[str]) -> None:
        """Take documents out."""
        self._catalog.stage_removal(doc_ids)

    def put_files(self, records: Iterable[FileRecord], gone: Iterable[str] = ()) -> None:
        """Say what these corpus files are now, and forget those that are ``gone``."""
        self._files.extend(records)
        self._gone_files.extend(gone)

    def describe(self, manifest: Manifest) -> None:
        """Say what the index is now."""
        self._manifest = manifest

    def commit(self) -> int:
        """Publish everything since the writer was entered, at once."""
        new = self._old
        changed = self._fresh or self._catalog.staged() or self._damaged()
        with catalog.transaction(self._db):
            if changed:
                removed, added = self._catalog.apply(fresh=self._fresh)
                new = self._old + 1
                self._publish(new, removed, added)
            self._note(new)
        if changed:
            self._sweep(new)
        self._catalog.end_staging()
        self._old, self._fresh = new, False
        return new

    def _damaged(self) -> bool:
        if not self._old:
            return True
        try:
            check_files(self._store.folder(self._old), self._catalog.derived())
        except DamagedIndex:
            return True
        return False

    def _publish(self, new: int, removed: Sequence[int], added: Sequence[int]) -> None:
        """Build the derived files in a folder of their own and rename it when all of it is on disk."""
        target = self._store.folder(new)
        building = target.with_name(f"{new}.tmp")
        building.mkdir(parents=True)
        dense.build(building, self._catalog.dense_blocks())
        self._build_lexical(building, removed, added)
        self._catalog.put_meta(derived=json.dumps(_sizes(building)))
        for path in (*building.rglob("*"), building):
            _sync(path)
        building.rename(target)
        _sync(target.parent)

    def _build_lexical(self, building: Path, removed: Sequence[int], added: Sequence[int]) -> None:
        dead = int(self._catalog.meta("dead") or 0) + len(removed)
        _, alive = self._catalog.count(None)
        whole = alive < WHOLE_BELOW or dead > MOST_DEAD * alive or self._damaged()
        if whole:
            lexical.build(building, self._catalog.entries())
        else:
            base = self._store.folder(self._old)
            lexical.build(building, self._catalog.entries(added), removed=removed, base=base)
        self._catalog.put_meta(dead=str(0 if whole else dead))

    def _note(self, generation: int) -> None:
        self._catalog.put_files(self._files)
        self._catalog.drop_files(self._gone_files)
        self._catalog.put_meta(generation=str(generation))
        if self._manifest:
            self._catalog.put_manifest(self._manifest)
        self._files, self._gone_files = [], []
