"""Functions that make a layer: a pair of forward and backward, or one that returns a loss with its gradient."""

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.arguments import resolve, take_arrays
from backhand.check.reading.dialect import Maker
from backhand.check.reading.results import as_float, assign_gradients, is_same, items, returned_names
from backhand.check.reading.setup import Settings, Setup, UnresolvedError
from backhand.check.reading.specimen import SEED, Gradients, Passage, Specimen, seed_everything, separated
from backhand.check.source.guarded import arithmetic


@dataclass(frozen=True)
class Calls:
    """How a pair of functions is called.

    backward: None for a loss that returns its gradient beside its value.   outputs: how many of forward's results are
    differentiated.   sources: for each argument of backward by name where its value comes from: ("dy", i),
    ("argument", name), ("result", i), ("outputs", i) or ("labels", 0).   derivative: whether backward is the derivative
    itself, to be multiplied with dy.   cost: computes the loss from the result and the labels, for a
    network whose forward function does not.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    outputs: int = 1
    sources: Mapping[str, tuple[str, Any]] = field(default_factory=dict)
    derivative: bool = False
    cost: Callable[[Any, Any], Any] | None = None

    @property
    def is_of_loss(self) -> bool:
        """Whether backward takes no upstream gradient, since forward ends in a loss."""
        return bool(self.sources) and not self.derivative and all(source != "dy" for source, _ in self.sources.values())


class FunctionSpecimen(Specimen):
    """A pair of functions in one configuration."""

    def __init__(self, calls: Calls, setup: Setup, make: Maker) -> None:
        self.calls, self.setup, self.make = calls, setup, make
        self.used = setup.used
        self.given = resolve(calls.forward, setup)
        take_arrays(self, self.given, setup)
        self.inside: dict[str, tuple[str, str]] = {}
        self._look_inside()

    def _look_inside(self) -> None:
        """Find the parameters that forward takes out of a dictionary, as `params["W" + name]`."""
        dictionaries = {name: value for name, value in self.given.items() if isinstance(value, Settings)}
        if not dictionaries:
            return
        given = self.arguments()
        seed_everything(SEED)
        with arithmetic():
            call(self.calls.forward, given)
        for argument in dictionaries:
            for key, role in given[argument].parameters.items():
                self.arrays[key] = np.array(given[argument].setup.array(role))
                self.roles[key], self.inside[key] = role, (argument, key)
            for key, role in given[argument].states.items():
                self.constants[f"{argument}[{key!r}]"] = given[argument].setup.array(role)
                self.constant_roles[f"{argument}[{key!r}]"] = role

    @property
    def labels(self) -> Array:
        """The labels, which a network's forward function need not be given."""
        array = self.setup.array("labels")
        assert array is not None
        return array

    def cost_of(self, output: Any) -> Array:
        """The loss of a network's output."""
        assert self.calls.cost is not None
        cost = as_float(self.calls.cost(output, self.make(self.labels)))
        if cost is None or cost.size != 1:
            raise UnresolvedError("the cost is no single number")
        return cost.reshape(())

    def arguments(self) -> dict[str, Any]:
        """Fresh values for every argument of forward."""
        fresh: dict[str, Any] = {}
        for name, value in self.given.items():
            if name in self.arrays or name in self.constants:
                fresh[name] = self.make(self.arrays[name] if name in self.arrays else self.constants[name])
            else:
                fresh[name] = copy.deepcopy(value)
        for name, (argument, key) in self.inside.items():
            fresh[argument][key] = self.make(self.arrays[name])
        return fresh

    def forward(self, seed: int = SEED) -> "FunctionPassage":
        """Call the forward function with fresh arguments."""
        given = self.arguments()
        seed_everything(seed)
        with arithmetic():
            result = call(self.calls.forward, given)
        return FunctionPassage(self, given, result)


def call(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call a function with arguments by name, those of a `*input` by position."""
    parameters = inspect.signature(function).parameters
    star = [name for name in given if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL]
    only = [name for name in given if parameters[name].kind is inspect.Parameter.POSITIONAL_ONLY]
    if star or only:
        return function(
            *(given[name] for name in (*only, *star)), **{k: v for k, v in given.items() if k not in (*star, *only)}
        )
    return function(**given)


class FunctionPassage(Passage):
    """One run of a pair's forward function."""

    def __init__(self, specimen: FunctionSpecimen, given: dict[str, Any], result: Any) -> None:
        self.specimen, self.given = specimen, given
        self.results = items(_gathered(result, given, specimen.make))
        count = specimen.calls.outputs
        outputs = [array for value in self.results if (array := as_float(value)) is not None][:count]
        if specimen.calls.cost is not None:
            outputs = [specimen.cost_of(self.results[0])]
        elif specimen.calls.backward is None or specimen.calls.is_of_loss:
            outputs = [array for array in map(as_float, self.results) if array is not None and array.size == 1][:1]
        if not outputs:
            raise UnresolvedError("forward returns no array")
        self.outputs = tuple(outputs)
        self.changed = _changed(specimen, given)
        self.written = {
            role: array
            for value in given.values()
            if isinstance(value, Settings)
            for key, role in value.states.items()
            if (array := as_float(value.get(key))) is not None
        }

    def backward(self, dy: Array) -> Gradients:
        """Run backward, or take the gradient that forward has returned beside the loss."""
        specimen, calls = self.specimen, self.specimen.calls
        upstream = [specimen.make(piece) if piece.ndim else float(piece) for piece in separated(dy, self.outputs)]
        originals = [copy.deepcopy(piece) for piece in upstream]
        names = list(specimen.arrays)
        before = {argument: dict(self.given[argument]) for argument, _ in specimen.inside.values()}
        result = self._beside_loss() if calls.backward is None else self._call_backward(calls.backward, upstream)
        if calls.derivative:
            result = _times(as_float(result), dy)
        if specimen.inside:
            result = self._with_written(result, before)
        raw = assign_gradients(result, names, specimen.arrays, returned_names(calls.backward or calls.forward))
        gradients = {name: as_float(raw.get(name)) for name in names}
        changed = list(_changed(specimen, self.given))
        changed += ["dy" for new, old in zip(upstream, originals, strict=True) if not is_same(new, old)]
        return Gradients(gradients, tuple(dict.fromkeys(changed)))

    def _call_backward(self, backward: Callable[..., Any], upstream: list[Any]) -> Any:
        with arithmetic():
            return call(
                backward, {name: self._value(*source, upstream) for name, source in self.specimen.calls.sources.items()}
            )

    def _value(self, source: str, key: Any, upstream: list[Any]) -> Any:
        """What an argument of backward is given."""
        if source == "dy":
            return upstream[key]
        if source == "result":
            return self.results[key]
        if source == "labels":
            return self.specimen.make(self.specimen.labels)
        if source == "outputs":
            return self.specimen.make(self.outputs[key])
        if key in self.given:
            return self.given[key]
        return inspect.signature(self.specimen.calls.forward).parameters[key].default

    def _beside_loss(self) -> Any:
        """What forward returned beside the value of the loss."""
        rest = [v for v in self.results if isinstance(v, dict) or ((a := as_float(v)) is not None and a.size > 1)]
        return rest[0] if len(rest) == 1 and isinstance(rest[0], dict) else rest

    def _with_written(self, result: Any, before: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """What backward returned, and what it wrote into the dictionary of the parameters."""
        specimen = self.specimen
        names = [name for name in specimen.arrays if isinstance(result, Mapping) or name not in specimen.inside]
        written = {
            str(key): value
            for argument, old in before.items()
            for key, value in self.given[argument].items()
            if value is not old.get(key)
        }
        return assign_gradients(result, names, specimen.arrays, ()) | written


def _times(slope: Array | None, dy: Array) -> Array | None:
    """dy times a derivative, which is an array like y, or the whole Jacobian of a single sample."""
    if slope is None:
        return None
    if slope.shape != dy.shape and slope.ndim == 2 and slope.shape == (dy.size, dy.size):
        return (np.ravel(dy) @ slope).reshape(dy.shape)
    return slope * dy if slope.size in (1, dy.size) else slope


def _gathered(result: Any, given: Mapping[str, Any], make: Maker) -> Any:
    """An array in place of a list of rows, one for each sample, as a loop over the samples leaves them."""
    first = next((array for array in map(as_float, given.values()) if array is not None), None)
    rows = as_float(result) if isinstance(result, list) else None
    is_whole = rows is not None and first is not None and first.ndim == rows.ndim and len(first) == len(rows)
    return make(rows) if is_whole and rows is not None else result


def _changed(specimen: FunctionSpecimen, given: dict[str, Any]) -> tuple[str, ...]:
    originals = specimen.arrays | specimen.constants
    return tuple(name for name, value in given.items() if name in originals and not is_same(value, originals[name]))
