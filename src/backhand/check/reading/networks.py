"""Whole networks: a method that returns the loss with its gradients, or gradients of a loss that nobody wrote.

Of the second kind (`backprop(x, y)`) the loss is inferred: the usual losses are tried on the output of the network, and
the one whose gradients are those that were returned is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.dialect import Maker
from backhand.check.reading.functions import call
from backhand.check.reading.inferred import LOSSES
from backhand.check.reading.object_passage import ObjectPassage
from backhand.check.reading.objects import Methods, ObjectSpecimen
from backhand.check.reading.reachable import Path, at, reachable, spelled
from backhand.check.reading.results import as_float, is_same, items, returned_names
from backhand.check.reading.setup import Setup, UnresolvedError
from backhand.check.reading.specimen import SEED, Gradients, seed_everything
from backhand.check.reading.units import BACKWARD, method
from backhand.check.reading.words import are_alike
from backhand.check.source.guarded import arithmetic, outcome

GRADIENT_METHODS = (
    "compute_loss_and_gradients",
    "loss",
    "compute_loss",
    "loss_function",
    "cost",
    "backprop",
    "back_prop",
    "backpropagation",
    "gradient",
    "gradients",
    "grad",
)
OUTPUT_METHODS = (
    "feedforward",
    "feed_forward",
    "forward",
    "predict_proba",
    "forward_pass",
    "forward_propagation",
    "fprop",
    "forwardprop",
    "predict",
)


@dataclass(frozen=True)
class NetworkMethods:
    """How a network is called.

    gradient: the method that returns gradients.   output: the method that gives the output, for a loss that is written
    nowhere.   loss: the name of that loss; "" where a method returns the loss.   divided: whether it is divided by the
    number of samples.   value: the method that returns the loss, where the gradient method does not.
    """

    cls: type
    gradient: str
    output: str = ""
    loss: str = ""
    divided: bool = False
    value: str = ""


class WithoutParametersError(Exception):
    """What seemed a network has no parameters."""


class NetworkSpecimen(ObjectSpecimen):
    """A network whose one method takes samples and labels and returns gradients, with or without the loss."""

    def __init__(self, network: NetworkMethods, setup: Setup, make: Maker) -> None:
        self.network = network
        super().__init__(Methods(network.cls, network.gradient, network.gradient), setup, make)

    def run(self, instance: Any, seed: int = SEED) -> "NetworkPassage":
        """The loss for fresh arguments; backward is the gradient method."""
        return self.run_with(instance, self.arguments(), seed, self.setup.config["N"])

    def run_with(self, instance: Any, given: dict[str, Any], seed: int | None, samples: int) -> "NetworkPassage":
        """The loss for arguments with so many samples.   seed: of what is drawn; None leaves the generators alone."""
        network = self.network
        if seed is not None:
            seed_everything(seed)
        with arithmetic():
            if network.value:
                return NetworkPassage(self, instance, given, getattr(instance, network.value)(*given.values()))
            if not network.loss:
                return NetworkPassage(self, instance, given, call(getattr(instance, network.gradient), given))
            name = next(name for name, role in self.roles.items() if role == "x")
            output = as_float(items(getattr(instance, network.output)(given[name]))[0])
            target = as_float(given[next(iter(self.constants))])
            if output is None or target is None or output.size != target.size:
                raise UnresolvedError("the output and the target of the network differ in size")
            total = LOSSES[network.loss](output, target.reshape(output.shape))
            return NetworkPassage(self, instance, given, total / (samples if network.divided else 1))


class NetworkPassage(ObjectPassage):
    """A loss with its gradients, all in one call, or an inferred loss with a call of the gradient method to come."""

    def __init__(self, specimen: NetworkSpecimen, instance: Any, given: dict[str, Any], result: Any) -> None:
        self.result = result
        numbers = [array for array in map(as_float, items(result)) if array is not None and array.size == 1]
        if not numbers:
            raise UnresolvedError("no loss is returned")
        super().__init__(specimen, instance, given, numbers[0])

    def backward(self, dy: Array) -> Gradients:
        """The gradients that came with the loss, or those of the gradient method, times the upstream number."""
        specimen = self.specimen
        assert isinstance(specimen, NetworkSpecimen)
        result = self.result
        if specimen.network.loss or specimen.network.value:
            with arithmetic():
                result = call(getattr(self.instance, specimen.network.gradient), self.given)
        values, homes = _gradients(specimen, result, self.instance)
        scaled = {name: None if value is None else value * float(dy) for name, value in values.items()}
        return Gradients(scaled, self._changed(homes), homes)

    def _changed(self, homes: Mapping[str, str]) -> tuple[str, ...]:
        """The parameters that were changed by a method which returns gradients, for its caller to take the step.

        A method that keeps its gradients may well be meant to take the step itself.
        """
        if self.takes_steps or any(home.startswith("self.") for home in homes.values()):
            return ()
        parameters = self.specimen.parameters
        return tuple(
            p.name for p in parameters if not is_same(at(self.instance, p.paths[0]), self.specimen.arrays[p.name])
        )


def _gradients(specimen: NetworkSpecimen, result: Any, instance: Any) -> tuple[dict[str, Array | None], dict[str, str]]:
    """The returned gradients by the names of the parameters: by name where names tell, else by size in order."""
    labels = returned_names(getattr(specimen.network.cls, specimen.network.gradient))
    returned: dict[str, Array] = {}
    pieces = items(result)
    for i, value in enumerate(pieces):
        label = labels[i] if len(labels) == len(pieces) else f"result {i}"
        for path, array in reachable(value).items() if not np.isscalar(value) else ():
            gradient = as_float(array)
            if gradient is not None:
                returned[label + "".join(f".{key}" for _, key in path)] = gradient
    if not returned:
        returned = {
            spelled(path): array
            for path, value in reachable(instance).items()
            if (array := as_float(value)) is not None and _is_kept_gradient(path, specimen)
        }
    values: dict[str, Array | None] = dict.fromkeys(specimen.arrays)
    homes: dict[str, str] = {}
    for parameter in specimen.parameters:
        array = specimen.arrays[parameter.name]
        key = _key_for(parameter.name, array, returned)
        if key:
            values[parameter.name], homes[parameter.name] = returned.pop(key), key
    return values, homes


def _is_kept_gradient(path: Path, specimen: NetworkSpecimen) -> bool:
    """Whether the name of an array speaks of a gradient, or differs from that of a parameter by a letter for it."""
    if any(path in parameter.paths for parameter in specimen.parameters):
        return False
    last = spelled(path).split(".")[-1]
    return "grad" in spelled(path).lower() or any(are_alike(last, parameter.name) for parameter in specimen.parameters)


def _key_for(name: str, array: Array, returned: Mapping[str, Array]) -> str:
    sized = [key for key, gradient in returned.items() if gradient.size == array.size]
    last = [key for key in returned if are_alike(key.split(".")[-1], name)]
    named = [key for key in sized if key in last]
    same = [key for key in sized if returned[key].shape == array.shape]
    return next(iter([*named, *(last if len(last) == 1 else []), *same, *sized]), "")


def _has_gradients(network: NetworkMethods, setup: Setup, make: Maker) -> bool:
    """Whether a network that is called so gives a gradient of any parameter. Raises what the person's code raises."""
    specimen = NetworkSpecimen(network, setup, make)
    if not specimen.parameters:
        raise WithoutParametersError("a network has parameters")
    gradients = specimen.forward().backward(np.ones(()))
    return any(value is not None for value in gradients.values.values())


def plan_network(cls: type, setup: Setup, make: Maker) -> list[NetworkMethods]:
    """The ways in which a network may be called; several where its loss has to be inferred. Raises UnresolvedError."""
    gradient = method(cls, GRADIENT_METHODS)
    plain = NetworkMethods(cls, gradient)
    try:
        if _has_gradients(plain, setup, make):
            return [plain]
    except UnresolvedError:
        pass
    for other in dict.fromkeys(method(cls, (name,)) for name in (*GRADIENT_METHODS, *BACKWARD)):
        pair = NetworkMethods(cls, other, value=gradient)
        if other not in ("", gradient) and outcome(partial(_has_gradients, pair, setup, make)).value:
            return [pair]
    output = method(cls, OUTPUT_METHODS)
    if not output:
        raise UnresolvedError("neither a loss nor the output of the network can be computed")
    return [NetworkMethods(cls, gradient, output, name, divided) for divided in (False, True) for name in LOSSES]
