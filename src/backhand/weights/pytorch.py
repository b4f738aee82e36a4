"""Tensors by PyTorch's names, in its layouts, as arrays of a model: those of an export, or of torchvision's ResNets."""

from backhand.arrays import Array
from backhand.model.sequential import Sequential
from backhand.weights.torch_names import STANDARDIZE, channels_last, torch_names
from backhand.weights.torchvision import from_torchvision

COUNTER = "num_batches_tracked"  # of PyTorch's batch normalisation; `BatchNorm` has no such counter
PARALLEL = "module."  # the prefix that torch.nn.DataParallel gives to every name


def from_pytorch(model: Sequential, tensors: dict[str, Array]) -> dict[str, Array]:
    """The tensors as arrays by the model's names, in its layouts; those that are not in the model keep their names.

    Raises CheckpointError where the names are neither those of an export of such a model nor those of torchvision.
    """
    if all(name.startswith(PARALLEL) for name in tensors):
        tensors = {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}
    weights = {name: tensor for name, tensor in tensors.items() if not name.endswith(COUNTER)}
    ours = {theirs: ours for ours, theirs in torch_names(model).items()}
    if not ours.keys() <= weights.keys():
        return from_torchvision(model, weights)
    exported = {name: tensor for name, tensor in weights.items() if not name.startswith(f"{STANDARDIZE}.")}
    return {ours.get(name, name): channels_last(tensor) for name, tensor in exported.items()}
