"""HTML pages: trafilatura tells the article from what surrounds it, and finds what the page states of itself."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from lxml import html as lxml_html
from trafilatura import bare_extraction, extract_metadata

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.readers.blocks import Block, collapse, lay_out
from pincite.readers.decoding import decode, encoding_by_mark
from pincite.readers.fields import iso_date, one_line
from pincite.readers.markup import blocks_of, parse_html

_DECLARED = re.compile(rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARATION_WITHIN = 4096
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252", "shift_jis": "cp932"}
"""What a page is in that declares a smaller encoding (WHATWG Encoding Standard)."""

_SHORT = 250
"""Below this many characters trafilatura falls back to a dump of the page; its elements are then the better guide."""

_OPTIONS: dict[str, Any] = {
    "include_comments": False,
    "include_tables": True,
    "include_formatting": True,
    "with_metadata": True,
}
_DATE_OPTIONS = {"extensive_search": False, "original_date": True}

_AS_HTML = {"head": "h2", "list": "ul", "item": "li", "row": "tr", "cell": "td", "quote": "blockquote", "lb": "br"}
"""trafilatura's names (of TEI) for HTML's elements."""

_AROUND = (
    "//nav | //footer | //aside | //body/header | //dialog"
    " | //*[@role='navigation' or @role='contentinfo' or @role='banner' or @role='dialog']"
    " | //*[contains(@class, 'comment') or contains(@id, 'comment')]"
    " | //*[contains(@class, 'cookie') or contains(@id, 'cookie')]"
)
_DATE_LINES = """
    //body//script[@type='application/ld+json'] | //body//meta
    | //body//*[self::time or contains(@class, 'date') or contains(@class, 'time') or contains(@class, 'byline')
        or contains(@class, 'publish') or contains(@itemprop, 'date')]
        [not(ancestor::footer or ancestor::aside or ancestor::nav)]
        [not(ancestor-or-self::*[contains(@class, 'comment') or contains(@id, 'comment')])]
"""
_LONGEST_DATE_LINE = 2000
_SEPARATOR = re.compile(r"\s+[|\-–—·•:»«]+\s+.*", re.DOTALL)


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a page."""
    tree = parse_html(_decode(path.read_bytes()))
    if tree is None:
        raise UnreadableFile("empty")
    headings = _headings(tree)
    linked = _linked_data(tree)
    date = iso_date(linked.get("datePublished") or linked.get("dateCreated")) or _date(tree)
    _flatten_cells(tree)
    _free_captions(tree)
    _mark_code(tree)
    page: Any = bare_extraction(tree, **_OPTIONS)
    text, spans = lay_out(_blocks(page, tree))
    stated = page.as_dict() if page else {}
    title = _title(one_line(stated.get("title")), headings)
    yield Document(
        doc_id=name,
        title=title or path.stem,
        title_is_name=title is None,
        text=text,
        headings=spans,
        url=one_line(stated.get("url")),
        source=_source(stated) or one_line(linked.get("publisher")),
        author=one_line(linked.get("author")) or one_line(stated.get("author")) or _meta(tree, "author"),
        date=date,
        metadata={key: stated[key] for key in ("description", "categories", "tags", "license") if stated.get(key)},
    )


def _decode(data: bytes) -> str:
    """The page's text by byte-order mark or UTF-8, else in the encoding that it declares, else by its bytes."""
    declared = _DECLARED.search(data[:_DECLARATION_WITHIN])
    if declared is None or encoding_by_mark(data) or _is_utf8(data):
        return decode(data)
    try:
        encoding = codecs.lookup(declared[1].decode()).name
        return decode(data.decode(_LARGER.get(encoding, encoding)).encode())
    except (LookupError, UnicodeError):
        return decode(data)


def _is_utf8(data: bytes) -> bool:
    try:
        return bool(data.decode("utf-8")) and not data.isascii()
    except UnicodeDecodeError:
        return False


def _flatten_cells(tree: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Make plain text of lists and paragraphs in table cells, which trafilatura would drop or glue together."""
    for cell in tree.iter("td", "th"):
        if len(cell) and not cell.xpath("ancestor::td | ancestor::th | descendant::table"):
            text = " ".join(block.text for block in blocks_of(cell))
            for child in list(cell):
                cell.remove(child)
            cell.text = text


def _free_captions(tree: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Make paragraphs of figures' captions, which trafilatura drops with the picture."""
    for figure in list(tree.iter("figure")):
        for caption in figure.findall(".//figcaption"):
            caption.tag = "p"
            caption.tail = None
            figure.addprevious(caption)


def _mark_code(tree: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Make code of what is preformatted: trafilatura keeps the line ends of code alone."""
    for element in tree.xpath("//pre[not(.//code)]"):
        text = element.text_content()
        for child in list(element):
            element.remove(child)
        element.text = None
        lxml_html.etree.SubElement(element, "code").text = text


def _blocks(page: Any, tree: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    blocks = _article(page.body) if page is not None and page.body is not None else []
    if sum(len(block.text) for block in blocks) >= _SHORT:
        return blocks
    return _whole_page(tree) or blocks


def _article(body: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    for element in body.iter(*_AS_HTML, "code"):
        if element.tag != "code":
            element.tag = _AS_HTML[element.tag]
        elif "\n" in (element.text or ""):
            element.tag = "pre"
    return blocks_of(body)


def _whole_page(tree: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    """All text but menus, footers, comments and cookie notices; the main part alone where it is marked."""
    for element in tree.xpath(_AROUND):
        if element.getparent() is not None and element.tag not in ("html", "body", "main", "article"):
            element.drop_tree()
    parts = tree.xpath("//main | //*[@role='main']") or tree.xpath("//article")
    return blocks_of(parts[0]) if len(parts) == 1 else blocks_of(tree)


def _headings(tree: Any) -> dict[str, list[str]]:  # noqa: ANN401 - lxml has no types
    """What stands in the elements that may name the page."""
    return {tag: [collapse(each.text_content()) for each in tree.iter(tag)] for tag in ("title", "h1", "h2")}


def _title(stated: str | None, headings: dict[str, list[str]]) -> str | None:
    """The title without the site's name behind it, where a heading of the page shows what of it is the title.

    trafilatura's last resort is any heading of level 2; the title element is better.
    """
    element = next(filter(None, headings["title"]), None)
    if element and (stated is None or (stated in headings["h2"] and stated not in element)):
        stated = element
    for heading in headings["h1"]:
        if heading and stated and stated.startswith(heading) and _SEPARATOR.fullmatch(stated[len(heading) :]):
            return one_line(heading)
    return one_line(stated)


def _linked_data(tree: Any) -> dict[str, Any]:  # noqa: ANN401 - lxml has no types
    """The article among the things that the page's JSON-LD describes; references to others are followed."""
    things: list[dict[str, Any]] = []
    for script in tree.xpath("//script[@type='application/ld+json']"):
        with suppress(ValueError, RecursionError):
            things += _things(json.loads(script.text or "", strict=False))
    named = {str(thing["@id"]): thing for thing in things if "@id" in thing and "name" in thing}
    article = next((thing for thing in things if {"headline", "datePublished", "author"} & thing.keys()), {})
    return {key: _resolved(value, named) for key, value in article.items()}


def _things(data: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
    graph = data.get("@graph", [data]) if isinstance(data, dict) else data
    return [thing for thing in graph if isinstance(thing, dict)] if isinstance(graph, list) else []


def _resolved(value: Any, named: dict[str, dict[str, Any]]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_resolved(each, named) for each in value]
    return named.get(str(value.get("@id")), value) if isinstance(value, dict) else value


def _date(tree: Any) -> str | None:  # noqa: ANN401 - lxml has no types
    """The date that the page's head, its JSON-LD, or a date line at the article gives; never one out of its prose."""
    page = lxml_html.Element("html")
    body = lxml_html.Element("body")
    page.extend(deepcopy(head) for head in tree.xpath("//head"))
    page.append(body)
    body.extend(deepcopy(each) for each in tree.xpath(_DATE_LINES) if len(each.text_content()) < _LONGEST_DATE_LINE)
    found = extract_metadata(page, date_config=dict(_DATE_OPTIONS))
    return iso_date(found.date) if found else None


def _source(stated: dict[str, Any]) -> str | None:
    """The site's name, where the page states one and it is not merely guessed from the address."""
    name = one_line(stated.get("sitename"))
    host = stated.get("hostname") or ""
    return None if name and name.removeprefix("www.").lower() == host.removeprefix("www.").lower() else name


def _meta(tree: Any, name: str) -> str | None:  # noqa: ANN401 - lxml has no types
    return one_line(next(iter(tree.xpath("//meta[@name=$name]/@content", name=name)), None))
