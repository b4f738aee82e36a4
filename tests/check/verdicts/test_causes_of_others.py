"""Causes that are told apart: what forward is to blame for, whole numbers of factors, shapes, and what is asked for."""

import pytest

from backhand.check import check_file

LOSS = """
import numpy as np

class CrossEntropyLoss:
    def forward(self, A, Y):
        self.A, self.Y = A, Y
        self.p = np.exp(A - A.max(1, keepdims=True))
        self.p /= self.p.sum(1, keepdims=True)
        each = -np.sum(Y * np.log(self.p + 1e-9), axis=1, keepdims=True)
        return np.ones((1, len(A))) @ each / len(A)
    def backward(self):
        return self.p - self.Y
"""
IN_PLACE = """
class ReLU:
    def __init__(self, inplace=True):
        self.inplace = inplace
    def forward(self, x):
        self.mask = x <= 0
        y = x if self.inplace else x.copy()
        y[self.mask] = 0
        return y
    def backward(self, dy):
        return dy * ~self.mask
"""
RANGES = """
import numpy as np

def conv_forward(x, w, b, conv_param):
    pad, stride = conv_param["pad"], conv_param["stride"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1))
    for i in range(min(out.shape[2], H // stride + H % 2)):
        for j in range(min(out.shape[3], W // stride + W % 2)):
            window = padded[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.einsum("nchw,fchw->nf", window, w) + b
    return out, (x, w, b, conv_param)

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    pad, stride = conv_param["pad"], conv_param["stride"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows, columns = slice(i * stride, i * stride + w.shape[2]), slice(j * stride, j * stride + w.shape[3])
            dx[:, :, rows, columns] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
            dw += np.einsum("nf,nchw->fchw", dout[:, :, i, j], padded[:, :, rows, columns])
    return dx[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, dout.sum(axis=(0, 2, 3))
"""
TWICE = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = 2 * np.mean(dy, axis=0, keepdims=True)
        return dy @ self.W.T
"""
BROADCAST = """
class MSE:
    def forward(self, prediction, target):
        self.prediction, self.target = prediction.ravel(), target
        return ((prediction - target) ** 2).mean()
    def backward(self):
        return 2 * (self.prediction - self.target)[:, None] / len(self.prediction)
"""
OTHER_SHAPE = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0, keepdims=True)
        self.x = self.x[:, :1]
        return dy @ self.W.T
"""


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        (LOSS, {("warning", "1/N missing")}),
        (IN_PLACE, {("harmless", "changed in forward")}),
        (RANGES, {("wrong", "another result")}),
        (TWICE, {("wrong", "twice the mean")}),
        (OTHER_SHAPE, {("harmless", "backward differs the second time")}),
    ],
)
def test_these_and_no_others_are_told(text, causes, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(text)
    found = {(finding.severity, finding.cause) for finding in check_file(file).findings}
    assert found - {("harmless", "another shape")} == causes


def test_a_gradient_of_another_size_is_told_as_such(tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(BROADCAST)
    assert "another shape" in {f.cause for f in check_file(file).findings if f.severity.startswith("wrong")}
