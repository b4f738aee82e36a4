"""Layer normalisation: each sample over all its values, be they features (N, F) or a channels-last image (N, H, W, C).

    μ = mean x      σ² = mean (x - μ)²      over the M values of a sample, F or H W C
    r = (σ² + ε)^-½                         n = (x - μ) r               y = γ n + β

    dβ = Σ dy       dγ = Σ dy n             over the samples
    dn = γ dy                               dx = r (dn - mean dn - n mean(dn n))

γ and β have the shape of a sample, as in `LayerNorm(sample_shape)` of PyTorch. A sample does not depend on the others,
so there are no running statistics, and training and inference are the same. M = 1 gives y = β and dx = 0.
Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450. Derivation: docs/derivations/layer_norm.md
"""

from typing import NamedTuple

from backhand.arrays import Array


class Cache(NamedTuple):
    """What backward needs: n (N, M), r (N, 1), and γ in its shape."""

    n: Array
    r: Array
    gamma: Array


def forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """x (N, ...), gamma and beta of the shape of a sample -> y of the shape of x.

    Raises ValueError where gamma or beta have another shape.
    """
    check(x, gamma, beta)
    rows = x.reshape(len(x), gamma.size)
    n = rows - rows.mean(1, keepdims=True)
    r = ((n * n).mean(1, keepdims=True) + x.dtype.type(eps)) ** -0.5
    n *= r  # in place, here and below: each array is as large as the batch
    y = n * gamma.reshape(-1)
    y += beta.reshape(-1)
    return y.reshape(x.shape), Cache(n, r, gamma)


def backward(dy: Array, cache: Cache, *, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """dy (N, ...) -> dx of its shape, dgamma and dbeta of the shape of a sample; dx is None unless it is needed."""
    n, r, gamma = cache
    rows = dy.reshape(n.shape)
    dgamma, dbeta = (rows * n).sum(0).reshape(gamma.shape), rows.sum(0).reshape(gamma.shape)
    if not need_dx:
        return None, dgamma, dbeta
    dn = rows * gamma.reshape(-1)
    dx = n * -(dn * n).mean(1, keepdims=True)
    dx += dn
    dx -= dn.mean(1, keepdims=True)
    dx *= r
    return dx.reshape(dy.shape), dgamma, dbeta


def check(x: Array, gamma: Array, beta: Array) -> None:
    """Raises ValueError where there is not one gamma and one beta for each value of a sample."""
    if not gamma.shape == beta.shape == x.shape[1:]:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} do not fit the samples of x {x.shape}")
