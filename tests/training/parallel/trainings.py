"""Trainings that one process and several ranks carry out alike: `python -m tests.training.parallel.trainings`.

Rank 0 prints what came out as JSON. Run without mpiexec, it is what a single process does.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import backhand as bh
from backhand import backend
from backhand.data import embedded
from backhand.data.augment import Augment, Crop, Flip, MixUp
from backhand.training.averages import ExponentialAverage
from backhand.training.parallel import sums
from backhand.training.parallel.ranks import launched
from backhand.training.parallel.solver import ParallelSolver

RANKS = launched()
COUNT, BATCH, EPOCHS = 102, 25, 2  # batches of 25, 25, 25, 25 and 2 samples: fewer than three ranks


@dataclass
class Case:
    """What a training has of its own."""

    layers: tuple[bh.Layer, ...] = (bh.Flatten(), bh.Linear(16), bh.ReLU())
    dtype: str = "float64"
    augment: Augment | None = None
    weighted: bool = False
    regression: bool = False
    solver: dict[str, Any] = field(default_factory=dict)
    parallel: dict[str, Any] = field(default_factory=dict)
    bucket: int = sums.BUCKET


def norm_layers():
    return bh.Conv2d(4, 3, padding=1), bh.BatchNorm(), bh.ReLU(), bh.MaxPool2d(), bh.Flatten(), bh.Linear(8)


def residual_layers():
    return (
        bh.Conv2d(4, 3, padding=1),
        bh.Residual((bh.BatchNorm(), bh.ReLU(), bh.Conv2d(4, 3, padding=1))),
        bh.Flatten(),
    )


CASES = {
    "plain": Case(),
    "kernels": Case(dtype="float32"),
    "dropout": Case((bh.Flatten(), bh.Linear(16), bh.ReLU(), bh.Dropout(0.4))),
    "dropout kernels": Case((bh.Flatten(), bh.Linear(16), bh.ReLU(), bh.Dropout(0.4)), "float32"),
    "norm": Case(norm_layers(), parallel={"sync_batchnorm": True}),
    "norm kernels": Case(norm_layers(), "float32", parallel={"sync_batchnorm": True}),
    "residual norm": Case(residual_layers(), parallel={"sync_batchnorm": True}),
    "augmented": Case(augment=Augment((Flip(), Crop(1)))),
    "augmented kernels": Case(dtype="float32", augment=Augment((Flip(), Crop(1)))),
    "mixed": Case(augment=Augment((Flip(),), MixUp(0.5, 10))),
    "weights": Case(weighted=True),
    "accumulated": Case(solver={"accumulate": 3}),
    "accumulated norm": Case((*norm_layers(), bh.Dropout(0.2)), "float32", solver={"accumulate": 6}),
    "clipped": Case(solver={"clip_norm": 0.1, "clip_value": 0.05}),
    "buckets": Case(norm_layers(), parallel={"sync_batchnorm": True}, bucket=64),
    "regression": Case(regression=True),
    "average": Case(solver={"average": ExponentialAverage(decay=0.9)}),
}
OWN_STATISTICS = {"norm of shares": Case(norm_layers()), "norm of shares, kernels": Case(norm_layers(), "float32")}


def feeds(case):
    arrays = embedded.arrays("digits")
    x, y = arrays["x"][: 2 * COUNT].reshape(-1, 8, 8, 1), arrays["y"][: 2 * COUNT].astype(np.int64)
    targets = np.stack([y * 3.0 + 40, x.mean((1, 2, 3))], 1) if case.regression else y
    weights = np.random.default_rng(1).uniform(0.2, 1.8, COUNT) if case.weighted else None
    train = bh.Dataset(x[:COUNT], targets[:COUNT], weights)
    scale = bh.Standardizer.fit(train.x, "global")
    held_out = bh.Dataset(x[COUNT:], targets[COUNT:])
    return bh.Feed(train, scale, case.augment, case.dtype), bh.Feed(held_out, scale, None, case.dtype)


def train(case, seed=0):
    """What a training comes to: its history, its weights, and whether all ranks have the same ones."""
    train_feed, validation = feeds(case)
    outputs = 2 if case.regression else 10
    layers = (*(layer.fresh() for layer in case.layers), bh.Linear(outputs))
    other = 7 if RANKS is not None and RANKS.rank else 0  # rank 0 gives all others its weights
    model = bh.Sequential(*layers).build((8, 8, 1), seed=seed + other, dtype=case.dtype)
    loss = bh.SquaredError(center=(50.0, 5.0), scale=(9.0, 2.0)) if case.regression else bh.SoftmaxCrossEntropy()
    options = {"batch_size": BATCH, "seed": 3, **case.solver}
    sums.BUCKET = case.bucket
    optimizer = bh.SGD(0.05, momentum=0.9)
    if RANKS is None:
        solver = bh.Solver(model, loss, optimizer, **options)
    else:
        solver = ParallelSolver(model, loss, optimizer, ranks=RANKS, **options, **case.parallel)
    history = solver.fit(train_feed, validation, epochs=EPOCHS)
    arrays = {name: value.tobytes().hex() for name, value in model.arrays().items()}
    same = RANKS is None or len({json.dumps(each) for each in RANKS.gather(arrays)}) == 1
    kept = {"lr", "momentum", "epoch", "step", "gradient_norm", "penalty"}
    records = [{key: value for key, value in r.items() if key in kept or "_" in key} for r in history]
    norm = {name: value.ravel().tolist() for name, value in model.arrays().items()}
    return {"history": records, "same": same, "arrays": norm}


if __name__ == "__main__":
    backend.use("cpu", 1)
    chosen = {**CASES, **OWN_STATISTICS} if RANKS is not None else CASES
    results = {name: train(case) for name, case in chosen.items()}
    if RANKS is None or RANKS.leads:
        json.dump(results, sys.stdout)
