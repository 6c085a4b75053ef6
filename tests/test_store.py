"""The local store: what a snapshot promises, what a commit promises, and what is left when one is cut off."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import grow_by_segments, swap
from pincite import Document, Filter, Passage
from pincite.analysis.terms import analyse
from pincite.errors import DamagedIndex, IndexBusy, NoIndex, OtherFormat
from pincite.stores import memory
from pincite.stores.base import DocumentRecord, FileRecord, Manifest, Vectors
from pincite.stores.local import catalog, files, lexical, writer
from pincite.stores.local.store import LocalStore

DIMENSION = 8


def unit(seed: int) -> Vectors:
    """A random vector of length 1 that float16 holds exactly enough."""
    values = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(values / np.linalg.norm(values), np.float32)


def document(
    doc_id: str, text: str = "", *, source: str | None = None, author: str | None = None, date: str | None = None
) -> Document:
    text = text or f"The {doc_id} is here. It is {doc_id}."
    return Document(doc_id=doc_id, title=f"About {doc_id}", text=text, source=source, author=author, date=date)


def passage(of: Document) -> Passage:
    middle = of.text.index(".") + 1
    return Passage(
        passage_id=f"{of.doc_id}@{of.digest[:16]}:0",
        doc_id=of.doc_id,
        text=of.text,
        start=0,
        end=len(of.text),
        sentences=((0, middle), (middle + 1, len(of.text))),
    )


def key(of: Document) -> bytes:
    return hashlib.blake2b(of.text.encode(), digest_size=16).digest()


def put(target: LocalStore, documents: Sequence[Document], removed: Sequence[str] = (), fresh: bool = False) -> int:
    with target.writer(fresh=fresh) as w:
        for each in documents:
            if key(each) in w.missing([key(each)]):
                w.put_vectors([key(each)], [unit(key(each)[0])])
            record = DocumentRecord(path=each.doc_id, state=each.digest, digest=each.digest)
            w.replace(each, [passage(each)], [key(each)], record)
        seen = [FileRecord(path=each.doc_id, stamp=(1,), digest="", scanned_ns=1) for each in documents]
        w.put_files(seen, gone=removed)
        w.remove(removed)
        w.describe(Manifest(settings={"model": "none"}))
        return w.commit()


@pytest.fixture
def empty(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "index")


@pytest.fixture
def filled(empty: LocalStore) -> LocalStore:
    put(
        empty,
        [
            document("anchor", source="Logs", date="1901"),
            document("bell", author="Nun"),
            document("cook", author="Holt, Ané; Lind, Bo"),
        ],
    )
    return empty


def folder(target: LocalStore, generation: int) -> Path:
    return target.path / "generations" / str(generation)


def found(target: LocalStore, term: str, where: Filter | None = None) -> list[str]:
    with target.snapshot() as snapshot:
        return [each.partition("@")[0] for each in snapshot.lexical(analyse(term), 10, where)]


# ---------------------------------------------------------------- snapshots


def test_nothing_is_made_before_the_first_writer(empty: LocalStore) -> None:
    assert not empty.exists()
    with pytest.raises(NoIndex, match="pincite update"), empty.snapshot():
        pass
    assert not empty.path.exists()


def test_what_went_in_comes_out(filled: LocalStore) -> None:
    anchor = document("anchor", source="Logs", date="1901")
    with filled.snapshot() as snapshot:
        assert snapshot.generation == 1
        assert snapshot.count() == (3, 3)
        assert snapshot.documents(["anchor", "unknown"]) == {"anchor": anchor}
        name = passage(anchor).passage_id
        assert snapshot.passages([name, "unknown@0:0"]) == {name: passage(anchor)}
        np.testing.assert_allclose(snapshot.vectors([name])[name], unit(key(anchor)[0]), atol=1e-3)
        assert snapshot.frequencies(analyse("bell here")) == {"bell": 1, "here": 3}


def test_dense_agrees_with_exact_cosines(empty: LocalStore) -> None:
    documents = [document(f"d{n}") for n in range(40)]
    put(empty, documents)
    query = unit(999)
    exact = {passage(each).passage_id: float(unit(key(each)[0]).astype(np.float16) @ query) for each in documents}
    best = sorted(exact, key=lambda name: (-exact[name], name))[:10]
    with empty.snapshot() as snapshot:
        scores = snapshot.dense(query, 10)
    assert list(scores) == best
    np.testing.assert_allclose(list(scores.values()), [exact[name] for name in best], atol=1e-3)


FILTERS = [
    Filter(source="Logs"),
    Filter(author=["Nun", "Monk"]),
    Filter(doc_ids=["bell", "cook"]),
    Filter(after="1900", before="1902"),
    Filter(after="1902"),
    Filter(source="Logs", author="Nun"),
    Filter(source="LÓGS"),
    Filter(author="nún"),
    Filter(author="Ane Holt"),
    Filter(author="bo lind"),
    Filter(author="Ane"),
    Filter(author=""),
]


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_filters_mean_what_they_say_and_change_no_score(filled: LocalStore, where: Filter) -> None:
    with filled.snapshot() as snapshot:
        everything = snapshot.documents(["anchor", "bell", "cook"]).values()
        fits = {each.doc_id for each in everything if where.fits(each)}
        assert snapshot.count(where)[0] == len(fits)
        query, terms = unit(5), analyse("here")
        for all_of_them, some in (
            (snapshot.dense(query, 10), snapshot.dense(query, 10, where)),
            (snapshot.lexical(terms, 10), snapshot.lexical(terms, 10, where)),
        ):
            assert {each.partition("@")[0] for each in some} == fits
            assert some == {each: all_of_them[each] for each in some}


def test_lexical_of_some_passages_only(filled: LocalStore) -> None:
    with filled.snapshot() as snapshot:
        scores = snapshot.lexical(["here"], 10)
        one = list(scores)[1]
        assert snapshot.lexical(["here"], 10, None, [one]) == {one: scores[one]}
        assert snapshot.lexical(["here"], 10, None, []) == {}


def test_many_passages_are_asked_for_as_few_are(filled: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.snapshot() as snapshot:
        some = [each for each in snapshot.lexical(["here"], 3) if not each.startswith("bell")]
        few = snapshot.lexical(["here"], 3, None, some)
        monkeypatch.setattr(lexical, "_FEW", 1)
        assert snapshot.lexical(["here"], 3, None, some) == few
        assert few.keys() == set(some)


def test_equal_scores_come_in_the_order_of_their_ids(empty: LocalStore) -> None:
    put(empty, [document(name, "The same text. And again.") for name in ("c", "a", "b")])
    with empty.snapshot() as snapshot:
        assert [each[0] for each in snapshot.lexical(analyse("text"), 3)] == ["a", "b", "c"]
        assert [each[0] for each in snapshot.dense(unit(1), 3)] == ["a", "b", "c"]


@pytest.mark.usefixtures("impatient")
def test_a_snapshot_stays_as_it_was(filled: LocalStore) -> None:
    with filled.snapshot() as before:
        for n in range(3):
            put(filled, [document(f"new{n}")], removed=["bell"])
        assert before.generation == 1
        assert before.count() == (3, 3)
        assert [each.partition("@")[0] for each in before.lexical(["bell"], 5)] == ["bell"]
    assert found(filled, "bell") == []


# ---------------------------------------------------------------- commits


def test_a_document_takes_the_place_of_the_one_with_its_id(filled: LocalStore) -> None:
    put(filled, [document("bell", "The gong rings. It is loud.")])
    assert found(filled, "gong") == ["bell"]
    assert "bell" not in found(filled, "here")
    with filled.snapshot() as snapshot:
        assert snapshot.count() == (3, 3)


def test_what_is_not_committed_is_undone_but_for_the_vectors(filled: LocalStore) -> None:
    dove = document("dove")
    with filled.writer() as w:
        w.put_vectors([key(dove)], [unit(1)])
        w.replace(dove, [passage(dove)], [key(dove)], DocumentRecord(path="dove", state="", digest=dove.digest))
    assert found(filled, "dove") == []
    with filled.writer() as w:
        assert w.missing([key(dove), b"other"]) == {b"other"}


def test_vectors_go_with_the_last_passage_that_has_their_text(empty: LocalStore) -> None:
    twin, other = document("twin", "The same. Text."), document("other", "The same. Text.")
    put(empty, [twin, other])
    put(empty, [], removed=["twin"])
    with empty.writer() as w:
        assert not w.missing([key(twin)])
    put(empty, [], removed=["other"])
    with empty.writer() as w:
        assert w.missing([key(twin)])


def test_a_fresh_writer_starts_from_nothing(filled: LocalStore) -> None:
    put(filled, [document("dove")], fresh=True)
    with filled.snapshot() as snapshot:
        assert set(snapshot.records()) == {"dove"}


def test_nothing_new_makes_no_generation(filled: LocalStore) -> None:
    assert put(filled, []) == 1


def test_files_are_remembered_and_forgotten(filled: LocalStore) -> None:
    record = FileRecord(
        path="a'b\udc80.txt".encode("utf-8", "replace").decode(), stamp=(1, 2, 3, 4), digest="d", scanned_ns=5
    )
    with filled.writer() as w:
        w.put_files([record])
        w.commit()
    with filled.writer() as w:
        assert w.files()[record.path] == record
        w.put_files([], gone=[record.path])
        w.commit()
    with filled.snapshot() as snapshot:
        assert snapshot.files().keys() == {"anchor", "bell", "cook"}


def test_a_file_that_could_never_be_looked_at_is_remembered(empty: LocalStore) -> None:
    record = FileRecord("locked.txt", stamp=(), digest="", scanned_ns=0)
    with empty.writer() as target:
        target.put_files([record])
        target.commit()
    with empty.snapshot() as snapshot:
        assert snapshot.files() == {"locked.txt": record}


def test_one_writer_at_a_time(filled: LocalStore) -> None:
    with (
        filled.writer(),
        pytest.raises(IndexBusy, match=rf"process {os.getpid()} has been updating it since 2"),
        LocalStore(filled.path).writer(),
    ):
        pass


# ---------------------------------------------------------------- generations as links to the one before


def _files(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.rglob("*") if path.is_file() and path.suffix != ".lock"}


def test_a_linked_generation_leaves_the_old_one_alone(filled: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    grow_by_segments(monkeypatch)
    for n in range(12):  # as many segments as make Tantivy merge
        before = _files(folder(filled, n + 1))
        shared = {path.stat().st_ino for path in (folder(filled, n + 1) / lexical.FOLDER).iterdir()}
        put(filled, [document(f"new{n}")])
        assert _files(folder(filled, n + 1)) == before
        if n == 0:
            assert shared & {path.stat().st_ino for path in (folder(filled, n + 2) / lexical.FOLDER).iterdir()}
    put(filled, [document("cook", "Somebody else. Is here.")])
    assert found(filled, "new7") == ["new7"]
    assert found(filled, "somebody") == ["cook"]
    with filled.snapshot() as snapshot:
        assert len(snapshot.lexical(["here"], 50)) == 15
    assert filled.verify() == []


def test_where_there_are_no_links_files_are_copied(filled: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "links are not permitted here")

    grow_by_segments(monkeypatch)
    monkeypatch.setattr(os, "link", refuse)
    put(filled, [document("dove")], removed=["cook"])
    assert found(filled, "dove") == ["dove"]
    assert sorted(found(filled, "here")) == ["anchor", "bell", "dove"]


def test_passages_in_memory_are_bounded_by_their_bytes(filled: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(found(filled, "here")) == 3
    with filled.snapshot() as snapshot:
        assert len(snapshot._derived.rows) == 3
    monkeypatch.setattr(memory, "BYTES", 4000)
    put(filled, [document("dove")])
    assert len(found(filled, "here")) == 4
    with filled.snapshot() as snapshot:
        assert len(snapshot._derived.rows) == 2


def test_too_much_that_was_replaced_makes_a_whole_build(filled: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WHOLE_BELOW", 0)
    put(filled, [document("cook", "Another cook. It is here.")])
    whole = LocalStore(filled.path.with_name("whole"))
    old = [document("anchor", source="Logs", date="1901"), document("bell", author="Nun")]
    put(whole, [*old, document("cook", "Another cook. It is here.")])
    with filled.snapshot() as one, whole.snapshot() as other:
        assert one.lexical(["here"], 5) == other.lexical(["here"], 5)


def test_vectors_are_drawn_for_training_and_trial(filled: LocalStore) -> None:
    with filled.snapshot() as snapshot:
        drawn = snapshot.some_vectors(9)
        assert snapshot.some_vectors(2).shape == (2, DIMENSION)
    expected = [unit(key(document(name))[0]) for name in ("anchor", "bell", "cook")]
    np.testing.assert_allclose(drawn, expected, atol=1e-3)


def test_vectors_that_nothing_took_over_go_with_the_next_update(filled: LocalStore) -> None:
    with filled.writer() as w:  # one that was ended before its commit
        w.put_vectors([key(document("dove"))], [unit(5)])
    put(filled, [])
    with filled.writer() as w:
        assert w.missing([key(document("dove"))])
        assert not w.missing([key(document("bell"))])


def test_a_snapshot_of_a_folder_that_was_remade_remembers_nothing_of_it(filled: LocalStore) -> None:
    names = {each: passage(document(each)).passage_id for each in ("anchor", "whale")}
    with filled.snapshot() as old:
        shutil.rmtree(filled.path)
        put(LocalStore(filled.path), [document("whale")])
        with filled.snapshot() as new:
            assert old.passages([names["anchor"]])
            assert list(new.lexical(["here"], 5)) == [names["whale"]]
    with filled.snapshot() as again:
        assert again.passages(again.lexical(["here"], 5)) == {names["whale"]: passage(document("whale"))}


def test_a_connection_to_a_folder_that_is_remade_meanwhile_is_not_kept(
    filled: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is made anew, and read, after one reader has opened the old catalogue and before it goes on."""
    connect, turns = catalog.connect, iter([True])

    def overtaken(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        if next(turns, False):
            monkeypatch.undo()
            shutil.rmtree(filled.path)
            put(LocalStore(filled.path), [document("whale")])
            assert found(filled, "here") == ["whale"]
        return connection

    filled.close()
    monkeypatch.setattr(catalog, "connect", overtaken)
    assert found(filled, "here") == ["whale"]
    with filled.snapshot() as one, filled.snapshot() as other:
        assert [set(snapshot.records()) for snapshot in (one, other)] == [{"whale"}, {"whale"}]


def test_a_folder_that_goes_while_it_is_asked_for_is_said(filled: LocalStore) -> None:
    snapshot = filled.snapshot()
    shutil.rmtree(filled.path)
    with pytest.raises(NoIndex, match="pincite update"), snapshot:
        pass


def test_a_text_is_read_once_for_many_questions(filled: LocalStore) -> None:
    """Whatever the number of questions: texts of documents are long, and candidates come from many of them."""
    read: list[str] = []
    with filled.snapshot() as first:
        first.db.set_trace_callback(read.append)
        documents = first.documents(["anchor", "bell"])
        with filled.snapshot() as second:  # another thread's
            second.db.set_trace_callback(read.append)
            assert second.documents(["bell", "anchor"]) == documents
    assert len([statement for statement in read if "page_starts" in statement]) == 1
    put(filled, [document("bell", "Another bell. It rings.")])
    with filled.snapshot() as third:
        assert third.documents(["bell"])["bell"].text == "Another bell. It rings."


# ---------------------------------------------------------------- folders that may only be read


READS = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pincite.analysis.terms import analyse
from pincite.stores.local.store import LocalStore
target = LocalStore(Path({path!r}))
for _ in range(2):
    with target.snapshot() as snapshot:
        print([name.partition("@")[0] for name in snapshot.lexical(analyse("bell"), 5)])
print(target.verify())
try:
    target.writer().__enter__()
except Exception as error:
    print(type(error).__name__)
"""


def read_only(folder: Path) -> list[str]:
    """What a process says that reads an index in whose folder it may write nothing."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = READS.format(tests=str(Path(__file__).parent), path=str(folder))
    # The right to write where the mode forbids it, which root has, is given up (PR_CAPBSET_DROP, CAP_DAC_OVERRIDE).
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: ctypes.CDLL(None).prctl(24, 1, 0, 0, 0),
    )
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_folder_that_may_only_be_read_answers(filled: LocalStore) -> None:
    filled.close()
    assert read_only(filled.path) == ["['bell']", "['bell']", "[]", "IndexProblem"]


@pytest.mark.usefixtures("impatient")
def test_a_folder_that_may_only_be_read_answers_while_its_owner_has_it_open(filled: LocalStore) -> None:
    with filled.snapshot():
        put(filled, [document("bells", "The bell and its bell. Again.")])
        assert filled.path.joinpath(f"{catalog.FILE}-wal").stat().st_size
        assert read_only(filled.path)[:2] == ["['bells', 'bell']"] * 2


def test_between_questions_the_log_stays_for_readers_who_may_not_make_it(filled: LocalStore) -> None:
    for _ in range(2):
        with filled.snapshot():
            pass
        assert filled.path.joinpath(f"{catalog.FILE}-wal").exists()
        assert read_only(filled.path)[:2] == ["['bell']"] * 2
    filled.close()
    assert not filled.path.joinpath(f"{catalog.FILE}-wal").exists()


def test_where_no_folder_can_be_opened_its_files_are_synced(
    filled: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, which syncs only what was opened for writing."""
    real, opened = os.open, list[Path]()

    def only_files(path: Path, flags: int, *rest: int) -> int:
        if path.is_dir() or not flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        opened.append(path)
        return real(path, flags, *rest)

    monkeypatch.setattr(files, "WINDOWS", True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", only_files)
        for path in (filled.path, filled.path / catalog.FILE):
            files.sync(path)
    assert opened == [filled.path / catalog.FILE]


# ---------------------------------------------------------------- damage


def test_old_generations_go(filled: LocalStore) -> None:
    for n in range(3):
        put(filled, [document(f"new{n}")])
    assert sorted(path.name for path in (filled.path / "generations").iterdir()) == ["3", "4"]


@pytest.mark.parametrize("name", ["dense.faiss", "dense.npy", "lexical/meta.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_damaged_files_are_named_and_made_again(filled: LocalStore, name: str, damage: str) -> None:
    path = folder(filled, 1) / name
    if damage == "gone":
        path.unlink()
    else:
        swap(path, path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedIndex, match=f"{path.name}.*pincite update"), LocalStore(filled.path).snapshot():
        pass
    assert put(filled, []) == 2
    assert found(LocalStore(filled.path), "bell") == ["bell"]


def test_a_file_of_the_right_size_that_is_no_index_is_damage(filled: LocalStore) -> None:
    path = folder(filled, 1) / "dense.faiss"
    swap(path, b"\0" * path.stat().st_size)
    with pytest.raises(DamagedIndex, match="pincite update"), LocalStore(filled.path).snapshot():
        pass
    assert put(filled, []) == 2
    assert found(LocalStore(filled.path), "bell") == ["bell"]


def test_a_catalogue_that_is_none(filled: LocalStore) -> None:
    (filled.path / catalog.FILE).write_bytes(b"not a database at all" * 100)
    for suffix in ("-wal", "-shm"):
        (filled.path / catalog.FILE).with_name((filled.path / catalog.FILE).name + suffix).unlink(missing_ok=True)
    with pytest.raises(DamagedIndex, match=r"catalog\.sqlite"), LocalStore(filled.path).snapshot():
        pass


@pytest.mark.parametrize("number", [1, 99])
def test_another_format_is_refused_with_the_command_that_mends_it(filled: LocalStore, number: int) -> None:
    with filled.writer() as each:
        each.db.execute(f"PRAGMA user_version = {number}")
    mend = f"format {number}, .*`pincite update CORPUS --index {filled.path} --rebuild`"
    with pytest.raises(OtherFormat, match=mend), LocalStore(filled.path).snapshot():
        pass


# ---------------------------------------------------------------- lives and damage


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=12))
def test_any_life_ends_like_a_fresh_build(
    tmp_path_factory: pytest.TempPathFactory, life: list[tuple[str, int]]
) -> None:
    """Adds, changes and removals (version 0), then the same state built at once: equal ids and equal scores."""
    place = tmp_path_factory.mktemp("life")
    lived, fresh = LocalStore(place / "lived"), LocalStore(place / "fresh")
    state: dict[str, Document] = {}
    put(lived, [])
    for name, version in life:
        if version:
            state[name] = document(name, f"The {name} is here. Version {version}.")
            put(lived, [state[name]])
        else:
            state.pop(name, None)
            put(lived, [], removed=[name])
    put(fresh, list(state.values()))
    with lived.snapshot() as one, fresh.snapshot() as other:
        assert one.records() == other.records()
        assert one.lexical(["here"], 9) == other.lexical(["here"], 9)
        query = unit(3)
        assert one.dense(query, 9) == other.dense(query, 9)
    lived.close()
    fresh.close()


def test_damage_inside_the_catalogue_is_said(filled: LocalStore) -> None:
    filled.close()
    path = filled.path / catalog.FILE
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    with pytest.raises(DamagedIndex, match=r"pincite update"), LocalStore(filled.path).snapshot() as snapshot:
        snapshot.documents(["anchor", "bell", "cook"])


def test_a_full_disk_is_said_and_changes_nothing(filled: LocalStore) -> None:
    """The size of files is limited in a process of its own, as a full disk would."""
    code = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_store import LocalStore, document, put
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
target = LocalStore(Path({str(filled.path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
put(target, [document("dove", "Many words. " + "word " * 100_000)])
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "IndexProblem" in done.stderr.splitlines()[-1], done.stderr
    assert found(LocalStore(filled.path), "bell") == ["bell"]


def test_removed_words_are_gone_from_every_file(filled: LocalStore) -> None:
    put(filled, [document("walrus")])
    put(filled, [], removed=["walrus"])
    put(filled, [document("dove")])
    left = [path for path in filled.path.rglob("*") if path.is_file() and b"walrus" in path.read_bytes()]
    assert left == []
