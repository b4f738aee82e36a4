"""Gradient clipping: limits on the flat gradient of all parameters, before the optimiser's step."""

from typing import NamedTuple

import numpy as np

from backhand.arrays import Array


class Limits(NamedTuple):
    """The largest norm of the gradient, and the largest absolute value of its components; None for no limit."""

    norm: float | None = None
    value: float | None = None


def gradient_norm(gradients: Array) -> float:
    """The Euclidean norm of the flat gradient (P,)."""
    return float(np.sqrt(np.vdot(gradients, gradients)))


def clip_norm(gradients: Array, limit: float | None) -> float:
    """Scale the flat gradient (P,), in place, to a Euclidean norm of at most `limit`; returns the norm that it had.

    A norm that is not finite is left alone. Source: Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063.
    """
    norm = gradient_norm(gradients)
    if limit is not None and norm > limit and np.isfinite(norm):
        gradients *= limit / norm
    return norm


def clip_value(gradients: Array, limit: float | None) -> None:
    """Bring each component of the flat gradient (P,), in place, into [-limit, limit]."""
    if limit is not None:
        np.clip(gradients, -limit, limit, out=gradients)
