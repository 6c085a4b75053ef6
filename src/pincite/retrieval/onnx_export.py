"""The model as an ONNX file, exported once for each user and proven equal, so that texts are embedded without torch.

It is no part of an index: it lies in the user's cache, and may be deleted at any time.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from pincite.datatypes import digest_of
from pincite.settings import cache_folder

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)
_MODEL, _TOKENIZER, _FACTS = "model.onnx", "tokenizer.json", "export.json"
_FORMAT = 5
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "onnx", "onnxruntime")
_GIVEN = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""A model's inputs, and what the tokenizer calls them."""

Vectors = npt.NDArray[np.float32]
Kind = Literal["query", "document"]

# Of the names that a prompt may bear, sentence-transformers takes the first that the model knows.
_PROMPTS: dict[Kind, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}

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


def folder_of(fingerprint: str) -> Path:
    """Where the export of a model lies or will lie: with other libraries, it has to be proven equal anew."""
    made_of = [fingerprint, _FORMAT, *map(version, _LIBRARIES)]
    return cache_folder() / "models" / hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]


def made(fingerprint: str) -> Path | None:
    """The folder of a model's export, where there is one; that it is whole is not looked at."""
    folder = folder_of(fingerprint)
    return folder if "files" in _facts(folder) else None


def opened(fingerprint: str, load: Callable[[], SentenceTransformer]) -> ExportedModel | None:
    """The export of a model, made where there is none or where it is damaged.

    Args:
        fingerprint: of the model.
        load: gives the model, where it has to be exported.

    Returns:
        The export; None where the model cannot be exported, or the disk has no place for it, which is logged.
    """
    folder = folder_of(fingerprint)
    try:
        if not _is_whole(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{folder}.lock"):  # who waited for another process finds it made
                if not _is_whole(folder):
                    _make(load(), folder)
        return ExportedModel(folder) if "files" in _facts(folder) else None
    except OSError as error:
        _log.warning("%s: the model was not exported (%s); questions take longer to start", folder, error)
        return None


def _is_whole(folder: Path) -> bool:
    """Whether an export is to the last byte what was written, or is known not to be had."""
    facts = _facts(folder)
    files = facts.get("files", {})
    known = "problem" in facts or bool(files)
    return known and all((folder / name).is_file() and digest_of(folder / name) == files[name] for name in files)


def _facts(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / _FACTS).read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}


def _make(model: SentenceTransformer, folder: Path) -> None:
    """Export a model aside and prove it equal, or note why not; then put that in its place."""
    if folder.exists():
        _log.warning("%s: the model's export is damaged; it is made again", folder)
    building = folder.with_name(f"{folder.name}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    facts: dict[str, Any] = {
        "prompts": {kind: _prompt(model, names) for kind, names in _PROMPTS.items()},
        "max_seq_length": model.max_seq_length,
        "dimension": model.get_embedding_dimension(),
    }
    try:
        _export(model, building / _MODEL)
        model.tokenizer.backend_tokenizer.save(str(building / _TOKENIZER))
        (building / _FACTS).write_text(json.dumps(facts), "utf-8")
        if (cosine := _least_cosine(model, ExportedModel(building))) < LEAST_COSINE:
            raise ValueError(f"its vectors differ (least cosine {cosine:.4f})")
        facts["files"] = {name: digest_of(building / name) for name in (_MODEL, _TOKENIZER)}
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - any model may come; one that does not export is used as it is
        _log.debug("the model was not exported", exc_info=error)
        (building / _MODEL).unlink(missing_ok=True)
        facts = {"problem": " ".join(str(error).split())[:200] or type(error).__name__}
    (building / _FACTS).write_text(json.dumps(facts), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)


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
        """Pooling and normalising included."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: torch.Tensor) -> torch.Tensor:
            vectors = self.model(dict(zip(inputs, values, strict=True)))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=-1)

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
    together = exported.encode(PROOF, "document")
    return float(min((questions * alone).sum(axis=1).min(), (documents * together).sum(axis=1).min()))


class ExportedModel:
    """Embeds texts by an export in a folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._facts = _facts(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        self._tokenizer.enable_truncation(self._facts["max_seq_length"])
        self._tokenizer.no_padding()
        self._session = session(folder / _MODEL)

    def encode(self, texts: Sequence[str], kind: Kind) -> Vectors:
        """Texts to float32 of shape (texts, dimension), length 1; what does not fit the model is cut off."""
        encodings = [self._tokenizer.encode(self._facts["prompts"][kind] + text) for text in texts]
        vectors: Vectors = np.empty((len(encodings), self._facts["dimension"]), np.float32)
        # The longest text of a batch comes first; more texts at a time would leave the processor's cache.
        for batch in batches([len(encoding.ids) for encoding in encodings], most=512):
            inputs = {
                given.name: np.zeros((len(batch), len(encodings[batch[0]].ids)), np.int64)
                for given in self._session.get_inputs()
            }
            for name, rows in inputs.items():
                for row, i in zip(rows, batch, strict=True):
                    row[: len(encodings[i].ids)] = getattr(encodings[i], _GIVEN[name])
            vectors[batch] = self._session.run(None, inputs)[0]
        return vectors


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
