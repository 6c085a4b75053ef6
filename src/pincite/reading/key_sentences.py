"""The sentences that stand for an article: its first, and those nearest to the centroid of all that are not said yet.

An extract as in Radev et al., "Centroid-based summarization of multiple documents" (2004), with the vectors of
sentences in the place of their words; what was chosen already counts against a sentence by maximal marginal relevance
(Carbonell and Goldstein 1998).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pincite.analysis.questions import questions
from pincite.analysis.terms import analyse
from pincite.datatypes import Hit, Span
from pincite.reading.quotes import in_heading
from pincite.retrieval.embedding import Embedder

MOST_PASSAGES = 1000
"""Of an article that are looked at: those nearest to its title."""

_EACH = 4  # sentences of an article for each that stands for it
_RELEVANCE = 0.7  # what the centroid counts for beside what was chosen already
_FEWEST_TERMS, _LONGEST = 5, 500
"""Of a sentence, in terms and characters: what is shorter says little by itself, what is longer is no sentence."""
_LEAST, _MOST = 3, 5
_LEANS = re.compile(
    r"(?:It|Its|This|That|They|Their|These|Those|He|His|She|Her|Such|Here|There|But|And|So|Then|Thus|However|Also|"
    r"Therefore|Moreover|Otherwise|Instead|For example|For instance)\b|[他她它这這那但]"
    r"|(?:[^\s.,;]+\s){1,3}(?:it|this|these|those|they|them|such)\b"
)
"""How a sentence begins that is understood only with the one before."""
_ENDS = re.compile(r"[.!…。！][\"'”’»」』）)\]]*(?:\[[^\[\]]{1,24}\])?\Z")
_LICENCE = re.compile(
    r"(?i:\bcopyright (?:\(c\)|©|notice|holders?|\d{4})|\ball rights reserved|\bpermission is (?:hereby )?granted"
    r"|\(c\) ?\d{4}|\blicen[cs]ed under|\bwithout warranty|\bwarranties\b|\bas is[\"”’'] basis|\bbe (?:held )?liable"
    r"|\bredistributions?\b.{1,40}\b(?:source|binary)|\bmay not use this file|\bSPDX-Licen[cs]e)|©|\bthe License\b"
)
"""What a text says of itself above what it tells."""


def key_sentences(hits: Sequence[Hit], embedder: Embedder) -> list[tuple[Hit, Span]]:
    """Three to five sentences of an article, or as many as it has, in its order.

    Args:
        hits: its passages, those nearest to its title first.
        embedder: compares its sentences.
    """
    found: dict[Span, Hit] = {}
    for hit in [*sorted(hits, key=lambda hit: hit.passage.start)[:1], *hits]:
        if len(found) < 200:  # which takes about a second to embed
            found |= {span: hit for span in _telling(hit) if span not in found}
    # Captions, lines of tables and of programs end otherwise.
    spans = sorted(span for span, hit in found.items() if _ENDS.search(hit.document.text, *span)) or sorted(found)
    spans = [span for span in spans if not _LICENCE.search(found[span].document.text, *span)] or spans
    if not spans:
        return []
    # As questions, which no model cuts shorter or takes longer to load for.
    vectors = embedder.encode_query([found[span].document.text[slice(*span)] for span in spans])
    centroid = vectors.sum(axis=0)
    central = vectors @ (centroid / (np.linalg.norm(centroid) or 1))
    chosen = [0]
    while len(chosen) < min(len(spans), max(_LEAST, min(_MOST, len(spans) // _EACH))):
        repeated = (vectors @ vectors[chosen].T).max(axis=1)
        worth = _RELEVANCE * central - (1 - _RELEVANCE) * repeated
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return [(found[spans[place]], spans[place]) for place in sorted(chosen)]


def _telling(hit: Hit) -> list[Span]:
    """The sentences of a passage that say something by themselves: no headings, questions, scraps, nor the title."""
    spans, text = hit.passage.sentences, hit.document.text
    asked = questions([text[start:end] for start, end in spans])
    title = analyse(hit.document.title)
    return [
        (start, end)
        for (start, end), asks in zip(spans, asked, strict=True)
        if not asks
        and end - start <= _LONGEST
        and not _LEANS.match(text, start)
        and not in_heading(hit.document, (start, end))
        and len(terms := analyse(text[start:end])) >= _FEWEST_TERMS
        and terms != title
    ]
