"""Every product of a network as one contraction.

    y[m, n] = start + sum_k x[m, k] w[k, n]         m < M, k < K, n < N

The operands are matrices that lie in their arrays as tables say. A matrix product has rows that follow one another. A
convolution has a row of x for each place of its window and a column for each entry of it, and no copy of the windows is
made. The gradient of its weights changes the roles, a row for each entry and a column for each place; that of its input
is a convolution of dy with the weights turned around.

Columns of w are copied panel by panel, see `packing`; x is read where it lies. Where x is in bfloat16, w is rounded to
it as it is copied, and the sums are of pairs of k: see `simd.tile`.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.blocks.packing import FLOATS, direct_pitch, pack, pack_pairs
from backhand.kernels.blocks.tables import SPARE, count
from backhand.kernels.blocks.tiling import BY_COLUMNS, BY_PRODUCTS, choose_plan
from backhand.kernels.simd import ACCUMULATE, BIAS, RELU, W, call_tile, flush_denormals, restore_denormals

TABLE = 8  # bytes of an entry of a table
ONE = np.array((1, 0, 0, 0), np.int64)  # one contraction: see `contract`


class Left(NamedTuple):
    """The operand x[m, k] = array[rows[m] + columns[k]]; rows and columns are tables.

    An array of uint16 holds numbers in bfloat16. Then there is a column for each pair of k, see `tables.in_pairs`.
    """

    array: Array
    rows: Array
    columns: Array


class Right(NamedTuple):
    """The operand w[k, n] = array[rows[k] + n step]; rows is a table.

    The array may be in bfloat16 where the left one is, and the step is 1.
    """

    array: Array
    rows: Array
    step: int = 1


class Result(NamedTuple):
    """The result y[m, n] = array[rows[m] + n] for so many columns n; rows is a table."""

    array: Array
    rows: Array
    columns: int


def contract(x: Left, w: Right, y: Result, bias: Array | None = None, mode: int = 0, products: Array = ONE) -> None:
    """Write the contraction of x and w to y; the arrays are contiguous float32, and x may be bfloat16.

    bias: the N values that sums start from instead of 0.   mode: ACCUMULATE adds to what y holds, RELU takes the
    maximum with 0.   products: to compute several contractions of the same tables, their number and how far apart their
    x, w and y begin; bias then has N values for all of them, or N for each.
    """
    N = y.columns
    M, K, number = count(x.rows), count(w.rows), products.item(0)
    pairs = x.array.dtype == np.uint16
    plan = choose_plan(M, N, number, jit.shards(number * M * N * K // jit.PRODUCTS), pairs)
    results = y.array.reshape(-1)
    start = results
    if bias is not None:
        start, mode = _full_vectors(bias, N), mode | BIAS
    _contract(
        *(x.array.reshape(-1), x.rows, x.columns, w.array.reshape(-1), w.rows, w.step, results, y.rows, N),
        *(start, mode, products, plan.tiles, plan.P, plan.depth, plan.shared, buffers.empty(plan.scratch)),
    )


def _full_vectors(bias: Array, N: int) -> Array:
    """Rows of N values as tiles read them: each row in full vectors, one row after the other."""
    if not N % W:
        return bias.reshape(-1)
    padded = buffers.empty((bias.size // N, -(-N // W) * W))
    padded[:, :N] = bias
    return padded.reshape(-1)


@jit.kernel
def _contract(x, rows, columns, w, w_rows, step, y, y_rows, N, bias, mode, products, tiles, P, depth, shared, scratch):
    """The contraction, in as many shards as `scratch` has rows; for its arguments see the operands and `Plan`."""
    M, K, shards = rows.size - SPARE, w_rows.size - SPARE, scratch.shape[0]
    together = FLOATS // x.itemsize  # how many k a column of x stands for
    for shard in prange(shards):
        old = flush_denormals()
        share = _share_of(shard, shards, shared, products[0], len(tiles), -(-M // P))
        (first_product, last_product), (first_panel, last_panel), blocks = share
        n0 = np.int64(0)
        for panel in range(first_panel):
            n0 += tiles[panel, 1] * W
        packed = scratch[shard].ctypes.data
        for product in range(first_product, last_product):
            w_start = w.ctypes.data + w.itemsize * product * products[2]
            for k0 in range(0, K, depth):
                k1 = min(K, k0 + depth)
                pitch = direct_pitch(w_rows, step, k0, k1, N, tiles) if together == 1 else 0
                if together == 2:
                    values = w_start, w.itemsize, w_rows
                    pack_pairs(*values, step, k0, k1, N, tiles, first_panel, last_panel, n0, packed)
                elif not pitch:
                    pack(w_start, w_rows, step, k0, k1, N, tiles, first_panel, last_panel, n0, packed)
                _run_tiles(
                    tiles[first_panel:last_panel],
                    n0=n0,
                    N=N,
                    P=P,
                    blocks=blocks,
                    mode=(ACCUMULATE if k0 else mode & ~RELU) | (mode & RELU if k1 == K else 0),
                    x=x.ctypes.data + x.itemsize * product * products[1],
                    rows=rows,
                    columns=columns.ctypes.data + TABLE * (k0 // together),
                    K=(k1 - k0) // together,
                    w=w_start + FLOATS * w_rows[k0] if pitch else packed,
                    pitch=pitch,
                    y=y.ctypes.data + FLOATS * product * products[3],
                    y_rows=y_rows,
                    bias=bias.ctypes.data + FLOATS * product * (bias.size // products[0]),
                )
        restore_denormals(old)


@jit.helper
def _share_of(shard, shards, shared, products, panels, blocks):
    """What a shard computes: of the products, the panels of columns and the blocks of rows, the first and the end."""
    zero = np.int64(0)
    if shared == BY_PRODUCTS:
        return jit.share(shard, shards, products), (zero, panels), (zero, blocks)
    if shared == BY_COLUMNS:
        return (zero, products), jit.share(shard, shards, panels), (zero, blocks)
    return (zero, products), (zero, panels), jit.share(shard, shards, blocks)


@jit.helper
def _run_tiles(tiles, n0, N, P, blocks, mode, x, rows, columns, K, w, pitch, y, y_rows, bias):
    """Sums of K terms for some blocks of P rows and the panels of these tiles, the first of which begins at column n0.

    x, w, y, bias and columns are addresses.   blocks: the first and the end.   pitch: between the rows of w, where it
    is read as it lies; 0 where it was packed.
    """
    first, last = blocks
    # Where there are several panels, each block of x serves one after the other, while it is in the cache.
    together = 1 if len(tiles) > 1 else max(last - first, 1)
    for block in range(first, last, together):
        n, panel = n0, w
        for index in range(len(tiles)):
            V = tiles[index, 1]
            call_tile(
                tiles[index, 0],
                x=x,
                rows=rows.ctypes.data + TABLE * block * P,
                blocks=together,
                taps=columns,
                K=K,
                w=panel,
                pitch=pitch if pitch else V * W,
                y=y + FLOATS * n,
                out=y_rows.ctypes.data + TABLE * block * P,
                bias=bias + FLOATS * n,
                mode=mode,
                lanes=min(W, N - n - (V - 1) * W),
            )
            n, panel = n + V * W, panel + FLOATS * V * W * K
