"""`linear`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.kernel import Kernel
from backhand.kernels.ops import linear

KERNEL = Kernel(
    partial(linear.forward, relu=True),
    linear.backward,
    writes_grads=True,
    training=partial(linear.training, relu=True),
)
