"""The one writer of a local store.

An update becomes visible at one point, the catalogue's COMMIT:

1. take the operating system's lock on the folder;
2. delete generations that are not the current one (a killed update's leavings);
3. commit vectors in small transactions as they are made, invisible to readers, so that a killed update loses none;
4. BEGIN IMMEDIATE; put documents and passages in place;
5. build ``generations/<n+1>.tmp`` from that connection, sync it, rename it, sync its parent;
6. COMMIT with generation n+1;
7. keep generation n for readers that are about to open it, until the next update, unless something was removed: then
   nothing of that may stay, and such a reader starts over. Delete what is older.

So a kill leaves the old generation or the new one, never a mix.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np

from pincite.datatypes import Document, Passage, parse_date
from pincite.errors import DamagedIndex
from pincite.stores.base import DocumentRecord, FileRecord, Kept, Manifest
from pincite.stores.local import catalog, dense, files, lexical
from pincite.stores.local.catalog import DOCUMENT_COLUMNS, PASSAGE_COLUMNS, TABLES, Catalog, transaction
from pincite.stores.local.generation import GENERATIONS, Generation
from pincite.stores.local.lock import lock

_log = logging.getLogger(__name__)

# Deleted documents still count in BM25. Up to here both indexes are built whole, so that scores are those of a new one;
# above, an update adds to them, until too much is added or dead. Both are built whole as well when documents were
# removed for good, since nothing of those may be left.
WHOLE_BELOW = 20_000
_LOG_PATIENCE = 5  # seconds to wait for readers before the log is emptied

# What an update stages lives in SQLite's temporary database: it bounds the memory and locks nobody out.
_STAGE = f"""
CREATE TEMP TABLE staged_documents ({TABLES["documents"]});
CREATE TEMP TABLE staged_passages ({TABLES["passages"]});
CREATE TEMP TABLE removed (doc_id TEXT PRIMARY KEY);
"""
_GONE = "SELECT doc_id FROM staged_documents UNION SELECT doc_id FROM removed"
_OF_PASSAGES = ", ".join(f"p.{name}" for name in PASSAGE_COLUMNS.split(", "))
# With its number, by which the derived files know it.
_MOVE_PASSAGES = f"""
INSERT INTO passages (id, document, {PASSAGE_COLUMNS})
SELECT p.id + ?1, d.id, {_OF_PASSAGES} FROM staged_passages p
JOIN staged_documents s ON s.id = p.document JOIN documents d ON d.doc_id = s.doc_id ORDER BY p.id
"""


class LocalWriter(Catalog):
    """See `pincite.stores.base.Writer`; entering it takes the lock.

    Raises:
        IndexBusy: on entering, when another process writes.
    """

    def __init__(self, path: Path, *, fresh: bool, wait: bool = False) -> None:
        super().__init__(path)
        self._fresh = fresh
        self._wait = wait
        self._files: list[FileRecord] = []
        self._gone: list[str] = []
        self._manifest: Manifest | None = None

    def __enter__(self) -> Self:
        with catalog.translating(self._path), ExitStack() as opening:
            opening.enter_context(lock(self._path, wait=self._wait))
            self.db = catalog.connect(self._path / catalog.FILE, catalog.CREATE)
            opening.callback(self.db.close)
            self._sweep(self.generation)
            self.db.executescript(_STAGE)
            self._open = opening.pop_all()
        return self

    def _sweep(self, *keep: int) -> None:
        """Delete the folders of all generations but those to keep."""
        folders = self._path / GENERATIONS
        for path in folders.iterdir() if folders.is_dir() else ():
            if path.name in map(str, keep):
                continue
            try:
                shutil.rmtree(path)
            except OSError as error:  # the commit stands all the same
                _log.warning("%s: not deleted (%s); the next update tries again", path, error.strerror)

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        sql = "SELECT 1 FROM vectors WHERE key = ?"
        return {key for key in keys if self.db.execute(sql, (key,)).fetchone() is None}

    def put_vectors(self, keys: Sequence[bytes], vectors: Iterable[Kept]) -> None:
        """Keep vectors at once and for good."""
        values = [(key, np.asarray(vector, np.float16).tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        with transaction(self.db):
            self.db.executemany("INSERT OR REPLACE INTO vectors (key, vector) VALUES (?, ?)", values)
            self.db.executemany("INSERT OR IGNORE INTO orphaned VALUES (?)", ((key,) for key in keys))

    def replace(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Add a document or put it in the place of the one with its id."""
        sql = f"INSERT INTO staged_documents ({DOCUMENT_COLUMNS}) VALUES ({', '.join('?' * 17)})"
        number = self.db.execute(sql, _document_row(document, record)).lastrowid
        self.db.executemany(
            f"INSERT INTO staged_passages (document, {PASSAGE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, p.start, p.end, p.heading, p.columns, p.page, key, json.dumps(p.sentences), p.text)
                for p, key in zip(passages, keys, strict=True)
            ),
        )

    def remove(self, doc_ids: Iterable[str]) -> None:
        """Take documents out."""
        self.db.executemany("INSERT OR IGNORE INTO removed VALUES (?)", ((doc_id,) for doc_id in doc_ids))

    def put_files(self, records: Iterable[FileRecord], gone: Iterable[str] = ()) -> None:
        """Say what these corpus files are now, and forget those that are ``gone``."""
        self._files.extend(records)
        self._gone.extend(gone)

    def describe(self, manifest: Manifest) -> None:
        """Say what the index is now."""
        self._manifest = manifest

    def commit(self) -> int:
        """Publish everything since the writer was entered, at once."""
        removed: list[int] = []
        with catalog.translating(self._path):
            old = self.generation
            damaged = self._fresh or self._damaged(old)
            changed = damaged or self._any("staged_documents") or self._any("removed")
            new = old + changed
            with transaction(self.db):
                if changed:
                    removed, last = self._apply()
                    self._publish(old, new, removed, last, damaged=damaged)
                # Vectors that no passage has taken over: those of removed ones, and those of a killed update.
                unused = "SELECT key FROM orphaned o WHERE NOT EXISTS (SELECT 1 FROM passages p WHERE p.key = o.key)"
                self.db.execute(f"DELETE FROM vectors WHERE key IN ({unused})")
                self.db.execute("DELETE FROM orphaned")
                self._describe(new)
            if changed:
                self._sweep(new, *([] if removed else [old]))
            for table in ("staged_documents", "staged_passages", "removed"):
                self.db.execute(f"DELETE FROM temp.{table}")
            self._fresh, self._files, self._gone = False, [], []
            self._tidy()
        return new

    def unmake(self) -> None:
        """Leave nothing behind where nothing was before."""
        if not self.generation:
            self.db.close()
            for path in self._path.glob(f"{catalog.FILE}*"):
                path.unlink()
            self._sweep()

    def _tidy(self) -> None:
        """After a commit, which stands whatever comes of this."""
        try:
            catalog.shrink(self.db)
            # Nothing that was removed may live on in the write-ahead log, unless a reader is long at it.
            self.db.execute(f"PRAGMA busy_timeout = {1000 * _LOG_PATIENCE}")
            if self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                late = "a reader was long at it: what was removed stays in the log until the next update"
                _log.warning("%s: %s", self._path, late)
            self.db.execute(f"PRAGMA busy_timeout = {1000 * catalog.PATIENCE}")
        except sqlite3.Error as error:
            _log.warning("%s: not tidied up (%s); the next update tries again", self._path, error)

    def _any(self, table: str) -> bool:
        return self.db.execute(f"SELECT 1 FROM {table}").fetchone() is not None

    def _damaged(self, generation: int) -> bool:
        if self.meta("damaged", None) == generation:  # as a verification has found
            return True
        try:
            Generation(self._path / GENERATIONS / str(generation), self.derived())
        except DamagedIndex:
            return True
        return generation == 0

    def _apply(self) -> tuple[list[int], int]:
        """Put the staged documents in place; the passage numbers that went, and the last before those that came."""
        replaced = f"SELECT id FROM documents WHERE {'1' if self._fresh else f'doc_id IN ({_GONE})'}"
        removed = self._numbers(f"document IN ({replaced})")
        self.db.execute(f"INSERT OR IGNORE INTO orphaned SELECT key FROM passages WHERE document IN ({replaced})")
        self.db.execute(f"DELETE FROM passages WHERE document IN ({replaced})")
        self.db.execute(f"DELETE FROM documents WHERE id IN ({replaced})")
        if self._fresh:
            self.db.execute("DELETE FROM files")
        sql = "SELECT coalesce(max(seq), 0) FROM main.sqlite_sequence WHERE name = 'passages'"
        last = int(self.db.execute(sql).fetchone()[0])
        staged = f"SELECT {DOCUMENT_COLUMNS} FROM staged_documents ORDER BY id"
        self.db.execute(f"INSERT INTO documents ({DOCUMENT_COLUMNS}) {staged}")
        self.db.execute(_MOVE_PASSAGES, (last,))
        return removed, last

    def _numbers(self, condition: str) -> list[int]:
        return [row[0] for row in self.db.execute(f"SELECT id FROM passages WHERE {condition}")]

    def _publish(self, old: int, new: int, removed: Sequence[int], last: int, *, damaged: bool) -> None:
        """Build the derived files in a folder of their own and rename it when all of it is on disk."""
        target = self._path / GENERATIONS / str(new)
        building = target.with_name(f"{new}.tmp")
        building.mkdir(parents=True)
        alive = int(self.db.execute("SELECT count(*) FROM passages").fetchone()[0])
        added = self._numbers(f"id > {last}")
        base = target.with_name(str(old))
        # What replaces others may leave words of theirs until the next whole build; what removes them may not.
        whole = alive < WHOLE_BELOW or damaged or self._any("removed")
        whole = whole or dense.stale(base, len(added), len(removed), alive)
        if whole:
            dense.build(building, self, alive)
            lexical.build(building, self.entries())
        else:
            dense.extend(building, base, self, last, removed)
            lexical.build(building, self.entries(added), removed=removed, base=base)
        self.put_meta("derived", files.written(building, base, {} if whole else self.derived()))
        for path in (*building.rglob("*"), building):
            files.sync(path)
        building.rename(target)
        files.sync(target.parent)
        files.sync(self._path)

    def _describe(self, generation: int) -> None:
        """Write what this generation is, and what the corpus files were like."""
        self.db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)",
            (
                (r.path, json.dumps(r.stamp), r.digest, r.scanned_ns, r.problem, json.dumps(dict(r.skipped)))
                for r in self._files
            ),
        )
        self.db.executemany("DELETE FROM files WHERE path = ?", ((path,) for path in self._gone))
        sql = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)"
        self.put_meta("counts", self.db.execute(sql).fetchone())
        self.put_meta("generation", generation)
        if self._manifest:
            self.put_meta("manifest", asdict(self._manifest))


def _document_row(document: Document, record: DocumentRecord) -> tuple[Any, ...]:
    d = document
    first, last = (parse_date(d.date) if d.date else None) or (None, None)
    named = (d.doc_id, record.path, record.state, d.digest, d.title, d.title_is_name)
    packed = (json.dumps(d.metadata, ensure_ascii=False), *map(json.dumps, (d.headings, d.tables, d.page_starts)))
    return (*named, d.url, d.source, d.author, d.date, first, last, *packed, d.text)
