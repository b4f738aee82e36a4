"""Decides whatever a study leaves open as "auto", once its data are loaded."""

from math import sqrt
from typing import Any

from backhand import backend
from backhand.errors import BackhandError, StudyError
from backhand.experiments.build import Feeds, build_solver, init_weights, model_for
from backhand.study import Study
from backhand.study.auto import is_auto
from backhand.training.range_test import RangeTest, range_test

# Epochs: twice the samples cost √2 times the steps. 1,000 samples get 100 epochs.
PASSES, FEWEST, MOST = 3162, 10, 300
LOW, HIGH = 1e-4, 1e2  # what the range test begins and ends at, times the default rate of the optimiser's kind


def decide(study: Study, feeds: Feeds) -> tuple[Study, RangeTest | None]:
    """The study with a number for every "auto", and the range test that gave its learning rate.

    The range test is None where the study gives the rate itself. Raises StudyError where every rate lets the loss
    blow up.
    """
    study = decide_counts(study, feeds)
    if not is_auto(study.train.optimizer.lr):
        return study, None
    trial = with_some_rate(study)
    model = model_for(trial, feeds)
    init_weights(trial, model)
    usual = study.train.optimizer.default_rate()
    try:
        test = range_test(build_solver(trial, model, feeds), feeds.train, low=LOW * usual, high=HIGH * usual)
    except BackhandError as error:
        raise StudyError(f'train.optimizer.lr = "auto" finds no rate: {error}; give it a number') from error
    return _with_rate(study, rate(test, usual)), test


def decide_counts(study: Study, feeds: Feeds) -> Study:
    """Decide everything but the learning rate: the size of the images, the number of epochs and the precision."""
    resize, train = study.data.resize, study.train
    if resize is not None and is_auto(resize.size):
        height, width = feeds.train.data.x.shape[1:3]
        resize = resize.model_copy(update={"size": (height, width)})
        study = study.model_copy(update={"data": study.data.model_copy(update={"resize": resize})})
    decided: dict[str, Any] = {"epochs": epochs(len(feeds.train))} if is_auto(train.epochs) else {}
    if is_auto(train.precision):
        decided["precision"] = backend.fastest_precision()
    return study.model_copy(update={"train": train.model_copy(update=decided)}) if decided else study


def epochs(samples: int) -> int:
    """The number of epochs that "auto" means for so many training samples: 3162 / √samples, from 10 to 300."""
    return min(max(round(PASSES / sqrt(samples)), FEWEST), MOST)


def rate(test: RangeTest, usual: float) -> float:
    """The learning rate that "auto" means: the geometric mean of those where the loss was half way down and lowest.

    It is at most half of the usual rate, and exactly that where the loss fell at no rate. The rate half way down alone
    is too low where small rates suffice; the rate of the lowest loss alone is too high where everything has been learnt
    and the loss stays low at every rate.
    """
    lr = sqrt(test.halfway * test.lowest) if test.learned else usual
    return float(f"{min(lr, usual / 2):.2g}")


def with_some_rate(study: Study) -> Study:
    """The study with the default rate of its optimiser's kind for "auto": for a caller that sets the rates."""
    table = study.train.optimizer
    return _with_rate(study, table.default_rate()) if is_auto(table.lr) else study


def _with_rate(study: Study, lr: float) -> Study:
    optimizer: Any = study.train.optimizer.model_copy(update={"lr": lr})
    return study.model_copy(update={"train": study.train.model_copy(update={"optimizer": optimizer})})
