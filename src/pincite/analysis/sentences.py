"""Where sentences end, and the blocks of a text that no sentence leaves: paragraphs, list items, rows, heading lines.

**Where sentences end.** At ``. ! ? …`` before a space and what may begin a sentence, and at the full stops of Chinese
and the like. A short form or initial ("Inc.", "U.S.", "J.") ends one only before a word that often begins one ("The",
"In"); "Fig." none before a number. Without a space ("plans.A review") a capital must follow a plain word, a number or a
closing quote, for "Node.js" and "p.Xu" go on; behind "MIT" one that a small letter follows. Blank lines, headings, list
items and table rows always end one.

**Where lines end.** Text may be wrapped by hand at any width, and filling programs break a line only when the next word
does not fit. So a line that had room for the first word of the next one (measured by the longest of its neighbours,
with 15 % off for proportional fonts) was ended on purpose, but not behind "the", "of" and the like, nor where the next
begins with a small letter below the words of a list item. Lines shorter than wrapped prose are titles or addresses,
longer ones paragraphs, and several that all begin with a capital entries. A label with a colon begins an entry ("blue:
7 euros") behind a line that has one too or ends with a stop; one in capitals ("DATES:") always.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pincite.datatypes import Span, Table


class SentenceRange(NamedTuple):
    """Where a sentence stands, and what dividing a text asks of it; ``size`` in tokens, where it was measured."""

    start: int
    end: int
    is_heading: bool
    ends_paragraph: bool
    size: int = 0


_BLANK_LINE = re.compile(r"\n\s*\n|\f")
_LINE_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")
_ITEM = (
    r"[-*+•‣◦▪■●·–▶►▸➢➤❖✓✔◆◇○□]\s|\*\*\s|[①-⑳]|"
    r"\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})\)\s|\d{1,3}\.\s|[(（]?[一二三四五六七八九十\d]{1,3}[、）]"
)
LIST_ITEM = re.compile(_ITEM)
"""How a line begins that is an item of a list."""
_TABLE_ROW = re.compile(rf"\||(?:{_ITEM})?+\s*+.*(?:\t| \| )")
"""A tab behind the mark of a list item parts no cells."""
_LABELLED = re.compile(r"(?P<label>[^\W\d_][\w.'’()/&-]{0,23}+(?: [\w.'’()/&-]{1,24}+){0,2}+) ?(?:[:=](?=\s|\Z)|：)")
_STOPPED = re.compile(r"[.!?…。！？][\"'”’»)\]]{0,3}\Z")
_UNFINISHED = re.compile(r"\s(?:the|an?|of|and|or|in|to|by|for|with|at|from|on)\Z")
_FIRST_WORD = re.compile(r"[^\s\u2e80-\u9fff\uac00-\ud7af]{1,80}|.")
HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ITEMS_APART = 20  # lines between the marks of two items
_NARROWEST_WRAP, _NARROWEST_GOING_ON, _WIDEST_WRAP = 40, 25, 200


def sentence_spans(text: str, headings: Sequence[Span] = (), tables: Sequence[Table] = ()) -> list[Span]:
    """The sentences of a text, stripped, in order; a heading line, and a row of a table, is one of its own."""
    return [(each.start, each.end) for each in sentences_of(text, headings, tables)]


def blocks(text: str, headings: Iterable[Span] = ()) -> Iterator[tuple[int, int, bool]]:
    """What no sentence leaves: paragraphs, list items, table rows and heading lines, in order and apart.

    Each by its start and end, stripped, and whether it is a heading line.
    """
    last = 0
    for start, end in [*sorted(headings), (len(text), len(text))]:
        yield from ((*block, False) for block in _blocks(text, last, start))
        yield from ((*line, True) for line in _divided(text, max(start, last), end, _LINE_BREAK))
        last = max(last, end)


def sentences_of(text: str, headings: Iterable[Span], tables: Sequence[Table] = ()) -> Iterator[SentenceRange]:
    """The same, as dividing a text needs them; not yet measured."""
    ends = [table.body[1] for table in tables]
    for start, end, is_heading in blocks(text, headings):
        if is_heading:
            yield SentenceRange(start, end, is_heading=True, ends_paragraph=False)
            continue
        at = bisect_right(ends, start)
        is_row = at < len(tables) and tables[at].header[0] <= start and end - start <= 500
        spans = [(start, end)] if is_row else list(stretches(text, _sentence_cuts(text, start, end)))
        yield from (SentenceRange(*span, is_heading=False, ends_paragraph=span == spans[-1]) for span in spans)


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs, list items and table rows: what no sentence leaves."""
    for paragraph in _divided(text, start, end, _BLANK_LINE):
        lines = list(_divided(text, *paragraph, _LINE_BREAK))
        begins = (lines[i][0] for i in range(1, len(lines)) if not _goes_on(text, lines, i))
        yield from stretches(text, [paragraph[0], *begins, paragraph[1]])


def _divided(text: str, start: int, end: int, border: re.Pattern[str]) -> Iterator[Span]:
    return stretches(text, [start, *(found.end() for found in border.finditer(text, start, end)), end])


def stretches(text: str, cuts: Iterable[int]) -> Iterator[Span]:
    """The stretches from cut to cut, stripped, without blank ones."""
    for cut, next_cut in pairwise(cuts):
        body = text[cut:next_cut].strip()
        if body:
            start = text.index(body[0], cut)
            yield start, start + len(body)


def _goes_on(text: str, lines: Sequence[Span], i: int) -> bool:
    """Whether line ``i`` goes on with the line before it (module docstring: where lines end)."""
    (start, end), (next_start, next_end) = lines[i - 1], lines[i]
    if _begins_item(text, lines, i) or any(_TABLE_ROW.match(text, *line) for line in lines[i - 1 : i + 1]):
        return False
    if _UNFINISHED.search(text, max(start, end - 6), end) or _hangs(text, lines, i):
        return True
    if _begins_entry(text, lines[i - 1], lines[i]):
        return False
    near = lines[max(0, i - 4) : i + 4]
    are_entries = len(near) > 4 and all(text[at].isupper() for at, _ in near[1:])
    may_be_narrow = text[next_start].islower() or HAN.match(text, next_start)
    width = max(b - a for a, b in near)
    if are_entries or not (_NARROWEST_GOING_ON if may_be_narrow else _NARROWEST_WRAP) <= width <= _WIDEST_WRAP:
        return False
    word = _FIRST_WORD.match(text, next_start, next_end)
    return word is not None and end - start + 1 + len(word[0]) > 0.85 * width


def _begins_item(text: str, lines: Sequence[Span], i: int) -> bool:
    """Whether line ``i`` begins as an item does; ``22.`` alone does not, where no line before begins with ``21.``."""
    start, end = lines[i]
    if not LIST_ITEM.match(text, start) or _closes_bracket(text, lines, i):
        return False
    number = text[start : end - 1]
    if text[end - 1] != "." or not number.isdecimal() or int(number) <= 1:
        return True
    return any(text.startswith(f"{int(number) - 1}.", before) for before, _ in lines[max(0, i - _ITEMS_APART) : i])


def _closes_bracket(text: str, lines: Sequence[Span], i: int) -> bool:
    """Whether the bracket behind a number or letter at the start of a line was opened in the lines before."""
    mark = LIST_ITEM.match(text, lines[i][0])
    if mark is None or not mark[0].rstrip().endswith(")") or mark[0].startswith("("):
        return False
    before = text[lines[max(0, i - 3)][0] : lines[i - 1][1]]
    return before.count("(") > before.count(")")


def _hangs(text: str, lines: Sequence[Span], i: int) -> bool:
    """Whether a line that begins with a small letter stands below the words of a list item, not below its mark."""
    start = lines[i][0]
    if not text[start].islower() or text[lines[i - 1][1] - 1] in ".:;!?":
        return False
    column = _column(text, start)
    for before, end in reversed(lines[max(0, i - 8) : i]):
        if LIST_ITEM.match(text, before):
            return _column(text, before) < column and text[end - 1] != ":"
        if _column(text, before) != column:
            return False
    return False


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at)


def _begins_entry(text: str, before: Span, line: Span) -> bool:
    """Whether a line has a label in front, and what stands before it shows that this is no word of a sentence."""
    found = _LABELLED.match(text, *line)
    if found is None:
        return False
    label, (start, end) = found["label"], before
    if (label.isupper() and len(label) > 2) or _LABELLED.match(text, start, end):
        return True
    stop = _STOPPED.search(text, max(start, end - 4), end)
    return stop is not None and not _SHORT_FORM.fullmatch(_token(text[max(start, end - _LOOK_BACK) : stop.start()]))


# ---------------------------------------------------------------------------------------------- sentence ends


def _any_of(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_SHORT = _any_of(
    "Dr Mr Mrs Ms Prof Rev Hon Gen Col Capt Lt Sgt Maj Adm Gov Sen Rep Pres Messrs Mme Mlle Mt Ft Fr Hr Sra vs viz cf "
    "Cf approx ca resp bzw vgl incl esp aka al Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu "
    "Thurs Fri Inc Co Corp Ltd Pvt LLC Bros Jr Sr Esq St Ste Ave Blvd Rd Univ Dept Est Assn Assoc Ed Eds eds Calif "
    "Mass Penn Conn Ariz Colo Fla Ga Mich Minn Okla Tenn Tex Va Wash Wis Ph Str sq ft lb lbs oz est"
)
_NUMBERED = _any_of(
    "No Nos no nos Nr Fig Figs fig figs Tab Eq Eqs eq Sec Sect sec Ch Chap ch chap Vol Vols vol vols p pp P Art art "
    "para Abb Ex ex App Bldg Rm Apt Op op Ref ref refs"
)
_FIRST = _any_of(
    "The A An This That These Those He She It They We I You His Her Its Their Our My Your In On At By For From To "
    "With Without As After Before When While Where Who What Which Why How If Although Though Because Since But And Or "
    "Yet So However Moreover Furthermore Therefore Thus Hence There Here Then Now Today Later Also Both Each Every "
    "Some Many Much Most All Any Not No According During Under Over Between Among Despite Another Other Others "
    "Several Such One Two Three Meanwhile Instead Finally First Second Once Until Unlike Whether Through Throughout "
    "Even Only Just Still Perhaps Is Are Was Were Do Does Did Has Have Had Can Could Will Would Should Der Die Das "
    "Ein Eine Er Sie Es Wir"
)
_SHORT_FORM = re.compile(rf"{_SHORT}|[A-Za-zÀ-ɏА-я]|(?:[^\W\d_]{{1,2}}\.)+[^\W\d_]{{1,4}}")
"""Abbreviations, initials, acronyms."""
_LEADS_ON = re.compile(r"e\.g|i\.e|z\.B|d\.h|cf|viz|vs|bzw|vgl|approx|incl", re.IGNORECASE)
"""What never ends a sentence, since what it announces follows."""
_FIRST_WORD_OF_SENTENCE = re.compile(rf"{_FIRST}\b(?!\.)")
_ONE_PHRASE = re.compile(
    rf"{_NUMBERED} (?:\d|[IVXLC]+\b|[A-Z]\b)|\d\d? (?:Jan|Feb|März|Apr|Mai|Juni|Juli|Aug|Sep|Okt|Nov|Dez|Jahrh)"
)
"""``No. 5``, ``Sec. II``, ``Fig. A``; the German ordinals ``5. Mai``, ``19. Jahrhundert``. Without their stop."""
_LABEL = re.compile(r"\s*(?:\d[\d.]*|[IVXLC]+|[A-Za-z])")

_ALWAYS = "。！？｡॥؟۔।։።។"
_STOP = re.compile(
    rf"(?P<mark>\.(?: \.){{2,}}|[.!?…‼⁇⁈⁉‽．{_ALWAYS}]+)"
    r"(?P<close>(?:[\"'”’»›)\]}）】」』〉》｝］]|[“‘«](?=\s|\Z)|\[[^\[\]\n]{1,24}\]"
    r"|[ \u00a0\u202f](?:''|[)\]»](?!\w)))*)"
)
"""A stop and what closes behind it: quotes, brackets, a note in brackets; German quotes, and spaced French ones."""
_NEXT = re.compile(r"(?P<gap>\s*)(?:(?:[^\w\s,;:.!?…%)\]}&=/|+<>~^]|_)\s?){0,6}(?P<word>[^\W_])")
"""What may begin a sentence: a word, with or without opening signs."""
_QUOTE_GOES_ON = re.compile(r"(?<=[》〉])|[とっ]|(?<!。.)[^\s。！？，、：]{0,5}[说說问問喊叫答]")
"""Behind a closing sign: a title within the sentence, or who said what was quoted."""
_BORDER = re.compile(r"[\s\"“‘„«(\[{（【「『《〈/…:;,!?–—-]+")
_WORD = re.compile(r"[^\W_]")
_PLAIN = re.compile(r"[^\W\d_]+['’]?[^\W\d_A-Z]{2}|\W?\d.*|.*[%‰°)\]}”’\"]")
_DOTTED_NAME = re.compile(r"Net\b|[^\W_]++(?:[@=(/\\_]|\.\w)")
_ADDRESS = re.compile(r"://|@|\\|\bwww\.|\w\(")
_LOOK_BACK, _LOOK_AHEAD = 48, 40


def _sentence_cuts(text: str, start: int, end: int) -> list[int]:
    cuts, counted, quotes = [start], start, 0
    for stop in _STOP.finditer(text, start, end):
        quotes += text.count('"', counted, stop.start())
        counted = stop.start()
        if _ends_sentence(text, cuts[-1], stop, end) and _WORD.search(text, cuts[-1], stop.start()):
            cuts.append(_cut(text, stop, quotes % 2))
    return [*cuts, end]


def _cut(text: str, stop: re.Match[str], is_open: int) -> int:
    """Behind what closes; a straight quote right before a word closes only what is open, else it opens."""
    opening = [at.start() for at in re.finditer('"', stop["close"])][is_open:]
    if opening and not text[stop.end()].isspace():
        return stop.start("close") + opening[0]
    return stop.end()


def _ends_sentence(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    """Whether a stop ends the sentence that begins at ``begin`` (module docstring: where sentences end)."""
    follows = _NEXT.match(text, stop.end(), end)
    if follows is None or (stop["close"] and _QUOTE_GOES_ON.match(text, stop.end(), end)):
        return False
    if stop["mark"][-1] in _ALWAYS or "¿" in follows[0] or "¡" in follows[0]:
        return True
    before = text[max(begin, stop.start() - _LOOK_BACK) : stop.start()]
    after = text[follows.start("word") : min(follows.start("word") + _LOOK_AHEAD, end)]
    if not follows["gap"]:
        return _ends_without_space(before, stop, after)
    if stop["mark"] == "." and not _token(before):
        return True  # tokenized text, often in lower case
    return not after[0].islower() and (stop["mark"] != "." or bool(stop["close"]) or not _is_short_form(before, after))


def _ends_without_space(before: str, stop: re.Match[str], after: str) -> bool:
    if HAN.match(after):
        return HAN.match(before[-1:]) is not None
    if not after[0].isupper() or _DOTTED_NAME.match(after) or _ADDRESS.search(before.rpartition(" ")[2]):
        return False
    token = _token(before)
    is_whole = stop["close"] or _PLAIN.fullmatch(token) or _FIRST_WORD_OF_SENTENCE.match(after)
    is_whole = is_whole or (len(token) > 1 and token.isupper() and after[1:2].islower())
    return bool(is_whole) and not _is_short_form(before, after)


def _is_short_form(before: str, after: str) -> bool:
    """Whether the stop between belongs to a short form, a number or the label of an item."""
    token = _token(before)
    if _LABEL.fullmatch(before) or _LEADS_ON.fullmatch(token) or _ONE_PHRASE.match(f"{token} {after}"):
        return True
    return _SHORT_FORM.fullmatch(token) is not None and not _FIRST_WORD_OF_SENTENCE.match(after)


def _token(before: str) -> str:
    """The characters right before a stop, up to white space, an opening sign or a hyphen."""
    return _BORDER.split(before)[-1]
