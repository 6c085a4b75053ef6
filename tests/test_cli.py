"""The command line, run as a user does: results on stdout, one line for an error, exit status 0, 1 or 2."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pincite
from conftest import ARTICLES, WordEmbedder, swap, write_files
from pincite import Assistant, Index, Progress, as_json, as_text, cli
from pincite.cli import main, program

DOCS = Path(__file__).parent.parent / "docs"
STEERING = "\x07 \x1b]0;owned \x7f \x80 \x9b31m \u202e \u2028"
"""What a terminal acts on: a bell, a title, a deletion, colours in one byte and two, a change of direction, a line."""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, cwd: Path) -> Done:
    """Run the command in this process, where the model is loaded once."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())


def run_apart(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as its users do, in a shell."""
    command = command.replace("pincite ", f"{sys.executable} -m pincite ", 1)
    return subprocess.run(command, shell=True, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def embed_by_words(patched: pytest.MonkeyPatch) -> None:
    """Have the commands that run in this process load no model."""
    patched.setattr(Index, "_embedder", lambda index, model: WordEmbedder(model))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_files(folder / "docs_corpus", ARTICLES | {"notes.xyz": "unknown", "empty.txt": ""})
    with pytest.MonkeyPatch.context() as patched:
        embed_by_words(patched)
        done = run("update", "docs_corpus", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "3 added, 0 changed, 0 removed, 0 unchanged; 4 passages embedded"
    assert "2 skipped:" in done.stdout
    assert "empty.txt: empty" in done.stdout
    assert "notes.xyz: unknown kind" in done.stdout
    return folder


@pytest.fixture
def home(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus and an index that embeds by words, as the current directory; not to be changed."""
    embed_by_words(monkeypatch)
    return made


def test_version_and_help(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"pincite {pincite.__version__}\n"
    listed = re.findall(r"^  ([a-z]+)  ", run("--help", cwd=tmp_path).stdout, re.MULTILINE)
    assert listed == [
        "update", "search", "ask", "list", "show", "chat", "status", "backup", "restore", "copy", "evaluate",
    ]  # fmt: skip
    for verb in listed:
        assert f"example: pincite {verb}" in run(verb, "--help", cwd=tmp_path).stdout
    assert (
        "exit status: 0 done, also where nothing answers; 1 an error; 2 wrong usage" in run("-h", cwd=tmp_path).stdout
    )


def test_without_a_reader_or_with_one_that_is_missing(home: Path) -> None:
    question = "When did the night ferry leave Aldhaven?"
    citations = json.loads(run("ask", question, "--reader", "none", "--json", cwd=home).stdout)["citations"]
    assert citations[0]["quote"].startswith("The night ferry left Aldhaven at ten.")
    assert citations[0]["highlights"] == []
    done = run("ask", question, "--reader", "no-such-folder", cwd=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"pincite: .*no-such-folder: no reader there .*--reader none\n", done.stderr)


def test_the_reader_asked_for_answers_in_the_chat_and_the_index_keeps_its_own(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(home, tmp_path / "home")
    highlights = []

    def launch(index: Index, **_: object) -> None:
        answer = Assistant(index).ask("When did the night ferry leave Aldhaven?")
        highlights.append(answer.citations[0].highlights)
        write_files(tmp_path / "home/docs_corpus", {"later.txt": "Later.\n"})
        index.update(tmp_path / "home/docs_corpus")

    monkeypatch.setattr("pincite.web.launch", launch)
    for arguments in (("--reader", "none"), ()):
        done = run("chat", *arguments, cwd=tmp_path / "home")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert highlights[0] == ()
    assert highlights[1]
    done = run("chat", "--reader", "no-such-folder", cwd=tmp_path / "home")
    assert (done.returncode, len(highlights)) == (1, 2)
    assert re.fullmatch(r"pincite: .*no-such-folder: no reader there .*--reader none\n", done.stderr)


def test_a_collection_measured_without_a_reader_keeps_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embed_by_words(monkeypatch)
    lines = {
        "corpus.jsonl": {"_id": "ferry", "title": "Night ferry", "text": "The night ferry left Aldhaven at ten."},
        "queries.jsonl": {"_id": "when", "text": "When did the night ferry leave Aldhaven?"},
    }
    write_files(tmp_path / "harbour", {name: json.dumps(line) + "\n" for name, line in lines.items()})
    write_files(tmp_path / "harbour", {"qrels.tsv": "when\tferry\t1\n"})
    assert run("evaluate", "harbour", "--reader", "none", cwd=tmp_path).returncode == 0
    with Index.open(tmp_path / "index/evaluation/harbour/index") as index:
        assert index.settings.reader == "default"


def test_a_reranked_search_says_what_was_read(home: Path) -> None:
    found = json.loads(run("search", "When did the ferry leave?", "--rerank", "--json", cwd=home).stdout)["hits"]
    assert found[0]["doc_id"] == "harbour.txt"
    assert all(0 <= hit["scores"]["read"] <= 1 for hit in found)
    assert run("search", "ferry", "--rerank", "--mode", "lexical", cwd=home).returncode == 2


def test_of_a_long_question_the_end_is_read_and_that_is_said(home: Path) -> None:
    done = run("ask", "A page about boats was pasted here. " * 2000 + "When did the ferry leave Aldhaven?", cwd=home)
    assert done.returncode == 0
    assert done.stderr.startswith("pincite: the question is long: it was read by its end, “")
    assert done.stderr.endswith("When did the ferry leave Aldhaven?”\n")


@pytest.mark.parametrize("question", ["When did the fferry leave  Aldhavven?", "  When did\n the ferry   leave? "])
def test_a_question_that_was_corrected_or_spaced_is_not_called_long(home: Path, question: str) -> None:
    assert run("ask", question, cwd=home).stderr == ""


def test_an_update_without_a_folder_takes_the_last_one(home: Path) -> None:
    done = run("update", "--json", cwd=home)
    report = json.loads(done.stdout)
    assert report["unchanged"] == sorted(ARTICLES)
    assert report["embedded"] == 0


def test_ask_prints_quotes_and_their_places(real_index: Index) -> None:
    place = Path(real_index.status().path)
    done = run_apart("pincite ask 'When did the night ferry leave Aldhaven?'", place.parent)
    assert done.returncode == 0
    assert done.stdout.startswith("The night ferry left Aldhaven at ten. [1]")
    assert re.search(r"^\[1\] “Night ferry”, 2021-03-04, harbour\.txt, characters 0-37$", done.stdout, re.MULTILINE)
    assert done.stderr == ""


def test_ask_says_when_nothing_answers(home: Path) -> None:
    done = run("ask", "Which team won the ice hockey cup?", cwd=home)
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing in these articles answers this")


QUESTIONS = (
    "How do I add texts?",
    "By how much is Zhejiang raising its funding for innovation?",
    "Which team won the ice hockey cup?",
    "What did the science plans say about talent?",
    "Which formats can be read?",
    "What is planned in Guangdong?",
    "What is the Greater Bay Area plan?",
    "Which three centers are there?",
    "How do I filter by source?",
)


@pytest.mark.slow
def test_an_answer_in_json_is_small_and_more_of_it_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(DOCS.parent / "docs_corpus", tmp_path / "docs_corpus")
    assert run("update", "docs_corpus", cwd=tmp_path).returncode == 0
    (tmp_path / "questions").write_text("\n".join(QUESTIONS), encoding="utf-8")
    lines = run("ask", "--from", "questions", "--json", cwd=tmp_path).stdout.splitlines()
    assert len(lines) == len(QUESTIONS)
    for line in lines:
        answer = json.loads(line)
        assert len(line.encode()) < 8000 + 1000 * max(0, len(answer["citations"]) - 5)  # up to ten are quoted
        assert len(answer["hits"]) == (1 if answer["answered"] else 3)
    assert len(json.loads(run("ask", QUESTIONS[2], "--hits", "0", "--json", cwd=tmp_path).stdout)["hits"]) == 0
    few = json.loads(run("ask", QUESTIONS[3], "--hits", "20", "--json", cwd=tmp_path).stdout)["hits"]
    whole = json.loads(run("ask", QUESTIONS[3], "--hits", "20", "--texts", "--json", cwd=tmp_path).stdout)["hits"]
    assert len(few) == len(whole) == 20
    assert all(hit["end"] - hit["start"] == len(hit["text"]) for hit in whole)
    assert [hit["text"] for hit in few] == [hit["text"][:300] for hit in whole]
    assert max(len(hit["text"]) for hit in whole) > 300


def test_a_refusal_does_not_look_like_the_threshold() -> None:
    refused = {"answered": False, "reply": "", "notes": [], "citations": [], "hits": []}
    for confidence, printed in ((0.4999, "0.49"), (0.2499999, "0.24"), (0.0, "0.00"), (0.995, "0.99")):
        assert f"(confidence {printed})" in as_text.answer(refused | {"confidence": confidence})


def test_list(home: Path) -> None:
    assert run("list", cwd=home).stdout.splitlines() == [
        "bees.txt  “Bees”",
        "harbour.txt  “Night ferry”, 2021-03-04",
        "mill/tide.md  “The tide mill”, Mill Letters, R. Penn, 2019-07",
    ]
    assert run("list", "--after", "2020", cwd=home).stdout.startswith("harbour.txt")
    assert run("list", "--sources", cwd=home).stdout == "      1  Mill Letters\n"
    assert run("list", "--authors", "--source", "Mill Letters", cwd=home).stdout == "      1  R. Penn\n"
    assert json.loads(run("list", "--folders", "--json", cwd=home).stdout) == {"total": 1, "folders": {"mill": 1}}
    assert run("list", "--folders", "--doc-id", "bees.txt", cwd=home).stdout == "There is none.\n"


def test_show(home: Path) -> None:
    done = run("show", "mill/tide.md", cwd=home)
    assert done.stdout.startswith("“The tide mill”, Mill Letters, R. Penn, 2019-07, mill/tide.md, characters 0-")
    assert done.stdout.endswith("\n\nThe dam broke in a storm.\n")
    write_files(home / "long", {"a.txt": "".join(f"Sentence {n} is here. " for n in range(400))})
    assert run("update", "long", "--index", "long-index", cwd=home).returncode == 0
    part = json.loads(run("show", "a.txt", "--around", "4000", "--index", "long-index", "--json", cwd=home).stdout)
    whole = json.loads(run("show", "a.txt", "--index", "long-index", "--json", cwd=home).stdout)
    assert part["text"] == whole["text"][part["start"] : part["end"]]
    assert 3000 <= part["start"] < 4000 < part["end"] <= 5000
    assert f"characters {part['start']}-{part['end']} of {len(whole['text'])}" in (
        run("show", "a.txt", "--around", "4000", "--index", "long-index", cwd=home).stdout
    )


LINES = (
    b"\xef\xbb\xbfWhen did the night ferry leave Aldhaven?\r\n\n"
    b'{"question": "Which team won the ice hockey cup?"}\n{broken\n\xff\n{"question": 7}\n{"question": " "}\n[1]\n'
)
FERRY = "When did the night ferry leave Aldhaven?"


def test_questions_from_a_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "asked").write_bytes(LINES)
    done = run("ask", "--from", str(tmp_path / "asked"), "--json", cwd=home)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(answer["line"], answer["answered"]) for answer in answers] == [(1, True), (3, False), (8, False)]
    assert done.returncode == 1
    reported = re.findall(r"^pincite: .*asked:(\d+): (.*)$", done.stderr, re.MULTILINE)
    assert [int(line) for line, _ in reported] == [4, 5, 6, 7]
    assert "not JSON" in reported[0][1]
    assert "not UTF-8" in reported[1][1]
    assert done.stderr.count("\n") == 4
    done = run("ask", "--from", str(tmp_path / "asked"), cwd=home)
    assert done.stdout.startswith("> When did the night ferry leave Aldhaven?\nThe night ferry left Aldhaven at ten. ")
    done = run("ask", "--from", str(tmp_path / "asked"), "--folder", "nowhere", cwd=home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)  # wrong for every line


@pytest.mark.parametrize("turn", [FERRY, {"role": "user", "content": FERRY}])
def test_a_question_from_a_file_has_the_turns_before_it(home: Path, tmp_path: Path, turn: object) -> None:
    asked = [{"question": "And how many carts?", "history": history} for history in ([turn], "Hello", [7], None)]
    (tmp_path / "asked").write_text("\n".join(map(json.dumps, asked)))
    done = run("ask", "--from", str(tmp_path / "asked"), "--json", cwd=home)
    first, bare = map(json.loads, done.stdout.splitlines())
    assert (first["line"], first["read"]) == (1, "And how many carts? night ferry leave Aldhaven")
    assert (bare["line"], bare["read"]) == (4, "And how many carts?")
    assert re.findall(r"asked:(\d+): .*history", done.stderr) == ["2", "3"]


def test_questions_from_stdin(real_index: Index) -> None:
    place = Path(real_index.status().path)
    done = run_apart("pincite ask --from - --json < corpus/harbour.txt", place.parent)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [1, 3, 5]


def test_citations_for_a_bibliography(home: Path) -> None:
    question = "What was the wheel of the tide mill made of?"
    done = run("ask", question, "--format", "bibtex", cwd=home)
    assert done.stdout.startswith("@misc{tide-")
    assert "author = {R. Penn}" in done.stdout
    (item,) = json.loads(run("ask", question, "--format", "csl", cwd=home).stdout)
    assert (item["title"], item["issued"]) == ("The tide mill", {"date-parts": [[2019, 7]]})
    for form, empty in (("bibtex", ""), ("csl", "[]\n")):
        done = run("ask", "Which team won the ice hockey cup?", "--format", form, cwd=home)
        assert (done.returncode, done.stdout) == (0, empty)
        assert done.stderr.startswith("pincite: Nothing in these articles answers this")
        done = run("ask", "Hello", "--format", form, cwd=home)
        assert (done.returncode, done.stdout) == (0, empty)
        assert done.stderr.startswith("pincite: Hello! Ask something")


def test_an_update_that_skips_every_file_is_an_error(home: Path) -> None:
    write_files(home / "bad", {"a.txt": "", "b.md": "\n"})
    done = run("update", "bad", "--index", "bad-index", cwd=home)
    assert done.returncode == 1
    assert "2 skipped:" in done.stdout
    assert re.fullmatch(r"pincite: nothing of this folder is indexed: every file was skipped.*\n", done.stderr)
    write_files(home / "bad", {"c.md": "One that can be read.\n"})
    assert run("update", "bad", "--index", "bad-index", cwd=home).returncode == 0


def test_a_log_has_a_line_of_progress_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now, said = [0.0], io.StringIO()
    monkeypatch.setattr("pincite.cli.time.monotonic", lambda: now[0])
    with redirect_stderr(said), cli._progress() as show:
        for second in range(600):
            now[0] = second
            show(Progress(stage="embed", done=1000 * second, total=10**6 if second < 300 else None))
    lines = said.getvalue().splitlines()
    assert len(lines) == 9
    assert lines[0] == "embed: 60,000 of 1,000,000 passages"
    assert lines[-1] == "embed: 540,000 passages"


def test_search_prints_passages(home: Path) -> None:
    done = run("search", "tide mill", "--k", "1", cwd=home)
    assert done.stdout.startswith("1. “The tide mill”, Mill Letters, R. Penn, 2019-07, mill/tide.md, characters 0-")
    assert done.stdout.count("score") == 1


def test_filters(home: Path) -> None:
    done = run("search", "ferry", "--after", "2021", "--json", cwd=home)
    assert [hit["doc_id"] for hit in json.loads(done.stdout)["hits"]] == ["harbour.txt"]
    done = run("ask", "What was made of elm?", "--folder", "mill/", "--author", "R. Penn", "--json", cwd=home)
    assert {hit["doc_id"] for hit in json.loads(done.stdout)["hits"]} == {"mill/tide.md"}


def test_status(home: Path) -> None:
    done = run("status", cwd=home)
    assert re.search(r"^documents +3$", done.stdout, re.MULTILINE)
    assert "skipped: empty.txt: empty" in done.stdout
    assert json.loads(run("status", "--json", cwd=home).stdout)["passages"] == 4


def test_status_tells_what_changed_on_disk(home: Path) -> None:
    new = next(home.glob("*/harbour.txt")).with_name("later.txt")
    new.write_text("Later.\n", encoding="utf-8")
    try:
        assert "new on disk: later.txt" in run("status", cwd=home).stdout
        assert json.loads(run("status", "--json", cwd=home).stdout)["changes"]["new"] == ["later.txt"]
    finally:
        new.unlink()


def test_status_verifies(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    done = run("status", "--verify", cwd=tmp_path / "home")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "verified    all is as it was written")
    assert re.search(r"^disk +[\d,.]+ MB \(catalogue [\d.]+ MB, derived", done.stdout, re.MULTILINE)
    file = next((tmp_path / "home/index/generations").rglob("*.faiss"))
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    done = run("status", "--verify", cwd=tmp_path / "home")
    assert done.returncode == 1
    assert "SHA-256 differs" in done.stdout
    found = json.loads(run("status", "--verify", "--json", cwd=tmp_path / "home").stdout)
    assert "SHA-256 differs" in found["wrong"][0]
    file.unlink()
    assert file.name in json.loads(run("status", "--verify", "--json", cwd=tmp_path / "home").stdout)["wrong"][0]
    assert run("update", cwd=tmp_path / "home").returncode == 0
    assert run("status", "--verify", cwd=tmp_path / "home").returncode == 0


def test_a_backup_moves_an_index(home: Path, tmp_path: Path) -> None:
    done = run("backup", str(tmp_path / "kept"), cwd=home)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r".*kept: [\d,]+ bytes\n", done.stdout)
    done = run("restore", str(tmp_path / "kept"), cwd=tmp_path)
    assert done.stdout.startswith("3 documents, 4 passages, updated 2"), done.stderr
    assert "harbour.txt" in run("search", "ferry", "--mode", "lexical", cwd=tmp_path).stdout
    done = run("restore", str(tmp_path / "kept"), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "pincite: index: holds 3 documents, which --overwrite (overwrite=True) replaces\n"
    assert run("restore", str(tmp_path / "kept"), "--overwrite", cwd=tmp_path).returncode == 0


def _line(process: subprocess.Popen[str], words: str) -> str:
    """The next line that the process prints with these words in it."""
    assert process.stdout is not None
    return next(line for line in process.stdout if words in line)


@pytest.mark.slow
def test_a_watched_folder_is_updated_after_each_burst(real_index: Index, tmp_path: Path) -> None:
    """Ten files are one update, and a file that is long in coming is read to its end."""
    shutil.copytree(Path(real_index.status().path).parent, tmp_path / "home")
    corpus = tmp_path / "home/corpus"
    command = [sys.executable, "-m", "pincite", "update", "corpus", "--watch"]
    with subprocess.Popen(
        command, cwd=corpus.parent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            _line(process, "3 unchanged")
            write_files(corpus, {f"burst{n}.txt": f"Burst {n}\n\nThe burst numbered {n}.\n" for n in range(10)})
            assert _line(process, "added").startswith("10 added, 0 changed")
            with (corpus / "slow.txt").open("w", encoding="utf-8") as file:
                for n in range(16):
                    file.write(f"The slow sentence numbered {n} is here. ")
                    file.flush()
                    time.sleep(0.25)
            whole = "The slow sentence numbered 15 is here."
            while whole not in run("search", whole, "--k", "1", "--mode", "lexical", cwd=corpus.parent).stdout:
                _line(process, "added")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


# Objects in the JSON and the tables of docs/json.md that list their keys; other objects have names or files as keys.
TABLES = {
    "hits": "A hit",
    "documents": "A document",
    "scores": "Scores",
    "citations": "A citation",
    "duplicates": "A duplicate",
    "best": "A range",
    "highlights": "A range",
    "parts": "A part",
    "changes": "Changes",
    "bytes": "Bytes",
    "compared": "A comparison",
    "judgements": "What was judged",
    "worst": "One of the worst",
    "quoted": "A text",
    "right": "A text",
}
BY_NAME = {"skipped", "stale", "outcomes", "measures", "without_history", "queries"}
BY_NAME |= {"sources", "authors", "folders", "metadata"}


def documented_keys() -> dict[str, set[str]]:
    """By heading the keys in the first column of the table below it."""
    _, *parts = re.split(r"^##+ (.+)$", (DOCS / "json.md").read_text("utf-8"), flags=re.MULTILINE)
    keys: dict[str, set[str]] = {}
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        rows = re.search(r"^\| key \| value \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
        keys[heading] = set(re.findall(r"^\| `(\w+)` \|", rows[1], re.MULTILINE)) if rows else set()
    return keys


def objects(table: str, value: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """The keys of an object and of all those in it, each with the table that should list them."""
    yield table, set(value)
    for key, inner in value.items():
        several = inner.values() if key == "compared" else inner if isinstance(inner, list) else [inner]
        for each in several:
            if isinstance(each, dict) and key not in BY_NAME and (table, key) != ("What is printed", "questions"):
                yield from objects(TABLES[key], each)


def test_json_has_the_documented_keys_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embed_by_words(monkeypatch)
    write_files(tmp_path / "corpus", ARTICLES | {"copy.md": ARTICLES["mill/tide.md"]})
    question, quote = "Which wood was its wheel made of?", "Its wheel was made of elm."
    judged = [{"question": question, "quote": quote, "history": ["A mill?"]}, {"question": "Who?", "answerable": False}]
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, judged)), "utf-8")
    printed: dict[str, set[str]] = {}

    def look(table: str, *arguments: str) -> str:
        done = run(*arguments, "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        for name, keys in objects(table, json.loads(done.stdout)):
            printed[name] = printed.get(name, set()) | keys
        return done.stdout

    look("update", "update", "corpus")
    look("search", "search", "mill")
    look("ask", "ask", question)
    look("ask", "ask", "List all articles")
    (tmp_path / "asked.txt").write_text(question, "utf-8")
    look("ask", "ask", "--from", "asked.txt")
    for kind in ([], ["--sources"], ["--authors"], ["--folders"]):
        look("list", "list", *kind)
    look("show", "show", "mill/tide.md")
    look("ask", "ask", "Compare the wheel of the tide mill with the night ferry of Aldhaven.")
    look("status", "status", "--verify")
    (tmp_path / "old.json").write_text(look("What is printed", "evaluate", "own.jsonl"), "utf-8")
    look("What is printed", "evaluate", "own.jsonl", "--worst", "2", "--compare", "old.json")
    (tmp_path / "noted.jsonl").write_text(json.dumps({"question": question, "verdict": "nothing"}), "utf-8")
    look("What is printed", "evaluate", "--judgements", "noted.jsonl")
    others = {"evaluate", "Questions of your own", "Judgements", "A collection", "What is measured", "An outcome"}
    assert printed == {name: keys for name, keys in documented_keys().items() if name not in others}


def test_an_article_in_json_has_the_documented_keys(real_index: Index) -> None:
    article = as_json.document(real_index.documents(["harbour.txt"])["harbour.txt"])
    row = next(line for line in (DOCS / "http.md").read_text("utf-8").splitlines() if line.startswith("| `document` |"))
    assert set(article) == set(re.findall(r"`(\w+)`", row)) - {"document", "around"}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["update", "nowhere"], 1, "nowhere"),
        (["search", "x", "--index", "none"], 1, "pincite update"),
        (["ask", "x", "--index", "none"], 1, "pincite update"),
        (["status", "--index", "none"], 1, "pincite update"),
        (["chat", "--index", "none"], 1, "pincite update"),
        (["search", "x", "--k", "0"], 2, "'0' is not a whole number from 1"),
        (["search", "x", "--k", "-1"], 2, "'-1' is not a whole number from 1"),
        (["search", "x", "--k", "many"], 2, "'many' is not a whole number from 1"),
        (["evaluate", "x", "--worst", "-1"], 2, "'-1' is not a whole number from 1"),
        (["evaluate", "x", "--worst=0"], 2, "'0' is not a whole number from 1"),
        (["chat", "--port", "-1"], 2, "'-1' is not a whole number from 0 to 65535"),
        (["chat", "--port", "65536"], 2, "'65536' is not a whole number from 0 to 65535"),
        (["ask", "x", "--threshold", "1.01"], 2, "'1.01' is not a number from 0 to 1"),
        (["ask", "x", "--threshold", "-0.1"], 2, "'-0.1' is not a number from 0 to 1"),
        (["ask", "x", "--threshold", "nan"], 2, "'nan' is not a number from 0 to 1"),
        (["search", "x", "--before", "2021-13"], 2, "2021-13"),
        (["search", "x", "--after", "yesterday"], 2, "yesterday"),
        (["ask", ""], 2, "ask something"),
        (["ask", "x", "--hits", "-1"], 2, "'-1' is not a whole number from 0"),
        (["ask", "x", "--hits", "all"], 2, "'all' is not a whole number from 0"),
        (["ask", "x", "--format", "ris"], 2, "'ris' is not one of"),
        (["ask", "x", "--format", "csl", "--json"], 2, "--format goes with neither --from nor --json"),
        (["ask", "x", "--from", "docs_corpus/bees.txt"], 2, "give either a QUESTION or --from FILE"),
        (["ask", "--from", "no-such-file"], 2, "'no-such-file': No such file or directory"),
        (["ask", "--from", "docs_corpus"], 2, "'docs_corpus': Is a directory"),
        (["ask", "--from", "docs_corpus/empty.txt"], 2, "docs_corpus/empty.txt: holds no question"),
        (["ask", "x", "--source", "Mill"], 2, "no article has the source 'Mill'; there is: 'Mill Letters'"),
        (["search", "x", "--author", "Pen"], 2, "no article has the author 'Pen'; there is: 'R. Penn'"),
        (["search", "x", "--folder", "mil"], 2, "no article has the folder 'mil'; there is: 'mill'"),
        (["search", "x", "--doc-id", "bee.txt"], 2, "has the id 'bee.txt'; there are: 'bees.txt', "),
        (["list", "--after", "2050"], 2, "no article fits after='2050'; those are dated 2019-07 to 2021-03-04"),
        (["search", "x", "--mode", "lexical", "--before", "1999"], 2, "those are dated 2019-07 to 2021-03-04"),
        (["list", "--source", "\x1b]0;x\x07"], 2, "there is: 'Mill Letters'"),
        (["show", "bee.txt"], 2, "doc_id='bee.txt': not in the index; there are: 'bees.txt', "),
        (["show", "bees.txt", "--around", "-1"], 2, "'-1' is not a whole number from 0"),
        (["show", "bees.txt", "--around", "80"], 2, "around=80: bees.txt has 73 characters; give 0 to 72"),
        (["show"], 2, "DOC"),
        (["ask"], 2, "QUESTION"),
        (["sing"], 2, "sing"),
        ([], 2, "(see pincite --help)"),
        (["ask", "x", "--sing\n\x1b[0m"], 2, "(see pincite ask --help)"),
        (["update", "docs_corpus", "--model", "other/model"], 1, "--rebuild"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_error_is_one_line(
    home: Path, arguments: list[str], status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = run(*arguments, cwd=home)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr
    assert "\x1b" not in done.stderr
    assert not (home / "none").exists()


def test_a_rebuild_for_another_model_mends_a_catalogue_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    index = tmp_path / "home/index"
    swap(index / "catalog.sqlite", b"this was a catalogue\n" * 1000)
    done = run("update", "docs_corpus", "--rebuild", "--model", "other", cwd=tmp_path / "home")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 added, 0 changed, 0 removed, 0 unchanged; 4 passages embedded")
    assert (index / "damaged.sqlite").read_bytes().startswith(b"this was a catalogue")
    assert json.loads(run("status", "--json", cwd=tmp_path / "home").stdout)["model"] == "other"


def test_a_rebuild_for_another_model_replaces_an_index_of_another_format(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    with contextlib.closing(sqlite3.connect(tmp_path / "home/index/catalog.sqlite")) as catalogue:
        catalogue.execute("PRAGMA user_version = 99")
    refused = run("update", "docs_corpus", "--model", "other", cwd=tmp_path / "home")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--rebuild" in refused.stderr
    done = run("update", "docs_corpus", "--rebuild", "--model", "other", cwd=tmp_path / "home")
    assert done.stdout.startswith("3 added"), done.stderr


def test_most_of_the_index_goes_only_when_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embed_by_words(monkeypatch)
    write_files(tmp_path / "one", {"a.txt": "the keeper sleeps."})
    write_files(tmp_path / "two", {"b.txt": "the mill grinds."})
    assert run("update", "one", cwd=tmp_path).returncode == 0
    refused = run("update", "two", cwd=tmp_path)
    assert refused.returncode == 1
    assert "1 of 1" in refused.stderr
    assert "--allow-removals" in refused.stderr
    assert run("update", "two", "--allow-removals", cwd=tmp_path).stdout.startswith("1 added, 0 changed, 1 removed")


def test_a_closed_pipe_is_no_error(home: Path) -> None:
    done = run_apart("pincite search --mode lexical mill --json | head -c 1", home)
    assert (done.stdout, done.stderr) == ("{", "")
    assert run_apart("pincite search --help | true", home).stderr == ""


def test_an_interrupted_command_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Index, "search", interrupted)
    assert run("search", "mill", cwd=home) == Done(130, "", "pincite: interrupted; nothing is lost\n")


def test_an_error_is_one_line_in_a_shell_too(home: Path) -> None:
    done = run_apart("pincite search x --k 0", home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("pincite search: ")
    done = run_apart("pincite search x --index none", home)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("pincite: none: no index here; ")


@pytest.fixture
def steered(home: Path) -> str:
    """An index of an article that holds what a terminal acts on."""
    write_files(home / "steer", {"a.txt": f"Keeper\n\nThe keeper {STEERING} sleeps at night.\n"})
    done = run("update", "steer", "--index", "steered", cwd=home)
    assert done.returncode == 0, done.stderr
    return "steered"


@pytest.mark.parametrize("verb", ["search", "ask"])
def test_articles_do_not_steer_the_terminal(home: Path, steered: str, verb: str) -> None:
    with Index.open(home / steered) as index:
        text = index.documents(["a.txt"])["a.txt"].text
    held = set(text) & set(STEERING) - set("]0;owned31m ")
    assert {"\x1b", "\x7f", "\x9b", "\u202e"} <= held  # what the reading of files leaves
    arguments = (verb, "When does the keeper sleep?", "--index", steered)
    printed, printed_json = run(*arguments, cwd=home).stdout, run(*arguments, "--json", cwd=home).stdout
    assert json.loads(printed_json)["hits"][0]["text"] in text
    for character in held:
        assert character not in printed + printed_json
        assert ascii(character)[1:-1] in printed
        assert f"\\u{ord(character):04x}" in printed_json


def test_words_that_no_passage_holds(home: Path) -> None:
    assert run("search", "--mode", "lexical", "zzzz", cwd=home).stdout == "No passage holds one of these words.\n"


def test_status_says_that_the_folder_is_gone(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "index", tmp_path / "index")
    write_files(tmp_path / "corpus", ARTICLES)
    assert run("update", "corpus", cwd=tmp_path).returncode == 0
    shutil.rmtree(tmp_path / "corpus")
    assert "changes     unknown: the folder of articles is not there" in run("status", cwd=tmp_path).stdout


def test_every_command_and_option_is_described() -> None:
    rows = r"^\| `(--[a-z-]+)[^|]*\| ([^|]*) \|"
    shared, *parts = re.split(r"^## `pincite (\w+)", (DOCS / "cli.md").read_text("utf-8"), flags=re.MULTILINE)
    described = {
        verb: {name for name, _ in re.findall(rows, text, re.MULTILINE)}
        for verb, text in zip(parts[::2], parts[1::2], strict=True)
    }
    for name, verbs in re.findall(rows, shared, re.MULTILINE):
        for verb in verbs.split(", "):
            described[verb].add(name)
    assert described == {
        verb: {name for option in command.params for name in option.opts if name.startswith("--")}
        for verb, command in program.commands.items()
    }
