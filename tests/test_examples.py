"""The examples in the docstrings of what is public, run over an index of three articles."""

from __future__ import annotations

import doctest

import pytest

import pincite
from pincite import Assistant, Index


@pytest.mark.parametrize(
    "name", ["Answer.to_markdown", "Assistant.ask", "Filter", "Index.search", "Index.status", "Settings"]
)
def test_the_example_prints_what_it_says(name: str, real_index: Index) -> None:
    subject = pincite
    for part in name.split("."):
        subject = getattr(subject, part)
    given = {each: getattr(pincite, each) for each in pincite.__all__} | {
        "index": real_index,
        "assistant": Assistant(real_index),
        "answer": Assistant(real_index).ask("When did the night ferry leave Aldhaven?"),
    }
    tests = [each for each in doctest.DocTestFinder(recurse=False).find(subject, name, globs=given) if each.examples]
    assert tests
    for test in tests:
        assert doctest.DocTestRunner().run(test).failed == 0
