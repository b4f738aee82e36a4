"""Right files that must stay so, and mistakes with their names, in the form in which people have published them."""

import pytest

AVERAGE = """
import numpy as np

class BatchNormalization:
    def __init__(self, alpha=0.0):
        self.alpha, self.mean, self.var, self.training = alpha, None, None, True

    def forward(self, x):
        if not self.training:
            return (x - self.running_mean) / np.sqrt(self.running_var + 1e-3)
        mean, var = x.mean(0), x.var(0)
        if not hasattr(self, "running_mean"):
            self.running_mean, self.running_var = mean, var
        self.running_mean = self.running_mean * self.alpha + mean * (1 - self.alpha)
        self.running_var = self.running_var * self.alpha + var * (1 - self.alpha)
        return (x - mean) / np.sqrt(var + 1e-3)

    def backward(self, x, dy):
        if not self.training:
            return dy / np.sqrt(self.running_var + 1e-3)
        s = np.sqrt(x.var(0) + 1e-3)
        h = (x - x.mean(0)) / s
        return (dy - dy.mean(0) - h * (dy * h).mean(0)) / s
"""
DECAY = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out, weight_decay_lambda):
        self.W, self.b, self.strength = np.random.randn(n_in, n_out), np.zeros((1, n_out)), weight_decay_lambda

    def forward(self, X):
        self.X = X
        return X @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.X.T @ grad + self.strength * self.W, grad.sum(0, keepdims=True)
        return grad @ self.W.T

class Model_MLP:
    def __init__(self, size_list, lambda_list):
        self.layers = [Linear(a, b, l) for a, b, l in zip(size_list[:-1], size_list[1:], lambda_list)]

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, loss_grad):
        for layer in self.layers[::-1]:
            loss_grad = layer.backward(loss_grad)
        return loss_grad
"""
PADDED = """
import numpy as np

class Conv2D:
    def __init__(self, n_in, n_out, kernel_shape, pad="same"):
        self.W, self.b = np.random.randn(*kernel_shape, n_in, n_out), np.zeros((1, n_out))
        self.pad = pad
        self.prepare()

    def prepare(self):
        if self.pad == "same":
            self.pad = ((self.W.shape[0] - 1) // 2, (self.W.shape[1] - 1) // 2)
        elif isinstance(self.pad, int):
            self.pad = (self.pad, self.pad)
        else:
            raise ValueError("unknown padding")

    def forward(self, X):
        (p, q), (k, l) = self.pad, self.W.shape[:2]
        self.P = np.pad(X, ((0, 0), (self.pad[0], self.pad[0]), (self.pad[1], self.pad[1]), (0, 0)))
        self.shape = X.shape
        out = np.zeros((len(X), self.P.shape[1] - k + 1, self.P.shape[2] - l + 1, self.W.shape[3]))
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[:, i, j] = np.tensordot(self.P[:, i : i + k, j : j + l], self.W, 3) + self.b
        return out

    def backward(self, dY):
        (p, q), (k, l) = self.pad, self.W.shape[:2]
        dP, self.dW, self.db = np.zeros_like(self.P), np.zeros_like(self.W), dY.sum((0, 1, 2))[None]
        for i in range(dY.shape[1]):
            for j in range(dY.shape[2]):
                dP[:, i : i + k, j : j + l] += np.tensordot(dY[:, i, j], self.W, ([1], [3]))
                self.dW += np.tensordot(self.P[:, i : i + k, j : j + l], dY[:, i, j], ([0], [0]))
        return dP[:, p : p + self.shape[1], q : q + self.shape[2]]
"""
HIDDEN = """
import numpy as np

class ReLU:
    @staticmethod
    def forward(x):
        return np.maximum(x, 0), x

    @staticmethod
    def backward(dout, cache):
        dx = dout.copy()
        dx[cache < 0] = 0
        return dx

class TwoLayerNet:
    def __init__(self, input_size, hidden_size, num_classes):
        self.params = {"W1": np.random.randn(input_size, hidden_size), "b1": np.zeros(hidden_size),
                       "W2": np.random.randn(hidden_size, num_classes), "b2": np.zeros(num_classes)}

    def loss(self, X, y):
        W1, b1, W2, b2 = (self.params[key] for key in ("W1", "b1", "W2", "b2"))
        a1 = X @ W1 + b1
        h1 = np.maximum(a1, 0)
        scores = h1 @ W2 + b2
        p = np.exp(scores - scores.max(1, keepdims=True))
        p = p / p.sum(1, keepdims=True)
        n = np.arange(len(X))
        loss = -np.log(p[n, y]).mean()
        da2 = p.copy()
        da2[n, y] -= 1
        da2 = da2 / len(X)
        dW2, db2 = h1.T @ da2, da2.sum(0)
        dh1 = da2 @ W2.T
        da1 = ReLU.backward(dh1, h1)
        return loss, {"W1": X.T @ da1, "b1": da1.sum(0), "W2": dW2, "b2": db2}
"""
CROPPED = """
import numpy as np

def conv_forward(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, _, HH, WW = w.shape
    N, _, H, W = x.shape
    p = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = p[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.tensordot(window, w, ([1, 2, 3], [1, 2, 3])) + b
    return out, (x, p, w, conv_param)

def conv_backward(dout, cache):
    x, p, w, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, _, HH, WW = w.shape
    N, C, H, W = x.shape
    dx, dp, dw = np.zeros_like(x), np.zeros_like(p), np.zeros_like(w)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            at = np.s_[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            dp[at] += np.tensordot(dout[:, :, i, j], w, 1)
            dw += np.tensordot(dout[:, :, i, j], p[at], ([0], [0]))
    for n in range(N):
        dx[n] = dp[n, :, 1:-1, 1:-1]
    return dx, dw, dout.sum((0, 2, 3))
"""


@pytest.fixture
def findings(reviewed):
    return lambda text: [finding for finding in reviewed(text).findings if finding.severity.startswith("wrong")]


@pytest.mark.parametrize("text", [AVERAGE, DECAY, PADDED], ids=["average", "decay", "padded"])
def test_no_alarm(findings, text):
    assert findings(text) == []


def test_what_comes_out_of_an_activation_for_what_goes_in(findings):
    found = findings(HIDDEN)
    assert [finding.cause for finding in found] == ["other variable"]
    assert found[0].change.after.strip() == "da1 = ReLU.backward(dh1, a1)"


def test_a_pass_that_fails_is_mended_if_it_runs_elsewhere(findings):
    failing = next(finding for finding in findings(CROPPED) if finding.cause == "backward fails")
    assert "pad" in failing.change.after


def test_parameters_in_another_shape_are_told_as_such(findings):
    text = DECAY.replace("        self.dW, ", "        self.b = self.b.reshape(-1, 1)\n        self.dW, ")
    causes = {finding.cause for finding in findings(text.partition("class Model")[0])}
    assert causes == {"parameters reshaped in backward"}


CELL = """
import numpy as np

class RNNCell:
    def __init__(self, input_size, hidden_size):
        self.W_ih, self.W_hh = np.random.randn(hidden_size, input_size), np.random.randn(hidden_size, hidden_size)
        self.dW_ih, self.dW_hh = np.zeros_like(self.W_ih), np.zeros_like(self.W_hh)

    def forward(self, x, h_prev_t):
        return np.tanh(x @ self.W_ih.T + h_prev_t @ self.W_hh.T)

    def backward(self, delta, h_t, h_prev_l, h_prev_t):
        dz = delta * (1 - h_t ** 2)
        self.dW_ih += dz.T @ h_prev_l / len(delta)
        self.dW_hh += dz.T @ h_prev_t / len(delta)
        return dz @ self.W_ih, dz @ self.W_hh
"""


def test_an_earlier_state_is_no_parameter(findings):
    assert findings(CELL) == []
