"""A regression whose test split is a single row, or whose test targets are constant: what can be said, and no more."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from backhand.experiments import reports
from backhand.experiments.run import work
from backhand.experiments.run.errors import errors_of_target
from backhand.experiments.run.predict import load_predictor
from backhand.experiments.run.record import read, row
from backhand.experiments.run.report import regression
from backhand.experiments.run.report.summary import tiles
from backhand.experiments.run.split_scores import TestErrors
from backhand.study import Study


def run(folder: Path, targets: list[float]) -> Path:
    """A run on a table of two columns, tested on rows with these targets."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))

    def write(name: str, y: np.ndarray) -> str:
        lines = (f"{a:.4f},{b:.4f},{t:.4f}" for (a, b), t in zip(x, y, strict=False))
        (folder / name).write_text("\n".join(["a,b,y", *lines]) + "\n", "utf-8")
        return str(folder / name)

    data = {"name": "csv", "target": "y", "path": write("train.csv", x.sum(1)), "test": write("test.csv", targets)}
    train = {"epochs": 3, "loss": "squared_error"}
    study = {"name": "few", "data": data, "model": {"name": "mlp", "hidden": [4]}, "train": train}
    work.run(Study.model_validate(study), folder / "run", quiet=True)
    return folder / "run"


@pytest.mark.parametrize(("targets", "interval"), [([2.1] * 12, True), ([2.1], False)])
def test_what_is_not_defined_is_left_out(targets: list[float], interval: bool, tmp_path: Path) -> None:
    folder = run(tmp_path, targets)  # NumPy's warnings are errors here
    errors = read(folder).metrics.test_errors
    assert math.isnan(errors.r2)
    said = " ".join(text for _, text in regression.findings(errors))
    assert "R²" not in said
    assert ("95% bootstrap interval" in said) is interval
    assert ("chance can explain any difference" in said) is not interval
    assert [name for name, *_ in tiles(read(folder))][:2] == ["Test RMSE", "Test MAE"]
    assert row(folder).result.startswith("test RMSE ")
    assert "R²" not in row(folder).result
    page = reports.write(folder).with_suffix(".md").read_text("utf-8")
    figures = load_predictor(folder).provenance.test.figures
    assert [figure.name for figure in figures] == ["RMSE", "MAE", "loss"]
    assert (figures[0].interval is not None) is interval
    assert " nan" not in page
    assert "not finite" not in page
    assert "correlation" not in page


def errors_of(errors: np.ndarray) -> TestErrors:
    truth = np.arange(float(len(errors)))
    target = errors_of_target("y", truth + errors, truth, 0.0)
    shared = {"loss": 1.0, "count": len(errors), "rmse": 1.0, "mae": 1.0, "r2": 0.5, "interval_kind": "95% bootstrap"}
    return TestErrors.model_validate(shared | {"per_target": (target,)})


def test_a_bias_is_claimed_from_ten_samples_on_by_their_standard_error() -> None:
    titles = [[title for title, _ in regression.findings(errors_of(np.full(N, 1.0)))] for N in (1, 9, 10)]
    assert [("Bias" in each) for each in titles] == [False, False, True]
    e = np.tile([0.0, 1.0], 5)  # mean 0.5, s = √(2.5 / 9), s / √10 = 0.1667: beyond 1.96 of it
    (target,) = errors_of(e - 0.5 + 0.33).per_target  # just above 1.96 · 0.1667 = 0.3267
    assert regression._deviation_of_bias(target, 10) == pytest.approx(e.std(ddof=1) / math.sqrt(10))
    assert "Bias" in [title for title, _ in regression.findings(errors_of(e - 0.5 + 0.33))]
    assert "Bias" not in [title for title, _ in regression.findings(errors_of(e - 0.5 + 0.32))]


def test_files_hold_null_for_what_is_not_defined() -> None:
    held = json.loads(json.dumps(errors_of(np.ones(3)).as_json()))
    assert held["per_target"][0]["rmse"] == {"value": 1.0, "low": None, "high": None}
    again = TestErrors.model_validate(held).per_target[0]
    assert again.rmse.interval is None
    assert again.rmse.value == 1.0
