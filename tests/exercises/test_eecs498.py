"""EECS 498: classes of static methods on torch tensors."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_pair, draw
from tests.exercises.solutions import load

torch = pytest.importorskip("torch", reason="the convention is one of torch tensors")
from tests.exercises.tensors import pair  # noqa: E402

FC = load("eecs498", "fully_connected_networks.py")
CONV = load("eecs498", "convolutional_networks.py")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("name", ["Linear", "Linear_ReLU"])
@pytest.mark.parametrize(("N", "shape", "M"), [(1, (3,), 2), (4, (3,), 3), (3, (2, 2, 2), 5)])
def test_linear(name, N, shape, M, rng):
    assert_pair(*pair(getattr(FC, name)), draw(rng, (N, *shape), (np.prod(shape), M), M), rng)


def test_relu(rng):
    assert_pair(*pair(FC.ReLU), draw(rng, (3, 4, 2)), rng)


@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, mode, rng):
    assert_pair(*pair(FC.Dropout, {"p": p, "mode": mode, "seed": 3}), draw(rng, (5, 6)), rng)
    out, _ = FC.Dropout.forward(torch.ones(200, 200), {"p": p, "mode": mode, "seed": 1})
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).double().mean() - (p if mode == "train" else 0)) < 0.02


@pytest.mark.parametrize("name", ["softmax_loss", "svm_loss"])
@pytest.mark.parametrize(("N", "C"), [(1, 3), (5, 2), (4, 4)])
def test_losses(name, N, C, rng):
    loss = getattr(FC, name)
    x, y = 3 * rng.standard_normal((N, C)), torch.from_numpy(rng.integers(0, C, N))
    dx = loss(torch.from_numpy(x), y)[1].numpy()
    assert_gradients(lambda: loss(torch.from_numpy(x), y)[0], {"x": (x, dx)}, rng)


@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_two_layer_net(reg, rng):
    net = FC.TwoLayerNet(4, 5, 3, weight_scale=1.0, reg=reg, dtype=torch.float64)
    net.params["b1"] += torch.from_numpy(rng.standard_normal(5))
    X, y = torch.from_numpy(rng.standard_normal((6, 4))), torch.from_numpy(rng.integers(0, 3, 6))
    _, grads = net.loss(X, y)
    pairs = {name: (value.numpy(), grads[name].numpy()) for name, value in net.params.items()}
    assert_gradients(lambda: net.loss(X, y)[0], pairs, rng)
    assert net.loss(X).shape == (6, 3)


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize("shapes", [((1, 1, 5, 5), (1, 1, 3, 3)), ((2, 3, 6, 5), (4, 3, 2, 3))])
def test_conv(shapes, stride, pad, rng):
    x, w, b = draw(rng, *shapes, shapes[1][0])
    out = assert_pair(*pair(CONV.Conv, {"stride": stride, "pad": pad}), [x, w, b], rng)
    oracle = torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b)), stride=stride, padding=pad)
    assert np.allclose(out, oracle)


@pytest.mark.parametrize("window", [(2, 2, 2), (3, 2, 1), (2, 3, 3)])
@pytest.mark.parametrize("N", [1, 2])
def test_max_pool(window, N, rng):
    param = dict(zip(("pool_height", "pool_width", "stride"), window, strict=True))
    assert_pair(*pair(CONV.MaxPool, param), draw(rng, (N, 2, 6, 5)), rng)


@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize("spatial", [False, True])
@pytest.mark.parametrize("N", [1, 3])
def test_batchnorm(N, spatial, mode, rng):
    param = {
        "mode": mode,
        "eps": 0.1,
        "momentum": 1.0,  # the running statistics stay
        "running_mean": torch.from_numpy(rng.normal(size=4)),
        "running_var": torch.from_numpy(rng.uniform(1, 2, 4)),
    }
    layer, shape = (CONV.SpatialBatchNorm, (N, 4, 3, 2)) if spatial else (CONV.BatchNorm, (N, 4))
    assert_pair(*pair(layer, param), draw(rng, shape, 4, 4), rng)


def test_running_statistics(rng):
    x, param = torch.from_numpy(rng.normal(3, 2, (50, 4))), {"mode": "train", "momentum": 0.5}
    CONV.BatchNorm.forward(x, torch.ones(4), torch.zeros(4), param)
    assert torch.allclose(param["running_mean"], 0.5 * x.mean(0))
    assert torch.allclose(param["running_var"], 0.5 * x.var(0, unbiased=False))
