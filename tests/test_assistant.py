"""Answers: verbatim, cited at their place, or honestly none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from conftest import WordEmbedder, write_files
from pincite import Answer, Assistant, Filter, Index
from pincite.errors import QueryError, UsageError


def check(answer: Answer) -> None:
    """What every answer promises."""
    assert 0 <= answer.confidence <= 1
    assert answer.answered == bool(answer.citations) == bool(answer.text)
    assert answer.text == " ".join(f"{each.quote} [{each.label}]" for each in answer.citations)
    assert [each.label for each in answer.citations] == list(range(1, len(answer.citations) + 1))
    for each in answer.citations:
        assert each.document.text[each.start : each.end] == each.quote
        assert each.passage.start <= each.start <= each.best[0] < each.best[1] <= each.end <= each.passage.end
        assert each.best in each.passage.sentences
        assert (each.start, each.end) not in each.document.headings
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))


@pytest.fixture
def assistant(real_index: Index) -> Assistant:
    return Assistant(real_index)


@pytest.mark.parametrize(
    ("question", "quote", "doc_id"),
    [
        ("When did the night ferry leave Aldhaven?", "The night ferry left Aldhaven at ten.", "harbour.txt"),
        ("Which wood was its wheel made of?", "Its wheel was made of elm.", "mill/tide.md"),
        ("How much honey does a hive need for the winter?", "eighteen kilograms", "bees.txt"),
    ],
)
def test_a_question_is_answered_with_the_sentence_that_says_it(
    assistant: Assistant, question: str, quote: str, doc_id: str
) -> None:
    answer = assistant.ask(question)
    check(answer)
    assert answer.answered
    assert quote in answer.citations[0].quote
    assert answer.citations[0].document.doc_id == doc_id


@pytest.mark.parametrize(
    "question",
    ["Which team won the ice hockey cup in Montreal?", "How do I bake a chocolate cake?", "🐝", "the of and"],
)
def test_what_is_not_there_is_not_answered(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    check(answer)
    assert not answer.answered
    assert answer.hits, "the nearest passages are shown all the same"


def test_a_follow_up_leans_on_the_question_before(assistant: Assistant) -> None:
    history = [
        {"role": "user", "content": "What did the tide mill grind?"},
        {"role": "assistant", "content": "The tide mill ground oats until 1911."},
    ]
    answer = assistant.ask("And what was its wheel made of?", history=history)
    check(answer)
    first = answer.citations[0]
    assert first.quote == "The tide mill ground oats until 1911. Its wheel was made of elm."
    assert first.document.text[slice(*first.best)] == "Its wheel was made of elm."


@pytest.mark.parametrize("turn", [{"role": "system", "content": "x"}, {"role": "user"}, {"content": "x"}, {}])
def test_a_turn_that_is_none_is_named(assistant: Assistant, turn: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="history"):
        assistant.ask("What?", history=[turn])


def test_an_empty_question_is_named(assistant: Assistant) -> None:
    with pytest.raises(QueryError):
        assistant.ask(" ")


def test_only_what_the_filter_allows_is_quoted(assistant: Assistant) -> None:
    where = Filter(source="Mill Letters")
    answer = assistant.ask("When did the night ferry leave Aldhaven?", where=where)
    check(answer)
    assert {hit.document.source for hit in answer.hits} == {"Mill Letters"}


def test_the_threshold_decides(real_index: Index) -> None:
    question = "When did the night ferry leave Aldhaven?"
    assert not Assistant(real_index, threshold=1.0).ask(question).answered
    assert Assistant(real_index, threshold=0.0).ask("hockey in Montreal").answered
    with pytest.raises(UsageError, match="threshold=2"):
        Assistant(real_index, threshold=2)


@examples(max_examples=25)
@given(st.text(min_size=1).filter(str.strip))
@example("ARTICLES")
def test_arbitrary_questions(real_index: Index, question: str) -> None:
    answer = Assistant(real_index, threshold=0.0).ask(question)
    if answer.kind == "quotes":
        check(answer)
    else:  # "ARTICLES" alone, say
        assert answer.text.startswith(answer.reply)


def test_a_heading_is_never_quoted_alone(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.md": "# The keeper's boat\n\nIt was green.\n\n# The keeper's lamp\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index, threshold=0.0).ask("the keeper's lamp")
    check(answer)
    assert [each.quote for each in answer.citations] == ["It was green."]


def test_no_part_of_a_heading_is_quoted_alone(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.md": "## The keeper of the lamp\u2028who lives there\n\nIt was green.\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index, threshold=0.0).ask("the keeper of the lamp")
    assert [each.quote for each in answer.citations] == ["It was green."]


def test_a_sentence_that_stands_twice_is_cited_where_it_answers(tmp_path: Path) -> None:
    days = (("Monday", "north sluice"), ("Tuesday", "mill gate"), ("Friday", "weir"))
    text = " ".join(f"On {day} the crew opened the {part}. The gauge read normal." for day, part in days)
    write_files(tmp_path / "c", {"gauge.txt": text})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index, threshold=0.0).ask("What did the gauge read?")
    check(answer)
    places = {(each.start, each.end) for each in answer.citations if each.quote == "The gauge read normal."}
    assert places
    assert all(text[start:end] == "The gauge read normal." for start, end in places)


def test_at_least_twenty_passages_of_ten_documents_are_ranked(open_index: Callable[..., Index], tmp_path: Path) -> None:
    long = {"long.txt": "\n\n".join(f"# Day {n}\n\nThe bees swarm on day {n}. So they say." for n in range(400))}
    rest = {f"other{n}.txt": f"Another note, number {n}, on mills." for n in range(9)}
    write_files(tmp_path / "c", long | rest)
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    answer = Assistant(index).ask("When do bees swarm?")
    assert len(answer.hits) >= 20
    assert len({hit.document.doc_id for hit in answer.hits}) >= 10


def test_a_script_that_the_model_did_not_learn_is_answered_by_its_words(tmp_path: Path) -> None:
    texts = {
        "a.txt": "浙江省将财政科技经费增加百分之四十。新建三座实验室。会议于二月十日在杭州举行。",
        "b.txt": "养蜂人说一个蜂箱过冬需要十八公斤蜂蜜。春天蜂群会分开。",
    }
    write_files(tmp_path / "c", texts)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assistant = Assistant(index)
        assert assistant.ask("蜂箱过冬需要多少蜂蜜?").citations[0].quote == "养蜂人说一个蜂箱过冬需要十八公斤蜂蜜。"
        assert assistant.ask("浙江省财政科技经费增加多少?").citations[0].document.doc_id == "a.txt"
        foreign = assistant.ask("谁赢得了世界杯足球赛?")
    check(foreign)
    assert not foreign.answered


PASTED = Path(__file__).parent.parent / "docs_corpus" / "innovation-plans" / "three-centers.md"


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.open(tmp_path_factory.mktemp("plans") / "index") as index:
        index.update(PASTED.parent)
        yield index


@pytest.mark.parametrize(
    "characters", [300, 3000, *(pytest.param(many, marks=pytest.mark.slow) for many in (900, 1700))]
)
@pytest.mark.parametrize("gap", ["\n\n", "\n"])
def test_what_is_pasted_above_a_question_answers_nothing(plans: Index, characters: int, gap: str) -> None:
    pasted = "\n".join([PASTED.read_text("utf-8").split("---", 2)[2].strip()] * 3)[:characters]
    refused = Assistant(plans).ask(f"{pasted}{gap}Who won the 1998 football world cup?")
    check(refused)
    assert not refused.answered, refused.text
    assert refused.question == "Who won the 1998 football world cup?"
    answer = Assistant(plans).ask(f"{pasted}{gap}How many leading teams will Zhejiang add?")
    check(answer)
    assert "25 leading teams" in answer.citations[0].quote


def test_a_question_of_the_pasted_text_is_not_asked(plans: Index) -> None:
    pasted = PASTED.read_text("utf-8").split("---", 2)[2][:700] + " Who is Zhang Shizhi?"
    assert Assistant(plans).ask(f"{pasted}\n\nWho won the 1998 football world cup?").citations == ()


def test_an_earlier_turn_counts_by_what_it_asked(plans: Index) -> None:
    pasted = PASTED.read_text("utf-8").split("---", 2)[2][:700]
    before = [{"role": "user", "content": f"{pasted}\n\nHow many leading teams will Zhejiang add?"}]
    again = [{"role": "user", "content": "How many leading teams will Zhejiang add?"}]
    assistant = Assistant(plans)
    assert assistant.ask("And what are its programs for talent?", history=before) == assistant.ask(
        "And what are its programs for talent?", history=again
    )


def test_a_pasted_text_alone_is_searched_as_it_stands(plans: Index) -> None:
    pasted = PASTED.read_text("utf-8").split("---", 2)[2].strip()[:500]
    assert Assistant(plans).ask(pasted).citations[0].document.doc_id == PASTED.name


def test_the_script_of_a_question_is_that_of_what_is_read(tmp_path: Path) -> None:
    chinese = "养蜂人说一个蜂箱过冬需要十八公斤蜂蜜。春天蜂群会分开。"
    english = "The night ferry left Aldhaven at ten. It carried forty carts. "
    write_files(tmp_path / "c", {"a.txt": chinese, "b.txt": english})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        for pasted, question, quote, counts in (
            (chinese * 8, "When did the night ferry leave Aldhaven?", "left Aldhaven at ten", 0),  # is read
            (english * 15, "蜂箱过冬需要多少蜂蜜？", "十八公斤", 1),  # covers the words
        ):
            found = index.read(pasted + question, index.rank([(pasted + question, 1.0)], passages=20, documents=10))
            assert found.question == question
            surest = max(found.sentences, key=lambda each: each.confidence)
            assert quote in surest.text
            assert surest.features[counts] > 0.4


def test_an_answer_names_the_other_sources_of_a_folded_text(tmp_path: Path) -> None:
    text = "The skipper blamed a broken tow rope for the collision in the harbour."
    write_files(tmp_path / "c", {"agency.txt": text, "courier.txt": text, "bees.txt": "Bees swarm in May."})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        citation = Assistant(index).ask("What did the skipper blame?").citations[0]
    assert {citation.document.doc_id, *(each.doc_id for each in citation.duplicates)} == {"agency.txt", "courier.txt"}


def test_a_quote_names_the_page_that_it_stands_on(open_index: Callable[..., Index], tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    canvas = Canvas(str(tmp_path / "c/bells.pdf"))
    for line in ("The first bell hangs in the north tower.", "The second bell was cast of bronze."):
        canvas.drawString(72, 720, line)
        canvas.showPage()
    canvas.save()
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    assert [hit.passage.page for hit in index.search("bell")] == [1]
    cited = Assistant(index, threshold=0.0).ask("Which bell was cast of bronze?").citations
    pages = {each.quote.strip().split()[1]: each.page for each in cited}
    assert pages["second"] == 2


@pytest.mark.parametrize("question", ["what is it", "who", "the", "It?"])
def test_words_that_ask_nothing_are_not_answered(
    open_index: Callable[..., Index], tmp_path: Path, question: str
) -> None:
    write_files(tmp_path / "c", {"a.txt": "It is known who the builder was and what this is. Nobody asked.\n"})
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    assert not Assistant(index).ask(question).answered


@pytest.mark.parametrize("question", [None, 5, "  "])
def test_what_is_no_question_is_refused(assistant: Assistant, question: object) -> None:
    with pytest.raises(UsageError, match="ask something"):
        assistant.ask(question)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("dated")
    rule = "---\ntitle: Tolerances\ndate: {}\n---\n\nThe tolerance for nitrogen in bagged fertiliser is {} per cent.\n"
    vote = "---\ntitle: Council\ndate: {}\n---\n\nThe council voted {} the slipway.\n"
    days = {"2013-02-01": 15, "2023-09-01": 12, "2019-05-01": 20}
    votes = {"2020-03-11": "to paint", "2021-03-10": "to mend", "2022-03-09": "to sell"}
    files = {f"rule-{day}.md": rule.format(day, share) for day, share in days.items()}
    files |= {f"vote-{day}.md": vote.format(day, what) for day, what in votes.items()}
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize("word", ["latest", "current"])
def test_of_several_revisions_all_are_quoted_the_newest_first_which_is_said(dated: Index, word: str) -> None:
    answer = Assistant(dated).ask(f"What is the {word} tolerance for nitrogen in bagged fertiliser?")
    assert [each.document.date for each in answer.citations] == ["2023-09-01", "2019-05-01", "2013-02-01"]
    assert answer.notes == ("The newest comes first, as asked: 2023-09-01, 2019-05-01, 2013-02-01.",)


def test_the_time_that_a_question_names_is_said(dated: Index) -> None:
    answer = Assistant(dated).ask("What did the council decide about the slipway in March 2021?")
    assert [each.document.date for each in answer.citations] == ["2021-03-10"]
    assert answer.notes == ("Of March 2021, as asked: articles of other dates were left out.",)


def test_a_refusal_says_nothing_of_what_was_left_out(dated: Index) -> None:
    for asked in ("Who won the cup in March 2021?", "What is the latest news about the castle?"):
        answer = Assistant(dated).ask(asked)
        assert not answer.answered
        assert not answer.notes


def test_revisions_come_newest_first_where_no_time_is_named(dated: Index) -> None:
    answer = Assistant(dated).ask("What is the tolerance for nitrogen in bagged fertiliser?")
    assert [each.document.date for each in answer.citations] == ["2023-09-01", "2019-05-01", "2013-02-01"]
    assert answer.notes == (
        "Articles of several days say this; the newest comes first: 2023-09-01, 2019-05-01, 2013-02-01.",
    )


@pytest.mark.parametrize(
    ("said", "question", "first"),
    [
        (
            [
                "In 2020 the museum made a loss and had 40 visitors.",
                "In 2021 the museum made a profit and had 90 visitors.",
            ],
            "How many visitors had the museum when it made a loss?",
            "loss",
        ),
        (
            [
                "Asker has a harbour with forty berths for yachts.",
                "Brevik has a harbour with ninety berths for yachts.",
            ],
            "How many berths for yachts has the harbour of Asker?",
            "Asker",
        ),
        (
            ["The council voted for the slipway.", "The council did not vote for the slipway."],
            "What did the council vote for?",
            "voted for",
        ),
        (
            [
                "The highest temperature of the year was 31 degrees.",
                "The highest temperature of the year was 24 degrees.",
            ],
            "What was the highest temperature of the year?",
            "temperature",
        ),
    ],
)
def test_what_differs_in_a_word_is_no_revision(tmp_path: Path, said: list[str], question: str, first: str) -> None:
    for day, sentence in enumerate(said, 1):
        write_files(tmp_path / "c", {f"{day}.md": f"---\ntitle: News\ndate: 202{day}-01-01\n---\n\n{sentence}\n"})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask(question)
    assert first in answer.citations[0].quote
    assert not any("newest" in note for note in answer.notes)


@pytest.mark.parametrize("space", [" ", "\t", "\u3000", "\n", " \n"])
@pytest.mark.parametrize("begin", ["articles by", "compare", "What did Ane write on", "Which mills of", "summary of"])
def test_runs_of_white_space_cost_nothing_and_say_nothing(assistant: Assistant, begin: str, space: str) -> None:
    answer = assistant.ask(f"{begin}{space * 1900}the night ferry ?x")
    assert answer.question in (f"{begin} the night ferry ?x", "the night ferry ?x")
