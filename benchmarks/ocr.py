"""How well scanned pages are read: the pages of PDFs with a text layer, made into pictures and read back.

    python benchmarks/ocr.py FOLDER [--pages 10]

Of so many PDFs below FOLDER, drawn by a seed, the first page that has much text in Latin letters; each is drawn at 150,
200 and 300 dpi as a PDF that is nothing but a picture. What Pincite reads of it is compared with what it reads of the
text layer: the share of characters and of words that are added, lost or changed, white space made one. Needs the extra
``ocr``. Writes docs/performance/ocr.json; ``tables.py`` shows it in docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from pincite import Document
from pincite.parsers.pdf import read
from reporting import say, write

DPI = (150, 200, 300)
FEWEST = 1500
"""Characters on a page that is taken."""


def text_of(path: Path) -> str:
    """What Pincite reads, white space made one."""
    return next((" ".join(each.text.split()) for each in read(path, path.name) if isinstance(each, Document)), "")


def errors(read_as: Sequence[str], right: Sequence[str]) -> float:
    """The fewest parts added, lost or changed (Levenshtein), as a share of those that are right."""
    row = list(range(len(read_as) + 1))
    for n, part in enumerate(right, 1):
        before, row[0] = row[0], n
        for m, other in enumerate(read_as, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (part != other))
    return row[-1] / len(right)


def pages(folder: Path, most: int, place: Path) -> Iterator[tuple[str, Path, str]]:
    """Name, a PDF of one page, and its text."""
    files = sorted(folder.rglob("*.pdf"))
    random.Random(1).shuffle(files)
    found = 0
    for path in files:
        pdf = pdfium.PdfDocument(path)
        for number in range(min(len(pdf), 10)):
            alone = place / "alone.pdf"
            one = pdfium.PdfDocument.new()
            one.import_pages(pdf, [number])
            one.save(alone)
            if not FEWEST < pdf[number].get_textpage().count_chars() < 3 * FEWEST:
                continue
            text = text_of(alone)
            if len(text) > FEWEST and sum(char.isascii() for char in text) > 0.97 * len(text):
                yield f"{path.name}, page {number + 1}", alone, text
                found += 1
                break
        if found == most:
            return


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=10)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        for title, path, right in pages(options.folder, options.pages, Path(name)):
            for dpi in DPI:
                picture = pdfium.PdfDocument(path)[0].render(scale=dpi / 72).to_pil().convert("L")
                picture.save(scan := Path(name) / "scan.pdf", resolution=dpi)
                began, used = time.perf_counter(), time.process_time()
                text = text_of(scan)
                seconds = time.perf_counter() - began, time.process_time() - used
                shares = errors(text, right), errors(text.split(), right.split())
                rows.append(
                    {"page": title, "dpi": dpi}
                    | dict(zip(("characters", "words"), (round(each, 4) for each in shares), strict=True))
                    | dict(zip(("seconds", "processor_seconds"), (round(each, 1) for each in seconds), strict=True))
                )
                say(str(rows[-1]))
    middle = {
        dpi: {
            key: round(statistics.median(row[key] for row in rows if row["dpi"] == dpi), 4)
            for key in ("characters", "words", "seconds", "processor_seconds")
        }
        for dpi in DPI
    }
    write(
        "ocr", {"cores": os.cpu_count(), "medians": middle, "pages": rows}, "ocr.py FOLDER", ("rapidocr", "pypdfium2")
    )


if __name__ == "__main__":
    main()
