"""A turn of a conversation as HTML: what is said to a question on the left, the articles quoted on the right.

A turn is made of quotes that were just chosen, or of those that a page has kept as text anchors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pincite import text_anchors
from pincite.analysis.sentences import sentence_spans
from pincite.assistant import NO_ANSWER, NOT_SURE
from pincite.datatypes import Answer, Citation, Document, Hit, Listed, Part, Span, count
from pincite.listing import in_words
from pincite.web.columns import shown
from pincite.web.markup import address, direction, facts, literal, many, numbered_blocks, place

ANSWERS = ("quotes", "summary", "weak")
"""The kinds of replies that quote."""

_MOST_BEFORE_AND_AFTER = 600  # characters around a quote in which the sentences next to it are looked for
_NEAREST = 3
_SIDE_BY_SIDE = 2  # parts of a question that are laid out as columns
_COUNTS = re.compile(r"(?:And )?\d+ more (?:article|passage)s?\b")
_CODE = re.compile("&#96;(.+?)&#96;")
_MOST_SET_APART = 2 / 3
_ASK_OTHERWISE = (
    "<button type='button' data-act='edit'>Edit question</button>"
    "<button type='button' data-act='again'>Ask again</button>"
)
_SHARE = (
    "<details class='menu'><summary>Share</summary><div>"
    "<button type='button' data-act='copy' data-format='text'>Copy text</button>"
    "<button type='button' data-act='copy' data-format='markdown'>Copy Markdown</button>"
    "<button type='button' data-act='save' data-format='markdown'>Save as Markdown</button>"
    "<button type='button' data-act='save' data-format='html'>Save as HTML</button>"
    "<button type='button' data-act='link'>Copy link</button></div></details>"
)
_JUDGE = "<button type='button' data-act='judge' title='Noted as a test; nothing is trained' data-verdict"
_NOTHING = f"{_JUDGE}='nothing' class='judge'>Nothing answers this</button>"
_RIGHTLY_NOTHING = f"{_JUDGE}='nothing' class='judge'>Right, nothing answers this</button>"
_ONLY_NEAR = "Passages that come near are shown for you to judge; they are not an answer."
_WIDEN = " Other words may find more."

Kind = Literal["quotes", "weak", "near", "summary", "reply", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quote to be shown.

    Attributes:
        label: its number in the answer.
        anchor: by which a page keeps it.
        document, span: where it stands; None where the article, or the quote in it, is gone.
        highlights: ranges of the words that answer.
        edited: the article was changed since it was quoted.
        numbers: what is known of it, by name: only of quotes that were just chosen.
        also_in: other articles with nearly the same passage.
    """

    label: int
    anchor: str
    document: Document | None
    span: Span | None
    highlights: tuple[Span, ...] = ()
    edited: bool = False
    numbers: tuple[tuple[str, str], ...] = ()
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said to a question.

    Attributes:
        kind: ``quotes`` answer, ``weak`` ones may, ``near`` passages do not; a ``summary`` quotes key
            sentences of an article; a ``reply`` is what Pincite says itself; ``failed`` says nothing of the articles.
        quotes: in the order of their labels.
        text: of a reply and a summary, in words; of a failure, HTML.
        documents: the articles that a reply lists.
        parts: of a question on several things; the quotes are laid out by them.
        notes: said beside it.
        more: how many further passages fit.
        milliseconds: how long it took; None where it was kept.
        follow_ups: questions to go on with.
        limited: only some of the articles were asked.
    """

    kind: Kind
    quotes: tuple[Quote, ...] = ()
    text: str = ""
    documents: tuple[Listed, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    more: int = 0
    milliseconds: int | None = None
    follow_ups: tuple[str, ...] = ()
    limited: bool = False


# ---------------------------------------------------------------- from answers and from what a page kept


def reply_of(
    answer: Answer,
    *,
    milliseconds: int | None = None,
    follow_ups: tuple[str, ...] = (),
    limited: bool = False,
) -> Reply:
    """What is said of an answer; `follow_ups` are offered only where something answers for sure."""
    kind = _kind(answer)
    return Reply(
        kind=kind,
        quotes=_quotes(answer, weak=kind == "weak"),
        text=answer.reply,
        documents=answer.documents,
        parts=answer.parts,
        notes=tuple(note for note in answer.notes if note != NOT_SURE),  # which the layout says
        more=answer.more,
        milliseconds=milliseconds,
        follow_ups=follow_ups if kind == "quotes" else (),
        limited=limited,
    )


def _kind(answer: Answer) -> Kind:
    if answer.reply and not answer.citations:
        return "reply"
    if answer.kind == "summary":
        return "summary"
    if NOT_SURE in answer.notes:
        return "weak"
    return "quotes" if answer.answered else "near"


def _quotes(answer: Answer, *, weak: bool) -> tuple[Quote, ...]:
    """The quotes of an answer, or the passages nearest to a question that none answers."""
    if not answer.answered:
        return tuple(
            _quote_of(label, hit, (hit.passage.start, hit.passage.end), tuple(_numbers(hit)))
            for label, hit in enumerate(answer.hits[:_NEAREST], 1)
        )
    hits, made = {hit.passage.passage_id: hit for hit in answer.hits}, []
    for each in answer.citations:
        hit = hits.get(each.passage.passage_id)
        sure = () if weak else (("Answers the question by itself", f"{each.confidence:.0%}"),)
        numbers = (*sure, *_numbers(hit)) if hit else ()
        made.append(_quote_of(each.label, each, (each.start, each.end), numbers, each.highlights))
    return tuple(made)


def _quote_of(
    label: int,
    found: Citation | Hit,
    span: Span,
    numbers: tuple[tuple[str, str], ...],
    highlights: tuple[Span, ...] = (),
) -> Quote:
    return Quote(
        label=label,
        anchor=text_anchors.text_anchor(found.document, *span),
        document=found.document,
        span=span,
        highlights=highlights,
        numbers=numbers,
        also_in=tuple(dict.fromkeys(copy.doc_id for copy in found.duplicates)),
    )


def _numbers(hit: Hit) -> Iterator[tuple[str, str]]:
    # An article that was asked for by its author was found by neither.
    for name, score in (("Meaning (cosine)", "dense"), ("Words (BM25)", "lexical")):
        if score in hit.scores:
            yield name, f"{hit.scores[score]:.2f}"
    yield "Rank among all passages", str(hit.rank)


# ---------------------------------------------------------------- the turn


def turn(number: int, question: str, only: Sequence[str], kept: str, reply: Reply) -> str:
    """One question with what was said to it and its sources.

    Args:
        number: from 1 in its conversation.
        question: as asked.
        only: the filters in words.
        kept: what the page keeps of the turn, as JSON.
        reply: what was said.
    """
    limits = f"<p class='only'>Only {literal(', '.join(only))}</p>" if only else ""
    notes = "".join(
        f"<p class='note' dir='auto'>{literal(note)}</p>" for note in reply.notes if not _COUNTS.match(note)
    )
    said, sources = notes + _said(number, reply), _sources(reply)
    return (
        f"<article class='turn' id='turn-{number}' aria-labelledby='question-{number}' data-kept='{literal(kept)}'>"
        f"<div class='said'><h2 class='question' id='question-{number}' dir='auto'>{literal(question)}</h2>"
        f"{limits}{said}</div>"
        f"<aside class='sources' id='sources-{number}' aria-label='Sources of answer {number}'>{sources}</aside>"
        "</article>"
    )


def _said(number: int, reply: Reply) -> str:
    if reply.kind == "failed":
        return f"{reply.text}<div class='actions'>{_ASK_OTHERWISE}</div>"
    if reply.kind == "near":
        limited, widen = ("Only articles that fit the filters were searched. ", "") if reply.limited else ("", _WIDEN)
        no_answer = (
            f"<section class='notice nothing'><h3>{NO_ANSWER}.</h3><p>{limited}{_ONLY_NEAR}{widen}</p></section>"
        )
        return f"{no_answer}{_about(reply)}<div class='actions'>{_SHARE}{_ASK_OTHERWISE}{_RIGHTLY_NOTHING}</div>"
    if reply.kind == "reply":
        return f"{_own_words(reply)}{_about(reply)}"
    if reply.kind == "summary":
        quotes = _own_words(reply) + f"<div class='answer'>{''.join(map(_quote, reply.quotes))}</div>"
    elif reply.kind == "weak":
        quotes = (
            f"<section class='notice weak'><h3>Possibly related</h3><p>{NOT_SURE}</p></section>"
            f"<div class='answer weak'>{_by_parts(reply) if reply.parts else _by_article(reply.quotes)}</div>"
        )
    else:
        quotes = f"<div class='answer'>{_by_parts(reply) if reply.parts else _lead_and_rest(reply.quotes)}</div>"
    follow_ups = f"<div class='follow-ups'>{examples(reply.follow_ups)}</div>" if reply.follow_ups else ""
    return f"{quotes}{_about(reply)}{_actions(number)}{follow_ups}"


def _lead_and_rest(quotes: Sequence[Quote]) -> str:
    lead, *rest = quotes
    others = _by_article(quotes, lead)
    more = f"<section class='more'><h3>More quotes ({len(rest)})</h3>{others}</section>"
    return f"<div class='lead'>{_quote(lead)}{_judge(lead)}</div>{more if rest else ''}"


def _judge(quote: Quote) -> str:
    """Buttons to say whether a quote answers."""
    if quote.span is None:
        return ""
    buttons = f"{_JUDGE}='right'>Right</button>{_JUDGE}='wrong'>Wrong</button>"
    group = f"role='group' aria-label='Quote {quote.label}'"
    return f"<span class='judge' {group} data-cite='{literal(quote.anchor)}'>{buttons}</span>"


def _by_parts(reply: Reply) -> str:
    """The quotes for each thing that was asked of; one that speaks of several stands with each."""
    by_label = {quote.label: quote for quote in reply.quotes}
    made = ""
    for part in reply.parts:
        quotes = "".join(_quote(by_label[label]) for label in part.labels if label in by_label)
        nothing = f"<p class='only'>{NO_ANSWER}.</p>"
        made += f"<section class='part'><h3 dir='auto'>{literal(part.name)}</h3>{quotes or nothing}</section>"
    return f"<div class='parts{' two' if len(reply.parts) == _SIDE_BY_SIDE else ''}'>{made}</div>"


def _own_words(reply: Reply) -> str:
    """What Pincite says itself, and below it the articles that it lists."""
    rows = "".join(
        f"<li>{document_link(each.doc_id, each.title)}"
        f"<span class='where'>{many([each.date or 'no date', each.doc_id])}</span></li>"
        for each in reply.documents
    )
    listed = f"<ul>{rows}</ul>" if rows else ""
    said = _CODE.sub(r"<code>\1</code>", literal(reply.text))
    return f"<section class='reply'><p dir='auto'>{said}</p>{listed}</section>"


def document_link(doc_id: str, title: str) -> str:
    """A link that opens the reader at the beginning of an article."""
    return f"<a href='{address('doc', doc_id)}' data-doc='{literal(doc_id)}' dir='auto'>{literal(title)}</a>"


def _by_article(quotes: Sequence[Quote], lead: Quote | None = None) -> str:
    """Quotes in the order of their articles, each article named where it is another than before; without the lead."""
    made, named = "", lead and lead.document
    for group in _groups(quotes):
        for quote in (quote for quote in group if quote is not lead):
            if quote.document is not named and quote.document is not None:
                made += f"<p class='from' dir='{direction(quote.document)}'>{literal(quote.document.title)}</p>"
                named = quote.document
            made += _quote(quote)
    return made


def examples(questions: Iterable[str]) -> str:
    """Questions to be clicked."""
    return "".join(f"<button type='button' class='example'>{literal(text)}</button>" for text in questions)


def _quote(quote: Quote) -> str:
    if quote.document is None or quote.span is None:
        return f"<blockquote class='gone'>{literal(gone(quote))} <span class='badge'>{quote.label}</span></blockquote>"
    chip = f"<a class='chip' {_link(quote)} data-label='{quote.label}' {_name(quote)}>{quote.label}</a>"
    text = f"<span class='quote'>{_highlighted(quote.document, quote)}</span>"
    along = direction(quote.document, quote.span)
    return f"{_columns(quote.document, quote.span)}<blockquote dir='{along}'>{text} {chip}</blockquote>"


def _name(quote: Quote) -> str:
    """What a link that shows only the number of a quote is called."""
    assert quote.document is not None
    return f"aria-label='Source {quote.label}: {literal(quote.document.title)}'"


def _columns(document: Document, span: Span) -> str:
    """What the values of a row are, where a quote is one."""
    names = document.columns_at(span[0])
    return f"<p class='columns' dir='auto'>{literal(names)}</p>" if names else ""


def gone(quote: Quote) -> str:
    """What became of a quote that does not stand in the articles any more."""
    if quote.document is None:
        return f"{quote.anchor.partition('@')[0]} is not among the articles any more."
    return f"{quote.document.title} no longer holds this quote."


def _highlighted(document: Document, quote: Quote) -> str:
    """The quote with the words that answer set apart, unless they are nearly all."""
    assert quote.span is not None
    at, stop = quote.span
    apart = sum(end - start for start, end in quote.highlights) <= _MOST_SET_APART * (stop - at)
    return shown(document, quote.span, [(*each, "strong") for each in quote.highlights] if apart else ())


def _link(quote: Quote) -> str:
    """The attributes of a link that opens the reader at a quote."""
    return f"href='{address('cite', quote.anchor)}' data-cite='{literal(quote.anchor)}'"


def _about(reply: Reply) -> str:
    """How many articles, and how long it took."""
    parts = [_articles(_groups(reply.quotes))] if reply.kind in ANSWERS else []
    further = [f"{count(reply.more, 'more passage')} {'fits' if reply.more == 1 else 'fit'}"] if reply.more else []
    parts += [note.rstrip(".") for note in reply.notes if _COUNTS.match(note)] or further
    parts += [f"{reply.milliseconds} ms"] if reply.milliseconds is not None else []
    return f"<p class='meta'>{literal(' · '.join(parts))}</p>" if parts else ""


def _actions(number: int) -> str:
    return (
        f"<div class='actions'><button type='button' class='show-sources' data-act='sources' "
        f"aria-controls='sources-{number}'>Sources</button>{_SHARE}{_ASK_OTHERWISE}{_NOTHING}</div>"
    )


# ---------------------------------------------------------------- the articles quoted


def _groups(quotes: Iterable[Quote]) -> list[list[Quote]]:
    """The quotes of each article, in the order of their labels; each that is gone by itself."""
    groups: dict[str, list[Quote]] = {}
    for quote in quotes:
        groups.setdefault(quote.document.doc_id if quote.document else quote.anchor, []).append(quote)
    return list(groups.values())


def _articles(groups: Iterable[Sequence[Quote]]) -> str:
    """How many articles, in words."""
    return in_words(first.document.doc_id if first.document else first.anchor for first, *_ in groups)


def _sources(reply: Reply) -> str:
    groups = _groups(quote for quote in reply.quotes if quote.document is not None)
    if not groups:
        return ""
    title = {"weak": "Possibly related", "near": "Possibly related, not an answer"}.get(reply.kind, _articles(groups))
    return (
        f"<div class='panel'><h3>{title}</h3>"
        "<button type='button' class='close' data-act='close-sources' aria-label='Close the sources'>✕</button></div>"
        f"<div class='cards {reply.kind}'>{''.join(_card(group, reply.kind) for group in groups)}</div>"
    )


def _card(quotes: Sequence[Quote], kind: str) -> str:
    first = quotes[0]
    document = first.document
    assert document is not None
    parts = "".join(_part(document, quote, kind) for quote in quotes)
    also = dict.fromkeys(name for quote in quotes for name in quote.also_in)
    copies = f"<p class='duplicates'>Also in: {literal(', '.join(also))}</p>" if also else ""
    along = direction(document)
    return (
        f"<section class='card' {_link(first).partition(' ')[2]}>"
        f"<header><h4 dir='{along}'><a class='read' {_link(first)}>{literal(document.title)}</a></h4></header>"
        f"<p class='where' dir='{along}'>{many(facts(document))}</p>{parts}{copies}{_details(quotes)}</section>"
    )


def _part(document: Document, quote: Quote, kind: str) -> str:
    """A quote between the sentences next to it, and where it stands."""
    if quote.span is None:
        return f"<p class='gone'>{literal(gone(quote))}</p>"
    start, end = quote.span
    begin, stop = around(document, quote.span) if kind in ANSWERS else quote.span
    marks = [(start, end, f"mark data-label='{quote.label}'")] if kind in ANSWERS else []
    text, along = shown(document, (begin, stop), marks), direction(document, quote.span)
    edited = "<span class='edited'>changed since, word for word still there</span>" if quote.edited else ""
    badge = f"<a class='badge' {_link(quote)} {_name(quote)}>{quote.label}</a>" if kind in ANSWERS else ""
    judge = _judge(quote) if kind in ("quotes", "weak") else ""
    return (
        f"{_columns(document, quote.span)}"
        f"<p class='passage' dir='{along}'>{text}</p>"
        f"<p class='place'>{badge}{many(place(document, quote.span))}{edited}{judge}</p>"
    )


def around(document: Document, span: Span) -> Span:
    """A quote with the sentence before and the one after it, as far as they stand in its own paragraphs."""
    start, end = span
    paragraphs = [(a, b) for a, b, _ in numbered_blocks(document) if a < end and start < b]
    first = max(start - _MOST_BEFORE_AND_AFTER, min((a for a, _ in paragraphs), default=start))
    last = min(end + _MOST_BEFORE_AND_AFTER, max((b for _, b in paragraphs), default=end))
    spans = [(first + a, first + b) for a, b in sentence_spans(document.text[first:last])]
    # What the limit cuts through is no sentence.
    before = [a for a, b in spans if b <= start and a > start - _MOST_BEFORE_AND_AFTER]
    after = [b for a, b in spans if a >= end and b < end + _MOST_BEFORE_AND_AFTER]
    return max(before, default=start), min(after, default=end)


def _details(quotes: Sequence[Quote]) -> str:
    document = quotes[0].document
    assert document is not None
    rows = ""
    for quote in quotes:
        if quote.span is not None:
            numbers = (("Characters", f"{quote.span[0]}–{quote.span[1]}"), *quote.numbers)
            rows += f"<dt>Quote {quote.label}</dt><dd></dd>" if len(quotes) > 1 else ""
            rows += "".join(f"<dt>{name}</dt><dd>{literal(value)}</dd>" for name, value in numbers)
    rows += f"<dt>File</dt><dd>{literal(document.doc_id)}</dd><dt>SHA-256 of the text</dt><dd>{document.digest}</dd>"
    return f"<details class='details'><summary>Details</summary><dl>{rows}</dl></details>"
