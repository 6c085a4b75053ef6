"""The local store: a folder with the SQLite catalogue and, derived from it, FAISS and Tantivy files."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pincite.datatypes import Document, Filter, Passage, size_of
from pincite.errors import DamagedCatalogue, DamagedIndex, EmptyIndex, IndexProblem, NoIndex, OtherFormat
from pincite.stores.base import Kept, Manifest, Scored, Vectors, pour
from pincite.stores.local import backups, catalog, files
from pincite.stores.local.catalog import Catalog, Row
from pincite.stores.local.files import Written
from pincite.stores.local.generation import GENERATIONS, Generation
from pincite.stores.local.lock import lock
from pincite.stores.local.verifying import Verification, first_problem
from pincite.stores.local.writer import LocalWriter

QUARANTINED = "damaged.sqlite"
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
        self.limits: tuple[str, ...] = ()
        self.owned_paths = (path,)
        self.judgements = path / "judgements.jsonl"
        self._lock = threading.Lock()
        self._shared: Shared | None = None

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
        """The current state.

        Raises:
            NoIndex: on entering it, where nothing was ever written.
        """
        return LocalSnapshot(self)

    def _no_index(self) -> NoIndex:
        return NoIndex(f"{self.path}: no index here; make one with `pincite update CORPUS --index {self.path}`")

    def writer(self, *, fresh: bool = False, wait: bool = False) -> LocalWriter:
        """The writer, as `pincite.stores.base.Store.writer` says."""
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
            with self._catalogue() as state:
                state.db.execute("BEGIN")
                generation, wrong = state.generation, list(state.of_the_catalogue())
                derived = [] if wrong else list(state.of_the_derived_files())
            with self._catalogue() as now:
                # What was removed takes its generation's files along: then they are not damaged, but gone.
                if not derived or generation == now.generation:
                    break
        if wrong:
            return [*wrong, "`pincite update CORPUS --rebuild --no-cache` makes the index anew from the articles"]
        if not derived:
            return []
        try:
            with self._catalogue() as state, catalog.transaction(state.db):
                state.put_meta("damaged", generation)
        except IndexProblem as error:
            return [*derived, f"`pincite update --rebuild` makes these files again (they could not be marked: {error})"]
        return [*derived, files.MEND]

    def quarantine(self, *, wait: bool = False) -> Path | None:
        """Put a catalogue that is damaged, or of another format, aside for the next writer to begin anew.

        Args:
            wait: for another writer to end.

        Returns:
            Where it now is; None if there is nothing wrong with it, as when another process was faster.
        """
        self.close()
        with lock(self.path, wait=wait):
            with suppress(DamagedCatalogue, OtherFormat, sqlite3.DatabaseError):  # which is why it goes
                if not first_problem(self.path / catalog.FILE):
                    return None
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    (self.path / f"{catalog.FILE}{end}").rename(self.path / f"{QUARANTINED}{end}")
        return self.path / QUARANTINED

    def backup(self, path: Path) -> None:
        """Write the catalogue into one file, from which `restore` makes everything; others may read and write.

        Raises:
            NoIndex: there is nothing to keep.
            IndexProblem: the file cannot be written.
        """
        self._check_outside(path)
        with self.snapshot() as snapshot:
            backups.write(snapshot.db, path)

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of what is here, at once, while others read.

        Raises:
            DamagedIndex: the file is no backup, or is damaged.
            OtherFormat: another Pincite wrote it.
            IndexBusy: another process writes.
        """
        self._check_outside(path)
        with backups.opened(path) as state, self.writer(fresh=True) as writer:
            try:
                pour(state, str(path), writer)
            except BaseException:
                writer.unmake()
                raise

    def _check_outside(self, path: Path) -> None:
        if path.resolve().is_relative_to(self.path.resolve()):
            raise IndexProblem(f"{path}: lies in the index itself; name a file elsewhere")

    def close(self) -> None:
        """Close what is not in use."""
        with self._lock:
            shared, self._shared = self._shared, None
        if shared:
            shared.close()

    def shared(self) -> Shared:
        """What belongs to the catalogue that is there now: the folder may have been deleted and made anew."""
        try:
            inode = (self.path / catalog.FILE).stat().st_ino
        except FileNotFoundError as error:
            raise self._no_index() from error
        with self._lock:
            old = self._shared
            if old and old.inode == inode:
                return old
            new = self._shared = Shared(self.path, inode)
        if old:
            old.close()
        return new


class Shared:
    """What the snapshots of one catalogue have in common: connections and the newest generation."""

    def __init__(self, folder: Path, inode: int) -> None:
        self.inode = inode
        self._folder = folder
        self._lock = threading.Lock()
        self._opening = threading.Lock()  # of its own, so that searches of an open generation need not wait
        self._idle: list[sqlite3.Connection] | None = []
        self._current: tuple[int, Generation] | None = None

    def borrow(self) -> sqlite3.Connection:
        """A connection for one snapshot; from a pool, since a web server's threads come and go."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return catalog.connect(self._folder / catalog.FILE)

    def give_back(self, connection: sqlite3.Connection, *, keep: bool = True) -> None:
        """End a snapshot's transaction; its connection is kept unless another catalogue has come, or none may write.

        One that was told that nobody writes must not see what is written later.
        """
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if keep and catalog.may_change(self._folder / catalog.FILE):
            with self._lock:
                if self._idle is not None:
                    self._idle.append(connection)
                    return
        connection.close()

    def close(self) -> None:
        """Close the connections that are not in use, and those in use when they come back."""
        with self._lock:
            idle, self._idle = self._idle or [], None
        for connection in idle:
            connection.close()

    def opened(self, generation: int, known: dict[str, Written]) -> Generation:
        """A generation; what was removed before it is forgotten with the one before."""
        with self._opening:
            if self._current is None or self._current[0] != generation:
                self._current = generation, Generation(self._folder / GENERATIONS / str(generation), known)
            return self._current[1]


class LocalSnapshot(Catalog):
    """One state of a local store: the catalogue in a read transaction, and the derived files that belong to it.

    See `pincite.stores.base.Snapshot`.
    """

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._rows: dict[int, Row] = {}
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        with catalog.translating(self._store.path):
            self._begin()
        return self

    def _begin(self) -> None:
        """Begin to read; when an update has taken the generation's files away meanwhile, or the folder, start over."""
        for attempt in range(1, _OPENINGS + 1):
            self._shared = self._store.shared()
            with ExitStack() as opening:
                self.db = self._shared.borrow()
                opening.callback(self._shared.give_back, self.db, keep=False)
                self.db.execute("BEGIN")
                generation = self.generation
                if self._store.shared() is not self._shared:  # the connection may be one to either catalogue
                    continue
                try:
                    self._files = self._shared.opened(generation, self.derived()) if generation else None
                except DamagedIndex:
                    self.db.execute("ROLLBACK")
                    if attempt == _OPENINGS or self.generation == generation:
                        raise
                    continue
                opening.pop_all()
                return
        raise IndexProblem(f"{self._store.path}: is being made anew over and over; ask again when that has ended")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error a statement may not have ended, and with it the state that the connection sees.
        self._shared.give_back(self.db, keep=error is None)
        # Errors of the system may be the caller's own.
        if isinstance(error, sqlite3.Error) and (problem := catalog.translated(self._store.path, error)):
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
            scored = self._derived.dense.search(vector, n, allowed)
        return self._named(scored)

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by BM25."""
        numbers = None if only is None else list(self._numbered(only).values())
        with self._derived.reading():
            scored = self._derived.lexical.search(terms, n, where, numbers)
        return self._named(scored)

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each analysed term the number of passages that hold it."""
        with self._derived.reading():
            return self._derived.lexical.frequencies(terms)

    def words(self, prefix: str) -> dict[str, int]:
        """The words that begin so."""
        with self._derived.reading():
            return self._derived.lexical.words(prefix)

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """Each passage's vector."""
        return {name: self._rows[number][1] for name, number in self._numbered(ids).items()}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {name: self._rows[number][0] for name, number in self._numbered(ids).items()}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id; the text of one that was asked for before is not read again."""
        return self._files.documents.read(ids, super().documents) if self._files else {}

    def _named(self, scored: Sequence[tuple[int, float]]) -> Scored:
        self._load([number for number, _ in scored])
        if lost := [number for number, _ in scored if number not in self._rows]:
            problem = f"{self._store.path}: the derived files name passages that are not there ({lost[0]})"
            raise DamagedIndex(f"{problem}; {files.VERIFY}")
        named = ((self._rows[number][0].passage_id, score) for number, score in scored)
        return dict(sorted(named, key=lambda item: (-item[1], item[0])))

    def _numbered(self, ids: Collection[str]) -> dict[str, int]:
        self._load(self.numbers([name for name in ids if name not in self._numbers]).values())
        return {name: self._numbers[name] for name in ids if name in self._numbers}

    def _load(self, numbers: Collection[int]) -> None:
        """Have these passages and their vectors at hand: whoever proposes them asks for all of that next."""
        if wanted := [number for number in numbers if number not in self._rows]:
            rows = self._derived.rows.read(wanted, self.rows)
            self._rows |= rows
            self._numbers |= {passage.passage_id: number for number, (passage, _) in rows.items()}
