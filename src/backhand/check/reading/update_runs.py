"""The ways in which rules of updates are called: each runs a rule and gives the parameters after every step."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.reading.dialect import Maker
from backhand.check.reading.results import as_float, items
from backhand.check.reading.roles import roles
from backhand.check.reading.units import method
from backhand.check.reading.words import words

METHODS = ("update", "step", "apply", "optimize", "apply_gradients", "update_params")
RATE = 0.1  # the learning rate where there is no default
OF_MODELS = frozenset({"model", "net", "network", "nn", "layers", "modules", "params", "parameters"})
COUNTS = ("t", "step", "iteration", "i", "n_iter")  # names of the step's number
AVERAGES = ("v", "s", "m", "velocity", "velocities")
SHARES = {"momentum": 0.9, "mu": 0.9, "beta": 0.9, "gamma": 0.9, "beta1": 0.9, "beta2": 0.999}
OF_GRADIENTS = ("grad", "dl", "dj", "d_", "nabla", "delta")  # how names of gradients begin

Run = tuple[Array, Mapping[str, Any]]


def of_function(rule: Callable[..., Any], w: Array, gradients: list[Array], make: Maker) -> Run:
    """w, config = rule(w, dw, config), as in CS231n; it may take a learning rate in place of the dictionary."""
    config: Any = {}
    extra, current, values = _further(rule), make(w), []
    for gradient in gradients:
        more = next(extra)
        results = items(rule(current, make(gradient), **more) if more else rule(current, make(gradient), config))
        current = results[0] if as_float(results[0]) is not None else current
        config = results[1] if len(results) > 1 and isinstance(results[1], dict) else config
        values.append(as_float(current))
    return np.array(values), {**_given(rule), **config}


def of_function_of_dictionaries(rule: Callable[..., Any], w: Array, gradients: list[Array], make: Maker) -> Run:
    """parameters[, averages] = rule(parameters, grads, ..., learning_rate), as in courses with `parameters["W1"]`.

    The averages are further dictionaries, with the keys of the gradients, which are 0 before the first step.
    """
    params: dict[str, Any] = {"W1": make(w), "b1": make(w[:, :1])}
    averages = {name: {key: make(0 * w) for key in ("dW1", "W1")} for name in _required(rule) if name in AVERAGES}
    for kept in averages.values():
        kept.update({key: make(0 * w[:, :1]) for key in ("db1", "b1")})
    extra, values = _further(rule), []
    for gradient in gradients:
        own = {"W1": gradient, "b1": gradient[:, :1]}
        grads = {name + key: make(array) for name in ("d", "") for key, array in own.items()}
        result = rule(params, grads, **averages, **next(extra))
        params = next((each for each in items(result) if isinstance(each, dict)), params)
        values.append(as_float(params["W1"]))
    return np.array(values), _given(rule)


def of_dictionaries(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """update(params, grads) with two dictionaries, whose arrays are changed in place."""
    params = {"W1": make(w)}

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        update(params, {"W1": make(gradient), "dW1": make(gradient)})
        return np.array(as_float(params["W1"]))

    return _steps(value, hand_over, gradients)


def of_arrays(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """w = update(w, gradient), or a change of w in place."""
    held = [make(w)]

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        result = update(held[0], make(gradient))
        held[0] = held[0] if as_float(result) is None else result
        return np.array(as_float(held[0]))

    return _steps(value, hand_over, gradients)


def of_lists(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """update(params, grads) with two lists."""
    params = [make(w)]

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        update(params, [make(gradient)])
        return np.array(as_float(params[0]))

    return _steps(value, hand_over, gradients)


def of_model(value: Any, w: Array, gradients: list[Array], make: Maker) -> Run:
    """An object made of a model, of its layers or of its parameters, whose step() changes them."""
    layer = _Layer(make(w))
    name = next((name for name in _required(value) if set(words(name)) & OF_MODELS), "")
    model = SimpleNamespace(layers=[layer], params=[layer], parameters=lambda: [layer], modules=[layer])
    whole = model if set(words(name)) & {"model", "net", "network", "nn"} else [layer]

    def hand_over(update: Callable[..., Any], gradient: Array) -> Array:
        layer.take(make(gradient))
        update()
        return layer.parameter

    return _steps(value, hand_over, gradients, (whole,))


class _Layer:
    """A layer that has every parameter it is asked for, and every gradient: all parameters and all gradients alike."""

    def __init__(self, w: Any) -> None:
        self.__dict__.update(_w=w, _gradient=None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name.lower().startswith(OF_GRADIENTS) or (name[0] == "d" and roles(name[1:]) and roles(name) != ("w",)):
            return self._gradient
        return self.__dict__.setdefault(name, np.array(self._w) if isinstance(self._w, np.ndarray) else self._w)

    def take(self, gradient: Any) -> None:
        """Hold the gradient of the next step."""
        self.__dict__["_gradient"] = gradient

    @property
    def parameter(self) -> Array:
        """The first parameter that was asked for."""
        value = next(value for name, value in vars(self).items() if not name.startswith("_"))
        return np.array(as_float(value))


def _steps(
    cls: type, hand_over: Callable[[Any, Array], Array], gradients: list[Array], first: tuple[Any, ...] = ()
) -> Run:
    """The parameters after each call of an object's method, and its attributes.   first: what it is made of."""
    instance = cls(*first, **_given(cls))
    update = getattr(instance, method(cls, METHODS))
    extra = _further(update)
    values = [hand_over(partial(update, **next(extra)), gradient) for gradient in gradients]
    return np.array(values), {**vars(instance), **_given(update)}


def _required(function: Callable[..., Any]) -> list[str]:
    """The arguments without a default."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


def _given(function: Callable[..., Any]) -> dict[str, float]:
    """The settings that have no default, by name, and their values: a learning rate and the shares of averages."""
    names = _required(function)
    rates = [name for name in names if roles(name)[:1] == ("lr",)]
    return {**dict.fromkeys(rates, RATE), **{name: SHARES[name] for name in names if name in SHARES}}


def _further(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """For each step, the arguments beside parameters and gradients: the settings, and the step's number."""
    given, names = _given(function), [name for name in _required(function) if name in COUNTS]
    for number in count(1):
        yield {**given, **dict.fromkeys(names, number)}


RUNS_OF_FUNCTIONS = (of_function, of_function_of_dictionaries)
RUNS_OF_CLASSES = (of_dictionaries, of_arrays, of_lists, of_model)
