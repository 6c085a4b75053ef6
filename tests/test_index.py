"""Updating an index and searching it: what is embedded, what is kept, what is refused."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conftest import ARTICLES, WordEmbedder, write_files
from pincite import Filter, Hit, Index, Progress, Settings, parsers
from pincite import index as index_module
from pincite.datatypes import Changes
from pincite.errors import (
    CorpusError,
    EmptyIndex,
    IndexProblem,
    ModelError,
    ModelMismatch,
    NoIndex,
    NothingFits,
    QueryError,
    RemovalRefused,
    UnknownDocument,
    UsageError,
)
from pincite.ingest import cluster, update
from pincite.parsers.pool import Event, FileDone, read_files
from pincite.stores.base import Vectors
from pincite.stores.local import catalog
from pincite.stores.local.catalog import Catalog, connect
from pincite.stores.local.lexical import LexicalIndex

Open = Callable[..., Index]


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def index(open_index: Open, embedder: WordEmbedder, corpus: Path) -> Index:
    index = open_index(embedder)
    index.update(corpus)
    return index


def ids(hits: list[Hit]) -> list[str]:
    return [hit.document.doc_id for hit in hits]


def check(hits: list[Hit]) -> None:
    for rank, hit in enumerate(hits, 1):
        assert hit.rank == rank
        assert hit.document.text[hit.passage.start : hit.passage.end] == hit.passage.text
        assert set(hit.scores) == {"dense", "lexical"}


# ---------------------------------------------------------------- what an update does


def test_a_first_update_adds_everything(open_index: Open, embedder: WordEmbedder, corpus: Path) -> None:
    report = open_index(embedder).update(corpus)
    assert report.added == tuple(sorted(ARTICLES))
    assert (report.changed, report.removed, report.unchanged, report.skipped) == ((), (), (), {})
    assert report.embedded == 4


def test_an_unchanged_folder_costs_nothing(index: Index, embedder: WordEmbedder, corpus: Path) -> None:
    embedder.embedded.clear()
    report = index.update(corpus)
    assert report.unchanged == tuple(sorted(ARTICLES))
    assert (report.added, report.changed, report.removed, report.embedded) == ((), (), (), 0)
    assert embedder.embedded == []
    assert index.status().generation == 1


def test_only_new_text_is_embedded(index: Index, embedder: WordEmbedder, corpus: Path) -> None:
    embedder.embedded.clear()
    path = corpus / "mill/tide.md"
    path.write_text(path.read_text().replace("in a storm", "in a flood"))
    report = index.update(corpus)
    assert (report.changed, report.embedded) == (("mill/tide.md",), 1)
    assert embedder.embedded == ["The tide mill\nDecay\n\nThe dam broke in a flood."]


def test_a_touched_file_is_unchanged(index: Index, embedder: WordEmbedder, corpus: Path) -> None:
    os.utime(corpus / "bees.txt", (1, 1))
    assert index.update(corpus).unchanged == tuple(sorted(ARTICLES))


def test_an_update_without_news_reads_no_record(index: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once no file is so new that its stamp leaves a doubt."""
    (corpus / "broken.json").write_text("{")
    (corpus / "odd.xyz").write_text("-")
    for path in corpus.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = index.update(corpus)
    with monkeypatch.context() as patched:
        patched.setattr(Catalog, "records", None)
        patched.setattr(Catalog, "files", None)
        assert index.update(corpus) == replace(before, embedded=0)
    shutil.rmtree(Path(index.status().path) / "generations")
    index.close()
    index.update(corpus)
    assert ids(index.search("elm"))[0] == "mill/tide.md"
    (corpus / "bees.txt").write_text("A hive.")
    assert index.update(corpus).changed == ("bees.txt",)


def test_a_change_that_keeps_size_and_time_is_seen(index: Index, corpus: Path) -> None:
    path = corpus / "bees.txt"
    before = path.stat()
    path.write_text(ARTICLES["bees.txt"].replace("eighteen", "nineteen"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert index.update(corpus).changed == ("bees.txt",)


def test_a_renamed_file_embeds_nothing(index: Index, corpus: Path) -> None:
    (corpus / "untitled.txt").write_text("the gate is shut at night and the keeper sleeps.")
    index.update(corpus)
    (corpus / "untitled.txt").rename(corpus / "mill/renamed.txt")
    report = index.update(corpus)
    assert (report.added, report.removed, report.embedded) == (("mill/renamed.txt",), ("untitled.txt",), 0)
    assert ids(index.search("keeper of the gate", k=1)) == ["mill/renamed.txt"]


def test_the_only_article_may_be_renamed(open_index: Open, embedder: WordEmbedder, tmp_path: Path) -> None:
    write_files(tmp_path / "one", {"a.txt": ARTICLES["bees.txt"]})
    index = open_index(embedder)
    index.update(tmp_path / "one")
    (tmp_path / "one/a.txt").rename(tmp_path / "one/b.txt")
    assert index.update().added == ("b.txt",)


def test_the_same_text_twice_is_embedded_once_and_both_are_kept(index: Index, corpus: Path) -> None:
    (corpus / "copy.txt").write_text(ARTICLES["bees.txt"])
    report = index.update(corpus)
    assert (report.added, report.embedded) == (("copy.txt",), 0)
    best = index.search("honey of the grey bee", k=1)[0]
    assert [best.document.doc_id, *(copy.doc_id for copy in best.duplicates)] == ["bees.txt", "copy.txt"]
    assert set(ids(index.search("honey of the grey bee", k=2, deduplicate=False))) == {"bees.txt", "copy.txt"}


def test_a_removed_file_is_gone(index: Index, corpus: Path) -> None:
    (corpus / "bees.txt").unlink()
    assert index.update(corpus).removed == ("bees.txt",)
    assert "bees.txt" not in ids(index.search("honey of the grey bee"))


def test_progress_tells_every_stage(open_index: Open, embedder: WordEmbedder, corpus: Path) -> None:
    told: list[Progress] = []
    open_index(embedder).update(corpus, progress=told.append)
    assert list(dict.fromkeys(each.stage for each in told)) == ["read", "embed", "write"]
    for stage, total in (("read", 3), ("embed", 4), ("write", 1)):
        steps = [each for each in told if each.stage == stage]
        assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, total, total)


def test_the_folder_is_remembered(index: Index, corpus: Path) -> None:
    assert index.status().corpus == str(corpus)
    assert index.update().unchanged == tuple(sorted(ARTICLES))


# ---------------------------------------------------------------- rebuilding


def test_a_rebuild_takes_cached_vectors(index: Index, embedder: WordEmbedder, corpus: Path) -> None:
    embedder.embedded.clear()
    report = index.update(corpus, rebuild=True)
    assert report.unchanged == tuple(sorted(ARTICLES))
    assert (report.embedded, embedder.embedded) == (0, [])
    assert index.status().generation == 2
    assert index.update(corpus, rebuild=True, cache=False).embedded == 4
    check(index.search("tide mill"))


def test_another_model_needs_a_rebuild(index: Index, open_index: Open, corpus: Path) -> None:
    other = WordEmbedder("other")
    changed = open_index(other)
    for attempt in (lambda: changed.search("mill"), lambda: changed.update(corpus)):
        with pytest.raises(ModelMismatch, match=r"words.*other.*--rebuild"):
            attempt()
    check(index.search("mill"))
    assert changed.update(corpus, rebuild=True).embedded == 4
    check(changed.search("mill"))
    with pytest.raises(ModelMismatch):
        index.search("mill")


def test_an_index_opened_without_settings_follows_the_one_on_disk(
    open_index: Open, corpus: Path, tmp_path: Path
) -> None:
    one, other = WordEmbedder("one"), WordEmbedder("other")
    open_index(one).update(corpus)
    following = Index.open(tmp_path / "index")
    following.use_embedder("one", one)
    following.use_embedder("other", other)
    check(following.search("mill"))
    open_index(other).update(corpus, rebuild=True)
    check(following.search("mill"))
    assert following.status().model == "other"
    following.close()


def test_the_old_index_answers_while_a_rebuild_runs(open_index: Open, embedder: WordEmbedder, corpus: Path) -> None:
    index = open_index(embedder)
    index.update(corpus)
    found: list[list[str]] = []

    def ask_meanwhile(progress: Progress) -> None:
        found.append(ids(index.search("tide mill", k=1)))

    index.update(corpus, rebuild=True, cache=False, progress=ask_meanwhile)
    assert found
    assert all(each == ["mill/tide.md"] for each in found)


def test_smaller_passages_split_again_at_the_next_update(
    open_index: Open, embedder: WordEmbedder, corpus: Path
) -> None:
    write_files(corpus, {"long.txt": "The wheel turns by day. The keeper sleeps by night. " * 4})
    open_index(embedder).update(corpus)
    words = WordEmbedder()
    smaller = open_index(words, settings=Settings(model="words", passage_tokens=16))
    check(smaller.search("mill"))
    before = smaller.status().passages
    smaller.update(corpus)
    assert smaller.status().passages > before
    assert max(len(words.token_starts(hit.passage.text)) for hit in smaller.search("the", k=20)) <= 16


# ---------------------------------------------------------------- what is refused or kept


def test_a_missing_or_empty_folder_changes_nothing(index: Index, tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "nowhere", tmp_path / "empty", corpus / "bees.txt"):
        with pytest.raises(CorpusError, match=folder.name):
            index.update(folder)
    assert index.status().documents == 3


def test_nothing_is_made_for_a_folder_that_is_not_there(
    open_index: Open, embedder: WordEmbedder, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError):
        open_index(embedder).update(tmp_path / "nowhere")
    assert not (tmp_path / "index").exists()


def test_an_update_without_a_folder_asks_for_one(open_index: Open, embedder: WordEmbedder) -> None:
    with pytest.raises(CorpusError, match="name one"):
        open_index(embedder).update()


@pytest.mark.parametrize(("before", "after", "refused"), [(3, 0, True), (3, 1, False), (20, 10, False), (20, 9, True)])
def test_losing_most_of_the_index_needs_permission(
    open_index: Open, embedder: WordEmbedder, tmp_path: Path, before: int, after: int, refused: bool
) -> None:
    folder = tmp_path / "many"
    write_files(folder, {f"{n}.txt": f"the keeper number {n} sleeps." for n in range(before)})
    index = open_index(embedder)
    index.update(folder)
    for n in range(after, before):
        (folder / f"{n}.txt").unlink()
    write_files(folder, {"new.txt": "a new one."})
    if refused:
        with pytest.raises(RemovalRefused, match=f"{before - after} of {before}.*--allow-removals"):
            index.update(folder)
        assert index.status().documents == before
    assert len(index.update(folder, allow_removals=refused).removed) == before - after


def test_a_file_that_cannot_be_read_any_more_keeps_its_last_good_version(index: Index, corpus: Path) -> None:
    (corpus / "bees.txt").write_bytes(b"")
    for _ in range(2):  # the second time without reading it
        report = index.update(corpus)
        assert report.skipped == {"bees.txt": "empty"}
        assert "bees.txt" in report.unchanged
        assert index.status().stale == {"bees.txt": "empty"}
        assert ids(index.search("honey of the grey bee", k=1)) == ["bees.txt"]
    report = index.update(corpus, rebuild=True)
    assert "bees.txt" in report.unchanged
    assert ids(index.search("honey of the grey bee", k=1)) == ["bees.txt"]
    (corpus / "bees.txt").write_text(ARTICLES["bees.txt"])
    assert index.update(corpus).skipped == {}
    assert index.status().stale == {}


def _broken(corpus: Path, patched: pytest.MonkeyPatch) -> None:
    (corpus / "bees.txt").rename(corpus.parent / "bees.txt")
    (corpus / "bees.txt").symlink_to(corpus / "nowhere.txt")


def _unlisted(corpus: Path, patched: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def refuse(path: str | int) -> object:  # the permissions that root does not feel
        if str(path).endswith("/mill/"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    patched.setattr(os, "scandir", refuse)


def _restless(corpus: Path, patched: pytest.MonkeyPatch) -> None:
    patched.setattr(time, "sleep", lambda _: os.utime(corpus / "bees.txt", (1, 1)))


def test_a_folder_that_cannot_be_listed_removes_nothing(
    index: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unlisted(corpus, monkeypatch)
    report = index.update(corpus)
    assert report.removed == ()
    assert "mill/" in report.skipped
    assert "mill/tide.md" in report.unchanged


@pytest.mark.parametrize("rebuild", [False, True])
@pytest.mark.parametrize(
    ("harm", "kept"), [(_broken, "bees.txt"), (_unlisted, "mill/tide.md"), (_restless, "bees.txt")]
)
def test_what_a_kept_file_was_like_is_kept_as_well(
    index: Index,
    corpus: Path,
    open_index: Open,
    harm: Callable[[Path, pytest.MonkeyPatch], None],
    kept: str,
    rebuild: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        harm(corpus, patched)
        report = index.update(quiet=0.01, rebuild=rebuild)
        assert kept in report.unchanged
        assert len(report.skipped) == 1
        changes = index.changes()
        assert changes is not None
        assert changes.gone == ()
    assert index.verify() == ()
    assert index.copy(open_index(WordEmbedder(), "copied")) == (3, 4)


def test_a_kept_file_is_read_again_once_it_can_be_and_is_read_otherwise(
    index: Index, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        _unlisted(corpus, patched)
        patched.setattr(parsers, "VERSION", 0)
        index.update()
    monkeypatch.setattr(parsers, "VERSION", 0)
    read: list[str] = []
    _count_reads(read, monkeypatch)
    assert index.update().skipped == {}
    assert "mill/tide.md" in read


def test_a_document_without_its_files_record_is_found(index: Index, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "index" / catalog.FILE)) as db, db:
        db.execute("DELETE FROM files WHERE path = 'bees.txt'")
    assert index.verify()[0] == "bees.txt: what its file was like is missing"
    index.update(rebuild=True)
    assert index.verify() == ()


def test_a_document_that_comes_from_another_file_now_is_that_files(index: Index, corpus: Path) -> None:
    write_files(corpus, {"a.jsonl#b.md": "---\ntitle: T\n---\n\nOne text."})
    index.update()
    (corpus / "a.jsonl#b.md").unlink()
    write_files(corpus, {"a.jsonl": json.dumps({"_id": "b.md", "title": "T", "text": "One text."})})
    for _ in range(2):
        assert index.update().removed == ()
        assert index.verify() == ()
    (corpus / "a.jsonl").unlink()
    assert index.update().removed == ("a.jsonl#b.md",)


def _count_reads(names: list[str], patched: pytest.MonkeyPatch) -> None:
    """Note which files an update reads."""

    def noted(jobs: Iterable[tuple[str, Path]], **options: Any) -> Generator[tuple[str, Event]]:  # noqa: ANN401
        def named() -> Iterator[tuple[str, Path]]:
            for name, path in jobs:
                names.append(name)
                yield name, path

        yield from read_files(named(), **options)

    patched.setattr(update, "read_files", noted)


def test_a_file_that_takes_too_long_is_tried_again_when_it_or_the_program_has_changed(
    open_index: Open, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(corpus, {"slow.txt": "Slow\n\nThis one takes for ever."})
    os.utime(corpus / "slow.txt", (1_000_000_000, 1_000_000_000))
    late = "took longer than 60 s"

    def read(jobs: Iterable[tuple[str, Path]], **_: object) -> Generator[tuple[str, Event]]:
        for name, _path in jobs:
            names.append(name)
            yield name, FileDone(late)

    monkeypatch.setattr(update, "read_files", read)
    index = open_index(WordEmbedder())
    for version, expected in (("1", 4), ("1", 0), ("2", 4), ("2", 0)):
        names: list[str] = []
        monkeypatch.setattr(update, "__version__", version)
        assert index.update(corpus).skipped["slow.txt"] == late
        assert len(names) == expected
    os.utime(corpus / "slow.txt", (1_000_000_001, 1_000_000_001))
    (corpus / "slow.txt").write_text("Slow\n\nThis one was mended.")
    names = []
    index.update()
    assert names == ["slow.txt"]


def test_two_documents_with_one_id(open_index: Open, embedder: WordEmbedder, tmp_path: Path) -> None:
    lines = [{"_id": "x", "text": "One."}, {"_id": "y", "text": "Two."}, {"_id": "x", "text": "Three."}]
    write_files(tmp_path / "c", {"data.jsonl": "\n".join(map(json.dumps, lines))})
    index = open_index(embedder)
    report = index.update(tmp_path / "c")
    assert report.added == ("data.jsonl#x", "data.jsonl#y")
    assert report.skipped == {
        "data.jsonl:3": "has the id 'x', which is that of line 1: give each line an id of its own"
    }
    assert index.search("one")[0].passage.text == "One."


def test_one_id_in_two_files(index: Index, corpus: Path) -> None:
    write_files(corpus, {"a.jsonl#b.txt": "One text here."})
    index.update(corpus)
    write_files(corpus, {"a.jsonl": json.dumps({"_id": "b.txt", "text": "Two."})})
    report = index.update(corpus)
    assert report.skipped["a.jsonl#b.txt"].startswith("a.jsonl#b.txt has a document of this id as well")
    assert "a.jsonl#b.txt" in report.unchanged
    (corpus / "a.jsonl#b.txt").unlink()
    report = index.update()
    assert (report.changed, dict(report.skipped)) == (("a.jsonl#b.txt",), {})
    assert "Two." in {hit.passage.text for hit in index.search("two")}
    write_files(corpus, {"a.jsonl#b.txt": "Another text here."})
    assert list(index.update().skipped) == ["a.jsonl#b.txt"]


def test_one_line_of_many_changes(open_index: Open, embedder: WordEmbedder, tmp_path: Path) -> None:
    lines = [{"_id": n, "title": f"T{n}", "text": f"the keeper number {n} sleeps."} for n in range(5)]
    path = tmp_path / "c/data.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    index = open_index(embedder)
    assert len(index.update(path.parent).added) == 5
    lines[2]["text"] = "another text."
    del lines[4]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    report = index.update()
    assert (report.changed, report.removed) == (("data.jsonl.gz#2",), ("data.jsonl.gz#4",))
    assert len(report.unchanged) == 3
    assert report.embedded == 1


# ---------------------------------------------------------------- searching


def test_search_finds_what_fits(index: Index) -> None:
    hits = index.search("When did the night ferry leave?", k=2)
    check(hits)
    assert ids(hits)[0] == "harbour.txt"
    assert hits[0].document.date == "2021-03-04"


@pytest.mark.parametrize("where", [Filter(author="R. Penn"), Filter(source="Mill Letters"), Filter(before="2019")])
def test_a_filter_comes_before_the_ranking(index: Index, where: Filter) -> None:
    assert set(ids(index.search("When did the night ferry leave?", k=2, where=where))) == {"mill/tide.md"}


def test_a_filter_that_nothing_fits(index: Index) -> None:
    assert index.search("ferry", where=Filter(source="nobody")) == []
    with pytest.raises(NothingFits, match="no article has the source 'nobody'; there is: 'Mill Letters'"):
        index.check_fits(Filter(source="nobody"))
    index.check_fits(Filter(source="Mill Letters"))
    index.check_fits(None)


@pytest.mark.parametrize(
    "question",
    [
        'title:"x" AND (', "the of and", "🐝🐝", "NOT", "*", "a" * 100_000, "ferry " * 20_000, "\x00", "“”",
        "-", "[1 TO", "\u202e ferry", "body:ferry^5", "ferry\n\nmill",
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_no_question_breaks_it(index: Index, question: str) -> None:
    check(index.search(question))


@examples(max_examples=50)
@given(st.text(min_size=1).filter(str.strip))
def test_arbitrary_questions(real_index: Index, question: str) -> None:
    check(real_index.search(question, k=3))


@pytest.mark.parametrize("question", ["", "  \n", None, 7])
def test_an_empty_question_is_named(index: Index, question: str) -> None:
    with pytest.raises(QueryError, match="ask something"):
        index.search(question)


@pytest.mark.parametrize("k", [0, -1, "3", 2.5, None, True])
def test_a_bad_k_is_named(index: Index, k: int) -> None:
    with pytest.raises(QueryError, match="whole number from 1"):
        index.search("ferry", k=k)


def test_as_many_as_asked_for_come_back_though_copies_are_folded(open_index: Open, tmp_path: Path) -> None:
    same = {f"copy{n}.txt": "The bridge is shut since the ice came down the river." for n in range(150)}
    rest = {f"other{n}.txt": f"Another note, number {n}, on nothing at all." for n in range(12)}
    write_files(tmp_path / "c", same | rest)
    index = open_index(WordEmbedder())
    index.update(tmp_path / "c")
    hits = index.search("Why is the bridge shut?", k=10)
    assert len(hits) == 10
    assert len(hits[0].duplicates) == 149


def test_no_index_and_an_empty_one(open_index: Open, embedder: WordEmbedder, tmp_path: Path) -> None:
    index = open_index(embedder)
    with pytest.raises(NoIndex, match="pincite update"):
        index.search("ferry")
    assert not (tmp_path / "index").exists()
    write_files(tmp_path / "c", {"only.txt": ""})
    assert index.update(tmp_path / "c").skipped == {"only.txt": "empty"}
    with pytest.raises(EmptyIndex):
        index.search("ferry")


def test_many_threads_may_search_at_once(real_index: Index) -> None:
    expected = {word: ids(real_index.search(word)) for word in ("ferry", "mill", "honey")}
    wrong: list[str] = []

    def search(word: str) -> None:
        wrong.extend(word for _ in range(10) if ids(real_index.search(word)) != expected[word])

    threads = [threading.Thread(target=search, args=(word,)) for word in expected for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_folder_that_cannot_be_written(
    open_index: Open, embedder: WordEmbedder, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "index").write_text("a file in the way")
    with pytest.raises(IndexProblem, match="index"):
        open_index(embedder).update(corpus)


# ---------------------------------------------------------------- the index's life


VERSIONS = (
    "",
    "the keeper sleeps at night. he wakes late.",
    "the mill grinds oats.",
    "the bees winter well. so they say.",
)


@examples(max_examples=12)
@given(st.lists(st.dictionaries(st.sampled_from(["a.txt", "b.txt", "d/c.txt"]), st.integers(0, 3)), max_size=5))
def test_any_life_ends_like_a_fresh_build(tmp_path_factory: pytest.TempPathFactory, life: list[dict[str, int]]) -> None:
    """Whatever was added, changed and removed in whatever order, the index equals one made at once."""
    folder = tmp_path_factory.mktemp("life")
    write_files(folder / "c", {"always.txt": "this one always stays."})
    settings = Settings(model="words")
    lived, fresh = (Index.open(folder / name, settings=settings) for name in ("lived", "fresh"))
    for index in (lived, fresh):
        index.use_embedder("words", WordEmbedder())
    for step in life:
        for name, version in step.items():
            if version:
                write_files(folder / "c", {name: VERSIONS[version]})
            else:
                (folder / "c" / name).unlink(missing_ok=True)
        lived.update(folder / "c")
    lived.update(folder / "c")
    fresh.update(folder / "c")
    for question in ("keeper", "oats", "bees in winter"):
        assert lived.search(question, deduplicate=False) == fresh.search(question, deduplicate=False)
    assert lived.status().passages == fresh.status().passages
    lived.close()
    fresh.close()


def test_a_name_made_of_stop_words_is_found_by_its_letters(open_index: Open, tmp_path: Path) -> None:
    notes = {
        "band.txt": "It And They\n\nIt And They opened the fair with three songs.",
        "fair.txt": "Fair\n\nNobody knew when it had begun, and they were sure that it would end.",
        "rain.txt": "Rain\n\nThey say that it was the rain, and that it was not.",
    }
    write_files(tmp_path / "c", notes)
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        assert ids(index.search("It and They", k=1)) == ["band.txt"]


# ---------------------------------------------------------------- what a review found


def test_what_was_left_out_of_an_unchanged_file_is_said_again(index: Index, corpus: Path) -> None:
    write_files(corpus, {"d.jsonl": '{"_id": 1, "text": "One text."}\nnot json\n'})
    for _ in range(2):
        assert list(index.update(corpus).skipped) == ["d.jsonl:2"]
        assert list(index.status().skipped) == ["d.jsonl:2"]


def test_an_index_deleted_and_made_anew_is_noticed(
    index: Index, open_index: Open, corpus: Path, tmp_path: Path
) -> None:
    assert ids(index.search("tide mill", k=1)) == ["mill/tide.md"]
    shutil.rmtree(tmp_path / "index")
    (corpus / "mill/tide.md").unlink()
    open_index(WordEmbedder()).update(corpus)
    assert index.status().documents == 2
    assert "mill/tide.md" not in ids(index.search("tide mill"))


def test_an_index_inside_the_corpus_is_not_read(embedder: WordEmbedder, corpus: Path) -> None:
    with Index.open(corpus / "index", settings=Settings(model="words")) as inside:
        inside.use_embedder("words", embedder)
        (corpus / "index").mkdir()
        (corpus / "index/README.md").write_text("Not an article.")
        for _ in range(2):
            report = inside.update(corpus)
            assert (report.skipped, len(report.added + report.unchanged)) == ({}, 3)
        (corpus.parent / "link").symlink_to(corpus)
        for spelt in (corpus / "mill/..", corpus.parent / "link", corpus.parent / "link/mill/.."):
            report = inside.update(spelt)
            assert (report.skipped, report.unchanged) == ({}, tuple(sorted(ARTICLES)))


def test_few_documents_do_not_rank_the_whole_index(open_index: Open, embedder: WordEmbedder, tmp_path: Path) -> None:
    book = "\n\n".join(f"# Day {n}\n\nThe bees swarm on day {n}. So they say." for n in range(600))
    write_files(tmp_path / "c", {"book.md": book})
    index = open_index(embedder)
    index.update(tmp_path / "c")
    assert 20 <= len(index.rank([("When do bees swarm?", 1.0)], passages=20, documents=10).hits) <= 400


@pytest.mark.parametrize("k", [10**6, 10**12, 2**63, 2**70])
def test_a_huge_k_is_all_there_is(index: Index, k: int) -> None:
    assert len(index.search("mill", k=k)) == 4


def test_lone_surrogates_and_wrong_types_are_no_crash(index: Index) -> None:
    check(index.search("mill \udcff"))
    assert index.search("mill", where=Filter(source="\ud800")) == []
    with pytest.raises(QueryError, match="Filter"):
        index.search("mill", where={"source": "x"})  # type: ignore[arg-type]


def test_a_callers_own_error_stays_what_it_is(index: Index, corpus: Path) -> None:
    def fail(progress: Progress) -> None:
        raise ConnectionResetError("the caller's")

    with pytest.raises(ConnectionResetError):
        index.update(corpus, progress=fail)


def test_another_folder_may_not_take_the_place_of_most_of_a_small_index(index: Index, corpus: Path) -> None:
    with pytest.raises(RemovalRefused, match="2 of 3"):
        index.update(corpus / "mill")
    assert index.status().documents == 3


# ---------------------------------------------------------------- duplicates

REPORT = (
    "The council of Aldhaven voted on Monday to rebuild the tide mill after the storm. The work will begin in spring "
    "and is meant to last two years, said the mayor, who had asked for it since the dam broke."
)


def _found(folder: Path, texts: dict[str, str]) -> list[tuple[str, list[str]]]:
    write_files(folder / "c", texts)
    with Index.open(folder / "index") as index:
        index.update(folder / "c")
        hits = index.search("When will the tide mill of Aldhaven be rebuilt?")
    return [(hit.document.doc_id, sorted(copy.doc_id for copy in hit.duplicates)) for hit in hits]


def test_a_copy_with_other_punctuation_or_an_article_less_takes_no_place_of_its_own(tmp_path: Path) -> None:
    edited = REPORT.replace("the mayor, who", "mayor - who").replace("spring and", "spring, and")
    (first, duplicates), *others = _found(tmp_path, {"a.txt": REPORT, "b.txt": edited, "c.txt": "Bees swarm in May."})
    assert [first, *duplicates] in (["a.txt", "b.txt"], ["b.txt", "a.txt"])
    assert [doc_id for doc_id, _ in others] == ["c.txt"]


def test_the_same_text_under_other_titles_takes_one_place(tmp_path: Path) -> None:
    text = "Applications close at noon and late ones are returned unopened."
    titles = ("Scholarships for young violin makers", "Subsidies for the drainage of dairy farms")
    found = _found(tmp_path, {f"{n}.md": f"---\ntitle: {title}\n---\n\n{text}\n" for n, title in enumerate(titles)})
    assert len(found) == 1
    assert len(found[0][1]) == 1


def test_a_slightly_edited_copy_under_another_title_takes_no_place_of_its_own(tmp_path: Path) -> None:
    edited = REPORT.replace("The council", "Council").replace("spring and", "spring - and")
    texts = {
        "a.md": f"---\ntitle: Mill to be rebuilt\n---\n\n{REPORT}",
        "b.md": f"---\ntitle: After the gale\n---\n\n{edited}",
    }
    assert len(_found(tmp_path, texts)) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("two years", "3 years"),
        ("will begin", "will not begin"),
        *(
            pytest.param(*changed, marks=pytest.mark.slow)
            for changed in (
                ("two years", "four years"),
                ("Monday", "Tuesday"),
                ("voted", "refused"),
                ("can be repaired", "can't be repaired"),
                ("Aldhaven beat Marl", "Marl beat Aldhaven"),
            )
        ),
    ],
)
def test_a_report_that_says_something_else_is_no_copy(tmp_path: Path, old: str, new: str) -> None:
    text = f"{REPORT} The old wheel can be repaired. In the final Aldhaven beat Marl."
    found = _found(tmp_path, {"a.txt": text, "b.txt": text.replace(old, new)})
    assert {doc_id for doc_id, _ in found} == {"a.txt", "b.txt"}


def test_one_story_in_several_papers_takes_one_place(tmp_path: Path) -> None:
    papers = {
        "Mill to be rebuilt": "ALDHAVEN, March 4 (Agency) - ",
        "After the gale": "MARL, Friday -- ",
        "Elm wheel": "",
    }
    texts = {f"{title}.md": f"# {title}\n\n{line}{REPORT} It costs 4.1 million." for title, line in papers.items()}
    assert [len(duplicates) for _, duplicates in _found(tmp_path, texts)] == [2]


def test_no_wording_is_an_error_and_the_first_always_speaks(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": REPORT})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        with pytest.raises(QueryError, match="ask something"):
            index.rank([], passages=5)
        faint = index.rank([("the mill", 0.1)], passages=5).hits[0]
        assert faint.scores == index.search("the mill")[0].scores


def test_what_the_best_passages_are_about_moves_others_on_the_matter_up(tmp_path: Path) -> None:
    bees = {f"bee{n}.txt": f"Honey bees of hive {n} gather nectar from clover." for n in range(3)}
    write_files(tmp_path / "c", bees | {"near.txt": "Clover nectar is gathered.", "far.txt": "The clover of the flag."})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        order = [hit.document.doc_id for hit in index.search("honey bees clover")]
    assert order.index("near.txt") < order.index("far.txt")


# ---------------------------------------------------------------- what changed on disk, and what is there


def test_changes_tell_what_an_update_would_do(index: Index, corpus: Path) -> None:
    assert index.changes() == Changes()
    os.utime(corpus / "bees.txt")  # touched, but as it was
    write_files(corpus, {"new.txt": "New.\n", "harbour.txt": "The night ferry left Aldhaven at nine.\n"})
    (corpus / "mill" / "tide.md").unlink()
    assert index.changes() == Changes(new=("new.txt",), changed=("harbour.txt",), gone=("mill/tide.md",))
    report = index.update()
    assert (report.added, report.changed, report.removed) == (("new.txt",), ("harbour.txt",), ("mill/tide.md",))
    assert index.changes() == Changes()


def test_a_file_that_cannot_be_read_is_no_change_until_it_changes(index: Index, corpus: Path) -> None:
    write_files(corpus, {"empty.txt": ""})
    index.update()
    assert index.changes() == Changes()
    write_files(corpus, {"empty.txt": "Not any more.\n"})
    assert index.changes() == Changes(changed=("empty.txt",))


def test_changes_of_a_folder_that_is_gone_are_not_known(index: Index, corpus: Path) -> None:
    corpus.rename(corpus.parent / "moved")
    assert index.changes() is None


def test_what_is_listed(index: Index) -> None:
    assert [each.doc_id for each in index.listed()] == ["bees.txt", "harbour.txt", "mill/tide.md"]
    assert [(each.title, each.date) for each in index.listed(Filter(after="2021"))] == [("Night ferry", "2021-03-04")]


def test_the_file_of_a_document(index: Index, corpus: Path) -> None:
    assert index.original("mill/tide.md") == corpus / "mill" / "tide.md"
    with pytest.raises(UnknownDocument, match=r"\.\./harbour\.txt: not in the index"):
        index.original("../harbour.txt")
    (corpus / "bees.txt").unlink()
    with pytest.raises(UnknownDocument, match="no longer in the folder of articles"):
        index.original("bees.txt")


def test_a_document_is_found_by_the_beginning_of_its_digest(index: Index) -> None:
    (document,) = index.documents(["bees.txt"]).values()
    assert index.with_digest(document.digest[:16]) == document
    assert index.with_digest("f" * 16) is None


# ---------------------------------------------------------------- embedding while reading


def test_many_small_batches_make_the_same_index(
    corpus: Path, open_index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = open_index(WordEmbedder(), "whole")
    whole.update(corpus)
    monkeypatch.setattr(update, "_BATCH", 1)
    monkeypatch.setattr(cluster, "AHEAD_HERE", 2)
    seen: list[Progress] = []
    embedder = WordEmbedder()
    parts = open_index(embedder, "parts")
    report = parts.update(corpus, progress=seen.append)
    assert report.embedded == whole.status().passages
    assert parts.search("elm wheel") == whole.search("elm wheel")
    embedding = [each for each in seen if each.stage == "embed"]
    assert [each.done for each in embedding] == sorted(each.done for each in embedding)
    assert (embedding[-1].done, embedding[-1].total) == (report.embedded, report.embedded)


def test_what_may_be_refused_is_not_embedded_first(
    corpus: Path, open_index: Callable[..., Index], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "_BATCH", 1)
    embedder = WordEmbedder()
    index = open_index(embedder)
    index.update(corpus)
    embedder.embedded.clear()
    write_files(tmp_path / "wrong", {f"{n}.txt": f"Something else, number {n}." for n in range(9)})
    with pytest.raises(RemovalRefused):
        index.update(tmp_path / "wrong")
    assert embedder.embedded == []


def test_a_failing_embedder_is_heard(
    corpus: Path, open_index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(WordEmbedder):
        def encode_document(self, texts: Sequence[str]) -> Vectors:
            raise ModelError("words: out of words")

    monkeypatch.setattr(update, "_BATCH", 1)
    index = open_index(Failing())
    with pytest.raises(ModelError, match="out of words"):
        index.update(corpus)
    with pytest.raises(EmptyIndex):
        index.search("elm")


# ---------------------------------------------------------------- by words alone


def test_a_search_by_stop_words_alone_finds_what_holds_them(index: Index) -> None:
    assert set(ids(index.search("it was", mode="lexical"))) == {"harbour.txt", "mill/tide.md"}


def test_a_search_by_words_needs_no_model(corpus: Path, open_index: Open, tmp_path: Path) -> None:
    open_index(WordEmbedder()).update(corpus)
    with Index.open(tmp_path / "index") as index:  # a model of that name is not to be had
        (hit,) = index.search("elm", mode="lexical")
        assert hit.scores == {"lexical": hit.score}
        assert index.search("zzzz", mode="lexical", where=Filter(source="Mill Letters")) == []
        assert index.search("zebra", mode="lexical") == []
        assert index.status().query_backend == "sentence-transformers"
        with pytest.raises(QueryError):
            index.search(" ", mode="lexical")


def test_a_rare_word_is_looked_up_once(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    whole = LexicalIndex.search

    def counted(self: LexicalIndex, *values: Any) -> Any:  # noqa: ANN401 (as the method wrapped)
        calls.append(1)
        return whole(self, *values)

    monkeypatch.setattr(LexicalIndex, "search", counted)
    monkeypatch.setattr(index_module, "CANDIDATES", 2)
    assert len(index.search("elm", mode="lexical")) == 1
    assert len(calls) == 1


def test_a_dense_search_is_in_order_of_the_cosine_alone(real_index: Index) -> None:
    hits = real_index.search("Where did oats become flour?", k=3, mode="dense")
    assert hits[0].document.doc_id == "mill/tide.md"
    assert all(hit.scores == {"dense": hit.score} for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_unknown_mode_is_one_line(real_index: Index) -> None:
    with pytest.raises(UsageError, match="mode='words': give one of hybrid, dense, lexical"):
        real_index.search("ferry", mode="words")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="mode='dense' and rerank=True"):
        real_index.search("ferry", mode="dense", rerank=True)


def test_the_first_of_two_articles_is_not_worth_all_and_the_second_nothing(tmp_path: Path) -> None:
    write_files(tmp_path / "c", {"a.txt": "The ferry left at ten.", "b.txt": "Honey is sold at the mill."})
    with Index.open(tmp_path / "index") as index:
        index.update(tmp_path / "c")
        first, second = index.search("When did the ferry leave?")
    assert (first.document.doc_id, first.score) == ("a.txt", 1.0)
    assert 0.5 <= second.score < 1
