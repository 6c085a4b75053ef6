"""From a file to documents: one module a format, found by suffix and imported only when such a file comes up.

``read`` runs a parser in this process; :mod:`pincite.parsers.pool` runs it in worker processes, where a parser that
hangs or crashes costs one file.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile, is_zipfile

from pincite.datatypes import Document
from pincite.errors import PinciteError, UnreadableFile

_MODULES = {".txt": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
_MODULES |= {".xhtml": "html", ".pdf": "pdf", ".docx": "docx", ".epub": "epub", ".jsonl": "jsonl", ".jsonl.gz": "jsonl"}
_MODULES |= {".eml": "eml", ".srt": "subtitles", ".vtt": "subtitles", ".csv": "table", ".tsv": "table", ".rst": "rst"}
_MODULES |= {".odt": "odt", ".rtf": "rtf", ".pptx": "pptx"}
SUFFIXES = tuple(_MODULES)
"""The suffixes that are read, in lower case."""
MOST_CHARACTERS = 20_000_000
"""Of one article: some thousand pages more than the longest books have."""
_MOST_BYTES = 256 << 20
"""Of a file that is read as a whole, and of what it unpacks to: a larger one is taken for a zip bomb."""
VERSION = 13
"""Counts up when a file is read otherwise than before, so that the next update reads it again."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of a file that was not read: where (``data.jsonl:17``) and why; the rest of the file was."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Working:
    """What comes next of a file takes longer than other things do: its reader does not hang."""


class NotNow(UnreadableFile):
    """A file that cannot be opened or read from the disk, which may be otherwise next time."""


def suffix_of(name: str) -> str | None:
    """The suffix by which ``name`` is read, whatever its case; None when Pincite does not read such files."""
    rest, dot, last = name.lower().rpartition(".")
    suffix = ".jsonl.gz" if last == "gz" and rest.endswith(".jsonl") else dot + last
    return suffix if suffix in _MODULES else None


def kind_of(name: str) -> str:
    """What a file is read as, by its suffix: ``pdf``, ``html``, ``table``; empty when Pincite does not read it."""
    return _MODULES.get(suffix_of(name) or "", "")


def read(path: Path, name: str) -> Iterator[Document | Skipped | Working]:
    """The documents in a file, one by one.

    Args:
        path: where the file lies.
        name: its id, the path relative to the corpus folder with ``/`` between parts; its suffix decides the format.

    Raises:
        UnreadableFile: the file as a whole cannot be read; the message is the reason alone.
    """
    suffix = suffix_of(name)
    if suffix is None:
        raise UnreadableFile(unknown_kind(name))
    try:
        if _MODULES[suffix] != "jsonl":  # which is read line by line
            _check_size(path)
        for event in import_module(f"pincite.parsers.{_MODULES[suffix]}").read(path, name):
            if isinstance(event, Document):
                check_text(event.text)
            yield event
    except PinciteError:
        raise
    except OSError as error:
        # A parser that is led to a place before the file's beginning, or that has errors of this kind of its own.
        if error.errno in (None, errno.EINVAL):
            raise UnreadableFile(_damaged(suffix)) from error
        raise NotNow(error.strerror or "cannot be opened") from error
    except MemoryError as error:
        raise UnreadableFile("needs more memory than a reader may take") from error
    except Exception as error:  # whatever a parser throws at a broken file must cost that file alone
        raise UnreadableFile(_damaged(suffix) if path.stat().st_size else "empty") from error


def check_text(text: str) -> None:
    """Refuse a text that is none, or too long.

    Raises:
        UnreadableFile: the message is the reason.
    """
    if not text.strip():
        raise UnreadableFile("no text in it")
    if len(text) > MOST_CHARACTERS:
        most = f"{MOST_CHARACTERS // 1_000_000} million that an article may have"
        raise UnreadableFile(f"{len(text):,} characters, more than the {most}: divide it")


def _check_size(path: Path) -> None:
    size, verb = path.stat().st_size, "has"
    if size <= _MOST_BYTES and path.suffix.lower() in (".docx", ".epub", ".odt", ".pptx") and is_zipfile(path):
        with ZipFile(path) as archive:
            # None unpacks to more than it states here.
            size, verb = sum(member.file_size for member in archive.infolist()), "unpacks to"
    if size > _MOST_BYTES:
        raise UnreadableFile(f"{verb} {size >> 20} MB, more than the {_MOST_BYTES >> 20} MB that are read")


def unknown_kind(name: str) -> str:
    """Why a file of that name is not read."""
    return f"unknown kind {Path(name).suffix or '(no suffix)'}: Pincite reads {', '.join(SUFFIXES)}"


def _damaged(suffix: str) -> str:
    # What the parser says of it is meant for those who write parsers.
    return f"not a readable {suffix} file: damaged, cut off or of another kind; save it again where it came from"
