"""Normalisation of each sample by itself, as layers: over all its values, or over groups of its channels."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.layers.base import Layer


@dataclass(eq=False)
class LayerNorm(Layer):
    """Layer normalisation of each sample, over all its values: features (N, F) and images (N, H, W, C).

        y = γ (x - μ) / sqrt(σ² + ε) + β

    μ and σ² are the mean and the variance of the F or H W C values of a sample; γ and β have its shape, as in
    `nn.LayerNorm(sample_shape)` of PyTorch. Training and inference are the same, for batches of any size.

    eps: ε, above 0.
    gamma: the initial γ, of the shape of a sample; 0 makes a residual block begin as its shortcut.
    Raises ValueError for another eps, and at `build` for samples of a single value, which would all become β.
    Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450.
    """

    op_name = "layer_norm"

    eps: float = 1e-5
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if not self.eps > 0:
            raise ValueError(f"the eps of layer normalisation must be above 0, not {self.eps}")

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Samples keep their shape. Raises ValueError for samples of a single value."""
        if prod(shape) == 1:
            raise ValueError(f"samples of shape {shape} have a single value; layer normalisation needs at least 2")
        return shape

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """Every gamma as given, every beta 0; both of the shape of a sample."""
        return {"gamma": np.full(shape, float(self.gamma)), "beta": np.zeros(shape)}

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's argument: eps."""
        return {"eps": self.eps}


@dataclass(eq=False)
class GroupNorm(Layer):
    """Group normalisation of each sample, over groups of channels: images (N, H, W, C) and features (N, C).

        y = γ (x - μ) / sqrt(σ² + ε) + β

    μ and σ² are the mean and the variance of the H W C / groups values of a group in a sample, C / groups of features;
    γ and β have one value per channel, as in `nn.GroupNorm(groups, C)` of PyTorch. Training and inference are the same,
    for batches of any size.

    groups: the number of groups of channels; as many as channels are instance normalisation.
    eps: ε, above 0.
    gamma: the initial γ (C,); 0 makes a residual block begin as its shortcut.
    Raises ValueError for fewer than 1 group and another eps, and at `build` for channels that cannot be divided into
    the groups, and for groups of a single value, which would all become β.
    Source: Wu and He 2018, arXiv:1803.08494.
    """

    op_name = "group_norm"

    groups: int
    eps: float = 1e-5
    gamma: float = 1.0

    def __post_init__(self) -> None:
        if self.groups < 1:
            raise ValueError(f"group normalisation needs at least 1 group, not {self.groups}")
        if not self.eps > 0:
            raise ValueError(f"the eps of group normalisation must be above 0, not {self.eps}")

    def infer_output_shape(self, shape: Shape) -> Shape:
        """Samples keep their shape. Raises ValueError where they have no groups of at least 2 values."""
        if shape[-1] % self.groups:
            raise ValueError(
                f"{shape[-1]} channels (samples of shape {shape}) cannot be divided into {self.groups} groups"
            )
        if prod(shape) == self.groups:
            raise ValueError(
                f"{self.groups} groups in samples of shape {shape} have a single value each; "
                f"group normalisation needs at least 2"
            )
        return shape

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """Every gamma as given, every beta 0; each (C,)."""
        return {"gamma": np.full(shape[-1], float(self.gamma)), "beta": np.zeros(shape[-1])}

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: groups and eps."""
        return {"groups": self.groups, "eps": self.eps}
