"""Ensembles: the mean of probabilities beside each run, and which runs have none."""

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
    found = work.run(runs, tmp_path / "ensemble", quiet=True)
    saved = [load_file(run / "evidence.safetensors") for run in runs]
    labels = saved[0]["labels"]
    mean = np.mean([each["probabilities"].astype(np.float64) for each in saved], axis=0)
    right = mean.argmax(1) == labels
    assert found.together == right.sum()
    alone = [each["probabilities"].argmax(1) == labels for each in saved]
    assert [member.alone for member in found.members] == [each.sum() for each in alone]
    assert found.members[0].together == found.members[0].alone
    best = alone[int(np.argmax([each.sum() for each in alone]))]
    assert (found.only_best, found.only_mean) == ((best & ~right).sum(), (right & ~best).sum())
    assert found.any_member == np.any(alone, axis=0).sum()
    metrics = json.loads((runs[1] / "metrics.json").read_text())
    assert found.members[1].alone == metrics["test"]["correct"]


def test_from_the_command_to_the_report(runs, tmp_path, cli):
    out = tmp_path / "out"
    status, said = cli("ensemble", *runs, "--out", out)
    assert (status, "The mean of all runs classifies" in said) == (0, True), said
    text = (out / "report.md").read_text()
    assert "An ensemble of 3 runs" in text
    assert (out / "plots" / "members.png").exists()
    assert cli("ensemble", "--resume", out)[0] == 0
    status, said = cli("ensemble", *runs, "--out", out)
    assert (status, f"go on with it by `backhand ensemble --resume {out}`" in said) == (2, True)


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
    ("alone", "together", "p", "said"),
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
def test_the_sentence_follows_the_figures(alone, together, p, said):
    members = (
        Member(folder="a", title="a", alone=80, together=80),
        Member(folder="b", title="b", alone=alone, together=together),
    )
    counts = {"count": 100, "only_best": 0, "only_mean": 0, "any_member": 97}
    found = dict(findings(Ensemble(data="D", members=members, mcnemar=p, **counts)))
    assert said in found["Compared with the best run"]
