"""Max-pooling with padding, as a pair of functions."""

import numpy as np


def max_pool_forward(x, pool_param):
    """The largest value of each window; the padding never wins."""
    k, s, p = pool_param["kernel_size"], pool_param["stride"], pool_param["padding"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-np.inf)
    N, C, H, W = padded.shape
    rows, columns = (H - k) // s + 1, (W - k) // s + 1
    out = np.zeros((N, C, rows, columns))
    for i in range(rows):
        for j in range(columns):
            out[:, :, i, j] = padded[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
    return out, (padded, pool_param)


def max_pool_backward(dout, cache):
    """The first of the largest values of a window has its gradient."""
    padded, pool_param = cache
    k, s, p = pool_param["kernel_size"], pool_param["stride"], pool_param["padding"]
    N, C, H, W = padded.shape
    dpadded = np.zeros_like(padded)
    for n in range(N):
        for c in range(C):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = padded[n, c, i * s : i * s + k, j * s : j * s + k]
                    row, column = np.unravel_index(window.argmax(), window.shape)
                    dpadded[n, c, i * s + row, j * s + column] += dout[n, c, i, j]
    return dpadded[:, :, p : H - p, p : W - p]
