"""What every store promises: one suite over the local one, over Milvus in a file, and over a real server of Milvus."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
import pytest

from conftest import ARTICLES, WordEmbedder, write_files
from pincite import Assistant, Filter, Index, Settings, UpdateReport, stores
from pincite.errors import DamagedIndex, IndexBusy, IndexProblem, NoIndex, OtherFormat, UsageError
from pincite.stores.base import FileRecord, Snapshot, Store
from pincite.stores.local import dense, lexical
from pincite.stores.local.writer import LocalWriter
from pincite.stores.milvus import reading, rows, writing
from pincite.stores.milvus.connection import FIELDS, Connection, batches
from servers import Milvus

Open = Callable[[], Index]

QUESTIONS = ("Which wheel is of elm?", "grey bee honey", "Which bell rings at number 7?", "night ferry")
BELLS = {
    f"bells/{n}.md": f"---\nsource: {'Bell' if n % 2 else 'Tower'} News\ndate: 20{10 + n}-0{1 + n % 9}\n"
    f"author: {'Holt, Ané; Lind, Bo' if n % 3 else 'R. Penn'}\n---\n\n"
    f"# Bell {n}\n\nThe bell number {n} rings at {n}. It is made of bronze. Its tower is {n * 3} metres high.\n"
    for n in range(20)
}


@pytest.fixture(scope="module")
def milvus() -> Iterator[Milvus]:
    with TemporaryDirectory() as folder:  # half a gigabyte
        server = Milvus(Path(folder), tick_ms=50)
        yield server
        server.kill()


pytestmark = pytest.mark.slow  # the local store alone has its own tests in test_store.py and test_index.py

IN_A_FILE = ["local", "milvus file"]
EVERYWHERE = [*IN_A_FILE, pytest.param("milvus server", marks=pytest.mark.server)]


@pytest.fixture(params=IN_A_FILE)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "caches"))
    if request.param == "local":
        return str(tmp_path / "index")
    if request.param == "milvus file":
        return f"milvus+file:{tmp_path / 'index.db'}"
    return f"milvus+{request.getfixturevalue('milvus').address}/t{uuid4().hex[:8]}"


def opened(place: str | Path) -> Index:
    index = Index.open(place, settings=Settings(model="words"))
    index.use_embedder("words", WordEmbedder())
    return index


@pytest.fixture
def index(place: str) -> Iterator[Index]:
    with opened(place) as index:
        yield index


@pytest.fixture
def local(tmp_path: Path, corpus: Path) -> Iterator[Index]:
    """The same articles in the local store, to compare with."""
    with opened(tmp_path / "compared") as index:
        yield index


@pytest.fixture(autouse=True)
def bells(corpus: Path) -> None:
    write_files(corpus, BELLS)


def words(store: Store) -> bool:
    """Whether it searches by words."""
    return not store.limits


def assert_same_but_found(index: Index, local: Index) -> None:
    """Documents, files, records, passages and vectors are the same."""
    with index._store.snapshot() as found, local._store.snapshot() as expected:
        assert found.doc_ids() == expected.doc_ids()
        assert found.records() == expected.records()
        assert found.count() == expected.count()
        assert _lasting(found.files()) == _lasting(expected.files())
        assert found.listed() == expected.listed()
        ids = found.doc_ids()
        assert found.documents(ids) == expected.documents(ids)
        for one, other in zip(found.contents(), expected.contents(), strict=True):
            assert one[:3] == other[:3]
            assert list(one.keys) == list(other.keys)
            assert all(np.array_equal(a, b) for a, b in zip(one.vectors, other.vectors, strict=True))


def assert_same(index: Index, local: Index) -> None:
    """And what is found is, within rounding."""
    assert_same_but_found(index, local)
    with index._store.snapshot() as found, local._store.snapshot() as expected:
        for question in QUESTIONS:
            assert_same_found(found, expected, question, words(index._store))


def _lasting(files: Mapping[str, FileRecord]) -> dict[str, FileRecord]:
    """Of files' records what does not say when they were seen."""
    return {path: record._replace(scanned_ns=0, skipped=dict(record.skipped)) for path, record in files.items()}


def assert_same_found(found: Snapshot, expected: Snapshot, question: str, by_words: bool) -> None:
    vector = WordEmbedder().encode_query([question])[0]
    for where in (
        None,
        Filter(source="BELL NEWS"),
        Filter(author="r. pénn"),
        Filter(author="Ane Holt"),
        Filter(after="2015", before="2020-05"),
        Filter(doc_ids=["bees.txt"]),
        Filter(folders="mill"),
    ):
        assert found.count(where) == expected.count(where)
        near, exact = found.dense(vector, 10, where), expected.dense(vector, 10, where)
        assert list(near) == list(exact)
        assert list(near.values()) == pytest.approx(list(exact.values()), abs=1e-3)
        terms = question.lower().rstrip("?").split()
        if by_words:
            assert found.lexical(terms, 5000, where).keys() == expected.lexical(terms, 5000, where).keys()
        else:
            assert found.lexical(terms, 50, where) == {}
        assert found.frequencies(terms) == expected.frequencies(terms)


@pytest.mark.parametrize("place", EVERYWHERE, indirect=True)
def test_the_life_of_an_index_is_the_same_in_every_store(index: Index, local: Index, corpus: Path) -> None:
    with pytest.raises(NoIndex, match="pincite update"):
        index.search("elm")

    def update(rebuild: bool = False) -> UpdateReport:
        expected = local.update(corpus, rebuild=rebuild)
        report = index.update(corpus, rebuild=rebuild)
        assert replace(report, embedded=0) == replace(expected, embedded=0)
        assert report.embedded <= expected.embedded  # vectors may outlive what was removed by an update
        assert_same(index, local)
        assert index.status().generation == local.status().generation
        return report

    assert len(update().added) == 23
    assert index.verify() == ()
    if words(index._store):
        assert index.search("elm", mode="lexical")[0].document.doc_id == "mill/tide.md"
    else:
        with pytest.raises(UsageError, match="cannot search by words"):
            index.search("elm", mode="lexical")
    assert update().embedded == 0
    write_files(
        corpus, {"bees.txt": "Bees\n\nA hive of the black bee needs more.\n", "new.md": "# New\n\nA new one.\n"}
    )
    (corpus / "bells/3.md").unlink()
    report = update()
    assert (report.changed, report.added, report.removed) == (("bees.txt",), ("new.md",), ("bells/3.md",))
    write_files(corpus, {"bells/3.md": BELLS["bells/3.md"]})
    assert update().added == ("bells/3.md",)
    assert update(rebuild=True).embedded == 0
    assert index.verify() == ()
    assert index._store.verify() == []


def test_answers_are_the_same(index: Index, local: Index, corpus: Path) -> None:
    index.update(corpus)
    local.update(corpus)
    for question in QUESTIONS:
        hits, expected = index.search(question), local.search(question)
        if words(index._store):
            assert [hit.passage for hit in hits[:5]] == [hit.passage for hit in expected[:5]]
            assert {hit.passage.passage_id for hit in hits} == {hit.passage.passage_id for hit in expected}
        assert len(hits) == len(expected)
        for hit in hits:
            assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
        for each in Assistant(index, threshold=0.0).ask(question).citations:
            assert each.document.text[each.start : each.end] == each.quote


@pytest.mark.parametrize("place", EVERYWHERE, indirect=True)
def test_a_reader_keeps_its_state_while_others_write(index: Index, corpus: Path) -> None:
    index.update(corpus)
    vector = WordEmbedder().encode_query(["bell"])[0]
    with index._store.snapshot() as before:
        ids, near = before.doc_ids(), before.dense(vector, 30)
        write_files(corpus, {"new.md": "# New\n\nThe new bell.\n"})
        (corpus / "bells/1.md").unlink()
        index.update()
        assert before.doc_ids() == ids
        assert before.dense(vector, 30) == near
        assert before.documents(["bells/1.md"])["bells/1.md"].text.startswith("Bell 1")
    with index._store.snapshot() as after:
        assert {*after.doc_ids()} == {*ids, "new.md"} - {"bells/1.md"}


def test_texts_longer_than_a_field_holds(index: Index, local: Index, corpus: Path) -> None:
    long = "".join(f"鐘{n}が鳴る。" for n in range(9000)) + "\n\n" + "".join(f"{n:05x}" for n in range(20_000)) + "\n"
    write_files(
        corpus, {"long.txt": long, "odd.jsonl": json.dumps({"_id": "i" * 5000, "title": "t" * 70_000, "text": "A."})}
    )
    assert index.update(corpus) == local.update(corpus)
    assert_same(index, local)
    with index._store.snapshot() as found:
        document = found.documents(["long.txt"])["long.txt"]
        assert found.with_digest(document.digest[:20]) == document


@pytest.mark.parametrize("place", EVERYWHERE, indirect=True)
def test_a_second_writer_is_told_who_is_at_it(index: Index, corpus: Path, place: str) -> None:
    index.update(corpus)
    reports: list[UpdateReport] = []
    with opened(place) as other, index._store.writer():
        with pytest.raises(IndexBusy, match=rf"process {os.getpid()}.* has been updating it since"):
            other.update()
        waiting = threading.Thread(target=lambda: reports.append(other.update(wait=True)))
        waiting.start()
        waiting.join(1)
        assert not reports
    waiting.join(60)
    assert len(reports[0].unchanged) == 23


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from conftest import WordEmbedder
from pincite.ingest import update
from test_contract import opened
update._BATCH = 4
class Mortal(WordEmbedder):
    def encode_document(self, texts):
        if len(self.embedded) > {most}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode_document(texts)
index = opened({place!r})
index.use_embedder("words", Mortal())
index.update({corpus!r}, rebuild={rebuild})
"""


@pytest.mark.parametrize("place", EVERYWHERE, indirect=True)
@pytest.mark.parametrize("rebuild", [False, True])
def test_a_killed_update_is_taken_up_again(index: Index, corpus: Path, place: str, rebuild: bool) -> None:
    (corpus / "bees.txt").rename(corpus.parent / "bees.txt")
    index.update(corpus)
    index.close()  # a local file of Milvus is one process's at a time
    (corpus.parent / "bees.txt").rename(corpus / "bees.txt")
    write_files(corpus, {f"owl{n}.md": f"# Owl {n}\n\nThe owl {n} sleeps. It wakes at {n}.\n" for n in range(30)})
    names = {"tests": str(Path(__file__).parent), "place": place, "corpus": str(corpus)}
    code = KILLED.format(**names, most=20, rebuild=rebuild)
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert index.status().documents == 22
    assert not {hit.document.doc_id for hit in index.search("owl", k=30)} & {f"owl{n}.md" for n in range(30)}
    report = index.update(corpus)
    assert len(report.added) == 31
    assert 0 < report.embedded < 25
    assert index.verify() == ()
    with index._store.writer() as writer:
        assert not writer.missing([key for content in _contents(index) for key in content])


def _contents(index: Index) -> list[list[bytes]]:
    with index._store.snapshot() as snapshot:
        return [list(each.keys) for each in snapshot.contents()]


def test_copies_and_backups_go_from_store_to_store(index: Index, local: Index, corpus: Path, tmp_path: Path) -> None:
    local.update(corpus)
    assert local.copy(index) == local._store.snapshot().__enter__().count()
    assert_same(index, local)
    assert index.update().embedded == 0
    with pytest.raises(UsageError, match="holds 23 documents"):
        local.copy(index)
    with opened(tmp_path / "back") as back:
        index.copy(back)
        assert_same(back, local)
        index.backup(tmp_path / "kept")
        back.restore(tmp_path / "kept", overwrite=True)
        assert_same(back, local)
    index.restore(tmp_path / "kept", overwrite=True)
    assert_same(index, local)
    assert index.verify() == ()


def test_backups_of_milvus_make_no_index_for_searching(
    file: Index, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of FAISS takes minutes for a large corpus, and would be thrown away."""

    def built(*_: object, **__: object) -> None:
        raise AssertionError("built")

    monkeypatch.setattr(dense, "build", built)
    monkeypatch.setattr(lexical, "build", built)
    file.backup(tmp_path / "kept")
    (corpus / "bees.txt").unlink()
    assert file.update().removed == ("bees.txt",)
    file.restore(tmp_path / "kept", overwrite=True)
    assert "bees.txt" in _ids(file)
    assert file.verify() == ()


def test_a_store_is_asked_for_many_documents_at_a_time(
    local: Index, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question to a server, and each write to a disk, is waited for."""
    asked: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., object]:
        real = getattr(LocalWriter, name)

        def call(*arguments: object) -> object:
            asked[name] += 1
            return real(*arguments)

        return call

    for name in ("missing", "put_vectors"):
        monkeypatch.setattr(LocalWriter, name, counted(name))
    assert len(local.update(corpus).added) == 23
    assert asked["missing"] == 1
    asked.clear()
    with opened(tmp_path / "target") as target:
        assert local.copy(target)[0] == 23
    assert asked["put_vectors"] == 1


# ---------------------------------------------------------------- Milvus alone


@pytest.fixture
def file(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "caches"))
    with opened(f"milvus+file:{tmp_path / 'index.db'}") as index:
        index.update(corpus)
        yield index


def call(index: Index) -> Connection:
    return index._store._call  # type: ignore[attr-defined, no-any-return]


def steal(index: Index) -> None:
    """Take the lease away, as another machine that took this one for dead, and has ended since."""
    call(index)("delete", call(index).articles, filter="kind == 'lease'")


@contextmanager
def elsewhere(index: Index) -> Iterator[Index]:
    """The same index on a machine with caches, and so a lock, of its own."""
    with opened(index._store.name) as other:
        vars(other._store)["home"] = index._store.home.parent / "elsewhere"  # type: ignore[attr-defined]
        yield other


def test_a_writer_that_was_overtaken_commits_nothing(file: Index, corpus: Path) -> None:
    ids = _ids(file)
    with file._store.writer() as slow:
        slow.remove(["bees.txt"])
        steal(file)
        (corpus / "harbour.txt").unlink()
        with elsewhere(file) as second:
            assert second.update().removed == ("harbour.txt",)
        with pytest.raises(IndexBusy, match="another process has updated it meanwhile"):
            slow.commit()
    assert _ids(file) == sorted({*ids} - {"harbour.txt"})
    assert file.update().unchanged == tuple(_ids(file))
    assert file.verify() == ()


def test_of_two_that_begin_at_once_the_one_that_waits_comes_later(
    file: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(corpus, {"new.txt": "New\n\nSomething new.\n"})
    reports: list[UpdateReport] = []
    with opened(file._store.name) as other:
        both = [threading.Thread(target=lambda i=i: reports.append(i.update(wait=True))) for i in (file, other)]
        for each in both:
            each.start()
        for each in both:
            each.join(120)
    assert sorted(len(each.added) for each in reports) == [0, 1]
    assert file.verify() == ()


def test_of_a_writer_elsewhere_is_said_who_it_is_until_it_is_silent(file: Index, corpus: Path) -> None:
    (corpus / "bees.txt").unlink()
    with elsewhere(file) as other, other._store.writer() as writer:
        with pytest.raises(IndexBusy, match=rf"process {os.getpid()} on .* has been updating it since .*--wait"):
            file.update()
        writer._lease._me["place"] = "another machine"  # type: ignore[attr-defined]
        writer._lease._renew()  # type: ignore[attr-defined]
        with pytest.raises(IndexBusy):
            file.update()
        (row,) = call(file).find(call(file).articles, "kind == 'lease'", FIELDS)
        silent = json.loads(row["payload"]) | {"seen": time.time() - writing.SILENT}
        call(file)("upsert", call(file).articles, rows.rows("lease", "", silent, 0))
        assert file.update().removed == ("bees.txt",)
        with pytest.raises(IndexBusy, match="another process has updated it meanwhile"):
            writer.commit()


def when_published(
    patched: pytest.MonkeyPatch, *, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
) -> None:
    """Have something happen when a commit is written."""
    real = Connection.__call__

    def call(self: Connection, method: str, *arguments: object, **named: object) -> object:
        is_commit = method == "upsert" and "'kind': 'commit'" in str(arguments[1])
        if before and is_commit:
            before()
        returned = real(self, method, *arguments, **named)
        if after and is_commit:
            after()
        return returned

    patched.setattr(Connection, "__call__", call)


def test_what_was_published_counts_whoever_may_write_by_then(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it leaves what the other has written by then."""
    local.update(corpus)
    ids = _ids(file)
    with elsewhere(file) as other, ExitStack() as later, local._store.snapshot() as snapshot:
        (bees,) = (each for each in snapshot.contents() if each.document.doc_id == "bees.txt")
        successor = other._store.writer()

        def taken_over() -> None:
            steal(file)
            later.enter_context(successor)
            successor.replace(bees.document, bees.passages, bees.keys, bees.record)
            successor.put_vectors(bees.keys, bees.vectors)

        with monkeypatch.context() as patched, file._store.writer() as writer:
            when_published(patched, after=taken_over)
            writer.remove(["bees.txt"])
            writer.commit()
        assert _ids(file) == sorted({*ids} - {"bees.txt"})
        successor.commit()
    assert _ids(file) == ids
    assert file.verify() == ()


@pytest.mark.parametrize("cut", [0, 1, 3, 5])
def test_an_article_longer_than_a_row_is_taken_up_again(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    monkeypatch.setattr(rows, "MOST_CHARACTERS", 100)
    monkeypatch.setattr(writing, "_BUFFERED", 3)
    write_files(corpus, {"long.txt": "Walrus\n\n" + "The quixotic walrus sang. " * 60})
    local.update(corpus)
    real, left = Connection.__call__, iter(range(cut))

    def cut_off(self: Connection, method: str, *arguments: object, **named: object) -> object:
        if method == "upsert" and "__vectors" in str(arguments[0]) and next(left, None) is None:
            raise IndexProblem("the server went")
        return real(self, method, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "__call__", cut_off)
        with pytest.raises(IndexProblem, match="the server went"):
            file.update()
    assert len(file.update().added) == 1
    assert_same(file, local)
    assert file.verify() == ()


def test_by_words_a_rebuild_finds_what_milvus_does(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server that was brought up to date. In a file the scores are of no use, but what is found is the same."""
    local.update(corpus)
    monkeypatch.setattr(call(file), "has_words", True)
    assert file.update(rebuild=True).embedded == 0
    with file._store.snapshot() as found, local._store.snapshot() as expected:
        for terms in (["elm"], ["bell", "bronze", "elm"], ["absent"]):
            right = expected.lexical(terms, 50)
            assert found.lexical(terms, 50).keys() == right.keys()
            some = [*right][:3]
            assert found.lexical(terms, 50, None, some).keys() == {*some}
    write_files(corpus, {"new.txt": "New\n\nSomething new of elm.\n"})
    assert file.update().added == local.update().added
    assert_same_but_found(file, local)


def test_each_lost_row_is_found_and_nothing_is_copied_without_it(
    file: Index, local: Index, corpus: Path, tmp_path: Path
) -> None:
    local.update(corpus)
    file.backup(tmp_path / "kept")
    for lost, said in (
        ([("record", "bees.txt")], r"22 documents and \d+ passages are whole, and should be 23"),
        ([("file", "bees.txt")], "bees.txt: what its file was like"),
        ([("document", "harbour.txt"), ("document", "mill/tide.md")], "harbour.txt.*mill/tide.md"),
    ):
        for kind, name in lost:
            call(file)("delete", call(file).articles, filter=f"name == '{rows.hashed(kind, name)}'")
        file._store.close()
        assert re.search(said, " ".join(file.verify()))
        with pytest.raises(DamagedIndex, match=r"--verify|--rebuild"):
            file.copy(local, overwrite=True)
        assert _ids(local) == sorted([*ARTICLES, *BELLS])
        file.restore(tmp_path / "kept", overwrite=True)
        assert file.verify() == ()


@pytest.mark.parametrize("place", IN_A_FILE, indirect=True)
def test_a_writer_may_commit_more_than_once(index: Index, corpus: Path) -> None:
    index.update(corpus)
    with index._store.snapshot() as snapshot:
        (bees,) = (each for each in snapshot.contents() if each.document.doc_id == "bees.txt")
    with index._store.writer(fresh=True) as writer:
        for _ in range(3):
            assert writer.missing(bees.keys) <= {*bees.keys}
            writer.replace(bees.document, bees.passages, bees.keys, bees.record)
            writer.put_vectors(bees.keys, bees.vectors)
            writer.put_files([FileRecord("bees.txt", (1, 2, 3, 4), "", 0)])
            writer.commit()
            assert _ids(index) == ["bees.txt"]
            assert index.verify() == ()
        writer.remove(["bees.txt"])
        writer.commit()
    assert _ids(index) == []
    assert index.verify() == ()


def test_what_a_loser_has_written_is_not_seen(file: Index, local: Index, corpus: Path) -> None:
    """Both believed for a while that they alone may write."""
    local.update(corpus)
    with local._store.snapshot() as snapshot:
        (bees,) = (each for each in snapshot.contents() if each.document.doc_id == "bees.txt")
    phantom = replace(bees.document, doc_id="phantom.txt")
    pieces = [replace(each, doc_id="phantom.txt", passage_id=f"phantom{n}") for n, each in enumerate(bees.passages)]
    with file._store.writer() as loser:
        loser.replace(phantom, pieces, bees.keys, bees.record)
        loser.put_vectors(bees.keys, bees.vectors)
        steal(file)
        write_files(corpus, {"new.txt": "New\n\nSomething new.\n"})
        local.update()
        with elsewhere(file) as winner:
            winner.update()
        with pytest.raises(IndexBusy):
            loser.commit()
    for _ in range(2):
        assert_same(file, local)
        assert file.verify() == ()
        file.update()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_writer_that_is_overtaken_while_it_ends_rows_changes_nothing(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    local.update(corpus)
    (corpus / "bees.txt").unlink()
    write_files(corpus, {"harbour.txt": "Day ferry\n\nThe day ferry left at noon.\n"})
    local.update()
    check = writing.Lease.check
    calls = iter(range(100))

    def overtaken(self: writing.Lease, *, exactly: bool = False) -> None:
        if exactly and next(calls) == step:  # when some rows are marked
            steal(file)
            with monkeypatch.context() as alone, elsewhere(file) as winner:
                alone.setattr(writing.Lease, "check", check)
                winner.update()
        check(self, exactly=exactly)

    with monkeypatch.context() as patched:
        patched.setattr(writing.Lease, "check", overtaken)
        with pytest.raises(IndexBusy):
            file.update()
    assert next(calls) > step
    assert_same(file, local)
    assert file.verify() == ()


def test_who_reads_for_a_while_reads_one_state(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "batches", lambda items, _=5: batches(items, 5))
    local.update(corpus)
    with file._store.snapshot() as snapshot, local._store.snapshot() as before:
        contents = snapshot.contents()
        read = [next(contents)]
        for name in ("bees.txt", "harbour.txt"):
            (corpus / name).unlink()
            with opened(file._store.name) as other:
                other.update()
                other.update(rebuild=name == "harbour.txt")
        read += contents
        assert [content[:3] for content in read] == [content[:3] for content in before.contents()]
        assert snapshot.files().keys() == before.files().keys()
    assert _holding(file, "grey bee")


def _holding(index: Index, text: str) -> list[object]:
    """The rows, living or not, that hold a text."""
    collections = [call(index).articles, *call(index).passages()]
    found = [row for name in collections for row in call(index).every(name, "created_at > 0", ["pk", "payload"])]
    assert found
    return [row for row in found if text in row["payload"]]


def test_rows_that_are_missing_or_changed_are_found_and_mended_by_a_backup(
    file: Index, local: Index, corpus: Path, tmp_path: Path
) -> None:
    local.update(corpus)
    file.backup(tmp_path / "kept")
    (data,) = call(file).passages()
    row, *_ = call(file).find(data, "kind == 'passage'", FIELDS)
    call(file)("upsert", data, [row | {"vector": [2.0 * float(value) for value in row["vector"]]}])
    file._store.close()
    assert "has a vector whose length is not 1" in " ".join(file.verify())
    call(file)("delete", call(file).articles, filter=f"name == '{rows.hashed('document', 'bees.txt')}'")
    file._store.close()
    assert "bees.txt: its text or its passages are missing" in " ".join(file.verify())
    file.restore(tmp_path / "kept", overwrite=True)
    assert file.verify() == ()
    assert_same(file, local)


@pytest.mark.parametrize("again", [False, True])
def test_passages_longer_than_a_row_and_a_sweep_that_was_cut(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    monkeypatch.setattr(rows, "MOST_CHARACTERS", 100)
    long = {"long.txt": "Walrus\n\n" + "The quixotic walrus sang. " * 60}
    write_files(corpus, long)
    file.update()
    local.update(corpus)
    assert_same(file, local)
    (corpus / "long.txt").unlink()
    file.update()
    monkeypatch.setattr(writing, "KEPT", -1.0)
    real = Connection.__call__

    def cut(self: Connection, method: str, *arguments: object, **named: object) -> object:
        if method == "delete" and "__vectors" in str(arguments[0]):
            raise IndexProblem("the server went")
        return real(self, method, *arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "__call__", cut)
        with pytest.raises(IndexProblem, match="the server went"):
            file.update()
    if again:
        write_files(corpus, long)
        assert file.update().added == ("long.txt",)
        local.update(corpus)
        assert_same(file, local)
    else:
        file.update()
        assert not _holding(file, "quixot")
    assert file.verify() == ()


def _ids(index: Index) -> list[str]:
    with index._store.snapshot() as snapshot:
        return snapshot.doc_ids()


@pytest.mark.parametrize("kept", [-1.0, writing.KEPT])
def test_what_an_ended_update_deleted_lives_on(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch, kept: float
) -> None:
    """It was killed when rows were marked, and nothing was said yet."""
    monkeypatch.setattr(writing, "KEPT", kept)

    def killed() -> None:
        raise KeyboardInterrupt

    (corpus / "bees.txt").rename(corpus.parent / "bees.txt")
    write_files(corpus, {"harbour.txt": "Day ferry\n\nThe day ferry left at noon.\n"})
    with monkeypatch.context() as patched:
        when_published(patched, before=killed)
        with pytest.raises(KeyboardInterrupt):
            file.update()
    local.update(corpus)
    (corpus.parent / "bees.txt").rename(corpus / "bees.txt")
    for number in range(4):
        write_files(corpus, {"new.txt": f"New {number}\n\nSomething new, number {number}.\n"})
        file.update()
        file.update()
        local.update()
        assert_same(file, local)
    assert file.verify() == ()


def test_what_was_removed_goes_after_the_time_for_which_it_is_kept(
    file: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "bees.txt").unlink()
    file.update()
    for _ in range(4):
        file.update()
        assert _holding(file, "grey bee")
        assert len(call(file).find(call(file).articles, "kind == 'commit'", ["pk"])) == 1
    monkeypatch.setattr(writing, "KEPT", -1.0)
    file.update()
    assert not _holding(file, "grey bee")
    assert file.update(rebuild=True).embedded == 0
    file.update()
    assert len(_holding(file, "bell number 7")) == 2  # the document and its passage, once
    assert file.verify() == ()


def test_what_a_rebuild_left_out_goes_when_the_rebuild_is_old(
    file: Index, local: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (corpus / "bees.txt").unlink()
    file.update(rebuild=True)
    rebuilt = reading.latest(call(file)).committed[-1][1]
    local.update(corpus)
    for later, left in ((writing.KEPT - 1, True), (writing.KEPT + 1, False)):
        monkeypatch.setattr(writing, "time", lambda later=later: rebuilt + later)
        write_files(corpus, {"new.txt": f"New\n\nSomething new, {later}.\n"})
        file.update()
        local.update()
        assert_same(file, local)
        assert bool(_holding(file, "grey bee")) == left
    assert file.verify() == ()


def test_what_files_were_like_is_known_though_nothing_could_be_read(file: Index, local: Index, tmp_path: Path) -> None:
    write_files(tmp_path / "broken", {"a.pdf": "no pdf", "none.txt": "", "none.jsonl": ""})
    with opened(f"milvus+file:{tmp_path / 'other.db'}") as other:
        other.update(tmp_path / "broken")
        changes = other.changes()
        assert changes is not None
        assert changes.new == ()
        many = {f"{n}.txt": f"Number {n}\n\nThe {n}th bell is of elm.\n" for n in range(300)}
        write_files(tmp_path / "broken", ARTICLES | many)
        assert len(other.update().added) == 303
        local.update(tmp_path / "broken")
        assert_same(other, local)
        assert other.verify() == ()
    with opened(f"milvus+file:{tmp_path / 'third.db'}") as third:
        with third._store.writer() as writer:
            writer.put_files([FileRecord("a.pdf", (), "", 0)])
            writer.commit()
        with local._store.snapshot() as snapshot, third._store.writer() as writer:
            document, record, passages, keys, vectors = next(iter(snapshot.contents()))
            writer.replace(document, passages, keys, record)
            writer.put_vectors(keys, vectors)
            writer.commit()
        with third._store.snapshot() as found:
            assert list(found.files()) == ["a.pdf"]


def test_addresses_that_are_none() -> None:
    for address, words in {
        "milvus+http://host:1/a b": "not an address of an index",
        "milvus+http://host:1/": "not an address of an index",
        "milvus+ftp://host/a": "not an address of an index",
        "milvus+file:/tmp/x": r"PATH\.db for a local file",
        "milvus+http://host:1/a__b": "without __",
        "milvus+http://host:abc/a": "not an address",
        "milvus+http://host:999999/a": "not an address",
        "milvus+http://[::1/a": "not an address",
        "milvus://host:1/a": "not an address of an index",
        "milvus+http://user:secret@host:1/a": "MILVUS_TOKEN",
        "milvus+http://host:1/a?token=secret": "MILVUS_TOKEN",
    }.items():
        with pytest.raises(UsageError, match=words) as caught:
            stores.opened(address)
        assert "secret" not in str(caught.value)
    for address in ("milvus+http://host/a", "milvus+https://[::1]:19530/plans_2", "milvus+file:a.db"):
        assert stores.opened(address).name == address


def test_to_look_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "caches"))
    with opened(f"milvus+file:{tmp_path / 'a/none.db'}") as index, opened(tmp_path / "nowhere") as other:
        for ask in (index.status, lambda: index.search("elm"), lambda: index.copy(other), lambda: other.copy(index)):
            with pytest.raises(NoIndex):
                ask()
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_an_index_is_not_copied_onto_itself(file: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with opened("milvus+file:./index.db") as same, pytest.raises(UsageError, match="onto itself"):
        file.copy(same, overwrite=True)


def test_nobody_there_is_one_line_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILVUS_TOKEN", "root:hunter2")
    with pytest.raises(IndexProblem, match=r"127\.0\.0\.1:9/a: .*is Milvus running there") as caught:
        Index.open("milvus+http://127.0.0.1:9/a").search("elm")
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.server
def test_a_server_that_was_killed_answers_again(milvus: Milvus, corpus: Path, tmp_path: Path) -> None:
    place = f"milvus+{milvus.address}/t{uuid4().hex[:8]}"
    with opened(place) as index, opened(tmp_path / "compared") as local:
        local.update(corpus)
        index.update(corpus)
        milvus.kill()
        with pytest.raises(IndexProblem, match="is Milvus running there"):
            opened(place).search("elm")
        milvus.start()
        until = time.monotonic() + 60
        while True:
            try:
                index.search("elm")
                break
            except IndexProblem:
                if time.monotonic() > until:
                    raise
                time.sleep(1)
        assert_same(index, local)
        write_files(corpus, {"new.md": "# New\n\nThe new bell.\n"})
        assert index.update().added == ("new.md",)


def test_another_format_is_refused_until_a_rebuild(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"milvus+file:{tmp_path / 'old.db'}"
    with monkeypatch.context() as patched, opened(place) as index:
        patched.setattr(writing, "FORMAT", 2)
        with pytest.raises(OtherFormat):  # at its last look, which no other format passes
            index.update(corpus)
    with opened(place) as index:
        for ask in (index.status, lambda: index.search("bell"), lambda: index.update(corpus)):
            with pytest.raises(
                OtherFormat, match=r"format 2, this Pincite reads 3; `pincite update CORPUS --index .*--rebuild`"
            ):
                ask()
        assert index.update(corpus, rebuild=True).embedded
        assert index.search("bell")
