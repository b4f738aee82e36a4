"""Learning rates by layer: each layer's own multiple of the optimiser's rate."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType

from backhand.arrays import Array
from backhand.arrays.copies import Copyable
from backhand.model.parameters import Parameters
from backhand.model.sequential import Sequential

Scaled = Sequence[tuple[slice, float]]


@dataclass(eq=False)
class LayerRates(Copyable):
    """Multiples of the learning rate by the name of a layer, or of a range of layers as `Sequential.freeze` takes it.

    Where several names fit one layer, the last of them counts; a layer without one has the rate 1.
    """

    transient = MappingProxyType({"_of": None})

    rates: Mapping[str, float] = field(default_factory=dict)
    _scaled: Scaled = field(default=(), init=False, repr=False)
    _of: Parameters | None = field(default=None, init=False, repr=False)  # the parameters that `_scaled` is for

    def scaling(self, model: Sequential) -> AbstractContextManager[None]:
        """Scale what the update in the `with` block changes in the parameters w of these layers.

            w = before + rate (after - before)

        Every optimiser's change of w is proportional to the learning rate, so this is the same as a rate of its own.
        Raises ModelError for a name that no layer has.
        """
        return self._scaling(model) if self.rates else nullcontext()

    @contextmanager
    def _scaling(self, model: Sequential) -> Iterator[None]:
        w = model.parameters.values
        before = [w[where].copy() for where, _ in self.scaled(model)]
        yield
        for old, (where, rate) in zip(before, self.scaled(model), strict=True):
            _scale(w[where], old, rate)

    def scaled(self, model: Sequential) -> Scaled:
        """The slices of the flat parameters whose rate is not 1, with their rates."""
        if self._of is not model.parameters:
            self._scaled, self._of = tuple(_slices(model, self.rates)), model.parameters
        return self._scaled


def _scale(w: Array, before: Array, rate: float) -> None:
    w -= before
    w *= rate
    w += before


def _slices(model: Sequential, rates: Mapping[str, float]) -> Iterator[tuple[slice, float]]:
    rate_of = {id(layer): rate for name, rate in rates.items() for layer in model.layers_named(name)}
    layers = dict(model.walk())
    for parameter in model.parameters:
        rate = rate_of.get(id(layers[parameter.name.rpartition(".")[0]]), 1.0)
        if rate != 1:
            yield parameter.slice, rate
