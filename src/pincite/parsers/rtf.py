"""RTF: paragraphs and table rows as striprtf gives them.

Raised digits, notes and headings, which it has not, are added; struck and hidden text is left out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from lxml import etree
from striprtf.striprtf import rtf_to_text

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import storable
from pincite.parsers.markup import Block, Element, blocks_of, collapse, lay_out
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
_HEADING, _ROW, _CELL = "\x11", "\x12", "\x13"
"""What ends a paragraph that is a heading, stands around what is known of a table's row at its end, and ends a cell."""
_ROWS = re.compile(
    r"\\(?:(?P<begins>trowd)|(?P<ends>row)|(?P<head>trhdr)|(?P<cell>cell)|(?P<par>par)|(?P<plain>pard)|(?P<inside>intbl)|cellx(?P<edge>\d{1,6})"
    r"|(?P<joins>clmrg|clvmrg)|(?P<inner>nesttableprops)|(?P<outer>nestrow))(?![a-z0-9]) ?|\\[^a-z]"
)
_NEAR = 60
"""In twentieths of a point: edges of cells that are meant to be one."""
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
    source = re.sub(r"\{\\pntext(?![a-z])", "{", source)  # an item's number or bullet, which striprtf leaves out
    source = _with_rows(source)

    def raised(found: re.Match[str]) -> str:
        return found[2] + _letters(found[3].translate(RAISED if found[1] == "super" else LOWERED))

    text, notes = _without_notes(_SCRIPT.sub(raised, _with_looks(source)))
    ends = (collapse(f"[{number}] {_text(f'{head} {note}}}')}") for number, note in enumerate(notes, 1))
    blocks = [*_blocks(_text(text)), *(Block(note, "paragraph") for note in ends)]
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


class _Cell(NamedTuple):
    """Where a cell of a table's row ends, and which cell it is a part of."""

    edge: int
    is_beside: bool
    is_below: bool


def _with_rows(source: str) -> str:
    """The source with signs at the ends of rows, which tell how their cells lie, and of cells; each row on one line."""
    kept: list[str] = []
    cells, joins, head, in_row, at = list[_Cell](), set[str](), False, False, 0
    ends = list[int]()  # of paragraphs that may be within a cell
    around = cells, head
    for found in _ROWS.finditer(source):
        kept.append(source[at : found.start()])
        at, word = found.end(), found[0]
        if found["begins"]:
            cells, head, in_row, ends = [], False, True, []
        elif found["inner"]:
            around = cells, head
        elif found["outer"]:
            cells, head = around
        elif found["head"]:
            head = True
        elif found["joins"]:
            joins.add(found["joins"])
        elif found["edge"]:
            cells.append(_Cell(int(found["edge"]), "clmrg" in joins, "clvmrg" in joins))
            joins = set()
        elif found["cell"]:
            word = _letters(_CELL)
            for end in ends:
                kept[end] = _letters("\v")
            ends = []
        elif found["ends"]:
            states = (f"{cell.edge}{'-' * cell.is_beside}{'|' * cell.is_below}" for cell in cells)
            word = f"{_letters(_ROW)}{{{'h' * head} {' '.join(states)}}}{_letters(_ROW)}{word}"
            in_row = False
        elif found["plain"] or found["inside"]:
            in_row = found["plain"] is None
        elif found["par"] and in_row:
            ends.append(len(kept))
        elif found["par"]:
            ends = []
        kept.append(word)
    return "".join([*kept, source[at:]])


def _blocks(text: str) -> Iterator[Block]:
    """A block a line: striprtf ends paragraphs and table rows with one."""
    for is_table, group in groupby(text.split("\n"), lambda line: line.endswith(_ROW)):
        if is_table:
            yield from blocks_of(_table(list(group)))
            continue
        for line in group:
            if line.strip(f"{_HEADING}{_CELL} \t"):
                kind = "heading" if line.rstrip().endswith(_HEADING) else "paragraph"
                plain = line.replace(_HEADING, "").replace(_CELL, " ")
                yield Block("\n".join(map(collapse, plain.split("\v"))), kind)


def _table(lines: list[str]) -> Element:
    """The table that these lines are, as in HTML."""
    rows = [_row(line) for line in lines]
    edges = sorted({cell.edge for _, cells, _ in rows for cell in cells})
    columns = [edge for edge, after in zip(edges, [*edges[1:], 1 << 30], strict=False) if after - edge > _NEAR]
    table, above = etree.Element("table"), dict[int, Element]()
    for is_head, cells, texts in rows:
        row = etree.SubElement(table, "tr")
        known = cells if len(cells) == len(texts) else [_Cell(0, False, False)] * len(texts)
        first, joined = 0, None
        for cell, words in zip(known, texts, strict=True):
            last = bisect_left(columns, cell.edge) + 1 if cell.edge else first + 1
            across, start, first = max(1, last - first), first, last
            if cell.is_beside and joined is not None:
                joined.set("colspan", str(int(joined.get("colspan")) + across))
            elif cell.is_below and start in above:
                above[start].set("rowspan", str(int(above[start].get("rowspan", "1")) + 1))
            else:
                joined = above[start] = etree.SubElement(row, "th" if is_head else "td", colspan=str(across))
                joined.text = words
    return table


def _row(line: str) -> tuple[bool, list[_Cell], list[str]]:
    """Whether a row is repeated on each page and so names the columns, its cells, and what these say."""
    words, _, said = line[:-1].rpartition(_ROW)
    head, *states = said.split(" ")
    cells = [_Cell(int(each.rstrip("-|")), "-" in each, "|" in each) for each in states if each]
    texts = words.removesuffix(_CELL).split(_CELL)
    return "h" in head, cells, [collapse(re.sub(r"[\v\x11]", " ", each).strip("|")) for each in texts]
