"""What files show to their readers, and nothing else: joined cells, hidden words, times, symbols, marks of notes."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from pincite.datatypes import Document
from pincite.parsers import read

Make = Callable[[str, str | bytes], Document]

STORY = (
    "<p>The harbour of Aldhaven froze over in the second week of January, and for nine days no boat could leave it.</p>"
    "<p>Its pilots walked out on the ice with saws and poles, and cut a lane as wide as the ferry and as long.</p>"
    "<p>When the thaw came at last, the lane was the first water to open, and the mail arrived that afternoon.</p>"
)
SPANNED = ["Port | Year | Boats", "Aske | 1901 | 34", "Aske | 1902 | 41", "Brem | shut |"]


@pytest.fixture
def document(tmp_path: Path) -> Make:
    """Writes a file and reads the first document in it."""

    def make(name: str, content: str | bytes) -> Document:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return next(each for each in read(tmp_path / name, name) if isinstance(each, Document))

    return make


def page(body: str) -> str:
    return f"<html><head><title>Ice</title></head><body><main><h1>Ice</h1>{STORY}{body}</main></body></html>"


def word(*body: str) -> bytes:
    """A Word file with these elements in its body; ``{}`` is the place of their names."""
    made, written = docx.Document(), io.BytesIO()
    for at, xml in enumerate(body):
        made.element.body.insert(at, parse_xml(xml.replace("{}", nsdecls("w"), 1)))
    made.save(written)
    return written.getvalue()


def run(text: str, looks: str = "") -> str:
    return f"<w:r><w:rPr>{looks}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def opendocument(body: str, styles: str = "") -> bytes:
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
        for name, kind in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"))
    )
    names += ' xmlns:draw="urn:draw" xmlns:svg="urn:svg"'
    styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    text = f"<office:body><office:text>{body}</office:text></office:body>"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("META-INF/manifest.xml", "<m/>")
        archive.writestr("content.xml", f"<office:document-content{names}>{styles}{text}</office:document-content>")
    return written.getvalue()


def book(body: str) -> bytes:
    names = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    item = '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        archive.writestr("b.opf", f'<p><manifest>{item}</manifest><spine><itemref idref="a"/></spine></p>')
        archive.writestr("a.xhtml", f"<html {names}><body>{body}</body></html>")
    return written.getvalue()


# ---------------------------------------------------------------- cells that span rows and columns


def rows_of(found: Document) -> list[str]:
    return [line for line in found.text.split("\n") if " | " in line]


SPANNING = (
    "<table><tr><th>Port</th><th>Year</th><th>Boats</th></tr><tr><td rowspan='2'>Aske</td><td>1901</td><td>34</td></tr>"
    "<tr><td>1902</td><td>41</td></tr><tr><td>Brem</td><td colspan='2'>shut</td></tr></table>"
)


@pytest.mark.parametrize("name", ["a.html", "a.md"])
def test_a_cell_that_spans_rows_stands_in_each_and_one_that_spans_columns_in_the_first(
    document: Make, name: str
) -> None:
    assert rows_of(document(name, page(SPANNING) if name == "a.html" else f"Ice.\n\n{SPANNING}\n")) == SPANNED


def test_a_header_of_two_lines_names_each_column(document: Make) -> None:
    head = "<tr><th rowspan='2'>Port</th><th colspan='2'>Boats</th></tr><tr><th>1901</th><th>1902</th></tr>"
    found = document("a.html", page(f"<table>{head}<tr><td>Aske</td><td>34</td><td>41</td></tr></table>"))
    assert rows_of(found) == ["Port | Boats | Boats", "Port | 1901 | 1902", "Aske | 34 | 41"]


@pytest.mark.parametrize("name", ["a.html", "a.md"])
def test_a_value_of_two_columns_together_is_that_of_neither(document: Make, name: str) -> None:
    rows = "<tr><td>2020</td><td colspan=2>30</td></tr><tr><th colspan=2>Total</th><td>40</td></tr>"
    head, last = "<th>Year</th><th>Boats</th><th>Cars</th>", "<td>2021</td><td>1</td><td>2</td>"
    table = f"<table><tr>{head}</tr>{rows}<tr>{last}</tr></table>"
    found = document(name, page(table) if name == "a.html" else f"Ice.\n\n{table}\n")
    assert rows_of(found) == ["Year | Boats | Cars", "2020 | 30 |", "Total | | 40", "2021 | 1 | 2"]


def test_columns_in_which_no_cell_begins_are_none(document: Make) -> None:
    rows = (
        "<tr><th colspan=6>Port</th><th colspan=6>Boats</th></tr><tr><td colspan=6>Aske</td><td colspan=6>34</td></tr>"
    )
    assert rows_of(document("a.html", page(f"<table>{rows}</table>"))) == ["Port | Boats", "Aske | 34"]


def test_what_reaches_into_a_row_stays_in_its_column(document: Make) -> None:
    rows = "<tr><td>Aske</td><td>34</td><td rowspan=2>open</td></tr><tr><td>Brem</td></tr>"
    assert rows_of(document("a.html", page(f"<table>{rows}</table>"))) == ["Aske | 34 | open", "Brem | | open"]


@pytest.mark.parametrize("cell", ["td", "th"])
def test_the_work_for_cells_that_span_many_is_bounded(document: Make, cell: str) -> None:
    first = f"<tr><{cell} colspan=1000 rowspan=90>{'ice and snow ' * 200}</{cell}><td>1</td></tr>"
    began = time.perf_counter()
    found = document("a.html", page(f"<table>{first}{'<tr><td>Aske</td><td>34</td></tr>' * 80}</table>"))
    assert time.perf_counter() - began < 3
    assert len(found.text) < 20_000


def test_a_cell_across_the_whole_table_is_its_title(document: Make) -> None:
    title = "<tr><th colspan='9'>In the north</th></tr>"
    found = document(
        "a.html", page(f"<table>{title}<tr><td>Aske</td><td>34</td></tr><tr><td>Brem</td><td>7</td></tr></table>")
    )
    assert found.text.count("In the north") == 1


@pytest.mark.parametrize("span", ["rowspan='999999' colspan='999999'", "rowspan='x' colspan='-1'", "colspan='0'"])
def test_a_span_that_nobody_means_does_no_harm(document: Make, span: str) -> None:
    table = f"<table>{f'<tr><td {span}>Aske</td><td>34</td></tr>' * 300}</table>"
    assert len(document("a.html", page(table)).text) < 100_000


def test_a_table_in_a_cell_stays_there(document: Make) -> None:
    inner = "<table><tr><td>1901</td><td>34</td></tr><tr><td>1902</td><td>41</td></tr></table>"
    rows = (
        f"<tr><th>Port</th><th>Boats</th></tr><tr><td>Aske</td><td>{inner}</td></tr><tr><td>Brem</td><td>none</td></tr>"
    )
    found = document("a.html", page(f"<table>{rows}</table>"))
    assert rows_of(found) == ["Port | Boats", "Aske | 1901 34; 1902 41", "Brem | none"]


def test_joined_cells_of_word(document: Make) -> None:
    def cell(text: str, looks: str = "") -> str:
        return f"<w:tc><w:tcPr>{looks}</w:tcPr><w:p>{run(text)}</w:p></w:tc>"

    rows = [
        cell("Port") + cell("Year") + cell("Boats"),
        cell("Aske", "<w:vMerge w:val='restart'/>") + cell("1901") + cell("34"),
        cell("", "<w:vMerge/>") + cell("1902") + cell("41"),
        cell("Brem") + cell("shut", "<w:gridSpan w:val='2'/>"),
    ]
    table = "".join(f"<w:tr>{row}</w:tr>" for row in rows)
    assert rows_of(document("a.docx", word(f"<w:tbl {{}}>{table}</w:tbl>"))) == SPANNED


def test_joined_cells_of_slides(document: Make) -> None:
    made, written = pptx.Presentation(), io.BytesIO()
    table = made.slides.add_slide(made.slide_layouts[6]).shapes.add_table(4, 3, 0, 0, 99, 99).table
    for at, text in enumerate("Port Year Boats Aske 1901 34 - 1902 41 Brem shut -".replace("-", "").split(" ")):
        table.cell(at // 3, at % 3).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 1).merge(table.cell(3, 2))
    made.save(written)
    assert rows_of(document("a.pptx", written.getvalue())) == SPANNED


def test_joined_cells_of_opendocument(document: Make) -> None:
    def cell(text: str, span: str = "") -> str:
        return f"<table:table-cell {span}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = [
        cell("Port") + cell("Year") + cell("Boats"),
        cell("Aske", "table:number-rows-spanned='2'") + cell("1901") + cell("34"),
        covered + cell("1902") + cell("41"),
        cell("Brem") + cell("shut", "table:number-columns-spanned='2'") + covered,
    ]
    table = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    found = document("a.odt", opendocument(f"<text:p>Ice.</text:p><table:table>{table}</table:table>"))
    assert rows_of(found) == SPANNED


def test_cells_of_opendocument_that_are_written_once_stand_in_each_of_their_columns(document: Make) -> None:
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str, number: int = 1) -> str:
        words = f"<text:p>{text}</text:p>" if text else ""
        return f"<table:table-cell table:number-columns-repeated='{number}'>{words}</table:table-cell>"

    rows = row(cell("Aske"), cell("34", 2), cell("7")) + row(cell("Brem"), cell("", 2), cell("5"))
    found = document("a.odt", opendocument(f"<text:p>Ice.</text:p><table:table>{rows}</table:table>"))
    assert rows_of(found) == ["Aske | 34 | 34 | 7", "Brem | | | 5"]


def test_joined_cells_of_restructured_text(document: Make) -> None:
    table = "+------+----+\n| Aske | 34 |\n|      +----+\n|      | 41 |\n+------+----+\n"
    assert rows_of(document("a.rst", f"Ice\n===\n\nThin.\n\n{table}")) == ["Aske | 34", "Aske | 41"]


# ---------------------------------------------------------------- what is not shown, and what is


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("It opens<span hidden> never</span> at seven.", "It opens at seven."),
        ("It opens<span style='DISPLAY : none'> never</span> at seven.", "It opens at seven."),
        ("It opens<b class='sr-only'> never</b> at seven.", "It opens at seven."),
        (
            "It opens at <time datetime='07:30'>half past seven</time>, says Pell.",
            "It opens at half past seven, says Pell.",
        ),
        ("It holds <label>nine</label> and <output>ten</output> boats.", "It holds nine and ten boats."),
        ("It opens<br hidden>at seven.", "It opens\nat seven."),
        ("Pell wrote <q>never</q> twice.", "Pell wrote never twice."),
        ("Built in 1931<a href='#n3' role='doc-noteref'>3</a> by Pell.", "Built in 1931[3] by Pell."),
        ("Built in 1931<a href='#n3' epub:type='noteref'>3</a> by Pell.", "Built in 1931[3] by Pell."),
        ("It held 10<span style='font-size: 70%; vertical-align: super'>6</span> litres.", "It held 10⁶ litres."),
        ("It held 10<span class='superscript'>6</span> litres.", "It held 10⁶ litres."),
        ("The toll is<span style='text-decoration: line-through'> 12</span> 15.", "The toll is 15."),
        ("It held 2<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> tons.", "It held 2 1/2 tons."),
    ],
)
@pytest.mark.parametrize("tag", ["p", "blockquote"])
def test_a_line_of_a_page_says_what_a_browser_shows(document: Make, written: str, expected: str, tag: str) -> None:
    found = document("a.html", page(f"<{tag}>{written}</{tag}><p>The ice went.</p>"))
    assert f"\n{expected}\n" in found.text


@pytest.mark.parametrize("line", ["<p>{}</p>", "<p><b>So.</b> {}</p>", "{}", "<ul><li>{}</li></ul>"])
def test_the_work_for_times_in_a_line_grows_as_the_line_does(document: Make, line: str) -> None:
    began = time.perf_counter()
    found = document("a.html", page(line.format("It left at <time>7</time>, " * 8000)))
    assert time.perf_counter() - began < 5
    assert found.text.count("It left at 7,") == 8000


@pytest.mark.parametrize("box", ["{}", "<div>{}</div>", "<section>{}</section>"])
@pytest.mark.parametrize(
    "block", ["<p>Photo by Bo.</p>", "<hr>", "<ul><li>Photo by Bo.</li></ul>", "<pre>Photo by Bo.</pre>"]
)
def test_words_that_are_in_no_paragraph_are_one(document: Make, box: str, block: str) -> None:
    loose = "It was raised in <b>1931</b> again, with <i>stone</i> of Lorn."
    text = document("a.html", page(box.format(f"{loose}{block}{loose}"))).text
    assert text.count("\nIt was raised in 1931 again, with stone of Lorn.") == 2


def test_what_a_page_unfolds_is_read(document: Make) -> None:
    found = document("a.html", page("<details><summary>When does it open</summary>At six.</details>"))
    assert found.text.endswith("When does it open\n\nAt six.")


def test_numbers_of_pages_in_a_book_are_no_part_of_its_words(document: Make) -> None:
    pages = "<span epub:type='pagebreak' id='p'>23</span>", "<span role='doc-pagebreak' id='q'>24</span>"
    found = document("a.epub", book(f"<p>It lost 9{pages[0]} camels in the re{pages[1]}served valley.</p>"))
    assert found.text == "It lost 9 camels in the reserved valley."


def test_a_mark_of_a_book_that_is_not_raised_is_no_digit(document: Make) -> None:
    found = document("a.epub", book("<p>Lost in 1931<a epub:type='noteref' href='#n'>1</a> by two.</p>"))
    assert found.text == "Lost in 1931[1] by two."


def test_hidden_words_symbols_and_prompts_of_word(document: Make) -> None:
    hidden = f"<w:p {{}}>{run('It is ')}{run('not ', '<w:vanish/>')}{run('15.')}</w:p>"
    symbols = "".join(f"<w:r><w:sym w:font='Symbol' w:char='{char}'/></w:r>" for char in ("F0B3", "F06D", "2192"))
    typed = run("\uf0b3", "<w:rFonts w:ascii='Symbol' w:hAnsi='Symbol'/>")
    signs = f"<w:p {{}}>{run('At ')}{symbols}{run('5')}{typed}{run('4')}</w:p>"
    prompt = (
        "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" + run("Click here") + "</w:sdtContent></w:sdt>"
    )
    found = document("a.docx", word(hidden, signs, f"<w:p {{}}>{run('Fee: ')}{prompt}</w:p>"))
    assert found.text == "It is 15.\n\nAt ≥μ→5≥4\n\nFee:"


@pytest.mark.parametrize("char", ["'zz'", "''", "'D800'", "'0'", "'FFFE'", "'-5'", "'FFFFFFFF'", None])
def test_a_symbol_of_word_that_is_none_costs_no_file(document: Make, char: str | None) -> None:
    symbol = "<w:r><w:sym w:font='Symbol'/></w:r>" if char is None else f"<w:r><w:sym w:char={char}/></w:r>"
    assert document("a.docx", word(f"<w:p {{}}>{run('Ice')}{symbol}{run(' end')}</w:p>")).text == "Ice\ufffd end"


@pytest.mark.parametrize("number", ["x", "-1", "", "1.5", "9" * 5000])
def test_a_number_of_word_that_is_none_costs_no_file(document: Make, number: str) -> None:
    stated = f"w:val='{number}'"
    item = f"<w:pPr><w:numPr><w:ilvl {stated}/><w:numId w:val='1'/></w:numPr></w:pPr>{run('Ice')}"
    first = f"<w:tc><w:tcPr><w:gridSpan {stated}/></w:tcPr><w:p>{run('Aske')}</w:p></w:tc>"
    row = f"<w:tr><w:trPr><w:gridBefore {stated}/></w:trPr>{first}<w:tc><w:p>{run('34')}</w:p></w:tc></w:tr>"
    found = document("a.docx", word(f"<w:p {{}}>{item}</w:p>", f"<w:tbl {{}}>{row}</w:tbl>"))
    assert found.text.endswith("Ice\nAske | 34")


@pytest.mark.parametrize(("position", "expected"), [("33% 58%", "10⁶"), ("-33% 58%", "10₆"), ("0% 100%", "106")])
def test_digits_of_opendocument_raised_in_percent(document: Make, position: str, expected: str) -> None:
    looks = f"<style:text-properties style:text-position='{position}'/>"
    style = f"<style:style style:name='T'>{looks}</style:style>"
    body = "<text:p>10<text:span text:style-name='T'>6</text:span></text:p>"
    assert document("a.odt", opendocument(body, style)).text == expected


def test_small_digits_off_the_line_are_raised_or_lowered(document: Make) -> None:
    up, down = ("<w:position w:val='6'/><w:sz w:val='12'/>", "<w:position w:val='-6'/><w:sz w:val='12'/>")
    found = document(
        "a.docx", word(f"<w:p {{}}>{run('10')}{run('6', up)}{run(' of H')}{run('2', down)}{run('O')}</w:p>")
    )
    assert found.text == "10⁶ of H₂O"


def test_hidden_words_and_names_of_pictures_of_opendocument(document: Make) -> None:
    style = "<style:style style:name='T'><style:text-properties text:display='none'/></style:style>"
    picture = "<draw:frame><svg:title>x.png</svg:title><svg:desc>a picture</svg:desc></draw:frame>"
    body = f"<text:p>It is <text:span text:style-name='T'>not </text:span>15.{picture}</text:p>"
    assert document("a.odt", opendocument(body, style)).text == "It is 15."


@pytest.mark.parametrize("hidden", [r"{\v not }", r"\v not \v0 ", r"{\f0\v1 not }"])
def test_hidden_words_of_rtf(document: Make, hidden: str) -> None:
    assert document("a.rtf", rf"{{\rtf1\ansi\viewkind4 \f0 It is {hidden}15.\par}}").text == "It is 15."


def test_two_who_speak_in_one_cue_say_two_things(document: Make) -> None:
    cues = ["- In 1931\n- No, in 1932", "and it fell -\n- or so they said", "It is at\n-5 degrees."]
    found = document(
        "a.srt", "".join(f"00:00:0{at},000 --> 00:00:0{at + 1},000\n{cue}\n\n" for at, cue in enumerate(cues))
    )
    said = "- No, in 1932 and it fell - - or so they said It is at -5 degrees."
    assert found.text == f"- In 1931\n\n{said}"


def test_who_speaks_may_stand_before_a_line_in_capitals(document: Make) -> None:
    cue = "WEBVTT\n\n00:01.000 --> 00:02.000\nANNA: In 1931\nBO: In <ruby>東<rt>higashi</rt></ruby> 1932\n"
    assert document("a.vtt", cue).text == "ANNA: In 1931\n\nBO: In 東 1932"


@pytest.mark.parametrize("above", ["sep=;\n", "Boats of the ports\n\n", "Boats;;\nas counted;;\n"])
def test_what_stands_above_the_names_of_columns_is_none(document: Make, above: str) -> None:
    assert (
        document("a.csv", f"{above}Port;Year;Boats\nAske;1901;34\nBrem;1902;7\n").text
        == "Port: Aske\nYear: 1901\nBoats: 34"
    )


@pytest.mark.parametrize("first", ["Town", "Town,,"])
def test_a_lone_name_above_rows_of_figures_is_that_of_a_column(document: Make, first: str) -> None:
    assert document("a.csv", f"{first}\nAske,3,4\nBrem,4,5\n").text == "Town: Aske\nColumn 2: 3\nColumn 3: 4"


@pytest.mark.parametrize("begin", ["%PDF-1.7", "{\\rtf1", "PK"])
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_words_about_files_of_other_kinds_are_text(document: Make, name: str, begin: str) -> None:
    text = f"{begin} is how such files begin, caf\u00e9 or not."
    assert document(name, text).text == text


# ---------------------------------------------------------------- what files state


@pytest.mark.parametrize(("day", "date"), [("03/04/2021", None), ("3-4-2021", None), ("23/04/2021", "2021-04-23")])
@pytest.mark.parametrize("place", ["<meta name='date' content='{}'>", "<p class='date'>{}</p>", "<time>{}</time>"])
def test_no_day_of_a_page_is_guessed(document: Make, day: str, date: str | None, place: str) -> None:
    assert document("a.html", page("").replace("<h1>", f"{place.format(day)}<h1>")).date == date


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_lines_with_labels_at_the_top_state_something(document: Make, name: str) -> None:
    found = document(name, "Title: The ice\nAuthor: Ines Calder\nDate: 4 March 2021\n\nThe ice: it came.\n")
    assert (found.title, found.author, found.date) == ("The ice", "Ines Calder", "2021-03-04")
    assert found.text.strip() == "The ice: it came."


def test_a_head_as_pandoc_has_it(document: Make) -> None:
    found = document("a.md", "% The ice\n% Ines Calder; Olaf Brandt\n% 9 April 2021\n\nThe ice came.\n")
    assert (found.title, found.author, found.date) == ("The ice", "Ines Calder; Olaf Brandt", "2021-04-09")
    assert found.text == "The ice came."


@pytest.mark.parametrize(
    "text",
    [
        "Title: Leek soup\nServes: 6 people\nTime: 30 minutes\n\nCut the leeks.\n",
        "Title: Leek soup\nDate: 4 March 2021\nServes: 6 people\n\nCut the leeks.\n",
        '{\n  "boats": 40\n}\n\nThis is what the harbour sends.\n',
        '{\n  "title": "Harbour", "boats": 40\n}\n\nThis is what the harbour sends.\n',
        "{\n}\n\nThis is what the harbour sends.\n",
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_a_head_that_states_something_else_is_text(document: Make, name: str, text: str) -> None:
    found = document(name, text)
    assert found.text.split() == text.split()
    assert found.title == "a"


@pytest.mark.parametrize(
    "text",
    [
        "% of people who own a boat is 40\n\nThe others row.\n",
        "%of people who own a boat is 40\n%of them row\n\nThe others do not.\n",
        "% of people who own a boat: 40\nThe others row.\n\nThey are strong.\n",
    ],
)
def test_a_line_that_begins_with_per_cent_is_text(document: Make, text: str) -> None:
    assert document("a.md", text).text.split() == text.split()


def test_a_label_below_the_title_is_text(document: Make) -> None:
    found = document("a.txt", "Olaf Brandt\n\nTitle: Captain\nShip: Otter\n\nHe sailed.\n")
    assert (found.title, found.text) == ("Olaf Brandt", "Title: Captain\nShip: Otter\n\nHe sailed.\n")


def test_a_head_in_json(document: Make) -> None:
    found = document("a.md", '{\n  "title": "The ice",\n  "Date": "2021-03-04"\n}\n\nThe ice came.\n')
    assert (found.title, found.date, found.text) == ("The ice", "2021-03-04", "The ice came.")
    assert document("b.md", "{\n}\nThe ice came.\n").title == "b"


def test_a_day_may_have_an_article(document: Make) -> None:
    assert document("a.txt", "La glace\n\nLe 4 mars 2021\n\nElle est venue.\n").date == "2021-03-04"


def test_the_tags_of_hugo_are_left_out(document: Make) -> None:
    tags = '{{< figure src="lock.jpg" >}}\n\n{{% notice tip %}}\nBring a rope.\n{{% /notice %}}'
    body = f'It opened, as [planned]({{{{< ref "plan.md" >}}}}).\n\n{tags}\n\n```\n{{{{< in code >}}}}\n```\n'
    found = document("a.md", f"---\ntitle: The lock\n---\n\n{body}")
    assert found.text == "It opened, as planned.\n\nBring a rope.\n\n{{< in code >}}"
