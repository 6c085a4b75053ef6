"""What a whole update costs, against `SentenceTransformer.encode` of the same passages.

    python benchmarks/embedding.py [--articles 80]

Sentences are made of words drawn from ``docs_corpus`` in its own lengths, so that none is repeated. "encode" is
float32, in batches of 32, of the passages alone; the update reads the files, divides them, embeds the passages and
builds both indexes. The model is loaded before. Writes docs/performance/embedding.json and a picture.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from pincite import Index, Progress
from pincite.retrieval.embedding import SentenceTransformerEmbedder, find_model
from pincite.settings import DEFAULT_MODEL
from reporting import ROOT, milliseconds, plot, say, write

SENTENCES = 45
ROUNDS = 3


def vocabulary() -> tuple[list[str], list[int]]:
    """The words of docs_corpus and the lengths of its sentences."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "docs_corpus").rglob("*.md")))
    lengths = [len(each.split()) for each in re.split(r"(?<=[.?!])\s", text)]
    return re.findall(r"[A-Za-z][\w'-]*", text), [each for each in lengths if 4 <= each <= 40]


def make_articles(folder: Path, articles: int, seed: int = 1) -> None:
    """Write articles of sentences that occur once."""
    draw, (words, lengths) = random.Random(seed), vocabulary()
    for number in range(articles):
        sentences = [" ".join(draw.choices(words, k=draw.choice(lengths))).capitalize() for _ in range(SENTENCES)]
        parts = [" ".join(f"{each}." for each in sentences[at : at + 5]) for at in range(0, SENTENCES, 5)]
        (folder / f"{number}.md").write_text(f"# Article {number} on {draw.choice(words)}\n\n" + "\n\n".join(parts))


def passages(index: Index) -> list[str]:
    """The texts of all indexed passages."""
    with index._store.snapshot() as snapshot:
        ids = snapshot.lexical(["articl"], snapshot.count()[1])
        return [each.text for each in snapshot.passages(ids).values()]


def once(folder: Path, number: int, plain: SentenceTransformer) -> dict[str, Any]:
    """One update and one encode, in seconds."""
    stages: dict[str, float] = {}
    began = time.perf_counter()

    def note(progress: Progress) -> None:
        stages[progress.stage] = time.perf_counter() - began

    with Index.open(folder / f"index{number}") as index:
        embedder = index._embedder(DEFAULT_MODEL)
        assert isinstance(embedder, SentenceTransformerEmbedder)
        embedder.encode_document(["The model is loaded, and exported, before."])
        embedder.encode_query(["It is exported with the first question."])
        began = time.perf_counter()
        report = index.update(folder / "corpus", progress=note)
        update = time.perf_counter() - began
        texts = passages(index)
    encode = milliseconds(partial(plain.encode, texts, batch_size=32, show_progress_bar=False)) / 1000
    found = {"update_s": update, "encode_s": encode, "ratio": update / encode, "read_until_s": stages["read"]}
    say(f"{report.embedded} passages: {found}")
    counts = {"embedded": report.embedded, "found": len(texts)}
    return {name: round(value, 3) for name, value in found.items()} | counts


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--articles", type=int, default=80)
    articles = parser.parse_args().articles
    plain = SentenceTransformer(str(find_model(DEFAULT_MODEL)), local_files_only=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        make_articles(folder / "corpus", articles)
        rounds = [once(folder, number, plain) for number in range(ROUNDS)]
    best = sorted(rounds, key=lambda each: each["ratio"])[ROUNDS // 2]
    rates = {
        "encode": round(best["found"] / best["encode_s"], 1),
        "update": round(best["embedded"] / best["update_s"], 1),
    }
    write("embedding", {"median": best, "rounds": rounds, "passages_a_second": rates}, "embedding.py")
    plot("embedding", partial(draw, rounds), (5, 2.4))


def draw(rounds: list[dict[str, Any]], axes: Any) -> None:  # noqa: ANN401 (matplotlib has many kinds)
    """Both, side by side, in each round."""
    places = range(len(rounds))
    axes.barh([each - 0.2 for each in places], [each["encode_s"] for each in rounds], 0.35, label="encode, passages")
    axes.barh([each + 0.2 for each in places], [each["update_s"] for each in rounds], 0.35, label="whole update")
    axes.set(yticks=list(places), yticklabels=[f"round {each + 1}" for each in places], xlabel="seconds")
    axes.legend(fontsize=7)


if __name__ == "__main__":
    main()
