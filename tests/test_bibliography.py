"""Citations as BibTeX and CSL-JSON, whatever the articles' titles and authors hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite import Citation, Document, Passage
from pincite.bibliography import bibtex, csl_json


def citation(start: int = 0, **about: str) -> Citation:
    known = {"doc_id": "a/b c.md", "title": "T", "text": "The night ferry left at ten."} | about
    document = Document(**known)  # type: ignore[arg-type]
    passage = Passage(passage_id="p", doc_id=document.doc_id, text=document.text, start=0, end=28)
    return Citation(
        label=1,
        quote=document.text[start:9],
        start=start,
        end=9,
        best=(start, 9),
        confidence=1.0,
        document=document,
        passage=passage,
    )


def test_an_article_has_an_entry_however_often_it_is_cited() -> None:
    about: dict[str, Any] = {
        "title": "Salt & carts: 100% of #1",
        "author": "Penn, R.; Ana Bell and Xinhua",
        "source": "Mill_Letters",
        "date": "2019-07-04",
        "url": "https://example.org/a_b?x=1&y={2}#~z",
    }
    cited = [citation(**about), citation(4, **about), citation(doc_id="other.md")]
    first, second = bibtex(cited).split("\n\n")
    assert re.sub("-[0-9a-f]{8},", "-KEY,", first) == (
        "@misc{b-c-KEY,\n"
        "  author = {Penn, R. and Ana Bell and Xinhua},\n"
        "  title = {{Salt \\& carts: 100\\% of \\#1}},\n"
        "  howpublished = {Mill\\_Letters},\n"
        "  year = {2019},\n"
        "  month = jul,\n"
        "  date = {2019-07-04},\n"
        "  url = {https://example.org/a_b?x=1&y=%7B2%7D#~z},\n"
        "  note = {a/b c.md, characters 0--9, 4--9}\n"
        "}"
    )
    assert re.fullmatch(r"@misc\{other-\w+,\n  title = \{\{T\}\},\n  note = \{other.md, characters 0--9\}\n\}", second)
    one, other = csl_json(cited)
    assert one == {
        "id": first[len("@misc{") :].partition(",")[0],
        "type": "webpage",
        "title": "Salt & carts: 100% of #1",
        "author": [{"family": "Penn", "given": "R."}, {"literal": "Ana Bell"}, {"literal": "Xinhua"}],
        "container-title": "Mill_Letters",
        "issued": {"date-parts": [[2019, 7, 4]]},
        "URL": "https://example.org/a_b?x=1&y=%7B2%7D#~z",
        "note": "a/b c.md, characters 0–9, 4–9",
    }
    assert other.keys() == {"id", "type", "title", "note"}
    assert bibtex([]) == ""
    assert csl_json([]) == []


@pytest.mark.parametrize(
    ("author", "in_bibtex", "in_csl"),
    [
        (
            "Bo Lind, Cy Roe and Food and Agriculture Organization",
            "Bo Lind and Cy Roe and {Food and Agriculture Organization}",
            ["Bo Lind", "Cy Roe", "Food and Agriculture Organization"],
        ),
        ("Harbour & Tide Office", "{Harbour \\& Tide Office}", ["Harbour & Tide Office"]),
        ("Ministry of Tides", "{Ministry of Tides}", ["Ministry of Tides"]),
        ("Marks and Spencer", "{Marks and Spencer}", ["Marks and Spencer"]),
        ("Ane Holt, Bo Lind", "Ane Holt and Bo Lind", ["Ane Holt", "Bo Lind"]),
    ],
)
def test_authors_are_parted_as_documents_part_them(author: str, in_bibtex: str, in_csl: list[str]) -> None:
    cited = [citation(author=author)]
    assert f"author = {{{in_bibtex}}}" in bibtex(cited)
    assert csl_json(cited)[0]["author"] == [{"literal": name} for name in in_csl]
    assert list(cited[0].document.authors) == in_csl


@pytest.mark.parametrize(("date", "dated"), [("2019", "{2019},\n  date = {2019},\n"), ("2019-12", "  month = dec,\n")])
def test_a_date_may_be_a_year_or_a_month(date: str, dated: str) -> None:
    assert dated in bibtex([citation(date=date)])


def test_ids_that_look_alike_have_keys_of_their_own() -> None:
    names = ("a_b.md", "a-b.md", "x/a b.md", "文.md", "字.md")
    keys = [item["id"] for item in csl_json([citation(doc_id=name) for name in names])]
    assert len(set(keys)) == len(names)
    assert all(re.fullmatch("[a-z0-9-]+", key) for key in keys)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXTS, TEXTS, TEXTS)
def test_whatever_stands_in_a_text_ends_no_field(title: str, author: str, url: str) -> None:
    entry = bibtex([citation(title=title, author=author, url=url)])
    depths, depth = [], 0
    for sign in entry:
        depth += (sign == "{") - (sign == "}")
        depths.append(depth)
    assert depths.index(0, entry.index("{")) == len(entry) - 1  # balanced
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", entry)
    bare = re.sub(r"\\[#$%&_]|\\text\w+\{\}|  url = .*", "", entry)
    assert not re.search(r"[\\#$%&~^]", bare)
