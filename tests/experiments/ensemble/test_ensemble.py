"""Ensembles: the mean of the probabilities of several runs, and the runs that are refused."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand.errors import BackhandError
from backhand.experiments.ensemble import work
from backhand.experiments.ensemble.record import Ensemble, Member
from backhand.experiments.ensemble.report import findings
from backhand.experiments.run import work as single
from backhand.study import load

SMALL = ["data.seed=0", "data.train_size=200", "train.epochs=3", "model.hidden=[16]"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(3):
        single.run(load("digits", SMALL, seed), folder / str(seed), quiet=True)
    return [folder / str(seed) for seed in range(3)]


def test_the_mean_is_that_of_the_probabilities(runs, tmp_path):
    ensemble = work.run(runs, tmp_path / "ensemble", quiet=True)
    saved = [load_file(run / "evidence.safetensors") for run in runs]
    labels = saved[0]["labels"]
    mean = np.mean([evidence["probabilities"].astype(np.float64) for evidence in saved], axis=0)
    right = mean.argmax(1) == labels
    assert ensemble.together == right.sum()
    alone = [evidence["probabilities"].argmax(1) == labels for evidence in saved]
    assert [member.alone for member in ensemble.members] == [correct.sum() for correct in alone]
    assert ensemble.members[0].together == ensemble.members[0].alone
    best = alone[int(np.argmax([correct.sum() for correct in alone]))]
    assert (ensemble.only_best, ensemble.only_mean) == ((best & ~right).sum(), (right & ~best).sum())
    assert ensemble.any_member == np.any(alone, axis=0).sum()
    metrics = json.loads((runs[1] / "metrics.json").read_text())
    assert ensemble.members[1].alone == metrics["test"]["correct"]


def test_from_the_command_to_the_report(runs, tmp_path, cli):
    out = tmp_path / "out"
    status, output = cli("ensemble", *runs, "--out", out)
    assert (status, "The mean of all runs classifies" in output) == (0, True), output
    text = (out / "report.md").read_text()
    assert "An ensemble of 3 runs" in text
    assert (out / "plots" / "members.png").exists()
    assert cli("ensemble", "--resume", out)[0] == 0
    status, output = cli("ensemble", *runs, "--out", out)
    assert (status, f"go on with it by `backhand ensemble --resume {out}`" in output) == (2, True)


def test_runs_that_have_no_mean_are_refused(runs, tmp_path):
    with pytest.raises(BackhandError, match="name two folders of finished runs at least"):
        work.run(runs[:1], tmp_path / "out", quiet=True)
    other = tmp_path / "other"
    single.run(load("digits", [*SMALL, 'data.classes=["0", "1"]']), other, quiet=True)
    with pytest.raises(BackhandError, match="was tested on other samples than"):
        work.run([runs[0], other], tmp_path / "out", quiet=True)
    half = tmp_path / "half"
    shutil.copytree(runs[0], half)
    metrics = json.loads((half / "metrics.json").read_text())
    (half / "metrics.json").write_text(json.dumps(metrics | {"status": "running", "test": None}))
    with pytest.raises(BackhandError, match="has no test result; bring the run to its end first"):
        work.run([runs[0], half], tmp_path / "out", quiet=True)
    with pytest.raises(BackhandError, match="is named twice; name each run once"):
        work.run([runs[0], runs[0].parent / "." / runs[0].name], tmp_path / "out", quiet=True)
    with pytest.raises(BackhandError, match="is not the folder of a single run; name those in it, such as"):
        work.run([runs[0], runs[0].parent], tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("alone", "together", "p", "sentence"),
    [
        (
            90,
            95,
            0.01,
            "5 test samples more than the best single run, b, which reaches 90.00% (McNemar's test: p =\u00a00.010)",
        ),
        (
            90,
            88,
            0.5,
            "2 test samples fewer than the best single run, b, which reaches 90.00% (McNemar's test: p =\u00a00.500;",
        ),
        (90, 90, 1.0, "classifies as many test samples correctly as the best single run, b"),
    ],
)
def test_the_sentence_follows_the_figures(alone, together, p, sentence):
    members = (
        Member(folder="a", title="a", alone=80, together=80),
        Member(folder="b", title="b", alone=alone, together=together),
    )
    counts = {"count": 100, "only_best": 0, "only_mean": 0, "any_member": 97}
    sentences = dict(findings(Ensemble(data="D", members=members, mcnemar=p, **counts)))
    assert sentence in sentences["Compared with the best run"]
