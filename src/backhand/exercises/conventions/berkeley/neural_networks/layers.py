"""Layers with their activation inside, whose parameters are made at the first forward pass; images are channels-last.

forward(X) keeps what backward needs in `cache`; backward(dLdY) takes the gradient of the loss with respect to the
output, sets `gradients` under the names of `parameters`, and returns the one with respect to X. Samples are rows,
images (N, rows, columns, channels). The mean over the batch belongs to the loss, so no layer has a factor 1/N.
"""

from collections import OrderedDict

import numpy as np
from neural_networks.activations import initialize_activation
from neural_networks.weights import initialize_weights


def same_or_valid(pad, kernel_shape):
    """Turn "same", "valid", a number or a pair into (rows, columns) of zeros on each side; "same" is for stride 1."""
    if pad == "same":
        return (kernel_shape[0] - 1) // 2, (kernel_shape[1] - 1) // 2
    if pad == "valid":
        return 0, 0
    return (pad, pad) if isinstance(pad, int) else tuple(pad)


class Layer:
    """What all layers have: parameters, their gradients, and a cache."""

    def __init__(self):
        self.n_in = None
        self.parameters = OrderedDict()
        self.gradients = OrderedDict()
        self.cache = OrderedDict()


# ---- linear ----


class FullyConnected(Layer):
    """Affine map and activation.

        Z = X W + b             Y = activation(Z)

    W: weights (n_in, n_out). b: biases (1, n_out). activation: a name, such as "relu".
    """

    def __init__(self, n_out, activation="linear", weight_init="xavier_uniform"):
        super().__init__()
        self.n_out = n_out
        self.activation = initialize_activation(activation)
        self.weight_init = weight_init

    def _init_parameters(self, X_shape):  # given
        self.n_in = X_shape[1]
        self.parameters["W"] = initialize_weights((self.n_in, self.n_out), self.weight_init)
        self.parameters["b"] = np.zeros((1, self.n_out))
        self.gradients = OrderedDict((name, np.zeros_like(value)) for name, value in self.parameters.items())

    def forward(self, X):
        """Take inputs (N, n_in) and return outputs (N, n_out)."""
        if self.n_in is None:
            self._init_parameters(X.shape)
        Z = X @ self.parameters["W"] + self.parameters["b"]
        out = self.activation(Z)
        self.cache["X"] = X
        self.cache["Z"] = Z
        return out

    def backward(self, dLdY):
        """Take the upstream gradient (N, n_out), set both gradients, and return the one with respect to X (N, n_in)."""
        X = self.cache["X"]
        dZ = self.activation.backward(self.cache["Z"], dLdY)
        self.gradients["W"] = X.T @ dZ
        self.gradients["b"] = dZ.sum(axis=0, keepdims=True)  # b is added to every row
        dX = dZ @ self.parameters["W"].T
        return dX


# ---- conv2d ----


class Conv2D(Layer):
    """Convolution and activation; the kernels are not flipped.

        Z[n, i, j, o] = b[o] + sum over u, v, c of padded[n, s i + u, s j + v, c] W[u, v, c, o]

    padded is X with zeros on all four sides, and s is the stride.

    W: kernels (kernel_height, kernel_width, n_in, n_out). b: biases (1, n_out).
    kernel_shape: (kernel_height, kernel_width). pad: "same", "valid" or numbers of pixels.
    """

    def __init__(self, n_out, kernel_shape, activation="linear", weight_init="xavier_uniform", stride=1, pad="same"):
        super().__init__()
        self.n_out = n_out
        self.kernel_shape = kernel_shape
        self.activation = initialize_activation(activation)
        self.weight_init = weight_init
        self.stride = stride
        self.pad = same_or_valid(pad, kernel_shape)

    def _init_parameters(self, X_shape):  # given
        self.n_in = X_shape[3]
        self.parameters["W"] = initialize_weights((*self.kernel_shape, self.n_in, self.n_out), self.weight_init)
        self.parameters["b"] = np.zeros((1, self.n_out))
        self.gradients = OrderedDict((name, np.zeros_like(value)) for name, value in self.parameters.items())

    def forward(self, X):
        """Take images (N, rows, columns, n_in) and return (N, out_rows, out_columns, n_out).

        out_rows = (rows + 2 pad - kernel_height) // stride + 1, out_columns likewise.
        """
        if self.n_in is None:
            self._init_parameters(X.shape)
        W, b = self.parameters["W"], self.parameters["b"]
        (kh, kw), (ph, pw), s = self.kernel_shape, self.pad, self.stride
        padded = np.pad(X, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
        out_rows = (padded.shape[1] - kh) // s + 1
        out_columns = (padded.shape[2] - kw) // s + 1
        Z = np.zeros((X.shape[0], out_rows, out_columns, self.n_out), dtype=X.dtype)
        for i in range(out_rows):
            for j in range(out_columns):
                window = padded[:, i * s : i * s + kh, j * s : j * s + kw, :]
                Z[:, i, j, :] = np.tensordot(window, W, axes=3) + b
        out = self.activation(Z)
        self.cache["X"] = X
        self.cache["Z"] = Z
        return out

    def backward(self, dLdY):
        """Take the upstream gradient of the output, set both gradients, and return the one with respect to X."""
        X, W = self.cache["X"], self.parameters["W"]
        (kh, kw), (ph, pw), s = self.kernel_shape, self.pad, self.stride
        rows, columns = X.shape[1:3]
        padded = np.pad(X, ((0, 0), (ph, ph), (pw, pw), (0, 0)))
        dZ = self.activation.backward(self.cache["Z"], dLdY)
        dpadded = np.zeros_like(padded)
        dW = np.zeros_like(W)
        for i in range(dZ.shape[1]):
            for j in range(dZ.shape[2]):
                window = padded[:, i * s : i * s + kh, j * s : j * s + kw, :]
                upstream = dZ[:, i, j, :]  # (N, n_out)
                dW += np.tensordot(window, upstream, axes=(0, 0))
                # Windows overlap where the stride is smaller than the kernel: a pixel collects from all that saw it.
                dpadded[:, i * s : i * s + kh, j * s : j * s + kw, :] += np.tensordot(upstream, W, axes=(1, 3))
        self.gradients["W"] = dW
        self.gradients["b"] = dZ.sum(axis=(0, 1, 2)).reshape(1, -1)
        dX = dpadded[:, ph : ph + rows, pw : pw + columns, :]  # the zeros around the image are constants
        return dX


# ---- pooling ----


class Pool2D(Layer):
    """Pooling: the largest value or the mean of each window, channel by channel.

    kernel_shape: (rows, columns) of the window. mode: "max" or "average". stride: in pixels.
    pad: "same", "valid" or numbers of pixels; the padding is smaller than all values for "max", and 0 for "average".
    """

    def __init__(self, kernel_shape, mode="max", stride=1, pad=0):
        super().__init__()
        self.kernel_shape = kernel_shape
        self.mode = mode
        self.stride = stride
        self.pad = same_or_valid(pad, kernel_shape)

    def _padded(self, X):  # given
        (ph, pw), value = self.pad, -np.inf if self.mode == "max" else 0.0
        return np.pad(X, ((0, 0), (ph, ph), (pw, pw), (0, 0)), constant_values=value)

    def forward(self, X):
        """Take images (N, rows, columns, channels) and return (N, out_rows, out_columns, channels)."""
        (kh, kw), s = self.kernel_shape, self.stride
        padded = self._padded(X)
        out_rows = (padded.shape[1] - kh) // s + 1
        out_columns = (padded.shape[2] - kw) // s + 1
        out = np.zeros((X.shape[0], out_rows, out_columns, X.shape[3]), dtype=X.dtype)
        for i in range(out_rows):
            for j in range(out_columns):
                window = padded[:, i * s : i * s + kh, j * s : j * s + kw, :]
                if self.mode == "max":
                    out[:, i, j, :] = window.max(axis=(1, 2))
                else:
                    out[:, i, j, :] = window.mean(axis=(1, 2))
        self.cache["X"] = X
        return out

    def backward(self, dLdY):
        """Take the upstream gradient of the output and return the one with respect to X.

        The largest value of a window has its whole gradient; where several tie, the first of them, row by row.
        """
        X = self.cache["X"]
        (kh, kw), (ph, pw), s = self.kernel_shape, self.pad, self.stride
        N, rows, columns, channels = X.shape
        n, c = np.ogrid[:N, :channels]
        padded = self._padded(X)
        dpadded = np.zeros_like(padded)
        for i in range(dLdY.shape[1]):
            for j in range(dLdY.shape[2]):
                upstream = dLdY[:, i, j, :]
                if self.mode == "max":
                    window = padded[:, i * s : i * s + kh, j * s : j * s + kw, :]
                    winner = window.reshape(N, -1, channels).argmax(axis=1)
                    row, column = np.unravel_index(winner, (kh, kw))
                    dpadded[n, i * s + row, j * s + column, c] += upstream
                else:
                    share = upstream[:, None, None, :] / (kh * kw)
                    dpadded[:, i * s : i * s + kh, j * s : j * s + kw, :] += share
        dX = dpadded[:, ph : ph + rows, pw : pw + columns, :]
        return dX


# ---- flatten ----


class Flatten(Layer):
    """One row per sample: (N, rows, columns, channels) becomes (N, rows columns channels)."""

    def forward(self, X):
        """Take inputs whose first axis is the sample, and return one row for each."""
        self.cache["X"] = X
        out = X.reshape(X.shape[0], -1)
        return out

    def backward(self, dLdY):
        """Take the upstream gradient of the rows and return the one with respect to X, in its shape."""
        dX = dLdY.reshape(self.cache["X"].shape)
        return dX
