"""CO395 from 2019 on: classes that keep their cache, and a network of them."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

LIB = load("co395-classes", "nn_lib.py")


@pytest.mark.parametrize(("N", "n_in", "n_out"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, n_in, n_out, rng):
    layer = LIB.LinearLayer(n_in, n_out)
    layer._b[...] = rng.standard_normal((1, n_out))
    parameters = [
        (lambda: layer._W, lambda: layer._grad_W_current),
        (lambda: layer._b, lambda: layer._grad_b_current),
    ]
    assert_layer(layer, draw(rng, (N, n_in))[0], rng, parameters)
    before, gradient = layer._W.copy(), layer._grad_W_current
    layer.update_params(0.1)
    assert np.allclose(layer._W, before - 0.1 * gradient)


@pytest.mark.parametrize("name", ["ReluLayer", "SigmoidLayer"])
def test_activations(name, rng):
    layer = getattr(LIB, name)()
    assert_layer(layer, draw(rng, (3, 4))[0], rng)
    assert np.array_equal(layer(np.array([-1e4, 1e4])) > 0, [False, True])


@pytest.mark.parametrize(("N", "D"), [(1, 3), (4, 4), (3, 1)])
def test_losses(N, D, rng):
    y_pred, y_target = draw(rng, (N, D), (N, D))
    one_hot = np.eye(D)[rng.integers(0, D, N)]
    for layer, target in ((LIB.MSELossLayer(), y_target), (LIB.CrossEntropyLossLayer(), one_hot)):
        layer.forward(y_pred, target)
        gradient = layer.backward()
        assert_gradients(
            lambda layer=layer, target=target: layer.forward(y_pred, target), {"y_pred": (y_pred, gradient)}, rng
        )
    assert np.isclose(LIB.MSELossLayer()(np.zeros((2, 3)), np.full((2, 3), 2.0)), 4)
    assert LIB.CrossEntropyLossLayer()(np.array([[1e4, -1e4]]), np.array([[0, 1.0]])) == 2e4


def test_network(rng):
    network = LIB.MultiLayerNetwork(3, [4, 5, 2], ["relu", "sigmoid", "identity"])
    assert len(network._layers) == 5
    linear = [network._layers[i] for i in (0, 2, 4)]
    parameters = [(lambda each=each: each._W, lambda each=each: each._grad_W_current) for each in linear]
    assert_layer(network, draw(rng, (6, 3))[0], rng, parameters)
    before = [each._W.copy() for each in linear]
    network.update_params(1.0)
    for each, weights in zip(linear, before, strict=True):
        assert np.allclose(weights - each._W, each._grad_W_current)
