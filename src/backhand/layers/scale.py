"""Multiplication by a fixed number, as a layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers.activations import Activation


@dataclass(eq=False)
class Scale(Activation):
    """Multiplication by a fixed number, y = factor · x, on samples of any shape; the factor is not learned.

    Before a linear layer it slows that layer alone: to the scores, a step of its weights counts factor² as much.
    Raises ValueError for a factor of 0, behind which nothing would be learned.
    """

    op_name = "scale"

    factor: float

    def __post_init__(self) -> None:
        if self.factor == 0:
            raise ValueError("the factor of a scale must not be 0, which lets no gradient pass")

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The arguments of the op besides x: the factor."""
        return {"factor": self.factor}
