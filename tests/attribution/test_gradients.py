"""Saliency and its kin, against PyTorch, finite differences, and models whose answer is known."""

import numpy as np
import pytest
import torch

from backhand import backend
from backhand.attribution import input_gradient, integrated_gradients, saliency, smooth_grad
from backhand.errors import ModelError
from backhand.layers import Linear, ReLU
from tests.architectures.torch_twin import images, in_torch
from tests.attribution.networks import NETWORKS, built, convolutional, perceptron, samples

LABELS = np.array([2, 0, 1, 1, 2])


@pytest.mark.parametrize("make", [convolutional, perceptron])
def test_the_gradient_is_that_of_pytorch(make):
    model = make()
    x = samples(model)
    net = in_torch(model).eval()
    inputs = (images(x) if x.ndim == 4 else torch.tensor(x)).requires_grad_()
    net(inputs)[torch.arange(5), torch.tensor(LABELS)].sum().backward()
    theirs = inputs.grad.numpy()
    theirs = np.moveaxis(theirs, 1, -1) if x.ndim == 4 else theirs
    np.testing.assert_allclose(input_gradient(model, x, LABELS), theirs, rtol=1e-10, atol=1e-12)
    size = np.abs(theirs)
    np.testing.assert_allclose(saliency(model, x, LABELS), size.max(-1) if x.ndim == 4 else size, rtol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_is_that_of_differences(name):
    model = NETWORKS[name]()
    x, step = samples(model), 1e-6
    gradient, rng = input_gradient(model, x, LABELS), np.random.default_rng(0)
    for _ in range(5):
        v = rng.normal(size=x.shape)
        up, down = (model.predict(x + sign * step * v)[np.arange(5), LABELS] for sign in (1, -1))
        slope = (gradient * v).reshape(5, -1).sum(1)
        np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NETWORKS)
def test_kernels_give_the_gradient_of_the_references(name):
    model = NETWORKS[name](np.float32)
    x = samples(model).astype(np.float32)
    with backend.using("reference"):
        expected = input_gradient(model, x, LABELS)
    assert expected.dtype == np.float32
    np.testing.assert_allclose(input_gradient(model, x, LABELS), expected, rtol=1e-4, atol=1e-5)


def test_the_saliency_of_a_linear_model_is_its_weights():
    model = built(Linear(3), shape=(4,))
    w = model.parameters["0.weight"].value
    x = samples(model)
    np.testing.assert_array_equal(input_gradient(model, x, LABELS), w.T[LABELS])
    np.testing.assert_array_equal(saliency(model, x, 1), np.broadcast_to(np.abs(w[:, 1]), (5, 4)))


def test_without_classes_the_highest_score_is_explained():
    model = perceptron()
    x = samples(model)
    highest = model.predict(x).argmax(1)
    assert len(set(highest)) > 1
    np.testing.assert_array_equal(input_gradient(model, x), input_gradient(model, x, highest))


def test_a_single_output_is_the_score_of_class_1():
    model = built(Linear(1), shape=(4,))
    x, w = samples(model), model.parameters["0.weight"].value[:, 0]
    np.testing.assert_array_equal(input_gradient(model, x)[0], w)
    np.testing.assert_array_equal(input_gradient(model, x, np.array([0, 1, 0, 1, 0]))[:2], [-w, w])


def test_integrated_gradients_are_complete():
    model = perceptron()
    x, baseline = samples(model), np.full(5, 0.3)
    scores, start = (model.predict(at)[np.arange(len(at)), LABELS[: len(at)]] for at in (x, baseline[None]))
    start = model.predict(baseline[None])[0, LABELS]
    attributions = integrated_gradients(model, x, LABELS, baseline=baseline, steps=400)
    np.testing.assert_allclose(attributions.sum(1), scores - start, rtol=1e-4)


def test_integrated_gradients_of_a_linear_model_are_weight_times_value():
    model = built(Linear(3), shape=(4,))
    x, w = samples(model), model.parameters["0.weight"].value
    np.testing.assert_allclose(integrated_gradients(model, x, 2, steps=1), x * w[:, 2], rtol=1e-12)


def test_smooth_grad_is_the_mean_over_noisy_copies():
    model = built(Linear(8), ReLU(), Linear(3), shape=(4,))
    x = samples(model)
    np.testing.assert_allclose(
        smooth_grad(model, x, LABELS, samples=3, noise=0), input_gradient(model, x, LABELS), rtol=1e-12
    )
    many = smooth_grad(model, x, LABELS, samples=400)
    np.testing.assert_array_equal(many, smooth_grad(model, x, LABELS, samples=400))
    sigma = 0.15 * np.ptp(x, axis=1)[:, None]
    noisy = x + sigma * np.random.default_rng(5).normal(size=(4000, *x.shape))
    mean = np.mean([input_gradient(model, each, LABELS) for each in noisy[:400]], axis=0)
    np.testing.assert_allclose(many, mean, atol=0.12)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (3, "there is no class 3; the model has 3 outputs"),
        (-1, "there is no class -1"),
        (np.array([0, 1]), "5 samples need one class each"),
        (np.zeros(5), "as whole numbers"),
    ],
)
def test_classes_that_cannot_be_explained_are_refused(classes, said):
    model = perceptron()
    with pytest.raises(ModelError, match=said):
        saliency(model, samples(model), classes)


def test_numbers_that_make_no_sense_are_refused():
    model = perceptron()
    x = samples(model)
    with pytest.raises(ModelError, match="1 copy or more"):
        smooth_grad(model, x, samples=0)
    with pytest.raises(ModelError, match="1 step or more"):
        integrated_gradients(model, x, steps=0)
    for baseline in (np.zeros(x.shape[1] + 1), np.zeros((2, *x.shape)), "mean", None):
        with pytest.raises(ModelError, match=r"be a finite number, one sample of shape \(\d+,\), or \d+ of them"):
            integrated_gradients(model, x, baseline=baseline)
    with pytest.raises(ModelError, match="must be built"):
        saliency(model.fresh(), x)
    with pytest.raises(ModelError, match="needs samples of shape"):
        saliency(model, x[:, :3])
