"""The kinks of a network's layers, and its activation, as metrics.json holds them for the report."""

from collections.abc import Iterator

from backhand.layers import ELU, GELU, GlobalMaxPool2d, Layer, LeakyReLU, MaxPool2d, ReLU, Sigmoid, SiLU, Tanh
from backhand.model.sequential import Sequential

ACTIVATIONS = (ReLU, LeakyReLU, ELU, SiLU, GELU, Sigmoid, Tanh)


def kinks(model: Sequential) -> tuple[str, ...]:
    """The kinks of all layers, also of those in branches, each kind once, such as "ReLU at 0"."""
    return tuple(dict.fromkeys(kink for _, layer in model.walk() for kink in _kinks(layer)))


def activation(model: Sequential) -> str:
    """The name of the class of the network's first activation; empty without one."""
    return next((type(layer).__name__ for _, layer in model.walk() if type(layer) in ACTIVATIONS), "")


def _kinks(layer: Layer) -> Iterator[str]:
    if isinstance(layer, ReLU):
        yield "ReLU at 0"
    if isinstance(layer, LeakyReLU) and layer.slope != 1:
        yield "leaky ReLU at 0"
    if isinstance(layer, ELU) and layer.alpha != 1:
        yield "ELU at 0"
    if type(layer) in (MaxPool2d, GlobalMaxPool2d):  # and not average pooling, whose class derives from it
        yield "ties in max-pooling"
