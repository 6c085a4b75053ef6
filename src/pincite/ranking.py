"""From a question to ranked passages: dense, lexical and sentence evidence, fused.

A question is searched for densely (cosine of its vector to the passages') and lexically (BM25). The union of both
lists is scored by three signals: D, the cosine to the passage; M, the best cosine to one of its sentences; S, BM25.
Each is standardised over the candidates of the question (``z``: less its mean, over its deviation), and the score is
``.67 z(1.5 D + M) + .33 z(S)``. It is computed twice: the second time the question's vector has moved a little towards
the best three passages (pseudo-relevance feedback after Rocchio, 1971).

How the constants were chosen, and what else was tried, is written in ``docs/retrieval.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pincite.analysis import analyse
from pincite.datatypes import Filter, Passage
from pincite.stores.base import Kept, Scored, Snapshot, Vectors

Scores = npt.NDArray[np.float64]

DENSE_SHARE = 0.67
"""Weight of ``z(1.5 D + M)``; the rest is BM25's."""

PASSAGE_WEIGHT = 1.5
"""What the cosine to the passage counts for beside that to its best sentence."""

DENSE_SHARE_OF_NAMES = 0.1
"""The share for a question of stop words alone, a name such as "The Who", whose vector says next to nothing."""

DENSE_SHARE_OF_UNREAD = 0.4
"""The share for a question in a script that the model did not learn."""

CANDIDATES = 100
"""How many passages each side proposes."""

_FEEDBACK_FROM = 3
_FEEDBACK_WEIGHT = 0.2
"""How far the question's vector moves towards the mean of the best passages."""

_SAME_VECTOR = 0.999
"""From this cosine on, passages are copies, of which feedback takes one."""

_SPEAKS_FROM = 0.5
"""The weight from which on a wording speaks for the question: its cosines count as evidence that it is answered."""


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
        lexical: BM25 of the passage, to the question as it was asked.
        cosines: of the passage and then of its sentences, to the question as it was asked; float32 of shape
            (1 + sentences,), or (0,) where only words were looked for.
        in_context: the same to the wording each is nearest to, of those that speak for the question.
        vector: the mean of its sentences', in which no title has a part; float32 of shape (dimension,), length 1.
        copies: nearly the same text elsewhere.
    """

    passage: Passage
    score: float
    lexical: float
    cosines: npt.NDArray[np.float32]
    in_context: npt.NDArray[np.float32]
    vector: Vectors
    copies: tuple[Passage, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """The parts: BM25 and, unless only words were looked for, the cosine of the passage and its best sentence."""
        if not len(self.cosines):
            return {"lexical": self.lexical}
        # One without sentences is its own best.
        best = self.cosines[1:].max() if len(self.cosines) > 1 else self.cosines[0]
        return {"dense": float(self.cosines[0]), "lexical": self.lexical, "sentence": float(best)}


@dataclass(frozen=True, slots=True)
class Rows:
    """The vectors of passages: of each its own, then those of its sentences.

    Attributes:
        vectors: float32 of shape (rows, dimension).
        begins: the row of each passage's own vector, of shape (passages,).
    """

    vectors: Vectors
    begins: npt.NDArray[np.intp]

    @classmethod
    def of(cls, rows: Sequence[Kept]) -> Rows:
        """From the rows of each passage."""
        begins = np.cumsum([0, *(len(each) for each in rows[:-1])])
        return cls(np.concatenate(rows).astype(np.float32, copy=False), begins)

    @property
    def passages(self) -> Vectors:
        """The passages' own vectors."""
        return self.vectors[self.begins]

    @property
    def means(self) -> Vectors:
        """The mean of each passage's sentences, or its own vector where it has none; of length 1."""
        alone = np.diff(self.begins, append=len(self.vectors)) == 1
        own = np.where(alone[:, np.newaxis], 0, self.passages)
        sums = np.add.reduceat(self.vectors, self.begins, axis=0) - own
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)

    def divided(self, cosines: npt.NDArray[np.float32]) -> tuple[Scores, Scores]:
        """Cosines of all rows as those of the passages and of their best sentences; one without is its own best."""
        sentences = cosines.astype(np.float64)
        dense = sentences[self.begins]
        sentences[self.begins] = -np.inf
        best = np.maximum.reduceat(sentences, self.begins)
        return dense, np.where(np.isneginf(best), dense, best)


def rank(snapshot: Snapshot, queries: Sequence[Query], n: int, where: Filter | None = None) -> list[Candidate]:
    """The candidates for all ``queries`` of one question, best first; each side of each query proposes ``n``."""
    by_words = [snapshot.lexical(q.terms, n, where) for q in queries]
    by_meaning = [snapshot.dense(q.vector, n, where) for q in queries]
    vectors = snapshot.vectors({each for scores in (*by_words, *by_meaning) for each in scores})
    ids = sorted(vectors)
    if not ids:
        return []
    rows = Rows.of([vectors[each] for each in ids])
    lexical = [_bm25(snapshot, q, ids, scores) for q, scores in zip(queries, by_words, strict=True)]
    asked = np.array([q.vector for q in queries])
    cosines = rows.vectors @ asked.T
    moved = asked + _FEEDBACK_WEIGHT * _mean_of_best(rows.passages, _fused(queries, rows, cosines, lexical))
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    scores = _scaled(_fused(queries, rows, rows.vectors @ moved.T, lexical))
    speaks = [place == 0 or q.weight >= _SPEAKS_FROM for place, q in enumerate(queries)]
    return _best_first(snapshot.passages(ids), ids, scores, lexical[0], rows, cosines[:, speaks])


def rank_by_words(snapshot: Snapshot, terms: Sequence[str], n: int, where: Filter | None = None) -> list[Candidate]:
    """The ``n`` candidates best by BM25 alone."""
    scores = snapshot.lexical(terms, n, where)
    if not scores:
        return []
    passages, vectors = snapshot.passages(scores), snapshot.vectors(scores)
    means = Rows.of([vectors[each] for each in scores]).means
    none = np.empty(0, np.float32)
    return [
        Candidate(passages[each], score, score, none, none, mean)
        for (each, score), mean in zip(scores.items(), means, strict=True)
    ]


def _fused(queries: Sequence[Query], rows: Rows, cosines: npt.NDArray[np.float32], lexical: Sequence[Scores]) -> Scores:
    """The score of each candidate, from the cosines of all rows to each query: shape (rows, queries)."""
    total = np.zeros(len(rows.begins))
    for query, near, words in zip(queries, cosines.T, lexical, strict=True):
        dense, best = rows.divided(near)
        similarity = _standardised(PASSAGE_WEIGHT * dense + best)
        total += query.weight * (query.dense_share * similarity + (1 - query.dense_share) * _standardised(words))
    return total


def _standardised(values: Scores) -> Scores:
    deviation = values.std()
    return (values - values.mean()) / deviation if deviation > 1e-9 else np.zeros_like(values)


def _scaled(values: Scores) -> Scores:
    """To 0..1; where all are equal there is nothing to tell apart, and any evidence counts in full."""
    low, high = values.min(), values.max()
    return np.ones_like(values) if high == low else (values - low) / (high - low)


def _mean_of_best(passages: Vectors, scores: Scores) -> Vectors:
    """The mean vector of the best passages, copies left out."""
    best: list[Vectors] = []
    for i in np.argsort(-scores, kind="stable"):
        if len(best) == _FEEDBACK_FROM:
            break
        if all(float(passages[i] @ each) < _SAME_VECTOR for each in best):
            best.append(passages[i])
    return np.asarray(np.mean(best, axis=0), np.float32)


def _bm25(snapshot: Snapshot, query: Query, ids: Sequence[str], found: Scored) -> Scores:
    """BM25 of every candidate; those that only the dense side proposed are asked for."""
    missing = [each for each in ids if each not in found]
    rest = snapshot.lexical(query.terms, len(missing), None, missing)
    return np.array([found.get(each, rest.get(each, 0.0)) for each in ids])


def _best_first(
    passages: dict[str, Passage],
    ids: Sequence[str],
    scores: Scores,
    lexical: Scores,
    rows: Rows,
    cosines: npt.NDArray[np.float32],
) -> list[Candidate]:
    asked = np.split(cosines[:, 0], rows.begins[1:])
    nearest = asked if cosines.shape[1] == 1 else np.split(cosines.max(axis=1), rows.begins[1:])
    columns = zip(ids, scores.tolist(), lexical.tolist(), asked, nearest, rows.means, strict=True)
    best_first = sorted(columns, key=lambda each: (-each[1], each[0]))
    return [Candidate(passages[each[0]], *each[1:]) for each in best_first]


# ---------------------------------------------------------------- copies

_NEAR = 0.9
"""From this cosine of their sentences' means on, passages are compared word by word."""

_LOOKED_THROUGH = 200
"""Among so many of the best passages near-copies are looked for; the same text, but for case and spaces, among all."""

_IGNORED = frozenset({"a", "an", "the"})


def fold(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Let the best of several passages with nearly the same text stand for all of them.

    A passage is a copy if it has the same text, or if all its words, less articles and endings, stand in the other in
    the same order and without a gap. Another number, name, verb or "not" makes it a text of its own.
    """
    copies: dict[int, list[Passage]] = {}
    by_text: dict[str, int] = {}
    near = _near(candidates[:_LOOKED_THROUGH])
    few = len(candidates) <= _LOOKED_THROUGH
    for i, each in enumerate(candidates):
        # Among few, near-copies are found below, and texts that differ in case or spaces with them.
        text = each.passage.text if few else " ".join(each.passage.text.casefold().split())
        k = by_text.get(text)
        if k is None and i < len(near):
            k = next((k for k in near[i] if k in copies and _is_copy(each, candidates[k])), None)
        by_text.setdefault(text, i if k is None else k)
        copies.setdefault(by_text[text], []).extend([] if k is None else [each.passage])
    kept = ((candidates[i], others) for i, others in copies.items())
    return [each._replace(copies=tuple(others)) if others else each for each, others in kept]


def _near(candidates: Sequence[Candidate]) -> list[list[int]]:
    """For each candidate the better ones whose vectors are near to its own."""
    if not candidates:
        return []
    vectors = np.array([each.vector for each in candidates])
    near: list[list[int]] = [[] for _ in candidates]
    for i, k in np.argwhere(np.tril(vectors @ vectors.T >= _NEAR, -1)).tolist():
        near[i].append(k)
    return near


def _is_copy(one: Candidate, other: Candidate) -> bool:
    return _words(one.passage.text) in _words(other.passage.text)


def _words(text: str) -> str:
    return f" {' '.join(term for term in analyse(text) if term not in _IGNORED)} "
