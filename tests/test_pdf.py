"""What the reader of PDFs makes of pages: the words, their order, and what the file says of itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import pdf as pdf_reader
from pincite.parsers import read
from pincite.parsers.pdf_layout import Line, flow

Make = Callable[..., Document]

PROSE = (
    "The harbour of Aldhaven froze over in the second week of January, and for nine days no boat could leave it.",
    "Its pilots walked out on the ice with saws and poles, and cut a lane as wide as the ferry and twice as long.",
    "When the thaw came at last, the lane was the first water to open, and the mail arrived that same afternoon.",
)

Piece = str | tuple[float, str] | tuple[float, float, str]


def make_pdf(path: Path, pages: Sequence[Sequence[Piece]], encrypt: object = None, **info: str) -> Path:
    """A PDF of lines: text, or (y, text), or (x, y, text)."""
    canvas = Canvas(str(path), encrypt=encrypt, invariant=1)
    canvas.setTitle(info.get("title", "untitled"))
    canvas.setAuthor(info.get("author", "anonymous"))
    for lines in pages:
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate(lines):
            *at, text = (line,) if isinstance(line, str) else line
            x, y = {0: (72.0, 700.0 - 14 * row), 1: (72.0, at[-1] if at else 0.0)}.get(len(at)) or (at[0], at[1])
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture
def pdf(tmp_path: Path) -> Make:
    def make(*pages: Sequence[Piece], **options: Any) -> Document:  # noqa: ANN401 - what make_pdf takes
        [found] = read(make_pdf(tmp_path / "name.pdf", pages, **options), "name.pdf")
        assert isinstance(found, Document)
        assert len(found.page_starts) == len(pages)
        return found

    return make


def test_pdf_lines_flow_and_divided_words_are_joined(pdf: Make) -> None:
    found = pdf(
        [
            "Two students measured how quickly the reeds of the marsh take up phos-",
            "phorus after a flood. The uptake fell at once, and it is now a well-",
            "known case of short-",
            "and long-term effects that were seen with X-",
            "rays. A state-of-the-",
            "art device helped.",
        ]
    )
    assert found.text == (
        "Two students measured how quickly the reeds of the marsh take up phosphorus after a flood. The uptake fell at "
        "once, and it is now a well-known case of short- and long-term effects that were seen with X-rays. "
        "A state-of-the-art device helped."
    )


def test_a_page_of_nothing_but_numbers_is_read_with_its_neighbours(pdf: Make) -> None:
    numbers = [(80.0, 700.0 - 14 * row, f"{row + 1}") for row in range(20)]
    found = pdf([PROSE[0]], numbers, [PROSE[1]])
    before, behind = found.text.index(PROSE[0].split()[-1]), found.text.rindex(PROSE[1].split()[0])
    assert found.text[before:behind].split()[1:] == [f"{row + 1}" for row in range(20)]


def test_the_rest_of_a_pdf_tells_whether_a_hyphen_belongs_to_a_word(pdf: Make) -> None:
    found = pdf(["The sea-wall of Aldhaven was mended, and then the whole sea-", "wall fell over."])
    assert found.text.endswith("the whole sea-wall fell over.")


@pytest.mark.parametrize(
    ("before", "divided", "whole"),
    [
        ("The network holds the files, mounted by night.", "a network-|mounted disk", "a network-mounted disk"),
        ("The network holds the files.", "a net-|work of files", "a network of files"),  # "work" alone is no word here
        ("The platform is old. The specific rail is new.", "a platform-|specific rail", "a platform-specific rail"),
        ("You pass a word at the gate, and you print what you are able to.", "a pass-|word", "a password"),
        ("You pass a word at the gate, and you print what you are able to.", "a print-|able word", "a printable word"),
        ("The cart was loaded and drove over it.", "an over-|loaded cart", "an overloaded cart"),
        ("Das Wasser und die Versorgung der Stadt.", "die Wasser-|versorgung", "die Wasserversorgung"),
    ],
)
def test_two_words_of_a_text_keep_their_hyphen(pdf: Make, before: str, divided: str, whole: str) -> None:
    one, other = divided.split("|")
    assert pdf([f"{before} {one}", f"{other}."]).text == f"{before} {whole}."


def test_pdf_paragraphs_and_headings_stand_apart(pdf: Make) -> None:
    long = "a line of words that goes on for as long as the page is wide and then some"
    found = pdf(
        [(700, "The ice of Aldhaven"), (670, f"First {long}"), (656, "and ends here."), (628, f"Second {long}")]
    )
    assert found.text == f"The ice of Aldhaven\n\nFirst {long} and ends here.\n\nSecond {long}"


def test_running_headers_and_page_numbers_are_left_out(pdf: Make) -> None:
    def lines(number: int) -> list[Piece]:
        body = [
            (700.0 - 14 * row, f"Row {row} of sheet {number} says that the harbour is frozen and") for row in range(9)
        ]
        return [(790, "Aldhaven Courier 1904"), *body, (40, f"Page {number} of 3")]

    found = pdf(*(lines(number) for number in (1, 2, 3)))
    assert "Courier" not in found.text
    assert "Page" not in found.text
    assert found.text.count("Row") == 27
    assert [found.text[start:][:16] for start in found.page_starts] == [f"Row 0 of sheet {n}" for n in (1, 2, 3)]


def test_the_running_header_of_a_chapter_is_left_out(pdf: Make) -> None:
    def lines(number: int) -> list[Piece]:
        body = [
            (700.0 - 14 * row, f"Row {row} of sheet {number} says that the harbour is frozen and") for row in range(9)
        ]
        return [(760, "How to cut ice" if 4 <= number <= 6 else f"Sheet of {number} tides"), *body]

    found = pdf(*(lines(number) for number in range(1, 15)))
    assert "How to cut ice" not in found.text
    assert found.text.count("Row") == 14 * 9


def test_lists_of_contents_are_left_out(pdf: Make) -> None:
    contents = [(700.0, "1. The ice " + ". " * 30 + "4"), (686.0, "2. The thaw" + "." * 40 + " xii")]
    found = pdf(contents, [(700.0, "The ice of Aldhaven ... it froze.")])
    assert found.text == "The ice of Aldhaven ... it froze."


def test_a_sentence_may_run_over_a_page_break(pdf: Make) -> None:
    found = pdf(["The pilots walked out on the ice with saws and"], ["poles, and cut a lane."], [], ["The end."])
    assert found.text == "The pilots walked out on the ice with saws and poles, and cut a lane.\n\nThe end."
    assert [found.text[start:][:5] for start in found.page_starts] == ["The p", "poles", "The e", "The e"]


def test_an_empty_last_page_begins_where_the_text_ends(pdf: Make) -> None:
    found = pdf(["The end."], [])
    assert found.page_starts == (0, len(found.text))


def test_columns_are_read_one_after_the_other(pdf: Make) -> None:
    rows = range(8)
    left = [(72.0, 700.0 - 14 * row, f"left line {row} goes on and on to the edge") for row in rows]
    right = [(310.0, 700.0 - 14 * row, f"right line {row} goes on and on to the edge") for row in rows]
    woven = [piece for pair in zip(left, right, strict=True) for piece in pair]
    found = pdf([(150.0, 750.0, "A headline that runs across both of the columns of this page"), *woven])
    assert found.text.startswith("A headline that runs across both of the columns of this page\n\nleft line 0")
    assert found.text.index("left line 7") < found.text.index("right line 0") < found.text.index("right line 7")


LEFT = ("The buoy at Corran was painted anew", "and has a red light now.")
RIGHT = ("The bell at Bremnes was taken down", "since nobody lives on the islet.")


def beside(*columns: Sequence[str], top: float = 700.0, woven: bool = False) -> list[Piece]:
    """Columns of lines, drawn one after the other or row by row."""
    pieces = [
        [(60.0 + 480 / len(columns) * at, top - 14 * row, line) for row, line in enumerate(column)]
        for at, column in enumerate(columns)
    ]
    if woven:
        return [column[row] for row in range(max(map(len, pieces))) for column in pieces if row < len(column)]
    return [piece for column in pieces for piece in column]


@pytest.mark.parametrize("woven", [False, True])
def test_columns_of_two_lines_are_read_one_after_the_other(pdf: Make, woven: bool) -> None:
    found = pdf([(60.0, 740.0, "Changes on the coast"), *beside(LEFT, RIGHT, woven=woven)])
    assert found.text.split("\n\n") == ["Changes on the coast", " ".join(LEFT), " ".join(RIGHT)]


def test_short_columns_between_wide_lines(pdf: Make) -> None:
    wide = [
        f"Row {row} of the notice runs across all of the page, from its left edge to its right edge" for row in range(9)
    ]
    above = [(60.0, 780.0 - 14 * row, f"{line}.") for row, line in enumerate(wide)]
    below = [(60.0, 580.0 - 14 * row, f"{line}.") for row, line in enumerate(wide)]
    found = pdf([*above, *beside(LEFT, RIGHT, top=630.0), (60.0, 596.0, "Done at Aldhaven."), *below])
    assert f"{' '.join(LEFT)}\n\n{' '.join(RIGHT)}\n\nDone at Aldhaven." in found.text


@pytest.mark.parametrize("woven", [False, True])
def test_three_short_columns(pdf: Make, woven: bool) -> None:
    columns = [
        ("The buoy at Corran was", "painted anew last week."),
        ("The bell at Bremnes was", "taken down by the crew."),
        ("The pier of Aske was also", "made longer in spring."),
    ]
    found = pdf(beside(*columns, woven=woven))
    assert found.text.split("\n\n") == [" ".join(column) for column in columns]


def test_a_side_column_is_no_part_of_the_lines_beside_it(pdf: Make) -> None:
    main = [
        (60.0, 700.0 - 14 * row, f"line {row} of the article goes on to the edge of its column") for row in range(12)
    ]
    side = [
        (440.0, 693.0 - 11 * row, line)
        for row, line in enumerate(("Ice since", "1804:", "nine days", "a year,", "or less"))
    ]
    woven = sorted([*main, *side], key=lambda piece: -piece[1])
    found = pdf(woven)
    assert "line 1 of the article goes on to the edge of its column line 2 of" in found.text
    assert "Ice since 1804: nine days a year, or less" in " ".join(found.text.split())


def test_a_table_of_few_rows_with_long_cells_is_read_by_rows(pdf: Make) -> None:
    left = ("The harbour of Aldhaven in winter", "The outer harbour of Bremnes")
    right = ("Closed until the ice has broken", "Open on all days but Sundays")
    text = " ".join(pdf(beside(left, right, woven=True)).text.split())
    assert text == f"{left[0]} {right[0]} {left[1]} {right[1]}"


@pytest.mark.parametrize(("columns", "indent"), [(1, 0), (2, 0), (2, 12), (3, 10)])
def test_a_typeset_text_comes_back_as_it_was(tmp_path: Path, columns: int, indent: int) -> None:
    """Justified paragraphs, apart or indented, flow through columns and pages under a running header."""
    words = " ".join(PROSE).replace(",", "").replace(".", "").lower().split()
    paragraphs = [
        " ".join(
            f"{' '.join(words[(7 * at + 5 * part) % 40 :][: 9 + part])}.".capitalize() for part in range(4 + at % 3)
        )
        for at in range(16)
    ]
    style = ParagraphStyle("body", alignment=TA_JUSTIFY, firstLineIndent=indent, spaceBefore=0 if indent else 8)
    width = 480 / columns
    frames = [Frame(60 + at * (width + 6), 200, width - 6, 500) for at in range(columns)]

    def head(canvas: Any, template: Any) -> None:  # noqa: ANN401 - reportlab has no types
        canvas.drawString(60, 780, "The Aldhaven Courier")
        canvas.drawString(300, 40, str(template.page))

    template = PageTemplate(frames=frames, onPage=head)
    BaseDocTemplate(str(tmp_path / "a.pdf"), pageTemplates=[template]).build(
        [Paragraph(each, style) for each in paragraphs]
    )
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert found.text.replace("\n\n", " ") == " ".join(paragraphs)
    parted = set(paragraphs) - set(found.text.split("\n\n"))
    assert len(parted) < columns, "only a sentence end at the foot of a column may be taken for the paragraph's"


def test_the_cells_of_a_table_are_read_row_by_row(pdf: Make) -> None:
    rows = [("Port", "Depth"), ("Aske", "4 m"), ("Bremnes", "11 m"), ("Corran", "7 m"), ("Dalvik", "3 m")]
    pieces = [
        (x, 700.0 - 14 * at, cell) for at, row in enumerate(rows) for x, cell in zip((72.0, 300.0), row, strict=True)
    ]
    assert pdf(pieces).text.split() == " ".join(cell for row in rows for cell in row).split()


def test_lines_drawn_out_of_order_are_sorted(pdf: Make) -> None:
    found = pdf([(686, "of January, the harbour froze."), (700, "In the second and very cold week")])
    assert found.text == "In the second and very cold week of January, the harbour froze."


def with_scripts(path: Path, *lines: str) -> Path:
    """A PDF of lines in which ``^2^`` is raised and ``_2_`` lowered."""
    canvas = Canvas(str(path), invariant=1)
    for row, line in enumerate(lines):
        text = canvas.beginText(72, 700 - 14 * row)
        for part in re.split(r"(\^[^^]+\^|_[^_]+_)", line):
            rise = {"^": 4, "_": -2}.get(part[:1], 0)
            text.setRise(rise)
            text.setFont("Times-Roman", 7 if rise else 11)
            text.textOut(part.strip("^_") if rise else part)
        canvas.drawText(text)
    canvas.save()
    return path


def test_raised_and_lowered_numbers_are_set_apart_and_end_no_paragraph(tmp_path: Path) -> None:
    path = with_scripts(
        tmp_path / "a.pdf",
        "The ice of 2019^4^ weighed 10^6^ tons and covered 10^5^km^2^ of the harbour, as the",
        "pilots said.^5,6^ Its snow held H_2_O and x^-1^ grains of sand for each of the days^7^ that it",
        "lasted, and the town^12^ was the 3^rd^ to be cut off.",
    )
    [found] = read(path, "a.pdf")
    assert isinstance(found, Document)
    assert found.text == (
        "The ice of 2019[4] weighed 10⁶ tons and covered 10⁵km² of the harbour, as the pilots said.[5,6] Its snow held "
        "H₂O and x⁻¹ grains of sand for each of the days[7] that it lasted, and the town[12] was the 3rd to be cut off."
    )


def test_the_number_of_a_note_stands_before_it(tmp_path: Path) -> None:
    [found] = read(with_scripts(tmp_path / "a.pdf", "^4^The mill letters."), "a.pdf")
    assert isinstance(found, Document)
    assert found.text == "[4] The mill letters."


def test_sideways_text_is_read_by_itself(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.drawString(72, 700, "An upright line that is longer than all that stands beside the table runs over to")
    canvas.rotate(90)
    canvas.drawString(100, -30, "Beside the table the depths")
    canvas.drawString(100, -44, "are given in metres.")
    canvas.drawString(400, -30, "Copy of 9 June")
    canvas.showPage()
    canvas.drawString(72, 700, "the next page.")
    canvas.rotate(90)
    canvas.drawString(400, -30, "Copy of 9 June")
    canvas.showPage()
    canvas.rotate(90)
    canvas.drawString(100, -100, "A page that lies")
    canvas.drawString(100, -114, "on its side.")
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    aside = "Beside the table the depths are given in metres."
    upright = "An upright line that is longer than all that stands beside the table runs over to the next page."
    assert found.text == f"{aside}\n\n{upright}\n\nA page that lies on its side."
    assert found.page_at(found.text.index(aside)) == 1
    assert [found.text[start:][:8] for start in found.page_starts] == ["Beside t", "the next", "A page t"]


def test_pdf_states_title_and_author(pdf: Make) -> None:
    found = pdf(["Text."], title="Ice at Aldhaven", author="I. Calder")
    assert (found.title, found.title_is_name, found.author) == ("Ice at Aldhaven", False, "I. Calder")


@pytest.mark.parametrize(
    "filler",
    [
        *("untitled", "Untitled Document", "name", "", "10811.exe", "ice.docx", "a.html", "ice_final_v2", "Slide 1"),
        *("Microsoft Word - ice.doc", "PowerPoint Presentation", "ARRAY(0x55d)", "user", "Owner", "Administrator"),
    ],
)
def test_what_programs_fill_in_is_neither_title_nor_author(pdf: Make, filler: str) -> None:
    found = pdf(["Text."], title=filler, author=filler.replace("name", "unknown"))
    assert (found.title, found.title_is_name, found.author) == ("name", True, None)


@pytest.mark.parametrize("title", ["Node.js at sea", "The owner of the mill", "Slide rules", "A user"])
def test_titles_that_are_like_what_programs_fill_in(pdf: Make, title: str) -> None:
    assert pdf(["Text."], title=title).title == title


def test_the_day_on_which_a_file_was_made_is_not_the_date_of_its_article(pdf: Make) -> None:
    found = pdf(["The ice of Aldhaven held for nine days."])
    assert found.date is None
    assert "2000" not in str(found.metadata)


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        (["Published 9 June 2019"], "2019-06-09"),
        (["By I. Calder", "June 2019"], "2019-06"),
        (["9 June 2019, 14:05"], "2019-06-09"),
        (["Posted 9 June 2019", "Updated 11 June 2019"], "2019-06-09"),
        (["1 May 2019", "Ice.", "2 May 2019", "More ice.", "3 May 2019", "Rain."], None),
        (["On 9 June 2019 the ice broke."], None),
        (["Received 9 June 2019"], None),
    ],
)
def test_a_date_is_that_of_a_line_at_the_top(pdf: Make, lines: list[str], date: str | None) -> None:
    found = pdf(["The winter ferry of Aldhaven", *lines, "The ferry sails at seven and at noon until the ice breaks."])
    assert found.date == date
    if date:
        assert found.text.split("\n\n") == [
            "The winter ferry of Aldhaven",
            *lines,
            "The ferry sails at seven and at noon until the ice breaks.",
        ]


def test_a_date_further_down_is_not_that_of_the_article(pdf: Make) -> None:
    assert pdf([*[f"Row {row} says that the harbour is frozen." for row in range(30)], "9 June 2019"]).date is None


def test_a_pdf_that_only_its_owner_locked_is_read(pdf: Make, tmp_path: Path) -> None:
    assert pdf(["The mill ground barley."], encrypt=StandardEncryption("", "owner")).text == "The mill ground barley."
    shut = make_pdf(tmp_path / "shut.pdf", [["The mill."]], encrypt=StandardEncryption("user", "owner"))
    with pytest.raises(UnreadableFile, match=r"^encrypted: needs a password$"):
        list(read(shut, "shut.pdf"))


def test_a_scanned_pdf_needs_ocr(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (50, 50), "gray").save(tmp_path / "scan.pdf")
    with pytest.raises(UnreadableFile, match=r"^scanned, (?:needs OCR: run|and OCR finds no text in it)"):
        list(read(tmp_path / "scan.pdf", "scan.pdf"))
    with pytest.raises(UnreadableFile, match=r"^empty$"):
        list(read(make_pdf(tmp_path / "blank.pdf", [[]]), "blank.pdf"))


def make_mapped_pdf(path: Path, lines: Sequence[str], mapping: str | None = None) -> Path:
    """A PDF of lines as they are seen, from left to right, whose font tells which letter each of its signs is.

    Without a letter for each sign (``mapping``), it says nothing.
    """
    letters = sorted(set("".join(lines)))
    codes = {letter: f"{0x21 + at:02x}" for at, letter in enumerate(letters)}
    pairs = "\n".join(
        f"<{codes[a]}> <{b.encode('utf-16-be').hex()}>" for a, b in zip(letters, mapping or letters, strict=True)
    )
    cmap = "begincmap\n1 begincodespacerange\n<00> <ff>\nendcodespacerange\n"
    cmap += f"{len(letters)} beginbfchar\n{pairs}\nendbfchar\nendcmap"
    shown = "\n".join(f"<{''.join(codes[letter] for letter in line)}> Tj 0 -14 Td" for line in lines)
    widths = " ".join("500" if letter in " .,()" else "1000" for letter in letters)
    font = f"/BaseFont/Helvetica/FirstChar 33/LastChar {32 + len(letters)}/Widths[{widths}]/ToUnicode 6 0 R"
    content = f"BT /F 10 Tf 72 700 Td\n{shown}\nET"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>\nstream\n{content}\nendstream",
        f"<</Type/Font/Subtype/TrueType{font}>>",
        f"<</Length {len(cmap)}>>\nstream\n{cmap}\nendstream",
    )
    body = "\n".join(f"{at} 0 obj\n{each}\nendobj" for at, each in enumerate(objects, 1))
    path.write_text(f"%PDF-1.4\n{body}\ntrailer <</Root 1 0 R/Size 7>>\n%%EOF\n", "ascii")
    return path


@pytest.mark.parametrize(
    ("seen", "read_as"),
    [
        (
            ("1904 תנשב ,לודגה למנה לפק )ןותיעב בתכנ ךכ( רבחמה יפל", "World Bank קנבהו ,תולעמ 12.5 לש הרוטרפמטב"),
            "לפי המחבר (כך נכתב בעיתון) קפל הנמל הגדול, בשנת 1904 בטמפרטורה של 12.5 מעלות, והבנק World Bank",
        ),
        (
            ("ةديرجلا يف درو امك ءانيملا دمجت 1904 ماع يف", "ةجرد 12.5 ةرارحلا تناكو"),
            "في عام 1904 تجمد الميناء كما ورد في الجريدة وكانت الحرارة 12.5 درجة",
        ),
        (
            ("The sign of the town says םולש in letters", "of gold, and has done so since 2019."),
            "The sign of the town says שלום in letters of gold, and has done so since 2019.",
        ),
    ],
)
def test_what_is_read_from_the_right_comes_in_the_order_of_reading(
    tmp_path: Path, seen: Sequence[str], read_as: str
) -> None:
    widest = max(map(len, seen))
    if read_as[0] > "z":  # the right edge is even
        seen = [f"{' ' * 2 * (widest - len(line))}{line}" for line in seen]
    [found] = read(make_mapped_pdf(tmp_path / "a.pdf", seen), "a.pdf")
    assert isinstance(found, Document)
    assert found.text == read_as


@pytest.mark.parametrize(
    "mapping",
    [
        "".join(chr(0xE000 + at) for at in range(60)),
        "".join(chr(1 + at % 8) for at in range(60)),
        "bcdfghjklmnpqrstvwxzbcdfghjklmnpqrstvwxzbcdfghjklmnpqrstvwxz",
    ],
)
def test_a_pdf_whose_fonts_say_no_letters_is_skipped(
    tmp_path: Path, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    letters = sorted(set("".join(PROSE)))
    path = make_mapped_pdf(tmp_path / "a.pdf", PROSE, mapping[: len(letters)])
    with pytest.raises(UnreadableFile, match=r"^its fonts say no letters, needs OCR: run"):
        list(read(path, "a.pdf"))
    [found] = read(make_mapped_pdf(tmp_path / "b.pdf", PROSE), "b.pdf")
    assert isinstance(found, Document)
    assert found.text == " ".join(PROSE)


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [
        ("The mill ground barley in the years 2018–", "23 and no oats at all", "2018–23 and"),
        (
            "The mill is shown at some length on https://",
            "www.aldhaven.example/mill and",
            "https://www.aldhaven.example/mill and",
        ),
        (
            "The mill is shown at some length on https://aldhaven.example/",
            "mills/a.html and",
            "example/mills/a.html and",
        ),
        ("The mill is shown at some length on https://aldhaven.example/", "The dam is not", "example/ The dam"),
        ("The mill ground barley, and it did so –", "as we know – all year", "so – as we"),
        ("The mill stands on the road from Corran–", "Aske to the sea and", "Corran–Aske to"),
    ],
)
def test_what_is_divided_at_a_line_end_is_joined(pdf: Make, before: str, after: str, joined: str) -> None:
    assert joined in pdf([before, after]).text


@pytest.mark.parametrize("step", [1, 5])
def test_numbers_of_lines_in_the_margin_are_no_part_of_the_text(pdf: Make, step: int) -> None:
    rows = [f"line {row} of the hearing about the ice goes on and on to the edge" for row in range(1, 26)]
    numbers = [(50.0, 720.0 - 14 * row, str(row)) for row in range(1, 26) if row % step == 0]
    found = pdf([*numbers, *[(90.0, 720.0 - 14 * row, text) for row, text in enumerate(rows, 1)]])
    assert found.text == " ".join(rows)


def test_the_numbers_of_a_ranking_are_part_of_it(pdf: Make) -> None:
    ports = ("Aske", "Bremnes", "Corran", "Dalvik", "Eide", "Fosse", "Grip", "Halden", "Inderoy")
    cells = [[(50.0, 720.0 - 14 * row, str(row)), (90.0, 720.0 - 14 * row, port)] for row, port in enumerate(ports, 1)]
    text = " ".join(pdf([piece for row in cells for piece in row]).text.split())
    assert text == " ".join(f"{row} {port}" for row, port in enumerate(ports, 1))


@pytest.mark.parametrize(
    "slug", ["report.indd   12   03/04/19   10:32", "VerDate Sep 11 2014 14:07 Jkt 1", "file:///tmp/a.html\u20031/1"]
)
def test_slug_lines_are_left_out(pdf: Make, slug: str) -> None:
    found = pdf([(700.0, "The ice of Aldhaven held for nine days."), (30.0, slug.replace("\u2003", " " * 40))])
    assert found.text == "The ice of Aldhaven held for nine days."


def test_what_is_written_into_a_form_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), invariant=1)
    for row, (label, value) in enumerate((("Name of the boat:", "Sea-wolf of Aske"), ("Her master:", "I. Calder"))):
        canvas.drawString(72, 700 - 30 * row, label)
        canvas.acroForm.textfield(name=label, value=value, x=200, y=695 - 30 * row, width=200, height=20)
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert " ".join(found.text.split()) == "Name of the boat: Sea-wolf of Aske Her master: I. Calder"


def test_an_accent_drawn_by_itself_joins_its_letter(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", 10)
    lines = (r"(Implementaci) (\264) 440 (on de la clase)", r"(La Universit) (\250) 440 (at und ein Tal)", "(a~b c)")
    for row, line in enumerate(lines):
        canvas._code.append(f"BT /F1 10 Tf 72 {700 - 14 * row} Td [{line}] TJ ET")
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert found.text == "Implementación de la clase La Universität und ein Tal a~b c"


def test_a_watermark_across_the_page_is_left_out(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", 10)
    for row, line in enumerate(PROSE):
        canvas.drawString(72, 700 - 14 * row, line)
    canvas.translate(150, 600)
    canvas.rotate(45)
    canvas.setFont("Helvetica", 40)
    canvas.drawString(0, 0, "Unpublished draft")
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert found.text == " ".join(PROSE)


def test_numbers_of_lines_on_both_sides_are_left_out(pdf: Make) -> None:
    lines = [piece for line in PROSE * 2 for piece in (line[: len(line) // 2], line[len(line) // 2 :])]
    rows: list[Piece] = [(72.0, 700.0 - 14 * row, line) for row, line in enumerate(lines)]
    rows += [(40.0, 700.0 - 14 * row, str(580 + row)) for row in range(len(lines))]
    rows += [(520.0, 700.0 - 14 * row, str(640 + row)) for row in range(len(lines))]
    found = pdf(rows)
    assert not re.search(r"58\d|64\d", found.text)
    assert found.text.startswith("The harbour of Aldhaven")


def test_a_line_of_contents_goes_with_the_number_that_stands_apart(pdf: Make) -> None:
    contents: list[Piece] = [(72.0, 600.0 - 14 * row, f"4.{row} On mills . . . . . . . . . .") for row in range(3)]
    contents += [(400.0, 600.0 - 14 * row, f"{row + 11}") for row in range(3)]
    assert pdf([(700.0, "The mill ground barley."), *contents]).text == "The mill ground barley."


def test_a_lowered_letter_as_of_tex_parts_no_paragraph(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for row, words in enumerate(
        ("Further guidance can be found in the T", "documentation that comes with the mill, and")
    ):
        line = canvas.beginText(72, 700 - 14 * row)
        line.textOut(words)
        if words.endswith("T"):
            line.setRise(-3)
            line.textOut("E")
            line.setRise(0)
            line.textOut("X guide and in the")
        canvas.drawText(line)
    canvas.drawString(72, 672, "on its walls.")
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert "found in the TEX guide and in the documentation that comes" in found.text
    assert "\n" not in found.text


def test_small_figures_on_the_line_are_not_raised() -> None:
    letters = [Line(each, 10.0 * at, 100.0, 10.0 * at + 9, 110.0) for at, each in enumerate("version 4.")]
    figure = Line("6", 100.0, 100.0, 109.0, 107.0)
    assert pdf_reader._as_line([*letters, figure]).text == "version 4.6"
    raised = figure._replace(bottom=104.0, top=111.0)
    assert pdf_reader._as_line([*letters, raised]).text == "version 4.[6]"


def test_a_narrow_gap_before_which_pdfium_sees_a_space_parts_arabic_words() -> None:
    def letters(gap: float, space: str) -> list[Line]:
        lefts = (40.0, 30.0, 20.0 - gap, 10.0 - gap)
        texts = ("د", "ر" + space, "ک", "ا")
        return [Line(text, left, 100.0, left + 10, 110.0) for text, left in zip(texts, lefts, strict=True)]

    for gap, space, read_as in ((1.2, " ", "در کا"), (1.2, "", "درکا"), (0.1, " ", "درکا"), (2.0, "", "در کا")):
        [line] = pdf_reader._lines_from_the_right(letters(gap, space))
        assert line.text == read_as


def test_notes_at_the_foot_part_no_paragraph_that_goes_on_over_the_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    body = (
        "The dam was built by the miller in the spring of 1904 and held until",
        "the flood of that autumn, after which it was",
    )
    for row, words in enumerate(body):
        canvas.drawString(72, 130 - 14 * row, words)
    canvas.setFont("Helvetica", 8)
    for row, words in enumerate(
        (
            "1 The miller was Ane Holt, who came from Corran in the year of the",
            "great drought.",
            "2 So the parish book.",
        )
    ):
        canvas.drawString(72, 90 - 10 * row, words)
    canvas.showPage()
    for row, words in enumerate(
        ("raised by two feet and faced with stone from the quarry at Aske, as", "the book of the parish says.")
    ):
        canvas.drawString(72, 700 - 14 * row, words)
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert "after which it was raised by two feet" in found.text
    assert "1 The miller was Ane Holt, who came from Corran in the year of the great drought.\n" in found.text


def test_a_table_across_columns_of_prose_is_read_by_rows(pdf: Make) -> None:
    cells = [
        (x, 700 - 14 * row, f"{word}{row}")
        for row in range(6)
        for x, word in zip((72, 180, 330, 430), "abcd", strict=True)
    ]
    prose = beside(
        [f"Line {row} of the left column goes on and on" for row in range(9)],
        [f"Line {row} of the right column goes on and on" for row in range(9)],
        top=560.0,
    )
    found = pdf(
        [
            *cells,
            (72, 600, "Figure 1. What was ground at the mill, by year and by kind of grain, in tonnes a year."),
            *prose,
        ]
    )
    assert "a2\N{EM SPACE}b2\N{EM SPACE}c2\N{EM SPACE}d2" in found.text


def test_a_bullet_begins_an_item_whatever_stands_before(pdf: Make) -> None:
    found = pdf(["• The miller says that he will grind all of the barley again", "• the weir and the dam"])
    assert "again\n\n• the weir" in found.text


def test_numbers_of_lines_that_begin_anew_are_left_out(pdf: Make) -> None:
    numbers = [*range(90, 96), *range(1, 7)]
    lines = [
        piece
        for row, number in enumerate(numbers)
        for piece in (
            (40, 700 - 14 * row, str(number)),
            (
                72,
                700 - 14 * row,
                f"the mill of {number} grinds barley and oats from morning until the evening of the day",
            ),
        )
    ]
    assert not re.search(r"(?m)^\d|day \d", pdf(lines).text)


def test_a_row_of_three_cells_is_not_joined_with_one_whose_cells_stand_close() -> None:
    rows = (
        Line("Vince\N{EM SPACE}Mole 8\N{EM SPACE}12", 72, 700, 430, 712),
        Line("Wilma Mole 15 368", 72, 686, 430, 698),
    )
    assert flow(rows, 1)[0] == "Vince\N{EM SPACE}Mole 8\N{EM SPACE}12\n\nWilma Mole 15 368"


def bitmap_font_pdf(path: Path, *lines: bytes) -> Path:
    """A PDF whose font is drawn, as by old TeX: it says of no sign which letter it is."""
    names = b" ".join(b"/a%d" % code for code in range(256))
    procs = b" ".join(b"/a%d 5 0 R" % code for code in range(256))
    shown = b" ".join(
        b"1 0 0 1 72 %d Tm <%s> Tj" % (700 - 14 * at, text.hex().encode()) for at, text in enumerate(lines)
    )
    content = b"BT /F1 10 Tf " + shown + b" ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>/Contents 6 0 R>>",
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 5 7]/FontMatrix[.1 0 0 .1 0 0]/FirstChar 0/LastChar 255/Widths["
        + b" 5" * 256
        + b"]/Encoding<</Type/Encoding/Differences[0 "
        + names
        + b"]>>/CharProcs<<"
        + procs
        + b">>>>",
        b"<</Length 34>>stream\n5 0 0 0 5 7 d1 0 0 4 7 re f       \nendstream",
        b"<</Length %d>>stream\n" % len(content) + content + b"\nendstream",
    )
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, each) for number, each in enumerate(objects, 1))
    path.write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF\n")
    return path


@pytest.mark.parametrize("first", [0x0B, 0x1B])
def test_ligatures_of_fonts_that_do_not_name_them_are_letters(tmp_path: Path, first: int) -> None:
    ff, fi, fl, ffi = (bytes([first + at]) for at in range(4))
    lines = (b"The o" + ffi + b"ce of the " + fl + b"eet is de" + fi + b"ned as o" + ff + b",", b"as it was in June.")
    [found] = read(bitmap_font_pdf(tmp_path / "bitmaps.pdf", *lines), "bitmaps.pdf")
    assert isinstance(found, Document)
    assert found.text == "The office of the fleet is defined as off, as it was in June."


def drawn(tmp_path: Path, draw: Callable[[Canvas], object]) -> str:
    """What is read of a page that is drawn so."""
    canvas = Canvas(str(tmp_path / "drawn.pdf"), invariant=1)
    draw(canvas)
    canvas.save()
    [found] = read(tmp_path / "drawn.pdf", "drawn.pdf")
    assert isinstance(found, Document)
    return found.text


def test_accents_drawn_over_capitals_are_read_with_them(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        before = "Vorher wird noch die "
        canvas.drawString(72, 700, before)
        at = 72 + canvas.stringWidth(before)
        canvas.drawString(at + 1.9, 699.5, "\xa8")
        canvas.drawString(at, 700, "Uberschrift gesetzt.")
        canvas.drawString(72, 688, "Danach folgt der Text.")

    assert drawn(tmp_path, draw) == "Vorher wird noch die Überschrift gesetzt. Danach folgt der Text."


def test_a_space_that_is_a_gap_within_a_line_is_read(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        line = canvas.beginText(72, 700)
        line.setFont("Times-Roman", 10)
        line.textOut("It reads the name s")
        line.setCharSpace(2.988)
        line.textOut(",a")
        line.setCharSpace(0)
        line.moveCursor(line.getX() - 72 - 2.988, 0)
        line.textOut("s it is.")
        canvas.drawText(line)

    assert drawn(tmp_path, draw) == "It reads the name s, as it is."


def test_listings_that_set_signs_apart_have_no_spaces_there(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate(PROSE):
            canvas.drawString(40, 700 - 14 * row, line)
        canvas.setFont("Courier", 8)
        at = 60.0
        for token in ("ferry", ":", "//", "mole", ".", "example"):
            canvas.drawString(at, 640, token)
            at += canvas.stringWidth(token) + 2
        canvas.drawString(at + 7, 640, "--all")

    assert drawn(tmp_path, draw).endswith("\n\nferry://mole.example --all")


def test_lines_of_code_stand_by_themselves(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate((*PROSE[:2], "It reports something like")):
            canvas.drawString(40, 700 - 14 * row, line)
        canvas.setFont("Courier", 10)
        for row, line in enumerate(("tide.log: UTF-8 text", "ice.log: ISO-8859 text", "all others: not known")):
            canvas.drawString(60, 658 - 14 * row, line)

    lines = ["tide.log: UTF-8 text", "ice.log: ISO-8859 text", "all others: not known"]
    assert drawn(tmp_path, draw).split("\n\n")[-4:] == [f"{' '.join(PROSE[:2])} It reports something like", *lines]


def test_short_entries_below_each_other_are_no_sentence(pdf: Make) -> None:
    found = pdf(
        [*PROSE, *[(630.0 - 14 * row, f"Draw the {name}") for row, name in enumerate(("Mole", "Quay", "Mill"))]]
    )
    assert found.text.split("\n\n")[-3:] == ["Draw the Mole", "Draw the Quay", "Draw the Mill"]


def test_narrow_prose_flows_all_the_same(pdf: Make) -> None:
    found = pdf([*PROSE, (630.0, "The ferry of Aldhaven"), (616.0, "Ane steers and the"), (602.0, "mill grinds.")])
    assert found.text.endswith("\n\nThe ferry of Aldhaven Ane steers and the mill grinds.")


def test_rows_with_narrow_gaps_stay_apart(pdf: Make) -> None:
    rows = [(72.0 + 30 * column, 630.0 - 14 * row, f"{row}.{column}4") for row in range(3) for column in range(6)]
    found = pdf([*PROSE, *rows])
    assert [" ".join(line.split()) for line in found.text.split("\n\n")[-3:]] == [
        " ".join(f"{row}.{column}4" for column in range(6)) for row in range(3)
    ]


def test_cells_of_several_lines_are_read_as_cells(pdf: Make) -> None:
    rows = [
        (72.0, 630.0, "Ice that is cut on the"),
        (178.0, 630.0, "lane"),
        (260.0, 630.0, "January"),
        (72.0, 616.0, "harbour by pilots"),
        (72.0, 602.0, "Mail"),
        (178.0, 602.0, "boat"),
        (260.0, 602.0, "March"),
    ]
    found = pdf([*PROSE, *rows])
    assert [" ".join(line.split()) for line in found.text.split("\n\n")[-2:]] == [
        "Ice that is cut on the harbour by pilots lane January",
        "Mail boat March",
    ]


@pytest.mark.parametrize("stated", ["untitled", "name"])
def test_what_is_set_largest_on_the_first_page_is_the_title(tmp_path: Path, stated: str) -> None:
    canvas = Canvas(str(tmp_path / "name.pdf"), invariant=1)
    canvas.setTitle(stated)
    for size, y, text in ((18, 740, "How the Ferry of Aldhaven"), (18, 718, "Crosses the Ice∗"), (12, 690, "Ane Holt")):
        canvas.setFont("Times-Roman", size)
        canvas.drawString(200, y, text.replace("∗", "*"))
    canvas.setFont("Times-Roman", 10)
    for row, line in enumerate(PROSE):
        canvas.drawString(60, 650 - 14 * row, line)
    canvas.save()
    [found] = read(tmp_path / "name.pdf", "name.pdf")
    assert isinstance(found, Document)
    assert (found.title, found.title_is_name) == ("How the Ferry of Aldhaven Crosses the Ice", False)


def test_a_page_without_a_large_title_has_the_name_of_its_file(pdf: Make) -> None:
    assert pdf([*PROSE]).title_is_name


def test_a_number_that_closes_a_bracket_begins_no_item(pdf: Make) -> None:
    found = pdf(["The ferry of Aldhaven is described in the manual of the harbour (see section", "1) and in no other."])
    assert found.text.endswith("(see section 1) and in no other.")


@pytest.mark.parametrize(("mark", "left"), [("", 40), ("- ", 50)])
def test_a_line_set_wholly_in_another_font_belongs_to_its_sentence(tmp_path: Path, mark: str, left: float) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        canvas.drawString(
            40, 700, f"{mark}The pilots of Aldhaven close the lane when the ice is thin by adding to the log: "
        )
        canvas.setFont("Courier", 8)
        canvas.drawString(left, 688, "#lane_closed")
        canvas.setFont("Times-Roman", 10)
        canvas.drawString(left + 58, 688, ".")

    assert drawn(tmp_path, draw).endswith("to the log: #lane_closed.")


def test_arrows_before_items_part_them() -> None:
    texts = ("▶ Fields that name the depot, as the harbour has it, for all", "▶ See the mole and the quay of the ferry")
    lines = [Line(text, 72.0, 700.0 - 12 * row, 372.0 - 60 * row, 710.0 - 12 * row) for row, text in enumerate(texts)]
    assert flow(lines, 1)[0].split("\n\n") == list(texts)


def test_a_table_drawn_row_by_row_is_not_read_by_columns(pdf: Make) -> None:
    names = ("ferry of the outer harbour", "mill", "bees kept upon the granite mole", "lane in the ice", "pilots")
    sense = ("a boat that Ane steers", "where the corn is ground", "six hives", "the first water to open", "nine")
    rows = [
        piece
        for row, pair in enumerate(zip(names, sense, strict=True))
        for piece in ((72.0, 630.0 - 14 * row, pair[0]), (250.0, 630.0 - 14 * row, pair[1]))
    ]
    found = pdf([*PROSE, *rows])
    assert [" ".join(line.split()) for line in found.text.split("\n\n")[-5:]] == [
        f"{name} {meaning}" for name, meaning in zip(names, sense, strict=True)
    ]


def test_a_circle_around_a_letter_is_no_ligature(tmp_path: Path) -> None:
    path = bitmap_font_pdf(tmp_path / "bitmaps.pdf", b"Copyright \x0d", b"was it in June.")
    path.write_bytes(path.read_bytes().replace(b"0d> Tj", b"0d> Tj 1 0 0 1 122 700 Tm <63> Tj"))
    [found] = read(path, "bitmaps.pdf")
    assert isinstance(found, Document)
    assert "Copyright" in found.text
    assert "fl" not in found.text


def test_letters_of_bitmaps_in_step_are_code() -> None:
    widths = (5.23, 5.4, 5.52, 5.23, 5.76, 5.28, 5.23, 5.23)
    letters = [
        Line(sign, 100 + 5.23 * at, 100.0, 100 + 5.23 * at + width, 109.0)
        for at, (sign, width) in enumerate(zip("timelog:", widths, strict=True))
    ]
    assert pdf_reader._as_line(letters).is_code
    assert not pdf_reader._as_line([each._replace(left=each.left + at % 3) for at, each in enumerate(letters)]).is_code


def test_lines_of_code_stay_apart_behind_one_that_is_not_known_as_code() -> None:
    texts = ("a2 = a1", "# curve fitting of the tide", "fit f1(x) 'tide.data' using 1:2")
    prose = [Line(text, 72.0, 700.0 - 12 * row, 500.0, 710.0 - 12 * row) for row, text in enumerate(PROSE)]
    code = [
        Line(text, 108.0, 620.0 - 12 * row, 108.0 + 5 * len(text), 630.0 - 12 * row, is_code=row > 0)
        for row, text in enumerate(texts)
    ]
    assert flow([*prose, *code], 1)[0].split("\n\n")[-3:] == list(texts)


# ---------------------------------------------------------------- margins, cards, cells of several lines


def with_places(path: Path, *pages: Sequence[tuple[float, float, float, str]]) -> Document:
    """The document of pages on which each text is drawn at a place and in a size."""
    canvas = Canvas(str(path), invariant=1)
    for texts in pages:
        for x, y, size, text in texts:
            canvas.setFont("Times-Roman", size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    [found] = read(path, path.name)
    assert isinstance(found, Document)
    return found


BOARD = (
    "The harbour board met on Thursday to settle the winter works, and it heard",
    "three reports on the state of the northern mole, where two blocks had shifted",
    "during the storms of the previous season. Divers who inspected the foundations",
    "found the lower courses sound, but they advised the board to close the gap",
    "behind the lighthouse before the spring tides, since the fill had begun to",
    "wash out at every high water.",
)


@pytest.mark.parametrize("x", [60, 545])
@pytest.mark.parametrize("shift", [0, 5, 9])
@pytest.mark.parametrize("first", [True, False])
def test_a_note_in_the_margin_cuts_no_sentence(tmp_path: Path, x: float, shift: float, first: bool) -> None:
    text = [(150.0, 700.0 - 14 * at, 11.0, line) for at, line in enumerate(BOARD)]
    note = [(x, 686.0 - shift - 10 * at, 8.0, line) for at, line in enumerate(["See the", "report", "of 1987."])]
    found = with_places(tmp_path / "a.pdf", [*note, *text] if first else [*text[:3], *note, *text[3:]])
    assert found.text == f"{' '.join(BOARD)}\n\nSee the report of 1987."


def test_a_heading_in_the_margin_stays_beside_its_text(tmp_path: Path) -> None:
    text = [(150.0, 700.0 - 14 * at - 20 * (at > 2), 11.0, line) for at, line in enumerate(BOARD)]
    found = with_places(tmp_path / "a.pdf", [*text, (60.0, 700.0, 11.0, "Winter"), (60.0, 638.0, 11.0, "Gap")])
    assert found.text.index("Winter") < found.text.index("three reports") < found.text.index("Gap")


@pytest.mark.parametrize("first_left", [8.0, 0.0])
def test_the_columns_of_a_card_are_read_one_after_the_other(tmp_path: Path, first_left: float) -> None:
    texts = []
    for column in range(3):
        y = 790.0 - (2 + first_left) * column
        for at in range(40):
            if at % 9 == column:
                y -= 16
                texts.append((20.0 + 190 * column, y, 9.0, f"Group {column}.{at}"))
                y -= 12
            words = f"turn lamp {column}.{at} {('on', 'on and off again', 'up')[at % 3]}"
            texts += [(20.0 + 190 * column, y, 8.0, words), (140.0 + 190 * column, y, 8.0, f"lamp{column}_{at}()")]
            y -= 9.5
    lines = with_places(tmp_path / "a.pdf", texts).text.split("\n\n")
    for column in range(3):
        for at in (1, 17, 39):
            assert any(line.endswith(f"lamp{column}_{at}()") and f" {column}.{at} " in line for line in lines)
    places = [next(n for n, line in enumerate(lines) if f"lamp{column}_20()" in line) for column in range(3)]
    assert places == sorted(places)


def test_a_table_that_is_drawn_by_columns_keeps_its_rows(tmp_path: Path) -> None:
    columns = [
        [f"Port {at}" for at in range(14)],
        [str(1900 + at) for at in range(14)],
        [f"{at} boats" for at in range(14)],
    ]
    texts = [
        (72.0 + 90 * x, 700.0 - 13 * y, 10.0, cell) for x, column in enumerate(columns) for y, cell in enumerate(column)
    ]
    assert "Port 7\u20031907\u20037 boats" in with_places(tmp_path / "a.pdf", texts).text


def test_labels_of_which_some_end_at_the_edge_by_chance_are_no_prose(tmp_path: Path) -> None:
    words = ["turn the large lamp on", "northern lock open now", "paint outer harbour wall", "shut it"]
    texts = []
    for at in range(20):
        y = 760.0 - 14 * at
        texts += [(72.0, y, 10.0, f"{words[at % 4]} {at}"), (220.0, y, 10.0, f"{words[(at + 1) % 4]} as {at}")]
    lines = with_places(tmp_path / "a.pdf", texts).text.split("\n\n")
    assert lines == [f"{words[at % 4]} {at}\u2003{words[(at + 1) % 4]} as {at}" for at in range(20)]


@pytest.mark.parametrize("lower", [0.0, 1.2, 5.0])
@pytest.mark.parametrize("lines", [(1,), (2,), (1, 2, 3)])
def test_labels_that_are_drawn_before_their_values_keep_them(
    tmp_path: Path, lower: float, lines: tuple[int, ...]
) -> None:
    labels, values, y = [], [], 760.0
    for at in range(10):
        labels.append((72.0, y, 10.0, f"Label {at}:"))
        for line in range(lines[at % len(lines)]):
            values.append((200.0, y - lower - 12 * line, 10.0, f"{'and ' * line}value {at}"))
        y -= 12 * lines[at % len(lines)] + 5
    text = with_places(tmp_path / "a.pdf", [*labels, *values]).text
    assert [text.index(f"value {at}") < text.index(f"Label {at + 1}") for at in range(9)] == [True] * 9
    assert [text.index(f"Label {at}") < text.index(f"value {at}") for at in range(10)] == [True] * 10


def test_cells_that_are_joined_downwards_stand_in_their_first_row(tmp_path: Path) -> None:
    texts = [(72.0, 760.0 - 28 * at, 10.0, f"Group {at}") for at in range(10)]
    texts += [(200.0, 760.0 - 14 * at, 10.0, f"value {at}") for at in range(20)]
    text = with_places(tmp_path / "a.pdf", texts).text
    assert text.index("Group 3") < text.index("value 6") < text.index("Group 4")


@pytest.mark.parametrize("middle", [0.0, 6.0])
def test_a_cell_of_two_lines_stays_in_its_row(tmp_path: Path, middle: float) -> None:
    rows = [("Aske", "1901", "Ice held the boats for nine", "days, and none could leave.", "34")]
    rows += [("Brem", "1902", "Open all winter; pilots went", "out each morning as before.", "41")]
    texts = [
        (x, 712.0, 10.0, name) for x, name in ((72.0, "Port"), (130.0, "Year"), (190.0, "Remarks"), (350.0, "Boats"))
    ]
    for at, (port, year, first, second, boats) in enumerate(rows):
        y = 690.0 - 32 * at
        texts += [(72.0, y - middle, 10.0, port), (130.0, y - middle, 10.0, year), (350.0, y - middle, 10.0, boats)]
        texts += [(190.0, y, 10.0, first), (190.0, y - 12, 10.0, second)]
    lines = with_places(tmp_path / "a.pdf", texts).text.split("\n\n")
    assert lines[1:] == [f"{a}\u2003{b}\u2003{c} {d}\u2003{e}" for a, b, c, d, e in rows]


def test_entries_of_an_index_are_no_sentence(tmp_path: Path) -> None:
    entries = [
        f"{word} {'. ' * 30}{pages}" for word, pages in (("slope", "32, 56"), ("small", "3, 5–7"), ("tide", "9, x"))
    ]
    found = with_places(tmp_path / "a.pdf", [(72.0, 700.0 - 13 * at, 10.0, entry) for at, entry in enumerate(entries)])
    assert found.text.split("\n\n") == [entry.strip() for entry in entries]


def test_the_name_of_a_short_chapter_runs_beside_the_number_of_the_page(tmp_path: Path) -> None:
    pages = [
        [(72.0, 780.0, 9.0, f"Chapter {at // 2}: Ice {at // 2}"), (500.0, 780.0, 9.0, str(at + 1))]
        + [(72.0, 700.0 - 14 * row, 11.0, line) for row, line in enumerate(BOARD[:5])]
        for at in range(6)
    ]
    found = with_places(tmp_path / "a.pdf", *pages)
    assert "Chapter" not in found.text


def test_a_headline_beside_the_number_of_the_page_is_kept(tmp_path: Path) -> None:
    headlines = ["Ice in the bay", "New mole open", "Ferry sold", "Lock shut"]
    pages = [
        [(72.0, 780.0, 9.0, "Harbour news"), (240.0, 780.0, 9.0, headline), (500.0, 780.0, 9.0, str(at + 1))]
        + [(72.0, 700.0 - 14 * row, 11.0, line) for row, line in enumerate(BOARD[:5])]
        for at, headline in enumerate(headlines)
    ]
    text = with_places(tmp_path / "a.pdf", *pages).text
    assert "Harbour news" not in text
    assert all(headline in text for headline in headlines)


# ---------------------------------------------------------------- signs that are raised, lowered, struck


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("There are 2^n^ ways and not 2^n+1^ of them.", "There are 2^n ways and not 2^(n+1) of them."),
        ("The sum of x^k^ is 4^i^j here.", "The sum of x^k is 4^ij here."),
        ("It was the 5^th^ and 2^nd^ time, said M^r^ Holt.", "It was the 5th and 2nd time, said Mr Holt."),
        ("It was set in LaTeX2_e_ then.", "It was set in LaTeX2e then."),
        ("It was the 4^de^ and 5^ste^ time.", "It was the 4de and 5ste time."),
        ("Anna Holt^1,*^ and Bo Li^*,2^ wrote it.", "Anna Holt[1,*] and Bo Li*,2 wrote it."),
        ("^14^C is a form of carbon.", "14 C is a form of carbon."),
        ("A new L^A^TEX was there in 1^st^ place.", "A new LATEX was there in 1st place."),
    ],
)
def test_raised_letters_are_set_apart_where_they_change_a_value(tmp_path: Path, written: str, expected: str) -> None:
    [found] = read(with_scripts(tmp_path / "a.pdf", written), "a.pdf")
    assert isinstance(found, Document)
    assert found.text == expected


def test_a_sign_with_a_stroke_through_it_is_its_contrary(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Times-Roman", 11)
    canvas.drawString(72, 700, "The depth a ")
    x = 72 + canvas.stringWidth("The depth a ", "Times-Roman", 11)
    canvas.drawString(x, 700, "6")  # as TeX's fonts call the stroke
    canvas.drawString(x, 700, "= 0, and b16 = 6 holds.")
    canvas.save()
    [found] = read(tmp_path / "a.pdf", "a.pdf")
    assert isinstance(found, Document)
    assert found.text == "The depth a ≠ 0, and b16 = 6 holds."


def test_a_heading_between_rows_belongs_to_none(tmp_path: Path) -> None:
    rows = [
        ("split the string at once", "split(s)"),
        ("join them", "join(s)"),
        ("Numbers", ""),
        ("round it", "round(n)"),
    ]
    texts = [(72.0, 700.0 - 12 * at, 10.0, name) for at, (name, _) in enumerate(rows)]
    texts += [(230.0, 700.0 - 12 * at, 10.0, call) for at, (_, call) in enumerate(rows) if call]
    lines = with_places(tmp_path / "a.pdf", texts).text.split("\n\n")
    assert lines == [
        "split the string at once\u2003split(s)",
        "join them\u2003join(s)",
        "Numbers",
        "round it\u2003round(n)",
    ]
