"""Which sentences are quoted, and how far."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import WordEmbedder, write_files
from pincite import Assistant, Index, Settings
from pincite.analysis.terms import analyse
from pincite.reading.evidence import READ, Evidence
from pincite.reading.quotes import Quote, quotes, without_repeats


def _read(index: Index, question: str) -> Evidence:
    return index.read(question, index.rank([(question, 1.0)], passages=20, documents=10))


def _covered(index: Index, question: str) -> dict[str, float]:
    return {each.text: each.features[1] for each in _read(index, question).sentences}


def test_what_stands_before_a_sentence_counts_as_covered_by_half_for_each_step(real_index: Index) -> None:
    ranking = real_index.rank([("ferry carts", 1.0)], passages=20, documents=10)
    found = _covered(real_index, "ferry carts")
    ferry, carts = ranking.terms["ferri"], ranking.terms["cart"]
    # "ferry" stands in the title, "carts" in the second sentence only.
    assert found["The night ferry left Aldhaven at ten."] == pytest.approx(ferry / (ferry + carts))
    assert found["It carried forty carts."] == pytest.approx(1.0)


def test_a_word_of_the_sentence_before_is_covered_by_half(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "A note\n\nThe ferry left at ten. It carried carts. It came back."})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        found = _covered(index, "ferry")
    assert found == {"The ferry left at ten.": 1.0, "It carried carts.": 0.5, "It came back.": 0.25}


def test_of_headings_only_a_version_with_its_date_may_be_quoted(tmp_path: Path) -> None:
    notes = "Pump notes\n\nVersion 2.3 (2021-04-05)\n\nIt mends the valve.\n\nUNDER WATER\n\nThe pump goes on.\n"
    notes += "\nON LAND\n\nIt stops.\n"
    write_files(tmp_path / "c", {"a.txt": notes})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        found = _covered(index, "pump version")
    assert set(found) == {"Version 2.3 (2021-04-05)", "It mends the valve.", "The pump goes on.", "It stops."}


def test_the_heading_of_another_version_is_no_answer(tmp_path: Path) -> None:
    days = {"2.3": "2021-04-05", "2.2": "2020-01-02", "2.1.4": "2019-03-04"}
    notes = "\n\n".join(f"{version} ({day})\n\n- The pump {version[-1]} was mended." for version, day in days.items())
    write_files(tmp_path / "c", {"a.txt": f"Pump notes\n\n{notes}\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        for version, day in days.items():
            found = _covered(index, f"When was version {version} released?")
            assert {text for text in found if text[0].isdigit()} == {f"{version} ({day})"}


def test_no_sentence_no_quote() -> None:
    assert quotes([], 0.0, 0.5) == []


@pytest.mark.parametrize("question", ["When did the night ferry leave?", "oats elm storm honey", "mill"])
def test_quotes_are_whole_sentences_and_hold_their_best_one(real_index: Index, question: str) -> None:
    read = _read(real_index, question)
    for quote in quotes(read.sentences, 0.0, read.part):
        spans = quote.hit.passage.sentences
        assert quote.span[0] in {start for start, _ in spans}
        assert quote.span[1] in {end for _, end in spans}
        assert quote.best.span in spans
        assert quote.span[0] <= quote.best.span[0] < quote.best.span[1] <= quote.span[1]


def test_quotes_do_not_overlap_and_the_best_sentence_is_in_the_first(real_index: Index) -> None:
    read = _read(real_index, "the mill and the ferry")
    made = quotes(read.sentences, 0.0, 0.1)
    assert made[0].best is read.sentences[0]
    assert read.sentences[0].order == max(each.order for each in read.sentences)
    places = sorted((each.hit.document.doc_id, *each.span) for each in made)
    assert len(places) > 1
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(places))


def test_no_citation_is_less_sure_than_the_threshold_and_the_answer_as_sure_as_the_first(real_index: Index) -> None:
    for question in ("When did the night ferry leave?", "How much honey does a hive need?", "the mill and the ferry"):
        for threshold in (0.05, 0.2, 0.5, 0.8):
            answer = Assistant(real_index, threshold=threshold).ask(question)
            assert answer.answered == bool(answer.citations) == (answer.confidence >= threshold)
            assert all(each.confidence >= threshold for each in answer.citations)
            assert not answer.citations or answer.citations[0].confidence == answer.confidence


def test_the_words_that_answer_are_marked_within_the_quote(real_index: Index) -> None:
    answer = Assistant(real_index).ask("When did the night ferry leave Aldhaven?")
    citation = answer.citations[0]
    marked = [citation.document.text[start:end] for start, end in citation.highlights]
    assert any("ten" in each for each in marked), marked
    assert all(citation.start <= start < end <= citation.end for start, end in citation.highlights)


def test_hits_keep_all_that_was_found_in_an_order_of_their_own(real_index: Index) -> None:
    ranking = real_index.rank([("honey for the winter", 1.0)], passages=20, documents=10)
    hits = real_index.read("honey for the winter", ranking).hits
    assert {each.passage.passage_id for each in hits} == {each.passage.passage_id for each in ranking.hits}
    assert [each.rank for each in hits] == list(range(1, len(hits) + 1))
    assert all(("read" in each.scores) == (each.rank <= READ) for each in hits)


def test_search_reranked_is_the_order_of_an_answer(real_index: Index) -> None:
    question = "How much honey does a hive need for the winter?"
    found = [each.passage.passage_id for each in real_index.search(question, k=3, rerank=True)]
    assert found == [each.passage.passage_id for each in Assistant(real_index).ask(question).hits[:3]]


def test_without_a_reader_sentences_are_compared(tmp_path: Path) -> None:
    write_files(
        tmp_path / "c", {"a.txt": "A note\n\nThe ferry left at ten. Honey is sweet. The mill burned down in 1894."}
    )
    with Index.open(tmp_path / "index", settings=Settings(reader=None)) as index:
        index.update(tmp_path / "c")
        answer = Assistant(index, threshold=0.0).ask("When did the mill burn down?")
    assert answer.citations[0].quote.startswith("The mill burned down")
    assert answer.citations[0].highlights == ()


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["It was late.", "The ferry left.", "So say all.", "Honey is sweet."]), min_size=1))
def test_each_text_is_quoted_once(open_words: Callable[..., Index], texts: list[str]) -> None:
    read = _read(open_words(" ".join(texts)), "ferry honey")
    made = quotes(read.sentences, 0.0, 0.1)
    spans = [span for each in made for span in each.hit.passage.sentences if each.span[0] <= span[0] < each.span[1]]
    said = [made[0].hit.document.text[slice(*span)] for span in spans]
    assert len(said) == len(set(said))


@pytest.fixture(scope="module")
def open_words(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Index]:
    def open_(text: str, suffix: str = "txt") -> Index:
        folder = tmp_path_factory.mktemp("words")
        write_files(folder / "c", {f"a.{suffix}": text})
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


LISTS = {
    "loose": "- a fund for sewage works\n\n- free tests of wells\n\n- an ombudsman for water",
    "semicolons": "(a) a fund for sewage works;\n\n(b) free tests of wells; and\n\n(c) an ombudsman for water",
    "unmarked": "a fund for sewage works;\n\nfree tests of wells; or\n\nan ombudsman for water.",
    "nested": "- a fund for sewage works:\n    - in the north\n\n    - in the south\n- tests of wells\n- an ombudsman",
    "sentences": "1. A fund for sewage works. It is large.\n2. Free tests of wells. They are few.\n3. An ombudsman.",
    "wrapped": "- a fund for sewage\nworks; or\n- free tests of\nwells\n- an ombudsman",
    "Chinese": "（一）设立污水处理基金；\n\n（二）免费检测水井；\n\n（三）任命监察专员。",
    "asked": "- What is a fund?\n- What do tests cost?\n- Who is the ombudsman?",
}


@pytest.mark.parametrize("suffix", ["txt", "md"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_is_quoted_to_its_end(open_words: Callable[..., Index], kind: str, suffix: str) -> None:
    text = f"The plan for clean water holds this:\n\n{LISTS[kind]}\n\nTuesday saw it adopted. So it was.\n"
    read = _read(open_words(text, suffix), "plan for clean water holds")
    announcing = [each for each in read.sentences if each.text.endswith("holds this:")]
    (made,) = quotes(announcing, 0.0, 1.0)
    quoted = made.hit.document.text[slice(*made.span)]
    rest = made.hit.document.text[made.span[1] :]
    assert rest.split() == ["Tuesday", "saw", "it", "adopted.", "So", "it", "was."], quoted


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_a_numbered_list_goes_on_behind_what_is_said_of_an_item(open_words: Callable[..., Index], suffix: str) -> None:
    items = "1. A fund for sewage.\n\n   It is large.\n\n2. Tests of wells.\n\n   They are few.\n\n3. An ombudsman"
    read = _read(
        open_words(f"The plan for clean water holds this:\n\n{items}\n\nTuesday saw it adopted.\n", suffix), "plan"
    )
    (made,) = quotes([each for each in read.sentences if each.text.endswith("holds this:")], 0.0, 1.0)
    assert made.hit.document.text[slice(*made.span)].endswith("3. An ombudsman")


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_another_count_from_one_is_another_list(open_words: Callable[..., Index], suffix: str) -> None:
    for further in (
        "1. honey\n\nIt is sold.\n\n2. tar",
        "3. tar",
        "(2) tar",
        "2.5 tar",
        "a\n\nb\n\nc\n\nd\n\ne\n\n2. tar",
    ):
        lists = f"1. oats\n\nThey are sown.\n\n{further}"
        read = _read(open_words(f"The mill sold:\n\n{lists}\n", suffix), "mill sold")
        (made,) = quotes([each for each in read.sentences if each.text.endswith(":")], 0.0, 1.0)
        assert made.hit.document.text[slice(*made.span)].split()[-1] == "oats", further


@pytest.mark.parametrize("suffix", ["txt", "md"])
def test_a_paragraph_behind_a_colon_is_no_list(open_words: Callable[..., Index], suffix: str) -> None:
    text = "The keeper said this of clean water:\n\nIt is rare. We drink tea.\n\nTuesday was dry.\n"
    read = _read(open_words(text, suffix), "keeper said clean water")
    (made,) = quotes([each for each in read.sentences if each.text.endswith(":")], 0.0, 1.0)
    assert made.hit.document.text[slice(*made.span)].endswith("It is rare.")


@pytest.mark.parametrize(("item", "most"), [("oats", 20), ("oats and honey from the mill " * 4, 12)])
def test_a_very_long_list_is_cut_between_two_of_its_lines(
    open_words: Callable[..., Index], item: str, most: int
) -> None:
    lines = "\n".join(f"- {item.strip()} {n}" for n in range(40))
    read = _read(open_words(f"The mill sold:\n\n{lines}\n"), "mill sold")
    (made,) = quotes([each for each in read.sentences if each.text.endswith(":")], 0.0, 1.0)
    quoted = made.hit.document.text[slice(*made.span)]
    assert 3 <= quoted.count("\n- ") <= most
    assert len(quoted) < 1600
    assert quoted.endswith(tuple(f" {n}" for n in range(40)))


def test_a_list_whose_item_is_surer_than_its_announcement_is_one_quote(open_words: Callable[..., Index]) -> None:
    text = "The mill has these:\n\n- a wheel\n- a ferry of elm\n- a dam\n\nTuesday saw it adopted.\n"
    found = {each.text: each for each in _read(open_words(text), "ferry of elm").sentences}
    item = replace(found["- a ferry of elm"], confidence=0.9, order=9.0)
    (made,) = quotes([item, replace(found["The mill has these:"], confidence=0.8, order=8.0)], 0.5, 0.5)
    assert made.best is item
    assert made.hit.document.text[slice(*made.span)].endswith("- a dam")


def test_what_a_list_quoted_is_not_quoted_again_from_another_article(open_words: Callable[..., Index]) -> None:
    text = "The mill has these:\n\n- a wheel of elm\n- a dam\n"
    found = _read(open_words(text), "mill has these").sentences
    other = _read(open_words("Oats were ground.\n\n- a dam\n\nHoney is sweet."), "mill has these").sentences
    announcing = next(each for each in found if each.text.endswith(":"))
    repeated = next(each for each in other if each.text == "- a dam")
    (made,) = quotes([announcing, replace(repeated, order=announcing.order - 1)], 0.0, 0.0)
    assert made.best is announcing


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


def test_words_count_where_a_question_is_long_and_its_length_alone_does_not(real_index: Index) -> None:
    short = "When did the night ferry leave Aldhaven?"
    long = "When did the night ferry that carried forty carts over the water leave Aldhaven, at ten or later?"
    for question, factor in ((short, 0.0), (long, math.log(len(long.split()) / 10))):
        ranking = real_index.rank([(question, 1.0)], passages=20, documents=10)
        for sentence in real_index.read(question, ranking).sentences:
            evidence, covered, _, *rest = sentence.features
            assert rest == pytest.approx([factor * evidence, factor * covered])


BLOCKS = {
    "md": "```\nharbourd --fork\nsleep 5\n```",
    "rst": "::\n\n    harbourd --fork\n    sleep 5",
    "txt": "    harbourd --fork\n    sleep 5",
    "html": "<pre>harbourd --fork\nsleep 5</pre>",
}


@pytest.mark.parametrize(
    ("before", "after", "rest"),
    [
        ("To start the server, run", "and wait for the light.", "Then look."),
        ("Start the server with", "", "Then look."),
        ("The server starts by the two commands", "which take a second.", "Then look."),
    ],
)
@pytest.mark.parametrize("suffix", BLOCKS)
def test_commands_that_a_sentence_breaks_off_before_are_quoted_with_it(
    open_words: Callable[..., Index], suffix: str, before: str, after: str, rest: str
) -> None:
    parts = ["All boats of Aske are served by it.", before, BLOCKS[suffix], after, rest]
    if suffix == "html":
        text = "".join(part if part.startswith("<") else f"<p>{part}</p>" for part in parts)
    else:
        text = "\n\n".join(filter(None, parts)).replace("\n\n::", " ::" if suffix == "rst" else "") + "\n"
    read = _read(open_words(text, suffix), "start server")
    (made,) = quotes([each for each in read.sentences if each.text == before], 0.0, 1.0)
    assert made.hit.document.text[slice(*made.span)].split() == f"{before} harbourd --fork sleep 5 {after}".split()


@pytest.mark.parametrize(
    "before", ["The ferry left at dawn.", "The night ferry of Aske", "By Ada Pell", "It was made of elm"]
)
def test_a_paragraph_behind_a_line_that_does_not_break_off_is_not_its_block(
    open_words: Callable[..., Index], before: str
) -> None:
    read = _read(open_words(f"Honey is sold here today.\n\n{before}\n\nThe light was lit at dusk.\n", "md"), "ferry")
    (made,) = quotes([each for each in read.sentences if each.text == before], 0.0, 1.0)
    assert made.hit.document.text[slice(*made.span)] == before


@pytest.mark.parametrize(
    ("texts", "question", "kept"),
    [
        (
            [
                "The tide mill of Aldhaven grinds oats with the ebb.",
                "With the ebb the tide mill of Aldhaven grinds its oats.",
            ],
            "What does the tide mill grind?",
            1,
        ),
        (
            ["The mill at Aske burned down in 1894.", "The mill at Bruna burned down in 1894."],
            "When did the mill burn down?",
            2,
        ),
        (["The mill at Aske has 4 stones.", "The mill at Aske has 6 stones."], "How many stones has the mill?", 2),
        (["the mill at aske burned down!", "the mill at bruna burned down!"], "mill burned", 2),
        (["浙江省的磨坊在那年夏天被烧毁。", "江苏省的磨坊在那年夏天被烧毁。"], "磨坊烧毁", 2),
    ],
)
def test_what_says_the_same_is_left_out(
    open_words: Callable[..., Index], texts: list[str], question: str, kept: int
) -> None:
    (hit,) = open_words("\n\n".join(["Notes", *texts])).search(question)
    found = [Quote(hit, span, ()) for span in hit.passage.sentences if hit.document.text[slice(*span)] in texts]
    assert len(found) == len(texts)
    assert len(without_repeats(found, set(analyse(question)))) == kept


def test_the_value_of_what_a_sentence_only_names_is_quoted_with_it(tmp_path: Path) -> None:
    crane = (
        "The crane stands on rails.\nSome numbers are set before it is delivered, among them the default reach of the "
        "crane.\nThis reach is 31 metres, from the middle of the tower.\nIt was painted in 2016.\n"
    )
    write_files(tmp_path / "c", {"crane.txt": f"The crane\n\n{crane}", "bees.txt": "Bees\n\nA hive has a queen.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask("What is the default reach of the crane?").citations[0]
    assert "default reach" in first.quote
    assert "31 metres" in first.quote


def test_a_row_of_a_text_file_is_quoted_whole(tmp_path: Path) -> None:
    write_files(
        tmp_path / "c", {"lines.csv": "carrier,name,boats\nB6,Blue Sound Ferries,4\nK2,Kelda Line,9\nM1,Mole,2\n"}
    )
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Which ferries have the carrier code B6?")
    assert answer.citations[0].quote == "carrier: B6\nname: Blue Sound Ferries\nboats: 4"


QUAY = (
    "Opening hours\n\nThe quay office is open from nine to four\n\nMooring fees\n\nA yacht pays 12 crowns a night. "
    "Boats of fishermen pay nothing\n\nWho we are\n\nThree keepers share all the work of the quay\n"
)


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("When is the quay office open?", "The quay office is open from nine to four"),
        ("What are the opening hours?", "The quay office is open from nine to four"),
        ("What are the mooring fees?", "A yacht pays 12 crowns a night."),
        ("Do fishermen pay?", "Boats of fishermen pay nothing"),
    ],
)
def test_a_line_alone_stands_for_a_heading_and_no_quote_runs_into_one(tmp_path: Path, question: str, best: str) -> None:
    write_files(tmp_path / "c", {"quay.txt": QUAY})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask(question).citations[0]
    assert first.document.text[slice(*first.best)] == best
    captions = [line for line in ("Opening hours", "Mooring fees", "Who we are") if line in first.quote]
    assert all(first.quote.startswith(line) for line in captions)


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("How much do tickets cost?", "Tickets cost nothing"),
        ("How often does the ferry run?", "Runs every hour"),
        ("On which day is the museum closed?", "Closed on Mondays"),
    ],
)
def test_a_line_alone_that_answers_is_quoted_itself(tmp_path: Path, question: str, best: str) -> None:
    texts = {
        "tickets.txt": "Ferry to Brevik\n\nTickets cost nothing\n\nPassengers with bicycles wait on the left side.\n",
        "times.txt": "The ferry\n\nRuns every hour\n\nThe ferry crosses the sound in ten minutes with forty people.\n",
        "museum.txt": "The museum\n\nClosed on Mondays\n\nThe museum by the quay opens at ten and shuts at five.\n",
    }
    write_files(tmp_path / "c", texts)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first = Assistant(index).ask(question).citations[0]
    assert first.document.text[slice(*first.best)] == best
