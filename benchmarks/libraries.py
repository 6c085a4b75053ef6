"""Pincite's own code beside libraries for the same: where sentences end, dates of articles, the text of PDFs.

    python benchmarks/libraries.py [--environment build/libraries] [--pages FOLDER]

The cases are below, with their right answers; they were written before any of the tools had seen them. A sentence case
is right when the whole of it is. Libraries are told the language of a case, and how to give their best, which Pincite
is not. Their PDFs are made here from ``scripts/documents``, so what they say is known. With ``--pages`` real ones are
read as well, a page of each of 24 PDFs below FOLDER, drawn by a seed. As nobody says what is right there, it counts the
runs of four words, divided words joined, that three other tools read and one does not, and those that it reads alone.
The first time, an environment is made for the libraries. Writes docs/performance/libraries.json; ``tables.py`` shows it
in CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import dropwhile
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2 as pdfium
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from reporting import ROOT, say, write

TOOLS = {
    "sentences": ("pincite", "pysbd", "sentencex", "blingfire"),
    "dates": ("pincite", "python-dateutil", "python-dateutil fuzzy", "dateparser", "dateparser search", "htmldate"),
    "pdf": ("pincite", "pypdfium2", "pdfplumber", "pdftext", "pypdf", "pdfminer.six"),
}
REQUIRED = (
    "pysbd>=0.3.4,<1",
    "sentencex>=1,<2",
    "blingfire>=0.1.8,<1",
    "python-dateutil>=2.9",
    "dateparser>=1.5,<2",
    "htmldate>=1.9,<2",
    "pdfplumber>=0.11.8,<1",
    "pdftext>=0.6,<1",
    "pypdf>=6",
    "pdfminer.six",
)
PAGES, AGREED = 24, 3
LONG = 100_000
"""Bytes of prose whose division is timed."""

# ---------------------------------------------------------------------------------------------- sentence ends

SENTENCES: dict[str, dict[str, list[str]]] = {
    "short forms": {
        "en": [
            "Dr. Adler met Mr. Brown at noon. |They talked for an hour.",
            "The bill passed the U.S. Senate on Tuesday. |The House votes next week.",
            "She moved to the U.S. in 2010. |He followed in 2012.",
            "He has lived in the U.S. |His brother stayed in Peru.",
            "Some metals, e.g. copper and zinc, rose. |Others, i.e. lead, fell.",
            "The firm Acme Inc. sold its mill. |Beta Corp. bought it.",
            "It was signed by J. K. Rowling and George R. R. Martin. |Nobody read it.",
            "See Fig. 3 and Table 2. |The curve in Fig. 4 is flat.",
            "Turn to p. 12 of the report. |The tables are on pp. 14-18.",
            "He lives at No. 5, Hill Rd. |The house is old.",
            "Prof. Li et al. found the reverse. |Their sample was small.",
            "The train leaves at 6 a.m. and returns at 9 p.m. |Tickets cost ten euros.",
            "They sell tea, coffee, etc. |Prices are low.",
            "Gov. Newsom and Sen. Warren spoke first. |The crowd cheered.",
            "The Ph.D. students of Washington Univ. protested. |Classes were cancelled.",
            "St. Petersburg lies on the Neva. |Mt. Elbrus is far away.",
            "According to the Jan. 5 edition, vol. 12 was late. |It came in Feb. 1998.",
            "Brown v. Board of Education was decided in 1954. |Other cases came later.",
            "The ship, built c. 1890, sank. |Its captain, b. 1850, survived.",
            "Apple, Google, Microsoft, et al. objected. |So did the unions.",
        ],
        "de": ["Am 3. Mai kam Dr. Braun, z.B. mit dem Zug. |Er blieb bis zum 5. Juni."],
        "fr": ["M. Durand est arrivé. |« Bonjour ! » a-t-il dit. |Il est reparti."],
        "es": ["El Sr. Gómez llegó a las 3 p.m. |¿Quién lo vio? |¡Nadie!"],
    },
    "numbers": {
        "en": [
            "Growth was 3.5 percent. |It had been 2.75 percent in 2021.",
            "The price rose to $1.2 billion. |Shares fell by 0.8%.",
            "Version 2.0.1 was released on 3.4.2021. |Version 3 followed.",
            "The index stood at 1,234.56. |5 firms left it.",
            "It happened in 1999. |2000 was quieter.",
            "Section 2.3 describes the data. |Section 2.4 the method.",
            "The answer is 42. |Why not 43?",
            "At 10.30 he rose. |At 11.15 he left.",
        ],
    },
    "quotes and marks": {
        "en": [
            "He hesitated ... and then agreed. |Nobody spoke.",
            "The list went on… |Then it stopped.",
            "What happened?! |Nobody could say.",
            "Stop! |Who goes there? |A friend.",
            "Yahoo! Japan posted a profit. |Its rivals did not.",
            '"It is late." |She closed the door.',
            '"Are you coming?" she asked. |He nodded.',
            'He said, "We will win." |Then he sat down.',
            "“This is the end,” he said. |“We go home.” |They went.",
            "(The figures are old.) |New ones come in May.",
            "The plan (see the annex, p. 3) failed. |A new one (in red) is ready.",
            "She called it “a mess.” |The mayor called it “progress.”",
            "The minister said: ‘We must act now.’ |No one moved.",
        ],
    },
    "no space, as machines translate": {
        "en": [
            "The project ended.|The next began in May.",
            "Funding rose by 40%.|Shanghai followed.",
            "It was approved in 2021.|The city paid half.",
            "Talent is scarce.|In Beijing, firms compete.|In Shenzhen, too.",
            "He called it “a new era”.|Others disagreed.",
            "Is it enough?|No one knows!|Time will tell.",
            "Zhejiang will spend more.|Hubei’s plan is smaller.|Both start in June.",
            'The R&D center opened.|"It is the largest," said Mr. Wang.|It employs 300 people.',
            "The plan covers AI, 5G and IoT.|The first stage ends in 2025.",
            "They study at MIT.|Students pay nothing.",
            "Use Node.js or ASP.NET for the server.|Both are free.",
        ],
    },
    "Chinese and mixed": {
        "zh": [
            "今天天气很好。|我们去公园吧！|你来吗？",
            "他说：“我明天来。”|大家都笑了。",
            "“你去哪儿？”她问道。|他没有回答。",
            "浙江省投入增长3.5%。|上海计划更多。",
            "华为在上海建立了研发中心。|The center opened in 2022. |它有三万名员工。",
            "《我们怎么办？》是一篇文章。|作者是王明。",
            "A公司（见No.5文件）发展很快。|B公司不同。",
        ],
        "ja": ["彼は来ました。|すぐに帰りました。"],
    },
    "lines, lists, headings": {
        "en": [
            "Introduction|\n\nThe plan has three parts. |It starts now.",
            "The goals are:|\n- more money|\n- more people|\n- better rules",
            "1. Raise the budget.|\n2. Hire engineers. |They are few.|\n3. Report in June.",
            "The committee met in the old town hall on Monday and heard the\nreport of Dr. Weber. |It voted in favour "
            "of the plan after a short\ndebate.",
            "City\tBudget|\nWuhan\t1.5 billion|\nHangzhou\t2.1 billion",
            "(a) the first case|\n(b) the second case",
        ],
    },
    "addresses and files": {
        "en": [
            "Visit www.example.org/index.html for details. |The page is free.",
            "Write to j.doe@mail.example.com. |He answers quickly.",
            "The file is at https://example.org/a.b?c=D.E and is small. |It opens in Excel.",
            "Read config.yaml first. |Then run main.py. |It prints OK.",
        ],
    },
}
"""By kind and language; a sentence ends at each ``|``."""

# ---------------------------------------------------------------------------------------------- dates

DATES: dict[str, dict[str, str | None]] = {
    "meta tags and front matter": {
        "2021-03-04": "2021-03-04",
        "2021-03-04T09:15:00+08:00": "2021-03-04",
        "2021-03-04T01:15Z": "2021-03-04",
        "2021-03-04 09:15:00": "2021-03-04",
        "20210304": "2021-03-04",
        "2021/03/04": "2021-03-04",
        "2021.03.04": "2021-03-04",
        "2021-3-4": "2021-03-04",
        "Thu, 04 Mar 2021 09:15:00 GMT": "2021-03-04",
        "Thu Mar 4 09:15:00 CST 2021": "2021-03-04",
        "D:20210304091500+08'00'": "2021-03-04",
        "04-Mar-2021": "2021-03-04",
        "2021-03": "2021-03",
        "2021": "2021",
    },
    "written out": {
        "March 4, 2021": "2021-03-04",
        "Mar. 4, 2021": "2021-03-04",
        "Sept. 4, 2021": "2021-09-04",
        "4 March 2021": "2021-03-04",
        "4th of March, 2021": "2021-03-04",
        "Mar 2021": "2021-03",
        "March, 2021": "2021-03",
        "4. März 2021": "2021-03-04",
        "4 mars 2021": "2021-03-04",
        "1er mai 2021": "2021-05-01",
        "4 de marzo de 2021": "2021-03-04",
        "4 marzo 2021": "2021-03-04",
        "4 de março de 2021": "2021-03-04",
        "4 марта 2021 г.": "2021-03-04",
        "04.03.2021": "2021-03-04",
        "23/03/2021": "2021-03-23",
        "03/23/2021": "2021-03-23",
        "4-Mar-21": "2021-03-04",
        "2021年3月4日": "2021-03-04",
        "2021年03月04日 09:15": "2021-03-04",
        "2021年3月": "2021-03",
        "二〇二一年三月四日": "2021-03-04",
        "2021年3月4日（木）": "2021-03-04",
    },
    "within a line": {
        "Thursday, March 4, 2021 9:15 AM": "2021-03-04",
        "Published: 4 March 2021": "2021-03-04",
        "Updated Mar 4, 2021, 9:15 a.m. ET": "2021-03-04",
        "By Ines Calder | March 4, 2021": "2021-03-04",
        "发布时间：2021-03-04 09:15 来源：新华社": "2021-03-04",
        "Posted on 2021-03-04 by admin": "2021-03-04",
        "BEIJING, March 4, 2021 (Xinhua) --": "2021-03-04",
    },
    "no dates, or not certain ones": {
        "3/4/2021": None,
        "2021-02-31": None,
        "20211304": None,
        "Version 2.11.3": None,
        "v1.2.2021.4": None,
        "1998-2004": None,
        "2019–2021": None,
        "pp. 12-14": None,
        "+1 202-555-0143": None,
        "Tel. 010-2021-0304": None,
        "ISBN 978-3-16-148410-0": None,
        "192.168.20.21": None,
        "Vol. 12, No. 3": None,
        "12:30": None,
        "10 May": None,
        "Section 3.4": None,
        "$2,021": None,
        "Room 2021": None,
        "yesterday": None,
        "n.d.": None,
        "unknown": None,
    },
}
"""What stands in articles, and the date that it is, as far as it says."""

# ---------------------------------------------------------------------------------------------- PDFs

NOTES = (
    "1 The budget of the province was passed in January and printed in the gazette of that month.",
    "2 Figures of this kind leave out what the districts pay. They are given once a year.",
    "3 An earlier ranking had counted patents only.",
    "4 Interview of 9 June, by telephone.",
    "5 The zone was enlarged in 2013 and again in 2018.",
)
"""At the foot of the first pages."""
PAGE = (420.0, 400.0)
"""Low, in points, so that many sentences run over from one page to the next."""
SIZE, LEADING, NOTE_SIZE, MARGIN, GUTTER = 11.0, 14.0, 8.0, 48.0, 18.0
_SYLLABLE = re.compile(r"(?<=[a-z][aeiouy])(?=[bcdfghjklmnpqrstvwxz][aeiouy][a-z])")


class Layout(NamedTuple):
    """How a PDF is set."""

    columns: int = 1
    justified: bool = False
    hyphens: bool = False
    by_rows: bool = False
    """Drawn from top to bottom across both columns, as some programs write it."""
    running: bool = False
    notes: bool = False


LAYOUTS = {
    "one column": Layout(),
    "one column, hyphens": Layout(justified=True, hyphens=True),
    "two columns": Layout(columns=2),
    "two columns, drawn by rows": Layout(columns=2, by_rows=True),
    "two columns, justified, hyphens": Layout(columns=2, justified=True, hyphens=True),
    "headers and footers": Layout(running=True),
    "footnotes": Layout(notes=True),
    "two columns, all of it": Layout(2, justified=True, hyphens=True, running=True, notes=True),
    "two columns, all of it, drawn by rows": Layout(2, True, True, True, True, True),
}


class Row(NamedTuple):
    """A line of a column, and the block (paragraph or heading) it is from."""

    text: str
    block: int
    is_last: bool


class Piece(NamedTuple):
    """A row where it is drawn; stretched to ``width``, in points, where that is not 0."""

    x: float
    y: float
    text: str
    font: str
    size: float
    width: float = 0


def article(path: Path) -> list[str]:
    """Title, headings and paragraphs of one of ``scripts/documents``; title and headings begin with ``#``."""
    _, front, body = path.read_text("utf-8").split("---\n", 2)
    title = json.loads(front.splitlines()[0].removeprefix("title: "))
    return [f"# {title}", *(" ".join(block.split()) for block in body.split("\n\n") if block.strip())]


def typeset(path: Path, blocks: list[str], layout: Layout) -> list[str]:
    """Make a PDF, and tell what it says: its blocks, a footnote behind the block in which its page ends."""
    width = (PAGE[0] - 2 * MARGIN - (layout.columns - 1) * GUTTER) / layout.columns
    rows = [row for number, block in enumerate(blocks) for row in wrapped(block, number, width, layout)]
    canvas = Canvas(str(path), pagesize=PAGE, invariant=1)
    says = [[block.lstrip("# ")] for block in blocks]
    lines = int((PAGE[1] - 2 * MARGIN) / LEADING) - 3 * layout.notes
    number = 0
    while rows:
        pieces = []
        for column in range(layout.columns):
            rows = list(dropwhile(lambda row: not row.text, rows))
            taken, rows = rows[:lines], rows[lines:]
            left = MARGIN + column * (width + GUTTER)
            for at, row in enumerate(taken):
                is_heading = blocks[row.block].startswith("#")
                font = "Times-Bold" if is_heading else "Times-Roman"
                stretched = 0 if is_heading or row.is_last or not layout.justified else width
                pieces.append(Piece(left, PAGE[1] - MARGIN - at * LEADING, row.text, font, SIZE, stretched))
            last = taken[-1].block if taken else len(blocks) - 1
        if layout.notes and number < len(NOTES):
            pieces.append(Piece(MARGIN, MARGIN - 6, NOTES[number], "Times-Roman", NOTE_SIZE))
            says[last].append(NOTES[number])
        draw(canvas, [*running(number, layout), *pieces], layout)
        number += 1
    canvas.save()
    return [text for texts in says for text in texts]


def wrapped(block: str, number: int, width: float, layout: Layout) -> Iterator[Row]:
    """The rows of a block, and an empty one behind it."""
    words, line = block.lstrip("# ").split(), ""
    while words:
        word = words.pop(0)
        longer = f"{line} {word}".strip()
        if stringWidth(longer, "Times-Bold" if block[0] == "#" else "Times-Roman", SIZE) <= width:
            line = longer
            continue
        head, tail = divided(line, word, width) if layout.hyphens and block[0] != "#" else ("", word)
        yield Row(f"{line} {head}".strip(), number, is_last=False)
        line, words = "", [tail, *words]
    yield Row(line, number, is_last=True)
    yield Row("", number, is_last=True)


def divided(line: str, word: str, width: float) -> tuple[str, str]:
    """The part of a word that still fits, with its hyphen, and the rest."""
    cuts = [(word[: at.end()], word[at.end() :]) for at in re.finditer("-(?=[a-z])", word)]
    cuts += [(f"{word[: at.start()]}-", word[at.start() :]) for at in _SYLLABLE.finditer(word)]
    fit = [cut for cut in cuts if stringWidth(f"{line} {cut[0]}", "Times-Roman", SIZE) <= width]
    return max(fit, key=lambda cut: len(cut[0]), default=("", word))


def running(number: int, layout: Layout) -> list[Piece]:
    """Header, footer and page number, other ones on left and right pages; the first has no header."""
    if not layout.running:
        return []
    head = "Plans of the provinces" if number % 2 else "Pincite review, June 2022"
    foot = Piece(PAGE[0] / 2 - 4, 18, str(number + 1), "Times-Roman", 9)
    return [foot] if number == 0 else [Piece(MARGIN, PAGE[1] - 24, head, "Times-Italic", 9), foot]


def draw(canvas: Canvas, pieces: list[Piece], layout: Layout) -> None:
    """A page."""
    for piece in sorted(pieces, key=lambda piece: (-piece.y, piece.x)) if layout.by_rows else pieces:
        text = canvas.beginText(piece.x, piece.y)
        text.setFont(piece.font, piece.size)
        spare = piece.width - stringWidth(piece.text, piece.font, piece.size)
        text.setWordSpace(spare / piece.text.count(" ") if piece.width and " " in piece.text else 0)
        text.textOut(piece.text)
        canvas.drawText(text)
    canvas.showPage()


def make_pdfs(folder: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The files by kind, and the blocks that each says."""
    sources = sorted((ROOT / "scripts" / "documents").glob("*.md"))
    blocks = [block for source in sources for block in article(source)]
    paths = {kind: folder / f"{number}.pdf" for number, kind in enumerate(LAYOUTS)}
    says = {kind: typeset(paths[kind], blocks, layout) for kind, layout in LAYOUTS.items()}
    own = ROOT / "docs_corpus" / "innovation-plans" / "shanghai-talent.pdf"
    says["of docs_corpus"] = [block.lstrip("# ") for block in article(ROOT / "scripts/documents/shanghai-talent.md")]
    return {kind: str(path) for kind, path in (paths | {"of docs_corpus": own}).items()}, says


# ---------------------------------------------------------------------------------------------- scores


def score_sentences(answers: list[list[str]]) -> dict[str, Any]:
    """The share of cases divided exactly so, by kind, and those that were not."""
    cases = [(kind, case) for kind, languages in SENTENCES.items() for texts in languages.values() for case in texts]
    pairs = [
        (kind, [" ".join(part.split()) for part in case.split("|")], [" ".join(part.split()) for part in answer])
        for (kind, case), answer in zip(cases, answers, strict=True)
    ]
    return shares([(kind, right == answer, " | ".join(answer)) for kind, right, answer in pairs])


def score_dates(answers: list[str | None]) -> dict[str, Any]:
    """The share of dates that are as they are written, by kind, and those that are not."""
    cases = [(kind, *case) for kind, dates in DATES.items() for case in dates.items()]
    return shares(
        [
            (kind, right == answer, f"{text}: {answer}")
            for (kind, text, right), answer in zip(cases, answers, strict=True)
        ]
    )


def shares(judged: list[tuple[str, bool, str]]) -> dict[str, Any]:
    """Of all, and of each kind."""
    kinds: dict[str, list[bool]] = {}
    for kind, is_right, _ in judged:
        kinds.setdefault(kind, []).append(is_right)
    return {
        "right": round(sum(is_right for _, is_right, _ in judged) / len(judged), 3),
        "by_kind": {kind: f"{sum(marks)} of {len(marks)}" for kind, marks in kinds.items()},
        "wrong": [text for _, is_right, text in judged if not is_right],
    }


def score_pdfs(texts: Mapping[str, str], says: Mapping[str, list[str]]) -> dict[str, Any]:
    """Words in their order, and sentences that stand in the text word by word, by kind and their means."""
    by_kind = {}
    for kind, blocks in says.items():
        words, right = texts[kind].split(), " ".join(blocks).split()
        in_order = SequenceMatcher(None, right, words, autojunk=False).ratio()
        sentences = [part for block in blocks for part in re.split(r'(?<=[.?!"]) (?=[A-Z0-9"])', block)]
        whole = sum(sentence in " ".join(words) for sentence in sentences) / len(sentences)
        by_kind[kind] = {"words_in_order": round(in_order, 3), "sentences_whole": round(whole, 3)}
    means = {
        name: round(sum(kind[name] for kind in by_kind.values()) / len(by_kind), 3)
        for name in ("words_in_order", "sentences_whole")
    }
    return means | {"by_kind": by_kind}


def real_pages(folder: Path, place: Path) -> dict[str, str]:
    """A page of each of some PDFs, as files of their own."""
    files = sorted(folder.rglob("*.pdf"))
    random.Random(7).shuffle(files)
    found: dict[str, str] = {}
    for path in files:
        pdf = pdfium.PdfDocument(path)
        full = [at for at in range(min(len(pdf), 30)) if 1200 < pdf[at].get_textpage().count_chars() < 7000]
        if full and len(found) < PAGES:
            one = pdfium.PdfDocument.new()
            one.import_pages(pdf, [random.Random(path.name).choice(full)])
            one.save(alone := place / f"page{len(found)}.pdf")
            found[path.name] = str(alone)
    return found


def score_agreed(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, float]]:
    """By tool, the means over pages of runs lost that three others read, and of runs that none does."""
    scores: dict[str, list[tuple[float, float]]] = {tool: [] for tool in texts}
    for page in texts["pincite"]:
        runs = {tool: _runs(each[page]) for tool, each in texts.items()}
        for tool, own in runs.items():
            counts = Counter(run for other, each in runs.items() if other != tool for run in each)
            agreed = {run for run, count in counts.items() if count >= AGREED}
            scores[tool].append((len(agreed - own) / max(1, len(agreed)), len(own - counts.keys()) / max(1, len(own))))
    names = ("agreed_lost", "alone")
    return {
        tool: {name: round(sum(part) / len(part), 4) for name, part in zip(names, zip(*each, strict=True), strict=True)}
        for tool, each in scores.items()
    }


def _runs(text: str) -> set[tuple[str, ...]]:
    """Without accents, which may stand by themselves, and with divided words joined."""
    letters = unicodedata.normalize(
        "NFKD", re.sub(r"(?<=\w)[-\u00ad\u2010\ufffe\x02]\s*(?=\w)|[´¨˜ˆˇ˘˚¸]\s*", "", text)
    )
    words = re.findall(r"[^\W_]+", "".join(char for char in letters if not unicodedata.combining(char)).lower())
    return set(zip(words, words[1:], words[2:], words[3:], strict=False))


# ---------------------------------------------------------------------------------------------- running


def environment(place: Path) -> Path:
    """The interpreter of the libraries' environment, made where it is missing."""
    python = place / "bin" / "python"
    if not (place / "made").is_file():
        say(f"making {place}")
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *REQUIRED], check=True)
        (place / "made").touch()
    return python


def run(python: Path | str, job: str, tool: str, given: Path) -> dict[str, Any]:
    """Let a tool do a job in a process of its own."""
    command = [str(python), "-W", "ignore", str(Path(__file__).parent / "libraries_run.py"), job, tool, str(given)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Run all and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environment", type=Path, default=ROOT / "build" / "libraries")
    parser.add_argument("--pages", type=Path)
    options = parser.parse_args()
    python = environment(options.environment.absolute())
    prose = "\n\n".join(path.read_text("utf-8") for path in sorted((ROOT / "scripts" / "documents").glob("*.md")))
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        given = Path(name) / "given.json"
        pdfs, says = make_pdfs(Path(name))
        cases = [
            (language, case.replace("|", ""))
            for languages in SENTENCES.values()
            for language, texts in languages.items()
            for case in texts
        ]
        dates = [text for kind in DATES.values() for text in kind]
        long = (prose * (LONG // len(prose.encode()) + 1)).encode()[:LONG].decode(errors="ignore")
        given.write_text(json.dumps({"sentences": cases, "long": long, "dates": dates, "pdf": pdfs}), "utf-8")
        for job, tools in TOOLS.items():
            for tool in tools:
                answer = run(sys.executable if tool in ("pincite", "pypdfium2") else python, job, tool, given)
                answers = answer.pop("answers")
                if job == "pdf":
                    answer |= score_pdfs(answers, says)
                else:
                    answer |= score_sentences(answers) if job == "sentences" else score_dates(answers)
                results.setdefault(job, {})[tool] = answer
        counts = {"sentences": len(cases), "dates": len(dates), "pdf": len(pdfs)}
        if options.pages:
            pages = real_pages(options.pages, Path(name))
            counts["pages"] = len(pages)
            given.write_text(json.dumps({"pdf": pages}), "utf-8")
            done = {
                tool: run(sys.executable if tool in ("pincite", "pypdfium2") else python, "pages", tool, given)
                for tool in TOOLS["pdf"]
            }
            for tool, scores in score_agreed({tool: each["answers"] for tool, each in done.items()}).items():
                results["pdf"][tool] |= {"real_pages": scores | {"ms_a_page": done[tool]["ms_a_file"]}}
    command = "libraries.py --pages FOLDER" if options.pages else "libraries.py"
    write("libraries", {"cases": counts} | results, command, ("pypdfium2", "reportlab"))


if __name__ == "__main__":
    main()
