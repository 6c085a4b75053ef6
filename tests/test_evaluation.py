"""Measures on a collection small enough to be worked out by hand."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import ARTICLES
from pincite import Assistant, Filter, Index
from pincite.cli import main
from pincite.errors import PinciteError, UsageError
from pincite.evaluation import evaluate
from pincite.evaluation.measures import Values, compare, kinds, means
from pincite.evaluation.outcomes import OUTCOMES, Outcome, worst
from pincite.evaluation.questions import Question, index_collection, left_out, read_own, read_questions

DOCS = Path(__file__).parent.parent / "docs"

FERRY = "The night ferry left Aldhaven at ten. It carried forty carts of salt."
MILL = "The tide mill ground oats until 1911. The dam broke in a storm."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    lines: dict[str, list[dict[str, object]]] = {
        "corpus.jsonl": [{"_id": "f", "title": "Ferry", "text": FERRY}, {"_id": "m", "title": "Mill", "text": MILL}],
        "queries.jsonl": [
            {"_id": "q1", "text": "When did the night ferry leave Aldhaven?", "answerable": True},
            {"_id": "q2", "text": "What did the tide mill grind until 1911?", "answerable": True},
            {"_id": "q3", "text": "Which team won the ice hockey cup?", "answerable": False},
            {"_id": "q4", "text": "Nobody judged this."},
        ],
        "spans.jsonl": [
            {"query_id": "q1", "doc_id": "f", "start": 30, "end": 36},
            {"query_id": "q2", "doc_id": "m", "start": 0, "end": 37},
        ],
    }
    for name, values in lines.items():
        (folder / name).write_text("\n".join([json.dumps(value) for value in values]))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tf\t1\nq2\tm\t1\n")
    return folder


def test_only_judged_questions_are_asked(collection: Path) -> None:
    questions = read_questions(collection)
    assert [each.query_id for each in questions] == ["q1", "q2", "q3"]
    assert questions[0].spans == {"corpus.jsonl#f": [(30, 36)]}
    assert questions[2].relevant == {}


def test_measures_of_a_tiny_collection(collection: Path, tmp_path: Path) -> None:
    with Index.open(tmp_path / "index") as index:
        index_collection(collection, index, tmp_path / "corpus")
        each = evaluate(read_questions(collection), Assistant(index))
    measures = means(each.values())
    assert measures["nDCG@10"] == measures["RR@10"] == measures["R@5"] == measures["first citation"] == 1.0
    assert measures["AUROC"] == measures["accuracy"] == 1.0
    assert measures["false refusals"] == measures["false answers"] == 0.0
    assert measures["first sentence"] == measures["quotes hold"] == 1.0
    assert kinds(each.values()) == {"answerable": 2, "unanswerable": 1, "unlabelled": 0}
    # Both passages are retrieved whole: 6 of their characters answer the first question.
    assert each["q1"]["span R@5"] == 1.0
    assert each["q1"]["span P@5"] == pytest.approx(6 / (len(FERRY) + len(MILL)))
    assert each["q1"]["span IoU@5"] == pytest.approx(6 / (len(FERRY) + len(MILL)))
    # One sentence quoted for each, as in the gold: the words of both are shared in full.
    assert (each["q1"]["#shared"], each["q1"]["#wanted"], each["q1"]["#said"]) == (7, 7, 7)
    assert measures["word F1"] == 1.0


def test_a_wrong_citation_counts_as_wrong(collection: Path, tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    for path in collection.iterdir():
        (tmp_path / "c" / path.name).write_bytes(path.read_bytes())
    moved = [{"query_id": "q1", "doc_id": "m", "start": 38, "end": 63}]
    (tmp_path / "c/spans.jsonl").write_text("\n".join(map(json.dumps, moved)))
    with Index.open(tmp_path / "index") as index:
        index_collection(tmp_path / "c", index, tmp_path / "corpus")
        each = evaluate(read_questions(tmp_path / "c"), Assistant(index))
    assert each["q1"]["first citation"] == each["q1"]["first sentence"] == each["q1"]["quotes hold"] == 0.0
    assert means(each.values())["word F1"] == 0.0


def test_the_command(collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second time from the same index
        assert main(["evaluate", str(collection), "--index", str(tmp_path / "e"), "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["measures"]["nDCG@10"] == 1.0
        assert set(said["queries"]) == {"q1", "q2", "q3"}


def test_a_comparison_says_what_changed_and_how_surely(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = {
        f"q{n}": {"nDCG@10": 0.0, "#answerable": float(n % 2), "#confidence": 0.1, "#answered": 1.0} for n in range(40)
    }
    new = {
        name: values | {"nDCG@10": float(name != "q3"), "#confidence": 0.9 * values["#answerable"]}
        for name, values in old.items()
    }
    changed = compare(old, new)
    assert (changed["nDCG@10"]["old"], changed["nDCG@10"]["new"]) == (0.0, 39 / 40)
    assert 0.9 < changed["nDCG@10"]["low"] <= 39 / 40 <= changed["nDCG@10"]["high"] == 1.0
    assert (changed["AUROC"]["old"], changed["AUROC"]["new"]) == (0.5, 1.0)
    assert changed["accuracy"] == {"old": 0.5, "new": 0.5, "low": 0.0, "high": 0.0}
    with pytest.raises(UsageError, match="in common"):
        compare(old, {"other": {}})
    path = tmp_path / "old.json"
    path.write_text(
        json.dumps({"collection": collection.name, "queries": {"q1": {"nDCG@10": 0.5}, "q2": {"nDCG@10": 0.5}}})
    )
    assert main(["evaluate", str(collection), "--index", str(tmp_path / "e"), "--compare", str(path)]) == 0
    assert "nDCG@10           0.500 before, +0.500 (+0.500 to +0.500 in 95 % of resamples)" in capsys.readouterr().out
    for wrong in ("{}", '{"queries": {"q1": 3}}', '{"queries": {}, "collection": "another"}'):
        path.write_text(wrong)
        assert main(["evaluate", str(collection), "--index", str(tmp_path / "e"), "--compare", str(path)]) == 2
        assert "old.json" in capsys.readouterr().err


def test_a_measure_that_few_questions_have_is_compared_over_the_draws_that_have_it() -> None:
    rare = {"q1": {"first citation": 1.0}, "q2": {"nDCG@10": 0.5}, "q3": {"nDCG@10": 0.5}, "q4": {"nDCG@10": 0.5}}
    assert compare(rare, rare)["first citation"] == {"old": 1.0, "new": 1.0, "low": 0.0, "high": 0.0}


def test_words_and_gold_do_not_depend_on_what_was_found(collection: Path, tmp_path: Path) -> None:
    with Index.open(tmp_path / "index") as index:
        index_collection(collection, index, tmp_path / "corpus")
        each = evaluate(read_questions(collection), Assistant(index, threshold=1.0))
    assert each["q1"]["#wanted"] == 7  # the sentence that holds the span
    assert each["q1"]["#said"] == 0


def test_a_conversation_is_measured_with_and_without_its_turns(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c").mkdir()
    for name in ("corpus.jsonl", "qrels.tsv"):
        (tmp_path / "c" / name).write_bytes((collection / name).read_bytes())
    before = {"q1": "When did the ferry leave Aldhaven?", "q2": "What did the tide mill grind?"}
    lines = [{"_id": name, "text": "Why?", "user_turns": [turn, "Why?"]} for name, turn in before.items()]
    (tmp_path / "c/queries.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert main(["evaluate", str(tmp_path / "c"), "--index", str(tmp_path / "e"), "--worst", "1"]) == 0
    said = capsys.readouterr().out
    assert "second column: without the turns" in said
    first, second = next(line.split()[1:] for line in said.splitlines() if line.startswith("RR@10"))
    assert float(first) > float(second)
    assert said.count("   quoted  ") == said.count("   after   When did the ferry leave Aldhaven?") == 1


def test_what_was_lost_comes_first() -> None:
    def outcome(name: str, found: str) -> Outcome:
        return {"id": name, "outcome": found}

    said = {"a": "first quote right", "b": "wrongly refused", "c": "wrongly refused", "d": "not retrieved"}
    said |= {"e": "another quote right", "f": "rightly refused", "g": "wrong quote", "h": "wrongly answered"}
    assert sorted({*said.values()}) == sorted(OUTCOMES)
    each: dict[str, Values] = {name: {} for name in said} | {"b": {"nDCG@10": 0.9}, "c": {"nDCG@10": 0.2}}
    found = worst([outcome(name, found) for name, found in said.items()], each, 8)
    assert "".join(outcome["id"] for outcome in found) == "dgcbheaf"


def test_a_folder_that_is_no_collection_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"corpus\.jsonl"):
        read_questions(tmp_path)
    (tmp_path / "corpus.jsonl").write_text("")
    (tmp_path / "queries.jsonl").write_text("")
    with pytest.raises(UsageError, match="qrels"):
        read_questions(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("queries.jsonl", '{"_id": broken', "queries.jsonl:1: not JSON"),
        ("queries.jsonl", '{"_id": "q1"}', "queries.jsonl:1: no 'text'"),
        ("queries.jsonl", '["q1", "text"]', "queries.jsonl:1: not an object"),
        ("queries.jsonl", '{"_id": "q1", "text": "caf\udce9"}', "queries.jsonl:1: not JSON"),
        ("spans.jsonl", '{"query_id": "q1", "doc_id": "f", "begin": 1}', "spans.jsonl:1: no 'start'"),
        ("qrels.tsv", "q1\tf\t1\nq2 0 m 1\n", "qrels.tsv:2: 'q2 0 m 1' is not"),
    ],
)
def test_a_wrong_line_is_named(collection: Path, tmp_path: Path, name: str, content: str, said: str) -> None:
    for path in collection.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=re.escape(said)):
        read_questions(tmp_path)


def test_without_its_extra_nothing_is_indexed(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)  # as if it were not installed
    assert main(["evaluate", str(collection), "--index", str(tmp_path / "e")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pip install 'pincite[evaluation]'" in said  # see test_extras.py
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize("n", ["-1", "0", "many"])
def test_the_worst_are_counted_from_one(collection: Path, n: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(collection), "--worst", n]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{n!r} is not a whole number from 1" in said


def test_a_blank_last_line_is_no_error(collection: Path, tmp_path: Path) -> None:
    for path in collection.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "qrels.tsv").write_text("q1\tf\t1\n\n")
    assert read_questions(tmp_path)[0].relevant == {"corpus.jsonl#f": 1}


# ---------------------------------------------------------------- questions of one's own

FERRY_LEFT = "The night ferry left Aldhaven at ten."
WHEN = "When did the night ferry leave Aldhaven?"
WHEEL = "Which wood was the wheel of the tide mill made of?"
HOCKEY = "Which team won the ice hockey cup?"
BOTH = "When did the ferry leave, and what was the wheel of the tide mill made of?"


def write_own(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "own.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


def asked(index: Index, questions: list[Question], threshold: float | None = None) -> tuple[list[Outcome], Values]:
    """What became of questions, and their measures."""
    outcomes: list[Outcome] = []

    def done(outcome: Outcome | None) -> None:
        assert outcome is not None
        outcomes.append(outcome)

    each = evaluate(questions, Assistant(index, threshold=threshold), done=done)
    return outcomes, means(each.values())


def test_own_questions_are_asked_of_the_index_that_is_there(
    tmp_path: Path, real_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    place = real_index.status().path
    path = write_own(
        tmp_path,
        {"question": WHEN, "quote": FERRY_LEFT},
        {"question": WHEEL, "doc_id": "mill/tide.md", "id": "wheel"},
        {"question": HOCKEY, "answerable": False},
    )
    before = real_index.status()
    assert main(["evaluate", str(path), "--index", place, "--worst", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert real_index.status() == before
    assert said["collection"] == "own.jsonl"
    assert said["questions"] == {"answerable": 2, "unanswerable": 1, "unlabelled": 0}
    assert set(said["queries"]) == {WHEN, "wheel", HOCKEY}
    assert said["measures"]["nDCG@10"] == said["measures"]["AUROC"] == said["measures"]["quotes hold"] == 1.0
    first, none = "first quote right", "rightly refused"
    assert {each["id"]: each["outcome"] for each in said["worst"]} == {WHEN: first, "wheel": first, HOCKEY: none}
    assert said["outcomes"] == dict.fromkeys(OUTCOMES, 0) | {first: 2, none: 1}
    when = next(each for each in said["worst"] if each["id"] == WHEN)
    assert when["quoted"][0] == {"doc_id": "harbour.txt", "quote": FERRY_LEFT, "label": 1}
    assert when["right"] == [{"doc_id": "harbour.txt", "quote": FERRY_LEFT, "label": None}]
    documented = (DOCS / "json.md").read_text("utf-8").partition("## evaluate")[2].partition("## update")[0]
    for key in (*said, *when, *when["quoted"][0], *said["outcomes"], *said["questions"], *said["measures"]):
        assert f"`{key}`" in documented, f"{key} is not documented"


def test_a_quote_is_found_with_other_white_space_and_in_the_named_document(tmp_path: Path, real_index: Index) -> None:
    path = write_own(
        tmp_path,
        {"question": WHEN, "quote": "The night\n  ferry left Aldhaven\tat ten."},
        {"question": WHEEL, "quote": ["made of elm", "wheel"], "doc_id": ["mill/tide.md"], "history": ["The mill?"]},
        {"question": HOCKEY, "answerable": False},
    )
    when, wheel, hockey = read_own(path, real_index)
    texts = {doc_id: each.text for doc_id, each in real_index.documents(list(ARTICLES)).items()}
    assert when.spans is not None
    assert wheel.spans is not None
    assert [texts[name][slice(*span)] for name, spans in when.spans.items() for span in spans] == [FERRY_LEFT]
    assert [texts["mill/tide.md"][slice(*span)] for span in wheel.spans["mill/tide.md"]] == ["made of elm", "wheel"]
    assert (wheel.earlier, wheel.relevant, wheel.answerable) == (("The mill?",), {"mill/tide.md": 1}, True)
    assert (hockey.spans, hockey.answerable, hockey.relevant) == ({}, False, {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"question": WHEN, "quote": "It carried fifty carts."}, "“It carried fifty carts.” stands nowhere"),
        ({"question": WHEN, "quote": FERRY_LEFT, "doc_id": "bees.txt"}, "stands nowhere in that document"),
        ({"question": WHEN, "doc_id": "boat.txt"}, "no document 'boat.txt' in the index"),
        ({"question": WHEN}, "nothing says what is right"),
        ({"question": WHEN, "answerable": True}, "nothing says what is right"),
        ({"question": WHEN, "answerable": False, "quote": FERRY_LEFT}, "take one of them away"),
        ({"question": WHEN, "answerable": "no"}, "'answerable' as true or false"),
        ({"quote": FERRY_LEFT}, "give one 'question'"),
        ({"question": WHEN, "quote": " "}, "'quote' is"),
        ({"question": HOCKEY, "answerable": False}, "a second"),
    ],
)
def test_what_is_wrong_in_own_questions_is_one_line(
    tmp_path: Path, real_index: Index, line: dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_own(tmp_path, {"question": HOCKEY, "answerable": False}, line)
    assert main(["evaluate", str(path), "--index", real_index.status().path]) == 1
    done = capsys.readouterr()
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert f"{path}:2: " in done.err
    assert said in done.err


def test_a_file_without_questions_or_without_an_index(
    tmp_path: Path, real_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    place = real_index.status().path
    with pytest.raises(PinciteError, match=r"own\.jsonl: no questions"):
        read_own(write_own(tmp_path), real_index)
    path = write_own(tmp_path, {"question": WHEN, "quote": FERRY_LEFT})
    assert main(["evaluate", str(path), "--index", str(tmp_path / "none")]) == 1
    assert "pincite update" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    assert main(["evaluate", str(tmp_path / "nowhere.jsonl"), "--index", place]) == 2
    assert "nowhere.jsonl: missing" in capsys.readouterr().err


def test_where_an_answer_was_lost(tmp_path: Path, real_index: Index) -> None:
    path = write_own(
        tmp_path,
        {"question": WHEN, "quote": FERRY_LEFT, "id": "first quote right"},
        {"question": BOTH, "quote": FERRY_LEFT, "id": "another quote right"},
        {"question": WHEN, "quote": "The dam broke in a storm.", "id": "wrong quote"},
        {"question": WHEN, "answerable": False, "id": "wrongly answered"},
        {"question": BOTH, "doc_id": "harbour.txt", "id": "another quote right, of which the document is known"},
    )
    questions = read_own(path, real_index)
    unknown = replace(questions[0], query_id="not retrieved", relevant={"gone.txt": 1}, spans={"gone.txt": [(0, 5)]})
    outcomes, measures = asked(real_index, [*questions, unknown])
    assert [each["outcome"] for each in outcomes] == [each["id"].partition(",")[0] for each in outcomes]
    assert [each["rank"] is None for each in outcomes] == [False, False, False, True, False, True]
    assert [text["doc_id"] for text in outcomes[1]["quoted"]] == ["mill/tide.md", "harbour.txt"]
    assert (measures["false refusals"], measures["false answers"]) == (0.0, 1.0)
    outcomes, measures = asked(real_index, questions, threshold=1.0)
    assert [each["outcome"] for each in outcomes] == [*3 * ["wrongly refused"], "rightly refused", "wrongly refused"]
    assert (measures["false refusals"], measures["false answers"]) == (1.0, 0.0)


def test_what_was_lost_is_shown_beside_what_is_right(
    tmp_path: Path, real_index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[dict[str, object]] = [
        {"question": WHEN, "quote": "Its wheel was made of elm."},
        {"question": WHEEL, "doc_id": "mill/tide.md"},
    ]
    path = write_own(tmp_path, *lines)
    assert main(["evaluate", str(path), "--index", real_index.status().path, "--worst", "1"]) == 0
    said = capsys.readouterr().out
    assert "questions       2 answerable\noutcomes        1 wrong quote, 1 first quote right\n" in said
    last = re.sub(r"\d\.\d\d", "P", said[said.index("\nwrong quote") :])
    assert re.fullmatch(
        rf"""
wrong quote, confidence P, right at rank \d
   {re.escape(WHEN)}
   quoted  \[1\] harbour.txt: “{re.escape(FERRY_LEFT)}.*”
   right   mill/tide.md: “Its wheel was made of elm.”
""",
        last,
    )


def test_what_answers_is_left_out(collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its document and the others of the same article gone, a question counts as one without an answer."""
    for path in collection.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lines = [{"_id": "f", "text": FERRY, "article": "boats"}, {"_id": "f2", "text": f"{FERRY} So.", "article": "boats"}]
    lines += [{"_id": "m", "text": MILL, "article": "mills"}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert main(["evaluate", str(tmp_path), "--index", str(tmp_path / "e"), "--leave-out", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["questions"] == {"answerable": 2, "unanswerable": 3, "unlabelled": 0}
    assert set(said["queries"]["q1 (left out)"]) == {"#confidence", "#answered", "#answerable"}
    assert said["measures"]["AUROC"] == 1.0
    assert said["measures"]["false answers"] == 0.0
    with Index.open(tmp_path / "e" / "index") as index:
        first, second = left_out(read_questions(tmp_path), index)
        assert first.without == {"corpus.jsonl#f", "corpus.jsonl#f2"}
        assert second.without == {"corpus.jsonl#m"}
        where = Filter(doc_ids=["corpus.jsonl#m"])
        assert asked(index, [first])[0][0]["confidence"] == Assistant(index).ask(first.text, where=where).confidence
