"""CO395 of 2018: pairs of functions without a cache."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_pair, draw
from tests.exercises.solutions import load

LAYERS = load("co395-functions", "layers.py")
SOFTMAX = load("co395-functions", "classifiers.py").softmax


@pytest.mark.parametrize("b_shape", [(5,), (1, 5)])
@pytest.mark.parametrize(("N", "shape"), [(1, (3,)), (4, (5,)), (3, (2, 2, 2))])
def test_linear(N, shape, b_shape, rng):
    def forward(X, W, b):
        return LAYERS.linear_forward(X, W, b), (X, W, b)

    def backward(dout, inputs):
        return LAYERS.linear_backward(dout, *inputs)

    assert_pair(forward, backward, draw(rng, (N, *shape), (np.prod(shape), 5), b_shape), rng)


def test_relu(rng):
    assert_pair(lambda X: (LAYERS.relu_forward(X), X), LAYERS.relu_backward, draw(rng, (3, 4)), rng)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, train, rng):
    def forward(X):
        return LAYERS.dropout_forward(X, p, train, seed=3)

    assert_pair(forward, lambda dout, mask: LAYERS.dropout_backward(dout, mask, p, train), draw(rng, (5, 6)), rng)
    out, _ = LAYERS.dropout_forward(np.ones((200, 200)), p, train, seed=None)
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).mean() - (p if train else 0)) < 0.02


@pytest.mark.parametrize(("N", "C"), [(1, 3), (5, 2), (4, 4)])
def test_softmax(N, C, rng):
    (logits,), y = draw(rng, (N, C)), rng.integers(0, C, N)
    gradient = SOFTMAX(logits, y)[1]
    assert_gradients(lambda: SOFTMAX(logits, y)[0], {"logits": (logits, gradient)}, rng)
    assert SOFTMAX(np.array([[1e4, -1e4]]), np.array([1]))[0] == 2e4
