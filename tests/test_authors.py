"""What somebody wrote: searched, filtered and asked for by the author's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Filter, Index
from pincite.errors import NothingFits
from pincite.reading.authors import by_author, who_wrote

ABOUT = {"eels": "Ane Holt", "tar": "Ane Holt, Bo Lind and Cy Roe", "wax": "Lind, Bo; Holt, Ané", "salt": "Eva Dahl"}


@pytest.mark.parametrize(
    ("question", "author", "topic"),
    [
        ("What did Ane Holt write about?", "Ane Holt", None),
        ("what has ane holt written?", "ane holt", None),
        ("Which articles did Ane Holt write?", "Ane Holt", None),
        ("Which papers has Ane Holt published on eels?", "Ane Holt", "eels"),
        ("What does J. R. Halden write about?", "J. R. Halden", None),
        ("What was written by Ane Holt?", "Ane Holt", None),
        ("articles by Ane Holt", "Ane Holt", None),
        ("Which articles are by Ane Holt?", "Ane Holt", None),
        ("Show me all texts written by Ane Holt.", "Ane Holt", None),
        ("Are there any papers by Ane Holt?", "Ane Holt", None),
        ("What articles do you have by Ane Holt?", "Ane Holt", None),
        ("the latest reports published by Ane Holt", "Ane Holt", None),
        ("What did Ane Holt write about eels?", "Ane Holt", "eels"),
        ("Which articles from the Borre Echo do you have?", "the Borre Echo", None),
        ("Which articles by Ane Holt do you have?", "Ane Holt", None),
        ("articles by Ane Holt on the tar of the north", "Ane Holt", "the tar of the north"),
    ],
)
def test_whose_articles_are_asked_for(question: str, author: str, topic: str | None) -> None:
    assert by_author(question) == (author, topic)


@pytest.mark.parametrize(
    "question",
    [
        "What did Ane Holt say?",
        "Who wrote about eels?",
        "",
        "How long do eels live?",
        "Who withdrew the report by Ane Holt?",
        "Who stole the article from Ane Holt?",
        "How many papers were retracted by Ane Holt?",
        "Why was the essay by Ane Holt burned?",
        "Which papers were retracted by Ane Holt?",
        "List the stories stolen by Ane Holt.",
        "When did the mayor read the report by Ane Holt?",
        "What did the mayor do with the paper by Ane Holt?",
        "texts from Ane Holt",
    ],
)
def test_other_questions_ask_for_nobodys(question: str) -> None:
    assert by_author(question) is None


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("authors")
    text = "---\ntitle: On {0}\nauthor: {1}\ndate: 19{2:02}-01-01\n---\n\n# First\n\nMuch {0} is sold.\n\nIt is dear.\n"
    files = {f"{name}.md": text.format(name, author, year) for year, (name, author) in enumerate(ABOUT.items())}
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize(
    ("question", "docs"),
    [
        ("What did Ane Holt write about?", ["wax", "tar", "eels"]),
        ("articles by bo lind", ["wax", "tar"]),
        ("What has Cy Roe written?", ["tar"]),
        ("What did Ane Holt write about tar?", ["tar"]),
        ("What did Holt, Ane write about?", ["wax", "tar", "eels"]),
    ],
)
def test_what_somebody_wrote_is_quoted_from_each_article(index: Index, question: str, docs: list[str]) -> None:
    answer = Assistant(index).ask(question)
    assert [each.document.doc_id for each in answer.citations] == [f"{name}.md" for name in docs]
    for each in answer.citations:
        assert each.document.text[each.start : each.end] == each.quote
        assert each.quote.startswith("Much ")
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))


def test_of_many_articles_the_rest_is_counted(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincite.assistant._LISTED", 2)
    answer = Assistant(index).ask("What did Ane Holt write about?")
    assert (len(answer.citations), answer.more, answer.notes) == (2, 1, ("1 more article by Ane Holt.",))


def test_filters_hold_for_what_somebody_wrote(index: Index) -> None:
    answer = Assistant(index).ask("What did Ane Holt write about?", where=Filter(before="1901"))
    assert [each.document.doc_id for each in answer.citations] == ["tar.md", "eels.md"]


def test_an_author_is_found_by_words(index: Index) -> None:
    assert {hit.document.doc_id for hit in index.search("Holt", mode="lexical")} == {"eels.md", "tar.md", "wax.md"}
    assert [hit.document.doc_id for hit in index.search("eva dahl", mode="lexical")] == ["salt.md"]


def test_who_wrote_nothing_is_no_author(index: Index) -> None:
    assert not Assistant(index).ask("What did Ulf Grieg write about?").answered


@pytest.mark.parametrize(
    ("part", "whole"),
    [("Dahl", ("Eva Dahl",)), ("LIND", ("Bo Lind",)), ("eva dahl", ("eva dahl",)), ("Cy", ("Cy Roe",))],
)
def test_a_filter_takes_a_part_of_a_name(index: Index, part: str, whole: tuple[str, ...]) -> None:
    where = index.check_fits(Filter(author=part))
    assert where == Filter(author=whole)
    assert index.search("sold", where=where)


def test_a_part_of_a_word_is_no_part_of_a_name(index: Index) -> None:
    with pytest.raises(NothingFits, match="Eva Dahl"):
        index.check_fits(Filter(author="Dah"))


def test_an_author_is_asked_for_by_a_part_of_the_name(index: Index) -> None:
    assert [each.document.doc_id for each in Assistant(index).ask("What did Dahl write?").citations] == ["salt.md"]


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Who wrote about eels?", "eels"),
        ("who has written an article on the tar of the north", "the tar of the north"),
        ("Which authors wrote about eels?", "eels"),
        ("Who is the author of the article about wax?", "wax"),
        ("Who wrote the long report on salt?", "salt"),
        ("Who wrote The Salt of the Earth?", None),
        ("Who wrote?", None),
        ("Who withdrew the report on eels?", None),
        ("What did Ane Holt write about eels?", None),
    ],
)
def test_whose_names_are_asked_for(question: str, topic: str | None) -> None:
    assert who_wrote(question) == topic


@pytest.mark.parametrize(
    ("question", "authors"),
    [
        ("Who wrote about eels?", ["Ane Holt"]),
        ("Who has written about salt?", ["Eva Dahl"]),
        ("Who is the author of the article on tar?", ["Ane Holt, Bo Lind and Cy Roe"]),
    ],
)
def test_the_authors_of_articles_on_something_are_named(index: Index, question: str, authors: list[str]) -> None:
    answer = Assistant(index).ask(question)
    assert [part.name for part in answer.parts] == authors
    assert [each.document.author for each in answer.citations] == authors
    assert authors[0] in answer.notes[0]


def test_who_wrote_about_what_nobody_wrote_about(index: Index) -> None:
    assert not Assistant(index).ask("Who wrote about volcanoes?").answered


def test_an_article_that_tells_who_wrote_is_quoted(tmp_path: Path) -> None:
    text = (
        "---\ntitle: The eel in letters\nauthor: Ulf Grieg\n---\n\nKaren Moe wrote about eels in her letters of 1860.\n"
    )
    write_files(tmp_path / "c", {"letters.md": text, "wax.md": "---\nauthor: Bo Lind\n---\n\nWax is made by bees.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Who wrote about eels?")
    assert "Karen Moe" in answer.citations[0].quote
    assert not answer.parts


@pytest.mark.parametrize(
    ("question", "docs"),
    [
        ("Which articles are by the Borre Echo?", {"tolls.md", "ropes.md"}),
        ("Which articles from the Echo do you have?", {"tolls.md", "ropes.md"}),
        ("What did the Borre Echo write in 2011?", {"ropes.md"}),
        ("Which articles did Ulla Brekke write in 2012?", {"tolls.md"}),
        ("Which articles did Ulla Brekke write in 2019?", set()),
    ],
)
def test_a_source_and_a_time_are_asked_for_as_an_author_is(tmp_path: Path, question: str, docs: set[str]) -> None:
    text = (
        "---\ntitle: On {0}\nauthor: Ulla Brekke\nsource: The Borre Echo\ndate: {1}-05-01\n---\n\nMuch {0} is sold.\n"
    )
    files = {f"{name}.md": text.format(name, year) for name, year in [("ropes", 2011), ("tolls", 2012)]}
    write_files(tmp_path / "corpus", {**files, "other.md": "# Wool\n\nThe Echo of Borre is a cave.\n"})
    index = Index.open(tmp_path / "index")
    index.update(tmp_path / "corpus")
    answer = Assistant(index).ask(question)
    assert {each.document.doc_id for each in answer.citations} == docs
