"""Closures and module-level state, all right."""

import numpy as np


def linear(W, b):
    """A layer as a pair of closures."""

    def forward(x):
        y = x @ W + b

        def backward(dy):
            return dy @ W.T, x.T @ dy, dy.sum(axis=0)

        return y, backward

    return forward


def relu(x):
    """The value, and the function that goes back."""

    def backward(dy):
        return dy * (x > 0)

    return np.maximum(x, 0), backward


def sigmoid(x):
    """The value, and the function that goes back."""
    y = 0.5 * (1 + np.tanh(x / 2))
    return y, lambda dy: dy * y * (1 - y)


def affine(x, w, b):
    """The value, and the function that goes back."""
    y = x @ w + b

    def backprop(dy):
        return dy @ w.T, x.T @ dy, dy.sum(axis=0)

    return y, backprop
