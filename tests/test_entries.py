"""Questions for a value of one of many alike entries are answered from the entry of that name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import write_files
from pincite import Answer, Assistant, Document, Index
from pincite.reading.entries import asked_value, entries

PUMP = {
    "InletDepth=": "How far below the water line the pump draws. Defaults to 40 cm. The maximum is 900 cm.",
    "RestInterval=": "Time between two runs of the pump. Takes seconds. Defaults to 310. The minimum is 15.",
    "MaxStarts=": "After so many starts the pump stands still for a day. Defaults to 12. The maximum is 55.",
    "SpillSize=": "How many litres are let go at once. Defaults to 4090. The maximum is 65000, the minimum 3.",
    "GreetDelay=": "Seconds before the lamp is lit. Defaults to 7. Setting it to 0 turns it off.",
    "LogLevel=": "One of quiet, busy and loud. Defaults to busy.",
    "ColdMinSec=, ColdMaxSec=": "Times between thaws. ColdMaxSec= defaults to 88 seconds and must be larger than "
    "ColdMinSec=. ColdMinSec= defaults to 33 seconds.",
    "PauseMinSec=, PauseMaxSec=": "Times between pauses. The default unit is seconds. PauseMaxSec= defaults to 77. "
    "PauseMinSec= defaults to 21.",
    "DeckMaxLoad=, HoldMaxLoad=, HoldMaxBags=": "Limits of what is stowed.\n\n              "
    "DeckMaxLoad= is how much lies on the deck. Defaults to 61 kg.\n\n              "
    "HoldMaxLoad= and HoldMaxBags= are how much lies below. It may be in bags. Defaults to the third of DeckMaxLoad=.",
    "BowLamp=, RearLamp=": 'How bright a lamp is. Defaults to "dim" for BowLamp=. Defaults to "full" for RearLamp=.',
    "MinPlates=, MaxPlates=": "Plates at once. The minimum and maximum are heeded in frost. MinPlates= must not be "
    "smaller than 16 plates.",
    "--default-plate": "The plate that is warmed first. It defaults to the fourth.",
    "WarmPlates=": "Number of plates that are kept warm.",
}
MANUAL = "PUMP.CONF(5)\n\nNAME\n       pump.conf - settings of the pump\n\nOPTIONS\n" + "".join(
    f"       {name}\n              {what}\n\n" for name, what in PUMP.items()
)
OARS = (
    "OARS(1)\n\nNAME\n       oars - counts strokes\n\nOPTIONS\n"
    "       --buffer-size=SIZE\n              Read SIZE strokes at once. The default is 610, the maximum 990.\n\n"
    "       --retries=N\n              Try N times before giving up. The default is 5. The maximum is 20.\n\n"
    "       --jobs=N, -j N\n              Count N boats at once. The default is 2. The maximum is 32.\n"
)
SAIL = (
    "# sail\n\nsail draws sails.\n\n```\nParameters\n----------\n"
    "* first_reef : int, optional\n    Smallest wind for a reef [default: 0.7] of a metre.\n"
    "* last_reef : int, optional\n    Largest wind for a reef [default: 19] metres.\n"
    "* cloth_size : int, optional\n    Size of the cloth [default: 256].\n"
    "* bare_poles : bool, optional\n    If true, draws none and sets cloth_size to 1024 by default.\n```\n"
)
HEADED = (
    "# The kite's settings\n\n## tail_length\n\nHow long the tail is. The default is 44.\n\n"
    "## line_length\n\nHow long the line is. The default is 81.\n\n## wind_limit\n\nNo wind beyond it.\n"
)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("entries")
    lake = "# The lake\n\nThe maximum depth of Lake Orm is 61 metres. The default of the old mill was its grain.\n"
    write_files(
        folder / "c",
        {"stove_pump.txt": MANUAL, "stove_oars.txt": OARS, "sail.md": SAIL, "kite.md": HEADED, "lake.md": lake},
    )
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the default of RestInterval?", "Defaults to 310"),
        ("What is the minimum of RestInterval in the pump?", "The minimum is 15"),
        ("What is the maximum of MaxStarts?", "The maximum is 55"),
        ("what's the max value of SpillSize", "The maximum is 65000"),
        ("What is the minimum SpillSize?", "the minimum 3"),
        ("What is the default GreetDelay?", "Defaults to 7"),
        ("What does GreetDelay default to?", "Defaults to 7"),
        ("What is the default log level of the pump?", "Defaults to busy"),
        ("What is the default of ColdMinSec?", "ColdMinSec= defaults to 33"),
        ("What is the default of ColdMaxSec?", "ColdMaxSec= defaults to 88"),
        ("What is the default of DeckMaxLoad?", "Defaults to 61 kg"),
        ("What is the default of HoldMaxLoad?", "Defaults to the third"),
        ("What is the default of --default-plate?", "It defaults to the fourth"),
        ("What is the default of BowLamp?", 'Defaults to "dim"'),
        ("What is the default of RearLamp?", 'Defaults to "full"'),
        ("What is the minimum of MinPlates?", "smaller than 16"),
        ("What is the default retries in stove_oars?", "The default is 5"),
        ("What is the default of PauseMaxSec?", "PauseMaxSec= defaults to 77"),
        ("What is the default buffer size of oars?", "The default is 610"),
        ("What is the maximum of --retries?", "The maximum is 20"),
        ("What is the default of -j in oars?", "The default is 2"),
        ("What is the default for --jobs?", "The default is 2"),
        ("What is the default of last_reef in sail?", "default: 19"),
        ("What is the default for cloth_size?", "default: 256"),
        ("What is the default of line_length?", "The default is 81"),
    ],
)
def test_the_entry_of_the_name_says_its_value(assistant: Assistant, question: str, said: str) -> None:
    answer = assistant.ask(question)
    assert answer.citations
    assert said in " ".join(answer.citations[0].quote.split())
    assert answer.confidence >= 0.5


@pytest.mark.parametrize(
    "question",
    [
        "What is the maximum of GreetDelay?",
        "What is the default of WarmPlates?",
        "What is the default of wind_limit?",
        "What is the maximum of RudderAngle?",
        "What is the default of keel_depth?",
    ],
)
def test_the_value_of_another_entry_is_not_given_as_sure(assistant: Assistant, question: str) -> None:
    assert _is_doubtful(assistant.ask(question))


def _is_doubtful(answer: Answer) -> bool:
    values = ("40 cm", "900", "310", "15", "12", "55", "4090", "Defaults to", "default is", "default:", "maximum is")
    return not any(each.confidence >= 0.4 and any(value in each.quote for value in values) for each in answer.citations)


def test_only_the_value_that_is_asked_for_is_marked(assistant: Assistant) -> None:
    answer = assistant.ask("What is the maximum of MaxStarts?")
    marked = "".join(answer.citations[0].document.text[a:b] for a, b in answer.citations[0].highlights)
    assert "55" in marked
    assert "12" not in marked


def test_of_a_sentence_with_two_values_the_one_asked_for_is_marked(assistant: Assistant) -> None:
    (first, *_) = assistant.ask("What is the minimum of SpillSize?").citations
    assert [first.document.text[a:b] for a, b in first.highlights] == ["minimum 3"]


def test_a_question_on_no_entry_is_answered_as_any_other(assistant: Assistant) -> None:
    assert "61 metres" in assistant.ask("What is the maximum depth of Lake Orm?").citations[0].quote


@pytest.mark.parametrize("question", ["What does RestInterval do?", "What is RestInterval?", "Explain RestInterval."])
def test_what_a_setting_is_stands_in_its_entry(assistant: Assistant, question: str) -> None:
    assert "between two runs" in assistant.ask(question).citations[0].quote


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("Which country invented JavaScript?", "300 crowns"),
        ("How many people work for JavaScript?", "300 crowns"),
    ],
)
def test_a_name_within_another_question_is_no_entry(tmp_path: Path, question: str, wrong: str) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "courses.md").write_text(
        "## JavaScript\n\nNils teaches a course on Tuesdays. It costs 300 crowns.\n"
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask(question)
    assert not answer.citations or not answer.sure or wrong not in answer.citations[0].quote


@pytest.mark.parametrize("line", ["word{}", "word{}_x"])
def test_a_list_of_names_is_gone_through_once(line: str) -> None:
    def seconds(lines: int) -> float:
        text = "\n".join(line.format(at) for at in range(lines))
        began = time.process_time()
        entries(Document(doc_id="a.txt", title="A", text=text))
        return time.process_time() - began

    assert seconds(16_000) < 64 * seconds(1_000)  # 256 times, were it squared


def test_an_option_is_no_setting_of_like_name(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "fleet.txt").write_text(
        "--max-boats <number of boats>\n    How many boats may wait. The default is 6.\n"
    )
    (tmp_path / "c" / "dock.txt").write_text("maxBoats\n    Boats in a dock. Defaults to 40.\n")
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assert "6" in Assistant(index).ask("What is the default of --max-boats?").citations[0].quote


@pytest.mark.parametrize(
    "question",
    ["Who found the default of RestInterval?", "Why is there a maximum?", "What is the capital?", "default", "", "-"],
)
def test_other_questions_ask_for_no_value(question: str) -> None:
    assert asked_value(question) is None


def test_a_manual_without_a_blank_line_is_divided_in_a_moment() -> None:
    text = "       --a\n        b\n" * 20_000
    assert len(entries(Document(doc_id="a.txt", title="A", text=text))) == 20_000


def test_a_setting_far_down_a_manual_is_read(tmp_path: Path) -> None:
    more = "".join(
        f"       Brake{a}{b}Wear=\n              How far brake {a} {b} of the pump is worn when the pump stands still "
        f"in the night. Defaults to {at}.\n\n"
        for at, (a, b) in enumerate(
            (a, b) for a in ("Bow", "Mid", "Rear", "Port") for b in ("Low", "Top", "End", "Rim")
        )
    )
    write_files(tmp_path / "c", {"pump.txt": MANUAL + more * 3})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("What is the default of BrakeRearTopWear?")
    assert "Defaults to 9." in answer.citations[0].quote


KITE = """KITE_CONF(5)

NAME
     kite_conf - settings of the kite

     CheckWindFirst
             If set to yes, the kite looks for wind, regardless of the setting of
             StrictReelLock.  If the option is set to no (the default), it waits
             for nothing.

     Reel
             Says which reel turns on the mast.  The default is 22.

     StrictReelLock
             Says whether the reel is locked.  If this flag is set to ask (the default), the
             kite asks first.
"""


@pytest.mark.parametrize(
    ("question", "said", "name"),
    [
        ("What is the default of StrictReelLock?", "set to ask (the default)", "StrictReelLock"),
        ("What is the default of CheckWindFirst?", "set to no (the default)", "CheckWindFirst"),
        ("What is the default of the Reel option in kite_conf?", "The default is 22", "Reel"),
    ],
)
def test_a_name_that_ends_a_sentence_begins_no_entry_and_a_note_names_it(
    tmp_path: Path, question: str, said: str, name: str
) -> None:
    write_files(tmp_path / "c", {"kite_conf.5.txt": KITE})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask(question)
    assert said in answer.citations[0].quote
    assert f"Below “{name}”." in answer.notes or name in answer.citations[0].quote
