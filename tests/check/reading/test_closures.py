"""Layers that return their own way back."""

from tests.check.reading.outcomes import is_right, told

CLOSURES = """
import numpy as np

def relu(x):
    def backward(dy):
        return dy * (x > 0)
    return np.maximum(x, 0), backward

def tanh(x):
    y = np.tanh(x)
    return y, lambda dy: dy * (1 - y * y)

def affine(x, w, b):
    y = x @ w + b

    def backprop(dy):
        return dy @ w.T, x.T @ dy, dy.sum(axis=0)

    return y, backprop

def linear(W, b):
    def forward(x):
        y = x @ W + b

        def backward(dy):
            return dy @ W.T, x.T @ dy, dy.sum(axis=0)

        return y, backward

    return forward
"""
OBJECT = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.dW = np.zeros_like(self.W)

    def forward(self, X):
        def backprop(dY):
            self.dW += X.T @ dY
            return dY @ self.W.T
        return X @ self.W, backprop
"""


def test_functions_that_return_their_way_back_are_layers(read_text):
    found = read_text(CLOSURES)
    wanted = {"relu": "relu", "tanh": "tanh", "affine": "linear", "linear": "linear"}
    assert {name: told(each) for name, each in found.items()} == wanted
    assert all(is_right(each) for each in found.values())


def test_a_mistake_on_the_way_back_is_seen(read_text):
    found = read_text(CLOSURES.replace("1 - y * y", "1 - y"))
    assert told(found["tanh"]) == "tanh"
    assert not is_right(found["tanh"])


def test_a_method_may_return_its_way_back(read_text):
    found = read_text(OBJECT)["Linear"]
    assert told(found) == "linear"
    assert is_right(found)


def test_other_pairs_are_no_layers(read_text):
    text = "def data(n):\n    def batch(i, size=3):\n        return n\n    return n, batch()\n"
    text += "def settings(n):\n    return n, lambda: n\ndef decorator(f):\n    def inner(x):\n        return f(x)\n"
    assert read_text(text + "    return inner\n") == {}
