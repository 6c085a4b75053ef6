"""What holds of documents and passages in every store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from pincite.stores.base import Content, Whole, in_words

_ROUNDING = 0.01
"""Vectors of length 1 are kept in float16."""


def problems(state: Whole) -> Iterator[str]:
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
