"""Text as HTML. Every word from outside passes through ``literal``."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote as percent_encoded


def literal(text: str) -> str:
    """``text`` so that the browser shows it to the letter: no element, no attribute, no template of Gradio's."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;").replace("`", "&#96;")


def count(number: int, noun: str) -> str:
    """A number with its noun, in English."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def address(name: str, value: str) -> str:
    """The page's own address with one parameter."""
    return literal(f"?{name}={percent_encoded(value, safe='')}")


def many(facts: Iterable[str]) -> str:
    """Facts side by side; one that is written from right to left does not turn the others round."""
    return " · ".join(f"<bdi>{literal(fact)}</bdi>" for fact in facts)
