"""HTML pages: their article, and what they state of themselves, which trafilatura finds and rules here put right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from lxml import etree
from trafilatura import extract_metadata

from pincite.datatypes import Document
from pincite.parsers.decoding import decode
from pincite.parsers.html_article import FURNITURE, article
from pincite.parsers.markup import Element, collapse, drop, holds, lay_out, parse_html, plain_text
from pincite.parsers.metadata import document, find_date, is_no_title, one_line

_DECLARED = re.compile(
    rb"<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*(?:[\"']\s*)?([\w.:-]+)", re.IGNORECASE
)
_MARKS = "//a[starts-with(@href, '#')][string-length(normalize-space()) = 1][contains('¶#§\uf0c1', normalize-space())]"
"""What stands behind a heading to give its address."""
_NO_DATE_LINE = """
    //nav | //footer | //aside | //*[contains(@class, 'comment') or contains(@id, 'comment')]
    | //p[not(@class) and not(.//time)] | //li | //td | //dd | //pre | //code[not(ancestor::h1)]
"""
_BANNER = """
    //body//*[self::header or @role='banner' or contains(@id, 'header') or contains(@class, 'site-header')]
    [not(ancestor-or-self::article or ancestor-or-self::main)]
"""
_TITLES = (
    "(//article | //main)//h1",
    "(//article | //main)//h2",
    "//h1[not(.//a[@rel='home' or @href='/' or @href='./' or @href='#'])]",
)
_NAMES_OF_SITE = """
    //body//*[self::a or self::h1 or self::h2 or self::span or self::div or self::p or self::strong]
    [normalize-space() = $title][ancestor::header or ancestor::nav or contains(@class, 'title')
    or contains(@class, 'brand') or contains(@class, 'logo') or @rel = 'home']
    [not(ancestor::article or ancestor::main)]
    | //link[@rel='home' or @rel='top' or @rel='start' or @rel='contents'][normalize-space(@title) = $title]
    | //meta[@property='og:site_name' or @name='application-name'][normalize-space(@content) = $title]
"""
_LAST_RESORTS = """
    //h2[normalize-space() = $title] | //h3[normalize-space() = $title] | //h1[normalize-space(a) = $title]
    | //*[self::h1 or self::h2 or self::h3][normalize-space(text()) = $title][normalize-space() != $title]
"""
"""What is taken for a title where no headline is: a section's heading, a link, what stands before other type."""
_BETWEEN_TITLES = r"\s+[|–—•·»«:/-]\s+|\s?\|\s?|:\s"
_NUMBER = r"(?:(?:[^\W\d_]{1,10}\s)?\d{1,3}(?:\.\d{1,3}){0,3}\.?\s{1,3})?"
"""Before the title of a chapter, where its heading is written without."""
_OF_MANUAL = re.compile(
    r"(?:.{0,60}\s)?(?:documentation|docs|manual|handbook|user(?:['’]s)? guide|reference)(?:\sv?\d[\w.]{0,12})?",
    re.IGNORECASE,
)
"""What all pages of a manual may be called."""
_BEFORE_AUTHOR = re.compile(r"(?:(?:posted|written|published)?\s?\bby|follow|author)\b:?\s*", re.IGNORECASE)
_NO_AUTHOR = re.compile(
    r"(?:admin(?:istrator)?|root|user|guest|web-?master|anonymous|unknown|none|null|undefined|n/?a|wordpress|editor"
    r"|authority control.*|(?:share|tweet|pin it|print|e-?mail|subscribe|copy link|read more|comments?|leave a)"
    r"(?:\s(?:this|on|via|to|with|link|article|story|comment|reply|facebook|share|tweet)\b.*)?"
    r"|(?:view all|all posts)\b.*|.*(?:https?:|www\.|@).*|\W*\d.*|.*\bmin(?:utes?)? read|[^\W\d_]{3,9}\.? \d{1,2}|\W*)",
    re.IGNORECASE,
)
"""Accounts, buttons, addresses, days: what stands where an author could."""
_LETTERS = re.compile(r"[^\W_]+")
_AMBIGUOUS = re.compile(r"(?<![\d/-])\d{1,2}([/-])\d{1,2}\1(?:19|20)\d\d(?![\d/-])")
_FIRST_DATE = "1600-01-01"
"""Newspapers are no older; by default nothing before the web would be a page's date."""
_STATED = ("title", "author", "url", "date", "sitename", "description", "categories", "tags", "license")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a page."""
    data = path.read_bytes()
    declared = _DECLARED.search(data[:4096])
    tree = parse_html(decode(data, declared[1].decode() if declared else "utf-8"))
    drop(tree, tree.xpath(_MARKS))
    stated = _stated(deepcopy(tree))
    blocks = article(tree)
    if (title := stated["title"]) and _OF_MANUAL.fullmatch(title) and blocks and blocks[0].kind == "heading":
        heading = blocks[0].text
        stated["title"] = title if heading.casefold() in title.casefold() else f"{heading} – {title}"
    yield document(name, *lay_out(blocks), stated=stated)


def _stated(tree: Element) -> dict[str, Element]:
    """What the page's head, its JSON-LD or a date line at the article states; a date in its prose is not the page's."""
    for script in tree.xpath("//body//script[@type='application/ld+json']"):
        tree.insert(0, script)  # wherever it stands, it speaks of the page
    title = collapse(tree.findtext(".//title") or "")
    is_of_site = bool(title) and bool(tree.xpath(_NAMES_OF_SITE, title=title))
    drop(tree, tree.xpath(_NO_DATE_LINE))
    _drop_furniture(tree)
    _drop_ambiguous_days(tree)
    found = extract_metadata(
        tree, date_config={"extensive_search": False, "original_date": True, "min_date": _FIRST_DATE}
    )
    stated = {key: getattr(found, key) for key in _STATED}
    headline = next(filter(None, map(plain_text, tree.xpath(_TITLES[0]))), None)
    named = headline if is_of_site else None
    stated["title"] = named or _title(tree, one_line(found.title), one_line(found.sitename))
    if is_no_title(title) and (stated["title"] or "") in title:  # of "Microsoft Word - a.doc" a part was found
        stated["title"] = title
    stated["author"] = _author(found.author)
    for author in tree.xpath("//meta[@name='author']/@content"):
        if _LETTERS.findall(author) == _LETTERS.findall(found.author or ""):  # which has lost the points of initials
            stated["author"] = _author(author)
    guessed = (found.hostname or "").removeprefix("www.")
    if guessed and (one_line(found.sitename) or "").lower().endswith(guessed.lower()):
        del stated["sitename"]
    return stated


def _drop_furniture(tree: Element) -> None:
    """Drop what stands around the article; not what holds it, nor the only headline."""
    in_its_place = bool(tree.xpath("//article//h1 | //main//h1"))
    named = tree.xpath("//body//*[@class or @id]")
    around = [each for each in named if FURNITURE.search(f"{each.get('class', '')} {each.get('id', '')}")]
    kept = ("article", "main") if in_its_place else ("article", "main", "h1")
    elements = [*tree.xpath(_BANNER), *around]
    drop(tree, [each for each in elements if each.tag not in (*kept, "h1") and not holds(each, *kept)])


def _drop_ambiguous_days(tree: Element) -> None:
    """Drop days such as 03/04/2021, of which trafilatura would guess which number is the month."""
    for element in tree.iter(etree.Element):
        for key in ("content", "datetime"):
            if element.get(key):
                element.set(key, _AMBIGUOUS.sub(_unless_clear, element.get(key)))
        element.text = _AMBIGUOUS.sub(_unless_clear, element.text or "")
        element.tail = _AMBIGUOUS.sub(_unless_clear, element.tail or "")


def _unless_clear(day: re.Match[str]) -> str:
    return day[0] if find_date(day[0]) else ""


def _title(tree: Element, found: str | None, site: str | None) -> str | None:
    """The headline that the page's title names beside that of the site; else what was found, without the site's."""
    full = collapse(tree.findtext(".//title") or "")
    for heading in (each for places in _TITLES for each in tree.xpath(places)):
        text = plain_text(heading)
        parted = rf"(?:\A|{_BETWEEN_TITLES}){_NUMBER}{re.escape(text)}(?:\Z|{_BETWEEN_TITLES})"
        if text and text != site and text in full and re.search(parted, full):  # to compile the pattern takes longest
            return text
    if found and tree.xpath(_LAST_RESORTS, title=found):
        found = full or found
    if not found or not site or found == site:
        return found
    ends = rf"(?:{_BETWEEN_TITLES}){re.escape(site)}\Z|\A{re.escape(site)}(?:{_BETWEEN_TITLES})"
    return re.sub(ends, "", found) or found


def _author(found: str | None) -> str | None:
    names = (_BEFORE_AUTHOR.sub("", name.strip(), count=1) for name in (found or "").split(";"))
    return "; ".join(name for name in names if not _NO_AUTHOR.fullmatch(name) and not find_date(name)) or None
