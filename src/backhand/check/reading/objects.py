"""Classes with a forward and a backward method, read by what they do.

Parameters are the reachable arrays whose change moves the output. Gradients are the arrays of the same size that
backward wrote or returned, under a similar name.
"""

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.reading.arguments import ArrayArgument, resolve, take_arrays
from backhand.check.reading.construction import UPDATES, construct, set_mode
from backhand.check.reading.dialect import Maker, to_numpy, write
from backhand.check.reading.functions import call
from backhand.check.reading.object_gradients import Wanted
from backhand.check.reading.object_passage import ObjectPassage
from backhand.check.reading.parameters import Parameter, fitted_to, last_name, parameter_role, short_names
from backhand.check.reading.reachable import Path, at, reachable, same_storage, set_at, spelled
from backhand.check.reading.roles import roles
from backhand.check.reading.setup import Setup
from backhand.check.reading.specimen import SEED, Specimen, seed_everything
from backhand.check.reading.units import method
from backhand.check.reading.words import words
from backhand.check.source.guarded import arithmetic, outcome


@dataclass(frozen=True)
class Methods:
    """The methods of a class that make its passes.

    backward: "" where what forward returns goes back by itself.
    parameter_gradients: a method for the gradients of the parameters, as `grads_wrt_params`, which is called where
    backward itself leaves none; "" for none.
    argument_is_output: whether an argument of backward besides the upstream gradient is the layer's output rather than
    its input; a second one is the other of the two.   dx_position: which of several results is the gradient of the
    input; None where that is not known yet.
    """

    cls: type
    forward: str
    backward: str
    parameter_gradients: str = ""
    argument_is_output: bool = False
    dx_position: int | None = None


class ObjectSpecimen(Specimen):
    """An instance of a class in one configuration."""

    def __init__(self, methods: Methods, setup: Setup, make: Maker) -> None:
        self.methods, self.make = methods, make
        self.used = setup.used
        self.instance = construct(methods.cls, setup, make)
        self.setup = setup = fitted_to(self.instance, setup)
        self.states: dict[str, Path] = {}
        if setup.config.get("train") is not None:
            self._warm_up()
            set_mode(self.instance, setup)
        self.call_names: dict[str, Any] = resolve(getattr(self.instance, methods.forward), setup)
        take_arrays(self, self.call_names, setup)
        self.inputs = list(self.arrays)
        self.parameters: list[Parameter] = []
        self._take_states()
        self._find_parameters()

    def _warm_up(self) -> None:
        """Run a forward pass in train mode before one in test mode, since some objects make their statistics then.

        One in train mode is run where statistics belong to the kind and there are none yet.
        """
        trains = bool(self.setup.config["train"])
        if trains and (not self.setup.kind.state or self._has_states()):
            return
        config = self.setup.config if trains else self.setup.kind.configs()[0]
        training = replace(self.setup, config=config, drawn={}, used=set(), guesses=[])
        instance = copy.deepcopy(self.instance)

        def train_once() -> None:
            forward = getattr(instance, self.methods.forward)
            given = resolve(forward, training)
            roles_of = {name: value.role for name, value in given.items() if isinstance(value, ArrayArgument)}
            arrays = {name: array for name, role in roles_of.items() if (array := training.array(role)) is not None}
            call(forward, given | {name: self.make(array) for name, array in arrays.items()})

        if outcome(train_once).error is None:
            self.instance = instance

    def _has_states(self) -> bool:
        names = (last_name(path) for path in reachable(self.instance) if path)
        return any(role in self.setup.kind.state for name in names for role in roles(name))

    def _take_states(self) -> None:
        """Give the running statistics values of our own, by which they are known again."""
        for path, array in reachable(self.instance).items():
            for role in roles(last_name(path)) if path else ():
                drawn = self.setup.array(role) if role in self.setup.kind.state else None
                if drawn is not None and drawn.size == np.size(to_numpy(array)) and role not in self.states:
                    self.states[role] = path
                    _put(self.instance, path, drawn, self.make)
                    self.constants[spelled(path)], self.constant_roles[spelled(path)] = drawn, role

    @property
    def plan(self) -> Wanted:
        """The arrays whose gradients are wanted."""
        return Wanted(self.inputs, self.arrays, self.parameters, self.methods.dx_position)

    def arguments(self) -> dict[str, Any]:
        """Fresh values for every argument of the forward method."""
        fresh: dict[str, Any] = {}
        for name, value in self.call_names.items():
            held = self.arrays if name in self.arrays else self.constants
            fresh[name] = self.make(held[name]) if isinstance(value, ArrayArgument) else copy.deepcopy(value)
        return fresh

    def fresh_instance(self) -> Any:
        """A copy of the untouched instance, with the present values of the parameters."""
        instance = copy.deepcopy(self.instance)
        for parameter in self.parameters:
            for path in parameter.paths:
                _put(instance, path, self.arrays[parameter.name], self.make)
        return instance

    def forward(self, seed: int = SEED) -> ObjectPassage:
        """Run the forward method of a fresh copy of the instance."""
        return self.run(self.fresh_instance(), seed)

    def run(self, instance: Any, seed: int = SEED) -> ObjectPassage:
        """Run the forward method of this instance on fresh arguments."""
        given = self.arguments()
        seed_everything(seed)
        with arithmetic():
            result = call(getattr(instance, self.methods.forward), given)
        return ObjectPassage(self, instance, given, result)

    def _find_parameters(self) -> None:
        """Find the arrays whose change moves the output, some of which may appear at the first forward pass only."""
        before = set(reachable(self.instance))
        passage = self.forward()
        late = [path for path in reachable(passage.instance) if path not in before]
        y = passage.y
        if late and not before:
            self.run(self.instance)  # the parameters are made at the first forward pass
            y = self.forward().y
        groups: list[tuple[list[Path], Any]] = []
        for path, array in reachable(self.instance).items():
            for paths, other in groups:
                if same_storage(array, other):
                    paths.append(path)
                    break
            else:
                groups.append(([path], array))
        rng = np.random.default_rng(11)
        kept = set(self.states.values())
        groups = [(paths, array) for paths, array in groups if not kept & set(paths)]
        base = self.instance
        if any(np.ndim(to_numpy(array)) > 1 and not to_numpy(array).any() for _, array in groups):
            base, y = self._with_nothing_zero([path for paths, _ in groups for path in paths], y, rng)
        moving = [
            (paths, array)
            for paths, array in groups
            if self._moves(base, paths, array, y, rng) or self._is_idle_bias(paths)
        ]
        names = short_names([paths for paths, _ in moving], set(self.arrays))
        for name, (paths, array) in zip(names, moving, strict=True):
            self.parameters.append(Parameter(name, paths, parameter_role(paths)))
            shape = to_numpy(array).shape
            drawn = self.setup.drawn.get(self.parameters[-1].role)
            fits = drawn is not None and drawn.shape == shape
            values = _values_like(to_numpy(array), rng) * self._scale(shape)
            self.arrays[name] = np.array(drawn) if fits and drawn is not None else values
            self.roles[name] = self.parameters[-1].role

    def _scale(self, shape: Shape) -> float:
        """The spread of drawn weights: 1, but less where many pixels add up, so that no softmax is certain."""
        if not self.setup.layout.get("samples", "").startswith("images") or len(shape) < 2:
            return 1.0
        return float((np.prod(shape) / min(shape[0], shape[-1])) ** -0.5)

    def _is_idle_bias(self, paths: list[Path]) -> bool:
        """Whether an array bears the name of a bias and of nothing else: forward should add it, even if it does not."""
        names = [words(str(key)) for _, key in paths[0] if str(key) not in ("value", "data", "params", "parameters")]
        return (
            len(names) == 1
            and len(names[0]) == 1
            and roles(names[0][0])[:1] == ("b",)
            and "b" in self.setup.kind.parameters
        )

    def _with_nothing_zero(self, paths: list[Path], y: Array, rng: np.random.Generator) -> tuple[Any, Array]:
        """The instance with other values for arrays of zeros, and what it computes then.

        Behind weights that are all zero, no other weight would move the output.
        """
        instance = copy.deepcopy(self.instance)
        for path in paths:
            values = to_numpy(at(instance, path))
            if not values.any():
                _put(instance, path, 0.1 + rng.random(values.shape), self.make)
        moved = outcome(lambda: self.run(copy.deepcopy(instance)).y).value
        known = moved is not None and moved.shape == y.shape and np.isfinite(moved).all()
        return (instance, moved) if known and moved is not None else (self.instance, y)

    def _moves(self, base: Any, paths: list[Path], array: Any, y: Array, rng: np.random.Generator) -> bool:
        """Whether other values of an array change the output."""
        instance = copy.deepcopy(base)
        values = to_numpy(array) + 0.1 + rng.random(to_numpy(array).shape)
        for path in paths:
            _put(instance, path, values, self.make)
        moved = outcome(lambda: self.run(instance).y).value
        if moved is None:
            return False
        return moved.shape == y.shape and not np.array_equal(moved, y, equal_nan=True)


def _values_like(array: Array, rng: np.random.Generator) -> Array:
    """Other values for a parameter of no known role: positive if all of its own are, such as scales, else any."""
    draws = rng.standard_normal(array.shape)
    return 0.5 + np.abs(draws) if array.ndim and (array > 0).all() and np.ptp(array) == 0 else draws


def _put(instance: Any, path: Path, values: Array, make: Maker) -> None:
    """Write values into the array at a path: in place where it takes them, else by another array there."""
    target = at(instance, path)
    try:
        write(target, values)
    except (TypeError, ValueError, RuntimeError):  # a JAX array, or one that may not be written to
        set_at(instance, path, make(values))


def updated(specimen: ObjectSpecimen, dy: Array, rate: float = 0.5) -> dict[str, Array] | None:
    """The parameters after a step by the object's own update method; None where it has none that takes a rate.

    A gradient of another shape than its parameter is harmless where the update makes up for it.
    """
    name = method(specimen.methods.cls, UPDATES)
    if not name:
        return None
    passage = specimen.forward()
    passage.backward(dy)
    if outcome(lambda: getattr(passage.instance, name)(rate)).error is not None:
        return None
    return {p.name: to_numpy(at(passage.instance, p.paths[0])) for p in specimen.parameters}
