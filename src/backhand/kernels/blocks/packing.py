"""Panels of a matrix copied, so that its values lie in the order in which a tile reads them."""

from backhand.kernels import jit
from backhand.kernels.simd import (
    W,
    copy_vectors,
    pair_half_vectors,
    pair_vectors,
    prefetch,
    transpose,
    transpose_to_pairs,
)

FLOATS = 4  # bytes of a value
AHEAD = 4  # rows of w that are prefetched before they are copied


@jit.helper
def pack(w, rows, step, k0, k1, N, tiles, first, last, n0, goal):
    """Copy rows k0 to k1 of the columns of some panels, the first of which begins at n0; columns from N on are 0.

    Row k and column n of the matrix is w[rows[k] + n step]; w and goal are addresses. The panels become matrices
    (k1 - k0, V W), one after the other.
    """
    k = k0
    while k < k1:
        neighbours = 1  # where columns are strides apart, rows that are neighbours are transposed together
        while step != 1 and neighbours < W and k + neighbours < k1 and rows[k + neighbours] == rows[k] + neighbours:
            neighbours += 1
        n, panel_goal = n0, goal
        for panel in range(first, last):
            V = tiles[panel, 1]
            source = w + FLOATS * (rows[k] + n * step)
            row_goal = panel_goal + FLOATS * (k - k0) * V * W
            if step == 1:
                ahead = FLOATS * (rows[min(k + AHEAD, k1 - 1)] - rows[k])
                for v in range(V):
                    prefetch(source + ahead + FLOATS * v * W)
                copy_vectors(V, row_goal, source, N - n - (V - 1) * W)
            else:
                for v in range(V):
                    columns = min(W, N - n - v * W)
                    for c in range(columns):
                        prefetch(source + FLOATS * ((v * W + c) * step + W))
                    block = source + FLOATS * v * W * step
                    transpose(row_goal + FLOATS * v * W, V * W, block, step, columns, neighbours)
            n, panel_goal = n + V * W, panel_goal + FLOATS * V * W * (k1 - k0)
        k += neighbours


@jit.helper
def pack_pairs(w, size, rows, step, k0, k1, N, tiles, first, last, n0, goal):
    """The same in bfloat16: matrices of words, of which each has two rows; a row below 0 stands for zeros.

    size: of a value of w in bytes. Columns that are strides apart have 4.
    """
    k = k0
    while k < k1:
        neighbours = 1
        while step != 1 and neighbours < W and k + neighbours < k1 and rows[k + neighbours] == rows[k] + neighbours:
            neighbours += 1
        n, panel_goal = n0, goal
        for panel in range(first, last):
            V = tiles[panel, 1]
            row_goal = panel_goal + FLOATS * (k - k0) // 2 * V * W
            if step == 1:
                low = w + size * (rows[k] + n)
                high = w + size * (rows[k + 1] + n) if rows[k + 1] >= 0 else 0
                ahead = size * (rows[min(k + AHEAD, k1 - 2)] - rows[k])
                for v in range(V):
                    prefetch(low + ahead + size * v * W)
                if size == FLOATS:
                    pair_vectors(V, row_goal, low, high, N - n - (V - 1) * W)
                else:
                    pair_half_vectors(V, row_goal, low, high, N - n - (V - 1) * W)
            else:
                for v in range(V):
                    columns = min(W, N - n - v * W)
                    block = w + FLOATS * (rows[k] + (n + v * W) * step)
                    for c in range(columns):
                        prefetch(block + FLOATS * (c * step + W))
                    transpose_to_pairs(row_goal + FLOATS * v * W, V * W, block, step, columns, neighbours)
            n, panel_goal = n + V * W, panel_goal + FLOATS * V * W * (k1 - k0) // 2
        k += 2 if step == 1 else neighbours + neighbours % 2


@jit.helper
def direct_pitch(rows, step, k0, k1, N, tiles):
    """How far rows k0 to k1 of w are apart, if a tile can read them where they lie; else 0.

    That is where one panel has all columns, which fill its vectors, and rows are equally far apart.
    """
    if step != 1 or len(tiles) > 1 or N % W or k1 - k0 < 2:
        return 0
    pitch = rows[k0 + 1] - rows[k0]
    for k in range(k0, k1 - 1):
        if rows[k + 1] - rows[k] != pitch:
            return 0
    return pitch
