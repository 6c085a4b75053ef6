"""The command line: one function for each verb of ``pincite``, then its options.

Results go to stdout, progress to stderr. An error is one line; exit status 1, or 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tqdm import tqdm

from pincite import __version__, as_json
from pincite.datatypes import (
    Answer,
    Changes,
    Citation,
    Document,
    Filter,
    Hit,
    Passage,
    Progress,
    Status,
    UpdateReport,
    whole,
)
from pincite.errors import DamagedIndex, PinciteError, UsageError

if TYPE_CHECKING:
    from pincite.evaluation import Outcome, Question, Text, Values
    from pincite.index import Index

_UNITS = {"read": "files", "embed": "passages", "write": "steps"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MOST_SKIPPED_SHOWN = 20
_NEAREST_SHOWN = 3
_TALKATIVE = ("asyncio", "distributed", "grpc._server", "milvus_lite", "pymilvus", "tornado")
"""Libraries that print what they also raise, and that is said in one line."""

_OPEN_TO_OTHERS = "whoever reaches this address can read all articles"
_READ_ONLY = f"{_OPEN_TO_OTHERS}; without --token nobody can add any or update the index"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return int(options.run(options))
    except PinciteError as error:
        print_error(str(error))
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print_error("interrupted; nothing is lost")
        return 130


def print_error(message: str) -> None:
    """Say what went wrong, on stderr."""
    sys.stderr.write(f"pincite: {_CONTROLS.sub('?', whole(' '.join(message.split())))}\n")


def _say(text: str) -> None:
    """Print; what would steer the terminal is made visible."""
    sys.stdout.write(_CONTROLS.sub(lambda found: repr(found[0])[1:-1], whole(text)) + "\n")


def _say_json(value: dict[str, Any]) -> None:
    _say(json.dumps(value, ensure_ascii=False, indent=2))


# ---------------------------------------------------------------- verbs


def _update(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.index) as index:
        settings = replace(index.settings, model=options.model) if options.model else None
    with Index.open(options.index, settings=settings) as index:
        if options.watch:
            return _watch(index, options)
        _say_report(_updated(index, options), options.json)
    return 0


def _updated(index: Index, options: argparse.Namespace) -> UpdateReport:
    from pincite import cluster
    from pincite.watching import QUIET

    elsewhere = cluster.dask(options.scheduler) if options.scheduler else nullcontext()
    with elsewhere as executor, _Bar() as bar:
        return index.update(
            options.corpus,
            rebuild=options.rebuild,
            allow_removals=options.allow_removals,
            cache=not options.no_cache,
            wait=options.wait or options.watch,
            quiet=QUIET if options.watch else 0.0,
            executor=executor,
            progress=bar.show,
        )


def _watch(index: Index, options: argparse.Namespace) -> int:
    """Update at once and at every change; what goes wrong is said, and tried again at the next."""
    from pincite.watching import bursts

    folder = index.folder(options.corpus)
    print_error(f"watching {folder} (Ctrl-C ends it)")
    with suppress(KeyboardInterrupt):
        for _ in bursts(folder, index.places):
            try:
                _say_report(_updated(index, options), options.json)
                options.rebuild = False  # once is enough
            except PinciteError as error:
                print_error(str(error))
            sys.stdout.flush()
    return 0


class _Bar:
    """Progress on stderr, a bar for each stage with its rate and the time left; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: tqdm[NoReturn] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *problem: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        if self._bar is None or progress.stage != self._stage:
            self.__exit__()
            self._stage = progress.stage
            unit = f" {_UNITS[progress.stage]}"
            self._bar = tqdm(desc=f"{progress.stage:<5}", total=progress.total, unit=unit, disable=None, leave=True)
        self._bar.update(progress.done - self._bar.n)


def _say_report(report: UpdateReport, json_wanted: bool) -> None:
    if json_wanted:
        _say_json(as_json.report(report))
        return
    counts = [f"{len(getattr(report, name))} {name}" for name in ("added", "changed", "removed", "unchanged")]
    _say(f"{', '.join(counts)}; {report.embedded} passages embedded")
    if report.skipped:
        _say(f"{len(report.skipped)} skipped:")
        for path, reason in list(report.skipped.items())[:_MOST_SKIPPED_SHOWN]:
            _say(f"  {path}: {reason}")
        if (more := len(report.skipped) - _MOST_SKIPPED_SHOWN) > 0:
            _say(f"  and {more} more (all with --json)")


def _opened(place: str | Path, reader: str | None) -> Index:
    """An index, with the reader that was asked for in the place of its own."""
    from pincite.index import Index

    index = Index.open(place)
    if reader is None:
        return index
    return Index.open(place, settings=replace(index.settings, reader=None if reader == "none" else reader))


def _search(options: argparse.Namespace) -> int:
    with _opened(options.index, options.reader) as index:
        found = index.search(
            options.question, k=options.k, where=_filter(options), lexical=options.lexical, rerank=options.rerank
        )
    if options.json:
        _say_json(as_json.hits(options.question, found))
    else:
        nothing = "No passage fits the filter." if _filter(options) else "No passage holds one of these words."
        _say("\n\n".join(map(_hit, found)) or nothing)
    return 0


def _hit(hit: Hit) -> str:
    passage = hit.passage
    parts = ", ".join(f"{name} {value:.2f}" for name, value in hit.scores.items())
    place = f"{_about(hit.document)}, {_range(passage.start, passage.end, passage.page)}"
    return f"{hit.rank}. {place}\n   score {hit.score:.2f} ({parts}){_also(hit.copies)}\n{_indented(passage.text)}"


def _also(copies: Sequence[Passage]) -> str:
    return f"\n   also in {', '.join(dict.fromkeys(copy.doc_id for copy in copies))}" if copies else ""


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


def _about(document: Document) -> str:
    facts = [f"“{document.title}”", document.source, document.author, document.date, document.doc_id]
    return ", ".join(fact for fact in facts if fact)


def _range(start: int, end: int, page: int | None) -> str:
    return f"{f'page {page}, ' if page else ''}characters {start}-{end}"


def _ask(options: argparse.Namespace) -> int:
    from pincite.assistant import Assistant

    with _opened(options.index, options.reader) as index:
        answer = Assistant(index, threshold=options.threshold).ask(options.question, where=_filter(options))
    if options.json:
        _say_json(as_json.answer(options.question, answer))
    else:
        _say(_answer(answer))
    if len(answer.question) < len(options.question.strip()):
        print_error(f"the question is long: it was read by its end, “{answer.question}”")
    return 0


def _answer(answer: Answer) -> str:
    if answer.answered:
        quotes = "\n".join(f"{each.quote} [{each.label}]" for each in answer.citations)
        return f"{quotes}\n\n" + "\n".join(map(_citation, answer.citations))
    nearest = "\n\n".join(map(_hit, answer.hits[:_NEAREST_SHOWN]))
    text = f"Nothing in these articles answers this (confidence {answer.confidence:.2f})."
    return f"{text} The nearest passages:\n\n{nearest}" if nearest else text


def _citation(citation: Citation) -> str:
    place = f"{_about(citation.document)}, {_range(citation.start, citation.end, citation.page)}"
    return f"[{citation.label}] {place}{_also(citation.copies)}"


def _evaluate(options: argparse.Namespace) -> int:
    from pincite import evaluation

    evaluation.check_extra()
    old = _read_evaluation(options.compare, options.collection.name) if options.compare else None
    if not options.collection.exists():
        raise UsageError(f"{options.collection}: missing; name a file of questions, or the folder of a collection")
    own = not options.collection.is_dir()
    place = Path(options.index or Path("index", "evaluation", options.collection.resolve().name))
    with _opened(options.index or "index" if own else place / "index", options.reader) as index:
        if own:
            questions = evaluation.read_own(options.collection, index)
        else:
            questions = evaluation.read_questions(options.collection)
            with _Bar() as bar:
                evaluation.index_collection(options.collection, index, place / "corpus", bar.show)
        if options.leave_out:
            questions = [*questions, *evaluation.left_out(questions, index)]
        result, each, outcomes = _measured(index, questions)
    result = {"collection": options.collection.name} | result
    if old is not None:
        result["compared"] = evaluation.compare(old, each)
    worst = evaluation.worst(outcomes, each, options.worst)
    if options.json:
        listed = {"worst": [asdict(outcome) for outcome in worst]} if options.worst else {}
        _say_json(result | listed | {"queries": each})
    else:
        _say_evaluation(result)
        for outcome in worst:
            _say(_outcome(outcome))
    return 0


def _measured(index: Index, questions: Sequence[Question]) -> tuple[dict[str, Any], dict[str, Values], list[Outcome]]:
    from pincite import evaluation

    each, outcomes = _asked(index, questions)
    counts = Counter(outcome.outcome for outcome in outcomes)
    result: dict[str, Any] = {
        "questions": evaluation.kinds(each.values()),
        "outcomes": {name: counts[name] for name in evaluation.OUTCOMES},
        "measures": evaluation.means(each.values()),
    }
    if any(question.earlier for question in questions):
        result["without_history"] = evaluation.means(_asked(index, questions, history=False)[0].values())
    return result, each, outcomes


def _asked(
    index: Index, questions: Sequence[Question], *, history: bool = True
) -> tuple[dict[str, Values], list[Outcome]]:
    from pincite.assistant import Assistant
    from pincite.evaluation import evaluate

    outcomes: list[Outcome] = []
    with tqdm(desc="ask  ", total=len(questions), unit=" questions", disable=None) as asked:

        def done(outcome: Outcome | None) -> None:
            outcomes.extend([outcome] if outcome else [])
            asked.update()

        return evaluate(questions, Assistant(index), history=history, done=done), outcomes


def _read_evaluation(path: Path, collection: str) -> dict[str, Values]:
    try:
        found = json.loads(path.read_text("utf-8"))
        queries = {str(name): {str(m): float(v) for m, v in each.items()} for name, each in found["queries"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: cannot be compared; give what `pincite evaluate --json` printed") from error
    if found.get("collection") != collection:
        raise UsageError(f"{path}: is about the collection {found.get('collection')!r}, not {collection!r}")
    return queries


def _say_evaluation(result: dict[str, Any]) -> None:
    for title in ("questions", "outcomes"):
        _say(f"{title:<15} {', '.join(f'{count} {name}' for name, count in result[title].items() if count)}")
    columns = {name: result[name] for name in ("measures", "without_history") if name in result}
    for name in result["measures"]:
        _say(
            f"{name:<15}"
            + "".join(f" {values[name]:7.3f}" if name in values else f"{'-':>8}" for values in columns.values())
        )
    if len(columns) > 1:
        _say("(second column: without the turns before the questions)")
    for name, values in result.get("compared", {}).items():
        change, low, high = values["new"] - values["old"], values["low"], values["high"]
        _say(f"{name:<15} {values['old']:7.3f} before, {change:+.3f} ({low:+.3f} to {high:+.3f} in 95 % of resamples)")


def _outcome(outcome: Outcome) -> str:
    from pincite import evaluation

    rank = f", right at rank {outcome.rank}" if outcome.rank else ""
    named = "" if outcome.id == outcome.question else f"{outcome.id}: "
    lines = [f"\n{outcome.outcome}, confidence {outcome.confidence:.2f}{rank}", f"   {named}{outcome.question}"]
    lines += [f"   after   {evaluation.shortened(turn)}" for turn in outcome.history]
    return "\n".join(lines + _texts("quoted", outcome.quoted) + _texts("right", outcome.right))


def _texts(title: str, texts: Sequence[Text]) -> list[str]:
    shown = [_text(each) for each in texts[:_NEAREST_SHOWN]] or ["nothing"]
    if (more := len(texts) - _NEAREST_SHOWN) > 0:
        shown.append(f"and {more} more (all with --json)")
    return [f"   {title:<7} {each}" for each in shown]


def _text(text: Text) -> str:
    from pincite import evaluation

    label = "" if text.label is None else f"[{text.label}] "
    return f"{label}{text.doc_id}{'' if text.quote is None else f': “{evaluation.shortened(text.quote)}”'}"


def _chat(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.index) as index:
        index.status()  # without an index there is nothing to open a page for
        from pincite import web

        notice = "" if options.host in web.LOOPBACK else _OPEN_TO_OTHERS if options.token else _READ_ONLY
        web.launch(
            index,
            host=options.host,
            port=options.port,
            token=options.token,
            allow_hosts=options.allow_host,
            open_browser=options.open,
            watch=options.watch,
            on_ready=lambda address: _say_address(address, notice),
        )
    return 0


def _say_address(address: str, notice: str) -> None:
    if notice:
        print_error(notice)
    sys.stderr.write(f"Pincite answers at {address} (Ctrl-C ends it)\n")


def _status(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.index) as index:
        wrong = index.verify() if options.verify else ()
        if options.verify and not options.json:
            _say("\n".join(["verified    no:", *wrong]) if wrong else "verified    all is as it was written")
        try:
            status, changes = index.status(), index.changes()
        except DamagedIndex:  # which is what was said
            if not wrong:
                raise
            if options.json:
                _say_json({"wrong": wrong})
            return 1
    if options.json:
        _say_json(as_json.status(status, changes) | ({"wrong": wrong} if options.verify else {}))
    else:
        _say_status(status, changes)
    return 1 if wrong else 0


def _say_status(status: Status, changes: Changes | None) -> None:
    shown = as_json.status(status, changes)
    if changes is None:
        shown["changes"] = "unknown: the folder of articles is not there, or cannot be listed"
    for name, value in shown.items():
        if not isinstance(value, dict | tuple):
            _say(f"{name:<11} {'-' if value is None else value}")
    for limit in status.limits:
        _say(f"{'limits':<11} {limit}")
    sizes = ", ".join(f"{name} {_bytes(size)}" for name, size in status.bytes.items())
    _say(f"{'disk':<11} {_bytes(sum(status.bytes.values()))} ({sizes})")
    for word, names in asdict(changes).items() if changes else ():
        if names:
            _say(f"{word} on disk: {', '.join(names[:_MOST_SKIPPED_SHOWN])}")
    for title, reasons in (("stale (the last good version answers)", status.stale), ("skipped", status.skipped)):
        for path, reason in reasons.items():
            _say(f"{title}: {path}: {reason}")


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _copy(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.source) as source, Index.open(options.target) as target:
        documents, passages = source.copy(target, overwrite=options.overwrite)
    _say(f"{documents} documents, {passages} passages copied; nothing embedded")
    return 0


def _backup(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.index) as index:
        index.backup(options.file)
    _say(f"{options.file}: {options.file.stat().st_size:,} bytes")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from pincite.index import Index

    with Index.open(options.index) as index:
        index.restore(options.file, overwrite=options.overwrite)
        status = index.status()
    _say(f"{status.documents} documents, {status.passages} passages, updated {status.updated}")
    return 0


def _filter(options: argparse.Namespace) -> Filter | None:
    names = ("source", "author", "after", "before", "doc_ids")
    values = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return Filter(**values) if values else None


# ---------------------------------------------------------------- options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pincite",
        description="Answers questions about a folder of articles by quoting them.",
        epilog="example: pincite update docs_corpus && pincite ask 'How do I add texts?'",
    )
    parser.add_argument("--version", action="version", version=f"pincite {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    _add_update(verbs)
    search = _add_verb(verbs, "search", _search, "find passages", "pincite search 'talent plans' --k 3 --after 2022")
    search.add_argument("--k", type=int, default=10, metavar="N", help="how many passages, from 1 (default 10)")
    search.add_argument("--lexical", action="store_true", help="by words alone (BM25), which needs no model")
    search.add_argument("--rerank", action="store_true", help="read the best passages and order them by that as well")
    ask = _add_verb(verbs, "ask", _ask, "answer a question by quoting", "pincite ask 'How do I add texts?' --json")
    ask.add_argument("--threshold", type=float, metavar="P", help="least confidence of an answer, 0 to 1")
    for verb in (search, ask):
        verb.add_argument("question", metavar="QUESTION")
        _add_filter(verb)
    chat = _add_verb(verbs, "chat", _chat, "open the chat page", "pincite chat --port 8080")
    chat.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    chat.add_argument("--port", type=int, default=7860, metavar="N", help="default 7860")
    chat.add_argument(
        "--token",
        default=os.environ.get("PINCITE_TOKEN"),
        metavar="T",
        help="lets who sends it add articles and update (default: the variable PINCITE_TOKEN)",
    )
    chat.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="answer to this name too, such as a proxy's"
    )
    chat.add_argument("--open", action="store_true", help="open it in the browser")
    chat.add_argument("--watch", action="store_true", help="update whenever the folder of articles changes")
    status = _add_verb(verbs, "status", _status, "say what the index holds", "pincite status --json")
    status.add_argument(
        "--verify", action="store_true", help="check every passage and every byte; 1 if not all is well"
    )
    backup = _add_verb(verbs, "backup", _backup, "keep the index in one file", "pincite backup index.pincite")
    restore = _add_verb(verbs, "restore", _restore, "make an index of a backup", "pincite restore index.pincite")
    restore.add_argument("--overwrite", action="store_true", help="also where there is an index with documents")
    for verb in (backup, restore):
        verb.add_argument("file", metavar="FILE", type=Path)
    _add_copy(verbs)
    evaluate = _add_evaluate(verbs)
    for verb in (search, ask, evaluate):
        verb.add_argument("--reader", metavar="FOLDER", help="another reader, or none (default: the one shipped)")
    for verb in (search, ask, status, evaluate):
        verb.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_verb(
    verbs: Any,  # noqa: ANN401 (argparse has no public name for it)
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
    example: str,
    index: str = "the index: a folder, or an address in Milvus (default index)",
) -> _Parser:
    verb: _Parser = verbs.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=f"example: {example}"
    )
    verb.add_argument("--index", default="index", metavar="PLACE", help=index)
    verb.set_defaults(run=run)
    return verb


def _add_evaluate(verbs: Any) -> _Parser:  # noqa: ANN401 (argparse has no public name for it)
    what = "measure on judged questions"
    place = "the index to ask (default index); for a collection: where it is indexed (default index/evaluation/NAME)"
    evaluate = _add_verb(verbs, "evaluate", _evaluate, what, "pincite evaluate questions.jsonl --worst 10", place)
    what = "a file of questions, or the folder of a collection in BEIR's layout"
    evaluate.add_argument("collection", type=Path, metavar="QUESTIONS", help=what)
    evaluate.set_defaults(index=None)
    evaluate.add_argument("--compare", type=Path, metavar="OLD.json", help="what an earlier `--json` printed")
    what = "show the N questions that came out worst, and where the answer was lost"
    evaluate.add_argument("--worst", type=_count, default=0, metavar="N", help=what)
    what = "ask each question once more with what answers it left out, to see whether it is then refused"
    evaluate.add_argument("--leave-out", action="store_true", help=what)
    return evaluate


def _add_copy(verbs: Any) -> None:  # noqa: ANN401 (argparse has no public name for it)
    example = "pincite copy index milvus+http://127.0.0.1:19530/plans"
    what = "Put one index in the place of another, without embedding."
    copy: _Parser = verbs.add_parser("copy", help="copy an index", description=what, epilog=f"example: {example}")
    for name, where in (("source", "SRC"), ("target", "DST")):
        copy.add_argument(name, metavar=where, help="a folder, or an address in Milvus")
    copy.add_argument("--overwrite", action="store_true", help="also where there is an index with documents")
    copy.set_defaults(run=_copy)


def _add_update(verbs: Any) -> None:  # noqa: ANN401 (argparse has no public name for it)
    what = "bring the index up to date with a folder of articles"
    update = _add_verb(verbs, "update", _update, what, "pincite update docs_corpus --index index")
    update.add_argument("corpus", nargs="?", metavar="CORPUS", help="the folder (default: that of the last update)")
    update.add_argument("--rebuild", action="store_true", help="make everything anew; the old index answers meanwhile")
    update.add_argument("--no-cache", action="store_true", help="embed again what was embedded before")
    update.add_argument("--allow-removals", action="store_true", help="even if most of the index goes")
    update.add_argument("--wait", action="store_true", help="until another update has ended, instead of giving up")
    update.add_argument("--watch", action="store_true", help="go on, and update whenever the folder changes")
    update.add_argument("--scheduler", metavar="ADDRESS", help="embed on the workers of this Dask cluster")
    update.add_argument("--model", metavar="NAME", help="a sentence-transformers model or its folder")
    update.add_argument("--json", action="store_true", help="print the report as JSON")


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _add_filter(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--source", action="append", metavar="S", help="only from this source; may be repeated")
    verb.add_argument("--author", action="append", metavar="A", help="only by this author; may be repeated")
    verb.add_argument(
        "--doc-id", action="append", dest="doc_ids", metavar="ID", help="only this document; may be repeated"
    )
    verb.add_argument("--after", metavar="DATE", help="dated YYYY[-MM[-DD]] or later")
    verb.add_argument("--before", metavar="DATE", help="dated YYYY[-MM[-DD]] or earlier")
