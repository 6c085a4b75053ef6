"""Questions that name a version are answered by its section, though only the line above it has the number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Document, Index
from pincite.datatypes import Table
from pincite.parsers import read
from pincite.reading.versions import asked_versions, sections, versions

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
    told = {"clock is read", "moon's phase", "German translation", "brake no longer", "motor of the new", "Lantern 35"}
    assert not any(other in answer.text for other in told if other not in said)


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


LAMP = """# Changelog of the lamp

## 2.10

- The shade is round.

## 2.0

- The glass is green.
"""
HOLES = "# Holes of the lamp\n\nThe security problem CVE-12 of the lamp was fixed in 2.0: strangers put it out.\n"


def _asked_of(tmp_path: Path, question: str, files: dict[str, str]) -> list[tuple[str, float]]:
    write_files(tmp_path / "c", files)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        return [(each.quote, each.confidence) for each in Assistant(index).ask(question).citations]


@pytest.mark.parametrize(
    "question",
    [
        "What security problem was fixed in 2.0 of the lamp?",
        "What was removed in 2.0 of the lamp?",
        "What performance improvement does lamp 2.0 bring?",
        "What features were deprecated in lamp 2.10?",
    ],
)
def test_one_kind_of_change_is_not_answered_by_any_sentence_of_the_section(tmp_path: Path, question: str) -> None:
    cited = _asked_of(tmp_path, question, {"lamp.md": LAMP, "holes.md": HOLES, "tide.md": HEADINGS})
    assert not any(sure >= 0.5 and ("green" in quote or "round" in quote) for quote, sure in cited)
    assert "security" not in question or "CVE-12" in cited[0][0]


@pytest.mark.parametrize("heading", ["2.1.0 (2023-04-02)", "2.1 (2023-04-02)", "v2.1.0 (2023-04-02)"])
@pytest.mark.parametrize("asked", ["2.1", "2.1.0"])
def test_two_spellings_of_a_version_are_one(tmp_path: Path, heading: str, asked: str) -> None:
    log = f"# Changelog of the kiln\n\n## 2.2 (2024-01-05)\n\n- A door.\n\n## {heading}\n\n- A new grate.\n"
    cited = _asked_of(tmp_path, f"When was version {asked} of the kiln released?", {"kiln.md": log})
    assert cited
    assert "2023-04-02" in cited[0][0]
    assert not any("2024" in quote for quote, _ in cited)


def test_a_version_without_a_date_is_told_of_by_its_section(tmp_path: Path) -> None:
    log = "# Changelog of the kiln\n\n## 2.1.0\n\nReleased on 2 April 2023.\n\n## 2.0\n\nReleased on 5 May 2022.\n"
    cited = _asked_of(tmp_path, "When was version 2.1 of the kiln released?", {"kiln.md": log})
    assert "2 April 2023" in cited[0][0]
    assert not any("2022" in quote for quote, _ in cited)


@pytest.mark.parametrize(
    "question",
    [
        "What happened at 2.10?",
        "What happened on 04.05.2021?",
        "What came at 2.10 o'clock?",
        "Is it 2.10 m?",
        "Which version is of 04.05.2021?",
    ],
)
def test_times_dates_and_measures_are_no_versions(question: str) -> None:
    assert not asked_versions(question)


def test_a_diary_answers_what_happened_at_a_time(tmp_path: Path) -> None:
    diary = "# Diary of the harbour master\n\nAt 2.10 the ferry struck the mole, and the bell was rung.\n"
    cited = _asked_of(tmp_path, "What happened at 2.10?", {"lamp.md": LAMP, "diary.md": diary})
    assert "ferry struck" in cited[0][0]


@pytest.mark.parametrize(
    "heading",
    ["Upgrading from version 4", "Needs version 3 of the valve", "Upgrading from version 4 (2021-04-05)", "Since 2.3"],
)
def test_a_heading_that_merely_mentions_a_version_is_not_its_notes(heading: str) -> None:
    text = f"{heading}\n\nThe seal is red.\n"
    assert not sections(Document(doc_id="upgrading.md", title="Upgrading", text=text, headings=((0, len(heading)),)))


def test_a_bare_version_of_several_things_answers_for_none(tmp_path: Path) -> None:
    plan = "# Plan of the harbour\n\n## Version 2\n\nThe mole is longer.\n"
    cited = _asked_of(tmp_path, "What was changed in 2.0?", {"lamp.md": LAMP, "plan.md": plan})
    assert not any(sure >= 0.5 for _, sure in cited)


def test_a_document_is_divided_once() -> None:
    text = "".join(f"## 1.{at} (2021-04-05)\n\nA rope.\n\n" for at in range(9))
    first, again = (Document(doc_id="rope.md", title="Rope", text=text) for _ in range(2))
    assert len(sections(first)) == 9
    assert sections(first) is sections(again)


def test_a_question_of_stop_words_asks_for_all_that_changed(tmp_path: Path) -> None:
    cited = _asked_of(tmp_path, "What's in 2.10?", {"lamp.md": LAMP, "tide.md": HEADINGS})
    assert "shade is round" in cited[0][0]
    assert not any("green" in quote for quote, _ in cited)


def test_a_line_that_says_its_kind_answers_for_that_kind(tmp_path: Path) -> None:
    log = LAMP + "- Removed the second wick.\n"
    cited = _asked_of(tmp_path, "What was removed in 2.0 of the lamp?", {"lamp.md": log, "tide.md": HEADINGS})
    assert cited[0][0].endswith("Removed the second wick.")
    assert cited[0][1] >= 0.5


def test_a_change_does_not_say_when_a_version_came(tmp_path: Path) -> None:
    cited = _asked_of(tmp_path, "When was version 2.0 of the lamp released?", {"lamp.md": LAMP, "tide.md": HEADINGS})
    assert not any(sure >= 0.5 for _, sure in cited)


ROWS = [("2.3.0", "2017-04-02"), ("2.3.1", "2017-06-18"), ("2.4.0", "2018-01-25"), ("3.0.0", "2019-10-30")]
TABLES = {
    "buoy.txt": "Releases of the buoy\n\n" + "".join(f"{version}   {day}\n" for version, day in ROWS),
    "buoy.md": "# Releases of the buoy\n\n| Version | Date |\n|---|---|\n"
    + "".join(f"| {version} | {day} |\n" for version, day in ROWS),
    "buoy.csv": "Version,Published\n" + "".join(f"Buoy {version},{day}\n" for version, day in ROWS),
    "buoy-log.md": "# Releases of the buoy\n\n"
    + "".join(f"## {day} ({version})\n\n- The lamp is trimmed.\n\n" for version, day in ROWS),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("question", ["When was buoy 2.4.0 released?", "When did buoy 3.0 come out?"])
def test_a_row_of_a_table_of_versions_says_when_its_version_came(tmp_path: Path, name: str, question: str) -> None:
    cited = _asked_of(tmp_path, question, {name: TABLES[name], "tide.md": HEADINGS})
    day = dict(ROWS)["2.4.0" if "2.4" in question else "3.0.0"]
    assert cited
    assert day in cited[0][0]
    assert not any(other in quote for quote, _ in cited for _, other in ROWS if other != day)


def test_a_row_far_down_a_long_table_of_versions_is_found(tmp_path: Path) -> None:
    rows = "".join(f"| 1.{at}.0 | 20{10 + at // 12}-{at % 12 + 1:02}-07 | The lamp is trimmed |\n" for at in range(120))
    table = f"# History of the buoy\n\n| Version | Date | Notes |\n|---|---|---|\n{rows}"
    cited = _asked_of(tmp_path, "When was buoy 1.77.0 released?", {"history.md": table, "tide.md": HEADINGS})
    assert "1.77.0 | 2016-06-07" in cited[0][0]
    assert "1.76" not in cited[0][0]


def test_decimals_in_a_table_are_no_versions() -> None:
    text = "Pier | Depth | Built\nAsker | 2.5 | 2001-02-03\nBrevik | 3.1 | 2002-03-04"
    tables = (Table((0, 20), (21, len(text))),)
    assert not sections(Document(doc_id="piers.md", title="Piers", text=text, tables=tables))


STARRED = """Heron NEWS

* Changes in Heron 2.12

** Adds pinned keys, which are compared on each visit

** New option --strict refuses names with spaces

* Changes in Heron 2.11.4

** No longer ends when a list is empty

* Changes in Heron 2.11

** Lamps in the fog are seen from afar
"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What changed in heron 2.11?", "Lamps in the fog"),
        ("What's new in Heron 2.12?", "Adds pinned keys"),
        ("changes of 2.11.4", "No longer ends"),
        ("What does heron 2.11 bring?", "Lamps in the fog"),
    ],
)
def test_a_line_of_changes_without_a_date_is_above_its_section(tmp_path: Path, question: str, said: str) -> None:
    log = STARRED + "".join(
        f"\n* Changes in Heron 1.{at}\n\n** The rope is {at} ells longer\n" for at in range(60, 0, -1)
    )
    cited = _asked_of(tmp_path, question, {"heron-NEWS.txt": log})
    assert said in cited[0][0]
    told = ("pinned", "No longer ends", "Lamps in the fog", "ells longer")
    assert not any(other in quote for quote, _ in cited for other in told if other not in said)


def test_a_sentence_on_what_is_new_is_not_above_a_section() -> None:
    text = "What is new.\n\nThe new rope came with version 2.3.\n\nNews of 2.3, as told.\n\nIt is red.\n"
    assert not sections(Document(doc_id="rope.txt", title="Rope", text=text))


def test_which_version_is_told_beside_the_sentence_that_a_question_asks_for(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"heron-NEWS.txt": STARRED, "winch/NEWS.txt": LINES})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Which version of heron added pinned keys?")
    assert "Adds pinned keys" in answer.citations[0].quote
    assert "Below “Changes in Heron 2.12”." in answer.notes


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("In which release did the motor of the winch get quicker?", "motor of the new model"),
    ],
)
def test_the_line_above_a_section_is_not_quoted_for_what_stands_below(tmp_path: Path, question: str, said: str) -> None:
    cited = _asked_of(tmp_path, question, {"winch/NEWS.txt": LINES, "heron-NEWS.txt": STARRED})
    assert said in cited[0][0]
    assert not any(quote.startswith(("*", "Noteworthy")) for quote, _ in cited)


def test_a_version_may_be_a_whole_number_behind_the_name_of_the_thing(tmp_path: Path) -> None:
    log = (
        "# Changelog of Heron\n\n## Heron 4\n\n- The option --jobs was added.\n\n"
        "## Heron 3\n\n- Plug-ins.\n- Tables may be exported as Parquet.\n\n"
        "## Heron 2\n\n- Resuming of broken downloads.\n- The log is written to a file.\n"
    )
    news = "# Heron 4 is out\n\nUpgrading from Heron 3 needs no changes. Heron 4 is faster than Heron 2.\n"
    write_files(tmp_path / "c", {"CHANGELOG.md": log, "news.md": news})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assistant = Assistant(index)
        for question, quote in {
            "What changed in Heron 4?": "The option --jobs was added.",
            "What is new in Heron 2?": "Resuming of broken downloads.",
        }.items():
            answer = assistant.ask(question)
            assert quote in answer.citations[0].quote
            assert answer.sure
        answer = assistant.ask("Which Heron version added resuming of downloads?")
        assert answer.citations[0].quote.startswith("Resuming of broken downloads.")
        assert "Below “Heron 2”." in answer.notes
        answer = assistant.ask("Which version of Heron added Parquet?")
        assert answer.sure
        assert answer.citations[0].quote == "Tables may be exported as Parquet."
        assert "Below “Heron 3”." in answer.notes


@pytest.mark.parametrize("question", ["What happened on May 5?", "What is in room 3?", "Who won in 1902?", "5 boats"])
def test_numbers_that_name_no_version(question: str) -> None:
    assert not asked_versions(question)


DEBIAN = "\n".join(
    f"gull ({version}) unstable; urgency={urgency}\n\n  * {change}\n\n -- A. Holt <a@b.example>  {day} 10:00:00 +0100\n"
    for version, urgency, change, day in (
        ("1:2.3.12-1~exp1", "medium", "The solver no longer removes lamps.", "Tue, 02 Nov 2021"),
        ("1:2.3.11-2", "high, binary-only=yes", "Warn of wet ropes before the winch runs.", "Mon, 18 Oct 2021"),
        ("0.7.23", "low", "Print the tide in metres.", "Sat, 01 Aug 2009"),
    )
)


def test_a_changelog_of_debian_is_divided_by_its_versions(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"changelog.txt": DEBIAN})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        ask = Assistant(index).ask
        assert "metres" in ask("What changed in gull 0.7.23?").citations[0].quote
        assert "18 Oct 2021" in ask("When was gull 2.3.11 released?").citations[0].quote
        which = ask("Which version of gull warns of wet ropes?")
    assert "wet ropes" in which.citations[0].quote
    assert any("gull (1:2.3.11-2)" in note for note in which.notes)


def test_a_whole_number_beside_which_version_is_that_of_another_thing() -> None:
    assert asked_versions("Which version supports Copper 3?") == set()
    assert asked_versions("What changed in Copper 3?") == {"3"}
