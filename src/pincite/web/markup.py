"""What is shown of a text: the text as HTML, and in words where something stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from threading import Lock
from typing import Literal
from unicodedata import bidirectional
from urllib.parse import quote as percent_encoded

from cachetools import LRUCache, cached

from pincite.analysis.sentences import blocks, sentence_spans
from pincite.datatypes import Document, Span
from pincite.listing import folder_of

_READABLE = 500  # characters; about as many as a paragraph of a newspaper has
_LOOKED_AT = 5000  # characters of an article by which it is told how it is written
_MOST_REMEMBERED = 100_000  # paragraphs of the articles read last: about ten million words


def literal(text: str) -> str:
    """``text`` so that the browser shows it to the letter: no element, no attribute, no template of Gradio's."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def address(name: str, value: str) -> str:
    """The page's own address with one parameter."""
    return literal(f"?{name}={percent_encoded(value, safe='')}")


def many(facts: Iterable[str]) -> str:
    """Facts side by side; one that is written from right to left does not turn the others round."""
    return " · ".join(f"<bdi>{literal(fact)}</bdi>" for fact in facts)


def facts(document: Document) -> list[str]:
    """Author, date, and source or folder, as far as they are known."""
    return [part for part in (document.author, document.date, document.source or folder_of(document.doc_id)) if part]


def place(document: Document, span: Span) -> list[str]:
    """Page and paragraph where a range begins, as far as they are known, and whether OCR read it."""
    page, ocr = document.page_at(span[0]), document.is_by_ocr(*span) and "read by OCR"
    return [part for part in (page and f"page {page}", ocr, _paragraph(document, span[0])) if part]


def where(document: Document, spans: Sequence[Span]) -> list[str]:
    """Source, date, page and paragraph of the first span, whether OCR read one, and ranges of characters."""
    characters = ", ".join(f"{start}–{end}" for start, end in spans)
    stated = [part for part in (document.source, document.date) if part]
    return [*stated, *place(document, spans[0]), f"characters {characters}"]


def direction(document: Document, span: Span | None = None) -> Literal["rtl", "ltr"]:
    """How an article, or a part of it, is written: the value of ``dir``; without a part that of its title.

    A paragraph of an Arabic article runs from right to left though it begins with a Latin word; one that is Latin
    throughout does not, nor does a Hebrew name turn an English one round.
    """
    text = document.text[slice(*span)] if span else ""
    leftward, all_letters = _letters(text)
    if _is_leftward(document):
        return "rtl" if leftward or not all_letters else "ltr"
    return "rtl" if 2 * leftward > all_letters else "ltr"


@cached(LRUCache(1000), key=lambda document: (document.doc_id, document.digest), lock=Lock())
def _is_leftward(document: Document) -> bool:
    leftward, all_letters = _letters(f"{document.title}\n{document.text[:_LOOKED_AT]}")
    return 2 * leftward > all_letters


def _letters(text: str) -> tuple[int, int]:
    """How many letters of a text are written from right to left, and how many it has."""
    letters = [each for each in text if each.isalpha()]
    return sum(bidirectional(each) in ("R", "AL") for each in letters), len(letters)


@cached(
    LRUCache(_MOST_REMEMBERED, getsizeof=len),
    key=lambda document: (document.doc_id, document.digest, document.headings),
    lock=Lock(),
)
def numbered_blocks(document: Document) -> tuple[tuple[int, int, int], ...]:
    """Start, end and number of each paragraph, from 1; heading lines have the number 0."""
    made, number = [], 0
    for start, end, is_heading in blocks(document.text, document.headings):
        number += not is_heading
        made.append((start, end, 0 if is_heading else number))
    return tuple(made)


def readable_parts(text: str, start: int, end: int) -> list[Span]:
    """A paragraph cut where a sentence begins into parts that can be read: scraped articles are often one alone."""
    cuts = [start]
    for begin, _ in sentence_spans(text[start:end]) if end - start > 2 * _READABLE else ():
        if start + begin - cuts[-1] >= _READABLE and end - start - begin >= _READABLE:
            cuts.append(start + begin)
    return list(pairwise([*cuts, end]))


def _paragraph(document: Document, at: int) -> str:
    numbered = [(end, number) for _, end, number in numbered_blocks(document) if number]
    number = next((number for end, number in numbered if end > at), None)
    return f"¶ {number} of {len(numbered)}" if number and len(numbered) > 1 else ""
