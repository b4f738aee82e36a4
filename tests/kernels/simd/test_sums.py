"""Sums that are kept in registers."""

from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit

from backhand.kernels.simd import W
from backhand.kernels.simd.emitter import FLOAT, VECTOR, Emitter, Value, constant
from backhand.kernels.simd.routines import caller, compiled
from backhand.kernels.simd.sums import Sums


class Arguments(NamedTuple):
    """Of a routine that stores two vectors of sums, changed where it is asked to."""

    goal: Value
    asked: Value


call = caller(Arguments)


@njit
def store_sums(address, goal, asked):
    call(address, goal=goal.ctypes.data, asked=asked)


def test_sums_are_added_to_and_rectified_only_where_asked():
    def write(e: Emitter, arguments: Arguments) -> None:
        sums = Sums(e, {0: constant(-1.5, VECTOR), 1: constant(2.5, VECTOR)})
        asked = e.compare(arguments.asked, ">", 0)
        sums.add_if(asked, lambda key: constant(key, VECTOR))
        sums.relu_if(asked)
        for key, total in sums.items():
            e.store(total, e.pointer(arguments.goal, key * W, FLOAT))

    address, y = compiled("add_and_rectify", Arguments, write), np.empty((2, W), np.float32)
    for asked, wanted in ((0, (-1.5, 2.5)), (1, (0, 3.5))):
        store_sums(address, y, asked)
        np.testing.assert_array_equal(y, np.repeat(np.array([wanted], np.float32).T, W, axis=1))
