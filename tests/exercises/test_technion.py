"""Technion: classes on torch tensors, whose gradients are added up."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

torch = pytest.importorskip("torch", reason="the convention is one of torch tensors")
from tests.exercises.tensors import Arrays  # noqa: E402

LAYERS = load("technion", "layers.py")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def double():
    """Parameters in float64, as the differences need them."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def check(layer, x, rng, forward=None):
    parameters = [
        (lambda value=value: value.numpy(), lambda gradient=gradient: gradient.numpy())
        for value, gradient in layer.params()
    ]
    return assert_layer(Arrays(layer), x, rng, parameters, forward)


@pytest.mark.parametrize(("N", "I", "O"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, I, O, rng):
    layer = LAYERS.Linear(I, O, wstd=1.0)
    check(layer, draw(rng, (N, I))[0], rng)
    once = layer.dw.clone()
    layer.backward(torch.zeros(N, O))
    assert torch.equal(layer.dw, once)


@pytest.mark.parametrize("make", [lambda: LAYERS.LeakyReLU(0.2), *(LAYERS.ReLU, LAYERS.Sigmoid, LAYERS.TanH)])
def test_activations(make, rng):
    check(make(), draw(rng, (3, 4))[0], rng)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, training, rng):
    layer = LAYERS.Dropout(p)
    layer.train(training)

    def forward(x):
        torch.manual_seed(3)
        return layer(torch.from_numpy(x)).numpy()

    check(layer, draw(rng, (5, 6))[0], rng, forward)
    out = forward(np.ones((200, 200)))
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).mean() - (p if training else 0)) < 0.02


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_cross_entropy(N, K, rng):
    loss, (x,), y = LAYERS.CrossEntropyLoss(), draw(rng, (N, K)), torch.from_numpy(rng.integers(0, K, N))
    value = loss(torch.from_numpy(x), y)
    assert torch.allclose(value, torch.nn.functional.cross_entropy(torch.from_numpy(x), y))
    dx = loss.backward(2.0).numpy()
    assert_gradients(lambda: 2 * loss(torch.from_numpy(x), y), {"x": (x, dx)}, rng)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_mlp(activation, rng):
    network = LAYERS.MLP(3, 2, [4, 5], activation, dropout=0.3, wstd=1.0)
    assert len(network.layers) == 7
    assert len(network.params()) == 6
    network.train(False)
    assert not any(layer.training_mode for layer in network.layers)
    check(network, draw(rng, (4, 3))[0], rng)
