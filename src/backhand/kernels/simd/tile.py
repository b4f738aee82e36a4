"""The tile: a block of results in registers, the innermost loop of every product.

    sum[p, v] += x[p, k] w[k, v]        p < P rows of x, v < V vectors of columns, for one k after the other

Each k loads V vectors and P values, which are broadcast, for P V fused multiply-adds. So P V sums, V vectors and one
broadcast value must fit the registers, and there must be enough sums that none waits for the one before.

In bfloat16 the k come in pairs: a value is a word of two numbers, see `bfloat16`, and so is each lane of a vector.
Source: Goto and van de Geijn 2008, ACM TOMS 34(3).
"""

from functools import cache
from itertools import product
from typing import NamedTuple

from llvmlite import ir

from backhand.kernels.simd.emitter import (
    FLOAT,
    HALF,
    INT,
    INT32,
    REGISTERS,
    VECTOR,
    WORDS,
    Emitter,
    Value,
    W,
    constant,
)
from backhand.kernels.simd.routines import caller, compiled
from backhand.kernels.simd.sums import ACCUMULATE, BIAS, RELU, Sums, zeros

# P by V, such that a tile fits the vector registers, and the addresses of its rows the others.
ROWS = {5: 5, 4: 6, 3: 7, 2: 8, 1: 10} if REGISTERS == 32 else {2: 6, 1: 8}


class Arguments(NamedTuple):
    """What a tile is called with: addresses in bytes, everything else in elements; see `tile`."""

    x: Value
    rows: Value
    blocks: Value
    taps: Value
    K: Value
    w: Value
    pitch: Value
    y: Value
    out: Value
    bias: Value
    mode: Value
    lanes: Value


class _Tile:
    """Writes the code of `tile` for P rows and V vectors."""

    x_element = FLOAT

    def __init__(self, emitter: Emitter, P: int, V: int, arguments: Arguments) -> None:
        self.emitter, self.P, self.V, self.arguments = emitter, P, V, arguments
        self.masks = emitter.masks(V, arguments.lanes)
        self.sums = Sums(emitter, zeros(product(range(P), range(V))))

    def write(self) -> None:
        """Write the loop over blocks of P rows."""
        e, a = self.emitter, self.arguments
        with e.loop(a.blocks) as block:
            start = e.multiply(block, self.P)
            x, y = self._rows(a.x, a.rows, start, self.x_element), self._rows(a.y, a.out, start, FLOAT)
            self._start()
            with e.loop(a.K) as k:
                self._add_products(x, k)
            # Only now is y added: sums of fewer terms are rounded less.
            self.sums.add_if(e.has(a.mode, ACCUMULATE), lambda key: self._load(y[key[0]], key[1]))
            self.sums.relu_if(e.has(a.mode, RELU))
            for (p, v), total in self.sums.items():
                e.store(total, e.pointer(y[p], v * W), self.masks[v])

    def _rows(self, address: Value, table: Value, start: Value, element: ir.Type) -> list[Value]:
        """Pointers to P rows, whose offsets the table has from `start` on."""
        e = self.emitter
        return [e.pointer(address, e.load_element(table, e.add(start, p), INT), element) for p in range(self.P)]

    def _start(self) -> None:
        """Every sum begins with the bias of its column, or with 0."""
        e, a, zero = self.emitter, self.arguments, constant(0, VECTOR)
        with e.when_else(e.has(a.mode, BIAS)) as (biased, plain):
            with biased:
                bias = e.pointer(a.bias)
                self.sums.fill(lambda key: self._load(bias, key[1]))
            with plain:
                self.sums.fill(lambda _: zero)

    def _load(self, row: Value, v: int) -> Value:
        return self.emitter.load(self.emitter.pointer(row, v * W), self.masks[v])

    def _add_products(self, x: list[Value], k: Value) -> None:
        """Add x[p, k] w[k, v] to every sum."""
        e, a = self.emitter, self.arguments
        tap, row = e.load_element(a.taps, k, INT), e.pointer(a.w, e.multiply(k, a.pitch))
        weights = [e.load(e.pointer(row, v * W)) for v in range(self.V)]
        for p in range(self.P):
            value = e.broadcast(e.load_element(x[p], tap))
            for v in range(self.V):
                self.sums.multiply_add((p, v), value, weights[v])


class _PairTile(_Tile):
    """Writes it for pairs of k in bfloat16."""

    x_element = HALF

    def _add_products(self, x: list[Value], k: Value) -> None:
        """Add the products of a pair of k to every sum."""
        e, a = self.emitter, self.arguments
        tap, row = e.load_element(a.taps, k, INT), e.pointer(a.w, e.multiply(k, a.pitch), INT32)
        weights = [e.load(e.pointer(row, v * W), kind=WORDS) for v in range(self.V)]
        for p in range(self.P):
            word = e.broadcast(e.load_word(e.pointer(x[p], tap)))
            for v in range(self.V):
                self.sums.add_products((p, v), word, weights[v])


@cache
def tile(P: int, V: int, *, pairs: bool = False) -> int:
    """The address of the compiled tile of P rows and V vectors, which computes, for columns n < V W,

        y[out[p] + n] = max(0, start + sum_k x[rows[p] + taps[k]] w[k pitch + n])       p < P blocks

    P rows at a time, whose sums of K terms stay in registers. mode says what a sum starts from, BIAS or else 0, and how
    it ends: by ACCUMULATE, what y held is added; by RELU, values below 0 become 0. Of the last vector `lanes` exist;
    all rows of w and bias are readable to their last vector. Tables hold int64.

    pairs: x is in bfloat16, and every k stands for two: x[.. + taps[k]] and the number behind it are multiplied with
    the two of the word w[k pitch + n].
    """
    kind, name = (_PairTile, "tile_of_pairs") if pairs else (_Tile, "tile")
    return compiled(f"{name}_{P}_{V}", Arguments, lambda emitter, arguments: kind(emitter, P, V, arguments).write())


call_tile = caller(Arguments)
