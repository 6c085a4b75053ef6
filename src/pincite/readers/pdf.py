"""PDF files: pypdfium2 tells where each character stands, :mod:`pincite.readers.pages` makes flowing text of it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.readers.decoding import storable
from pincite.readers.fields import iso_date, one_line
from pincite.readers.pages import Box, Line, flow

_AS_TEXT = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_HYPHENS = (0x2, 0xFFFE)
"""How PDFium marks a hyphen at a line end; it gives no line end behind it."""

_AS_TEXT |= dict.fromkeys(_HYPHENS, "-")
_LINE_ENDS = (0xA, 0xD)

_WIDE_GAP = 1.2
"""In units of the font size: a gap that parts columns or table cells, where no word space is as wide."""

_NO_TITLE = re.compile(
    r"untitled.*|unknown|title|(?:microsoft )?(?:word|powerpoint|excel) - .*|.*\.(?:docx?|pdf|tex|dvi|indd|rtf|txt)",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(r"anonymous|unknown|author|user|admin(?:istrator)?", re.IGNORECASE)


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a PDF."""
    with closing(_open(path)) as pdf:
        pages = [list(_lines(pdf[number])) for number in range(len(pdf))]
        if not any(pages):
            raise UnreadableFile("scanned, needs OCR" if any(map(_has_image, pdf)) else "empty")
        stated = pdf.get_metadata_dict()
    text, page_starts = flow(pages)
    title = _unless(_NO_TITLE, stated["Title"])
    has_title = title not in (None, path.stem)
    yield Document(
        doc_id=name,
        title=title if title and has_title else path.stem,
        title_is_name=not has_title,
        text=text,
        author=_unless(_NO_AUTHOR, stated["Author"]),
        date=iso_date(stated["CreationDate"]),
        metadata={key.lower(): value for key in ("Subject", "Keywords") if (value := one_line(stated[key]))},
        page_starts=page_starts,
    )


def _open(path: Path) -> Any:  # noqa: ANN401 - pypdfium2 has no types
    """The PDF, its owner's restrictions notwithstanding: they forbid changes and copies, not reading."""
    try:
        return pdfium.PdfDocument(path.read_bytes())
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise UnreadableFile("encrypted: needs a password") from error
        raise UnreadableFile(f"not a readable PDF: {error}") from error


def _unless(junk: re.Pattern[str], value: str) -> str | None:
    """A value that the writing program did not merely fill in."""
    stated = one_line(value)
    return None if stated is None or junk.fullmatch(stated) else stated


def _has_image(page: Any) -> bool:  # noqa: ANN401 - pypdfium2 has no types
    return any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]))


def _lines(page: Any) -> Iterator[Line]:  # noqa: ANN401 - pypdfium2 has no types
    """The pieces of lines on a page, in the order in which the file draws them.

    Text that does not run as most of the page's does (stamps along the margin, watermarks) is left out.
    """
    with closing(page.get_textpage()) as text_page:
        characters = list(_characters(text_page))
    turns = Counter(char.turn for char in characters if char.box)
    turn = turns.most_common(1)[0][0] if turns else 0
    piece: list[_Character] = []
    for char in characters:
        if char.text == "\n" or (char.box and char.turn != turn) or _is_apart(piece, char):
            yield from _line(piece)
            piece = []
        if char.text != "\n" and (char.box is None or char.turn == turn):
            piece.append(char)
    yield from _line(piece)


class _Character(NamedTuple):
    """A character; without a box where PDFium has put it in (spaces, line ends)."""

    text: str
    box: Box | None = None
    turn: int = 0


def _characters(text_page: Any) -> Iterator[_Character]:  # noqa: ANN401 - pypdfium2 has no types
    rectangle = raw.FS_RECTF()
    for index in range(text_page.count_chars()):
        code = raw.FPDFText_GetUnicode(text_page, index)
        if code in _LINE_ENDS:
            yield _Character("\n")
            continue
        text = _AS_TEXT.get(code) or storable(chr(code))
        if raw.FPDFText_IsGenerated(text_page, index) == 1 or text.isspace():
            yield _Character(" ")
            continue
        raw.FPDFText_GetLooseCharBox(text_page, index, rectangle)
        turn = round(raw.FPDFText_GetCharAngle(text_page, index) / (math.pi / 2)) % 4
        yield _Character(text, _turned(rectangle, turn), turn)
        if code in _HYPHENS:
            yield _Character("\n")


def _turned(rectangle: Any, turn: int) -> Box:  # noqa: ANN401 - pypdfium2 has no types
    """Where the character stands when the page is held so that it is upright; ``turn``: quarters, clockwise."""
    left, bottom, right, top = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
    match turn:
        case 1:
            return Box(-top, left, -bottom, right)
        case 2:
            return Box(-right, -top, -left, -bottom)
        case 3:
            return Box(bottom, -right, top, -left)
    return Box(left, bottom, right, top)


def _is_apart(piece: list[_Character], char: _Character) -> bool:
    before = next((each.box for each in reversed(piece) if each.box), None)
    if before is None or char.box is None:
        return False
    return not -1 < (char.box.left - before.right) / max(1.0, before.height) < _WIDE_GAP


def _line(piece: list[_Character]) -> Iterator[Line]:
    boxes = [char.box for char in piece if char.box]
    if boxes:
        text = "".join(char.text for char in piece)
        yield Line(" ".join(text.split()), Box.around(boxes))
