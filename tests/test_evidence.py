"""What is read of what was found, how surely a sentence answers, and what becomes of the order of the hits.

The numbers stand here as docs/reader.md promises them, not as the code has them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from conftest import WordEmbedder, write_files
from pincite import Assistant, Index, Settings
from pincite.analysis.sentences import sentence_spans
from pincite.analysis.terms import analyse
from pincite.datatypes import Document, Filter, Hit, Passage
from pincite.reading import confidence, reader
from pincite.reading.evidence import Evidence, weigh
from pincite.reading.quotes import Constants, quotes, sentences
from pincite.reading.reader import Reading, Text
from pincite.reading.sentence import Sentence

QUESTION = "When did the ferry leave?"
FACTS = json.loads((Path(reader.__file__).parent / "weights" / reader.FACTS).read_text("utf-8"))
FITTED = {
    "reader": Constants.of(FACTS["constants"]),
    "cosine": confidence.BY_COSINE,
    "words": confidence.BY_WORDS,
    "pairs": confidence.BY_PAIRS,
}


def _hit(rank: int, text: str, score: float = 0.5, spans: Sequence[tuple[int, int]] | None = None) -> Hit:
    document = Document(doc_id=f"{rank}.txt", title=f"Note {rank}", text=text)
    passage = Passage(
        passage_id=f"{rank}.txt@0:0",
        doc_id=document.doc_id,
        text=text,
        start=0,
        end=len(text),
        sentences=tuple(sentence_spans(text) if spans is None else spans),
    )
    return Hit(passage=passage, document=document, score=score, rank=rank, scores={"dense": 0.5, "lexical": 1.0})


class Told:
    """A reader that says of each sentence what it was told, and whose probability is the logistic of that alone."""

    constants: Mapping[str, object] = {
        "bias": 0.0,
        "weights": [1.0, 0.0, 0.0, 0.0, 0.0],
        "score_weight": 4.0,
        "part": 0.5,
    }

    def __init__(self, said: Mapping[str, float]) -> None:
        self.said = said
        self.texts: list[str] = []
        self.contexts: list[str] = []

    def question_read(self, question: str) -> str:
        return question

    def read(self, question: str, texts: Sequence[Text]) -> list[Reading]:
        self.texts += [each.text for each in texts]
        self.contexts += [each.context for each in texts]
        said = [[self.said.get(each.text[a:b], -9.0) for a, b in each.sentences] for each in texts]
        spans = [tuple((a, b) for a, b in each.sentences) for each in texts]
        return [Reading(np.array(e, np.float32), s) for e, s in zip(said, spans, strict=True)]


def _weighed(hits: Sequence[Hit], told: Told) -> Evidence:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "opened", lambda name: told)
        return weigh(QUESTION, hits, {"ferri": 1.0}, Settings(), WordEmbedder())


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


# ---------------------------------------------------------------- which passages are read


@pytest.mark.parametrize(("rank", "is_read"), [(1, True), (9, True), (10, True), (11, False), (12, False)])
def test_the_best_ten_passages_are_read_and_none_after_them(rank: int, is_read: bool) -> None:
    hits = [_hit(n, f"The ferry number {n} left.", score=1 - n / 100) for n in range(1, 13)]
    told = Told({f"The ferry number {rank} left.": 5.0})
    found = _weighed(hits, told)
    assert told.texts == [hit.passage.text for hit in hits[:10]]
    assert (found.sentences[0].confidence > 0.9) is is_read
    assert {hit.document.doc_id for hit in found.hits if "read" in hit.scores} == {f"{n}.txt" for n in range(1, 11)}
    assert [hit.document.doc_id for hit in found.hits[10:]] == ["11.txt", "12.txt"]  # as they were found


def test_an_answer_reads_ten_of_what_was_ranked(
    open_index: Callable[..., Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path / "c", {f"{n}.txt": f"The ferry of harbour {n * 'x'} left at ten." for n in range(1, 14)})
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    told = Told({})
    monkeypatch.setattr(reader, "opened", lambda name: told)
    answer = Assistant(index).ask(QUESTION)
    assert len(answer.hits) == 13
    assert len(told.texts) == 10


# ---------------------------------------------------------------- the order of the hits


@pytest.mark.parametrize(("surer", "first"), [(0.82, "1.txt"), (0.85, "2.txt")])
def test_a_passage_overtakes_another_by_three_tenths_of_how_much_surer_it_is(surer: float, first: str) -> None:
    # A quarter of the score lies between them: .25 / .3 is .833.
    hits = [_hit(1, "Honey is sweet.", score=0.80), _hit(2, "It left at ten.", score=0.55)]
    found = _weighed(hits, Told({"Honey is sweet.": -60.0, "It left at ten.": _logit(surer)}))
    assert found.hits[0].document.doc_id == first
    assert [hit.rank for hit in found.hits] == [1, 2]


_PASSAGES = st.lists(
    st.tuples(st.floats(0, 1), st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=3)), min_size=1, max_size=13
)


@given(_PASSAGES)
def test_what_was_read_is_ordered_by_score_and_surest_sentence(passages: list[tuple[float, list[float]]]) -> None:
    passages.sort(reverse=True)
    said: dict[str, float] = {}
    hits = []
    for rank, (score, evidences) in enumerate(passages, 1):
        texts = [f"The ferry {rank} left at {n}." for n in range(len(evidences))]
        said.update(zip(texts, evidences, strict=True))
        hits.append(_hit(rank, " ".join(texts), score))
    found = _weighed(hits, Told(said))
    surest = {f"{n}.txt": 1 / (1 + math.exp(-max(evidences))) for n, (_, evidences) in enumerate(passages, 1)}
    read = found.hits[:10]
    for hit in read:
        assert hit.scores["read"] == pytest.approx(surest[hit.document.doc_id])
    together = [hit.score + 0.3 * surest[hit.document.doc_id] for hit in read]
    assert all(a >= b - 1e-9 for a, b in pairwise(together))
    assert [hit.document.doc_id for hit in found.hits[10:]] == [f"{n}.txt" for n in range(11, len(passages) + 1)]
    assert sorted(hit.document.doc_id for hit in found.hits) == sorted(surest)
    assert [hit.rank for hit in found.hits] == list(range(1, len(passages) + 1))


# ---------------------------------------------------------------- how surely a sentence answers


def _judged(said: float, constants: Constants, words: int, score: float = 0.5, dense: float = 0.5) -> Sentence:
    hit = replace(_hit(1, "The ferry left at ten.", score), scores={"dense": dense, "lexical": 1.0})
    reading = Reading(np.array([said], np.float32), ((0, 3),))
    (found,) = sentences([hit], [reading], {"ferri": 1.0, "honey": 1.0}, constants, words)
    return found


@pytest.mark.parametrize("kind", FITTED)
@given(st.floats(0, 1), st.floats(0.01, 0.5), st.integers(1, 200))
def test_more_evidence_never_makes_less_sure(kind: str, at: float, more: float, words: int) -> None:
    low, high = (-1, 1) if kind == "cosine" else (-12, 12)
    less, surer = (_judged(low + (high - low) * each, FITTED[kind], words) for each in (at, at + more))
    assert 0 < less.confidence <= surer.confidence < 1
    assert less.order <= surer.order
    if kind in ("reader", "cosine"):  # the others go by the words that are covered
        assert less.confidence < surer.confidence


@pytest.mark.parametrize("kind", ["reader", "cosine"])
@given(st.floats(-1, 0.9), st.floats(0.01, 0.1))
def test_a_nearer_passage_makes_surer(kind: str, dense: float, nearer: float) -> None:
    less, surer = (_judged(1.0, FITTED[kind], 8, dense=each) for each in (dense, dense + nearer))
    assert less.confidence < surer.confidence


@pytest.mark.parametrize("kind", ["words", "pairs"])
def test_where_words_alone_count_the_more_are_covered_the_surer(kind: str) -> None:
    hit, reading = _hit(1, "The ferry left at ten."), Reading(np.zeros(1, np.float32), ((0, 0),))
    weights = {"none": {"honey": 1.0}, "half": {"ferri": 1.0, "honey": 1.0}, "all": {"ferri": 1.0}}
    none, half, all_ = (sentences([hit], [reading], each, FITTED[kind], 2)[0].confidence for each in weights.values())
    assert none < half < all_
    assert none < 0.25 <= all_  # the threshold


@pytest.mark.parametrize("kind", FITTED)
@given(st.floats(0, 1), st.floats(-2, 2))  # beyond, a probability is too near to 0 or 1 to give back its logit
def test_the_score_counts_four_times_in_the_order_and_not_in_the_confidence(
    kind: str, score: float, said: float
) -> None:
    found = _judged(said, FITTED[kind], 8, score)
    assert found.confidence == _judged(said, FITTED[kind], 8, 0.0).confidence
    assert found.order - _logit(found.confidence) == pytest.approx(4 * score, abs=1e-6)


@given(st.integers(11, 300))
def test_of_a_long_question_the_words_count_for_more_and_the_evidence_for_less(words: int) -> None:
    def gain(words: int) -> float:
        low, high = (_judged(said, FITTED["reader"], words) for said in (0.0, 1.0))
        return _logit(high.confidence) - _logit(low.confidence)

    short, long = _judged(0.0, FITTED["reader"], 10), _judged(0.0, FITTED["reader"], words)
    assert long.confidence > short.confidence  # half of its words are covered
    assert 0 < gain(words) < gain(10)
    assert gain(10) == pytest.approx(gain(3))  # up to ten words the length says nothing
    assert words < 50 or gain(words) == pytest.approx(gain(50))


@pytest.mark.parametrize("kind", FITTED)
def test_half_as_sure_as_the_best_is_quoted_with_it_and_less_is_not(kind: str) -> None:
    hits = [_hit(1, "The ferry left."), _hit(2, "Honey is sweet."), _hit(3, "Oats were ground.")]
    best, near, far = (_said(hit, sure) for hit, sure in zip(hits, (0.9, 0.451, 0.449), strict=True))
    made = quotes([best, near, far], 0.25, FITTED[kind].part)
    assert [each.best for each in made] == [best, near]


def _said(hit: Hit, sure: float) -> Sentence:
    (span,) = hit.passage.sentences
    return Sentence(hit, 0, span, span, span[0], (0.0,) * 5, sure, _logit(sure))


# ---------------------------------------------------------------- the threshold


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=12), st.floats(0, 1), st.floats(0, 1), st.data())
def test_no_quote_is_less_sure_than_any_threshold(
    sure: list[float], threshold: float, part: float, data: st.DataObject
) -> None:
    threshold = data.draw(st.sampled_from([threshold, *sure]))  # a sentence as sure as the threshold answers
    text = " ".join(f"The ferry left at {n}." for n in range(len(sure)))
    hit = _hit(1, text)
    found = [
        Sentence(hit, place, span, span, span[0], (0.0,) * 5, each, _logit(each))
        for place, (span, each) in enumerate(zip(hit.passage.sentences, sure, strict=True))
    ]
    found.sort(key=lambda each: -each.order)
    made = quotes(found, threshold, part)
    assert bool(made) == (max(sure) >= threshold)
    assert len(made) <= 5
    for quote in made:
        assert quote.best.confidence >= max(threshold, part * max(sure))
        assert quote.best.confidence == max(each.confidence for each in quote.sentences)
    assert not made or made[0].best is found[0]


ASKED = {
    "When did the night ferry leave Aldhaven?": "ten",
    "How many carts did the night ferry carry?": "forty",
    "How much honey does a hive of the grey bee need for the winter?": "eighteen kilograms",
    "What was the wheel of the tide mill made of?": "elm",
    "Until when did the tide mill grind oats?": "1911",
    "Which bee needs honey for the winter?": "grey bee",
    "In what did the dam of the mill break?": "storm",
}


@tried(max_examples=12)
@given(st.sampled_from([*ASKED, "the mill and the ferry", "oats elm storm honey", "bee", QUESTION]), st.floats(0, 1))
@example("Who won the cup?", 0.0)
@example("Who won the cup?", 1.0)
def test_an_answer_is_as_sure_as_its_first_citation(real_index: Index, question: str, threshold: float) -> None:
    sure = Assistant(real_index, threshold=0.0).ask(question).confidence
    for each in (threshold, sure, min(1.0, math.nextafter(sure, 1))):
        answer = Assistant(real_index, threshold=each).ask(question)
        assert answer.confidence == sure
        assert answer.answered == bool(answer.citations) == (sure >= each)
        assert not answer.citations or answer.citations[0].confidence == sure
        assert all(citation.confidence >= each for citation in answer.citations)
        assert all(0 <= citation.confidence <= 1 for citation in answer.citations)


# ---------------------------------------------------------------- the words that answer


@pytest.mark.parametrize("question", ASKED)
def test_the_words_that_answer_a_plain_question_are_marked(real_index: Index, question: str) -> None:
    citation = Assistant(real_index).ask(question).citations[0]
    marked = [citation.document.text[start:end] for start, end in citation.highlights]
    assert any(ASKED[question] in each for each in marked), marked
    assert sum(map(len, marked)) < len(citation.quote) / 2, marked


@pytest.mark.parametrize(
    "question", [*ASKED, "the mill and the ferry", "oats elm storm honey", "Its dam and its wheel"]
)
def test_marks_lie_in_their_quote_in_order_and_apart(real_index: Index, question: str) -> None:
    for citation in Assistant(real_index, threshold=0.0).ask(question).citations:
        assert citation.document.text[citation.start : citation.end] == citation.quote
        bounds = [citation.start, *(at for span in citation.highlights for at in span), citation.end]
        assert bounds == sorted(bounds)
        assert all(start < end for start, end in citation.highlights)
        best = citation.best
        assert any(best[0] <= start and end <= best[1] for start, end in citation.highlights)


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=8))
def test_marks_are_in_the_order_of_the_text_whatever_the_order_of_the_sentences(
    drawn: list[tuple[float, int, int]],
) -> None:
    hit = _hit(1, " ".join(f"The ferry left at {n}." for n in range(len(drawn))))
    found = []
    for place, ((start, end), (sure, a, b)) in enumerate(zip(hit.passage.sentences, drawn, strict=True)):
        answer = (start + min(a, b, end - start), start + min(max(a, b), end - start))
        found.append(Sentence(hit, place, (start, end), answer, start, (0.0,) * 5, sure, _logit(sure)))
    found.sort(key=lambda each: -each.order)
    for quote in quotes(found, 0.0, 0.0):
        bounds = [quote.span[0], *(at for span in quote.highlights for at in span), quote.span[1]]
        assert bounds == sorted(bounds)
        assert all(start < end for start, end in quote.highlights)
        marked = {each.answer for each in quote.sentences if each.answer in quote.highlights}
        assert marked == set(quote.highlights)


# ---------------------------------------------------------------- nothing to read

NOTHING = {
    "zero width": "\u200b" * 500,
    "mostly zero width": "\u200b" * 400 + " The ferry left at ten. " + "\u200b" * 400,
    "empty sentences": "\u200b. \u200b\u200b.\n\n\u200b!",
    "marks": "... !!! ???\n\n---",
    "accents": "\u0301" * 60,
}


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("nothing")
    write_files(folder / "c", {f"{kind}.txt": text for kind, text in NOTHING.items()})
    with Index.open(folder / "index") as index:
        assert len(index.update(folder / "c").added) == len(NOTHING)
        yield index


@pytest.mark.parametrize("name", [None, "default"])
@pytest.mark.parametrize("kind", NOTHING)
def test_an_article_that_says_nothing_can_be_asked(nothing: Index, kind: str, name: str | None) -> None:
    nothing.use_reader(name)
    for question in (QUESTION, "\u200b", "蜂箱过冬需要多少蜂蜜?", "The Who"):
        answer = Assistant(nothing, threshold=0.0).ask(question, where=Filter(doc_ids=f"{kind}.txt"))
        assert answer.hits
        for each in answer.citations:
            assert each.document.text[each.start : each.end] == each.quote
            assert 0 <= each.confidence <= 1


@pytest.mark.parametrize("name", [None, "default"])
def test_passages_without_sentences_or_none_at_all_are_read_as_nothing(name: str | None) -> None:
    for hits in ([], [_hit(1, "\u200b" * 9, spans=[])]):
        found = weigh(QUESTION, hits, {"ferri": 1.0}, Settings(reader=name), WordEmbedder())
        assert found.sentences == []
        assert len(found.hits) == len(hits)


def test_without_a_reader_the_cosine_of_each_sentence_counts_and_nothing_is_marked() -> None:
    hits = [_hit(1, "Honey is sweet. The ferry did leave at ten."), _hit(2, "Oats were ground.")]
    embedder = WordEmbedder()
    found = weigh(QUESTION, hits, dict.fromkeys(analyse(QUESTION), 1.0), Settings(reader=None), embedder)
    (asked,) = embedder.encode_query([QUESTION])
    assert found.sentences[0].text == "The ferry did leave at ten."
    for each in found.sentences:
        (vector,) = embedder.encode_query([each.text])
        assert each.features[0] == pytest.approx(float(vector @ asked), abs=1e-5)
        assert each.answer[0] == each.answer[1]


def test_each_kind_of_evidence_has_as_many_weights_as_there_is_evidence() -> None:
    for constants in FITTED.values():
        assert len(constants.weights) == len(_judged(0.0, constants, 8).features) == reader.FEATURES


@pytest.mark.parametrize(
    ("doc_id", "title", "subject"),
    [
        ("weechat-notes.txt", None, "weechat notes"),
        ("weechat/FAQ.txt", None, "weechat FAQ"),
        ("weechat/FAQ.txt", "Questions", "weechat Questions"),
        ("2021/10811.txt", None, ""),
        ("2021/ferry.txt", "The night ferry", "The night ferry"),
        ("2021/index.html", "The night ferry", "The night ferry"),
        ("README.md", "The night ferry", "The night ferry"),
        ("news/all.jsonl#x17", "The night ferry", "The night ferry"),
    ],
)
def test_what_a_file_is_named_after_is_read_where_its_title_does_not_say_it(
    doc_id: str, title: str | None, subject: str
) -> None:
    told = Told({})
    hit = _hit(1, "It began in 2003.")
    named = title or doc_id.rpartition("/")[2].partition(".")[0]
    document = replace(hit.document, doc_id=doc_id, title=named, title_is_name=title is None)
    _weighed([replace(hit, document=document)], told)
    assert told.contexts == [subject]


def test_a_text_without_a_title_answers_of_what_its_file_is_named_after(tmp_path: Path) -> None:
    write_files(
        tmp_path / "c",
        {
            "weechat-notes.txt": "The client began in 2003.\nIts author was S. Vik. Plugins are loaded at start.\n",
            "irssi-notes.txt": "The client began in 1999.\nIts author was T. Orr. Plugins are loaded on demand.\n",
        },
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("When did weechat begin?")
    assert [each.quote for each in answer.citations] == ["The client began in 2003."]
