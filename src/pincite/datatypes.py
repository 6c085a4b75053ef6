"""The words of Pincite: documents, passages, hits, citations, answers.

All are frozen. Offsets are Python string indices (code points), the end exclusive.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pincite import names
from pincite.errors import FilterError, UsageError

Span = tuple[int, int]
"""A range of characters: start, end (exclusive)."""

OCR_PAGES = "ocr_pages"
"""In a document's metadata: the numbers of its pages, from 1, that were read by OCR."""

_DATE = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?")


def parse_date(value: str) -> tuple[int, int] | None:
    """The first and last day that ``YYYY[-MM[-DD]]`` may mean, as integers ``YYYYMMDD``; None of what is no such date.

    A month is taken to end on its 31st, which compares rightly whatever its length.
    """
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = found.groups()
    if int(day or 1) > monthrange(int(year) or 1, int(month or 1))[1]:
        return None
    return int(year + (month or "01") + (day or "01")), int(year + (month or "12") + (day or "31"))


class Table(NamedTuple):
    """A table in a text: the range of the rows that name its columns, and that of the rows below them."""

    header: Span
    body: Span


def tables_of(packed: Iterable[Iterable[Sequence[int]]]) -> tuple[Table, ...]:
    """Tables again that were lists in JSON."""
    return tuple(Table(*((start, end) for start, end in table)) for table in packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One article: its text and what the file says of it.

    Attributes:
        doc_id: path relative to the corpus folder, ``/`` between parts; for a line of a ``.jsonl`` file that path,
            ``#`` and the line's own id.
        title: the file's title, or its name where it has none (``title_is_name``).
        text: plain text; every offset of a passage or citation counts in it.
        url, source, author: as the file says, or None.
        date: ``YYYY[-MM[-DD]]`` or None.
        metadata: what else the file says of itself; values as in JSON.
        headings: ranges of the heading lines in ``text``.
        tables: those whose columns have names, in order.
        page_starts: offset at which each page begins; empty for a text without pages.
        title_is_name: the title is only the file's name: shown, never embedded, so that a renamed file is not
            embedded again.
        digest: SHA-256 of ``text`` in UTF-8, in hexadecimal; made where it is not given.
    """

    doc_id: str
    title: str
    text: str
    url: str | None = None
    source: str | None = None
    author: str | None = None
    date: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    headings: tuple[Span, ...] = ()
    tables: tuple[Table, ...] = ()
    page_starts: tuple[int, ...] = ()
    title_is_name: bool = False
    digest: str = ""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.text.encode()).hexdigest())

    @property
    def authors(self) -> tuple[str, ...]:
        """The people that ``author`` names, each as ``Ane Holt``."""
        return names.split(self.author) if self.author else ()

    def page_at(self, at: int) -> int | None:
        """The page, from 1, on which the character at this place stands; None in a text without pages."""
        return max(1, bisect_right(self.page_starts, at)) if self.page_starts else None

    def is_by_ocr(self, start: int, end: int) -> bool:
        """Whether something of this range was read by OCR, which may misread letters."""
        first, last = self.page_at(start) or 1, self.page_at(max(start, end - 1)) or 0
        return any(page in self.metadata.get(OCR_PAGES, ()) for page in range(first, last + 1))

    def columns_at(self, at: int) -> str | None:
        """The names of the columns of the row at this place, as they stand above the table; None outside of tables."""
        found = bisect_right(self.tables, at, key=lambda table: table.body[0]) - 1
        if found < 0 or at >= self.tables[found].body[1]:
            return None
        return self.text[slice(*self.tables[found].header)]

    def around(self, at: int, most: int = 1000) -> Span:
        """The range of whole words up to ``most`` characters before and after a place in the text.

        Raises:
            UsageError: there is no such place.
        """
        length = len(self.text)
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < length:
            raise UsageError(f"around={at!r}: {self.doc_id} has {count(length, 'character')}; give 0 to {length - 1}")
        start, end = max(0, at - most), min(length, at + most)
        if start and (gap := re.search(r"\s", self.text[start:at])):
            start += gap.end()
        if end < length and len(words := self.text[at:end].rsplit(maxsplit=1)) > 1:
            end = at + len(words[0])
        return start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document without its text, as it is listed; the attributes are those of `Document`."""

    doc_id: str
    title: str
    source: str | None
    author: str | None
    date: str | None
    url: str | None
    digest: str


def passage_id(doc_id: str, digest: str, start: int) -> str:
    """The id of the passage that begins at ``start`` of a document whose text has this digest."""
    return f"{doc_id}@{digest[:16]}:{start}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of whole sentences of one document; ``document.text[start:end] == text``, always.

    Attributes:
        passage_id: made of doc_id, text digest and start, so that it is the same in every store.
        heading: the heading line that the passage stands under, or None.
        columns: the names of the columns, where it begins among the rows of a table below them, or None.
        page: the page it begins on, from 1; None for a text without pages.
        sentences: the ranges of its sentences in the document's text.
    """

    passage_id: str
    doc_id: str
    text: str
    start: int
    end: int
    heading: str | None = None
    columns: str | None = None
    page: int | None = None
    sentences: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found for a question.

    Attributes:
        score: the fused score, 0 to 1; comparable within one search only.
        rank: from 1.
        scores: its parts: ``dense`` (the cosine, -1 to 1) and ``lexical`` (BM25, from 0), and for a passage that
            was read ``read``, the confidence of its surest sentence, 0 to 1.
        duplicates: passages of nearly the same text that this one stands for.
    """

    passage: Passage
    document: Document
    score: float
    rank: int
    scores: Mapping[str, float]
    duplicates: tuple[Passage, ...] = ()

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from pincite.web import export

        return export.notebook(export.html_hit(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A verbatim quote and its place; ``document.text[start:end] == quote``, always.

    Attributes:
        label: the number that stands behind the quote in the answer, from 1.
        best: the range, in the document, of the sentence of the quote that answers best.
        highlights: ranges, in the document, of the words of the quote that answer; empty without a reader.
        confidence: the estimated probability that this sentence answers the question, 0 to 1.
        columns: the names of the columns of its table, where it is a row below them, or None.
        duplicates: passages of nearly the same text elsewhere.
    """

    label: int
    quote: str
    start: int
    end: int
    best: Span
    highlights: tuple[Span, ...] = ()
    confidence: float
    document: Document
    passage: Passage
    heading: str | None = None
    columns: str | None = None
    page: int | None = None
    duplicates: tuple[Passage, ...] = ()

    @classmethod
    def of(
        cls,
        hit: Hit,
        span: Span,
        label: int,
        *,
        best: Span | None = None,
        highlights: tuple[Span, ...] = (),
        confidence: float = 1.0,
    ) -> Citation:
        """The quote at a range of the document of a hit, in which it begins.

        By default all of it is its best sentence, and as sure as what was asked for by name.
        """
        document, (start, end) = hit.document, span
        return cls(
            label=label,
            quote=document.text[start:end],
            start=start,
            end=end,
            best=best or span,
            highlights=highlights,
            confidence=confidence,
            document=document,
            passage=hit.passage,
            heading=hit.passage.heading,
            columns=document.columns_at(start),
            page=document.page_at(start),
            duplicates=hit.duplicates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the things that a question asks of, as in "Compare A with B"; or an article, of those on a topic.

    Attributes:
        name: of the thing, or the title of the article.
        question: how it was asked alone.
        labels: of the citations that answer it; none where nothing does.
    """

    name: str
    question: str
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the articles say to a question, or that they do not.

    Attributes:
        text: the quotes joined, each followed by `` [label]``; empty when not answered and no reply.
        question: the question as it was read: the end of one that is very long, and one that needs the
            turns before it together with what those are about; with misspelt words as the articles spell them.
        answered: whether the articles answer the question.
        confidence: the estimated probability that they do, which is that of the first citation, 0 to 1; 1 of a
            summary, and where an author's articles were asked for.
        hits: the whole ranking behind it, best first, whether answered or not; none behind a reply.
        kind: ``quotes``, or what a turn that is no question to the articles was given: a ``greeting``, ``help``, the
            ``catalogue``, the ``news``, or a ``summary``, whose citations are key sentences of one article.
        reply: what Pincite says of itself to such a turn; ``text`` is that, with what was listed or quoted below it.
        documents: the articles that a reply lists, in its order.
        parts: what was found for each part of a question on two things, or in each article where a question asks what
            the articles say of something; empty for other questions.
        more: how many further passages fit as well as those quoted, of the ones that were looked at.
        notes: what has to be said beside it, in short sentences: that a word was taken for a misspelt one, say.
        sure: whether they answer it for sure; not where a note says that what is quoted only comes near.
    """

    text: str
    question: str
    answered: bool
    confidence: float
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    kind: Literal["quotes", "greeting", "help", "catalogue", "news", "summary"] = "quotes"
    reply: str = ""
    documents: tuple[Listed, ...] = ()
    parts: tuple[Part, ...] = ()
    more: int = 0
    notes: tuple[str, ...] = ()
    sure: bool = False

    def to_dict(self, question: str | None = None, *, hits: int | None = None, texts: bool = False) -> dict[str, Any]:
        """What JSON says of it; docs/json.md lists the keys.

        Args:
            question: as it was asked; by default as it was read.
            hits: how many of the best passages to add, from 0; by default one, or three where nothing answers.
            texts: add their whole texts, not the first 300 characters.
        """
        from pincite import as_json

        return as_json.answer(question or self.question, self, most=hits, texts=texts)

    def to_markdown(self) -> str:
        r"""The question as it was read, the quotes and where they stand, as Markdown that shows texts to the letter.

        Examples:
            >>> print(answer.to_markdown().split("##")[0].rstrip())
            # When did the night ferry leave Aldhaven?
            <BLANKLINE>
            > The night ferry left Aldhaven at ten. \[1\]
        """
        from pincite.web import answers, export

        return export.markdown([(self.question, answers.reply_of(self))])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from pincite.web import answers, export

        return export.notebook(export.html_turn(self.question, answers.reply_of(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """What an update did, as document ids in order.

    Attributes:
        skipped: a file (or ``file:line``, or a folder with ``/`` behind it) to the reason it was not read.
        embedded: how many passages were embedded, which is how many had new text.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    embedded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How the folder of articles differs from what the last update saw: paths of files, in order."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an update is: a stage (``read``, ``embed``, ``write``) and how much of it is done."""

    stage: str
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What an index holds.

    Attributes:
        corpus: the folder it was last updated from, or None.
        model: the embedding model's name.
        query_backend: what embeds questions: ``onnxruntime``, or, where the model has no export yet or can have none,
            ``sentence-transformers``, which takes seconds to load.
        export: the folder of the model's export in the user's cache, or None.
        generation: counts the updates that changed something.
        updated: when the last update ended, ISO 8601 in UTC; None before the first.
        stale: files that could not be read at the last update and keep their last good version, with the reason.
        skipped: the other files that the last update did not read, with the reason.
        limits: what its store cannot do, each in a sentence.
        bytes: what the parts of the index take on disk, where its store says so.
    """

    path: str
    corpus: str | None
    model: str
    query_backend: str
    export: str | None
    format: int
    generation: int
    documents: int
    passages: int
    updated: str | None
    stale: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    bytes: Mapping[str, int] = field(default_factory=dict)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of files; those that go meanwhile have none."""
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def replace_surrogates(text: str) -> str:
    """``text`` with lone surrogates, which no encoding knows, as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def count(number: int, noun: str) -> str:
    """A number with its noun, in English."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def table_of(doc_id: str) -> str | None:
    """The ``.csv`` or ``.tsv`` file that a document is a row of; None for any other.

    Examples:
        >>> table_of("reports/dams.csv#12")
        'reports/dams.csv'
    """
    name, _, number = doc_id.rpartition("#")
    return name if number.isdecimal() and name.lower().endswith((".csv", ".tsv")) else None


def shortened(text: str, most: int = 100) -> str:
    """A text in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents a search may find; applied before ranking, so that k hits come back where k exist.

    Args:
        source: one value or several, any of which fits. Case and accents do not count.
        author: likewise; of several authors of an article each is found.
        after: ``YYYY[-MM[-DD]]``, inclusive. A document whose date names only a year or month fits when some day of it
            does; one without a date never fits a bound.
        before: likewise.
        doc_ids: one or several, to the letter; in other case and accents they are found by `Index.check_fits`.
        folders: likewise: a document lies in ``news/2022`` where its id begins with ``news/2022/``.

    Raises:
        FilterError: a bound is no such date, there is no day between both, or a value is of the wrong type.

    Examples:
        >>> [hit.document.title for hit in index.search("What was made of elm?", where=Filter(before="2019-12"))]
        ['The tide mill', 'The tide mill']
    """

    source: str | Sequence[str] | None = None
    author: str | Sequence[str] | None = None
    after: str | None = None
    before: str | None = None
    doc_ids: str | Sequence[str] | None = None
    folders: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in ("source", "author", "doc_ids", "folders"):
            if (value := getattr(self, name)) is not None:
                several = isinstance(value, Iterable) and not isinstance(value, str)
                values = tuple(value) if several else (value,)
                if not all(isinstance(each, str) for each in values):
                    raise FilterError(f"{name}={value!r}: give a string or several")
                object.__setattr__(self, name, tuple(map(replace_surrogates, values)))
        if self.folders is not None:
            object.__setattr__(self, "folders", tuple(map(posixpath.normpath, self.folders)))
        for name in ("after", "before"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or parse_date(value) is None):
                raise FilterError(f"{name}={value!r} is not a date: give YYYY, YYYY-MM or YYYY-MM-DD")
        first, last = self.days
        if first is not None and last is not None and first > last:
            raise FilterError(f"after={self.after!r} is later than before={self.before!r}: no article can fit")

    @property
    def days(self) -> tuple[int | None, int | None]:
        """The first and last day allowed as integers ``YYYYMMDD``, None where there is no bound."""
        after, before = parse_date(self.after or ""), parse_date(self.before or "")
        return after and after[0], before and before[1]

    @property
    def beginnings(self) -> tuple[str, ...] | None:
        """One of these begins the id of a document that fits ``folders``; None where they are not given."""
        return None if self.folders is None else tuple(f"{folder}/" for folder in self.folders)

    @property
    def allowed(self) -> dict[str, tuple[str, ...] | None]:
        """The source, author and doc_id that may be, None for any; names in the form in which they are compared."""
        source, author = (
            None if values is None else tuple(filter(None, map(names.key, values)))
            for values in (self.source, self.author)
        )
        return {"source": source, "author": author, "doc_id": None if self.doc_ids is None else tuple(self.doc_ids)}

    def fits(self, document: Document | Listed) -> bool:
        """Whether ``document`` may be found; the meaning that every store has to reproduce."""
        stated = {"source": {names.key(document.source or "")}, "author": names.keys(document.author or "")}
        stated["doc_id"] = {document.doc_id}
        if any(values is not None and stated[field].isdisjoint(values) for field, values in self.allowed.items()):
            return False
        if self.beginnings is not None and not document.doc_id.startswith(self.beginnings):
            return False
        first, last = self.days
        if first is last is None:
            return True
        days = parse_date(document.date or "")
        return days is not None and (first is None or days[1] >= first) and (last is None or days[0] <= last)
