"""Deep Learning from Scratch: classes whose parameters are given to the constructor, and optimisers."""

import numpy as np
import pytest
import torch

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

LAYERS = load("dlfs", "layers.py")
OPTIMIZER = load("dlfs", "optimizer.py")


@pytest.mark.parametrize(("N", "shape", "M"), [(1, (3,), 2), (4, (3,), 3), (3, (2, 2, 2), 5)])
def test_affine(N, shape, M, rng):
    x, W, b = draw(rng, (N, *shape), (np.prod(shape), M), M)
    layer = LAYERS.Affine(W, b)
    assert_layer(layer, x, rng, [(lambda: W, lambda: layer.dW), (lambda: b, lambda: layer.db)])


@pytest.mark.parametrize("name", ["Relu", "Sigmoid"])
def test_activations(name, rng):
    out = assert_layer(getattr(LAYERS, name)(), draw(rng, (3, 4, 2))[0], rng)
    assert out.min() >= 0


@pytest.mark.parametrize("one_hot", [True, False])
@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_softmax_with_loss(N, K, one_hot, rng):
    (x,), t = draw(rng, (N, K)), rng.integers(0, K, N)
    layer = LAYERS.SoftmaxWithLoss()
    target = np.eye(K)[t] if one_hot else t
    loss = layer.forward(x, target)
    assert np.isclose(loss, -np.log(layer.y[np.arange(N), t]).mean())
    dx = layer.backward(2.0)
    assert_gradients(lambda: 2 * layer.forward(x, target), {"x": (x, dx)}, rng)
    assert layer.forward(np.array([[1e4, -1e4]]), np.array([1])) == 2e4


@pytest.mark.parametrize("train_flg", [True, False])
@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8])
def test_dropout(ratio, train_flg, rng):
    layer = LAYERS.Dropout(ratio)

    def forward(x):
        np.random.seed(3)
        return layer.forward(x, train_flg)

    assert_layer(layer, draw(rng, (5, 6))[0], rng, forward=forward)
    out = forward(np.ones((200, 200)))
    assert abs(out.mean() - (1 - ratio)) < 0.02
    assert abs((out == 0).mean() - (ratio if train_flg else 0)) < 0.02


@pytest.mark.parametrize("train_flg", [True, False])
@pytest.mark.parametrize("shape", [(1, 3), (6, 4), (3, 2, 2, 3)])
def test_batch_normalization(shape, train_flg, rng):
    x, gamma, beta, mean = draw(rng, shape, *[np.prod(shape[1:])] * 3)
    layer = LAYERS.BatchNormalization(gamma, beta)

    def forward(x):
        layer.running_mean, layer.running_var = mean, mean**2 + 1
        return layer.forward(x, train_flg)

    assert_layer(layer, x, rng, [(lambda: gamma, lambda: layer.dgamma), (lambda: beta, lambda: layer.dbeta)], forward)


def test_batch_normalization_follows_the_batches(rng):
    x = rng.normal(3, 2, (50, 4))
    layer = LAYERS.BatchNormalization(np.ones(4), np.zeros(4), momentum=0.5)
    layer.forward(x)
    layer.forward(x + 1, train_flg=False)
    assert np.allclose(layer.running_mean, 0.5 * x.mean(0))
    assert np.allclose(layer.running_var, 0.5 * x.var(0))


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize("shapes", [((1, 1, 5, 5), (1, 1, 3, 3)), ((2, 3, 6, 5), (4, 3, 2, 3))])
def test_convolution(shapes, stride, pad, rng):
    x, W, b = draw(rng, *shapes, shapes[1][0])
    layer = LAYERS.Convolution(W, b, stride, pad)
    out = assert_layer(layer, x, rng, [(lambda: W, lambda: layer.dW), (lambda: b, lambda: layer.db)])
    oracle = torch.nn.functional.conv2d(*map(torch.from_numpy, (x, W, b)), stride=stride, padding=pad)
    assert np.allclose(out, oracle)


@pytest.mark.parametrize(("window", "stride", "pad"), [((2, 2), 2, 0), ((3, 2), 1, 1), ((2, 3), 3, 1)])
@pytest.mark.parametrize("N", [1, 2])
def test_pooling(window, stride, pad, N, rng):
    x = draw(rng, (N, 2, 6, 5))[0] - 10
    out = assert_layer(LAYERS.Pooling(*window, stride, pad), x, rng)
    assert np.allclose(out, torch.nn.functional.max_pool2d(torch.from_numpy(x), window, stride, pad))


def test_pooling_credits_one_of_a_tie():
    layer = LAYERS.Pooling(2, 2)
    layer.forward(np.zeros((1, 1, 2, 2)))
    assert np.array_equal(layer.backward(np.full((1, 1, 1, 1), 5.0)).squeeze(), [[5, 0], [0, 0]])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (OPTIMIZER.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        (OPTIMIZER.Momentum(0.1, 0.8), lambda p: torch.optim.SGD(p, 0.1, 0.8)),
        (OPTIMIZER.Adam(0.1), lambda p: torch.optim.Adam(p, 0.1)),
    ],
)
def test_optimisers(ours, theirs, rng):
    params = {"W": rng.standard_normal((3, 2)), "b": rng.standard_normal(2)}
    others = {key: torch.from_numpy(value.copy()) for key, value in params.items()}
    oracle = theirs(others.values())
    for _ in range(5):
        grads = {key: rng.standard_normal(value.shape) for key, value in params.items()}
        ours.update(params, grads)
        for key, other in others.items():
            other.grad = torch.from_numpy(grads[key])
        oracle.step()
    assert all(np.allclose(params[key], others[key]) for key in params)
