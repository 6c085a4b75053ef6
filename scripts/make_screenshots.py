"""Take the pictures of the chat page that the README shows, over an index of ``docs_corpus``."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from find_browser import find
from pincite import Index

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "images"
QUESTION = "How much more will Zhejiang spend on science and technology innovation?"


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


def photograph(address: str, path: Path) -> None:
    """Ask the question and take a picture of the page, 1280 by 800 in its light colours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto(address)
        page.locator(".example").first.wait_for(timeout=120_000)  # until the model is loaded, so that the time is usual
        page.get_by_role("textbox", name="Your question").fill(QUESTION)
        page.keyboard.press("Enter")
        page.locator("#turn-1 .answer").wait_for()
        page.locator("#ask textarea").blur()
        page.wait_for_timeout(500)  # for what moves to come to rest
        page.screenshot(path=path)
        browser.close()


def main() -> None:
    """Index the corpus in a folder of its own and take the pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        with Index.open(path) as index:
            if skipped := index.update(ROOT / "docs_corpus").skipped:
                sys.exit(f"not all of docs_corpus was read: {dict(skipped)}")
        with chat(path) as address:
            photograph(address, PICTURES / "chat.png")


if __name__ == "__main__":
    main()
