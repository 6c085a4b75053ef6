"""Passages of nearly the same text: one stands for all, so that a reprinted story takes one place and not ten."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pincite.analysis.terms import analyse
from pincite.datatypes import Passage
from pincite.retrieval.ranking import Candidate

_NEAR = 0.7
"""From this cosine on, passages are compared word by word; titles, which differ, are part of what was embedded."""

_LOOKED_THROUGH = 200
"""Among so many of the best passages near-duplicates are looked for; of the same text, but for case and spaces,
among all."""

_SHARE, _LEAST = 0.8, 3
"""So much of a text's words, and so many sentences, have to stand in another as whole sentences for it to be a
duplicate."""

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


def deduplicate(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Let the best of several passages with nearly the same text stand for all of them.

    A passage is a duplicate if it has the same text; if all its words, less articles and endings, stand in the other in
    the same order and without a gap; or if nearly all its sentences stand there as a whole. The headline at an
    article's top and the place and day before an agency's story are left out. Another number, name, verb or "not"
    within a sentence makes it a text of its own.
    """
    duplicates: dict[int, list[Passage]] = {}
    by_text: dict[str, int] = {}
    near = _near(candidates[:_LOOKED_THROUGH])
    few = len(candidates) <= _LOOKED_THROUGH
    for i, each in enumerate(candidates):
        # Among few, near-duplicates are found below, and texts that differ in case or spaces with them.
        text = each.passage.text if few else " ".join(each.passage.text.casefold().split())
        k = by_text.get(text)
        if k is None and i < len(near) and near[i]:
            said = _said(each.passage)
            k = next(
                (k for k in near[i] if k in duplicates and _is_duplicate(said, _said(candidates[k].passage))), None
            )
        by_text.setdefault(text, i if k is None else k)
        duplicates.setdefault(by_text[text], []).extend([] if k is None else [each.passage])
    kept = ((candidates[i], others) for i, others in duplicates.items())
    return [each._replace(duplicates=tuple(others)) if others else each for each, others in kept]


def _near(candidates: Sequence[Candidate]) -> list[list[int]]:
    """For each candidate the better ones whose vectors are near its own."""
    near: list[list[int]] = [[] for _ in candidates]
    if not candidates:
        return near
    vectors = np.array([each.vector for each in candidates])
    for i, k in np.argwhere(np.tril(vectors @ vectors.T >= _NEAR, -1)).tolist():
        near[i].append(k)
    return near


class _Said(NamedTuple):
    """The words of a passage between spaces, and its sentences as such words."""

    words: str
    sentences: frozenset[str]


def _is_duplicate(one: _Said, other: _Said) -> bool:
    """Whether the first of two passages says nothing that the other does not."""
    if one.sentences and one.words in other.words:
        return True
    common = one.sentences & other.sentences
    if len(common) < _LEAST:
        return False
    if sum(len(sentence.split()) for sentence in one.sentences - common) > (1 - _SHARE) * len(one.words.split()):
        return False
    own, left = ([set(sentence.split()) for sentence in each.sentences - common] for each in (one, other))
    figures = {word for sentence in own for word in sentence if any(map(str.isdigit, word))}
    # A sentence with half of another's words says something else of the same matter.
    alike = (len(mine & theirs) >= max(1, min(len(mine), len(theirs))) / 2 for mine in own for theirs in left)
    return not figures and not any(alike)


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
    terms = ([term for term in analyse(text) if term not in ("a", "an", "the")] for text in texts)
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
