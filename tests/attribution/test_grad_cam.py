"""Grad-CAM against PyTorch, against class activation maps, and in every part of a network."""

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from backhand import backend
from backhand.attribution import feature_maps, grad_cam
from backhand.attribution.enlarge import enlarge
from backhand.attribution.feature_maps import last_maps
from backhand.errors import ModelError
from backhand.layers import Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU
from backhand.model.sequential import Sequential
from tests.architectures.torch_twin import images, in_torch
from tests.attribution.networks import NETWORKS, branched, built, convolutional, perceptron, residual, samples

LABELS = np.array([2, 0, 1, 1, 2])
CHOSEN = {"convolutional": "5", "residual": "2", "branched": "1"}


@pytest.mark.parametrize("layer", ["0", "2", "3", "5"])
def test_the_maps_are_those_of_pytorch(layer):
    model = convolutional()
    x = samples(model)
    net = in_torch(model).eval()
    maps = net[: int(layer) + 1](images(x))
    maps.retain_grad()
    net[int(layer) + 1 :](maps)[torch.arange(5), torch.tensor(LABELS)].sum().backward()
    cam = torch.relu((maps.grad.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True))
    expected = interpolate(cam, size=(8, 6), mode="bilinear", align_corners=False)[:, 0].detach().numpy()
    assert expected.any()
    np.testing.assert_allclose(grad_cam(model, x, LABELS, layer=layer), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CHOSEN)
def test_the_layer_behind_the_last_convolution_is_chosen(name):
    model = NETWORKS[name]()
    x = samples(model)
    assert last_maps(model) == CHOSEN[name]
    np.testing.assert_array_equal(grad_cam(model, x), grad_cam(model, x, layer=CHOSEN[name]))


@pytest.mark.parametrize("name", CHOSEN)
def test_kernels_give_the_maps_of_the_references(name):
    model = NETWORKS[name](np.float32)
    x = samples(model).astype(np.float32)
    with backend.using("reference"):
        expected = grad_cam(model, x, LABELS)
    np.testing.assert_allclose(grad_cam(model, x, LABELS), expected, rtol=1e-4, atol=1e-5)


def test_behind_global_average_pooling_it_is_the_class_activation_map():
    model = built(Conv2d(4, 3), ReLU(), GlobalAvgPool2d(), Linear(3))
    x = samples(model)
    maps, w = feature_maps(model, x, "1"), model.parameters["3.weight"].value
    activation = np.einsum("npqk,kn->npq", maps, w[:, LABELS])
    expected = enlarge(np.maximum(activation, 0) / (6 * 4), (8, 6))
    np.testing.assert_allclose(grad_cam(model, x, LABELS), expected, rtol=1e-12)


@pytest.mark.parametrize(("make", "layer"), [(residual, "1.body.2"), (branched, "1.1.0"), (residual, "1.body.3")])
def test_layers_in_branches_have_maps_too(make, layer):
    """The maps of a layer in a branch, and its gradient as differences of the score give it."""
    model = make()
    x = samples(model)
    names = [name for name, _ in model.walk()]
    maps = feature_maps(model, x, layer)
    assert maps.shape[1:] == dict(model.walk())[layer].output_shape
    assert grad_cam(model, x, LABELS, layer=layer).any()
    assert [name for name, _ in model.walk()] == names


def test_layers_of_a_model_in_a_model_are_found():
    inner = Sequential(Conv2d(4, 3), ReLU(), GlobalAvgPool2d())
    model = built(inner, Linear(3))
    assert last_maps(model) == "0.1"
    flat = built(*inner.fresh().layers, Linear(3))
    flat.load(dict(zip(flat.arrays(), model.arrays().values(), strict=True)))
    x = samples(model)
    np.testing.assert_allclose(grad_cam(model, x, LABELS), grad_cam(flat, x, LABELS), rtol=1e-12)


def test_without_a_convolution_the_last_map_is_taken():
    model = built(ReLU(), MaxPool2d(2), Flatten(), Linear(3))
    assert last_maps(model) == "1"
    assert grad_cam(model, samples(model)).shape == (5, 8, 6)


def test_where_there_are_no_maps_it_is_said():
    model = perceptron()
    with pytest.raises(ModelError, match=r"no layer with feature maps .* use saliency"):
        grad_cam(model, samples(model))
    model = convolutional()
    with pytest.raises(ModelError, match=r'no layer "12"; the layers are 0, 1'):
        grad_cam(model, samples(model), layer="12")
    with pytest.raises(ModelError, match=r"layer 6 gives \(60,\)"):
        grad_cam(model, samples(model), layer="6")


@pytest.mark.parametrize("size", [(7, 9), (3, 4), (14, 5), (1, 2)])
def test_maps_are_enlarged_as_in_pytorch(size):
    maps = np.random.default_rng(0).normal(size=(2, 4, 3))
    expected = interpolate(torch.tensor(maps)[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]
    np.testing.assert_allclose(enlarge(maps, size), expected.numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(enlarge(maps[:, :1, :1], size), np.broadcast_to(maps[:, :1, :1], (2, *size)))
