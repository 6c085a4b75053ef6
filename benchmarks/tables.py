"""Fills the tables of docs/performance.md, docs/scale.md and CONTRIBUTING.md with what the benchmarks found last.

python benchmarks/tables.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pincite.stores.local.writer import WHOLE_BELOW
from reporting import RESULTS

DOCS = RESULTS.parent


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Markdown."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([str(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def embedding(found: dict[str, Any]) -> str:
    """Update against encode."""
    rows = [
        (n, each["embedded"], each["encode_s"], each["update_s"], f"{each['ratio']:.2f}")
        for n, each in enumerate(found["rounds"], 1)
    ]
    return table(("round", "passages", "encode, s", "update, s", "update / encode"), rows)


def scale(found: dict[str, Any]) -> str:
    """Latency, recall and cost over size."""
    head = (
        "passages|one encode|p50|p95|p99|p50, p95 / encode|embedding|dense|lexical, each of 2|rows, each of 2|recall@10"
    )
    costs = "both indexes built|one article|merge, an article|disk|memory"
    return table(f"{head}|{costs}".split("|"), (_size(each) for each in found["sizes"]))


def _size(each: dict[str, Any]) -> list[object]:
    times, stages = each["search_ms"], each["stages_ms"]
    built = sum(each["build_s"].values())
    return [
        f"{each['passages']:,}",
        f"{each['one_encode_ms']:.1f}",
        *(f"{times[name]:.1f}" for name in ("p50", "p95", "p99")),
        f"{each['p50_in_encodes']:.2f}, {each['p95_in_encodes']:.2f}",
        *(f"{stages[name]['p50']:.1f}" for name in ("embedding", "dense", "lexical", "rows")),
        f"{each['recall_at_10']:.4f}",
        f"{built:.1f} s",
        f"{each['one_article_s']:.2f} s ({each['one_article_share']:.2%})",
        f"{each['merge_an_article_s']:.3f} s" if each["passages"] > WHOLE_BELOW else "-",
        f"{each['disk_mb']:,.0f} MB",
        f"{each['memory_mb']} MB",
    ]


def exponents(found: dict[str, Any]) -> str:
    """Growth."""
    names = {"search_p95": "search, p95", "build": "building both indexes", "disk": "disk"}
    return table(("cost", "exponent"), ((names[name], found["exponents"][name]) for name in names))


def updates(found: dict[str, Any]) -> str:
    """Cost over the share that changed."""
    still = found["unchanged"]
    rows = [(f"none of {still['files']:,}", f"{still['update_s']:.2f}"), ("the bare walk", f"{still['walk_s']:.2f}")]
    rows += [
        (f"{each['share']:.1%} of {found['changed_of']:,}", f"{each['update_s']:.2f}") for each in found["changed"][1:]
    ]
    return table(("files changed", "seconds"), rows)


def start(found: dict[str, Any]) -> str:
    """Whole processes."""
    rows = [(f"`{name}`", each, found["ratio_to_import"][name]) for name, each in found["ms"].items()]
    return table(("process", "ms", "ratio"), rows)


def stages(found: dict[str, Any]) -> str:
    """Of one cold answer."""
    return table(("stage of a cold `ask`", "ms"), found["stages_of_ask_ms"].items())


def answering(found: dict[str, Any]) -> str:
    """A warm answer, by stage."""
    rows: list[tuple[object, ...]] = [
        (name, *(f"{times[p]:.1f}" for p in ("p50", "p95"))) for name, times in found["ms"].items()
    ]
    rows += [
        ("`ask`, p95, in encodes of a passage", found["ask_p95_in_encodes_of_a_passage"], ""),
        ("`search`, p50, in encodes of a question", found["search_p50_in_encodes_of_a_question"], ""),
        ("memory of a process that answers, MB", found["memory_mb"], ""),
    ]
    return table(("", "p50, ms", "p95, ms"), rows)


def peers(found: dict[str, Any]) -> str:
    """All on one collection."""
    measures = ("nDCG@10", "RR@10", "R@10")
    rows = [
        (
            f"{name} {each['version']}",
            each["index_s"],
            *(f"{each['query_ms'][p]:.1f}" for p in ("p50", "p95")),
            f"{each['indexing_mb']}, {each['answering_mb']}",
            *(f"{each[m]:.3f}" for m in measures),
        )
        for name, each in found["results"].items()
    ]
    return table(("", "index, s", "query p50, ms", "p95, ms", "MB, indexing and answering", *measures), rows)


def ocr(found: dict[str, Any]) -> str:
    """Medians over pages."""
    rows = [
        (dpi, f"{each['characters']:.1%}", f"{each['words']:.1%}", each["seconds"], each["processor_seconds"])
        for dpi, each in found["medians"].items()
    ]
    return table(("dpi", "characters wrong", "words wrong", "seconds a page", "of the processor"), rows)


def load(found: dict[str, Any]) -> str:
    """Many clients, then many questions."""
    many, long = found["load"], found["long"]
    mb = [each for _, each in long["mb"]]
    rows = [
        (f"{many['clients']} clients, {many['seconds']:g} s, {many['updates']} updates", *_answers(many), "-"),
        ("4 clients", *_answers(long), f"{mb[0]:.0f}, {mb[-1]:.0f}"),
    ]
    return table(("", "questions", "errors", "p50, ms", "p95", "p99", "MB, first and last"), rows)


def _answers(found: dict[str, Any]) -> tuple[str, ...]:
    outcomes = found["outcomes"]
    errors = sum(count for outcome, count in outcomes.items() if "error" in outcome)
    times = (f"{found['ms'][name]:.0f}" for name in ("p50", "p95", "p99"))
    return f"{sum(outcomes.values()):,}", str(errors), *times


def searching(found: dict[str, Any]) -> str:
    """The local store and a server of Milvus."""
    milvus = found["milvus"]
    quiet, soon = milvus["search_ms"], milvus["search_ms_soon"]
    rows = [
        *_searches(quiet, "local store", "Milvus on the same machine"),
        *_searches(
            soon,
            "local store beside Milvus at work",
            "Milvus soon after an update, while it merges and builds its index",
        ),
    ]
    return table(("`Index.search`, ms", "p50", "p95", "p99"), rows)


def _searches(times: dict[str, Any], local: str, milvus: str) -> list[tuple[Any, ...]]:
    names = {"local": local, "milvus": milvus}
    rows = [(names[name], *(f"{times[name][p]:.1f}" for p in ("p50", "p95", "p99"))) for name in names]
    return [*rows, ("p95, ratio", "", times["p95_ratio"], "")]


def counts(found: dict[str, Any]) -> str:
    """After a worker was ended."""
    milvus, count = found["milvus"], found["milvus"]["count"]
    rows = [
        ("a worker ended after file", f"{milvus['worker_ended_at_file']:,}"),
        ("passages that Milvus counts", f"{count['counted_by_milvus']:,}"),
        ("lost, doubled, strange", f"{count['lost']}, {count['doubled']}, {count['strange']}"),
        ("update into Milvus, s", milvus["update_s"]),
        ("the same update into the local store, s", milvus["local_update_s"]),
    ]
    return table(("update on two workers", ""), rows)


def workers(found: dict[str, Any]) -> str:
    """Rates of embedding."""
    rates = found["embedding"]["passages_a_second"]
    rows = [(f"{n}, a core each", ", ".join(f"{each:.1f}" for each in rates[n])) for n in ("1", "2")]
    return table(("workers", "passages a second"), [*rows, ("ratio of the best", found["embedding"]["two_by_one"])])


def sizing(found: dict[str, Any]) -> str:
    """What large corpora take."""
    sizes = found["sizes"]
    same = [""] * (len(sizes) - 1)
    rows: list[tuple[object, ...]] = [
        ("embedded a second and core", found["rates"]["embedded_a_second_and_core"], *same),
        ("committed a second, at least", found["rates"]["committed_a_second"], *same),
        ("vectors that are searched, GB", *(f"{each['vectors_gb']:,.0f}" for each in sizes)),
        ("rows on disk, GB", *(f"{each['rows_gb']:,.0f}" for each in sizes)),
    ]
    for kind in sizes[0]["memory"]:
        held = [each["memory"][kind] for each in sizes]
        rows.append((f"memory with {kind}, GB (nodes of 64)", *(f"{e['gb']:,.0f} ({e['nodes']})" for e in held)))
    for cores in sizes[0]["hours"]:
        rows.append((f"embedding all again on {cores} cores, hours", *(f"{e['hours'][cores]:,.0f}" for e in sizes)))
    rows.append(("core hours of that", *(f"{each['core_hours']:,}" for each in sizes)))
    return table(("passages", *(f"{each['passages']:,}" for each in sizes)), rows)


def libraries(found: dict[str, Any]) -> str:
    """Pincite's own code beside libraries, a line for each job, the best library first."""
    cases = found["cases"]
    jobs = {
        "sentences": ("sentence ends: `analysis/sentences.py`", f"{cases['sentences']} cases; ms per 100 kB"),
        "dates": ("dates: `parsers/metadata.py`", f"{cases['dates']} strings"),
        "pdf": ("PDFs: `parsers/pdf_layout.py`", f"words in order, sentences whole, {cases['pdf']} PDFs; ms a file"),
    }
    rows = []
    for job, names in jobs.items():
        tools = sorted(found[job].items(), key=lambda tool: -_shares(tool[1])[0])
        own = _measured(found[job]["pincite"])
        others = (f"{_versioned(*tool)} {_measured(tool[1])}" for tool in tools if tool[0] != "pincite")
        rows.append((*names, own, "; ".join(others)))
    real = {name: tool["real_pages"] for name, tool in found["pdf"].items() if "real_pages" in tool}
    if real:
        said = {name: f"{e['agreed_lost']:.1%}, {e['alone']:.1%}, {e['ms_a_page']:.3g} ms" for name, e in real.items()}
        beside = "; ".join(f"{name} {text}" for name, text in said.items() if name != "pincite")
        what = f"runs of words that three others read and it does not, that it alone reads, {cases['pages']} real pages"
        rows.append(("the same", f"{what}; ms a page", said["pincite"], beside))
    return table(("own code", "right of", "Pincite", "libraries"), rows)


def _shares(tool: dict[str, Any]) -> list[float]:
    return [tool[name] for name in ("right", "words_in_order", "sentences_whole") if name in tool]


def _measured(tool: dict[str, Any]) -> str:
    shares = ", ".join(f"{share:.0%}" for share in _shares(tool))
    times = [f"{tool[name]:.3g} ms" for name in ("ms_per_100_kb", "ms_a_file") if name in tool]
    return ", ".join([shares, *times])


def _versioned(name: str, tool: dict[str, Any]) -> str:
    library, *how = name.split()
    return " ".join([library, tool["version"], *how])


TABLES = {
    "embedding": (embedding, "embedding"),
    "scale": (scale, "scale"),
    "exponents": (exponents, "scale"),
    "updates": (updates, "updates"),
    "start": (start, "start"),
    "stages": (stages, "start"),
    "answering": (answering, "answering"),
    "peers": (peers, "peers"),
    "load": (load, "load"),
    "ocr": (ocr, "ocr"),
}


SCALE = {
    "workers": (workers, "cluster"),
    "counts": (counts, "cluster"),
    "searching": (searching, "cluster"),
    "sizing": (sizing, "sizing"),
}
PAGES = {
    "performance.md": TABLES,
    "scale.md": SCALE,
    "../CONTRIBUTING.md": {"libraries": (libraries, "libraries")},
}


def filled(name: str) -> str:
    """A page with its tables as the results say."""
    page = (DOCS / name).read_text("utf-8")
    for table_name, (make, file) in PAGES[name].items():
        found = json.loads((RESULTS / f"{file}.json").read_text("utf-8"))
        versions = ", ".join(f"{each} {number}" for each, number in found["versions"].items())
        said = f"`{found['script']}`; {found['machine']}; {versions}."
        text = f"<!-- {table_name} -->\n{make(found)}\n\n{said}\n<!-- end -->"
        before, *rest = re.split(rf"<!-- {table_name} -->.*?<!-- end -->", page, flags=re.DOTALL)
        if len(rest) != 1:
            raise ValueError(f"{name}: {len(rest)} places for the table {table_name!r}, there should be one")
        page = f"{before}{text}{rest[0]}"
    return page


if __name__ == "__main__":
    for each in PAGES:
        (DOCS / each).write_text(filled(each), "utf-8")
