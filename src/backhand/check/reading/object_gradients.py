"""Where an object left its gradients: returned, in attributes, in dictionaries or in children."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.dialect import to_numpy
from backhand.check.reading.parameters import Parameter, last_name
from backhand.check.reading.reachable import Path, spelled
from backhand.check.reading.results import as_float, items
from backhand.check.reading.specimen import Gradients
from backhand.check.reading.words import are_alike

# The names, without underscores, under which objects keep the gradient of their input.
INPUT_GRADIENTS = frozenset(
    ["dx", "gradinput", "gradx", "dinput", "dinputs", "inputgrad", "gradinputs", "dldx", "dlda", "da", "dz", "gradin"]
)
OF_X = frozenset(["dx", "gradinput", "gradx", "dinput", "dinputs", "inputgrad", "gradinputs", "dldx"])


@dataclass(frozen=True)
class Wanted:
    """The arrays whose gradients are wanted.

    inputs: the names of the arguments of forward among them.   dx_position: which of several returned values is the
    gradient of the input; None where that is not known.
    """

    inputs: Sequence[str]
    arrays: Mapping[str, Array]
    parameters: Sequence[Parameter]
    dx_position: int | None = None


@dataclass(frozen=True)
class Left:
    """What backward returned, what a method for the parameters returned, and the arrays that were written.

    labels: the names of the values that the method for the parameters returned; empty where they have none.
    """

    result: Any
    more: Any
    written: Mapping[Path, Any]
    labels: Sequence[str] = ()

    @property
    def returned(self) -> list[Array]:
        """The arrays that backward returned, but for those in a dictionary."""
        values = [] if isinstance(self.result, Mapping) else items(self.result)
        return [array for value in values if (array := as_float(value)) is not None]

    @property
    def named(self) -> dict[str, Array]:
        """The arrays that were returned in a dictionary or by the method for the parameters, by name or number."""
        values: dict[str, Any] = {}
        if self.more is not None:
            several = items(self.more)
            labels = self.labels if len(self.labels) == len(several) else [str(i) for i in range(len(several))]
            numbered = dict(zip(labels, several, strict=True))
            values = dict(self.more) if isinstance(self.more, Mapping) else numbered
        if isinstance(self.result, Mapping):
            values |= self.result
        return {str(key): array for key, value in values.items() if (array := as_float(value)) is not None}


def match_gradients(wanted: Wanted, left: Left) -> Gradients:
    """The gradients of the inputs and of the parameters, and where they were found."""
    values: dict[str, Array | None] = {}
    homes: dict[str, str] = {}
    positions: list[int] = []
    for name in wanted.inputs:
        position = wanted.dx_position if not positions else None
        if position is None or position >= len(left.returned):
            position = _position_of_dx(wanted, name, left.returned, positions)
        values[name], homes[name] = _input_gradient(wanted.arrays[name], name, left, position)
        positions += [] if position is None else [position]
    rest = {f"returned {i}": array for i, array in enumerate(left.returned) if i not in positions}
    own = {path for parameter in wanted.parameters for path in parameter.paths}
    candidates = {path: array for path, array in left.written.items() if path not in own}
    returned = rest | left.named
    named = {p.name: _of_its_name(p, wanted.arrays[p.name], candidates, returned) for p in wanted.parameters}
    homes_taken = {found[1] for found in named.values() if found}
    for parameter in wanted.parameters:
        found = named[parameter.name]
        if found is None:
            free = {path: value for path, value in candidates.items() if spelled(path) not in homes_taken}
            found = _of_its_size(wanted.arrays[parameter.name], free, _not_taken(returned, named.values()))
        values[parameter.name], homes[parameter.name] = found if found else (None, "")
    return Gradients(values, (), homes, next(iter(positions), None))


def _position_of_dx(wanted: Wanted, name: str, returned: Sequence[Array], taken: Sequence[int]) -> int | None:
    """Which returned array is the gradient of an input: the next of its size, or the only one there is."""
    fitting = [i for i, array in enumerate(returned) if array.size == wanted.arrays[name].size and i not in taken]
    if not fitting and len(returned) == 1 and returned[0].ndim and not wanted.parameters:
        return 0
    return next(iter(fitting), None)


def _input_gradient(array: Array, name: str, left: Left, position: int | None) -> tuple[Array | None, str]:
    """The gradient of an input, and where it was found."""
    if position is not None:
        return left.returned[position], "returned"
    for path, value in left.written.items():
        last = str(path[-1][1])
        is_named = last.lower().replace("_", "") in INPUT_GRADIENTS or are_alike(last, name)
        if is_named and np.size(to_numpy(value)) == array.size:
            return as_float(value), spelled(path)
    only = left.returned[0] if len(left.returned) == 1 and left.returned[0].ndim else None
    for path, value in left.written.items() if only is None else ():
        if str(path[-1][1]).lower().replace("_", "") in OF_X and np.ndim(to_numpy(value)):
            return as_float(value), spelled(path)  # in another size than it should have
    return only, "returned"


def _of_its_name(
    parameter: Parameter, array: Array, written: Mapping[Path, Any], returned: Mapping[str, Array]
) -> tuple[Array, str] | None:
    """The gradient of a parameter among what backward wrote and returned, by its name.

    Of several of its name, the nearest: that in the same child of a network.
    """
    written = dict(sorted(written.items(), key=lambda item: -_shared(item[0], parameter.paths[0])))
    names = [parameter.name, *(last_name(path) for path in parameter.paths)]
    sized = {path: value for path, value in written.items() if np.size(to_numpy(value)) == array.size}
    for path, value in [*sized.items(), *written.items()]:
        label = ".".join(str(key) for _, key in path)
        gradient = as_float(value)
        if gradient is not None and any(are_alike(label, name) or are_alike(str(path[-1][1]), name) for name in names):
            return gradient, spelled(path)
    alike = [label for label in returned if any(are_alike(label, name) for name in names)]
    return (returned[alike[0]], "returned") if alike else None


def _of_its_size(array: Array, written: Mapping[Path, Any], returned: Mapping[str, Array]) -> tuple[Array, str] | None:
    """The gradient of a parameter among what no parameter of its name has taken: the only one of its size."""
    fitting = [value for value in returned.values() if value.shape == array.shape]
    if fitting:
        return fitting[0], "returned"
    sized = {path: value for path, value in written.items() if np.size(to_numpy(value)) == array.size}
    same = [p for p, v in sized.items() if "grad" in spelled(p).lower() or np.shape(to_numpy(v)) == array.shape]
    gradient = as_float(written[same[0]]) if len(same) == 1 else None
    return None if gradient is None else (gradient, spelled(same[0]))


def _not_taken(returned: Mapping[str, Array], taken: Iterable[tuple[Array, str] | None]) -> dict[str, Array]:
    """The returned arrays that are not yet the gradient of a parameter of their name."""
    own = [found[0] for found in taken if found]
    return {label: array for label, array in returned.items() if not any(array is other for other in own)}


def _shared(path: Path, other: Path) -> int:
    """How many steps two paths have in common."""
    return next((i for i, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other)))
