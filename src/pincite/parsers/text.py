"""Plain text: a title line and the byline and date lines beside it are metadata, the rest is the text.

Which of its lines are headings, :mod:`pincite.parsers.headings` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise, takewhile
from pathlib import Path

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers import eml
from pincite.parsers.decoding import decode
from pincite.parsers.headings import is_version, with_headings
from pincite.parsers.metadata import KEYS, document, find_date, iso_date

_LONGEST_LINE = 150
_SENTENCE_END = re.compile(r"[.,;:。，；：、][\"'”’»)\]」』）]*$")
_MODE = re.compile(r"-\*-[^*\n]{1,200}-\*-")
_MANUAL_PAGE = re.compile(r"(?P<name>[\w.:+-]{1,40}\(\w{1,6}\))\s\s.*\s(?P=name)")
_HEAD_OF_MAIL = re.compile(
    r"\s*(?:(?:From|Sender|To|Cc|Bcc|Subject|Date|Sent|Reply-To|Message-ID|In-Reply-To|References|Return-Path|Received"
    r"|Newsgroups|Organization|MIME-Version|Importance|Attachments|User-Agent|(?:X|List|Content|DKIM)-[\w-]{1,40}):"
    r"[^\n]*\n(?:[ \t]+\S[^\n]*\n)*+){3,}+(?=[ \t]*\n)"
)
_OF_MAIL = re.compile(r"^(?:From|Subject):[ \t]+\S", re.MULTILINE)
_OF_BODY = re.compile(r"^(?:Content-[\w-]+|MIME-Version):[^\n]*\n(?:[ \t]+\S[^\n]*\n)*+", re.MULTILINE | re.IGNORECASE)
"""What a mail says of how its body is encoded."""
_CENTRED = 8
"""Characters before a line in the middle of a page."""
_LABEL = re.compile(r"([^\W\d_][\w -]{0,30}):\s+\S")
_RULE = re.compile(r"\s*([=\-~*_#])\1{2,}\s*")
_PATTERNS = (
    ("author", r"(?:by|authors?|written by|作\s*者|记者)\s*[:：]\s*+(.+)"),
    ("author", r"by\s+([^\W\d_](?:[^.!?:;。]|(?<=\b\w)\.|(?<=[DMJS]r)\.|(?<=Mrs)\.){1,60})"),
    ("title", r"(?:title|headline|标\s*题)\s*[:：]\s*+(.+)"),
    ("source", r"(?:source|publisher|published by|来\s*源|稿源)\s*[:：]\s*+(.+)"),
    ("url", r"(?:(?:url|link|original link|原文链接|链接)\s*[:：]\s*)?(https?://\S+)"),
    ("date", r"(?:(?:\w+ )?date|published|posted|(?:last )?updated|日期|(?:发布)?时间|发布日期)\s*[:：]\s*+(.+)"),
)
_BESIDE_DATE = re.compile(
    r"""(?:
        \s
      | (?:le|el|il|am|den)\b
      | (?:published|posted|updated|on|at|by|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b:?
      | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)? | Z\b | [A-Z]{3,4}\b | [+-]\d\d:?\d\d
      | \d+(?:\s(?:comments?|min(?:utes?)?\sread))?\b
      | [|·•,/–—()T-]
    )*+""",
    re.VERBOSE | re.IGNORECASE,
)
"""Each part is taken for the first kind that it can be, never for another afterwards: there would be too many ways."""


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a text file."""
    text = decode(path.read_bytes())
    if (head := _HEAD_OF_MAIL.match(text)) and len(_OF_MAIL.findall(head[0])) > 1 and text[head.end() :].strip():
        with suppress(UnreadableFile):  # saved as text, which is decoded already
            yield eml.mail((_OF_BODY.sub("", head[0].lstrip()) + text[head.end() :]).encode(), name)
            return
    if _MANUAL_PAGE.fullmatch(text[:1000].lstrip().partition("\n")[0].expandtabs().strip()):
        text = text.expandtabs()  # "col -b" makes tabs of its white space, within sentences too
    stated, start = _head(text)
    yield document(name, *with_headings(text[start:]), stated=stated)


def _head(text: str) -> tuple[dict[str, str], int]:
    """What the lines at the top say of the text, and where the text itself begins."""
    stated: dict[str, str] = {}
    start = end = 0
    lines = text[:4000].splitlines(keepends=True)[:20]
    for at, (line, following) in enumerate(pairwise([*lines, ""])):
        if _is_section(text, line, following):
            break
        end += len(line)
        found = byline(line)
        if found and "title" in found and ("title" in stated or _is_of_a_record(lines[at:])):
            break
        if found is None and "title" not in stated and (title := _title(line, following)):
            found = {"title": title}
        if found is None and line.strip() and not ("title" in stated and _RULE.fullmatch(line)):
            break
        stated = {**(found or {}), **stated}
        start = end if stated else 0
    return (stated, start) if text[start:].strip() else ({}, 0)


def _is_section(text: str, line: str, following: str) -> bool:
    """Whether a line is the heading of a section, as of one version among several, or of the notes of a day."""
    if is_version(line):
        return sum(map(is_version, text.split("\n"))) > 1
    return bool(_RULE.fullmatch(following)) and len(line.strip()) == len(following.strip()) and byline(line) is not None


def _is_of_a_record(lines: Sequence[str]) -> bool:
    """Whether one of the lines up to the next blank one has a label that no file states of itself: "Serves: six"."""
    labels = ((_LABEL.match(line), line) for line in takewhile(str.strip, lines))
    return any(label and label[1].lower() not in KEYS and byline(line) is None for label, line in labels)


def _title(line: str, following: str) -> str | None:
    """What a line says that stands alone and is short, and does not end as a sentence does; else None.

    A line that tells an editor how to show the text is one in any case, and so is the head of a manual page.
    """
    plain = _MODE.sub("", line).strip()
    if len(line) > _LONGEST_LINE or not re.search(r"\w", plain):
        return None
    if page := _MANUAL_PAGE.fullmatch(plain):
        return page["name"]
    if plain != line.strip():
        return plain.rstrip(".")
    alone = not following.strip() or byline(following) is not None or bool(_RULE.fullmatch(following))
    is_title = (alone or _are_centred(line, following)) and not _SENTENCE_END.search(plain)
    return plain if is_title else None


def _are_centred(line: str, below: str) -> bool:
    """Whether two lines stand in the middle of a page."""
    middles = [len(each) - len(each.strip()) / 2 for each in (line.expandtabs().rstrip(), below.expandtabs().rstrip())]
    indents = [len(each.expandtabs()) - len(each.expandtabs().lstrip()) for each in (line, below)]
    return min(indents) >= _CENTRED and indents[0] != indents[1] and abs(middles[0] - middles[1]) < 4


def byline(line: str) -> dict[str, str] | None:
    """What a line that is nothing but date, author, source or address states; None for any other line."""
    if not line.strip() or len(line) > _LONGEST_LINE:
        return None
    stated: dict[str, str] = {}
    unknown: list[str] = []
    for part in re.split(r"(?<!\s)\s+[|·•]\s+", line.strip()):
        found = _stated(part) or _date_line(part)
        stated |= found or {}
        unknown += [] if found else [part]
    if len(unknown) == 1 and {"author", "date"} <= stated.keys():
        return {"source": unknown[0], **stated}
    return None if unknown else stated


def _stated(part: str) -> dict[str, str] | None:
    for field, pattern in _PATTERNS:
        if found := re.fullmatch(pattern, part, re.IGNORECASE):
            value = iso_date(found[1]) if field == "date" else found[1]
            if value and not (field == "author" and find_date(value)):
                return {field: value}
    return None


def _date_line(part: str) -> dict[str, str] | None:
    """A date with nothing beside it but a time, a count of comments or an author."""
    found = find_date(part)
    if found is None:
        return None
    iso, start, end = found
    beside = [_stated(each.strip(" ,-–—")) or each for each in (part[:start], part[end:])]
    if any(isinstance(each, str) and not _BESIDE_DATE.fullmatch(each) for each in beside):
        return None
    return {key: value for each in beside if isinstance(each, dict) for key, value in each.items()} | {"date": iso}
