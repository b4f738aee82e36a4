"""The activations: functions of each value by itself."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from backhand.arrays import Array
from backhand.layers.base import Layer


class Activation(Layer):
    """The base of all activations, which act on each value by itself, whatever the shape of the array.

    suited_init: the initialiser of the layer before that keeps the variance of the signal (He 2015, Glorot 2010).
    """

    stacks = True
    suited_init: ClassVar[str] = "he"


@dataclass(eq=False)
class ReLU(Activation):
    """The rectifier, y = max(x, 0), of each value of samples of any shape.

    At x = 0 the slope is taken as 0. Source: Nair and Hinton 2010, ICML.
    """

    op_name = "relu"


@dataclass(eq=False)
class LeakyReLU(Activation):
    """The leaky rectifier, y = x where x > 0, else slope · x, of each value of samples of any shape.

    slope: the factor below 0, and the derivative at x = 0. Source: Maas, Hannun and Ng 2013, ICML workshop.
    """

    op_name = "leaky_relu"
    shown = ("slope",)

    slope: float = 0.01

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The arguments of the op besides x: the slope."""
        return {"slope": self.slope}


@dataclass(eq=False)
class ELU(Activation):
    """The exponential linear unit, y = x where x > 0, else alpha · (e^x - 1), of each value of samples of any shape.

    alpha: y tends to -alpha as x falls. Source: Clevert, Unterthiner and Hochreiter 2016, arXiv:1511.07289.
    """

    op_name = "elu"
    shown = ("alpha",)

    alpha: float = 1.0

    def options(self, x: Array, train: bool, rng: np.random.Generator | None) -> dict[str, Any]:
        """The arguments of the op besides x: alpha."""
        return {"alpha": self.alpha}


@dataclass(eq=False)
class SiLU(Activation):
    """The sigmoid linear unit, or swish, y = x / (1 + e^-x), of each value of samples of any shape.

    Source: Elfwing, Uchibe and Doya 2018, Neural Networks 107.
    """

    op_name = "silu"


@dataclass(eq=False)
class GELU(Activation):
    """The Gaussian error linear unit, y = x Φ(x), of each value of samples of any shape.

    Φ(x): the probability that a standard normal variable is below x. Source: Hendrycks and Gimpel 2016,
    arXiv:1606.08415.
    """

    op_name = "gelu"


@dataclass(eq=False)
class Sigmoid(Activation):
    """The logistic sigmoid, y = 1 / (1 + e^-x), of each value of samples of any shape.

    Source: Rumelhart, Hinton and Williams 1986, Nature 323.
    """

    op_name = "sigmoid"
    suited_init = "glorot"


@dataclass(eq=False)
class Tanh(Activation):
    """The hyperbolic tangent, y = tanh x, of each value of samples of any shape.

    Source: LeCun, Bottou, Orr and Müller 1998, "Efficient BackProp".
    """

    op_name = "tanh"
    suited_init = "glorot"
