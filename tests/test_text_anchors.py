"""Pins find their quote again; addresses on the web mark it and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import WordEmbedder
from pincite import Document, Index
from pincite.errors import UnknownDocument, UsageError
from pincite.text_anchors import on_the_web, resolve, text_anchor

FEW = st.text("ab ,-\n", min_size=1, max_size=30)  # few letters, so that quotes occur more than once
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@dataclass
class Held:
    """Documents as an index holds them."""

    held: dict[str, Document]

    def documents(self, doc_ids: Collection[str]) -> dict[str, Document]:
        return {each: self.held[each] for each in doc_ids if each in self.held}

    def with_digest(self, prefix: str) -> Document | None:
        return next((each for each in self.held.values() if each.digest.startswith(prefix)), None)


def holding(*documents: Document) -> Index:
    return cast(Index, Held({each.doc_id: each for each in documents}))


def article(text: str, doc_id: str = "a/b@c:1-2.md", url: str | None = None) -> Document:
    return Document(doc_id=doc_id, title="t", text=text, url=url)


@st.composite
def quoted(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, int, int]:
    """A text and the range of a quote in it, neither empty."""
    before, quote, after = draw(texts), draw(texts.filter(bool)), draw(texts)
    return before + quote + after, len(before), len(before) + len(quote)


@given(quoted(ANY))
def test_pin_leads_to_its_quote(case: tuple[str, int, int]) -> None:
    text, start, end = case
    document = article(text)
    place = resolve(holding(document), text_anchor(document, start, end))
    assert (place.document, place.span, place.same) == (document, (start, end), True)


@given(quoted(ANY), ANY, ANY)
def test_pin_finds_the_quote_to_the_letter_after_an_edit(case: tuple[str, int, int], before: str, after: str) -> None:
    text, start, end = case
    edited = article(before + text[start:end] + after)
    place = resolve(holding(edited), text_anchor(article(text), start, end))
    assert place.span is not None
    assert edited.text[slice(*place.span)] == text[start:end]
    assert place.same == (edited.text == text)


@given(quoted(FEW), FEW)
def test_pin_finds_the_nearest_of_several_and_nothing_else(case: tuple[str, int, int], other: str) -> None:
    text, start, end = case
    quote = text[start:end]
    span = resolve(holding(article(other)), text_anchor(article(text), start, end)).span
    places = [at for at in range(len(other)) if other.startswith(quote, at)]
    assert span == (
        None if not places else min(((at, at + len(quote)) for at in places), key=lambda s: abs(s[0] - start))
    )


def test_pin_finds_a_renamed_article_and_says_when_it_is_gone() -> None:
    pinned = text_anchor(article("One. Two. Three.", "old.md"), 5, 9)
    place = resolve(holding(article("One. Two. Three.", "new.md")), pinned)
    assert (place.document.doc_id, place.span, place.same) == ("new.md", (5, 9), True)
    with pytest.raises(UnknownDocument, match=r"old\.md: not in the index any more"):
        resolve(holding(), pinned)


def test_pin_cannot_claim_a_quote_that_is_not_there() -> None:
    document = article("One. Two. Three.")
    forged = text_anchor(document, 5, 9).replace(":5-9:", ":0-4:")
    assert resolve(holding(document), forged).span is None
    assert resolve(holding(document), text_anchor(document, 5, 9)[:-4] + "0000").span is None


@pytest.mark.parametrize("text", ["", "a", "a.md@0123:1-2:0", "a.md@0123456789abcdef:1-2:xyz", "a@b:1-2:3\0"])
def test_what_is_no_pin_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a link to a quote"):
        resolve(holding(), text)


@pytest.mark.parametrize("range_", ["9-5", "0-0", "5-999999999999", "999-9999", "9-9"])
@pytest.mark.parametrize("fingerprint", ["0000000000000000", text_anchor(article("One. Two."), 5, 9)[-16:]])
@pytest.mark.parametrize("text", ["One. Two.", "Edited. One. Two."])
def test_a_range_that_cannot_be_leads_to_no_quote(range_: str, fingerprint: str, text: str) -> None:
    name = text_anchor(article("One. Two."), 5, 9).partition(":5-9:")[0]
    assert resolve(holding(article(text)), f"{name}:{range_}:{fingerprint}").span is None


def test_a_quote_is_found_anywhere_in_a_long_text() -> None:
    quote = "The lamp was lit at nine."
    pinned = text_anchor(article(quote), 0, len(quote))
    for at in (0, (1 << 18) - 5, 1 << 18, 700_000):
        edited = article("-" * at + quote + "-" * 9)
        assert resolve(holding(edited), pinned).span == (at, at + len(quote))


def test_pin_through_a_real_index(open_index: Callable[..., Index], corpus: Path) -> None:
    index = open_index(WordEmbedder())
    index.update(corpus)
    (document,) = index.documents(["bees.txt"]).values()
    start = document.text.index("eighteen")
    pinned = text_anchor(document, start, start + 8)
    (corpus / "bees.txt").write_text("Bees\n\nMuch was added. A hive needs eighteen kilograms.\n", encoding="utf-8")
    index.update()
    place = resolve(index, pinned)
    assert place.span is not None
    assert place.document.text[slice(*place.span)] == "eighteen"
    assert not place.same
    (corpus / "bees.txt").rename(corpus / "hive.txt")
    index.update()
    with pytest.raises(UnknownDocument):
        resolve(index, pinned)


# ---------------------------------------------------------------- on the web


def marked(text: str, directive: str) -> list[tuple[int, int]]:
    """Where a browser would find a text directive, on a page that shows ``text`` with its white space collapsed."""
    parts = [unquote(each) for each in directive.split(",")]
    prefix = parts.pop(0)[:-1] if parts[0].endswith("-") else ""
    suffix = parts.pop()[1:] if parts[-1].startswith("-") else ""
    found = []
    for at in range(len(text)):
        end = at + len(parts[0])
        whole = not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())
        if whole and text.startswith(parts[0], at) and text[:at].rstrip().endswith(prefix):
            if len(parts) > 1:
                end = text.find(parts[1], end) + len(parts[1])
            if text[end:].lstrip().startswith(suffix):
                found.append((at, end))
    return found


@given(st.lists(st.sampled_from(["a", "b", "a-b", "a,b"]), min_size=1, max_size=60), st.data())
def test_address_marks_the_quote_first(words: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    text, quote = " ".join(words), " ".join(words[first : last + 1])
    start = len(" ".join(words[:first])) + (first > 0)
    address = on_the_web(article(text, url="https://x.example/a"), (start, start + len(quote)))
    assert address is not None
    assert marked(text, address.partition(":~:text=")[2])[:1] == [(start, start + len(quote))]


def test_address_of_a_long_quote_goes_from_its_first_words_to_its_last() -> None:
    quote = "It began on a Monday, " + "and so on, " * 40 + "until it ended - on a Friday."
    text = f"Before. {quote} After."
    address = on_the_web(article(text, url="https://x.example/a"), (8, 8 + len(quote)))
    assert address is not None
    directive = address.partition("#:~:text=")[2]
    assert len(directive) < 300
    assert marked(text, directive) == [(8, 8 + len(quote))]
    assert "-" not in directive.replace("%2D", "")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://x.example/a", "https://x.example/a#:~:text=Two."),
        ("https://x.example/a#part", "https://x.example/a#part:~:text=Two."),
        ("https://x.example/a#:~:text=old", "https://x.example/a#:~:text=Two."),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("https:///a", None),
        ("file:///etc/passwd", None),
        ("", None),
        (None, None),
    ],
)
def test_only_addresses_of_the_web_are_linked(url: str | None, address: str | None) -> None:
    assert on_the_web(article("One. Two.", url=url), (5, 9)) == address
