"""The loss, which returns its value and its gradient in one call."""

import numpy as np

# ---- softmax_cross_entropy ----


def softmax(logits, y):
    """Compute the cross-entropy of the softmax of scores, in nats, and its gradient.

        p = softmax(logits), row by row          loss = - mean over n of log p[n, y[n]]

    logits: scores (N, C). y: labels (N,), integers from 0 to C - 1.
    Returns loss, a number, and dlogits (N, C).
    """
    N = logits.shape[0]
    samples = np.arange(N)
    shifted = logits - logits.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[samples, y].mean()

    dlogits = np.exp(log_probs)
    dlogits[samples, y] -= 1
    dlogits /= N
    return loss, dlogits
