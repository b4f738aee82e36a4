"""Optimisers, see `training.optimizers`: one pass over memory moves all parameters and measures the gradient.

    g' = g + penalty w          the norm of all g' is returned
    g'' = g' + decay w          moves w, as the optimiser's formula says

Penalty and decay are of weights only. The flat buffers are cut into pieces that are penalised as a whole or not at all.
What a piece adds to the norm does not depend on the thread that took it, so neither does the sum.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from inspect import signature
from math import sqrt
from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import jit

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
def _sgd(w, g, velocity, pieces, squares, penalty, decay, lr, momentum, nesterov, shards):
    rate, m = np.float32(lr), np.float32(momentum)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, len(pieces))
        for piece in range(first, last):
            start, stop, penalised = pieces[piece]
            ws, gs, v = w[start:stop], g[start:stop], velocity[start:stop]
            slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
            total = np.float32(0)
            for i in range(ws.size):
                gradient = _plus(gs[i], slope, ws[i])
                total += gradient * gradient
                ws[i], v[i] = _sgd_step(ws[i], _plus(gradient, coupled, ws[i]), v[i], rate, m, nesterov)
            squares[piece] = total


@jit.helper
def _rmsprop_step(w, g, s, v, rate, m, rho, fresh, eps):
    s = rho * s + fresh * (g * g)
    v = m * v + g / (np.sqrt(s) + eps)
    return w - rate * v, s, v


@jit.kernel
def _rmsprop(w, g, square, velocity, pieces, squares, penalty, decay, lr, momentum, rho, eps, shards):
    rate, m, small = np.float32(lr), np.float32(momentum), np.float32(eps)
    keep, fresh = np.float32(rho), np.float32(1 - rho)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, len(pieces))
        for piece in range(first, last):
            start, stop, penalised = pieces[piece]
            ws, gs, s, v = w[start:stop], g[start:stop], square[start:stop], velocity[start:stop]
            slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
            total = np.float32(0)
            for i in range(ws.size):
                gradient = _plus(gs[i], slope, ws[i])
                total += gradient * gradient
                gradient = _plus(gradient, coupled, ws[i])
                ws[i], s[i], v[i] = _rmsprop_step(ws[i], gradient, s[i], v[i], rate, m, keep, fresh, small)
            squares[piece] = total


@jit.helper
def _adam_step(w, g, m, s, keep, rate, root, b1, f1, b2, f2, eps):
    m = b1 * m + f1 * g
    s = b2 * s + f2 * (g * g)
    return keep * w - rate * (m / (np.sqrt(s) * root + eps)), m, s


@jit.kernel
def _adam(
    w,
    g,
    mean,
    square,
    pieces,
    squares,
    penalty,
    decay,
    decoupled_decay,
    lr,
    square_correction,
    beta1,
    beta2,
    eps,
    shards,
):
    """lr: over 1 - β1^t.   square_correction: 1 / sqrt(1 - β2^t).   decoupled_decay: what it takes of w, as a share."""
    rate, root, small = np.float32(lr), np.float32(square_correction), np.float32(eps)
    b1, f1, b2, f2 = np.float32(beta1), np.float32(1 - beta1), np.float32(beta2), np.float32(1 - beta2)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, len(pieces))
        for piece in range(first, last):
            start, stop, penalised = pieces[piece]
            ws, gs, m, s = w[start:stop], g[start:stop], mean[start:stop], square[start:stop]
            slope, coupled = np.float32(penalty * penalised), np.float32(decay * penalised)
            keep, total = np.float32(1 - decoupled_decay * penalised), np.float32(0)
            for i in range(ws.size):
                gradient = _plus(gs[i], slope, ws[i])
                total += gradient * gradient
                gradient = _plus(gradient, coupled, ws[i])
                ws[i], m[i], s[i] = _adam_step(ws[i], gradient, m[i], s[i], keep, rate, root, b1, f1, b2, f2, small)
            squares[piece] = total


class UpdateKernel(NamedTuple):
    """A compiled optimiser: its buffers and the values it takes, by name, in the order of the arguments."""

    function: Callable[..., None]
    buffers: tuple[str, ...]
    values: tuple[str, ...]


def _declared(function: Callable[..., None]) -> UpdateKernel:
    """Read the names from the arguments: w, g, the buffers, pieces, squares, the values and then the shards."""
    _, _, *names, _ = signature(function).parameters
    end = names.index("pieces")
    return UpdateKernel(function, tuple(names[:end]), tuple(names[end + 2 :]))


KERNELS = {"sgd": _declared(_sgd), "rmsprop": _declared(_rmsprop), "adam": _declared(_adam)}


def step(name: str, w: Array, g: Array, state: Mapping[str, Array], segments: Segments, **values: float) -> float:
    """Move the flat parameters w by the optimiser of this name; returns the norm of the gradient with its penalty.

    g: the gradients, left as they are.   state: the optimiser's buffers.   segments: (start, stop, penalised) cover w.
    values: the slope of the penalty, the weight decay, and what the optimiser takes besides, all by the names that
    `KERNELS` has. Raises TypeError where a name is missing or unknown.
    """
    kernel = KERNELS[name]
    try:
        arrays, numbers = [state[key] for key in kernel.buffers], [float(values[key]) for key in kernel.values]
    except KeyError:
        raise TypeError(_mismatch(name, kernel, state, values)) from None
    if len(arrays) < len(state) or len(numbers) < len(values):
        raise TypeError(_mismatch(name, kernel, state, values))
    pieces = cut(segments)
    squares = np.empty(len(pieces))
    kernel.function(w, g, *arrays, pieces, squares, *numbers, jit.shards((len(arrays) + 2) * w.size))
    return sqrt(squares.sum())


def _mismatch(name: str, kernel: UpdateKernel, state: Iterable[str], values: Iterable[str]) -> str:
    """What is wrong with the names that an optimiser hands over."""
    wanted, given = {*kernel.buffers, *kernel.values}, {*state, *values}
    missing, unknown = ", ".join(sorted(wanted - given)), ", ".join(sorted(given - wanted))
    return (
        f"the optimiser kernel {name} takes the buffers {', '.join(kernel.buffers)} and the values "
        f"{', '.join(kernel.values)}; missing: {missing or 'none'}, unknown: {unknown or 'none'}"
    )


@lru_cache(maxsize=64)
def cut(segments: Segments) -> Array:
    """The segments as rows (start, stop, penalised) of at most PIECE values."""
    rows = [
        (first, min(first + PIECE, stop), penalised)
        for start, stop, penalised in segments
        for first in range(start, stop, PIECE)
    ]
    return np.array(rows, np.int64).reshape(-1, 3)
