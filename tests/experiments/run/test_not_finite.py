"""A run whose test or validation samples overflow: said, counted as wrong, and reported."""

import json
from math import isnan

import numpy as np
import pytest

from backhand.errors import DivergenceError
from backhand.experiments import reports
from backhand.experiments.build import load_feeds
from backhand.experiments.comparison.network import Network
from backhand.experiments.extension.record import run_figures
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.series import training
from backhand.experiments.trainer import Trainer, data_of
from backhand.study import load

STUDY = """
name = "few"
[data]
name = "npz"
path = "{path}"
[model]
name = "mlp"
hidden = [6]
[train]
epochs = 2
batch_size = 30
"""


def arrays(rng, count):
    """Two clouds of values so small that 3e38, standardised, is more than float32 holds."""
    y = np.arange(count) % 2
    return {"x": (0.01 * rng.normal(size=(count, 4)) + 0.03 * y[:, None]).astype("f4"), "y": y}


@pytest.fixture
def study(tmp_path, rng):
    """The path of a study whose test sample 3 has a value that overflows on its way."""
    splits = {split: arrays(rng, 40) for split in ("train", "validation", "test")}
    splits["test"]["x"][3, 2] = 3e38
    saved = {f"{name}_{split}": array for split, pair in splits.items() for name, array in pair.items()}
    np.savez(tmp_path / "few.npz", **saved)
    (tmp_path / "few.toml").write_text(STUDY.format(path=tmp_path / "few.npz"), "utf-8")
    return tmp_path / "few.toml"


def strict(text):
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_it_is_said_in_the_terminal_the_record_and_the_report(study, tmp_path, capsys):
    metrics = work.run(load(str(study)), tmp_path / "run")
    test = metrics.test
    assert (test.not_finite, test.not_finite_samples, isnan(test.loss)) == (1, (3,), True)
    assert 0 < test.typical_loss < 2
    assert (metrics.validation.not_finite, metrics.validation.remark) == (0, "")
    assert test.correct == round(test.accuracy * 40) < 40
    assert np.sum(test.confusion) == 39
    assert [row.support for row in test.per_class] == [20, 20]
    remark = "The scores of 1 of the 40 test samples are not finite (sample 3)"
    assert f"warning: {remark}" in capsys.readouterr().out
    assert strict((tmp_path / "run" / "metrics.json").read_text("utf-8")) == metrics.as_json()
    page = reports.write(tmp_path / "run").parent / "report.md"
    assert remark in page.read_text("utf-8")
    assert "not finite" in page.read_text("utf-8")


@pytest.fixture
def held_out(study, tmp_path):
    """The same study, whose validation sample 1 overflows as well."""
    saved = dict(np.load(tmp_path / "few.npz"))
    saved["x_validation"][1, 0] = 3e38
    np.savez(tmp_path / "few.npz", **saved)
    return study


def test_a_validation_loss_that_is_never_finite_names_the_sample(held_out, tmp_path):
    message = (
        r"not finite in any of 2 epochs.* The scores of 1 of the 40 validation samples are not finite \(sample 1\)"
    )
    with pytest.raises(DivergenceError, match=message):
        work.run(load(str(held_out)), tmp_path / "run", quiet=True)
    history = [strict(line) for line in (tmp_path / "run" / "history.jsonl").read_text("utf-8").splitlines()]
    assert [epoch["validation_loss"] for epoch in history] == [None, None]
    assert strict((tmp_path / "run" / "metrics.json").read_text("utf-8"))["status"] == "diverged"
    assert reports.write(tmp_path / "run").exists()


def test_chosen_by_accuracy_it_is_trained_to_its_end(held_out, tmp_path, capsys):
    wanted = load(str(held_out), ['train.early_stopping.monitor="validation_accuracy"'])
    metrics = work.run(wanted, tmp_path / "run")
    assert (metrics.validation.not_finite, isnan(metrics.validation.loss)) == (1, True)
    assert "warning: The scores of 1 of the 40 validation samples" in capsys.readouterr().out
    assert reports.write(tmp_path / "run").exists()


def test_an_earlier_versions_nan_is_read(held_out, tmp_path):
    wanted = load(str(held_out), ['train.early_stopping.monitor="validation_accuracy"'])
    work.run(wanted, tmp_path / "run", quiet=True)
    for name in ("metrics.json", "history.jsonl"):
        file = tmp_path / "run" / name
        file.write_text(file.read_text("utf-8").replace('_loss": null', '_loss": NaN').replace("null", "NaN"), "utf-8")
        assert "NaN" in file.read_text("utf-8")
    assert reports.write(tmp_path / "run").exists()


def test_the_terminal_writes_no_nan(study, tmp_path, cli):
    status, text = cli("run", study, "--out", tmp_path / "run")
    assert status == 0
    assert "loss not finite" in text
    assert "warning: The scores of 1 of the 40 test samples" in text


def test_a_run_that_nothing_is_left_of_has_a_report(study, tmp_path, rng):
    held = dict(np.load(tmp_path / "few.npz"))
    held["x_test"][:, 2] = 3e38
    np.savez(tmp_path / "few.npz", **held)
    metrics = work.run(load(str(study)), tmp_path / "run", quiet=True)
    assert (metrics.test.accuracy, metrics.test.not_finite) == (0, 40)
    assert metrics.test.not_finite_samples == tuple(range(20))
    assert reports.write(tmp_path / "run").exists()
    assert run_figures(tmp_path / "run").counts == (20, 20)


def test_a_run_of_a_series_leaves_the_loss_out_and_says_why(study):
    wanted = load(str(study))
    result = training.result_of(Trainer.of(wanted, data_of(wanted)).fit(), {})
    assert "test_loss" not in result.figures
    assert result.figures["test_accuracy"] < 1
    assert result.message.startswith("The scores of 1 of the 40 test samples are not finite")


def test_a_comparison_says_how_many_it_counts_as_wrong(study):
    outcome = Network(load(str(study))).train_and_predict(load_feeds(load(str(study))).splits)
    assert outcome.predictions[3] == -1
    assert outcome.chosen["scores_not_finite"] == 1


def test_an_extension_and_a_classifier_keep_the_remark(study, tmp_path):
    work.run(load(str(study)), tmp_path / "run", quiet=True)
    remark = run_figures(tmp_path / "run").remark
    assert remark.startswith("The scores of 1 of the 40 test samples")
    assert load_classifier(tmp_path / "run").remarks == (remark,)
