"""Layers as classes that keep their cache and their gradients, and a network of them.

forward(x) returns the output and keeps what backward needs in `_cache_current`; backward(grad_z) takes the gradient of
the loss with respect to the output and returns the one with respect to x. A layer with parameters leaves their
gradients in `_grad_W_current` and `_grad_b_current`, each in the shape of its parameter. The mean over the batch
belongs to the loss, so no layer has a factor 1/N. Samples are rows.
"""

import numpy as np


def xavier_init(size, gain=1.0):
    """Draw weights (n_in, n_out) from the uniform distribution by Glorot and Bengio 2010."""
    low = -gain * np.sqrt(6.0 / np.sum(size))
    return np.random.uniform(low=low, high=-low, size=size)


class Layer:
    """The interface of all layers."""

    def __call__(self, *args):
        return self.forward(*args)

    def forward(self, *args):
        """Compute the output and keep what backward needs."""
        raise NotImplementedError

    def backward(self, *args):
        """Compute the gradient of the input, and those of the parameters."""
        raise NotImplementedError

    def update_params(self, learning_rate):
        """Make a step of gradient descent; a layer without parameters does nothing."""


# ---- mse ----


class MSELossLayer(Layer):
    """Mean squared error: the mean of (y_pred - y_target)² over all N D numbers."""

    def __init__(self):
        self._cache_current = None

    def forward(self, y_pred, y_target):
        """Take predictions and targets, both (N, D), and return the loss, a number."""
        self._cache_current = y_pred, y_target
        loss = np.mean((y_pred - y_target) ** 2)
        return loss

    def backward(self):
        """Return the gradient with respect to the predictions (N, D)."""
        y_pred, y_target = self._cache_current
        grad = 2 * (y_pred - y_target) / y_pred.size
        return grad


# ---- softmax_cross_entropy ----


class CrossEntropyLossLayer(Layer):
    """Softmax and cross-entropy.

    p = softmax(x), row by row          loss = - mean over n of the sum over k of t[n, k] log p[n, k]
    """

    def __init__(self):
        self._cache_current = None

    @staticmethod
    def softmax(x):
        """Take scores (N, K) and return probabilities (N, K); each row sums to 1."""
        e = np.exp(x - x.max(axis=1, keepdims=True))  # the same softmax, and exp cannot overflow
        probs = e / e.sum(axis=1, keepdims=True)
        return probs

    def forward(self, inputs, y_target):
        """Take scores (N, K) and one-hot targets (N, K), and return the loss in nats, a number."""
        self._cache_current = self.softmax(inputs), y_target
        shifted = inputs - inputs.max(axis=1, keepdims=True)
        log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -np.sum(y_target * log_probs) / len(inputs)
        return loss

    def backward(self):
        """Return the gradient with respect to the scores (N, K)."""
        probs, y_target = self._cache_current
        grad = (probs - y_target) / len(probs)
        return grad


# ---- sigmoid ----


class SigmoidLayer(Layer):
    """Logistic sigmoid: 1 / (1 + exp(-x)), element by element."""

    def __init__(self):
        self._cache_current = None

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        e = np.exp(-np.abs(x))  # at most 1, so nothing overflows
        out = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
        self._cache_current = out
        return out

    def backward(self, grad_z):
        """Take the upstream gradient and return the one with respect to x."""
        out = self._cache_current
        grad_x = grad_z * out * (1 - out)
        return grad_x


# ---- relu ----


class ReluLayer(Layer):
    """Rectifier: max(0, x), element by element; its slope at 0 is taken as 0."""

    def __init__(self):
        self._cache_current = None

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        self._cache_current = x
        out = np.maximum(0, x)
        return out

    def backward(self, grad_z):
        """Take the upstream gradient and return the one with respect to x."""
        x = self._cache_current
        grad_x = grad_z * (x > 0)
        return grad_x


# ---- linear ----


class LinearLayer(Layer):
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

        x W + b           x (N, n_in)    W (n_in, n_out)    b (1, n_out)

    Gradients: `_grad_W_current` and `_grad_b_current`.
    """

    def __init__(self, n_in, n_out):
        self.n_in = n_in
        self.n_out = n_out
        self._W = xavier_init((n_in, n_out))
        self._b = np.zeros((1, n_out))
        self._cache_current = None
        self._grad_W_current = None
        self._grad_b_current = None

    def forward(self, x):
        """Take inputs (N, n_in) and return outputs (N, n_out)."""
        self._cache_current = x
        out = x @ self._W + self._b
        return out

    def backward(self, grad_z):
        """Take the upstream gradient (N, n_out), set both gradients, and return the one with respect to x (N, n_in)."""
        x = self._cache_current
        self._grad_W_current = x.T @ grad_z
        self._grad_b_current = grad_z.sum(axis=0, keepdims=True)  # b is added to every row
        grad_x = grad_z @ self._W.T
        return grad_x

    def update_params(self, learning_rate):
        """Make a step of gradient descent with the gradients of the last backward pass."""
        self._W -= learning_rate * self._grad_W_current
        self._b -= learning_rate * self._grad_b_current


# ---- network ----


class MultiLayerNetwork:
    """Linear layers one after the other, each followed by its activation.

    input_dim: number of features. neurons: number of outputs of each layer.
    activations: "relu", "sigmoid" or "identity" for each layer.
    """

    def __init__(self, input_dim, neurons, activations):
        self.input_dim = input_dim
        self.neurons = neurons
        self.activations = activations
        self._layers = []
        functions = {"relu": ReluLayer, "sigmoid": SigmoidLayer}
        for n_in, n_out, activation in zip([input_dim, *neurons], neurons, activations, strict=False):
            self._layers.append(LinearLayer(n_in, n_out))
            if activation in functions:
                self._layers.append(functions[activation]())

    def __call__(self, x):  # given
        return self.forward(x)

    def forward(self, x):
        """Take inputs (N, input_dim) and return the outputs of the last layer."""
        for layer in self._layers:
            x = layer.forward(x)
        return x

    def backward(self, grad_z):
        """Take the gradient of the outputs, have every layer set its gradients, and return that of the inputs."""
        for layer in reversed(self._layers):
            grad_z = layer.backward(grad_z)
        return grad_z

    def update_params(self, learning_rate):
        """Make a step of gradient descent in every layer."""
        for layer in self._layers:
            layer.update_params(learning_rate)
