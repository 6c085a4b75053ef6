"""How long a process takes from nothing to its answer, against importing sentence-transformers.

    python benchmarks/start.py

Whole processes over an index of ``docs_corpus``, the files in the system's cache; medians of `RUNS`, in turn. Then the
stages of one cold answer. Writes docs/performance/start.json and a picture.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from reporting import ROOT, milliseconds, plot, write

RUNS = 7
QUESTION = "How do I add texts?"
STAGED = """
import json, sys, time
began = time.perf_counter()
times = {}
def note(stage):
    global began
    times[stage] = round(1000 * (time.perf_counter() - began), 1)
    began = time.perf_counter()
from pincite import Assistant, Index
note("import of pincite")
index = Index.open(sys.argv[1])
index.status()
note("catalogue, FAISS and Tantivy opened")
embedder = index._embedder(index.settings.model)
embedder.encode_query(["first"])
note("ONNX model loaded, first question embedded")
Assistant(index).ask(sys.argv[2])
note("first answer")
Assistant(index).ask(sys.argv[2])
note("the same again")
print(json.dumps(times))
"""


def commands(index: str) -> dict[str, list[str]]:
    """What is started, by what it is called."""
    pincite = [sys.executable, "-m", "pincite"]
    return {
        "import sentence_transformers": [sys.executable, "-c", "import sentence_transformers"],
        "pincite ask": [*pincite, "ask", QUESTION, "--index", index],
        "pincite search": [*pincite, "search", QUESTION, "--index", index],
        "pincite search --mode lexical": [*pincite, "search", "--mode", "lexical", QUESTION, "--index", index],
        "import pincite": [sys.executable, "-c", "import pincite"],
        "python, nothing": [sys.executable, "-c", "pass"],
    }


def run(command: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure, write and draw."""
    with tempfile.TemporaryDirectory() as folder:
        index = str(Path(folder) / "index")
        run([sys.executable, "-m", "pincite", "update", str(ROOT / "docs_corpus"), "--index", index])
        wanted = commands(index)
        times: dict[str, list[float]] = {name: [] for name in wanted}
        for _ in range(RUNS):
            for name, command in wanted.items():
                times[name].append(milliseconds(partial(run, command)))
        stages = json.loads(run([sys.executable, "-c", STAGED, index, QUESTION]))
    medians = {name: round(statistics.median(each)) for name, each in times.items()}
    whole = medians["import sentence_transformers"]
    ratios = {name: round(each / whole, 3) for name, each in medians.items()}
    write("start", {"ms": medians, "ratio_to_import": ratios, "stages_of_ask_ms": stages}, "start.py")
    plot("start", partial(draw, medians), (6, 2.4))


def draw(medians: dict[str, Any], axes: Any) -> None:  # noqa: ANN401 (matplotlib has many kinds)
    """A bar for each command."""
    axes.barh(list(medians)[::-1], list(medians.values())[::-1])
    axes.set(xlabel="milliseconds, whole process")


if __name__ == "__main__":
    main()
