"""The one place that chooses the code that runs an op."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import backhand.ops


@cache  # asked for in every pass of every layer
def op(name: str) -> ModuleType:
    """The module that computes the op `name`: its `forward` and `backward`. Raises ValueError for an unknown name."""
    if name not in op_names():
        raise ValueError(f'there is no op "{name}"; there are {", ".join(op_names())}')
    return importlib.import_module(f"backhand.ops.{name}")


def op_names() -> list[str]:
    """Every op, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(backhand.ops.__path__))
