"""How a contraction is cut into tiles, panels of columns and shards for threads.

The columns are cut into panels of V vectors. So many rows of w as stay in the second-level cache are copied at a time,
so that they lie in the order in which a tile reads them. Source: Goto and van de Geijn 2008, ACM TOMS 34(3).
"""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.kernels.simd import REGISTERS, ROWS, W, tile

PANELS = 100_000  # floats of w that are copied at a time: they stay in the second-level cache
GROUP = 8  # panels of w that a shard of the columns has at most
FEW_ROWS = 1500  # with fewer, threads share out the columns where there are many
BY_ROWS, BY_COLUMNS, BY_PRODUCTS = range(3)


class Plan(NamedTuple):
    """How to compute the contraction of M rows and N columns.

    tiles: for each panel the address of its tile and V.   P: rows of a tile.   depth: how many k are copied at a time.
    shared: what the shards share out, BY_ROWS, BY_COLUMNS or BY_PRODUCTS.   scratch: the number of shards, and how many
    floats each of them copies at a time.
    """

    tiles: Array
    P: int
    depth: int
    shared: int
    scratch: tuple[int, int]


@lru_cache(maxsize=1024)
def choose_plan(M: int, N: int, products: int, threads: int, pairs: bool = False) -> Plan:
    """By columns where there are few rows, so that threads do not each copy all of w; else by rows.

    Several products of one shape are shared out as they are, where there are enough of them.   pairs: see `tile`.
    """
    widths, shards, shared = panels(N), threads, BY_ROWS
    if products >= threads > 1:
        shared = BY_PRODUCTS
    elif M < FEW_ROWS and len(widths) >= 2 * threads:
        shared, shards = BY_COLUMNS, threads * -(-len(widths) // (threads * GROUP))
    width = W * (-(-len(widths) // shards) * max(widths) if shared == BY_COLUMNS else sum(widths))
    depth = max(32, min(512, PANELS // width))
    depth -= depth % 2 if pairs else 0
    P = _rows(M, max(widths), threads if shared == BY_ROWS else 1)
    tiles = np.array([(tile(P, V, pairs=pairs), V) for V in widths], np.int64)
    return Plan(tiles, P, depth, shared, (shards, depth * width))


@cache
def panels(N: int) -> list[int]:
    """The vectors of each panel of N columns: as wide as tiles are, and none much narrower than the others."""
    vectors, most = -(-N // W), 4 if REGISTERS == 32 else 2
    if vectors == most + 1 and most + 1 in ROWS:
        return [most + 1]
    count = -(-vectors // most)
    return [vectors // count + (i < vectors % count) for i in range(count)]


def _rows(M: int, V: int, threads: int) -> int:
    """P for M rows: fewer than fit the registers, where the last block would else be mostly empty."""
    most = ROWS[V]
    if 16 * most < M:
        return most
    return min(range(most, max(most // 2, 1) - 1, -1), key=lambda P: -(-M // (P * threads)) * P)
