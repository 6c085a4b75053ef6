"""What the sentences of the best passages say for themselves: which one answers, how surely, and how far to quote.

Everything here is absolute evidence: cosines and the share of the question's words that a sentence covers. Scores that
are scaled for each question always crown something, so the fused score only helps to choose among the sentences.
The weights are in ``fitted.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pincite import answer_type, fitted
from pincite.analysis import analyse, only_stop_words
from pincite.datatypes import Hit, Span
from pincite.embedder import reads
from pincite.index import Index, Ranking

_PASSAGES = 5
"""Hits whose sentences may be quoted."""

_OF_ONE_DOCUMENT = 3
"""How many of them may be of one document, as long as there are others."""

_LOOKED_BACK = 4
"""Sentences before one in the same passage that its pronouns may refer to; what is farther back counts less, by half
for each sentence."""

_LIMIT = 2.0
"""How many times the covered share of the question's words a cosine may be that says little by itself: of a question
that the model cannot read, and of one joined with the turn before it, to which the earlier answer is near as well."""

_SPEAKS_FROM = 0.5
"""The weight from which on a wording speaks for the question: its cosines count as evidence that it is answered."""

_LONG_ENOUGH = 4.5
"""Logarithm of the characters from which on a sentence is not too short to say something."""

_END_MARKS = tuple(".!?。！？…．”\"'’)）」』")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that may be quoted and the evidence for it.

    Attributes:
        place: which sentence of its passage it is, from 0.
        cosine: to the question, or to its wording in context where the question's own words are covered,
        passage_cosine: and of the whole passage; where the model cannot read the question, both are bounded by the
            share of the words that is covered, since they are then high for anything.
        covered: the share of the question's words that it covers, rare ones weighing more; 0 to 1. What stands in the
            title, the heading or the sentences before it is covered too.
        clues: ``(cosine, covered, fused score of the passage, answer type, length, fragment)``: see `fitted`.
    """

    hit: Hit
    span: Span
    place: int
    cosine: float
    passage_cosine: float
    covered: float
    clues: tuple[float, ...]

    @property
    def text(self) -> str:
        """The sentence."""
        return self.hit.document.text[slice(*self.span)]

    @property
    def score(self) -> float:
        """How well it answers, beside the other sentences found for the same question."""
        return _dot(fitted.SENTENCE_WEIGHTS, self.clues)

    @property
    def match(self) -> float:
        """How near it comes to the question; comparable between questions."""
        return self.cosine + fitted.COVERED_WEIGHT * self.covered


def sentences(index: Index, questions: Sequence[tuple[str, float]], ranking: Ranking) -> list[Sentence]:
    """The sentences that may be quoted for a question in all its wordings, headings left out."""
    question, hits = questions[0][0], [ranking.hits[place] for place in _quotable(ranking.hits)]
    cosines = _cosines(index, questions, hits)
    found = [each for hit, own in zip(hits, cosines, strict=True) for each in _of_passage(question, ranking, hit, own)]
    return found if reads(ranking.settings.model, question) else [_by_words(each) for each in found]


def _by_words(sentence: Sentence) -> Sentence:
    cosine, passage_cosine = (min(v, _LIMIT * sentence.covered) for v in (sentence.cosine, sentence.passage_cosine))
    return replace(sentence, cosine=cosine, passage_cosine=passage_cosine, clues=(cosine, *sentence.clues[1:]))


def _quotable(hits: Sequence[Hit]) -> list[int]:
    """The places of the best hits, not all of one document where others are there."""
    counts: dict[str, int] = {}
    places: list[int] = []
    rest: list[int] = []
    for place, hit in enumerate(hits[: 2 * _PASSAGES]):
        counts[hit.document.doc_id] = counts.get(hit.document.doc_id, 0) + 1
        (places if counts[hit.document.doc_id] <= _OF_ONE_DOCUMENT else rest).append(place)
    return sorted((places + rest)[:_PASSAGES])


_Cosines = tuple[Sequence[float], Sequence[float]]
"""Of a passage and then of its sentences: to the question as it was asked, and to the wording each is nearest to."""


def _cosines(index: Index, questions: Sequence[tuple[str, float]], hits: Sequence[Hit]) -> list[_Cosines]:
    speaks = [text for place, (text, weight) in enumerate(questions) if place == 0 or weight >= _SPEAKS_FROM]
    texts = list(dict.fromkeys(text for hit in hits for text in _texts(hit)))
    found = index.encode_document(texts) @ index.encode_query(speaks).T
    rows = dict(zip(texts, found, strict=True))
    cosines: list[_Cosines] = []
    for hit in hits:
        own = np.array([rows[text] for text in _texts(hit)])
        own[0, 0] = hit.scores["dense"]
        cosines.append((own[:, 0].tolist(), own.max(axis=1).tolist()))
    return cosines


def _texts(hit: Hit) -> list[str]:
    """A passage and its sentences."""
    return [hit.passage.text, *(hit.document.text[slice(*span)] for span in hit.passage.sentences)]


def _of_passage(question: str, ranking: Ranking, hit: Hit, cosines: _Cosines) -> Iterable[Sentence]:
    document, passage = hit.document, hit.passage
    asked, in_context = cosines
    texts = _texts(hit)[1:]
    terms = [set(analyse(text)) for text in texts]
    title = set(analyse(f"{document.title} {passage.heading or ''}"))
    no_words = only_stop_words(question)
    for place, (span, text) in enumerate(zip(passage.sentences, texts, strict=True)):
        if not any(start <= span[0] and span[1] <= end for start, end in document.headings):
            covered = _covered(ranking.terms, terms[place] | title, terms[max(0, place - _LOOKED_BACK) : place])
            limit = 1.0 if no_words else _LIMIT * covered
            whole, cosine = (max(asked[i], min(in_context[i], limit)) for i in (0, place + 1))
            fits, fragment = answer_type.fits(question, text), not text.endswith(_END_MARKS)
            length = min(math.log(len(text)), _LONG_ENOUGH)
            clues = (cosine, covered, hit.score, float(fits), length, float(fragment))
            yield Sentence(hit, span, place, cosine, whole, covered, clues)


def _covered(rarity: Mapping[str, float], terms: set[str], before: Sequence[set[str]]) -> float:
    total = sum(rarity.values())
    if not total:
        return 0.0
    return sum(weight * _nearness(term, terms, before) for term, weight in rarity.items()) / total


def _nearness(term: str, terms: set[str], before: Sequence[set[str]]) -> float:
    if term in terms:
        return 1.0
    distance = next((d for d, each in enumerate(reversed(before), 1) if term in each), None)
    return 0.5**distance if distance else 0.0


# ---------------------------------------------------------------- whether the articles answer


def features(found: Sequence[Sentence]) -> tuple[float, float]:
    """Absolute evidence that these sentences answer: the best match, and the square of the best passage's cosine."""
    passage = max((max(each.passage_cosine, 0.0) for each in found), default=0.0)
    return max((each.match for each in found), default=0.0), passage**2


def confidence(found: Sequence[Sentence]) -> float:
    """The probability that the articles answer, 0 to 1."""
    if not found:
        return 0.0
    return _logistic(fitted.CONFIDENCE_BIAS + _dot(fitted.CONFIDENCE_WEIGHTS, features(found)))


# ---------------------------------------------------------------- how far to quote


def signs(found: Sequence[Sentence]) -> list[tuple[float, ...]]:
    """Absolute evidence for each sentence, beside all that were found, that it is part of the answer.

    Its cosine and its passage's; how much less it matches than the best match; whether it stands in the best
    sentence's passage; the best cosine, passage cosine and match; and, unless it is the best sentence, how much nearer
    to the question its passage is as a whole than any sentence by itself, since the answer is then spread over it.
    """
    if not found:
        return []
    best = max(found, key=lambda each: each.score)
    cosine, match = max(each.cosine for each in found), max(each.match for each in found)
    passage = max(each.passage_cosine for each in found)
    return [
        (
            each.cosine,
            each.passage_cosine,
            each.match - match,
            float(each.hit is best.hit),
            cosine,
            passage,
            match,
            0.0 if each is best else each.passage_cosine - cosine,
        )
        for each in found
    ]


@dataclass(frozen=True, slots=True)
class Quote:
    """Adjacent sentences of one passage, the one of them that answers best, and how surely it does by itself."""

    hit: Hit
    span: Span
    best: Span
    confidence: float


def quotes(found: Sequence[Sentence]) -> list[Quote]:
    """What to quote, best first: the best sentence and those that are as likely part of the answer; each text once."""
    if not found:
        return []
    best, *others = sorted(zip(found, signs(found), strict=True), key=lambda pair: -pair[0].score)
    chosen: dict[str, Sentence] = {}
    for each in (best[0], *(sentence for sentence, values in others if _is_part(values))):
        chosen.setdefault(_plain(each.text), each)
    runs = sorted(_runs(chosen.values()), key=lambda run: -max(each.score for each in run))
    said = set(chosen)
    made = []
    for run in runs:
        lead = _lead(run[0], found)
        made.append(_quote(run, lead if lead and _plain(lead.text) not in said else run[0], found))
        said |= {_plain(lead.text)} if lead else set()
    return [each for each in made if not any(_holds(other, each) for other in made)]


def _holds(one: Quote, other: Quote) -> bool:
    inside = one.span[0] <= other.span[0] and other.span[1] <= one.span[1]
    return one is not other and one.hit is other.hit and inside


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_part(values: Sequence[float]) -> bool:
    return _logistic(fitted.QUOTE_BIAS + _dot(fitted.QUOTE_WEIGHTS, values)) >= fitted.QUOTE_FROM


def _runs(chosen: Iterable[Sentence]) -> list[list[Sentence]]:
    """Sentences that follow each other, together."""
    runs: list[list[Sentence]] = []
    for each in sorted(chosen, key=lambda each: (each.hit.rank, each.place)):
        last = runs[-1][-1] if runs else None
        if last is not None and last.hit is each.hit and last.place + 1 == each.place:
            runs[-1].append(each)
        else:
            runs.append([each])
    return runs


_LEANS = re.compile(
    r"\W*(?:(?:He|She|It|They|His|Her|Its|Their|This|These|Those|That|Such|So|But|And|Or|However|Also|Then|Thus|"
    r"Therefore|Hence|Otherwise|Instead|Both|Neither|Moreover|Furthermore)\b|[他她它这那其此但]|因此|所以)"
)
"""A sentence that is understood only with the one before it."""


def _lead(first: Sentence, found: Sequence[Sentence]) -> Sentence | None:
    """The sentence before ``first``, if ``first`` leans on it."""
    if not _LEANS.match(first.text):
        return None
    return next((each for each in found if each.hit is first.hit and each.place == first.place - 1), None)


def _quote(run: Sequence[Sentence], first: Sentence, found: Sequence[Sentence]) -> Quote:
    best = max(run, key=lambda each: each.score)
    return Quote(first.hit, (first.span[0], _reach(run[-1], found)), best.span, confidence([best]))


def _reach(last: Sentence, found: Sequence[Sentence]) -> int:
    """The end of a quote: a sentence that announces a list takes its lines along."""
    end = last.span[1]
    if last.text.endswith((":", "：")):
        text = last.hit.document.text
        for each in found:
            if each.hit is last.hit and each.place > last.place:
                gap = text[end : each.span[0]]
                if "\n" not in gap or ("\n\n" in gap and end != last.span[1]):
                    break
                end = each.span[1]
    return end


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
