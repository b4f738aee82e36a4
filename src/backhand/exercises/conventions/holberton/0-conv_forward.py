#!/usr/bin/env python3
"""Forward propagation over a convolutional layer."""

import numpy as np

# ---- conv2d ----


def conv_forward(A_prev, W, b, activation, padding="same", stride=(1, 1)):
    """Convolve a batch of images, and apply the activation; the kernels are not flipped.

        Z[i, h, w, c] = b[c] + sum over u, v, k of padded[i, s h + u, t w + v, k] W[u, v, k, c]

    padded is A_prev with rows and columns of zeros on all four sides, and (s, t) is the stride.

    A_prev: images (m, h_prev, w_prev, c_prev). W: kernels (kh, kw, c_prev, c_new). b: biases (1, 1, 1, c_new).
    activation: a function of Z. stride: (rows, columns), in pixels.
    padding: "valid" for none; "same" for ((h_prev - 1) s + kh - h_prev + 1) // 2 rows on both sides, columns likewise.
    Returns the activations (m, h_new, w_new, c_new).
    """
    m, h_prev, w_prev, _ = A_prev.shape
    kh, kw, _, c_new = W.shape
    sh, sw = stride
    ph, pw = 0, 0
    if padding == "same":
        ph = ((h_prev - 1) * sh + kh - h_prev + 1) // 2
        pw = ((w_prev - 1) * sw + kw - w_prev + 1) // 2
    h_new = (h_prev + 2 * ph - kh) // sh + 1
    w_new = (w_prev + 2 * pw - kw) // sw + 1
    padded = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)))

    Z = np.zeros((m, h_new, w_new, c_new), dtype=A_prev.dtype)
    for h in range(h_new):
        for w in range(w_new):
            top, left = h * sh, w * sw
            window = padded[:, top : top + kh, left : left + kw, :]  # (m, kh, kw, c_prev)
            Z[:, h, w, :] = np.tensordot(window, W, axes=3)
    A = activation(Z + b)
    return A
