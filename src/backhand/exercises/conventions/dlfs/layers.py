"""Layers as classes whose parameters are given to the constructor.

forward(x) returns the output and keeps what backward needs; backward(dout) takes the gradient of the loss with respect
to the output, returns the one with respect to x, and leaves the gradients of the parameters in attributes such as dW.
Each gradient has the shape of its array, and no layer but the loss has a factor 1/N. Samples are rows, and images are
(N, C, H, W): samples, channels, rows, columns.
"""

import numpy as np
from util import col2im, im2col

# ---- linear ----


class Affine:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

        y = x W + b               each sample of x as one row

    W: weights (in, out). b: biases (out,). Gradients: dW, db.
    """

    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.x = None
        self.original_x_shape = None
        self.dW = None
        self.db = None

    def forward(self, x):
        """Take inputs (N, ...), whose samples have `in` numbers each, and return outputs (N, out)."""
        self.original_x_shape = x.shape
        self.x = x.reshape(x.shape[0], -1)
        out = self.x @ self.W + self.b
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, out) and return dx in the shape of x; set dW (in, out) and db (out,)."""
        dx = dout @ self.W.T
        self.dW = self.x.T @ dout
        self.db = np.sum(dout, axis=0)  # b is added to every row
        dx = dx.reshape(self.original_x_shape)
        return dx


# ---- relu ----


class Relu:
    """Rectifier: y = max(0, x), element by element; its slope at 0 is taken as 0."""

    def __init__(self):
        self.mask = None

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx; dout itself stays as it is."""
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


# ---- sigmoid ----


class Sigmoid:
    """Logistic sigmoid: y = 1 / (1 + exp(-x)), element by element."""

    def __init__(self):
        self.out = None

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        e = np.exp(-np.abs(x))  # at most 1, so nothing overflows
        out = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
        self.out = out
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        dx = dout * self.out * (1 - self.out)
        return dx


# ---- softmax_cross_entropy ----


class SoftmaxWithLoss:
    """Softmax and cross-entropy in one layer, the last of a network.

    y = softmax(x), row by row          loss = - mean over n of the sum over k of t[n, k] log y[n, k]
    """

    def __init__(self):
        self.loss = None
        self.y = None
        self.t = None

    def forward(self, x, t):
        """Take scores x (N, K) and targets t, one-hot (N, K) or labels (N,), and return the loss in nats, a number."""
        if t.ndim == 1:
            t = np.eye(x.shape[1], dtype=x.dtype)[t]
        self.t = t
        shifted = x - x.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
        log_y = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.y = np.exp(log_y)
        self.loss = -np.sum(self.t * log_y) / x.shape[0]
        return self.loss

    def backward(self, dout=1):
        """Take the upstream gradient of the loss, a number, and return dx (N, K)."""
        batch_size = self.t.shape[0]
        dx = dout * (self.y - self.t) / batch_size
        return dx


# ---- dropout ----


class Dropout:
    """Dropout: each value is set to 0 with probability dropout_ratio in training, and all are scaled in tests.

    training: y = x mask                          mask is 0 with probability dropout_ratio, else 1
    test:     y = x (1 - dropout_ratio)           so that the mean of y is the same
    """

    def __init__(self, dropout_ratio=0.5):
        self.dropout_ratio = dropout_ratio
        self.mask = None

    def forward(self, x, train_flg=True):
        """Take inputs of any shape and return outputs of the same shape; train_flg tells training from tests."""
        if not train_flg:
            self.mask = np.full(x.shape, 1.0 - self.dropout_ratio, dtype=x.dtype)
            return x * self.mask
        self.mask = np.random.rand(*x.shape) > self.dropout_ratio
        out = x * self.mask
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx, with the mask of the last forward pass."""
        dx = dout * self.mask
        return dx


# ---- batchnorm ----


class BatchNormalization:
    """Batch normalisation: every feature has mean 0 and variance 1 over the batch, then it is scaled and shifted.

        y = gamma (x - mean) / sqrt(var + 1e-7) + beta          var is biased, divided by N

    Images (N, C, H, W) are normalised as rows of C H W features. The running statistics follow those of the batches,
    running = momentum running + (1 - momentum) batch, and take their place in tests.

    gamma, beta: scale and shift, one number per feature (D,). Gradients: dgamma, dbeta.
    """

    def __init__(self, gamma, beta, momentum=0.9, running_mean=None, running_var=None):
        self.gamma = gamma
        self.beta = beta
        self.momentum = momentum
        self.running_mean = running_mean
        self.running_var = running_var
        self.input_shape = None
        self.train_flg = None
        self.xn = None
        self.std = None
        self.dgamma = None
        self.dbeta = None

    def forward(self, x, train_flg=True):
        """Take inputs (N, D) or (N, C, H, W) and return outputs of the same shape."""
        self.input_shape = x.shape
        self.train_flg = train_flg
        x = x.reshape(x.shape[0], -1)
        if self.running_mean is None:
            self.running_mean = np.zeros(x.shape[1])
            self.running_var = np.zeros(x.shape[1])
        mean, var = self.running_mean, self.running_var
        if train_flg:
            mean = x.mean(axis=0)
            var = x.var(axis=0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        self.std = np.sqrt(var + 1e-7)
        self.xn = (x - mean) / self.std
        out = self.gamma * self.xn + self.beta
        out = out.reshape(self.input_shape)
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx, both in the shape of x; set dgamma (D,) and dbeta (D,)."""
        dout = dout.reshape(dout.shape[0], -1)
        self.dbeta = dout.sum(axis=0)
        self.dgamma = np.sum(self.xn * dout, axis=0)
        dxn = self.gamma * dout
        if self.train_flg:
            # Every x also reaches the loss through the mean and through the variance of its feature.
            mean_term = dxn.mean(axis=0)
            var_term = self.xn * np.mean(dxn * self.xn, axis=0)
            dxn = dxn - mean_term - var_term
        dx = dxn / self.std
        dx = dx.reshape(self.input_shape)
        return dx


# ---- conv2d ----


class Convolution:
    """Convolution of images as one matrix product; the filters are not flipped.

        y[n, f, i, j] = b[f] + sum over c, u, v of padded[n, c, s i + u, s j + v] W[f, c, u, v]

    padded is x with `pad` rows and columns of zeros on all four sides, and s is the stride.

    W: filters (FN, C, FH, FW). b: biases (FN,). stride, pad: in pixels. Gradients: dW, db.
    """

    def __init__(self, W, b, stride=1, pad=0):
        self.W = W
        self.b = b
        self.stride = stride
        self.pad = pad
        self.x = None
        self.col = None
        self.col_W = None
        self.dW = None
        self.db = None

    def forward(self, x):
        """Take images (N, C, H, W) and return (N, FN, H', W') with H' = 1 + (H + 2 pad - FH) // stride, W' likewise."""
        FN, _, FH, FW = self.W.shape
        N, _, H, W = x.shape
        out_h = 1 + (H + 2 * self.pad - FH) // self.stride
        out_w = 1 + (W + 2 * self.pad - FW) // self.stride
        self.x = x
        self.col = im2col(x, FH, FW, self.stride, self.pad)
        self.col_W = self.W.reshape(FN, -1).T
        out = self.col @ self.col_W + self.b
        out = out.reshape(N, out_h, out_w, FN).transpose(0, 3, 1, 2)
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, FN, H', W') and return dx (N, C, H, W); set dW (FN, C, FH, FW), db (FN,)."""
        FN, C, FH, FW = self.W.shape
        rows = dout.transpose(0, 2, 3, 1).reshape(-1, FN)
        self.db = np.sum(rows, axis=0)
        dW = self.col.T @ rows
        self.dW = dW.T.reshape(FN, C, FH, FW)
        dcol = rows @ self.col_W.T
        dx = col2im(dcol, self.x.shape, FH, FW, self.stride, self.pad)
        return dx


# ---- max_pool2d ----


class Pooling:
    """Max-pooling: the largest value in each window, channel by channel.

        y[n, c, i, j] = max over u, v of padded[n, c, s i + u, s j + v]         s is the stride

    The padding is smaller than any value of the image, so that it never wins. pool_h, pool_w, stride, pad: in pixels.
    """

    def __init__(self, pool_h, pool_w, stride=2, pad=0):
        self.pool_h = pool_h
        self.pool_w = pool_w
        self.stride = stride
        self.pad = pad
        self.x_shape = None
        self.arg_max = None

    def forward(self, x):
        """Take images (N, C, H, W) and return (N, C, H', W') with H' = 1 + (H + 2 pad - pool_h) // stride."""
        N, C, H, W = x.shape
        out_h = 1 + (H + 2 * self.pad - self.pool_h) // self.stride
        out_w = 1 + (W + 2 * self.pad - self.pool_w) // self.stride
        padded = np.pad(x, ((0, 0), (0, 0), (self.pad,) * 2, (self.pad,) * 2), constant_values=-np.inf)
        col = im2col(padded, self.pool_h, self.pool_w, self.stride)
        col = col.reshape(-1, self.pool_h * self.pool_w)
        self.x_shape = x.shape
        self.arg_max = np.argmax(col, axis=1)
        out = np.max(col, axis=1)
        out = out.reshape(N, out_h, out_w, C).transpose(0, 3, 1, 2)
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, C, H', W') and return dx (N, C, H, W).

        The largest value of a window has its whole gradient; where several tie, the first of them, row by row.
        """
        N, _, out_h, out_w = dout.shape
        upstream = dout.transpose(0, 2, 3, 1).flatten()
        dmax = np.zeros((upstream.size, self.pool_h * self.pool_w), dtype=dout.dtype)
        dmax[np.arange(self.arg_max.size), self.arg_max] = upstream
        dcol = dmax.reshape(N * out_h * out_w, -1)
        dx = col2im(dcol, self.x_shape, self.pool_h, self.pool_w, self.stride, self.pad)
        return dx
