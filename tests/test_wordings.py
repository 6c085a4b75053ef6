"""Acronyms and initials: a question is worded as the passages found for it spell what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Index
from pincite.reading.wordings import definitions, other_wordings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Northern Tidal Survey (NTS) was founded.", [("NTS", "Northern Tidal Survey")]),
        ("NTS (Northern Tidal Survey) was founded.", [("NTS", "Northern Tidal Survey")]),
        ("the Society for the Protection of Eels (SPE) met", [("SPE", "Society for the Protection of Eels")]),
        ("tidal range\nindex (TRI)", [("TRI", "tidal range index")]),
        ("Fogs over Sund (FoS) and a Bureau of Tides (BoT)", [("FoS", "Fogs over Sund"), ("BoT", "Bureau of Tides")]),
        ("The board (in 1904) met (see NTS).", []),
        ("The ferry (NTS) left.", []),
        ("The night ferry (left) sank (twice).", []),
        ("()(((N))", []),
        ("(NTS) at the start", []),
        ("NTS stands for Northern Tidal Survey, and more.", [("NTS", "Northern Tidal Survey")]),
        ("NTS: the Northern Tidal Survey. It met.", [("NTS", "Northern Tidal Survey")]),
        ("SPE – Society for the Protection of Eels", [("SPE", "Society for the Protection of Eels")]),
        ("NTS – a bank of Sund; NTServe: NTServe does not", []),
    ],
)
def test_acronyms_that_a_text_defines(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(definitions(text)) == expected


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("What is the budget of the Northern Tidal Survey?", "The Northern Tidal Survey (NTS)", "the NTS?"),
        ("What is the budget of the northern tidal survey?", "NTS (Northern Tidal Survey)", "the NTS?"),
        ("What is the budget of the NTS?", "The Northern Tidal Survey (NTS)", "the Northern Tidal Survey?"),
        ("What is the budget of the nts?", "The Northern Tidal Survey (NTS)", None),
        ("What did JR Halden draw?", "drawn by J. R. Halden in ink", "did J. R. Halden draw"),
        ("What did J. R. Halden draw?", "drawn by JR Halden in ink", "did JR Halden draw"),
        ("What did J.R. Halden draw?", "drawn by J. R. Halden in ink", "did J. R. Halden draw"),
        ("What did K Halden draw?", "drawn by K. Halden in ink", "did K. Halden draw"),
        ("Halden, J. R.", "drawn by J. R. Halden in ink", "J. R. Halden"),
        ("What did JR Halden draw?", "drawn by K. Halden in ink", None),
        ("What did the US Navy draw?", "drawn by the US Navy", None),
        ("What is forty per cent for?", "It is for 40% of them.", "What is 40% for?"),
        ("What is 40% for?", "Forty percent of it is for oak.", "What is Forty percent for?"),
        ("What is 40% for?", "It had 40 seats.", None),
        ("Who gave 1.2 million crowns?", "They gave 1,200,000 crowns.", "Who gave 1,200,000 crowns?"),
        ("Which port had 21 tugs?", "It had twenty-one tugs, then 22.", "Which port had twenty-one tugs?"),
        ("What opened on 2022-05-04?", "On 3 May 2022 none, on 4 May 2022 two.", "What opened on 4 May 2022?"),
        ("What opened on May 4, 2022?", "It opened on 4 June 2022.", None),
        ("Who spoke on 4 May?", "Four spoke in May.", None),
        ("How many boats were there in 2022?", "There are 2,022 boats.", None),
        ("Who built Apollo 11?", "Eleven men built the Apollo.", None),
        ("What does room 12 cost?", "Twelve of them cost nothing.", None),
    ],
)
def test_a_question_is_worded_as_a_text_spells_it(question: str, text: str, expected: str | None) -> None:
    wordings = [wording for wording, _ in other_wordings(question, [text])]
    assert len(wordings) == (expected is not None)
    assert all(expected and expected in wording for wording in wordings)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("names")
    files = {
        "founding.txt": "Founding\n\nThe Northern Tidal Survey (NTS) was founded by a schoolmaster in 1904.\n",
        "budget.txt": "Budget\n\nThe budget of the NTS rose to 3 million crowns in 1911.\n",
        "boat.txt": "Boat\n\nThe survey boat of the Northern Tidal Survey was painted green.\n",
        "telegraph.txt": "Telegraph\n\nThe budget of the Northern Telegraph Society rose to 5 crowns in 1911.\n",
        "light.txt": "Drawings\n\nThe lighthouse was drawn by J. R. Halden in pencil.\n",
        "quay.txt": "Drawings\n\nThe quay was drawn by K. Halden in ink.\n",
    }
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize(
    ("question", "doc_id"),
    [
        ("What did the budget of the Northern Tidal Survey rise to in 1911?", "budget.txt"),
        ("Which colour was the survey boat of the NTS painted?", "boat.txt"),
        ("What did JR Halden draw?", "light.txt"),
        ("What did J.R. Halden draw?", "light.txt"),
        ("Halden, J. R.", "light.txt"),
        ("What did K Halden draw?", "quay.txt"),
    ],
)
def test_either_form_is_answered(index: Index, question: str, doc_id: str) -> None:
    answer = Assistant(index).ask(question)
    assert [each.document.doc_id for each in answer.citations][:1] == [doc_id]


def test_the_other_form_is_said(index: Index) -> None:
    answer = Assistant(index).ask("What did the budget of the Northern Tidal Survey rise to in 1911?")
    assert answer.notes == ("Searched for “NTS” as well: NTS is short for Northern Tidal Survey.",)


@pytest.mark.parametrize("question", ["What does the PTS stand for?", "What is PTS short for?", "What is the PTS?"])
def test_what_an_acronym_is_short_for_is_said_first(tmp_path: Path, question: str) -> None:
    text = "A ship pays the PTS here. The PTS is a trap for the hasty. The Pilot Tariff Scheme (PTS) is old.\n"
    write_files(tmp_path / "c", {"fees.txt": f"Fees\n\n{text}", "dam.txt": "The dam\n\nThe dam was built of oak.\n"})
    index = Index.open(tmp_path / "index")
    index.update(tmp_path / "c")
    assert "Pilot Tariff Scheme (PTS)" in Assistant(index).ask(question).citations[0].quote
