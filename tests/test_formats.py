"""Mail, subtitles, tables, reStructuredText, OpenDocument, RTF and slides; and more of Word, EPUB and Markdown."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import docx
import pptx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped, Working, read

Events = Callable[[str, str | bytes], list[Document | Skipped]]
Make = Callable[[str, str | bytes], Document]

MAIL = b"""\
From: =?utf-8?q?Ad=C3=A1_Pell?= <ada@lorn.example>, bo@lorn.example
To: Ines Calder <ines@lorn.example>
Subject: =?iso-8859-1?q?The_mole_at_Lorn=E9?=
Date: Thu, 04 Mar 2021 10:30:00 +0100
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: multipart/alternative; boundary="c"

--c
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The mole cost =A3 8 million. It was built in 1911=
, of granite.

--c
Content-Type: text/html

<p>The page.</p>
--c--
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

AAAA
--b--
"""

SRT = """\
1
00:00:01,000 --> 00:00:03,500
<i>The mole was built</i>
in 1911,

2
00:00:03,600 --> 00:00:05,000 X1:40 X2:600
{\\an8}of granite. &lt;Nobody&gt; left.

3
00:01:05,000 --> 00:01:07,000
It cost 8 million.
"""

VTT = """\
WEBVTT - of the mole

NOTE Made by hand
on a day in May.

STYLE
::cue { color: red }

opening
00:01.000 --> 00:03.000 align:start
<v Ada>The lamp &amp; the <b>mole</b>.</v>

00:03.000 --> 00:04.000
They were lit.

00:04.000 --> 00:05.000
<v Bo>In <00:04.500>1911?
"""

CSV = """\
Dam,Date,Volume,Note
Torvik,1998-05-01,8.4 million m3,"The ""old"" dam,
of stone."
,,,
Lorn,,2.1 million m3,,more
"""

RST = """\
The mole at *Lorn*
==================

:Author: Ada Pell
:Date: 4 March 2021
:Topic: ports

.. A comment.

It cost |cost| [1]_ and x\\ :sup:`2` of granite.

Limits
------

- boats
- ships

======  ======
Dam     Volume
======  ======
Torvik  8.4
======  ======

.. code:: python

   if lit:
       leave()

.. |cost| replace:: 8 million
.. [1] In 1911.
"""

ODT = """\
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
  xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
  xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
  xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:automatic-styles>
<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/></style:style>
<style:style style:name="T2"><style:text-properties style:text-position="sub 58%"/></style:style>
</office:automatic-styles><office:body><office:text>
<text:tracked-changes><text:deletion><text:p>Deleted.</text:p></text:deletion></text:tracked-changes>
<text:table-of-content><text:p>Limits 1</text:p></text:table-of-content><text:h>Limits</text:h>
<text:p>It cost<text:s/>8×10<text:span text:style-name="T1">6</text:span> in 1911<text:note
><text:note-citation>1</text:note-citation>
<text:note-body><text:p>In a note.</text:p></text:note-body></text:note>,<text:tab/>two<text:line-break/>lines
<draw:frame><draw:text-box><text:p>In a box.</text:p></draw:text-box></draw:frame>
<office:annotation><text:p>No.</text:p></office:annotation>H<text:span text:style-name="T2">2</text:span>O.</text:p
><text:list><text:list-item><text:p>boats</text:p></text:list-item
><text:list-item><text:p>ships</text:p></text:list-item></text:list>
<table:table><table:table-row><table:table-cell><text:p>Dam</text:p></table:table-cell>
<table:table-cell><text:p>Volume</text:p></table:table-cell></table:table-row>
<table:table-row><table:table-cell><text:p>Torvik</text:p></table:table-cell>
<table:table-cell><text:p>8.4</text:p></table:table-cell></table:table-row></table:table>
</office:text></office:body></office:document-content>"""
ODT_META = """\
<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><office:meta>
<dc:title>The mole at Lorn</dc:title><dc:subject>Ports</dc:subject><meta:initial-creator>Bo</meta:initial-creator>
<dc:creator>Ada Pell</dc:creator><dc:date>2021-03-04T10:30:00</dc:date><meta:keyword>ports</meta:keyword>
<meta:keyword>stone</meta:keyword></office:meta></office:document-meta>"""

RTF = r"""{\rtf1\ansi\ansicpg1251{\fonttbl{\f0\fcharset204 Arial;}}{\info{\title The mole of \ldblquote Lorn\rdblquote}
{\author \'c0\'e4\'e0 \'cf\'e5\'eb\'eb}{\creatim\yr2021\mo3\dy4\hr10}}
\f0 \'cc\'e0\'ff\'ea \u-10179?\u-8704? cost 8\u215?10{\super\fs20 6}
 in 1911{\super\chftn{\footnote \chftn In a \{note\}.}}.\par
Two\line lines of H{\sub 2}O, and {\field{\*\fldinst{HYPERLINK "http://x.example"}}{\fldrslt{\ul a link}}}.\par
\trowd Dam\cell Volume\cell\row Torvik\cell 8.4\cell\row
}"""


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """An archive with these members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return made.getvalue()


def slides() -> bytes:
    """A presentation of three slides, the second of them blank."""
    made = pptx.Presentation()
    made.core_properties.title, made.core_properties.author = "The mole at Lorn", "Ada Pell"
    first = made.slides.add_slide(made.slide_layouts[1])
    body = first.placeholders[1].text_frame
    body.text = "It cost 8×10"
    run = body.paragraphs[0].add_run()
    run.text, run.font._element.attrib["baseline"] = "6", "30000"
    body.add_paragraph().text = "It is of\vgranite."
    first.shapes.title.text = "What it\ncost"
    first.notes_slide.notes_text_frame.text = "Said aloud."
    made.slides.add_slide(made.slide_layouts[6])
    third = made.slides.add_slide(made.slide_layouts[5])
    third.shapes.title.text = "Dams"
    table = third.shapes.add_table(2, 2, 0, 0, 99, 99).table
    for at, text in enumerate(("Dam", "Volume", "Torvik", "8.4")):
        table.cell(at // 2, at % 2).text = text
    box = third.shapes.add_group_shape().shapes.add_textbox(0, 0, 9, 9)
    box.text_frame.text = "In a group."
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


SAMPLES: dict[str, bytes] = {".eml": MAIL, ".srt": SRT.encode(), ".vtt": VTT.encode(), ".csv": CSV.encode()}
SAMPLES |= {".tsv": SAMPLES[".csv"].replace(b",", b"\t"), ".rst": RST.encode()}
SAMPLES |= {".rtf": RTF.encode(), ".pptx": slides()}
SAMPLES |= {".odt": zipped({"META-INF/manifest.xml": "<manifest/>", "content.xml": ODT, "meta.xml": ODT_META})}
"""A file of each kind, by its suffix."""


@pytest.fixture
def events(tmp_path: Path) -> Events:
    """Writes a file and reads it."""

    def make(name: str, content: str | bytes) -> list[Document | Skipped]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [event for event in read(path, name) if not isinstance(event, Working)]

    return make


@pytest.fixture
def document(events: Events) -> Make:
    """Writes a file and reads the one document in it."""

    def make(name: str, content: str | bytes) -> Document:
        [found] = events(name, content)
        assert isinstance(found, Document)
        return found

    return make


def headings(found: Document) -> list[str]:
    return [found.text[start:end] for start, end in found.headings]


# ---------------------------------------------------------------- mail


def test_a_mail_states_its_subject_sender_and_day(document: Make) -> None:
    found = document("a.eml", MAIL)
    assert found.text.strip() == "The mole cost £ 8 million. It was built in 1911, of granite."
    assert (found.title, found.author, found.date) == ("The mole at Lorné", "Adá Pell; bo@lorn.example", "2021-03-04")
    assert found.metadata == {"to": ["Ines Calder"], "attachments": ["plan.pdf"]}


def test_a_mail_of_html_alone_is_read_as_a_page(document: Make) -> None:
    mail = "Subject: Ice\nContent-Type: text/html; charset=utf-8\n\n<h1>Ice</h1><p>It is <b>thin</b>.</p>"
    assert document("a.eml", mail).text == "Ice\n\nIt is thin."


def test_a_mail_with_a_malformed_sender_is_read(document: Make) -> None:
    found = document("a.eml", "From: <<[>@,;:\nTo: =?x?y?z\nSubject: Ice\nDate: soon\n\nIt is thin.\n")
    assert (found.title, found.date, found.text.strip()) == ("Ice", None, "It is thin.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Some words.\n\nMore words.\n", "not a mail: it has no line such as From, Date or Subject"),
        (MAIL.partition(b"--b\n")[0] + b"--b\n" + MAIL.rpartition(b"--b\n")[2], "no text in it, but .*: plan.pdf"),
    ],
)
def test_what_is_no_mail_or_has_no_text_says_so(events: Events, content: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        events("a.eml", content)


# ---------------------------------------------------------------- subtitles


def test_cues_become_running_text_without_times(document: Make) -> None:
    found = document("a.srt", SAMPLES[".srt"])
    assert found.text == "The mole was built in 1911, of granite. <Nobody> left.\n\nIt cost 8 million."
    assert (found.title, found.metadata) == ("a", {})


def test_web_subtitles_name_who_speaks_and_leave_out_notes_and_styles(document: Make) -> None:
    found = document("a.vtt", SAMPLES[".vtt"])
    assert found.text == "Ada: The lamp & the mole. They were lit.\n\nBo: In 1911?"


def test_lines_that_roll_up_are_said_once(document: Make) -> None:
    rolling = "".join(
        f"00:00:0{at}.000 --> 00:00:0{at + 1}.000\n{lines}\n\n"
        for at, lines in enumerate(["we lit", "we lit\n<00:00:01.200><c>the lamp</c>", "the lamp", "the lamp\nat dusk"])
    )
    assert document("a.vtt", f"WEBVTT\n\n{rolling}").text == "we lit the lamp at dusk"


def test_what_is_said_twice_is_kept_twice(document: Make) -> None:
    said = "00:01.000 --> 00:02.000\nNo.\n\n00:03.000 --> 00:04.000\nNo.\nNo.\n"
    assert document("a.vtt", f"WEBVTT\n\n{said}").text == "No. No. No."


@pytest.mark.parametrize("content", ["Some words.\n", "1\n00:00:01,000 --> 00:00:02,000\n\n", "00:99 --> x\na\n"])
def test_a_file_without_subtitles_says_so(events: Events, content: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^no subtitles in it$"):
        events("a.srt", content)


# ---------------------------------------------------------------- tables


def test_a_row_of_a_table_is_a_document(events: Events) -> None:
    first, second = events("t.csv", SAMPLES[".csv"])
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.title_is_name, first.date) == ("t.csv#2", "t, row 2", True, "1998-05-01")
    assert first.text == 'Dam: Torvik\nDate: 1998-05-01\nVolume: 8.4 million m3\nNote: The "old" dam,\nof stone.'
    assert first.metadata == {"dam": "Torvik", "volume": "8.4 million m3", "note": 'The "old" dam,\nof stone.'}
    assert isinstance(second, Document)
    assert (second.doc_id, second.text) == ("t.csv#4", "Dam: Lorn\nVolume: 2.1 million m3\nColumn 5: more")


@pytest.mark.parametrize("mark", [",", ";", "|", "\t"])
def test_what_parts_the_columns_is_found_out(events: Events, mark: str) -> None:
    rows = [("Dam", "Volume in m3"), ("Torvik", "8"), ("Lorn", "2"), ("Pell", "3")]
    found = events("t.csv", "\n".join(map(mark.join, rows)))
    texts = [each.text for each in found if isinstance(each, Document)]
    assert texts == [f"Dam: {dam}\nVolume in m3: {volume}" for dam, volume in rows[1:]]


@pytest.mark.parametrize("first", ["Torvik\t8.4", "Dam\tDam"])
def test_a_table_without_names_of_columns_loses_no_row(events: Events, first: str) -> None:
    found = events("t.tsv", f"{first}\nPell\t3\n")
    one, two = first.split("\t")
    texts = [each.text for each in found if isinstance(each, Document)]
    assert texts == [f"Column 1: {one}\nColumn 2: {two}", "Column 1: Pell\nColumn 2: 3"]


def test_of_a_table_only_a_row_that_is_too_long_is_skipped(events: Events) -> None:
    skipped, found = events("t.csv", f"Dam,Note\nTorvik,{'word ' * 2_000_000},{'word ' * 2_500_000}\nLorn,old\n")
    assert isinstance(skipped, Skipped)
    assert skipped.where == "t.csv:2"
    assert skipped.reason.startswith("22,500,0")
    assert isinstance(found, Document)


@pytest.mark.slow
def test_names_of_columns_do_not_make_a_small_table_huge(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincite.parsers.table._MOST_WRITTEN", 1 << 20)
    with pytest.raises(UnreadableFile, match=r"^its rows have more than 1 million characters: divide it$"):
        events(
            "t.csv", ",".join(f"{at:0>90}x" for at in range(500)) + f"\n{',' * 500}\n" + ("," * 498 + "a\n") * 100_000
        )


@pytest.mark.parametrize(
    ("content", "reason"), [("Dam,Volume\n", "no row below the names of its columns"), ("\n", "empty")]
)
def test_a_table_without_rows_says_so(events: Events, content: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        events("t.csv", content)


def test_judgements_beside_a_corpus_are_no_articles(events: Events) -> None:
    with pytest.raises(UnreadableFile, match=r"^no articles but judgements of questions, as BEIR has them$"):
        events("test.tsv", "query-id\tcorpus-id\tscore\nq1\tf\t1\n")


# ---------------------------------------------------------------- reStructuredText


def test_restructured_text_states_its_title_and_fields(document: Make) -> None:
    found = document("a.rst", SAMPLES[".rst"])
    assert (found.title, found.author, found.date) == ("The mole at Lorn", "Ada Pell", "2021-03-04")
    assert found.metadata == {"topic": "ports"}
    assert headings(found) == ["Limits"]
    assert found.text == (
        "It cost 8 million [1] and x² of granite.\n\nLimits\n\nboats\nships\n\nDam | Volume\nTorvik | 8.4\n\n"
        "if lit:\n    leave()\n\n[1] In 1911."
    )


def test_what_only_sphinx_knows_gives_its_text(document: Make) -> None:
    found = document(
        "a.rst",
        "See :ref:`the lamp <lamp>`, :class:`~mole.Lamp` and :func:`!lit`.\n\n"
        ".. py:function:: lit(at)\n   :module: mole\n\n"
        "   Lights the lamp.\n\n   .. versionadded:: 3.2\n\n.. toctree::\n   :maxdepth: 2\n\n   limits\n   mole\n\n"
        ".. code-block:: python\n   :emphasize-lines: 1\n\n   lit(5)\n",
    )
    assert found.text == "See the lamp, Lamp and lit.\n\nlit(at)\n\nLights the lamp.\n\nAdded in version 3.2\n\nlit(5)"


def test_restructured_text_opens_no_other_file(tmp_path: Path, document: Make) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret\n")
    traps = [f".. include:: {secret}", f".. raw:: html\n   :file: {secret}", ".. raw:: html\n\n   <p>the secret</p>"]
    traps += [f".. csv-table:: T\n   :file: {secret}", f".. literalinclude:: {secret}"]
    traps += [f".. figure:: {secret}\n   :figwidth: image", f".. code::\n   :file: {secret}"]
    found = document("a.rst", "Here.\n\n" + "\n\n".join(traps) + "\n")
    assert "the secret" not in found.text


def test_restructured_text_with_a_line_without_end_says_so(events: Events) -> None:
    with pytest.raises(UnreadableFile, match=r"^a line of more than 100,000 characters$"):
        events("a.rst", "a" * 200_000)


# ---------------------------------------------------------------- OpenDocument


def test_an_opendocument_text_in_its_order(document: Make) -> None:
    found = document("a.odt", SAMPLES[".odt"])
    assert (found.title, found.author, found.date) == ("The mole at Lorn", "Ada Pell", "2021-03-04")
    assert found.metadata == {"keywords": ["ports", "stone"], "subject": "Ports"}
    assert headings(found) == ["Limits"]
    assert found.text == (
        "Limits\n\nIt cost 8×10⁶ in 1911[1], two\nlines H₂O.\n\nIn a box.\n\nboats\nships\n"
        "Dam | Volume\nTorvik | 8.4\n\n[1] In a note."
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"META-INF/manifest.xml": "<m><encryption-data/></m>", "content.xml": "x"}, "encrypted: needs a password"),
        ({"META-INF/manifest.xml": "<m/>", "content.xml": "<a/>"}, "no text document"),
        ({"META-INF/manifest.xml": "<m/>"}, "not a readable .odt file: damaged, cut off or of another kind.*"),
    ],
)
def test_an_opendocument_file_that_cannot_be_read_says_so(events: Events, members: dict[str, str], reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        events("a.odt", zipped(members))


@pytest.mark.parametrize("suffix", [".odt", ".pptx"])
def test_an_archive_that_unpacks_to_too_much_is_refused(events: Events, suffix: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^unpacks to 257 MB"):
        events(f"bomb{suffix}", zipped({"content.xml": "\0" * (257 << 20)}))


def test_raised_signs_that_follow_on_one_another_are_one(document: Make) -> None:
    spans = "".join(f'<text:span text:style-name="T1">{sign}</text:span>' for sign in "-12")
    odt = zipped({"META-INF/manifest.xml": "<m/>", "content.xml": ODT.replace("8×10", f"8×10{spans} and 10")})
    assert document("a.odt", odt).text.startswith("Limits\n\nIt cost 8×10⁻¹² and 10⁶ in 1911[1]")


# ---------------------------------------------------------------- RTF


def test_rtf_becomes_text(document: Make) -> None:
    found = document("a.rtf", SAMPLES[".rtf"])
    assert (found.title, found.author, found.date) == ("The mole of “Lorn”", "Ада Пелл", "2021-03-04")
    assert found.text == (
        "Маяк 😀 cost 8×10⁶ in 1911[1].\n\nTwo\nlines of H₂O, and a link.\n\n"
        "Dam | Volume\nTorvik | 8.4\n\n[1] In a {note}."
    )


def test_pictures_of_rtf_are_not_gone_through_letter_by_letter(document: Make) -> None:
    def seconds(line: str) -> float:
        rtf = f"{{\\rtf1 Before {{\\pict\\pngblip {line * 20_000}}}behind deadbeef.\\par}}"
        began = time.process_time()
        assert document("a.rtf", rtf).text == "Before behind deadbeef."
        return time.process_time() - began

    # The other is no picture's: it is gone through, which takes some fifty times as long.
    assert seconds("89504e470d0a1a0a" * 8 + "\r\n") < seconds("89504e47 d0a1a0a" * 8 + "\r\n") / 5


@pytest.mark.parametrize("content", ["Some words.", "{\\html1 words}"])
def test_what_only_is_named_rtf_says_so(events: Events, content: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^no RTF: it does not begin as RTF does$"):
        events("a.rtf", content)


# ---------------------------------------------------------------- slides


def test_slides_are_pages_with_titles_and_notes(document: Make) -> None:
    found = document("a.pptx", SAMPLES[".pptx"])
    assert (found.title, found.author, found.date) == ("The mole at Lorn", "Ada Pell", None)
    assert headings(found) == ["What it cost", "Dams"]
    first = "What it cost\n\nIt cost 8×10⁶\n\nIt is of\ngranite.\n\nSaid aloud."
    assert found.text == f"{first}\n\nDams\n\nDam | Volume\nTorvik | 8.4\n\nIn a group."
    assert [found.page_at(found.text.index(each)) for each in ("granite", "Said", "Dams")] == [1, 1, 3]


@pytest.mark.parametrize(
    ("content", "reason"),
    [("EncryptedPackage".encode("utf-16-le"), "encrypted: needs a password"), (b"", "an old .ppt: save it as .pptx")],
)
def test_what_only_is_named_pptx_says_so(events: Events, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        events("a.pptx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + content)


# ---------------------------------------------------------------- more of Word


def word(path: Path, *body: str, **parts: tuple[str, str, str | bytes]) -> Path:
    """A file with these elements in its body and, by the ids of their relationships, parts: type, name, content."""
    made = docx.Document()
    for at, xml in enumerate(body):
        made.element.body.insert(at, parse_xml(xml.replace("{}", nsdecls("w", "r", "m"), 1)))
    for key, (kind, name, content) in parts.items():
        data = content if isinstance(content, bytes) else content.replace("{}", nsdecls("w", "m"), 1).encode()
        part = Part(PackURI(f"/word/{name}"), kind, data, made.part.package)
        made.part.rels.add_relationship(f"{RELATED}/{key.rstrip('0123456789')}", part, key)
    made.save(str(path))
    return path


RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def read_word(path: Path) -> Document:
    [found] = read(path, path.name)
    assert isinstance(found, Document)
    return found


def paragraph(*runs: str, style: str = "", properties: str = "") -> str:
    """A paragraph of runs; one that begins with ``^`` or ``_`` is raised or lowered."""
    properties += f"<w:pStyle w:val='{style}'/>" if style else ""
    aligned = {"^": "superscript", "_": "subscript"}
    xml = "".join(
        f"<w:r><w:rPr><w:vertAlign w:val='{aligned[run[0]]}'/></w:rPr><w:t>{run[1:]}</w:t></w:r>"
        if run[0] in aligned
        else run
        if run[0] == "<"
        else f"<w:r><w:t xml:space='preserve'>{run}</w:t></w:r>"
        for run in runs
    )
    return f"<w:p {{}}><w:pPr>{properties}</w:pPr>{xml}</w:p>"


def test_raised_digits_of_word_stay_apart(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", paragraph("8×10", "^-", "^6", " m", "^2", " of H", "_2", "O in 2019", "^th"))
    assert read_word(path).text == "8×10⁻⁶ m² of H₂O in 2019th"


def test_marks_of_notes_stay_apart_from_numbers(tmp_path: Path) -> None:
    mark = "<w:r><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:footnoteReference w:id='7' {}/>{}</w:r>"
    own = mark.format("w:customMarkFollows='1'", "<w:t>9</w:t>")
    end = "<w:r><w:endnoteReference w:id='3'/></w:r>"
    gone = f"<w:del w:id='4'>{mark.format('', '')}</w:del>"
    text = paragraph("In 1911", mark.format("", ""), " and 1912", own, " and 1913", end, gone)
    note = "<w:{0}s {{}}><w:{0} w:id='{1}'><w:p><w:r><w:{0}Ref/><w:t> It was lit.</w:t></w:r></w:p></w:{0}></w:{0}s>"
    path = word(
        tmp_path / "a.docx",
        text,
        footnotes=(f"{XML}.footnotes+xml", "footnotes.xml", note.format("footnote", 7)),
        endnotes=(f"{XML}.endnotes+xml", "endnotes.xml", note.format("endnote", 3)),
    )
    assert read_word(path).text == ("In 1911[1] and 1912[9] and 1913[i]\n\n[1] It was lit.\n\n[i] It was lit.")


NUMBERING = """<w:numbering {}><w:abstractNum w:abstractNumId="5">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="6"><w:lvl w:ilvl="0"><w:start w:val="9"/><w:numFmt w:val="chineseCountingThousand"/>
<w:suff w:val="nothing"/><w:lvlText w:val="第%1条"/></w:lvl>
<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="6"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="5"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="4"/></w:lvlOverride></w:num>
</w:numbering>"""


def test_word_shows_numbers_before_clauses(tmp_path: Path) -> None:
    def item(text: str, number: int, level: int) -> str:
        properties = f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{number}'/></w:numPr>"
        return paragraph(*([text] if text else []), properties=properties)

    made = docx.Document()
    places = [
        ("Scope", 1, 0),
        ("Boats", 1, 1),
        ("red", 1, 2),
        ("blue", 1, 2),
        ("", 1, 1),
        ("Ships", 1, 1),
        ("Fees", 1, 0),
    ]
    places += [("Duty", 1, 1), ("总则", 2, 0), ("附则", 2, 0), ("dot", 2, 1), ("Again", 3, 0), ("plain", 0, 0)]
    for at, place in enumerate(places):
        made.element.body.insert(at, parse_xml(item(*place).replace("{}", nsdecls("w"), 1)))
    clause, article = (made.styles.add_style(name, 1) for name in ("Clause", "Article"))
    clause.element.get_or_add_pPr().append(parse_xml(f"<w:numPr {nsdecls('w')}><w:numId w:val='1'/></w:numPr>"))
    article.base_style = clause
    made.element.body.insert(len(places), made.add_paragraph("By style", style="Article")._element)
    made.part.numbering_part._element = parse_xml(NUMBERING.replace("{}", nsdecls("w"), 1))
    made.save(str(tmp_path / "a.docx"))
    assert read_word(tmp_path / "a.docx").text.split("\n") == [
        "1. Scope", "1.1 Boats", "(a) red", "(b) blue", "1.3 Ships", "2. Fees", "2.1 Duty",
        "第九条总则", "第十条附则", "dot", "4. Again", "plain", "", "5. By style",
    ]  # fmt: skip


EQUATIONS = [
    ("<m:f><m:num>{a+b}</m:num><m:den>{c}</m:den></m:f>", "(a+b)/c"),
    ("<m:sSup><m:e>{x}</m:e><m:sup>{2}</m:sup></m:sSup>", "x^2"),
    ("<m:sSubSup><m:e>{x}</m:e><m:sub>{1}</m:sub><m:sup>{n+1}</m:sup></m:sSubSup>", "x_1^(n+1)"),
    ("<m:rad><m:radPr/><m:deg/><m:e>{2x}</m:e></m:rad>", "√(2x)"),
    ("<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{i=1}</m:sub><m:sup>{n}</m:sup><m:e>{i}</m:e></m:nary>",
     "∑_(i=1)^n i"),
    ("<m:d><m:dPr><m:begChr m:val='['/><m:endChr m:val=']'/></m:dPr><m:e>{a}</m:e><m:e>{b}</m:e></m:d>", "[a|b]"),
    ("<m:func><m:fName>{sin}</m:fName><m:e>{x}</m:e></m:func>", "sin x"),
    ("<m:m><m:mr><m:e>{1}</m:e><m:e>{0}</m:e></m:mr><m:mr><m:e>{0}</m:e><m:e>{1}</m:e></m:mr></m:m>", "[1, 0; 0, 1]"),
    ("", "[formula]"),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "written"), EQUATIONS)
def test_equations_of_word_leave_no_hole(tmp_path: Path, equation: str, written: str) -> None:
    equation = re.sub(r"\{(.+?)\}", r"<m:r><m:t>\1</m:t></m:r>", equation)
    path = word(tmp_path / "a.docx", paragraph("It is ", f"<m:oMath>{equation}</m:oMath>", " wide."))
    assert read_word(path).text == f"It is {written} wide."


def test_numbers_of_a_hostile_file_stay_short(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_paragraph("Scope")._element.get_or_add_pPr().append(
        parse_xml(f"<w:numPr {nsdecls('w')}><w:numId w:val='1'/></w:numPr>")
    )
    made.part.numbering_part._element = parse_xml(
        f"<w:numbering {nsdecls('w')}><w:abstractNum w:abstractNumId='5'><w:lvl w:ilvl='0'>"
        f"<w:start w:val='2000000000'/><w:numFmt w:val='lowerLetter'/><w:lvlText w:val='{'%1' * 9000}'/></w:lvl>"
        "</w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='5'/></w:num></w:numbering>"
    )
    made.save(str(tmp_path / "a.docx"))
    assert len(read_word(tmp_path / "a.docx").text) < 1000


def test_a_strict_word_file_is_read(tmp_path: Path) -> None:
    made = docx.Document()
    made.core_properties.title = "The mole"
    made.add_heading("Limits", 1)
    made.add_paragraph("It was built.")
    made.save(str(tmp_path / "a.docx"))
    with zipfile.ZipFile(tmp_path / "a.docx") as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    strict = {
        each: re.sub(rb"http://schemas.openxmlformats.org/(wordprocessingml|officeDocument|drawingml)/2006/",
                     rb"http://purl.oclc.org/ooxml/\1/", content)
        for each, content in members.items()
    }  # fmt: skip
    (tmp_path / "a.docx").write_bytes(zipped(strict))
    found = read_word(tmp_path / "a.docx")
    assert (found.title, found.text, headings(found)) == ("The mole", "Limits\n\nIt was built.", ["Limits"])


def test_files_within_a_word_file_are_read_in_their_place_or_skipped(tmp_path: Path) -> None:
    chunk = "<w:altChunk {{}} r:id='aFChunk{}'/>"
    path = word(
        tmp_path / "a.docx",
        paragraph("Before."),
        *(chunk.format(at) for at in (1, 2, 3, 9)),
        paragraph("Behind."),
        aFChunk1=("text/html", "a.html", "<h2>Fees</h2><p>Three <b>crowns</b>.</p>"),
        aFChunk2=("text/plain", "b.txt", "if a < b"),
        aFChunk3=("application/rtf", "c.rtf", RTF),
    )
    first, second, found = read(path, "a.docx")
    assert first == Skipped("a.docx", "the file /word/c.rtf within it is not read: open and save it in Word")
    assert second == Skipped("a.docx", "a file within it is missing")
    assert isinstance(found, Document)
    assert found.text == "Before.\n\nFees\n\nThree crowns.\n\nif a < b\n\nBehind."
    assert headings(found) == ["Fees"]


# ---------------------------------------------------------------- EPUB and JSON Lines


def book(chapter: str, encryption: str) -> bytes:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    named = (
        "<encryption xmlns:e='http://www.w3.org/2001/04/xmlenc#'><e:EncryptedData><e:CipherData>"
        f"<e:CipherReference URI='{encryption}'/></e:CipherData></e:EncryptedData></encryption>"
    )
    container = "<container><rootfiles><rootfile full-path='OPS/book.opf'/></rootfiles></container>"
    members = {"META-INF/container.xml": container, "META-INF/encryption.xml": named, "OPS/book.opf": package}
    return zipped(members | {"OPS/a.xhtml": f"<html><body>{chapter}</body></html>"})


@pytest.mark.parametrize(
    ("chapter", "encryption", "reason"),
    [
        ("", "OPS/font.otf", "no text in it"),
        ("", "OPS/a.xhtml", "encrypted: protected against copying"),
        ("<p>It looks like text.</p>", "OPS/a.xhtml", "encrypted: protected against copying"),
    ],
)
def test_an_empty_book_with_an_obfuscated_font_is_not_encrypted(
    events: Events, chapter: str, encryption: str, reason: str
) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        events("b.epub", book(chapter, encryption))


def test_a_line_without_a_text_is_skipped_unless_it_is_as_in_beir(events: Events) -> None:
    lines = ['{"title": "Ice", "content": "It is thin."}', '{"_id": "7", "title": "Only a title", "metadata": {}}']
    skipped, found, empty = events("c.jsonl", "\n".join([*lines, '{"title": "Also", "text": "", "n": 1}']))
    assert skipped == Skipped("c.jsonl:1", "no field named 'text', only title; content: name it so")
    assert isinstance(found, Document)
    assert found.text == "Only a title"
    assert isinstance(empty, Document)
    assert empty.text == "Also"


# ---------------------------------------------------------------- notes of Markdown


def test_notes_of_markdown_stand_once_at_the_end(document: Make) -> None:
    source = (
        "It cost 1911[^1] crowns[^why], *twice*[^1].\n\n[^1]: Of *silver*.\n[^why]: A long story.\n\n"
        "    It goes on.\n\nIt ended. An [^unknown] mark.\n\n```\ncode[^1]\n```\n"
    )
    assert document("a.md", source).text == (
        "It cost 1911[1] crowns[2], twice[1].\n\nIt ended. An [^unknown] mark.\n\ncode[^1]\n\n"
        "[1] Of silver.\n\n[2] A long story.\n\nIt goes on."
    )


def test_a_note_of_one_word_is_no_link(document: Make) -> None:
    assert document("a.md", "Lit in 1911[^1].\n\n[^1]: Twice\n").text == "Lit in 1911[1].\n\n[1] Twice"
