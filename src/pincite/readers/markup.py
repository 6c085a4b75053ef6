"""From a tree of HTML elements to blocks of text; used for HTML, EPUB and rendered Markdown."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html

from pincite.errors import UnreadableFile
from pincite.readers.blocks import Block, collapse, row

_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_LINES = frozenset({"li", "dt", "dd"})
_BLOCKS = _HEADINGS | _LINES
_BLOCKS |= {"address", "article", "aside", "blockquote", "body", "caption", "center", "details", "dialog", "div", "dl"}
_BLOCKS |= {"fieldset", "figcaption", "figure", "footer", "header", "hgroup", "hr", "html", "legend", "main", "ol", "p"}
_BLOCKS |= {"pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
_SILENT = {"area", "audio", "button", "canvas", "datalist", "embed", "form", "head", "iframe", "input", "map", "math"}
_SILENT |= {"menu", "nav", "noscript", "object", "option", "rp", "rt", "script", "select", "style", "svg", "template"}
_SILENT |= {"textarea", "title", "video"}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def parse_html(text: str) -> Any:  # noqa: ANN401 - lxml has no types
    """The tree of an HTML page, however broken; None where it has no element at all.

    Raises:
        UnreadableFile: nested deeper than 2048 elements, below which the parser would leave the text out.
    """
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    tree = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if any("depth" in error.message for error in parser.error_log):
        raise UnreadableFile("its elements are nested too deeply")
    return tree


def blocks_of(tree: Any) -> list[Block]:  # noqa: ANN401 - lxml has no types
    """The text under ``tree`` that a browser would show, without menus, forms and scripts."""
    walker = _Walker()
    events = etree.iterwalk(tree, events=("start", "end", "comment", "pi"))
    silent = None
    for event, element in events:
        if event in ("start", "end") and silent is None:
            tag = local_name(element)
            if event == "start" and (tag in _SILENT or _is_hidden(element)):
                silent = element
                events.skip_subtree()
            elif event == "start":
                walker.start(tag, element.text or "")
            else:
                walker.end(tag)
        if event == "end" and silent is element:
            silent = None
        if event != "start" and element is not tree and silent is None:
            walker.text(element.tail or "")
    walker.break_off()
    return walker.cells[0]


def local_name(element: Any) -> str:  # noqa: ANN401 - lxml has no types
    """The element's name in lower case, without its namespace."""
    return str(element.tag).rpartition("}")[2].lower()


def _is_hidden(element: Any) -> bool:  # noqa: ANN401 - lxml has no types
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))


class _Walker:
    """Takes elements in document order and puts the words between two block borders together."""

    def __init__(self) -> None:
        self.cells: list[list[Block]] = [[]]
        self.rows: list[list[list[Block]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.verbatim = 0

    def start(self, tag: str, text: str) -> None:
        if tag in _BLOCKS:
            self.break_off()
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.cells.append([])
        elif tag == "pre":
            self.verbatim += 1
        elif tag == "br":
            self.words.append("\n")
        self.text(text)

    def end(self, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        self.break_off()
        self.open.pop()
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append(self.cells.pop())
        elif tag == "tr":
            self.cells[-1] += row(self.rows.pop())
        elif tag == "pre":
            self.verbatim -= 1

    def text(self, text: str) -> None:
        self.words.append(text if self.verbatim else re.sub(r"[ \t\n\r\f]+", " ", text))

    def break_off(self) -> None:
        text, self.words = "".join(self.words), []
        if self.verbatim:
            self._add(text.strip("\n").rstrip(), "paragraph")
        elif _HEADINGS & set(self.open):
            self._add(collapse(text), "heading")
        else:
            for part in re.split(r"\n\s*\n", text):
                lines = [collapse(line) for line in part.split("\n")]
                self._add("\n".join(filter(None, lines)), "line" if _LINES & set(self.open) else "paragraph")

    def _add(self, text: str, kind: Any) -> None:  # noqa: ANN401
        if text.strip():
            self.cells[-1].append(Block(text, kind))
