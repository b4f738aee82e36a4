"""Layers whose gradients take the mean over the samples, with a loss that does not; in float32."""

import numpy as np


class Dense:
    """Samples as columns; W (out, in), b (out, 1)."""

    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_out, n_in).astype(np.float32)
        self.b = np.zeros((n_out, 1), dtype=np.float32)

    def forward(self, A):
        self.A = A.astype(np.float32)
        return self.W @ self.A + self.b

    def backward(self, dZ):
        m = self.A.shape[1]
        self.dW = dZ @ self.A.T / m
        self.db = np.sum(dZ, axis=1, keepdims=True) / m
        return self.W.T @ dZ


class Relu:
    """Element by element, in float32."""

    def forward(self, Z):
        self.Z = np.float32(Z)
        return np.maximum(np.float32(0), self.Z)

    def backward(self, dA):
        return dA * (self.Z > 0).astype(np.float32)


class CrossEntropy:
    """The mean of the loss, with the gradient of every sample's own: the layers take its mean."""

    def forward(self, A, Y):
        self.A, self.Y = A, Y
        return float(-np.sum(Y * np.log(np.maximum(A, 1e-300))) / Y.shape[1])

    def backward(self):
        return -self.Y / self.A
