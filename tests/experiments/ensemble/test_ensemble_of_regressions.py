"""Ensembles of regressions: the mean of predicted numbers, and its errors."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand.errors import BackhandError
from backhand.experiments.comparison.statistics import mcnemar
from backhand.experiments.ensemble import work
from backhand.experiments.ensemble.record import read, row
from backhand.experiments.run import work as single
from backhand.study import load
from tests.experiments.run.test_regression import STUDY


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "progression.toml").write_text(STUDY)
    for seed in range(3):
        study = load(folder / "progression.toml", ["data.seed=0", "train.epochs=4"], seed)
        single.run(study, folder / str(seed), quiet=True)
    return [folder / str(seed) for seed in range(3)]


def test_the_mean_is_that_of_the_predictions(runs, tmp_path):
    ensemble = work.run(runs, tmp_path / "ensemble", quiet=True)
    saved = [load_file(run / "evidence.safetensors") for run in runs]
    truth = saved[0]["targets"].astype(np.float64)
    predictions = np.array([evidence["predictions"] for evidence in saved], np.float64)

    def rmse(predictions):
        return np.sqrt(np.square(predictions - truth).mean())

    np.testing.assert_allclose([member.alone for member in ensemble.members], list(map(rmse, predictions)))
    so_far = [rmse(predictions[: k + 1].mean(0)) for k in range(3)]
    np.testing.assert_allclose([member.together for member in ensemble.members], so_far)
    best = predictions[int(np.argmin(list(map(rmse, predictions))))]
    far, near = np.abs(best - truth), np.abs(predictions.mean(0) - truth)
    assert (ensemble.only_best, ensemble.only_mean) == ((far < near).sum(), (near < far).sum())
    assert ensemble.mcnemar == mcnemar(ensemble.only_best, ensemble.only_mean)
    (target,) = ensemble.per_target
    assert (target.name, target.rmse.value) == ("progression", pytest.approx(ensemble.together))
    assert target.rmse.low < target.rmse.value < target.rmse.high
    assert ensemble.best.alone == min(member.alone for member in ensemble.members)
    assert read(tmp_path / "ensemble") == ensemble
    assert row(tmp_path / "ensemble").result == f"test RMSE {ensemble.together:.4g}"


def test_from_the_command_to_the_report(runs, tmp_path, cli):
    out = tmp_path / "out"
    status, output = cli("ensemble", *runs, "--out", out)
    assert (status, "The mean of all runs has an RMSE of" in output) == (0, True), output
    text = (out / "report.md").read_text()
    assert "sign test" in text
    assert "RMSE on 88 test samples: of each run alone, and of the mean of its predictions" in text
    assert "ccuracy" not in text


def test_regressions_that_have_no_mean_are_refused(runs, tmp_path, rng):
    x, y = rng.standard_normal((88, 3)), rng.standard_normal((88, 1))
    np.savez(tmp_path / "others.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    study = STUDY.replace('"diabetes"', f'"npz"\npath = "{tmp_path / "others.npz"}"\ntarget = "progression"')
    (tmp_path / "others.toml").write_text(study)
    single.run(load(tmp_path / "others.toml", ["train.epochs=1"]), tmp_path / "other", quiet=True)
    with pytest.raises(BackhandError, match="was tested on other samples than"):
        work.run([runs[0], tmp_path / "other"], tmp_path / "out", quiet=True)
    single.run(load("digits", ["data.train_size=100", "train.epochs=1"]), tmp_path / "digits", quiet=True)
    with pytest.raises(BackhandError, match=r"predicts numbers, and .* classes; name runs of one kind"):
        work.run([runs[0], tmp_path / "digits"], tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()
