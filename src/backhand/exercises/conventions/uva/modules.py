"""Modules with their parameters and gradients in the dictionaries `params` and `grads`.

forward(x) keeps what backward needs; backward(dout) takes the gradient of the loss with respect to the output, sets the
gradients of the parameters, and returns the one with respect to x. The loss keeps nothing: it is given x and y twice.
Samples are rows. The mean over the batch belongs to the loss, so no module has a factor 1/N.
"""

import numpy as np

# ---- linear ----


class LinearModule:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    x weightᵀ + bias          x (N, in_features)    weight (out_features, in_features)    bias (1, out_features)

    `params` and `grads` have the keys weight and bias.
    """

    def __init__(self, in_features, out_features):
        self.params = {
            "weight": np.random.normal(0, 0.0001, (out_features, in_features)),
            "bias": np.zeros((1, out_features)),
        }
        self.grads = {
            "weight": np.zeros((out_features, in_features)),
            "bias": np.zeros((1, out_features)),
        }
        self.x = None

    def forward(self, x):
        """Take inputs (N, in_features) and return outputs (N, out_features)."""
        self.x = x
        out = x @ self.params["weight"].T + self.params["bias"]
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, out_features), set both gradients, and return dx (N, in_features)."""
        self.grads["weight"] = dout.T @ self.x
        self.grads["bias"] = dout.sum(axis=0, keepdims=True)  # the bias is added to every row
        dx = dout @ self.params["weight"]
        return dx


# ---- relu ----


class ReLUModule:
    """Rectifier: max(0, x), element by element; its slope at 0 is taken as 0."""

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        self.x = x
        out = np.maximum(x, 0)
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        dx = dout * (self.x > 0)
        return dx


# ---- leaky_relu ----


class LeakyReLUModule:
    """Leaky rectifier: x where it is above 0, else neg_slope x; the slope at 0 is neg_slope."""

    def __init__(self, neg_slope):
        self.neg_slope = neg_slope

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        self.x = x
        out = np.where(x > 0, x, self.neg_slope * x)
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        dx = dout * np.where(self.x > 0, 1, self.neg_slope)
        return dx


# ---- elu ----


class ELUModule:
    """Exponential linear unit: x where it is above 0, else exp(x) - 1."""

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        self.x = x
        out = np.where(x > 0, x, np.expm1(np.minimum(x, 0)))  # exp of large inputs would overflow
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        slope = np.where(self.x > 0, 1, np.exp(np.minimum(self.x, 0)))
        dx = dout * slope
        return dx


# ---- softmax ----


class SoftMaxModule:
    """Softmax of every row: exp(x) over the sum of exp(x) of the row."""

    def forward(self, x):
        """Take inputs (N, n) and return probabilities (N, n); each row sums to 1."""
        e = np.exp(x - x.max(axis=1, keepdims=True))  # the same softmax, and exp cannot overflow
        self.out = e / e.sum(axis=1, keepdims=True)
        return self.out

    def backward(self, dout):
        """Take the upstream gradient (N, n) and return dx (N, n)."""
        # Every output of a row depends on every input of it: the Jacobian is diag(y) - y yᵀ, here without its matrix.
        inner = np.sum(dout * self.out, axis=1, keepdims=True)
        dx = self.out * (dout - inner)
        return dx


# ---- cross_entropy ----


class CrossEntropyModule:
    """Cross-entropy of PROBABILITIES, in nats: - mean over n of the sum over k of y[n, k] log x[n, k].

    x: probabilities (N, n), as SoftMaxModule gives them. y: one-hot labels (N, n).
    """

    def forward(self, x, y):
        """Take probabilities and labels, and return the loss, a number."""
        out = -np.sum(y * np.log(x)) / x.shape[0]
        return out

    def backward(self, x, y):
        """Take probabilities and labels, and return dx (N, n)."""
        dx = -y / x / x.shape[0]
        return dx
