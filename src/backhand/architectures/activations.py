"""Activations by name, each with the initialiser that suits it."""

from backhand.errors import closest
from backhand.layers import ELU, Layer, LeakyReLU, ReLU, Sigmoid, Tanh

# The initialiser that keeps the variance of the signal through each activation (He 2015, Glorot 2010).
ACTIVATIONS: dict[str, tuple[type[Layer], str]] = {
    "relu": (ReLU, "he"),
    "leaky_relu": (LeakyReLU, "he"),
    "elu": (ELU, "he"),
    "sigmoid": (Sigmoid, "glorot"),
    "tanh": (Tanh, "glorot"),
}


def activation_and_init(name: str, init: str | float | None) -> tuple[type[Layer], str | float]:
    """The activation's layer, and `init` or else the initialiser that suits it. ValueError for an unknown name."""
    if name not in ACTIVATIONS:
        raise ValueError(f'unknown activation "{name}"{closest(name, ACTIVATIONS)}')
    kind, suited = ACTIVATIONS[name]
    return kind, suited if init is None else init
