"""Tests whether kernels work here: with this version of Numba, on this processor."""

import importlib
import pkgutil

import numpy as np

from backhand.errors import KernelError
from backhand.kernels import NUMBA

# What a missing, renamed or changed part of Numba or LLVM raises, besides errors of Numba's own.
CHANGED = (ImportError, AttributeError, TypeError, ValueError, LookupError, RuntimeError, AssertionError, OSError)
LENGTH = 200  # characters of a reason


def obstacle() -> str:
    """Why kernels cannot run here, as a clause; empty where they can.

    Every kernel is imported. One that consists of everything that kernels are built from is compiled, unless its code
    is on disk already, and compared with its reference.
    """
    try:
        import numba
    except (ImportError, OSError) as error:
        return f"there is no Numba here ({_short(error)})"
    try:
        correct = _agrees()
    except _failures(numba) as error:
        reason = f"{type(error).__name__}: {_short(error)}"
    else:
        reason = "" if correct else "their results are wrong"
    version = getattr(numba, "__version__", "of an unknown version")
    return reason and f"kernels do not work with Numba {version} ({reason}); versions known to work are {NUMBA}"


def _agrees() -> bool:
    """Whether the kernel of an affine map with ReLU gives the reference's result, on whole numbers."""
    from backhand.kernels import ops
    from backhand.ops import linear

    for module in pkgutil.iter_modules(ops.__path__):
        importlib.import_module(f"{ops.__name__}.{module.name}")
    kernel = importlib.import_module(f"{ops.__name__}.linear_relu").KERNEL
    x, w, b = (np.arange(size, dtype=np.float32) - 7 for size in (15, 20, 4))
    y, _ = kernel.forward(x.reshape(3, 5), w.reshape(5, 4), b)
    return np.array_equal(y, np.maximum(linear.forward(x.reshape(3, 5), w.reshape(5, 4), b)[0], 0))


def _failures(numba: object) -> tuple[type[Exception], ...]:
    """The errors of a Numba whose version does not fit, its own among them if it still has them under that name."""
    errors = getattr(getattr(numba, "core", None), "errors", None)
    numba_error = getattr(errors, "NumbaError", KernelError)
    return (*CHANGED, KernelError, numba_error)


def _short(error: Exception) -> str:
    """The first line of an error's message."""
    return str(error).strip().partition("\n")[0][:LENGTH]
