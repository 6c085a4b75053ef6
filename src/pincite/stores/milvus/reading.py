"""One state of an index on Milvus: the rows that were created and not deleted in the versions that a commit names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import groupby
from time import time
from typing import Any, NamedTuple, Self

import numpy as np

from pincite.analysis.terms import analyse
from pincite.datatypes import Document, Filter, Listed, Passage
from pincite.errors import DamagedIndex, OtherFormat
from pincite.stores.base import Content, DocumentRecord, FileRecord, Kept, Manifest, Scored, Vectors, best_first
from pincite.stores.memory import Memory, row_size
from pincite.stores.milvus import rows
from pincite.stores.milvus.connection import BOUNDED, MOST_FOUND, STRONG, Connection, batches, holds_words, one_of
from pincite.stores.milvus.rows import PAYLOAD, Halves, hashed, payloads

FORMAT = 3  # counts up when rows or what they hold change
_SETTLED = 10.0  # seconds after a commit from which on the quicker reads see all of it
_SAMPLE = 1000  # passages from which is estimated how many hold a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What an update has made the index.

    Attributes:
        committed: versions of updates, ascending, each with the time of its commit (seconds since the epoch). Rows bear
            those in which they were created and deleted. The first stands for all before it as well: nothing else has
            been left of them, but -1 is before all others. What an update that was not finished has written bears none.
        data: the collection that holds the passages; empty where there are none.
    """

    committed: tuple[tuple[int, float], ...] = ((0, 0.0),)
    generation: int = 0
    data: str = ""
    documents: int = 0
    passages: int = 0
    manifest: Manifest = field(default_factory=lambda: Manifest(settings={}))

    @property
    def version(self) -> int:
        """That of the update which made it."""
        return self.committed[-1][0]

    @property
    def created(self) -> str:
        """The condition that rows fulfil which a committed update has created."""
        return f"(created_at <= {self.committed[0][0]} or created_at in {[version for version, _ in self.committed]})"

    @property
    def visible(self) -> str:
        """The condition that the rows of the index fulfil."""
        return f"{self.created} and deleted_at not in {[version for version, _ in self.committed]}"


def latest(connection: Connection, level: str = STRONG) -> Commit:
    """The newest commit; one of nothing where there is none.

    Raises:
        OtherFormat: another Pincite wrote it.
    """
    found = connection.find(connection.articles, "kind == 'commit'", (*PAYLOAD, "created_at"), level)
    newest = max((row["created_at"] for row in found), default=None)
    for _, payload in payloads(row for row in found if row["created_at"] == newest):
        if (version := payload.pop("format", None)) != FORMAT:
            mend = f"`pincite update CORPUS --index {connection.name} --rebuild` makes it anew from the articles"
            raise OtherFormat(f"{connection.name}: format {version or 'before 3'}, this Pincite reads {FORMAT}; {mend}")
        committed = tuple((version, at) for version, at in payload["committed"])
        return Commit(**payload | {"committed": committed, "manifest": Manifest(**payload["manifest"])})
    return Commit()


class _Piece(NamedTuple):
    passage: Passage
    vector: Halves
    key: bytes


class MilvusSnapshot:
    """See `pincite.stores.base.Snapshot`; one serves all who read the same commit, from several threads."""

    def __init__(self, connection: Connection, commit: Commit) -> None:
        self._call = connection
        self.base = commit
        self._memory = Memory[str, _Piece](lambda piece: row_size(piece[:2]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        """Nothing is held that would have to be given back."""

    @property
    def _level(self) -> str:
        return BOUNDED if time() - self.base.committed[-1][1] > _SETTLED else STRONG

    @property
    def generation(self) -> int:
        """Counts the updates that changed something."""
        return self.base.generation

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""
        return self.base.manifest

    def files(self) -> dict[str, FileRecord]:
        """The corpus files by path."""
        return {path: FileRecord(path, tuple(stamp), *rest) for path, stamp, *rest in self._payloads("file")}

    def doc_ids(self) -> list[str]:
        """The ids of all documents, in order."""
        return sorted(self.records())

    def records(self, ids: Collection[str] | None = None) -> dict[str, DocumentRecord]:
        """The documents' records."""
        payloads = self._payloads("record") if ids is None else self._of_documents("record", ids)
        return {doc_id: DocumentRecord(*record) for doc_id, *record in payloads}

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by id."""
        return {document.doc_id: document for document in map(rows.document, self._of_documents("document", ids))}

    def _of_documents(self, kind: str, ids: Collection[str]) -> Iterator[Any]:
        for batch in batches([hashed(doc_id) for doc_id in ids]):
            yield from self._payloads(kind, one_of("doc", batch))

    def _payloads(self, kind: str, *conditions: str) -> Iterator[Any]:
        """What all rows of a kind say that fulfil conditions."""
        condition = " and ".join((self.base.visible, f"kind == '{kind}'", *conditions))
        parts = self._call.every(self._call.articles, condition, PAYLOAD, self._level)
        return (payload for _, payload in payloads(parts))

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector``."""
        options = {"metric_type": "IP", "params": {"ef": max(200, 2 * min(n, MOST_FOUND))}}
        return self._search(vector.tolist(), n, self._conditions(where), anns_field="vector", search_params=options)

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by Milvus's BM25; none where it cannot search by words."""
        if not terms or not holds_words(self.base.data):
            return {}
        among = [] if only is None else [one_of("name", [hashed("passage", name) for name in only])]
        conditions, options = (*self._conditions(where), *among), {"metric_type": "BM25", "params": {}}
        return self._search(rows.spelled(terms), n, conditions, anns_field="sparse", search_params=options)

    def _search(self, query: object, n: int, conditions: Iterable[str], **options: object) -> Scored:
        if not self.base.passages or n < 1:
            return {}
        options |= {"limit": min(n, MOST_FOUND), "output_fields": ["name"], "consistency_level": self._level}
        condition = " and ".join((self.base.visible, "kind == 'passage'", "rest == 0", *conditions))
        (hits,) = self._call("search", self.base.data, [query], filter=condition, **options)
        scores = {hit["entity"]["name"]: float(hit["distance"]) for hit in hits}
        pieces = self._memory.read(scores.keys(), self._read)
        if scores.keys() - pieces.keys():
            problem = f"{self._call.name}: passages were found and then not: were they removed meanwhile? Ask again"
            raise DamagedIndex(f"{problem}; `pincite status --verify` looks for damage")
        return best_first((pieces[name].passage.passage_id, score) for name, score in scores.items())

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each term about the number of passages whose text holds it; of up to a thousand passages exactly."""
        scale = self.base.passages / max(1, len(self._sample))
        return {term: round(scale * sum(term in passage for passage in self._sample)) for term in terms}

    def words(self, prefix: str) -> dict[str, int]:
        """None: Milvus does not list what its words are."""
        return {}

    @cached_property
    def _sample(self) -> list[frozenset[str]]:
        """The terms of some passages: as good as by chance, since Milvus takes those whose hashes come first."""
        if not self.base.passages:
            return []
        condition = f"{self.base.visible} and kind == 'passage' and rest == 0"
        sampled = self._call.find(self.base.data, condition, ["name"], self._level, limit=_SAMPLE)
        pieces = self._memory.read([row["name"] for row in sampled], self._read).values()
        return [frozenset(analyse(piece.passage.text)) for piece in pieces]

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """Each passage's vector."""
        return {piece.passage.passage_id: piece.vector for piece in self._by_id(ids)}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {piece.passage.passage_id: piece.passage for piece in self._by_id(ids)}

    def _by_id(self, ids: Collection[str]) -> Collection[_Piece]:
        return self._memory.read([hashed("passage", passage_id) for passage_id in ids], self._read).values()

    def _read(self, values: Sequence[str], field: str = "name") -> dict[str, _Piece]:
        pieces: dict[str, _Piece] = {}
        for batch in batches(values) if self.base.data else ():
            condition = f"{self.base.visible} and kind == 'passage' and {one_of(field, batch)}"
            parts = self._call.every(self.base.data, condition, (*PAYLOAD, "name", "key", "vector"), self._level)
            for row, payload in payloads(parts):
                vector = np.array(row["vector"], np.float16)
                pieces[row["name"]] = _Piece(rows.passage(payload), vector, bytes.fromhex(row["key"]))
        return pieces

    def with_digest(self, prefix: str) -> Document | None:
        """A document by the beginning of its digest."""
        return next(map(rows.document, self._payloads("document", f"digest like '{prefix}%'")), None)

    def listed(self, where: Filter | None = None) -> list[Listed]:
        """Documents without their texts, which are read nevertheless, since no other rows hold author and date."""
        found = sorted(self._payloads("document", *self._conditions(where)), key=lambda each: str(each["doc_id"]))
        return [Listed(**{each.name: row[each.name] for each in fields(Listed)}) for row in found]

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages there are, or fit."""
        return (self.base.documents, self.base.passages) if where is None else self.counted(*self._conditions(where))

    def counted(self, *conditions: str) -> tuple[int, int]:
        """How many documents and passages there really are (that fulfil conditions)."""
        numbers = [0, 0]
        for number, (collection, kind) in enumerate(((self._call.articles, "document"), (self.base.data, "passage"))):
            if collection:
                condition = " and ".join((self.base.visible, f"kind == '{kind}'", "rest == 0", *conditions))
                (found,) = self._call.find(collection, condition, ["count(*)"], self._level)
                numbers[number] = int(found["count(*)"])
        return numbers[0], numbers[1]

    def _conditions(self, where: Filter | None) -> Iterator[str]:
        """A filter as conditions: folders are not in rows, whose fields hold hashes of ids, and become documents."""
        where = where or Filter()
        allowed = [*where.allowed.items()]
        if where.beginnings is not None:
            allowed += [("doc_id", tuple(each for each in self.doc_ids() if each.startswith(where.beginnings)))]
        for name, values in allowed:
            hashes = list(map(hashed, values or ()))
            if values is not None and not values:
                yield "created_at < 0"
            elif values and name == "author":
                yield f"array_contains_any(authors, {hashes})"
            elif values:
                yield one_of("doc" if name == "doc_id" else name, hashes)
        first, last = where.days
        if first is not None:
            yield f"last_day >= {first}"
        if last is not None:
            yield f"first_day <= {last}"

    def contents(self) -> Iterator[Content]:
        """All documents that are whole, in the order of their ids, with what was made of them."""
        records = self.records()
        for ids in batches(sorted(records), 50):
            documents = self.documents(ids)
            pieces = self._read([hashed(doc_id) for doc_id in ids], "doc").values()
            ordered = sorted(pieces, key=lambda piece: (piece.passage.doc_id, piece.passage.start))
            for doc_id, found in groupby(ordered, key=lambda piece: piece.passage.doc_id):
                if doc_id in documents:
                    passages, vectors, keys = map(list, zip(*found, strict=True))
                    yield Content(documents[doc_id], records[doc_id], passages, keys, vectors)
