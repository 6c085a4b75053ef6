"""Tables: a row keeps the names of its columns for whoever finds, reads or quotes it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import log
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_files
from pincite import Assistant, Document, Index, as_json, as_text
from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Hit, Passage, Table
from pincite.ingest import chunking
from pincite.parsers import read
from pincite.parsers.markup import blocks_of, has_header, lay_out, parse_html
from pincite.reading.rows import Spelled
from pincite.reading.sentence import Sentence
from pincite.reading.tables import rows_asked_for
from pincite.web import export
from pincite.web.answers import reply_of, turn

HEADER = ("Codec", "Ratio", "Speed", "Licence")
ROWS = tuple((f"codec{at}", f"{at % 7 + 1}.{at % 10}", f"{300 + at} MB/s", "MIT") for at in range(60))
LINES = [" | ".join(row) for row in ROWS]


def markdown(folder: Path) -> Path:
    lines = [f"| {' | '.join(row)} |" for row in (HEADER, ("---",) * 4, *ROWS)]
    return _written(folder / "a.md", "# Codecs\n\nAll packed one file.\n\n" + "\n".join(lines) + "\n\nOn one core.\n")


def html(folder: Path, head: str = "th", body: str = "td") -> Path:
    rows = "".join(
        f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in row)}</tr>"
        for tag, row in [(head, HEADER), *((body, row) for row in ROWS)]
    )
    text = (
        f"<h1>Codecs</h1><p>{'All packed one file of English prose. ' * 9}</p><table>{rows}</table><p>On one core.</p>"
    )
    return _written(folder / "a.html", text)


def plain_cells(folder: Path) -> Path:
    return html(folder, head="td")


def restructured(folder: Path) -> Path:
    table = io.StringIO()
    csv.writer(table).writerows([HEADER, *ROWS])
    rows = "".join(f"   {line}\n" for line in table.getvalue().splitlines())
    return _written(
        folder / "a.rst", f"Codecs\n======\n\nText.\n\n.. csv-table::\n   :header-rows: 1\n\n{rows}\nEnd.\n"
    )


def word(folder: Path) -> Path:
    made = docx.Document()
    made.add_paragraph("All packed one file.")
    table = made.add_table(rows=0, cols=4)
    for row in (HEADER, *ROWS):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    made.save(str(folder / "a.docx"))
    return folder / "a.docx"


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("make", [markdown, html, plain_cells, restructured, word])
def test_the_names_of_columns_are_known_in_every_format(make: Callable[[Path], Path], tmp_path: Path) -> None:
    path = make(tmp_path)
    (found,) = read(path, path.name)
    assert isinstance(found, Document)
    ((header, body),) = found.tables
    assert found.text[slice(*header)] == " | ".join(HEADER)
    assert found.text[slice(*body)].split("\n") == LINES
    assert [found.columns_at(at) is not None for at in (*header, body[0], body[1] - 1, body[1])] == [0, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Port", "Toll", "Boats"], ["Aske", "4 crowns", "12"], ["Brul", "7 crowns", "8"]], True),
        ([["Port", "Pilot", "Tug"], ["Aske", "Ada Pell", "Ida"], ["Brul", "Jon Ek", "Una"]], False),
        ([["Name", "Aske"], ["Founded", "1300"], ["Boats", "12"]], False),
        ([["Aske", "4 crowns", "12"], ["Brul", "7 crowns", "8"], ["Dorn", "7 crowns", "8"]], False),
        ([["", "2019", "2020"], ["Aske", "4", "12"], ["Brul", "7", "8"]], True),
    ],
)
def test_a_first_row_that_nothing_marks_names_columns_of_figures(rows: list[list[str]], expected: bool) -> None:
    assert has_header(rows) is expected


def test_a_row_in_bold_and_the_head_of_a_table_name_columns_and_a_bare_first_row_does_not() -> None:
    def headers(rows: str) -> list[str]:
        text, _, tables = lay_out(blocks_of(parse_html(f"<table>{rows}</table>")))
        return [text[slice(*header)] for header, _ in tables]

    cells = "<tr><td>Aske</td><td>Ida</td></tr>" * 3
    assert headers(f"<tr><td><b>Port</b></td><td><strong>Tug</strong></td></tr>{cells}") == ["Port | Tug"]
    assert headers(f"<thead><tr><td>Port</td><td>Tug</td></tr></thead><tbody>{cells}</tbody>") == ["Port | Tug"]
    assert headers(f"<tr><th>Port</th><th>Tug</th></tr><tr><th>of</th><th>old</th></tr>{cells}") == [
        "Port | Tug\nof | old"
    ]
    assert headers(f"<tr><td>Port</td><td>Tug</td></tr>{cells}") == []
    assert headers("<tr><th>Port</th><th>Tug</th></tr>") == []
    assert headers("<tr><th>Port</th><td>Aske</td></tr><tr><th>Tug</th><td>Ida</td></tr>") == []


def test_tables_side_by_side_and_what_stands_between_their_rows_keep_their_own_names() -> None:
    one = "<table><tr><th>Port</th><th>Tug</th></tr><tr><td>Aske</td><td>Ida</td></tr>"
    one += "<tr><td colspan=2>In the south</td></tr><tr><td>Brul</td><td>Una</td></tr></table>"
    other = "<table><tr><td>Dorn</td><td>4</td></tr></table><p>Text.</p><table><tr><th>Bird</th><th>Eggs</th></tr>"
    other += "<tr><td>Coot</td><td>6</td></tr></table>"
    text, headings, tables = lay_out(blocks_of(parse_html(one + other)))
    document = Document(doc_id="a", title="a", text=text, headings=headings, tables=tables)
    said = {word: document.columns_at(text.index(word)) for word in ("Aske", "Brul", "Dorn", "Text", "Coot", "Bird")}
    assert said == dict(zip(said, ["Port | Tug", "Port | Tug", None, None, "Bird | Eggs", None], strict=True))


def test_a_row_is_one_sentence_and_a_long_one_is_several() -> None:
    for cell, expected in (("It is fast. It is old.", 1), ("It is fast. " * 60, 60)):
        text = f"Codec | Note\nzlib | {cell}".strip()
        tables = (Table((0, 12), (13, len(text))),)
        assert len(sentence_spans(text, (), tables)) == 1 + expected


def _divided(document: Document) -> list[Passage]:
    return chunking.split(
        document, passage_tokens=100, tokens=lambda text: [at for at, c in enumerate(text) if c == " "]
    )


def test_a_passage_that_begins_among_rows_has_the_names_of_the_columns(tmp_path: Path) -> None:
    path = markdown(tmp_path)
    (found,) = read(path, path.name)
    assert isinstance(found, Document)
    first, *others, last = _divided(found)
    assert first.columns is None
    assert len(others) > 2
    assert {each.columns for each in [*others, last]} == {" | ".join(HEADER)}


CELL = st.text(st.sampled_from("ab .|\n1é"), max_size=8)


@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=6))
def test_rows_spelled_out_lead_back_to_the_passage(rows: list[list[str]]) -> None:
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    source = f"<p>Ice.</p><table><tr><th>Port</th><th>Tug</th></tr>{cells}</table><p>Tar.</p>"
    text, headings, tables = lay_out(blocks_of(parse_html(source)))
    document = Document(doc_id="a", title="a", text=text, headings=headings, tables=tables)
    for passage in _divided(document):
        spelled = Spelled(document, passage)
        assert len(spelled.sentences) == len(passage.sentences)
        for (start, end), (first, last) in zip(spelled.sentences, passage.sentences, strict=True):
            at = [spelled.place(each) for each in range(start, end)]
            assert at == sorted(at)
            assert first - passage.start <= at[0] <= at[-1] < last - passage.start or start == end
            assert {c for c in text[first:last] if c.isalnum()} <= set(spelled.text[start:end])


def test_the_values_of_a_row_are_read_with_the_names_of_their_columns() -> None:
    for header, spelled in (("Codec | Ratio", "Codec: zlib; Ratio: 2.7"), ("A | B\nc | d", "A c: zlib; B d: 2.7")):
        text = f"{header}\nzlib | 2.7\nOn one core."
        span = (len(header) + 1, len(header) + 11)
        document = Document(doc_id="a", title="a", text=text, tables=(Table((0, len(header)), span),))
        (passage,) = _divided(document)
        assert Spelled(document, passage).text == f"{header}\n{spelled}\nOn one core."


@pytest.mark.parametrize(
    ("row", "spelled"),
    [
        ("zlib | | MIT", "Codec: zlib; Licence: MIT"),
        ("| 2.7 | MIT", "Ratio: 2.7; Licence: MIT"),
        ("zlib | 2.7 |", "Codec: zlib; Ratio: 2.7"),
        ("| | MIT", "Licence: MIT"),
    ],
)
def test_an_empty_cell_does_not_shift_the_names_of_columns(row: str, spelled: str) -> None:
    header = "Codec | Ratio | Licence"
    document = Document(doc_id="a", title="a", text=f"{header}\n{row}", tables=(Table((0, 23), (24, 24 + len(row))),))
    (passage,) = _divided(document)
    assert Spelled(document, passage).text == f"{header}\n{spelled}"


def test_the_right_row_of_a_long_table_is_quoted_with_the_names_of_its_columns(tmp_path: Path) -> None:
    words = "amber birch cedar delta ember fjord grove heath inlet jetty knoll larch maple north olive plaza".split()  # noqa: SIM905
    rows = "\n".join(
        f"| {word}_{part} | integer | {at * 7 + number} | {number}.{at} |"
        for at, word in enumerate(words)
        for number, part in enumerate(("size", "limit", "path", "level"))
    )
    table = f"| Setting | Type | Default | Since version |\n|---|---|---|---|\n{rows}\n"
    write_files(tmp_path / "c", {"a.md": f"# Settings of the harbour server\n\nAll stand in one file.\n\n{table}"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        for word in ("fjord_limit", "olive_level", "amber_size"):
            answer = Assistant(index).ask(f"What is the default of {word}?")
            first = answer.citations[0]
            assert first.quote.startswith(f"{word} | integer | ")
            assert first.columns == "Setting | Type | Default | Since version"
            given = as_json.answer("q", answer)
            assert given["citations"][0]["columns"] == first.columns
            assert f"columns: {first.columns}" in as_text.answer(given)
            assert first.columns.replace("|", "\\|") in export.markdown([("q", reply_of(answer))])
            for shown in (export.html([("q", reply_of(answer))]), turn(1, "q", [], "", reply_of(answer))):
                assert first.columns in shown


ELECTION = """# Election to the island council

The council was elected on 14 May. Voters came by boat, and the seats were counted at night.

| Constituency | Seats | Voters | Turnout |
|---|---|---|---|
| Northmarsh | 7 | 12,400 | 61% |
| Kelda | 11 | 9,150 | 58% |
| Vestermo | 3 | 4,480 | 49% |
| Total | 21 | 26,030 | 58% |

The seats of the council are of oak.
"""
HOURS = """<h1>Hours of the houses</h1><p>From April to September.</p><table>
<tr><th>House</th><th>Monday</th><th>Tuesday</th><th>Entry</th></tr>
<tr><td>Museum of Lamps</td><td>closed</td><td>10-17</td><td>6 crowns</td></tr>
<tr><td>Library</td><td>9-18</td><td>9-18</td><td>free</td></tr>
<tr><td>Bath</td><td>7-20</td><td>closed</td><td>4 crowns</td></tr>
<tr><td>Lighthouse</td><td>closed</td><td>closed</td><td>3 crowns</td></tr></table><p>All is open in May.</p>"""


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("towns")
    write_files(folder / "c", {"election.md": ELECTION, "hours.html": HOURS})
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Which constituency has the most seats?", ["Kelda"]),
        ("Who has the most seats?", ["Kelda"]),
        ("Which constituency has the most voters?", ["Northmarsh"]),
        ("Which constituency has the lowest turnout?", ["Vestermo"]),
        ("Which house has the cheapest entry?", ["Library"]),
        ("What is closed on Monday?", ["Museum of Lamps", "Lighthouse"]),
        ("Which houses are closed on Tuesday?", ["Bath", "Lighthouse"]),
        ("How many seats does Kelda have?", ["Kelda"]),
        ("What does entry to the bath cost?", ["Bath"]),
        ("Does Kelda or Vestermo have more seats?", ["Kelda", "Vestermo"]),
    ],
)
def test_a_question_over_several_rows_is_answered_by_those_it_asks_for(
    towns: Assistant, question: str, rows: list[str]
) -> None:
    quoted = "\n".join(citation.quote for citation in towns.ask(question).citations)
    named = ["Northmarsh", "Kelda", "Vestermo", "Total", "Museum of Lamps", "Library", "Bath", "Lighthouse"]
    assert sorted(row for row in named if f"{row} |" in quoted) == sorted(rows)


@pytest.mark.parametrize("question", ["Which harbour has the most seats?", "Which constituency has the most oak?"])
def test_the_most_of_something_else_is_not_told_by_a_table(towns: Assistant, question: str) -> None:
    assert all(each.confidence < 0.5 for each in towns.ask(question).citations if "|" in each.quote)


BARNS = """# Barns and towers of Aldhaven

The reeve closed the tower after the flood. The farmers pay the rent of the barn, and the council decided it.

| House | Rooms | Rent | Year | State |
|---|---|---|---|---|
| Barn | 4 | 30 crowns | 1790 | closed |
| Tower | 12 |  | 1640 | closed |
| Mill |  | 25 crowns | 1811 | open |
| Inn | 9 | 55 crowns | 1702 | |
"""


@pytest.mark.parametrize(
    "question",
    [
        "Who decided the entry to the bath?",
        "Who closed the tower?",
        "Why is the barn closed?",
        "When did the entry to the bath rise?",
        "Who pays the rent of the barn?",
        "How did the rent of the barn come about?",
        "Does the rent of the barn rise?",
        "How many rooms do most of the houses have?",
        "How many rooms do most houses have?",
        "Which house has the highest year?",
    ],
)
def test_a_table_does_not_tell_what_it_does_not_say(tmp_path: Path, question: str) -> None:
    full = BARNS.replace("| 12 |  |", "| 12 | 7 crowns |").replace("|  | 25", "| 7 | 25").replace("| |", "| open |")
    for text in (full.replace("State", "Closed"), HOURS):
        assert _told(tmp_path, text, question) is None


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("Which house has the most rooms?", "Tower"),
        ("Which house has the fewest rooms?", "Barn"),
        ("Which house has the highest rent?", "Inn"),
        ("What is the rent of the mill?", "Mill"),
        ("Which house has the state open?", "Mill"),
    ],
)
def test_an_empty_cell_leaves_the_table_as_it_is(tmp_path: Path, question: str, row: str) -> None:
    assert _told(tmp_path, BARNS, question) == [row]


@pytest.mark.parametrize("question", ["What is the rent of the tower?", "What is the state of the inn?"])
def test_an_empty_cell_tells_nothing(tmp_path: Path, question: str) -> None:
    assert _told(tmp_path, BARNS, question) is None


@pytest.mark.parametrize(
    ("cells", "row"),
    [
        (["\u22125 h", "3 h", "\u201312 h"], "b"),
        (["-5 h", "+3 h", "1,200 h"], "c"),
        (["4 to 5 h", "3 h", "2 h"], None),
        (["3\u20134", "3", "2"], None),
        (["9", "unknown", "2"], None),
        (["1.200", "950", "3"], None),
        (["1.200", "0.950", "3.5"], "c"),
        (["9", "", "2"], "a"),
        (["none", "1", "2"], "c"),
    ],
)
def test_the_most_is_told_by_plain_numbers_alone(tmp_path: Path, cells: list[str], row: str | None) -> None:
    rows = "".join(f"| {name} | {cell} |\n" for name, cell in zip("abc", cells, strict=True))
    told = _told(tmp_path, f"# Tides\n\n| Tide | Length |\n|---|---|\n{rows}", "Which tide has the most length?")
    assert told == (row and [row])


@pytest.mark.parametrize(
    ("name", "tells"),
    [("Rank", 0), ("Place", 0), ("Room number", 0), ("ID", 0), ("Places", 1), ("Boats per year", 1)],
)
def test_numbers_that_count_nothing_have_no_most(tmp_path: Path, name: str, tells: bool) -> None:
    text = f"# Inns\n\n| Inn | {name} |\n|---|---|\n| Anchor | 4 |\n| Bell | 7 |\n"
    assert _told(tmp_path, text, f"Which inn has the highest {name.lower()}?") == (["Bell"] if tells else None)


def test_a_row_of_another_length_is_left_out_of_its_table(tmp_path: Path) -> None:
    source = "<table><tr><th>Inn</th><th>Beds</th></tr><tr><td>Anchor</td><td>4</td></tr><tr><td>In</td><td>the</td>"
    source += "<td>south</td></tr><tr><td>Bell</td><td>7</td></tr></table>"
    assert _told(tmp_path, source, "Which inn has the most beds?") == ["Bell"]


@pytest.mark.parametrize(("confidence", "first"), [(0.8, "The reeve"), (0.4, "Barn")])
def test_a_row_is_put_above_less_sure_sentences_alone(tmp_path: Path, confidence: float, first: str) -> None:
    found = _sentences(_read(tmp_path, BARNS), [0.2] * 20)
    prose = next(each for each in found if each.text.startswith("The reeve"))
    surer = replace(prose, confidence=confidence, order=log(confidence / (1 - confidence)))
    told, is_told = rows_asked_for([surer, *(each for each in found if each is not prose)], "The rent of the barn?")
    barn = next(each for each in told if each.text.startswith("Barn"))
    assert is_told
    assert told[0].text.startswith(first)
    assert barn.confidence == pytest.approx(0.5)


def _read(folder: Path, text: str) -> Document:
    path = _written(folder / f"a.{'html' if text.startswith('<') else 'md'}", text)
    (document,) = read(path, path.name)
    assert isinstance(document, Document)
    return document


def _sentences(document: Document, sure: Sequence[float]) -> list[Sentence]:
    """The document's sentences, each as sure as said."""
    hit = Hit(passage=_divided(document)[0], document=document, score=1.0, rank=1, scores={})
    spans = sentence_spans(document.text, document.headings, document.tables)
    return [
        Sentence(hit, at, span, span, span[0], (), confidence, log(confidence / (1 - confidence)))
        for at, (span, confidence) in enumerate(zip(spans, sure, strict=False))
    ]


def _told(folder: Path, text: str, question: str) -> list[str] | None:
    """The names of the rows that a table says are asked for; None where it says nothing."""
    document = _read(folder, text)
    told, is_told = rows_asked_for(_sentences(document, [0.2] * 20), question)
    in_table = [each for each in told if any(a <= each.span[0] < b for _, (a, b) in document.tables)]
    return [each.text.split(" |")[0] for each in in_table] if is_told else None


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("What is the maximum of warm_plates?", "4100"),
        ("What is the default of warm_plates?", "130"),
        ("What is the minimum of rest_time?", "7 s"),
        ("What is the default of rest_time?", "46 s"),
    ],
)
def test_the_cell_of_the_column_that_is_asked_for_is_marked(tmp_path: Path, question: str, marked: str) -> None:
    rows = "| warm_plates | 130 | 2 | 4100 | Plates at once |\n| rest_time | 46 s | 7 s | 3500 s | Ends a quiet run |\n"
    table = f"# Settings\n\n| Setting | Default | Minimum | Maximum | Meaning |\n|---|---|---|---|---|\n{rows}"
    write_files(tmp_path / "c", {"settings.md": table})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask(question).citations[0]
    assert [first.document.text[start:end] for start, end in first.highlights] == [marked]


@pytest.mark.parametrize("question", ["Which lake has the largest area?", "Which lake is the deepest?"])
def test_no_row_of_a_file_is_surely_the_one_with_the_most(tmp_path: Path, question: str) -> None:
    rows = "".join(f"Tarn {at},{at * 7 % 31 + 1},{at * 11 % 43 + 2}\n" for at in range(40))
    write_files(tmp_path / "c", {"lakes.csv": f"Lake,Area in km2,Depth in m\n{rows}"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask(question)
        assert not answer.sure
        assert Assistant(index).ask("What is the area of Tarn 12?").sure


CABINS = (
    "cabin,time of year,rate per night (EUR),stove,berths\n"
    "Alder Hut,summer,71,no,2\nAlder Hut,winter,53,no,2\nBirch Loft,summer,118,yes,4\nBirch Loft,winter,86,yes,4\n"
)


@pytest.mark.parametrize(
    ("question", "row", "marked"),
    [
        ("What does the Birch Loft cost in summer?", 4, ["118"]),
        ("What does the Birch Loft cost in winter?", 5, ["86"]),
        ("How much is the Alder Hut in winter?", 3, ["53"]),
        ("How many berths does the Alder Hut have in summer?", 2, ["2"]),
        ("Which cabin has 4 berths in winter?", 5, ["Birch Loft"]),
    ],
)
def test_of_rows_of_a_file_the_one_with_all_that_is_named_is_quoted(
    tmp_path: Path, question: str, row: int, marked: list[str]
) -> None:
    write_files(tmp_path / "c", {"cabins.csv": CABINS})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask(question).citations[0]
    assert first.document.doc_id == f"cabins.csv#{row}"
    assert [first.document.text[start:end] for start, end in first.highlights] == marked
