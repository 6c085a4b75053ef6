"""What an update costs when little or nothing has changed.

    python benchmarks/updates.py [--files 100000]

First so many small files, of which none has changed, against a bare walk that looks at each. Then a twentieth of them,
of which a growing share is changed. Vectors are drawn at random, so that what is measured is everything but the
model. Writes docs/performance/updates.json and a picture.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import statistics
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pincite import Index, Settings
from pincite.stores.base import Vectors
from reporting import milliseconds, plot, say, write

SHARES = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0)
ROUNDS = 3


class Random:
    """An embedder that costs next to nothing."""

    fingerprint, max_seq_length = "random", 254

    def token_starts(self, text: str) -> Sequence[int]:
        """Words."""
        return [found.start() for found in re.finditer(r"\w+", text)]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Vectors that the text alone decides."""
        seeds = (int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) for text in texts)
        rows = np.array([np.random.default_rng(seed).standard_normal(64) for seed in seeds], np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    encode_document = encode_query


def write_article(path: Path, version: int) -> None:
    """Two sentences."""
    path.write_text(f"Number {path.stem} is here. This is its version {version}, in which little else is said.\n")


def make(folder: Path, files: int) -> list[Path]:
    """Files in folders of a hundred."""
    paths = [folder / str(number // 100) / f"{number}.txt" for number in range(files)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_article(path, 0)
        # Older than the two seconds in which the bytes of a file are compared again.
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return paths


def walk(folder: Path) -> int:
    """A bare walk that looks at every file."""
    return sum(os.stat(f"{place}/{name}").st_size for place, _, names in os.walk(folder) for name in names)  # noqa: PTH116


def opened(folder: Path) -> Index:
    """An index that needs no model."""
    index = Index.open(folder, settings=Settings(model="random"))
    index.use_embedder("random", Random())
    return index


def unchanged(place: Path, files: int) -> dict[str, float]:
    """Seconds for an update without a change and for the walk, in turn."""
    make(place / "corpus", files)
    with opened(place / "index") as index:
        built = milliseconds(partial(index.update, place / "corpus")) / 1000
        say(f"built in {built:.0f} s")
        index.update()
        pairs = [
            (milliseconds(index.update) / 1000, milliseconds(partial(walk, place / "corpus")) / 1000)
            for _ in range(ROUNDS)
        ]
    update, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
    return {"files": files, "update_s": update, "walk_s": bare, "ratio": update / bare, "first_build_s": built}


def changed(place: Path, files: int) -> list[dict[str, float]]:
    """Seconds for an update by the share of files that changed since the one before."""
    paths, found = make(place / "corpus", files), []
    with opened(place / "index") as index:
        index.update(place / "corpus")
        for version, share in enumerate(SHARES, 1):
            for path in paths[: round(share * files)]:
                write_article(path, version)
            took = milliseconds(index.update) / 1000
            found.append({"share": share, "update_s": round(took, 3)})
            say(str(found[-1]))
    return found


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as folder:
        still = {name: round(value, 3) for name, value in unchanged(Path(folder, "still"), files).items()}
        say(str(still))
        moving = changed(Path(folder, "moving"), files // 20)
    write("updates", {"unchanged": still, "changed_of": files // 20, "changed": moving}, "updates.py")
    plot("updates", partial(draw, moving), (5, 2.8))


def draw(found: list[dict[str, float]], axes: Any) -> None:  # noqa: ANN401 (matplotlib has many kinds)
    """Cost over share."""
    axes.plot([100 * each["share"] for each in found], [each["update_s"] for each in found], marker="o")
    axes.set(xlabel="per cent of the files changed", ylabel="seconds", xscale="symlog", ylim=0)


if __name__ == "__main__":
    main()
