"""Promises about the shape of the project: its names, its layers, what an import costs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pincite
from pincite import errors

SOURCE = Path(pincite.__file__).parent

# From the bottom up; a module imports from lower layers only, or from its own package.
LAYERS = (
    {"errors", "names"},
    {"datatypes", "settings"},
    {"analysis", "listing", "bibliography"},
    {"parsers", "stores"},
    {"retrieval"},
    {"ingest", "reading"},
    {"index"},
    {"replies"},
    {"assistant", "text_anchors"},
    {"as_json", "evaluation"},
    {"as_text", "web", "integrations"},
    {"cli"},
    {"__main__"},
)
# An answer shows itself by what lies above it, which is imported only when that is asked for.
UPWARD = {("datatypes", "as_json"), ("datatypes", "web")}
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}


def test_public_names_are_frozen() -> None:
    assert sorted(pincite.__all__) == [
        "Answer", "Assistant", "Citation", "Document", "Filter", "Hit", "Index", "Passage", "PinciteError", "Progress",
        "Settings", "Status", "UpdateReport",
    ]  # fmt: skip
    for name in pincite.__all__:
        assert getattr(pincite, name).__name__ == name


def _unit(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def _imports(path: Path) -> set[str]:
    """The parts of Pincite that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "pincite":
            found |= {f"pincite.{name.name}" for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
    return {name.split(".")[1] for name in found if name.startswith("pincite.")}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path: Path) -> None:
    unit = _unit(path)
    if unit == "__init__":  # the names handed out to users
        return
    for other in _imports(path) - {unit, "__version__"}:
        if (unit, other) in UPWARD:
            continue
        assert RANK[other] < RANK[unit], f"{path.name} in {unit!r} imports {other!r}, which lies no lower"


def test_every_module_has_a_layer() -> None:
    assert {_unit(path) for path in SOURCE.rglob("*.py")} - {"__init__"} == set(RANK)


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def test_import_loads_nothing_heavy() -> None:
    heavy = {"torch", "sentence_transformers", "transformers", "gradio", "faiss", "numpy", "tantivy", "trafilatura"}
    code = "import sys, pincite; print(*{name.split('.')[0] for name in sys.modules})"
    assert not heavy & set(_run(code).split())


def test_opening_an_index_loads_no_model() -> None:
    code = "import sys; from pincite import Index, Assistant; print(*{name.split('.')[0] for name in sys.modules})"
    assert not {"torch", "sentence_transformers", "transformers", "gradio"} & set(_run(code).split())


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["ask", "When did the ferry leave?"], {"torch", "transformers", "sentence_transformers", "gradio"}),
        (
            ["search", "--mode", "lexical", "ferry"],
            {"torch", "transformers", "sentence_transformers", "onnxruntime", "tokenizers"},
        ),
        (["status"], {"torch", "transformers", "sentence_transformers", "onnxruntime", "gradio"}),
    ],
)
def test_answering_loads_no_torch(real_index: pincite.Index, arguments: list[str], absent: set[str]) -> None:
    code = f"""
import sys
from pincite.cli import main
main({arguments} + ["--index", {real_index.status().path!r}])
print("loaded", *{{name.split(".")[0] for name in sys.modules}})"""
    *answer, loaded = _run(code).splitlines()
    assert "ferry left" in " ".join(answer) or arguments == ["status"]
    assert not absent & set(loaded.split())


def test_no_stubs_are_made_while_gradio_is_imported() -> None:
    """They take half of the time until the page is there."""
    code = """
import inspect, sys
def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".pyi"):
        print(arguments[0])
sys.addaudithook(watch)
import pincite.web.page
print(inspect.getfile(sys.modules["gradio"].HTML))"""
    (file,) = _run(code).split()
    assert file.endswith("html.py")


def test_onnx_runtime_reports_nothing(real_index: pincite.Index, tmp_path: Path) -> None:
    """Where it does, it notes who it is before anything is sent. No hook of Python sees what it sends."""
    export = Path(str(real_index.status().export))
    shutil.copytree(export.parent.parent, tmp_path / "pincite")
    suppressing = {"CI", "ORT_RUNNING_UNIT_TESTS", "ORT_DISABLE_TELEMETRY"}
    environment = {name: value for name, value in os.environ.items() if name not in suppressing}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "pincite", "ask", "When did the ferry leave?", "--index", real_index.status().path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "ferry left" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["pincite"]


def test_errors_have_one_root_and_are_drawn() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    assert all(issubclass(each, errors.PinciteError) for each in classes)
    drawn = errors.__doc__ or ""
    assert not [each.__name__ for each in classes if each.__name__ not in drawn]


def test_every_file_that_contributing_names_exists() -> None:
    root = SOURCE.parent.parent
    table = (root / "CONTRIBUTING.md").read_text("utf-8").partition("| to change")[2].partition("## Own code")[0]
    named = set(re.findall(r"`([\w/.]+(?:\.\w+|/))`", table))
    assert len(named) > 30
    gone = [name for name in named if not (SOURCE / name).exists() and not (root / name).exists()]
    assert not gone
