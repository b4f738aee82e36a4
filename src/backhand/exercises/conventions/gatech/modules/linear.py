"""The fully connected layer: backward returns nothing, and leaves dx, dw and db in attributes."""

import numpy as np

# ---- linear ----


class Linear:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

        out = x weight + bias             each sample of x as one row

    weight: (in_dim, out_dim). bias: (out_dim,). Gradients: dx, dw, db, in the shapes of x, weight and bias.
    """

    def __init__(self, in_dim, out_dim):
        self.in_dim = in_dim
        self.out_dim = out_dim
        self.weight = 1e-3 * np.random.randn(in_dim, out_dim)
        self.bias = np.zeros(out_dim)
        self.cache = None
        self.dx = None
        self.dw = None
        self.db = None

    def forward(self, x):
        """Take inputs (N, d_1, ..., d_k), with in_dim = d_1 ... d_k, and return outputs (N, out_dim)."""
        rows = x.reshape(x.shape[0], -1)
        out = rows @ self.weight + self.bias
        self.cache = x
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, out_dim), and set dx, dw and db."""
        x = self.cache
        rows = x.reshape(x.shape[0], -1)
        self.dx = (dout @ self.weight.T).reshape(x.shape)
        self.dw = rows.T @ dout
        self.db = dout.sum(axis=0)  # the bias is added to every row
