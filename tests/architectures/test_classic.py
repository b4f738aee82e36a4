"""LeNet-5 and the other small networks with names: their layers, totals by hand, gradients as PyTorch has them."""

import numpy as np
import pytest
import torch

from backhand.architectures import fer_cnn, images_cnn, lenet, mnist_model4, vgg_small
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from tests.architectures.torch_twin import images, in_ours, in_torch, pairs

FACE, DIGIT = (48, 48, 1), (28, 28, 1)


def layers(model: Sequential) -> list[str]:
    return [str(layer) for layer in model.layers]


def shapes(model: Sequential, op_name: str) -> list[tuple[int, ...]]:
    return [layer.output_shape for layer in model.layers if layer.op_name == op_name]


def parameters(model: Sequential) -> list[int]:
    """Of each layer that has any."""
    return [row["parameters"] for row in model.rows() if row["parameters"]]


def test_lenet_is_that_of_1998() -> None:
    model = lenet(10).build(DIGIT)
    assert layers(model) == [
        *("Conv2d(6, 5, padding=2, init='glorot')", "Tanh()", "AvgPool2d(window=2)"),
        *("Conv2d(16, 5, init='glorot')", "Tanh()", "AvgPool2d(window=2)"),
        *("Flatten()", "Linear(120, init='glorot')", "Tanh()", "Linear(84, init='glorot')", "Tanh()"),
        "Linear(10, init='glorot')",
    ]
    assert shapes(model, "conv2d") == [(28, 28, 6), (10, 10, 16)]
    assert shapes(model, "avg_pool2d") == [(14, 14, 6), (5, 5, 16)]
    assert parameters(model) == [5 * 5 * 6 + 6, 5 * 5 * 6 * 16 + 16, 400 * 120 + 120, 120 * 84 + 84, 84 * 10 + 10]
    assert model.parameters.values.size == 61_706
    work = 28 * 28 * 25 * 6 + 10 * 10 * 25 * 6 * 16 + 400 * 120 + 120 * 84 + 84 * 10
    assert sum(row["multiply_adds"] for row in model.rows()) == work == 416_520


def test_mnist_model4_is_two_blocks_of_16_and_256_hidden_units() -> None:
    model = mnist_model4(10).build(DIGIT)
    block = ["Conv2d(16, 3, padding='same')", "ReLU()", "MaxPool2d(window=2)"]
    assert layers(model) == [*block, *block, "Flatten()", "Linear(256)", "ReLU()", "Linear(10)"]
    assert shapes(model, "max_pool2d") == [(14, 14, 16), (7, 7, 16)]
    assert parameters(model) == [9 * 16 + 16, 9 * 16 * 16 + 16, 784 * 256 + 256, 256 * 10 + 10]
    assert model.parameters.values.size == 206_010


def test_fer_cnn_is_the_network_for_faces() -> None:
    model = fer_cnn(7).build(FACE)
    assert layers(model) == [
        *("Conv2d(16, 5, padding=2)", "ReLU()", "MaxPool2d(window=2)"),
        *("Conv2d(32, 5, padding=2)", "ReLU()", "MaxPool2d(window=2)"),
        *("Flatten()", "Dropout(p=0.5)", "Linear(1024)", "ReLU()", "Dropout(p=0.5)", "Linear(7, init=0.01)"),
    ]
    assert shapes(model, "conv2d") == [(48, 48, 16), (24, 24, 32)]
    assert shapes(model, "max_pool2d") == [(24, 24, 16), (12, 12, 32)]
    assert parameters(model) == [25 * 16 + 16, 25 * 16 * 32 + 32, 12 * 12 * 32 * 1024 + 1024, 1024 * 7 + 7]
    assert model.parameters.values.size == 4_740_039


def test_dropout_of_fer_cnn_can_be_chosen() -> None:
    assert [layer.p for layer in fer_cnn(7, dropout=0.2).layers if layer.op_name == "dropout"] == [0.2, 0.2]


def test_vgg_small_repeats_its_convolutions_at_each_width() -> None:
    model = vgg_small(10, (8, 16), convs=3, dropout=0.4).build((32, 32, 3))
    conv = ["Conv2d({}, 3, padding='same', bias=False)", "BatchNorm()", "ReLU()"]
    stages = [text.format(width) for width in (8, 16) for text in [*conv * 3, "MaxPool2d(window=2)"]]
    assert layers(model) == [*stages, "GlobalAvgPool2d()", "Dropout(p=0.4)", "Linear(10, init=0.01)"]
    assert shapes(model, "max_pool2d") == [(16, 16, 8), (8, 8, 16)]
    first, second = 9 * (3 + 8 + 8) * 8, 9 * (8 + 16 + 16) * 16
    assert model.parameters.values.size == first + 3 * 2 * 8 + second + 3 * 2 * 16 + 16 * 10 + 10
    flat = vgg_small(10, (8, 16), convs=3, head="flatten").build((32, 32, 3))
    assert layers(flat) == [*stages, "Flatten()", "Linear(10, init=0.01)"]
    assert flat.layers[-1].params["weight"].shape == (8 * 8 * 16, 10)


def test_vgg_small_by_default() -> None:
    model = vgg_small(10).build((32, 32, 3))
    assert [layer.outputs for layer in model.layers if layer.op_name == "conv2d"] == [64, 64, 128, 128, 256, 256]
    assert not any(layer.op_name == "dropout" for layer in model.layers)
    assert model.output_shape == (10,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fer_cnn(7, dropout=1.0), r"the dropout probability must be in \[0, 1\), not 1.0"),
        (lambda: vgg_small(10, (64, 0)), "outputs and groups must be at least 1, not 0 and 1"),
        (lambda: vgg_small(10, head="flat"), 'the head of a vgg_small is "mean" or "flatten", not "flat"'),
        (lambda: lenet(0), "a linear layer needs at least 1 output, not 0"),
    ],
)
def test_impossible_arguments_are_refused(make, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (lenet(10), DIGIT),
        (mnist_model4(10), DIGIT),
        (fer_cnn(7), FACE),
        (vgg_small(10, (8, 16), dropout=0.3), (16, 16, 3)),
        (images_cnn(10, 12, 16, dropout=0.3), (12, 15, 3)),
    ],
    ids=["lenet", "mnist_model4", "fer_cnn", "vgg_small", "images_cnn"],
)
@pytest.mark.usefixtures("one_thread")
def test_a_training_step_equals_that_of_torch(model: Sequential, shape, rng: np.random.Generator) -> None:
    model.build(shape, seed=5, dtype=np.float64)
    net = in_torch(model, np.random.default_rng(8))
    x, labels, loss = rng.standard_normal((3, *shape)), np.array([2, 0, 6]), SoftmaxCrossEntropy()
    value = loss.forward(model.forward(x, train=True, rng=np.random.default_rng(8)), labels)
    model.backward(loss.backward())
    expected = torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels))
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=1e-10)
    for place, layer, module in pairs(model, net):
        for (name, own), tensor in zip(layer.grads.items(), module.parameters(), strict=True):
            limit = 1e-9 * tensor.grad.abs().max().item()
            np.testing.assert_allclose(own, in_ours(tensor.grad), rtol=0, atol=limit, err_msg=f"{place}.{name}")
