"""Word files: paragraphs, tables and text boxes in document order, with tracked changes accepted."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn
from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped
from pincite.parsers.decoding import decode
from pincite.parsers.markup import Element, blocks_of, lay_out, parse_html, parse_xml, whole_number
from pincite.parsers.metadata import document
from pincite.parsers.notation import letter, roman
from pincite.parsers.office import FALLBACK, join_scripts, open_package, stated_in, write_equations

_HEADING = re.compile(r"heading \d|title", re.IGNORECASE)
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_NOTES = {f"{_RELATED}footnotes": "footnote", f"{_RELATED}endnotes": "endnote"}
_AS_HTML = {qn("w:cr"): "br", qn("w:tab"): "span", qn("w:noBreakHyphen"): "span"}
_SYMBOLS = dict(zip("abcdefghijklmnopqrstuvwxyz", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True))
_SYMBOLS |= dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True))
_SYMBOLS |= dict(zip("-£³°±´¸¹»¥Ö®¬Þ·¢²¼", "−≤≥°±×÷≠≈∞√→←⇒•′″…", strict=True))
"""What the font Symbol shows for the characters of Latin-1 that people insert most."""
_PRIVATE = re.compile("[\uf020-\uf0ff]")
_CHARACTERS = {qn("w:tab"): " ", qn("w:noBreakHyphen"): "\u2011"}
_SCRIPTS = {"superscript": "sup", "subscript": "sub"}
_OFF = ("0", "false", "off")
_HAN = "零一二三四五六七八九"


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The one document of a Word file; a file within it that is no page or plain text is skipped by itself."""
    word = docx.Document(open_package(path, ".doc"))
    styles = _with_bases(parse_xml(etree.tostring(word.styles.element)))
    related = {each.reltype: each.target_part for each in word.part.rels.values() if not each.is_external}
    numbering = related.get(f"{_RELATED}numbering")
    numbers = _Numbers(parse_xml(numbering.blob if numbering else b"<none/>"), styles)
    body = _tree(word.part.blob)
    notes = {kind: _tree(related[each].blob) for each, kind in _NOTES.items() if each in related}
    _write_marks(body, notes)
    blocks = []
    for tree in (body, *notes.values()):
        _as_html(tree, styles, numbers)
        for place in list(tree.iter(qn("w:altChunk"))):
            if problem := _insert(place, word.part.rels.get(place.get(qn("r:id")))):
                yield Skipped(name, problem)
        blocks += blocks_of(tree)
    filled_in = ("python-docx", "Word Document", "2013-12-23 23:15:00+00:00")
    yield document(name, *lay_out(blocks), stated=stated_in(word.core_properties, blocks, *filled_in))


def _with_bases(styles: Element) -> dict[str, list[Element]]:
    """Each style by its id, with those that it is based on behind it."""
    by_id = {name: each for each in styles.iterfind(qn("w:style")) if (name := each.get(qn("w:styleId")))}
    chains = {name: [style] for name, style in by_id.items()}
    for chain in chains.values():
        while len(chain) < 10 and (base := by_id.get(_value(chain[-1], "w:basedOn"))) is not None:
            chain.append(base)
    return chains


def _value(element: Element, *path: str) -> str:
    found = element.find("/".join(map(qn, path)))
    return "" if found is None else str(found.get(qn("w:val"), ""))


def _properties(element: Element, name: str) -> dict[str, str]:
    return {each.tag: each.get(qn("w:val"), "") for each in element.iterfind(f"{qn(name)}/*")}


def _tree(blob: bytes) -> Element:
    tree = parse_xml(blob)
    for empty in list(tree.iter(qn("w:showingPlcHdr"))):  # says "Click here to enter text"
        empty.getparent().getparent().tag = FALLBACK
    etree.strip_elements(tree, qn("w:del"), qn("w:moveFrom"), FALLBACK, with_tail=False)
    return tree


def _write_marks(body: Element, notes: dict[str, Element]) -> None:
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


def _put(place: Element, mark: str) -> None:
    """Put a mark in the place of what Word shows as one, on the line."""
    run = place.getparent()
    for raised in run.findall(qn("w:rPr")):
        run.remove(raised)
    place.tag, place.text = qn("w:t"), mark


def _as_html(tree: Element, styles: dict[str, list[Element]], numbers: _Numbers) -> None:
    """Word's elements by the names that they have in HTML; text boxes go behind the paragraph that holds them."""
    headings = {name for name, chain in styles.items() if any(_HEADING.fullmatch(_value(s, "w:name")) for s in chain)}
    scripts = {
        name: _SCRIPTS.get(_value(style, "w:rPr", "w:vertAlign"), "span") for name, (style, *_) in styles.items()
    }
    write_equations(tree, qn("w:t"))
    _join_rows(tree)
    for box in reversed(list(tree.iter(qn("w:txbxContent")))):
        next(box.iterancestors(qn("w:p"))).addnext(box)
    for paragraph in tree.iter(qn("w:p")):
        number = numbers.before(paragraph)
        if number and any((each.text or "").strip() for each in paragraph.iter(qn("w:t"))):
            start = etree.Element(qn("w:t"))
            start.text = number
            paragraph.insert(0, start)
    for element in tree.iter("{*}*"):
        tag = element.tag
        element.text = element.text if tag == qn("w:t") else _CHARACTERS.get(tag)
        if tag == qn("w:sym"):
            element.tag, element.text = "span", _symbol(element)
        elif element.text and _PRIVATE.search(element.text) and _is_in_symbols(element.getparent()):
            element.text = _PRIVATE.sub(lambda found: _shown_as(ord(found[0])), element.text)
        element.tail = None
        if tag == qn("w:p"):
            element.tag = _paragraph(element, headings)
        elif tag == qn("w:r"):
            element.tag = _run(element, scripts)
        elif tag == qn("w:tc"):  # a row that is repeated on each page of its table names the columns
            repeated = _properties(element.getparent(), "w:trPr").get(qn("w:tblHeader"), "0")
            element.tag = "td" if repeated in _OFF else "th"
            element.set("colspan", _value(element, "w:tcPr", "w:gridSpan") or "1")
        else:
            element.tag = _AS_HTML.get(tag, tag)
    join_scripts(tree)


def _symbol(element: Element) -> str:
    """The sign that a font of signs shows for a number, where that is known."""
    stated = element.get(qn("w:char"), "")
    number = int(stated, 16) if re.fullmatch("[0-9A-Fa-f]{1,6}", stated) else 0
    if not 0xF000 <= number <= 0xF0FF:
        is_sign = number < 0x110000 and unicodedata.category(chr(number)) not in ("Cc", "Cn", "Cs")
        return chr(number) if is_sign else "\ufffd"  # XML cannot hold the others
    return _shown_as(number) if element.get(qn("w:font")) == "Symbol" else "\ufffd"


def _shown_as(number: int) -> str:
    """What the font Symbol shows for a character of its own."""
    return _SYMBOLS.get(chr(number - 0xF000), "\ufffd")


def _is_in_symbols(run: Element) -> bool:
    fonts = run.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
    return fonts is not None and "Symbol" in (fonts.get(qn("w:ascii")), fonts.get(qn("w:hAnsi")))


def _join_rows(tree: Element) -> None:
    """Have the first of cells that are joined over several rows say so, as in HTML, and take out those below."""
    for table in tree.iter(qn("w:tbl")):
        first: dict[int, Element] = {}
        for row in table.iterchildren(qn("w:tr")):
            at = whole_number(_value(row, "w:trPr", "w:gridBefore"), 0)
            for cell in row.findall(qn("w:tc")):
                joined = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                if joined is None or joined.get(qn("w:val")) == "restart":
                    first[at] = cell
                elif at in first:
                    first[at].set("rowspan", str(int(first[at].get("rowspan", "1")) + 1))
                    row.remove(cell)
                at += whole_number(_value(cell, "w:tcPr", "w:gridSpan"), 1)


def _paragraph(element: Element, headings: set[str]) -> str:
    properties = _properties(element, "w:pPr")
    style = properties.get(qn("w:pStyle"), "")
    if qn("w:outlineLvl") in properties or style in headings:
        return "h1"
    return "li" if qn("w:numPr") in properties or "List" in style else "p"


def _run(element: Element, scripts: dict[str, str]) -> str:
    properties = _properties(element, "w:rPr")
    if properties.get(qn("w:vanish"), "0") not in _OFF:
        return "template"
    if any(properties.get(qn(f"w:{name}"), "0") not in _OFF for name in ("strike", "dstrike")):
        return "del"
    moved = properties.get(qn("w:position"), "0")
    if moved != "0" and qn("w:sz") in properties:  # small and off the line, as some programs raise digits
        return "sub" if moved.startswith("-") else "sup"
    by_style = scripts.get(properties.get(qn("w:rStyle"), ""), "span")
    return _SCRIPTS.get(properties[qn("w:vertAlign")], "span") if qn("w:vertAlign") in properties else by_style


def _insert(place: Any, relation: Any) -> str | None:  # noqa: ANN401 - neither library has types
    """Put what a file within the file says in its place; the reason where it is not read."""
    if relation is None or relation.is_external:
        return "a file within it is missing"
    part, kind = relation.target_part, relation.target_part.content_type
    if kind not in ("text/html", "application/xhtml+xml", "text/plain"):
        return f"the file {part.partname} within it is not read: open and save it in Word"
    try:
        text = decode(part.blob)
    except UnreadableFile as error:
        return f"the file {part.partname} within it: {error}"
    place.tag, place[:] = "div", [parse_html(f"<pre>{escape(text)}</pre>" if kind == "text/plain" else text)]
    return None


class _Numbers:
    """Counts the paragraphs that Word numbers, in their order. A file only says which list each belongs to."""

    def __init__(self, numbering: Element, styles: dict[str, list[Element]]) -> None:
        self._levels: dict[str, dict[int, Element]] = {}  # of each list, by the number that paragraphs know it by
        self._shared: dict[str, str] = {}  # lists of one definition go on counting one after the other
        self._restarts: dict[str, dict[int, int]] = {}  # the first number of levels of a list that begins anew
        self._of_styles: dict[str, tuple[str, int]] = {}  # list and level of the paragraphs of a style
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        definitions = {each.get(qn("w:abstractNumId")): each for each in numbering.iterfind(qn("w:abstractNum"))}
        linked = {_value(each, "w:styleLink"): each for each in definitions.values()}
        for each in numbering.iterfind(qn("w:num")):
            number, shared = each.get(qn("w:numId"), ""), _value(each, "w:abstractNumId")
            if (definition := definitions.get(shared)) is None:
                continue
            definition = linked.get(_value(definition, "w:numStyleLink") or "-", definition)
            overrides = each.findall(qn("w:lvlOverride"))
            starts = ((_level_of(override), _value(override, "w:startOverride")) for override in overrides)
            levels = [*definition.iterfind(qn("w:lvl")), *each.iterfind(f"{qn('w:lvlOverride')}/{qn('w:lvl')}")]
            self._levels[number] = {_level_of(level): level for level in levels}
            self._shared[number] = shared
            self._restarts[number] = {at: whole_number(start, 1) for at, start in starts if start}
        for name, chain in styles.items():
            number, at = (
                next(filter(None, (_value(each, "w:pPr", "w:numPr", key) for each in chain)), "")
                for key in ("w:numId", "w:ilvl")
            )
            known = self._levels.get(number, {}).items()
            of_style = (key for key, level in known if _value(level, "w:pStyle") == name)
            self._of_styles[name] = (number, next(of_style, whole_number(at, 0)))

    def before(self, paragraph: Element) -> str:
        """What stands before the next paragraph; empty where that is nothing or a bullet."""
        number, at = self._of_styles.get(_value(paragraph, "w:pPr", "w:pStyle"), ("", 0))
        if own := _value(paragraph, "w:pPr", "w:numPr", "w:numId"):
            number, at = own, 0
        at = whole_number(_value(paragraph, "w:pPr", "w:numPr", "w:ilvl"), at)
        levels = self._levels.get(number, {})
        if at not in levels:
            return ""
        counts = self._counts[self._shared[number]]
        for each, first in self._restarts.pop(number, {}).items():
            counts[each] = first - 1
        for each in [each for each in counts if each > at]:
            del counts[each]
        for each in sorted(each for each in levels if each <= at):
            counts.setdefault(each, whole_number(_value(levels[each], "w:start"), 1) - (each == at))
        counts[at] += 1
        return _shown(levels, at, counts)


def _level_of(element: Element) -> int:
    return whole_number(element.get(qn("w:ilvl")), 0)


def _shown(levels: dict[int, Element], at: int, counts: dict[int, int]) -> str:
    level = levels[at]
    if _value(level, "w:numFmt") in ("bullet", "none"):
        return ""
    is_legal = level.find(qn("w:isLgl")) is not None

    def number(found: re.Match[str]) -> str:
        shown = int(found[1]) - 1
        kind = _value(levels[shown], "w:numFmt") if shown in levels and not is_legal else "decimal"
        count = counts.get(shown, 1)
        # What is numbered higher is no text that somebody wrote; its letters would be without end.
        return _KINDS.get(kind, str)(count) if 0 < count <= 9999 else str(count)

    text = re.sub("%([1-9])", number, _value(level, "w:lvlText")[:100])
    return text if not text or _value(level, "w:suff") == "nothing" else f"{text} "


def _han(number: int) -> str:
    tens, ones = divmod(number, 10)
    if number > 99:
        return str(number)
    return (_HAN[tens] if tens > 1 else "") + ("十" if tens else "") + (_HAN[ones] if ones else "")


_KINDS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02}",
    "lowerLetter": letter,
    "upperLetter": lambda number: letter(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
}
_KINDS |= dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"), _han)
