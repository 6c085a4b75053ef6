"""Which language a question is in that the default models did not learn: they learnt from English.

Told by its function words, of which even short questions have some; names and nouns go from language to language.
"""

from __future__ import annotations

from collections import Counter

from pincite.analysis.terms import is_stop_word
from pincite.names import folded

_WORDS = {
    "German": "wer wie wann wo warum wieviel welche welcher welches der die das den dem des ein eine einen einem wurde "
    "wird ist sind war waren hat hatte haben und oder nicht von mit auf fur aus bei nach uber zum zur im "
    "es gibt",
    "French": "qui que quoi quand ou pourquoi combien quel quelle quels quelles le la les un une des du de au aux "
    "est sont etait a-t-il avec pour dans sur par et pas ce cette ces ont",
    "Spanish": "quien que cuando donde como cuanto cuantos cual cuales por el la los las un una unos del de al es "
    "son fue era con para en y no se hay esta",
    "Italian": "chi che cosa quando dove perche quanto quanti quale quali il lo la gli le un una del della dei di da "
    "al e sono era con per nel nella si",
    "Portuguese": "quem que quando onde como porque quanto quantos qual quais o os as um uma do da dos das de em no na "
    "e sao foi era com para por",
    "Dutch": "wie wat wanneer waar waarom hoe hoeveel welke welk het een van werd wordt zijn waren heeft had met "
    "voor op uit bij naar niet ook deze er",
    "Swedish": "vem vad nar var varfor hur mycket manga vilken vilket vilka en ett och ar som fran med till pa av "
    "inte det den blev",
    "Danish or Norwegian": "hvem hva hvad nar hvornar hvor hvorfor hvordan hvilken hvilke mange meget en et og er som "
    "fra med til pa av af ikke det den ble blev",
    "Polish": "kto co kiedy gdzie dlaczego jak ile ktory ktora ktore jest sa byl byla bylo i w na z do nie sie od po",
    "Finnish": "kuka mika milloin missa miksi miten kuinka mitka on ovat oli ja ei se ne tai",
    "Turkish": "kim ne zaman nerede neden nasil hangi kac mi bir ve bu ile icin ne",
}
_LANGUAGES = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_ANY = frozenset[str]().union(*_LANGUAGES.values())

_ASK = (
    "wer wie wann warum wieviel welche welcher welches qui quand ou pourquoi combien quel quelle quels quelles quien "
    "cuando donde cuanto cuantos cual cuales chi cosa quando dove perche quanto quanti quale quali quem onde "
    "porque quantos qual quais wat wanneer waar waarom hoe hoeveel welk vem vad nar varfor hur vilken vilket vilka "
    "hvem hva hvad hvornar hvor hvorfor hvordan hvilken hvilke kto kiedy gdzie dlaczego ktory ktora ktore kuka mika "
    "milloin missa miksi miten kuinka nerede neden nasil hangi"
)
"""Words that ask; without those that are names as well, such as Che, Como, Kim and Var."""
_QUESTIONS = frozenset(_ASK.split())

_LEAST = 2
"""Function words that have to be there: one may be part of a name, as in "la Paz", but hardly a word that asks and
begins a question with an accent, as in "Wann öffnet Borre?"."""


def other_language(text: str) -> str | None:
    """The language of a text in Latin letters where that is not English; None where it is, or cannot be told."""
    words = [word.strip(".,;:!?¿¡()\"'«»„“”") for word in folded(text).split()]
    found = Counter(language for word in words for language, own in _LANGUAGES.items() if word in own)
    ((language, count),) = found.most_common(1) or [("", 0)]
    english = any(is_stop_word(word) and word not in _ANY for word in words)
    accented = any(each.isalpha() and folded(each) != each for each in text.casefold())
    asks = text.rstrip().endswith("?") and words[0] in _QUESTIONS & _LANGUAGES.get(language, frozenset())
    least = 1 if asks and accented else _LEAST
    return language if count >= least and not english else None
