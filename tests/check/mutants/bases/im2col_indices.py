"""A convolution by columns, with an index for every entry of every window."""

import numpy as np


def im2col_indices(shape, kernel, stride):
    """Channel, row and column of every entry of every window."""
    _, C, H, W = shape
    kh, kw = kernel
    rows, columns = (H - kh) // stride + 1, (W - kw) // stride + 1
    i0 = np.tile(np.repeat(np.arange(kh), kw), C)
    j0 = np.tile(np.arange(kw), kh * C)
    i1 = stride * np.repeat(np.arange(rows), columns)
    j1 = stride * np.tile(np.arange(columns), rows)
    k = np.repeat(np.arange(C), kh * kw).reshape(-1, 1)
    return k, i0.reshape(-1, 1) + i1, j0.reshape(-1, 1) + j1


def conv_forward(x, w, b, conv_param):
    """x (N, C, H, W), w (F, C, kh, kw), b (F,)."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, F = len(x), len(w)
    rows = (padded.shape[2] - w.shape[2]) // stride + 1
    k, i, j = im2col_indices(padded.shape, w.shape[2:], stride)
    cols = padded[:, k, i, j]
    out = w.reshape(F, -1) @ cols + b.reshape(-1, 1)
    return out.reshape(N, F, rows, -1), (x, w, conv_param, cols)


def conv_backward(dout, cache):
    """Return the gradients of x, w and b."""
    x, w, conv_param, cols = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F = dout.shape[:2]
    H, W = x.shape[2:]
    rows = dout.reshape(N, F, -1)
    dw = np.einsum("nfp,nkp->fk", rows, cols).reshape(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    cols = w.reshape(F, -1).T @ rows
    padded = np.zeros((N, x.shape[1], H + 2 * pad, W + 2 * pad))
    k, i, j = im2col_indices(padded.shape, w.shape[2:], stride)
    np.add.at(padded, (slice(None), k, i, j), cols)
    return padded[:, :, pad : pad + H, pad : pad + W], dw, db
