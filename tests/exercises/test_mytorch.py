"""CMU 11-785: classes whose gradients are dLdW and dLdb."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

LINEAR, ACTIVATION, BATCHNORM, LOSS, RESAMPLING, CONV, POOL, FLATTEN = (
    load("mytorch", f"mytorch/nn/{name}.py")
    for name in ("linear", "activation", "batchnorm", "loss", "resampling", "conv", "pool", "flatten")
)
SGD = load("mytorch", "mytorch/optim/sgd.py").SGD


@pytest.mark.parametrize(("N", "in_features", "out_features"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, in_features, out_features, rng):
    layer = LINEAR.Linear(in_features, out_features)
    layer.W, layer.b = draw(rng, (out_features, in_features), (out_features, 1))
    parameters = [(lambda: layer.W, lambda: layer.dLdW), (lambda: layer.b, lambda: layer.dLdb)]
    assert_layer(layer, draw(rng, (N, in_features))[0], rng, parameters)


@pytest.mark.parametrize("name", ["Identity", "Sigmoid", "Tanh", "ReLU", "GELU", "Softmax"])
def test_activations(name, rng):
    (Z,) = draw(rng, (4, 3))
    out = assert_layer(getattr(ACTIVATION, name)(), Z, rng)
    oracle = torch.nn.Softmax(1) if name == "Softmax" else getattr(torch.nn, name)()
    assert np.allclose(out, oracle(torch.from_numpy(Z)))


@pytest.mark.parametrize("evaluation", [False, True])
@pytest.mark.parametrize(("N", "D"), [(2, 3), (6, 4)])
def test_batchnorm(N, D, evaluation, rng):
    layer = BATCHNORM.BatchNorm1d(D)
    layer.BW, layer.Bb, layer.running_M = draw(rng, (1, D), (1, D), (1, D))
    parameters = [(lambda: layer.BW, lambda: layer.dLdBW), (lambda: layer.Bb, lambda: layer.dLdBb)]
    Z = np.arange(N * D).reshape(N, D) % 5 + draw(rng, (N, D))[0]
    assert_layer(layer, Z, rng, parameters, lambda Z: layer.forward(Z, eval=evaluation))


def test_batchnorm_statistics(rng):
    Z = rng.normal(3, 2, (50, 4))
    layer = BATCHNORM.BatchNorm1d(4, alpha=0.75)
    layer.forward(Z)
    layer.forward(Z + 1, eval=True)
    assert np.allclose(layer.running_M, 0.25 * Z.mean(0))
    assert np.allclose(layer.running_V, 0.75 + 0.25 * Z.var(0))


@pytest.mark.parametrize(("N", "C"), [(1, 3), (4, 4), (3, 2)])
def test_losses(N, C, rng):
    A, Y = draw(rng, (N, C), (N, C))
    one_hot = np.eye(C)[rng.integers(0, C, N)]
    for loss, target in ((LOSS.MSELoss(), Y), (LOSS.CrossEntropyLoss(), one_hot)):
        loss.forward(A, target)
        gradient = loss.backward()
        assert_gradients(lambda loss=loss, target=target: loss.forward(A, target), {"A": (A, gradient)}, rng)
    assert LOSS.CrossEntropyLoss().forward(np.array([[1e4, -1e4]]), np.array([[0, 1.0]])) == 2e4


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize(("shape", "out", "k"), [((1, 1, 5, 5), 1, 3), ((2, 3, 6, 5), 4, 2)])
def test_conv2d(shape, out, k, stride, pad, rng):
    layer = CONV.Conv2d(shape[1], out, k, stride, pad)
    inner = layer.conv2d_stride1
    inner.b[...] = rng.standard_normal(out)
    parameters = [(lambda: inner.W, lambda: inner.dLdW), (lambda: inner.b, lambda: inner.dLdb)]
    (A,) = draw(rng, shape)
    Z = assert_layer(layer, A, rng, parameters)
    oracle = torch.nn.functional.conv2d(*map(torch.from_numpy, (A, inner.W, inner.b)), stride=stride, padding=pad)
    assert np.allclose(Z, oracle)


def test_weights_come_from_the_functions_that_are_given():
    layer = CONV.Conv2d_stride1(2, 3, 2, lambda *shape: np.full(shape, 2.0), lambda out: np.full(out, 1.0))
    assert layer.forward(np.ones((1, 2, 2, 2))).tolist() == [[[[17.0]]] * 3]


@pytest.mark.parametrize("name", ["MaxPool2d", "MeanPool2d"])
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (2, 3)])
@pytest.mark.parametrize("N", [1, 2])
def test_pool2d(name, kernel, stride, N, rng):
    (A,) = draw(rng, (N, 2, 6, 5))
    out = assert_layer(getattr(POOL, name)(kernel, stride), A, rng)
    oracle = torch.nn.MaxPool2d if name == "MaxPool2d" else torch.nn.AvgPool2d
    assert np.allclose(out, oracle(kernel, stride)(torch.from_numpy(A)))


@pytest.mark.parametrize("name", ["Upsample2d", "Downsample2d"])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_resampling(name, factor, rng):
    assert_layer(getattr(RESAMPLING, name)(factor), draw(rng, (2, 2, 5, 4))[0], rng)


def test_flatten(rng):
    assert assert_layer(FLATTEN.Flatten(), draw(rng, (2, 3, 4, 5))[0], rng).shape == (2, 60)


@pytest.mark.parametrize("momentum", [0, 0.8])
def test_sgd(momentum, rng):
    layer = LINEAR.Linear(3, 2)
    layer.W, layer.b = draw(rng, (2, 3), (2, 1))
    others = [torch.from_numpy(array.copy()) for array in (layer.W, layer.b)]
    ours, theirs = SGD(SimpleNamespace(layers=[layer]), 0.1, momentum), torch.optim.SGD(others, 0.1, momentum)
    for _ in range(4):
        layer.dLdW, layer.dLdb = draw(rng, (2, 3), (2, 1))
        for other, gradient in zip(others, (layer.dLdW, layer.dLdb), strict=True):
            other.grad = torch.from_numpy(gradient)
        ours.step()
        theirs.step()
    assert np.allclose(layer.W, others[0])
    assert np.allclose(layer.b, others[1])
