"""Record the moving picture of the chat that README and docs show: ``docs/images/chat.gif``.

Over an index of ``docs_corpus`` a question is typed, answered, and the number behind the first quote clicked.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, sync_playwright

from find_browser import find
from make_screenshots import PICTURES, QUESTION, ROOT, chat, start
from pincite import Index

WIDTH, HEIGHT = 900, 560
COLOURS = 96
AT_A_TIME = 3  # characters that are typed between two pictures
TYPING, LOOKING, READING = 70, 900, 3200  # milliseconds that a picture stays


class Film:
    """The pictures taken so far, and how long each stays."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._shots: list[tuple[Image.Image, int]] = []

    def take(self, milliseconds: int, pointed: Locator | None = None) -> None:
        """Take a picture; ``pointed`` is what the pointer, which no screenshot has, stands on."""
        shot = Image.open(io.BytesIO(self._page.screenshot(caret="initial"))).convert("RGB")
        box = pointed and pointed.bounding_box()
        if box:
            x, y = box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.6  # beside what it stands on
            tip = [
                (x, y),
                (x, y + 19),
                (x + 5, y + 15),
                (x + 9, y + 22),
                (x + 12, y + 21),
                (x + 8, y + 14),
                (x + 14, y + 13),
            ]
            ImageDraw.Draw(shot).polygon(tip, fill="black", outline="white")
        self._shots.append((shot, milliseconds))

    def save(self, path: Path) -> None:
        """Write them in one set of colours, so that each holds only what differs from the one before."""
        all_of_it = Image.new("RGB", (WIDTH, HEIGHT * 3))
        for place, at in enumerate((0, len(self._shots) // 2, -1)):
            all_of_it.paste(self._shots[at][0], (0, HEIGHT * place))
        colours = all_of_it.quantize(COLOURS, dither=Image.Dither.NONE)
        first, *rest = (shot.quantize(palette=colours, dither=Image.Dither.NONE) for shot, _ in self._shots)
        times = [milliseconds for _, milliseconds in self._shots]
        first.save(path, save_all=True, append_images=rest, duration=times, loop=0, optimize=True)


def play(page: Page, film: Film) -> None:
    """What is shown."""
    box = page.get_by_role("textbox", name="Your question")
    box.click()
    film.take(LOOKING)
    for typed in range(AT_A_TIME, len(QUESTION) + AT_A_TIME, AT_A_TIME):
        box.fill(QUESTION[:typed])
        film.take(TYPING)
    page.keyboard.press("Enter")
    page.locator("#turn-1 .meta").wait_for()
    page.locator("#ask textarea").blur()
    page.wait_for_timeout(500)  # for what moves to come to rest
    film.take(2 * LOOKING)
    number = page.locator("#turn-1 .chip").first
    film.take(LOOKING, number)
    number.click()
    page.locator("#reader mark").first.wait_for()
    page.wait_for_timeout(500)
    film.take(READING)


def main() -> None:
    """Index the corpus and record."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with Index.open(Path(folder) / "index") as index:
            index.update(ROOT / "docs_corpus")
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        with chat(Path(folder) / "index") as address:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            page.goto(address)
            start(page)
            film = Film(page)
            play(page, film)
        browser.close()
    film.save(PICTURES / "chat.gif")


if __name__ == "__main__":
    main()
