"""What several tests share: small corpora, an embedder that needs no model, and one index made with the real one."""

from __future__ import annotations

import gc
import hashlib
import math
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from pincite import Document, Index, Settings
from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Hit, Passage
from pincite.parsers.pool import IDLE
from pincite.reading.sentence import Sentence
from pincite.stores.base import Vectors
from pincite.stores.local import dense, writer

pytest_plugins = ["browsing"]
IDLE.seconds = 60.0  # as while a folder is watched: hundreds of updates would each start their own workers
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # what it is imported for would be reported over the network

# Examples are counted, never timed. The same ones are tried in each run, so that a failure is the change's.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

ARTICLES = {
    "harbour.txt": "Night ferry\n\n2021-03-04\n\nThe night ferry left Aldhaven at ten. It carried forty carts.\n",
    "mill/tide.md": "---\ntitle: The tide mill\nauthor: R. Penn\nsource: Mill Letters\ndate: 2019-07\n---\n\n"
    "The tide mill ground oats until 1911. Its wheel was made of elm.\n\n# Decay\n\nThe dam broke in a storm.\n",
    "bees.txt": "Bees\n\nA hive of the grey bee needs eighteen kilograms of honey for the winter.\n",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", type=float, default=6, help="seconds for tests in which many read while one writes")
    parser.addoption("--kills", type=int, default=12, help="steps of an update at which it is killed, spread over all")
    parser.addoption("--fuzz", type=int, default=15, help="broken files of each kind to try the readers with")


def pytest_collection_finish() -> None:
    """Have what was imported so far not be looked through for garbage again and again."""
    gc.freeze()


def pytest_configure() -> None:
    """Have tests lie in memory, where there is room, and Ctrl-C work."""
    # An update waits for the disk some twenty times.
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4_000_000_000:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    # In a shell's background it is ignored, and then by every program that a test starts as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def grow_by_segments(patched: pytest.MonkeyPatch) -> None:
    """Have small indexes grow as large ones do: by links, a delta and segments, never built whole for what changed."""
    patched.setattr(writer, "WHOLE_BELOW", 0)
    patched.setattr(dense, "MOST_STALE", 10.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An update does not wait for readers before it empties the log."""
    monkeypatch.setattr(writer, "_LOG_PATIENCE", 0)


def rated(text: str, *sure: float, title: str = "A text") -> list[Sentence]:
    """The sentences of a text, each as sure as said, best first."""
    document = Document(doc_id="a.txt", title=title, text=text)
    spans = sentence_spans(text, (), ())
    passage = Passage(doc_id="a.txt", passage_id="a", start=0, end=len(text), text=text, sentences=tuple(spans))
    hit = Hit(passage=passage, document=document, score=1.0, rank=1, scores={})
    found = [
        Sentence(hit, at, span, span, span[0], (), confidence, math.log(confidence / (1 - confidence)))
        for at, (span, confidence) in enumerate(zip(spans, sure, strict=True))
    ]
    return sorted(found, key=lambda each: -each.order)


class WordEmbedder:
    """A deterministic embedder for logic: a text is the sum of its words' random vectors.

    Counts the texts it embeds, since what is embedded again is what an update costs.
    """

    max_seq_length = 254

    def __init__(self, name: str = "words") -> None:
        self.fingerprint = name
        self.embedded: list[str] = []

    def token_starts(self, text: str) -> Sequence[int]:
        return [found.start() for found in re.finditer(r"\w+|[^\w\s]", text)]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        return np.array([self._vector(text) for text in texts], np.float32).reshape(len(texts), 32)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return self.encode_query(texts)

    def _vector(self, text: str) -> Vectors:
        total = np.full(32, 1e-3)
        for word in re.findall(r"\w+", text.casefold()):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
            total += np.random.default_rng(seed).standard_normal(32)
        return np.asarray(total / np.linalg.norm(total), np.float32)


def swap(path: Path, data: bytes) -> None:
    """Put a file of other bytes in the place of one.

    Never into it: Tantivy reads an index that was opened once more by a thread of its own, and a process that has a
    file mapped which becomes shorter is ended (SIGBUS).
    """
    other = path.with_name(f"{path.name}.other")
    other.write_bytes(data)
    other.replace(path)


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Write texts into a folder, by relative path."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder of three articles."""
    folder = tmp_path / "corpus"
    write_files(folder, ARTICLES)
    return folder


@pytest.fixture
def open_index(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    """Open the index of this test with an embedder of one's own."""
    opened: list[Index] = []

    def open_(embedder: WordEmbedder, path: str = "index", settings: Settings | None = None) -> Index:
        index = Index.open(tmp_path / path, settings=settings or Settings(model=embedder.fingerprint))
        index.use_embedder(embedder.fingerprint, embedder)
        opened.append(index)
        return index

    yield open_
    for index in opened:
        index.close()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's cache of this session, in which the model's export is made once for all tests and their processes."""
    base = tmp_path_factory.getbasetemp()
    workers = "PYTEST_XDIST_WORKER" in os.environ  # the folders of all workers lie in one
    with pytest.MonkeyPatch.context() as patched:
        folder = (base.parent if workers else base) / "cache"
        folder.mkdir(exist_ok=True)
        patched.setenv("PINCITE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def real_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """An index of the three articles made with the default model; not to be changed."""
    folder = tmp_path_factory.mktemp("real")
    write_files(folder / "corpus", ARTICLES)
    with Index.open(folder / "index") as index:
        index.update(folder / "corpus")
        yield index
