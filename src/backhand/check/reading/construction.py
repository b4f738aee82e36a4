"""Instances of a person's classes: made, put into train or test mode, and updated by their own means."""

import copy
from collections.abc import Callable
from types import FunctionType
from typing import Any

from backhand.check.kinds.specified import Specified
from backhand.check.reading.arguments import ArrayArgument, resolve
from backhand.check.reading.dialect import Maker
from backhand.check.reading.functions import call
from backhand.check.reading.roles import roles
from backhand.check.reading.setup import Setup
from backhand.check.reading.specimen import SEED, seed_everything
from backhand.check.reading.units import parameter_names
from backhand.check.source.guarded import outcome

UPDATES = (
    "update_params",
    "update",
    "step",
    "apply_gradients",
    "update_weights",
    "update_parameters",
    "apply_grad",
    "sgd",
)


def set_mode(instance: Any, setup: Setup) -> None:
    """Put an object into train or test mode by its own means: a method, or an attribute that names its mode."""
    train = bool(setup.config["train"])
    for name, values in (
        ("train", (train,)),
        ("eval", ()),
        ("set_train", (train,)),
        ("set_mode", (_as_it_is_taken(getattr(instance, "set_mode", None), train),)),
    ):
        if callable(getattr(instance, name, None)) and (name != "eval" or not train):
            try:
                getattr(instance, name)(*values)
            except TypeError:
                continue
            setup.used.add("train")
            return
    for name, value in list(vars(instance).items()) if hasattr(instance, "__dict__") else ():
        own = roles(name)
        if isinstance(value, bool) and ("train" in own or "test" in own):
            setattr(instance, name, train if "train" in own else not train)
            setup.used.add("train")
        elif isinstance(value, str) and value in ("train", "test", "eval"):
            setattr(instance, name, "train" if train else "test" if value != "eval" else "eval")
            setup.used.add("train")


def _as_it_is_taken(method: Any, train: bool) -> bool | str:
    """The mode for a method that takes it: whether it is that of training, or that of tests, or else a word."""
    taken = roles(next(iter(parameter_names(method) if callable(method) else ()), ""))[:1]
    return train if taken == ("train",) else not train if taken == ("test",) else "train" if train else "test"


def construct(cls: type, setup: Setup, make: Maker) -> Any:
    """An instance of a class, made with seeds set. Raises UnresolvedError, or whatever its constructor raises."""
    if isinstance(setup.kind, Specified) and setup.kind.spec.make is not None:
        seed_everything(SEED)
        return setup.kind.spec.make()
    given = resolve(cls, setup, constructor=True) if vars(cls).get("__init__") or len(cls.__mro__) > 2 else {}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, ArrayArgument):
            array = setup.array(value.role)
            assert array is not None
            values[name] = make(array)
        else:
            values[name] = value
    seed_everything(SEED)
    instance = call(cls, values)
    if isinstance(outcome(lambda: copy.deepcopy(instance)).error, RecursionError):
        _refuse_special_names(cls)
    return instance


def _refuse_special_names(cls: type) -> None:
    """Let a person's `__getattr__` refuse special names at once: `copy` asks for them while an object is still empty.

    There, a `__getattr__` that looks into the object's own attributes would call itself for ever.
    """
    for base in cls.__mro__:
        if isinstance(own := vars(base).get("__getattr__"), FunctionType):
            setattr(base, "__getattr__", _refusing_special_names(own))  # noqa: B010 - a class of any name


def _refusing_special_names(own: FunctionType) -> Callable[[Any, str], Any]:
    def refusing(instance: Any, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return own(instance, name)

    return refusing
