"""Vectors from here to there, and small blocks turned on the way."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from backhand.kernels.simd.instructions import (
    MASK,
    Builder,
    Value,
    W,
    at,
    call,
    first,
    load,
    masked_load,
    number,
    store,
)


@intrinsic(prefer_literal=True)
def copy_vectors(_: Any, V, to, start, lanes):
    """One row of V vectors from address `start` to address `to`; of the last, `lanes` lanes, and then zeros."""
    if not isinstance(V, types.IntegerLiteral):
        return None
    count = V.literal_value

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        to, start, lanes = values[1:]
        mask = first(b, lanes)
        for v in range(count):
            pointer = at(b, start, v * W)
            value = masked_load(b, pointer, mask) if v == count - 1 else load(b, pointer)
            store(b, value, at(b, to, v * W))
        return context.get_dummy_value()

    return types.void(V, *[types.intp] * 3), generate


@intrinsic
def transpose(_: Any, to, to_pitch, start, pitch, rows, columns):
    """to[c to_pitch + r] = start[r pitch + c] for r < W and c < columns; 0 for r from `rows` on. At most W x W.

    The block is turned in registers: log2 W rounds that exchange ever larger squares of pairs of rows.
    """

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        to, to_pitch, start, pitch, rows, columns = values
        mask, none = first(b, columns), ir.Constant(MASK, [0] * W)
        block = []
        for r in range(W):
            live = b.select(b.icmp_signed("<", number(r), rows), mask, none)
            block.append(masked_load(b, at(b, start, b.mul(pitch, number(r))), live))
        for c, column in enumerate(_turned(b, block)):
            with b.if_then(b.icmp_signed("<", number(c), columns)):
                store(b, column, at(b, to, b.mul(to_pitch, number(c))))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 6), generate


def _turned(b: Builder, block: list[Value]) -> list[Value]:
    step = 1
    while step < W:
        fresh = list(block)
        for i in (i for i in range(W) if not i & step):
            low = [c if not c & step else W + (c ^ step) for c in range(W)]
            high = [c | step if not c & step else W + c for c in range(W)]
            for place, lanes in ((i, low), (i | step, high)):
                chosen = ir.Constant(ir.VectorType(ir.IntType(32), W), lanes)
                fresh[place] = b.shuffle_vector(block[i], block[i | step], chosen)
        block, step = fresh, 2 * step
    return block


@intrinsic
def prefetch(_: Any, address):
    """Ask for the cache line at an address, which may be anywhere."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.IntType(32)
        where = b.inttoptr(values[0], ir.IntType(8).as_pointer())
        call(b, "llvm.prefetch.p0", ir.VoidType(), [where, *(ir.Constant(kind, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(types.intp), generate
