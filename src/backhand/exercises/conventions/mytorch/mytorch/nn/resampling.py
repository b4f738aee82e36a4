"""Zeros between the values of an image, and values left out of it: each is the backward pass of the other."""

import numpy as np

# ---- resampling ----


class Upsample2d:
    """Put upsampling_factor - 1 rows and columns of zeros between those of an image."""

    def __init__(self, upsampling_factor):
        self.upsampling_factor = upsampling_factor

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, k (H - 1) + 1, k (W - 1) + 1), where k is the factor."""
        N, C, H, W = A.shape
        k = self.upsampling_factor
        Z = np.zeros((N, C, k * (H - 1) + 1, k * (W - 1) + 1), dtype=A.dtype)
        Z[:, :, ::k, ::k] = A
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W)."""
        k = self.upsampling_factor
        dLdA = dLdZ[:, :, ::k, ::k]
        return dLdA


class Downsample2d:
    """Keep the first of every downsampling_factor rows and columns of an image."""

    def __init__(self, downsampling_factor):
        self.downsampling_factor = downsampling_factor

    def forward(self, A):
        """Take images (N, C, H, W) and return (N, C, ceil(H / k), ceil(W / k)), where k is the factor."""
        self.A_shape = A.shape
        k = self.downsampling_factor
        Z = A[:, :, ::k, ::k]
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output and return dLdA (N, C, H, W)."""
        k = self.downsampling_factor
        dLdA = np.zeros(self.A_shape, dtype=dLdZ.dtype)
        dLdA[:, :, ::k, ::k] = dLdZ
        return dLdA
