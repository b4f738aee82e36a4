"""One run of an object's passes: what it returned, what it changed, and where it left its gradients."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.dialect import is_array, to_numpy
from backhand.check.reading.functions import call
from backhand.check.reading.object_gradients import Left, match_gradients
from backhand.check.reading.own_tensors import go_back
from backhand.check.reading.parameters import last_name
from backhand.check.reading.reachable import Path, at, reachable, same_storage, spelled
from backhand.check.reading.results import as_float, is_same, items, output_of, returned_names
from backhand.check.reading.roles import roles
from backhand.check.reading.setup import UnresolvedError
from backhand.check.reading.specimen import Gradients, Passage, separated
from backhand.check.source.guarded import arithmetic, outcome

if TYPE_CHECKING:
    from backhand.check.reading.objects import ObjectSpecimen

RATE = 2.0**-7  # the learning rate of backward passes that update the parameters


class ObjectPassage(Passage):
    """One run of an instance's forward method."""

    def __init__(self, specimen: "ObjectSpecimen", instance: Any, given: dict[str, Any], result: Any) -> None:
        self.specimen, self.instance, self.given, self.returned = specimen, instance, given, result
        if (output := output_of(instance, result)) is None:
            raise UnresolvedError("forward returns no array")
        self.outputs = (output,)
        self.changed = tuple(
            name
            for name, value in given.items()
            if (kept := specimen.arrays.get(name, specimen.constants.get(name))) is not None
            and not is_same(value, kept)
        )
        self.written = {
            role: array for role, path in specimen.states.items() if (array := as_float(at(instance, path))) is not None
        }

    def backward(self, dy: Array) -> Gradients:
        """Run the backward method, and gather the gradients from wherever it left them."""
        specimen = self.specimen
        upstream = separated(dy, self.outputs)[0]
        if not specimen.methods.backward:
            return self._gone_back(upstream)
        if (axis := self.axis_of_bias) is not None and axis < upstream.ndim:
            upstream = np.concatenate([np.ones_like(upstream.take([0], axis)), upstream], axis)
        handed = specimen.make(upstream) if upstream.ndim else float(upstream)
        before = {path: to_numpy(array) for path, array in reachable(self.instance).items()}
        with arithmetic():
            result = self._call_backward(specimen.methods.backward, handed)
        if not self.takes_upstream and self.outputs[0].ndim and "labels" not in specimen.setup.kind.inputs:
            slope = as_float(result)  # the derivative alone, for the caller to multiply with the upstream gradient
            result = slope * upstream if slope is not None and slope.shape == upstream.shape else result
        within, result = self._apart(result, handed)
        found = match_gradients(specimen.plan, Left(result, None, self._written(before)))
        if self.takes_steps:
            found = self._with_steps(found, before)
        if specimen.methods.parameter_gradients and any(found.values.get(p.name) is None for p in specimen.parameters):
            more = self._parameter_gradients(within)
            left = Left(result, more, self._written(before), self._labels_of(more))
            found = match_gradients(specimen.plan, left)
        changed = [
            name
            for name, value in self.given.items()
            if name in specimen.arrays and not is_same(value, specimen.arrays[name])
        ]
        values = {p.name: at(self.instance, p.paths[0]) for p in specimen.parameters if not self.takes_steps}
        moved = [name for name, value in values.items() if not is_same(value, specimen.arrays[name])]
        reshaped = [name for name in moved if is_same(np.ravel(to_numpy(values[name])), specimen.arrays[name].ravel())]
        changed += [name for name in moved if name not in reshaped]  # but who takes a rate is to change them
        if is_array(handed) and not is_same(handed, upstream):
            changed.append("dy")
        return replace(found, changed=tuple(dict.fromkeys(changed)), reshaped=tuple(reshaped))

    @property
    def axis_of_bias(self) -> int | None:
        """The axis along which a backward pass without parameters drops the first entry of the upstream gradient.

        That entry belongs to the constant 1 which the next layer puts before its input to carry the bias.
        """
        names = [name for name in self._arguments_of_backward if name not in self.given]
        if self.specimen.parameters or len(names) != 1:
            return None
        code = outcome(lambda: inspect.getsource(getattr(self.instance, self.specimen.methods.backward))).value or ""
        found = re.search(rf"\b{re.escape(names[0])}\s*\[\s*(:\s*,\s*)?1\s*:\s*\]", code)
        return None if found is None else 1 if found[1] else 0

    @property
    def takes_steps(self) -> bool:
        """Whether backward also updates the parameters, as the learning rate among its arguments shows."""
        return any(map(self._is_rate, self._arguments_of_backward))

    def _is_rate(self, name: str) -> bool:
        """Whether an argument of backward is a learning rate; `eta` is one beside another upstream gradient only."""
        others = [other for other in self._arguments_of_backward if other != name and other not in self.given]
        is_second = "lr" in roles(name) and any(roles(other)[:1] == ("dy",) for other in others)
        return name not in self.given and (roles(name)[:1] == ("lr",) or is_second)

    @property
    def _arguments_of_backward(self) -> Mapping[str, inspect.Parameter]:
        name = self.specimen.methods.backward  # none where tensors go back by themselves
        return inspect.signature(getattr(self.instance, name)).parameters if name else {}

    def _with_steps(self, found: Gradients, before: Mapping[Path, Array]) -> Gradients:
        """The gradients with those that show only in the steps which backward has taken with them."""
        values, homes = dict(found.values), dict(found.homes)
        for parameter in self.specimen.parameters:
            path = parameter.paths[0]
            after = as_float(at(self.instance, path))
            if after is None or after.shape != before[path].shape:
                continue
            step, kept = before[path] - after, values.get(parameter.name)
            if kept is None or (kept.shape == step.shape and step.any() and np.allclose(kept, step)):
                values[parameter.name] = step / RATE  # what is kept is nothing, or the step itself
                homes[parameter.name] = spelled(path)
        return replace(found, values=values, homes=homes)

    def _gone_back(self, upstream: Array) -> Gradients:
        """The gradients by the way back that forward returned: a function, or a tensor that leaves them in others."""
        specimen, ways = self.specimen, [value for value in items(self.returned)[1:] if callable(value)]
        before = {path: to_numpy(array) for path, array in reachable(self.instance).items()}
        if ways:
            with arithmetic():
                result = ways[0](specimen.make(upstream))
            return match_gradients(specimen.plan, Left(result, None, self._written(before)))
        with arithmetic():
            go_back(items(self.returned)[0], upstream, specimen.make)
        found = match_gradients(specimen.plan, Left(None, None, self._written(before)))
        values = {name: as_float(getattr(self.given[name], "grad", None)) for name in specimen.inputs}
        homes = {name: f"{name}.grad" for name in specimen.inputs}
        return replace(found, values={**found.values, **values}, homes={**found.homes, **homes})

    def _written(self, before: Mapping[Path, Array]) -> dict[Path, Any]:
        """The reachable arrays that are new or have other values than before."""
        return {
            path: array
            for path, array in reachable(self.instance).items()
            if path not in before or before[path].shape != np.shape(to_numpy(array)) or not is_same(array, before[path])
        }

    def _parameter_gradients(self, dy: Any) -> Any:
        """What the method for the gradients of the parameters returns; None where it cannot be called so."""
        with arithmetic():
            return outcome(lambda: self._call_backward(self.specimen.methods.parameter_gradients, dy)).value

    def _labels_of(self, more: Any) -> Sequence[str]:
        """The names of what the method for the gradients of the parameters returns, in its own words.

        Where it has none, it has the order of the object's list of parameters.
        """
        count, labels = len(items(more)), returned_names(getattr(type(self.instance), self._method_of_parameters))
        if len(labels) == count and all(labels):
            return labels
        arrays = reachable(self.instance)
        for name in ("params", "parameters"):
            held = outcome(partial(getattr, self.instance, name)).value
            listed = outcome(held).value if callable(held) else held
            if isinstance(listed, list | tuple) and len(listed) == count:
                own = [[last_name(p) for p, array in arrays.items() if same_storage(array, each)] for each in listed]
                return [names[0] for names in own if names]
        return ()

    @property
    def _method_of_parameters(self) -> str:
        return self.specimen.methods.parameter_gradients

    def _apart(self, result: Any, dy: Any) -> tuple[Any, Any]:
        """What a method for the gradients of the parameters is given, and what backward returned besides that.

        Backward may return the gradient before an activation with that of x, for a method that takes such `deltas`.
        """
        name = self.specimen.methods.parameter_gradients
        takes = bool(name) and "deltas" in inspect.signature(getattr(self.instance, name)).parameters
        return result if takes and isinstance(result, tuple) and len(result) == 2 else (dy, result)

    @property
    def takes_upstream(self) -> bool:
        """Whether backward has an argument that is neither one of forward's nor one with a default."""
        parameters = self._arguments_of_backward.values()
        return any(
            p.name == self._upstream_under_its_name
            or (p.name not in self.given and (p.default is p.empty or roles(p.name)[:1] == ("dy",)))
            for p in parameters
            if p.kind is not p.VAR_KEYWORD
        )

    def _call_backward(self, name: str, dy: Any) -> Any:
        method = getattr(self.instance, name)
        parameters = inspect.signature(method).parameters
        given, rest = self._for_steps(parameters), self._input_and_output()
        left = [name for name, p in parameters.items() if name not in given and p.default is p.empty]
        for parameter in parameters.values():
            own = roles(parameter.name)
            if parameter.name in given or parameter.kind is parameter.VAR_KEYWORD:
                continue
            if parameter.name in self.given and parameter.name != self._upstream_under_its_name:
                given[parameter.name] = self.given[parameter.name]
            elif (
                own[:1] == ("dy",)
                or parameter.name == self._upstream_under_its_name
                or parameter.kind is parameter.VAR_POSITIONAL
            ):
                given[parameter.name] = dy
            elif parameter.default is not parameter.empty:
                continue
            elif own[:1] == ("cache",) and isinstance(self.returned, tuple) and len(self.returned) == 2:
                given[parameter.name] = self.returned[1]
            elif "scores" in own:
                given[parameter.name] = self.specimen.make(self.outputs[0])
            elif "x" in own and len(left) > 1:
                given[parameter.name] = next(rest)
            elif any(value is dy for value in given.values()):
                raise UnresolvedError(f"nothing is known of the argument `{parameter.name}` of backward")
            else:
                given[parameter.name] = dy
        return call(method, {name: given[name] for name in parameters if name in given})

    @property
    def _upstream_under_its_name(self) -> str:
        """The first argument of backward, where it is called as forward's but a cache beside it holds the input."""
        names = list(self._arguments_of_backward)
        has_cache = any(roles(name)[:1] == ("cache",) for name in names)
        return names[0] if has_cache and names[0] in self.given else ""

    def _for_steps(self, parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
        """What lets a backward pass give, or take the step of, its own gradient alone: no momentum and no penalty."""
        values = {"momentum": 0.0, "reg": 0.0, **({"lr": RATE} if self.takes_steps else {})}
        names = [
            name
            for name, parameter in parameters.items()
            if name not in self.given and (self.takes_steps or parameter.default is parameter.empty)
        ]
        own = {name: ("lr",) if self._is_rate(name) else roles(name)[:1] for name in names}
        return {name: values[role[0]] for name, role in own.items() if role and role[0] in values}

    def _input_and_output(self) -> Iterator[Any]:
        """What arguments of backward besides the upstream gradient are given, one after the other."""
        given, output = next(iter(self.given.values())), self.specimen.make(self.outputs[0])
        yield from cycle((output, given) if self.specimen.methods.argument_is_output else (given, output))
