"""`batchnorm`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.ops import batchnorm
from backhand.kernels.ops.linear import Grads as Grads

forward = partial(batchnorm.forward, relu=True)
backward = batchnorm.backward
