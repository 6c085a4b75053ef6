"""OpenDocument texts: headings, paragraphs, lists and tables in order, notes behind them; without what was struck."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.markup import SHAPES, blocks_of, collapse, lay_out, local_name, parse_xml
from pincite.parsers.metadata import document
from pincite.parsers.office import join_scripts

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"

_AS_HTML = {f"{_TEXT}h": "h1", f"{_TEXT}p": "p", f"{_TEXT}list-item": "li", f"{_TEXT}line-break": "br"}
_AS_HTML |= {f"{_TABLE}table": "table", f"{_TABLE}table-row": "tr", f"{_TABLE}table-cell": "td"}
_AS_HTML |= {f"{_TABLE}table-header-rows": "thead"}
_LEFT_OUT = [f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}ruby-text", f"{_OFFICE}forms"]
_LEFT_OUT += [f"{_TEXT}{kind}" for kind in ("table-of-content", "alphabetical-index", "illustration-index")]
_STATED = {"title": "title", "creator": "author", "initial-creator": "first author", "date": "date"}
_STATED |= {"creation-date": "created", "subject": "subject", "keyword": "keywords", "language": "language"}


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file."""
    with ZipFile(path) as archive:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableFile("encrypted: needs a password")
        content = parse_xml(archive.read("content.xml"))
        meta, styles = (
            parse_xml(archive.read(each) if each in archive.namelist() else b"<none/>")
            for each in ("meta.xml", "styles.xml")
        )
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise UnreadableFile("no text document")
    looks = {name: tag for each in (styles, content) for name, tag in _looks(each)}
    _number_items(body, {name: each for part in (styles, content) for name, each in _list_styles(part)})
    trees = [body, *_notes(body)]
    blocks = [block for tree in trees for block in blocks_of(_as_html(tree, looks))]
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    yield document(name, *lay_out(blocks), stated={"title": heading} | _stated(meta))


def _looks(part: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - lxml has no types
    """The names of the styles that raise, lower or strike their text, with HTML's element for it."""
    for each in part.iter(f"{_STYLE}text-properties"):
        name, position = each.getparent().get(f"{_STYLE}name", ""), each.get(f"{_STYLE}text-position", "")
        lines = {each.get(f"{_STYLE}text-line-through-{key}", "none") for key in ("style", "type")}
        if lines != {"none"}:
            yield name, "del"
        elif position.startswith(("super", "sub")):
            yield name, "sup" if position.startswith("super") else "sub"


def _list_styles(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ANN401 - lxml has no types
    """The styles of lists by name: of each level how it is numbered, or marked."""
    for style in part.iter(f"{_TEXT}list-style"):
        yield style.get(f"{_STYLE}name", ""), {each.get(f"{_TEXT}level", ""): each for each in style}


def _number_items(body: Any, styles: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401 - lxml has no types
    """Write the numbers of lists where OpenDocument's programs show them."""
    last: dict[tuple[str, int], int] = {}  # of a list style and level, for lists that go on with the one before
    for listed in body.iter(f"{_TEXT}list"):
        around = [listed, *listed.iterancestors(f"{_TEXT}list")]
        name = next((name for each in around if (name := each.get(f"{_TEXT}style-name"))), "")
        level: Any = styles.get(name, {}).get(str(len(around)), {})
        kind = level.get(f"{_STYLE}num-format")
        if not kind:
            continue
        goes_on = listed.get(f"{_TEXT}continue-numbering") == "true" or listed.get(f"{_TEXT}continue-list")
        number = last.get((name, len(around)), 0) if goes_on else _whole(level.get(f"{_TEXT}start-value"), 1) - 1
        for item in listed.iterchildren(f"{_TEXT}list-item"):
            number = _whole(item.get(f"{_TEXT}start-value"), number + 1)
            first = next(iter(item), None)
            if first is not None and first.tag in (f"{_TEXT}p", f"{_TEXT}h") and "".join(first.itertext()).strip():
                before, after = (level.get(f"{_STYLE}num-{side}", "") for side in ("prefix", "suffix"))
                first.text = f"{before}{SHAPES.get(kind, str)(number)}{after} {first.text or ''}"
        last[name, len(around)] = number


def _whole(stated: str | None, otherwise: int) -> int:
    return int(stated) if stated and stated.isdecimal() else otherwise


def _notes(body: Any) -> list[Any]:  # noqa: ANN401 - lxml has no types
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


def _as_html(tree: Any, looks: dict[str, str]) -> Any:  # noqa: ANN401 - lxml has no types
    """OpenDocument's elements by the names that they have in HTML; what is a box in a paragraph goes behind it."""
    etree.strip_elements(tree, *_LEFT_OUT, with_tail=False)
    for box in reversed(list(tree.iter("{*}text-box"))):
        paragraph = next(box.iterancestors(f"{_TEXT}p"), None)
        if paragraph is not None:
            _move_behind(box, paragraph)
    for element in tree.iter("{*}*"):
        tag, style = element.tag, element.get(f"{_TEXT}style-name")
        if tag in (f"{_TEXT}tab", f"{_TEXT}s"):
            element.tag, element.text = "span", " "
        elif (tag == f"{_TEXT}span" and style in looks) or looks.get(style) == "del":
            element.tag = looks[style]
        else:
            element.tag = _AS_HTML.get(tag, tag)
    join_scripts(tree)
    return tree


def _move_behind(box: Any, paragraph: Any) -> None:  # noqa: ANN401 - lxml has no types
    tail, box.tail = box.tail, None
    before = box.getprevious()
    if tail and before is not None:
        before.tail = f"{before.tail or ''}{tail}"
    elif tail:
        box.getparent().text = f"{box.getparent().text or ''}{tail}"
    after, paragraph.tail = paragraph.tail, None
    paragraph.addnext(box)
    box.tail = after


def _stated(meta: Any) -> dict[str, str | list[str]]:  # noqa: ANN401 - lxml has no types
    found: dict[str, list[str]] = {}
    for element in meta.iter("{*}*"):
        key, text = _STATED.get(local_name(element)), collapse(element.text or "")
        if key and text:
            found.setdefault(key, []).append(text)
    found.setdefault("author", found.pop("first author", []))
    return {key: each[0] if len(each) == 1 else each for key, each in found.items()}
