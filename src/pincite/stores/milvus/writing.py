"""The writer of an index on Milvus.

Rows bear the number of the update that writes them, and are seen when a commit of that number, one row in a collection
of its own, says so. What an update that was ended has written is not seen by anyone, but its vectors are taken over by
the next.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from time import time
from types import TracebackType
from typing import Self

import numpy as np

from pincite.datatypes import Document, Passage
from pincite.errors import IndexProblem
from pincite.stores.base import DocumentRecord, FileRecord, Kept, Manifest
from pincite.stores.milvus import rows
from pincite.stores.milvus.commits import STRONG, Commit, forget_older, latest, publish, settled
from pincite.stores.milvus.connection import DATA, MOST_ROWS, PASSAGES, REST, WORDS, Connection, batches, one_of
from pincite.stores.milvus.lease import Lease, overtaken, pinned
from pincite.stores.milvus.reading import HEAVY, MilvusState
from pincite.stores.milvus.rows import NEVER, Halves, Row, hashed

_log = logging.getLogger(__name__)

_BUFFERED = 500
"""Rows that wait to be sent together."""

_MOST_ADMITTED = 64
"""Numbers that a commit names one by one; they stand in every condition."""

_NO_VECTORS = 2
"""The dimension of a collection that holds nothing to search for."""

_WORDS = 60_000
"""Characters of words that are searched; a VARCHAR holds 65,535 bytes, and these are ASCII."""

Staged = tuple[Document, Passage]


class MilvusWriter(MilvusState):
    """See `pincite.stores.base.Writer`; entering it takes the lease.

    Raises:
        IndexBusy: on entering, when another process writes; on committing, when another has written meanwhile.
    """

    def __init__(
        self, connection: Connection, committed: Callable[[Commit], None], *, fresh: bool, wait: bool = False
    ) -> None:
        self._call = connection
        self._committed = committed
        self._fresh = fresh
        self._lease = Lease(connection, wait=wait)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._call.make_control()
            opening.enter_context(self._lease)
            super().__init__(self._call, latest(self._call, STRONG))
            self._number = self._lease.number
            self._others = self._call.data()  # that of the index, and those of updates that were not finished
            self._use("" if self._fresh else self.commit_read.data)
            for name in self._others:  # after one strong read the quicker ones see all that was written before
                self._call("query", name, filter="born < 0", output_fields=["pk"], consistency_level=STRONG)
            self._forget_staged()
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _forget_staged(self) -> None:
        self._waiting: dict[str, list[Staged]] = {}
        self._copied: list[tuple[str, Staged]] = []
        self._there: set[str] = set()
        self._buffer: dict[str, list[Row]] = {PASSAGES: [], REST: []}
        self._wrote = False
        # Rows without vectors wait until it is known how long vectors are, and so which collection it is.
        self._decided = bool(self._data and self.commit_read.passages)
        self._staged: set[str] = set()
        self._passages = 0
        self._terms = 0
        self._removed: list[str] = []
        self._files: list[FileRecord] = []
        self._gone: list[str] = []
        self._manifest: Manifest | None = None

    # ------------------------------------------------------------ vectors

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""
        unknown = {key.hex() for key in keys} - self._there
        for name in self._sources():
            state = self._state(name, self.commit_read.at)
            for some in batches(sorted(unknown)):
                self._there.update(row["key"] for row in self._keyed(state, some))
        return {bytes.fromhex(key) for key in unknown - self._there}

    def _sources(self) -> list[str]:
        """The collections in which vectors may be found."""
        return list(dict.fromkeys(filter(None, (self._data, *self._others))))

    def _state(self, name: str, at: float) -> MilvusState:
        """What a collection holds, read as after a commit made at that time."""
        return MilvusState(self._call, replace(self.commit_read, data=name, at=at))

    def _keyed(self, state: MilvusState, keys: Sequence[str]) -> list[Row]:
        """Whole rows with the vectors of these keys: a sweep that was cut leaves some without their parts."""
        found = state.query(one_of("key", keys), ("pk", "key", "parts"), PASSAGES)
        parts = [key for row in found for key in rows.part_keys(row)]
        there = {row["pk"] for some in batches(parts) for row in state.query(one_of("pk", some), ("pk",), PASSAGES)}
        return [row for row in found if there.issuperset(rows.part_keys(row))]

    def put_vectors(self, keys: Sequence[bytes], vectors: Iterable[Kept]) -> None:
        """Keep vectors at once and for good."""
        for key, vector in zip(keys, vectors, strict=True):
            name, half = key.hex(), np.asarray(vector, np.float16)
            self._there.add(name)
            if staged := self._waiting.pop(name, []):
                for each in staged:
                    self._put_passage(name, each, half)
            else:
                self._put_loose(name, half)
        self._send(PASSAGES)

    def _put_loose(self, key: str, vector: Halves) -> None:
        """A vector whose passage has not come yet."""
        self._decide(len(vector))
        nothing = Passage(passage_id="", doc_id="", text="", start=0, end=0)
        payload = rows.passage_payload(Document(doc_id="", title="", text=""), nothing, vector)
        facts = {"key": key, "vector": vector.astype(np.float32).tolist()}
        self._put(rows.rows("loose", key, payload, self._number, facts | self._words(payload), len(vector)))

    def _put_passage(self, key: str, staged: Staged, vector: Halves) -> None:
        document, passage = staged
        self._decide(len(vector))
        payload = rows.passage_payload(document, passage, vector)
        facts = rows.document_facts(document) | self._words(payload)
        facts |= {"key": key, "vector": vector.astype(np.float32).tolist()}
        self._passages += 1
        self._terms += len(payload[-1].split())
        self._put(rows.rows("passage", passage.passage_id, payload, self._number, facts, len(vector)))

    def _words(self, payload: Sequence[object]) -> dict[str, str]:
        return rows.words(payload, _WORDS) if WORDS in self._fields else {}

    # ------------------------------------------------------------ documents

    def replace(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Add a document or put it in the place of the one with its id."""
        self._staged.add(document.doc_id)
        facts = rows.document_facts(document)
        for kind, payload in (
            ("document", rows.document_payload(document)),
            ("record", rows.record_payload(document, record)),
        ):
            self._later(kind, document.doc_id, payload, facts)
        for passage, key in zip(passages, keys, strict=True):
            if key.hex() in self._there:
                self._copied.append((key.hex(), (document, passage)))
            else:
                self._waiting.setdefault(key.hex(), []).append((document, passage))
        if len(self._copied) >= _BUFFERED:
            self._copy_vectors()

    def _later(self, kind: str, name: str, payload: object, facts: dict[str, str | int]) -> None:
        """A row without a vector of its own."""
        self._buffer[REST] += rows.rows(kind, name, payload, self._number, facts, 1)
        if len(self._buffer[REST]) >= _BUFFERED and self._decided:
            self._send(REST)

    def _copy_vectors(self) -> None:
        """Give passages the vectors of others with the same text."""
        copied, self._copied = self._copied, []
        for some in batches(copied, HEAVY):
            found = self._vectors(sorted({key for key, _ in some}))
            for key, staged in some:
                self._put_passage(key, staged, found[key])
        self._send(PASSAGES)

    def _vectors(self, keys: Sequence[str]) -> dict[str, Halves]:
        found: dict[str, Halves] = {}
        for name in self._sources():
            wanted = [key for key in keys if key not in found]
            # Strongly, since some were written just now; many rows may have the key of one text.
            state = self._state(name, time())
            read = self._keyed(state, wanted) if wanted else []
            one_each = {row["pk"]: row["key"] for row in {row["key"]: row for row in read}.values()}
            whole = list(state.by_keys(list(one_each)))
            for row, payload in zip(whole, state.payloads(whole), strict=True):
                found[one_each[row["pk"]]] = rows.held(payload).vector
        if lost := set(keys) - found.keys():
            raise IndexProblem(f"{self._call.address.name}: {len(lost)} vectors were lost meanwhile; update again")
        return found

    def remove(self, doc_ids: Iterable[str]) -> None:
        """Take documents out."""
        self._removed.extend(doc_ids)

    def put_files(self, records: Iterable[FileRecord], gone: Iterable[str] = ()) -> None:
        """Say what these corpus files are now, and forget those that are ``gone``."""
        self._files.extend(records)
        self._gone.extend(gone)

    def describe(self, manifest: Manifest) -> None:
        """Say what the index is now."""
        self._manifest = manifest

    # ------------------------------------------------------------ sending

    def _decide(self, dimension: int) -> None:
        """Which collection it is, now that the first vector has come."""
        # One that was made when there were no vectors yet holds nothing but what files were like.
        if not self._data or (self._fields["vector"] != dimension and not self.commit_read.passages):
            self._make(dimension)
        self._decided = True

    def _put(self, new: Sequence[Row]) -> None:
        self._buffer[PASSAGES] += new
        if len(self._buffer[PASSAGES]) >= _BUFFERED:
            self._send(PASSAGES)

    def _make(self, dimension: int) -> None:
        name = f"{self._call.address.collection}{DATA}{self._number}"
        self._call.make_data(name, dimension)
        self._use(name)

    def _use(self, data: str) -> None:
        self._data = data
        self._fields = self._call.fields(data) if data else {}

    def _send(self, partition: str) -> None:
        """Idempotent: what is sent again has the same keys."""
        self._lease.check(exactly=False)
        waiting, self._buffer[partition] = self._buffer[partition], []
        if partition == REST:
            waiting = [row | {"vector": rows.nowhere(self._fields["vector"])} for row in waiting]
        filler = {name: "" for name in ("lead", "body", WORDS) if name in self._fields}
        self._wrote = self._wrote or bool(waiting)
        for some in batches(waiting, _BUFFERED):
            self._call("upsert", self._data, [filler | row for row in some], partition_name=partition)

    # ------------------------------------------------------------ publishing

    def commit(self) -> int:
        """Publish everything since the writer was entered, at once.

        Raises:
            IndexBusy: another process has published something meanwhile; nothing of this is.
        """
        self._copied += [(key, each) for key, staged in self._waiting.items() for each in staged]
        self._waiting = {}
        self._copy_vectors()
        self._put_file_records()
        base = self.commit_read
        changed = self._fresh or bool(self._staged or self._removed or not base.generation)
        self._lease.check()
        self._check(base)
        ended = self._end_rows() if self._data and self._data == base.data else []
        new = self._made(base, changed, ended)
        self._lease.check()
        self._check(base)
        publish(self._call, new)
        self._check(new)
        self._clear_up(base, new)
        super().__init__(self._call, new)
        self._committed(new)
        self._number = self._lease.next_number(new.number)
        self._forget_staged()
        self._fresh = False
        return new.generation

    def _put_file_records(self) -> None:
        if self._data != self.commit_read.data and not self._fresh:  # where those of the rest are left behind
            known = {*(record.path for record in self._files), *self._gone}
            self._files += [record for path, record in self.files().items() if path not in known]
        for record in self._files:
            self._later("file", record.path, [*record[:-1], dict(record.skipped)], {})
        if self._buffer[REST]:
            if not self._data:
                self._make(_NO_VECTORS)
            self._send(REST)

    def _check(self, newest: Commit) -> None:
        """What has been published counts, whoever holds the lease by then."""
        if latest(self._call, STRONG).number != newest.number:
            raise overtaken(self._call)

    def _end_rows(self) -> list[str]:
        """Have the rows of what is removed or replaced die with this update; what kinds they were."""
        docs = [hashed(each) for each in {*self._staged, *self._removed}]
        names = [hashed("file", each) for each in {*(record.path for record in self._files), *self._gone}]
        ended = []
        for field, values in (("doc", docs), ("name", names)):
            for some in batches(values, HEAVY):
                for partition in (PASSAGES, REST):
                    condition = f"{one_of(field, some)} and born < {self._number}"
                    found = self._rows(condition, fields=("pk",), partition=partition)
                    ended += self._end([row["pk"] for row in found], partition, self._number)
        return ended

    def _end(self, keys: Sequence[str], partition: str, number: int) -> list[str]:
        """Have rows die with a number. Only whole rows can be written."""
        kinds = []
        for some in batches(keys, HEAVY):
            self._lease.check()
            found = self.query(one_of("pk", some), list(self._fields), partition)
            kinds += [str(row["kind"]) for row in found]
            self._wrote = True
            ending = [row | {"died": number, "vector": list(map(float, row["vector"]))} for row in found]
            self._call("upsert", self._data, ending, partition_name=partition)
            self._terms -= sum(len(each) for each in self._bodies(found))
        return kinds

    def _bodies(self, found: Sequence[Row]) -> Iterator[tuple[str, ...]]:
        passages = [row for row in found if row["kind"] == "passage"]
        return (rows.held(payload).body for payload in self.payloads(passages))

    def _made(self, base: Commit, changed: bool, ended: Sequence[str]) -> Commit:
        # The files' records alone need a number too.
        number = self._number if changed or self._wrote else base.number
        kept = Commit() if self._data != base.data else base
        if fold := len(kept.admitted) > _MOST_ADMITTED:
            self._fold(kept)
        admitted = () if fold else kept.admitted
        return Commit(
            number=number,
            generation=base.generation + changed,
            data=self._data,
            documents=kept.documents + len(self._staged) - ended.count("document"),
            passages=kept.passages + self._passages - ended.count("passage"),
            terms=kept.terms + self._terms,
            floor=kept.number if fold else kept.floor,
            admitted=admitted if number in admitted else (*admitted, number),
            at=time() if number != base.number else base.at,
            manifest=self._manifest or base.manifest,
        )

    def _fold(self, base: Commit) -> None:
        """Make every number up to that of a commit count, by undoing what bears one that does not."""
        below = f"{{0}} > {base.floor} and {{0}} <= {base.number} and {{0}} not in {list(base.admitted)}"
        terms = self._terms
        for partition in (PASSAGES, REST):
            self._delete(self._data, below.format("born"), partition)
            found = [row["pk"] for row in self.paged(below.format("died"), ("pk",), partition)]
            self._end(found, partition, NEVER)
        self._terms = terms

    def _clear_up(self, base: Commit, new: Commit) -> None:
        """Delete what no reader can see any more; the commit stands whatever comes of it."""
        try:
            self._lease.check()
            if new.data and new.data != base.data:
                self._call.point(new.data)
            if pinned(self._call):
                return
            for name in self._others:
                # Readers may still be at the one before; it goes with the next update.
                if name not in (new.data, base.data):
                    self._call("drop_collection", name)
            self._others = [name for name in (base.data, new.data) if name]
            self._sweep(base, new)
            forget_older(self._call)
        except IndexProblem as error:
            _log.warning("%s; not tidied up: the next update tries again", error)

    def _sweep(self, base: Commit, new: Commit) -> None:
        # A reader may be at the state before that, unless it is long past.
        gone = base if settled(base) else replace(base, admitted=base.admitted[:-1])
        unfinished = f"born > {new.floor} and born not in {list(new.admitted)}"
        chosen = f"{gone.counts('died')} or ({unfinished}) or kind == 'loose'"
        deleted = [self._delete(new.data, chosen, each) for each in (PASSAGES, REST) if new.data]
        if any(deleted):
            self._call("compact", new.data)

    def _delete(self, data: str, chosen: str, partition: str) -> int:
        """Delete rows; how many. What they go on in goes first, since it is found through them alone."""
        state = self._state(data, self.commit_read.at)
        found = list(state.paged(chosen, ("pk", "parts"), partition))
        parts = [key for row in found for key in rows.part_keys(row)]
        for keys in (parts, [row["pk"] for row in found]):
            for some in batches(keys, MOST_ROWS):
                self._lease.check()
                self._call("delete", data, ids=list(some), partition_name=partition)
        return len(found)
