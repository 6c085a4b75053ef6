"""From a document to its passages, each of whole sentences, and to what is embedded of them.

**Where passages end.** A passage takes as many sentences as fit, but ends at a paragraph end in the last 40 % of the
budget. What is left of a section and would fill between one and two passages is divided near its middle. A heading is
never the end of a passage; a question, a line that ends in a colon and an item of a list that goes on are only where
that 40 % has no other.

**Sizes.** WordPiece makes one unknown token of any word of more than 100 characters, so a budget in tokens alone would
let passages grow without bound. Every further 16 characters without a token start count as another token.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pincite.analysis.questions import questions
from pincite.analysis.sentences import LIST_ITEM, SentenceRange, sentences_of, stretches
from pincite.datatypes import Document, Passage, passage_id
from pincite.retrieval.embedding import Embedder
from pincite.settings import Settings

VERSION = 8
"""Changes whenever the same document gives other passages; an index made by another version is split again."""

TokenStarts = Callable[[str], Sequence[int]]
"""The start offset of every token of a text, in order."""

_CHARACTERS_PER_TOKEN = 16
_CONTEXT_TOKENS = 48
"""The most tokens of title, heading and columns in front of a passage when it is embedded."""


class Piece(NamedTuple):
    """A passage, the key of its vector, and the text that is embedded for it: its own, with title, heading, columns."""

    passage: Passage
    key: bytes
    text: str


def divide(document: Document, embedder: Embedder, settings: Settings) -> Iterator[Piece]:
    """The passages of a document, and what is embedded of them."""
    most = embedder.max_seq_length
    budget = min(settings.passage_tokens, most - min(_CONTEXT_TOKENS, most // 4))
    for passage in split(document, passage_tokens=budget, tokens=embedder.token_starts):
        # Lines that say what the passage is about, but for one that it begins with.
        lines = [None if document.title_is_name else document.title, passage.heading, passage.columns]
        context = "".join(f"{line}\n" for line in lines if line and not passage.text.startswith(line))
        starts = embedder.token_starts(context)
        if len(starts) > _CONTEXT_TOKENS:
            context = context[: starts[_CONTEXT_TOKENS]].rstrip() + "\n"
        embedded = context + passage.text
        key = hashlib.blake2b(json.dumps([embedder.fingerprint, embedded]).encode(), digest_size=16).digest()
        yield Piece(passage, key, embedded)


def split(document: Document, *, passage_tokens: int, tokens: TokenStarts) -> list[Passage]:
    """Divide a document into passages of whole sentences.

    A heading line begins a passage and belongs to the text below it. Every character but white space is in exactly
    one sentence of exactly one passage. A sentence that is longer than a passage may be is divided, at a clause mark
    if possible, and its pieces are sentences.

    Args:
        document: the text and its headings.
        passage_tokens: the most tokens in a passage.
        tokens: the model's tokenizer, without special tokens; gets a sentence at once, and at most 16 characters for
            each token of the budget.
    """
    passages: list[Passage] = []
    for section in _sections(sentences_of(document.text, document.headings, document.tables)):
        headings = [document.text[sentence.start : sentence.end] for sentence in section if sentence.is_heading]
        measured = list(_measured(document.text, section, passage_tokens, tokens))
        for sentences in _packed(document.text, measured, passage_tokens):
            start, end = sentences[0].start, sentences[-1].end
            passages.append(
                Passage(
                    passage_id=passage_id(document.doc_id, document.digest, start),
                    doc_id=document.doc_id,
                    text=document.text[start:end],
                    start=start,
                    end=end,
                    heading=headings[-1] if headings else None,
                    columns=document.columns_at(start),
                    page=document.page_at(start),
                    sentences=tuple((sentence.start, sentence.end) for sentence in sentences),
                )
            )
    return passages


def _sections(sentences: Iterable[SentenceRange]) -> Iterator[list[SentenceRange]]:
    """Runs of sentences that begin with one or more heading lines and hold no other."""
    section: list[SentenceRange] = []
    for sentence in sentences:
        if sentence.is_heading and section and not section[-1].is_heading:
            yield section
            section = []
        section.append(sentence)
    if section:
        yield section


def _packed(text: str, section: Sequence[SentenceRange], budget: int) -> Iterator[Sequence[SentenceRange]]:
    """Divide a section into groups of at most ``budget`` tokens."""
    left = sum(sentence.size for sentence in section)
    belong = _belong_to_the_next(text, section)
    begin = 0
    while begin < len(section):
        end = len(section) if left <= budget else _best_end(section, belong, begin, budget, left)
        yield section[begin:end]
        left -= sum(sentence.size for sentence in section[begin:end])
        begin = end


def _belong_to_the_next(text: str, section: Sequence[SentenceRange]) -> list[bool]:
    """After which sentences a passage should not end: questions, lines with a colon, items of a list but the last."""
    asks = questions([text[sentence.start : sentence.end] for sentence in section])
    belong = []
    for sentence, following, asked in zip(section, [*section[1:], None], asks, strict=True):
        lists_on = following is not None and (
            text.count("\n", sentence.end, following.start) == 1 or LIST_ITEM.match(text, following.start) is not None
        )
        belong.append(asked or lists_on or text[sentence.end - 1] in ":：")
    return belong


def _best_end(section: Sequence[SentenceRange], belong: Sequence[bool], begin: int, budget: int, left: int) -> int:
    """Where the passage that begins at ``begin`` best ends (module docstring: where passages end)."""
    target = budget if left > 2 * budget else left / 2
    costs: list[tuple[bool, bool, bool, bool, float]] = []
    size = 0
    for i in range(begin, len(section)):
        sentence = section[i]
        size += sentence.size
        if size > budget and costs:
            break
        off = abs(target - size)
        near = off <= 0.4 * target
        needs_another = left - size > budget
        costs.append(
            (sentence.is_heading, belong[i] or not near, needs_another, not (sentence.ends_paragraph and near), off)
        )
    return begin + 1 + costs.index(min(costs))


def _measured(text: str, section: Sequence[SentenceRange], budget: int, tokens: TokenStarts) -> Iterator[SentenceRange]:
    """The sentences with their sizes, those over the budget divided; wide gaps before them count as well."""
    last = section[0].start
    for sentence in section:
        for start, end, size in _pieces(text, sentence.start, sentence.end, budget, tokens):
            size += (start - last) // _CHARACTERS_PER_TOKEN
            yield SentenceRange(start, end, sentence.is_heading, sentence.ends_paragraph and end == sentence.end, size)
            last = end


def _pieces(text: str, start: int, end: int, budget: int, tokens: TokenStarts) -> Iterator[tuple[int, int, int]]:
    """The range and its size; or, where it is over the budget, its halves and theirs."""
    too_long = end - start > budget * _CHARACTERS_PER_TOKEN
    size = budget + 1 if too_long else _size(text[start:end], tokens)
    if size <= budget or end - start == 1:
        yield start, end, size
        return
    for half in stretches(text, (start, _middle(text, start, end), end)):
        yield from _pieces(text, *half, budget, tokens)


def _size(text: str, tokens: TokenStarts) -> int:
    bounds = [*tokens(text), len(text)]
    lengths = [bounds[0], *(max(1, b - a) for a, b in pairwise(bounds))]
    return sum(-(-length // _CHARACTERS_PER_TOKEN) for length in lengths)


_CUTS = [
    re.compile(pattern)
    for pattern in (r"[;:](?=\s)|[；：]", r",(?=\s)|[，、—–]", r"\s", "(?<!\u200d)(?![\u0300-\u036f\u200d\ufe0f])")
]
"""Where a long sentence is best divided: clause marks, spaces, anywhere but within an accented letter or emoji."""


def _middle(text: str, start: int, end: int) -> int:
    """The best cut in the middle half of a range, and of its kind the nearest to the middle."""
    middle = (start + end) // 2
    reach = min((end - start) // 4, 500)
    for pattern in _CUTS:
        cuts = [found.end() for found in pattern.finditer(text, middle - reach, middle + reach)]
        if cuts:
            return min(cuts, key=lambda cut: abs(cut - middle))
    return middle
