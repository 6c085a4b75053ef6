"""What a turn wants that is no question to the articles: a greeting, help, which articles there are, a summary of one.

Rules for whole turns, mostly English: whatever else stands in a turn makes it a question, as in "How many articles does
the constitution have?". Case, signs, accents, "please" and drawn-out letters do not count.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from pincite.analysis.terms import UNITS

Kind = Literal["hello", "thanks", "bye", "help", "catalogue", "news", "summary"]

_LONGEST = 300
"""Characters of a turn from which on it is a question: no rule is that long, but a title may be."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a turn wants.

    Attributes:
        topic: what the article to be summarised is about, as it was typed; empty where only what was said before tells.
            Of the catalogue the folder or the time whose articles are asked for; empty where all are.
        sure: an article is asked for; otherwise a title must fit the topic, or the turn is a question.
        most: how many articles are asked for, where that is said.
    """

    kind: Kind
    topic: str = ""
    sure: bool = True
    most: int | None = None


# ---------------------------------------------------------------- courtesy

_COURTESIES: dict[Kind | Literal["agreed", "along"], str] = {
    # What may stand behind a courtesy.
    "along": "there; pincite; again; all; everyone; everybody; folks; guys; friend; my friend; mate; buddy; bot; "
    "assistant; "
    "sir; madam; to you; and; oh; well; so; then; now; today; please; very much; so much; a lot; a bunch; a ton; "
    "a million; kindly; for now; for today; in advance; for that; for this; for everything; for it; for your help; "
    "indeed; for the quick answer; for your quick answer; for the quick reply; for your quick reply; for the help; "
    "for all your help; for helping; for helping me; for your time; for your answer; for the answer; "
    "for the answers; for the reply; for the info; for the information; for your support",
    # Asks nothing after an answer; before one, or with a question mark, "Nice?" may be the town.
    "agreed": "ok; okay; okey; k; kk; alright; all right; right; great; nice; cool; perfect; awesome; excellent; "
    "wonderful; "
    "fantastic; brilliant; super; good; very good; fine; got it; i see; understood; makes sense; thats great; "
    "that is great; thats perfect; thats good; good to know; great job",
    "hello": "hi; hii; hello; helo; hllo; hellow; hallo; hullo; hey; heyy; heya; hiya; hya; howdy; yo; sup; greetings; "
    "hi hi; good morning; good afternoon; good evening; good day; goodmorning; good mornin; gm; how are you; "
    "how are u; how r u; how are you doing; hows it going; how is it going; how do you do; whats up; what is up; "
    "wassup; nice to meet you; pleased to meet you; are you there; anyone there; anybody there; is anybody there; "
    "is anyone there; hallo zusammen; guten tag; guten morgen; guten abend; moin; moin moin; servus; grüß gott; "
    "grüezi; bonjour; bonsoir; salut; coucou; hola; buenos dias; buenas tardes; buenas noches; ciao; buongiorno; "
    "buona sera; buonasera; ola; bom dia; boa tarde; boa noite; hej; hei; hoi; goedemorgen; goedemiddag; "
    "goedendag; привет; здравствуйте; добрый день; доброе утро; добрый вечер; cześć; dzień dobry; merhaba; selam; "
    "नमस्ते; नमस्कार; xin chao; γεια σου; γεια σας; καλημέρα; 你好; 您好; 你好吗; 你好啊; 大家好; 嗨; 哈喽; "
    "早上好; 下午好; 晚上好; 早安; こんにちは; おはよう; おはようございます; こんばんは; 안녕; 안녕하세요; مرحبا; "
    "مرحباً; اهلا; أهلا; السلام عليكم; صباح الخير; مساء الخير; שלום",
    "thanks": "thanks; thank you; thankyou; thank u; thank ya; thx; thnx; tnx; thanx; thks; tks; thnks; thansk; "
    "tahnks; ty; "
    "tysm; tyvm; appreciate it; that was very helpful; that was great; many thanks; a million thanks; "
    "thanks a lot; thanks a million; no thanks; no thank you; cheers; much appreciated; i appreciate it; "
    "i appreciate that; appreciated; that helps; that helped; that was helpful; that is helpful; thats helpful; "
    "very helpful; well done; good job; great answer; good answer; danke; danke schön; danke sehr; vielen dank; "
    "dankeschön; besten dank; merci; merci beaucoup; merci bien; gracias; muchas gracias; grazie; grazie mille; "
    "obrigado; obrigada; muito obrigado; muito obrigada; takk; tusen takk; tak; tack så mycket; dank je; dank u; "
    "dank je wel; bedankt; kiitos; спасибо; спасибо большое; большое спасибо; благодарю; dziękuję; dzięki; děkuji; "
    "teşekkürler; teşekkür ederim; धन्यवाद; शुक्रिया; cam on; ευχαριστώ; 谢谢; 谢谢你; 谢谢您; 谢谢啦; 多谢; 感谢; "
    "非常感谢; 謝謝; 謝謝你; 謝謝您; ありがとう; ありがとうございます; どうもありがとう; 감사합니다; 고마워; "
    "고맙습니다; شكرا; شكراً; شكرا جزيلا; شكرا لك; תודה; תודה רבה",
    "bye": "bye; bye bye; byebye; byee; bai; goodbye; good bye; goodby; see you; see ya; see u; cya; see you later; "
    "see ya later; see you soon; see you tomorrow; see you around; talk to you later; ttyl; until next time; "
    "good night; goodnight; take care; have a nice day; have a good day; have a great day; have a lovely day; "
    "have a good one; have a nice evening; have a good evening; have a nice weekend; have a good weekend; "
    "thats all; thats all for now; thats all for today; that is all; that will be all; im done; tschüss; tschüß; "
    "tschau; auf wiedersehen; bis bald; bis später; gute nacht; au revoir; à bientôt; à plus tard; adieu; "
    "bonne journée; bonne nuit; adios; hasta luego; hasta pronto; hasta mañana; arrivederci; buona notte; tchau; "
    "até logo; adeus; hej då; tot ziens; doei; dag; до свидания; пока; do widzenia; güle güle; 再见; 再見; 拜拜; "
    "回头见; 晚安; さようなら; じゃあね; またね; 안녕히 가세요; 안녕히 계세요; مع السلامة; وداعا; إلى اللقاء; "
    "להתראות",
}
"""What is said without asking anything, apart by semicolons."""


def _words(text: str) -> list[tuple[str, int, int]]:
    """The words of a text in one spelling each, with the range of characters that each stands at."""
    found = []
    for match in re.finditer(r"\w+(?:['’‘`]\w+)*", text):
        plain = unicodedata.normalize("NFKD", re.sub("['’‘`]", "", match[0]).casefold())
        plain = "".join(char for char in plain if not unicodedata.combining(char))
        plain = re.sub(r"([a-z])\1{2,}", r"\1", "".join(plain.split()))
        found.append((plain, match.start(), match.end()))
    return found


_PHRASES = {
    " ".join(word for word, *_ in _words(phrase)): kind
    for kind, phrases in _COURTESIES.items()
    for phrase in phrases.split(";")
}
_MOST_WORDS = max(phrase.count(" ") + 1 for phrase in _PHRASES)


def _courtesy(words: list[str], *, later: bool) -> Kind | None:
    """The farthest-reaching courtesy of a turn that is made of nothing else: "Thanks, bye!" is a goodbye."""
    said, at = set[str](), 0
    while at < len(words):
        sizes = (size for size in range(_MOST_WORDS, 0, -1) if " ".join(words[at : at + size]) in _PHRASES)
        size = next(sizes, 0)
        kind = _PHRASES.get(" ".join(words[at : at + size]))
        if kind is None or (kind == "along" and not said):
            return None
        said.add(kind)
        at += size
    kinds: tuple[Kind, ...] = ("bye", "thanks", "hello")
    return next((kind for kind in kinds if kind in said), "thanks" if later and "agreed" in said else None)


# ---------------------------------------------------------------- requests

_BEFORE = re.compile(
    r"^(?:(?:please|pls|plz|kindly|hey|hi|hello|ok|okay|thanks|so|and|now|just|pincite|"
    r"(?:can|could|would|will) you|(?:can|could|may) i (?:see|have|get)|(?:tell|show) me|"
    r"(?:i want|i need|i would like|id like)(?: you)? to(?: see| have| get| know)?) )*"
)
_AFTER = frozenset(["please", "pls", "plz", "pincite", "thanks", "thx"])
_ITSELF = frozenset(f"{word} pincite" for word in ("is", "whats", "use", "in", "with", "made", "built", "wrote"))
"""Where "Pincite" is no mere address."""

_PLURAL = r"(?:articles|documents|docs|files|texts)"
_LIBRARY = r"(?:(?:this|your|the) (?:index|library|collection|corpus|knowledge base|database|system)|pincite)"
_HERE = rf"(?:(?:in |inside |within )?(?:here|{_LIBRARY})|there)"
_HAVE = (
    r"(?:do you (?:have|hold|know|cover|contain|search|see|read|use)(?: access to| of| about(?! (?:the|this|your) ))?|"
    r"have (?:you|we)(?: got)?|do (?:we|i) have(?: access to)?|are you (?:using|based on)|"
    r"can you (?:search|read|see|access|use|find|answer from)|"
    r"can (?:i|we) (?:read|search|see|find|ask)(?: about(?! (?:the|this|your) ))?|"
    rf"does {_LIBRARY} (?:have|hold|contain|cover|know)|are|exist|"
    r"(?:you|we) (?:have|know)|there are)"
)
_TAIL = (
    rf"(?: (?:{_HERE}|in total|in all|altogether|all together|at all|right now|currently|available|indexed|exactly))*"
)
_ALL = rf"(?:all(?: of)? )?(?:the |your |our |these )?(?:available |indexed )?{_PLURAL}"
_EACH = rf"(?:{_ALL}|(?:every|each) (?:article|document|file|text))"
_A_LIST = r"(?:the |a |an )?(?:full |complete |short )?(?:list|titles|names|overview|catalogue|catalog|summary) of "
_GIVE = r"(?:list|show|give|name|print|display|enumerate|tell|get|see|view|browse)(?: me| us)?"

_CATALOGUE = re.compile(
    rf"how many (?:different )?(?:{_PLURAL}|article|document)(?: {_HAVE})?{_TAIL}"
    rf"|(?:(?:what is|whats) )?(?:the )?(?:total )?(?:number|count) of {_ALL}{_TAIL}|count {_ALL}"
    rf"|(?:{_GIVE} )?(?:{_A_LIST})?{_EACH}(?: titles)?(?: (?:that |which )?{_HAVE})?{_TAIL}"
    rf"|(?:list|show)(?: me)? (?:all|everything|what you have|what(?:s| is) {_HERE}){_TAIL}"
    rf"|table of contents|article list|(?:list|give me) (?:all )?(?:the )?titles|how (?:big|large) is {_LIBRARY}"
    r"|(?:what|which) (?:sources|data|titles) do you (?:have|use|know)"
    rf"|summari[sz]e (?:everything|{_ALL})"
    rf"|(?:what|which)(?: (?:kinds?|sorts?|types?) of)?(?: other| all)? {_PLURAL} {_HAVE}{_TAIL}"
    rf"|what(?: are|s| is) (?:your (?:{_PLURAL}|sources)|(?:in|inside) (?:here|{_LIBRARY}))"
    rf"|what (?:topics?|subjects?|themes?) (?:{_HAVE}|can (?:i|you) (?:ask|answer|talk)(?: you)?(?: about)?){_TAIL}"
    r"|what (?:do you (?:have|know)|have you(?: got)?|can you tell me)(?: about)?(?: (?:in )?here)?"
    r"|what can i (?:read|find|search)(?: (?:in )?here)?|what is there to read(?: here)?"
    rf"|what (?:are|is)(?: all)?(?: of)? (?:(?:the|these|your|all) {_PLURAL}|{_LIBRARY})(?: all)? about"
    rf"|what do (?:the|these|your) {_PLURAL} (?:say|contain|cover|talk about|deal with)"
    rf"|(?:(?:do|have) you(?: have| got)?|are there)(?: any| some)? {_PLURAL}{_TAIL}"
)

_TIME = r"(?:(?:\d{1,2}\.? )?[A-Za-z]{3,9} )?(?:19|20)\d\d(?:-\d\d){0,2}"
_SOME = re.compile(
    rf"\W*+(?:please )?(?:{_GIVE} )?(?:(?:which|what|how many|all|the|of) ){{0,3}}{_PLURAL}"
    rf"(?: (?:that |which )?(?:{_HAVE}|are there|were|lie|is))?(?: (?:written|published|dated))? "
    r"(?:(?:in|under|inside|of|from) (?:the )?"
    r"(?:(?:sub)?(?:folder|directory) (?P<folder>[^?]*\w)|(?P<named>[^?]*\w[\"'”’]?) (?:folder|directory))"
    rf"|(?:in|of|from) (?P<time>{_TIME}))(?: {_HAVE}{_TAIL})?\W*",
    re.IGNORECASE,
)
"""Asks for the articles in a folder or of a time."""

_NUMBERS = {word: number for number, word in enumerate([*UNITS, "ten"], 1)}
_MOST = rf"\d{{1,2}}|{'|'.join(_NUMBERS)}"
_NOW = r"(?:latest|newest|most recent|recent|new)"
_NEWS = re.compile(
    rf"(?:what(?: is|s)|anything|is there anything|got anything) new(?: {_HERE}| today)?"
    r"|(?:(?:what is|whats|any|tell me|give me|show me) )?(?:the )?(?:latest |recent )?news"
    rf"|(?:(?:what are|what is|whats|which are|which is|what|which|any|{_GIVE}) |(?:do you have|are there)(?: any)? )?"
    rf"(?:the |your )?(?:{_NOW}(?: (?P<n>{_MOST}))?|(?P<m>{_MOST}) (?:{_NOW}|last)|last (?P<o>{_MOST})) "
    rf"(?:{_PLURAL}|article|document)(?: (?:that )?{_HAVE})?{_TAIL}"
    rf"|(?:what|which) (?:{_PLURAL} are|(?:article|document) is) (?:the )?{_NOW}"
    r"|what (?:was|has been|is) (?:(?:recently|newly|last|just) added|(?:added|published) (?:last|recently|lately))"
    rf"|(?:what are )?the {_NOW} additions"
    rf"|(?:recently|newly|last) added(?: {_PLURAL})?"
)

_HELP = re.compile(
    r"(?:get |i need |i need some |give me |some )?help(?: me)?(?: out)?"
    r"|what (?:all )?(?:(?:can|do|could) you|you can|can pincite|are you able to) do(?: for me| here)?"
    r"|what are your (?:capabilities|features)|who am i talking to|is this an? (?:chat ?)?(?:bot|ai|human|person)"
    r"|(?:what|how) can you help(?: me)?(?: with)?|what(?: (?:kinds?|sorts?) of (?:questions|things)| questions)? "
    r"(?:can|could|should|may) i ask(?: you)?(?: about)?(?: (?:in )?here)?"
    r"|what can i do (?:here|with (?:this|you|pincite))"
    r"|how (?:do|can|should|could|to)(?: i| we| one)? (?:use (?:you|pincite)|ask(?: you)?(?: a)?(?: questions?)?)"
    r"|how do you work|how does pincite work|(?:who|what) (?:are you|is pincite)|whats pincite"
    r"|(?:what is|whats) your (?:name|purpose|job)"
    r"|who (?:made|built|wrote) (?:you|pincite)|introduce yourself|about yourself"
    r"|are you (?:an? )?(?:real |artificial )?"
    r"(?:bot|chatbot|robot|human|person|ai|llm|machine|language model|assistant|real|chatgpt|gpt|intelligence)"
)

_ONE = r"(?:article|document|doc|text|file|paper|report|story|post)"
_ABOUT = r"(?:(?:that is |which is )?(?:about|on|titled|called|named|entitled|with the title|concerning|regarding))"
_GIST = r"(?:summary|synopsis|outline|abstract|gist|digest|recap|overview)"
_SUMMARY = re.compile(
    r"(?:summari[sz]e|sum up|tldr|tl dr"
    r"|(?:(?:give|write|show|make|provide)(?: me| us)?(?: with)? |i (?:want|need|would like) |id like |what(?: is|s) )?"
    rf"(?:an? |the )?(?:short |brief |quick |concise )?{_GIST}(?: (?:of|for|on|about)|$)"
    r"|(?:(?:what are|whats|what is|give me) )?(?:the )?"
    r"(?:main|key) (?:points?|sentences|ideas?|messages?) (?:of|in))"
    rf"(?: (?:(?:the|this|that|your) )?(?P<noun>{_ONE})(?: {_ABOUT})?)?(?P<topic>(?: \w+)*?)(?: (?P<behind>{_ONE}))?"
    rf"|what does the {_ONE} {_ABOUT}(?P<said>(?: \w+)+) say|what is the {_ONE}(?: {_ABOUT})?(?P<told>(?: \w+)+) about"
)
_BARE = frozenset(["summarise", "summarize", "summary", "tldr"])
"""Words that alone ask for a summary; "outline" may be looked for."""

_GOES_ON: dict[Kind, re.Pattern[str]] = {
    "news": re.compile(r"(?:what(?:s| is) )?the (?:latest|newest)"),
    "catalogue": re.compile(
        r"what (?:are (?:they|these|those|all of them)(?: all)?|is (?:this|it)(?: all)?) about"
        r"|how many (?:are there|do you have)"
    ),
    "help": re.compile(
        r"how does (?:this|it|this (?:thing|tool|program|app|chat|bot|chatbot|assistant|page|site|website)) work"
        r"|what can (?:this|it) do|what(?: is|s) this(?: place| thing)?"
        r"|how (?:do|can|should|could|to)(?: i| we| one)? use (?:this|it)"
    ),
}
"""What asks about the subject of the turns before it, where they have one."""
_REQUESTS: dict[Kind, re.Pattern[str]] = {"catalogue": _CATALOGUE, "news": _NEWS, "help": _HELP}
_PRONOUNS = frozenset(["it", "this", "that", "them", "these", "those", "the"])
_NO_NAMES = _PRONOUNS | {"a", "an", "any", "my", "our", "your"}
"""What stands before "folder" and names none."""


def intent(turn: str, *, later: bool = False, about: bool = False) -> Intent | None:
    """What a turn wants other than an answer from the articles; None where it is a question to them.

    Args:
        turn: as typed.
        later: something was said before it, so that "Great!" may speak of that.
        about: what was said before it has a subject, so that "How does it work?" may ask about that.
    """
    words = _words(turn) if len(turn) <= _LONGEST else []
    spelled = [word for word, *_ in words]
    if kind := _courtesy(spelled, later=later and not turn.rstrip().endswith(("?", "？"))):
        return Intent(kind)
    while spelled and spelled[-1] in _AFTER and " ".join(spelled[-2:]) not in _ITSELF:
        spelled.pop()
    text = _BEFORE.sub("", " ".join(spelled), count=1)
    for kind, pattern in [*_REQUESTS.items(), *([] if about else _GOES_ON.items())]:
        if found := pattern.fullmatch(text):
            most = next(filter(None, found.groupdict().values()), None)
            return Intent(kind, most=most and int(_NUMBERS.get(most, most)))
    if len(turn) <= _LONGEST and (some := _SOME.fullmatch(" ".join(turn.split()))):
        topic = next(filter(None, some.groups())).strip("\"'“”‘’")
        return Intent("catalogue", "" if topic.lower() in _NO_NAMES else topic)
    return _summary(turn, words[len(spelled) - len(text.split()) :], text)


def _summary(turn: str, words: list[tuple[str, int, int]], text: str) -> Intent | None:
    """What of a turn is to be summarised; ``text`` is what its words spell, without those that are only polite."""
    found = _SUMMARY.fullmatch(text)
    if found is None or (" " not in text and text not in _BARE):
        return None
    asked = next((name for name in ("said", "told") if found[name]), "topic")
    start, end = found.span(asked)
    first, last = len(text[:start].split()), len(text[:end].split())
    if _PRONOUNS.issuperset(text[start:end].split()):
        return Intent("summary")
    sure = asked != "topic" or bool(found["noun"] or found["behind"])
    return Intent("summary", turn[words[first][1] : words[last - 1][2]], sure)
