"""Many clients over HTTP while an update runs, then many questions one after the other: errors, latency, memory.

    python benchmarks/load.py [--clients 50] [--seconds 120] [--questions 10000]

Serves ``docs_corpus`` and made-up articles by ``pincite chat`` in a process of its own. The clients ask without a pause
while another process adds articles and updates, again and again. Then four clients go on until so many questions have
been asked, and the server's memory is noted all the while. Writes docs/performance/load.json and a picture.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from embedding import make_articles, vocabulary
from reporting import ROOT, plot, say, spread, write

BUSY = "busy"
ARTICLES_A_ROUND = 5


def serve(home: Path) -> tuple[subprocess.Popen[str], str]:
    """The chat over an index in ``home``, and its address."""
    command = [sys.executable, "-m", "pincite", "chat", "--index", str(home / "index"), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    address = next(found[0] for line in process.stderr if (found := re.search(r"http://[\d.:]+", line)))
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, address


def memory(process: subprocess.Popen[str]) -> float:
    """MB resident now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


class Clients:
    """Asks, counts and times."""

    def __init__(self, address: str, questions: Callable[[], str]) -> None:
        self._call = f"{address}/gradio_api/call"
        self._questions = questions
        self.times: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self.until: Callable[[], bool] = lambda: True

    def run(self) -> None:
        """One client, until it is time."""
        with httpx.Client(timeout=120) as client:
            while not self.until():
                began = time.perf_counter()
                outcome = self._ask(client, self._questions())
                self.times.append(1000 * (time.perf_counter() - began))
                self.outcomes[outcome] += 1

    def _ask(self, client: httpx.Client, question: str) -> str:
        begun = client.post(f"{self._call}/v2/ask", json={"question": question})
        if begun.status_code == 503:
            return BUSY
        begun.raise_for_status()
        event = begun.json()["event_id"]
        told = client.get(f"{self._call}/ask/{event}").text
        if "event: complete" in told:
            return "answered" if '"answered": true' in told else "nothing found"
        return BUSY if BUSY in told else f"error: {told[:200]}"


def drawn() -> Callable[[], str]:
    """Questions of words that the articles use."""
    draw, (words, _) = random.Random(3), vocabulary()
    return lambda: f"What about {' '.join(draw.choices(words, k=5))}?"


def update_on(home: Path, stop: threading.Event) -> int:
    """Add articles and update until told to stop; how often."""
    rounds = 0
    while not stop.is_set():
        rounds += 1
        with tempfile.TemporaryDirectory() as folder:
            make_articles(Path(folder), ARTICLES_A_ROUND, seed=rounds)
            for path in Path(folder).iterdir():
                shutil.move(path, home / "corpus" / f"{rounds}-{path.name}")
        command = [sys.executable, "-m", "pincite", "update", "--index", str(home / "index")]
        subprocess.run(command, check=True, capture_output=True)
    return rounds


def under_load(home: Path, address: str, clients: int, seconds: float) -> dict[str, Any]:
    """Ask from many sides while an update follows another."""
    asking, until, stop = Clients(address, drawn()), time.monotonic() + seconds, threading.Event()
    asking.until = lambda: time.monotonic() > until
    with ThreadPoolExecutor(clients + 1) as pool:
        updating = pool.submit(update_on, home, stop)
        for done in [pool.submit(asking.run) for _ in range(clients)]:
            done.result()
        stop.set()
    facts = {"clients": clients, "seconds": seconds, "updates": updating.result(), "requests": len(asking.times)}
    return facts | {"outcomes": dict(asking.outcomes), "ms": spread(asking.times)}


def on_and_on(process: subprocess.Popen[str], address: str, questions: int) -> dict[str, Any]:
    """Ask one question after the other from four sides, and note the memory every hundredth of the way."""
    asking = Clients(address, drawn())
    asking.until = lambda: len(asking.times) >= questions
    seen: list[tuple[int, float]] = []
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(asking.run) for _ in range(4)]
        while not all(each.done() for each in running):
            if not seen or len(asking.times) >= seen[-1][0] + questions // 100:
                seen.append((len(asking.times), round(memory(process), 1)))
            time.sleep(0.2)
        for each in running:
            each.result()
    return {"questions": len(asking.times), "outcomes": dict(asking.outcomes), "ms": spread(asking.times), "mb": seen}


def main() -> None:
    """Measure, write and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--questions", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        shutil.copytree(ROOT / "docs_corpus", home / "corpus")
        command = [sys.executable, "-m", "pincite", "update", str(home / "corpus"), "--index", str(home / "index")]
        subprocess.run(command, check=True, capture_output=True)
        process, address = serve(home)
        try:
            loaded = under_load(home, address, options.clients, options.seconds)
            say(str(loaded))
            long = on_and_on(process, address, options.questions)
            say(str(long))
        finally:
            process.kill()
    write("load", {"load": loaded, "long": long}, "load.py")
    plot("load", partial(draw, long["mb"]), (5, 2.6))


def draw(seen: list[tuple[int, float]], axes: Any) -> None:  # noqa: ANN401 (matplotlib has many kinds)
    """Memory over questions."""
    axes.plot([asked for asked, _ in seen], [mb for _, mb in seen])
    axes.set(xlabel="questions", ylabel="MB resident", ylim=0)


if __name__ == "__main__":
    main()
