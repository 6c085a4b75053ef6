"""From a question to an answer made of quotes, or to an honest "not in these articles"."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

from pincite import replies
from pincite.analysis.intents import intent
from pincite.analysis.sentences import sentence_spans
from pincite.analysis.terms import analyse, query_terms
from pincite.datatypes import Answer, Citation, Document, Filter, Hit, Part, Span
from pincite.errors import NothingFits, UsageError
from pincite.index import Index, Ranking, checked_question
from pincite.reading import entries, options, versions
from pincite.reading.authors import by_author, named_sources, tells_who_wrote, who_wrote, without_time
from pincite.reading.conditions import asks_for_latest, of_other_time, terms_of, without_other
from pincite.reading.evidence import READ, Evidence
from pincite.reading.named import said_by_title
from pincite.reading.parts import Asked, enumerates, is_one_of, parts, topic
from pincite.reading.quotes import MOST_QUOTES, Quote, best_quotes, in_heading, quotes, without_repeats
from pincite.reading.reader import last_sentences
from pincite.reading.sentence import NEARLY_AS_SURE, SURE, UNSURE, Sentence, together_at_most
from pincite.reading.spelling import replaced
from pincite.reading.versions import VERSION
from pincite.reading.wordings import other_wordings
from pincite.retrieval.follow_ups import (
    MOST_REQUIRED,
    Turn,
    asked_again,
    full_questions,
    head_terms,
    last_asked,
    named_terms,
    names_instead,
    needs_context,
    new_terms,
    query_variants,
    subject,
    subject_terms,
    with_subject,
    without_paste,
)
from pincite.settings import Settings

NO_ANSWER = "Nothing in these articles answers this"
"""How every way to ask says so."""

NOT_SURE = "Nothing in these articles answers this for sure. These passages come near; judge for yourself."
"""The note of an answer that is hardly surer than what is refused."""

_SURE = 0.1  # how far above the threshold the surest quote of a sure answer is at least
_SHARE_OF_BEST = 0.25  # of the best one's confidence, from which on an article says something of a topic
_AS_SURE = 0.9  # the share of a confidence that counts as the same

_LISTED = 10
"""Articles of an author, or on a topic, that are quoted; and quotes, where all of some things are asked for."""
_LOOKED_AT = 3 * READ
"""Articles that are read for a topic."""
_ALIKE = 50
"""Passages of one article among which the place that is looked for is."""
_NAMED = 3
"""Articles that a note names."""
_NAME = re.compile(r"(?<=[\w,;:'’\"“)] )[A-Z]\w")
_LONG = 2000
"""Characters of a question beyond which it is searched and read by its end."""


class Assistant:
    """Answers questions from an index. Safe to use from several threads.

    Args:
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

        Examples:
            >>> answer = assistant.ask("When did the night ferry leave?")
            >>> answer.citations[0].quote
            'The night ferry left Aldhaven at ten.'
        """
        question = what_is_asked(question)
        if answer := self._replied(question, history, where) or self._by_author(question, where):
            return replace(answer, sure=answer.answered)
        if answer := self._listed_again(question, history, where):
            return answer
        found = self._by_article(question, where)
        answer = found if found and len(found.citations) > 1 else self._in_parts(question, history, where)
        if found and not answer.answered:
            answer = found
        answer = self._by_writers(question, where, answer) or answer
        sure = _surest(answer.citations) >= self._least(self.index.settings) + _SURE
        return replace(
            answer, sure=sure, notes=answer.notes if sure or not answer.answered else (NOT_SURE, *answer.notes)
        )

    def _least(self, settings: Settings) -> float:
        """The confidence from which on a question counts as answered."""
        return settings.threshold if self._threshold is None else self._threshold

    def _replied(self, question: str, history: Sequence[Turn], where: Filter | None) -> Answer | None:
        """The reply to a turn that is no question to the articles."""
        about = subject(history)
        wanted = intent(question, later=bool(history), about=bool(about))
        if not wanted:
            return None
        points_back = wanted.kind == "summary" and not wanted.topic and about
        cited = self.ask(about, where=where).citations if points_back else ()
        return replies.reply(self.index, wanted, question, where, cited[0].document if cited else None)

    def _listed_again(self, question: str, history: Sequence[Turn], where: Filter | None) -> Answer | None:
        """The articles by another author or on another topic, as "And about ferries?" asks; None for other turns."""
        again = asked_again(question, last_asked(history), latest=False) if needs_context(question) else []
        asked = (self.ask(text, where=where) for text in again if topic(text) or by_author(text))
        return next((answer for answer in asked if answer.answered), None)

    def _by_author(self, question: str, where: Filter | None) -> Answer | None:
        """How an author's articles begin, the newest first, or what they say of something; None for other questions."""
        untimed, period = without_time(question)
        asked = by_author(untimed)
        if asked is None or (where and (where.author is not None or period)):
            return None
        theirs = self._by(asked.author, replace(where or Filter(), after=period, before=period) if period else where)
        if theirs is None:
            return None
        articles = self.index.count(theirs)[0]
        if asked.topic:
            of_articles = self._by_article(f"What is said about {asked.topic}?", theirs)
            found = of_articles or self._found(asked.topic, (), theirs)
            return replace(found, question=question) if found.answered else None
        ranking = self.index.rank([(question, 1.0)], passages=1, documents=_LISTED, where=theirs, deduplicated=False)
        documents = {hit.document.doc_id: hit.document for hit in ranking.hits}
        newest = sorted(documents.values(), key=lambda document: document.date or "", reverse=True)[:_LISTED]
        firsts = self.index.beginnings(newest)
        leads = [
            Hit(passage=firsts[each.doc_id], document=each, score=1.0, rank=0, scores={})
            for each in newest
            if each.doc_id in firsts
        ]
        hits = _ranked([*leads, *(hit for hit in ranking.hits if hit.passage not in firsts.values())])
        citations = tuple(Citation.of(hit, _lead(hit), label) for label, hit in enumerate(hits[: len(leads)], 1))
        more = articles - len(citations)
        notes = (f"{more} more {'article' if more == 1 else 'articles'} by {asked.author}.",) if more else ()
        return _answer(question, 1.0, citations, hits, more=more, notes=notes)

    def _by(self, name: str, where: Filter | None) -> Filter | None:
        """The articles by an author of this name, or of a source called so; None where there is none."""
        held = (each.source for each in self.index.listed(where))
        sources = named_sources(name, filter(None, held))
        tried = [replace(where or Filter(), author=name)]
        if sources and not (where and where.source):
            tried.append(replace(where or Filter(), source=sources))
        for each in tried:
            try:
                return self.index.check_fits(each)
            except NothingFits:
                continue
        return None

    def _by_article(self, question: str, where: Filter | None) -> Answer | None:
        """What each article says of a topic, first those that are called so; None where none surely does."""
        on = topic(question)
        if not on or not new_terms(on):
            return None
        ranking = self.index.rank([(on, 1.0)], passages=_LOOKED_AT, documents=_LOOKED_AT, where=where)
        firsts: dict[str, Hit] = {}
        for hit in ranking.hits:
            firsts.setdefault(hit.document.doc_id, hit)
        hits = list(firsts.values())[:_LOOKED_AT]
        tens = (replace(ranking, hits=tuple(hits[at : at + READ])) for at in range(0, len(hits), READ))
        read = [self.index.read(f"What is said about {on}?", ten) for ten in tens]
        threshold = self._least(ranking.settings)
        read = [_called(each, query_terms(on), threshold + _SURE) for each in read]
        least = max(threshold / 2, max(map(_confidence, read), default=0.0) * _SHARE_OF_BEST)
        found = [quote for each in read for quote in best_quotes(each.sentences, least, analyse(on))]
        found.sort(key=lambda quote: (not _is_called(quote.hit.document, query_terms(on)), -quote.best.confidence))
        surest = max((quote.best.confidence for quote in found), default=0.0)
        found, others = _of_the_thing(found, on)
        if not found or surest < threshold + (0 if len(found) > 1 else _SURE):
            return None
        citations, more = _cited(found[:_LISTED]), max(0, len(found) - _LISTED)
        notes = dict.fromkeys([note for each in read for note in (*each.notes, *each.beside)] + others)
        if more:
            notes[f"And {more} more {'article' if more == 1 else 'articles'}."] = None
        ordered = _ranked(hit for each in read for hit in each.hits)
        by_article = tuple(
            Part(name=each.document.title, question=question, labels=(each.label,)) for each in citations
        )
        return _answer(question, surest, citations, ordered, more=more, notes=tuple(notes), parts=by_article)

    def _by_writers(self, question: str, where: Filter | None, otherwise: Answer) -> Answer | None:
        """What articles on a topic say, by their authors, where those are asked for and no article tells of them."""
        on = who_wrote(question)
        told = any(tells_who_wrote(each.quote) for each in otherwise.citations[:1])
        if not on or (told and otherwise.confidence >= self._least(self.index.settings) + _SURE):
            return None
        found = self._by_article(f"What is said about {on}?", where)
        if not found:
            return None
        least = NEARLY_AS_SURE * _surest(found.citations)
        signed = [each for each in found.citations if each.document.author and each.confidence >= least]
        if not signed:
            return None
        cited = [replace(each, label=label) for label, each in enumerate(signed, 1)]
        theirs: dict[str, list[int]] = {}
        for each in cited:
            theirs.setdefault(each.document.author or "", []).append(each.label)
        by_author = (Part(name=name, question=question, labels=tuple(labels)) for name, labels in theirs.items())
        notes = (f"Of articles on {on}: {'; '.join(theirs)}.",)
        return _answer(question, found.confidence, tuple(cited), found.hits, notes=notes, parts=tuple(by_author))

    def _in_parts(self, question: str, history: Sequence[Turn], where: Filter | None) -> Answer:
        """The answers to the parts of a question on several things; for any other question, the answer to all of it."""
        whole, wording = self._worded(question, history, where)
        asked = parts(question, (f"{hit.document.title}\n{hit.passage.text}" for hit in whole.hits))
        named = _named(asked)
        each = _naming(named, [self._found(part.question, history, where) for part in asked])
        # One quote that speaks of all of them answers better than several, unless each of those is about as sure.
        of_all = [quote.confidence for quote in whole.citations if all(_names(quote, part) for part in named)]
        answered, missing = whole, list[str]()
        if any(part.answered for part in each) and (
            not of_all or min(part.confidence for part in each) > _AS_SURE * max(of_all)
        ):
            unanswered = (f"“{part.question}”" for part, answer in zip(asked, each, strict=True) if not answer.answered)
            missing = [f"No answer was found to {found}." for found in [" and ".join(unanswered)] if found]
            answered = _together(whole, asked, each)
        notes = (*wording, *missing, *whole.notes)
        if answered.more and enumerates(question):
            notes += (f"{answered.more} more {'passage fits' if answered.more == 1 else 'passages fit'} as well.",)
        return replace(answered, notes=notes)

    def _worded(self, question: str, history: Sequence[Turn], where: Filter | None) -> tuple[Answer, list[str]]:
        """The surest of the answers to what the words of a question may be meant for, and how that is worded."""
        found, notes = self._found(question, history, where), list[str]()
        if spelt := self.index.corrections(" ".join([subject(history), question])):
            turns = [{**turn, "content": replaced(turn["content"], spelt)} for turn in history]
            other = self._found(replaced(question, spelt), turns, where)
            if _is_better_spelt(other, found, spelt):
                changed = (wrong for wrong in spelt if replaced(question, {wrong: spelt[wrong]}) != question)
                notes = [f"Searched for “{spelt[wrong]}” instead of “{wrong}”." for wrong in changed]
                found, question, history = other, replaced(question, spelt), turns
        for wording, note in other_wordings(question, (hit.passage.text for hit in found.hits)):
            other = self._found(wording, history, where)
            if other.confidence > found.confidence and other.citations:
                found, notes = other, [*notes, note]
        return found, notes

    def _found(self, question: str, history: Sequence[Turn], where: Filter | None) -> Answer:
        """What answers a question in just these words."""
        if needs_context(question):
            history = [{**turn, "content": without_other(turn["content"], question)} for turn in history]
        queries = query_variants(question, history)
        ranking = self.index.rank(queries, passages=20, documents=10, where=where, most=100)
        ranking = self._with_asked_place(queries[-1][0] if needs_context(question) else question, ranking)
        read = self.index.read(question, ranking)
        if len(queries) > 1 and needs_context(question):
            read = self._in_context(question, history, where, ranking, read)
        least, most = self._least(ranking.settings), MOST_QUOTES
        found = quotes(read.sentences, least, read.part)
        if found and enumerates(question):
            most = _LISTED
            further = self.index.read(question, replace(ranking, hits=ranking.hits[READ:]))
            least = max(least, read.part * found[0].best.confidence)
            found += quotes(further.sentences, least, least)
        found = without_repeats(found, ranking.terms)
        citations = _cited(found[:most])
        quoted = {citation.passage.passage_id for citation in citations}
        more = len({each.hit.passage.passage_id for each in found} - quoted)
        notes = (*read.notes, *((*read.beside, *_beside(read.question, citations[0])) if citations else ()))
        return _answer(read.question, _confidence(read), citations, read.hits, more=more, notes=notes)

    def _with_asked_place(self, question: str, ranking: Ranking) -> Ranking:
        """What was found, and first the place of the version, entry or option asked for, if only its document was."""
        documents = list({hit.document.doc_id: hit.document for hit in ranking.hits}.values())
        places = (each.asked_place(question, documents) for each in (versions, entries, options))
        missed = next((each for each in places if each and not _begins_in(ranking.hits[:READ], *each)), None)
        if not missed:
            return ranking
        document, (start, end) = missed
        only = Filter(doc_ids=document.doc_id)
        alike = self.index.search(document.text[start:end], k=_ALIKE, where=only, deduplicate=False)
        # How near it is to its own text says nothing of the question.
        near = next(hit for hit in ranking.hits if hit.document.doc_id == document.doc_id)
        there = (hit for hit in alike if hit.passage.start < end and start < hit.passage.end)
        first = [replace(hit, score=near.score, scores=near.scores) for hit in there][:1]
        others = (hit for hit in ranking.hits if hit.passage not in [each.passage for each in first])
        return replace(ranking, hits=_ranked([*first, *others]))

    def _in_context(
        self, question: str, history: Sequence[Turn], where: Filter | None, ranking: Ranking, read: Evidence
    ) -> Evidence:
        """What was read for a turn that leans on those before it, or for what it may mean, whichever is surer.

        It may still say all by itself, as far as a pronoun leaves that open.
        """
        about = subject(history)
        pointed, named = subject_terms(question, about), new_terms(question)
        names, rarity = pointed & named_terms(about), ranking.all_terms
        again = asked_again(question, last_asked(history), latest=asks_for_latest(question))
        instead = names_instead(question, about)
        # Beside the name that stands in its place the other one would be found once more.
        joined = [] if again and instead else full_questions(question, about)
        meant = [self.index.read(text, ranking) for text in joined]
        for text in again:
            found = self.index.rank([(text, 1.0)], passages=READ, where=where, most=READ)
            meant.append(self.index.read(text, found))
        asked = [_holding(pointed, names, read, rarity)]
        asked += [_holding(pointed | named, names, each, rarity) for each in meant]
        heads = head_terms(about)
        for text in with_subject(question, about):
            found = self.index.rank([(text, 1.0)], passages=READ, where=where, most=READ)
            of_it = _holding(pointed, names, self.index.read(text, found), rarity)
            asked.append(_said_of(heads, question, of_it))
            if _confidence(asked[-1]) >= SURE:
                break
        asked = [each if each.told or not instead else _on_names(instead, each) for each in asked]
        surest = max(asked, key=lambda each: (each.told, _confidence(each)))
        fresh = named.difference(analyse(about)) or named  # "And the deputy mayor?" is no question for the mayor
        told = _told_before(surest if VERSION.search(question) else _saying(fresh, surest), history)
        return _with_hits(told, read.hits, first=_confidence(told) >= self._least(ranking.settings))


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
    parts: tuple[Part, ...] = (),
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
        parts=parts,
    )


def _ranked(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, 1))


def _cited(found: Iterable[Quote]) -> tuple[Citation, ...]:
    return tuple(
        Citation.of(
            quote.hit,
            quote.span,
            label,
            best=quote.best.span,
            highlights=quote.highlights,
            confidence=quote.best.confidence,
        )
        for label, quote in enumerate(found, 1)
    )


def _beside(question: str, first: Citation) -> list[str]:
    """What has to be said of the first quote: where it stands, what its title says, and that it is of another time."""
    said = (
        versions.whence(question, first.document, first.best[0]),
        entries.whence(question, first.document, (first.start, first.end)),
        said_by_title(question, first.document.title, first.quote),
        of_other_time(first.document, question),
    )
    return [note for note in said if note]


def _surest(citations: Sequence[Citation]) -> float:
    return max((citation.confidence for citation in citations), default=0.0)


def _named(asked: Sequence[Asked]) -> list[frozenset[str]]:
    """The terms that name each part of a question: those that all share only where it has no others.

    A part that is a question by itself is not named.
    """
    terms = [frozenset(query_terms(part.name) if part.name != part.question else ()) for part in asked]
    return [of - of.intersection(*terms) or of for of in terms]


def _naming(named: Sequence[frozenset[str]], each: Sequence[Answer]) -> list[Answer]:
    """The answers to the parts of a question, with those quotes alone that name the part: "Brevik" is no "Asker"."""
    naming = list[Answer]()
    for part, answer in zip(named, each, strict=True):
        quoted = tuple(quote for quote in answer.citations if _names(quote, part))
        naming.append(replace(answer, citations=quoted, answered=bool(quoted)))
    return naming


def _names(citation: Citation, part: frozenset[str]) -> bool:
    return part.issubset(analyse(_said(citation)))


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
    named = (
        Part(name=one.name, question=one.question, labels=tuple(of)) for one, of in zip(asked, labels, strict=True)
    )
    confidence = citations[0].confidence
    return _answer(whole.question, confidence, tuple(citations), _ranked(hits.values()), parts=tuple(named))


def _said(citation: Citation) -> str:
    return "\n".join(filter(None, (citation.document.title, citation.heading, citation.quote)))


def _overlap(one: Citation, other: Citation) -> bool:
    return one.document.doc_id == other.document.doc_id and one.start < other.end and other.start < one.end


def _begins_in(hits: Iterable[Hit], document: Document, span: Span) -> bool:
    """Whether one of the passages holds the beginning of a range."""
    held = (hit.passage for hit in hits if hit.document.doc_id == document.doc_id)
    return any(passage.start <= span[0] < passage.end for passage in held)


def _is_better_spelt(other: Answer, found: Answer, spelt: Mapping[str, str]) -> bool:
    """Whether the answer to other spellings is surer, or it is the same, and what is quoted spells so."""
    if not other.citations:
        return not found.answered and other.confidence > found.confidence  # what comes near is shown, and whence
    first = other.citations[0]
    # Of what was answered nothing else is made for a name, which may well be another's.
    if other.confidence > found.confidence and not (found.answered and any(word[0].isupper() for word in spelt)):
        return True
    if not found.citations or first.passage != found.citations[0].passage:
        return False
    return not set(analyse(" ".join(spelt.values()))).isdisjoint(
        analyse(f"{first.document.title}\n{first.passage.text}")
    )


def _is_called(document: Document, terms: Collection[str]) -> bool:
    return replies.is_named(terms, document, replies.first_line(document))


def _called(read: Evidence, terms: Collection[str], least: float) -> Evidence:
    """What was read for a topic, where an article that is called so is about it at least so surely.

    Of those that are no surer by themselves the ones that name it come first.
    """
    raised = [
        sentence.at_least(least + 1e-6) if _is_called(sentence.hit.document, terms) else sentence
        for sentence in read.sentences
    ]
    raised.sort(key=lambda each: each.confidence < least + 2e-6 and not {*terms}.intersection(analyse(each.text)))
    return replace(read, sentences=raised)


def _of_the_thing(found: Sequence[Quote], topic: str) -> tuple[list[Quote], list[str]]:
    """The quotes, and where "the library" is asked for without those of articles on "Quill, a library for queues".

    What has a name of its own is asked for by that, unless nothing else is there.

    Returns:
        The quotes, and what has to be said of those that were left out.
    """
    apart = [each for each in found if is_one_of(topic, f"{each.hit.document.title}\n{_beginning(each.hit.document)}")]
    if not apart or len(apart) == len(found):
        return list(found), []
    titles = [f"“{each.hit.document.title}”" for each in apart[:_NAMED]]
    titles += [f"{len(apart) - _NAMED} more"] if len(apart) > _NAMED else []
    note = f"Left out, as each is on one by a name of its own: {' and '.join(titles)}."
    return [each for each in found if each not in apart], [note]


def _beginning(document: Document) -> str:
    """The first sentence of an article below its title."""
    text = document.text[:_LONG].removeprefix(f"{document.title}\n").lstrip()
    return text[: sentence_spans(text)[0][1]] if text else ""


def _with_hits(read: Evidence, hits: Sequence[Hit], *, first: bool) -> Evidence:
    """What was read for another wording, with the hits of the turn behind its own, or alone where nothing answers."""
    own = {hit.passage.passage_id for hit in read.hits}
    further = (hit for hit in hits if hit.passage.passage_id not in own)
    return replace(read, hits=_ranked([*read.hits, *further]) if first else tuple(hits))


def _told_before(read: Evidence, history: Sequence[Turn]) -> Evidence:
    """What was read, where a sentence that answered a turn before counts less: it was seen, and more was asked."""
    said = (turn["content"].partition(" [1]")[0] for turn in history if turn["role"] == "assistant")
    told = "\n".join(" ".join(content.split()) for content in said)
    sentences = [
        sentence.less_sure(by=0.5) if " ".join(sentence.text.split()) in told else sentence
        for sentence in read.sentences
    ]
    return replace(read, sentences=sorted(sentences, key=lambda sentence: -sentence.order))


def _holding(terms: frozenset[str], names: frozenset[str], read: Evidence, rarity: Mapping[str, float]) -> Evidence:
    """What was read in passages that speak of the subject; all of it, where that says nothing.

    Half of its terms, and no more than two, must be there; and of its names, as far as any article has them, two fifths
    by their rarity, the inverse document frequency: "Jiangsu" says of what is spoken, "Plan" hardly.
    """
    texts = {sentence.hit.rank: terms_of(sentence.hit) for sentence in read.sentences}
    weights = {name: rarity.get(name, 0.0) for name in names if any(name in text for text in texts.values())}
    least, most_named = min(len(terms) / 2, MOST_REQUIRED), 0.4 * sum(weights.values())
    holding = {
        rank
        for rank, text in texts.items()
        if len(terms & text) >= least and sum(weights[name] for name in weights.keys() & text) >= most_named
    }
    return replace(read, sentences=[sentence for sentence in read.sentences if sentence.hit.rank in holding])


def _said_of(heads: frozenset[str], turn: str, read: Evidence) -> Evidence:
    """What was read for a turn with its subject in the place of a pronoun; only what has words of both is sure.

    "Who sold it?" of the bridge is not answered by who built it, nor by who sold the jetty.
    """
    own = frozenset(query_terms(turn))
    said = [
        each
        for each in read.sentences
        if own.intersection(analyse(each.text)) and heads.intersection(analyse(" ".join(each.leant_on)))
    ]
    others = [each for each in read.sentences if each not in said]
    return replace(_with_doubtful(read, said, others), told=False)


def _on_names(names: frozenset[str], read: Evidence) -> Evidence:
    """What was read without sentences on others than these names, and none that names nobody sure."""
    on = [each for each in read.sentences if names.intersection(analyse(each.with_headings))]
    of_none = [each for each in read.sentences if each not in on and not _NAME.search(" ".join(each.leant_on))]
    return _with_doubtful(read, on, of_none)


def _with_doubtful(read: Evidence, fitting: Sequence[Sentence], doubtful: Sequence[Sentence]) -> Evidence:
    """What was read with these sentences alone, of which the doubtful ones are not sure."""
    sentences = [*fitting, *together_at_most(doubtful, UNSURE)]
    return replace(read, sentences=sorted(sentences, key=lambda each: -each.order))


def _saying(named: frozenset[str], read: Evidence) -> Evidence:
    """What was read without sentences that say nothing of what a turn names, where one that does is nearly as sure."""
    saying = [each for each in read.sentences if named.intersection(analyse(" ".join(each.leant_on)))]
    sure = bool(saying) and saying[0].confidence >= NEARLY_AS_SURE * _confidence(read)
    return replace(read, sentences=saying) if sure else read


def _confidence(read: Evidence) -> float:
    return read.sentences[0].confidence if read.sentences else 0.0


def _lead(hit: Hit) -> Span:
    """The first sentence of an article that is no heading."""
    document, spans = hit.document, hit.passage.sentences
    said = (span for span in spans if document.text[slice(*span)] != document.title and not in_heading(document, span))
    return next(said, spans[0])
