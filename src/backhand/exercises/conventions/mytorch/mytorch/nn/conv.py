"""Convolution of images (N, C, H, W): one with stride 1, and one with any stride that keeps some of its outputs."""

import numpy as np
from resampling import Downsample2d

# ---- conv2d ----


class Conv2d_stride1:
    """Convolution with stride 1 and without padding; the kernels are not flipped.

        Z[n, o, i, j] = b[o] + sum over c, u, v of A[n, c, i + u, j + v] W[o, c, u, v]

    W: kernels (out_channels, in_channels, k, k). b: biases (out_channels,). Gradients: dLdW, dLdb.
    """

    def __init__(self, in_channels, out_channels, kernel_size, weight_init_fn=None, bias_init_fn=None):
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.W = np.random.normal(0, 1, shape) if weight_init_fn is None else weight_init_fn(*shape)
        self.b = np.zeros(out_channels) if bias_init_fn is None else bias_init_fn(out_channels)
        self.dLdW = np.zeros(self.W.shape)
        self.dLdb = np.zeros(self.b.shape)
        self.A = None

    def forward(self, A):
        """Take images (N, in_channels, H, W) and return (N, out_channels, H - k + 1, W - k + 1)."""
        self.A = A
        k = self.kernel_size
        N, _, H, W = A.shape
        Z = np.zeros((N, self.out_channels, H - k + 1, W - k + 1), dtype=A.dtype)
        for i in range(H - k + 1):
            for j in range(W - k + 1):
                window = A[:, :, i : i + k, j : j + k]
                Z[:, :, i, j] = np.tensordot(window, self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output, set dLdW and dLdb, and return dLdA (N, in_channels, H, W)."""
        k = self.kernel_size
        self.dLdW = np.zeros(self.W.shape)
        self.dLdb = np.sum(dLdZ, axis=(0, 2, 3))
        dLdA = np.zeros(self.A.shape, dtype=dLdZ.dtype)
        for i in range(dLdZ.shape[2]):
            for j in range(dLdZ.shape[3]):
                window = self.A[:, :, i : i + k, j : j + k]
                upstream = dLdZ[:, :, i, j]  # (N, out_channels)
                self.dLdW += np.tensordot(upstream, window, axes=(0, 0))
                dLdA[:, :, i : i + k, j : j + k] += np.tensordot(upstream, self.W, axes=(1, 0))
        return dLdA


class Conv2d:
    """Convolution with a stride and padding: zeros around the image, a convolution with stride 1, then down-sampling.

    The parameters and their gradients are those of `conv2d_stride1`.
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride, padding=0, weight_init_fn=None, bias_init_fn=None
    ):
        self.stride = stride
        self.pad = padding
        self.conv2d_stride1 = Conv2d_stride1(in_channels, out_channels, kernel_size, weight_init_fn, bias_init_fn)
        self.downsample2d = Downsample2d(stride)

    def forward(self, A):
        """Take images (N, in_channels, H, W); return (N, out_channels, (H + 2 pad - k) // stride + 1, W likewise)."""
        padded = np.pad(A, ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad)))
        Z = self.conv2d_stride1.forward(padded)
        Z = self.downsample2d.forward(Z)
        return Z

    def backward(self, dLdZ):
        """Take the upstream gradient of the output, and return dLdA (N, in_channels, H, W)."""
        dLdZ = self.downsample2d.backward(dLdZ)
        dLdA = self.conv2d_stride1.backward(dLdZ)
        H, W = dLdA.shape[2:]
        dLdA = dLdA[:, :, self.pad : H - self.pad, self.pad : W - self.pad]  # the zeros around it are constants
        return dLdA
