"""By which wordings a turn of a conversation is searched, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_files
from pincite import Assistant, Index
from pincite.retrieval.follow_ups import (
    Turn,
    asked_again,
    head_terms,
    last_asked,
    names_instead,
    needs_context,
    new_terms,
    query_variants,
    subject,
    with_subject,
    without_paste,
)


def _user(*turns: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": turn} for turn in turns]


@pytest.mark.parametrize(
    "turn",
    ["And Jiangsu?", "Why?", "How many teams will it add?", "What about the harbour?", "Who else signed the treaty?",
     "他什么时候去世的?", "那江苏呢?", "But when did they leave the town of Aldhaven?"],
)  # fmt: skip
def test_turns_that_lean(turn: str) -> None:
    assert needs_context(turn)


@pytest.mark.parametrize(
    "turn",
    ["Which wood was the wheel of the tide mill made of?", "How much honey does a hive need in winter?",
     "When did the night ferry leave Aldhaven?", "Thanks!", "Thank you very much", "ok, great",
     "Is there life on Mars?", "Who was Napoleon?", "Which country has more people than China?",
     "Who won the ice hockey cup that was held in Montreal?", "Why was the school delayed and what does it cost now?",
     "When did Borre Mill burn, and who rebuilt it?", "浙江省财政科技经费增加了多少?", "其他省份增加了多少?",
     "東京の人口は何人ですか", "ประเทศไทยมีประชากรกี่คน"],
)  # fmt: skip
def test_turns_that_stand_alone(turn: str) -> None:
    assert not needs_context(turn)


def test_the_earlier_turn_counts_for_more_where_the_question_leans() -> None:
    history = [*_user("What did the mill grind?", "How is the weather?"), {"role": "assistant", "content": "Fine."}]
    assert query_variants("And in winter?", history)[0] == ("And in winter?", 1.0)
    (joined, leaning), (_, other) = (
        query_variants("And in winter?", history)[1],
        query_variants("Who built the long pier?", history)[1],
    )
    assert joined == "How is the weather? And in winter?"
    assert leaning > 0.5 > other


def test_thanks_ask_nothing_and_are_not_leant_on() -> None:
    assert query_variants("Thanks!", _user("What did the mill grind?")) == [("Thanks!", 1.0)]
    assert query_variants("And the bees?", _user("What did the mill grind?", "Thanks"))[1][0].startswith(
        "What did the mill"
    )


def test_without_history_a_question_stands_alone() -> None:
    assert query_variants("And then?", []) == [("And then?", 1.0)]


def test_a_long_earlier_turn_leaves_room_for_the_question() -> None:
    ((_, _), (joined, _)) = query_variants("And why?", _user("word " * 1000))
    assert len(joined) < 500
    assert joined.endswith("And why?")


def test_a_polite_word_with_a_question_mark_is_a_question() -> None:
    assert len(query_variants("Nice?", _user("Where is Lyon?"))) == 2


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
    assert new_terms(turn) == said


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
     f"{LONG}\n\nWhere did it go?", f"{LONG}\n\nWhat could be the reason?", f"{LONG}\n\nHow do I fix the problem?",
     f"Who won the cup?\n\n{LONG}", "", "\n?\n"],
)  # fmt: skip
def test_all_of_another_turn_is_asked(turn: str) -> None:
    assert without_paste(turn) == turn


@given(st.text(st.sampled_from("ab .?\n"), max_size=40))
def test_what_is_asked_is_the_end_of_a_turn(text: str) -> None:
    turn = LONG + text
    assert without_paste(turn) == turn or turn.rstrip().endswith(without_paste(turn))


ARTICLES = {
    "tide.md": "# The tide mill of Aldhaven\n\nThe tide mill of Aldhaven is a watermill that grinds oats with the "
    "ebb. It is named after Ruth Penn, a miller's widow who paid for the dam. Building began in 1742 and "
    "took eleven years.\n",
    "ferry.md": "# The night ferry\n\nThe night ferry crosses from Aldhaven to Sund. It is named after the bishop "
    "Olaf Grane. The ferry was given up in 1931, when the bridge was opened. A crossing cost one crown.\n",
    "pumps.md": "# Pumps 3.0\n\nPumps is a program that controls water pumps. Version 3.0 of Pumps was released on 12"
    " May 2023. It needs 2 GB of memory. The license of Pumps is MIT.\n",
    "valves.md": "# Valves 1.4\n\nValves is a program that watches valves. Version 1.4 of Valves was released on 3 "
    "June 2021. It needs 512 MB of memory. The license of Valves is GPL.\n",
    "guide.md": "# Articles\n\n## Adding\n\nTo add articles, copy them into the folder and run the update "
    "command.\n\n## Removing\n\nTo remove articles, delete their files from the folder and run the update"
    " command.\n",
    "budgets.md": "# Budgets\n\nZhejiang raised its budget for science by 40 percent. Jiangsu raised its budget for "
    "science by 25 percent. Hubei set up a fund for innovation.\n",
    "pumps-faq.md": "# Pumps questions\n\nPumps runs on Linux and on BSD. Report a bug in Pumps to Ada Pell by mail.\n",
    "valves-faq.md": "# Valves questions\n\nReport a bug in Valves on the tracker, with its number.\n",
    "bees.md": "# The grey bee\n\nThe grey bee lives in the hills above Aldhaven. A hive needs eighteen kilograms of"
    " honey for the winter. It swarms in May. Its honey is dark.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("turns")
    write_files(folder / "corpus", ARTICLES)
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield Assistant(index)


@pytest.mark.parametrize(
    "turns",
    [
        [("What is the tide mill of Aldhaven?", "with the ebb"), ("Who is it named after?", "Ruth Penn")],
        [("What does Pumps do?", "controls"), ("When was it released?", "12 May 2023"), ("And its license?", "MIT")],
        [
            ("What does Valves do?", "watches"),
            ("When was it released?", "3 June 2021"),
            ("And how much memory does it need?", "512 MB"),
        ],
        [("Which systems does Pumps run on?", "BSD"), ("And where do I report a bug in Valves?", "tracker")],
        [("How do I add articles?", "copy them"), ("And how do I remove them?", "delete their files")],
        [
            ("By what percentage did Zhejiang raise its budget for science?", "40 percent"),
            ("And Jiangsu?", "25 percent"),
        ],
        [("By how much did Zhejiang raise its budget for science?", "40 percent"), ("And Yunnan?", None)],
        [("How much honey does a hive of the grey bee need?", "eighteen"), ("When does it swarm?", "May")],
        [("Who won the chess olympiad?", None), ("When was the night ferry given up?", "1931"), ("Why?", "the bridge")],
        [
            ("What is the license of Valves?", "GPL"),
            ("When was the night ferry given up, and what was opened as it ended?", "1931"),
        ],
        [("What is the tide mill of Aldhaven?", "with the ebb"), ("How does one add articles?", "copy them")],
        [
            ("What is the tide mill of Aldhaven?", "with the ebb"),
            ("Is it possible to remove articles?", "delete"),
        ],
        [
            (
                "I am visiting the valley with my two children next summer and we would love to see the tide mill, can "
                "you tell us who it was named after?",
                "Ruth Penn",
            ),
            ("How long did its building take?", "eleven years"),
        ],
        [("What is the license of Valves?", "GPL"), ("How do I add articles?", "copy them")],
    ],
    ids=lambda turns: turns[-1][0],
)
def test_a_conversation_keeps_its_subject(assistant: Assistant, turns: list[tuple[str, str | None]]) -> None:
    history: list[Turn] = []
    for question, expected in turns:
        answer = assistant.ask(question, history=history)
        assert answer.answered is (expected is not None), answer.text
        assert expected is None or expected in answer.citations[0].quote
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]


def test_the_subject_is_the_last_turn_that_stands_alone_and_what_was_named_since() -> None:
    chain = _user("What is the tide mill?", "Who is it named after?", "When did it start?")
    assert subject(chain) == "What is the tide mill?"
    assert (
        subject(_user("How many work in Berlin?", "And Paris?", "Who else?")) == "How many work in Berlin? And Paris?"
    )


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("towns")
    plans = "The plan of {0} for 1922 is to {1}. Its council drew the plan up in spring."
    budgets = "The plan of {0} for 1922 says that the town will spend {1} crowns on its harbour."
    write_files(
        folder / "corpus",
        {
            "brevik.txt": f"Brevik\n\n{plans.format('Brevik', 'deepen the harbour')}\n",
            "holm.txt": f"Holm\n\n{plans.format('Holm', 'pave the market')} {budgets.format('Holm', 4000)}\n",
            "asker.txt": f"Asker\n\n{plans.format('Asker', 'build a school')} {budgets.format('Asker', 900)}\n",
            "mill.txt": "The wind mill\n\nThe wind mill of Brevik is a smock mill. Its cap was turned by hand.\n",
        },
    )
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield Assistant(index)


def test_what_is_rare_in_the_subject_says_of_what_is_spoken(towns: Assistant) -> None:
    history = _user("What does the plan of Brevik for 1922 say?")
    answer = towns.ask("How much will it spend?", history=history)
    assert {each.document.title for each in answer.citations} <= {"Brevik"}


def test_what_answered_before_does_not_answer_the_next_question_by_itself(towns: Assistant) -> None:
    first = towns.ask("What is the wind mill of Brevik?")
    history = [*_user("What is the wind mill of Brevik?"), {"role": "assistant", "content": first.text}]
    for turn in ("Who is it named after?", "When did it start?", "How long did that take?"):
        answer = towns.ask(turn, history=history)
        assert first.citations[0].quote not in [each.quote for each in answer.citations[:1]], turn
        history += [*_user(turn), {"role": "assistant", "content": answer.text}]


@pytest.mark.parametrize(
    "turn", ["How does one make a backup?", "Is it possible to make a backup?", "Is IT spending rising in Zhejiang?"]
)
def test_a_word_that_stands_for_nothing_said_before_does_not_lean(turn: str) -> None:
    assert not needs_context(turn)


def test_a_question_that_goes_on_is_not_answered_of_another_subject(assistant: Assistant) -> None:
    history = _user("Which systems does Pumps run on?")
    answer = assistant.ask("And where do I report a bug?", history=history)
    assert "valves-faq.md" not in {citation.document.doc_id for citation in answer.citations}
    other = assistant.ask("And where do I report a bug in Valves?", history=history)
    assert [citation.document.doc_id for citation in other.citations][:1] == ["valves-faq.md"]


def test_an_earlier_question_is_asked_again_with_what_a_turn_names_instead() -> None:
    about = "What are the dues for a yacht in May?"
    assert asked_again("And for fishing boats?", about, latest=False) == ["What are the dues for fishing boats in May?"]
    assert asked_again("What about in winter?", about, latest=False) == ["What are the dues for a yacht in winter?"]
    assert asked_again("And at the pier?", "What is the fee?", latest=False) == ["What is the fee at the pier?"]
    assert asked_again("And herring?", about, latest=False) == []
    assert asked_again("And the Corvina?", "Who built the Agnes Rowe?", latest=False) == ["Who built the Corvina?"]
    assert asked_again("And the eel?", "How long does the cod live?", latest=False) == [
        "How long does the eel?",
        "How long does the eel live?",
    ]
    assert asked_again("And the one at Solli?", "When did the mill at Brenna burn?", latest=False) == [
        "When did the mill at Solli burn?"
    ]
    assert asked_again("And that of Solli church?", "Is the bell of Brenna church old?", latest=False) == [
        "Is the bell of Solli church old?"
    ]
    assert asked_again("And the one in Solli?", "How old is the bell of Brenna?", latest=False) == [
        "How old is the bell in Solli?"
    ]
    assert asked_again("And then?", about, latest=False) == []
    assert asked_again("And the current ones?", "What are the dues?", latest=True) == ["What are the dues now?"]


@pytest.fixture(scope="module")
def dues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("dues")
    paid = {2019: (14, 5), 2024: (22, 8)}
    files = {
        f"dues-{year}.md": f"---\ntitle: Harbour dues of {year}\ndate: {year}-02-01\n---\nThe harbour dues for a "
        f"yacht are {yacht} crowns a night. Fishing boats pay {boat} crowns a night.\n"
        for year, (yacht, boat) in paid.items()
    }
    files["winch.md"] = (
        "# News of the winch\n\n## 1.9 (2021-03-04)\n\n- The brake is new.\n\n"
        "## 1.8 (2019-05-06)\n\n- The rope is red.\n"
    )
    files["winch.txt"] = (
        "WINCH(1)\n\nOPTIONS\n       -i, --idle\n              Turn without a load.\n\n"
        "       -v, --invert\n              Pull in the other way.\n"
    )
    files["votes.md"] = (
        "# Votes of the wards\n\nThe wards were counted at night.\n\n| Ward | Turnout |\n|---|---|\n| Kelda | 61% |\n"
        "| Sund | 72% |\n| Mole | 49% |\n"
    )
    files["pts.txt"] = "The office\n\nThe Pilot Tariff Scheme (PTS) began in May. Ships pay under the PTS by length.\n"
    write_files(folder / "c", files)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


@pytest.mark.parametrize(
    ("before", "turn", "said"),
    [
        ("What were the harbour dues for a yacht in 2019?", "And the current ones?", "22 crowns"),
        ("What were the harbour dues of 2019?", "And the newest?", "22 crowns"),
        ("What were the harbour dues for a yacht in 2019?", "And in 2024?", "22 crowns"),
        ("What are the harbour dues for a yacht in 2024?", "And for fishing boats?", "8 crowns"),
        ("What is new in winch 1.9?", "And in version 1.8?", "rope is red"),
        ("What is new in winch 1.9?", "When was it released?", "1.9 (2021-03-04)"),
        ("What does winch -i do?", "And what does -v do?", "Pull in the other way"),
        ("Which ward has the highest turnout?", "And the lowest?", "Mole"),
        ("What does a ship pay under the PTS?", "What does it stand for?", "Pilot Tariff Scheme"),
    ],
)
def test_a_turn_asks_for_another_of_the_kind(dues: Assistant, before: str, turn: str, said: str) -> None:
    answer = dues.ask(turn, history=_user(before))
    assert [said in each.quote for each in answer.citations[:1]] == [True], answer.text


@pytest.mark.parametrize(
    ("turn", "about", "meant"),
    [
        (
            "Who opened it?",
            "When did the bank in Solli open again?",
            ["Who opened the bank in Solli open?", "Who opened the bank in Solli?"],
        ),
        ("Who designed it?", "How long is the bridge over the Varn?", ["Who designed the bridge over the Varn?"]),
        ("Where did he die?", "When was Bo Lind born?", ["Where did Bo Lind die?"]),
        ("Who is its chair?", "When was the Tide Board founded?", ["Who is the Tide Board’s chair?"]),
        ("Who built it?", "When was the old jetty built?", ["Who built the old jetty?"]),
        (
            "Who drew the new one?",
            "When was the old jetty built?",
            ["Who drew the new jetty?"],
        ),
        ("And Jiangsu?", "How large is the budget of Zhejiang?", []),
    ],
)
def test_what_a_pronoun_stands_for_is_put_in_its_place(turn: str, about: str, meant: list[str]) -> None:
    assert with_subject(turn, about) == meant


@pytest.mark.parametrize(
    ("about", "heads"),
    [
        ("How long is the bridge over the Varn?", {"bridg"}),
        ("When was the old jetty built?", {"jetti"}),
        ("When did the library open?", {"librari", "open"}),
        ("When was Bo Lind born?", {"lind"}),
    ],
)
def test_the_noun_that_a_question_is_about_is_known(about: str, heads: set[str]) -> None:
    assert head_terms(about) == heads


@pytest.mark.parametrize("turn", ["Who built it?", "Who sold it?"])
def test_what_is_said_of_another_thing_is_not_sure_for_a_pronoun(tmp_path: Path, turn: str) -> None:
    texts = {
        "bridge.md": "# The bridge over the Varn\n\nThe bridge over the Varn is ninety metres long.\n",
        "jetty.md": "# The Varn\n\nThe jetty on the Varn was built by Ane Lund. The ferry was sold by Per Holm.\n",
    }
    write_files(tmp_path / "c", texts)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assert not Assistant(index).ask(turn, history=_user("How long is the bridge over the Varn?")).sure


def test_whose_it_is_may_be_said_in_either_form(tmp_path: Path) -> None:
    bells = "# Bells\n\nThe bell of Borre church was cast in 1702. The bell of Solli church was cast in 1811.\n"
    write_files(tmp_path / "c", {"bells.md": bells})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("And Solli's?", history=_user("When was the bell of Borre church cast?"))
    assert answer.sure
    assert "1811" in answer.citations[0].quote


def test_the_last_question_says_what_its_pronoun_stands_for() -> None:
    assert last_asked(_user("Who built the Rowe?", "When was it sold?")) == "When was the Rowe sold?"
    assert last_asked(_user("Who built the Rowe?")) == "Who built the Rowe?"
    assert last_asked(_user("Who built the Rowe?", "And the Corvina?")) == "Who built the Rowe? And the Corvina?"


@pytest.mark.parametrize(
    ("turn", "about", "names"),
    [
        ("And Hall 2?", "How many people does Hall 3 hold?", {"2"}),
        ("And the one at Solli?", "When did the mill at Brenna burn?", {"solli"}),
        ("And in 2020?", "What were the dues in 2019?", set()),
        ("And in May?", "What were the dues in June?", set()),
        ("And the eel?", "How long does the cod live?", set()),
        ("Who built Solli?", "When did Brenna burn?", set()),
        ("And Solli’s?", "When was the bell of Borre church cast?", {"solli"}),
    ],
)
def test_what_a_turn_names_instead(turn: str, about: str, names: set[str]) -> None:
    assert names_instead(turn, about) == names


@pytest.fixture(scope="module")
def bells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("bells")
    files = {
        "bells.md": "# Bells\n\nThe bell of Borre church was cast in 1702 in Lind. It weighs two tonnes. The smith Jon "
        "Vik hung it.\n\nThe bell of Hesta church was cast in 1811. It came by sea and weighs 900 kilos.\n",
        "bank.md": "# Bank\n\nThe bank in Borre opened again on 4 May 2022. Ane Holt opened it. It has nine clerks.\n",
    }
    write_files(folder / "c", files)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        yield Assistant(index)


def test_articles_on_another_topic_are_asked_for(bells: Assistant) -> None:
    answer = bells.ask("And about banks?", history=_user("Which articles are about bells?"))
    assert [each.document.doc_id for each in answer.citations] == ["bank.md"]


@pytest.mark.parametrize(
    ("before", "turn", "said"),
    [
        ("When was the bell of Borre church cast?", "And that of Hesta church?", "1811"),
        ("How much does the bell of Borre church weigh?", "And the one in Hesta?", "900"),
        ("When was the bell of Borre church cast?", "Who hung it?", "Jon Vik"),
        ("When did the bank in Borre open again?", "Who opened it?", "Ane Holt"),
        ("When was the bell of Borre church cast?", "And that of Asker church?", None),
        ("When was the bell of Borre church cast?", "Who stole it?", None),
        ("When did the bank in Borre open again?", "Who robbed it?", None),
    ],
)
def test_a_turn_is_answered_of_its_own_subject_or_not_for_sure(
    bells: Assistant, before: str, turn: str, said: str | None
) -> None:
    answer = bells.ask(turn, history=_user(before))
    assert answer.sure is (said is not None)
    assert said is None or said in answer.citations[0].quote
