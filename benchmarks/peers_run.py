"""One of the peers: index what is given, answer the questions, print what came of it as JSON.

Started by ``peers.py`` with the interpreter of the environment that the peer lives in; so this imports nothing of
Pincite's but for Pincite itself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

DEPTH = 30
WARM_UP = 10

Search = Callable[[str], Iterable[str]]
"""From a question to the ids of documents, the best first, each perhaps several times."""


def pincite(given: dict[str, Any]) -> Search:
    """The whole update: reading, dividing, passage and sentence vectors, both indexes, the export of the model."""
    from pincite import Index

    index = Index.open(Path(given["place"]) / "pincite")
    index.update(given["corpus"])
    return lambda question: [hit.document.doc_id for hit in index.search(question, k=given["depth"])]


def txtai(given: dict[str, Any]) -> Search:
    """Its hybrid of BM25 and vectors."""
    from txtai import Embeddings

    embeddings = Embeddings(path=given["model"], hybrid=True)
    documents = {each["id"]: each["doc_id"] for each in given["passages"]}
    embeddings.index((each["id"], each["text"], None) for each in given["passages"])
    return lambda question: [documents[found] for found, _ in embeddings.search(question, given["depth"])]


def langchain_faiss(given: dict[str, Any]) -> Search:
    """Its FAISS store with Hugging Face embeddings."""
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings

    texts = [each["text"] for each in given["passages"]]
    about = [{"doc_id": each["doc_id"]} for each in given["passages"]]
    store = FAISS.from_texts(texts, HuggingFaceEmbeddings(model_name=given["model"]), metadatas=about)
    return lambda question: [each.metadata["doc_id"] for each in store.similarity_search(question, k=given["depth"])]


def chroma(given: dict[str, Any]) -> Search:
    """A collection on disk with sentence-transformers' embeddings, filled in batches of 512."""
    import chromadb
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

    client = chromadb.PersistentClient(
        str(Path(given["place"]) / "chroma"), chromadb.Settings(anonymized_telemetry=False)
    )
    embed = SentenceTransformerEmbeddingFunction(given["model"])
    collection = client.create_collection("articles", embedding_function=embed, metadata={"hnsw:space": "cosine"})
    documents = {each["id"]: each["doc_id"] for each in given["passages"]}
    for at in range(0, len(given["passages"]), 512):
        some = given["passages"][at : at + 512]
        collection.add(ids=[each["id"] for each in some], documents=[each["text"] for each in some])

    def search(question: str) -> Iterable[str]:
        found = collection.query(query_texts=[question], n_results=given["depth"])
        return [documents[each] for each in found["ids"][0]]

    return search


SYSTEMS = {
    "pincite": (pincite, "pincite"),
    "txtai": (txtai, "txtai"),
    "langchain-faiss": (langchain_faiss, "langchain-community"),
    "chroma": (chroma, "chromadb"),
}


def memory() -> float:
    """MB resident at most so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def main() -> None:
    """Index, ask, print."""
    name, path = sys.argv[1:]
    given = json.loads(Path(path).read_text("utf-8"))
    make, package = SYSTEMS[name]
    began = time.perf_counter()
    search = make(given)
    took = time.perf_counter() - began
    asked = list(given["questions"].items())
    for _, question in asked[:WARM_UP]:
        search(question)
    ranked, times = {}, []
    for query_id, question in asked:
        began = time.perf_counter()
        found = list(search(question))
        times.append(1000 * (time.perf_counter() - began))
        # Documents of a .jsonl are named after file and line id.
        ranked[query_id] = list(dict.fromkeys(each.rpartition("#")[2] for each in found))
    print(
        json.dumps(
            {
                "index_s": took,
                "query_ms": times,
                "memory_mb": memory(),
                "ranked": ranked,
                "version": version(package),
            }
        )
    )


if __name__ == "__main__":
    main()
