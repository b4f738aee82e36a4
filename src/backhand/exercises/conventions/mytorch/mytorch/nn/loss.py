"""Losses: forward(A, Y) returns a number, backward() its gradient with respect to A, in the shape of A."""

import numpy as np

# ---- mse ----


class MSELoss:
    """Mean squared error: the mean of (A - Y)² over all N C numbers."""

    def forward(self, A, Y):
        """Take outputs and targets, both (N, C), and return the loss, a number."""
        self.A = A
        self.Y = Y
        self.N, self.C = A.shape
        mse = np.sum((A - Y) ** 2) / (self.N * self.C)
        return mse

    def backward(self):
        """Return the gradient dLdA (N, C)."""
        dLdA = 2 * (self.A - self.Y) / (self.N * self.C)
        return dLdA


# ---- softmax_cross_entropy ----


class CrossEntropyLoss:
    """Softmax and cross-entropy.

    p = softmax(A), row by row          loss = - mean over n of the sum over k of Y[n, k] log p[n, k]
    """

    def forward(self, A, Y):
        """Take scores A (N, C) and one-hot targets Y (N, C), and return the loss in nats, a number."""
        self.A = A
        self.Y = Y
        self.N, self.C = A.shape
        shifted = A - A.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.softmax = np.exp(log_probs)
        L = -np.sum(Y * log_probs) / self.N
        return L

    def backward(self):
        """Return the gradient dLdA (N, C)."""
        dLdA = (self.softmax - self.Y) / self.N
        return dLdA
