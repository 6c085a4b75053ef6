"""Serving the page to tests by the real command, and watching what the server reaches for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pincite import Index

# Every module of the standard library that opens a connection or looks up a name is seen by an audit hook.
WATCH = """
import os, sys
HOME = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", None)
def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect"):
        name = arguments[1] if event == "socket.connect" else arguments[0]
        name = name[0] if isinstance(name, tuple) else None if event == "socket.connect" else name
        if name not in HOME:
            with open(os.environ["WATCHED"], "a") as file:
                file.write(f"{event} {name}\\n")
sys.addaudithook(watch)
"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Server:
    """A running program that serves the page."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    watched: Path


def make_index(folder: Path, articles: dict[str, str]) -> Path:
    """An index of these articles in ``folder/index``, made with the real model from ``folder/corpus``."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for name, text in articles.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, encoding="utf-8")
    with Index.open(folder / "index") as index:
        index.update(corpus)
    return folder / "index"


@contextmanager
def serving(folder: Path, *arguments: str | Path) -> Iterator[Server]:
    """A program that serves the page and says where."""
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log, watched = folder / "log", folder / "watched"
    watched.touch()
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "WATCHED": str(watched)}
    command = [sys.executable, *map(str, arguments)]
    with log.open("wb") as output, subprocess.Popen(command, env=environment, stderr=output) as process:
        try:
            yield Server(process, _wait_for_address(process, log), log, watched)
        finally:
            process.kill()


def chat(index: Path, *options: str) -> list[str]:
    """The command that serves the page over an index, by default on a free port."""
    return [
        "-m",
        "pincite",
        "chat",
        "--index",
        str(index),
        *(("--port", "0") if "--port" not in options else ()),
        *options,
    ]


def _wait_for_address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        if found := re.search(r"http://\S+", log.read_text(encoding="utf-8")):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")
