"""Max-pooling of images with four loops, as a class."""

import numpy as np


class MaxPool:
    """The largest value of each window of kernel_size x kernel_size."""

    def __init__(self, kernel_size, stride):
        self.kernel_size = kernel_size
        self.stride = stride

    def forward(self, x):
        """Images (N, C, H, W)."""
        self.x = x
        k, s = self.kernel_size, self.stride
        N, C, H, W = x.shape
        out = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
        return out

    def backward(self, dout):
        """The first of the largest values of a window has its gradient."""
        k, s = self.kernel_size, self.stride
        N, C = self.x.shape[:2]
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                for c in range(C):
                    for n in range(N):
                        window = self.x[n, c, i * s : i * s + k, j * s : j * s + k]
                        row, column = np.unravel_index(window.argmax(), (k, k))
                        dx[n, c, i * s + row, j * s + column] += dout[n, c, i, j]
        return dx
