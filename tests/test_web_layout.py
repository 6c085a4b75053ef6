"""How the page is laid out, wide and on a phone, in light and in dark, and for those who do not see it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urljoin

import pypdfium2 as pdfium
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from browsing import FERRY, FORM, LOG, PATIENCE, UNKNOWN, ask, box_of, reload
from pincite import Assistant, Document
from pincite.text_anchors import text_anchor
from pincite.web import columns
from serving import Server


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
    turn.get_by_role("button", name="Sources").click()
    assert turn.locator(".sources").bounding_box() == whole
    turn.locator(".read").first.click()
    expect(page.locator("#reader mark").first).to_be_in_viewport()
    assert page.locator("#reader").bounding_box() == whole
    heights = [box_of(button)["height"] for button in page.locator("#reader .bar button").all()]
    assert max(heights) == min(heights)  # each in one line
    assert page.locator("#reader .body").evaluate("one => one.scrollWidth <= one.clientWidth")
    page.keyboard.press("Escape")
    expect(turn.locator(".sources")).to_be_visible()
    page.get_by_role("button", name="Close the sources").click()
    expect(turn.locator(".sources")).to_be_hidden()
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
    turn.get_by_role("button", name="Sources").click()
    page.go_back()
    expect(turn.locator(".sources")).to_be_hidden()
    page.get_by_role("button", name="Library").click()
    assert page.locator("#library").bounding_box() == whole
    page.go_back()
    expect(page.locator("#library")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(1)
    expect(ask(page, UNKNOWN).locator(".near")).to_be_visible()


def test_long_words_stay_inside_and_right_to_left_begins_on_the_right(
    visit: Callable[..., Page], server: Server
) -> None:
    page = visit(server.address, 390, 844)
    for question, direction in (("salt" * 300, "ltr"), (LOG, "ltr"), ("في المنارة كتب الحارس", "rtl")):
        turn = ask(page, question)
        assert turn.locator(".question").evaluate("one => getComputedStyle(one).direction") == direction
        assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
        for link in turn.locator(".chip").all()[:1]:
            link.click()
            expect(page.locator("#reader .text")).to_be_visible()
            assert page.locator("#reader .body").evaluate("one => one.scrollWidth <= one.clientWidth")
            page.keyboard.press("Escape")


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


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
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


def test_what_the_browser_draws_is_dark_with_the_page(page: Page) -> None:
    for scheme in ("dark", "light"):
        page.get_by_role("button", name="Light or dark").click()
        for part in ("#talk", "#reader .body", "#library .body", "#filters .row"):
            expect(page.locator(part)).to_have_css("color-scheme", scheme)  # that of scrollbars


@pytest.mark.parametrize("width", [1280, pytest.param(320, marks=pytest.mark.slow)])
def test_no_label_of_the_reader_spills_out(visit: Callable[..., Page], server: Server, width: int) -> None:
    page = visit(server.address, width)
    ask(page, FERRY).locator(".question").click()
    if width == 1280:
        page.get_by_role("button", name="Library").click()
    page.keyboard.press("1")
    expect(page.locator("#reader .steps")).to_be_visible()
    bar = page.locator("#reader .bar")
    for part in (bar, *bar.locator("button").all()):
        assert part.evaluate("one => one.scrollWidth <= one.clientWidth")
    rights = [box["x"] + box["width"] for box in map(box_of, bar.locator("button").all())]
    assert max(rights) <= width


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


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), pytest.param("dark", 390, marks=pytest.mark.slow)])
def test_everybody_can_use_it(visit: Callable[..., Page], server: Server, scheme: str, width: int) -> None:
    page = visit(server.address, width, color_scheme=scheme)
    expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    page.locator("#filters summary").click()
    check_accessibility(page, "start")
    turn = ask(page, FERRY)
    check_contrast(page, turn)
    ask(page, UNKNOWN)
    check_accessibility(page, "answers")
    turn.locator(".chip").first.click()
    expect(page.locator("#reader mark").first).to_be_visible()
    check_accessibility(page, "reader")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Library").click()
    expect(page.locator("#library .facts")).to_be_visible()
    page.locator("#library .articles li").first.wait_for()
    page.locator("#library .find summary").click()
    check_accessibility(page, "library")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard").click()
    check_accessibility(page, "help")


def check_contrast(page: Page, turn: Locator) -> None:
    """At least 4.5 to 1, as WCAG 2.2 asks for text (criterion 1.4.3); axe leaves out what it is not sure of."""
    page.evaluate(REST)
    for part in (".question", ".quote", ".chip", ".meta", "h3", "h4", ".where", ".passage", "mark", ".badge", ".place"):
        assert turn.locator(part).first.evaluate(CONTRAST) >= 4.5, part
    for part in ("#masthead .name", "#masthead .size", "#new-chat", "#ask button"):
        assert page.locator(part).evaluate(CONTRAST) >= 4.5, part


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
    for number in (turn.locator(".chip").first, turn.locator(".badge").first):
        expect(number).to_have_accessible_name(re.compile("^Source 1: ."))
    expect(turn.get_by_role("group", name="Quote 1").first.get_by_role("button")).to_have_text(["Right", "Wrong"])


def test_light_or_dark_is_kept(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, color_scheme="light")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("body.dark")).to_have_count(1)
    reload(page)
    expect(page.locator("body.dark")).to_have_count(1)
    page.locator("#start section").wait_for()


def test_printed_are_answers_and_their_sources_and_nothing_else(page: Page) -> None:
    ask(page, FERRY)
    assert all(sheets(page.pdf())), "no sheet is empty"
    for question in (FORM, LOG):
        ask(page, question)
    text = " ".join(sheets(page.pdf()))
    assert [text.count(question) for question in (FERRY, FORM, LOG)] == [1, 1, 1]
    for number in (1, 2, 3):
        quote = page.locator(f"#turn-{number} .lead .quote").text_content() or ""
        assert words(quote)[:30] in words(text)
        title = page.locator(f"#turn-{number} h4").first.text_content() or ""
        assert words(title) in words(text)
    for said in ("Ask the articles", "New chat", "Share", "Details"):
        assert said not in text
    counts = page.locator(".turn .meta").all_text_contents()
    assert text.count(" article") == len(counts), "how many articles is printed once"


def test_what_pincite_says_itself_stands_beside_no_empty_panel(page: Page) -> None:
    def paper(selector: str) -> str:
        return str(page.locator(selector).evaluate("one => getComputedStyle(one).backgroundColor"))

    ask(page, FERRY)
    ask(page, "Thanks!")
    expect(page.locator("#turn-1 .sources")).to_be_visible()
    expect(page.locator("#turn-2 .sources")).to_be_hidden()
    assert paper("#turn-2") == paper("#top")


def words(text: str) -> str:
    """Letters alone: a printed line ends where it will."""
    return re.sub(r"\W+", "", text)


def sheets(pdf: bytes) -> list[str]:
    with closing(pdfium.PdfDocument(pdf)) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_the_box_and_what_is_said_stand_on_one_edge(page: Page) -> None:
    page.locator(".example").first.wait_for(timeout=PATIENCE)  # what begins is drawn anew when they come
    for said in ("#start h2", ".question"):
        for width in (320, 390, 768, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 800})
            assert abs(box_of(page.locator("#ask"))["x"] - box_of(page.locator(said))["x"]) <= 1, (said, width)
            assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth"), (said, width)
        ask(page, LOG)


SCROLLERS = """one => [...one.querySelectorAll("*")]
  .filter((part) => ["auto", "scroll"].includes(getComputedStyle(part).overflowY)).map((part) => part.className)"""
FILL = """(one, height) => one.insertAdjacentHTML("beforeend", `<p style="height: ${height}px; margin: 0">long</p>`)"""


@pytest.mark.parametrize("width", [1280, 390])
def test_only_the_conversation_scrolls_and_nothing_is_cut(
    visit: Callable[..., Page], server: Server, width: int
) -> None:
    page = visit(server.address, width)
    first, last = ask(page, FERRY), ask(page, "salt " * 300)
    talk = page.locator("#talk")
    assert talk.evaluate(SCROLLERS) == []
    talk.evaluate("one => { one.style.scrollBehavior = 'auto'; one.scrollTop = 1e6; }")
    end = box_of(last.locator(".actions, .card").last if width < 900 else last.locator(".actions"))
    assert end["y"] + end["height"] <= box_of(page.locator("#composer"))["y"] + 1
    if width < 900:
        return
    first.locator(".cards").evaluate(FILL, 3000)
    talk.evaluate("one => { one.scrollTop = 0; }")
    top = box_of(first.locator(".question"))["y"]
    talk.evaluate("one => { one.scrollTop = 900; }")
    assert abs(box_of(first.locator(".question"))["y"] - top) <= 1  # stays beside its sources
    first.locator(".question").evaluate(FILL, 1500)
    talk.evaluate("one => { one.scrollTop = 1800; }")
    expect(first.locator(".actions")).to_be_in_viewport()  # of what is higher, the end stays


TYPED = columns.shown(
    Document(doc_id="t", title="t", text=(LEDGER := "Year   Crop      Sacks\n" * 9)), (0, len(LEDGER))
)


@pytest.mark.parametrize("width", [1280, 390])
def test_columns_stand_below_each_other_and_are_broken_on_a_phone(
    visit: Callable[..., Page], server: Server, width: int
) -> None:
    page = visit(server.address, width)
    turn = ask(page, FERRY)
    for part in (turn.locator(".lead .quote"), turn.locator(".passage").first):
        part.evaluate("(one, html) => { one.innerHTML = html; }", TYPED)
        fonts = part.locator(".line").evaluate_all("all => all.map(one => getComputedStyle(one).fontFamily)")
        assert all("monospace" in font for font in fonts)
    wide = "Year   Crop      Sacks   " * 9
    page.locator(".line").first.evaluate("(one, text) => { one.textContent = text; }", wide)
    assert page.locator("#talk").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert turn.locator(".line").last.evaluate("one => getComputedStyle(one).whiteSpaceCollapse") == "preserve"


CLIPPED = """one => {
  const { font, paddingLeft, paddingRight } = getComputedStyle(one);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(one.placeholder).width > one.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}"""


def test_the_filters_stand_in_full_rows_and_close_with_escape(page: Page) -> None:
    page.locator("#filters summary").click()
    fields = page.locator("#filters label")
    for width in (1280, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        rows = Counter(box_of(each)["y"] for each in fields.all())
        assert len(set(rows.values())) == 1, width
        assert not any(each.evaluate(CLIPPED) for each in page.locator("#filters input").all()), width
    page.get_by_label("Source", exact=True).focus()
    page.keyboard.press("Escape")
    expect(fields.first).to_be_hidden()
    expect(page.locator("#filters summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Library").click()
    page.keyboard.press("Escape")  # what was opened last goes first
    expect(page.locator("#library")).to_be_hidden()
    expect(fields.first).to_be_visible()
    page.keyboard.press("Escape")
    expect(fields.first).to_be_hidden()


def test_a_link_to_an_article_leaves_start_and_box_whole(
    visit: Callable[..., Page], server: Server, assistant: Assistant
) -> None:
    citation = assistant.ask(FERRY).citations[0]
    page = visit(f"{server.address}/?cite={text_anchor(citation.document, citation.start, citation.end)}")
    reader = page.locator("#reader")
    expect(reader).to_be_visible()
    page.locator(".example").first.wait_for(timeout=PATIENCE)  # the last that comes
    beside = reader.bounding_box()
    for part in ("#start section", "#ask"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert beside is not None
        assert box["x"] + box["width"] <= beside["x"] + 1


def test_what_a_browser_may_install_has_an_icon(page: Page, server: Server) -> None:
    manifest = page.locator("link[rel=manifest]").get_attribute("href") or ""
    given = page.request.get(urljoin(server.address, manifest))
    icons = [page.request.get(urljoin(given.url, each["src"])) for each in given.json()["icons"]]
    assert [icon.headers["content-type"] for icon in icons] == ["image/svg+xml"]
    assert all(icon.ok for icon in icons)
