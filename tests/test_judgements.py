"""What readers judge is noted whole, survives what becomes of the index, and comes back as judged questions."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ARTICLES, write_files
from pincite import Document, Filter, Index
from pincite.analysis.sentences import sentence_spans
from pincite.cli import main
from pincite.errors import IndexProblem, PinciteError, UsageError
from pincite.evaluation.judgements import Verdict, note, read
from pincite.evaluation.questions import Question
from pincite.stores.local.catalog import FILE
from pincite.stores.milvus.store import MilvusStore
from pincite.web.judging import Selected, whole_sentences

DOCS = Path(__file__).parent.parent / "docs"
WHEN, WHEEL = "When did the night ferry leave Aldhaven?", "Which wood was the wheel of the tide mill made of?"
HOCKEY = "Which team won the ice hockey cup?"
FERRY_LEFT, CARTS = "The night ferry left Aldhaven at ten.", "It carried forty carts."


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """An index of the three articles that may be changed."""
    write_files(tmp_path / "corpus", ARTICLES)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
        yield index


def judge(index: Index, verdict: Verdict, question: str, quote: str = "", doc_id: str = "", **asked: Any) -> None:  # noqa: ANN401
    """Note a judgement of a quote in a document."""
    place = None
    if quote:
        document = index.documents([doc_id or "harbour.txt"])[doc_id or "harbour.txt"]
        start = document.text.index(quote)
        place = document, (start, start + len(quote))
    assert note(index, verdict, question, place=place, **asked) == index.judgements


def known(index: Index) -> tuple[list[Question], dict[str, Any]]:
    return read(index.judgements, index)


def quotes(index: Index, places: dict[str, list[tuple[int, int]]] | None) -> list[str]:
    texts = index.documents(list(places or ()))
    return [texts[name].text[slice(*span)] for name, spans in (places or {}).items() for span in spans]


# ---------------------------------------------------------------- noting


def test_a_line_names_the_place_and_holds_no_word_of_the_article(index: Index, tmp_path: Path) -> None:
    judge(index, "right", WHEN, FERRY_LEFT, history=["The ferry?"], where=Filter(doc_ids="harbour.txt", after="2021"))
    text = (tmp_path / "index/judgements.jsonl").read_text("utf-8")
    line = json.loads(text)
    document = index.document("harbour.txt")
    assert document.text[line["start"] : line["end"]] == FERRY_LEFT
    assert line["text_anchor"].startswith(f"harbour.txt@{line['digest'][:16]}:{line['start']}-{line['end']}:")
    assert (line["question"], line["history"], line["verdict"]) == (WHEN, ["The ferry?"], "right")
    assert line["filters"] == {"doc_ids": ["harbour.txt"], "after": "2021"}
    assert (line["doc_id"], line["digest"]) == ("harbour.txt", document.digest)
    assert "forty" not in text
    documented = (DOCS / "json.md").read_text("utf-8").partition("### Judgements")[2].partition("### A collection")[0]
    for key in line:
        assert f"`{key}`" in documented, f"{key} is not documented"


NOTE = """
import sys
from pincite import Index
from pincite.evaluation.judgements import note
index = Index.open(sys.argv[1])
for number in range(40):
    note(index, "nothing", sys.argv[2] * 3000 + str(number))
"""


def test_many_at_once_lose_nothing_and_cut_no_line(index: Index) -> None:
    with ThreadPoolExecutor(4) as threads:
        others = [
            subprocess.Popen([sys.executable, "-c", NOTE, str(index.judgements.parent), letter]) for letter in "ab"
        ]
        list(threads.map(lambda number: note(index, "nothing", "c" * 3000 + str(number)), range(40)))
    assert [other.wait() for other in others] == [0, 0]
    lines = [json.loads(line)["question"] for line in index.judgements.read_text("utf-8").splitlines()]
    assert sorted(lines) == sorted(letter * 3000 + str(number) for letter in "abc" for number in range(40))


FULL = """
import resource, sys
from pincite import Index
from pincite.errors import IndexProblem
from pincite.evaluation.judgements import note
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    note(Index.open(sys.argv[1]), "nothing", "q" * 1000)
except IndexProblem as error:
    print(error)
"""


def test_a_full_disk_is_told_and_leaves_no_half_line(index: Index) -> None:
    judge(index, "nothing", HOCKEY)
    before = index.judgements.read_bytes()
    command = [sys.executable, "-c", FULL, str(index.judgements.parent), str(len(before) + 100)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"{index.judgements}: ")
    assert said.endswith("; nothing was noted\n")
    assert index.judgements.read_bytes() == before
    judge(index, "nothing", WHEN)
    assert len(known(index)[0]) == 2


def test_what_cannot_be_noted_is_told(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"100,\d+ bytes: up to 100,000 are noted"):
        note(index, "nothing", "q" * 100_000)
    assert not index.judgements.exists()
    judge(index, "nothing", HOCKEY)
    monkeypatch.setattr("pincite.evaluation.judgements._MOST_BYTES_IN_ALL", 200)
    with pytest.raises(IndexProblem, match="has grown to"):
        judge(index, "nothing", HOCKEY)
    index.judgements.unlink()
    index.judgements.mkdir()
    with pytest.raises(IndexProblem, match=r"judgements\.jsonl: Is a directory; nothing was noted"):
        judge(index, "nothing", HOCKEY)


def test_half_a_character_is_noted_as_one_that_is_unknown(index: Index) -> None:
    judge(index, "nothing", "What is \ud83d?", history=["\udc00"], where=Filter(source="\ud83d"))
    assert '"What is \ufffd?", "history": ["\ufffd"]' in index.judgements.read_text("utf-8")


def test_a_line_without_its_end_is_not_written_on(index: Index) -> None:
    index.judgements.write_text(json.dumps({"question": WHEN, "verdict": "nothing"}), "utf-8")
    judge(index, "nothing", HOCKEY)
    assert [each.text for each in known(index)[0]] == [WHEN, HOCKEY]


def test_nothing_that_becomes_of_the_index_takes_them_away(index: Index, tmp_path: Path) -> None:
    judge(index, "right", WHEN, FERRY_LEFT)
    noted = index.judgements.read_bytes()
    index.backup(tmp_path / "kept")
    index.update(rebuild=True)
    index.restore(tmp_path / "kept", overwrite=True)
    assert index.verify() == ()
    index.close()
    (index.judgements.parent / FILE).write_bytes(b"broken")
    index.update(tmp_path / "corpus")
    assert (index.judgements.parent / "damaged.sqlite").exists()
    assert index.judgements.read_bytes() == noted
    assert known(index)[1]["right"] == 1


def test_those_of_an_index_in_milvus_lie_in_the_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/home/of/data")
    one, other = (MilvusStore(f"milvus+http://127.0.0.1:1/{name}") for name in ("plans", "letters"))
    assert one.judgements != other.judgements
    assert not any(one.judgements.is_relative_to(place) for place in one.owned_paths)
    if sys.platform == "linux":
        assert one.judgements.parent == Path("/home/of/data/pincite")


# ---------------------------------------------------------------- reading


def test_the_last_word_on_a_place_counts(index: Index) -> None:
    judge(index, "wrong", WHEN, FERRY_LEFT)
    judge(index, "right", WHEN, CARTS)
    judge(index, "wrong", WHEN, CARTS)
    judge(index, "instead", WHEN, FERRY_LEFT)
    (question,) = known(index)[0]
    assert (question.text, question.answerable, question.relevant) == (WHEN, True, {"harbour.txt": 1})
    assert quotes(index, question.spans) == [FERRY_LEFT]
    assert [quotes(index, places) for places in question.wrong] == [[CARTS]]
    judge(index, "nothing", WHEN)
    (question,) = known(index)[0]
    assert (question.answerable, question.spans, len(question.wrong)) == (False, {}, 1)
    judge(index, "right", WHEN, FERRY_LEFT)
    (question,) = known(index)[0]
    assert (question.answerable, quotes(index, question.spans)) == (True, [FERRY_LEFT])


def test_what_is_only_known_to_be_wrong_has_no_answer_known(index: Index) -> None:
    judge(index, "wrong", WHEN, CARTS)
    (question,) = known(index)[0]
    assert (question.has_answer, question.spans, question.relevant) == (None, None, {})


def test_a_question_after_others_or_with_filters_is_another(index: Index) -> None:
    where = Filter(source="Mill Letters", before="2020")
    judge(index, "right", WHEEL, "Its wheel was made of elm.", "mill/tide.md")
    judge(index, "right", WHEEL, "Its wheel was made of elm.", "mill/tide.md", where=where)
    judge(index, "nothing", WHEEL, history=["When did the mill stop?"])
    alone, limited, later = known(index)[0]
    assert [each.where for each in (alone, limited, later)] == [None, where, None]
    assert (alone.earlier, later.earlier, later.answerable) == ((), ("When did the mill stop?",), False)
    assert len({each.query_id for each in (alone, limited, later)}) == 3
    assert alone.query_id == WHEEL


def test_a_quote_counts_wherever_it_stands(index: Index, tmp_path: Path) -> None:
    write_files(tmp_path / "corpus", {"reprint.txt": f"From another paper. {FERRY_LEFT} More follows below.\n"})
    index.update()
    judge(index, "right", WHEN, FERRY_LEFT)
    (question,) = known(index)[0]
    assert set(question.spans or ()) == {"harbour.txt", "reprint.txt"}
    assert quotes(index, question.spans) == [FERRY_LEFT] * 2


def test_what_was_moved_is_found_and_what_is_gone_is_named(
    index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(index, "right", WHEN, FERRY_LEFT)
    judge(index, "right", WHEN, CARTS)
    judge(index, "right", WHEEL, "Its wheel was made of elm.", "mill/tide.md")
    judge(index, "nothing", HOCKEY, where=Filter(source="Mill Letters"))
    judge(index, "nothing", HOCKEY)
    text = ARTICLES["harbour.txt"].replace("The night", "An old tale 😀. The night").replace("forty", "fifty")
    (tmp_path / "corpus/harbour.txt").write_text(text, "utf-8")
    (tmp_path / "corpus/mill/tide.md").unlink()
    index.update(allow_removals=True)
    questions, judged = known(index)
    assert [each.text for each in questions] == [WHEN, HOCKEY]
    assert quotes(index, questions[0].spans) == [FERRY_LEFT]
    assert (judged["right"], judged["nothing"], judged["moved"]) == (1, 1, 1)
    assert [(each["line"], each["doc_id"], each["reason"]) for each in judged["stale"]] == [
        (2, "harbour.txt", "its article was changed, and no longer holds the quote"),
        (3, "mill/tide.md", "its article is not in the index any more"),
        (4, None, "no article fits its filters any more"),
    ]
    assert main(["evaluate", "--judgements", "--index", str(tmp_path / "index")]) == 0
    said = capsys.readouterr().out
    assert "1 right, 0 wrong (0 of them still quoted, 0 first), 1 without an answer, 1 moved, 3 stale\n" in said
    assert "   line 3, right, mill/tide.md: its article is not in the index any more\n" in said


def test_an_answer_that_is_gone_does_not_bring_back_that_there_is_none(index: Index, tmp_path: Path) -> None:
    judge(index, "nothing", WHEEL)
    judge(index, "instead", WHEEL, "Its wheel was made of elm.", "mill/tide.md")
    (tmp_path / "corpus/mill/tide.md").unlink()
    index.update(allow_removals=True)
    questions, judged = known(index)
    assert (questions, len(judged["stale"])) == ([], 1)
    assert main(["evaluate", "--judgements", "--index", str(tmp_path / "index")]) == 0


GOOD = {"question": WHEN, "verdict": "nothing"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "half', "not JSON"),
        ("[]", "not an object"),
        ({"verdict": "nothing"}, "give a 'question', a 'verdict' (right, wrong, instead, nothing)"),
        ({"question": WHEN}, "no 'verdict'"),
        ({**GOOD, "verdict": "good"}, "give a 'question'"),
        ({**GOOD, "verdict": ["right"]}, "give a 'question'"),
        ({**GOOD, "verdict": "right"}, "a 'text_anchor'"),
        ({**GOOD, "verdict": "right", "text_anchor": "harbour.txt"}, "not a link to a quote"),
        ({**GOOD, "history": [1]}, "'history' is [1]"),
        ({**GOOD, "filters": {"colour": "red"}}, "'filters': "),
        ({**GOOD, "filters": {"after": "soon"}}, "'filters': after='soon' is not a date"),
        ({**GOOD, "filters": ["a"]}, "'filters': "),
    ],
)
def test_a_wrong_line_is_one_line(
    real_index: Index, tmp_path: Path, line: str | dict[str, object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "noted.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\n{line if isinstance(line, str) else json.dumps(line)}\n", "utf-8")
    assert main(["evaluate", "--judgements", str(path), "--index", real_index.status().path]) == 1
    done = capsys.readouterr()
    assert (done.out, done.err.count("\n")) == ("", 1)
    assert f"{path}:2: " in done.err
    assert said in done.err


def test_without_judgements_it_is_said_what_to_do(
    real_index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = real_index.status().path
    assert main(["evaluate", "--judgements", "--index", place]) == 2
    assert "judgements.jsonl: missing; judge answers on the page" in capsys.readouterr().err
    assert main(["evaluate"]) == 2
    assert "Missing argument 'QUESTIONS'" in capsys.readouterr().err
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(PinciteError, match="no judgements"):
        read(tmp_path / "empty.jsonl", real_index)
    (tmp_path / "one.jsonl").write_text(json.dumps(GOOD), "utf-8")
    assert main(["evaluate", "--judgements", str(tmp_path / "one.jsonl"), "--index", str(tmp_path / "none")]) == 1
    assert "no index here" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


# ---------------------------------------------------------------- measuring


@pytest.mark.slow
def test_it_is_measured_how_many_wrong_quotes_are_still_quoted(
    index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(index, "wrong", WHEN, FERRY_LEFT)
    judge(index, "wrong", WHEN, "The dam broke in a storm.", "mill/tide.md")
    judge(index, "right", WHEEL, "Its wheel was made of elm.", "mill/tide.md")
    judge(index, "wrong", WHEEL, "The tide mill ground oats until 1911. Its wheel was made of elm.", "mill/tide.md")
    judge(index, "nothing", HOCKEY)
    command = ["evaluate", "--judgements", "--index", str(tmp_path / "index"), "--worst", "9"]
    assert main([*command, "--leave-out", "--json"]) == 0
    printed = capsys.readouterr().out
    said = json.loads(printed)
    assert said["collection"] == "judgements.jsonl"
    assert said["questions"] == {"answerable": 1, "unanswerable": 2, "unlabelled": 1}  # one of them left out
    # A quote that holds what is right is not counted as the wrong one around it.
    assert said["judgements"] == {
        "right": 1, "wrong": 3, "nothing": 1, "wrong_quoted": 1, "wrong_first": 1, "moved": 0, "stale": [],
    }  # fmt: skip
    assert said["measures"]["wrong quoted"] == pytest.approx(1 / 3)
    assert said["measures"]["wrong first"] == 0.5
    outcomes = {each["id"]: each["outcome"] for each in said["worst"]}
    assert (outcomes[WHEN], outcomes[WHEEL], outcomes[HOCKEY]) == (
        "wrong quote", "first quote right", "rightly refused",
    )  # fmt: skip
    documented = (DOCS / "json.md").read_text("utf-8").partition("## evaluate")[2].partition("## update")[0]
    for key in (*said, *said["judgements"], *said["measures"]):
        assert f"`{key}`" in documented, f"{key} is not documented"
    (tmp_path / "old.json").write_text(printed, "utf-8")
    assert main([*command, "--compare", str(tmp_path / "old.json")]) == 0
    said = capsys.readouterr().out
    assert "judgements      1 right, 3 wrong (1 of them still quoted, 1 first), 1 without an answer\n" in said
    assert "wrong quoted      0.333 before, +0.000" in said


def test_a_question_is_asked_with_its_filters(index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judge(index, "nothing", WHEN, where=Filter(doc_ids=["bees.txt"]))
    assert main(["evaluate", "--judgements", "--index", str(tmp_path / "index"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcomes"]["rightly refused"] == 1


# ---------------------------------------------------------------- what is selected

SENTENCES = st.lists(
    st.text(st.sampled_from("ab 😀𝔄e\u0301שא\n.?|\t"), max_size=20) | st.just("The keeper wrote 😀. "), max_size=6
).map("".join)


@given(SENTENCES, st.data())
def test_a_selection_becomes_the_whole_sentences_that_it_touches(text: str, data: st.DataObject) -> None:
    document = Document(doc_id="a.txt", title="t", text=text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    selected = Selected(doc_id="a.txt", digest=document.digest, start=start, end=end, text=text[start:end])
    ends = sentence_spans(text)
    if not any(text[max(a, start) : min(b, end)].strip() for a, b in ends):
        with pytest.raises(UsageError, match="no sentence is selected"):
            whole_sentences(document, selected)
        return
    first, last = whole_sentences(document, selected)
    assert first in {a for a, _ in ends}
    assert last in {b for _, b in ends}
    inside = [at for at in range(start, end) if not text[at].isspace() and any(a <= at < b for a, b in ends)]
    assert first <= inside[0] <= inside[-1] < last
    assert sum(first <= a < last for a, _ in ends) == sum(any(a <= at < b for at in inside) for a, b in ends)


def test_a_selection_of_another_text_or_of_too_much_is_refused() -> None:
    document = Document(doc_id="a.txt", title="t", text="One 😀 sentence. " + "Another follows here. " * 200)
    right = Selected(doc_id="a.txt", digest=document.digest, start=4, end=5, text="😀")
    assert document.text[slice(*whole_sentences(document, right))] == "One 😀 sentence."
    for change, said in (
        ({"digest": "0" * 64}, "was changed since it was opened"),
        ({"start": 5, "end": 6}, "holds something else at 5-6"),
        ({"end": len(document.text), "text": document.text[4:]}, r"characters are selected: .* up to 2,000"),
        ({"end": 4, "text": ""}, "no sentence is selected"),
    ):
        with pytest.raises(UsageError, match=said):
            whole_sentences(document, right.model_copy(update=change))
