"""Whole networks in one method: TwoLayerNet.loss, and Network.backprop of one sample."""

from copy import copy

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, draw
from tests.exercises.solutions import load

NET = load("two-layer-loss", "neural_net.py").TwoLayerNet
NETWORK = load("nielsen", "network.py")
NETWORK2 = load("nielsen", "network2.py")


@pytest.mark.parametrize("reg", [0.0, 0.3])
@pytest.mark.parametrize(("N", "D", "H", "C"), [(1, 3, 4, 2), (5, 4, 4, 4)])
def test_two_layer_net(N, D, H, C, reg, rng):
    np.random.seed(1)
    net = NET(D, H, C, std=1.0)
    net.params["b1"][...] = rng.standard_normal(H)
    (X,), y = draw(rng, (N, D)), rng.integers(0, C, N)
    _, grads = net.loss(X, y, reg)
    assert grads.keys() == net.params.keys()
    pairs = {name: (value, grads[name]) for name, value in net.params.items()}
    assert_gradients(lambda: net.loss(X, y, reg)[0], pairs, rng)
    assert net.loss(X).shape == (N, C)
    assert np.array_equal(net.predict(X), net.loss(X).argmax(1))


def test_two_layer_net_learns(rng):
    np.random.seed(1)
    X = rng.standard_normal((100, 2))
    y = (X[:, 0] > 0).astype(int)
    net = NET(2, 8, 2, std=0.5)
    history = net.train(X, y, learning_rate=0.5, num_iters=100, batch_size=50)
    assert history[-1] < 0.3 * history[0]
    assert (net.predict(X) == y).mean() > 0.95


@pytest.mark.parametrize("sizes", [[3, 2], [3, 3, 3], [2, 4, 3, 1]])
def test_backprop(sizes, rng):
    x, y = draw(rng, (sizes[0], 1), (sizes[-1], 1))
    network = NETWORK.Network(sizes)
    before = x.copy()
    nabla_b, nabla_w = network.backprop(x, y)
    assert np.array_equal(x, before)
    pairs = _pairs(network, nabla_b, nabla_w)
    assert_gradients(lambda: 0.5 * ((network.feedforward(x) - y) ** 2).sum(), pairs, rng)


@pytest.mark.parametrize("cost", ["QuadraticCost", "CrossEntropyCost"])
@pytest.mark.parametrize("sizes", [[3, 2], [2, 4, 3, 1]])
def test_backprop_with_a_cost(sizes, cost, rng):
    cost = getattr(NETWORK2, cost)
    (x,), y = draw(rng, (sizes[0], 1)), rng.random((sizes[-1], 1))
    network = NETWORK2.Network(sizes, cost)
    pairs = _pairs(network, *network.backprop(x, y))
    assert_gradients(lambda: cost.fn(network.feedforward(x), y), pairs, rng)


def _pairs(network, nabla_b, nabla_w):
    biases = {f"b{i}": pair for i, pair in enumerate(zip(network.biases, nabla_b, strict=True))}
    return biases | {f"w{i}": pair for i, pair in enumerate(zip(network.weights, nabla_w, strict=True))}


def test_a_step_is_one_of_gradient_descent(rng):
    """It lowers the mean cost by the learning rate times the squared length of its gradient."""
    data = [tuple(draw(rng, (3, 1), (2, 1))) for _ in range(4)]
    network = NETWORK.Network([3, 4, 2])
    gradients = [np.concatenate([g.ravel() for part in network.backprop(x, y) for g in part]) for x, y in data]

    def cost():
        return np.mean([0.5 * ((network.feedforward(x) - y) ** 2).sum() for x, y in data])

    before = cost()
    network.update_mini_batch(data, 1e-6)
    assert np.isclose((before - cost()) / 1e-6, (np.mean(gradients, 0) ** 2).sum(), rtol=1e-3)


def test_weight_decay_is_the_gradient_of_the_penalty(rng):
    """A step with the learning rate 1 takes the gradient of the whole cost off the weights."""
    data = [(x, np.abs(np.tanh(y))) for x, y in (draw(rng, (3, 1), (2, 1)) for _ in range(4))]
    network = NETWORK2.Network([3, 4, 2])
    moved = copy(network)
    moved.update_mini_batch(data, 1.0, 0.7, len(data))
    pairs = {i: (w, w - after) for i, (w, after) in enumerate(zip(network.weights, moved.weights, strict=True))}
    assert_gradients(lambda: network.total_cost(data, 0.7), pairs, rng)


def test_training(rng):
    np.random.seed(1)
    points = [rng.standard_normal((2, 1)) for _ in range(60)]
    labels = [int(point[0, 0] > 0) for point in points]
    network = NETWORK.Network([2, 4, 2])
    network.SGD(zip(points, (np.eye(2)[:, [label]] for label in labels), strict=True), 60, 10, 3.0)
    assert network.evaluate(list(zip(points, labels, strict=True))) > 55
