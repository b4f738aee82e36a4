"""`linear`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.ops import linear
from backhand.kernels.ops.linear import Grads

__all__ = ["Grads", "backward", "forward"]

forward = partial(linear.forward, relu=True)
backward = linear.backward
