"""What the passages found say to a question: read by the reader, or compared with it where there is no reader for it.

The passages that were read come first, in the order of what was found and what was read together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from pincite.analysis.languages import other_language
from pincite.analysis.terms import analyse, mostly_latin, only_stop_words
from pincite.datatypes import Document, Hit
from pincite.parsers.metadata import says_nothing
from pincite.reading import confidence, reader
from pincite.reading.conditions import (
    asks_for_latest,
    entries_asked_for,
    latest_first,
    named_period,
    of_period,
    of_same_text,
    period_in_words,
    revisions_newest_first,
    with_numbers,
    without_other_figures,
)
from pincite.reading.counts import with_counts
from pincite.reading.entries import of_entry
from pincite.reading.named import of_name, of_names, of_one_named, of_quality, with_holders
from pincite.reading.options import of_option
from pincite.reading.permissions import of_permission
from pincite.reading.quotes import Constants, sentences
from pincite.reading.reader import Reader, Reading, Text
from pincite.reading.rows import Spelled
from pincite.reading.sentence import Sentence
from pincite.reading.tables import rows_asked_for, rows_in_doubt, rows_named, with_cells, with_fields
from pincite.reading.versions import of_version, without_lines
from pincite.reading.wordings import of_acronym
from pincite.retrieval.embedding import Embedder, reads
from pincite.settings import DEFAULT_MODEL, Settings

READ = 10
"""Passages that are read for a question."""

_WORD = re.compile(r"[^\W\d_]{3}")
"""Without one, as in "10811", a file's name says nothing of what is in it."""
_PARTS_OF_NAMES = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read for a question.

    Attributes:
        question: as it was read: its end, where it is too long.
        hits: all hits in their final order.
        sentences: those that may be quoted, best first.
        part: as in `Constants`.
        notes: that it is in a language not learnt.
        beside: what is to be said beside quotes: what was left out or put first for a time.
        told: a version, an entry, an option, an acronym or a table alone told which sentences answer.
    """

    question: str
    hits: tuple[Hit, ...]
    sentences: list[Sentence]
    part: float
    notes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    told: bool = False


def weigh(
    question: str, hits: Sequence[Hit], rarity: Mapping[str, float], settings: Settings, embedder: Embedder
) -> Evidence:
    """Read the best passages for a question.

    Args:
        question: in natural language.
        hits: what was found, best first.
        rarity: the question's analysed terms, each with its inverse document frequency.
        settings: which reader reads, or None.
        embedder: compares where no reader does.

    Raises:
        ReaderError: the reader cannot be loaded.
    """
    model = reader.opened(settings.reader) if settings.reader is not None else None
    asked = model.question_read(question) if model else question
    terms = set(analyse(asked))
    if asked != question:  # what stands above is not asked, whatever its script
        rarity = {term: weight for term, weight in rarity.items() if term in terms}
    is_name, period, best = only_stop_words(asked), named_period(asked), hits[:READ]
    if not mostly_latin(asked):
        model, constants = None, confidence.BY_PAIRS
    else:
        constants = Constants.of(model.constants) if model else confidence.BY_COSINE
    if is_name:
        constants = confidence.BY_WORDS
    contexts = [_context(hit, terms, dated=period is not None) for hit in best]
    compared = embedder if constants.weights[0] else None  # where words alone count nothing has to be embedded
    readings = _readings(asked, best, contexts, model, compared)
    # No longer than what is said to be covered: a turn may be read joined with the one before it.
    rated = sentences(best, readings, rarity, constants, words=min(len(asked.split()), 3 * len(rarity)))
    if is_name:
        rated = [sentence for sentence in rated if _holds_phrase(sentence.text, asked)]
    rated, beside, told = _as_asked(rated, asked, period, rarity)
    hits = _ordered(best, rated) + tuple(hits[len(best) :])
    notes = _not_learnt(asked, settings.model)
    return Evidence(asked, hits, rated, constants.part, tuple(notes), tuple(beside), told)


def _as_asked(
    rated: Sequence[Sentence], question: str, period: str | None, rarity: Mapping[str, float]
) -> tuple[list[Sentence], list[str], bool]:
    """The sentences that fit what the question names, what was done for a time, and whether that told the answer."""
    notes, told = list[str](), False
    if period:
        fitting = of_period(rated, period)
        if len(fitting) < len(rated):
            notes.append(f"Of {period_in_words(period)}, as asked: articles of other dates were left out.")
        rated = fitting
    rated = rows_in_doubt(without_lines(rows_named(rated, question), question), question)
    for narrowed in (of_version, of_entry, of_option, of_acronym, of_name, of_permission, rows_asked_for):
        rated, told = narrowed(rated, question)
        if told:
            break
    else:
        rated = of_names(entries_asked_for(with_numbers(rated, question), rarity), question)
        rated = of_quality(of_one_named(of_same_text(rated, question, period), question), question)
    if asks_for_latest(question):
        rated, dates = latest_first(rated)
        if len(dates) > 1:
            notes.append(f"The newest comes first, as asked: {', '.join(dates)}.")
    elif not period and not told:
        rated, dates = revisions_newest_first(rated, question)
        if len(dates) > 1:
            notes.append(f"Articles of several days say this; the newest comes first: {', '.join(dates)}.")
    for marked in (with_cells, with_fields, with_counts, with_holders, without_other_figures):
        rated = marked(rated, question)
    return rated, notes, told


def _not_learnt(question: str, model: str) -> list[str]:
    """What has to be said of a question in a language that the models did not learn."""
    if not reads(model, question):
        return ["The model did not learn this script: passages are found by the words alone."]
    if model == DEFAULT_MODEL and (language := other_language(question)):
        return [f"The question seems to be {language}; the model learnt English, and may miss what is there."]
    return []


def _holds_phrase(text: str, question: str) -> bool:
    """Whether several words stand in a text in their order: such a question is a name, or it asks nothing."""
    asked, said = (re.findall(r"\w+", part.casefold()) for part in (question, text))
    return len(asked) > 1 and f" {' '.join(asked)} " in f" {' '.join(said)} "


def _context(hit: Hit, asked: set[str], *, dated: bool) -> str:
    """Title and heading of a passage, and the author and date where the question, of these terms, names one."""
    document = hit.document
    author = document.author if any(asked.issuperset(analyse(each)) for each in document.authors) else None
    day = period_in_words(document.date) if dated and document.date else None
    return "\n".join(filter(None, (_subject(document), author, day, hit.passage.heading)))


def _subject(document: Document) -> str:
    """What the title says a text is about; the file's name, where it has none, and the folder's of a ``README``."""
    path = PurePosixPath(document.doc_id.partition("#")[0])
    named = [path.parent.name] if says_nothing(path.stem) and not document.title.endswith(path.parent.name) else []
    named += [document.title] if document.title_is_name else []
    words = [" ".join(_PARTS_OF_NAMES.findall(name)) for name in named if _WORD.search(name)]
    return " ".join(words if document.title_is_name else [*words, document.title])


def _readings(
    question: str, hits: Sequence[Hit], contexts: Sequence[str], model: Reader | None, embedder: Embedder | None
) -> list[Reading]:
    """What is read in each passage, or the cosine of each sentence to the question, or nothing, as its evidence."""
    spelled = [Spelled(hit.document, hit.passage) for hit in hits]
    if model:
        texts = [Text(context, each.text, each.sentences) for context, each in zip(contexts, spelled, strict=True)]
        return [each.in_passage(read) for each, read in zip(spelled, model.read(question, texts), strict=True)]
    spoken = [each.text[a:b] for each in spelled for a, b in each.sentences]
    cosines = np.zeros(len(spoken), np.float32)
    if embedder:
        cosines = embedder.encode_document(spoken) @ embedder.encode_query([question])[0]
    ends = np.cumsum([len(each.sentences) for each in spelled], dtype=np.int64)
    return [
        each.in_passage(Reading(own, tuple((start, start) for start, _ in each.sentences)))
        for own, each in zip(np.split(cosines, ends), spelled, strict=False)  # behind the last end is nothing
    ]


def _ordered(hits: Sequence[Hit], rated: Sequence[Sentence]) -> tuple[Hit, ...]:
    """The hits by their fused score and the surest of their sentences together."""
    surest: dict[int, float] = {}
    for sentence in rated:
        surest[sentence.hit.rank] = max(sentence.confidence, surest.get(sentence.hit.rank, 0.0))
    read = [replace(hit, scores={**hit.scores, "read": surest.get(hit.rank, 0.0)}) for hit in hits]
    read.sort(key=lambda hit: -(hit.score + confidence.READ_WEIGHT * hit.scores["read"]))
    return tuple(replace(hit, rank=place) for place, hit in enumerate(read, 1))
