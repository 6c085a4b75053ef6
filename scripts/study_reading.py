"""Put what the reader is worth, and how its confidence behaves, into its model card.

    python scripts/study_reading.py before=DIR now=DIR without-reader=DIR

Each DIR holds ``*.json`` as ``pincite evaluate COLLECTION --leave-out --json`` printed them, one for a collection; one
of the runs is ``now``. Writes ``docs/reader.json``, its tables into ``docs/reader.md``, and the picture shown there.
How the learning went is taken from the file that lies beside the weights. To be run on the machine that measured,
which it names.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pincite import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FACTS = ROOT / "src" / "pincite" / "reading" / "weights" / "reader.json"

Floats = npt.NDArray[np.float64]
Runs = dict[str, dict[str, Any]]
"""By run and collection what ``pincite evaluate`` printed."""

NOW = "now"
"""The run that is drawn, and whose collections are told of."""

MEASURES = (
    "nDCG@10", "RR@10", "span R@5", "first citation", "first sentence", "word F1",
    "AUROC", "false refusals", "false answers",
)  # fmt: skip
REFUSED = 0.05
AT_REFUSED = "false answers at 5 % false refusals"
RANKED_BY = {"covidqa": "span R@5"}
"""What tells most of the ranking where it is not nDCG@10: which part of a long article is found."""

BINS = 10
FEWEST = 10
"""Questions that a bin of the reliability has to hold, since the share of fewer is chance."""


class Labelled(NamedTuple):
    """The confidence of the questions of a collection that say whether they have an answer.

    Attributes:
        right: of those that have one, ascending.
        wrong: of those that have none, ascending.
    """

    right: Floats
    wrong: Floats


# ---------------------------------------------------------------- what was measured


def read(folder: Path) -> dict[str, Any]:
    """By collection what ``pincite evaluate`` printed.

    Raises:
        SystemExit: a file holds something else, two are about the same collection, or there is none.
    """
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            each = json.loads(path.read_text("utf-8"))
            name = each["collection"]
            whole = "measures" in each and "queries" in each
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise SystemExit(f"{path}: not what `pincite evaluate --json` printed")
        if name in found:
            raise SystemExit(f"{path}: a second file about {name}; leave one of them")
        found[name] = each
    if not found:
        raise SystemExit(f"{folder}: no *.json there; give what `pincite evaluate --json` printed")
    return found


def labelled(queries: Iterable[Mapping[str, float]]) -> Labelled:
    """The confidence of questions, by whether they have an answer."""
    sure: dict[bool, list[float]] = {True: [], False: []}
    for each in queries:
        if "#answerable" in each:
            sure[bool(each["#answerable"])].append(each["#confidence"])
    return Labelled(np.sort(np.array(sure[True], float)), np.sort(np.array(sure[False], float)))


def at_refused(sure: Labelled, share: float = REFUSED) -> float | None:
    """False answers at the highest threshold that refuses no more than this share of what has an answer."""
    if not len(sure.right) or not len(sure.wrong):
        return None
    threshold = sure.right[int(share * len(sure.right))]
    return float((sure.wrong >= threshold).mean())


def of_run(found: Mapping[str, Any]) -> dict[str, float]:
    """The measures of one collection that are shown, as far as its judgements allow them."""
    values = {name: float(found["measures"][name]) for name in MEASURES if name in found["measures"]}
    told = at_refused(labelled(found["queries"].values()))
    return values if told is None else values | {AT_REFUSED: told}


def measured(runs: Runs) -> dict[str, dict[str, dict[str, float]]]:
    """By collection and run; the collections are those of the run `NOW`."""
    return {name: {run: of_run(each[name]) for run, each in runs.items() if name in each} for name in runs[NOW]}


def means(
    measures: Mapping[str, Mapping[str, Mapping[str, float]]], runs: Sequence[str]
) -> dict[str, dict[str, float]]:
    """By run the measure of the ranking of each collection that all runs have."""
    ranked = {name: RANKED_BY.get(name, "nDCG@10") for name in measures}
    shared = [name for name, by in ranked.items() if all(by in measures[name].get(run, {}) for run in runs)]
    return {run: {name: measures[name][run][ranked[name]] for name in shared} for run in runs}


# ---------------------------------------------------------------- the picture


def draw(sure: Mapping[str, Labelled]) -> None:
    """How far the confidence can be taken at its word, and what each threshold costs.

    In the reliability those with an answer and those without weigh the same, as in the fit of the constants: how many
    questions have no answer is chosen by who made the collection.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "pincite"  # so that the same figures make the same file
    from matplotlib import pyplot as plt

    figure, (reliability, curve) = plt.subplots(1, 2, figsize=(12, 4.6))
    thresholds = np.linspace(0, 1, 101)
    for name, each in sure.items():
        (line,) = reliability.plot(*reliable(each), "o-", ms=4, label=name)
        colour = line.get_color()
        curve.plot(thresholds, [(each.right < t).mean() for t in thresholds], color=colour, label=name)
        curve.plot(thresholds, [(each.wrong >= t).mean() for t in thresholds], "--", color=colour)
    reliability.plot([0, 1], [0, 1], ":", color="grey")
    reliability.set(xlabel="confidence", ylabel="share that the articles answer", xlim=(0, 1), ylim=(0, 1))
    curve.axvline(Settings().threshold, color="grey", lw=0.8)
    curve.set(xlabel="threshold", ylabel="false refusals (solid), false answers (dashed)", xlim=(0, 1), ylim=(0, 1))
    figure.legend(*reliability.get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(DOCS / "images" / "confidence.svg", metadata={"Date": None})
    plt.close(figure)


def reliable(sure: Labelled) -> tuple[list[float], list[float]]:
    """The mean confidence of each bin, and the share of it that has an answer."""
    values = np.concatenate([sure.right, sure.wrong])
    answered = np.repeat([1.0, 0.0], [len(sure.right), len(sure.wrong)])
    weight = np.repeat([0.5 / len(sure.right), 0.5 / len(sure.wrong)], [len(sure.right), len(sure.wrong)])
    bins = np.minimum((values * BINS).astype(int), BINS - 1)
    filled = [bins == k for k in range(BINS) if (bins == k).sum() >= FEWEST]
    confidence = [float(np.average(values[b], weights=weight[b])) for b in filled]
    return confidence, [float(np.average(answered[b], weights=weight[b])) for b in filled]


# ---------------------------------------------------------------- the document


def write_tables(result: Mapping[str, Any], trained: Sequence[Mapping[str, Any]]) -> None:
    """Put the figures into ``docs/reader.md``, between the comments that name them."""
    path = DOCS / "reader.md"
    text = path.read_text("utf-8")
    tables = {
        "measures": "\n\n".join(_of_collection(name, runs) for name, runs in result["measures"].items()),
        "means": _of_means(result["ranking"]),
        "training": _of_training(trained),
        "machine": f"{result['machine']}; {', '.join(f'{k} {v}' for k, v in result['versions'].items())}",
    }
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
        text = text[: text.index(begin) + len(begin)] + table + text[text.index(end) :]
    path.write_text(text, "utf-8")


def _of_collection(name: str, runs: Mapping[str, Mapping[str, float]]) -> str:
    columns = [each for each in (*MEASURES, AT_REFUSED) if any(each in values for values in runs.values())]
    return _table([name, *columns], [[run, *_cells(values, columns)] for run, values in runs.items()])


def _of_means(ranking: Mapping[str, Mapping[str, float]]) -> str:
    columns = list(next(iter(ranking.values())))
    rows = [[run, *_cells(values, columns), f"{_mean(values):.4f}"] for run, values in ranking.items() if values]
    return _table(["ranking", *columns, "mean"], rows)


def _of_training(trained: Sequence[Mapping[str, Any]]) -> str:
    """A row for each time that was measured; ``first`` and ``auroc`` of a source in columns of their own."""
    flat = [dict(_flattened(each)) for each in trained]
    columns = list(dict.fromkeys(name for each in flat for name in each))
    return _table(columns, [[_shown(each.get(name)) for name in columns] for each in flat])


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _flattened(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{name}: ")
        else:
            yield f"{before}{name.replace('auroc', 'AUROC')}", value


def _cells(values: Mapping[str, float], columns: Iterable[str]) -> list[str]:
    return [f"{values[name]:.3f}" if name in values else "" for name in columns]


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ---------------------------------------------------------------- all of it


def _run(text: str) -> tuple[str, Path]:
    name, _, folder = text.partition("=")
    if not name or not Path(folder or "/dev/null").is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: give a name, = and the folder with its results")
    return name, Path(folder)


def main() -> None:
    """Read, draw and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=_run, metavar="RUN=DIR", help=f"one or more, one of them {NOW}")
    folders: dict[str, Path] = dict(parser.parse_args().runs)
    if NOW not in folders:
        parser.error(f"give one run or more, one of them {NOW}=DIR")
    runs: Runs = {name: read(folder) for name, folder in folders.items()}
    measures = measured(runs)
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {name: version(name) for name in ("onnxruntime", "tokenizers", "faiss-cpu", "tantivy", "numpy")},
        "measures": measures,
        "ranking": means(measures, list(runs)),
    }
    sure = {name: labelled(each["queries"].values()) for name, each in runs[NOW].items()}
    draw({name: each for name, each in sure.items() if len(each.right) and len(each.wrong)})
    (DOCS / "reader.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    write_tables(result, json.loads(FACTS.read_text("utf-8"))["trained"])


if __name__ == "__main__":
    main()
