"""From bytes to text: which encoding a file is in, and what no text may hold."""

from __future__ import annotations

import codecs
import re

from pincite.errors import UnreadableFile

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the one of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_LINE_END = re.compile("\r\n?")
_CONTROL = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.05
"""Random bytes hold 10 % control characters, text next to none."""

_SAMPLE = 1 << 16


def decode(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16, UTF-32, GB18030, Big5, Shift JIS, Windows-1252 or the like.

    Raises:
        UnreadableFile: no text at all, or binary.
    """
    text = clean(_decode(data))
    if not text.strip():
        raise UnreadableFile("empty")
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) + sample.count("\ufffd") > _MOST_CONTROLS * len(sample):
        raise UnreadableFile("binary, not text")
    return text


def clean(text: str) -> str:
    r"""``text`` with line ends ``\n``, no byte-order mark, and U+FFFD for NUL and lone surrogates."""
    return storable(_LINE_END.sub("\n", text.removeprefix("\ufeff")))


def storable(text: str) -> str:
    """``text`` with U+FFFD for NUL and lone surrogates, which neither UTF-8 nor a database can hold."""
    return _NOT_TEXT.sub("\ufffd", text)


def encoding_by_mark(data: bytes) -> tuple[str, int] | None:
    """The encoding that a byte-order mark at the start names, and the length of the mark."""
    return next(((name, len(mark)) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def _decode(data: bytes) -> str:
    marked = encoding_by_mark(data)
    if marked:
        return data[marked[1] :].decode(marked[0], "replace")
    encoding = _utf16_without_mark(data)
    if encoding:
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _damaged_utf8(data) or data.decode(_legacy_encoding(data), "replace")


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 shows by its NULs: the high bytes of Latin letters and spaces, all on even or all on odd places."""
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if 10 * (even + odd) < len(sample):
        return None
    if 20 * even < odd:
        return "utf-16-le"
    return "utf-16-be" if 20 * odd < even else None


def _damaged_utf8(data: bytes) -> str | None:
    """Text that is UTF-8 but for a few bytes: its long sequences do not come about by chance."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    beyond_ascii = sum(1 for char in text if char > "\x7f") - damaged
    return text if beyond_ascii > 4 * damaged else None


def _legacy_encoding(data: bytes) -> str:
    """The encoding of text that is not Unicode, by how plausible its bytes are in each.

    In an East Asian encoding nearly all of a text falls into the blocks of the common characters, a small part of
    the table; in a Western one bytes beyond ASCII stand alone between plain letters.
    """
    sample = data[:_SAMPLE]
    for encoding, common, least in _EAST_ASIAN:
        if _share_of(common, sample) > least and _is_valid(sample, encoding):
            return encoding
    letters = len(re.findall(rb"[A-Za-z]", sample))
    runs = re.findall(rb"[\x80-\xff]+", sample)
    beyond_ascii = sum(map(len, runs))
    western = letters and (beyond_ascii < letters or beyond_ascii < 3 * len(runs))
    return "cp1252" if western else _other_encoding(sample)


def _is_valid(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


_OTHERS = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "euc_kr", "cp1252", "gb18030", "big5"]


def _other_encoding(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_OTHERS).best()
    return best.encoding if best else "cp1252"


_WIDE = rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]"
_EAST_ASIAN = (
    ("cp932", rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]", 0.3),  # kana
    ("euc_jp", rb"[\xa4\xa5][\xa1-\xf6]", 0.3),
    ("gb18030", rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]", 0.8),  # punctuation and the first level of GB 2312
    ("big5", rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]", 0.8),  # punctuation and the first level of Big5
)


def _share_of(common: bytes, sample: bytes) -> float:
    """How many of the wide characters are common ones; a lone pair within a Latin word is two letters of it."""
    runs = [run.group() for run in re.finditer(rb"[A-Za-z]?(?:" + _WIDE + rb"|[\x80-\xff])+[A-Za-z]?", sample)]
    pieces = [piece for run in runs if not _within_word(run) for piece in re.findall(_WIDE + rb"|[\x80-\xff]", run)]
    every = len(pieces) + sum(map(_within_word, runs))
    return sum(1 for piece in pieces if re.fullmatch(common, piece)) / max(1, every)


def _within_word(run: bytes) -> bool:
    return len(run) <= 4 and (run[0] < 0x80 or (run[-1] < 0x80 and len(run) % 2 == 1))
