"""Errors: an object is called for its value, and grad gives the gradient with respect to the outputs."""

import numpy as np

# ---- mse ----


class SumOfSquaredDiffsError:
    """Half the squared distance, the mean over the batch: mean over n of 1/2 sum over k of (outputs - targets)²."""

    def __call__(self, outputs, targets):
        """Take outputs and targets, both (batch, dim), and return the error, a number."""
        error = 0.5 * np.mean(np.sum((outputs - targets) ** 2, axis=1))
        return error

    def grad(self, outputs, targets):
        """Return the gradient with respect to the outputs (batch, dim)."""
        grads_wrt_outputs = (outputs - targets) / outputs.shape[0]
        return grads_wrt_outputs


# ---- softmax_cross_entropy ----


class CrossEntropySoftmaxError:
    """Softmax and cross-entropy, in nats.

    p = softmax(outputs), row by row          error = - mean over n of the sum over k of targets[n, k] log p[n, k]
    """

    def __call__(self, outputs, targets):
        """Take scores (batch, dim) and one-hot targets (batch, dim), and return the error, a number."""
        shifted = outputs - outputs.max(axis=-1, keepdims=True)  # the same softmax, and exp cannot overflow
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        error = -np.mean(np.sum(targets * log_probs, axis=1))
        return error

    def grad(self, outputs, targets):
        """Return the gradient with respect to the scores (batch, dim)."""
        e = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        probs = e / e.sum(axis=-1, keepdims=True)
        grads_wrt_outputs = (probs - targets) / outputs.shape[0]
        return grads_wrt_outputs
