"""Sums over the winners of pooling by 2 x 2: the gradient of the weights before it, at a fourth of the products.

Only the winner of a window has a gradient. So each window adds, for each of its channels, dy times what the
convolution saw at the winner: a patch of kernel rows, each a run of values side by side.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels import jit
from backhand.kernels.simd.instructions import (
    FEATURES,
    FLOAT,
    FMA,
    INT,
    MASK,
    VECTOR,
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
    splat,
)
from backhand.kernels.simd.pooling import BYTE, NONE, load_bytes

# How a vector is put in an order known at run time, where the processor can.
PERMUTE = {16: "llvm.x86.avx512.permvar.sf.512", 8: "llvm.x86.avx2.permps"}.get(W, "") if FEATURES.get("avx2") else ""
I32 = ir.IntType(32)
INDICES, HALF = ir.VectorType(I32, W), W // 2


class _Sums(ABC):
    """Writes the loops over windows that both ways share; `size` registers take part in the sums of a kernel row."""

    def __init__(self, b: Builder, rows: int, size: int, arguments: Sequence[Value]) -> None:
        self.b, self.rows, self.size = b, rows, size
        self.x, self.down, self.right, self.row, self.column, self.kernel_row = arguments[:6]
        self.dy, self.winner, self.P, self.Q, self.O, self.sums, self.pitch, lanes = arguments[6:]
        self.mask = first(b, lanes)

    def write(self) -> None:
        """Add up window by window, in registers, and then to the sums: few values are added to one another."""
        b = self.b
        every = product(range(self.rows), range(self.size))
        self.cells = {each: cgutils.alloca_once_value(b, constant(0)) for each in every}
        with cgutils.for_range(b, self.P) as p, cgutils.for_range(b, self.Q) as q:
            steps = b.add(b.mul(p.index, self.row), b.mul(q.index, self.column))
            window = b.mul(b.add(b.mul(p.index, self.Q), q.index), self.O)
            self._window(steps, window)
        for (i, v), cell in self.cells.items():
            pointer, mask = self._place(i, v), self._mask(v)
            masked_store(b, b.fadd(masked_load(b, pointer, mask), b.load(cell)), pointer, mask)

    @abstractmethod
    def _mask(self, v: int) -> Value: ...

    @abstractmethod
    def _place(self, i: int, v: int) -> Value: ...

    @abstractmethod
    def _window(self, steps: Value, window: Value) -> None: ...

    def _add(self, i: int, v: int, g: Value, value: Value) -> None:
        b, cell = self.b, self.cells[i, v]
        b.store(call(b, f"llvm.{FMA}.v{W}f32", VECTOR, [g, value, b.load(cell)]), cell)


class _Patches(_Sums):
    """A channel of dy; a vector holds neighbouring values of a kernel row."""

    def _mask(self, v: int) -> Value:
        return self.mask if v == self.size - 1 else ir.Constant(MASK, [1] * W)

    def _place(self, i: int, v: int) -> Value:
        return at(self.b, self.sums, self.b.add(self.b.mul(self.pitch, number(i)), number(v * W)))

    def _window(self, steps: Value, window: Value) -> None:
        b = self.b
        entry = b.zext(b.load(at(b, self.winner, window, BYTE)), INT)
        lower, later = b.and_(b.lshr(entry, number(1)), number(1)), b.and_(entry, number(1))
        start = b.add(steps, b.add(b.mul(lower, self.down), b.mul(later, self.right)))
        g = b.load(at(b, self.dy, window))
        g = splat(b, b.select(b.icmp_signed("==", entry, number(NONE)), ir.Constant(FLOAT, 0.0), g))
        for i in range(self.rows):
            row = b.add(start, b.mul(self.kernel_row, number(i)))
            for v in range(self.size):
                self._add(i, v, g, masked_load(b, at(b, self.x, b.add(row, number(v * W))), self._mask(v)))


class _Permuted(_Sums):
    """A vector of channels of dy; x has one, and a register holds what all four entries see of a kernel row."""

    def _mask(self, _: int) -> Value:
        return self.mask

    def _place(self, i: int, v: int) -> Value:
        return at(self.b, self.sums, self.b.mul(self.pitch, number(i * self.size + v)))

    def _window(self, steps: Value, window: Value) -> None:
        b = self.b
        entry = load_bytes(b, at(b, self.winner, window, BYTE), self.mask)
        g = masked_load(b, at(b, self.dy, window), self.mask)
        g = b.select(b.icmp_unsigned("!=", entry, ir.Constant(entry.type, [NONE] * W)), g, constant(0))
        entry = b.zext(entry, INDICES)
        lower, later = b.and_(b.lshr(entry, _all(1)), _all(1)), b.and_(entry, _all(1))
        index = b.add(b.mul(lower, _all(HALF)), b.mul(later, splat(b, b.trunc(self.right, I32))))
        indices = [b.add(index, _all(j)) for j in range(self.size)]
        for i in range(self.rows):
            start = b.add(steps, b.mul(self.kernel_row, number(i)))
            both = self._both(start, b.add(start, self.down))
            for j in range(self.size):
                self._add(i, j, g, call(b, PERMUTE, VECTOR, [both, indices[j]]))

    def _both(self, upper: Value, lower: Value) -> Value:
        """What the upper entries of a window see of a kernel row, and behind it what the lower ones see."""
        b, kind = self.b, ir.VectorType(FLOAT, HALF)
        lanes = ir.Constant(ir.VectorType(INT, HALF), list(range(HALF)))
        seen = b.icmp_signed("<", lanes, splat(b, b.add(self.right, number(self.size)), HALF))
        halves = []
        for start in (upper, lower):
            where = b.bitcast(at(b, self.x, start), kind.as_pointer())
            arguments = [where, ir.Constant(I32, 4), seen, ir.Constant(kind, [0.0] * HALF)]
            halves.append(call(b, f"llvm.masked.load.v{HALF}f32.p0", kind, arguments))
        return b.shuffle_vector(*halves, ir.Constant(INDICES, list(range(W))))


def _all(value: int) -> ir.Constant:
    return ir.Constant(INDICES, [value] * W)


@intrinsic(prefer_literal=True)
def _winners(
    _: Any, permuted, rows, size, x, down, right, row, column, kernel_row, dy, winner, P, Q, O, sums, pitch, lanes
):
    if not all(isinstance(each, types.IntegerLiteral) for each in (permuted, rows, size)):
        return None

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        writes = _Permuted if permuted.literal_value else _Patches
        writes(b, rows.literal_value, size.literal_value, values[3:]).write()
        return context.get_dummy_value()

    return types.void(permuted, rows, size, *[types.intp] * 14), generate


@cache
def winners(permuted: int, rows: int, size: int) -> int:
    """The address of the compiled sums over P x Q windows, whose winners are entry 0 to 3, or NONE, of 2 x 2,

        sums[i, t] += sum_window dy[window] x[window + entry + i kernel_row + t]        i < rows

    A window is `row` or `column` from the next, the entries `down` and `right` from each other; dy and winner
    lie O apart. Not permuted: of one channel, with t < (size - 1) W + lanes, and `pitch` between rows of sums.
    Permuted: of `lanes` neighbouring channels, which lie side by side in sums, the next t and i `pitch` further;
    t < size, and size + right values of x fit half a vector.
    """

    def run(x, down, right, row, column, kernel_row, dy, winner, P, Q, O, sums, pitch, lanes):
        _winners(permuted, rows, size, x, down, right, row, column, kernel_row, dy, winner, P, Q, O, sums, pitch, lanes)

    return jit.address(run, types.void(*[types.intp] * 14))


@intrinsic
def call_winners(_: Any, address, x, down, right, row, column, kernel_row, dy, winner, P, Q, O, sums, pitch, lanes):
    """Run the sums at this address: see `winners`."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.FunctionType(ir.VoidType(), [INT] * 14)
        b.call(b.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 15), generate
