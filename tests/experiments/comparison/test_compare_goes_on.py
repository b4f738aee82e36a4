"""A comparison is resumed only with the same networks, also if an earlier version began it."""

import json

import pytest

from backhand.errors import BackhandError
from backhand.experiments.comparison import work
from backhand.experiments.comparison.plan import Plan
from backhand.study import load
from backhand.study.data import DataTable


def plan(*overrides):
    study = load("digits", ["model.hidden=[4]", "train.epochs=1", *overrides])
    return Plan(DataTable(name="digits", train_size=60), (study,), ("tree",), folds=2)


@pytest.fixture
def earlier(tmp_path):
    """A comparison without its last result, in the form of an earlier version that knew fewer keys."""
    work.run(plan(), tmp_path / "run", quiet=True)
    file = tmp_path / "run" / "compare.json"
    record = json.loads(file.read_text())
    record |= {"status": "running", "pairs": [], "results": record["results"][:-1]}
    study = record["learners"][0]["study"]
    del study["changes"], study["data"]["resize"], study["train"]["save_every"], study["train"]["test_shift"]
    record["learners"][0]["settings"] = "as that version said it"
    file.write_text(json.dumps(record))
    return tmp_path / "run"


def test_one_that_an_earlier_version_began_goes_on(earlier):
    comparison = work.run(plan(), earlier, resume=True, quiet=True)
    assert (comparison.status, len(comparison.results)) == ("finished", 4)


@pytest.mark.parametrize(
    ("override", "difference"),
    [
        ("train.epochs=2", "its train.epochs is 1, and 2 is asked for"),
        ("train.test_shift=1", "its train.test_shift is 0, and 1 is asked for"),
    ],
)
def test_another_network_is_refused(earlier, override, difference):
    with pytest.raises(
        BackhandError, match=f"holds a comparison with another network digits: {difference}; ask for the same"
    ):
        work.run(plan(override), earlier, resume=True, quiet=True)
