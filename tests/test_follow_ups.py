"""Which wordings a turn of a conversation is searched by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite.retrieval.follow_ups import leans, names, without_paste, wordings


def _user(*turns: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": turn} for turn in turns]


@pytest.mark.parametrize(
    "turn",
    ["And Jiangsu?", "Why?", "How many teams will it add?", "What about the harbour?", "Who else signed the treaty?",
     "他什么时候去世的?", "那江苏呢?", "But when did they leave the town of Aldhaven?"],
)  # fmt: skip
def test_turns_that_lean(turn: str) -> None:
    assert leans(turn)


@pytest.mark.parametrize(
    "turn",
    ["Which wood was the wheel of the tide mill made of?", "How much honey does a hive need in winter?",
     "When did the night ferry leave Aldhaven?", "Thanks!", "Thank you very much", "ok, great",
     "Is there life on Mars?", "Who was Napoleon?", "Which country has more people than China?",
     "Who won the ice hockey cup that was held in Montreal?", "浙江省财政科技经费增加了多少?", "其他省份增加了多少?",
     "東京の人口は何人ですか", "ประเทศไทยมีประชากรกี่คน"],
)  # fmt: skip
def test_turns_that_stand_alone(turn: str) -> None:
    assert not leans(turn)


def test_the_earlier_turn_counts_for_more_where_the_question_leans() -> None:
    history = [*_user("What did the mill grind?", "How is the weather?"), {"role": "assistant", "content": "Fine."}]
    assert wordings("And in winter?", history)[0] == ("And in winter?", 1.0)
    (joined, leaning), (_, other) = (
        wordings("And in winter?", history)[1],
        wordings("Who built the long pier?", history)[1],
    )
    assert joined == "How is the weather? And in winter?"
    assert leaning > 0.5 > other


def test_thanks_ask_nothing_and_are_not_leant_on() -> None:
    assert wordings("Thanks!", _user("What did the mill grind?")) == [("Thanks!", 1.0)]
    assert wordings("And the bees?", _user("What did the mill grind?", "Thanks"))[1][0].startswith("What did the mill")


def test_without_history_a_question_stands_alone() -> None:
    assert wordings("And then?", []) == [("And then?", 1.0)]


def test_a_long_earlier_turn_leaves_room_for_the_question() -> None:
    ((_, _), (joined, _)) = wordings("And why?", _user("word " * 1000))
    assert len(joined) < 500
    assert joined.endswith("And why?")


def test_a_polite_word_with_a_question_mark_is_a_question() -> None:
    assert len(wordings("Nice?", _user("Where is Lyon?"))) == 2


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        ("And Jiangsu?", {"jiangsu"}),
        ("What about the harbours?", {"harbour"}),
        ("Define photosynthesis", {"photosynthesi"}),
        ("And how many?", set()),
        ("Really?", set()),
        ("Why?", set()),
        ("Where did they go?", set()),
        ("What did it cost?", set()),
    ],
)
def test_an_answer_holds_what_a_turn_names_unless_a_pronoun_may_stand_for_it(turn: str, said: set[str]) -> None:
    assert names(turn) == said


LONG = "The ferry left at ten. It carried carts over the water. " * 5


@pytest.mark.parametrize(
    ("turn", "end"),
    [
        (f"{LONG}\n\nWho won the cup?", "Who won the cup?"),
        (f"{LONG}\nWho won the cup?\n", "Who won the cup?"),
        (f"{LONG}\n\nWho won the cup? Which year was that cup?", "Who won the cup? Which year was that cup?"),
        (f"{LONG}\n\nWho won the cup? Please be brief.", "Who won the cup? Please be brief."),
        (f"{LONG}It came back with\nWho won the cup?", "Who won the cup?"),
        (f"{LONG}Who left?\n\nWho won the cup?", "Who won the cup?"),
        (f"{LONG}\n\n谁赢得了世界杯足球赛？", "谁赢得了世界杯足球赛？"),
        (f"{LONG}\n\n" + "How much honey for the winter\ndoes a hive of the grey bee need?",
         "How much honey for the winter\ndoes a hive of the grey bee need?"),
    ],
)  # fmt: skip
def test_what_is_asked_below_a_text_is_its_last_question(turn: str, end: str) -> None:
    assert without_paste(turn) == end


@pytest.mark.parametrize(
    "turn",
    [LONG, f"{LONG}\n\nAnd a last line.", f"{LONG}Who won the cup?", "I keep bees.\n\nHow much honey do bees need?",
     f"{LONG}\n\nWhere did it go?", f"Who won the cup?\n\n{LONG}", "", "\n?\n"],
)  # fmt: skip
def test_all_of_another_turn_is_asked(turn: str) -> None:
    assert without_paste(turn) == turn


@given(st.text(st.sampled_from("ab .?\n"), max_size=40))
def test_what_is_asked_is_the_end_of_a_turn(text: str) -> None:
    turn = LONG + text
    assert without_paste(turn) == turn or turn.rstrip().endswith(without_paste(turn))
