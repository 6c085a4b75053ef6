"""Searching and updating from a thousand passages to a million.

    python benchmarks/scale.py [--sizes 1000 10000 100000 1000000]

Texts are drawn from a Zipf distribution of made-up words, vectors around cluster centres; the questions are drawn from
the same words and embedded by the real model, and dense search gets vectors near those that are indexed. For each size:
the latency of `Index.search` by stage, the recall of the dense side against exact cosines, what one new article and
both derived indexes cost, bytes on disk, and the memory of a process that answers. Writes docs/performance/scale.json
and a picture. The million takes long, and several GB in the temporary folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from pincite import Document, Index, Passage
from pincite.analysis.terms import analyse
from pincite.datatypes import passage_id
from pincite.retrieval.embedding import SentenceTransformerEmbedder
from pincite.settings import Settings
from pincite.stores.base import DocumentRecord, Manifest, Vectors
from pincite.stores.local import dense, lexical
from pincite.stores.local.store import LocalSnapshot, LocalStore
from reporting import exponent, folder_size, milliseconds, plot, say, spread, write

DIMENSION, CENTRES, VOCABULARY, SENTENCES, WORDS = 384, 2000, 50_000, 2, 20
PASSAGES_IN_A_DOCUMENT = 10
QUESTIONS = 200
RNG = np.random.default_rng(1)
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "ar", "en", "il", "or", "un")]
NAMES = np.array(
    ["".join(RNG.choice(SYLLABLES, RNG.integers(1, 4))) + str(i % 7) * (i % 5 == 0) for i in range(VOCABULARY)]
)
UP_TO = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
MIDDLES = RNG.standard_normal((CENTRES, DIMENSION)).astype(np.float32)


def words(n: int) -> list[str]:
    """Words drawn by Zipf's law."""
    return list(NAMES[np.searchsorted(UP_TO, RNG.uniform(0, UP_TO[-1], n))])


def unit(rows: Vectors) -> Vectors:
    """Rows of length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)


def drawn(n: int) -> Vectors:
    """Vectors around the centres: cosines of about .6 to others of the same centre, of about 0 to those of others."""
    return unit(MIDDLES[RNG.integers(CENTRES, size=n)] + 0.8 * RNG.standard_normal((n, DIMENSION), np.float32))


def articles(first: int, passages: int) -> Iterator[tuple[Document, list[Passage]]]:
    """Documents of so many passages in all, numbered from ``first``."""
    for number in range(first, first + max(1, passages // PASSAGES_IN_A_DOCUMENT)):
        parts = [
            [" ".join(words(WORDS)).capitalize() + "." for _ in range(SENTENCES)]
            for _ in range(min(passages, PASSAGES_IN_A_DOCUMENT))
        ]
        text = "\n".join(" ".join(sentences) for sentences in parts)
        document = Document(doc_id=f"{number:07}.txt", title=" ".join(words(3)), text=text)
        yield document, list(_passages(document, parts))


def _passages(document: Document, parts: list[list[str]]) -> Iterator[Passage]:
    at = 0
    for sentences in parts:
        start, spans = at, []
        for sentence in sentences:
            spans.append((at, at + len(sentence)))
            at += len(sentence) + 1
        name = passage_id(document.doc_id, document.digest, start)
        yield Passage(
            passage_id=name,
            doc_id=document.doc_id,
            text=document.text[start : at - 1],
            start=start,
            end=at - 1,
            sentences=tuple(spans),
        )


def put(store: LocalStore, first: int, passages: int, fingerprint: str) -> float:
    """Add articles; seconds from when their vectors are there until a new reader finds them."""
    with store.writer() as writer:
        keys = list[bytes]()
        for document, parts in articles(first, passages):
            own = [f"{document.doc_id}{n}".encode().rjust(16, b"0") for n in range(len(parts))]
            writer.replace(document, parts, own, DocumentRecord(path=document.doc_id, state="", digest=document.digest))
            keys += own
        for at in range(0, len(keys), 4096):
            some = keys[at : at + 4096]
            vectors = drawn(len(some))
            writer.put_vectors(some, vectors)
        writer.describe(Manifest(settings=Settings().as_dict(), fingerprint=fingerprint))
        began = time.perf_counter()
        writer.commit()
    with LocalStore(store.path).snapshot() as snapshot:
        found = snapshot.lexical(analyse(document.title), 100), snapshot.dense(vectors[-1], 1)
        assert all(any(document.doc_id in each for each in scores) for scores in found)
    return time.perf_counter() - began


def derived(store: LocalStore, count: int) -> dict[str, float]:
    """Seconds of building both derived indexes from the catalogue."""
    with tempfile.TemporaryDirectory(dir=store.path) as folder, store.snapshot() as snapshot:
        took = milliseconds(partial(dense.build, Path(folder), snapshot, count)) / 1000
        return {"dense": took, "lexical": milliseconds(partial(lexical.build, Path(folder), snapshot.entries())) / 1000}


class Stages:
    """Times the parts of a search by wrapping them."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}

    def wrap(self, owner: object, method: str, stage: str) -> None:
        """Have every call of a method timed."""
        whole = getattr(owner, method)

        def timed(*values: object, **named: object) -> object:
            began = time.perf_counter()
            found = whole(*values, **named)
            self.times.setdefault(stage, []).append(1000 * (time.perf_counter() - began))
            return found

        setattr(owner, method, timed)


def recall(snapshot: LocalSnapshot, vectors: Vectors) -> float:
    """Of the ten nearest by exact cosine, the share among the hundred that the dense side proposes."""
    ids, rows = [], []
    for block, halves in snapshot.dense_blocks():
        scores = vectors @ halves.astype(np.float32).T
        best = np.argsort(-scores, axis=1)[:, :10]
        ids.append(block[best])
        rows.append(np.take_along_axis(scores, best, axis=1))
    every, scores = np.hstack(ids), np.hstack(rows)
    exact = np.take_along_axis(every, np.argsort(-scores, axis=1)[:, :10], axis=1)
    found = [[number for number, _ in snapshot._derived.dense.search(vector, 100)] for vector in vectors]
    return float(np.mean([np.isin(one, other).mean() for one, other in zip(exact, found, strict=True)]))


def memory(path: Path) -> float:
    """MB resident at most in a new process that answers fifty questions in words that the articles use."""
    asked = [" ".join(words(6)) + "?" for _ in range(50)]
    code = f"""
from pathlib import Path
from pincite import Assistant, Index
assistant = Assistant(Index.open({str(path)!r}))
for question in {asked!r}: assistant.ask(question)
status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
print(int(status["VmHWM"].split()[0]) / 1024)"""
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def build(place: Path, count: int) -> dict[str, Any]:
    """Make an index of ``count`` passages and add one article to it."""
    embedder, store = SentenceTransformerEmbedder(), LocalStore(place)
    put(store, 0, count, embedder.fingerprint)
    whole = derived(store, count)
    one = put(store, 10_000_000, 1, embedder.fingerprint)
    return {
        "build_s": {name: round(each, 2) for name, each in whole.items()},
        "one_article_s": round(one, 3),
        "one_article_share": round(one / sum(whole.values()), 4),
        "merge_an_article_s": round(sum(whole.values()) * PASSAGES_IN_A_DOCUMENT / (dense.MOST_STALE * count), 4),
        "disk_mb": round(folder_size(place) / 1e6, 1),
    }


def searches(place: Path) -> dict[str, Any]:
    """The latency by stage and the recall.

    The real model embeds the question, which takes its time; what is searched for lies near what is there.
    """
    questions = [" ".join(words(6)) + "?" for _ in range(QUESTIONS + 20)]
    near = unit(drawn(QUESTIONS) + 0.1 * drawn(QUESTIONS))
    stages = Stages()
    with Index.open(place) as index:
        embedder, store = index._embedder(index.settings.model), index._store
        assert isinstance(store, LocalStore)
        plain, instead = embedder.encode_query, iter(np.tile(near, (2, 1)))

        def encode_query(texts: Sequence[str]) -> Vectors:
            plain(texts)
            near_one: Vectors = next(instead)[np.newaxis]
            return near_one

        embedder.encode_query = encode_query  # type: ignore[method-assign]
        for question in questions[:20]:
            index.search(question)
        with store.snapshot() as snapshot:
            files = snapshot._derived
            found = recall(snapshot, near)
        for owner, method, stage in (
            (embedder, "encode_query", "embedding"),
            (files.dense, "search", "dense"),
            (files.lexical, "search", "lexical"),
            (LocalSnapshot, "rows", "rows"),
        ):
            stages.wrap(owner, method, stage)
        times = [milliseconds(partial(index.search, question)) for question in questions[20:]]
    return {
        "search_ms": spread(times),
        "stages_ms": {name: spread(each) for name, each in stages.times.items()},
        "recall_at_10": round(found, 4),
    }


def apart(function: Callable[..., Any], *values: object) -> Any:  # noqa: ANN401 (what the function returns)
    """Run in a process of its own, in which nothing else was loaded."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(function, *values).result()


def one_size(place: Path, count: int) -> dict[str, Any]:
    """All figures for one size; what encode takes is measured before and after the searches, since machines vary."""
    built = apart(build, place, count)
    before, found, after = apart(encode_time), apart(searches, place), apart(encode_time)
    encode = round((before + after) / 2, 3)
    ratios = {f"{name}_in_encodes": round(found["search_ms"][name] / encode, 2) for name in ("p50", "p95")}
    result: dict[str, Any] = {"passages": count, "one_encode_ms": encode} | ratios | found | built
    result["memory_mb"] = round(memory(place))
    say(str(result))
    return result


def encode_time() -> float:
    """The median of one question by sentence-transformers itself, in ms."""
    from sentence_transformers import SentenceTransformer

    from pincite.retrieval.embedding import find_model
    from pincite.settings import DEFAULT_MODEL

    model = SentenceTransformer(str(find_model(DEFAULT_MODEL)), local_files_only=True)
    questions = [" ".join(words(6)) + "?" for _ in range(120)]
    return spread([milliseconds(partial(model.encode, each, show_progress_bar=False)) for each in questions][20:])[
        "p50"
    ]


def main() -> None:
    """Measure all sizes and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000, 1_000_000])
    sizes = parser.parse_args().sizes
    with tempfile.TemporaryDirectory() as folder:
        found = [one_size(Path(folder, str(count)), count) for count in sizes]
    grown = {
        "search_p95": exponent(sizes, [each["search_ms"]["p95"] for each in found]),
        "build": exponent(sizes, [sum(each["build_s"].values()) for each in found]),
        "disk": exponent(sizes, [each["disk_mb"] for each in found]),
    }
    write("scale", {"sizes": found, "exponents": grown}, "scale.py")
    plot("scale", partial(draw, found))


def draw(found: list[dict[str, Any]], axes: Any) -> None:  # noqa: ANN401 (matplotlib has many kinds)
    """Latency over size."""
    sizes = [each["passages"] for each in found]
    for name in ("p50", "p95", "p99"):
        axes.plot(sizes, [each["search_ms"][name] for each in found], marker="o", label=f"search {name}")
    for stage in ("embedding", "dense", "lexical", "rows"):
        times = [each["stages_ms"].get(stage, {}).get("p95") for each in found]
        axes.plot(sizes, times, ls=":", marker=".", label=f"{stage} p95")
    axes.plot(sizes, [each["one_encode_ms"] for each in found], color="grey", lw=0.8, label="one encode")
    axes.set(xscale="log", yscale="log", xlabel="passages", ylabel="milliseconds")
    axes.legend(fontsize=7, ncols=2)


if __name__ == "__main__":
    main()
