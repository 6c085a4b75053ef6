"""From a question to ranked passages: dense and lexical evidence, fused.

A question is searched for densely (D, the cosine of its vector to the passages') and lexically (S, BM25). Over the
union of both lists each is standardised (``z``: less its mean, over its deviation), and the score is
``.67 z(D) + .33 z(S)``. It is computed twice: the second time the question's vector has moved a little towards the best
three passages (pseudo-relevance feedback after Rocchio, 1971).

How the constants were chosen, and what else was tried, is written in ``docs/retrieval.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Filter, Passage
from pincite.stores.base import Scored, Snapshot, Vectors

Scores = npt.NDArray[np.float64]

DENSE_SHARE = 0.67
"""Weight of ``z(D)``; the rest is BM25's."""

DENSE_SHARE_OF_NAMES = 0.1
"""The share for a question of stop words alone, a name such as "The Who", whose vector says next to nothing."""

DENSE_SHARE_OF_ASKED_NAMES = 0.3
"""The share for "Who is Ane Holt?": a passage may have the name in passing, and be about something else."""

DENSE_SHARE_OF_UNREAD = 0.4
"""The share for a question in a script that the model did not learn."""

CANDIDATES = 100
"""How many passages each side proposes."""

_FEEDBACK_FROM, _FEEDBACK_WEIGHT = 3, 0.35
"""How far the question's vector moves towards the mean of the best passages."""

_LEAST_RANGE = 4.0
"""Between the best and the worst of a hundred candidates there are three to seven deviations, of two there are two: in
a small index next to nothing may tell the first from the last."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as the store wants it.

    Attributes:
        vector: float32 of shape (dimension,), length 1.
        terms: its analysed terms.
        weight: what its scores count for beside those of the other queries of the same question.
        dense_share: what its vector counts for beside its terms, 0 to 1.
    """

    vector: Vectors
    terms: Sequence[str]
    weight: float = 1.0
    dense_share: float = DENSE_SHARE


class Candidate(NamedTuple):  # of which every question makes some two hundred: quicker than a dataclass
    """A passage and the evidence for it.

    Attributes:
        score: fused over all queries, 0 to 1 within one ranking.
        lexical: BM25 of the passage, to the question as it was asked; None where only meaning was looked for.
        dense: the cosine of its vector to that of the question as it was asked; None where only words were looked for.
        vector: its own, float32 of shape (dimension,), length 1.
        duplicates: passages of nearly the same text elsewhere.
    """

    passage: Passage
    score: float
    lexical: float | None
    dense: float | None
    vector: Vectors
    duplicates: tuple[Passage, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """The parts: the cosine and BM25, as far as they were looked for."""
        parts = {"dense": self.dense, "lexical": self.lexical}
        return {name: value for name, value in parts.items() if value is not None}


def rank(snapshot: Snapshot, queries: Sequence[Query], n: int, where: Filter | None = None) -> list[Candidate]:
    """The candidates for all ``queries`` of one question, best first; each side of each query proposes ``n``."""
    by_words = [snapshot.lexical(q.terms, n, where) for q in queries]
    by_meaning = [snapshot.dense(q.vector, n, where) for q in queries]
    held = snapshot.vectors({name for scores in (*by_words, *by_meaning) for name in scores})
    if not (ids := sorted(held)):
        return []
    vectors = np.array([held[name] for name in ids], np.float32)
    lexical = [_bm25(snapshot, q, ids, scores) for q, scores in zip(queries, by_words, strict=True)]
    asked = np.array([q.vector for q in queries])
    cosines = vectors @ asked.T
    moved = asked + _FEEDBACK_WEIGHT * _mean_of_best(vectors, _fused(queries, cosines, lexical))
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    scores = _scaled(_fused(queries, vectors @ moved.T, lexical))
    columns = zip(ids, scores.tolist(), lexical[0].tolist(), cosines[:, 0].tolist(), vectors, strict=True)
    passages = snapshot.passages(ids)
    best_first = sorted(columns, key=lambda row: (-row[1], row[0]))
    return [Candidate(passages[row[0]], *row[1:]) for row in best_first]


def rank_by_words(snapshot: Snapshot, terms: Sequence[str], n: int, where: Filter | None = None) -> list[Candidate]:
    """The ``n`` candidates best by BM25 alone."""
    scores = snapshot.lexical(terms, n, where)
    return [each._replace(lexical=each.score) for each in _scored(snapshot, scores)]


def rank_by_meaning(snapshot: Snapshot, vector: Vectors, n: int, where: Filter | None = None) -> list[Candidate]:
    """The ``n`` candidates nearest to a vector of shape (dimension,) by the cosine alone."""
    scores = snapshot.dense(vector, n, where)
    return [each._replace(dense=each.score) for each in _scored(snapshot, scores)]


def _scored(snapshot: Snapshot, scores: Scored) -> list[Candidate]:
    passages, vectors = (snapshot.passages(scores), snapshot.vectors(scores)) if scores else ({}, {})
    return [
        Candidate(passages[name], score, None, None, vectors[name].astype(np.float32)) for name, score in scores.items()
    ]


def _fused(queries: Sequence[Query], cosines: npt.NDArray[np.float32], lexical: Sequence[Scores]) -> Scores:
    """The score of each candidate, from its cosine to each query: shape (candidates, queries)."""
    total = np.zeros(len(cosines))
    for query, dense, words in zip(queries, cosines.T.astype(np.float64), lexical, strict=True):
        near = query.dense_share * _standardised(dense)
        total += query.weight * (near + (1 - query.dense_share) * _standardised(words))
    return total


def _standardised(values: Scores) -> Scores:
    deviation = values.std()
    return (values - values.mean()) / deviation if deviation > 1e-9 else np.zeros_like(values)


def _scaled(values: Scores) -> Scores:
    """To 1 for the best and 0 for the worst, or more, where all lie closer together than candidates mostly do."""
    low, high = float(values.min()), float(values.max())
    return 1 - (high - values) / max(high - low, _LEAST_RANGE)


def _mean_of_best(passages: Vectors, scores: Scores) -> Vectors:
    """The mean vector of the best passages; of those nearly alike one counts."""
    best: list[Vectors] = []
    for i in np.argsort(-scores, kind="stable"):
        if len(best) < _FEEDBACK_FROM and all(float(passages[i] @ other) < 0.999 for other in best):
            best.append(passages[i])
    return np.asarray(np.mean(best, axis=0), np.float32)


def _bm25(snapshot: Snapshot, query: Query, ids: Sequence[str], scored: Scored) -> Scores:
    """BM25 of every candidate; those that only the dense side proposed are asked for."""
    missing = [name for name in ids if name not in scored]
    rest = snapshot.lexical(query.terms, len(missing), None, missing)
    return np.array([scored.get(name, rest.get(name, 0.0)) for name in ids])
