"""Pooling of images (N, C, H, W): with stride 1, and with any stride that keeps some of its outputs."""

import numpy as np
from resampling import Downsample2d

# ---- max_pool2d ----


class MaxPool2d_stride1:
    """The largest value of every k x k window, channel by channel, with stride 1."""

    def __init__(self, kernel):
        self.kernel = kernel

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, H - k + 1, W - k + 1)."""
        self.A = A
        k = self.kernel
        N, C, H, W = A.shape
        Z = np.zeros((N, C, H - k + 1, W - k + 1), dtype=A.dtype)
        for i in range(H - k + 1):
            for j in range(W - k + 1):
                Z[:, :, i, j] = A[:, :, i : i + k, j : j + k].max(axis=(2, 3))
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W).

        The largest value of a window has its whole gradient; where several tie, the first of them, row by row.
        """
        k = self.kernel
        N, C, H, W = dLdZ.shape
        n, c = np.ogrid[:N, :C]
        dLdA = np.zeros(self.A.shape, dtype=dLdZ.dtype)
        for i in range(H):
            for j in range(W):
                window = self.A[:, :, i : i + k, j : j + k].reshape(N, C, -1)
                row, column = np.unravel_index(window.argmax(axis=2), (k, k))
                dLdA[n, c, i + row, j + column] += dLdZ[:, :, i, j]
        return dLdA


class MaxPool2d:
    """Max-pooling with a stride: that with stride 1, then down-sampling."""

    def __init__(self, kernel, stride):
        self.kernel = kernel
        self.stride = stride
        self.maxpool2d_stride1 = MaxPool2d_stride1(kernel)
        self.downsample2d = Downsample2d(stride)

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, (H - k) // stride + 1, W likewise)."""
        Z = self.maxpool2d_stride1.forward(A)
        Z = self.downsample2d.forward(Z)
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W)."""
        dLdZ = self.downsample2d.backward(dLdZ)
        dLdA = self.maxpool2d_stride1.backward(dLdZ)
        return dLdA


# ---- avg_pool2d ----


class MeanPool2d_stride1:
    """The mean of every k x k window, channel by channel, with stride 1."""

    def __init__(self, kernel):
        self.kernel = kernel

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, H - k + 1, W - k + 1)."""
        self.A_shape = A.shape
        k = self.kernel
        N, C, H, W = A.shape
        Z = np.zeros((N, C, H - k + 1, W - k + 1), dtype=A.dtype)
        for i in range(H - k + 1):
            for j in range(W - k + 1):
                Z[:, :, i, j] = A[:, :, i : i + k, j : j + k].mean(axis=(2, 3))
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W)."""
        k = self.kernel
        dLdA = np.zeros(self.A_shape, dtype=dLdZ.dtype)
        for i in range(dLdZ.shape[2]):
            for j in range(dLdZ.shape[3]):
                share = dLdZ[:, :, i, j] / (k * k)
                dLdA[:, :, i : i + k, j : j + k] += share[:, :, None, None]
        return dLdA


class MeanPool2d:
    """Mean-pooling with a stride: that with stride 1, then down-sampling."""

    def __init__(self, kernel, stride):
        self.kernel = kernel
        self.stride = stride
        self.meanpool2d_stride1 = MeanPool2d_stride1(kernel)
        self.downsample2d = Downsample2d(stride)

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, (H - k) // stride + 1, W likewise)."""
        Z = self.meanpool2d_stride1.forward(A)
        Z = self.downsample2d.forward(Z)
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W)."""
        dLdZ = self.downsample2d.backward(dLdZ)
        dLdA = self.meanpool2d_stride1.backward(dLdZ)
        return dLdA
