"""What a study leaves to the data, as "auto", is decided here, once the data are there."""

from math import sqrt
from typing import Any

from backhand.errors import BackhandError, StudyError
from backhand.experiments.build import Feeds, build_solver, init_weights, model_for
from backhand.study import Study
from backhand.study.auto import is_auto
from backhand.training.range_test import RangeTest, range_test

# Epochs: twice the samples cost √2 times the steps. 1,000 samples get 100 epochs.
PASSES, FEWEST, MOST = 3162, 10, 300
LOW, HIGH = 1e-4, 1e2  # what the range test begins and ends at, times the default rate of the optimiser's kind


def decide(study: Study, feeds: Feeds) -> tuple[Study, RangeTest | None]:
    """The study with numbers for whatever is "auto" in it, and the range test that its learning rate comes from.

    None where the study gives the rate itself. Raises StudyError where the loss blows up at every rate.
    """
    study = decide_counts(study, feeds)
    if not is_auto(study.train.optimizer.lr):
        return study, None
    tried = with_some_rate(study)
    model = model_for(tried, feeds)
    init_weights(tried, model)
    usual = study.train.optimizer.default_rate()
    try:
        found = range_test(build_solver(tried, model, feeds), feeds.train, low=LOW * usual, high=HIGH * usual)
    except BackhandError as error:
        raise StudyError(f'train.optimizer.lr = "auto" finds no rate: {error}; give it a number') from error
    return _with_rate(study, rate(found, usual)), found


def decide_counts(study: Study, feeds: Feeds) -> Study:
    """Decide everything but the learning rate: the size of the images and the number of epochs."""
    resize, train = study.data.resize, study.train
    if resize is not None and is_auto(resize.size):
        height, width = feeds.train.data.x.shape[1:3]
        resize = resize.model_copy(update={"size": (height, width)})
        study = study.model_copy(update={"data": study.data.model_copy(update={"resize": resize})})
    if is_auto(train.epochs):
        study = study.model_copy(update={"train": train.model_copy(update={"epochs": epochs(len(feeds.train))})})
    return study


def epochs(samples: int) -> int:
    """The number of epochs that "auto" means for so many training samples: 3162 / √samples, from 10 to 300."""
    return min(max(round(PASSES / sqrt(samples)), FEWEST), MOST)


def rate(found: RangeTest, usual: float) -> float:
    """The learning rate that "auto" means: the geometric mean of those where the loss was half way down and lowest.

    At most half of the usual one; that half, too, where the loss fell at no rate. Half way down alone is low where
    little rates suffice; the lowest alone is high where the loss, once all is learnt, stays low at every rate.
    """
    lr = sqrt(found.halfway * found.lowest) if found.learned else usual
    return float(f"{min(lr, usual / 2):.2g}")


def with_some_rate(study: Study) -> Study:
    """The study with the default rate of its optimiser's kind for "auto": for a caller that sets the rates."""
    table = study.train.optimizer
    return _with_rate(study, table.default_rate()) if is_auto(table.lr) else study


def _with_rate(study: Study, lr: float) -> Study:
    optimizer: Any = study.train.optimizer.model_copy(update={"lr": lr})
    return study.model_copy(update={"train": study.train.model_copy(update={"optimizer": optimizer})})
