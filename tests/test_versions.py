"""Questions that name a version are answered by its section, though only the line above it has the number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Document, Index
from pincite.parsers import read
from pincite.reading.versions import sections, versions

HEADINGS = """# Changelog of the tide calculator

## 2.3.1

- The harbour's clock is read in UTC.
- A missing gauge no longer stops the run.

## 2.3.0

- What was changed in the forecast: the moon's phase is now taken into account.
- The version of the tables can be printed.

## 2.2

- Added a German translation.
"""
LINES = """NEWS of the winch                     -*- outline -*-

* Noteworthy changes in release 1.12 (2022-04-07) [stable]

** Bug fixes

  The brake no longer slips in the rain. [bug introduced in winch 1.10]

  What is new in the rope's cover: it is red.

* Noteworthy changes in release 1.10 (2018-12-29) [stable]

** Performance improvements

  The motor of the new model is quicker.
"""
SEA = "The quay was mended in the spring. The gulls came back to the mole and the harbour master counted them.\n\n"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("versions")
    # A log so long that the words of a question alone do not find one of its sections.
    log = "".join(
        f'2021.{month:02}.17 - GNU pilot {major}.{month} "Song {month}"\n• Lantern {major * month} burns on.\n\n{SEA}'
        for major in (3, 4, 5, 6)
        for month in range(1, 13)
    )
    about = "".join(f"{at}. GNU pilot\n\nWhat changed in GNU pilot {at} times is its name.\n\n" for at in range(20))
    files = {"tide.md": HEADINGS, "winch/NEWS.txt": LINES, "pilot-log.txt": log, "pilot-faq.txt": about}
    write_files(folder / "c", files)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What was changed in version 2.3.1?", "clock is read in UTC.\nA missing gauge"),
        ("What's new in 2.3.1 of the tide calculator?", "clock is read in UTC.\nA missing gauge"),
        ("What was added in version 2.2.0?", "German translation"),
        ("Which bugs were fixed in winch 1.12?", "brake no longer slips"),
        ("Which performance improvements came with winch 1.10?", "motor of the new model"),
        ("What changed in GNU pilot 5.7?", "Lantern 35 burns on"),
    ],
)
def test_what_a_version_changed_stands_in_its_section(assistant: Assistant, question: str, said: str) -> None:
    answer = assistant.ask(question)
    assert said in answer.citations[0].quote, [each.quote for each in answer.citations]
    others = {"moon's phase", "German translation", "brake no longer", "motor of the new"} - {said}
    assert not any(other in answer.text for other in others if other not in answer.citations[0].quote)


@pytest.mark.parametrize(
    "question", ["What was changed in version 2.9.4 of the tide calculator?", "What is new in the tide calculator 7.7?"]
)
def test_no_section_of_that_version_is_no_answer(assistant: Assistant, question: str) -> None:
    assert not assistant.ask(question).answered


def test_when_a_version_came_is_told_of_that_version(assistant: Assistant) -> None:
    assert "1.10 (2018-12-29)" in assistant.ask("When was winch 1.10 released?").citations[0].quote


def test_a_thing_of_another_name_is_not_answered_by_the_number(assistant: Assistant) -> None:
    answer = assistant.ask("What was changed in version 2.3.1 of the sextant?")
    assert not any("UTC" in each.quote and each.confidence >= 0.5 for each in answer.citations)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("What is new in v2.3.1?", {"2.3.1"}),
        ("version 5 and release 6.0", {"5", "6"}),
        ("since gzip-1.6.", {"1.6"}),
        ("2.50.3rc1, in 2019, 14 of 15", set()),
    ],
)
def test_versions_are_numbers_with_points_or_with_the_word(text: str, named: set[str]) -> None:
    assert versions(text) == named


def test_lines_above_sections_name_a_version_and_no_more(tmp_path: Path) -> None:
    text = "# Winch 2.3 (2021-04-05)\n\nPulls 3.5 t.\n\n## 3.2 Limits\n\nNone.\n\n## v2.2\n\nAs in 2.1 of 2020-01-02.\n"
    (tmp_path / "a.md").write_text(text, "utf-8")
    (document,) = read(tmp_path / "a.md", "a.md")
    assert isinstance(document, Document)
    assert [document.text[each.start : each.end] for each in sections(document)] == ["Winch 2.3 (2021-04-05)", "v2.2"]


def test_notes_on_one_version_alone_answer_beside_a_changelog_of_others(tmp_path: Path) -> None:
    notes = "---\ntitle: Sextant 6.15.0\n---\nNew in version 6.15.0 of the sextant is a command for stars in fog.\n"
    write_files(tmp_path / "c", {"notes.md": notes, "tide.md": HEADINGS})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        cited = Assistant(index).ask("What is new in version 6.15.0?").citations
    assert [each.document.doc_id for each in cited] == ["notes.md"]
