"""What an answer over ``docs_corpus`` costs, by stage, and the memory of a process that answers.

    python benchmarks/answering.py [--rounds 5]

Each question is searched and asked in turn with one `SentenceTransformer.encode` of the question and one of a passage
of 200 tokens, so that all four meet the machine in the same state. Writes docs/performance/answering.json.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentence_transformers import SentenceTransformer

from pincite import Assistant, Index
from pincite.retrieval.embedding import find_model
from pincite.settings import DEFAULT_MODEL
from reporting import ROOT, milliseconds, say, spread, write

QUESTIONS = (
    "By what percentage did Zhejiang raise its funding for science and technology?",
    "How do I add texts?",
    "Which formats can be read?",
    "What happens to a file that cannot be read?",
    "Which provinces plan to train more engineers?",
    "How is a date found?",
    "What does the plan say about basic research?",
    "Where does the index lie?",
    "How can I ask from Python?",
    "What is quoted when nothing answers?",
    "Who may add articles over HTTP?",
    "How many national laboratories are planned, and by when are they to be at work?",
)
TOKENS = 200
MEMORY = """
import sys
from pincite import Assistant, Index
questions = sys.argv[2:]
with Index.open(sys.argv[1]) as index:
    for question in questions * 3:
        Assistant(index).ask(question)
assert "torch" not in sys.modules
status = open("/proc/self/status").read()  # ru_maxrss would count the process that started this one
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    plain = SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu", backend="torch")
    text = (ROOT / "README.md").read_text("utf-8")
    ids = plain.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    passage = text[: ids[TOKENS - 3][1]]  # and two special tokens
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "index")
        with Index.open(path) as index:
            index.update(ROOT / "docs_corpus")
            times = measure(index, plain, passage, options.rounds)
        asked = subprocess.run(
            [sys.executable, "-c", MEMORY, path, *QUESTIONS], check=True, capture_output=True, text=True
        )
    spreads = {name: spread(values) for name, values in times.items()}
    found = {
        "ms": spreads,
        "ask_p95_in_encodes_of_a_passage": round(spreads["ask"]["p95"] / spreads["encode a passage"]["p50"], 2),
        "search_p50_in_encodes_of_a_question": round(spreads["search"]["p50"] / spreads["encode a question"]["p50"], 2),
        "memory_mb": round(float(asked.stdout)),
        "questions": len(QUESTIONS) * options.rounds,
    }
    write("answering", found, "answering.py")


def measure(index: Index, plain: SentenceTransformer, passage: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each call, by what was called; the stages of an answer are repeated one by one."""
    assistant = Assistant(index)
    embedder = index._embedder(index.settings.model)
    times: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for question in QUESTIONS:
            ranking = index.rank([(question, 1.0)], passages=20, documents=10)
            calls: dict[str, Callable[[], object]] = {
                "encode a passage": partial(plain.encode, [passage], show_progress_bar=False),
                "encode a question": partial(plain.encode, [question], show_progress_bar=False),
                "search": partial(index.search, question),
                "ask": partial(assistant.ask, question),
                "stage: embed the question": partial(embedder.encode_query, [question]),
                "stage: embed and rank": partial(index.rank, [(question, 1.0)], passages=20, documents=10),
                "stage: read": partial(index.read, question, ranking),
            }
            for name, call in calls.items():
                taken = milliseconds(call)
                if number:  # the first round warms up
                    times.setdefault(name, []).append(taken)
        say(f"round {number}: ask {statistics.median(times.get('ask', [0])):.1f} ms")
    return times


if __name__ == "__main__":
    main()
