"""Questions on several things: something is quoted for each, and what more fits is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import write_files
from pincite import Assistant, Filter, Index, as_json
from pincite.reading.parts import enumerates, is_one_of, parts, topic


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Compare the tide mill with the windmill.", ["What is the tide mill?", "What is the windmill?"]),
        ("compare the rent of Asker to that of Brevik", ["What is the rent of Asker?", "What is the rent of Brevik?"]),
        ("Compare the rent of Asker and Brevik", ["What is the rent of Asker?", "What is the rent of Brevik?"]),
        ("What is the difference between tar and pitch?", ["What is tar?", "What is pitch?"]),
        ("How does tar differ from pitch?", ["What is tar?", "What is pitch?"]),
        ("tar vs. pitch", ["What is tar?", "What is pitch?"]),
        ("When did Asker and Brevik burn?", ["When did Asker burn?", "When did Brevik burn?"]),
        ("Who owned the Merlin and the Red Kite?", ["Who owned the Merlin?", "Who owned the Red Kite?"]),
        ("Who founded Aske, Bruna and Corve?", [f"Who founded {name}?" for name in ("Aske", "Bruna", "Corve")]),
        ("Compare tar, wax and pitch", ["What is tar?", "What is wax?", "What is pitch?"]),
        (
            "Compare the rent of Aske, Bruna, and Corve.",
            [f"What is the rent of {n}?" for n in ("Aske", "Bruna", "Corve")],
        ),
        ("Asker vs Brevik vs Corve", ["What is Asker?", "What is Brevik?", "What is Corve?"]),
        ("Compare Marks and Spencer with Asda", ["What is Marks?", "What is Spencer?", "What is Asda?"]),
        ("How did Asker and Brevik burn?", ["How did Asker burn?", "How did Brevik burn?"]),
        ("Who won Aldhaven vs Brevik?", []),
        ("Did Aldhaven vs Brevik end in a draw?", []),
        ("Aldhaven vs. Brevik was played when?", []),
        ("When was the war between Asker, Brevik and Corve?", []),
        ("Johnson and Johnson", []),
        ("How long and wide is the quay?", []),
        ("When did Asker burn?", []),
        ("", []),
        ("Is Asker larger than Brevik?", ["How large is Asker?", "How large is Brevik?"]),
        ("Was Asker bigger than Brevik?", ["How big was Asker?", "How big was Brevik?"]),
        ("Is the Rowe heavier than the Corvina?", ["How heavy is the Rowe?", "How heavy is the Corvina?"]),
        ("Is Asker more remote than Brevik?", ["How remote is Asker?", "How remote is Brevik?"]),
        ("Is Asker smaller than Brevik?", ["How small is Asker?", "How small is Brevik?"]),
        ("Is it larger than Brevik?", []),
        ("Is the Sarn hut higher than the Garva hut?", ["How high is the Sarn hut?", "How high is the Garva hut?"]),
        ("Was the Rowe built before the Corvina?", ["When was the Rowe built?", "When was the Corvina built?"]),
        (
            "Does Asker have more rooms than Brevik?",
            ["How many rooms does Asker have?", "How many rooms does Brevik have?"],
        ),
    ],
)
def test_what_is_asked_of_each(question: str, asked: list[str]) -> None:
    assert [part.question for part in parts(question)] == asked


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who founded Marks and Spencer?", []),
        ("Where do Bell, Book and Candle meet?", []),
        ("Who owned Marks and Spencer and Asda?", ["Who owned Marks and Spencer?", "Who owned Asda?"]),
        ("Compare Marks and Spencer with Asda", ["What is Marks and Spencer?", "What is Asda?"]),
        (
            "What is the difference between Marks and Spencer and Asda?",
            ["What is Marks and Spencer?", "What is Asda?"],
        ),
        ("What is the difference between Marks and Spencer?", ["What is Marks?", "What is Spencer?"]),
        ("Who founded Spencer and Marks?", ["Who founded Spencer?", "Who founded Marks?"]),
    ],
)
def test_what_a_text_names_in_one_is_not_torn(question: str, asked: list[str]) -> None:
    texts = ["The shop\nA penny bought all at Marks\n& Spencer.", "Bell, Book and Candle is an inn."]
    assert [part.question for part in parts(question, texts)] == asked


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which mills burned down in 1894?", True),
        ("What old ships carry a doctor?", True),
        ("List the mills.", True),
        ("Who were the doctors?", True),
        ("Which mill burned down?", False),
        ("What is the rent?", False),
        ("What was sold?", False),
    ],
)
def test_what_asks_for_all(question: str, *, expected: bool) -> None:
    assert enumerates(question) is expected


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("parts")
    mills = ("Aske", "Bruna", "Corve", "Dorn", "Elm", "Farr", "Gorm", "Hask", "Ilm", "Jorn", "Kolb", "Lund", "Morn")
    files = {f"{name}.txt": f"Mill {name}\n\nThe mill at {name} burned down in 1894.\n" for name in mills}
    files["holm.txt"] = "Mill Holm\n\nThe mill at Holm burned down in 1849.\n"
    files["tar.txt"] = "Tar\n\nTar is a black oil that is boiled out of pine roots.\n"
    files["pitch.txt"] = "Pitch\n\nPitch is what stays in the kettle, and is hard when it is cold.\n"
    for name, rent in (("Asker", 12), ("Brevik", 31)):
        files[f"rent-{name}.txt"] = f"Rent\n\nThe rent of {name} is {rent} crowns a year.\n"
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


@pytest.mark.parametrize(
    ("question", "docs"),
    [
        ("Compare the rent of Asker with that of Brevik.", {"rent-Asker.txt", "rent-Brevik.txt"}),
        ("What is the difference between tar and pitch?", {"tar.txt", "pitch.txt"}),
        ("When did Aske and Holm burn down?", {"Aske.txt", "holm.txt"}),
    ],
)
def test_each_part_has_a_quote(index: Index, question: str, docs: set[str]) -> None:
    answer = Assistant(index).ask(question)
    assert docs <= {each.document.doc_id for each in answer.citations}
    assert len(answer.parts) == 2
    firsts = [answer.citations[part.labels[0] - 1].document.doc_id for part in answer.parts]
    assert set(firsts) == docs
    assert [each.label for each in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert {each.passage.passage_id for each in answer.citations} <= {hit.passage.passage_id for hit in answer.hits}
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
    assert as_json.answer("?", answer)["parts"][0]["labels"] == list(answer.parts[0].labels)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How long is the pier and who built the mill?", ["How long is the pier?", "Who built the mill?"]),
        (
            "What is tar, when did Holm burn down and where is pitch made?",
            ["What is tar, when did Holm burn down?", "Where is pitch made?"],
        ),
        ("When did the mill burn down, and why?", []),
        ("Who built the mill and when was it sold?", []),
        ("Which mills burned down and which survived?", []),
        ("The mill burned down and who rebuilt the tide gate?", []),
    ],
)
def test_two_questions_in_one_are_told_apart(question: str, asked: list[str]) -> None:
    assert [part.question for part in parts(question)] == asked


def test_two_questions_in_one_have_an_answer_each(tmp_path: Path) -> None:
    files = {
        "pier.txt": "The pier\n\nThe pier of Aldhaven is 214 metres long. It stands on oak.\n",
        "log.txt": "The log\n\nThe tide mill was built by Ane Holt. It grinds rye.\n",
        "bees.txt": "Bees\n\nA hive has a queen. The grey bee gathers heather honey.\n",
    }
    write_files(tmp_path / "corpus", files)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        answer = Assistant(index).ask("How long is the pier of Aldhaven and who built the tide mill?")
        assert [part.name for part in answer.parts] == ["How long is the pier of Aldhaven?", "Who built the tide mill?"]
        quoted = [answer.citations[part.labels[0] - 1].quote for part in answer.parts]
        assert ["214 metres" in quoted[0], "Ane Holt" in quoted[1]] == [True, True]
        half = Assistant(index).ask("How long is the pier of Aldhaven and what did the opera in Quimper cost?")
        assert "214 metres" in half.citations[0].quote


def test_a_part_that_nothing_answers_is_said(index: Index) -> None:
    answer = Assistant(index).ask("Compare the rent of Asker with that of Quimper.")
    assert answer.citations[0].document.doc_id == "rent-Asker.txt"
    assert answer.notes == ("No answer was found to “What is the rent of Quimper?”.",)
    assert [bool(part.labels) for part in answer.parts] == [True, False]


def test_parts_that_nothing_answers_are_refused(index: Index) -> None:
    answer = Assistant(index, threshold=1).ask("When did Quimper and Blimtar burn down?")
    assert not answer.answered
    assert not answer.parts


def test_a_quote_that_names_another_thing_answers_no_part(tmp_path: Path) -> None:
    files = {
        "asker.txt": "Traffic\n\nAsker banned cars in 1990 to save its linden trees.\n",
        "skagen.txt": "Skagen\n\nSkagen is a town at the sea.\n",
        "mill.txt": "Mills\n\nThe windmill was built by Ane Holt in 1702.\n",
    }
    write_files(tmp_path / "corpus", files)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        answer = Assistant(index).ask("When did Asker and Skagen ban cars?")
        assert [bool(part.labels) for part in answer.parts] == [True, False]
        assert answer.notes == ("No answer was found to “When did Skagen ban cars?”.",)


@pytest.mark.parametrize(
    "question", ["Compare plovers and knots", "How does a plover's beak differ from a knot's?", "Knots vs. plovers"]
)
def test_one_sentence_on_both_answers_what_compares_them(tmp_path: Path, question: str) -> None:
    said = "Plovers have beaks that are short and stout; knots have beaks that are long and thin."
    files = {
        "beaks.txt": f"Beaks of the shore\n\n{said} Both sleep on sand banks.\n",
        "bees.txt": "Bees\n\nA hive has a queen.\n",
    }
    write_files(tmp_path / "corpus", files)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        answer = Assistant(index).ask(question)
    assert said in answer.citations[0].quote
    assert not [note for note in answer.notes if note.startswith("No answer was found")]


def test_of_an_enumeration_the_rest_is_counted(index: Index) -> None:
    answer = Assistant(index).ask("Which mills burned down in 1894?")
    assert len(answer.citations) + answer.more > 10 >= len(answer.citations)
    assert answer.notes == (f"{answer.more} more passages fit as well.",)


TOWNS = ("Aske", "Bruna", "Corve", "Dorn", "Elm", "Farr", "Gorm", "Hask", "Ilm", "Jorn", "Kolb", "Lund", "Morn")


@pytest.mark.parametrize(
    ("question", "on"),
    [
        ("What do the articles say about talent?", "talent"),
        ("what does the text say on basic research", "basic research"),
        ("What is written about the mills of Aske?", "the mills of Aske"),
        ("Which articles mention herons?", "herons"),
        ("articles about salt", "salt"),
        ("Do you have anything about salt?", "salt"),
        ("Is there something on the salt tax?", "the salt tax"),
        ("List the articles about the bridge", "the bridge"),
        ("What articles do you have about the library?", "the library"),
        ("plans of the provinces", "plans of the provinces"),
        ("What are the harvests of all the different islands?", "the harvests of all the different islands"),
        ("去年公园里有多少只白鹭？", None),
        ("ヒバリ", None),
        ("What are the plans of Jiangsu?", None),
        ("What does the mill grind?", None),
        ("Who is said to be the owner?", None),
        ("size of the glass", None),
    ],
)
def test_what_asks_each_article(question: str, on: str | None) -> None:
    assert topic(question) == on


@pytest.fixture(scope="module")
def harvests(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("harvests")
    files = {
        f"{name}.txt": f"Report from {name}\n\nThe herring fishery at {name} landed {at + 31} boats of fish. "
        f"The herring of {name} was salted in oak barrels.\n"
        for at, name in enumerate(TOWNS)
    }
    files["bees.txt"] = "Bees\n\nThe grey bee lives in the hills and gathers heather honey.\n"
    write_files(folder / "corpus", files)
    index = Index.open(folder / "index")
    index.update(folder / "corpus")
    return index


def test_a_broad_question_is_answered_by_one_quote_an_article(harvests: Index) -> None:
    answer = Assistant(harvests).ask("What do the articles say about herring?")
    articles = [each.document.doc_id for each in answer.citations]
    assert len(set(articles)) == len(articles) == 10
    assert "bees.txt" not in articles
    assert [part.name for part in answer.parts] == [each.document.title for each in answer.citations]
    assert answer.confidence == max(each.confidence for each in answer.citations)
    assert (answer.more, answer.notes) == (3, ("And 3 more articles.",))
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
    for each in answer.citations:
        assert each.document.text[each.start : each.end] == each.quote


def test_a_broad_question_that_nothing_answers_is_refused(harvests: Index) -> None:
    assert not Assistant(harvests).ask("What do the articles say about volcanoes?").answered


@pytest.mark.parametrize("question", ["Which articles are about licences?", "What do the articles say about licences?"])
def test_articles_that_are_called_so_come_first_for_a_topic(tmp_path: Path, question: str) -> None:
    log = "The licence of the inn was renewed. A licence is what one pays for, and is said to need a stamp."
    files = {
        "licences/HPL-2.txt": "HARBOUR PUBLIC LICENCE\n\nYou may moor here at low tide.\n",
        "licences/Quay.txt": "Quay terms\n\nCarts keep to the left of the crane.\n",
    }
    write_files(tmp_path / "c", {**files, "log.txt": f"The log\n\n{log}\n", "bees.txt": "Bees\n\nA hive has a queen."})
    index = Index.open(tmp_path / "index")
    index.update(tmp_path / "c")
    cited = [each.document.doc_id for each in Assistant(index).ask(question).citations]
    assert set(cited[:2]) == {"licences/HPL-2.txt", "licences/Quay.txt"}
    assert cited[2:] in ([], ["log.txt"])


def test_a_topic_of_one_article_alone_is_answered(tmp_path: Path) -> None:
    files = {"crane.txt": "The crane\n\nIt lifts nine tons.\n", "bees.txt": "Bees\n\nA hive has a queen.\n"}
    write_files(tmp_path / "c", files)
    index = Index.open(tmp_path / "index")
    index.update(tmp_path / "c")
    answer = Assistant(index).ask("Which articles are about the crane?")
    assert [each.document.doc_id for each in answer.citations] == ["crane.txt"]
    told = Assistant(index).ask("Can you tell me about the crane?")
    assert [each.document.doc_id for each in told.citations] == ["crane.txt"]
    assert not Assistant(index).ask("Which articles are about the opera?").answered


def test_a_broad_question_goes_no_farther_than_its_filter(harvests: Index) -> None:
    answer = Assistant(harvests).ask(
        "What do the articles say about herring?", where=Filter(doc_ids=("Aske.txt", "Ilm.txt"))
    )
    assert {each.document.doc_id for each in answer.citations} == {"Aske.txt", "Ilm.txt"}
    assert not answer.more


@pytest.mark.parametrize(
    ("topic", "said", "expected"),
    [
        ("the library", "Quill, a library for queues", True),
        ("the library", "Inkbar is a small software library for charts.", True),
        ("the library", "The town library is a library of the old kind.", False),
        ("the library", "The town has a library.", False),
        ("the library", "The library is open.", False),
        ("libraries", "Quill, a library for queues", False),
        ("the mill", "Millie, a windmill in Borre", False),
    ],
)
def test_what_is_one_of_many_by_a_name_of_its_own(topic: str, said: str, *, expected: bool) -> None:
    assert is_one_of(topic, said) is expected


def test_articles_on_the_thing_are_not_those_on_another_of_its_kind(tmp_path: Path) -> None:
    files = {
        "town.md": "---\ntitle: The library opens\n---\n\nThe library in Borre opened on Friday.\n",
        "quill.md": "---\ntitle: Quill\n---\n\nQuill is a library for job queues. The library keeps jobs on disk.\n",
    }
    write_files(tmp_path / "c", files)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        answer = Assistant(index).ask("Which articles are about the library?")
        assert [each.document.doc_id for each in answer.citations] == ["town.md"]
        assert "Left out, as each is on one by a name of its own: “Quill”." in answer.notes
        assert Assistant(index).ask("Which articles are about Quill?").citations[0].document.doc_id == "quill.md"
