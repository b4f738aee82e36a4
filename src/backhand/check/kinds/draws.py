"""How the input of a layer may be drawn."""

from collections.abc import Callable, Mapping

import numpy as np

from backhand.arrays import Array, Shape


def _ties(rng: np.random.Generator, shape: Shape) -> Array:
    return rng.integers(-2, 3, shape).astype(np.float64)


def _constant_column(rng: np.random.Generator, shape: Shape) -> Array:
    x = rng.standard_normal(shape)
    x[..., 0] = 0.5
    return x


def _first(sign: int) -> Callable[[np.random.Generator, Shape], Array]:
    def draw(rng: np.random.Generator, shape: Shape) -> Array:
        x = rng.standard_normal(shape)
        x.flat[0] = sign * abs(x.flat[0])
        return x

    return draw


DRAWS: Mapping[str, Callable[[np.random.Generator, Shape], Array]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "large": lambda rng, shape: 4 * rng.standard_normal(shape),
    "extreme": lambda rng, shape: 1000 * rng.choice([-1.0, 1.0], shape) + rng.standard_normal(shape),
    "ties": _ties,
    "negative": lambda rng, shape: -0.1 - np.abs(rng.standard_normal(shape)),
    "constant column": _constant_column,
    "first negative": _first(-1),
    "first positive": _first(1),
}
