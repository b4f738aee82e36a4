"""Products T X Tᵀ of constant matrices with small matrices of many channels, for minimal filtering.

T is known when the code is generated: a product with it is a row of sums, in which zeros and ones cost nothing. A
vector holds neighbouring channels, so that a matrix X of vectors is transformed as one number after the other would be.
"""

from functools import cache
from typing import NamedTuple

from backhand.kernels.cook_toom import INPUT_GRADIENT, OUTPUT, matrix
from backhand.kernels.simd.bfloat16 import halves_of
from backhand.kernels.simd.emitter import HALF, VECTOR, Emitter, Value, W, constant
from backhand.kernels.simd.routines import caller, compiled
from backhand.kernels.simd.sums import BIAS, RELU, Sums


class Arguments(NamedTuple):
    """What a two-sided product is called with: addresses in bytes, everything else in elements; see `two_sided`."""

    x: Value
    x_row: Value
    x_column: Value
    y: Value
    y_row: Value
    y_column: Value
    channels: Value
    bias: Value
    mode: Value
    top: Value
    bottom: Value
    left: Value
    right: Value


class _TwoSided:
    """Writes the code of `two_sided` for one matrix T."""

    def __init__(self, emitter: Emitter, kind: int, m: int, r: int, rounds: bool, arguments: Arguments) -> None:
        self.emitter, self.kind, self.rounds, self.arguments = emitter, kind, rounds, arguments
        self.T = matrix(kind, m, r)

    def write(self) -> None:
        """Write the loop over vectors of channels."""
        e, a = self.emitter, self.arguments
        whole = self._all_inside()
        with e.loop(e.vectors(a.channels)) as vector:
            c = e.multiply(vector, W)
            mask = e.mask(e.subtract(a.channels, c))
            results = self._transformed(c, mask)
            if self.kind == OUTPUT:
                self._finish(results, c, mask)
            with e.when_else(whole) as (inside, across):
                with inside:
                    for (i, j), value in results.items():
                        self._store(value, i, j, c, mask)
                with across:
                    for (i, j), value in results.items():
                        with e.when(self._inside(i, j)):
                            self._store(value, i, j, c, mask)

    def _transformed(self, c: Value, mask: Value) -> Sums[tuple[int, int]]:
        """T X Tᵀ of the channels from c on."""
        columns = range(len(self.T[0]))
        x = [[self._load(i, j, c, mask) for j in columns] for i in columns]
        half = [self._times([row[j] for row in x]) for j in columns]  # T X, column by column
        results = [self._times([column[i] for column in half]) for i in range(len(self.T))]
        return Sums(self.emitter, {(i, j): value for i, row in enumerate(results) for j, value in enumerate(row)})

    def _times(self, vector: list[Value]) -> list[Value]:
        """T times a vector whose entries are registers."""
        return [self._weighted_sum([(f, v) for f, v in zip(row, vector, strict=True) if f]) for row in self.T]

    def _weighted_sum(self, terms: list[tuple[float, Value]]) -> Value:
        """The sum of factors times values; a term with the factor 1 comes first, where there is one."""
        e = self.emitter
        (factor, value), *others = sorted(terms, key=lambda term: term[0] != 1)
        total = value if factor == 1 else e.multiply(value, factor)
        for factor, value in others:
            if abs(factor) == 1:
                total = e.add(total, value) if factor == 1 else e.subtract(total, value)
            else:
                total = e.fused_multiply_add(value, constant(factor, VECTOR), total)
        return total

    def _finish(self, results: Sums[tuple[int, int]], c: Value, mask: Value) -> None:
        """Add the bias, and apply ReLU, where the mode says so."""
        e, a = self.emitter, self.arguments
        results.add_if(e.has(a.mode, BIAS), lambda _: e.load(e.pointer(a.bias, c), mask))
        results.relu_if(e.has(a.mode, RELU))

    def _load(self, i: int, j: int, c: Value, mask: Value) -> Value:
        e, a = self.emitter, self.arguments
        return e.load(e.pointer(a.x, self._offset(a.x_row, a.x_column, i, j, c)), mask)

    def _store(self, value: Value, i: int, j: int, c: Value, mask: Value) -> None:
        e, a = self.emitter, self.arguments
        offset = self._offset(a.y_row, a.y_column, i, j, c)
        if self.rounds:
            e.store(halves_of(e, value), e.pointer(a.y, offset, HALF), mask)
        elif self.kind == INPUT_GRADIENT:  # neighbouring tiles overlap
            e.add_to(e.pointer(a.y, offset), value, mask)
        else:
            e.store(value, e.pointer(a.y, offset), mask)

    def _offset(self, row: Value, column: Value, i: int, j: int, c: Value) -> Value:
        """Of channel c of the entry (i, j) of a matrix."""
        e = self.emitter
        return e.add(e.multiply(row, i), e.multiply(column, j), c)

    def _all_inside(self) -> Value:
        """Whether all of the result is written."""
        a, last = self.arguments, len(self.T) - 1
        rows, columns = self._within(a.top, 0, last, a.bottom), self._within(a.left, 0, last, a.right)
        return self.emitter.all_of(rows, columns)

    def _inside(self, i: int, j: int) -> Value:
        """Whether the entry (i, j) of the result is written."""
        a = self.arguments
        return self.emitter.all_of(self._within(a.top, i, i, a.bottom), self._within(a.left, j, j, a.right))

    def _within(self, start: Value, first: int, last: int, end: Value) -> Value:
        """Whether start <= first and last < end."""
        e = self.emitter
        return e.all_of(e.compare(start, "<=", first), e.compare(end, ">", last))


@cache
def two_sided(kind: int, m: int, r: int, *, rounds: bool = False) -> int:
    """The address of the compiled product T X Tᵀ of a matrix of `cook_toom` with small matrices X of many channels.

    The values of a channel lie side by side: X[i, j] of channel c is x[i x_row + j x_column + c], the results likewise.
    Only rows top to bottom - 1 and columns left to right - 1 of the result are written. The input's gradient is added
    to what is there; an output gets bias[c] with mode BIAS, and RELU comes last.   rounds: whether y is in bfloat16.
    """

    def write(emitter: Emitter, arguments: Arguments) -> None:
        _TwoSided(emitter, kind, m, r, rounds, arguments).write()

    return compiled(f"two_sided_{kind}_{m}_{r}{'_rounded' * rounds}", Arguments, write)


call_two_sided = caller(Arguments)
