"""Functions that return their own way back: `y, backward`, where `backward(dy)` gives the gradients."""

import ast
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

from backhand.check.reading.units import Unit
from backhand.check.reading.ways_back import definition, returns, returns_its_way_back


def closure_units(functions: Sequence[Callable[..., Any]], module: ModuleType) -> Iterator[Unit]:
    """The layers among functions that return a result with the function that goes back, or make such a function."""
    for function in functions:
        tree = definition(function)
        if tree is None:
            continue
        if returns_its_way_back(tree):
            yield Unit(function.__name__, "closure", module, function, _going_back(function))
            continue
        inner = next((each for each in _returned_alone(tree) if returns_its_way_back(each)), None)
        if inner is not None:
            yield Unit(function.__name__, "closure", module, _made_and_called(function, inner), _going_back(function))


def _returned_alone(tree: ast.FunctionDef) -> Iterator[ast.FunctionDef]:
    """The functions made inside of which one is returned as it is."""
    names = {node.value.id for node in returns(tree) if isinstance(node.value, ast.Name)}
    yield from (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names)


def _going_back(function: Callable[..., Any]) -> Callable[..., Any]:
    """A backward pass that calls what forward has returned beside its result."""

    def backward(dy: Any, cache: Any) -> Any:
        return cache(dy)

    _stand_for(backward, function, inspect.signature(backward))
    return backward


def _made_and_called(function: Callable[..., Any], inner: ast.FunctionDef) -> Callable[..., Any]:
    """A forward pass that makes the function which does the work, and calls it: of the arguments of both."""
    outer = inspect.signature(function)
    own = [argument.arg for argument in inner.args.args if argument.arg not in outer.parameters]

    def forward(**arguments: Any) -> Any:
        made = function(**{name: value for name, value in arguments.items() if name not in own})
        return made(**{name: value for name, value in arguments.items() if name in own})

    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in own]
    parameters += [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in outer.parameters.values()]
    _stand_for(forward, function, inspect.Signature(parameters))
    return forward


def _stand_for(wrapper: Callable[..., Any], function: Callable[..., Any], signature: inspect.Signature) -> None:
    """Let a function of ours be told as the person's, with arguments of its own."""
    functools.update_wrapper(wrapper, function)
    vars(wrapper)["__signature__"] = signature
