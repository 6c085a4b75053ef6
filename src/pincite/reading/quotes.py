"""From passages that were found to quotes: which sentence answers, how surely, and how far to quote.

Each sentence gets one probability that it answers, from evidence that can be compared between questions. The best
sentence leads, its probability is the answer's confidence, and nothing is quoted that is less sure than the threshold,
but for sentences that belong to a quote: neighbours that are likely part of the answer, the sentence that says what
"it" is, the lines of a list.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from pincite.analysis.questions import is_bare_reply, is_reply, questions, questions_before
from pincite.analysis.terms import analyse, only_stop_words, query_terms
from pincite.datatypes import Document, Hit, Span, table_of
from pincite.reading.entries import only_names
from pincite.reading.lists import list_end
from pincite.reading.reader import Reading
from pincite.reading.sentence import LEANS, LOOKED_BACK, Sentence, probability
from pincite.reading.versions import says_when, versions

MOST_QUOTES = 5
_HANDED_ON = 0.75  # how far towards the evidence of a question in running text the sentence after it is lifted
_SHORT, _LONG = 10, 50
"""Words of a question up to which a single sentence can be expected to answer all of it, and beyond which nothing was
fitted: what counts changes no further."""
_SHARING = 3  # lines of names that share what stands below them
_CAPTION = 4  # words of a line that stands for a heading
_NO_CAPTION = re.compile(r"\d|,|\A(?:By|From)\s")
_LONGEST_ROW = 600  # characters of a row that is quoted whole


@dataclass(frozen=True, slots=True)
class Constants:
    """Fitted by ``scripts/train_reader.py calibrate`` on questions that the reader did not learn from.

    Attributes:
        bias, weights: logistic regression of "the articles answer" on `Sentence.features`.
        score_weight: what the fused score of its passage adds to a sentence's logit where sentences of one question
            are put in order; it always crowns something, so that it says nothing of whether that answers.
        part: the probability from which on a sentence beside the best one is quoted as a part of the answer, as a
            share of the best one's.
    """

    bias: float
    weights: tuple[float, ...]
    score_weight: float
    part: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(values["bias"], tuple(values["weights"]), values["score_weight"], values["part"])


@dataclass(frozen=True, slots=True)
class Quote:
    """Adjacent sentences of one passage, the best of them first in ``sentences``."""

    hit: Hit
    span: Span
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """What is quoted."""
        return self.hit.document.text[slice(*self.span)]

    @property
    def best(self) -> Sentence:
        """The sentence that answers best."""
        return self.sentences[0]

    @property
    def highlights(self) -> tuple[Span, ...]:
        """Ranges, in the document, of the words that answer, in order."""
        sure = (sentence for sentence in self.sentences if 2 * sentence.confidence >= self.best.confidence)
        return tuple(sorted(sentence.answer for sentence in sure if sentence.answer[0] < sentence.answer[1]))


# ---------------------------------------------------------------- which sentence answers


def sentences(
    hits: Sequence[Hit],
    readings: Sequence[Reading],
    rarity: Mapping[str, float],
    constants: Constants,
    words: int,
) -> list[Sentence]:
    """The sentences that may be quoted, best first; a repeated title, headings, names of columns and entries are none.

    But for the heading ``Version 2.3 (2021-04-05)``, which alone says when that came out.

    Args:
        hits: the passages that were read.
        readings: what was read in each of them.
        rarity: the question's analysed terms, each with its inverse document frequency.
        constants: those for this kind of evidence.
        words: how many the question has.
    """
    long = math.log(min(max(words, _SHORT), _LONG) / _SHORT)
    rated = [
        sentence
        for hit, reading in zip(hits, readings, strict=True)
        for sentence in _of_passage(hit, reading, rarity, constants, long)
    ]
    return sorted(rated, key=lambda sentence: (-sentence.order, sentence.hit.rank, sentence.place))


def _of_passage(
    hit: Hit, reading: Reading, rarity: Mapping[str, float], constants: Constants, long: float
) -> Iterable[Sentence]:
    document, spans = hit.document, hit.passage.sentences
    texts = [document.text[slice(*span)] for span in spans]
    terms = [set(analyse(text)) for text in texts]
    context = set(analyse(f"{document.title} {hit.passage.heading or ''} {document.author or ''}"))
    # What is asked, or announced by a line alone, the sentence below it says.
    asks, captions = questions(texts), _captions(document, spans)
    announced = questions_before(list(map(operator.or_, asks, captions)))
    for place, (span, text, asked) in enumerate(zip(spans, texts, announced, strict=True)):
        says_nothing = captions[place] and terms[place] <= rarity.keys()  # more than the question
        if asks[place] or says_nothing or text == document.title or not math.isfinite(reading.sentences[place]):
            continue
        if not _says_when(text, rarity) if in_heading(document, span) else only_names(text):
            continue
        if any(start <= span[0] < end for (start, end), _ in document.tables):
            continue
        own = evidence = float(reading.sentences[place])
        if asked:
            evidence = _handed_on(reading.sentences, document.text, spans, place, asked)
        columns = analyse(document.columns_at(span[0]) or "")
        near = terms[place].union(context, columns, *(terms[question] for question in asked))
        covered = _covered(rarity, near, terms[max(0, place - LOOKED_BACK) : place])
        features = (evidence, covered, hit.scores.get("dense", 0.0), long * evidence, long * covered)
        logit = constants.bias + sum(map(operator.mul, constants.weights, features))
        leans = asked and (evidence > own or is_reply(text) or LEANS.match(text))
        first, last = (hit.passage.start + at for at in reading.answers[place])
        yield Sentence(
            hit=hit,
            place=place,
            span=span,
            answer=(first, last),
            begins=spans[asked[0]][0] if leans else _with_names(texts, spans, place),
            features=features,
            confidence=probability(logit),
            order=logit + constants.score_weight * hit.score,
            heads=captions[place],
            bare=first < last and rarity.keys() >= set(query_terms(document.text[first:last])),
        )


def _captions(document: Document, spans: Sequence[Span]) -> list[bool]:
    """Which sentences are lines that stand for a heading: a few words without a stop above a paragraph of more."""
    text, found = document.text, [False] * len(spans)
    for place, ((start, end), (below, last)) in enumerate(pairwise(spans)):
        words, more = (len(text[a:b].split()) for a, b in ((start, end), (below, last)))
        alone = text[max(0, start - 2) : start] in ("", "\n\n") and "\n\n" in text[end:below]
        plain = text[end - 1].isalpha() and not _NO_CAPTION.search(text[start:end])
        is_known = text[start:end] == document.title or in_heading(document, (start, end))
        found[place] = alone and plain and words <= _CAPTION < more and not is_known
    return found


def _with_names(texts: Sequence[str], spans: Sequence[Span], place: int) -> int:
    """Where a sentence begins, or the names above it do, whose entry it begins."""
    first = place
    while first and place - first < _SHARING and only_names(texts[first - 1]):
        first -= 1
    return spans[first][0]


def in_heading(document: Document, span: Span) -> bool:
    """Whether a range of a document's text lies within a heading."""
    return any(start <= span[0] and span[1] <= end for start, end in document.headings)


def _says_when(heading: str, asked: Mapping[str, float]) -> bool:
    """Whether a heading alone says when a version came out, and is not of another version than the one asked for."""
    named = versions(" ".join(asked))
    return says_when(heading) and (not named or not named.isdisjoint(versions(heading)))


def _handed_on(evidence: npt.NDArray[np.float32], text: str, spans: Sequence[Span], place: int, asked: range) -> float:
    """The evidence for a sentence, by its place, once the questions right before it have been counted for it.

    The answer to a question of the text often repeats none of its words, so that the evidence is the question's. All of
    it is handed on where the question has a line of its own or the answer plainly leans on it; three quarters of it in
    running text, where a question may be rhetorical.
    """
    own, theirs = float(evidence[place]), max(float(evidence[question]) for question in asked)
    if theirs <= own:
        return own
    start, end = spans[asked[0]][0], spans[place][0]
    line = text.rfind("\n", 0, start) + 1
    between = text[start:end]
    alone = not text[line:start].strip() and "\n" in between[len(between.rstrip()) :]
    share = 1.0 if alone or is_reply(text[slice(*spans[place])]) else _HANDED_ON
    return own + share * (theirs - own)


def _covered(rarity: Mapping[str, float], terms: set[str], before: Sequence[set[str]]) -> float:
    """The share of the question's words that a sentence covers, rare ones weighing more.

    In the sentences before, to which its pronouns may refer, each counts for less, by half for each sentence.
    """
    covered = 0.0
    for term, weight in rarity.items():
        distances = (distance for distance, held in enumerate((terms, *reversed(before))) if term in held)
        covered += weight * 0.5 ** next(distances, math.inf)
    return covered / (sum(rarity.values()) or 1.0)


# ---------------------------------------------------------------- how far to quote


def quotes(rated: Sequence[Sentence], threshold: float, part: float) -> list[Quote]:
    """What may be quoted, best first: the best sentence of each is no less sure than the threshold; each text once.

    Args:
        rated: all sentences, best first.
        threshold: the least confidence, 0 to 1.
        part: as in `Constants`.
    """
    if not rated or rated[0].confidence < threshold:
        return []
    least = part * rated[0].confidence
    chosen: dict[str, Sentence] = {}
    for sentence in rated:
        if sentence.confidence >= least:
            chosen.setdefault(_plain(sentence.text), sentence)
    found: list[Quote] = []
    said: set[str] = set()
    for run in _runs(chosen.values()):
        for rest in _runs(sentence for sentence in run if _plain(sentence.text) not in said):
            quote = _quote(rest, rated, said | set(chosen))
            if quote.best.confidence >= threshold:
                found = _joined(found, quote)
                spans, (start, end) = quote.hit.passage.sentences, quote.span
                said |= {_plain(quote.hit.document.text[a:b]) for a, b in spans if start <= a and b <= end}
    return found


def best_quotes(rated: Sequence[Sentence], least: float, asked: Collection[str]) -> list[Quote]:
    """The best quote of each article that says something of a topic, best first.

    Args:
        rated: all sentences, best first.
        least: the least confidence, 0 to 1.
        asked: the topic's terms: a line that holds no others, as a heading does, says nothing of it.
    """
    firsts: dict[str, Sentence] = {}
    for sentence in rated:
        if sentence.confidence >= least and not set(analyse(sentence.text)) <= set(asked):
            firsts.setdefault(sentence.hit.document.doc_id, sentence)
    return [_quote([sentence], rated, set()) for sentence in firsts.values()]


def without_repeats(found: Sequence[Quote], asked: Collection[str]) -> list[Quote]:
    """The quotes, best first, without those that say what a better one says of the question, ``asked`` being its terms.

    Such a one has nearly its words, or answers with words of it and says no more of what was asked. One that has a name
    or a number of its own is kept: "The mill at Brevik burned down" is not what happened to the mill at Asker.
    """
    kept: list[Quote] = []
    for quote in found:
        if not any(_repeats(quote, better, set(asked)) for better in kept):
            kept.append(quote)
    return kept


def _repeats(quote: Quote, better: Quote, asked: set[str]) -> bool:
    terms, known = set(query_terms(quote.text)), set(analyse(better.text))
    if not _named(quote.text) <= known:
        return False
    answer = {term for start, end in quote.highlights for term in analyse(quote.hit.document.text[start:end])}
    nothing_asked = bool(answer) and answer <= known and asked & terms <= known
    return nothing_asked or len(terms - known) <= 0.2 * len(terms)


def _named(text: str) -> set[str]:
    """The terms of its names and numbers; all of its terms, where nothing in it has a capital."""
    if not any(map(str.isupper, text)):
        return set(analyse(text))
    words = (word for word in re.findall(r"\w[\w'’.,-]*", text) if not only_stop_words(word))
    return set(analyse(" ".join(word for word in words if any(each.isalnum() and not each.islower() for each in word))))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _joined(earlier: Sequence[Quote], quote: Quote) -> list[Quote]:
    """The quotes and one more; those that it overlaps become one with it, in the place of the best of them."""
    start, end = quote.span
    over = [one for one in earlier if one.hit is quote.hit and one.span[0] < end and start < one.span[1]]
    if not over:
        return [*earlier, quote]
    span = min(start, *(one.span[0] for one in over)), max(end, *(one.span[1] for one in over))
    held = {s.place: s for one in (quote, *over) for s in one.sentences}
    whole = Quote(quote.hit, span, tuple(sorted(held.values(), key=lambda s: -s.order)))
    return [whole if other is over[0] else other for other in earlier if other not in over[1:]]


def _runs(chosen: Iterable[Sentence]) -> list[list[Sentence]]:
    """Sentences that follow each other, together; the runs with the best sentences first."""
    runs: list[list[Sentence]] = []
    for sentence in sorted(chosen, key=lambda sentence: (sentence.hit.rank, sentence.place)):
        last = runs[-1][-1] if runs else None
        if last and last.hit is sentence.hit and last.place + 1 == sentence.place and not sentence.heads:
            runs[-1].append(sentence)
        else:
            runs.append([sentence])
    return sorted(runs, key=lambda run: -max(sentence.order for sentence in run))


_TURNS = re.compile(
    r"(?:But|However|Yet|Except|Unless|Otherwise|Nevertheless|Unfortunately|Although|Though)\b|但|然而|除非"
)
"""How a sentence begins that takes back, or bounds, what the one before it says."""


def _quote(run: Sequence[Sentence], rated: Sequence[Sentence], said: set[str]) -> Quote:
    hit = run[0].hit
    neighbours = {sentence.place: sentence for sentence in rated if sentence.hit is hit}
    whole = list(run)
    before, after = neighbours.get(run[0].place - 1), neighbours.get(run[-1].place + 1)
    # Behind the "Yes" to a question stands half of an answer.
    if before and _plain(before.text) not in said:
        replies = before.begins < before.span[0] and is_reply(before.text)
        if replies or LEANS.match(run[0].text) or _announces(before):
            whole.insert(0, before)
    if after and _plain(after.text) not in said and _belongs(run, after):
        whole.append(after)
    start, end = whole[0].begins, max(map(_reach, whole))
    if table_of(hit.document.doc_id) and hit.passage.end - hit.passage.start <= _LONGEST_ROW:
        start, end = hit.passage.start, hit.passage.end  # one value says nothing without the others
    held = [sentence for _, sentence in sorted(neighbours.items()) if whole[-1].span[1] < sentence.span[1] <= end]
    return Quote(hit, (start, end), tuple(sorted([*whole, *held], key=lambda sentence: -sentence.order)))


def _belongs(run: Sequence[Sentence], after: Sentence) -> bool:
    """Whether the sentence behind a run takes back what that says, or says the value of what that only names."""
    between = run[0].hit.document.text[run[-1].span[1] : after.span[0]]
    if all(each.bare for each in run) and between.count("\n") < 2:
        return LEANS.match(after.text) is not None
    return "\n" not in between and _TURNS.match(after.text) is not None


def _announces(sentence: Sentence) -> bool:
    """Whether it breaks off before a block of commands, which says nothing without it."""
    text, spans = sentence.hit.document.text, sentence.hit.passage.sentences
    return text[sentence.span[1] - 1] not in ":：" and list_end(text, spans[sentence.place :]) > sentence.span[1]


def _reach(sentence: Sentence) -> int:
    """The end of a quote of a sentence; with a list that it announces, and what is said of a bare "Yes."."""
    text, spans = sentence.hit.document.text, sentence.hit.passage.sentences
    end = list_end(text, spans[sentence.place :])
    further = sentence.place + 1
    is_bare = sentence.begins < sentence.span[0] and is_bare_reply(sentence.text)
    if end > sentence.span[1] or further == len(spans) or not is_bare or "\n" in text[end : spans[further][0]]:
        return end
    asks = questions([text[slice(*span)] for span in spans])
    return end if asks[further] else spans[further][1]
