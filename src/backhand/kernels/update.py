"""Optimisers: see `optim`. One pass over memory adds penalty and decay, moves the parameters, measures the gradient.

The flat buffers are cut into pieces that are penalised as a whole or not at all. What a piece adds to the norm does not
depend on the thread that took it, so neither does the sum.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit

PIECE = 4096  # values; few enough that a float32 can sum their squares, and that threads get equal shares
Segments = tuple[tuple[int, int, bool], ...]


@jit.helper
def _plus(g, slope, w):
    return g + slope * w


@jit.helper
def _sgd_step(w, g, v, rate, m, nesterov):
    v = m * v + g
    return w - rate * (g + m * v if nesterov else v), v


@jit.kernel
def _sgd(w, g, velocity, pieces, squares, penalty, decay, lr, momentum, nesterov):
    rate, m = np.float32(lr), np.float32(momentum)
    for piece_ in prange(pieces.shape[0]):
        piece = np.int64(piece_)
        start, stop, penalised = pieces[piece]
        x, dx, v = w[start:stop], g[start:stop], velocity[start:stop]
        slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
        total = np.float32(0)
        for i in range(x.size):
            d = _plus(dx[i], slope, x[i])
            total += d * d
            x[i], v[i] = _sgd_step(x[i], _plus(d, coupled, x[i]), v[i], rate, m, nesterov)
        squares[piece] = total


@jit.helper
def _rmsprop_step(w, g, s, v, rate, m, rho, fresh, eps):
    s = rho * s + fresh * (g * g)
    v = m * v + g / (np.sqrt(s) + eps)
    return w - rate * v, s, v


@jit.kernel
def _rmsprop(w, g, square, velocity, pieces, squares, penalty, decay, lr, momentum, rho, eps):
    rate, m, small = np.float32(lr), np.float32(momentum), np.float32(eps)
    keep, fresh = np.float32(rho), np.float32(1 - rho)
    for piece_ in prange(pieces.shape[0]):
        piece = np.int64(piece_)
        start, stop, penalised = pieces[piece]
        x, dx, s, v = w[start:stop], g[start:stop], square[start:stop], velocity[start:stop]
        slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
        total = np.float32(0)
        for i in range(x.size):
            d = _plus(dx[i], slope, x[i])
            total += d * d
            d = _plus(d, coupled, x[i])
            x[i], s[i], v[i] = _rmsprop_step(x[i], d, s[i], v[i], rate, m, keep, fresh, small)
        squares[piece] = total


@jit.helper
def _adam_step(w, g, m, s, rest, rate, root, b1, f1, b2, f2, eps):
    m = b1 * m + f1 * g
    s = b2 * s + f2 * (g * g)
    return rest * w - rate * (m / (np.sqrt(s) * root + eps)), m, s


@jit.kernel
def _adam(w, g, mean, square, pieces, squares, penalty, decay, shrink, lr, unbias, momentum, beta2, eps):
    """lr: over 1 - β1^t.   unbias: 1 / sqrt(1 - β2^t).   shrink: what decay that is not coupled takes of w."""
    rate, root, small = np.float32(lr), np.float32(unbias), np.float32(eps)
    b1, f1, b2, f2 = np.float32(momentum), np.float32(1 - momentum), np.float32(beta2), np.float32(1 - beta2)
    for piece_ in prange(pieces.shape[0]):
        piece = np.int64(piece_)
        start, stop, penalised = pieces[piece]
        x, dx, m, s = w[start:stop], g[start:stop], mean[start:stop], square[start:stop]
        slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
        rest, total = np.float32(1 - shrink * penalised), np.float32(0)
        for i in range(x.size):
            d = _plus(dx[i], slope, x[i])
            total += d * d
            d = _plus(d, coupled, x[i])
            x[i], m[i], s[i] = _adam_step(x[i], d, m[i], s[i], rest, rate, root, b1, f1, b2, f2, small)
        squares[piece] = total


KERNELS = {"sgd": _sgd, "rmsprop": _rmsprop, "adam": _adam}


def step(name: str, arrays: Sequence[Array], segments: Segments, *numbers: float) -> float:
    """Move parameters by the optimiser of this name; returns the norm of the gradient with its penalty.

    arrays: the flat parameters, gradients and buffers.   segments: (start, stop, penalised) cover them.   numbers: the
    penalty's slope, the decay, and what the optimiser takes besides. The gradients are left as they are.
    """
    pieces = cut(segments)
    squares = buffers.empty((len(pieces),), np.float64)
    KERNELS[name](*arrays, pieces, squares, *map(float, numbers))
    return sqrt(squares.sum())


@lru_cache(maxsize=64)
def cut(segments: Segments) -> Array:
    """Rows (start, stop, penalised) of at most PIECE values."""
    rows = [
        (at, min(at + PIECE, stop), penalised)
        for start, stop, penalised in segments
        for at in range(start, stop, PIECE)
    ]
    return np.array(rows, np.int64).reshape(-1, 3)
