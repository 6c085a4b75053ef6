"""One evaluation, from the file or collection that was named to one result.

`questions` and `judgements` say what is asked, `measures` what is measured, `outcomes` what became of each question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pincite.assistant import Assistant
from pincite.datatypes import Filter, Progress
from pincite.errors import PinciteError, UsageError, installing
from pincite.evaluation import judgements, measures, outcomes
from pincite.evaluation.measures import Values
from pincite.evaluation.outcomes import OUTCOMES, Outcome
from pincite.evaluation.questions import Question, index_collection, left_out, read_own, read_questions
from pincite.index import Index


def check_extra() -> None:
    """Measuring needs an extra; to be asked before anything that takes long.

    Raises:
        PinciteError: it is not installed.
    """
    try:
        import ir_measures  # noqa: F401 (only whether it is there)
    except ImportError as error:
        raise PinciteError(f"evaluate: needs ir_measures; run {installing('pincite[evaluation]')}") from error


def run(
    path: Path,
    index: Index,
    corpus: Path,
    *,
    judged: bool = False,
    compare: Path | None = None,
    worst: int | None = None,
    leave_out: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> dict[str, Any]:
    """Ask all questions of a file or collection, those with turns before them without these as well.

    Args:
        path: a file of questions or judgements on the index that is there, or the folder of a collection.
        index: of one's own articles, or that of the collection, whose texts are brought into it first.
        corpus: a folder for a copy of the collection's texts.
        judged: the file is one of judgements.
        compare: what an earlier evaluation printed as JSON.
        worst: how many of the questions that came out worst are listed; by default none.
        leave_out: ask each question again without what answers it.
        progress: as for `Index.update`, and with the stage ``ask``.

    Returns:
        What ``docs/json.md`` lists for ``evaluate``.
    """
    old = _earlier(compare, path.name) if compare else None
    questions, noted = judgements.read(path, index) if judged else (_questions(path, index, corpus, progress), None)
    if leave_out:
        questions = [*questions, *left_out(questions, index)]
    result = {"collection": path.name} | _result(questions, Assistant(index), old, worst, progress)
    if noted:
        for name in ("quoted", "first"):
            noted[f"wrong_{name}"] = int(sum(each.get(f"#wrong {name}", 0) for each in result["queries"].values()))
        result["judgements"] = noted
    return result


def _result(
    questions: Sequence[Question],
    assistant: Assistant,
    old: dict[str, Values] | None,
    worst: int | None,
    progress: Callable[[Progress], None],
) -> dict[str, Any]:
    in_turns = any(question.earlier for question in questions)
    became: list[Outcome | None] = []

    def done(outcome: Outcome | None) -> None:
        became.append(outcome)
        progress(Progress(stage="ask", done=len(became), total=len(questions) * (1 + in_turns)))

    measured = evaluate(questions, assistant, done=done)
    known = [outcome for outcome in became if outcome]
    result: dict[str, Any] = {
        "questions": measures.kinds(measured.values()),
        "outcomes": {name: [each["outcome"] for each in known].count(name) for name in OUTCOMES},
        "measures": measures.means(measured.values()),
    }
    if in_turns:
        result["without_history"] = measures.means(evaluate(questions, assistant, history=False, done=done).values())
    if old is not None:
        result["compared"] = measures.compare(old, measured)
    if worst:
        result["worst"] = outcomes.worst(known, measured, worst)
    return result | {"queries": measured}


def evaluate(
    questions: Sequence[Question],
    assistant: Assistant,
    *,
    history: bool = True,
    done: Callable[[Outcome | None], object] = lambda _: None,
) -> dict[str, Values]:
    """The measures of each question that its judgements allow, by query id; `measures.means` sums them up.

    Args:
        questions: those of one file or collection.
        assistant: answers them.
        history: ask with the turns before each question, where it has some.
        done: called after each question, with what became of it, or None where nothing says what is right.
    """
    index = assistant.index
    ids = [each.doc_id for each in index.listed()] if any(question.without for question in questions) else []
    measured: dict[str, Values] = {}
    for question in questions:
        turns = [{"role": "user", "content": turn} for turn in question.earlier] if history else []
        left = Filter(doc_ids=[name for name in ids if name not in question.without]) if question.without else None
        answer = assistant.ask(question.text, history=turns, where=left or question.where)
        gold = index.documents(question.documents)
        measured[question.query_id] = measures.measure(question, answer, gold)
        done(outcomes.outcome_of(question, answer, gold))
    return measured


def _questions(path: Path, index: Index, corpus: Path, progress: Callable[[Progress], None]) -> list[Question]:
    """The questions of a file or of a collection, whose texts are then in the index."""
    if not path.exists():
        raise UsageError(f"{path}: missing; name a file of questions, or the folder of a collection")
    if not path.is_dir():
        return read_own(path, index)
    questions = read_questions(path)
    index_collection(path, index, corpus, progress)
    return questions


def _earlier(path: Path, collection: str) -> dict[str, Values]:
    """The measures by question that an earlier evaluation of the same collection printed as JSON."""
    try:
        printed = json.loads(path.read_text("utf-8"))
        queries = {str(name): {str(m): float(v) for m, v in held.items()} for name, held in printed["queries"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be compared; give what `pincite evaluate --json` printed") from error
    if printed.get("collection") != collection:
        other = f"is about the collection {printed.get('collection')!r}, not {collection!r}"
        raise UsageError(f"{path}: {other}; give what an evaluation of {collection!r} printed")
    return queries
