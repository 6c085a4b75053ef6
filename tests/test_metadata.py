"""Titles: what a text is about, where its file says little of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from pincite import Document
from pincite.parsers import read


def title(folder: Path, name: str, text: str) -> tuple[str, bool]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    (found,) = read(path, name)
    assert isinstance(found, Document)
    return found.title, found.title_is_name


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("cargo/faq.md", "# FAQ\n\nIt builds.\n", ("FAQ – cargo", False)),
        ("cargo/README.md", "It builds.\n", ("README – cargo", True)),
        ("cargo/docs/README.md", "It builds.\n", ("README – cargo", True)),
        ("docs/README.md", "It builds.\n", ("README – docs", True)),
        ("README.md", "It builds.\n", ("README", True)),
        ("cargo/index.html", "<p>It builds.</p>", ("index – cargo", True)),
        ("cargo/a.html", "<title>Untitled Document</title><p>It builds.</p>", ("a", True)),
        ("cargo/index.html", "<title>Untitled</title><p>It builds.</p>", ("index – cargo", True)),
        ("cargo/a.rst", "Release Notes\n=============\n\nIt builds.\n", ("Release Notes – cargo", False)),
        ("cargo/faq.md", "# FAQ of the mole\n\nIt builds.\n", ("FAQ of the mole", False)),
        ("cargo/a.txt", "News\n\nIt builds a long mole of granite at last.\n", ("News – cargo", False)),
    ],
)
def test_a_title_that_says_nothing_is_shown_with_the_folder(
    tmp_path: Path, name: str, text: str, expected: tuple[str, bool]
) -> None:
    assert title(tmp_path, name, text) == expected


CHAPTER = "<main><h1>{0}</h1><p>{1}</p></main>"
PROSE = "The mole at Lorn was built of granite, and its light was lit at dusk. " * 6


@pytest.mark.parametrize(
    ("head", "around", "expected"),
    [
        ("<title>The Mole Book</title>", "<header><a href='index.html'>The Mole Book</a></header>", "Granite"),
        ("<title>The Mole Book</title>", "<nav><h1 class='menu-title'>The Mole Book</h1></nav>", "Granite"),
        ("<title>The Mole Book</title><link rel='top' title='The Mole Book' href='a'>", "", "Granite"),
        ("<title>Granite - The Mole Book</title>", "", "Granite"),
        ("<title>3.1. Granite — The Mole Book</title>", "", "Granite"),
        ("<title>The Mole Book | Granite</title>", "", "Granite"),
    ],
)
def test_a_chapter_has_its_own_title_and_not_that_of_its_book(
    tmp_path: Path, head: str, around: str, expected: str
) -> None:
    page = f"<html><head>{head}</head><body>{around}{CHAPTER.format('Granite', PROSE)}</body></html>"
    assert title(tmp_path, "a.html", page) == (expected, False)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("l.txt", f"{' ' * 20}HARBOUR LICENCE\n{' ' * 18}Version 3, June 2007\n\nIt is free.\n", "HARBOUR LICENCE"),
        ("l.txt", "\n\t\tHarbour Licence\n\t\t  Third Edition\n\nIt is free.\n", "Harbour Licence"),
        ("NEWS.txt", f"Ferry NEWS{' ' * 20}-*- outline -*-\n\n* It floats.\n", "Ferry NEWS"),
        (
            "NEWS.txt",
            "Ferry NEWS -- what one sees.   -*- outline -*-\nIt floats on water.\n",
            "Ferry NEWS -- what one sees",
        ),
        ("a.txt", "FERRY(1)        The Harbour        FERRY(1)\n\nNAME\n       ferry - floats\n", "FERRY(1)"),
        ("news.txt", "Changes in 5.4\n===========\n* New\n\nChanges in 5.3\n===========\n* Old\n", "news"),
        ("news.md", "# Ferry 2.4 (5 May 2021)\n\nNew.\n\n# Ferry 2.3 (1 May 2020)\n\nOld.\n", "news"),
        ("a.html", "<title>Becoming <b>a</b> pilot</title><h3>Becoming <code>a</code> pilot</h3><p>One.</p>", None),
        ("a.html", "<title>ferry</title><h2><i>ferry</i></h2><h3>Warning</h3><p>It sinks.</p>", "ferry"),
        ("a.csv", "place,boats\nAldhaven,4\n", "a, row 2"),
    ],
)
def test_titles_set_apart_are_found(tmp_path: Path, name: str, text: str, expected: str | None) -> None:
    assert title(tmp_path, name, text)[0] == (expected or "Becoming <b>a</b> pilot")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Ane Holt https://aldhaven.example/~ane; Bo Lind <bo@aldhaven.example>", "Ane Holt; Bo Lind"),
        ("Ane Holt https; Bo Lind", "Ane Holt; Bo Lind"),
        ("© Ane Holt", "Ane Holt"),
        ("Ane Holtharbour-office@aldhaven.example", None),
        ("ane@aldhaven.example", "ane@aldhaven.example"),
        ("Ane Holt (ed.)", "Ane Holt (ed.)"),
        ("Lind, B. (Aldhaven) <bo@aldhaven.example>", "Lind, B. (Aldhaven)"),
    ],
)
def test_an_author_has_no_address(tmp_path: Path, stated: str, expected: str | None) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: Ice\nauthor: '{stated}'\n---\n\nIt froze.\n", "utf-8")
    (found,) = read(path, "a.md")
    assert isinstance(found, Document)
    assert found.author == expected
