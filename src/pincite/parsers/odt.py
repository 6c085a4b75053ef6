"""OpenDocument texts: headings, paragraphs, lists and tables in order, notes behind them; deleted text is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.markup import blocks_of, collapse, lay_out, local_name, parse_xml
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
        meta = archive.read("meta.xml") if "meta.xml" in archive.namelist() else b"<meta/>"
    body = content.find(f"{_OFFICE}body/{_OFFICE}text")
    if body is None:
        raise UnreadableFile("no text document")
    raised, lowered = (_styles(content, position) for position in ("super", "sub"))
    trees = [body, *_notes(body)]
    blocks = [block for tree in trees for block in blocks_of(_as_html(tree, raised, lowered))]
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    yield document(name, *lay_out(blocks), stated={"title": heading} | _stated(parse_xml(meta)))


def _styles(content: Any, position: str) -> set[str]:  # noqa: ANN401 - lxml has no types
    """The names of the styles that raise or lower their text."""
    properties = content.iter(f"{_STYLE}text-properties")
    placed = (each for each in properties if each.get(f"{_STYLE}text-position", "").startswith(position))
    return {each.getparent().get(f"{_STYLE}name", "") for each in placed}


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


def _as_html(tree: Any, raised: set[str], lowered: set[str]) -> Any:  # noqa: ANN401 - lxml has no types
    """OpenDocument's elements by the names that they have in HTML; what is a box in a paragraph goes behind it."""
    etree.strip_elements(tree, *_LEFT_OUT, with_tail=False)
    for box in reversed(list(tree.iter("{*}text-box"))):
        paragraph = next(box.iterancestors(f"{_TEXT}p"), None)
        if paragraph is not None:
            _move_behind(box, paragraph)
    for element in tree.iter("{*}*"):
        tag, style = element.tag, element.get(f"{_TEXT}style-name")
        if tag in (f"{_TEXT}tab", f"{_TEXT}s"):
            element.text = " "
        elif tag == f"{_TEXT}span" and style in raised | lowered:
            element.tag = "sup" if style in raised else "sub"
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
