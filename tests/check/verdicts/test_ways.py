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
