"""The arguments of a constructor from a table: how the layers and the callbacks that a study names get their values."""

import dataclasses
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from backhand.errors import BackhandError, closest

STRICT = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def arguments_of(
    maker: type, table: Mapping[str, Any], what: str, convert: Callable[[Any], Any] | None = None
) -> dict[str, Any]:
    """The arguments with which a class is made from the keys of a table.

    what: the thing that is made, in words, such as "a linear layer". convert: value -> argument, for things whose
    arguments are tables themselves; None: the values are checked by the types of the arguments. Raises ValueError, a
    sentence with the key, for a key that is unknown or missing and for a value of another type; and for a constructor
    that no table can call.
    """
    parameters = _parameters(maker, what)
    for key in table:
        if key not in parameters:
            hint = closest(key, parameters) if parameters else ", which has no keys"
            raise ValueError(f'unknown key "{key}" of {what}{hint}')
    for key, parameter in parameters.items():
        if parameter.default is parameter.empty and key not in table:
            raise ValueError(f'{what} needs the key "{key}"')
    if convert is not None:
        return {key: convert(value) for key, value in table.items()}
    types = _types(maker, parameters, what) if table else {}
    return {key: _typed(key, value, types.get(key, Any), what) for key, value in table.items()}


@contextmanager
def of_others(trouble: str) -> Iterator[None]:
    """Code of others runs in the `with` block, which may raise anything: a ValueError that begins with `trouble` tells.

    BackhandError and ValueError stay as they are, since their texts are for a reader.
    """
    try:
        yield
    except (BackhandError, ValueError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{trouble} ({type(error).__name__}: {reason})") from error


def _typed(key: str, value: Any, argument_type: Any, what: str) -> Any:
    """The value as an argument of this type, with tuples for lists where the type wants them.

    Types are strict: true is not a number, and 2.0 is not a whole number.
    """
    with of_others(f"the type of {key} of {what} cannot be read"):
        adapter = TypeAdapter[Any](argument_type, config=STRICT)
    try:
        argument = adapter.validate_json(json.dumps(value, default=str))
    except ValidationError:
        raise ValueError(f"{key} of {what} cannot be {value!r}") from None
    return argument if isinstance(value, list) else value


def _parameters(maker: type, what: str) -> dict[str, inspect.Parameter]:
    """The parameters that keys can give, by name."""
    parameters = inspect.signature(maker).parameters
    for name, parameter in parameters.items():
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
            raise ValueError(f'{what} takes "{name}" by position alone, which no table can give; remove the "/" there')
    closed = (*_OPEN, inspect.Parameter.POSITIONAL_ONLY)
    return {name: parameter for name, parameter in parameters.items() if parameter.kind not in closed}


def _types(maker: Any, parameters: Mapping[str, object], what: str) -> dict[str, Any]:
    """The types of the arguments. Those of a dataclass are its fields', each read where its class stands."""
    fields = {field.name for field in dataclasses.fields(maker)} if dataclasses.is_dataclass(maker) else set()
    with of_others(f"the types of the arguments of {what} cannot be read"):
        return get_type_hints(maker if fields >= parameters.keys() else maker.__init__)
