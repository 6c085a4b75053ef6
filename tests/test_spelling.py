"""Misspelt words of a question: searched as the articles spell them, and said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from conftest import write_files
from pincite import Assistant, Index, as_json, as_text
from pincite.analysis.terms import analyse
from pincite.reading.spelling import corrections, replaced
from pincite.stores.base import Snapshot

SHIPS = {"Thessaly": 1931, "Thalia": 1934, "Theseus": 1928, "Thetis": 1936, "Karlstad": 1902}


class Words:
    """A vocabulary of words, each in so many passages."""

    def __init__(self, **held: int) -> None:
        self._held = held

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        return {term: sum(n for word, n in self._held.items() if analyse(word) == [term]) for term in terms}

    def words(self, prefix: str) -> dict[str, int]:
        return {word: n for word, n in self._held.items() if word.startswith(prefix)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("When was the Thesaly raised?", {"Thesaly": "Thessaly"}),  # a letter missing
        ("When was the Thesally raised?", {"Thesally": "Thessaly"}),  # the other one doubled
        ("When was the Thassoly raised?", {}),  # two edits of a name
        ("When was the Thessally raised?", {"Thessally": "Thessaly"}),  # too many
        ("When was the Thessazy raised?", {"Thessazy": "Thessaly"}),  # wrong
        ("When was the Thesslay raised?", {"Thesslay": "Thessaly"}),  # in the wrong order
        ("When was the Htessaly raised?", {"Htessaly": "Thessaly"}),
        ("when was the thesally raised?", {"thesally": "thessaly"}),  # two edits
        ("When was the Thessaly’s raised?", {}),  # known
        ("When were the pinnaces raised?", {}),  # known but for its ending
        ("When was the Bhessaly raised?", {}),  # another name
        ("When was the Thetys raised?", {}),  # two edits of a short word
        ("When was zlib raised?", {}),  # too short to tell
        ("When was the THESALY raised?", {}),  # an acronym, as far as one sees
        ("When was ThesSaly raised?", {}),
        ("When was Thesaly7 raised?", {}),
        ("When was the Granita raised?", {"Granita": "Granite"}),
        ("When was the Holden raised?", {}),  # a name that is rightly spelt, though only Halden is there
        ("Wann wurde die Thesaly gehoben?", {}),  # most words are unknown
        ("asdkfj qwelk", {}),
        ("泰萨利号何时打捞?", {}),
        ("", {}),
    ],
)
def test_a_word_that_no_passage_holds_is_taken_for_the_nearest(text: str, expected: dict[str, str]) -> None:
    held = cast(Snapshot, Words(thessaly=3, theses=1, thetis=2, pinnace=5, raised=9, granite=2, halden=2, glib=4))
    assert corrections(held, text) == expected


def test_of_words_as_near_the_more_frequent_is_taken() -> None:
    assert corrections(cast(Snapshot, Words(karlsund=1, karlsand=4)), "the Karlsond") == {"Karlsond": "Karlsand"}


class Large(Words):
    """Twenty thousand words of one letter, none of which is asked for."""

    def frequencies(self, terms: Sequence[str]) -> dict[str, int]:
        return dict.fromkeys(terms, 0) | {"known": 1}


def test_of_many_unknown_words_a_few_are_compared() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzæø"
    held = Large(**{f"{at}{a}{b}{c}": 1 for a in letters for b in letters for c in letters for at in ("mar", "mo")})
    text = " ".join([*(f"mxqz{letter}zq" for letter in letters[:10]), *(f"known{at}" for at in range(20))])
    assert len(corrections(cast(Snapshot, held), text + " mara xx marbbx marccx mardd marefe marggg")) <= 3


def test_words_are_replaced_whole() -> None:
    assert replaced("Thesaly, the Thesalys", {"Thesaly": "Thessaly"}) == "Thessaly, the Thesalys"


@pytest.fixture(scope="module")
def ships(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("ships")
    text = "Salvage\n\nThe steam pinnace {} was raised from the harbour mud in {}.\n"
    write_files(folder / "corpus", {f"{name.lower()}.txt": text.format(name, year) for name, year in SHIPS.items()})
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize("asked", ["Thesaly", "Thessally", "Thesally", "Thessalyy", "Htessaly", "Thessaky"])
def test_a_misspelt_name_is_answered_and_said(ships: Index, asked: str) -> None:
    answer = Assistant(ships).ask(f"When was the pinnace {asked} raised?")
    assert answer.citations[0].document.doc_id == "thessaly.txt"
    assert answer.notes == (f"Searched for “Thessaly” instead of “{asked}”.",)
    assert answer.question == "When was the pinnace Thessaly raised?"
    said = as_json.answer("?", answer)
    assert said["notes"] == list(answer.notes)
    assert as_text.answer(said).startswith(answer.notes[0])


def test_what_comes_near_a_name_rightly_spelt_is_shown_where_nothing_answers(ships: Index) -> None:
    answer = Assistant(ships).ask("Who insured the Thesaly?")
    assert not answer.answered
    assert answer.notes == ("Searched for “Thessaly” instead of “Thesaly”.",)
    assert answer.hits[0].document.doc_id == "thessaly.txt"


def test_a_misspelt_turn_is_followed_up(ships: Index) -> None:
    history = [{"role": "user", "content": "Where did the Thesaly lie?"}]
    answer = Assistant(ships).ask("When was it raised?", history=history)
    assert answer.citations[0].document.doc_id == "thessaly.txt"


def test_of_an_earlier_turn_nothing_is_noted(ships: Index) -> None:
    history = [{"role": "user", "content": "When was the pinnace Thesaly raised?"}]
    assert Assistant(ships).ask("Where did it lie?", history=history).notes == ()
    answer = Assistant(ships).ask("Was the Karlstadt raised after it?", history=history)
    assert not any("Thesaly" in note for note in answer.notes)


def test_a_name_is_not_taken_for_another_where_the_question_has_an_answer(tmp_path: Path) -> None:
    write_files(
        tmp_path / "corpus",
        {
            "a.txt": "Mayors\n\nThe mayor of Holden is Ane Lind. The mayor of Brevik is Bo Roe.\n",
            "b.txt": "Tides\n\nThe tide mill grinds rye at night.\n",
        },
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        answer = Assistant(index).ask("Who is the mayor of Hulden?")
        if answer.answered:
            assert answer.notes[0] == "Searched for “Holden” instead of “Hulden”."
        answered = Assistant(index, threshold=0.0).ask("Does the tide mill at Hulden grind rye?")
        assert answered.citations[0].document.doc_id == "b.txt"
        assert answered.notes == ()


def test_what_is_rightly_spelt_has_no_note(ships: Index) -> None:
    answer = Assistant(ships).ask("When was the pinnace Thetis raised?")
    assert answer.citations[0].document.doc_id == "thetis.txt"
    assert answer.notes == ()


@pytest.mark.parametrize("question", ["asdkfj qwelk", "Wie hoch ist der Turm von Pisaa?", "What is zlib?"])
def test_what_is_not_there_is_still_refused(ships: Index, question: str) -> None:
    assert not Assistant(ships).ask(question).answered


def test_a_removed_word_is_no_longer_proposed(tmp_path: Path) -> None:
    write_files(tmp_path / "corpus", {"a.txt": "The Thessaly sank.\n", "b.txt": "The ferry sank.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        assert index.corrections("the Thesaly") == {"Thesaly": "Thessaly"}
        (tmp_path / "corpus/a.txt").unlink()
        index.update()
        assert index.corrections("the Thesaly") == {}
