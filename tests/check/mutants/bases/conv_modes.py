"""A convolution of channels-last images, with the padding as a word."""

import numpy as np


def margins(kernel, mode):
    """The margin on each side of rows and columns."""
    if mode == "valid":
        return 0, 0
    return (kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2


def conv_forward(x, w, b, mode="same"):
    """x (N, H, W, C), w (kh, kw, C, F), b (F,). mode: "same" keeps the size, "valid" has no padding."""
    ph, pw = margins(w, mode)
    padded = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
    kh, kw = w.shape[:2]
    rows, columns = padded.shape[1] - kh + 1, padded.shape[2] - kw + 1
    out = np.zeros((len(x), rows, columns, w.shape[3]))
    for i in range(rows):
        for j in range(columns):
            out[:, i, j] = np.tensordot(padded[:, i : i + kh, j : j + kw], w, axes=3) + b
    return out, (padded, w, (ph, pw))


def conv_backward(dout, cache):
    """Return the gradients of x, w and b."""
    padded, w, (ph, pw) = cache
    kh, kw = w.shape[:2]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[1]):
        for j in range(dout.shape[2]):
            dpadded[:, i : i + kh, j : j + kw] += np.tensordot(dout[:, i, j], w, axes=(1, 3))
            dw += np.tensordot(padded[:, i : i + kh, j : j + kw], dout[:, i, j], axes=(0, 0))
    rows, columns = padded.shape[1:3]
    return dpadded[:, ph : rows - ph, pw : columns - pw], dw, dout.sum(axis=(0, 1, 2))
