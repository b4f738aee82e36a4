"""A network of one hidden layer with the sigmoid, and half the squared error."""

import numpy as np


def sigmoid(z):
    """1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


class Network:
    """Samples as rows; weights (in, out)."""

    def __init__(self, input_size, hidden_size, output_size):
        self.W1 = np.random.randn(input_size, hidden_size)
        self.b1 = np.zeros(hidden_size)
        self.W2 = np.random.randn(hidden_size, output_size)
        self.b2 = np.zeros(output_size)

    def cost(self, X, y, reg=0.1):
        """Softmax cross-entropy with a penalty of lam / 2m times the squares of the weights."""
        W1, b1, W2, b2, lam, m = self.W1, self.b1, self.W2, self.b2, reg, len(X)
        hidden = sigmoid(X @ W1 + b1)
        scores = hidden @ W2 + b2
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(probs[np.arange(m), y])) + lam / (2 * m) * (np.sum(W1**2) + np.sum(W2**2))

        delta2 = probs
        delta2[np.arange(m), y] -= 1
        delta2 /= m
        dW2 = hidden.T @ delta2 + lam / m * W2
        db2 = delta2.sum(axis=0)
        delta1 = delta2 @ W2.T * hidden * (1 - hidden)
        dW1 = X.T @ delta1 + lam / m * W1
        db1 = delta1.sum(axis=0)
        return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
