"""The chat page in a real browser, served by the real command over an index made with the real model."""

from __future__ import annotations

import json
import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from conftest import PATIENCE, go, reload
from pincite import Answer, Assistant, Hit, Index
from pincite.stores.local.store import LocalStore
from pincite.text_anchors import text_anchor
from pincite.web.chat import Asked, Chat, Conversation
from pincite.web.library import Library
from serving import Server, chat, make_index, serving

HOSTILE = (
    "The customs form of Aldhaven lists <b>salt</b> & **tar**, `rope`, ${window.ran = 1} and {{value}} in one column. "
    'Its second column holds </script><img src=x onerror="window.ran = 1"> [x](javascript:window.ran=1) for the clerk. '
    "The third column 😀 is left to $duty$, $$tolls$$ and ![](http://tracker.example/pixel.png) of the harbour."
)
# Astral characters, combining marks, right to left, one very long word: JavaScript counts them otherwise than Python.
SCRIPTS = (
    "The keeper 𝔄𝔟𝔡 of the lighthouse wrote e\u0301te\u0301 😀👩‍👩‍👧 in its log. "
    "في المنارة كتب الحارس أن السفينة وصلت في الليل 1931 عند العاشرة. "
    "The longest word in the lighthouse log is " + "rindfleischetikettierung" * 12 + " of the keeper."
)
ARTICLES = {
    "ferry.md": "---\ntitle: The night ferry of Aldhaven\nsource: Harbour Letters\ndate: 2021-03-04\n"
    "url: https://letters.example/ferry\n---\n\n"
    "Nobody had asked for it. The night ferry left Aldhaven at ten and carried forty carts of salt. "
    "It was given up when the bridge opened in 1931.\n\n"
    "# How much coal did the engine burn?\n\n"
    "The engine of the night ferry burned eleven sacks of coal on each crossing.\n",
    "reprint.txt": "Nobody had asked for it. The night ferry left Aldhaven at ten and carried forty carts of salt. "
    "It was given up when the bridge opened in 1931.\n",
    "form.jsonl": json.dumps(
        {"_id": "1", "title": "The <i>customs</i> form & ${its} columns", "text": HOSTILE, "url": "javascript:alert(1)"}
    ),
    "bees.md": "---\ntitle: What does a hive of grey bees need?\nsource: Hive & Home\ndate: 2019-07\n---\n\n"
    "A hive of the grey bee needs eighteen kilograms of honey for the winter. It is kept under a roof of thatch.\n",
    "log.txt": "The lighthouse log\n\n2020-01-01\n\n"
    f"{SCRIPTS} On Sunday the keeper of the lighthouse wrote of two seals in its log.\n",
}
FERRY, BEES = (
    "What did the night ferry carry when it left Aldhaven at ten?",
    "How much honey does a hive of the grey bee need?",
)
FORM, UNKNOWN = "What does the customs form of Aldhaven list?", "Who won the chess olympiad of 1972 in Skopje?"
LOG = "What did the keeper of the lighthouse write in its log?"
DOCS = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans"


@pytest.fixture(scope="module")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("web"), ARTICLES)


@pytest.fixture(scope="module")
def assistant(index_path: Path) -> Iterator[Assistant]:
    with Index.open(index_path) as index:
        yield Assistant(index)


@pytest.fixture(scope="module")
def server(index_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), *chat(index_path)) as started:
        yield started


@pytest.fixture
def page(visit: Callable[..., Page], server: Server) -> Page:
    return visit(server.address)


@pytest.fixture
def own(serve: Callable[..., Server], tmp_path: Path) -> Server:
    """A server over an index of the test's own, in ``tmp_path``."""
    path = make_index(tmp_path, {name: ARTICLES[name] for name in ("ferry.md", "bees.md")})
    return serve(*chat(path))


def ask(page: Page, question: str) -> Locator:
    """Put a question, wait for what comes of it, and return its turn."""
    number = page.locator(".turn").count() + 1
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    return answered(page, number)


def chat_over(index: Index) -> Chat:
    return Chat(index, Assistant(index), Library(index))


def answered(page: Page, number: int) -> Locator:
    turn = page.locator(f"#turn-{number}")
    turn.locator(".meta, .notice").first.wait_for(timeout=PATIENCE)
    return turn


def marked(page: Page) -> str:
    """The text marked in the reader, line ends between paragraphs included."""
    page.locator("#reader mark").first.wait_for(state="attached")
    return "".join(page.locator("#reader mark").all_text_contents())


# ---------------------------------------------------------------- start and answers


def test_start_says_what_this_is_and_offers_questions(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Pincite")
    expect(page.locator("#masthead")).to_contain_text(re.compile("5 articles · updated (just now|.* ago)"))
    expect(page.locator("#start")).to_contain_text("quoted word for word from 5 articles")
    example = page.get_by_role("button", name="What does a hive of grey bees need?")
    example.click(timeout=PATIENCE)
    expect(page.locator("#turn-1 .question")).to_have_text("What does a hive of grey bees need?")
    expect(page.locator("#turn-1 .answer")).to_contain_text("eighteen kilograms of honey", timeout=PATIENCE)
    expect(page.locator("#start")).to_be_hidden()


def test_examples_are_questions_that_are_answered(page: Page, assistant: Assistant) -> None:
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    examples = page.locator(".example").all_text_contents()
    assert 1 <= len(examples) <= 4
    assert all(assistant.ask(example).answered for example in examples)


@pytest.mark.parametrize("question", [FERRY, BEES, FORM, LOG])
def test_answer_shows_each_quote_to_the_letter_with_its_number(page: Page, assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.answered
    turn = ask(page, question)
    assert turn.locator(".quote").all_text_contents() == [each.quote for each in answer.citations]
    assert turn.locator(".chip").all_text_contents() == [str(each.label) for each in answer.citations]
    articles = len({each.document.doc_id for each in answer.citations})
    expect(turn.locator(".meta")).to_have_text(re.compile(rf"{articles} articles? · \d+ ms"))


@pytest.mark.parametrize("question", [FERRY, BEES, FORM, LOG])
def test_sources_mark_the_quotes_where_they_stand(page: Page, assistant: Assistant, question: str) -> None:
    citations = assistant.ask(question).citations
    turn = ask(page, question)
    for citation in citations:
        mark = page.locator(f"#cite-1-{citation.label}")
        assert mark.text_content() == citation.quote
        card = turn.locator(".card", has=mark)
        assert card.locator(".passage").text_content() == citation.passage.text
        assert card.locator("h4").text_content() == citation.document.title
        where = card.locator(".where").text_content() or ""
        assert f"{citation.start}–{citation.end}" in where
        for fact in (citation.document.source, citation.document.date):
            assert fact is None or fact in where


def test_strength_is_said_in_words_with_the_numbers_on_demand(page: Page, assistant: Assistant) -> None:
    citation = assistant.ask(BEES).citations[0]
    strength = ask(page, BEES).locator(".strength").first
    word = "Strong" if citation.confidence >= 0.7 else "Fair" if citation.confidence >= 0.35 else "Weak"
    expect(strength.locator("summary")).to_have_text(f"{word} match")
    expect(strength.locator("dl")).to_be_hidden()
    strength.locator("summary").click()
    expect(strength.locator("dl")).to_contain_text(f"{citation.confidence:.0%}")
    expect(strength.locator("dl")).to_contain_text(citation.document.digest)


def test_a_hostile_article_is_shown_and_never_run(page: Page) -> None:
    turn = ask(page, FORM)
    assert HOSTILE in "".join(turn.locator(".passage").all_text_contents())
    assert any(quote in HOSTILE for quote in turn.locator(".quote").all_text_contents())
    assert page.locator("#talk :is(img, script, b, i, a:not(.chip, .read))").count() == 0
    turn.locator(".read").first.click()
    expect(page.locator("#reader .text")).to_contain_text("<img src=x")
    assert page.locator("#reader .text").text_content() == HOSTILE
    assert page.locator("#reader :is(img, script, b, i, iframe)").count() == 0
    assert page.locator("#reader a[href^=javascript]").count() == 0


def test_a_hostile_question_is_shown_and_never_run(page: Page) -> None:
    question = f'{HOSTILE} </h2><svg onload="window.ran = 1"> \\ &lt;'
    turn = ask(page, question)
    assert turn.locator(".question").text_content() == question
    assert page.locator("#talk :is(img, svg, script)").count() == 0
    reload(page)
    assert answered(page, 1).locator(".question").text_content() == question


def test_copies_are_named(page: Page) -> None:
    turn = ask(page, FERRY)
    expect(turn.locator(".duplicates").first).to_have_text(re.compile(r"Also in: (ferry\.md|reprint\.txt)"))


def test_nothing_found_is_said_and_near_passages_are_no_answer(page: Page, assistant: Assistant) -> None:
    answer = assistant.ask(UNKNOWN)
    assert not answer.answered
    turn = ask(page, UNKNOWN)
    expect(turn.locator(".nothing")).to_contain_text("Nothing in these articles answers this.")
    expect(turn.locator(".panel h3")).to_have_text("Nearest passages, not an answer")
    assert turn.locator(".passage").all_text_contents() == [hit.passage.text for hit in answer.hits[:3]]
    assert turn.locator(".answer, .quote, .chip, .badge, mark, .failed, .empty, .strength").count() == 0
    turn.locator(".read").first.click()
    assert marked(page) == answer.hits[0].passage.text


def test_too_long_a_question_cannot_be_typed(page: Page, assistant: Assistant) -> None:
    expect(page.get_by_role("textbox", name="Your question")).to_have_attribute("maxlength", "4000")
    *_, (_, html) = chat_over(assistant.index).ask(Asked("salt " * 900), "", Conversation())
    assert "Ask in up to 4,000 characters" in html


# ---------------------------------------------------------------- the reader


@pytest.mark.parametrize("question", [FERRY, FORM, LOG])
def test_number_opens_the_article_at_the_marked_quote(page: Page, assistant: Assistant, question: str) -> None:
    citations = assistant.ask(question).citations
    turn = ask(page, question)
    for citation, chip in zip(citations, turn.locator(".chip").all(), strict=True):
        chip.click()
        expect(page.locator("#reader h2")).to_have_text(citation.document.title)
        assert marked(page) == citation.quote
        assert page.locator("#reader .text").text_content() == citation.document.text
        expect(page.locator("#reader .paragraph mark").first).to_be_in_viewport()
        expect(page.locator("#reader .here")).not_to_have_count(0)
        expect(chip).to_have_attribute("aria-current", "")
        expect(page.locator("#reader .count")).to_have_text(f"source {citation.label} of {len(citations)}")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()


def test_old_numbers_still_open_their_own_quotes(page: Page) -> None:
    first, second = ask(page, FERRY), ask(page, BEES)
    ids = page.locator("[id]:not([id=''])").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    for turn, words in ((first, "forty carts"), (second, "eighteen kilograms")):
        turn.locator(".chip").first.click()
        expect(page.locator("#reader mark", has_text=words)).to_be_in_viewport()


def test_keyboard_alone(page: Page) -> None:
    page.keyboard.press("/")  # the box has the focus already
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_be_focused()
    box.fill("")
    page.keyboard.type(LOG)
    page.keyboard.press("Enter")
    turn = answered(page, 1)
    count = turn.locator(".chip").count()
    assert count >= 2
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("#reader .count")).to_have_text(f"source 1 of {count}")
    page.keyboard.press("j")
    expect(page.locator("#reader .count")).to_have_text(f"source 2 of {count}")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.locator("#reader .count")).to_have_text(f"source 1 of {count}")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    page.keyboard.press("9")
    expect(page.locator("#reader")).to_be_hidden()
    page.keyboard.press("l")
    expect(page.locator("#library")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#library")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("1jk?l")
    expect(box).to_have_value("1jk?l")


def test_focus_goes_into_the_reader_and_back(page: Page) -> None:
    chip = ask(page, FERRY).locator(".chip").first
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#reader h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()


def test_capitals_are_keys_too_and_escape_closes_what_lies_on_top(page: Page) -> None:
    ask(page, LOG)
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("Shift+J")
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2")
    page.keyboard.press("Shift+L")
    expect(page.locator("#library")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#library")).to_be_hidden()
    expect(page.locator("#reader")).to_be_visible()


def test_a_new_question_closes_the_reader(page: Page) -> None:
    ask(page, FERRY).locator(".chip").first.click()
    expect(page.locator("#reader")).to_be_visible()
    ask(page, BEES)
    expect(page.locator("#reader")).to_be_hidden()
    assert "cite=" not in page.url


def test_reload_keeps_the_reader_and_its_steps(page: Page) -> None:
    ask(page, LOG).locator(".chip").last.click()
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2")
    reload(page)
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2", timeout=PATIENCE)
    page.keyboard.press("k")
    expect(page.locator("#reader .count")).to_have_text("source 1 of 2")


def test_steps_do_not_lead_out_of_the_page(visit: Callable[..., Page], server: Server, assistant: Assistant) -> None:
    citation = assistant.ask(FERRY).citations[0]
    page = visit(f"{server.address}/?cite={text_anchor(citation.document, citation.start, citation.end)}")
    expect(page.locator("#reader")).to_be_visible()
    ask(page, LOG).locator(".chip").last.click()
    expect(page.locator("#reader .count")).to_have_text("source 2 of 2")
    page.keyboard.press("k")
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(1)


def test_back_and_forward_close_and_open_the_reader(page: Page, server: Server) -> None:
    ask(page, FERRY).locator(".chip").first.click()
    expect(page.locator("#reader")).to_be_visible()
    assert "?cite=ferry.md%40" in page.url or "?cite=reprint.txt%40" in page.url
    page.go_back()
    expect(page.locator("#reader")).to_be_hidden()
    assert page.url == f"{server.address}/"
    page.go_forward()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    expect(page.locator(".turn")).to_have_count(1)


def test_number_does_not_lose_the_rest_of_the_address(visit: Callable[..., Page], server: Server) -> None:
    page = visit(f"{server.address}/?from=bookmark")
    ask(page, FERRY).locator(".chip").first.click()
    expect(page.locator("#reader")).to_be_visible()
    assert page.url.startswith(f"{server.address}/?from=bookmark&cite=")


def test_link_to_a_citation_opens_it(visit: Callable[..., Page], server: Server, assistant: Assistant) -> None:
    citation = assistant.ask(FERRY).citations[0]
    place = text_anchor(citation.document, citation.start, citation.end)
    page = visit(f"{server.address}/?cite={place}")
    assert marked(page) == citation.quote
    expect(page.locator("#reader .steps")).to_be_hidden()
    page.get_by_role("button", name="← Back").click()
    expect(page.locator("#reader")).to_be_hidden()
    assert page.url == f"{server.address}/"
    expect(page.locator("#start")).to_be_visible()


def test_link_to_a_citation_after_edits(visit: Callable[..., Page], own: Server, tmp_path: Path) -> None:
    with Index.open(tmp_path / "index") as index:
        (document,) = index.documents(["bees.md"]).values()
        end = document.text.index(".") + 1
        address, quote = f"{own.address}/?cite={text_anchor(document, 0, end)}", document.text[:end]
        path = tmp_path / "corpus" / "bees.md"
        path.write_text(ARTICLES["bees.md"].replace("A hive", "New first words. A hive"), encoding="utf-8")
        index.update()
        moved = visit(address)
        assert marked(moved) == quote
        expect(moved.locator("#reader .news")).to_contain_text("still stands in it, word for word")
        path.write_text(ARTICLES["bees.md"].replace("eighteen", "nineteen"), encoding="utf-8")
        index.update()
        gone = visit(address)
        expect(gone.locator("#reader .news")).to_contain_text("the quote no longer stands in it")
        expect(gone.locator("#reader .text")).to_contain_text("nineteen kilograms")
        assert gone.locator("#reader mark").count() == 0


def test_link_to_an_article_that_is_gone(browser_context: BrowserContext, server: Server) -> None:
    page = browser_context.new_page()
    page.goto(f"{server.address}/?cite=gone.md@0123456789abcdef:0-4:0123456789abcdef")
    expect(page.locator("#reader .news")).to_have_text("gone.md: not in the index any more", timeout=PATIENCE)


@pytest.fixture
def browser_context(visit: Callable[..., Page], server: Server) -> BrowserContext:
    """A context whose new pages may fail to load something."""
    return visit(server.address).context


def test_article_on_the_web_is_linked_with_the_quote(page: Page) -> None:
    turn = ask(page, FERRY)
    turn.locator(".card", has_text="Harbour Letters").locator(".read").first.click()
    link = page.get_by_role("link", name="On the web")
    expect(link).to_have_attribute("href", re.compile(r"^https://letters\.example/ferry#:~:text=\S+$"))
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_original_is_downloaded_and_a_pdf_opened_at_its_page(
    visit: Callable[..., Page], serve: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "corpus").mkdir()
    for name in ("shanghai-talent.pdf", "hubei.docx"):
        shutil.copy(DOCS / name, tmp_path / "corpus" / name)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        (pdf,) = index.documents(["shanghai-talent.pdf"]).values()
    second = pdf.page_starts[1]
    address = serve(*chat(tmp_path / "index")).address
    page = visit(f"{address}/?cite={text_anchor(pdf, second, second + 40)}")
    link = page.get_by_role("link", name="Open original")
    expect(link).to_have_attribute("href", re.compile("#page=2$"))
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.contentType") == "application/pdf"
    opened.value.close()
    page = visit(f"{address}/?doc=hubei.docx")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "hubei.docx"
    assert Path(download.value.path()).read_bytes() == (DOCS / "hubei.docx").read_bytes()


# ---------------------------------------------------------------- conversations


def bytes_sent(server: Server, session: str, question: str, asked: list[str]) -> int:
    """What the server sends for a question in a conversation that has asked these."""
    config = httpx.get(f"{server.address}/config").json()
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "ask")
    event = next(each["id"] for each in config["dependencies"] if [box, "submit"] in each["targets"])
    kept = json.dumps({"name": "c", "asked": [{"question": before} for before in asked]})
    sent = {"data": [question, None, [], "", "", kept], "fn_index": event, "session_hash": session}
    api = f"{server.address}/gradio_api/queue"
    httpx.post(f"{api}/join", json=sent)
    with httpx.stream("GET", f"{api}/data", params={"session_hash": session}, timeout=60) as stream:
        lines = iter(stream.iter_lines())
        size = 0
        while "process_completed" not in (line := next(lines)):
            size += len(line.encode())
        return size + len(line.encode())


def test_an_answer_is_sent_without_the_turns_before_it(server: Server) -> None:
    first = bytes_sent(server, "one", BEES, [])
    for number in range(1, 8):
        last = bytes_sent(server, "one", BEES, [BEES] * number)
    assert last < 1.5 * first


def test_a_conversation_comes_back_turn_by_turn(server: Server) -> None:
    few, many = (bytes_sent(server, f"{count}", "", [BEES] * count) for count in (5, 20))
    assert many < 5 * few


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


ARRIVALS = """() => {
  window.arrived = [];
  const note = (node) => node.querySelector?.(".meta") && window.arrived.push(node.id);
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(note)))
    .observe(document.querySelector("#arriving"), { childList: true, subtree: true });
}"""


@pytest.mark.parametrize("moment", ["sent", "shown", "answered"])
def test_new_chat_right_after_a_question_forgets_it(page: Page, moment: str) -> None:
    ask(page, FERRY)
    page.evaluate(ARRIVALS)
    page.get_by_role("textbox", name="Your question").fill(BEES)
    page.keyboard.press("Enter")
    if moment != "sent":
        page.locator(f"#turn-2 {'.meta' if moment == 'answered' else '.question'}").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="New chat").click()
    page.wait_for_function("window.arrived.includes('turn-2')")
    expect(page.locator(".turn")).to_have_count(0)
    assert ask(page, BEES).get_attribute("id") == "turn-1"


def many(count: int) -> str:
    """A conversation as the page keeps it."""
    return json.dumps(
        [{"question": f"Question {n} of bees?", "sources": [], "after": "", "before": ""} for n in range(count)]
    )


def load_with(page: Page, conversation: str) -> None:
    # What is still on its way must not be kept over it.
    keep = "sessionStorage.setItem(`pincite-chat-${history.state.chat}`, kept); Storage.prototype.setItem = () => {};"
    page.evaluate(f"kept => {{ {keep} }}", conversation)
    reload(page)


def test_new_chat_while_a_conversation_comes_back_forgets_it(page: Page) -> None:
    ask(page, FERRY)
    load_with(page, many(18))
    page.locator("#turn-2").wait_for(timeout=PATIENCE)
    page.evaluate(ARRIVALS)
    page.get_by_role("button", name="New chat").click()
    page.wait_for_function("window.arrived.includes('turn-18')")
    expect(page.locator(".turn")).to_have_count(0)


def test_question_while_a_conversation_comes_back_is_asked_after_it(page: Page) -> None:
    ask(page, FERRY)
    load_with(page, many(30))
    page.locator("#turn-2").wait_for(timeout=PATIENCE)
    page.get_by_role("textbox", name="Your question").fill(BEES)
    page.keyboard.press("Enter")
    expect(page.locator("#turn-31 .question")).to_have_text(BEES, timeout=PATIENCE)
    expect(page.locator("#turn-30 .question")).to_have_text("Question 29 of bees?")
    answered(page, 31)
    expect(page.locator(".turn")).to_have_count(31)


def test_conversation_outlives_the_server(
    cached: BrowserContext, serve: Callable[..., Server], index_path: Path
) -> None:
    first = serve(*chat(index_path))
    page = cached.new_page()  # where the browser may note that the server is gone
    page.goto(first.address)
    page.locator("#start section").wait_for(timeout=PATIENCE)
    ask(page, FERRY)
    first.process.kill()
    first.process.wait()
    serve(*chat(index_path, "--port", first.address.rsplit(":", 1)[1]))
    page.reload()
    expect(answered(page, 1).locator(".question")).to_have_text(FERRY)
    page.close()


def test_what_was_unfolded_stays_so(page: Page) -> None:
    ask(page, FERRY).locator(".strength summary").first.click()
    ask(page, BEES)
    expect(page.locator("#turn-1 .strength dl").first).to_be_visible()
    expect(page.locator("#turn-2 .strength dl").first).to_be_hidden()


def test_reload_keeps_the_conversation(page: Page) -> None:
    ask(page, FERRY)
    ask(page, "And the engine?")
    said = page.locator("#talk :is(.question, .quote, .passage, .where)")
    before = said.all_text_contents()
    reload(page)
    answered(page, 2)
    assert said.all_text_contents() == before
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


def test_back_from_a_link_leads_to_the_conversation_before(browser_context: BrowserContext, server: Server) -> None:
    page = browser_context.new_page()
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
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Sources", exact=True).click()
    expect(page.get_by_role("option")).to_have_count(2)
    page.get_by_role("option", name="Hive & Home").click()
    turn = ask(page, FERRY)
    expect(turn.locator(".only")).to_have_text("Only Hive & Home")
    expect(turn.locator(".nothing")).to_contain_text("Only articles that fit the filters were searched.")
    assert set(turn.locator(".card h4").all_text_contents()) == {"What does a hive of grey bees need?"}
    page.get_by_role("textbox", name="From").fill("2020")
    expect(ask(page, BEES).locator(".nothing")).to_contain_text("No article fits these filters.")
    page.get_by_role("textbox", name="From").fill("soon")
    expect(ask(page, BEES).get_by_role("alert")).to_contain_text("From 'soon' is not a date: give YYYY")
    reload(page)
    answered(page, 3)
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_role("textbox", name="From")).to_have_value("soon")


# ---------------------------------------------------------------- to take along


def test_copy_and_links(visit: Callable[..., Page], server: Server, assistant: Assistant) -> None:
    page = visit(server.address, permissions=["clipboard-read", "clipboard-write"])
    citation = assistant.ask(BEES).citations[0]
    turn = ask(page, BEES)
    turn.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#toast")).to_have_text("Copied")
    assert f"> {citation.quote} \\[1\\]" in page.evaluate("navigator.clipboard.readText()")
    turn.get_by_role("button", name="Copy link").click()
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


def test_saved_markdown(page: Page, assistant: Assistant) -> None:
    turn = ask(page, BEES)
    with page.expect_download() as download:
        turn.get_by_role("button", name="Save as Markdown").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith(f"# {BEES}\n\n> {assistant.ask(BEES).citations[0].quote}")


# ---------------------------------------------------------------- the library


def test_files_of_every_kind_are_added_and_a_broken_one_is_told(
    visit: Callable[..., Page], own: Server, tmp_path: Path
) -> None:
    page = visit(own.address)
    page.get_by_role("button", name="Library").click()
    panel = page.locator("#library")
    expect(panel.locator(".facts")).to_have_text("2 articles, 3 passages")
    good = [
        "shanghai-talent.pdf",
        "hubei.docx",
        "capability-ranking.epub",
        "talent-plans.html",
        "jiangsu.txt",
        "beijing.md",
    ]
    files: list[FilePayload] = [
        {"name": name, "mimeType": "application/octet-stream", "buffer": (DOCS / name).read_bytes()} for name in good
    ]
    line = json.dumps({"_id": "1", "title": "Kites", "text": "Kites of silk were flown over the pass in March."})
    files += [
        {"name": "kites.jsonl", "mimeType": "text/plain", "buffer": line.encode()},
        {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 no more"},
        {"name": "<img src=x>.exe", "mimeType": "text/plain", "buffer": b"x"},
    ]
    panel.locator("input[type=file]").set_input_files(files)
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".report")).to_have_text(
        "Last update: 7 added, 0 changed, 0 removed, 2 unchanged.", timeout=PATIENCE
    )
    expect(panel.locator(".uploads .failed")).to_contain_text("<img src=x>.exe: not added: Pincite reads .txt, .md")
    expect(panel.locator(".reasons")).to_contain_text("uploads/broken.pdf: ")
    expect(panel.locator(".facts")).to_have_text(re.compile(r"9 articles, \d+ passages, 1 skipped"))
    expect(page.locator("#masthead")).to_contain_text("9 articles")
    panel.locator(".titles summary").click()
    panel.get_by_role("link", name="Kites").click()
    expect(page.locator("#reader .text")).to_have_text("Kites of silk were flown over the pass in March.")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(ask(page, "What was flown over the pass in March?").locator(".answer")).to_contain_text("Kites of silk")
    assert (tmp_path / "corpus" / "uploads" / "shanghai-talent.pdf").is_file()


def test_old_index_answers_during_an_update_that_names_its_stage(
    visit: Callable[..., Page], own: Server, tmp_path: Path
) -> None:
    lines = (json.dumps({"_id": n, "text": f"Entry {n} is about lamp {n * 7} of pier {n % 9}."}) for n in range(900))
    (tmp_path / "corpus" / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    page = visit(own.address)
    expect(page.locator("#masthead")).to_contain_text("1 change on disk", timeout=PATIENCE)
    page.get_by_role("button", name="1 change on disk").click()
    panel = page.locator("#library")
    expect(panel.locator(".reasons")).to_contain_text("many.jsonl: new")
    ask(page, BEES)  # the model is loaded
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".running")).to_contain_text("Embedding passages", timeout=PATIENCE)
    expect(panel.get_by_role("progressbar")).to_have_attribute("max", "900")
    late: FilePayload = {"name": "late.txt", "mimeType": "text/plain", "buffer": b"Kites of silk were flown in March."}
    panel.locator("input[type=file]").set_input_files([late])
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".uploads")).to_have_text("late.txt: added as uploads/late.txt")
    turn = ask(page, FERRY)
    expect(turn.locator(".answer")).to_contain_text("forty carts")
    expect(panel.locator(".running")).to_be_visible()
    second = visit(own.address)
    second.get_by_role("button", name="Library").click()
    expect(second.locator("#library .running")).to_be_visible()
    expect(panel.locator(".report")).to_contain_text("1 added, 0 changed, 0 removed, 902", timeout=4 * PATIENCE)
    expect(ask(page, "What was flown in March?").locator(".answer")).to_contain_text("Kites of silk")


def test_update_by_the_command_is_seen(visit: Callable[..., Page], own: Server, tmp_path: Path) -> None:
    page = visit(own.address)
    question = "What was flown over the pass in March?"
    ask(page, FERRY)
    assert "Kites" not in (ask(page, question).text_content() or "")
    (tmp_path / "corpus" / "kites.txt").write_text(
        "Kites of silk were flown over the pass in March.\n", encoding="utf-8"
    )
    with Index.open(tmp_path / "index") as index:
        index.update()
    expect(ask(page, question).locator(".answer")).to_contain_text("Kites of silk")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the tab
    expect(page.locator("#masthead")).to_contain_text("3 articles")
    page.locator("#turn-1 .chip").first.click()
    expect(page.locator("#reader mark", has_text="forty carts")).to_be_in_viewport()


def test_update_that_fails_says_why(visit: Callable[..., Page], own: Server, tmp_path: Path) -> None:
    (tmp_path / "corpus").rename(tmp_path / "moved")
    page = visit(own.address)
    page.get_by_role("button", name="Library").click()
    page.get_by_role("button", name="Add and update").click()
    expect(page.locator("#library").get_by_role("alert")).to_contain_text("give the folder that holds the articles")
    expect(ask(page, FERRY).locator(".answer")).to_contain_text("forty carts")


def test_files_stay_chosen_when_the_token_was_wrong(
    visit: Callable[..., Page], serve: Callable[..., Server], tmp_path: Path
) -> None:
    path = make_index(tmp_path, {"bees.md": ARTICLES["bees.md"]})
    server = serve(*chat(path, "--host", "0.0.0.0", "--token", "correct horse"))
    context = visit(server.address.replace("0.0.0.0", "127.0.0.1")).context
    page = context.new_page()  # where the browser may note the refusal
    page.goto(server.address.replace("0.0.0.0", "127.0.0.1"))
    page.get_by_role("button", name="Library").click()
    panel = page.locator("#library")
    kites: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Kites of silk were flown in March."}
    panel.locator("input[type=file]").set_input_files([kites])
    for token in ("wrong", "correct horse"):
        panel.get_by_label("Token").fill(token)
        panel.get_by_role("button", name="Add and update").click()
        panel.locator(".uploads li").first.wait_for()
        if token == "wrong":
            expect(panel.locator(".uploads")).to_contain_text("not added: wrong or missing token")
    expect(panel.locator(".report")).to_contain_text("1 added", timeout=PATIENCE)


# ---------------------------------------------------------------- states that are no answer


def test_index_without_articles_says_what_to_do(
    visit: Callable[..., Page], serve: Callable[..., Server], tmp_path: Path
) -> None:
    path = make_index(tmp_path, {"bees.md": ARTICLES["bees.md"]})
    (tmp_path / "corpus" / "bees.md").unlink()
    with Index.open(path) as index:
        index.update(tmp_path / "corpus", allow_removals=True)
    page = visit(serve(*chat(path)).address)
    expect(page.locator("#start .empty")).to_contain_text("pincite update", timeout=PATIENCE)
    expect(page.locator("#masthead")).to_contain_text("0 articles")
    turn = ask(page, BEES)
    expect(turn.locator(".empty")).to_contain_text("No articles yet")
    assert turn.locator(".nothing, .failed, .answer").count() == 0
    turn.get_by_role("button", name="Library").click()
    expect(page.locator("#library")).to_be_visible()


def test_index_that_is_being_built_says_so_and_is_there_when_it_is_done(
    visit: Callable[..., Page], serve: Callable[..., Server], tmp_path: Path
) -> None:
    with LocalStore(tmp_path / "index").writer():
        pass  # as an update that was begun
    page = visit(serve(*chat(tmp_path / "index")).address)
    expect(page.locator("#start .building")).to_contain_text("still being built")
    page.evaluate(
        "window.looks = 0; document.querySelector('#refresh').addEventListener('click', () => window.looks++)"
    )
    page.wait_for_function("window.looks >= 1")
    assert ask(page, BEES).locator(".nothing, .answer").count() == 0
    page.get_by_role("button", name="New chat").click()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bees.md").write_text(ARTICLES["bees.md"], encoding="utf-8")
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
    expect(page.locator("#start")).to_contain_text("quoted word for word from 1 article", timeout=PATIENCE)
    expect(ask(page, BEES).locator(".answer")).to_contain_text("eighteen kilograms")


OTHER_MODEL = """
import sys
from pincite import Index, Settings
from pincite.web import launch
launch(Index.open(sys.argv[1], settings=Settings(model="a/b")), port=0, on_ready=lambda at: print(at, file=sys.stderr))
"""


def test_failure_is_told_and_never_looks_like_nothing_found(
    visit: Callable[..., Page], serve: Callable[..., Server], index_path: Path
) -> None:
    page = visit(serve("-c", OTHER_MODEL, index_path).address)
    expect(page.locator("#start").get_by_role("alert")).to_contain_text("a/b", timeout=PATIENCE)
    turn = ask(page, BEES)
    expect(turn.get_by_role("alert")).to_contain_text("a/b")
    assert turn.locator(".nothing, .empty, .answer").count() == 0


def test_blank_question_is_no_turn(assistant: Assistant) -> None:
    assert [now for now, _ in chat_over(assistant.index).ask(Asked(" \n"), "", Conversation())] == [Conversation()]


def test_unexpected_error_is_logged_and_never_looks_like_nothing_found(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("private detail")

    monkeypatch.setattr(Assistant, "ask", fail)
    with caplog.at_level(logging.ERROR):
        *_, (conversation, html) = chat_over(assistant.index).ask(Asked(BEES), "", Conversation())
    assert "class='notice failed'" in html
    assert "Nothing in these articles" not in html
    assert "private detail" not in html
    assert "private detail" in caplog.text
    assert conversation.turns[0].reply == ""


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "nonsense",
        "{}",
        "[1]",
        '[{"question": 7}]',
        '[{"sources": [1]}]',
        '[{"question": "x", "sources": "y"}]',
        "[" * 9999,
    ],
)
def test_what_is_no_kept_conversation_is_left_out(assistant: Assistant, kept: str) -> None:
    assert [now for now, _ in chat_over(assistant.index).restore(kept, Conversation())] == [Conversation()]


def test_names_make_questions_where_titles_say_nothing(tmp_path: Path) -> None:
    text = "In Aldhaven Harbour the pilots meet. The “Lamp Keepers Fund” pays for oil. The Salt Road Company buys.\n"
    with Index.open(make_index(tmp_path, {"a.txt": text})) as index:
        page = chat_over(index)
        assert page.examples(1) == ["What about “Aldhaven Harbour”?"]


def test_examples_are_found_once_for_each_state(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Index.open(index_path) as index:
        asked: list[str] = []
        search = index.search

        def counted(question: str, *, k: int) -> list[Hit]:
            asked.append(question)
            return search(question, k=k)

        monkeypatch.setattr(index, "search", counted)
        page = chat_over(index)
        threads = [threading.Thread(target=page.prepare) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked) == 1


# ---------------------------------------------------------------- how it is laid out


def test_two_columns_on_a_wide_window(page: Page) -> None:
    turn = ask(page, FERRY)
    said, sources = turn.locator(".said").bounding_box(), turn.locator(".sources").bounding_box()
    assert said is not None
    assert sources is not None
    assert sources["x"] >= said["x"] + said["width"]
    assert sources["y"] == said["y"]
    turn.locator(".chip").first.click()
    reader = page.locator("#reader").bounding_box()
    assert reader is not None
    assert (reader["x"], reader["width"]) == (sources["x"], sources["width"])


def test_sheets_on_a_phone(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 390, 844)
    whole = {"x": 0, "y": 0, "width": 390, "height": 844}
    turn = ask(page, FORM)
    expect(turn.locator(".sources")).to_be_hidden()
    turn.get_by_role("button", name=re.compile("source")).click()
    assert turn.locator(".sources").bounding_box() == whole
    turn.locator(".read").first.click()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    assert page.locator("#reader").bounding_box() == whole
    assert page.locator("#reader .body").evaluate("one => one.scrollWidth <= one.clientWidth")
    page.keyboard.press("Escape")
    expect(turn.locator(".sources")).to_be_visible()
    page.get_by_role("button", name="Close the sources").click()
    expect(turn.locator(".sources")).to_be_hidden()
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
    turn.get_by_role("button", name=re.compile("source")).click()
    page.go_back()
    expect(turn.locator(".sources")).to_be_hidden()
    page.get_by_role("button", name="Library").click()
    assert page.locator("#library").bounding_box() == whole
    page.go_back()
    expect(page.locator("#library")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(1)
    expect(ask(page, UNKNOWN).locator(".nearest")).to_be_visible()


@pytest.mark.parametrize("question", ["salt" * 300, LOG])
def test_long_words_stay_inside(visit: Callable[..., Page], server: Server, question: str) -> None:
    page = visit(server.address, 390, 844)
    turn = ask(page, question)
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
    for link in turn.locator(".chip").all()[:1]:
        link.click()
        expect(page.locator("#reader .text")).to_be_visible()
        assert page.locator("#reader .body").evaluate("one => one.scrollWidth <= one.clientWidth")


def test_right_to_left_text_begins_on_the_right(page: Page) -> None:
    turn = ask(page, "في المنارة كتب الحارس")
    assert turn.locator(".question").evaluate("one => getComputedStyle(one).direction") == "rtl"


REST = """async () => {
  await Promise.all(document.getAnimations().map((one) => one.finished));
  const talk = document.querySelector("#talk");
  for (let same = 0, at = -1; same < 5; at = talk.scrollTop) {
    await new Promise(requestAnimationFrame);
    same = talk.scrollTop === at ? same + 1 : 0;
  }
}"""
SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shifts += entry.value; }))
    .observe({ type: "layout-shift", buffered: false });
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_while_answers_arrive(visit: Callable[..., Page], server: Server, width: int) -> None:
    page = visit(server.address, width)
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    if width == 390:  # in a wide window the box goes to the left with the first question
        page.evaluate(SHIFTS)
    ask(page, "What do bees need?")  # short, so that the box stays one line high
    if width != 390:
        page.evaluate(REST)
        page.evaluate(SHIFTS)
    ask(page, "What did the ferry carry?")  # what it suggests next comes with the answer
    page.evaluate(REST)
    assert page.evaluate("window.shifts") < 0.01  # Google calls a page good below .1


CONTRAST = """one => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => rgb(color).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  let under = one;
  while (under.parentElement && (rgb(getComputedStyle(under).backgroundColor)[3] ?? 1) < 1) under = under.parentElement;
  const [a, b] = [getComputedStyle(one).color, getComputedStyle(under).backgroundColor].map(light).sort();
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(visit: Callable[..., Page], server: Server, scheme: str) -> None:
    """At least 4.5 to 1, as WCAG 2.2 asks for text (criterion 1.4.3); axe leaves out what it is not sure of."""
    page = visit(server.address, color_scheme=scheme)
    expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
    turn = ask(page, FERRY)
    for part in (".question", ".quote", ".chip", ".meta", "h3", "h4", ".where", ".passage", "mark", ".badge", ".read"):
        assert turn.locator(part).first.evaluate(CONTRAST) >= 4.5, part
    for part in ("#masthead .name", "#masthead .size", "#new-chat", "#ask .submit-button"):
        assert page.locator(part).evaluate(CONTRAST) >= 4.5, part


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_no_serious_accessibility_fault(visit: Callable[..., Page], server: Server, scheme: str, width: int) -> None:
    page = visit(server.address, width, color_scheme=scheme)
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    check_accessibility(page, "start")
    page.get_by_role("button", name="Filters").click()
    turn = ask(page, FERRY)
    ask(page, UNKNOWN)
    check_accessibility(page, "answers")
    turn.locator(".chip").first.click()
    expect(page.locator("#reader mark").first).to_be_visible()
    check_accessibility(page, "reader")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Library").click()
    expect(page.locator("#library .facts")).to_be_visible()
    check_accessibility(page, "library")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard").click()
    check_accessibility(page, "help")


def check_accessibility(page: Page, state: str) -> None:
    page.evaluate(REST)  # colours that fade are measured at their end
    faults = [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes']]}"
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert not faults, state


def test_names_for_those_who_do_not_see_the_page(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("Pincite")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible()
    turn = ask(page, FERRY)
    expect(page.get_by_role("log", name="Conversation")).to_be_visible()
    expect(page.get_by_role("article", name=FERRY)).to_be_visible()
    expect(page.get_by_role("complementary", name="Sources of answer 1")).to_be_visible()
    expect(turn.get_by_role("link", name=re.compile("Source 1: ")).first).to_be_visible()


def test_focus_is_visible(page: Page) -> None:
    ask(page, FERRY)
    page.locator("#new-chat").focus()
    page.keyboard.press("Tab")
    chip = page.locator(".chip").first
    expect(chip).to_be_focused()
    expect(chip).to_have_css("outline-style", "solid")


def test_light_or_dark_is_kept(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("body.dark")).to_have_count(1)
    reload(page)
    expect(page.locator("body.dark")).to_have_count(1)
    page.locator("#start section").wait_for()


def test_server_looks_up_and_connects_to_no_other_host(page: Page, server: Server) -> None:
    ask(page, FERRY).locator(".chip").first.click()
    assert marked(page)
    assert server.watched.read_text(encoding="utf-8") == ""
