"""The one place that chooses the code that runs an op: a kernel, or the reference."""

import importlib
import importlib.util
import os
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

import backhand.ops
from backhand import kernels
from backhand.errors import BackhandError, BackhandWarning, closest
from backhand.kernels.kernel import Kernel
from backhand.kernels.probe import obstacle
from backhand.plugins import Group
from backhand.precision import BFLOAT16, FLOAT32

BACKENDS = ("cpu", "reference")
VARIABLE = "BACKHAND_BACKEND"
KERNELS = "backhand.kernels"
_requested: str | None = None  # by `use`
OWN_OPS = frozenset(module.name for module in pkgutil.iter_modules(backhand.ops.__path__))


def _is_op(_name: str, module: Any) -> bool:
    return callable(getattr(module, "forward", None)) and callable(getattr(module, "backward", None))


def _has_kernel(_name: str, module: Any) -> bool:
    return isinstance(getattr(module, "KERNEL", None), Kernel)


# Of plugins. A kernel has the name of its op, or those of several, joined by _, in place of all of them.
OPS: Group[Any] = Group("backhand.ops", "op", "a module with forward and backward", _is_op, OWN_OPS)
OP_KERNELS: Group[Any] = Group("backhand.kernels", "kernel", "a module with a KERNEL", _has_kernel)


@cache  # asked for in every pass of every layer
def op(name: str, dtype: np.dtype[Any] | type = np.float64) -> Kernel:
    """What computes the op `name`: its `forward` and `backward`.

    Kernels compute in float32; there is none for other dtypes, nor for every op. Raises ValueError for an unknown name.
    """
    if name not in OWN_OPS and name not in OPS:
        raise ValueError(f'there is no op "{name}"; there are {", ".join(op_names())}')
    return kernel(name, dtype) or reference(name)


@cache
def reference(name: str) -> Kernel:
    """The op in `ops/` or of a plugin, in NumPy."""
    module = importlib.import_module(f"backhand.ops.{name}") if name in OWN_OPS else OPS.load(name)
    return Kernel(module.forward, module.backward)


@cache
def kernel(name: str, dtype: np.dtype[Any] | type) -> Kernel | None:
    """The kernel of this op for arrays of this dtype, or None. Names of ops joined by _ are one kernel for all."""
    module = _importable(f"{KERNELS}.ops.{name}", dtype)
    if module is None and np.dtype(dtype) == np.float32 and chosen() == "cpu" and name in OP_KERNELS:
        module = OP_KERNELS.load(name)
    return None if module is None else module.KERNEL


@cache
def fused_pass(name: str, dtype: np.dtype[Any] | type) -> ModuleType | None:
    """The kernel of a pass over memory that is no op: "batch", which reads and augments, or "update"; or None."""
    return _importable(f"{KERNELS}.{name}", dtype)


def _importable(module: str, dtype: np.dtype[Any] | type) -> ModuleType | None:
    if np.dtype(dtype) != np.float32 or chosen() != "cpu" or importlib.util.find_spec(module) is None:
        return None
    return importlib.import_module(module)


def op_names() -> list[str]:
    """Every op, in alphabetical order; those of plugins that can be used are among them."""
    return sorted({*OWN_OPS, *OPS.usable()})


@cache
def chosen() -> str:
    """The backend in use: the one that `use` or $BACKHAND_BACKEND names, else kernels where they can be compiled."""
    return _checked(_requested or os.environ.get(VARIABLE, "cpu"))


def use(name: str, threads: int | None = None) -> None:
    """Run float32 models on the kernels ("cpu") or on the references in NumPy ("reference") from now on.

    name: "cpu" or "reference".
    threads: how many the kernels use; None leaves that as it is, at first all cores.
    Raises BackhandError for an unknown name, and for more threads than there are cores.
    """
    global _requested
    _refuse_unknown(name)
    _requested = name
    for function in (op, kernel, fused_pass, chosen):
        function.cache_clear()
    if chosen() == "cpu" and threads is not None:
        from backhand.kernels import jit

        jit.set_threads(threads)


@contextmanager
def using(name: str, threads: int | None = None) -> Iterator[None]:
    """Run float32 models on a backend inside a `with`; after it, everything is as it was before.

    name, threads: as in `use_backend`, and so are the errors.

    >>> import backhand as bh
    >>> with bh.using_backend("reference"):
    ...     y = bh.ReLU().forward(x)
    """
    global _requested
    before, jit = _requested, sys.modules.get("backhand.kernels.jit")
    count = None if jit is None else jit.threads()
    use(name, threads)
    try:
        yield
    finally:
        use(before or os.environ.get(VARIABLE, "cpu"), count)
        _requested = before


def variables() -> dict[str, str]:
    """The environment by which another process chooses the same backend and threads."""
    count = threads()
    return {VARIABLE: chosen()} | ({} if count is None else {kernels.THREADS: str(count)})


def describe() -> str:
    """The backend in use, in words: the width of the kernels' vectors, and their threads."""
    if chosen() == "reference":
        return "references on NumPy"
    from backhand.kernels import jit, simd

    count = jit.threads()
    return f"kernels on vectors of {simd.W} float32, {count} thread{'s' * (count > 1)}"


def threads() -> int | None:
    """On how many threads kernels run; None on the references, which leave that to NumPy."""
    if chosen() == "reference":
        return None
    from backhand.kernels import jit

    return jit.threads()


def fastest_precision() -> str:
    """The precision in which products take the least time: bfloat16 where the processor has instructions for it."""
    if chosen() == "reference":
        return FLOAT32
    from backhand.kernels.simd import bfloat16

    return BFLOAT16 if bfloat16.INSTRUCTIONS else FLOAT32


def announce(listener: Callable[[str], None]) -> None:
    """From now on, tell the listener the name of each kernel that has to be compiled, before it is.

    The first of them may be compiled at once, to see whether kernels work here.
    """
    kernels.listeners.append(listener)
    chosen()


def trim() -> None:
    """Give back the memory that kernels keep to use it again, but for what is in use."""
    if chosen() == "cpu":
        from backhand.kernels import buffers

        buffers.pool().trim()


def _checked(name: str) -> str:
    _refuse_unknown(name)
    if name == "reference":
        return name
    if why := obstacle():
        warnings.warn(f"training runs on the slower references: {why}", BackhandWarning, stacklevel=2)
        return "reference"
    return name


def _refuse_unknown(name: str) -> None:
    if name not in BACKENDS:
        raise BackhandError(f'there is no backend "{name}"{closest(name, BACKENDS)}')
