"""The vector instructions: the one room that knows LLVM.

Numba compiles Python loops well, but does not keep a block of results in vector registers, which is what a matrix
product near the processor's peak needs. So the innermost loop of all products, the *tile*, is written here in LLVM's
intermediate language, for vectors of as many float32 lanes as the processor has; and with it what Numba has no words
for: transposing a block in registers, and flushing denormal numbers to zero.

An `Emitter` writes the instructions, `sums` keeps sums in registers, and `routines` makes of the code what a kernel
calls. The other modules are the generators, each with its algorithm.

Goto and van de Geijn 2008, ACM TOMS 34(3), give the blocking; Dukhan 2019, arXiv:1907.02129, the table of offsets that
makes a convolution a matrix product without a copy of its windows.
"""

from backhand.kernels.simd.copying import (
    copy_vectors,
    pair_half_vectors,
    pair_halves,
    pair_vectors,
    prefetch,
    round_vector,
    transpose,
    transpose_to_pairs,
)
from backhand.kernels.simd.emitter import REGISTERS, W
from backhand.kernels.simd.exponential import gelu_vector, silu_vector
from backhand.kernels.simd.processor import (
    CHAINS,
    flush_denormals,
    multiply_add,
    multiply_add_pairs,
    restore_denormals,
)
from backhand.kernels.simd.sums import ACCUMULATE, BIAS, RELU
from backhand.kernels.simd.tile import ROWS, call_tile, tile
from backhand.kernels.simd.two_sided import call_two_sided, two_sided
from backhand.kernels.simd.winners import PERMUTE, call_winners, winners

__all__ = [
    "ACCUMULATE",
    "BIAS",
    "CHAINS",
    "PERMUTE",
    "REGISTERS",
    "RELU",
    "ROWS",
    "W",
    "call_tile",
    "call_two_sided",
    "call_winners",
    "copy_vectors",
    "flush_denormals",
    "gelu_vector",
    "multiply_add",
    "multiply_add_pairs",
    "pair_half_vectors",
    "pair_halves",
    "pair_vectors",
    "prefetch",
    "restore_denormals",
    "round_vector",
    "silu_vector",
    "tile",
    "transpose",
    "transpose_to_pairs",
    "two_sided",
    "winners",
]
