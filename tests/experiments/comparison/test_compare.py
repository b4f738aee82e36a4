"""Comparisons from data to report: the same folds for all learners, resuming, and mistakes that are refused."""

import json
import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest

from backhand import data
from backhand.data.split import stratified_subset
from backhand.data.standardize import Standardizer
from backhand.errors import DivergenceError
from backhand.experiments.comparison import folds, work
from backhand.experiments.comparison.network import Network
from backhand.experiments.comparison.peers import PEERS
from backhand.experiments.comparison.plan import Plan
from backhand.study import load
from backhand.study.data import DataTable

STUDY = """
name = "small"

[data]
name = "mnist"
validation = 0.2

[model]
name = "mlp"
hidden = [16]

[train]
epochs = 4
optimizer = { kind = "sgd", lr = 0.1, momentum = 0.9 }
"""


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "small.toml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="session")
def done(study, tmp_path_factory):
    """A small network against two learners in three folds of 150 digits: its folder, and the comparison."""
    path = tmp_path_factory.mktemp("done") / "out"
    return path, work.run(plan(study), path, quiet=True)


def plan(study, against=("tree", "neighbours"), **options):
    table = DataTable(name="digits", train_size=150)
    return Plan(table, (load(str(study)),), against, folds=3, **options)


def pool():
    splits = data.load("digits")
    return folds.subset(splits, stratified_subset(splits.train.y, 150, 0))


def without_times(comparison):
    """The comparison with all times set to 0, as they differ from one run to the next."""
    times = {"train_seconds": 0.0, "test_seconds": 0.0}
    results = tuple(result.model_copy(update=times) for result in comparison.results)
    return comparison.model_copy(update={"results": results})


def test_every_learner_is_tested_on_every_fold(done):
    path, comparison = done
    assert comparison.status == "finished"
    assert [(result.learner, result.fold) for result in comparison.results] == [
        (name, fold) for fold in range(3) for name in ("small", "tree", "neighbours")
    ]
    tests = folds.stratified(pool().train.y, 3, 0, tuple("0123456789"))
    for result in comparison.results:
        assert result.count == len(tests[result.fold])
        assert set(result.wrong) <= set(tests[result.fold].tolist())
        assert result.train_seconds > 0
    assert all(np.mean(comparison.errors(learner.name)) < 0.6 for learner in comparison.learners)
    assert json.loads((path / "compare.json").read_text()) == comparison.model_dump(mode="json")


def test_pairs_are_those_with_a_network_and_count_what_one_alone_got_wrong(done):
    _, comparison = done
    assert [(pair.first, pair.second) for pair in comparison.pairs] == [("small", "tree"), ("small", "neighbours")]
    for pair in comparison.pairs:
        assert pair.difference == pytest.approx(
            np.mean(comparison.errors(pair.first)) - np.mean(comparison.errors(pair.second))
        )
        assert pair.only_first == len(comparison.wrong(pair.first) - comparison.wrong(pair.second))
        assert pair.only_second == len(comparison.wrong(pair.second) - comparison.wrong(pair.first))
        assert pair.p_holm >= pair.p


def test_a_peer_is_scikit_learns_own_on_all_training_samples_of_the_fold(done):
    from sklearn.neighbors import KNeighborsClassifier

    _, comparison = done
    splits = pool()
    tests = folds.stratified(splits.train.y, 3, 0, splits.classes)
    fold, result = folds.fold_splits(splits, tests[0]), comparison.of("neighbours")[0]
    standardizer = Standardizer.fit(fold.train.x, "global")
    x, test = (standardizer.transform(split.x).reshape(len(split), -1) for split in (fold.train, fold.test))
    classifier = KNeighborsClassifier(result.chosen["n_neighbors"]).fit(x, fold.train.y)
    assert result.wrong == tuple(tests[0][classifier.predict(test) != fold.test.y].tolist())


def test_a_network_is_what_an_experiment_makes_of_the_fold(done, study):
    """The validation split, scaling, epoch and predictions are those of a training by hand."""
    from backhand.experiments.build import build_model, build_solver, make_feeds
    from backhand.experiments.splits import divided
    from backhand.training.callbacks import EarlyStopping

    _, comparison = done
    splits, small = pool(), load(str(study))
    tests = folds.stratified(splits.train.y, 3, 0, splits.classes)
    fold = folds.fold_splits(splits, tests[0])
    feeds = make_feeds(small, divided(fold, small))
    assert (len(feeds.train), len(feeds.validation)) == (80, 20)
    solver = build_solver(small, build_model(small, (8, 8, 1), 10), feeds)
    solver.callbacks = [EarlyStopping()]
    solver.fit(feeds.train, feeds.validation, epochs=4)
    wrong = solver.loss.predict(solver.model.predict(feeds.test.batch(slice(None))[0])) != fold.test.y
    assert comparison.of("small")[0].wrong == tuple(tests[0][wrong].tolist())


def test_test_samples_play_no_role_in_training(study):
    """If one test sample of a fold is changed, the predictions for all others stay as they are."""
    splits = pool()
    fold = folds.fold_splits(splits, folds.stratified(splits.train.y, 3, 0, splits.classes)[0])
    test = data.Dataset(fold.test.x.copy(), fold.test.y)
    test.x[0] = 255 - test.x[0]
    changed = type(fold)(fold.name, fold.classes, fold.train, test)
    for learner in (Network(load(str(study))), *PEERS.values()):
        assert np.array_equal(
            learner.train_and_predict(fold).predictions[1:], learner.train_and_predict(changed).predictions[1:]
        )


def test_a_finished_comparison_is_only_read(done, study, monkeypatch):
    path, comparison = done
    monkeypatch.delattr("backhand.experiments.comparison.network.Network.train_and_predict")
    monkeypatch.delattr("backhand.experiments.comparison.peers.Peer.train_and_predict")
    assert work.run(plan(study), path, resume=True, quiet=True) == comparison


def test_killed_and_resumed_it_loses_no_result(done, study, tmp_path):
    out = tmp_path / "killed"
    words = f"compare digits --study {study} --against tree,neighbours --folds 3 --train-size 150 --out {out}"
    process = subprocess.Popen([sys.executable, "-m", "backhand", *words.split()], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    saved = json.loads((out / "compare.json").read_text())
    assert lines[0] == f"folder: {out}\n"
    assert all(line.startswith("fold ") for line in lines[1:])
    assert saved["status"] == "running"
    assert len(saved["results"]) >= 4
    comparison = work.run(plan(study), out, resume=True, quiet=True)
    assert comparison.model_dump(mode="json")["results"][: len(saved["results"])] == saved["results"]
    assert without_times(comparison) == without_times(done[1])
    assert not list(out.glob(".*.tmp"))


def test_an_interrupted_one_says_how_to_go_on(study, cli, tmp_path, monkeypatch):
    def interrupt(self, splits):
        raise KeyboardInterrupt

    words = ("compare", "digits", "--study", study, "--against", "tree", "--train-size", 100, "--folds", 2)
    with monkeypatch.context() as patched:
        patched.setattr("backhand.experiments.comparison.peers.Peer.train_and_predict", interrupt)
        status, output = cli(*words, "--out", tmp_path)
    again = ("compare", "--resume", tmp_path)
    assert (status, f"interrupted; go on with: {shlex.join(map(str, ('backhand', *again)))}" in output) == (130, True)
    status, output = cli(*again)
    assert (status, output.count("small error"), output.count("tree error")) == (0, 1, 2)


def test_two_studies_are_compared_with_each_other(study, tmp_path, cli):
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace('"small"', '"linear"').replace("[16]", "[]"))
    out = tmp_path / "out"
    words = ("compare", "digits", "--study", study, "--study", other, "--against", "", "--folds", 2)
    status, output = cli(*words, "--train-size", 100, "--set", "train.epochs=2", "--out", out)
    assert status == 0, output
    record = json.loads((out / "compare.json").read_text())
    assert [(pair["first"], pair["second"]) for pair in record["pairs"]] == [("small", "linear")]
    assert {learner["study"]["train"]["epochs"] for learner in record["learners"]} == {2}
    assert (out / "report.html").exists()
    assert "has a lower error than" in output or "No significant difference" in output


def test_a_network_that_diverges_is_named(study, tmp_path):
    diverging = load(str(study), ["train.optimizer.lr=1e7"])
    with pytest.raises(DivergenceError, match=r"^small: "):
        work.run(
            Plan(DataTable(name="digits", train_size=100), (diverging,), ("tree",), 2), tmp_path / "out", quiet=True
        )


MISTAKES = [
    (["digits", "--against", "tre"], 'there is no learner "tre"; did you mean "tree"?'),
    (["digits", "--against", "tree,tree"], 'two learners are called "tree"; name each once'),
    (["digits", "--against", ""], "there is nothing to compare the network with"),
    (["digits", "--folds", "1"], "1 folds leave nothing to train on or to test; give --folds 2 or more"),
    (["digits", "--train-size", "30", "--folds", "4"], "samples, too few for 4 folds"),
    (["digits", "--train-size", "0"], "--train-size 0 leaves no samples"),
    (["digits", "--train-size", "9999999"], "cannot take 9999999 of"),
    (["digit"], 'unknown data set "digit"; did you mean "digits"?'),
    (["digits", "--study", "digitz"], 'there is no study and no .toml file "digitz"'),
    (["digits", "--set", "train.epoch=3"], 'unknown key "epoch"'),
    (["digits", "--set", "train.init_from=run"], "starts from trained weights"),
    (["breast_cancer", "--set", "data.augment.flip=true"], "augment"),
    (["diabetes", "--against", "logistic"], '"logistic" predicts classes, and the data have numbers; choose from tree'),
    (["digits", "--against", "linear"], '"linear" predicts numbers, and the data have classes; choose from tree'),
    (["diabetes", "--against", "lineer"], 'there is no learner "lineer"; did you mean "linear"?'),
    (["diabetes", "--train-size", "9999"], "cannot take 9999 of 354 samples"),
    (["diabetes", "--train-size", "7", "--folds", "4"], "7 samples are too few for 4 folds; give fewer --folds"),
    (["diabetes", "--folds", "1"], "1 folds leave nothing to train on"),
    (["csv", "--path", "."], "name the column to predict: label for classes, or target for numbers"),
    (["digits", "--target", "x"], 'target needs name = "npz", "shards" or "csv", not "digits"'),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(words, sentence, cli, tmp_path):
    status, output = cli("compare", *words, "--out", tmp_path / "out")
    assert status == 2
    assert output.startswith("error: ")
    assert sentence in output
    assert not (tmp_path / "out").exists()


def test_folders_of_something_else_are_refused(done, study, cli, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    words = ("--study", study, "--against", "tree,neighbours", "--train-size", 150)
    status, output = cli("compare", "digits", *words, "--out", tmp_path)
    assert (status, output.count("notes.txt")) == (2, 1)
    status, output = cli("compare", "digits", *words, "--resume", done[0], "--folds", 4)
    assert (status, "holds a comparison with other folds than is asked for" in output) == (2, True)
    status, output = cli("compare", "digits", *words, "--resume", done[0], "--folds", 3, "--set", "train.epochs=5")
    assert (
        status,
        "holds a comparison with another network small: its train.epochs is 4, and 5 is asked for" in output,
    ) == (2, True)


def test_a_damaged_record_is_told(done, study, cli, tmp_path):
    (tmp_path / "compare.json").write_text((done[0] / "compare.json").read_text()[:-50])
    status, output = cli("report", tmp_path)
    assert (status, "compare.json is damaged" in output) == (2, True)


def test_one_process_at_a_time(done, study, cli):
    pytest.importorskip("fcntl")
    from backhand.experiments.comparison import KIND
    from backhand.experiments.workspace import Workspace

    with Workspace.open(done[0], KIND, resume=True):
        status, output = cli("compare", "--resume", done[0])
    assert (status, "another process" in output) == (2, True)
