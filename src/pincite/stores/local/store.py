"""The local store: a folder with the SQLite catalogue and, derived from it, FAISS and Tantivy files."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from typing import Self

from pincite.datatypes import Document, Filter, Passage, size_of
from pincite.errors import DamagedCatalogue, DamagedIndex, EmptyIndex, IndexProblem, OtherFormat
from pincite.stores.base import Kept, Manifest, Scored, Vectors, best_first, pour
from pincite.stores.local import backups, catalog, files, generation
from pincite.stores.local.catalog import Catalog, Row
from pincite.stores.local.files import Written
from pincite.stores.local.generation import GENERATIONS, Generation
from pincite.stores.local.lock import lock
from pincite.stores.local.writer import LocalWriter

QUARANTINED = "damaged.sqlite"
"""What a catalogue that could not be read is called; it is its owner's to delete."""

_OPENINGS = 20  # how often a reader starts over when updates take its files away while it opens them


class LocalStore:
    """An index in a folder, which the first writer makes. Safe to use from several threads; one process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.format = catalog.FORMAT
        self.limits: tuple[str, ...] = ()
        self.owned_paths: tuple[Path, ...] = (path,)
        self.judgements = path / "judgements.jsonl"
        self._lock = threading.Lock()
        self._last: Generation | None = None
        self._held: tuple[int, sqlite3.Connection] | None = None  # with the inode of its catalogue

    def exists(self) -> bool:
        """Whether there is a catalogue."""
        return (self.path / catalog.FILE).is_file()

    def manifest(self) -> Manifest:
        """What the index says of itself, whatever became of its derived files."""
        with self._catalogue() as state:
            return state.manifest

    def _catalogue(self) -> AbstractContextManager[Catalog]:
        return catalog.opened(self.path / catalog.FILE)

    def snapshot(self) -> LocalSnapshot:
        """The current state."""
        return LocalSnapshot(self)

    def writer(self, *, fresh: bool = False, wait: bool = False) -> LocalWriter:
        """The writer, as `pincite.stores.base.Store.writer` says."""
        return LocalWriter(self.path, fresh=fresh, wait=wait)

    def sizes(self) -> dict[str, int]:
        """Bytes of the catalogue (with its log) and of the derived files of the current generation."""
        with self.snapshot() as snapshot:
            derived = sum(file.size for file in snapshot.derived().values())
        return {"catalogue": size_of(self.path.glob(f"{catalog.FILE}*")), "derived": derived}

    def verify(self) -> list[str]:
        """Everything that is wrong; what the next update can mend is noted, so that it does."""
        for _ in range(_OPENINGS):
            with self._catalogue() as state:
                state.db.execute("BEGIN")
                number, wrong = state.generation, list(state.problems())
                derived = [] if wrong else list(generation.problems(self.path, state))
            with self._catalogue() as now:
                # What was removed takes its generation's files along: then they are not damaged, but gone.
                if not derived or number == now.generation:
                    break
        if wrong:
            return [*wrong, "`pincite update CORPUS --rebuild --no-cache` makes the index anew from the articles"]
        if not derived:
            return []
        try:
            with self._catalogue() as state, catalog.transaction(state.db):
                state.put_meta("damaged", number)
        except IndexProblem as error:
            return [*derived, f"`pincite update --rebuild` makes these files again (they could not be marked: {error})"]
        return [*derived, files.MEND]

    def quarantine(self, *, wait: bool = False) -> Path | None:
        """Put a catalogue that is damaged, or of another format, aside; None if another process was faster."""
        self.close()
        with lock(self.path, wait=wait):
            damaged = (DamagedCatalogue, OtherFormat, sqlite3.DatabaseError)  # which is why it goes
            with suppress(*damaged), catalog.opened(self.path / catalog.FILE) as state:
                if next(state.problems(), None) is None:
                    return None
            for end in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    (self.path / f"{catalog.FILE}{end}").rename(self.path / f"{QUARANTINED}{end}")
        return self.path / QUARANTINED

    def backup(self, path: Path) -> None:
        """Write the catalogue into one file, from which `restore` makes everything; others may read and write."""
        self._check_outside(path)
        with self.snapshot() as snapshot:
            backups.write(snapshot.db, path)

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of what is here, at once, while others read."""
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
        """Let go of the files that were opened last."""
        with self._lock:
            self._last = None
            self._let_go()

    def _let_go(self) -> None:
        if self._held:
            self._held[1].close()
            self._held = None

    def hold(self) -> None:
        """Keep one connection to the catalogue open, where it may be written.

        With the last one SQLite deletes the files beside it, and makes them again with the next: that takes several
        times as long as a question reads, and readers who may not make them would find none for a moment.
        """
        path = self.path / catalog.FILE
        inode = path.stat().st_ino
        with self._lock:
            if self._held and self._held[0] == inode:
                return
            self._let_go()  # the folder was made anew
            if catalog.may_be_written(path):
                self._held = inode, catalog.connect(path)

    def opened(self, number: int, known: dict[str, Written]) -> Generation:
        """The files of a generation; what was removed before it is forgotten with those of the one before."""
        with self._lock:
            last = self._last
            if last is None or last.known != known:  # by digests, since the folder may have been made anew
                last = self._last = Generation(self.path / GENERATIONS / str(number), known)
            return last


class LocalSnapshot(Catalog):
    """One state of a local store: the catalogue in a read transaction, and the derived files that belong to it.

    See `pincite.stores.base.Snapshot`.
    """

    def __init__(self, store: LocalStore) -> None:
        super().__init__(store.path)
        self._store = store
        self._files: Generation | None = None
        self._rows: dict[str, tuple[int, Row]] = {}  # by passage id, with their numbers

    def __enter__(self) -> Self:
        with catalog.translating(self._path):
            self._begin()
        return self

    def _begin(self) -> None:
        """Begin to read; when an update has taken the generation's files away meanwhile, or the folder, start over."""
        before = None
        for _ in range(_OPENINGS):
            with ExitStack() as opening:
                self.db = opening.enter_context(closing(catalog.connect(self._path / catalog.FILE)))
                self._store.hold()
                self.db.execute("BEGIN")
                state = number, known = self.generation, self.derived()
                try:
                    self._files = self._store.opened(number, known) if number else None
                except DamagedIndex:
                    if state == before:
                        raise
                    before = state
                    continue
                self._open = opening.pop_all()
                return
        raise IndexProblem(f"{self._path}: is being made anew over and over; ask again when that has ended")

    @property
    def _derived(self) -> Generation:
        if self._files is None:
            raise EmptyIndex(f"{self._path}: the first update was not finished; run `pincite update`")
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
        numbers = None if only is None else [number for number, _ in self._by_id(only).values()]
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
        return {name: vector for name, (_, (_, vector)) in self._by_id(ids).items()}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {name: passage for name, (_, (passage, _)) in self._by_id(ids).items()}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id; the text of one that was asked for before is not read again."""
        return self._files.documents.read(ids, super().documents) if self._files else {}

    def _named(self, scored: Sequence[tuple[int, float]]) -> Scored:
        rows = self._load([number for number, _ in scored])
        if lost := [number for number, _ in scored if number not in rows]:
            problem = f"{self._path}: the derived files name passages that are not there ({lost[0]})"
            raise DamagedIndex(f"{problem}; {files.VERIFY}")
        return best_first((rows[number][0].passage_id, score) for number, score in scored)

    def _by_id(self, ids: Collection[str]) -> dict[str, tuple[int, Row]]:
        self._load(self.numbers([name for name in ids if name not in self._rows]).values())
        return {name: self._rows[name] for name in ids if name in self._rows}

    def _load(self, numbers: Collection[int]) -> dict[int, Row]:
        """Have these passages and their vectors at hand: whoever proposes them asks for all of that next."""
        rows = self._derived.rows.read(numbers, self.rows) if numbers else {}
        self._rows |= {row[0].passage_id: (number, row) for number, row in rows.items()}
        return rows
