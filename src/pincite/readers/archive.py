"""Zip files that hold a document (.docx, .epub), read without trusting their size or their XML."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from lxml import etree

from pincite.errors import UnreadableFile

_MOST_BYTES = 256 << 20
"""Unpacked, all members together: a larger file is taken for a zip bomb."""


def open_archive(path: Path) -> zipfile.ZipFile:
    """The zip file at ``path``; a member never unpacks to more than its size stated in the directory.

    Raises:
        UnreadableFile: not a zip file, or one that would unpack to more than 256 MB.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise UnreadableFile(f"broken: {error}") from error
    size = sum(member.file_size for member in archive.infolist())
    if size > _MOST_BYTES:
        archive.close()
        raise UnreadableFile(f"unpacks to {size >> 20} MB, more than the {_MOST_BYTES >> 20} MB that are read")
    return archive


def parse_xml(data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
    """The root element; entities are not expanded and nothing is fetched."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
