#!/usr/bin/env python3
"""Back propagation over a convolutional layer."""

import numpy as np

# ---- conv2d ----


def conv_backward(dZ, A_prev, W, b, padding="same", stride=(1, 1)):
    """Compute the gradients of the convolution, without its activation.

    dZ: gradient of the loss with respect to the values before the activation (m, h_new, w_new, c_new).
    A_prev, W, b, padding, stride: as in conv_forward.
    Returns dA_prev (m, h_prev, w_prev, c_prev), dW (kh, kw, c_prev, c_new) and db (1, 1, 1, c_new).
    """
    _, h_prev, w_prev, _ = A_prev.shape
    kh, kw, _, _ = W.shape
    sh, sw = stride
    _, h_new, w_new, _ = dZ.shape
    ph, pw = 0, 0
    if padding == "same":
        ph = ((h_prev - 1) * sh + kh - h_prev + 1) // 2
        pw = ((w_prev - 1) * sw + kw - w_prev + 1) // 2
    padded = np.pad(A_prev, ((0, 0), (ph, ph), (pw, pw), (0, 0)))

    dpadded = np.zeros_like(padded)
    dW = np.zeros_like(W)
    for h in range(h_new):
        for w in range(w_new):
            top, left = h * sh, w * sw
            window = padded[:, top : top + kh, left : left + kw, :]
            upstream = dZ[:, h, w, :]  # (m, c_new)
            dW += np.tensordot(window, upstream, axes=(0, 0))
            # Windows overlap where the stride is smaller than the kernel: a pixel collects from all that saw it.
            dpadded[:, top : top + kh, left : left + kw, :] += np.tensordot(upstream, W, axes=(1, 3))
    dA_prev = dpadded[:, ph : ph + h_prev, pw : pw + w_prev, :]  # the zeros around the image are constants
    db = np.sum(dZ, axis=(0, 1, 2), keepdims=True)
    return dA_prev, dW, db
