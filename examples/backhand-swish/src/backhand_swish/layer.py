"""The layer, which studies name by `kind = "swish"`, or by `activation = "swish"`."""

from dataclasses import dataclass

from backhand.layers.activations import Activation


@dataclass(eq=False)
class Swish(Activation):
    """y = x σ(x), of each value of samples of any shape."""

    op_name = "swish"
