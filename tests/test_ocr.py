"""Pages that are pictures: read by OCR, marked so, limited, and never at the cost of what has text."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from conftest import WordEmbedder
from pincite import Document, Index, Settings, as_json
from pincite.errors import UnreadableFile
from pincite.ingest import update
from pincite.parsers import Skipped, Working, ocr, read
from pincite.parsers.pool import Event, FileDone, read_files
from test_pdf import PROSE, Piece, make_pdf

WORDS = " ".join(PROSE).split()
DPI = 200
needs_ocr = pytest.mark.skipif(not ocr.is_there(), reason="the extra ocr is not installed")


def drawn(path: Path, lines: Sequence[Piece]) -> Image.Image:
    """The picture of the upper part of a page of lines."""
    made = pdfium.PdfDocument(make_pdf(path.with_suffix(".made.pdf"), [lines]))
    picture: Image.Image = made[0].render(scale=DPI / 72).to_pil().convert("L")
    return picture.crop((0, 100, picture.width, 900))


def wrapped(words: Sequence[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def put(canvas: Canvas, picture: Image.Image, share: float = 1.0) -> None:
    """A picture on a page of its shape, which it covers to this share of width and height."""
    data = BytesIO()
    picture.save(data, "PNG")
    width, height = (side * 72 / DPI for side in picture.size)
    canvas.setPageSize((width, height))
    canvas.drawImage(ImageReader(data), 0, 0, width * share, height * share)


def scan(path: Path, *pictures: Image.Image) -> Path:
    canvas = Canvas(str(path))
    for picture in pictures:
        put(canvas, picture)
        canvas.showPage()
    canvas.save()
    return path


def document(path: Path) -> Document:
    [found] = [event for event in read(path, path.name) if not isinstance(event, Working)]
    assert isinstance(found, Document)
    return found


def likeness(text: str, right: str) -> float:
    return SequenceMatcher(None, text, right, autojunk=False).ratio()


@pytest.fixture
def page(tmp_path: Path) -> Image.Image:
    return drawn(tmp_path / "page", wrapped(WORDS, 70))


@needs_ocr
@pytest.mark.parametrize("turned", [0, *(pytest.param(by, marks=pytest.mark.slow) for by in (90, 180, 270, -2.0))])
def test_a_scanned_page_is_read_however_it_lies(tmp_path: Path, page: Image.Image, turned: float) -> None:
    picture = page.rotate(turned, expand=turned in (90, 270), fillcolor=255)
    found = document(scan(tmp_path / "a.pdf", picture))
    assert likeness(found.text, " ".join(WORDS)) > 0.98
    assert "\n" not in found.text
    assert found.metadata["ocr_pages"] == [1]


@needs_ocr
@pytest.mark.slow
def test_columns_and_paragraphs_of_a_scan_are_read_in_order(tmp_path: Path) -> None:
    left, right = wrapped(WORDS, 42), wrapped(WORDS[20:] + WORDS[:20], 42)
    rows: list[Piece] = [(72.0, 780.0, "The ice of Aldhaven, in the words of its pilots")]
    rows += [
        (x, 740.0 - 14 * n, text)
        for n in range(12)
        for x, lines in ((72.0, left), (320.0, right))
        for text in lines[n : n + 1]
    ]
    heading, *columns = document(scan(tmp_path / "a.pdf", drawn(tmp_path / "b", rows))).text.split("\n\n")
    assert likeness(heading, "The ice of Aldhaven, in the words of its pilots") > 0.95
    assert likeness(" ".join(columns), f"{' '.join(left)} {' '.join(right)}") > 0.97


@pytest.mark.slow
@needs_ocr
def test_only_the_pages_without_text_are_read_by_ocr_and_marked(tmp_path: Path, page: Image.Image) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for text in ("The mill ground barley, and it did so for years.", "", "The miller had three sons."):
        if text:
            canvas.drawString(72, 250, text)
            put(canvas, page, share=0.2)  # a figure, however much is written in it
        else:
            put(canvas, page)
            canvas.setFont("Helvetica", 6)
            canvas.drawString(300, 10, "Downloaded on 3 May 2021 by a library")  # a stamp, which is no text layer
        canvas.showPage()
    canvas.save()
    found = document(tmp_path / "a.pdf")
    pages = [found.text[a:b] for a, b in zip(found.page_starts, (*found.page_starts[1:], None), strict=True)]
    assert pages[0].strip() == "The mill ground barley, and it did so for years."
    assert likeness(pages[1], " ".join(WORDS)) > 0.9
    assert pages[2] == "The miller had three sons."
    assert found.metadata["ocr_pages"] == [2]
    marks = [found.is_by_ocr(at, at + 1) for at in found.page_starts]
    assert marks == [False, True, False]
    assert found.is_by_ocr(0, found.page_starts[1] + 1)


@needs_ocr
def test_a_text_layer_on_a_picture_that_shows_no_more_is_kept(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    put(canvas, Image.new("L", (1000, 700), 230))
    canvas.setFont("Helvetica", 30)
    canvas.drawString(30, 200, "Harbours of the north")
    canvas.save()
    found = document(tmp_path / "a.pdf")
    assert found.text == "Harbours of the north"
    assert "ocr_pages" not in found.metadata


@needs_ocr
@pytest.mark.slow
def test_a_page_whose_letters_are_unknown_is_named_and_not_guessed(tmp_path: Path, page: Image.Image) -> None:
    greek = wrapped(["abgdezh", "iklmn", "xoprs", "tufcyw"] * 12, 70)
    canvas = Canvas(str(tmp_path / "letters.pdf"))
    canvas.setFont("Symbol", 11)
    for row, line in enumerate(greek):
        canvas.drawString(72, 780 - 14 * row, line)
    canvas.save()
    unknown = pdfium.PdfDocument(tmp_path / "letters.pdf")[0].render(scale=DPI / 72).to_pil().crop((0, 0, 1654, 700))
    events = list(read(scan(tmp_path / "a.pdf", unknown, page), "a.pdf"))
    [skipped] = [event for event in events if isinstance(event, Skipped)]
    assert skipped == Skipped("a.pdf:1", "OCR is unsure of its letters: it knows Latin, Chinese and Japanese ones")


def mute(path: Path, picture: Image.Image) -> Path:
    """A scan upon which a text lies that has no letters, as of a program that could not read it."""
    canvas = Canvas(str(path))
    put(canvas, picture)
    text = canvas.beginText(72, 250)
    text.setTextRenderMode(3)
    for _ in range(8):
        text.textLine("bcdfg hjklm npqrs tvwxz bcdfg hjklm npqrs tvwxz")
    canvas.drawText(text)
    canvas.save()
    return path


@needs_ocr
@pytest.mark.slow
def test_a_text_layer_without_letters_gives_way_to_ocr(tmp_path: Path, page: Image.Image) -> None:
    found = document(mute(tmp_path / "a.pdf", page))
    assert likeness(found.text, " ".join(WORDS)) > 0.98
    assert found.metadata["ocr_pages"] == [1]


def test_without_the_extra_the_unread_pages_are_named(
    tmp_path: Path, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for number in range(6):
        put(canvas, page) if number in (0, 1, 2, 4) else canvas.drawString(72, 250, "The mill ground barley.")
        canvas.showPage()
    canvas.save()
    skipped, found = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert "ocr_pages" not in found.metadata
    assert isinstance(skipped, Skipped)
    assert skipped.where == "a.pdf:1-3,5"
    assert skipped.reason.startswith("scanned, needs OCR: run `")
    assert "'pincite[ocr]'`" in skipped.reason
    with pytest.raises(UnreadableFile, match=r"^its fonts say no letters, needs OCR: run `.*pincite\[ocr\]'`$"):
        list(read(mute(tmp_path / "b.pdf", page), "b.pdf"))


@needs_ocr
@pytest.mark.slow
def test_a_file_is_read_as_long_as_there_is_time(
    tmp_path: Path, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 1000))  # seconds, as ocr.read looks at it
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    events = list(read(scan(tmp_path / "a.pdf", page, page, page), "a.pdf"))
    assert [type(event) for event in events] == [Working, Working, Skipped, Document]
    assert events[2] == Skipped("a.pdf:2-3", "OCR took longer than 1800 s: divide the file")
    assert isinstance(events[3], Document)
    assert events[3].metadata["ocr_pages"] == [1]


@needs_ocr
@pytest.mark.slow
def test_a_vast_picture_costs_its_page_and_a_vast_page_is_drawn_coarser(
    tmp_path: Path, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    vast = Image.new("1", (2000, 2000))
    reason = "a picture of more than 2,000,000 pixels: save it smaller"
    monkeypatch.setattr("pincite.parsers.pdf._MOST_PIXELS", 2_000_000)
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        list(read(scan(tmp_path / "a.pdf", vast), "a.pdf"))
    events = list(read(scan(tmp_path / "b.pdf", vast, page), "b.pdf"))
    assert Skipped("b.pdf:1", reason) in events
    sizes = []

    def lines(image: Any, scale: float) -> list[object]:  # noqa: ANN401
        sizes.append(image.shape)
        return []

    monkeypatch.setattr(ocr, "_lines", lines)
    canvas = Canvas(str(tmp_path / "c.pdf"), pagesize=(14_400, 14_400))
    put(canvas, page)
    canvas.setPageSize((14_400, 14_400))
    canvas.save()
    with pytest.raises(UnreadableFile, match=r"^scanned, and OCR finds no text in it$"):
        list(read(tmp_path / "c.pdf", "c.pdf"))
    assert sizes[0][0] * sizes[0][1] < 17_000_000


@needs_ocr
@pytest.mark.slow
def test_a_worker_reads_a_scan_within_its_memory_and_says_that_it_goes_on(tmp_path: Path, page: Image.Image) -> None:
    path = scan(tmp_path / "a.pdf", page, page)
    [(_, found), (_, done)] = read_files([("a.pdf", path)], workers=1)
    assert done == FileDone()
    assert isinstance(found, Document)
    assert found.metadata["ocr_pages"] == [1, 2]


@needs_ocr
@pytest.mark.slow
def test_ocr_asks_no_network(tmp_path: Path, page: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> None:
        raise AssertionError("it looked for the network")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    ocr._reader.cache_clear()
    assert document(scan(tmp_path / "a.pdf", page)).text


def read_here(jobs: Iterable[tuple[str, Path]], workers: int) -> Iterator[tuple[str, Event]]:
    """As the pool of readers, in this process."""
    del workers
    for name, path in jobs:
        done = FileDone()
        try:
            yield from ((name, event) for event in read(path, name) if not isinstance(event, Working))
        except UnreadableFile as error:
            done = FileDone(str(error))
        yield name, done


@pytest.mark.slow
@needs_ocr
def test_scans_are_tried_again_once_the_extra_is_there_and_their_hits_are_marked(
    tmp_path: Path, page: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "read_files", read_here)
    (tmp_path / "corpus").mkdir()
    scan(tmp_path / "corpus/a.pdf", page)
    os.utime(tmp_path / "corpus/a.pdf", (1e9, 1e9))  # so that it counts as untouched
    index = Index.open(tmp_path / "index", settings=Settings(model="words"))
    index.use_embedder("words", WordEmbedder())
    with monkeypatch.context() as without:
        without.setattr(ocr, "is_there", lambda: False)
        assert list(index.update(tmp_path / "corpus").skipped) == ["a.pdf"]
        assert list(index.update(tmp_path / "corpus").skipped) == ["a.pdf"]
    done = index.update(tmp_path / "corpus")
    assert (done.added, dict(done.skipped)) == (("a.pdf",), {})
    [hit] = index.search("pilots")
    assert as_json.hit(hit)["ocr"] is True
    assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
