"""Conversations on the page: follow-ups, reloading, links, what is forgotten, and what can be taken along."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browsing import BEES, FERRY, FORM, LOG, NOWHERE, PATIENCE, UNKNOWN, Own, answered, ask, go, marked, reload
from conftest import write_files
from pincite import Assistant, Index
from serving import Server, chat


def test_follow_up_is_asked_in_its_conversation(page: Page, assistant: Assistant) -> None:
    follow_up = "And the engine?"
    before = assistant.ask(FERRY)
    history = [{"role": "user", "content": FERRY}, {"role": "assistant", "content": before.text}]
    answer = assistant.ask(follow_up, history=history)
    ask(page, FERRY)
    turn = ask(page, follow_up)
    assert turn.locator(".quote").all_text_contents() == [each.quote for each in answer.citations]
    if not answer.answered:
        assert turn.locator(".passage").all_text_contents() == [hit.passage.text for hit in answer.hits[:3]]


def test_questions_to_go_on_with_bring_up_something_else(page: Page) -> None:
    turn = ask(page, FERRY)
    quotes = set(turn.locator(".quote").all_text_contents())
    offered = turn.locator(".follow-ups .example").first
    offered.click(timeout=PATIENCE)
    following = answered(page, 2)
    assert set(following.locator(".quote").all_text_contents()) - quotes


def test_new_chat_forgets(page: Page, server: Server) -> None:
    ask(page, FERRY).locator(".chip").first.click()
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#start")).to_be_visible()
    expect(page.locator("#reader")).to_be_hidden()
    assert page.url == f"{server.address}/"
    expect(ask(page, BEES).locator(".question")).to_have_text(BEES)
    reload(page)
    expect(answered(page, 1).locator(".question")).to_have_text(BEES)
    expect(page.locator(".turn")).to_have_count(1)


def test_an_answer_that_comes_after_a_new_chat_was_begun_stays_in_its_own(page: Page) -> None:
    for moment in ("sent", "shown"):
        ask(page, FERRY)
        page.get_by_role("textbox", name="Your question").fill(BEES)
        page.keyboard.press("Enter")
        if moment == "shown":
            page.locator("#turn-2 .pending").wait_for(timeout=PATIENCE)
        page.get_by_role("button", name="New chat").click()
        expect(page.locator(".turn")).to_have_count(0)
        page.go_back()
        expect(page.locator("#turn-1 .question")).to_have_text(FERRY, timeout=PATIENCE)
        expect(page.locator("#turn-2 .answer")).to_contain_text("eighteen kilograms", timeout=PATIENCE)
        page.get_by_role("button", name="New chat").click()


@pytest.mark.slow
def test_conversation_outlives_the_server_and_what_is_asked_meanwhile_is_answered_when_it_is_back(
    lenient: BrowserContext, serve: Callable[..., Server], index_path: Path
) -> None:
    first = serve(*chat(index_path))
    page = lenient.new_page()  # where the browser may note that the server is gone
    page.goto(first.address)
    page.locator("#start section").wait_for(timeout=PATIENCE)
    ask(page, FERRY)
    first.process.kill()
    first.process.wait()
    page.get_by_role("textbox", name="Your question").fill(BEES)
    page.keyboard.press("Enter")
    expect(page.locator("#turn-2 .pending")).to_contain_text("is it still running? Your question is kept")
    serve(*chat(index_path, "--port", first.address.rsplit(":", 1)[1]))
    expect(page.locator("#turn-2 .answer")).to_contain_text("eighteen kilograms", timeout=PATIENCE)
    expect(ask(page, FORM).locator(".answer")).to_contain_text("customs form")
    page.reload()
    expect(answered(page, 1).locator(".question")).to_have_text(FERRY)


def test_enter_pressed_twice_asks_once(page: Page) -> None:
    page.get_by_role("textbox", name="Your question").fill(BEES)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .question")).to_have_text(BEES)  # at once
    answered(page, 1)
    expect(page.locator(".turn")).to_have_count(1)


@pytest.mark.slow
@pytest.mark.parametrize(("visitors", "rounds"), [(2, 1), (8, 20)])
def test_many_visitors_get_their_own_answers(
    browser: Browser, server: Server, assistant: Assistant, visitors: int, rounds: int
) -> None:
    questions = (FERRY, BEES, FORM, LOG)
    pages = [browser.new_context().new_page() for _ in range(visitors)]
    for page in pages:
        page.goto(server.address)
        page.locator("#start section").wait_for(timeout=PATIENCE)
    for round_ in range(rounds):
        asked = [questions[(round_ + number) % 4] for number in range(visitors)]
        for page, question in zip(pages, asked, strict=True):
            page.get_by_role("textbox", name="Your question").fill(question)
            page.keyboard.press("Enter")
        for page, question in zip(pages, asked, strict=True):
            turn = answered(page, round_ + 1)
            expect(turn.locator(".question")).to_have_text(question)
            expect(turn.locator(".lead .quote")).to_have_text(assistant.ask(question).citations[0].quote)
    for page in pages:
        page.context.close()


def test_chats_are_kept_named_exported_and_deleted(page: Page, server: Server) -> None:
    ask(page, FERRY)
    ask(page, BEES)
    page.get_by_role("button", name="New chat").click()
    ask(page, LOG)
    tab = page.context.new_page()
    tab.goto(server.address)
    tab.locator("#start section").wait_for(timeout=PATIENCE)
    tab.get_by_role("button", name="Chats", exact=True).click()
    expect(tab.locator("#chats .open")).to_have_text([LOG, FERRY])
    tab.get_by_role("button", name=f"Rename {FERRY}").click()
    tab.get_by_role("textbox", name="Title").fill("Salt <b>carts</b>")
    tab.keyboard.press("Enter")
    expect(tab.locator("#chats .open")).to_have_text([LOG, "Salt <b>carts</b>"])
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Export Salt").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith(f"# {FERRY}")
    assert f"# {BEES}" in text
    tab.locator("#chats .open").last.click()
    expect(answered(tab, 2).locator(".question")).to_have_text(BEES)
    expect(tab).to_have_title(f"{BEES} – Pincite")
    page.go_back()
    expect(answered(page, 2).locator(".question")).to_have_text(BEES)
    ask(page, FORM)
    expect(answered(tab, 3).locator(".question")).to_have_text(FORM)  # both tabs have it open
    tab.get_by_role("button", name="Chats", exact=True).click()
    tab.get_by_role("button", name="Delete Salt").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(tab.locator("#chats .open")).to_have_text([LOG])
    expect(tab.locator(".turn")).to_have_count(0)
    tab.get_by_role("button", name="Undo").click()
    expect(answered(tab, 3).locator(".question")).to_have_text(FORM)
    expect(tab.locator("#chats .open")).to_have_text(["Salt <b>carts</b>", LOG])
    tab.close()


def test_the_open_chat_is_marked_in_the_list(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 1440)
    ask(page, FERRY)
    page.get_by_role("button", name="New chat").click()
    ask(page, BEES)
    reload(page)
    answered(page, 1)
    page.get_by_role("button", name="Chats", exact=True).click()
    current = page.locator("#chats .open[aria-current=true]")  # an empty value says that it is not
    expect(current).to_have_text([BEES])
    expect(current).to_have_css("font-weight", "600")
    page.locator("#chats .open", has_text=FERRY).click()
    expect(current).to_have_text([FERRY])
    page.get_by_role("button", name="New chat").click()
    expect(current).to_have_count(0)


HOLD = """() => {
  const real = window.fetch, gate = new Promise((open) => (window.release = open));
  window.fetch = async (path, ...rest) => (await (path.endsWith("call/turn") && gate), real(path, ...rest));
}"""
"""Questions of this page wait until ``release`` is called."""


def begin(page: Page, question: str) -> None:
    """Put a question, and do not wait for its answer."""
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    page.locator(".question", has_text=question).wait_for(timeout=PATIENCE)


def same_chat(page: Page, server: Server) -> Page:
    """A second tab with the chat that was begun first."""
    tab = page.context.new_page()
    tab.goto(server.address)
    tab.locator("#start section").wait_for(timeout=PATIENCE)
    tab.get_by_role("button", name="Chats", exact=True).click()
    tab.locator("#chats .open").last.click()
    answered(tab, 1)
    tab.get_by_role("button", name="Chats", exact=True).click()  # it closed when the chat was chosen
    return tab


def questions(page: Page) -> Locator:
    return page.locator(".turn:has(.meta, .notice) .question")


@pytest.mark.slow
def test_what_waits_is_asked_once_and_in_its_order_after_an_edit_before_it(page: Page) -> None:
    for question in (FERRY, BEES, FORM):
        ask(page, question)
    page.evaluate(HOLD)
    page.locator("#turn-3").get_by_role("button", name="Ask again").click()
    page.locator("#turn-1").get_by_role("button", name="Edit question").click()
    begin(page, LOG)
    begin(page, UNKNOWN)
    page.evaluate("release()")
    expected = [LOG, BEES, FORM, UNKNOWN]
    expect(questions(page)).to_have_text(expected, timeout=PATIENCE)
    reload(page)
    expect(questions(page)).to_have_text(expected, timeout=PATIENCE)


@pytest.mark.slow
def test_a_question_edited_while_another_is_asked_anew_is_shown_wherever_one_comes_from(page: Page) -> None:
    for question in (FERRY, BEES):
        ask(page, question)
    page.evaluate(HOLD)
    for turn, question in (("#turn-2", FORM), ("#turn-1", LOG)):
        page.locator(turn).get_by_role("button", name="Edit question").click()
        begin(page, question)
    page.get_by_role("button", name="New chat").click()
    page.go_back()
    expect(page.locator(".question")).to_have_text([LOG, FORM], timeout=PATIENCE)
    page.evaluate("release()")
    expect(questions(page)).to_have_text([LOG, FORM], timeout=PATIENCE)


@pytest.mark.slow
def test_a_turn_asked_again_waits_for_its_turn_and_stays_in_its_place(page: Page) -> None:
    for question in (FERRY, BEES):
        ask(page, question)
    page.evaluate(HOLD)
    begin(page, FORM)
    page.locator("#turn-1").get_by_role("button", name="Ask again").click()
    begin(page, LOG)
    page.evaluate("release()")
    expect(questions(page)).to_have_text([FERRY, BEES, FORM, LOG], timeout=PATIENCE)
    reload(page)
    expect(questions(page)).to_have_text([FERRY, BEES, FORM, LOG], timeout=PATIENCE)


@pytest.mark.slow
def test_what_is_no_turn_in_the_store_costs_only_itself(page: Page) -> None:
    for question in (FERRY, BEES):
        ask(page, question)
    page.evaluate("""() => new Promise((done) => (indexedDB.open("pincite").onsuccess = ({ target: { result } }) => {
      const chats = result.transaction("chats", "readwrite").objectStore("chats");
      chats.getAll().onsuccess = ({ target: { result: [chat] } }) => {
        chat.turns.splice(1, 0, null, { asked: { question: "bad", sources: 5 }, kind: "quotes", quotes: [] });
        chats.put(chat).onsuccess = () => (result.close(), done());
      };
    }))""")
    reload(page)
    expect(questions(page)).to_have_text([FERRY, BEES], timeout=PATIENCE)
    begin(page, FORM)
    expect(questions(page)).to_have_text([FERRY, BEES, FORM], timeout=PATIENCE)


@pytest.mark.slow
def test_two_tabs_that_ask_at_once_keep_both_turns(page: Page, server: Server) -> None:
    ask(page, FERRY)
    tab = same_chat(page, server)
    for each, question in ((page, BEES), (tab, FORM)):
        each.evaluate(HOLD)
        begin(each, question)
    page.evaluate("release()")
    expect(questions(page)).to_have_text([FERRY, BEES], timeout=PATIENCE)
    tab.evaluate("release()")
    for each in (tab, page):
        expect(questions(each)).to_have_text([FERRY, BEES, FORM], timeout=PATIENCE)
    reload(page)
    expect(questions(page)).to_have_text([FERRY, BEES, FORM], timeout=PATIENCE)
    tab.close()


@pytest.mark.slow
def test_a_chat_deleted_while_another_tab_waits_is_not_written_back(page: Page, server: Server) -> None:
    ask(page, FERRY)
    tab = same_chat(page, server)
    page.evaluate(HOLD)
    begin(page, BEES)
    tab.get_by_role("button", name="Delete").click()
    expect(tab.locator("#toast")).to_contain_text("Deleted")
    page.evaluate("release()")
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, LOG)
    expect(tab.locator("#chats .open")).to_have_text([LOG])
    tab.close()


def test_a_deleted_chat_comes_back_with_the_question_that_waited(page: Page) -> None:
    ask(page, FERRY)
    page.evaluate(HOLD)
    begin(page, BEES)
    page.get_by_role("button", name="Chats", exact=True).click()
    page.get_by_role("button", name=f"Delete {FERRY}").click()
    expect(page.locator(".turn")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#turn-2 .pending")).to_be_visible()
    page.evaluate("window.release()")
    expect(answered(page, 2).locator(".answer")).to_contain_text("eighteen kilograms")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#chats .open")).to_have_text([FERRY])


@pytest.mark.slow
def test_a_link_to_a_follow_up_stays_short(page: Page) -> None:
    for word in ("please", "kindly", "gladly"):
        ask(page, f"{FERRY} {' '.join([word] * 90)}")
    ask(page, "And how much coal did it burn?")
    assert len(page.url) <= 2_000
    leaning = json.loads(parse_qs(urlsplit(page.url).query)["on"][0])
    assert "gladly" in leaning[-1][0]


@pytest.mark.slow
def test_a_chat_named_in_another_tab_leaves_box_filters_and_editing_alone(page: Page, server: Server) -> None:
    ask(page, FERRY)
    tab = same_chat(page, server)
    page.locator("#filters summary").click()
    page.locator("datalist#sources option").nth(1).wait_for(state="attached")
    page.get_by_label("Source", exact=True).fill("Hive & Home")
    expect(page.locator("#chips li")).to_have_count(1)
    page.locator("#turn-1").get_by_role("button", name="Edit question").click()
    page.get_by_role("button", name="Chats", exact=True).click()
    tab.get_by_role("button", name=f"Rename {FERRY}").click()
    tab.get_by_role("textbox", name="Title").fill("Salt")
    tab.keyboard.press("Enter")
    expect(page.locator("#chats .open")).to_have_text(["Salt"])
    expect(page.locator("#composer.editing")).to_be_attached()
    expect(page.get_by_role("textbox", name="Your question")).to_have_value(FERRY)
    expect(page.locator("#chips li")).to_have_count(1)
    tab.close()


@pytest.mark.parametrize("key", ["Enter", *(pytest.param(key, marks=pytest.mark.slow) for key in ("Escape", "Tab"))])
def test_a_chat_is_named_once(page: Page, key: str) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="Chats", exact=True).click()
    page.get_by_role("button", name=f"Rename {FERRY}").click()
    page.get_by_role("textbox", name="Title").fill("Salt")
    page.keyboard.press(key)
    expect(page.locator("#chats .open")).to_have_text([FERRY if key == "Escape" else "Salt"])


def test_a_chat_begun_with_a_greeting_is_named_after_its_first_question(page: Page) -> None:
    page.get_by_role("button", name="Chats", exact=True).click()
    for said, title in (("Hello!", "Hello!"), (FERRY, FERRY), (BEES, FERRY)):
        ask(page, said)
        expect(page.locator("#chats .open")).to_have_text([title])


def test_the_focus_stays_in_the_list_of_chats(page: Page) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="New chat").click()
    ask(page, BEES)
    page.get_by_role("button", name="Chats", exact=True).click()
    page.get_by_role("button", name=f"Rename {FERRY}").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=f"Rename {FERRY}")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Salt")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Rename Salt")).to_be_focused()
    page.get_by_role("button", name=f"Delete {BEES}").press("Enter")  # the open one
    expect(page.get_by_role("button", name="Delete Salt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close the chats")).to_be_focused()
    page.get_by_role("button", name="Undo").last.press("Enter")
    expect(page.locator("#chats .open", has_text="Salt")).to_be_focused()


def test_what_can_be_undone_is_offered_as_long_as_it_has_the_focus(page: Page) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="Chats", exact=True).click()
    page.clock.install()
    page.get_by_role("button", name=f"Delete {FERRY}").click()
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    page.clock.fast_forward(60_000)
    expect(undo).to_be_focused()
    page.get_by_role("button", name="Close the chats").focus()
    expect(undo).to_be_hidden()


def test_each_of_two_chats_deleted_comes_back(page: Page) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="New chat").click()
    ask(page, BEES)
    page.get_by_role("button", name="Chats", exact=True).click()
    for question in (FERRY, BEES):
        page.get_by_role("button", name=f"Delete {question}").click()
        expect(page.locator("#chats .open", has_text=question)).to_have_count(0)
    expect(page.locator("#toast .message")).to_have_text([f"Deleted “{FERRY}”Undo", f"Deleted “{BEES}”Undo"])
    for _ in range(2):
        page.get_by_role("button", name="Undo").first.click()
    expect(page.locator("#chats .open")).to_have_text([BEES, FERRY])


def test_the_focus_stays_with_the_turn_that_is_asked_again(page: Page) -> None:
    ask(page, FERRY)
    again = page.get_by_role("button", name="Ask again")
    page.evaluate(HOLD)
    again.press("Enter")
    expect(page.locator("#question-1")).to_be_focused()
    page.evaluate("release()")
    expect(again).to_be_focused()


@pytest.mark.parametrize(
    "fault",
    [
        "IDBDatabase.prototype.transaction = () => { throw new DOMException('closed', 'InvalidStateError'); }",
        "const { put } = IDBObjectStore.prototype;"
        "IDBObjectStore.prototype.put = function (one) { put.call(this, one); this.transaction.abort(); }",
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
        "IDBObjectStore.prototype.put = function () { this.transaction.abort(); }",
    ],
    ids=["closed", "full", "all full"],
)
def test_a_browser_that_keeps_nothing_is_told_and_answers_go_on(page: Page, fault: str) -> None:
    ask(page, FERRY)
    page.evaluate(f"() => {{ {fault} }}")
    ask(page, BEES)
    expect(page.locator("#toast")).to_have_text("This chat cannot be kept in this browser.")
    ask(page, FORM)
    expect(questions(page)).to_have_text([FERRY, BEES, FORM])
    page.get_by_role("button", name="Light or dark").click()  # goes on too
    reload(page)
    expect(questions(page)).to_have_text([FERRY], timeout=PATIENCE)


def test_a_chat_that_cannot_be_deleted_stays(page: Page) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="Chats", exact=True).click()
    page.evaluate("() => { IDBDatabase.prototype.transaction = () => { throw new DOMException('', 'AbortError'); } }")
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("#toast")).to_contain_text("could not be deleted")
    expect(questions(page)).to_have_text([FERRY])
    reload(page)
    expect(questions(page)).to_have_text([FERRY], timeout=PATIENCE)


def test_a_chat_goes_on_after_what_the_browser_keeps_was_cleared(page: Page, server: Server) -> None:
    ask(page, FERRY)
    clear = {"origin": server.address, "storageTypes": "indexeddb"}
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", clear)
    ask(page, BEES)
    ask(page, FORM)
    reload(page)
    expect(questions(page)).to_have_text([FERRY, BEES, FORM], timeout=PATIENCE)


@pytest.mark.slow
def test_what_is_kept_says_what_moved_and_what_is_gone(visit: Callable[..., Page], own: Own) -> None:
    page = visit(own.address)
    ask(page, FERRY)
    ask(page, BEES)
    path = own.corpus / "ferry.md"
    path.write_text(path.read_text(encoding="utf-8").replace("Nobody", "First of all, nobody"), encoding="utf-8")
    (own.corpus / "bees.md").write_text("Nothing of hives any more.\n", encoding="utf-8")
    with Index.open(own.index) as index:
        index.update()
    reload(page)
    expect(answered(page, 1).locator(".edited").first).to_contain_text("word for word still there")
    expect(page.locator("#turn-2 .gone").first).to_contain_text("no longer holds this quote")
    page.locator("#turn-2").get_by_role("button", name="Ask again").click()
    expect(page.locator("#turn-2 .nothing")).to_be_visible(timeout=PATIENCE)


def test_a_question_is_edited_and_what_follows_it_is_asked_anew(page: Page) -> None:
    follow_up = "And how much coal did its engine burn?"
    for question in (BEES, follow_up, LOG):
        ask(page, question)
    assert not page.locator("#turn-2 .lead", has_text="eleven sacks").count()
    page.locator("#turn-1").get_by_role("button", name="Edit question").click()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_have_value(BEES)
    begin(page, FERRY)
    expect(page.locator(".question")).to_have_text([FERRY, follow_up, LOG])  # at once
    expect(questions(page)).to_have_text([FERRY, follow_up, LOG], timeout=PATIENCE)
    expect(page.locator("#turn-2 .lead")).to_contain_text("eleven sacks")  # it leans on the new question
    leaning = json.loads(parse_qs(urlsplit(page.url).query)["on"][0])
    assert [question for question, *_ in leaning] == [FERRY, follow_up]


@pytest.mark.parametrize("way", ["Escape", "Leave it"])
def test_editing_is_left_and_the_focus_stays_in_the_box(page: Page, way: str) -> None:
    ask(page, FERRY)
    page.locator("#filters summary").click()
    page.get_by_role("button", name="Edit question").click()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_be_focused()
    box.press("Shift+Enter")
    if way == "Escape":
        page.keyboard.press(way)
    else:
        page.get_by_role("button", name=way).click()
    expect(page.locator("p.editing")).to_be_hidden()
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    expect(page.locator("#filters[open]")).to_have_count(1)  # it was opened before
    expect(ask(page, BEES)).to_have_id("turn-2")


def test_a_draft_comes_back_when_an_edited_question_is_asked_or_left(page: Page) -> None:
    ask(page, FERRY)
    box, edit = page.get_by_role("textbox", name="Your question"), page.get_by_role("button", name="Edit question")
    box.fill("And the bees?")
    edit.click()
    edit.click()  # once more is no other draft
    expect(box).to_have_value(FERRY)
    page.keyboard.press("Escape")
    expect(box).to_have_value("And the bees?")
    edit.click()
    begin(page, BEES)
    expect(box).to_have_value("And the bees?")
    edit.click()
    page.get_by_role("button", name="New chat").click()
    expect(box).to_have_value("And the bees?")


def test_a_question_that_is_clicked_takes_the_place_of_none_that_is_edited(page: Page) -> None:
    turn = ask(page, FERRY)
    turn.get_by_role("button", name="Edit question").click()
    turn.locator(".example").first.click()
    expect(page.locator("p.editing")).to_be_hidden()
    expect(page.locator("#turn-1 .question")).to_have_text(FERRY)
    answered(page, 2)


@pytest.mark.slow
def test_what_waits_is_asked_after_a_reload(page: Page) -> None:
    for question in (FERRY, BEES):
        ask(page, question)
    page.evaluate(HOLD)
    page.locator("#turn-1").get_by_role("button", name="Edit question").click()
    begin(page, LOG)
    begin(page, FORM)
    reload(page)
    expect(page.locator(".question")).to_have_text([LOG, BEES, FORM], timeout=PATIENCE)
    expect(questions(page)).to_have_text([LOG, BEES, FORM], timeout=PATIENCE)
    reload(page)
    expect(questions(page)).to_have_text([LOG, BEES, FORM], timeout=PATIENCE)
    expect(page.locator(".turn")).to_have_count(3)


@pytest.mark.slow
def test_what_waits_is_asked_once_where_a_tab_is_copied(page: Page) -> None:
    ask(page, FERRY)
    page.evaluate(HOLD)
    begin(page, BEES)
    with page.expect_popup() as opened:
        page.evaluate("window.open('/')")
    copy = opened.value  # it has what the tab keeps for a reload
    copy.locator("#start section").wait_for(timeout=PATIENCE)
    ask(copy, LOG)
    page.evaluate("release()")
    expect(questions(page)).to_have_text([FERRY, BEES], timeout=PATIENCE)
    reload(page)
    expect(questions(page)).to_have_text([FERRY, BEES], timeout=PATIENCE)


@pytest.mark.slow
def test_what_waited_in_a_chat_deleted_meanwhile_is_not_asked(page: Page, server: Server) -> None:
    ask(page, FERRY)
    tab = same_chat(page, server)
    page.evaluate(HOLD)
    begin(page, BEES)
    go(page, NOWHERE)
    tab.get_by_role("button", name=f"Delete {FERRY}").click()
    expect(tab.locator("#toast")).to_contain_text("Deleted")
    page.go_back()
    page.locator("#start section").wait_for(timeout=PATIENCE)
    ask(page, LOG)
    expect(questions(page)).to_have_text([LOG])
    expect(tab.locator("#chats .open")).to_have_text([LOG])
    tab.close()


@pytest.mark.slow
def test_a_follow_up_of_a_link_leans_on_the_same_after_reloads(page: Page) -> None:
    follow_up = "And how much coal did its engine burn?"
    for question in (FERRY, follow_up):
        ask(page, question)
    tab = page.context.new_page()
    tab.add_init_script(f"({HOLD})()")
    tab.goto(page.url)
    for _ in range(2):
        tab.locator("#turn-2 .pending").wait_for(timeout=PATIENCE)
        reload(tab)
    expect(tab.locator(".question")).to_have_text([FERRY, follow_up], timeout=PATIENCE)
    tab.evaluate("release()")
    expect(questions(tab)).to_have_text([FERRY, follow_up], timeout=PATIENCE)
    expect(tab.locator("#turn-2 .lead")).to_contain_text("eleven sacks")


def test_the_last_question_is_recalled(page: Page) -> None:
    ask(page, BEES)
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_have_value("")
    for _ in range(2):
        page.keyboard.press("ArrowUp")
        expect(box).to_have_value(BEES)


def test_a_link_to_a_follow_up_carries_what_it_leans_on(
    visit: Callable[..., Page], server: Server, browser: Browser
) -> None:
    page = visit(server.address)
    ask(page, FERRY)
    quotes = ask(page, "And how much coal did its engine burn?").locator(".quote").all_text_contents()
    assert any("eleven sacks" in quote for quote in quotes)
    other = browser.new_context().new_page()
    other.goto(page.url)
    turn = answered(other, 2)
    assert turn.locator(".quote").all_text_contents() == quotes
    expect(other.locator("#turn-1 .question")).to_have_text(FERRY)
    other.context.close()


def test_reload_keeps_the_conversation_and_the_reader_with_its_steps(page: Page) -> None:
    ask(page, LOG)
    ask(page, "And the seals?")
    page.locator("#turn-1 .chip").last.click()
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2")
    said = page.locator("#talk :is(.question, .quote, .passage, .where)")
    before = said.all_text_contents()
    reload(page)
    answered(page, 2)
    assert said.all_text_contents() == before
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2", timeout=PATIENCE)
    page.keyboard.press("k")
    expect(page.locator("#reader .count")).to_have_text("source 1 of 2")
    assert ask(page, BEES).get_attribute("id") == "turn-3"


def test_tabs_and_visitors_do_not_see_each_other(visit: Callable[..., Page], server: Server) -> None:
    one, other = visit(server.address), visit(server.address)
    ask(one, FERRY)
    assert ask(other, BEES).get_attribute("id") == "turn-1"
    tab = one.context.new_page()
    tab.goto(server.address)
    tab.locator("#start section").wait_for(timeout=PATIENCE)
    expect(tab.locator(".turn")).to_have_count(0)
    reload(tab)
    reload(one)
    expect(answered(one, 1).locator(".question")).to_have_text(FERRY)


def test_link_asks_at_once_and_only_once(visit: Callable[..., Page], server: Server) -> None:
    page = visit(f"{server.address}/?q={FERRY}&source=Harbour Letters&after=2020")
    turn = answered(page, 1)
    expect(turn.locator(".only")).to_have_text("Only Harbour Letters, from 2020")
    expect(turn.locator(".answer")).to_contain_text("forty carts")
    ask(page, BEES)
    reload(page)
    answered(page, 2)
    expect(page.locator(".turn")).to_have_count(2)
    go(page, f"{server.address}/?q={BEES}")
    expect(answered(page, 1).locator(".question")).to_have_text(BEES)
    expect(page.locator(".turn")).to_have_count(1)


@pytest.mark.slow
def test_back_from_a_link_leads_to_the_conversation_before(lenient: BrowserContext, server: Server) -> None:
    page = lenient.new_page()
    page.goto(server.address)
    page.locator("#start section").wait_for(timeout=PATIENCE)
    ask(page, FERRY)
    page.goto(f"{server.address}/?q={BEES}")
    expect(answered(page, 1).locator(".question")).to_have_text(BEES)
    page.go_back()
    expect(page.locator("#turn-1 .question")).to_have_text(FERRY, timeout=PATIENCE)
    expect(page.locator(".turn")).to_have_count(1)


def test_what_is_typed_right_after_enter_stays_in_the_box(page: Page) -> None:
    box = page.get_by_role("textbox", name="Your question")
    box.fill(FERRY)
    box.press("Enter")
    page.keyboard.type("And the carts")
    page.locator("#turn-1 .answer").wait_for(timeout=PATIENCE)
    assert page.locator("#turn-1 .question").inner_text() == FERRY
    expect(box).to_have_value("And the carts")


def test_question_sent_while_another_is_answered_is_asked_next(page: Page) -> None:
    box = page.get_by_role("textbox", name="Your question")
    for question in (FERRY, BEES):
        box.fill(question)
        page.keyboard.press("Enter")
        page.locator(".question", has_text=question).wait_for(timeout=PATIENCE)
    expect(page.locator("#turn-2 .answer")).to_contain_text("eighteen kilograms", timeout=PATIENCE)
    expect(page.locator("#turn-1 .answer")).to_contain_text("forty carts")


def test_filters(page: Page) -> None:
    page.locator("#filters summary").click()
    page.locator("datalist#sources option").nth(1).wait_for(state="attached")
    page.get_by_label("Source", exact=True).fill("Hive & Home")
    expect(page.locator("#chips li")).to_have_text("Hive & Home✕")
    expect(page.locator("#filters .fits")).to_have_text("1 article fits")
    page.locator("#filters summary").click()
    expect(page.locator("#chips li")).to_be_visible()  # folded, and still in use
    turn = ask(page, FERRY)
    expect(turn.locator(".only")).to_have_text("Only Hive & Home")
    expect(turn.locator(".nothing")).to_contain_text("Only articles that fit the filters were searched.")
    assert set(turn.locator(".card h4").all_text_contents()) == {"What does a hive of grey bees need?"}
    page.locator("#filters summary").click()
    page.get_by_role("textbox", name="From").fill("2020")
    page.get_by_role("textbox", name="From").press("Tab")
    expect(page.locator("#filters .fits")).to_have_text("0 articles fit")
    expect(ask(page, BEES).locator(".nothing")).to_contain_text("No article fits these filters.")
    expect(page.locator("#filters .row")).to_be_hidden()  # it would lie over the answer
    page.locator("#filters summary").click()
    page.get_by_role("textbox", name="From").fill("soon")
    page.get_by_role("textbox", name="From").press("Tab")
    assert "Give a year" in page.get_by_role("textbox", name="From").evaluate("one => one.validationMessage")
    expect(page.locator("#toast")).to_contain_text("Give a year")
    box = page.get_by_role("textbox", name="Your question")
    box.click()
    page.keyboard.type("bees")  # is not typed into the date
    expect(box).to_have_value("bees")
    box.fill("")
    expect(page.locator("#chips li")).to_have_text(["Hive & Home✕", "from 2020✕"])
    reload(page)
    answered(page, 2)
    expect(page.locator("#chips li")).to_have_text(["Hive & Home✕", "from 2020✕"])
    page.get_by_role("button", name="Without Hive & Home").click()
    expect(page.locator("#chips li")).to_have_text("from 2020✕")


def test_what_is_said_of_a_field_goes_when_it_is_mended(page: Page) -> None:
    page.locator("#filters summary").click()
    toast = page.locator("#toast")
    date, source = page.get_by_role("textbox", name="From"), page.get_by_role("combobox", name="Source")
    date.fill("soon")
    date.press("Enter")
    expect(toast).to_contain_text("Give a year")
    date.fill("2019")
    date.press("Enter")
    expect(toast).to_be_empty()
    source.fill("nowhere")
    source.press("Enter")
    expect(toast).to_have_text("Choose one of the list")
    source.press_sequentially("x")
    expect(toast).to_be_empty()


def test_a_filter_typed_before_its_list_is_there_is_no_mistake(page: Page) -> None:
    page.evaluate(HOLD.replace("call/turn", "call/choices"))
    page.locator("#filters summary").click()
    source = page.get_by_role("combobox", name="Source")
    source.fill("Hive & Home")
    source.press("Enter")
    page.evaluate("release()")
    expect(page.locator("#chips li")).to_have_text("Hive & Home✕")
    expect(page.locator("#toast")).to_be_empty()


@pytest.mark.slow
def test_what_is_chosen_from_lists_stays_with_the_question(page: Page) -> None:
    page.locator("#filters summary").click()
    page.locator("datalist#documents option").nth(1).wait_for(state="attached")
    article = page.get_by_role("combobox", name="Article")
    article.fill("GREY bees")
    article.press("Enter")
    expect(page.locator("#chips li")).to_have_text("What does a hive of grey bees need?✕")
    expect(page.locator(".turn")).to_have_count(0)  # Enter chooses, and asks nothing
    article.fill("nowhere")
    article.press("Tab")
    expect(article).to_have_js_property("validationMessage", "Choose one of the list")
    article.fill("")
    for name, date in (("From", "2019"), ("Until", "2020")):
        page.get_by_role("textbox", name=name).fill(date)
        page.get_by_role("textbox", name=name).press("Enter")
    expect(page.locator("#chips li")).to_have_text(["What does a hive of grey bees need?✕", "2019–2020✕"])
    expect(page.locator("#filters .fits")).to_have_text("1 article fits")
    page.get_by_role("textbox", name="Until").fill("2018")
    page.get_by_role("textbox", name="Until").press("Enter")
    expect(page.locator("#filters .fits")).to_contain_text("From '2019' is later than Until '2018'")
    page.get_by_role("button", name="Without 2019–2018").click()
    expect(page.locator("#chips button")).to_be_focused()
    expect(ask(page, BEES).locator(".only")).to_have_text("Only What does a hive of grey bees need?")
    reload(page)
    answered(page, 1)
    expect(page.locator("#chips li")).to_have_text("What does a hive of grey bees need?✕")


@pytest.mark.slow
def test_a_folder_is_chosen_and_carried_by_a_link(visit: Callable[..., Page], own: Own) -> None:
    kites = (
        "---\ntitle: The kites of the pass\nauthor: Ane Holt\n---\n\nKites of silk were flown over the pass in March.\n"
    )
    texts = {"news/2022/kites.md": kites, "newsletter.md": kites.replace("Ane Holt", "Ane Holtmann")}
    write_files(own.corpus, texts)
    with Index.open(own.index) as index:
        index.update()
    page = visit(own.address)
    page.locator("#filters summary").click()
    page.locator("datalist#authors option").nth(1).wait_for(state="attached")
    author, folder = page.get_by_label("Author", exact=True), page.get_by_label("Folder", exact=True)
    author.fill("ane holt")
    expect(page.locator("#chips li")).to_have_count(0)  # it may become Ane Holtmann
    author.press("Enter")
    folder.fill("news/2022")
    expect(page.locator("#chips li")).to_have_text(["news/2022✕", "Ane Holt✕"])
    expect(ask(page, "What was flown over the pass in March?").locator(".only")).to_have_text(
        "Only news/2022, Ane Holt"
    )
    assert "folder=news%2F2022" in page.url
    again = visit(page.url)
    expect(again.locator("#chips li")).to_have_text(["news/2022✕", "Ane Holt✕"])
    expect(answered(again, 1).locator(".answer")).to_contain_text("Kites of silk")
    expect(ask(again, BEES).locator(".nothing")).to_be_visible()


def test_one_article_alone_is_asked(page: Page) -> None:
    ask(page, BEES).locator(".card").click()
    page.get_by_role("button", name="Ask only this article").click()
    expect(page.locator("#chips li")).to_have_text("What does a hive of grey bees need?✕")
    expect(ask(page, FERRY).locator(".nothing")).to_be_visible()


# ---------------------------------------------------------------- to take along


def test_copy_save_and_links(visit: Callable[..., Page], server: Server, assistant: Assistant) -> None:
    page = visit(server.address, permissions=["clipboard-read", "clipboard-write"])
    citation = assistant.ask(BEES).citations[0]
    turn = ask(page, BEES)
    turn.get_by_text("Share").click()
    turn.get_by_role("button", name="Copy text").click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"{BEES}\n\n{citation.quote} [1]")
    turn.get_by_text("Share").click()
    turn.get_by_role("button", name="Copy Markdown").click()
    until = time.monotonic() + 60
    while f"> {citation.quote} \\[1\\]" not in page.evaluate("navigator.clipboard.readText()"):
        assert time.monotonic() < until
    turn.get_by_text("Share").click()
    with page.expect_download() as download:
        turn.get_by_role("button", name="Save as Markdown").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith(f"# {BEES}\n\n> {citation.quote}")
    turn.get_by_text("Share").click()
    turn.get_by_role("button", name="Copy link").click()
    expect(turn.locator(".menu[open]")).to_have_count(0)
    expect(turn.locator(".menu summary")).to_be_focused()
    go(page, page.evaluate("navigator.clipboard.readText()"))
    expect(answered(page, 1).locator(".quote").first).to_have_text(citation.quote)
    page.locator(".chip").first.click()
    page.locator("#reader").get_by_role("button", name="Copy citation").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"“{citation.quote}” (“{citation.document.title}”, ")
    assert f"characters {citation.start}–{citation.end}" in copied
    page.locator("#reader").get_by_role("button", name="Copy link").click()
    go(page, page.evaluate("navigator.clipboard.readText()"))
    assert marked(page) == citation.quote


def test_saved_page_opens_offline(page: Page, assistant: Assistant, tmp_path: Path) -> None:
    citations = assistant.ask(FORM).citations
    turn = ask(page, FORM)
    turn.get_by_text("Share").click()
    with page.expect_download() as download:
        turn.get_by_role("button", name="Save as HTML").click()
    assert download.value.suggested_filename == "What-does-the-customs-form-of-Aldhaven-list.html"
    path = tmp_path / "saved.html"
    download.value.save_as(path)
    context = page.context.browser
    assert context is not None
    offline = context.new_page(offline=True)
    requests: list[str] = []
    offline.on("request", lambda request: requests.append(request.url))
    offline.goto(path.as_uri())
    assert offline.locator(".quote").all_text_contents() == [each.quote for each in citations]
    for citation in citations:
        expect(offline.locator("ol")).to_contain_text(f"characters {citation.start}–{citation.end}")
        expect(offline.locator("ol")).to_contain_text(citation.document.digest)
    assert requests == [path.as_uri()]
    assert offline.evaluate("window.ran") is None
    offline.close()
