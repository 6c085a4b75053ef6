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
        ("Food and Agriculture Organization", ["Food and Agriculture Organization"]),
        (
            "Bo Lind, Cy Roe and Food and Agriculture Organization",
            ["Bo Lind", "Cy Roe", "Food and Agriculture Organization"],
        ),
        (
            "Food and Agriculture Organization and Bo Lind, Cy Roe",
            ["Food and Agriculture Organization", "Bo Lind", "Cy Roe"],
        ),
        ("Holt, Ane; Ministry of Food and Rural Affairs", ["Ane Holt", "Ministry of Food and Rural Affairs"]),
        ("Ane Holt and Department of Trade & Industry", ["Ane Holt", "Department of Trade & Industry"]),
        ("Johnson & Johnson", ["Johnson & Johnson"]),
        ("University of Oslo, Norway", ["University of Oslo", "Norway"]),
        ("University of Oslo and Institute of Tides", ["University of Oslo", "Institute of Tides"]),
        ("Ana Bell and Xinhua", ["Ana Bell", "Xinhua"]),
        ("Ane Holt and Marks and Spencer", ["Ane Holt", "Marks and Spencer"]),
    ],
)
def test_the_people_of_a_line(line: str, people: list[str]) -> None:
    assert list(names.split(line)) == people


@pytest.mark.parametrize("name", ["ane holt", "ANE HOLT", "Ané Hølt", "Holt, Ane; Lind, Bo"])
def test_a_name_is_found_in_any_letters(name: str) -> None:
    assert names.key(name) in names.keys("Holt, Ane; Lind, Bo")
    assert names.key("Ane") not in names.keys("Holt, Ane; Lind, Bo")


@pytest.mark.parametrize("name", ["Holt", "Lind", "Holt & Lind", "Food", "Agriculture Organization"])
def test_what_stands_beside_an_and_is_found(name: str) -> None:
    assert names.key(name) in names.keys("Holt & Lind; Food and Agriculture Organization")
