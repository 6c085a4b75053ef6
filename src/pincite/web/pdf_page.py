"""A page of a PDF as a picture, with a quote marked where its letters stand.

Drawn by a process of its own (``python -m pincite.web.pdf_page``): a file that hangs or crashes PDFium costs one
picture.
"""

from __future__ import annotations

import ctypes
import io
import json
import logging
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from pincite.errors import UnreadableFile

WIDTH, MOST_HEIGHT = 1200, 2400
"""Pixels of a picture."""

_log = logging.getLogger(__name__)
_PATIENCE = 20.0  # seconds
_MARK = (253, 234, 160)

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points of the page."""
Place = tuple[float, float]
"""Left and top as shares of the width and height of a picture."""


def picture(path: Path, number: int, quote: str) -> tuple[bytes, Place | None]:
    """A page as PNG, and where the quote that is marked on it begins: only where its letters stand on the page once.

    Args:
        path: the PDF.
        number: of the page, from 1.
        quote: what of the quote stands on this page; empty for none.

    Raises:
        UnreadableFile: the page cannot be drawn.
    """
    try:
        path.stat()
    except OSError as error:
        raise UnreadableFile(f"{path.name}: cannot be read ({error.strerror}); update the index") from error
    command = [sys.executable, "-P", "-m", "pincite.web.pdf_page"]
    given = json.dumps([str(path), number, quote]).encode()
    try:
        drawn = subprocess.run(command, input=given, capture_output=True, timeout=_PATIENCE, check=True).stdout
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(f"{path.name}: page {number} took longer than {_PATIENCE:g} s to draw") from error
    except subprocess.CalledProcessError as error:
        _log.warning("%s: page %d: %s", path, number, error.stderr.decode(errors="replace").strip() or error)
        raise UnreadableFile(f"{path.name}: page {number} cannot be drawn; open the original") from error
    place, _, png = drawn.partition(b"\n")
    return png, json.loads(place)


def _draw(path: str, number: int, quote: str) -> tuple[bytes, Place | None]:
    import pypdfium2 as pdfium
    from PIL import Image, ImageChops, ImageDraw

    from pincite.parsers.pdf import has_vast_picture

    with closing(pdfium.PdfDocument(path)) as pdf:
        page = pdf[number - 1]
        if has_vast_picture(page):
            raise SystemExit("a picture on it is too large to be drawn")
        width, height = page.get_size()
        drawn = page.render(scale=min(WIDTH / width, MOST_HEIGHT / height)).to_pil().convert("RGB")
        boxes = [_on_picture(page, drawn.size, box) for box in _lines(quote_boxes(page, quote))]
    marks = Image.new("RGB", drawn.size, "white")
    for box in boxes:
        ImageDraw.Draw(marks).rectangle(box, _MARK)
    file = io.BytesIO()
    ImageChops.multiply(drawn, marks).save(file, "PNG")
    place = (boxes[0][0] / drawn.width, boxes[0][1] / drawn.height) if boxes else None
    return file.getvalue(), place


def _on_picture(page: Any, size: tuple[int, int], box: Box) -> Box:  # noqa: ANN401 (a PdfPage)
    """The pixels of a box, whatever part of the page is shown and however it is turned."""
    from pypdfium2.raw import FPDF_PageToDevice

    corners = []
    for x, y in (box[:2], box[2:]):
        across, down = ctypes.c_int(), ctypes.c_int()
        FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, ctypes.byref(across), ctypes.byref(down))
        corners.append((across.value, down.value))
    (x1, y1), (x2, y2) = corners
    return min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1


def quote_boxes(page: Any, quote: str) -> list[Box]:  # noqa: ANN401
    """Where each letter of a quote stands on a page; nothing unless its letters stand there exactly once.

    Args:
        page: a ``pypdfium2.PdfPage``.
        quote: as in the text that was made of the page, which has other spaces and hyphens than the page itself.
    """
    from pypdfium2.raw import FPDFText_GetUnicode

    text = page.get_textpage()
    drawn = [_letters(chr(FPDFText_GetUnicode(text, at))) for at in range(text.count_chars())]
    places = [at for at, letters in enumerate(drawn) for _ in letters]
    whole, wanted = "".join(drawn), _letters(quote)
    start = whole.find(wanted)
    if not wanted or start < 0 or whole.find(wanted, start + 1) >= 0:
        return []
    return [text.get_charbox(at) for at in dict.fromkeys(places[start : start + len(wanted)])]


def _letters(text: str) -> str:
    """Letters and digits alone, without their forms: what stays the same on the way from page to text."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter.isalnum())


def _lines(boxes: Sequence[Box]) -> Iterator[Box]:
    """One box for the letters of a line that stand side by side."""
    lines: list[list[Box]] = []
    for box in boxes:
        _, bottom, right, top = lines[-1][-1] if lines else (0, 0, 0, 0)
        level = min(top, box[3]) > max(bottom, box[1])
        if not lines or not level or not -1 < box[0] - right < 3 * (box[3] - box[1]):
            lines.append([])
        lines[-1].append(box)
    for line in lines:
        lefts, bottoms, rights, tops = zip(*line, strict=True)
        yield min(lefts), min(bottoms), max(rights), max(tops)


if __name__ == "__main__":
    from pincite.parsers.__main__ import limit_memory

    limit_memory()
    png, place = _draw(*json.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(json.dumps(place).encode() + b"\n" + png)
