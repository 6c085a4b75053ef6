"""What the page is made of: every text is shown to the letter and adds no element, whatever it holds."""

from __future__ import annotations

import re
import sys
import textwrap
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pincite import Answer, Citation, Document, Hit, Passage, Progress, Status, UpdateReport
from pincite.datatypes import Changes, Listed, Table
from pincite.text_anchors import ResolvedAnchor
from pincite.web import answers as turns
from pincite.web import articles, columns, export, page, shelf, start
from pincite.web.library import State
from pincite.web.markup import direction, numbered_blocks, where
from pincite.web.shelf import Article

SHOWN = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
VOID = {"meta", "br", "progress", "input"}


class Reading(HTMLParser):
    """What a browser makes of some HTML: its elements, their attributes, and the text under those of interest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, str | None]] = []
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[dict[str, str | None]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("class") or tag
        self.elements.append((tag, name))
        self.attributes.append(dict(attrs))
        if tag not in VOID:
            self._open.append(name)
        self.texts.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        for name in self._open:
            self.texts[name][-1] += data

    def value(self, name: str) -> str:
        """The only value of an attribute."""
        (value,) = [each[name] for each in self.attributes if name in each]
        return value or ""


TOKENS = r"- --- === + 1. 2) * > # | ~~~ ``` ` \ a &lt; &#97; <b> </p> <!-- [a](b) ![a](b) [1]: $ {{a}} ${a}".split()  # noqa: SIM905
MARKUP = st.lists(st.sampled_from([*TOKENS, "\n", "\n\n", " ", "    "]), min_size=1, max_size=12).map("".join)


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Answers that quote one passage of one document, whatever characters these hold."""
    text = draw(st.text(SHOWN, min_size=1) | MARKUP)
    start, end = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    bounds = sorted(draw(st.lists(st.integers(start, end), max_size=6, unique=True)))
    document = Document(doc_id="<d>", title=draw(st.text(SHOWN)), text=text, source=draw(st.text(SHOWN)), date="2020")
    passage = Passage(passage_id="p", doc_id="<d>", text=text[start:end], start=start, end=end)
    spans = draw(st.permutations(list(zip(bounds[::2], bounds[1::2], strict=False))))
    citations = tuple(
        Citation(
            label=label,
            quote=text[a:b],
            start=a,
            end=b,
            best=(a, b),
            confidence=0.5,
            document=document,
            passage=passage,
        )
        for label, (a, b) in enumerate(spans, 1)
    )
    scores = {"dense": 0.5, "lexical": 1.0}
    hit = Hit(passage=passage, document=document, score=1.0, rank=1, scores=scores, duplicates=(passage,))
    return Answer(text="", question="q", answered=bool(citations), confidence=1.0, citations=citations, hits=(hit,))


def turn(answer: Answer, question: str, more: tuple[str, ...] = ()) -> str:
    return turns.turn(1, question, [question], question, turns.reply_of(answer, milliseconds=5, follow_ups=more))


@given(answers(), st.text(SHOWN, min_size=1))
def test_every_text_is_shown_to_the_letter(answer: Answer, question: str) -> None:
    read = Reading(turn(answer, question, (question,)))
    assert read.texts["question"] == [question]
    assert read.value("data-kept") == question
    assert read.texts["h4"] == [answer.hits[0].document.title]
    assert read.texts.get("quote", []) == [each.quote for each in answer.citations]
    assert read.texts.get("mark", []) == [each.quote for each in answer.citations]
    shown = read.texts["passage"]
    assert all(text in answer.hits[0].document.text for text in shown)
    assert all(each.quote in text for each, text in zip(answer.citations, shown, strict=False))
    assert answer.answered or shown == [answer.hits[0].passage.text]
    assert read.texts.get("example", []) == [question] * answer.answered


@given(st.text(SHOWN, min_size=1))
def test_a_reply_is_shown_to_the_letter_with_links_to_what_it_lists_and_says_nothing_of_confidence(text: str) -> None:
    listed = Listed(doc_id=text, title=text, source=None, author=None, date=None, url=None, digest="")
    reply = Answer(
        text=text, question="q", answered=False, confidence=0.0, citations=(), hits=(), kind="catalogue", reply=text,
        documents=(listed,),
    )  # fmt: skip
    read = Reading(turn(reply, "List all articles"))
    assert read.texts["p"] == [text]
    assert read.texts["a"] == [text]
    assert read.value("data-doc") == text
    assert read.texts["where"] == [f"no date · {text}"]
    assert not {name for _, name in read.elements} & {"notice nothing", "card", "answer", "follow-ups"}


@given(answers().filter(lambda each: each.answered), st.text(SHOWN, min_size=1))
def test_a_summary_says_what_it_is_and_not_how_strong_its_quotes_are(answer: Answer, said: str) -> None:
    summary = replace(answer, kind="summary", reply=said, hits=())
    read = Reading(turn(summary, "Summarise it"))
    assert read.texts["reply"] == [said]
    assert read.texts["quote"] == [each.quote for each in summary.citations]
    assert "Answers the question by itself" not in read.texts.get("dt", [])
    assert not {name for _, name in read.elements} & {"lead", "more"}
    taken = Reading(MarkdownIt("commonmark", {"html": True}).render(export.markdown([("q", turns.reply_of(summary))])))
    assert words(said) in map(words, taken.texts.get("p", [""]))
    assert said in Reading(export.html([("q", turns.reply_of(summary))])).texts["p"]


@given(answers(), st.text(SHOWN, min_size=1))
def test_a_notebook_shows_texts_to_the_letter_and_runs_none(answer: Answer, question: str) -> None:
    read = Reading(replace(answer, question=question)._repr_html_())
    assert read.texts["h1"] == [question]
    assert read.texts.get("quote", []) == [each.quote for each in answer.citations]
    (hit,) = answer.hits
    shown = Reading(hit._repr_html_())
    assert shown.texts["blockquote"] == [hit.passage.text]
    for html in (read, shown):
        tags = {tag for tag, _ in html.elements}
        assert tags <= {"div", "h1", "h2", "p", "blockquote", "span", "ol", "li", "br", "small"}


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("(FAQ 28) How do I moor a boat?", "How do I moor a boat?"),
        ("3.2 Which boats may moor?", "Which boats may moor?"),
        ("Q1: Who may moor?", "Who may moor?"),
        ("May a boat moor at pier (3) now?", "May a boat moor at pier (3) now?"),
    ],
)
def test_a_heading_is_offered_as_a_question_without_its_number(line: str, question: str) -> None:
    assert start.question_of(line) == question


def test_a_notebook_keeps_lines_and_takes_no_money_for_a_formula() -> None:
    text = "Rope\n$5, and tar $6."
    document = Document(doc_id="d", title="t", text=text)
    passage = Passage(passage_id="p", doc_id="d", text=text, start=0, end=len(text))
    html = Hit(passage=passage, document=document, score=1.0, rank=1, scores={})._repr_html_()
    assert "Rope\n<span>$</span>5, and tar <span>$</span>6." in html
    assert "style='white-space:pre-line'" in html


@given(answers(), st.text(SHOWN, min_size=1))
def test_no_text_adds_an_element(answer: Answer, question: str) -> None:
    html = turn(answer, question)
    assert Reading(html).elements == Reading(turn(answer, "x")).elements
    assert "{" not in html
    assert not {tag for tag, _ in Reading(html).elements} & {"script", "img", "iframe", "object", "style", "svg", "b"}


@given(st.text(SHOWN), st.data())
def test_reader_shows_the_text_to_the_letter_and_marks_the_quote(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    document = Document(doc_id="<d>", title="t", text=text)
    read = Reading(articles.article(ResolvedAnchor(document=document, span=(start, end), same=True), "pin"))
    assert "".join(read.texts["text"]) == text
    assert "".join(read.texts.get("current", [])) == text[start:end]


@pytest.mark.parametrize(
    ("same", "span", "said"),
    [(True, (0, 3), None), (False, (0, 3), "the quote still stands in it"), (False, None, "no longer stands in it")],
)
def test_reader_says_what_became_of_the_quote(same: bool, span: tuple[int, int] | None, said: str | None) -> None:
    document = Document(doc_id="d.txt", title="t", text="One two.", url="https://x.example/")
    html = articles.article(ResolvedAnchor(document=document, span=span, same=same), "pin")
    assert ("class='news'" in html) == (said is not None)
    assert said is None or said in html
    assert ("<mark class='current'>One</mark>" in html) == (span is not None)
    assert "href='https://x.example/" in html


def test_reader_of_a_pdf_opens_it_at_the_page() -> None:
    document = Document(doc_id="a b/c.PDF", title="t", text="One.\n\nTwo.\n\nThree.", page_starts=(0, 6, 12))
    html = articles.article(ResolvedAnchor(document=document, span=(6, 10), same=True), "pin")
    assert "href='original?doc=a%20b%2Fc.PDF#page=2'" in html
    assert "<bdi>page 2</bdi> · <bdi>¶ 2 of 3</bdi> · <bdi>characters 6–10</bdi>" in html
    assert "#page=" not in articles.article(
        ResolvedAnchor(document=Document(doc_id="c.docx", title="t", text="One."), span=(0, 4), same=True), "pin"
    )


def test_one_long_paragraph_is_broken_where_sentences_begin() -> None:
    sentences = [f"Sentence {n} says what sentence {n - 1} did not." for n in range(1, 80)]
    text = "".join(sentences)  # as scraped text often is
    start = text.index(sentences[40])
    document = Document(doc_id="d", title="t", text=text)
    html = articles.article(ResolvedAnchor(document=document, span=(start, start + 90), same=True), "pin")
    parts = html.partition("<div class='text' ")[2].split("<span class='break'></span>")
    assert 5 <= len(parts) <= 8
    assert all(unescape(part).removeprefix("<mark class='current'>").startswith("Sentence ") for part in parts[1:])
    read = Reading(html)
    assert "".join(read.texts["text"]) == text
    assert "".join(read.texts["current"]) == text[start : start + 90]
    assert "¶" not in html


def test_paragraphs_are_numbered_and_headings_not() -> None:
    text = "First.\n\nHead\n\nSecond, which\n\nThird."
    pages = (0, 1, 2, 3)
    document = Document(
        doc_id="d", title="t", text=text, source="S", date="2020", headings=((8, 12),), page_starts=pages
    )
    assert [(text[a:b], number) for a, b, number in numbered_blocks(document)] == [
        ("First.", 1), ("Head", 0), ("Second, which", 2), ("Third.", 3),
    ]  # fmt: skip
    facts = ["S", "2020", "page 4", "¶ 2 of 3", "characters 14–20, 29–35"]
    assert where(document, [(14, 20), (29, 35)]) == facts
    by_ocr = replace(document, metadata={"ocr_pages": [4]})
    assert where(by_ocr, [(14, 20)])[3] == "read by OCR"
    assert where(by_ocr, [(0, 3)]) == ["S", "2020", "page 1", "¶ 1 of 3", "characters 0–3"]


def test_numbers_of_paragraphs_are_remembered_without_the_texts() -> None:
    text = "".join(f"Paragraph {n}.\n\n" for n in range(1000))
    references = sys.getrefcount(text)
    assert len(numbered_blocks(Document(doc_id="long", title="t", text=text))) == 1000
    assert sys.getrefcount(text) == references
    text = "Head\n\nFirst."
    for headings, numbers in (((), [1, 2]), (((0, 4),), [0, 1])):  # which an edit may change and the text not
        document = Document(doc_id="d", title="t", text=text, headings=headings)
        assert [number for _, _, number in numbered_blocks(document)] == numbers
    for n in range(110):
        numbered_blocks(Document(doc_id=f"{n}", title="t", text="Some words.\n\n" * 1000))
    assert sum(map(len, numbered_blocks.cache.values())) <= 100_000


@given(st.lists(st.text(SHOWN)))
def test_examples_are_shown_to_the_letter(examples: list[str]) -> None:
    assert Reading(start.start("1 article", examples)).texts.get("example", []) == examples


STATUS: dict[str, Any] = {
    "path": "index", "corpus": "c", "model": "m", "query_backend": "onnxruntime", "export": None, "format": 1,
    "generation": 1, "documents": 2, "passages": 3, "updated": None,
}  # fmt: skip
NAMES = st.dictionaries(st.text(SHOWN, min_size=1), st.text(SHOWN), max_size=3)


@given(NAMES, st.text(SHOWN))
def test_library_shows_names_and_reasons_to_the_letter(names: dict[str, str], said: str) -> None:
    status = Status(**STATUS | {"corpus": said}, skipped=names)
    changes = Changes(new=tuple(names))
    html = shelf.holdings(status, "2 articles", changes, State(report=UpdateReport(added=tuple(names)), problem=said))
    read = Reading(html)
    assert read.texts.get("b", []) == list(names) * 2
    assert read.texts["code"] == [said or "-"]
    assert read.texts.get("problem", []) == ([said] if said else [])


@given(st.text(SHOWN, min_size=1), st.text(SHOWN), st.text(SHOWN, min_size=1))
def test_articles_are_listed_to_the_letter(doc_id: str, title: str, said: str) -> None:
    listed = Listed(doc_id=doc_id, title=title, source=said, author=said, date="2020", url=None, digest="")
    read = Reading(shelf.rows([Article(listed, f"uploads/{said}", 1)], {doc_id: 1200}))
    assert read.texts["a"] == [title]
    assert read.texts["bdi"] == [said, said, "2020", f"uploads/{said}", "1,200 characters"]
    assert [each["data-doc"] for each in read.attributes if "data-doc" in each] == [doc_id, doc_id]
    deletes = [each["data-file"] for each in read.attributes if "data-file" in each]
    assert deletes == ([] if ":" in said or said.endswith("/") else [f"uploads/{said}"])


def test_only_whole_files_that_were_added_here_can_be_deleted() -> None:
    names = ["uploads/a.pdf", "uploads/a.jsonl:7", "uploads/b/", "b.pdf", "more/uploads/a.pdf"]
    status = Status(**STATUS, skipped=dict.fromkeys(names, "empty"))
    read = Reading(shelf.holdings(status, "2 articles", None, State()))
    assert [each["data-file"] for each in read.attributes if "data-file" in each] == ["uploads/a.pdf"]


def test_library_says_why_the_folder_is_not_watched() -> None:
    html = shelf.holdings(None, "", None, State(unwatched="<x>: gone", problem="busy"))
    assert Reading(html).texts["problem"] == ["Not watched: <x>: gone", "busy"]


def test_library_tells_how_far_an_update_is() -> None:
    html = shelf.holdings(None, "", None, State(running=Progress(stage="embed", done=3, total=12)))
    assert "Embedding passages <span>3 of 12</span>" in html
    assert "<progress value='3' max='12'" in html


# ---------------------------------------------------------------- to take along


def test_markdown_keeps_paragraphs_apart() -> None:
    text = "A paragraph.\n\n- an item\n1990. A year."
    document = Document(doc_id="d", title="t", text=text)
    passage = Passage(passage_id="p", doc_id="d", text=text, start=0, end=len(text))
    place = {"document": document, "passage": passage}
    citation = Citation(label=1, quote=text, start=0, end=len(text), best=(0, 12), confidence=1.0, **place)  # type: ignore[arg-type]
    found = Answer(text="", question="q", answered=True, confidence=1.0, citations=(citation,), hits=())
    assert "> A paragraph.\n>\n> \\- an item\n> 1990\\. A year. \\[1\\]\n" in export.markdown(
        [("q", turns.reply_of(found))]
    )


def test_a_citation_says_each_thing_once() -> None:
    text, tables = "name | salt\nMill | 40 carts", (Table(header=(0, 11), body=(12, 27)),)
    facts = {"author": "A. Holt", "source": "Letters", "date": "2020"}
    document = Document(doc_id="d.md", title="t", text=text, tables=tables, **facts)  # type: ignore[arg-type]
    said = "“Mill | 40 carts” (“t”, A. Holt, Letters, 2020, ¶ 2 of 2, characters 12–27, d.md, columns: name | salt)"
    assert export.citation(document, (12, 27)) == said


def test_each_file_of_the_page_is_read_by_something() -> None:
    web = Path(page.__file__).parent
    sources = {
        path: path.read_text(encoding="utf-8") for path in web.rglob("*") if path.suffix in (".py", ".js", ".html")
    }
    for path in web.rglob("*"):
        if path.suffix in (".js", ".css", ".html", ".svg"):
            assert any(path.name in text for other, text in sources.items() if other != path), path.name


def words(text: str) -> str:
    return "".join(text.split())


@given(answers().filter(lambda each: each.answered), st.text(SHOWN, min_size=1))
def test_markdown_shows_every_text_to_the_letter_and_nothing_else(answer: Answer, question: str) -> None:
    made = export.markdown([(question, turns.reply_of(answer))])
    html = MarkdownIt("commonmark", {"html": True}).render(made)
    read = Reading(html)
    assert {tag for tag, _ in read.elements} <= {"h1", "h2", "blockquote", "p", "ol", "li"}
    assert [tag for tag, _ in read.elements].count("li") == len(answer.citations)
    assert words(read.texts["h1"][0]) == words(question)
    quotes = [f"{each.quote}[{each.label}]" for each in answer.citations]
    assert words("".join(read.texts["blockquote"])) == words("".join(quotes))
    assert all(each.document.digest in made for each in answer.citations)


@given(answers().filter(lambda each: each.answered), st.text(SHOWN, min_size=1))
def test_html_file_shows_every_text_to_the_letter_and_runs_nothing(answer: Answer, question: str) -> None:
    html = export.html([(question, turns.reply_of(answer))])
    read = Reading(html)
    assert read.texts["h1"] == [question]
    assert read.texts["quote"] == [each.quote for each in answer.citations]
    assert "default-src 'none'" in html
    assert not {tag for tag, _ in read.elements} & {"script", "img", "link", "iframe"}
    for each in answer.citations:
        assert each.document.digest in html
        assert f"characters {each.start}–{each.end}" in unescape(html)


ARABIC = "مرحبا بكم في الميناء القديم\nPython لغة برمجة سهلة ومفيدة للجميع\nSee the log.\n2024"


@pytest.mark.parametrize(
    ("title", "text", "part", "expected"),
    [
        ("الميناء", ARABIC, None, "rtl"),
        ("Python", ARABIC, None, "rtl"),
        ("الميناء", ARABIC, "Python لغة برمجة سهلة", "rtl"),
        ("الميناء", ARABIC, "2024", "rtl"),
        ("الميناء", ARABIC, "See the log.", "ltr"),
        ("Harbour", "The harbour, נמל in Hebrew, is old. It is deep.", None, "ltr"),
        ("Harbour", "The harbour, נמל in Hebrew, is old. It is deep.", "נמל in Hebrew, is old", "ltr"),
        ("Harbour", "The harbour is old and deep and wide.\nנמל ישן ועמוק", "נמל ישן ועמוק", "rtl"),
        ("", "", None, "ltr"),
    ],
)
def test_a_text_runs_as_its_article_does(title: str, text: str, part: str | None, expected: str) -> None:
    document = Document(doc_id="d.txt", title=title, text=text)
    span = (text.index(part), text.index(part) + len(part)) if part else None
    assert direction(document, span) == expected


def test_every_part_of_an_arabic_article_runs_from_right_to_left() -> None:
    document = Document(doc_id="a.txt", title="Python", text=ARABIC)
    span = (ARABIC.index("Python"), ARABIC.index("\nSee"))
    reader = articles.article(ResolvedAnchor(document=document, span=span, same=True), "a.txt@1", ())
    assert "<h2 dir='rtl'" in reader
    assert reader.count("dir='rtl'") >= 3
    quote = turns.Quote(label=1, anchor="a", document=document, span=span)
    made = turns.turn(1, "?", [], "", turns.Reply(kind="quotes", quotes=(quote,)))
    assert {"<h4 dir='rtl'>", "<blockquote dir='rtl'>", "<p class='passage' dir='rtl'>"} <= set(
        re.findall(r"<(?:h4|blockquote|p class='passage') dir='rtl'>", made)
    )


MANUAL = """MILL(1)

NAME
       mill - grinds

OPTIONS
       -c, --coarse   grind so that
                      husks stay
       -f, --fine     sieve   twice

       Of both  the last   one counts.
"""
TABLE = """The crops were counted.  All of them.

Year   Crop     Sacks
1901   rye        112
1902   barley      90

More is known."""
VERSE = "Low water\n\n  The boats lie down,\n    the herons stand,\n  and none comes near."


def as_document(text: str) -> Document:
    return Document(doc_id="d.txt", title="d", text=text)


@pytest.mark.parametrize(
    ("text", "typed", "lines"),
    [
        (MANUAL, True, [("mill - grinds", 7), ("husks stay", 22), ("-c, --coarse   grind so that", 7)]),
        (TABLE, True, [("1901   rye        112", 0)]),
        (VERSE, False, [("The boats lie down,", 0), ("the herons stand,", 2)]),
        ("a:\n\ndef f(x):\n\treturn x", False, [("def f(x):", 0), ("return x", 8)]),
    ],
)
def test_white_space_that_says_something_is_kept_line_by_line(
    text: str, typed: bool, lines: list[tuple[str, int]]
) -> None:
    read = Reading(f"<p>{columns.shown(as_document(text), (0, len(text)))}</p>")
    assert read.texts["p"] == [text]
    for line, indent in lines:
        at = read.texts["line"].index(line)
        styles = [each["style"] for each in read.attributes if each.get("class") == "line"]
        assert styles[at] == f"--in:{indent}", line
    assert bool(read.texts.get("typed")) == typed


def justified(words: str, width: int, indent: str) -> str:
    """Lines of one width, by spaces strewn between their words; the last as it comes."""
    *lines, last = textwrap.wrap(words, width)
    made = []
    for number, line in enumerate(lines):
        gaps = line.count(" ")
        more = [width - len(line) - at for at in range(gaps)]
        wide = [" " * (1 + max(0, -(-each // gaps))) for each in more]
        turned = wide if number % 2 else wide[::-1]  # as roff does, from left and from right by turns
        made.append("".join(f"{word}{space}" for word, space in zip(line.split(" "), [*turned, ""], strict=True)))
    assert {len(line) for line in made} == {width}
    return "\n".join(f"{indent}{line}" for line in [*made, last])


PROSE = (
    "The mill grinds what it is given and nothing else, as long as there is water in the pond and nobody has left the "
    "sluice unlocked, which happened twice. It stops by itself when the hopper has run empty of grain for a whole hour."
)
NUMBERS = "  No  Mesh  Sacks  Tons  Sold  Left\n" + "\n".join(
    f"{row:4}  {row * 7:4}  {row * 31:5}  {row:4}  {row * 3:4}  {row * 2:4}" for row in range(1, 6)
)


@pytest.mark.parametrize("tabs", [False, True])
def test_justified_prose_flows_and_columns_stay(tabs: bool) -> None:
    prose, table = justified(PROSE, 62, " " * 8), textwrap.indent(NUMBERS, " " * 8)
    text = f"MILL(1)\n\n{prose}\n\n{table}\n\n        -c     coarse\n"
    text = text.replace(" " * 8, "\t") if tabs else text
    document = as_document(text)
    read = Reading(f"<p>{columns.shown(document, (0, len(text)))}</p>")
    assert read.texts["p"] == [text]
    (flowing,) = read.texts["line flows"]
    assert flowing.split() == PROSE.split()
    lines = {line.strip() for line in read.texts["line"]}
    assert {"-c     coarse", *map(str.strip, NUMBERS.splitlines())} <= lines
    start = text.index("sluice")
    quoted = Reading(f"<p>{columns.shown(document, (start, text.index('whole')))}</p>")
    assert quoted.texts["typed flows"][0].split() == PROSE[PROSE.index("sluice") : PROSE.index(" whole")].split()


def test_a_word_parted_at_the_end_of_a_justified_line_is_joined() -> None:
    line = "    The  sluice of the mill is never un-\n    locked by day, nor by night."
    text = "\n\n".join([line] * 3)
    read = Reading(f"<p>{columns.shown(as_document(text), (4, len(line)))}</p>")
    assert read.texts["p"] == [line[4:]]
    assert read.texts["gap"] == ["\n    "]  # nothing is shown between "un-" and "locked"


def test_tabs_are_as_wide_as_where_the_line_stands_in_the_text() -> None:
    text = "mill\n\tgrinds  rye\n    and\tbarley\tor  oats"
    read = Reading(columns.shown(as_document(text), (6, len(text))))
    widths = [each["style"] for each in read.attributes if each.get("class") == "tab"]
    assert widths == ["--in:1", "--in:2"]  # from 7 to 8, and from 14 to 16


@pytest.mark.parametrize(
    "text",
    [
        "One sentence.  Another one.\nAnd a third:  it goes on.\nEnd.",
        "One  slip of the hand.\nNo other in it.",
        "Plain\nlines\nof words",
    ],
)
def test_white_space_that_says_nothing_sets_nothing(text: str) -> None:
    document = as_document(text)
    assert columns.setting(document, (0, len(text))) is None
    assert columns.shown(document, (0, len(text))) == text


@given(st.text("ab .\t\n", max_size=200), st.data())
def test_what_is_shown_line_by_line_is_the_text_to_the_letter(text: str, data: st.DataObject) -> None:
    document, places = as_document(text), st.integers(0, len(text))
    start, end = sorted((data.draw(places), data.draw(places)))
    first, last = sorted((data.draw(places), data.draw(places)))
    read = Reading(f"<p>{columns.shown(document, (start, end), [(first, last, 'mark')])}</p>")
    assert read.texts["p"] == [text[start:end]]
    assert "".join(read.texts.get("mark", [])) == text[max(start, first) : max(start, min(end, last))]
