"""`conv2d`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.kernel import Kernel
from backhand.kernels.ops import conv2d

KERNEL = Kernel(partial(conv2d.forward, relu=True), conv2d.backward, writes_grads=True)
