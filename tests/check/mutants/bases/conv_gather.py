"""A convolution whose gradient collects, for each pixel, from all windows that saw it."""

import numpy as np


class Conv:
    """Cross-correlation with stride 1 and without padding. W (F, C, k, k), b (F,)."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.k = kernel_size
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.b = np.random.randn(out_channels)

    def forward(self, x):
        """Images (N, C, H, W)."""
        self.x = x
        k = self.k
        rows, columns = x.shape[2] - k + 1, x.shape[3] - k + 1
        out = np.zeros((len(x), len(self.W), rows, columns))
        for i in range(rows):
            for j in range(columns):
                out[:, :, i, j] = np.tensordot(x[:, :, i : i + k, j : j + k], self.W, axes=([1, 2, 3], [1, 2, 3]))
        return out + self.b[None, :, None, None]

    def backward(self, dout):
        """Return the gradient of x; leave those of W and b."""
        k = self.k
        self.db = dout.sum(axis=(0, 2, 3))
        self.dW = np.zeros_like(self.W)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                self.dW += np.tensordot(dout[:, :, i, j], self.x[:, :, i : i + k, j : j + k], axes=(0, 0))
        flipped = self.W[:, :, ::-1, ::-1]
        border = np.pad(dout, ((0, 0), (0, 0), (k - 1, k - 1), (k - 1, k - 1)))
        dx = np.zeros_like(self.x)
        for i in range(dx.shape[2]):
            for j in range(dx.shape[3]):
                window = border[:, :, i : i + k, j : j + k]
                dx[:, :, i, j] = np.tensordot(window, flipped, axes=([1, 2, 3], [0, 2, 3]))
        return dx
