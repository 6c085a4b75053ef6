"""The docs, done to the letter: what a page tells to run is run, and every link leads somewhere.

A page is run from top to bottom in a folder that holds ``docs_corpus``. A block of

- ``console`` is commands, behind ``$``, and what each prints; ``...`` stands for whatever else it prints;
- ``python`` or ``bash`` is a program, and a block of ``text`` right below it what that prints;
- any language with ``title="PATH"`` is the file of that name.

Above a block, ``<!-- not run: WHY -->`` leaves it out and ``<!-- run by: test_NAME.py -->`` leaves it to that test;
``<!-- first: COMMAND -->`` is what a page takes for granted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pincite.cli import program

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [*PAGES, *ROOT.glob("*.md"), *(ROOT / "docs_corpus").rglob("*.md"), *(ROOT / "index").glob("*.md")]
RUN = ("console", "python", "bash", "sh", "shell")

_STEP = re.compile(r"^(?:<!-- (?P<said>first|not run|run by): (?P<what>.+?) -->\n)?(?:```(?P<kind>\w*)(?P<info>.*)\n"
                   r"(?P<text>(?:.*\n)*?)```$)?", re.MULTILINE)  # fmt: skip
_FENCED = re.compile(r"^ *```.*\n(?:.*\n)*? *```$", re.MULTILINE)


class Step(NamedTuple):
    """A comment of this module, the block of code below it, or both."""

    said: str | None
    what: str | None
    kind: str | None
    info: str | None
    text: str | None

    @property
    def title(self) -> str | None:
        found = re.search('title="(.+?)"', self.info or "")
        return found[1] if found else None


def steps(page: Path) -> list[Step]:
    return [Step(*found.groups()) for found in _STEP.finditer(page.read_text("utf-8")) if found[0]]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_a_page_is_taken_apart(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '# A\n\n<!-- first: true -->\n\n```json title="a/b.json"\n{}\n```\n\n'
        "<!-- not run: it waits -->\n```console\n$ cat\n```\n\n```text\n```\n"
    )
    assert steps(page) == [
        Step("first", "true", None, None, None),
        Step(None, None, "json", ' title="a/b.json"', "{}\n"),
        Step("not run", "it waits", "console", "", "$ cat\n"),
        Step(None, None, "text", "", ""),
    ]
    assert steps(page)[1].title == "a/b.json"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_not_run_says_why(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("\n<!-- not run") + text.count("\n<!-- run by") == len(
        [step for step in steps(page) if step.said in ("not run", "run by") and step.kind in RUN]
    ), "a comment stands above no block that could be run"
    assert not re.search(rf"^ +```(?:{'|'.join(RUN)})", text, re.MULTILINE), "an indented block is not run"
    told = "".join(step.text or "" for step in steps(page) if step.kind == "console")
    for step in steps(page):
        if step.title and step.kind in RUN and step.said is None:
            assert step.title in told, f"{step.title} is written and not run"
        if step.said == "run by":
            assert (ROOT / "tests" / str(step.what)).is_file()


@pytest.mark.parametrize("page", sorted(set(LINKED)), ids=name)
def test_commands_and_options_are_there(page: Path) -> None:
    """Also those that only a sentence names, which no test runs."""
    text = page.read_text("utf-8")
    for line in re.findall(r"`(pincite [^`\n]+)`", text) + re.findall(r"^\$ (pincite .+)$", text, re.MULTILINE):
        command = program.commands.get(line.split()[1])
        if command is None:
            assert not re.match("[a-z]", line.split()[1]), f"{line}: no such command"
            continue
        known = {option for each in command.params for option in each.opts} | {"--help"}
        named = re.findall(r"(?<= )--[a-z-]+", re.split(r" [&|;>]", line)[0])
        assert {*named} <= known, line


def _runnable(page: Path) -> bool:
    return any(step.kind in RUN and step.said not in ("not run", "run by") for step in steps(page))


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if _runnable(page)], ids=name)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs_corpus", tmp_path / "docs_corpus")
    found = steps(page)
    for step, below in zip(found, [*found[1:], None], strict=True):
        if step.said == "first":
            _run(str(step.what), tmp_path)
        elif step.title and step.text is not None:
            (tmp_path / step.title).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / step.title).write_text(step.text, "utf-8")
        elif step.said is None and step.kind == "console":
            for command, printed in _commands(step.text or ""):
                _compare(_run(command, tmp_path), printed)
        elif step.said is None and step.kind in RUN:
            script = tmp_path / f"block.{step.kind}"
            script.write_text(step.text or "", "utf-8")
            program = sys.executable if step.kind == "python" else "bash"
            told = below.text if below and below.kind == "text" and not below.title else ""
            _compare(_run(f"'{program}' {script.name}", tmp_path), told or "")


def _commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block, and what is said to be printed below it."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    assert not parts[0], "a block of console begins with a command"
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts[1:])]


def _run(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env=os.environ | {"PATH": path},
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def _compare(printed: str, told: str) -> None:
    pattern = ".*?".join(re.escape(part) for part in told.strip().split("..."))
    assert not told or re.fullmatch(pattern, printed.strip(), re.DOTALL), f"printed:\n{printed}\ntold:\n{told}"


# ---------------------------------------------------------------- links


def prose(page: Path) -> str:
    """A page without its code, in which nothing is a link."""
    return re.sub(r"`[^`\n]+`", lambda code: "x" * len(code[0]), _FENCED.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """What its headings are called by in links, as GitHub does it and the site as well."""
    lines = re.findall(r"^#{1,6} (.+)$", _FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    found: dict[str, int] = {}
    for line in lines:
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line)
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return found.keys() | {f"{slug}-{n}" for slug, times in found.items() for n in range(1, times)}


@pytest.mark.parametrize("page", sorted(set(LINKED)), ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)|(?:src|srcset|href)=\"([^\"]+)\"", prose(page))
    for target in (one or other for one, other in targets):
        if re.match(r"(?:https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), f"{target}: there is no such file"
        # The integrations' and other headings that the site makes of docstrings are no lines of a page.
        assert not anchor or anchor in anchors(there), f"{target}: there is no such heading"
