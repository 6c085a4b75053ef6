"""Keeping an index: damage that is found and mended, backups, other formats, forgetting, two writers."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from conftest import ARTICLES, WordEmbedder, grow_by_segments, swap, write_files
from pincite import Assistant, Index, Settings, UpdateReport
from pincite.errors import DamagedCatalogue, DamagedIndex, IndexBusy, IndexProblem, NoIndex, OtherFormat, UsageError
from pincite.stores.local import catalog, dense, generation

Open = Callable[..., Index]


@pytest.fixture
def index(open_index: Open, corpus: Path) -> Index:
    index = open_index(WordEmbedder())
    index.update(corpus)
    return index


def place(index: Index) -> Path:
    return Path(index._store.name)


def first(index: Index, question: str) -> str:
    return index.search(question)[0].document.doc_id


def derived(folder: Path) -> list[Path]:
    """The files of the last generation."""
    last = max((folder / "generations").iterdir(), key=lambda path: int(path.name))
    return sorted(path for path in last.rglob("*") if path.is_file() and path.suffix != ".lock")


# ---------------------------------------------------------------- damage


def test_a_sound_index_is_found_sound(index: Index, real_index: Index) -> None:
    assert index.verify() == ()
    assert real_index.verify() == ()


def _truncate(path: Path) -> None:
    swap(path, path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("harm", [Path.unlink, _truncate, lambda path: swap(path, b"x" * 5000)])
def test_each_derived_file_that_is_not_there_or_another_is_named_and_made_again(
    index: Index, harm: Callable[[Path], object]
) -> None:
    folder = place(index)
    for number in range(len(derived(folder))):
        path = derived(folder)[number]
        index.close()
        if not path.stat().st_size:
            continue
        harm(path)
        with pytest.raises(DamagedIndex, match=rf"{path.name}.*pincite update"):
            index.search("elm")
        assert any(path.name in problem for problem in index.verify())
        report = index.update()
        assert (report.embedded, len(report.unchanged)) == (0, 3)
        assert index.verify() == ()
        assert first(index, "elm") == "mill/tide.md"


def _flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    swap(path, bytes(data))


def test_a_flipped_byte_is_found_by_verify_and_mended_by_the_next_update(index: Index) -> None:
    folder, draw = place(index), random.Random(3)
    for number in range(len(derived(folder))):
        path = derived(folder)[number]
        if not path.stat().st_size:
            continue
        index.close()
        _flipped(path, draw.randrange(path.stat().st_size))
        problems = index.verify()
        assert str(path) in problems[0]
        assert "SHA-256" in problems[0]
        assert "pincite update" in problems[-1]
        assert index.update().embedded == 0
        assert index.verify() == ()


FLIPS = """
import os, random, shutil, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_keeping import _flipped, derived, opened
from pincite.errors import IndexProblem
draw, said = random.Random({seed}), 0
home = Path({home!r})
for number in range({flips}):
    work = home / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(home / "index", work)
    files = [path for path in [*derived(work), work / "catalog.sqlite"] if path.stat().st_size]
    path = draw.choice(files)
    for _ in range(draw.choice([1, 1, 8])):
        _flipped(path, draw.randrange(min(path.stat().st_size, draw.choice([64, 1 << 30]))))
    print(number, path, flush=True)
    index = opened(work)
    for question in ("Which wheel is of elm?", "grey bee"):
        try:
            index.search(question)
        except IndexProblem:
            said += 1
    try:
        index.verify()
    except IndexProblem:
        pass
    index.close()
print("said", said)
"""


def opened(folder: Path) -> Index:
    index = Index.open(folder, settings=Settings(model="words"))
    index.use_embedder("words", WordEmbedder())
    return index


@pytest.mark.parametrize(
    "segments",
    [pytest.param(False, marks=pytest.mark.slow), True],
    ids=["built whole", "inverted file and segments"],
)
def test_flipped_bytes_never_end_the_process(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segments: bool
) -> None:
    """Before a verification has found them; what can be searched for may be wrong then, or an error of ours."""
    if segments:
        grow_by_segments(monkeypatch)
        monkeypatch.setattr(dense, "EXACT_UP_TO", 2)
    with opened(tmp_path / "index") as index:
        write_files(corpus, {f"{n}.txt": f"Number {n}\n\nThe {n}th bell is made of elm.\n" for n in range(20)})
        index.update(corpus)
        write_files(corpus, {"bees.txt": "Bees\n\nAnother grey bee.\n", "new.txt": "New\n\nA new wheel.\n"})
        index.update(corpus)
    code = FLIPS.format(tests=str(Path(__file__).parent), seed=int(segments), home=str(tmp_path), flips=60)
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]} {done.stderr[-2000:]}"


def test_a_passage_that_is_not_in_its_place_is_found(index: Index) -> None:
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute("UPDATE passages SET start = start + 1, end = end + 1 WHERE text LIKE '%elm%'")
    problems = index.verify()
    assert "is not the text at" in problems[0]
    assert "--rebuild --no-cache" in problems[-1]


def test_vectors_that_no_row_has_are_found(index: Index) -> None:
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute("DELETE FROM vectors WHERE id = 1")
    assert "3 documents and 3 passages are whole, and should be 3 documents and 4 passages" in index.verify()[0]


def test_ids_that_differ_are_found(index: Index) -> None:
    """An update of which the catalogue was taken back, but not the derived files."""
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute("UPDATE passages SET id = 100 WHERE id = 1")
    problems = index.verify()
    assert "FAISS has 1 passage that the catalogue lacks, and lacks 1" in problems[0]
    assert "Tantivy has 1 passage that the catalogue lacks, and lacks 1" in problems[1]


@pytest.mark.parametrize("harm", ["no database", "pages", "empty"])
def test_a_damaged_catalogue_is_said_and_made_anew_from_the_articles(index: Index, corpus: Path, harm: str) -> None:
    path = place(index) / catalog.FILE
    index.close()
    if harm == "no database":
        path.write_bytes(b"nothing that SQLite knows" * 100)
    elif harm == "pages":
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * (path.stat().st_size - 8192))
    else:
        path.write_bytes(b"")
    with pytest.raises(DamagedCatalogue, match="pincite update CORPUS"):
        index.search("elm")
    report = index.update(corpus)
    assert (len(report.added), report.embedded) == (3, 4)
    assert index.verify() == ()
    assert first(index, "elm") == "mill/tide.md"
    assert (path.parent / "damaged.sqlite").exists() == (harm != "empty")


def test_a_database_of_something_else_is_left_alone(index: Index, corpus: Path) -> None:
    path = place(index) / catalog.FILE
    index.close()
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE books (a)")
    for ask in (lambda: index.search("elm"), lambda: index.update(corpus), index.verify):
        with pytest.raises(IndexProblem, match="a database of something else; move it away"):
            ask()
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("books",)]


SQL = {
    "text that is no UTF-8": "UPDATE passages SET text = CAST(x'ff41' AS TEXT) WHERE id = 1",
    "sentences that are no JSON": "UPDATE passages SET sentences = '[[' WHERE id = 1",
    "a stamp that is none": "UPDATE files SET stamp = '[x]'",
    "a text that changed": "UPDATE documents SET text = replace(text, 'e', 'f')",
    "vectors that are missing": "UPDATE vectors SET vector = x''",
    "vectors of no length": "UPDATE vectors SET vector = zeroblob(64)",
    "a manifest that is no JSON": "UPDATE meta SET value = '{bad' WHERE key = 'manifest'",
    "counts that are none": "UPDATE meta SET value = '[]' WHERE key = 'counts'",
    "a generation that is none": "UPDATE meta SET value = 'x' WHERE key = 'generation'",
    "facts that are no UTF-8": "UPDATE documents SET metadata = CAST(x'ff41' AS TEXT)",
    "derived files that are no list": "UPDATE meta SET value = '{\"a\": 1}' WHERE key = 'derived'",
}


OTHERS = {
    "a text": (
        "UPDATE documents SET text = replace(text, '1911', '1912')",
        "mill/tide.md: its text is not what was read (SHA-256 differs)",
    ),
    "what it says of itself": ("DELETE FROM meta WHERE key = 'manifest'", "the catalogue: what it says of itself is"),
    "a file": ("DELETE FROM files WHERE path = 'bees.txt'", "bees.txt: what its file was like is missing"),
    "a vector of another length": ("UPDATE vectors SET vector = zeroblob(64)", "has a vector whose length is not 1"),
    "a passage less": ("DELETE FROM passages WHERE id = 1", "whole, and should be 3 documents and 4 passages"),
}


@pytest.mark.parametrize("harm", OTHERS)
def test_values_that_cannot_be_are_found_and_not_kept(index: Index, corpus: Path, harm: str) -> None:
    sql, words = OTHERS[harm]
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute(sql)
    problems = index.verify()
    assert words in " ".join(problems)
    assert "--rebuild --no-cache" in problems[-1]
    with pytest.raises(DamagedCatalogue, match=re.escape(problems[0])):
        index.backup(corpus.parent / "kept")
    assert not (corpus.parent / "kept").exists()
    index.update(corpus, rebuild=True, cache=False)
    assert index.verify() == ()


def test_a_missing_list_of_derived_files_is_found_and_mended(index: Index) -> None:
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute("DELETE FROM meta WHERE key = 'derived'")
    assert "the list of its files is missing" in index.verify()[0]
    assert index.update().embedded == 0
    assert index.verify() == ()


@pytest.mark.parametrize("harm", SQL)
def test_rows_that_were_changed_are_found_and_made_anew_as_is_advised(index: Index, corpus: Path, harm: str) -> None:
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute(SQL[harm])
    with suppress(DamagedIndex):
        index.search("elm")
    with suppress(DamagedIndex):
        assert index.verify() or harm == "a stamp that is none"
    index.update(corpus, rebuild=True, cache=False)
    assert index.verify() == ()
    assert first(index, "elm") == "mill/tide.md"


def test_flipped_bytes_of_the_catalogue_are_mended_as_is_advised(index: Index, corpus: Path) -> None:
    folder, draw = place(index), random.Random(5)
    index.close()
    shutil.copytree(folder, folder.with_name("sound"))
    for _ in range(40):
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name("sound"), folder)
        path = folder / catalog.FILE
        _flipped(path, draw.randrange(path.stat().st_size))
        with suppress(DamagedIndex):
            if not index.verify():
                index.close()
                continue
        index.update(corpus, rebuild=True, cache=False)
        assert index.verify() == ()
        index.close()


@pytest.mark.usefixtures("impatient")
def test_verifying_during_an_update_finds_no_damage(
    index: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = generation.problems
    turns = iter([True])

    def overtaken(folder: Path, state: catalog.Catalog) -> Iterator[str]:
        if next(turns, False):
            (corpus / "bees.txt").unlink()
            opened(place(index)).update()
        return whole(folder, state)

    monkeypatch.setattr(generation, "problems", overtaken)
    assert index.verify() == ()
    assert index.status().documents == 2


def test_a_catalogue_that_is_sound_is_not_put_aside(index: Index) -> None:
    """As when another process has made it anew meanwhile."""
    assert index._store.quarantine() is None
    assert first(index, "elm") == "mill/tide.md"
    assert not list(place(index).glob("damaged*"))


def test_a_damaged_database_of_the_embedders_own_is_not_taken_for_the_catalogue(
    index: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def embed(self: WordEmbedder, texts: list[str]) -> None:
        sqlite3.connect(corpus / "bees.txt").execute("SELECT 1 FROM sqlite_master")

    monkeypatch.setattr(WordEmbedder, "encode_document", embed)
    (corpus / "new.txt").write_text("Something new.\n")
    with pytest.raises(DamagedCatalogue, match="not a database"):
        index.update()
    assert first(index, "elm") == "mill/tide.md"
    assert not list(place(index).glob("damaged*"))


# ---------------------------------------------------------------- two writers


def test_a_second_writer_waits(index: Index, corpus: Path) -> None:
    other = opened(place(index))
    reports: list[UpdateReport] = []
    (corpus / "new.txt").write_text("New\n\nSomething new.\n")
    waiting = threading.Thread(target=lambda: reports.append(other.update(wait=True)))
    with index._store.writer():
        with pytest.raises(IndexBusy, match=rf"process {os.getpid()} has been updating it since"):
            other.update()
        waiting.start()
        waiting.join(0.5)
        assert not reports
        # The folder is looked at when its turn has come, not before.
        (corpus / "later.txt").write_text("Later\n\nSomething later.\n")
    waiting.join(60)
    assert reports[0].added == ("later.txt", "new.txt")
    other.close()


def test_a_lock_that_a_dead_process_left_blocks_nobody(index: Index) -> None:
    code = f"""
import os
from pathlib import Path
from pincite.stores.local.store import LocalStore
writer = LocalStore(Path({str(place(index))!r})).writer()
writer.__enter__()
print("held", flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-9, "held\n")
    assert len(index.update().unchanged) == 3


# ---------------------------------------------------------------- readers while one writes

WRITES = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import pytest
from conftest import grow_by_segments
from test_keeping import opened, write_versions
corpus, version = Path({corpus!r}), 1
with opened(Path({index!r})) as index:
    while sys.stdin.readline():
        version += 1
        write_versions(corpus, version)
        index.update(corpus)
        print(version, flush=True)
"""


def write_versions(corpus: Path, version: int) -> None:
    """Articles that all name one version, of which some come and go."""
    write_files(corpus, {f"{n}.md": f"# Bell {n}\n\nBell {n} is of version v{version}. It rings.\n" for n in range(12)})
    write_files(corpus, {f"extra{version}.md": f"# Extra\n\nThe extra bell is of version v{version}.\n"})
    (corpus / f"extra{version - 1}.md").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "segments", [pytest.param(False, marks=pytest.mark.slow), True], ids=["built whole", "in segments"]
)
def test_readers_never_fail_and_never_see_two_states(
    tmp_path: Path, pytestconfig: pytest.Config, segments: bool
) -> None:
    """One process updates in a loop; threads of this one search and ask, with fresh and with long-lived indexes."""
    places = {name: str(tmp_path / name) for name in ("corpus", "index")}
    code = WRITES.format(tests=str(Path(__file__).parent), **places)
    if segments:
        code = code.replace("corpus, version =", "grow_by_segments(pytest.MonkeyPatch())\ncorpus, version =")
    write_versions(tmp_path / "corpus", 1)
    with opened(tmp_path / "index") as index:
        index.update(tmp_path / "corpus")
    until = time.monotonic() + pytestconfig.getoption("--soak") / 2
    seen_by = [set[str]() for _ in range(4)]
    enough = threading.Event()

    def read(seen: set[str], fresh: bool) -> int:
        asked = 0
        index = opened(tmp_path / "index")
        while not enough.is_set():
            seen |= _one_version(index)
            asked += 1
            if fresh:
                index.close()
                index = opened(tmp_path / "index")
        index.close()
        return asked

    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with ThreadPoolExecutor(4) as pool:
            reading = [pool.submit(read, seen, number % 2 == 0) for number, seen in enumerate(seen_by)]
            while time.monotonic() < until or any(len(seen) < 2 for seen in seen_by):
                if any(reader.done() for reader in reading):
                    break  # of an error, which is raised below
                process.stdin.write("\n")
                process.stdin.flush()
                assert process.stdout.readline().strip().isdecimal()
            enough.set()
            asked = sum(reader.result() for reader in reading)
        process.stdin.close()
    assert process.returncode == 0
    states = set.union(*seen_by)
    sys.stdout.write(f"\n{asked} questions, {len(states)} states\n")
    assert all(len(seen) > 1 for seen in seen_by)


def _one_version(index: Index) -> set[str]:
    """Ask, and find all of what comes back to be of one version, and every quote in its place."""
    hits = index.search("Which version is the bell?", k=20)
    named = {found for hit in hits for found in re.findall(r"v\d+", hit.passage.text)}
    assert len(hits) == 13, len(hits)
    assert len(named) == 1, named
    for hit in hits:
        assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
    answer = Assistant(index, threshold=0.0).ask("Which version is the extra bell?")
    for each in answer.citations:
        assert each.document.text[each.start : each.end] == each.quote
    assert len({found for each in answer.hits for found in re.findall(r"v\d+", each.passage.text)}) == 1
    return named


# ---------------------------------------------------------------- backups


@pytest.fixture
def kept(index: Index, tmp_path: Path) -> Path:
    index.backup(tmp_path / "kept.pincite")
    return tmp_path / "kept.pincite"


def test_a_backup_becomes_an_index_elsewhere(index: Index, kept: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "elsewhere") as other:
        other.restore(kept)
        assert other.verify() == ()
        for question in ("Which wheel is of elm?", "grey bee"):
            hits, expected = other.search(question), index.search(question)
            assert [(hit.passage, hit.score) for hit in hits] == [(hit.passage, hit.score) for hit in expected]
        assert other.update().embedded == 0


def test_a_backup_made_during_an_update_keeps_no_orphaned_vector(index: Index, tmp_path: Path) -> None:
    with index._store.writer() as writing:
        writing.put_vectors([b"0" * 16], [np.ones(32, np.float32)])
        index.backup(tmp_path / "kept")
    with opened(tmp_path / "other") as other:
        other.restore(tmp_path / "kept")
        with other._store.writer() as writing:
            assert writing.missing([b"0" * 16])
        assert other.verify() == ()


def test_an_index_is_not_restored_from_its_own_files(index: Index) -> None:
    with pytest.raises(IndexProblem, match="lies in the index itself"):
        index.restore(place(index) / catalog.FILE, overwrite=True)


def test_a_backup_goes_back_while_others_read(index: Index, kept: Path, corpus: Path) -> None:
    (corpus / "bees.txt").unlink()
    write_files(corpus, {"owl.txt": "Owl\n\nThe owl sleeps by day.\n"})
    index.update()
    reader = opened(place(index))
    assert first(reader, "owl") == "owl.txt"
    with pytest.raises(UsageError, match=r"holds 3 documents.*--overwrite"):
        index.restore(kept)
    generation = index.status().generation
    index.restore(kept, overwrite=True)
    assert index.status().generation == generation + 1
    assert first(reader, "Which bee is grey?") == "bees.txt"
    assert {hit.document.doc_id for hit in reader.search("owl")} == set(ARTICLES)
    assert index.verify() == ()
    report = index.update()
    assert (report.added, report.removed, report.embedded) == (("owl.txt",), ("bees.txt",), 1)
    reader.close()


def test_a_backup_takes_the_place_of_a_damaged_index(index: Index, kept: Path) -> None:
    path = place(index) / catalog.FILE
    index.close()
    path.write_bytes(b"nothing that SQLite knows" * 100)
    with pytest.raises(DamagedCatalogue):
        index.restore(kept)
    index.restore(kept, overwrite=True)
    assert index.verify() == ()


def test_what_is_no_backup_changes_nothing(index: Index, kept: Path, tmp_path: Path) -> None:
    data = kept.read_bytes()
    cases: dict[str, tuple[bytes, type[IndexProblem], str]] = {
        "text": (b"Not a backup at all.", DamagedIndex, "no backup"),
        "cut": (data[: len(data) // 2], DamagedIndex, "damaged"),
        "pages": (data[:16384] + b"\xff" * 16384 + data[32768:], DamagedIndex, "damaged"),
        "newer": (data[:60] + (99).to_bytes(4, "big") + data[64:], OtherFormat, "99"),
    }
    for name, (content, error, words) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(error, match=words):
            index.restore(tmp_path / name, overwrite=True)
    with pytest.raises(IndexProblem, match="no such file"):
        index.restore(tmp_path / "nowhere", overwrite=True)
    assert index.status().generation == 1
    assert index.verify() == ()


def test_a_backup_without_some_vectors_changes_nothing(index: Index, kept: Path, tmp_path: Path) -> None:
    with sqlite3.connect(kept) as db:
        db.execute("DELETE FROM vectors WHERE id = 1")
    with opened(tmp_path / "new") as new, pytest.raises(DamagedIndex, match=r"kept.*damaged.*use another"):
        new.restore(kept)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("DROP TABLE files", "damaged"),
        ("UPDATE meta SET value = 'xx' WHERE key = 'manifest'", "damaged"),
        ("DELETE FROM meta WHERE key = 'manifest'", "damaged"),
        ("PRAGMA user_version = 99", "format 99.*restore it with the Pincite that wrote it"),
    ],
)
def test_a_backup_of_another_shape_is_named(index: Index, kept: Path, harm: str, words: str) -> None:
    with sqlite3.connect(kept) as db:
        db.execute(harm)
    with pytest.raises(IndexProblem, match=words) as caught:
        index.restore(kept, overwrite=True)
    assert str(kept) in str(caught.value)
    assert index.verify() == ()


def test_a_restore_that_fails_makes_no_index(index: Index, kept: Path, tmp_path: Path) -> None:
    code = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_keeping import opened
from pincite.stores.local import writer
def publish(*_, **__):
    raise OSError(28, "No space left on device")
writer.LocalWriter._publish = publish
opened(Path({str(tmp_path / "new")!r})).restore(Path({str(kept)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "No space left" in done.stderr.splitlines()[-1], done.stderr
    with opened(tmp_path / "new") as new:
        with pytest.raises(NoIndex):
            new.status()
        new.restore(kept)
        assert new.verify() == ()


def test_the_space_of_what_was_removed_is_given_back(
    index: Index, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_WORTH_SHRINKING", 0)
    write_files(corpus, {f"{n}.txt": f"Bell {n}\n\n" + f"The bell {n} rings. " * 200 for n in range(20)})
    index.update()
    large = index.status().bytes["catalogue"]
    for n in range(20):
        (corpus / f"{n}.txt").unlink()
    index.update(allow_removals=True)
    index.backup(tmp_path / "kept")
    assert index.status().bytes["catalogue"] < large / 2
    assert (tmp_path / "kept").stat().st_size < large / 2
    assert index.verify() == ()


def test_others_may_read_each_file(index: Index) -> None:
    old = os.umask(0o022)
    try:
        index.update(rebuild=True)
    finally:
        os.umask(old)
    assert {oct(path.stat().st_mode & 0o777) for path in derived(place(index))} == {"0o644"}


def test_what_the_index_was_built_with_outlives_a_damaged_page(open_index: Open, corpus: Path) -> None:
    with Index.open(corpus.parent / "index", settings=Settings(model="words", passage_tokens=64)) as index:
        index.use_embedder("words", WordEmbedder())
        index.update(corpus)
    with sqlite3.connect(corpus.parent / "index" / catalog.FILE) as db:
        db.execute(SQL["text that is no UTF-8"])
        db.execute("UPDATE files SET stamp = '[x]'")
    with Index.open(corpus.parent / "index") as again:
        again.use_embedder("words", WordEmbedder())
        again.update(corpus)
        assert again.settings.passage_tokens == 64
        assert again.verify() == ()
        # And it is not pinned to them: what another process then builds it with holds.
        other = open_index(WordEmbedder(), settings=Settings(model="words", passage_tokens=32))
        other.update(corpus, rebuild=True)
        assert again.settings.passage_tokens == 32


def test_a_backup_that_cannot_be_written_leaves_the_one_before(index: Index, kept: Path) -> None:
    before = kept.read_bytes()
    code = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_keeping import opened
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
opened(Path({str(place(index))!r})).backup(Path({str(kept)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "IndexProblem" in done.stderr.splitlines()[-1], done.stderr
    assert kept.read_bytes() == before
    assert sorted(path.name for path in kept.parent.glob("*kept*")) == [kept.name]


# ---------------------------------------------------------------- other formats


@pytest.mark.parametrize("number", [1, 99])
def test_an_index_of_another_format_is_made_anew_when_that_is_asked_for(
    index: Index, corpus: Path, number: int
) -> None:
    with sqlite3.connect(place(index) / catalog.FILE) as db:
        db.execute("DROP TABLE vectors")
        db.execute(f"PRAGMA user_version = {number}")
    index.close()
    for ask in (lambda: index.search("elm"), lambda: index.update(corpus), index.verify, index.status):
        with pytest.raises(OtherFormat, match=f"format {number}.*--rebuild"):
            ask()
    assert index.update(corpus, rebuild=True).added == tuple(sorted(ARTICLES))
    assert first(index, "elm") == "mill/tide.md"
    assert index.verify() == ()


# ---------------------------------------------------------------- forgetting


def holders(folder: Path, needle: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_nothing_of_a_removed_document_is_left_after_one_update(
    open_index: Open, corpus: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """Neither its words nor its vectors, in whatever precision; above some size indexes grow by segments."""
    if large:
        grow_by_segments(monkeypatch)
    write_files(corpus, {"walrus.txt": "Quixotic walrus\n\nThe quixotic walrus sang.\n", "x.txt": "An x\n\nIt is.\n"})
    index = open_index(WordEmbedder())
    index.update(corpus)
    write_files(corpus, {"later.txt": "Later\n\nAnother one.\n"})
    index.update()
    (hit, *_) = index.search("quixotic walrus")
    with index._store.snapshot() as snapshot:
        vector = np.asarray(snapshot.vectors([hit.passage.passage_id])[hit.passage.passage_id], np.float16)
    folder = place(index)
    needles = [b"quixot", b"walrus", vector.tobytes(), vector.astype(np.float32).tobytes()]
    assert all(holders(folder, needle) for needle in needles[:3])
    (corpus / "walrus.txt").unlink()
    assert index.update().removed == ("walrus.txt",)
    assert [holders(folder, needle) for needle in needles] == [[]] * len(needles)
    assert index.verify() == ()


# ---------------------------------------------------------------- what the index says of itself


def test_status_says_what_it_takes_on_disk(index: Index) -> None:
    sizes = index.status().bytes
    assert sizes.keys() == {"catalogue", "derived"}
    folder = place(index)
    assert sizes["derived"] == sum(path.stat().st_size for path in derived(folder))
    assert sizes["catalogue"] >= (folder / catalog.FILE).stat().st_size
    assert json.loads(json.dumps(dict(sizes))) == sizes
