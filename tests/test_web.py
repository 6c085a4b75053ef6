"""The chat page in a real browser, served by the real command over an index made with the real model."""

from __future__ import annotations

import json
import logging
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from pincite import Answer, Assistant, Citation, Document, Hit, Index, Passage
from pincite.web import render

HOSTILE = (
    "The customs form of Aldhaven lists <b>salt</b> & **tar**, `rope`, ${window.ran = 1} and {{value}} in one column. "
    'Its second column holds </script><img src=x onerror="window.ran = 1"> [x](javascript:window.ran=1) for the clerk. '
    "The third column 😀 is left to $duty$, $$tolls$$ and ![](http://tracker.example/pixel.png) of the harbour."
)
ARTICLES = {
    "ferry.md": "---\ntitle: The night ferry of Aldhaven\nsource: Harbour Letters\ndate: 2021-03-04\n---\n\n"
    "Nobody had asked for it. The night ferry left Aldhaven at ten and carried forty carts of salt. "
    "It was given up when the bridge opened in 1931.\n\n"
    "# The engine\n\nThe engine of the night ferry burned eleven sacks of coal on each crossing.\n",
    "reprint.txt": "Nobody had asked for it. The night ferry left Aldhaven at ten and carried forty carts of salt. "
    "It was given up when the bridge opened in 1931.\n",
    "form.jsonl": json.dumps({"_id": "1", "title": "The <i>customs</i> form & ${its} columns", "text": HOSTILE}),
    "bees.md": "---\ntitle: What does a hive of grey bees need?\ndate: 2019-07\n---\n\n"
    "A hive of the grey bee needs eighteen kilograms of honey for the winter. It is kept under a roof of thatch.\n",
}
FERRY, BEES = (
    "What did the night ferry carry when it left Aldhaven at ten?",
    "How much honey does a hive of the grey bee need?",
)
FORM, UNKNOWN = "What does the customs form of Aldhaven list?", "Who won the chess olympiad of 1972 in Skopje?"

# Every module of the standard library that opens a connection or looks up a name is seen by an audit hook.
WATCH = """
import os, sys
HOME = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", None)
def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect"):
        name = arguments[1] if event == "socket.connect" else arguments[0]
        name = name[0] if isinstance(name, tuple) else None if event == "socket.connect" else name
        if name not in HOME:
            with open(os.environ["WATCHED"], "a") as file:
                file.write(f"{event} {name}\\n")
sys.addaudithook(watch)
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPTS = Path(__file__).parent.parent / "scripts"
PATIENCE = 60_000  # milliseconds: the first question loads the model


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    address: str
    log: Path
    watched: Path


# ---------------------------------------------------------------- fixtures


def make_index(folder: Path, articles: dict[str, str]) -> Path:
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in articles.items():
        (corpus / name).write_text(text, encoding="utf-8")
    with Index.open(folder / "index") as index:
        index.update(corpus)
    return folder / "index"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a server of the test's own."""
    with ExitStack() as servers:
        yield lambda *arguments: servers.enter_context(serving(tmp_path, *arguments))


@contextmanager
def serving(folder: Path, *arguments: str | Path) -> Iterator[Server]:
    """A program that serves the page and says where; by default ``pincite chat`` on a free port."""
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log, watched = folder / "log", folder / "watched"
    watched.touch()
    environment = {**os.environ, "PYTHONPATH": str(folder), "WATCHED": str(watched)}
    command = [sys.executable, *map(str, arguments)]
    with log.open("wb") as output, subprocess.Popen(command, env=environment, stderr=output) as process:
        try:
            yield Server(process, wait_for_address(process, log), log, watched)
        finally:
            process.kill()


def chat(index: Path, *options: str) -> list[str]:
    return ["-m", "pincite", "chat", "--index", str(index), *(options or ("--port", "0"))]


def wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"http://\S+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = runpy.run_path(str(SCRIPTS / "find_browser.py"))["find"]()
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium, or python -m playwright install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, serve: object) -> Iterator[Callable[..., Page]]:
    """Opens pages and, at the end and before any server ends, fails for whatever a page may not do."""
    faults: list[str] = []
    pages: list[Page] = []

    def visit(address: str, width: int = 1280, height: int = 800, **options: Any) -> Page:  # noqa: ANN401
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
        page.on("request", lambda sent: faults.append(sent.url) if not is_local(sent.url) else None)
        page.goto(address)
        page.locator("#start section").wait_for(timeout=PATIENCE)  # what is typed before Gradio is up is not heard
        return page

    yield visit
    for page in pages:
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append("the page scrolls sideways")
        if page.evaluate("window.ran"):
            faults.append("a text was run as a program")
        page.close()
    assert not faults


def is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


@pytest.fixture
def page(visit: Callable[..., Page], server: Server) -> Page:
    return visit(server.address)


def ask(page: Page, question: str) -> Locator:
    """Put a question, wait for what comes of it, and return its turn."""
    number = page.locator(".turn").count() + 1
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator(f"#turn-{number}")
    turn.locator(".meta, .notice").first.wait_for(timeout=PATIENCE)
    return turn


# ---------------------------------------------------------------- what a visitor sees


def test_start_says_what_this_is_and_offers_questions(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Pincite")
    expect(page.locator("#masthead")).to_contain_text("4 articles")
    expect(page.locator("#start")).to_contain_text("quoted word for word from 4 articles")
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


@pytest.mark.parametrize("question", [FERRY, BEES, FORM])
def test_answer_shows_each_quote_to_the_letter_with_its_number(page: Page, assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.answered
    turn = ask(page, question)
    assert turn.locator(".quote").all_text_contents() == [each.quote for each in answer.citations]
    assert turn.locator(".chip").all_text_contents() == [str(each.label) for each in answer.citations]
    articles = len({each.document.doc_id for each in answer.citations})
    expect(turn.locator(".meta")).to_have_text(re.compile(rf"{articles} articles? · \d+ ms"))


@pytest.mark.parametrize("question", [FERRY, BEES, FORM])
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


def test_a_hostile_article_is_shown_and_never_run(page: Page, assistant: Assistant) -> None:
    turn = ask(page, FORM)
    passages = "".join(turn.locator(".passage").all_text_contents())
    assert HOSTILE in passages
    assert any(quote in HOSTILE for quote in turn.locator(".quote").all_text_contents())
    assert page.locator("#talk :is(img, script, b, i, a:not(.chip))").count() == 0


def test_a_hostile_question_is_shown_and_never_run(page: Page) -> None:
    question = f'{HOSTILE} </h2><svg onload="window.ran = 1"> \\ &lt;'
    turn = ask(page, question)
    assert turn.locator(".question").text_content() == question
    assert page.locator("#talk :is(img, svg, script)").count() == 0


def test_copies_are_named(page: Page) -> None:
    turn = ask(page, FERRY)
    expect(turn.locator(".copies").first).to_have_text(re.compile(r"Also in: (ferry\.md|reprint\.txt)"))


def test_number_leads_to_the_marked_quote_of_its_own_turn(page: Page) -> None:
    first, second = ask(page, FERRY), ask(page, BEES)
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))
    for turn, words in ((first, "forty carts"), (second, "eighteen kilograms")):
        turn.locator(".chip").first.click()
        mark = page.locator("mark:target")
        expect(mark).to_contain_text(words)
        expect(mark).to_be_in_viewport()
        expect(mark).to_be_focused()
        expect(turn.locator(".card", has=mark)).to_have_css("border-top-color", accent(page))


def accent(page: Page) -> str:
    color: str = page.locator("#ask .submit-button").evaluate("one => getComputedStyle(one).backgroundColor")
    return color


def test_number_does_not_reload_a_page_with_a_query(visit: Callable[..., Page], server: Server) -> None:
    page = visit(f"{server.address}/?from=bookmark")
    ask(page, FERRY).locator(".chip").first.click()
    expect(page.locator("mark:target")).to_be_in_viewport()
    assert page.url.startswith(f"{server.address}/?from=bookmark#cite-1-")


def test_nothing_found_is_said_and_near_passages_are_no_answer(page: Page, assistant: Assistant) -> None:
    answer = assistant.ask(UNKNOWN)
    assert not answer.answered
    turn = ask(page, UNKNOWN)
    expect(turn.locator(".nothing")).to_contain_text("Nothing in these articles answers this.")
    expect(turn.locator(".panel")).to_have_text("Nearest passages, not an answer")
    assert turn.locator(".passage").all_text_contents() == [hit.passage.text for hit in answer.hits[:3]]
    assert turn.locator(".answer, .quote, .chip, .badge, mark, .failed, .empty").count() == 0


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


def test_new_chat_forgets(page: Page) -> None:
    ask(page, FERRY)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#start")).to_be_visible()
    expect(ask(page, BEES).locator(".question")).to_have_text(BEES)


def test_visitors_do_not_see_each_other(visit: Callable[..., Page], server: Server) -> None:
    one, other = visit(server.address), visit(server.address)
    ask(one, FERRY)
    assert ask(other, BEES).get_attribute("id") == "turn-1"


def test_question_sent_while_another_is_answered_is_asked_next(page: Page) -> None:
    box = page.get_by_role("textbox", name="Your question")
    for question in (FERRY, BEES):
        box.fill(question)
        page.keyboard.press("Enter")
        page.locator(".question", has_text=question).wait_for(timeout=PATIENCE)
    expect(page.locator("#turn-2 .answer")).to_contain_text("eighteen kilograms", timeout=PATIENCE)
    expect(page.locator("#turn-1 .answer")).to_contain_text("forty carts")


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


def test_blank_question_is_no_turn(index_path: Path) -> None:
    from pincite.web.page import Chat

    with Index.open(index_path) as index:
        ((box, turns, html),) = Chat(index).ask(" \n", [])
    assert (box, turns, html) == ("", [], render.conversation([]))


def test_unexpected_error_is_logged_and_never_looks_like_nothing_found(
    index_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pincite.web.page import Chat

    def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("private detail")

    monkeypatch.setattr(Assistant, "ask", fail)
    with Index.open(index_path) as index, caplog.at_level(logging.ERROR):
        *_, (_, turns, html) = Chat(index).ask(BEES, [])
    assert "class='notice failed'" in html
    assert "Nothing in these articles" not in html
    assert "private detail" not in html
    assert "private detail" in caplog.text
    assert turns[0].reply == ""


# ---------------------------------------------------------------- how it is laid out


def test_two_columns_on_a_wide_window(page: Page) -> None:
    turn = ask(page, FERRY)
    said, sources = turn.locator(".said").bounding_box(), turn.locator(".sources").bounding_box()
    assert said is not None
    assert sources is not None
    assert sources["x"] >= said["x"] + said["width"]
    assert sources["y"] == said["y"]


def test_one_column_on_a_phone(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 390, 844)
    turn = ask(page, FORM)
    said, sources = turn.locator(".said").bounding_box(), turn.locator(".sources").bounding_box()
    assert said is not None
    assert sources is not None
    assert sources["y"] >= said["y"] + said["height"]
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
    turn.locator(".chip").last.click()
    expect(page.locator("mark:target")).to_be_in_viewport()


def test_long_question_without_spaces_stays_inside(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 390, 844)
    ask(page, "salt" * 300)
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")


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
    """At least 4.5 to 1, as WCAG 2.2 asks for text (criterion 1.4.3)."""
    page = visit(server.address, color_scheme=scheme)
    expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
    turn = ask(page, FERRY)
    for part in (".question", ".quote", ".chip", ".meta", ".panel", "h4", ".where", ".passage", "mark", ".badge"):
        assert turn.locator(part).first.evaluate(CONTRAST) >= 4.5, part
    for part in ("#masthead .name", "#masthead .size", "#new-chat", "#ask .submit-button"):
        assert page.locator(part).evaluate(CONTRAST) >= 4.5, part


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


# ---------------------------------------------------------------- serving


def test_busy_port_is_one_line(server: Server, index_path: Path) -> None:
    port = server.address.rsplit(":", 1)[1]
    command = [sys.executable, *chat(index_path, "--port", port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == f"pincite: port {port} is in use: choose another with --port or PORT=...\n"
    assert ended.returncode == 2


@pytest.mark.parametrize("option", [["--port", "70000"], ["--host", "203.0.113.7"]])
def test_address_that_cannot_be_listened_on_is_one_line(index_path: Path, option: list[str]) -> None:
    command = [sys.executable, *chat(index_path, *option)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert re.fullmatch(r"pincite: cannot listen on .*\n", ended.stderr)
    assert ended.returncode == 2


def test_ctrl_c_ends_it_cleanly(serve: Callable[..., Server], index_path: Path) -> None:
    server = serve(*chat(index_path))
    with httpx.stream("GET", f"{server.address}/gradio_api/heartbeat/visitor", timeout=60) as heartbeat:
        assert heartbeat.status_code == 200  # a page that is open keeps a connection
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=30) == 0
    assert server.log.read_text(encoding="utf-8").count("\n") == 1


def test_other_host_names_are_refused(server: Server) -> None:
    assert httpx.get(server.address, headers={"Host": "rebound.example"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "file=http://example.com/",
        "file=/etc/passwd",
        "file%3Dhttp://example.com/",
        "proxy=http://example.com/",
        "file/etc/passwd",
        "upload",
    ],
)
def test_routes_that_fetch_or_hand_out_files_are_refused(server: Server, path: str) -> None:
    answer = httpx.get(f"{server.address}/gradio_api/{path}")
    assert (answer.status_code, answer.text) == (404, "not served here")


def test_page_may_load_from_nowhere_else(server: Server) -> None:
    policy = httpx.get(server.address).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy


def test_server_looks_up_and_connects_to_no_other_host(page: Page, server: Server) -> None:
    ask(page, FERRY)
    assert server.watched.read_text(encoding="utf-8") == ""


# ---------------------------------------------------------------- rendering


class Reading(HTMLParser):
    """What a browser makes of some HTML: its elements, and the text under those of interest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("class") or tag
        self.elements.append((tag, name))
        self._open.append(name)
        self.texts.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in self._open:
            self.texts[name][-1] += data


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers that quote one passage of one document, whatever characters these hold."""
    text = draw(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1))
    start, end = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    bounds = sorted(draw(st.lists(st.integers(start, end), max_size=6, unique=True)))
    document = Document(doc_id="<d>", title=draw(st.text()), text=text, source=draw(st.text()), date="2020")
    passage = Passage(passage_id="p", doc_id="<d>", text=text[start:end], start=start, end=end)
    spans = draw(st.permutations(list(zip(bounds[::2], bounds[1::2], strict=False))))
    citations = tuple(
        Citation(label=label, quote=text[a:b], start=a, end=b, best=(a, b), document=document, passage=passage)
        for label, (a, b) in enumerate(spans, 1)
    )
    hit = Hit(passage=passage, document=document, score=1.0, rank=1, scores={}, copies=(passage,))
    return Answer(text="", answered=bool(citations), confidence=1.0, citations=citations, hits=(hit,))


@given(answers(), st.text())
def test_every_text_is_shown_to_the_letter(answer: Answer, question: str) -> None:
    html = render.turn(1, question, *render.answer(1, answer, 5))
    read = Reading(html)
    assert read.texts["question"] == [question]
    assert read.texts["passage"] == [answer.hits[0].passage.text]
    assert read.texts["h4"] == [answer.hits[0].document.title]
    assert read.texts.get("quote", []) == [each.quote for each in answer.citations]
    by_place = sorted(answer.citations, key=lambda each: each.start)
    assert read.texts.get("mark", []) == [each.quote for each in by_place]


@given(answers(), st.text())
def test_no_text_adds_an_element(answer: Answer, question: str) -> None:
    html = render.turn(1, question, *render.answer(1, answer, 5))
    plain = render.turn(1, "", *render.answer(1, answer, 5))
    assert Reading(html).elements == Reading(plain).elements
    assert "{" not in html
    allowed = ["article", "div", "h2", "h3", "h4", "blockquote", "span", "a", "p", "aside", "section", "header", "mark"]
    assert {tag for tag, _ in Reading(html).elements} <= set(allowed)


@pytest.mark.parametrize(
    ("heading", "shown"), [("Its <end>", ["Its <end>"]), ("Words", []), ("The title", []), (None, [])]
)
def test_heading_is_shown_unless_it_is_read_already(heading: str | None, shown: list[str]) -> None:
    document = Document(doc_id="d", title="The title", text="Words of a passage.")
    passage = Passage(passage_id="p", doc_id="d", text=document.text, start=0, end=19, heading=heading)
    hit = Hit(passage=passage, document=document, score=1.0, rank=1, scores={})
    found = Answer(text="", answered=False, confidence=0.0, citations=(), hits=(hit,))
    read = Reading(render.answer(1, found, 5)[1])
    assert read.texts.get("heading", []) == shown
    assert read.texts.get("strong", []) == (["Words"] if heading == "Words" else [])
    assert read.texts["passage"] == [document.text]


@given(st.lists(st.text()))
def test_examples_are_shown_to_the_letter(titles: list[str]) -> None:
    examples = [render.example(title) for title in titles]
    assert Reading(render.start(1, examples)).texts.get("example", []) == examples
