"""Questions on several things: something is quoted for each, and what more fits is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Index, as_json
from pincite.reading.parts import enumerates, parts


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Compare the tide mill with the windmill.", ["What is the tide mill?", "What is the windmill?"]),
        ("compare the rent of Asker to that of Brevik", ["What is the rent of Asker?", "What is the rent of Brevik?"]),
        ("Compare the rent of Asker and Brevik", ["What is the rent of Asker?", "What is the rent of Brevik?"]),
        ("What is the difference between tar and pitch?", ["What is tar?", "What is pitch?"]),
        ("How does tar differ from pitch?", ["What is tar?", "What is pitch?"]),
        ("tar vs. pitch", ["What is tar?", "What is pitch?"]),
        ("When did Asker and Brevik burn?", ["When did Asker burn?", "When did Brevik burn?"]),
        ("Who owned the Merlin and the Red Kite?", ["Who owned the Merlin?", "Who owned the Red Kite?"]),
        ("Johnson and Johnson", []),
        ("How long and wide is the quay?", []),
        ("When did Asker burn?", []),
        ("", []),
    ],
)
def test_what_is_asked_of_each(question: str, asked: list[str]) -> None:
    assert [part.question for part in parts(question)] == asked


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which mills burned down in 1894?", True),
        ("What old ships carry a doctor?", True),
        ("List the mills.", True),
        ("Who were the doctors?", True),
        ("Which mill burned down?", False),
        ("What is the rent?", False),
        ("What was sold?", False),
    ],
)
def test_what_asks_for_all(question: str, *, expected: bool) -> None:
    assert enumerates(question) is expected


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("parts")
    mills = ("Aske", "Bruna", "Corve", "Dorn", "Elm", "Farr", "Gorm")
    files = {f"{name}.txt": f"Mill {name}\n\nThe mill at {name} burned down in 1894.\n" for name in mills}
    files["holm.txt"] = "Mill Holm\n\nThe mill at Holm burned down in 1849.\n"
    files["tar.txt"] = "Tar\n\nTar is a black oil that is boiled out of pine roots.\n"
    files["pitch.txt"] = "Pitch\n\nPitch is what stays in the kettle, and is hard when it is cold.\n"
    for name, rent in (("Asker", 12), ("Brevik", 31)):
        files[f"rent-{name}.txt"] = f"Rent\n\nThe rent of {name} is {rent} crowns a year.\n"
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize(
    ("question", "docs"),
    [
        ("Compare the rent of Asker with that of Brevik.", {"rent-Asker.txt", "rent-Brevik.txt"}),
        ("What is the difference between tar and pitch?", {"tar.txt", "pitch.txt"}),
        ("When did Aske and Holm burn down?", {"Aske.txt", "holm.txt"}),
    ],
)
def test_each_part_has_a_quote(index: Index, question: str, docs: set[str]) -> None:
    answer = Assistant(index).ask(question)
    assert docs <= {each.document.doc_id for each in answer.citations}
    assert len(answer.parts) == 2
    firsts = [answer.citations[part.labels[0] - 1].document.doc_id for part in answer.parts]
    assert set(firsts) == docs
    assert [each.label for each in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert {each.passage.passage_id for each in answer.citations} <= {hit.passage.passage_id for hit in answer.hits}
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
    assert as_json.answer("?", answer)["parts"][0]["labels"] == list(answer.parts[0].labels)


def test_a_part_that_nothing_answers_is_said(index: Index) -> None:
    answer = Assistant(index).ask("Compare the rent of Asker with that of Quimper.")
    assert answer.citations[0].document.doc_id == "rent-Asker.txt"
    assert answer.notes == ("Nothing in these articles was found on Quimper.",)
    assert [bool(part.labels) for part in answer.parts] == [True, False]


def test_of_an_enumeration_the_rest_is_counted(index: Index) -> None:
    answer = Assistant(index).ask("Which mills burned down in 1894?")
    assert (len(answer.citations), answer.more) == (5, 2)
    assert answer.notes == ("2 more passages fit as well.",)
