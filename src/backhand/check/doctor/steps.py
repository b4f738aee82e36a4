"""How a person's network takes a training step: by a method of its own, or by a plain step with its gradients."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backhand.arrays import Array, Labels
from backhand.check.doctor.data import arranged, arranged_labels
from backhand.check.reading.construction import UPDATES
from backhand.check.reading.functions import call
from backhand.check.reading.roles import roles
from backhand.check.reading.units import method
from backhand.check.reading.words import words
from backhand.check.source.guarded import outcome
from backhand.doctor.subject import RateKind

if TYPE_CHECKING:
    from backhand.check.doctor.network import FileNetwork

RATE = 0.1  # where the network has no rate of its own
TRAININGS = ("train_step", "train_on_batch", "update_mini_batch", "train", "fit", "learn", "sgd", "optimize")
_NO_RATE: tuple[float, RateKind] = RATE, "made up"
ZEROING = ("zero_grad", "zero_grads", "zero_gradients", "reset_grad", "clear_grads")
ONCE = {"iters", "iterations", "epochs", "epoch", "iter", "iteration"}


class Step(ABC):
    """A way to take a training step.

    words: how it is said.   rate: the learning rate.   kind: whether it is a default of the network, or made up.
    """

    words: str
    rate: float = RATE
    kind: RateKind = "made up"

    @abstractmethod
    def take(self, network: "FileNetwork", x: Array, labels: Labels, scale: float) -> None:
        """Take a step on the batch at `scale` times the rate."""


class PlainStep(Step):
    """w -= rate · gradient, where the network has no step of its own that can be called."""

    words = f"plain, at the rate {RATE:g}: the class has no step of its own that can be called"

    def take(self, network: "FileNetwork", x: Array, labels: Labels, scale: float) -> None:
        """Subtract the gradients that the network returns."""
        gradients, values = network.gradients(x, labels), network.parameters()
        network.load({name: value - self.rate * scale * gradients.get(name, 0.0) for name, value in values.items()})


@dataclass(frozen=True)
class OwnUpdate(Step):
    """A method such as `update(lr)`, called after the method that returns the gradients."""

    name: str
    arguments: Mapping[str, str]  # the names of its arguments, with what they are: "rate", "gradients"
    rate: float = RATE
    kind: RateKind = "made up"

    @property
    def words(self) -> str:  # type: ignore[override]
        """How it is said."""
        return f"`{self.name}`, at the rate {self.rate:g}"

    def take(self, network: "FileNetwork", x: Array, labels: Labels, scale: float) -> None:
        """Call the gradient method and then the update."""
        zero = method(type(network.instance), ZEROING)
        if zero:
            getattr(network.instance, zero)()
        returned = network.compute_gradients(x, labels)
        values = {"rate": self.rate * scale, "gradients": _gradients_in(returned)}
        call(getattr(network.instance, self.name), {name: values[role] for name, role in self.arguments.items()})


@dataclass(frozen=True)
class OwnTraining(Step):
    """A method such as `train(X, y, learning_rate, num_iters)`, which is told to take a single step.

    labels: how it takes them, a layout of labels.
    """

    name: str
    labels: str
    rate: float = RATE
    kind: RateKind = "made up"

    @property
    def words(self) -> str:  # type: ignore[override]
        """How it is said."""
        return f"`{self.name}` for a single step, at the rate {self.rate:g}"

    def take(self, network: "FileNetwork", x: Array, labels: Labels, scale: float) -> None:
        """Call the training method for one step on the batch."""
        function = getattr(network.instance, self.name)
        layout = {**network.reading.layout, "labels": self.labels}
        targets = network.specimen.make(arranged_labels(labels, network.classes, layout))
        call(function, _training_arguments(function, network, (x, labels, targets), self.rate * scale))


def find_step(network: "FileNetwork", x: Array, labels: Labels) -> Step:
    """The network's own step: the first way in which a method of it runs; else the plain step."""
    for step in (*_updates(network), *_trainings(network)):
        twin = network.copy()
        twin.step_taken = step
        if outcome(partial(twin.step, x, labels)).error is None and _is_usable(network, twin):
            return step
    return PlainStep()


def _is_usable(network: "FileNetwork", twin: "FileNetwork") -> bool:
    """Whether the parameters are still there after a step, of the same shapes."""
    ran = outcome(twin.parameters)
    before = {name: value.shape for name, value in network.parameters().items()}
    return ran.value is not None and {name: value.shape for name, value in ran.value.items()} == before


def _updates(network: "FileNetwork") -> Sequence[Step]:
    name = method(type(network.instance), UPDATES)
    if not name or name in TRAININGS:
        return ()
    arguments: dict[str, str] = {}
    rate, kind = _NO_RATE
    for parameter in _parameters(getattr(network.instance, name)):
        if "lr" in roles(parameter.name):
            arguments[parameter.name] = "rate"
            rate, kind = _rate_of(parameter, network.instance)
        elif "grad" in parameter.name.lower() or "dy" in roles(parameter.name):
            arguments[parameter.name] = "gradients"
        elif parameter.default is parameter.empty:
            return ()
    return (OwnUpdate(name, arguments, rate, kind),)


def _trainings(network: "FileNetwork") -> Sequence[Step]:
    steps: list[Step] = []
    for spelled in TRAININGS:
        name = method(type(network.instance), (spelled,))
        parameters = _parameters(getattr(network.instance, name)) if name else []
        if not any("x" in roles(p.name) or set(words(p.name)) == {"mini", "batch"} for p in parameters):
            continue  # such as `train(mode)`, which only sets a mode
        rates = [p for p in parameters if "lr" in roles(p.name)]
        rate = _rate_of(rates[0] if rates else None, network.instance)
        steps += [OwnTraining(name, labels, *rate) for labels in network.labels_of_training]
    return steps


def _rate_of(parameter: inspect.Parameter | None, instance: Any) -> tuple[float, RateKind]:
    """The rate that a method has by default, or that the instance keeps, as a default; else a usual one, made up."""
    kept = next((v for n, v in vars(instance).items() if "lr" in roles(n) and isinstance(v, int | float)), None)
    for value in (kept if parameter is None else parameter.default, kept):
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return float(value), "default"
    return _NO_RATE


def _training_arguments(
    function: Any, network: "FileNetwork", batch: tuple[Array, Labels, Any], rate: float
) -> dict[str, Any]:
    """The arguments by which a training method takes one step on the batch: samples, labels, and these as it wants."""
    x, labels, targets = batch
    samples = network.specimen.make(arranged(x, network.reading.layout))
    given: dict[str, Any] = {}
    for parameter in _parameters(function):
        pieces, own = set(words(parameter.name)), roles(parameter.name)
        optional = parameter.default is not parameter.empty
        if pieces & ONCE:
            given[parameter.name] = 1
        elif "batch" in pieces and "size" in pieces:
            given[parameter.name] = len(x)
        elif "batch" in pieces and not optional:
            given[parameter.name] = _pairs(network, x, labels)
        elif "lr" in own and "decay" not in pieces:
            given[parameter.name] = rate
        elif "labels" in own and not (optional and pieces & {"val", "test"}):
            given[parameter.name] = targets
        elif "x" in own and not (optional and pieces & {"val", "test"}):
            given[parameter.name] = samples
        elif "verbose" in pieces:
            given[parameter.name] = False
        elif "reg" in own:
            given[parameter.name] = 0.0
    return given


def _pairs(network: "FileNetwork", x: Array, labels: Labels) -> list[tuple[Any, Any]]:
    """The batch as pairs of a sample and its target, each as the network takes a single one."""
    layout, make = network.reading.layout, network.specimen.make
    batch = zip(x[:, None], labels[:, None], strict=True)
    return [(make(arranged(a, layout)), make(arranged_labels(b, network.classes, layout))) for a, b in batch]


def _parameters(function: Any) -> list[inspect.Parameter]:
    ran = outcome(lambda: list(inspect.signature(function).parameters.values()))
    return [p for p in ran.value or () if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def _gradients_in(returned: Any) -> Any:
    """The gradients among what a method returned: all but a number that comes first, the loss."""
    if not isinstance(returned, tuple | list) or not returned:
        return returned
    is_loss = np.ndim(returned[0]) == 0 and not isinstance(returned[0], dict)
    rest = returned[1:] if is_loss else returned
    return rest[0] if is_loss and len(rest) == 1 else rest
