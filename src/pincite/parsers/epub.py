"""EPUB books: their chapters in the order of the book (the spine), not of the file list."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped
from pincite.parsers.decoding import decode
from pincite.parsers.markup import Block, Element, blocks_of, gathered, lay_out, local_name, parse_html, parse_xml
from pincite.parsers.metadata import document

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The one document of a book; a chapter that is missing or broken is skipped by itself."""
    blocks: list[Block] = []
    is_protected = False
    with ZipFile(path) as book:
        place = parse_xml(book.read("META-INF/container.xml")).find(".//{*}rootfile").get("full-path")
        package = parse_xml(book.read(place))
        encryption = "META-INF/encryption.xml"  # most often of fonts alone
        has_locks = encryption in book.namelist()
        sealed = parse_xml(book.read(encryption) if has_locks else b"<none/>")
        locked = {_place("", each, "URI") for each in sealed.iter("{*}CipherReference")}
        for chapter in _chapters(package, posixpath.dirname(place)):
            try:
                if chapter in locked:
                    raise UnreadableFile("encrypted")
                blocks += blocks_of(_tree(decode(book.read(chapter))))
            except (KeyError, UnreadableFile) as error:
                is_protected |= has_locks and not isinstance(error, KeyError)
                yield Skipped(f"{name}:{chapter}", "missing" if isinstance(error, KeyError) else str(error))
    if not blocks and is_protected:
        raise UnreadableFile("encrypted: protected against copying")
    core = package.iter("{http://purl.org/dc/elements/1.1/}*")
    stated = gathered((local_name(each), "".join(each.itertext())) for each in core)
    yield document(name, *lay_out(blocks), stated=stated)


def _chapters(package: Element, folder: str) -> Iterator[str]:
    """The places of the chapters in the archive, in reading order, without cover and table of contents."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    guides = package.iter("{*}reference")
    asides = {_place(folder, each) for each in guides if each.get("type", "").lower() in ("cover", "toc")}
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in ("application/xhtml+xml", "text/html"):
            continue
        if "nav" not in item.get("properties", "").split() and _place(folder, item) not in asides:
            yield _place(folder, item)


def _place(folder: str, element: Element, key: str = "href") -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(element.get(key, "").partition("#")[0])))


def _tree(text: str) -> Element:
    """The tree of a chapter, as XML where it is well formed and as HTML otherwise."""
    try:
        return parse_xml(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text).encode())
    except etree.XMLSyntaxError:
        return parse_html(text)
