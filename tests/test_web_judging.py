"""Answers are judged on the page, and `pincite evaluate --judgements` asks the questions again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browsing import ARTICLES, BEES, FERRY, LOG, PATIENCE, TOKEN_OF_GUARDED, UNKNOWN, Own, ask
from pincite import Index
from pincite.cli import main
from serving import Server

SEALS = "On Sunday the keeper of the lighthouse wrote of two seals in its log."
SELECT = """([start, end]) => {
  // Code points of the text to places in its nodes, as a mouse would leave them.
  const walker = document.createTreeWalker(document.querySelector("#reader .text"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let at = 0, node; (node = walker.nextNode()); ) {
    const letters = [...node.data];
    const units = (count) => letters.slice(0, count).join("").length;
    if (at <= start && start < at + letters.length) range.setStart(node, units(start - at));
    if (at < end && end <= at + letters.length) range.setEnd(node, units(end - at));
    at += letters.length;
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


@pytest.fixture
def judged(own: Own) -> Own:
    """The server over an index that holds the lighthouse log as well, with no judgements."""
    (own.corpus / "log.txt").write_text(ARTICLES["log.txt"], encoding="utf-8")
    (own.index / "judgements.jsonl").unlink(missing_ok=True)
    with Index.open(own.index) as index:
        index.update(wait=True)
    return own


def lines(index: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (index / "judgements.jsonl").read_text("utf-8").splitlines()]


def text_of(index: Path, doc_id: str) -> str:
    with Index.open(index) as opened:
        return opened.document(doc_id).text


def noted(page: Page, said: str = "Noted in index/judgements.jsonl") -> None:
    expect(page.locator("#toast")).to_contain_text(said)
    page.locator("#toast").evaluate("one => one.replaceChildren()")


def test_what_is_judged_is_asked_again(
    visit: Callable[..., Page], judged: Own, capsys: pytest.CaptureFixture[str]
) -> None:
    page = visit(judged.address)
    ferry = ask(page, FERRY)
    ferry.locator(".lead").get_by_role("button", name="Right").click()
    expect(page.locator("#toast")).to_have_text("Noted in index/judgements.jsonl. Nothing is trained by it.")
    noted(page)
    expect(ferry.get_by_role("button", name="Right", pressed=True)).to_have_count(2)  # in answer and card
    page.get_by_role("button", name="New chat").click()
    ask(page, BEES).locator(".lead").get_by_role("button", name="Wrong").click()
    noted(page)
    page.get_by_role("button", name="New chat").click()
    ask(page, UNKNOWN).get_by_role("button", name="Right, nothing answers this").click()
    noted(page)
    page.get_by_role("button", name="New chat").click()
    ask(page, LOG).locator(".chip").first.click()
    text = text_of(judged.index, "log.txt")
    at = text.index(SEALS)
    assert len(text[:at].encode("utf-16-le")) // 2 > at  # astral characters stand before it
    page.locator("#reader .text").wait_for()
    page.evaluate(SELECT, [at + 3, at + 30])
    page.get_by_role("button", name="Mark as the answer").click()
    noted(page, f"as the answer to “{LOG}”: “{SEALS[:60]}…”")
    right, wrong, nothing, instead = lines(judged.index)
    verdicts = [line["verdict"] for line in (right, wrong, nothing, instead)]
    assert verdicts == ["right", "wrong", "nothing", "instead"]
    assert text[instead["start"] : instead["end"]] == SEALS
    assert "doc_id" not in nothing
    assert not any("history" in line for line in (right, wrong, nothing, instead))
    assert main(["evaluate", "--judgements", "--index", str(judged.index), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    counts = {"right": 2, "wrong": 1, "nothing": 1, "wrong_quoted": 1, "wrong_first": 1, "moved": 0, "stale": []}
    assert said["judgements"] == counts
    assert said["queries"][FERRY]["first citation"] == 1
    assert {name: count for name, count in said["outcomes"].items() if count and name != "another quote right"} == {
        "first quote right": 1 + (said["queries"][LOG]["first citation"] == 1), "rightly refused": 1, "wrong quote": 1,
    }  # fmt: skip


@pytest.mark.slow
def test_a_follow_up_and_filters_are_noted_with_the_question(visit: Callable[..., Page], judged: Own) -> None:
    page = visit(judged.address)
    ask(page, FERRY)
    turn = ask(page, "And how much coal did it burn?")
    turn.get_by_role("button", name="Nothing answers this").click()
    noted(page)
    page.get_by_role("button", name="New chat").click()
    page.locator("#filters summary").click()
    page.get_by_role("textbox", name="From").fill("2020")
    page.get_by_role("textbox", name="From").press("Tab")
    ask(page, BEES).get_by_role("button", name="Nothing answers this").click()
    noted(page)
    later, limited = lines(judged.index)
    assert (later["question"], later["history"]) == ("And how much coal did it burn?", [FERRY])
    assert (limited["question"], limited["filters"]) == (BEES, {"after": "2020"})
    assert "history" not in limited


@pytest.mark.slow
def test_by_keyboard_and_from_the_library(visit: Callable[..., Page], judged: Own) -> None:
    page = visit(judged.address)
    page.get_by_role("button", name="Library").click()
    page.locator("#library .articles a[data-doc='log.txt']").click()
    page.locator("#reader .text").wait_for()
    page.keyboard.press("i")
    expect(page.locator("#toast")).to_contain_text("Ask the question first")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    ask(page, UNKNOWN)
    page.get_by_role("button", name="Library").click()
    page.locator("#library .articles a[data-doc='log.txt']").click()
    page.locator("#reader .text").wait_for()
    page.keyboard.press("i")
    expect(page.locator("#toast")).to_contain_text("Select the sentence that answers")
    box = page.locator("#reader .paragraph").first.bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + 60, box["y"] + 10)
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("i")
    noted(page)
    (line,) = lines(judged.index)
    quote = text_of(judged.index, "log.txt")[line["start"] : line["end"]]
    assert quote.startswith("The keeper 𝔄𝔟𝔡")
    assert quote.endswith("😀👩‍👩‍👧 in its log.")


@pytest.mark.slow
def test_what_was_changed_meanwhile_is_refused(visit: Callable[..., Page], judged: Own) -> None:
    with visit(judged.address).context.new_page() as page:  # may be refused something
        page.goto(judged.address)
        page.locator("#start section").wait_for(timeout=PATIENCE, state="attached")
        ask(page, LOG).locator(".chip").first.click()
        page.locator("#reader .text").wait_for()
        (judged.corpus / "log.txt").write_text(ARTICLES["log.txt"] + "\nOne more line.\n", encoding="utf-8")
        with Index.open(judged.index) as index:
            index.update(wait=True)
        page.evaluate(SELECT, [0, 20])
        page.get_by_role("button", name="Mark as the answer").click()
        expect(page.locator("#toast")).to_have_text("log.txt: was changed since it was opened; open it again")
    assert not (judged.index / "judgements.jsonl").exists()


PLACES = """async () => {
  const { selected } = await import("/script/judging.js");
  const text = document.querySelector("#reader .text"), walker = document.createTreeWalker(text, NodeFilter.SHOW_ALL);
  const places = [];
  for (let node; (node = walker.nextNode()); ) {
    const length = node.data?.length ?? node.childNodes.length;
    for (const offset of new Set([0, 1, length >> 1, length - 1, length])) {
      if (0 <= offset && offset <= length) places.push([node, offset]);
    }
    for (const { index } of (node.data ?? "").matchAll(/[^\\0-\\u024f]/g)) {
      places.push([node, index], [node, index + 1]);
    }
  }
  const found = [];
  for (let number = 0; number < 3000; number++) {
    const ends = [7919, 104729].map((prime) => places[(number * prime) % places.length]);
    getSelection().setBaseAndExtent(...ends[0], ...ends[1]); // either way round, in the middle of pairs as well
    const place = selected();
    if (place) found.push(place);
  }
  getSelection().setBaseAndExtent(document.body, 0, document.body, document.body.childNodes.length);
  found.push(selected());
  getSelection().setBaseAndExtent(document.querySelector("#reader h2"), 0, document.querySelector("#reader h2"), 1);
  return [found, selected()];
}"""


@pytest.mark.slow
def test_a_selection_is_counted_as_the_server_counts(
    visit: Callable[..., Page], server: Server, index_path: Path
) -> None:
    """Astral characters, marks, right to left: whatever is selected, the range holds it to the letter."""
    for doc_id in ("log.txt", "form.jsonl#1"):
        page = visit(f"{server.address}/?doc={doc_id.replace('#', '%23')}")
        page.locator("#reader .text").wait_for()
        found, outside = page.evaluate(PLACES)
        text = text_of(index_path, doc_id)
        assert len(found) > 1000
        assert all(text[place["start"] : place["end"]] == place["text"] for place in found)
        assert (found[-1]["start"], found[-1]["end"], found[-1]["doc_id"]) == (0, len(text), doc_id)
        assert outside is None


@pytest.mark.slow
def test_who_may_not_write_sees_no_buttons_and_who_has_a_token_gives_it(
    visit: Callable[..., Page], shown: Server, guarded: Own
) -> None:
    page = visit(shown.address)
    turn = ask(page, BEES)
    expect(turn.locator("[data-act=judge]").first).to_be_attached()
    expect(turn.locator("[data-act=judge]:visible")).to_have_count(0)
    turn.locator(".chip").first.click()
    expect(page.get_by_role("button", name="Mark as the answer")).to_be_hidden()
    page = visit(guarded.address)
    turn = ask(page, BEES)
    expect(turn.locator("[data-act=judge]:visible").first).to_be_visible()
    turn.locator(".lead").get_by_role("button", name="Right").click()
    expect(page.locator("#toast")).to_have_text("Give the token under Library first.")
    page.get_by_role("button", name="Library").click()
    page.get_by_label("Token").fill(TOKEN_OF_GUARDED)
    page.keyboard.press("Escape")
    turn.locator(".lead").get_by_role("button", name="Right").click()
    noted(page)
    assert [line["verdict"] for line in lines(guarded.index)] == ["right"]
