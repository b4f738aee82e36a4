"""A workload's network and training step in PyTorch, from the weights given."""

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
    """body(x) + shortcut(x)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


class Mean(nn.Module):
    """The mean of each channel over the image."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Rows(nn.Module):
    """Each image as a row, channels last: no copy where it lies in memory like that."""

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(1, -1).flatten(1)


@dataclass(frozen=True)
class Builder:
    """Our layers in PyTorch, with the weights given.

    flattened: the shape of the images that become rows channels first, as PyTorch's own layer makes them, so that the
    weights behind them have to be put in that order; None: rows are channels last, as ours.
    """

    weights: dict[str, list[Array]]
    flattened: Shape | None

    def chain(self, layers: Sequence[Layer], prefix: str = "") -> nn.Sequential:
        before: list[Layer | None] = [None]
        for each in layers:  # what drops values changes nothing about their order
            before.append(before[-1] if isinstance(each, Dropout) else each)
        return nn.Sequential(*(self.layer(each, before[i], f"{prefix}{i}") for i, each in enumerate(layers)))

    def layer(self, layer: Layer, before: Layer | None, place: str) -> nn.Module:
        own = self.weights.get(place, [])
        if own and isinstance(before, Flatten) and self.flattened:
            own = [channels_first(own[0], self.flattened), *own[1:]]
        module = self.module(layer, before, place, own)
        with torch.no_grad():
            for tensor, array in zip(module.parameters(), own, strict=True) if own else ():
                tensor.copy_(torch.from_numpy(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T))
        return module

    def module(self, layer: Layer, before: Layer | None, place: str, own: list[Array]) -> nn.Module:
        match layer:
            case Conv2d():
                sizes = layer.outputs, layer.kernel, layer.stride, layer.padding
                return nn.Conv2d(own[0].shape[2], *sizes, bias=layer.bias)
            case Linear():
                return nn.Linear(*own[0].shape)
            case BatchNorm():
                return (nn.BatchNorm1d if isinstance(before, Linear) else nn.BatchNorm2d)(own[0].size)
            case Residual():
                return Block(self.chain(layer.body, f"{place}.body."), self.chain(layer.shortcut, f"{place}.shortcut."))
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
    """The rows of w (H W C, O), reordered for images (C, H, W)."""
    return np.moveaxis(w.reshape(*image, -1), 2, 0).reshape(w.shape)


def flattened(workload: Workload) -> Shape | None:
    """The shape of the images that the network makes rows of."""
    shape = workload.shape
    for layer in workload.network().layers:
        if isinstance(layer, Flatten):
            return shape
        shape = layer.output(shape)
    return None


def make_step(inputs: Inputs, *, channels_last: bool, wrap: Callable[[LossOf], LossOf] = lambda loss: loss) -> Step:
    """The step; `wrap` may compile the loss as a function of samples and labels."""
    torch.set_num_threads(cores())
    torch.set_flush_denormal(True)
    images = None if channels_last else flattened(inputs.workload)
    net = Builder(inputs.by_layer(), images).chain(inputs.workload.model(comparable=inputs.comparable).layers)
    x, labels = torch.from_numpy(inputs.x), torch.from_numpy(inputs.labels)
    if x.ndim == 4:
        layout = torch.channels_last if channels_last else torch.contiguous_format
        net, x = net.to(memory_format=layout), x.movedim(-1, 1).contiguous(memory_format=layout)
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM, fused=True)
    loss_of = wrap(lambda x, labels: nn.functional.cross_entropy(net(x), labels))

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(x, labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
