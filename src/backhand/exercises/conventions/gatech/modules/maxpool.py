"""Max-pooling of images (N, C, H, W): backward returns nothing, and leaves dx in an attribute."""

import numpy as np

# ---- max_pool2d ----


class MaxPooling:
    """Max-pooling: the largest value in each window of kernel_size x kernel_size pixels, channel by channel."""

    def __init__(self, kernel_size, stride):
        self.kernel_size = kernel_size
        self.stride = stride
        self.cache = None
        self.dx = None

    def forward(self, x):
        """Take images (N, C, H, W) and return (N, C, H', W'), with H' = (H - kernel_size) // stride + 1."""
        k, s = self.kernel_size, self.stride
        N, C, H, W = x.shape
        H_out = (H - k) // s + 1
        W_out = (W - k) // s + 1
        out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
        for i in range(H_out):
            for j in range(W_out):
                out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
        self.cache = (x, H_out, W_out)
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, C, H', W'), and set dx in the shape of x.

        The largest value of a window has its whole gradient; where several tie, the first of them, row by row.
        """
        x, H_out, W_out = self.cache
        k, s = self.kernel_size, self.stride
        N, C = x.shape[:2]
        n, c = np.ogrid[:N, :C]
        self.dx = np.zeros_like(x)
        for i in range(H_out):
            for j in range(W_out):
                window = x[:, :, i * s : i * s + k, j * s : j * s + k].reshape(N, C, -1)
                row, column = np.unravel_index(window.argmax(axis=2), (k, k))
                self.dx[n, c, i * s + row, j * s + column] += dout[:, :, i, j]
