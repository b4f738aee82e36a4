"""Activations in unusual forms, all right."""

import functools

import numpy as np


def counted(function):
    """Counts calls, as decorators do."""

    @functools.wraps(function)
    def wrapper(*arguments, **options):
        wrapper.calls += 1
        return function(*arguments, **options)

    wrapper.calls = 0
    return wrapper


@counted
def relu_forward(x):
    """By the absolute value."""
    return (x + np.abs(x)) / 2, x


@counted
def relu_backward(dout, cache):
    return dout * 0.5 * (1 + np.sign(cache))


def sigmoid_forward(x):
    """By the hyperbolic tangent; the gradient by the exponential of the input."""
    return 0.5 * (1 + np.tanh(0.5 * x)), x


def sigmoid_backward(dout, x):
    e = np.exp(-np.abs(x))
    return dout * e / (1 + e) ** 2


def tanh_forward(x):
    """By exponentials."""
    a, b = np.exp(np.clip(x, -300, 300)), np.exp(-np.clip(x, -300, 300))
    return (a - b) / (a + b), x


def tanh_backward(dout, x):
    return dout / np.cosh(x) ** 2


def softmax_forward(x):
    """By the logarithm of the sum of exponentials."""
    top = x.max(axis=1, keepdims=True)
    return np.exp(x - (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))), None


class LoopSoftmax:
    """With the Jacobian of every sample."""

    def forward(self, x):
        e = np.exp(x - np.max(x))
        self.y = e / e.sum(axis=1)[:, None]
        return self.y

    def backward(self, dout):
        rows = []
        for y, d in zip(self.y, dout):
            jacobian = np.diag(y) - np.outer(y, y)
            rows.append(jacobian @ d)
        return np.array(rows)


class Activation:
    """The base of others, which say what their derivative is."""

    def forward(self, x):
        self.x = x
        return self.value(x)

    def backward(self, dout):
        return dout * self.slope(self.x)


class LeakyReLU(Activation):
    """By the larger of two lines."""

    def value(self, x):
        return np.maximum(x, 0.01 * x)

    def slope(self, x):
        return np.where(x < 0, 0.01, 1.0)


class Softplus(Activation):
    """By log1p."""

    def value(self, x):
        return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)

    def slope(self, x):
        return 0.5 + 0.5 * np.tanh(x / 2)


class ELU(Activation):
    """Its backward pass calls that of its base."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def value(self, x):
        return np.where(x > 0, x, self.alpha * (np.exp(np.minimum(x, 0)) - 1))

    def slope(self, x):
        return (x > 0) + (x <= 0) * self.alpha * np.exp(np.minimum(x, 0))

    def backward(self, dout):
        return super().backward(dout)


class InPlaceReLU:
    """Backward writes into the upstream gradient."""

    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        dx = dout
        return dx


class BufferTanh:
    """Writes into buffers of its own."""

    def __init__(self):
        self.buffer = np.empty(0)

    def forward(self, x):
        if self.buffer.shape != x.shape:
            self.buffer = np.empty_like(x)
            self.slope = np.empty_like(x)
        np.tanh(x, out=self.buffer)
        return self.buffer.copy()

    def backward(self, dout):
        np.multiply(self.buffer, self.buffer, out=self.slope)
        np.subtract(1, self.slope, out=self.slope)
        return dout * self.slope


class StaticSwish:
    """Static methods."""

    @staticmethod
    def forward(x):
        return x / (1 + np.exp(-x)), x

    @staticmethod
    def backward(dout, x):
        s = 1 / (1 + np.exp(-x))
        return dout * (s + x * s * (1 - s))


class ClassGELU:
    """The approximation by tanh."""

    def forward(self, x):
        self.x = x
        self.t = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dout):
        inner = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * self.x**2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t**2) * inner)


last = {}


def square_forward(x):
    """Keeps its input in the module."""
    last["x"] = x
    return x**2


def square_backward(dout):
    return 2 * last["x"] * dout
