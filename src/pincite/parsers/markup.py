"""From a tree of HTML elements to text; HTML, EPUB, rendered Markdown and renamed Word elements all come here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise, takewhile
from typing import Any, NamedTuple

from lxml import etree, html

from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Span, Table
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import clean
from pincite.parsers.notation import LOWERED, RAISED, SIGNS, as_script, is_index_or_exponent, letter, roman

_HEAD, _ROW = "tr-of-columns", "tr-of-values"
"""What rows of a table are called once their cells are joined: those that name its columns, and those below."""
Element = Any
"""An element or a tree of lxml, which has no types."""
HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_LINES = frozenset({"li", "dt", "dd"})
BLOCKS = HEADINGS | _LINES | {_HEAD, _ROW}
BLOCKS |= {"address", "article", "aside", "blockquote", "body", "caption", "center", "details", "dialog", "div", "dl"}
BLOCKS |= {"fieldset", "figcaption", "figure", "footer", "header", "hgroup", "hr", "html", "legend", "main", "ol", "p"}
BLOCKS |= {"pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
STRUCK = ("del", "s", "strike")
_SILENT = {"area", "audio", "button", "canvas", "datalist", "embed", "form", "head", "iframe", "input", "map", "math"}
_SILENT |= {"menu", "nav", "noscript", "object", "option", "rp", "rt", "script", "select", "style", "svg", "template"}
_SILENT |= {"textarea", "title", "video", *STRUCK}
_AROUND_OPERATOR = re.compile(r"(?<!\s)\s*([-+\u2212*/=])\s*")
_NOTE = re.compile(r"foot-?note|end-?note|note-?ref|\b(?:fn|fnref|ref|reference|cite|citation)\b", re.IGNORECASE)
_NOTE_LINK = re.compile(r"foot-?note|end-?note|note-?ref|citation-?ref", re.IGNORECASE)
"""Classes of the marks that lead to a note or a source."""
_DISPLAY_STYLE = re.compile(r"\A\{\\(?:displaystyle|textstyle) ?(.*)\}\Z", re.DOTALL)
"""What encyclopedias put around their TeX."""
_BETWEEN_PARTS = {"msup": "^", "msub": "_", "mfrac": "/"}
_RUN_OF_WHITE = re.compile(r"[ \t\n\r\f]+")
_UNNUMBERED = re.compile(
    r"list-style[^;]*:\s*none|\b(?:list-(?:none|unstyled|inline)|unstyled|breadcrumbs?|no-?bullets?|plain|pager|toc)\b",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"(?!(?:1[89]|20)\d\d\Z)[^\w]*\d[\d.,:/\s%-]*|https?://\S*")
"""A number, day or address, which is no column's name, unless it is a year."""
_DATUM = re.compile(r"[^\w\s]?\d[\d.,:/%-]*+(?:\s?[^\s\d]{1,6})?\Z|[-\u2013\u2014]\Z")
"""A number, with or without a unit."""
_MOST_CELLS = 100_000
"""Of a table whose cells span others; what has more is no table that somebody wrote."""
_VALUE = 200
"""Letters of a cell that is repeated, at most; what has more is no value."""
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|text-decoration(?:-line)?\s*:\s*line-through", re.IGNORECASE
)
"""Of styles: what is not shown, or shown as struck."""
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b|(?:^|\s)(sup|sub)(?:erscript|script)?$", re.IGNORECASE)
"""Of styles, and of classes, which stand behind them."""
_UNSEEN = re.compile(r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text)(?:$|\s)")

_LINE_NUMBERS = re.compile(
    r"(?:^|[\s_-])(?:line-?(?:no|num(?:ber)?)s?|ln-(?:n|num)\w*|gutter)(?:$|[\s_-])", re.IGNORECASE
)


class Block(NamedTuple):
    """A ``paragraph``, a ``heading``, or a ``line``: an item or table row, with no blank line before the next one.

    A line of a table whose columns have names is ``columns``, which names them, or a ``row`` below.
    """

    text: str
    kind: str

    @property
    def is_line(self) -> bool:
        """Whether no blank line parts it from those of its kind."""
        return self.kind in ("line", "columns", "row")


def parse_html(text: str) -> Element:
    """The tree of an HTML page, however broken.

    Raises:
        UnreadableFile: without any element, or nested deeper than 2048, below which the parser would leave text out.
    """
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    tree = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if any("depth" in error.message for error in parser.error_log):
        raise UnreadableFile("its elements are nested too deeply")
    if tree is None:
        raise UnreadableFile("empty")
    return tree


def parse_xml(data: bytes) -> Element:
    """The root element; entities are not expanded and nothing is fetched."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def blocks_of(tree: Element) -> list[Block]:
    """The text under ``tree`` that a browser would show, without menus, forms and scripts; ``tree`` is used up."""
    etree.strip_elements(tree, etree.Comment, etree.ProcessingInstruction, etree.Entity, with_tail=False)
    for element in tree.iter("{*}*"):
        name = "template" if is_hidden(element) else local_name(element)
        if name != element.tag:  # to set it costs more
            element.tag = name
    write_formulas(tree)
    write_scripts(tree)
    etree.strip_elements(tree, *_SILENT, with_tail=False)
    join_terms(tree)
    drop_contents(tree)
    number_items(tree)
    open_layout(tree)
    fill_spans(tree)
    join_cells(tree)
    return list(_blocks(tree))


def lay_out(blocks: Iterable[Block]) -> tuple[str, tuple[Span, ...], tuple[Table, ...]]:
    """The text of the blocks, the ranges of its heading lines, and its tables."""
    parts: list[str] = []
    headings: list[Span] = []
    tables: list[Table] = []
    length, before = 0, Block("", "")
    for block in _with_borders([block._replace(text=clean(block.text)) for block in blocks]):
        text = block.text
        begins = block.kind == "columns" != before.kind
        gap = "" if not parts else "\n" if block.is_line and before.is_line and not begins else "\n\n"
        span = (length + len(gap), length + len(gap) + len(text))
        length = span[1]
        parts += gap, text
        before = block
        if block.kind == "heading":
            headings.append(span)
        elif begins:
            tables.append(Table(span, (length, length)))
        elif block.kind == "columns":
            tables[-1] = Table((tables[-1].header[0], length), (length, length))
        elif block.kind == "row" and tables:
            header, (start, end) = tables[-1]
            tables[-1] = Table(header, (span[0] if start == end else start, length))
    return "".join(parts), tuple(headings), tuple(table for table in tables if table.body[0] < table.body[1])


def _with_borders(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks; of lines of which a sentence would go on in the next, each is a paragraph."""
    for kind, group in groupby(blocks, lambda block: block.kind):
        lines = list(group)
        if kind == "line" and len(lines) > 1:
            starts = accumulate((len(line.text) + 1 for line in lines[:-1]), initial=0)
            begins = {at + len(line.text) - len(line.text.lstrip()) for at, line in zip(starts, lines, strict=True)}
            if not begins <= {start for start, _ in sentence_spans("\n".join(line.text for line in lines))}:
                lines = [line._replace(kind="paragraph") for line in lines]
        yield from lines


def collapse(text: str) -> str:
    """``text`` with each run of white space as one space; no-break spaces stay."""
    return _RUN_OF_WHITE.sub(" ", text).strip(" ")


def gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """What is stated under each name: one text as it is, several as a list; of titles and dates the first."""
    found: dict[str, list[str]] = {}
    for key, text in pairs:
        if text := collapse(text):
            found.setdefault(key, []).append(text)
    return {key: each[0] if len(each) == 1 or key in ("title", "date") else each for key, each in found.items()}


def is_hidden(element: Element) -> bool:
    """Whether a browser shows nothing of an element, as of what is there for those who have the page read to them."""
    if not element.keys():  # as most, so that nothing is looked for
        return False
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style", "")):
        return local_name(element) != "br"  # the words beside it are two in any case
    if "pagebreak" in _role(element) or numbers_lines(element):  # the number of a page is within a word perhaps
        return True
    return element.tag not in BLOCKS and _UNSEEN.search(element.get("class", "")) is not None


def numbers_lines(element: Element) -> bool:
    """Whether an element holds the numbers that stand before lines of code."""
    name, parent = element.get("class"), element.getparent()
    if not name or parent is None or _LINE_NUMBERS.search(name) is None or not letters_of(element).isdecimal():
        return False
    around = next(element.iterancestors("pre", "code", "tr"), parent)
    if around.tag in ("pre", "code"):
        return True
    is_beside = around.get("class") == "line" or (
        around.tag == "tr" and next(around.iter("pre", "code"), None) is not None
    )
    return is_beside and not _text_before(element).strip()


def _role(element: Element) -> str:
    """What an element is for in a book: its ``role``, or ``epub:type`` as XML and as HTML have it."""
    return " ".join(value for key, value in element.items() if key in ("role", "epub:type", _EPUB_TYPE))


def local_name(element: Element) -> str:
    """The element's name in lower case, without its namespace."""
    return str(element.tag).rpartition("}")[2].lower()


def plain_text(element: Element) -> str:
    """All that is in an element as one line."""
    return collapse(" ".join(block.text for block in _blocks(element)))


def holds(element: Element, *tags: str) -> bool:
    """Whether one of these elements is anywhere in this one."""
    return next(element.iterdescendants(*tags), None) is not None


def letters_of(element: Element) -> str:
    """All that is in an element without white space, in which two ways to lay it out agree."""
    return squashed("".join(element.itertext()))


def squashed(text: str) -> str:
    """``text`` without white space."""
    return "".join(text.split())


def drop(tree: Element, elements: Iterable[Element]) -> None:
    """Take out elements with all that is in them, but for what holds the page or its article."""
    for element in elements:
        if element.tag not in ("html", "body", "main", "article"):
            element.tag = "template"
    etree.strip_elements(tree, "template", with_tail=False)


def join_terms(tree: Element) -> None:
    """Let each meaning begin with its terms: ``Crane, hoist: 90 crowns an hour``, unless it begins with code or a list.

    Each of several meanings gets the terms: a search may find one without the others.
    """
    for first in list(tree.iter("dt")):
        before = first.getprevious()
        if first.tag != "dt" or (before is not None and before.tag == "dt"):
            continue  # it was one of the terms before
        terms, meanings = [first], []
        for each in first.itersiblings():
            if each.tag == "dd":
                meanings.append(each)
            elif each.tag == "dt" and not meanings:
                terms.append(each)
            else:
                break
        names = (collapse(f"{plain_text(term)} {term.tail or ''}") for term in terms)
        name = ", ".join(filter(None, names))
        words = f"{name}{' ' if name[-1:] in '.:?!。：？！' else ': '}"
        if name and [each for each in meanings if _begin_with(words, each)][:1] == meanings[:1] != []:
            for term in terms:
                term.getparent().remove(term)
        for term in terms:  # what is left of them is a line of its own, whatever comes to follow it
            term.tag = "dd"


def drop_contents(tree: Element) -> None:
    """Take out lists of links to places of the same page: they say what there is, and answer nothing."""
    lists = []
    for each in tree.iter("ul", "ol"):
        links = [link for link in each.iter("a") if link.get("href", "").startswith("#")]
        if len(links) > 2 and "".join(map(letters_of, links)) == letters_of(each):  # fewer may be in any list
            lists.append(each)
    drop(tree, lists)


def number_items(tree: Element) -> None:
    """Write the numbers of ordered lists where a browser shows them: "see step 3" is about the item "3. ..."."""
    for numbered in list(tree.iter("ol")):
        numbered.tag = "ul"  # so that none is written twice
        style = f"{numbered.get('style', '')} {numbered.get('class', '')}"
        if _UNNUMBERED.search(style) or numbered.get("reversed") is not None:
            continue
        number = whole_number(numbered.get("start"), 1)
        for item in numbered.iterchildren("li"):
            number = whole_number(item.get("value"), number)
            _begin_with(f"{numeral(number, numbered.get('type', '1'))}. ", item)
            number += 1


def whole_number(stated: str | None, otherwise: int) -> int:
    """What an attribute states, if that is a number that somebody may have meant."""
    return int(stated) if stated is not None and re.fullmatch(r"\d{1,6}", stated) else otherwise


def numeral(number: int, kind: str) -> str:
    """An item's number as HTML's ``type`` of a list writes it: ``a``, ``A``, ``i`` or ``I``, else in digits."""
    written, last = {"a": (letter, 26), "i": (roman, 39)}.get(kind.lower(), (str, 0))
    text = written(number) if 0 < number <= last else str(number)
    return text.upper() if kind.isupper() else text


def _begin_with(words: str, element: Element) -> bool:
    """Put words before the first ones of an element, unless these are in a list, a table or code."""
    while not (element.text or "").strip():
        for child in element:
            if any(map(str.strip, child.itertext())):
                break
            if (child.tail or "").strip():
                child.tail = words + child.tail.lstrip()
                return True
        else:
            return False
        if child.tag not in BLOCKS:
            start = child.makeelement("span")
            start.text = words
            child.addprevious(start)
            return True
        if child.tag not in ("p", "div"):
            return False
        element = child
    element.text = words + element.text.lstrip()
    return True


def write_formulas(tree: Element) -> None:
    """Put the text of each formula in its place: as its author gave it (TeX), else by its letters and signs."""
    outermost = [each for each in tree.iter("math") if next(each.iterancestors("math"), None) is None]
    for formula in outermost:
        notes = formula.xpath(".//annotation[contains(@encoding, 'tex') or contains(@encoding, 'TeX')]")
        stated = formula.get("alttext") or "".join(note.text or "" for note in notes[:1])
        text = collapse(_DISPLAY_STYLE.sub(r"\1", stated)) or _formula(formula) or "[formula]"
        _set_text(formula, f" {text}" if text[0].isdigit() and _text_before(formula)[-1:].isdigit() else text)
        for shell in takewhile(lambda each: each.tag not in BLOCKS, shells(formula)):
            shell.attrib.pop("style", None)  # which hides it where there is a picture of it
            for twin in (shell.getprevious(), shell.getnext()):
                if twin is not None and twin.get("aria-hidden") == "true":  # the same, drawn by a script
                    twin.tag = "template"


def _formula(formula: Element) -> str:
    """Its letters and signs; nothing where some have a place that a line cannot show, as those of a matrix have."""
    etree.strip_elements(formula, "annotation", "annotation-xml", with_tail=False)
    written: dict[Element, str] = {}
    for element in reversed(list(formula.iter())):  # parts before what they are parts of
        own = collapse(element.text or "").strip("\u2061\u2062\u2063\u2064")  # signs that nobody sees
        parts = list(filter(None, [own, *(written[each] for each in element)]))
        between = _BETWEEN_PARTS.get(element.tag)
        if between and len(parts) == 2:
            written[element] = between.join((as_one(parts[0]), as_one(parts[1], between != "/")))
        elif element.tag == "msqrt":
            written[element] = f"\u221a{as_one(_in_a_row(parts))}"
        elif element.tag in ("math", "semantics", "mstyle", "mrow") or (len(element) == 0 and not between):
            written[element] = _in_a_row(parts)
        else:
            return ""
    return written[formula]


def _in_a_row(parts: Sequence[str]) -> str:
    """The parts, with a space where two of them would be read as one: ``2 1/2``, ``sin x``."""
    row = "".join(parts[:1])
    for before, part in pairwise(parts):
        is_longer = len(before) > 1 and not before.isdigit()
        is_apart = before[-1].isalnum() and part[0].isalnum() and (is_longer or part[0].isdigit())
        row += f" {part}" if is_apart else part
    return row


def as_one(part: str, is_raised: bool = False) -> str:
    """In brackets where it would be read as several parts."""
    return part if len(part) == 1 or (part.isdigit() if is_raised else part.isalnum()) else f"({part})"


def shells(element: Element) -> Iterator[Element]:
    """An element, and what is around it as far as that holds nothing else."""
    yield element
    around = element.getparent()
    while around is not None and not f"{around.text or ''}{element.tail or ''}".strip():
        if element.getprevious() is not None or element.getnext() is not None:  # len() would count all beside it
            return
        yield around
        element, around = around, around.getparent()


def write_scripts(tree: Element) -> None:
    """Set raised and lowered digits apart from those before: ``10⁶``, ``H₂O``, ``x_(1,2)``, and notes: ``2019[4]``."""
    for link in list(tree.iter("a")):
        is_mark = _NOTE_LINK.search(f"{link.get('class', '')} {_role(link)}") and _is_note(link)
        if is_mark and next(link.iterancestors("sup"), None) is None:
            _set_text(link, f"[{letters_of(link)}]")
    for raised in tree.iter("span"):
        if found := _RAISED.search(f"{raised.get('style', '')} {raised.get('class', '')}"):
            raised.tag = (found[1] or found[2]).lower()[:3]
    for script in reversed(list(tree.iter("sup", "sub"))):  # those within others first
        is_raised = script.tag == "sup"
        text = _AROUND_OPERATOR.sub(r"\1", "".join(script.itertext())).strip()
        links = chain(script.iter("a"), (shell for shell in shells(script) if shell.tag == "a"))
        leads = _NOTE.search(script.get("class", "")) or any("#" in link.get("href", "") for link in links)
        if is_raised and leads and _is_note(script):
            _set_text(script, f"[{letters_of(script)}]")
        elif SIGNS.fullmatch(text):
            _set_text(script, text.translate(RAISED if is_raised else LOWERED))
        elif any(map(str.isspace, text)):
            script.text, script.tag = f" {script.text or ''}", "span"
        elif is_index_or_exponent(text, _text_before(script), is_raised=is_raised):
            _set_text(script, as_script(text, is_raised=is_raised))


def _text_before(element: Element) -> str:
    beside = element.getprevious()
    return (element.getparent().text if beside is None else beside.tail or beside.text) or ""


def _is_note(element: Element) -> bool:
    return re.fullmatch(r"\d[\d,;\u2013-]*|[a-z]", letters_of(element)) is not None


def _set_text(element: Element, text: str) -> None:
    element[:], element.text, element.tag = [], text, "span"


def open_layout(tree: Element) -> None:
    """Make boxes of tables that only lay out what they hold: of one column, or with the article in one of the cells."""
    laid_out = ("p", "div", *HEADINGS, "ul", "ol", "dl", "pre")
    for table in list(tree.iter("table")):
        rows = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
        cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in rows]
        blocks = [cell for row in cells for cell in row if cell.tag == "td" and holds(cell, *laid_out)]
        if blocks and (max(map(len, cells)) == 1 or _hold_an_article(blocks, cells, table)):
            for element in (table, *table, *rows, *chain(*cells)):
                if element.tag != "caption":
                    element.tag = "div"


def _hold_an_article(blocks: list[Element], rows: list[list[Element]], table: Element) -> bool:
    """Whether one cell has most of the table's words, in another table or, where rows are not alike, in paragraphs."""
    most = max(blocks, key=lambda cell: len("".join(cell.itertext())))
    inner = next(most.iter("table"), None)
    total, words, words_inside = (
        0 if each is None else len("".join(each.itertext()).split()) for each in (table, most, inner)
    )
    if inner is not None and words_inside * 2 >= total:
        return True
    filled = Counter(sum(any(map(str.strip, cell.itertext())) for cell in row) for row in rows)
    are_alike = any(alike > 1 for number, alike in filled.items() if number > 1)
    if are_alike or any(cell.tag == "th" for cell in chain(*rows)):
        return False
    is_article = holds(most, *HEADINGS) or len(list(most.iterchildren("p", "div"))) > 1
    return is_article and words > 100 and words * 2 >= total  # cells of data have fewer words


class _Place(NamedTuple):
    """What stands in a column of a row: a cell, which may reach there from a row above or a column before."""

    cell: Element
    is_below: bool
    is_beside: bool


def fill_spans(tree: Element) -> None:
    """Give each row a cell in each column, and repeat in it what reaches into it from a row above.

    A cell that spans columns is repeated in a row that names them. Elsewhere its further columns stay empty: a value
    of boats and cars together is that of neither. One that is alone in its row is a title of the rows below. Columns
    in which no cell begins are left out.
    """
    for rows in _tables(tree):
        most = sum(len(cells) for _, cells in rows)  # which no table can have more columns than
        spans = [
            [(cell, min(_span(cell, "colspan"), most), min(_span(cell, "rowspan"), len(rows) - at)) for cell in cells]
            for at, (_, cells) in enumerate(rows)
        ]
        area = sum(across * down for _, across, down in chain(*spans))
        if area > _MOST_CELLS or all(span[1:] == (1, 1) for span in chain(*spans)):
            continue
        grid = _grid(spans)
        begun = sorted({at for places in grid for at, place in places.items() if not place.is_beside})
        copies = {place.cell: "" for places in grid for place in places.values() if place.is_below or place.is_beside}
        copies = {cell: text for cell in copies if len(text := plain_text(cell)) <= _VALUE}
        for (row, cells), places in zip(rows, grid, strict=True):
            names = bool(cells) and (row.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells))
            row[:] = [_in_column(places.get(at), names, copies, row) for at in begun if at <= max(places, default=-1)]


def _span(cell: Element, way: str) -> int:
    """How many rows or columns a cell spans; it is not asked for again."""
    return max(1, min(whole_number(cell.attrib.pop(way, None), 1), 1000))


def _grid(spans: Sequence[Sequence[tuple[Element, int, int]]]) -> list[dict[int, _Place]]:
    """What stands in the columns of each row, of cells with the number of columns and rows that they span."""
    grid: list[dict[int, _Place]] = [{} for _ in spans]
    for at, row in enumerate(spans):
        is_alone, column = len(row) == 1 and not grid[at], 0
        for cell, across, down in row:
            while column in grid[at]:
                column += 1
            for beside in range(1 if is_alone else across):
                for below in range(down):
                    grid[at + below].setdefault(column + beside, _Place(cell, below > 0, beside > 0))
    return grid


def _in_column(place: _Place | None, names: bool, copies: dict[Element, str], row: Element) -> Element:
    """The cell of a row in a column; ``names`` tells whether the row names its columns."""
    if place is not None and not place.is_below and not place.is_beside:
        return place.cell
    cell = row.makeelement("th" if names else "td" if place is None else place.cell.tag)
    cell.text = "" if place is None or (place.is_beside and not names) else copies.get(place.cell, "")
    return cell


def mark_columns(tree: Element) -> None:
    """Make ``th`` of the cells that name the columns of a table: by its head, by bold type, or by the figures below."""
    for rows in _tables(tree):
        in_head = [cells for row, cells in rows if row.getparent().tag == "thead"]
        all_cells = [cells for _, cells in rows]
        if not in_head and len(rows) > 1 and all(cell.tag == "td" for cell in chain(*all_cells)):
            texts = [list(map(plain_text, cells)) for cells in all_cells]
            if has_header(texts) or (_is_bold(all_cells[0]) and not _is_bold(all_cells[1])):
                in_head = all_cells[:1]
        for cell in chain(*in_head) if len(in_head) < len(rows) else ():
            cell.tag = "th"


def join_cells(tree: Element) -> None:
    """Make one line of each table row. Where a single cell is filled, the table is there for looks: it is left alone.

    Rows whose cells are all ``th`` name the columns of those below.
    """
    mark_columns(tree)
    for rows in reversed(_tables(tree)):  # inner tables first
        are_heads = [all(cell.tag == "th" for cell in cells) for _, cells in rows]
        head = are_heads.index(True) if True in are_heads and not all(are_heads) else len(rows)
        for at, (row, cells) in enumerate(rows):
            texts = list(map(plain_text, cells))
            if sum(map(bool, texts)) > 1:
                tag = "li" if at < head else _HEAD if are_heads[at] else _ROW
                row[:], row.tag, row.text = [], tag, " | ".join(texts)  # which shows, unlike a tab


def _tables(tree: Element) -> list[list[tuple[Element, list[Element]]]]:
    """The rows of each table with their cells, outer tables first; the cells of tables within a row are not its own."""
    tables: dict[Element, list[tuple[Element, list[Element]]]] = {}
    for row in tree.iter("tr"):
        around = row.getparent()
        if around is not None and around.tag in ("thead", "tbody", "tfoot") and around.getparent() is not None:
            around = around.getparent()
        cells = [cell for cell in row.iter("td", "th") if next(cell.iterancestors("tr")) is row]
        tables.setdefault(around, []).append((row, cells))
    return list(tables.values())


def _is_bold(cells: Sequence[Element]) -> bool:
    """Whether several cells are filled, and all in bold."""
    filled = [cell for cell in cells if letters_of(cell)]
    bold = ["".join(map(letters_of, cell.iter("b", "strong"))) for cell in filled]
    return len(filled) > 1 and list(map(letters_of, filled)) == bold


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a table names its columns though nothing marks it: figures stand below words.

    Args:
        rows: the texts of the cells, two rows or more.
    """
    first, *others = rows
    if len(first) < 3 or len(others) < 2 or not names_columns(first):  # two may be names and values of one thing
        return False
    columns = [[row[at] for row in others if at < len(row) and row[at]] for at in range(len(first))]
    return any(len(cells) > 1 and all(map(_DATUM.match, cells)) for cells in columns)


def names_columns(row: Sequence[str]) -> bool:
    """Whether a row may name columns: each by another short name, and none by a number or a day."""
    names = [cell.strip() for cell in row if cell.strip()]
    if not names or len(set(names)) < len(names) or max(map(len, names)) > 100:
        return False
    return not any(map(_NO_NAME.fullmatch, names))


def _blocks(tree: Element) -> Iterator[Block]:
    """What stands between two borders of block elements is a block."""
    around: list[str] = []
    words: list[str] = []
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag, begins = element.tag, event == "start"
        if tag in BLOCKS:
            if words:
                yield from _cut("".join(words), around)
                words.clear()
            if begins:
                around.append(tag)
            else:
                around.pop()
        text = element.text if begins else element.tail if element is not tree else ""
        if text and "pre" in around:
            words.append(text)
        elif text and (words or text.strip(" \t\n\r\f")):
            words.append(text.replace("\n", " "))  # only <br> breaks a line
        if begins and tag == "br":
            words.append("\n")
    yield from _cut("".join(words), around)


def _cut(text: str, around: Sequence[str]) -> Iterator[Block]:
    """The blocks that the words directly within these elements make: several, where blank lines part them."""
    kind = "line" if not _LINES.isdisjoint(around) else "paragraph"
    if _HEAD in around or _ROW in around:
        parts, kind = [collapse(text)], "columns" if _HEAD in around else "row"
    elif "pre" in around:
        parts = [text.strip("\n").rstrip()]
    elif not HEADINGS.isdisjoint(around):
        parts, kind = [collapse(text)], "heading"
    else:
        parts = re.split(r"\n\n+", "\n".join(map(collapse, text.split("\n"))).strip("\n"))
    yield from (Block(part, kind) for part in parts if part.strip())
