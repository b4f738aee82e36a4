"""Callbacks as tables: how a study names the callbacks of a training.

A table has the `kind` of the callback, a name in `CALLBACKS`, and the arguments of its constructor. A callback of one's
own has a table from the moment that its class stands there under a name: `CALLBACKS["mine"] = Mine`.
"""

from collections.abc import Mapping
from typing import Any

from backhand.arguments import arguments_of, of_others
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


def make_callback(table: Mapping[str, Any]) -> Callback:
    """The callback that a table describes.

    Raises ValueError for an unknown kind or key, for a bad value, and for a callback that cannot be made of these.
    """
    options = dict(table)
    kind = str(options.pop("kind", ""))
    if kind not in CALLBACKS:
        raise ValueError(f'unknown callback "{kind}"{closest(kind, CALLBACKS)}')
    maker, what = CALLBACKS[kind], f"the callback {kind}"
    arguments = arguments_of(maker, options, what)
    try:
        with of_others(f"{what} cannot be made"):
            return maker(**arguments)
    except BackhandError as error:
        raise ValueError(f"{what}: {error}") from error
