"""A layer that changes nothing and keeps what passes through it, inserted behind any layer of a model."""

from dataclasses import dataclass, field

import numpy as np

from backhand.arrays import Array
from backhand.errors import ModelError
from backhand.layers import Chain, Layer
from backhand.layers.branches import Branches
from backhand.model.sequential import Sequential


@dataclass(eq=False)
class Tap(Layer):
    """y = x; keeps x of the latest forward pass and dy of the latest backward pass, both (N, ...)."""

    op_name = "tap"

    y: Array = field(init=False, repr=False, default_factory=lambda: np.zeros(0))
    dy: Array = field(init=False, repr=False, default_factory=lambda: np.zeros(0))

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """Keep a copy of x, whose memory later layers may use again, and return x."""
        self.y = np.array(x)
        return x

    def backward(self, dy: Array, *, need_dx: bool = True) -> Array | None:
        """Keep a copy of dy, and return it."""
        self.dy = np.array(dy)
        return dy


def insert(model: Sequential, name: str) -> Tap:
    """A tap behind the layer of this name, such as `3` or `4.body.0`, in a model that has not run yet.

    Raises ModelError, with the names that there are, for an unknown one.
    """
    if name not in (names := [known for known, _ in model.walk()]):
        raise ModelError(f'there is no layer "{name}"; the layers are {", ".join(names)}')
    chain, index = _holder(model, name)
    tap = Tap()
    tap.input_shape = tap.output_shape = chain.layers[index].output_shape
    chain.layers = (*chain.layers[: index + 1], tap, *chain.layers[index + 1 :])
    return tap


def _holder(chain: Chain, name: str) -> tuple[Chain, int]:
    """The chain in which the layer of this name stands, and its index there."""
    index, _, rest = name.partition(".")
    layer = chain.layers[int(index)]
    if not rest:
        return chain, int(index)
    if isinstance(layer, Branches):
        branch, _, rest = rest.partition(".")
        return _holder(layer.branch(branch), rest)
    assert isinstance(layer, Chain)
    return _holder(layer, rest)
