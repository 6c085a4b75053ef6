"""What is no question to the articles is answered by Pincite itself; what only looks like it goes to the articles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from conftest import WordEmbedder, write_files
from pincite import Answer, Assistant, Filter, Index, Settings, as_json, as_text
from pincite.analysis.intents import Intent, Kind, intent
from pincite.cli import program
from pincite.errors import EmptyIndex
from pincite.retrieval.follow_ups import subject

WANTED: dict[Kind, list[str]] = {
    "hello": ["hi", "Hello!", "GOOD MORNING", "hey pincite, how are you?", "Hiya", "helo", "hellooo there",
              "Guten Tag!", "bonjour", "¡Hola!", "你好", "مرحبا", "Здравствуйте", "こんにちは", "नमस्ते", "Grüß Gott"],
    "thanks": ["thanks", "thanks, that's great", "Thanks for your quick reply!", "Thank you so much!", "thx", "ty",
               "ok, thanks a lot for your help", "Danke schön", "merci",
               "谢谢!", "شكرا", "No, thank you."],
    "bye": ["bye", "Good-bye!", "see you later", "Thanks, bye!", "Have a nice day", "au revoir",
            "Auf Wiedersehen", "再见"],
    "help": ["help", "What is Pincite?", "Tell me what you can do", "what kind of questions can I ask",
             "What can you do?", "who are you", "How does this work?", "Can you help me, please?",
             "What’s your name?", "Are you a bot?", "hey Pincite, what can I ask you?", "How do I use this?"],
    "catalogue": ["How many articles do you have?", "How many articles are there?", "List all articles",
                  "what articles do you have", "What are they about?", "Please show me all the documents",
                  "Hi! Could you list the files?", "What's in here?", "number of articles in total",
                  "which texts are there", "could you tell me how many articles there are", "What do you know?",
                  "What topics do you cover?",
                  "Do you have any documents?", "summarise everything"],
    "news": ["What is new?", "tell me what's new", "what was published last?", "whats new", "latest articles",
             "Show me the newest documents, please", "any news?",
             "What are the most recent articles?", "Which article is the latest?", "recently added"],
    "summary": ["Summarise the article about the tide mill", "summary of The tide mill", "tl;dr the tide mill",
                "Could you summarize “The tide mill”, please?", "key points of the tide mill article",
                "Give me a short summary of the article on the tide mill",
                "What does the article about the tide mill say?"],
}  # fmt: skip
MISSED: dict[Kind, list[str]] = {
    "hello": ["Hello, Dolly was shown when?", "hello world program", "Who said hi to the keeper?", "Hello, Dolly!",
              "What does “good morning” mean in Danish?", "Hi-fi sets of the harbour", "good mornings for fishing"],
    "thanks": ["Thanks to whom was the bridge built?", "thank you letters", "Who gave thanks?", "thanksgiving",
               "Is ty a tie?", "Nice", "great"],
    "bye": ["Who is Bye?", "bye-laws of the harbour", "Goodbye to Berlin", "When did they see you later?",
            "good night ferry"],
    "help": ["help desk hours", "How does the tide mill work?", "What can you do against mites?", "Who are the owners?",
             "Who made the wheel?", "How do I use the crane?", "How does this fan work?",
             "What can I ask for at the office?"],
    "catalogue": ["What is the list price?", "How many articles does the constitution have?", "What are bees about?",
                  "List all articles of the treaty", "Which articles are about bees?", "What documents do I need?",
                  "What articles do you have about the library?", "How many articles do you have about the library?",
                  "How many articles are about bees?", "What is in honey?", "Show me the article",
                  "What are articles?", "Which articles are in force?", "Which texts from 2019 speak of bees?"],
    "news": ["What's new in version 2.0?", "latest articles about bees", "news from Aldhaven",
             "new articles of association", "What is the latest tolerance?",
             "Anything new on the ferry?", "What was added to the charter?"],
    "summary": ["Who wrote the summary of the report?", "abstract", "overview", "summary judgment", "Abstract art",
                "The summary says what?", "Who summarised the talks?"],
}  # fmt: skip


def user(*turns: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": turn} for turn in turns]


@pytest.fixture(scope="module")
def assistant(real_index: Index) -> Assistant:
    return Assistant(real_index)


# ---------------------------------------------------------------- what is recognised


@pytest.mark.parametrize(("kind", "turn"), [(kind, turn) for kind, turns in WANTED.items() for turn in turns])
def test_what_is_no_question_is_known_in_many_wordings(kind: Kind, turn: str) -> None:
    wanted = intent(turn)
    assert wanted is not None
    assert wanted.kind == kind


@pytest.mark.parametrize("turn", [turn for turns in MISSED.values() for turn in turns])
def test_what_holds_the_words_of_a_rule_but_asks_for_more_is_a_question(turn: str) -> None:
    wanted = intent(turn)
    assert wanted is None or (wanted.kind == "summary" and not wanted.sure)


@pytest.mark.parametrize(
    ("turn", "wanted"),
    [
        ("Summarise the article about the keeper’s boat, please!", Intent("summary", "the keeper’s boat")),
        ("summary of O'Brien's log", Intent("summary", "O'Brien's log", sure=False)),
        ("Summarise the bees article", Intent("summary", "the bees")),
        ("Summarise", Intent("summary")),
        ("summarize it please", Intent("summary")),
        ("the 3 latest articles", Intent("news", most=3)),
        ("Which articles are in the “Old mills” folder?", Intent("catalogue", "Old mills")),
        ("Which articles of 2021 do you have?", Intent("catalogue", "2021")),
        ("What texts from May 2021 are there?", Intent("catalogue", "May 2021")),
        ("list the files in the mill folder", Intent("catalogue", "mill")),
        ("How many documents were published in July 2019?", Intent("catalogue", "July 2019")),
        ("What articles do you have from 5 May 2021?", Intent("catalogue", "5 May 2021")),
        ("Show me the last five articles", Intent("news", most=5)),
    ],
)
def test_what_a_turn_names_is_taken_from_it(turn: str, wanted: Intent) -> None:
    assert intent(turn) == wanted


def test_what_was_said_before_decides_what_is_a_question() -> None:
    assert intent("Great!", later=True) == Intent("thanks")
    assert intent("Nice?", later=True) is None
    assert intent("How does it work?") == Intent("help")
    assert intent("How does it work?", about=True) is None
    assert intent("What are they about?", about=True) is None


@given(st.text() | st.lists(st.sampled_from(["summarise", "hi", "the", "article", "½", "ﷺ", "'", "3"])).map(" ".join))
def test_whatever_is_typed_is_understood_or_not(turn: str) -> None:
    wanted = intent(turn)
    assert wanted is None or wanted.topic in turn


# ---------------------------------------------------------------- what is replied


@pytest.mark.parametrize("turn", [turn for kind in ("hello", "thanks", "bye", "help") for turn in WANTED[kind]])
def test_a_courtesy_is_returned_and_nothing_is_quoted(assistant: Assistant, turn: str) -> None:
    answer = assistant.ask(turn)
    assert answer.kind in ("greeting", "help")
    assert answer.reply
    assert answer.text == answer.reply
    assert not answer.answered
    assert not answer.citations
    assert not answer.hits


@pytest.mark.parametrize("turn", [turn for turns in MISSED.values() for turn in turns])
def test_a_near_miss_goes_to_the_articles(assistant: Assistant, turn: str) -> None:
    answer = assistant.ask(turn)
    assert answer.kind == "quotes"
    assert not answer.reply
    assert answer.hits


@pytest.mark.parametrize("turn", WANTED["catalogue"])
def test_the_catalogue_counts_and_lists_by_folder(assistant: Assistant, turn: str) -> None:
    answer = assistant.ask(turn)
    assert answer.kind == "catalogue"
    assert answer.reply == "There are 3 articles."
    assert [each.doc_id for each in answer.documents] == ["harbour.txt", "bees.txt", "mill/tide.md"]
    assert "The tide mill (2019-07), mill/tide.md" in answer.text
    assert "Bees (no date), bees.txt" in answer.text


@pytest.mark.parametrize("turn", WANTED["news"])
def test_the_news_are_the_latest_by_date_and_say_what_has_none(assistant: Assistant, turn: str) -> None:
    answer = assistant.ask(turn)
    assert answer.kind == "news"
    assert [each.date for each in answer.documents] == ["2021-03-04", "2019-07"]
    assert answer.reply == "The latest of 3 articles, newest first. 1 without a date, or of one to come, is left out."


def test_only_so_many_are_listed_as_are_asked_for(assistant: Assistant) -> None:
    assert [each.doc_id for each in assistant.ask("What is the 1 latest article?").documents] == ["harbour.txt"]


def test_a_filter_narrows_what_is_listed(assistant: Assistant) -> None:
    answer = assistant.ask("List all articles", where=Filter(before="2020"))
    assert answer.reply == "There is 1 article that fits the filters."
    assert [each.doc_id for each in answer.documents] == ["mill/tide.md"]
    nothing = assistant.ask("List all articles", where=Filter(source="Nobody"))
    assert not nothing.documents
    assert not nothing.hits


def test_of_one_article_is_spoken_as_of_one(assistant: Assistant) -> None:
    dated, undated = Filter(before="2020"), Filter(doc_ids="bees.txt")
    assert assistant.ask("What is new?", where=dated).reply == "There is 1 article that fits the filters."
    said = "There is 1 article that fits the filters; it has no date, or one to come."
    assert assistant.ask("What is new?", where=undated).reply == said


def test_rows_of_tables_are_no_articles(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "It goes.\n", "prices.csv": "Ware,Price\nSalt,3\nOil,4\n"})
    with Index.open(tmp_path / "index", settings=Settings(model="words")) as index:
        index.use_embedder("words", WordEmbedder())
        index.update(tmp_path / "c")
        ask = Assistant(index).ask
        assert ask("How many articles are there?").reply == "There is 1 article and 2 rows of 1 table."
        assert "quoted from 1 article and 2 rows of 1 table." in ask("Hello").reply
        (tmp_path / "c" / "a.txt").unlink()
        index.update(tmp_path / "c")
        assert ask("How many articles are there?").reply == "There are 2 rows of 1 table."


def test_of_many_articles_the_first_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    write_files(
        tmp_path / "c", {f"{n:02}.txt": f"Bell {n}\n\nThe bell of tower {n} is made of bronze.\n" for n in range(23)}
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("How many articles are there?")
        assert Assistant(index).ask("latest articles").reply == "None of 23 articles has a date."
    assert answer.reply == "There are 23 articles. The first 20 are listed; the library and `pincite list` have all."
    assert len(answer.documents) == 20


def test_an_empty_index_says_so_to_a_greeting_too(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "It goes.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        (tmp_path / "c" / "a.txt").unlink()
        index.update(allow_removals=True)
        for turn in ("hi", "help", "List all articles", "Summarise the article about bees"):
            with pytest.raises(EmptyIndex):
                Assistant(index).ask(turn)


# ---------------------------------------------------------------- summaries

LONG = {
    "saltworks.md": "---\ntitle: The saltworks of Lorn\ndate: 2020-02-03\n---\n\n"
    "The saltworks of Lorn boiled sea water from 1702 until 1911. It stood on the north beach.\n\n# Pans\n\n"
    "Eleven iron pans were heated by peat fires day and night. Who paid for the peat?\n\n"
    "| pan | depth |\n|---|---|\n| first | two feet |\n\n"
    "Sea water was pumped into the pans by a windmill of six sails. The salt was raked out every Saturday by women. "
    "Each pan gave forty bushels of salt a week in summer.\n\n# The end\n\n"
    "Cheap rock salt from the mainland made the saltworks of Lorn worthless. The pans were sold for scrap iron. "
    "A museum of salt opened in the old boiling house in 1980.\n",
    "salt-tax.md": "---\ntitle: The salt tax\n---\n\n"
    "The tax on salt was doubled in 1740. Smugglers brought salt from Lorn.\n",
    "peat.txt": "Peat\n\nPeat is cut in May and dried until August. It burns slowly and smells of earth.\n",
    "laws/HPL-3.txt": "HARBOUR LICENCE\n\nVersion 3\n\nWho moors a boat may leave it there for a night and a day.\n",
    "books/a.txt": "1984\n\nThe clock of the harbour struck thirteen, and nobody on the quay looked up from a net.\n",
    "books/b.txt": "Book list 1984\n\nThe keeper of the lighthouse lent eleven books to the crews of the ferry.\n",
    "laws/fish.txt": "Nobody may sell a cod or a herring on the quay before the bell was rung at seven.\n",
    "laws/tides-2.txt": "High water comes twice in a day and stays for half an hour at the mole of Lorn.\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def salt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("salt")
    write_files(folder / "corpus", LONG)
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield Assistant(index)


def check_summary(answer: Answer, doc_id: str) -> None:
    assert answer.kind == "summary"
    assert answer.answered
    assert {each.document.doc_id for each in answer.citations} == {doc_id}
    assert answer.reply.startswith(f"Key sentences of “{answer.citations[0].document.title}”")
    assert answer.text.startswith(answer.reply)
    starts = [each.start for each in answer.citations]
    assert starts == sorted(set(starts))
    for each in answer.citations:
        assert each.document.text[each.start : each.end] == each.quote
        assert each.passage.start <= each.start < each.end <= each.passage.end


@pytest.mark.parametrize(
    ("turn", "doc_id"),
    [
        ("Summarise the article about the saltworks", "saltworks.md"),
        ("Please give me a summary of “The saltworks of Lorn”.", "saltworks.md"),
        ("summary of salt-tax.md", "salt-tax.md"),
        ("What is the article on peat about?", "peat.txt"),
        ("tldr the salt tax", "salt-tax.md"),
        ("Summarise the article about smugglers", "salt-tax.md"),
        ("Summarise the museum article", "saltworks.md"),
        ("Summarise the HPL", "laws/HPL-3.txt"),
        ("Summarise the harbour licence", "laws/HPL-3.txt"),
        ("Summarise the laws on fish", "laws/fish.txt"),
        ("Summarise the tides", "laws/tides-2.txt"),
        ("Summarise the article 1984", "books/a.txt"),
    ],
)
def test_an_article_is_found_by_title_name_or_words(salt: Assistant, turn: str, doc_id: str) -> None:
    check_summary(salt.ask(turn), doc_id)


def test_a_summary_begins_as_the_article_and_quotes_what_stands_by_itself(salt: Assistant) -> None:
    answer = salt.ask("Summarise the article about the saltworks")
    quotes = [each.quote for each in answer.citations]
    assert 3 <= len(quotes) <= 5
    assert quotes[0] == "The saltworks of Lorn boiled sea water from 1702 until 1911."
    assert not any(quote.startswith(("It ", "Who ", "| ")) or "two feet" in quote for quote in quotes)


def test_what_is_no_article_is_asked_of_the_articles(salt: Assistant) -> None:
    assert salt.ask("Summary of the end of the saltworks").kind == "quotes"


@pytest.mark.parametrize(
    ("turn", "topic"),
    [
        ("Summarise the article about quantum chess", "quantum chess"),
        ("Summarise the article about the Zorblax salt", "the Zorblax salt"),
        ("What does the article about the peat strike say?", "the peat strike"),
        ("Summarise the report on smugglers of tobacco", "smugglers of tobacco"),
    ],
)
def test_of_an_article_that_does_not_exist_that_is_said(salt: Assistant, turn: str, topic: str) -> None:
    answer = salt.ask(turn)
    assert answer.reply.startswith(f"No article about “{topic}” was found.")
    assert not answer.answered
    assert not answer.citations


def test_it_is_the_article_that_was_quoted_last(salt: Assistant) -> None:
    history = user("hi", "When was the tax on salt doubled?", "Thanks!")
    check_summary(salt.ask("Summarise it", history=history), "salt-tax.md")
    assert salt.ask("Summarise it").reply.startswith("Say which article")


def test_the_only_article_is_meant_where_none_is_named(salt: Assistant) -> None:
    check_summary(salt.ask("Summarise", where=Filter(doc_ids="peat.txt")), "peat.txt")


# ---------------------------------------------------------------- in a conversation


def test_what_is_no_question_is_no_subject() -> None:
    asked = user("Hi!", "List all articles", "What did the tide mill grind?", "thx", "What can you do?", "Great")
    assert subject(asked) == "What did the tide mill grind?"
    assert subject(user("hello", "thanks")) == ""
    assert subject(user("Summarise the article about the tide mill", "ty")) == "the tide mill"


def test_a_follow_up_behind_thanks_keeps_its_subject(assistant: Assistant) -> None:
    history = user("What did the tide mill grind?", "Thanks a lot!", "How many articles do you have?")
    answer = assistant.ask("And what was its wheel made of?", history=history)
    assert "Its wheel was made of elm." in answer.citations[0].quote
    assert assistant.ask("How does it work?", history=user("What did the tide mill grind?")).kind == "quotes"


# ---------------------------------------------------------------- how it is shown


def test_the_command_prints_a_reply_and_ends_well(real_index: Index) -> None:
    place = real_index.status().path
    hello = CliRunner().invoke(program, ["ask", "Hello!", "--index", place])
    assert hello.exit_code == 0
    assert hello.stdout == "Hello! Ask something, and the answer is quoted from 3 articles.\n"
    listed = CliRunner().invoke(program, ["ask", "List all articles", "--index", place, "--json"])
    given = json.loads(listed.stdout)
    assert (given["kind"], given["answered"], given["citations"]) == ("catalogue", False, [])
    assert [each["title"] for each in given["documents"]] == ["Night ferry", "Bees", "The tide mill"]


def test_a_summary_is_printed_with_what_it_is_and_its_places(salt: Assistant) -> None:
    question = "Summarise the article about peat"
    printed = as_text.answer(as_json.answer(question, salt.ask(question)))
    assert printed.startswith("Key sentences of “Peat”")
    assert "[1] “Peat”, peat.txt, characters" in printed


LICENCES = {
    "permission": "Permission is hereby granted to any person to deal in this text without limitation, and to copy and "
    'change it.\n\nTHE TEXT IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED.\n\n'
    "IN NO EVENT SHALL THE AUTHORS BE LIABLE FOR ANY CLAIM OR DAMAGE.",
    "header": "Copyright 2020 The Peat Authors and all their helpers of the moor. All rights reserved by them.\n\n"
    "Licensed under the Moor License; you may not use this file except in compliance with the License.",
}


@pytest.mark.parametrize("name", LICENCES)
def test_a_summary_leaves_a_licence_out(tmp_path: Path, name: str) -> None:
    told = (
        "Peat was cut on the moor of Halle until 1962. Families cut it in May and stacked it to dry. "
        "A family needed nine thousand pieces for one winter. The ditches of the moor were closed in 1999. "
        "Cranes came back to breed there.\n"
    )
    write_files(tmp_path / "c", {"peat.md": f"# Peat\n\n{LICENCES[name]}\n\n{told}"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("summarise the article about peat")
    assert answer.citations[0].quote.startswith("Peat was cut")
    assert all(each.quote in told for each in answer.citations)
    assert answer.sure


def test_of_a_licence_alone_a_summary_is_made(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"licence.md": f"# The licence\n\n{LICENCES['permission']}\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assert Assistant(index).ask("summarise the article about the licence").citations


@pytest.mark.parametrize(
    ("turn", "said", "documents"),
    [
        ("Which articles are in the folder mill?", "There is 1 article in the folder mill.", ["mill/tide.md"]),
        ("List all documents from 2021", "There is 1 article of 2021.", ["harbour.txt"]),
        ("Which articles are from July 2019?", "There is 1 article of July 2019.", ["mill/tide.md"]),
    ],
)
def test_the_articles_of_a_folder_or_a_time_are_listed(
    assistant: Assistant, turn: str, said: str, documents: list[str]
) -> None:
    answer = assistant.ask(turn)
    assert answer.reply == said
    assert [each.doc_id for each in answer.documents] == documents


@pytest.mark.parametrize("folder", ["the folder", "this folder", "a folder", "the directory", "Your folder"])
def test_a_folder_without_a_name_is_all_that_there_is(folder: str) -> None:
    assert intent(f"Which articles are in {folder}?") == Intent("catalogue")


def test_articles_of_a_folder_that_is_not_there_are_a_question(assistant: Assistant) -> None:
    assert assistant.ask("Which articles are in the folder quay?").kind == "quotes"
