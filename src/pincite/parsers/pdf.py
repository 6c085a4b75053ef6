"""PDF files: pypdfium2 tells where each character stands, ``pdf_layout.py`` makes flowing text of it."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pincite.datatypes import OCR_PAGES, Document
from pincite.errors import UnreadableFile, installing
from pincite.parsers import Skipped, Working, ocr
from pincite.parsers.decoding import storable
from pincite.parsers.metadata import document, is_put_in
from pincite.parsers.notation import LOWERED, RAISED, SIGNS, as_script, is_index_or_exponent
from pincite.parsers.pdf_layout import Line, flow, in_reading_order, usual_height
from pincite.parsers.text import byline

_HYPHENS = (0x2, 0xFFFE)
"""How PDFium marks a hyphen at a line end; it gives no line end behind it."""

_AS_TEXT = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_AS_TEXT |= dict.fromkeys(_HYPHENS, "-\n")
_LIGATURES = {first + at: text for first in (0xB, 0x1B) for at, text in enumerate(("ff", "fi", "fl", "ffi", "ffl"))}
"""Where TeX's fonts have them; those drawn as bitmaps do not say so, and PDFium gives their numbers."""
_WIDE_GAP = 1.2
"""In units of the font size: a gap that parts columns or table cells, where no word space is as wide."""

_ASLANT = 0.15
"""In quarters of a turn: by so much a watermark leans, and labels in a chart."""
_NEAR = 3
"""In units of the font size: what stands so near on one baseline is not turned by itself."""
_ACCENTS = dict(
    zip("`´^ˆ~˜¯˘˙¨˚˝ˇ", "\u0300\u0301\u0302\u0302\u0303\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c", strict=True)
)
"""Drawn by themselves above the next letter, as by TeX with its first fonts."""
_STROKES = frozenset("6\u0338")
"""Drawn over the next sign, a stroke says that it does not hold; TeX's fonts call it 6."""
_DRAWN_OVER = _STROKES | _ACCENTS.keys()
_STRUCK = frozenset("=∈∋⊂⊃⊆⊇≡∼≃≈∃∣∥<>≤≥")
_DOTTED = {"ı": "i", "ȷ": "j"}
_WITHOUT_SPACES = "\u2e80"
"""The first character of Chinese and Japanese, which are drawn wide apart and written without spaces."""
_FEWEST_MONOSPACED = 4
_NARROW_OR_WIDE = re.compile(r"[fijlrtmwIMW.,:;'|]")
_LONGEST_LINE = 400
"""In characters: so far before its accent a letter may stand."""
_WORD_SPACE = 0.15
_SAME_PLACE = 0.15
_LOST_SPACE, _NO_SPACE = 0.25, 0.6
"""In units of the font size: gaps where a space was meant that PDFium does not see, as between two fonts. In units of
a letter's width, where all letters are as wide: gaps that listings leave around signs, where it sees a space."""
_WIDER_WORD_SPACE, _LIKELY_WORD_SPACE = 0.18, 0.08
"""Where Arabic letters join, fonts draw them narrower than they are; PDFium sees their spaces, but others as well."""
_SMALL, _RAISED_BY, _LOWERED_BY = 0.85, 0.15, 0.08
"""In units of the line's font size: how high raised and lowered numbers are at most, and how far off the line."""
_FROM_THE_RIGHT = re.compile("[\u0590-\u065f\u066d-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
"""Hebrew, Arabic and Syriac, but not the Arabic digits, which are read from the left."""
_RUN_TO_THE_RIGHT = re.compile(r"L[^R]*[L1]|L|[-+$€£₪]?1(?:[.,:/]?1)*[%$€£₪]?")
_RUN_FROM_THE_RIGHT = re.compile(r"R[^L1]*R")
"""Of kinds (:func:`_kind`), from left to right: Latin words and numbers in Hebrew, Hebrew words in English."""
_TURNED_BRACKET = re.compile(r"(?:(?<=\s)|^)[)\]](?=\S)|(?<=\S)[(\[](?=[\s.,:;!?،]|$)")
_OTHER_BRACKET = str.maketrans("()[]", ")(][")
"""Where a text is read from the right, some programs write the bracket that is seen, others the one that is meant."""
_LOWEST = 0.7
_NOTE = re.compile(r"(?:[*†‡§¶]{1,2}[,;–-] ?)?\d{1,3}(?:[,;–-] ?(?:\d{1,3}|[*†‡§¶]{1,2}))*")
_OF_NOTE = re.compile(r"[\s*†‡§¶]")
_ELEMENT = re.compile(r"[A-Z][a-z]?\b")
"""Behind its mass number."""
_BEFORE_NOTE = re.compile(r"(?:[.,;:!?…'\"”’»]|[^\W\d_⁰-⁹¹²³]{3}|(?:\D|^)(?:1\d|20)\d\d)\s?$")
"""What a power does not follow: the end of a sentence, a word, a year."""

_STATED = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords"}
"""The file's own dates are not among them: they tell when it was printed or saved, not when the article appeared."""
_NO_LETTER = re.compile(r"[\0-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_VOWEL = re.compile(r"[aeiouyAEIOUY\u00c0-\u00c6\u00c8-\u00d6\u00d8-\u00f6\u00f8-\u024f]")
_MOST_UNKNOWN, _FEWEST_LETTERS, _FEWEST_VOWELS = 0.3, 200, 0.12
"""Prose has a third of vowels, tables of abbreviations a fifth."""
_LITTLE_TEXT, _WHOLE_PAGE, _FEWEST_STROKES = 200, 0.8, 100
"""Characters that are stamped on a scan at most; the share of a page that it covers; the fewest lines and curves
with which letters are drawn on a page without text."""
_MOST_PIXELS = 200_000_000
"""Of one picture on a page that is read by OCR: more than twice of what A3 has at 600 dpi."""
_PICTURES = [raw.FPDF_PAGEOBJ_IMAGE]
_WRITTEN_FIELDS = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_HEADLINE, _LONGEST_TITLE, _NOTE_MARKS = 1.2, 150, " *∗†‡§"
"""Times the usual height, so high is a title at least; in characters; what leads from it to a note."""
_LETTER = re.compile(r"[^\W\d_]")
_HEAD_LINES = 20
_MOST_DATES = 2
"""At the head of an article, as when it appeared and when it was mended; more are a calendar or a diary."""


def read(path: Path, name: str) -> Iterator[Document | Skipped | Working]:
    """The one document of a PDF, after the pages of it that cannot be read."""
    with closing(_open(path)) as pdf:
        if pdf.get_formtype() != raw.FORMTYPE_NONE:
            pdf.init_forms()
        pages = [_lines(page) + _filled_in(pdf.formenv, page) for page in pdf]
        by_ocr = yield from _read_by_ocr(pdf, pages, name)
        info = pdf.get_metadata_dict()
    lines = in_reading_order(pages)
    # Those of the first lines that say nothing but when, by whom or where a text appeared, and what they say.
    bylines = {line: found for line in lines[:_HEAD_LINES] if (found := byline(line.text))}
    text, page_starts = flow(lines, len(pages), alone=bylines)
    stated: dict[str, Any] = {
        _STATED[key]: info[key] for key in _STATED if info[key] != path.stem and not is_put_in(info[key])
    }
    stated[OCR_PAGES] = by_ocr
    stated["title"] = stated.get("title") or _headline(lines)
    dates = [each["date"] for each in bylines.values() if "date" in each]
    if dates and len(set(dates)) <= _MOST_DATES:
        stated["date"] = dates[0]
    yield document(name, text, stated=stated, page_starts=page_starts)


def _headline(lines: Sequence[Line]) -> str | None:
    """What is set by far the largest on the first page, in three lines at most that stand together."""
    first = [line for line in lines if line.page == 0 and not line.is_aside]
    most = max((line.height for line in first if len(_LETTER.findall(line.text)) > 3), default=0.0)
    large = [at for at, line in enumerate(first) if abs(line.height - most) < 0.05 * most]
    title = " ".join(first[at].text for at in large).rstrip(_NOTE_MARKS)
    if (
        most > _HEADLINE * usual_height(lines)
        and large[-1] - large[0] == len(large) - 1 < 3
        and len(title) <= _LONGEST_TITLE
    ):
        return " ".join(title.split())
    return None


def _read_by_ocr(
    pdf: Any,  # noqa: ANN401 - pypdfium2 has no types
    pages: list[list[Line]],
    name: str,
) -> Generator[Skipped | Working, None, list[int]]:
    """Put lines read by OCR into the pages whose text layer is missing or says no letters; their numbers, from 1."""
    texts = ["".join(line.text for line in lines) for lines in pages]
    if not any(texts) and not any(any(page.get_objects()) for page in pdf):
        raise UnreadableFile("empty")
    none = _says_no_letters("".join(texts))
    mute = [number for number, text in enumerate(texts) if text and (none or _says_no_letters(text))]
    for number in mute:
        pages[number] = []
    wanted = [number for number in range(len(pages)) if number in mute or _is_scan(pdf[number], texts[number])]
    vast = [number for number in wanted if has_vast_picture(pdf[number])]
    left = [number for number in wanted if number not in vast]
    unread = {f"a picture of more than {_MOST_PIXELS:,} pixels: save it smaller": vast}
    found: list[int] = []
    unsure: list[int] = []
    if left and ocr.is_there():
        yield Working()
        for number, lines in ocr.read((number, pdf[number]) for number in tuple(left)):
            yield Working()
            left.remove(number)
            if lines is None:
                unsure.append(number)
            elif sum(len(line.text) for line in lines) > 2 * sum(len(line.text) for line in pages[number]):
                pages[number] = lines
                found.append(number + 1)
        unread["OCR is unsure of its letters: it knows Latin, Chinese and Japanese ones"] = unsure
        unread[f"OCR took longer than {ocr.MOST_SECONDS} s: divide the file"] = left
    else:
        kind = "its fonts say no letters" if mute == wanted else "scanned"
        unread[f"{kind}, needs OCR: run {installing('pincite[ocr]')}"] = left
    skipped = [Skipped(f"{name}:{_ranges(numbers)}", reason) for reason, numbers in unread.items() if numbers]
    if not any(pages):
        nothing = "scanned, and OCR finds no text in it" if wanted else "no text in it"
        raise UnreadableFile(skipped[-1].reason if skipped else nothing)
    yield from skipped
    return found


def _is_scan(page: Any, text: str) -> bool:  # noqa: ANN401 - pypdfium2 has no types
    """Whether a page shows its text as a picture or as drawn curves, but for a stamp upon it."""
    if len(text) >= _LITTLE_TEXT:
        return False
    kinds = Counter(each.type for each in page.get_objects())
    if not text:
        return bool(kinds[raw.FPDF_PAGEOBJ_IMAGE]) or kinds[raw.FPDF_PAGEOBJ_PATH] >= _FEWEST_STROKES
    width, height = page.get_size()
    boxes = (image.get_bounds() for image in page.get_objects(filter=_PICTURES))
    covered = sum((right - left) * (top - bottom) for left, bottom, right, top in boxes)
    return bool(covered > _WHOLE_PAGE * width * height)


def has_vast_picture(page: Any) -> bool:  # noqa: ANN401 - pypdfium2 has no types
    """Whether drawing a page would take more memory than a picture is worth."""
    return any(math.prod(image.get_px_size()) > _MOST_PIXELS for image in page.get_objects(filter=_PICTURES))


def _ranges(numbers: Iterable[int]) -> str:
    """Numbers from 0 in order as pages from 1: ``1-3,7``."""
    runs = (list(run) for _, run in groupby(enumerate(numbers, 1), lambda pair: pair[1] - pair[0]))
    ends = ((run[0][1] + 1, run[-1][1] + 1) for run in runs)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ends)


def _says_no_letters(text: str) -> bool:
    """Whether the fonts do not tell which letters their signs are: no letters of Unicode, or none that make words."""
    if len(_NO_LETTER.findall(text)) > _MOST_UNKNOWN * len(text):
        return True
    latin = _LATIN.findall(text)
    return len(latin) >= _FEWEST_LETTERS and len(_VOWEL.findall(text)) < _FEWEST_VOWELS * len(latin)


def _open(path: Path) -> Any:  # noqa: ANN401 - pypdfium2 has no types
    """The PDF, its owner's restrictions notwithstanding: they forbid changes and copies, not reading."""
    try:
        return pdfium.PdfDocument(path.read_bytes())
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise UnreadableFile("encrypted: needs a password") from error
        raise


def _lines(page: Any) -> list[Line]:  # noqa: ANN401 - pypdfium2 has no types
    """The pieces of lines on a page; aside are those that do not run as most of its text does."""
    with closing(page.get_textpage()) as text_page:
        turned = _characters(text_page)
    lines: list[Line] = []
    for number, (usual, _) in enumerate(Counter(turn for turn, _ in turned).most_common()):
        chars = [char for turn, char in turned if turn == usual]
        from_the_right = _FROM_THE_RIGHT.search("".join(char.text for char in chars))
        found = _lines_from_the_right(chars) if from_the_right else _lines_from_the_left(chars)
        lines += (line._replace(is_aside=number > 0) for line in found)
    return lines


def _filled_in(forms: Any, page: Any) -> list[Line]:  # noqa: ANN401 - pypdfium2 has no types
    """What was written into the fields of a form, each where its field is."""
    lines: list[Line] = []
    for number in range(raw.FPDFPage_GetAnnotCount(page) if forms else 0):
        note = raw.FPDFPage_GetAnnot(page, number)
        if raw.FPDFAnnot_GetFormFieldType(forms, note) in _WRITTEN_FIELDS:
            length = raw.FPDFAnnot_GetFormFieldValue(forms, note, None, 0)
            value = (ctypes.c_ushort * (length // 2))()
            raw.FPDFAnnot_GetFormFieldValue(forms, note, value, length)
            box = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(note, box)
            if text := " ".join(storable(bytes(value).decode("utf-16-le", "replace").rstrip("\0")).split()):
                lines.append(Line(text, box.left, box.bottom, box.right, box.top))
        raw.FPDFPage_CloseAnnot(note)
    return lines


def _lines_from_the_left(chars: Sequence[Line]) -> list[Line]:
    pieces: list[list[Line]] = []
    piece: list[Line] = []
    before: Line | None = None
    for char in chars:
        if before is None or _parts(before, char):
            piece = []
            pieces.append(piece)
        elif (
            (gap := char.left - before.right) > 1
            and gap > _LOST_SPACE * before.height
            and before.text < _WITHOUT_SPACES > char.text
        ):
            piece[-1] = before._replace(text=f"{before.text.rstrip()} ")
        elif "\n" in before.text:  # which PDFium sees where a raised or lowered character begins or ends
            text = before.text.replace("\r", "").replace("\n", "")
            space = " " * (gap > _WORD_SPACE * before.height)
            piece[-1] = before._replace(text=text + space)
        piece.append(char)
        before = char
    return [_as_line(piece) for piece in pieces]


def _lines_from_the_right(chars: Sequence[Line]) -> list[Line]:
    """The pieces of lines on a page with Hebrew or Arabic, seen in a mirror where most of it is.

    The order in which PDFium gives the characters is that of reading only in part: what counts is where they stand.
    """
    rows: list[list[Line]] = []
    for char in chars:
        text = unicodedata.normalize("NFKC", char.text.strip())
        shared = min(rows[-1][0].top, char.top) - max(rows[-1][0].bottom, char.bottom) if rows else 0.0
        if rows and unicodedata.combining(text[0]):
            rows[-1][-1] = rows[-1][-1]._replace(text=rows[-1][-1].text + text)
            continue
        if shared < 0.5 * min(char.height, rows[-1][0].height if rows else char.height):
            rows.append([])
        rows[-1].append(char._replace(text=text + " " * char.text[-1].isspace()))
    backwards = sum(bool(_FROM_THE_RIGHT.match(char.text)) for char in chars) > len(chars) / 3
    lines = [_read(piece, backwards=backwards) for row in rows for piece in _pieces_of_row(row)]
    heights = Counter(round(line.height) for line in lines)
    usual = max(heights, key=lambda height: (heights[height], height))
    lines = [
        line._replace(top=line.bottom + usual) if _LOWEST < line.height / usual < 1 else line for line in lines
    ]  # of some letters PDFium tells how high they are themselves, and not the font
    return [line._replace(left=-line.right, right=-line.left) for line in lines] if backwards else lines


def _pieces_of_row(row: Sequence[Line]) -> Iterator[list[Line]]:
    """From left to right, spaces where there are gaps; of those in one place, the last to be read comes first."""
    piece: list[Line] = []
    height = max(char.height for char in row)
    for char in sorted(row, key=lambda char: -char.left)[::-1]:
        if piece:
            gap = (char.left - max(each.right for each in piece[-2:])) / height
            if gap > _WIDE_GAP:
                yield piece
                piece = []
            elif gap > (_LIKELY_WORD_SPACE if " " in piece[-1].text + char.text else _WIDER_WORD_SPACE):
                piece.append(Line(" ", piece[-1].right, char.bottom, char.left, char.top))
        piece.append(char)
    yield piece


def _read(piece: Sequence[Line], *, backwards: bool) -> Line:
    """The line that characters from left to right make, where the runs against its direction are turned round."""
    against = _RUN_TO_THE_RIGHT if backwards else _RUN_FROM_THE_RIGHT
    kinds = "".join(_kind(char.text) for char in piece)
    texts = [char.text.strip() or " " for char in piece]
    for found in against.finditer(kinds):
        texts[slice(*found.span())] = reversed(texts[slice(*found.span())])
    text = " ".join("".join(texts[::-1] if backwards else texts).split())
    return Line.joined(_TURNED_BRACKET.sub(lambda found: found[0].translate(_OTHER_BRACKET), text), piece)


def _kind(text: str) -> str:
    """R for what is read from the right, L for other letters, 1 for digits, and anything else as it is."""
    if _FROM_THE_RIGHT.match(text):
        return "R"
    return "1" if text[0].isdecimal() else "L" if text[0].isalpha() else text[0]


def _as_line(piece: Sequence[Line]) -> Line:
    """The line that these characters make, as high as many of them, the small raised and lowered numbers set apart."""
    boxes = Counter((char.bottom, char.top) for char in piece)
    ((bottom, _), most), *_ = boxes.most_common()
    top = max(top for (base, top), count in boxes.items() if base == bottom and 2 * count >= most)
    is_code = _is_monospaced(piece)
    if is_code:
        piece = _without_gaps(piece)
    low = _SMALL * (top - bottom)
    if any(upper - lower <= low for lower, upper in boxes):
        text = ""
        groups = groupby(piece, lambda char: _rises(char, bottom, top - bottom))
        runs = [(rises, "".join(char.text for char in chars)) for rises, chars in groups]
        for (rises, written), (_, after) in zip(runs, [*runs[1:], (0, "")], strict=True):
            text += _script(text[-12:], written, after, raised=rises > 0) if rises else written
    else:
        text = "".join([char.text for char in piece])
    return Line.joined(" ".join(text.split()), piece)._replace(bottom=bottom, top=top, is_code=is_code)


def _is_monospaced(piece: Sequence[Line]) -> bool:
    """Whether narrow letters are as wide as others, behind the number that a line of code may have."""
    first = next((at for at, char in enumerate(piece) if not char.text[0].isdecimal()), len(piece))
    if len(piece) - first < _FEWEST_MONOSPACED:
        return False
    usual, most = piece[first].right - piece[first].left, 0.0
    for char in piece[first:]:
        most = max(most, abs(char.right - char.left - usual))
        if most > 0.12 * usual:  # as in nearly every line, at its second letter
            return False
    letters = piece[first:]
    if most > 0.03 * usual and not _is_in_step(letters, usual):
        return False
    text = "".join(char.text[0] for char in letters)
    return _NARROW_OR_WIDE.search(text) is not None and sum(map(str.isalpha, text)) > len(text) / 4


def _is_in_step(letters: Sequence[Line], step: float) -> bool:
    """Whether letters begin at whole steps, as those drawn as bitmaps do though their widths differ."""
    steps = [(after.left - before.left) / step for before, after in pairwise(letters)]
    return all(each > 0.5 and abs(each - round(each)) < 0.06 * round(each) + 0.04 for each in steps)


def _without_gaps(piece: Sequence[Line]) -> list[Line]:
    """The characters without spaces in gaps that are narrower than a character."""
    kept = [
        before._replace(text=before.text.rstrip() or " ")
        if 0 < after.left - before.right < _NO_SPACE * (before.right - before.left)
        else before
        for before, after in pairwise(piece)
    ]
    return [*kept, piece[-1]]


def _rises(char: Line, bottom: float, height: float) -> int:
    """1 for a small character that stands above the line that is so high, -1 for one below it, else 0."""
    if char.height > _SMALL * height:
        return 0
    rise = (char.bottom - bottom) / height
    return (rise > _RAISED_BY) - (rise < -_LOWERED_BY)


def _script(before: str, run: str, after: str, *, raised: bool) -> str:
    """A raised or lowered number: ``10⁶``, ``H₂O``, ``2^n``, and as the mark of a note ``2019[4]``; else as it is."""
    mark = run.rstrip()
    space = run[len(mark) :]
    if not before.strip():
        return f"[{mark}] " if raised and mark.isdecimal() and not _ELEMENT.match(after) else f"{mark} "
    if raised and _NOTE.fullmatch(mark) and _BEFORE_NOTE.search(before):
        return f"[{mark}]{space}"
    if SIGNS.fullmatch(mark):
        return mark.translate(RAISED if raised else LOWERED) + space
    is_value = before[-1].islower() or (raised and before[-1].isdigit())  # letters of a logo are moved too
    return as_script(mark, is_raised=raised) + space if is_value and _is_in_place(mark, before, raised) else run


def _is_in_place(mark: str, before: str, raised: bool) -> bool:
    is_word = len(mark) > 1 and mark.isalpha()  # 1ste
    return not is_word and _OF_NOTE.search(mark) is None and is_index_or_exponent(mark, before, is_raised=raised)


def _characters(text_page: Any) -> list[tuple[int, Line]]:  # noqa: ANN401 - pypdfium2 has no types
    """Each visible character, with the white space behind it, and by how many quarters it is turned clockwise.

    Its box stands on its baseline, since how far below that it reaches differs from font to font.
    """
    found: list[tuple[int, Line]] = []
    rectangle, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    box, origin = ctypes.byref(rectangle), (ctypes.byref(x), ctypes.byref(y))
    unicode_at, box_at, origin_at = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetCharOrigin
    handle = text_page.raw
    turn, before, has_accents = -1, Line("", 0, 0, 0, 0), False
    for index in range(text_page.count_chars()):
        code = unicode_at(handle, index)
        text = _AS_TEXT.get(code) or (chr(code) if 0 < code < 0xD800 else storable(chr(code)))
        if code < 0x20 and code in _LIGATURES and _is_ligature(handle, index):
            text = _LIGATURES[code]
        if text.isspace():
            if found:
                before = Line(before.text + text, before.left, before.bottom, before.right, before.top)
                found[-1] = turn, before
            continue
        box_at(handle, index, box)
        origin_at(handle, index, *origin)
        left, bottom, right, top = rectangle.left, y.value, rectangle.right, y.value + rectangle.top - rectangle.bottom
        last = turn
        if turn or bottom != before.bottom or abs(left - before.left) > _NEAR * (top - bottom):
            quarters = raw.FPDFText_GetCharAngle(handle, index) / (math.pi / 2)
            if abs(quarters - round(quarters)) > _ASLANT:
                continue
            turn = round(quarters) % 4
        char = _upright(text, rectangle, x.value, bottom, turn) if turn else Line(text, left, bottom, right, top)
        if before.text in _DRAWN_OVER and last == turn and (sign := _drawn_over(before, char)):
            found.pop()
            char = char._replace(text=sign)
        before = char
        has_accents |= text in _ACCENTS
        found.append((turn, char))
    return _with_accents(found) if has_accents else found


def _drawn_over(before: Line, char: Line) -> str:
    """What an accent, or a stroke, makes of the next sign, over which it is drawn; empty where it is not."""
    if char.text in _STRUCK and before.text in _STROKES and abs(before.left - char.left) < _SAME_PLACE * char.height:
        return unicodedata.normalize("NFC", f"{char.text}\u0338")
    middle = (before.left + before.right) / 2
    if before.text in _ACCENTS and char.text.isalpha() and char.left < middle < char.right:
        return unicodedata.normalize("NFC", _DOTTED.get(char.text, char.text) + _ACCENTS[before.text])
    return ""


def _is_ligature(text_page: Any, index: int) -> bool:  # noqa: ANN401 - pypdfium2 has no types
    """Whether a number that no font explains is within a word; a white space and a bullet have such numbers too."""
    if raw.FPDFText_IsGenerated(text_page, index) or raw.FPDFText_HasUnicodeMapError(text_page, index) < 1:
        return False
    beside = [each for each in (index - 1, index + 1) if 0 < raw.FPDFText_GetUnicode(text_page, each) < 0xD800]
    letters = [each for each in beside if chr(raw.FPDFText_GetUnicode(text_page, each)).isalpha()]
    left, right = _sides(text_page, index)
    # A circle around a letter, as of a copyright sign, is no ligature before it.
    return any(
        min(right, end) - max(left, start) < 0.3 * (end - start)
        for start, end in map(partial(_sides, text_page), letters)
    )


def _sides(text_page: Any, index: int) -> tuple[float, float]:  # noqa: ANN401 - pypdfium2 has no types
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text_page, index, box)
    return box.left, box.right


def _with_accents(chars: list[tuple[int, Line]]) -> list[tuple[int, Line]]:
    """The accents that PDFium gives behind the line, since they are drawn over another character, on their letters."""
    for at in [at for at, (_, char) in enumerate(chars) if char.text[0] in _ACCENTS and char.text.rstrip() in _ACCENTS][
        ::-1
    ]:
        turn, accent = chars[at]
        middle = (accent.left + accent.right) / 2
        for back in range(at - 1, max(-1, at - _LONGEST_LINE), -1):
            letter = chars[back][1]
            level = abs(letter.bottom - accent.bottom) < accent.height / 2
            if level and letter.left < middle < letter.right and letter.text.strip().isalpha():
                sign = letter.text.strip()
                text = unicodedata.normalize("NFC", _DOTTED.get(sign, sign) + _ACCENTS[accent.text.rstrip()])
                chars[back] = turn, letter._replace(text=text + letter.text[len(sign) :])
                _take_out(chars, at, accent)
                break
    return chars


def _take_out(chars: list[tuple[int, Line]], at: int, accent: Line) -> None:
    """Take out an accent that stands elsewhere, with the white space that PDFium put around it."""
    turn, before = chars[at - 1]
    del chars[at]
    if at < len(chars):
        after = chars[at][1]
        is_next = after.bottom == before.bottom and abs(after.left - before.right) < _WORD_SPACE * before.height
        white = "" if is_next else before.text[len(before.text.rstrip()) :] + accent.text[1:]
        chars[at - 1] = turn, before._replace(text=before.text.rstrip() + white)


def _upright(text: str, rectangle: Any, x: float, y: float, turn: int) -> Line:  # noqa: ANN401 - pypdfium2 has no types
    """Where a turned character stands when the page is held so that it is upright."""
    left, bottom, right, top = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
    for _ in range(turn):
        left, bottom, right, top, x, y = -top, left, -bottom, right, -y, x
    return Line(text, left, y, right, y + top - bottom)


def _parts(before: Line, char: Line) -> bool:
    """Whether a line or a piece of one ends between two characters."""
    height = before.top - before.bottom
    if not -1 < (char.left - before.right) / (height if height > 1 else 1) < _WIDE_GAP:
        return True
    if before.bottom == char.bottom:  # as most characters are
        return False
    shared = min(before.top, char.top) - max(before.bottom, char.bottom)
    # Single letters below each other have no line ends between them, as if they were one word that runs downwards.
    return shared < (0.5 * min(before.height, char.height) if before.text.endswith(("\r", "\n")) else 0)
