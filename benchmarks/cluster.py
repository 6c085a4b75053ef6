"""Embedding on Dask workers, and searching Milvus beside the local store.

    python benchmarks/cluster.py [--passages 100000]

Starts a Dask scheduler with workers of one core each and a real server of Milvus on this machine. Measured are: what
two workers embed with the real model, beside one; an update of many passages into Milvus on two workers of which one
is ended half way, with an exact count of what is there then; and the latency of `Index.search` on it beside the local
store, with the same articles and questions. For the many passages vectors are drawn from their text; questions are
embedded by the real model. Writes docs/performance/cluster.json.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from drawn import DrawnEmbedder
from pincite import Index, Progress, Settings
from pincite.ingest.cluster import Embedding, dask
from pincite.retrieval.embedding import SentenceTransformerEmbedder
from reporting import ROOT, milliseconds, spread, write
from scale import SENTENCES, WORDS, articles, words

sys.path.insert(0, str(ROOT / "tests"))
from servers import DaskCluster, Milvus, dask_cluster

QUESTIONS = 200
BATCHES, BATCH = 24, 64
SETTINGS = Settings(model="drawn", passage_tokens=SENTENCES * WORDS + 2)
SETTLED = 15
"""Seconds after a commit before which Milvus is read more slowly."""

WINDOW, QUIET, BUSY, PATIENCE = 5, 18, 0.2, 900
"""A server has ended its own work when it has used less than a fifth of a core for eighteen times five seconds: it
looks each minute for what could be merged. Seconds to wait for that."""


# ---------------------------------------------------------------- embedding


def embedding(home: Path) -> dict[str, Any]:
    """Passages a second with one worker and with two, one core each."""
    batches = [_batch() for _ in range(BATCHES)]
    rates: dict[int, list[float]] = {}
    for workers in (1, 2, 1, 2):
        with dask_cluster(home / f"dask{workers}", 0) as cluster:
            for core in range(workers):
                cluster.add_worker(core)
            _wait(cluster, workers)
            seconds = _embed(cluster, batches)
        rates.setdefault(workers, []).append(BATCHES * BATCH / seconds)
    best = {workers: max(each) for workers, each in rates.items()}
    return {
        "passages": BATCHES * BATCH,
        "passages_a_second": {str(workers): [round(each, 1) for each in found] for workers, found in rates.items()},
        "two_by_one": round(best[2] / best[1], 2),
    }


def _batch() -> list[str]:
    return [" ".join(words(WORDS * SENTENCES)) for _ in range(BATCH)]


def _wait(cluster: DaskCluster, workers: int) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(workers, timeout=60)


def _embed(cluster: DaskCluster, batches: list[Any]) -> float:
    embedder = SentenceTransformerEmbedder()
    with dask(cluster.address) as executor, Embedding(embedder, executor, lambda *_: None) as embedding:
        for given in ([batches[0]] * 8, batches):  # every worker has loaded the model after the first
            began = time.perf_counter()
            for batch in given:
                embedding.begin({str(at).encode(): text for at, text in enumerate(batch)})
            embedding.keep(0)
        return time.perf_counter() - began


# ---------------------------------------------------------------- Milvus


def milvus(home: Path, passages: int) -> dict[str, Any]:
    """An update with a worker ended half way, then questions to it and to the local store."""
    corpus = home / "corpus"
    corpus.mkdir()
    for document, _ in articles(0, passages):
        (corpus / document.doc_id).write_text(f"{document.title}\n\n{document.text}\n", "utf-8")
    embedder = DrawnEmbedder()
    server = Milvus(home / "milvus")
    try:
        with _opened(home / "local", embedder) as local, _opened(f"milvus+{server.address}/drawn", embedder) as index:
            local_s = milliseconds(lambda: local.update(corpus)) / 1000
            lost = _update_with_a_loss(home, index, corpus)
            return lost | {
                "local_update_s": round(local_s, 1),
                "count": _compared(index, local),
                **_searched(server, index, local),
            }
    finally:
        server.kill()


def _opened(place: Path | str, embedder: DrawnEmbedder) -> Index:
    index = Index.open(place, settings=SETTINGS)
    index.use_embedder("drawn", embedder)
    return index


def _update_with_a_loss(home: Path, index: Index, corpus: Path) -> dict[str, Any]:
    with dask_cluster(home / "dask", 2, Path(__file__).parent) as cluster:
        killed: list[int] = []

        def kill(progress: Progress) -> None:
            if progress.stage == "read" and not killed and 2 * progress.done > (progress.total or 0):
                killed.append(progress.done)
                cluster.workers[0].kill()

        began = time.perf_counter()
        with dask(cluster.address) as executor:
            report = index.update(corpus, executor=executor, progress=kill)
        seconds = time.perf_counter() - began
    return {"embedded": report.embedded, "worker_ended_at_file": killed[0], "update_s": round(seconds, 1)}


def _compared(index: Index, local: Index) -> dict[str, int]:
    """What Milvus really holds: nothing lost, nothing doubled."""
    store: Any = index._store
    with store.snapshot() as found, local._store.snapshot() as expected:
        ids = [passage.passage_id for content in found.contents() for passage in content.passages]
        whole = {passage.passage_id for content in expected.contents() for passage in content.passages}
    return {
        "expected": len(whole),
        "counted_by_milvus": found.counted()[1],
        "lost": len(whole - set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "strange": len(set(ids) - whole),
    }


def _searched(server: Milvus, index: Index, local: Index) -> dict[str, Any]:
    """Soon after the update, while Milvus merges and builds its index on the same cores, and when it has done so."""
    store: Any = index._store
    with store.snapshot() as snapshot:
        store._call("flush", snapshot.base.data)
    time.sleep(SETTLED)
    soon = _asked(index, local)
    waited = milliseconds(lambda: _wait_until_quiet(server)) / 1000
    with store.snapshot() as snapshot:
        state = store._call("describe_index", snapshot.base.data, "vector")
    indexed = {"rows": int(state["total_rows"]), "without_index": int(state["pending_index_rows"])}
    return {"search_ms_soon": soon, "quiet_after_s": round(waited), "indexed": indexed} | {
        "search_ms": _asked(index, local)
    }


def _wait_until_quiet(server: Milvus) -> None:
    until, quiet = time.monotonic() + PATIENCE, 0
    while quiet < QUIET:
        before = server.cpu_seconds()
        time.sleep(WINDOW)
        quiet = quiet + 1 if server.cpu_seconds() - before < BUSY * WINDOW else 0
        if time.monotonic() > until:
            raise TimeoutError(f"Milvus was not quiet for {QUIET * WINDOW} seconds within {PATIENCE}")


def _asked(index: Index, local: Index) -> dict[str, Any]:
    """Both in turns, with questions of their own in each."""
    times: dict[str, list[float]] = {"milvus": [], "local": []}
    for _ in range(2):
        questions = [" ".join(words(8)) for _ in range(QUESTIONS + 20)]
        for name, each in (("milvus", index), ("local", local)):
            times[name] += _times(each, questions)
    found = {name: spread(each) for name, each in times.items()}
    return found | {"p95_ratio": round(found["milvus"]["p95"] / found["local"]["p95"], 2)}


def _times(index: Index, questions: Sequence[str]) -> list[float]:
    def ask(question: str) -> Callable[[], object]:
        return lambda: index.search(question)

    return [milliseconds(ask(question)) for question in questions][20:]


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        found = {"embedding": embedding(Path(home)), "milvus": milvus(Path(home), options.passages)}
    write("cluster", found, "cluster.py", ("pymilvus", "milvus", "distributed", "faiss-cpu", "torch"))


if __name__ == "__main__":
    main()
