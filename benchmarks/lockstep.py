"""Times nine trainings in lockstep against the same nine one after the other: two layers on CIFAR-10, for each width.

The trainings differ in learning rate and penalty, as those of the grid of r2-two-layer-cifar10 do. Each width is timed
in several rounds; the result is the median ratio, with its range. That the results are equal is shown by the largest
difference of a weight after the epoch.
usage: python benchmarks/lockstep.py [--data-dir $BACKHAND_DATA] [--widths 20 40 60 80] [--rounds 5]
"""

import argparse
import sys
import time
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

from backhand.console.exits import run_to_exit_status
from backhand.experiments.build import Feeds
from backhand.experiments.trainer import Trainer, data_of
from backhand.machine import cores, cpu
from backhand.study import Study, changed, load
from backhand.training.lockstep import fit_together
from backhand.training.solver import Solver

BATCH = 200
COMMON = {
    "data.augment": {"flip": True},
    "train.epochs": 1,
    "train.batch_size": BATCH,
    "train.label_smoothing": 0.0,
    "train.l2_form": "whole",
}
CHANGES = [
    {"train.optimizer": {"kind": "sgd", "lr": lr, "momentum": 0.95}, "train.l2": l2}
    for lr, l2 in product((1e-3, 2e-3, 3e-3), (1e-4, 1e-3, 3e-3))
]


def make_studies(width: int) -> list[Study]:
    base = changed(load("cifar10-mlp"), COMMON | {"model": {"name": "mlp", "hidden": [width]}})
    return [changed(base, changes) for changes in CHANGES]


def train_separately(studies: list[Study], feeds: Feeds) -> tuple[list[Solver], float]:
    """Train one after the other; returns the solvers and the seconds."""
    solvers = [Trainer.of(study, feeds).solver for study in studies]
    start = time.perf_counter()
    for solver in solvers:
        solver.fit(feeds.train, feeds.validation, epochs=1)
    return solvers, time.perf_counter() - start


def train_in_lockstep(studies: list[Study], feeds: Feeds) -> tuple[list[Solver], float]:
    """Train all together; returns the solvers and the seconds."""
    solvers = [Trainer.of(study, feeds).solver for study in studies]
    start = time.perf_counter()
    fit_together(solvers, feeds.train, feeds.validation, epochs=1)
    return solvers, time.perf_counter() - start


def compare(studies: list[Study], feeds: Feeds, width: int, rounds: int) -> None:
    """Time both ways in turn, and print a line with the results."""
    times = []
    for _ in range(rounds):
        (separate, slow), (together, fast) = train_separately(studies, feeds), train_in_lockstep(studies, feeds)
        times.append((slow, fast))
    pairs = zip(separate, together, strict=True)
    difference = max(np.abs(a.model.parameters.values - b.model.parameters.values).max() for a, b in pairs)
    ratios = sorted(fast / slow for slow, fast in times)
    slow, fast = (median(column) for column in zip(*times, strict=True))
    print(
        f"{width:>3} units: {slow:5.2f} s separately, {fast:5.2f} s in lockstep; ratio {median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}); weights differ by {difference:.1e}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="Look for data sets in this folder.")
    parser.add_argument("--widths", type=int, nargs="+", default=[20, 40, 60, 80], help="Time these hidden widths.")
    parser.add_argument("--rounds", type=int, default=5, help="Time this number of rounds.")
    arguments = parser.parse_args()
    print(f"{cpu()}, {cores()} cores; {len(CHANGES)} trainings of one epoch, in batches of {BATCH}")
    feeds = data_of(make_studies(20)[0], arguments.data_dir)
    train_in_lockstep(make_studies(20), feeds)  # compiles what is not compiled yet
    for width in arguments.widths:
        compare(make_studies(width), feeds, width, arguments.rounds)


if __name__ == "__main__":
    sys.exit(run_to_exit_status(main))
