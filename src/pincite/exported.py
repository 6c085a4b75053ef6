"""The model as an ONNX file, exported once and proven equal, so that texts are embedded without torch.

The export holds the whole pipeline, pooling and normalising included. It lies in a folder of its own, named after the
model's fingerprint: ``model.onnx``, ``tokenizer.json`` and, written last, ``export.json``.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import shutil
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from pincite.datatypes import digest_of, size_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer

_log = logging.getLogger(__name__)
_MODEL, _TOKENIZER, _FACTS = "model.onnx", "tokenizer.json", "export.json"
_FORMAT = 4
_GIVEN = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""A model's inputs, and what the tokenizer calls them."""

Vectors = npt.NDArray[np.float32]
Kind = Literal["query", "document"]

# Of the names that a prompt may bear, sentence-transformers takes the first that the model knows.
_PROMPTS: dict[Kind, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}

MOST_TOKENS = 512
"""Tokens in one batch, padding included; more leave the processor's cache."""

LEAST_COSINE = 0.9999
"""An export whose vectors are further than this from the model's own is not used."""

PROOF = (
    "a",
    "How much did the harbour town raise its budget for dredging in 1987?",
    " leading and trailing spaces \n and a line end ",
    "去年各省的科技计划有哪些重点？",
    "كم عدد الجسور التي بنيت؟",
    "Ünïcödé, naïve café №5 — “quoted” ½ € 🦉🧑🏽‍🚀",
    "def f(x): return x ** 2  # [MASK] [SEP] <s> </s>",
    "word " * 1200,
)
"""What tokenizers, padding and precision may treat differently: lengths, scripts, spaces, what is cut off."""


def folder_of(home: Path, fingerprint: str) -> Path:
    """Where below ``home`` the export of the model with this fingerprint lies."""
    return home / hashlib.sha256(fingerprint.encode()).hexdigest()[:16]


def way(home: Path, fingerprint: str) -> str:
    """What embeds questions: ``onnxruntime`` or ``sentence-transformers``."""
    return "onnxruntime" if opened(home, fingerprint) else "sentence-transformers"


def size(home: Path) -> int:
    """Bytes that exports take below ``home``."""
    return size_of(path for path in home.rglob("*") if path.is_file())


def is_due(home: Path, fingerprint: str) -> bool:
    """Whether an export was not tried yet, was damaged, or failed with other libraries than those installed now."""
    facts = _facts(folder_of(home, fingerprint))
    if facts is None or not _problem(facts):
        return opened(home, fingerprint) is None
    return bool(facts["versions"] != _versions())


def problems(home: Path, fingerprint: str) -> list[str]:
    """What is wrong with the bytes of the export of this model, where there is one; it is then not used again."""
    folder = folder_of(home, fingerprint)
    if not folder.is_dir():
        return []
    facts = _facts(folder)
    files = {_FACTS: None} if facts is None else facts.get("files", {})
    wrong = [name for name, written in files.items() if written is None or _written(folder / name) != written]
    if wrong:
        discard(folder)
    return [f"{folder / name}: not what was written; the next update makes it again" for name in wrong]


def _written(path: Path) -> list[int | str] | None:
    return [path.stat().st_size, digest_of(path)] if path.is_file() else None


def discard(folder: Path) -> None:
    """Have an export made again by the next update."""
    with suppress(OSError):  # questions are embedded without it as well
        (folder / _FACTS).unlink()


def make(model: SentenceTransformer, home: Path, fingerprint: str) -> None:
    """Export ``model`` to below ``home``, prove it equal or note why not, and delete exports of other models.

    Questions are embedded without it too: whatever the disk says is logged and raises nothing.
    """
    folder = folder_of(home, fingerprint)
    try:
        _make(model, folder)
        for other in home.iterdir():
            if other != folder:
                # What cannot be deleted now is tried again with the next export.
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        _log.warning("%s: the model was not exported (%s); questions take longer to start", home, error)


def _make(model: SentenceTransformer, folder: Path) -> None:
    building = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    prompts = {kind: _prompt(model, names) for kind, names in _PROMPTS.items()}
    facts: dict[str, Any] = {"format": _FORMAT, "versions": _versions(), "prompts": prompts}
    facts |= {"most_tokens": model.max_seq_length, "dimension": model.get_embedding_dimension()}
    try:
        _export(model, building / _MODEL)
        model.tokenizer.backend_tokenizer.save(str(building / _TOKENIZER))
        (building / _FACTS).write_text(json.dumps(facts), "utf-8")
        facts["cosine"] = _least_cosine(model, ExportedModel(building))
    except Exception as error:  # noqa: BLE001 - any model may come; one that does not export is used as it is
        _log.debug("the model was not exported", exc_info=error)
        facts["problem"] = " ".join(str(error).split())[:200] or type(error).__name__
    if _problem(facts):
        (building / _MODEL).unlink(missing_ok=True)
    else:
        facts["files"] = {
            name: [(building / name).stat().st_size, digest_of(building / name)] for name in (_MODEL, _TOKENIZER)
        }
    (building / _FACTS).write_text(json.dumps(facts), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("torch", "transformers", "sentence-transformers", "onnx")}


def _problem(facts: dict[str, Any]) -> str | None:
    if "problem" in facts:
        return str(facts["problem"])
    cosine = facts["cosine"]
    return None if cosine >= LEAST_COSINE else f"its vectors differ (least cosine {cosine:.4f})"


def _facts(folder: Path) -> dict[str, Any] | None:
    path = folder / _FACTS
    try:
        facts = dict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return None
    whole = facts.get("format") == _FORMAT and not facts.keys().isdisjoint(("problem", "cosine"))
    return facts if whole else None


def _prompt(model: SentenceTransformer, names: Sequence[str]) -> str:
    known = [name for name in (*names, model.default_prompt_name) if name in model.prompts]
    return str(model.prompts[known[0]] or "") if known else ""


def _export(model: SentenceTransformer, path: Path) -> None:
    import torch

    if model.device.type != "cpu":  # which is where questions are embedded; the model itself stays where it is
        model = copy.deepcopy(model).cpu()
    features = model.preprocess(["two texts", "of other lengths than each other"])
    inputs = {name: value.cpu() for name, value in features.items() if isinstance(value, torch.Tensor)}

    class Pipeline(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            found = self.model(dict(zip(inputs, values, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(found, dim=-1)

    axes = {name: {0: "texts", 1: "tokens"} for name in inputs} | {"vectors": {0: "texts"}}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of tracing: what it leaves out shows in the comparison
        # The exporter by tracing: it needs a sixth of the time, and no onnxscript.
        torch.onnx.export(
            Pipeline().eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_axes=axes,
            dynamo=False,
        )


def _least_cosine(model: SentenceTransformer, exported: ExportedModel) -> float:
    """Between both ways of embedding a fixed set of texts, as questions and as documents."""
    questions = np.asarray(model.encode_query(list(PROOF), normalize_embeddings=True), np.float32)
    documents = np.asarray(model.encode_document(list(PROOF), normalize_embeddings=True), np.float32)
    alone = np.concatenate([exported.encode([text], "query") for text in PROOF])
    return float(
        min((questions * alone).sum(axis=1).min(), (documents * exported.encode(PROOF, "document")).sum(axis=1).min())
    )


class ExportedModel:
    """Embeds texts by an export. Safe to use from several threads.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loading = threading.Lock()

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Texts to float32 of shape (texts, dimension), length 1; what does not fit the model is cut off."""
        with self._loading:
            tokenizer, session = self._tokenizer, self._session
        prompt = self._facts["prompts"][kind]
        found = [tokenizer.encode(prompt + text) for text in texts]
        vectors: Vectors = np.empty((len(found), self._facts["dimension"]), np.float32)
        for batch in batches([len(each.ids) for each in found], MOST_TOKENS):
            vectors[batch] = session.run(None, _padded(session, [found[i] for i in batch]))[0]
        return vectors

    def works(self) -> bool:
        """Whether it can be loaded; one that cannot is discarded."""
        try:
            with self._loading:
                _ = self._facts, self._tokenizer, self._session
        except Exception as error:  # noqa: BLE001 - whatever is raised over bytes that are no model
            _log.warning("%s: cannot be loaded (%s); questions take longer to start", self._folder, error)
            discard(self._folder)
            return False
        return True

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return dict(json.loads((self._folder / _FACTS).read_text("utf-8")))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / _TOKENIZER))
        tokenizer.enable_truncation(self._facts["most_tokens"])
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> InferenceSession:
        return session(self._folder / _MODEL)


def session(path: Path) -> InferenceSession:
    """A model loaded to run on the processor, for one question at a time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    # Threads that wait by spinning would take from others what one question does not need.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _padded(session: InferenceSession, encodings: Sequence[Encoding]) -> dict[str, npt.NDArray[np.int64]]:
    shape = len(encodings), max(len(each.ids) for each in encodings)
    inputs = {each.name: np.zeros(shape, np.int64) for each in session.get_inputs()}
    for name, rows in inputs.items():
        for row, each in zip(rows, encodings, strict=True):
            row[: len(each.ids)] = getattr(each, _GIVEN[name])
    return inputs


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Positions of texts, the longest first, in batches of up to ``most`` tokens when padded to their longest."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def opened(home: Path, fingerprint: str) -> ExportedModel | None:
    """The export of the model with this fingerprint, where there is one that may be used."""
    folder = folder_of(home, fingerprint)
    facts = _facts(folder)
    if facts is None or _problem(facts):
        return None
    sizes = {name: (folder / name).stat().st_size for name in facts["files"] if (folder / name).is_file()}
    whole = all(sizes.get(name) == size for name, (size, _) in facts["files"].items())
    return ExportedModel(folder) if whole else None
