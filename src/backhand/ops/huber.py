"""The Huber loss: squared error for small errors, absolute error for large ones.

    e = s - t          ρ = ½ e² where |e| <= δ, else δ (|e| - ½ δ)                  s, t, e (N, T)
    loss = mean_n ω mean_k ρ          ds = ω clip(e, -δ, δ) / (N T) · dy

t are the targets, T for each sample; ω (N,) weighs the samples. The two branches meet at |e| = δ with one slope, so
there is no kink. An outlier pulls with δ at most, whatever its error.
Source: Huber 1964, Annals of Mathematical Statistics 35(1). Derivation: docs/derivations/huber.md
"""

import numpy as np

from backhand.arrays import Array
from backhand.arrays.samples import errors, sample_weights

Cache = tuple[Array, Array]


def forward(scores: Array, targets: Array, *, delta: float = 1.0, weights: Array | None = None) -> tuple[Array, Cache]:
    """scores (N, T), targets (N, T), or (N,) where T is 1 -> the mean loss, a scalar.

    delta: δ, above 0, in the unit of the targets.
    weights (N,), 0 or more: each sample's loss is multiplied by its own, and the sum still divided by N.
    Raises ValueError for targets of another shape, a delta that is not above 0, and as `sample_weights` does.
    """
    if not 0 < delta < np.inf:
        raise ValueError(f"delta must be above 0 and finite, not {delta}")
    e = errors(scores, targets)
    omega = sample_weights(weights, scores)
    limit = e.dtype.type(delta)
    clipped = np.clip(e, -limit, limit)
    # With c = clip(e), both branches are c (e - ½ c): e² - ½ e² inside, δ |e| - ½ δ² outside.
    return (omega * (clipped * (e - 0.5 * clipped)).mean(1)).mean(), (clipped, omega)


def backward(dy: float | Array, cache: Cache) -> tuple[Array]:
    """The upstream scalar -> dscores (N, T)."""
    clipped, omega = cache
    return (clipped * (omega * clipped.dtype.type(dy / clipped.size))[:, None],)
