"""The seam between the index and what keeps it: a store, its snapshots and its writer.

A store deals in documents, passages, vectors and their ids; it knows neither models nor files of articles. Passages
are named by ``passage_id``, vectors by a key that the caller derives from exactly what was embedded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Document, Filter, Listed, Passage, count
from pincite.errors import DamagedIndex

Vectors = npt.NDArray[np.float32]
Kept = npt.NDArray[np.float16] | Vectors
"""Vectors as a store keeps them."""

Scored = dict[str, float]
"""Passage ids to scores, best first; equal scores in the order of the ids."""


# Named tuples, since a large corpus has as many of them as files: they are made in a third of the time.
class FileRecord(NamedTuple):
    """A corpus file as the last update saw it.

    Attributes:
        stamp: what tells an untouched file without reading it (size, times, inode).
        digest: SHA-256 of its bytes.
        scanned_ns: when it was seen, nanoseconds since the epoch.
        problem: why it could not be read, or None.
        skipped: what was left out of it (``file:line`` to the reason).
    """

    path: str
    stamp: tuple[int, ...]
    digest: str
    scanned_ns: int
    problem: str | None = None
    skipped: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an index says of itself.

    Attributes:
        settings: those that built it, as JSON values.
        reading: names how its files were read and its texts divided.
        fingerprint: of the model whose vectors it holds; empty before the first update.
        corpus: absolute path of the folder of articles, or None.
        updated: end of the last update, ISO 8601 in UTC, or None.
        skipped: what the last update did not read, with the reasons.
        scan: names the corpus files as the last update saw them; empty where one has to be looked at again anyway.
    """

    settings: Mapping[str, Any]
    reading: str = ""
    fingerprint: str = ""
    corpus: str | None = None
    updated: str | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)
    scan: str = ""


class DocumentRecord(NamedTuple):
    """What an update needs to know of an indexed document.

    Attributes:
        path: the corpus file it came from.
        state: a hash of all that was indexed of it, and of how.
        digest: SHA-256 of its text.
    """

    path: str
    state: str
    digest: str


class Content(NamedTuple):
    """A document with all that was made of it; the keys are those of the passages' vectors."""

    document: Document
    record: DocumentRecord
    passages: Sequence[Passage]
    keys: Sequence[bytes]
    vectors: Sequence[Kept]


class State(Protocol):
    """What a store holds at one point; of ids that are asked for, unknown ones are left out."""

    @property
    def generation(self) -> int:
        """Counts the commits that changed something; 0 for a store that was never written."""

    @property
    def manifest(self) -> Manifest:
        """What the index says of itself."""

    def files(self) -> dict[str, FileRecord]:
        """The corpus files by path."""

    def doc_ids(self) -> list[str]:
        """The ids of all documents, in order."""

    def records(self, ids: Collection[str] | None = None) -> dict[str, DocumentRecord]:
        """The records of all documents, or of some, by ``doc_id``."""

    def documents(self, ids: Collection[str]) -> dict[str, Document]:
        """Documents by ``doc_id``."""

    def count(self, where: Filter | None = None) -> tuple[int, int]:
        """How many documents and passages there are (that fit ``where``)."""

    def contents(self) -> Iterator[Content]:
        """All documents, in the order of their ids, with what was made of them."""


class Snapshot(State, AbstractContextManager["Snapshot"], Protocol):
    """One consistent state of a store, for a whole search or answer."""

    def dense(self, vector: Vectors, n: int, where: Filter | None = None) -> Scored:
        """The ``n`` passages nearest to ``vector`` (float32, shape (dimension,), length 1) by cosine."""

    def lexical(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Collection[str] | None = None
    ) -> Scored:
        """The ``n`` passages best by its BM25 for analysed ``terms``; ``only`` restricts to these passage ids."""

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each analysed term the number of passages whose own text holds it; a store may estimate it."""

    def words(self, prefix: str) -> dict[str, int]:
        """Folded words that begin so, each with the number of passages that hold it; none where a store keeps none."""

    def vectors(self, ids: Collection[str]) -> dict[str, Kept]:
        """For each passage its own, of shape (dimension,)."""

    def passages(self, ids: Collection[str]) -> dict[str, Passage]:
        """Passages by id."""

    def with_digest(self, prefix: str) -> Document | None:
        """A document whose text's digest begins so."""

    def listed(self, where: Filter | None = None) -> list[Listed]:
        """The documents (that fit ``where``) without their texts, in the order of their ids."""


class Writer(State, AbstractContextManager["Writer"], Protocol):
    """The one writer of a store, whose state is the one it started from.

    What is not committed is undone, but for the vectors. What was removed leaves no trace in what is committed then, or
    is kept for a while for those who read already, unseen by others.
    """

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of ``keys`` that have no vector yet."""

    def put_vectors(self, keys: Sequence[bytes], vectors: Iterable[Kept]) -> None:
        """Keep vectors at once and for good: for each key one of shape (dimension,), of length 1."""

    def replace(
        self, document: Document, passages: Sequence[Passage], keys: Sequence[bytes], record: DocumentRecord
    ) -> None:
        """Add a document or put it in the place of the one with its id; ``keys`` name its passages' vectors."""

    def remove(self, doc_ids: Iterable[str]) -> None:
        """Take documents out."""

    def put_files(self, records: Iterable[FileRecord], gone: Iterable[str] = ()) -> None:
        """Say what these corpus files are now, and forget those that are ``gone``."""

    def describe(self, manifest: Manifest) -> None:
        """Say what the index is now."""

    def commit(self) -> int:
        """Publish everything since the writer was opened, at once; returns the generation, new if it changed."""


class Store(Protocol):
    """Something that keeps an index.

    Attributes:
        name: what its users call it: a folder, an address.
        format: the version of what it keeps.
        owned_paths: what of this machine is its own: no article, and changed by updates.
        judgements: a file of this machine for what readers judge of answers; only they change it.
    """

    name: str
    format: int
    owned_paths: tuple[Path, ...]
    judgements: Path

    @property
    def limits(self) -> tuple[str, ...]:
        """What it cannot do, each in a sentence."""

    def exists(self) -> bool:
        """Whether anything was ever committed."""

    def manifest(self) -> Manifest:
        """What the index says of itself, whatever else of it may be damaged."""

    def snapshot(self) -> Snapshot:
        """The current state."""

    def writer(self, *, fresh: bool = False, wait: bool = False) -> Writer:
        """Begin to write.

        Args:
            fresh: start from nothing, while readers keep the old state until the commit.
            wait: for another writer to end, however long that takes.
        """

    def sizes(self) -> dict[str, int]:
        """Bytes that its parts take, by what they are called."""

    def verify(self) -> list[str]:
        """Everything that is not as it was written, or does not agree with the rest; empty where all is well."""

    def quarantine(self, *, wait: bool = False) -> Path | None:
        """Put what cannot be read aside for the next writer to begin anew; where it then is, None if nothing is."""

    def backup(self, path: Path) -> None:
        """Write all of the current state into one file, while others read and write."""

    def restore(self, path: Path) -> None:
        """Put what `backup` wrote in the place of the current state, while others read."""

    def close(self) -> None:
        """Let go of files and connections."""


def best_first(scores: Iterable[tuple[str, float]]) -> Scored:
    """Scores of passages in the order of `Scored`."""
    return dict(sorted(scores, key=lambda item: (-item[1], item[0])))


def in_words(counts: tuple[int, int]) -> str:
    """How many documents and passages."""
    return f"{count(counts[0], 'document')} and {count(counts[1], 'passage')}"


_VECTORS = 1000  # that are kept at a time: each time waits for the disk
_ROUNDING = 0.01  # of vectors of length 1, which are kept in float16
_LOOK = "nothing was copied, and `pincite status --verify` looks for damage"


def copy(source: Store, target: Store) -> tuple[int, int]:
    """Put all of one store in the place of what another holds, without embedding; both may be read meanwhile.

    Returns:
        How many documents and passages were copied.

    Raises:
        DamagedIndex: the source does not hold what it says it does.
    """
    with source.snapshot() as state, target.writer(fresh=True) as writer:
        return pour(state, source.name, writer)


def pour(state: State, name: str, writer: Writer) -> tuple[int, int]:
    """Commit all of a state, called ``name`` in errors, to a fresh writer; returns and raises what `copy` does."""
    put = set[bytes]()
    new: dict[bytes, Kept] = {}
    documents = pieces = 0
    files = state.files()
    writer.put_files(files.values())
    for document, record, passages, keys, vectors in state.contents():
        documents, pieces = documents + 1, pieces + len(passages)
        if record.path not in files:
            raise DamagedIndex(f"{name}: {record.path}: what its file was like is missing; {_LOOK}")
        writer.replace(document, passages, keys, record)
        # Its own vectors, also where the target has some of the same text: those may be what is to be mended.
        new |= {key: vector for key, vector in zip(keys, vectors, strict=True) if key not in put}
        if len(new) >= _VECTORS:
            put |= new.keys()
            writer.put_vectors(list(new), new.values())
            new = {}
    writer.put_vectors(list(new), new.values())
    if (copied := (documents, pieces)) != state.count():
        raise DamagedIndex(f"{name}: holds {in_words(copied)}, and should hold {in_words(state.count())}; {_LOOK}")
    writer.describe(state.manifest)
    writer.commit()
    return copied


def problems(state: State) -> Iterator[str]:
    """What of all documents is not what was written, or does not agree with the rest."""
    files, missing = state.files(), state.records()
    documents = passages = 0
    for content in state.contents():
        documents, passages = documents + 1, passages + len(content.passages)
        del missing[content.document.doc_id]
        yield from _of_document(content)
        if content.record.path not in files:
            yield f"{content.record.path}: what its file was like is missing"
    yield from (f"{doc_id}: its text or its passages are missing" for doc_id in missing)
    if (documents, passages) != state.count():
        yield f"{in_words((documents, passages))} are whole, and should be {in_words(state.count())}"


def _of_document(content: Content) -> Iterator[str]:
    document = content.document
    if hashlib.sha256(document.text.encode()).hexdigest() != document.digest:
        yield f"{document.doc_id}: its text is not what was read (SHA-256 differs)"
    for passage, vector in zip(content.passages, content.vectors, strict=True):
        if document.text[passage.start : passage.end] != passage.text:
            yield f"{passage.passage_id}: is not the text at {passage.start}-{passage.end}"
        ends = [passage.start, *(at for span in passage.sentences for at in span), passage.end]
        if ends != sorted(ends):
            yield f"{passage.passage_id}: has sentences that lie outside or across each other"
        if not np.isclose(np.linalg.norm(vector.astype(np.float32)), 1, atol=_ROUNDING):
            yield f"{passage.passage_id}: has a vector whose length is not 1"
