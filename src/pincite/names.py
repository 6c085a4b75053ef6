"""Names of people and sources, and when two of them are the same; letters without case and accents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff"
)
_IGNORED = re.compile(f"[{_INVISIBLE}™℠]")
"""Unicode's default ignorable characters; the trade marks would become letters of the word before them."""
_SET_APART = re.compile("[²³¹⁰⁴-⁹¼-¾⅐-⅟↉①-⓿❶-➓]+")
"""Powers, notes, fractions and numbers in circles, which would become digits of the number or word before them."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_ALIKE = str.maketrans(
    dict(zip("’‘‛ʼ´`‐‑øłđħŧı", "''''''--oldhti", strict=True)) | {"æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
"""Apostrophes, hyphens, and the Latin letters that Unicode does not take apart (after Lucene's ASCIIFoldingFilter)."""


def folded(text: str) -> str:
    """A text in one form of its letters: small, without accents, none of them invisible."""
    if text.isascii():
        return text.lower()
    text = _SET_APART.sub(r" \g<0> ", _IGNORED.sub("", text)).translate(_ALIKE)
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text).translate(_ALIKE)


_PARTED = re.compile(r"\s*;\s*|\s+(?:and|&|und|et|y|e|og)\s+")
_TITLES = {"phd", "md", "jr", "sr", "dr", "msc", "esq"}
"""What stands behind a comma and is no first name."""


def key(name: str) -> str:
    """A name in the form by which names are compared: without case, accents and stops."""
    return " ".join(folded(name).replace(".", " ").split())


@lru_cache(100_000)
def split(author: str) -> tuple[str, ...]:
    """The people that a line of authors names, each as ``Ane Holt``.

    Args:
        author: as a file states it: ``Ane Holt, Bo Lind and Cy Roe``, ``Holt, Ane; Lind, Bo``.
    """
    names: list[str] = []
    for part in _PARTED.split(author):
        pieces = [piece for piece in (each.strip() for each in part.split(",")) if piece and key(piece) not in _TITLES]
        if len(pieces) == 2 and 1 in (len(pieces[0].split()), len(pieces[1].split())):
            pieces = [f"{pieces[1]} {pieces[0]}"]
        names += pieces
    return tuple(dict.fromkeys(names))


@lru_cache(100_000)
def keys(author: str) -> frozenset[str]:
    """By what an author's line is found: each person's name, and the whole of it."""
    return frozenset(map(key, (author, *split(author))))
