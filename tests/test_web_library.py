"""The library on the page: files are added, updates told; and what is said where there is no answer to be had."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, FilePayload, Page, expect

from browsing import ARTICLES, BEES, FERRY, PATIENCE, Own, ask
from conftest import WordEmbedder
from pincite import Index, Settings
from pincite.stores.local.store import LocalStore
from pincite.web.library import MOST_BYTES
from serving import Server, chat, make_index

DOCS = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans"


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
    expect(panel.locator(".reasons")).to_contain_text("uploads/broken.pdf: ")
    expect(panel.locator(".facts")).to_have_text(re.compile(r"9 articles, \d+ passages, 1 skipped"))
    expect(page.locator("#masthead")).to_contain_text("9 articles")
    panel.locator(".titles summary").click()
    panel.get_by_role("link", name="Kites").click()
    expect(page.locator("#reader .text")).to_have_text("Kites of silk were flown over the pass in March.")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(ask(page, "What was flown over the pass in March?").locator(".answer")).to_contain_text("Kites of silk")
    assert (own.corpus / "uploads" / "shanghai-talent.pdf").is_file()


def test_old_index_answers_during_an_update_that_names_its_stage(visit: Callable[..., Page], own: Own) -> None:
    lines = (json.dumps({"_id": n, "text": f"Entry {n} is about lamp {n * 7} of pier {n % 9}."}) for n in range(900))
    (own.corpus / "many.jsonl").write_text("\n".join(lines), encoding="utf-8")
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


def test_files_stay_chosen_when_the_token_was_wrong(
    lenient: BrowserContext, serve: Callable[..., Server], tmp_path: Path
) -> None:
    path = make_index(tmp_path, {"bees.md": ARTICLES["bees.md"]})
    server = serve(*chat(path, "--host", "0.0.0.0", "--token", "correct horse"))
    page = lenient.new_page()  # where the browser may note the refusal
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
