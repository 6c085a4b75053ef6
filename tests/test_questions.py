"""Questions that stand in a text are not quoted as their own answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_files
from pincite import Assistant, Document, Hit, Index
from pincite.analysis.questions import is_reply, questions, questions_before
from pincite.ingest.chunking import split
from pincite.reading.quotes import Constants, quotes, sentences
from pincite.reading.reader import Reading
from pincite.reading.sentence import Sentence

FAQ = """# Shop help

How long does shipping take?

Orders arrive within five working days.

Do you ship to Norway? Yes. Parcels to Norway cost twelve euros.

How much does a spare shade cost? Nine euros.

Where is the workshop? Can the workshop be visited?

In Lund, behind the old mill. It opens to guests on Fridays.
"""
LABELLED = """Questions on the bike scheme

Q: How many bikes can I rent at once?
A: Up to three with one card.

Q: Is there a discount for students?
A: Yes.
"""
HEADED = "# Pool rules\n\n## Do you lend towels?\n\nYes, for two crowns.\n\n## May dogs swim?\n\nNo.\n"
TALK = (
    "A talk with the keeper\n\nWhy did you become a keeper? My aunt kept the light at Skarv, and I spent each summer "
    "with her. I liked the quiet.\n\nWhat is the hardest part of the work? The fog. For three weeks I sounded the horn."
)
CLOCKS = (
    "The museum of clocks\n\nHave you ever wondered how a water clock works? Our museum shows twelve of them. A float "
    "rises as water drips into a vessel, and a pointer on the float shows the hour. The oldest was made in Cairo in "
    "1206. Isn't that amazing? Tickets cost eight euros."
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    folder = tmp_path_factory.mktemp("asked")
    texts = {"shop.md": FAQ, "bikes.txt": LABELLED, "pool.md": HEADED, "talk.txt": TALK, "clocks.txt": CLOCKS}
    write_files(folder / "c", texts)
    index = Index.open(folder / "index")
    index.update(folder / "c")
    return Assistant(index)


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("How long does shipping take?", "Orders arrive within five working days."),
        ("Do you ship to Norway?", "Do you ship to Norway? Yes."),
        ("How much does a spare shade cost?", "How much does a spare shade cost? Nine euros."),
        ("Can the workshop be visited?", "In Lund, behind the old mill."),
        ("How many bikes can I rent at once?", "A: Up to three with one card."),
        ("Is there a discount for students?", "Q: Is there a discount for students?\nA: Yes."),
        ("Do you lend towels?", "Do you lend towels?\n\nYes, for two crowns."),
        ("May dogs swim?", "May dogs swim?\n\nNo."),
        ("Why did you become a keeper?", "Why did you become a keeper? My aunt kept the light at Skarv"),
        ("What is the hardest part of the work of a keeper?", "What is the hardest part of the work? The fog."),
        ("How does a water clock work?", "A float rises as water drips into a vessel"),
        ("Where was the oldest water clock made?", "The oldest was made in Cairo in 1206."),
        ("How much are tickets to the museum of clocks?", "Tickets cost eight euros."),
    ],
)
def test_a_question_of_the_text_is_answered_by_what_follows(asked: Assistant, question: str, quote: str) -> None:
    citation = asked.ask(question).citations[0]
    assert quote in citation.quote
    assert not citation.document.text[slice(*citation.best)].endswith("?")


BARE = {
    "Norway": "Do you ship to Norway? Yes. Parcels to Norway cost twelve euros.",
    "dogs": "May dogs swim?\n\nNo. They frighten the ducks. A pond for them lies behind the mill.",
    "gulls": "Are gulls fed here? Never!",
    "pets": "May I bring pets?\n\nYes:\n\n- dogs\n- cats\n- hamsters\n\nThe park is large.",
    "open": "Is it open in May? Yes.\n\nOur other park sells tar.",
}


@pytest.mark.parametrize(
    ("name", "quote"),
    [
        ("Norway", "Do you ship to Norway? Yes. Parcels to Norway cost twelve euros."),
        ("dogs", "May dogs swim?\n\nNo. They frighten the ducks."),
        ("gulls", "Are gulls fed here? Never!"),
        ("pets", "May I bring pets?\n\nYes:\n\ndogs\ncats\nhamsters"),
        ("open", "Is it open in May? Yes."),
    ],
)
def test_a_bare_yes_or_no_takes_along_what_is_said_of_it(tmp_path: Path, name: str, quote: str) -> None:
    write_files(tmp_path / "c", {f"{name}.md": f"# The park\n\n{BARE[name]}\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask(quote.split("?")[0] + "?").citations[0]
    assert first.quote == quote


TURNED = (
    "# Lines\n\nCan I move to another release?\n\nYes, but it is a one way process. You can go from stable to testing "
    "to unstable. But the reverse direction is not possible. Think of that first.\n"
)


def test_what_takes_back_or_begins_an_answer_belongs_to_it(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.md": TURNED})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask("Can I go back from unstable to stable?").citations[0]
    assert "it is a one way process. You can go" in first.quote
    assert "But the reverse direction is not possible." in first.quote


def test_an_answer_that_says_all_is_quoted_without_its_question(asked: Assistant) -> None:
    assert asked.ask("How long does shipping take?").citations[0].quote == "Orders arrive within five working days."


def test_a_question_at_the_end_of_a_passage_gives_its_evidence_to_nothing(tmp_path: Path) -> None:
    write_files(
        tmp_path / "c", {"a.md": "# Boats\n\nThe boat is green. Who painted the boat?\n\n# Nets\n\nIt is late.\n"}
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index, threshold=0.0).ask("Who painted the boat?")
    assert answer.citations
    assert not any("?" in each.quote for each in answer.citations)


def test_in_a_script_that_is_judged_by_its_words_the_question_covers_for_its_answer(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "蜂箱过冬需要多少蜂蜜？大约十八公斤。春天蜂群会分开。"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("蜂箱过冬需要多少蜂蜜？")
    assert answer.citations[0].document.text[slice(*answer.citations[0].best)] == "大约十八公斤。"


@pytest.mark.parametrize(
    "text",
    ["Who left?", "Who left?!", "多少？", "“Who left?”", "(Who could blame them?)", "Who left?[1]", "- “Who left?”",
     "Is it the “Kunpeng Action”?", '"Who left?"', "¿Quién lo vio?", "هل جاء؟", "What?\u2003"],
)  # fmt: skip
def test_a_question_is_known_by_its_mark(text: str) -> None:
    assert questions([text]) == [True]


@pytest.mark.parametrize(
    "text",
    ['He asked "why?" and left.', 'He asked: "Why?"', "She left (why?)", '"Why?" asked Pell, "and when?"', "Who left.",
     "他问：“为什么？”", "", "A: Who knows.", "Q: heat in joules", "The (un)known."],
)  # fmt: skip
def test_what_tells_of_a_question_is_none(text: str) -> None:
    assert questions([text]) == [False]


def test_what_stands_between_the_labels_of_a_question_and_its_answer_is_the_question() -> None:
    lines = [
        "Intro.",
        "Q: I lost my key.",
        "Please help.",
        "A: You pay.",
        "A new one is sent.",
        "Q2: A towel",
        "A2: No.",
    ]
    assert questions(lines) == [False, True, True, False, False, True, False]


def test_what_an_item_says_before_it_asks_belongs_to_the_question() -> None:
    sentences = [
        "7. The pump is old.",
        "Since it leaks, must it go?",
        "No.",
        "It is mended.",
        "8. Lamps are sold.",
        "Tar too.",
    ]
    assert questions(sentences) == [True, True, False, False, False, False]
    assert questions(["7. The pump is old.", "Must it go?", "Ada Pell asks so."]) == [False, True, False]


@pytest.mark.parametrize(
    "text",
    ["Yes.", "No, only lamps in a box that is sealed.", "Five days.", "A: Lamps in a box of ours.",
     "Because the council of the town had said so.", "是的，每天都开门。"],
)  # fmt: skip
def test_what_only_replies_leans_on_its_question(text: str) -> None:
    assert is_reply(text)


@pytest.mark.parametrize("text", ["Orders arrive within five working days.", "Nobody but the keeper may light it.",
                                  "Notes are kept in the tower for years."])  # fmt: skip
def test_what_says_all_does_not(text: str) -> None:
    assert not is_reply(text)


@given(st.lists(st.booleans()))
def test_the_questions_before_a_sentence_are_those_right_before_it(asks: list[bool]) -> None:
    for place, found in enumerate(questions_before(asks)):
        assert not (found and asks[place])
        assert all(asks[each] for each in found)
        assert found.stop in (0, place)
        if not asks[place] and place and asks[place - 1]:
            assert place - 1 in found
            assert found.start == 0 or not asks[found.start - 1]


LINES = st.sampled_from(
    ["The ferry left.", "Who left?", "Yes.", "- honey", "- a ferry; or", "Both need:", "It was late.", "“Honey?”",
     "honey and oats;", "(a) oats. Honey.", "    - the ferry", "Q: honey?", "A: No."]
)  # fmt: skip
GAPS = st.sampled_from([" ", "\n", "\n\n"])
TEXT = st.lists(st.tuples(LINES, GAPS), min_size=1, max_size=14).map(lambda lines: "".join(map("".join, lines)))


def _found(data: st.DataObject, texts: Sequence[str]) -> list[Sentence]:
    """The sentences of texts, with evidence that is drawn."""
    documents = [Document(doc_id=f"{place}.txt", title="T", text=text) for place, text in enumerate(texts)]
    passages = [(each, one) for each in documents for one in split(each, passage_tokens=40, tokens=_tokens)]
    hits = [
        Hit(passage=passage, document=document, score=0.0, rank=rank, scores={})
        for rank, (document, passage) in enumerate(passages, 1)
    ]
    evidence = st.floats(-6, 6, width=32)
    readings = []
    for hit in hits:
        inner = tuple((a - hit.passage.start, b - hit.passage.start) for a, b in hit.passage.sentences)
        drawn = data.draw(st.lists(evidence, min_size=len(inner), max_size=len(inner)))
        readings.append(Reading(np.array(drawn, np.float32), inner))
    return sentences(hits, readings, {}, Constants(0.0, (1.0, 0.0, 0.0, 0.0, 0.0), 0.0, 0.5), 5)


def _tokens(text: str) -> list[int]:
    return [found.start() for found in re.finditer(r"\w+|[^\w\s]", text)]


@given(st.data(), st.lists(TEXT, min_size=1, max_size=3), st.floats(0, 0.6), st.floats(0, 1))
def test_quotes_never_overlap_nor_are_led_twice_by_one_text(
    data: st.DataObject, texts: list[str], threshold: float, part: float
) -> None:
    found = _found(data, texts)
    made = quotes(found, threshold, part)
    assert not made or made[0].best is found[0]
    places = sorted((each.hit.document.doc_id, *each.span) for each in made)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places))
    best = [" ".join(each.best.text.split()) for each in made]
    assert len(best) == len(set(best))
    for each in made:
        (start, end), passage = each.span, each.hit.passage
        assert start in {a for a, _ in passage.sentences}
        assert end in {b for _, b in passage.sentences}
        assert start <= each.best.span[0] < each.best.span[1] <= end
        assert all(start <= a < b <= end for a, b in each.highlights)
        assert not questions([each.best.text])[0]
        assert threshold <= each.best.confidence == max(one.confidence for one in each.sentences)


@given(st.data(), st.lists(TEXT.filter(lambda text: not re.search("[?:]", text)), min_size=1, max_size=3))
def test_without_lists_and_questions_each_text_is_quoted_once(data: st.DataObject, texts: list[str]) -> None:
    made = quotes(_found(data, texts), 0.0, 0.3)
    said = [" ".join(one.text.split()) for each in made for one in each.sentences]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    "sentences",
    [
        ["Q4: Revenue rose to 5 million euros.", "The lighthouse was sold.", "A. Miller became chairman."],
        ["Question 3. of the ballot was dropped.", "Turnout was 61 percent.", "A. Smith won."],
        ["See https://example.org/find?"],
    ],
)
def test_statements_are_no_questions(sentences: list[str]) -> None:
    assert not any(questions(sentences))


def test_a_whole_chinese_sentence_is_no_mere_reply() -> None:
    assert not is_reply("浙江省计划在二零二五年把创新经费提高百分之四十并新建十个实验室。")
    assert is_reply("五天。")
