"""Figures by their expressions: the best is the best, and what is no number is none."""

import itertools
from math import inf, nan

import pytest

from backhand.errors import StudyError
from backhand.experiments.series import work
from backhand.experiments.series.claims import verdicts
from backhand.experiments.series.figures import check, figure_of, mean_figure
from backhand.experiments.series.forms import Result
from backhand.study import load_series
from tests.experiments.series.twomodels import TEXT


def result(label: str = "a", seed: int = 0, history=(), **figures: float) -> Result:
    records = [{"epoch": epoch} | record for epoch, record in enumerate(history, start=1)]
    return Result(labels={"case": label}, seed=seed, figures=figures, history=records)


@pytest.mark.parametrize(
    ("key", "best"),
    [
        *(("validation_accuracy", 0.75), ("validation_f1", 0.75)),
        *(("validation_loss", 0.25), ("train_error", 0.25)),
    ],
)
def test_the_best_of_the_first_epochs_is_a_number(key: str, best: float) -> None:
    for values in itertools.permutations([0.25, 0.75, nan, inf, -inf]):
        assert figure_of(result(history=[{key: value} for value in (*values, 0.0, 1.0)]), f"{key}@5") == best
    assert figure_of(result(history=[{key: nan}, {}]), f"{key}@2") is None


def test_the_first_epoch_where_a_bound_holds_has_a_number() -> None:
    losses = [{"train_loss": value} for value in (nan, inf, -inf, 0.5, 2.0)]
    assert figure_of(result(history=losses), "epoch(train_loss>=1)") == 5
    assert figure_of(result(history=losses), "epoch(train_loss<=1)") == 4


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_a_mean_is_of_numbers(bad: float) -> None:
    assert mean_figure([result(test_loss=1.0), result(test_loss=2.0)], "test_loss") == 1.5
    assert mean_figure([result(test_loss=1.0), result(test_loss=bad)], "test_loss") is None


@pytest.mark.parametrize("metric", ["lr@4", "validation_kappa@2", "test accuracy", "epoch(train_loss=1)"])
def test_an_expression_that_names_no_figure_is_refused_before_anything_runs(file, tmp_path, metric: str) -> None:
    with pytest.raises(StudyError):
        check(metric)
    file.write_text(TEXT + f'[[parts.claims]]\nwhat = "all"\nmetric = "{metric}"\n')
    with pytest.raises(StudyError, match=r"names no figure|nothing says whether a higher or a lower"):
        work.run(load_series(str(file)), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_the_cell_of_a_claim_is_the_best_that_has_a_number(file) -> None:
    series = load_series(str(file))
    scores = {"a": nan, "b": 0.5, "c": 0.75, "d": inf}
    for order in itertools.permutations(scores):
        results = [result(label, validation_accuracy=scores[label], test_accuracy=0.5) for label in order]
        *_, best = verdicts(series, {"table": results})
        assert best.cell == {"case": "c"}


HISTORY = [
    {"epoch": 1, "train_accuracy": 0.9, "validation_loss": 0.5},
    {"epoch": 2, "train_accuracy": 1.0, "validation_loss": 0.7},
]


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("test_accuracy", 0.8),
        ("validation_loss@2", 0.5),
        ("train_accuracy@1", 0.9),
        ("train_accuracy@9", 1.0),
        ("epoch(train_accuracy>=1)", 2),
        ("epoch(validation_loss<=0.1)", None),
        ("nothing", None),
    ],
)
def test_figures_are_named_by_expressions(metric, value):
    result = Result(figures={"test_accuracy": 0.8}, history=HISTORY)
    assert figure_of(result, metric) == value
    with pytest.raises(StudyError, match='"a b" names no figure'):
        figure_of(result, "a b")
