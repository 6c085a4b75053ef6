"""What a question names that an answer must fit: a time, a number, one entry of a list, what is in force now."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from pincite.analysis.terms import MONTHS, analyse
from pincite.datatypes import Document, Hit, table_of
from pincite.parsers.metadata import find_date
from pincite.reading.entries import entries
from pincite.reading.options import OPTION
from pincite.reading.sentence import LEANS, NEARLY_AS_SURE, Sentence
from pincite.reading.tables import LEAST, MOST
from pincite.reading.versions import VERSION

_LONG = 20  # words from which on a question has several parts
_LONGEST_ENTRY = 100  # characters of a line that is taken for an item or a row
_YEAR = re.compile(r"(?<![\d.,$€£#-])(?:19|20)\d\d(?![\d%]|[.,]\d)")
_BORDER = re.compile(r"\b(?:after|before|since|until|till|between|from|by)\s(?:\w+\s){0,3}\Z", re.IGNORECASE)
_WEEKDAY = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
_BEFORE_TIME = re.compile(r"(?:\s(?:in|of|on|for|from|at|since))?\s{0,3}\Z", re.IGNORECASE)
_LATEST = re.compile(
    r"\b(?:latest|newest|most recent|current(?:ly)?|at present|nowadays|now|today|up[ -]to[ -]date|in force)\b"
    r"|最新|目前|现行",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b[A-Z][\w'’-]* (?!(?:19|20)\d\d\b)\d{1,4}\b")
"""A name with a number, "Hall 3"."""
_OF_EDITIONS = frozenset(analyse(f"{' '.join(MONTHS)} new old revised revision edition version amended update draft"))
"""Terms in which the titles of revisions may differ."""
_LOOKED_AT = 500  # characters of an earlier turn
_WHICH_OF_SEVERAL = re.compile(r"\b(?:next|previous|first|second|third|last|final)\s+[^\W\d_]+", re.IGNORECASE)
"""One of things that follow each other: "the next meeting"."""


def named_period(question: str) -> str | None:
    """The day, month or year that a question names, as ``YYYY[-MM[-DD]]``.

    None where it names none or several, or only a border of time ("after March 2021").
    """
    if named := find_date(question):
        period, start, end = named
        several = find_date(question[end:]) is not None or bool(_YEAR.search(question[:start] + question[end:]))
    else:
        year = _YEAR.search(question)
        if not year:
            return None
        period, start, several = year[0], year.start(), len(set(_YEAR.findall(question))) > 1
    return None if several or _BORDER.search(question[:start]) else period


def asks_for_latest(question: str) -> bool:
    """Whether a question is about what holds now."""
    return _LATEST.search(question) is not None


def without_other(text: str, turn: str) -> str:
    """A text without its times, weekdays, versions, options or "most" where a turn behind it names another such.

    "And the current ones?" after "What were the dues of 2019?" asks for no dues of 2019. Of a long text the end alone
    is looked at, in which a question stands; each of very many dates would be looked for from the beginning.
    """
    whole, text = text[:-_LOOKED_AT], text[-_LOOKED_AT:]
    kinds = [kind for kind in (_WEEKDAY, VERSION, OPTION) if kind.search(turn)]
    kinds += [MOST, LEAST] if MOST.search(turn) or LEAST.search(turn) else []
    if asks_for_latest(turn) or named_period(turn):
        while day := find_date(text):
            text = f"{_BEFORE_TIME.sub('', text[: day[1]])}{text[day[2] :]}"
        kinds.append(_YEAR)
    for kind in kinds:
        while found := kind.search(text):
            text = f"{_BEFORE_TIME.sub('', text[: found.start()])}{text[found.end() :]}"
    return whole + text


def period_in_words(date: str) -> str:
    """``YYYY[-MM[-DD]]`` as an article would write it."""
    year, *rest = map(int, date.split("-"))
    return " ".join([*map(str, rest[1:]), *(MONTHS[month - 1].capitalize() for month in rest[:1]), str(year)])


def of_period(rated: Sequence[Sentence], period: str) -> list[Sentence]:
    """The sentences without those of articles of another time, where one of the named time says nearly as much.

    What names the year itself stays, whenever it was written.
    """
    if _surest([sentence for sentence in rated if _fits(sentence, period)]) < NEARLY_AS_SURE * _surest(rated):
        return list(rated)
    year = period[:4]
    return [
        sentence
        for sentence in rated
        if not sentence.hit.document.date or _fits(sentence, period) or year in sentence.hit.passage.text
    ]


def of_same_text(rated: Sequence[Sentence], question: str, period: str | None) -> list[Sentence]:
    """The sentences, those on another year after one of the same text on the year that a question names.

    Likewise those on another of several things, where one is on "the next meeting", which the question names.
    """
    if period:
        year = period[:4]
        rated = _after_rivals(rated, lambda said: year in said, lambda said: bool(_YEAR.search(said)))
    if named := _WHICH_OF_SEVERAL.search(question):
        wanted = f" {' '.join(analyse(named[0]))} "
        rated = _after_rivals(rated, lambda said: wanted in f" {' '.join(analyse(said))} ", lambda said: True)
    return list(rated)


def without_other_figures(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences; on another year than the one that a question names, with no figure marked as what answers."""
    period = named_period(question)
    if not period:
        return list(rated)
    return [replace(each, answer=(each.span[0],) * 2) if _is_of_another(each, period[:4]) else each for each in rated]


def _is_of_another(sentence: Sentence, year: str) -> bool:
    """Whether the figure of a sentence is that of another year, which it names."""
    document, said = sentence.hit.document, " ".join(sentence.leant_on)
    marked = document.text[slice(*sentence.answer)]
    here = f"{said}\n{document.title}\n{sentence.hit.passage.heading or ''}\n{document.date or ''}"
    named = _YEAR.search(said)
    return bool(named) and year not in here and any(map(str.isdigit, marked)) and not _YEAR.search(marked)


def _after_rivals(
    rated: Sequence[Sentence], is_asked: Callable[[str], bool], is_other: Callable[[str], bool]
) -> list[Sentence]:
    """The sentences, the other ones after the best of their text that is asked for and nearly as sure."""
    said = [" ".join(each.leant_on) for each in rated]
    asked = [each for each, text in zip(rated, said, strict=True) if is_asked(text)]
    heeded = list[Sentence]()
    for each, text in zip(rated, said, strict=True):
        doc_id = each.hit.document.doc_id
        best = next((rival for rival in asked if rival.hit.document.doc_id == doc_id), None)
        is_rival = best and not is_asked(text) and is_other(text)
        if best and is_rival and best.confidence >= NEARLY_AS_SURE * each.confidence:
            lower = each.at_most(0.9 * best.confidence)
            each = replace(lower, order=min(lower.order, best.order - 0.01))
        heeded.append(each)
    return sorted(heeded, key=lambda each: -each.order)


def of_other_time(document: Document, question: str) -> str | None:
    """What has to be said of a quote from a document that is not of the time a question names, nor names its year."""
    period = named_period(question)
    if not period or _is_of(document, period) or period[:4] in f"{document.title}\n{document.text}":
        return None
    asked = period_in_words(period)
    if document.date:
        return f"Nothing of {asked}, as asked, was found; the first quote is of {period_in_words(document.date)}."
    return f"The article of the first quote does not name {asked}, as asked."


def latest_first(rated: Sequence[Sentence]) -> tuple[list[Sentence], list[str]]:
    """The sentences, those nearly as sure as the first by the days of their articles, newest first; and those days."""
    least = NEARLY_AS_SURE * rated[0].confidence if rated else 0.0
    return _newest_first([each for each in rated if each.hit.document.date and each.confidence >= least], rated)


def _newest_first(alike: Sequence[Sentence], rated: Sequence[Sentence]) -> tuple[list[Sentence], list[str]]:
    """The sentences, some of them by the days of their articles in the places that these have; and those days."""
    newest = sorted(alike, key=lambda sentence: str(sentence.hit.document.date), reverse=True)
    orders = sorted((sentence.order for sentence in alike), reverse=True)
    moved = {id(sentence): replace(sentence, order=order) for sentence, order in zip(newest, orders, strict=True)}
    ordered = sorted((moved.get(id(sentence), sentence) for sentence in rated), key=lambda sentence: -sentence.order)
    return ordered, list(dict.fromkeys(str(sentence.hit.document.date) for sentence in newest))


def revisions_newest_first(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], list[str]]:
    """The sentences, those that say the same as the first in articles of other days newest first; and those days.

    Revisions of one rule differ in numbers and days alone; what has another word, or stands below another title, may
    well be on something else. Of what is asked for the most or the least of, the newest need not be that.
    """
    if not rated or not rated[0].hit.document.date or MOST.search(question) or LEAST.search(question):
        return list(rated), []
    said = _but_for_amounts(rated[0])
    alike = [
        each
        for each in rated
        if each.confidence >= NEARLY_AS_SURE * rated[0].confidence and _but_for_amounts(each) == said
    ]
    by_document = {each.hit.document.doc_id: each for each in reversed(alike)}
    if len({each.text for each in by_document.values()}) < 2:
        return list(rated), []
    return _newest_first([each for each in by_document.values() if each.hit.document.date], rated)


def _but_for_amounts(sentence: Sentence) -> tuple[list[str], set[str], set[str]]:
    """The words of a sentence without numbers and months; the names with a number, "Hall 3"; the terms of the title."""
    title = sentence.hit.document.title.replace("_", " ").replace("-", " ")
    words = [word for word in re.findall(r"[^\W_]+", sentence.text.casefold()) if not _is_amount(word)]
    names = set(_NUMBERED.findall(f"{title}\n{sentence.text}"))
    return words, names, {term for term in analyse(title) if not term[0].isdecimal()} - _OF_EDITIONS


def _is_amount(word: str) -> bool:
    return word in MONTHS or any(term[0].isdecimal() for term in analyse(word))


def with_numbers(rated: Sequence[Sentence], question: str) -> list[Sentence]:
    """The sentences without those of passages that lack a number of the question, where one with it says as much.

    "Which port had 21 tugs?" is not answered by the port that had twelve, however alike the sentences are. Of a long
    question each part may be answered elsewhere, and days have their own rule.
    """
    if len(question.split()) > _LONG:
        return list(rated)
    while day := find_date(question):
        question = question[: day[1]] + question[day[2] :]
    numbers = {term for term in analyse(question) if term.isdecimal()}
    if not numbers:
        return list(rated)
    hits = {sentence.hit.rank: sentence.hit for sentence in rated}
    holding = {rank for rank, hit in hits.items() if numbers <= terms_of(hit)}
    kept = [sentence for sentence in rated if sentence.hit.rank in holding]
    return kept if _surest(kept) >= NEARLY_AS_SURE * _surest(rated) else list(rated)


def entries_asked_for(rated: Sequence[Sentence], asked: Collection[str]) -> list[Sentence]:
    """The sentences without entries of lists that lack a word of the question which another of the same article has.

    Of "Pier: 12 crowns a night", "Winch: 80 crowns an hour" the second says nothing of a night at the pier, however
    alike the two are to a reader. An entry is a line of a list or table; what is longer is a paragraph. ``asked`` are
    the question's terms.
    """
    lists: dict[str, dict[int, list[Sentence]]] = {}
    for sentence in rated:
        in_row = table_of(sentence.hit.document.doc_id)  # whose lines belong together
        if not in_row and (line := _entry(sentence)) is not None and not LEANS.match(sentence.text):
            lists.setdefault(sentence.hit.document.doc_id, {}).setdefault(line, []).append(sentence)
    dropped: set[int] = set()
    for held in lists.values():
        terms = {line: analyse("\n".join(one.text for one in entry)) for line, entry in held.items()}
        said = {line: set(asked).intersection(words) for line, words in terms.items()}
        for line, entry in held.items():
            surest = _surest([one for other in held if said[line] < said[other] for one in held[other]])
            dropped |= {id(one) for one in entry if surest and surest >= NEARLY_AS_SURE * one.confidence}
    return [sentence for sentence in rated if id(sentence) not in dropped]


def _entry(sentence: Sentence) -> int | None:
    """Where the line of a list or table begins that a sentence stands in, or the name above it; None outside of one."""
    text, (start, end) = sentence.hit.document.text, sentence.span
    options = (each for each in entries(sentence.hit.document) if each.names[0].startswith("-"))
    if inside := [each.start for each in options if each.start <= start < each.end]:
        return inside[-1]
    line_start, line_end = text.rfind("\n", 0, start) + 1, _find(text, "\n", end)
    if line_end - line_start > _LONGEST_ENTRY:
        return None
    list_start = text.rfind("\n\n", 0, line_start) + 1
    return line_start if "\n" in text[list_start : _find(text, "\n\n", line_end)].strip() else None


def _find(text: str, border: str, start: int) -> int:
    """Where the next border begins, or the text ends."""
    at = text.find(border, start)
    return len(text) if at < 0 else at


def _surest(rated: Sequence[Sentence]) -> float:
    return max((sentence.confidence for sentence in rated), default=0.0)


def terms_of(hit: Hit) -> set[str]:
    """The terms of a whole passage, with the title, the heading, the columns and the day of the article."""
    document, passage = hit.document, hit.passage
    said = (document.title, document.date, passage.heading, passage.columns, passage.text)
    return set(analyse("\n".join(each or "" for each in said)))


def _fits(sentence: Sentence, period: str) -> bool:
    return _is_of(sentence.hit.document, period)


def _is_of(document: Document, period: str) -> bool:
    day = document.date or ""
    return bool(day) and (day.startswith(period) or period.startswith(day))
