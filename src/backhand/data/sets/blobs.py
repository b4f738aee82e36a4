"""Blobs: a round cloud of points for each class, which a linear classifier can learn."""

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test


def make(n: int = 600, classes: int = 3, deviation: float = 0.6, seed: int = 0) -> Dataset:
    """`n` points (N, 2) float32, in equal shares around `classes` centres on a circle of radius 2."""
    rng = np.random.default_rng(seed)
    y = np.arange(n, dtype=np.int64) % classes
    angle = 2 * np.pi * y / classes
    centre = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Dataset((centre + rng.normal(scale=deviation, size=(n, 2))).astype(np.float32), y)


def load() -> Splits:
    """Load 600 points of three classes, which are always the same."""
    train, test = hold_out_test(make())
    source = (
        "Blobs, 600 points in the plane around 3 centres, drawn from normal distributions of deviation 0.6 (seed 0)"
    )
    return Splits("blobs", ("east", "north-west", "south-west"), train, test, source=source)


ENTRY = BuiltIn("blobs", "600 points in 3 clouds", "3", load)
