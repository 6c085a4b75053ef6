"""Conversations behind the page: what is asked, restored and offered, without a browser."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from browsing import BEES, FERRY, LOG
from conftest import WordEmbedder, write_files
from pincite import Answer, Assistant, Filter, Index, Settings
from pincite.errors import QueryError
from pincite.stores.local.catalog import Catalog
from pincite.text_anchors import ResolvedAnchor, resolve, text_anchor
from pincite.web import chat
from pincite.web.chat import Asked, Chat
from pincite.web.library import Library
from pincite.web.markup import literal
from serving import make_index


def chat_over(index: Index) -> Chat:
    return Chat(index, Assistant(index), Library(index))


def test_too_long_a_question_is_told(assistant: Assistant) -> None:
    assert (
        "Ask in up to 4,000 characters" in chat_over(assistant.index).turn(1, {"question": "salt " * 900}, [])["html"]
    )


def test_unexpected_error_is_logged_and_never_looks_like_nothing_found(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("private detail")

    monkeypatch.setattr(Assistant, "ask", fail)
    with caplog.at_level(logging.ERROR):
        html = chat_over(assistant.index).turn(1, {"question": BEES}, [])["html"]
    assert "class='notice failed'" in html
    assert "Nothing in these articles" not in html
    assert "private detail" not in html
    assert "private detail" in caplog.text


def kept_of(html: str) -> dict[str, Any]:
    """What a page keeps of a turn."""
    found = re.search("data-kept='([^']*)'", html)
    assert found
    kept: dict[str, Any] = json.loads(unescape(found[1]))
    return kept


def text_of(html: str, part: str) -> str:
    return unescape(re.sub("<[^>]+>", "", html[html.index(part) :]))


def test_what_a_page_keeps_holds_no_word_of_the_articles_and_brings_the_turn_back(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    html = page.turn(1, {"question": LOG}, [])["html"]
    kept = kept_of(html)
    citations = assistant.ask(LOG).citations
    words = set(re.findall(r"\w{4,}", " ".join(each.quote for each in citations))) - set(re.findall(r"\w{4,}", LOG))
    assert not words & set(re.findall(r"\w+", json.dumps(kept)))
    (restored,) = page.turns([kept])["html"]
    assert (
        text_of(restored, "class='answer'")
        .split("Share")[0]
        .split(" ms")[0]
        .startswith(text_of(html, "class='answer'").split(" · ")[0])
    )
    assert kept_of(restored) == kept


def test_quotes_that_moved_or_are_gone_are_said_to_be(tmp_path: Path) -> None:
    texts = {"a.txt": "The owl of Aldhaven sleeps in the tide mill.\n", "b.txt": "The crane of the harbour was red.\n"}
    with Index.open(make_index(tmp_path, texts)) as index:
        page = chat_over(index)
        owl, crane = (
            kept_of(page.turn(1, {"question": f"What of {name}?"}, [])["html"])
            for name in ("the owl of Aldhaven", "the crane of the harbour")
        )
        (tmp_path / "corpus/a.txt").write_text("First, a word.\n\nThe owl of Aldhaven sleeps in the tide mill.\n")
        (tmp_path / "corpus/b.txt").unlink()
        index.update(allow_removals=True)
        moved, gone = page.turns([owl, crane])["html"]
    assert "changed since, word for word still there" in moved
    assert "is not among the articles any more" in gone


def test_a_follow_up_leans_on_what_the_page_has_kept(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    kept = kept_of(page.turn(1, {"question": FERRY}, [])["html"])
    history = [{"role": "user", "content": FERRY}, {"role": "assistant", "content": assistant.ask(FERRY).text}]
    follow_up = "And how much coal did its engine burn?"
    expected = assistant.ask(follow_up, history=history)
    asked = kept_of(page.turn(2, {"question": follow_up}, [kept])["html"])
    anchors = [text_anchor(each.document, each.start, each.end) for each in expected.citations]
    assert [anchor for anchor, _ in asked["quotes"]] == anchors


@pytest.mark.parametrize("kept", [None, "nonsense", {}])
def test_what_is_no_kept_conversation_is_refused_in_a_line(assistant: Assistant, kept: Any) -> None:  # noqa: ANN401
    with pytest.raises(QueryError, match="load the page again"):
        chat_over(assistant.index).turns(kept)


@pytest.mark.parametrize(
    "kept",
    [
        7,
        {"asked": {"question": 7}, "kind": "quotes", "quotes": []},
        {"asked": {"question": "x", "sources": "y"}, "kind": "quotes", "quotes": []},
        {"asked": {"question": "x"}, "kind": "quotes", "quotes": [["a", 3]]},
        {"asked": {"question": "x"}, "kind": "quotes", "quotes": 5},
        {"asked": {"question": "x"}, "kind": "quotes", "quotes": [["a", [[0, float("inf")]]]]},
        {"asked": {"question": "x"}, "kind": "quotes", "quotes": [], "parts": [["a", [float("inf")]]]},
        {"asked": {"question": "x"}, "kind": "quotes", "quotes": [], "notes": 5},
    ],
)
def test_a_turn_that_cannot_be_read_costs_only_itself(assistant: Assistant, kept: Any) -> None:  # noqa: ANN401
    page = chat_over(assistant.index)
    ferry = kept_of(page.turn(1, {"question": FERRY}, [])["html"])
    nothing, html = page.turns([kept, ferry])["html"]
    assert nothing is None
    assert "id='turn-2'" in html
    follow_up = {"question": "And how much coal did its engine burn?"}
    one, other = (kept_of(page.turn(3, follow_up, before)["html"]) for before in ([ferry, kept], [ferry]))
    assert one == other
    assert page.export([kept, ferry], "text") == page.export([ferry], "text")


def test_turns_before_the_last_hundred_are_left_out_and_the_others_keep_their_numbers(assistant: Assistant) -> None:
    turn = {"asked": {"question": "x"}, "kind": "failed", "quotes": []}
    html = chat_over(assistant.index).turns([turn] * 102)["html"]
    assert html[:2] == [None, None]
    assert "id='turn-3'" in html[2]


ANCHORS = (
    "no anchor",
    "",
    "bees.md@" + "0" * 16 + ":999999999999-0:" + "0" * 16,
    "\ud800@" + "0" * 16 + ":0-4:" + "0" * 16,
)


@pytest.mark.parametrize("anchor", ANCHORS)
def test_a_bad_anchor_costs_only_its_quote(assistant: Assistant, anchor: str) -> None:
    page = chat_over(assistant.index)
    turn = {"asked": {"question": FERRY}, "kind": "quotes", "quotes": [[anchor, []]]}
    assert "class='gone'" in page.turns([turn])["html"][0]
    html = page.turn(2, {"question": BEES}, [turn])["html"]
    assert kept_of(html)["quotes"]


@pytest.mark.parametrize(
    "ranges", [[[30, 10]], [[0, 10], [5, 15]], [[5, 5]], [[-5, 3]], [[0, 10**9]], [[0, 3], [0, 3]], [[10, 12], [0, 3]]]
)
def test_kept_highlights_never_repeat_nor_drop_a_word(assistant: Assistant, ranges: list[list[int]]) -> None:
    page = chat_over(assistant.index)
    kept = kept_of(page.turn(1, {"question": FERRY}, [])["html"])
    anchor = kept["quotes"][0][0]
    (html,) = page.turns([kept | {"quotes": [[anchor, ranges]]}])["html"]
    found = re.search("<span class='quote'>(.*?)</span>", html)
    assert found
    assert text_of(found[0], "<span") == assistant.ask(FERRY).citations[0].quote


@pytest.mark.parametrize("number", ["1' onclick='x", 0, -1, True, 1.5, None, "1"])
def test_only_a_number_is_the_number_of_a_turn(assistant: Assistant, number: Any) -> None:  # noqa: ANN401
    with pytest.raises(QueryError, match="number="):
        chat_over(assistant.index).turn(number, {"question": BEES}, [])


def test_what_was_said_beside_an_answer_is_kept_and_taken_along(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Searched for “*Holden*” instead of “<Halden>”."
    ask = Assistant.ask
    monkeypatch.setattr(Assistant, "ask", lambda *args, **more: replace(ask(*args, **more), notes=(said,)))
    page = chat_over(assistant.index)
    html = page.turn(1, {"question": BEES}, [])["html"]
    kept = kept_of(html)
    (restored,) = page.turns([kept])["html"]
    for shown in (html, restored):
        assert "<p class='note' dir='auto'>Searched for “*Holden*” instead of “&lt;Halden&gt;”.</p>" in shown
    assert kept_of(restored) == kept
    assert said in page.export([kept], "text")["text"]
    assert "Searched for “\\*Holden\\*”" in page.export([kept], "markdown")["text"]
    assert said in unescape(page.export([kept], "html")["text"])


def test_what_failed_and_what_is_gone_is_not_exported_as_nothing_found(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    failed = {"asked": {"question": BEES}, "kind": "failed", "quotes": []}
    bees = kept_of(page.turn(1, {"question": BEES}, [])["html"])
    gone = bees | {"quotes": [["gone.md@" + "0" * 16 + ":0-4:" + "0" * 16, []]]}
    (anchor, _), *_ = bees["quotes"]
    edited = bees | {"quotes": [[anchor.rpartition(":")[0] + ":" + "0" * 16, []]]}
    for form in ("text", "markdown", "html"):
        text = re.sub(r"\\(?=[\W_])", "", unescape(page.export([failed, gone, edited], form)["text"]))
        assert "Nothing in these articles" not in text
        assert "It was not answered then." in text
        assert "gone.md is not among the articles any more. [1]" in text
        assert "What does a hive of grey bees need? no longer holds this quote. [1]" in text


def test_a_reply_is_restored_without_a_search_and_anchors_are_looked_for_once(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = chat_over(assistant.index)
    kept = [
        {"asked": {"question": question}, "kind": "reply", "quotes": []}
        for question in ("Hello", "What articles do you have?", "Summarise the article about Zorblax", FERRY)
    ]
    bees = kept_of(page.turn(1, {"question": BEES}, [])["html"])

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a search")

    looked_for = list[str]()

    def noted(index: Index, anchor: str) -> ResolvedAnchor:
        looked_for.append(anchor)
        return resolve(index, anchor)

    monkeypatch.setattr(Assistant, "ask", fail)
    monkeypatch.setattr(assistant.index, "rank", fail)
    monkeypatch.setattr(assistant.index, "search", fail)
    monkeypatch.setattr("pincite.text_anchors.resolve", noted)
    hello, listed, summary, asked, *_ = page.turns([*kept, bees, bees, bees])["html"]
    assert "Hello! Ask something" in hello
    assert "There are 5 articles." in listed
    assert "No article was summarised then." in summary
    assert "It was not answered then." in asked
    assert len(looked_for) == len(set(looked_for)) > 0


def test_a_date_is_named_as_on_the_page_and_what_was_typed_to_the_letter(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    assert page.fits({"after": "before=1"})["problem"].startswith("From 'before=1' is not a date")
    assert page.fits({"before": "a' is later than before=1"})["problem"].startswith(
        'Until "a\' is later than before=1"'
    )
    assert page.fits({"after": "2021", "before": "2020"})["problem"].startswith(
        "From '2021' is later than Until '2020'"
    )
    html = unescape(page.turn(1, {"question": BEES, "sources": ["after=x before=y"]}, [])["html"])
    assert "No article has the source 'after=x before=y'" in html
    html = unescape(page.turn(1, {"question": BEES, "after": "2030", "before": "2031"}, [])["html"])
    assert "No article fits From '2030' and Until '2031'" in html


def test_a_place_that_is_none_is_shown_as_gone(assistant: Assistant) -> None:
    turn = {
        "asked": {"question": "x"},
        "kind": "quotes",
        "quotes": [["gone.md@" + "0" * 16 + ":0-4:" + "0" * 16, [[2, 1]]]],
    }
    assert "gone.md is not among the articles any more" in chat_over(assistant.index).turns([turn])["html"][0]


def test_how_many_articles_fit(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    assert page.fits({})["said"] == "5 articles fit"
    assert page.fits({"sources": ["Hive & Home"]})["said"] == "1 article fits"
    assert "From 'soon' is not a date" in page.fits({"after": "soon"})["problem"]


def test_articles_that_fit_are_counted_and_not_listed(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Catalog, "listed")  # of a store elsewhere, each would be fetched
    assert chat_over(assistant.index).fits({"sources": ["Hive & Home"]})["said"] == "1 article fits"


def test_rows_of_tables_that_fit_are_counted_apart(tmp_path: Path) -> None:
    crops = "Crop,Year,Sacks\n" + "".join(f"rye,{year},{year % 90}\n" for year in range(1901, 1905))
    with Index.open(make_index(tmp_path, {"a/crops.csv": crops, "b/mill.md": "The mill grinds."})) as index:
        assert index.holdings() == "1 article and 4 rows of 1 table"
        assert index.holdings(Filter(folders="a")) == "4 rows of 1 table"


def test_filters_come_back_with_what_a_page_keeps(assistant: Assistant) -> None:
    given = {"question": "x", "folders": ["a/b"], "sources": ["S"], "after": "2020", "before": " 2021-02"}
    asked = Asked.model_validate(given)
    assert asked.where == Filter(source="S", folders="a/b", after="2020", before="2021-02")
    assert asked.only() == ["a/b", "S", "2020–2021-02"]
    assert Asked.model_validate_json(asked.model_dump_json()) == asked
    assert Asked(question="x", after="2020").only() == ["from 2020"]
    assert Asked(question="x", before="2020").only() == ["until 2020"]
    assert Asked(question="x").where is None


SHELF = {
    "news/2022/ice.md": "---\ntitle: Ívar's ice\nauthor: Ane Holt; Bo Lind\nsource: Bee Post\ndate: 2022\n---\nIce\n",
    "news/bees.txt": "Bees\n\nBees hum.\n",
    "old.md": "---\ntitle: zebra\ndate: 2001\nauthor: Bo Lind\n---\n\nA zebra was.\n",
    "uploads/rows.jsonl": '{"_id": "1", "title": "Row <1>", "text": "1"}\n{"_id": "2", "title": "Row 2", "text": "2"}',
}


@pytest.fixture(scope="module")
def shelf_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    folder = tmp_path_factory.mktemp("shelf")
    write_files(folder / "corpus", SHELF)
    os.utime(folder / "corpus/old.md")  # last: its inode changed
    with Index.open(folder / "index") as index:
        index.use_embedder(Settings().model, WordEmbedder(Settings().model))
        index.update(folder / "corpus")
        yield chat_over(index)


ICE, BEES_, ZEBRA, ROW1, ROW2 = "Ívar's ice", "Bees", "zebra", "Row <1>", "Row 2"
NOT_LISTED = [{"after": "soon"}, {"after": "2022", "before": "2021"}, {"sort": "x"}, {"a": "b"}, [], {"kind": 3}]


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({}, [BEES_, ICE, ROW2, ROW1, ZEBRA]),
        ({"sort": "newest"}, [ICE, ZEBRA, BEES_, ROW1, ROW2]),
        ({"sort": "oldest"}, [ZEBRA, ICE, BEES_, ROW1, ROW2]),
        ({"sort": "file"}, [ICE, BEES_, ZEBRA, ROW1, ROW2]),
        ({"search": "IVAR"}, [ICE]),
        ({"search": "post ane"}, [ICE]),
        ({"search": "rows.jsonl 2"}, [ROW2]),
        ({"search": "nowhere"}, []),
        ({"kind": "jsonl"}, [ROW2, ROW1]),
        ({"kind": "markdown", "after": "2022"}, [ICE]),
        ({"folder": "news"}, [BEES_, ICE]),
        ({"folder": "gone"}, []),
        ({"before": "2001-05 "}, [ZEBRA]),
        ({"after": "2002", "before": "2003"}, []),
    ],
)
def test_the_library_lists_what_is_wanted_in_the_order_that_is(
    shelf_page: Chat, wanted: dict[str, str], titles: list[str]
) -> None:
    listed = shelf_page.articles(wanted, 0)
    assert re.findall("<a [^>]*>([^<]*)</a>", listed["html"]) == [literal(title) for title in titles]
    assert listed["total"] == len(titles)


def test_the_last_file_that_came_is_listed_first(shelf_page: Chat) -> None:
    assert ">zebra</a>" in shelf_page.articles({"sort": "added"}, 0)["html"].partition("</li>")[0]


@pytest.mark.parametrize("wanted", NOT_LISTED)
def test_what_cannot_be_listed_is_said_in_a_line(shelf_page: Chat, wanted: Any) -> None:  # noqa: ANN401
    problem = shelf_page.articles(wanted, 0)["problem"]
    assert problem
    assert "\n" not in problem
    assert "after=" not in problem


def test_a_list_comes_in_parts_with_sizes(shelf_page: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_ROWS", 2)
    parts = [shelf_page.articles({}, first) for first in (0, 2, 4, 6)]
    assert [part["html"].count("<li>") for part in parts] == [2, 2, 1, 0]
    assert {part["total"] for part in parts} == {5}
    assert "<bdi>old.md</bdi> · <bdi>12 characters</bdi>" in parts[2]["html"]


def test_what_can_be_chosen_by_is_counted(shelf_page: Chat) -> None:
    assert shelf_page.choices() == {
        "sources": [("Bee Post", 1)],
        "authors": [("Ane Holt", 1), ("Bo Lind", 2)],
        "folders": [("news", 2), ("news/2022", 1), ("uploads", 2)],
        "kinds": [("jsonl", 2), ("markdown", 2), ("text", 1)],
    }
    assert [title for _, title, _ in shelf_page.find("row")["articles"]] == [ROW2, ROW1]
    fits = shelf_page.fits({"folders": ["uploads"], "documents": ["uploads/rows.jsonl#2", "gone.md"]})
    assert fits == {"said": "1 article fits", "titles": {"uploads/rows.jsonl#2": ROW2}}


def test_where_there_is_no_index_nothing_can_be_chosen(tmp_path: Path) -> None:
    page = chat_over(Index.open(tmp_path / "none"))
    assert page.choices() == {}
    assert page.find("x") == {"articles": []}
    assert "no index" in page.articles({}, 0)["problem"]


@pytest.mark.parametrize(
    ("date", "offered"),
    [("", ["What articles do you have?"]), ("2021-03\n\n", ["What articles do you have?", "What is new?"])],
)
def test_where_no_article_asks_anything_all_are_asked_of(tmp_path: Path, date: str, offered: list[str]) -> None:
    text = f"Aldhaven Harbour\n\n{date}In Aldhaven Harbour the pilots meet. The “Lamp Keepers Fund” pays for oil.\n"
    with Index.open(make_index(tmp_path, {"a.txt": text})) as index:
        assert chat_over(index).examples(1) == offered


def test_examples_are_found_once_for_each_state(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Index.open(index_path) as index:
        asked: list[str] = []
        page = chat_over(index)
        ask = page._assistant.ask

        def counted(question: str) -> Answer:
            asked.append(question)
            return ask(question)

        monkeypatch.setattr(page._assistant, "ask", counted)
        threads = [threading.Thread(target=page.prepare) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert asked.count("What articles do you have?") == 1


def test_examples_come_from_each_folder_and_are_the_articles_own_questions(tmp_path: Path) -> None:
    fish = "The herring fishery of Aldhaven lands fifty boats of fish a week. It is salted in oak barrels.\n"
    texts = {f"fish/{at}.md": f"# Herring report {at}\n\n{fish}" for at in range(6)}
    texts["bees/grey.md"] = "# Grey bees\n\n## 2.1. What do grey bees eat?\n\nGrey bees eat heather honey.\n"
    texts["salt/road.md"] = "# How to boil salt\n\nTo boil salt, fill the pan with brine and light the fire.\n"
    with Index.open(make_index(tmp_path, texts)) as index:
        examples = chat_over(index).examples(1)
    assert set(examples) == {"What do grey bees eat?", "How do I boil salt?", "What articles do you have?"}


def test_what_is_offered_next_is_a_question_of_an_article_that_was_quoted(tmp_path: Path) -> None:
    texts = {
        "bees.md": "# Grey bees\n\nGrey bees live in the hills.\n\n## 1. What do grey bees eat?\n\n"
        "Grey bees eat heather honey.\n\n## Why?\n\nBecause of the bees.\n\n"
        "## Where do grey bees live in winter?\n\nIn winter grey bees live in hollow elms.\n\n"
        "## Licence\n\nThe licence of this text on bees is MIT.\n",
        "wasps.md": "# Wasps\n\n## What do grey wasps eat?\n\nGrey wasps eat bees.\n",
    }
    with Index.open(make_index(tmp_path, texts)) as index:
        page = chat_over(index)
        first = page.turn(1, {"question": "Where do grey bees live?"}, [])["html"]
        offered = re.findall("class='example'>([^<]*)<", first)
        assert set(offered) <= {"What do grey bees eat?", "Where do grey bees live in winter?"}
        second = page.turn(2, {"question": "What do grey bees eat?"}, [kept_of(first)])["html"]
        assert "What do grey bees eat?" not in re.findall("class='example'>([^<]*)<", second)


def test_rows_that_are_quoted_are_not_called_articles(tmp_path: Path) -> None:
    rows = "Ware,Price in crowns\nSalt of the northern pans,3\nOil of the lamps,4\n"
    with Index.open(make_index(tmp_path, {"wares.csv": rows})) as index:
        html = chat_over(index).turn(1, {"question": "What is the price of salt?"}, [])["html"]
    assert re.findall(r"<h3>(\d[^<]*)</h3>", html) == ["1 row of 1 table"]
    assert "<p class='meta'>1 row of 1 table · " in html


def test_a_weak_match_is_not_laid_out_as_an_answer(assistant: Assistant) -> None:
    sure = assistant.ask(BEES).confidence
    page = Chat(assistant.index, Assistant(assistant.index, threshold=sure - 0.01), Library(assistant.index))
    html = page.turn(1, {"question": BEES}, [])["html"]
    assert "Possibly related" in html
    assert "Answers the question by itself" not in html
    assert "class='lead'" not in html
    kept = kept_of(html)
    assert kept["kind"] == "weak"
    (restored,) = page.turns([kept])["html"]
    assert "Possibly related" in restored
    assert "for sure" in page.export([kept], "text")["text"]


def test_articles_on_a_topic_are_told_apart_and_the_rest_is_counted(tmp_path: Path) -> None:
    texts = {
        f"{at}.md": f"# Report {at}\n\nThe herring fishery at {name} landed {at + 31} boats of herring.\n"
        for at, name in enumerate(
            ["Aske", "Bruna", "Corve", "Dorn", "Elm", "Farr", "Gorm", "Hask", "Ilm", "Jorn", "Kolb"]
        )
    }
    with Index.open(make_index(tmp_path, texts)) as index:
        page = chat_over(index)
        html = page.turn(1, {"question": "What do the articles say about herring?"}, [])["html"]
        assert html.count("<section class='part'>") == 10
        assert re.search("<p class='meta'>10 articles · And 1 more article ·", html)
        (restored,) = page.turns([kept_of(html)])["html"]
        assert restored.count("<section class='part'>") == 10


def test_an_author_s_articles_are_shown_on_the_page(tmp_path: Path) -> None:
    text = "---\ntitle: The tide mill\nauthor: Ane Holt\ndate: 2020\n---\n\nThe tide mill of Aldhaven grinds at ebb.\n"
    with Index.open(make_index(tmp_path, {"mill.md": text, "b.txt": "Bees need honey.\n"})) as index:
        html = chat_over(index).turn(1, {"question": "What did Ane Holt write?"}, [])["html"]
    assert "class='answer'" in html
    assert "grinds at ebb" in html
