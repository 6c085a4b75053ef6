"""An embedder that draws vectors, in a module of its own so that workers can import it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pincite.retrieval.embedding import SentenceTransformerEmbedder
from pincite.stores.base import Vectors
from scale import CENTRES, DIMENSION, MIDDLES, unit


class DrawnEmbedder:
    """Vectors that depend on the text alone, near one of many centres; questions by the real model."""

    fingerprint, max_seq_length = "drawn", 254

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return DrawnEmbedder, ()

    @cached_property
    def _real(self) -> SentenceTransformerEmbedder:
        return SentenceTransformerEmbedder()

    def token_starts(self, text: str) -> Sequence[int]:
        """Words and signs."""
        return [found.start() for found in re.finditer(r"\w+|[^\w\s]", text)]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """By the real model."""
        return self._real.encode_query(texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Drawn."""
        return unit(np.array([_drawn(text) for text in texts], np.float32).reshape(len(texts), DIMENSION))


def _drawn(text: str) -> Vectors:
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]))
    drawn: Vectors = MIDDLES[rng.integers(CENTRES)] + 0.8 * rng.standard_normal(DIMENSION, np.float32)
    return drawn
