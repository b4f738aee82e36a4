"""Word vectors as a pair of functions."""

import numpy as np


def embedding_forward(x, W):
    """The rows of W with the numbers x. x (N, T), W (V, D) -> (N, T, D)."""
    return W[x], (x, W)


def embedding_backward(dout, cache):
    """The gradient of W; a word may occur several times."""
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW
