"""Spaces: what they hold, what they make of a study, and what is refused."""

import optuna
import pytest

from backhand.errors import StudyError
from backhand.experiments.search import space
from backhand.study import Study, changed
from backhand.study.search import SearchTable

BASE = {"name": "base", "data": {"name": "digits"}, "model": {"name": "mlp"}, "train": {"epochs": 3}}


def searched(entries, **options):
    return SearchTable.model_validate({"space": entries, "trials": 1} | options).space


SPACE = searched(
    {
        "train.optimizer.kind": ["sgd", "adam"],
        "train.optimizer.nesterov": {"choices": [True, False], "when": {"train.optimizer.kind": "sgd"}},
        "model.hidden": {"of": [8, 16], "low": 0, "high": 2},
        "train.batch_size": {"low": 50, "high": 100, "step": 25},
    }
)


def test_a_grid_has_every_combination_once():
    assignments = list(space.grid(SPACE))
    lists = 1 + 2 + 4
    assert len(assignments) == (2 + 1) * lists * 3
    assert len({str(assignment) for assignment in assignments}) == len(assignments)
    assert assignments[0] == {
        "train.optimizer.kind": "sgd",
        "train.optimizer.nesterov": True,
        "model.hidden": [],
        "train.batch_size": 50,
    }
    for assignment in assignments:
        assert ("train.optimizer.nesterov" in assignment) == (assignment["train.optimizer.kind"] == "sgd")


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ({"low": 0.1, "high": 0.3, "step": 0.1}, [0.1, 0.2, 0.3]),  # 0.2 / 0.1 is a little less than 2 in floats
        ({"low": 0.0, "high": 1.0, "step": 0.4}, [0.0, 0.4, 0.8]),
        ({"low": 50, "high": 100, "step": 25}, [50, 75, 100]),
        ({"low": 50, "high": 99, "step": 25}, [50, 75]),
        ({"low": 3, "high": 5}, [3, 4, 5]),
    ],
)
def test_a_stepped_range_ends_with_the_last_value_that_its_bound_admits(entry, values):
    l2_values = [assignment["train.l2"] for assignment in space.grid(searched({"train.l2": entry}))]
    assert l2_values == pytest.approx(values)


def test_what_a_sampler_suggests_is_of_the_space_and_is_found_again_by_its_parameters():
    entries = {
        "train.optimizer.lr": {"low": 1e-4, "high": 1.0, "log": True},
        "model.dropout": {"low": 0.0, "high": 0.5, "step": 0.25},
        "model": [{"name": "mlp", "hidden": [5]}, {"name": "lenet"}],
    }
    both = {**SPACE, **searched(entries)}
    trials = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(50):
        trial = trials.ask()
        assignment = space.suggest(trial, both)
        assert trial.params == space.parameters(assignment, both)
        assert 1e-4 <= assignment["train.optimizer.lr"] <= 1
        assert assignment["model.dropout"] in (0, 0.25, 0.5)
        assert assignment["model"] in entries["model"]
        assert ("train.optimizer.nesterov" in assignment) == (assignment["train.optimizer.kind"] == "sgd")
    trials.enqueue_trial(space.parameters(assignment, both))
    assert space.suggest(trials.ask(), both) == assignment


def test_a_study_takes_an_assignment_and_the_space_stays_as_it_is():
    study = Study.model_validate(BASE)
    entries = {"train.optimizer": [{"kind": "adam"}], "train.optimizer.lr": [0.5]}
    both = searched(entries)
    (assignment,) = space.grid(both)
    for _ in range(2):
        train = changed(study, assignment).train
        assert (train.optimizer.kind, train.optimizer.lr, train.epochs) == ("adam", 0.5, 3)
    assert both["train.optimizer"].choices == ({"kind": "adam"},)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"train.optimizer.rate": [0.1]}, 'train.optimizer.rate = 0.1 makes no valid study: .*unknown key "rate"'),
        ({"model.dropout": {"low": 0.0, "high": 1.0}}, "model.dropout = 1.0 makes no valid study"),
        ({"model.hidden": {"of": [10, -1], "low": 1, "high": 2}}, r"model.hidden = \[-1\] makes no valid study"),
        (
            {
                "train.optimizer": [{"kind": "sgd"}, {"kind": "adam"}],
                "train.optimizer.nesterov": {"choices": [True], "when": {"train.optimizer": {"kind": "adam"}}},
            },
            'unknown key "nesterov"',
        ),
    ],
)
def test_a_value_that_is_none_for_the_study_is_refused_before_anything_runs(entries, message):
    with pytest.raises(StudyError, match=f"search.space: .*{message}" if message.startswith('"') else message):
        space.check(Study.model_validate(BASE), searched(entries))


def test_a_condition_is_met_before_its_key_is_checked():
    entries = {
        "train.optimizer": [{"kind": "adam"}, {"kind": "sgd"}],
        "train.optimizer.nesterov": {"choices": [True, False], "when": {"train.optimizer": {"kind": "sgd"}}},
    }
    space.check(Study.model_validate(BASE), searched(entries))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"space": {}}, "at least 1"),
        ({"space": {"a": [1]}, "trials": None}, "a tpe search needs trials or minutes"),
        ({"space": {"a": {"low": 1, "high": 1}}}, "high must be above low"),
        ({"space": {"a": {"low": 0, "high": 1, "log": True}}}, "log = true needs low above 0"),
        ({"space": {"a": {"low": 1, "high": 9, "log": True, "step": 2}}}, "cannot have both a step and log = true"),
        ({"space": {"a": {"low": 1, "high": 9, "step": 0.5}}}, "step must be a whole number"),
        (
            {"space": {"a": {"low": 0.1, "high": 1.0}}, "method": "grid"},
            "a grid search needs a list of values or a step for a",
        ),
        ({"space": {"a": {"choices": [1], "when": {"b": 2}}, "b": [2]}}, 'a depends on "b", which must come before'),
        ({"space": {"a": {"choices": []}}}, "at least 1"),
        ({"space": {"a": [1]}, "metod": "grid"}, 'unknown key "metod"'),
    ],
)
def test_an_impossible_search_is_refused(table, message):
    with pytest.raises(ValueError, match=message):
        SearchTable.model_validate({"trials": 3} | table)
