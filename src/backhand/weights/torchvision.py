"""torchvision's names and PyTorch's layouts of a residual network, found from the structure of ours."""

from collections import Counter
from collections.abc import Iterable, Iterator

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.layers import BatchNorm, Conv2d, Layer, Linear, Residual
from backhand.model.sequential import Sequential

KINDS: dict[type[Layer], str] = {Conv2d: "conv", BatchNorm: "bn"}
ARRAYS = {"gamma": "weight", "beta": "bias"}  # the others have the same name there
COUNTER = "num_batches_tracked"  # of PyTorch's batch normalisation; ours does not count
PARALLEL = "module."  # what torch.nn.DataParallel puts before every name


def from_torchvision(model: Sequential, tensors: dict[str, Array]) -> dict[str, Array]:
    """Tensors by torchvision's names as arrays by ours, in our layouts.

    Convolutions (O, I, kh, kw) -> (kh, kw, I, O), linear weights (O, I) -> (I, O). Tensors that have no place in the
    model keep their name. Raises CheckpointError for a model that is no residual network in its original form.
    """
    modules, layers = dict(_modules(model)), dict(model.walk())
    ours = {}
    for name in model.arrays():
        place, _, array = name.rpartition(".")
        if place not in modules:
            raise CheckpointError(
                f"weights by PyTorch's names fit the model resnet alone, in its original form, and layer {place}, "
                f"{layers[place]}, is in none"
            )
        ours[f"{modules[place]}.{ARRAYS.get(array, array)}"] = name
    if all(name.startswith(PARALLEL) for name in tensors):
        tensors = {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}
    kept = {name: tensor for name, tensor in tensors.items() if not name.endswith(COUNTER)}
    return {ours.get(name, name): _in_our_layout(tensor) for name, tensor in kept.items()}


def _modules(model: Sequential) -> Iterator[tuple[str, str]]:
    """The name of each layer with parameters, and of its module in torchvision's ResNet."""
    *body, (head, last) = model.named()
    yield from _numbered((each for each in body if not isinstance(each[1], Residual)), "")
    if isinstance(last, Linear):
        yield head, "fc"
    stage = block = channels = 0
    for name, layer in body:
        if isinstance(layer, Residual):  # a stage is the blocks of one width
            stage, block = (stage, block + 1) if layer.output_shape[-1] == channels else (stage + 1, 0)
            channels = layer.output_shape[-1]
            place = f"layer{stage}.{block}."
            yield from _numbered(((f"{name}.body.{i}", each) for i, each in enumerate(layer.body)), place)
            yield from ((f"{name}.shortcut.{i}", f"{place}downsample.{i}") for i, _ in enumerate(layer.shortcut))


def _numbered(layers: Iterable[tuple[str, Layer]], prefix: str) -> Iterator[tuple[str, str]]:
    """conv1, bn1, conv2, ...: counted from 1 for each kind."""
    counts: Counter[str] = Counter()
    for name, layer in layers:
        kind = KINDS.get(type(layer))
        if kind:
            counts[kind] += 1
            yield name, f"{prefix}{kind}{counts[kind]}"


def _in_our_layout(tensor: Array) -> Array:
    return tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor.T
