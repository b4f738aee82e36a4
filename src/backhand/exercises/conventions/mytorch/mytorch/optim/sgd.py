"""Gradient descent over the layers of a model, model.layers, whose parameters are W and b with dLdW and dLdb."""

import numpy as np

# ---- sgd ----


class SGD:
    """Gradient descent with momentum: v = mu v + g, then p = p - lr v; v is 0 at first."""

    def __init__(self, model, lr=0.1, momentum=0):
        self.layers = model.layers
        self.lr = lr
        self.mu = momentum
        self.v_W = [np.zeros(layer.W.shape) for layer in self.layers]
        self.v_b = [np.zeros(layer.b.shape) for layer in self.layers]

    def step(self):
        """Move the parameters of every layer by one step."""
        for i, layer in enumerate(self.layers):
            self.v_W[i] = self.mu * self.v_W[i] + layer.dLdW
            self.v_b[i] = self.mu * self.v_b[i] + layer.dLdb
            layer.W = layer.W - self.lr * self.v_W[i]
            layer.b = layer.b - self.lr * self.v_b[i]
