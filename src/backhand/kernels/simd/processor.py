"""What concerns the processor itself: its treatment of denormal numbers, and its peak."""

from collections.abc import Sequence
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels.simd.instructions import FMA, INT, VECTOR, Builder, Value, W, call, number, splat

_X86 = llvm.get_process_triple().startswith(("x86_64", "amd64", "i686"))
_ARM = llvm.get_process_triple().startswith(("aarch64", "arm64"))
_FLUSH = 0x8040 if _X86 else 1 << 24  # x86: flush results to zero, take operands as zero; ARM: both in one bit


@intrinsic
def flush_denormals(_: Any):
    """Take denormal numbers as zero on this thread, as they slow arithmetic a hundredfold; returns what was set."""

    def generate(_: Any, b: Builder, __: Any, values: Sequence[Value]) -> Value:
        old = _control(b)
        _set_control(b, b.or_(old, number(_FLUSH)))
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
        call(b, "llvm.x86.sse.stmxcsr", ir.VoidType(), [b.bitcast(word, ir.IntType(8).as_pointer())])
        return b.zext(b.load(word), INT)
    if _ARM:
        return call(b, "llvm.aarch64.get.fpcr", INT, [])
    return number(0)


def _set_control(b: Builder, value: Value) -> None:
    if _X86:
        word = cgutils.alloca_once(b, ir.IntType(32))
        b.store(b.trunc(value, ir.IntType(32)), word)
        call(b, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [b.bitcast(word, ir.IntType(8).as_pointer())])
    elif _ARM:
        call(b, "llvm.aarch64.set.fpcr", ir.VoidType(), [value])


CHAINS = 12  # independent sums: more than a processor's units times the cycles that a fused multiply-add takes


@intrinsic
def multiply_add(_: Any, rounds, factor):
    """`rounds` fused multiply-adds on each of CHAINS vectors, in registers only; returns a sum that depends on all."""

    def generate(_: Any, b: Builder, __: Any, values: Sequence[Value]) -> Value:
        rounds, factor = values
        scale = splat(b, factor)
        sums = [cgutils.alloca_once_value(b, ir.Constant(VECTOR, [float(i)] * W)) for i in range(CHAINS)]
        with cgutils.for_range(b, rounds):
            for each in sums:
                b.store(call(b, f"llvm.{FMA}.v{W}f32", VECTOR, [b.load(each), scale, scale]), each)
        total = b.load(sums[0])
        for each in sums[1:]:
            total = b.fadd(total, b.load(each))
        return b.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return types.float32(types.intp, types.float32), generate
