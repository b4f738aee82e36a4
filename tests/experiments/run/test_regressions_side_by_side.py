"""Finished regressions side by side: errors of each target, and for which samples each run is the closer one."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.run import work
from backhand.experiments.run.record import read_tested
from backhand.experiments.run.side_by_side import pairs, side_by_side
from backhand.study import load
from tests.experiments.run.test_regression import STUDY

SMALL = ["data.train_size=100", "train.epochs=3"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "progression.toml").write_text(STUDY)
    for name, hidden in (("wide", 64), ("narrow", 2)):
        work.run(load(folder / "progression.toml", [*SMALL, f"model.hidden=[{hidden}]"]), folder / name, quiet=True)
    return folder


def test_figures_settings_and_chance(runs):
    figures, settings, points = side_by_side(read_tested([runs / "wide", runs / "narrow"]))
    rows = {name: values for name, *values in figures.rows}
    results = [json.loads((runs / name / "metrics.json").read_text()) for name in ("wide", "narrow")]
    tested = [result["test_errors"] for result in results]
    assert rows["test RMSE of progression"] == [f"{errors['rmse']:.4g}" for errors in tested]
    rmse = tested[1]["per_target"][0]["rmse"]
    assert rows["95% interval"][1] == f"{rmse['low']:.4g} to {rmse['high']:.4g}"
    assert rows["test MAE"] == [f"{errors['mae']:.4g}" for errors in tested]
    assert rows["validation RMSE"] == [f"{result['validation_errors']['rmse']:.4g}" for result in results]
    assert settings.rows == (("model.hidden", "[64]", "[2]"),)
    saved = [load_file(runs / name / "evidence.safetensors") for name in ("wide", "narrow")]
    far, near = (np.abs(arrays["predictions"] - arrays["targets"])[:, 0] for arrays in saved)
    closer = int((far < near).sum()), int((near < far).sum())
    ((title, sentence),) = points.items
    assert title == "wide and narrow"
    facts = f"The first is closer to the true values for {closer[0]} test samples, the second for {closer[1]}"
    assert sentence.startswith(facts)
    assert ("may be chance" in sentence) == (mcnemar(*closer) >= 0.05)
    assert sum(closer) == 88


def test_of_several_targets_distances_are_measured_in_their_deviations(tmp_path, rng):
    x, noise = rng.standard_normal((120, 3)), rng.standard_normal((120, 2))
    y = x[:, :2] * [1, 1e6] + noise * [0.1, 1e5]
    np.savez(tmp_path / "two.npz", x_train=x[:80], y_train=y[:80], x_test=x[80:], y_test=y[80:])
    study = STUDY.replace('"diabetes"', f'"npz"\npath = "{tmp_path / "two.npz"}"\ntarget = ["small", "large"]')
    (tmp_path / "two.toml").write_text(study)
    for name, epochs in (("long", 12), ("short", 1)):
        work.run(load(tmp_path / "two.toml", [f"train.epochs={epochs}"]), tmp_path / name, quiet=True)
    read = read_tested([tmp_path / "long", tmp_path / "short"])
    figures = next(iter(side_by_side(read)))
    assert {"test RMSE of small", "test RMSE of large"} <= {row[0] for row in figures.rows}
    (pair,) = pairs(read)
    units = np.array([target.deviation for target in read[0].metrics.data.targets])
    far, near = (np.square(run.evidence.fitted.errors / units).sum(1) for run in read)
    assert pair.alone == ((far < near).sum(), (near < far).sum())
    assert (pair.test, pair.p) == ("sign test", mcnemar(*pair.alone))


def test_from_the_command_line(runs, cli):
    status, output = cli("compare", runs / "wide", runs / "narrow")
    assert (status, "model.hidden [64] [2]" in output, "test RMSE of progression" in output) == (0, True, True)


def test_a_classifier_is_no_match_for_a_regression(runs, tmp_path, cli):
    work.run(load("digits", ["data.train_size=100", "train.epochs=1"]), tmp_path / "digits", quiet=True)
    for pair in ((runs / "wide", tmp_path / "digits"), (tmp_path / "digits", runs / "wide")):
        with pytest.raises(BackhandError, match=r"wide predicts numbers, and .*digits classes; name runs of one kind"):
            read_tested(pair)
    status, output = cli("compare", runs / "wide", tmp_path / "digits")
    assert (status, "predicts numbers" in output) == (2, True)
