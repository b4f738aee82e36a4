"""The loss: forward returns the probabilities and the loss, backward leaves dx in an attribute."""

import numpy as np

# ---- softmax_cross_entropy ----


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy.

    p = softmax(x), row by row          loss = - mean over n of log p[n, y[n]], in nats
    """

    def __init__(self):
        self.cache = None
        self.dx = None

    def forward(self, x, y):
        """Take scores x (N, K) and labels y (N,), integers, and return the probabilities (N, K) and the loss."""
        shifted = x - x.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        probs = np.exp(log_probs)
        loss = -log_probs[np.arange(x.shape[0]), y].mean()
        self.cache = (probs, y)
        return probs, loss

    def backward(self):
        """Set dx, the gradient with respect to the scores (N, K)."""
        probs, y = self.cache
        N = probs.shape[0]
        dx = probs.copy()
        dx[np.arange(N), y] -= 1
        self.dx = dx / N
