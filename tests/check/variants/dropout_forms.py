"""Dropout in unusual forms, all right."""

import numpy as np


def dropout_forward(x, keep_prob, training=True):
    """The probability to keep; choice for the mask."""
    if not training:
        return x, None
    mask = np.random.choice([0.0, 1.0], size=x.shape, p=[1 - keep_prob, keep_prob]) / keep_prob
    return x * mask, mask


def dropout_backward(dout, mask):
    return dout if mask is None else dout * mask


class GeneratorDropout:
    """A generator of its own, made anew from its seed by reset."""

    def __init__(self, p=0.5, seed=0):
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.training = True

    def forward(self, x):
        if not self.training:
            self.mask = np.ones_like(x)
        else:
            self.mask = self.rng.binomial(1, 1 - self.p, x.shape) / (1 - self.p)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask


class WhereDropout:
    """By np.where, with the scale applied in both passes."""

    def __init__(self, drop_prob=0.5):
        self.drop_prob = drop_prob
        self.scale = 1 / (1 - drop_prob)

    def forward(self, x, train=True):
        self.train = train
        if not train:
            return x
        self.kept = np.random.random_sample(x.shape) >= self.drop_prob
        return np.where(self.kept, x * self.scale, 0)

    def backward(self, grad_output):
        if not self.train:
            return grad_output
        return np.where(self.kept, grad_output * self.scale, 0)


class TestScaledDropout:
    """Keeps with probability p, and scales in tests."""

    def __init__(self, keep_prob):
        self.keep_prob = keep_prob

    def forward(self, x, is_training=True):
        if is_training:
            self.factor = (np.random.uniform(0, 1, x.shape) < self.keep_prob).astype(x.dtype)
        else:
            self.factor = self.keep_prob
        return self.factor * x

    def backward(self, dout):
        return self.factor * dout
