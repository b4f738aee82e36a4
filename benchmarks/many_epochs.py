"""Times thousands of epochs of a toy network, and what a run costs besides its training, against scikit-learn.

Both train a network 2-16-3 on the same points of `blobs`, in batches of 100, by SGD with momentum. Ours is a whole run
in a folder: validation after each epoch, history, states, best weights and the test. Of scikit-learn's MLPClassifier,
`fit` alone is timed. They take turns; the results are medians, with their ranges. The exit status is 1 if one of them
has not learnt.
usage: python benchmarks/many_epochs.py [--epochs 3000] [--rounds 3]
"""

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

for name in [name for name in os.environ if name.startswith("OPENBLAS_")]:  # an override would slow NumPy
    del os.environ[name]

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from backhand.experiments.build import Feeds, load_feeds
from backhand.experiments.run import work
from backhand.machine import cores, cpu
from backhand.study import Study
from backhand.training.history_file import records

HIDDEN, BATCH, LR, MOMENTUM = 16, 100, 0.1, 0.9
MIN_ACCURACY = 0.97  # the least training accuracy of a network that has learnt


@dataclass(frozen=True)
class RunFigures:
    """The seconds of a run in total, of its training and of saving; its training accuracy; the bytes in its folder."""

    total: float
    training: float
    saving: float
    accuracy: float
    bytes: int


def study(epochs: int) -> Study:
    train = {"epochs": epochs, "batch_size": BATCH, "optimizer": {"kind": "sgd", "lr": LR, "momentum": MOMENTUM}}
    model = {"name": "mlp", "hidden": [HIDDEN]}
    return Study.model_validate({"name": "many", "data": {"name": "blobs"}, "model": model, "train": train})


def time_backhand(epochs: int) -> RunFigures:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        facts = work.run(study(epochs), Path(folder) / "run", quiet=True).training
        total = time.perf_counter() - begin
        last = records((Path(folder) / "run" / "history.jsonl").read_text("utf-8"))[-1]
        size = sum(path.stat().st_size for path in (Path(folder) / "run").iterdir())
    return RunFigures(total, facts.seconds, facts.saving_seconds, last["train_accuracy"], size)


def time_scikit_learn(feeds: Feeds, epochs: int) -> tuple[float, float]:
    """The seconds of `fit`, and the training accuracy."""
    x, y = feeds.train.batch(slice(None))
    options = {"learning_rate_init": LR, "momentum": MOMENTUM, "nesterovs_momentum": False, "alpha": 0.0}
    network = MLPClassifier(
        (HIDDEN,), solver="sgd", batch_size=BATCH, max_iter=epochs, n_iter_no_change=epochs, tol=0.0, **options
    )
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # since it has to take all epochs
        network.fit(x, y)
    return time.perf_counter() - begin, network.score(x, y)


def spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args(words)
    feeds = load_feeds(study(1))
    print(f"{cpu()}, {cores()} cores; {arguments.epochs:,} epochs of {len(feeds.train)} points", flush=True)
    time_backhand(2)  # compiles what is not compiled yet
    runs, fits = [], []
    for _ in range(arguments.rounds):
        runs.append(time_backhand(arguments.epochs))
        fits.append(time_scikit_learn(feeds, arguments.epochs))
    mine, other = median(run.total for run in runs), median(seconds for seconds, _ in fits)
    share = median(run.saving / run.total for run in runs)
    print(f"backhand, the whole run: {spread([run.total for run in runs])}")
    print(f"  training and validation {spread([run.training for run in runs])}")
    print(f"  saving                  {spread([run.saving for run in runs])}, {share:.1%} of the run")
    print(f"  the folder holds {runs[-1].bytes / 1e6:.2f} MB")
    print(f"scikit-learn, fit alone:  {spread([seconds for seconds, _ in fits])}")
    print(f"ratio of the medians: {mine / other:.2f}")
    lowest = min([*(run.accuracy for run in runs), *(accuracy for _, accuracy in fits)])
    print(f"training accuracy: {lowest:.1%} or more")
    return int(lowest < MIN_ACCURACY)


if __name__ == "__main__":
    sys.exit(main())
