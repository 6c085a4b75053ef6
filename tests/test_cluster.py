"""Updates on the workers of a real Dask cluster: a scheduler and two worker processes on this machine."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import ARTICLES, WordEmbedder, write_files
from pincite import Index, Progress, Settings, UpdateReport
from pincite.errors import ClusterError, ModelMismatch, UsageError
from pincite.ingest import cluster
from pincite.stores.base import Vectors
from servers import DaskCluster, dask_cluster, free_port
from test_contract import assert_same, opened

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2, Path(__file__).parent) as started:
        yield started


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


def update(
    index: Index, scheduler: str, corpus: Path | None = None, progress: Callable[[Progress], None] | None = None
) -> UpdateReport:
    with cluster.dask(scheduler) as executor:
        return index.update(corpus, executor=executor, progress=progress)


def many(n: int) -> dict[str, str]:
    return {f"bells/{i}.md": f"# Bell {i}\n\nThe bell {i} rings at {i}. It is of bronze {i}.\n" for i in range(n)}


@pytest.mark.parametrize("kind", ["local", "milvus file"])
def test_an_update_on_a_cluster_is_that_of_this_machine(
    dask: DaskCluster, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "caches"))
    odd = {"notes.xyz": "unknown", "bad.pdf": "no pdf", "a.jsonl": '{"id": "x", "text": "One."}\n{\n'}
    write_files(corpus, many(300) | odd)
    place = str(tmp_path / "index") if kind == "local" else f"milvus+file:{tmp_path / 'index.db'}"
    seen: list[Progress] = []
    with opened(place) as index, opened(tmp_path / "compared") as local:
        expected = local.update(corpus)
        assert update(index, dask.address, corpus, progress=seen.append) == expected
        assert_same(index, local)
        assert index.verify() == ()
        assert {each.stage for each in seen} == {"read", "embed", "write"}
        assert max(each.done for each in seen if each.stage == "embed") == expected.embedded
        write_files(corpus, {"bees.txt": "Bees\n\nAnother bee.\n"})
        (corpus / "bells/7.md").unlink()
        assert update(index, dask.address) == local.update(corpus)
        assert_same(index, local)
        assert index.update().embedded == 0


class Weighing(Executor):
    """Runs at once, and knows how much was handed over with each call."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def submit(self, work: Callable[..., Any], /, *arguments: object, **named: object) -> Future[Any]:
        self.sizes.append(len(pickle.dumps((work, arguments, named))))
        done: Future[Any] = Future()
        done.set_result(work(*arguments, **named))
        return done


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_will_do(kind: Callable[[int], Executor], corpus: Path, tmp_path: Path) -> None:
    write_files(corpus, many(300))
    with opened(tmp_path / "index") as index, opened(tmp_path / "compared") as local, kind(2) as executor:
        assert index.update(corpus, executor=executor) == local.update(corpus)
        assert_same(index, local)
        write_files(corpus, {"new.txt": "New\n\nA new one.\n"})
        assert index.update(executor=executor).added == ("new.txt",)


def test_of_a_large_file_the_texts_alone_travel_in_batches(corpus: Path, tmp_path: Path) -> None:
    bells = "".join(f"<p>The bell number {n} rings at {n}.</p>" for n in range(2000))
    write_files(corpus, {"large.html": f"<html><body>{bells}<script>{'x' * 3_000_000}</script></body></html>"})
    executor = Weighing()
    with opened(tmp_path / "index") as index:
        assert index.update(corpus, executor=executor).embedded > 10
    assert executor.sizes
    assert max(executor.sizes) < 300_000


def test_the_real_model_gives_the_same_on_a_worker(dask: DaskCluster, tmp_path: Path) -> None:
    write_files(tmp_path / "corpus", ARTICLES)
    with Index.open(tmp_path / "index") as index, Index.open(tmp_path / "compared") as local:
        local.update(tmp_path / "corpus")
        update(index, dask.address, tmp_path / "corpus")
        for question in ("Which wheel was of elm?", "When did the ferry leave?"):
            hits, expected = index.search(question), local.search(question)
            assert [hit.passage for hit in hits] == [hit.passage for hit in expected]
            for hit, other in zip(hits, expected, strict=True):
                assert dict(hit.scores) == pytest.approx(dict(other.scores), abs=0.01)


def test_a_worker_that_is_lost_costs_its_batches_alone(tmp_path: Path, corpus: Path) -> None:
    write_files(corpus, many(1200))
    log = tmp_path / "embedded"
    with dask_cluster(tmp_path / "dask", 2, Path(__file__).parent) as started, opened(tmp_path / "index") as index:
        index.use_embedder("words", SlowEmbedder(log))
        with opened(tmp_path / "compared") as local:
            embedder = WordEmbedder()
            local.use_embedder("words", embedder)
            expected = local.update(corpus)
            killed: list[float] = []

            def kill(progress: Progress) -> None:
                if progress.stage == "embed" and progress.done >= 256 and not killed:
                    killed.append(progress.done)
                    started.workers[0].kill()

            assert update(index, started.address, corpus, progress=kill) == expected
            assert killed
            assert_same(index, local)
            batches = list(map(int, log.read_text("utf-8").split()))
            assert sum(batches) <= len(embedder.embedded) + 2 * max(batches)
        assert index.verify() == ()


def test_without_workers_or_scheduler_it_is_said(tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path / "index") as index:
        for address in ("127.0.0.1", "foo://127.0.0.1:1", "tcp://127.0.0.1"):
            with pytest.raises(UsageError, match="write tcp://HOST:PORT"):
                update(index, address, corpus)
        nobody = f"tcp://127.0.0.1:{free_port()}"
        with monkeypatch.context() as patient:
            patient.setattr("pincite.ingest.cluster._CONNECTING", 2.0)
            with pytest.raises(ClusterError, match=rf"{nobody}: .*is the scheduler running there"):
                update(index, nobody, corpus)
        with dask_cluster(tmp_path / "dask", 0, Path(__file__).parent) as started:
            with pytest.raises(ClusterError, match="has no workers; start some with `dask worker"):
                update(index, started.address, corpus)
            started.add_worker()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    assert len(update(index, started.address, corpus).added) == 3
                    break
                except ClusterError:
                    time.sleep(0.5)
        assert index.status().documents == 3


def test_workers_that_all_go_end_the_update_where_the_scheduler_is_told_to(
    tmp_path: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__NO_WORKERS_TIMEOUT", "1s")
    write_files(corpus, many(600))
    with dask_cluster(tmp_path / "dask", 1, Path(__file__).parent) as started, opened(tmp_path / "index") as index:
        index.use_embedder("words", SlowEmbedder(tmp_path / "embedded"))

        def kill(progress: Progress) -> None:
            if progress.stage == "embed" and progress.done:
                started.workers[0].kill()

        with pytest.raises(ClusterError, match="What is done is kept"):
            update(index, started.address, corpus, progress=kill)
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
            update(index, dask.address, corpus)
    monkeypatch.setattr("pincite.ingest.cluster.__version__", "0.0.7")
    refused = pytest.raises(ClusterError, match=r"a worker has pincite .*, here it is 0\.0\.7: install the same")
    with opened(tmp_path / "other") as index, refused:
        update(index, dask.address, corpus)


class FailingEmbedder(WordEmbedder):
    """What a task may raise."""

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        raise TimeoutError("the model did not answer")


def test_what_a_worker_raises_ends_the_update_in_one_line(dask: DaskCluster, tmp_path: Path, corpus: Path) -> None:
    with opened(tmp_path / "index") as index:
        index.use_embedder("words", FailingEmbedder())
        with pytest.raises(ClusterError, match="the model did not answer"):
            update(index, dask.address, corpus)


def test_an_embedder_that_cannot_be_sent_is_named(dask: DaskCluster, tmp_path: Path, corpus: Path) -> None:
    with opened(tmp_path / "index") as index:
        embedder = WordEmbedder()
        embedder.lock = threading.Lock()  # type: ignore[attr-defined]
        index.use_embedder("words", embedder)
        with pytest.raises(ClusterError, match="can the embedder be pickled"):
            update(index, dask.address, corpus)


def test_workers_that_lack_a_package_are_told(tmp_path: Path, corpus: Path) -> None:
    told = pytest.raises(ClusterError, match="have its workers the same packages as here")
    # Without the module that the embedder comes from.
    with dask_cluster(tmp_path / "dask", 1) as started, opened(tmp_path / "index") as index, told:
        update(index, started.address, corpus)
