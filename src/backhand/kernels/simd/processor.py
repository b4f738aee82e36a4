"""What concerns the processor itself: its treatment of denormal numbers, and its peak.

Denormal numbers are those below 1.2e-38, the smallest normal float32. Weights that decay to zero pass through them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from backhand.kernels.simd.bfloat16 import dot
from backhand.kernels.simd.emitter import BYTE, INT, INT32, VECTOR, WORDS, Emitter, Value, constant
from backhand.kernels.simd.sums import Sums

_X86 = llvm.get_process_triple().startswith(("x86_64", "amd64", "i686"))
_ARM = llvm.get_process_triple().startswith(("aarch64", "arm64"))
_FLUSH = 0x8040 if _X86 else 1 << 24  # x86: flush results to zero, take operands as zero; ARM: both in one bit


@intrinsic
def flush_denormals(_: Any):
    """Treat denormal numbers as zero on this thread, since they slow arithmetic a hundredfold; returns how it was."""

    def generate(_: Any, builder: ir.IRBuilder, __: Any, values: Sequence[Value]) -> Value:
        old = _control(Emitter(builder))
        _set_control(Emitter(builder), builder.or_(old, constant(_FLUSH)))
        return old

    return types.int64(), generate


@intrinsic
def restore_denormals(_: Any, old):
    """Treat denormal numbers again as before the call of `flush_denormals` that returned this."""

    def generate(context: Any, builder: ir.IRBuilder, _: Any, values: Sequence[Value]) -> Value:
        _set_control(Emitter(builder), values[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


def _control(e: Emitter) -> Value:
    """The register that controls floating-point arithmetic, as an integer."""
    if _X86:
        word = cgutils.alloca_once(e.builder, INT32)
        e.call("llvm.x86.sse.stmxcsr", ir.VoidType(), [e.builder.bitcast(word, BYTE.as_pointer())])
        return e.builder.zext(e.builder.load(word), INT)
    if _ARM:
        return e.call("llvm.aarch64.get.fpcr", INT, [])
    return constant(0)


def _set_control(e: Emitter, value: Value) -> None:
    """Set the register that controls floating-point arithmetic; on other processors than these, do nothing."""
    if _X86:
        word = cgutils.alloca_once_value(e.builder, e.builder.trunc(value, INT32))
        e.call("llvm.x86.sse.ldmxcsr", ir.VoidType(), [e.builder.bitcast(word, BYTE.as_pointer())])
    elif _ARM:
        e.call("llvm.aarch64.set.fpcr", ir.VoidType(), [value])


CHAINS = 12  # independent sums: more than a processor's units times the cycles that an instruction takes
Operation = Callable[[Emitter, Value, Value], Value]


def _chained(operation: Operation) -> Any:
    """What does an operation on each of CHAINS vectors again and again, in registers only.

    operation: a sum and a vector -> the sum as it is then. Of the call: `rounds`, and the `factor` that the vector has
    in every lane; it returns a number that depends on all sums, or the compiler would leave them out.
    """

    @intrinsic
    def chained(_: Any, rounds, factor):
        def generate(_: Any, builder: ir.IRBuilder, __: Any, values: Sequence[Value]) -> Value:
            e, (rounds, factor) = Emitter(builder), values
            scale = e.broadcast(factor)
            sums = Sums(e, {i: constant(i, VECTOR) for i in range(CHAINS)})
            with e.loop(rounds):
                sums.fill(lambda key: operation(e, sums[key], scale))
            return e.lane(e.add(*(total for _, total in sums.items())), 0)

        return types.float32(types.intp, types.float32), generate

    return chained


def _pairs(e: Emitter, total: Value, scale: Value) -> Value:
    words = e.builder.bitcast(scale, WORDS)
    return dot(e, words, words, total)


multiply_add = _chained(lambda e, total, scale: e.fused_multiply_add(total, scale, scale))
multiply_add_pairs = _chained(_pairs)
