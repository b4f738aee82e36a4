"""Whole models on kernels, with neighbours run as one, against the same models layer by layer on the references."""

import pkgutil

import numpy as np
import pytest

pytest.importorskip("numba")

from backhand import backend
from backhand.architectures import resnet
from backhand.kernels import ops as kernels
from backhand.layers import (
    BatchNorm,
    Concatenate,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
)
from backhand.layers.chain import fuse
from backhand.model.sequential import Sequential

IMAGES = (12, 10, 3)


pytestmark = pytest.mark.usefixtures("engine")


def perceptron():
    return [Flatten(), Linear(20), ReLU(), Linear(17), BatchNorm(), ReLU(), Dropout(0.3), Linear(5)]


def convolutional():
    return [
        *(Conv2d(16, 5, padding=2), ReLU(), MaxPool2d(), Conv2d(24, 3, padding=1), ReLU(), MaxPool2d()),
        *(Flatten(), Dropout(0.5), Linear(30), ReLU(), Linear(5)),
    ]


def normalised():
    return [
        *(Conv2d(16, 3, bias=False), BatchNorm(), ReLU(), MaxPool2d(), Conv2d(20, 3, 2, "same"), BatchNorm(), ReLU()),
        *(MaxPool2d(3, 1, 1), Conv2d(8, 1), ReLU(), GlobalAvgPool2d(), Linear(5)),
    ]


def branching():
    body = [Conv2d(16, 3, padding=1), BatchNorm(), ReLU(), Conv2d(16, 3, padding=1), BatchNorm()]
    return [
        *(Conv2d(16, 3, padding=1), ReLU(), Residual(body), ReLU()),
        *(Residual([Conv2d(32, 3, 2, 1)], [Conv2d(32, 1, 2)]), ReLU(), Residual([BatchNorm(), ReLU(), Conv2d(32, 1)])),
        *(Concatenate([[Conv2d(8, 1), ReLU()], [MaxPool2d(3, 1, 1)]]), GlobalAvgPool2d(), Linear(5)),
    ]


MAKES = {
    "perceptron": perceptron,
    "convolutional": convolutional,
    "normalised": normalised,
    "branching": branching,
    "ragged pooling": lambda: [Conv2d(16, 2), ReLU(), MaxPool2d(), Conv2d(16, 2), ReLU(), Flatten(), Linear(5)],
    "resnet": lambda: resnet(5, 18, stem="small_pool").layers,
    "preactivation": lambda: resnet(5, 18, preactivation=True, stem="imagenet").layers,
}


def step(model, dtype, chosen, need_dx):
    """One forward and backward; everything that came of it."""
    backend.use(chosen)
    rng = np.random.default_rng(3)
    x, dy = rng.standard_normal((6, *IMAGES)).astype(dtype), rng.standard_normal((6, 5)).astype(dtype)
    y = model.forward(x, train=True, rng=np.random.default_rng(4))
    dx = model.backward(dy, need_dx=need_dx)
    inference = model.predict(x)
    found = {"y": y, "inference": inference} | {each.name: each.grad for each in model.parameters}
    found |= {name: value for name, value in model.arrays().items() if "running" in name}
    return {name: np.array(value) for name, value in (found | ({"dx": dx} if need_dx else {})).items()}


@pytest.mark.parametrize("need_dx", [True, False])
@pytest.mark.parametrize("name", MAKES)
def test_kernels_and_references_agree(name, need_dx):
    model = Sequential(*MAKES[name]()).build(IMAGES)
    found = step(model.copy(), np.float32, "cpu", need_dx)
    wanted = step(model.copy(np.float64), np.float64, "reference", need_dx)
    near = step(model.copy(), np.float32, "reference", need_dx)
    assert found.keys() == wanted.keys()
    largest = max(np.abs(value).max() for key, value in wanted.items() if key not in ("y", "dx", "inference"))
    for key, value in wanted.items():
        assert found[key].dtype == np.float32
        scale = max(np.abs(value).max(), 0.01 * largest)
        # float32 itself parts from float64 where a network is deep: kernels may be a few times as far
        slack = 1e-5 * scale + 10 * np.abs(near[key] - value).max()
        assert np.abs(found[key] - value).max() <= slack, key


NAMES = [module.name for module in pkgutil.iter_modules(kernels.__path__)]


def names(layers, dtype=np.float32):
    return [
        (str(layer).split("(")[0], next((name for name in NAMES if backend.kernel(name, dtype) is kernel), None))
        for layer, kernel in fuse(layers, dtype)
    ]


def test_neighbours_run_as_one():
    backend.use("cpu")
    assert names(convolutional()) == [
        ("Conv2d", "conv2d_relu_max_pool2d"),
        ("Conv2d", "conv2d_relu_max_pool2d"),
        ("Flatten", None),
        ("Dropout", "dropout"),
        ("Linear", "linear_relu"),
        ("Linear", "linear"),
    ]


def test_a_pooling_that_the_joint_kernel_does_not_know_runs_alone():
    backend.use("cpu")
    assert names([Conv2d(16, 3), ReLU(), MaxPool2d(3, 2)]) == [("Conv2d", "conv2d_relu"), ("MaxPool2d", "max_pool2d")]


def test_references_run_layer_by_layer():
    backend.use("cpu")
    assert len(names(convolutional(), np.float64)) == len(convolutional())
    backend.use("reference")
    assert len(names(convolutional())) == len(convolutional())


def test_frozen_layers_run_as_at_inference():
    backend.use("cpu")
    model = Sequential(*normalised()).build(IMAGES).freeze(":4")
    x = np.random.default_rng(0).standard_normal((6, *IMAGES), dtype=np.float32)
    before = {name: value.copy() for name, value in model.arrays().items() if name.startswith(("0.", "1."))}
    model.backward(np.ones_like(model.forward(x, train=True)))
    for name, value in before.items():
        np.testing.assert_array_equal(model.arrays()[name], value)


@pytest.mark.parametrize("name", ["perceptron", "convolutional", "normalised"])
def test_equal_steps_give_equal_bits(name):
    model = Sequential(*MAKES[name]()).build(IMAGES)
    first, second = (step(model.copy(), np.float32, "cpu", False) for _ in range(2))
    for key, value in first.items():
        assert value.tobytes() == second[key].tobytes(), key
