"""Crescents: two interleaved half circles with noise, which no linear classifier can separate."""

import numpy as np

from backhand.data.dataset import Dataset, Splits
from backhand.data.entry import BuiltIn
from backhand.data.split import hold_out_test


def make(n: int = 600, noise: float = 0.15, seed: int = 0) -> Dataset:
    """`n` points (N, 2) float32, in equal shares on two half circles of radius 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n, dtype=np.int64) % 2
    angle = rng.uniform(0, np.pi, n)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points[y == 1] = (1, 0.5) - points[y == 1]
    return Dataset((points + rng.normal(scale=noise, size=(n, 2))).astype(np.float32), y)


def load() -> Splits:
    """Load 600 points of two classes, which are always the same."""
    train, test = hold_out_test(make())
    source = "Crescents, 600 points on two half circles, with normal noise of deviation 0.15 (seed 0)"
    return Splits("crescents", ("upper", "lower"), train, test, source=source)


ENTRY = BuiltIn("crescents", "600 points in 2 crescents", "2", load)
