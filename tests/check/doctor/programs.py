"""A person's network, right unless a text in it is replaced, in two of the forms in which people write them."""

TWO_LAYERS = """
import numpy as np


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, std=0.3):
        self.params = {
            "W1": std * np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
            "W2": std * np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        p = self.params
        z = X @ p["W1"] + p["b1"]
        h = np.maximum(0, z)
        scores = h @ p["W2"] + p["b2"]
        if y is None:
            return scores
        e = np.exp(scores - scores.max(1, keepdims=True))
        probs = e / e.sum(1, keepdims=True)
        N = len(X)
        loss = -np.log(probs[np.arange(N), y]).mean() + reg * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())
        d = probs.copy()
        d[np.arange(N), y] -= 1
        d /= N
        grads = {"W2": h.T @ d + 2 * reg * p["W2"], "b2": d.sum(0)}
        dh = d @ p["W2"].T * (h > 0)
        grads["W1"] = X.T @ dh + 2 * reg * p["W1"]
        grads["b1"] = dh.sum(0)
        return loss, grads

    def train(self, X, y, X_val, y_val, learning_rate=1e-1, reg=5e-6, num_iters=100, batch_size=200, verbose=False):
        for it in range(num_iters):
            chosen = np.random.choice(len(X), batch_size)
            loss, grads = self.loss(X[chosen], y[chosen], reg)
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
"""

OF_MNIST = """
import numpy as np


class NeuralNetwork:
    def __init__(self):
        self.W1 = np.random.randn(784, 30) * 0.05
        self.b1 = np.zeros((1, 30))
        self.W2 = np.random.randn(30, 10) * 0.3
        self.b2 = np.zeros((1, 10))
        self.lr = 0.1

    def forward(self, X):
        self.X = X
        self.h = np.maximum(0, X @ self.W1 + self.b1)
        s = self.h @ self.W2 + self.b2
        e = np.exp(s - s.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        return self.p

    def compute_loss(self, X, y):
        p = self.forward(X)
        return -np.log(p[np.arange(len(y)), y]).mean()

    def backward(self, X, y):
        n = len(y)
        d = self.p.copy()
        d[np.arange(n), y] -= 1
        d /= n
        self.dW2, self.db2 = self.h.T @ d, d.sum(0, keepdims=True)
        dh = d @ self.W2.T
        dh[self.h <= 0] = 0
        self.dW1, self.db1 = self.X.T @ dh, dh.sum(0, keepdims=True)

    def update(self):
        self.W1 -= self.lr * self.dW1
        self.b1 -= self.lr * self.db1
        self.W2 -= self.lr * self.dW2
        self.b2 -= self.lr * self.db2
"""

SINGLE_SAMPLES = """
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Network:
    def __init__(self, sizes):
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) / np.sqrt(x) for x, y in zip(sizes, sizes[1:])]

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights):
            a = sigmoid(w @ a + b)
        return a

    def backprop(self, x, y):
        acts, zs = [x], []
        for b, w in zip(self.biases, self.weights):
            zs.append(w @ acts[-1] + b)
            acts.append(sigmoid(zs[-1]))
        delta = (acts[-1] - y) * sigmoid(zs[-1]) * (1 - sigmoid(zs[-1]))
        nabla_b, nabla_w = [delta], [delta @ acts[-2].T]
        for l in range(2, len(self.weights) + 1):
            delta = self.weights[-l + 1].T @ delta * sigmoid(zs[-l]) * (1 - sigmoid(zs[-l]))
            nabla_b.insert(0, delta)
            nabla_w.insert(0, delta @ acts[-l - 1].T)
        return nabla_b, nabla_w

    def update_mini_batch(self, mini_batch, eta):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in mini_batch:
            delta_b, delta_w = self.backprop(x, y)
            nabla_b = [nb + dnb for nb, dnb in zip(nabla_b, delta_b)]
            nabla_w = [nw + dnw for nw, dnw in zip(nabla_w, delta_w)]
        self.weights = [w - eta / len(mini_batch) * nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - eta / len(mini_batch) * nb for b, nb in zip(self.biases, nabla_b)]
"""

PAIR_OF_METHODS = """
import numpy as np


class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, weight_init_std=0.1):
        self.params = {
            "W1": weight_init_std * np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
            "W2": weight_init_std * np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size),
        }

    def predict(self, x):
        self.x, p = x, self.params
        self.h = np.maximum(0, x @ p["W1"] + p["b1"])
        return self.h @ p["W2"] + p["b2"]

    def loss(self, x, t):
        s = self.predict(x)
        e = np.exp(s - s.max(1, keepdims=True))
        self.y = e / e.sum(1, keepdims=True)
        return -np.log(self.y[np.arange(len(x)), t] + 1e-7).mean()

    def gradient(self, x, t):
        self.loss(x, t)
        d = self.y.copy()
        d[np.arange(len(x)), t] -= 1
        d /= len(x)
        dh = d @ self.params["W2"].T * (self.h > 0)
        return {"W1": x.T @ dh, "b1": dh.sum(0), "W2": self.h.T @ d, "b2": d.sum(0)}
"""

OF_LAYERS = """
import numpy as np


class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW += self.x.T @ dout
        self.db += dout.sum(0)
        return dout @ self.W.T


class ReLU:
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, dout):
        return dout * (self.y > 0)


class MLP:
    def __init__(self, input_size, hidden_size, output_size):
        self.layers = [Linear(input_size, hidden_size), ReLU(), Linear(hidden_size, output_size)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout

    def zero_grad(self):
        for layer in self.layers:
            if isinstance(layer, Linear):
                layer.dW[...] = 0
                layer.db[...] = 0

    def step(self, lr):
        for layer in self.layers:
            if isinstance(layer, Linear):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db
"""

SOFTMAX_TWICE = (
    (
        "        if y is None:",
        "        scores = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)\n        if y is None:",
    ),
    ("d /= N", "d /= N\n        d = scores * (d - (d * scores).sum(1, keepdims=True))"),
)
NORMALISED = (
    (
        "h = np.maximum(0, z)",
        "z = (z - z.mean(0)) / np.sqrt(z.var(0) + 1e-5)\n        h = np.maximum(0, z)",
    ),
)
MISTAKES = {  # by the cause that is to be named: the replacements in TWO_LAYERS
    "wrong sign of the step": (("-= learning", "+= learning"),),
    "loss summed over the batch": (("y]).mean()", "y]).sum()"), ("d /= N", "pass")),
    "gradient of another size": (("d /= N", "pass"),),
    "gradient of the wrong sign": (("= X.T", "= -X.T"),),
    "softmax twice": SOFTMAX_TWICE,
    "scores too large: weights": (("std=0.3", "std=3.0"),),
    "penalty on biases": (("d.sum(0)}", 'd.sum(0) + 2 * reg * p["b2"]}'),),
    "frozen parameters": (("in self.params:", 'in ("W1", "W2", "b2"):'),),
    "gradient zero": (("std * np.random", "0 * np.random"),),
    "rate too small": (("learning_rate=1e-1", "learning_rate=1e-6"),),
    "rate too large": (("learning_rate=1e-1", "learning_rate=300.0"),),
    "random at evaluation": (("scores = h @", "h = h * (np.random.rand(*h.shape) < 0.5) * 2\n        scores = h @"),),
    "depends on the batch": NORMALISED,
    "labels of another base": (("np.arange(N), y]", "np.arange(N), y - 1]"),),
}


def replaced(text, replacements):
    """The text after the replacements, each of which must find its place."""
    for before, after in replacements:
        assert before in text, before
        text = text.replace(before, after)
    return text
