"""The network and the training step of a workload in PyTorch, with the weights of the inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from backhand.arrays import Array, Shape
from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM, Workload
from backhand.layers import (
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
)
from backhand.machine import cores

LossOf = Callable[[Tensor, Tensor], Tensor]


class Block(nn.Module):
    """A residual block: body(x) + shortcut(x)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


class Mean(nn.Module):
    """Averages each channel over the image."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Rows(nn.Module):
    """Flattens each image to a row, channels last, without a copy where that is its order in memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(1)


@dataclass(frozen=True)
class Builder:
    """Builds our layers in PyTorch, with our weights.

    flattened: the shape of the images that PyTorch's own layer flattens channels first, so that the weights of the next
    layer have to be reordered; None where rows are channels last, as ours are.
    """

    weights: dict[str, list[Array]]
    flattened: Shape | None

    def chain(self, layers: Sequence[Layer], prefix: str = "") -> nn.Sequential:
        previous: list[Layer | None] = [None]
        for layer in layers:  # dropout does not change the order of values
            previous.append(previous[-1] if isinstance(layer, Dropout) else layer)
        return nn.Sequential(*(self.layer(layer, previous[i], f"{prefix}{i}") for i, layer in enumerate(layers)))

    def layer(self, layer: Layer, previous: Layer | None, name: str) -> nn.Module:
        own = self.weights.get(name, [])
        if own and isinstance(previous, Flatten) and self.flattened:
            own = [channels_first(own[0], self.flattened), *own[1:]]
        module = self.module(layer, previous, name, own)
        with torch.no_grad():
            for tensor, array in zip(module.parameters(), own, strict=True) if own else ():
                tensor.copy_(torch.from_numpy(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T))
        return module

    def module(self, layer: Layer, previous: Layer | None, name: str, own: list[Array]) -> nn.Module:
        match layer:
            case Conv2d():
                sizes = layer.outputs, layer.kernel, layer.stride, layer.padding
                return nn.Conv2d(own[0].shape[2], *sizes, bias=layer.bias)
            case Linear():
                return nn.Linear(*own[0].shape)
            case BatchNorm():
                return (nn.BatchNorm1d if isinstance(previous, Linear) else nn.BatchNorm2d)(own[0].size)
            case Residual():
                return Block(self.chain(layer.body, f"{name}.body."), self.chain(layer.shortcut, f"{name}.shortcut."))
            case Flatten():
                return nn.Flatten() if self.flattened else Rows()
            case Dropout():
                return nn.Dropout(layer.p)
            case MaxPool2d():
                return nn.MaxPool2d(layer.window)
            case ReLU():
                return nn.ReLU(inplace=True)
            case GlobalAvgPool2d():
                return Mean()
        raise ValueError(f"no workload had a {layer} when this was written")


def channels_first(w: Array, image: Shape) -> Array:
    """The rows of w (H W C, O) in the order of flattened images (C, H, W)."""
    return np.moveaxis(w.reshape(*image, -1), 2, 0).reshape(w.shape)


def flattened(workload: Workload) -> Shape | None:
    """The shape of the images that the network flattens; None where it has no such layer."""
    shape = workload.shape
    for layer in workload.network().layers:
        if isinstance(layer, Flatten):
            return shape
        shape = layer.infer_output_shape(shape)
    return None


def make_step(
    inputs: Inputs, *, channels_last: bool, wrap: Callable[[LossOf], LossOf] = lambda loss: loss, rounded: bool = False
) -> Step:
    """The training step. wrap: may compile the loss, as a function of samples and labels. rounded: as autocast does."""
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    images = None if channels_last else flattened(inputs.workload)
    net = Builder(inputs.by_layer(), images).chain(inputs.workload.model(comparable=inputs.comparable).layers)
    x, labels = torch.from_numpy(inputs.x), torch.from_numpy(inputs.labels)
    if x.ndim == 4:
        layout = torch.channels_last if channels_last else torch.contiguous_format
        net, x = net.to(memory_format=layout), x.movedim(-1, 1).contiguous(memory_format=layout)
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM, fused=True)
    precision = torch.autocast("cpu", torch.bfloat16, enabled=rounded)

    def loss_of(x: Tensor, labels: Tensor) -> Tensor:
        with precision:
            return nn.functional.cross_entropy(net(x), labels)

    loss_of = wrap(loss_of)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
