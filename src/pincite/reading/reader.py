"""The reader: a small cross-encoder that reads question and passage together and says which sentences answer.

It is no part of finding: it gets passages that were found, and gives evidence for each of their sentences and for the
words in them that answer. Its weights are 8-bit ONNX, made by ``scripts/train_reader.py``; ``docs/reader.md`` says from
what, and how well it reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pincite.analysis.sentences import sentence_spans
from pincite.datatypes import Span, digest_of
from pincite.errors import ReaderError
from pincite.retrieval.onnx_export import session
from pincite.settings import DEFAULT_READER

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Floats = npt.NDArray[np.float32]

QUESTION_TOKENS = 128
"""Of a longer question the last tokens are read: what is pasted above a question comes first."""

CONTEXT_TOKENS = 32
"""Of title and heading."""

WINDOW_TOKENS = 256
"""Of the passage in one row; a longer one is read in windows that overlap by a quarter."""

ANSWER_TOKENS = 24
"""The longest run of words that is taken for the answer within a sentence."""

FEATURES = 5
"""How many weights the constants have: one for each of `pincite.reading.quotes.Sentence.features`."""

MODEL, VOCABULARY, FACTS = "reader.onnx", "vocab.txt", "reader.json"
FORMAT = 1

_CLS, _SEP = 101, 102
_WITHOUT = "answer without it by Settings(reader=None) or --reader none"


class Window(NamedTuple):
    """One row for the model: the question and a part of a passage.

    Attributes:
        ids: its tokens.
        question: how many of them come before the context and the passage.
        first: the place in ``ids`` of the first token of the passage.
        tokens: the range of the passage's tokens that the row holds.
    """

    ids: list[int]
    question: int
    first: int
    tokens: Span


def windows(question: Sequence[int], context: Sequence[int], passage: Sequence[int]) -> list[Window]:
    """The rows in which a passage is read; all three arguments are ids of tokens, without special ones."""
    asked = [_CLS, *question[-QUESTION_TOKENS:], _SEP]
    head = [*asked, *context[:CONTEXT_TOKENS]]
    starts = range(0, max(1, len(passage) - WINDOW_TOKENS // 4), WINDOW_TOKENS * 3 // 4)
    pieces = [(start, passage[start : start + WINDOW_TOKENS]) for start in starts]
    return [
        Window([*head, *piece, _SEP], len(asked), len(head), (start, start + len(piece))) for start, piece in pieces
    ]


def sentence_tokens(offsets: Sequence[Span], sentences: Sequence[Span]) -> list[Span]:
    """The range of tokens of each sentence; both given as ranges of characters of one text, in order."""
    starts = np.array([start for start, _ in offsets], np.int64)
    return [(int(np.searchsorted(starts, a)), int(np.searchsorted(starts, b))) for a, b in sentences]


def last_sentences(text: str, characters: int) -> str:
    """The end of a long text in up to so many characters: from its last questions on, or else its last sentences.

    Args:
        text: what was asked.
        characters: 1 or more.
    """
    end = text[-characters:]
    spans = sentence_spans(end)
    asks = [end[start:stop].endswith(("?", "？")) for start, stop in spans]
    if not any(asks):
        return end[spans[1][0] :] if len(spans) > 1 else end
    first = len(asks) - 1 - asks[::-1].index(True)
    while first and asks[first - 1]:  # "How much honey does a hive need? Any idea?"
        first -= 1
    return end[spans[first][0] :]


class Text(NamedTuple):
    """A passage to read; sentences are ranges of characters in ``text``.

    Attributes:
        context: the title and the heading it stands under.
    """

    context: str
    text: str
    sentences: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader says of one passage.

    Attributes:
        sentences: for each sentence the evidence that it answers: the logit of the sentence plus the mean of those of
            its likeliest first and last word; float32 of shape (sentences,), minus infinity for one without words.
        answers: for each sentence the range of characters, in the passage's text, of the words that answer best.
    """

    sentences: Floats
    answers: tuple[Span, ...]


class Reader:
    """Reads passages for a question. Safe to use from several threads.

    Args:
        name: ``default``, or the folder of another reader as ``scripts/train_reader.py`` writes it.

    Raises:
        ReaderError: the folder holds no reader, or one that is not what was written.
    """

    def __init__(self, name: str = DEFAULT_READER) -> None:
        folder = Path(__file__).parent / "weights" if name == DEFAULT_READER else Path(name)
        self._facts = _checked(folder)
        self._tokenizer = _tokenizer(folder / VOCABULARY)
        self._session = session(folder / MODEL)

    @property
    def constants(self) -> dict[str, Any]:
        """What the script fitted for these weights; `pincite.reading.quotes.Constants` says what each is."""
        return dict(self._facts["constants"])

    def question_read(self, question: str) -> str:
        """The part of a question that is read: all of it, or the last sentences of one that is too long."""
        encoded = self._encoded(question)
        if len(encoded.ids) <= QUESTION_TOKENS:
            return question
        return last_sentences(question, len(question) - encoded.offsets[-QUESTION_TOKENS][0])

    def read(self, question: str, texts: Sequence[Text]) -> list[Reading]:
        """Evidence from each of ``texts``, in their order.

        Args:
            question: in natural language; of a long one the end is read (`question_read`).
            texts: the passages.
        """
        asked = self._encoded(question).ids
        return [self._read(asked, text) for text in texts]

    def _encoded(self, text: str) -> Encoding:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _read(self, asked: Sequence[int], text: Text) -> Reading:
        tokens = self._encoded(text.text)
        sums, counts = np.zeros((len(tokens.ids), 3), np.float32), np.zeros((len(tokens.ids), 1), np.float32)
        for window in windows(asked, self._encoded(text.context).ids, tokens.ids):
            sums[slice(*window.tokens)] += self._logits(window)
            counts[slice(*window.tokens)] += 1
        return _reading(text, tokens.offsets, (sums / np.maximum(counts, 1)).astype(np.float32))

    def _logits(self, row: Window) -> Floats:
        """The three logits of each token of the passage: of its sentence, and of an answer that begins or ends with it.

        One row at a time: eight-bit activations are scaled by the largest of their batch, so that what is said of a
        passage would depend on those beside it.
        """
        ids = np.array([row.ids], np.int64)
        segments = np.zeros_like(ids)
        segments[0, row.question :] = 1
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": segments}
        return np.asarray(self._session.run(None, inputs)[0][0, row.first : -1], np.float32)


def _reading(text: Text, offsets: Sequence[Span], logits: Floats) -> Reading:
    scores, answers = [], []
    for (start, end), sentence in zip(sentence_tokens(offsets, text.sentences), text.sentences, strict=True):
        if start == end:
            scores.append(-np.inf)
            answers.append(sentence)
            continue
        first, last = _best_run(logits[start:end, 1], logits[start:end, 2])
        words = (logits[start + first, 1] + logits[start + last, 2]) / 2
        scores.append(float(logits[start:end, 0].mean() + words))
        answers.append((offsets[start + first][0], offsets[start + last][1]))
    return Reading(np.array(scores, np.float32), tuple(answers))


def _best_run(firsts: Floats, lasts: Floats) -> tuple[int, int]:
    """The first and last token of the likeliest answer of up to `ANSWER_TOKENS`."""
    sums = firsts[:, np.newaxis] + lasts[np.newaxis, :]
    allowed = np.triu(np.ones_like(sums)) * np.tril(np.ones_like(sums), ANSWER_TOKENS - 1)
    first, last = np.unravel_index(int(np.where(allowed, sums, -np.inf).argmax()), sums.shape)
    return int(first), int(last)


# ---------------------------------------------------------------- the files


@cache
def opened(name: str) -> Reader:
    """The reader of this name, loaded once in a process.

    Raises:
        ReaderError: as `Reader`.
    """
    return Reader(name)


def _checked(folder: Path) -> dict[str, Any]:
    """What the files say of themselves, once they are what was written."""
    try:
        facts = dict(json.loads((folder / FACTS).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ReaderError(f"{folder}: no reader there ({FACTS}: {error}); {_WITHOUT}") from error
    if facts.get("format") != FORMAT:
        raise ReaderError(f"{folder}: a reader of format {facts.get('format')}, not {FORMAT}; {_WITHOUT}")
    try:
        constants = facts["constants"]
        numbers = [float(constants[name]) for name in ("bias", "score_weight", "part")]
        numbers += map(float, constants["weights"])
        digests = {name: facts["sha256"][name] for name in (MODEL, VOCABULARY)}
    except (KeyError, TypeError, ValueError) as error:
        raise ReaderError(f"{folder / FACTS}: not what export and calibrate write ({error!r}); {_WITHOUT}") from error
    if len(constants["weights"]) != FEATURES or not np.isfinite(numbers).all():
        mend = "run `scripts/train_reader.py` export and calibrate"
        raise ReaderError(f"{folder / FACTS}: its constants are not {FEATURES} finite weights: {mend}, or {_WITHOUT}")
    for name, digest in digests.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise ReaderError(f"{folder / name}: missing or not what was written (SHA-256); reinstall, or {_WITHOUT}")
    return facts


def _tokenizer(vocabulary: Path) -> Tokenizer:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer

    words = vocabulary.read_text("utf-8").splitlines()
    tokenizer = Tokenizer(WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(lowercase=True), BertPreTokenizer()
    return tokenizer
