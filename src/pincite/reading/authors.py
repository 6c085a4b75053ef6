"""Questions on what somebody wrote, which the articles' own texts do not answer."""

from __future__ import annotations

import re
from typing import NamedTuple

_TEXTS = r"(?:articles?|texts?|papers?|pieces?|posts?|essays?|stories|story|reports?|anything|something|everything)"
_WRITES = r"(?:write|wrote|written|writes|publish(?:ed|es)?)"
_TOPIC = r"(?:\s+(?:about|on)(?:\s+(?P<topic>[^?]*\w))?)?\W*"
_ASKED = [
    re.compile(rf"\W*what\s+(?:did|does|do|has|have|had)\s+(?P<author>[^?]+?)\s+{_WRITES}{_TOPIC}", re.IGNORECASE),
    re.compile(rf"\W*what\s+(?:was|is|were|has\s+been)\s+{_WRITES}\s+by\s+(?P<author>[^?]+?){_TOPIC}", re.IGNORECASE),
    re.compile(
        rf"\W*(?:[\w']+\s+){{0,5}}{_TEXTS}\s+(?:[\w']+\s+){{0,2}}(?:by|from)\s+(?P<author>[^?]+?){_TOPIC}",
        re.IGNORECASE,
    ),
]


class Asked(NamedTuple):
    """Whose articles are asked for, and what about; the author is a guess until an article is found."""

    author: str
    topic: str | None


def by_author(question: str) -> Asked | None:
    """Whose articles a question asks for: "What did Ane Holt write about?", "articles by Ane Holt on eels"."""
    found = next((found for pattern in _ASKED if (found := pattern.fullmatch(question))), None)
    return found and Asked(found["author"].strip(" .,"), found["topic"])
