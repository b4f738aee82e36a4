"""A network of sigmoid neurons that learns by stochastic gradient descent; backprop takes one sample at a time.

A sample is a pair (x, y) of columns, (features, 1) and (outputs, 1). weights[l] is (out, in), biases[l] is (out, 1).
The cost of a sample is half the squared distance of the outputs from y, so its derivative is their difference.
"""

import random

import numpy as np

# ---- sigmoid ----


def sigmoid(z):
    """Compute the logistic sigmoid, 1 / (1 + exp(-z)), for z of any shape."""
    e = np.exp(-np.abs(z))  # at most 1, so nothing overflows
    s = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    return s


def sigmoid_prime(z):
    """Compute the derivative of the sigmoid at z, which is not its output."""
    s = sigmoid(z)
    return s * (1 - s)


# ---- network ----


class Network:
    """Layers of sigmoid neurons, a = sigmoid(w a + b).

    sizes: numbers of neurons of each layer, the inputs first.
    """

    def __init__(self, sizes):
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:], strict=True)]

    def feedforward(self, a):
        """Compute the outputs of the network. a: inputs (features, 1). Returns outputs (outputs, 1)."""
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(w @ a + b)
        return a

    def SGD(self, training_data, epochs, mini_batch_size, eta):
        """Train by stochastic gradient descent.

        training_data: list of pairs (x, y). eta: learning rate. In each epoch the samples are shuffled, and every
        mini-batch makes one step.
        """
        training_data = list(training_data)
        for _ in range(epochs):
            random.shuffle(training_data)
            for k in range(0, len(training_data), mini_batch_size):
                self.update_mini_batch(training_data[k : k + mini_batch_size], eta)

    def update_mini_batch(self, mini_batch, eta):
        """Make one step of gradient descent with the mean of the gradients of the samples in mini_batch."""
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            delta_nabla_b, delta_nabla_w = self.backprop(x, y)
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b, strict=True)]
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w, strict=True)]
        step = eta / len(mini_batch)
        self.weights = [w - step * nw for w, nw in zip(self.weights, nabla_w, strict=True)]
        self.biases = [b - step * nb for b, nb in zip(self.biases, nabla_b, strict=True)]

    def backprop(self, x, y):
        """Compute the gradients of the cost of one sample.

            cost = 1/2 sum over the outputs of (a - y)²

        x: inputs (features, 1). y: targets (outputs, 1).
        Returns (nabla_b, nabla_w), lists of arrays in the shapes of biases and weights.
        """
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activation = x
        activations = [x]
        zs = []
        for b, w in zip(self.biases, self.weights, strict=True):
            z = w @ activation + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)

        delta = self.cost_derivative(activations[-1], y) * sigmoid_prime(zs[-1])
        nabla_b[-1] = delta
        nabla_w[-1] = delta @ activations[-2].T
        for layer in range(2, self.num_layers):  # counted from the end: -1 is the last layer
            z = zs[-layer]
            delta = self.weights[-layer + 1].T @ delta * sigmoid_prime(z)
            nabla_b[-layer] = delta
            nabla_w[-layer] = delta @ activations[-layer - 1].T
        return (nabla_b, nabla_w)

    def evaluate(self, test_data):
        """Count the samples whose largest output is at their label. test_data: pairs of x and a label, an integer."""
        return sum(int(np.argmax(self.feedforward(x)) == y) for x, y in test_data)

    def cost_derivative(self, output_activations, y):
        """Compute the derivatives of the cost with respect to the outputs, (outputs, 1)."""
        return output_activations - y
