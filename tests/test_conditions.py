"""What a question names of time and number, and what that does to the quotes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import rated, write_files
from pincite import Assistant, Index, Settings
from pincite.reading.conditions import (
    asks_for_latest,
    named_period,
    of_same_text,
    period_in_words,
    without_other,
    without_other_figures,
)


def test_of_a_long_turn_the_end_alone_loses_its_times() -> None:
    """A body may hold a megabyte, and each of its dates is looked for by many patterns."""
    long = "It was painted on 4 May 2019. " * 30_000
    found = without_other(f"{long}What were the dues of 2019?", "And the current ones?")
    assert found.startswith(long[:-600])
    assert found.endswith("What were the dues?")


@pytest.mark.parametrize(
    ("question", "period"),
    [
        ("What did the board decide in March 2021?", "2021-03"),
        ("What happened on 9 June 2022?", "2022-06-09"),
        ("What was built in 1999?", "1999"),
        ("Was the toll raised between 2019 and 2021?", None),
        ("Did the report of 9 June 2022 agree with that of 12 June 2022?", None),
        ("What was built in May 2021 and in 2023?", None),
        ("What was built after March 2021?", None),
        ("What has changed since the end of 2019?", None),
        ("Who paid 2000,50 crowns?", None),
        ("Who paid $2000?", None),
        ("What is in section 3-2019?", None),
        ("Why did 2021% of them leave?", None),
        ("When did the ferry leave?", None),
    ],
)
def test_a_period_is_named_by_a_day_a_month_or_a_single_year(question: str, period: str | None) -> None:
    assert named_period(question) == period


@pytest.mark.parametrize(
    ("question", "latest"),
    [
        ("What is the latest toll?", True),
        ("What is the current toll of the bridge?", True),
        ("最新的规定是什么?", True),
        ("How strong is the currents of the bay?", False),
        ("Who was late?", False),
    ],
)
def test_what_holds_now_is_asked_for_in_words(question: str, latest: bool) -> None:
    assert asks_for_latest(question) is latest


@pytest.mark.parametrize(
    ("day", "words"), [("2021", "2021"), ("2021-03", "March 2021"), ("2021-03-09", "9 March 2021")]
)
def test_a_day_is_written_as_articles_write_it(day: str, words: str) -> None:
    assert period_in_words(day) == words


COUNCIL = {
    "2020-03-11": "The council voted to paint the pier.",
    "2021-03-10": "The council voted to mend the pier with oak.",
    "2022-03-09": "The council voted to sell the pier to the rowing club.",
}
TOLLS = {"2013-02-01": 15, "2023-09-01": 12, "2019-05-01": 20}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("dates")
    minutes = {
        f"council-{day}.md": f"---\ntitle: Council\ndate: {day}\n---\n\n{text}\n" for day, text in COUNCIL.items()
    }
    tolls = {
        f"toll-{day}.md": f"---\ndate: {day}\n---\n\nThe toll of the bridge for a cart is {toll} crowns.\n"
        for day, toll in TOLLS.items()
    }
    later = "---\ntitle: Oak\ndate: 2024-01-02\n---\n\nThe oak for the pier was bought in March 2021 by the council.\n"
    tugs = {"aske": "Twenty-one", "borre": "Twelve", "corran": "Twenty"}
    ports = {
        f"{port}.txt": f"{port.title()}\n\n{count} tugs worked at {port.title()} in the year of the strike.\n"
        for port, count in tugs.items()
    }
    write_files(folder / "c", {**minutes, **tolls, **ports, "oak.md": later})
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


def _cited(assistant: Assistant, question: str) -> list[str]:
    return [citation.document.doc_id for citation in assistant.ask(question).citations]


@pytest.mark.parametrize(
    ("month", "day"), [("March 2020", "2020-03-11"), ("March 2021", "2021-03-10"), ("2022", "2022-03-09")]
)
def test_an_article_of_the_time_that_is_named_answers_alone(assistant: Assistant, month: str, day: str) -> None:
    cited = _cited(assistant, f"What did the council decide about the pier in {month}?")
    assert cited[:1] == [f"council-{day}.md"]
    assert not {f"council-{other}.md" for other in COUNCIL if other != day}.intersection(cited)


def test_what_is_on_another_thing_is_no_revision(assistant: Assistant) -> None:
    for asked in ("How many tugs worked in the year of the strike?", "What did the council decide about the pier?"):
        assert not any("newest" in note for note in assistant.ask(asked).notes)


@pytest.mark.parametrize(("number", "port"), [("21", "aske"), ("twelve", "borre"), ("20", "corran")])
def test_a_number_of_the_question_stands_in_what_answers(assistant: Assistant, number: str, port: str) -> None:
    assert _cited(assistant, f"Which port had {number} tugs in the year of the strike?") == [f"{port}.txt"]


def test_a_part_of_a_long_question_may_be_answered_without_its_number(assistant: Assistant) -> None:
    asked = (
        "Which of the ports along the coast, of which one is said to have had as many as 21 tugs in all, had only "
        "twelve tugs at work in the year of the strike?"
    )
    assert {"aske.txt", "borre.txt"} <= {hit.document.doc_id for hit in assistant.ask(asked).hits if hit.scores["read"]}


def test_a_number_that_no_article_has_leaves_out_nothing(assistant: Assistant) -> None:
    answer = assistant.ask("Which of the 7 ports had tugs in the year of the strike?")
    assert {citation.document.doc_id for citation in answer.citations} & {"aske.txt", "borre.txt", "corran.txt"}


def test_what_tells_of_a_time_later_may_answer(assistant: Assistant) -> None:
    assert "oak.md" in _cited(assistant, "What was bought for the pier in March 2021?")


def test_the_latest_of_several_leads_and_the_others_follow(assistant: Assistant) -> None:
    assert _cited(assistant, "What is the current toll for a cart on the bridge?")[0] == "toll-2023-09-01.md"
    every = _cited(assistant, "What is the toll for a cart on the bridge?")
    assert {f"toll-{day}.md" for day in TOLLS} <= set(every)


FEES = {
    "fees.html": "<h1>Fees of Sund</h1><p>These are the fees of the port of Sund, for boats of all kinds.</p>"
    "<dl><dt>Pier</dt><dd>12 crowns a night</dd><dt>Winch</dt><dd>80 crowns an hour</dd></dl>"
    "<table><tr><th>Boats</th><th>Fee</th></tr><tr><td>Red boats</td><td>3 crowns</td></tr>"
    "<tr><td>Blue boats</td><td>5 crowns</td></tr><tr><td>Green boats</td><td>free</td></tr></table>",
}


@pytest.mark.parametrize(
    ("question", "entry"),
    [
        ("How much is a night at the pier of Sund?", "Pier: 12 crowns a night"),
        ("What does the winch of Sund cost an hour?", "Winch: 80 crowns an hour"),
        ("What do blue boats pay at Sund?", "Blue boats | 5 crowns"),
        ("Which boats are free at Sund?", "Green boats | free"),
    ],
)
def test_of_a_list_the_entry_is_quoted_that_is_asked_for(tmp_path: Path, question: str, entry: str) -> None:
    write_files(tmp_path / "c", FEES)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        quotes = [citation.quote for citation in Assistant(index).ask(question).citations]
    assert quotes[:1] == [entry]
    assert not any("crowns" in quote and quote != entry for quote in quotes)


def test_where_no_entry_has_more_of_the_question_all_may_be_quoted(tmp_path: Path) -> None:
    lines = "- oats from Aske\n- honey from Borre\n- tar from Corran\n"
    write_files(tmp_path / "c", {"a.md": f"# The mill\n\nThe mill of Sund sells these goods:\n\n{lines}"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask("Which goods does the mill of Sund sell?").citations[0]
    assert first.quote.endswith("oats from Aske\nhoney from Borre\ntar from Corran")


def test_paragraphs_on_lines_of_their_own_are_no_entries(tmp_path: Path) -> None:
    lines = [
        "The mill of Sund was sold in May to the miller of Aske, who paid for it with honey and with two of his carts.",
        "It was sold for ninety crowns, which was more than anyone along the coast had ever paid for a mill like it.",
    ]
    write_files(tmp_path / "c", {"a.txt": "Sund\n\n" + "\n".join(lines)})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        read = index.read("For how much was the mill of Sund sold?", index.rank([("mill Sund sold", 1.0)], passages=5))
    assert {sentence.text for sentence in read.sentences} == set(lines)


def test_entries_of_a_table_in_two_passages_are_told_apart(tmp_path: Path) -> None:
    ports = ["Aske", "Borre", "Corran", "Dunmore", "Esk", "Farne", "Gair", "Holm"]
    rows = "\n".join(
        f"| {port} | {n + 3} crowns for a cart | {n + 7} crowns for a boat |" for n, port in enumerate(ports)
    )
    write_files(tmp_path / "c", {"a.md": f"# Tolls\n\n| Port | Carts | Boats |\n| --- | --- | --- |\n{rows}\n"})
    with Index.open(tmp_path / "index", settings=Settings(passage_tokens=64)) as index:
        index.update(tmp_path / "c")
        quotes = [citation.quote for citation in Assistant(index).ask("What is the toll for a cart at Esk?").citations]
    assert quotes == ["Esk | 7 crowns for a cart | 11 crowns for a boat"]


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("What is the toll of the bridge in 2017?", "Nothing of 2017, as asked, was found"),
        ("What did the council decide about the pier in 2019?", "Nothing of 2019, as asked, was found"),
        ("How many tugs worked at Aske in 2019?", "does not name 2019, as asked"),
        ("What is the toll of the bridge in 2019?", None),
        ("What did the council buy for the pier in March 2021?", None),
        ("What is the toll of the bridge?", None),
    ],
)
def test_a_time_that_nothing_quoted_is_of_is_said(assistant: Assistant, question: str, note: str | None) -> None:
    answer = Assistant(assistant.index, threshold=0.05).ask(question)
    assert answer.answered
    assert any(note in each for each in answer.notes) if note else not any("as asked, was" in n for n in answer.notes)


@pytest.mark.parametrize(
    ("text", "question", "first"),
    [
        (
            "The fair of 2018 drew 53 boats. The fair of 2019 drew 74.",
            "How many boats came in 2019?",
            "The fair of 2019",
        ),
        (
            "In 2018 it rained. The fair of 2019 was big. It drew 74.",
            "What was the fair of 2019 like?",
            "The fair of 2019",
        ),
        ("Meeting of 3 May. Next meeting: 7 June.", "When is the next meeting?", "Next meeting"),
        (
            "The last ferry leaves at 9. The first ferry leaves at 5.",
            "When does the first ferry leave?",
            "The first ferry",
        ),
        ("The mill burned in 1901. It was sold.", "What happened in 1902?", "The mill burned"),
    ],
)
def test_of_one_text_what_is_on_the_asked_time_leads(text: str, question: str, first: str) -> None:
    sentences = rated(text, 0.94, 0.88, *[0.5] * (text.count(".") - 2))
    assert of_same_text(sentences, question, named_period(question))[0].text.startswith(first)


@pytest.mark.parametrize(("year", "marked"), [("2018", "53"), ("2017", "")])
def test_no_figure_of_another_year_is_marked(year: str, marked: str) -> None:
    text = "The fair of 2018 drew 53 boats."
    (sentence,) = rated(text, 0.9)
    at = text.find("53")
    (found,) = without_other_figures([replace(sentence, answer=(at, at + 2))], f"How many boats came in {year}?")
    assert text[slice(*found.answer)] == marked
