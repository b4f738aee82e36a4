"""Names that NumPy no longer has: found in the code, named in a remark, and provided so that the check goes on."""

import ast
import collections
import collections.abc
import inspect
import itertools
import math
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

# Each name that NumPy once had: what to write today, and what the name means.
GONE: dict[str, tuple[str, Any]] = {
    "float": ("float", float),
    "int": ("int", int),
    "bool": ("bool", bool),
    "object": ("object", object),
    "str": ("str", str),
    "complex": ("complex", complex),
    "long": ("int", int),
    "unicode": ("str", str),
    "float_": ("np.float64", np.float64),
    "complex_": ("np.complex128", np.complex128),
    "string_": ("np.bytes_", np.bytes_),
    "unicode_": ("np.str_", np.str_),
    "bool8": ("np.bool", np.bool_),
    "int0": ("np.intp", np.intp),
    "uint0": ("np.uintp", np.uintp),
    "object0": ("np.object_", np.object_),
    "Inf": ("np.inf", np.inf),
    "Infinity": ("np.inf", np.inf),
    "infty": ("np.inf", np.inf),
    "PINF": ("np.inf", np.inf),
    "NINF": ("-np.inf", -np.inf),
    "NaN": ("np.nan", np.nan),
    "NAN": ("np.nan", np.nan),
    "PZERO": ("0.0", 0.0),
    "NZERO": ("-0.0", -0.0),
    "product": ("np.prod", np.prod),
    "cumproduct": ("np.cumprod", np.cumprod),
    "alltrue": ("np.all", np.all),
    "sometrue": ("np.any", np.any),
    "round_": ("np.round", np.round),
    "row_stack": ("np.vstack", np.vstack),
    "mat": ("np.asmatrix", np.asmatrix),
    "rank": ("np.ndim", np.ndim),
    "alen": ("len", len),
    "math": ("the module math", math),
    "warnings": ("the module warnings", warnings),
    "in1d": ("np.isin", lambda first, second, **options: np.isin(np.ravel(first), second, **options)),
    "asscalar": ("a.item()", lambda array: np.asarray(array).item()),
    "asfarray": ("np.asarray(a, dtype=float)", lambda array, dtype=np.float64: np.asarray(array, dtype)),
    "msort": ("np.sort(a, axis=0)", lambda array: np.sort(array, axis=0)),
    "trapz": ("np.trapezoid", getattr(np, "trapezoid", None)),
    "find_common_type": ("np.result_type", lambda arrays, scalars: np.result_type(*arrays, *scalars)),
    "issubclass_": ("issubclass", issubclass),
    "issubsctype": ("np.issubdtype", np.issubdtype),
}
# Names that moved within the standard library, or belong to Python 2.
MOVED: dict[Any, dict[str, Any]] = {
    time: {"clock": time.perf_counter},
    collections: {name: getattr(collections.abc, name) for name in ("Iterable", "Mapping", "Sequence", "Callable")},
    itertools: {"izip": zip, "imap": map, "ifilter": filter, "izip_longest": itertools.zip_longest},
}


def has_name(module: Any, name: str) -> bool:
    """Whether a module has a name, without its warnings about those that are to go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hasattr(module, name)


MISSING = {name: entry for name, entry in GONE.items() if not has_name(np, name)}


def restore_gone_names() -> None:
    """Give NumPy and a few modules of the standard library, in this process, the names that they no longer have."""
    for name, (_, value) in MISSING.items():
        setattr(np, name, value)
    for module, names in MOVED.items():
        for name, value in names.items():
            if not has_name(module, name):
                setattr(module, name, value)
    if not hasattr(np.lib, "pad"):
        setattr(np.lib, "pad", np.pad)  # noqa: B010 - a name that its type does not have
    if "newshape" not in inspect.signature(np.reshape).parameters:
        np.reshape = _reshape_of_old


_reshape = np.reshape


def _reshape_of_old(array: Any, *shape: Any, newshape: Any = None, **options: Any) -> Any:
    """`np.reshape` with the name that its second argument once had."""
    return _reshape(array, *(shape if newshape is None else (newshape,)), **options)


def gone_names(statements: list[ast.stmt]) -> Iterator[tuple[str, str, int]]:
    """The names in these statements that today's NumPy lacks: the name, what to write today, and the line."""
    aliases = {"np", "numpy"}
    nodes = [node for statement in statements for node in ast.walk(statement)]
    for node in nodes:
        if isinstance(node, ast.Import):
            aliases |= {alias.asname for alias in node.names if alias.name == "numpy" and alias.asname}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
            if node.attr in MISSING:
                yield f"{node.value.id}.{node.attr}", MISSING[node.attr][0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "numpy":
            for alias in node.names:
                if alias.name in MISSING:
                    yield alias.name, MISSING[alias.name][0], node.lineno
