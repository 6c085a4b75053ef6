import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Document, Passage, Span
from pincite.ingest.chunking import split

WORD_OR_SIGN = re.compile(r"\w+|[^\w\s\x00-\x1f\x7f-\x9f\u200b-\u200f]")


def token_starts(text: str) -> list[int]:
    """A tokenizer like WordPiece: words and single signs; what it does not know, control characters, gives nothing."""
    return [found.start() for found in WORD_OR_SIGN.finditer(text)]


def size(text: str) -> int:
    """Tokens, one longer than 16 characters once for each 16 begun."""
    lengths = [len(text[a:b].split()[0]) for a, b in pairwise([*token_starts(text), len(text)])]
    return sum(-(-length // 16) for length in lengths)


def article(text: str, *headings: str, page_starts: tuple[int, ...] = ()) -> Document:
    spans = tuple((text.index(each), text.index(each) + len(each)) for each in headings)
    return Document(doc_id="a.txt", title="A", text=text, headings=spans, page_starts=page_starts)


def passages_of(document: Document, budget: int = 20) -> list[Passage]:
    return split(document, passage_tokens=budget, tokens=token_starts)


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


# ---------------------------------------------------------------------------------------------- sentences

SPACED = """
The keeper, Dr. Quill, met Mr. and Mrs. Pell.|Prof. Ox came later.
See No. 5 and Fig. 2 of vol. 3.|Sec. II is short.
On Feb. 10 the lock froze.|It thawed in March.
Salt, rope, tar, etc. were sold.|They sold nails, etc.|The shop closed.
They read papers, e.g. The Gazette.|It reads i.e.The Gazette; cf. The Log.|It closed.
Small boats, e.g. Petrels, i.e. old ones, sail here.|It was Aske vs. Bremnes.
Pell Inc. bought Orr Co., Ltd. in May.|The price rose.
He lived in the U.S. Senate quarter.|She left the U.S.|In 1990 they met.|The U.S.A. won.
We met at 5 p.m. on Monday.|The gate is open to 7 p.m. Friday.|It closed at 6 p.m.|Then police came.
J. R. R. Orr and C. S. Pell sailed to St. Ives.
She has a Ph.D. in chemistry.|He has a Ph.D.|The third has none.
It costs 3.5 million.|Use v1.2.3 or 2.0 now.|The end is in 1931.|Then it stops.
Visit example.com or www.example.org/index.html today.|Write to a.pell@mail.example.org now.|Run node.js there.
Wait ... there is more.|Well… yes.|He left...|Then it rained.
“It is late.”|He left.|(He was tired.)|She stayed [for now].|“Stop!” she cried.|“Why?” asked Pell.
What?!|No way!|Are you sure?|Yes.
Er kam am 5. Mai 1990 an.|Im 19. Jahrhundert war das z.B. üblich.|„Geh!“|Dann kam Dr. Kraus.
Il dit : « Bonjour. »|Elle partit.|M. Dupont arriva.
El Sr. Gómez llegó a las 3 p.m.|¿Quién lo vio?|¡Nadie!
В 1999 г. В. И. Петров жил там.|Он уехал.
वह आया।|वह गया।
هل جاء؟|نعم جاء.
The sluice ( est. 1920 ) closed .|It was old .|`` We go . ''|She left .
Each paid $5.|$6 was too much.|5 people left.
It rained.[1]|It snowed.[2][3]|It froze.[citation needed]|It thawed.
1. The first point.|It is short.
2.1. The tolls.|They rose.
II. The second part.|B. In short.
It has many, ...towns,Hinterland and coast.
the gate closed .|it was wide ,.|it was old .
… They waited . . . and waited.|Is it Orr Inc.?|Pell knows.|“It is Orr Inc.”|Pell left.
Tar was sold.|– We know – it is -5.|It froze.
Smith et al. (2020) agree.|He joined the C.I.A.|After that he left.
"""

GLUED = """
A review of the locks.|A second came later.|Aske has one.
They sold rope, tar and so on.|In the end they left.
The tolls rose by 40%.|Aske followed.|It ended in 2021.|The next year was dry.
He said “we go.”|Pell left.|The word was “tar”.|We stood.
The gates, 70.4% of all, held to 12.30 pm.|They broke.
All ports (north and south).|At noon it rained.
Was it here?|Yes, it was.|Run!|Then hide.
No plans.|“We go north” was the motto.
It is the keeper’s plan.|It’s good.|I am here.|I am not.
The lock opened.|"It is the widest," said Pell.|It took him "ten years."|Orr helped.|"We rest."|"We eat."
Pell studied at MIT.|Students came.|They live in the USA.|Aske is far.
They grew by 3.5%.|In May it fell.
Meet Dr.Quill and Prof.Ox at St.Ives, see p.Xu and e.g.Anna in No.5 there.
Use Node.js, ASP.NET, README.MD, a.b@Mail.Example.Org or System.Out.println.
See http://a.example/b.Html?Q=Is.That and v1.Beta too.
今天下雨。|明天呢？|太好了！|“走吧。”|然后走了；没有回来。
“走吗？”他问。|《你好吗？》是一本书。|「行くよ。」と彼は言った。|“好。”|船夫说完就走了。
第３．５节很长．|下一节短。|吗?|我们走了.|他们没走.
"""


@pytest.mark.parametrize("line", SPACED.strip().splitlines())
def test_sentences_with_spaces_between(line: str) -> None:
    assert found(line.replace("|", " ")) == line.split("|")


@pytest.mark.parametrize("line", GLUED.strip().splitlines())
def test_sentences_without_spaces_between(line: str) -> None:
    assert found(line.replace("|", "")) == [each.strip() for each in line.split("|")]


PROSE = (
    "The harbour board met on the first Monday of the month and heard the report of the engineer who had\n"
    "walked the whole length of the mole. He found that the stones were sound, that the mortar was not,\n"
    "and that Pell and Orr had used sand from the beach."
)


def test_wrapped_lines_go_on() -> None:
    one_line = PROSE.replace("\n", " ")
    assert sentence_spans(PROSE) == sentence_spans(one_line)
    assert len(sentence_spans(PROSE)) == 2


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Harbour master\nAda Pell\nKiel", ["Harbour master", "Ada Pell", "Kiel"]),
        ("They sold:\n- rope\n- tar. Cheap tar.\n* nails", ["They sold:", "- rope", "- tar.", "Cheap tar.", "* nails"]),
        ("1. rope\n2. tar\n(a) nails\n• oil", ["1. rope", "2. tar", "(a) nails", "• oil"]),
        ("Port\tBarrels\nAske\t11,400", ["Port\tBarrels", "Aske\t11,400"]),
        ("| Port | Barrels |\n| Aske | 11,400 |", ["| Port | Barrels |", "| Aske | 11,400 |"]),
        ("On the state of the\nold harbour", ["On the state of the\nold harbour"]),
        (PROSE.partition(" He")[0].replace("\n", "\f"), PROSE.partition(" He")[0].split("\n")),
        (
            "The lights of the old mole\nAda Pell of Aske harbour",
            ["The lights of the old mole", "Ada Pell of Aske harbour"],
        ),
        (
            "They lit the old mole by oil\nthat came from far-away Aske",
            ["They lit the old mole by oil\nthat came from far-away Aske"],
        ),
        (
            "青岚灯塔的看守人每天晚上都要点灯，因为船只很多，风浪\n也很大。",
            ["青岚灯塔的看守人每天晚上都要点灯，因为船只很多，风浪\n也很大。"],
        ),
        ("- Fixed a leak\n  in the hull\n- New oars", ["- Fixed a leak\n  in the hull", "- New oars"]),
        ("- Fixed a leak\n  in the hull\n  below the line", ["- Fixed a leak\n  in the hull\n  below the line"]),
        ("** hull: a leak\n   is fixed\n** oars: new", ["** hull: a leak\n   is fixed", "** oars: new"]),
        ("- New colours:\n  red\n  and blue", ["- New colours:", "red", "and blue"]),
        ("- New oars\nsold at Aske", ["- New oars", "sold at Aske"]),
        ("①灯塔每晚点灯；\n②船只进港；", ["①灯塔每晚点灯；", "②船只进港；"]),
        ("no stop here\n\nnor here\n \t\nnor there", ["no stop here", "nor here", "nor there"]),
        (f"{PROSE.replace(chr(10), ' ').rstrip('.')}\nA second paragraph", None),
    ],
)
def test_lines_that_end_a_sentence(text: str, sentences: list[str] | None) -> None:
    assert found(text) == sentences if sentences else found(text)[-1] == "A second paragraph"


ENTRIES = """
Red: 3 euros. Open until 5.|blue: 7 euros. Open until 9.
red: 3 euros for a whole day|blue: 7 euros for an hour
name = the harbour of Aldhaven|depth = 4 m at low water
Tickets for children: 3 euros (with a card)|tickets for others: 7 euros
SUMMARY: The board proposes to close the lock|DATES: in force from the first of May of this year on
The board proposes to close the lock at Corran in May|DATES: write before the first of April
Opening hours of the lock (all days) are long.|winter: 9 to 5
kind: the light of the northern mole|colours:|white and red
Q: does the ferry go on Sundays, too?|A: it does, but at noon only
名称：青岚灯塔，位于北岸的山上，由石匠建成|地址：北岸路三号
"""


@pytest.mark.parametrize("entries", ENTRIES.strip().splitlines())
def test_a_line_that_begins_with_a_label_begins_an_entry(entries: str) -> None:
    lines = found(entries.replace("|", "\n"))
    assert [each for each in lines if "\n" in each] == []
    assert " ".join(lines) == entries.replace("|", " ")


@pytest.mark.parametrize(
    "text",
    [
        "The pilots of Aldhaven asked the board for one more\nthing: a lamp at the end of the mole.",
        "Nobody read the second notice, that of the\nFDA: it was too long by far.",
        "The board has now chosen two, namely Orr and the late Dr.\nPell: both had asked for it.",
        "The engineers tried the whole of it again, e.g.\nblue: it did not hold either.",
        "Red: 3 euros for a day at the quay, which is not\nmuch, and 5 for a night.",
        "They met on the mole at noon, which is to say at\n12:30, and left soon.",
    ],
)
def test_a_wrapped_line_with_a_colon_goes_on(text: str) -> None:
    assert found(text) == [text]


@pytest.mark.parametrize(
    ("before", "after"), [("", "\t"), ("\t", ""), ("\t\t", " \t "), ("", "   "), ("1.\t", ""), ("-\t ", "\t")]
)
def test_only_a_tab_between_two_cells_makes_a_row(before: str, after: str) -> None:
    text = "\n".join(
        f"{before if not n or before.isspace() else ''}{line}{after}" for n, line in enumerate(PROSE.split("\n"))
    )
    assert len(found(text)) == 2


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("The server listens on a port that may be chosen. The default is\n    22.\n", "The default is\n    22."),
        ("These are the steps that everybody takes who comes to the harbour:\n9.\nKnock\n10.\nWait", "Wait"),
    ],
)
def test_a_number_that_ends_a_wrapped_sentence_is_no_mark_of_an_item(text: str, last: str) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)][-1] == last


def test_lines_of_their_own_may_be_as_long_as_wrapped_ones() -> None:
    entries = [f"{name} of Aske, keeper of the {place} light, and crew" for name in ("Ada", "Orr") for place in "abc"]
    assert found("\n".join(entries)) == entries
    rows = [f"| {place} and the lands around it | the keeper of the light |" for place in ("the mole", "the weir")]
    assert found("\n".join(rows)) == rows
    short = "the sluices:"
    assert short in [each.split("\n")[-1] for each in found(PROSE.replace("\n", f"\n{short}\n", 1))]


def test_a_heading_is_a_sentence_of_its_own() -> None:
    document = article("Tar. and rope\nwere sold", "Tar. and rope")
    assert sentence_spans(document.text, document.headings) == [(0, 13), (14, 23)]


def test_signs_alone_go_with_the_sentence_before() -> None:
    assert found("It rained. – ! ?") == ["It rained. – ! ?"]
    assert found("... . !") == ["... . !"]


# ---------------------------------------------------------------------------------------------- passages


def texts(document: Document, budget: int = 20) -> list[str]:
    return [passage.text for passage in passages_of(document, budget)]


def sentence(n: int, size: int) -> str:
    return f"S{n}" + " tar" * (size - 2) + "."


def test_a_passage_names_its_place() -> None:
    document = article("Intro here.\n\nTar\n\nTar was sold. Rope too.", "Tar\n", page_starts=(0, 13))
    first, second = passages_of(document)
    assert (first.heading, first.page, first.text) == (None, 1, "Intro here.")
    assert (second.heading, second.page, second.text) == ("Tar", 2, "Tar\n\nTar was sold. Rope too.")
    assert second.passage_id == f"a.txt@{document.digest[:16]}:13"
    assert [document.text[start:end] for start, end in second.sentences] == ["Tar", "Tar was sold.", "Rope too."]
    assert passages_of(article("no pages"))[0].page is None


def test_headings_in_a_row_stay_with_the_text_below() -> None:
    document = article("Part A\n\nTar\n\nIt burns.\n\nRope\n\nThe end", "Part A", "Tar", "Rope", "The end")
    assert [(each.text, each.heading) for each in passages_of(document)] == [
        ("Part A\n\nTar\n\nIt burns.", "Tar"),
        ("Rope\n\nThe end", "The end"),
    ]


def test_later_passages_of_a_section_have_its_heading() -> None:
    body = " ".join(sentence(n, 8) for n in range(9))
    headings = {each.heading for each in passages_of(article(f"Tar\n\n{body}", "Tar"))}
    assert headings == {"Tar"}


def test_a_full_passage_ends_with_its_paragraph() -> None:
    text = " ".join(sentence(n, 7) for n in range(2)) + "\n\n" + " ".join(sentence(n, 5) for n in range(2, 12))
    assert passages_of(article(text))[0].text == text.split("\n\n")[0]


def test_a_paragraph_end_does_not_cost_another_passage() -> None:
    first, second, third = sentence(1, 17), sentence(2, 3), sentence(3, 18)
    assert texts(article(f"{first}\n\n{second} {third}")) == [f"{first}\n\n{second}", third]


def test_a_heading_does_not_end_a_passage() -> None:
    heading = "Tar" + " tar" * 11
    document = article(f"{heading}\n\n{sentence(1, 7)} {sentence(2, 6)}", heading)
    assert texts(document) == [f"{heading}\n\n{sentence(1, 7)}", sentence(2, 6)]


def test_tokens_at_the_same_place_count_each() -> None:
    twice = split(article("🚢" * 40), passage_tokens=20, tokens=lambda text: sorted([*range(len(text))] * 2))
    assert max(len(passage.text) for passage in twice) <= 10


def test_what_is_left_is_divided_in_the_middle() -> None:
    sizes = [size(each) for each in texts(article(" ".join(sentence(n, 7) for n in range(6))), 40)]
    assert sizes == [21, 21]


def test_a_long_sentence_is_divided_at_its_clauses() -> None:
    text = "The crew sold rope and tar, nails and oil for the lamps; it bought 1,500 planks, and paid in salt."
    pieces = [text[a:b] for passage in passages_of(article(text), 16) for a, b in passage.sentences]
    assert pieces == [
        "The crew sold rope and tar, nails and oil for the lamps;",
        "it bought 1,500 planks, and paid in salt.",
    ]


def test_a_long_word_is_divided_between_whole_characters() -> None:
    pieces = texts(article("e\u0301" * 400 + "👩\u200d🚀" * 100), 16)
    assert max(map(len, pieces)) <= 16 * 16
    assert all(piece[0] in "e👩" for piece in pieces)


@pytest.mark.parametrize(
    "unit", [".", "a.", "A. ", "a\n", "x", "。", '."', "\u0301", ". . ", "- a\n", "(", " a", "\x00"]
)
def test_work_grows_with_the_text_only(unit: str) -> None:
    read = []

    def counting(text: str) -> list[int]:
        read.append(len(text))
        return token_starts(text)

    text = unit * (60_000 // len(unit))
    passages = split(article(text), passage_tokens=100, tokens=counting)
    assert max(read) <= 50_000
    assert sum(read) <= 20 * len(text)
    assert max(len(each.text) for each in passages) <= 100 * 17


def test_a_wide_gap_divides_passages() -> None:
    assert texts(article("Rope." + "\n" * 5000 + "Tar.")) == ["Rope.", "Tar."]
    assert max(map(len, texts(article("rope" + " " * 5000 + "tar")))) <= 20 * 17


@pytest.mark.parametrize("text", ["", " \n\t\n ", "\u3000\r\n"])
def test_nothing_but_white_space_has_no_passages(text: str) -> None:
    assert passages_of(article(text)) == []


@st.composite
def documents(draw: st.DrawFn) -> Document:
    known = st.sampled_from(
        ["\n", "\n\n", ". ", "。", "A. ", "word ", "Dr. ", "x" * 40, "! ", "\r\n", "- a\n", '."', "1. "]
    )
    text = "".join(draw(st.lists(st.text(max_size=12) | known, max_size=40))).encode("utf-8", "replace").decode()
    lines = [(line.start(), line.end()) for line in re.finditer(r"[^\n]+", text)]
    headings: list[Span] = draw(st.lists(st.sampled_from(lines), max_size=4)) if lines else []
    return Document(doc_id="d", title="t", text=text, headings=tuple(headings))


@settings(max_examples=500, deadline=None)
@given(documents(), st.integers(16, 40))
def test_passages_keep_every_promise(document: Document, budget: int) -> None:
    text = document.text
    passages = passages_of(document, budget)
    assert passages == passages_of(document, budget)
    sentences = [span for passage in passages for span in passage.sentences]
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert (passage.sentences[0][0], passage.sentences[-1][1]) == (passage.start, passage.end)
        assert size(passage.text) <= budget
    bounds = [at for span in sentences for at in span]
    assert bounds == sorted(bounds)
    for start, end in sentences:
        assert text[start:end].strip() == text[start:end] != ""
    covered = "".join(text[start:end] for start, end in sentences)
    assert "".join(covered.split()) == "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(documents())
def test_a_passage_has_headings_only_at_its_top(document: Document) -> None:
    lines = {span for heading in document.headings for span in _lines_of(document.text, heading)}
    for passage in passages_of(document, 1000):
        are_headings = [span in lines for span in passage.sentences]
        assert are_headings == sorted(are_headings, reverse=True)
        last = max((span for span in passage.sentences if span in lines), default=None)
        assert last is None or passage.heading == document.text[last[0] : last[1]]


def _lines_of(text: str, heading: Span) -> list[Span]:
    start, end = heading
    return sentence_spans(" " * start + text[start:end], [heading])


@pytest.mark.parametrize(
    "answer", ["Up to three.", "Yes, all of them. Each is lit at dusk by the keeper of the tower."]
)
@pytest.mark.parametrize("before", range(6, 24))
def test_a_question_stays_with_what_answers_it(before: int, answer: str) -> None:
    text = f"{sentence(1, before)}\n\nHow many lamps has the tower?\n\n{answer}\n\n{sentence(2, 14)} {sentence(3, 9)}"
    (asked,) = (passage for passage in passages_of(article(text), 30) if "How many" in passage.text)
    assert answer.split(".")[0] in asked.text


def test_a_question_that_fills_a_passage_leaves_its_answer_to_the_next() -> None:
    question = f"{sentence(1, 17)[:-1]}?"
    assert texts(article(f"{question}\n\n{sentence(2, 17)}"))[0] == question


def test_a_line_that_announces_a_list_stays_with_it_and_the_list_together() -> None:
    items = "\n".join(f"- lamp {n}" for n in range(6))
    text = f"{sentence(1, 15)} {sentence(2, 8)}\n\nThese are lit:\n\n{items}\n\n{sentence(3, 12)} {sentence(4, 16)}"
    (listed,) = (passage for passage in passages_of(article(text), 40) if "These are lit" in passage.text)
    assert listed.text.startswith("These are lit:")
    assert items in listed.text


def test_questions_alone_fill_passages_as_other_sentences_do() -> None:
    text = f"{sentence(0, 4)} " + " ".join(f"{sentence(n, 9)[:-1]}?" for n in range(1, 40))
    sizes = [size(each) for each in texts(article(text), 60)]
    assert min(sizes[:-1]) >= 36


def test_a_number_that_closes_a_bracket_begins_no_item() -> None:
    text = "The pilots of Aldhaven keep to the rules of the harbour (see section\n1) and to no others."
    assert found(text) == [text]
