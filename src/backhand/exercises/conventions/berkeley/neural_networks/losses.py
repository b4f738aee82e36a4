"""Losses without state: backward(Y, Y_hat) is given both arguments of forward again."""

import numpy as np

# ---- cross_entropy ----


class CrossEntropy:
    """Cross-entropy of PROBABILITIES, in nats: - mean over n of the sum over k of Y[n, k] log Y_hat[n, k].

    Y: one-hot labels (N, K). Y_hat: probabilities (N, K), as SoftMax gives them.
    """

    def __call__(self, Y, Y_hat):  # given
        return self.forward(Y, Y_hat)

    def forward(self, Y, Y_hat):
        """Take labels and probabilities, and return the loss, a number."""
        loss = -np.sum(Y * np.log(Y_hat)) / Y.shape[0]
        return loss

    def backward(self, Y, Y_hat):
        """Take labels and probabilities, and return the gradient with respect to Y_hat (N, K)."""
        dY_hat = -Y / Y_hat / Y.shape[0]
        return dY_hat


# ---- mse ----


class L2:
    """Squared distance: 1 / (2N) times the sum of (Y - Y_hat)². Y, Y_hat: targets and predictions (N, K)."""

    def __call__(self, Y, Y_hat):  # given
        return self.forward(Y, Y_hat)

    def forward(self, Y, Y_hat):
        """Take targets and predictions, and return the loss, a number."""
        loss = np.sum((Y - Y_hat) ** 2) / (2 * Y.shape[0])
        return loss

    def backward(self, Y, Y_hat):
        """Take targets and predictions, and return the gradient with respect to Y_hat (N, K)."""
        dY_hat = (Y_hat - Y) / Y.shape[0]
        return dY_hat
