"""Who or what a name is, is answered by what stands beside it, and by no sentence on others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import rated, write_files
from pincite import Assistant, Index
from pincite.reading.named import _tells, asked_name, of_name, of_quality, with_holders

TOWN = {
    "dues.md": "# Dues to rise\n\nThe council met on Tuesday. Ottoline Brand, harbour master of Aldhaven since 1931, "
    "said that dues will rise. Fishing boats pay nothing.\n",
    "race.md": "# A close race\n\nThe four of Borre won by a length. The cox, Wilm Tarrow, is fifteen.\n",
    "play.md": "# Music on the quay\n\nThe prize went to Gerd Ulve. The band Tin Kettle played until ten.\n",
    "vote.md": "# A vote\n\nHanne Dahl beat Jory Pell by eight votes. Dahl, a teacher, promised a playground.\n",
    "gulls.md": "# Letters\n\nWho will act against the gulls? The person who fed them was seen. He was an old man.\n",
    "doctor.md": "# A doctor of the island\n\nFor forty years he was its only doctor. Leo Finch died on Friday.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("named")
    write_files(folder / "corpus", TOWN)
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who is Ottoline Brand?", "Ottoline Brand, harbour master"),
        ("who is ottoline brand", "Ottoline Brand, harbour master"),
        ("Who was Wilm Tarrow?", "The cox, Wilm Tarrow"),
        ("What is Tin Kettle?", "The band Tin Kettle"),
        ("Who is Hanne Dahl?", "Dahl, a teacher"),
    ],
)
def test_what_stands_beside_a_name_answers(assistant: Assistant, question: str, expected: str) -> None:
    answer = assistant.ask(question)
    assert answer.sure
    first = answer.citations[0]
    assert expected in first.document.text[slice(*first.best)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ane Holt, mayor since 2011, warned of the flood.", "Ane Holt"),
        ("Ane Holt, the mayor, warned of the flood.", "Ane Holt"),
        ("The mayor, Ane Holt, warned of the flood.", "Ane Holt"),
        ("The new harbour master Ane Holt warned of it.", "Ane Holt"),
        ("Ane Holt was a teacher.", "Ane Holt"),
        ("Ane Holt (1931) was elected in May.", "Ane Holt"),
        ("It was painted by the mayor's nephew, and Ane Holt became mayor.", "Ane Holt"),
        ("The mayor is Ane Holt.", "Ane Holt"),
        ("The mayor is Dr. A. M. Holt.", "Holt"),
        ("The mayor Ane Holt warned of the flood.", "Holt"),
    ],
)
def test_what_says_who_a_name_is(text: str, name: str) -> None:
    assert _tells(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The mayor praised Ulf Tanner.", "Ulf Tanner"),
        ("The trawler owner sued Greta Pohl.", "Greta Pohl"),
        ("A shark bit Jonas Wied.", "Jonas Wied"),
        ("Our reporter met Siri Hoel.", "Siri Hoel"),
        ("Before he met Dora Flint, life was dull.", "Dora Flint"),
        ("Whenever she saw Pia Lund, the dog of the house barked.", "Pia Lund"),
        ("Tom Rask, smiling at the crowd, left.", "Tom Rask"),
        ("Bea Norling was tired.", "Bea Norling"),
        ("Lia Voss is to blame.", "Lia Voss"),
        ("Sailing past Hesta, fishermen of the town saw a whale.", "Hesta"),
        ("Heavy rain closed the valley road between Aldhaven and Brekke.", "Aldhaven"),
        ("Vale, a poet from Brekke, wrote it.", "Brekke"),
        ("In the winter, Ane Holt left.", "Ane Holt"),
        ("The next day, Ane Holt left.", "Ane Holt"),
        ("The largest town on the island is Nord Solli.", "Solli"),
        ("The inn was Karl Holt House.", "Holt"),
        ("The capital was Great Brevik until 1900.", "Brevik"),
        ("The ferry is called Old Varn.", "Varn"),
    ],
)
def test_what_merely_mentions_a_name(text: str, name: str) -> None:
    assert not _tells(text, name)


def test_what_merely_has_a_name_is_not_sure(assistant: Assistant) -> None:
    answer = assistant.ask("Who is Gerd Ulve?")
    assert not answer.sure
    assert "Gerd Ulve" in answer.citations[0].quote


def test_of_a_name_that_stands_nowhere_nothing_is_said_for_sure(assistant: Assistant) -> None:
    assert not assistant.ask("Who is Ottokar Blume?").sure


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who's Ane Holt?", "Ane Holt"),
        ("What is the Copper Kettle?", "Copper Kettle"),
        ("Who is the mayor of Borre?", None),
        ("who is responsible", None),
        ("What is Ane Holt's post, and since when?", None),
        ("Who is she?", None),
    ],
)
def test_which_questions_ask_for_a_name(question: str, name: str | None) -> None:
    assert asked_name(question, typed=True) == name


def test_a_passage_that_has_the_name_in_passing_is_read(tmp_path: Path) -> None:
    """Thirty articles on persons are nearer in meaning to "Who is …?" than one on herring that names her."""
    others = {
        f"{number}.md": f"# Portrait {number}\n\nWho is she? She is a person of number {number} whom many people know. "
        f"He was a man who is known as person {number}.\n"
        for number in range(30)
    }
    herring = "# Herring\n\n" + "Salt, barrels and smoke keep herring through the winter in the long sheds. " * 8
    write_files(tmp_path / "corpus", others | {"herring.md": herring + "The sheds belong to Sigga Thole, a widow.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        answer = Assistant(index).ask("Who is Sigga Thole?")
    assert "Sigga Thole, a widow" in answer.citations[0].quote


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("Here: Ida Moen (chair), Per Vik (treasurer), Eli Sand.", "Who is the treasurer?", "Per Vik"),
        ("Here: Ida Moen (chair), Per Vik (treasurer), Eli Sand.", "Who was the chair of the club?", "Ida Moen"),
        ("Here: Ida Moen, vice chair; Per Vik, chair; Eli Sand, clerk.", "Who is the chair?", "Per Vik"),
        ("Here: Ida Moen (clerk), Per Vik (clerk), Eli Sand.", "Who is the clerk?", ""),
        ("Here: Ida Moen (chair), Per Vik (treasurer), Eli Sand.", "Who is the cook?", "Here: Ida"),
    ],
)
def test_of_people_with_their_offices_the_one_asked_for_is_marked(text: str, question: str, marked: str) -> None:
    (sentence,) = rated(text, 0.9)
    (found,) = with_holders([replace(sentence, answer=(0, 9))], question)
    assert text[slice(*found.answer)] == marked


def test_a_title_that_says_who_somebody_is_answers() -> None:
    title = "A talk with the bell founder Ragna Tveit"
    found, told = of_name(rated(f"{title}\n\nI began in 1988.", 0.01, 0.02, title=title)[:1], "Who is Ragna Tveit?")
    assert (found[0].text, found[0].confidence >= 0.5, told) == (title, True, True)


@pytest.mark.parametrize(("quality", "sure"), [("lame", False), ("bald", True)])
def test_another_quality_of_a_name_is_no_sure_answer(quality: str, *, sure: bool) -> None:
    (found,) = of_quality(rated("Ragna Tveit was bald from 1971.", 0.9), f"Was Ragna Tveit {quality}?")
    assert (found.confidence > 0.31) is sure


def test_a_title_beside_the_text_that_says_who_somebody_is_leads_to_the_text_and_is_noted(tmp_path: Path) -> None:
    title = "A talk with the bell founder Ragna Tveit"
    write_files(tmp_path / "c", {"talk.md": f"---\ntitle: {title}\n---\n\nI began in 1988. Bronze is dear.\n", **TOWN})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Who is Ragna Tveit?")
    assert answer.citations[0].document.doc_id == "talk.md"
    assert not answer.sure
    assert f"The title of the first quote says it: “{title}”." in answer.notes


@pytest.fixture(scope="module")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("halls")
    bus = "---\ntitle: Bus {0}\ndate: 2021-0{1}-02\n---\n\nBus {0} carries {2} passengers a day.\n"
    files = {
        "halls.md": "# Halls\n\nHall 1 holds 80 people.\n\nHall 2 holds 150 people.\n\nHall 3 holds 240 people.\n",
        "bells.md": "# Bells\n\nThe bell of Borre church was cast in 1702.\n\nThe bell of Hesta church is from 1811.\n",
        "lift.md": "# Lifts\n\nThe chairlift carries 1,200 people an hour. Lift 3 carries 800 people an hour.\n",
        "12.md": bus.format(12, 3, 900),
        "14.md": bus.format(14, 5, 450),
    }
    write_files(folder / "c", files)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many people does Hall 3 hold?", "240"),
        ("How many people does Hall 1 hold?", "80"),
        ("When was the bell of Hesta church cast?", "1811"),
        ("How many passengers does bus 14 carry?", "450"),
        ("How many people does Hall 4 hold?", None),
        ("When was the bell of Asker church cast?", None),
        ("How many passengers does bus 9 carry?", None),
        ("How many people an hour does Lift 3 carry?", "800"),
        ("How many people an hour does Lift 5 carry?", None),
    ],
)
def test_another_one_of_a_kind_does_not_answer_for_sure(halls: Assistant, question: str, said: str | None) -> None:
    answer = halls.ask(question)
    assert answer.sure is (said is not None), answer.text
    assert said is None or said in answer.citations[0].quote
    assert not any("newest" in note for note in answer.notes)


def test_two_of_a_kind_are_both_found(halls: Assistant) -> None:
    answer = halls.ask("Which carries more passengers, bus 12 or bus 14?")
    assert answer.sure
    assert {each.document.doc_id for each in answer.citations} == {"12.md", "14.md"}
