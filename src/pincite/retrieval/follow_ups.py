"""Follow-up questions without a language model: by which wordings a turn of a conversation is searched.

A turn is searched as it stands and joined with the subject of the conversation: the user's last turn that stands alone,
and what was named since. How much the joined wording counts depends on whether the turn needs that: it has a pronoun
or "another", begins with "and" or "what about", or is a word or two. A turn that does not may have changed the subject,
where the joined wording would bring back the old one; a word of thanks asks nothing, and of a summary counts its topic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from pincite.analysis.intents import intent
from pincite.analysis.sentences import sentence_spans
from pincite.analysis.terms import MONTHS, analyse, only_stop_words, query_terms
from pincite.datatypes import shortened
from pincite.errors import QueryError

Turn = Mapping[str, str]
"""One turn of a conversation: ``{"role": "user" | "assistant", "content": text}``."""

_LATIN = r"[^\W\d_\u0250-\U0010ffff]+"
_STANDS_FOR_NOTHING = re.compile(
    r"\bIT\b"
    r"|(?i:\b(?:is|was|would)\s+it\s+"
    r"(?:possible|true|necessary|normal|safe|legal|worth|better|easy|hard|okay|ok|the\s+case)\b)"
    r"|(?i:\b(?:do|does|did|can|could|should|would|must|may|will)\s+one\b)"
)
"""A pronoun that points at nothing: "How does one add a text?", "Is it possible to ...?", IT."""
_POINTS_BACK = re.compile(
    r"\b(?:he|him|his|she|her|hers|it|its|they|them|their|theirs|this|these|those|ones?|such|same|others?|another|"
    r"else|also|too|former|latter)\b"
    r"|\b(?:that|there|more)\W*$"
    r"|\b(?:did|does|do|will|would|can|could|should)\s+that\s+(?:take|mean|cost|work|happen|last|end|begin|start|apply)\b"
    r"|^\W*(?:and|but|so|then)\W+(?:who|when|where|why|which|how(?!\s+about)|what(?!\s+about))\b(?!.*\b(?-i:[A-Z])\w)(?!.*\d)"
    r"|(?<!其)他|[她它这]|那[个些里时]|其(?![他中实余])|呢\W*$",
    re.IGNORECASE,
)
"""The last but one: "And where do I report a bug?" goes on with the subject; "And when did Borre burn?" has its own."""
_CONTINUES = re.compile(
    r"^\W*(?:and|but|so|or|then|what about|how about|really|yes|no)\b"
    r"|^\W*why\b(?!\s+(?:is|are|was|were|did|do|does|has|have|had|can|could|will|would)\s+(?:the\s|an?\s|(?-i:[A-Z])))"
    rf"|^\W*(?:{_LATIN}\W+)?{_LATIN}\W*$",
    re.IGNORECASE,
)
_ASKING = frozenset(
    analyse(
        "many much more long often come go goes happen happened until really not no yes time year day define describe "
        "explain tell say name list show mean latest newest current recent now new "
        "most least highest lowest largest smallest biggest fewest longest shortest cheapest"
    )
)
"""Terms of words that ask, and that an answer need not hold."""
_PREPOSITIONS = "in|on|at|of|for|from|to|by|with|about|under|during"
_INSTEAD = re.compile(
    rf"\W*(?:(?:and|but|or|so|what about|how about)\s)?(?P<of>{_PREPOSITIONS})\s(?P<what>[^?]*\w)\W*", re.IGNORECASE
)
_ANOTHER = re.compile(
    rf"\W*(?:(?:and|but|or|so|what about|how about)\s)+(?P<article>(?:the|an?)\s)?"
    rf"(?!(?:{_PREPOSITIONS}|who|what|when|where|why|which|how)\b)(?P<what>[\w'’.-]+(?:\s[\w'’.-]+){{0,3}}?)\W*",
    re.IGNORECASE,
)
_THE_ONE = re.compile(
    r"(?P<before>\A\W*(?:and|but|or|so|what about|how about)\s)(?:the\s)?(?:ones?|that|those)\s"
    rf"(?=(?:{_PREPOSITIONS})\s)",
    re.IGNORECASE,
)
"""What stands for the kind of thing before a name: "And the one at Solli?"."""
_NAME = r"[A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*){0,3}"
_SUBJECT = re.compile(
    r"(?:\b(?i:is|was|are|were|do|does|did|has|have|had|can|could|will|would)|\A\W*(?i:who|what)\s[a-z]{3,})\s"
    rf"(?P<thing>(?:(?:the|an?)\s)?(?:{_NAME}|(?<=\s)[a-z][\w'’-]*(?P<second>\s(?!(?:{_PREPOSITIONS}|over|near)\b)[a-z][\w'’-]*)?)"
    rf"(?P<whose>\s(?:{_PREPOSITIONS}|over|near)\s(?:the\s)?{_NAME}(?P<kind>\s[a-z][\w'’-]*(?=\s))?)?)"
)
"""What an earlier question is about: "the bridge over the Varn" of "How long is the bridge over the Varn?"."""
_WHOSE = re.compile(rf"\s(?:{_PREPOSITIONS}|over|near)\s")
_ENDS = re.compile(r"(?: (?:again|first|then))?\W*\Z")
_ITS = re.compile(r"\b(?:its|his|their|her(?=\s[a-z]))\b", re.IGNORECASE)
_IT = re.compile(r"\b(?:it|he|him|she|her|they|them)\b", re.IGNORECASE)
_NAMED_ONE = re.compile(r"(?<=\w )ones?\b(?!\sof\b)", re.IGNORECASE)
_IS_NAME = re.compile(_NAME)
_THING = re.compile(
    r"(?<=\w )(?P<name>[A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*){0,3})"
    rf"|\b(?:the|an?)\s(?P<two>(?P<one>[a-z][\w'’-]*)(?:\s(?!(?:{_PREPOSITIONS})\b)[a-z][\w'’-]*)?)"
)
"""What a turn names, and an earlier question does: a name, or one or two words behind "the"."""
_AND_ASKS = re.compile(r",?\sand\s(?=(?:who|when|where|why|which|how|what)\b)", re.IGNORECASE)
_OF_THINGS = re.compile(r"\b(?:it|its|they|them|their|theirs)\b", re.IGNORECASE)
"""What points at the thing that the first half of a question names: "When did the mill burn and who rebuilt it?"."""
_PHRASE = re.compile(
    rf"\b(?P<of>{_PREPOSITIONS})\s(?P<what>[\w'’.-]+(?:\s(?!(?:{_PREPOSITIONS})\b)[\w'’.-]+){{0,5}})(?<=\w)",
    re.IGNORECASE,
)
"""What a turn names with its preposition, and what an earlier question does: "for a yacht" of "for a yacht in 2024"."""
_MONTHS = frozenset(analyse(" ".join(MONTHS)))
_OF_WHAT_WAS_TOLD = frozenset(
    analyse(
        "reason cause problem solution fix error mistake wrong advice idea suggestion option help matter answer next"
    )
)
"""Terms of a question on what was told above it; by themselves they ask nothing."""
_NAMES = re.compile(r"(?<=[\w,;:'’\"“)] )[\"“(]?([A-Z][\w'’-]*)")
_NUMBERS = re.compile(r"(?<![\w.,-])(?!(?:19|20)\d\d\b)\d{1,4}\b(?![.,]?\d)")
MOST_REQUIRED = 2
"""Terms of the subject that must stand in a passage: who tells a story before the question names much besides."""

_LOOKED_AT = 2000  # characters at the end of a turn in which a question below a text is sought
_PASTED = 200
"""Characters above a question from which on they are taken for a text that was pasted, not for words of its own."""
_ASKING_LINE = re.compile(
    r".*\n\s*(?=(?:Who|Whom|Whose|What|When|Where|Which|Why|How|Is|Are|Was|Were|Do|Does|Did|Can|Could|Will|Would|Should|"
    r"Has|Have|Had)\b)",
    re.DOTALL,
)
"""What stands before a line that begins as a question does: a sentence that was cut off where the copied text ends."""


def without_paste(turn: str) -> str:
    """What a turn asks: the question at its end, on lines of its own, where a text was pasted above; else all of it.

    What was pasted would be found in the articles that it was copied from, whatever is asked. A question that is
    understood only with it keeps it, as "What could be the reason?" does.
    """
    text = turn[-_LOOKED_AT:]
    spans = sentence_spans(text)
    asks = [text[start:end].endswith(("?", "？")) for start, end in spans]
    if not any(asks):
        return turn
    breaks = [0, *(text.count("\n", end, start) for (_, end), (start, _) in pairwise(spans))]
    last = len(asks) - 1 - asks[::-1].index(True)
    first = last
    while first and asks[first - 1] and breaks[first] < 2:
        first -= 1
    cut_off = _ASKING_LINE.match(text, *spans[first])
    begin = cut_off.end() if cut_off else spans[first][0]
    apart = (cut_off or breaks[first] > 0) and max(breaks[last + 1 :], default=0) < 2
    asked = text[begin:].strip()
    alone = not needs_context(asked) and bool(new_terms(asked) - _OF_WHAT_WAS_TOLD)
    return asked if apart and begin > _PASTED and alone else turn


def _points_back(turn: str) -> bool:
    turn = _THE_ONE.sub(r"\g<before>", turn)
    first, *further = _AND_ASKS.split(_STANDS_FOR_NOTHING.sub(" ", turn), maxsplit=1)
    if further and _THING.search(first) and not _POINTS_BACK.search(first):
        further = [_OF_THINGS.sub(" ", further[0])]
    return _POINTS_BACK.search(" ".join([first, *further])) is not None


def _telling(text: str) -> frozenset[str]:
    """The terms of a text that an answer may have to hold."""
    return frozenset(query_terms(text)) - _ASKING


def needs_context(turn: str) -> bool:
    """Whether a turn is likely to be understood only with what was said before it."""
    return not intent(turn, later=True, about=True) and (_points_back(turn) or bool(_CONTINUES.search(turn)))


def new_terms(turn: str) -> frozenset[str]:
    """The terms of which an answer to a turn that leans must hold one; none, where a pronoun may stand for all.

    "And Jiangsu?" after a question on Zhejiang asks for Jiangsu: what holds the words of the earlier question alone
    answers that one once more.
    """
    return frozenset() if _points_back(turn) or only_stop_words(turn) else _telling(turn)


def subject_terms(turn: str, about: str) -> frozenset[str]:
    """The terms of the subject, half of which must stand where a turn with a pronoun is answered; else none.

    A turn with more than three terms of its own may hold what its pronoun stands for: "What did the ferry carry when it
    left Aldhaven?"
    """
    return _telling(about) if _points_back(turn) and len(_telling(turn)) <= 3 else frozenset()


def named_terms(about: str) -> frozenset[str]:
    """The terms of names in a subject: of words with a capital that does not begin a sentence."""
    return _telling(" ".join(_NAMES.findall(about)))


def query_variants(question: str, history: Sequence[Turn]) -> list[tuple[str, float]]:
    """The wordings that a question is searched by, itself first, with their weights; ``history`` is oldest first.

    Raises:
        QueryError: a turn that is not one.
    """
    about = subject(history)
    if not about or intent(question, later=True, about=True):
        return [(question, 1.0)]
    return [(question, 1.0), (f"{about} {question}", 0.8 if needs_context(question) else 0.2)]


def subject(history: Sequence[Turn]) -> str:
    """The user's last turn that says by itself what it is about; behind it the last that named something else.

    Of "What is the tide mill?", "Who is it named after?", "When did it start?" that is the first. Raises as
    `query_variants` does.
    """
    earlier = list[str]()
    for turn in map(without_paste, _said_by_user(history)):
        wanted = intent(turn, later=True, about=bool(earlier))
        if asked := wanted.topic if wanted else turn:
            earlier.append(asked)
    first = max((place for place, turn in enumerate(earlier) if not needs_context(turn)), default=0)
    named = [turn for turn in earlier[first + 1 :] if new_terms(turn)]
    joined = " ".join([*earlier[first : first + 1], *named[-1:]])
    return joined[-400:]  # more would crowd the question out of the model's room


def full_questions(question: str, about: str) -> list[str]:
    """What a turn that leans may mean, to be read in its place; the likelier answer counts.

    "When was it released?" is read with the words of its subject behind it, which tell this release from others. Where
    no pronoun stands for the subject, as in "And Jiangsu?", the earlier question is asked again as well.
    """
    words = re.findall(r"[\w'’-]+(?:\.\d+)*", about)
    topic = " ".join(word for word in words if not only_stop_words(word) and not _ASKING.issuperset(analyse(word)))
    named = f"{question} {topic}"
    return [named] if _points_back(question) else [f"{about} {question}", named]


def asked_again(question: str, about: str, *, latest: bool) -> list[str]:
    """The earlier question as a turn asks it again, which is a question of its own.

    With what the turn names in the place of its like, "And for boats?" of "What are the dues for a yacht?" and "And the
    Corvina?" of "Who built the Rowe?", or behind it, "And in winter?". Or where it names nothing but asks for the
    ``latest``, of today: "And the current ones?".
    """
    if latest and not new_terms(question):
        return [f"{about.rstrip(' ?')} now?"]
    question = _THE_ONE.sub(r"\g<before>", question)
    if another := _ANOTHER.fullmatch(question):
        return _of_another(another["what"], about, is_name=not another["article"])
    if not (leans := _INSTEAD.fullmatch(question)):
        return []
    places = [found for found in _PHRASE.finditer(about) if found["of"].lower() == leans["of"].lower()]
    if places:
        return [f"{about[: places[-1].start('what')]}{leans['what']}{about[_end_of_like(places[-1], leans['what']) :]}"]
    phrase = f"{leans['of']} {leans['what']}"
    named = [found for found in _PHRASE.finditer(about) if found["what"][0].isupper() and leans["what"][0].isupper()]
    again = [f"{about[: found.start()]}{phrase}{about[_end_of_like(found, leans['what']) :]}" for found in named[-1:]]
    return again or [f"{about.rstrip(' ?')} {phrase}?"]


def _end_of_like(place: re.Match[str], what: str) -> int:
    """Where in an earlier question that ends in whose place this is put: of a name behind the name."""
    name = _IS_NAME.match(place["what"]) if what[0].isupper() else None
    if not name:
        return place.end()
    alike = place["what"].split()[len(name[0].split()) : len(what.split())]  # "Solli church" for "Ostvik church"
    return place.start("what") + len(" ".join([name[0], *alike]))


def names_instead(question: str, about: str) -> frozenset[str]:
    """The names and numbers, as terms, that "And Hall 2?" has in the place of those of an earlier question.

    What says nothing of them answers that question once more.
    """
    plain = _THE_ONE.sub(r"\g<before>", question)
    if not (_ANOTHER.fullmatch(plain) or _INSTEAD.fullmatch(plain)):
        return frozenset()
    named = re.sub(r"['’]s\b", "", " ".join([*_NAMES.findall(plain), *_NUMBERS.findall(plain)]))
    return (_telling(named) - _MONTHS).difference(_telling(about))


def last_asked(history: Sequence[Turn]) -> str:
    """The user's last question, with what its pronoun stands for: "When was the Rowe sold?"; else the subject."""
    said = [turn for turn in map(without_paste, _said_by_user(history)) if not intent(turn, later=True, about=True)]
    about = subject(history)
    if not said or not _points_back(said[-1]) or said[-1] == about:
        return about
    return next(iter(with_subject(said[-1], about)), about)


def with_subject(question: str, about: str) -> list[str]:
    """A turn with what its pronoun stands for: "Who opened it?" of "When did the library open?".

    Whether the word behind a noun belongs to it, as in "the library open", the texts have to tell.
    """
    things = _things(about) if subject_terms(question, about) else []
    kinds = ((_ITS, "{}’s"), (_IT, "{}"))
    written = (pattern.sub(form.format(thing), question, count=1) for thing in things for pattern, form in kinds)
    heads = (_NAMED_ONE.sub(thing.split()[-1], question, count=1) for thing in things)
    return [*dict.fromkeys(each for each in [*written, *heads] if each != question)]


def head_terms(about: str) -> frozenset[str]:
    """The terms of the nouns that a question may be about: "bridge" of "How long is the bridge over the Varn?"."""
    return frozenset(analyse(" ".join(_WHOSE.split(thing)[0].split()[-1] for thing in _things(about))))


def _things(about: str) -> list[str]:
    """What an earlier question is about, with and without a last word that may be its verb."""
    subject = _SUBJECT.search(about)
    if not subject:
        return []
    ends = _ENDS.match(about, subject.end()) is not None
    thing, last = subject["thing"], subject["kind"] or (ends and not subject["whose"] and subject["second"])
    return [thing, *([thing.removesuffix(last)] if last else [])]


def _of_another(thing: str, about: str, *, is_name: bool) -> list[str]:
    """The earlier question on another thing: a name in the place of the last one, or else what may stand for it."""
    kinds = ["name"] if thing[0].isupper() else ["two", "one"]
    if only_stop_words(thing) or (is_name and not thing[0].isupper()):
        return []
    places = [found for found in _THING.finditer(about) if found[kinds[0]]][-1:]
    again = (f"{about[: found.start(kind)]}{thing}{about[found.end(kind) :]}" for found in places for kind in kinds)
    return [*dict.fromkeys(again)]


def _said_by_user(history: Sequence[Turn]) -> list[str]:
    for turn in history:
        said = (turn.get("role"), turn.get("content")) if isinstance(turn, Mapping) else ("", "")
        if said[0] not in ("user", "assistant") or not isinstance(said[1], str):
            raise QueryError(
                f'history: {shortened(repr(turn))} is not {{"role": "user" or "assistant", "content": text}}'
            )
    return [turn["content"] for turn in history if turn["role"] == "user" and turn["content"].strip()]
