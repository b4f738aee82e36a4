"""Which way a figure is better, and that no value without a number ever wins."""

import itertools
from math import inf, nan

import pytest

from backhand.errors import BackhandError
from backhand.training.metrics import ACCURACY, ERROR, LOSS, METRICS, find_metric, key_of, metric, words

NO_NUMBERS = (None, nan, inf, -inf)


@pytest.mark.parametrize(
    ("key", "higher", "unit"),
    [
        *(("validation_accuracy", True, "%"), ("old_accuracy", True, "%"), ("test_accuracy@4", True, "%")),
        *(("validation_loss", False, ""), ("train_error", False, "%"), ("loss", False, "")),
        *(("validation_f1", True, "%"), ("macro_recall", True, "%"), ("validation_roc_auc", True, "")),
    ],
)
def test_a_key_tells_its_figure(key: str, higher: bool, unit: str) -> None:
    found = find_metric(key)
    assert found is not None
    assert (found.higher_is_better, found.unit) == (higher, unit)
    assert metric(key) == found


@pytest.mark.parametrize("key", ["validation_kappa", "inaccuracy", "lossless", "lr", "gradient_norm", "seconds"])
def test_a_figure_of_which_nothing_is_known_needs_a_mode(key: str) -> None:
    assert find_metric(key) is None
    with pytest.raises(BackhandError, match=rf'a lower {key} is better; set mode to "max" or "min"'):
        metric(key)
    assert metric(key, "max").higher_is_better
    assert not metric(key, "min").higher_is_better


def test_keys_and_words_follow_from_each_other() -> None:
    assert words("validation_rmse") == "validation RMSE"
    assert [words(key) for key in ("train_r2", "test_mae", "mean_f1")] == ["train R²", "test MAE", "mean F1"]
    for key in METRICS:
        assert key_of(words(f"validation_{key}")) == f"validation_{key}"


def test_a_mode_overrules_what_is_known() -> None:
    assert not metric("validation_accuracy", "min").higher_is_better
    assert metric("validation_accuracy", "min").text(0.5) == "50.00%"
    with pytest.raises(BackhandError, match="not 'maximum'"):
        metric("validation_accuracy", "maximum")


@pytest.mark.parametrize(("figure", "best"), [(LOSS, 0.25), (ERROR, 0.25), (ACCURACY, 0.75)])
def test_what_is_no_number_is_never_the_best_in_any_order(figure, best) -> None:
    for values in itertools.permutations([0.25, 0.5, 0.75, nan, inf, -inf]):
        kept = None
        for value in values:
            kept = value if figure.better(value, kept) else kept
        assert kept == best
        assert figure.best(values) == best
        assert sorted(values, key=figure.cost)[0] == best
    assert figure.best(NO_NUMBERS) is None
    assert not any(figure.better(value, other) for value in NO_NUMBERS for other in (*NO_NUMBERS, 0.5))
    assert all(figure.better(0.5, other) for other in NO_NUMBERS)


def test_better_by_more_than() -> None:
    assert LOSS.better(0.75, 1.0, by=0.125)
    assert not LOSS.better(0.75, 1.0, by=0.25)
    assert ACCURACY.better(0.75, 0.5, by=0.125)
    assert not ACCURACY.better(0.75, 0.5, by=0.25)


def test_a_figure_is_written_in_its_unit() -> None:
    assert ACCURACY.text(0.97222) == "97.22%"
    assert LOSS.text(0.31416) == "0.3142"
    assert (LOSS.text(None), LOSS.text(nan), ACCURACY.text(inf)) == ("–", "not finite", "not finite")
