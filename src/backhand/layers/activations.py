"""Elementwise activations."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers.base import Layer


@dataclass(eq=False)
class ReLU(Layer):
    """y = max(x, 0)."""

    op_name = "relu"


@dataclass(eq=False)
class LeakyReLU(Layer):
    """y = x where x > 0, else slope · x."""

    op_name = "leaky_relu"

    slope: float = 0.01

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The slope."""
        return {"slope": self.slope}


@dataclass(eq=False)
class ELU(Layer):
    """y = x where x > 0, else alpha · (e^x - 1)."""

    op_name = "elu"

    alpha: float = 1.0

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """alpha."""
        return {"alpha": self.alpha}


@dataclass(eq=False)
class Sigmoid(Layer):
    """y = 1 / (1 + e^-x)."""

    op_name = "sigmoid"


@dataclass(eq=False)
class Tanh(Layer):
    """y = tanh x."""

    op_name = "tanh"
