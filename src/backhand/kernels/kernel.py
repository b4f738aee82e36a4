"""What a kernel declares of itself: every file in `kernels/ops` has one, as `KERNEL`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backhand.arrays import Array

Grads = tuple[Array, ...] | None  # arrays that the gradients of the parameters are written to


def any_layer(_: Any) -> bool:
    """Fits every layer of the ops that the kernel is named after."""
    return True


@dataclass(frozen=True, eq=False)
class Kernel:
    """How an op is computed, or a row of ops in one pass.

    forward, backward: with the arguments of the op, or of the first in the row.   writes_grads: whether backward takes
    `grads=`, arrays that it writes the gradients of the parameters to.   fits: which layers behind the first one it
    takes.   The references are called through one, too.
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., tuple[Any, ...]]
    writes_grads: bool = False
    fits: Callable[[Any], bool] = any_layer
