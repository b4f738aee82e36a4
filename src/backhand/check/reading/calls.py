"""How a pair of functions is called: where each of backward's arguments comes from."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from backhand.check.reading.arguments import ArrayArgument
from backhand.check.reading.dialect import Maker, to_numpy
from backhand.check.reading.functions import Calls, FunctionSpecimen, call
from backhand.check.reading.inferred import LOSSES
from backhand.check.reading.results import as_float, items, returned_names
from backhand.check.reading.roles import has_role, roles
from backhand.check.reading.setup import Setup, UnresolvedError
from backhand.check.reading.units import parameter_names
from backhand.check.reading.words import words

DERIVATIVES = frozenset({"prime", "deriv", "derivative", "grad", "gradient", "der"})


def plan_loss(forward: Callable[..., Any], setup: Setup, make: Maker) -> list[Calls]:
    """A loss that returns its gradient beside its value. Raises UnresolvedError where it returns no gradient."""
    probe = FunctionSpecimen(Calls(forward), setup, make)
    results = items(call(forward, probe.arguments()))
    named = returned_names(forward)
    if len(named) == len(results):  # how many predictions are right is no loss
        results = [
            value for value, name in zip(results, named, strict=True) if not {"acc", "accuracy"} & set(words(name))
        ]
    arrays = [array for array in map(as_float, results) if array is not None]
    sizes = {array.size for array in probe.arrays.values()}
    has_gradient = any(isinstance(v, dict) for v in results) or any(array.size in sizes for array in arrays)
    if not has_gradient or all(array.size != 1 for array in arrays):
        raise UnresolvedError("it returns no value beside a gradient")
    return [Calls(forward)]


def plan_calls(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    setup: Setup,
    make: Maker,
    fixed: Mapping[str, tuple[str, Any]] = MappingProxyType({}),
) -> list[Calls]:
    """The ways in which the pair may be called, the likeliest first. Runs forward once, to see what it returns.

    fixed: the sources of the arguments of backward that are known beforehand.
    Raises whatever the person's forward raises, or UnresolvedError.
    """
    probe = FunctionSpecimen(Calls(forward, backward), setup, make)
    results = items(call(forward, probe.arguments()))
    parameters = [
        p for p in inspect.signature(backward).parameters.values() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    names = [p.name for p in parameters if p.default is p.empty]
    if len(names) == 1 and (not has_role(names[0], "dy") or words(backward.__name__)[-1] in DERIVATIVES):
        return _derivatives(forward, backward, names[0], results)
    labels = returned_names(forward)
    upstream = [name for name in names if not fixed and _is_upstream(name, probe, labels)]
    outputs = max(1, min(len(upstream), sum(as_float(value) is not None for value in results)))
    known = {*probe.given, *labels}
    takes_labels = any(roles(name)[:1] == ("labels",) for name in names)
    upstream = (
        []
        if takes_labels or fixed
        else upstream[:outputs] or [name for name in names if name not in known and roles(name)[:1] != ("cache",)][:1]
    )
    sources: dict[str, tuple[str, Any]] = {name: ("dy", i) for i, name in enumerate(upstream)} | dict(fixed)
    for name in names:
        if name not in sources and name in probe.given:
            sources[name] = ("argument", name)
        elif name not in sources and name in labels[: len(results)]:
            sources[name] = ("result", labels.index(name))
    labelled = [name for name in names if name not in sources and roles(name)[:1] == ("labels",)]
    sources |= dict.fromkeys(labelled, ("labels", 0))
    _give_the_rest(names, sources, probe, list(range(outputs, len(results))))
    for parameter in parameters:  # settings that forward was given go to backward under the same name
        if parameter.name not in sources and parameter.name in inspect.signature(forward).parameters:
            sources[parameter.name] = ("argument", parameter.name)
    if labelled:  # then the output is a loss, and what backward takes is the result
        sources = {name: ("result", 0) if source == ("outputs", 0) else source for name, source in sources.items()}
    calls = Calls(forward, backward, outputs, sources)
    return [replace(calls, cost=cost) for cost in costs(forward, setup)] if labelled else [calls]


def costs(forward: Callable[..., Any], setup: Setup) -> Iterator[Callable[[Any, Any], Any]]:
    """The losses that a network without one in its forward function may have: those of the file come first."""
    for name, value in forward.__globals__.items():
        if callable(value) and set(words(name)) & {"cost", "loss"} and len(parameter_names(value)) >= 2:
            yield partial(_file_cost, value)
    for divided in (1, setup.config.get("N", 1)):
        for loss in LOSSES.values():
            yield partial(_inferred_cost, loss, divided)


def _file_cost(function: Callable[..., Any], output: Any, labels: Any) -> Any:
    return function(output, labels)


def _inferred_cost(loss: Callable[[Any, Any], float], divided: float, output: Any, labels: Any) -> float:
    a, target = to_numpy(output), to_numpy(labels).astype(float)
    return loss(a, target.reshape(a.shape)) / divided


def _give_the_rest(
    names: Sequence[str], sources: dict[str, tuple[str, Any]], probe: FunctionSpecimen, rest: list[int]
) -> None:
    """Find a source for the arguments that still lack one, among forward's results that nobody has taken first."""
    taken = {key for source, key in sources.values() if source == "result"}
    rest = [i for i in rest if i not in taken]
    for name in names:
        if name in sources:
            continue
        source = _source_by_role(name, probe, rest)
        if source is None:
            raise UnresolvedError(f"nothing is known of the argument `{name}` of backward")
        sources[name] = source
        if source[0] == "result":
            rest.remove(source[1])


def _is_upstream(name: str, probe: FunctionSpecimen, labels: Sequence[str]) -> bool:
    """Whether an argument of backward is the gradient of a result: named so, or after a result of forward."""
    after = {f"{prefix}{label}" for label in labels if label for prefix in ("d", "d_", "grad_", "grad")}
    return name not in probe.given and (name in after or roles(name)[:1] == ("dy",) or words(name)[:1] == ["d"])


def _source_by_role(name: str, probe: FunctionSpecimen, rest: list[int]) -> tuple[str, Any] | None:
    own = roles(name)
    if rest and ("cache" in own or "mask" in own or len(rest) == 1):
        return "result", rest[0]
    for given, value in probe.given.items():
        if isinstance(value, ArrayArgument) and value.role in own:
            return "argument", given
    if "cache" in own or "x" in own:
        return next((("argument", given) for given, role in probe.roles.items() if role == "x"), None)
    return ("outputs", 0) if "scores" in own else ("result", rest[0]) if rest else None


def _derivatives(
    forward: Callable[..., Any], backward: Callable[..., Any], name: str, results: list[Any]
) -> list[Calls]:
    """A function of one argument: the derivative at the input, or at the output, or with a cache."""
    make = partial(Calls, forward, backward, 1, derivative=True)
    at_input = make(sources={name: ("argument", next(iter(inspect.signature(forward).parameters)))})
    at_output = make(sources={name: ("outputs", 0)})
    cached = [make(sources={name: ("result", 1)})] if len(results) > 1 else []
    likely_output = name.lower().strip("_") in (
        "s",
        "y",
        "out",
        "output",
        "post_act",
        "a",
        "o",
        "sig",
        "activated",
        "yhat",
    )
    return [*cached, *((at_output, at_input) if likely_output else (at_input, at_output))]
