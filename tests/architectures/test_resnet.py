"""Residual networks: their blocks and totals as published, every number of a training step as PyTorch has it."""

import numpy as np
import pytest
import torch

from backhand.architectures import resnet
from backhand.arrays import Array
from backhand.layers import Residual
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from tests.architectures.resnet_twin import twin
from tests.architectures.torch_twin import copy_weights, images, in_ours, pairs

FORMS = pytest.mark.parametrize("preactivation", [False, True], ids=["original", "preactivation"])


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
    other = twin(depth, 7, stem="imagenet", preactivation=preactivation)
    assert total(model, "parameters") == sum(each.numel() for each in other.parameters())


# Parameters as torchvision has them; multiply-adds in thousands of millions as it publishes them.
@pytest.mark.parametrize(
    ("depth", "parameters", "multiply_adds"),
    [(18, 11_689_512, 1.81), (34, 21_797_672, 3.66), (50, 25_557_032, 4.09), (101, 44_549_160, 7.80)],
)
def test_totals_are_the_published_ones(depth: int, parameters: int, multiply_adds: float) -> None:
    model = resnet(1000, depth, stem="imagenet").build((224, 224, 3))
    assert total(model, "parameters") == model.parameters.values.size == parameters
    assert total(model, "multiply_adds") / 1e9 == pytest.approx(multiply_adds, abs=0.006)


@pytest.mark.parametrize(
    ("stem", "size", "sizes"),
    [
        ("small", 48, (48, 24, 12, 6)),
        ("small_pool", 48, (24, 12, 6, 3)),
        ("imagenet", 48, (12, 6, 3, 2)),
        ("imagenet", 224, (56, 28, 14, 7)),
    ],
)
@pytest.mark.parametrize(("depth", "preactivation"), [(18, True), (50, False)])
def test_each_stage_but_the_first_halves_the_image(depth, stem, size, sizes, preactivation: bool) -> None:
    model = built(depth, size=size, stem=stem, preactivation=preactivation)
    shapes = [block.output_shape for block in blocks(model)]
    widen, counts = (4, (3, 4, 6, 3)) if depth == 50 else (1, (2, 2, 2, 2))
    stages = [(s, s, widen * width) for s, width in zip(sizes, (64, 128, 256, 512), strict=True)]
    assert shapes == [stage for stage, count in zip(stages, counts, strict=True) for _ in range(count)]
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
    for name, value, _ in ((each.name, each.value, each.grad) for each in model.parameters):
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


@FORMS
@pytest.mark.usefixtures("one_thread")
def test_three_steps_in_float32_have_the_losses_of_torch(preactivation: bool, rng: np.random.Generator) -> None:
    """From blocks that begin as their shortcuts, where float32 is well-conditioned; at a rate that moves the loss."""
    model = built(18, size=16, zero_init=True, preactivation=preactivation)
    net = twin(18, 7, preactivation=preactivation)
    copy_weights(model, net)
    optimizer, other = SGD(0.05, 0.9), torch.optim.SGD(net.parameters(), 0.05, 0.9)
    loss, labels = SoftmaxCrossEntropy(), np.arange(8) % 7
    x = rng.standard_normal((8, 16, 16, 1)).astype(np.float32)
    losses = []
    for _ in range(3):
        losses.append(loss.forward(model.forward(x, train=True), labels))
        model.backward(loss.backward())
        optimizer.step(model.parameters)
        expected = torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels))
        other.zero_grad()
        expected.backward()
        other.step()
        assert losses[-1] == pytest.approx(expected.item(), abs=1e-3)
    assert abs(losses[2] - losses[0]) > 0.1


@FORMS
@pytest.mark.parametrize("depth", [18, 50])
def test_with_zero_init_every_block_begins_as_its_shortcut(
    depth: int, preactivation: bool, rng: np.random.Generator
) -> None:
    model = built(depth, size=16, dtype=np.float64, zero_init=True, preactivation=preactivation)
    for block in blocks(model):
        x = rng.standard_normal((2, *block.input_shape))
        y = block.forward(x, train=True)
        for layer in block.shortcut:
            x = layer.forward(x, train=True)
        np.testing.assert_array_equal(y, x)


@FORMS
def test_with_zero_init_everything_learns_from_the_second_step_on(
    preactivation: bool, rng: np.random.Generator
) -> None:
    model = built(50, size=16, dtype=np.float64, stem="small_pool", zero_init=True, preactivation=preactivation)
    x, labels, loss = rng.standard_normal((6, 16, 16, 1)), np.arange(6), SoftmaxCrossEntropy()
    idle = []
    for _ in range(2):
        loss.forward(model.forward(x, train=True), labels)
        model.backward(loss.backward())
        idle.append([each.name for each in model.parameters if not each.grad.any()])
        SGD(0.1).step(model.parameters)
    assert len(idle[0]) >= len(blocks(model))  # behind the zeros nothing learns in the first step
    assert idle[1] == []


def test_without_zero_init_no_block_is_its_shortcut(rng: np.random.Generator) -> None:
    for block in blocks(built(18, size=16)):
        x = rng.standard_normal((2, *block.input_shape)).astype(np.float32)
        y = block.forward(x, train=True)
        for layer in block.shortcut:
            x = layer.forward(x, train=True)
        assert not np.allclose(y, x)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"depth": 20}, "the depth of a ResNet must be one of 18, 34, 50, 101, not 20"),
        ({"stem": "smal"}, 'unknown stem "smal"; did you mean "small"'),
    ],
)
def test_another_depth_or_stem_is_refused(options, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        resnet(7, **options)
