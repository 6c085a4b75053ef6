"""What each reader makes of its files, good and bad, and what the worker processes survive."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given
from hypothesis import strategies as st

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import SUFFIXES, Skipped, Working, __main__, pool, read
from pincite.parsers.decoding import clean, decode
from pincite.parsers.headings import with_headings
from pincite.parsers.metadata import as_json, iso_date, one_line
from pincite.parsers.pool import FileDone, read_files

Make = Callable[..., Document]


@pytest.fixture
def events(tmp_path: Path) -> Callable[[str, str | bytes], list[Document | Skipped]]:
    """Writes a file and reads it."""

    def make(name: str, content: str | bytes) -> list[Document | Skipped]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [event for event in read(path, name) if not isinstance(event, Working)]

    return make


@pytest.fixture
def document(events: Callable[[str, str | bytes], list[Document | Skipped]]) -> Make:
    """Writes a file and reads the one document in it."""

    def make(name: str, content: str | bytes) -> Document:
        [found] = events(name, content)
        assert isinstance(found, Document)
        assert found.doc_id == name
        assert all(found.text[start:end] == found.text[start:end].strip() for start, end in found.headings)
        return found

    return make


def headings(found: Document) -> list[str]:
    return [found.text[start:end] for start, end in found.headings]


# ---------------------------------------------------------------- decoding

SENTENCES = {
    "cp1252": [
        "The “Gull” – a sloop – paid £5 for a naïve pilot’s café.",
        "Où est passé l'été ? Le maître a payé dès août.",
        "Die Straße über den Fluß ist größer. Käufer zahlten 5 €.",
        "¿Dónde está el niño? ¡Mañana!",
    ],
    "gb18030": [
        "老船夫在渡口边修好了木船。",
        "码头",
        "2021年，iPhone销量增长了8%。",
        "She wrote 渡口 on the wall, twice.",
    ],
    "big5": ["老船夫在渡口邊修好了木船，燈塔由石匠點亮。"],
    "shift_jis": ["灯台は夜明けに石工によって点灯された。"],
    "cp1251": ["Смотритель маяка зажёг огонь на рассвете и ушёл домой."],
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in SENTENCES.items() for text in texts])
def test_a_sentence_is_enough_to_tell_the_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1).filter(lambda text: text.strip()))
def test_unicode_comes_back_whole(encoding: str, text: str) -> None:
    if not text.startswith("\ufeff") and text.count("\ufffd") * 20 < len(text):
        assert decode(text.encode(encoding)) == text


@given(st.text(st.characters(exclude_categories=[])))
def test_a_clean_text_can_be_stored_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert "\r" not in cleaned
    assert clean(cleaned.removeprefix("\ufeff")) == cleaned.removeprefix("\ufeff")
    assert len(cleaned) >= len(text.removeprefix("\ufeff")) - text.count("\r\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_known_without_their_mark(encoding: str) -> None:
    text = "The standby pump at Lorn is new \u2013 and of caf\u00e9 size."
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n" * 9, r"a PDF: name it \.pdf"),
        (b"{\\rtf1\\ansi The ice came.\\par}", r"RTF: name it \.rtf"),
        (b"PK\x03\x04" + b"word/document.xml" * 40, "an archive, not text"),
    ],
)
def test_what_only_is_named_as_text_says_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        decode(data)


def test_utf8_with_a_few_damaged_bytes_stays_utf8() -> None:
    text = "老船夫在渡口边修好了木船。" * 20
    assert decode(text.encode() + b"\xff" + text.encode()) == f"{text}\ufffd{text}"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", b"\0" * 40, bytes(range(256)) * 8])
def test_binary_is_not_text(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^binary, not text$"):
        decode(data)


# ---------------------------------------------------------------- fields


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2022-06-09", "2022-06-09"),
        ("2022-06-09T07:30:00Z", "2022-06-09"),
        ("9 June 2022", "2022-06-09"),
        ("June 9th, 2022", "2022-06-09"),
        ("Thu, 09 Jun 2022 07:30:00 GMT", "2022-06-09"),
        ("9. Juni 2022", "2022-06-09"),
        ("9 août 2022", "2022-08-09"),
        ("9 de marzo de 2022", "2022-03-09"),
        ("2022年6月9日", "2022-06-09"),
        ("2022/6/9", "2022-06-09"),
        ("09.06.2022", "2022-06-09"),
        ("23/06/2022", "2022-06-23"),
        ("09-Jun-2022", "2022-06-09"),
        ("Thu Jun  9 07:30:00 CST 2022", "2022-06-09"),
        ("Thu Jun 09 07:30:00 +0000 2022", "2022-06-09"),
        ("二〇二二年六月九日", "2022-06-09"),
        ("发布日期：二零二二年十二月三十一日", "2022-12-31"),
        ("二〇二二年十月", "2022-10"),
        ("２０２２年６月９日", "2022-06-09"),
        ("二〇二二年十三月九日", None),
        ("二〇二二年十十月九日", None),
        ("D:20220609073000+02'00'", "2022-06-09"),
        ("June 2022", "2022-06"),
        ("2022-06", "2022-06"),
        ("2022", "2022"),
        (2022, "2022"),
        ("2021-02-31", None),
        ("3/4/2021", None),
        ("yesterday", None),
        ("Version 10.2.2021.7", None),
        ("", None),
        (True, None),
        (None, None),
    ],
)
def test_dates_become_iso_or_nothing(written: object, iso: str | None) -> None:
    assert iso_date(written) == iso


def test_names_become_one_line() -> None:
    assert one_line(["Ann  Lee", {"name": "Bo\nDahl"}, "", None]) == "Ann Lee; Bo Dahl"
    assert one_line("  ") is None
    assert one_line(7) == "7"
    assert one_line(True) is None


@given(st.recursive(st.floats() | st.text(st.characters(exclude_categories=[])) | st.binary() | st.dates(), st.lists))
def test_metadata_can_be_written_as_json(value: object) -> None:
    json.dumps(as_json(value), allow_nan=False).encode()
    json.dumps(as_json({"key": value}), ensure_ascii=False).encode()


# ---------------------------------------------------------------- text


def test_text_with_a_title_and_a_date_line(document: Make) -> None:
    found = document("a.txt", "Why the ferry stopped\n\n2021-03-04 0 By\n\nIt ran aground.So it stopped.\n")
    assert (found.title, found.date, found.author) == ("Why the ferry stopped", "2021-03-04", None)
    assert found.text == "It ran aground.So it stopped.\n"
    assert not found.title_is_name


@pytest.mark.parametrize(
    ("head", "stated"),
    [
        ("By Ines Calder\nJune 9, 2022\n", {"author": "Ines Calder", "date": "2022-06-09"}),
        ("By I. B. Calder, 3 May 2021\n", {"author": "I. B. Calder", "date": "2021-05-03"}),
        ("By Ines Calder | 3 May 2021 | The Gazette\n", {"author": "Ines Calder", "source": "The Gazette"}),
        ("Published: 9 June 2022 10:30 AM\nSource: The Gazette\n", {"date": "2022-06-09", "source": "The Gazette"}),
        (
            "来源：河口日报\n作者：李安\n2022年6月9日 07:30\n",
            {"source": "河口日报", "author": "李安", "date": "2022-06-09"},
        ),
        ("https://gazette.example/ferry\n", {"url": "https://gazette.example/ferry"}),
    ],
)
def test_lines_below_the_title_that_state_something(document: Make, head: str, stated: dict[str, str]) -> None:
    found = document("a.txt", f"Ferry news\n\n{head}\nThe ferry is late.")
    assert found.text == "The ferry is late."
    assert found.title == "Ferry news"
    assert {key: getattr(found, key) for key in stated} == stated


@pytest.mark.parametrize(
    "text",
    [
        "The first paragraph is short.\n\nThe second one follows.",
        "A line that is wrapped\nafter some words.\n\nMore of it.",
        "Only one line without an end",
        "June 9, 2022 was a sunny day.\n\nThe next was not.",
        "By the time we came, it was dark.\n\nWe lit lamps.",
        "渡口的船都修好了。\n\n船夫住在河边。",
        "  indented\nverse  \n",
    ],
)
def test_text_without_a_title_is_left_alone(document: Make, text: str) -> None:
    found = document("the name.txt", text)
    assert found.text == text
    assert (found.title, found.title_is_name) == ("the name", True)


@pytest.mark.parametrize(
    ("line", "is_date"),
    [
        ("Published on Thursday, 4 March 2021 at 10:30 a.m. EST", True),
        ("Updated: Tues 2021-03-04T07:30:00.5Z", True),
        ("2021-03-04 10:30 -0500, 3 min read – 12 comments", True),
        ("2021-03-04 (at 7:30 GMT)", True),
        ("2021-03-04 " + "-1111" * 25, True),
        ("2021-03-04 " + "-1111" * 25 + "!", False),
        ("2021-03-04 was bitterly cold", False),
    ],
)
def test_what_may_stand_beside_a_date(document: Make, line: str, is_date: bool) -> None:
    assert (document("a.txt", f"Ferry\n\n{line}\n\nIt ran aground.").date == "2021-03-04") is is_date


def test_text_is_decoded_with_plain_line_ends(document: Make) -> None:
    found = document("a.txt", "\ufeffPumps\r\n\r\nOne\u00ad \u200bnew.\rTwo\u0000 old.\r\n".encode("utf-16"))
    assert (found.title, found.text) == ("Pumps", "One\u00ad \u200bnew.\nTwo\ufffd old.\n")


NOTES = """Pump notes
==========

Version 2.3
-----------
Released on 2021-04-05. The valve was mended.

Version 2.2
-----------

Released on 2020-01-02.
"""


def test_underlined_titles_of_a_text_are_headings(document: Make) -> None:
    found = document("a.txt", NOTES)
    assert found.title == "Pump notes"
    assert headings(found) == ["Version 2.3", "Version 2.2"]
    assert found.text == (
        "Version 2.3\nReleased on 2021-04-05. The valve was mended.\n\nVersion 2.2\n\nReleased on 2020-01-02.\n"
    )


SECTIONS = [
    ("Limits\n------\n\nThe {}.\n", ["Limits"]),
    ("======\nLimits\n======\n\nThe {}.\n", ["Limits"]),
    ("========\n Limits\n========\nThe {}.\n", ["Limits"]),
    ("What is new?\n~~~~~~~~~~~~\nThe {}.\n", ["What is new?"]),
    ("Limits\n==================================================\n\nThe {}.\n", ["Limits"]),
    ("限制\n----\n\n{}。\n", ["限制"]),
    ("2.3\n---\n- The {}.\n2.2 again\n---------\n- The end.\n", ["2.3", "2.2 again"]),
    (
        "Version 2.3 (2021-04-05)\n\nThe {}.\n\nVersion 2.2 (2020-04-05)\n- The end.\n",
        ["Version 2.3 (2021-04-05)", "Version 2.2 (2020-04-05)"],
    ),
    (
        "[2.3.0] - 5 April 2021\n\n- The {}.\n\nPumps 2.2.0, released on 2020-04-05\n\n- The end.",
        ["[2.3.0] - 5 April 2021", "Pumps 2.2.0, released on 2020-04-05"],
    ),
    ("v2.3.1\n\n- The {}.\n\n2.3 (unreleased)\n\n- The end.\n", ["v2.3.1", "2.3 (unreleased)"]),
    (
        "====\n\n\tChanges of the pump\n\nThe {}.\n\n====\n\n\tOf the lamp\n\n* The end.\n",
        ["Changes of the pump", "Of the lamp"],
    ),
    ("FILES AND PLACES\n\nThe {}.\n\nON THE LAMP\n\nThe end.\n", ["FILES AND PLACES", "ON THE LAMP"]),
    ("Version 3\n\nThe {}.\n\nRelease 2 (2021-04-05)\n\nThe end.\n", ["Version 3", "Release 2 (2021-04-05)"]),
    ("INTRODUCTION\n\nThe {}.\n", ["INTRODUCTION"]),
    ("WHAT IS A LAMP\n\nThe {}.\n\nWILL AND TESTAMENT\n\nThe end.\n", ["WHAT IS A LAMP", "WILL AND TESTAMENT"]),
    ("3.1 What is a lamp\n\nThe {}.\n\n1.2 May and June\n\nThe end.\n", ["3.1 What is a lamp", "1.2 May and June"]),
    (
        "Chapter 7: What Is a Lamp\n\nThe {}.\n\nPart II: 1990\n\nThe end.",
        ["Chapter 7: What Is a Lamp", "Part II: 1990"],
    ),
    ("Annual report: 2023\n===================\n\nThe {}.\n", ["Annual report: 2023"]),
    ("The pump\n========\nIts limits\n----------\nThe {}.\n", ["The pump", "Its limits"]),
    ("NAME\n       pump - mends the {}\n\nSEE ALSO\n       lamp(1)\n", ["NAME", "SEE ALSO"]),
    ("3.2 Limits\n\nThe {}.\n\nA.1.2. On the \u00c9tangs\n\nThe end.\n", ["3.2 Limits", "A.1.2. On the \u00c9tangs"]),
    ("Chapter 4: The lamp\n\nThe {}.\n\nPART II\n\nThe end.", ["Chapter 4: The lamp", "PART II"]),
    ("\u7b2c\u4e09\u7ae0 \u603b\u5219\n\n{}\u3002\n", ["\u7b2c\u4e09\u7ae0 \u603b\u5219"]),
]


@pytest.mark.parametrize(("section", "expected"), SECTIONS)
def test_headings_of_a_text(document: Make, section: str, expected: list[str]) -> None:
    found = document("a.txt", f"It began in May, with a lamp.\n\n{section.format('keeper left')}")
    assert headings(found) == expected
    assert not any(re.fullmatch(r"[-=~]{3,}", line) for line in found.text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        "Port  Depth\n-----------\nAske  4 m\n",
        "-----------\nPort Depth\n-----------\nAske 4 m\nCorran 3 m\n-----------\n",
        "Port\n----\nAske\nPell\n----\n",
        "Port | Depth\n------------\nAske | 4 m\n",
        "Port   Depth\n====   =====\nAske   4 m\n",
        "It rained on the mole,\nand the keeper left\n------------------------\nThe next day was dry.\n",
        "It rained on the mole,\nand the keeper left\n-------------------\nThe next day was dry.\n",
        "The keeper left.\n----------------\nThe next day was dry.\n",
        "Thanks to all,\nAda Pell\n-- \nKeeper of the light\n",
        "Thanks to all.\n\nAda Pell\n",
        "Thanks to all.\n\nAda Pell\n--------\n",
        "- rope\n------\nTar was sold, too.\n",
        "Bread 2.50 in May 2021\n\nThe mill sold it.\n",
        "CLOSED ON SUNDAYS\n\nThe keeper left.\n",
        "ALL BOATS MUST BE LIT\n\nThe keeper left.\n\nNO BOAT MAY STAY\n\nThe end.\n",
        "Article 5: Everyone has the right to a lamp\n\nThe keeper left.\n",
        "Aske: 3\n-------\nThe keeper left.\n",
        "Aske has three\n--------------\nPell has four\n-------------\nThe keeper left.\n",
        "====================\n\nChanges of the pump\n\nThe keeper left.\n",
        "OPEN 9 TO 5\n\nThe keeper left.\n",
        "THE LOCK IS SHUT.\n\nThe keeper left.\n",
        "THE LOCK IS SHUT\n\nWRITE TO THE BOARD\n",
        "1. Buy rope\n\nIt is sold in Aske.\n\n2. Buy tar\n\nIt is sold in Corran.\n",
        "9.15 Lunch\n\nIt is served on the mole.\n\n12.30 Return\n\nThe end.\n",
        "3.50 Coffee\n\n4.20 Tea\n\n3.5 million\n\nMore was never sold.\n",
        "Chapter 4 tells how the keeper left\n\nThe end.\n",
        "Crane\n    90 crowns an hour\nQuay\n    3 crowns\n",
        "The keeper left Aske in 2021-04-05\n\nThe end.\n",
        "10.0.0.1\n\nThe address of the lamp.\n",
        "1.5 (about)\n\nThe end.\n",
    ],
)
def test_lines_that_are_no_headings_stay_in_the_text(document: Make, text: str) -> None:
    text = f"It began in May, with a lamp.\n\n{text}"
    found = document("a.txt", text)
    assert (headings(found), found.text) == ([], text)


def test_the_work_for_headings_grows_as_the_text_does() -> None:
    began = time.process_time()
    assert len(with_headings("Limits\n------\n\n" * 60_000 + "End")[1]) == 60_000
    assert time.process_time() - began < 20  # seconds; it takes less than one, and more than a minute otherwise


def test_a_version_among_several_is_not_the_title(document: Make) -> None:
    text = NOTES.partition("\n\n")[2]
    for notes in (text, text.replace("-----------\n", "")):
        found = document("notes.txt", notes)
        assert (found.title, found.title_is_name) == ("notes", True)
        assert headings(found) == ["Version 2.3", "Version 2.2"]
    assert document("notes.txt", text.partition("Version 2.2")[0]).title == "Version 2.3"


def test_notes_of_days_are_sections(document: Make) -> None:
    found = document("a.txt", "Diary\n\n2021-03-04\n----------\nIt rained.\n\n2021-03-05\n----------\nIt froze.\n")
    assert (found.title, found.date, headings(found)) == ("Diary", None, ["2021-03-04", "2021-03-05"])


@given(
    st.lists(
        st.sampled_from(
            [
                "",
                "Limits",
                "------",
                "======",
                " Limits",
                "v2.3",
                "2.3 (2021-04-05)",
                "NAME",
                "  lamp",
                "It is. So",
                "3.2 Limits",
                "\t",
                "-- ",
                "\u2028 A",
            ]
        )
    )
)
def test_headings_are_whole_lines_and_nothing_but_drawn_lines_is_lost(lines: list[str]) -> None:
    text, spans = with_headings("\n".join(lines))
    for start, end in spans:
        assert text[start:end].strip() == text[start:end] != ""
        assert "\n" not in text[start:end]
        assert not text[:start].rpartition("\n")[2].strip()
        assert not text[end:].partition("\n")[0].strip()
    assert sorted(spans) == list(spans)
    drawn = ("------", "======")
    assert [each for each in text.split("\n") if each not in drawn] == [
        each for each in "\n".join(lines).split("\n") if each not in drawn
    ]


# ---------------------------------------------------------------- Markdown


def test_markdown_becomes_text(document: Make) -> None:
    source = (
        "Intro with *emphasis*, `code`, [a link](u) and ![a map](m.png).\n\n# Tides\n\n- low\n- high\n  - spring\n\n"
        "Setext\n------\n\n| Port | Depth |\n|---|---|\n| Aske | 4 m |\n\n```py\nif a < b:\n    pass\n```\n\n"
        "<div>In <b>HTML</b></div>\n\n<script>no()</script>\n\nA List<Pump> of 3 < 4 &amp; more\\\nnext line.\n"
    )
    found = document("a.md", source)
    assert found.text == (
        "Intro with emphasis, code, a link and a map.\n\nTides\n\nlow\nhigh\nspring\n\nSetext\n\n"
        "Port | Depth\nAske | 4 m\n\nif a < b:\n    pass\n\nIn HTML\n\nA List<Pump> of 3 < 4 & more\nnext line."
    )
    assert headings(found) == ["Tides", "Setext"]
    assert found.title == "Tides"


def test_front_matter(document: Make) -> None:
    head = "---\ntitle: 1931\nauthor: [A. Bo, C. Du]\ndate: 2021-04-09\nlink: https://x.example\nsource: Gazette\n"
    found = document("a.md", "\ufeff" + f"{head}at: 12:30\ntags: [x]\ndraft: true\n---\n\nText.".replace("\n", "\r\n"))
    assert (found.title, found.author, found.date) == ("1931", "A. Bo; C. Du", "2021-04-09")
    assert (found.url, found.source, found.text) == ("https://x.example", "Gazette", "Text.")
    assert found.metadata == {"at": "12:30", "tags": ["x"], "draft": "true"}


def test_front_matter_in_toml(document: Make) -> None:
    head = 'title = "Tide tables"\ndate = 2021-05-06\nauthors = ["I. Vestby"]\n[taxonomies]\ntags = ["tides"]\n'
    found = document("a.md", f"+++\n{head}+++\n\nThey are out.")
    assert (found.title, found.date, found.author, found.text) == (
        "Tide tables",
        "2021-05-06",
        "I. Vestby",
        "They are out.",
    )
    assert found.metadata == {"taxonomies": {"tags": ["tides"]}}
    assert document("b.md", "+++\nno toml\n+++\n\nText.").text == "+++ no toml +++\n\nText."


def test_a_post_of_jekyll_has_its_day_in_its_name_and_no_tags_in_its_text(document: Make) -> None:
    body = '{% image "lock.jpg" %}\n\nIt opened, as [announced]({{ "/notice/" | url }}) before.\n'
    found = document("2016-03-09-lock.md", f"---\ntitle: Lock\n---\n\n{body}")
    assert (found.date, found.text) == ("2016-03-09", "It opened, as announced before.")
    found = document("2016-03-09-lock.md", f"---\ntitle: Lock\ndate: 2017-01-02\n---\n\n{body}")
    assert found.date == "2017-01-02"
    assert document("templates.md", "---\ntitle: T\n---\n\nWrite {{ name }} there.").text == "Write {{ name }} there."


def test_a_post_about_templates_keeps_what_it_is_about(document: Make) -> None:
    body = "Write {{ message }} to show it. In Jinja {% if a %} tests.\n\n```\n{% if a %}\n```\n"
    found = document("2024-01-02-vue.md", f"---\ntitle: Vue\n---\n\n{body}").text
    assert "Write {{ message }} to show it. In Jinja {% if a %} tests." in found
    assert found.count("{% if a %}") == 2


def test_front_matter_that_is_not_quite_yaml(document: Make) -> None:
    found = document("a.md", "---\ntitle: Ice: a story\nauthors: [A, B]\ndate: 2021-02-31\n---\nText.")
    assert (found.title, found.author, found.date) == ("Ice: a story", "A; B", None)
    assert found.metadata == {"date": "2021-02-31"}
    assert found.text == "Text."


@pytest.mark.parametrize("head", ["---\n\nA rule\n\n---\n", "---\n- a\n- b\n---\n", "---\nno end\n"])
def test_a_head_that_states_nothing_is_text(document: Make, head: str) -> None:
    found = document("name.md", f"{head}\nThe end.")
    assert found.title_is_name
    assert found.text.endswith("The end.")
    assert len(found.text) > len("The end.")


def test_front_matter_cannot_grow_without_bound(document: Make) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    found = document("a.md", f"---\n{bomb}---\nText.")
    assert len(json.dumps(found.metadata)) < 2000
    assert found.text == "Text."


# ---------------------------------------------------------------- HTML

PROSE = (
    "The harbour of Aldhaven froze over in the second week of January, and for nine days no boat could leave it.",
    "Its pilots walked out on the ice with saws and poles, and cut a lane as wide as the ferry and twice as long.",
    "When the thaw came at last, the lane was the first water to open, and the mail arrived that same afternoon.",
)


def page(body: str, head: str = "<title>Ice</title>") -> str:
    article = f"<article><h1>Ice</h1>{''.join(f'<p>{paragraph}</p>' for paragraph in PROSE)}{body}</article>"
    menu = "<nav><ul><li><a href='/'>Home</a></li><li><a href='/tides'>Tide tables</a></li></ul></nav>"
    footer = "<footer><p>Copyright 2011-2024 Aldhaven Courier</p></footer>"
    return f"<html><head><meta charset='utf-8'>{head}</head><body>{menu}<main>{article}</main>{footer}</body></html>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ""),
        ("<h2>Later</h2><p>Spring <b>ca</b>me.</p>", "\n\nLater\n\nSpring came."),
        ("<ul><li>saws</li><li>poles<ol><li>long</li></ol></li></ul>", "\n\nsaws\npoles\n1. long"),
        ("<dl><dt>Floe</dt><dd>A <b>sheet</b> of ice</dd></dl>", "\n\nFloe: A sheet of ice"),
        ("<dl><dt>How?</dt><dd>By saw</dd><dt>When:</dt><dd>At ten</dd></dl>", "\n\nHow? By saw\nWhen: At ten"),
        (
            "<dl><dt>Floe</dt><dt>Sheet</dt><dd>Of ice</dd><dd>Of tin</dd></dl>",
            "\n\nFloe, Sheet: Of ice\nFloe, Sheet: Of tin",
        ),
        ("<dl><dt>Floe</dt><dd><p>A sheet</p><p>of ice</p></dd></dl>", "\n\nFloe: A sheet\nof ice"),
        (
            "<table><tr><th>Day</th><th>Ice</th></tr><tr><td>9</td><td><ul><li>thick</li><li>white</li></ul></td></tr>"
            "</table>",
            "\n\nDay | Ice\n9 | thick white",
        ),
        ("<div>Loose words<h3>Next</h3><p>More words.</p></div>", "\n\nLoose words\n\nNext\n\nMore words."),
        ("<p>First line<br>second line</p>", "\n\nFirst line\nsecond line"),
        ("<figure><img src='x'><figcaption>The lane in 1904</figcaption></figure>", "\n\nThe lane in 1904"),
        ("<pre>a = 1\n  b = 2</pre>", "\n\na = 1\n  b = 2"),
        ("<script>var x = 1;</script><p style='display:none'>secret</p>", ""),
        ("<div id='comments'><h3>2 comments</h3><p>My uncle cut that lane, and nobody ever paid him.</p></div>", ""),
        ("<div class='cookie-banner'><p>We use cookies to improve your experience. Accept all?</p></div>", ""),
    ],
)
def test_html_gives_the_article_alone(document: Make, body: str, expected: str) -> None:
    found = document("a.html", page(body))
    assert found.text == "\n\n".join(["Ice", *PROSE]) + expected
    assert headings(found)[0] == "Ice"


def test_html_states_what_it_is(document: Make) -> None:
    described = {"@type": "NewsArticle", "datePublished": "2020-11-03T07:30Z", "author": {"name": "Ines Calder"}}
    ld = json.dumps({"@context": "https://schema.org"} | described)
    head = (
        f"<title>Ice | Aldhaven Courier</title><script type='application/ld+json'>{ld}</script>"
        "<link rel='canonical' href='https://courier.example/ice'><meta property='og:site_name' content='The Courier'>"
    )
    found = document("a.html", page("<p>It began on 4 May 2011 (2012-03-04).</p>", head))
    assert (found.title, found.date, found.author) == ("Ice", "2020-11-03", "Ines Calder")
    assert (found.url, found.source) == ("https://courier.example/ice", "The Courier")


def test_html_that_states_nothing_has_no_date_and_no_source(document: Make) -> None:
    found = document("a.html", page("<p>It began on 4 May 2011 (2012-03-04).</p>"))
    assert (found.date, found.source, found.author, found.url) == (None, None, None, None)


def test_a_date_line_of_the_page_counts(document: Make) -> None:
    found = document("a.html", page("").replace("</h1>", "</h1><p><time datetime='2019-05-06'>6 May</time></p>"))
    assert found.date == "2019-05-06"


def test_a_short_page_is_read_too(document: Make) -> None:
    body = "<nav>Menu</nav><h1>How to add texts</h1><p>Put a file into the folder.</p><ul><li>Then update.</li></ul>"
    found = document("a.htm", f"<title>How to add texts - Manual</title>{body}<footer>Imprint</footer>")
    assert found.title == "How to add texts"
    assert found.text == "How to add texts\n\nPut a file into the folder.\n\nThen update."


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("gb2312", "gb18030", "老船夫在渡口边修好了木船。"),
        ("iso-8859-1", "cp1252", "Le café “fermé” de l’été."),
        ("windows-1250", "cp1250", "Zażółć gęślą jaźń."),
        ("utf-8", "cp1252", "Le café fermé de l’été."),
        ("iso-8859-1", "utf-8", "Le café fermé de l’été."),
        ("no-such-thing", "utf-8", "Le café fermé de l’été."),
    ],
)
def test_the_declared_encoding_counts_unless_it_is_wrong(
    document: Make, declared: str, encoding: str, text: str
) -> None:
    source = f"<html><head><meta http-equiv='Content-Type' content='text/html; charset={declared}'></head><p>{text}</p>"
    assert document("a.html", source.encode(encoding)).text == text


def test_xhtml_with_its_declaration(document: Make) -> None:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Ä</title></head>'
    )
    assert document("a.xhtml", f"{head}<body><p>Größe &eacute;</p></body></html>").text == "Größe é"


WIKI = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Aldhaven - Wikipedia</title>
<meta property="og:title" content="Aldhaven - Wikipedia"><link rel="canonical" href="https://en.wikipedia.org/wiki/Aldhaven">
</head><body><div id="mw-head"><h2>Navigation menu</h2></div><div id="content" class="mw-body">
<h1 id="firstHeading" class="firstHeading">Aldhaven</h1><div class="mw-parser-output">{text}
<div role="navigation" class="navbox authority-control" aria-labelledby="Authority_control_databases"><table><tr>
<th>Authority control databases</th><td><a href="#">GND</a></td></tr></table></div></div></div>
<footer id="footer"><ul><li>This page was last edited on 3 March 2024, at 10:12.</li></ul></footer></body></html>"""
BLOG = """<!DOCTYPE html><html><head><title>Nine days of ice &#8211; A keeper&#8217;s log</title></head><body>
<header id="masthead"><h1 class="site-title"><a href="/" rel="home">A keeper\u2019s log</a></h1>
<p class="date">29 November 2026</p>
</header><div id="primary"><article><header class="entry-header"><h1 class="entry-title">Nine days of ice</h1>
<div class="entry-meta">Posted on <time class="entry-date published" datetime="2019-02-03T10:00:00+00:00">
February 3, 2019</time> by <span class="author vcard"><a class="url fn n" href="/author/x">{author}</a></span>
</div></header><div class="entry-content">{text}<div class="sharedaddy">
<h3>Share this:</h3><a href="#">Click to share</a></div>
</div></article></div><aside><h2>Recent comments</h2><ul><li>Bob, 2026-11-02</li></ul></aside>
<footer>Powered by WordPress, 2024</footer></body></html>"""
NEWS = """<html><head><title>{title}</title><meta property="og:site_name" content="Aldhaven Courier">
<meta property="og:title" content="{og}"></head><body><header><a href="/">Aldhaven Courier</a>
<div class="date">Sunday, 29 November 2026</div></header><main><article><h1>Nine days of ice</h1>{text}
<div class="related"><time datetime="2026-10-28">28 Oct</time>
<a rel="author" href="#">Other Writer</a></div></article></main>
<div class="sidebar"><div class="widget"><time datetime="2026-10-01">1 Oct</time></div></div>
<script type="application/ld+json">{ld}</script></body></html>"""


def article_of(source: str, **values: str) -> str:
    values["text"] = "".join(f"<p>{paragraph}</p>" for paragraph in PROSE)
    for name, value in values.items():
        source = source.replace(f"{{{name}}}", value)
    return source


def test_an_encyclopedia_has_neither_its_own_name_in_the_title_nor_an_author(document: Make) -> None:
    found = document("a.html", article_of(WIKI))
    assert (found.title, found.author, found.date, found.source) == ("Aldhaven", None, None, None)


@pytest.mark.parametrize(
    ("written", "author"),
    [
        ("Ines Calder", "Ines Calder"),
        ("By Ines Calder, February 3, 2019", "Ines Calder"),
        ("Posted by Ines Calder", "Ines Calder"),
        ("Pin-Yu Chen", "Pin-Yu Chen"),
        *((each, None) for each in ("admin", "By", "February 3, 2019", "https://courier.example/ines", "5 min read")),
        *((each, None) for each in ("Share on Facebook Tweet", "webmaster", "ines@courier.example", "View all posts")),
    ],
)
def test_the_author_of_a_blog_is_a_name(document: Make, written: str, author: str | None) -> None:
    found = document("a.html", article_of(BLOG, author=written))
    assert (found.title, found.author, found.date) == ("Nine days of ice", author, "2019-02-03")


NAMES = (
    "Nine days of ice | Aldhaven Courier",
    "Aldhaven Courier | Nine days of ice",
    "Nine days of ice \u2014 Aldhaven Courier",
)


@pytest.mark.parametrize("title", [*NAMES, "Nine days of ice"])
@pytest.mark.parametrize("og", [NAMES[0], "Aldhaven Courier", "Nine days of ice"])
def test_a_news_page_states_what_its_json_says_and_no_day_of_other_articles(
    document: Make, title: str, og: str
) -> None:
    story: dict[str, Any] = {"@type": "NewsArticle", "datePublished": "2020-01-20T08:00Z", "dateModified": "2021-05-05"}
    story |= {"author": [{"@type": "Person", "name": "Ines Calder"}, {"@type": "Person", "name": "Bo Dahl"}]}
    ld = json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Courier"}, story]})
    found = document("a.html", article_of(NEWS, title=title, og=og, ld=ld))
    assert (found.title, found.author, found.date) == ("Nine days of ice", "Ines Calder; Bo Dahl", "2020-01-20")
    assert found.source == "Aldhaven Courier"
    found = document("b.html", article_of(NEWS, title=title, og=og, ld="{}"))
    assert (found.title, found.author, found.date) == ("Nine days of ice", None, None)


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        (
            "Courier | Ice at Aldhaven",
            "<header><h1>Courier</h1></header><main><h2>Ice at Aldhaven</h2>{text}</main>",
            "Ice at Aldhaven",
        ),
        (
            "Ice | Courier",
            "<div id='top'><h1><a href='/'>Courier</a></h1></div><article><h2>Ice</h2>{text}</article>",
            "Ice",
        ),
        ("Ice and thaw | Courier", "<main><h1>Ice</h1>{text}</main>", "Ice"),
        ("Home", "<main><h1>Ice</h1>{text}</main>", "Ice"),
        ("Ice \u2014 Courier", "<main>{text}</main>", "Ice"),
        ("Ice: a study", "<main>{text}</main>", "Ice: a study"),
    ],
)
def test_the_title_of_a_page_is_that_of_its_article(document: Make, title: str, body: str, expected: str) -> None:
    page = article_of(f"<html><head><title>{title}</title></head><body>{body}</body></html>")
    assert document("a.html", page).title == expected


# ---------------------------------------------------------------- Word


def test_docx_in_document_order(tmp_path: Path) -> None:
    word = docx.Document()
    word.core_properties.title, word.core_properties.author = "Reservoirs", "The water board"
    word.add_heading("Volumes", 1)
    word.add_paragraph("Published every\tMay.").add_run(" In two\nlines.")
    table = word.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, (("Name", "Volume"), ("Torvik", "8.4 million")), strict=True):
        row.cells[0].text, row.cells[1].text = texts
    table.rows[1].cells[1].add_table(1, 2).rows[0].cells[0].text = "m3"
    word.add_paragraph("first", style="List Bullet")
    word.add_paragraph("second", style="List Bullet")
    word.save(str(tmp_path / "a.docx"))
    [found] = read(tmp_path / "a.docx", "a.docx")
    assert isinstance(found, Document)
    assert found.text == (
        "Volumes\n\nPublished every May. In two\nlines.\n\nName | Volume\nTorvik | 8.4 million m3\nfirst\nsecond"
    )
    assert headings(found) == ["Volumes"]
    assert (found.title, found.author, found.date) == ("Reservoirs", "The water board", None)


def test_docx_tracked_changes_links_boxes_and_footnotes(tmp_path: Path) -> None:
    word = docx.Document()
    body = (
        "<w:p {0}><w:r><w:t>The mole </w:t></w:r><w:del w:id='1'><w:r><w:delText>fell</w:delText></w:r></w:del>"
        "<w:ins w:id='2'><w:r><w:t>stood</w:t></w:r></w:ins><w:hyperlink><w:r><w:t> firm</w:t></w:r></w:hyperlink>"
        "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>"
    )
    control = "<w:sdt {0}><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    for position, xml in enumerate((body, control)):
        word.element.body.insert(position, parse_xml(xml.format(nsdecls("w"))))
    word.save(str(tmp_path / "a.docx"))
    [found] = read(tmp_path / "a.docx", "a.docx")
    assert isinstance(found, Document)
    assert found.text == "The mole stood firm\n\nIn a box.\n\nIn a control."
    assert found.title_is_name


@pytest.mark.parametrize("kind", ["footnotes", "endnotes"])
def test_docx_notes_follow_the_text(tmp_path: Path, kind: str) -> None:
    word = docx.Document()
    word.add_paragraph("The charter is lost.")
    note = f"<w:{kind} {nsdecls('w')}><w:p><w:r><w:t>A copy is in Lorn.</w:t></w:r></w:p></w:{kind}>"
    content = f"application/vnd.openxmlformats-officedocument.wordprocessingml.{kind}+xml"
    part = Part(PackURI(f"/word/{kind}.xml"), content, note.encode(), word.part.package)
    word.part.relate_to(part, f"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}")
    word.save(str(tmp_path / "a.docx"))
    [found] = read(tmp_path / "a.docx", "a.docx")
    assert isinstance(found, Document)
    assert found.text == "The charter is lost.\n\nA copy is in Lorn."


@pytest.mark.parametrize(
    ("content", "reason"),
    [("EncryptedPackage".encode("utf-16-le"), "encrypted: needs a password"), (b"", "an old .doc: save it as .docx")],
)
def test_what_only_is_named_docx(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + content)
    with pytest.raises(UnreadableFile, match=f"^{reason}$"):
        list(read(tmp_path / "a.docx", "a.docx"))


# ---------------------------------------------------------------- EPUB


def make_epub(
    path: Path, chapters: Mapping[str, str | None], *, extra: dict[str, str] | None = None, meta: str = ""
) -> Path:
    """A book with these chapters in this order; they lie in the archive the other way round, below ``OPS/``."""
    items = "".join(
        f'<item id="i{at}" href="{name}" media-type="application/xhtml+xml" '
        f'properties="{name.removesuffix(".xhtml") if name.startswith("nav") else ""}"/>'
        for at, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{at}"/>' for at in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{meta}</metadata><manifest>{items}</manifest><spine>{spine}</spine>"
        '<guide><reference type="cover" href="cover.xhtml"/></guide></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    with zipfile.ZipFile(path, "w") as book:
        for name, body in reversed(list(chapters.items())):
            if body is not None:
                head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>no</title></head>'
                book.writestr(f"OPS/{name}".replace("%20", " "), f"{head}<body>{body}</body></html>")
        for name, content in {"OPS/book.opf": package, "META-INF/container.xml": container, **(extra or {})}.items():
            book.writestr(name, content)
    return path


def test_epub_in_the_order_of_the_book(tmp_path: Path) -> None:
    chapters = {
        "cover.xhtml": "<p>Cover</p>",
        "nav.xhtml": "<p>Contents</p>",
        "z%20one.xhtml": "<h1>One&nbsp;</h1><p>It began<br/>in &eacute;t&eacute;.</p><p><i>A</i>sk</p>",
        "a.xhtml": "<h1>Two</h1><p>Unclosed <b>bold<p>It ended.",
    }
    meta = (
        "<dc:title>Salt</dc:title><dc:creator>A. Bo</dc:creator><dc:creator>C. Du</dc:creator>"
        "<dc:publisher>Quay Press</dc:publisher><dc:date>2019-07-01T00:00:00Z</dc:date><dc:language>en</dc:language>"
    )
    [found] = read(make_epub(tmp_path / "b.epub", chapters, meta=meta), "b.epub")
    assert isinstance(found, Document)
    assert found.text == "One\u00a0\n\nIt began\nin été.\n\nAsk\n\nTwo\n\nUnclosed bold\n\nIt ended."
    assert (found.title, found.author, found.source, found.date) == ("Salt", "A. Bo; C. Du", "Quay Press", "2019-07-01")
    assert found.metadata == {"language": "en"}


def test_a_missing_chapter_costs_only_itself(tmp_path: Path) -> None:
    skipped, found = read(make_epub(tmp_path / "b.epub", {"a.xhtml": "<p>Here.</p>", "b.xhtml": None}), "b.epub")
    assert skipped == Skipped("b.epub:OPS/b.xhtml", "missing")
    assert isinstance(found, Document)
    assert (found.text, found.title, found.title_is_name) == ("Here.", "b", True)


@pytest.mark.parametrize(("chapter", "readable"), [("x" + "\1\2\3" * 9, False), ("<p>Here.</p>", True)])
def test_an_encrypted_book_is_told_from_obfuscated_fonts(tmp_path: Path, chapter: str, readable: bool) -> None:
    path = make_epub(tmp_path / "b.epub", {"a.xhtml": chapter}, extra={"META-INF/encryption.xml": "<encryption/>"})
    if readable:
        assert len(list(read(path, "b.epub"))) == 1
    else:
        with pytest.raises(UnreadableFile, match=r"^encrypted: protected against copying$"):
            list(read(path, "b.epub"))


def test_xml_fetches_and_expands_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    trap = f'<!DOCTYPE c [<!ENTITY x SYSTEM "{tmp_path}/secret.txt">]><container>&x;</container>'
    path = make_epub(tmp_path / "b.epub", {"a.xhtml": "<p>Here.</p>"}, extra={"META-INF/container.xml": trap})
    with pytest.raises(UnreadableFile) as caught:
        list(read(path, "b.epub"))
    assert "secret" not in str(caught.value).replace("secret.txt", "")


@pytest.mark.parametrize("suffix", ["epub", "docx"])
def test_a_zip_bomb_is_not_unpacked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bomb.{suffix}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("zeros", "w") as member:
        for _ in range(257):
            member.write(bytes(1 << 20))
    with pytest.raises(UnreadableFile, match=r"^unpacks to 257 MB"):
        list(read(path, path.name))


# ---------------------------------------------------------------- JSON Lines


def lines(*objects: object) -> str:
    return "\n".join(map(json.dumps, objects))


def test_a_line_is_a_document(events: Callable[..., list[Document | Skipped]]) -> None:
    line = {
        "_id": "MED-1",
        "title": "Ice",
        "text": "To\r\nthe letter. ",
        "metadata": {"url": "https://x.example", "k": 1},
    }
    more = {"id": 7, "text": "No title.", "author": ["A", "B"], "date": "June 9, 2022", "source": "Gazette", "n": [1]}
    first, second, third = events("c.jsonl", lines(line, more, {"title": "Only a title"}))
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.text) == ("c.jsonl#MED-1", "Ice", "To\r\nthe letter. ")
    assert (first.url, first.metadata) == ("https://x.example", {"k": 1})
    assert isinstance(second, Document)
    assert (second.doc_id, second.title, second.title_is_name) == ("c.jsonl#7", "7", True)
    assert (second.author, second.date, second.source) == ("A; B", "2022-06-09", "Gazette")
    assert second.metadata == {"n": [1]}
    assert isinstance(third, Document)
    assert (third.doc_id, third.title, third.text) == ("c.jsonl#3", "Only a title", "Only a title")


def test_bad_lines_are_skipped_with_their_number(events: Callable[..., list[Document | Skipped]]) -> None:
    bad = ['{"text": ', "[1]", '{"title": " "}', '{"text": 5}', "[" * 100_000]
    found = events("c.jsonl", "\n".join([*bad, "", '{"text": "good"}', ""]))
    assert [each.where for each in found if isinstance(each, Skipped)] == [f"c.jsonl:{n}" for n in range(1, 6)]
    assert [each.reason for each in found if isinstance(each, Skipped)][1:5] == [
        "not a JSON object",
        "neither title nor text",
        "its title or text is not a string",
        "nested too deeply",
    ]
    assert [each.doc_id for each in found if isinstance(each, Document)] == ["c.jsonl#7"]


def test_of_two_lines_with_one_id_the_second_is_skipped(events: Callable[..., list[Document | Skipped]]) -> None:
    found = events("c.jsonl", lines({"_id": "x", "text": "a"}, {"text": "b"}, {"id": "x", "text": "c"}))
    assert [each.doc_id for each in found if isinstance(each, Document)] == ["c.jsonl#x", "c.jsonl#2"]
    assert found[2] == Skipped("c.jsonl:3", "has the id 'x', which is that of line 1: give each line an id of its own")


def test_a_line_without_an_id_does_not_take_that_of_another(events: Callable[..., list[Document | Skipped]]) -> None:
    found = events("c.jsonl", lines({"id": 2, "text": "a"}, {"text": "b"}))
    assert [each.doc_id for each in found if isinstance(each, Document)] == ["c.jsonl#2", "c.jsonl#line-2"]


def test_what_json_may_hold_and_a_store_may_not(events: Callable[..., list[Document | Skipped]]) -> None:
    [found] = events("c.jsonl", '{"text": "\\ud800 \\u0000 \\ud83d\\ude00", "a\\udfff": NaN}')
    assert isinstance(found, Document)
    assert (found.text, found.metadata) == ("\ufffd \ufffd 😀", {"a\ufffd": None})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_jsonl_encodings(events: Callable[..., list[Document | Skipped]], encoding: str) -> None:
    found = events("c.jsonl", '{"text": "café"}\n{"text": "thé"}'.encode(encoding))
    assert [each.text for each in found if isinstance(each, Document)] == ["café", "thé"]


def test_gzipped_lines(events: Callable[..., list[Document | Skipped]]) -> None:
    packed = gzip.compress(lines({"text": "a"}, {"text": "b"}).encode())
    assert len(events("c.jsonl.gz", packed)) == 2
    for damaged in (packed[:-9], packed[:15] + b"\0\0\0" + packed[18:]):
        with pytest.raises(UnreadableFile, match=r"^damaged gzip file: "):
            events("c.jsonl.gz", damaged)


# ---------------------------------------------------------------- bad files of every kind


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("content", [b"", b" \n", b"\0\1\2\3" * 50, b"PK\x03\x04 broken", b"%PDF-1.4\n1 0 obj <<"])
def test_a_bad_file_gives_one_line_or_its_text(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    try:
        found = list(read(path, path.name))
    except UnreadableFile as error:
        found = [Skipped(path.name, str(error))]
    assert all(each.text.strip() for each in found if isinstance(each, Document))
    reasons = [each.reason for each in found if isinstance(each, Skipped)]
    assert all(reason and "\n" not in reason and "<class" not in reason for reason in reasons)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_no_document(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").touch()
    with pytest.raises(UnreadableFile):
        list(read(tmp_path / f"a{suffix}", f"a{suffix}"))


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", "a.epub", "a.jsonl"])
def test_a_missing_file_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        list(read(tmp_path / name, name))


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td"])
def test_deep_nesting_is_an_error_and_no_crash(document: Make, tag: str) -> None:
    assert "bottom" in document("a.html", f"<p>top</p>{f'<{tag}>' * 300}bottom").text
    with pytest.raises(UnreadableFile, match=r"^its elements are nested too deeply$"):
        document("b.html", f"<p>top</p>{f'<{tag}>' * 9000}bottom")


# ---------------------------------------------------------------- worker processes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        (tmp_path / f"{number}.txt").write_text(f"Note {number}\n\nThe text of note {number}.")
    os.mkfifo(tmp_path / "hangs.txt")
    return tmp_path


def jobs(folder: Path, *names: str) -> Iterator[tuple[str, Path]]:
    return ((name, folder / name) for name in names)


def endings(found: Sequence[tuple[str, object]]) -> dict[str, str | None]:
    """How each file ended; each does so once."""
    done = [(name, event) for name, event in found if isinstance(event, FileDone)]
    assert len(dict(done)) == len(done)
    return {name: event.problem for name, event in done}


def worth_another_try(found: Sequence[tuple[str, object]]) -> set[str]:
    return {name for name, event in found if isinstance(event, FileDone) and event.again}


def children() -> set[int]:
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """No process and no open file outlives a test, but those that wait for more."""
    pool.IDLE.end()
    before, open_files = children(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    yield
    pool.IDLE.end()
    assert children() <= before
    # A thread of other tests in this process may have a file open for a moment; what was left behind stays open.
    end = time.monotonic() + 10
    while len(os.listdir("/proc/self/fd")) > open_files and time.monotonic() < end:  # noqa: PTH208
        time.sleep(0.05)
    assert len(os.listdir("/proc/self/fd")) <= open_files  # noqa: PTH208


@pytest.mark.parametrize("workers", [1, 2])
def test_every_file_is_read_and_ended_once(folder: Path, workers: int) -> None:
    (folder / "empty.txt").touch()
    (folder / "c.jsonl").write_text(lines({"text": "a", "date": "2021"}, [], {"text": "c"}))
    names = ["0.txt", "empty.txt", "1.txt", "c.jsonl", "2.txt"]
    found = list(read_files(jobs(folder, *names), workers=workers))
    assert endings(found) == dict.fromkeys(names) | {"empty.txt": "empty"}
    documents = {each.doc_id: each for _, each in found if isinstance(each, Document)}
    expected = {
        each.doc_id: each
        for name in ("0.txt", "1.txt", "2.txt", "c.jsonl")
        for each in read(folder / name, name)
        if isinstance(each, Document)
    }
    assert documents == expected
    assert ("c.jsonl", Skipped("c.jsonl:2", "not a JSON object")) in found
    for name in names:
        assert isinstance([event for job, event in found if job == name][-1], FileDone)


def test_no_worker_without_a_job(folder: Path) -> None:
    before = children()
    assert list(read_files([], workers=2)) == []
    assert children() == before


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_parser_that_hangs_costs_its_file(folder: Path, workers: int) -> None:
    found = list(read_files(jobs(folder, "0.txt", "hangs.txt", "1.txt"), workers=workers, timeout=2))
    late = "took longer than 2 s: divide it, or try it again with --rebuild"
    assert endings(found) == {"0.txt": None, "hangs.txt": late, "1.txt": None}
    assert worth_another_try(found) == set()


def test_a_file_that_was_given_more_time_is_said_to_have_had_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_MORE_SECONDS", 0.4)
    worker = pool._Worker()
    worker.pipe.close()
    worker.pipe, its_end = Pipe()
    with its_end:
        worker.begin("a.pdf", Path("a.pdf"))
        its_end.send_bytes(json.dumps({"working": {}}).encode())
        assert list(worker.hear()) == []
        ((name, done),) = pool._listen([worker], 0.1)
    assert (name, done) == ("a.pdf", FileDone("took longer than 0.5 s: divide it, or try it again with --rebuild"))


def test_a_crash_costs_its_file(folder: Path) -> None:
    def killing() -> Iterator[tuple[str, Path]]:
        yield "0.txt", folder / "0.txt"
        yield "hangs.txt", folder / "hangs.txt"
        for worker in children() - before:
            os.kill(worker, signal.SIGSEGV)
        yield "1.txt", folder / "1.txt"

    before = children()
    found = list(read_files(killing(), workers=1))
    assert endings(found) == {"0.txt": None, "hangs.txt": "the reader crashed on it (signal 11)", "1.txt": None}
    assert worth_another_try(found) == {"hangs.txt"}


def test_a_crash_within_an_answer_costs_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = folder / "worker"
    worker.write_text(
        f"#!{sys.executable}\nimport json, os, signal, struct, sys\nfrom multiprocessing.connection import Connection\n"
        "fd = int(sys.argv[-1])\npipe = Connection(fd)\n"
        "while json.loads(pipe.recv_bytes())[1] != '1.txt':\n    pipe.send_bytes(b'{\"done\": {}}')\n"
        "os.write(fd, struct.pack('!i', 100_000) + b'{\"document\": ')\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    worker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(worker))
    found = list(read_files(jobs(folder, "0.txt", "1.txt", "2.txt"), workers=1))
    assert endings(found) == {"0.txt": None, "1.txt": "the reader crashed on it (signal 9)", "2.txt": None}
    assert worth_another_try(found) == {"1.txt"}


def test_a_file_that_cannot_be_opened_is_worth_another_try_and_a_broken_one_is_not(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "broken.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}')[:-9])
    (folder / "place.txt").mkdir()
    names = ["gone.docx", "broken.pdf", "broken.jsonl.gz", "place.txt", "0.txt"]
    assert worth_another_try(list(read_files(jobs(folder, *names), workers=1))) == {"gone.docx", "place.txt"}


def test_a_file_that_needs_too_much_memory_costs_itself(folder: Path) -> None:
    """Readers that may take less than they set themselves, in a process of its own."""
    (folder / "huge.txt").write_bytes(b"word " * 50_000_000)
    code = f"""
import resource
from pathlib import Path
from pincite.parsers.headings import with_headings
from pincite.parsers.pool import read_files
resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
for name, event in read_files(((n, Path({str(folder)!r}, n)) for n in ("0.txt", "huge.txt", "1.txt")), workers=1):
    print(name, getattr(event, "problem", "a document"))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "huge.txt needs more memory than a reader may take" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "1.txt None"


def test_where_memory_cannot_be_limited_files_are_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    before = resource.getrlimit(resource.RLIMIT_AS)
    __main__.limit_memory()
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_large_file_streams_and_may_be_left_half_read(folder: Path) -> None:
    with (folder / "c.jsonl").open("w") as file:
        for number in range(3000):
            file.write(json.dumps({"text": f"{number} {'word ' * 2000}"}) + "\n")
    with closing(read_files(jobs(folder, "c.jsonl"), workers=2)) as found:
        first = [event for _, event in islice(found, 3)]
    assert [event.doc_id for event in first if isinstance(event, Document)] == [f"c.jsonl#{n}" for n in (1, 2, 3)]


def test_what_a_parser_prints_stays_out_of_the_answers(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "deep.html").write_text("<style>{" + "<p>" * 300 + "words")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    found = list(read_files(jobs(folder, "broken.pdf", "deep.html", "0.txt"), workers=1))
    assert endings(found)["0.txt"] is None
    assert capfd.readouterr() == ("", "")


def test_a_worker_that_cannot_start_is_worth_another_try(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    found = list(read_files(jobs(folder, "0.txt"), workers=1))
    assert endings(found) == {"0.txt": "the reader crashed on it (exit status 1)"}
    assert worth_another_try(found) == {"0.txt"}


def test_by_default_no_worker_outlives_what_it_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.IDLE, "seconds", 0.0)
    before = children()
    list(read_files(jobs(folder, "0.txt", "1.txt"), workers=2))
    assert children() == before


def test_who_has_read_reads_the_next_files(folder: Path) -> None:
    before = children()
    for name in ("0.txt", "1.txt"):
        assert endings(list(read_files(jobs(folder, name), workers=1))) == {name: None}
        assert len(children() - before) == 1
    first = children() - before
    list(read_files(jobs(folder, "2.txt"), workers=1))
    assert children() - before == first


def test_who_has_waited_long_or_is_old_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    with monkeypatch.context() as patched:
        patched.setattr(pool.IDLE, "seconds", 0.1)
        list(read_files(jobs(folder, "0.txt"), workers=1))
        until = time.monotonic() + 60
        while children() != before and time.monotonic() < until:
            time.sleep(0.05)
        assert children() == before
        list(read_files(jobs(folder, "0.txt"), workers=1))
        list(read_files([], workers=1))  # an update that has nothing to read keeps nobody waiting for ever
        while children() != before and time.monotonic() < until:
            time.sleep(0.05)
        assert children() == before
    monkeypatch.setattr(pool, "_OLDEST_SECONDS", 0.0)
    list(read_files(jobs(folder, "0.txt"), workers=1))
    assert children() == before


def test_without_a_thread_to_end_them_later_workers_are_ended_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(timer: object) -> None:
        raise RuntimeError("can't start new thread")

    before = children()
    monkeypatch.setattr(threading.Timer, "start", no_more)
    assert endings(list(read_files(jobs(folder, "0.txt"), workers=1))) == {"0.txt": None}
    assert children() == before


def test_who_died_while_idle_is_replaced(folder: Path) -> None:
    before = children()
    list(read_files(jobs(folder, "0.txt"), workers=1))
    (worker,) = children() - before
    os.kill(worker, signal.SIGKILL)
    os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
    assert endings(list(read_files(jobs(folder, "1.txt"), workers=1))) == {"1.txt": None}


def test_workers_end_with_their_program(folder: Path) -> None:
    code = f"""
import os
from pathlib import Path
from pincite.parsers.pool import IDLE, read_files
IDLE.seconds = 60
list(read_files([("0.txt", Path({str(folder)!r}, "0.txt"))], workers=1))
print(Path(f"/proc/self/task/{{os.getpid()}}/children").read_text())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (worker,) = done.stdout.split()
    until = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


def test_a_script_without_a_main_guard_works(folder: Path) -> None:
    script = folder / "script.py"
    script.write_text(
        "from pathlib import Path\nfrom pincite.parsers.pool import read_files\n"
        "print('once', [name for name, _ in read_files([('0.txt', Path('0.txt'))], workers=2)])\n"
    )
    (folder / "json.py").write_text("raise SystemExit('a file of the user shadows the standard library')")
    done = subprocess.run([sys.executable, "-P", script], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "once ['0.txt', '0.txt']\n"
