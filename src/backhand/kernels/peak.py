"""The peak of this processor: multiply-adds on registers alone, faster than which no kernel can be."""

import time
from collections.abc import Callable

import numpy as np
from numba import prange

from backhand.kernels import jit
from backhand.kernels.simd import CHAINS, W, multiply_add, multiply_add_pairs
from backhand.precision import BFLOAT16, FLOAT32

ROUNDS = 2_000_000
OPERATIONS = {FLOAT32: 2, BFLOAT16: 4}  # of an instruction, in each lane: a multiply-add counts as two


@jit.kernel
def _spin(rounds, factor, results):
    for shard in prange(results.size):
        results[shard] = multiply_add(rounds, np.float32(factor))


@jit.kernel
def _spin_pairs(rounds, factor, results):
    for shard in prange(results.size):
        results[shard] = multiply_add_pairs(rounds, np.float32(factor))


def measure(threads: int | None = None, precision: str = FLOAT32) -> float:
    """The peak in 10^9 floating-point operations per second, on all threads or so many; the best of five attempts.

    precision: of the factors; a processor without instructions for pairs in bfloat16 needs two for each of them.
    """
    results = np.zeros(threads or jit.threads(), np.float32)
    spin = _spin_pairs if precision == BFLOAT16 else _spin
    spin(1, 0.5, results)
    best = min(_seconds(spin, results) for _ in range(5))
    return OPERATIONS[precision] * W * CHAINS * ROUNDS * results.size / best / 1e9


def _seconds(spin: Callable[..., None], results: np.ndarray) -> float:
    """The time that ROUNDS rounds take on as many threads as there are results."""
    start = time.perf_counter()
    spin(ROUNDS, 0.5, results)
    return time.perf_counter() - start
