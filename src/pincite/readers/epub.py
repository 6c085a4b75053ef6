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
from pincite.readers import Skipped
from pincite.readers.archive import open_archive, parse_xml
from pincite.readers.blocks import Block, lay_out
from pincite.readers.decoding import decode
from pincite.readers.fields import described
from pincite.readers.markup import blocks_of, local_name, parse_html

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The one document of a book; a chapter that is missing or broken is skipped by itself."""
    with open_archive(path) as book:
        place = _package_place(book)
        package = parse_xml(book.read(place))
        chapters = list(_chapters(package, posixpath.dirname(place)))
        _check_readable(book, chapters)
        blocks: list[Block] = []
        for chapter in chapters:
            try:
                blocks += blocks_of(_tree(book.read(chapter)))
            except (KeyError, UnreadableFile) as error:
                yield Skipped(f"{name}:{chapter}", "missing" if isinstance(error, KeyError) else str(error))
    text, headings = lay_out(blocks)
    stated = _stated(package)
    title = stated.pop("title", None)
    yield Document(
        doc_id=name,
        title=title or path.stem,
        title_is_name=title is None,
        text=text,
        headings=headings,
        **described(stated),
    )


def _package_place(book: ZipFile) -> str:
    try:
        root = parse_xml(book.read(_CONTAINER))
    except KeyError as error:
        raise UnreadableFile(f"not an EPUB: it has no {_CONTAINER}") from error
    place = next((each.get("full-path") for each in root.iter("{*}rootfile") if each.get("full-path")), None)
    if place is None or place not in book.namelist():
        raise UnreadableFile("not an EPUB: its package file is missing")
    return str(place)


def _chapters(package: Any, folder: str) -> Iterator[str]:  # noqa: ANN401 - lxml has no types
    """The places of the chapters in the archive, in reading order, without cover and table of contents."""
    items = {item.get("id"): item for item in package.iter("{*}item")}
    guides = {_place(folder, each.get("href", "")) for each in package.iter("{*}reference") if _is_aside(each)}
    for reference in package.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS or "nav" in item.get("properties", "").split():
            continue
        place = _place(folder, item.get("href", ""))
        if place not in guides:
            yield place


def _is_aside(reference: Any) -> bool:  # noqa: ANN401 - lxml has no types
    return reference.get("type", "").lower() in ("cover", "toc")


def _place(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _check_readable(book: ZipFile, chapters: list[str]) -> None:
    """Fonts are often obfuscated, which is no hindrance; encrypted chapters are."""
    locked = any(member.flag_bits & 1 for member in book.infolist())
    if _ENCRYPTION in book.namelist():
        references = parse_xml(book.read(_ENCRYPTION)).iter("{*}CipherReference")
        locked |= bool({unquote(each.get("URI", "")) for each in references} & set(chapters))
    if locked:
        raise UnreadableFile("encrypted: protected against copying")


def _tree(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    """The tree of a chapter, as XML where it is well formed and as HTML otherwise."""
    if not data.strip():
        return etree.Element("body")
    try:
        return parse_xml(_ENTITY.sub(_character, decode(data)).encode("utf-8"))
    except etree.XMLSyntaxError:
        return parse_html(decode(data))


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


def _stated(package: Any) -> dict[str, Any]:  # noqa: ANN401 - lxml has no types
    """The Dublin Core of the book by Pincite's names; several creators are several values."""
    core: dict[str, list[str]] = {}
    for element in package.iter("{http://purl.org/dc/elements/1.1/}*"):
        text = " ".join("".join(element.itertext()).split())
        if text:
            core.setdefault(local_name(element), []).append(text)
    title, dates = core.pop("title", [None])[0], core.pop("date", [])
    single = {key: values if key == "creator" or len(values) > 1 else values[0] for key, values in core.items()}
    return single | ({"title": title} if title else {}) | ({"date": dates[0]} if dates else {})
