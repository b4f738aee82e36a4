"""The vector instructions: the one file that knows LLVM.

Numba compiles Python loops well, but does not keep a block of results in vector registers, which is what a matrix
product near the processor's peak needs. So the innermost loop of all products, the *tile*, is written here in LLVM's
intermediate language, for vectors of as many float32 lanes as the processor has; and with it what Numba has no words
for: transposing a block in registers, and flushing denormal numbers to zero.

Goto and van de Geijn 2008, ACM TOMS 34(3), give the blocking; Dukhan 2019, arXiv:1907.02129, the table of offsets that
makes a convolution a matrix product without a copy of its windows.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels import jit
from backhand.kernels.cook_toom import INPUT_GRADIENT, OUTPUT, matrix

_FEATURES = llvm.get_host_cpu_features()
# Lanes of a vector (AVX-512, AVX, and else SSE or NEON) and how many vector registers there are.
W = 16 if _FEATURES.get("avx512f") else 8 if _FEATURES.get("avx") else 4
REGISTERS = 32 if _FEATURES.get("avx512f") or _FEATURES.get("neon") else 16
_FMA = "fma" if _FEATURES.get("fma") or _FEATURES.get("neon") else "fmuladd"  # emulating a fused one is 50 times slower

FLOAT, INT, BIT = ir.FloatType(), ir.IntType(64), ir.IntType(1)
VECTOR, MASK = ir.VectorType(FLOAT, W), ir.VectorType(BIT, W)
Value: TypeAlias = ir.Value
Builder: TypeAlias = ir.IRBuilder

# What a tile starts from (nothing: zero) and ends with; sums of these are `mode`.
BIAS, ACCUMULATE, RELU = 1, 2, 4


def _int(value: int) -> ir.Constant:
    return ir.Constant(INT, value)


def _call(b: Builder, name: str, result: ir.Type, arguments: Sequence[Value]) -> Value:
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), arguments)


def _at(b: Builder, address: Value, offset: Value | int, kind: ir.Type = FLOAT) -> Value:
    """A pointer to the element `offset` behind an address given as an integer."""
    pointer = b.inttoptr(address, kind.as_pointer()) if address.type == INT else address
    return b.gep(pointer, [_int(offset) if isinstance(offset, int) else offset])


def _load(b: Builder, pointer: Value) -> Value:
    return b.load(b.bitcast(pointer, VECTOR.as_pointer()), align=4)


def _store(b: Builder, value: Value, pointer: Value) -> None:
    b.store(value, b.bitcast(pointer, VECTOR.as_pointer()), align=4)


def _masked_load(b: Builder, pointer: Value, mask: Value) -> Value:
    """Lanes outside the mask are not read, and become 0."""
    zero, align = ir.Constant(VECTOR, [0.0] * W), ir.Constant(ir.IntType(32), 4)
    where = b.bitcast(pointer, VECTOR.as_pointer())
    return _call(b, f"llvm.masked.load.v{W}f32.p0", VECTOR, [where, align, mask, zero])


def _masked_store(b: Builder, value: Value, pointer: Value, mask: Value) -> None:
    where, align = b.bitcast(pointer, VECTOR.as_pointer()), ir.Constant(ir.IntType(32), 4)
    _call(b, f"llvm.masked.store.v{W}f32.p0", ir.VoidType(), [value, where, align, mask])


def _splat(b: Builder, scalar: Value) -> Value:
    """The scalar in every lane."""
    kind = ir.VectorType(scalar.type, W)
    one = b.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), W), [0] * W)
    return b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def _first(b: Builder, lanes: Value) -> Value:
    """The mask of the first `lanes` lanes."""
    count = ir.Constant(ir.VectorType(INT, W), list(range(W)))
    return b.icmp_signed("<", count, _splat(b, lanes))


def _bit(b: Builder, mode: Value, bit: int) -> Value:
    return b.icmp_signed("!=", b.and_(mode, _int(bit)), _int(0))


class _Tile:
    """Writes the code of `tile`: its sums are variables, which LLVM keeps in registers."""

    def __init__(self, b: Builder, P: int, V: int, arguments: Sequence[Value]) -> None:
        self.b, self.P, self.V = b, P, V
        x, rows, self.taps, self.K, self.w, self.pitch, y, out, self.bias, self.mode, live, lanes = arguments
        self.mask = _first(b, lanes)
        # Rows beyond the live ones repeat the last: computed and stored twice, the same value in the same place.
        places = [b.select(b.icmp_signed("<", _int(p), live), _int(p), b.sub(live, _int(1))) for p in range(P)]
        self.x = [_at(b, x, b.load(_at(b, rows, p, INT))) for p in places]
        self.y = [_at(b, y, b.load(_at(b, out, p, INT))) for p in places]
        self.sums = {(p, v): cgutils.alloca_once(b, VECTOR) for p in range(P) for v in range(V)}

    def write(self) -> None:
        """Start, sum, end."""
        b, zero = self.b, ir.Constant(VECTOR, [0.0] * W)
        with b.if_else(_bit(b, self.mode, ACCUMULATE)) as (accumulate, fresh):
            with accumulate:
                self._start(lambda p, v: self._vector(self.y[p], v))
            with fresh, b.if_else(_bit(b, self.mode, BIAS)) as (biased, plain):
                with biased:
                    self._start(lambda _, v: self._vector(_at(b, self.bias, 0), v))
                with plain:
                    self._start(lambda *_: zero)
        with cgutils.for_range(b, self.K) as loop:
            self._add(loop.index)
        with b.if_then(_bit(b, self.mode, RELU)):
            for each in self.sums.values():
                b.store(_rectified(b, b.load(each)), each)
        for (p, v), each in self.sums.items():
            pointer = _at(b, self.y[p], v * W)
            if v == self.V - 1:
                _masked_store(b, b.load(each), pointer, self.mask)
            else:
                _store(b, b.load(each), pointer)

    def _start(self, value: Callable[[int, int], Value]) -> None:
        for (p, v), each in self.sums.items():
            self.b.store(value(p, v), each)

    def _vector(self, row: Value, v: int) -> Value:
        pointer = _at(self.b, row, v * W)
        return _masked_load(self.b, pointer, self.mask) if v == self.V - 1 else _load(self.b, pointer)

    def _add(self, k: Value) -> None:
        """sum[p, v] += x[p, k] w[k, v]."""
        b = self.b
        tap, row = b.load(_at(b, self.taps, k, INT)), _at(b, self.w, b.mul(k, self.pitch))
        weights = [_load(b, _at(b, row, v * W)) for v in range(self.V)]
        for p in range(self.P):
            value = _splat(b, b.load(_at(b, self.x[p], tap)))
            for v in range(self.V):
                each = self.sums[p, v]
                b.store(_call(b, f"llvm.{_FMA}.v{W}f32", VECTOR, [value, weights[v], b.load(each)]), each)


@intrinsic(prefer_literal=True)
def _tile(_: Any, P: Any, V: Any, x, rows, taps, K, w, pitch, y, out, bias, mode, live, lanes):
    if not (isinstance(P, types.IntegerLiteral) and isinstance(V, types.IntegerLiteral)):
        return None

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        _Tile(b, P.literal_value, V.literal_value, values[2:]).write()
        return context.get_dummy_value()

    return types.void(P, V, *[types.intp] * 12), generate


@cache
def tile(P: int, V: int) -> int:
    """The address of the compiled tile of P rows and V vectors, which computes, for its rows p and columns n < V W,

        y[out[p] + n] = max(0, start + sum_k x[rows[p] + taps[k]] w[k pitch + n])

    K terms are summed up in registers. mode says what the sum starts from, BIAS, ACCUMULATE (what y holds) or else 0,
    and whether RELU ends it. `live` of the P rows and `lanes` of the last vector are there; all rows of w and bias are
    readable to their last vector. Addresses are in bytes, everything else counts elements; tables hold int64.
    """

    def run(x, rows, taps, K, w, pitch, y, out, bias, mode, live, lanes):
        _tile(P, V, x, rows, taps, K, w, pitch, y, out, bias, mode, live, lanes)

    return jit.address(run, types.void(*[types.intp] * 12))


@intrinsic
def call_tile(_: Any, address, x, rows, taps, K, w, pitch, y, out, bias, mode, live, lanes):
    """Run the tile at this address: see `tile`."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.FunctionType(ir.VoidType(), [INT] * 12)
        b.call(b.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 13), generate


@intrinsic(prefer_literal=True)
def copy_vectors(_: Any, V, to, start, lanes):
    """One row of V vectors from address `start` to address `to`; of the last, `lanes` lanes, and then zeros."""
    if not isinstance(V, types.IntegerLiteral):
        return None
    count = V.literal_value

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        to, start, lanes = values[1:]
        mask = _first(b, lanes)
        for v in range(count):
            pointer = _at(b, start, v * W)
            value = _masked_load(b, pointer, mask) if v == count - 1 else _load(b, pointer)
            _store(b, value, _at(b, to, v * W))
        return context.get_dummy_value()

    return types.void(V, *[types.intp] * 3), generate


@intrinsic
def transpose(_: Any, to, to_pitch, start, pitch, rows, columns):
    """to[c to_pitch + r] = start[r pitch + c] for r < W and c < columns; 0 for r from `rows` on. At most W x W.

    The block is turned in registers: log2 W rounds that exchange ever larger squares of pairs of rows.
    """

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        to, to_pitch, start, pitch, rows, columns = values
        mask, none = _first(b, columns), ir.Constant(MASK, [0] * W)
        block = []
        for r in range(W):
            live = b.select(b.icmp_signed("<", _int(r), rows), mask, none)
            block.append(_masked_load(b, _at(b, start, b.mul(pitch, _int(r))), live))
        for c, column in enumerate(_turned(b, block)):
            with b.if_then(b.icmp_signed("<", _int(c), columns)):
                _store(b, column, _at(b, to, b.mul(to_pitch, _int(c))))
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


_X86 = llvm.get_process_triple().startswith(("x86_64", "amd64", "i686"))
_ARM = llvm.get_process_triple().startswith(("aarch64", "arm64"))
_FLUSH = 0x8040 if _X86 else 1 << 24  # x86: flush results to zero, take operands as zero; ARM: both in one bit


@intrinsic
def flush_denormals(_: Any):
    """Take denormal numbers as zero on this thread, as they slow arithmetic a hundredfold; returns what was set."""

    def generate(_: Any, b: Builder, __: Any, values: Sequence[Value]) -> Value:
        old = _control(b)
        _set_control(b, b.or_(old, _int(_FLUSH)))
        return old

    return types.int64(), generate


@intrinsic
def restore_denormals(_: Any, old):
    """Set what `flush_denormals` returned."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        _set_control(b, values[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _control(b: Builder) -> Value:
    """The register that controls floating-point arithmetic, as an integer."""
    if _X86:
        word = cgutils.alloca_once(b, ir.IntType(32))
        _call(b, "llvm.x86.sse.stmxcsr", ir.VoidType(), [b.bitcast(word, ir.IntType(8).as_pointer())])
        return b.zext(b.load(word), INT)
    if _ARM:
        return _call(b, "llvm.aarch64.get.fpcr", INT, [])
    return _int(0)


def _set_control(b: Builder, value: Value) -> None:
    if _X86:
        word = cgutils.alloca_once(b, ir.IntType(32))
        b.store(b.trunc(value, ir.IntType(32)), word)
        _call(b, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [b.bitcast(word, ir.IntType(8).as_pointer())])
    elif _ARM:
        _call(b, "llvm.aarch64.set.fpcr", ir.VoidType(), [value])


CHAINS = 12  # independent sums: more than a processor's units times the cycles that a fused multiply-add takes


@intrinsic
def multiply_add(_: Any, rounds, factor):
    """`rounds` fused multiply-adds on each of CHAINS vectors, in registers only; returns a sum that depends on all."""

    def generate(_: Any, b: Builder, __: Any, values: Sequence[Value]) -> Value:
        rounds, factor = values
        scale = _splat(b, factor)
        sums = [cgutils.alloca_once_value(b, ir.Constant(VECTOR, [float(i)] * W)) for i in range(CHAINS)]
        with cgutils.for_range(b, rounds):
            for each in sums:
                b.store(_call(b, f"llvm.{_FMA}.v{W}f32", VECTOR, [b.load(each), scale, scale]), each)
        total = b.load(sums[0])
        for each in sums[1:]:
            total = b.fadd(total, b.load(each))
        return b.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return types.float32(types.intp, types.float32), generate


class _Sandwich:
    """Writes the code of `sandwich`."""

    def __init__(self, b: Builder, kind: int, m: int, r: int, arguments: Sequence[Value]) -> None:
        self.b, self.kind, self.T = b, kind, matrix(kind, m, r)
        self.x, self.x_row, self.x_column, self.y, self.y_row, self.y_column = arguments[:6]
        self.channels, self.bias, self.mode, *self.bounds = arguments[6:]

    def write(self) -> None:
        """All channels, a vector of them at a time."""
        b, rows, columns = self.b, len(self.T), len(self.T[0])
        top, bottom, left, right = self.bounds
        whole = b.and_(b.icmp_signed("<=", top, _int(0)), b.icmp_signed("<=", _int(rows), bottom))
        whole = b.and_(whole, b.and_(b.icmp_signed("<=", left, _int(0)), b.icmp_signed("<=", _int(rows), right)))
        vectors = b.sdiv(b.add(self.channels, _int(W - 1)), _int(W))
        with cgutils.for_range(b, vectors) as loop:
            c = b.mul(loop.index, _int(W))
            mask = _first(b, b.sub(self.channels, c))
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
        return _masked_load(self.b, self._pointer(self.x, self.x_row, self.x_column, i, j, c), mask)

    def _store(self, value: Value, i: int, j: int, c: Value, mask: Value) -> None:
        pointer = self._pointer(self.y, self.y_row, self.y_column, i, j, c)
        if self.kind == INPUT_GRADIENT:  # neighbouring tiles overlap
            value = self.b.fadd(value, _masked_load(self.b, pointer, mask))
        _masked_store(self.b, value, pointer, mask)

    def _pointer(self, base: Value, row: Value, column: Value, i: int, j: int, c: Value) -> Value:
        b = self.b
        return _at(b, base, b.add(b.add(b.mul(row, _int(i)), b.mul(column, _int(j))), c))

    def _times(self, vector: list[Value]) -> list[Value]:
        """T times a vector whose entries are registers; zeros and ones of T cost nothing."""
        return [self._sum([(f, v) for f, v in zip(row, vector, strict=True) if f]) for row in self.T]

    def _sum(self, terms: list[tuple[float, Value]]) -> Value:
        b = self.b
        terms = sorted(terms, key=lambda term: term[0] != 1)
        factor, total = terms[0]
        total = total if factor == 1 else b.fmul(total, _constant(factor))
        for factor, value in terms[1:]:
            if abs(factor) == 1:
                total = b.fadd(total, value) if factor == 1 else b.fsub(total, value)
            else:
                total = _call(b, f"llvm.{_FMA}.v{W}f32", VECTOR, [value, _constant(factor), total])
        return total

    def _ended(self, results: list[list[Value]], c: Value, mask: Value) -> list[list[Value]]:
        """With the bias, and ReLU, where the mode says so; only a forward pass has them."""
        if self.kind != OUTPUT:
            return results
        b, cells = self.b, [cgutils.alloca_once_value(self.b, v) for row in results for v in row]
        with b.if_then(_bit(b, self.mode, BIAS)):
            bias = _masked_load(b, _at(b, self.bias, c), mask)
            for each in cells:
                b.store(b.fadd(b.load(each), bias), each)
        with b.if_then(_bit(b, self.mode, RELU)):
            for each in cells:
                b.store(_rectified(b, b.load(each)), each)
        found = iter([b.load(each) for each in cells])
        return [[next(found) for _ in row] for row in results]

    def _inside(self, i: int, j: int) -> Value:
        b = self.b
        top, bottom, left, right = self.bounds
        rows = b.and_(b.icmp_signed("<=", top, _int(i)), b.icmp_signed("<", _int(i), bottom))
        return b.and_(rows, b.and_(b.icmp_signed("<=", left, _int(j)), b.icmp_signed("<", _int(j), right)))


def _constant(value: float) -> Value:
    return ir.Constant(VECTOR, [value] * W)


def _rectified(b: Builder, value: Value) -> Value:
    """max(value, 0), and NaN where the value is, as in the reference: hence "not below" rather than "above"."""
    return b.select(b.fcmp_unordered(">", value, _constant(0)), value, _constant(0))


@intrinsic(prefer_literal=True)
def _sandwich(
    _: Any, kind, m, r, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right
):
    if not all(isinstance(each, types.IntegerLiteral) for each in (kind, m, r)):
        return None

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        _Sandwich(b, kind.literal_value, m.literal_value, r.literal_value, values[3:]).write()
        return context.get_dummy_value()

    return types.void(kind, m, r, *[types.intp] * 13), generate


@cache
def sandwich(kind: int, m: int, r: int) -> int:
    """The address of the compiled product T X Tᵀ of a matrix of `cook_toom` with small matrices X of many channels.

    The values of a channel lie side by side: X[i, j] of channel c is x[i x_row + j x_column + c], the results likewise.
    Only rows top to bottom - 1 and columns left to right - 1 of the result are written. The input's gradient is added
    to what is there; an output gets bias[c] with mode BIAS, and RELU comes last.
    """

    def run(x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right):
        _sandwich(kind, m, r, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right)

    return jit.address(run, types.void(*[types.intp] * 13))


@intrinsic
def call_sandwich(
    _: Any, address, x, x_row, x_column, y, y_row, y_column, channels, bias, mode, top, bottom, left, right
):
    """Run the sandwich at this address: see `sandwich`."""

    def generate(context: Any, b: Builder, _: Any, values: Sequence[Value]) -> Value:
        kind = ir.FunctionType(ir.VoidType(), [INT] * 13)
        b.call(b.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(*[types.intp] * 14), generate
