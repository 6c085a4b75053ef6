"""From a question to an answer made of quotes, or to an honest "not in these articles"."""

from __future__ import annotations

from collections.abc import Sequence

from pincite import evidence
from pincite.datatypes import Answer, Citation, Filter
from pincite.errors import UsageError
from pincite.evidence import Quote
from pincite.follow_ups import Turn, wordings
from pincite.index import Index, Ranking

_MOST_QUOTES = 5


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
        questions = wordings(question, history)
        ranking = self.index.rank(questions, passages=20, documents=10, where=where)
        found = evidence.sentences(self.index, questions, ranking)
        confidence = evidence.confidence(found)
        quotes = evidence.quotes(found) if confidence >= self._least(ranking) else []
        citations = tuple(_citation(label, each) for label, each in enumerate(quotes[:_MOST_QUOTES], 1))
        return Answer(
            text=" ".join(f"{each.quote} [{each.label}]" for each in citations),
            answered=bool(citations),
            confidence=confidence,
            citations=citations,
            hits=ranking.hits,
        )

    def _least(self, ranking: Ranking) -> float:
        return ranking.settings.threshold if self._threshold is None else self._threshold


def _citation(label: int, quote: Quote) -> Citation:
    hit, (start, end) = quote.hit, quote.span
    return Citation(
        label=label,
        quote=hit.document.text[start:end],
        start=start,
        end=end,
        best=quote.best,
        confidence=quote.confidence,
        document=hit.document,
        passage=hit.passage,
        heading=hit.passage.heading,
        page=hit.document.page_at(start),
        copies=hit.copies,
    )
