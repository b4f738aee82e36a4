"""Ways of writing that are right though unusual, in files by people who had never heard of Backhand."""

import pytest

from backhand.check import check_file

ROWS = """
import numpy as np

def linear_forward(X, W, b):
    rows = np.array([])
    for sample in X:
        row = W.T @ sample.ravel() + b
        rows = [row] if len(rows) == 0 else np.append(rows, [row], axis=0)
    return rows

def linear_backward(dout, X, W, b):
    dX = (dout @ W.T).reshape(X.shape)
    return dX, X.reshape(len(X), -1).T @ dout, dout.sum(axis=0)
"""
SETTINGS = """
import numpy as np

class Tanh:
    def forward(self, a):
        self.y = np.tanh(a)
        return self.y
    def backward(self, loss_wrt_activations, momentum):
        return loss_wrt_activations * (1 - self.y ** 2)

class Dense:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)
    def forward(self, x, train_flg):
        self.x = x
        return x @ self.w + self.b
    def backward(self, dout, weight_decay_lambda):
        self.dw = self.x.T @ dout + weight_decay_lambda * self.w
        self.db = dout.sum(axis=0)
        return dout @ self.w.T
"""
UPSAMPLING = """
import numpy as np

class Upsample1d:
    def __init__(self, factor):
        self.factor = factor
    def forward(self, A):
        Z = np.repeat(A, self.factor, axis=-1)
        Z = Z[:, :, : -(self.factor - 1)] if self.factor > 1 else Z
        ones = np.zeros_like(Z)
        ones[:, :, :: self.factor] = 1
        return Z * ones
    def backward(self, dLdZ):
        return dLdZ[:, :, :: self.factor]
"""
ATTRIBUTES = """
import numpy as np

class Module:
    def __init__(self, name):
        self.name, self.extra = name, {}
    def __getattr__(self, key):
        if key in self.extra:
            return self.extra[key]
        raise AttributeError(f"{self.name} has no {key}")

class Sigmoid(Module):
    def __init__(self):
        super().__init__("sigmoid")
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
    def backward(self, dy):
        return dy * self.y * (1 - self.y)
"""


@pytest.mark.parametrize("text", [ROWS, SETTINGS, UPSAMPLING, ATTRIBUTES])
def test_it_is_read_and_nothing_is_found(text, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(text)
    review = check_file(file)
    assert not review.unread
    assert [finding.headline for finding in review.findings] == []
