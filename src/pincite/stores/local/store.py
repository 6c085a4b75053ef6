"""The local store: a folder with the SQLite catalogue and, derived from it, FAISS and Tantivy files."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pincite.datatypes import Filter, Passage, size_of
from pincite.errors import DamagedIndex, EmptyIndex, IndexProblem, NoIndex
from pincite.stores.base import Kept, Manifest, Scored, Vectors
from pincite.stores.local import backups, catalog, files
from pincite.stores.local.catalog import Catalog, Row
from pincite.stores.local.files import Written
from pincite.stores.local.generation import GENERATIONS, Generation
from pincite.stores.local.lock import Lock
from pincite.stores.local.verifying import Verification
from pincite.stores.local.writer import LocalWriter

_REMEMBERED = 64 << 20
"""Bytes of passages and their vectors kept in memory."""

FORSAKEN = "damaged.sqlite"
"""What a catalogue that could not be read is called; it is its owner's to delete."""

_OPENINGS = 20
"""How often a reader starts over when updates take its generation's files away while it opens them."""


class LocalStore:
    """An index in a folder of this machine. Safe to use from several threads; one process writes at a time.

    Args:
        path: the folder; nothing is created in it before the first writer is entered.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.format = catalog.FORMAT
        self.home = path
        self.limits: tuple[str, ...] = ()
        self.places = (path,)
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self.inode = 0
        self._current: tuple[int, Generation] | None = None
        # A number is never used again, and what it stands for never changes: whatever the generation, this holds.
        self.remembered: dict[int, Row] = {}
        self._bytes = 0

    def exists(self) -> bool:
        """Whether there is a catalogue."""
        return (self.path / catalog.FILE).is_file()

    def manifest(self) -> Manifest:
        """What the index says of itself, whatever became of its derived files.

        Raises:
            NoIndex: nothing was ever written here.
            DamagedCatalogue: the catalogue cannot be read.
        """
        with self._catalogue() as state:
            return state.manifest

    @contextmanager
    def _catalogue(self) -> Iterator[Verification]:
        """The catalogue alone, over a connection of its own."""
        if not self.exists():
            raise self._no_index()
        with catalog.translating(self.path), closing(catalog.connect(self.path / catalog.FILE)) as db:
            yield Verification(self.path, db)

    def snapshot(self) -> LocalSnapshot:
        """The current state; enter it to use it.

        Raises:
            NoIndex: nothing was ever written here.
        """
        if not self.exists():
            raise self._no_index()
        return LocalSnapshot(self)

    def _no_index(self) -> NoIndex:
        return NoIndex(f"{self.path}: no index here; make one with `pincite update CORPUS --index {self.path}`")

    def writer(self, *, fresh: bool = False, wait: bool = False) -> LocalWriter:
        """The writer.

        Args:
            fresh: start from nothing, while readers keep the old state until the commit.
            wait: for another writer to end, however long that takes.
        """
        return LocalWriter(self.path, fresh=fresh, wait=wait)

    def sizes(self) -> dict[str, int]:
        """Bytes of the catalogue (with its log) and of the derived files of the current generation."""
        with self.snapshot() as snapshot:
            derived = sum(file.size for file in snapshot.derived().values())
        return {"catalogue": size_of(self.path.glob(f"{catalog.FILE}*")), "derived": derived}

    def verify(self) -> list[str]:
        """Everything that is not as it was written, or does not agree with the rest; empty where all is well.

        Damage that the next update can mend is noted, so that it does.
        """
        for _ in range(_OPENINGS):
            generation, wrong, derived = self._verified()
            with self._catalogue() as now:
                # What was removed takes its generation's files along: then they are not damaged, but gone.
                if not derived or generation == now.generation:
                    break
        if wrong:
            return [*wrong, "`pincite update CORPUS --rebuild --no-cache` makes the index anew from the articles"]
        return [*derived, self._to_mend(generation)] if derived else []

    def _verified(self) -> tuple[int, list[str], list[str]]:
        with self._catalogue() as state:
            state.db.execute("BEGIN")
            wrong = list(state.of_the_catalogue())
            return state.generation, wrong, [] if wrong else list(state.of_the_derived_files())

    def _to_mend(self, generation: int) -> str:
        try:
            with closing(catalog.connect(self.path / catalog.FILE)) as db, catalog.transaction(db):
                db.execute("INSERT OR REPLACE INTO meta VALUES ('damaged', ?)", (str(generation),))
        except (IndexProblem, sqlite3.OperationalError) as error:
            return f"`pincite update --rebuild` makes these files again (they could not be marked: {error})"
        return files.MEND

    def mark(self) -> int:
        """Names the catalogue, as long as it is not put out of the way; 0 where there is none."""
        return (self.path / catalog.FILE).stat().st_ino if self.exists() else 0

    def forsake(self, mark: int, error: IndexProblem, *, wait: bool = False) -> Path | None:
        """Put a catalogue that cannot be read out of the way.

        Args:
            mark: of the one that the error was met in.
            error: what was met.
            wait: for another writer to end.

        Returns:
            Where it now is; None if another process was faster, or if it can be read after all.
        """
        self.close()
        with Lock(self.path, wait=wait):
            # SQLite's errors may be those of another database, such as an embedder's own.
            elsewhere = isinstance(error.__cause__, sqlite3.Error) and catalog.sound(self.path / catalog.FILE)
            if elsewhere or self.mark() != mark:
                return None
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    (self.path / f"{catalog.FILE}{end}").rename(self.path / f"{FORSAKEN}{end}")
        return self.path / FORSAKEN

    def backup(self, path: Path) -> None:
        """Write the catalogue into one file, from which `restore` makes everything; others may read and write.

        Raises:
            NoIndex: there is nothing to keep.
            IndexProblem: the file cannot be written.
        """
        if path.resolve().is_relative_to(self.path.resolve()):
            raise IndexProblem(f"{path}: lies in the index itself; name a file elsewhere")
        with self.snapshot() as snapshot:
            backups.write(snapshot.db, path)

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of what is here, at once, while others read.

        Raises:
            DamagedIndex: the file is no backup, or is damaged.
            OtherFormat: another Pincite wrote it.
            IndexBusy: another process writes.
        """
        with backups.opened(path, self.path) as source, self.writer() as writer:
            writer.restore(source)

    def close(self) -> None:
        """Close what is not in use."""
        with self._lock:
            idle, self._idle, self._current, self.inode = self._idle, [], None, 0
            self.remembered, self._bytes = {}, 0
        for connection in idle:
            connection.close()

    def borrow(self) -> sqlite3.Connection:
        """A connection for one snapshot; from a pool, since a web server's threads come and go."""
        inode = (self.path / catalog.FILE).stat().st_ino
        if inode != self.inode:  # the folder was deleted and made anew
            self.close()
            self.inode = inode
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return catalog.connect(self.path / catalog.FILE)

    def remember(self, rows: dict[int, Row], inode: int) -> None:
        """Keep rows of the catalogue with this inode for other snapshots, and let go of those that came first."""
        with self._lock:
            if inode != self.inode:
                return
            for number, row in rows.items():
                if number not in self.remembered:
                    self.remembered[number] = row
                    self._bytes += _size(row)
            while self._bytes > _REMEMBERED:
                self._bytes -= _size(self.remembered.pop(next(iter(self.remembered))))

    def give_back(self, connection: sqlite3.Connection, inode: int) -> None:
        """End a snapshot's transaction and keep its connection, if it still leads to the same file."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._lock:
            if inode == self.inode:
                self._idle.append(connection)
                return
        connection.close()

    def opened(self, generation: int, known: dict[str, Written]) -> Generation:
        """The derived indexes of a generation, shared between its snapshots."""
        with self._opening:  # a lock of its own, so that searches of an open generation need not wait
            current = self._current
            if current is None or current[0] != generation:
                current = generation, Generation(self.path / GENERATIONS / str(generation), known)
                self._current = current
                with self._lock:  # what was removed is forgotten here too
                    self.remembered, self._bytes = {}, 0
            return current[1]


class LocalSnapshot(Catalog):
    """One state of a local store: the catalogue in a read transaction, and the derived files that belong to it.

    See `pincite.stores.base.Snapshot`.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._rows: dict[int, Row] = {}
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        with catalog.translating(self._store.path), ExitStack() as opening:
            self.db = self._store.borrow()
            self._inode = self._store.inode
            opening.callback(self._store.give_back, self.db, self._inode)
            self._begin()
            self._remembered = self._store.remembered
            opening.pop_all()
        return self

    def _begin(self) -> None:
        """Begin to read; when an update has taken the generation's files away meanwhile, start over."""
        for attempt in range(1, _OPENINGS + 1):
            self.db.execute("BEGIN")
            generation = self.generation
            try:
                self._files = self._store.opened(generation, self.derived()) if generation else None
            except DamagedIndex:
                self.db.execute("ROLLBACK")
                if attempt == _OPENINGS or self.generation == generation:
                    raise
            else:
                return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error a statement may not have ended, and with it the state that the connection sees.
        self._store.give_back(self.db, 0 if error else self._inode)
        if problem := catalog.translated(self._store.path, error):
            raise problem from error

    @property
    def _derived(self) -> Generation:
        if self._files is None:
            raise EmptyIndex(f"{self._store.path}: the first update was not finished; run `pincite update`")
        return self._files

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector``."""
        allowed = self.allowed(where) if where else None
        with self._derived.reading():
            found = self._derived.dense.search(vector, n, allowed)
        return self._named(found)

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by BM25."""
        numbers = None if only is None else list(self._numbered(only).values())
        with self._derived.reading():
            found = self._derived.lexical.search(terms, n, where, numbers)
        return self._named(found)

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each analysed term the number of passages that hold it."""
        with self._derived.reading():
            return self._derived.lexical.frequencies(terms)

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """Each passage's vector."""
        return {each: self._rows[number][1] for each, number in self._numbered(ids).items()}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {each: self._rows[number][0] for each, number in self._numbered(ids).items()}

    def _named(self, found: Sequence[tuple[int, float]]) -> Scored:
        self._load([number for number, _ in found])
        if lost := [number for number, _ in found if number not in self._rows]:
            problem = f"{self._store.path}: the derived files name passages that are not there ({lost[0]})"
            raise DamagedIndex(
                f"{problem}; `pincite status --verify` looks for the damage, `pincite update` then mends it"
            )
        named = ((self._rows[number][0].passage_id, score) for number, score in found)
        return dict(sorted(named, key=lambda item: (-item[1], item[0])))

    def _numbered(self, ids: Collection[str]) -> dict[str, int]:
        self._load(self.numbers([each for each in ids if each not in self._numbers]).values())
        return {each: self._numbers[each] for each in ids if each in self._numbers}

    def _load(self, numbers: Collection[int]) -> None:
        """Have these passages and their vectors at hand: whoever proposes them asks for all of that next."""
        held = {number: self._remembered.get(number) for number in numbers if number not in self._rows}
        rows = {number: row for number, row in held.items() if row is not None}
        missing = [number for number in numbers if number not in self._rows and number not in rows]
        if missing:
            read = self.rows(missing)
            self._store.remember(read, self._inode)
            rows |= read
        self._rows |= rows
        self._numbers |= {passage.passage_id: number for number, (passage, _) in rows.items()}


def _size(row: Row) -> int:
    """Bytes that a row takes in memory, about: text, spans and vector."""
    passage, vector = row
    return 1000 + 2 * len(passage.text) + 200 * len(passage.sentences) + vector.nbytes
