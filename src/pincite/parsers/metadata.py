"""What files say of themselves, brought into one form: dates, names, values as in JSON."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Any

from pincite.datatypes import Document, Span, Table
from pincite.parsers.decoding import storable

_MONTH_NAMES = "jan ene gen|feb fev|mar mrz|apr avr abr|may mai mag|jun juin giu|jul juil lug|aug aou ago|sep set"
_MONTH_NAMES += "|oct okt out ott|nov|dec dez dic"
_MONTHS = {prefix: number for number, names in enumerate(_MONTH_NAMES.split("|"), 1) for prefix in names.split()}
"""How the months begin in English, German, French, Spanish, Italian and Portuguese, without accents."""

_HAN_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_NAME = r"(?P<month>[^\W\d_]{3,10})\.?"
_DATES = [
    re.compile(rf"(?<![\d.,-])(?:{pattern})(?!\.?\d)", re.IGNORECASE)
    for pattern in (
        r"(?:D:)?(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:\d{6}(?:Z|[+-]\d\d'?\d\d'?)?)?",
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月(?:\s?(?P<day>\d{1,2})\s?日)?",
        r"(?P<year>[〇零一二三四五六七八九]{4})年(?P<month>[一二三四五六七八九十]{1,2})月(?:(?P<day>[一二三四五六七八九十]{1,3})日)?",
        rf"\b{_NAME}\s{{1,2}}(?P<day>\d{{1,2}})\s\d\d:\d\d:\d\d(?:\s[A-Z]{{3,4}}|\s[+-]\d{{4}})?\s(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})-{_NAME}-(?P<year>\d{{4}})",
        rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|[.º])?\s(?:de\s|of\s)?{_NAME},?\s(?:de\s)?(?P<year>\d{{4}})",
        rf"\b{_NAME}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<year>\d{{4}})",
        rf"\b{_NAME},?\s(?P<year>\d{{4}})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"0?(?P<day>1[0-2]|[1-9])[/-]0?(?P<month>(?P=day))[/-](?P<year>\d{4})",
        r"(?P<day>1[3-9]|2\d|3[01])[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})",
        r"(?P<month>\d{1,2})[/-](?P<day>1[3-9]|2\d|3[01])[/-](?P<year>\d{4})",
        r"(?P<year>\d{4})-(?P<month>\d\d)(?!-?\d)",
    )
]


def iso_date(value: object) -> str | None:
    """``value`` as ``YYYY[-MM[-DD]]``; None where it is no date, not a possible one, or an ambiguous one (3/4/2021)."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if re.fullmatch(r"\d{4}", text):
        return text if int(text) else None
    found = find_date(text)
    return found[0] if found else None


def find_date(text: str) -> tuple[str, int, int] | None:
    """The first date written out in ``text``, as ``YYYY-MM[-DD]``, and the range that it takes up."""
    found = [(*match.span(), iso) for pattern in _DATES for match in pattern.finditer(text) if (iso := _iso(match))]
    start, end, iso = min(found, key=lambda each: (each[0], -each[1]), default=(0, 0, ""))
    return (iso, start, end) if found else None


def _iso(match: re.Match[str]) -> str | None:
    parts = match.groupdict()
    name = unicodedata.normalize("NFKD", parts["month"].lower()).encode("ascii", "ignore").decode()
    month = _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    try:
        day = date(_number(parts["year"]), month or _number(parts["month"]), _number(parts.get("day") or "1"))
    except ValueError:
        return None
    return day.isoformat() if parts.get("day") else day.isoformat()[:7]


def _number(written: str) -> int:
    """Of digits, Chinese ones as well: ``二〇二二``, ``十二``, ``三十一``. ValueError where it is none."""
    tens, ten, ones = (digits := written.translate(_HAN_DIGITS)).partition("十")
    return 10 * int(tens or 1) + int(ones or 0) if ten else int(digits)


def one_line(value: object) -> str | None:
    """A name or title as one line; None where ``value`` is empty or no text.

    Several values (authors) are joined by ``; ``, and of a mapping its ``name`` is taken.
    """
    if isinstance(value, Mapping):
        return one_line(value.get("name"))
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return "; ".join(each for each in map(one_line, value) if each) or None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return " ".join(storable(str(value)).split()) or None


def as_json(value: Any) -> Any:  # noqa: ANN401 - any value that a parser may give
    """``value`` as JSON can hold it: dates and the like as strings, no NaN, no lone surrogates."""
    if isinstance(value, Mapping):
        return {storable(str(key)): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, int | float) else storable(str(value))


def document(
    doc_id: str,
    text: str,
    headings: tuple[Span, ...] = (),
    tables: tuple[Table, ...] = (),
    *,
    stated: Mapping[str, Any],
    fallback: str = "",
    page_starts: tuple[int, ...] = (),
) -> Document:
    """A document of ``text`` and what its file states by the usual names; what has another name is its metadata.

    A date that is none stays in the metadata as it was written. The title is the stated one, else ``fallback``, else
    the file's name; with that of its folder where it says nothing without it.
    """
    rest = {key: value for key, value in stated.items() if value not in (None, "", [])}
    title = one_line(rest.pop("title", None))
    if title and is_no_title(title):
        heading = text[slice(*headings[0])] if headings and headings[0][0] == 0 else ""
        title = heading if heading and not is_no_title(heading) else None
    author = _names(_take(rest, "author", "authors", "creator", "byline"))
    date_key = next((key for key in _DATE_KEYS if iso_date(rest.get(key))), None)
    return Document(
        doc_id=doc_id,
        title=_with_folder(title or fallback or PurePosixPath(doc_id).stem, doc_id),
        title_is_name=title is None,
        text=text,
        headings=headings,
        tables=tables,
        page_starts=page_starts,
        date=iso_date(rest.pop(date_key)) if date_key else None,
        url=_take(rest, "url", "link", "canonical_url", "permalink"),
        source=_take(rest, "source", "publisher", "site", "sitename"),
        author=None if author and is_no_title(author) else author,
        metadata=as_json(rest),
    )


_SAY_NOTHING = re.compile(
    "about|api|change ?log|changes|contents|document(?:ation)?|faqs?|frequently asked questions|getting started|guide"
    "|history|home|index|install(?:ation)?|intro(?:duction)?|main|manual|news|notes|overview|preface|quick ?start"
    "|read ?me|release notes|start|summary|table of contents|todo|usage|welcome"
)
_DATE_KEYS = ("date", "published", "pubdate", "publish_date", "date_published", "created")
KEYS = frozenset(
    ["title", "subtitle", *_DATE_KEYS, "updated", "last updated", "modified", "lastmod", "language", "lang"]
)
KEYS |= {"url", "link", "canonical_url", "permalink", "source", "publisher", "site", "sitename", "tags", "keywords"}
KEYS |= {"author", "authors", "creator", "byline", "category", "categories"}
"""By which files state something of themselves. Others (``serves``, ``born``) may say what the text is about."""
_NO_TITLE = re.compile(
    r"(?:(?:untitled|unnamed)[ _-]?|(?:untitled|unnamed|new|blank)[ _-]?(?:document|page|presentation|file|post|tab)"
    r"[ _-]?)\d{0,3}"
    r"|no title|unknown|about:blank|(?:powerpoint[ -])?pr[äeé]sentation\d*|unspecified"
    r"|(?:slide|folie|diapositive|layout|do[ck]ument)\d+|(?:ARRAY|HASH|SCALAR|CODE)\(0x[0-9a-f]+\)"
    r"|microsoft (?:office )?(?:word|powerpoint|excel) - .*",
    re.IGNORECASE,
)
"""What programs put in where nobody stated a title or an author."""
_NO_TITLE_OF_FILE = re.compile(
    r"untitled.*|\(?anonymous\)?|title|author|(?:powerpoint[ -])?pr[äeé]sentation ?\d*"
    r"|(?:slide|folie|diapositive|layout|do[ck]ument) ?\d+|(?:word|powerpoint|excel) - .*"
    r"|(?:default )?user|owner|root|admin(?:istrator)?|\S+_\S+"
    r"|.*\.(?:docx?|odt|pdf|tex|dvi|e?ps|indd|qx[dp]|rtf|txt|md|html?|xml|pptx?|odp|xlsx?|wp[ds]?|pub|exe|jpe?g|tiff?|png)",
    re.IGNORECASE,
)
"""What they put into the properties of a file besides: names of accounts and of files."""
_FOLDERS = {"book", "content", "contents", "doc", "docs", "documentation", "en", "html", "public", "site", "src", "www"}
"""Those that do not say either what is in them, unless all do."""


_ADDRESS = re.compile(r"[(<]?(?:(?:https?|mailto|ftp)\b|www\.|[^\s@]{1,64}@)")


def _names(author: str | None) -> str | None:
    """The names without the addresses beside them; none where an address is glued to one."""
    found = []
    for part in (author or "").split(";"):
        words = part.split()
        if any("@" in word and word[0].isupper() for word in words[1:]):
            return None
        kept = [word for word in words if not _ADDRESS.match(word)]
        named = " ".join(kept).strip(" ,:©" if len(kept) == len(words) else " ,:()©")
        named += ")" * (named.count("(") > named.count(")"))
        found.append(named or ("" if "/" in part else part.strip()))
    return "; ".join(filter(None, found)) or None


def is_no_title(text: str) -> bool:
    """Whether a title, or an author, is what programs put in where nobody stated one: ``Untitled``, ``Document1``."""
    return _NO_TITLE.fullmatch(text) is not None


def is_put_in(text: str) -> bool:
    """Whether a property of a PDF is what its program put in: the name of a file, of an account, of nothing."""
    return is_no_title(text) or _NO_TITLE_OF_FILE.fullmatch(text) is not None


def says_nothing(title: str) -> bool:
    """Whether a title or a file's name, as ``FAQ`` or ``index``, does not tell what a text is about."""
    return _SAY_NOTHING.fullmatch(_words(title)) is not None


def _words(title: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", title)).casefold()


def _with_folder(title: str, doc_id: str) -> str:
    """A title, with the folder's name where it says nothing without it: ``FAQ – cargo``; not of a part of a file."""
    folders = PurePosixPath(doc_id).parent.parts[::-1]
    if not folders or "#" in doc_id or not says_nothing(title):
        return title
    return f"{title} – {next((each for each in folders if each.casefold() not in _FOLDERS), folders[0])}"


def _take(rest: dict[str, Any], *keys: str) -> str | None:
    key = next((key for key in keys if one_line(rest.get(key))), None)
    return one_line(rest.pop(key)) if key else None
