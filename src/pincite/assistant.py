"""From a question to an answer made of quotes, or to an honest "not in these articles"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pincite import answer_type, fitted
from pincite.analysis import analyse
from pincite.datatypes import Answer, Citation, Filter, Hit, Span
from pincite.errors import UsageError
from pincite.index import Index, Ranking

Turn = Mapping[str, str]
"""One turn of a conversation: ``{"role": "user" | "assistant", "content": text}``."""

_EARLIER_WEIGHT = 0.5
"""What the question joined with the earlier one counts for, beside the question itself."""

_QUOTED_FROM = 5
"""Hits whose sentences may be quoted."""

_MOST_QUOTES = 3

_COVERED_WEIGHT = 0.3
"""What the question's words that a sentence covers count for, beside its cosine."""

_PASSAGE_WEIGHT = 0.2
"""What the fused score of its passage counts for."""

_MARGIN = 0.1
"""How much worse than the best sentence another one may be and still be quoted."""

_TYPE_WEIGHT = 0.15
"""What a number, date or name counts for where the question asks for one."""

_FRAGMENT_COSTS = 0.15
"""What a line without an end mark loses: it is likelier a label or a heading, near to a question and no answer."""

_END_MARKS = tuple(".!?。！？…．”\"'’)）」』")


@dataclass(frozen=True, slots=True)
class _Quotable:
    """A sentence that may be quoted and how well it answers."""

    hit: Hit
    span: Span
    score: float

    @property
    def text(self) -> str:
        return self.hit.document.text[slice(*self.span)]


class Assistant:
    """Answers questions from an index. Safe to use from several threads.

    Args:
        index: where to look.
        threshold: the confidence, 0 to 1, from which on a question counts as answered; by default the index's setting.

    Raises:
        UsageError: a threshold outside that range.
    """

    def __init__(self, index: Index, *, threshold: float | None = None) -> None:
        if threshold is not None and not 0 <= threshold <= 1:
            raise UsageError(f"threshold={threshold}: give a number from 0 to 1")
        self.index = index
        self._threshold = threshold

    def ask(self, question: str, *, history: Sequence[Turn] = (), where: Filter | None = None) -> Answer:
        """Answer a question by quoting.

        Args:
            question: in natural language.
            history: the earlier turns of the conversation, oldest first, without the question itself.
            where: which documents may be quoted.

        Raises:
            UsageError: an empty question, or a turn that is not one.
            IndexProblem: there is no index, it is empty or damaged, or it was built with another model.
        """
        ranking = self.index.rank(self.questions(question, history), passages=20, documents=10, where=where)
        confidence = _confidence(ranking)
        threshold = ranking.settings.threshold if self._threshold is None else self._threshold
        quotes = _quotes(question, ranking) if confidence >= threshold else []
        citations = tuple(_citation(label, each) for label, each in enumerate(quotes, 1))
        return Answer(
            text=" ".join(f"{each.quote} [{each.label}]" for each in citations),
            answered=bool(citations),
            confidence=confidence,
            citations=citations,
            hits=ranking.hits,
        )

    def questions(self, question: str, history: Sequence[Turn] = ()) -> list[tuple[str, float]]:
        """The wordings that a question is searched by, with their weights: see `pincite.index.Index.rank`."""
        return [(question, 1.0), *_in_context(question, history)]


def _in_context(question: str, history: Sequence[Turn]) -> list[tuple[str, float]]:
    """The question joined with the one before it, which it may lean on."""
    for turn in history:
        if (
            not isinstance(turn, Mapping)
            or turn.get("role") not in ("user", "assistant")
            or not isinstance(turn.get("content"), str)
        ):
            raise UsageError(f'history: {turn!r} is not {{"role": "user" or "assistant", "content": text}}')
    earlier = [turn["content"] for turn in history if turn["role"] == "user" and turn["content"].strip()]
    return [(f"{earlier[-1]} {question}", _EARLIER_WEIGHT)] if earlier else []


# ---------------------------------------------------------------- evidence


def features(ranking: Ranking) -> tuple[float, float]:
    """Absolute evidence that the best hits answer: the best cosine to a sentence, and to a passage."""
    best = ranking.hits[:_QUOTED_FROM]
    return max((h.scores["sentence"] for h in best), default=0.0), max((h.scores["dense"] for h in best), default=0.0)


def _confidence(ranking: Ranking) -> float:
    if not ranking.hits:
        return 0.0
    pairs = zip(fitted.CONFIDENCE_WEIGHTS, features(ranking), strict=True)
    return 1 / (1 + math.exp(-fitted.CONFIDENCE_BIAS - sum(weight * value for weight, value in pairs)))


def _rarity(ranking: Ranking) -> dict[str, float]:
    """The question's terms with their weights: inverse document frequency, as in BM25."""
    return {term: math.log(1 + (1 - share) / (share + 1e-4)) for term, share in ranking.terms.items()}


def _covered(rarity: Mapping[str, float], text: str) -> float:
    """The share of the question's words that a text holds, the rare ones weighing more; 0 to 1."""
    terms = set(analyse(text))
    total = sum(rarity.values())
    return sum(weight for term, weight in rarity.items() if term in terms) / total if total else 0.0


# ---------------------------------------------------------------- quotes


def _quotes(question: str, ranking: Ranking) -> list[_Quotable]:
    """The sentences to quote, best first: those nearly as good as the best one, each text once."""
    found = sorted(_quotable(question, ranking), key=lambda each: -each.score)
    chosen: dict[str, _Quotable] = {}
    for each in found:
        if each.score >= found[0].score - _MARGIN:
            chosen.setdefault(" ".join(each.text.split()), each)
    return list(chosen.values())[:_MOST_QUOTES]


def _quotable(question: str, ranking: Ranking) -> list[_Quotable]:
    rarity = _rarity(ranking)
    sentences = []
    for hit, cosines in zip(ranking.hits[:_QUOTED_FROM], ranking.sentences, strict=False):
        headings = hit.document.headings
        for span, cosine in zip(hit.passage.sentences, cosines, strict=True):
            if not any(start <= span[0] and span[1] <= end for start, end in headings):
                text = hit.document.text[slice(*span)]
                score = float(cosine) + _COVERED_WEIGHT * _covered(rarity, text) + _PASSAGE_WEIGHT * hit.score
                score += _TYPE_WEIGHT * answer_type.fits(question, text)
                sentences.append(_Quotable(hit, span, score - _FRAGMENT_COSTS * (not text.endswith(_END_MARKS))))
    return sentences


def _citation(label: int, quotable: _Quotable) -> Citation:
    hit, (start, end) = quotable.hit, quotable.span
    return Citation(
        label=label,
        quote=quotable.text,
        start=start,
        end=end,
        document=hit.document,
        passage=hit.passage,
        heading=hit.passage.heading,
        page=hit.passage.page,
    )
