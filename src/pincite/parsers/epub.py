"""EPUB books: their chapters in the order of the book (the spine), not of the file list."""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped
from pincite.parsers.decoding import decode
from pincite.parsers.markup import Block, blocks_of, collapse, lay_out, local_name, parse_html, parse_xml
from pincite.parsers.metadata import document

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The one document of a book; a chapter that is missing or broken is skipped by itself."""
    with ZipFile(path) as book:
        place = parse_xml(book.read(_CONTAINER)).find(".//{*}rootfile").get("full-path")
        package = parse_xml(book.read(place))
        locked = _locked(book)
        blocks: list[Block] = []
        is_protected = False
        for chapter in _chapters(package, posixpath.dirname(place)):
            try:
                if locked is not None and chapter in locked:
                    raise UnreadableFile("encrypted")
                blocks += blocks_of(_tree(decode(book.read(chapter))))
            except (KeyError, UnreadableFile) as error:
                is_protected |= locked is not None and not isinstance(error, KeyError)
                yield Skipped(f"{name}:{chapter}", "missing" if isinstance(error, KeyError) else str(error))
    if not blocks and is_protected:
        raise UnreadableFile("encrypted: protected against copying")
    yield document(name, *lay_out(blocks), stated=_stated(package))


def _locked(book: ZipFile) -> set[str] | None:
    """The members that are encrypted or obfuscated, most often fonts alone; None where a book says nothing of it."""
    if _ENCRYPTION not in book.namelist():
        return None
    references = parse_xml(book.read(_ENCRYPTION)).iter("{*}CipherReference")
    return {posixpath.normpath(unquote(each.get("URI", ""))) for each in references}


def _chapters(package: Any, folder: str) -> Iterator[str]:  # noqa: ANN401 - lxml has no types
    """The places of the chapters in the archive, in reading order, without cover and table of contents."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    guides = package.iter("{*}reference")
    asides = {_place(folder, each) for each in guides if each.get("type", "").lower() in ("cover", "toc")}
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or "nav" in item.get("properties", "").split():
            continue
        if _place(folder, item) not in asides:
            yield _place(folder, item)


def _place(folder: str, element: Any) -> str:  # noqa: ANN401 - lxml has no types
    return posixpath.normpath(posixpath.join(folder, unquote(element.get("href", "").partition("#")[0])))


def _tree(text: str) -> Any:  # noqa: ANN401 - lxml has no types
    """The tree of a chapter, as XML where it is well formed and as HTML otherwise."""
    try:
        return parse_xml(_ENTITY.sub(lambda entity: html.unescape(entity[0]), text).encode())
    except etree.XMLSyntaxError:
        return parse_html(text)


def _stated(package: Any) -> dict[str, str | list[str]]:  # noqa: ANN401 - lxml has no types
    """The Dublin Core of the book; several creators are several values."""
    core: dict[str, list[str]] = {}
    for element in package.iter("{http://purl.org/dc/elements/1.1/}*"):
        if text := collapse("".join(element.itertext())):
            core.setdefault(local_name(element), []).append(text)
    return {key: found[0] if len(found) == 1 or key in ("title", "date") else found for key, found in core.items()}
