"""Where the layers of a network have no derivative, and its activation, as metrics.json keeps them for the report."""

from collections.abc import Iterator

from backhand.layers import ELU, Layer, LeakyReLU, MaxPool2d, ReLU, Sigmoid, Tanh
from backhand.model.sequential import Sequential

ACTIVATIONS = (ReLU, LeakyReLU, ELU, Sigmoid, Tanh)


def kinks(model: Sequential) -> tuple[str, ...]:
    """The kinks of all layers, those in branches as well, each kind once: ReLU at 0, ties in max-pooling."""
    return tuple(dict.fromkeys(kink for _, layer in model.walk() for kink in _kinks(layer)))


def activation(model: Sequential) -> str:
    """The class of the network's first activation; empty without one."""
    return next((type(layer).__name__ for _, layer in model.walk() if type(layer) in ACTIVATIONS), "")


def _kinks(layer: Layer) -> Iterator[str]:
    if isinstance(layer, ReLU):
        yield "ReLU at 0"
    if isinstance(layer, LeakyReLU) and layer.slope != 1:
        yield "leaky ReLU at 0"
    if isinstance(layer, ELU) and layer.alpha != 1:
        yield "ELU at 0"
    if type(layer) is MaxPool2d:  # which average pooling derives from
        yield "ties in max-pooling"
