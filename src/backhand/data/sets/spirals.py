"""Spirals: arms that wind around each other, which no linear classifier can learn."""

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test


def make(n: int = 900, classes: int = 3, deviation: float = 0.05, seed: int = 0) -> Dataset:
    """`n` points (N, 2) float32, in equal shares on K arms: radius r in 0.05..1, angle 4 r + 2 pi k / K, plus noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n, dtype=np.int64) % classes
    radius = rng.uniform(0.05, 1, size=n)
    angle = 4 * radius + 2 * np.pi * y / classes
    point = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Dataset((point + rng.normal(scale=deviation, size=(n, 2))).astype(np.float32), y)


def load() -> Splits:
    """Load 900 points of three classes, which are always the same."""
    train, test = hold_out_test(make())
    source = "Spirals, 900 points in the plane on 3 arms, with normal noise of deviation 0.05 (seed 0)"
    return Splits("spirals", ("first arm", "second arm", "third arm"), train, test, source=source)


ENTRY = BuiltIn("spirals", "900 points on 3 wound arms", "3", load)
