"""Losses in unusual forms, all right."""

import numpy as np
from scipy.special import logsumexp


def softmax_loss(scores, y):
    """By the logarithm of a sum of exponentials."""
    N = len(scores)
    loss = np.mean(logsumexp(scores, axis=1) - scores[np.arange(N), y])
    grad = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    grad[np.arange(N), y] -= 1
    return loss, grad / N


def cross_entropy_loss(logits, labels):
    """Labels as a column."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    loss = -np.take_along_axis(log_p, labels, axis=1).mean()
    d = np.exp(log_p)
    np.put_along_axis(d, labels, np.take_along_axis(d, labels, axis=1) - 1, axis=1)
    return loss, d / len(logits)


class SumCrossEntropy:
    """The sum over the batch, not its mean; one-hot labels."""

    def forward(self, x, t):
        shifted = x - x.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.t = t
        return -(t * self.log_p).sum()

    def backward(self):
        return np.exp(self.log_p) - self.t


def svm_loss_loops(x, y):
    """With loops over samples and classes."""
    loss, dx = 0.0, np.zeros_like(x)
    for n in range(len(x)):
        for k in range(x.shape[1]):
            margin = x[n, k] - x[n, y[n]] + 1
            if k != y[n] and margin > 0:
                loss += margin
                dx[n, k] += 1
                dx[n, y[n]] -= 1
    return loss / len(x), dx / len(x)


class MSELoss:
    """By the squared norm of the difference."""

    def forward(self, prediction, target):
        self.diff = prediction - target
        return np.linalg.norm(self.diff) ** 2 / self.diff.size

    def backward(self):
        return (self.diff + self.diff) / self.diff.size


class HalfMSELoss:
    """Half the square, the mean over the samples, called like a function."""

    def __call__(self, y_pred, y_true):
        self.y_pred, self.y_true = y_pred, y_true
        return np.sum(np.square(y_pred - y_true)) / (2 * len(y_pred))

    def backward(self):
        return (self.y_pred - self.y_true) / len(self.y_pred)


class BCEWithLogitsLoss:
    """Of scores, without overflow."""

    def forward(self, z, y):
        self.z, self.y = z, y
        return np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))

    def backward(self):
        return (0.5 * (1 + np.tanh(self.z / 2)) - self.y) / self.z.size


class HuberLoss:
    """Half squares near 0, lines further off."""

    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, pred, target):
        self.r = pred - target
        small = np.abs(self.r) <= self.delta
        return np.where(small, 0.5 * self.r**2, self.delta * (np.abs(self.r) - 0.5 * self.delta)).mean()

    def backward(self):
        return np.clip(self.r, -self.delta, self.delta) / self.r.size


class BCELoss:
    """Of probabilities, kept away from 0 and 1."""

    def forward(self, p, t):
        self.p, self.t = np.clip(p, 1e-12, 1 - 1e-12), t
        return -np.mean(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))

    def backward(self):
        return ((1 - self.t) / (1 - self.p) - self.t / self.p) / self.p.size


def l1_penalty(w, reg):
    """The sum of absolute values."""
    return reg * np.abs(w).sum(), reg * np.sign(w)


def l2_regularization(w, reg_strength):
    """Half the sum of squares, by a product of vectors."""
    return 0.5 * reg_strength * w.ravel().dot(w.ravel()), reg_strength * w
