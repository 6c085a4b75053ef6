"""One evaluation, from the file or collection that was named to one result. What is measured: `pincite.evaluation`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pincite import evaluation, judged
from pincite.assistant import Assistant
from pincite.datatypes import Progress
from pincite.errors import UsageError
from pincite.evaluation import OUTCOMES, Outcome, Values
from pincite.index import Index
from pincite.judged import Question
from pincite.judgements import Judgements


def questions_of(path: Path, index: Index, corpus: Path, progress: Callable[[Progress], None]) -> list[Question]:
    """The judged questions, to be asked of an index; into which a collection's texts are brought first.

    Args:
        path: a file of questions for the index that is there, or the folder of a collection.
        index: of one's own articles, or that of the collection.
        corpus: a folder for a copy of the collection's texts.
        progress: as for `Index.update`.

    Raises:
        UsageError: there is no such file or folder, or it holds what is no question.
    """
    if not path.exists():
        raise UsageError(f"{path}: missing; name a file of questions, or the folder of a collection")
    if not path.is_dir():
        return judged.read_own(path, index)
    questions = judged.read_questions(path)
    judged.index_collection(path, index, corpus, progress)
    return questions


def run(
    questions: Sequence[Question],
    assistant: Assistant,
    *,
    old: dict[str, Values] | None = None,
    worst: int = 0,
    asked: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Ask all questions, those with turns before them without these as well.

    Args:
        questions: those of one file or collection.
        assistant: answers them.
        old: the measures of an earlier run by question, to compare with.
        worst: how many of the questions that came out worst are listed.
        asked: called after each question.

    Returns:
        What ``docs/json.md`` lists for ``evaluate``, but not the collection's name.
    """
    outcomes: list[Outcome] = []

    def done(outcome: Outcome | None) -> None:
        outcomes.extend([outcome] if outcome else [])
        asked()

    measured = evaluation.evaluate(questions, assistant, done=done)
    result: dict[str, Any] = {
        "questions": evaluation.kinds(measured.values()),
        "outcomes": {name: [outcome.outcome for outcome in outcomes].count(name) for name in OUTCOMES},
        "measures": evaluation.means(measured.values()),
    }
    if any(question.earlier for question in questions):
        alone = evaluation.evaluate(questions, assistant, history=False, done=lambda _: asked())
        result["without_history"] = evaluation.means(alone.values())
    if old is not None:
        result["compared"] = evaluation.compare(old, measured)
    if worst:
        result["worst"] = [asdict(outcome) for outcome in evaluation.worst(outcomes, measured, worst)]
    return result | {"queries": measured}


def of_judgements(judged: Judgements, measured: Collection[Values]) -> dict[str, Any]:
    """How many judgements there are, what became of the quotes judged wrong, and which judgements count no longer."""
    counts = {name: getattr(judged, name) for name in ("right", "wrong", "nothing")}
    for name in ("quoted", "first"):
        counts[f"wrong_{name}"] = int(sum(values.get(f"#wrong {name}", 0) for values in measured))
    return counts | {"moved": judged.moved, "stale": [asdict(each) for each in judged.stale]}


def earlier(path: Path, collection: str) -> dict[str, Values]:
    """The measures by question that an earlier evaluation of the same collection printed as JSON.

    Raises:
        UsageError: the file is something else, or about another collection.
    """
    try:
        printed = json.loads(path.read_text("utf-8"))
        queries = {str(name): {str(m): float(v) for m, v in held.items()} for name, held in printed["queries"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be compared; give what `pincite evaluate --json` printed") from error
    if printed.get("collection") != collection:
        other = f"is about the collection {printed.get('collection')!r}, not {collection!r}"
        raise UsageError(f"{path}: {other}; give what an evaluation of {collection!r} printed")
    return queries
