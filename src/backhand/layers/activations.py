"""Elementwise activations."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers.base import Layer


class Activation(Layer):
    """A function of each value by itself, whatever the shape of the array."""

    stacks = True


@dataclass(eq=False)
class ReLU(Activation):
    """y = max(x, 0)."""

    op_name = "relu"


@dataclass(eq=False)
class LeakyReLU(Activation):
    """y = x where x > 0, else slope · x."""

    op_name = "leaky_relu"
    shown = ("slope",)

    slope: float = 0.01

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The slope."""
        return {"slope": self.slope}


@dataclass(eq=False)
class ELU(Activation):
    """y = x where x > 0, else alpha · (e^x - 1)."""

    op_name = "elu"
    shown = ("alpha",)

    alpha: float = 1.0

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """alpha."""
        return {"alpha": self.alpha}


@dataclass(eq=False)
class Sigmoid(Activation):
    """y = 1 / (1 + e^-x)."""

    op_name = "sigmoid"


@dataclass(eq=False)
class Tanh(Activation):
    """y = tanh x."""

    op_name = "tanh"
