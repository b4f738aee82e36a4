"""A rectifier with one slope that is learnt, as a pair of functions."""

import numpy as np


def prelu_forward(x, alpha):
    """x where it is positive, else alpha x; alpha (1,)."""
    return np.where(x > 0, x, alpha * x), (x, alpha)


def prelu_backward(dout, cache):
    """Return the gradients of x and alpha."""
    x, alpha = cache
    dx = np.where(x > 0, dout, alpha * dout)
    dalpha = (dout * np.minimum(x, 0)).sum()
    return dx, np.array([dalpha])
