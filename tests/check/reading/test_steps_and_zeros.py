"""Weights that begin as zeros, rates beside upstream gradients, settings by unusual names and in unusual forms."""

from backhand.check.verdicts.trial import run_trial
from tests.check.reading.outcomes import is_right, told

ZEROS = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.zeros((n_out, n_in)), np.zeros((n_out, 1))

    def forward(self, A):
        self.A = A
        return A @ self.W.T + self.b.T

    def backward(self, dLdZ):
        self.dLdW, self.dLdb = dLdZ.T @ self.A, dLdZ.sum(0)[:, None]
        return dLdZ @ self.W

class MLP:
    def __init__(self):
        self.layers = [Linear(2, 3), Linear(3, 2)]
        self.hidden = []

    def forward(self, A):
        self.hidden = []
        for layer in self.layers:
            A = np.maximum(layer.forward(A), 0)
            self.hidden.append(A)
        return A

    def backward(self, dLdA):
        for layer, A in zip(self.layers[::-1], self.hidden[::-1]):
            dLdA = layer.backward(dLdA * (A > 0))
        return dLdA
"""
STEPS = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.weight, self.bias = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        return x @ self.weight + self.bias, x

    def backward(self, dl, cache, eta):
        dx = dl @ self.weight.T
        self.weight_grad, self.bias_grad = {kept}
        self.weight = self.weight - {step} * self.weight_grad
        self.bias = self.bias - {step} * self.bias_grad
        return dx
"""
POOL = """
import numpy as np

class PoolLayer:
    def __init__(self, pool_type="max", size=2):
        self.pool_type, self.k = pool_type, size

    def forward(self, X):
        N, C, H, W = X.shape
        k = self.k
        self.windows = X[:, :, :H // k * k, :W // k * k].reshape(N, C, H // k, k, W // k, k)
        if self.pool_type == "max":
            self.out = self.windows.max((3, 5))
        else:
            self.out = self.windows.mean((3, 5))
        return self.out

    def backward(self, dout):
        if self.pool_type == "max":
            mask = self.windows == self.out[:, :, :, None, :, None]
        else:
            mask = np.ones_like(self.windows) / self.k ** 2
        dx = mask * dout[:, :, :, None, :, None]
        N, C, h, k, w, _ = dx.shape
        return dx.reshape(N, C, h * k, w * k)
"""


def test_weights_that_begin_as_zeros_are_parameters_with_gradients_of_their_own(read_text):
    found = read_text(ZEROS)["MLP"]
    assert is_right(found)
    assert len(found.specimen.parameters) == 4


def test_eta_beside_an_upstream_gradient_is_a_rate(read_text):
    kept = "cache.T @ dl, dl.sum(0)"
    assert is_right(read_text(STEPS.format(kept=kept, step="eta"))["Linear"])
    kept = "eta * cache.T @ dl, eta * dl.sum(0)"
    assert is_right(read_text(STEPS.format(kept=kept, step="1"))["Linear"])


def test_the_type_of_a_pooling_is_no_size(read_text):
    assert told(read_text(POOL)["PoolLayer"]) == "max_pool"


INITIALISED = """
import numpy as np

class Linear:
    def __init__(self, in_dim, out_dim, initialize_method=np.random.normal):
        self.W, self.b = initialize_method((in_dim, out_dim)), initialize_method((1, out_dim))

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.X.T @ grad, grad.sum(0, keepdims=True)
        return grad @ self.W.T
"""
MODEL = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def L_model_forward(X, parameters):
    caches, A = [], X
    for l in range(1, len(parameters) // 2 + 1):
        Z = parameters["W" + str(l)] @ A + parameters["b" + str(l)]
        caches.append((A, parameters["W" + str(l)], Z))
        A = sigmoid(Z)
    assert A.shape == (1, X.shape[1])
    return A, caches

def compute_cost(AL, Y):
    return -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))

def L_model_backward(AL, Y, caches):
    grads, m = {}, AL.shape[1]
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in range(len(caches), 0, -1):
        A, W, Z = caches[l - 1]
        dZ = dA * sigmoid(Z) * (1 - sigmoid(Z))
        grads["dW" + str(l)], grads["db" + str(l)] = dZ @ A.T / m, dZ.sum(1, keepdims=True) / m
        dA = W.T @ dZ
    return grads
"""


def test_a_default_initialiser_that_takes_no_shape_first(read_text):
    assert is_right(read_text(INITIALISED)["Linear"])


def test_gradients_by_name_of_parameters_in_a_dictionary(read_text):
    found = read_text(MODEL)["l model"]
    trial = run_trial(found, found.kind.configs()[0])
    assert trial.passed
    assert all(trial.gradients.values[name] is not None for name in ("W1", "b1", "W2", "b2"))
