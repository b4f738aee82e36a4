"""Networks in PyTorch that hold the weights of ours: images and weights from one layout to the other.

Ours has images (N, H, W, C), convolutions (kh, kw, I, O) and linear weights (I, O); PyTorch has them (N, C, H, W),
(O, I, kh, kw) and (O, I).
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from backhand.arrays import Array
from backhand.layers import Layer
from backhand.model.sequential import Sequential
from backhand.ops import dropout


def images(x: Array) -> Tensor:
    """(N, H, W, C) -> (N, C, H, W)."""
    return torch.tensor(np.moveaxis(x, -1, 1).copy())


def weight(w: Array) -> Tensor:
    """A parameter of ours as PyTorch keeps it."""
    return torch.tensor(w.transpose(3, 2, 0, 1).copy() if w.ndim == 4 else w.T.copy())


def in_ours(tensor: Tensor) -> Array:
    """A parameter of PyTorch, or its gradient, as we keep it: the inverse of `weight`."""
    array = tensor.detach().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def pairs(model: Sequential, net: nn.Module) -> list[tuple[str, Layer, nn.Module]]:
    """Each layer that has parameters, its name, and its twin: both networks list theirs in the order of the data."""
    own = [(name, layer) for name, layer in model.walk() if layer.params]
    other = [module for module in net.modules() if list(module.parameters(recurse=False))]
    return [(name, layer, module) for (name, layer), module in zip(own, other, strict=True)]


def copy_weights(model: Sequential, net: nn.Module) -> None:
    """Every parameter and running statistic of ours into its twin."""
    with torch.no_grad():
        for _, layer, module in pairs(model, net):
            for own, tensor in zip(layer.params.values(), module.parameters(recurse=False), strict=True):
                assert weight(own).shape == tensor.shape, (layer, module)
                tensor.copy_(weight(own))
            for name, own in layer.state.items():
                getattr(module, name).copy_(torch.tensor(own))


class Rows(nn.Module):
    """Each image as one row in our order, channels last."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.movedim(1, -1) if x.ndim == 4 else x).flatten(1)


class Masked(nn.Module):
    """Inverted dropout that draws its masks as our layer does: from an equal generator come equal masks."""

    def __init__(self, p: float, rng: np.random.Generator) -> None:
        super().__init__()
        self.p, self.rng = p, rng

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        mask = dropout.draw_mask(tuple(x.shape), self.p, int(self.rng.integers(2**63)))
        return x * torch.from_numpy(mask) / (1 - self.p)


class Mean(nn.Module):
    """The mean of each channel over the image."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


KINDS: dict[str, Callable[[Layer], nn.Module]] = {
    "conv2d": lambda of: nn.Conv2d(of.input_shape[2], of.outputs, of.kernel, of.stride, of.padding, bias=of.bias),
    "linear": lambda of: nn.Linear(of.input_shape[0], of.outputs),
    "batchnorm": lambda of: (nn.BatchNorm2d if len(of.input_shape) == 3 else nn.BatchNorm1d)(of.input_shape[-1]),
    "max_pool2d": lambda of: nn.MaxPool2d(of.window, of.stride),
    "avg_pool2d": lambda of: nn.AvgPool2d(of.window, of.stride),
    "global_avg_pool2d": lambda of: Mean(),
    "relu": lambda of: nn.ReLU(),
    "silu": lambda of: nn.SiLU(),
    "gelu": lambda of: nn.GELU(),
    "tanh": lambda of: nn.Tanh(),
    "flatten": lambda of: Rows(),
}


def in_torch(model: Sequential, rng: np.random.Generator | None = None) -> nn.Sequential:
    """A built model without branches, layer by layer, with copies of its weights; `rng` draws the masks of dropout."""
    kinds = KINDS | {"dropout": lambda of: Masked(of.p, rng or np.random.default_rng())}
    net = nn.Sequential(*(kinds[layer.op_name](layer) for layer in model.layers))
    net.to(torch.from_numpy(model.parameters.values).dtype)
    copy_weights(model, net)
    return net
