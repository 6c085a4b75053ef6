"""One of the tools: divide, parse or read what is given, and print what came of it as JSON.

Started by ``libraries.py`` with the interpreter of the environment that the tool lives in; so this imports nothing of
Pincite's but for Pincite itself.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

RUNS = 5
LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "zh"]
"""In which Pincite knows the months; a library is told so, where it can be."""

Split = Callable[[str, str], Iterable[str]]
"""From a language and a text to its sentences."""
Parse = Callable[[str], str | None]
"""From what is written to an ISO date, as far as one is stated."""
Read = Callable[[str], str]
"""From the path of a PDF to its text."""


def splitter(tool: str) -> Split:
    """How a tool is asked for sentences."""
    if tool == "pincite":
        from pincite.analysis.sentences import sentence_spans

        return lambda _, text: [text[start:end] for start, end in sentence_spans(text)]
    library = import_module(tool)
    if tool == "pysbd":
        segmenter = cache(lambda language: library.Segmenter(language=language, clean=False))
        return lambda language, text: segmenter(language).segment(text)
    if tool == "sentencex":
        return lambda language, text: library.segment(language, text)
    return lambda _, text: library.text_to_sentences(text).split("\n")


def _pincite_date(text: str) -> str | None:
    from pincite.parsers.metadata import iso_date

    return iso_date(text)


def _dateutil(text: str, fuzzy: bool = False) -> str | None:
    """What is not stated comes from ``default``, so two of them show what that is."""
    parse = import_module("dateutil.parser").parse
    try:
        one, two = (parse(text, default=datetime(n, n, n), fuzzy=fuzzy) for n in (1, 2))
    except (ValueError, OverflowError):
        return None
    return _stated(one, one.month == two.month, one.day == two.day) if one.year == two.year else None


DATEPARSER = {"languages": LANGUAGES, "settings": {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["year"]}}
"""Nothing relative, and nothing without its year."""


def _dateparser(text: str) -> str | None:
    """The whole as a date."""
    value = import_module("dateparser.date").DateDataParser(**DATEPARSER).get_date_data(text)
    return _stated(value.date_obj, value.period != "year", value.period == "day") if value.date_obj else None


def _dateparser_search(text: str) -> str | None:
    """The first date within."""
    hits = import_module("dateparser.search").search_dates(text, **DATEPARSER, add_period=True)
    return _stated(hits[0][1], hits[0][2] != "year", hits[0][2] == "day") if hits else None


def _htmldate(text: str) -> str | None:
    """As a page would state it."""
    page = f'<html><head><meta property="article:published_time" content="{text}"></head><body></body></html>'
    day: str | None = import_module("htmldate").find_date(page)
    return day


def _stated(day: datetime, has_month: bool, has_day: bool) -> str:
    return day.isoformat()[: 10 if has_month and has_day else 7 if has_month else 4]


PARSERS: dict[str, Parse] = {
    "pincite": _pincite_date,
    "python-dateutil": _dateutil,
    "python-dateutil fuzzy": lambda text: _dateutil(text, fuzzy=True),
    "dateparser": _dateparser,
    "dateparser search": _dateparser_search,
    "htmldate": _htmldate,
}


def _pincite_text(path: str) -> str:
    from pincite import Document
    from pincite.parsers.pdf import read

    [found] = [each for each in read(Path(path), Path(path).name) if isinstance(each, Document)]
    return found.text


def _pypdfium2(path: str) -> str:
    """What Pincite reads with, alone."""
    pdf = import_module("pypdfium2").PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pdf)


def _pdfplumber(path: str) -> str:
    with import_module("pdfplumber").open(path) as pdf:
        return "\n".join(page.extract_text() for page in pdf.pages)


def _pdftext(path: str) -> str:
    return str(import_module("pdftext.extraction").plain_text_output(path))


def _pypdf(path: str) -> str:
    return "\n".join(page.extract_text() for page in import_module("pypdf").PdfReader(path).pages)


def _pdfminer(path: str) -> str:
    return str(import_module("pdfminer.high_level").extract_text(path))


READERS: dict[str, Read] = {
    "pincite": _pincite_text,
    "pypdfium2": _pypdfium2,
    "pdfplumber": _pdfplumber,
    "pdftext": _pdftext,
    "pypdf": _pypdf,
    "pdfminer.six": _pdfminer,
}


def timed(run: Callable[[], object]) -> float:
    """Milliseconds of the processor for one call, the median of some."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        times.append(1000 * (time.process_time() - began))
    return round(statistics.median(times), 1)


def main() -> None:
    """Do one job with one tool."""
    job, tool, path = sys.argv[1:]
    given = json.loads(Path(path).read_text("utf-8"))
    done: dict[str, Any] = {"version": version(tool.split()[0])}
    if job == "sentences":
        split = splitter(tool)
        done["answers"] = [[part for part in split(*case) if part.strip()] for case in given["sentences"]]
        done["ms_per_100_kb"] = timed(lambda: list(split("en", given["long"])))
    elif job == "dates":
        parse = PARSERS[tool]
        done["answers"] = [parse(text) for text in given["dates"]]
    else:
        read = READERS[tool]
        done["answers"] = {kind: read(name) for kind, name in given["pdf"].items()}
        done["ms_a_file"] = round(timed(lambda: [read(name) for name in given["pdf"].values()]) / len(given["pdf"]), 1)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
