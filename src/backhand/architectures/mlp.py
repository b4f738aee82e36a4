"""The multi-layer perceptron."""

from collections.abc import Sequence

from backhand.architectures.activations import activation_and_init
from backhand.layers import BatchNorm, Dropout, Flatten, Layer, Linear, Scale
from backhand.model.sequential import Sequential


def mlp(
    outputs: int,
    hidden: Sequence[int] = (100,),
    *,
    activation: str = "relu",
    dropout: float = 0.0,
    batchnorm: bool = False,
    init: str | float | None = None,
    head_scale: float = 1.0,
) -> Sequential:
    """flatten, then for each hidden width: linear, [batch-norm], activation, [dropout]; then linear to `outputs`.

    init: see `Linear`; by default the one that suits the activation. head_scale: of what the last layer sees; below 1,
    it learns more slowly than the others (see docs/derivations/scale.md). Raises ValueError for an unknown activation.
    """
    activate, init = activation_and_init(activation, init)
    layers: list[Layer] = [Flatten()]
    for width in hidden:
        layers += [Linear(width, init), *[BatchNorm()] * batchnorm, activate()]
        layers += [Dropout(dropout)] if dropout else []
    layers += [Scale(head_scale)] if head_scale != 1 else []
    return Sequential(*layers, Linear(outputs, init))
