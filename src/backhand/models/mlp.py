"""The multi-layer perceptron."""

from collections.abc import Sequence

from backhand.errors import closest
from backhand.layers import BatchNorm, Dropout, Flatten, Layer, LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from backhand.model import Sequential

# The initialiser that keeps the variance of the signal through each activation (He 2015, Glorot 2010).
ACTIVATIONS: dict[str, tuple[type[Layer], str]] = {
    "relu": (ReLU, "he"),
    "leaky_relu": (LeakyReLU, "he"),
    "sigmoid": (Sigmoid, "glorot"),
    "tanh": (Tanh, "glorot"),
}


def mlp(
    outputs: int,
    hidden: Sequence[int] = (100,),
    *,
    activation: str = "relu",
    dropout: float = 0.0,
    batchnorm: bool = False,
    init: str | float | None = None,
) -> Sequential:
    """flatten, then for each hidden width: linear, [batch-norm], activation, [dropout]; then linear to `outputs`.

    init: see `Linear`; by default the one that suits the activation. Raises ValueError for an unknown activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f'there is no activation "{activation}"{closest(activation, ACTIVATIONS)}')
    activate, suited = ACTIVATIONS[activation]
    init = suited if init is None else init
    layers: list[Layer] = [Flatten()]
    for width in hidden:
        layers += [Linear(width, init), *[BatchNorm()] * batchnorm, activate()]
        layers += [Dropout(dropout)] if dropout else []
    return Sequential(*layers, Linear(outputs, init))
