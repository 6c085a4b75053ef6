"""Judged questions: of one's own for the index that is there (`read_own`), or those that come with a collection.

A collection is a folder with ``corpus.jsonl`` and ``queries.jsonl`` as in BEIR (``_id`` or ``id``), and the judgements
in ``qrels.tsv`` or ``qrels/test.tsv``. Where it has them, these are used as well: ``spans.jsonl`` (``query_id, doc_id,
start, end``: what answers the question), and in the queries ``answerable`` and ``user_turns`` (up to the question).
"""

from __future__ import annotations

import filecmp
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from pincite.datatypes import Document, Filter, Progress, Span, replace_surrogates, shortened
from pincite.errors import PinciteError, UsageError
from pincite.index import Index

COLLECTION = "corpus.jsonl#"
"""What an index puts before a collection's own names of its documents."""

_DEEP = 100  # hits of a search in which a quote is looked for
_READ_AT_ONCE = 500  # documents whose metadata are looked through at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query and what is known of its answer; documents by their ids in the index.

    Attributes:
        relevant: by document its grade; from 1 it is relevant.
        spans: by document the ranges that answer it; None where the collection has none for any question.
        answerable: whether the corpus answers it, or None where that is not said.
        earlier: the user's turns before it.
        without: documents that may not be found.
        where: which documents may be found.
        wrong: of each quote that was judged wrong, by document the ranges where it stands.
    """

    query_id: str
    text: str
    relevant: dict[str, int] = field(default_factory=dict)
    spans: dict[str, list[Span]] | None = None
    answerable: bool | None = None
    earlier: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    where: Filter | None = None
    wrong: tuple[dict[str, list[Span]], ...] = ()

    @property
    def documents(self) -> list[str]:
        """The documents that answer it, or are relevant where no place is known."""
        return list(self.spans or [doc_id for doc_id, grade in self.relevant.items() if grade > 0])

    @property
    def has_answer(self) -> bool | None:
        """Whether the index answers it, as is said or else by what is known to be right; None if neither is known."""
        return self.answerable if self.answerable is not None or not self.documents else True

    def is_right(self, doc_id: str, start: int, end: int) -> bool:
        """Whether a range touches a place that answers, or is of a relevant document where no place is known."""
        return _touches(self.spans, doc_id, start, end) if self.spans else doc_id in self.documents

    def are_wrong(self, doc_id: str, start: int, end: int) -> set[int]:
        """Which of the quotes that were judged wrong a range touches; none where it touches what is right as well."""
        touched = {number for number, places in enumerate(self.wrong) if _touches(places, doc_id, start, end)}
        return set() if self.is_right(doc_id, start, end) else touched


def _touches(places: dict[str, list[Span]], doc_id: str, start: int, end: int) -> bool:
    return any(a < end and start < b for a, b in places.get(doc_id, ()))


class Line(dict[str, Any]):
    """An object of a ``.jsonl`` that names its place when a key is missing."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        super().__init__(values)
        self.place = place

    def __missing__(self, key: str) -> NoReturn:
        raise UsageError(f"{self.place}: no {key!r}; it has {', '.join(self) or 'nothing'}")

    def strings(self, key: str) -> tuple[str, ...]:
        """What it has under a key: none, one or several strings.

        Raises:
            UsageError: it has something else there, or an empty string.
        """
        value = self.get(key)
        values = [] if value is None else value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each.strip() for each in values):
            raise UsageError(f"{self.place}: {key!r} is {json.dumps(value)}; give a string with something in it")
        return tuple(replace_surrogates(each) for each in values)


def lines_of(path: Path) -> Iterable[Line]:
    """The objects of a ``.jsonl``.

    Raises:
        UsageError: a line is none.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    found = json.loads(line)
                except ValueError as error:
                    raise UsageError(f"{path}:{number}: not JSON ({error}); write one object a line") from error
                if not isinstance(found, dict):
                    raise UsageError(f"{path}:{number}: not an object; write one a line, in braces")
                yield Line(found, place=f"{path}:{number}")


# ---------------------------------------------------------------- a collection


def read_questions(folder: Path) -> list[Question]:
    """The questions of a collection, with their judgements.

    Raises:
        UsageError: the folder is not a collection.
    """
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name}: missing; a collection has corpus.jsonl, queries.jsonl and qrels")
    relevant, spans = _relevant(folder), _spans(folder)
    questions = []
    for line in lines_of(folder / "queries.jsonl"):
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


def _relevant(folder: Path) -> dict[str, dict[str, int]]:
    path = next((p for p in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if p.is_file()), None)
    if path is None:
        raise UsageError(f"{folder}: neither qrels.tsv nor qrels/test.tsv; a collection has one of them")
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split("\t")
        if len(cells) == 3 and re.fullmatch(r"-?\d+", cells[2]):
            relevant.setdefault(cells[0], {})[COLLECTION + cells[1]] = int(cells[2])
        elif number > 1 and line.strip():
            raise UsageError(f"{path}:{number}: {line!r} is not query id, document id and grade, with tabs between")
    return relevant


def _spans(folder: Path) -> dict[str, dict[str, list[Span]]] | None:
    if not (folder / "spans.jsonl").is_file():
        return None
    spans: dict[str, dict[str, list[Span]]] = {}
    for line in lines_of(folder / "spans.jsonl"):
        of_query = spans.setdefault(str(line["query_id"]), {})
        of_query.setdefault(f"{COLLECTION}{line['doc_id']}", []).append((line["start"], line["end"]))
    return spans


def index_collection(
    folder: Path, index: Index, place: Path, progress: Callable[[Progress], None] | None = None
) -> None:
    """Bring an index up to date with a collection's corpus; what was indexed before is kept.

    The corpus alone is copied to ``place``, a folder in which the questions do not lie.
    """
    place.mkdir(parents=True, exist_ok=True)
    corpus, copy = folder / "corpus.jsonl", place / "corpus.jsonl"
    if not copy.is_file() or not filecmp.cmp(corpus, copy, shallow=False):
        shutil.copyfile(corpus, copy)
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
        for line in lines_of(path):
            question = _own(line, index)
            if question.query_id in questions:
                raise UsageError(f"{line.place}: a second {shortened(question.query_id)}; give each an 'id' of its own")
            questions[question.query_id] = question
    except UsageError as error:
        raise PinciteError(str(error)) from error  # the file is wrong, not how it was named
    if not questions:
        raise PinciteError(f'{path}: no questions; write {{"question": ..., "quote": ...}}, one a line')
    return list(questions.values())


def _own(line: Line, index: Index) -> Question:
    asked, quotes, named, ids = map(line.strings, ("question", "quote", "doc_id", "id"))
    answerable = line.get("answerable")
    if len(asked) != 1 or len(ids) > 1 or not isinstance(answerable, bool | None):
        raise UsageError(f"{line.place}: give one 'question', at most one 'id', and 'answerable' as true or false")
    if not quotes and not named and answerable is not False:
        raise UsageError(f"{line.place}: nothing says what is right; add 'quote', 'doc_id' or \"answerable\": false")
    if quotes and answerable is False:
        raise UsageError(f"{line.place}: has a quote and is not answerable; take one of them away")
    spans = _spans_of_quotes(line, index, asked[0], quotes, named)
    return Question(
        query_id=(ids or asked)[0],
        text=asked[0],
        relevant=dict.fromkeys(named or spans, 1),
        spans=spans if quotes or answerable is False else None,
        answerable=answerable is not False,
        earlier=line.strings("history"),
    )


def _spans_of_quotes(
    line: Line, index: Index, question: str, quotes: Sequence[str], named: Sequence[str]
) -> dict[str, list[Span]]:
    """Where the quotes stand, by document: everywhere in those that are named, or that a search brings."""
    documents = index.documents(named or _near(index, question, quotes))
    if missing := [each for each in named if each not in documents]:
        raise UsageError(f"{line.place}: no document {missing[0]!r} in the index; `pincite search` prints their ids")
    spans = defaultdict[str, list[Span]](list)
    for quote in quotes:
        places = _places(documents, quote)
        if not places:
            where = "in that document" if named else "in the documents that a search brings"
            mend = "correct the quote" if named else "correct it, or name its 'doc_id'"
            raise UsageError(f"{line.place}: the quote “{shortened(quote)}” stands nowhere {where}; {mend}")
        for doc_id, ranges in places.items():
            spans[doc_id] += ranges
    return dict(spans)


def places_of(quote: str, index: Index, question: str, doc_id: str) -> dict[str, list[Span]]:
    """Where a quote of a document stands, by document: in that one and in those that a search brings."""
    return _places(index.documents({doc_id, *_near(index, question, [quote])}), quote)


def _near(index: Index, question: str, quotes: Sequence[str]) -> set[str]:
    texts = [*quotes, question] if quotes else []
    return {hit.document.doc_id for text in texts for hit in index.search(text, k=_DEEP, deduplicate=False)}


def _places(documents: Mapping[str, Document], quote: str) -> dict[str, list[Span]]:
    """Where a quote stands, by document: to the letter, or else with other white space."""
    exact, loose = re.escape(quote), r"\s+".join(map(re.escape, quote.split()))

    def spans(pattern: str, text: str) -> list[Span]:
        return [found.span() for found in re.finditer(pattern, text)]

    found = {name: spans(exact, each.text) or spans(loose, each.text) for name, each in documents.items()}
    return {doc_id: ranges for doc_id, ranges in found.items() if ranges}


# ---------------------------------------------------------------- left out


def left_out(questions: Sequence[Question], index: Index) -> list[Question]:
    """The questions once more, as ones that the index does not answer, since what answers them may not be found.

    Left out are a question's documents, and all whose metadata have the same ``article`` as one of them. One that was
    asked of some of the articles only is not asked again.
    """
    article = _articles(index)
    made = []
    for question in questions:
        if question.has_answer and question.documents and question.where is None:
            ids = {doc_id for doc_id, grade in question.relevant.items() if grade > 0} | {*question.documents}
            names = {article[doc_id] for doc_id in ids & article.keys()}
            ids |= {doc_id for doc_id, name in article.items() if name in names}
            bare = replace(question, relevant={}, spans=None, wrong=(), answerable=False, without=frozenset(ids))
            made.append(replace(bare, query_id=f"{question.query_id} (left out)"))
    return made


def _articles(index: Index) -> dict[str, str]:
    """What the metadata of documents name as their article, by document; read in parts, since they may be many."""
    ids = [each.doc_id for each in index.listed()]
    return {
        doc_id: str(document.metadata["article"])
        for start in range(0, len(ids), _READ_AT_ONCE)
        for doc_id, document in index.documents(ids[start : start + _READ_AT_ONCE]).items()
        if document.metadata.get("article") is not None
    }
