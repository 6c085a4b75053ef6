"""What HTML pages keep: manuals all of their prose, news pages their article alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from pincite.datatypes import Document
from pincite.parsers import read
from pincite.parsers.html_article import lost_much, open_sections
from pincite.parsers.markup import Block, blocks_of, lay_out, parse_html, parse_xml, write_formulas, write_scripts

Make = Callable[[str], Document]


@pytest.fixture
def document(tmp_path: Path) -> Make:
    """Writes a page and reads it."""

    def make(source: str) -> Document:
        path = tmp_path / "a.html"
        path.write_text(source, encoding="utf-8")
        [found] = read(path, "a.html")
        assert isinstance(found, Document)
        return found

    return make


def headings(found: Document) -> list[str]:
    return [found.text[start:end] for start, end in found.headings]


MOST_GROWTH = 64
"""A page 16 times as long may take this much more time; it would take 256 times as much if work were squared."""


def growth(work: Callable[[object], object], unit: str, times: int = 110) -> float:
    """How much more time it takes to work on a page that is 16 times as long."""
    seconds = []
    for length in (times, 16 * times):
        tries = []
        for _ in range(5):
            tree = parse_html(unit * length)
            began = time.process_time()
            work(tree)
            tries.append(time.process_time() - began)
        seconds.append(min(tries))
    return seconds[1] / seconds[0]


STORY = (
    "The harbour of Aldhaven froze over in the second week of January, and for nine days no boat could leave it.",
    "Its pilots walked out on the ice with saws and poles, and cut a lane as wide as the ferry and twice as long.",
    "When the thaw came at last, the lane was the first water to open, and the mail arrived that same afternoon.",
)
PARAGRAPHS = "".join(f"<p>{paragraph}</p>" for paragraph in STORY)


def around(body: str, times: int = 1) -> str:
    return f"<body><main><h1>Ice</h1>{PARAGRAPHS * times}{body}{PARAGRAPHS * times}</main></body>"


# ---------------------------------------------------------------- manuals

SECTIONS = {
    "Philosophical overview": "It is born from work on a large project, where each build took ten seconds to begin.",
    "Design goals": "An edit of one file must start its build at once, however many other files the project has.",
    "Sharing a build": "Two people that share a folder for output must not build at the same time, or both will fail.",
    "Comments": "A comment begins with a hash mark and goes to the end of the line; it may stand on a line alone.",
    "Cookies": "A cookie is a file beside the output that tells which command made it, and it is never deleted.",
}
SETTINGS = {"depfile": "path to a file of dependencies", "generator": "if set, the rule builds the build file itself"}


def contents(names: list[str]) -> str:
    items = "".join(f"<dt><a href='#{name}'>{name}</a></dt>" for name in names)
    return f"<div class='toc'><p><b>Table of Contents</b></p><dl class='toc'>{items}</dl></div>"


def as_docbook(names: dict[str, str]) -> str:
    """Sections as the stylesheets of DocBook lay them out: each heading in three boxes."""
    return "".join(
        f"<div class='section'><div class='titlepage'><div><div><h2 class='title'><a id='{name}'></a>{name}</h2></div>"
        f"</div></div><p>{text}</p><div class='itemizedlist'><ul><li>First of {name}</li><li>Last of {name}</li></ul>"
        "</div></div>"
        for name, text in names.items()
    )


def as_sections(names: dict[str, str]) -> str:
    """Sections as Sphinx lays them out: their ids are made of their headings."""
    return "".join(
        f"<section id='{name.lower().replace(' ', '-')}'><h2>{name}<a class='headerlink' href='#x'>\u00b6</a></h2>"
        f"<p>{text}</p><ul><li><p>First of {name}</p></li><li><p>Last of {name}</p></li></ul></section>"
        for name, text in names.items()
    )


def as_plain_page(names: dict[str, str]) -> str:
    return "".join(
        f"<h2>{name}</h2>\n<p>{text}</p>\n<ul><li>First of {name}</li>\n<li>Last of {name}</li></ul>\n"
        for name, text in names.items()
    )


@pytest.mark.parametrize("lay_out", [as_docbook, as_sections, as_plain_page])
def test_a_manual_keeps_every_section_and_item(document: Make, lay_out: Callable[[dict[str, str]], str]) -> None:
    settings = "".join(f"<dt><code>{name}</code></dt><dd>{text}</dd>" for name, text in SETTINGS.items())
    code = "<pre>rule cc\n  command = gcc</pre>"
    body = f"<h1>Manual</h1>{contents(list(SECTIONS))}{lay_out(SECTIONS)}<dl>{settings}</dl>{code}"
    found = document(f"<html><head><title>Manual</title></head><body><div class='article'>{body}</div></body></html>")
    assert headings(found) == ["Manual", *SECTIONS]
    lines = found.text.split("\n")
    for name, text in SECTIONS.items():
        assert f"{text}\n\nFirst of {name}\nLast of {name}" in found.text
    assert [f"{name}: {text}" for name, text in SETTINGS.items()] == [line for line in lines if ": " in line]
    assert "rule cc\n  command = gcc" in found.text
    assert "Table of Contents" not in found.text


def test_a_section_of_a_long_manual_is_not_lost_for_its_name(document: Make) -> None:
    names = {f"Part {at}": f"Part {at} tells at some length how a thing of kind {at} is built." for at in range(200)}
    found = document(f"<body><h1>Manual</h1>{as_sections(names | SECTIONS | {'Last': 'The last words of it.'})}</body>")
    assert headings(found) == ["Manual", *names, *SECTIONS, "Last"]
    assert SECTIONS["Comments"] in found.text


def test_the_links_from_page_to_page_of_a_manual_are_left_out(document: Make) -> None:
    links = "<a href='b.html'>What it is made for</a>, Up: <a href='a.html'>Top</a> [<a href='#c'>Contents</a>]"
    step = f"<div class='header'><p>Next: {links}</p></div><hr>"
    found = document(f"<body><h1>Manual</h1>{step}{as_docbook(SECTIONS)}{step}</body>")
    assert "Next:" not in found.text
    assert headings(found) == ["Manual", *SECTIONS]


def test_code_with_marked_comments_is_whole(document: Make) -> None:
    code = "<pre>a = 1 <span class='hljs-comment'># the first</span></pre>"
    found = document(f"<body><h1>Manual</h1>{as_docbook(SECTIONS)}{code}</body>")
    assert "a = 1 # the first" in found.text


def test_the_notes_of_a_manual_are_kept(document: Make) -> None:
    note = "<aside class='admonition note'><p>Only one build may run in a folder at any time.</p></aside>"
    found = document(f"<body><h1>Manual</h1>{as_docbook(SECTIONS)}{note}</body>")
    assert "Only one build may run" in found.text


def test_the_title_has_no_mark_of_its_link(document: Make) -> None:
    heading = "<h1>About this manual<a class='headerlink' href='#about'>\u00b6</a></h1>"
    page = f"<title>About this manual \u2014 Aldhaven</title><body><main>{heading}{PARAGRAPHS}</main>"
    assert document(page).title == "About this manual"
    assert document(page.split("</title>")[1]).title == "About this manual"


def test_the_title_of_a_manual_may_be_code(document: Make) -> None:
    heading = "<h1><code>ice</code> \u2014 Saws and poles</h1>"
    page = f"<title>ice \u2014 Saws and poles \u2014 Aldhaven 3.1</title><body><main>{heading}{PARAGRAPHS}</main>"
    assert document(page).title == "ice \u2014 Saws and poles"


@pytest.mark.parametrize("name", ["menu", "commentary", "cookies", "cookie-recipe", "comment"])
def test_a_part_is_not_lost_for_its_class(document: Make, name: str) -> None:
    dishes = "<ul><li>Soup of leeks, 5 crowns</li><li>Herring with oats, 9 crowns</li></ul>"
    part = f"<section class='{name}'><div><div><h2>Today</h2></div></div><p>{STORY[0]}</p>{dishes}</section>"
    assert "9 crowns" in document(f"<body><h1>Manual</h1>{as_docbook(SECTIONS)}{part}</body>").text


@pytest.mark.parametrize(
    "body",
    [
        "<div class='comments-area'><p>My uncle cut that lane, and nobody paid him.</p><a href='#r'>Reply</a></div>",
        "<div id='cookies'><p>My uncle cut that lane, and nobody ever paid him.</p><form><input></form></div>",
    ],
)
def test_what_readers_say_is_no_part_of_a_manual(document: Make, body: str) -> None:
    found = document(f"<body><h1>Manual</h1>{as_docbook(SECTIONS)}{body}</body>")
    assert headings(found) == ["Manual", *SECTIONS]
    assert "My uncle" not in found.text


# ---------------------------------------------------------------- news pages

TEASER = (
    "<div class='{name}'><a href='/{at}'><img src='{at}.jpg'></a><h3><a href='/{at}'>Ferry {at} is late again</a></h3>"
    "<p>Passengers of ferry {at} waited for two hours in the rain before the harbour master let them aboard.</p></div>"
)
SHARE = "<div class='{name}'><a href='#f'>Facebook</a> <a href='#t'>Twitter</a> <a href='#m'>Send by mail</a></div>"


def news(article: str, name: str) -> str:
    """An article among menus, share bars, teasers and notices; ``name`` is the class of these, where they have one."""
    menu = "".join(f"<li><a href='/{each}'>{each}</a></li>" for each in ("News", "Sport", "Weather", "Opinion"))
    teasers = "".join(TEASER.format(name=name, at=at) for at in range(1, 7))
    links = "".join(f"<li><a href='/s{at}'>Most read story number {at} of the week</a></li>" for at in range(8))
    share = SHARE.format(name=name)
    return (
        "<html><head><title>Nine days of ice | Courier</title></head><body>"
        f"<div class='top'><a href='/'>Courier</a><ul>{menu}</ul></div>"
        f"<div class='wrap'><div class='story'><h1>Nine days of ice</h1>{share}{article}{share}</div>"
        f"<div class='{name}'><h2>More stories</h2>{teasers}</div><div><h2>Most read</h2><ol>{links}</ol></div></div>"
        f"<div class='foot'><ul>{menu}</ul><p>Copyright 2024 Courier</p></div></body></html>"
    )


@pytest.mark.parametrize("name", ["related", "teaser", "promo", "box", ""])
@pytest.mark.parametrize("times", [2, 6])
@pytest.mark.parametrize("tag", ["div", "article", "main"])
def test_a_news_page_gives_its_article_alone(document: Make, name: str, times: int, tag: str) -> None:
    paragraphs = "".join(PARAGRAPHS.replace("January", f"January {year}") for year in range(1900, 1900 + times))
    found = document(news(f"<{tag}>{paragraphs}</{tag}>", name))
    assert [line for line in found.text.split("\n\n") if line.startswith(("The", "Its", "When"))]
    assert found.text.count("harbour of Aldhaven") == times
    for furniture in ("Passengers", "Ferry", "Facebook", "Sport", "Most read", "More stories"):
        assert furniture not in found.text


def test_teasers_within_an_article_do_not_make_it_a_manual(document: Make) -> None:
    also = "<p>Read also: <a href='/7'>The ferry that never left its pier in nine long days</a></p>"
    body = (PARAGRAPHS + also + SHARE.format(name="bar")) * 3
    found = document(news(f"<div>{body}</div>", "box"))
    assert found.text.count(STORY[0]) == 3
    assert "Facebook" not in found.text
    assert "Passengers" not in found.text


def test_a_news_page_whose_middle_would_be_lost_comes_out_whole_and_clean(document: Make) -> None:
    facts = "".join(f"<li>Day {day}: the ice was {day} inches thick</li>" for day in range(1, 10))
    body = f"{PARAGRAPHS}<div><div><div><h2>Day by day</h2></div></div><ul>{facts}</ul></div>"
    found = document(news(f"<div>{body}{PARAGRAPHS.replace('nine', 'ten')}</div>", "teaser"))
    assert "Day 5: the ice was 5 inches thick" in found.text
    assert "for ten days" in found.text
    for furniture in ("Passengers", "Ferry", "Facebook", "Sport", "Most read", "More stories"):
        assert furniture not in found.text


def paragraph(letters: int) -> Block:
    return Block("x" * letters, "paragraph")


@pytest.mark.parametrize(
    ("length", "lost", "is_much"),
    [
        (1000, [Block("Ice", "heading"), paragraph(10)], False),
        (1000, [paragraph(21)], True),
        (100_000, [paragraph(2000)], False),
        (100_000, [paragraph(2050)], True),
        (100_000, [Block("Ice", "heading"), paragraph(59)], False),
        (100_000, [Block("Ice", "heading"), paragraph(60)], True),
    ],
)
def test_what_may_be_lost_between_blocks_of_the_article(length: int, lost: list[Block], is_much: bool) -> None:
    first, last = paragraph(length), Block("y", "paragraph")
    assert lost_much([first, last], [first, *lost, last]) is is_much


@pytest.mark.parametrize(
    ("lost", "is_much"),
    [(paragraph(59), False), (paragraph(60), True), (Block("Ice", "heading"), False), (Block("x" * 25, "line"), True)],
)
def test_what_may_be_lost_behind_the_article(lost: Block, is_much: bool) -> None:
    assert lost_much([paragraph(1000)], [paragraph(1000), lost]) is is_much


def test_a_page_that_lost_more_to_the_rules_is_no_better() -> None:
    kept = [paragraph(1000), Block("y" * 100, "paragraph")]
    assert not lost_much(kept, [kept[0], Block("z" * 99, "paragraph")])
    assert lost_much(kept, [kept[0], Block("z" * 100, "paragraph")])


def test_paragraphs_that_were_run_together_are_not_lost() -> None:
    whole = [Block(text, "paragraph") for text in STORY]
    kept = [Block(" ".join(STORY), "paragraph")]
    assert not lost_much(kept, whole)
    assert lost_much(kept, [*whole, Block(STORY[0].replace("froze over", "sank"), "paragraph"), paragraph(60)])


def test_the_work_for_lost_blocks_grows_as_the_page_does() -> None:
    parts = [f"of ferry {at} a word" for at in range(60_000)]
    kept = [Block(" ".join(parts), "paragraph")]
    began = time.process_time()
    assert not lost_much(kept, [Block(part, "paragraph") for part in parts])
    assert time.process_time() - began < 10  # seconds; it takes less than one, and far more if each is searched for


@pytest.mark.parametrize("header", ["<header><p>The courier of the port</p><h1>Ice</h1></header>", "<h1>Ice</h1>"])
def test_the_header_of_a_page_gives_its_headline_alone(document: Make, header: str) -> None:
    found = document(f"<body>{header}<p>The harbour froze.</p><div><div><h2>Thaw</h2></div></div><p>In May.</p></body>")
    assert found.text == "Ice\n\nThe harbour froze.\n\nThaw\n\nIn May."


# ---------------------------------------------------------------- tables


def test_a_cell_that_lays_out_the_page_keeps_its_blocks(document: Make) -> None:
    menu = "<td><a href='/'>Home</a><br><a href='/tides'>Tides</a></td>"
    cell = f"<td><style>p {{ color: red }}</style><h1>Ice</h1>{PARAGRAPHS}<h2>Later</h2>{PARAGRAPHS}</td>"
    found = document(f"<body><table><tr>{menu}{cell}</tr></table></body>")
    assert headings(found) == ["Ice", "Later"]
    assert found.text.endswith("\n\n".join(["Ice", *STORY, "Later", *STORY]))
    assert "color" not in found.text


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("Basic", "5 euros"), ("Pro", f"<h4>9 euros</h4>{PARAGRAPHS * 2}")],
            ["Basic | 5 euros", f"Pro | 9 euros {' '.join(STORY * 2)}"],
        ),
        (
            [("Attic", "50 euros", "<p>Small.</p>"), ("Hall", "90 euros", PARAGRAPHS * 2)],
            ["Attic | 50 euros | Small.", f"Hall | 90 euros | {' '.join(STORY * 2)}"],
        ),
        ([("Pro", f"<h4>9 euros</h4>{PARAGRAPHS}")], [f"Pro | 9 euros {' '.join(STORY)}"]),
    ],
)
def test_the_cells_of_a_row_of_data_stay_together(
    document: Make, rows: list[tuple[str, ...]], expected: list[str]
) -> None:
    table = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    found = document(around(f"<table>{table}</table>", 3))
    assert [line for line in found.text.split("\n") if " | " in line] == expected


def test_a_table_with_a_header_is_no_layout() -> None:
    rows = f"<tr><th>Plan</th></tr><tr><td>Pro</td><td><h4>9 euros</h4>{PARAGRAPHS * 2}</td></tr>"
    found, *_ = lay_out(blocks_of(parse_html(f"<table>{rows}</table>")))
    assert "Pro | 9 euros The harbour" in found


def test_a_cell_of_data_is_one_line(document: Make) -> None:
    rows = (
        "<tr><th><p>Day</p></th><th><p>Ice</p></th></tr><tr><td><p>9</p></td><td><p>thick</p><p>and <b>white</b></p>"
        "<script>var x = 1;</script><ul><li>all day</li></ul></td></tr>"
    )
    found = document(f"<body><main><h1>Ice</h1>{PARAGRAPHS}<table>{rows}</table></main></body>")
    assert found.text.endswith("Day | Ice\n9 | thick and white all day")


# ---------------------------------------------------------------- terms and what they mean


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<dt>-f</dt><dd>Reads<br>a file.</dd>", "-f: Reads\na file."),
        ("<dt>-f</dt><dd>Reads:<pre>a\n b</pre>and ends.</dd>", "-f: Reads:\na\n b\nand ends."),
        ("<dt>-f</dt><dd><pre>a\n b</pre></dd>", "-f\na\n b"),
        ("<dt>-f</dt><dd><p>Reads <b>a</b> file.</p><p>It ends.</p></dd>", "-f: Reads a file.\nIt ends."),
        ("<dt>-f</dt><dd><a id='f'></a><div><p>Reads.</p></div></dd>", "-f: Reads."),
        ("<dt>-f</dt><dd><ul><li>One.</li><li>Two.</li></ul></dd>", "-f\nOne.\nTwo."),
        ("<dt>-f</dt> (old) <dd>Reads <i>a</i> file.</dd>", "-f (old): Reads a file."),
        ("<dt>-f</dt><dt>--file</dt><dd>Reads.</dd><dt>-g</dt><dd>Goes.</dd>", "-f, --file: Reads.\n-g: Goes."),
        ("<dt>bank</dt><dd>Of a river.</dd><dd><p>For money.</p></dd>", "bank: Of a river.\nbank: For money."),
        ("<div><dt>-f</dt><dd>Reads.</dd></div><div><dt>-g</dt><dd>Goes.</dd></div>", "-f: Reads.\n-g: Goes."),
        ("<dt>-f</dt><dd></dd><dt>-g</dt><dd>Goes.</dd>", "-f\n-g: Goes."),
    ],
)
@pytest.mark.parametrize("times", [0, 1, 4])
def test_a_term_stands_with_its_meaning(document: Make, body: str, expected: str, times: int) -> None:
    found = document(
        f"<body><main><h1>Manual</h1>{PARAGRAPHS * times}<dl>{body}</dl>{PARAGRAPHS * times}</main></body>"
    )
    lines = [line for line in found.text.split("\n") if line and line not in STORY]
    assert lines == ["Manual", *expected.split("\n")]


# ---------------------------------------------------------------- buttons, small letters and formulas


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h2><button aria-expanded='false'>When did it thaw?</button></h2><p>In March.</p>", "When did it thaw?"),
        ("<h2><button>When did it thaw?</button></h2><p>In March.</p>", "When did it thaw?"),
        (
            "<div><button aria-expanded='false' aria-controls='a'>When did it thaw?</button></div>"
            "<div id='a' hidden><p>In March.</p></div>",
            "When did it thaw?",
        ),
        ("<button aria-expanded='false'>When did it thaw?</button><div><p>In March.</p></div>", "When did it thaw?"),
        ("<h2>Thaw <button>Copy link</button></h2><p>In March.</p>", "Thaw"),
    ],
)
def test_the_button_that_opens_a_section_is_its_heading(document: Make, body: str, expected: str) -> None:
    found = document(around(body))
    assert headings(found) == ["Ice", expected]
    assert f"{expected}\n\nIn March.\n\n{STORY[0]}" in found.text


@pytest.mark.parametrize(
    "body",
    [
        "<button>Share</button>",
        "<button aria-expanded='false' aria-controls='m'>Share</button><ul id='m'><li><a href='/f'>Mail</a></li></ul>",
        "<button aria-expanded='false'>Share</button>",
        "<nav><button aria-controls='m' aria-expanded='false'>Share</button><div id='m'><p>In March.</p></div></nav>",
        "<p>It is 5 <button aria-controls='t' aria-expanded='a'>Share</button> miles.</p><div id='t'><p>No.</p></div>",
        "<div>It is 5 <button aria-expanded='false'>Share</button><div>miles.</div></div>",
        "<div><b>It is 5</b> <button aria-expanded='false'>Share</button><div>miles.</div></div>",
        "<ul><li><button aria-expanded='false'>Share</button><div>miles.</div></li></ul>",
        "<button aria-controls='' aria-expanded='false'>Share</button><p id=''>It is 5 miles.</p>",
        "<pre>It is 5</pre><button aria-controls='x'>Share</button><div id='y'><p>miles.</p></div>",
        "<button aria-expanded='false'>Share</button><div hidden id='share'><p>It is 5 miles.</p></div>",
    ],
)
def test_other_buttons_are_silent(document: Make, body: str) -> None:
    found = document(around(body))
    assert "Share" not in found.text
    assert headings(found) == ["Ice"]


def test_a_button_that_says_show_comments_shows_none(document: Make) -> None:
    box = "<div class='comments' hidden><p>My uncle cut that lane, and nobody ever paid him.</p></div>"
    found = document(around(f"<button aria-expanded='false'>Show comments</button>{box}"))
    assert found.text == "\n\n".join(["Ice", *STORY, *STORY])


def test_read_more_is_no_heading_and_what_it_opens_is_read(document: Make) -> None:
    box = "<div hidden><p>It came back in March.</p></div>"
    found = document(around(f"<button aria-expanded='false'>Read more</button>{box}"))
    assert (headings(found), "back in March" in found.text) == (["Ice"], True)


def test_each_tab_is_the_heading_of_its_own_panel(document: Make) -> None:
    names = {"Linux": "Run the script as root.", "Windows": "Start the installer by hand."}
    tabs = "".join(f"<button role='tab' aria-controls='{name}'>{name}</button>" for name in names)
    panels = "".join(f"<div role='tabpanel' id='{name}' hidden><p>{text}</p></div>" for name, text in names.items())
    found = document(around(f"<div role='tablist'>{tabs}</div>{panels}"))
    assert "\n\n".join(chain(*names.items())) in found.text
    assert headings(found) == ["Ice", *names]


def test_the_work_for_buttons_grows_as_their_number_does() -> None:
    for unit in (
        "<button aria-controls='a'>Share</button>",
        "<p>It is</p><button role='tab' aria-controls='a'>5</button>",
    ):
        assert growth(open_sections, unit) < MOST_GROWTH


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("10<sup>6</sup> litres", "10⁶ litres"),
        ("10<sup>-3</sup> litres", "10⁻³ litres"),
        ("10<sup><b>12</b></sup> litres", "10¹² litres"),
        ("H<sub>2</sub>O", "H₂O"),
        ("x<sub>1,2</sub> and y<sup>2k</sup>", "x_(1,2) and y^(2k)"),
        ("the 5<sup>th</sup> day of x<sub>max</sub>", "the 5th day of xmax"),
        ("n<sup>1/2</sup> or 2<sup>n+1</sup>m or 10<sup>n</sup>", "n^(1/2) or 2^(n+1)m or 10^n"),
        ("2<sup><var>n</var> - 1</sup>", "2^(n-1)"),
        ("<i>x</i><sup>n</sup> or (x+1)<sup>k</sup> or 2<sup>-n</sup>", "x^n or (x+1)^k or 2^(-n)"),
        ("2<sup>2<sup>n</sup></sup> or 2<sup>n<sup>2</sup></sup>", "2^(2^n) or 2^(n²)"),
        ("the 2<sup>nd</sup>, 1<sup>er</sup> or 3<sup>o</sup>", "the 2nd, 1er or 3o"),
        ("M<sup>me</sup> D<sup>r</sup> Ice 365<sup>TM</sup>", "Mme Dr Ice 365TM"),
        ("the mill<sup>rebuilt in 1910</sup>", "the mill rebuilt in 1910"),
        ("5 m<sup>2 (54 sq ft)</sup>", "5 m 2 (54 sq ft)"),
        ("<sub>Prices <b>until</b> 31 May, without tax</sub>", "Prices until 31 May, without tax"),
        ("in 2019<sup>4</sup>", "in 2019⁴"),
        ("in 2019<sup><a href='#fn1'>4</a></sup>", "in 2019[4]"),
        ("in 2019<a href='#fn1'><sup>4</sup></a>", "in 2019[4]"),
        ("in 2019<sup class='reference'><a href='/x#fn1'>[4]</a></sup>", "in 2019[4]"),
        ("in 2019<a class='footnote-reference' href='#id4'>4</a>", "in 2019[4]"),
        ("in 2019<sup><a href='#fn1'>4</a>,<a href='#fn2'>5</a></sup>", "in 2019[4,5]"),
        ("of 4 <a href='#part'>2019</a>", "of 4 2019"),
        ("<a href='#area'>500 km<sup>2</sup></a>", "500 km²"),
        ("<a href='/units#m3'>3 m<sup>3</sup></a>", "3 m³"),
        ("3 m<sup class='refined'>3</sup>", "3 m³"),
    ],
)
@pytest.mark.parametrize("times", [0, 1])
def test_raised_and_lowered_digits_stay_apart(document: Make, written: str, expected: str, times: int) -> None:
    assert f"It was {expected} of ice." in document(around(f"<p>It was {written} of ice.</p>", times)).text


MATH = "http://www.w3.org/1998/Math/MathML"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<math alttext='E=mc^2'><mi>E</mi></math>", "E=mc^2"),
        (f"<math xmlns='{MATH}' alttext='{{\\displaystyle E=mc^{{2}}}}'><mi>E</mi></math>", "E=mc^{2}"),
        (
            "<math><semantics><mi>E</mi><annotation encoding='application/x-tex'>E = mc^2</annotation>"
            "</semantics></math>",
            "E = mc^2",
        ),
        ("<math><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "E=mc^2"),
        ("<math><mfrac><mn>1</mn><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math>", "1/(x+1)"),
        ("<math><msub><mi>x</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub></math>", "x_(ij)"),
        ("<math></math>", "[formula]"),
        ("<math><msqrt><mn>2</mn></msqrt></math>", "√2"),
        ("<math><msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt></math>", "√(x+1)"),
        ("<math><mroot><mn>8</mn><mn>3</mn></mroot></math>", "[formula]"),
        ("<math><msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup></math>", "[formula]"),
        ("<math><mn>2</mn><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "2 1/2"),
        ("<math><mn>2</mn><mo>\u2064</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><mi>x</mi></math>", "2 1/2 x"),
        ("<math><mi>sin</mi><mo>\u2061</mo><mi>x</mi><mo>=</mo><mn>2</mn><mi>y</mi></math>", "sin x=2y"),
        ("<math><msup><mi>c</mi><mrow><mi>i</mi><mi>j</mi></mrow></msup><mi>y</mi></math>", "c^(ij)y"),
        ("<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable></math>", "[formula]"),
        ("<math><munderover><mo>∑</mo><mi>i</mi><mn>10</mn></munderover><mi>i</mi></math>", "[formula]"),
        ("<math><mn>3</mn><mfenced><mi>a</mi><mi>b</mi></mfenced></math>", "[formula]"),
        (
            "<span class='MathJax'><nobr aria-hidden='true'><span>x2</span></nobr><span class='MJX_Assistive_MathML'>"
            "<math><msup><mi>x</mi><mn>2</mn></msup></math></span></span>",
            "x^2",
        ),
        ("<span><span style='display: none;'><math alttext='E=mc^2'></math></span><img alt='x'></span>", "E=mc^2"),
        (
            "<span class='katex'><span class='katex-mathml'><math alttext='E=mc^2'></math></span>"
            "<span class='katex-html' aria-hidden='true'>E=mc2</span></span>",
            "E=mc^2",
        ),
    ],
)
@pytest.mark.parametrize("times", [0, 1])
def test_a_formula_leaves_no_hole(document: Make, written: str, expected: str, times: int) -> None:
    assert f"It was {expected} then." in document(around(f"<p>It was {written} then.</p>", times)).text


@pytest.mark.parametrize(
    "body",
    [
        f"<math>{'<mrow>' * 2000}<mi>E",
        pytest.param(f"<dl><dt>E</dt><dd>{'<div>' * 2000}energy", marks=pytest.mark.slow, id="div"),
    ],
)
def test_formulas_and_meanings_may_be_nested_deeply(document: Make, body: str) -> None:
    assert "E" in document(f"<p>It froze.</p>{body}").text


@pytest.mark.parametrize(
    ("write", "unit"),
    [
        (write_formulas, "<math><mi>E</mi></math>"),
        (write_formulas, "<span><math><mi>E</mi></math>"),
        (write_scripts, "<i>2<sup>2</sup></i>"),
    ],
)
def test_the_work_for_formulas_grows_as_their_number_does(write: Callable[[object], None], unit: str) -> None:
    assert growth(write, unit) < MOST_GROWTH


def test_chapters_of_books_have_their_formulas_and_comments_of_none() -> None:
    chapter = f"<body><p>It was <math xmlns='{MATH}'><!-- no --><mi>E</mi></math> then, 10<sup>6</sup>.</p></body>"
    assert [block.text for block in blocks_of(parse_xml(chapter.encode()))] == ["It was E then, 10\u2076."]


NUMBERED = [
    ("<ol><li>Oats</li><li>Tar</li></ol>", "1. Oats\n2. Tar"),
    ("<ol start='3'><li>Oats</li><li value='7'>Tar</li><li>Rope</li></ol>", "3. Oats\n7. Tar\n8. Rope"),
    ("<ol type='a'><li>Oats</li><li>Tar</li></ol>", "a. Oats\nb. Tar"),
    ("<ol type='I'><li>Oats</li><li value='14'>Tar</li></ol>", "I. Oats\nXIV. Tar"),
    ("<ol><li><p>Oats <b>here</b></p><p>They are sown.</p></li><li><b>Tar</b></li></ol>",
     "1. Oats here\nThey are sown.\n2. Tar"),
    ("<ol><li>Oats<ol type='a'><li>white</li></ol></li><li>Tar</li></ol>", "1. Oats\na. white\n2. Tar"),
    ("<ol class='list-unstyled'><li>Oats</li><li>Tar</li></ol>", "Oats\nTar"),
    ("<ol style='list-style-type: none'><li>Oats</li><li>Tar</li></ol>", "Oats\nTar"),
    ("<ul><li>Oats</li><li>Tar</li></ul>", "Oats\nTar"),
]  # fmt: skip


@pytest.mark.parametrize(("listed", "text"), NUMBERED)
def test_items_bear_the_numbers_that_a_browser_shows(listed: str, text: str) -> None:
    found, *_ = lay_out(blocks_of(parse_html(f"<p>These are sold.</p>{listed}")))
    assert found == f"These are sold.\n\n{text}"


def test_a_day_in_an_example_is_not_the_day_of_the_page(document: Make) -> None:
    log = "<pre class='screen'>2005-12-30 18:05:12 install pump 2.3\n2005-12-30 18:06:01 status installed</pre>"
    assert document(f"<title>Keeping pumps</title><h1>Keeping pumps</h1>{PARAGRAPHS}{log}{PARAGRAPHS}").date is None


@pytest.mark.parametrize("day", ["1752-02-17", "1932-02-17", "1994-02-17", "2022-02-17"])
@pytest.mark.parametrize("stated", ["<meta name='date' content='{}'>", "<time datetime='{}'>That day</time>"])
def test_a_page_may_be_older_than_the_web(document: Make, stated: str, day: str) -> None:
    page = f"<title>Keeping pumps</title><h1>Keeping pumps</h1>{stated.format(day)}{PARAGRAPHS}"
    assert document(page).date == day


def test_tables_within_tables_lay_out_a_page(document: Make) -> None:
    menu = (
        "<td><table><tr><td><b>Menu</b></td></tr><tr><td><ul><li><a href='a'>Home</a></li></ul></td></tr></table></td>"
    )
    prices = "<table><tr><th>Port</th><th>Toll</th></tr><tr><td>Aske</td><td>4 crowns</td></tr></table>"
    article = (
        f"<td><table><tr><td><table><tr><td><ol><li>{STORY[0]}<p>{STORY[1]}</p></li></ol>{prices}</td></tr></table>"
    )
    found = document(f"<body><table><tr>{menu}{article}</td></tr></table></td></tr></table></body>")
    assert found.text.endswith(f"1. {STORY[0]}\n{STORY[1]}\n\nPort | Toll\nAske | 4 crowns")
    assert "Aldhaven\n" not in found.text


def test_a_list_of_contents_is_left_out() -> None:
    contents = "<ul><li><a href='#a'>The harbour</a><ul><li><a href='#b'>Its pilots</a></li></ul></li>"
    contents += "<li><a href='#c'>License</a></li></ul>"
    notes = (
        "<ul><li>See <a href='#a'>the harbour</a>.</li><li><a href='#b'>Pilots</a> cut the ice.</li><li>Tar</li></ul>"
    )
    found, *_ = lay_out(blocks_of(parse_html(f"<p>Ice</p>{contents}<p>It froze.</p>{notes}")))
    assert found == "Ice\n\nIt froze.\n\nSee the harbour.\nPilots cut the ice.\nTar"


@pytest.mark.parametrize("name", ["comments", "comments-area", "comment-list", "comment-thread"])
def test_what_readers_say_below_an_article_is_none_of_it(document: Make, name: str) -> None:
    said = "<p>My uncle says that the lane was sold to a hotel in 1999, and nobody was told about the price.</p>"
    found = document(
        f"<article><h1>Ice</h1>{PARAGRAPHS}</article><section class='{name}'><h2>One comment</h2>{said}</section>"
    )
    assert "My uncle" not in found.text


TEASERS = (
    "<div><h3>{0}</h3><p>{1}</p><p><a href='/a'>Read more</a></p></div>",
    "<p><b>{0}</b><br>{1} <a href='/a'>Continue reading »</a></p>",
    "<div><strong>{0}</strong> {1} <span><a href='/a'>Full story</a></span></div>",
    "<div><h3><a href='/a'>{0}</a></h3><p>{1}</p></div>",
)
SHORT = "<h1>Ferry aground</h1><p>The night ferry ran aground at Lorn on Monday.</p><p>Nobody was hurt, it is said.</p>"


@pytest.mark.parametrize("teaser", TEASERS)
@pytest.mark.parametrize("around", ["<div>{0}</div>{1}", "<article>{0}</article>{1}", "<main>{0}{1}</main>", "{0}{1}"])
def test_what_announces_another_article_is_no_part_of_a_short_one(document: Make, teaser: str, around: str) -> None:
    other = teaser.format("Mole to be mended", "Granite is on its way to Sund.")
    assert "Granite" not in document(f"<body>{around.format(SHORT, other)}</body>").text
    assert "Nobody was hurt" in document(f"<body>{around.format(SHORT, other)}</body>").text


def test_a_page_of_announcements_and_a_link_in_prose_are_kept(document: Make) -> None:
    listed = "".join(TEASERS[0].format(f"Mole {at}", f"Granite {at} is on its way to Sund.") for at in range(4))
    assert "Granite 3" in document(f"<body>{listed}</body>").text
    prose = "<p>The mole is of granite. <a href='/a'>Read more</a></p>"
    assert "of granite" in document(f"<body>{SHORT}{prose}</body>").text


@pytest.mark.parametrize(
    ("box", "is_text"),
    [
        ("<div class='sidebar'><div class='titlepage'><p class='title'>BACK TO BASICS</p></div><p>BOX</p></div>", True),
        ("<aside class='sidebar'><p class='sidebar-title'>Note</p><p>BOX</p></aside>", True),
        ("<div class='sidebar'><h3>Archive</h3><p>BOX</p></div>", False),
        ("<aside class='sidebar'><h3 class='widget-title'>About</h3><p>BOX</p></aside>", False),
    ],
)
def test_a_titled_box_in_the_text_is_read_and_one_beside_it_is_not(tmp_path: Path, box: str, is_text: bool) -> None:
    said = "A process with a low priority is scheduled less often, and renice changes the priority of one that runs."
    prose = "<p>The scheduler shares the processor among all processes that are ready to run at the moment.</p>" * 5
    body = f"<div class='section'><h1>Processes</h1>{prose}{box.replace('BOX', said)}{prose}</div>"
    html = f"<html><body>{body}</body></html>"
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    (document,) = read(path, "page.html")
    assert isinstance(document, Document)
    assert (said in document.text) is is_text


@pytest.mark.parametrize(
    "menu",
    [
        "<div class='navheader'><table><tr><th colspan='3'>Isen i hamnen</th></tr><tr><td><a accesskey='p' href='b'>"
        "Föregående</a></td><th>Vintern</th><td><a accesskey='n' href='c'>Nästa</a></td></tr></table></div>",
        "<table class='nav'><tr><td><a href='b'>&lt;&lt; Farleden</a></td>"
        "<td><a href='c'>Bryggan &gt;&gt;</a></td></tr></table>",
        "<a class='previous_page' href='x'>&lt;-bakåt</a><a class='next_page' href='y'>framåt-&gt;</a>",
        "<p><a rel='prev' href='x'>Föregående: Farleden</a> <a rel='next' href='y'>Nästa: Bryggan</a></p>",
    ],
)
def test_menus_from_page_to_page_are_left_out_in_any_language(document: Make, menu: str) -> None:
    head = "<title>Isen i hamnen</title><link rel='prev' href='b' title='Farleden'><link rel='next' href='c'>"
    text = "".join(f"<p>Isen låg {days} dagar i hamnen, och ingen båt kom in eller ut.</p>" for days in range(9, 15))
    found = document(f"<html><head>{head}</head><body>{menu}<h1>Isen i hamnen</h1>{text}{menu}</body></html>")
    of_menu = ("Föreg", "Nästa", "Farleden", "Bryggan", "bakåt", "framåt", "Vintern")
    assert not [word for word in of_menu if word in found.text]
    assert found.text.removeprefix("Isen i hamnen\n\n").startswith("Isen låg 9 dagar")


def test_links_to_other_pages_stay_where_they_are_the_text(document: Make) -> None:
    head = "<link rel='prev' href='b'><link rel='next' href='c'>"
    said = "<p>What the pilots do is said of <a href='b'>the lane</a> and of <a href='d'>the quay</a>.</p>"
    assert "said of the lane and of the quay." in document(f"<html><head>{head}</head><body>{said}</body></html>").text
    said = (
        "<p>How the pilot of Aldhaven lost his boat in the winter is told in <a href='b'>the first tale</a>; that she "
        "was found again by a keeper is told in <a href='c'>the third</a>.</p>"
    )
    assert "is told in the third." in document(f"<html><head>{head}</head><body>{said}</body></html>").text
