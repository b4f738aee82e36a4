"""Callbacks as tables: how a study names the callbacks of a training.

A table has the `kind` of the callback, a name in `CALLBACKS`, and the arguments of its constructor. A callback of one's
own has a table from the moment that its class stands there under a name: `CALLBACKS["mine"] = Mine`.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from backhand.errors import BackhandError, closest
from backhand.plugins import Table
from backhand.training.callback import Callback
from backhand.training.limits import Limit
from backhand.training.live_plot import LivePlot
from backhand.training.profiler import Profiler


def _is_callback(_: str, value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Callback)


CALLBACKS: Table[type[Callback]] = Table(
    {"limit": Limit, "live_plot": LivePlot, "profiler": Profiler},
    "backhand.callbacks",
    "callback",
    wanted="a subclass of backhand.Callback",
    fits=_is_callback,
)
STRICT = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)


def make_callback(table: Mapping[str, Any]) -> Callback:
    """The callback that a table describes. Raises ValueError for an unknown kind or key, and for a bad value."""
    options = dict(table)
    kind = str(options.pop("kind", ""))
    if kind not in CALLBACKS:
        raise ValueError(f'unknown callback "{kind}"{closest(kind, CALLBACKS)}')
    maker = CALLBACKS[kind]
    arguments = inspect.signature(maker).parameters
    types = get_type_hints(maker.__init__)
    for key, value in options.items():
        if key not in arguments:
            raise ValueError(f'unknown key "{key}" of the callback {kind}{closest(key, arguments)}')
        _refuse_another_type(f"{key} of the callback {kind}", value, types.get(key, Any))
    for key, argument in arguments.items():
        if argument.default is argument.empty and argument.kind not in _OPEN and key not in options:
            raise ValueError(f'the callback {kind} needs the key "{key}"')
    try:
        return maker(**options)
    except BackhandError as error:
        raise ValueError(f"the callback {kind}: {error}") from error


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _refuse_another_type(what: str, value: Any, argument_type: Any) -> None:
    """Raise ValueError for a value of another type. Types are strict: true is not a number."""
    try:
        TypeAdapter[Any](argument_type, config=STRICT).validate_json(json.dumps(value, default=str))
    except ValidationError:
        raise ValueError(f"{what} cannot be {value!r}") from None
