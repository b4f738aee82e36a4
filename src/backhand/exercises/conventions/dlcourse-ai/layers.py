"""Layers whose parameters are `Param` objects, with a value and a gradient, for images in channels-last order.

forward(X) keeps what backward needs; backward(d_out) takes the gradient of the loss with respect to the output, ADDS to
the gradients of the parameters, and returns the one with respect to X. Each gradient has the shape of its array.
"""

import numpy as np


class Param:
    """A trainable parameter: `value`, and `grad`, the sum of the gradients since it was last set to 0."""

    def __init__(self, value):
        self.value = value
        self.grad = np.zeros_like(value)


# ---- l2 ----


def l2_regularization(W, reg_strength):
    """Compute the L2 penalty, reg_strength times the sum of W², and its gradient.

    W: an array of any shape. reg_strength: a number. Returns loss, a number, and grad in the shape of W.
    """
    loss = reg_strength * np.sum(W**2)
    grad = 2 * reg_strength * W
    return loss, grad


# ---- softmax_cross_entropy ----


def softmax_with_cross_entropy(preds, target_index):
    """Compute the cross-entropy of the softmax of scores, in nats, and its gradient.

        p = softmax(preds), row by row          loss = - mean over n of log p[n, target_index[n]]

    preds: scores (N, classes), or (classes,) of one sample. target_index: labels (N,) or (N, 1), or one integer.
    Returns loss, a number, and d_preds in the shape of preds.
    """
    scores = np.atleast_2d(preds)
    labels = np.ravel(target_index)
    samples = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[samples, labels].mean()

    d_preds = np.exp(log_probs)
    d_preds[samples, labels] -= 1
    d_preds /= len(scores)
    d_preds = d_preds.reshape(preds.shape)
    return loss, d_preds


# ---- relu ----


class ReLULayer:
    """Rectifier: max(0, X), element by element; its slope at 0 is taken as 0."""

    def __init__(self):
        self.mask = None

    def forward(self, X):
        """Take inputs of any shape and return outputs of the same shape."""
        self.mask = X > 0
        out = X * self.mask
        return out

    def backward(self, d_out):
        """Take the upstream gradient and return the one with respect to X."""
        d_X = d_out * self.mask
        return d_X

    def params(self):  # given
        """Return the dictionary of the parameters: there are none."""
        return {}


# ---- linear ----


class FullyConnectedLayer:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    X W + B           X (N, n_input)    W (n_input, n_output)    B (1, n_output)
    """

    def __init__(self, n_input, n_output):
        self.W = Param(0.001 * np.random.randn(n_input, n_output))
        self.B = Param(0.001 * np.random.randn(1, n_output))
        self.X = None

    def forward(self, X):
        """Take inputs (N, n_input) and return outputs (N, n_output)."""
        self.X = X
        out = X @ self.W.value + self.B.value
        return out

    def backward(self, d_out):
        """Take the upstream gradient (N, n_output), add to W.grad and B.grad, and return d_X (N, n_input)."""
        self.W.grad += self.X.T @ d_out
        self.B.grad += d_out.sum(axis=0, keepdims=True)  # B is added to every row
        d_X = d_out @ self.W.value.T
        return d_X

    def params(self):  # given
        """Return the dictionary of the parameters."""
        return {"W": self.W, "B": self.B}


# ---- conv2d ----


class ConvolutionalLayer:
    """Convolution of images with stride 1; the filters are not flipped.

        out[n, i, j, o] = B[o] + sum over u, v, c of padded[n, i + u, j + v, c] W[u, v, c, o]

    padded is X with `padding` rows and columns of zeros on all four sides.

    W: filters (filter_size, filter_size, in_channels, out_channels). B: biases (out_channels,).
    """

    def __init__(self, in_channels, out_channels, filter_size, padding):
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.filter_size = filter_size
        self.padding = padding
        self.W = Param(np.random.randn(filter_size, filter_size, in_channels, out_channels))
        self.B = Param(np.zeros(out_channels))
        self.X = None

    def forward(self, X):
        """Take images (N, height, width, in_channels) and return (N, out_height, out_width, out_channels).

        out_height = height + 2 padding - filter_size + 1, out_width likewise.
        """
        p, f = self.padding, self.filter_size
        self.X = np.pad(X, ((0, 0), (p, p), (p, p), (0, 0)))
        batch_size, height, width, _ = self.X.shape
        out = np.zeros((batch_size, height - f + 1, width - f + 1, self.out_channels), dtype=X.dtype)
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                window = self.X[:, y : y + f, x : x + f, :]
                out[:, y, x, :] = np.tensordot(window, self.W.value, axes=3) + self.B.value
        return out

    def backward(self, d_out):
        """Take the upstream gradient of the output, add to W.grad and B.grad, and return d_X in the shape of X."""
        p, f = self.padding, self.filter_size
        d_padded = np.zeros_like(self.X)
        for y in range(d_out.shape[1]):
            for x in range(d_out.shape[2]):
                window = self.X[:, y : y + f, x : x + f, :]
                upstream = d_out[:, y, x, :]  # (N, out_channels)
                self.W.grad += np.tensordot(window, upstream, axes=(0, 0))
                # Windows overlap: a pixel collects from all that saw it.
                d_padded[:, y : y + f, x : x + f, :] += np.tensordot(upstream, self.W.value, axes=(1, 3))
        self.B.grad += d_out.sum(axis=(0, 1, 2))
        height, width = d_padded.shape[1:3]
        d_X = d_padded[:, p : height - p, p : width - p, :]  # the zeros around the image are constants
        return d_X

    def params(self):  # given
        """Return the dictionary of the parameters."""
        return {"W": self.W, "B": self.B}


# ---- max_pool2d ----


class MaxPoolingLayer:
    """Max-pooling: the largest value in each window of pool_size x pool_size pixels, channel by channel."""

    def __init__(self, pool_size, stride):
        self.pool_size = pool_size
        self.stride = stride
        self.X = None

    def forward(self, X):
        """Take images (N, height, width, channels) and return (N, out_height, out_width, channels).

        out_height = (height - pool_size) // stride + 1, out_width likewise.
        """
        self.X = X
        k, s = self.pool_size, self.stride
        batch_size, height, width, channels = X.shape
        out = np.zeros((batch_size, (height - k) // s + 1, (width - k) // s + 1, channels), dtype=X.dtype)
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                window = X[:, y * s : y * s + k, x * s : x * s + k, :]
                out[:, y, x, :] = window.max(axis=(1, 2))
        return out

    def backward(self, d_out):
        """Take the upstream gradient of the output and return d_X in the shape of X.

        The largest value of a window has its whole gradient; where several tie, the first of them, row by row.
        """
        k, s = self.pool_size, self.stride
        batch_size, out_height, out_width, channels = d_out.shape
        n, c = np.ogrid[:batch_size, :channels]
        d_X = np.zeros_like(self.X)
        for y in range(out_height):
            for x in range(out_width):
                window = self.X[:, y * s : y * s + k, x * s : x * s + k, :]
                winner = window.reshape(batch_size, -1, channels).argmax(axis=1)
                row, column = np.unravel_index(winner, (k, k))
                d_X[n, y * s + row, x * s + column, c] += d_out[:, y, x, :]
        return d_X

    def params(self):  # given
        """Return the dictionary of the parameters: there are none."""
        return {}


# ---- flatten ----


class Flattener:
    """One row per sample: (N, height, width, channels) becomes (N, height width channels)."""

    def __init__(self):
        self.X_shape = None

    def forward(self, X):
        """Take images and return one row for each."""
        self.X_shape = X.shape
        out = X.reshape(X.shape[0], -1)
        return out

    def backward(self, d_out):
        """Take the upstream gradient of the rows and return d_X in the shape of X."""
        d_X = d_out.reshape(self.X_shape)
        return d_X

    def params(self):  # given
        """Return the dictionary of the parameters: there are none."""
        return {}
