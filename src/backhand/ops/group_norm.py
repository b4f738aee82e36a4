"""Group normalisation: each group of channels of each sample, features (N, C) and channels-last images (N, H, W, C).

    μ = mean x      σ² = mean (x - μ)²      over the M = H W C / G values of a group in a sample, C / G for features
    r = (σ² + ε)^-½                         n = (x - μ) r               y = γ n + β

    dβ = Σ dy       dγ = Σ dy n             over the samples and the pixels, for each channel
    dn = γ dy                               dx = r (dn - mean dn - n mean(dn n))

G is the number of groups; a group is C / G channels that follow one another, and γ and β have one value per channel, as
in `GroupNorm` of PyTorch. A sample does not depend on the others, so there are no running statistics, and training and
inference are the same. G = C is instance normalisation. M = 1 gives y = β and dx = 0.
Source: Wu and He 2018, arXiv:1803.08494. Derivation: docs/derivations/group_norm.md
"""

from typing import NamedTuple

from backhand.arrays import Array, channel_sums


class Cache(NamedTuple):
    """What backward needs: n (N, ..., G, C / G), r (N, 1, ..., G, 1), and γ (C,)."""

    n: Array
    r: Array
    gamma: Array


def forward(x: Array, gamma: Array, beta: Array, *, groups: int, eps: float = 1e-5) -> tuple[Array, Cache]:
    """x (N, ..., C), gamma (C,), beta (C,) -> y (N, ..., C).

    groups: G, the number of groups of channels.
    Raises ValueError where the channels cannot be divided into the groups, and where gamma or beta do not fit them.
    """
    check(x, gamma, beta, groups)
    grouped = x.reshape(*x.shape[:-1], groups, gamma.size // groups)
    n = grouped - _means(grouped)
    r = (_means(n * n) + x.dtype.type(eps)) ** -0.5
    n *= r  # in place, here and below: on images each array is as large as the batch
    y = n * gamma.reshape(groups, -1)
    y += beta.reshape(groups, -1)
    return y.reshape(x.shape), Cache(n, r, gamma)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (N, ..., C) -> dx (N, ..., C), dgamma (C,), dbeta (C,); dx is None when the caller has no use for it."""
    n, r, gamma = cache
    dgamma, dbeta = channel_sums(dy * n.reshape(dy.shape)), channel_sums(dy)
    if not need_dx:
        return None, dgamma, dbeta
    dn = dy.reshape(n.shape) * gamma.reshape(n.shape[-2:])
    dx = n * -_means(dn * n)
    dx += dn
    dx -= _means(dn)
    dx *= r
    return dx.reshape(dy.shape), dgamma, dbeta


def _means(grouped: Array) -> Array:
    """(N, ..., G, C / G) -> (N, 1, ..., G, 1): the mean of each group, taken one axis after the other.

    The partial sums are then as small as they can be: see `channel_sums`.
    """
    for axis in (*range(1, grouped.ndim - 2), -1):
        grouped = grouped.mean(axis, keepdims=True)
    return grouped


def check(x: Array, gamma: Array, beta: Array, groups: int) -> None:
    """Raises ValueError unless there are gamma and beta for each channel, and whole groups of channels."""
    if not gamma.shape == beta.shape == x.shape[-1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} do not fit the channels of x {x.shape}")
    if groups < 1 or gamma.size % groups:
        raise ValueError(f"{gamma.size} channels cannot be divided into {groups} groups")
