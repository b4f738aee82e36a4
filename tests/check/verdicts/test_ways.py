"""Right layers whose passes are called, or wired, in ways of their own."""

import pytest

from backhand.check import check_file

FILES = {
    "deltas for a method of its own": """
import numpy as np

class Sigmoid:
    def __init__(self, idim, odim):
        self.W, self.b = np.random.randn(idim, odim), np.zeros(odim)
    def fprop(self, inputs):
        return 1 / (1 + np.exp(-inputs @ self.W - self.b))
    def bprop(self, h, igrads):
        deltas = igrads * h * (1 - h)
        return deltas, deltas @ self.W.T
    def pgrads(self, inputs, deltas):
        return [inputs.T @ deltas, deltas.sum(axis=0)]
""",
    "a hinge with its margin as a setting": """
import numpy as np

class HingeLoss:
    def __init__(self, name, margin=0.5):
        self.name, self.margin = name, margin
    def margins(self, input, target):
        right = np.sum(input * target, axis=1, keepdims=True)
        return (1 - target) * np.maximum(0, self.margin + input - right)
    def forward(self, input, target):
        return self.margins(input, target).sum() / len(input)
    def backward(self, input, target):
        mask = (self.margins(input, target) > 0).astype(float)
        return (mask - target * mask.sum(axis=1, keepdims=True)) / len(input)
""",
    "the first axis to flatten as a setting": """
class Flatten:
    def __init__(self, start_dim=0):
        self.start_dim = start_dim
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(*x.shape[: self.start_dim], -1)
    def backward(self, dy):
        return dy.reshape(self.shape)
""",
    "a loss with the frequency of each class as a setting": """
import numpy as np

class CrossEntropy:
    def __init__(self, class_count=None):
        self.class_count = class_count
    def __call__(self, Y_pred, Y_real):
        weights = np.ones(Y_real.shape[1])
        if self.class_count is not None:
            weights = Y_real.T @ self.class_count
        return -(np.log((Y_pred * Y_real).sum(axis=0) + 1e-8) @ weights) / Y_pred.shape[1]
    def backward(self, Y_pred, Y_real):
        return -Y_real / (Y_pred + 1e-8) / Y_pred.shape[1]
""",
    "a small number in the gradient of a loss alone": """
import numpy as np

class CrossEntropyModule:
    def forward(self, x, y):
        return -np.log((x * y).sum(axis=1)).mean()
    def backward(self, x, y):
        return -y / (x + 1e-6) / len(x)
""",
    "a penalty whose backward takes no upstream": """
import numpy as np

class L2Regularization:
    def __init__(self, lambda_=0.01):
        self.lambda_ = lambda_
    def forward(self, weights):
        return self.lambda_ * np.sum(weights**2)
    def backward(self, weights):
        return 2 * self.lambda_ * weights
""",
}


@pytest.mark.parametrize("way", FILES)
def test_nothing_is_said_against_it(way, tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(FILES[way])
    (unit,) = check_file(file).units
    assert unit.kind
    assert [finding for finding in unit.findings if finding.severity != "warning"] == []


SURROGATE = """
import torch

class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x > 0).to(x)
    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output / (10 * x.abs() + 1) ** 2
"""


def test_the_gradient_of_a_step_function_is_another_functions(tmp_path):
    file = tmp_path / "spike.py"
    file.write_text(SURROGATE)
    assert [(f.severity, f.cause) for f in check_file(file).findings] == [("harmless", "surrogate gradient")]


NETWORK = """
import numpy as np

class Neuralnetwork:
    def __init__(self, layer_sizes):
        pairs = zip(layer_sizes, layer_sizes[1:])
        self.weights = [0.5 * np.random.randn(n, m) for n, m in pairs]
    def forward(self, x, targets):
        self.inputs = [x]
        for w in self.weights[:-1]:
            self.inputs.append(np.tanh(self.inputs[-1] @ w))
        scores = self.inputs[-1] @ self.weights[-1]
        p = np.exp(scores - scores.max(1, keepdims=True))
        self.targets, self.y = targets, p / p.sum(1, keepdims=True)
        return -np.sum(targets * np.log(self.y)) / len(x)
    def backward(self):
        delta, self.d_weights = (self.targets - self.y) / len(self.y), [None] * len(self.weights)
        for i in reversed(range(len(self.weights))):
            self.d_weights[i] = self.inputs[i].T @ delta
            delta = (delta @ self.weights[i].T) * (1 - self.inputs[i] ** 2)
    def update(self, learning_rate):
        for i in range(len(self.weights)):
            self.weights[i] {sign}= learning_rate * self.d_weights[i]
"""


@pytest.mark.parametrize(("sign", "expected"), [("+", set()), ("-", {"with the opposite sign"})])
def test_gradients_of_minus_the_loss_are_right_where_the_update_adds_them(sign, expected, tmp_path):
    file = tmp_path / "network.py"
    file.write_text(NETWORK.format(sign=sign))
    (unit,) = check_file(file).units
    assert {finding.cause for finding in unit.findings} == expected


CACHED = """
import numpy as np

class Tanh:
    def forward(self, x):
        y = np.tanh(x)
        return y, y
    def backward(self, x, cache, eta=0.1):
        return x * (1 - cache**2)

class SigmoidWithLoss:
    def forward(self, x, t):
        self.y, self.t = 1 / (1 + np.exp(-x)), t
        both = np.c_[1 - self.y, self.y]
        return -np.log(both[np.arange(len(t)), t] + 1e-7).mean()
    def backward(self, dout=1):
        return (self.y - self.t) * dout / len(self.t)
"""


def test_an_upstream_under_the_inputs_name_and_labels_that_are_indices(tmp_path):
    file = tmp_path / "layers.py"
    file.write_text(CACHED)
    review = check_file(file)
    assert [unit.kind for unit in review.units] == ["Tanh", "Binary cross-entropy of scores"]
    assert not [finding for finding in review.findings if finding.severity != "warning"]
