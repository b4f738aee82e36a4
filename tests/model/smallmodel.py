"""A small model with parameters and state of every form."""

import numpy as np

from backhand.layers import BatchNorm, Dropout, Flatten, Linear, ReLU
from backhand.model.sequential import Sequential


def small(seed: int = 0, dtype: type = np.float64) -> Sequential:
    layers = Flatten(), Linear(5), BatchNorm(), ReLU(), Dropout(0.2), Linear(3)
    return Sequential(*layers).build((2, 2, 1), seed=seed, dtype=dtype)
