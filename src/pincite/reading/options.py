"""Questions on an option of a program, as manuals list them: "What does winch -i do?".

The letter is next to nothing to a reader, and ``-V`` is another option than ``-v``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pincite.analysis.terms import analyse, only_stop_words, query_terms
from pincite.datatypes import Document, Span
from pincite.reading.sentence import NEARLY_AS_SURE, SURE, UNSURE, Sentence

OPTION = re.compile(r"(?<![\w-])(?:--?[A-Za-z][\w-]{0,40}|-\d(?!\w|[.,]\d))")
"""An option, short or long, or a digit as of ``-9``."""
_HEAD = re.compile(r"^[ \t]{0,40}(?=--?[A-Za-z]|-\d(?!\w|[.,]\d))[^\n]{1,200}", re.MULTILINE)
_EITHER = re.compile(r"--\[no-\]([A-Za-z][\w-]{0,40})")
"""An option and its contrary: "--[no-]verify"."""
_ANY_DIGIT = re.compile(r"(?<![\w-])(?:-#|-\d ?(?:\.\.+|…|–|to|through) ?-?\d\b)")
"""How a manual names options of all digits: "-#", "-1 .. -9"."""
_BEHIND = re.compile(r"\s{2,}|\t|: | [–—] ")
"""What stands between an option and what it does, on one line."""
_ASKING = frozenset(analyse("option flag switch argument parameter mean do use command program effect stand work"))
_ASKS_ELSE = re.compile(r"\b(?:who|whom|whose|why|when|where)\b", re.IGNORECASE)
"""What is no question for what an option does."""
_MOST_SEARCHED = 1000  # characters of an entry


def of_option(rated: Sequence[Sentence], question: str) -> tuple[list[Sentence], bool]:
    """The sentences without those on other options than the one that a question names.

    Where it asks what that does, what stands below it leads, whatever a reader says of it; where the manual has no such
    option, nothing is sure. For other questions the others are left out where the rest says nearly as much.

    Returns:
        The sentences, best first, and whether the option alone told which answer.
    """
    option, program = _asked(question)
    if option is None or not rated:
        return list(rated), False
    documents = {each.hit.document.doc_id: each.hit.document for each in rated}
    if option[1:].isdecimal() and any(_ANY_DIGIT.search(each.text) for each in documents.values()):
        return list(rated), False
    found = {name: entries(document) for name, document in documents.items()}
    of = {id(each): _options(found[each.hit.document.doc_id], each.span) for each in rated}
    here = [each for each in rated if option in of[id(each)]]
    apart = [each for each in rated if not of[id(each)]]
    sure = max(SURE, rated[0].confidence)
    leading = [each.ahead_of(rated[0], sure) for each in here if program <= _subject(each.hit.document)]
    if leading:
        return [*leading, *(each for each in apart if option in OPTION.findall(each.text))], True
    theirs = [each for name, each in documents.items() if found[name] and program <= _subject(each)]
    if theirs and not any(_names(each.text, option) for each in theirs):
        return [each if _names(each.text, option) else each.at_most(UNSURE) for each in rated], False
    fitting = sorted([*here, *apart], key=lambda each: -each.order)
    sure_enough = here and fitting[0].confidence >= NEARLY_AS_SURE * rated[0].confidence
    return fitting if sure_enough else list(rated), False


def _names(text: str, option: str) -> bool:
    """Whether a text names an option, by itself or together with others."""
    either = option.removeprefix("--no-").removeprefix("--") in _EITHER.findall(text)
    return option in OPTION.findall(text) or either or (option[1:].isdecimal() and bool(_ANY_DIGIT.search(text)))


def asked_place(question: str, documents: Sequence[Document]) -> tuple[Document, Span] | None:
    """Where a document says what the option does that a question asks for.

    Args:
        question: in natural language.
        documents: those found, best first.

    Returns:
        One of the documents, and the range of what it says; None where it is not there.
    """
    option, program = _asked(question)
    for document in documents if option else ():
        places = [span for span, names in entries(document) if option in names]
        if places and program <= _subject(document):
            start, end = places[0]
            return document, (start, min(end, start + _MOST_SEARCHED))
    return None


def _asked(question: str) -> tuple[str | None, frozenset[str]]:
    """The option that a question asks for, and the terms of whose it is; None where it names none or several."""
    options, rest = set(OPTION.findall(question)), OPTION.sub(" ", question)
    if len(options) != 1 or _ASKS_ELSE.search(rest):
        return None, frozenset()
    program = frozenset() if only_stop_words(rest) else frozenset(query_terms(rest)) - _ASKING
    return options.pop(), program


def entries(document: Document) -> list[tuple[Span, frozenset[str]]]:
    """Where a document says what its options do: from the line of each to the next or a blank line, and its names."""
    text, heads = document.text, list(_HEAD.finditer(document.text))
    found = []
    for head, following in zip(heads, [*(head.start() for head in heads[1:]), len(text)], strict=False):
        names = frozenset(OPTION.findall(_BEHIND.split(head[0].strip())[0]))
        blank = text.find("\n\n", head.end() + 2, following)
        found.append(((head.start(), blank if blank >= 0 else following), names))
    return found


def _options(found: Sequence[tuple[Span, frozenset[str]]], span: Span) -> frozenset[str]:
    """The options of the entries that a sentence touches."""
    touched = (names for (start, end), names in found if start < span[1] and span[0] < end)
    return frozenset().union(*touched)


def _subject(document: Document) -> frozenset[str]:
    return frozenset(analyse(f"{document.title}\n{document.doc_id}"))
