"""bfloat16, which is the upper half of a float32: rounding to it, and products of pairs that are added up in float32.

A word has 32 bits: two numbers in bfloat16, of which the first one is the lower half. For words a and b, and a sum s,

    dot(a, b, s) = (s + a₁ b₁) + a₀ b₀

where every product is exact and each of the two sums is rounded to float32: so does the instruction of AVX512-BF16, and
so do two multiply-adds on the halves, by which processors without it have the same results. Denormal numbers are zero.
Source: Intel 2023, Intel Architecture Instruction Set Extensions Programming Reference, VDPBF16PS and VCVTNEPS2BF16.
"""

from llvmlite import ir

from backhand.kernels.simd.emitter import FEATURES, HALVES, VECTOR, WORDS, Emitter, Value, W, constant

INSTRUCTIONS = bool(FEATURES.get("avx512bf16"))  # whether the processor has them
PAIR = 2  # numbers of a word
UPPER, SIGN, EXPONENT, QUIET = 0xFFFF0000, 0x8000, 0x7F800000, 0x40


class _BFloat(ir.types._BaseFloatType):  # type: ignore[misc]
    """LLVM's type of these numbers, which llvmlite has no name for."""

    null, intrinsic_name = "0.0", "bf16"

    def __str__(self) -> str:
        return "bfloat"


_BFloat._create_instance()
_HALVES, _PAIRS = ir.VectorType(_BFloat(), W), ir.VectorType(_BFloat(), PAIR * W)


def dot(e: Emitter, a: Value, b: Value, total: Value) -> Value:
    """Add to each lane of a sum the two products of the words in that lane."""
    if INSTRUCTIONS:
        pairs = [e.builder.bitcast(words, _PAIRS) for words in (a, b)]
        return e.call("llvm.x86.avx512bf16.dpbf16ps.512", VECTOR, [total, *pairs])
    (a0, a1), (b0, b1) = _numbers(e, a), _numbers(e, b)
    return e.fused_multiply_add(a0, b0, e.fused_multiply_add(a1, b1, total))


def _numbers(e: Emitter, words: Value) -> tuple[Value, Value]:
    """The two numbers of each word, as float32."""
    low = e.builder.shl(words, constant(16, WORDS))
    high = e.builder.and_(words, constant(UPPER, WORDS))
    return e.builder.bitcast(low, VECTOR), e.builder.bitcast(high, VECTOR)


def halves_of(e: Emitter, vector: Value) -> Value:
    """The bits of the nearest numbers in bfloat16, as integers of 16 bits; of two as near, the even one."""
    if INSTRUCTIONS:
        return e.builder.bitcast(e.builder.fptrunc(vector, _HALVES), HALVES)
    b, bits = e.builder, e.builder.bitcast(vector, WORDS)
    upper = b.lshr(bits, constant(16, WORDS))
    odd = b.and_(upper, constant(1, WORDS))
    nearest = b.lshr(b.add(b.add(bits, constant(0x7FFF, WORDS)), odd), constant(16, WORDS))
    is_zero = b.icmp_unsigned("==", b.and_(bits, constant(EXPONENT, WORDS)), constant(0, WORDS))
    result = b.select(is_zero, b.and_(upper, constant(SIGN, WORDS)), nearest)
    return b.trunc(b.select(e.is_nan(vector), b.or_(upper, constant(QUIET, WORDS)), result), HALVES)


def words_of(e: Emitter, low: Value, high: Value) -> Value:
    """Words of the nearest numbers of two vectors."""
    return join(e, halves_of(e, low), halves_of(e, high))


def join(e: Emitter, low: Value, high: Value) -> Value:
    """Words of two vectors of integers of 16 bits."""
    first, second = (e.builder.zext(half, WORDS) for half in (low, high))
    return e.builder.or_(first, e.builder.shl(second, constant(16, WORDS)))
