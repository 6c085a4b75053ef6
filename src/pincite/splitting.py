"""From a document to its passages: sentences first, then passages of whole sentences.

A pure function of the text, its headings, the budget and the tokenizer; the same input gives the same passages.

**Where lines end.** A single line break is no sentence end by itself: text may be wrapped by hand at any width. It is
one where the next line begins a list item, where a line is a table row, and where the line was ended early (but not
behind "the", "of" and the like). Filling programs break a line only when the next word does not fit, so a line that
had room for the first word of the next one (measured by the longest of its neighbours, with 15 % off for proportional
fonts) was ended on purpose. Where no neighbour has 40 characters (25 when the next line begins in lower case or in
Chinese) they are titles, addresses or rows rather than wrapped prose, where one has over 200 they are paragraphs, and
where five or so all begin with a capital, entries.

**Where passages end.** A passage takes as many sentences as fit, and ends at a paragraph end if one lies in the last
40 % of the budget. What is left of a section and would fill between one and two passages is divided in the middle, at
a paragraph end if one lies in the middle half, so that no passage of a few words is left over.

**Long words.** WordPiece makes one unknown token of any word of more than 100 characters, so a budget in tokens alone
would let passages grow without bound. Every further 16 characters without a token start count as another token.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pincite.datatypes import Document, Passage, Span

VERSION = 1
"""Changes whenever the same document gives other passages; an index made by another version is split again."""

TokenStarts = Callable[[str], Sequence[int]]
"""The start offset of every token of a text, in order."""

_CHARACTERS_PER_TOKEN = 16
_TOKENIZE_AT_ONCE = 50_000

# ---------------------------------------------------------------------------------------------- passages


class _Sentence(NamedTuple):
    start: int
    end: int
    is_heading: bool
    ends_paragraph: bool
    size: int


def split(document: Document, *, passage_tokens: int, tokens: TokenStarts) -> list[Passage]:
    """Divide a document into passages of whole sentences.

    A heading line begins a passage and belongs to the text below it. Every character but white space is in exactly
    one sentence of exactly one passage. A sentence that is longer than a passage may be is divided, at a clause mark
    if possible, and its pieces are sentences.

    Args:
        document: the text and its headings.
        passage_tokens: the most tokens in a passage.
        tokens: the model's tokenizer, without special tokens; gets at most 50,000 characters (or 16 for each token
            of the budget, if that is more) at once.
    """
    lines = _heading_lines(document.text, document.headings)
    passages: list[Passage] = []
    for section in _sections(_measured(document.text, lines, passage_tokens, tokens)):
        heading = _heading_of(document.text, lines, section)
        passages += (_passage(document, heading, group) for group in _packed(section, passage_tokens))
    return passages


def _passage(document: Document, heading: str | None, sentences: Sequence[_Sentence]) -> Passage:
    start, end = sentences[0].start, sentences[-1].end
    return Passage(
        passage_id=f"{document.doc_id}@{document.digest[:16]}:{start}",
        doc_id=document.doc_id,
        text=document.text[start:end],
        start=start,
        end=end,
        heading=heading,
        page=max(1, bisect_right(document.page_starts, start)) if document.page_starts else None,
        sentences=tuple((each.start, each.end) for each in sentences),
    )


def _sections(sentences: Sequence[_Sentence]) -> Iterator[Sequence[_Sentence]]:
    """Runs of sentences that begin with one or more heading lines and hold no other."""
    begin = 0
    for i in range(1, len(sentences)):
        if sentences[i].is_heading and not sentences[i - 1].is_heading:
            yield sentences[begin:i]
            begin = i
    if sentences:
        yield sentences[begin:]


def _heading_of(text: str, lines: Sequence[Span], section: Sequence[_Sentence]) -> str | None:
    """The last heading line that the section begins with, whole even where it was divided for its length."""
    last = None
    for sentence in section:
        if not sentence.is_heading:
            break
        last = sentence
    if last is None:
        return None
    start, end = lines[bisect_right(lines, (last.start, len(text))) - 1]
    return text[start:end]


def _packed(section: Sequence[_Sentence], budget: int) -> Iterator[Sequence[_Sentence]]:
    """Divide a section into groups of at most ``budget`` tokens (module docstring: where passages end)."""
    left = sum(each.size for each in section)
    begin = 0
    while begin < len(section):
        end = _last_that_fits(section, begin, budget)
        if end < len(section):
            even = _middle(section, begin, budget, left) if left <= 2 * budget else None
            end = even or _full_paragraph(section, begin, end, budget)
        yield section[begin:end]
        left -= sum(each.size for each in section[begin:end])
        begin = end


def _last_that_fits(section: Sequence[_Sentence], begin: int, budget: int) -> int:
    end, size = begin + 1, section[begin].size
    while end < len(section) and size + section[end].size <= budget:
        size += section[end].size
        end += 1
    return end


def _full_paragraph(section: Sequence[_Sentence], begin: int, end: int, budget: int) -> int:
    """The last paragraph end at which the passage is at least 60 % full, or ``end``."""
    size = sum(each.size for each in section[begin:end])
    for cut in range(end, begin, -1):
        if size < 0.6 * budget:
            break
        if section[cut - 1].ends_paragraph:
            return cut
        size -= section[cut - 1].size
    return end


def _middle(section: Sequence[_Sentence], begin: int, budget: int, left: int) -> int | None:
    """The best place to divide what is left in two that both fit, or None."""
    best: tuple[bool, int] | None = None
    chosen = None
    size = 0
    for cut in range(begin + 1, len(section)):
        size += section[cut - 1].size
        if size > budget:
            break
        if left - size > budget or section[cut - 1].is_heading:
            continue
        far = abs(left - 2 * size)
        cost = (not (section[cut - 1].ends_paragraph and 2 * far <= left), far)
        if best is None or cost < best:
            best, chosen = cost, cut
    return chosen


# ---------------------------------------------------------------------------------------------- sizes


def _measured(text: str, headings: Sequence[Span], budget: int, tokens: TokenStarts) -> list[_Sentence]:
    """The sentences with their sizes in tokens; those over the budget divided."""
    found: list[_Sentence] = []
    pending: list[_Sentence] = []
    for sentence in _sentences(text, headings):
        too_long = sentence.end - sentence.start > budget * _CHARACTERS_PER_TOKEN
        if pending and (too_long or sentence.end - pending[0].start > _TOKENIZE_AT_ONCE):
            found += _counted(text, pending, budget, tokens)
            pending = []
        if too_long:
            found += _divided(text, sentence, budget, tokens)
        else:
            pending.append(sentence)
    return _with_gaps(found + _counted(text, pending, budget, tokens))


def _with_gaps(sentences: list[_Sentence]) -> list[_Sentence]:
    """White space before a sentence counts a token for each full 16 characters: it would fill the passage too."""
    for i in range(1, len(sentences)):
        gap = (sentences[i].start - sentences[i - 1].end) // _CHARACTERS_PER_TOKEN
        if gap:
            sentences[i] = sentences[i]._replace(size=sentences[i].size + gap)
    return sentences


def _counted(text: str, sentences: Sequence[_Sentence], budget: int, tokens: TokenStarts) -> list[_Sentence]:
    if not sentences:
        return []
    offset = sentences[0].start
    marks = _token_marks(text[offset : sentences[-1].end], tokens)
    counted: list[_Sentence] = []
    low = 0
    for sentence in sentences:
        low = bisect_left(marks, sentence.start - offset, low)
        high = bisect_left(marks, sentence.end - offset, low)
        if high - low > budget:
            counted += _divided(text, sentence, budget, tokens)
        else:
            counted.append(sentence._replace(size=max(1, high - low)))
    return counted


def _token_marks(text: str, tokens: TokenStarts) -> list[int]:
    """The token starts, and one more for each further 16 characters without one."""
    starts = list(tokens(text))
    bounds = [0, *starts, len(text)]
    far = [(a, b) for a, b in pairwise(bounds) if b - a > _CHARACTERS_PER_TOKEN]
    extra = [at for a, b in far for at in range(a + _CHARACTERS_PER_TOKEN, b, _CHARACTERS_PER_TOKEN)]
    return sorted(starts + extra) if extra else starts


def _divided(text: str, sentence: _Sentence, budget: int, tokens: TokenStarts) -> Iterator[_Sentence]:
    """The pieces of a sentence that is over the budget, each within it."""
    begin = sentence.start
    while begin < sentence.end:
        rest = text[begin : min(sentence.end, begin + budget * _CHARACTERS_PER_TOKEN + 1)]
        piece, size = _first_piece(rest, budget, tokens, is_all=begin + len(rest) == sentence.end)
        end = begin + len(piece)
        last = end == sentence.end
        yield sentence._replace(start=begin, end=end, size=size, ends_paragraph=sentence.ends_paragraph and last)
        begin = sentence.end if last else _skip_space(text, end)


def _first_piece(rest: str, budget: int, tokens: TokenStarts, *, is_all: bool) -> tuple[str, int]:
    marks = _token_marks(rest, tokens)
    if is_all and len(marks) <= budget:
        return rest, max(1, len(marks))
    most = len(marks) // 2 + 1 if is_all and len(marks) < 2 * budget else budget
    while True:
        limit = marks[most] if most < len(marks) else len(rest)
        piece = rest[: _best_cut(rest, limit)].rstrip()
        size = len(_token_marks(piece, tokens))
        if size <= budget or len(piece) == 1:
            return piece, max(1, size)
        most = min(most - 1, most * budget // size)


_NOT_SPACE = re.compile(r"\S")
_CLAUSE_ENDS = (";；:：", ",，、—–")


def _skip_space(text: str, start: int) -> int:
    found = _NOT_SPACE.search(text, start)
    return found.start() if found else len(text)


def _best_cut(text: str, limit: int) -> int:
    """Where to divide ``text`` at or before ``limit``: behind a clause mark, at a space, or anywhere."""
    if limit >= len(text):
        return len(text)
    low = limit // 2
    for marks in _CLAUSE_ENDS:
        cut = max(_clause_cut(text, mark, low, limit) for mark in marks)
        if cut > low:
            return cut
    for cut in range(limit, low, -1):
        if text[cut].isspace():
            return cut
    return _between_characters(text, limit)


def _clause_cut(text: str, mark: str, low: int, limit: int) -> int:
    """Behind the last ``mark`` before ``limit``; a comma or colon within a number or address is none."""
    at = text.rfind(mark, low, limit)
    if at < 0 or (mark.isascii() and not text[at + 1].isspace()):
        return -1
    return at + 1


def _between_characters(text: str, limit: int) -> int:
    """``limit``, or a few characters before it so that no combining mark or joined emoji is torn off its base."""
    for cut in range(limit, max(limit - _CHARACTERS_PER_TOKEN, 0), -1):
        if not (_belongs_to_previous(text[cut]) or text[cut - 1] == _ZERO_WIDTH_JOINER):
            return cut
    return max(limit, 1)


_ZERO_WIDTH_JOINER = "\u200d"


def _belongs_to_previous(char: str) -> bool:
    return char == _ZERO_WIDTH_JOINER or "\U0001f3fb" <= char <= "\U0001f3ff" or unicodedata.category(char)[0] == "M"


# ---------------------------------------------------------------------------------------------- lines and blocks

_BREAKS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_LINE = re.compile(f"[^{_BREAKS}]+")
_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_PARAGRAPH_BREAKS = ("\x0c", "\u2029")
_LIST_ITEM = re.compile(
    r"[-*+•‣◦▪■●·–]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})\)\s|\d{1,3}\.\s"
    r"|[①-⑳]|[(（]?[一二三四五六七八九十]{1,3}[、)）]|\d{1,3}、"
)
_FIRST_WORD = re.compile(r"[^\s\u2e80-\u9fff\uac00-\ud7af]{1,80}")
_NARROWEST_WRAP, _NARROWEST_GOING_ON, _WIDEST_WRAP = 40, 25, 200
_UNFINISHED = re.compile(r"\s(?:the|an?|of|and|or|in|to|by|for|with|at|from|on|der|die|das|und|von|de|la|et)\Z")
_RAGGED = 0.85
_FEW_LINES = 4


def sentence_spans(text: str, headings: Sequence[Span] = ()) -> list[Span]:
    """The sentences of a text, stripped, in order; a heading line is one of its own.

    No sentence goes on over a blank line, a heading's border, or the border of a list item or table row.

    Args:
        text: any text.
        headings: ranges of its heading lines.
    """
    return [(each.start, each.end) for each in _sentences(text, _heading_lines(text, headings))]


def _heading_lines(text: str, headings: Sequence[Span]) -> list[Span]:
    """The headings line by line, stripped, in order and apart, whatever ranges were given."""
    found: list[Span] = []
    last = 0
    for start, end in sorted(headings):
        found += _lines(text, max(start, last), end)
        last = max(last, end)
    return found


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """The lines that are not blank, stripped."""
    for found in _LINE.finditer(text, start, max(start, end)):
        line = found.group()
        body = line.strip()
        if body:
            begin = found.start() + len(line) - len(line.lstrip())
            yield begin, begin + len(body)


def _sentences(text: str, headings: Sequence[Span]) -> Iterator[_Sentence]:
    """The sentences, not yet measured; ``headings`` as ``_heading_lines`` gives them."""
    last = 0
    for start, end in headings:
        yield from _body_sentences(text, last, start)
        yield _Sentence(start, end, True, False, 0)
        last = end
    yield from _body_sentences(text, last, len(text))


def _body_sentences(text: str, start: int, end: int) -> Iterator[_Sentence]:
    for begin, stop in _blocks(text, start, end):
        spans = _block_sentences(text, begin, stop)
        for span in spans[:-1]:
            yield _Sentence(*span, False, False, 0)
        yield _Sentence(*spans[-1], False, True, 0)


def _blocks(text: str, start: int, end: int) -> Iterator[Span]:
    """Paragraphs, list items and table rows: what no sentence leaves."""
    paragraph: list[Span] = []
    for line in _lines(text, start, end):
        if paragraph and _is_paragraph_break(text[paragraph[-1][1] : line[0]]):
            yield from _joined(text, paragraph)
            paragraph = []
        paragraph.append(line)
    yield from _joined(text, paragraph)


def _is_paragraph_break(gap: str) -> bool:
    return gap != "\n" and (len(_BREAK.findall(gap)) > 1 or any(each in gap for each in _PARAGRAPH_BREAKS))


def _joined(text: str, lines: Sequence[Span]) -> Iterator[Span]:
    """The lines of a paragraph, those that go on joined."""
    begin = 0
    for i in range(1, len(lines)):
        if not _goes_on(text, lines, i):
            yield lines[begin][0], lines[i - 1][1]
            begin = i
    if lines:
        yield lines[begin][0], lines[-1][1]


def _goes_on(text: str, lines: Sequence[Span], i: int) -> bool:
    """Whether line ``i`` goes on with the line before it (module docstring: where lines end)."""
    (start, end), (next_start, next_end) = lines[i - 1], lines[i]
    if _LIST_ITEM.match(text, next_start) or _is_row(text[start:end]) or _is_row(text[next_start:next_end]):
        return False
    if _UNFINISHED.search(text, max(start, end - 10), end):
        return True
    near = lines[max(0, i - 3) : i + 3]
    width = max(b - a for a, b in near)
    may_be_narrow = text[next_start].islower() or _HAN.match(text, next_start)
    if not (_NARROWEST_GOING_ON if may_be_narrow else _NARROWEST_WRAP) <= width <= _WIDEST_WRAP:
        return False
    if len(near) > _FEW_LINES and all(text[at].isupper() for at, _ in near[1:]):
        return False
    word = _FIRST_WORD.match(text, next_start, next_end)
    needed = end - start + 1 + (word.end() - next_start if word else 1)
    return needed > _RAGGED * width


def _is_row(line: str) -> bool:
    return "\t" in line or " | " in line or line[0] == "|"


# ---------------------------------------------------------------------------------------------- sentence ends


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    "Dr Mr Mrs Ms Mx Prof Profs Rt Rev Hon Gen Col Capt Cpt Lt Sgt Maj Cmdr Cpl Pvt Adm Gov Sen Rep Pres Supt Insp "
    "Msgr Messrs Mme Mlle Mt Ft Pt Fr Hr Hrn Dipl Ing Drs dr mr mrs prof Sra Srta Dra Bros vs viz cf approx ca "
    "resp bzw sog evtl ggf inkl Hrsg vgl Vgl e.g i.e z.B d.h u.a o.ä E.g I.e Cf Approx Ca Fa Incl incl esp abbr "
    "aka"
)
"""No sentence ends behind these."""
_NUMBERED = _words(
    "No Nos no nos Nr Fig Figs fig figs Tab Eq Eqs eq Sec Sect sec Ch Chap ch chap Vol Vols vol vols p pp P Art "
    "Arts art Bd Abb S Ziff ex Ex App para paras Bldg Rm Apt Sp op Op Ref ref refs cl"
)
"""These end none before a number."""
_DATES = _words("Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun")
_OTHERS = _words(
    "Inc Co Corp Ltd LLC Bros Jr Sr Esq al St Ste Ave Blvd Rd Univ Dept Est Assn Assoc ed eds Ed Eds trans Calif "
    "Mass Penn Ont Conn Ala Ariz Ark Colo Fla Ga Ind Kan Ky Mich Minn Miss Mo Neb Nev Okla Ore Tenn Tex Va Vt "
    "Wash Wis Wyo Intl Mfg Ph c d b r fl Sts usw resp Jh Jhd Str str Std Mio Mrd min max sq cu ft lb lbs oz avg "
    "est"
)
"""These end a sentence only before a word that often begins one, and so do initials and acronyms."""
_STARTERS = _words(
    "The A An This That These Those He She It They We I You His Her Its Their Our My Your In On At By For From To "
    "With Without As After Before When While Where Who What Which Why How If Although Though Because Since But "
    "And Or Yet So However Moreover Furthermore Therefore Thus Hence There Here Then Now Today Later Also Both "
    "Each Every Some Many Much Most All Any Not No According During Under Over Between Among Despite Another "
    "Other Others Several Such One Two Three Four Five Meanwhile Instead Finally First Second Third Once Until "
    "Unlike Whether Through Throughout Even Only Just Still Perhaps Nor Nevertheless Nonetheless Is Are Was Were "
    "Do Does Did Has Have Had Can Could Will Would Should Der Die Das Ein Eine Er Sie Es Wir Auf Mit Nach Bei "
    "Seit Im Am"
)
_CLOCK_WORDS = _words(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August "
    "September October November December Eastern Central Pacific Mountain Greenwich Beijing EST EDT CST CDT PST "
    "PDT GMT UTC BST CET ET PT"
)
_BEFORE_ORDINALS = _words(
    "am vom zum bis dem den der des die das im ein beim seit ab Am Vom Zum Im Der Die Das Des Beim"
)
_FILE_ENDINGS = _words(
    "HTML HTM TXT PDF DOC DOCX XLS XLSX CSV JS TS MD JPG JPEG PNG GIF EXE ZIP PHP ASP XML JSON NET COM ORG IO AI "
    "GOV EDU"
)

_ALWAYS = "。！？｡．।॥؟۔։።။។"
_CLOSERS = (
    r"[\"'”’»›)\]}）】」』〉》｝］]",
    r"[“‘«](?=\s|\Z)",
    r"\[[^\[\]\n]{1,24}\]",
    r"[ \u00a0\u202f](?:''|[)\]»](?!\w))",
    r"(?<=[a-z]{3}[.!?])\d{1,3}(?=\s[A-Z])",
)
"""Quotes and brackets; those that open elsewhere (German, French); a note in brackets; spaced ones; a note's number."""
_STOP = re.compile(rf"(?P<mark>\.(?:[ ]\.){{2,}}|[.!?…‼⁇⁈⁉‽{_ALWAYS}]+)(?P<close>(?:{'|'.join(_CLOSERS)})*)")
_NEXT = re.compile(
    r"\s*(?P<open>(?:(?:[\"'“‘„‚«‹»(\[{（【「『《〈¿¡]|``)[ \u00a0\u202f]?|[-–—*•][ ]){0,6})(?P<word>[^\W_]{0,40})"
)
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,4}")
_JAPANESE_QUOTED = re.compile(r"[とっ]")
_SPEAKER = re.compile(
    r"[とっ]|[^\s。！？，、：]{0,5}[说說问問喊叫答]|\s+(?!(?:The|A|An|He|She|They|It|We|I)\s)[^\W\d_]+(?:\s+[^\W\d_]+)?"
    r"\s+(?:said|says|asked|asks|replied|cried|shouted|wrote|answered|exclaimed)\b"
)
"""Who said what was quoted before it: the sentence goes on behind the closing quote."""
_ROMAN_OR_LETTER = re.compile(r"[IVXLC]+|[A-Z]")
_LABEL = re.compile(r"\d[\d.]*|[IVXLC]+|[A-Za-z]")
_WORD_CHARACTER = re.compile(r"[^\W_]")
_TOKEN_BORDER = re.compile(r"[\s\"“‘„«(\[{（【「『《〈/…:;,!?–—-]+")
_NUMBER_THEN_WORD = re.compile(r"\d+(?:[.,]\d+)*%?\s+[^\W\d_A-Z]{2}")
_ADDRESS = re.compile(r"://|@|\\|\bwww\.|\w\(")
_INNER_SIGN = re.compile(r"[@=(/\\_]|\.\w")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_NO_BEGINNING = ",;:.!?…%)]}&=/|+<>~^"
_CLOSING = "%‰°)]}）」』\"'”’»"
_LOOK_BACK = 48


def _block_sentences(text: str, start: int, end: int) -> list[Span]:
    """The sentences of a block, stripped; one without a letter or digit goes with the one before it."""
    spans: list[Span] = []
    begin = seen = start
    has_word = False
    for stop in _STOP.finditer(text, start, end):
        has_word = has_word or _WORD_CHARACTER.search(text, seen, stop.start()) is not None
        seen = stop.end()
        cut = _cut(text, begin, stop, end) if has_word or spans else None
        if cut is None:
            continue
        if has_word:
            spans.append((begin, cut))
        else:
            spans[-1] = (spans[-1][0], cut)
        begin, has_word = _skip_space(text, cut), False
    if has_word or not spans or _WORD_CHARACTER.search(text, seen, end):
        spans.append((begin, end))
    elif begin < end:
        spans[-1] = (spans[-1][0], end)
    return spans


class _Place(NamedTuple):
    """What stands around a stop.

    Attributes:
        mark: the stop itself: one or more signs.
        before: up to 48 characters of the sentence before it.
        token: the characters right before it, up to white space, an opening sign or a hyphen; empty behind white space.
        begins_sentence: whether nothing else of the sentence stands before the token.
        closed: whether closing quotes or brackets follow the stop.
        opened: whether opening ones stand before the next word.
        word: the next word, or the next sign where there is no word.
        rest: up to 48 characters behind that word.
    """

    mark: str
    before: str
    token: str
    begins_sentence: bool
    closed: bool
    opened: bool
    word: str
    rest: str


def _cut(text: str, begin: int, stop: re.Match[str], end: int) -> int | None:
    """The end of the sentence that ``stop`` closes, or None where it closes none."""
    cut = stop.end("mark") if _is_opening(text, begin, stop, end) else stop.end()
    if cut >= end:
        return None
    place = _place(text, begin, stop, cut, end)
    if place.closed and _goes_on_behind_quote(place.mark, text, cut, end):
        return None
    if place.mark[-1] in _ALWAYS:
        ends = not (place.mark == "．" and place.token[-1:].isdigit() and place.word[:1].isdigit())
    elif text[cut].isspace():
        ends = _ends_before_space(place)
    else:
        ends = _ends_without_space(place)
    return cut if ends else None


def _goes_on_behind_quote(mark: str, text: str, cut: int, end: int) -> bool:
    """Whether the stop belongs to a title or a quotation within the sentence."""
    speaker = _JAPANESE_QUOTED if mark == "。" else _SPEAKER
    return text[cut - 1] in "》〉" or speaker.match(text, cut, end) is not None


def _is_opening(text: str, begin: int, stop: re.Match[str], end: int) -> bool:
    """Whether the straight quote behind a stop opens what follows: none is open yet and no space stands between."""
    after = stop.end()
    if stop["close"] != '"' or after >= end or not text[after].isalnum():
        return False
    return text.count('"', max(begin, stop.start() - 1000), stop.start()) % 2 == 0


def _place(text: str, begin: int, stop: re.Match[str], cut: int, end: int) -> _Place:
    before = text[max(begin, stop.start() - _LOOK_BACK) : stop.start()]
    token = "" if not before or before[-1].isspace() else _TOKEN_BORDER.split(before)[-1]
    follows = _NEXT.match(text, cut, end)
    assert follows is not None
    behind = follows.end()
    word = follows["word"] or text[behind : min(behind + 1, end)]
    return _Place(
        mark=stop["mark"],
        before=before,
        token=token,
        begins_sentence=stop.start() - len(token) == begin,
        closed=cut > stop.end("mark"),
        opened=bool(follows["open"]),
        word=word,
        rest=text[follows.end() : min(follows.end() + _LOOK_BACK, end)],
    )


def _ends_before_space(place: _Place) -> bool:
    first = place.word[:1]
    if not place.token and place.mark == ".":
        return True
    if first.islower() or first in _NO_BEGINNING:
        return False
    if place.mark != "." or place.closed or not place.token[-1:].isalnum():
        return True
    return _is_no_abbreviation(place)


def _is_no_abbreviation(place: _Place) -> bool:
    """Whether a single stop behind a word and before a possible beginning is more than a short form's."""
    token, number = place.token, place.word[:1].isdigit()
    if token in _TITLES or (place.begins_sentence and _LABEL.fullmatch(token)):
        return False
    if token in _NUMBERED and (number or _ROMAN_OR_LETTER.fullmatch(place.word)):
        return False
    if token.isdecimal():
        return not _is_ordinal(place)
    if token.lower() in ("a.m", "p.m"):
        return not number and place.word not in _CLOCK_WORDS
    if token == "etc":
        return True
    if token in _DATES or token in _OTHERS or _is_initial(token) or _DOTTED.fullmatch(token):
        return place.word in _STARTERS and place.rest[:1] != "."
    return True


def _is_initial(token: str) -> bool:
    return len(token) == 1 and token.isalpha() and token.lower() != token.upper()


def _is_ordinal(place: _Place) -> bool:
    """Whether a number and its stop are a German ordinal ("am 5. Mai")."""
    words = place.before.split()
    return len(place.token) <= 2 and len(words) > 1 and words[-2] in _BEFORE_ORDINALS and place.word[:1].isupper()


def _ends_without_space(place: _Place) -> bool:
    """Whether a sentence ends though no space follows: an ordinary word before, the beginning of one behind."""
    if _HAN.match(place.word):
        return _HAN.match(place.before[-1:]) is not None
    if place.word[:1].isdigit():
        return _is_plain_word(place.token) and _NUMBER_THEN_WORD.match(place.word + place.rest) is not None
    if not _looks_like_a_beginning(place) or _ADDRESS.search(place.before.rpartition(" ")[2]):
        return False
    if place.closed or place.token[-1:] in _CLOSING or _is_plain_word(place.token):
        return True
    if place.token[-1:].isdigit():
        return not (place.token[0].isalpha() or place.begins_sentence or _is_ordinal(place))
    return place.word in _STARTERS and _may_end(place.token)


def _looks_like_a_beginning(place: _Place) -> bool:
    """Whether the word behind a stop without a space may begin a sentence, rather than go on with a dotted name."""
    word = place.word
    if not word[:1].isupper() or word.upper() in _FILE_ENDINGS or _INNER_SIGN.match(place.rest):
        return False
    if len(word) == 1:
        return word in "AI" and not place.rest[:1].isalnum() and place.rest[:1] != "."
    return word[1:].islower() or (word.isupper() and _is_plain_word(place.token))


def _is_plain_word(token: str) -> bool:
    """Three letters or more, the last two lower case, and no known short form."""
    letters = token.replace("’", "").replace("'", "")
    known = token in _TITLES or token in _NUMBERED or token in _DATES or token in _OTHERS
    return len(letters) > 2 and letters.isalpha() and letters[-2:].islower() and not known


def _may_end(token: str) -> bool:
    """Whether a token that is no plain word may stand at the end of a sentence: "so on", "the UN", "U.S."."""
    if token in _TITLES or token in _NUMBERED:
        return False
    return (len(token) > 1 and token.isalnum()) or _DOTTED.fullmatch(token) is not None
