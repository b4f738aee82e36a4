"""The same network with a choice of costs, which say the error of the last layer themselves."""

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


# ---- mse ----


class QuadraticCost:
    """Half the squared distance: 1/2 sum over the outputs of (a - y)²."""

    @staticmethod
    def fn(a, y):
        """Compute the cost of outputs a and targets y, both (outputs, 1)."""
        cost = 0.5 * np.sum((a - y) ** 2)
        return cost

    @staticmethod
    def delta(z, a, y):
        """Compute the gradient of the cost with respect to z, where a = sigmoid(z); all are (outputs, 1)."""
        delta = (a - y) * sigmoid_prime(z)
        return delta


# ---- logistic ----


class CrossEntropyCost:
    """Binary cross-entropy, in nats: - sum over the outputs of y log a + (1 - y) log(1 - a)."""

    @staticmethod
    def fn(a, y):
        """Compute the cost of outputs a and targets y, both (outputs, 1); 0 log 0 counts as 0."""
        cost = np.sum(np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a)))
        return cost

    @staticmethod
    def delta(z, a, y):
        """Compute the gradient of the cost with respect to z, where a = sigmoid(z); all are (outputs, 1)."""
        delta = a - y  # the slope of the sigmoid cancels
        return delta


# ---- network ----


class Network:
    """Layers of sigmoid neurons, a = sigmoid(w a + b), with a cost.

    sizes: numbers of neurons of each layer, the inputs first. cost: QuadraticCost or CrossEntropyCost.
    """

    def __init__(self, sizes, cost=CrossEntropyCost):
        self.num_layers = len(sizes)
        self.sizes = sizes
        self.cost = cost
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) / np.sqrt(x) for x, y in zip(sizes[:-1], sizes[1:], strict=True)]

    def feedforward(self, a):
        """Compute the outputs of the network. a: inputs (features, 1). Returns outputs (outputs, 1)."""
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(w @ a + b)
        return a

    def update_mini_batch(self, mini_batch, eta, lmbda, n):
        """Make one step of gradient descent with weight decay.

            w = w - eta (lmbda / n w + mean of the gradients)

        eta: learning rate. lmbda: strength of the penalty on the weights. n: number of samples of the training set.
        """
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            delta_nabla_b, delta_nabla_w = self.backprop(x, y)
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_nabla_b, strict=True)]
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_nabla_w, strict=True)]
        step = eta / len(mini_batch)
        decay = 1 - eta * lmbda / n
        self.weights = [decay * w - step * nw for w, nw in zip(self.weights, nabla_w, strict=True)]
        self.biases = [b - step * nb for b, nb in zip(self.biases, nabla_b, strict=True)]

    def backprop(self, x, y):
        """Compute the gradients of the cost of one sample.

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

        delta = self.cost.delta(zs[-1], activations[-1], y)
        nabla_b[-1] = delta
        nabla_w[-1] = delta @ activations[-2].T
        for layer in range(2, self.num_layers):  # counted from the end: -1 is the last layer
            z = zs[-layer]
            delta = self.weights[-layer + 1].T @ delta * sigmoid_prime(z)
            nabla_b[-layer] = delta
            nabla_w[-layer] = delta @ activations[-layer - 1].T
        return (nabla_b, nabla_w)

    def total_cost(self, data, lmbda):
        """Compute the mean cost of the pairs (x, y) in data, plus the penalty lmbda / 2n times the sum of w²."""
        cost = sum(self.cost.fn(self.feedforward(x), y) for x, y in data) / len(data)
        penalty = 0.5 * lmbda / len(data) * sum(np.sum(w**2) for w in self.weights)
        return cost + penalty
