"""The FAISS files of a generation: an inverted file against exact cosines, filters, and what is added and removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pincite.stores.base import Vectors
from pincite.stores.local import dense
from pincite.stores.local.dense import Block, DenseIndex, Ids

DIMENSION = 48


@dataclass
class Kept:
    """A source in memory."""

    ids: Ids
    vectors: Vectors

    def dense_blocks(self, after: int = 0) -> Iterator[Block]:
        later = np.flatnonzero(self.ids > after)
        for part in np.array_split(later, 3):
            if len(part):
                yield self.ids[part], self.vectors[part].astype(np.float16)

    def some_vectors(self, n: int) -> Vectors:
        return self.vectors[:: max(1, len(self.vectors) // n)][:n]


def unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def near(rows: Vectors, seed: int) -> Vectors:
    noise = np.random.default_rng(seed).standard_normal(rows.shape)
    return unit(np.asarray(rows + 0.05 * noise, np.float32))


def clustered(n: int, seed: int = 0, first: int = 1) -> Kept:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((40, DIMENSION))
    rows = centres[rng.integers(40, size=n)] + 0.5 * rng.standard_normal((n, DIMENSION))
    return Kept(np.arange(first, first + 2 * n, 2), unit(rows.astype(np.float32)))


def exact(kept: Kept, vector: Vectors, n: int) -> list[int]:
    cosines = kept.vectors.astype(np.float16).astype(np.float32) @ vector
    return [int(kept.ids[i]) for i in np.lexsort((kept.ids, -cosines))[:n]]


@pytest.fixture
def inverted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Kept]:
    monkeypatch.setattr(dense, "EXACT_UP_TO", 1000)
    kept = clustered(6000)
    dense.build(tmp_path, kept, 6000)
    return tmp_path, kept


def test_an_inverted_file_proposes_what_exact_search_finds(inverted: tuple[Path, Kept]) -> None:
    folder, kept = inverted
    index = DenseIndex(folder)
    assert (folder / "dense.json").read_text("utf-8") != "{}"
    queries = near(kept.vectors[1::60], 3)
    hits = [set(exact(kept, q, 10)) & {number for number, _ in index.search(q, 100)} for q in queries]
    assert np.mean([len(each) for each in hits]) >= 9.9


def test_the_trial_asks_between_passages(inverted: tuple[Path, Kept]) -> None:
    """Off every passage, as questions are: one that is a passage would find itself in its own list."""
    folder, kept = inverted
    asked = dense._between(kept.some_vectors(64))
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1, atol=1e-6)
    assert asked.shape == (32, DIMENSION)
    assert (asked @ kept.vectors.T).max() < 0.99
    facts = json.loads((folder / "dense.json").read_text("utf-8"))
    assert facts["recall"] >= dense.RECALL
    assert facts["probed"] < facts["lists"]


def test_scores_are_cosines(inverted: tuple[Path, Kept]) -> None:
    folder, kept = inverted
    for number, score in DenseIndex(folder).search(kept.vectors[5], 20):
        assert score == pytest.approx(float(kept.vectors[(number - 1) // 2] @ kept.vectors[5]), abs=0.02)


@pytest.mark.parametrize("share", [2, 30, 2000])
def test_a_filter_loses_nothing(inverted: tuple[Path, Kept], share: int) -> None:
    folder, kept = inverted
    allowed = kept.ids[::share]
    part = Kept(allowed, kept.vectors[::share])
    index = DenseIndex(folder)
    for q in near(kept.vectors[1::600], 3):
        found = [number for number, _ in index.search(q, 100, allowed)]
        assert len(found) == min(100, len(allowed))
        assert set(found) <= set(allowed.tolist())
        assert len(set(exact(part, q, 10)) & set(found)) >= min(9, len(allowed))


def test_the_base_is_taken_over_by_link(inverted: tuple[Path, Kept], tmp_path: Path) -> None:
    folder, kept = inverted
    new = clustered(100, seed=5, first=20_001)
    target = tmp_path / "next"
    target.mkdir()
    both = Kept(np.concatenate([kept.ids, new.ids]), np.concatenate([kept.vectors, new.vectors]))
    gone = kept.ids[:50].tolist()
    dense.extend(target, folder, both, int(kept.ids[-1]), gone)
    assert (target / "dense.faiss").stat().st_ino == (folder / "dense.faiss").stat().st_ino
    index, before = DenseIndex(target), DenseIndex(folder)
    assert index.search(new.vectors[3], 1)[0][0] == new.ids[3]
    assert before.search(new.vectors[3], 1)[0][0] != new.ids[3]
    assert not {number for number, _ in index.search(kept.vectors[7], 200)} & set(gone)
    assert before.search(kept.vectors[7], 1)[0][0] == kept.ids[7]


def test_an_index_that_outgrew_exact_search_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dense.build(tmp_path, clustered(900), 900)
    assert not dense.stale(tmp_path, 10, 10, 900)
    assert dense.stale(tmp_path, 30, 20, 900)
    monkeypatch.setattr(dense, "EXACT_UP_TO", 905)
    assert dense.stale(tmp_path, 10, 0, 910)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 40), st.sets(st.integers(0, 60))), max_size=5))
def test_any_life_finds_what_a_fresh_build_finds(
    tmp_path_factory: pytest.TempPathFactory, life: list[tuple[int, set[int]]]
) -> None:
    """Additions and removals, one generation on the other: the same ids and cosines as built at once."""
    all_of_it = clustered(300)
    place = tmp_path_factory.mktemp("life")
    there, held = 20, set(all_of_it.ids[:20].tolist())
    dense.build(place, Kept(all_of_it.ids[:20], all_of_it.vectors[:20]), 20)
    for step, (added, removed) in enumerate(life):
        target = place / str(step)
        target.mkdir()
        gone = sorted(held & {int(all_of_it.ids[i]) for i in removed})
        now = Kept(all_of_it.ids[: there + added], all_of_it.vectors[: there + added])
        dense.extend(target, place if step == 0 else place / str(step - 1), now, int(all_of_it.ids[there - 1]), gone)
        held = (held | set(now.ids[there:].tolist())) - set(gone)
        there += added
    last = place / str(len(life) - 1) if life else place
    alive = np.isin(all_of_it.ids, sorted(held))
    fresh = place / "fresh"
    fresh.mkdir()
    dense.build(fresh, Kept(all_of_it.ids[alive], all_of_it.vectors[alive]), int(alive.sum()))
    for q in all_of_it.vectors[::40]:
        assert DenseIndex(last).search(q, 30) == DenseIndex(fresh).search(q, 30)
