"""The names and layouts that a model's arrays have in PyTorch, and the way back from them."""

import numpy as np
import pytest

from backhand.architectures import lenet, resnet
from backhand.errors import CheckpointError
from backhand.layers import BatchNorm, Chain, Concatenate, Conv2d, Flatten, Linear, ReLU, Residual
from backhand.model import Sequential
from backhand.weights.pytorch import from_pytorch
from backhand.weights.torch_names import channels_first, channels_last, module_names, torch_names


def model() -> Sequential:
    wide = Concatenate([[Conv2d(2, 1)], [Conv2d(2, 3, padding=1), BatchNorm()]])
    return Sequential(Conv2d(4, 3), Residual([wide, ReLU()]), Chain([Flatten(), Linear(3), Linear(2)])).build((5, 5, 1))


def tensors(network: Sequential) -> dict[str, np.ndarray]:
    arrays = network.arrays()
    return {theirs: channels_first(arrays[ours]) for ours, theirs in torch_names(network).items()}


def test_layers_are_counted_by_their_kind():
    assert module_names(lenet(10).layers) == [
        *("conv1", "tanh1", "avg_pool1", "conv2", "tanh2", "avg_pool2"),
        *("flatten1", "linear1", "tanh3", "linear2", "tanh4", "linear3"),
    ]


def test_the_names_lead_through_branches_and_chains():
    assert torch_names(model()) == {
        "0.weight": "conv1.weight",
        "0.bias": "conv1.bias",
        "1.body.0.0.0.weight": "block1.body.concatenate1.0.conv1.weight",
        "1.body.0.0.0.bias": "block1.body.concatenate1.0.conv1.bias",
        "1.body.0.1.0.weight": "block1.body.concatenate1.1.conv1.weight",
        "1.body.0.1.0.bias": "block1.body.concatenate1.1.conv1.bias",
        "1.body.0.1.1.gamma": "block1.body.concatenate1.1.batchnorm1.weight",
        "1.body.0.1.1.beta": "block1.body.concatenate1.1.batchnorm1.bias",
        "1.body.0.1.1.running_mean": "block1.body.concatenate1.1.batchnorm1.running_mean",
        "1.body.0.1.1.running_var": "block1.body.concatenate1.1.batchnorm1.running_var",
        "2.1.weight": "stage1.linear1.weight",
        "2.1.bias": "stage1.linear1.bias",
        "2.2.weight": "stage1.linear2.weight",
        "2.2.bias": "stage1.linear2.bias",
    }


def test_every_array_of_a_deep_network_has_a_name_of_its_own():
    network = resnet(10, 50).build((8, 8, 3))
    names = torch_names(network)
    assert names.keys() == network.arrays().keys()
    assert len(set(names.values())) == len(names)
    assert names["3.shortcut.0.weight"] == "block1.shortcut.conv1.weight"


@pytest.mark.parametrize("shape", [(3, 2, 5, 7), (2, 3, 4), (4, 6), (3,)])
def test_the_layouts_are_inverse(shape, rng):
    array = rng.standard_normal(shape)
    assert (channels_last(channels_first(array)) == array).all()
    expected = {4: (7, 5, 3, 2), 3: (4, 2, 3), 2: (6, 4), 1: (3,)}
    assert channels_first(array).shape == expected[len(shape)]


@pytest.mark.parametrize("prefix", ["", "module."])
def test_what_pytorch_adds_is_passed_over(prefix):
    network = model()
    more = {"standardize.mean": np.zeros(1), "block1.body.concatenate1.1.batchnorm1.num_batches_tracked": np.zeros(())}
    read = from_pytorch(network, {f"{prefix}{name}": value for name, value in (tensors(network) | more).items()})
    assert read.keys() == network.arrays().keys()
    assert all((value == network.arrays()[name]).all() for name, value in read.items())


def test_a_tensor_that_no_layer_has_keeps_its_name_and_is_refused():
    network = model()
    read = from_pytorch(network, tensors(network) | {"linear9.weight": np.zeros((1, 1))})
    with pytest.raises(CheckpointError, match=r"linear9.weight is \(1, 1\) there and absent here"):
        network.load(read)


def test_other_names_are_refused_with_what_fits():
    with pytest.raises(
        CheckpointError, match="fit the model that they were exported from, and those of torchvision only"
    ):
        from_pytorch(model(), {"features.0.weight": np.zeros((1, 1))})
