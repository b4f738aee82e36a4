"""`batchnorm`, and max(y, 0) in the same pass."""

from functools import partial

from backhand.kernels.cpu import batchnorm
from backhand.kernels.cpu.linear import Grads as Grads

forward = partial(batchnorm.forward, relu=True)
backward = batchnorm.backward
