"""Train the reader: from questions with marked answers to the weights that ship.

    python scripts/train_reader.py candidates QUESTIONS WORK    passages of all texts, hard negatives for the questions
    python scripts/train_reader.py train WORK [--sources ...]   learn; writes WORK/<name>.pt and a log of its measures
    python scripts/train_reader.py average WORK --of NAME...    the mean of the weights kept on the way
    python scripts/train_reader.py export WORK                  8-bit ONNX into the package
    python scripts/train_reader.py calibrate WORK               the constants of confidence and quotes

QUESTIONS is a ``.jsonl.gz`` of ``source, question, title, text, answers`` ([start, end) in the text; none: the text
does not answer). What ``candidates`` makes is kept in WORK. Texts are divided and searched by Pincite itself, so that
the reader learns from what it will meet. A 25th of the texts is held out for stopping and for the constants.

A question is learnt in groups of rows, each a question with one passage:

- the passage that answers, with passages of other texts that the index finds for the question, or of the same text;
- the same passage without the sentences that answer: nothing answers then (a near miss);
- a text whose annotators found no answer;
- some are asked otherwise: see `ELSEWHERE` and what stands beside it.

In each group one softmax over all sentences and a "none of them" decides which answers (after Clark and Gardner,
2018, "Simple and effective multi-paragraph reading comprehension"), each sentence is judged by itself as well, and two
more softmaxes find the first and last word of the answer.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import hashlib
import json
import math
import pickle
import random
import re
import shutil
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from onnx import TensorProto
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional
from transformers import AutoModel

from pincite import Hit, Index, Settings
from pincite.analysis.terms import only_stop_words
from pincite.datatypes import Document, Span, digest_of
from pincite.evaluation.measures import auroc
from pincite.index import Ranking
from pincite.ingest.chunking import divide
from pincite.reading.quotes import Constants
from pincite.reading.reader import FACTS, FEATURES, FORMAT, MODEL, VOCABULARY, sentence_tokens, windows
from pincite.retrieval.embedding import SentenceTransformerEmbedder, find_model
from pincite.settings import DEFAULT_MODEL, DEFAULT_THRESHOLD

TARGET = Path(__file__).parent.parent / "src" / "pincite" / "reading" / "weights"

MINED = {"qed": 3, "selqa": 2, "squadshifts_wiki": 2}
"""Sources whose questions do not presume their text, and how many hard negatives each of them is learnt with."""

SHARE = {"squadshifts_reddit": 0.3, "squadshifts_amazon": 0.3, "subjqa": 0.2, "policyqa": 0.5}
"""Sources of which only a part is learnt: their questions are alike, and people ask others."""

NEAR_MISSES, ELSEWHERE, ALTERED, PAIRED, TOPICAL = 0.4, 0.15, 0.25, 0.05, 0.06
"""The shares of questions that are also learnt otherwise: with their answer taken out; over other texts alone; with a
word altered, so that nothing answers; joined with the question before; as a mention of what a sentence is about."""

TOPICS = ("What is said about {}?", "What about {}?", "What does the article say about {}?", "Tell me about {}.", "{}")

SCORE_WEIGHT = 4.0
"""As in `pincite.reading.quotes.Constants`: the first sentence is right as often for 3 to 4, less often beyond."""

SURE, WORDS = (0, 2, 3, 4), (1,)
"""Which features of a sentence count where it is read, and which is that of its words alone; see
`pincite.reading.quotes.Sentence`."""

HELD_OUT = 25
SEED = 7
ROWS_A_BATCH = 32


class Row(NamedTuple):
    """A question with one passage: tokens, sentences as ranges of them, and what is right.

    Attributes:
        segment: where the question ends in ``ids``.
        labels: for each sentence whether it answers.
        answer: first and last token of the answer, or None.
    """

    ids: list[int]
    segment: int
    sentences: list[Span]
    labels: list[int]
    answer: Span | None


class Piece(NamedTuple):
    """A passage for learning: offsets count in ``text``."""

    title: str
    text: str
    start: int
    sentences: tuple[Span, ...]


# ---------------------------------------------------------------- candidates


def text_id(row: dict[str, Any]) -> str:
    """Names a text."""
    return hashlib.sha256(f"{row['title']}\n{row['text']}".encode()).hexdigest()[:16]


def read_questions(path: Path) -> list[dict[str, Any]]:
    """All rows of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def candidates(questions: Path, work: Path) -> None:
    """Index the texts and keep, for each question, the passages of its own text and hard negatives."""
    rows = read_questions(questions)
    texts = {text_id(row): row for row in rows}
    pool = work / "pool"
    pool.mkdir(parents=True, exist_ok=True)
    with (pool / "corpus.jsonl").open("w", encoding="utf-8") as file:
        for name, row in texts.items():
            file.write(json.dumps({"id": name, "title": row["title"], "text": row["text"]}) + "\n")
    with Index.open(work / "index") as index:  # the constants are fitted on what it finds
        index.update(pool)
    embedder = SentenceTransformerEmbedder(DEFAULT_MODEL)
    divided = {name: _divided(name, row, embedder) for name, row in texts.items()}
    negatives = _negatives(rows, divided, embedder)
    made = {name: [piece for piece, _ in pieces] for name, pieces in divided.items()}
    with (work / "candidates.pickle").open("wb") as file:
        pickle.dump((rows, made, negatives), file)
    print(f"{len(rows)} questions, {len(texts)} texts, {sum(map(len, negatives.values()))} hard negatives")


def _divided(name: str, row: dict[str, Any], embedder: SentenceTransformerEmbedder) -> list[tuple[Piece, str]]:
    """The passages of a text, each with what is embedded of it."""
    document = Document(doc_id=name, title=row["title"], text=row["text"])
    return [
        (Piece(row["title"], p.text, p.start, tuple((a - p.start, b - p.start) for a, b in p.sentences)), embedded)
        for p, _, embedded in divide(document, embedder, Settings())
    ]


def _negatives(
    rows: Sequence[dict[str, Any]],
    divided: dict[str, list[tuple[Piece, str]]],
    embedder: SentenceTransformerEmbedder,
) -> dict[int, list[Piece]]:
    """For each question the five passages of other texts that are nearest to it and do not hold the answer's words."""
    names = [name for name, pieces in divided.items() for _ in pieces]
    pieces = [each for found in divided.values() for each in found]
    vectors = embedder.encode_document([embedded for _, embedded in pieces])
    mined = [i for i, row in enumerate(rows) if row["source"] in MINED and row["answers"]]
    found: dict[int, list[Piece]] = {}
    for i, asked in zip(mined, embedder.encode_query([rows[i]["question"] for i in mined]), strict=True):
        answers = [rows[i]["text"][a:b].casefold() for a, b in rows[i]["answers"]]
        own = text_id(rows[i])
        near = (int(k) for k in np.argsort(-(vectors @ asked))[:30])
        other = (pieces[k][0] for k in near if names[k] != own)
        found[i] = list(islice((p for p in other if not any(a in p.text.casefold() for a in answers)), 5))
    return found


def _is_held_out(name: str) -> bool:
    return int(name[:8], 16) % HELD_OUT == 0


# ---------------------------------------------------------------- rows


class Rows:
    """Turns questions and passages into rows."""

    def __init__(self) -> None:
        self._tokenizer = SentenceTransformerEmbedder(DEFAULT_MODEL)._tokenizer
        known = AutoModel.from_pretrained(str(find_model(DEFAULT_MODEL))).embeddings.word_embeddings.weight
        self._vectors = functional.normalize(known.detach()).numpy()
        names = [self._tokenizer.id_to_token(i) or "" for i in range(len(self._vectors))]
        self._whole = np.array([name.isascii() and name.isalpha() and len(name) > 2 for name in names])

    def row(self, question: str, piece: Piece, answers: Sequence[Span], *, taken_out: bool = False) -> Row | None:
        """One row; answers are ranges of the passage. With ``taken_out`` the sentences that answer are left out."""
        spans = list(piece.sentences)
        labels = [int(any(a < end and start < b for a, b in answers)) for start, end in spans]
        text = piece.text
        if taken_out:
            words = [text[a:b].casefold() for a, b in answers]
            kept = [s for s, label in zip(spans, labels, strict=True)
                    if not label and not any(w in text[slice(*s)].casefold() for w in words)]  # fmt: skip
            text, spans = _joined(text, kept)
            labels, answers = [0] * len(spans), ()
        if not spans:
            return None
        found = self._tokenizer.encode(text, add_special_tokens=False)
        window = windows(self._ids(question), self._ids(piece.title), found.ids)[0]
        kept_tokens = window.tokens[1]
        ranges = [(min(a, kept_tokens), min(b, kept_tokens)) for a, b in sentence_tokens(found.offsets, spans)]
        at = window.first
        answer = None
        if answers and any(labels):
            first, last = sentence_tokens(found.offsets, [answers[0]])[0]
            if first < last <= kept_tokens:
                answer = (first + at, last - 1 + at)
        return Row(window.ids, window.question, [(a + at, b + at) for a, b in ranges], labels, answer)

    def altered(self, question: str, text: str, chance: random.Random) -> str | None:
        """The question with one word that the text has changed for a word of its kind that the text does not have.

        Of its kind: their token vectors have a cosine of .3 to .6. Above that words often mean the same.
        """
        words = [word for word in re.findall(r"\w{3,}", question) if word.lower() in text.lower()]
        chance.shuffle(words)
        for word in words:
            at = self._tokenizer.token_to_id(word.lower())
            if at is None or only_stop_words(word):
                continue
            alike = self._vectors @ self._vectors[at]
            kind = np.flatnonzero((alike > 0.3) & (alike < 0.6) & self._whole)
            drawn = chance.sample(list(kind), min(4, len(kind)))
            other = [str(self._tokenizer.id_to_token(int(i))) for i in drawn]
            absent = [name for name in other if name not in text.lower()]
            if absent:
                return re.sub(rf"\b{re.escape(word)}\b", absent[0], question, count=1)
        return None

    def topic(self, piece: Piece, chance: random.Random) -> tuple[str, list[Span]] | None:
        """Two or three words that stand together in one or two sentences of a passage, and these sentences."""
        start, end = chance.choice(piece.sentences)
        words = list(re.finditer(r"\w[\w-]+", piece.text[start:end]))
        runs = [words[i : i + size] for size in (2, 3) for i in range(len(words) - size + 1)]
        chance.shuffle(runs)
        for run in runs:
            phrase = piece.text[start + run[0].start() : start + run[-1].end()]
            plain = all(len(m[0]) > 3 and m[0].isalpha() and not only_stop_words(m[0]) for m in run)
            inside = [s for s in piece.sentences if phrase.lower() in piece.text[slice(*s)].lower()]
            if plain and phrase == " ".join(m[0] for m in run) and len(inside) < 3:
                return phrase, inside
        return None

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids) if text else []


def _joined(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    made, ranges = "", []
    for start, end in spans:
        made += " " if made else ""
        ranges.append((len(made), len(made) + end - start))
        made += text[start:end]
    return made, ranges


def groups(
    kept: tuple[list[dict[str, Any]], dict[str, list[Piece]], dict[int, list[Piece]]],
    sources: Sequence[str],
    chance: random.Random,
    *,
    held_out: bool,
) -> list[list[Row]]:
    """Groups of rows, in random order."""
    rows, made, negatives = kept
    maker, found = Rows(), list[list[Row]]()
    before: tuple[dict[str, Any], Sequence[Piece]] | None = None
    for number, row in enumerate(rows):
        name = text_id(row)
        if row["source"] not in sources or _is_held_out(name) != held_out:
            continue
        if chance.random() > SHARE.get(row["source"], 1.0):
            continue
        found += _groups(maker, row, made[name], negatives.get(number, []), chance)
        if row["source"] in MINED and row["answers"]:
            found += _asked_otherwise(maker, row, made[name], negatives.get(number, []), chance)
            found += _paired(maker, before, (row, made[name]), chance) if before else []
            before = (row, made[name])
    chance.shuffle(found)
    return found


def _groups(
    maker: Rows, row: dict[str, Any], own: Sequence[Piece], negatives: Sequence[Piece], chance: random.Random
) -> list[list[Row]]:
    right, wrong = _answering(row, own)
    question = row["question"]
    if not right:
        return _without_none([[maker.row(question, piece, ()) for piece in wrong[:1]]])
    piece, answers = right[0]
    others = [*chance.sample(wrong, min(1, len(wrong))), *negatives[: MINED.get(row["source"], 0)]]
    made = [[maker.row(question, piece, answers), *(maker.row(question, each, ()) for each in others)]]
    if chance.random() < NEAR_MISSES:
        # A passage of another text stands beside it, so that the seam alone does not tell.
        beside = [maker.row(question, each, ()) for each in negatives[3:4]]
        made.append([maker.row(question, piece, answers, taken_out=True), *beside])
    return _without_none(made)


def _asked_otherwise(
    maker: Rows, row: dict[str, Any], own: Sequence[Piece], negatives: Sequence[Piece], chance: random.Random
) -> list[list[Row]]:
    right, _ = _answering(row, own)
    if not right:
        return []
    question, (piece, _) = row["question"], right[0]
    made = []
    if chance.random() < ELSEWHERE:
        made.append([maker.row(question, each, ()) for each in negatives[1:4]])
    if chance.random() < ALTERED and (altered := maker.altered(question, piece.text, chance)):
        made.append([maker.row(altered, each, ()) for each in (piece, *negatives[:1])])
    if chance.random() < TOPICAL and (topic := maker.topic(piece, chance)):
        phrase, places = topic
        asked = chance.choice(TOPICS).format(phrase)
        made.append([maker.row(asked, piece, places), *(maker.row(asked, each, ()) for each in negatives[:2])])
    return _without_none(made)


def _paired(
    maker: Rows,
    one: tuple[dict[str, Any], Sequence[Piece]],
    other: tuple[dict[str, Any], Sequence[Piece]],
    chance: random.Random,
) -> list[list[Row]]:
    """Two questions asked as one: a passage of each text answers its half."""
    if chance.random() >= PAIRED:
        return []
    asked = _joined_questions([one[0]["question"], other[0]["question"]])
    found = [right[0] for row, own in (one, other) if (right := _answering(row, own)[0])]
    return _without_none([[maker.row(asked, piece, answers) for piece, answers in found]])


def _joined_questions(questions: Sequence[str]) -> str:
    return ", and ".join([*(question.rstrip(" ?") for question in questions[:-1]), questions[-1]])


def _answering(row: dict[str, Any], own: Sequence[Piece]) -> tuple[list[tuple[Piece, list[Span]]], list[Piece]]:
    """The passages of a text that hold an answer, each with the answer's ranges, and those that hold none."""
    right: list[tuple[Piece, list[Span]]] = []
    wrong: list[Piece] = []
    for piece in own:
        if inside := _inside(piece, [(a - piece.start, b - piece.start) for a, b in row["answers"]]):
            right.append((piece, inside))
        else:
            wrong.append(piece)
    return right, wrong


def _without_none(found: Sequence[Sequence[Row | None]]) -> list[list[Row]]:
    groups = [[each for each in group if each] for group in found]
    return [group for group in groups if group]


def _inside(piece: Piece, spans: Sequence[Span]) -> list[Span]:
    return [(max(a, 0), min(b, len(piece.text))) for a, b in spans if a < len(piece.text) and b > 0]


# ---------------------------------------------------------------- the model


class ReaderModel(nn.Module):
    """The encoder of the default model with three outputs for each token: sentence, first word, last word."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(
            str(find_model(DEFAULT_MODEL)),
            attn_implementation="eager",
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=0.0,
        )
        self.encoder.embeddings.word_embeddings.requires_grad_(False)
        self.out = nn.Linear(self.encoder.config.hidden_size, 3)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        """Logits of shape (rows, tokens, 3)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        logits: torch.Tensor = self.out(hidden)
        return logits


def padded(rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, attention mask and segments."""
    width = -(-max(len(row.ids) for row in rows) // 16) * 16
    ids, mask, types = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)], mask[i, : len(row.ids)] = torch.tensor(row.ids), 1
        types[i, row.segment : len(row.ids)] = 1
    return ids, mask, types


def of_sentences(logits: torch.Tensor, row: Row) -> torch.Tensor:
    """The mean of the first output over the tokens of each sentence; float32 of shape (sentences,)."""
    total = functional.pad(logits[:, 0].cumsum(0), (1, 0))
    starts, ends = torch.tensor(row.sentences).T
    means: torch.Tensor = (total[ends] - total[starts]) / (ends - starts).clamp(min=1)
    return means


def loss_of(group: Sequence[Row], logits: Sequence[torch.Tensor]) -> torch.Tensor:
    """What a group of rows costs; logits of each row of shape (tokens, 3)."""
    scores = torch.cat([of_sentences(each, row) for each, row in zip(logits, group, strict=True)])
    labels = torch.tensor([float(each) for row in group for each in row.labels])
    none, right = torch.zeros(1), bool(labels.any())
    single = functional.binary_cross_entropy_with_logits(scores, labels, reduction="sum") / len(group)
    loss = 0.4 * single + _surprise(torch.cat([scores, none]), torch.cat([labels, torch.tensor([float(not right)])]))
    for output, place in ((1, 0), (2, 1)):
        words = torch.cat([each[row.segment :, output] for each, row in zip(logits, group, strict=True)] + [none])
        marked = torch.zeros(len(words))
        first = 0
        for row in group:
            if row.answer:
                marked[first + row.answer[place] - row.segment] = 1
            first += len(row.ids) - row.segment
        if not right:
            marked[-1] = 1
        if marked.any():
            loss = loss + 0.3 * _surprise(words, marked)
    return loss


def _surprise(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return -(scores.log_softmax(0).masked_fill(right == 0, -1e9)).logsumexp(0)


# ---------------------------------------------------------------- weights that ship


def export(options: argparse.Namespace) -> None:
    """Write the reader as 8-bit ONNX, with its vocabulary and what is known of it; the constants are kept."""
    logs = [options.work / f"{name}.log" for name in options.logs or [options.name]]
    log = [(number, line) for number, path in enumerate(logs, 1) for line in path.read_text("utf-8").splitlines()]
    model = ReaderModel()
    model.load_state_dict(torch.load(options.work / f"{options.name}.pt"))
    target = options.target
    target.mkdir(parents=True, exist_ok=True)
    _to_onnx(model.eval(), options.work / "exact.onnx", target / MODEL)
    shutil.copy(find_model(DEFAULT_MODEL) / VOCABULARY, target / VOCABULARY)
    facts = {
        "format": FORMAT,
        "sha256": {name: digest_of(target / name) for name in (MODEL, VOCABULARY)},
        "versions": {name: version(name) for name in ("torch", "transformers", "onnx", "onnxruntime")},
        "trained": [{"pass": number} | json.loads(line) for number, line in log],
        "constants": _constants_of(target / FACTS),
    }
    (target / FACTS).write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(f"wrote {target}, {sum(path.stat().st_size for path in target.iterdir()) / 1e6:.1f} MB")


def _to_onnx(model: ReaderModel, exact: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    names = ["input_ids", "attention_mask", "token_type_ids"]
    ids = torch.ones(2, 24, dtype=torch.long)
    axes = {name: {0: "rows", 1: "tokens"} for name in (*names, "logits")}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, ids, ids),
            str(exact),
            input_names=names,
            output_names=["logits"],
            dynamic_axes=axes,
            dynamo=False,
        )
    heads, size = model.encoder.config.num_attention_heads, model.encoder.config.hidden_size
    fused = optimizer.optimize_model(str(exact), model_type="bert", num_heads=heads, hidden_size=size, opt_level=1)
    fused.save_model_to_file(str(exact))
    # Seven bits of eight: processors without VNNI add two products into 16 bits, which would overflow.
    quantize_dynamic(
        exact,
        target,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )


def _constants_of(path: Path) -> dict[str, Any]:
    """Those that are there; of a new reader the logit alone counts until `calibrate` has run."""
    if path.is_file() and len((known := json.loads(path.read_text("utf-8"))["constants"])["weights"]) == FEATURES:
        return dict(known)
    return asdict(Constants(0.0, (1.0, *[0.0] * (FEATURES - 1)), SCORE_WEIGHT, 0.5))


# ---------------------------------------------------------------- the constants


class Example(NamedTuple):
    """A question as an answer meets it; one row of features for each sentence that may be quoted.

    Attributes:
        kind: ``answered``, ``near miss`` (its answer taken out) or ``absent`` (its text taken out).
        features: shape (sentences, features).
        scores: the fused scores of their passages.
        right: which of them answer.
    """

    kind: str
    features: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]


def calibrate(options: argparse.Namespace) -> None:
    """Fit the constants on questions held out, each as it is, with its answer and with its text taken out.

    For long questions there are pairs of them, asked as one.
    """
    with (options.work / "candidates.pickle").open("rb") as file:
        rows = pickle.load(file)[0]
    held = [row for row in rows if row["source"] in MINED and row["answers"] and _is_held_out(text_id(row))]
    random.Random(SEED).shuffle(held)
    asked = [[row] for row in held[: options.questions]]
    asked += [list(pair) for pair in pairwise(held[: options.questions // 2])]
    found: dict[str, Constants] = {}
    for name, reader in (("read", str(options.target)), ("compared", None)):
        with Index.open(options.work / "index", settings=Settings(reader=reader)) as index:
            examples = [example for group in asked for example in _examples(index, group)]
        found[name] = _fitted(examples, SURE, options.part)
        print(name, found[name], _described(examples, found[name]), flush=True)
    found["words"] = _fitted(examples, WORDS, options.part)
    print("words", found["words"], _described(examples, found["words"]))
    path = options.target / FACTS
    facts = json.loads(path.read_text("utf-8")) | {"constants": asdict(found["read"])}
    path.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    print(f"wrote {path}; for confidence.py: BY_COSINE = {found['compared']}, BY_WORDS = {found['words']}")


def _examples(index: Index, rows: Sequence[dict[str, Any]]) -> Iterable[Example]:
    """A question as it is, or two joined, and with the texts, or the sentences, that answer taken out."""
    question = _joined_questions([row["question"] for row in rows])
    ranking = index.rank([(question, 1.0)], passages=20, documents=10)
    own = {text_id(row): row for row in rows}
    others = tuple(hit for hit in ranking.hits if _text_of(hit) not in own)
    yield _example(index, question, own, ranking, "answered")
    yield _example(index, question, own, replace(ranking, hits=others), "absent")
    without = tuple(
        kept for hit in ranking.hits if (kept := _taken_out(hit, own[_text_of(hit)]) if _text_of(hit) in own else hit)
    )
    if len(rows) == 1:
        yield _example(index, question, own, replace(ranking, hits=without), "near miss")


def _text_of(hit: Hit) -> str:
    return hit.document.doc_id.rpartition("#")[2]


def _taken_out(hit: Hit, row: dict[str, Any]) -> Hit | None:
    """The hit with spaces in the place of the sentences that hold an answer."""
    text, passage = row["text"], hit.passage
    words = [text[a:b].casefold() for a, b in row["answers"]]
    gone = [s for s in passage.sentences if any(word in text[slice(*s)].casefold() for word in words)]
    kept = tuple(s for s in passage.sentences if s not in gone)
    for start, end in gone:
        text = text[:start] + " " * (end - start) + text[end:]
    if not kept:
        return None
    left = replace(passage, text=text[passage.start : passage.end], sentences=kept)
    return replace(hit, document=replace(hit.document, text=text), passage=left)


def _example(index: Index, question: str, own: Mapping[str, dict[str, Any]], ranking: Ranking, kind: str) -> Example:
    found = index.read(question, ranking).sentences
    right = [
        kind == "answered"
        and (row := own.get(_text_of(sentence.hit))) is not None
        and any(a < sentence.span[1] and sentence.span[0] < b for a, b in row["answers"])
        for sentence in found
    ]
    features = np.array([sentence.features for sentence in found]).reshape(len(found), -1)
    return Example(kind, features, np.array([s.hit.score for s in found]), np.array(right, bool))


def _fitted(examples: Sequence[Example], columns: Iterable[int], part: float) -> Constants:
    """Logistic regression of "the articles answer" over the sentence of each example that comes first.

    Which one that is, is said by the weights found before, three times over. Near misses are left out: their passages
    were embedded with the answer in them. Only features in ``columns`` count.
    """
    counts = np.isin(np.arange(FEATURES), list(columns))
    found = Constants(0.0, tuple(np.array([0.3, 1.0, 5.0, 0.0, 0.0]) * counts), SCORE_WEIGHT, part)
    judged = [each for each in examples if each.kind != "near miss" and len(each.features)]
    for _ in range(3):
        x = np.array([each.features[_first(each, found)] for each in judged]) * counts
        y = [each.kind == "answered" for each in judged]
        model = LogisticRegression(C=10.0, max_iter=2000).fit(x, y)
        weights = tuple(round(float(each), 4) for each in model.coef_[0] * counts)
        found = Constants(round(float(model.intercept_[0]), 4), weights, SCORE_WEIGHT, part)
    return found


def _first(example: Example, constants: Constants) -> int:
    return int(np.argmax(example.features @ np.array(constants.weights) + constants.score_weight * example.scores))


def _described(examples: Sequence[Example], constants: Constants) -> dict[str, float]:
    """How well the constants tell on the examples."""
    sure: dict[str, list[float]] = {}
    hits = []
    for each in examples:
        if len(each.features):
            first = _first(each, constants)
            logit = constants.bias + float(each.features[first] @ np.array(constants.weights))
            sure.setdefault(each.kind, []).append(logit)
            hits += [bool(each.right[first])] if each.kind == "answered" else []
    least = math.log(DEFAULT_THRESHOLD / (1 - DEFAULT_THRESHOLD))
    return {
        f"refused at {DEFAULT_THRESHOLD}": round(float(np.mean([logit < least for logit in sure["answered"]])), 3),
        "first": round(float(np.mean(hits)), 3),
        "AUROC near misses": round(auroc(sure["answered"], sure["near miss"]), 3),
        "AUROC absent": round(auroc(sure["answered"], sure["absent"]), 3),
    }


# ---------------------------------------------------------------- learning


def forward(model: ReaderModel, rows: Sequence[Row]) -> list[torch.Tensor]:
    """The logits of each row, float32 of shape (its tokens, 3)."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.cpu.get_capabilities().get("avx512_bf16", False)):
        logits = model(*padded(rows)).float()
    return [logits[i, : len(row.ids)] for i, row in enumerate(rows)]


def batches_of(found: Sequence[list[Row]], chance: random.Random) -> list[list[list[Row]]]:
    """Groups of like length together, in batches of about `ROWS_A_BATCH` rows, in random order."""
    made: list[list[list[Row]]] = []
    for begin in range(0, len(found), 600):
        near = sorted(found[begin : begin + 600], key=lambda group: max(len(row.ids) for row in group))
        batch: list[list[Row]] = []
        for group in near:
            batch.append(group)
            if sum(map(len, batch)) >= ROWS_A_BATCH:
                made.append(batch)
                batch = []
        if batch:
            made.append(batch)
    chance.shuffle(made)
    return made


def train(options: argparse.Namespace) -> None:
    """Learn one pass over the groups, with a learning rate that rises for a tenth and then falls to nothing."""
    torch.manual_seed(SEED)
    torch.set_flush_denormal(True)  # the optimizer's small squares would cost many times as much
    chance = random.Random(options.seed)
    with (options.work / "candidates.pickle").open("rb") as file:
        kept = pickle.load(file)
    sources = options.sources or sorted({row["source"] for row in kept[0]})
    learnt = groups(kept, sources, chance, held_out=False)
    tested = {
        source: groups(kept, [source], random.Random(3), held_out=True)[: options.tested]
        for source in ("qed", "selqa", "squadshifts_wiki")
    }
    del kept
    batches = batches_of(learnt, chance)[: options.steps]
    print(f"{sources}: {len(learnt)} groups, {sum(map(len, learnt))} rows, {len(batches)} steps", flush=True)
    model = ReaderModel()
    if options.begin_with:
        model.load_state_dict(torch.load(options.work / options.begin_with))
    optimizer = torch.optim.AdamW(_decayed(model), lr=options.rate, fused=True)
    began, rows = time.time(), 0
    model.train()
    gc.collect()
    gc.freeze()  # millions of small objects that stay; to look through them again and again costs more than learning
    (options.work / f"{options.name}.log").unlink(missing_ok=True)
    for step, batch in enumerate(batches):
        done = step / len(batches)
        loss = _step(model, optimizer, batch, options.rate * min(1.0, 10 * done + 0.01) * (1 - done))
        rows += sum(map(len, batch))
        if (step + 1) % options.every == 0 or step + 1 == len(batches):
            said: dict[str, Any] = {"step": step + 1, "rows": rows, "seconds": round(time.time() - began), "loss": loss}
            said |= {name: measured(model, each) for name, each in tested.items()}
            print(json.dumps(said), flush=True)
            with (options.work / f"{options.name}.log").open("a", encoding="utf-8") as log:
                log.write(json.dumps(said) + "\n")
            torch.save(model.state_dict(), options.work / f"{options.name}-{step + 1}.pt")
    torch.save(model.state_dict(), options.work / f"{options.name}.pt")


def _step(model: ReaderModel, optimizer: torch.optim.Optimizer, batch: Sequence[list[Row]], rate: float) -> float:
    """Learn one batch of groups; returns what it cost."""
    for part in optimizer.param_groups:
        part["lr"] = rate * part["scale"]
    logits = iter(forward(model, [row for group in batch for row in group]))
    loss = torch.stack([loss_of(group, [next(logits) for _ in group]) for group in batch]).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return round(loss.item(), 3)


def average(options: argparse.Namespace) -> None:
    """Write the mean of several weights: it reads better than any of them (Izmailov et al., 2018)."""
    weights = [torch.load(options.work / f"{name}.pt") for name in options.of]
    mean = {name: torch.stack([each[name].float() for each in weights]).mean(0) for name in weights[0]}
    torch.save(mean, options.work / f"{options.name}.pt")


def _decayed(model: ReaderModel) -> list[dict[str, Any]]:
    fresh = list(model.out.parameters())
    rest = [p for p in model.encoder.parameters() if p.requires_grad]
    return [{"params": rest, "weight_decay": 0.01, "scale": 1.0}, {"params": fresh, "weight_decay": 0.0, "scale": 5.0}]


@torch.no_grad()
def measured(model: ReaderModel, found: Sequence[list[Row]]) -> dict[str, float]:
    """Whether the best sentence of a group is right; AUROC of the best sentence with an answer against without."""
    model.eval()
    best: dict[bool, list[float]] = {True: [], False: []}
    hits = []
    for group in found:
        scores = torch.cat([of_sentences(each, row) for each, row in zip(forward(model, group), group, strict=True)])
        labels = [each for row in group for each in row.labels]
        best[any(labels)].append(float(scores.max()))
        if any(labels):
            hits.append(labels[int(scores.argmax())])
    model.train()
    said = {"first": sum(hits) / len(hits)} if hits else {}
    if best[True] and best[False]:
        said["auroc"] = auroc(best[True], best[False])
    return {name: round(value, 3) for name, value in said.items()}


def main() -> None:
    """Run one of the verbs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("candidates")
    verb.add_argument("questions", type=Path)
    verb.add_argument("work", type=Path)
    verb = verbs.add_parser("train")
    verb.add_argument("work", type=Path)
    verb.add_argument("--sources", nargs="*", default=[])
    verb.add_argument("--name", default="reader")
    verb.add_argument("--begin-with", metavar="NAME.pt")
    verb.add_argument("--rate", type=float, default=1.5e-4)
    verb.add_argument("--steps", type=int)
    verb.add_argument("--every", type=int, default=250)
    verb.add_argument("--tested", type=int, default=200)
    verb.add_argument("--seed", type=int, default=SEED)
    verb = verbs.add_parser("average")
    verb.add_argument("work", type=Path)
    verb.add_argument("--of", nargs="+", required=True, metavar="NAME", help="weights in WORK, without .pt")
    verb.add_argument("--name", required=True)
    verb = verbs.add_parser("export")
    verb.add_argument("work", type=Path)
    verb.add_argument("--target", type=Path, default=TARGET)
    verb.add_argument("--name", default="reader")
    verb.add_argument("--logs", nargs="*", metavar="NAME", help="the passes, in order; by default --name")
    verb = verbs.add_parser("calibrate")
    verb.add_argument("work", type=Path)
    verb.add_argument("--target", type=Path, default=TARGET)
    verb.add_argument("--questions", type=int, default=500)
    verb.add_argument("--part", type=float, default=0.5)
    options = parser.parse_args()
    if options.verb == "candidates":
        candidates(options.questions, options.work)
    else:
        {"train": train, "average": average, "export": export, "calibrate": calibrate}[options.verb](options)


if __name__ == "__main__":
    main()
