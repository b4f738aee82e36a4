"""Activations: forward(Z) keeps what backward(dLdA) needs, and backward returns dLdZ; both have the shape of Z."""

import numpy as np
from scipy.special import erf

# ---- identity ----


class Identity:
    """The identity: A = Z."""

    def forward(self, Z):
        """Take inputs of any shape and return them as they are."""
        self.A = Z
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient and return dLdZ."""
        dLdZ = dLdA
        return dLdZ


# ---- sigmoid ----


class Sigmoid:
    """Logistic sigmoid: A = 1 / (1 + exp(-Z)), element by element."""

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        e = np.exp(-np.abs(Z))  # at most 1, so nothing overflows
        self.A = np.where(Z >= 0, 1 / (1 + e), e / (1 + e))
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient and return dLdZ."""
        dLdZ = dLdA * self.A * (1 - self.A)
        return dLdZ


# ---- tanh ----


class Tanh:
    """Hyperbolic tangent: A = tanh(Z), element by element."""

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        self.A = np.tanh(Z)
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient and return dLdZ."""
        dLdZ = dLdA * (1 - self.A**2)
        return dLdZ


# ---- relu ----


class ReLU:
    """Rectifier: A = max(0, Z), element by element; its slope at 0 is taken as 0."""

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        self.A = np.maximum(0, Z)
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient and return dLdZ."""
        dLdZ = dLdA * (self.A > 0)
        return dLdZ


# ---- gelu ----


class GELU:
    """Gaussian error linear unit: A = Z Phi(Z), with Phi(Z) = (1 + erf(Z / sqrt 2)) / 2, element by element.

    Phi is the distribution function of the standard normal distribution, and exp(-Z² / 2) / sqrt(2 pi) its density.
    """

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        self.Z = Z
        self.A = Z * 0.5 * (1 + erf(Z / np.sqrt(2)))
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient and return dLdZ."""
        distribution = 0.5 * (1 + erf(self.Z / np.sqrt(2)))
        density = np.exp(-(self.Z**2) / 2) / np.sqrt(2 * np.pi)
        dLdZ = dLdA * (distribution + self.Z * density)
        return dLdZ


# ---- softmax ----


class Softmax:
    """Softmax of every row: A[n, k] = exp(Z[n, k]) / sum over j of exp(Z[n, j])."""

    def forward(self, Z):
        """Take inputs (N, C) and return probabilities (N, C); each row sums to 1."""
        e = np.exp(Z - Z.max(axis=1, keepdims=True))  # the same softmax, and exp cannot overflow
        self.A = e / e.sum(axis=1, keepdims=True)
        return self.A

    def backward(self, dLdA):
        """Take the upstream gradient (N, C) and return dLdZ (N, C)."""
        # Every output of a row depends on every input of it: the Jacobian is diag(a) - a aᵀ, here without its matrix.
        inner = np.sum(dLdA * self.A, axis=1, keepdims=True)
        dLdZ = self.A * (dLdA - inner)
        return dLdZ
