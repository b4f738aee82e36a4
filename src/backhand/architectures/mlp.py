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
    """The multi-layer perceptron: flatten, then linear and activation for each hidden width, then linear.

    outputs: the number of scores, one per class.
    hidden: the widths of the hidden layers; () is a linear classifier.
    activation: the name of a layer, such as "relu".
    dropout: the probability of dropping after each hidden layer; 0 for none.
    batchnorm: whether batch normalisation stands before each activation.
    init: see `Linear`; None takes the one that suits the activation.
    head_scale: multiplies what the last layer sees; below 1, that layer learns more slowly than the others (see
    docs/derivations/scale.md).
    Raises ValueError for an unknown activation.
    """
    activate, init = activation_and_init(activation, init)
    layers: list[Layer] = [Flatten()]
    for width in hidden:
        layers += [Linear(width, init), *[BatchNorm()] * batchnorm, activate()]
        layers += [Dropout(dropout)] if dropout else []
    layers += [Scale(head_scale)] if head_scale != 1 else []
    return Sequential(*layers, Linear(outputs, init))
