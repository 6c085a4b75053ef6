"""Take the pictures of the chat page that README and docs show, over an index of ``docs_corpus``.

Each state is taken 1280 and 390 pixels wide, in light and in dark colours: ``docs/images/STATE-WIDTH-SCHEME.png``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from find_browser import find
from pincite import Index

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "images"
QUESTION = "How much more will Zhejiang spend on science and technology innovation?"
NOT_HERE = "Who won the football championship?"
SIZES = ((1280, 800), (390, 844))
NEW_LINES = 4_000  # so many that the update is still going on when its picture is taken
COLOURS = 160


@contextmanager
def chat(index: Path) -> Iterator[str]:
    """The address of a chat page over ``index``."""
    command = [sys.executable, "-m", "pincite", "chat", "--index", str(index), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            found = re.search(r"http://\S+", process.stderr.readline())
            if found is None:
                sys.exit(f"the chat did not start: {process.stderr.read()}")
            yield found[0]
        finally:
            process.kill()


def start(page: Page) -> None:
    """Before the first question."""
    page.locator(".example").first.wait_for(timeout=120_000)


def answer(page: Page) -> None:
    """A question that is answered."""
    ask(page, QUESTION)


def reader(page: Page) -> None:
    """The article at the quote."""
    answer(page)
    page.locator("#turn-1 .chip").last.click()
    page.locator("#reader mark").first.wait_for()


def nothing(page: Page) -> None:
    """A question that nothing answers."""
    ask(page, NOT_HERE)


def update(page: Page, corpus: Path) -> None:
    """The library while an update goes on, for which there are new texts each time."""
    began = time.time_ns()
    lines = (json.dumps({"_id": n, "text": f"Entry {n} of the register, made at {began}."}) for n in range(NEW_LINES))
    (corpus / "register.jsonl").write_text("\n".join(lines), "utf-8")
    page.get_by_role("button", name="Library").click()
    page.get_by_role("button", name="Add and update").click(timeout=120_000)  # when the one before has ended
    page.locator("#library .running", has_text="Embedding").wait_for(timeout=60_000)


def ask(page: Page, question: str) -> None:
    """Put a question and wait for what comes of it."""
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    page.locator("#turn-1 .meta").wait_for()
    page.locator("#ask textarea").blur()


def photograph(browser: Browser, address: str, name: str, state: Callable[[Page], None]) -> None:
    """Take one state in all sizes and colours."""
    for scheme in ("light", "dark"):
        for width, height in SIZES:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(address)
            start(page)
            state(page)
            page.wait_for_timeout(500)  # for what moves to come to rest
            path = PICTURES / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=path)
            page.close()
            Image.open(path).quantize(COLOURS).save(path, optimize=True)


def main() -> None:
    """Index a copy of the corpus and take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        corpus, path = Path(folder) / "docs_corpus", Path(folder) / "index"
        shutil.copytree(ROOT / "docs_corpus", corpus)
        with Index.open(path) as index:
            if skipped := index.update(corpus).skipped:
                sys.exit(f"not all of docs_corpus was read: {dict(skipped)}")
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        with chat(path) as address:
            for state in (start, answer, reader, nothing):
                photograph(browser, address, state.__name__, state)
            photograph(browser, address, "update", partial(update, corpus=corpus))
        browser.close()


if __name__ == "__main__":
    main()
