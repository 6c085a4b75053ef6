"""Conversations behind the page: what is asked, restored and offered, without a browser."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from browsing import BEES
from pincite import Answer, Assistant, Hit, Index
from pincite.web.chat import Asked, Chat, Conversation
from pincite.web.library import Library
from serving import make_index


def chat_over(index: Index) -> Chat:
    return Chat(index, Assistant(index), Library(index))


def test_too_long_a_question_is_told(assistant: Assistant) -> None:
    *_, (_, html) = chat_over(assistant.index).ask(Asked("salt " * 900), "", Conversation())
    assert "Ask in up to 4,000 characters" in html


def test_blank_question_is_no_turn(assistant: Assistant) -> None:
    assert [now for now, _ in chat_over(assistant.index).ask(Asked(" \n"), "", Conversation())] == [Conversation()]


def test_unexpected_error_is_logged_and_never_looks_like_nothing_found(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("private detail")

    monkeypatch.setattr(Assistant, "ask", fail)
    with caplog.at_level(logging.ERROR):
        *_, (conversation, html) = chat_over(assistant.index).ask(Asked(BEES), "", Conversation())
    assert "class='notice failed'" in html
    assert "Nothing in these articles" not in html
    assert "private detail" not in html
    assert "private detail" in caplog.text
    assert conversation.turns[0].reply == ""


def test_what_is_no_kept_conversation_is_left_out(assistant: Assistant) -> None:
    page = chat_over(assistant.index)
    odd = ('[{"question": 7}]', '[{"sources": [1]}]', '[{"question": "x", "sources": "y"}]')
    for kept in ("", "nonsense", "{}", "[1]", *odd, "[" * 9999):
        assert [now for now, _ in page.restore(kept, Conversation())] == [Conversation()], kept


def test_names_make_questions_where_titles_say_nothing(tmp_path: Path) -> None:
    text = "In Aldhaven Harbour the pilots meet. The “Lamp Keepers Fund” pays for oil. The Salt Road Company buys.\n"
    with Index.open(make_index(tmp_path, {"a.txt": text})) as index:
        page = chat_over(index)
        assert page.examples(1) == ["What about “Aldhaven Harbour”?"]


def test_examples_are_found_once_for_each_state(index_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Index.open(index_path) as index:
        asked: list[str] = []
        search = index.search

        def counted(question: str, *, k: int) -> list[Hit]:
            asked.append(question)
            return search(question, k=k)

        monkeypatch.setattr(index, "search", counted)
        page = chat_over(index)
        threads = [threading.Thread(target=page.prepare) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(asked) == 1
