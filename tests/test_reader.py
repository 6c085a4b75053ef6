"""The reader by itself: windows, sentences, words that answer, and files that are not what was written."""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from pincite import Assistant, Index, Settings
from pincite.analysis.sentences import sentence_spans
from pincite.errors import ReaderError
from pincite.reading import reader
from pincite.reading.reader import Text, sentence_tokens, windows

WEIGHTS = Path(reader.__file__).parent / "weights"
TEXT = "The harbour lies on the north side. The night ferry left Aldhaven at ten. It carried forty carts of oats."


@given(st.integers(1, 300), st.integers(0, 60), st.integers(0, 2000))
@example(128, 32, 256)
@example(129, 33, 257)
@example(1, 0, 448)
@example(1, 0, 449)
def test_windows_hold_every_token_of_a_passage(question: int, context: int, passage: int) -> None:
    asked, head, body = (list(range(n, n + count)) for n, count in ((7000, question), (8000, context), (1000, passage)))
    made = windows(asked, head, body)
    for each in made:
        ids, first = each.ids, each.first
        assert ids[1 : each.question - 1] == asked[-128:]  # the end of the question
        assert ids[each.question : first] == head[:32]  # the beginning of the context
        assert ids[first:-1] == body[slice(*each.tokens)]
        assert (ids[0], ids[each.question - 1], ids[-1]) == (101, 102, 102)
        assert len(ids) <= 512  # what the model has positions for
    spans = [each.tokens for each in made]
    assert spans[0][0] == 0
    assert spans[-1][1] == passage
    assert all(stop - start == 256 for start, stop in spans[:-1])
    assert spans[-1][1] - spans[-1][0] <= 256
    assert all(one[1] - other[0] == 64 for one, other in pairwise(spans))  # a quarter of a row
    assert all(one[1] < other[1] for one, other in pairwise(spans))  # no row holds what was read already, alone
    assert len(made) == 1 or passage > 256


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


Logits = Callable[[reader.Window, npt.NDArray[np.int64]], npt.NDArray[np.floating]]


class Computed(reader.Reader):
    """The reader with its tokens and rows, and logits that a test computes from the places of tokens in a passage."""

    compute: Logits

    def _logits(self, row: reader.Window) -> reader.Floats:
        return self.compute(row, np.arange(*row.tokens)).astype(np.float32)


@pytest.fixture(scope="module")
def computed() -> Computed:
    return Computed()


def _words(count: int) -> tuple[str, list[tuple[int, int]]]:
    """A text of so many words, each of them one token and one sentence."""
    return "boat " * count, [(5 * n, 5 * n + 4) for n in range(count)]


@pytest.mark.parametrize("count", [1, 255, 256, 257, 448, 449, 700])
def test_a_token_in_two_windows_gets_the_mean(computed: Computed, count: int) -> None:
    text, spans = _words(count)
    computed.compute = lambda row, places: np.full((len(places), 3), 1.0 + row.tokens[0])
    (found,) = computed.read("Which boat?", [Text("", text, spans)])
    rows = [(0, 256), *((n, n + 256) for n in range(192, max(count - 64, 0), 192))]
    for place, said in enumerate(found.sentences.tolist()):
        held = [1.0 + start for start, stop in rows if start <= place < stop]
        assert len(held) in (1, 2)
        assert said == pytest.approx(2 * sum(held) / len(held))  # its sentence's, and its words'


@tried(max_examples=40)
@given(st.integers(1, 110), st.integers(0, 10_000), st.data())
def test_evidence_and_answer_are_those_of_the_likeliest_run_of_24_tokens(
    computed: Computed, count: int, seed: int, data: st.DataObject
) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, (count, 3)).astype(np.float32)
    text, words = _words(count)
    cuts = sorted({0, count, *data.draw(st.lists(st.integers(0, count), max_size=3))})
    spans = [(words[a][0], words[b - 1][1]) for a, b in pairwise(cuts)]
    computed.compute = lambda _, places: logits[places]
    (found,) = computed.read("Which boat?", [Text("", text, spans)])
    for (a, b), said, (start, end) in zip(pairwise(cuts), found.sentences.tolist(), found.answers, strict=True):
        runs = [(i, j) for i in range(a, b) for j in range(i, min(i + 24, b))]
        i, j = max(runs, key=lambda run: float(logits[run[0], 1] + logits[run[1], 2]))
        assert said == pytest.approx(float(logits[a:b, 0].mean() + (logits[i, 1] + logits[j, 2]) / 2), abs=1e-4)
        assert (start, end) == (words[i][0], words[j][1])


@pytest.mark.parametrize(("apart", "marked"), [(23, 24), (24, 24), (40, 24)])
def test_no_more_than_24_tokens_are_marked(computed: Computed, apart: int, marked: int) -> None:
    text, words = _words(60)

    def peaks(_: reader.Window, places: npt.NDArray[np.int64]) -> npt.NDArray[np.floating]:
        first = np.where(places == 5, 9.0, -places / 100)
        last = np.where(places == 5 + apart, 20.0, places / 100)
        return np.stack([places * 0.0, first, last], axis=1)

    computed.compute = peaks
    (found,) = computed.read("Which boat?", [Text("", text, [(0, words[-1][1])])])
    start, end = found.answers[0]
    assert text[start:end].count("boat") == marked
    assert end == words[5 + apart][1]  # the surer of its two ends


def test_the_words_marked_lie_in_their_sentence_and_are_no_more_than_24() -> None:
    many = ", ".join(["oats", "honey", "elm", "sweet grey stone", "forty carts"] * 9)
    text = f"The ferry carried {many}. Carts! It left Aldhaven at ten.\n\n- And\n- Sund"
    spans = sentence_spans(text)
    read = reader.opened("default")
    for question in ("What did the ferry carry?", "When did it leave?", "oats honey elm", "Why?"):
        (found,) = read.read(question, [Text("Ferries", text, spans)])
        assert len(found.answers) == len(found.sentences) == len(spans)
        for (start, end), (first, last) in zip(found.answers, spans, strict=True):
            assert first <= start < end <= last
            assert len(re.findall(r"\w+|[^\w\s]", text[start:end])) <= 24


def test_a_sentence_without_words_has_no_evidence_and_no_answer() -> None:
    text = "The ferry left at ten. \u200b\u200b It came back."
    spans = [(0, 22), (23, 25), (26, 38)]
    (found,) = reader.opened("default").read("When did the ferry leave?", [Text("", text, spans)])
    assert np.isneginf(found.sentences).tolist() == [False, True, False]
    assert found.answers[1] == (23, 25)
    assert found.sentences.dtype == np.float32


def test_of_title_and_heading_32_tokens_are_read() -> None:
    words = (
        "mill dam ferry honey wheel storm winter bee cart wood water stone night harbour carried made " * 3
    ).split()
    assert _tokens(" ".join(words)) == len(words)

    def read(count: int) -> list[float]:
        text = Text(" ".join(words[:count]), TEXT, sentence_spans(TEXT))
        (found,) = reader.opened("default").read("When did the ferry leave?", [text])
        return [float(each) for each in found.sentences]

    assert read(32) == read(33) == read(48)
    assert read(31) != read(32)


# ---------------------------------------------------------------- how much of a question is read


def _tokens(text: str) -> int:
    tokenizer = reader.opened("default")._tokenizer
    return len(tokenizer.encode(text, add_special_tokens=False).ids)


def test_a_question_of_128_tokens_is_read_whole_and_of_a_longer_one_the_end() -> None:
    read = reader.opened("default").question_read
    whole = "It was late. Which " + "boat " * 122 + "?"
    assert _tokens(whole) == 128
    assert read(whole) == whole
    longer = "It was late. Which " + "boat " * 123 + "?"
    assert _tokens(longer) == 129
    assert read(longer) == "Which " + "boat " * 123 + "?"


def test_of_a_sentence_that_is_too_long_by_itself_the_last_128_tokens_are_read() -> None:
    read = reader.opened("default").question_read("Which " + "boat " * 300 + "?")
    assert read == "boat " * 127 + "?"


_SENTENCES = ["It was late.", "The night ferry left Aldhaven at ten.", "Honey is sweet!", "Oats, honey, elm and stone."]
_QUESTIONS = ["When did the ferry leave?", "Any idea?", "蜂箱过冬需要多少蜂蜜？"]


@given(st.lists(st.sampled_from(_SENTENCES), min_size=40, max_size=60))
def test_of_a_long_text_as_many_of_its_last_sentences_are_read_as_fit(said: list[str]) -> None:
    question = " ".join(said)
    read = reader.opened("default").question_read(question)
    assert question.endswith(read)
    count = len(sentence_spans(read))
    assert read == " ".join(said[-count:])
    # One more would be too much, unless all of it fits but the full stop before it, which is cut as a sentence is.
    assert _tokens(read) <= 128
    assert _tokens(" ".join(said[-count - 1 :])) >= 127


@given(
    st.lists(st.sampled_from([*_SENTENCES, *_QUESTIONS]), min_size=40, max_size=60),
    st.lists(st.sampled_from(_QUESTIONS), min_size=1, max_size=3),
    st.lists(st.sampled_from(_SENTENCES), max_size=2),
)
def test_of_a_long_text_with_questions_the_last_ones_are_read(
    above: list[str], asked: list[str], below: list[str]
) -> None:
    question = " ".join([*above, "It was said.", *asked, *below])
    assert reader.opened("default").question_read(question) == " ".join([*asked, *below])


def test_the_reader_gets_the_end_that_the_answer_says_was_read(
    real_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_: list[str] = []
    read = reader.Reader.read

    def watched(self: reader.Reader, question: str, texts: Sequence[Text]) -> list[reader.Reading]:
        given_.append(question)
        return read(self, question, texts)

    monkeypatch.setattr(reader.Reader, "read", watched)
    asked = "When did the night ferry leave Aldhaven?"
    answer = Assistant(real_index).ask("The wheel was made of elm and honey is sweet. " * 20 + asked)
    assert given_ == [answer.question] == [asked]


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


# ---------------------------------------------------------------- files that are not what was written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader in a folder of its own; the large file by a link, since no test writes into it."""
    made = tmp_path / "reader"
    made.mkdir()
    (made / reader.MODEL).symlink_to(WEIGHTS / reader.MODEL)
    for name in (reader.VOCABULARY, reader.FACTS):
        shutil.copyfile(WEIGHTS / name, made / name)
    return made


def _refused(folder: Path, name: str) -> str:
    """The one line that names a folder or a file in it, and how to go on without."""
    with pytest.raises(ReaderError) as caught:
        reader.Reader(str(folder))
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert str(folder) in said
    assert name in said
    assert "Settings(reader=None)" in said
    assert "--reader none" in said
    return said


def test_a_reader_as_it_was_written_loads(folder: Path) -> None:
    assert reader.Reader(str(folder)).constants == reader.opened("default").constants


@pytest.mark.parametrize("name", [reader.MODEL, reader.VOCABULARY])
@pytest.mark.parametrize("damage", ["missing", "a folder", "empty", "longer", "another digest"])
def test_a_file_of_another_digest_is_refused(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    if damage == "another digest":
        facts = json.loads((folder / reader.FACTS).read_text("utf-8"))
        facts["sha256"][name] = "0" * 64
        (folder / reader.FACTS).write_text(json.dumps(facts), "utf-8")
    else:
        data = path.read_bytes()
        path.unlink()
        if damage == "a folder":
            path.mkdir()
        elif damage != "missing":
            path.write_bytes(b"" if damage == "empty" else data + b"\n")
    assert str(path) in _refused(folder, name)


@pytest.mark.parametrize("written", [0, 2, 99, None, "1", [1]])
def test_a_reader_of_another_format_is_refused(folder: Path, written: object) -> None:
    _with_facts(folder, ("format",), written)
    assert f"format {written}" in _refused(folder, "not 1")


def _with_facts(folder: Path, keys: tuple[str, ...], value: object) -> None:
    """Write another value into reader.json, or none where it is `MISSING`."""
    facts = json.loads((folder / reader.FACTS).read_text("utf-8"))
    at = facts
    for key in keys[:-1]:
        at = at[key]
    if value is MISSING:
        del at[keys[-1]]
    else:
        at[keys[-1]] = value
    (folder / reader.FACTS).write_text(json.dumps(facts), "utf-8")


MISSING = object()
NUMBERS = [("constants", name) for name in ("bias", "score_weight", "part")]


@pytest.mark.parametrize(
    "keys",
    [("format",), ("constants",), ("sha256",), ("constants", "weights"), *NUMBERS, ("sha256", reader.MODEL),
     ("sha256", reader.VOCABULARY)],
)  # fmt: skip
def test_facts_that_lack_one_are_refused(folder: Path, keys: tuple[str, ...]) -> None:
    _with_facts(folder, keys, MISSING)
    _refused(folder, str(folder) if keys == ("format",) else reader.FACTS)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6])
def test_another_number_of_weights_is_refused(folder: Path, count: int) -> None:
    _with_facts(folder, ("constants", "weights"), [1.0] * count)
    assert "5 finite weights" in _refused(folder, reader.FACTS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("keys", [*NUMBERS, ("constants", "weights")])
def test_constants_that_are_no_number_are_refused(folder: Path, keys: tuple[str, ...], value: float) -> None:
    _with_facts(folder, keys, [1.0, 0.0, value, 0.0, 0.0] if keys[-1] == "weights" else value)
    assert "finite" in _refused(folder, reader.FACTS)


@pytest.mark.parametrize("value", [None, "much", [], {}])
@pytest.mark.parametrize("keys", [*NUMBERS, ("constants", "weights"), ("constants",)])
def test_constants_of_another_kind_are_refused(folder: Path, keys: tuple[str, ...], value: object) -> None:
    _with_facts(folder, keys, value)
    _refused(folder, reader.FACTS)


@pytest.mark.parametrize(
    "facts",
    [b"3", b"null", b"[]", b"", b"{", b"\xff\xfe", b'{"format": 1}', b'{"format": 1, "constants": 5, "sha256": ["a"]}'],
)
def test_facts_that_are_none_are_refused(folder: Path, facts: bytes) -> None:
    (folder / reader.FACTS).write_bytes(facts)
    _refused(folder, str(folder))


def test_a_folder_without_facts_or_that_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / reader.FACTS).unlink()
    _refused(folder, reader.FACTS)
    _refused(tmp_path / "nowhere", reader.FACTS)
    _refused(folder / reader.VOCABULARY, reader.FACTS)


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
