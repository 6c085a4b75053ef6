"""How soon the chat page can be used and an answer is seen, in Chromium over an index of ``docs_corpus``.

    python benchmarks/page.py

Prints as JSON, in milliseconds: from opening the page on a warm server until a question can be typed, from Enter until
the answer stands on the screen, from a click on a number until the article does; then the bytes that the page adds to
Gradio's own files, and how many requests left this machine.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pincite import Index

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from find_browser import find  # noqa: E402
from make_screenshots import chat  # noqa: E402

OPENINGS, ROUNDS = 20, 3
SENT = ("page.css", "frame.html", "icon.svg", "script/*.js")

# The clock is the page's own: from the key to the frame in which the element stands.
TIMER = """([key, selector]) => new Promise((done, fail) => {
  const began = performance.now();
  setTimeout(() => fail(`${selector} did not come`), 30_000);
  const look = () => {
    if (document.querySelector(selector)?.offsetParent) requestAnimationFrame(() => done(performance.now() - began));
    else requestAnimationFrame(look);
  };
  for (const kind of key ? ["keydown", "keypress"] : [])
    document.activeElement.dispatchEvent(new KeyboardEvent(kind, { key, bubbles: true }));
  look();
})"""


def open_page(browser: Browser, address: str, foreign: list[str]) -> tuple[Page, float]:
    """A page in a new context, and how long it took until its box and its start were there."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.on("request", lambda sent: foreign.append(sent.url) if not sent.url.startswith((address, "data:")) else None)
    page.goto(address, wait_until="commit")
    page.locator("#start section").wait_for()
    return page, page.evaluate("performance.now()")


def opening_time(browser: Browser, address: str, foreign: list[str]) -> float:
    """How long a page takes that is closed again: one that is open goes on working."""
    page, took = open_page(browser, address, foreign)
    page.close()
    return took


def answer_times(page: Page, questions: list[str]) -> list[float]:
    """From Enter until something is said to each question."""
    times = []
    for number, question in enumerate(questions, 1):
        page.get_by_role("textbox", name="Your question").fill(question)
        times.append(page.evaluate(TIMER, ["Enter", f"#turn-{number} .meta"]))
        page.wait_for_timeout(400)  # as much as anybody takes to ask again
    return times


def reader_times(page: Page) -> list[float]:
    """From a click on a number until the article is there."""
    times = []
    for chip in page.locator(".chip").all():
        chip.evaluate("one => one.click()")
        times.append(page.evaluate(TIMER, ["", "#reader .body header"]))
        page.keyboard.press("Escape")
        page.wait_for_timeout(50)
    return times


def spread(times: list[float]) -> dict[str, float]:
    """Count, median and 95th percentile."""
    p95 = statistics.quantiles(times, n=20)[18]
    return {"count": len(times), "p50": round(statistics.median(times), 1), "p95": round(p95, 1)}


def main() -> None:
    """Measure and print."""
    foreign: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with Index.open(Path(folder) / "index") as index:
            index.update(ROOT / "docs_corpus")
            questions = [f"What about {title}?" for title in [each.title for each in index.listed()[:100]]]
        with chat(Path(folder) / "index") as address:
            browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox", "--disable-gpu"])
            first, _ = open_page(browser, address, foreign)
            first.locator(".example").first.wait_for(timeout=120_000)  # the model is loaded
            first.close()
            openings = [opening_time(browser, address, foreign) for _ in range(OPENINGS)]
            answers, readers = list[float](), list[float]()
            for _ in range(ROUNDS):
                page, _ = open_page(browser, address, foreign)
                answers += answer_times(page, questions)
                readers += reader_times(page)
                page.close()
            browser.close()
    result = {
        "usable after": spread(openings),
        "answer after": spread(answers),
        "reader after": spread(readers),
        "bytes added": sum(
            path.stat().st_size for pattern in SENT for path in Path(str(files("pincite.web"))).glob(pattern)
        ),
        "requests to other hosts": len(foreign),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("gradio", "torch", "sentence-transformers", "playwright")},
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
