"""Questions on an option of a program are answered by what its manual lists below that option."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Document, Index
from pincite.reading.options import _names, entries
from pincite.reading.parts import parts

WHAT = {
    "-i, --idle": "Let the drum turn without a load.",
    "-v, --invert": "Pull in the other way.",
    "-V, --version": "Output the version number of winch and exit.",
    "-s, --slow": "Pull no faster than a metre in a second. This saves the rope.",
    "-n NUM, --number=NUM": "Stop after NUM turns of the drum.",
    "-q": "Pull without a word.",
    "-1, --one": "Wind the rope once around the drum, which is quick.",
    "-9": "Wind the rope nine times around the drum, which is safe.",
}
FILLER = "".join(
    f"       --brake-{at}\n              Hold brake {at} of the winch while the winch is at work on the pier.\n\n"
    for at in range(40)
)
WINCH = (
    "WINCH(1)\n\nNAME\n       winch - pull boats out of the water\n\nDESCRIPTION\n"
    "       winch pulls what hangs on its rope, and winch stops where the rope ends.\n\nOPTIONS\n"
    + FILLER
    + "".join(f"       {name}\n              {what}\n\n" for name, what in WHAT.items())
    + "EXIT STATUS\n       The status is 1 if winch -q was ended.\n"
)
CRANE = WINCH.replace("winch", "crane").replace("WINCH", "CRANE").replace("Pull in the other way", "Lift less")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("options")
    write_files(folder / "c", {"winch.txt": WINCH, "crane.txt": CRANE})
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "option"),
    [
        ("What does winch -i do?", "-i, --idle"),
        ("What is winch -v?", "-v, --invert"),
        ("What is the -V option of winch?", "-V, --version"),
        ("What does the option --slow of winch mean?", "-s, --slow"),
        ("What does winch --number do?", "-n NUM, --number=NUM"),
        ("What does winch -q do?", "-q"),
        ("What does winch -1 do?", "-1, --one"),
        ("What does winch -9 do?", "-9"),
    ],
)
def test_what_stands_below_an_option_answers(assistant: Assistant, question: str, option: str) -> None:
    first = assistant.ask(question).citations[0]
    assert first.document.doc_id == "winch.txt"
    assert first.quote.split("\n")[0].strip() == option
    assert WHAT[option] in " ".join(first.quote.split())


@pytest.mark.parametrize(
    "question", ["What is the difference between winch -i and winch -v?", "Compare winch -i with -v.", "winch -i vs -v"]
)
def test_two_options_are_compared_by_a_quote_each(assistant: Assistant, question: str) -> None:
    one, other, *_ = assistant.ask(question).citations
    assert WHAT["-i, --idle"] in one.quote
    assert WHAT["-v, --invert"] in other.quote


def test_levels_are_compared_as_options_are(assistant: Assistant) -> None:
    one, other, *_ = assistant.ask("What is the difference between winch -1 and -9?").citations
    assert WHAT["-1, --one"] in one.quote
    assert WHAT["-9"] in other.quote
    assert not assistant.ask("What does winch -5 do?").sure


def test_an_option_of_another_program_is_not_quoted_first(assistant: Assistant) -> None:
    assert "Lift less" in assistant.ask("What does crane -v do?").citations[0].quote


def test_an_option_without_its_program_is_found_where_one_has_it(assistant: Assistant) -> None:
    assert WHAT["-s, --slow"] in assistant.ask("What does -s do?").citations[0].quote


@pytest.mark.parametrize("question", ["Who uses winch -i?", "Why is there a winch -i?", "When came winch -i?"])
def test_what_an_option_does_is_no_answer_to_another_question(assistant: Assistant, question: str) -> None:
    assert WHAT["-i, --idle"] not in assistant.ask(question).text


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does tow push --no-verify do?", "hook of the rope"),
        ("What does tow push --verify do?", "hook of the rope"),
    ],
)
def test_options_that_a_manual_names_together_are_there(tmp_path: Path, question: str, said: str) -> None:
    tow = (
        "TOW(1)\n\nNAME\n       tow push - push a boat\n\nOPTIONS\n       -q\n              Push without a word.\n\n"
        "       --[no-]verify\n              Turn the hook of the rope, which tow push looks at first, on or off.\n"
    )
    write_files(tmp_path / "c", {"tow-push.txt": tow})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask(question)
    assert answer.sure
    assert said in answer.citations[0].quote


@pytest.mark.parametrize("head", ["-# --fast --best", "-1 .. -9", "-1...-9, --level", "-0 to -9"])
def test_a_manual_names_options_of_all_digits_together(head: str) -> None:
    assert _names(f"{head}\n  Regulate the speed.", "-7")
    assert not _names(f"{head}\n  Regulate the speed.", "-x")
    assert not _names("-1, --fast\n  Go fast.", "-7")


def test_an_entry_is_looked_for_no_further_than_to_the_next() -> None:
    def seconds(line: str) -> float:
        document = Document(doc_id="a.patch", title="A patch", text=line * 10_000)
        tries = []
        for _ in range(3):  # Python may look for garbage in any of them
            began = time.process_time()
            assert len(entries(document)) == 10_000
            tries.append(time.process_time() - began)
        return min(tries)

    # Without a blank line each would look through all that follows, which takes far longer.
    assert seconds("-import lamp\n") < 5 * seconds("-import lamp\n\n")


def test_the_second_of_two_options_may_stand_alone() -> None:
    assert [part.name for part in parts("What is the difference between winch -i and -v?")] == ["winch -i", "winch -v"]


FLAT = (
    "# Options of hoist\n\n--turns N\n\nTry each turn N times before giving up. The default is 5.\n\n"
    "-S\n\nSort the ropes by size, largest first.\n\n-t\n\nSort the ropes by age, newest first.\n\n"
    "--wait SECONDS\n\nWait at most SECONDS for the crew. The default is 30.\n\n## Files\n\nThe log is kept.\n"
)


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("flat")
    write_files(folder / "c", {"hoist.md": FLAT})
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "quote", "best"),
    [
        ("What does --turns do?", "--turns N\n\nTry each turn N times", "Try each turn"),
        (
            "Which option of hoist sorts by size?",
            "-S\n\nSort the ropes by size, largest first.",
            "Sort the ropes by size",
        ),
        ("What is the default of --wait?", "The default is 30.", "The default is 30."),
    ],
)
def test_what_stands_unindented_below_an_option_is_quoted_with_it(
    flat: Assistant, question: str, quote: str, best: str
) -> None:
    first = flat.ask(question).citations[0]
    assert first.quote.startswith(quote)
    assert first.document.text[slice(*first.best)].startswith(best)
