"""Answers on the page: to the letter, each quote with its source, never run as a program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browsing import BEES, FERRY, FORM, HOSTILE, LOG, PATIENCE, UNKNOWN, answered, ask, marked, reload
from pincite import Assistant
from serving import Server


def test_start_says_what_this_is_and_offers_questions_that_are_answered(page: Page, assistant: Assistant) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Pincite")
    expect(page.locator("#masthead")).to_contain_text(re.compile("5 articles · updated (just now|.* ago)"))
    expect(page.locator("#start")).to_contain_text("quoted word for word from 5 articles")
    expect(page.get_by_role("textbox", name="Your question")).to_have_attribute("maxlength", "4000")
    page.locator(".example").first.wait_for(timeout=PATIENCE)
    examples = page.locator(".example").all_text_contents()
    assert 1 <= len(examples) <= 4
    answers = list(map(assistant.ask, examples))
    assert all(answer.answered or answer.documents for answer in answers)
    assert any(answer.answered for answer in answers)  # what an article asks itself
    page.get_by_role("button", name="What does a hive of grey bees need?").click()
    expect(page.locator("#turn-1 .question")).to_have_text("What does a hive of grey bees need?")
    expect(page.locator("#turn-1 .answer")).to_contain_text("eighteen kilograms of honey", timeout=PATIENCE)
    expect(page.locator("#start")).to_be_hidden()


@pytest.mark.parametrize("question", [FERRY, FORM, LOG])
def test_each_quote_is_shown_to_the_letter_marked_in_its_source_and_opened_in_its_article(
    page: Page, assistant: Assistant, question: str
) -> None:
    citations = assistant.ask(question).citations
    assert citations
    turn = ask(page, question)
    assert turn.locator(".quote").all_text_contents() == [each.quote for each in citations]
    assert turn.locator(".chip").all_text_contents() == [str(each.label) for each in citations]
    articles = len({each.document.doc_id for each in citations})
    expect(turn.locator(".meta")).to_have_text(re.compile(rf"{articles} articles? · \d+ ms"))
    for citation, chip in zip(citations, turn.locator(".chip").all(), strict=True):
        mark = page.locator(f"mark[data-label='{citation.label}']")
        assert mark.text_content() == citation.quote
        card = turn.locator(".card", has=mark)
        shown = card.locator(".passage", has=mark).text_content() or ""
        assert citation.quote in shown
        assert shown in citation.document.text
        assert card.locator("h4").text_content() == citation.document.title
        for fact in (citation.document.source, citation.document.date, citation.document.author):
            assert fact is None or fact in (card.locator(".where").text_content() or "")
        assert f"{citation.start}–{citation.end}" in (card.locator(".details").text_content() or "")
        chip.click()
        expect(page.locator("#reader h2")).to_have_text(citation.document.title)
        assert marked(page) == citation.quote
        assert page.locator("#reader .text").text_content() == citation.document.text
        expect(page.locator("#reader .paragraph mark.current").first).to_be_in_viewport()
        expect(page.locator("#reader .here")).not_to_have_count(0)
        expect(chip).to_have_attribute("aria-current", "true")
        expect(page.locator("#reader .count")).to_have_text(f"source {citation.label} of {len(citations)}")
        page.keyboard.press("Escape")
        expect(page.locator("#reader")).to_be_hidden()


def test_the_best_quote_leads_and_the_counts_agree(page: Page, assistant: Assistant) -> None:
    citations = assistant.ask(LOG).citations
    turn = ask(page, LOG)
    expect(turn.locator(".lead .quote")).to_have_text(citations[0].quote)
    articles = len({each.document.doc_id for each in citations})
    expect(turn.locator(".more h3")).to_have_text(f"More quotes ({len(citations) - 1})")
    expect(turn.locator(".card")).to_have_count(articles)
    expect(turn.locator(".panel h3")).to_have_text(f"{articles} article{'s' if articles > 1 else ''}")


def test_numbers_stand_under_details_and_stay_unfolded(page: Page, assistant: Assistant) -> None:
    citation = assistant.ask(BEES).citations[0]
    details = ask(page, BEES).locator(".details").first
    expect(details.locator("dl")).to_be_hidden()
    details.locator("summary").click()
    expect(page.locator("#reader")).to_be_hidden()
    expect(details.locator("dl")).to_contain_text(f"{citation.confidence:.0%}")
    expect(details.locator("dl")).to_contain_text(citation.document.digest)
    ask(page, FERRY)
    expect(page.locator("#turn-1 .details dl").first).to_be_visible()
    expect(page.locator("#turn-2 .details dl").first).to_be_hidden()


def test_a_number_shows_its_quote_among_the_sources(page: Page) -> None:
    turn = ask(page, LOG)
    page.set_viewport_size({"width": 1280, "height": 300})
    badge, chips = turn.locator(".badge").last, turn.locator(".chip")
    for way in (Locator.hover, Locator.focus):
        page.locator("#talk").evaluate("one => one.scrollTo({ top: 0, behavior: 'instant' })")
        expect(badge).not_to_be_in_viewport()
        way(chips.last)
        expect(badge).to_have_class("badge lit")
        expect(badge).to_be_in_viewport()
        page.mouse.move(5, 5)


def test_a_card_opens_the_article_with_all_its_quotes_marked(page: Page, assistant: Assistant) -> None:
    citations = assistant.ask(LOG).citations
    assert len(citations) > 1
    turn = ask(page, LOG)
    turn.locator(".card .passage").first.click()
    assert marked(page) == citations[0].quote
    expect(page.locator("#reader mark.other")).not_to_have_count(0)
    turn.locator(".chip").last.hover()
    expect(turn.locator(".badge.lit")).to_have_text(str(citations[-1].label))


def test_a_hostile_article_is_shown_and_never_run(page: Page) -> None:
    turn = ask(page, FORM)
    shown = "".join(turn.locator(".passage").all_text_contents())
    assert shown in HOSTILE
    assert "<img src=x onerror" in shown
    assert any(quote in HOSTILE for quote in turn.locator(".quote").all_text_contents())
    assert page.locator("#talk :is(img, script, b, i, a:not(.chip, .read, .badge))").count() == 0
    turn.locator(".read").first.click()
    expect(page.locator("#reader .text")).to_contain_text("<img src=x")
    assert page.locator("#reader .text").text_content() == HOSTILE
    assert page.locator("#reader :is(img, script, b, i, iframe)").count() == 0
    assert page.locator("#reader a[href^=javascript]").count() == 0


def test_a_hostile_question_is_shown_and_never_run(page: Page) -> None:
    question = f'{HOSTILE} </h2><svg onload="window.ran = 1"> \\ &lt;'
    turn = ask(page, question)
    assert turn.locator(".question").text_content() == question
    assert page.locator("#talk :is(img, svg, script)").count() == 0
    reload(page)
    assert answered(page, 1).locator(".question").text_content() == question


def test_nothing_found_is_said_and_near_passages_are_no_answer(page: Page, assistant: Assistant) -> None:
    answer = assistant.ask(UNKNOWN)
    assert not answer.answered
    turn = ask(page, UNKNOWN)
    expect(turn.locator(".nothing")).to_contain_text("Nothing in these articles answers this.")
    expect(turn.locator(".panel h3")).to_have_text("Possibly related, not an answer")
    assert turn.locator(".passage").all_text_contents() == [hit.passage.text for hit in answer.hits[:3]]
    assert turn.locator(".answer, .quote, .chip, .badge, mark, .failed, .empty").count() == 0
    turn.locator(".read").first.click()
    assert marked(page) == answer.hits[0].passage.text


def test_a_reply_looks_like_one_and_what_it_lists_is_opened_by_a_click(page: Page) -> None:
    turn = ask(page, "Hello!")
    expect(turn.locator(".reply")).to_have_text("Hello! Ask something, and the answer is quoted from 5 articles.")
    assert turn.locator(".card, .notice, .answer, .quote, .strength, .actions, .example").count() == 0
    expect(turn.locator(".sources")).to_be_empty()
    listed = ask(page, "What articles do you have?")
    expect(listed.locator(".reply p")).to_have_text("There are 5 articles.")
    expect(ask(page, "What can you do?").locator(".reply")).not_to_contain_text("`")
    listed.get_by_role("link", name="The night ferry of Aldhaven").click()
    expect(page.locator("#reader h2")).to_have_text("The night ferry of Aldhaven")
    assert page.locator("#reader mark").count() == 0


def test_a_summary_is_told_from_an_answer(page: Page) -> None:
    turn = ask(page, "Summarise the article about the night ferry of Aldhaven")
    expect(turn.locator(".reply")).to_contain_text("Key sentences of “The night ferry of Aldhaven”")
    assert turn.locator(".strength").count() == 0
    turn.locator(".chip").last.click()
    assert marked(page) == turn.locator(".quote").last.text_content()


def test_copies_are_named_and_the_server_connects_to_no_other_host(page: Page, server: Server) -> None:
    turn = ask(page, FERRY)
    expect(turn.locator(".duplicates").first).to_have_text(re.compile(r"Also in: (ferry\.md|reprint\.txt)"))
    turn.locator(".chip").first.click()
    assert marked(page)
    assert server.watched.read_text(encoding="utf-8") == ""


def test_the_menu_closes_on_a_click_elsewhere_and_on_escape(page: Page) -> None:
    turn = ask(page, FERRY)
    menu, entry = turn.locator(".menu summary"), turn.get_by_role("button", name="Copy text")
    menu.click()
    expect(entry).to_be_visible()
    turn.locator(".question").click()
    expect(entry).to_be_hidden()
    menu.click()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(menu).to_be_focused()


def test_what_has_no_answer_is_shared_and_asked_otherwise_as_an_answer_is(page: Page) -> None:
    ways = ask(page, UNKNOWN).locator(".actions > button, .actions > details > summary")
    expect(ways).to_have_text(["Share", "Edit question", "Ask again", "Right, nothing answers this"])
    ways.nth(1).click()
    expect(page.get_by_role("textbox", name="Your question")).to_have_value(UNKNOWN)
    page.get_by_role("button", name="Leave it").click()
    page.route("**/call/turn", lambda route: route.fulfill(body='{"event_id": "1"}'))
    page.route("**/call/turn/1", lambda route: route.fulfill(body='event: error\ndata: {"error": "It broke."}\n\n'))
    page.get_by_role("textbox", name="Your question").fill(FERRY)
    page.keyboard.press("Enter")
    failed = page.locator("#turn-2")
    expect(failed.locator(".notice")).to_have_text("It broke.")
    expect(failed.locator(".actions button")).to_have_text(["Edit question", "Ask again"])


def test_the_wheel_over_a_long_answer_scrolls_it(page: Page) -> None:
    turn = ask(page, FERRY)
    said = turn.locator(".said")
    said.evaluate("one => one.insertAdjacentHTML('beforeend', '<p style=\"height: 3000px\">long</p>')")
    said.hover()
    page.mouse.wheel(0, 400)
    page.wait_for_function("document.querySelector('#talk').scrollTop > 100")
