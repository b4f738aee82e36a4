"""Max-pooling over windows of 2 x 2 side by side, a row of windows at a time; a vector holds neighbouring channels."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels.simd.instructions import (
    Builder,
    Value,
    W,
    at,
    call,
    constant,
    first,
    masked_load,
    masked_store,
    number,
    rectified,
)

NONE = 255  # the winner of a window that passes no gradient on
BYTE = ir.IntType(8)
BYTES = ir.VectorType(BYTE, W)


def each_byte(value: int) -> ir.Constant:
    """The value in every byte."""
    return ir.Constant(BYTES, [value] * W)


def load_bytes(b: Builder, pointer: Value, mask: Value) -> Value:
    """Winners; NONE outside the mask."""
    align = ir.Constant(ir.IntType(32), 1)
    where = b.bitcast(pointer, BYTES.as_pointer())
    return call(b, f"llvm.masked.load.v{W}i8.p0", BYTES, [where, align, mask, each_byte(NONE)])


def _store_bytes(b: Builder, value: Value, pointer: Value, mask: Value) -> None:
    where, align = b.bitcast(pointer, BYTES.as_pointer()), ir.Constant(ir.IntType(32), 1)
    call(b, f"llvm.masked.store.v{W}i8.p0", ir.VoidType(), [value, where, align, mask])


def _each(b: Builder, windows: Value, C: Value) -> Iterator[tuple[Value, Value, Value, Value]]:
    """Inside the loops over windows and vectors of channels: where y and the first pixel are, the channel, the mask."""
    vectors = b.sdiv(b.add(C, number(W - 1)), number(W))
    with cgutils.for_range(b, windows) as window:
        row = b.mul(window.index, C)
        with cgutils.for_range(b, vectors) as vector:
            c = b.mul(vector.index, number(W))
            yield b.add(row, c), b.add(b.add(row, row), c), c, first(b, b.sub(C, c))


@intrinsic
def pool_row(_: Any, upper, lower, y, winner, windows, C, relu):
    """y and the winners of so many windows of C channels, from the two rows of pixels they see; all are addresses.

    The first of equal values wins, and NaN counts as the largest value, but wins nothing. With relu, y is max(y, 0),
    and where that is 0 there is no winner.
    """

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        upper, lower, y, winner, windows, C, relu = values
        rectify = b.icmp_signed("!=", relu, number(0))
        for place, pixel, _, mask in _each(b, windows, C):
            pointers = [at(b, row, offset) for row in (upper, lower) for offset in (pixel, b.add(pixel, C))]
            best, entry = masked_load(b, pointers[0], mask), each_byte(0)
            for k, pointer in enumerate(pointers[1:], 1):
                value = masked_load(b, pointer, mask)
                above = b.fcmp_ordered(">", value, best)
                entry = b.select(above, each_byte(k), entry)
                best = b.select(b.or_(above, b.fcmp_unordered("uno", value, value)), value, best)
            dead = b.select(b.fcmp_ordered(">", best, constant(0)), entry, each_byte(NONE))
            masked_store(b, b.select(rectify, rectified(b, best), best), at(b, y, place), mask)
            _store_bytes(b, b.select(rectify, dead, entry), at(b, winner, place, BYTE), mask)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7), generate


@intrinsic
def unpool_row(_: Any, dy, winner, upper, lower, sums, windows, C):
    """The gradient of the two rows of pixels: dy at each window's winner, else 0; added up for each channel in sums."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        dy, winner, upper, lower, sums, windows, C = values
        for place, pixel, c, mask in _each(b, windows, C):
            g = masked_load(b, at(b, dy, place), mask)
            entry = load_bytes(b, at(b, winner, place, BYTE), mask)
            pointers = [at(b, row, offset) for row in (upper, lower) for offset in (pixel, b.add(pixel, C))]
            for k, pointer in enumerate(pointers):
                wins = b.icmp_unsigned("==", entry, each_byte(k))
                masked_store(b, b.select(wins, g, constant(0)), pointer, mask)
            passed = b.select(b.icmp_unsigned("!=", entry, each_byte(NONE)), g, constant(0))
            total = at(b, sums, c)
            masked_store(b, b.fadd(masked_load(b, total, mask), passed), total, mask)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 7), generate


@intrinsic
def add_winners_row(_: Any, dy, winner, upper, lower, centre, sums, products, windows, C):
    """For each channel, add dy to sums and dy (x - centre) to products, x being the pixel that won."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        dy, winner, upper, lower, centre, sums, products, windows, C = values
        for place, pixel, c, mask in _each(b, windows, C):
            entry = load_bytes(b, at(b, winner, place, BYTE), mask)
            g = masked_load(b, at(b, dy, place), mask)
            g = b.select(b.icmp_unsigned("!=", entry, each_byte(NONE)), g, constant(0))
            won = constant(0)
            for k, (row, offset) in enumerate(product((upper, lower), (pixel, b.add(pixel, C)))):
                value = masked_load(b, at(b, row, offset), mask)
                won = b.select(b.icmp_unsigned("==", entry, each_byte(k)), value, won)
            off = b.fmul(g, b.fsub(won, masked_load(b, at(b, centre, c), mask)))
            for goal, more in ((sums, g), (products, off)):
                pointer = at(b, goal, c)
                masked_store(b, b.fadd(masked_load(b, pointer, mask), more), pointer, mask)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 9), generate
