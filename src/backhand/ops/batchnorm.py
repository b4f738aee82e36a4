"""Batch normalisation over every axis but the last: features (N, C) and channels-last images (N, H, W, C) alike.

    μ = mean x      σ² = mean (x - μ)²      over the M = N (H W) values of a channel
    r = (σ² + ε)^-½                         n = (x - μ) r               y = γ n + β

    dβ = Σ dy       dγ = Σ dy n             dx = γ r (dy - dβ / M - n dγ / M)

At inference μ and σ² are given constants, so dx = γ r dy. The batch's own statistics are in the cache, for the layer
that keeps running ones. M = 1 gives y = β and dx = 0.
Where several processes have a share of the batch each, `across` adds up an array over all of them: the statistics, and
the sums in dx, are then those of the whole batch, while dβ and dγ are those of the share.
Source: Ioffe and Szegedy 2015, arXiv:1502.03167. Derivation: docs/derivations/batchnorm.md
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array, channel_sums

Across = Callable[[Array], Array]  # the sum of a float64 array over all processes that have a share of the batch


class Cache(NamedTuple):
    """What backward needs, and the statistics (each (C,)) that forward used; σ² is the biased one, divided by M.

    M: values of a channel.   across: as it was given to forward.
    """

    n: Array
    r: Array
    gamma: Array
    mean: Array
    var: Array
    constant_statistics: bool
    M: int
    across: Across | None


def forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    eps: float = 1e-5,
    running: tuple[Array, Array] | None = None,
    across: Across | None = None,
) -> tuple[Array, Cache]:
    """x (..., C), gamma (C,), beta (C,) -> y (..., C). `running` = (mean, variance), each (C,), means inference.

    across: for training on a share of a batch, as the module says.
    Raises ValueError where gamma or beta do not fit the channels.
    """
    check(x, gamma, beta)
    M = x.size // x.shape[-1]
    mean = channel_sums(x) / M if running is None else running[0]
    n = x - mean
    var = channel_sums(n * n) / M if running is None else running[1]
    if across is not None:
        M, *statistics = pooled(M, mean, var, across)
        mean, var = (statistic.astype(x.dtype) for statistic in statistics)
        n = x - mean
    r = (var + x.dtype.type(eps)) ** -0.5
    n *= r  # in place, here and below: on images each array is as large as the batch
    y = n * gamma
    y += beta
    return y, Cache(n, r, gamma, mean, var, running is not None, M, across)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (..., C) -> dx (..., C), dgamma (C,), dbeta (C,); dx is None when the caller has no use for it."""
    n, r, gamma, _, _, constant_statistics, M, across = cache
    dgamma, dbeta = channel_sums(dy * n), channel_sums(dy)
    if not need_dx:
        return None, dgamma, dbeta
    if constant_statistics:
        return dy * (gamma * r), dgamma, dbeta
    sum_n, total = (dgamma, dbeta) if across is None else pooled_sums(dgamma, dbeta, across)
    dx = n * (sum_n / -M)
    dx += dy
    dx -= total / M
    dx *= gamma * r
    return dx, dgamma, dbeta


def pooled(M: int, mean: Array, var: Array, across: Across) -> tuple[int, Array, Array]:
    """The number of values, the mean and the variance (C,) of the batch, in float64, from those of a share."""
    mean, var = (np.asarray(statistic, np.float64) for statistic in (mean, var))
    sums = across(np.concatenate([[M], M * mean, M * (var + mean * mean)]))
    M, (first, second) = round(sums[0]), np.split(sums[1:], 2)
    mean = first / M
    return M, mean, np.maximum(second / M - mean * mean, 0)


def pooled_sums(dgamma: Array, dbeta: Array, across: Across) -> tuple[Array, Array]:
    """Σ dy n and Σ dy (C,) over the batch, from those of a share, in the dtype of these."""
    sums = across(np.concatenate([dgamma, dbeta], dtype=np.float64)).astype(dgamma.dtype)
    return sums[: dgamma.size], sums[dgamma.size :]


def check(x: Array, gamma: Array, beta: Array) -> None:
    """Raises ValueError where there is not one gamma and one beta for each channel."""
    if not gamma.shape == beta.shape == x.shape[-1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} do not fit the channels of x {x.shape}")
