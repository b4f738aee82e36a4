"""Weights of a residual network by torchvision's names, in PyTorch's layouts, as arrays of a model."""

from collections import Counter
from collections.abc import Iterable, Iterator

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.layers import BatchNorm, Conv2d, Layer, Linear, Residual
from backhand.model.sequential import Sequential
from backhand.weights.torch_names import ARRAYS, channels_last

KINDS: dict[type[Layer], str] = {Conv2d: "conv", BatchNorm: "bn"}


def from_torchvision(model: Sequential, tensors: dict[str, Array]) -> dict[str, Array]:
    """Tensors by torchvision's names as arrays by the model's names, in its layouts.

    Convolutions (O, I, kh, kw) -> (kh, kw, I, O), linear weights (O, I) -> (I, O). Tensors that are not in the model
    keep their names. Raises CheckpointError for a model that is not a residual network in its original form.
    """
    modules, layers = dict(_modules(model)), dict(model.walk())
    model_names = {}
    for name in model.arrays():
        layer, _, array = name.rpartition(".")
        if layer not in modules:
            raise CheckpointError(
                f"weights with PyTorch's names fit the model that they were exported from, and those of torchvision "
                f"only the model resnet in its original form, which has no layer such as {layer}, {layers[layer]}; "
                f"choose that model, or weights with Backhand's names"
            )
        model_names[f"{modules[layer]}.{ARRAYS.get(array, array)}"] = name
    return {model_names.get(name, name): channels_last(tensor) for name, tensor in tensors.items()}


def _modules(model: Sequential) -> Iterator[tuple[str, str]]:
    """The name of each layer with parameters, and of its module in torchvision's ResNet."""
    *body, (head, last) = model.named()
    yield from _numbered(((name, layer) for name, layer in body if not isinstance(layer, Residual)), "")
    if isinstance(last, Linear):
        yield head, "fc"
    stage = block = channels = 0
    for name, layer in body:
        if isinstance(layer, Residual):  # a stage is the blocks of one width
            stage, block = (stage, block + 1) if layer.output_shape[-1] == channels else (stage + 1, 0)
            channels = layer.output_shape[-1]
            prefix = f"layer{stage}.{block}."
            yield from _numbered(((f"{name}.body.{i}", inner) for i, inner in enumerate(layer.body)), prefix)
            yield from ((f"{name}.shortcut.{i}", f"{prefix}downsample.{i}") for i, _ in enumerate(layer.shortcut))


def _numbered(layers: Iterable[tuple[str, Layer]], prefix: str) -> Iterator[tuple[str, str]]:
    """The layers' names with those of modules: conv1, bn1, conv2, ..., counted from 1 for each kind."""
    counts: Counter[str] = Counter()
    for name, layer in layers:
        kind = KINDS.get(type(layer))
        if kind:
            counts[kind] += 1
            yield name, f"{prefix}{kind}{counts[kind]}"
