"""Word files: paragraphs, tables and text boxes in document order, with tracked changes accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.readers.archive import open_archive, parse_xml
from pincite.readers.blocks import Block, collapse, lay_out, row
from pincite.readers.fields import iso_date, one_line

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEADING = re.compile(r"heading \d|title", re.IGNORECASE)
_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"

_KEPT = ("subject", "keywords", "category")
_LEFTOVERS = ("python-docx", "Word Document")
_TEMPLATE_MADE = "2013-12-23 23:15"

_CHARACTERS = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "\u2011"}
_LEFT_OUT = {qn(f"w:{tag}") for tag in ("del", "moveFrom", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr")}
_LEFT_OUT.add("{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")  # a second copy of a text box
_BOX = qn("w:txbxContent")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a Word file."""
    _check_kind(path)
    word = docx.Document(str(path))
    blocks = [*_blocks(word.element.body, _heading_styles(word)), *_footnotes(word)]
    text, headings = lay_out(blocks)
    stated = word.core_properties
    title = one_line(_stated(stated.title)) or _first_heading(blocks)
    yield Document(
        doc_id=name,
        title=title or path.stem,
        title_is_name=title is None,
        text=text,
        headings=headings,
        author=one_line(_stated(stated.author)),
        date=iso_date(str(_stated(stated.created))),
        metadata={key: value for key in _KEPT if (value := one_line(getattr(stated, key)))},
    )


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_OLE_MAGIC))
        if not head:
            raise UnreadableFile("empty")
        if head == _OLE_MAGIC:
            locked = _ENCRYPTED in file.read()
            raise UnreadableFile("encrypted: needs a password" if locked else "an old .doc: save it as .docx")
    open_archive(path).close()


def _heading_styles(word: Any) -> set[str]:  # noqa: ANN401 - python-docx has no types
    """The ids of heading styles; their names are English in every language's Word, their ids are not."""
    return {style.style_id for style in word.styles if any(_is_heading(each) for each in _with_bases(style))}


def _with_bases(style: Any) -> Iterator[Any]:  # noqa: ANN401 - python-docx has no types
    for _ in range(10):  # a style based on itself is no good Word file, but a possible one
        if style is None:
            return
        yield style
        style = getattr(style, "base_style", None)


def _is_heading(style: Any) -> bool:  # noqa: ANN401 - python-docx has no types
    return bool(_HEADING.fullmatch(style.name or ""))


def _blocks(parent: Any, headings: set[str]) -> Iterator[Block]:  # noqa: ANN401 - lxml has no types
    """The blocks below ``parent``; content controls, inserted and moved text are passed through."""
    for child in parent:
        if child.tag == qn("w:p"):
            yield from _paragraph(child, headings)
        elif child.tag == qn("w:tr"):
            yield from row([list(_blocks(cell, headings)) for cell in child.iter(qn("w:tc")) if _row_of(cell) is child])
        elif child.tag not in _LEFT_OUT:
            yield from _blocks(child, headings)


def _row_of(cell: Any) -> Any:  # noqa: ANN401 - lxml has no types
    return next(cell.iterancestors(qn("w:tr")))


def _paragraph(paragraph: Any, headings: set[str]) -> Iterator[Block]:  # noqa: ANN401 - lxml has no types
    boxes: list[Any] = []
    text = "".join(_text(paragraph, boxes))
    if collapse(text):
        yield _block(text, paragraph, headings)
    for box in boxes:
        yield from _blocks(box, headings)


def _block(text: str, paragraph: Any, headings: set[str]) -> Block:  # noqa: ANN401 - lxml has no types
    if paragraph.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}") is not None or paragraph.style in headings:
        return Block(collapse(text), "heading")
    lines = filter(None, map(collapse, text.split("\n")))
    is_item = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
    return Block("\n".join(lines), "line" if is_item or "List" in (paragraph.style or "") else "paragraph")


def _text(parent: Any, boxes: list[Any]) -> Iterator[str]:  # noqa: ANN401 - lxml has no types
    """The words below ``parent`` but for its text boxes, which are put into ``boxes``."""
    for child in parent:
        if child.tag == _BOX:
            boxes.append(child)
        elif child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag not in _LEFT_OUT:
            yield from _text(child, boxes)


def _footnotes(word: Any) -> Iterator[Block]:  # noqa: ANN401 - python-docx has no types
    for relation in word.part.rels.values():
        if relation.reltype == _FOOTNOTES and not relation.is_external:
            for paragraph in parse_xml(relation.target_part.blob).iter(qn("w:p")):
                if text := collapse("".join(_text(paragraph, []))):
                    yield Block(text)


def _first_heading(blocks: list[Block]) -> str | None:
    return blocks[0].text if blocks and blocks[0].kind == "heading" else None


def _stated(value: object) -> object:
    """A property, unless it is what python-docx puts into files for which nobody stated one."""
    return None if str(value) in _LEFTOVERS or str(value).startswith(_TEMPLATE_MADE) else value
