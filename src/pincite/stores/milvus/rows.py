"""Documents, passages and records as rows of Milvus, and back.

A row is found by hashes and numbers; what it says is in its payload, as JSON. A payload that is too long for a row
goes on in rows of kind ``part``. No row is ever changed but for ``died``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pincite.analysis import analyse
from pincite.datatypes import Document, Filter, Passage, parse_date
from pincite.errors import DamagedIndex
from pincite.stores.base import DocumentRecord, FileRecord
from pincite.stores.milvus.connection import MEND, MOST_BYTES, one_of

NEVER = 1 << 62
"""When what is alive dies."""

NO_LAST, NO_FIRST = -1, NEVER
"""The days of a document without a date, which fits no bound."""

Row = dict[str, Any]
Halves = npt.NDArray[np.float16]


class Held(NamedTuple):
    """A passage as it came from Milvus.

    Attributes:
        vector: float16 of shape (dimension,).
        lead: the terms of title and heading.
        body: the terms of its text.
    """

    passage: Passage
    vector: Halves
    lead: tuple[str, ...]
    body: tuple[str, ...]


def hashed(*values: str) -> str:
    """A name of 32 hexadecimal digits for what may be long, or hold any character."""
    return hashlib.blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# ---------------------------------------------------------------- writing


def rows(kind: str, name: str, payload: object, born: int, facts: Mapping[str, Any], dimension: int) -> list[Row]:
    """A row and those of the rest of its payload.

    Args:
        kind: ``passage``, ``document``, ``record``, ``file``, or ``loose`` for a vector without a passage.
        name: tells it from others of its kind.
        payload: what it says, as JSON values.
        born: the number of the update that writes it.
        facts: fields in which it differs from one that says nothing.
        dimension: of vectors here, of which every row has to have one.
    """
    hash_ = hashed(kind, name)
    texts = divided(json.dumps(payload, ensure_ascii=False))
    blank = dict.fromkeys(("name", "doc", "source", "author", "digest", "key"), "")
    days = {"first_day": NO_FIRST, "last_day": NO_LAST}
    first = {"pk": f"{hash_}:{born}", "kind": kind, "name": hash_, "payload": texts[0], "parts": len(texts) - 1}
    common = blank | days | {"born": born, "died": NEVER, "vector": nowhere(dimension)}
    parts = [
        common | {"pk": pk, "kind": "part", "payload": text, "parts": 0}
        for pk, text in zip(part_keys(first), texts[1:], strict=True)
    ]
    # The row itself last, since what an update that was ended has written is taken over by it.
    return [*parts, common | first | dict(facts)]


def nowhere(dimension: int) -> list[float]:
    """The vector of a row that is not searched for."""
    return [1.0] + [0.0] * (dimension - 1)


def part_keys(row: Row) -> list[str]:
    """The keys of the rows on which a row goes on."""
    return [f"{row['pk']}:{number}" for number in range(1, row["parts"] + 1)]


def divided(text: str) -> list[str]:
    """A text in pieces that a row holds, none of which ends within a character."""
    data = text.encode("utf-8", "replace")
    pieces: list[str] = []
    at = 0
    while at < len(data) or not pieces:
        end = min(at + MOST_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[at:end].decode())
        at = end
    return pieces


def document_facts(document: Document) -> dict[str, Any]:
    """By what a document is found; the same for each of its passages."""
    days = parse_date(document.date) if document.date else None
    named = {field: hashed(value) for field in ("source", "author") if (value := getattr(document, field)) is not None}
    bounds = {"first_day": days[0], "last_day": days[1]} if days else {}
    return {"doc": hashed(document.doc_id), "digest": document.digest} | named | bounds


def document_payload(document: Document) -> dict[str, Any]:
    """All of a document."""
    return {each.name: getattr(document, each.name) for each in fields(document)} | {
        "metadata": dict(document.metadata)
    }


def record_payload(document: Document, record: DocumentRecord) -> list[Any]:
    """What is asked of all documents at once."""
    return [document.doc_id, document.title, document.source, *record]


def passage_payload(document: Document, passage: Passage, vector: Halves) -> list[Any]:
    """All of a passage: itself, its vector, its terms."""
    lead = " ".join(analyse(f"{document.title} {passage.heading or ''}"))
    body = " ".join(analyse(passage.text))
    stated = [getattr(passage, each.name) for each in fields(passage)]
    return [stated, base64.b64encode(vector.tobytes()).decode(), lead, body]


def words(payload: Sequence[Any], most: int) -> dict[str, str]:
    """The fields that Milvus searches by words; of what is too long the beginning."""
    _, _, lead, body = payload
    return {name: _cut(spelled(text.split()), most) for name, text in (("lead", lead), ("body", body))} | {
        "words": _cut(spelled(f"{lead} {body}".split()), most)
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rpartition(" ")[0]


def spelled(terms: Iterable[str]) -> str:
    """Terms in letters that Milvus's own analyser leaves as they are."""
    plain = re.compile("[a-z0-9]+")
    return " ".join(term if plain.fullmatch(term) else f"x{term.encode().hex()}" for term in terms)


# ---------------------------------------------------------------- reading


def document(payload: dict[str, Any]) -> Document:
    """A document again."""
    spans = tuple((start, end) for start, end in payload["headings"])
    return Document(**payload | {"headings": spans, "page_starts": tuple(payload["page_starts"])})


def held(payload: list[Any]) -> Held:
    """A passage again.

    Raises:
        DamagedIndex: the payload is none.
    """
    try:
        stated, packed, lead, body = payload
        values = dict(zip((each.name for each in fields(Passage)), stated, strict=True))
        passage = Passage(**values | {"sentences": tuple((start, end) for start, end in values["sentences"])})
        vector = np.frombuffer(base64.b64decode(packed), np.float16)
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedIndex(f"the row of a passage cannot be read ({error}); {MEND}") from error
    return Held(passage, vector, tuple(lead.split()), tuple(body.split()))


def file_record(payload: list[Any]) -> FileRecord:
    """What an update saw of a file."""
    path, stamp, *rest = payload
    return FileRecord(path, tuple(stamp), *rest)


def conditions(where: Filter | None) -> Iterator[str]:
    """What rows of documents and passages have to fulfil to fit a filter."""
    if where is None:
        return
    for field, values in (("source", where.source), ("author", where.author), ("doc", where.doc_ids)):
        if values is not None:
            yield one_of(field, [hashed(value) for value in values]) if values else "born < 0"
    first, last = where.days
    if first is not None:
        yield f"last_day >= {first}"
    if last is not None:
        yield f"first_day <= {last}"
