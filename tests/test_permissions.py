"""Questions on what one may do or has to, which rules answer that are stated of things."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import write_files
from pincite import Assistant, Index
from pincite.reading.permissions import _asked, _states

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


NEAR = {
    "May I bring my dog to the pier?": "If it rains, dogs may slip on the wet planks of the pier.",
    "Can I take cameras into the museum?": "No cameras were stolen in 2020.",
    "May I bring a bag?": "No bags were found.",
    "Do I need a guide?": "A guide without a licence was fined.",
    "Are dogs allowed in the zoo?": "A keeper of the zoo must feed the dogs twice a day.",
    "Are kites allowed?": "A banned book on kites was sold.",
    "Can I bring an umbrella?": "The mayor said that umbrellas must be cheap.",
    "Do I need a ticket?": "Children under six have to pay nothing for a ticket.",
    "May I fly a drone over the pier?": "The drones that visitors may buy in the shop are made for the pier.",
    "Do people keep horses?": "Horses must rest at night.",
    "Can you tell me about dogs?": "Dogs are not admitted to the boat.",
    "Can I get a boat?": "Boats may leave at nine.",
    "May I bring a dog?": "Guide dogs are admitted.",
    "May we bring a boat?": "No boats in the harbour sank.",
}


@pytest.mark.parametrize(("question", "said"), NEAR.items())
def test_a_mere_mention_is_no_rule(question: str, said: str) -> None:
    asked = _asked(question)
    assert not asked or not _states(said, asked[0], asked[2])


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("May I bring my dog?", "Dogs, unless on a lead, are forbidden in the park."),
        ("May I bring my dog?", "Cats, birds and dogs are no longer admitted."),
        ("Must I wear a helmet?", "Inside; helmets must be worn at all times."),
        ("Can I light a fire?", "Fires may only be lit on the beach."),
    ],
)
def test_a_rule_is_said_of_the_thing_itself(question: str, said: str) -> None:
    asked = _asked(question)
    assert asked
    assert _states(said, asked[0], asked[2])


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
