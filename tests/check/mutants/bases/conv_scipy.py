"""A convolution layer by SciPy's convolutions, sample by sample."""

import numpy as np
from scipy.signal import convolve2d, correlate2d


class Conv2D:
    """Cross-correlation without padding. W (out_channels, in_channels, k, k), b (out_channels,)."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.b = np.random.randn(out_channels)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, X):
        """Images (N, C, H, W) to (N, out_channels, H - k + 1, W - k + 1)."""
        self.X = X
        N, C = X.shape[:2]
        F = self.W.shape[0]
        out = []
        for n in range(N):
            maps = []
            for f in range(F):
                total = sum(correlate2d(X[n, c], self.W[f, c], mode="valid") for c in range(C))
                maps.append(total + self.b[f])
            out.append(maps)
        return np.array(out)

    def backward(self, dY):
        """Return the gradient of X; leave those of W and b."""
        N, C, H, W = self.X.shape
        F = self.W.shape[0]
        dX = np.zeros_like(self.X)
        self.dW = np.zeros_like(self.W)
        self.db = dY.sum(axis=(0, 2, 3))
        for n in range(N):
            for f in range(F):
                for c in range(C):
                    self.dW[f, c] += correlate2d(self.X[n, c], dY[n, f], mode="valid")
                    dX[n, c] += convolve2d(dY[n, f], self.W[f, c], mode="full")
        return dX
