"""Mail, subtitles, tables, reStructuredText, OpenDocument, RTF and slides; what Word and EPUB files hold beside text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import Skipped, read

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

SAMPLES: dict[str, bytes] = {".eml": MAIL}
"""A file of each kind, by its suffix."""


@pytest.fixture
def events(tmp_path: Path) -> Events:
    """Writes a file and reads it."""

    def make(name: str, content: str | bytes) -> list[Document | Skipped]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read(path, name))

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
