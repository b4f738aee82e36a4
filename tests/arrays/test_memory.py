"""Arrays whose first value lies where a cache line begins."""

import numpy as np
import pytest

from backhand.arrays.memory import ALIGNMENT, aligned_zeros
from backhand.layers import Linear
from backhand.model.sequential import Sequential
from backhand.training.optimizers import Adam


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 5), (1000, 1001)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_zeros_begin_at_a_cache_line(shape, dtype):
    array = aligned_zeros(shape, dtype)
    assert (array.shape, array.dtype, array.flags.c_contiguous, array.flags.writeable) == (shape, dtype, True, True)
    assert array.ctypes.data % ALIGNMENT == 0
    assert not array.any()
    array += 1
    assert array.sum() == array.size


def test_two_arrays_share_nothing():
    first, second = aligned_zeros((8,), np.float32), aligned_zeros((8,), np.float32)
    first += 1
    assert not second.any()


def test_parameters_gradients_and_moments_are_aligned():
    model = Sequential(Linear(3)).build((5,))
    optimizer = Adam(0.1)
    optimizer.step(model.parameters)
    arrays = (model.parameters.values, model.parameters.grads, *optimizer.buffers.values())
    assert [array.ctypes.data % ALIGNMENT for array in arrays] == [0, 0, 0, 0]
