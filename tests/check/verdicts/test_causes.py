"""Mistakes found in people's files, and the causes that they are told by."""

import pytest

from backhand.check import check_file

NETWORK = """
import numpy as np

class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {
            "W1": 0.1 * np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
            "W2": 0.1 * np.random.randn(hidden_size, output_size), "b2": np.zeros(output_size),
        }
    def loss(self, X, y, reg=0.0):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        h = np.maximum(0, X @ W1 + b1)
        scores = h @ W2 + b2
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        N = len(X)
        loss = -np.log(p[np.arange(N), y]).mean() + reg * ((W1**2).sum() + (W2**2).sum())
        p[np.arange(N), y] -= 1
        p /= N
        dh = (p @ W2.T) * (h > 0)
        grads = {"W1": X.T @ dh + 2 * reg * W1, "W2": h.T @ p + 2 * reg * W2}
        grads["b1"] = dh.sum(0)
        grads["b2"] = p.sum(0)
        grads["b2"] += 2 * reg * b2
        return loss, grads
"""
PARENTHESES = """
import numpy as np

class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, x):
        self.y = np.where(x > 0, x, self.alpha * (np.exp(x) - 1))
        return self.y
    def backward(self, dy):
        return 1 * (self.y > 0) + (self.y <= 0) * self.alpha * np.exp(self.y) * dy
"""
HINGE = """
import numpy as np

class Hinge:
    def __call__(self, Y_pred, Y_real):
        right = np.sum(Y_real * Y_pred, axis=0)
        value = (1 - Y_real) * Y_pred + 1 - right
        return np.sum(value * (value > 0)) / Y_pred.shape[1]
    def backward(self, Y_pred, Y_real):
        right = np.sum(Y_real * Y_pred, axis=0)
        wrong = (1 - Y_real) * (Y_pred + 1 - right > 0)
        return (wrong - Y_real * wrong.sum(axis=0)) / Y_pred.shape[1]
"""
RADIAL = """
import numpy as np

class RadialBasisFunctions:
    def __init__(self, number=4):
        self.centres, self.scales = np.linspace(0, 1, number), np.array([0.25])
    def fprop(self, inputs):
        self.distances = (inputs[..., None] - self.centres) / self.scales
        return np.exp(-(self.distances**2))
    def bprop(self, inputs, outputs, grads_wrt_outputs):
        return (-2 * self.distances / self.scales * grads_wrt_outputs).sum(-1)
"""
NO_BIAS = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T
"""


@pytest.mark.parametrize(
    ("text", "cause", "array"),
    [
        (NETWORK, "has a multiple too many", "b2"),
        (PARENTHESES, "upstream ignored in part", "x"),
        (HINGE, "right class at 0", ""),
        (RADIAL, "lacks the result", "inputs"),
        (NO_BIAS, "bias left out", ""),
    ],
    ids=["bias penalised", "parentheses missing", "right class at 0", "result left out", "bias left out"],
)
def test_the_mistake_has_its_name(text, cause, array, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(text)
    wrong = [finding for finding in check_file(file).findings if finding.severity == "wrong"]
    assert [(finding.cause, finding.array) for finding in wrong] == [(cause, array)]
