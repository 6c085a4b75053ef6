"""What a search costs beside the embedding of its question, in one run.

    python benchmarks/query_cost.py COLLECTION --indexes DIR

Prints the medians and 95th percentiles in milliseconds and their ratio as JSON. The questions are asked in turn, each
embedded alone and then searched, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pincite import Index
from pincite.evaluation import index_collection, read_questions

WARM_UP, MOST = 20, 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--indexes", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    place = options.indexes / options.collection.name
    texts = [question.text for question in read_questions(options.collection)][: WARM_UP + MOST]
    with Index.open(place / "index") as index:
        index_collection(options.collection, index, place / "corpus")
        embedder = index._embedder(index.settings.model)
        pairs = [(_ms(embedder.encode_query, [text]), _ms(index.search, text)) for text in texts][WARM_UP:]
        passages = index.status().passages
    embedding, search = ([pair[side] for pair in pairs] for side in (0, 1))
    result = {
        "collection": options.collection.name,
        "passages": passages,
        "questions": len(pairs),
        "embedding p50": statistics.median(embedding),
        "search p50": statistics.median(search),
        "search p95": statistics.quantiles(search, n=20)[18],
        "ratio of the medians": statistics.median(search) / statistics.median(embedding),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("torch", "sentence-transformers", "faiss-cpu", "tantivy")},
    }
    print(json.dumps(result, indent=1))


def _ms(work: Callable[[Any], object], value: str | list[str]) -> float:
    start = time.perf_counter()
    work(value)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
