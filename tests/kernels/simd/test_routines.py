"""Routines of generated code: called by the names of their arguments."""

from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit
from numba.core.errors import TypingError

from backhand.kernels.simd import W
from backhand.kernels.simd.emitter import Emitter, Value
from backhand.kernels.simd.routines import caller, compiled


class Arguments(NamedTuple):
    """Of a routine that squares a vector and stores some of its lanes."""

    source: Value
    goal: Value
    lanes: Value


def write_squares(e: Emitter, arguments: Arguments) -> None:
    """goal = source², of the first lanes."""
    x = e.load(e.pointer(arguments.source))
    e.store(e.multiply(x, x), e.pointer(arguments.goal), e.mask(arguments.lanes))


call_squares = caller(Arguments)


@njit
def squares(address, source, goal, lanes):
    call_squares(address, lanes=lanes, source=source.ctypes.data, goal=goal.ctypes.data)


@njit
def without_lanes(address, source, goal):
    call_squares(address, source=source.ctypes.data, goal=goal.ctypes.data)


@njit
def with_an_unknown_name(address, source, goal):
    call_squares(address, source=source.ctypes.data, target=goal.ctypes.data, lanes=1)


@pytest.mark.parametrize("lanes", [0, 1, W - 1, W])
def test_a_routine_is_called_by_the_names_of_its_arguments(lanes):
    x, y = np.arange(W, dtype=np.float32), np.full(W, -1, np.float32)
    squares(compiled("squares", Arguments, write_squares), x, y, lanes)
    np.testing.assert_array_equal(y, np.where(np.arange(W) < lanes, x * x, -1))


@pytest.mark.parametrize(("call", "name"), [(without_lanes, "lanes"), (with_an_unknown_name, "target")])
def test_a_missing_and_an_unknown_name_are_said(call, name):
    x = np.zeros(W, np.float32)
    with pytest.raises(TypingError, match=f"'{name}'"):
        call(0, x, x)
