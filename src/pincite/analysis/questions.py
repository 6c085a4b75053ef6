"""Questions that stand in a text, as a FAQ's and an interviewer's do. They answer nothing, but what follows may."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincite.analysis.sentences import HAN

_SHORT = 5
"""Words up to which a sentence behind a question is taken to lean on it: "Five days"."""

_BARE = 2
"""Words up to which a reply has no reason or condition with it: "Yes, always." """

_MARKS = r"[?？؟⁇⁈⁉‽]!*(?:\[[^\[\]\n]{1,24}\])*"
_QUESTION = re.compile(
    rf"(?:.*[^?？]|){_MARKS}\s*"
    rf"|(?:[-*+•]\s+|\w{{1,12}}[.:：)]\s+)?[\"'“‘„‚«‹「『(（\[【][^\"“”„«»「」『』]*{_MARKS}[\"'”’“‘»›」』)）\]】\s]+",
    re.DOTALL,
)
"""A whole sentence that ends in a question mark. One that is closed behind it must be opened at its beginning: what
somebody asks within a sentence ('He asked "why?"') is told, not asked."""

_QUESTION_LABEL = re.compile(r"(?:Q|Question|问|問)\s?\d{0,3}(?:\s?[:)]\s|\.\s|\s?：)")
_ANSWER_LABEL = re.compile(r"(?:A|Answer|答)\s?\d{0,3}(?:\s?[:)]\s|\.\s|\s?：)")
"""The labels of a list of questions and answers."""
_NUMBERED = re.compile(r"\(?\d{1,3}(?:\.\d{1,2}){0,2}[.)]\s")
_LONGEST_QUESTION = 4
"""Sentences from label to label: "Q4:" is a quarter too. "A. Miller" is a person, so that before a label with a full
stop something must have been asked."""

_REPLIES = re.compile(
    r"\W*(?:(?:Yes|Yeah|Yep|No|Nope|Sure|Certainly|Absolutely|Definitely|Indeed|Maybe|Perhaps|Of course|Not|Never|"
    r"Sometimes|Usually|Only|Because)\b|是的?[，。]|不|[没對对][，。有])",
    re.IGNORECASE,
)
"""How a sentence begins that only answers: it says nothing without its question."""


def questions(sentences: Sequence[str]) -> list[bool]:
    """Which sentences of a text are questions, or belong to one.

    That is so between "Q:" and "A:", and from the number of an item to its question, if "Yes" or "No" follows: "42. The
    pump is old. Must it go? No."
    """
    asks = [_is_question(each) for each in sentences]
    first = None
    for place, sentence in enumerate(sentences):
        if _QUESTION_LABEL.match(sentence):
            first = place
        elif first is not None and (label := _ANSWER_LABEL.match(sentence)):
            plain = "." not in label[0] or any(asks[first:place])
            if plain and place - first <= _LONGEST_QUESTION:
                asks[first:place] = [True] * (place - first)
            first = None
    for place, sentence in enumerate(sentences):
        if _NUMBERED.match(sentence):
            following = range(place + 1, min(place + _LONGEST_QUESTION, len(sentences) - 1))
            end = next((at for at in following if asks[at] and _REPLIES.match(sentences[at + 1])), place)
            asks[place:end] = [True] * (end - place)
    return asks


def _is_question(sentence: str) -> bool:
    """Whether it ends in a question mark that is no part of an address on the web."""
    return _QUESTION.fullmatch(sentence) is not None and "://" not in sentence.split()[-1]


def questions_before(asks: Sequence[bool]) -> list[range]:
    """For each sentence the questions right before it, by their places; none before a question."""
    made, first = [], 0
    for place, is_question in enumerate(asks):
        made.append(range(0) if is_question else range(first, place))
        first = first if is_question else place + 1
    return made


def _words(sentence: str) -> int:
    """How many words; of scripts without spaces, two characters are one."""
    return len(sentence.split()) + len(HAN.findall(sentence)) // 2


def is_reply(sentence: str) -> bool:
    """Whether a sentence behind a question says nothing without it, as "Yes." and "Five days." do."""
    return bool(_ANSWER_LABEL.match(sentence) or _REPLIES.match(sentence)) or _words(sentence) <= _SHORT


def is_bare_reply(sentence: str) -> bool:
    """Whether a sentence is "Yes." or "No." with next to nothing else."""
    label = _ANSWER_LABEL.match(sentence)
    said = sentence[label.end() :] if label else sentence
    return _REPLIES.match(said) is not None and _words(said) <= _BARE
