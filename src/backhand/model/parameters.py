"""The trained parameters of a model, in one flat buffer of values and one of gradients."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import DTypeLike

from backhand.arrays import Array
from backhand.arrays.copies import Copyable
from backhand.arrays.memory import aligned_zeros
from backhand.layers import Layer


@dataclass(frozen=True, eq=False)
class Parameter:
    """A trained parameter with its name, such as `0.weight`.

    value, grad: views of the flat buffers at `slice`, in the parameter's own shape. penalised: whether weight decay and
    the L2 penalty act on it.
    """

    name: str
    value: Array
    grad: Array
    slice: slice
    penalised: bool


class Parameters(Copyable):
    """The trained parameters in layer order, as views of `values`, their gradients as views of `grads`; both (P,).

    buffers: the flat arrays of values and gradients to use; None: new ones.
    """

    def __init__(
        self, layers: Iterable[tuple[str, Layer]], dtype: DTypeLike, buffers: tuple[Array, Array] | None = None
    ) -> None:
        self.layers = [(name, layer) for name, layer in layers if not layer.frozen]
        size = sum(value.size for _, layer in self.layers for value in layer.params.values())
        self.values, self.grads = buffers or (aligned_zeros((size,), dtype), aligned_zeros((size,), dtype))
        self._by_name = {parameter.name: parameter for parameter in self._moved()}

    def _moved(self) -> Iterator[Parameter]:
        """Move each layer's parameters and gradients into the buffers, of which they become views."""
        start = 0
        for layer_name, layer in self.layers:
            for name, initial in layer.params.items():
                where = slice(start, start + initial.size)
                value, grad = (flat[where].reshape(initial.shape) for flat in (self.values, self.grads))
                value[...], grad[...] = initial, layer.grads[name]
                layer.params[name], layer.grads[name] = value, grad
                yield Parameter(f"{layer_name}.{name}", value, grad, where, name in layer.penalised)
                start = where.stop

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __getitem__(self, name: str) -> Parameter:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @cached_property
    def penalised(self) -> tuple[slice, ...]:
        """The slices of the parameters that weight decay and the L2 penalty act on."""
        return tuple(parameter.slice for parameter in self if parameter.penalised)

    @cached_property
    def segments(self) -> tuple[tuple[int, int, bool], ...]:
        """The (start, stop, penalised) of each parameter, as compiled code takes them."""
        return tuple((parameter.slice.start, parameter.slice.stop, parameter.penalised) for parameter in self)

    def __getstate__(self) -> dict[str, Any]:
        """The layers, from which the buffers are built anew: copies of views would no longer share one buffer."""
        return {"layers": self.layers, "dtype": self.values.dtype}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(vars(Parameters(**state)))
