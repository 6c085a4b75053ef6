"""Names: several authors in a line, and the same name in other letters."""

import pytest

from pincite import names


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Ane Holt", ["Ane Holt"]),
        ("Holt, Ane", ["Ane Holt"]),
        ("Ane Holt, Bo Lind and Cy Roe", ["Ane Holt", "Bo Lind", "Cy Roe"]),
        ("Holt, Ane; Lind, Bo", ["Ane Holt", "Bo Lind"]),
        ("Ane Holt; Bo Lind", ["Ane Holt", "Bo Lind"]),
        ("Ane Holt & Bo Lind", ["Ane Holt", "Bo Lind"]),
        ("Ane Holt, PhD", ["Ane Holt"]),
        ("van Holt, Ane", ["Ane van Holt"]),
        ("Holt, A. B. and Lind, C.", ["A. B. Holt", "C. Lind"]),
        ("", []),
    ],
)
def test_the_people_of_a_line(line: str, people: list[str]) -> None:
    assert list(names.split(line)) == people


@pytest.mark.parametrize("name", ["ane holt", "ANE HOLT", "Ané Hølt", "Holt, Ane; Lind, Bo"])
def test_a_name_is_found_in_any_letters(name: str) -> None:
    assert names.key(name) in names.keys("Holt, Ane; Lind, Bo")
    assert names.key("Ane") not in names.keys("Holt, Ane; Lind, Bo")
