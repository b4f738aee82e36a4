"""Numbers in bfloat16: the processor's instructions, and what stands in for them, beside NumPy."""

from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from backhand.arrays.bfloat16 import rounded
from backhand.kernels.simd import W, bfloat16
from backhand.kernels.simd.emitter import INT32, WORDS, Emitter, Value
from backhand.kernels.simd.routines import caller, compiled

SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-39, -1e-40, 1.1754942e-38, 1.1754944e-38, 3.4e38, 1.00390625]


class Arguments(NamedTuple):
    """Of routines that read two vectors of words, or of values, and change a third."""

    a: Value
    b: Value
    goal: Value


call = caller(Arguments)


@njit
def run(address, a, b, goal):
    call(address, a=a.ctypes.data, b=b.ctypes.data, goal=goal.ctypes.data)


def _dot(e: Emitter, arguments: Arguments) -> None:
    a, b = (e.load(e.pointer(address, 0, INT32), kind=WORDS) for address in arguments[:2])
    goal = e.pointer(arguments.goal)
    e.store(bfloat16.dot(e, a, b, e.load(goal)), goal)


def _words(e: Emitter, arguments: Arguments) -> None:
    low, high = (e.load(e.pointer(address)) for address in arguments[:2])
    e.store(bfloat16.words_of(e, low, high), e.pointer(arguments.goal, 0, INT32))


@pytest.fixture(params=[True, False], ids=["instructions", "without"])
def instructions(request, monkeypatch):
    """With the instructions of the processor, if it has them, and without."""
    if request.param and not bfloat16.INSTRUCTIONS:
        pytest.skip("this processor has no instructions for bfloat16")
    monkeypatch.setattr(bfloat16, "INSTRUCTIONS", request.param)


def upper(words):
    return (words & np.uint32(0xFFFF0000)).view(np.float32)


def lower(words):
    return (words << np.uint32(16)).view(np.float32)


@pytest.mark.usefixtures("instructions")
def test_two_products_are_added_one_after_the_other():
    """Each of them exactly, and the sum is rounded after each."""
    rng, address = np.random.default_rng(0), compiled("dot_of_words", Arguments, _dot)
    for _ in range(200):
        values = rng.standard_normal((4, W), dtype=np.float32) * np.float32(10) ** rng.integers(-3, 4, (4, 1))
        bits = rounded(values.astype(np.float32)).view(np.uint32)
        a, b = bits[0] >> np.uint32(16) | bits[1], bits[2] >> np.uint32(16) | bits[3]
        total = rng.standard_normal(W, dtype=np.float32)
        wanted = (upper(a).astype(np.longdouble) * upper(b) + total).astype(np.float32)
        wanted = (lower(a).astype(np.longdouble) * lower(b) + wanted).astype(np.float32)
        run(address, a, b, total)
        np.testing.assert_array_equal(total, wanted)


@pytest.mark.usefixtures("instructions")
def test_values_are_rounded_to_the_nearest_and_of_two_to_the_even_one():
    rng, address = np.random.default_rng(0), compiled("words_of_values", Arguments, _words)
    values = np.append(np.float32(SPECIAL), rng.integers(0, 2**32, 600 * W, np.uint32).view(np.float32))
    values = values[: values.size // (2 * W) * 2 * W].reshape(-1, 2, W)
    for low, high in values:
        words = np.empty(W, np.uint32)
        run(address, low.copy(), high.copy(), words)
        np.testing.assert_array_equal(lower(words), rounded(low))
        np.testing.assert_array_equal(upper(words), rounded(high))
        assert (np.signbit(lower(words)) == np.signbit(low)).all()


def test_what_numpy_rounds_is_what_is_written_down():
    """Halfway between two, to the even one; what is larger than all of them becomes infinite."""
    given = np.float32([1.00390625, 1.01171875, 1.0039064, -3.4e38, 1e-39, 2.5, np.inf])
    wanted = [1.0, 1.015625, 1.0078125, -np.inf, 0.0, 2.5, np.inf]
    np.testing.assert_array_equal(rounded(given), np.float32(wanted))
    assert np.isnan(rounded(np.float32([np.nan]))).all()
    assert rounded(np.ones((2, 3))).dtype == np.float64
