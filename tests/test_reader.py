"""The reader by itself: windows, sentences, words that answer, and files that are not what was written."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite import Assistant, Index, Settings
from pincite.analysis.sentences import sentence_spans
from pincite.errors import ReaderError
from pincite.reading import reader
from pincite.reading.reader import QUESTION_TOKENS, WINDOW_TOKENS, Text, sentence_tokens, windows

WEIGHTS = Path(reader.__file__).parent / "weights"
TEXT = "The harbour lies on the north side. The night ferry left Aldhaven at ten. It carried forty carts of oats."


@given(st.integers(1, 300), st.integers(0, 60), st.integers(0, 2000))
def test_windows_hold_every_token_of_a_passage(question: int, context: int, passage: int) -> None:
    made = windows([7] * question, [8] * context, list(range(1000, 1000 + passage)))
    seen = {each.ids[each.first + i] for each in made for i in range(each.tokens[1] - each.tokens[0])}
    assert seen == set(range(1000, 1000 + passage))
    for each in made:
        first, count = each.first, each.tokens[1] - each.tokens[0]
        assert each.ids[first : first + count] == list(range(1000 + each.tokens[0], 1000 + each.tokens[1]))
        assert count <= WINDOW_TOKENS
        assert len(each.ids) <= 512  # what the model has positions for
        assert each.question <= QUESTION_TOKENS + 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20), st.data())
def test_sentences_share_out_the_tokens(lengths: list[int], data: st.DataObject) -> None:
    ends = np.cumsum(lengths).tolist()
    offsets = list(zip([0, *ends[:-1]], ends, strict=True))
    cuts = sorted(set(data.draw(st.lists(st.sampled_from([0, *ends]), max_size=5))) | {0, ends[-1]})
    spans = list(pairwise(cuts))
    found = sentence_tokens(offsets, spans)
    assert [i for start, end in found for i in range(start, end)] == list(range(len(offsets)))


def test_the_sentence_that_answers_gets_the_most_evidence_and_its_words_are_found() -> None:
    spans = sentence_spans(TEXT)
    (found,) = reader.opened("default").read("When did the ferry leave?", [Text("", TEXT, spans)])
    assert int(found.sentences.argmax()) == 1
    start, end = found.answers[1]
    assert "ten" in TEXT[start:end]
    assert spans[1][0] <= start < end <= spans[1][1]


def test_a_passage_longer_than_a_window_is_read_to_its_end() -> None:
    text = "The hall was built of grey stone. " * 120 + "The night ferry left Aldhaven at ten."
    (found,) = reader.opened("default").read(
        "When did the night ferry leave Aldhaven?", [Text("", text, sentence_spans(text))]
    )
    assert int(found.sentences.argmax()) == len(found.sentences) - 1


def test_one_by_one_or_together_passages_are_read_alike() -> None:
    texts = [Text("Ferries", TEXT, sentence_spans(TEXT)), Text("", "Honey is sweet.", [(0, 15)])]
    question = "When did the ferry leave?"
    together = reader.opened("default").read(question, texts)
    for each, text in zip(together, texts, strict=True):
        (alone,) = reader.opened("default").read(question, [text])
        assert each.sentences.tolist() == alone.sentences.tolist()
        assert each.answers == alone.answers


def test_of_a_long_question_the_end_is_read(real_index: Index) -> None:
    question = (
        "This page tells of boats, of boats and again of boats. " * 60 + "When did the night ferry leave Aldhaven?"
    )
    answer = Assistant(real_index).ask(question)
    assert question.endswith(answer.question)
    assert len(answer.question) < len(question)
    assert answer.citations[0].quote.startswith("The night ferry left Aldhaven at ten.")


def test_a_short_question_is_read_whole(real_index: Index) -> None:
    assert Assistant(real_index).ask("Honey?").question == "Honey?"


@pytest.mark.parametrize("damage", ["missing", "other bytes", "no reader", "other format", "other constants"])
def test_a_reader_that_is_not_what_was_written_is_named_with_the_way_on(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(WEIGHTS, folder)
    if damage == "missing":
        (folder / reader.MODEL).unlink()
    elif damage == "other bytes":
        (folder / reader.MODEL).write_bytes(b"\0" + (folder / reader.MODEL).read_bytes()[1:])
    elif damage == "no reader":
        (folder / reader.FACTS).unlink()
    elif damage == "other constants":
        facts = json.loads((folder / reader.FACTS).read_text("utf-8"))
        facts["constants"]["weights"] = [1.0, 0.0, 1.0]
        (folder / reader.FACTS).write_text(json.dumps(facts), "utf-8")
    else:
        facts = (folder / reader.FACTS).read_text("utf-8")
        (folder / reader.FACTS).write_text(facts.replace('"format": 1', '"format": 99'), "utf-8")
    with pytest.raises(ReaderError, match="reader none") as caught:
        reader.Reader(str(folder))
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_reader_in_a_folder_of_its_own_reads(real_index: Index, tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "reader")
    settings = Settings(reader=str(tmp_path / "reader"))
    with Index.open(real_index.owned_paths[0], settings=settings) as index:
        assert Assistant(index).ask("When did the night ferry leave Aldhaven?").answered


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Much was pasted. How much honey does a hive need? Any idea?", "How much honey does a hive need? Any idea?"),
        ("Is it old? It was pasted. How much honey does a hive need?", "How much honey does a hive need?"),
        ("It was pasted. Tell me of the honey.", "Tell me of the honey."),
    ],
)
def test_the_last_questions_of_a_long_text_are_read(text: str, read: str) -> None:
    assert reader.last_sentences(text, len(text)) == read


@pytest.mark.parametrize("facts", ["3", "null", '{"format": 1}', '{"format": 1, "constants": 5, "sha256": ["a"]}'])
def test_facts_that_are_none_are_one_line(tmp_path: Path, facts: str) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "reader")
    (tmp_path / "reader" / reader.FACTS).write_text(facts, "utf-8")
    with pytest.raises(ReaderError, match="reader none"):
        reader.Reader(str(tmp_path / "reader"))
