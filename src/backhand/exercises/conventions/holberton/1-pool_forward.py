#!/usr/bin/env python3
"""Forward propagation over a pooling layer."""

import numpy as np

# ---- pooling ----


def pool_forward(A_prev, kernel_shape, stride=(1, 1), mode="max"):
    """Take the largest value or the mean of each window, channel by channel.

    A_prev: images (m, h_prev, w_prev, c). kernel_shape, stride: (rows, columns), in pixels. mode: "max" or "avg".
    Returns images (m, h_new, w_new, c) with h_new = (h_prev - rows) // stride + 1, w_new likewise.
    """
    m, h_prev, w_prev, c = A_prev.shape
    kh, kw = kernel_shape
    sh, sw = stride
    h_new = (h_prev - kh) // sh + 1
    w_new = (w_prev - kw) // sw + 1

    A = np.zeros((m, h_new, w_new, c), dtype=A_prev.dtype)
    for h in range(h_new):
        for w in range(w_new):
            top, left = h * sh, w * sw
            window = A_prev[:, top : top + kh, left : left + kw, :]
            if mode == "max":
                A[:, h, w, :] = window.max(axis=(1, 2))
            else:
                A[:, h, w, :] = window.mean(axis=(1, 2))
    return A
