"""One state of an index on Milvus: the rows that were born and have not died in the generation of a commit."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from pincite.datatypes import Document, Filter, Passage
from pincite.errors import DamagedIndex
from pincite.stores.base import Content, DocumentRecord, FileRecord, Kept, Manifest, Scored, Vectors
from pincite.stores.milvus import bm25, rows
from pincite.stores.milvus.commits import BOUNDED, STRONG, Commit, settled
from pincite.stores.milvus.connection import MEND, MOST_ROWS, PASSAGES, REST, Connection, batches, one_of
from pincite.stores.milvus.lease import Pin
from pincite.stores.milvus.rows import Held, Row, hashed

_MOST_FOUND = 16_384
"""What Milvus returns at most."""

_PAGE = 1000
_WHOLE = ("pk", "payload", "parts")
"""The fields from which what a row says is put together."""

HEAVY = 200
"""Rows with their payloads that are asked for at a time: an answer must stay below 64 MB."""

DOCUMENTS = 50
"""Documents whose passages are brought at a time."""

_SAMPLE = 1000
"""Passages from which the frequency of a word is estimated where Milvus cannot count it."""

_REMEMBERED = 20_000
"""Passages kept in memory."""


@dataclass(slots=True)
class Facts:
    """What holds for one commit, once it was asked for."""

    frequencies: dict[tuple[str, str], int] = field(default_factory=dict)
    sample: list[Held] | None = None
    listing: list[Any] | None = None


class Memory:
    """What snapshots of one store share: passages by key, which never change, and the facts of the newest commit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passages: dict[str, Held] = {}
        self._of: tuple[str, int] = ("", -1)
        self._facts = Facts()

    def facts(self, commit: Commit) -> Facts:
        """Those of a commit, for a snapshot to keep: others may go on to a newer one."""
        with self._lock:
            if self._of != (commit.data, commit.number):
                self._of, self._facts = (commit.data, commit.number), Facts()
            return self._facts

    def known(self, keys: Sequence[str]) -> dict[str, Held]:
        """Those of these passages that are at hand."""
        with self._lock:
            return {key: self._passages[key] for key in keys if key in self._passages}

    def remember(self, passages: dict[str, Held]) -> None:
        """Keep passages for other snapshots, and let go of those that came first."""
        with self._lock:
            self._passages |= passages
            while len(self._passages) > _REMEMBERED:
                self._passages.pop(next(iter(self._passages)))


class MilvusState:
    """See `pincite.stores.base.State`."""

    def __init__(self, connection: Connection, commit: Commit) -> None:
        self._call = connection
        self.commit_read = commit
        self._level = BOUNDED if settled(commit) else STRONG
        self._pin: Pin | None = None

    @property
    def generation(self) -> int:
        """Counts the updates that changed something."""
        return self.commit_read.generation

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self.commit_read.manifest

    def files(self) -> dict[str, FileRecord]:
        """The corpus files by path."""
        return {record.path: record for record in map(rows.file_record, self._stated("file"))}

    def doc_ids(self) -> list[str]:
        """The ids of all documents, in order."""
        return sorted(doc_id for doc_id, *_ in self._stated("record"))

    def records(self, ids: Collection[str] | None = None) -> dict[str, DocumentRecord]:
        """The documents' records."""
        if ids is None:
            stated = self._stated("record")
        else:
            stated = (each for some in batches(_hashes(ids), HEAVY) for each in self._of_documents("record", some))
        return {doc_id: DocumentRecord(*record) for doc_id, _, _, *record in stated}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id."""
        stated = (each for some in batches(_hashes(ids), HEAVY) for each in self._of_documents("document", some))
        return {document.doc_id: document for document in map(rows.document, stated)}

    # ------------------------------------------------------------ rows

    def _stated(self, kind: str, condition: str = "") -> Iterator[Any]:
        """The payloads of all rows of a kind that fulfil a condition."""
        yield from self.payloads(self._rows(f"kind == '{kind}'", condition))

    def _of_documents(self, kind: str, hashes: Sequence[str]) -> Iterator[Any]:
        """The payloads of rows of which each document has one."""
        chosen = " and ".join((self.commit_read.alive, f"kind == '{kind}'", one_of("doc", hashes)))
        yield from self.payloads(self.query(chosen, _WHOLE, REST)) if self.commit_read.data else ()

    def _rows(self, *conditions: str, fields: Sequence[str] = _WHOLE, partition: str = REST) -> Iterator[Row]:
        """All living rows; keys are hashes, so that any number of them falls into even pages."""
        chosen = " and ".join(filter(None, (self.commit_read.alive, *conditions)))
        yield from self.paged(chosen, fields, partition)

    def paged(self, chosen: str, fields: Sequence[str], partition: str) -> Iterator[Row]:
        """All rows of a partition that fulfil a condition, living or not."""
        if not self.commit_read.data:
            return
        if "payload" not in fields:  # of which all that Milvus returns may come at once
            found = self.query(chosen, fields, partition, limit=_MOST_FOUND)
            if len(found) < _MOST_FOUND:
                yield from found
                return
        held = self.query(chosen, ["count(*)"], partition)[0]["count(*)"]
        digits = math.ceil(math.log(held / _PAGE, 16)) if held > _PAGE else 0
        for number in range(16**digits):
            start = f" and pk >= '{number:0{digits}x}'" if number else ""
            end = f" and pk < '{number + 1:0{digits}x}'" if number + 1 < 16**digits else ""
            yield from self.query(chosen + start + end, fields, partition, limit=_MOST_FOUND)

    def query(self, chosen: str, fields: Sequence[str], partition: str = "", **options: int) -> list[Row]:
        """Rows that fulfil a condition, living or not."""
        if self._pin is not None:
            self._pin.renew()
        found = self._call(
            "query",
            self.commit_read.data,
            filter=chosen,
            output_fields=list(fields),
            partition_names=[partition] if partition else None,
            consistency_level=self._level,
            **options,
        )
        return [dict(row) for row in found]

    def payloads(self, found: Iterable[Row]) -> Iterator[Any]:
        """What rows say, whole."""
        for row in found:
            text = row["payload"]
            if row["parts"]:
                keys = rows.part_keys(row)
                parts = {each["pk"]: each["payload"] for each in self.by_keys(keys)}
                if lost := [key for key in keys if key not in parts]:
                    raise DamagedIndex(f"{self._call.address.name}: a part of a row is missing ({lost[0]}); {MEND}")
                text = "".join((text, *(parts[key] for key in keys)))
            try:
                yield json.loads(text)
            except ValueError as error:
                raise DamagedIndex(f"{self._call.address.name}: a row cannot be read ({error}); {MEND}") from error

    def by_keys(self, keys: Sequence[str]) -> Iterator[Row]:
        """Rows with their payloads."""
        for some in batches(keys, HEAVY):
            yield from self.query(one_of("pk", some), _WHOLE)


class MilvusSnapshot(MilvusState):
    """See `pincite.stores.base.Snapshot`."""

    def __init__(self, connection: Connection, commit: Commit, memory: Memory) -> None:
        super().__init__(connection, commit)
        self._memory = memory
        self._held: dict[str, Held] = {}

    def __enter__(self) -> Self:
        self._facts = self._memory.facts(self.commit_read)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held that would have to be given back."""

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector``."""
        found = self._search("vector", vector.tolist(), n, where, {"ef": max(200, 2 * min(n, _MOST_FOUND))})
        loaded = self._load([hit["pk"] for hit in found])
        return _best_first({loaded[hit["pk"]].passage.passage_id: float(hit["distance"]) for hit in found})

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by BM25; none where Milvus cannot search by words."""
        if not terms or n < 1 or not self._has_words:
            return {}
        if only is not None:
            passages = list(self._by_id(only).values())
        else:
            found = self._search("sparse", rows.spelled(terms), n, where, {})
            passages = list(self._load([hit["pk"] for hit in found]).values())
        length = self.commit_read.terms / max(1, self.commit_read.passages)
        body, lead = self.frequencies(terms), self._frequencies(terms, "lead")
        scores = bm25.scores(passages, terms, body, lead, self.commit_read.passages, length)
        return dict(list(_best_first(scores).items())[:n])

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each term the number of passages whose text holds it; estimated where Milvus cannot count them."""
        return self._frequencies(terms, "body")

    def _frequencies(self, terms: Sequence[str], field_name: str) -> dict[str, int]:
        known = self._facts.frequencies
        count = self._counted if self._has_words else self._estimated
        for term in terms:
            if (term, field_name) not in known:
                known[term, field_name] = count(term, field_name)
        return {term: known[term, field_name] for term in terms}

    @property
    def _has_words(self) -> bool:
        return bool(self.commit_read.data) and self._call.holds_words(self.commit_read.data)

    def _counted(self, term: str, field_name: str) -> int:
        chosen = f"{self.commit_read.alive} and text_match({field_name}, '{rows.spelled([term])}')"
        return int(self.query(chosen, ["count(*)"], PASSAGES)[0]["count(*)"])

    def _estimated(self, term: str, field_name: str) -> int:
        if self._facts.sample is None:
            chosen = f"{self.commit_read.alive} and kind == 'passage'"
            found = self.query(chosen, _WHOLE, PASSAGES, limit=_SAMPLE)
            self._facts.sample = [rows.held(payload) for payload in self.payloads(found)]
        holding = sum(term in getattr(held, field_name) for held in self._facts.sample)
        return round(holding * self.commit_read.passages / max(1, len(self._facts.sample)))

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """Each passage's vector."""
        return {each: held.vector for each, held in self._by_id(ids).items()}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {each: held.passage for each, held in self._by_id(ids).items()}

    def with_digest(self, prefix: str) -> Document | None:
        """A document by the beginning of its digest."""
        return next(map(rows.document, self._stated("document", f"digest like '{prefix}%'")), None)

    def sources(self) -> dict[str, int]:
        """The sources that documents name, with how many do."""
        return dict(sorted(Counter(source for _, _, source, *_ in self._listed() if source is not None).items()))

    def titles(self, n: int) -> dict[str, str]:
        """The titles of the first documents by id."""
        return {doc_id: title for doc_id, title, *_ in self._listed()[:n]}

    def _listed(self) -> list[Any]:
        if self._facts.listing is None:
            self._facts.listing = sorted(self._stated("record"), key=lambda each: str(each[0]))
        return self._facts.listing

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages there are, or fit."""
        if where is None:
            return self.commit_read.documents, self.commit_read.passages
        return self._counted_where(" and ".join((self.commit_read.alive, *rows.conditions(where))))

    def _counted_where(self, chosen: str) -> tuple[int, int]:
        documents = self._count(f"{chosen} and kind == 'document'", REST)
        return documents, self._count(f"{chosen} and kind == 'passage'", PASSAGES)

    def _count(self, chosen: str, partition: str) -> int:
        if not self.commit_read.data:
            return 0
        return int(self.query(chosen, ["count(*)"], partition)[0]["count(*)"])

    def counted(self) -> tuple[int, int]:
        """How many documents and passages there really are."""
        return self._counted_where(self.commit_read.alive)

    def contents(self) -> Iterator[Content]:
        """All documents, in the order of their ids, with what was made of them."""
        with self.kept():
            records = self.records()
            for some in batches(sorted(records), DOCUMENTS):
                yield from self.some_contents(some, records)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """While this is entered, writers leave what is read here."""
        with Pin(self._call) as pin:
            before, self._pin = self._pin, pin
            try:
                yield
            finally:
                self._pin = before

    def some_contents(self, ids: Sequence[str], records: Mapping[str, DocumentRecord]) -> Iterator[Content]:
        """Documents with what was made of them.

        Raises:
            DamagedIndex: one is not whole.
        """
        documents, pieces = self.documents(ids), self._pieces(ids)
        for doc_id in ids:
            if doc_id not in documents or not pieces[doc_id]:
                raise DamagedIndex(f"{self._call.address.name}: {doc_id}: its text or its passages are missing; {MEND}")
            held = sorted(pieces[doc_id], key=lambda piece: piece[0].passage.start)
            yield Content(
                document=documents[doc_id],
                record=records[doc_id],
                passages=[each.passage for each, _ in held],
                keys=[bytes.fromhex(key) for _, key in held],
                vectors=[each.vector for each, _ in held],
            )

    def _pieces(self, ids: Sequence[str]) -> dict[str, list[tuple[Held, str]]]:
        """The passages of each document, and the keys of their vectors."""
        found = list(self._rows(one_of("doc", _hashes(ids)), fields=("pk", "key"), partition=PASSAGES))
        keys = [row["pk"] for row in found]
        # Past what is remembered: these are all, one after the other.
        whole = list(self.by_keys(keys))
        held = dict(zip((row["pk"] for row in whole), map(rows.held, self.payloads(whole)), strict=True))
        pieces: dict[str, list[tuple[Held, str]]] = {each: [] for each in ids}
        for row in found:
            each = held[row["pk"]]
            pieces[each.passage.doc_id].append((each, row["key"]))
        return pieces

    # ------------------------------------------------------------ finding

    def _search(
        self, field_name: str, asked: object, n: int, where: Filter | None, options: dict[str, int]
    ) -> list[dict[str, Any]]:
        if not self.commit_read.passages or n < 1:
            return []
        found = self._call(
            "search",
            self.commit_read.data,
            [asked],
            anns_field=field_name,
            limit=min(n, _MOST_FOUND),
            filter=" and ".join((self.commit_read.alive, "kind == 'passage'", *rows.conditions(where))),
            output_fields=["pk"],
            partition_names=[PASSAGES],
            consistency_level=self._level,
            search_params={"metric_type": "BM25" if field_name == "sparse" else "IP", "params": options},
        )
        return [{"pk": hit["entity"]["pk"], "distance": hit["distance"]} for hit in found[0]]

    def _load(self, keys: Sequence[str]) -> dict[str, Held]:
        held = self._memory.known(keys)
        missing = [key for key in keys if key not in held]
        read = {row["pk"]: row for row in self.by_keys(missing)}
        new = dict(zip(read, map(rows.held, self.payloads(read.values())), strict=True))
        self._memory.remember(new)
        held |= new
        if lost := [key for key in keys if key not in held]:
            raise DamagedIndex(
                f"{self._call.address.name}: a row was found and then not ({lost[0]}): was it removed meanwhile? "
                "Ask again; `pincite status --verify` looks for damage"
            )
        self._held |= {each.passage.passage_id: each for each in held.values()}
        return {key: held[key] for key in keys}

    def _by_id(self, ids: Collection[str]) -> dict[str, Held]:
        unknown = [each for each in ids if each not in self._held]
        for some in batches(unknown, MOST_ROWS):
            condition = one_of("name", [hashed("passage", each) for each in some])
            self._load([row["pk"] for row in self._rows(condition, fields=("pk",), partition=PASSAGES)])
        return {each: self._held[each] for each in ids if each in self._held}


def _hashes(ids: Collection[str]) -> list[str]:
    return [hashed(each) for each in ids]


def _best_first(scores: Scored) -> Scored:
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
