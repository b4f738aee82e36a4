"""Gradient checks: hand-written backward passes against numerical derivatives of their forward passes.

`check_op`, `check_layer` and `check_model` check functions and layers of a program; `check_file` reviews a whole file,
as `backhand check layers.py` does, and `assert_gradients` does either in a test. `spec` explains a layer that is not
understood by itself.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backhand.check import spec
    from backhand.check.assertions import assert_gradients, check_file
    from backhand.check.gradients import check_layer, check_model, check_op
    from backhand.check.results import Result, merge

__all__ = ["Result", "assert_gradients", "check_file", "check_layer", "check_model", "check_op", "merge", "spec"]
_FROM = {"assertions": "assert_gradients check_file", "gradients": "check_layer check_model check_op"}
_WHERE = {"Result": "results", "merge": "results"} | {
    name: module for module, names in _FROM.items() for name in names.split()
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the process that runs a person's file sets its limits before NumPy loads."""
    if name == "spec":
        return import_module("backhand.check.spec")
    if name not in _WHERE:
        raise AttributeError(f"module 'backhand.check' has no attribute '{name}'")
    value = getattr(import_module(f"backhand.check.{_WHERE[name]}"), name)
    globals()[name] = value
    return value
