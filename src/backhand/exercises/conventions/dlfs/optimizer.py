"""Optimisers: update(params, grads) changes the arrays of one dictionary by those of another, under the same keys."""

import numpy as np

# ---- sgd ----


class SGD:
    """Gradient descent: p = p - lr g."""

    def __init__(self, lr=0.01):
        self.lr = lr

    def update(self, params, grads):
        """Move every parameter, in place, by one step against its gradient."""
        for key in params:
            params[key] -= self.lr * grads[key]


# ---- momentum ----


class Momentum:
    """Gradient descent with momentum: v = momentum v - lr g, then p = p + v; v is 0 at first."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.v = None

    def update(self, params, grads):
        """Move every parameter, in place, by its velocity."""
        if self.v is None:
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        for key in params:
            self.v[key] = self.momentum * self.v[key] - self.lr * grads[key]
            params[key] += self.v[key]


# ---- adam ----


class Adam:
    """Adam, by Kingma and Ba 2015: means of the gradient and of its square, both corrected for their start at 0.

    m = beta1 m + (1 - beta1) g             v = beta2 v + (1 - beta2) g²
    p = p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + 1e-8)           t = 1, 2, ... counts the steps
    """

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr = lr
        self.beta1 = beta1
        self.beta2 = beta2
        self.iter = 0
        self.m = None
        self.v = None

    def update(self, params, grads):
        """Move every parameter, in place, by one step of Adam."""
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.iter += 1
        for key in params:
            self.m[key] = self.beta1 * self.m[key] + (1 - self.beta1) * grads[key]
            self.v[key] = self.beta2 * self.v[key] + (1 - self.beta2) * grads[key] ** 2
            m_hat = self.m[key] / (1 - self.beta1**self.iter)
            v_hat = self.v[key] / (1 - self.beta2**self.iter)
            params[key] -= self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)
