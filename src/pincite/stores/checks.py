"""What holds of documents and passages in every store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from pincite.datatypes import Document, Passage
from pincite.stores.base import Kept

_ROUNDING = 0.01
"""Vectors of length 1 are kept in float16."""


def wrong_text(document: Document) -> Iterator[str]:
    """Whether a document's text is what was read."""
    if hashlib.sha256(document.text.encode()).hexdigest() != document.digest:
        yield f"{document.doc_id}: its text is not what was read (SHA-256 differs)"


def wrong_passages(document: Document, passages: Iterable[tuple[Passage, Kept]]) -> Iterator[str]:
    """What is wrong with the places and vectors of a document's passages."""
    for passage, vector in passages:
        if document.text[passage.start : passage.end] != passage.text:
            yield f"{passage.passage_id}: is not the text at {passage.start}-{passage.end}"
        ends = [passage.start, *(at for span in passage.sentences for at in span), passage.end]
        if ends != sorted(ends):
            yield f"{passage.passage_id}: has sentences that lie outside or across each other"
        if not np.isclose(np.linalg.norm(vector.astype(np.float32)), 1, atol=_ROUNDING):
            yield f"{passage.passage_id}: has a vector whose length is not 1"
