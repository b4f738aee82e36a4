"""Comparisons of regressors: their errors are those of scikit-learn, and the report has the words of a regression."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from backhand import data
from backhand.errors import BackhandError, DataError
from backhand.experiments import reports
from backhand.experiments.comparison import folds, work
from backhand.experiments.comparison.measure import RMSE
from backhand.experiments.comparison.peers import PEERS, REGRESSORS
from backhand.experiments.comparison.plan import Plan
from backhand.experiments.comparison.record import read
from backhand.experiments.comparison.report.findings import findings
from backhand.experiments.comparison.statistics import errors_of
from backhand.study import load
from backhand.study.data import DataTable

STUDY = """
name = "small"
[data]
name = "diabetes"
validation = 0.2
[model]
name = "mlp"
hidden = [16]
[train]
epochs = 15
batch_size = 32
optimizer = { kind = "adam", lr = 0.01 }
"""
TABLE = DataTable(name="diabetes")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def done(study, tmp_path_factory):
    """A small network against all learners in three folds: its folder, and the comparison."""
    path = tmp_path_factory.mktemp("done") / "out"
    return path, work.run(Plan(TABLE, (load(study),), folds=3), path, quiet=True)


def test_all_learners_of_numbers_take_part_and_learn(done):
    path, comparison = done
    assert [learner.name for learner in comparison.learners] == ["small", *REGRESSORS]
    assert (comparison.data.targets, comparison.data.counts, comparison.data.classes) == (("progression",), (354,), ())
    assert comparison.measure is RMSE
    assert all(np.mean(comparison.errors(learner.name)) < 70 for learner in comparison.learners)
    assert read(path) == comparison


def test_the_figures_of_a_peer_are_those_of_scikit_learn(done):
    _, comparison = done
    train = data.load("diabetes").train
    for fold, (rest, test) in enumerate(KFold(3, shuffle=True, random_state=0).split(train.y)):
        scaler = StandardScaler().fit(train.x[rest])
        predicted = Ridge().fit(scaler.transform(train.x[rest]), train.y[rest]).predict(scaler.transform(train.x[test]))
        result = comparison.of("linear")[fold]
        assert result.count == len(test)
        assert result.rmse == pytest.approx(root_mean_squared_error(train.y[test], predicted))
        assert result.mae == pytest.approx(mean_absolute_error(train.y[test], predicted))
        assert result.r2 == pytest.approx(r2_score(train.y[test], predicted))
        np.testing.assert_allclose(result.distances, np.abs(predicted.ravel() - train.y[test, 0]), rtol=1e-6)


def test_pairs_are_differences_of_the_rmse_and_a_sign_test(done):
    _, comparison = done
    for pair in comparison.pairs:
        mean = np.mean(np.subtract(comparison.errors(pair.first), comparison.errors(pair.second)))
        assert pair.difference == pytest.approx(mean)
        further = comparison.distances(pair.first) - comparison.distances(pair.second)
        assert (pair.only_first, pair.only_second) == ((further > 0).sum(), (further < 0).sum())
        assert pair.mcnemar == pytest.approx(binomtest(pair.only_first, pair.only_first + pair.only_second).pvalue)


def test_errors_of_several_targets_are_means_and_distances_in_deviations():
    rng = np.random.default_rng(0)
    targets, noise = rng.normal(size=(50, 2)) * [1, 100], rng.normal(size=(50, 2)) * [1, 100]
    figures = errors_of(targets + noise, targets, np.array([1.0, 100.0]))
    rmse = root_mean_squared_error(targets, targets + noise, multioutput="raw_values")
    assert figures["rmse"] == pytest.approx(rmse.mean())
    assert figures["r2"] == pytest.approx(r2_score(targets, targets + noise))
    np.testing.assert_allclose(figures["distances"], np.sqrt(np.mean((noise / [1, 100]) ** 2, axis=1)))
    constant = errors_of(np.ones((4, 1)), np.zeros((4, 1)), np.zeros(1))
    assert (constant["rmse"], constant["r2"], constant["distances"]) == (1.0, None, (1.0,) * 4)


def test_the_report_speaks_of_the_rmse(done):
    path, comparison = done
    text = reports.write(path).with_suffix(".md").read_text("utf-8")
    mean = RMSE.text(np.mean(comparison.errors("small")))
    assert f"Over 3 folds, small has a mean RMSE of {mean} and tree of" in text
    assert "Further figures of the predictions of progression: means over the folds." in text
    assert "Samples for which one of the two is further from the true value, with the exact sign test" in text
    assert "with the target progression, with 10 values each" in text
    assert "into 3 folds with seed 0" in text
    for word in ("wrong", "classes", "McNemar", "percentage", "stratified"):
        assert word not in text.partition("## 4")[0], word


def test_a_learner_that_is_no_better_than_the_mean_is_named(done):
    _, comparison = done
    assert not any("nothing learned" in title for title, _ in findings(comparison))
    flat = tuple(
        result.model_copy(update={"distances": spread(result), "rmse": 75.0}) if result.learner == "tree" else result
        for result in comparison.results
    )
    said = dict(findings(comparison.model_copy(update={"results": flat})))
    assert said["tree: nothing learned"].startswith("tree has a mean RMSE of 75; always answering the mean would have")
    assert "linear: nothing learned" not in said


def spread(result):
    """Distances whose root mean square is 75, some of them large."""
    values = np.where(np.arange(result.count) % 2, 10.0, 102.0)
    return tuple((values * 75 / np.sqrt(np.mean(values**2))).tolist())


def test_a_resumed_one_goes_on(done, study, tmp_path):
    path, comparison = done
    first = comparison.model_copy(update={"status": "running", "results": comparison.results[:4], "pairs": ()})
    for name in ("compare.json", "environment.json"):
        (tmp_path / name).write_bytes((path / name).read_bytes())
    (tmp_path / "compare.json").write_text(first.model_dump_json())
    again = work.resume(tmp_path, quiet=True)
    assert [pair.model_dump() for pair in again.pairs] == [pair.model_dump() for pair in comparison.pairs]


def test_a_table_of_ones_own_is_compared_by_the_command_line(cli, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2))
    rows = np.c_[x, x @ [3.0, -2.0], x[:, 0]]
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",", header="a,b,warm,cold", comments="")
    words = ("compare", "csv", "--path", tmp_path / "t.csv", "--target", "warm,cold", "--against", "linear,forest")
    status, output = cli(*words, "--folds", 3, "--train-size", 60, "--set", "train.epochs=3", "--out", tmp_path / "out")
    assert status == 0, output
    assert "perceptron has a mean RMSE of" in output
    comparison = read(tmp_path / "out")
    assert comparison.data.targets == ("warm", "cold")
    assert comparison.data.samples == 60
    assert np.mean(comparison.errors("linear")) < 0.2
    status, output = cli("runs", tmp_path)
    assert "lowest RMSE: linear" in " ".join(output.split())


def test_classes_of_a_table_are_named_by_the_label(cli, tmp_path):
    rows = [f"{n % 7},{n % 5},{'ab'[n % 7 > 3]}" for n in range(70)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,kind", *rows]))
    words = ("compare", "csv", "--path", tmp_path / "t.csv", "--label", "kind", "--against", "tree", "--folds", 2)
    status, output = cli(*words, "--set", "train.epochs=2", "--out", tmp_path / "out")
    assert status == 0, output
    assert read(tmp_path / "out").data.classes == ("a", "b")


def test_folds_of_a_regression_test_every_sample_once():
    splits = data.load("diabetes")
    tested = folds.divide(splits, 4, 1)
    assert sorted(np.concatenate(tested).tolist()) == list(range(354))
    with pytest.raises(DataError, match="354 samples are too few for 300 folds"):
        folds.divide(splits, 300, 0)
    with pytest.raises(BackhandError, match="1 folds leave nothing"):
        folds.divide(splits, 1, 0)


def test_both_tables_of_learners_answer_the_same_four_ways():
    assert set(PEERS) - set(REGRESSORS) == {"logistic"}
    assert set(REGRESSORS) - set(PEERS) == {"linear"}
