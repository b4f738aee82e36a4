"""The words that kernels are written in: vectors, addresses, loads and stores, in LLVM's intermediate language."""

from collections.abc import Sequence
from typing import TypeAlias

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils

FEATURES = llvm.get_host_cpu_features()
# Lanes of a vector (AVX-512, AVX, and else SSE or NEON) and how many vector registers there are.
W = 16 if FEATURES.get("avx512f") else 8 if FEATURES.get("avx") else 4
REGISTERS = 32 if FEATURES.get("avx512f") or FEATURES.get("neon") else 16
FMA = "fma" if FEATURES.get("fma") or FEATURES.get("neon") else "fmuladd"  # emulating a fused one is 50 times slower
FLOAT, INT, BIT = ir.FloatType(), ir.IntType(64), ir.IntType(1)
VECTOR, MASK = ir.VectorType(FLOAT, W), ir.VectorType(BIT, W)
Value: TypeAlias = ir.Value
Builder: TypeAlias = ir.IRBuilder

# What a tile starts from (nothing: zero) and ends with; sums of these are `mode`.
BIAS, ACCUMULATE, RELU = 1, 2, 4


def number(value: int) -> ir.Constant:
    """A constant integer."""
    return ir.Constant(INT, value)


def call(b: Builder, name: str, result: ir.Type, arguments: Sequence[Value]) -> Value:
    """A call of one of LLVM's own functions."""
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return b.call(cgutils.get_or_insert_function(b.module, kind, name), arguments)


def at(b: Builder, address: Value, offset: Value | int, kind: ir.Type = FLOAT) -> Value:
    """A pointer to the element `offset` behind an address given as an integer."""
    pointer = b.inttoptr(address, kind.as_pointer()) if address.type == INT else address
    return b.gep(pointer, [number(offset) if isinstance(offset, int) else offset])


def load(b: Builder, pointer: Value) -> Value:
    """A vector."""
    return b.load(b.bitcast(pointer, VECTOR.as_pointer()), align=4)


def store(b: Builder, value: Value, pointer: Value) -> None:
    """A vector."""
    b.store(value, b.bitcast(pointer, VECTOR.as_pointer()), align=4)


def masked_load(b: Builder, pointer: Value, mask: Value) -> Value:
    """Lanes outside the mask are not read, and become 0."""
    zero, align = ir.Constant(VECTOR, [0.0] * W), ir.Constant(ir.IntType(32), 4)
    where = b.bitcast(pointer, VECTOR.as_pointer())
    return call(b, f"llvm.masked.load.v{W}f32.p0", VECTOR, [where, align, mask, zero])


def masked_store(b: Builder, value: Value, pointer: Value, mask: Value) -> None:
    """Lanes outside the mask are not written."""
    where, align = b.bitcast(pointer, VECTOR.as_pointer()), ir.Constant(ir.IntType(32), 4)
    call(b, f"llvm.masked.store.v{W}f32.p0", ir.VoidType(), [value, where, align, mask])


def splat(b: Builder, scalar: Value, lanes: int = W) -> Value:
    """The scalar in every lane."""
    kind = ir.VectorType(scalar.type, lanes)
    one = b.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def first(b: Builder, lanes: Value) -> Value:
    """The mask of the first `lanes` lanes."""
    count = ir.Constant(ir.VectorType(INT, W), list(range(W)))
    return b.icmp_signed("<", count, splat(b, lanes))


def bit(b: Builder, mode: Value, bit: int) -> Value:
    """Whether the mode has this bit."""
    return b.icmp_signed("!=", b.and_(mode, number(bit)), number(0))


def constant(value: float) -> Value:
    """The value in every lane."""
    return ir.Constant(VECTOR, [value] * W)


def rectified(b: Builder, value: Value) -> Value:
    """max(value, 0), and NaN where the value is, as in the reference: hence "not below" rather than "above"."""
    return b.select(b.fcmp_unordered(">", value, constant(0)), value, constant(0))
