"""Markdown (CommonMark with tables and notes), its front matter (YAML, TOML between ``+++``, JSON) as metadata."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from lxml.html import defs
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from pincite.datatypes import Document
from pincite.parsers.decoding import decode
from pincite.parsers.headings import is_version
from pincite.parsers.markup import blocks_of, lay_out, parse_html, plain_text
from pincite.parsers.metadata import KEYS, document

_YAML = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DAY_IN_NAME = re.compile(r"(?:.*/)?(\d{4}-\d\d-\d\d)-[^/]*")
_TAGS_ALONE = re.compile(r"\s*(?:\{%[^\n%]{0,500}%\}\s*)+")
_SHORTCODES_ALONE = re.compile(r"\s*(?:\{\{(?:<[^\n{}]{0,500}>|%[^\n{}]{0,500}%)\}\}\s*)+")
_LINK_VARIABLE = re.compile(r"\]\((?:\{\{[^\n{}]{0,500}\}\}|\{%[^\n%]{0,500}%\})")
"""Jekyll's tags and Hugo's on lines of their own, and their variables where a link leads; within prose and code they
may be what the article is about."""
_PANDOC = re.compile(r"\A% ([^\n]+)\n%(?: ([^\n]*))?\n(?:%(?: ([^\n]*))?\n)?(?=\n)")
_OF_HUGO = {
    "aliases",
    "description",
    "draft",
    "expirydate",
    "layout",
    "publishdate",
    "slug",
    "summary",
    "type",
    "weight",
}
"""What a page of Hugo states beside what other files do."""
_LINES = re.compile(r"\A(?:[A-Za-z][\w -]{0,30}:[ \t]+[^ \t\n][^\n]*\n){2,}(?=[ \t]*\n)")
_PLAIN_LINE = re.compile(r"^([A-Za-z][\w -]*):[ \t]+([^ \t\n].*)$", re.MULTILINE)


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a Markdown file; its title is the front matter's, else the first heading of level 1.

    The name of a post made with Jekyll begins with its day; the tags of Jekyll and Hugo are for these programs.
    """
    stated, source = _front_matter(decode(path.read_bytes()))
    day = _DAY_IN_NAME.fullmatch(name)
    if stated:
        stated = ({"date": day[1]} if day else {}) | stated
        source = _without_tags(source, _TAGS_ALONE if day else _SHORTCODES_ALONE)
    tree = parse_html(_renderer().render(source) or "<p></p>")
    blocks = blocks_of(tree)
    headings = list(map(plain_text, tree.iter("h1")))
    is_section = len(headings) > 1 and is_version(headings[0])
    title = None if is_section else next(iter(headings), None)
    yield document(name, *lay_out(blocks), stated={"title": title} | stated)


def _without_tags(source: str, tags: re.Pattern[str]) -> str:
    """A post without the tags that are for another program; what stands in fenced code is kept."""
    kept, in_code = [], False
    for line in source.split("\n"):
        in_code ^= line.lstrip().startswith(("```", "~~~"))
        if in_code or not tags.fullmatch(line):
            kept.append(line if in_code else _LINK_VARIABLE.sub("](", line))
    return "\n".join(kept)


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """What the front matter states, and the text below it; a head that states nothing is text."""
    if toml := _TOML.match(text):
        with suppress(tomllib.TOMLDecodeError):
            values = tomllib.loads(toml[1]).items()
            return {k.lower(): v.isoformat() if isinstance(v, date) else v for k, v in values}, text[toml.end() :]
    if text.startswith("{\n"):  # as Hugo reads JSON
        with suppress(ValueError, RecursionError):
            example, end = json.JSONDecoder().raw_decode(text)
            known = {key.lower(): each for key, each in example.items()}
            if "title" in known and known.keys() <= KEYS | _OF_HUGO:  # else it is what the article is about
                return known, text[end:]
    if pandoc := _PANDOC.match(text):
        return dict(zip(("title", "author", "date"), pandoc.groups(""), strict=True)), text[pandoc.end() :]
    if head := _LINES.match(text):
        lines = {key.lower(): value for key, value in _PLAIN_LINE.findall(head[0])}
        if "title" in lines and lines.keys() <= KEYS:
            return lines, text[head.end() :]
    found = _YAML.match(text)
    source = found[1] if found else ""  # where it is not quite YAML (``title: Ice: a story``), its lines are read
    stated = _load(source) or {key: _value(text.rstrip(" \t")) for key, text in _PLAIN_LINE.findall(source)}
    if not found or not isinstance(stated, dict) or not stated:
        return {}, text
    return {str(key).lower(): each for key, each in stated.items()}, text[found.end() :]


def _value(text: str) -> object:
    value = _load(text)
    return text if value is None or isinstance(value, dict) else value


def _load(source: str) -> object:
    """Values as they are written, of YAML without aliases: these may grow without bound when written out."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source)):
            return None
        return yaml.load(source, yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _renderer() -> MarkdownIt:
    # Of lists and quotes; the parser leaves out what lies deeper, from level 20 on unless told.
    renderer = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    renderer.use(footnote_plugin, inline=False)
    for rule in ("footnote_block_open", "footnote_block_close", "footnote_anchor", "footnote_close"):
        renderer.add_render_rule(rule, lambda *_: "")
    renderer.add_render_rule("footnote_ref", lambda self, tokens, at, *_: _mark(tokens[at]))
    renderer.add_render_rule("footnote_open", lambda self, tokens, at, *_: _begin_note(tokens, at))
    renderer.add_render_rule("image", lambda self, tokens, at, *_: escapeHtml(tokens[at].content))
    renderer.add_render_rule("html_inline", lambda self, tokens, at, *_: _inline(tokens[at].content))
    return renderer


def _mark(token: Token) -> str:
    return f"[{token.meta['id'] + 1}]"


def _begin_note(tokens: Sequence[Token], at: int) -> str:
    """Have the first paragraph of a note begin with its mark; where it begins with a list, the mark stands above."""
    first = tokens[at + 2 : at + 3] if tokens[at + 1].type == "paragraph_open" else []
    for inline in first:
        inline.children = [Token("text", "", 0, content=f"{_mark(tokens[at])} "), *(inline.children or [])]
    return "" if first else f"<p>{_mark(tokens[at])}</p>"


def _inline(html: str) -> str:
    """A tag of HTML as it is; what only looks like one (``List<String>``) as text."""
    name = re.match(r"</?([A-Za-z][\w-]*)", html)
    return html if name is None or name[1].lower() in defs.tags else escapeHtml(html)
