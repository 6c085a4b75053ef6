"""JSON Lines, plain or gzipped: one document a line, as in BEIR's ``corpus.jsonl``.

A line's id is its ``_id`` or ``id``, else its number. Its text is kept to the letter.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pincite.datatypes import Document
from pincite.errors import DuplicateIdError, UnreadableFile
from pincite.readers import Skipped
from pincite.readers.decoding import decode, encoding_by_mark, storable
from pincite.readers.fields import described, one_line

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The documents of a file; a line that is none is skipped with its number."""
    numbers: dict[str, int] = {}
    empty = True
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        empty = False
        try:
            own_id, document = _document(_object(line), name, number)
        except (ValueError, RecursionError, UnreadableFile) as error:
            yield Skipped(f"{name}:{number}", _reason(error))
            continue
        first = numbers.setdefault(own_id, number)
        if first != number:
            both = f"{name}:{first} and {name}:{number} both have the id {own_id!r}"
            raise DuplicateIdError(f"{both}: give each line its own id")
        yield document
    if empty:
        raise UnreadableFile("empty")


def _lines(path: Path) -> Iterator[bytes | str]:
    with path.open("rb") as raw:
        packed = raw.peek(2).startswith(_GZIP_MAGIC)
        if packed:
            _check_gzip(path)
        with cast("io.BufferedReader", gzip.GzipFile(fileobj=raw)) if packed else raw as file:
            marked = encoding_by_mark(file.peek(4))
            if marked is None or marked[0] == "utf-8":
                yield from file
            else:
                yield from io.TextIOWrapper(file, marked[0], errors="replace", newline="\n")


def _check_gzip(path: Path) -> None:
    """Read the whole file once, so that a damaged one gives no document rather than the first few."""
    try:
        with gzip.open(path) as file:
            while file.read(_CHUNK):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"damaged gzip file: {error}") from error


def _object(line: bytes | str) -> dict[str, Any]:
    try:
        text = str(line, "utf-8-sig") if isinstance(line, bytes) else line.removeprefix("\ufeff")
    except UnicodeDecodeError:
        text = decode(cast("bytes", line))
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (column {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _document(stated: dict[str, Any], name: str, number: int) -> tuple[str, Document]:
    own_id = _own_id(stated) or str(number)
    title, text = (_string(stated, key) for key in ("title", "text"))
    if not title.strip() and not text.strip():
        raise ValueError("neither title nor text")
    rest = {key: value for key, value in stated.items() if key not in ("_id", "id", "title", "text", "metadata")}
    extra = stated.get("metadata")
    rest = {**extra, **rest} if isinstance(extra, dict) else {**rest, "metadata": extra}
    return own_id, Document(
        doc_id=f"{name}#{own_id}",
        title=one_line(title) or own_id,
        title_is_name=not title.strip(),
        text=storable(text if text.strip() else title),
        **described(rest),
    )


def _own_id(stated: dict[str, Any]) -> str | None:
    value = stated.get("_id", stated.get("id"))
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | float)):
        raise ValueError("its id is neither a string nor a number")
    return one_line(value)


def _string(stated: dict[str, Any], key: str) -> str:
    value = stated.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"its {key} is not a string")
    return value or ""
