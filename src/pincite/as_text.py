"""What the command line prints: the objects of `pincite.as_json` in words, or as they are.

Nothing here is for programs, which ask for JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from pincite.assistant import NO_ANSWER
from pincite.datatypes import count, replace_surrogates, shortened

Json = dict[str, Any]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal acts on instead of showing it: control characters, breaks of lines, changes of direction."""

_MOST_FILES = 20
_NEAREST = 3


def shown(text: str) -> str:
    """A text in which what would steer the terminal is made visible."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], replace_surrogates(text))


def exact(value: Json | list[Json], indent: int | None = 1) -> str:
    """JSON that holds the texts to the letter, with escapes for what would steer the terminal; None is one line."""
    text = replace_surrogates(json.dumps(value, ensure_ascii=False, indent=indent))
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


# ---------------------------------------------------------------- answers


def hits(result: Json) -> str:
    """The passages, or that there are none."""
    return "\n\n".join(map(_hit, result["hits"])) or "No passage holds one of these words."


def answer(given: Json) -> str:
    """The quotes and below them their places, a reply, or the passages that come nearest."""
    if given["reply"] and not given["citations"]:
        return str(given["text"])
    notes = "".join(f"{note}\n" for note in given["notes"])
    if given["answered"]:
        quotes = [f"{each['quote']} [{each['label']}]" for each in given["citations"]]
        places = [f"[{each['label']}] {_place(each)}{_columns(each)}{_also(each)}" for each in given["citations"]]
        said = [given["reply"], ""] if given["reply"] else []
        return notes + "\n".join([*said, *quotes, "", *places])
    nearest = "\n\n".join(map(_hit, given["hits"]))
    text = notes + refusal(given["confidence"])
    return f"{text} The nearest passages:\n\n{nearest}" if nearest else text


def refusal(confidence: float) -> str:
    """That nothing answers."""
    return f"{NO_ANSWER} (confidence {_cut(confidence)})."


def _cut(confidence: float) -> str:
    """With two digits, the rest cut off: what is below a threshold must not look as if it reached it."""
    return f"{math.floor(100 * confidence) / 100:.2f}"


def _hit(hit: Json) -> str:
    parts = ", ".join(f"{name} {value:.2f}" for name, value in hit["scores"].items())
    text = "\n".join(f"   {line}".rstrip() for line in hit["text"].split("\n"))
    return f"{hit['rank']}. {_place(hit)}\n   score {hit['score']:.2f} ({parts}){_columns(hit)}{_also(hit)}\n{text}"


def _place(item: Json) -> str:
    """Where a hit or a citation stands."""
    facts = [f"“{item['title']}”", item["source"], item["author"], item["date"], item["doc_id"]]
    facts += [f"page {item['page']}" if item.get("page") else None, "read by OCR" if item.get("ocr") else None]
    return ", ".join(filter(None, [*facts, f"characters {item['start']}-{item['end']}"]))


def _columns(item: Json) -> str:
    """What the values of a row are, where it stands below the names of columns."""
    return f"\n   columns: {shortened(item['columns'], 300)}" if item["columns"] else ""


def _also(item: Json) -> str:
    duplicates = dict.fromkeys(copy["doc_id"] for copy in item["duplicates"])
    return f"\n   also in {', '.join(duplicates)}" if duplicates else ""


# ---------------------------------------------------------------- the index


def listed(result: Json) -> str:
    """A line for each document, or for each name with how many documents have it."""
    kind = next(key for key in result if key != "total")
    if kind == "documents":
        lines = []
        for each in result[kind]:
            facts = [f"“{each['title']}”", each["source"], each["author"], each["date"]]
            lines.append(f"{each['doc_id']}  {', '.join(filter(None, facts))}")
    else:
        lines = [f"{count:>7,}  {name}" for name, count in result[kind].items()]
    return "\n".join(" ".join(line.split("\n")) for line in lines) or "There is none."


def document(article: Json) -> str:
    """What is known of an article, and its text or a part of it."""
    part = "" if len(article["text"]) == article["characters"] else f" of {article['characters']}"
    return f"{_place(article)}{part}\n\n{article['text']}"


def report(done: Json) -> str:
    """What an update did."""
    counts = [f"{len(done[name])} {name}" for name in ("added", "changed", "removed", "unchanged")]
    lines = [f"{', '.join(counts)}; {count(done['embedded'], 'passage')} embedded"]
    if skipped := [f"{path}: {reason}" for path, reason in done["skipped"].items()]:
        lines += [f"{len(skipped)} skipped:", *(f"  {line}" for line in _first(_MOST_FILES, skipped))]
    return "\n".join(lines)


def status(held: Json) -> str:
    """What an index holds and how its folder differs; first what is wrong with it, where that was looked for."""
    lines = []
    if "wrong" in held:
        lines += ["verified    no:", *held["wrong"]] if held["wrong"] else ["verified    all is as it was written"]
    if "path" not in held:  # it is too damaged to say more
        return "\n".join(lines)
    facts = {name: value for name, value in held.items() if not isinstance(value, dict | tuple)}
    if held["changes"] is None:
        facts["changes"] = "unknown: the folder of articles is not there, or cannot be listed"
    lines += [f"{name:<11} {'-' if value is None else value}" for name, value in facts.items()]
    lines += [f"{'limits':<11} {limit}" for limit in held["limits"]]
    sizes = ", ".join(f"{name} {_megabytes(size)}" for name, size in held["bytes"].items())
    lines.append(f"{'disk':<11} {_megabytes(sum(held['bytes'].values()))} ({sizes})")
    for word, names in (held["changes"] or {}).items():
        if names:
            lines.append(f"{word} on disk: {', '.join(names[:_MOST_FILES])}")
    lines += [f"stale (the last good version answers): {path}: {reason}" for path, reason in held["stale"].items()]
    lines += [f"skipped: {path}: {reason}" for path, reason in held["skipped"].items()]
    return "\n".join(lines)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


# ---------------------------------------------------------------- evaluation


def evaluation(result: Json) -> str:
    """The counts and measures, a line for each, and the questions that came out worst."""
    lines = [
        f"{title:<15} {', '.join(f'{count} {name}' for name, count in result[title].items() if count)}"
        for title in ("questions", "outcomes")
    ]
    columns = [result[name] for name in ("measures", "without_history") if name in result]
    for name in result["measures"]:
        values = "".join(f" {column[name]:7.3f}" if name in column else f"{'-':>8}" for column in columns)
        lines.append(f"{name:<15}{values}")
    if len(columns) > 1:
        lines.append("(second column: without the turns before the questions)")
    for name, of in result.get("compared", {}).items():
        change = f"{of['new'] - of['old']:+.3f} ({of['low']:+.3f} to {of['high']:+.3f} in 95 % of resamples)"
        lines.append(f"{name:<15} {of['old']:7.3f} before, {change}")
    lines += _judgements(result["judgements"]) if "judgements" in result else []
    return "\n".join([*lines, *map(_outcome, result.get("worst", ()))])


def _judgements(judged: Json) -> list[str]:
    """What was judged, what became of it, and what counts no longer."""
    still = f"{judged['wrong_quoted']} of them still quoted, {judged['wrong_first']} first"
    facts = [f"{judged['right']} right", f"{judged['wrong']} wrong ({still})", f"{judged['nothing']} without an answer"]
    moved, stale = judged["moved"], len(judged["stale"])
    facts += [f"{moved} moved"] * bool(moved) + [f"{stale} stale"] * bool(stale)
    lines = [
        f"   line {each['line']}, {each['verdict']}, {each['doc_id'] or 'no article'}: {each['reason']}"
        for each in judged["stale"]
    ]
    return [f"{'judgements':<15} {', '.join(facts)}", *_first(_MOST_FILES, lines)]


def _outcome(outcome: Json) -> str:
    """What became of a question: where it was lost, what was quoted, what is right."""
    rank = f", right at rank {outcome['rank']}" if outcome["rank"] else ""
    named = "" if outcome["id"] == outcome["question"] else f"{outcome['id']}: "
    lines = [f"\n{outcome['outcome']}, confidence {_cut(outcome['confidence'])}{rank}"]
    lines.append(f"   {named}{outcome['question']}")
    lines += [f"   after   {shortened(turn)}" for turn in outcome["history"]]
    for title in ("quoted", "right"):
        texts = []
        for each in outcome[title]:
            label = "" if each["label"] is None else f"[{each['label']}] "
            quote = "" if each["quote"] is None else f": “{shortened(each['quote'])}”"
            texts.append(f"{label}{each['doc_id']}{quote}")
        lines += [f"   {title:<7} {text}" for text in _first(_NEAREST, texts) or ["nothing"]]
    return "\n".join(lines)


def _first(most: int, lines: Sequence[str]) -> list[str]:
    """So many of the lines, and how many more there are."""
    more = [f"and {len(lines) - most} more (all with --json)"] if len(lines) > most else []
    return [*lines[:most], *more]
