"""Answers, articles and the library as HTML: strings out. Every word from outside passes through ``literal``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from html import escape
from urllib.parse import quote as percent_encoded

from pincite import text_anchors
from pincite.assistant import NO_ANSWER
from pincite.datatypes import Answer, Changes, Citation, Document, Hit, Passage, Progress, Span, Status
from pincite.settings import DEFAULT_THRESHOLD
from pincite.text_anchors import ResolvedAnchor
from pincite.web import export
from pincite.web.library import State
from pincite.web.locations import numbered_blocks, readable_parts, where

_NEAREST = 3
_MOST_LISTED = 200
_STRONG, _FAIR = 0.7, DEFAULT_THRESHOLD
"""Probabilities that a quote by itself answers, from which on it is called so."""

_BREAK = "<span class='break'></span>"
_ONLY_NEAR = "Passages that come near are shown for you to judge; they are not an answer."
_STAGES = {"read": "Reading files", "embed": "Embedding passages", "write": "Writing the index"}


def literal(text: str) -> str:
    """``text`` so that the browser shows it to the letter: no element, no attribute, no template of Gradio's."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- before the first question


def masthead(status: Status | None, changed: int = 0) -> str:
    """The name, how many articles there are, how fresh the index is (None while that is unknown)."""
    facts = []
    if status is not None:
        facts.append(_count(status.documents, "article"))
        if status.updated:
            facts.append(f"updated <time datetime='{literal(status.updated)}'>{literal(status.updated)}</time>")
        if changed:
            facts.append(f"<button type='button' data-act='library'>{_count(changed, 'change')} on disk</button>")
    return f"<h1 class='name'>Pincite</h1><p class='size'>{' · '.join(facts)}</p>"


def example(title: str) -> str:
    """A question that an article of this title should answer."""
    return title if title.rstrip().endswith(("?", "？")) else f"What about “{title}”?"


def start(documents: int, examples: Iterable[str] = ()) -> str:
    """What this is, before the first question."""
    return (
        "<section class='start'><h2>Ask the articles</h2>"
        f"<p>The answer is quoted word for word from {_count(documents, 'article')}, "
        "each quote with its exact place. Nothing is made up, and nothing leaves this machine.</p>"
        f"<div class='examples'>{_examples(examples)}</div></section>"
    )


def _examples(questions: Iterable[str]) -> str:
    return "".join(f"<button type='button' class='example'>{literal(text)}</button>" for text in questions)


def empty(reason: str) -> str:
    """No article is indexed: what to do about it."""
    return (
        "<section class='notice empty'><h3>No articles yet</h3>"
        "<p>Add some under <button type='button' class='plain' data-act='library'>Library</button>, or put texts "
        "(.txt, .md, .html, .pdf, .docx, .csv and more) into a folder and run <code>pincite update FOLDER</code>.</p>"
        f"<p class='reason'>{literal(reason)}</p></section>"
    )


def building() -> str:
    """The first update has not ended: nothing can be said about the articles yet."""
    return (
        "<section class='notice building' role='status'><h3>The index is still being built</h3>"
        "<p>Questions can be asked as soon as the first update has ended; this page looks every few seconds. "
        "If no update is running any more, run <code>pincite update</code>: it goes on where it stopped.</p></section>"
    )


def failure(reason: str) -> str:
    """Something broke, which says nothing about what the articles hold."""
    return (
        "<section class='notice failed' role='alert'><h3>That did not work</h3>"
        f"<p>{literal(reason)}</p><p>This says nothing about what the articles hold.</p></section>"
    )


def nothing_fits(reason: str) -> str:
    """The filters leave no article, and why."""
    said = f"<p>{literal(reason[0].upper() + reason[1:])}. Nothing was searched; clear or widen the filters.</p>"
    return f"<section class='notice nothing'><h3>No article fits these filters.</h3>{said}</section>"


# ---------------------------------------------------------------- a conversation


def talk() -> str:
    """Where the page puts the turns; a screen reader is told of each new one."""
    return "<div class='turns' role='log' aria-label='Conversation'></div>"


def conversation(name: str) -> str:
    """What stands before turns that are sent to the page: the name of the conversation that they belong to."""
    return f"<div data-name='{literal(name)}'></div>"


def pending() -> str:
    """While the articles are searched."""
    return "<p class='pending' role='status'>Reading the articles<span>…</span></p>"


def turn(number: int, question: str, only: Sequence[str], asked: str, said: str, sources: str = "") -> str:
    """One question with what was said to it on the left and its sources on the right.

    Args:
        number: from 1 in its conversation.
        question: as asked.
        only: the filters in words.
        asked: question and filters as JSON, for the page to keep.
        said: HTML.
        sources: HTML.
    """
    limits = f"<p class='only'>Only {literal(', '.join(only))}</p>" if only else ""
    return (
        f"<article class='turn' id='turn-{number}' aria-labelledby='question-{number}' data-asked='{literal(asked)}'>"
        f"<div class='said'><h2 class='question' id='question-{number}' dir='auto'>{literal(question)}</h2>"
        f"{limits}{said}</div>"
        f"<aside class='sources' id='sources-{number}' aria-label='Sources of answer {number}'>{sources}</aside>"
        "</article>"
    )


def answer(number: int, question: str, result: Answer, milliseconds: int, *, filtered: bool) -> tuple[str, str]:
    """What is said to turn ``number``, and its sources.

    Args:
        number: from 1 in its conversation.
        question: as asked.
        result: the answer.
        milliseconds: how long it took.
        filtered: whether only some of the articles were asked.
    """
    if result.reply and not result.citations:
        return f"{_reply(result)}<p class='meta'>{milliseconds} ms</p>", ""
    notes = "".join(f"<p class='note' dir='auto'>{literal(note)}</p>" for note in result.notes)
    if not result.answered:
        cards = "".join(map(_near_card, result.hits[:_NEAREST]))
        near = f"{_sources_title('Nearest passages, not an answer')}<div class='nearest'>{cards}</div>" if cards else ""
        return notes + _no_answer(result, milliseconds, filtered), near
    articles = len({citation.document.doc_id for citation in result.citations})
    quotes = "".join(_quote(citation) for citation in result.citations)
    said = (
        f"{notes}{_reply(result)}<div class='answer'>{quotes}</div>"
        f"<p class='meta'>{_count(articles, 'article')} · {milliseconds} ms</p>"
        f"{_actions(number, question, result)}"
    )
    groups = _groups(result)
    hits = {hit.passage.passage_id: hit for hit in result.hits}
    cards = "".join(_cited_card(number, group, hits.get(group[0].passage.passage_id)) for group in groups)
    return said, f"{_sources_title(_count(len(groups), 'source'))}{cards}"


def _reply(result: Answer) -> str:
    """What Pincite says itself, and below it the articles that it lists."""
    rows = "".join(
        f"<li>{_document_link(each.doc_id, each.title)}"
        f"<span class='where'>{_facts([each.date or 'no date', each.doc_id])}</span></li>"
        for each in result.documents
    )
    listed = f"<ul>{rows}</ul>" if rows else ""
    return f"<section class='reply'><p dir='auto'>{literal(result.reply)}</p>{listed}</section>" if result.reply else ""


def follow_ups(questions: Iterable[str] = ()) -> str:
    """Below an answer: questions to go on with; its place is kept while they are being looked for."""
    return f"<div class='follow-ups'>{_examples(questions)}</div>"


def _quote(citation: Citation) -> str:
    name = f"Source {citation.label}: {literal(citation.document.title)}"
    chip = f"<a class='chip' {_citation_link(citation)} aria-label='{name}'>{citation.label}</a>"
    columns = f"<p class='heading'>{literal(citation.columns)}</p>" if citation.columns else ""
    return f"{columns}<blockquote dir='auto'><span class='quote'>{_highlighted(citation)}</span> {chip}</blockquote>"


def _highlighted(citation: Citation) -> str:
    """The quote with the words that answer set apart."""
    text, made, at = citation.document.text, "", citation.start
    for start, end in citation.highlights:
        made += f"{literal(text[at:start])}<strong>{literal(text[start:end])}</strong>"
        at = end
    return made + literal(text[at : citation.end])


def _citation_link(citation: Citation) -> str:
    """The attributes of a link that opens the reader at a quote."""
    anchor = text_anchors.text_anchor(citation.document, citation.start, citation.end)
    return f"{_anchor_link(anchor)} data-label='{citation.label}'"


def _anchor_link(anchor: str) -> str:
    return f"href='{_address('cite', anchor)}' data-cite='{literal(anchor)}'"


def _address(name: str, value: str) -> str:
    return literal(f"?{name}={percent_encoded(value, safe='')}")


def _document_link(doc_id: str, title: str) -> str:
    """A link that opens the reader at the beginning of an article."""
    return f"<a href='{_address('doc', doc_id)}' data-doc='{literal(doc_id)}' dir='auto'>{literal(title)}</a>"


def _actions(number: int, question: str, result: Answer) -> str:
    """What can be done with an answer; the texts to copy and to save stand ready in the page."""
    markdown, page = literal(export.markdown(question, result)), literal(export.html(question, result))
    sources = _count(len(_groups(result)), "source")
    return (
        f"<div class='actions' data-markdown='{markdown}' data-html='{page}'>"
        f"<button type='button' class='show-sources' data-act='sources' aria-controls='sources-{number}'>{sources}"
        "</button><button type='button' data-act='copy'>Copy</button>"
        "<button type='button' data-act='save-markdown'>Save as Markdown</button>"
        "<button type='button' data-act='save-html'>Save as HTML</button>"
        "<button type='button' data-act='link'>Copy link</button></div>"
    )


def _no_answer(result: Answer, milliseconds: int, filtered: bool) -> str:
    if filtered:
        said = f"<h3>{NO_ANSWER}.</h3><p>Only articles that fit the filters were searched. {_ONLY_NEAR}</p>"
    else:
        said = f"<h3>{NO_ANSWER}.</h3><p>{_ONLY_NEAR} Other words may find more.</p>"
    return f"<section class='notice nothing'>{said}</section><p class='meta'>{milliseconds} ms</p>"


# ---------------------------------------------------------------- sources


def _groups(result: Answer) -> list[list[Citation]]:
    """The citations of each passage quoted, in the order of the labels."""
    groups: dict[str, list[Citation]] = {}
    for citation in result.citations:
        groups.setdefault(citation.passage.passage_id, []).append(citation)
    return list(groups.values())


def _sources_title(title: str) -> str:
    return (
        f"<div class='panel'><h3>{title}</h3>"
        "<button type='button' class='close' data-act='close-sources' aria-label='Close the sources'>✕</button></div>"
    )


def _cited_card(number: int, citations: Sequence[Citation], hit: Hit | None) -> str:
    first = citations[0]
    badges = "".join(f"<span class='badge'>{citation.label}</span>" for citation in citations)
    spans = [(citation.start, citation.end) for citation in citations]
    text = _marked(number, first.passage, citations)
    strength = _strength(max(citation.confidence for citation in citations), hit) if hit else ""
    read = f"<a class='read' {_citation_link(first)}>Read in article →</a>"
    return _card(badges, first.document, first.passage, spans, text, f"{strength}{read}", first.duplicates)


def _near_card(hit: Hit) -> str:
    passage = hit.passage
    anchor = text_anchors.text_anchor(hit.document, passage.start, passage.end)
    read = f"<a class='read' {_anchor_link(anchor)}>Read in article →</a>"
    return _card("", hit.document, passage, [(passage.start, passage.end)], literal(passage.text), read, hit.duplicates)


def _strength(probability: float, hit: Hit) -> str:
    """How strong a quote is, in words, with the numbers behind them on demand."""
    word = "strong" if probability >= _STRONG else "fair" if probability >= _FAIR else "weak"
    numbers = (
        ("Answers the question by itself", f"{probability:.0%}"),
        ("Meaning (cosine)", f"{hit.scores['dense']:.2f}"),
        ("Words (BM25)", f"{hit.scores['lexical']:.1f}"),
        ("Rank among all passages", str(hit.rank)),
        ("SHA-256 of the text", hit.document.digest),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{literal(value)}</dd>" for name, value in numbers)
    return f"<details class='strength {word}'><summary>{word.capitalize()} match</summary><dl>{rows}</dl></details>"


def _card(
    badges: str,
    document: Document,
    passage: Passage,
    spans: Sequence[Span],
    text: str,
    footer: str,
    duplicates: Sequence[Passage],
) -> str:
    heading = passage.heading or ""
    if heading and text.startswith(literal(heading)):  # its first line, then, and set off
        text = f"<strong>{literal(heading)}</strong>{text.removeprefix(literal(heading))}"
    shown = heading if heading != document.title and not passage.text.startswith(heading) else ""
    above = "".join(f"<p class='heading'>{literal(line)}</p>" for line in (shown, passage.columns) if line)
    names = ", ".join(dict.fromkeys(copy.doc_id for copy in duplicates))
    also = f"<p class='duplicates'>Also in: {literal(names)}</p>" if names else ""
    return (
        f"<section class='card'><header>{badges}<h4 dir='auto'>{literal(document.title)}</h4></header>"
        f"<p class='where'>{_facts(where(document, spans))}</p>{above}"
        f"<p class='passage' dir='auto'>{text}</p>{also}<footer>{footer}</footer></section>"
    )


def _facts(facts: Iterable[str]) -> str:
    """Facts side by side; one that is written from right to left does not turn the others round."""
    return " · ".join(f"<bdi>{literal(fact)}</bdi>" for fact in facts)


def _marked(number: int, passage: Passage, citations: Sequence[Citation]) -> str:
    """The passage's text with the quotes marked."""
    pieces, at = [], passage.start
    for citation in sorted(citations, key=lambda citation: citation.start):
        pieces.append(literal(passage.text[at - passage.start : citation.start - passage.start]))
        quote = literal(passage.text[citation.start - passage.start : citation.end - passage.start])
        pieces.append(f"<mark id='cite-{number}-{citation.label}'>{quote}</mark>")
        at = citation.end
    return "".join(pieces) + literal(passage.text[at - passage.start :])


# ---------------------------------------------------------------- the reader


def reader(resolved: ResolvedAnchor, anchor: str | None) -> str:
    """A whole article with the quote marked; what the elements of ``.text`` hold is its text to the letter.

    Args:
        resolved: the article, and where the quote stands in it.
        anchor: the quote's; None where only the article was asked for.
    """
    document, span = resolved.document, resolved.span
    facts = where(document, [span]) if span else [fact for fact in (document.source, document.date) if fact]
    news = _change_note(resolved) if anchor else ""
    return (
        f"<header><h2 dir='auto' tabindex='-1'>{literal(document.title)}</h2><p class='where'>{_facts(facts)}</p>"
        f"{news}{_links(document, span, anchor)}</header><div class='text'>{_article(document, span)}</div>"
    )


def _change_note(resolved: ResolvedAnchor) -> str:
    if resolved.same and resolved.span:
        return ""
    said = "the quote still stands in it, word for word" if resolved.span else "the quote no longer stands in it"
    return f"<p class='news' role='status'>This article was changed since the quote was taken: {said}.</p>"


def _links(document: Document, span: Span | None, anchor: str | None) -> str:
    """To the file, to the web, and the citation to copy."""
    href = f"original{_address('doc', document.doc_id)}"
    if document.doc_id.lower().endswith(".pdf"):
        page = document.page_at(span[0]) if span else None
        file = f"<a href='{href}#page={page or 1}' target='_blank' rel='noopener'>Open original</a>"
    else:
        file = f"<a href='{href}' download>Download original</a>"
    web = text_anchors.on_the_web(document, span)
    out = f"<a href='{literal(web)}' target='_blank' rel='noopener noreferrer'>On the web</a>" if web else ""
    citation = literal(export.citation(document, span)) if span else ""
    copy = f"<button type='button' data-act='copy-text' data-text='{citation}'>Copy citation</button>" if span else ""
    target = f"data-cite='{literal(anchor)}'" if anchor else f"data-doc='{literal(document.doc_id)}'"
    link = f"<button type='button' data-act='copy-link' {target}>Copy link</button>"
    return f"<p class='ways'>{file}{out}{copy}{link}</p>"


def _article(document: Document, span: Span | None) -> str:
    pieces, at = [], 0
    for start, end, number in numbered_blocks(document):
        pieces.append(_gap(document.text, at, start, span))
        name, kind = (f" data-number='{number}'", "paragraph") if number else ("", "heading")
        here = " here" if span and span[0] < end and start < span[1] else ""
        inside = _BREAK.join(
            _with_mark(document.text, *part, span) for part in readable_parts(document.text, start, end)
        )
        pieces.append(f"<div class='{kind}{here}' dir='auto'{name}>{inside}</div>")
        at = end
    return "".join(pieces) + _gap(document.text, at, len(document.text), span)


def _gap(text: str, start: int, end: int, span: Span | None) -> str:
    return f"<span class='gap'>{_with_mark(text, start, end, span)}</span>" if end > start else ""


def _with_mark(text: str, start: int, end: int, span: Span | None) -> str:
    if span is None or span[1] <= start or end <= span[0]:
        return literal(text[start:end])
    first, last = max(start, span[0]), min(end, span[1])
    return f"{literal(text[start:first])}<mark>{literal(text[first:last])}</mark>{literal(text[last:end])}"


# ---------------------------------------------------------------- the library


def library(status: Status | None, titles: Mapping[str, str], changes: Changes | None, state: State) -> str:
    """What is indexed, what changed on disk, how far an update is and what the last one did.

    Args:
        status: None where there is no index to be read.
        titles: some of the documents, by id.
        changes: None where they are not known.
        state: of the update begun last.
    """
    report = ""
    if state.report:
        counts = [f"{len(getattr(state.report, name))} {name}" for name in ("added", "changed", "removed", "unchanged")]
        report = f"<p class='report' role='status'>Last update: {', '.join(counts)}.</p>"
    problems = [f"Not watched: {state.unwatched}"] if state.unwatched else []
    problems += [state.problem] if state.problem else []
    said = "".join(f"<p class='problem' role='alert'>{literal(problem)}</p>" for problem in problems)
    return f"{progress(state.running)}{said}{report}{_holdings(status, titles, changes) if status else ''}"


def progress(running: Progress | None) -> str:
    """How far an update is; nothing when none is going on."""
    if running is None:
        return ""
    total = running.total
    share = f" value='{running.done}' max='{max(total, 1)}'" if total is not None else ""
    count = f"{running.done:,} of {total:,}" if total is not None else f"{running.done:,}"
    return (
        f"<section class='running'><p>{_STAGES[running.stage]} <span>{count}</span></p>"
        f"<progress{share} aria-label='{_STAGES[running.stage]}'></progress>"
        "<p>Questions are answered from the old state meanwhile.</p></section>"
    )


def _holdings(status: Status, titles: Mapping[str, str], changes: Changes | None) -> str:
    changed = {name: word for word, names in asdict(changes).items() for name in names} if changes else {}
    skipped = len(status.stale) + len(status.skipped)
    facts = [_count(status.documents, "article"), _count(status.passages, "passage")]
    facts += [f"{_count(len(changed), 'change')} on disk"] if changed else []
    facts += [f"{skipped} skipped"] if skipped else []
    return (
        f"<p class='facts'>{', '.join(facts)}</p>{_names('Changed on disk', changed)}"
        f"{_names('Keeps its last good version', status.stale)}{_names('Skipped', status.skipped)}"
        f"<p class='folder'>Folder: <code>{literal(status.corpus or '-')}</code></p>{_titles(status, titles)}"
    )


def _names(title: str, reasons: Mapping[str, str]) -> str:
    if not reasons:
        return ""
    rows = "".join(
        f"<li><b>{literal(name)}</b>: {literal(why)}</li>" for name, why in list(reasons.items())[:_MOST_LISTED]
    )
    more = f"<li>and {len(reasons) - _MOST_LISTED:,} more</li>" if len(reasons) > _MOST_LISTED else ""
    return f"<details open class='reasons'><summary>{title}</summary><ul>{rows}{more}</ul></details>"


def _titles(status: Status, titles: Mapping[str, str]) -> str:
    rows = "".join(f"<li>{_document_link(doc_id, title)}</li>" for doc_id, title in titles.items())
    more = f"<li>and {status.documents - len(titles):,} more</li>" if status.documents > len(titles) else ""
    return f"<details class='titles'><summary>Articles</summary><ul>{rows}{more}</ul></details>"
