"""The sigmoid linear unit, see `ops.silu`: one pass over x, which writes the derivative beside y."""

from backhand.kernels.blocks.smooth import activation
from backhand.kernels.simd import silu_vector

KERNEL = activation(silu_vector)
