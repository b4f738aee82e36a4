"""Products of matrices, and of stacks of matrices, as contractions: y = x w, xᵀ w or x wᵀ."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.kernels.blocks.bfloat16 import is_rounded
from backhand.kernels.blocks.contraction import ONE, Left, Result, Right, contract
from backhand.kernels.blocks.tables import in_pairs, in_words, steps


def multiply(
    x: Array,
    w: Array,
    y: Array,
    *,
    transpose_x: bool = False,
    transpose_w: bool = False,
    bias: Array | None = None,
    mode: int = 0,
) -> None:
    """Write x w (M, N) to y, with x (M, K) and w (K, N), or those transposed; bias (N,) and mode as in `contract`.

    x may be in bfloat16: (M, K) as `bfloat16.rounded` makes it, or (K, M, 2), to be transposed, as `paired` does.

    y (S, M, N) is a stack of products; so may be x, w and bias (S, N), or they are the same for all. The matrices of a
    stack are contiguous, and may be any distance apart.
    """
    (M, N), K = y.shape[-2:], w.shape[-1 if transpose_w else -2]
    tables = _tables(M, N, K, transpose_x, transpose_w, is_rounded(x))
    products = ONE
    if y.ndim == 3:
        x_axes = x.ndim - 1 if is_rounded(x) and transpose_x else x.ndim
        operands = (x, x_axes == 3), (w, w.ndim == 3), (y, True)
        products = _products(len(y), *(array.strides[0] // array.itemsize * many for array, many in operands))
        x, w, y = (array[0] if many else array for array, many in operands)
    left, right = Left(x, tables.x_rows, tables.x_columns), Right(w, tables.w_rows, tables.w_step)
    contract(left, right, Result(y, tables.y_rows, N), bias, mode, products)


class _Tables(NamedTuple):
    """How matrices lie that follow one row after the other, or one column where they are transposed."""

    x_rows: Array
    x_columns: Array
    w_rows: Array
    w_step: int
    y_rows: Array


@lru_cache(maxsize=256)
def _tables(M: int, N: int, K: int, transpose_x: bool, transpose_w: bool, pairs: bool) -> _Tables:
    x_rows, x_columns = (steps(M, 1), steps(K, M)) if transpose_x else (steps(M, K), steps(K, 1))
    w_rows, w_step = (steps(K, 1), K) if transpose_w else (steps(K, N), 1)
    if pairs:
        x_columns, w_rows = in_pairs(x_columns, w_rows, M if transpose_x else 1)
        if transpose_x:
            x_rows, x_columns = in_words(x_rows), in_words(x_columns)
    return _Tables(x_rows, x_columns, w_rows, w_step, steps(M, N))


@cache
def _products(count: int, x: int, w: int, y: int) -> Array:
    """So many contractions, whose arrays are so far apart, as `contract` takes them."""
    return np.array((count, x, w, y), np.int64)
