"""Measuring retrieval, quotes and confidence on judged questions, and where answers are lost.

The questions are a file of one's own for the index that is there (`read_own`), or they come with a collection.
A collection is a folder with ``corpus.jsonl`` and ``queries.jsonl`` as in BEIR (``_id`` or ``id``), and the judgements
in ``qrels.tsv`` or ``qrels/test.tsv``. Where it has them, these are used as well: ``spans.jsonl`` (``query_id, doc_id,
start, end``: what answers the question), and in the queries ``answerable`` and ``user_turns`` (up to the question).
"""

from __future__ import annotations

import json
import random
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from pincite.assistant import Assistant
from pincite.datatypes import Answer, Citation, Document, Filter, Hit, Passage, Progress, Span, replace_surrogates
from pincite.errors import PinciteError, UsageError, installing
from pincite.index import Index
from pincite.splitting import sentence_spans

Values = dict[str, float]
"""Measures by name; those with ``#`` in front are facts of one question, whose mean is no measure."""

_FILE = "corpus.jsonl"
_COLLECTION = f"{_FILE}#"
_TOP = 5
"""Passages whose characters are compared with the gold spans, as in the Chroma report on chunking."""

_DEEP = 100

_READ_AT_ONCE = 500
"""Documents whose metadata are looked through at a time."""

OUTCOMES = (
    "not retrieved",
    "wrong quote",
    "wrongly refused",
    "wrongly answered",
    "another quote right",
    "first quote right",
    "rightly refused",
)
"""What can become of a question, the earliest loss first: nothing that is right is among the hits; it is, but no quote
touches it; no answer, though there is one; an answer, though there is none; a quote that touches it, but not the first
of them; the first one does; or no answer, and there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query and what is known of its answer.

    Attributes:
        relevant: by document its grade; from 1 it is relevant.
        spans: by document the ranges that answer it; None where the collection has none for any question.
        answerable: whether the corpus answers it, or None where that is not said.
        earlier: the user's turns before it.
        within: what the index puts before the names of documents that stand here.
        without: ids, in the index, of documents that may not be found.
    """

    query_id: str
    text: str
    relevant: dict[str, int] = field(default_factory=dict)
    spans: dict[str, list[Span]] | None = None
    answerable: bool | None = None
    earlier: tuple[str, ...] = ()
    within: str = _COLLECTION
    without: frozenset[str] = frozenset()

    @property
    def gold(self) -> list[_Place]:
        """The places that answer it."""
        return [(name, *span) for name, ranges in (self.spans or {}).items() for span in ranges]

    @property
    def documents(self) -> list[str]:
        """The documents that answer it, or are relevant where no place is known."""
        return list(self.spans or [name for name, grade in self.relevant.items() if grade > 0])

    @property
    def has_answer(self) -> bool | None:
        """Whether the index answers it, as is said or else by what is known to be right; None if neither is known."""
        return self.answerable if self.answerable is not None or not self.documents else True

    def name_of(self, doc_id: str) -> str:
        """What is judged here by this name is indexed as ``doc_id``."""
        return doc_id.removeprefix(self.within)


_Place = tuple[str, int, int]


def check_extra() -> None:
    """Measuring needs an extra; to be asked before anything that takes long.

    Raises:
        PinciteError: it is not installed.
    """
    try:
        import ir_measures  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise PinciteError(f"evaluate: needs ir_measures; run {installing('pincite[evaluation]')}") from error


def read_questions(folder: Path) -> list[Question]:
    """The questions of a collection, with their judgements.

    Raises:
        UsageError: the folder is not a collection.
    """
    for name in (_FILE, "queries.jsonl"):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name}: missing; a collection has corpus.jsonl, queries.jsonl and qrels")
    relevant, spans = _relevant(folder), _spans(folder)
    questions = []
    for line in _lines(folder / "queries.jsonl"):
        query_id = str(line.get("_id", line.get("id")))
        if query_id in relevant or line.get("answerable") is False:
            questions.append(
                Question(
                    query_id=query_id,
                    text=line["text"],
                    relevant=relevant.get(query_id, {}),
                    spans=None if spans is None else spans.get(query_id, {}),
                    answerable=line.get("answerable"),
                    earlier=tuple(line.get("user_turns") or ())[:-1],
                )
            )
    return questions


def _lines(path: Path) -> Iterable[_Line]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    found = json.loads(line)
                except ValueError as error:
                    raise UsageError(f"{path}:{number}: not JSON ({error}); write one object a line") from error
                if not isinstance(found, dict):
                    raise UsageError(f"{path}:{number}: not an object; write one a line, in braces")
                yield _Line(found, place=f"{path}:{number}")


class _Line(dict[str, Any]):
    """An object of a ``.jsonl`` that names its place when a key is missing."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        super().__init__(values)
        self.place = place

    def __missing__(self, key: str) -> NoReturn:
        raise UsageError(f"{self.place}: no {key!r}; it has {', '.join(self) or 'nothing'}")


def _relevant(folder: Path) -> dict[str, dict[str, int]]:
    path = next((p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.is_file()), None)
    if path is None:
        raise UsageError(f"{folder}: neither qrels.tsv nor qrels/test.tsv; a collection has one of them")
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split("\t")
        if len(cells) == 3 and re.fullmatch(r"-?\d+", cells[2]):
            relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
        elif number > 1 and line.strip():
            raise UsageError(f"{path}:{number}: {line!r} is not query id, document id and grade, with tabs between")
    return relevant


def _spans(folder: Path) -> dict[str, dict[str, list[Span]]] | None:
    if not (folder / "spans.jsonl").is_file():
        return None
    spans: dict[str, dict[str, list[Span]]] = {}
    for line in _lines(folder / "spans.jsonl"):
        of_query = spans.setdefault(str(line["query_id"]), {})
        of_query.setdefault(str(line["doc_id"]), []).append((line["start"], line["end"]))
    return spans


def index_collection(
    folder: Path, index: Index, place: Path, progress: Callable[[Progress], None] | None = None
) -> None:
    """Bring an index up to date with a collection's corpus; what was indexed before is kept.

    Args:
        folder: the collection.
        index: where its corpus is indexed.
        place: a folder for a copy of the corpus alone, beside which the questions do not lie.
        progress: as for `Index.update`.
    """
    place.mkdir(parents=True, exist_ok=True)
    content = (folder / _FILE).read_bytes()
    if not (place / _FILE).is_file() or (place / _FILE).read_bytes() != content:
        (place / _FILE).write_bytes(content)
    index.update(place, progress=progress)


# ---------------------------------------------------------------- questions of one's own


def read_own(path: Path, index: Index) -> list[Question]:
    """Judged questions for an index that is there, from a file with one object a line.

    An object has ``question`` and what is right: ``quote``, ``doc_id`` (of each one or several) or ``answerable``
    false; if wanted ``history``, the user's turns before it, and ``id``, which is otherwise the question.

    Raises:
        PinciteError: a line is no such object, or what it calls right does not stand in the index.
    """
    questions: dict[str, Question] = {}
    try:
        for line in _lines(path):
            question = _own(line, index)
            if question.query_id in questions:
                raise UsageError(f"{line.place}: a second {shortened(question.query_id)}; give each an 'id' of its own")
            questions[question.query_id] = question
    except UsageError as error:
        raise PinciteError(str(error)) from error  # the file is wrong, not how it was named
    if not questions:
        raise PinciteError(f'{path}: no questions; write {{"question": ..., "quote": ...}}, one a line')
    return list(questions.values())


def _own(line: _Line, index: Index) -> Question:
    asked, quotes, named, ids = (_strings(line, name) for name in ("question", "quote", "doc_id", "id"))
    answerable = line.get("answerable")
    if len(asked) != 1 or len(ids) > 1 or not isinstance(answerable, bool | None):
        raise UsageError(f"{line.place}: give one 'question', at most one 'id', and 'answerable' as true or false")
    if not quotes and not named and answerable is not False:
        raise UsageError(f"{line.place}: nothing says what is right; add 'quote', 'doc_id' or \"answerable\": false")
    if quotes and answerable is False:
        raise UsageError(f"{line.place}: has a quote and is not answerable; take one of them away")
    spans = _found(line, index, asked[0], quotes, named)
    return Question(
        query_id=(ids or asked)[0],
        text=asked[0],
        relevant=dict.fromkeys(named or spans, 1),
        spans=spans if quotes or answerable is False else None,
        answerable=answerable is not False,
        earlier=_strings(line, "history"),
        within="",
    )


def _strings(line: _Line, name: str) -> tuple[str, ...]:
    value = line.get(name)
    values = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each.strip() for each in values):
        raise UsageError(f"{line.place}: {name!r} is {json.dumps(value)}; give a string with something in it")
    return tuple(replace_surrogates(each) for each in values)


def _found(
    line: _Line, index: Index, question: str, quotes: Sequence[str], named: Sequence[str]
) -> dict[str, list[Span]]:
    """Where the quotes stand, by document: everywhere in those that are named, or that a search brings."""
    documents = index.documents(named or _near(index, question, quotes))
    if missing := [each for each in named if each not in documents]:
        raise UsageError(f"{line.place}: no document {missing[0]!r} in the index; `pincite search` prints their ids")
    spans: dict[str, list[Span]] = {}
    for quote in quotes:
        places = {doc_id: ranges for doc_id, each in documents.items() if (ranges := _ranges(each.text, quote))}
        if not places:
            where = "in that document" if named else "in the documents that a search brings"
            mend = "correct the quote" if named else "correct it, or name its 'doc_id'"
            raise UsageError(f"{line.place}: the quote “{shortened(quote)}” stands nowhere {where}; {mend}")
        for doc_id, ranges in places.items():
            spans.setdefault(doc_id, []).extend(ranges)
    return spans


def _near(index: Index, question: str, quotes: Sequence[str]) -> list[str]:
    if not quotes:
        return []
    hits = [hit for text in (*quotes, question) for hit in index.search(text, k=_DEEP, fold=False)]
    return list(dict.fromkeys(hit.document.doc_id for hit in hits))


def _ranges(text: str, quote: str) -> list[Span]:
    """Where a quote stands: to the letter, or else with other white space."""
    loose = r"\s+".join(map(re.escape, quote.split()))
    exact = [found.span() for found in re.finditer(re.escape(quote), text)]
    return exact or [found.span() for found in re.finditer(loose, text)]


def shortened(text: str, most: int = 100) -> str:
    """A text in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


# ---------------------------------------------------------------- left out


def left_out(questions: Sequence[Question], index: Index) -> list[Question]:
    """The questions once more, as ones that the index does not answer, since what answers them may not be found.

    Left out are a question's documents, and all whose metadata have the same ``article`` as one of them.
    """
    article = _articles(index)
    together: dict[str, set[str]] = {}
    for doc_id, name in article.items():
        together.setdefault(name, set()).add(doc_id)
    made = []
    for question in questions:
        if question.has_answer and question.documents:
            relevant = [name for name, grade in question.relevant.items() if grade > 0]
            ids = {f"{question.within}{name}" for name in (*relevant, *question.documents)}
            ids |= {other for each in ids & article.keys() for other in together[article[each]]}
            made.append(_as_left_out(question, frozenset(ids)))
    return made


def _as_left_out(question: Question, ids: frozenset[str]) -> Question:
    name = f"{question.query_id} (left out)"
    return replace(question, query_id=name, relevant={}, spans=None, answerable=False, without=ids)


def _articles(index: Index) -> dict[str, str]:
    """What the metadata of documents name as their article, by document; read in parts, since they may be many."""
    ids = _ids(index)
    found = {}
    for start in range(0, len(ids), _READ_AT_ONCE):
        for doc_id, document in index.documents(ids[start : start + _READ_AT_ONCE]).items():
            if document.metadata.get("article") is not None:
                found[doc_id] = str(document.metadata["article"])
    return found


def _ids(index: Index) -> list[str]:
    return list(index.titles(index.status().documents))


# ---------------------------------------------------------------- measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of a document, with the label under which it was quoted; None for what is not known."""

    doc_id: str
    quote: str | None = None
    label: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a question.

    Attributes:
        outcome: one of `OUTCOMES`.
        rank: of the first hit that holds something right, from 1; None where there is none.
        quoted: what the answer quotes.
        right: what it should quote.
    """

    id: str
    question: str
    history: tuple[str, ...]
    outcome: str
    rank: int | None
    confidence: float
    quoted: tuple[Text, ...]
    right: tuple[Text, ...]


def evaluate(
    questions: Sequence[Question],
    assistant: Assistant,
    *,
    history: bool = True,
    done: Callable[[Outcome | None], object] = lambda _: None,
) -> dict[str, Values]:
    """The measures of each question that its judgements allow, by query id; `means` sums them up.

    A copy that was folded counts as found for its document, but not as a quote of it.

    Args:
        questions: those of one collection.
        assistant: answers them, from an index of that collection.
        history: ask with the turns before each question, where it has some.
        done: called after each question, with what became of it, or None where nothing says what is right.
    """
    ids = _ids(assistant.index) if any(question.without for question in questions) else []
    each: dict[str, Values] = {}
    for question in questions:
        turns = [{"role": "user", "content": turn} for turn in question.earlier] if history else []
        where = Filter(doc_ids=[name for name in ids if name not in question.without]) if question.without else None
        answer = assistant.ask(question.text, history=turns, where=where)
        gold = assistant.index.documents([f"{question.within}{name}" for name in question.documents])
        by_name = {question.name_of(doc_id): document for doc_id, document in gold.items()}
        each[question.query_id] = _measure(question, answer, by_name)
        done(_outcome(question, answer, by_name))
    return each


def _measure(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Values:
    values = {"#confidence": answer.confidence, "#answered": float(answer.answered)}
    if question.has_answer is not None:
        values["#answerable"] = float(question.has_answer)
    if any(grade > 0 for grade in question.relevant.values()):
        values |= _ranking(question, answer.hits)
    if question.spans is not None:
        best = [hit.passage for hit in answer.hits[:_TOP]]
        values |= characters(question.spans, best, question.within) | _quoted(question, answer, gold)
    return values


def kinds(each: Collection[Values]) -> dict[str, int]:
    """How many questions have an answer, have none, or do not say."""
    counts = Counter(values.get("#answerable") for values in each)
    return {"answerable": counts[1.0], "unanswerable": counts[0.0], "unlabelled": counts[None]}


def means(each: Collection[Values]) -> Values:
    """The means over the questions; for the F1 of words and for refusals, the value over all of them at once."""
    names = dict.fromkeys(name for values in each for name in values if not name.startswith("#"))
    return {name: _mean([v[name] for v in each if name in v]) for name in names} | _words_f1(each) | _refusals(each)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def compare(old: Mapping[str, Values], new: Mapping[str, Values], *, resamples: int = 1000) -> dict[str, Values]:
    """What changed between two evaluations, over the questions that both have, by the paired bootstrap.

    Turns of one conversation are drawn as if they were independent.

    Args:
        old: what `evaluate` returned before.
        new: what it returned after.
        resamples: how often the questions are drawn anew.

    Returns:
        By measure ``old``, ``new``, and ``low`` and ``high``: the middle 95 % of the differences.

    Raises:
        UsageError: no question is in both.
    """
    shared = sorted(old.keys() & new.keys())
    if not shared:
        raise UsageError("nothing to compare: the two evaluations have no question in common")
    before, after = [old[name] for name in shared], [new[name] for name in shared]
    generator = random.Random(0)
    draws = [generator.choices(range(len(shared)), k=len(shared)) for _ in range(resamples)]
    differences = [_difference(means([before[i] for i in d]), means([after[i] for i in d])) for d in draws]
    first, second = means(before), means(after)
    return {
        name: {"old": first[name], "new": second[name], **_interval([d[name] for d in differences if name in d])}
        for name in first
        if name in second
    }


def _difference(old: Values, new: Values) -> Values:
    return {name: new[name] - value for name, value in old.items() if name in new}


def _interval(values: list[float]) -> Values:
    ordered = sorted(values) or [0.0]
    return {"low": ordered[int(0.025 * len(ordered))], "high": ordered[int(0.975 * len(ordered))]}


def name_of(doc_id: str) -> str:
    """What the collection calls a document that is indexed by this id."""
    return doc_id.partition("#")[2]


def _ranking(question: Question, hits: Sequence[Hit]) -> Values:
    import ir_measures
    from ir_measures import RR, R, nDCG

    scores: dict[str, float] = {}
    for hit in hits:
        for doc_id in (hit.document.doc_id, *(copy.doc_id for copy in hit.copies)):
            scores.setdefault(question.name_of(doc_id), -hit.rank)
    measures = [nDCG @ 10, R @ 5, R @ _DEEP, RR @ 10]
    qrels, run = {question.query_id: question.relevant}, {question.query_id: scores}
    found = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(found[measure]) for measure in measures}


def characters(spans: Mapping[str, Sequence[Span]], passages: Sequence[Passage], within: str = _COLLECTION) -> Values:
    """Recall, precision and IoU of the characters of the best five passages; nothing where no span is known.

    As in "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024): what is retrieved twice counts twice in the
    retrieved length, and passages of other documents count too.
    """
    gold = {(doc_id, place) for doc_id, ranges in spans.items() for span in ranges for place in range(*span)}
    if not gold:
        return {}
    found = {(each.doc_id.removeprefix(within), place) for each in passages for place in range(each.start, each.end)}
    retrieved = sum(each.end - each.start for each in passages)
    shared = len(gold & found)
    union = retrieved + len(gold) - shared
    return {"span R@5": shared / len(gold), "span P@5": shared / max(retrieved, 1), "span IoU@5": shared / union}


def _quoted(question: Question, answer: Answer, documents: Mapping[str, Document]) -> Values:
    """Whether citations touch a gold span, and the counts for the F1 of words."""
    gold = question.gold
    names = [question.name_of(each.document.doc_id) for each in answer.citations]
    quotes = [(name, each.start, each.end) for name, each in zip(names, answer.citations, strict=True)]
    best = [(name, *each.best) for name, each in zip(names, answer.citations, strict=True)]
    texts = dict(documents) | {name: each.document for name, each in zip(names, answer.citations, strict=True)}
    wanted = _words(texts, {_whole(span, documents[span[0]]) for span in gold if span[0] in documents})
    said = _words(texts, quotes)
    places = {"first citation": quotes[:1], "first sentence": best[:1], "quotes hold": quotes}
    values: Values = {name: float(_any_touch(each, gold)) for name, each in places.items()} if gold else {}
    return values | {"#shared": len(wanted & said), "#wanted": len(wanted), "#said": len(said)}


def _touch(one: _Place, other: _Place) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _any_touch(places: Iterable[_Place], gold: Collection[_Place]) -> bool:
    return any(_touch(place, each) for place in places for each in gold)


def _whole(span: _Place, document: Document) -> _Place:
    """The sentences that hold a span which is shorter than one of them, otherwise the span."""
    name, start, end = span
    holding = [s for s in sentence_spans(document.text, document.headings) if s[0] < end and start < s[1]]
    if not any(end - start < s[1] - s[0] for s in holding):
        return span
    return name, min(start, holding[0][0]), max(end, holding[-1][1])


def _words(texts: Mapping[str, Document], places: Iterable[_Place]) -> set[tuple[str, int]]:
    """The words, runs without white space, that the places touch."""
    return {
        (name, word.start())
        for name, start, end in places
        for word in re.finditer(r"\S+", texts[name].text)
        if word.start() < end and start < word.end()
    }


def _words_f1(each: Collection[Values]) -> Values:
    """The micro F1 of the words that the quotes share with the gold, questions without an answer included."""
    shared, wanted, said = (sum(v.get(name, 0.0) for v in each) for name in ("#shared", "#wanted", "#said"))
    return {"word F1": 2 * shared / (wanted + said)} if wanted else {}


def _refusals(each: Collection[Values]) -> Values:
    """AUROC of the confidence, accuracy of answering or not, shares of false refusals and false answers."""
    labelled = [values for values in each if "#answerable" in values]
    right = [values["#confidence"] for values in labelled if values["#answerable"]]
    wrong = [values["#confidence"] for values in labelled if not values["#answerable"]]
    found: Values = {}
    if right and wrong:
        found["AUROC"] = auroc(right, wrong)
        found["accuracy"] = _mean([float(values["#answerable"] == values["#answered"]) for values in labelled])
    if right:
        found["false refusals"] = _mean([1 - values["#answered"] for values in labelled if values["#answerable"]])
    if wrong:
        found["false answers"] = _mean([values["#answered"] for values in labelled if not values["#answerable"]])
    return found


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """The share of pairs in which the right one's value is higher, ties by half (Mann-Whitney); neither is empty."""
    below = sorted(wrong)
    won = sum(bisect_left(below, value) + bisect_right(below, value) for value in right) / 2
    return won / len(right) / len(wrong)


# ---------------------------------------------------------------- losses


def _outcome(question: Question, answer: Answer, gold: Mapping[str, Document]) -> Outcome | None:
    """What became of a question; None where nothing says what is right."""
    if question.has_answer is None or (question.has_answer and not question.documents):
        return None
    rank = next((hit.rank for hit in answer.hits if _holds(question, hit)), None)
    quoted = [Text(doc_id=each.document.doc_id, quote=each.quote, label=each.label) for each in answer.citations]
    return Outcome(
        id=question.query_id,
        question=question.text,
        history=question.earlier,
        outcome=_verdict(question, answer, rank),
        rank=rank,
        confidence=answer.confidence,
        quoted=tuple(quoted),
        right=tuple(_right(question, gold)) if question.has_answer else (),
    )


def _verdict(question: Question, answer: Answer, rank: int | None) -> str:
    if not question.has_answer:
        return "wrongly answered" if answer.answered else "rightly refused"
    if rank is None:
        return "not retrieved"
    if not answer.answered:
        return "wrongly refused"
    right = [_is_right(question, each) for each in answer.citations]
    return "first quote right" if right[0] else "another quote right" if any(right) else "wrong quote"


def _holds(question: Question, hit: Hit) -> bool:
    return any(_is_gold(question, each.doc_id, each.start, each.end) for each in (hit.passage, *hit.copies))


def _is_right(question: Question, citation: Citation) -> bool:
    return _is_gold(question, citation.document.doc_id, citation.start, citation.end)


def _is_gold(question: Question, doc_id: str, start: int, end: int) -> bool:
    """Whether a range touches a place that answers, or is of a relevant document where no place is known."""
    name = question.name_of(doc_id)
    return _any_touch([(name, start, end)], question.gold) if question.spans else name in question.documents


def _right(question: Question, gold: Mapping[str, Document]) -> Iterable[Text]:
    for name in question.documents:
        doc_id = f"{question.within}{name}"
        spans = (question.spans or {}).get(name, []) if name in gold else []
        yield from (Text(doc_id=doc_id, quote=gold[name].text[start:end]) for start, end in spans)
        if not spans:
            yield Text(doc_id=doc_id)


def worst(outcomes: Sequence[Outcome], each: Mapping[str, Values], n: int) -> list[Outcome]:
    """The ``n`` questions that came out worst: those that were lost, the earliest loss first, then by nDCG@10."""
    return sorted(outcomes, key=lambda o: (OUTCOMES.index(o.outcome), each[o.id].get("nDCG@10", 1.0)))[:n]
