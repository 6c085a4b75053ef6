"""Updates on the workers of a real Dask cluster: a scheduler and two worker processes on this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from conftest import ARTICLES, WordEmbedder, write_files
from pincite import Index, Progress, Settings
from pincite.errors import ClusterError, ModelMismatch, UsageError
from pincite.stores.base import Vectors
from servers import DaskCluster, dask_cluster, free_port
from test_contract import assert_same, opened

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2, Path(__file__).parent) as cluster:
        yield cluster


class SlowEmbedder(WordEmbedder):
    """Takes long enough for a worker to be ended in the midst of it, and counts in a file what all workers embed."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{len(texts)}\n")
        time.sleep(0.015 * len(texts))
        return super().encode_document(texts)


def many(n: int) -> dict[str, str]:
    return {f"bells/{i}.md": f"# Bell {i}\n\nThe bell {i} rings at {i}. It is of bronze {i}.\n" for i in range(n)}


@pytest.mark.parametrize("kind", ["local", "milvus file"])
def test_an_update_on_a_cluster_is_that_of_this_machine(
    dask: DaskCluster, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    odd = {"notes.xyz": "unknown", "bad.pdf": "no pdf", "a.jsonl": '{"id": "x", "text": "One."}\n{\n'}
    write_files(corpus, many(300) | odd)
    place = str(tmp_path / "index") if kind == "local" else f"milvus+file:{tmp_path / 'index.db'}"
    seen: list[Progress] = []
    with opened(place) as index, opened(tmp_path / "compared") as local:
        expected = local.update(corpus)
        assert index.update(corpus, scheduler=dask.address, progress=seen.append) == expected
        assert_same(index, local)
        assert index.verify() == ()
        assert {each.stage for each in seen} == {"read", "embed", "write"}
        assert max(each.done for each in seen if each.stage == "embed") == expected.embedded
        write_files(corpus, {"bees.txt": "Bees\n\nAnother bee.\n"})
        (corpus / "bells/7.md").unlink()
        assert index.update(scheduler=dask.address) == local.update(corpus)
        assert_same(index, local)
        assert index.update().embedded == 0


def test_the_real_model_gives_the_same_on_a_worker(dask: DaskCluster, tmp_path: Path) -> None:
    write_files(tmp_path / "corpus", ARTICLES)
    with Index.open(tmp_path / "index") as index, Index.open(tmp_path / "compared") as local:
        local.update(tmp_path / "corpus")
        index.update(tmp_path / "corpus", scheduler=dask.address)
        for question in ("Which wheel was of elm?", "When did the ferry leave?"):
            hits, expected = index.search(question), local.search(question)
            assert [hit.passage for hit in hits] == [hit.passage for hit in expected]
            for hit, other in zip(hits, expected, strict=True):
                assert dict(hit.scores) == pytest.approx(dict(other.scores), abs=0.01)


def test_a_worker_that_is_lost_costs_its_batches_alone(tmp_path: Path, corpus: Path) -> None:
    write_files(corpus, many(1200))
    log = tmp_path / "embedded"
    with dask_cluster(tmp_path / "dask", 2, Path(__file__).parent) as cluster, opened(tmp_path / "index") as index:
        index.use_embedder("words", SlowEmbedder(log))
        with opened(tmp_path / "compared") as local:
            embedder = WordEmbedder()
            local.use_embedder("words", embedder)
            expected = local.update(corpus)
            killed: list[float] = []

            def kill(progress: Progress) -> None:
                if progress.stage == "embed" and progress.done >= 256 and not killed:
                    killed.append(progress.done)
                    cluster.workers[0].kill()

            assert index.update(corpus, scheduler=cluster.address, progress=kill) == expected
            assert killed
            assert_same(index, local)
            batches = list(map(int, log.read_text("utf-8").split()))
            assert sum(batches) <= len(embedder.embedded) + 2 * max(batches)
        assert index.verify() == ()


def test_without_workers_or_scheduler_it_is_said(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincite.cluster._CONNECTING", 2.0)
    with opened(tmp_path / "index") as index:
        for address in ("127.0.0.1", "foo://127.0.0.1:1", "tcp://127.0.0.1"):
            with pytest.raises(UsageError, match="write tcp://HOST:PORT"):
                index.update(corpus, scheduler=address)
        nobody = f"tcp://127.0.0.1:{free_port()}"
        with pytest.raises(ClusterError, match=rf"{nobody}: .*is the scheduler running there"):
            index.update(corpus, scheduler=nobody)
        with dask_cluster(tmp_path / "dask", 0, Path(__file__).parent) as cluster:
            with pytest.raises(ClusterError, match="has no workers; start some with `dask worker"):
                index.update(corpus, scheduler=cluster.address)
            cluster.add_worker()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    assert len(index.update(corpus, scheduler=cluster.address).added) == 3
                    break
                except ClusterError:
                    time.sleep(0.5)
        assert index.status().documents == 3


def test_workers_that_all_go_end_the_update(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pincite.cluster._PATIENCE", 3.0)
    monkeypatch.setattr("pincite.cluster._LOOK", 0.5)
    write_files(corpus, many(600))
    with dask_cluster(tmp_path / "dask", 1, Path(__file__).parent) as cluster, opened(tmp_path / "index") as index:
        index.use_embedder("words", SlowEmbedder(tmp_path / "embedded"))

        def kill(progress: Progress) -> None:
            if progress.stage == "embed" and progress.done:
                cluster.workers[0].kill()

        with pytest.raises(ClusterError, match="has had no worker for 3 s; what is done is kept"):
            index.update(corpus, scheduler=cluster.address, progress=kill)
        index.use_embedder("words", WordEmbedder())
        assert 0 < index.update(corpus).embedded < 604


def test_a_worker_with_another_model_or_version_is_refused(
    dask: DaskCluster, tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Here(WordEmbedder):
        def __reduce__(self) -> tuple[type, tuple[str]]:
            return WordEmbedder, ("other",)

    with Index.open(tmp_path / "index", settings=Settings(model="words")) as index:
        index.use_embedder("words", Here())
        with pytest.raises((ClusterError, ModelMismatch), match="a worker has another model: other instead of words"):
            index.update(corpus, scheduler=dask.address)
    monkeypatch.setattr("pincite.cluster.__version__", "0.0.7")
    refused = pytest.raises(ClusterError, match=r"a worker has pincite .*, here it is 0\.0\.7: install the same")
    with opened(tmp_path / "other") as index, refused:
        index.update(corpus, scheduler=dask.address)


class FailingEmbedder(WordEmbedder):
    """What a task may raise."""

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        raise TimeoutError("the model did not answer")


def test_what_a_worker_raises_ends_the_update_in_one_line(dask: DaskCluster, tmp_path: Path, corpus: Path) -> None:
    with opened(tmp_path / "index") as index:
        index.use_embedder("words", FailingEmbedder())
        with pytest.raises(ClusterError, match="the model did not answer"):
            index.update(corpus, scheduler=dask.address)


def test_an_embedder_that_cannot_be_sent_is_named(dask: DaskCluster, tmp_path: Path, corpus: Path) -> None:
    with opened(tmp_path / "index") as index:
        embedder = WordEmbedder()
        embedder.lock = threading.Lock()  # type: ignore[attr-defined]
        index.use_embedder("words", embedder)
        with pytest.raises(ClusterError, match="the embedder cannot be sent to workers"):
            index.update(corpus, scheduler=dask.address)


def test_workers_that_lack_a_package_are_told(tmp_path: Path, corpus: Path) -> None:
    told = pytest.raises(ClusterError, match="do its workers have the same packages as here")
    # Without the module that the embedder comes from.
    with dask_cluster(tmp_path / "dask", 1) as cluster, opened(tmp_path / "index") as index, told:
        index.update(corpus, scheduler=cluster.address)
