"""A regression from study to report: figures, evidence, predictor, resuming; and where a regression is refused."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

import backhand as bh
from backhand import checkpoint
from backhand.errors import CheckpointError, StudyError
from backhand.experiments import reports
from backhand.experiments.run import work
from backhand.experiments.run.record import read
from backhand.export.card.front_matter import front_matter
from backhand.export.facts import facts
from backhand.export.pipeline import Pipeline
from backhand.study import load
from backhand.training.callbacks import Callback

STUDY = """
name = "progression"
[data]
name = "diabetes"
validation = 0.2
[model]
name = "mlp"
hidden = [16]
[train]
epochs = 12
batch_size = 50
optimizer = { kind = "adam", lr = 0.01 }
early_stopping = { monitor = "validation_rmse" }
save_every = 0
keep_states = true
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("study") / "progression.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def run(study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    work.run(load(study), folder, quiet=True)
    return folder


def test_figures_are_those_of_the_saved_predictions(run) -> None:
    arrays, _ = checkpoint.load(run / "evidence.safetensors")
    true, predicted = arrays["targets"], arrays["predictions"]
    errors = json.loads((run / "metrics.json").read_text())["test_errors"]
    assert errors["rmse"] == pytest.approx(root_mean_squared_error(true, predicted))
    assert errors["mae"] == pytest.approx(mean_absolute_error(true, predicted))
    assert errors["r2"] == pytest.approx(r2_score(true, predicted))
    (target,) = errors["per_target"]
    for name in ("rmse", "mae", "r2"):
        assert target[name]["low"] < target[name]["value"] < target[name]["high"]
        assert target[name]["value"] == pytest.approx(errors[name], rel=1e-12)
    splits = bh.load("diabetes")
    np.testing.assert_array_equal(true, splits.test.y[arrays["fitted_index"]])
    assert target["bias"] == pytest.approx((predicted - true).mean())


def test_the_history_has_the_errors_of_each_epoch(run) -> None:
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    kept = min(history, key=lambda record: record["validation_rmse"])
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["training"]["chosen_epoch"] == kept["epoch"]
    assert metrics["validation_errors"]["rmse"] == pytest.approx(kept["validation_rmse"], rel=1e-6)
    assert "train_accuracy" not in history[0]


def test_the_report_shows_what_a_regression_has(run) -> None:
    text = reports.write(run).with_suffix(".md").read_text("utf-8")
    for heading in ("Summary", "Data", "Model", "Training", "Test result", "Largest errors", "Gradient check"):
        assert re.search(rf"^## .*{heading}$", text, re.MULTILINE), heading
    assert "Confusion" not in text
    assert "accuracy" not in text.lower()
    assert "RMSE of the mean" in text
    assert {path.stem for path in (run / "plots").glob("*.png")} >= {"predicted-0", "residuals-0", "errors-0"}
    assert {path.stem for path in (run / "plots").glob("*.png")} >= {"r2-epoch", "rmse-epoch", "rmse-time"}
    assert all(path.name.isascii() for path in (run / "plots").iterdir())


def test_a_card_and_an_export_name_the_figures_in_their_own_words(run) -> None:
    predictor = bh.load_predictor(run)
    pipeline = Pipeline.of(predictor)
    lines = dict(line.split(": ", 1) for line in front_matter(pipeline, ()).splitlines() if ": " in line)
    assert json.loads(lines["metrics"]) == ["r_squared", "rmse", "mae"]
    (result,) = json.loads(lines["model-index"])[0]["results"]
    assert [metric["type"] for metric in result["metrics"]] == ["r_squared", "rmse", "mae", "loss"]
    assert [metric["name"] for metric in result["metrics"]][:2] == ["Test R²", "Test RMSE"]
    named = facts(pipeline)
    assert {"test_r2", "test_rmse", "test_mae", "test_loss"} <= named.keys()
    assert all(key.isascii() for key in named)


def test_the_predictor_answers_as_the_run_did(run, tmp_path) -> None:
    predictor, splits = bh.load_predictor(run), bh.load("diabetes")
    arrays, _ = checkpoint.load(run / "evidence.safetensors")
    np.testing.assert_allclose(predictor.predict(splits.test.x), arrays["predictions"], rtol=1e-5)
    assert predictor.targets == ("progression",)
    predictor.save(tmp_path / "model.safetensors")
    again = bh.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(splits.test.x), predictor.predict(splits.test.x))
    with pytest.raises(CheckpointError, match=r"is a regression and has no classes; use backhand\.load_predictor"):
        bh.load_classifier(run)


def test_a_killed_regression_ends_with_the_same_bits(study, run, tmp_path, monkeypatch) -> None:
    class Kill(Callback):
        def on_step_end(self, solver) -> None:
            if solver.step == 21:
                raise KeyboardInterrupt

    monkeypatch.setattr(work, "SplitAccuracy", lambda feeds: Kill())
    with pytest.raises(KeyboardInterrupt):
        work.run(load(study), tmp_path / "run", quiet=True)
    monkeypatch.undo()
    work.run(load(study), tmp_path / "run", quiet=True, resume=True)
    assert (tmp_path / "run" / "best.safetensors").read_bytes() == (run / "best.safetensors").read_bytes()
    assert (tmp_path / "run" / "evidence.safetensors").read_bytes() == (run / "evidence.safetensors").read_bytes()


def test_several_targets_of_a_table(tmp_path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 2))
    rows = np.c_[x, 100 + 30 * x[:, 0], x.sum(1) + 0.1 * rng.standard_normal(200)]
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",", header="a,b,warm,cold", comments="")
    path = tmp_path / "two.toml"
    path.write_text(
        'name = "two"\n[data]\nname = "csv"\npath = "t.csv"\ntarget = ["warm", "cold"]\n[model]\nname = "mlp"\n'
        '[train]\nloss = "huber"\nepochs = 30\nbatch_size = 20\n'
    )
    metrics = work.run(load(path), tmp_path / "run", quiet=True)
    assert [target.name for target in metrics.test_errors.per_target] == ["warm", "cold"]
    assert metrics.test_errors.r2 > 0.9
    assert {p.stem for p in (reports.write(tmp_path / "run").parent / "plots").glob("predicted-*")} == {
        *("predicted-0", "predicted-1")
    }
    assert bh.load_predictor(tmp_path / "run").read_table(tmp_path / "t.csv").shape == (200, 2)


def test_a_run_that_explains_nothing_says_so(study, tmp_path) -> None:
    metrics = work.run(load(study, ["train.optimizer.lr=1e-9", "train.epochs=2"]), tmp_path / "run", quiet=True)
    assert "explains nothing of the variance of the test targets" in metrics.training.failure
    (remark,) = bh.load_predictor(tmp_path / "run").remarks
    assert remark.startswith("the training failed.")


SERIES = """
name = "s"
title = "S"
minutes = 1
memory = 1
[[parts]]
name = "a"
title = "A"
study = "{study}"
"""


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("run s.toml --out out", "a series needs classes; train each setting by `backhand run`"),
        ("doctor {study}", "the doctor needs classes; read the report of `backhand run`"),
        ("doctor {run}", "the doctor needs classes; read the report"),
        ("ask dropout --set data.name=diabetes --out out", "a question needs classes; ask it of data with classes"),
        ("extend {run} --data digits --out out", "an extension needs classes; train it anew on the old and the new"),
    ],
)
def test_what_needs_classes_refuses_it(command, said, study, run, tmp_path, cli, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(SERIES.format(study=study))
    status, output = cli(*command.format(study=study, run=run).split())
    assert (status, f"predicts numbers, and {said}" in output) == (2, True), output
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def test_a_search_compares_by_the_error(tmp_path) -> None:
    from backhand.experiments.search import work as search

    searched = tmp_path / "s.toml"
    space = '[search]\nmethod = "grid"\nseeds = 2\n[search.space]\n"train.optimizer.lr" = [1e-5, 1e-2]\n'
    searched.write_text(STUDY + space)
    record = search.run(load(searched), tmp_path / "search", quiet=True)
    best, other = record.complete_trials
    assert record.monitor == "validation_rmse"
    assert best.value < other.value
    assert best.assignment == {"train.optimizer.lr": 1e-2}
    assert record.figure == "rmse"
    assert all(run.test == read(tmp_path / "search" / run.folder).metrics.test_errors.rmse for run in record.runs)
    text = reports.write(tmp_path / "search").with_suffix(".md").read_text("utf-8")
    assert "validation RMSE" in text
    assert "accuracy" not in text
    with pytest.raises(
        StudyError, match=r'search.monitor = "validation_accuracy" is no figure of such data; use one of'
    ):
        load(searched, ["search.monitor=validation_accuracy"])


def test_read_gives_the_whole_record(run) -> None:
    record = read(run)
    assert record.evidence.fitted is not None
    assert record.metrics.data.targets[0].name == "progression"
    assert record.chosen is not None
