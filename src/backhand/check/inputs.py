"""The cases and networks that are checked, and the functions that draw their arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.model.sequential import Sequential
from backhand.training.losses import Loss, RegressionLoss
from backhand.training.penalty import L2

Sampler = Callable[[np.random.Generator], Any]
SMOOTH_LIMIT = 1e-9  # the limit of the error where no kink is near


@dataclass(frozen=True)
class Case:
    """One configuration of an op: its arrays, its options, and the limit of the relative error."""

    arrays: Mapping[str, Shape | Sampler]
    options: Mapping[str, Any] = field(default_factory=dict)
    limit: float = SMOOTH_LIMIT

    def draw(self, rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, Any]]:
        """Draw the arrays, in float64, and the options of this case."""
        arrays = {name: v(rng) if callable(v) else rng.standard_normal(v) for name, v in self.arrays.items()}
        return arrays, {name: v(rng) if callable(v) else v for name, v in self.options.items()}


@dataclass(frozen=True)
class Network:
    """A whole network with its loss and its penalty, for a batch of random samples of this shape."""

    model: Sequential
    loss: Loss
    shape: Shape
    batch: int = 5
    penalty: L2 | None = None

    def draw(self, rng: np.random.Generator) -> tuple[Sequential, Array, Array]:
        """Draw the model, built in float64, the samples, and the labels or targets."""
        model = self.model.build(self.shape, seed=int(rng.integers(2**31)), dtype=np.float64)
        model.parameters.values += 0.1 * rng.standard_normal(
            model.parameters.values.shape
        )  # so that biases are away from 0
        outputs = model.output_shape[0]
        x = rng.standard_normal((self.batch, *self.shape))
        if isinstance(self.loss, RegressionLoss):
            return model, x, rng.standard_normal((self.batch, outputs))
        return model, x, rng.integers(0, max(2, outputs), self.batch)


def normal(*shape: int) -> Sampler:
    """A sampler of arrays of this shape, with values of the standard normal distribution."""
    return lambda rng: rng.standard_normal(shape)


def normal_around(*shape: int, mean: float) -> Sampler:
    """Draws normal values around a mean that is far from 0."""
    return lambda rng: mean + rng.standard_normal(shape)


def small_integers(*shape: int) -> Sampler:
    """Draws small integers, which make ties, and lie exactly at kinks."""
    return lambda rng: rng.integers(-2, 3, shape).astype(np.float64)


def extreme_values(*shape: int) -> Sampler:
    """Draws values near ±1e4, where a careless exponential overflows."""
    return lambda rng: rng.choice([-1e4, 1e4], shape) + rng.standard_normal(shape)


def constant_column(*shape: int) -> Sampler:
    """Draws normal values with a constant first channel, whose variance is 0."""

    def draw(rng: np.random.Generator) -> Array:
        x = rng.standard_normal(shape)
        x[..., 0] = 0.7
        return x

    return draw


def constant_sample(*shape: int) -> Sampler:
    """Draws normal values with a constant first sample, whose variance is 0."""

    def draw(rng: np.random.Generator) -> Array:
        x = rng.standard_normal(shape)
        x[0] = 0.75
        return x

    return draw


def class_labels(N: int, K: int) -> Sampler:
    """Draws the labels of N samples of K classes."""
    return lambda rng: rng.integers(0, K, N)


def probabilities(N: int) -> Sampler:
    """Draws N probabilities, uniformly between 0 and 1."""
    return lambda rng: rng.random(N)


def soft_labels(N: int, K: int) -> Sampler:
    """Draws N distributions over K classes, such as mix-up makes."""
    return lambda rng: rng.dirichlet(np.ones(K), N)


def sample_weights(N: int) -> Sampler:
    """Draws the weights of N samples; the weight of the last one is 0."""
    return lambda rng: np.append(rng.uniform(0.2, 3, N - 1), 0.0)


def dropout_mask(*shape: int, p: float) -> Sampler:
    """Draws a dropout mask, which is True with probability 1 - p."""
    return lambda rng: rng.random(shape) >= p


def running_statistics(C: int) -> Sampler:
    """Draws the running statistics (mean, variance) of C channels."""
    return lambda rng: (rng.standard_normal(C), rng.uniform(0.2, 3, C))


def elementwise(**options: Any) -> list[Case]:
    """Cases with rows, images, a single value, extreme values, and points exactly at a kink."""
    draws: list[Shape | Sampler] = [(4, 3), (2, 3, 4, 2), (1, 1), (7,), extreme_values(4, 3), small_integers(4, 5)]
    return [Case({"x": draw}, options) for draw in draws]
