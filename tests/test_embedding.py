"""The embedder: where models come from, what is checked, what the vectors promise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pincite import Index, Settings
from pincite.errors import ModelError
from pincite.retrieval import embedding as module
from pincite.retrieval import onnx_export
from pincite.retrieval.embedding import SentenceTransformerEmbedder, check_weights, find_model
from pincite.retrieval.onnx_export import Vectors
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


def test_other_weights_are_refused(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An export that was made of the published ones goes on; where there is none, nothing is made of others."""
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "cache"))
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
    assert default.max_seq_length == 254
    text = "Tide mills, unbelievably."
    starts = default.token_starts(text)
    assert [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)] == [
        "Tide", "mills", ",", "un", "bel", "ie", "va", "bly", ".",
    ]  # fmt: skip
    assert len(default.token_starts("word " * 1000)) == 1000


def test_nothing_is_cut_off_what_is_embedded(default: SentenceTransformerEmbedder, tmp_path: Path) -> None:
    """Even with the longest title and heading, every passage fits the model whole."""
    long = "An exceedingly long and winding title about many things " * 8
    sentences = "".join(f"The mill ground {n} sacks of oats on a day in the autumn of that year. " for n in range(200))
    text = f"---\ntitle: {long}\n---\n\n# {long}\n\n{sentences}"
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
    tokens = [len(default.token_starts(embedded)) for embedded in seen]
    # The title and the heading stand in front of each passage, and passages are long enough to come near the limit.
    assert all(embedded.startswith("An exceedingly long") for embedded in seen)
    assert default.max_seq_length - 20 < max(tokens) <= default.max_seq_length
    assert sum(tokens) > len(default.token_starts(sentences))


@pytest.mark.slow
def test_prompts_and_pooling_of_another_model_are_honoured(copied: Path, default: SentenceTransformerEmbedder) -> None:
    prompts = {"query": "Represent this question: ", "document": "passage: "}
    (copied / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    pooling = json.loads((copied / "1_Pooling/config.json").read_text())
    pooling |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    (copied / "1_Pooling/config.json").write_text(json.dumps(pooling))
    other = SentenceTransformerEmbedder(str(copied))
    assert other.max_seq_length == 254 - len(default.token_starts(prompts["document"]))
    assert other.fingerprint != default.fingerprint
    query, document = other.encode_query(["mill"])[0], other.encode_document(["mill"])[0]
    assert not np.allclose(query, document, atol=1e-3)
    np.testing.assert_allclose(other.encode_document(["question: mill"])[0] @ document, 1, atol=0.5)
    assert not np.allclose(document, default.encode_document(["passage: mill"])[0], atol=1e-3)


@pytest.mark.slow
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


# ---------------------------------------------------------------- batches, halves

TEXTS = [
    "The tide mill ground oats until 1911.",
    "¿Quién construyó el puente?",
    "水车磨麦到一九一一年。",
    "x",
    "Its wheel was made of elm. " * 60,
    "“Eighteen kilograms” — of honey; for the winter\n\nA line below.",
]


def own(embedder: SentenceTransformerEmbedder, texts: Sequence[str], kind: onnx_export.Kind = "query") -> Vectors:
    """What sentence-transformers makes of texts, one by one."""
    encode = embedder._model.encode_query if kind == "query" else embedder._model.encode_document
    return np.concatenate([encode([text], normalize_embeddings=True) for text in texts]).astype(np.float32)


@given(st.lists(st.integers(0, 300)), st.integers(1, 600))
def test_batches_hold_every_text_once_and_no_more_than_they_may(lengths: list[int], most: int) -> None:
    made = list(onnx_export.batches(lengths, most))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= most


@pytest.mark.slow
def test_batches_do_not_change_a_vector(default: SentenceTransformerEmbedder) -> None:
    together = default.encode_document(TEXTS * 30)
    alone = np.concatenate([default.encode_document([text]) for text in TEXTS])
    assert (together[: len(TEXTS)] * alone).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


@pytest.mark.parametrize("halves", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_halves_are_near_enough(
    default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch, halves: bool
) -> None:
    """Any processor can be told to multiply them; only some are faster by it."""
    whole = own(default, TEXTS)
    monkeypatch.setattr(module, "multiplies_halves", lambda: halves)
    by_torch = SentenceTransformerEmbedder()
    assert by_torch._model
    vectors = by_torch.encode_document(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    least = (whole * vectors).sum(axis=1).min()
    assert least >= module.LEAST_COSINE_OF_HALVES
    assert halves or least > 0.99999


@pytest.mark.slow
def test_a_model_that_bears_no_halves_embeds_in_float32(
    default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "multiplies_halves", lambda: True)
    monkeypatch.setattr(module, "LEAST_COSINE_OF_HALVES", 1.1)
    by_torch = SentenceTransformerEmbedder()
    assert by_torch._model
    assert (own(default, TEXTS) * by_torch.encode_document(TEXTS)).sum(axis=1).min() > 0.99999


@pytest.mark.parametrize("faster", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_many_documents_are_embedded_by_torch_where_it_is_faster(
    default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch, faster: bool
) -> None:
    default.encode_query(["The export is made."])
    monkeypatch.setattr(module, "_MANY", len(TEXTS) + 1)
    monkeypatch.setattr(module, "_torch_is_faster", lambda: faster)
    fresh = SentenceTransformerEmbedder()
    first = fresh.encode_document(TEXTS)
    assert not fresh.loaded
    second = fresh.encode_document(TEXTS)
    assert fresh.loaded == faster
    assert (first * second).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


def test_a_text_without_a_vector_stays_zero() -> None:
    made = module._encoded(lambda texts, **_: np.zeros((len(texts), 4)), ["nothing"])
    np.testing.assert_array_equal(made, np.zeros((1, 4)))


# ---------------------------------------------------------------- the export


@pytest.fixture
def place(default: SentenceTransformerEmbedder, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the default model's export lies, in a cache of this test's own that holds a copy of the session's."""
    assert default._export
    shutil.copytree(cache, tmp_path / "cache")
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "cache"))
    folder = onnx_export.folder_of(default.fingerprint)
    assert folder.is_relative_to(tmp_path)
    assert onnx_export.made(default.fingerprint)
    return folder


def test_a_fresh_cache_is_filled_once_and_then_used(
    place: Path, default: SentenceTransformerEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(place.parent)
    assert not onnx_export.made(default.fingerprint)
    first = SentenceTransformerEmbedder()
    vector = first.encode_query(["A tide mill."])
    assert first.loaded
    assert sorted(path.name for path in place.iterdir()) == ["export.json", "model.onnx", "tokenizer.json"]
    assert [path for path in place.parent.iterdir() if path.suffix != ".lock"] == [place]
    monkeypatch.setattr(onnx_export, "_export", None)  # it is not made again
    again = SentenceTransformerEmbedder()
    np.testing.assert_array_equal(again.encode_query(["A tide mill."]), vector)
    assert not again.loaded


def test_an_index_holds_no_export_and_says_where_it_lies(real_index: Index, cache: Path) -> None:
    assert real_index.search("tide mill")
    status = real_index.status()
    folder = Path(status.path)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_000_000
    assert status.query_backend == "onnxruntime"
    assert status.export is not None
    assert Path(status.export).is_relative_to(cache)
    assert not Path(status.export).is_relative_to(folder)


@pytest.mark.slow
def test_two_processes_that_export_at_once_make_one_export(place: Path) -> None:
    shutil.rmtree(place.parent)
    code = """
from pincite.retrieval import onnx_export
from pincite.retrieval.embedding import SentenceTransformerEmbedder
whole = onnx_export._make
onnx_export._make = lambda *given: (print("made"), whole(*given))
print(SentenceTransformerEmbedder().encode_query(["A tide mill."]).shape)
"""
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in started]
    assert sorted("".join(said).split("\n")) == ["", "(1, 384)", "(1, 384)", "made"]


def test_no_text_is_no_vector(default: SentenceTransformerEmbedder) -> None:
    assert default.encode_query([]).shape == default.encode_document([]).shape == (0, 384)
    assert default._in_batches(default._model, []).shape == (0, 384)


def test_the_export_gives_the_models_own_vectors(default: SentenceTransformerEmbedder) -> None:
    default.encode_query(["The export is made."])
    fresh = SentenceTransformerEmbedder()
    questions, documents = fresh.encode_query(TEXTS), fresh.encode_document(TEXTS)
    assert not fresh.loaded
    assert (own(default, TEXTS) * questions).sum(axis=1).min() >= onnx_export.LEAST_COSINE
    assert (own(default, TEXTS, "document") * documents).sum(axis=1).min() >= module.LEAST_COSINE_OF_HALVES


@pytest.mark.slow
def test_the_export_honours_prompts_and_pooling(copied: Path, place: Path) -> None:
    prompts = {"query": "Represent this question: ", "passage": "passage: "}
    (copied / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts}))
    pooling = json.loads((copied / "1_Pooling/config.json").read_text())
    pooling |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    (copied / "1_Pooling/config.json").write_text(json.dumps(pooling))
    other = SentenceTransformerEmbedder(str(copied))
    export = other._export
    assert export
    assert (own(other, TEXTS) * export.encode(TEXTS, "query")).sum(axis=1).min() >= onnx_export.LEAST_COSINE
    documents = own(other, TEXTS, "document")
    assert (documents * export.encode(TEXTS, "document")).sum(axis=1).min() >= onnx_export.LEAST_COSINE
    assert onnx_export.folder_of(other.fingerprint).parent == place.parent
    assert place.exists(), "the export of another model is left alone"


@pytest.mark.slow
def test_an_export_answers_many_threads_and_is_replaced_in_use(
    place: Path, default: SentenceTransformerEmbedder
) -> None:
    fresh = SentenceTransformerEmbedder()
    expected = [fresh.encode_query([text]) for text in TEXTS]

    def embed(i: int) -> Vectors:
        if i == len(TEXTS):  # as another process would that found it damaged
            onnx_export._make(default._model, place)
        return fresh.encode_query([TEXTS[i % len(TEXTS)]])

    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(embed, range(4 * len(TEXTS))))
    for i, vector in enumerate(vectors):
        np.testing.assert_allclose(vector, expected[i % len(TEXTS)], atol=1e-5)


@pytest.mark.slow
def test_an_export_that_differs_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(place)
    monkeypatch.setattr(onnx_export, "LEAST_COSINE", 1.1)
    first = SentenceTransformerEmbedder()
    assert first._export is None
    assert "its vectors differ" in (place / "export.json").read_text("utf-8")
    assert not list(place.rglob("*.onnx"))
    assert not onnx_export.made(first.fingerprint)
    monkeypatch.setattr(onnx_export, "_export", None)  # it is not tried again
    assert SentenceTransformerEmbedder()._export is None


def test_a_model_that_cannot_be_exported_answers_all_the_same_until_other_libraries_can(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: object, path: Path) -> None:
        raise RuntimeError("an operator that ONNX does not have")

    shutil.rmtree(place)
    monkeypatch.setattr(onnx_export, "_export", fail)
    assert SentenceTransformerEmbedder().encode_query(["text"]).shape == (1, 384)
    assert "an operator" in (place / "export.json").read_text("utf-8")
    monkeypatch.setattr(onnx_export, "_export", lambda model, path: path.write_bytes(b"tried again"))
    assert SentenceTransformerEmbedder()._export is None
    assert "an operator" in (place / "export.json").read_text("utf-8")
    monkeypatch.setattr(onnx_export, "version", lambda name: "another")
    assert SentenceTransformerEmbedder()._export is None
    assert "an operator" not in next(path for path in place.parent.rglob("*.json") if path.parent != place).read_text()


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("model.onnx", _changed),
        *(
            pytest.param(*harmed, marks=pytest.mark.slow)
            for harmed in (("model.onnx", Path.unlink), ("tokenizer.json", _changed), ("export.json", _cut))
        ),
    ],
)
@pytest.mark.slow
def test_a_damaged_export_is_said_and_made_again(
    place: Path,
    default: SentenceTransformerEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    harm: Callable[[Path], None],
) -> None:
    sound = shutil.copytree(place, place.with_name("sound"))
    monkeypatch.setattr(onnx_export, "_export", lambda model, path: shutil.copy(sound / "model.onnx", path))
    harm(place / name)
    assert onnx_export.opened(default.fingerprint, lambda: default._model)
    assert [record.message for record in caplog.records] == [
        f"{place}: the model's export is damaged; it is made again"
    ]
    assert (place / name).read_bytes() == (sound / name).read_bytes()


def test_an_export_that_finds_no_room_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("a file in the place of the folder")
    monkeypatch.setenv("PINCITE_CACHE", str(tmp_path / "file"))
    embedder = SentenceTransformerEmbedder()
    assert embedder.encode_query(["text"]).shape == (1, 384)
    assert embedder.encode_query(["another"]).shape == (1, 384)
    assert [record.message for record in caplog.records if "was not exported" in record.message][1:] == []
    assert "questions take longer to start" in caplog.text


def test_weights_that_are_not_the_published_ones_are_not_exported(
    copied: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(place)
    monkeypatch.setattr(module, "find_model", lambda name: copied)
    (copied / "model.safetensors").write_bytes(b"others")
    with pytest.raises(ModelError, match="SHA-256"):
        SentenceTransformerEmbedder().encode_query(["text"])
    assert not place.exists()
