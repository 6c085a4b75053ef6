"""Updates that are killed at any point: readers find the old state or the new one, and no embedding is lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import ARTICLES, WordEmbedder, grow_by_segments, write_files
from pincite import Index, Progress, Settings, parsers
from pincite.ingest import update
from pincite.parsers.pool import Event, FileDone
from pincite.stores.local import catalog

"""Points at which an update is killed: at steps on the disk or in the catalogue, alone and while others are at work."""

STAGES = ("begin", "read", "embed", "write", "ended")

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["conftest", "pincite.index", "faiss", "tantivy", "filelock"])
QUESTIONS = ("Where is the ferry?", "grey bees", "Which dam broke?", "tower")
TOUCHED = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")

BEFORE = {**ARTICLES, "mole.md": "# Mole\n\nThe mole digs by night. It eats worms.\n"}
ADDED = {f"tower{n}.txt": f"Tower {n}\n\nThe tower {n} has {n} bells. It was built by {n} monks.\n" for n in range(4)}
CHANGED = {"bees.txt": ARTICLES["bees.txt"] + "\nGrey bees sleep.\n"}


def read_here(jobs: Iterable[tuple[str, Path]], workers: int) -> Iterator[tuple[str, Event]]:
    """As the pool of readers, in this process: what is killed here is the update."""
    del workers
    for name, path in jobs:
        for event in parsers.read(path, name):
            if not isinstance(event, parsers.Working):
                yield name, event
        yield name, FileDone()


def opened(home: Path) -> tuple[Index, WordEmbedder]:
    index, embedder = Index.open(home / "index", settings=Settings(model="words")), WordEmbedder()
    index.use_embedder("words", embedder)
    return index, embedder


class Told(NamedTuple):
    """What an update in another process says of itself while it goes on, so that it is known where it was killed."""

    steps: int
    stage: str


def update_and_die(home: Path, point: int, segments: bool, alone: bool, told: Any) -> None:  # noqa: ANN401 (shared)
    """One update, killed at the ``point``-th thing that it does.

    Alone all is done in this thread; otherwise other processes read and another thread embeds, in small batches.
    """
    numbers, lock = count(1), threading.Lock()

    def step(*_: object) -> None:
        with lock:
            told[0] = next(numbers)
            if told[0] == point:
                os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, values: tuple[Any, ...]) -> None:
        if event in TOUCHED or (event == "open" and set(str(values[1])) & set("wax+")):
            step()

    def progress(progress: Progress) -> None:
        told[1] = STAGES.index(progress.stage)

    connect, sync = catalog.connect, os.fsync

    def connected(path: Path, mode: str | None = None) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.set_trace_callback(step)
        connection.set_progress_handler(step, 2000)
        return connection

    def synced(descriptor: int) -> None:
        step()
        sync(descriptor)

    if segments:
        grow_by_segments(pytest.MonkeyPatch())
    if alone:
        setattr(update, "read_files", read_here)  # noqa: B010 (to mypy, a function takes no assignment)
    else:
        update._BATCH = 1
    sys.addaudithook(audit)
    setattr(catalog, "connect", connected)  # noqa: B010
    setattr(os, "fsync", synced)  # noqa: B010
    opened(home)[0].update(progress=progress)
    told[1] = STAGES.index("ended")


def say(line: str) -> None:
    """Seen with ``pytest -s``."""
    sys.stdout.write(f"\n{line}\n")


def view(index: Index) -> dict[str, Any]:
    """All that a reader can see."""
    hits = {question: index.search(question, k=99) for question in QUESTIONS}
    found = {question: [(hit.passage.passage_id, hit.score) for hit in each] for question, each in hits.items()}
    status = index.status()
    return {"generation": status.generation, "documents": status.documents, "passages": status.passages, **found}


def keys(home: Path) -> set[bytes]:
    with sqlite3.connect(home / "index" / catalog.FILE) as db:
        return {row[0] for row in db.execute("SELECT key FROM vectors")}


class Scene:
    """An index of ``BEFORE``, its corpus as it is then changed, and what both look like."""

    def __init__(self, home: Path, segments: bool) -> None:
        self.home, self.work, self.segments = home / "before", home / "work", segments
        write_files(self.home / "corpus", BEFORE)
        index, _ = opened(self.home)
        index.update(self.home / "corpus")
        self.old = view(index)
        index.close()
        write_files(self.home / "corpus", ADDED | CHANGED)
        if not segments:  # where something is removed for good, all is built anew
            (self.home / "corpus/mole.md").unlink()
        self.reset()
        index, _ = opened(self.work)
        index.update()
        self.new = view(index)
        self.final_keys = keys(self.work)
        index.close()

    def reset(self) -> None:
        """A fresh copy of the index, over the same corpus."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.home / "index", self.work / "index")

    def check(self) -> str:
        """What a reader finds after the kill; then the next update has to end the work."""
        index, embedder = opened(self.work)
        found = view(index)
        assert found in (self.old, self.new)
        had = keys(self.work)
        report = index.update()
        assert view(index) == self.new
        assert report.embedded == len(self.final_keys - had), "something was embedded again"
        assert bool(embedder.embedded) == bool(report.embedded)
        assert index.verify() == ()
        index.close()
        return "old" if found == self.old else "new"


@pytest.fixture(scope="module", params=[False, True], ids=["built whole", "in segments"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as patched:
        if request.param:
            grow_by_segments(patched)
        patched.setattr(update, "read_files", read_here)
        yield Scene(tmp_path_factory.mktemp("crash"), request.param)


def killed_at(scene: Scene, point: int, *, alone: bool = True) -> Told:
    """What an update had told when it was killed; at the point 0 none is, and it ends."""
    scene.reset()
    told = PROCESSES.Array("i", [0, 0], lock=False)
    process = PROCESSES.Process(target=update_and_die, args=(scene.work, point, scene.segments, alone, told))
    process.start()
    process.join()
    steps, stage = told[:]
    assert process.exitcode == (-signal.SIGKILL if point else 0), point
    assert (STAGES[stage] == "ended") is (point == 0), "the kill landed outside the update"
    assert point in (0, steps), "the kill landed elsewhere"
    return Told(steps, STAGES[stage])


def points(steps: int, most: int) -> list[int]:
    """So many steps, spread over all."""
    return sorted({1 + number * (steps - 1) // (most - 1) for number in range(most)})


def test_a_kill_at_any_step_leaves_the_old_or_the_new(scene: Scene, pytestconfig: pytest.Config) -> None:
    began, outcomes = time.monotonic(), Counter[tuple[str, str]]()
    steps = killed_at(scene, 0).steps
    for point in points(steps, pytestconfig.getoption("--kills")):
        stage = killed_at(scene, point).stage
        outcomes[stage, scene.check()] += 1
    say(f"{outcomes.total()} of {steps} steps: {dict(outcomes)}, {time.monotonic() - began:.0f} s")
    assert {stage for stage, _ in outcomes} >= {"read", "write"}
    assert {state for _, state in outcomes} == {"old", "new"}
    assert all(state == "old" or stage == "write" for stage, state in outcomes)


@pytest.mark.slow
@pytest.mark.parametrize("scene", [False], indirect=True, ids=["built whole"])
def test_a_kill_while_others_read_and_embed_leaves_the_old_or_the_new(scene: Scene) -> None:
    """How many steps there are depends on who is quicker: the last tenth is left out."""
    began, outcomes = time.monotonic(), Counter[tuple[str, str]]()
    steps = killed_at(scene, 0, alone=False).steps
    for point in points(steps * 9 // 10, 25):
        stage = killed_at(scene, point, alone=False).stage
        outcomes[stage, scene.check()] += 1
    say(f"{outcomes.total()} of {steps} steps: {dict(outcomes)}, {time.monotonic() - began:.0f} s")
    assert {stage for stage, _ in outcomes} >= {"read", "write"}
    assert all(state == "old" or stage == "write" for stage, state in outcomes)
    assert all(state == "old" or stage == "write" for stage, state in outcomes)
