"""Numbers, dates and names in answer to how many, when and who."""

from __future__ import annotations

import pytest

from pincite.reading.answer_type import fits


@pytest.mark.parametrize(
    ("question", "sentence", "expected"),
    [
        ("How many sacks were ground?", "It ground twelve sacks a day.", True),
        ("By how much did it grow?", "It grew by 40%.", True),
        ("How many sacks were ground?", "It ground sacks by day.", False),
        ("When did it close?", "It closed on Feb. 10.", True),
        ("What year did it close?", "It closed in 1911.", True),
        ("When did it close?", "It closed for 300 days.", False),
        ("Who built the mill?", "The mill was built by Penn.", True),
        ("Who was Penn?", "The mill was built by Penn.", False),
        ("Where is the mill?", "It stands near Aldhaven.", True),
        ("有多少条船？", "渡口有三条木船。", True),
        ("Why did it close?", "It closed in 1911, says Penn.", False),
    ],
)
def test_kinds(question: str, sentence: str, expected: bool) -> None:
    assert fits(question, sentence) is expected
