"""From a question to an answer made of quotes, or to an honest "not in these articles"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from pincite import replies
from pincite.analysis.intents import intent
from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Answer, Citation, Filter, Hit, Part, Passage
from pincite.errors import UsageError
from pincite.index import Index, checked_question
from pincite.reading.authors import by_author
from pincite.reading.conditions import terms_of
from pincite.reading.evidence import READ, Evidence
from pincite.reading.parts import Asked, enumerates, parts, topic
from pincite.reading.quotes import MOST_QUOTES, Quote, best_quotes, quotes, without_repeats
from pincite.reading.reader import last_sentences
from pincite.reading.spelling import replaced
from pincite.reading.wordings import other_wordings
from pincite.retrieval.follow_ups import (
    MOST_REQUIRED,
    Turn,
    full_questions,
    named_terms,
    needs_context,
    new_terms,
    query_variants,
    subject,
    subject_terms,
    without_paste,
)
from pincite.settings import Settings

NO_ANSWER = "Nothing in these articles answers this"
"""How every way to ask says so."""

NOT_SURE = "Nothing in these articles answers this for sure. These passages come near; judge for yourself."
"""The note of an answer that is hardly surer than what is refused."""

_SURE = 0.1
"""How far above the threshold the surest quote of a sure answer is at least."""

_MOST_HITS = 100
"""Passages that an answer holds: of more the texts of their articles would be read for nothing."""

_LISTED = 10
"""Articles of an author, or on a topic, that are quoted; and quotes, where all of some things are asked for."""
_LOOKED_AT = 3 * READ
"""Articles that are read for a topic."""
_SHARE_OF_BEST = 0.25
"""The share of the best one's confidence from which on an article says something of a topic."""

_TOLD = 0.5
"""By how much less evidence, as a logit, what answered a turn before is an answer to what is asked next."""

_NAMED_AS_WELL = 0.4
"""The share of what the subject names, by rarity, that must stand where a turn with a pronoun is answered."""

_AS_SURE = 0.9
"""The share of a confidence that counts as the same."""

_LONG = 2000
"""Characters of a question beyond which it is searched and read by its end."""


class Assistant:
    """Answers questions from an index. Safe to use from several threads.

    Args:
        index: where to look.
        threshold: the confidence, 0 to 1, from which on a question counts as answered; by default the index's setting.

    Raises:
        UsageError: a threshold outside that range.
    """

    def __init__(self, index: Index, *, threshold: float | None = None) -> None:
        number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        if threshold is not None and not (number and 0 <= threshold <= 1):
            raise UsageError(f"threshold={threshold!r}: give a number from 0 to 1")
        self.index = index
        self._threshold = threshold

    def ask(self, question: str, *, history: Sequence[Turn] = (), where: Filter | None = None) -> Answer:
        """Answer a question by quoting, and what is none, such as "Hello" or "List all articles", by a reply.

        Args:
            question: in natural language; of a very long one, and of one below a text that was pasted, the end
                is read (`Answer.question`).
            history: the earlier turns of the conversation, oldest first, without the question itself.
            where: which documents may be quoted.

        Raises:
            UsageError: an empty question, or a turn that is not one.
            IndexProblem: there is no index, it is empty or damaged, or it was built with another model.
            ReaderError: the reader cannot be loaded.

        Example:
            >>> answer = assistant.ask("When did the night ferry leave?")
            >>> answer.citations[0].quote
            'The night ferry left Aldhaven at ten.'
        """
        question = what_is_asked(question)
        about = subject(history)
        wanted = intent(question, later=bool(history), about=bool(about))
        if wanted:
            points_back = wanted.kind == "summary" and not wanted.topic and about
            cited = self.ask(about, where=where).citations if points_back else ()
            spoken_of = cited[0].document if cited else None
            if answer := replies.reply(self.index, wanted, question, where, spoken_of):
                return answer
        if written := self._written(question, where):
            return written
        if (
            (on := topic(question))
            and not needs_context(question)
            and (surveyed := self._surveyed(question, on, where))
        ):
            return self._doubted(surveyed)
        found, notes = self._worded(question, history, where)
        asked = parts(question, (f"{hit.document.title}\n{hit.passage.text}" for hit in found.hits))
        if asked:
            each = _naming(asked, [self._found(part.question, history, where) for part in asked])
            # One quote that speaks of all of them answers better than several, unless each of those is about as sure.
            of_all = [citation for citation in found.citations if all(part.name in _said(citation) for part in asked)]
            surest = max((citation.confidence for citation in of_all), default=0.0)
            if any(part.answered for part in each) and (
                not of_all or min(part.confidence for part in each) > _AS_SURE * surest
            ):
                missing = [part.question for part, answer in zip(asked, each, strict=True) if not answer.answered]
                notes += [f"No answer was found to “{unanswered}”." for unanswered in missing]
                found = _together(found, asked, each)
        notes = [*notes, *found.notes]
        if found.more and enumerates(question):
            notes.append(f"{found.more} more {'passage fits' if found.more == 1 else 'passages fit'} as well.")
        return self._doubted(replace(found, notes=tuple(notes)))

    def _doubted(self, answer: Answer) -> Answer:
        """The answer, with a note where it is hardly surer than what is refused."""
        surest = max((citation.confidence for citation in answer.citations), default=1.0)
        return (
            answer
            if surest >= self._least(self.index.settings) + _SURE
            else replace(answer, notes=(NOT_SURE, *answer.notes))
        )

    def _worded(self, question: str, history: Sequence[Turn], where: Filter | None) -> tuple[Answer, list[str]]:
        """The surest of the answers to what the words of a question may be meant for, and how that is worded."""
        found, notes = self._found(question, history, where), list[str]()
        if spelt := self.index.corrections(" ".join([subject(history), question])):
            turns = [{**turn, "content": replaced(turn["content"], spelt)} for turn in history]
            other = self._found(replaced(question, spelt), turns, where)
            # Of what was answered nothing else is made for a name, which may well be another's.
            surer = other.confidence > found.confidence and not (
                found.answered and any(word[0].isupper() for word in spelt)
            )
            if other.citations and (surer or (_first(other) == _first(found) and _says(other, spelt.values()))):
                notes = [
                    f"Searched for “{right}” instead of “{wrong}”."
                    for wrong, right in spelt.items()
                    if replaced(question, {wrong: right}) != question
                ]
                found = other
                question, history = replaced(question, spelt), turns
        for wording, note in other_wordings(question, (hit.passage.text for hit in found.hits)):
            other = self._found(wording, history, where)
            if other.confidence > found.confidence and other.citations:
                found, notes = other, [*notes, note]
        return found, notes

    def _written(self, question: str, where: Filter | None) -> Answer | None:
        """How an author's articles begin, the newest first, or what they say of something; None for other questions."""
        asked = by_author(question)
        if asked is None or (where and where.author is not None):
            return None
        theirs = replace(where or Filter(), author=asked.author)
        if not (articles := self.index.count(theirs)[0]):
            return None
        if asked.topic:
            found = self._found(asked.topic, (), theirs)
            return replace(found, question=question) if found.answered else None
        ranking = self.index.rank([(question, 1.0)], passages=1, documents=_LISTED, where=theirs, deduplicated=False)
        documents = {hit.document.doc_id: hit.document for hit in ranking.hits}
        newest = sorted(documents.values(), key=lambda document: document.date or "", reverse=True)
        firsts = self.index.beginnings(newest[:_LISTED])
        leads = [
            Hit(passage=firsts[each.doc_id], document=each, score=1.0, rank=rank, scores={})
            for rank, each in enumerate(newest, 1)
            if each.doc_id in firsts
        ]
        citations = tuple(_lead(label, hit) for label, hit in enumerate(leads, 1))
        rest = [hit for hit in ranking.hits if hit.passage not in firsts.values()]
        hits = (replace(hit, rank=rank) for rank, hit in enumerate([*leads, *rest], 1))
        more = articles - len(citations)
        notes = (f"{more} more {'article' if more == 1 else 'articles'} by {asked.author}.",) if more else ()
        return _answer(question, 1.0, citations, tuple(hits), notes=notes, more=more)

    def _surveyed(self, question: str, on: str, where: Filter | None) -> Answer | None:
        """What each article says of a topic, the surest first; None where none surely does, or only one."""
        ranking = self.index.rank([(on, 1.0)], passages=_LOOKED_AT, documents=_LOOKED_AT, where=where)
        firsts: dict[str, Hit] = {}
        for hit in ranking.hits:
            firsts.setdefault(hit.document.doc_id, hit)
        hits = [*firsts.values()][:_LOOKED_AT]
        asked = f"What is said about {on}?"
        read = [
            self.index.read(asked, replace(ranking, hits=tuple(hits[at : at + READ])))
            for at in range(0, len(hits), READ)
        ]
        surest = max(map(_confidence, read), default=0.0)
        least = max(self._least(ranking.settings) / 2, _SHARE_OF_BEST * surest)
        found = [quote for each in read for quote in best_quotes(each.sentences, least, analyse(on))]
        found.sort(key=lambda quote: -quote.best.confidence)
        if len(found) < 2 or found[0].best.confidence < self._least(ranking.settings):
            return None
        citations = tuple(_citation(label, each) for label, each in enumerate(found[:_LISTED], 1))
        more = len(found) - len(citations)
        notes = [f"And {more} more {'article' if more == 1 else 'articles'}."] if more else []
        by_article = tuple(
            Part(name=each.document.title, question=question, labels=(each.label,)) for each in citations
        )
        ordered = tuple(
            replace(hit, rank=rank) for rank, hit in enumerate((hit for each in read for hit in each.hits), 1)
        )
        notes = [*dict.fromkeys(note for each in read for note in each.notes), *notes]
        answer = _answer(question, citations[0].confidence, citations, ordered, more=more, notes=tuple(notes))
        return replace(answer, parts=by_article)

    def _least(self, settings: Settings) -> float:
        """The confidence from which on a question counts as answered."""
        return settings.threshold if self._threshold is None else self._threshold

    def _found(self, question: str, history: Sequence[Turn], where: Filter | None) -> Answer:
        """What answers a question in just these words."""
        queries = query_variants(question, history)
        ranking = self.index.rank(queries, passages=20, documents=10, where=where, most=_MOST_HITS)
        read = self.index.read(question, ranking)
        if len(queries) > 1 and needs_context(question):
            # It may still say all by itself, as far as a pronoun leaves that open: what answers more surely counts.
            about = subject(history)
            pointed, named = subject_terms(question, about), new_terms(question)
            names, rarity = pointed & named_terms(about), ranking.all_terms
            meant = (self.index.read(text, ranking) for text in full_questions(question, about))
            asked = [_holding(pointed, names, read, rarity)]
            asked += [_holding(pointed | named, names, each, rarity) for each in meant]
            read = max(asked, key=_confidence)
            read = _told_before(read, history)
        found, most = quotes(read.sentences, self._least(ranking.settings), read.part), MOST_QUOTES
        if found and enumerates(question):
            most = _LISTED
            further = self.index.read(question, replace(ranking, hits=ranking.hits[READ:]))
            least = max(self._least(ranking.settings), read.part * found[0].best.confidence)
            found += quotes(further.sentences, least, least)
        found = without_repeats(found, ranking.terms)
        citations = tuple(_citation(label, each) for label, each in enumerate(found[:most], 1))
        quoted = {citation.passage.passage_id for citation in citations}
        more = len({each.hit.passage.passage_id for each in found} - quoted)
        return _answer(read.question, _confidence(read), citations, read.hits, more=more, notes=read.notes)


def what_is_asked(turn: str) -> str:
    """What of a turn is searched and read: its end, where pages stand above it; single spaces between its words.

    Raises:
        QueryError: it is no text, or says nothing.
    """
    lines = (" ".join(line.split()) for line in checked_question(turn).strip().splitlines())
    question = without_paste("\n".join(lines))
    if len(question) > _LONG:
        question = last_sentences(question, _LONG // 4)
    return " ".join(question.split())


def _answer(
    question: str,
    confidence: float,
    citations: tuple[Citation, ...],
    hits: tuple[Hit, ...],
    *,
    more: int = 0,
    notes: tuple[str, ...] = (),
) -> Answer:
    return Answer(
        text=" ".join(f"{each.quote} [{each.label}]" for each in citations),
        question=question,
        answered=bool(citations),
        confidence=confidence,
        citations=citations,
        hits=hits,
        more=more,
        notes=notes,
    )


def _naming(asked: Sequence[Asked], each: Sequence[Answer]) -> list[Answer]:
    """The answers to the parts of a question, with those quotes alone that name the part: "Brevik" is no "Asker".

    What the parts share, as "mill" in "the tide mill" and "the windmill", need not be named.
    """
    terms = [set(query_terms(part.name)) for part in asked]
    shared = set.intersection(*terms)
    named = [
        tuple(quote for quote in answer.citations if (of - shared or of) <= set(analyse(_said(quote))))
        for of, answer in zip(terms, each, strict=True)
    ]
    return [
        replace(answer, citations=quotes, answered=bool(quotes)) for quotes, answer in zip(named, each, strict=True)
    ]


def _together(whole: Answer, asked: Sequence[Asked], each: Sequence[Answer]) -> Answer:
    """The answers to the parts of a question as one: the best quote of each comes first, and each quote once."""
    citations: list[Citation] = []
    labels: list[list[int]] = [[] for _ in each]
    ranked = [[(number, quote) for quote in answer.citations] for number, answer in enumerate(each)]
    for number, quote in (pair for row in zip_longest(*ranked) for pair in row if pair):
        same = next((one for one in citations if _overlap(one, quote)), None)
        if same is None and len(citations) < MOST_QUOTES:
            same = replace(quote, label=len(citations) + 1)
            citations.append(same)
        if same and same.label not in labels[number]:
            labels[number].append(same.label)
    hits = {hit.passage.passage_id: hit for row in zip_longest(*(part.hits for part in each)) for hit in row if hit}
    ordered = (replace(hit, rank=rank) for rank, hit in enumerate(hits.values(), 1))
    found = _answer(whole.question, citations[0].confidence, tuple(citations), tuple(ordered), notes=whole.notes)
    parted = (
        Part(name=part.name, question=part.question, labels=tuple(of)) for part, of in zip(asked, labels, strict=True)
    )
    return replace(found, parts=tuple(parted))


def _said(citation: Citation) -> str:
    return "\n".join(filter(None, (citation.document.title, citation.heading, citation.quote)))


def _overlap(one: Citation, other: Citation) -> bool:
    return one.document.doc_id == other.document.doc_id and one.start < other.end and other.start < one.end


def _first(answer: Answer) -> Passage | None:
    return answer.citations[0].passage if answer.citations else None


def _says(answer: Answer, words: Iterable[str]) -> bool:
    """Whether the first quote's passage, or its title, holds one of some words."""
    first = answer.citations[0]
    return not set(analyse(" ".join(words))).isdisjoint(analyse(f"{first.document.title}\n{first.passage.text}"))


def _told_before(read: Evidence, history: Sequence[Turn]) -> Evidence:
    """What was read, where a sentence that answered a turn before counts less: it was seen, and more was asked."""
    said = (turn["content"].partition(" [1]")[0] for turn in history if turn["role"] == "assistant")
    told = "\n".join(" ".join(content.split()) for content in said)
    sentences = [
        sentence.less_sure(_TOLD) if " ".join(sentence.text.split()) in told else sentence
        for sentence in read.sentences
    ]
    return replace(read, sentences=sorted(sentences, key=lambda sentence: -sentence.order))


def _holding(terms: frozenset[str], names: frozenset[str], read: Evidence, rarity: Mapping[str, float]) -> Evidence:
    """What was read in passages that speak of the subject; all of it, where that says nothing.

    Args:
        terms: of the subject: half, and no more than two, must be there,
        names: and most of these, as far as any article has them, the rare ones first: "Jiangsu" says of what is spoken,
            "Plan" hardly.
        read: what was read.
        rarity: inverse document frequencies.
    """
    texts = {sentence.hit.rank: terms_of(sentence.hit) for sentence in read.sentences}
    weights = {name: rarity.get(name, 0.0) for name in names if any(name in text for text in texts.values())}
    least, most_named = min(len(terms) / 2, MOST_REQUIRED), _NAMED_AS_WELL * sum(weights.values())
    holding = {
        rank
        for rank, text in texts.items()
        if len(terms & text) >= least and sum(weights[name] for name in weights.keys() & text) >= most_named
    }
    return replace(read, sentences=[sentence for sentence in read.sentences if sentence.hit.rank in holding])


def _confidence(read: Evidence) -> float:
    return read.sentences[0].confidence if read.sentences else 0.0


def _lead(label: int, hit: Hit) -> Citation:
    """The first sentence of an article that is no heading."""
    document = hit.document
    said = [
        span
        for span in hit.passage.sentences
        if document.text[slice(*span)] != document.title
        and not any(start <= span[0] and span[1] <= end for start, end in document.headings)
    ]
    return Citation.of(hit, [*said, hit.passage.sentences[0]][0], label)


def _citation(label: int, quote: Quote) -> Citation:
    best = quote.best
    return Citation.of(
        quote.hit, quote.span, label, best=best.span, highlights=quote.highlights, confidence=best.confidence
    )
