"""Units of which one does the work of another: a softmax and its loss, an activation and the entry of the bias."""

import pytest

SOFTMAX = """
import numpy as np

class Softmax:
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y
    def backward(self, dy):
        return {softmax}
"""
LOSS = """
class CrossEntropy:
    def forward(self, p, t):
        self.p, self.t = p, t
        return -(t * np.log(p + 1e-12)).sum() / len(p)
    def backward(self):
        return {loss} / len(self.p)
"""
OWN = "self.y * (dy - (dy * self.y).sum(axis=1, keepdims=True))"
BY_SCORES, BY_PROBABILITIES = "(self.p - self.t)", "-self.t / (self.p + 1e-12)"
PERCEPTRON = """
import numpy as np

class Sigmoid:
    def forward(self, x):
        self.z = 1 / (1 + np.exp(-x))
        return self.z
    def backward(self, dz):
        return dz{crop} * self.z * (1 - self.z)

class Linear:
    def __init__(self, input_size, output_size):
        self.w = np.random.randn(output_size, input_size + 1)
    def forward(self, x):
        self.x = np.insert(x, 0, 1)
        return self.w @ self.x
    def backward(self, dz):
        self.dw = np.outer(dz, self.x)
        return self.w.T @ dz
"""


@pytest.fixture
def causes(reviewed):
    return lambda text: [(finding.severity, finding.cause) for finding in reviewed(text).findings]


@pytest.mark.parametrize(
    ("softmax", "loss", "expected"),
    [
        (OWN, BY_PROBABILITIES, []),
        ("dy", BY_SCORES, []),
        (OWN, BY_SCORES, [("wrong", "gradient by the scores")]),
        ("dy", BY_PROBABILITIES, [("wrong", "derivative left out")]),
    ],
)
def test_the_derivative_of_the_softmax_belongs_into_one_of_the_two(causes, softmax, loss, expected):
    assert causes(SOFTMAX.format(softmax=softmax) + LOSS.format(loss=loss)) == expected


def test_each_alone_is_but_warned_of(causes):
    assert causes(SOFTMAX.format(softmax="dy")) == [("warning", "derivative left out")]
    assert causes("import numpy as np\n" + LOSS.format(loss=BY_SCORES)) == [("warning", "gradient by the scores")]


def test_the_entry_of_the_bias_may_be_dropped_by_the_activation(causes):
    assert causes(PERCEPTRON.format(crop="[1:]")) == []
    assert causes(PERCEPTRON.format(crop="")) == [("wrong", "entry of the bias kept")]
