"""The tile: a block of results in registers, the innermost loop of every product."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels import jit
from backhand.kernels.simd.instructions import (
    ACCUMULATE,
    BIAS,
    FMA,
    INT,
    RELU,
    VECTOR,
    Builder,
    Value,
    W,
    at,
    bit,
    call,
    constant,
    first,
    load,
    masked_load,
    masked_store,
    number,
    rectified,
    splat,
    store,
)


class _Tile:
    """Writes the code of `tile`: its sums are variables, which LLVM keeps in registers."""

    def __init__(self, b: Builder, P: int, V: int, arguments: Sequence[Value]) -> None:
        self.b, self.P, self.V = b, P, V
        self.base, self.rows, self.blocks, self.taps, self.K, self.w, self.pitch = arguments[:7]
        self.results, self.out, self.bias, self.mode, lanes = arguments[7:]
        self.mask = first(b, lanes)
        self.sums = {(p, v): cgutils.alloca_once(b, VECTOR) for p in range(P) for v in range(V)}

    def write(self) -> None:
        """Block after block of P rows."""
        with cgutils.for_range(self.b, self.blocks) as loop:
            start = self.b.mul(loop.index, number(self.P))
            self.x = self._rows(self.base, self.rows, start)
            self.y = self._rows(self.results, self.out, start)
            self._block()

    def _rows(self, base: Value, table: Value, start: Value) -> list[Value]:
        """Pointers to P rows, which the table says from `start` on."""
        b = self.b
        return [at(b, base, b.load(at(b, table, b.add(start, number(p)), INT))) for p in range(self.P)]

    def _block(self) -> None:
        """Start, sum, end."""
        b, zero = self.b, constant(0)
        with b.if_else(bit(b, self.mode, BIAS)) as (biased, plain):
            with biased:
                self._set(lambda _, v: self._vector(at(b, self.bias, 0), v))
            with plain:
                self._set(lambda *_: zero)
        with cgutils.for_range(b, self.K) as loop:
            self._add(loop.index)
        with b.if_then(bit(b, self.mode, ACCUMULATE)):  # only now: sums of fewer terms are rounded less
            self._set(lambda p, v: b.fadd(b.load(self.sums[p, v]), self._vector(self.y[p], v)))
        with b.if_then(bit(b, self.mode, RELU)):
            for each in self.sums.values():
                b.store(rectified(b, b.load(each)), each)
        for (p, v), each in self.sums.items():
            pointer = at(b, self.y[p], v * W)
            if v == self.V - 1:
                masked_store(b, b.load(each), pointer, self.mask)
            else:
                store(b, b.load(each), pointer)

    def _set(self, value: Callable[[int, int], Value]) -> None:
        for (p, v), each in self.sums.items():
            self.b.store(value(p, v), each)

    def _vector(self, row: Value, v: int) -> Value:
        pointer = at(self.b, row, v * W)
        return masked_load(self.b, pointer, self.mask) if v == self.V - 1 else load(self.b, pointer)

    def _add(self, k: Value) -> None:
        """sum[p, v] += x[p, k] w[k, v]."""
        b = self.b
        tap, row = b.load(at(b, self.taps, k, INT)), at(b, self.w, b.mul(k, self.pitch))
        weights = [load(b, at(b, row, v * W)) for v in range(self.V)]
        for p in range(self.P):
            value = splat(b, b.load(at(b, self.x[p], tap)))
            for v in range(self.V):
                each = self.sums[p, v]
                b.store(call(b, f"llvm.{FMA}.v{W}f32", VECTOR, [value, weights[v], b.load(each)]), each)


@intrinsic(prefer_literal=True)
def _tile(_: Any, P: Any, V: Any, x, rows, blocks, taps, K, w, pitch, y, out, bias, mode, lanes):
    if not (isinstance(P, types.IntegerLiteral) and isinstance(V, types.IntegerLiteral)):
        return None

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        _Tile(b, P.literal_value, V.literal_value, values[2:]).write()
        return context.get_dummy_value()

    return types.void(P, V, *[types.intp] * 12), generate


@cache
def tile(P: int, V: int) -> int:
    """The address of the compiled tile of P rows and V vectors, which computes, for columns n < V W,

        y[out[p] + n] = max(0, start + sum_k x[rows[p] + taps[k]] w[k pitch + n])       p < P blocks

    P rows at a time, whose sums of K terms stay in registers. mode says what a sum starts from, BIAS or else 0, and how
    it ends: by ACCUMULATE, what y held is added; by RELU, values below 0 become 0. Of the last vector `lanes` exist;
    all rows of w and bias are readable to their last vector. Addresses are in bytes, everything else counts elements;
    tables hold int64.
    """

    def run(x, rows, blocks, taps, K, w, pitch, y, out, bias, mode, lanes):
        _tile(P, V, x, rows, blocks, taps, K, w, pitch, y, out, bias, mode, lanes)

    return jit.address(run, types.void(*[types.intp] * 12))


@intrinsic
def call_tile(_: Any, address, x, rows, blocks, taps, K, w, pitch, y, out, bias, mode, lanes):
    """Run the tile at this address: see `tile`."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.FunctionType(ir.VoidType(), [INT] * 12)
        b.call(b.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 13), generate
