"""What the benchmarks share: the machine, percentiles, files for the results, growth exponents."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "performance"
LIBRARIES = ("faiss-cpu", "tantivy", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "numpy")


def machine(libraries: Sequence[str] = LIBRARIES) -> dict[str, Any]:
    """Processor, cores, versions: what a figure depends on."""
    import torch

    able = torch.cpu.get_capabilities()
    halves = [name for name in ("amx_bf16", "avx512_bf16", "avx2") if able.get(name)]
    return {
        "machine": f"{able.get('cpu_name') or platform.machine()}, {os.cpu_count()} cores, {', '.join(halves)}",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in libraries},
    }


def milliseconds(run: Callable[[], object]) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


def spread(times: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {name: round(cuts[n - 1], 3) for name, n in (("p50", 50), ("p95", 95), ("p99", 99))}


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of the cost over the size, both as logarithms: 1 where one grows as the other."""
    return round(float(np.polyfit(np.log(sizes), np.log(costs), 1)[0]), 2)


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def write(name: str, results: dict[str, Any], script: str, libraries: Sequence[str] = LIBRARIES) -> None:
    """Print the results, and keep them with the machine where the documentation finds them."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    whole = results | machine(libraries) | {"script": f"python benchmarks/{script}"}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(f"{text}\n", "utf-8")
    print(text)


def plot(name: str, draw: Callable[[Any], None], size: tuple[float, float] = (7, 3.6)) -> None:
    """Draw a picture beside the results."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams |= {"svg.hashsalt": "pincite", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    draw(axes)
    figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})


def say(line: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(f"{line}\n")
