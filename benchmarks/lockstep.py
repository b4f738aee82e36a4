"""Nine trainings in step against the same nine one after the other: CIFAR-10, two layers, of each width.

They differ in learning rate and penalty, as those of the grid of r2-two-layer-cifar10 do. Each width is timed several
times in turn; the figure is the median ratio, with its range. Equal results are checked: the largest difference of a
weight after the epoch.
usage: python benchmarks/in_step.py [--data-dir $BACKHAND_DATA] [--widths 20,40,60,80] [--rounds 5]
"""

import argparse
import sys
import time
from itertools import product
from pathlib import Path
from statistics import median

import numpy as np

from backhand.errors import BackhandError
from backhand.experiments.trainer import Trainer
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


def studies(width: int) -> list[Study]:
    base = changed(load("cifar10-mlp"), COMMON | {"model": {"name": "mlp", "hidden": [width]}})
    return [changed(base, member) for member in CHANGES]


def train_separately(trainer: Trainer, arguments: list[Study]) -> tuple[list[Solver], float]:
    feeds, solvers = trainer.feeds(arguments[0]), [trainer.solver(study) for study in arguments]
    begin = time.perf_counter()
    for solver in solvers:
        solver.fit(feeds.train, feeds.validation, epochs=1)
    return solvers, time.perf_counter() - begin


def train_in_lockstep(trainer: Trainer, arguments: list[Study]) -> tuple[list[Solver], float]:
    feeds, solvers = trainer.feeds(arguments[0]), [trainer.solver(study) for study in arguments]
    begin = time.perf_counter()
    fit_together(solvers, feeds.train, feeds.validation, epochs=1)
    return solvers, time.perf_counter() - begin


def compare(trainer: Trainer, width: int, rounds: int) -> None:
    arguments, times = studies(width), []
    for _ in range(rounds):
        (alone, slow), (stacked, fast) = train_separately(trainer, arguments), train_in_lockstep(trainer, arguments)
        times.append((slow, fast))
    pairs = zip(alone, stacked, strict=True)
    gap = max(np.abs(a.model.parameters.values - b.model.parameters.values).max() for a, b in pairs)
    ratios = sorted(fast / slow for slow, fast in times)
    slow, fast = (median(column) for column in zip(*times, strict=True))
    print(
        f"{width:>3} units: {slow:5.2f} s apart, {fast:5.2f} s in step; ratio {median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}); weights differ by {gap:.1e}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Trainings in step against the same ones apart.")
    parser.add_argument("--data-dir", type=Path, default=None)
    parser.add_argument("--widths", default="20,40,60,80")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{cpu()}, {cores()} cores; {len(CHANGES)} trainings of an epoch, batches of {BATCH}")
    trainer = Trainer(arguments.data_dir)
    try:
        fit_together([trainer.solver(study) for study in studies(20)], trainer.feeds(studies(20)[0]).train, epochs=1)
        for width in map(int, arguments.widths.split(",")):
            compare(trainer, width, arguments.rounds)
    except BackhandError as error:
        sys.exit(f"in_step.py: {error}")


if __name__ == "__main__":
    main()
