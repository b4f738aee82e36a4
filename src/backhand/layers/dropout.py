"""Dropout as a layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers.base import Layer
from backhand.ops import dropout


@dataclass(eq=False)
class Dropout(Layer):
    """Zeroes each value with probability p while training; mode "inverted" (default) or "classic", as the op says."""

    op_name = "dropout"
    shown = ("p",)

    p: float = 0.5
    mode: str = "inverted"

    def __post_init__(self) -> None:
        dropout.forward(np.zeros(0), p=self.p, mode=self.mode)  # refuses bad arguments now, not in the first batch

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """p, mode and, when training, the key to a mask, from the generator."""
        if not train:
            return {"p": self.p, "mode": self.mode}
        if rng is None:
            raise ValueError("dropout draws a mask when training: give forward an rng")
        return {"p": self.p, "mode": self.mode, "key": int(rng.integers(2**63))}
