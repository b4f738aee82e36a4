"""Dropout as a layer, which draws the mask."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.layers.base import Layer
from backhand.ops import dropout


@dataclass(eq=False)
class Dropout(Layer):
    """Dropout: in training each value of samples of any shape is set to 0 with probability p, independently.

                     training               inference
        inverted     y = x m / (1 - p)      y = x
        classic      y = x m                y = x (1 - p)

    m is 1 where a value is kept, else 0.

    p: the probability of dropping, in [0, 1).
    mode: "inverted" or "classic"; a network trained in one must be used in the same.
    Raises ValueError for another p or mode, and in training when `forward` is given no `rng`.
    Source: Srivastava et al. 2014, JMLR 15.
    """

    op_name = "dropout"
    shown = ("p",)

    p: float = 0.5
    mode: str = "inverted"

    def __post_init__(self) -> None:
        dropout.forward(np.zeros(0), p=self.p, mode=self.mode)  # refuses bad arguments now, not in the first batch

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: p, mode and, in training, a random key, from which the op makes the mask."""
        if not train:
            return {"p": self.p, "mode": self.mode}
        if rng is None:
            raise ValueError("dropout draws a mask in training; pass an rng to forward")
        first = getattr(rng, "first", 0) * prod(x.shape[1:])  # see training.streams.ShareGenerator
        key = int(rng.integers(2**63))
        return {"p": self.p, "mode": self.mode, "key": key} | ({"first": first} if first else {})
