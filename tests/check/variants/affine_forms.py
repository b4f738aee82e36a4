"""Affine layers in unusual forms, all right."""

from collections import namedtuple
from dataclasses import dataclass, field
from functools import partial

import numpy as np


def einsum_linear_forward(x, w, b):
    """With Einstein's sums."""
    return np.einsum("ni,io->no", x, w) + b, (x, w)


def einsum_linear_backward(dout, cache):
    x, w = cache
    return np.einsum("no,io->ni", dout, w), np.einsum("ni,no->io", x, dout), np.einsum("no->o", dout)


def loop_linear_forward(x, w, b):
    """Sample by sample, output by output."""
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for o in range(w.shape[1]):
            out[n, o] = sum(x[n, i] * w[i, o] for i in range(w.shape[0])) + b[o]
    return out, (x, w, b)


def loop_linear_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(x.shape[0]):
        for o in range(w.shape[1]):
            db[o] += dout[n, o]
            for i in range(w.shape[0]):
                dx[n, i] += dout[n, o] * w[i, o]
                dw[i, o] += dout[n, o] * x[n, i]
    return dx, dw, db


class BiasRowLinear:
    """The bias is the last row of the weights, and the input gets a column of ones."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in + 1, n_out)
        self.dW = np.zeros_like(self.W)

    def forward(self, x):
        self.x1 = np.hstack([x, np.ones((len(x), 1))])
        return self.x1 @ self.W

    def backward(self, dout):
        self.dW = self.x1.T @ dout
        return dout @ self.W[:-1].T


class SlottedLinear:
    """Attributes in slots."""

    __slots__ = ("W", "b", "dW", "db", "x")

    def __init__(self, in_features, out_features):
        self.W = np.random.randn(in_features, out_features)
        self.b = np.zeros(out_features)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x.dot(self.W) + self.b

    def backward(self, dout):
        self.dW = self.x.T.dot(dout)
        self.db = dout.sum(0)
        return dout.dot(self.W.T)


@dataclass
class DataLinear:
    """A dataclass whose parameters are made from its sizes."""

    n_in: int
    n_out: int
    params: dict = field(default_factory=dict)
    grads: dict = field(default_factory=dict)

    def __post_init__(self):
        self.params = {"W": np.random.randn(self.n_in, self.n_out), "b": np.zeros(self.n_out)}

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        self.grads = {"W": self.x.T @ dout, "b": dout.sum(axis=0)}
        return dout @ self.params["W"].T


class LazyDense:
    """Parameters made at the first forward pass."""

    def __init__(self, units):
        self.units = units
        self.weights = None

    def forward(self, inputs):
        if self.weights is None:
            self.weights = 0.01 * np.random.randn(inputs.shape[1], self.units)
            self.bias = np.zeros(self.units)
        self.inputs = inputs
        return inputs @ self.weights + self.bias

    def backward(self, grad):
        self.grad_weights = self.inputs.T @ grad
        self.grad_bias = grad.sum(axis=0)
        return grad @ self.weights.T


class NestedLinear:
    """Values and gradients in nested dictionaries."""

    def __init__(self, n_in, n_out):
        self.params = {
            "W": {"value": np.random.randn(n_in, n_out), "grad": None},
            "b": {"value": np.random.randn(n_out), "grad": None},
        }

    def forward(self, x):
        self.x = x
        return x @ self.params["W"]["value"] + self.params["b"]["value"]

    def backward(self, dout):
        self.params["W"]["grad"] = self.x.T @ dout
        self.params["b"]["grad"] = dout.sum(axis=0)
        return dout @ self.params["W"]["value"].T


class PropertyLinear:
    """Parameters behind properties."""

    def __init__(self, n_in, n_out):
        self._storage = [np.random.randn(n_out, n_in), np.random.randn(n_out)]
        self._grads = [None, None]

    @property
    def W(self):
        return self._storage[0]

    @property
    def b(self):
        return self._storage[1]

    def forward(self, x):
        self.x = x
        return x @ self.W.T + self.b

    def backward(self, dout):
        self._grads[0] = dout.T @ self.x
        self._grads[1] = dout.sum(axis=0)
        return dout @ self.W


class CalledLinear:
    """Called like a function; the cache is a list."""

    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)
        self.b = np.random.randn(1, n_out)
        self.cache = []

    def __call__(self, x):
        self.cache.append(x)
        return x @ self.w + self.b

    def backward(self, dout):
        x = self.cache.pop()
        self.dw, self.db = x.T @ dout, dout.sum(axis=0, keepdims=True)
        return dout @ self.w.T


Cache = namedtuple("Cache", "x w b")


def tuple_affine_forward(x, w, b):
    """A named tuple as the cache."""
    return x @ w + b, Cache(x, w, b)


def tuple_affine_backward(dout, cache):
    return dout @ cache.w.T, cache.x.T @ dout, np.ones(len(dout)) @ dout


def dictionary_affine_forward(x, w, b):
    """A dictionary as the cache, and as the result of backward."""
    return x @ w + b, {"x": x, "w": w, "b": b}


def dictionary_affine_backward(dout, cache):
    return {"dx": dout @ cache["w"].T, "dw": cache["x"].T @ dout, "db": dout.sum(axis=0)}


def _scaled_sum(dout, scale):
    return scale * dout.sum(axis=0)


bias_gradient = partial(_scaled_sum, scale=1.0)


def partial_affine_forward(x, w, b):
    """A part of backward comes from functools.partial."""
    return x @ w + b, (x, w)


def partial_affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, bias_gradient(dout)
