"""Documents, passages and records as rows of Milvus, and back.

A row is found by hashes and numbers; what it says is in its payload, as JSON. None is changed but for ``deleted_at``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from pincite import names
from pincite.analysis.terms import analyse
from pincite.datatypes import Document, Passage, parse_date, tables_of
from pincite.errors import DamagedIndex
from pincite.stores.base import DocumentRecord
from pincite.stores.milvus.connection import MEND, MOST_AUTHORS, Row

NEVER = 1 << 62  # the version in which what is alive was deleted

MOST_CHARACTERS = 15_000
"""Of a payload in one row, of up to four bytes each: a VARCHAR holds 65,535 bytes."""

PAYLOAD = ("pk", "payload", "rest")  # the fields from which what rows say is put together

Halves = npt.NDArray[np.float16]
NO_VECTOR: Halves = np.array([1, 0], np.float16)  # of a row that has none


def hashed(*values: str) -> str:
    """A name of 32 hexadecimal digits for what may be long, or hold any character."""
    return hashlib.blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def rows(kind: str, name: str, payload: object, version: int, vector: Halves = NO_VECTOR, **facts: object) -> list[Row]:
    """The rows of one thing: more than one where its payload is longer than one holds.

    Its kind is ``passage``, ``document``, ``record`` (what is asked of all documents at once), ``file``, ``commit``,
    ``lease``, or ``orphaned`` for a vector without a passage; the ``facts`` are other fields by which it is found.
    """
    hash_ = hashed(kind, name)
    text = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace").decode()
    texts = [text[at : at + MOST_CHARACTERS] for at in range(0, len(text), MOST_CHARACTERS)]
    common = dict.fromkeys(("doc", "source", "digest", "key"), "") | {"authors": [], "first_day": NEVER, "last_day": -1}
    common |= {"kind": kind, "name": hash_, "created_at": version, "deleted_at": NEVER} | facts
    common["vector"] = vector.astype(np.float32).tolist()
    # The one that nothing follows is written last: where it is, the others are.
    return [
        common | {"pk": f"{hash_}:{version}:{number}", "payload": text, "rest": len(texts) - 1 - number}
        for number, text in enumerate(texts)
    ]


def of_document(document: Document, record: DocumentRecord, version: int) -> list[Row]:
    """The rows of a document, and of its record."""
    whole = {field.name: getattr(document, field.name) for field in fields(document)}
    whole["metadata"] = dict(document.metadata)
    named = (("document", whole), ("record", [document.doc_id, *record]))
    return [row for kind, said in named for row in rows(kind, document.doc_id, said, version, **_facts(document))]


def of_passage(document: Document, passage: Passage, key: str, vector: Halves, version: int, words: bool) -> list[Row]:
    """The rows of a passage, with the terms of title, heading, columns and text if Milvus searches by ``words``."""
    facts = _facts(document) | {"key": key}
    if words:  # of what is longer than a field the beginning
        parts = (document.title, passage.heading, passage.columns, document.author, passage.text)
        text = " ".join(part or "" for part in parts)
        facts["words"] = spelled(analyse(text))[:60_000]
    payload = [getattr(passage, field.name) for field in fields(passage)]
    return rows("passage", passage.passage_id, payload, version, vector, **facts)


def _facts(document: Document) -> dict[str, Any]:
    """By what a document is found; the same for each of its passages. Without a date it fits no bound."""
    days = parse_date(document.date) if document.date else None
    authors = sorted(map(hashed, names.keys(document.author or "")))[:MOST_AUTHORS]
    named = {"source": hashed(names.key(document.source or "")), "authors": authors}
    bounds = dict(zip(("first_day", "last_day"), days or (), strict=False))
    return {"doc": hashed(document.doc_id), "digest": document.digest, **named, **bounds}


def spelled(terms: Iterable[str]) -> str:
    """Terms in letters that Milvus's own analyser leaves as they are."""
    return " ".join(term if term.isascii() and term.isalnum() else f"x{term.encode().hex()}" for term in terms)


def payloads(parts: Iterable[Row]) -> Iterator[tuple[Row, Any]]:
    """What rows say, each with the last row of it; raises `DamagedIndex` where one is missing."""
    whole: dict[str, list[Row]] = {}
    for row in parts:
        whole.setdefault(row["pk"].rpartition(":")[0], []).append(row)
    for key, rows_of_one in whole.items():
        rows_of_one.sort(key=lambda row: -int(row["rest"]))
        try:
            yield rows_of_one[-1], json.loads("".join(row["payload"] for row in rows_of_one))
        except ValueError as error:
            raise DamagedIndex(f"a row cannot be read ({key}: {error}); {MEND}") from error


def document(payload: dict[str, Any]) -> Document:
    """A document again."""
    spans = tuple((start, end) for start, end in payload["headings"])
    tables, page_starts = tables_of(payload["tables"]), tuple(payload["page_starts"])
    return Document(**payload | {"headings": spans, "tables": tables, "page_starts": page_starts})


def passage(payload: Sequence[Any]) -> Passage:
    """A passage again."""
    values = dict(zip((field.name for field in fields(Passage)), payload, strict=True))
    return Passage(**values | {"sentences": tuple((start, end) for start, end in values["sentences"])})
