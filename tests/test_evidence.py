"""Which sentences are quoted, and how far."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import WordEmbedder, write_files
from pincite import Assistant, Index, evidence
from pincite.evidence import Sentence, confidence, quotes
from pincite.index import Ranking


def _rank(index: Index, question: str) -> Ranking:
    return index.rank([(question, 1.0)], passages=20, documents=10)


def _sentences(index: Index, question: str) -> list[Sentence]:
    return evidence.sentences(index, [(question, 1.0)], _rank(index, question))


def test_what_stands_before_a_sentence_counts_as_covered_by_half_for_each_step(real_index: Index) -> None:
    ranking = _rank(real_index, "ferry carts")
    found = {each.text: each.covered for each in _sentences(real_index, "ferry carts")}
    ferry, carts = ranking.terms["ferri"], ranking.terms["cart"]
    # "ferry" stands in the title, "carts" in the second sentence only.
    assert found["The night ferry left Aldhaven at ten."] == pytest.approx(ferry / (ferry + carts))
    assert found["It carried forty carts."] == pytest.approx(1.0)


def test_a_word_of_the_sentence_before_is_covered_by_half(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "A note\n\nThe ferry left at ten. It carried carts. It came back."})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        found = _sentences(index, "ferry")
    assert [each.covered for each in found] == [1.0, 0.5, 0.25]


def test_no_sentence_no_confidence() -> None:
    assert confidence([]) == 0.0
    assert quotes([]) == []


@pytest.mark.parametrize("question", ["When did the night ferry leave?", "oats elm storm honey", "mill"])
def test_quotes_are_whole_sentences_and_hold_their_best_one(real_index: Index, question: str) -> None:
    for quote in quotes(_sentences(real_index, question)):
        spans = quote.hit.passage.sentences
        assert quote.span[0] in {start for start, _ in spans}
        assert quote.span[1] in {end for _, end in spans}
        assert quote.best in spans
        assert quote.span[0] <= quote.best[0] < quote.best[1] <= quote.span[1]


def test_quotes_do_not_overlap_and_the_best_sentence_is_in_the_first(real_index: Index) -> None:
    found = _sentences(real_index, "the mill and the ferry")
    made = quotes(found)
    assert made[0].best == max(found, key=lambda each: each.score).span
    places = sorted((each.hit.document.doc_id, *each.span) for each in made)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places))


def test_not_all_that_may_be_quoted_is_of_one_article(open_index: Callable[..., Index], tmp_path: Path) -> None:
    long = "\n\n".join(f"# Hive {n}\n\nThe grey bees of hive {n} swarm in May." for n in range(7))
    write_files(tmp_path / "c", {"long.md": long, "b.txt": "The grey bees swarm.", "d.txt": "Grey bees in May."})
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    counts: dict[str, int] = {}
    for name in {(s.hit.document.doc_id, s.hit.rank) for s in _sentences(index, "When do the grey bees swarm?")}:
        counts[name[0]] = counts.get(name[0], 0) + 1
    assert counts == {"long.md": 3, "b.txt": 1, "d.txt": 1}


@given(st.lists(st.sampled_from(["It was late.", "The ferry left.", "So say all.", "Honey is sweet."]), min_size=1))
def test_each_text_is_quoted_once(open_words: Callable[[str], Index], texts: list[str]) -> None:
    made = quotes(_sentences(open_words(" ".join(texts)), "ferry honey"))
    spans = [span for each in made for span in each.hit.passage.sentences if each.span[0] <= span[0] < each.span[1]]
    said = [made[0].hit.document.text[slice(*span)] for span in spans]
    assert len(said) == len(set(said))


@pytest.fixture(scope="module")
def open_words(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Index]:
    from pincite import Settings

    def open_(text: str) -> Index:
        folder = tmp_path_factory.mktemp("words")
        write_files(folder / "c", {"a.txt": text})
        index = Index.open(folder / "index", settings=Settings(model="words"))
        index.use_embedder("words", WordEmbedder())
        index.update(folder / "c")
        return index

    return open_


def test_a_list_is_quoted_with_the_line_that_announces_it(tmp_path: Path) -> None:
    items = ["a fund for sewage works", "free tests of wells", "an ombudsman for water"]
    listed = "\n".join(f"- {item}" for item in items)
    text = f"# Plan\n\nThe plan for clean water has three measures:\n\n{listed}\n\nIt was adopted on Tuesday.\n"
    write_files(tmp_path / "c", {"plan.md": text})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Which measures does the plan for clean water have?")
    assert all(item in answer.citations[0].quote for item in items)
    assert "Tuesday" not in answer.citations[0].quote
    places = sorted((each.start, each.end) for each in answer.citations)
    assert all(a[1] <= b[0] for a, b in pairwise(places))


@pytest.mark.parametrize(
    "turn",
    ["Thanks!", "Is there life on Mars?", "Who was Napoleon?", "Which country has more people than China?", "Mars?",
     "Define photosynthesis", "Who won the ice hockey cup that was held in Montreal?", "What is photosynthesis?",
     "And who won it in Montreal?"],
)  # fmt: skip
@pytest.mark.parametrize("before", ["When did the night ferry leave Aldhaven?", "How much honey does a hive need?"])
def test_a_new_subject_does_not_bring_back_the_old_one(real_index: Index, before: str, turn: str) -> None:
    answer = Assistant(real_index).ask(turn, history=[{"role": "user", "content": before}])
    assert not answer.answered, answer.text


def test_a_new_question_is_answered_as_if_nothing_had_been_said(real_index: Index) -> None:
    history = [{"role": "user", "content": "When did the night ferry leave Aldhaven?"}]
    answer = Assistant(real_index).ask("How much honey does a hive need for the winter?", history=history)
    assert {each.document.doc_id for each in answer.citations} == {"bees.txt"}
