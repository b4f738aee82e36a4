"""Activations by name, each with the initialiser that suits it."""

from backhand.errors import closest
from backhand.layers import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from backhand.layers.activations import Activation
from backhand.plugins import Table

_OWN: dict[str, type[Activation]] = {
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "silu": SiLU,
    "gelu": GELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
}


def _is_activation(_name: str, value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Activation) and hasattr(value, "op_name")


ACTIVATIONS: Table[type[Activation]] = Table(
    _OWN,
    "backhand.activations",
    "activation",
    wanted="a subclass of backhand.layers.activations.Activation with an op_name",
    fits=_is_activation,
)


def activation_and_init(name: str, init: str | float | None) -> tuple[type[Activation], str | float]:
    """The activation's layer, and `init` or else the initialiser that suits it. ValueError for an unknown name."""
    if name not in ACTIVATIONS:
        raise ValueError(f'unknown activation "{name}"{closest(name, ACTIVATIONS)}')
    kind = ACTIVATIONS[name]
    return kind, kind.suited_init if init is None else init
