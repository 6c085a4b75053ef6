"""RTF: paragraphs and table rows as striprtf gives them; raised digits and notes, which it has not, are added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import storable
from pincite.parsers.markup import Block, collapse, lay_out
from pincite.parsers.metadata import document
from pincite.parsers.notation import LOWERED, RAISED

_MAGIC = "{\\rtf"
_SCRIPT = re.compile(r"\\(super|sub)(?![a-z0-9]) ?((?:\\[a-z]+-?\d* ?|[\r\n])*+)([-+]?\d{1,9})(?![\w.,])")
_LINE = re.compile(r"\\line(?![a-z])")
_LINE_BREAK = "\v"
_PICTURE = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{32,}+[\r\n]*+){4,}+")
"""The bytes of a picture or file as digits, which striprtf would go through one by one."""
_LINK = re.compile(r"HYPERLINK(?=\s)")
_NOTE = re.compile(r"\{(?:\\\*)?\\footnote(?![a-z])")
_BRACE = re.compile(r"\\[{}\\]|[{}]")
_STATED = re.compile(r"\{\\(title|author|subject|keywords)(?![a-z])\s?((?:[^{}\\]|\\'..|\\[a-z]+-?\d*+)*+)\}")
_CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file."""
    source = path.read_bytes().decode("cp1252", "replace")
    if not source.lstrip().startswith(_MAGIC):
        raise UnreadableFile("no RTF: it does not begin as RTF does" if source.strip() else "empty")
    source = _PICTURE.sub("", source)
    head = source[: source.find("{", source.index(_MAGIC) + 1)]  # which says how letters are written
    source = _LINK.sub("", source)  # striprtf would write out where a link leads
    source = _LINE.sub(lambda _: _letters(_LINE_BREAK), source)
    text, notes = _without_notes(_SCRIPT.sub(_script, source))
    blocks = list(_blocks(_text(text)))
    for number, note in enumerate(notes, 1):
        blocks.append(Block(collapse(f"[{number}] {_text(f'{head} {note}}}')}"), "paragraph"))
    stated = {key: _text(f"{head} {words}}}") for key, words in reversed(_STATED.findall(source))}
    if created := _CREATED.search(source):
        stated["created"] = f"{created[1]}-{created[2]:0>2}-{created[3]:0>2}"
    yield document(name, *lay_out(blocks), stated=stated)


def _text(source: str) -> str:
    text: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
    # RTF writes characters beyond U+FFFF in halves.
    return storable(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _letters(text: str) -> str:
    """Characters as RTF writes them where its encoding has none."""
    return "".join(f"{{\\uc1\\u{ord(char)}?}}" for char in text)


def _script(found: re.Match[str]) -> str:
    return found[2] + _letters(found[3].translate(RAISED if found[1] == "super" else LOWERED))


def _without_notes(source: str) -> tuple[str, list[str]]:
    """The source with marks such as ``[1]`` in the place of its notes, and the notes."""
    kept, notes, at = [], list[str](), 0
    while note := _NOTE.search(source, at):
        depth, end = 1, len(source)
        for brace in _BRACE.finditer(source, note.end()):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                end = brace.start()
                break
        notes.append(source[note.end() : end])
        kept.append(f"{source[at : note.start()]}{{[{len(notes)}]}}")
        at = end + 1
    return "".join([*kept, source[at:]]), notes


def _blocks(text: str) -> Iterator[Block]:
    """A block a line: striprtf ends paragraphs and table rows with one, and each cell with a bar."""
    for line in text.split("\n"):
        cells = [collapse(cell) for cell in line.removesuffix("|").split("|")] if line.endswith("|") else []
        if any(cells):
            yield Block(" | ".join(cells), "line")
        elif not cells and line.strip():
            yield Block("\n".join(map(collapse, line.split(_LINE_BREAK))), "paragraph")
