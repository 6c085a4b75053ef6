"""The README, done to the letter: its snippet as a plain script, its commands through make."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
INSTALLING = (ROOT / "docs" / "installing.md").read_text("utf-8")


def blocks(kind: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "docs_corpus", tmp_path / "docs_corpus")
    return tmp_path


def test_the_snippet_prints_what_stands_below_it(home: Path) -> None:
    script = home / "snippet.py"
    script.write_text(blocks("python")[0], "utf-8")
    done = subprocess.run([sys.executable, script], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks("text")[0]


@pytest.mark.slow
def test_the_commands_without_make(home: Path) -> None:
    commands = [line.removeprefix("$ ") for line in blocks("console")[1].splitlines()]
    assert [command.split()[0] for command in commands[:2]] == ["python3", "pip"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands[2:]:
        done = subprocess.run(
            command, shell=True, cwd=home, capture_output=True, text=True, check=False, env=os.environ | {"PATH": path}
        )
        assert done.returncode == 0, done.stderr
    assert "[1]" in done.stdout


def test_the_page_on_installing_tells_the_same_commands() -> None:
    told = [re.sub(" +#.*", "", block, flags=re.MULTILINE) for block in blocks("console")]
    assert blocks("console", INSTALLING)[:2] == told


@pytest.mark.slow
def test_the_questions_in_the_docs_are_judged_over_the_articles_that_come_along(home: Path) -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    (home / "questions.jsonl").write_text(page.partition("```json\n")[2].partition("```")[0], "utf-8")
    for arguments in (["update", "docs_corpus"], ["evaluate", "questions.jsonl", "--worst", "3"]):
        command = [sys.executable, "-m", "pincite", *arguments]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "questions       2 answerable, 1 unanswerable\n" in done.stdout
    assert "outcomes        2 first quote right, 1 rightly refused\n" in done.stdout


def test_every_extra_is_told_of_and_there() -> None:
    named = re.findall(r"^\| `(.*)` \| .* \|$", INSTALLING.partition("| extra |")[2].partition("\n\n")[0], re.MULTILINE)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {*"`, `".join(named).split("`, `")} == extras.keys() - {"dev"}
    assert re.fullmatch("[a-z]+", re.findall(r"pip install 'pincite\[(.*?)\]'", INSTALLING)[0])


def test_make_chat_answers_on_its_port_and_a_busy_port_is_one_line(tmp_path: Path) -> None:
    assert "make chat" in blocks("console")[0]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["make", "chat", f"PORT={port}", f"INDEX={tmp_path / 'index'}"]
    with (tmp_path / "log").open("w") as log:
        chat = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        assert "Pincite" in _page(f"http://127.0.0.1:{port}/", chat)
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert second.returncode != 0
        assert len([line for line in second.stderr.splitlines() if str(port) in line]) == 1
        assert "Traceback" not in second.stderr
    finally:
        os.killpg(chat.pid, signal.SIGINT)
        chat.wait(30)
    assert "Traceback" not in (tmp_path / "log").read_text()


def _page(address: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        try:
            with urllib.request.urlopen(address) as answer:
                return str(answer.read().decode())
        except OSError:
            assert server.poll() is None, "the server ended"
            time.sleep(0.2)
    raise AssertionError(f"nothing answers at {address}")


def test_make_test_runs_the_tests() -> None:
    assert "make test" in blocks("console")[0]
    planned = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pytest" in planned.stdout


def test_tables_of_performance_are_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    tables = runpy.run_path(str(ROOT / "benchmarks" / "tables.py"))
    for name in tables["PAGES"]:
        assert tables["filled"](name) == (ROOT / "docs" / name).read_text("utf-8")
