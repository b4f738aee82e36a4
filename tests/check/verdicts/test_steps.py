"""Layers whose backward pass takes a learning rate and updates the parameters itself."""

import pytest

DENSE = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.random.randn(1, n_out)
        self.velocity = 0
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy, learning_rate{more}):
        dx = dy @ self.W.T
        self.W -= learning_rate * ({dW})
        self.b -= learning_rate * dy.{db}(axis=0)
        return dx
"""


@pytest.fixture
def causes(reviewed):
    def review(**parts):
        (unit,) = reviewed(DENSE.format(**{"more": "", "dW": "self.x.T @ dy", "db": "sum"} | parts)).units
        return [(finding.severity, finding.cause, finding.array) for finding in unit.findings]

    return review


def test_steps_are_the_layers_business(causes):
    assert causes() == []


def test_momentum_and_a_penalty_are_set_to_zero(causes):
    dW = "momentum * self.velocity + (1 - momentum) * self.x.T @ dy + weight_decay * self.W"
    assert causes(more=", momentum=0.9, weight_decay=0.1", dW=dW) == []


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"db": "mean"}, ("wrong", "averaged over the batch", "b")),
        ({"dW": "2 * self.x.T @ dy"}, ("wrong", "times 2", "W")),
    ],
)
def test_a_wrong_gradient_shows_in_the_step(causes, parts, expected):
    assert causes(**parts) == [expected]
