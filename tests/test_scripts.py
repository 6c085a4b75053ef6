"""The scripts that train the reader and fill its model card, on a few made-up questions and results."""

from __future__ import annotations

import gc
import gzip
import importlib
import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def script(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 (a module)
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module(request.param)


# ---------------------------------------------------------------- the model card


def write_results(folder: Path, ndcg: float) -> Path:
    """What `pincite evaluate` may have printed for a collection of forty questions, half of them with an answer."""
    queries = {f"q{n}": {"#answerable": n % 2, "#confidence": n / 40, "#answered": 1.0} for n in range(40)}
    found = {"collection": "made_up", "measures": {"nDCG@10": ndcg, "AUROC": 0.5}, "queries": queries}
    folder.mkdir()
    (folder / "made_up.json").write_text(json.dumps(found), "utf-8")
    return folder


def table(page: str, name: str) -> list[list[str]]:
    lines = page.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- end of {name} -->")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in lines]


@pytest.mark.parametrize("script", ["study_reading"], indirect=True)
def test_the_tables_of_the_model_card_are_filled(
    tmp_path: Path,
    script: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, now = write_results(tmp_path / "before", 0.25), write_results(tmp_path / "now", 0.75)
    docs = tmp_path / "docs"
    (docs / "images").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "reader.md", docs)
    monkeypatch.setattr(script, "DOCS", docs)
    monkeypatch.setattr(sys, "argv", ["study_reading", f"before={before}", f"now={now}"])
    script.main()
    page = (docs / "reader.md").read_text("utf-8")
    measures = table(page, "measures")
    assert measures[0] == ["made_up", "nDCG@10", "AUROC", "false answers at 5 % false refusals"]
    # Of the twenty with an answer one may be refused: the threshold is the second lowest confidence, 3 of 40.
    assert measures[2:] == [["before", "0.250", "0.500", "0.900"], ["now", "0.750", "0.500", "0.900"]]
    assert table(page, "means")[2:] == [["before", "0.250", "0.2500"], ["now", "0.750", "0.7500"]]
    written = json.loads((docs / "reader.json").read_text("utf-8"))
    assert written["measures"]["made_up"]["now"]["nDCG@10"] == 0.75
    assert "<svg" in (docs / "images" / "confidence.svg").read_text("utf-8")
    # How the learning went does not depend on the runs: it stands in the repository as the script writes it.
    assert table(page, "training") == table((ROOT / "docs" / "reader.md").read_text("utf-8"), "training")


def test_each_row_of_the_training_says_which_pass_it_belongs_to() -> None:
    head, _, *rows = table((ROOT / "docs" / "reader.md").read_text("utf-8"), "training")
    assert head[:2] == ["pass", "step"]
    reached: dict[str, int] = {}
    for row in rows:
        step = int(row[1].replace(",", ""))
        assert step > reached.get(row[0], 0)
        reached[row[0]] = step
    assert list(reached) == ["1", "2", "3"]


# ---------------------------------------------------------------- the reader


def made_up(script: Any, held_out: int, learnt: int) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Questions on so many texts that the script holds out, and on so many that it learns from."""
    left = {True: held_out, False: learnt}
    places = ("harbour", "mill", "chapel", "bridge", "orchard", "quarry", "station")
    for n in range(10_000):
        place = f"{places[n % 7]} of Aldhaven {n}"
        answer = f"The lantern of the {place} was lit in {1700 + n % 200}."
        text = f"The {place} stands by the sea. {answer} Its keeper grew beans."
        row = {"title": f"The {place}", "text": text}
        side = script._is_held_out(script.text_id(row))
        if left[side]:
            left[side] -= 1
            start = text.index(answer)
            asked = {"source": sorted(script.MINED)[n % 3], "question": f"When was the lantern of the {place} lit?"}
            yield row | asked | {"answers": [[start, start + len(answer)]]}
        if not any(left.values()):
            return
    raise AssertionError("too few texts are held out")


@pytest.mark.slow
@pytest.mark.parametrize("script", ["train_reader"], indirect=True)
def test_a_reader_is_trained_exported_and_calibrated(
    tmp_path: Path,
    script: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(gc, "freeze", lambda: None)  # this process goes on
    monkeypatch.setattr(script.torch, "set_flush_denormal", lambda on: True)
    work, target, questions = tmp_path / "work", tmp_path / "reader", tmp_path / "questions.jsonl.gz"
    rows = list(made_up(script, held_out=12, learnt=28))
    with gzip.open(questions, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)

    script.candidates(questions, work)
    assert "40 questions, 40 texts" in capsys.readouterr().out
    options = Namespace(work=work, sources=[], begin_with=None, rate=1e-4, steps=2, every=1, tested=2, seed=7)
    for name in ("one", "two"):
        script.train(Namespace(**vars(options) | {"name": name}))
        options.begin_with = "one.pt"
    log = [json.loads(line) for line in (work / "one.log").read_text("utf-8").splitlines()]
    assert [each["step"] for each in log] == [1, 2]
    assert 0 < log[0]["rows"] < log[1]["rows"]
    assert all(each["loss"] > 0 and {"qed", "selqa", "squadshifts_wiki"} < each.keys() for each in log)

    script.average(Namespace(work=work, of=["one", "two-1"], name="mean"))
    script.export(Namespace(work=work, target=target, name="mean", logs=["one", "two"]))
    script.calibrate(Namespace(work=work, target=target, questions=8, part=0.5))
    facts = json.loads((target / "reader.json").read_text("utf-8"))
    assert [(each["pass"], each["step"]) for each in facts["trained"]] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert facts["trained"][1] == {"pass": 1, **log[1]}
    constants = facts["constants"]
    assert len(constants["weights"]) == 5
    assert any(constants["weights"])
    assert (constants["score_weight"], constants["part"]) == (4.0, 0.5)
    assert f"refused at {script.DEFAULT_THRESHOLD}" in capsys.readouterr().out
