"""What is looked at stays as it is: parameters, gradients, statistics, random streams, and a pass under way."""

import numpy as np
import pytest

from backhand.attribution import (
    feature_maps,
    grad_cam,
    input_gradient,
    integrated_gradients,
    saliency,
    smooth_grad,
)
from backhand.attribution import scores as chunking
from tests.attribution.networks import convolutional, perceptron, samples

METHODS = {
    "saliency": saliency,
    "smooth_grad": lambda model, x: smooth_grad(model, x, samples=2),
    "integrated_gradients": lambda model, x: integrated_gradients(model, x, steps=2),
    "grad_cam": grad_cam,
    "feature_maps": feature_maps,
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("frozen", [(), (":2",)])
def test_nothing_of_the_training_changes(name, frozen):
    model, twin = (convolutional().freeze(*frozen) for _ in range(2))
    x = samples(model)
    dy = np.random.default_rng(3).normal(size=(5, 3))
    for each in (model, twin):
        each.forward(x, train=True, rng=np.random.default_rng(7))
    before = model.snapshot(), model.parameters.grads.copy()
    METHODS[name](model, x)
    for saved, value in zip(before[0].values(), model.arrays().values(), strict=True):
        np.testing.assert_array_equal(saved, value)
    np.testing.assert_array_equal(before[1], model.parameters.grads)
    for each in (model, twin):
        each.backward(dy)  # of the pass that was under way
    np.testing.assert_array_equal(model.parameters.grads, twin.parameters.grads)
    assert model.parameters.grads.any()


@pytest.mark.parametrize("name", METHODS)
def test_frozen_layers_make_no_difference(name):
    x = samples(convolutional())
    frozen = METHODS[name](convolutional().freeze(":-1"), x)
    np.testing.assert_array_equal(frozen, METHODS[name](convolutional(), x))
    assert frozen.any()


@pytest.mark.parametrize("name", METHODS)
def test_samples_in_chunks_give_the_same(name, monkeypatch):
    model = convolutional()
    x = samples(model)
    whole = METHODS[name](model, x)
    monkeypatch.setattr(chunking, "VALUES", 1)
    np.testing.assert_allclose(METHODS[name](model, x), whole, rtol=1e-12)


def test_no_samples_give_no_attributions():
    assert input_gradient(perceptron(), np.zeros((0, 5))).shape == (0, 5)
    assert grad_cam(convolutional(), np.zeros((0, 8, 6, 2))).shape == (0, 8, 6)
