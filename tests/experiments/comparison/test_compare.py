"""Comparisons from data to report: the same folds for all, killed and resumed, and what they refuse."""

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
from backhand.experiments.comparison import folds
from backhand.experiments.comparison import work as comparison
from backhand.experiments.comparison.network import Network
from backhand.experiments.comparison.peers import PEERS
from backhand.experiments.comparison.plan import Plan
from backhand.study import load
from backhand.study.schema import DataTable

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
    """A small network against two learners in three folds of 150 digits: the folder and what came out."""
    path = tmp_path_factory.mktemp("done") / "it"
    return path, comparison.run(plan(study), path, quiet=True)


def plan(study, against=("tree", "neighbours"), **more):
    table = DataTable(name="digits", train_size=150)
    return Plan(table, (load(str(study)),), against, folds=3, **more)


def pool():
    splits = data.load("digits")
    return folds.cut(splits, stratified_subset(splits.train.y, 150, 0))


def untimed(found):
    timed = {"train_seconds": 0.0, "test_seconds": 0.0}
    return found.model_copy(update={"results": tuple(each.model_copy(update=timed) for each in found.results)})


def test_every_learner_is_judged_on_every_fold(done):
    path, found = done
    assert found.status == "finished"
    assert [(each.learner, each.fold) for each in found.results] == [
        (name, fold) for fold in range(3) for name in ("small", "tree", "neighbours")
    ]
    tests = folds.stratified(pool().train.y, 3, 0, tuple("0123456789"))
    for each in found.results:
        assert each.count == len(tests[each.fold])
        assert set(each.wrong) <= set(tests[each.fold].tolist())
        assert each.train_seconds > 0
    assert all(np.mean(found.errors(learner.name)) < 0.6 for learner in found.learners)
    assert json.loads((path / "compare.json").read_text()) == found.model_dump(mode="json")


def test_pairs_are_those_with_a_network_and_count_what_one_alone_got_wrong(done):
    _, found = done
    assert [(pair.first, pair.second) for pair in found.pairs] == [("small", "tree"), ("small", "neighbours")]
    for pair in found.pairs:
        assert pair.difference == pytest.approx(np.mean(found.errors(pair.first)) - np.mean(found.errors(pair.second)))
        assert pair.only_first == len(found.wrong(pair.first) - found.wrong(pair.second))
        assert pair.only_second == len(found.wrong(pair.second) - found.wrong(pair.first))
        assert pair.p_holm >= pair.p


def test_a_peer_is_scikit_learns_own_on_all_training_samples_of_the_fold(done):
    from sklearn.neighbors import KNeighborsClassifier

    _, found = done
    splits = pool()
    tests = folds.stratified(splits.train.y, 3, 0, splits.classes)
    part, judged = folds.part(splits, tests[0]), found.of("neighbours")[0]
    standardizer = Standardizer.fit(part.train.x, "global")
    x, test = (standardizer.transform(each.x).reshape(len(each), -1) for each in (part.train, part.test))
    own = KNeighborsClassifier(judged.chosen["n_neighbors"]).fit(x, part.train.y)
    assert judged.wrong == tuple(tests[0][own.predict(test) != part.test.y].tolist())


def test_a_network_is_what_an_experiment_makes_of_the_fold(done, study):
    """The same validation part, scaling, epoch and predictions as a training by hand."""
    from backhand.experiments.build import build_model, build_solver, make_feeds
    from backhand.experiments.splits import divided
    from backhand.training.callbacks import EarlyStopping

    _, found = done
    splits, asked = pool(), load(str(study))
    tests = folds.stratified(splits.train.y, 3, 0, splits.classes)
    part = folds.part(splits, tests[0])
    feeds = make_feeds(asked, divided(part, asked))
    assert (len(feeds.train), len(feeds.validation)) == (80, 20)
    solver = build_solver(asked, build_model(asked, (8, 8, 1), 10), feeds)
    solver.callbacks = [EarlyStopping()]
    solver.fit(feeds.train, feeds.validation, epochs=4)
    wrong = solver.loss.predict(solver.model.predict(feeds.test.batch(slice(None))[0])) != part.test.y
    assert found.of("small")[0].wrong == tuple(tests[0][wrong].tolist())


def test_test_samples_play_no_role_in_training(study):
    """Whatever the test samples of a fold are, the other predictions stay as they are."""
    splits = pool()
    part = folds.part(splits, folds.stratified(splits.train.y, 3, 0, splits.classes)[0])
    spoilt = data.Dataset(part.test.x.copy(), part.test.y)
    spoilt.x[0] = 255 - spoilt.x[0]
    other = type(part)(part.name, part.classes, part.train, spoilt)
    for learner in (Network(load(str(study))), *PEERS.values()):
        assert np.array_equal(
            learner.train_and_predict(part).predictions[1:], learner.train_and_predict(other).predictions[1:]
        )


def test_a_finished_comparison_is_only_read(done, study, monkeypatch):
    path, found = done
    monkeypatch.delattr("backhand.experiments.comparison.network.Network.train_and_predict")
    monkeypatch.delattr("backhand.experiments.comparison.peers.Peer.train_and_predict")
    assert comparison.run(plan(study), path, resume=True, quiet=True) == found


def test_killed_and_resumed_it_loses_no_result(done, study, tmp_path):
    out = tmp_path / "killed"
    words = f"compare digits --study {study} --against tree,neighbours --folds 3 --train-size 150 --out {out}"
    process = subprocess.Popen([sys.executable, "-m", "backhand", *words.split()], stdout=subprocess.PIPE, text=True)
    lines = [process.stdout.readline() for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    kept = json.loads((out / "compare.json").read_text())
    assert lines[0] == f"folder: {out}\n"
    assert all(line.startswith("fold ") for line in lines[1:])
    assert kept["status"] == "running"
    assert len(kept["results"]) >= 4
    found = comparison.run(plan(study), out, resume=True, quiet=True)
    assert found.model_dump(mode="json")["results"][: len(kept["results"])] == kept["results"]
    assert untimed(found) == untimed(done[1])
    assert not list(out.glob(".*.tmp"))


def test_an_interrupted_one_says_how_to_go_on(study, cli, tmp_path, monkeypatch):
    def interrupt(self, splits):
        raise KeyboardInterrupt

    words = ("compare", "digits", "--study", study, "--against", "tree", "--train-size", 100, "--folds", 2)
    with monkeypatch.context() as patched:
        patched.setattr("backhand.experiments.comparison.peers.Peer.train_and_predict", interrupt)
        status, said = cli(*words, "--out", tmp_path)
    again = ("compare", "--resume", tmp_path)
    assert (status, f"interrupted; go on with: {shlex.join(map(str, ('backhand', *again)))}" in said) == (130, True)
    status, said = cli(*again)
    assert (status, said.count("small error"), said.count("tree error")) == (0, 1, 2)


def test_two_studies_are_compared_with_each_other(study, tmp_path, cli):
    other = tmp_path / "other.toml"
    other.write_text(STUDY.replace('"small"', '"linear"').replace("[16]", "[]"))
    place = tmp_path / "out"
    words = ("compare", "digits", "--study", study, "--study", other, "--against", "", "--folds", 2)
    status, said = cli(*words, "--train-size", 100, "--set", "train.epochs=2", "--out", place)
    assert status == 0, said
    found = json.loads((place / "compare.json").read_text())
    assert [(pair["first"], pair["second"]) for pair in found["pairs"]] == [("small", "linear")]
    assert {each["study"]["train"]["epochs"] for each in found["learners"]} == {2}
    assert (place / "report.html").exists()
    assert "has a lower error than" in said or "No significant difference" in said


def test_a_network_that_diverges_is_named(study, tmp_path):
    asked = load(str(study), ["train.optimizer.lr=1e7"])
    with pytest.raises(DivergenceError, match=r"^small: "):
        comparison.run(
            Plan(DataTable(name="digits", train_size=100), (asked,), ("tree",), 2), tmp_path / "out", quiet=True
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
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(words, sentence, cli, tmp_path):
    status, said = cli("compare", *words, "--out", tmp_path / "out")
    assert status == 2
    assert said.startswith("error: ")
    assert sentence in said
    assert not (tmp_path / "out").exists()


def test_folders_of_something_else_are_refused(done, study, cli, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    words = ("--study", study, "--against", "tree,neighbours", "--train-size", 150)
    status, said = cli("compare", "digits", *words, "--out", tmp_path)
    assert (status, said.count("notes.txt")) == (2, 1)
    status, said = cli("compare", "digits", *words, "--resume", done[0], "--folds", 4)
    assert (status, "holds a comparison with other folds than is asked for" in said) == (2, True)
    status, said = cli("compare", "digits", *words, "--resume", done[0], "--folds", 3, "--set", "train.epochs=5")
    assert (
        status,
        "holds a comparison with another network small: its train.epochs is 4, and 5 is asked for" in said,
    ) == (2, True)


def test_a_damaged_record_is_told(done, study, cli, tmp_path):
    (tmp_path / "compare.json").write_text((done[0] / "compare.json").read_text()[:-50])
    status, said = cli("report", tmp_path)
    assert (status, "compare.json is damaged" in said) == (2, True)


def test_one_process_at_a_time(done, study, cli):
    pytest.importorskip("fcntl")
    from backhand.experiments.comparison import KIND
    from backhand.experiments.workspace import Workspace

    with Workspace.open(done[0], KIND, resume=True):
        status, said = cli("compare", "--resume", done[0])
    assert (status, "another process" in said) == (2, True)
