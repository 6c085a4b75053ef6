"""Word files: paragraphs, tables and text boxes in document order, with tracked changes accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import docx
from docx.oxml.ns import qn
from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped
from pincite.parsers.decoding import decode
from pincite.parsers.docx_numbers import Numbers, numbers_of
from pincite.parsers.markup import blocks_of, lay_out, parse_html, parse_xml
from pincite.parsers.metadata import document
from pincite.parsers.notation import roman
from pincite.parsers.office import FALLBACK, join_scripts, open_package, write_equations

_HEADING = re.compile(r"heading \d|title", re.IGNORECASE)
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_NOTES = {f"{_RELATED}footnotes": "footnote", f"{_RELATED}endnotes": "endnote"}
_STATED = ("title", "author", "created", "subject", "keywords", "category")
_FILLED_IN = ("", "None", "python-docx", "Word Document", "2013-12-23 23:15:00+00:00")
"""What python-docx puts into files of which nobody stated anything."""

_AS_HTML = {qn("w:cr"): "br", qn("w:tab"): "span", qn("w:noBreakHyphen"): "span"}
_CHARACTERS = {qn("w:tab"): " ", qn("w:noBreakHyphen"): "\u2011"}
_LEFT_OUT = (qn("w:del"), qn("w:moveFrom"), FALLBACK)
_SCRIPTS = {"superscript": "sup", "subscript": "sub"}
_OFF = ("0", "false", "off")
_PAGES = ("text/html", "application/xhtml+xml")


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The one document of a Word file; a file within it that is no page or plain text is skipped by itself."""
    word = docx.Document(open_package(path, ".doc"))
    styles = parse_xml(etree.tostring(word.styles.element))
    related = {each.reltype: each.target_part for each in word.part.rels.values() if not each.is_external}
    numbering = related.get(f"{_RELATED}numbering")
    numbers = numbers_of(parse_xml(numbering.blob), styles) if numbering else Numbers()
    looks = _Looks({style.style_id for style in word.styles if _is_heading(style)}, _scripts(styles), numbers)
    body = _tree(word.part.blob)
    notes = {kind: _tree(related[each].blob) for each, kind in _NOTES.items() if each in related}
    _write_marks(body, notes)
    blocks = []
    for tree in (body, *notes.values()):
        _as_html(tree, looks)
        for place in list(tree.iter(qn("w:altChunk"))):
            if problem := _insert(place, word.part.rels.get(place.get(qn("r:id")))):
                yield Skipped(name, problem)
        blocks += blocks_of(tree)
    values = {key: str(getattr(word.core_properties, key)) for key in _STATED}
    heading = blocks[0].text if blocks and blocks[0].kind == "heading" else None
    stated = {"title": heading} | {key: each for key, each in values.items() if each not in _FILLED_IN}
    yield document(name, *lay_out(blocks), stated=stated)


class _Looks(NamedTuple):
    """What the styles and lists of a file say: which are headings, which raise or lower, what is numbered how."""

    headings: set[str]
    scripts: dict[str, str]
    numbers: Numbers


def _is_heading(style: Any, depth: int = 10) -> bool:  # noqa: ANN401 - python-docx has no types
    """Whether it is Word's heading style, English by name in every language, or based on one."""
    if style is None or depth == 0:
        return False
    return bool(_HEADING.fullmatch(style.name or "")) or _is_heading(getattr(style, "base_style", None), depth - 1)


def _scripts(styles: Any) -> dict[str, str]:  # noqa: ANN401 - lxml has no types
    """The styles that raise or lower their text."""
    aligned = ((each, each.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")) for each in styles.iterfind(qn("w:style")))
    return {
        each.get(qn("w:styleId"), ""): _SCRIPTS.get(align.get(qn("w:val")), "span")
        for each, align in aligned
        if align is not None
    }


def _tree(blob: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    tree = parse_xml(blob)
    etree.strip_elements(tree, *_LEFT_OUT, with_tail=False)
    return tree


def _write_marks(body: Any, notes: dict[str, Any]) -> None:  # noqa: ANN401 - lxml has no types
    """Put the mark of each note where the text leads to it, and before the note: ``[1]``, of endnotes ``[i]``."""
    for kind, tree in notes.items():
        marks: dict[str, str] = {}
        for place in list(body.iter(qn(f"w:{kind}Reference"))):
            run = place.getparent()
            if place.get(qn("w:customMarkFollows")) in (None, "0", "false"):
                number = len(marks) + 1
                mark = roman(number) if kind == "endnote" else str(number)
                marks[place.get(qn("w:id"), "")] = f"[{mark}] "
            else:
                words = list(run.iterfind(qn("w:t")))
                mark = "".join(each.text or "" for each in words).strip()
                for each in words:
                    run.remove(each)
            _put(place, f"[{mark}]" if mark else "")
        for note in tree.iter(qn(f"w:{kind}")):
            for place in list(note.iter(qn(f"w:{kind}Ref"))):
                _put(place, marks.get(note.get(qn("w:id"), ""), ""))


def _put(place: Any, mark: str) -> None:  # noqa: ANN401 - lxml has no types
    """Put a mark in the place of what Word shows as one, on the line."""
    run = place.getparent()
    for raised in run.findall(qn("w:rPr")):
        run.remove(raised)
    place.tag, place.text = qn("w:t"), mark


def _as_html(tree: Any, looks: _Looks) -> None:  # noqa: ANN401 - lxml has no types
    """Word's elements by the names that they have in HTML; text boxes go behind the paragraph that holds them."""
    write_equations(tree, qn("w:t"))
    for box in reversed(list(tree.iter(qn("w:txbxContent")))):
        next(box.iterancestors(qn("w:p"))).addnext(box)
    for paragraph in tree.iter(qn("w:p")):
        number = looks.numbers.before(paragraph)
        if number and any((each.text or "").strip() for each in paragraph.iter(qn("w:t"))):
            start = etree.Element(qn("w:t"))
            start.text = number
            paragraph.insert(0, start)
    for element in tree.iter("{*}*"):
        tag = element.tag
        element.text = element.text if tag == qn("w:t") else _CHARACTERS.get(tag)
        element.tail = None
        if tag == qn("w:p"):
            element.tag = _paragraph(element, looks.headings)
        elif tag == qn("w:r"):
            element.tag = _script(element, looks.scripts)
        elif tag == qn("w:tc"):
            element.tag = "th" if _names_columns(element.getparent()) else "td"
        else:
            element.tag = _AS_HTML.get(tag, tag)
    join_scripts(tree)


def _paragraph(element: Any, headings: set[str]) -> str:  # noqa: ANN401 - lxml has no types
    properties = {each.tag: each.get(qn("w:val"), "") for each in element.iterfind(f"{qn('w:pPr')}/*")}
    style = properties.get(qn("w:pStyle"), "")
    if qn("w:outlineLvl") in properties or style in headings:
        return "h1"
    return "li" if qn("w:numPr") in properties or "List" in style else "p"


def _names_columns(row: Any) -> bool:  # noqa: ANN401 - lxml has no types
    """Whether a row is repeated on each page that its table goes on over."""
    repeated = row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
    return repeated is not None and repeated.get(qn("w:val")) not in _OFF


def _script(element: Any, styles: dict[str, str]) -> str:  # noqa: ANN401 - lxml has no types
    properties = {each.tag: each.get(qn("w:val"), "") for each in element.iterfind(f"{qn('w:rPr')}/*")}
    if any(properties.get(qn(f"w:{name}"), "0") not in _OFF for name in ("strike", "dstrike")):
        return "del"
    by_style = styles.get(properties.get(qn("w:rStyle"), ""), "span")
    return _SCRIPTS.get(properties[qn("w:vertAlign")], "span") if qn("w:vertAlign") in properties else by_style


def _insert(place: Any, relation: Any) -> str | None:  # noqa: ANN401 - neither library has types
    """Put what a file within the file says in its place; the reason where it is not read."""
    if relation is None or relation.is_external:
        return "a file within it is missing"
    part, kind = relation.target_part, relation.target_part.content_type
    if kind not in (*_PAGES, "text/plain"):
        return f"the file {part.partname} within it is not read: open and save it in Word"
    try:
        text = decode(part.blob)
    except UnreadableFile as error:
        return f"the file {part.partname} within it: {error}"
    place.tag, place[:] = "div", [parse_html(f"<pre>{escape(text)}</pre>" if kind == "text/plain" else text)]
    return None
