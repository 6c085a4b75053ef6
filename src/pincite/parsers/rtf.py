"""RTF: paragraphs and table rows as striprtf gives them.

Raised digits, notes and headings, which it has not, are added; struck and hidden text is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import storable
from pincite.parsers.markup import Block, collapse, has_header, lay_out
from pincite.parsers.metadata import document
from pincite.parsers.notation import LOWERED, RAISED

_SCRIPT = re.compile(r"\\(super|sub)(?![a-z0-9]) ?((?:\\[a-z]+-?\d* ?|[\r\n])*+)([-+]?\d{1,9})(?![\w.,])")
_PICTURE = re.compile(r"(?<![0-9a-fA-F])(?:(?:[0-9a-fA-F]{32,}+[\r\n]*+){4,}+|[0-9a-fA-F]{256,}+)")
"""The bytes of a picture or file as digits, which striprtf would go through one by one."""
_NOTE = re.compile(r"\{(?:\\\*)?\\footnote(?![a-z])")
_HEADING_STYLE = re.compile(
    r"\{\\s(\d{1,4})(?![0-9])(?:[^{};]|\{[^{}]{0,200}\}){0,400}?(?<![a-z])(?:heading \d|title);\}", re.IGNORECASE
)
_LOOKS = re.compile(
    r"[{}]|\\(?:(?P<struck>striked?1?|deleted1?|v1?)|(?P<kept>striked?0|deleted0|v0|plain)|(?P<plain>pard)|(?P<ends>par|cell|sect)"
    r"|outlinelevel(?P<level>\d)|s(?P<style>\d{1,4}))(?![a-z0-9-]) ?|\\(?:[^a-z]|[a-z]+-?\d*)"
)
_IN_FORCE = re.compile(r"\\(?:f|uc)\d+ ?")
"""What of struck text tells how the letters behind it are written."""
_HEADING = "\x11"
"""Ends a paragraph that is a heading."""
_BRACE = re.compile(r"\\[{}\\]|[{}]")
_STATED = re.compile(r"\{\\(title|author|subject|keywords)(?![a-z])\s?((?:[^{}\\]|\\'..|\\[a-z]+-?\d*+)*+)\}")
_CREATED = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file."""
    source = path.read_bytes().decode("cp1252", "replace")
    if not source.lstrip().startswith("{\\rtf"):
        raise UnreadableFile("no RTF: it does not begin as RTF does" if source.strip() else "empty")
    source = _PICTURE.sub("", source)
    head = source[: source.find("{", source.index("{\\rtf") + 1)]  # which says how letters are written
    source = re.sub(r"HYPERLINK(?=\s)", "", source)  # striprtf would write out where a link leads
    source = re.sub(r"\\line(?![a-z])", lambda _: _letters("\v"), source)

    def raised(found: re.Match[str]) -> str:
        return found[2] + _letters(found[3].translate(RAISED if found[1] == "super" else LOWERED))

    text, notes = _without_notes(_SCRIPT.sub(raised, _with_looks(source)))
    said = (collapse(f"[{number}] {_text(f'{head} {note}}}')}") for number, note in enumerate(notes, 1))
    blocks = [*_blocks(_text(text)), *(Block(note, "paragraph") for note in said)]
    stated = {key: _text(f"{head} {words}}}") for key, words in reversed(_STATED.findall(source))}
    if created := _CREATED.search(source):
        stated["created"] = f"{created[1]}-{created[2]:0>2}-{created[3]:0>2}"
    yield document(name, *lay_out(blocks), stated=stated)


def _with_looks(source: str) -> str:
    """The source without struck and hidden text, and with a sign at the end of each heading."""
    styles = set(_HEADING_STYLE.findall(source))
    if not styles and re.search(r"\\(?:outlinelevel|striked?1?|deleted1?|v1?)(?![a-z0-9])", source) is None:
        return source
    kept: list[str] = []
    struck, heading, at = False, False, 0
    around: list[tuple[bool, bool]] = []
    for found in _LOOKS.finditer(source):
        word = found[0]
        kept.append("" if struck else source[at : found.start()])
        at = found.end()
        if found["struck"] or found["kept"]:
            struck = found["struck"] is not None
        elif found["plain"]:
            heading = False
        elif found["level"] or found["style"]:
            heading = found["style"] in styles if found["style"] else int(found["level"]) < 9
        elif word == "{":
            around.append((struck, heading))
        elif word == "}" and around:
            struck, heading = around.pop()
        elif found["ends"] == "par" and heading:
            kept.append(_letters(_HEADING))
        is_said = struck and word not in "{}" and not found.lastgroup and not _IN_FORCE.match(word)
        kept.append("" if is_said else word)
    return "".join([*kept, source[at:]])


def _text(source: str) -> str:
    text: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
    # RTF writes characters beyond U+FFFF in halves.
    return storable(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _letters(text: str) -> str:
    """Characters as RTF writes them where its encoding has none."""
    return "".join(f"{{\\uc1\\u{ord(char)}?}}" for char in text)


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
    lines = [
        (line, list(map(collapse, line[:-1].split("|"))) if line.endswith("|") else []) for line in text.split("\n")
    ]
    for is_table, group in groupby(lines, lambda each: bool(each[1])):
        rows = list(group)
        named = is_table and len(rows) > 1 and has_header([cells for _, cells in rows])
        for at, (line, cells) in enumerate(rows):
            if any(cells):
                yield Block(" | ".join(cells), "line" if not named else "row" if at else "columns")
            elif not cells and line.strip(f"{_HEADING} \t"):
                kind = "heading" if line.rstrip().endswith(_HEADING) else "paragraph"
                yield Block("\n".join(map(collapse, line.replace(_HEADING, "").split("\v"))), kind)
