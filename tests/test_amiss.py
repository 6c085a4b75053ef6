"""What files hold amiss or only in passing: quotation marks, put-in titles, mail heads, tabs, equal days."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pytest
from lxml import etree
from pptx.oxml.ns import qn

from conftest import WordEmbedder
from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Document
from pincite.errors import CorpusError
from pincite.index import Index
from pincite.parsers import read

Read = Callable[[str, str | bytes], list[Document]]
LONG = "The lock of Ard opened at noon, and all the boats that had waited there went through it before it was dark."


@pytest.fixture
def documents(tmp_path: Path) -> Read:
    """Writes a file and reads the documents in it."""

    def make(name: str, content: str | bytes) -> list[Document]:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return [each for each in read(tmp_path / name, name) if isinstance(each, Document)]

    return make


# ---------------------------------------------------------------- tables in text files


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (['Ard,"opened late,4', "Brem,plain,7", 'Cold,"last",3'], ['"opened late', "plain", "last"]),
        (['Ard,"opened late,4', "Brem,plain,7"], ['"opened late', "plain"]),
        (['Ard,"opened late,4', 'Brem,wide,5"', "Cold,plain,3"], ['"opened late', "wide", "plain"]),
        (['Ard,"a 5" pipe",4', 'Brem,"a 5" pipe,7', 'Cold,5" pipe,9'], ['a 5" pipe', '"a 5" pipe', '5" pipe']),
        (['Ard,"two\nlines, and more",4', 'Brem,"so ""called""",7'], ["two\nlines, and more", 'so "called"']),
        (['Ard,"says\nit "is" so\nfar",4', "Brem,plain,7"], ['says\nit "is" so\nfar', "plain"]),
        (['Ard,4,"first\nsecond",extra', "Brem,plain,7"], ["4", "plain"]),
        (['Ard,"first\nsecond",4,,', "Brem,plain,7"], ["first\nsecond", "plain"]),
        (['Ard,"first, 4\nsecond"', "Brem,plain,7"], ["first, 4\nsecond", "plain"]),
        (['Ard,"' + "line\n" * 16 + 'end" tail,4', "Brem,plain,7"], ['"' + "line\n" * 16 + 'end" tail', "plain"]),
    ],
)
def test_a_quotation_mark_amiss_costs_no_other_row(documents: Read, rows: list[str], expected: list[str]) -> None:
    found = documents("t.csv", "\n".join(["port,note,depth", *rows]))
    assert [each.metadata["note"] for each in found] == expected


def test_the_name_of_a_column_may_take_two_lines_below_a_title(documents: Read) -> None:
    [found] = documents("t.csv", 'Report of 2020\n"Name\n(full)",Age\nAne Holt,40\nBo Rey,41\n')[-1:]
    assert '"' not in found.text
    assert "Bo Rey" in found.text


def test_a_quotation_mark_amiss_in_columns_of_tabs(documents: Read) -> None:
    found = documents("t.tsv", 'port\tnote\tdepth\nArd\t"five\t4\nBrem\tplain\t7\n')
    assert [each.text for each in found] == ['port: Ard\nnote: "five\ndepth: 4', "port: Brem\nnote: plain\ndepth: 7"]


@pytest.mark.parametrize("row", ['a,"b,c', 'a,"b" c,d', 'a,b"",c', '"""a,b,c', 'a,"b\nc,"d,e'])
def test_the_work_for_quotation_marks_grows_as_the_table_does(documents: Read, row: str) -> None:
    def seconds(times: int) -> float:
        content = "port,note,depth\n" + f"{row}\n" * times
        began = time.process_time()
        documents("t.csv", content)
        return time.process_time() - began

    seconds(200)
    assert seconds(8000) < 10 * seconds(2000) + 0.2


# ---------------------------------------------------------------- what is stated


@pytest.mark.parametrize("day", ["04/04/2021", "4/4/2021", "04-04-2021", "4/04/2021"])
def test_a_day_whose_number_is_that_of_its_month_is_clear(documents: Read, day: str) -> None:
    page = f'<title>Ard</title><meta name="date" content="{day}"><article><h1>Ard</h1><p>{LONG}</p></article>'
    for name, text in (
        ("a.txt", f"The Lock of Ard\n{day}\n\n{LONG}\n"),
        ("a.md", f"---\ntitle: Ard\ndate: {day}\n---\n{LONG}\n"),
        ("a.html", page),
    ):
        [found] = documents(name, text)
        assert (name, found.date) == (name, "2021-04-04")


@pytest.mark.parametrize("day", ["04/05/2021", "14/14/2021", "104/04/2021", "04/04/20211"])
def test_a_day_that_may_be_another_one_is_none(documents: Read, day: str) -> None:
    assert documents("a.md", f"---\ntitle: Ard\ndate: {day}\n---\n{LONG}\n")[0].date is None


@pytest.mark.parametrize(
    "title", ["Untitled", "Untitled-1", "Document1", "Microsoft Word - ard.doc", "New Page", "unnamed", "Slide1"]
)
def test_a_title_that_a_program_put_in_is_none(documents: Read, tmp_path: Path, title: str) -> None:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = title, "ARRAY(0x55)"
    made.add_heading("The Lock", 0)
    made.add_paragraph(LONG)
    made.save(str(tmp_path / "made.docx"))
    files: dict[str, str | bytes] = {
        "a.html": f"<title>{title}</title><h1>The Lock</h1><p>{LONG}</p>",
        "a.md": f"---\ntitle: {title}\nauthor: Unknown\n---\n# The Lock\n\n{LONG}\n",
        "a.docx": (tmp_path / "made.docx").read_bytes(),
    }
    for name, content in files.items():
        [found] = documents(name, content)
        assert (name, found.title, found.author) == (name, "The Lock", None)
    [found] = documents("ard.rtf", rf"{{\rtf1\ansi{{\info{{\title {title}}}{{\author Unknown}}}}{LONG}\par}}")
    assert (found.title, found.title_is_name, found.author) == ("ard", True, None)


@pytest.mark.parametrize(
    "title",
    [
        *("New", "Presentation of the Mole", "Microsoft Word", "The Unknown Lock", "Untitled Works", "Document 12"),
        *("Slide 3", "Excel - How to freeze panes", "Word - a short history", "Notes on README.md"),
    ],
)
def test_a_title_or_an_author_that_only_looks_put_in_is_kept(documents: Read, tmp_path: Path, title: str) -> None:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author, made.core_properties.keywords = title, "Anonymous", "a_b"
    made.add_paragraph(LONG)
    made.save(str(tmp_path / "made.docx"))
    files: dict[str, str | bytes] = {
        "a.html": f"<title>{title}</title><h1>{title}</h1><p>{LONG}</p>",
        "a.md": f"---\ntitle: {title}\nauthor: Anonymous\n---\n{LONG}\n",
        "a.docx": (tmp_path / "made.docx").read_bytes(),
        "a.rtf": rf"{{\rtf1\ansi{{\info{{\title {title}}}{{\author root}}}}{LONG}\par}}",
    }
    found = [documents(name, content)[0] for name, content in files.items()]
    assert [each.title for each in found] == [title] * 4
    assert [each.author for each in found[1:]] == ["Anonymous", "Anonymous", "root"]
    assert found[2].metadata["keywords"] == "a_b"


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("Lamp.js v20 documentation", "<h2>Wicks</h2>", "Wicks – Lamp.js v20 documentation"),
        ("The Lamp Manual", "<h1>The Lamp Manual</h1>", "The Lamp Manual"),
        ("Wicks | Lamp.js v20 documentation", "<h1>Wicks</h1>", "Wicks"),
        ("The Lamp Manual", "", "The Lamp Manual"),
    ],
)
def test_the_title_of_a_whole_manual_names_the_page_too(documents: Read, title: str, body: str, expected: str) -> None:
    page = f"<title>{title}</title><main>{body}<p>{LONG}</p><p>{LONG} {LONG}</p></main>"
    assert documents("a.html", page)[0].title == expected


@pytest.mark.parametrize(
    ("head", "title", "author", "date"),
    [
        (
            "From: Ane Holt <a@x.org>\nTo: b@x.org\nSubject: Gates\nDate: Tue, 6 Apr 2021 10:00:00 +0200",
            "Gates",
            "Ane Holt",
            "2021-04-06",
        ),
        (
            "From: Ane Holt\nSent: Monday, April 5, 2021 10:00 AM\nTo: Bo Rey\nSubject: Gates",
            "Gates",
            "Ane Holt",
            "2021-04-05",
        ),
        (
            "\nSubject: The gates\n of Ard\nFrom: Ane Holt <a@x.org>\nX-Mailer: x\nDate: soon",
            "The gates of Ard",
            "Ane Holt",
            None,
        ),
    ],
)
def test_a_mail_saved_as_text_states_what_a_mail_does(
    documents: Read, head: str, title: str, author: str, date: str | None
) -> None:
    [found] = documents("a.txt", f"{head}\n\n{LONG} Käse.\n")
    assert (found.title, found.author, found.date, found.text) == (title, author, date, f"{LONG} Käse.\n")


@pytest.mark.parametrize(
    "said",
    [
        'MIME-Version: 1.0\nContent-Type: multipart/alternative;\n boundary="xyz"',
        "Content-Transfer-Encoding: base64",
        "Content-Type: text/plain; charset=latin1\nContent-Transfer-Encoding: quoted-printable",
    ],
)
def test_the_body_of_a_mail_saved_as_text_is_decoded_already(documents: Read, said: str) -> None:
    [found] = documents(
        "a.txt", f"From: Ane Holt <a@x.org>\n{said}\nSubject: Gates\nTo: b@x.org\n\n{LONG} a=20b Käse.\n"
    )
    assert (found.title, found.text) == ("Gates", f"{LONG} a=20b Käse.\n")


@pytest.mark.parametrize(
    "text",
    [
        "From: London\nTo: Paris\nPrice: 30\n\nIt leaves at noon.\n",
        "From: London\nTo: Paris\nDate: soon\n\nIt leaves.\n",
    ],
)
def test_lines_that_only_look_like_the_head_of_a_mail_are_text(documents: Read, text: str) -> None:
    assert documents("a.txt", text)[0].text == text


def test_a_manual_page_has_no_tabs_within_its_sentences(documents: Read) -> None:
    head = "LOCK(1)\t\t\tUser Commands\t\t\tLOCK(1)"
    [found] = documents("a.txt", f"{head}\n\nNAME\n       lock - opens\n\nDESCRIPTION\n\tOpens\tthe lock\tof Ard.\n")
    assert "Opens   the lock        of Ard." in found.text
    assert "\t" not in found.text


# ---------------------------------------------------------------- what is not read


def test_a_folder_without_a_file_that_is_read_says_why(tmp_path: Path, open_index: Callable[..., Index]) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "sub").mkdir(parents=True)
    (corpus / "sub" / "changelog.gz").write_bytes(b"\x1f\x8b")
    (corpus / ".hidden").write_text("x")
    with pytest.raises(CorpusError, match=r"among 2, such as sub/changelog\.gz: unknown kind \.gz"):
        open_index(WordEmbedder()).update(corpus)


def test_what_is_skipped_is_told_in_one_order(tmp_path: Path, open_index: Callable[..., Index]) -> None:
    corpus, index = tmp_path / "corpus", open_index(WordEmbedder())
    corpus.mkdir()
    for name, text in {"c.txt": "", "b.gz": "x", "a.txt": "", "d.txt": LONG, "e.jsonl": "{}\n"}.items():
        (corpus / name).write_text(text)
    first = list(index.update(corpus).skipped)
    assert first == ["a.txt", "b.gz", "c.txt", "e.jsonl:1"]
    assert list(index.update(corpus).skipped) == first
    (corpus / "d.txt").write_text(LONG * 2)
    assert list(index.update(corpus).skipped) == first


# ---------------------------------------------------------------- numbers of items, cells that are joined


def rtf(body: str) -> str:
    return rf"{{\rtf1\ansi\deff0{{\fonttbl{{\f0 Times;}}}}{body}}}"


def rtf_row(cells: list[str], edges: str, looks: str = "") -> str:
    return rf"\trowd{looks}{edges}\pard\intbl " + "".join(rf"{each}\cell " for each in cells) + r"\row "


EDGES = r"\cellx1000\cellx2000\cellx3000"


def test_items_of_rtf_bear_their_numbers(documents: Read) -> None:
    items = (
        r"{\pard{\listtext 1.\tab}Open the gate.\par}{\pard{\pntext\f0 2.\tab}{\*\pn\pnlvlbody\pndec}Let it in.\par}"
    )
    bullet = r"{\pard{\pntext\f0\'B7\tab}Shut the gate.\par}"
    [found] = documents("a.rtf", rtf(items + bullet))
    assert found.text == "1. Open the gate.\n\n2. Let it in.\n\n· Shut the gate."


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            rtf_row(["Aske", "1901", "34"], r"\clvmgf" + EDGES) + rtf_row(["", "1902", "41"], r"\clvmrg" + EDGES),
            ["Aske | 1901 | 34", "Aske | 1902 | 41"],
        ),
        (rtf_row(["Total", "", "75"], r"\clmgf\cellx1000\clmrg\cellx2000\cellx3000"), ["Total | | 75"]),
        (rtf_row(["Total", "75"], r"\cellx2000\cellx3000"), ["Total | | 75"]),
        (rtf_row(["Total", "75"], r"\cellx1980\cellx3010"), ["Total | | 75"]),
        (rtf_row([r"Aske\par north", "a|b", "34"], EDGES), ["Aske north | a|b | 34"]),
        (rtf_row(["Aske", "", "34"], EDGES), ["Aske | | 34"]),
    ],
)
def test_cells_of_rtf_stay_in_their_columns(documents: Read, rows: str, expected: list[str]) -> None:
    head = rtf_row(["Port", "Year", "Boats"], EDGES, r"\trhdr")
    last = rtf_row(["Brem", "1903", "7"], EDGES)
    [found] = documents("a.rtf", rtf(rf"{head}{rows}{last}\pard After a \\row.\par"))
    assert found.text == "\n".join(["Port | Year | Boats", *expected, "Brem | 1903 | 7"]) + "\n\nAfter a \\row."
    assert found.text[slice(*found.tables[0].header)] == "Port | Year | Boats"


def test_a_table_of_rtf_within_another_leaves_the_outer_one_its_columns(documents: Read) -> None:
    head = rtf_row(["Port", "Boats", "Year"], EDGES, r"\trhdr")
    inner = r"\itap2 in\nestcell out\nestcell{\*\nesttableprops\trowd\cellx1500\cellx1700\cellx2100\nestrow}\itap1"
    [found] = documents("a.rtf", rtf(head + rtf_row(["Aske", inner, "1901"], EDGES)))
    assert found.text == "Port | Boats | Year\nAske | in|out | 1901"


@pytest.mark.parametrize("begins", [r"\trowd\cellx900 ", r"\trowd\cellx900\pard\intbl ", r"\pard\intbl "])
def test_a_row_of_rtf_that_never_ends_glues_no_paragraphs(documents: Read, begins: str) -> None:
    text = rtf(begins + r"Broken.\par \pard One.\par Two.\par " + rtf_row(["Aske", "1901", "34"], EDGES))
    assert documents("a.rtf", text)[0].text.startswith("Broken.\n\nOne.\n\nTwo.\n\n")


def test_a_row_of_rtf_may_lie_as_the_one_above(documents: Read) -> None:
    below = r"\pard\intbl Solli\par North\cell 1902\cell 4\cell\row "
    [found] = documents("a.rtf", rtf(rtf_row(["Aske", "1901", "34"], EDGES) + below + r"\pard After.\par"))
    assert found.text == "Aske | 1901 | 34\nSolli North | 1902 | 4\n\nAfter."


def test_the_work_for_tables_of_rtf_grows_as_their_number_does(documents: Read) -> None:
    def seconds(times: int) -> float:
        content = rtf(rtf_row(["Aske", "1901", "34"], r"\clvmgf" + EDGES) * times)
        began = time.process_time()
        documents("a.rtf", content)
        return time.process_time() - began

    seconds(20)
    assert seconds(2400) < 10 * seconds(600) + 0.2


def test_items_of_slides_bear_their_numbers(documents: Read, tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Locks"
    words = slide.shapes.add_textbox(0, 0, 900, 900).text_frame
    items = [("Open", 0, "arabicPeriod", ""), ("Slowly", 1, "alphaLcParenR", ""), ("Surely", 1, "alphaLcParenR", "")]
    items += [("Enter", 0, "arabicPeriod", ""), ("Shut", 1, "alphaLcParenR", ""), ("Plain", 0, "", "")]
    items += [
        ("Again", 0, "romanUcPeriod", ""),
        ("More", 0, "arabicParenBoth", "5"),
        ("Last", 0, "arabicParenBoth", "5"),
    ]
    for text, level, kind, start in items:
        paragraph = words.add_paragraph()
        paragraph.text, paragraph.level = text, level
        if kind:
            number = etree.SubElement(paragraph._p.get_or_add_pPr(), qn("a:buAutoNum"), type=kind)
            number.attrib.update({"startAt": start} if start else {})
    slide.shapes.add_textbox(0, 0, 900, 900).text_frame.text = "Another box."
    made.save(str(tmp_path / "made.pptx"))
    [found] = documents("a.pptx", (tmp_path / "made.pptx").read_bytes())
    expected = [
        "Locks",
        "1. Open",
        "a) Slowly",
        "b) Surely",
        "2. Enter",
        "a) Shut",
        "Plain",
        "I. Again",
        "(5) More",
        "(6) Last",
    ]
    assert found.text.split("\n\n") == [*expected, "Another box."]


def test_items_of_slides_are_numbered_anew_behind_one_without_number(documents: Read, tmp_path: Path) -> None:
    made = pptx.Presentation()
    words = made.slides.add_slide(made.slide_layouts[6]).shapes.add_textbox(0, 0, 900, 900).text_frame
    for text in ("Open", "Enter", "plain", "Shut"):
        paragraph = words.add_paragraph()
        paragraph.text = text
        if text[0].isupper():
            etree.SubElement(paragraph._p.get_or_add_pPr(), qn("a:buAutoNum"), type="arabicPeriod")
    made.save(str(tmp_path / "made.pptx"))
    [found] = documents("a.pptx", (tmp_path / "made.pptx").read_bytes())
    assert found.text.split() == ["1.", "Open", "2.", "Enter", "plain", "1.", "Shut"]


# ---------------------------------------------------------------- pages of the web


def test_a_part_of_a_title_that_a_program_put_in_is_none_either(documents: Read) -> None:
    [found] = documents("ard.html", f"<title>Microsoft Word - lock.doc</title><p>{LONG}</p><p>{LONG}</p>")
    assert (found.title, found.title_is_name) == ("ard", True)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "<table><tr><td class='linenos'><pre>1\n2</pre></td><td><pre>dig()\nfill()</pre></td></tr></table>",
            "dig()\nfill()",
        ),
        ("<pre><span class='linenos'>1</span>dig()\n<span class='linenos'>2</span>fill()</pre>", "dig()\nfill()"),
        ("<div class='line'><a name='l12'></a><span class='lineno'>   12</span>dig()</div>", "dig()"),
        ("<p>It is in line <span class='line-number'>12</span>.</p>", "It is in line 12."),
        ("<p><span class='line-number'>twelve</span> lines.</p>", "twelve lines."),
        ("<p><span class='line-number'>7</span> boats sank.</p>", "7 boats sank."),
        ("<table><tr><td class='line-number'>4</td><td>Solli</td><td>9:10</td></tr></table>", "4 | Solli | 9:10"),
    ],
)
def test_numbers_before_lines_of_code_are_no_part_of_it(documents: Read, code: str, expected: str) -> None:
    [found] = documents("a.html", f"<main><h1>Locks</h1><p>{LONG}</p>{code}</main>")
    assert found.text == f"Locks\n\n{LONG}\n\n{expected}"


def test_a_page_in_which_no_article_is_found_is_not_run_together(documents: Read) -> None:
    said = [f"Gate {at} turns on the lamp by the mole." for at in range(12)]
    labels = "".join(f"<div><label>{words}</label></div>" for words in said)
    [found] = documents("a.html", f"<div><h1>Gates</h1>{labels}</div>")
    assert found.text.split("\n\n") == ["Gates", *said]


def test_a_link_whose_place_a_tag_of_jekyll_says_is_its_words(documents: Read) -> None:
    post = "---\ntitle: Frost\n---\nSee [the story]({% post_url 2019-01-01-a %}) and [a map]({{ site.url }}/map).\n"
    assert documents("2020-02-03-a.md", post)[0].text == "See the story and a map."


PURPOSES = {
    "lookup": "Retrieve the value associated with a key in a table",
    "locate": "Calculate the path from the root to the current node",
    "escape": "Prepare a string for inclusion in a comment of the file",
}


@pytest.mark.parametrize("mark", [" — ", " does: ", " "])
def test_no_sentence_leaves_an_item_of_a_list(documents: Read, mark: str) -> None:
    items = [f"{name}{mark}{purpose}" for name, purpose in PURPOSES.items()]
    listed = f"<p>{LONG}</p><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    for name, content in {"a.html": f"<main><h1>Keys</h1>{listed}</main>", "a.md": f"# Keys\n\n{listed}\n"}.items():
        [found] = documents(name, content)
        said = [found.text[start:end] for start, end in sentence_spans(found.text, found.headings, found.tables)]
        assert [*said[-3:]] == items


@pytest.mark.parametrize("text", ["He left.McAdam came late.", "It stands on page 3.DeLong drew it."])
def test_a_name_behind_a_stop_without_a_space_begins_a_sentence(text: str) -> None:
    assert len(sentence_spans(text)) == 2
