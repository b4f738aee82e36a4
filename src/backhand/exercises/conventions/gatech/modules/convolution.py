"""Convolution of images (N, C, H, W): backward returns nothing, and leaves dx, dw and db in attributes."""

import numpy as np

# ---- conv2d ----


class Conv2D:
    """Convolution; the kernels are not flipped.

        out[n, o, i, j] = bias[o] + sum over c, u, v of padded[n, c, s i + u, s j + v] weight[o, c, u, v]

    padded is x with `padding` rows and columns of zeros on all four sides, and s is the stride.

    weight: (out_channels, in_channels, kernel_size, kernel_size). bias: (out_channels,). Gradients: dx, dw, db.
    """

    def __init__(self, in_channels, out_channels, kernel_size=3, stride=1, padding=0):
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.weight = 1e-3 * np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
        self.bias = np.zeros(out_channels)
        self.cache = None
        self.dx = None
        self.dw = None
        self.db = None

    def forward(self, x):
        """Take images (N, C, H, W) and return (N, out_channels, H', W').

        H' = (H + 2 padding - kernel_size) // stride + 1, W' likewise.
        """
        k, s, p = self.kernel_size, self.stride, self.padding
        N, _, H, W = x.shape
        H_out = (H + 2 * p - k) // s + 1
        W_out = (W + 2 * p - k) // s + 1
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        out = np.zeros((N, self.out_channels, H_out, W_out), dtype=x.dtype)
        for i in range(H_out):
            for j in range(W_out):
                window = padded[:, :, i * s : i * s + k, j * s : j * s + k]
                out[:, :, i, j] = np.tensordot(window, self.weight, axes=([1, 2, 3], [1, 2, 3])) + self.bias
        self.cache = x
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, out_channels, H', W'), and set dx, dw and db."""
        x = self.cache
        k, s, p = self.kernel_size, self.stride, self.padding
        H, W = x.shape[2:]
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        dpadded = np.zeros_like(padded)
        self.dw = np.zeros_like(self.weight)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                window = padded[:, :, i * s : i * s + k, j * s : j * s + k]
                upstream = dout[:, :, i, j]  # (N, out_channels)
                self.dw += np.tensordot(upstream, window, axes=(0, 0))
                # Windows overlap where the stride is smaller than the kernel: a pixel collects from all that saw it.
                dpadded[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(upstream, self.weight, axes=(1, 0))
        self.dx = dpadded[:, :, p : p + H, p : p + W]  # the zeros around the image are constants
        self.db = dout.sum(axis=(0, 2, 3))
