"""The writer of an index on Milvus: its rows bear a version of their own, and are seen once a commit names that.

The newest row of kind ``commit`` decides what is seen, and is written after all others. Nobody sees what an update that
was ended has written, but its vectors are taken over by the next. The lease only saves writers from working in vain.
"""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from time import sleep, time, time_ns
from typing import Any, Self

import numpy as np

from pincite.datatypes import Document, Passage, count
from pincite.errors import IndexBusy, IndexProblem
from pincite.stores.base import DocumentRecord, FileRecord, Kept, Manifest
from pincite.stores.local.lock import lock
from pincite.stores.milvus import rows
from pincite.stores.milvus.connection import FIELDS, STRONG, Connection, Row, batches, holds_words, one_of
from pincite.stores.milvus.reading import FORMAT, Commit, MilvusSnapshot, latest
from pincite.stores.milvus.rows import Halves, hashed

SILENT = 600.0
"""Seconds without a sign of life after which a writer on another machine is taken for dead."""

KEPT = 6 * 3600.0
"""Seconds for which what was deleted can be read by those who began before: longer than any reader may take."""

_RENEWED, _SETTLING = 10.0, 0.3
_LEASE = "kind == 'lease'"
_BUFFERED = 500  # rows that wait to be sent together


class Lease:
    """The right to write: on this machine a lock in ``home``, between machines a row that whoever writes renews."""

    def __init__(self, connection: Connection, home: Path) -> None:
        self._call = connection
        self._home = home
        host = socket.gethostname()
        self._me = {"token": uuid.uuid4().hex, "place": f"{host}:{home}", "who": f"process {os.getpid()} on {host}"}

    @contextmanager
    def held(self, *, wait: bool) -> Iterator[None]:
        """Hold it.

        Raises:
            IndexBusy: on entering, when another process writes and is not to be waited for.
        """
        with lock(self._home, self._call.name, wait=wait):
            self._me["since"] = datetime.now(UTC).isoformat(timespec="seconds")
            while not self._taken(wait):
                sleep(1)
            try:
                yield
            finally:
                with suppress(IndexProblem):  # it ends by itself as well
                    if self._is_ours():
                        self._call("delete", self._call.articles, filter=_LEASE)

    def _taken(self, wait: bool) -> bool:
        """Take it unless another has it; of two that look at once, one writes over the other."""
        holder = self._holder()
        # One of this place has ended without saying so, since the lock is ours.
        if holder and holder["place"] != self._me["place"] and time() - holder["seen"] < SILENT:
            if wait:
                return False
            who = f"{holder['who']} has been updating it since {holder['since']}"
            raise IndexBusy(f"{self._call.name}: {who}; wait for it (--wait), or end it")
        self._renew()
        sleep(_SETTLING)
        return self._is_ours()

    def check(self, *, exactly: bool = False) -> None:
        """Give a sign of life before anything is written, ``exactly`` however little time has passed since.

        Raises:
            IndexBusy: another process has taken it over.
        """
        if exactly or time() - self._seen > _RENEWED:
            if not self._is_ours():
                raise self.overtaken()
            self._renew()

    def overtaken(self) -> IndexBusy:
        """What is raised where another process has written meanwhile."""
        return IndexBusy(f"{self._call.name}: another process has updated it meanwhile; update again")

    def _is_ours(self) -> bool:
        return bool(self._holder().get("token") == self._me["token"])

    def _holder(self) -> dict[str, Any]:
        leases = rows.payloads(self._call.find(self._call.articles, _LEASE, rows.PAYLOAD))
        return next((holder for _, holder in leases), {})

    def _renew(self) -> None:
        self._seen = time()
        self._call("upsert", self._call.articles, rows.rows("lease", "", self._me | {"seen": self._seen}, 0))


class MilvusWriter(MilvusSnapshot):
    """See `pincite.stores.base.Writer`; ``committed`` is called with each new commit.

    Raises:
        IndexBusy: on entering, when another process writes; on committing, when another has written meanwhile.
    """

    _level = STRONG  # what was written just now has to be seen

    def __init__(
        self, connection: Connection, home: Path, committed: Callable[[Commit], object], *, fresh: bool, wait: bool
    ) -> None:
        self._call = connection
        self._committed = committed
        self._fresh = fresh
        self._wait = wait
        self._lease = Lease(connection, home)

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._call.make(self._call.articles)
            opening.enter_context(self._lease.held(wait=self._wait))
            self._begin(latest(self._call))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self._open.close()

    def _begin(self, base: Commit) -> None:
        super().__init__(self._call, base)
        # Higher than the last; the last digits tell apart writers that begin in the same moment.
        self._version = max(time_ns() // 1000 * 1000 + secrets.randbelow(1000), base.version + 1)
        self._data = "" if self._fresh else base.data  # made with the first vector, whose length says which it is
        self._stored: set[str] = set()  # keys of vectors that Milvus has
        self._waiting: dict[str, list[tuple[Document, Passage]]] = {}  # for the vectors with these keys
        self._unsent: list[Row] = []
        self._staged: set[str] = set()
        self._removed: set[str] = set()
        self._files: dict[str, FileRecord] = {}
        self._gone: set[str] = set()
        self._manifest = base.manifest

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        unknown = {key.hex() for key in keys} - self._stored
        for collection in self._call.passages():
            for batch in batches(sorted(unknown - self._stored)):
                stored = self._call.find(collection, f"{one_of('key', batch)} and rest == 0", ["key"])
                self._stored.update(row["key"] for row in stored)
        return {bytes.fromhex(key) for key in unknown - self._stored}

    def put_vectors(self, keys: Sequence[bytes], vectors: Iterable[Kept]) -> None:
        """Keep vectors at once and for good: with the passages that wait for them, or else alone."""
        new: list[Row] = []
        for key, kept in zip(map(bytes.hex, keys), vectors, strict=True):
            vector = np.asarray(kept, np.float16)
            self._data = self._data or self._call.make_passages(len(vector))
            words = holds_words(self._data)
            if key not in self._waiting:
                alone = {"key": key} | ({"words": ""} if words else {})
                new += rows.rows("orphaned", key, [], self._version, vector, **alone)
            for document, passage in self._waiting.pop(key, ()):
                new += rows.of_passage(document, passage, key, vector, self._version, words)
            self._stored.add(key)
        self._send(self._data, new)

    def _take_over(self, keys: Iterable[str]) -> None:
        """Give the passages that wait for these vectors those of others with the same text."""
        for batch in batches(sorted(keys)):
            vectors: dict[str, Halves] = {}
            for collection in self._call.passages():
                wanted = f"{one_of('key', [key for key in batch if key not in vectors])} and rest == 0"
                stored = self._call.find(collection, wanted, ["pk", "key", "created_at"])
                # The newest of each: an older one may be what is to be mended.
                newest = {row["key"]: row["pk"] for row in sorted(stored, key=lambda row: int(row["created_at"]))}
                read = self._call.find(collection, one_of("pk", list(newest.values())), ["key", "vector"])
                vectors |= {row["key"]: np.array(row["vector"], np.float16) for row in read}
            if lost := set(batch) - vectors.keys():
                raise IndexProblem(f"{self._call.name}: {count(len(lost), 'vector')} lost meanwhile; update again")
            self.put_vectors(list(map(bytes.fromhex, vectors)), vectors.values())

    def _send(self, collection: str, new: Sequence[Row]) -> None:
        """Idempotent: what is sent again has the same keys."""
        self._lease.check()
        for batch in batches(new, _BUFFERED):
            self._call("upsert", collection, batch)

    def replace(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Add a document or put it in the place of the one with its id."""
        self._staged.add(document.doc_id)
        for passage, key in zip(passages, map(bytes.hex, keys), strict=True):
            self._waiting.setdefault(key, []).append((document, passage))
        self._unsent += rows.of_document(document, record, self._version)
        if len(self._unsent) >= _BUFFERED:
            self._take_over(self._waiting.keys() & self._stored)
            self._send(self._call.articles, self._unsent)
            self._unsent = []

    def remove(self, doc_ids: Iterable[str]) -> None:
        """Take documents out."""
        self._removed.update(doc_ids)

    def put_files(self, records: Iterable[FileRecord], gone: Iterable[str] = ()) -> None:
        """Say what these corpus files are now, and forget those that are ``gone``."""
        self._files |= {record.path: record for record in records}
        self._gone.update(gone)

    def describe(self, manifest: Manifest) -> None:
        """Say what the index is now."""
        self._manifest = manifest

    def commit(self) -> int:
        """Publish everything since the writer was entered, at once, or nothing."""
        self._take_over(self._waiting)
        for path, record in self._files.items():
            self._unsent += rows.rows("file", path, [*record[:-1], dict(record.skipped)], self._version)
        self._send(self._call.articles, self._unsent)
        self._check()
        committed = self._swept()
        if self._fresh:
            committed = ((-1, 0.0),)
        else:
            self._end_replaced()
        new = Commit(
            committed=(*committed, (self._version, time())),
            generation=self.generation + bool(self._fresh or self._staged or self._removed or not self.generation),
            data=self._data,
            manifest=self._manifest,
        )
        documents, passages = MilvusSnapshot(self._call, new).counted()
        new = replace(new, documents=documents, passages=passages)
        self._check()
        row = rows.rows("commit", str(new.version), asdict(new) | {"format": FORMAT}, new.version)
        self._call("upsert", self._call.articles, row)
        if latest(self._call).version != new.version:
            raise self._lease.overtaken()
        self._call("delete", self._call.articles, filter=f"kind == 'commit' and created_at < {new.version}")
        self._fresh = False
        self._committed(new)
        self._begin(new)
        return new.generation

    def _check(self) -> None:
        """See that nobody else has written meanwhile."""
        self._lease.check(exactly=True)
        if latest(self._call).version != self.base.version:
            raise self._lease.overtaken()

    def _end_replaced(self) -> None:
        """Have the rows of what is removed or replaced end with this version; only whole rows can be written."""
        docs = [hashed(doc_id) for doc_id in {*self._staged, *self._removed}]
        names = [hashed("file", path) for path in {*self._files, *self._gone}]
        ended = [one_of("doc", batch) for batch in batches(docs)] + [one_of("name", batch) for batch in batches(names)]
        for collection in filter(None, (self._call.articles, self._data)):
            fields = (*FIELDS, "words") if holds_words(collection) else FIELDS
            for condition in ended:
                found = self._call.every(collection, f"{self.base.visible} and {condition}", ["pk"])
                for batch in batches([row["pk"] for row in found]):
                    self._lease.check(exactly=True)
                    whole = self._call.find(collection, one_of("pk", batch), fields)
                    for row in whole:
                        row |= {"deleted_at": self._version, "vector": list(map(float, row["vector"]))}
                    self._call("upsert", collection, whole)

    def _swept(self) -> tuple[tuple[int, float], ...]:
        """Delete what no reader can see any more; the versions committed so far that still have to be told apart.

        Whoever began to read before the last of the `old` ones was followed by another, is too late.
        """
        committed = self.base.committed
        old = [version for version, at in committed if at <= time() - KEPT]
        if len(old) < 2:  # the first stands for what was swept already
            return committed
        dead = f"kind == 'orphaned' or not {self.base.created} or deleted_at in {old}"
        condition = f"created_at <= {old[-1]} and kind not in ['commit', 'lease'] and ({dead})"
        for collection in (self._call.articles, *self._call.passages()):
            if collection in (self._call.articles, self._data, self.base.data):
                self._call("delete", collection, filter=condition)
            else:  # of a model before the last rebuild
                self._call("drop_collection", collection)
        return committed[len(old) - 1 :]
