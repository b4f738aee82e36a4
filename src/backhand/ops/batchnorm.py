"""Batch normalisation over every axis but the last: features (N, C) and channels-last images (N, H, W, C) alike.

    μ = mean x      σ² = mean (x - μ)²      over the M = N (H W) values of a channel
    r = (σ² + ε)^-½                         n = (x - μ) r               y = γ n + β

    dβ = Σ dy       dγ = Σ dy n             dx = γ r (dy - dβ / M - n dγ / M)

At inference μ and σ² are given constants, so dx = γ r dy. The batch's own statistics are in the cache, for the layer
that keeps running ones. M = 1 gives y = β and dx = 0.
Source: Ioffe and Szegedy 2015, arXiv:1502.03167. Derivation: docs/derivations/batchnorm.md
"""

from typing import NamedTuple

from backhand.arrays import Array, channel_sums


class Cache(NamedTuple):
    """What backward needs, and the statistics (each (C,)) that forward used; σ² is the biased one, divided by M."""

    n: Array
    r: Array
    gamma: Array
    mean: Array
    var: Array
    constant_statistics: bool


def forward(
    x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5, running: tuple[Array, Array] | None = None
) -> tuple[Array, Cache]:
    """x (..., C), gamma (C,), beta (C,) -> y (..., C). `running` = (mean, variance), each (C,), means inference.

    Raises ValueError where gamma or beta do not fit the channels.
    """
    check(x, gamma, beta)
    M = x.size // x.shape[-1]
    mean = channel_sums(x) / M if running is None else running[0]
    n = x - mean
    var = channel_sums(n * n) / M if running is None else running[1]
    r = (var + x.dtype.type(eps)) ** -0.5
    n *= r  # in place, here and below: on images each array is as large as the batch
    y = n * gamma
    y += beta
    return y, Cache(n, r, gamma, mean, var, running is not None)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (..., C) -> dx (..., C), dgamma (C,), dbeta (C,); dx is None when the caller has no use for it."""
    n, r, gamma, _, _, constant_statistics = cache
    dgamma, dbeta = channel_sums(dy * n), channel_sums(dy)
    if not need_dx:
        return None, dgamma, dbeta
    if constant_statistics:
        return dy * (gamma * r), dgamma, dbeta
    M = dy.size // dy.shape[-1]
    dx = n * (dgamma / -M)
    dx += dy
    dx -= dbeta / M
    dx *= gamma * r
    return dx, dgamma, dbeta


def check(x: Array, gamma: Array, beta: Array) -> None:
    """Raises ValueError where there is not one gamma and one beta for each channel."""
    if not gamma.shape == beta.shape == x.shape[-1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} do not fit the channels of x {x.shape}")
