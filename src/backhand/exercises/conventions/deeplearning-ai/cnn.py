"""Convolution and pooling as functions, for images in channels-last order: (m, rows, columns, channels).

A NAME_forward returns the output and a cache; a NAME_backward takes the gradient of the output and that cache, and
returns gradients in the shapes of their arrays. Nothing is divided by m here.
"""

import numpy as np


def zero_pad(X, pad):
    """Put `pad` rows and columns of zeros on all four sides of images (m, n_H, n_W, n_C)."""
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


# ---- conv2d ----


def conv_single_step(a_slice_prev, W, b):
    """Apply one filter to one window: the sum of a_slice_prev W over all its entries, plus b.

    a_slice_prev, W (f, f, n_C_prev). b (1, 1, 1). Returns Z, a number.
    """
    Z = np.sum(a_slice_prev * W) + b.item()
    return Z


def conv_forward(A_prev, W, b, hparameters):
    """Convolve a batch of images with n_C filters; the filters are not flipped.

        Z[i, h, w, c] = b[c] + sum over u, v, k of padded[i, s h + u, s w + v, k] W[u, v, k, c]

    padded is A_prev with zeros on all four sides, and s is the stride.

    A_prev: images (m, n_H_prev, n_W_prev, n_C_prev). W: filters (f, f, n_C_prev, n_C). b: biases (1, 1, 1, n_C).
    hparameters: stride and pad, in pixels.
    Returns Z (m, n_H, n_W, n_C) with n_H = (n_H_prev + 2 pad - f) // stride + 1, n_W likewise, and a cache.
    """
    m, n_H_prev, n_W_prev, _ = A_prev.shape
    f, _, _, n_C = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    n_H = (n_H_prev + 2 * pad - f) // stride + 1
    n_W = (n_W_prev + 2 * pad - f) // stride + 1

    Z = np.zeros((m, n_H, n_W, n_C), dtype=A_prev.dtype)
    A_prev_pad = zero_pad(A_prev, pad)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert, horiz = h * stride, w * stride
                window = A_prev_pad[i, vert : vert + f, horiz : horiz + f, :]
                for c in range(n_C):
                    Z[i, h, w, c] = conv_single_step(window, W[:, :, :, c], b[:, :, :, c])
    cache = (A_prev, W, b, hparameters)
    return Z, cache


def conv_backward(dZ, cache):
    """Compute the gradients of the convolution.

    dZ: upstream gradient (m, n_H, n_W, n_C). cache: from conv_forward.
    Returns dA_prev (m, n_H_prev, n_W_prev, n_C_prev), dW (f, f, n_C_prev, n_C) and db (1, 1, 1, n_C).
    """
    A_prev, W, _, hparameters = cache
    m, n_H_prev, n_W_prev, _ = A_prev.shape
    f = W.shape[0]
    stride, pad = hparameters["stride"], hparameters["pad"]
    _, n_H, n_W, n_C = dZ.shape

    dW = np.zeros_like(W)
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = np.zeros_like(A_prev_pad)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert, horiz = h * stride, w * stride
                window = A_prev_pad[i, vert : vert + f, horiz : horiz + f, :]
                for c in range(n_C):
                    # Windows overlap where the stride is smaller than f: a pixel collects from all that saw it.
                    dA_prev_pad[i, vert : vert + f, horiz : horiz + f, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += window * dZ[i, h, w, c]
    db = dZ.sum(axis=(0, 1, 2), keepdims=True)
    dA_prev = dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev, :]  # the zeros around it are constants
    return dA_prev, dW, db


# ---- max_pool2d ----


def create_mask_from_window(x):
    """Return a mask in the shape of x, True at its largest value; of several, at the first, row by row."""
    mask = np.zeros(x.shape, dtype=bool)
    mask[np.unravel_index(np.argmax(x), x.shape)] = True
    return mask


# ---- avg_pool2d ----


def distribute_value(dz, shape):
    """Spread the number dz evenly over a window of this shape (rows, columns)."""
    n_H, n_W = shape
    a = np.full(shape, dz / (n_H * n_W))
    return a


# ---- pooling ----


def pool_forward(A_prev, hparameters, mode="max"):
    """Take the largest value or the mean of each window, channel by channel.

    A_prev: images (m, n_H_prev, n_W_prev, n_C). hparameters: f and stride, in pixels. mode: "max" or "average".
    Returns A (m, n_H, n_W, n_C) with n_H = (n_H_prev - f) // stride + 1, n_W likewise, and cache (A_prev, hparameters).
    """
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    f, stride = hparameters["f"], hparameters["stride"]
    n_H = (n_H_prev - f) // stride + 1
    n_W = (n_W_prev - f) // stride + 1

    A = np.zeros((m, n_H, n_W, n_C), dtype=A_prev.dtype)
    for h in range(n_H):
        for w in range(n_W):
            vert, horiz = h * stride, w * stride
            window = A_prev[:, vert : vert + f, horiz : horiz + f, :]
            if mode == "max":
                A[:, h, w, :] = window.max(axis=(1, 2))
            else:
                A[:, h, w, :] = window.mean(axis=(1, 2))
    cache = (A_prev, hparameters)
    return A, cache


def pool_backward(dA, cache, mode="max"):
    """Compute the gradient of pooling.

    dA: upstream gradient (m, n_H, n_W, n_C). cache: from pool_forward. mode: as there.
    Returns dA_prev (m, n_H_prev, n_W_prev, n_C).
    """
    A_prev, hparameters = cache
    f, stride = hparameters["f"], hparameters["stride"]
    m, n_H, n_W, n_C = dA.shape

    dA_prev = np.zeros_like(A_prev)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert, horiz = h * stride, w * stride
                for c in range(n_C):
                    upstream = dA[i, h, w, c]
                    window = A_prev[i, vert : vert + f, horiz : horiz + f, c]
                    if mode == "max":
                        share = create_mask_from_window(window) * upstream
                    else:
                        share = distribute_value(upstream, (f, f))
                    dA_prev[i, vert : vert + f, horiz : horiz + f, c] += share
    return dA_prev
