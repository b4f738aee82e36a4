"""deeplearning.ai: functions with samples in columns, and images in channels-last order."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_pair, draw
from tests.exercises.solutions import load

DNN = load("deeplearning-ai", "dnn.py")
CNN = load("deeplearning-ai", "cnn.py")


@pytest.mark.parametrize(("m", "n_in", "n_out"), [(1, 3, 2), (4, 3, 3), (3, 2, 5)])
def test_linear(m, n_in, n_out, rng):
    def backward(dZ, cache):
        dA_prev, dW, db = DNN.linear_backward(dZ, cache)
        return dA_prev, m * dW, m * db  # which has taken the mean over the samples already

    assert_pair(DNN.linear_forward, backward, draw(rng, (n_in, m), (n_out, n_in), (n_out, 1)), rng)


@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_activations(name, rng):
    forward, backward = getattr(DNN, name), getattr(DNN, f"{name}_backward")
    assert_pair(forward, backward, draw(rng, (3, 4)), rng)
    assert np.array_equal(forward(np.array([-1e4, 1e4]))[0] > 0, [False, True])


@pytest.mark.parametrize(("layers", "m"), [([3, 1], 1), ([3, 1], 4), ([2, 4, 3, 1], 5)])
def test_model(layers, m, rng):
    """The gradients of the whole model are those of the cost: the 1/m is taken once."""
    # Of the same shapes, but drawn: with biases of 0, a sample on which no unit fires has its next z at ReLU's kink.
    parameters = {name: rng.normal(size=value.shape) for name, value in DNN.initialize_parameters_deep(layers).items()}
    (X,), Y = draw(rng, (layers[0], m)), rng.integers(0, 2, (1, m))

    def cost():
        return DNN.compute_cost(DNN.L_model_forward(X, parameters)[0], Y)

    AL, caches = DNN.L_model_forward(X, parameters)
    grads = DNN.L_model_backward(AL, Y, caches)
    pairs = {name: (value, grads["d" + name]) for name, value in parameters.items()}
    assert_gradients(cost, {**pairs, "X": (X, grads["dA0"] / m)}, rng)
    moved = DNN.update_parameters(parameters, grads, 0.5)
    assert moved.keys() == parameters.keys()
    assert np.allclose(moved["b1"], parameters["b1"] - 0.5 * grads["db1"])


def test_cost_by_hand():
    assert np.isclose(DNN.compute_cost(np.array([[0.5, 0.25]]), np.array([[1, 0]])), (np.log(2) - np.log(0.75)) / 2)


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize("shapes", [((1, 4, 4, 1), (3, 3, 1, 1)), ((2, 5, 4, 3), (2, 2, 3, 2))])
def test_conv(shapes, stride, pad, rng):
    def forward(A_prev, W, b):
        return CNN.conv_forward(A_prev, W, b, {"stride": stride, "pad": pad})

    assert_pair(forward, CNN.conv_backward, draw(rng, *shapes, (1, 1, 1, shapes[1][3])), rng)


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize(("f", "stride"), [(2, 2), (3, 1), (2, 3)])
@pytest.mark.parametrize("m", [1, 2])
def test_pool(f, stride, mode, m, rng):
    def forward(A_prev):
        return CNN.pool_forward(A_prev, {"f": f, "stride": stride}, mode)

    def backward(dA, cache):
        return CNN.pool_backward(dA, cache, mode)

    assert_pair(forward, backward, draw(rng, (m, 6, 5, 2)), rng)


def test_pool_credits_one_of_a_tie():
    _, cache = CNN.pool_forward(np.zeros((1, 2, 2, 1)), {"f": 2, "stride": 2})
    assert np.array_equal(CNN.pool_backward(np.full((1, 1, 1, 1), 5.0), cache).squeeze(), [[5, 0], [0, 0]])
