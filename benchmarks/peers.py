"""Pincite beside txtai (hybrid), LangChain with FAISS, and Chroma: the same passages, weights and machine.

    python benchmarks/peers.py COLLECTION [--environment build/peers]

COLLECTION is a folder in BEIR's layout (corpus.jsonl, queries.jsonl, qrels.tsv). Pincite divides the articles; each
peer is given the same passages, title in front, with the weights that Pincite uses, and asked for 30 passages; a
document counts by its best one. Each indexes in a process of its own, answers in another, and is told nothing else: its
defaults, but for txtai, which is asked for its hybrid of BM25 and vectors, its better one. The first time, an
environment is made for the peers. Writes docs/performance/peers.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ir_measures import AP, RR, R, ScoredDoc, calc_aggregate, nDCG

from peers_run import DEPTH
from pincite import Index
from pincite.evaluation.questions import COLLECTION, read_questions
from pincite.retrieval.embedding import find_model
from pincite.settings import DEFAULT_MODEL
from reporting import ROOT, say, spread, write

PEERS = ("txtai", "langchain-faiss", "chroma")
REQUIRED = (
    "chromadb>=1.5,<2",
    "langchain-community>=0.4,<0.5",
    "langchain-huggingface>=1.2,<2",
    "txtai[similarity]>=9.14,<10",
    "faiss-cpu",
    "sentence-transformers",
)
MEASURES = [nDCG @ 10, RR @ 10, R @ 10, AP]


def environment(place: Path) -> Path:
    """The interpreter of the peers' environment, made where it is missing."""
    python = place / "bin" / "python"
    if not (place / "made").is_file():
        say(f"making {place}: some minutes")
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "-c", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, *REQUIRED], check=True)
        (place / "made").touch()
    return python


def passages(folder: Path, collection: Path) -> list[dict[str, str]]:
    """Pincite's own passages of the collection, as its model gets them."""
    with Index.open(folder / "divided") as index:
        index.update(collection, allow_removals=True)
        with index._store.snapshot() as snapshot:
            ids = list(snapshot.dense(index._embedder(DEFAULT_MODEL).encode_query(["any"])[0], snapshot.count()[1]))
            found = snapshot.passages(ids).values()
            documents = snapshot.documents({each.doc_id for each in found})
    return [
        {"id": each.passage_id, "doc_id": each.doc_id, "text": _titled(documents[each.doc_id].title, each.text)}
        for each in found
    ]


def _titled(title: str, text: str) -> str:
    return text if text.startswith(title) else f"{title}\n{text}"


def run(python: Path | str, name: str, given: Path) -> dict[str, Any]:
    """Let one of them index, then answer, in processes of its own."""
    found: dict[str, Any] = {}
    for what in ("index", "ask"):
        command = [str(python), str(Path(__file__).parent / "peers_run.py"), name, what, str(given)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


def figures(found: dict[str, Any], collection: Path) -> dict[str, Any]:
    """Quality and cost as the table shows them."""
    questions = [each for each in read_questions(collection) if any(grade > 0 for grade in each.relevant.values())]
    relevant = {
        each.query_id: {doc_id.removeprefix(COLLECTION): grade for doc_id, grade in each.relevant.items()}
        for each in questions
    }
    ranked = [
        ScoredDoc(query_id, doc_id, -place)
        for query_id, doc_ids in found["ranked"].items()
        for place, doc_id in enumerate(doc_ids)
        if query_id in relevant
    ]
    quality = {str(name): round(value, 4) for name, value in calc_aggregate(MEASURES, relevant, ranked).items()}
    return {
        "index_s": round(found["index_s"], 2),
        "query_ms": spread(found["query_ms"]),
        "indexing_mb": round(found["indexing_mb"]),
        "answering_mb": round(found["answering_mb"]),
        **quality,
        "version": found["version"],
    }


def main() -> None:
    """Run all and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--environment", type=Path, default=ROOT / "build" / "peers")
    options = parser.parse_args()
    python = environment(options.environment.absolute())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = folder / "given.json"
        corpus = folder / "corpus"
        corpus.mkdir()
        (corpus / "corpus.jsonl").write_bytes((options.collection / "corpus.jsonl").read_bytes())
        questions = {each.query_id: each.text for each in read_questions(options.collection)}
        texts = passages(folder, corpus)
        shared = {"passages": texts, "questions": questions, "depth": DEPTH}
        model = str(find_model(DEFAULT_MODEL))
        given.write_text(json.dumps(shared | {"model": model, "corpus": str(corpus), "place": name}), "utf-8")
        results = {}
        for each in ("pincite", *PEERS):
            results[each] = figures(
                run(sys.executable if each == "pincite" else python, each, given), options.collection
            )
            say(f"{each}: {results[each]}")
    facts = {"passages": len(texts), "questions": len(questions), "collection": options.collection.name}
    write("peers", facts | {"results": results}, "peers.py COLLECTION")


if __name__ == "__main__":
    main()
