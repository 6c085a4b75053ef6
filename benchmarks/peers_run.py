"""One of the peers: index what is given, or answer the questions, and print what came of it as JSON.

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
from typing import Any, Protocol

DEPTH = 30
WARM_UP = 10

Search = Callable[[str], Iterable[str]]
"""From a question to the ids of documents, the best first, each perhaps several times."""


class System(Protocol):
    """Something that indexes passages in one process and answers from its files in another."""

    package: str

    def index(self, given: dict[str, Any]) -> None:
        """Make the index and save it."""

    def opened(self, given: dict[str, Any]) -> Search:
        """Open it."""


class Pincite:
    """The whole update: reading, dividing, vectors, both indexes, the export of the model."""

    package = "pincite"

    def index(self, given: dict[str, Any]) -> None:
        """Make it."""
        from pincite import Index

        Index.open(Path(given["place"]) / "pincite").update(given["corpus"])

    def opened(self, given: dict[str, Any]) -> Search:
        """Open it."""
        from pincite import Index

        index = Index.open(Path(given["place"]) / "pincite")
        return lambda question: [hit.document.doc_id for hit in index.search(question, k=given["depth"])]


class Txtai:
    """Its hybrid of BM25 and vectors."""

    package = "txtai"

    def index(self, given: dict[str, Any]) -> None:
        """Make it."""
        from txtai import Embeddings

        embeddings = Embeddings(path=given["model"], hybrid=True)
        embeddings.index((each["id"], each["text"], None) for each in given["passages"])
        embeddings.save(str(Path(given["place"]) / "txtai"))

    def opened(self, given: dict[str, Any]) -> Search:
        """Open it."""
        from txtai import Embeddings

        embeddings = Embeddings()
        embeddings.load(str(Path(given["place"]) / "txtai"))
        documents = {each["id"]: each["doc_id"] for each in given["passages"]}
        return lambda question: [documents[found] for found, _ in embeddings.search(question, given["depth"])]


class LangChain:
    """Its FAISS store with Hugging Face embeddings."""

    package = "langchain-community"

    def index(self, given: dict[str, Any]) -> None:
        """Make it."""
        from langchain_community.vectorstores import FAISS

        texts = [each["text"] for each in given["passages"]]
        about = [{"doc_id": each["doc_id"]} for each in given["passages"]]
        store = FAISS.from_texts(texts, self._embeddings(given), metadatas=about)
        store.save_local(str(Path(given["place"]) / "langchain"))

    def opened(self, given: dict[str, Any]) -> Search:
        """Open it."""
        from langchain_community.vectorstores import FAISS

        store = FAISS.load_local(
            str(Path(given["place"]) / "langchain"), self._embeddings(given), allow_dangerous_deserialization=True
        )
        return lambda question: [
            each.metadata["doc_id"] for each in store.similarity_search(question, k=given["depth"])
        ]

    def _embeddings(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 (of another environment)
        from langchain_huggingface import HuggingFaceEmbeddings

        return HuggingFaceEmbeddings(model_name=given["model"])


class Chroma:
    """A collection on disk with sentence-transformers' embeddings, filled in batches of 512."""

    package = "chromadb"

    def index(self, given: dict[str, Any]) -> None:
        """Make it."""
        collection = self._client(given).create_collection(
            "articles", embedding_function=self._embed(given), metadata={"hnsw:space": "cosine"}
        )
        for at in range(0, len(given["passages"]), 512):
            some = given["passages"][at : at + 512]
            collection.add(ids=[each["id"] for each in some], documents=[each["text"] for each in some])

    def opened(self, given: dict[str, Any]) -> Search:
        """Open it."""
        collection = self._client(given).get_collection("articles", embedding_function=self._embed(given))
        documents = {each["id"]: each["doc_id"] for each in given["passages"]}

        def search(question: str) -> Iterable[str]:
            found = collection.query(query_texts=[question], n_results=given["depth"])
            return [documents[each] for each in found["ids"][0]]

        return search

    def _client(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 (of another environment)
        import chromadb

        place = str(Path(given["place"]) / "chroma")
        return chromadb.PersistentClient(place, chromadb.Settings(anonymized_telemetry=False))

    def _embed(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 (of another environment)
        from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

        return SentenceTransformerEmbeddingFunction(given["model"])


SYSTEMS: dict[str, System] = {
    "pincite": Pincite(),
    "txtai": Txtai(),
    "langchain-faiss": LangChain(),
    "chroma": Chroma(),
}


def memory() -> float:
    """MB resident at most so far."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def indexed(system: System, given: dict[str, Any]) -> dict[str, Any]:
    """What indexing costs."""
    began = time.perf_counter()
    system.index(given)
    return {"index_s": time.perf_counter() - began, "indexing_mb": memory(), "version": version(system.package)}


def asked(system: System, given: dict[str, Any]) -> dict[str, Any]:
    """What answering costs, and what was found."""
    search = system.opened(given)
    questions = list(given["questions"].items())
    for _, question in questions[:WARM_UP]:
        search(question)
    ranked, times = {}, []
    for query_id, question in questions:
        began = time.perf_counter()
        found = list(search(question))
        times.append(1000 * (time.perf_counter() - began))
        # Documents of a .jsonl are named after file and line id.
        ranked[query_id] = list(dict.fromkeys(each.rpartition("#")[2] for each in found))
    return {"query_ms": times, "answering_mb": memory(), "ranked": ranked}


def main() -> None:
    """Index or ask, and print."""
    name, what, path = sys.argv[1:]
    given = json.loads(Path(path).read_text("utf-8"))
    print(json.dumps({"index": indexed, "ask": asked}[what](SYSTEMS[name], given)))


if __name__ == "__main__":
    main()
