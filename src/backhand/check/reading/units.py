"""The layers, losses and networks that a program holds, told from names alone: which functions belong together.

Whether a unit is what it seems shows when it runs (`functions`, `objects`, `networks`).
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from backhand.check.reading.own_tensors import goes_back, tensor_classes
from backhand.check.reading.roles import roles
from backhand.check.reading.ways_back import is_closure
from backhand.check.reading.words import words
from backhand.check.spec import Spec

FORWARD = (
    *("forward", "fprop", "update_output", "forward_pass", "forward_prop", "forward_propagation", "forward_propagate"),
    *("feedforward", "feed_forward", "propagate", "forwards", "fwd", "forwardprop", "fp", "__call__", "call", "apply"),
    *("activate", "evaluate", "compute", "f", "fn", "loss", "calculate", "function", "predict", "cost"),
)
BACKWARD = (
    *("backward", "bprop", "backward_pass", "backward_prop", "backward_propagation", "backprop", "back_prop"),
    *("backpropagate", "back_propagate", "backpropagation", "back_propagation", "backwards", "bwd", "grad", "gradient"),
    *("update_grad_input", "backwardprop", "bp", "derivative", "deriv", "prime", "gradients", "get_gradient"),
    *("df", "d", "loss_prime", "dloss", "compute_gradient", "activate_derivative", "compute_gradients", "fn_deriv"),
)
_FORWARD_WITHOUT_BACKWARD = ("forward", "call", "__call__")  # where what it returns goes back
NETWORK_METHODS = (
    *("compute_loss_and_gradients", "loss", "backprop", "cost", "compute_loss", "loss_function", "back_prop"),
    "backpropagation",
)
PARAMETER_GRADIENTS = (
    *("grads_wrt_params", "pgrads", "grads_params", "param_grads", "gradients_wrt_params", "acc_grad_parameters"),
    *("grad", "grads", "gradients", "get_grads", "get_gradients", "compute_gradients", "gradient"),
)
_FORWARD_WORDS = frozenset(["forward", "forwards", "fwd", "fprop", "feedforward", "propagate", "fp", "forwardprop"])
_BACKWARD_WORDS = frozenset(
    ["backward", "backwards", "bwd", "bprop", "backprop", "backpropagation", "backpropagate", "bp"]
)
_DERIVATIVE_WORDS = frozenset(
    ["grad", "gradient", "derivative", "deriv", "prime", "der", "derivate", "dx", "diff", "backward", "delta"]
)
_FILLERS = frozenset(
    [
        *("pass", "prop", "propagation", "step", "naive", "fast", "vectorized", "numpy"),
        *("np", "layer", "loop", "loops", "alt", "im2col", "my"),
    ]
)


@dataclass(frozen=True)
class Unit:
    """A layer, loss or network of a program.

    name: as its author calls it.   form: "functions", "closure", "loss function", "class", "autograd function",
    "custom vjp" or "network".   forward, backward: functions, or the class itself in both.   spec: how a person says
    that it is called.   forced: values for arguments of the forward function or the constructor, by name.
    """

    name: str
    form: str
    module: ModuleType
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    spec: Spec | None = None
    forced: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def argument_names(self) -> list[str]:
        """The names of the forward function's arguments; of a class, those of its constructor and its methods."""
        functions = [self.forward] if self.form != "class" else [self.forward.__init__, *class_passes(self.forward)]
        return [name for function in functions for name in parameter_names(function) if name != "self"]

    @property
    def takes_labels(self) -> bool:
        """Whether the forward pass is given labels."""
        cls = self.forward if isinstance(self.forward, type) else None
        forward = self.forward if cls is None else getattr(cls, method(cls, FORWARD), cls)
        return any("labels" in roles(name) for name in parameter_names(forward))


def parameter_names(function: Callable[..., Any]) -> list[str]:
    """The names of a function's arguments, or none where Python cannot tell."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def class_passes(cls: Any) -> tuple[Callable[..., Any], ...]:
    """The forward and the backward method of a class; empty where one of them is missing."""
    forward, backward = method(cls, FORWARD), backward_of(cls)
    return (getattr(cls, forward), getattr(cls, backward)) if forward and backward else ()


def backward_of(cls: type) -> str:
    """The name of a class's backward method; "" for none, or one that only says that it is not written."""
    name = method(cls, BACKWARD)
    code = getattr(getattr(cls, name, None), "__code__", None)
    return "" if code is not None and code.co_names == ("NotImplementedError",) else name


def method(cls: type, names: Sequence[str]) -> str:
    """The first of these names that a class has as a method, in any spelling (`updateOutput`); "" for none."""
    spelled = {"_".join(words(name)) or name: name for name in dir(cls) if callable(getattr(cls, name, None))}
    for name in names:
        if name == "__call__":
            if "__call__" in vars(cls) or any("__call__" in vars(base) for base in cls.__mro__[:-1]):
                return name
        elif "_".join(words(name)) in spelled and not spelled["_".join(words(name))].startswith("__"):
            return spelled["_".join(words(name))]
    return ""


def base_name(name: str) -> tuple[str, str]:
    """What a function is about, and which pass it is: ("max pool", "forward"), ("relu", "derivative"), ("relu", "").

    The variants `naive`, `fast` and so on are part of what it is about.
    """
    pieces = words(name)
    for kind, group in (("forward", _FORWARD_WORDS), ("backward", _BACKWARD_WORDS), ("derivative", _DERIVATIVE_WORDS)):
        if any(piece in group for piece in pieces):
            return " ".join(piece for piece in pieces if piece not in group and piece not in ("pass", "prop")), kind
    if len(pieces) > 1 and pieces[0] in ("back", "backwardpass"):
        return " ".join(pieces[1:]), "backward"
    if (len(pieces) > 1 and pieces[0] == "d") or (name[:1] == "d" and len(name) > 3):
        return " ".join(pieces[1:] if pieces[0] == "d" else words(name[1:])), "d"
    return " ".join(pieces), ""


def pair_functions(functions: Sequence[Callable[..., Any]], module: ModuleType) -> Iterator[Unit]:
    """Pairs of functions whose names tell that one is the backward pass or the derivative of the other."""
    named: dict[tuple[str, str], Callable[..., Any]] = {}
    for function in functions:
        named.setdefault(base_name(function.__name__), function)
    loose = {_without_fillers(base): base for base, kind in named if kind in ("forward", "")}
    for (base, kind), function in named.items():
        if kind not in ("backward", "derivative", "d"):
            continue
        forward = named.get((base, "forward")) or named.get((base, ""))
        if forward is None:
            close = loose.get(_without_fillers(base))
            forward = None if close is None else named.get((close, "forward")) or named.get((close, ""))
        if forward is not None:
            yield Unit(base or forward.__name__, "functions", module, forward, function)


def network_unit(name: str, cls: type, module: ModuleType) -> Unit | None:
    """A class with a method that returns a loss with its gradients, or gradients for samples and labels."""
    for spelled in NETWORK_METHODS:
        found = method(cls, (spelled,))
        if found and len(parameter_names(getattr(cls, found))) >= 3:
            return Unit(name, "network", module, cls, cls)
    return None


def class_unit(name: str, cls: type, module: ModuleType) -> Unit | None:
    """The unit that a class is: a namespace of static methods, an `autograd.Function`, or a class of objects."""
    if _is_abstract(cls) or issubclass(cls, tensor_classes(module)):
        return None
    forward, backward = method(cls, FORWARD), backward_of(cls)
    own = method(cls, _FORWARD_WITHOUT_BACKWARD)
    if not backward and own and (goes_back(module) or is_closure(getattr(cls, own))):
        return Unit(name, "class", module, cls, cls)
    if not forward or not backward or not _can_be_called(cls, forward):
        return None
    static = [inspect.getattr_static(cls, name) for name in (forward, backward)]
    if all(isinstance(value, staticmethod | classmethod) for value in static):
        form = "autograd function" if _is_autograd(cls) else "functions"
        return Unit(name, form, module, getattr(cls, forward), getattr(cls, backward))
    return Unit(name, "class", module, cls, cls)


def _can_be_called(cls: type, name: str) -> bool:
    """Whether a method has room for the object itself, as one that only names what is to be written may not."""
    plain = isinstance(inspect.getattr_static(cls, name), FunctionType)
    return not plain or bool(parameter_names(getattr(cls, name)))


def _is_autograd(cls: type) -> bool:
    return any(base.__name__ == "Function" and base.__module__.startswith("torch") for base in cls.__mro__)


def _is_abstract(cls: type) -> bool:
    """Whether a class is only a base: its own forward method does nothing but raise or pass."""
    forward = getattr(cls, method(cls, FORWARD), None)
    code = getattr(forward, "__code__", None)
    return (code is not None and not code.co_code.strip(b"\0")) or bool(getattr(cls, "__abstractmethods__", ()))


def custom_vjp_units(values: dict[str, Any], module: ModuleType) -> Iterator[Unit]:
    """The functions with a derivative of their own that JAX knows: `f.defvjp(f_fwd, f_bwd)`."""
    for name, value in values.items():
        if type(value).__name__ == "custom_vjp" and callable(getattr(value, "fwd", None)):
            yield Unit(name, "custom vjp", module, value.fwd, value.bwd, forced=_defaults(value))


def _defaults(function: Any) -> dict[str, Any]:
    """The settings that a function of JAX has by default, by the names that its own forward pass has for them."""
    try:
        plain, forward = (inspect.signature(each).parameters.values() for each in (function, function.fwd))
    except (TypeError, ValueError):
        return {}
    pairs = zip(plain, forward, strict=False)
    return {own.name: each.default for each, own in pairs if isinstance(each.default, int | float | str)}


def loss_units(functions: Sequence[Callable[..., Any]], paired: set[int], module: ModuleType) -> Iterator[Unit]:
    """Functions of scores and labels, or of weights and a strength, that may return a loss with its gradient."""
    for function in functions:
        names = parameter_names(function)
        if id(function) in paired or len(names) < 2:
            continue
        own = [set(roles(name)) for name in names]
        speaks = set(words(function.__name__)) & _LOSS_WORDS
        if speaks or (own[0] & {"x", "scores"} and own[1] & {"labels"}):
            yield Unit(function.__name__, "loss function", module, function)


_LOSS_WORDS = frozenset(
    [
        *("loss", "cost", "entropy", "svm", "hinge", "mse", "criterion"),
        *("softmax", "regularization", "penalty", "l2", "error", "objective"),
    ]
)


def _without_fillers(base: str) -> str:
    return " ".join(word for word in base.split() if word not in _FILLERS)
