"""Edinburgh: fprop, bprop and grads_wrt_params, without state."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, draw
from tests.exercises.solutions import load

LAYERS = load("edinburgh", "layers.py")
ERRORS = load("edinburgh", "errors.py")


def check(layer, inputs, rng, **options):
    """All gradients of a layer; bprop sees only what it is given, so another fprop in between changes nothing."""
    fprop = lambda: layer.fprop(inputs, **options)  # noqa: E731
    outputs, before = fprop(), inputs.copy()
    (upstream,) = draw(rng, outputs.shape)
    pairs = {"inputs": (inputs, layer.bprop(inputs, outputs, upstream))}
    if isinstance(layer, LAYERS.LayerWithParameters):
        gradients = layer.grads_wrt_params(inputs, upstream)
        pairs |= dict(enumerate(zip(layer.params, gradients, strict=True)))
    assert np.array_equal(inputs, before)
    assert_gradients(lambda: (upstream * fprop()).sum(), pairs, rng)
    return outputs


@pytest.mark.parametrize(("N", "input_dim", "output_dim"), [(1, 3, 2), (4, 3, 3)])
def test_affine(N, input_dim, output_dim, rng):
    layer = LAYERS.AffineLayer(input_dim, output_dim, biases_initialiser=rng.standard_normal)
    check(layer, draw(rng, (N, input_dim))[0], rng)


@pytest.mark.parametrize(
    "layer",
    [
        LAYERS.SigmoidLayer(),
        LAYERS.TanhLayer(),
        LAYERS.ReluLayer(),
        LAYERS.LeakyReluLayer(0.2),
        LAYERS.ELULayer(0.7),
        LAYERS.SoftmaxLayer(),
        LAYERS.ReshapeLayer((2, 3)),
        LAYERS.MaxPoolingLayer(3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_without_parameters(layer, rng):
    check(layer, draw(rng, (4, 6))[0], rng)


@pytest.mark.parametrize("stochastic", [True, False])
@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("incl_prob", [0.2, 0.5, 0.8])
def test_dropout(incl_prob, share, stochastic, rng):
    class Repeating:
        def uniform(self, size):
            return np.random.default_rng(3).uniform(size=size)

    layer = LAYERS.DropoutLayer(Repeating(), incl_prob, share)
    check(layer, draw(rng, (5, 6))[0], rng, stochastic=stochastic)
    outputs = layer.fprop(np.ones((200, 200)), stochastic)
    assert abs(outputs.mean() - incl_prob) < 0.1
    assert not stochastic or share == (outputs == outputs[0]).all()


@pytest.mark.parametrize("shape", [(1, 1, 4, 4), (2, 3, 5, 4)])
def test_convolution(shape, rng):
    layer = LAYERS.ConvolutionalLayer(shape[1], 2, *shape[2:], 2, 3)
    assert check(layer, draw(rng, shape)[0], rng).shape == (shape[0], 2, shape[2] - 1, shape[3] - 2)


def test_max_pooling_credits_one_of_a_tie():
    grads = LAYERS.MaxPoolingLayer(2).bprop(np.zeros((1, 2)), np.zeros((1, 1)), np.array([[5.0]]))
    assert grads.tolist() == [[5, 0]]


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4), (3, 2)])
def test_errors(N, K, rng):
    outputs, targets = draw(rng, (N, K), (N, K))
    one_hot = np.eye(K)[rng.integers(0, K, N)]
    for error, target in ((ERRORS.SumOfSquaredDiffsError(), targets), (ERRORS.CrossEntropySoftmaxError(), one_hot)):
        gradient = error.grad(outputs, target)
        pairs = {"outputs": (outputs, gradient)}
        assert_gradients(lambda error=error, target=target: error(outputs, target), pairs, rng)
    assert ERRORS.CrossEntropySoftmaxError()(np.array([[1e4, -1e4]]), np.array([[0, 1.0]])) == 2e4
