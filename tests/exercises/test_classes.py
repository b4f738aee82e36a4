"""Classes that keep their gradients: dlcourse.ai, UvA, Fudan, Georgia Tech."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_layer, draw
from tests.exercises.solutions import load

DLCOURSE = load("dlcourse-ai", "layers.py")
UVA = load("uva", "modules.py")
MLP = load("uva", "mlp_numpy.py").MLP
FUDAN = load("fudan", "mynn/op.py")
GATECH = {
    name: getattr(load("gatech", f"modules/{file}.py"), name)
    for name, file in (
        ("Linear", "linear"),
        ("ReLU", "relu"),
        ("Conv2D", "convolution"),
        ("MaxPooling", "maxpool"),
        ("SoftmaxCrossEntropy", "softmax_ce"),
    )
}
WINDOWS = pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
POOLS = pytest.mark.parametrize(("k", "stride"), [(2, 2), (3, 1), (2, 3)])
SIZES = pytest.mark.parametrize(("N", "I", "O"), [(1, 3, 2), (4, 3, 3)])


def params_of(layer):
    """The parameters of a layer of dlcourse.ai and the gradients of one pass."""
    for param in layer.params().values():
        param.grad[...] = 0
    return [(lambda p=p: p.value, lambda p=p: p.grad) for p in layer.params().values()]


def keyed(layer):
    """The parameters of a layer with dictionaries."""
    return [(lambda k=k: layer.params[k], lambda k=k: layer.grads[k]) for k in layer.params]


class Returning:
    """A layer of Georgia Tech, with a backward that returns dx."""

    def __init__(self, layer):
        self.layer, self.forward = layer, layer.forward

    def backward(self, dout):
        assert self.layer.backward(dout) is None
        return self.layer.dx

    def parameters(self):
        layer = self.layer
        return [(lambda: layer.weight, lambda: layer.dw), (lambda: layer.bias, lambda: layer.db)]


@SIZES
def test_linear(N, I, O, rng):
    (x,) = draw(rng, (N, I))
    layer = DLCOURSE.FullyConnectedLayer(I, O)
    assert_layer(layer, x, rng, params_of(layer))
    once = layer.W.grad.copy()
    layer.backward(np.zeros((N, O)))
    assert np.array_equal(layer.W.grad, once)
    layer = UVA.LinearModule(I, O)
    assert_layer(layer, x, rng, keyed(layer))
    layer = FUDAN.Linear(I, O)
    assert layer.params["W"] is layer.W
    assert_layer(layer, x, rng, keyed(layer), forward=layer)
    layer.clear_grad()
    assert layer.grads == {"W": None, "b": None}
    layer = Returning(GATECH["Linear"](I, O))
    assert_layer(layer, x.reshape(N, 1, I), rng, layer.parameters())


@pytest.mark.parametrize(
    "layer",
    [
        DLCOURSE.ReLULayer(),
        UVA.ReLUModule(),
        UVA.LeakyReLUModule(0.2),
        UVA.ELUModule(),
        UVA.SoftMaxModule(),
        FUDAN.ReLU(),
        Returning(GATECH["ReLU"]()),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_activations(layer, rng):
    assert_layer(layer, draw(rng, (4, 3))[0], rng)


@WINDOWS
@pytest.mark.parametrize(("shape", "O", "k"), [((1, 1, 5, 5), 1, 3), ((2, 3, 6, 5), 4, 2)])
def test_conv2d(shape, O, k, stride, padding, rng):
    (x,) = draw(rng, shape)
    fudan = FUDAN.conv2D(shape[1], O, k, stride, padding)
    fudan.b[...] = rng.standard_normal(fudan.b.shape)
    out = assert_layer(fudan, x, rng, keyed(fudan))
    fudan.clear_grad()
    assert fudan.grads["W"] is None
    gatech = Returning(GATECH["Conv2D"](shape[1], O, k, stride, padding))
    assert_layer(gatech, x, rng, gatech.parameters())
    gatech.layer.weight, gatech.layer.bias = fudan.W, fudan.b.ravel()
    assert np.allclose(gatech.forward(x), out)
    if stride == 1:
        layer = DLCOURSE.ConvolutionalLayer(shape[1], O, k, padding)
        last = x.transpose(0, 2, 3, 1).copy()
        assert_layer(layer, last, rng, params_of(layer))
        layer.W.value, layer.B.value = fudan.W.transpose(2, 3, 1, 0), fudan.b.ravel()
        assert np.allclose(layer.forward(last).transpose(0, 3, 1, 2), out)


@POOLS
@pytest.mark.parametrize("N", [1, 2])
def test_max_pool2d(k, stride, N, rng):
    (x,) = draw(rng, (N, 2, 6, 5))
    out = assert_layer(Returning(GATECH["MaxPooling"](k, stride)), x, rng)
    layer = DLCOURSE.MaxPoolingLayer(k, stride)
    assert np.allclose(assert_layer(layer, x.transpose(0, 2, 3, 1).copy(), rng).transpose(0, 3, 1, 2), out)
    assert layer.params() == DLCOURSE.ReLULayer().params() == DLCOURSE.Flattener().params() == {}


def test_max_pooling_credits_one_of_a_tie():
    ours, theirs = DLCOURSE.MaxPoolingLayer(2, 2), GATECH["MaxPooling"](2, 2)
    ours.forward(np.zeros((1, 2, 2, 1)))
    theirs.forward(np.zeros((1, 1, 2, 2)))
    theirs.backward(np.full((1, 1, 1, 1), 5.0))
    for dx in (ours.backward(np.full((1, 1, 1, 1), 5.0)), theirs.dx):
        assert np.array_equal(dx.squeeze(), [[5, 0], [0, 0]])


def test_flatten(rng):
    assert assert_layer(DLCOURSE.Flattener(), draw(rng, (2, 3, 4, 5))[0], rng).shape == (2, 60)


def test_l2(rng):
    (W,) = draw(rng, (3, 4))
    grad = DLCOURSE.l2_regularization(W, 0.3)[1]
    assert_gradients(lambda: DLCOURSE.l2_regularization(W, 0.3)[0], {"W": (W, grad)}, rng)


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4), (3, 2)])
def test_softmax_cross_entropy(N, K, rng):
    (x,), labels = draw(rng, (N, K)), rng.integers(0, K, N)
    expected = (np.log(np.exp(x).sum(1)) - x[np.arange(N), labels]).mean()
    for y in (labels, labels[:, None]):
        loss, d_preds = DLCOURSE.softmax_with_cross_entropy(x, y)
        assert np.isclose(loss, expected)
        assert_gradients(lambda y=y: DLCOURSE.softmax_with_cross_entropy(x, y)[0], {"x": (x, d_preds)}, rng)
    assert DLCOURSE.softmax_with_cross_entropy(x[0], int(labels[0]))[1].shape == (K,)

    layer = GATECH["SoftmaxCrossEntropy"]()
    probs, loss = layer.forward(x, labels)
    assert np.isclose(loss, expected)
    assert np.allclose(probs.sum(1), 1)
    layer.backward()
    assert_gradients(lambda: layer.forward(x, labels)[1], {"x": (x, layer.dx.copy())}, rng)


class Catching:
    """A model that keeps the gradient that its backward is called with."""

    def backward(self, grads):
        self.grads = grads


@pytest.mark.parametrize("softmax", [True, False])
@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_the_loss_of_fudan(N, K, softmax, rng):
    model = Catching()
    loss = FUDAN.MultiCrossEntropyLoss(model, K)
    loss = loss if softmax else loss.cancel_soft_max()
    x, labels = rng.uniform(0.1, 1, (N, K)), rng.integers(0, K, N)
    loss(x, labels)
    assert loss.backward() is None
    assert_gradients(lambda: loss(x, labels), {"x": (x, model.grads)}, rng)
    assert not softmax or loss(np.array([[1e4, -1e4]]), np.array([1])) == 2e4


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_cross_entropy_of_probabilities(N, K, rng):
    x, y = rng.uniform(0.1, 1, (N, K)), np.eye(K)[rng.integers(0, K, N)]
    module = UVA.CrossEntropyModule()
    assert_gradients(lambda: module.forward(x, y), {"x": (x, module.backward(x, y))}, rng)


def test_mlp(rng):
    network = MLP(3, [4, 5], 2)
    linear = network.layers[::2][:3]
    assert len(network.layers) == 6
    for layer in linear:
        layer.params["weight"][...] = rng.standard_normal(layer.params["weight"].shape)
    parameters = [each for layer in linear for each in keyed(layer)]
    assert_layer(network, draw(rng, (4, 3))[0], rng, parameters)
