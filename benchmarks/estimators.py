"""Fits the estimators and scikit-learn's networks in turn: equal nets, batches and epochs, and compares time and score.

    digits      1,438 rows, 64-100-10         diabetes   354 rows, 10-64-1
    mnist       10,000 rows, 784-1000-10 (left out without the data)

Each fit is repeated with other seeds, the two programs in turn, so that what else the machine does falls on both. The
table has the medians of the times, the means of the scores, and the standard error of the difference of these means.
Both are given standardised samples, and the regressors standardised targets, so that both learn from the same numbers.
usage: python benchmarks/estimators.py [--repeats 10] [--data-dir $BACKHAND_DATA]
"""

import os

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # which slow NumPy
    os.environ.pop(name, None)

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from backhand.data import load
from backhand.data.dataset import Splits
from backhand.errors import DataError
from backhand.estimators import BackhandClassifier, BackhandRegressor

LIMIT = 0.5  # the ratio of the times that is wanted at most


@dataclass(frozen=True)
class Task:
    """What is fitted: a data set, the hidden units, epochs, and the estimators of both programs."""

    name: str
    data: str
    hidden: int
    epochs: int
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    rows: int | None = None


TASKS = (
    Task("digits, 100 hidden", "digits", 100, 50, BackhandClassifier, MLPClassifier),
    Task("MNIST, 10,000 rows, 1000 hidden", "mnist", 1000, 5, BackhandClassifier, MLPClassifier, 10_000),
    Task("diabetes, 64 hidden", "diabetes", 64, 100, BackhandRegressor, MLPRegressor),
)


def samples(splits: Splits, rows: int | None) -> tuple[np.ndarray, ...]:
    """Standardised samples and targets of the training and the test split."""
    x, y = splits.train.x[:rows], splits.train.y[:rows]
    x, test = (part.reshape(len(part), -1).astype(np.float64) for part in (x, splits.test.x))
    mean, deviation = x.mean(0), np.maximum(x.std(0), 1e-9 if splits.is_regression else 1.0)
    targets = (y, splits.test.y)
    if splits.is_regression:
        targets = tuple((part[:, 0] - y.mean()) / y.std() for part in targets)
    return (x - mean) / deviation, (test - mean) / deviation, *targets


def fitted(estimator: Any, arrays: tuple[np.ndarray, ...]) -> tuple[float, float]:
    """The seconds of a fit, and the score on the test split."""
    x, test, y, y_test = arrays
    start = time.perf_counter()
    estimator.fit(x, y)
    return time.perf_counter() - start, float(estimator.score(test, y_test))


def compared(task: Task, repeats: int, data_dir: str | None) -> tuple[list[float], ...]:
    """The seconds and the scores of each fit of ours, then of theirs."""
    arrays = samples(load(task.data, data_dir=data_dir), task.rows)
    common = {"hidden_layer_sizes": (task.hidden,), "max_iter": task.epochs, "tol": 0.0, "n_iter_no_change": 10_000}
    ours = {"standardize": "none"} | ({"standardize_target": False} if task.data == "diabetes" else {})
    results: list[list[float]] = [[], [], [], []]
    for seed in range(-1, repeats):  # the first round compiles kernels and warms caches
        one = fitted(task.ours(random_state=max(seed, 0), **common | ours), arrays)
        two = fitted(task.theirs(random_state=max(seed, 0), **common), arrays)
        for values, value in zip(results, (*one, *two), strict=True):
            values.extend([value] if seed >= 0 else [])
    return tuple(results)


def main() -> None:
    """Print a row per task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10, help="2 or more")
    parser.add_argument("--data-dir", default=os.environ.get("BACKHAND_DATA"))
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"{'task':34}{'ours':>9}{'theirs':>9}{'ratio':>8}{'our score':>12}{'their score':>13}{'error':>8}")
    for task in TASKS:
        try:
            our_times, our_scores, their_times, their_scores = compared(task, options.repeats, options.data_dir)
        except DataError as error:
            print(f"{task.name:34}left out: {error}")
            continue
        ours, theirs = median(our_times), median(their_times)
        error = ((stdev(our_scores) ** 2 + stdev(their_scores) ** 2) / options.repeats) ** 0.5
        mark = "" if ours / theirs <= LIMIT else f"  above {LIMIT}"
        scores = f"{mean(our_scores):12.4f}{mean(their_scores):13.4f}{error:8.4f}"
        print(f"{task.name:34}{ours:8.3f}s{theirs:8.3f}s{ours / theirs:8.3f}{scores}{mark}")


if __name__ == "__main__":
    main()
