"""`conv2d`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.ops import conv2d
from backhand.kernels.ops.linear import Grads

__all__ = ["Grads", "backward", "forward"]

forward = partial(conv2d.forward, relu=True)
backward = conv2d.backward
