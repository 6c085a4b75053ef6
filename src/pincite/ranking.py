"""From a question to ranked passages: dense and lexical evidence, fused.

A question is searched for densely (D, the cosine of its vector to the passages') and lexically (S, BM25). Over the
union of both lists each is standardised (``z``: less its mean, over its deviation), and the score is
``.67 z(D) + .33 z(S)``. It is computed twice: the second time the question's vector has moved a little towards the best
three passages (pseudo-relevance feedback after Rocchio, 1971).

How the constants were chosen, and what else was tried, is written in ``docs/retrieval.md``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pincite.analysis import analyse
from pincite.datatypes import Filter, Passage
from pincite.stores.base import Scored, Snapshot, Vectors

Scores = npt.NDArray[np.float64]

DENSE_SHARE = 0.67
"""Weight of ``z(D)``; the rest is BM25's."""

DENSE_SHARE_OF_NAMES = 0.1
"""The share for a question of stop words alone, a name such as "The Who", whose vector says next to nothing."""

DENSE_SHARE_OF_UNREAD = 0.4
"""The share for a question in a script that the model did not learn."""

CANDIDATES = 100
"""How many passages each side proposes."""

_FEEDBACK_FROM = 3
_FEEDBACK_WEIGHT = 0.35
"""How far the question's vector moves towards the mean of the best passages."""

_SAME_VECTOR = 0.999
"""From this cosine on, passages are copies, of which feedback takes one."""


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
        dense: the cosine of its vector to that of the question as it was asked; None where only words were looked for.
        vector: its own, float32 of shape (dimension,), length 1.
        copies: nearly the same text elsewhere.
    """

    passage: Passage
    score: float
    lexical: float
    dense: float | None
    vector: Vectors
    copies: tuple[Passage, ...] = ()

    @property
    def scores(self) -> dict[str, float]:
        """The parts: BM25 and, unless only words were looked for, the cosine."""
        return ({} if self.dense is None else {"dense": self.dense}) | {"lexical": self.lexical}


def rank(snapshot: Snapshot, queries: Sequence[Query], n: int, where: Filter | None = None) -> list[Candidate]:
    """The candidates for all ``queries`` of one question, best first; each side of each query proposes ``n``."""
    by_words = [snapshot.lexical(q.terms, n, where) for q in queries]
    by_meaning = [snapshot.dense(q.vector, n, where) for q in queries]
    held = snapshot.vectors({each for scores in (*by_words, *by_meaning) for each in scores})
    ids = sorted(held)
    if not ids:
        return []
    vectors = np.array([held[each] for each in ids], np.float32)
    lexical = [_bm25(snapshot, q, ids, scores) for q, scores in zip(queries, by_words, strict=True)]
    asked = np.array([q.vector for q in queries])
    cosines = vectors @ asked.T
    moved = asked + _FEEDBACK_WEIGHT * _mean_of_best(vectors, _fused(queries, cosines, lexical))
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    scores = _scaled(_fused(queries, vectors @ moved.T, lexical))
    columns = zip(ids, scores.tolist(), lexical[0].tolist(), cosines[:, 0].tolist(), vectors, strict=True)
    passages = snapshot.passages(ids)
    best_first = sorted(columns, key=lambda each: (-each[1], each[0]))
    return [Candidate(passages[each[0]], *each[1:]) for each in best_first]


def rank_by_words(snapshot: Snapshot, terms: Sequence[str], n: int, where: Filter | None = None) -> list[Candidate]:
    """The ``n`` candidates best by BM25 alone."""
    scores = snapshot.lexical(terms, n, where)
    if not scores:
        return []
    passages, vectors = snapshot.passages(scores), snapshot.vectors(scores)
    return [
        Candidate(passages[each], score, score, None, vectors[each].astype(np.float32))
        for each, score in scores.items()
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


# ---------------------------------------------------------------- copies

_NEAR = 0.7
"""From this cosine on, passages are compared word by word; titles, which differ, are part of what was embedded."""

_LOOKED_THROUGH = 200
"""Among so many of the best passages near-copies are looked for; the same text, but for case and spaces, among all."""

_IGNORED = frozenset({"a", "an", "the"})

_SHARE, _LEAST = 0.8, 3
"""So much of a text's words, and so many sentences, have to stand in another as whole sentences for it to be a copy."""

_VARIANT = 0.5
"""A sentence with such a share of another's words says the same thing, or something else of the same matter."""

_MONTH = (
    r"(?:jan|feb|mar|mär|apr|avr|abr|may|mai|jun|jui|jul|aug|ago|ao[uû]|sep|oct|okt|out|nov|dec|dez|dic)[^\W\d_]*\.?"
)
_DAY = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th|\.)?\s(?:de\s)?{_MONTH}|\b{_MONTH}\s\d{{1,2}}\b|\b\d{{1,4}}[-./]\d{{1,2}}[-./]\d{{1,4}}\b"
    r"|\d{1,2}\s?月\s?\d{1,2}\s?日|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
_AGENCY = re.compile(r"\(\s?[^\W\d_]|^[A-Z][A-Z' .-]{2,}$")
_DATELINE_END = re.compile(r"\s-{1,2}\s|\s?--\s?|\s?[–—]\s?|[电電讯訊]\s|[:：]\s?|\Z")
_LONGEST_DATELINE = 80


def fold(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Let the best of several passages with nearly the same text stand for all of them.

    A passage is a copy if it has the same text; if all its words, less articles and endings, stand in the other in the
    same order and without a gap; or if nearly all its sentences stand there as a whole. The headline at an article's
    top and the place and day before an agency's story are left out. Another number, name, verb or "not" within a
    sentence makes it a text of its own.
    """
    copies: dict[int, list[Passage]] = {}
    by_text: dict[str, int] = {}
    near = _near(candidates[:_LOOKED_THROUGH])
    few = len(candidates) <= _LOOKED_THROUGH
    for i, each in enumerate(candidates):
        # Among few, near-copies are found below, and texts that differ in case or spaces with them.
        text = each.passage.text if few else " ".join(each.passage.text.casefold().split())
        k = by_text.get(text)
        if k is None and i < len(near) and near[i]:
            said = _said(each.passage)
            k = next((k for k in near[i] if k in copies and _is_copy(said, _said(candidates[k].passage))), None)
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


class _Said(NamedTuple):
    """The words of a passage between spaces, and its sentences as such words."""

    words: str
    sentences: frozenset[str]


def _is_copy(one: _Said, other: _Said) -> bool:
    """Whether the first of two passages says nothing that the other does not."""
    if one.sentences and one.words in other.words:
        return True
    common = one.sentences & other.sentences
    if len(common) < _LEAST:
        return False
    own = [sentence.split() for sentence in one.sentences - common]
    left = [sentence.split() for sentence in other.sentences - common]
    if sum(map(len, own)) > (1 - _SHARE) * len(one.words.split()):
        return False
    figures = {word for sentence in own for word in sentence if any(map(str.isdigit, word))}
    return not figures and not any(_alike(mine, theirs) for mine in own for theirs in left)


def _alike(one: Sequence[str], other: Sequence[str]) -> bool:
    return len(set(one) & set(other)) >= _VARIANT * max(1, min(len(set(one)), len(set(other))))


@lru_cache(4096)
def _said(passage: Passage) -> _Said:
    """What a passage says, without headline, place and day at the top."""
    texts = [passage.text[start - passage.start : end - passage.start] for start, end in passage.sentences]
    if passage.start == 0 and passage.heading in texts[:-1]:  # the headline of an article, as its title may be
        texts = texts[texts.index(passage.heading) + 1 :]
    for i, text in enumerate(texts[:_LEAST]):
        if end := _dateline(text):
            texts[i] = text[end:]
            break
    terms = ([term for term in analyse(text) if term not in _IGNORED] for text in texts)
    sentences = [" ".join(sentence) for sentence in terms if sentence]
    return _Said(f" {' '.join(sentences)} ", frozenset(sentences))


def _dateline(sentence: str) -> int:
    """Where the place and day end that a story begins with, or the name of an agency; 0 where there are none."""
    end = _DATELINE_END.search(sentence, 0, _LONGEST_DATELINE)
    if end is None or end.start() == _LONGEST_DATELINE:
        return 0
    names, days = _DAY.subn(" ", sentence[: end.start()])
    by_agency = end[0].strip(" :：") and _AGENCY.search(sentence[: end.start()])
    # Nothing but names stands beside the day: "The council met on Monday - as ever" is no dateline.
    words = [word for word in names.split() if any(map(str.isalpha, word))]
    is_one = words and (days or by_agency) and not any(word[0].islower() for word in words)
    return end.end() if is_one else 0
