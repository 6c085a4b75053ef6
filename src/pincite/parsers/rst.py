"""reStructuredText: docutils makes HTML of it and opens no other file; what only Sphinx knows gives its text.

Docutils by itself would leave out what stands in directives that it does not know, which in manuals is most of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.directives.body import CodeBlock, MathBlock
from docutils.parsers.rst.languages import en
from docutils.utils import new_document

from pincite.datatypes import Document
from pincite.errors import UnreadableFile
from pincite.parsers.decoding import decode
from pincite.parsers.markup import blocks_of, lay_out, parse_html, plain_text
from pincite.parsers.metadata import document

_LONGEST_LINE = 100_000
_SETTINGS = {
    "_disable_config": True,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "input_encoding": "unicode",
    "line_length_limit": _LONGEST_LINE,
    "math_output": "LaTeX",
    "raw_enabled": False,
    "report_level": 5,
    "syntax_highlight": "none",
}
_DIRECTIVE = re.compile(r"^[ \t]*\.\. ([A-Za-z][\w:.+-]*?)::(?:\s|\Z)", re.MULTILINE)
_ROLE = re.compile(r":([A-Za-z][\w:.+-]*?):`|`:([A-Za-z][\w:.+-]*?):(?!\w)")
_SILENT = re.compile(r"toctree|index|highlight|tabularcolumns|(?:py:)?(?:current)?module|auto.*|.*author|.*program")
"""Directives that list pages, set something or have a program write the text."""
_VERSIONS = {"versionadded": "Added in version", "versionchanged": "Changed in version"}
_VERSIONS |= {"deprecated": "Deprecated since version", "versionremoved": "Removed in version"}


class _AnyOption(dict[str, Any]):
    """Takes the options that Sphinx has and docutils has not."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401 - of docutils
        return directives.unchanged


for _directive in (CodeBlock, MathBlock):
    _directive.option_spec = _AnyOption(_directive.option_spec or {})


class _Sphinx(Directive):
    """A directive that docutils does not know: its words, then what stands in it."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption(name=directives.unchanged)  # an empty one would mean that there are no options

    def run(self) -> list[nodes.Node]:
        """The nodes in the place of the directive."""
        if _SILENT.fullmatch(self.name):
            return []
        box = nodes.container()
        if self.arguments:
            source = f"{_VERSIONS.get(self.name, '')} {self.arguments[0]}".strip()
            words, problems = self.state.inline_text(source, self.lineno)
            box += nodes.paragraph("", "", *words, *problems)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def read(path: Path, name: str) -> Iterator[Document]:
    """The one document of a file; its title and the fields below it are what it states of itself."""
    source = decode(path.read_bytes())
    if len(max(source.split("\n"), key=len)) > _LONGEST_LINE:
        raise UnreadableFile(f"a line of more than {_LONGEST_LINE:,} characters")
    _register_unknown(source)
    parts = publish_parts(source, writer="html5", settings_overrides=_SETTINGS)
    body = parse_html(f"<p>{parts['subtitle']}</p>{parts['fragment']}")
    for note in body.xpath("//p[preceding-sibling::*[1][self::span[@class='label']]]"):
        note.text = f"{plain_text(note.getprevious())} {note.text or ''}"
        note.getparent().remove(note.getprevious())
    stated = {"title": parts["title"] and plain_text(parse_html(parts["title"]))}
    if parts["docinfo"].strip():
        fields = parse_html(parts["docinfo"]).iter("dd")
        stated |= {each.get("class", "").split(" ")[0]: plain_text(each) for each in fields}
    yield document(name, *lay_out(blocks_of(body)), stated=stated)


def _register_unknown(source: str) -> None:
    """Have docutils take the directives and roles of this file that it does not know for plain text."""
    blank, english = new_document(""), cast("Any", en)
    for directive in set(_DIRECTIVE.findall(source)):
        if directives.directive(directive, english, blank)[0] is None:
            directives.register_directive(directive.lower(), _Sphinx)
    for role in {first or last for first, last in _ROLE.findall(source)}:
        if roles.role(role, english, 0, blank.reporter)[0] is None:
            roles.register_local_role(role.lower(), _words)


def _words(role: str, raw: str, text: str, *_: Any) -> Any:  # noqa: ANN401 - of docutils
    """What Sphinx shows of a role: a reference's title, else its target, of ``~a.b.C`` the last part."""
    text = nodes.unescape(text)
    title, opened, target = text.removesuffix(">").rpartition("<")
    if opened and text.endswith(">") and ">" not in target:
        text = title.rstrip() or text
    if text.startswith("~"):
        text = text.rpartition(".")[2].lstrip("~")
    return [nodes.inline(raw, text.removeprefix("!"))], []
