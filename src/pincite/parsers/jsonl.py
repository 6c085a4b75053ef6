"""JSON Lines, plain or gzipped: one document a line, as in BEIR's ``corpus.jsonl``.

A line's id is its ``_id`` or ``id``, else its number, with ``line-`` before it where a line above has that as its id.
Its text is kept to the letter; that of a line which is only a title, as some of BEIR's are, is the title.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import MOST_CHARACTERS, Skipped, check_text
from pincite.parsers.decoding import decode, is_utf16, storable
from pincite.parsers.metadata import document, one_line

_OF_A_TITLE = {"_id", "id", "title", "metadata"}
"""The fields of a line of BEIR that is a title alone; in others the text may have another name."""
_LONGEST_LINE = 2 * MOST_CHARACTERS


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The documents of a file; a line that is none is skipped with its number."""
    numbers: dict[str, int] = {}
    empty = True
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        empty = False
        try:
            stated = _object(line)
            unlike = f"line-{number}" if str(number) in numbers else str(number)
            own_id = one_line(stated.get("_id", stated.get("id"))) or unlike
            found = _document(stated, name, own_id)
            check_text(found.text)
        except json.JSONDecodeError as error:
            yield Skipped(f"{name}:{number}", f"not JSON: {error.msg} (column {error.colno})")
            continue
        except (ValueError, RecursionError, UnreadableFile) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            yield Skipped(f"{name}:{number}", reason)
            continue
        first = numbers.setdefault(own_id, number)
        clash = f"has the id {own_id!r}, which is that of line {first}: give each line an id of its own"
        yield found if first == number else Skipped(f"{name}:{number}", clash)
    if empty:
        raise UnreadableFile("empty")


def _lines(path: Path) -> Iterator[bytes | str]:
    """The lines, of those that are too long the beginning, which is too long as well."""
    with path.open("rb") as raw:
        packed = raw.peek(2).startswith(b"\x1f\x8b")
        try:
            with cast("io.BufferedReader", gzip.GzipFile(fileobj=raw)) if packed else raw as binary:
                file: IO[Any] = binary
                if is_utf16(binary.peek(2)):
                    file = io.TextIOWrapper(binary, "utf-16", errors="replace", newline="\n")
                while line := file.readline(_LONGEST_LINE + 1):
                    yield line
                    while len(line) > _LONGEST_LINE and line[-1:] not in ("\n", b"\n"):
                        line = file.readline(_LONGEST_LINE + 1)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UnreadableFile(f"damaged gzip file: {error}") from error


def _object(line: bytes | str) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"a line of more than {_LONGEST_LINE // 1_000_000} million characters: divide it")
    value = json.loads(decode(line) if isinstance(line, bytes) else line)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _document(stated: dict[str, Any], name: str, own_id: str) -> Document:
    title, text = (stated.get(key) or "" for key in ("title", "text"))
    if not isinstance(title, str) or not isinstance(text, str):
        raise ValueError("its title or text is not a string")
    if "text" not in stated and not stated.keys() <= _OF_A_TITLE:
        raise ValueError(f"no field named 'text', only {str(one_line(list(stated)))[:100]}: name it so")
    if not title.strip() and not text.strip():
        raise ValueError("neither title nor text")
    rest = {key: value for key, value in stated.items() if key not in ("_id", "id", "text")}
    if isinstance(rest.get("metadata"), dict):
        rest = rest.pop("metadata") | rest
    return document(f"{name}#{own_id}", storable(text if text.strip() else title), stated=rest, fallback=own_id)
