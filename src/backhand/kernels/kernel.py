"""What a kernel declares about itself: every file in `kernels/ops` has such a declaration, `KERNEL`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backhand.arrays import Array

Grads = tuple[Array, ...] | None  # arrays that the gradients of the parameters are written to


def any_layer(_: Any) -> bool:
    """True: the kernel can run every layer of the ops that it is named after."""
    return True


@dataclass(frozen=True, eq=False)
class Kernel:
    """How an op is computed, or a sequence of ops in one pass.

    forward, backward: take the arguments of the op, or of the first op of the sequence.   writes_grads: whether
    backward takes `grads=`, arrays that it writes the gradients of the parameters to.   fits: whether the kernel can
    run a given layer after the first.   training: a faster forward for training, which may round a row differently
    among other rows.   The references are called through such a declaration, too.
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., tuple[Any, ...]]
    writes_grads: bool = False
    fits: Callable[[Any], bool] = any_layer
    training: Callable[..., tuple[Any, Any]] | None = None
