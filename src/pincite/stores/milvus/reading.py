"""One state of an index on Milvus: the rows that were created and not deleted in the versions that a commit names.

What was deleted is kept for `writing.KEPT` seconds, so that whoever began to read before still finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from functools import cached_property, partial
from time import time
from typing import Any, NamedTuple, Self

import numpy as np

from pincite.analysis.terms import analyse
from pincite.datatypes import Document, Filter, Listed, Passage
from pincite.errors import DamagedIndex
from pincite.stores.base import Content, DocumentRecord, FileRecord, Kept, Manifest, Scored, Vectors
from pincite.stores.memory import Memory, row_size
from pincite.stores.milvus import rows
from pincite.stores.milvus.connection import BOUNDED, MOST_FOUND, STRONG, Connection, batches, holds_words, one_of
from pincite.stores.milvus.control import Commit
from pincite.stores.milvus.rows import PAYLOAD, Halves, hashed

_SETTLED = 10.0
"""Seconds after a commit from which on the quicker reads see all of it."""

_SAMPLE = 1000
"""Passages from which is estimated how many hold a word."""


class _Piece(NamedTuple):
    """A passage with its vector, of shape (dimension,), and the vector's key."""

    passage: Passage
    vector: Halves
    key: bytes


class MilvusState:
    """See `pincite.stores.base.State`."""

    def __init__(self, connection: Connection, commit: Commit) -> None:
        self._call = connection
        self.base = commit

    @property
    def _level(self) -> str:
        return BOUNDED if time() - self.base.at > _SETTLED else STRONG

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
        return {record.path: record for record in map(rows.file_record, self._payloads("file"))}

    def doc_ids(self) -> list[str]:
        """The ids of all documents, in order."""
        return sorted(self.records())

    def records(self, ids: Collection[str] | None = None) -> dict[str, DocumentRecord]:
        """The documents' records."""
        payloads = self._payloads("record") if ids is None else self._of_documents("record", ids)
        return {doc_id: DocumentRecord(*record) for doc_id, _, _, *record in payloads}

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
        return (payload for _, payload in rows.payloads(parts))


class MilvusSnapshot(MilvusState):
    """See `pincite.stores.base.Snapshot`; one serves all who read the same commit, from several threads."""

    def __init__(self, connection: Connection, commit: Commit) -> None:
        super().__init__(connection, commit)
        self._memory = Memory[str, _Piece](lambda piece: row_size(piece[:2]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        """Nothing is held that would have to be given back."""

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector``."""
        options = {"ef": max(200, 2 * min(n, MOST_FOUND))}
        return self._search("vector", vector.tolist(), n, where, {"metric_type": "IP", "params": options})

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by Milvus's BM25; none where it cannot search by words."""
        if not terms or not holds_words(self.base.data):
            return {}
        among = () if only is None else (one_of("name", [hashed("passage", name) for name in only]),)
        return self._search("sparse", rows.spelled(terms), n, where, {"metric_type": "BM25", "params": {}}, *among)

    def _search(
        self, field: str, query: object, n: int, where: Filter | None, options: dict[str, Any], *conditions: str
    ) -> Scored:
        if not self.base.passages or n < 1:
            return {}
        condition = (self.base.visible, "kind == 'passage'", "rest == 0", *self._conditions(where), *conditions)
        (hits,) = self._call(
            "search",
            self.base.data,
            [query],
            anns_field=field,
            limit=min(n, MOST_FOUND),
            filter=" and ".join(condition),
            output_fields=["name"],
            consistency_level=self._level,
            search_params=options,
        )
        scores = {hit["entity"]["name"]: float(hit["distance"]) for hit in hits}
        pieces = self._loaded(list(scores))
        if scores.keys() - pieces.keys():
            problem = f"{self._call.name}: passages were found and then not: were they removed meanwhile? Ask again"
            raise DamagedIndex(f"{problem}; `pincite status --verify` looks for damage")
        named = ((pieces[name].passage.passage_id, score) for name, score in scores.items())
        return dict(sorted(named, key=lambda item: (-item[1], item[0])))

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
        pieces = self._loaded([row["name"] for row in sampled]).values()
        return [frozenset(analyse(piece.passage.text)) for piece in pieces]

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """Each passage's vector."""
        return {piece.passage.passage_id: piece.vector for piece in self._by_id(ids)}

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""
        return {piece.passage.passage_id: piece.passage for piece in self._by_id(ids)}

    def _by_id(self, ids: Collection[str]) -> Collection[_Piece]:
        return self._loaded([hashed("passage", passage_id) for passage_id in ids]).values()

    def _loaded(self, names: Sequence[str]) -> dict[str, _Piece]:
        """Passages by what they are called in rows."""
        return self._memory.read(names, partial(self._read, "name"))

    def _read(self, field: str, values: Sequence[str]) -> dict[str, _Piece]:
        pieces: dict[str, _Piece] = {}
        for batch in batches(values) if self.base.data else ():
            condition = f"{self.base.visible} and kind == 'passage' and {one_of(field, batch)}"
            parts = self._call.every(self.base.data, condition, (*PAYLOAD, "name", "key", "vector"), self._level)
            for row, payload in rows.payloads(parts):
                vector = np.array(row["vector"], np.float16)
                pieces[row["name"]] = _Piece(rows.passage(payload), vector, bytes.fromhex(row["key"]))
        return pieces

    def with_digest(self, prefix: str) -> Document | None:
        """A document by the beginning of its digest."""
        return next(map(rows.document, self._payloads("document", f"digest like '{prefix}%'")), None)

    def listed(self, where: Filter | None = None) -> list[Listed]:
        """Documents without their texts, which are read nevertheless, since no other rows hold author and date."""
        names = [field.name for field in fields(Listed)]
        found = self._payloads("document", *self._conditions(where))
        return sorted((Listed(**{name: each[name] for name in names}) for each in found), key=lambda each: each.doc_id)

    def sources(self) -> dict[str, int]:
        """The sources that documents name, with how many do."""
        return dict(sorted(Counter(source for _, _, source in self._listed if source is not None).items()))

    def titles(self, n: int) -> dict[str, str]:
        """The titles of the first documents by id."""
        return {doc_id: title for doc_id, title, _ in self._listed[:n]}

    @cached_property
    def _listed(self) -> list[tuple[str, str, str | None]]:
        listed = ((doc_id, title, source) for doc_id, title, source, *_ in self._payloads("record"))
        return sorted(listed, key=lambda document: document[0])

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages there are, or fit."""
        if where is None:
            return self.base.documents, self.base.passages
        return counted(self._call, self.base, self._level, *self._conditions(where))

    def _conditions(self, where: Filter | None) -> Iterator[str]:
        """A filter as conditions: folders are not in rows, whose fields hold hashes of ids, and become documents."""
        if where is not None and where.beginnings is not None:
            within = [doc_id for doc_id, _, _ in self._listed if doc_id.startswith(where.beginnings)]
            yield from rows.conditions(Filter(doc_ids=within))
        yield from rows.conditions(where)

    def contents(self) -> Iterator[Content]:
        """All documents that are whole, in the order of their ids, with what was made of them."""
        records = self.records()
        for ids in batches(sorted(records), 50):
            documents = self.documents(ids)
            pieces = self._read("doc", [hashed(doc_id) for doc_id in ids]).values()
            by_document: dict[str, list[_Piece]] = {doc_id: [] for doc_id in ids}
            for piece in sorted(pieces, key=lambda piece: piece.passage.start):
                by_document[piece.passage.doc_id].append(piece)
            for doc_id in ids:
                if doc_id in documents and by_document[doc_id]:
                    passages, vectors, keys = map(list, zip(*by_document[doc_id], strict=True))
                    yield Content(documents[doc_id], records[doc_id], passages, keys, vectors)


def counted(connection: Connection, commit: Commit, level: str, *conditions: str) -> tuple[int, int]:
    """How many documents and passages a commit really sees (that fulfil conditions)."""
    numbers = [0, 0]
    for number, (collection, kind) in enumerate(((connection.articles, "document"), (commit.data, "passage"))):
        if collection:
            condition = " and ".join((commit.visible, f"kind == '{kind}'", "rest == 0", *conditions))
            numbers[number] = int(connection.find(collection, condition, ["count(*)"], level)[0]["count(*)"])
    return numbers[0], numbers[1]
