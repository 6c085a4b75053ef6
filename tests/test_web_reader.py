"""The reader of articles beside the answers: by numbers, keys, links and the browser's own Back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from browsing import ARTICLES, BEES, FERRY, LOG, PATIENCE, Own, answered, ask, box_of, go, marked
from pincite import Assistant, Index
from pincite.text_anchors import text_anchor
from serving import Server

DOCS = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans"


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
    page.keyboard.press("Shift+J")  # capitals are keys too
    expect(page.locator("#reader .count")).to_have_text(f"source 2 of {count}")
    page.keyboard.press("Shift+L")
    expect(page.locator("#library")).to_be_visible()
    page.keyboard.press("Escape")  # closes what lies on top
    expect(page.locator("#library")).to_be_hidden()
    expect(page.locator("#reader")).to_be_visible()
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


def test_escape_closes_what_was_opened_last_or_has_the_focus(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 1440)
    turn, chats, reader = ask(page, FERRY), page.locator("#chats"), page.locator("#reader")
    page.keyboard.press("Escape")  # leaves the box
    page.keyboard.press("c")
    turn.locator(".chip").first.click()
    expect(reader.locator("h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(reader).to_be_hidden()
    expect(chats).to_be_visible()
    turn.locator(".chip").first.click()
    expect(reader.locator("h2")).to_be_focused()
    chats.get_by_role("button", name="Rename").focus()
    page.keyboard.press("Escape")
    expect(chats).to_be_hidden()
    expect(reader).to_be_visible()


def test_focus_is_visible_goes_into_the_reader_and_back(page: Page) -> None:
    ask(page, FERRY)
    page.locator("#new-chat").focus()
    page.keyboard.press("Tab")
    chip = page.locator(".chip").first
    expect(chip).to_be_focused()
    expect(chip).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    expect(page.locator("#reader h2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()


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


ESCAPE_TWICE = """() => {
  const escape = { key: "Escape", bubbles: true };
  for (let time = 0; time < 2; time++) document.body.dispatchEvent(new KeyboardEvent("keydown", escape));
}"""


@pytest.mark.parametrize("width", [1280, pytest.param(600, marks=pytest.mark.slow)])
def test_two_escapes_at_once_do_not_lead_out_of_the_page(
    visit: Callable[..., Page], server: Server, width: int
) -> None:
    page = visit(server.address, width=width)
    page.get_by_role("button", name="Library").click()
    if width > 900:
        page.locator("#library .articles a[data-doc='log.txt']").click()
        page.locator("#reader .text").wait_for()
    page.evaluate(ESCAPE_TWICE)
    expect(page.locator("#reader")).to_be_hidden()
    expect(page.locator("#library")).to_be_hidden()
    ask(page, LOG).locator(".chip").last.click()
    expect(page.locator("#reader")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#reader")).to_be_hidden()


def test_address_names_the_quote_that_is_open(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address)
    ask(page, FERRY).locator(".chip").first.click()
    expect(page.locator("#reader")).to_be_visible()
    assert re.search(r"/\?q=What\+did\S+&cite=(ferry\.md|reprint\.txt)%40", page.url)
    page.go_back()
    expect(page.locator("#reader")).to_be_hidden()
    assert "cite=" not in page.url
    page.go_forward()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    expect(page.locator(".turn")).to_have_count(1)
    ask(page, BEES)
    expect(page.locator("#reader")).to_be_hidden()
    assert "cite=" not in page.url


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


def test_link_to_a_citation_after_edits(visit: Callable[..., Page], own: Own) -> None:
    with Index.open(own.index) as index:
        (document,) = index.documents(["bees.md"]).values()
        end = document.text.index(".") + 1
        address, quote = f"{own.address}/?cite={text_anchor(document, 0, end)}", document.text[:end]
        path = own.corpus / "bees.md"
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


def test_link_to_an_article_that_is_gone(lenient: BrowserContext, server: Server) -> None:
    page = lenient.new_page()
    page.goto(f"{server.address}/?cite=gone.md@0123456789abcdef:0-4:0123456789abcdef")
    expect(page.locator("#reader .news")).to_have_text("gone.md: not in the index any more", timeout=PATIENCE)


def test_article_on_the_web_is_linked_with_the_quote(page: Page) -> None:
    turn = ask(page, FERRY)
    turn.locator(".card", has_text="Harbour Letters").locator(".read").first.click()
    link = page.get_by_role("link", name="On the web")
    expect(link).to_have_attribute("href", re.compile(r"^https://letters\.example/ferry#:~:text=\S+$"))
    expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_of_a_pdf_is_opened_at_the_quote_and_enlarged_at_it(
    visit: Callable[..., Page], own: Own, width: int
) -> None:
    said = "The keeper of the tide mill left a lamp burning."
    long_pdf(own.corpus / "mill.pdf", said)
    with Index.open(own.index) as index:
        index.update()
        (pdf,) = index.documents(["mill.pdf"]).values()
    start = pdf.text.index(said)
    page = visit(f"{own.address}/?cite={text_anchor(pdf, start, start + len(said))}", width=width)
    for button in (None, "Larger" if width > 600 else "Fit", "Show the text", "Show the page"):
        if button:
            page.get_by_role("button", name=button).click()
        if button == "Show the text":
            expect(page.locator("#reader mark.current")).to_be_in_viewport()
        else:
            page.wait_for_function(YELLOW_IS_SEEN)


YELLOW_IS_SEEN = """() => {
  const image = document.querySelector("#reader img"), body = document.querySelector("#reader .body");
  if (!image.complete || !image.naturalWidth) return false;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: image.naturalWidth, height: image.naturalHeight });
  const drawn = canvas.getContext("2d");
  drawn.drawImage(image, 0, 0);
  const { data } = drawn.getImageData(0, 0, canvas.width, canvas.height);
  let at = 0;
  while (at < data.length && !(data[at] > 200 && data[at + 2] < 180)) at += 4;
  const box = image.getBoundingClientRect(), seen = body.getBoundingClientRect(), across = (at / 4) % canvas.width;
  const x = box.left + (across / canvas.width) * box.width;
  const y = box.top + (at / 4 / canvas.width / canvas.height) * box.height;
  return at < data.length && x >= seen.left && x < seen.right - 50 && y >= seen.top && y < seen.bottom - 20;
}"""


def long_pdf(path: Path, last: str) -> None:
    """A page whose last line stands low and on the right."""
    canvas = Canvas(str(path), pagesize=A4)
    for line in range(40):
        canvas.drawString(72, 770 - 16 * line, f"Line {line} of the log says nothing of note.")
    canvas.drawString(300, 100, last)
    canvas.save()


def test_original_is_downloaded_and_a_pdf_opened_at_its_page(visit: Callable[..., Page], own: Own) -> None:
    for name in ("shanghai-talent.pdf", "hubei.docx"):
        shutil.copy(DOCS / name, own.corpus / name)
    with Index.open(own.index) as index:
        index.update()
        (pdf,) = index.documents(["shanghai-talent.pdf"]).values()
    second = pdf.page_starts[1]
    page = visit(f"{own.address}/?cite={text_anchor(pdf, second, second + 40)}")
    link = page.get_by_role("link", name="Open original")
    expect(link).to_have_attribute("href", re.compile("#page=2$"))
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.contentType") == "application/pdf"
    opened.value.close()
    picture = page.locator("#reader .picture img")
    expect(picture).to_have_js_property("complete", True)
    fitting = box_of(picture)["width"]
    page.get_by_role("button", name="Larger").click()
    assert box_of(picture)["width"] >= 1.5 * fitting
    picture.click()
    assert box_of(picture)["width"] == fitting
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("Escape")
    go(page, f"{own.address}/?doc=shanghai-talent.pdf")
    assert box_of(picture)["width"] > 600  # letters as large as those of a text
    assert page.locator("#reader .body").evaluate("one => one.scrollWidth <= one.clientWidth")
    page.get_by_role("button", name="Fit").click()
    assert box_of(picture)["width"] < 390
    page = visit(f"{own.address}/?doc=hubei.docx")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download original").click()
    assert download.value.suggested_filename == "hubei.docx"
    assert Path(download.value.path()).read_bytes() == (DOCS / "hubei.docx").read_bytes()
