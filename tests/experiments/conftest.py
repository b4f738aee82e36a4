"""Reports are slow to draw: each kind of run is written once for all tests, and no test changes it."""

import json

import pytest

from backhand.experiments.run.record import read
from backhand.experiments.run.report.findings import findings
from tests.experiments import runfolders
from tests.experiments.writtenreport import HARD, written


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def digits(runs):
    return written(runfolders.digits(runs / "digits"))


@pytest.fixture(scope="session")
def binary(runs):
    return written(runfolders.binary(runs / "binary"))


@pytest.fixture(scope="session")
def hundred(runs):
    return written(runfolders.hundred(runs / "hundred"))


@pytest.fixture(scope="session")
def diverged(runs):
    return written(runfolders.diverged(runs / "diverged"))


@pytest.fixture(scope="session")
def hard(runs):
    """One epoch, no validation split, and class names that are trouble everywhere."""
    names = [*HARD, *(f"class {k}" for k in range(6))]
    return written(runfolders.digits(runs / "hard", epochs=1, validation=False, classes=names))


@pytest.fixture(params=["digits", "binary", "hundred", "diverged", "hard"])
def any_report(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def folder(digits, tmp_path):
    """A fresh copy of the run folder of digits, without its report, to be changed or damaged."""
    for name in runfolders.FILES:
        (tmp_path / name).write_bytes((digits.folder / name).read_bytes())
    return tmp_path


@pytest.fixture
def changed_findings(folder):
    """A function that gives the findings after changes of the metrics and of the history, as a mapping."""

    def change_and_read(metrics=lambda _: None, history=lambda _: None):
        facts = json.loads((folder / "metrics.json").read_text())
        lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
        metrics(facts)
        history(lines)
        (folder / "metrics.json").write_text(json.dumps(facts))
        (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        return dict(findings(read(folder)))

    return change_and_read
