"""Every product of a network as one contraction.

    y[out[m] + n] = start + sum_k x[rows[m] + taps[k]] w[wrows[k] + n wstep]         m < M, k < K, n < N

A matrix product has rows[m] = m K and taps[k] = k. A convolution has a row for each place of its window and a tap for
each entry of it, and no copy of the windows is made. The gradient of its weights changes the roles, a row for each
entry and a tap for each place; that of its input is a convolution of dy with the weights turned around. The offsets are
in tables: see `table`.

The columns are cut into panels of V vectors, and panels of w, as much of them as stays in the cache, are copied so
that they lie in the order in which a tile reads them; x is read where it lies.
"""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit
from backhand.kernels.simd import (
    ACCUMULATE,
    BIAS,
    REGISTERS,
    RELU,
    ROWS,
    W,
    call_tile,
    copy_vectors,
    flush_denormals,
    prefetch,
    restore_denormals,
    tile,
    transpose,
)

FLOATS, TABLE = 4, 8  # bytes of a value, and of an entry of a table
PANELS = 100_000  # floats of w that are copied at a time: they stay in the second-level cache
GROUP = 8  # panels of w that a part of the columns has at most
AHEAD = 4  # rows of w that are asked for before they are copied
FEW_ROWS = 1500
SPARE = 16  # as many as the rows of a tile, or more


@jit.helper
def pack(w, wrows, wstep, k0, k1, N, tiles, first, last, n0, to):
    """Copy rows k0 to k1 of the columns of some panels, the first of which begins at n0; columns from N on are 0.

    Each panel becomes a matrix (k1 - k0, V W) of its own, one behind the other.
    """
    k = k0
    while k < k1:
        run = 1  # where columns are strides apart, rows that are neighbours are turned together
        while wstep != 1 and run < W and k + run < k1 and wrows[k + run] == wrows[k] + run:
            run += 1
        n, panel_at = n0, to
        for panel in range(first, last):
            V = tiles[panel, 1]
            start = w + FLOATS * (wrows[k] + n * wstep)
            end = panel_at + FLOATS * (k - k0) * V * W
            if wstep == 1:
                ahead = FLOATS * (wrows[min(k + AHEAD, k1 - 1)] - wrows[k])
                for v in range(V):
                    prefetch(start + ahead + FLOATS * v * W)
                copy_vectors(V, end, start, N - n - (V - 1) * W)
            else:
                for v in range(V):
                    live = min(W, N - n - v * W)
                    for r in range(live):
                        prefetch(start + FLOATS * ((v * W + r) * wstep + W))
                    transpose(end + FLOATS * v * W, V * W, start + FLOATS * v * W * wstep, wstep, live, run)
            n, panel_at = n + V * W, panel_at + FLOATS * V * W * (k1 - k0)
        k += run


@jit.helper
def direct_pitch(wrows, wstep, k0, k1, N, tiles):
    """How far rows k0 to k1 of w are apart, if a tile can read them where they lie; else 0.

    That is where one panel has all columns, which fill its vectors, and rows are equally far apart.
    """
    if wstep != 1 or len(tiles) > 1 or N % W or k1 - k0 < 2:
        return 0
    pitch = wrows[k0 + 1] - wrows[k0]
    for k in range(k0, k1 - 1):
        if wrows[k + 1] - wrows[k] != pitch:
            return 0
    return pitch


@jit.kernel
def _contract(x, rows, taps, w, wrows, wstep, bias, y, out, N, mode, batch, tiles, P, depth, shared, scratch):
    """The contraction, in as many parts as `scratch` has rows.

    x, w, bias, y: flat float32; rows, taps, wrows, out: tables.   batch: how many contractions there are one behind the
    other, and the strides of x, w and y between them; each has a part of bias for itself.   tiles: for each panel the
    address of its tile and V.   depth: how many k are copied at a time.   shared: what the parts share out, see SHARED.
    """
    M, K, panels, parts = rows.size - SPARE, taps.size - SPARE, tiles.shape[0], scratch.shape[0]
    for part_ in prange(parts):
        part = np.int64(part_)  # the loop's own is unsigned, and would turn sums into floats
        old = flush_denormals()
        e0, e1, first, last, m0, m1 = 0, batch[0], 0, panels, 0, M
        if shared == BY_BATCH:
            e0, e1 = part * e1 // parts, (part + 1) * e1 // parts
        elif shared == BY_COLUMNS:
            first, last = part * panels // parts, (part + 1) * panels // parts
        else:
            blocks = -(-M // P)
            m0, m1 = min(M, part * blocks // parts * P), min(M, (part + 1) * blocks // parts * P)
        n0 = np.int64(0)
        for panel in range(first):
            n0 += tiles[panel, 1] * W
        packed = scratch[part].ctypes.data
        for e in range(e0, e1):
            xe, we = x.ctypes.data + FLOATS * e * batch[1], w.ctypes.data + FLOATS * e * batch[2]
            ye, be = y.ctypes.data + FLOATS * e * batch[3], bias.ctypes.data + FLOATS * e * (bias.size // batch[0])
            for k0 in range(0, K, depth):
                k1 = min(K, k0 + depth)
                pitch = direct_pitch(wrows, wstep, k0, k1, N, tiles)
                start = we + FLOATS * wrows[k0]
                if not pitch:
                    start = packed
                    pack(we, wrows, wstep, k0, k1, N, tiles, first, last, n0, packed)
                now = (ACCUMULATE if k0 else mode & ~RELU) | (mode & RELU if k1 == K else 0)
                blocks = -(-(m1 - m0) // P)
                run = 1 if last - first > 1 else blocks  # with several panels, each block of x serves them in turn
                for block in range(0, blocks, max(run, 1)):
                    n, panel_at, m = n0, start, m0 + block * P
                    for panel in range(first, last):
                        V = tiles[panel, 1]
                        apart = pitch if pitch else V * W
                        call_tile(
                            tiles[panel, 0],
                            x=xe,
                            rows=rows.ctypes.data + TABLE * m,
                            blocks=run,
                            taps=taps.ctypes.data + TABLE * k0,
                            K=k1 - k0,
                            w=panel_at,
                            pitch=apart,
                            y=ye + FLOATS * n,
                            out=out.ctypes.data + TABLE * m,
                            bias=be + FLOATS * n,
                            mode=now,
                            lanes=min(W, N - n - (V - 1) * W),
                        )
                        n, panel_at = n + V * W, panel_at + FLOATS * V * W * (k1 - k0)
        restore_denormals(old)


BY_ROWS, BY_COLUMNS, BY_BATCH = range(3)
ONE = np.array((1, 0, 0, 0), np.int64)


class Plan(NamedTuple):
    """How a contraction of M rows and N columns is cut up; see `_contract`."""

    tiles: Array
    P: int
    depth: int
    shared: int
    scratch: tuple[int, int]


@cache
def panels(N: int) -> list[int]:
    """The vectors of each panel of N columns: as wide as tiles are, and none much narrower than the others."""
    vectors, most = -(-N // W), 4 if REGISTERS == 32 else 2
    if vectors == most + 1 and most + 1 in ROWS:
        return [most + 1]
    count = -(-vectors // most)
    return [vectors // count + (i < vectors % count) for i in range(count)]


@lru_cache(maxsize=1024)
def plan(M: int, N: int, batch: int, threads: int) -> Plan:
    """By columns where there are few rows, so that threads do not each copy all of w; else by rows."""
    widths, parts, shared = panels(N), threads, BY_ROWS
    if batch >= threads > 1:
        shared = BY_BATCH
    elif M < FEW_ROWS and len(widths) >= 2 * threads:
        shared, parts = BY_COLUMNS, threads * -(-len(widths) // (threads * GROUP))
    width = W * (-(-len(widths) // parts) * max(widths) if shared == BY_COLUMNS else sum(widths))
    depth = max(32, min(512, PANELS // width))
    P = _rows(M, max(widths), threads if shared == BY_ROWS else 1)
    tiles = np.array([(tile(P, V), V) for V in widths], np.int64)
    return Plan(tiles, P, depth, shared, (parts, depth * width))


def _rows(M: int, V: int, threads: int) -> int:
    """P for M rows: fewer than fit the registers, where the last block would else be mostly empty."""
    most = ROWS[V]
    if 16 * most < M:
        return most
    return min(range(most, max(most // 2, 1) - 1, -1), key=lambda P: -(-M // (P * threads)) * P)


def contract(
    x: Array,
    rows: Array,
    taps: Array,
    w: Array,
    wrows: Array,
    wstep: int,
    y: Array,
    out: Array,
    N: int,
    bias: Array | None = None,
    mode: int = 0,
    batch: Array = ONE,
) -> None:
    """The contraction at the top of this page, into y. bias: N values that sums start from, or N for each y."""
    how = plan(count(rows), N, int(batch[0]), jit.threads())
    y = y.reshape(-1)
    start = y
    if bias is not None:
        start, mode = buffers.empty((bias.size // N, -(-N // W) * W)), mode | BIAS
        start[:, :N] = bias
        start = start.reshape(-1)
    _contract(
        *(x.reshape(-1), rows, taps, w.reshape(-1), wrows, wstep, start, y, out, N, mode, batch),
        *(how.tiles, how.P, how.depth, how.shared, buffers.empty(how.scratch)),
    )


@cache
def stacked(count: int, x: int, w: int, y: int) -> Array:
    """The `batch` of as many contractions, whose arrays lie so far apart."""
    return np.array((count, x, w, y), np.int64)


def table(offsets: Array) -> Array:
    """Offsets as a table that `contract` takes: with SPARE more entries, which repeat the last.

    A tile reads as many rows as it has. Those beyond the end are the last one again: computed and stored several times,
    the same value in the same place.
    """
    flat = offsets.ravel().astype(np.int64)
    return np.pad(flat, (0, SPARE), "edge" if flat.size else "constant")


def count(offsets: Array) -> int:
    """How many entries a table has."""
    return offsets.size - SPARE


@lru_cache(maxsize=256)
def steps(size: int, step: int) -> Array:
    """The table 0, step, 2 step, ..."""
    return table(np.arange(size, dtype=np.int64) * step)
