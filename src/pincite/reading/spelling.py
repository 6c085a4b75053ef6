"""Misspelt words of a question: those that no passage holds, and the nearest that one does.

The first letter is taken to be right: another one mostly makes another name ("Walden" is not "Halden").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pincite.analysis.terms import MISSPELT_FROM, analyse, mostly_latin
from pincite.names import folded
from pincite.reading import reader
from pincite.stores.base import Snapshot

_WORD = re.compile(r"\b[^\W\d_]+\b")
_NAME_OR_WORD = re.compile(r"[^\W\d_][^\W\d_A-Z]+")
"""Not an acronym or "MySQL", which are spelled as they are for a reason."""
_DOUBLED = re.compile(r"(.)\1")


def corrections(snapshot: Snapshot, text: str) -> dict[str, str]:
    """Words of a text that no passage holds, each with the nearest that one does, in the same case.

    A text most of whose words are unknown is in another language, or none; a word that the reader's vocabulary has is
    rightly spelt. Neither is changed. What is capitalised is taken for a name. Of each text three words are corrected.

    Args:
        snapshot: whose passages are looked at.
        text: a question.
    """
    spoken = list(dict.fromkeys(_WORD.findall(text)))
    terms = {word: analyse(word) for word in spoken if len(word) >= MISSPELT_FROM and mostly_latin(word)}
    held = snapshot.frequencies([term for each in terms.values() for term in each])
    unknown = [word for word, each in terms.items() if not any(held[term] for term in each)]
    if len(unknown) > max(1, len(spoken) / 2):
        return {}
    words = filter(_NAME_OR_WORD.fullmatch, unknown)
    unsure = [word for word in words if not _rightly_spelt().issuperset(terms[word])]
    nearest = [(word, _nearest(snapshot, folded(word), name=word[0].isupper())) for word in unsure[:3]]
    return {word: other.capitalize() if word[0].isupper() else other for word, other in nearest if other}


def replaced(text: str, by: Mapping[str, str]) -> str:
    """A text with some of its words replaced."""
    return _WORD.sub(lambda word: by.get(word[0], word[0]), text)


def _nearest(snapshot: Snapshot, word: str, *, name: bool) -> str | None:
    """The word with the fewest edits to another, of several the most frequent; None where that itself is known."""
    words = snapshot.words(word[0]) | snapshot.words(word[1] + word[0])
    most = 2 if len(word) >= 8 else 1  # of a name no more than one, for with two it is another's
    long = range(len(word) - most, len(word) + most + 1)
    near = [
        (edits, -count, other)
        for other, count in words.items()
        if len(other) in long and (edits := _edits(word, other, most)) <= most
    ]
    stem = analyse(word)
    if any(analyse(other) == stem for *_, other in near):
        return None
    once = _DOUBLED.sub(r"\1", word)  # which letter is doubled is one mistake, though it takes two edits
    near = [each for each in near if not name or each[0] == 1 or _DOUBLED.sub(r"\1", each[2]) == once]
    return min(near, default=(0, 0, None))[2]


def _edits(one: str, other: str, most: int) -> int:
    """How many letters are missing, too many, wrong, or changed places with the next; more than ``most`` is vague."""
    if len(set(one) ^ set(other)) > 2 * most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for k, b in enumerate(other, 1):
            row.append(min(before[k] + 1, row[k - 1] + 1, before[k - 1] + (a != b)))
            if i > 1 and k > 1 and a == other[k - 2] and one[i - 2] == b:
                row[k] = min(row[k], earlier[k - 2] + 1)
    return row[-1]


@cache
def _rightly_spelt() -> frozenset[str]:
    """The terms of some twenty thousand English words and names."""
    vocabulary = Path(reader.__file__).parent / "weights" / reader.VOCABULARY
    return frozenset(analyse(" ".join(line for line in vocabulary.read_text("utf-8").splitlines() if line.isalpha())))
