"""Word files: paragraphs, tables and text boxes in document order, with tracked changes accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.markup import blocks_of, lay_out, parse_xml
from pincite.parsers.metadata import document

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEADING = re.compile(r"heading \d|title", re.IGNORECASE)
_NOTES = tuple(
    f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" for kind in ("footnotes", "endnotes")
)
_STATED = ("title", "author", "created", "subject", "keywords", "category")
_FILLED_IN = ("", "None", "python-docx", "Word Document", "2013-12-23 23:15:00+00:00")
"""What python-docx puts into files of which nobody stated anything."""

_AS_HTML = {qn("w:tc"): "td", qn("w:cr"): "br", qn("w:tab"): "span", qn("w:noBreakHyphen"): "span"}
_CHARACTERS = {qn("w:tab"): " ", qn("w:noBreakHyphen"): "\u2011"}
_LEFT_OUT = (qn("w:del"), qn("w:moveFrom"), "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")
"""Of a text box, the fallback is a second copy."""


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a Word file."""
    data = path.read_bytes()
    if data.startswith(_OLE_MAGIC):
        locked = _ENCRYPTED in data
        raise UnreadableFile("encrypted: needs a password" if locked else "an old .doc: save it as .docx")
    word = docx.Document(BytesIO(data))
    headings = {style.style_id for style in word.styles if _is_heading(style)}
    notes = [each.target_part for each in word.part.rels.values() if each.reltype in _NOTES]
    trees = [_as_html(parse_xml(part.blob), headings) for part in (word.part, *notes)]
    blocks = [block for tree in trees for block in blocks_of(tree)]
    values = {key: str(getattr(word.core_properties, key)) for key in _STATED}
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    stated = {"title": heading} | {key: each for key, each in values.items() if each not in _FILLED_IN}
    yield document(name, *lay_out(blocks), stated=stated)


def _is_heading(style: Any, depth: int = 10) -> bool:  # noqa: ANN401 - python-docx has no types
    """Whether it is Word's heading style, English by name in every language, or based on one."""
    if style is None or depth == 0:
        return False
    return bool(_HEADING.fullmatch(style.name or "")) or _is_heading(getattr(style, "base_style", None), depth - 1)


def _as_html(tree: Any, headings: set[str]) -> Any:  # noqa: ANN401 - lxml has no types
    """Word's elements by the names that they have in HTML; text boxes go behind the paragraph that holds them."""
    etree.strip_elements(tree, *_LEFT_OUT, with_tail=False)
    for box in reversed(list(tree.iter(qn("w:txbxContent")))):
        next(box.iterancestors(qn("w:p"))).addnext(box)
    for element in tree.iter("{*}*"):
        tag = element.tag
        element.text = element.text if tag == qn("w:t") else _CHARACTERS.get(tag)
        element.tail = None
        element.tag = _paragraph(element, headings) if tag == qn("w:p") else _AS_HTML.get(tag, tag)
    return tree


def _paragraph(element: Any, headings: set[str]) -> str:  # noqa: ANN401 - lxml has no types
    properties = {each.tag: each.get(qn("w:val"), "") for each in element.iterfind(f"{qn('w:pPr')}/*")}
    style = properties.get(qn("w:pStyle"), "")
    if qn("w:outlineLvl") in properties or style in headings:
        return "h1"
    return "li" if qn("w:numPr") in properties or "List" in style else "p"
