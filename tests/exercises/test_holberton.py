"""Holberton: one function a file, without a cache."""

import numpy as np
import pytest

from tests.exercises.differences import assert_pair, draw
from tests.exercises.solutions import load

CONV_FORWARD = load("holberton", "0-conv_forward.py").conv_forward
POOL_FORWARD = load("holberton", "1-pool_forward.py").pool_forward
CONV_BACKWARD = load("holberton", "2-conv_backward.py").conv_backward
POOL_BACKWARD = load("holberton", "3-pool_backward.py").pool_backward


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 3)])
@pytest.mark.parametrize("shapes", [((1, 5, 5, 1), (3, 3, 1, 1)), ((2, 6, 5, 3), (2, 3, 3, 4))])
def test_conv(shapes, stride, padding, rng):
    def forward(A_prev, W, b):
        return CONV_FORWARD(A_prev, W, b, lambda Z: Z, padding, stride), (A_prev, W, b)

    def backward(dZ, inputs):
        return CONV_BACKWARD(dZ, *inputs, padding, stride)

    out = assert_pair(forward, backward, draw(rng, *shapes, (1, 1, 1, shapes[1][3])), rng)
    if padding == "same" and stride == (1, 1) and shapes[1][0] == 3:
        assert out.shape[1:3] == shapes[0][1:3]


def test_the_activation_is_applied(rng):
    A_prev, W, b = draw(rng, (1, 4, 4, 1), (2, 2, 1, 1), (1, 1, 1, 1))
    linear, rectified = (CONV_FORWARD(A_prev, W, b, act, "valid") for act in (lambda Z: Z, lambda Z: np.maximum(Z, 0)))
    assert np.array_equal(rectified, np.maximum(linear, 0))


@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (2, 2)), ((3, 2), (1, 1)), ((2, 3), (3, 2))])
@pytest.mark.parametrize("m", [1, 2])
def test_pool(kernel, stride, mode, m, rng):
    def forward(A_prev):
        return POOL_FORWARD(A_prev, kernel, stride, mode), A_prev

    assert_pair(forward, lambda dA, A: POOL_BACKWARD(dA, A, kernel, stride, mode), draw(rng, (m, 6, 5, 2)), rng)


def test_pool_credits_one_of_a_tie():
    dA_prev = POOL_BACKWARD(np.full((1, 1, 1, 1), 5.0), np.zeros((1, 2, 2, 1)), (2, 2))
    assert np.array_equal(dA_prev.squeeze(), [[5, 0], [0, 0]])
