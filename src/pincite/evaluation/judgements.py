"""What readers judge of answers: noted beside the index, a line each, and read again as judged questions.

A line holds the question and a text anchor of the place that was judged, but no word of an article.
"""

from __future__ import annotations

import errno
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock

from pincite.datatypes import Document, Filter, Span, replace_surrogates
from pincite.errors import FilterError, IndexProblem, PinciteError, UnknownDocument, UsageError
from pincite.evaluation.questions import Line, Question, lines_of, places_of
from pincite.index import Index
from pincite.text_anchors import resolve, text_anchor

Verdict = Literal["right", "wrong", "instead", "nothing"]
"""A quote answers the question, or does not; another sentence answers it; no article does."""

_MOST_BYTES, _MOST_BYTES_IN_ALL = 100_000, 50_000_000
"""Of a line, and of the file."""
_PATIENCE = 10.0  # seconds to wait for the file


def note(
    index: Index,
    verdict: Verdict,
    question: str,
    *,
    place: tuple[Document, Span] | None = None,
    history: Sequence[str] = (),
    where: Filter | None = None,
) -> Path:
    """Add a judgement to those of an index, whole or not at all, whoever else does so at the same time.

    Args:
        index: what was asked; its articles stay as they are.
        verdict: what is judged.
        question: as it was asked.
        place: what is judged; None where nothing answers.
        history: the user's turns before it, oldest first.
        where: the filter it was asked with.

    Returns:
        The file.

    Raises:
        UsageError: a line of more than 100,000 bytes.
        IndexProblem: the file cannot be written, or has grown to 50 MB.
    """
    line: dict[str, Any] = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "question": question}
    if history:
        line["history"] = list(history)
    if where is not None:
        line["filters"] = {name: value for name, value in asdict(where).items() if value is not None}
    line["verdict"] = verdict
    if place is not None:
        document, (start, end) = place
        line |= {"doc_id": document.doc_id, "start": start, "end": end, "digest": document.digest}
        line["text_anchor"] = text_anchor(document, start, end)
    _append(index.judgements, replace_surrogates(json.dumps(line, ensure_ascii=False)).encode() + b"\n")
    return index.judgements


def _append(path: Path, line: bytes) -> None:
    if len(line) > _MOST_BYTES:
        raise UsageError(f"a judgement of {len(line):,} bytes: up to {_MOST_BYTES:,} are noted; ask in fewer words")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_PATIENCE), path.open("a+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size + len(line) > _MOST_BYTES_IN_ALL:
                raise OSError(errno.EFBIG, "has grown to 50 MB: keep it elsewhere under another name")
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":  # an editor left it so
                    line = b"\n" + line
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)  # half a line would spoil the file
                raise
    except OSError as error:
        raise IndexProblem(f"{path}: {error.strerror or error}; nothing was noted") from error


# ---------------------------------------------------------------- reading


@dataclass(slots=True)
class _Asked:
    """A question with the last word on each place (document, start, end), and the text that stands there."""

    query_id: str
    question: str
    history: tuple[str, ...]
    where: Filter | None
    right: dict[tuple[str, int, int], str] = field(default_factory=dict)
    wrong: dict[tuple[str, int, int], str] = field(default_factory=dict)
    nothing: bool = False
    moved: int = 0

    def take(self, line: Line, index: Index) -> str | None:
        """Take the next judgement, which counts for more than those before it; why not, if it counts no longer."""
        if self.where and not index.count(self.where)[0]:
            return "no article fits its filters any more"
        if line["verdict"] == "nothing":
            self.right.clear()
            self.nothing = True
            return None
        is_wrong = line["verdict"] == "wrong"
        self.nothing = self.nothing and is_wrong
        try:
            found = resolve(index, line["text_anchor"])
        except UnknownDocument:
            return "its article is not in the index any more"
        except UsageError as error:
            raise UsageError(f"{line.place}: {error}") from error
        if found.span is None:
            return "its article was changed, and no longer holds the quote"
        place = (found.document.doc_id, *found.span)
        for places in (self.right, self.wrong):
            places.pop(place, None)
        (self.wrong if is_wrong else self.right)[place] = found.document.text[slice(*found.span)]
        self.moved += text_anchor(found.document, *found.span) != line["text_anchor"]
        return None

    def as_question(self, index: Index) -> Question:
        """What an evaluation asks; a quote counts wherever it stands to the letter."""

        def everywhere(places: dict[tuple[str, int, int], str]) -> list[dict[str, list[Span]]]:
            return [places_of(quote, index, self.question, doc_id) for (doc_id, _, _), quote in places.items()]

        spans = defaultdict[str, list[Span]](list)
        for places in everywhere(self.right):
            for doc_id, ranges in places.items():
                spans[doc_id] += ranges
        is_known = bool(spans) or self.nothing
        return Question(
            query_id=self.query_id,
            text=self.question,
            relevant=dict.fromkeys(spans, 1),
            spans=dict(spans) if is_known else None,
            answerable=not self.nothing if is_known else None,
            earlier=self.history,
            where=self.where,
            wrong=tuple(everywhere(self.wrong)),
        )


def read(path: Path, index: Index) -> tuple[list[Question], dict[str, Any]]:
    """The judgements of a file, as questions for an index as it is now.

    Returns:
        The questions of which anything is known; and how many places are ``right`` and ``wrong``, how many questions
        ``nothing`` answers, how many quotes were ``moved``, and what is ``stale``, as ``docs/json.md`` lists it.

    Raises:
        UsageError: there is no such file.
        PinciteError: it has no line, or one that is no judgement.
    """
    if not path.is_file():
        raise UsageError(f"{path}: missing; judge answers on the page that `pincite chat` opens, or name a file")
    asked: dict[str, _Asked] = {}
    stale = []
    try:
        for line in lines_of(path):
            new = _asked(line)
            if reason := asked.setdefault(new.query_id, new).take(line, index):
                place = {"line": int(line.place.rpartition(":")[2]), "question": line["question"]}
                stale.append(place | {"verdict": line["verdict"], "doc_id": line.get("doc_id"), "reason": reason})
    except UsageError as error:
        raise PinciteError(str(error)) from error  # the file is wrong, not how it was named
    if not asked:
        raise PinciteError(f"{path}: no judgements; judge answers on the page that `pincite chat` opens")
    known = [one for one in asked.values() if one.right or one.wrong or one.nothing]
    counts = {
        "right": sum(len(one.right) for one in known),
        "wrong": sum(len(one.wrong) for one in known),
        "nothing": sum(one.nothing for one in known),
        "moved": sum(one.moved for one in known),
    }
    return [one.as_question(index) for one in known], counts | {"stale": stale}


def _asked(line: Line) -> _Asked:
    """The question of a judgement, checked with all the rest of it."""
    asked, anchors, history = map(line.strings, ("question", "text_anchor", "history"))
    verdict, filters = line["verdict"], line.get("filters")
    if len(asked) != 1 or verdict not in get_args(Verdict) or len(anchors) != (verdict != "nothing"):
        kinds = ", ".join(get_args(Verdict))
        raise UsageError(
            f"{line.place}: give a 'question', a 'verdict' ({kinds}) and, but for the last, a 'text_anchor'"
        )
    try:
        where = Filter(**filters) if filters else None
    except (TypeError, FilterError) as error:
        raise UsageError(f"{line.place}: 'filters': {error}") from error
    only = f" (only {json.dumps(filters, ensure_ascii=False, sort_keys=True)})" if filters else ""
    return _Asked(f"{' › '.join([*history, *asked])}{only}", asked[0], history, where)
