"""A sentence that may be quoted, the evidence for it, and how rules of their own make it more or less sure.

What a reader says of every sentence stands in `quotes`; who asks for a table's row, an option or a version is met by a
module for that, all of which count with the same few probabilities.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from pincite.datatypes import Hit, Span

SURE = 0.5
"""The least probability of a sentence that answers by a rule of its own, for what no reader sees."""
UNSURE = 0.3
"""The most of one against which such a rule speaks."""
NEARLY_AS_SURE = 0.5
"""The share of the first one's probability from which on two sentences are taken to say as much of what is asked."""

LOOKED_BACK = 4
"""Sentences before one that its pronouns may refer to."""

LEANS = re.compile(
    r"\W*(?:(?:He|She|It|They|His|Her|Its|Their|This|These|Those|That|Such|So|But|And|Or|However|Also|Then|Thus|"
    r"Therefore|Hence|Otherwise|Instead|Both|Neither|Moreover|Furthermore)\b|[他她它这那其此但]|因此|所以)"
)
"""A sentence that is understood only with the one before it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that may be quoted, and the evidence for it.

    Attributes:
        place: which sentence of its passage it is, from 0.
        span: its range in the document.
        answer: the range in the document of the words in it that answer; empty where that is not known.
        begins: where a quote begins that it leads: at the question right before it, where it leans on that.
        features: ``(evidence, covered, cosine, long * evidence, long * covered)``: what the reader says of it or,
            without a reader, its cosine to the question; the share of the question's words, rare ones weighing more,
            that stand in the sentence, the title, the heading, the author's name, the names of its columns or, for
            less, in the sentences before it; the cosine of its passage; and how the first two count for more or less
            where a question is long, which is the logarithm of how many times longer than ten words it is. A long
            question says much of what it looks for.
        confidence: the probability that it answers, 0 to 1.
        order: puts the sentences found for one question in order.
        heads: it stands for a heading, so that it may begin a quote and goes on with none.
        bare: the words that answer are the question's own: it names what is asked for, and not its value.
    """

    hit: Hit
    place: int
    span: Span
    answer: Span
    begins: int
    features: tuple[float, ...]
    confidence: float
    order: float
    heads: bool = False
    bare: bool = False

    def less_sure(self, by: float) -> Sentence:
        """The sentence with less evidence; ``by`` is taken off its logit."""
        return replace(self, confidence=probability(_logit(self.confidence) - by), order=self.order - by)

    def at_least(self, sure: float) -> Sentence:
        """The sentence, no less sure than this, for what a reader does not see speaks for it."""
        return self if self.confidence >= sure else self.less_sure(_logit(self.confidence) - _logit(sure))

    def at_most(self, sure: float) -> Sentence:
        """The sentence, no surer than this, for what a reader does not see speaks against it."""
        return self if self.confidence <= sure else self.less_sure(_logit(self.confidence) - _logit(sure))

    def ahead_of(self, first: Sentence, sure: float) -> Sentence:
        """The sentence, no less sure than this, before the one that was the first."""
        return replace(self.at_least(sure), order=max(first.order + 0.01, self.order))

    @property
    def text(self) -> str:
        """The sentence."""
        return self.hit.document.text[slice(*self.span)]

    @property
    def with_headings(self) -> str:
        """The sentence with what it leans on, below its title, its heading and the names of its columns."""
        above = (self.hit.document.title, self.hit.passage.heading, self.hit.passage.columns)
        return "\n".join([*filter(None, above), *self.leant_on])

    @property
    def leant_on(self) -> list[str]:
        """The sentence behind those that it leans on: of whom "she" speaks."""
        spans = self.hit.passage.sentences[max(0, self.place - LOOKED_BACK) : self.place + 1]
        texts = [self.hit.document.text[slice(*span)] for span in spans]
        leans = takewhile(LEANS.match, reversed(texts))
        return texts[-1 - min(len(list(leans)), len(texts) - 1) :]


def together_at_most(sentences: Sequence[Sentence], sure: float) -> list[Sentence]:
    """The sentences, the surest of them no surer than this, and the others as much less sure than it as before."""
    by = max((_logit(each.confidence) for each in sentences), default=0.0) - _logit(sure)
    return [each.less_sure(by) for each in sentences] if by > 0 else list(sentences)


def _logit(probability: float) -> float:
    sure = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(sure / (1 - sure))


def probability(logit: float) -> float:
    """What log odds come to; beyond 60 either way they count no further."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))
