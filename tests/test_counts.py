"""Of several numbers in a quote the one that a question asks for is marked, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conftest import rated, write_files
from pincite import Assistant, Index
from pincite.reading.counts import with_counts

SHIPS = {
    "rowe.md": "# The Agnes Rowe\n\nThe Agnes Rowe, a brig, sank off Borre. She carried 40 passengers and a "
    "crew of 12. Nine people drowned.\n\nThe Corvina, lost two years later, carried 18 passengers and a crew of 7.\n",
    "skins.md": "# Two voyages\n\nThe Halvard sailed with 22 sailors and 4 painters. The ship Merete followed with 35 "
    "sailors and six painters. The Halvard came back with 3,000 skins of seals, the Merete with 900.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("counts")
    write_files(folder / "corpus", SHIPS)
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("turns", "quote", "marked"),
    [
        (["how many crew did the Agnes Rowe carry?"], "crew of 12", ["12"]),
        (["How many passengers did the Agnes Rowe carry?"], "40 passengers", ["40"]),
        (["How many passengers did the Corvina carry?"], "18 passengers", ["18"]),
        (["how many crew did the Agnes Rowe carry?", "And the Corvina?"], "crew of 7", ["7"]),
        (["How many painters were on the Halvard?"], "4 painters", ["4"]),
        (["How many painters were on the Halvard?", "And the Merete?"], "six painters", ["six"]),
        (["How many skins did the Merete bring back?"], "the Merete with 900", []),
    ],
)
def test_the_number_of_what_is_counted_is_marked(
    assistant: Assistant, turns: list[str], quote: str, marked: list[str]
) -> None:
    *before, question = turns
    answer = assistant.ask(question, history=[{"role": "user", "content": turn} for turn in before])
    first = answer.citations[0]
    text = first.document.text
    assert quote in " ".join(text[slice(*first.best)].split())
    assert [text[a:b] for a, b in first.highlights] == marked


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("Rust was seen on none of the 310 rails.", "How many rails had rust?", "none"),
        ("Rust was seen on none of the 310 rails.", "How many rails showed rust?", "none"),
        ("Rust was seen on 12 of the 310 rails.", "How many rails had rust?", "12"),
        ("No rails had rust.", "How many rails had rust?", "No"),
        ("Both rails had rust.", "How many rails had rust?", "Both"),
        ("All 310 rails had rust.", "How many rails had rust?", "310"),
        ("12 of the 310 rails had rust.", "How many rails did he buy?", ""),
        ("With no rain, 310 rails were laid.", "How many rails were laid?", "310"),
    ],
)
def test_of_a_part_and_its_whole_the_part_is_marked(text: str, question: str, marked: str) -> None:
    (sentence,) = rated(text, 0.9)
    number = text.find("310") if "310" in text else 0
    (found,) = with_counts([replace(sentence, answer=(number, number + 3))], question)
    assert text[slice(*found.answer)] == marked
