"""Which of several arrays is the gradient of which parameter, and the modes in which passes are run."""

import pytest

from backhand.check import check_file
from tests.check.reading.outcomes import is_right, told

NORMALISING = """
import numpy as np

class BatchNormalisation:
    def __init__(self, input_dim):
        self.beta, self.gamma = np.zeros(input_dim), np.ones(input_dim)

    def fprop(self, inputs):
        self.deviation = np.sqrt(inputs.var(0) + 1e-5)
        self.normal = (inputs - inputs.mean(0)) / self.deviation
        return self.gamma * self.normal + self.beta

    def bprop(self, inputs, outputs, grads_wrt_outputs):
        d = grads_wrt_outputs * self.gamma
        return (d - d.mean(0) - self.normal * (d * self.normal).mean(0)) / self.deviation

    def grads_wrt_params(self, inputs, grads_wrt_outputs):
        {result}

    @property
    def params(self):
        return [self.gamma, self.beta]
"""
NAMED = """of_gamma = (grads_wrt_outputs * self.normal).sum(0)
        of_beta = grads_wrt_outputs.sum(0)
        return [of_gamma, of_beta]"""
LISTED = "return [(grads_wrt_outputs * self.normal).sum(0), grads_wrt_outputs.sum(0)]"
RECURRENT = """
import numpy as np

class Rnn:
    def __init__(self, n_in, units, h0=None):
        self.w, self.u = np.random.randn(n_in, units), np.random.randn(units, units)
        self.bias = np.zeros(units)
        self.h0 = np.zeros_like(self.bias) if h0 is None else h0

    def forward(self, x):
        self.states = [np.repeat(self.h0[None], len(x), 0)]
        for t in range(x.shape[1]):
            self.states.append(np.tanh(x[:, t] @ self.w + self.states[-1] @ self.u + self.bias))
        return np.stack(self.states[1:], 1)

    def backward(self, grad, x):
        dx, dh = np.zeros_like(x), 0
        self.w_grad, self.u_grad, self.bias_grad = np.zeros_like(self.w), np.zeros_like(self.u), np.zeros(len(self.u))
        for t in reversed(range(x.shape[1])):
            dz = (grad[:, t] + dh) * (1 - self.states[t + 1] ** 2)
            self.w_grad += x[:, t].T @ dz
            self.u_grad += self.states[t].T @ dz
            self.bias_grad += dz.sum(0)
            dx[:, t], dh = dz @ self.w.T, dz @ self.u.T
        return dx
"""
DROPPING = """
import numpy as np

class Drop:
    def __init__(self, rate, training, seed):
        self.rate, self.seed, self.training = rate, seed, training

    def forward(self, x):
        if not self.training:
            return x
        np.random.seed(self.seed)
        self.mask = (np.random.random_sample(x.shape) >= self.rate) / (1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask if self.training else dy

class Dropout:
    def __init__(self, rate, seed=None):
        self.rate, self.training = rate, True
        self.inner = Drop(rate, True, seed)

    def forward(self, x):
        return self.inner.forward(x)

    def backward(self, dy):
        return self.inner.backward(dy)

    def set_mode(self, training):
        self.training = self.inner.training = training
"""
KEEPING = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out, state={}):
        self.W, self.b, self.state = np.random.randn(n_in, n_out), np.zeros(n_out), state

    def forward(self, x):
        if self.state.get("train", False):
            self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW, self.db = self.x.T @ grad, grad.sum(0)
        return grad @ self.W.T
"""
ONE_HOT = """
class EuclideanLoss:
    def forward(self, input, target):
        return (0.5 * (input - target) ** 2).sum(1)

    def backward(self, input, target):
        return input * (target == 0) + (input - 1) * (target == 1)
"""
GOAL = """
import numpy as np

def quadratic_cost(goal, actual):
    return 0.5 * np.sum((actual - goal) ** 2)

def quadratic_cost_derivative(goal, actual):
    return actual - goal
"""
SWITCHED = """
import numpy as np

class BatchNormalization:
    def __init__(self, n_output):
        self.moving_mean, self.moving_var = np.zeros(n_output), np.ones(n_output)
        self.train, self.collects, self.count = True, False, 0

    def forward(self, x):
        self.m, self.v = (x.mean(0), x.var(0)) if self.train else (self.moving_mean, self.moving_var)
        if self.collects:
            self.moving_mean = (self.moving_mean * self.count + self.m) / (self.count + 1)
            self.moving_var = (self.moving_var * self.count + self.v) / (self.count + 1)
            self.count += 1
        self.h = (x - self.m) / np.sqrt(self.v + 1e-5)
        return self.h

    def backward(self, dy):
        if not self.train:
            return dy / np.sqrt(self.v + 1e-5)
        return (dy - dy.mean(0) - self.h * (dy * self.h).mean(0)) / np.sqrt(self.v + 1e-5)
"""
COUNTING = """
import numpy as np

def compute_loss_and_acc(y, probs):
    loss = np.sum(-np.log(np.abs(probs)) * y, axis=1)
    acc = np.mean(probs.argmax(1) == y.argmax(1))
    return loss, acc
"""


@pytest.mark.parametrize("result", [NAMED, LISTED], ids=["named", "listed"])
def test_several_gradients_of_a_method_for_parameters_have_its_order(read_text, result):
    found = read_text(NORMALISING.replace("{result}", result))["BatchNormalisation"]
    assert is_right(found)


@pytest.mark.parametrize(
    "text",
    [RECURRENT, DROPPING, KEEPING, ONE_HOT, GOAL, SWITCHED],
    ids=["first state", "mode and seed", "mode in a dictionary", "one-hot labels", "goal", "a switch of its own"],
)
def test_no_alarm(tmp_path, text):
    (tmp_path / "layers.py").write_text(text)
    assert [f.headline for f in check_file(tmp_path / "layers.py").findings if f.severity.startswith("wrong")] == []


def test_the_share_of_right_predictions_is_no_loss(read_text):
    found = read_text(COUNTING)
    assert all(told(each).startswith("unread") for each in found.values())


def test_a_gradient_that_only_lacks_an_axis_is_explained(tmp_path):
    text = KEEPING.replace("np.zeros(n_out)", "np.zeros((1, n_out))").replace("grad.sum(0)", "2 * grad.sum(0)")
    (tmp_path / "layers.py").write_text(text)
    found = [f.cause for f in check_file(tmp_path / "layers.py").findings if f.severity.startswith("wrong")]
    assert found == ["times 2"]


TOTAL = """
import numpy as np

class Conv2D:
    def __init__(self, n_in, n_out, kernel_size, stride, pad):
        self.W, self.b = np.random.randn(n_out, n_in, kernel_size, kernel_size), np.zeros(n_out)
        self.k, self.s, self.margin = kernel_size, stride, (pad // 2, pad - pad // 2)

    def forward(self, x):
        self.p = np.pad(x, ((0, 0), (0, 0), self.margin, self.margin))
        self.h, self.w = x.shape[2:]
        rows, columns = ((n - self.k) // self.s + 1 for n in self.p.shape[2:])
        out = np.zeros((len(x), len(self.W), rows, columns))
        for i in range(rows):
            for j in range(columns):
                window = self.p[:, :, i * self.s : i * self.s + self.k, j * self.s : j * self.s + self.k]
                out[:, :, i, j] = np.einsum("ncij,fcij->nf", window, self.W)
        return out + self.b[:, None, None]

    def backward(self, dout):
        dp, self.dW, self.db = np.zeros_like(self.p), np.zeros_like(self.W), dout.sum((0, 2, 3))
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                at = np.s_[:, :, i * self.s : i * self.s + self.k, j * self.s : j * self.s + self.k]
                self.dW += np.einsum("nf,ncij->fcij", dout[:, :, i, j], self.p[at])
                dp[at] += np.einsum("nf,fcij->ncij", dout[:, :, i, j], self.W)
        return dp[:, :, self.margin[0] : self.margin[0] + self.h, self.margin[0] : self.margin[0] + self.w]
"""


def test_a_padding_may_be_counted_for_both_sides_together(read_text):
    found = read_text(TOTAL)["Conv2D"]
    assert (told(found), is_right(found)) == ("conv2d", True)


def test_a_padding_of_half_the_window_whatever_was_asked_for_is_told(tmp_path):
    text = TOTAL.replace("(pad // 2, pad - pad // 2)", "(kernel_size // 2, kernel_size // 2)")
    (tmp_path / "layers.py").write_text(text)
    causes = {f.cause for f in check_file(tmp_path / "layers.py").findings if f.severity.startswith("wrong")}
    assert causes == {"padding of another mode"}
