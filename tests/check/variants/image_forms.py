"""Layers of images in unusual forms, all right."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def conv_strides_forward(x, w, b, conv_param):
    """Windows by strides, products by Einstein's sums."""
    s, p = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    return np.einsum("ncijkl,fckl->nfij", windows, w) + b[:, None, None], (x.shape, padded, windows, w, s, p)


def conv_strides_backward(dout, cache):
    shape, padded, windows, w, s, p = cache
    dw = np.einsum("nfij,ncijkl->fckl", dout, windows)
    dpadded = np.zeros_like(padded)
    rows, columns = dout.shape[2:]
    for k in range(w.shape[2]):
        for m in range(w.shape[3]):
            seen = dpadded[:, :, k : k + s * rows : s, m : m + s * columns : s]
            seen += np.einsum("nfij,fc->ncij", dout, w[:, :, k, m])
    return dpadded[:, :, p : p + shape[2], p : p + shape[3]], dw, dout.sum(axis=(0, 2, 3))


def conv_loops_forward(x, w, b, stride=1, padding=0):
    """With seven loops."""
    N, C, H, W = x.shape
    F, _, KH, KW = w.shape
    rows, columns = (H + 2 * padding - KH) // stride + 1, (W + 2 * padding - KW) // stride + 1
    out = np.zeros((N, F, rows, columns))
    for n in range(N):
        for f in range(F):
            for i in range(rows):
                for j in range(columns):
                    for k in range(KH):
                        for m in range(KW):
                            r, c = i * stride + k - padding, j * stride + m - padding
                            if 0 <= r < H and 0 <= c < W:
                                out[n, f, i, j] += x[n, :, r, c] @ w[f, :, k, m]
                    out[n, f, i, j] += b[f]
    return out, (x, w, b, stride, padding)


def conv_loops_backward(dout, cache):
    x, w, b, stride, padding = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n, f, i, j in np.ndindex(*dout.shape):
        db[f] += dout[n, f, i, j]
        for k, m in np.ndindex(*w.shape[2:]):
            r, c = i * stride + k - padding, j * stride + m - padding
            if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]:
                dx[n, :, r, c] += dout[n, f, i, j] * w[f, :, k, m]
                dw[f, :, k, m] += dout[n, f, i, j] * x[n, :, r, c]
    return dx, dw, db


class ConvLast:
    """Channels last, a true convolution: the kernel is flipped."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.k = kernel_size
        self.W = np.random.randn(kernel_size, kernel_size, in_channels, out_channels)
        self.b = np.random.randn(out_channels)

    def forward(self, x):
        self.x, k = x, self.k
        flipped = self.W[::-1, ::-1]
        rows, columns = x.shape[1] - k + 1, x.shape[2] - k + 1
        out = np.empty((len(x), rows, columns, self.W.shape[3]))
        for i in range(rows):
            for j in range(columns):
                out[:, i, j] = np.tensordot(x[:, i : i + k, j : j + k], flipped, 3) + self.b
        return out

    def backward(self, dout):
        k, dx, dflipped = self.k, np.zeros_like(self.x), np.zeros_like(self.W)
        for i in range(dout.shape[1]):
            for j in range(dout.shape[2]):
                dx[:, i : i + k, j : j + k] += np.tensordot(dout[:, i, j], self.W[::-1, ::-1], ([1], [3]))
                dflipped += np.tensordot(self.x[:, i : i + k, j : j + k], dout[:, i, j], ([0], [0]))
        self.dW = dflipped[::-1, ::-1]
        self.db = dout.sum((0, 1, 2))
        return dx


def max_pool_forward(x, pool_param):
    """By strides, for windows that may overlap."""
    h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    rows, columns = (H - h) // s + 1, (W - w) // s + 1
    a, b, c, d = x.strides
    windows = as_strided(x, (N, C, rows, columns, h, w), (a, b, c * s, d * s, c, d))
    flat = windows.reshape(N, C, rows, columns, h * w)
    return flat.max(axis=-1), (x.shape, flat.argmax(axis=-1), pool_param)


def max_pool_backward(dout, cache):
    shape, winners, pool_param = cache
    w, s = pool_param["pool_width"], pool_param["stride"]
    dx = np.zeros(shape)
    n, c, i, j = np.indices(dout.shape)
    np.add.at(dx, (n, c, i * s + winners // w, j * s + winners % w), dout)
    return dx


class AvgPool2d:
    """The mean of each window, channels first, spread by np.repeat where windows do not overlap."""

    def __init__(self, kernel_size):
        self.kernel_size = kernel_size

    def forward(self, x):
        k = self.kernel_size
        N, C, H, W = x.shape
        self.shape = x.shape
        self.cut = x[:, :, : H // k * k, : W // k * k].shape
        return x[:, :, : H // k * k, : W // k * k].reshape(N, C, H // k, k, W // k, k).mean(axis=(3, 5))

    def backward(self, dout):
        k = self.kernel_size
        dx = np.zeros(self.shape)
        dx[:, :, : self.cut[2], : self.cut[3]] = dout.repeat(k, axis=2).repeat(k, axis=3) / k**2
        return dx


class GlobalAvgPool:
    """The mean of all pixels."""

    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3))

    def backward(self, dout):
        N, C, H, W = self.shape
        return np.broadcast_to(dout[:, :, None, None] / (H * W), self.shape).copy()


class Flatten:
    """A row per sample."""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return dout.reshape(self.shape)
