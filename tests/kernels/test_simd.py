"""Generated code that other tests reach only through whole kernels, and how it is called."""

from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import njit
from numba.core.errors import TypingError

from backhand.kernels import jit
from backhand.kernels.simd import ROWS, W, copy_vectors, transpose
from backhand.kernels.simd.emitter import FLOAT, VECTOR, Emitter, Value, constant
from backhand.kernels.simd.routines import caller, compiled
from backhand.kernels.simd.sums import Sums


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch, tmp_path):
    """Routines are kept under their name, and those of tests change more often than the sources of kernels."""
    monkeypatch.setattr(jit, "folder", lambda: tmp_path)


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


@njit
def copied(V, source, goal, lanes):
    copy_vectors(V, goal.ctypes.data, source.ctypes.data, lanes)


@njit
def transposed(source, goal, rows, columns):
    transpose(goal.ctypes.data, goal.shape[1], source.ctypes.data, source.shape[1], rows, columns)


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


@pytest.mark.parametrize("V", ROWS)
@pytest.mark.parametrize("lanes", [1, W])
def test_rows_are_copied_with_zeros_behind_the_last_lane(V, lanes):
    source, goal = np.arange(1, V * W + 1, dtype=np.float32), np.full((V + 1) * W, -1, np.float32)
    copied(V, source, goal, lanes)
    length = (V - 1) * W + lanes
    np.testing.assert_array_equal(goal, [*source[:length], *np.zeros(V * W - length), *np.full(W, -1)])


@pytest.mark.parametrize(("rows", "columns"), [(W, W), (1, W), (W, 1), (3, 2), (W - 1, W - 1)])
def test_a_block_is_transposed_with_zeros_for_rows_that_do_not_exist(rows, columns):
    source = np.random.default_rng(0).standard_normal((W, W + 3), dtype=np.float32)
    goal = np.full((W, W + 5), -1, np.float32)
    transposed(source, goal, rows, columns)
    wanted = np.full_like(goal, -1)
    wanted[:columns, :W] = 0
    wanted[:columns, :rows] = source[:rows, :columns].T
    np.testing.assert_array_equal(goal, wanted)


def test_sums_are_added_to_and_rectified_only_where_asked():
    def write(e: Emitter, arguments: Arguments) -> None:
        sums = Sums(e, {0: constant(-1.5, VECTOR), 1: constant(2.5, VECTOR)})
        asked = e.compare(arguments.lanes, ">", 0)
        sums.add_if(asked, lambda key: constant(key, VECTOR))
        sums.relu_if(asked)
        for key, total in sums.items():
            e.store(total, e.pointer(arguments.goal, key * W, FLOAT))

    address, y = compiled("add_and_rectify", Arguments, write), np.empty((2, W), np.float32)
    for asked, wanted in ((0, (-1.5, 2.5)), (1, (0, 3.5))):
        squares(address, y, y, asked)
        np.testing.assert_array_equal(y, np.repeat(np.array([wanted], np.float32).T, W, axis=1))
