"""Files that somebody made to break things, or that are broken or huge: each costs itself and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from conftest import WordEmbedder, write_files
from pincite import Document, Index
from pincite.parsers import SUFFIXES, Skipped, suffix_of
from pincite.parsers.pool import Event, FileDone, read_files
from test_formats import SAMPLES

CORPUS = Path(__file__).parent.parent / "docs_corpus"
TIMEOUT = 30


def read_all(paths: list[Path], timeout: float = TIMEOUT) -> dict[str, list[Event]]:
    """What comes out of each file, in processes as in an update."""
    found: dict[str, list[Event]] = {path.name: [] for path in paths}
    for name, event in read_files(((path.name, path) for path in paths), workers=2, timeout=timeout):
        found[name].append(event)
    return found


def sound(event: Event) -> bool:
    """Whether a document can be stored, and its places lie within its text."""
    if not isinstance(event, Document):
        return True
    event.text.encode()
    spans = [0, *(at for span in event.headings for at in span), len(event.text)]
    return bool(event.text.strip()) and "\0" not in event.text and spans == sorted(spans)


def samples() -> dict[str, bytes]:
    """A file of each kind."""
    found = {suffix_of(path.name): path.read_bytes() for path in sorted(CORPUS.rglob("*.*"))}
    # Without ids: of two lines with the same the whole update is refused.
    lines = "".join(json.dumps({"title": f"T{n}", "text": f"Text {n}."}) + "\n" for n in range(9)).encode()
    found |= {".jsonl": lines, ".jsonl.gz": gzip.compress(lines), ".xhtml": found[".html"], ".htm": found[".html"]}
    found[".markdown"] = found[".md"]
    return {**{str(suffix): data for suffix, data in found.items()}, **SAMPLES}


def broken_within(data: bytes, draw: random.Random) -> bytes:
    """An archive that is sound, with a member that is not."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    name = draw.choice([each for each in members if members[each]])
    members[name] = broken(members[name], draw)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return made.getvalue()


def broken(data: bytes, draw: random.Random) -> bytes:
    """A file as a bad disk, a bad program or a bad person might leave it."""
    if data.startswith(b"PK") and draw.random() < 0.8:
        return broken_within(data, draw)
    if data.startswith(b"\x1f\x8b") and draw.random() < 0.8:
        return gzip.compress(broken(gzip.decompress(data), draw))
    changed = bytearray(data)
    for _ in range(draw.choice([1, 1, 3, 30])):
        at, length = draw.randrange(len(changed)), draw.choice([1, 1, 4, 64, 1024])
        match draw.randrange(6):
            case 0:
                changed[at : at + length] = draw.randbytes(length)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length] * draw.choice([1, 2, 50])
            case 3:
                changed[at] ^= 1 << draw.randrange(8)
            case 4:
                changed[at:at] = draw.choice([b"\0", b"\xff\xfe", b"<", b"]]>", b"&#0;", b"\\ud800", b"-1", b"9" * 30])
            case 5:
                del changed[at:]
        changed = changed or bytearray(b"\0")
    return bytes(changed)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_broken_file_gives_sound_documents_or_a_reason(
    suffix: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    draw, data = random.Random(suffix), samples()[suffix]
    paths = [tmp_path / f"{number}{suffix}" for number in range(pytestconfig.getoption("--fuzz"))]
    for path in paths:
        path.write_bytes(broken(data, draw))
    outcomes = Counter[str]()
    for name, events in read_all(paths).items():
        assert all(map(sound, events)), name
        done = [event for event in events if isinstance(event, FileDone)]
        assert len(done) == 1, name
        assert not done[0].again, f"{name}: {done[0].problem}"  # neither crashed nor hung
        outcomes["problem" if done[0].problem else "read"] += 1
    sys.stdout.write(f"\n{suffix}: {dict(outcomes)}\n")


def test_an_archive_that_leads_before_its_beginning_is_broken_and_not_just_unreadable_now(tmp_path: Path) -> None:
    """Found by chance above: the operating system's "Invalid argument" was taken for trouble with the disk."""
    data = bytearray(samples()[".epub"])
    place = data.rindex(b"PK\x05\x06") + 16  # of the directory's offset
    data[place : place + 4] = (int.from_bytes(data[place : place + 4], "little") + 50).to_bytes(4, "little")
    (tmp_path / "book.epub").write_bytes(data)
    (done,) = read_all([tmp_path / "book.epub"])["book.epub"]
    assert isinstance(done, FileDone)
    assert "not a readable .epub file" in str(done.problem)
    assert not done.again


def huge_text(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(200):
            file.write(b"Many words are here. " * 50_000)


def huge_line(path: Path) -> None:
    path.write_bytes(b"word " * 10_000_000)


def huge_member(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as member:
        for _ in range(300):
            member.write(b"<" * (1 << 20))


def huge_gzip(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"_id": "fine", "text": "Fine."}\n{"text": "')
        for _ in range(600):
            file.write(b"a" * (1 << 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("text.txt", huge_text, "210,000,000 characters, more than the 20 million that an article may have: divide it"),
        ("line.txt", huge_line, "50,000,000 characters, more than"),
        ("bomb.docx", huge_member, "unpacks to 300 MB, more than the 256 MB that are read"),
        ("bomb.jsonl.gz", huge_gzip, "bomb.jsonl.gz:2"),
        ("disk.md", lambda path: path.open("wb").truncate(300 << 20), "has 300 MB, more than the 256 MB"),
    ],
)
def test_what_is_huge_is_refused_with_its_size(
    tmp_path: Path, name: str, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / name)
    write_files(tmp_path, {"fine.txt": "Fine\n\nAll is well.\n"})
    found = read_all([tmp_path / name, tmp_path / "fine.txt"])
    (tmp_path / name).unlink()
    said = [str(event.problem) for event in found[name] if isinstance(event, FileDone)]
    said += [f"{event.where}: {event.reason}" for event in found[name] if isinstance(event, Skipped)]
    assert any(reason in each for each in said), said
    assert any(isinstance(event, Document) for event in found["fine.txt"])
    if name.startswith("bomb.jsonl"):
        assert [event.text for event in found[name] if isinstance(event, Document)] == ["Fine."]


@pytest.mark.slow
def test_a_pdf_of_two_thousand_pages_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "long.pdf"))
    for number in range(2000):
        for line in range(30):
            canvas.drawString(72, 750 - 20 * line, f"Line {line} of page {number} says what a line of a page may say.")
        canvas.showPage()
    canvas.save()
    (document, done) = read_all([tmp_path / "long.pdf"], timeout=10 * TIMEOUT)["long.pdf"]
    assert isinstance(document, Document), document
    assert len(document.page_starts) == 2000
    assert "page 1999" in document.text[document.page_starts[1999] :]
    assert done == FileDone()


def test_every_plane_of_unicode_is_kept_and_cited(tmp_path: Path, open_index: Callable[..., Index]) -> None:
    letters = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0x41, 0x3042, 0xD7FF, 0xE000, 0xFFFD))
    text = f"The letters {letters} are all there. A sentence behind them."
    write_files(tmp_path / "corpus", {"planes.md": text})
    index = open_index(WordEmbedder())
    assert index.update(tmp_path / "corpus").added == ("planes.md",)
    (hit, *_) = index.search("Which letters are there?")
    assert letters in hit.document.text
    assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
    assert index.verify() == ()


IDS = ["../../etc/passwd", "/etc/passwd", "a\0b", "a/../b", "C:\\x", "\u202eevil", "x\ny", "#", "%2e%2e", ""]
IDS += ["a" * 10_000]


def test_ids_of_lines_are_no_paths(tmp_path: Path, open_index: Callable[..., Index]) -> None:
    lines = [json.dumps({"_id": each, "text": f"The text of number {n}."}) for n, each in enumerate(IDS)]
    write_files(tmp_path / "corpus", {"lines.jsonl": "\n".join(lines)})
    index = open_index(WordEmbedder())
    report = index.update(tmp_path / "corpus")
    assert len(report.added) == len(IDS), report
    for doc_id in report.added:
        assert index.original(doc_id) == tmp_path / "corpus/lines.jsonl"
        assert "\n" not in doc_id
        assert "\0" not in doc_id
    assert index.verify() == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "index"]
