"""Subtitles (``.srt``, ``.vtt``): what is said, as running text; when it is said only tells where a paragraph ends."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from pathlib import Path

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import decode
from pincite.parsers.markup import collapse
from pincite.parsers.metadata import document

_TIME = r"(?:\d+:)?\d{1,2}:\d\d[.,]\d{1,3}"
_TIMES = re.compile(rf"\s*(?P<start>{_TIME})\s+-->\s+(?P<end>{_TIME})(?:\s.*)?")
_VOICE = re.compile(r"<v(?:\.[^\s>]{0,100}+)?+\s{1,20}+([^>\s][^>]{0,99}+|)>")
_TAG = re.compile(r"<rt>[^<]{0,100}(?:</rt>)?|</?[A-Za-z\d][^<>]{0,200}>|\{\\[^{}]{0,200}\}")
"""Of WebVTT and HTML, with the times within a cue, and of ASS, which ``.srt`` files have at times."""
_OTHER_VOICE = re.compile(r"[-–]\s?(?![a-zà-ÿ])[^\W\d_]|[A-ZÀ-Þ][A-ZÀ-Þ .'-]{1,24}:\s")
"""How a line begins where two people speak in one cue: with a dash or a name in capitals."""
_ENDED = re.compile(r"[.?!…。？！][\"'”’»)\]]*\Z")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file with subtitles."""
    paragraphs: list[list[str]] = []
    voice, until, shown = "", math.inf, list[str]()
    for start, end, lines in _cues(decode(path.read_bytes())):
        speaker = next((found[1].strip() for line in lines if (found := _VOICE.search(line))), voice)
        words = [collapse(html.unescape(_TAG.sub("", line))) for line in lines]
        said = paragraphs[-1] if paragraphs else []
        # Behind three seconds without words something else is spoken of, if a sentence ended there.
        paused = bool(said) and start >= until + 3 and _ENDED.search(said[-1]) is not None
        if not paragraphs or paused or speaker != voice:
            paragraphs.append(said := [f"{speaker}:"] if speaker != voice else [])
        rolled_up = shown if start < until + 0.1 else []  # lines that are shown again, further up
        for line in words:
            if line in rolled_up:
                continue
            if said and _OTHER_VOICE.match(line):
                paragraphs.append(said := [])
            said += [line] if line else []
        voice, until, shown = speaker, end, words
    text = "\n\n".join(" ".join(said) for said in paragraphs if said)
    if not text:
        raise UnreadableFile("no subtitles in it")
    yield document(name, text, stated={})


def _cues(text: str) -> Iterator[tuple[float, float, list[str]]]:
    """Start, end and lines of each cue; what stands elsewhere are numbers, notes and styles."""
    times, lines = None, list[str]()
    for line in [*text.split("\n"), ""]:
        if found := _TIMES.fullmatch(line):
            times, lines = found, []
        elif times and line.strip():
            lines.append(line)
        elif times:
            yield _seconds(times["start"]), _seconds(times["end"]), lines
            times = None


def _seconds(time: str) -> float:
    *hours, minutes, seconds = time.replace(",", ".").split(":")
    return 3600 * int(hours[0] if hours else 0) + 60 * int(minutes) + float(seconds)
