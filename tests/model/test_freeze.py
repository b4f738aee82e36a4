"""Frozen layers: which ones a place names, what stays as it was, and the gradients of the others."""

import numpy as np
import pytest
import torch

from backhand.architectures import resnet
from backhand.arrays import Array
from backhand.errors import ModelError
from backhand.layers import BatchNorm, Conv2d, Dropout, Flatten, Linear, ReLU, Residual
from backhand.model.sequential import Sequential
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver
from tests.architectures.resnet_twin import twin
from tests.architectures.torch_twin import copy_weights, images, in_ours, pairs


def small(dtype: type = np.float64) -> Sequential:
    """Parameters in 0, 1, 3.body.0, 3.body.1, 3.shortcut.0 and 6."""
    branches = Residual([Conv2d(3, 3, padding=1), BatchNorm()], [Conv2d(3, 1)])
    model = Sequential(Conv2d(2, 3), BatchNorm(), ReLU(), branches, Flatten(), Dropout(0.5), Linear(4))
    return model.build((6, 6, 1), seed=2, dtype=dtype)


WEIGHTED = ["0", "1", "3.body.0", "3.body.1", "3.shortcut.0", "6"]


def trained(model: Sequential) -> list[str]:
    """The layers whose parameters are in the flat buffers."""
    return list(dict.fromkeys(each.name.rpartition(".")[0] for each in model.parameters))


def train(model: Sequential, rng: np.random.Generator, steps: int = 3) -> None:
    solver = Solver(model, SoftmaxCrossEntropy(), SGD(0.1, 0.9))
    for _ in range(steps):
        x = rng.standard_normal((6, *model.input_shape)).astype(model.parameters.values.dtype)
        solver.train_step(x, np.arange(6) % 4)


@pytest.mark.parametrize(
    ("places", "left"),
    [
        (["0"], WEIGHTED[1:]),
        (["3"], ["0", "1", "6"]),
        (["3.body"], ["0", "1", "3.shortcut.0", "6"]),
        (["3.body.0", "1"], ["0", "3.body.1", "3.shortcut.0", "6"]),
        ([":2"], WEIGHTED[2:]),
        ([":-1"], ["6"]),
        (["1:4"], ["0", "6"]),
        (["-4:"], ["0", "1"]),
        (["4"], WEIGHTED),  # nothing to train there in the first place
        ([], WEIGHTED),
    ],
    ids=str,
)
def test_a_place_is_a_name_or_a_range(places: list[str], left: list[str]) -> None:
    model = small()
    before = model.snapshot()
    assert model.freeze(*places) is model
    assert trained(model) == left
    flat = model.parameters
    assert flat.values.size == flat.grads.size == sum(each.value.size for each in flat)
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_a_name_does_not_stand_for_one_that_begins_alike() -> None:
    model = Sequential(*(Linear(2) for _ in range(12))).build((2,))
    assert trained(model.freeze("1")) == [str(i) for i in range(12) if i != 1]


def test_freezing_goes_on_from_what_is_frozen() -> None:
    model = small().freeze("0").freeze("6")
    assert trained(model) == ["1", "3.body.0", "3.body.1", "3.shortcut.0"]


@pytest.mark.parametrize("place", ["7", "3.tail", "3.body.2", "", "x:2", "9:", ":0", "0.weight"])
def test_a_place_where_no_layer_is_is_refused(place: str) -> None:
    with pytest.raises(ModelError, match=rf'^there is no layer "{place}"; the layers are 0 to 6$'):
        small().freeze(place)


@pytest.mark.parametrize("places", [[":"], WEIGHTED])
def test_freezing_everything_is_refused(places: list[str]) -> None:
    with pytest.raises(
        ModelError, match=rf"^with {', '.join(places)} frozen, nothing is left to train; freeze fewer layers$"
    ):
        small().freeze(*places)


@pytest.mark.parametrize("places", [[":2"], ["3"], ["3.body"], ["1", "3.body.1"], [":-1"]], ids=str)
def test_training_moves_the_rest_and_nothing_that_is_frozen(places: list[str], rng: np.random.Generator) -> None:
    model = small().freeze(*places)
    before = model.snapshot()
    train(model, rng)
    frozen = {name for name, layer in model.walk() if layer.frozen}
    for name, value in model.arrays().items():
        moved = not np.array_equal(value, before[name])
        assert moved == (name.rpartition(".")[0] not in frozen), name


def test_frozen_layers_run_as_at_inference(rng: np.random.Generator) -> None:
    model, x = small(), rng.standard_normal((5, 6, 6, 1))
    model.layers[1].state["running_mean"][:] = 0.3
    y = model.forward(x)
    np.testing.assert_array_equal(model.freeze(":-1").forward(x, train=True, rng=rng), y)


def test_the_backward_pass_ends_above_frozen_layers(rng: np.random.Generator) -> None:
    model = small().freeze(":-1")
    called = []
    model.layers[5].backward = lambda dy, need_dx=True: called.append(dy)
    y = model.forward(rng.standard_normal((3, 6, 6, 1)), train=True, rng=rng)
    assert model.backward(rng.standard_normal(y.shape)) is None
    assert called == []


def test_a_copy_is_frozen_as_well_and_shares_nothing(rng: np.random.Generator) -> None:
    model = small().freeze(":2", "3.body")
    train(model, rng, 1)
    clone, before = model.copy(np.float32), model.snapshot()
    assert trained(clone) == trained(model) == ["3.shortcut.0", "6"]
    train(clone, rng)
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
        if name.rpartition(".")[0] not in trained(model):
            np.testing.assert_allclose(clone.arrays()[name], value, rtol=1e-6)


def test_what_is_saved_is_whole_and_fits_a_model_without_frozen_layers(rng: np.random.Generator) -> None:
    model = small().freeze(":2", "3.body")
    train(model, rng)
    other, again = small(), small().freeze(":2", "3.body")
    x = rng.standard_normal((5, 6, 6, 1))
    for each in (other, again):
        each.parameters.values += 1
        each.load(model.snapshot())
        np.testing.assert_array_equal(each.forward(x), model.forward(x))
    assert trained(other) == WEIGHTED
    assert np.shares_memory(again.layers[6].params["weight"], again.parameters.values)


def frozen_step(model: Sequential, net: torch.nn.Module, x: Array, labels: Array) -> None:
    """A backward pass of both; the modules whose twins are frozen are at inference and ask for no gradient."""
    net.train()
    for _, layer, module in pairs(model, net):
        module.train(not layer.frozen).requires_grad_(not layer.frozen)
    torch.nn.functional.cross_entropy(net(images(x)), torch.tensor(labels)).backward()
    loss = SoftmaxCrossEntropy()
    loss.forward(model.forward(x, train=True), labels)
    model.backward(loss.backward())


@pytest.mark.parametrize("preactivation", [False, True], ids=["original", "preactivation"])
@pytest.mark.parametrize("places", [[":6"], ["5"], ["7.body", ":2"], ["3.body.0", "3.body.1", "7.shortcut"]], ids=str)
@pytest.mark.usefixtures("one_thread")
def test_gradients_of_the_rest_equal_those_of_torch(
    places: list[str], preactivation: bool, rng: np.random.Generator
) -> None:
    model = resnet(4, 18, preactivation=preactivation).build((8, 8, 1), seed=1, dtype=np.float64)
    model.forward(rng.standard_normal((9, 8, 8, 1)), train=True)  # running statistics that are not 0 and 1
    model.freeze(*places)
    net = twin(18, 4, preactivation=preactivation).double()
    copy_weights(model, net)
    frozen_step(model, net, rng.standard_normal((5, 8, 8, 1)), np.arange(5) % 4)
    compared = 0
    for place, layer, module in pairs(model, net):
        if not layer.frozen:
            for (name, own), tensor in zip(layer.grads.items(), module.parameters(recurse=False), strict=True):
                other = in_ours(tensor.grad)
                assert np.abs(own - other).max() <= 1e-9 * np.abs(other).max(), f"{place}.{name}"
                compared += 1
        for name, own in layer.state.items():
            np.testing.assert_allclose(own, getattr(module, name).numpy(), rtol=1e-9, atol=1e-12, err_msg=place)
    assert compared == len(model.parameters) > 0


def test_a_model_is_built_before_it_is_frozen() -> None:
    with pytest.raises(ModelError, match=r"^the model must be built before layers are frozen$"):
        Sequential(Linear(3)).freeze("0")
