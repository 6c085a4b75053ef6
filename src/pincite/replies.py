"""What Pincite says itself, where a turn is no question to the articles: see `pincite.analysis.intents`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import PurePosixPath
from typing import Literal

from pincite.analysis.intents import Intent
from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Answer, Citation, Document, Filter, Listed
from pincite.index import Index
from pincite.listing import counts, folder_of, in_words
from pincite.reading.conditions import named_period

_IS_TITLE = 0.5  # the share of a title from which on it is taken to be named
_LONGEST_TITLE = 100
_MOST_LISTED, _MOST_NEW = 20, 10

_GREETINGS = {
    "hello": "Hello! Ask something, and the answer is quoted from {articles}.",
    "thanks": "You are welcome. Ask on, if there is more.",
    "bye": "Goodbye!",
}
_HELP = (
    "Pincite answers questions by quoting {articles} word for word, each quote with its article, date and exact place. "
    "It makes nothing up, and says so where the articles do not answer. Other things to ask: “What articles do you "
    "have?”, “What is new?”, “Summarise the article about …”."
)
_NO_SUCH = "No article about “{topic}” was found. “What articles do you have?” lists those that there are."
_WHICH = "Say which article, as in “Summarise the article about …”."


def reply(
    index: Index, wanted: Intent, question: str, where: Filter | None, spoken_of: Document | None = None
) -> Answer | None:
    """The reply to a turn that wants something else than an answer.

    Args:
        index: whose articles are spoken of.
        wanted: what the turn wants.
        question: the turn.
        where: which documents may be named.
        spoken_of: the article that was quoted before, of which a summary is wanted where the turn names none.

    Returns:
        None where no article fits the filter, or what may be something else than an article's summary, or there is
        none: the turn is then taken as a question.

    Raises:
        IndexProblem: there is no index, or it is damaged.
    """
    if wanted.kind == "summary":
        if wanted.topic:
            article = _article(index, wanted.topic, where, sure=wanted.sure)
            if article is None:
                return _said(question, _NO_SUCH.format(topic=wanted.topic)) if wanted.sure else None
            return _summary(index, article, question)
        article = spoken_of
        if not article and index.count(where)[0] == 1:
            (only,) = index.documents([each.doc_id for each in index.listed(where)]).values()
            article = only
        return _summary(index, article, question) if article else _said(question, _WHICH)
    if wanted.kind in ("catalogue", "news"):
        return _listing(index, wanted, question, where)
    if not index.status().documents:
        return None
    articles = index.holdings()
    if wanted.kind == "help":
        return _said(question, _HELP.format(articles=articles))
    return replace(_said(question, _GREETINGS[wanted.kind].format(articles=articles)), kind="greeting")


def _said(question: str, said: str) -> Answer:
    return Answer(
        text=said, question=question, answered=False, confidence=0.0, citations=(), hits=(), kind="help", reply=said
    )


def _count(held: Collection[Listed], where: Filter | None) -> str:
    """So many articles."""
    fits = f" that {'fits' if len(held) == 1 else 'fit'} the filters" if where else ""
    return f"{in_words(each.doc_id for each in held)}{fits}"


def _there_are(held: Collection[Listed], where: Filter | None) -> str:
    said = _count(held, where)
    return f"There {'is' if said.startswith('1 ') else 'are'} {said}"


# ---------------------------------------------------------------- lists of articles


def _listing(index: Index, wanted: Intent, question: str, where: Filter | None) -> Answer | None:
    held = index.listed(where)
    of = _of_which(wanted.topic, held) if wanted.topic else None
    held = [each for each in held if of is None or of.fits(each)]
    if not held or (wanted.topic and of is None):
        return None
    if wanted.kind == "news":
        said, shown = _news(held, where, max(1, min(wanted.most or _MOST_NEW, _MOST_LISTED)))
    else:
        more = f" The first {_MOST_LISTED} are listed; the library and `pincite list` have all."
        among = f" {'in the folder' if of.folders else 'of'} {wanted.topic}" if of else ""
        said = f"{_there_are(held, where)}{among}."
        said += more if len(held) > _MOST_LISTED else ""
        shown = sorted(held, key=lambda each: (folder_of(each.doc_id), each.date or "9", each.doc_id))[:_MOST_LISTED]
    text = "\n".join([said, *(f"- {each.title} ({each.date or 'no date'}), {each.doc_id}" for each in shown)])
    kind: Literal["catalogue", "news"] = "news" if wanted.kind == "news" else "catalogue"
    return replace(_said(question, said), kind=kind, text=text, documents=tuple(shown))


def _of_which(topic: str, held: Collection[Listed]) -> Filter | None:
    """Which articles are of a time, or in a folder of this name, at whatever depth; None where there is no such."""
    if period := named_period(topic):
        return Filter(after=period, before=period)
    asked = topic.strip("/").casefold()
    folders = [each for each in counts("folders", held) if f"/{each}".casefold().endswith(f"/{asked}")]
    return Filter(folders=folders) if folders else None


def _news(documents: list[Listed], where: Filter | None, most: int) -> tuple[str, list[Listed]]:
    """The latest articles by their own dates, and how many have none."""
    today = date.today().isoformat()
    dated = [each for each in documents if each.date and each.date <= today]
    dated.sort(key=lambda each: each.date or "", reverse=True)
    if len(documents) == 1:
        return f"{_there_are(documents, where)}{'' if dated else '; it has no date, or one to come'}.", dated
    if not dated:
        return f"None of {_count(documents, where)} has a date.", []
    left = len(documents) - len(dated)
    undated = f" {left:,} without a date, or of one to come, {'is' if left == 1 else 'are'} left out." if left else ""
    return f"The latest of {_count(documents, where)}, newest first.{undated}", dated[:most]


# ---------------------------------------------------------------- the key sentences of one article


def _article(index: Index, topic: str, where: Filter | None, *, sure: bool) -> Document | None:
    """The article of this id, or the one whose title, first line or path is most like a topic.

    Where the topic is surely an article's, one that holds all of its words will do as well.
    """
    named = index.documents([topic]).get(topic)
    if named and (where is None or where.fits(named)):
        return named
    terms = frozenset(query_terms(topic))
    documents = {hit.document.doc_id: hit.document for hit in index.search(topic, k=10, where=where)}
    least = 0.0 if sure else _IS_TITLE
    alike = {each.doc_id: _likeness(terms, each, first_line(each)) for each in documents.values()}
    if max(alike.values(), default=0.0) < _IS_TITLE:  # a file's name is not searched
        alike |= {each.doc_id: _likeness(terms, each) for each in index.listed(where) if each.doc_id not in alike}
    likest = max(alike, key=alike.__getitem__, default="")
    if likest and alike[likest] > 0 and alike[likest] >= least:
        return documents.get(likest) or index.documents([likest]).get(likest)
    holding = (each for each in documents.values() if terms and terms.issubset(analyse(f"{each.title}\n{each.text}")))
    return next(holding, None) if sure else None


def _likeness(terms: frozenset[str], article: Document | Listed, first: str = "") -> float:
    """How much of a title, its part before or behind a colon, a first line or a file's name a topic is, 0 to 1.

    0 if not all of the topic is in these and the folders; "GPL" is all of ``GPL-3.txt``.
    """
    path = PurePosixPath(article.doc_id)
    if not is_named(terms, article, first):
        return 0.0
    names = [article.title, *article.title.split(":"), first, path.stem]
    said = [{*query_terms(name)} for name in names]
    parts = [{term for term in part if not any(map(str.isdigit, term))} or part for part in said]
    return max(len(terms & part) / len(part) if part else 0.0 for part in parts)


def is_named(terms: Collection[str], article: Document | Listed, first: str = "") -> bool:
    """Whether the title, the first line or the path of an article have all of these terms, and there are some."""
    return bool(terms) and set(terms).issubset(analyse(f"{article.title}\n{first}\n{article.doc_id}"))


def first_line(document: Document) -> str:
    """The first line of a text that has no title, where it may be one."""
    line = document.text.lstrip().partition("\n")[0].strip()
    return line if document.title_is_name and len(line) <= _LONGEST_TITLE and not line.endswith((".", ":")) else ""


def _summary(index: Index, article: Document, question: str) -> Answer | None:
    """Quotes that stand for an article; none where it has no sentences."""
    citations = tuple(Citation.of(*found, label) for label, found in enumerate(index.key_sentences(article), 1))
    said = f"Key sentences of “{article.title}”, in the order of its text; Pincite writes no summary of its own."
    quotes = " ".join(f"{each.quote} [{each.label}]" for each in citations)
    found = replace(_said(question, said), kind="summary", answered=True, confidence=1.0)
    return replace(found, text=f"{said}\n\n{quotes}", citations=citations) if citations else None
