"""Dropout that scales its test pass, as a pair of functions."""

import numpy as np


def dropout_forward(x, p, mode):
    """Set each value to 0 with probability p in training; scale all by 1 - p in tests."""
    if mode == "train":
        mask = np.random.rand(*x.shape) >= p
        out = x * mask
    else:
        mask = 1 - p
        out = x * (1 - p)
    return out, mask


def dropout_backward(dout, mask):
    """Return the gradient of x."""
    return dout * mask
