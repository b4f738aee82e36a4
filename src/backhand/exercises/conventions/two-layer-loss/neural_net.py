"""A network of two layers whose method loss(X, y, reg) returns the loss and all gradients at once."""

import numpy as np

# ---- network ----


class TwoLayerNet:
    """Two fully connected layers with a rectifier in between, and the softmax cross-entropy.

        h = max(0, X W1 + b1)          scores = h W2 + b2          p = softmax(scores), row by row

    The parameters are in the dictionary `params`: W1 (D, H), b1 (H,), W2 (H, C), b2 (C,).
    """

    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        self.params = {
            "W1": std * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        """Compute the loss and its gradients.

            loss = - mean over n of log p[n, y[n]] + reg (sum of W1² + sum of W2²)          in nats

        The biases have no penalty.

        X: samples (N, D). y: labels (N,), integers from 0 to C - 1. reg: strength of the penalty.
        Without y it returns the scores (N, C). With y it returns loss, a number, and grads, a dictionary of the
        gradients under the names of the parameters.
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N = X.shape[0]

        hidden = np.maximum(0, X @ W1 + b1)
        scores = hidden @ W2 + b2
        if y is None:
            return scores

        samples = np.arange(N)
        shifted = scores - scores.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        data_loss = -log_probs[samples, y].mean()
        penalty = reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        loss = data_loss + penalty

        dscores = np.exp(log_probs)
        dscores[samples, y] -= 1
        dscores /= N
        dhidden = dscores @ W2.T
        dhidden[hidden <= 0] = 0
        grads = {}
        grads["W2"] = hidden.T @ dscores + 2 * reg * W2
        grads["b2"] = dscores.sum(axis=0)
        grads["W1"] = X.T @ dhidden + 2 * reg * W1
        grads["b1"] = dhidden.sum(axis=0)
        return loss, grads

    def train(self, X, y, learning_rate=1e-3, learning_rate_decay=0.95, reg=5e-6, num_iters=100, batch_size=200):
        """Train by stochastic gradient descent: each step draws batch_size samples, with replacement.

        X: samples (N, D). y: labels (N,). After every epoch the learning rate is multiplied by its decay.
        Returns loss_history, the list of the losses of all steps.
        """
        N = X.shape[0]
        iterations_per_epoch = max(N // batch_size, 1)
        loss_history = []
        for it in range(1, num_iters + 1):
            batch = np.random.choice(N, batch_size)
            loss, grads = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            if it % iterations_per_epoch == 0:
                learning_rate *= learning_rate_decay
        return loss_history

    def predict(self, X):
        """Predict the class of each sample, the one with the highest score. X (N, D) -> y_pred (N,)."""
        y_pred = self.loss(X).argmax(axis=1)
        return y_pred
