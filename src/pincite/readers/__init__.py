"""From a file to documents: one module a format, found by suffix and imported only when such a file comes up.

``read`` runs a parser in this process; :mod:`pincite.readers.pool` runs it in worker processes, where a parser that
hangs or crashes costs one file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pincite.datatypes import Document
from pincite.errors import PinciteError, UnreadableFile

_MODULES = {
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".epub": "epub",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
}

SUFFIXES = tuple(_MODULES)
"""The suffixes that are read, in lower case."""

_REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Skipped:
    """A part of a file that was not read: where (``data.jsonl:17``) and why; the rest of the file was."""

    where: str
    reason: str


def suffix_of(name: str) -> str | None:
    """The suffix by which ``name`` is read, whatever its case; None when Pincite does not read such files."""
    rest, dot, last = name.lower().rpartition(".")
    suffix = ".jsonl.gz" if last == "gz" and rest.endswith(".jsonl") else dot + last
    return suffix if suffix in _MODULES else None


def read(path: Path, name: str) -> Iterator[Document | Skipped]:
    """The documents in a file, one by one.

    Args:
        path: where the file lies.
        name: its id: the path relative to the corpus folder, ``/`` between parts. Its suffix decides the format.

    Raises:
        UnreadableFile: the file as a whole cannot be read; the message is the reason alone.
        DuplicateIdError: two lines of a ``.jsonl`` have the same id.
    """
    suffix = suffix_of(name)
    if suffix is None:
        raise UnreadableFile(unknown_kind(name))
    try:
        for event in import_module(f"pincite.readers.{_MODULES[suffix]}").read(path, name):
            if isinstance(event, Document) and not event.text.strip():
                raise UnreadableFile("no text in it")
            yield event
    except PinciteError:
        raise
    except OSError as error:
        raise UnreadableFile(error.strerror or _one_line(error)) from error
    except MemoryError as error:
        raise UnreadableFile("needs more memory than a reader may take") from error
    except Exception as error:  # whatever a parser throws at a broken file must cost that file alone
        raise UnreadableFile(f"not a readable {suffix} file: {_one_line(error)}") from error


def unknown_kind(name: str) -> str:
    """Why a file of that name is not read."""
    suffix = Path(name).suffix
    kind = f"unknown kind {suffix!r}" if suffix else "unknown kind, no suffix"
    return f"{kind}: Pincite reads {', '.join(SUFFIXES)}"


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text}"[:_REASON_LENGTH]
