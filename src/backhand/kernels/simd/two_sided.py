"""Products T X Tᵀ of constant matrices with small matrices of many channels, for minimal filtering."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels import jit
from backhand.kernels.blocks.cook_toom import INPUT_GRADIENT, OUTPUT, matrix
from backhand.kernels.simd.instructions import (
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
    masked_load,
    masked_store,
    number,
    rectified,
)


class _TwoSided:
    """Writes the code of `two_sided`."""

    def __init__(self, b: Builder, kind: int, m: int, r: int, arguments: Sequence[Value]) -> None:
        self.b, self.kind, self.T = b, kind, matrix(kind, m, r)
        self.x, self.x_row, self.x_column, self.y, self.y_row, self.y_column = arguments[:6]
        self.channels, self.bias, self.mode, *self.bounds = arguments[6:]

    def write(self) -> None:
        """All channels, a vector of them at a time."""
        b, rows, columns = self.b, len(self.T), len(self.T[0])
        top, bottom, left, right = self.bounds
        whole = b.and_(b.icmp_signed("<=", top, number(0)), b.icmp_signed("<=", number(rows), bottom))
        whole = b.and_(whole, b.and_(b.icmp_signed("<=", left, number(0)), b.icmp_signed("<=", number(rows), right)))
        vectors = b.sdiv(b.add(self.channels, number(W - 1)), number(W))
        with cgutils.for_range(b, vectors) as loop:
            c = b.mul(loop.index, number(W))
            mask = first(b, b.sub(self.channels, c))
            x = [[self._load(i, j, c, mask) for j in range(columns)] for i in range(columns)]
            half = [self._times([row[j] for row in x]) for j in range(columns)]  # T X, column by column
            results = [self._times([column[i] for column in half]) for i in range(rows)]
            results = self._ended(results, c, mask)
            with b.if_else(whole) as (all_of_them, some):
                with all_of_them:
                    for i in range(rows):
                        for j in range(rows):
                            self._store(results[i][j], i, j, c, mask)
                with some:
                    for i in range(rows):
                        for j in range(rows):
                            with b.if_then(self._inside(i, j)):
                                self._store(results[i][j], i, j, c, mask)

    def _load(self, i: int, j: int, c: Value, mask: Value) -> Value:
        return masked_load(self.b, self._pointer(self.x, self.x_row, self.x_column, i, j, c), mask)

    def _store(self, value: Value, i: int, j: int, c: Value, mask: Value) -> None:
        pointer = self._pointer(self.y, self.y_row, self.y_column, i, j, c)
        if self.kind == INPUT_GRADIENT:  # neighbouring tiles overlap
            value = self.b.fadd(value, masked_load(self.b, pointer, mask))
        masked_store(self.b, value, pointer, mask)

    def _pointer(self, base: Value, row: Value, column: Value, i: int, j: int, c: Value) -> Value:
        b = self.b
        return at(b, base, b.add(b.add(b.mul(row, number(i)), b.mul(column, number(j))), c))

    def _times(self, vector: list[Value]) -> list[Value]:
        """T times a vector whose entries are registers; zeros and ones of T cost nothing."""
        return [self._sum([(f, v) for f, v in zip(row, vector, strict=True) if f]) for row in self.T]

    def _sum(self, terms: list[tuple[float, Value]]) -> Value:
        b = self.b
        terms = sorted(terms, key=lambda term: term[0] != 1)
        factor, total = terms[0]
        total = total if factor == 1 else b.fmul(total, constant(factor))
        for factor, value in terms[1:]:
            if abs(factor) == 1:
                total = b.fadd(total, value) if factor == 1 else b.fsub(total, value)
            else:
                total = call(b, f"llvm.{FMA}.v{W}f32", VECTOR, [value, constant(factor), total])
        return total

    def _ended(self, results: list[list[Value]], c: Value, mask: Value) -> list[list[Value]]:
        """With the bias, and ReLU, where the mode says so; only a forward pass has them."""
        if self.kind != OUTPUT:
            return results
        b, cells = self.b, [cgutils.alloca_once_value(self.b, v) for row in results for v in row]
        with b.if_then(bit(b, self.mode, BIAS)):
            bias = masked_load(b, at(b, self.bias, c), mask)
            for each in cells:
                b.store(b.fadd(b.load(each), bias), each)
        with b.if_then(bit(b, self.mode, RELU)):
            for each in cells:
                b.store(rectified(b, b.load(each)), each)
        found = iter([b.load(each) for each in cells])
        return [[next(found) for _ in row] for row in results]

    def _inside(self, i: int, j: int) -> Value:
        b = self.b
        top, bottom, left, right = self.bounds
        rows = b.and_(b.icmp_signed("<=", top, number(i)), b.icmp_signed("<", number(i), bottom))
        return b.and_(rows, b.and_(b.icmp_signed("<=", left, number(j)), b.icmp_signed("<", number(j), right)))


@intrinsic(prefer_literal=True)
def _two_sided(
    _: Any, kind, m, r, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right
):
    if not all(isinstance(each, types.IntegerLiteral) for each in (kind, m, r)):
        return None

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        _TwoSided(b, kind.literal_value, m.literal_value, r.literal_value, values[3:]).write()
        return context.get_dummy_value()

    return types.void(kind, m, r, *[types.intp] * 13), generate


@cache
def two_sided(kind: int, m: int, r: int) -> int:
    """The address of the compiled product T X Tᵀ of a matrix of `cook_toom` with small matrices X of many channels.

    The values of a channel lie side by side: X[i, j] of channel c is x[i x_row + j x_column + c], the results likewise.
    Only rows top to bottom - 1 and columns left to right - 1 of the result are written. The input's gradient is added
    to what is there; an output gets bias[c] with mode BIAS, and RELU comes last.
    """

    def run(x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right):
        _two_sided(kind, m, r, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right)

    return jit.address(run, types.void(*[types.intp] * 13))


@intrinsic
def call_two_sided(
    _: Any, address, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right
):
    """Run the code of the two-sided product at this address: see `two_sided`."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.FunctionType(ir.VoidType(), [INT] * 13)
        b.call(b.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 14), generate
