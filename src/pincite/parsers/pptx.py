"""Slides of PowerPoint: a slide is a page; its title is a heading, then comes its text in order, then its notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pptx
from lxml import etree
from pptx.oxml.ns import qn

from pincite.datatypes import Document, Span, Table
from pincite.parsers.markup import Block, Element, blocks_of, lay_out, parse_xml, whole_number
from pincite.parsers.metadata import document
from pincite.parsers.notation import letter, roman
from pincite.parsers.office import FALLBACK, join_scripts, open_package, stated_in, write_equations

_AS_HTML = {qn("a:p"): "p", qn("a:br"): "br", qn("a:tbl"): "table", qn("a:tr"): "tr", qn("a:tc"): "td"}

_BULLETS = {qn(f"a:bu{kind}") for kind in ("AutoNum", "Char", "None", "Blip")}
_MARKS = {"Period": "{}. ", "ParenR": "{}) ", "ParenBoth": "({}) ", "Plain": "{} ", "Minus": "-{}- "}
_NUMERALS: list[tuple[str, Callable[[int], str]]] = [
    ("alphaLc", letter),
    ("alphaUc", lambda number: letter(number).upper()),
    ("romanLc", roman),
    ("romanUc", lambda number: roman(number).upper()),
    ("", str),
]


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a presentation."""
    slides = pptx.Presentation(open_package(path, ".ppt"))
    text, headings, tables, page_starts = "", list[Span](), list[Table](), list[int]()
    first = list[Block]()
    for slide in slides.slides:
        blocks = _blocks(slide)
        words, found, rows = lay_out(blocks)
        start = len(text) + 2 if text and words else len(text)
        first = first if text else blocks[:1]
        text += f"\n\n{words}" if text and words else words
        headings += [(start + begin, start + end) for begin, end in found]
        tables += [Table(*((start + begin, start + end) for begin, end in table)) for table in rows]
        page_starts.append(start)
    stated = stated_in(slides.core_properties, first, "PowerPoint Presentation", "2013-01-27 09:14:16")
    yield document(name, text, tuple(headings), tuple(tables), stated=stated, page_starts=tuple(page_starts))


def _blocks(slide: Any) -> list[Block]:  # noqa: ANN401 - python-pptx has no types
    titles, others = list[Block](), list[Block]()
    for shape in list(_plain(slide.shapes._spTree)):
        kinds = {each.get("type") for each in shape.iter(qn("p:ph"))}
        if not kinds.isdisjoint(("sldNum", "dt", "ftr", "hdr")):  # on every slide
            continue
        blocks = blocks_of(_as_html(shape))
        if kinds.isdisjoint(("title", "ctrTitle")):
            others += blocks
        elif blocks:
            titles.append(Block(" ".join(word for block in blocks for word in block.text.split()), "heading"))
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return titles + others + ([] if notes is None else blocks_of(_as_html(_plain(notes._txBody))))


def _plain(element: Element) -> Element:
    """An element without the ways of python-pptx, in which ``text`` means something else."""
    return parse_xml(etree.tostring(element))


def _number_items(tree: Element) -> None:
    """Write the numbers of items where PowerPoint shows them: each kind goes on within its level of a text."""
    for body in tree.xpath("descendant-or-self::*[local-name() = 'txBody']"):
        counts: dict[int, tuple[tuple[str, int], int]] = {}
        for paragraph in body.iterchildren(qn("a:p")):
            properties = paragraph.find(qn("a:pPr"))
            level = whole_number(None if properties is None else properties.get("lvl"), 0)
            words = next(paragraph.iter(qn("a:t")), None)
            for deeper in [each for each in counts if each > level]:
                del counts[deeper]
            if words is None:
                continue
            styles = (properties, body.find(f"{qn('a:lstStyle')}/{qn(f'a:lvl{min(level, 8) + 1}pPr')}"))
            kinds = (each for style in styles if style is not None for each in style if each.tag in _BULLETS)
            kind = next(kinds, None)
            if kind is None or kind.tag != qn("a:buAutoNum"):
                counts.pop(level, None)
                continue
            key = kind.get("type", ""), whole_number(kind.get("startAt"), 1)
            before, number = counts.get(level, (key, key[1] - 1))
            counts[level] = key, number + 1 if before == key else key[1]
            words.text = _numeral(key[0], counts[level][1]) + (words.text or "")


def _numeral(kind: str, number: int) -> str:
    """An item's number as PowerPoint writes one of that kind: ``arabicPeriod``, ``alphaLcParenR``."""
    write = next(write for begin, write in _NUMERALS if kind.startswith(begin))
    mark = next((mark for end, mark in _MARKS.items() if kind.endswith(end)), "{}. ")
    return mark.format(write(number) if number <= 9999 else str(number))


def _as_html(tree: Element) -> Element:
    """PowerPoint's elements by the names that they have in HTML."""
    etree.strip_elements(tree, FALLBACK, with_tail=False)
    for covered in tree.xpath(".//*[local-name() = 'tc'][@hMerge = '1' or @vMerge = '1']"):
        covered.getparent().remove(covered)
    _number_items(tree)
    write_equations(tree, qn("a:t"))
    for element in tree.iter("{*}*"):
        element.text = element.text if element.tag == qn("a:t") else None
        element.tail = None
        if element.tag == qn("a:tbl") and element.xpath("./*[local-name() = 'tblPr'][@firstRow = '1']"):
            for cell in element.xpath("./*[local-name() = 'tr'][1]/*[local-name() = 'tc']"):
                cell.tag = "th"
        if element.tag == qn("a:tc"):
            element.set("colspan", element.get("gridSpan", "1"))
            element.set("rowspan", element.get("rowSpan", "1"))
        if element.tag == qn("a:r"):
            raised = next((each.get("baseline", "0") for each in element.iter(qn("a:rPr"))), "0").strip("%")
            element.tag = "span" if raised == "0" else "sub" if raised.startswith("-") else "sup"
            if any(each.get("strike", "noStrike") != "noStrike" for each in element.iterchildren(qn("a:rPr"))):
                element.tag = "del"
        else:
            element.tag = _AS_HTML.get(element.tag, element.tag)
    join_scripts(tree)
    return tree
