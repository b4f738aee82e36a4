"""Berkeley CS 189: layers with the activation inside, whose parameters appear at the first forward pass."""

import numpy as np
import pytest
import torch

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

LAYERS, ACTIVATIONS, LOSSES, WEIGHTS = (
    load("berkeley", f"neural_networks/{name}.py") for name in ("layers", "activations", "losses", "weights")
)
NAMES = ["linear", "sigmoid", "tanh", "relu", "softmax"]


def built(layer, x, rng):
    """The layer with its parameters, the biases drawn, and the pairs of parameters and gradients."""
    layer.forward(x)
    layer.parameters["b"][...] = rng.standard_normal(layer.parameters["b"].shape)
    names = list(layer.parameters)
    return [(lambda k=k: layer.parameters[k], lambda k=k: layer.gradients[k]) for k in names]


@pytest.mark.parametrize("activation", NAMES)
def test_activations(activation, rng):
    (Z,) = draw(rng, (4, 3))
    layer = ACTIVATIONS.initialize_activation(activation)
    (dY,) = draw(rng, (4, 3))
    assert_gradients(lambda: (dY * layer(Z)).sum(), {"Z": (Z, layer.backward(Z, dY))}, rng)


@pytest.mark.parametrize("activation", NAMES)
@pytest.mark.parametrize(("N", "n_in", "n_out"), [(1, 3, 2), (4, 3, 3)])
def test_fully_connected(N, n_in, n_out, activation, rng):
    layer, (X,) = LAYERS.FullyConnected(n_out, activation), draw(rng, (N, n_in))
    assert_layer(layer, X, rng, built(layer, X, rng))


@pytest.mark.parametrize(("stride", "pad"), [(1, "valid"), (1, "same"), (2, 1), (2, (2, 1)), (3, 0)])
@pytest.mark.parametrize("activation", ["linear", "tanh"])
@pytest.mark.parametrize(("shape", "n_out", "kernel"), [((1, 5, 5, 1), 1, (3, 3)), ((2, 6, 5, 3), 4, (2, 3))])
def test_conv2d(shape, n_out, kernel, activation, stride, pad, rng):
    layer, (X,) = LAYERS.Conv2D(n_out, kernel, activation, stride=stride, pad=pad), draw(rng, shape)
    out = assert_layer(layer, X, rng, built(layer, X, rng))
    if activation == "linear":
        x, w = X.transpose(0, 3, 1, 2), layer.parameters["W"].transpose(3, 2, 0, 1)
        b = layer.parameters["b"].ravel()
        arrays = (torch.from_numpy(np.ascontiguousarray(array)) for array in (x, w, b))
        oracle = torch.nn.functional.conv2d(*arrays, stride=stride, padding=layer.pad)
        assert np.allclose(out.transpose(0, 3, 1, 2), oracle)
        assert pad != "same" or kernel != (3, 3) or out.shape[1:3] == shape[1:3]


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize(("kernel", "stride", "pad"), [((2, 2), 2, 0), ((3, 2), 1, "same"), ((2, 3), 3, "valid")])
@pytest.mark.parametrize("N", [1, 2])
def test_pool2d(kernel, stride, pad, mode, N, rng):
    X = draw(rng, (N, 6, 5, 2))[0] - 10
    layer = LAYERS.Pool2D(kernel, mode, stride, pad)
    out = assert_layer(layer, X, rng)
    oracle = torch.nn.functional.max_pool2d if mode == "max" else torch.nn.functional.avg_pool2d
    x = torch.from_numpy(np.ascontiguousarray(X.transpose(0, 3, 1, 2)))
    assert np.allclose(out.transpose(0, 3, 1, 2), oracle(x, kernel, stride, layer.pad))


def test_max_pooling_credits_one_of_a_tie():
    layer = LAYERS.Pool2D((2, 2), stride=2)
    layer.forward(np.zeros((1, 2, 2, 1)))
    assert np.array_equal(layer.backward(np.full((1, 1, 1, 1), 5.0)).squeeze(), [[5, 0], [0, 0]])


def test_flatten(rng):
    assert assert_layer(LAYERS.Flatten(), draw(rng, (2, 3, 4, 5))[0], rng).shape == (2, 60)


@pytest.mark.parametrize("name", ["CrossEntropy", "L2"])
@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_losses(name, N, K, rng):
    loss = getattr(LOSSES, name)()
    Y, Y_hat = np.eye(K)[rng.integers(0, K, N)], rng.uniform(0.1, 1, (N, K))
    assert_gradients(lambda: loss(Y, Y_hat), {"Y_hat": (Y_hat, loss.backward(Y, Y_hat))}, rng)


@pytest.mark.parametrize("mode", ["xavier_uniform", "xavier_normal"])
def test_first_weights(mode):
    weights = WEIGHTS.initialize_weights((3, 3, 40, 60), mode)
    assert np.isclose(weights.std(), np.sqrt(2 / (9 * 100)), rtol=0.05)
