#!/usr/bin/env python3
"""Back propagation over a pooling layer."""

import numpy as np

# ---- pooling ----


def pool_backward(dA, A_prev, kernel_shape, stride=(1, 1), mode="max"):
    """Compute the gradient of pooling; the largest value of a window has all of it, of several the first, row by row.

    dA: upstream gradient (m, h_new, w_new, c). A_prev, kernel_shape, stride, mode: as in pool_forward.
    Returns dA_prev (m, h_prev, w_prev, c).
    """
    m, h_new, w_new, c = dA.shape
    kh, kw = kernel_shape
    sh, sw = stride

    dA_prev = np.zeros_like(A_prev)
    for i in range(m):
        for h in range(h_new):
            for w in range(w_new):
                top, left = h * sh, w * sw
                for k in range(c):
                    upstream = dA[i, h, w, k]
                    if mode == "max":
                        window = A_prev[i, top : top + kh, left : left + kw, k]
                        row, column = np.unravel_index(np.argmax(window), window.shape)
                        dA_prev[i, top + row, left + column, k] += upstream
                    else:
                        dA_prev[i, top : top + kh, left : left + kw, k] += upstream / (kh * kw)
    return dA_prev
