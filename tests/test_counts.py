"""Of several numbers in a quote the one that a question asks for is marked, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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
        ("Of the 310 rails, 12 had rust.", "How many rails had rust?", "12"),
        ("Of the 310 rails, 12 had rust.", "How many rails were there?", ""),
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


@pytest.mark.parametrize(
    ("text", "question", "marked"),
    [
        ("Of 40 farms two dozen goats came, and 3 dogs.", "How many goats came?", "two dozen"),
        ("The fair had 1.2 million visitors and 40 stalls.", "How many visitors did the fair have?", "1.2 million"),
        ("Between 20 and 30 people fainted in 2 hours.", "How many people fainted?", "Between 20 and 30"),
        ("About 40% of visitors and 12 dogs were fed.", "How many visitors were fed?", "40%"),
    ],
)
def test_a_number_is_marked_with_its_scale_and_its_other_end(text: str, question: str, marked: str) -> None:
    (sentence,) = rated(text, 0.9)
    (found,) = with_counts([replace(sentence, answer=(0, len(text)))], question)
    assert text[slice(*found.answer)] == marked


def test_in_a_row_of_a_table_the_column_tells_what_a_number_counts(tmp_path: Path) -> None:
    table = "# Towns\n\n| Town | Inhabitants | Schools |\n|---|---|---|\n| Lomvik | 900 | 1 |\n| Borre | 700 | 2 |\n"
    write_files(tmp_path / "c", {"towns.md": table})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask("How many inhabitants does Lomvik have?").citations[0]
    assert [first.document.text[a:b] for a, b in first.highlights] == ["900"]
