"""OpenDocument texts: headings, paragraphs, lists and tables in order, notes behind them; without what was struck."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.markup import (
    Element,
    blocks_of,
    collapse,
    gathered,
    lay_out,
    letters_of,
    local_name,
    numeral,
    parse_xml,
    whole_number,
)
from pincite.parsers.metadata import document, is_no_title
from pincite.parsers.office import join_scripts

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_AS_HTML = {f"{_TEXT}h": "h1", f"{_TEXT}p": "p", f"{_TEXT}list-item": "li", f"{_TEXT}line-break": "br"}
_AS_HTML |= {f"{_TABLE}table": "table", f"{_TABLE}table-row": "tr", f"{_TABLE}table-cell": "td"}
_AS_HTML |= {f"{_TABLE}table-header-rows": "thead"}
_SPANS = {f"{_TABLE}number-columns-spanned": "colspan", f"{_TABLE}number-rows-spanned": "rowspan"}
_REPEATED = f"{_TABLE}number-columns-repeated"
_MOST_ALIKE = 100
"""Cells that follow one another and say the same."""
_POSITION = re.compile(r"super|sub|-|[1-9]")
"""How the position of raised or lowered text begins: by name or in percent."""
_LEFT_OUT = [
    f"{_TABLE}covered-table-cell",
    "{*}desc",
    f"{_TEXT}tracked-changes",
    f"{_OFFICE}annotation",
    f"{_TEXT}ruby-text",
    f"{_OFFICE}forms",
]
_LEFT_OUT += [f"{_TEXT}{kind}" for kind in ("table-of-content", "alphabetical-index", "illustration-index")]
_NAME = f"{_STYLE}name"
_STATED = {"title": "title", "creator": "author", "initial-creator": "first author", "date": "date"}
_STATED |= {"creation-date": "created", "subject": "subject", "keyword": "keywords", "language": "language"}


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file."""
    with ZipFile(path) as archive:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableFile("encrypted: needs a password")
        content, meta, styles = (
            parse_xml(archive.read(each) if each in archive.namelist() or each == "content.xml" else b"<none/>")
            for each in ("content.xml", "meta.xml", "styles.xml")
        )
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise UnreadableFile("no text document")
    looks = {name: tag for each in (styles, content) for name, tag in _looks(each)}
    lists = [each for part in (styles, content) for each in part.iter(f"{_TEXT}list-style")]
    levels = {(each.get(_NAME), level.get(f"{_TEXT}level")): level for each in lists for level in each}
    _number_items(body, levels)
    trees = [body, *_notes(body)]
    blocks = [block for tree in trees for block in blocks_of(_as_html(tree, looks))]
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    elements = ((local_name(each), each.text or "") for each in meta.iter("{*}*"))
    stated = gathered(
        (_STATED[key], text) for key, text in elements if key in _STATED and not is_no_title(collapse(text))
    )
    stated = {"author": stated.pop("first author", "")} | stated
    yield document(name, *lay_out(blocks), stated={"title": heading} | stated)


def _looks(part: Element) -> Iterator[tuple[str, str]]:
    """The names of the styles that raise, lower, hide or strike their text, with HTML's element for it."""
    for each in part.iter(f"{_STYLE}text-properties"):
        name, position = each.getparent().get(_NAME, ""), each.get(f"{_STYLE}text-position", "")
        lines = {each.get(f"{_STYLE}text-line-through-{key}", "none") for key in ("style", "type")}
        if each.get(f"{_TEXT}display") == "none":
            yield name, "template"
        elif lines != {"none"}:
            yield name, "del"
        elif found := _POSITION.match(position):
            yield name, "sub" if found[0] in ("sub", "-") else "sup"


def _number_items(body: Element, levels: dict[tuple[str, str], Element]) -> None:
    """Write the numbers of lists where OpenDocument's programs show them; levels go by their style's name and depth."""
    last: dict[tuple[str, str], int] = {}  # for lists that go on with the one before
    for listed in body.iter(f"{_TEXT}list"):
        around = [listed, *listed.iterancestors(f"{_TEXT}list")]
        key = next((name for each in around if (name := each.get(f"{_TEXT}style-name"))), ""), str(len(around))
        level: Any = levels.get(key, {})
        kind = level.get(f"{_STYLE}num-format")
        if not kind:
            continue
        goes_on = listed.get(f"{_TEXT}continue-numbering") == "true" or listed.get(f"{_TEXT}continue-list")
        number = last.get(key, 0) if goes_on else whole_number(level.get(f"{_TEXT}start-value"), 1) - 1
        for item in listed.iterchildren(f"{_TEXT}list-item"):
            number = whole_number(item.get(f"{_TEXT}start-value"), number + 1)
            first = next(iter(item), None)
            if first is not None and first.tag in (f"{_TEXT}p", f"{_TEXT}h") and "".join(first.itertext()).strip():
                before, after = (level.get(f"{_STYLE}num-{side}", "") for side in ("prefix", "suffix"))
                first.text = f"{before}{numeral(number, kind)}{after} {first.text or ''}"
        last[key] = number


def _notes(body: Element) -> list[Element]:
    """Take the notes out of the text; their marks, in brackets, stay there and begin them."""
    notes = []
    for note in list(body.iter(f"{_TEXT}note")):
        mark = f"[{collapse(note.findtext(f'{_TEXT}note-citation') or '') or '*'}]"
        words = note.find(f"{_TEXT}note-body")
        if words is not None:
            first = next(words.iter(f"{_TEXT}p"), words)
            first.text = f"{mark} {first.text or ''}"
            notes.append(words)
        tail = note.tail
        note.clear()
        note.tag, note.text, note.tail = f"{_TEXT}span", mark, tail
    return notes


def _as_html(tree: Element, looks: dict[str, str]) -> Element:
    """OpenDocument's elements by the names that they have in HTML; what is a box in a paragraph goes behind it."""
    etree.strip_elements(tree, *_LEFT_OUT, with_tail=False)
    for box in reversed(list(tree.iter("{*}text-box"))):
        paragraph = next(box.iterancestors(f"{_TEXT}p"), None)
        if paragraph is not None:
            words = box.makeelement("span")  # keeps the place of what is behind the box
            words.tail, box.tail = box.tail, None
            box.addprevious(words)
            paragraph.addnext(box)
    for cell in list(tree.iter(f"{_TABLE}table-cell")):
        number = whole_number(cell.get(_REPEATED), 1)
        if letters_of(cell):
            for _ in range(1, min(number, _MOST_ALIKE)):
                cell.addnext(deepcopy(cell))
        elif number > 1:
            cell.set(f"{_TABLE}number-columns-spanned", str(number))
    for element in tree.iter("{*}*"):
        tag, style = element.tag, element.get(f"{_TEXT}style-name")
        if tag in (f"{_TEXT}tab", f"{_TEXT}s"):
            element.tag, element.text = "span", " "
        elif (tag == f"{_TEXT}span" and style in looks) or looks.get(style) in ("del", "template"):
            element.tag = looks[style]
        else:
            element.tag = _AS_HTML.get(tag, tag)
        if element.tag == "td":
            for name, way in _SPANS.items():
                element.set(way, element.get(name, element.get(way, "1")))
    join_scripts(tree)
    return tree
