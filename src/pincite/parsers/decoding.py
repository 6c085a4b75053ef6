"""From bytes to text: which encoding a file is in, and what no text may hold."""

from __future__ import annotations

import codecs
import re

from pincite.errors import UnreadableFile

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_SAMPLE = 1 << 16
_OTHER_KINDS = {b"%PDF-": "a PDF: name it .pdf", b"{\\rtf": "RTF: name it .rtf", b"PK\x03\x04": "an archive, not text"}
"""What files of other kinds begin with."""
_PARTS_OF_PDF = re.compile(rb"\d \d+ obj\b|\bstartxref\b")
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "us-ascii": "cp1252", "shift_jis": "cp932"}
"""What a file is in that declares a smaller encoding (WHATWG Encoding Standard)."""

_WIDE = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_COMMON_CHINESE = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
"""Punctuation and the first level of GB 2312."""

_OTHERS = ["big5", "cp932", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874"]


def decode(data: bytes, declared: str = "utf-8") -> str:
    """The text of a file: by its byte-order mark, as UTF-8, as it declares, else as its bytes suggest.

    Raises:
        UnreadableFile: no text at all, or binary.
    """
    for begin, reason in _OTHER_KINDS.items():
        if data.startswith(begin) and not _is_prose(data):
            raise UnreadableFile(reason)
    text = clean(_decode(data, declared.lower()))
    if not text.strip():
        raise UnreadableFile("empty")
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > 0.05 * len(sample):  # random bytes hold 10 %, text next to none
        raise UnreadableFile("binary, not text")
    return text


def _is_prose(data: bytes) -> bool:
    """Whether a file that begins as one of another kind is text about such files, in UTF-8 and without their parts."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    is_rtf = text.startswith("{") and text.rstrip().endswith("}")
    return not (is_rtf or _CONTROL.search(text) or _PARTS_OF_PDF.search(data))


def clean(text: str) -> str:
    r"""``text`` with line ends ``\n``, no byte-order mark, and U+FFFD for NUL and lone surrogates."""
    return storable(re.sub("\r\n?", "\n", text.removeprefix("\ufeff")))


def storable(text: str) -> str:
    """``text`` with U+FFFD for NUL and lone surrogates, which neither UTF-8 nor a database can hold."""
    return _NOT_TEXT.sub("\ufffd", text)


def is_utf16(data: bytes) -> bool:
    """Whether a byte-order mark says so."""
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _decode(data: bytes, declared: str) -> str:
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "replace")
    if is_utf16(data):
        return data.decode("utf-16", "replace")
    if (unmarked := _unmarked_utf16(data[:_SAMPLE])) is not None:
        return data.decode(unmarked, "replace")
    for encoding in ("utf-8", _LARGER.get(declared, declared)):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if sum(char > "\x7f" for char in text) > 5 * damaged:  # long sequences of UTF-8 do not come about by chance
        return text
    return data.decode(_likely_encoding(data[:_SAMPLE]), "replace")


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without a byte-order mark, which shows in letters that all have a NUL on the same side."""
    nuls = sample[::2].count(0), sample[1::2].count(0)
    if 4 * min(nuls) > max(nuls) or 4 * max(nuls) < len(sample):
        return None
    return "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"


def _likely_encoding(sample: bytes) -> str:
    """The encoding of text that is not Unicode.

    Chinese falls into the part of GB 2312 that holds the common characters; in Western text, bytes beyond ASCII are
    few. Both show in a single sentence. For the rest charset-normalizer compares what each encoding would give.
    """
    wide = _WIDE.findall(sample)
    if sum(map(bool, map(_COMMON_CHINESE.fullmatch, wide))) > 0.8 * len(wide):
        return "gb18030"
    if 2 * sum(byte > 0x7F for byte in sample) <= len(sample):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_OTHERS).best()
    return best.encoding if best else "cp1252"
