"""The page in a real browser, served by the real command over indexes made with the real model."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, sync_playwright

from pincite import Assistant, Index, Settings
from serving import FLAGS, Server, chat, make_index, serving

PATIENCE = 60_000
"""Milliseconds: the first question loads the model."""

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


# ---------------------------------------------------------------- what is served


@pytest.fixture(scope="session")
def index_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of all these articles, not to be changed."""
    return make_index(tmp_path_factory.mktemp("web"), ARTICLES)


@pytest.fixture(scope="session")
def assistant(index_path: Path) -> Iterator[Assistant]:
    """What the page should answer."""
    with Index.open(index_path) as index:
        yield Assistant(index)


@pytest.fixture(scope="session")
def server(index_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that all tests of the page share, as long as they change nothing."""
    with serving(tmp_path_factory.mktemp("server"), *chat(index_path)) as started:
        yield started


@pytest.fixture
def page(visit: Callable[..., Page], server: Server) -> Page:
    """A page that was just opened."""
    return visit(server.address)


@dataclass(frozen=True)
class Own:
    """A server over an index that may be changed."""

    address: str
    corpus: Path
    index: Path


@pytest.fixture(scope="session")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A second server that tests share, one after the other."""
    folder = tmp_path_factory.mktemp("own")
    path = make_index(folder, {"bees.md": ARTICLES["bees.md"]})
    with serving(tmp_path_factory.mktemp("server"), *chat(path)) as started:
        yield Own(started.address, folder / "corpus", path)


@pytest.fixture(scope="session")
def shown(index_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that others reach, and to which nobody may write; its ``address`` is that of this machine."""
    with serving(tmp_path_factory.mktemp("server"), *chat(index_path, "--host", "0.0.0.0")) as started:
        yield replace(started, address=started.address.replace("0.0.0.0", "127.0.0.1"))


TOKEN_OF_GUARDED = "correct horse"


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A server that others reach, and to which who has `TOKEN_OF_GUARDED` may write; tests only add to its index."""
    folder = tmp_path_factory.mktemp("guarded")
    path = make_index(folder, {"bees.md": ARTICLES["bees.md"]})
    options = ("--host", "0.0.0.0", "--token", TOKEN_OF_GUARDED)
    with serving(tmp_path_factory.mktemp("server"), *chat(path, *options)) as started:
        yield Own(started.address.replace("0.0.0.0", "127.0.0.1"), folder / "corpus", path)


@pytest.fixture
def own(owned: Own) -> Own:
    """The server over an index of the ferry and the bees, whatever the test before has left."""
    shutil.rmtree(owned.corpus, ignore_errors=True)
    owned.corpus.mkdir()
    for name in ("ferry.md", "bees.md"):
        (owned.corpus / name).write_text(ARTICLES[name], encoding="utf-8")
    with Index.open(owned.index, settings=Settings()) as index:
        index.update(owned.corpus, rebuild=True, allow_removals=True, wait=True)
    return owned


# ---------------------------------------------------------------- the browser


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts a server of the test's own."""
    with ExitStack() as servers:
        yield lambda *arguments: servers.enter_context(serving(tmp_path, *arguments))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, found through the PATH or Playwright's own."""
    path = runpy.run_path(str(Path(__file__).parent.parent / "scripts" / "find_browser.py"))["find"]()
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium, or python -m playwright install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def cached(browser: Browser) -> BrowserContext:
    """A context in which Gradio's files are loaded only once; what pages keep is cleared after each test.

    Its first tab is used by one test after the other: there a page is loaded with half the work of a new tab.
    """
    context = browser.new_context()
    watched(context.new_page())
    return context


@pytest.fixture
def visit(browser: Browser, cached: BrowserContext, serve: object) -> Iterator[Callable[..., Page]]:
    """Opens pages and, at the end and before any server ends, fails for whatever a page may not do."""
    FAULTS.clear()
    contexts = [cached]
    first, *_ = cached.pages
    visited: set[Page] = set()

    def visit(address: str, width: int = 1280, height: int = 800, **options: Any) -> Page:  # noqa: ANN401
        context = browser.new_context(**options) if options else cached
        contexts.append(context)
        page = first if context is cached and first.url == NOWHERE else watched(context.new_page())
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        page.locator("#start section").wait_for(timeout=PATIENCE, state="attached")
        visited.add(page)
        return page

    yield visit
    with ExitStack() as opened:
        pages = [page for context in dict.fromkeys(contexts) for page in context.pages]
        if first not in visited:
            pages.remove(first)
        for page in pages:
            # Left whatever is found, or each test after this one would find it again.
            opened.callback(leave, page) if page is first else opened.enter_context(page)
        for page in pages:
            if not is_local(page.url):
                FAULTS.append(f"the page went to {page.url}")
                continue
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                FAULTS.append("the page scrolls sideways")
            if page.evaluate("window.ran"):
                FAULTS.append("a text was run as a program")
            page.evaluate(FORGET)
    for context in contexts[1:]:
        if context is not cached:
            context.close()
    assert not FAULTS


@pytest.fixture
def lenient(visit: object, cached: BrowserContext) -> BrowserContext:
    """A context whose new pages may fail to load something; they are closed at the end."""
    del visit  # closes them
    return cached


FORGET = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    const opened = await new Promise((done) => (indexedDB.open(name).onsuccess = ({ target }) => done(target.result)));
    for (const store of opened.objectStoreNames) {
      const clearing = opened.transaction(store, "readwrite");
      clearing.objectStore(store).clear();
      await new Promise((done) => (clearing.oncomplete = done)); // a page that is closed before would keep it
    }
    opened.close();
  }
}"""
"""What a page keeps is forgotten."""

NOWHERE = "about:blank"
FAULTS: list[str] = []
"""What a page may not do and did, in the test that runs."""

LEAVING: set[Page] = set()
"""Pages that are being loaded again: the browser complains of answers that this cuts off."""


def watched(page: Page) -> Page:
    """Note from now on what a page may not do."""

    def note(text: str) -> None:
        if page not in LEAVING:
            FAULTS.append(text)

    page.on("pageerror", lambda error: note(f"page error: {error}"))
    page.on("console", lambda line: note(line.text) if line.type in ("error", "warning") else None)
    page.on("request", lambda sent: None if is_local(sent.url) else FAULTS.append(sent.url))
    return page


def reload(page: Page) -> None:
    """Load a page again, whatever is on its way."""
    LEAVING.add(page)
    page.reload()
    LEAVING.discard(page)


def go(page: Page, address: str) -> None:
    """Lead a page elsewhere, whatever is on its way."""
    LEAVING.add(page)
    page.goto(address)
    LEAVING.discard(page)


def leave(page: Page) -> None:
    """Have a tab be as if it were new."""
    page.unroute_all()
    go(page, NOWHERE)


def is_local(url: str) -> bool:
    """Whether a request stays on this machine."""
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


def ask(page: Page, question: str) -> Locator:
    """Put a question, wait for what comes of it, and return its turn."""
    number = page.locator(".turn").count() + 1
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    return answered(page, number)


def answered(page: Page, number: int) -> Locator:
    turn = page.locator(f"#turn-{number}")
    turn.locator(".meta, .notice").first.wait_for(timeout=PATIENCE)
    return turn


def box_of(part: Locator) -> FloatRect:
    """Where a part of the page is, which has to be shown."""
    box = part.first.bounding_box()
    assert box is not None
    return box


def marked(page: Page) -> str:
    """The text marked in the reader, line ends between paragraphs included."""
    page.locator("#reader mark.current").first.wait_for(state="attached")
    return "".join(page.locator("#reader mark.current").all_text_contents())
