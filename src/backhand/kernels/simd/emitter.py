"""Writing machine instructions: an emitter has a method for each thing that generated kernels do.

Instructions are those of LLVM's intermediate language, https://llvm.org/docs/LangRef.html. They work on vectors of W
float32 lanes, W being what the registers of this processor hold.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils

FEATURES = llvm.get_host_cpu_features()
# Lanes of a vector (AVX-512, AVX, and else SSE or NEON) and how many vector registers there are.
W = 16 if FEATURES.get("avx512f") else 8 if FEATURES.get("avx") else 4
REGISTERS = 32 if FEATURES.get("avx512f") or FEATURES.get("neon") else 16
FMA = "fma" if FEATURES.get("fma") or FEATURES.get("neon") else "fmuladd"  # emulating a fused one is 50 times slower

INT, INT32, HALF, BYTE, FLOAT = ir.IntType(64), ir.IntType(32), ir.IntType(16), ir.IntType(8), ir.FloatType()
VECTOR, WORDS, HALVES, BYTES, MASK = (ir.VectorType(kind, W) for kind in (FLOAT, INT32, HALF, BYTE, ir.IntType(1)))
SUFFIX = {FLOAT: "f32", INT32: "i32", HALF: "i16", BYTE: "i8"}  # of LLVM's functions, by the type of an element
ALIGNMENT = {FLOAT: 4, INT32: 4, HALF: 2, BYTE: 1}  # in bytes: arrays may begin anywhere that NumPy lets them

Value: TypeAlias = ir.Value
Number: TypeAlias = ir.Value | float  # a number of Python stands for a constant, in every lane of a vector


def constant(number: float, kind: ir.Type = INT) -> Value:
    """The number as a constant of this type; as a vector, the number in every lane."""
    return ir.Constant(kind, [number] * kind.count if isinstance(kind, ir.VectorType) else number)


class Emitter:
    """Writes one instruction after the other where an LLVM builder stands.

    Arithmetic takes integers, floats and vectors alike; of two operands, one may be a number of Python. Addresses are
    integers, in bytes; offsets count elements. A mask says which lanes of a vector are read or written.
    """

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def add(self, first: Value, *others: Number) -> Value:
        """The sum of two operands or more, from left to right."""
        for other in others:
            add = self.builder.fadd if _is_float(first) else self.builder.add
            first = add(first, _as(other, first))
        return first

    def subtract(self, a: Value, b: Number) -> Value:
        """The difference of two operands, a - b."""
        return (self.builder.fsub if _is_float(a) else self.builder.sub)(a, _as(b, a))

    def multiply(self, a: Value, b: Number) -> Value:
        """The product of two operands, a b."""
        return (self.builder.fmul if _is_float(a) else self.builder.mul)(a, _as(b, a))

    def divide(self, a: Number, b: Value) -> Value:
        """The quotient a / b."""
        return self.builder.fdiv(_as(a, b), b)

    def call_unary(self, name: str, vector: Value) -> Value:
        """A function of LLVM's of a vector, such as fabs or rint, in each lane by itself."""
        return self.call(f"llvm.{name}.v{W}f32", VECTOR, [vector])

    def fused_multiply_add(self, a: Value, b: Value, c: Value) -> Value:
        """a b + c of vectors, rounded once where the processor can do so."""
        return self.call(f"llvm.{FMA}.v{W}f32", VECTOR, [a, b, c])

    def vectors(self, lanes: Value) -> Value:
        """How many vectors hold so many values, the last of them perhaps in part."""
        return self.builder.sdiv(self.add(lanes, W - 1), constant(W))

    def bit(self, value: Value, position: int) -> Value:
        """The bit of an integer that counts 2^position, as an integer of the same type."""
        shifted = self.builder.lshr(value, _as(position, value)) if position else value
        return self.builder.and_(shifted, _as(1, value))

    def has(self, mode: Value, flag: int) -> Value:
        """Whether a mode, which is a sum of flags, has this one."""
        return self.builder.icmp_signed("!=", self.builder.and_(mode, constant(flag)), constant(0))

    def compare(self, a: Value, relation: str, b: Number) -> Value:
        """Whether a < b, or another relation of C; of floats, no relation but != holds with NaN."""
        if not _is_float(a):
            return self.builder.icmp_signed(relation, a, _as(b, a))
        return (self.builder.fcmp_unordered if relation == "!=" else self.builder.fcmp_ordered)(relation, a, _as(b, a))

    def is_nan(self, value: Value) -> Value:
        """Whether a value is NaN, in each lane by itself."""
        return self.builder.fcmp_unordered("uno", value, value)

    def any_of(self, a: Value, b: Value) -> Value:
        """Whether at least one of two conditions holds."""
        return self.builder.or_(a, b)

    def all_of(self, first: Value, *others: Value) -> Value:
        """Whether all of the conditions hold."""
        for other in others:
            first = self.builder.and_(first, other)
        return first

    def select(self, condition: Value, then: Value, otherwise: Number) -> Value:
        """`then` where the condition holds, in each lane by itself if it is a mask; else the other value."""
        return self.builder.select(condition, then, _as(otherwise, then))

    def relu(self, value: Value) -> Value:
        """max(value, 0), and NaN where the value is, as in the reference: hence "not below" rather than "above"."""
        return self.select(self.builder.fcmp_unordered(">", value, _as(0, value)), value, 0)

    def broadcast(self, scalar: Value, lanes: int = W) -> Value:
        """A vector that has the scalar in every lane."""
        kind = ir.VectorType(scalar.type, lanes)
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, constant(0, INT32))
        return self.builder.shuffle_vector(first, undefined, constant(0, ir.VectorType(INT32, lanes)))

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        """The lanes with these numbers out of two vectors; those of b are numbered on from those of a."""
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT32, len(lanes)), list(lanes)))

    def lane(self, vector: Value, number: int) -> Value:
        """The value in one lane of a vector."""
        return self.builder.extract_element(vector, constant(number, INT32))

    def mask(self, count: Value, lanes: int = W) -> Value:
        """The mask of the first `count` lanes; of no lane if that is negative, of all lanes if there are fewer."""
        numbers = ir.Constant(ir.VectorType(INT, lanes), list(range(lanes)))
        return self.builder.icmp_signed("<", numbers, self.broadcast(count, lanes))

    def masks(self, vectors: int, last: Value) -> list[Value | None]:
        """The masks of vectors side by side: of the last only the first lanes exist, the others need no mask, None."""
        return [*[None] * (vectors - 1), self.mask(last)]

    def pointer(self, address: Value, offset: Number = 0, element: ir.Type = FLOAT) -> Value:
        """A pointer to the element `offset` behind an address, or behind a pointer."""
        pointer = address
        if address.type == INT:
            pointer = self.builder.inttoptr(address, element.as_pointer())
        return self.builder.gep(pointer, [constant(offset) if isinstance(offset, int) else offset])

    def load_element(self, address: Value, offset: Number, element: ir.Type = FLOAT) -> Value:
        """The element `offset` behind an address."""
        return self.builder.load(self.pointer(address, offset, element))

    def load(self, pointer: Value, mask: Value | None = None, kind: ir.Type = VECTOR, default: float = 0) -> Value:
        """A vector; lanes outside the mask are not read, and hold the default."""
        vector = self.builder.bitcast(pointer, kind.as_pointer())
        align = ALIGNMENT[kind.element]
        if mask is None:
            return self.builder.load(vector, align=align)
        arguments = [vector, constant(align, INT32), mask, constant(default, kind)]
        return self.call(f"llvm.masked.load.v{kind.count}{SUFFIX[kind.element]}.p0", kind, arguments)

    def load_word(self, pointer: Value) -> Value:
        """Two neighbours of 16 bits as one integer of 32."""
        return self.builder.load(self.builder.bitcast(pointer, INT32.as_pointer()), align=ALIGNMENT[HALF])

    def store(self, vector: Value, pointer: Value, mask: Value | None = None) -> None:
        """Store a vector; lanes outside the mask are not written."""
        kind = vector.type
        pointer = self.builder.bitcast(pointer, kind.as_pointer())
        align = ALIGNMENT[kind.element]
        if mask is None:
            self.builder.store(vector, pointer, align=align)
        else:
            arguments = [vector, pointer, constant(align, INT32), mask]
            self.call(f"llvm.masked.store.v{kind.count}{SUFFIX[kind.element]}.p0", ir.VoidType(), arguments)

    def add_to(self, pointer: Value, vector: Value, mask: Value | None = None) -> None:
        """Add a vector to the one in memory."""
        self.store(self.add(self.load(pointer, mask), vector), pointer, mask)

    @contextmanager
    def loop(self, count: Value) -> Iterator[Value]:
        """What is written inside runs `count` times; the context gives the index, from 0 on."""
        with cgutils.for_range(self.builder, count) as loop:
            yield loop.index

    def when(self, condition: Value) -> AbstractContextManager[Any]:
        """What is written inside runs only if the condition holds."""
        return self.builder.if_then(condition)

    def when_else(self, condition: Value) -> AbstractContextManager[tuple[Any, Any]]:
        """Two contexts: for what runs if the condition holds, and for what runs if not."""
        return self.builder.if_else(condition)

    def call(self, name: str, result: ir.Type, arguments: Sequence[Value]) -> Value:
        """Call one of LLVM's own functions."""
        signature = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, signature, name), arguments)


def _is_float(value: Value) -> bool:
    kind = value.type
    return (kind.element if isinstance(kind, ir.VectorType) else kind) == FLOAT


def _as(number: Number, like: Value) -> Value:
    """The number as a constant of the type of another value, unless it is a value already."""
    return constant(number, like.type) if isinstance(number, int | float) else number
