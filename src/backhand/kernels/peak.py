"""The most that this processor computes: fused multiply-adds on registers alone, which no kernel can beat."""

import time

import numpy as np
from numba import prange

from backhand.kernels import jit
from backhand.kernels.simd import CHAINS, W, multiply_add

ROUNDS = 2_000_000


@jit.kernel
def _spin(results, rounds, factor):
    for part in prange(results.size):
        results[part] = multiply_add(rounds, np.float32(factor))


def measure(threads: int | None = None) -> float:
    """10^9 floating-point operations a second (a multiply-add counts as two), the best of five, on all threads."""
    results = np.zeros(threads or jit.threads(), np.float32)
    _spin(results, 1, 0.5)
    best = min(_seconds(results) for _ in range(5))
    return 2 * W * CHAINS * ROUNDS * results.size / best / 1e9


def _seconds(results: np.ndarray) -> float:
    begin = time.perf_counter()
    _spin(results, ROUNDS, 0.5)
    return time.perf_counter() - begin
