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
from pincite.parsers.markup import Block, blocks_of, collapse, join_terms, lay_out, parse_html, plain_text
from pincite.parsers.metadata import document, find_date, one_line

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
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:side-?bar|widgets?|related|footer|nav(?:box|bar|igation)?|shar(?:e|ing|edaddy)|social|breadcrumbs?"
    r"|authority-control|recommended|popular|trending|newsletter)(?:$|[\s_-])",
    re.IGNORECASE,
)
"""Classes and ids of what stands around an article and has dates and names of its own."""
_BANNER = """
    //body//*[self::header or @role='banner' or contains(@id, 'header') or contains(@class, 'site-header')]
    [not(ancestor-or-self::article or ancestor-or-self::main)]
"""
_TITLES = (
    "(//article | //main)//h1",
    "(//article | //main)//h2",
    "//h1[not(.//a[@rel='home' or @href='/' or @href='./' or @href='#'])]",
)
_BETWEEN_TITLES = r"\s+[|–—•·»«:/-]\s+|\s?\|\s?|:\s"
_BEFORE_AUTHOR = re.compile(r"(?:(?:posted|written|published)?\s?\bby|follow|author)\b:?\s*", re.IGNORECASE)
_NO_AUTHOR = re.compile(
    r"(?:admin(?:istrator)?|root|user|guest|web-?master|anonymous|unknown|none|null|undefined|n/?a|wordpress|editor"
    r"|authority control.*|(?:share|tweet|pin it|print|e-?mail|subscribe|copy link|read more|comments?|leave a)"
    r"(?:\s(?:this|on|via|to|with|link|article|story|comment|reply|facebook|share|tweet)\b.*)?"
    r"|(?:view all|all posts)\b.*|.*(?:https?:|www\.|@).*|\W*\d.*|.*\bmin(?:utes?)? read|[^\W\d_]{3,9}\.? \d{1,2}|\W*)",
    re.IGNORECASE,
)
"""Accounts, buttons, addresses, days: what stands where an author could."""
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
    for script in tree.xpath("//body//script[@type='application/ld+json']"):
        tree.insert(0, script)  # wherever it stands, it speaks of the page
    _drop(tree, _NO_DATE_LINE)
    _drop_furniture(tree)
    found = extract_metadata(tree, date_config={"extensive_search": False, "original_date": True})
    stated = {key: getattr(found, key) for key in _STATED}
    stated["title"] = _title(tree, one_line(found.title), one_line(found.sitename))
    stated["author"] = _author(found.author)
    for author in tree.xpath("//meta[@name='author']/@content"):
        if _letters(author) == _letters(found.author or ""):  # which has lost the points of initials
            stated["author"] = _author(author)
    guessed = (found.hostname or "").removeprefix("www.")
    if guessed and (one_line(found.sitename) or "").lower().endswith(guessed.lower()):
        del stated["sitename"]
    return stated


def _drop_furniture(tree: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Drop what stands around the article; not what holds it, nor the only headline."""
    in_its_place = bool(tree.xpath("//article//h1 | //main//h1"))
    named = tree.xpath("//body//*[@class or @id]")
    around = [each for each in named if _FURNITURE.search(f"{each.get('class', '')} {each.get('id', '')}")]
    for element in [*tree.xpath(_BANNER), *around]:
        holds = element.tag in ("article", "main", "h1") or element.xpath(".//article | .//main")
        if not holds and (in_its_place or not element.xpath(".//h1")) and element.getparent() is not None:
            element.drop_tree()


def _title(tree: Any, found: str | None, site: str | None) -> str | None:  # noqa: ANN401 - lxml has no types
    """The headline that the page's title names beside that of the site; else what was found, without the site's."""
    full = collapse(tree.findtext(".//title") or "")
    for heading in (each for places in _TITLES for each in tree.xpath(places)):
        text = plain_text(deepcopy(heading))
        parted = rf"(?:\A|{_BETWEEN_TITLES}){re.escape(text)}(?:\Z|{_BETWEEN_TITLES})"
        if text and text != site and re.search(parted, full):
            return text
    if found and tree.xpath("//h2[normalize-space() = $title]", title=found):  # its last resort
        found = full or found
    if not found or not site or found == site:
        return found
    ends = rf"(?:{_BETWEEN_TITLES}){re.escape(site)}\Z|\A{re.escape(site)}(?:{_BETWEEN_TITLES})"
    return re.sub(ends, "", found) or found


def _author(found: str | None) -> str | None:
    names = (_BEFORE_AUTHOR.sub("", name.strip(), count=1) for name in (found or "").split(";"))
    return "; ".join(name for name in names if not _NO_AUTHOR.fullmatch(name) and not find_date(name)) or None


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
    join_terms(tree)
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
