"""Which part of an HTML page is its article, and which is furniture: menus, teasers, buttons, comments.

trafilatura tells. Where it left out much prose, as of manuals, the page counts without what is furniture by its name or
by its links.
"""

from __future__ import annotations

import re
from collections import defaultdict
from copy import deepcopy
from itertools import chain, takewhile
from typing import Any

from lxml import etree
from trafilatura import bare_extraction

from pincite.parsers import markup
from pincite.parsers.markup import (
    BLOCKS,
    HEADINGS,
    Block,
    Element,
    blocks_of,
    holds,
    letters_of,
    plain_text,
    shells,
    squashed,
)

_SHORT_PAGE = 250
"""Below this many characters trafilatura falls back to a dump of the page; its elements are then the better guide."""
_KEPT = {"figure": "div", "figcaption": "p", "pre": "code", "details": "div", "summary": "p"}
"""What trafilatura would drop or run together, by the names of what it keeps."""
_BOXES_OF_BLOCKS = ("article", "body", "center", "details", "div", "main", "section")
_BORDERS = BLOCKS | {"audio", "form", "iframe", "menu", "nav", "noscript", "object", "svg", "video"}
_IN_LINES = ("data", "label", "meter", "output", "progress", "q", "time")
_AS_HTML = {"head": "h2", "list": "ul", "item": "li", "row": "tr", "cell": "td", "quote": "blockquote", "lb": "br"}
"""trafilatura's names (of TEI) for HTML's elements."""
_TITLED = "descendant::p[contains(concat(' ', @class, ' '), ' title ') or @class='sidebar-title']"
"""The title of a box within the text, as DocBook and Sphinx write it; what stands beside an article has headings."""
_AROUND = f"""
    //nav | //footer | //dialog | //aside[not(contains(@class, 'note') or contains(@role, 'note') or {_TITLED})]
    | //*[@role='navigation' or @role='contentinfo' or @role='banner' or @role='dialog']
"""
FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:side-?bar|widgets?|related|footer|nav(?:box|bar|igation)?|shar(?:e|ing|edaddy)|social|breadcrumbs?"
    r"|authority-control|recommended|popular|trending|newsletter)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Classes and ids of what stands around an article and has dates and names of its own."""
_FURNITURE_OF_PAGES = re.compile(
    rf"{FURNITURE.pattern}"
    r"|(?:^|[\s_-])(?:comments|comments?-(?:area|list|section|thread|body|form|respond)|ad|ads|advert(?:isement)?s?|banner|consent|paywall|promos?|read-?more"
    r"|skip-?links?|teasers?|trends?|most-?read|more-?(?:from|on|stories))(?:$|[\s_-])",
    re.IGNORECASE,
)
"""The same, and what trafilatura would have left out. Menus and contents are known by their links instead."""
_TALK = re.compile(r"(?:^|[\s_-])(?:comment-?(?:s|list)?|cookies?)(?:$|[\s_-])", re.IGNORECASE)
"""Comments and notices of cookies, where there are links or a form too; an article may be about either."""
_BOXES = ("aside", "div", "dl", "form", "header", "ol", "p", "section", "table", "ul")
"""What may be furniture: never a heading or a part of a line, which have ids and classes for other reasons."""
_ORDERS = re.compile(
    r"(?:read|show|see|view|load|learn)\s(?:more|less|all|full|details|comments)\b.*|copy|menu|more|open|close|details",
    re.IGNORECASE,
)
"""What a button says that names nothing."""
_GOES_THERE = re.compile(
    r"(?:read|continue|see)\s?(?:more|on|reading|(?:the\s)?full\s(?:story|article))|full story|weiterlesen|mehr lesen"
    r"|lire la suite|leer m[aá]s|leggi tutto|阅读全文",
    re.IGNORECASE,
)
"""What a link below the first words of another article says."""
_BESIDE = frozenset({"next", "prev", "previous", "up", "home", "contents", "start", "top"})
_PAGING = re.compile(r"(?:^|\s)(?:prev(?:ious)?|next|up|toc)[_-](?:page|chapter|section)(?:\s|$)", re.IGNORECASE)
_KEYS = frozenset("punh")
"""Of links to the pages around: what their relation is called, their classes, and the keys that manuals give them."""
_TEASER = 400
"""What announces another article below its title has fewer letters."""
_VALUE = 200
"""Letters of a table in a cell that is still a value."""
_FEW = 5
"""Blocks that are enough to tell that blocks were glued."""
_PROSE = 60
"""From this many letters on, a paragraph is prose wherever it stands."""


def drop_paging(tree: Element) -> None:
    """Drop the boxes that lead to the page before, the next and the one above, whatever they say in what language."""
    beside = {link.get("href") for link in tree.xpath("//link[@href]") if _BESIDE.intersection(_rels(link))}
    markup.drop(tree, [link for link in tree.iter("a") if _PAGING.search(link.get("class", ""))])
    boxes = defaultdict[Element, list[Element]](list)
    for link in tree.iter("a"):
        if link.get("accesskey") in _KEYS or _BESIDE.intersection(_rels(link)) or link.get("href") in beside:
            box = next((each for each in link.iterancestors("table", "div", "p", "ul")), None)
            boxes[box].append(link)
    markup.drop(
        tree,
        [
            box
            for box, links in boxes.items()
            if box is not None
            and 2 <= len(links) == len(list(box.iter("a")))
            and len(letters_of(box)) < _TEASER
            and len(letters_of(box)) - sum(len(letters_of(link)) for link in links) < _PROSE
        ],
    )


def _rels(link: Element) -> list[str]:
    return str(link.get("rel", "")).lower().split()


def article(tree: Element) -> list[Block]:
    """What trafilatura takes for the article; where it left out much prose, the page without its furniture."""
    drop_paging(tree)
    open_sections(tree)
    markup.write_formulas(tree)
    for element in tree.iter(etree.Element):
        if markup.numbers_lines(element) if element.tag in BLOCKS else markup.is_hidden(element):
            element.tag = "template"
    etree.strip_elements(tree, "script", "style", "template", *markup.STRUCK, with_tail=False)
    markup.write_scripts(tree)
    _keep_words_of_lines(tree)
    markup.open_layout(tree)
    _flatten_cells(tree)
    markup.join_terms(tree)
    markup.number_items(tree)
    _drop_teasers(tree)
    _wrap_loose_words(tree)
    renamed = [(element, element.tag) for element in tree.iter(*_KEPT)]
    for element, tag in renamed:
        element.tag = _KEPT[tag]
    page: Any = bare_extraction(tree, include_comments=False, include_formatting=True)  # which works on a copy
    for element, tag in renamed:
        element.tag = tag
    body = etree.Element("body") if not page or page.body is None else page.body
    for element in body.iter(*_AS_HTML, "code"):
        if element.tag != "code":
            element.tag = "th" if element.get("role") == "head" else _AS_HTML[element.tag]
        elif "\n" in (element.text or ""):
            element.tag = "pre"
    blocks = blocks_of(body)
    part = _main_part(tree)
    if len(blocks) > 1 and _has_all(blocks, part):
        return blocks
    whole = _whole_part(part)
    if _are_glued(blocks, whole):
        return whole
    if sum(len(block.text) for block in blocks) < _SHORT_PAGE:
        return whole or blocks
    return whole if lost_much(blocks, whole) else blocks


def _flatten_cells(tree: Element) -> None:
    """Have each cell of a table hold its text alone, and each row all its cells."""
    markup.fill_spans(tree)
    markup.mark_columns(tree)
    for table in reversed(tree.xpath("//td//table")):  # within a cell of data it would come behind the outer one
        if len(letters_of(table)) <= _VALUE:
            rows = (" ".join(filter(None, map(plain_text, row))) for row in table.iter("tr"))
            table[:], table.tag, table.text = [], "p", "; ".join(rows)
    for cell in tree.xpath("//td[*][not(.//table)] | //th[*][not(.//table)]"):  # lists in cells would be lost
        cell[:], cell.text = [], plain_text(cell)


def _keep_words_of_lines(tree: Element) -> None:
    """Leave of "at <time>7</time>" the words alone: trafilatura would drop them, or glue them to the next ones."""
    are_lines: dict[Element, bool] = {}
    for element in list(tree.iter(*_IN_LINES)):
        around = element.getparent()
        if around not in are_lines:
            beside = chain([around.text], (each.tail for each in around))
            are_lines[around] = any(re.search(r"\w", text or "") for text in beside)
        if are_lines[around]:
            element.tag = "words"
    etree.strip_tags(tree, "words")
    for around, is_line in are_lines.items():
        if is_line:  # its text is in many pieces, each of which costs trafilatura a walk through all
            around.text = around.text
            for each in around:
                each.tail = each.tail


def _wrap_loose_words(tree: Element) -> None:
    """Make paragraphs of words that stand between blocks: trafilatura would cut them at each element and lose some."""
    for box in list(tree.iter(*_BOXES_OF_BLOCKS)):
        runs: list[tuple[Element, list[Element]]] = [(None, [])]
        for child in box:
            if child.tag in _BORDERS:
                runs.append((child, []))
            else:
                runs[-1][1].append(child)
        for block, inline in runs if len(runs) > 1 else ():
            text = (box.text if block is None else block.tail) or ""
            words = re.findall(r"\w+", f"{text} {' '.join(each.tail or '' for each in inline)}")
            linked = (letters_of(link) for each in inline for link in each.iter("a"))
            if len("".join(words)) <= len("".join(linked)):  # a menu, or nothing
                continue
            paragraph = box.makeelement("p")
            paragraph.text = text
            if block is None:
                box.text = None
                box.insert(0, paragraph)
            else:
                block.tail = None
                block.addnext(paragraph)
            paragraph.extend(inline)


def _drop_teasers(tree: Element) -> None:
    """Drop boxes of a headline, a few words and a link to read on, unless the page is made of them."""
    boxes = list[Element]()
    for link in tree.iter("a"):
        said = "".join(link.itertext()).strip(" .…»›→>\n")
        if link.get("href", "#").startswith("#") or not _GOES_THERE.fullmatch(said):
            continue
        length = len(letters_of(link))
        around = (each for each in link.iterancestors(*_BOXES, "li", "td") if len(letters_of(each)) > length)
        box = next(around, None)
        is_short = box is not None and len(letters_of(box)) < _TEASER and holds(box, *HEADINGS, "b", "strong")
        if is_short and not holds(box, "h1", "article", "main"):
            boxes.append(box)
    if 2 * sum(len(letters_of(box)) for box in boxes) < len(letters_of(tree)):
        markup.drop(tree, boxes)


def open_sections(tree: Element) -> None:
    """Make headings of the buttons that open a section, and show what they open; other buttons stay silent."""
    no_place = ("nav", "form", "header", "footer", "p", "li", "td", "th", "dt", "dd", "span")
    panels = {panel.get("id"): panel for panel in tree.xpath("//*[@role='tabpanel'][@id]")}
    for button in list(tree.iter("button")):
        opens = button.get("aria-controls") is not None or button.get("aria-expanded") is not None
        heading = next(button.iterancestors(*HEADINGS, "summary"), None)
        if heading is not None:
            if opens or heading in shells(button):
                button.tag = "span"
        elif button.get("role") == "tab":
            _open(button, panels.pop(button.get("aria-controls"), None))
        elif opens and next(button.iterancestors(*no_place), None) is None:
            _open(button, _box_behind(button))


def _box_behind(button: Element) -> Element:
    """The box that begins where a button on a line of its own ends, unless the button says it opens another."""
    *_, line = takewhile(lambda each: each is button or each.tag == "div", shells(button))
    before, box = line.getprevious(), line.getnext()
    text = line.getparent().text if before is None else before.tail
    is_alone = not f"{text or ''}{line.tail or ''}".strip() and (before is None or before.tag in {*BLOCKS, "button"})
    is_opened = box is not None and box.tag in ("div", "section")
    return box if is_alone and is_opened and button.get("aria-controls") in (None, box.get("id")) else None


def _open(button: Element, box: Element) -> None:
    """Show a box with what its button says as its heading, unless it is furniture or little more than links."""
    named = "" if box is None else f"{box.get('class', '')} {box.get('id', '')}"
    if box is None or _FURNITURE_OF_PAGES.search(named) or _TALK.search(named):
        return
    if len(letters_of(box)) <= 2 * sum(len(letters_of(link)) for link in box.iter("a")):
        return
    for name in ("hidden", "style"):
        box.attrib.pop(name, None)
    if not _ORDERS.fullmatch(plain_text(button)):
        heading = deepcopy(button)
        heading.tag, heading.tail = "div" if holds(button, *HEADINGS) else "h3", None
        box.addprevious(heading)


def lost_much(kept: list[Block], whole: list[Block]) -> bool:
    """Whether ``kept`` lacks a section or much of the prose of ``whole``, which is not the shorter of both.

    Between blocks that were kept, all belongs to the article. Before and behind them a short paragraph may be a byline
    or a button.
    """
    lengths = [len(squashed(block.text)) for block in whole]
    total = sum(lengths)
    if total < sum(len(squashed(block.text)) for block in kept):
        return False
    known = {squashed(line) for block in kept for line in (block.text, *block.text.split("\n"))}
    words = [word for block in kept for word in block.text.split()]
    rows = {tuple(words[at : at + 3]) for at in range(len(words))}

    def is_missing(text: str) -> bool:
        """Whether a text was kept neither as a block or a line nor, by how it begins and ends, in one."""
        words = text.split()
        ends = (tuple(words[:3]), tuple(words[-3:]))
        return squashed(text) not in known and (len(words) < 3 or not rows.issuperset(ends))

    missing = [is_missing(block.text) for block in whole]
    found = [at for at, is_gone in enumerate(missing) if not is_gone]
    inside = range(found[0], found[-1]) if found else range(0)
    lost = 0
    for at, block in enumerate(whole):
        is_inside = at in inside
        if missing[at] and (is_inside or block.is_line or lengths[at] >= _PROSE):
            lost += lengths[at]
            is_section = is_inside and block.kind == "heading" and missing[at + 1] and lengths[at + 1] >= _PROSE
            if is_section or lost > 0.02 * total:  # a section of a manual is not more
                return True
    return False


def _main_part(tree: Element) -> Element:
    """The part of the page that is marked as the main one, else the page; without menus and footers marked as such.

    Of the page's header only a headline is kept that stands nowhere else.
    """
    for header in tree.xpath("//body/header"):
        only = [] if tree.xpath("boolean(//h1[not(ancestor::header/parent::body)])") else header.xpath(".//h1")
        header[:], header.text = only, None
    markup.drop(tree, tree.xpath(_AROUND))
    etree.strip_elements(tree, "head", "button", "select", with_tail=False)
    parts = tree.xpath("//main | //*[@role='main']") or tree.xpath("//article")
    return parts[0] if len(parts) == 1 else tree


def _has_all(blocks: list[Block], part: Element) -> bool:
    """Whether blocks have as much text and headings as the part has, but for less than a paragraph."""
    letters = len(squashed("".join(block.text for block in blocks)))
    headings = sum(block.kind == "heading" for block in blocks)
    enough = max(_SHORT_PAGE, len(letters_of(part)) - _PROSE)
    return letters >= enough and headings >= len(list(part.iterdescendants(*HEADINGS)))


def _are_glued(blocks: list[Block], whole: list[Block]) -> bool:
    """Whether all is one paragraph that has several blocks of the page in it, as where trafilatura finds no article."""
    text = squashed(blocks[0].text) if len(blocks) == 1 else ""
    return sum(squashed(block.text) in text for block in whole[:_FEW]) > 1


def _whole_part(part: Element) -> list[Block]:
    """All text but furniture by its name, lists of links, teasers, comments and cookie notices."""
    half = len("".join(part.itertext())) / 2
    counts: dict[Element, tuple[int, int, int]] = {}  # letters, those of them in links, those that were taken out
    for element in reversed(list(part.iter(etree.Element))):  # a box counts what its parts have
        length = len((element.text or "").strip()) + sum(len((each.tail or "").strip()) for each in element)
        length, links, gone = map(sum, zip((length, 0, 0), *(counts[each] for each in element), strict=True))
        if element.tag == "a" and element.get("href") is not None:
            links = length
        if element.tag in _BOXES and element is not part and _is_furniture(element, length, links, gone, half):
            length, links, gone = 0, 0, gone + links
            element.set("hidden", "")
        counts[element] = (length, links, gone)
    for heading in part.iter("h2", "h3", "h4", "h5"):
        length, links, _ = counts[heading]
        if links == length > 0:
            _hide_teaser(heading, part, counts)
    blocks = blocks_of(part)
    while blocks and blocks[-1].kind == "heading":  # what it announced was a teaser
        blocks.pop()
    return blocks


def _is_furniture(element: Element, length: int, links: int, gone: int, half: float) -> bool:
    """Whether a box of so many letters, some in links and some already gone, is no part of the article's prose."""
    is_caption = length - links < min(25, gone)  # of links that were there
    is_menu = links > 0.65 * length
    if not is_caption and not is_menu and not (length < half and _is_named_furniture(element)):
        return False
    parts_of_text = ("blockquote", "code", "dd", "li", "pre", "td", "th")
    in_line = element.getparent() is not None and element.getparent().tag in parts_of_text
    return not (in_line or holds(element, "article", "main", "h1"))


def _is_named_furniture(element: Element) -> bool:
    """Whether its class or id says that it stands around an article; a section's id may be its heading."""
    classes, name = element.get("class", ""), element.get("id", "")
    is_talk = _TALK.search(f"{classes} {name}") and holds(element, "a", "form", "input", "textarea")
    if not is_talk and not _FURNITURE_OF_PAGES.search(f"{classes} {name}"):
        return False
    if "sidebar" in classes.split() and element.xpath(_TITLED):
        return False
    heading = next(element.iter(*HEADINGS), None)
    if _FURNITURE_OF_PAGES.search(classes) or _TALK.search(classes) or heading is None or holds(element, "form"):
        return True
    name, title = (re.sub(r"[\W_]", "", each).lower() for each in (name, "".join(heading.itertext())))
    return name not in title


def _hide_teaser(heading: Element, part: Element, counts: dict[Element, tuple[int, int, int]]) -> None:
    """Hide the box that a heading which leads to another page shares with a few words on that page."""
    if all(link.startswith("#") for link in heading.xpath(".//a/@href | ancestor::a/@href")):
        return
    box = heading
    while box is not part and counts[box][0] == counts[heading][0]:
        box = box.getparent()
    few = box is not part and counts[box][0] - counts[heading][0] < _TEASER
    if few and len(list(box.iter(heading.tag))) == 1:
        box.set("hidden", "")
