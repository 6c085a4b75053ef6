"""The FAISS indexes of one generation.

The base holds most vectors: exact while that is fast enough, above `EXACT_UP_TO` passages an inverted file (IVF) that
is trained on what it holds. What came since is a small exact index beside it, the delta; what went is a list of ids.
So a generation takes the base of the one before over by hard link, until delta and list have grown too large and all
is built anew. Everything is filled from the stored float16, for which the flat kind is exact.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pincite.stores.base import Vectors
from pincite.stores.local.files import take_over

Ids = npt.NDArray[np.int64]
Block = tuple[Ids, npt.NDArray[np.float16]]

BASE, DELTA = "dense", "delta"
_REMOVED, _FACTS = "removed.npy", "dense.json"

EXACT_UP_TO = 50_000
"""Passages; to compare so many one by one takes little beside the embedding of the question."""

MOST_STALE = 0.05
"""Delta and removed ids together, as a share of the passages, beyond which all is built anew."""

RECALL = 0.995
"""Of the ten nearest, how many an inverted file must have among the `_PROPOSED` that it proposes, on average over
`_between` in the place of questions; so many lists are looked through."""

_PROPOSED, _QUERIES = 100, 256
_TRAINED_ON = 64  # vectors for each list of an inverted file
_NARROW = 0.2  # a filter that allows a smaller share looks through all lists: the nearest may hold none of it


class Source(Protocol):
    """Where vectors come from."""

    def dense_blocks(self, after: int = 0) -> Iterable[Block]:
        """Ids above ``after``, ascending over the blocks, and their vectors of shape (ids, dimension)."""

    def some_vectors(self, n: int) -> Vectors:
        """Up to ``n`` vectors drawn from all, float32 of shape (vectors, dimension)."""


def build(folder: Path, source: Source, count: int) -> None:
    """Write the indexes of all ``count`` vectors: a base alone."""
    trained = count > EXACT_UP_TO
    index = _trained(source, count) if trained else None
    trial = _Trial(_between(source.some_vectors(2 * _QUERIES))) if trained else None
    ids = [np.empty(0, np.int64)]
    for block, halves in source.dense_blocks():
        rows = halves.astype(np.float32)
        index = index or _flat(rows.shape[1])
        if trial:
            trial.add(rows, index.ntotal)
        index.add(rows)
        ids.append(block)
    (folder / _FACTS).write_text(json.dumps(trial.fit(index) if trial else {}), "utf-8")
    _write(folder, BASE, index, np.concatenate(ids))
    _write(folder, DELTA, None, np.empty(0, np.int64))
    np.save(folder / _REMOVED, np.empty(0, np.int64))


def extend(folder: Path, before: Path, source: Source, after: int, removed: Sequence[int]) -> None:
    """Write the indexes of ``before``, less the ``removed`` ids, with those above ``after`` in the delta."""
    for path in before.glob(f"{BASE}.*"):
        take_over(path, folder / path.name)
    ids, index = _read(before, DELTA)
    added = [ids]
    for block, rows in source.dense_blocks(after):
        index = index or _flat(rows.shape[1])
        index.add(rows.astype(np.float32))
        added.append(block)
    _write(folder, DELTA, index, np.concatenate(added))
    np.save(folder / _REMOVED, np.union1d(np.load(before / _REMOVED), np.array(removed, np.int64)))


def stale(folder: Path, added: int, removed: int, count: int) -> bool:
    """Whether ``folder``, extended, would have grown too far from what its base was built of."""
    far = len(np.load(folder / f"{DELTA}.npy")) + len(np.load(folder / _REMOVED)) + added + removed
    outgrown = count > EXACT_UP_TO and not json.loads((folder / _FACTS).read_text("utf-8"))
    return outgrown or far > MOST_STALE * count


def _faiss() -> Any:  # noqa: ANN401 (FAISS)
    """The library; its type stubs know the C++ side only."""
    import faiss

    return faiss


def _flat(dimension: int) -> Any:  # noqa: ANN401 (FAISS)
    faiss = _faiss()
    return faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _trained(source: Source, count: int) -> Any:  # noqa: ANN401 (FAISS)
    faiss = _faiss()
    lists = 2 * round(count**0.5)
    sample = source.some_vectors(lists * _TRAINED_ON)
    dimension = sample.shape[1]
    kind, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dimension), dimension, lists, kind, metric)
    index.cp.spherical = True
    index.train(sample)
    return index


def _between(vectors: Vectors) -> Vectors:
    """The middle between each two of these vectors, of length 1.

    A passage itself is too easy a question: it lies in the list that holds most of what is near to it. Real questions
    lie off the passages, often near to several of different lists, as the middle of two does.
    """
    half = len(vectors) // 2
    sums = vectors[:half] + vectors[half : 2 * half]
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)


class _Trial:
    """Finds how many lists an inverted file has to look through."""

    def __init__(self, queries: Vectors) -> None:
        self._queries = queries
        self._scores = np.empty((len(queries), 0), np.float32)
        self._nearest = np.empty((len(queries), 0), np.int64)

    def add(self, rows: Vectors, first: int) -> None:
        """Keep the exact ten nearest, ``rows`` from position ``first`` on included."""
        scores = np.hstack([self._scores, self._queries @ rows.T])
        positions = np.broadcast_to(np.arange(first, first + len(rows)), (len(scores), len(rows)))
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        self._scores = np.take_along_axis(scores, best, axis=1)
        self._nearest = np.take_along_axis(np.hstack([self._nearest, positions]), best, axis=1)

    def fit(self, index: Any) -> dict[str, float]:  # noqa: ANN401 (FAISS)
        """The fewest lists that reach `RECALL`, by doubling, and the recall measured."""
        lists, recall = 4, 0.0
        while recall < RECALL and lists < index.nlist:
            lists = min(2 * lists, index.nlist)
            _, proposed = index.search(self._queries, _PROPOSED, params=_faiss().SearchParametersIVF(nprobe=lists))
            hits = [np.isin(exact, near).mean() for exact, near in zip(self._nearest, proposed, strict=True)]
            recall = float(np.mean(hits))
        return {"lists": index.nlist, "probed": lists, "recall": round(recall, 4)}


def _write(folder: Path, name: str, index: object, ids: Ids) -> None:
    np.save(folder / f"{name}.npy", ids)
    if index is not None:
        _faiss().write_index(index, str(folder / f"{name}.faiss"))


def _read(folder: Path, name: str, flags: int = 0) -> tuple[Ids, Any]:
    ids: Ids = np.load(folder / f"{name}.npy")
    return ids, _faiss().read_index(str(folder / f"{name}.faiss"), flags) if len(ids) else None


class _Part:
    """One index and the ids of its rows, which ascend."""

    def __init__(self, folder: Path, name: str, removed: Ids, probed: int = 0) -> None:
        self._ids, self._index = _read(folder, name, _faiss().IO_FLAG_MMAP_IFC)
        self._probed = probed
        self._alive = np.isin(self._ids, removed, invert=True)
        self._whole = bool(self._alive.all())

    def numbers(self) -> Ids:
        """The ids that are not removed."""
        return self._ids[self._alive]

    def search(self, vector: Vectors, n: int, allowed: Ids | None) -> Iterator[tuple[int, float]]:
        """Ids and cosines of the ``n`` nearest that are not removed and are allowed."""
        mask = self._alive if allowed is None else self._alive & np.isin(self._ids, allowed, assume_unique=True)
        candidates = int(mask.sum())
        n = min(n, candidates)
        if n <= 0:
            return
        among = None if self._whole and allowed is None else mask
        probed = self._probed if candidates >= _NARROW * len(self._ids) else 0
        scores, positions = self._search(vector, n, among, probed)
        if probed and (positions < 0).any():
            scores, positions = self._search(vector, n, among, 0)
        valid = positions >= 0
        yield from zip(self._ids[positions[valid]].tolist(), scores[valid].tolist(), strict=True)

    def _search(self, vector: Vectors, n: int, mask: npt.NDArray[np.bool_] | None, probed: int) -> tuple[Vectors, Ids]:
        """Cosines and positions; all lists of an inverted file are looked through where ``probed`` is 0."""
        faiss = _faiss()
        # A parameters object of its own for each call: FAISS crashes when threads share one.
        given: dict[str, Any] = {}
        if mask is not None:
            given["sel"] = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        if self._probed:
            given["nprobe"] = probed or self._index.nlist
        parameters = (faiss.SearchParametersIVF if self._probed else faiss.SearchParameters)(**given)
        threads = faiss.omp_get_max_threads()
        # In this thread: one question is too small to be divided, and threads that wait for their part cost more.
        faiss.omp_set_num_threads(1)
        try:
            scores, positions = self._index.search(vector[np.newaxis, :], n, params=parameters)
        finally:
            faiss.omp_set_num_threads(threads)
        return scores[0], positions[0]


class DenseIndex:
    """The indexes of a generation opened for reading; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        removed = np.load(folder / _REMOVED)
        probed = int(json.loads((folder / _FACTS).read_text("utf-8")).get("probed", 0))
        self._parts = (_Part(folder, BASE, removed, probed), _Part(folder, DELTA, removed))

    def numbers(self) -> Ids:
        """The ids of all vectors."""
        return np.concatenate([part.numbers() for part in self._parts])

    def search(self, vector: Vectors, n: int, allowed: Ids | None = None) -> list[tuple[int, float]]:
        """The ids and cosines of the ``n`` nearest, best first; only of ``allowed`` ids where given.

        The cosines of an inverted file are those of vectors rounded to 8 bits.
        """
        nearest = [pair for part in self._parts for pair in part.search(vector, n, allowed)]
        return sorted(nearest, key=lambda pair: (-pair[1], pair[0]))[:n]
