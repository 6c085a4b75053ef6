"""The FAISS index of one generation: exact inner products over float16 rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pincite.stores.base import Vectors

Ids = npt.NDArray[np.int64]

FILE = "dense.faiss"
IDS = "dense.ids.npy"


def build(folder: Path, blocks: Iterable[tuple[Ids, npt.NDArray[np.float16]]]) -> None:
    """Write the index of all ``blocks``: ids (n,), ascending over the blocks, and their vectors (n, dimension)."""
    import faiss

    index, ids = None, [np.empty(0, np.int64)]
    for block, rows in blocks:
        if index is None:
            index = faiss.IndexScalarQuantizer(rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index.add(rows.astype(np.float32))
        ids.append(block)
    np.save(folder / IDS, np.concatenate(ids))
    if index is not None:
        faiss.write_index(index, str(folder / FILE))


class DenseIndex:
    """An index opened for reading; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        import faiss

        self._ids: Ids = np.load(folder / IDS)
        path = folder / FILE
        self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC) if len(self._ids) else None

    def search(self, vector: Vectors, n: int, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """The ids and cosines of the ``n`` nearest, best first; only of ``allowed`` ids where given."""
        import faiss

        n = min(n, len(self._ids) if allowed is None else len(allowed))
        if self._index is None or n <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # A parameters object of its own for each call: FAISS crashes when threads share one.
        # (Its type stubs know the C++ side only.)
        parameters = None if allowed is None else faiss.SearchParameters(sel=self._selector(allowed))  # type: ignore[call-arg]
        scores, positions = self._index.search(vector[np.newaxis, :], n, params=parameters)
        found = positions[0] >= 0
        return self._ids[positions[0][found]], scores[0][found]

    def _selector(self, allowed: Ids) -> object:
        import faiss

        mask = np.zeros(len(self._ids), np.bool_)
        mask[np.searchsorted(self._ids, np.intersect1d(allowed, self._ids))] = True
        return faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))  # type: ignore[call-arg, arg-type]
