"""From a question to ranked passages: dense, lexical and sentence evidence, fused.

A question is searched for densely (cosine of its vector to the passages') and lexically (BM25). The union of both
lists is scored by three signals: D, the cosine to the passage; M, the best cosine to one of its sentences; S, BM25.
Each is scaled to 0..1 over the candidates of the question, and the score is ``.6 mm(2D + M) + .4 mm(S)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Filter, Passage
from pincite.stores.base import Scored, Snapshot, Vectors

DENSE_SHARE = 0.6
"""Weight of the scaled ``2D + M``; the rest is BM25's."""

DENSE_SHARE_OF_NAMES = 0.1
"""The same for a question of stop words alone, a name such as "The Who", whose vector says next to nothing."""

CANDIDATES = 100
"""How many passages each side proposes."""


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage and the evidence for it.

    Attributes:
        score: fused over all queries, 0 to 1 within one ranking.
        dense, lexical: cosine and BM25 of the passage, to the question as it was asked.
        sentences: cosine of each sentence of the passage to the query it is nearest to, float32 of shape (sentences,).
        copies: the same text elsewhere.
    """

    passage: Passage
    score: float
    dense: float
    lexical: float
    sentences: npt.NDArray[np.float32]
    copies: tuple[Passage, ...] = ()

    @property
    def sentence(self) -> float:
        """The best cosine to a sentence, or the passage's own where it has none."""
        return float(self.sentences.max()) if len(self.sentences) else self.dense


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one query says of all candidates; arrays of shape (candidates,)."""

    query: Query
    cosines: list[npt.NDArray[np.float32]]
    lexical: npt.NDArray[np.float64]

    @property
    def score(self) -> npt.NDArray[np.float64]:
        dense = np.array([each[0] for each in self.cosines], np.float64)
        sentence = np.array([each[1:].max() if len(each) > 1 else each[0] for each in self.cosines])
        share = self.query.dense_share
        return self.query.weight * (share * _scaled(2 * dense + sentence) + (1 - share) * _scaled(self.lexical))


def rank(snapshot: Snapshot, queries: Sequence[Query], n: int, where: Filter | None = None) -> list[Candidate]:
    """The candidates for all ``queries`` of one question, best first; each side of each query proposes ``n``."""
    found = [(snapshot.dense(q.vector, n, where), snapshot.lexical(q.terms, n, where)) for q in queries]
    rows = snapshot.vectors({each for sides in found for side in sides for each in side})
    ids = sorted(rows)
    if not ids:
        return []
    evidence = [
        _Evidence(q, [rows[each] @ q.vector for each in ids], _bm25(snapshot, q, ids, lexical))
        for q, (_, lexical) in zip(queries, found, strict=True)
    ]
    scores = np.sum([each.score for each in evidence], axis=0) / sum(q.weight for q in queries)
    return _best_first(snapshot.passages(ids), ids, scores, evidence)


def _bm25(snapshot: Snapshot, query: Query, ids: Sequence[str], found: Scored) -> npt.NDArray[np.float64]:
    """BM25 of every candidate; those that only the dense side proposed are asked for."""
    missing = [each for each in ids if each not in found]
    rest = snapshot.lexical(query.terms, len(missing), None, missing)
    return np.array([found.get(each, rest.get(each, 0.0)) for each in ids])


def _scaled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """To 0..1; where all are equal there is nothing to tell apart, and any evidence counts in full."""
    low, high = values.min(), values.max()
    return np.full_like(values, float(high > 0)) if high == low else (values - low) / (high - low)


def _best_first(
    passages: dict[str, Passage], ids: Sequence[str], scores: npt.NDArray[np.float64], evidence: Sequence[_Evidence]
) -> list[Candidate]:
    order = sorted(range(len(ids)), key=lambda i: (-scores[i], ids[i]))
    return [
        Candidate(
            passage=passages[ids[i]],
            score=float(scores[i]),
            dense=float(evidence[0].cosines[i][0]),
            lexical=float(evidence[0].lexical[i]),
            sentences=np.max([each.cosines[i][1:] for each in evidence], axis=0),
        )
        for i in order
    ]


def fold(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Let the best of several passages with the same text stand for all of them."""
    groups: dict[str, list[Candidate]] = {}
    for each in candidates:
        groups.setdefault(_plain(each.passage.text), []).append(each)
    return [replace(first, copies=tuple(each.passage for each in rest)) for first, *rest in groups.values()]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
