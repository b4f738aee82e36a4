"""Batch normalisation as a layer: it keeps the running statistics."""

from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.layers.base import Layer
from backhand.ops.batchnorm import Across


@dataclass(eq=False)
class BatchNorm(Layer):
    """Batch normalisation of each channel, the last axis of features (N, C) and of images (N, H, W, C).

        y = γ (x - μ) / sqrt(σ² + ε) + β

    In training μ and σ² are the mean and the variance of the channel's M values in the batch, and the running ones move
    towards them (r += momentum · (batch - r)); at inference the running ones take their place. The running variance is
    divided by M - 1, as in PyTorch. With M = 1 there is no variance: y = β, and the running statistics stay.

    momentum: in (0, 1]; of how much the running statistics move per batch.
    eps: ε, above 0.
    gamma: the initial γ (C,); 0 makes a residual block begin as its shortcut (Goyal et al. 2017, arXiv:1706.02677).
    Raises ValueError for another momentum or eps.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
    """

    op_name = "batchnorm"
    transient = MappingProxyType({**Layer.transient, "across": None})

    momentum: float = 0.1
    eps: float = 1e-5
    gamma: float = 1.0
    across: Across | None = field(init=False, repr=False, default=None)  # where processes share a batch, as `ops` says

    def __post_init__(self) -> None:
        if not 0 < self.momentum <= 1:
            raise ValueError(f"the momentum of batch normalisation must be in (0, 1], not {self.momentum}")
        if not self.eps > 0:
            raise ValueError(f"the eps of batch normalisation must be above 0, not {self.eps}")

    def init_params(self, shape: Shape, rng: np.random.Generator) -> dict[str, Array]:
        """Every gamma as given, every beta 0; each (C,)."""
        return {"gamma": np.full(shape[-1], float(self.gamma)), "beta": np.zeros(shape[-1])}

    def init_state(self, shape: Shape) -> dict[str, Array]:
        """A running mean of 0 and a running variance of 1 for each channel, (C,)."""
        return {"running_mean": np.zeros(shape[-1]), "running_var": np.ones(shape[-1])}

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The op's arguments: eps and, at inference, the running statistics."""
        if not train:
            return {"eps": self.eps, "running": tuple(self.state.values())}
        return {"eps": self.eps} | ({} if self.across is None else {"across": self.across})

    @property
    def min_batch_size(self) -> int:
        """2 where a sample has one value per channel, which has no variance alone; otherwise, or if frozen, 1."""
        return 1 if self.frozen or prod(self.input_shape[:-1]) > 1 else 2

    def observe(self, x: Array, cache: Any) -> None:
        """Move the running statistics towards those of a batch, if it has more than one value per channel."""
        if cache.M > 1:
            self._move("running_mean", cache.mean)
            self._move("running_var", cache.var * (cache.M / (cache.M - 1)))

    def _move(self, name: str, batch_value: Array) -> None:
        self.state[name] += self.momentum * (batch_value - self.state[name])
