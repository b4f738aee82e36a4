"""What a case is, and how its arrays are drawn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.model.sequential import Sequential
from backhand.training.losses import L2, Loss

Sampler = Callable[[np.random.Generator], Any]
SMOOTH_LIMIT = 1e-9  # the limit wherever no kink crowds the steps


@dataclass(frozen=True)
class Case:
    """One configuration of an op."""

    arrays: Mapping[str, Shape | Sampler]
    options: Mapping[str, Any] = field(default_factory=dict)
    limit: float = SMOOTH_LIMIT

    def draw(self, rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and options of this case, in float64."""
        arrays = {name: v(rng) if callable(v) else rng.standard_normal(v) for name, v in self.arrays.items()}
        return arrays, {name: v(rng) if callable(v) else v for name, v in self.options.items()}


@dataclass(frozen=True)
class Network:
    """A whole network with its loss and penalty, on a batch of random samples."""

    model: Sequential
    loss: Loss
    shape: Shape
    batch: int = 5
    penalty: L2 | None = None

    def draw(self, rng: np.random.Generator) -> tuple[Sequential, Array, Array]:
        """The model, built in float64 for scores that its loss can take; samples; labels."""
        model = self.model.build(self.shape, seed=int(rng.integers(2**31)), dtype=np.float64)
        model.parameters.values += 0.1 * rng.standard_normal(model.parameters.values.shape)  # biases away from 0
        classes = max(2, model.output_shape[0])
        return model, rng.standard_normal((self.batch, *self.shape)), rng.integers(0, classes, self.batch)


def normal_around(*shape: int, mean: float) -> Sampler:
    """Normal values around a mean far from 0."""
    return lambda rng: mean + rng.standard_normal(shape)


def small_integers(*shape: int) -> Sampler:
    """Small whole numbers: ties, and points exactly on the kinks."""
    return lambda rng: rng.integers(-2, 3, shape).astype(np.float64)


def extreme_values(*shape: int) -> Sampler:
    """Values near ±1e4, where a careless exponential overflows."""
    return lambda rng: rng.choice([-1e4, 1e4], shape) + rng.standard_normal(shape)


def constant_column(*shape: int) -> Sampler:
    """Normal values, but the first channel the same everywhere: its variance is 0."""

    def draw(rng: np.random.Generator) -> Array:
        x = rng.standard_normal(shape)
        x[..., 0] = 0.7
        return x

    return draw


def class_labels(N: int, K: int) -> Sampler:
    """N labels of K classes."""
    return lambda rng: rng.integers(0, K, N)


def probabilities(N: int) -> Sampler:
    """N probabilities."""
    return lambda rng: rng.random(N)


def soft_labels(N: int, K: int) -> Sampler:
    """N distributions over K classes, as mix-up makes them."""
    return lambda rng: rng.dirichlet(np.ones(K), N)


def sample_weights(N: int) -> Sampler:
    """Weights of N samples; the last one does not count."""
    return lambda rng: np.append(rng.uniform(0.2, 3, N - 1), 0.0)


def dropout_mask(*shape: int, p: float) -> Sampler:
    """A dropout mask: True with probability 1 - p."""
    return lambda rng: rng.random(shape) >= p


def running_statistics(C: int) -> Sampler:
    """Running statistics (mean, variance) of C channels."""
    return lambda rng: (rng.standard_normal(C), rng.uniform(0.2, 3, C))
