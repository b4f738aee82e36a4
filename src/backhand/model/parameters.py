"""Every trained parameter of a model, in one flat buffer of values and one of gradients."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array
from backhand.arrays.copies import Copyable
from backhand.layers import Layer


@dataclass(frozen=True, eq=False)
class Parameter:
    """A trained parameter: its name, such as `0.weight`, and its place in the flat buffers.

    value, grad: views of the buffers at `slice`, in the parameter's own shape.   penalised: whether weight decay and
    the L2 penalty act on it.
    """

    name: str
    value: Array
    grad: Array
    slice: slice
    penalised: bool


class Parameters(Copyable):
    """The trained parameters in layer order, as views of `values`, their gradients as views of `grads`; both (P,).

    room: the flat buffers, where they are not to be new ones.
    """

    def __init__(
        self, layers: Iterable[tuple[str, Layer]], dtype: DTypeLike, room: tuple[Array, Array] | None = None
    ) -> None:
        self.layers = [(name, layer) for name, layer in layers if not layer.frozen]
        size = sum(value.size for _, layer in self.layers for value in layer.params.values())
        self.values, self.grads = room or (np.zeros(size, dtype), np.zeros(size, dtype))
        self._named = {each.name: each for each in self._moved()}

    def _moved(self) -> Iterator[Parameter]:
        """Move each layer's parameters and gradients into the buffers."""
        start = 0
        for place, layer in self.layers:
            for name, initial in layer.params.items():
                part = slice(start, start + initial.size)
                value, grad = (flat[part].reshape(initial.shape) for flat in (self.values, self.grads))
                value[...], grad[...] = initial, layer.grads[name]
                layer.params[name], layer.grads[name] = value, grad
                yield Parameter(f"{place}.{name}", value, grad, part, name in layer.penalised)
                start = part.stop

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._named.values())

    def __len__(self) -> int:
        return len(self._named)

    def __getitem__(self, name: str) -> Parameter:
        return self._named[name]

    def __contains__(self, name: str) -> bool:
        return name in self._named

    @cached_property
    def penalised(self) -> tuple[slice, ...]:
        """The slices of the parameters that weight decay and the L2 penalty act on."""
        return tuple(each.slice for each in self if each.penalised)

    @cached_property
    def segments(self) -> tuple[tuple[int, int, bool], ...]:
        """(start, stop, whether penalised) of each parameter, as compiled code takes them."""
        return tuple((each.slice.start, each.slice.stop, each.penalised) for each in self)

    def __getstate__(self) -> dict[str, Any]:
        """The layers, which hold all; views of one buffer would be copied as arrays that share nothing."""
        return {"layers": self.layers, "dtype": self.values.dtype}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(vars(Parameters(**state)))
