"""Sums over the winners of pooling by 2 x 2: the gradient of the weights before it, at a fourth of the products.

Only the winner of a window has a gradient. So each window adds, for each of its channels, dy times what the
convolution saw at the winner: a patch of kernel rows, each of them values side by side.
"""

from abc import ABC, abstractmethod
from functools import cache
from itertools import product
from typing import NamedTuple

from llvmlite import ir

from backhand.kernels.simd.emitter import (
    BYTE,
    FEATURES,
    FLOAT,
    INT,
    INT32,
    VECTOR,
    Emitter,
    Value,
    W,
    constant,
)
from backhand.kernels.simd.pooling import load_winners, passed_gradient
from backhand.kernels.simd.routines import caller, compiled
from backhand.kernels.simd.sums import Sums, zeros

# How a vector is put in an order known at run time, where the processor can.
PERMUTE = {16: "llvm.x86.avx512.permvar.sf.512", 8: "llvm.x86.avx2.permps"}.get(W, "") if FEATURES.get("avx2") else ""
INDICES, HALF = ir.VectorType(INT32, W), W // 2
HALF_VECTOR = ir.VectorType(FLOAT, HALF)


class Arguments(NamedTuple):
    """What the sums are called with: addresses in bytes, everything else in elements; see `winners`."""

    x: Value
    down: Value
    right: Value
    row: Value
    column: Value
    kernel_row: Value
    dy: Value
    winner: Value
    P: Value
    Q: Value
    O: Value
    sums: Value
    pitch: Value
    lanes: Value


class _WinnerSums(ABC):
    """Writes the loops over windows that both forms share; `size` registers take part in the sums of a kernel row."""

    def __init__(self, emitter: Emitter, rows: int, size: int, arguments: Arguments) -> None:
        self.emitter, self.rows, self.size, self.arguments = emitter, rows, size, arguments
        self.mask = emitter.mask(arguments.lanes)

    def write(self) -> None:
        """Write the loops. Sums start at 0 and are added to memory last: fewer terms meet, and rounding is less."""
        e, a = self.emitter, self.arguments
        self.sums = Sums(e, zeros(product(range(self.rows), range(self.size))))
        with e.loop(a.P) as p, e.loop(a.Q) as q:
            pixel = e.add(e.multiply(p, a.row), e.multiply(q, a.column))
            window = e.multiply(e.add(e.multiply(p, a.Q), q), a.O)
            self._add_window(pixel, window)
        for (i, v), total in self.sums.items():
            e.add_to(self._goal(i, v), total, self._mask(v))

    @abstractmethod
    def _mask(self, v: int) -> Value | None:
        """The lanes of register v that exist."""

    @abstractmethod
    def _goal(self, i: int, v: int) -> Value:
        """Where register v of kernel row i is added to."""

    @abstractmethod
    def _add_window(self, pixel: Value, window: Value) -> None:
        """Add what one window contributes: the offsets of its first pixel in x, and of the window in dy."""


class _PatchSums(_WinnerSums):
    """The sums of one channel of dy; a vector holds neighbouring values of a kernel row."""

    def _mask(self, v: int) -> Value | None:
        return self.mask if v == self.size - 1 else None

    def _goal(self, i: int, v: int) -> Value:
        e, a = self.emitter, self.arguments
        return e.pointer(a.sums, e.add(e.multiply(a.pitch, i), constant(v * W)))

    def _add_window(self, pixel: Value, window: Value) -> None:
        e, a = self.emitter, self.arguments
        winner = e.builder.zext(e.load_element(a.winner, window, BYTE), INT)
        down, right = e.multiply(e.bit(winner, 1), a.down), e.multiply(e.bit(winner, 0), a.right)
        start = e.add(pixel, e.add(down, right))
        g = e.broadcast(passed_gradient(e, e.load_element(a.dy, window), winner))
        for i in range(self.rows):
            row = e.add(start, e.multiply(a.kernel_row, i))
            for v in range(self.size):
                x = e.load(e.pointer(a.x, e.add(row, v * W)), self._mask(v))
                self.sums.multiply_add((i, v), g, x)


class _PermutedSums(_WinnerSums):
    """The sums of a vector of channels of dy, where x has one channel.

    A register holds what all four entries of a window see of a kernel row; each lane picks what its winner sees.
    """

    def _mask(self, v: int) -> Value | None:
        return self.mask

    def _goal(self, i: int, v: int) -> Value:
        e, a = self.emitter, self.arguments
        return e.pointer(a.sums, e.multiply(a.pitch, i * self.size + v))

    def _add_window(self, pixel: Value, window: Value) -> None:
        e, a = self.emitter, self.arguments
        winners = load_winners(e, a.winner, window, self.mask)
        g = passed_gradient(e, e.load(e.pointer(a.dy, window), self.mask), winners)
        winners = e.builder.zext(winners, INDICES)
        right = e.broadcast(e.builder.trunc(a.right, INT32))
        index = e.add(e.multiply(e.bit(winners, 1), HALF), e.multiply(e.bit(winners, 0), right))
        indices = [e.add(index, v) for v in range(self.size)]
        for i in range(self.rows):
            start = e.add(pixel, e.multiply(a.kernel_row, i))
            seen = self._seen(start, e.add(start, a.down))
            for v in range(self.size):
                self.sums.multiply_add((i, v), g, e.call(PERMUTE, VECTOR, [seen, indices[v]]))

    def _seen(self, upper: Value, lower: Value) -> Value:
        """What the upper entries of a window see of a kernel row, and behind it what the lower ones see."""
        e, a = self.emitter, self.arguments
        mask = e.mask(e.add(a.right, self.size), HALF)
        first, second = (e.load(e.pointer(a.x, start), mask, HALF_VECTOR) for start in (upper, lower))
        return e.shuffle(first, second, range(W))


@cache
def winners(permuted: int, rows: int, size: int) -> int:
    """The address of the compiled sums over P x Q windows, whose winners are entry 0 to 3, or NONE, of 2 x 2,

        sums[i, t] += sum_window dy[window] x[window + entry + i kernel_row + t]        i < rows

    A window is `row` or `column` from the next, the entries `down` and `right` from each other; dy and winner
    lie O apart. Not permuted: of one channel, with t < (size - 1) W + lanes, and `pitch` between rows of sums.
    Permuted: of `lanes` neighbouring channels, which lie side by side in sums, the next t and i `pitch` further;
    t < size, and size + right values of x fit half a vector.
    """
    form = _PermutedSums if permuted else _PatchSums

    def write(emitter: Emitter, arguments: Arguments) -> None:
        form(emitter, rows, size, arguments).write()

    return compiled(f"winners_{permuted}_{rows}_{size}", Arguments, write)


call_winners = caller(Arguments)
