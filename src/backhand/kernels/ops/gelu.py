"""The Gaussian error linear unit, see `ops.gelu`: one pass over x, which writes the derivative beside y."""

from backhand.kernels.blocks.smooth import activation
from backhand.kernels.simd import gelu_vector

KERNEL = activation(gelu_vector)
