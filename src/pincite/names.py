"""Names of people and sources, and when two of them are the same; letters without case and accents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

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


_AND = re.compile(r"( (?:and|&|und|et|y|e|og) )")
_BODY = re.compile(
    r"\b(?:academy|administration|affairs|agency|alliance|association|authority|bank|board|bureau|cent(?:er|re)|church|"
    r"club|college|commission|committee|company|congress|cooperative|corporation|council|department|embassy|federation|"
    r"forum|foundation|fund|gmbh|government|group|hospital|inc|initiative|institut(?:e|ion)?|journal|laborator(?:y|ies)|"
    r"league|library|limited|ltd|llc|magazine|ministry|museum|network|news|observatory|office|organi[sz]ation|parliament|"
    r"partners|party|plc|press|programme?|school|secretariat|services?|societ(?:y|ies)|sons|staff|survey|team|times|"
    r"trust|union|universit(?:y|ies)|universität|verein|ministerium|brothers)\b"
)
"""Words of the names of what is no person, in folded letters."""
_TITLES = {"phd", "md", "jr", "sr", "dr", "msc", "esq"}
"""What stands behind a comma and is no first name."""


def key(name: str) -> str:
    """A name in the form by which names are compared: without case, accents and stops."""
    return " ".join(folded(name).replace(".", " ").split())


@lru_cache(100_000)
def parted(author: str) -> tuple[tuple[str, str], ...]:
    """Those that a line of authors names, each as family and given name: where no comma says how, all is the first.

    Args:
        author: as a file states it: ``Ane Holt, Bo Lind and Cy Roe``, ``Holt, Ane; Food and Agriculture Organization``.
    """
    found: list[tuple[str, str]] = []
    for line in author.split(";"):
        for part in _people(line):
            pieces = [each for each in map(str.strip, part.split(",")) if each and key(each) not in _TITLES]
            if len(pieces) == 2 and 1 in (len(pieces[0].split()), len(pieces[1].split())) and not is_body(part):
                found.append((pieces[0], pieces[1]))
            else:
                found += [(piece, "") for piece in pieces]
    return tuple(dict.fromkeys(found))


def split(author: str) -> tuple[str, ...]:
    """The same, each as ``Ane Holt``."""
    return tuple(dict.fromkeys(f"{given} {family}".lstrip() for family, given in parted(author)))


def is_body(name: str) -> bool:
    """Whether a name looks like that of an organisation."""
    return _BODY.search(folded(name)) is not None


def _people(line: str) -> list[str]:
    """A line apart at each "and" that stands between people, not within the name of an organisation."""
    first, *rest = _AND.split(" ".join(line.split()))
    parts = [first]
    for joint, part in zip(rest[::2], rest[1::2], strict=True):
        if _is_within_a_name(parts[-1].rpartition(",")[2].strip() or parts[-1], part):
            parts[-1] += f"{joint}{part}"
        else:
            parts.append(part)
    return parts


def _is_within_a_name(before: str, behind: str) -> bool:
    """Whether "and" joins words of one name: "Ministry of Food | Fisheries", "Food | Agriculture Organization"."""
    first = behind.partition(" ")[0]
    if is_body(before):
        return not is_body(first) and "," not in behind
    alone = " " not in before and "," not in before
    return alone and (is_body(behind) or " " not in behind)


@lru_cache(100_000)
def keys(author: str) -> frozenset[str]:
    """By what an author's line is found: each name, the whole of it, and what stands beside an "and" within one."""
    beside = (split(part) for part in _AND.split(" ".join(author.split()))[::2])
    return frozenset(map(key, (author, *split(author), *chain.from_iterable(beside))))
