"""The Tantivy index of one generation: BM25 over analysed terms.

A generation is made from nothing, or by hard links to the files of the one before: Tantivy replaces files and never
edits them, so what is written and merged in the copy leaves the original as it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tantivy
from tantivy import FieldType, Occur, Query

from pincite import names
from pincite.analysis.terms import analyse, words
from pincite.datatypes import Filter
from pincite.stores.local.files import take_over

FOLDER = "lexical"
_HEAP_BYTES = 64 << 20
_FIELDS = {"title": 0.5, "heading": 0.5, "author_words": 0.5, "body": 1.0}  # those searched, and their weights
_WORDS = "words"  # the field of the words as they are written, by which misspelt ones are told
_FEW = 500  # so many passages are asked for one by one: a set of terms takes six times as long for a hundred


class Entry(NamedTuple):
    """What is indexed of one passage."""

    number: int
    doc_id: str
    title: str
    heading: str
    body: str
    source: str
    author_words: str
    first_day: int | None
    last_day: int | None


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("number", indexed=True, fast=True)
    for name in _FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field(_WORDS, tokenizer_name="whitespace", index_option="basic")
    for name in ("doc_id", "source", "author"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("first_day", "last_day"):
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


def build(folder: Path, added: Iterable[Entry], *, removed: Iterable[int] = (), base: Path | None = None) -> None:
    """Write the index of ``folder``: ``added`` passages, on top of those in ``base`` less the ``removed`` ones."""
    place = folder / FOLDER
    place.mkdir()
    for path in sorted((base / FOLDER).iterdir()) if base else ():
        if path.suffix != ".lock":
            take_over(path, place / path.name)
    index = tantivy.Index(_schema(), path=str(place), reuse=base is not None)
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    # Not by term: for an unsigned field that deletes nothing and says nothing.
    writer.delete_documents_by_query(Query.term_set_query(index.schema, "number", list(removed)))
    for entry in added:
        writer.add_document(_document(entry))
    writer.commit()
    writer.wait_merging_threads()
    for path in place.iterdir():  # some of which Tantivy lets only their owner read
        path.chmod(place.stat().st_mode & 0o666)


def _document(entry: Entry) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("number", entry.number)
    for name in _FIELDS:
        document.add_text(name, " ".join(analyse(getattr(entry, name))))
    document.add_text(_WORDS, " ".join(words(" ".join(getattr(entry, name) for name in _FIELDS))))
    document.add_text("doc_id", entry.doc_id)
    document.add_text("source", names.key(entry.source))
    for name in names.keys(entry.author_words):
        document.add_text("author", name)
    for name in ("first_day", "last_day"):
        if (day := getattr(entry, name)) is not None:
            document.add_integer(name, day)
    return document


class LexicalIndex:
    """An index opened for reading; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        place = folder / FOLDER
        with TemporaryDirectory() as beside:
            if not os.access(place, os.W_OK):  # Tantivy writes a lock beside what it opens
                for path in place.iterdir():
                    if path.suffix != ".lock":
                        Path(beside, path.name).symlink_to(path.absolute())
                place = Path(beside)
            index = tantivy.Index.open(str(place))
            index.config_reader(reload_policy="manual")
            index.reload()
            self._schema = index.schema
            Query.term_query(self._schema, _WORDS, "")  # an older Pincite made none
            self._searcher = index.searcher()

    def search(
        self, terms: Sequence[str], n: int, where: Filter | None = None, only: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Passage numbers and BM25 scores of the ``n`` best, best first."""
        n = min(n, self._searcher.num_docs)
        if not terms or n <= 0 or (only is not None and not only):
            return []
        return self._scored(self._query(terms, where, only), n)

    def numbers(self) -> npt.NDArray[np.int64]:
        """The numbers of all passages."""
        scored = self._scored(Query.all_query(), max(1, self._searcher.num_docs))
        return np.array([number for number, _ in scored], np.int64)

    def _scored(self, query: Query, n: int) -> list[tuple[int, float]]:
        result = self._searcher.search(query, n, count=False)
        addresses = [address for _, address in result.hits]
        numbers = self._searcher.fast_field_values("number", addresses)
        pairs = zip(numbers, result.hits, strict=True)
        return [(int(number or 0), float(score or 0.0)) for number, (score, _) in pairs]

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        """For each term the number of passages whose body holds it."""
        return {term: self._searcher.doc_freq("body", term) for term in terms}

    def words(self, prefix: str) -> dict[str, int]:
        """The words that begin so, each with the number of passages that hold it."""
        return dict(self._searcher.terms_with_prefix(_WORDS, prefix))

    def _query(self, terms: Sequence[str], where: Filter | None, only: Sequence[int] | None) -> Query:
        words = [
            (Occur.Should, Query.boost_query(Query.term_query(self._schema, name, term, "freq"), weight))
            for term in terms
            for name, weight in _FIELDS.items()
        ]
        conditions = self._conditions(where)
        if only is not None and len(only) > _FEW:
            conditions.append(Query.term_set_query(self._schema, "number", list(only)))
        elif only is not None:
            numbers = (Query.term_query(self._schema, "number", number) for number in only)
            conditions.append(Query.boolean_query([(Occur.Should, number) for number in numbers]))
        # A condition must not change the score.
        scored = [Query.boolean_query(words), *(Query.const_score_query(part, 0.0) for part in conditions)]
        return Query.boolean_query([(Occur.Must, part) for part in scored])

    def _conditions(self, where: Filter | None) -> list[Query]:
        if where is None:
            return []
        conditions = [
            Query.term_set_query(self._schema, name, list(values))
            for name, values in where.allowed.items()
            if values is not None
        ]
        if where.beginnings is not None:
            starts = (Query.regex_query(self._schema, "doc_id", _beginning(start)) for start in where.beginnings)
            conditions.append(Query.boolean_query([(Occur.Should, start) for start in starts]))
        first, last = where.days
        if first is not None:
            conditions.append(Query.range_query(self._schema, "last_day", FieldType.Integer, first, None))
        if last is not None:
            conditions.append(Query.range_query(self._schema, "first_day", FieldType.Integer, None, last))
        return conditions


def _beginning(text: str) -> str:
    """The pattern of what begins with a text, in Tantivy's own dialect: which signs may be escaped there differs."""
    return "".join(sign if sign.isalnum() else f"\\x{{{ord(sign):x}}}" for sign in text) + "(?s:.*)"
