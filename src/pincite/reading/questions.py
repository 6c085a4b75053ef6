"""Questions that stand in a text: a FAQ's, an interviewer's, a writer's own. They answer nothing, but what follows may.

The answer to such a question often repeats none of its words, so that the evidence is the question's. It is handed on
to the sentence right after it: all of it where the question has a line of its own or the answer plainly leans on it, a
part of it in running text, where a question may be rhetorical.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pincite.datatypes import Span

_HANDED_ON = 0.75
"""The share of the way, up to the evidence of a question in running text, that the sentence after it is lifted by."""

_SHORT = 5
"""Words up to which a sentence behind a question is taken to lean on it: "Five days"."""

_MARKS = r"[?？؟⁇⁈⁉‽]!*(?:\[[^\[\]\n]{1,24}\])*"
_QUESTION = re.compile(
    rf"(?:.*[^?？]|){_MARKS}\s*"
    rf"|(?:[-*+•]\s+|\w{{1,12}}[.:：)]\s+)?[\"'“‘„‚«‹「『(（\[【][^\"“”„«»「」『』]*{_MARKS}[\"'”’“‘»›」』)）\]】\s]+",
    re.DOTALL,
)
"""A whole sentence that ends in a question mark. One that is closed behind it must be opened at its beginning: what
somebody asks within a sentence ('He asked "why?"') is told, not asked."""

_ASKING = re.compile(r"(?:Q|Question|问|問)\s?\d{0,3}\s?[:：.)]")
_ANSWERING = re.compile(r"(?:A|Answer|答)\s?\d{0,3}\s?[:：.)]")
"""The labels of a list of questions and answers."""

_REPLIES = re.compile(
    r"\W*(?:(?:Yes|Yeah|Yep|No|Nope|Sure|Certainly|Absolutely|Definitely|Indeed|Maybe|Perhaps|Of course|Not|Never|"
    r"Sometimes|Usually|Only|Because)\b|是的?[，。]|不|[没對对][，。有])",
    re.IGNORECASE,
)
"""How a sentence begins that only answers: it says nothing without its question."""


def questions(sentences: Sequence[str]) -> list[bool]:
    """Which sentences of a text are questions, or belong to one that is labelled "Q:" and answered by "A:"."""
    asks = [_QUESTION.fullmatch(each) is not None for each in sentences]
    first = None
    for place, each in enumerate(sentences):
        if _ASKING.match(each):
            first = place
        elif first is not None and _ANSWERING.match(each):
            asks[first:place] = [True] * (place - first)
            first = None
    return asks


def before(asks: Sequence[bool]) -> list[range]:
    """For each sentence the questions right before it, by their places; none before a question."""
    made, first = [], 0
    for place, is_question in enumerate(asks):
        made.append(range(0) if is_question else range(first, place))
        first = first if is_question else place + 1
    return made


def handed_on(evidence: npt.NDArray[np.float32], text: str, spans: Sequence[Span], place: int, asked: range) -> float:
    """The evidence for a sentence once the questions right before it have been counted for it.

    Args:
        evidence: what was read in each sentence.
        text: the whole text.
        spans: its sentences.
        place: the sentence.
        asked: the questions before it, one or more.
    """
    own, theirs = float(evidence[place]), max(float(evidence[each]) for each in asked)
    if not own < theirs or not math.isfinite(own):
        return own
    alone = _stands_alone(text, spans[asked[0]][0], spans[place][0])
    share = 1.0 if alone or is_reply(text[slice(*spans[place])]) else _HANDED_ON
    return own + share * (theirs - own)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether questions have lines of their own: ``end`` is where their answer starts."""
    line = text.rfind("\n", 0, start) + 1
    return not text[line:start].strip() and "\n" in text[start:end][len(text[start:end].rstrip()) :]


def is_reply(sentence: str) -> bool:
    """Whether a sentence behind a question says nothing without it, as "Yes." and "Five days." do."""
    labelled = _ANSWERING.match(sentence) is not None
    return labelled or _REPLIES.match(sentence) is not None or len(sentence.split()) <= _SHORT
