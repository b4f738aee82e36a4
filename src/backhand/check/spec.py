"""How a layer is called, for one that `backhand check` does not understand by itself.

    from backhand.check import spec
    from layers import Conv3d
    conv = spec.layer(lambda: Conv3d(2, 3), x=(2, 4, 5, 5, 2))

Such lines stand in a file of their own, say `check_layers.py`; `backhand check check_layers.py` then checks `conv`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spec:
    """A layer with the values of its arguments.

    make: makes an object with a forward and a backward method; None for a pair of functions.   forward, backward: the
    pair.   arguments: what forward is given, by name: a tuple is the shape of an array of normal values, anything else
    is handed over as it is.
    """

    make: Callable[[], Any] | None
    forward: Callable[..., Any] | None
    backward: Callable[..., Any] | None
    arguments: Mapping[str, Any]


def layer(made_of: Callable[[], Any] | tuple[Callable[..., Any], Callable[..., Any]], **arguments: Any) -> Spec:
    """Tell how a layer is called.

    made_of: a function without arguments that makes an object, or a pair (forward, backward).   arguments: those of
    forward, by name; a tuple stands for an array of this shape with normal values.
    Raises TypeError where the layer is neither.
    """
    if isinstance(made_of, tuple) and len(made_of) == 2 and all(map(callable, made_of)):
        return Spec(None, *made_of, arguments)
    if callable(made_of):
        return Spec(made_of, None, None, arguments)
    raise TypeError("give a function that makes the layer, or a pair (forward, backward)")
