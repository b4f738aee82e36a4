"""Activations without state: backward(Z, dY) is given the inputs of forward again."""

import numpy as np


class Activation:
    """The interface of all activations; each has a name, by which layers find it."""

    name = ""

    def __call__(self, Z):
        return self.forward(Z)

    def forward(self, Z):
        """Compute the outputs, in the shape of Z."""
        raise NotImplementedError

    def backward(self, Z, dY):
        """Compute the gradient with respect to Z from the upstream gradient dY."""
        raise NotImplementedError


def initialize_activation(name):
    """Make the activation of this name: linear, sigmoid, tanh, relu or softmax."""
    activations = {activation.name: activation for activation in Activation.__subclasses__()}
    return activations[name]()


class Linear(Activation):
    """The identity, f(Z) = Z."""

    name = "linear"

    def forward(self, Z):
        """Return the inputs as they are."""
        return Z

    def backward(self, Z, dY):
        """Return the upstream gradient as it is."""
        return dY


# ---- sigmoid ----


class Sigmoid(Activation):
    """Logistic sigmoid, f(Z) = 1 / (1 + exp(-Z)), element by element."""

    name = "sigmoid"

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        e = np.exp(-np.abs(Z))  # at most 1, so nothing overflows
        Y = np.where(Z >= 0, 1 / (1 + e), e / (1 + e))
        return Y

    def backward(self, Z, dY):
        """Take the inputs and the upstream gradient, and return the one with respect to Z."""
        Y = self.forward(Z)
        dZ = dY * Y * (1 - Y)
        return dZ


# ---- tanh ----


class TanH(Activation):
    """Hyperbolic tangent, f(Z) = tanh(Z), element by element."""

    name = "tanh"

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        Y = np.tanh(Z)
        return Y

    def backward(self, Z, dY):
        """Take the inputs and the upstream gradient, and return the one with respect to Z."""
        Y = np.tanh(Z)
        dZ = dY * (1 - Y**2)
        return dZ


# ---- relu ----


class ReLU(Activation):
    """Rectifier, f(Z) = max(0, Z), element by element; its slope at 0 is taken as 0."""

    name = "relu"

    def forward(self, Z):
        """Take inputs of any shape and return outputs of the same shape."""
        Y = np.maximum(0, Z)
        return Y

    def backward(self, Z, dY):
        """Take the inputs and the upstream gradient, and return the one with respect to Z."""
        dZ = dY * (Z > 0)
        return dZ


# ---- softmax ----


class SoftMax(Activation):
    """Softmax of every row, f(Z) = exp(Z) over the sum of exp(Z) of the row."""

    name = "softmax"

    def forward(self, Z):
        """Take inputs (N, K) and return probabilities (N, K); each row sums to 1."""
        e = np.exp(Z - Z.max(axis=-1, keepdims=True))  # the same softmax, and exp cannot overflow
        Y = e / e.sum(axis=-1, keepdims=True)
        return Y

    def backward(self, Z, dY):
        """Take the inputs and the upstream gradient, both (N, K), and return the one with respect to Z."""
        Y = self.forward(Z)
        # Every output of a row depends on every input of it: the Jacobian is diag(y) - y yᵀ, here without its matrix.
        inner = np.sum(dY * Y, axis=-1, keepdims=True)
        dZ = Y * (dY - inner)
        return dZ
