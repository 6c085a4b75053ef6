"""BM25 of passages that are at hand.

Milvus finds passages by words, but what it scores them with counts deleted rows, and in a local file each segment by
itself; so that scores can be weighed against cosines, they are computed here, from frequencies that Milvus counts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from pincite.stores.base import Scored
from pincite.stores.milvus.rows import Held

_K1, _B = 1.2, 0.75
"""As in Lucene and Tantivy."""

_LEAD = 0.5
"""What a term in title or heading counts for beside one in the text."""


def scores(
    passages: Iterable[Held],
    terms: Iterable[str],
    body: Mapping[str, int],
    lead: Mapping[str, int],
    total: int,
    length: float,
) -> Scored:
    """BM25 of each passage that holds a term.

    Args:
        passages: to score.
        terms: those of the question; one that is there twice counts twice.
        body: of each term the number of passages that hold it in their text,
        lead: and of those that hold it in title or heading.
        total: how many passages there are.
        length: the mean number of terms in their texts.
    """
    rarities = {
        term: (times * _rarity(body[term], total), times * _rarity(lead[term], total))
        for term, times in Counter(terms).items()
    }
    found = {held.passage.passage_id: _score(held, rarities, length) for held in passages}
    return {each: score for each, score in found.items() if score > 0}


def _rarity(count: int, total: int) -> float:
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _score(held: Held, rarities: Mapping[str, tuple[float, float]], length: float) -> float:
    bound = _K1 * (1 - _B + _B * len(held.body) / max(length, 1))
    return sum(
        body * _saturated(held.body.count(term), bound) + _LEAD * lead * _saturated(held.lead.count(term), _K1)
        for term, (body, lead) in rarities.items()
    )


def _saturated(count: int, bound: float) -> float:
    return count * (_K1 + 1) / (count + bound)
