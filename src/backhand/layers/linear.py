"""The fully connected layer, y = x w + b."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backhand import precision
from backhand.arrays import Array, Shape
from backhand.layers.base import Layer
from backhand.layers.initialisers import initialiser


@dataclass(eq=False)
class Linear(Layer):
    """The fully connected layer, y = x w + b: features (N, I) become (N, outputs).

    outputs: the number of features out. That of the features in, I, is taken from the samples at `build`.
    init: of w, (I, outputs): "he", "glorot", "lecun", "zeros", "dirac", or the standard deviation of a normal
    distribution; b, (outputs,), starts at 0.
    Raises ValueError for fewer than 1 output and an unknown `init`, and at `build` for samples that are not (I,).
    Source: Rumelhart, Hinton and Williams 1986, Nature 323.
    """

    op_name = "linear"
    penalised = ("weight",)
    stacks = True

    outputs: int
    init: str | float = "he"

    def __post_init__(self) -> None:
        if self.outputs < 1:
            raise ValueError(f"a linear layer needs at least 1 output, not {self.outputs}")
        initialiser(self.init)

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Samples (I,) become (O,). Raises ValueError for samples of more than one axis."""
        if len(shape) != 1:
            raise ValueError(f"a linear layer needs samples of shape (features,), not {shape}; put a Flatten before it")
        return (self.outputs,)

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """The weight (I, O) and the bias (O,)."""
        return {"weight": initialiser(self.init)((*shape, self.outputs), rng), "bias": np.zeros(self.outputs)}

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's argument in training: the precision."""
        return {"precision": precision.current()} if train else {}

    def multiply_adds(self) -> int:
        """I · O, for one sample."""
        return prod(self.params["weight"].shape)
