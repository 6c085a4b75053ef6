"""What ten million to a billion passages take, from the rates that were measured here.

    python benchmarks/embedding.py && python benchmarks/cluster.py && python benchmarks/sizing.py

Memory follows from the layout of each kind of index. How long it takes to embed everything again is simulated: workers
of one core at the rate of real articles, batches of 256 passages, each worker lost once a day on average and back
after ten minutes, its batch given to another; one writer. What that can do alone was not measured: its rate is that of
a whole update into Milvus, a lower bound. Writes docs/performance/sizing.json.
"""

from __future__ import annotations

import heapq
import json
import re
from typing import Any

import numpy as np

from reporting import RESULTS, write

SIZES = (10_000_000, 100_000_000, 1_000_000_000)
CORES = (16, 64, 256)
DIMENSION = 384
"""Of the default model."""

NODE_GB, USABLE = 64, 0.7
BATCH = 256
LOST_EVERY_S, BACK_AFTER_S = 86_400.0, 600.0
MOST_BATCHES = 40_000
"""Simulated batches; of more, the rate is that of so many."""

BYTES = {
    "FLAT": DIMENSION * 4,
    "HNSW (M = 16)": DIMENSION * 4 + 2 * 16 * 4 + 16,  # vectors, two links of four bytes for each of M, upper levels
    "IVF_SQ8": DIMENSION + 8,  # a byte for each dimension, and the key
    "IVF_PQ (m = 48)": 48 + 8,
    "DISKANN": DIMENSION * 4 // 8,  # of which an eighth is kept in memory by default
}
"""Bytes of a passage in memory."""


def kept(passages: int) -> dict[str, Any]:
    """Gigabytes on disk: vectors that are searched, and rows with what is read of each passage."""
    payload = DIMENSION * 2 * 4 / 3 + 1_100  # its vector in base64; text and terms
    return {"vectors_gb": gb(passages * DIMENSION * 4), "rows_gb": gb(passages * payload)}


def gb(size: float) -> float:
    """Gigabytes."""
    return round(size / 1e9, 1)


def memory(passages: int) -> dict[str, dict[str, float]]:
    """Gigabytes by kind of index, and nodes that hold them."""
    found = {kind: passages * size / 1e9 for kind, size in BYTES.items()}
    return {
        kind: {"gb": round(size, 1), "nodes": int(np.ceil(size / (NODE_GB * USABLE)))} for kind, size in found.items()
    }


def hours(passages: int, cores: int, rate: float, commit: float) -> float:
    """Hours of embedding everything, simulated: workers that come and go, and one writer behind them."""
    rng = np.random.default_rng(0)
    batches = min(passages // BATCH, MOST_BATCHES)
    free = [(0.0, worker) for worker in range(cores)]
    lost = list(rng.exponential(LOST_EVERY_S, cores))
    written = 0.0
    for _ in range(batches):
        while True:
            at, worker = heapq.heappop(free)
            done = at + BATCH / rate
            if done <= lost[worker]:
                break
            heapq.heappush(free, (lost[worker] + BACK_AFTER_S, worker))
            lost[worker] += BACK_AFTER_S + rng.exponential(LOST_EVERY_S)
        heapq.heappush(free, (done, worker))
        written = max(written, done) + BATCH / commit
    return written / batches * (passages / BATCH) / 3600


def main() -> None:
    """Compute everything."""
    embedding, cluster = (
        json.loads((RESULTS / f"{name}.json").read_text("utf-8")) for name in ("embedding", "cluster")
    )
    cores = int(re.findall(r"(\d+) cores", embedding["machine"])[0])
    rate = embedding["passages_a_second"]["encode"] / cores
    commit = cluster["milvus"]["embedded"] / cluster["milvus"]["update_s"]
    sizes = [
        {
            "passages": passages,
            **kept(passages),
            "memory": memory(passages),
            "hours": {str(cores): round(hours(passages, cores, rate, commit), 1) for cores in CORES},
            "core_hours": round(passages / rate / 3600),
        }
        for passages in SIZES
    ]
    rates = {
        "embedded_a_second_and_core": round(rate, 1),
        "committed_a_second": round(commit),
    }
    write("sizing", {"rates": rates, "sizes": sizes}, "sizing.py", ("numpy",))


if __name__ == "__main__":
    main()
