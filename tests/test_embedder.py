"""The embedder: where models come from, what is checked, what the vectors promise."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite import Index, Settings, exported
from pincite import embedder as module
from pincite.embedder import SentenceTransformerEmbedder, check_weights, find_model
from pincite.errors import ModelError
from pincite.exported import Vectors
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
        def encode_document(self, texts: Sequence[str]) -> Vectors:
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


# ---------------------------------------------------------------- batches, halves, the export

TEXTS = [
    "The tide mill ground oats until 1911.",
    "¿Quién construyó el puente?",
    "水车磨麦到一九一一年。",
    "x",
    "Its wheel was made of elm. " * 60,
    "“Eighteen kilograms” — of honey; for the winter\n\nA line below.",
]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports"


@pytest.fixture
def exporting(exports: Path) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(exports=exports)


def way(embedder: SentenceTransformerEmbedder) -> str:
    assert embedder.exports is not None
    return exported.way(embedder.exports, embedder.fingerprint)


@given(st.lists(st.integers(0, 300)), st.integers(1, 600))
def test_batches_hold_every_text_once_and_no_more_than_they_may(lengths: list[int], most: int) -> None:
    found = list(exported.batches(lengths, most))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= most


def test_batches_do_not_change_a_vector(default: SentenceTransformerEmbedder) -> None:
    together = default.encode_document(TEXTS * 30)
    alone = np.concatenate([default.encode_document([text]) for text in TEXTS])
    assert (together[: len(TEXTS)] * alone).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


@pytest.mark.parametrize("halves", [False, True])
def test_halves_are_near_enough(
    default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch, halves: bool
) -> None:
    """Any processor can be told to multiply them; only some are faster by it."""
    whole = default.encode_query(TEXTS)
    monkeypatch.setattr(module, "multiplies_halves", lambda: halves)
    vectors = SentenceTransformerEmbedder().encode_document(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    least = (whole * vectors).sum(axis=1).min()
    assert least >= module.LEAST_COSINE_OF_HALVES
    assert halves or least > 0.99999


def test_a_model_that_bears_no_halves_embeds_in_float32(
    default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "multiplies_halves", lambda: True)
    monkeypatch.setattr(module, "LEAST_COSINE_OF_HALVES", 1.1)
    vectors = SentenceTransformerEmbedder().encode_document(TEXTS)
    assert (default.encode_query(TEXTS) * vectors).sum(axis=1).min() > 0.99999


@pytest.mark.parametrize("faster", [False, True])
def test_many_documents_are_embedded_by_torch_where_it_is_faster(
    exporting: SentenceTransformerEmbedder, exports: Path, monkeypatch: pytest.MonkeyPatch, faster: bool
) -> None:
    exporting.export()
    monkeypatch.setattr(module, "_MANY", len(TEXTS) + 1)
    monkeypatch.setattr(module, "_torch_is_faster", lambda: faster)
    fresh = SentenceTransformerEmbedder(exports=exports)
    first = fresh.encode_document(TEXTS)
    assert not fresh.loaded
    second = fresh.encode_document(TEXTS)
    assert fresh.loaded == faster
    assert (first * second).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


def test_an_export_answers_many_threads_and_is_replaced_in_use(
    exporting: SentenceTransformerEmbedder, exports: Path
) -> None:
    exporting.export()
    fresh = SentenceTransformerEmbedder(exports=exports)
    expected = [fresh.encode_query([text]) for text in TEXTS]

    def embed(i: int) -> Vectors:
        if i == len(TEXTS):  # as another process would that found it damaged
            exported.make(exporting._model, exports, exporting.fingerprint)
        return fresh.encode_query([TEXTS[i % len(TEXTS)]])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(embed, range(4 * len(TEXTS))))
    for i, each in enumerate(found):
        np.testing.assert_allclose(each, expected[i % len(TEXTS)], atol=1e-5)


def test_no_text_is_no_vector(exporting: SentenceTransformerEmbedder, exports: Path) -> None:
    assert exporting.encode_document([]).shape == (0, 384)
    exporting.export()
    assert SentenceTransformerEmbedder(exports=exports).encode_query([]).shape == (0, 384)


def test_the_export_gives_the_models_own_vectors(
    exporting: SentenceTransformerEmbedder, exports: Path, default: SentenceTransformerEmbedder
) -> None:
    assert way(exporting) == "sentence-transformers"
    exporting.export()
    fresh = SentenceTransformerEmbedder(exports=exports)
    assert way(fresh) == "onnxruntime"
    for embed in ("encode_query", "encode_document"):
        own, found = getattr(default, embed)(TEXTS), getattr(fresh, embed)(TEXTS)
        assert (own * found).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES
    own, found = default.encode_query(TEXTS), fresh.encode_query(TEXTS)
    assert (own * found).sum(axis=1).min() >= exported.LEAST_COSINE
    assert not fresh.loaded


def test_the_export_honours_prompts_and_pooling(copied: Path, tmp_path: Path) -> None:
    prompts = {"query": "Represent this question: ", "passage": "passage: "}
    (copied / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    pooling = json.loads((copied / "1_Pooling/config.json").read_text())
    pooling |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    (copied / "1_Pooling/config.json").write_text(json.dumps(pooling))
    own = SentenceTransformerEmbedder(str(copied), tmp_path / "exports")
    questions, documents = own.encode_query(TEXTS), own.encode_document(TEXTS)
    own.export()
    fresh = SentenceTransformerEmbedder(str(copied), tmp_path / "exports")
    assert way(fresh) == "onnxruntime"
    assert (questions * fresh.encode_query(TEXTS)).sum(axis=1).min() >= exported.LEAST_COSINE
    assert (documents * fresh.encode_document(TEXTS)).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


def test_an_export_that_differs_is_not_used(
    exporting: SentenceTransformerEmbedder, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported, "LEAST_COSINE", 1.1)
    exporting.export()
    assert way(exporting) == "sentence-transformers"
    assert not list(exports.rglob("*.onnx"))
    monkeypatch.setattr(exported, "_export", None)  # it is not tried again
    exporting.export()
    assert exporting.encode_query(["text"]).shape == (1, 384)


def test_a_model_that_cannot_be_exported_answers_as_before(
    exporting: SentenceTransformerEmbedder, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: object, path: Path) -> None:
        raise RuntimeError("an operator that ONNX does not have")

    monkeypatch.setattr(exported, "_export", fail)
    exporting.export()
    assert way(exporting) == "sentence-transformers"
    assert "an operator" in next(exports.rglob("export.json")).read_text("utf-8")
    monkeypatch.undo()
    monkeypatch.setattr(exported, "_versions", lambda: {"torch": "another"})
    exporting.export()
    assert way(exporting) == "onnxruntime"


def test_exports_of_other_models_go(exporting: SentenceTransformerEmbedder, exports: Path) -> None:
    old = exports / "0123456789abcdef"
    old.mkdir(parents=True)
    exporting.export()
    assert not old.exists()


def test_a_damaged_export_is_not_used_and_made_again(exporting: SentenceTransformerEmbedder, exports: Path) -> None:
    exporting.export()
    model = next(exports.rglob("*.onnx"))
    os.truncate(model, 1000)
    fresh = SentenceTransformerEmbedder(exports=exports)
    assert way(fresh) == "sentence-transformers"
    assert fresh.encode_query(["text"]).shape == (1, 384)
    fresh.export()
    assert way(fresh) == "onnxruntime"


def test_an_export_of_other_bytes_is_found_or_does_without(
    exporting: SentenceTransformerEmbedder, exports: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exporting.export()
    fingerprint = exporting.fingerprint
    assert exported.problems(exports, fingerprint) == []
    for found_first in (True, False):
        model = next(exports.rglob("*.onnx"))
        model.write_bytes(bytes(model.stat().st_size))
        if found_first:
            assert f"{model}: not what was written" in exported.problems(exports, fingerprint)[0]
        else:
            assert SentenceTransformerEmbedder(exports=exports).encode_query(["text"]).shape == (1, 384)
            assert "cannot be loaded" in caplog.text
        assert way(exporting) == "sentence-transformers"
        exporting.export()
        assert way(exporting) == "onnxruntime"


@pytest.mark.parametrize("name", ["tokenizer.json", "export.json"])
def test_each_file_of_an_export_is_verified(exporting: SentenceTransformerEmbedder, exports: Path, name: str) -> None:
    exporting.export()
    path = next(exports.rglob(name))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"harbour", b"rubhour") if b"harbour" in data else b"x" + data[1:])
    assert f"{path}: not what was written" in exported.problems(exports, exporting.fingerprint)[0]
    assert way(exporting) == "sentence-transformers"
    exporting.export()
    assert exported.problems(exports, exporting.fingerprint) == []
    assert way(exporting) == "onnxruntime"


def test_an_export_that_finds_no_room_costs_no_update(
    exporting: SentenceTransformerEmbedder, exports: Path, caplog: pytest.LogCaptureFixture
) -> None:
    exports.write_text("a file in the place of the folder")
    exporting.export()
    assert "not exported" in caplog.text
    assert exporting.encode_query(["text"]).shape == (1, 384)


def test_a_text_without_a_vector_stays_zero(default: SentenceTransformerEmbedder) -> None:
    found = default._encode(lambda texts, **_: np.zeros((len(texts), 4)), ["nothing"])
    np.testing.assert_array_equal(found, np.zeros((1, 4)))
