"""The library on the page: files are added, updates told; and what is said where there is no answer to be had."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Dialog, FilePayload, Page, expect

from browsing import ARTICLES, BEES, FERRY, PATIENCE, TOKEN_OF_GUARDED, Own, ask, box_of, go
from conftest import WordEmbedder, write_files
from pincite import Index, Settings
from pincite.stores.local.store import LocalStore
from pincite.web.library import MOST_BYTES
from serving import Server, chat

DOCS = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans"


@pytest.mark.slow
def test_files_of_every_kind_are_added_and_a_broken_one_is_told(visit: Callable[..., Page], own: Own) -> None:
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
        {"name": "large.txt", "mimeType": "text/plain", "buffer": b"x" * (MOST_BYTES + 1)},
        {"name": "none.txt", "mimeType": "text/plain", "buffer": b""},
    ]
    panel.locator("input[type=file]").set_input_files(files)
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".report")).to_have_text(
        "Last update: 7 added, 0 changed, 0 removed, 2 unchanged.", timeout=PATIENCE
    )
    expect(panel.locator(".uploads .failed")).to_contain_text(
        [
            "<img src=x>.exe: not added: Pincite reads .txt, .md",
            "large.txt: not added: more than 20 MB; copy it into the folder",
            "none.txt: not added: an empty file",
        ]
    )
    expect(panel.locator(".reasons")).to_contain_text("uploads/broken.pdf: not a readable .pdf file: damaged, cut off")
    expect(panel.locator(".reasons")).not_to_contain_text("Error")
    expect(panel.locator(".facts")).to_have_text(re.compile(r"9 articles, \d+ passages, 1 skipped"))
    expect(page.locator("#masthead")).to_contain_text("9 articles")
    panel.get_by_role("link", name="Kites").click()
    expect(page.locator("#reader .text")).to_have_text("Kites of silk were flown over the pass in March.")
    expect(panel).to_be_hidden()  # it does not squeeze what is read
    page.keyboard.press("Escape")
    expect(ask(page, "What was flown over the pass in March?").locator(".answer")).to_contain_text("Kites of silk")
    assert (own.corpus / "uploads" / "shanghai-talent.pdf").is_file()


def shelved(own: Own) -> None:
    """More articles than are listed at a time, in folders, with authors and dates."""
    lines = [
        json.dumps({"_id": f"{n}", "title": f"Entry {n:03}", "text": f"Lamp {n} of the pier."}) for n in range(120)
    ]
    kites = "---\ntitle: The kites of the pass\nauthor: Ane Holt\ndate: 2022-03\n---\n\nKites of silk were flown.\n"
    bells = "---\ntitle: Bells & oil\nauthor: Ane Holtmann; Bo Lind\ndate: 2020\n---\n\nBells need oil.\n"
    texts = {"lines.jsonl": "\n".join(lines), "news/2022/kites.md": kites, "uploads/bells.md": bells}
    write_files(own.corpus, texts)
    with Index.open(own.index) as index:
        index.update()


def test_articles_are_listed_searched_sorted_filtered_and_read(visit: Callable[..., Page], own: Own) -> None:
    shelved(own)
    page = visit(own.address)
    page.get_by_role("button", name="Library").press("Enter")
    panel, rows = page.locator("#library"), page.locator("#library .articles li")
    expect(panel.locator(".found")).to_have_text("124 articles, 100 shown")
    expect(rows).to_have_count(100)
    panel.get_by_role("button", name="More", exact=True).press("Enter")
    expect(rows).to_have_count(124)
    expect(rows.nth(100).get_by_role("link")).to_be_focused()
    panel.get_by_label("Search").fill("holt KITES")
    expect(panel.locator(".found")).to_have_text("1 article")
    expect(rows.locator(".where")).to_have_text("Ane Holt · 2022-03 · news/2022/kites.md · 25 characters")
    panel.get_by_label("Search").fill("")
    expect(rows).to_have_count(100)
    panel.get_by_label("Sort by").select_option("Date, newest first")
    expect(rows.first).to_contain_text("The kites of the pass")
    panel.locator(".find summary").press("Enter")
    panel.get_by_label("Folder").select_option("news/2022 (1)")
    expect(panel.locator(".found")).to_have_text("1 article")
    panel.get_by_label("Folder").select_option("Any")
    panel.get_by_label("Kind of file").select_option("markdown (4)")
    expect(panel.locator(".found")).to_have_text("4 articles")
    panel.get_by_label("From").fill("2020")
    panel.get_by_label("Until").fill("2021")
    panel.get_by_label("Until").press("Enter")
    expect(rows.locator("a")).to_have_text(["The night ferry of Aldhaven", "Bells & oil"])
    panel.get_by_label("Until").fill("2021-02-30")
    panel.get_by_label("Until").press("Tab")
    assert "Give a year" in panel.get_by_label("Until").evaluate("one => one.validationMessage")
    panel.locator(".find summary").press("Enter")
    expect(panel.locator(".find summary")).to_be_visible()
    rows.get_by_role("link", name="Bells & oil").press("Enter")
    expect(page.locator("#reader .text")).to_have_text("Bells need oil.")


@pytest.mark.slow
def test_one_article_of_the_library_alone_is_asked(visit: Callable[..., Page], own: Own) -> None:
    page = visit(own.address, 390, 844)
    page.get_by_role("button", name="Library").click()
    page.get_by_role("button", name="Ask only this: The night ferry of Aldhaven").press("Enter")
    expect(page.locator("#library")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    expect(page.locator("#chips li")).to_have_text("The night ferry of Aldhaven✕")
    expect(page.locator("#filters .fits")).to_have_text("1 article fits")
    page.get_by_role("button", name="Chats").click()
    page.get_by_role("button", name="Close the chats").click()
    expect(page.locator("#chats")).to_be_hidden()
    expect(ask(page, BEES).locator(".nothing")).to_be_visible()
    go(page, page.url)
    expect(page.locator("#chips li")).to_have_text("The night ferry of Aldhaven✕")  # a link names its file alone


def test_a_drawer_lies_over_nothing_of_the_chat(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address)
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    for parts in (("#start section", "#ask"), (".question", ".said", "#ask")):
        for drawer in ("Chats", "Library"):
            page.get_by_role("button", name=drawer, exact=True).click()
            for width in (1440, 1280, 1024):
                page.set_viewport_size({"width": width, "height": 800})
                ends = box_of(page.locator(f"#{drawer.lower()}"))
                for part in parts:
                    box = box_of(page.locator(part))
                    assert box["x"] >= ends["x"] + ends["width"], (part, width)
                    assert box["x"] + box["width"] <= width, (part, width)
                    assert box["width"] >= 350, (part, width)
            page.keyboard.press("Escape")
        ask(page, FERRY)


def test_what_opens_beside_the_chat_leaves_it_room(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address)
    turn = ask(page, FERRY)
    page.get_by_role("button", name="Library").click()
    page.locator("#library .articles a").first.click()
    expect(page.locator("#reader .text")).to_be_visible()
    for drawer in ("#library", "#chats"):
        expect(page.locator(drawer)).to_be_hidden()
    for width in (1280, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        said, reader = box_of(turn.locator(".said")), box_of(page.locator("#reader"))
        assert min(said["width"], reader["width"]) >= 400
        assert said["x"] + said["width"] <= reader["x"] + 1


def test_a_quote_is_shown_though_a_drawer_leaves_the_reader_no_room(visit: Callable[..., Page], server: Server) -> None:
    page = visit(server.address, 1100)
    turn = ask(page, FERRY)
    page.get_by_role("button", name="Chats", exact=True).click()
    turn.locator(".chip").first.click()
    expect(page.locator("#reader .text")).to_be_visible()
    expect(page.locator("#chats")).to_be_hidden()


def test_what_was_added_is_deleted_when_that_is_meant(visit: Callable[..., Page], own: Own) -> None:
    shelved(own)
    (own.corpus / "uploads" / "broken.pdf").write_bytes(b"%PDF-1.4 no more")
    with Index.open(own.index) as index:
        index.update()
    page = visit(own.address)
    page.get_by_role("button", name="Library").click()
    panel = page.locator("#library")
    panel.get_by_label("Search").fill("oil")
    expect(panel.locator(".articles li")).to_have_count(1)
    expect(panel.get_by_role("button", name="Delete")).to_have_count(2)
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", refuse)
    panel.get_by_role("button", name="Delete: uploads/bells.md").click()
    assert asked
    assert "Delete uploads/bells.md from the folder of articles" in asked[0]
    assert (own.corpus / "uploads" / "bells.md").is_file()
    for name in ("bells.md", "broken.pdf"):
        page.once("dialog", lambda dialog: dialog.accept())
        panel.get_by_role("button", name=f"Delete: uploads/{name}").click()
        expect(panel.locator(".uploads")).to_have_text(f"uploads/{name}: deleted")
        expect(panel.get_by_role("button", name=f"Delete: uploads/{name}")).to_have_count(0, timeout=PATIENCE)
        expect(panel.get_by_label("Search")).to_be_focused()  # nothing else is listed
        assert not (own.corpus / "uploads" / name).exists()
    expect(panel.locator(".found")).to_have_text("No article fits.")
    expect(page.locator("#masthead")).to_contain_text("123 articles")


@pytest.mark.slow
def test_a_file_that_is_gone_is_told_when_it_is_deleted(lenient: BrowserContext, own: Own) -> None:
    shelved(own)
    page = lenient.new_page()  # where the browser may note the refusal
    page.goto(own.address)
    page.get_by_role("button", name="Library").click()
    delete = page.locator("#library .articles").get_by_role("button", name="Delete: uploads/bells.md")
    delete.wait_for()
    (own.corpus / "uploads" / "bells.md").unlink()
    page.once("dialog", lambda dialog: dialog.accept())
    delete.click()
    expect(page.locator("#library .uploads .failed")).to_have_text(
        "uploads/bells.md: not deleted: uploads/bells.md: no file that was added here; load the list again"
    )


@pytest.mark.slow
def test_old_index_answers_during_an_update_that_names_its_stage(visit: Callable[..., Page], own: Own) -> None:
    lines = (json.dumps({"_id": n, "text": f"Entry {n} is about lamp {n * 7} of pier {n % 9}."}) for n in range(1500))
    (own.corpus / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
    page = visit(own.address)
    expect(page.locator("#masthead")).to_contain_text("1 change on disk", timeout=PATIENCE)
    page.get_by_role("button", name="1 change on disk").click()
    panel = page.locator("#library")
    expect(panel.locator(".reasons")).to_contain_text("many.jsonl: new")
    ask(page, BEES)  # the model is loaded
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".running")).to_contain_text("Embedding passages", timeout=PATIENCE)
    expect(panel.get_by_role("progressbar")).to_have_attribute("max", "1500")
    turn = ask(page, FERRY)
    second = visit(own.address)
    second.get_by_role("button", name="Library").click()
    expect(second.locator("#library .running")).to_be_visible()
    expect(panel.locator(".running")).to_be_visible()
    expect(turn.locator(".answer")).to_contain_text("forty carts")
    late: FilePayload = {"name": "late.txt", "mimeType": "text/plain", "buffer": b"Kites of silk were flown in March."}
    panel.locator("input[type=file]").set_input_files([late])
    panel.get_by_role("button", name="Add and update").click()
    expect(panel.locator(".uploads")).to_have_text("late.txt: added as uploads/late.txt")
    expect(panel.locator(".report")).to_contain_text("1 added, 0 changed, 0 removed, 1502", timeout=4 * PATIENCE)
    expect(ask(page, "What was flown in March?").locator(".answer")).to_contain_text("Kites of silk")


@pytest.mark.slow
def test_update_by_the_command_is_seen(visit: Callable[..., Page], own: Own) -> None:
    page = visit(own.address)
    question = "What was flown over the pass in March?"
    ask(page, FERRY)
    assert "Kites" not in (ask(page, question).text_content() or "")
    (own.corpus / "kites.txt").write_text("Kites of silk were flown over the pass in March.\n", encoding="utf-8")
    with Index.open(own.index) as index:
        index.update()
    expect(ask(page, question).locator(".answer")).to_contain_text("Kites of silk")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as when one comes back to the tab
    expect(page.locator("#masthead")).to_contain_text("3 articles")
    page.locator("#turn-1 .chip").first.click()
    expect(page.locator("#reader mark", has_text="forty carts")).to_be_in_viewport()


def test_update_that_fails_says_why(visit: Callable[..., Page], own: Own, tmp_path: Path) -> None:
    own.corpus.rename(tmp_path / "moved")
    page = visit(own.address)
    page.get_by_role("button", name="Library").click()
    page.get_by_role("button", name="Add and update").click()
    expect(page.locator("#library").get_by_role("alert")).to_contain_text("give the folder that holds the articles")
    expect(ask(page, FERRY).locator(".answer")).to_contain_text("forty carts")


def test_files_stay_chosen_when_the_token_was_wrong(lenient: BrowserContext, guarded: Own) -> None:
    page = lenient.new_page()  # where the browser may note the refusal
    page.goto(guarded.address)
    page.get_by_role("button", name="Library").click()
    panel = page.locator("#library")
    kites: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"Kites of silk were flown in March."}
    panel.locator("input[type=file]").set_input_files([kites])
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); } }")
    for token in ("wrong", TOKEN_OF_GUARDED):
        panel.get_by_label("Token").fill(token)
        panel.get_by_role("button", name="Add and update").click()
        panel.locator(".uploads li").first.wait_for()
        if token == "wrong":
            expect(panel.locator(".uploads")).to_contain_text("not added: wrong or missing token")
    expect(panel.locator(".report")).to_contain_text("1 added", timeout=PATIENCE)


# ---------------------------------------------------------------- states that are no answer


@pytest.mark.slow
def test_index_without_articles_says_what_to_do(visit: Callable[..., Page], own: Own) -> None:
    shutil.rmtree(own.corpus)
    own.corpus.mkdir()
    with Index.open(own.index) as index:
        index.update(allow_removals=True)
    page = visit(own.address)
    expect(page.locator("#start .empty")).to_contain_text("pincite update", timeout=PATIENCE)
    expect(page.locator("#masthead")).to_contain_text("0 articles")
    turn = ask(page, BEES)
    expect(turn.locator(".empty")).to_contain_text("No articles yet")
    assert turn.locator(".nothing, .failed, .answer").count() == 0
    turn.get_by_role("button", name="Library").click()
    expect(page.locator("#library")).to_be_visible()


@pytest.mark.slow
def test_index_that_is_being_built_says_so_and_is_there_when_it_is_done(
    visit: Callable[..., Page], serve: Callable[..., Server], tmp_path: Path
) -> None:
    with LocalStore(tmp_path / "index").writer():
        pass  # as an update that was begun
    page = visit(serve(*chat(tmp_path / "index")).address)
    expect(page.locator("#start .building")).to_contain_text("still being built")
    with page.expect_request("**/gradio_api/call/welcome"):  # it looks by itself
        pass
    assert ask(page, BEES).locator(".nothing, .answer").count() == 0
    page.get_by_role("button", name="New chat").click()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "bees.md").write_text(ARTICLES["bees.md"], encoding="utf-8")
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
    expect(page.locator("#start")).to_contain_text("quoted word for word from 1 article", timeout=PATIENCE)
    expect(ask(page, BEES).locator(".answer")).to_contain_text("eighteen kilograms")


def test_failure_is_told_and_never_looks_like_nothing_found(visit: Callable[..., Page], own: Own) -> None:
    with Index.open(own.index, settings=Settings(model="a/b")) as index:
        index.use_embedder("a/b", WordEmbedder("a/b"))
        index.update(rebuild=True)
    page = visit(own.address)
    expect(page.locator("#start").get_by_role("alert")).to_contain_text("a/b", timeout=PATIENCE)
    turn = ask(page, BEES)
    expect(turn.get_by_role("alert")).to_contain_text("a/b")
    assert turn.locator(".nothing, .empty, .answer").count() == 0
