"""Layer normalisation, see `ops.layer_norm`: a sample at a time, which stays in the cache between its passes.

    y = n γ + β,  n = (x - μ) r             dx = r (γ dy - mean(γ dy) - n mean(γ dy n))

Forward has one pass for the statistics: sums of x, less a number near its mean, and of the square. Backward needs x
alone, and computes n from it again. Derivation: docs/derivations/layer_norm.md
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.normalisation import BLOCK, SAMPLE, fold, scratch, total
from backhand.kernels.kernel import Grads, Kernel
from backhand.ops import layer_norm as reference

VALUES = 1024  # whose sums are float32


class Cache(NamedTuple):
    """What backward needs; `mean` and `r` (N,) in float64."""

    x: Array
    gamma: Array
    mean: Array
    r: Array


def forward(x: Array, gamma: Array, beta: Array, *, eps: float = 1e-5) -> tuple[Array, Cache]:
    """Compute what `ops.layer_norm.forward` does."""
    reference.check(x, gamma, beta)
    N, M = len(x), gamma.size
    y = buffers.empty(x.shape)
    mean, r = np.empty((2, N))
    flat = x.reshape(N, M), gamma.reshape(-1), beta.reshape(-1)
    _normalise(*flat, eps, mean, r, y.reshape(N, M), jit.shards(2 * x.size))
    return y, Cache(x, gamma, mean, r)


def backward(
    dy: Array, cache: Cache, *, need_dx: bool = True, grads: Grads = None
) -> tuple[Array | None, Array, Array]:
    """Compute what `ops.layer_norm.backward` does; the parameters' gradients are written to `grads`, where given."""
    x, gamma, mean, r = cache
    N, M = len(x), gamma.size
    dgamma, dbeta = grads or (np.empty_like(gamma), np.empty_like(gamma))
    dx = buffers.empty((N if need_dx else 0, M))
    rows = x.reshape(N, M)
    arrays = dy.reshape(N, M), rows, gamma.reshape(-1), mean, r, dx
    _gradient(*arrays, dgamma.reshape(-1), dbeta.reshape(-1), *scratch(rows, M))
    return dx.reshape(x.shape) if need_dx else None, dgamma, dbeta


@jit.helper
def _deviations(x, near):
    """The sums of x less a number near its mean, and of the squares."""
    s, q = np.float32(0), np.float32(0)
    for i in range(x.size):
        d = x[i] - near
        s += d
        q += d * d
    return s, q


@jit.helper
def _moments(x, eps):
    """The mean of some values, and r = 1 / sqrt(var + eps)."""
    step = max(1, x.size // SAMPLE)
    near = np.float32(0)
    for i in range(0, x.size, step):
        near += x[i]
    near /= np.float32(-(-x.size // step))
    if not np.isfinite(near):
        near = np.float32(0)
    total_of_x, total_of_squares = 0.0, 0.0
    for start in range(0, x.size, VALUES):
        s, q = _deviations(x[start : start + VALUES], near)
        total_of_x += s
        total_of_squares += q
    deviation = total_of_x / x.size
    variance = total_of_squares / x.size - deviation * deviation
    return near + deviation, 1 / np.sqrt((0.0 if variance < 0 else variance) + eps)


@jit.helper
def _centre_and_shift(mean, r):
    """The mean and r in float32, and the number that makes up for the rounding of the mean: n = (x - centre) r + it."""
    centre = np.float32(mean)
    return centre, np.float32(r), np.float32((centre - mean) * r)


@jit.helper
def _normalise_sample(x, gamma, beta, normal, y):
    """Write y = n γ + β of a sample."""
    centre, scale, shift = normal
    for i in range(x.size):
        y[i] = ((x[i] - centre) * scale + shift) * gamma[i] + beta[i]


@jit.kernel
def _normalise(x, gamma, beta, eps, mean, r, y, shards):
    for shard in prange(shards):
        first, last = jit.share(shard, shards, len(x))
        for n in range(first, last):
            mean[n], r[n] = _moments(x[n], eps)
            _normalise_sample(x[n], gamma, beta, _centre_and_shift(mean[n], r[n]), y[n])


@jit.helper
def _add_values(dy, x, gamma, normal, dbeta, dgamma):
    """Add dy and dy n of some values to the sums of each; returns the sums of γ dy and of γ dy n."""
    centre, scale, shift = normal
    s, q = np.float32(0), np.float32(0)
    for i in range(x.size):
        product = dy[i] * ((x[i] - centre) * scale + shift)
        dbeta[i] += dy[i]
        dgamma[i] += product
        s += gamma[i] * dy[i]
        q += gamma[i] * product
    return s, q


@jit.helper
def _add_sample(dy, x, gamma, normal, sums):
    """Add dy and dy n of a sample to the sums of each value; returns the means of γ dy and of γ dy n."""
    of_dn, of_dn_n = 0.0, 0.0
    for a in range(0, x.size, VALUES):
        b = a + VALUES
        s, q = _add_values(dy[a:b], x[a:b], gamma[a:b], normal, sums[0, a:b], sums[1, a:b])
        of_dn += s
        of_dn_n += q
    return np.float32(of_dn / x.size), np.float32(of_dn_n / x.size)


@jit.helper
def _gradient_of_sample(dy, x, gamma, normal, means, dx):
    """Write dx = r (γ dy - mean(γ dy) - n mean(γ dy n)) of a sample."""
    centre, scale, shift = normal
    mean_dn, mean_dn_n = means
    for i in range(x.size):
        n = (x[i] - centre) * scale + shift
        dx[i] = scale * (gamma[i] * dy[i] - mean_dn - n * mean_dn_n)


@jit.kernel
def _gradient(dy, x, gamma, mean, r, dx, dgamma, dbeta, sums, totals):
    """dx, unless it has no rows, dgamma and dbeta. sums (shards, 2, M), totals (shards, 2, M): scratch."""
    N, M = x.shape
    shards = len(sums)
    for shard in prange(shards):
        sums[shard] = 0
        totals[shard] = 0
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            normal = _centre_and_shift(mean[n], r[n])
            means = _add_sample(dy[n], x[n], gamma, normal, sums[shard])
            if len(dx):
                _gradient_of_sample(dy[n], x[n], gamma, normal, means, dx[n])
            if n + 1 == last or (n - first) % BLOCK == BLOCK - 1:
                fold(sums[shard], totals[shard])
    for i in range(M):
        dbeta[i], dgamma[i] = total(totals, 0, i), total(totals, 1, i)


KERNEL = Kernel(forward, backward, writes_grads=True)
