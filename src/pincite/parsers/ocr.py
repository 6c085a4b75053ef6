"""Pages without text: PDFium draws them, RapidOCR reads them with weights from its own package and fetches nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from pincite.parsers.decoding import storable
from pincite.parsers.pdf_layout import Line

_DPI = 200
_MOST_PIXELS = 16_000_000
"""Of a drawn page, more than A4 has at 300 dpi: a larger page is drawn the coarser."""
MOST_SECONDS = 1800
"""For the pages of one file; how long a single page has, :mod:`pincite.parsers.pool` says."""
_SURE, _UNSURE = 0.9, 0.85
"""On average: where lines lie and are read so surely, the page is not turned; below the other it is no script that is
known, since clean Latin has 0.95 to 0.99, Greek 0.8."""


def is_there() -> bool:
    """Whether the extra ``ocr`` is installed."""
    return find_spec("rapidocr") is not None


def read(pages: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, list[Line] | None]]:
    """The lines of pages by number, in the order in which they are given, as long as there is time for the file.

    None for a page whose letters are unsure.
    """
    until = time.monotonic() + MOST_SECONDS
    for number, page in pages:
        if time.monotonic() > until:
            return
        width, height = page.get_size()
        scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / (width * height)))
        yield number, _lines(page.render(scale=scale).to_numpy(), scale)


@cache
def _reader() -> Any:  # noqa: ANN401 - RapidOCR's own type, which is there only with the extra
    from rapidocr import RapidOCR

    models = Path(find_spec("rapidocr").origin or "").parent / "models"  # type: ignore[union-attr]
    paths = {f"{part}.model_path": str(*models.glob(f"*_{part.lower()}_*.onnx")) for part in ("Det", "Rec")}
    threads = "EngineConfig.onnxruntime.intra_op_num_threads"  # there is a process for each core
    return RapidOCR(params={"Global.log_level": "critical", "Global.use_cls": False, threads: 1, **paths})


def _lines(image: Any, scale: float) -> list[Line] | None:  # noqa: ANN401 - NumPy leaves the type of its elements open
    """What stands on a picture, turned until it is read surely, with boxes in points."""
    best: tuple[float, Any] = -1.0, None
    for turns in (0, 1, 3, 2):
        found = _reader()(np.ascontiguousarray(np.rot90(image, turns)))
        if found.boxes is None:
            break
        lying = median(_size(box)[0] / _size(box)[1] for box in found.boxes) > 1
        worth = sum(score * len(text) for score, text in zip(found.scores, found.txts, strict=True))
        worth *= 1 if lying else 0.9  # lines that stand are read as well, but not in their order
        best = max(best, (worth, found), key=lambda each: each[0])
        if worth > _SURE * sum(map(len, found.txts)):
            break
    worth, found = best
    if found is None:
        return []
    return _straightened(found, scale) if worth >= _UNSURE * sum(map(len, found.txts)) else None


def _size(box: Any) -> tuple[float, float]:  # noqa: ANN401
    """Width and height of four corners, the first of which is the upper left one."""
    return float(np.hypot(*(box[1] - box[0]))), float(np.hypot(*(box[3] - box[0])))


def _straightened(found: Any, scale: float) -> list[Line]:  # noqa: ANN401
    """The lines as if the page had not lain askew, those of about one height made equally high."""
    widest = sorted(found.boxes, key=lambda box: -_size(box)[0])[:20]
    angle = median(math.atan2(box[1][1] - box[0][1], box[1][0] - box[0][0]) for box in widest)
    back = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    usual = median(_size(box)[1] for box in found.boxes)
    lines = []
    for box, text in zip(found.boxes, found.txts, strict=True):
        if not (text := " ".join(storable(text).split())):
            continue
        (width, height), (x, y) = _size(box), box.mean(axis=0) @ back / scale
        height = usual if abs(height - usual) < 0.3 * usual else height  # as the boxes of lines of one size differ
        wide, high = width / scale / 2, height / scale / 2
        lines.append(Line(text, float(x - wide), float(-y - high), float(x + wide), float(-y + high)))
    return lines
