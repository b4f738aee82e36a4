"""The peak of this processor: fused multiply-adds on registers alone, faster than which no kernel can be."""

import time

import numpy as np
from numba import prange

from backhand.kernels import jit
from backhand.kernels.simd import CHAINS, W, multiply_add

ROUNDS = 2_000_000


@jit.kernel
def _spin(rounds, factor, results):
    for shard in prange(results.size):
        results[shard] = multiply_add(rounds, np.float32(factor))


def measure(threads: int | None = None) -> float:
    """The peak in 10^9 floating-point operations per second, on all threads or so many; the best of five attempts.

    A multiply-add counts as two operations.
    """
    results = np.zeros(threads or jit.threads(), np.float32)
    _spin(1, 0.5, results)
    best = min(_seconds(results) for _ in range(5))
    return 2 * W * CHAINS * ROUNDS * results.size / best / 1e9


def _seconds(results: np.ndarray) -> float:
    """The time that ROUNDS rounds take on as many threads as there are results."""
    start = time.perf_counter()
    _spin(ROUNDS, 0.5, results)
    return time.perf_counter() - start
