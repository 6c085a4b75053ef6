"""What its author struck out is not read; headings of RTF and the numbers of lists in OpenDocument are."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pptx
import pytest

from pincite import Document
from pincite.parsers import read


def parsed(folder: Path, name: str, content: str | bytes) -> Document:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (found,) = read(folder / name, name)
    assert isinstance(found, Document)
    return found


def word() -> bytes:
    made = docx.Document()
    runs = made.add_paragraph("The toll is ")
    runs.add_run("four ").font.strike = True
    runs.add_run("five crowns").font.strike = False
    return _saved(made)


def slide() -> bytes:
    made = pptx.Presentation()
    frame = made.slides.add_slide(made.slide_layouts[6]).shapes.add_textbox(0, 0, 9, 9).text_frame
    for text, strike in (("The toll is ", None), ("four ", "sngStrike"), ("five crowns", "noStrike")):
        run = frame.paragraphs[0].add_run()
        run.text = text
        if strike:
            run.font._element.set("strike", strike)
    return _saved(made)


def _saved(made: object) -> bytes:
    written = io.BytesIO()
    made.save(written)  # type: ignore[attr-defined]
    return written.getvalue()


SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "style", "text", "table")
)


def odt(styles: str, body: str) -> bytes:
    content = f"<office:document-content {SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
    content += f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<m/>")
        archive.writestr("content.xml", content)
    return written.getvalue()


STRUCK = (
    '<style:style style:name="T1"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    '<style:style style:name="T2"><style:text-properties style:text-line-through-style="none"/></style:style>'
)
OPEN = odt(
    STRUCK,
    '<text:p>The toll<text:s/>is <text:span text:style-name="T1">four </text:span>'
    '<text:span text:style-name="T2">five</text:span> crowns</text:p><text:p text:style-name="T1">Gone.</text:p>',
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", "The toll is ~~four~~ five crowns\n"),
        ("a.html", "<p>The toll is <s>four </s><del>six</del><strike>nine</strike>five crowns</p>"),
        ("a.rtf", r"{\rtf1 The toll is {\strike fo\'75r }{\strike0 five} crowns\par}"),
        ("a.rtf", r"{\rtf1 The toll is \strike four \u8217? \strike0 five crowns\par}"),
        ("a.rtf", r"{\rtf1 The toll is \striked1 four \plain five crowns\par}"),
        ("a.odt", OPEN),
        ("a.docx", word()),
        ("a.pptx", slide()),
    ],
)
def test_what_is_struck_is_left_out(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert parsed(tmp_path, name, content).text == "The toll is five crowns"


def test_rtf_has_its_headings_by_level_and_by_style(tmp_path: Path) -> None:
    sheet = r"{\stylesheet{\s0 Normal;}{\s3\ql\b\snext0 heading 2;}}"
    paragraphs = r"\pard\s3 Granite\par\pard\s0 It is \b hard\b0 .\par{\pard\outlinelevel0 Tolls\par}It is paid.\par"
    found = parsed(tmp_path, "a.rtf", rf"{{\rtf1{sheet}{paragraphs}\pard\outlinelevel9 No more.\par}}")
    assert [found.text[slice(*span)] for span in found.headings] == ["Granite", "Tolls"]
    assert found.text == "Granite\n\nIt is hard.\n\nTolls\n\nIt is paid.\n\nNo more."


@pytest.mark.parametrize("digits", ["89504e47" * 3000, "89504E47" * 40])
def test_a_picture_of_rtf_on_one_line_is_left_out(tmp_path: Path, digits: str) -> None:
    for source in (rf"{{\pict\pngblip {digits}}}", rf"{{\*\shppict{{\pict\wmetafile8 {digits}}}}}", digits):
        assert parsed(tmp_path, "a.rtf", rf"{{\rtf1 Before {source}over.\par}}").text == "Before over."


def test_a_table_of_rtf_keeps_the_names_of_its_columns(tmp_path: Path) -> None:
    rows = "".join(rf"{port}\cell {toll}\cell {boats}\cell\row " for port, toll, boats in ROWS)
    found = parsed(tmp_path, "a.rtf", rf"{{\rtf1 Tolls.\par\trowd {rows}\pard End.\par}}")
    assert found.columns_at(found.text.index("Brul")) == "Port | Toll | Boats"


ROWS = [("Port", "Toll", "Boats"), ("Aske", "4", "12"), ("Brul", "7", "8")]


def test_lists_of_opendocument_bear_their_numbers(tmp_path: Path) -> None:
    levels = '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    levels += '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/>'
    bullets = '<text:list-style style:name="B"><text:list-level-style-bullet text:level="1"/></text:list-style>'

    def listed(items: str, name: str = "L", more: str = "") -> str:
        return f'<text:list text:style-name="{name}"{more}>{items}</text:list>'

    def item(text: str, more: str = "") -> str:
        return f"<text:list-item><text:p>{text}</text:p>{more}</text:list-item>"

    inner = f"<text:list>{item('white')}{item('red')}</text:list>"
    body = listed(item("Oats") + item("Tar", inner)) + "<text:p>Then</text:p>"
    body += listed(item("Rope"), more=' text:continue-numbering="true"') + listed(item("Elm"), "B")
    body += listed(item("Salt"))
    styles = f'<text:list-style style:name="L">{levels}</text:list-style>{bullets}'
    found = parsed(tmp_path, "a.odt", odt(styles, body))
    assert found.text == "1. Oats\n2. Tar\na) white\nb) red\n\nThen\n\n3. Rope\nElm\n1. Salt"
