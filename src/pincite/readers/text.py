"""Plain text: a title line and the byline and date lines beside it are metadata, the rest is the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pincite.datatypes import Document
from pincite.readers.decoding import decode
from pincite.readers.fields import find_date, iso_date, one_line

_LONGEST_TITLE = 150
_LONGEST_BYLINE = 120
_SENTENCE_END = re.compile(r"[.,;:。，；：、][\"'”’»)\]」』）]*$")
_RULE = re.compile(r"\s*([=\-~*_#])\1{2,}\s*")
_FIELDS = {
    "author": r"by|authors?|written by|作\s*者|记者",
    "source": r"source|publisher|published by|来\s*源|稿源",
    "url": r"url|link|original link|原文链接|链接",
    "date": r"(?:publication |publishing )?date|published|posted|updated|last updated|日期|时间|发布时间|发布日期",
}
_LABELLED = {
    field: re.compile(rf"(?:{names})\s*[:：]\s*(?P<value>.+)", re.IGNORECASE) for field, names in _FIELDS.items()
}
_NAME = r"[^\W\d_](?:[^.!?:;。]|(?<=\b\w)\.|(?<=[DMJS]r)\.|(?<=Mrs)\.){1,60}"
_BY = re.compile(rf"by\s+(?P<author>{_NAME})", re.IGNORECASE)
_BESIDE_DATE = re.compile(
    r"""(?:
        \s | [|·•,/–—()T-]
      | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]\.?m\.?)? | Z\b | [A-Z]{3,4}\b | [+-]\d\d:?\d\d
      | \d+(?:\s(?:comments?|min(?:utes?)?\sread))?\b
      | (?:published|posted|updated|on|at|by|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b:?
    )*""",
    re.VERBOSE | re.IGNORECASE,
)


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a text file."""
    text = decode(path.read_bytes())
    stated, start = _head(text)
    title = stated.get("title")
    yield Document(
        doc_id=name,
        title=title or path.stem,
        title_is_name=title is None,
        text=text[start:],
        url=stated.get("url"),
        source=stated.get("source"),
        author=stated.get("author"),
        date=stated.get("date"),
    )


def _head(text: str) -> tuple[dict[str, str], int]:
    """What the lines at the top say of the text, and where the text itself begins."""
    stated: dict[str, str] = {}
    start = 0
    lines = list(_first_lines(text))
    for (line, end), following in zip(lines, [*(line for line, _ in lines[1:]), ""], strict=True):
        found = _byline(line)
        if found is None and "title" not in stated and _is_title(line, following):
            found = {"title": line.strip()}
        elif "title" in stated and _RULE.fullmatch(line):
            found = {}
        if found is None and line.strip():
            break
        stated = {**(found or {}), **stated}
        start = end if stated else 0
    return (stated, start) if text[start:].strip() else ({}, 0)


def _first_lines(text: str, most: int = 20) -> Iterator[tuple[str, int]]:
    """The first lines, each with the offset behind its line end."""
    end = 0
    for line in text[: most * 200].splitlines(keepends=True)[:most]:
        end += len(line)
        yield line, end


def _is_title(line: str, following: str) -> bool:
    """Whether a line stands alone and is short, and does not end as a sentence does."""
    title = line.strip()
    if not title or len(title) > _LONGEST_TITLE or _SENTENCE_END.search(title) or not re.search(r"\w", title):
        return False
    return not following.strip() or _byline(following) is not None or bool(_RULE.fullmatch(following))


def _byline(line: str) -> dict[str, str] | None:
    """What a line that is nothing but date, author, source or address states; None for any other line."""
    line = line.strip()
    if not line or len(line) > _LONGEST_BYLINE:
        return None
    if re.fullmatch(r"https?://\S+", line):
        return {"url": line}
    stated: dict[str, str] = {}
    parts = re.split(r"\s+[|·•]\s+", line)
    found = [_labelled(part) or _by(part) or _date_line(part) for part in parts]
    unknown = [part for part, each in zip(parts, found, strict=True) if each is None]
    for each in found:
        stated |= each or {}
    if len(unknown) == 1 and {"author", "date"} <= stated.keys():
        return {"source": unknown[0], **stated}
    return None if unknown else stated


def _labelled(part: str) -> dict[str, str] | None:
    for field, label in _LABELLED.items():
        if found := label.fullmatch(part):
            value = iso_date(found["value"]) if field == "date" else one_line(found["value"])
            return {field: value} if value else None
    return None


def _by(part: str) -> dict[str, str] | None:
    found = _BY.fullmatch(part)
    return {"author": found["author"].strip()} if found and not find_date(part) else None


def _date_line(part: str) -> dict[str, str] | None:
    """A date with nothing beside it but a time, a count of comments or an author."""
    found = find_date(part)
    if found is None:
        return None
    iso, start, end = found
    before, after = part[:start].strip(" ,-–—"), part[end:].strip(" ,-–—")
    for beside, other in ((before, after), (after, before)):
        author = _by(beside)
        if author and _BESIDE_DATE.fullmatch(other):
            return {"date": iso, **author}
    return {"date": iso} if _BESIDE_DATE.fullmatch(before) and _BESIDE_DATE.fullmatch(after) else None
