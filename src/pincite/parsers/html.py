"""HTML pages: trafilatura tells the article from what surrounds it, and finds what the page states of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction, extract_metadata

from pincite.datatypes import Document
from pincite.parsers.decoding import decode
from pincite.parsers.markup import Block, blocks_of, lay_out, parse_html, plain_text
from pincite.parsers.metadata import document, one_line

_DECLARED = re.compile(
    rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*(?:[\"']\s*)?([\w.:-]+)", re.IGNORECASE
)
_DECLARATION_WITHIN = 4096

_SHORT = 250
"""Below this many characters trafilatura falls back to a dump of the page; its elements are then the better guide."""

_KEPT = {"figure": "div", "figcaption": "p", "pre": "code"}
"""What trafilatura would drop or run together, by the names of what it keeps."""

_AS_HTML = {"head": "h2", "list": "ul", "item": "li", "row": "tr", "cell": "td", "quote": "blockquote", "lb": "br"}
"""trafilatura's names (of TEI) for HTML's elements."""

_COMMENTS = "//*[contains(@class, 'comment') or contains(@id, 'comment')]"
_AROUND = f"""
    //nav | //footer | //aside | //body/header | //dialog | {_COMMENTS}
    | //*[@role='navigation' or @role='contentinfo' or @role='banner' or @role='dialog']
    | //*[contains(@class, 'cookie') or contains(@id, 'cookie')]
"""
_NO_DATE_LINE = f"//nav | //footer | //aside | {_COMMENTS} | //p[not(@class) and not(.//time)] | //li | //td | //dd"
_STATED = ("title", "author", "url", "date", "sitename", "description", "categories", "tags", "license")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a page."""
    data = path.read_bytes()
    declared = _DECLARED.search(data[:_DECLARATION_WITHIN])
    tree = parse_html(decode(data, declared[1].decode() if declared else "utf-8"))
    stated = _stated(deepcopy(tree))
    yield document(name, *lay_out(_article(tree)), stated=stated)


def _stated(tree: Any) -> dict[str, Any]:  # noqa: ANN401 - lxml has no types
    """What the page's head, its JSON-LD or a date line at the article states; a date in its prose is not the page's."""
    _drop(tree, _NO_DATE_LINE)
    found = extract_metadata(tree, date_config={"extensive_search": False, "original_date": True})
    stated = {key: getattr(found, key) for key in _STATED}
    if tree.xpath("//h2[normalize-space() = $title]", title=found.title or ""):  # its last resort
        stated["title"] = tree.findtext(".//title") or found.title
    for author in tree.xpath("//meta[@name='author']/@content"):
        if _letters(author) == _letters(found.author or ""):  # which has lost the points of initials
            stated["author"] = author
    guessed = (found.hostname or "").removeprefix("www.")
    if (one_line(found.sitename) or "").removeprefix("www.").lower() == guessed.lower():
        del stated["sitename"]
    return stated


def _letters(name: str) -> list[str]:
    return re.findall(r"\w+", name)


def _drop(tree: Any, places: str) -> None:  # noqa: ANN401 - lxml has no types
    for element in tree.xpath(places):
        if element.getparent() is not None and element.tag not in ("html", "body", "main", "article"):
            element.drop_tree()


def _article(tree: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    for element in tree.iter(*_KEPT):
        element.tag = _KEPT[element.tag]
    for cell in tree.xpath("//td[*][not(.//table)] | //th[*][not(.//table)]"):  # lists in cells would be lost
        cell[:], cell.text = [], plain_text(cell)
    page: Any = bare_extraction(deepcopy(tree), include_comments=False, include_formatting=True)
    blocks = _extracted(page.body) if page and page.body is not None else []
    return blocks if sum(len(block.text) for block in blocks) >= _SHORT else _whole_page(tree) or blocks


def _extracted(body: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    for element in body.iter(*_AS_HTML, "code"):
        if element.tag != "code":
            element.tag = _AS_HTML[element.tag]
        elif "\n" in (element.text or ""):
            element.tag = "pre"
    return blocks_of(body)


def _whole_page(tree: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    """All text but menus, footers, comments and cookie notices; the main part alone where it is marked."""
    _drop(tree, _AROUND)
    parts = tree.xpath("//main | //*[@role='main']") or tree.xpath("//article")
    return blocks_of(parts[0]) if len(parts) == 1 else blocks_of(tree)
