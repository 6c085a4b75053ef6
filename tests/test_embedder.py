"""The embedder: where models come from, what is checked, what the vectors promise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pincite import Index, Settings
from pincite import embedder as module
from pincite.embedder import SentenceTransformerEmbedder, check_weights, find_model
from pincite.errors import ModelError
from pincite.settings import DEFAULT_MODEL


@pytest.fixture(scope="module")
def default() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The default model as a folder that may be changed."""
    return Path(shutil.copytree(find_model(DEFAULT_MODEL), tmp_path / "model"))


def test_the_offline_weights_are_found_and_are_the_published_ones() -> None:
    assert (find_model(DEFAULT_MODEL) / "model.safetensors").is_file()
    check_weights(DEFAULT_MODEL)


def test_other_weights_are_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_model", lambda name: copied)
    with (copied / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\1\2")
    with pytest.raises(ModelError, match="SHA-256"):
        check_weights(DEFAULT_MODEL)
    with pytest.raises(ModelError, match="SHA-256"):
        SentenceTransformerEmbedder().encode_document(["text"])
    (copied / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="missing"):
        check_weights(DEFAULT_MODEL)


def test_vectors_are_float32_of_length_one(default: SentenceTransformerEmbedder) -> None:
    vectors = default.encode_document(["A tide mill.", "", "水车", "x" * 5000])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_tokens_are_the_models_own(default: SentenceTransformerEmbedder) -> None:
    assert default.room == 254
    text = "Tide mills, unbelievably."
    starts = default.token_starts(text)
    assert [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)] == [
        "Tide", "mills", ",", "un", "bel", "ie", "va", "bly", ".",
    ]  # fmt: skip
    assert len(default.token_starts("word " * 1000)) == 1000


def test_nothing_is_cut_off_what_is_embedded(default: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    """Even with the longest title and heading, every passage fits the model whole."""
    long = "An exceedingly long and winding title about many things " * 8
    text = f"---\ntitle: {long}\n---\n\n# {long}\n\n" + "The mill ground twelve sacks of oats a day. " * 200
    (tmp_path / "c").mkdir()
    (tmp_path / "c/a.md").write_text(text)
    seen: list[str] = []

    class Watching(SentenceTransformerEmbedder):
        def encode_document(self, texts: Sequence[str]) -> module.Vectors:
            seen.extend(texts)
            return super().encode_document(texts)

    with Index.open(tmp_path / "index") as index:
        index.use_embedder(DEFAULT_MODEL, Watching())
        index.update(tmp_path / "c")
    assert len(seen) >= 5
    assert max(len(default.token_starts(each)) for each in seen) <= default.room


def test_prompts_and_pooling_of_another_model_are_honoured(copied: Path, default: SentenceTransformerEmbedder) -> None:
    prompts = {"query": "Represent this question: ", "document": "passage: "}
    (copied / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    pooling = json.loads((copied / "1_Pooling/config.json").read_text())
    pooling |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    (copied / "1_Pooling/config.json").write_text(json.dumps(pooling))
    other = SentenceTransformerEmbedder(str(copied))
    assert other.room == 254 - len(default.token_starts(prompts["document"]))
    assert other.fingerprint != default.fingerprint
    query, document = other.encode_query(["mill"])[0], other.encode_document(["mill"])[0]
    assert not np.allclose(query, document, atol=1e-3)
    np.testing.assert_allclose(other.encode_document(["question: mill"])[0] @ document, 1, atol=0.5)
    assert not np.allclose(document, default.encode_document(["passage: mill"])[0], atol=1e-3)


def test_a_local_model_builds_and_answers_by_setting_alone(copied: Path, corpus: Path, tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", settings=Settings(model=str(copied))) as index:
        index.update(corpus)
        assert index.search("tide mill", k=1)[0].document.doc_id == "mill/tide.md"
        assert index.status().model == str(copied)


def test_the_fingerprint_follows_the_weights(copied: Path) -> None:
    before = SentenceTransformerEmbedder(str(copied)).fingerprint
    assert SentenceTransformerEmbedder(str(copied)).fingerprint == before
    with (copied / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\1\2")
    assert SentenceTransformerEmbedder(str(copied)).fingerprint != before


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=str(tmp_path)):
        SentenceTransformerEmbedder(str(tmp_path)).encode_query(["text"])


@pytest.mark.parametrize("name", ["not a model's name!", "nobody/has-this-model"])
def test_a_model_that_is_nowhere_is_named(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=name[:8]):
        find_model(name)
