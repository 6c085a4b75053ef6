"""Questions on what one may do or has to, which rules answer that are stated of things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import write_files
from pincite import Assistant, Index

RULES = {
    "quay.md": "# The quay\n\nIt is built of oak.\n\nDogs are not admitted to the quay. Children must wear "
    "a life vest. Anglers need no licence from May to June.\n\nVans over two tonnes are prohibited on it.\n",
    "bath.md": "# The bath\n\nBathing caps are required. A towel is not needed in the bath, but soap is.\n",
    "street.md": "# Parking\n\nTents are prohibited in Harbour Street. Parking in Mill Street is free for two hours.\n",
    "sign.txt": "The tower\n\nNo prams in the tower.\n\nRopes are sold at the tower.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("rules")
    write_files(folder / "c", RULES)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("May I bring my dog?", "Dogs are not admitted"),
        ("Can I take a dog to the quay?", "Dogs are not admitted"),
        ("Are dogs allowed on the quay?", "Dogs are not admitted"),
        ("Is it allowed to bring dogs onto the quay?", "Dogs are not admitted"),
        ("Am I allowed to drive a van over the quay?", "Vans over two tonnes"),
        ("Do I have to wear a bathing cap?", "Bathing caps are required"),
        ("Must I wear a bathing cap?", "Bathing caps are required"),
        ("Do I need a towel in the bath?", "A towel is not needed"),
        ("Could we bring a pram into the tower?", "No prams"),
    ],
)
def test_a_rule_on_a_thing_answers_who_asks_for_himself(assistant: Assistant, question: str, said: str) -> None:
    answer = assistant.ask(question)
    assert answer.sure
    assert said in answer.citations[0].quote


@pytest.mark.parametrize(
    "question",
    [
        "May I bring my cat to the quay?",
        "May I bring my dog to the tower?",
        "May I bring a rope to the tower?",
        "Do I have to wear a helmet in the bath?",
        "Am I allowed to sell tents in Harbour Street?",
    ],
)
def test_a_rule_on_another_thing_or_place_is_none(assistant: Assistant, question: str) -> None:
    assert not assistant.ask(question).sure
