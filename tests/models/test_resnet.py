"""Residual networks: their blocks and totals as published, every number of a training step as PyTorch has it."""

import numpy as np
import pytest
import torch
from resnet_twin import twin
from torch_twin import copy_weights, images, in_ours, pairs

from backhand.arrays import Array
from backhand.layers import Residual
from backhand.losses import SoftmaxCrossEntropy
from backhand.model import Sequential
from backhand.models import resnet
from backhand.optim import SGD

FORMS = pytest.mark.parametrize("preactivation", [False, True], ids=["original", "preactivation"])
DEPTHS = (18, 34, 50, 101)


def blocks(model: Sequential) -> list[Residual]:
    return [layer for layer in model.layers if isinstance(layer, Residual)]


def built(depth: int, channels: int = 1, *, size: int = 48, dtype: type = np.float32, **options) -> Sequential:
    return resnet(7, depth, **options).build((size, size, channels), seed=3, dtype=dtype)


def total(model: Sequential, key: str) -> int:
    return sum(row[key] for row in model.rows())


@FORMS
@pytest.mark.parametrize(
    ("depth", "counts", "convolutions", "channels"),
    [
        (18, (2, 2, 2, 2), 2, (64, 128, 256, 512)),
        (34, (3, 4, 6, 3), 2, (64, 128, 256, 512)),
        (50, (3, 4, 6, 3), 3, (256, 512, 1024, 2048)),
        (101, (3, 4, 23, 3), 3, (256, 512, 1024, 2048)),
    ],
)
def test_blocks_are_those_of_the_paper(depth, counts, convolutions, channels, preactivation: bool) -> None:
    model = built(depth, size=32, stem="imagenet", preactivation=preactivation)
    found = blocks(model)
    assert [sum(block.output_shape[2] == width for block in found) for width in channels] == list(counts)
    for block in found:
        assert sum(layer.op_name == "conv2d" for layer in block.body) == convolutions
    weighted = [layer for name, layer in model.walk() if "weight" in layer.params and "shortcut" not in name]
    assert len(weighted) == depth
    changes = [block.input_shape != block.output_shape for block in found]
    assert [bool(block.shortcut) for block in found] == changes
    assert sum(changes) == (4 if convolutions == 3 else 3)


# Parameters as torchvision has them; multiply-adds in thousands of millions as it publishes them.
@pytest.mark.parametrize(
    ("depth", "parameters", "multiply_adds"),
    [(18, 11_689_512, 1.81), (34, 21_797_672, 3.66), (50, 25_557_032, 4.09), (101, 44_549_160, 7.80)],
)
def test_totals_are_the_published_ones(depth: int, parameters: int, multiply_adds: float) -> None:
    model = resnet(1000, depth, stem="imagenet").build((224, 224, 3))
    assert total(model, "parameters") == model.parameters.values.size == parameters
    assert total(model, "multiply_adds") / 1e9 == pytest.approx(multiply_adds, abs=0.006)


@FORMS
@pytest.mark.parametrize("depth", DEPTHS)
def test_totals_are_those_of_the_twin(depth: int, preactivation: bool) -> None:
    model, net = built(depth, 3, size=32, preactivation=preactivation), twin(depth, 7, 3, preactivation=preactivation)
    assert total(model, "parameters") == sum(each.numel() for each in net.parameters())


@FORMS
@pytest.mark.parametrize(
    ("stem", "size", "sizes"),
    [
        ("small", 48, (48, 24, 12, 6)),
        ("small_pool", 48, (24, 12, 6, 3)),
        ("imagenet", 48, (12, 6, 3, 2)),
        ("imagenet", 224, (56, 28, 14, 7)),
    ],
)
@pytest.mark.parametrize("depth", [34, 50])
def test_each_stage_but_the_first_halves_the_image(depth, stem, size, sizes, preactivation: bool) -> None:
    model = built(depth, size=size, stem=stem, preactivation=preactivation)
    shapes = [block.output_shape for block in blocks(model)]
    widen = 4 if depth == 50 else 1
    stages = [(s, s, widen * width) for s, width in zip(sizes, (64, 128, 256, 512), strict=True)]
    assert shapes == [stage for stage, count in zip(stages, (3, 4, 6, 3), strict=True) for _ in range(count)]
    assert model.layers[-2].output_shape == (512 * widen,)
    assert model.output_shape == (7,)


def test_the_3x3_convolution_of_a_bottleneck_has_the_stride() -> None:
    halving = blocks(built(50))[3]
    assert [(layer.kernel, layer.stride) for layer in halving.body if layer.op_name == "conv2d"] == [
        (1, 1),
        (3, 2),
        (1, 1),
    ]


def same(own: Array, other: Array, what: str, limit: float) -> None:
    """Equal to within `limit` of the array's largest."""
    largest = np.abs(other).max()
    assert largest > 0, what
    assert np.abs(own - other).max() <= limit * largest, f"{what}: off by {np.abs(own - other).max() / largest:.1e}"


def equal_step(model: Sequential, net: torch.nn.Module, x: Array, labels: Array, limit: float) -> None:
    """A training step of both, from the same weights: scores, loss, all gradients, running statistics."""
    copy_weights(model, net)
    loss = SoftmaxCrossEntropy()
    scores = model.forward(x, train=True)
    value = loss.forward(scores, labels)
    dx = model.backward(loss.backward(), need_dx=True)

    input_ = images(x).requires_grad_()
    others = net(input_)
    expected = torch.nn.functional.cross_entropy(others, torch.tensor(labels))
    expected.backward()

    same(scores, others.detach().numpy(), "scores", limit)
    assert value == pytest.approx(expected.item(), rel=limit)
    same(np.moveaxis(dx, -1, 1), input_.grad.numpy(), "dx", limit)
    for place, layer, module in pairs(model, net):
        for (name, own), tensor in zip(layer.grads.items(), module.parameters(recurse=False), strict=True):
            same(own, in_ours(tensor.grad), f"{place}.{name}", limit)
        for name, own in layer.state.items():
            same(own, getattr(module, name).numpy(), f"{place}.{name}", limit)


def disturb(model: Sequential, rng: np.random.Generator) -> None:
    """Scales and shifts of batch normalisation away from 1 and 0, where mistakes with them would hide."""
    for name, value, _ in model.parameters.items():
        if name.endswith(("gamma", "beta")):
            value += 0.2 * rng.standard_normal(value.shape)


@FORMS
@pytest.mark.parametrize(("depth", "stem"), [(18, "small_pool"), (50, "imagenet"), (50, "small"), (101, "imagenet")])
@pytest.mark.usefixtures("one_thread")
def test_a_step_equals_that_of_torch(depth: int, stem: str, preactivation: bool, rng: np.random.Generator) -> None:
    model = built(depth, dtype=np.float64, stem=stem, preactivation=preactivation)
    disturb(model, rng)
    net = twin(depth, 7, stem=stem, preactivation=preactivation).double()
    equal_step(model, net, rng.standard_normal((2, 48, 48, 1)), np.array([6, 2]), 1e-8)
