"""Markdown (CommonMark with tables), its YAML front matter as metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from lxml.html import defs
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

from pincite.datatypes import Document
from pincite.readers.blocks import lay_out
from pincite.readers.decoding import decode
from pincite.readers.fields import described, one_line
from pincite.readers.markup import blocks_of, parse_html

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DEEPEST = 100
"""Levels of lists and quotes; what lies deeper is left out by the parser, at 20 unless told."""

_PLAIN_LINE = re.compile(r"([A-Za-z][\w -]*):[ \t]+(.+)")


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a Markdown file; its title is the front matter's, else the first heading of level 1."""
    stated, source = _front_matter(decode(path.read_bytes()))
    tree = parse_html(_renderer().render(source) or "<p></p>")
    text, headings = lay_out(blocks_of(tree))
    title = one_line(stated.pop("title", None)) or _first_heading(tree)
    yield Document(
        doc_id=name,
        title=title or path.stem,
        title_is_name=title is None,
        text=text,
        headings=headings,
        **described(stated),
    )


def _front_matter(text: str) -> tuple[dict[str, Any], str]:
    """What the front matter states, and the text below it; a head that states nothing is text."""
    found = _FRONT_MATTER.match(text)
    stated = _mapping(found["yaml"]) if found else {}
    return (stated, text[found.end() :]) if found and stated else ({}, text)


def _mapping(source: str) -> dict[str, Any]:
    """The front matter's values; where it is not quite YAML (``title: Ice: a story``), its ``key: value`` lines."""
    try:
        value = yaml.load(source, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        plain = (_PLAIN_LINE.fullmatch(line.rstrip()) for line in source.splitlines())
        return {found[1].lower(): _value(found[2]) for found in plain if found}
    return {str(key).lower(): each for key, each in value.items()} if isinstance(value, dict) else {}


def _value(source: str) -> Any:  # noqa: ANN401 - any value of YAML
    try:
        value = yaml.load(source, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return source
    return source if isinstance(value, dict) else value


class _Loader(yaml.SafeLoader):
    """YAML with the plain values of JSON only, so that a date or ``12:30`` stays as written, and without aliases.

    An alias may refer to itself, or grow without bound when written out.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - PyYAML's own signature
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), ["t", "f"])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9]\d{0,17})\Z"), list("-0123456789"))


def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    renderer.add_render_rule("image", lambda self, tokens, at, *_: escapeHtml(tokens[at].content))
    renderer.add_render_rule("html_inline", lambda self, tokens, at, *_: _inline(tokens[at].content))
    return renderer


def _inline(html: str) -> str:
    """A tag of HTML as it is; what only looks like one (``List<String>``) as text."""
    name = re.match(r"</?([A-Za-z][\w-]*)", html)
    return html if name is None or name[1].lower() in defs.tags else escapeHtml(html)


def _first_heading(tree: Any) -> str | None:  # noqa: ANN401 - lxml has no types
    heading = next(tree.iter("h1"), None)
    return one_line("".join(heading.itertext())) if heading is not None else None
