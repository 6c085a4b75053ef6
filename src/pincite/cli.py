"""The command line: one function for each command of ``pincite``, with its options above it.

Results go to stdout, progress to stderr. An error is one line; docs/cli.md lists the exit statuses.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click

from pincite import __version__, as_json, as_text
from pincite.datatypes import Filter, Progress, count
from pincite.errors import DamagedCatalogue, DamagedIndex, OtherFormat, PinciteError, QueryError, UsageError
from pincite.settings import Settings

if TYPE_CHECKING:
    from pincite.datatypes import Answer, UpdateReport
    from pincite.index import Index
    from pincite.listing import Kind
    from pincite.retrieval.follow_ups import Turn

_PLACE = "the index: a folder, or an address in Milvus"
_TOKEN = "lets who sends it add articles and update (default: the variable PINCITE_TOKEN)"
_UNITS = {"read": "files", "embed": "passages", "write": "steps", "ask": "questions"}
_LINE_EVERY = 60.0  # seconds between two lines that say how far it is, where there is no terminal to draw on

_STATUSES = "exit status: 0 done, also where nothing answers; 1 an error; 2 wrong usage; 130 ended by Ctrl-C"
_NOISY_LIBRARIES = ("asyncio", "distributed", "grpc._server", "milvus_lite", "pymilvus", "tornado")
"""Libraries that print what they also raise, and that is said in one line."""

_OPEN_TO_OTHERS = "whoever reaches this address can read all articles"
_READ_ONLY = f"{_OPEN_TO_OTHERS}; without --token nobody can add any or update the index"


class _OrderedGroup(click.Group):
    """The commands, listed in the order in which one comes to need them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status.
    """
    for name in _NOISY_LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        with program.make_context("pincite", list(sys.argv[1:] if arguments is None else arguments)) as context:
            program.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "pincite"
        print_error(f"{error.format_message()} (see {path} --help)", path)
        return 2
    except PinciteError as error:
        print_error(str(error))
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print_error("interrupted; nothing is lost")
        return 130
    return 0


def print_error(message: str, program: str = "pincite") -> None:
    """Say what went wrong in one line on stderr, after the name of what was called."""
    sys.stderr.write(f"{program}: {as_text.shown(' '.join(message.split()))}\n")


def _print(
    result: Any,  # noqa: ANN401 (what JSON can hold)
    in_json: bool = False,
    words: Callable[[Any], str] = str,
    indent: int | None = 1,
) -> None:
    """A result in JSON or in words, with nothing in it that would steer the terminal."""
    text = as_text.exact(result, indent) if in_json else as_text.shown(words(result))
    sys.stdout.write(text + "\n")


# ---------------------------------------------------------------- options of several commands


def _number_type(kind: type[int] | type[float], low: float, high: float, words: str) -> Callable[[str], float]:
    """An option's type: a number from ``low`` to ``high``, called by ``words`` where it is not."""

    def number(text: str) -> float:
        with suppress(ValueError):
            if low <= (value := kind(text)) <= high:
                return value
        raise click.BadParameter(f"{str(text)!r} is not {words}")

    return number


_FROM_ZERO = _number_type(int, 0, float("inf"), "a whole number from 0")
_COUNT = _number_type(int, 1, float("inf"), "a whole number from 1")
_PORT = _number_type(int, 0, 65535, "a whole number from 0 to 65535")
_SHARE = _number_type(float, 0, 1, "a number from 0 to 1")

_file = click.argument("file", type=click.Path(path_type=Path))
_index = click.option("--index", "place", default="index", metavar="PLACE", help=f"{_PLACE} (default index)")
_json = click.option("--json", "in_json", is_flag=True, help="print JSON")
_overwrite = click.option("--overwrite", is_flag=True, help="also where there is an index with documents")
_reader = click.option("--reader", metavar="FOLDER|none", help="another reader, or none (default: the index's own)")
_watch = click.option("--watch", is_flag=True, help="go on, and update whenever the folder of articles changes")


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which documents may be found; the command is given them as ``where``."""

    @click.option("--source", multiple=True, metavar="S", help="only from this source; may be repeated")
    @click.option("--author", multiple=True, metavar="A", help="only by this author; may be repeated")
    @click.option("--doc-id", "doc_ids", multiple=True, metavar="ID", help="only this document; may be repeated")
    @click.option("--folder", "folders", multiple=True, metavar="F", help="only in this folder; may be repeated")
    @click.option("--after", metavar="DATE", help="dated YYYY[-MM[-DD]] or later")
    @click.option("--before", metavar="DATE", help="dated YYYY[-MM[-DD]] or earlier")
    @wraps(command)
    def filtered(**options: Any) -> None:  # noqa: ANN401 (the command's)
        names = ("source", "author", "doc_ids", "folders", "after", "before")
        given = {name: value for name in names if (value := options.pop(name)) not in (None, ())}
        where = Filter(**given) if given else None
        command(where=options["index"].check_fits(where), **options)

    return filtered


def _on_index(command: Callable[..., None]) -> Callable[..., None]:
    """The option that names the index; the command is given it open, with the reader that was asked for."""

    @_index
    @wraps(command)
    def opened(place: str, reader: str | None = None, **options: Any) -> None:  # noqa: ANN401 (the command's)
        with _open_index(place, reader) as index:
            command(index=index, **options)

    return opened


def _open_index(place: str, reader: str | None) -> Index:
    """An index that answers by the reader asked for, and keeps its own when it is updated."""
    from pincite.index import Index

    index = Index.open(place)
    if reader is not None:
        index.use_reader(None if reader == "none" else reader)
    return index


# ---------------------------------------------------------------- commands


@click.group(
    cls=_OrderedGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
    epilog=f"example: pincite update docs_corpus && pincite ask 'How do I add texts?'\n\n{_STATUSES}",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """Answers questions about a folder of articles by quoting them."""


@program.command(
    epilog="example: pincite update docs_corpus --index index\n\nexit status 1 also where every file was skipped"
)
@click.argument("corpus", required=False)
@_index
@click.option("--rebuild", is_flag=True, help="make everything anew; the old index answers meanwhile")
@click.option("--no-cache", is_flag=True, help="embed again what was embedded before")
@click.option("--allow-removals", is_flag=True, help="even if most of the index goes")
@click.option("--wait", is_flag=True, help="until another update has ended, instead of giving up")
@_watch
@click.option("--scheduler", metavar="ADDRESS", help="embed on the workers of this Dask cluster")
@click.option("--model", metavar="NAME", help="a sentence-transformers model or its folder")
@_json
def update(
    place: str,
    model: str | None,
    watch: bool,
    scheduler: str | None,
    in_json: bool,
    **options: Any,  # noqa: ANN401 (those of Index.update)
) -> None:
    """Bring the index up to date with the folder CORPUS (or that of the last update)."""
    from pincite.index import Index

    options["cache"] = not options.pop("no_cache")
    with Index.open(place, settings=_with_model(place, model) if model else None) as index:
        if watch:
            _update_at_changes(index, scheduler, options, in_json)
        else:
            report = _update_once(index, scheduler, options, in_json)
            if report.skipped and not (report.added or report.changed or report.unchanged):
                print_error("nothing of this folder is indexed: every file was skipped, with the reason that is given")
                raise click.exceptions.Exit(1)


def _with_model(place: str, model: str) -> Settings:
    """The settings of the index, with another model."""
    from pincite.index import Index

    try:
        with Index.open(place) as index:
            return replace(index.settings, model=model)
    except (DamagedCatalogue, OtherFormat):  # which the update mends, or says
        return Settings(model=model)


def _update_once(index: Index, scheduler: str | None, options: dict[str, Any], in_json: bool) -> UpdateReport:
    from pincite.ingest import cluster

    with nullcontext() if scheduler is None else cluster.dask(scheduler) as executor, _progress() as show:
        report = index.update(**options, executor=executor, progress=show)
    _print(as_json.report(report), in_json, as_text.report)
    return report


def _update_at_changes(index: Index, scheduler: str | None, options: dict[str, Any], in_json: bool) -> None:
    """Update at once and at every change; what goes wrong is said, and tried again at the next."""
    from pincite.ingest.watch import QUIET, bursts

    folder = index.folder(options["corpus"])
    print_error(f"watching {folder} (Ctrl-C ends it)")
    with suppress(KeyboardInterrupt):
        for _ in bursts(folder, index.owned_paths):
            try:
                _update_once(index, scheduler, options | {"wait": True, "quiet": QUIET}, in_json)
                options["rebuild"] = False  # once is enough
            except PinciteError as error:
                print_error(str(error))
            sys.stdout.flush()


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Shows progress on stderr: a bar for each stage on a terminal, otherwise now and then a line."""
    from tqdm import tqdm

    stage, said = "", time.monotonic()
    bar: tqdm[NoReturn] = tqdm(disable=True)

    def show(progress: Progress) -> None:
        nonlocal stage, bar, said
        unit = _UNITS[progress.stage]
        if sys.stderr.isatty():
            if progress.stage != stage:
                bar.close()
                stage, bar = progress.stage, tqdm(desc=f"{progress.stage:<5}", total=progress.total, unit=f" {unit}")
            bar.update(progress.done - bar.n)
        elif time.monotonic() - said >= _LINE_EVERY:
            said = time.monotonic()
            total = "" if progress.total is None else f" of {progress.total:,}"
            sys.stderr.write(f"{progress.stage}: {progress.done:,}{total} {unit}\n")
            sys.stderr.flush()

    try:
        yield show
    finally:
        bar.close()


@program.command(epilog="example: pincite search 'talent plans' --k 3 --after 2022")
@click.argument("question")
@_on_index
@click.option("--k", type=_COUNT, default=10, metavar="N", help="how many passages, from 1 (default 10)")
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "dense", "lexical"]),
    default="hybrid",
    help="by meaning and words (default), by meaning alone, or by words alone, which needs no model",
)
@click.option("--rerank", is_flag=True, help="read the best passages and order them by that as well")
@_filters
@_reader
@_json
def search(index: Index, question: str, where: Filter | None, in_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Find passages."""
    hits = index.search(question, where=where, **options)
    _print(as_json.hits(question, hits), in_json, as_text.hits)


@program.command(
    epilog="example: pincite ask 'How do I add texts?' --json\n\n"
    "exit status 0 also where nothing answers; with --from 1 where a line could not be asked"
)
@click.argument("question", required=False)
@_on_index
@click.option("--from", "file", type=click.File("rb"), metavar="FILE", help="questions, one a line (- is stdin)")
@click.option("--threshold", type=_SHARE, metavar="P", help="least confidence of an answer, 0 to 1")
@click.option(
    "--hits", "most", type=_FROM_ZERO, metavar="N", help="how many to show (default 3 where nothing answers, 1 in JSON)"
)
@click.option("--texts", is_flag=True, help="the whole texts of hits in JSON, not the beginnings")
@click.option("--format", "form", type=click.Choice(["bibtex", "csl"]), help="print the articles cited")
@_filters
@_reader
@_json
def ask(
    index: Index,
    question: str | None,
    file: IO[bytes] | None,
    threshold: float | None,
    most: int | None,
    texts: bool,
    form: str | None,
    where: Filter | None,
    in_json: bool,
) -> None:
    """Answer a question by quoting.

    With --from each line of FILE is a question, or a JSON object with "question" and, if wanted, "history", the earlier
    turns; with --json each answer is a line.
    """
    from pincite.assistant import Assistant, what_is_asked

    if (question is None) == (file is None):
        raise click.UsageError("give either a QUESTION or --from FILE")
    if form and (file or in_json):
        raise click.UsageError("--format goes with neither --from nor --json: choose one")
    assistant = Assistant(index, threshold=threshold)

    def asked(text: str, history: Sequence[Turn] = ()) -> tuple[Answer, dict[str, Any]]:
        answer = assistant.ask(text, history=history, where=where)
        if len(end := what_is_asked(text)) < len(" ".join(text.split())):
            print_error(f"the question is long: it was read by its end, “{end}”")
        return answer, as_json.answer(text, answer, most=most, texts=texts or not in_json)

    if question is None:
        assert file is not None
        _ask_each(file, lambda text, history: asked(text, history)[1], in_json)
    elif form:
        _print_cited(asked(question)[0], form)
    else:
        _print(asked(question)[1], in_json, as_text.answer)


def _ask_each(file: IO[bytes], asked: Callable[[str, Sequence[Turn]], dict[str, Any]], in_json: bool) -> None:
    """Answer the lines of a file one by one; one that cannot be asked is reported, and the rest go on."""
    right = wrong = 0
    for number, line in enumerate(file, 1):
        try:
            if (found := _question_in(line)) is None:
                continue
            question, history = found
            given = {"line": number} | asked(question, history)
        except QueryError as error:
            wrong += 1
            print_error(f"{file.name}:{number}: {error}")
            continue
        right += 1
        text = f"> {' '.join(question.split())}\n{as_text.answer(given)}\n"
        _print(given if in_json else text, in_json, indent=None)
        sys.stdout.flush()  # whoever reads along need not wait for the end
    if not right + wrong:
        raise QueryError(f"{file.name}: holds no question; give one a line")
    if wrong:
        raise click.exceptions.Exit(1)


def _question_in(line: bytes) -> tuple[str, list[Turn]] | None:
    """The question of a line and the turns before it; None in an empty one."""
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise QueryError(f"not UTF-8 ({error.reason}): write the file in UTF-8") from error
    if not text.startswith("{"):
        return (text, []) if text else None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"not JSON ({error}), though it begins with {{") from error
    question, history = given.get("question"), given.get("history")
    if not isinstance(question, str):
        raise QueryError('no "question" that is a text')
    if not isinstance(history, list | None):
        raise QueryError('"history" is no list of turns')
    return question, [{"role": "user", "content": turn} if isinstance(turn, str) else turn for turn in history or ()]


def _print_cited(answer: Answer, form: str) -> None:
    from pincite import bibliography

    if not answer.answered:
        print_error(answer.reply or as_text.refusal(answer.confidence))
    if form == "csl":
        _print(bibliography.csl_json(answer.citations), in_json=True)
    elif answer.answered:
        _print(bibliography.bibtex(answer.citations))


@program.command("list", epilog="example: pincite list --sources --after 2022")
@_on_index
@click.option("--sources", "kind", flag_value="sources", help="the sources, and how many documents each has")
@click.option("--authors", "kind", flag_value="authors", help="the authors likewise")
@click.option("--folders", "kind", flag_value="folders", help="the folders likewise, with those below them")
@_filters
@_json
def list_(index: Index, kind: Kind | None, where: Filter | None, in_json: bool) -> None:
    """List the documents, or what they name."""
    _print(as_json.listed(kind or "documents", index.listed(where)), in_json, as_text.listed)


@program.command(epilog="example: pincite show guide/asking.md --around 400")
@click.argument("doc_id", metavar="DOC")
@_on_index
@click.option("--around", type=_FROM_ZERO, metavar="START", help="only 1000 characters before and after this one")
@_json
def show(index: Index, doc_id: str, around: int | None, in_json: bool) -> None:
    """Show the text of the document DOC."""
    _print(as_json.document(index.document(doc_id), around), in_json, as_text.document)


@program.command(epilog="example: pincite chat --port 8080")
@_on_index
@click.option("--host", default="127.0.0.1", metavar="HOST", help="address to listen at (default 127.0.0.1)")
@click.option("--port", type=_PORT, default=7860, metavar="N", help="default 7860; 0 takes one that is free")
@click.option("--token", envvar="PINCITE_TOKEN", metavar="T", help=_TOKEN)
@click.option("--allow-host", "allow_hosts", multiple=True, metavar="NAME", help="answer to this name too")
@click.option("--open", "open_browser", is_flag=True, help="open it in the browser")
@_watch
@_reader
def chat(index: Index, host: str, token: str | None, allow_hosts: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401
    """Open the chat page."""
    index.status()  # without an index there is nothing to open a page for
    from pincite import web

    def say_address(address: str) -> None:
        if not web.is_local(host, allow_hosts):
            print_error(_OPEN_TO_OTHERS if token else _READ_ONLY)
        sys.stderr.write(f"Pincite answers at {address} (Ctrl-C ends it)\n")

    web.launch(index, host=host, token=token, allow_hosts=allow_hosts, on_ready=say_address, **options)


@program.command(epilog="example: pincite status --json")
@_on_index
@click.option("--verify", is_flag=True, help="check every passage and every byte; exit status 1 if not all is well")
@_json
def status(index: Index, verify: bool, in_json: bool) -> None:
    """Say what the index holds."""
    verified: dict[str, Any] = {"wrong": index.verify()} if verify else {}
    wrong = verified.get("wrong")
    try:
        held = as_json.status(index.status(), index.changes())
    except DamagedIndex:
        if not wrong:
            raise
        held = {}  # what is wrong is all that can be said
    _print(held | verified, in_json, as_text.status)
    if wrong:
        raise click.exceptions.Exit(1)


@program.command(epilog="example: pincite backup index.pincite")
@_file
@_on_index
def backup(index: Index, file: Path) -> None:
    """Keep the index in one file."""
    index.backup(file)
    _print(f"{file}: {count(file.stat().st_size, 'byte')}")


@program.command(epilog="example: pincite restore index.pincite")
@_file
@_on_index
@_overwrite
def restore(index: Index, file: Path, overwrite: bool) -> None:
    """Make an index of a backup."""
    index.restore(file, overwrite=overwrite)
    held = index.status()
    _print(f"{count(held.documents, 'document')}, {count(held.passages, 'passage')}, updated {held.updated}")


@program.command(epilog="example: pincite copy index milvus+http://127.0.0.1:19530/plans")
@click.argument("source", metavar="SRC")
@click.argument("target", metavar="DST")
@_overwrite
def copy(source: str, target: str, overwrite: bool) -> None:
    """Put one index in the place of another, without embedding.

    SRC and DST are folders, or addresses in Milvus.
    """
    from pincite.index import Index

    with Index.open(source) as held, Index.open(target) as place:
        documents, passages = held.copy(place, overwrite=overwrite)
    _print(f"{count(documents, 'document')}, {count(passages, 'passage')} copied; nothing embedded")


@program.command(epilog="example: pincite evaluate questions.jsonl --worst 10")
@click.argument("collection", metavar="QUESTIONS", required=False, type=click.Path(path_type=Path))
@click.option("--judgements", "judged", is_flag=True, help="measure on judgements made on the page")
@click.option("--index", "place", metavar="PLACE", help=f"{_PLACE} (default index, or index/evaluation/COLLECTION)")
@click.option("--compare", metavar="OLD.json", type=click.Path(path_type=Path), help="what an earlier --json printed")
@click.option("--worst", type=_COUNT, metavar="N", help="show the N worst questions, and where the answer was lost")
@click.option("--leave-out", is_flag=True, help="ask each question again without what answers it: is it then refused?")
@_reader
@_json
def evaluate(
    collection: Path | None,
    place: str | None,
    reader: str | None,
    in_json: bool,
    **options: Any,  # noqa: ANN401 (those of evaluation.run)
) -> None:
    """Measure on judged questions.

    QUESTIONS is a file of them for the index that is there, or the folder of a collection in BEIR's layout; with
    --judgements a file of judgements, by default those of the index.
    """
    from pincite import evaluation

    evaluation.check_extra()
    if collection is None and not options["judged"]:
        raise click.UsageError("Missing argument 'QUESTIONS'.", click.get_current_context())
    home = Path(place or Path("index", "evaluation", (collection or Path()).resolve().name))
    is_folder = collection is not None and collection.is_dir() and not options["judged"]
    with _open_index(str(home / "index") if is_folder else place or "index", reader) as index, _progress() as show:
        path = collection or index.judgements
        result = evaluation.run(path, index, home / "corpus", progress=show, **options)
    _print(result, in_json, as_text.evaluation)
